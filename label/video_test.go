package label

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"image"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aigclabel/aigclabel/internal/peer"
	"github.com/aigclabel/aigclabel/metadata"
)

// runFFmpeg runs ffmpeg with arguments that stand in one string, and files.
func runFFmpeg(t testing.TB, args string, files ...any) string {
	t.Helper()
	all := []string{"-v", "error", "-y"}
	for _, a := range strings.Fields(args) {
		if a == "%s" {
			a, files = files[0].(string), files[1:]
		}
		all = append(all, a)
	}
	return peer.Run(t, peer.Tool(t, "ffmpeg"), all...)
}

const (
	moving  = "-f lavfi -i testsrc2=s=384x216:r=25:d=4 "
	humming = "-f lavfi -i sine=d=4 "
)

// filmed makes a video.
func filmed(t testing.TB, name, args string, files ...any) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	runFFmpeg(t, args+" %s", append(files, path)...)
	return path
}

// noticedVideo labels a video, and returns its path and what the receipt says.
func noticedVideo(t testing.TB, path string, n Notice) (out, place string) {
	t.Helper()
	l := &Labeler{Producer: producer, Notice: &n}
	out = filepath.Join(t.TempDir(), filepath.Base(path))
	receipt, err := l.LabelFile(t.Context(), path, out, Artifact{})
	require.NoError(t, err)
	require.True(t, receipt.Layers[0].Done, receipt.Layers[0].Reason)
	require.True(t, receipt.Layers[1].Done)
	return out, receipt.Layers[0].Place
}

// framesOf returns time and digest of each decoded picture.
func framesOf(t testing.TB, path string) (times, digests []string) {
	for line := range strings.Lines(runFFmpeg(t, "-copyts -i %s -map 0:v:0 -fps_mode passthrough -enc_time_base -1 -f framemd5 -", path)) {
		if f := strings.Split(line, ","); !strings.HasPrefix(line, "#") {
			times, digests = append(times, strings.TrimSpace(f[2])), append(digests, strings.TrimSpace(f[5]))
		}
	}
	return times, digests
}

// packetsOf returns times and digests of the packets of some streams.
func packetsOf(t testing.TB, path, streams string) []string {
	out := peer.Run(t, peer.Tool(t, "ffprobe"), "-v", "error", "-select_streams", streams, "-show_packets", "-show_entries",
		"packet=pts,dts,duration,data_hash", "-show_data_hash", "md5", "-of", "csv=p=0", path)
	return strings.Fields(out)
}

// ocrAt returns what tesseract reads where the notice is in the picture that shows then.
func ocrAt(t testing.TB, path string, seconds float64) string {
	t.Helper()
	frame, plate := filepath.Join(t.TempDir(), "frame.png"), filepath.Join(t.TempDir(), "plate.png")
	runFFmpeg(t, fmt.Sprintf("-ss %.2f -i %%s -frames:v 1 -vf scale=iw*sar:ih %%s", seconds), path, frame)
	b, err := os.ReadFile(frame)
	require.NoError(t, err)
	size := decode(t, b).Bounds().Size()
	s, err := Notice{}.moving().stamp(metadata.Generated, view{w: size.X, h: size.Y})
	require.NoError(t, err)
	r := s.plate.Rect
	runFFmpeg(t, fmt.Sprintf("-i %%s -vf crop=%d:%d:%d:%d,scale=iw*3:-1,format=gray,negate %%s", r.Dx(), r.Dy(), r.Min.X, r.Min.Y), frame, plate)
	text := peer.Run(t, peer.Tool(t, "tesseract"), plate, "-", "-l", "chi_sim+eng", "--psm", "7")
	return strings.ReplaceAll(strings.Join(strings.Fields(text), ""), "Al", "AI")
}

// worstPSNR returns the lowest PSNR in dB of the pictures of two videos, left of and
// above the notice.
func worstPSNR(t testing.TB, a, b string) float64 {
	log := filepath.Join(t.TempDir(), "psnr")
	const side = "crop=iw*0.55:ih*0.8:0:0,settb=1/25,setpts=N"
	runFFmpeg(t, "-noautorotate -i %s -noautorotate -i %s -lavfi [0:v:0]"+side+"[a];[1:v:0]"+side+"[b];[a][b]psnr=stats_file="+filepath.ToSlash(log)+" -f null -", a, b)
	text, err := os.ReadFile(log)
	require.NoError(t, err)
	worst := math.Inf(1)
	for _, m := range regexp.MustCompile(`psnr_avg:([\d.]+|inf)`).FindAllSubmatch(text, -1) {
		db, err := strconv.ParseFloat(string(m[1]), 64)
		require.NoError(t, err)
		worst = min(worst, db)
	}
	return worst
}

// requireSound requires that a video decodes without a word of complaint, in order.
func requireSound(t testing.TB, path string) {
	t.Helper()
	require.Empty(t, runFFmpeg(t, "-xerror -i %s -map 0 -f null -", path))
	last := math.Inf(-1)
	for _, v := range strings.Fields(peer.Run(t, peer.Tool(t, "ffprobe"), "-v", "error", "-select_streams", "v:0", "-show_entries", "packet=dts_time", "-of", "csv=p=0", path)) {
		dts, err := strconv.ParseFloat(strings.Trim(v, ","), 64)
		if err == nil { // the first may be unknown
			require.Greater(t, dts, last)
			last = dts
		}
	}
}

// TestVideoOpening: the notice is read in the opening, what is behind it is copied,
// and all but the pictures is as it was.
func TestVideoOpening(t *testing.T) {
	for _, c := range []struct {
		name, args string
		again      string // encoded
	}{
		{"h264.mp4", moving + humming + "-c:v libx264 -preset veryfast -g 60 -bf 3 -c:a aac", "60 of 100 frames"},
		{"baseline.3gp", moving + "-c:v libx264 -profile:v baseline -pix_fmt yuv420p -preset ultrafast -g 70", "70 of 100 frames"},
		{"sparse.mov", moving + humming + "-c:v libx264 -preset ultrafast -g 40 -bf 2 -vf select='lt(mod(n,9),5)' -fps_mode vfr -c:a pcm_s16le", "40 of 56 frames"},
		{"closed.mp4", moving + "-c:v libx265 -preset ultrafast -x265-params log-level=error:open-gop=0:keyint=60:bframes=2 -tag:v hvc1", "60 of 100 frames"},
		{"vp9.mp4", moving + "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -g 60", "60 of 100 frames"},
		{"open.mp4", moving + humming + "-c:v libx264 -preset veryfast -g 30 -bf 2 -x264-params open-gop=1 -c:a aac -movflags +faststart", "all 100 frames"},
		{"short.mp4", "-f lavfi -i testsrc2=s=384x216:r=30:d=1 -c:v libx264 -preset ultrafast", "all 30 frames"},
		{"h264.mkv", moving + humming + "-c:v libx264 -preset veryfast -g 60 -bf 2 -c:a aac", "60 of 100 frames"},
		{"vp9.webm", moving + humming + "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -g 60 -c:a libopus", "60 of 100 frames"},
		{"old.avi", moving + humming + "-c:v mpeg4 -q:v 5 -c:a mp3", "all frames"},
		{"h264.flv", moving + humming + "-c:v libx264 -preset veryfast -c:a aac", "all frames"},
		{"pieces.mp4", moving + humming + "-c:v libx264 -preset veryfast -bf 0 -g 50 -c:a aac -movflags +frag_keyframe+empty_moov", "all frames"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			src := filmed(t, c.name, c.args)
			out, place := noticedVideo(t, src, Notice{})
			require.Contains(t, place, "; "+c.again+" encoded again")
			requireSound(t, out)
			require.Equal(t, packetsOf(t, src, "a"), packetsOf(t, out, "a"))

			times, before := framesOf(t, src)
			outTimes, after := framesOf(t, out)
			require.Equal(t, times, outTimes)
			again := 0
			if n, _ := fmt.Sscan(c.again, &again); n == 1 {
				require.Equal(t, before[again:], after[again:])
			}
			db := worstPSNR(t, src, out)
			require.GreaterOrEqual(t, db, 42.0)
			if slices.Contains([]string{"h264.mp4", "closed.mp4", "open.mp4", "vp9.webm"}, c.name) { // the others are looked at by the second run
				require.Equal(t, "AI生成 AI生成", ocrAt(t, out, 0)+" "+ocrAt(t, out, 1.9))
			}
			same := 0
			for i := range before {
				if before[i] == after[i] {
					same++
				}
			}
			t.Logf("%s; %d of %d pictures identical, the others at least %.1f dB outside of the notice", place, same, len(before), db)

			second, again2 := noticedVideo(t, out, Notice{})
			require.NotContains(t, again2, "again")
			a, err := os.ReadFile(out)
			require.NoError(t, err)
			b, err := os.ReadFile(second)
			require.NoError(t, err)
			require.True(t, bytes.Equal(a, b), "a second run changes nothing")
		})
	}
}

// TestVideoKeepsTheRest: tracks, chapters, cover, tags.
func TestVideoKeepsTheRest(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	texts := write("text.srt", "1\n00:00:00,500 --> 00:00:02,000\nHello\n\n2\n00:00:02,500 --> 00:00:04,000\nworld\n")
	chapters := write("chapters", ";FFMETADATA1\ntitle=Film\nartist=Nobody\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=2000\ntitle=One\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=2000\nEND=4000\ntitle=Two\n")
	cover := filmed(t, "cover.png", "-f lavfi -i color=red:s=64x64 -frames:v 1")
	probe := func(path string) string {
		out := peer.Run(t, peer.Tool(t, "ffprobe"), "-v", "error", "-show_chapters", "-show_entries",
			"stream=index,codec_name,codec_type,profile,width,height,sample_aspect_ratio,pix_fmt,color_space,color_transfer,color_primaries,color_range,r_frame_rate,start_time,channels,sample_rate:stream_disposition:stream_tags=language,title,filename,mimetype:format_tags=title,artist:chapter=start_time,end_time:chapter_tags=title", path)
		return out
	}
	const inputs = moving + humming + humming + "-i %s -i %s -i %s -map_metadata 4 "
	for name, args := range map[string]string{
		"rich.mp4": "-map 0:v -map 1:a -map 2:a -map 3:s -map 5:v -c:v:0 libx264 -preset ultrafast -g 60 -c:v:1 copy -c:a aac -c:s mov_text -disposition:v:1 attached_pic",
		"rich.mkv": "-map 0:v -map 1:a -map 2:a -map 3:s -c:v:0 libx264 -preset ultrafast -g 60 -c:a aac -c:s srt -attach " + cover + " -metadata:s:t mimetype=image/png",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			args := inputs + args + " -aspect 4:3 -color_primaries bt709 -color_trc bt709 -colorspace bt709 -metadata:s:a:0 language=chi -metadata:s:a:1 language=eng -metadata:s:s:0 language=fra -disposition:a:1 default -disposition:a:0 0 -disposition:s:0 forced"
			src := filmed(t, name, args, texts, chapters, cover)
			out, place := noticedVideo(t, src, Notice{Language: "en"})
			t.Log(place)
			require.Equal(t, probe(src), probe(out))
			for _, streams := range []string{"a:0", "a:1", "s"} {
				require.Equal(t, packetsOf(t, src, streams), packetsOf(t, out, streams), streams)
			}
			require.Empty(t, runFFmpeg(t, "-xerror -i %s -map 0:v -map 0:a -f null -", out))
		})
	}
}

// TestVideoTurned: the notice stands upright where players turn the picture, and
// letters are as high as the picture that is shown asks for.
func TestVideoTurned(t *testing.T) {
	const calm = "-f lavfi -i color=0x406080:s=384x216:r=25:d=2.5 -c:v libx264 -preset ultrafast "
	plain := filmed(t, "plain.mp4", calm)
	for _, degrees := range []string{"90", "180", "270"} {
		src := filmed(t, "turned.mp4", "-i %s -c copy -metadata:s:v:0 rotate="+degrees, plain)
		out, _ := noticedVideo(t, src, Notice{})
		require.Contains(t, ocrAt(t, out, 1), "AI生成", degrees)
	}
	wide := filmed(t, "wide.mp4", calm+"-aspect 32:9")
	out, _ := noticedVideo(t, wide, Notice{})
	picture := filmed(t, "shown.png", "-i %s -frames:v 1 -vf scale=iw*sar:ih,setsar=1", out)
	img, err := os.ReadFile(picture)
	require.NoError(t, err)
	require.Equal(t, 768, decode(t, img).Bounds().Dx())
	require.Contains(t, ocrAt(t, picture, 0), "AI生成")
}

// TestVideoHDR: what a display needs to know of high dynamic range stays, in the
// file and in the pictures that are encoded again.
func TestVideoHDR(t *testing.T) {
	const hdr = "log-level=error:keyint=60:open-gop=0:hdr10=1:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc:" +
		"master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50):max-cll=1000,400"
	for _, name := range []string{"hdr.mp4", "hdr.mkv"} {
		src := filmed(t, name, "-f lavfi -i testsrc2=s=320x180:r=25:d=3 -c:v libx265 -preset ultrafast -pix_fmt yuv420p10le -color_primaries bt2020 -color_trc smpte2084 -colorspace bt2020nc -x265-params "+hdr)
		out, place := noticedVideo(t, src, Notice{})
		t.Log(place)
		probe := func(path string) string {
			return peer.Run(t, peer.Tool(t, "ffprobe"), "-v", "error", "-read_intervals", "%+#1", "-show_frames", "-show_entries",
				"frame=pix_fmt,color_range,color_space,color_primaries,color_transfer:frame_side_data:stream=profile,pix_fmt,color_range,color_space,color_primaries,color_transfer", path)
		}
		require.Contains(t, probe(src), "max_luminance=10000000/10000")
		require.Equal(t, withoutEncoder(probe(src)), withoutEncoder(probe(out)))
	}
}

// withoutEncoder takes out what an encoder says of itself.
func withoutEncoder(s string) string {
	return regexp.MustCompile(`(?s)\[SIDE_DATA\]\nside_data_type=H\.26\[45\] User Data.*?\[/SIDE_DATA\]\n`).ReplaceAllString(s, "")
}

// TestVideoEnd: the notice also stands at the end, or all the time.
func TestVideoEnd(t *testing.T) {
	src := filmed(t, "film.mp4", "-f lavfi -i testsrc2=s=384x216:r=25:d=8 -c:v libx264 -preset veryfast -bf 2 -g 50")
	out, place := noticedVideo(t, src, Notice{Position: Both})
	require.Equal(t, "video opening 2.0 s and end 2.0 s, bottom right; 100 of 200 frames encoded again", place)
	requireSound(t, out)
	_, before := framesOf(t, src)
	_, after := framesOf(t, out)
	require.Equal(t, before[50:150], after[50:150])
	require.GreaterOrEqual(t, worstPSNR(t, src, out), 42.0)
	for seconds, want := range map[float64]bool{1.9: true, 2.5: false, 6.1: true, 7.9: true} {
		require.Equal(t, want, strings.Contains(ocrAt(t, out, seconds), "AI生成"), seconds)
	}
	out, place = noticedVideo(t, src, Notice{Duration: WholeLength})
	require.Equal(t, "video whole length, bottom right; all 200 frames encoded again", place)
	require.Contains(t, ocrAt(t, out, 4), "AI生成")
}

// TestVideoWithoutFFmpeg: the record is written, and the receipt says what to do.
func TestVideoWithoutFFmpeg(t *testing.T) {
	l := &Labeler{Producer: producer, Notice: &Notice{}, FFmpeg: filepath.Join(t.TempDir(), "ffmpeg")}
	_, receipt := labelled(t, l, fixture(t, "mp4/faststart.mp4"), Artifact{ID: "a"})
	require.False(t, receipt.Layers[0].Done)
	require.Contains(t, receipt.Layers[0].Reason, "install")
	require.True(t, receipt.Layers[1].Done)
}

func TestVideoFails(t *testing.T) {
	src := filmed(t, "film.mp4", moving+"-c:v libx264 -preset ultrafast")
	l := &Labeler{Producer: producer, Notice: &Notice{}}
	out := filepath.Join(t.TempDir(), "out.mp4")
	t.Run("small", func(t *testing.T) {
		small := filmed(t, "small.mp4", "-f lavfi -i testsrc2=s=32x32:d=1 -c:v libx264")
		receipt, err := l.LabelFile(t.Context(), small, out, Artifact{})
		require.NoError(t, err)
		require.False(t, receipt.Layers[0].Done)
	})
	t.Run("sound only", func(t *testing.T) {
		sound := filmed(t, "sound.mkv", humming+"-c:a aac")
		receipt, err := l.LabelFile(t.Context(), sound, out, Artifact{})
		require.NoError(t, err)
		require.Contains(t, receipt.Layers[0].Reason, "no video track")
	})
	t.Run("pixels", func(t *testing.T) {
		l := &Labeler{Producer: producer, Notice: &Notice{}, MaxPixels: 384*216 - 1}
		_, err := l.LabelFile(t.Context(), src, out, Artifact{})
		require.ErrorAs(t, err, new(*metadata.LimitError))
	})
	t.Run("cancelled", func(t *testing.T) {
		ctx, stop := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer stop()
		_, err := l.LabelFile(ctx, src, out, Artifact{})
		require.ErrorIs(t, err, context.DeadlineExceeded)
	})
}

func TestVideoProgress(t *testing.T) {
	src := filmed(t, "film.mkv", moving+"-c:v libx264 -preset ultrafast")
	l := &Labeler{Producer: producer, Notice: &Notice{}}
	var parts []float64
	_, err := l.LabelFile(t.Context(), src, filepath.Join(t.TempDir(), "out.mkv"), Artifact{Progress: func(done float64) { parts = append(parts, done) }})
	require.NoError(t, err)
	require.True(t, slices.IsSorted(parts), parts)
	require.NotEmpty(t, parts)
	require.InDelta(t, 1, parts[len(parts)-1], 0.05)
}

func TestMatrixOrientation(t *testing.T) {
	matrix := func(a, b, c, d int) string {
		return fmt.Sprintf("\n00000000: %d %d 0\n00000001: %d %d 0\n00000002: 0 0 1073741824\n", a, b, c, d)
	}
	const one = 65536
	for want, m := range map[int][4]int{1: {one, 0, 0, one}, 2: {-one, 0, 0, one}, 3: {-one, 0, 0, -one}, 4: {one, 0, 0, -one}, 5: {0, one, one, 0}, 6: {0, one, -one, 0}, 7: {0, -one, -one, 0}, 8: {0, -one, one, 0}} {
		require.Equal(t, want, matrixOrientation(matrix(m[0], m[1], m[2], m[3])))
	}
	require.Equal(t, 1, matrixOrientation("nonsense"))
	require.Equal(t, 1, matrixOrientation(matrix(46341, 46341, -46341, 46341)))
}

func TestNoticeImage(t *testing.T) {
	for _, size := range []image.Point{{1920, 1080}, {320, 200}, {1080, 2400}} {
		img, err := Notice{Corner: TopLeft}.Image("", size)
		require.NoError(t, err)
		require.Equal(t, image.Rectangle{Max: size}, img.Rect)
		require.Zero(t, img.NRGBAAt(size.X-1, size.Y-1).A)
		var letters image.Rectangle
		for y := range size.Y {
			for x := range size.X {
				if c := img.NRGBAAt(x, y); c.R > 200 {
					letters = letters.Union(image.Rect(x, y, x+1, y+1))
				}
			}
		}
		require.GreaterOrEqual(t, letters.Dy(), min(size.X, size.Y)/20)
		require.Less(t, letters.Max.X, size.X/2)
	}
	_, err := Notice{}.Image("", image.Pt(20, 20))
	require.ErrorIs(t, err, ErrTooSmall)
	_, err = Notice{}.Image("", image.Pt(0, -1))
	require.ErrorIs(t, err, ErrTooSmall)
	_, err = Notice{}.Image("", image.Pt(1<<20, 1<<20))
	require.ErrorAs(t, err, new(*metadata.LimitError))
	_, err = Notice{Text: "hello"}.Image("", image.Pt(640, 480))
	require.ErrorIs(t, err, ErrWording)
	lines, err := Notice{Language: "zh-Hans+en"}.Lines("")
	require.NoError(t, err)
	require.Equal(t, []string{"本内容由AI生成", "This content is AI-generated"}, lines)
}

// Regression: ffmpeg writes AVI anew, without the record and the Content Credentials that
// it has. So records of others were overwritten, the number of our own was lost, and
// signatures broke in silence.
func TestVideoWrittenAnewKeepsTheRecord(t *testing.T) {
	path := filmed(t, "film.avi", "-f lavfi -i testsrc2=s=384x216:r=25:d=2 -c:v mpeg4")
	label := func(l *Labeler, src metadata.Source, a Artifact) ([]byte, Receipt, error) {
		var out bytes.Buffer
		receipt, err := l.Label(t.Context(), &out, src, a)
		return out.Bytes(), receipt, err
	}
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	plain, first, err := label(&Labeler{Producer: producer}, metadata.Bytes(b, "film.avi"), Artifact{ID: "7"})
	require.NoError(t, err)

	l := &Labeler{Producer: producer, Notice: &Notice{}}
	_, second, err := label(l, metadata.Bytes(plain, "film.avi"), Artifact{})
	require.NoError(t, err)
	require.True(t, second.Layers[0].Done, second.Layers[0].Reason)
	require.True(t, second.Record.Equal(first.Record), "%v", second.Record)
	require.NotNil(t, second.Previous)

	other := &Labeler{Producer: "another", Notice: &Notice{}}
	_, _, err = label(other, metadata.Bytes(plain, "film.avi"), Artifact{})
	require.Error(t, err)

	for _, id := range []string{"C2PA", "_PMX"} {
		more := append(bytes.Clone(b), riffChunk(id, []byte("<x:xmpmeta xmlns:x='adobe:ns:meta/'/>"))...)
		binary.LittleEndian.PutUint32(more[4:], uint32(len(more)-8))
		out, receipt, err := label(l, metadata.Bytes(more, "film.avi"), Artifact{})
		require.NoError(t, err)
		require.Contains(t, receipt.Layers[0].Reason, id)
		require.Contains(t, string(out), id)
	}
}

// Regression: a video whose opening had its notice counted as done when the notice was
// to stay longer, or to come again at the end.
func TestVideoNoticeGrows(t *testing.T) {
	src := filmed(t, "film.mp4", "-f lavfi -i testsrc2=s=384x216:r=25:d=8 -c:v libx264 -preset ultrafast -g 50")
	opening, _ := noticedVideo(t, src, Notice{Position: Start})
	for want, n := range map[string]Notice{
		"opening 2.0 s and end 2.0 s, bottom right; ": {Position: Both},
		"opening 5.0 s, bottom right; ":               {Position: Start, Duration: 5 * time.Second},
		"whole length, bottom right; ":                {Duration: WholeLength},
	} {
		more, place := noticedVideo(t, opening, n)
		require.Contains(t, place, want)
		_, place = noticedVideo(t, more, n)
		require.NotContains(t, place, "encoded", "a second time")
	}
}
