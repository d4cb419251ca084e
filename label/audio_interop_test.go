package label

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aigclabel/aigclabel/internal/peer"
	"github.com/aigclabel/aigclabel/metadata"
)

// stored returns the path of a file.
func stored(t testing.TB, src metadata.Source) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), src.Name)
	b, err := io.ReadAll(io.NewSectionReader(src.R, 0, src.Size))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, b, 0o600))
	return path
}

// TestSoundNoticeInFFmpeg: it decodes the same programme behind the cue, and sees the
// same tags and the new duration.
func TestSoundNoticeInFFmpeg(t *testing.T) {
	ffmpeg, ffprobe := peer.Tool(t, "ffmpeg"), peer.Tool(t, "ffprobe")
	decoded := func(path string) string {
		return peer.Run(t, ffmpeg, "-v", "error", "-i", path, "-map", "0:a", "-f", "s32le", "-c:a", "pcm_s32le", "-")
	}
	probed := func(path, entry string) string {
		return strings.TrimSpace(peer.Run(t, ffprobe, "-v", "error", "-of", "csv=p=0", "-show_entries", entry, path))
	}
	duration := func(path string) float64 {
		seconds, err := strconv.ParseFloat(probed(path, "format=duration"), 64)
		require.NoError(t, err)
		return seconds
	}
	for _, name := range []string{"wav/bext.wav", "wav/rf64.wav", "aiff/ffmpeg.aiff", "aiff/sox.aifc", "flac/ffmpeg.flac", "flac/blocks.flac"} {
		t.Run(name, func(t *testing.T) {
			src := fixture(t, name)
			out, _ := labelled(t, &Labeler{Producer: producer, Notice: &Notice{}}, src, Artifact{ID: "a"})
			before, after := stored(t, src), stored(t, out)
			programme, all := decoded(before), decoded(after)
			require.True(t, strings.HasSuffix(all, programme))
			added := duration(after) - duration(before)
			require.InDelta(t, float64(len(all))/float64(len(programme)), duration(after)/duration(before), 0.001)
			require.InDelta(t, 1.6, added, 0.21)
			require.Equal(t, probed(before, "format_tags=title,artist,comment"), probed(after, "format_tags=title,artist,comment"))
		})
	}
}

// TestCueSurvivesConversion: a file that was compressed and resampled gets no second cue.
func TestCueSurvivesConversion(t *testing.T) {
	ffmpeg := peer.Tool(t, "ffmpeg")
	l := &Labeler{Producer: producer, Notice: &Notice{Position: Both}}
	out, _ := labelled(t, l, metadata.Bytes(wave(16000, 1, speech(3, 0.1)), "speech.wav"), Artifact{})
	path := stored(t, out)
	for _, codec := range [][]string{{"mp3", "-b:a", "48k"}, {"m4a", "-b:a", "48k"}, {"opus", "-b:a", "24k"}} {
		lossy, back := path+"."+codec[0], path+"."+codec[0]+".wav"
		peer.Run(t, ffmpeg, append(append([]string{"-v", "error", "-i", path}, codec[1:]...), lossy)...)
		peer.Run(t, ffmpeg, "-v", "error", "-i", lossy, "-ar", "22050", "-ac", "2", "-filter:a", "volume=0.5", back)
		b, err := os.ReadFile(back)
		require.NoError(t, err)
		var again bytes.Buffer
		receipt, err := l.Label(t.Context(), &again, metadata.Bytes(b, back), Artifact{})
		require.NoError(t, err)
		require.Equal(t, "audio start and end", receipt.Layers[0].Place, codec[0])
	}
}
