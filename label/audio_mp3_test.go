package label

import (
	"bytes"
	"encoding/binary"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aigclabel/aigclabel/internal/mp3"
	"github.com/aigclabel/aigclabel/internal/peer"
	"github.com/aigclabel/aigclabel/metadata"
)

// An mp3Case is a file that lame makes.
type mp3Case struct {
	name     string
	rate     int
	channels int
	args     []string
}

// mp3Cases are of all rates and modes, with and without LAME's first frame.
var mp3Cases = []mp3Case{
	{"cbr", 44100, 2, []string{"-b", "128"}},
	{"vbr", 44100, 2, []string{"-V", "4", "--tt", "Title", "--add-id3v2"}},
	{"abr", 48000, 2, []string{"--abr", "100", "--tt", "Title", "--id3v1-only"}},
	{"stereo", 32000, 2, []string{"-m", "s", "-b", "96"}},
	{"dual", 24000, 2, []string{"-m", "d", "-b", "96"}},
	{"mono", 44100, 1, []string{"-b", "64"}},
	{"checksums", 22050, 2, []string{"-p"}},
	{"bare", 16000, 1, []string{"-t"}},
	{"12000", 12000, 2, []string{"-b", "32"}},
	{"11025", 11025, 1, []string{"-t", "-b", "24"}},
	{"8000", 8000, 1, []string{"-b", "8"}},
}

// encoded returns the file of a case.
func (c mp3Case) encoded(t testing.TB, samples []float64) metadata.Source {
	t.Helper()
	samples = slices.Concat(samples, make([]float64, c.rate/2), samples) // so that VBR has something to vary
	in := stored(t, metadata.Bytes(wave(c.rate, c.channels, samples), c.name+".wav"))
	out := strings.TrimSuffix(in, ".wav") + ".mp3"
	resample := strconv.FormatFloat(float64(c.rate)/1000, 'f', -1, 64)
	peer.Run(t, peer.Tool(t, "lame"), slices.Concat([]string{"--quiet", "--resample", resample}, c.args, []string{in, out})...)
	b, err := os.ReadFile(out)
	require.NoError(t, err)
	return metadata.Bytes(b, c.name+".mp3")
}

// silently runs a program that must not complain, and returns what it prints.
func silently(t testing.TB, program string, args ...string) []byte {
	t.Helper()
	cmd := exec.Command(program, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	require.NoError(t, cmd.Run())
	require.Empty(t, stderr.String())
	return stdout.Bytes()
}

// played returns the first channel of a file as ffmpeg plays it, and all that mpg123
// plays.
func (c mp3Case) played(t testing.TB, path string, args ...string) (samples []float64, other []byte) {
	t.Helper()
	args = append(args, "-v", "error", "-i", path, "-f", "f32le", "-")
	b := silently(t, peer.Tool(t, "ffmpeg"), args...)
	for ; len(b) > 0; b = b[4*c.channels:] {
		samples = append(samples, float64(math.Float32frombits(binary.LittleEndian.Uint32(b))))
	}
	return samples, silently(t, peer.Tool(t, "mpg123"), "-q", "-s", path)
}

// requireAlike compares samples of 16 bits as mpg123 plays them: which rounding they get
// depends on where in its memory the sum of their parts starts.
func requireAlike(t testing.TB, want, got []byte) {
	t.Helper()
	for i := 0; i < len(want); i += 2 {
		if d := int16(binary.LittleEndian.Uint16(want[i:])) - int16(binary.LittleEndian.Uint16(got[i:])); d < -1 || d > 1 {
			require.Zero(t, d, "mpg123, sample %d", i/2)
		}
	}
}

// sounding returns samples from the first that can be heard.
func sounding(samples []float64) []float64 {
	return samples[slices.IndexFunc(samples, func(v float64) bool { return math.Abs(v) > 0.02 }):]
}

// mp3Programme returns an MP3 file from its first frame of sound on.
func mp3Programme(b []byte) []byte {
	if string(b[:3]) == "ID3" {
		b = b[10+(int(b[6])<<21|int(b[7])<<14|int(b[8])<<7|int(b[9])):]
	}
	h, _ := mp3.ParseHeader(b)
	if first := b[:h.Size()]; bytes.Contains(first, []byte("Xing")) || bytes.Contains(first, []byte("Info")) {
		b = b[len(first):]
	}
	return b
}

// TestMP3Notice: decoders that know nothing of it play a cue at the level of the
// programme, and the programme to the last bit as before.
func TestMP3Notice(t *testing.T) {
	var paths []string
	var seconds []float64
	for _, c := range mp3Cases {
		t.Run(c.name, func(t *testing.T) {
			src := c.encoded(t, speech(1.5, 0.1))
			l := &Labeler{Producer: producer, Notice: &Notice{}}
			out, receipt := labelled(t, l, src, Artifact{ID: "a"})
			require.True(t, receipt.Layers[0].Done)
			before, after := stored(t, src), stored(t, out)
			was, wasToo := c.played(t, before)
			is, isToo := c.played(t, after)
			cue := is[:len(is)-len(was)]
			require.Equal(t, was, is[len(cue):], "ffmpeg")
			require.Len(t, isToo, len(wasToo)+2*c.channels*len(cue))
			requireAlike(t, wasToo, isToo[len(isToo)-len(wasToo):])
			lengths := rhythm(sounding(cue), c.rate)
			for i, want := range []int{10, 10, 30, 30, 10, 10, 10} {
				require.InDelta(t, want, lengths[i], 1)
			}
			level := rms(sounding(cue)[:c.rate*11/10])
			require.InDelta(t, rms(slices.DeleteFunc(slices.Clone(was), func(v float64) bool { return math.Abs(v) < 1e-3 })), level, 3)

			old, err := os.ReadFile(before)
			require.NoError(t, err)
			b, err := os.ReadFile(after)
			require.NoError(t, err)
			require.True(t, bytes.HasSuffix(b, mp3Programme(old)), "frames and what is behind them")
			_, receipt = labelled(t, l, out, Artifact{ID: "a"})
			require.False(t, receipt.Changed, "a second time")
			t.Logf("cue of %d ms at %.1f dB, tones and pauses of %v hundredths", len(cue)*1000/c.rate, level, lengths[:7])
			copied := filepath.Join(filepath.Dir(filepath.Dir(filepath.Dir(after))), c.name+".mp3")
			require.NoError(t, os.WriteFile(copied, b, 0o600))
			paths, seconds = append(paths, copied), append(seconds, float64(len(is))/float64(c.rate))
		})
	}
	t.Run("durations", func(t *testing.T) { mp3Durations(t, paths, seconds) })
}

// mp3Durations asks programs how long files are.
func mp3Durations(t *testing.T, paths []string, seconds []float64) {
	script := "import mutagen.mp3, sys\nfor p in sys.argv[1:]: print(mutagen.mp3.MP3(p).info.length)"
	mutagen := strings.Fields(peer.Run(t, peer.Python(t, "mutagen"), append([]string{"-c", script}, paths...)...))
	mediainfo := strings.Fields(peer.Run(t, peer.Tool(t, "mediainfo"), append([]string{`--Output=Audio;%Duration% `}, paths...)...))
	for i, want := range seconds {
		for name, got := range map[string]string{"mutagen": mutagen[i], "mediainfo": mediainfo[i] + "e-3"} {
			v, err := strconv.ParseFloat(got, 64)
			require.NoError(t, err)
			require.InDelta(t, want, v, 0.12, "%s of %s", name, paths[i])
		}
	}
}

// TestMP3NoticeOnBothSides: with LAME's first frame players stop at the last sample of
// the cue.
func TestMP3NoticeOnBothSides(t *testing.T) {
	for _, c := range []mp3Case{mp3Cases[0], mp3Cases[1], mp3Cases[10]} {
		src := c.encoded(t, speech(1, 0.1))
		l := &Labeler{Producer: producer, Notice: &Notice{Position: Both}}
		out, _ := labelled(t, l, src, Artifact{ID: "a"})
		was, _ := c.played(t, stored(t, src))
		is, _ := c.played(t, stored(t, out))
		head := bytes.Index(floats(is), floats(was)) / 8
		require.Positive(t, head, "the programme is there")
		tail := is[head+len(was):]
		lengths := rhythm(sounding(reversed(tail)), c.rate)
		for i, want := range []int{10, 10, 10, 30, 30, 10, 10} {
			require.InDelta(t, want, lengths[i], 1)
		}
		require.InDelta(t, 1.4, float64(len(tail))/float64(c.rate), 0.35)
		if c.name != "8000" { // whose frames are too short for LAME's
			require.InDelta(t, len(tail), len(sounding(reversed(tail))), float64(c.rate)/100)
		}
		_, receipt := labelled(t, l, out, Artifact{ID: "a"})
		require.False(t, receipt.Changed)
	}
}

// TestMP3NoticeSeeks: by the table of contents, ffmpeg finds the frames of a second.
func TestMP3NoticeSeeks(t *testing.T) {
	c := mp3Cases[1]
	out, _ := labelled(t, &Labeler{Producer: producer, Notice: &Notice{}}, c.encoded(t, speech(4, 0.1)), Artifact{ID: "a"})
	path := stored(t, out)
	all, _ := c.played(t, path)
	for _, second := range []string{"1", "2", "2.7"} {
		part, _ := c.played(t, path, "-usetoc", "1", "-ss", second)
		at := bytes.Index(floats(all), floats(part[5000:9000]))/8 - 5000
		want, err := strconv.ParseFloat(second, 64)
		require.NoError(t, err)
		require.InDelta(t, want, float64(at)/float64(c.rate), 0.015*float64(len(all))/float64(c.rate))
		t.Logf("%s s: found at %.3f s", second, float64(at)/float64(c.rate))
	}
}

// TestMP3NoticeOfACutFile: the first frames lack data. Decoders do not take the cue for
// them: what ffmpeg plays is what it played, and in no other there is a bang.
func TestMP3NoticeOfACutFile(t *testing.T) {
	c := mp3Case{"cut", 44100, 2, []string{"-t", "-b", "128"}}
	b := mp3Programme(c.bytes(t))
	for range 30 {
		h, _ := mp3.ParseHeader(b)
		b = b[h.Size():]
	}
	src := metadata.Bytes(b, "cut.mp3")
	out, _ := labelled(t, &Labeler{Producer: producer, Notice: &Notice{}}, src, Artifact{ID: "a"})
	before, after := stored(t, src), stored(t, out)
	was := peer.Run(t, peer.Tool(t, "ffmpeg"), "-v", "fatal", "-i", before, "-f", "f32le", "-")
	is := peer.Run(t, peer.Tool(t, "ffmpeg"), "-v", "fatal", "-i", after, "-f", "f32le", "-")
	require.True(t, strings.HasSuffix(is, was))
	played := silently(t, peer.Tool(t, "mpg123"), "-q", "-s", after)
	loudest := func(b []byte) (peak float64) {
		for ; len(b) > 1; b = b[2:] {
			peak = max(peak, math.Abs(float64(int16(binary.LittleEndian.Uint16(b)))))
		}
		return peak
	}
	programme := played[len(is)/2-len(was)/2:]
	require.LessOrEqual(t, loudest(programme[:20_000]), 1.2*loudest(programme[20_000:]))
}

// bytes returns the file of a case.
func (c mp3Case) bytes(t testing.TB) []byte {
	t.Helper()
	src := c.encoded(t, speech(2, 0.1))
	b := make([]byte, src.Size)
	_, err := src.R.ReadAt(b, 0)
	require.NoError(t, err)
	return b
}

// BenchmarkNoticeMP3 labels 10 minutes of stereo at 128 kbit/s.
func BenchmarkNoticeMP3(b *testing.B) {
	clip := mp3.Clip{Like: 0xFFFB9064, Samples: speech(2, 0.1), Delay: mp3.MinDelay}
	var one []byte
	for _, f := range clip.Frames() {
		one = append(one, f...)
	}
	file := bytes.Repeat(one, 600*16_000/len(one))
	src := metadata.Bytes(file, "a.mp3")
	l := &Labeler{Producer: producer, Notice: &Notice{}}
	b.SetBytes(int64(len(file)))
	b.ReportAllocs()
	for b.Loop() {
		_, err := l.Label(b.Context(), discard{}, src, Artifact{})
		require.NoError(b, err)
	}
}

type discard struct{}

func (discard) Write(b []byte) (int, error) { return len(b), nil }
