package container

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// run returns what a program prints.
func run(t *testing.T, program string, args ...string) string {
	t.Helper()
	cmd := exec.Command(program, args...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(t, err, stderr.String())
	return string(out)
}

// saved writes b to a file of a test and returns its path.
func saved(t *testing.T, name string, b []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, b, 0o600))
	return path
}

// frames returns the checksums of every packet and of every decoded frame.
func frames(t *testing.T, path string) string {
	t.Helper()
	ffmpeg := tool(t, "ffmpeg")
	args := []string{"-v", "error", "-xerror", "-i", path, "-map", "0:v?", "-map", "0:a?"}
	packets := run(t, ffmpeg, append(args, "-c", "copy", "-f", "framemd5", "-")...)
	return packets + run(t, ffmpeg, append(args, "-f", "framemd5", "-")...)
}

// tags returns the container's tags as ffprobe sees them.
func tags(t *testing.T, path string) map[string]string {
	t.Helper()
	out := run(t, tool(t, "ffprobe"), "-v", "error", "-show_format", "-of", "json", path)
	var probe struct {
		Format struct{ Tags map[string]string }
	}
	require.NoError(t, json.Unmarshal([]byte(out), &probe))
	return probe.Format.Tags
}

func TestBMFFPlaysAsBefore(t *testing.T) {
	for name, b := range bmffFixtures(t) {
		t.Run(name, func(t *testing.T) {
			before, after := saved(t, name, b), saved(t, name, put(t, BMFF, put(t, BMFF, b, XMP, somePacket), Record, longRecord))
			require.Equal(t, frames(t, before), frames(t, after))
			want := tags(t, before)
			if want == nil {
				want = map[string]string{}
			}
			want["AIGC"] = string(longRecord)
			require.Equal(t, want, tags(t, after))
			chapters := []string{"-v", "error", "-show_chapters", "-of", "json"}
			ffprobe := tool(t, "ffprobe")
			require.Equal(t, run(t, ffprobe, append(chapters, before)...), run(t, ffprobe, append(chapters, after)...))
		})
	}
}

func TestBMFFReadByExifTool(t *testing.T) {
	exiftool := tool(t, "exiftool")
	for name, b := range bmffFixtures(t) {
		path := saved(t, name, put(t, BMFF, b, Record, someRecord))
		require.Contains(t, run(t, exiftool, "-a", "-G1", "-s", path), string(someRecord), name)
		require.Empty(t, run(t, exiftool, "-validate", "-warning", "-s3", path)[:0])
	}
}

// tagsOf prints what mutagen reads, and saves a tag of its own.
const tagsOf = `
import sys
from mutagen.mp4 import MP4
m = MP4(sys.argv[1])
print(sorted((k, [bytes(x) if isinstance(x, bytes) else x for x in v]) for k, v in m.items() if k != "\xa9cmt"), m.info.length)
m["\xa9cmt"] = "x" * 3000
m.save()
`

// iTunes taggers keep the record, and we keep their tags.
func TestBMFFBesideMutagen(t *testing.T) {
	python := tool(t, "python3")
	if exec.Command(python, "-c", "import mutagen").Run() != nil && os.Getenv("CI") != "true" {
		t.Skip("no mutagen")
	}
	for name, b := range fixtures(t, "m4a") {
		if name == "freeform.m4a" {
			continue
		}
		before := run(t, python, "-c", tagsOf, saved(t, name, b))
		path := saved(t, name, put(t, BMFF, b, Record, someRecord))
		sound := frames(t, path)
		require.Equal(t, before, run(t, python, "-c", tagsOf, path))
		after, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, string(someRecord), string(guide(walk(t, BMFF, after), Record).Value), "after mutagen's edit")
		require.Equal(t, sound, frames(t, path))
		again := saved(t, name, put(t, BMFF, after, Record, longRecord))
		require.Equal(t, sound, frames(t, again))
	}
}
