package ffmpeg

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aigclabel/aigclabel/internal/peer"
)

func programs(t *testing.T) *Programs {
	peer.Tool(t, "ffprobe")
	p, err := Find(peer.Tool(t, "ffmpeg"))
	require.NoError(t, err)
	return p
}

// clip makes a second of video.
func clip(t *testing.T) string {
	path := filepath.Join(t.TempDir(), "-odd: name.mp4")
	peer.Run(t, peer.Tool(t, "ffmpeg"), "-v", "error", "-f", "lavfi", "-i", "testsrc2=s=64x48:r=25:d=1", "-c:v", "mpeg4", "file:"+path)
	return path
}

func TestNotInstalled(t *testing.T) {
	_, err := Find(filepath.Join(t.TempDir(), "ffmpeg"))
	require.ErrorIs(t, err, ErrNotFound)
	t.Setenv("PATH", t.TempDir())
	_, err = Find("")
	require.ErrorIs(t, err, ErrNotFound)
}

func TestRunAndProbe(t *testing.T) {
	p := programs(t)
	in := Input{Path: clip(t), Format: "mp4"}
	out := filepath.Join(t.TempDir(), "out.mkv")
	var done time.Duration
	err := p.Run(t.Context(), Job{Inputs: []Input{in}, Args: []string{"-c", "copy", "-f", "matroska", "file:" + out}, Progress: func(d time.Duration) { done = d }})
	require.NoError(t, err)
	require.InDelta(t, 1, done.Seconds(), 0.1)
	m, err := p.Probe(t.Context(), Input{Path: out, Format: "mkv"})
	require.NoError(t, err)
	require.Len(t, m.Streams, 1)
	s := m.Streams[0]
	require.Equal(t, "video mpeg4 yuv420p", s.Kind+" "+s.Codec+" "+s.PixelFormat)
	require.Equal(t, Ratio{25, 1}, s.FrameRate)
	require.Equal(t, 64, s.Width)
	require.InDelta(t, time.Second, time.Duration(m.Format.Duration), float64(50*time.Millisecond))
	encoders, err := p.Encoders(t.Context())
	require.NoError(t, err)
	require.True(t, encoders["mpeg4"])
	require.False(t, encoders["nothing"])
}

func TestOutput(t *testing.T) {
	p := programs(t)
	in := Input{Path: clip(t), Format: "mp4"}
	args := []string{"-frames:v", "1", "-pix_fmt", "gray", "-f", "rawvideo", "pipe:1"}
	raw, err := p.Output(t.Context(), 64*48, in, args...)
	require.NoError(t, err)
	require.Len(t, raw, 64*48)
	_, err = p.Output(t.Context(), 64*48-1, in, args...)
	require.ErrorAs(t, err, new(*TooLargeError))
}

// TestForcedFormat: what a file says it is does not count.
func TestForcedFormat(t *testing.T) {
	p := programs(t)
	path := filepath.Join(t.TempDir(), "list.mp4")
	require.NoError(t, os.WriteFile(path, []byte("#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:1/a.ts\n#EXT-X-ENDLIST\n"), 0o600))
	_, err := p.Probe(t.Context(), Input{Path: path, Format: "mp4"})
	var failure *Error
	require.ErrorAs(t, err, &failure)
	require.NotContains(t, err.Error(), "127.0.0.1")
	_, err = p.Probe(t.Context(), Input{Path: path, Format: "hls"})
	require.ErrorContains(t, err, "no reader")
}

func TestEnds(t *testing.T) {
	p := programs(t)
	in := Input{Path: clip(t), Format: "mp4"}
	forever := []string{"-filter_complex", "[0:v]loop=-1:25:0", "-c:v", "rawvideo", "-f", "null", "-"}
	ctx, stop := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer stop()
	require.ErrorIs(t, p.Run(ctx, Job{Inputs: []Input{in}, Args: forever}), context.DeadlineExceeded)

	large := append(forever[:4:4], "-f", "avi", "file:"+filepath.Join(t.TempDir(), "large.avi"))
	require.ErrorAs(t, p.Run(t.Context(), Job{Inputs: []Input{in}, Args: large, MaxSize: 1 << 20}), new(*TooLargeError))
}

func TestNumbers(t *testing.T) {
	for in, want := range map[string]Ratio{`"16/9"`: {16, 9}, `"4:3"`: {4, 3}, `"0/0"`: {0, 1}, `"N/A"`: {0, 1}, `"1/-1"`: {0, 1}} {
		var r Ratio
		require.NoError(t, json.Unmarshal([]byte(in), &r))
		require.Equal(t, want, r, in)
	}
	for in, want := range map[string]Seconds{`"1.5"`: Seconds(1500 * time.Millisecond), `"N/A"`: 0, `"1e300"`: 0, `"NaN"`: 0} {
		var s Seconds
		require.NoError(t, json.Unmarshal([]byte(in), &s))
		require.Equal(t, want, s, in)
	}
}
