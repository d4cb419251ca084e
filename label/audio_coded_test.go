package label

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aigclabel/aigclabel/internal/peer"
	"github.com/aigclabel/aigclabel/internal/signal"
	"github.com/aigclabel/aigclabel/metadata"
)

// chapterFile is what ffmpeg reads as two chapters.
const chapterFile = ";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=4000\ntitle=One\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=4000\nEND=8000\ntitle=Two\n"

// coded returns 8 s of sound that ffmpeg coded, with a title and two chapters.
func coded(t *testing.T, name string, args ...string) metadata.Source {
	t.Helper()
	ffmpeg := peer.Tool(t, "ffmpeg")
	path := stored(t, metadata.Bytes(wave(16000, 1, speech(8, 0.1)), "speech.wav"))
	chapters := path + ".txt"
	require.NoError(t, os.WriteFile(chapters, []byte(chapterFile), 0o600))
	out := filepath.Join(t.TempDir(), name)
	all := []string{"-v", "error", "-i", path, "-i", chapters, "-map_metadata", "1", "-metadata", "title=Sine 正弦", "-ar", "48000"}
	peer.Run(t, ffmpeg, append(append(all, args...), out)...)
	b, err := os.ReadFile(out)
	require.NoError(t, err)
	return metadata.Bytes(b, name)
}

// decoded returns the first channel of a file as ffmpeg decodes it.
func decoded(t *testing.T, src metadata.Source) []float64 {
	t.Helper()
	path := stored(t, src)
	back := path + ".wav"
	peer.Run(t, peer.Tool(t, "ffmpeg"), "-v", "error", "-i", path, "-map", "0:a", "-ac", "1", back)
	b, err := os.ReadFile(back)
	require.NoError(t, err)
	samples, _ := heard(t, metadata.Bytes(b, "a.wav"), "wav")
	return samples
}

// soundPackets returns the hashes of all packets of sound.
func soundPackets(t *testing.T, src metadata.Source) (hashes []string) {
	t.Helper()
	all := peer.Run(t, peer.Tool(t, "ffmpeg"), "-v", "error", "-i", stored(t, src), "-map", "0:a", "-c", "copy", "-f", "framemd5", "-")
	for line := range strings.Lines(all) {
		if fields := strings.Split(strings.TrimSpace(line), ","); len(fields) == 6 && line[0] != '#' {
			hashes = append(hashes, fields[5])
		}
	}
	return hashes
}

// TestCodedNotice: the rhythm in front of and behind sound in every codec, at its level; the
// programme is as before; packets and tags are kept; a second time nothing changes.
func TestCodedNotice(t *testing.T) {
	const rate = 48_000
	for name, c := range map[string]struct {
		args []string
		how  string
		near float64 // of the programme, in dB below it
	}{
		"joined.m4a":  {[]string{"-c:a", "aac", "-b:a", "96k"}, "the rest copied", 80},
		"joined.aac":  {[]string{"-c:a", "aac", "-b:a", "96k", "-ac", "2"}, "the rest copied", 80},
		"joined.opus": {[]string{"-c:a", "libopus", "-b:a", "48k"}, "the rest copied", 40},
		"vorbis.ogg":  {[]string{"-c:a", "libvorbis"}, "all encoded again", 15},
		"alac.m4a":    {[]string{"-c:a", "alac"}, "all encoded again, without loss", 80},
		"pcm.caf":     {[]string{"-c:a", "pcm_s24le"}, "all encoded again, without loss", 80},
		"windows.wma": {[]string{"-c:a", "wmav2", "-b:a", "96k"}, "all encoded again", 12},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			src := coded(t, name, c.args...)
			l := &Labeler{Producer: producer, Notice: &Notice{Position: Both}}
			out, receipt := labelled(t, l, src, Artifact{ID: "a"})
			require.Equal(t, "audio start and end, 3.0 s; "+c.how, receipt.Layers[0].Place)
			_, again := labelled(t, l, out, Artifact{ID: "a"})
			require.False(t, again.Changed)

			if c.how == "the rest copied" {
				before, after := soundPackets(t, src), soundPackets(t, out)
				at := slices.Index(after, before[1]) - 1
				require.True(t, slices.Equal(before, after[at:at+len(before)]), "packets")
			}
			before, after := decoded(t, src), decoded(t, out)
			part := before[rate : 2*rate]
			like, at := signal.Correlate(after, part)
			wrong := make([]float64, len(part))
			for i, v := range part {
				wrong[i] = after[at+i] - v
			}
			t.Logf("%s: programme %.1f dB below, likeness %.5f, %.2f s of %.2f s", receipt.Layers[0].Place, rms(part)-rms(wrong), like, float64(at-rate)/rate, float64(len(after))/rate)
			require.Greater(t, rms(part)-rms(wrong), c.near)

			front := after[:at-rate-rate/5]
			lengths := rhythm(front, rate)[1:] // behind silence
			for i, want := range []int{10, 10, 30, 30, 10, 10, 10} {
				require.InDelta(t, want, lengths[i], 2, "%v", lengths)
			}
			require.InDelta(t, rms(before), activeLevel(front, rate), 3)
			require.Equal(t, tagsOf(t, src), tagsOf(t, out))
		})
	}
}

// tagsOf returns the title of a file, and those of its chapters.
func tagsOf(t *testing.T, src metadata.Source) string {
	t.Helper()
	return peer.Run(t, peer.Tool(t, "ffprobe"), "-v", "error", "-of", "csv=p=0", "-show_entries", "format_tags=title:stream_tags=title:chapter_tags=title", stored(t, src))
}

// TestCodedNoticeMovesChapters: by the length of the notice in front.
func TestCodedNoticeMovesChapters(t *testing.T) {
	src := coded(t, "book.m4a", "-c:a", "aac")
	out, _ := labelled(t, &Labeler{Producer: producer, Notice: &Notice{Sound: Spoken}}, src, Artifact{})
	said := clipOf(t, "zh", "1").seconds() + 0.4
	times := peer.Run(t, peer.Tool(t, "ffprobe"), "-v", "error", "-of", "csv=p=0", "-show_entries", "chapter=start_time", stored(t, out))
	require.Contains(t, times, "\n8.7", "4 s, and %.2f s of the notice", said)
}

// TestCodedMix: the file gets no longer; the notice is found again.
func TestCodedMix(t *testing.T) {
	src := coded(t, "mixed.opus", "-c:a", "libopus", "-b:a", "64k")
	l := &Labeler{Producer: producer, Notice: &Notice{Sound: Spoken, Mix: true, Position: End}}
	out, receipt := labelled(t, l, src, Artifact{ID: "a"})
	require.Equal(t, "audio end, mixed, 4.7 s; all encoded again", receipt.Layers[0].Place)
	require.InDelta(t, len(decoded(t, src)), len(decoded(t, out)), 1500)
	_, receipt = labelled(t, l, out, Artifact{ID: "a"})
	require.False(t, receipt.Changed)
}

// TestMP3Mix: the frames are coded again between the tags, which stay.
func TestMP3Mix(t *testing.T) {
	src := coded(t, "mixed.mp3", "-b:a", "96k")
	l := &Labeler{Producer: producer, Notice: &Notice{Sound: Spoken, Mix: true}}
	out, receipt := labelled(t, l, src, Artifact{ID: "a"})
	require.Equal(t, "audio start, mixed, 4.7 s; all encoded again", receipt.Layers[0].Place)
	require.InDelta(t, len(decoded(t, src)), len(decoded(t, out)), 3000)
	require.Equal(t, tagsOf(t, src), tagsOf(t, out))
	_, receipt = labelled(t, l, out, Artifact{ID: "a"})
	require.False(t, receipt.Changed)
}

// TestCodedNoticeNeedsFFmpeg: without it the receipt says what to install, and the record is
// written.
func TestCodedNoticeNeedsFFmpeg(t *testing.T) {
	l := &Labeler{Producer: producer, Notice: &Notice{}, FFmpeg: filepath.Join(t.TempDir(), "ffmpeg")}
	out, receipt := labelled(t, l, fixture(t, "m4a/tagged.m4a"), Artifact{ID: "a"})
	require.False(t, receipt.Layers[0].Done)
	require.Contains(t, receipt.Layers[0].Reason, "install them")
	require.True(t, receipt.Layers[1].Done)
	require.True(t, receipt.Changed)
	require.NotZero(t, out.Size)
}

// TestCodedNoticeOfHostileFiles: what ffmpeg makes of broken files is an error or a file.
func TestCodedNoticeOfHostileFiles(t *testing.T) {
	peer.Tool(t, "ffmpeg")
	whole, err := os.ReadFile("../metadata/testdata/opus/opusenc.opus")
	require.NoError(t, err)
	for _, b := range [][]byte{whole[:len(whole)/2], whole[:200], append(bytes.Clone(whole), whole...)} {
		var out bytes.Buffer
		receipt, err := (&Labeler{Producer: producer, Notice: &Notice{}}).Label(t.Context(), &out, metadata.Bytes(b, "a.opus"), Artifact{})
		t.Log(receipt.Layers, err)
		require.True(t, err != nil || out.Len() > 0)
	}
}
