package container

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// saved writes b to a file of a test and returns its path.
func saved(t testing.TB, name string, b []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, b, 0o600))
	return path
}

// frames returns the checksum of every decoded frame.
func frames(t *testing.T, path string) string {
	t.Helper()
	return run(t, tool(t, "ffmpeg"), "-v", "error", "-xerror", "-i", path, "-map", "0:v?", "-map", "0:a?", "-f", "framemd5", "-")
}

// A probe is what ffprobe says about a file, but for where things are.
type probe struct {
	Format   struct{ Tags map[string]string }
	Streams  []map[string]any
	Chapters []map[string]any
	Packets  []struct {
		Stream int `json:"stream_index"`
		PTS    int
		Hash   string `json:"data_hash"`
	}
}

func probed(t *testing.T, path string) (p probe) {
	t.Helper()
	out := run(t, tool(t, "ffprobe"), "-v", "error", "-show_format", "-show_streams", "-show_chapters", "-show_packets", "-show_data_hash", "md5", "-of", "json", path)
	require.NoError(t, json.Unmarshal([]byte(out), &p))
	return p
}

// probedTags returns the tags of a file alone.
func probedTags(t *testing.T, path string) map[string]string {
	t.Helper()
	var p probe
	out := run(t, tool(t, "ffprobe"), "-v", "error", "-show_entries", "format_tags", "-of", "json", path)
	require.NoError(t, json.Unmarshal([]byte(out), &p))
	return p.Format.Tags
}

func TestBMFFPlaysAsBefore(t *testing.T) {
	files := bmffFixtures(t)
	delete(files, "cmaf-init.mp4") // has no media
	for name, b := range files {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before, after := saved(t, name, b), saved(t, name, put(t, BMFF, put(t, BMFF, b, XMP, somePacket), Record, longRecord))
			require.Equal(t, frames(t, before), frames(t, after))
			want := probed(t, before)
			require.NotEmpty(t, want.Packets)
			if want.Format.Tags == nil {
				want.Format.Tags = map[string]string{}
			}
			want.Format.Tags["AIGC"] = string(longRecord)
			require.Equal(t, want, probed(t, after))
		})
	}
}

// Readers know one list of keys in a file: a camera's names must not move to
// our value, nor ours to the camera's.
func TestBMFFBesideCameraKeys(t *testing.T) {
	for _, name := range []string{"plain.mov", "moov-last.mp4"} {
		b := bmffFixtures(t)[name]
		camera := quickTime(metaBox("mdta", keyList("com.apple.quicktime.make", "com.apple.quicktime.model"),
			bmffEncode("ilst", dataItem("\x00\x00\x00\x01", 1, "Maker"), dataItem("\x00\x00\x00\x02", 1, "Model"))))
		moov := walk(t, BMFF, b).(*bmffFile).moov
		require.EqualValues(t, len(b), moov.end())
		b = append(b, camera...)
		binary.BigEndian.PutUint32(b[moov.offset:], uint32(len(camera)+int(moov.size)))
		before, after := saved(t, name, b), saved(t, name, put(t, BMFF, b, Record, someRecord))
		want := probed(t, before)
		want.Format.Tags["AIGC"] = string(someRecord)
		require.Equal(t, want, probed(t, after))
		require.Equal(t, "Maker\nModel\n"+string(someRecord)+"\n", run(t, tool(t, "exiftool"), "-s3", "-Make", "-Model", "-AIGC", after))
	}
}

func TestBMFFReadByExifTool(t *testing.T) {
	exiftool := tool(t, "exiftool")
	args := []string{"-a", "-s3", "-AIGC", "-XMP:CreatorTool"}
	packet := bytes.Replace(somePacket, []byte("<rdf:RDF"), []byte(`<rdf:RDF xmlns:xmp="http://ns.adobe.com/xap/1.0/"`), 1)
	packet = bytes.Replace(packet, []byte("/></x:"), []byte(`><rdf:Description xmp:CreatorTool="Tool"/></rdf:RDF></x:`), 1)
	want := 0
	for name, b := range bmffFixtures(t) {
		args = append(args, saved(t, name, put(t, BMFF, put(t, BMFF, b, XMP, packet), Record, someRecord)))
		want++
	}
	out := run(t, exiftool, args...)
	require.GreaterOrEqual(t, strings.Count(out, string(someRecord)), want, out)
	require.Equal(t, want, strings.Count(out, "Tool\n"), out)
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
	python := python(t, "mutagen")
	for name, b := range fixtures(t, "m4a") {
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
