package container

import (
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// mutagenFrames prints the ID3 frames of a file as mutagen reads them, and then
// saves a title of its own.
const mutagenFrames = `
import json, sys
from mutagen.id3 import TPE2
from mutagen.wave import WAVE
from mutagen.id3 import ID3
f = (WAVE if sys.argv[1].endswith("wav") else ID3)(sys.argv[1])
t = f.tags if hasattr(f, "tags") else f
print(json.dumps({k: str(v.text[0]) if hasattr(v, "text") else v.pprint() for k, v in t.items() if k != "TPE2"}))
t.add(TPE2(encoding=3, text="band"))
f.save()
`

// mutagen returns the frames of the file at path.
func mutagen(t *testing.T, path string) map[string]string {
	t.Helper()
	python := tool(t, "python3")
	if exec.Command(python, "-c", "import mutagen").Run() != nil && os.Getenv("CI") != "true" {
		t.Skip("no mutagen")
	}
	frames := map[string]string{}
	require.NoError(t, json.Unmarshal([]byte(run(t, python, "-c", mutagenFrames, path)), &frames))
	return frames
}

// audible returns every variant of ID3v2 and every fixture, as files that play.
func audible(t *testing.T) map[string][]byte {
	files := fixtures(t, "mp3")
	sound := files["stereo.mp3"]
	for _, v := range id3Variants {
		files[v.name+".mp3"] = append([]byte(v.tag), sound...)
	}
	return files
}

func TestMP3PlaysAsBefore(t *testing.T) {
	for name, b := range fixtures(t, "mp3") {
		before, after := saved(t, name, b), saved(t, name, put(t, MP3, b, Record, someRecord))
		require.Equal(t, frames(t, before), frames(t, after), name)
	}
}

// It reads no frame behind one that is unsynchronised, compressed, encrypted or
// of a plain size: one more reason to put a new frame first.
func TestMP3ReadByFFmpeg(t *testing.T) {
	for name, b := range audible(t) {
		t.Run(name, func(t *testing.T) {
			b = without(t, MP3, b, Record)
			want := map[string]string{"AIGC": string(someRecord)}
			maps.Copy(want, probed(t, saved(t, name, b)).Format.Tags)
			require.Equal(t, want, probed(t, saved(t, name, put(t, MP3, b, Record, someRecord))).Format.Tags)
		})
	}
}

func TestMP3BesideMutagen(t *testing.T) {
	for name, b := range audible(t) {
		t.Run(name, func(t *testing.T) {
			want := map[string]string{}
			if string(b[:3]) == "ID3" {
				want = mutagen(t, saved(t, name, b))
			}
			want["TXXX:AIGC"] = string(someRecord)
			path := saved(t, "labelled.mp3", put(t, MP3, b, Record, someRecord))
			require.Equal(t, want, mutagen(t, path))
			after, err := os.ReadFile(path)
			require.NoError(t, err)
			require.Equal(t, string(someRecord), string(guide(walk(t, MP3, after), Record).Value), "after mutagen's edit")
		})
	}
}

func TestMP3ReadByExifTool(t *testing.T) {
	exiftool := tool(t, "exiftool")
	for name, b := range audible(t) {
		out := run(t, exiftool, "-a", "-G1", "-s", saved(t, name, put(t, MP3, b, Record, someRecord)))
		require.Contains(t, out, string(someRecord), name)
		require.Equal(t, strings.Contains(name, "encrypted"), strings.Contains(out, "Warning"), name)
	}
}

func TestMP3ReadByMediaInfo(t *testing.T) {
	mediainfo := tool(t, "mediainfo")
	for name, b := range fixtures(t, "mp3") {
		out := run(t, mediainfo, "--Output=JSON", saved(t, name, put(t, MP3, b, Record, []byte("some-record"))))
		require.Contains(t, out, `"AIGC": "some-record"`, name)
	}
}

func TestWAVPlaysAsBefore(t *testing.T) {
	sound := func(path string) string {
		return run(t, tool(t, "ffmpeg"), "-v", "quiet", "-i", path, "-f", "md5", "-")
	}
	for name, b := range fixtures(t, "wav") {
		before, after := saved(t, name, b), saved(t, "labelled.wav", put(t, WAV, b, Record, someRecord))
		require.Equal(t, sound(before), sound(after), name)
		require.Equal(t, probed(t, before).Format.Tags, probed(t, after).Format.Tags, name)
		warning := func(path string) string { return run(t, tool(t, "exiftool"), "-s3", "-warning", path) }
		require.Equal(t, warning(before), warning(after), name)
	}
}

// The tag in a chunk keeps its other frames when an alternate record leaves it.
func TestWAVTagBesideMutagen(t *testing.T) {
	b := fixtures(t, "wav")["id3.wav"]
	want := mutagen(t, saved(t, "id3.wav", b))
	require.Equal(t, `{"Label":"2"}`, want["TXXX:AIGC"])
	delete(want, "TXXX:AIGC")
	path := saved(t, "labelled.wav", put(t, WAV, without(t, WAV, b, Record), Record, someRecord))
	require.Equal(t, want, mutagen(t, path))
	after, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(someRecord), string(guide(walk(t, WAV, after), Record).Value), "after mutagen's edit")
}
