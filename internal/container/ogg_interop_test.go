package container

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// vorbisTags prints the Vorbis comments of each file as mutagen reads them, and
// then saves an organisation of its own.
const vorbisTags = `
import json, sys, mutagen
tags = {}
for path in sys.argv[1:]:
    f = mutagen.File(path)
    tags[path] = {k.upper(): "|".join(v) for k, v in f.items()}
    f["ORGANIZATION"] = "saved by mutagen"
    f.save()
print(json.dumps(tags))
`

// vorbisFiles returns the fixtures with Vorbis comments, without records.
func vorbisFiles(t *testing.T) map[string][]byte {
	files := map[string][]byte{}
	for name, b := range oggFixtures(t) {
		files[name] = without(t, Ogg, b, Record)
	}
	for name, b := range fixtures(t, "flac") {
		files[name] = without(t, FLAC, b, Record)
	}
	return files
}

// vorbisWalk returns the walk of a file.
func vorbisWalk(name string) Walk {
	if strings.HasSuffix(name, ".flac") {
		return FLAC
	}
	return Ogg
}

func TestVorbisCommentsBesideMutagen(t *testing.T) {
	before, after := map[string]string{}, map[string]string{} // paths, by name
	var paths []string
	for name, b := range vorbisFiles(t) {
		before[name] = saved(t, name, b)
		after[name] = saved(t, name, put(t, vorbisWalk(name), b, Record, someRecord))
		paths = append(paths, before[name], after[name])
	}
	tags := mutagen(t, vorbisTags, paths...)
	for name, path := range after {
		want := map[string]string{"AIGC": string(someRecord)}
		maps.Copy(want, tags[before[name]])
		require.Equal(t, want, tags[path], name)
		edited, err := os.ReadFile(path)
		require.NoError(t, err)
		f := walk(t, vorbisWalk(name), edited)
		require.NoError(t, f.Summary().Damage, "%s after mutagen's edit", name)
		require.Equal(t, string(someRecord), string(guide(f, Record).Value), "%s after mutagen's edit", name)
	}
}

// A long value takes more pages, or more than the padding.
func TestVorbisCommentsPlayAsBefore(t *testing.T) {
	for name, b := range vorbisFiles(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before := saved(t, name, b)
			for _, value := range [][]byte{someRecord, bytes.Repeat([]byte("more pages."), 7_000)} {
				after := saved(t, name, put(t, vorbisWalk(name), b, Record, value))
				require.Equal(t, frames(t, before), frames(t, after))
				require.Contains(t, ffprobed(t, after), string(value))
				require.Contains(t, examined(t, after), "AIGC="+string(value))
				require.Equal(t, warnings(examined(t, before)), warnings(examined(t, after)))
			}
		})
	}
}

// examined returns what the tool of the format's makers says about a file. Those
// of Ogg exit with 1 where they warn.
func examined(t *testing.T, path string) string {
	info := tool(t, "ogginfo")
	switch {
	case strings.HasSuffix(path, ".flac"):
		run(t, tool(t, "flac"), "-ts", path)
		return run(t, tool(t, "metaflac"), "--show-tag=AIGC", path)
	case strings.HasSuffix(path, ".opus"):
		info = tool(t, "opusinfo")
	}
	out, _ := exec.Command(info, path).Output()
	return string(out)
}

// warnings returns the lines in which a program complains.
func warnings(out string) (lines []string) {
	for line := range strings.Lines(out) {
		if strings.Contains(line, "WARNING") || strings.Contains(line, "ERROR") {
			lines = append(lines, line)
		}
	}
	return lines
}

// ffprobed returns the AIGC tags of a file and its streams.
func ffprobed(t *testing.T, path string) []string {
	var p struct {
		Format  struct{ Tags map[string]string }
		Streams []struct{ Tags map[string]string }
	}
	out := run(t, tool(t, "ffprobe"), "-v", "error", "-show_entries", "format_tags:stream_tags", "-of", "json", path)
	require.NoError(t, json.Unmarshal([]byte(out), &p))
	values := []string{p.Format.Tags["AIGC"]}
	for _, s := range p.Streams {
		values = append(values, s.Tags["AIGC"])
	}
	return values
}

// It reads no comments of Speex.
func TestVorbisCommentsReadByExifTool(t *testing.T) {
	var paths []string
	for name, b := range vorbisFiles(t) {
		if name != "speex.spx" {
			paths = append(paths, saved(t, name, put(t, vorbisWalk(name), b, Record, someRecord)))
		}
	}
	out := run(t, tool(t, "exiftool"), append([]string{"-a", "-G1", "-s"}, paths...)...)
	files := strings.Split(out, "======== ")[1:]
	require.Len(t, files, len(paths))
	for i, file := range files {
		require.Contains(t, file, string(someRecord), paths[i])
		require.NotContains(t, file, "Warning", paths[i])
	}
}
