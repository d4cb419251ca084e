package container

import (
	"encoding/json"
	"maps"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// mutagenFrames prints the ID3 frames of each file as mutagen reads them, and
// then saves a band of its own.
const mutagenFrames = `
import json, sys
from mutagen.aiff import AIFF
from mutagen.id3 import ID3, TPE2
from mutagen.wave import WAVE
tags = {}
for path in sys.argv[1:]:
    f = {"wav": WAVE, "aif": AIFF}.get(path.split(".")[-1][:3], ID3)(path)
    t = f.tags if hasattr(f, "tags") else f
    tags[path] = {k: str(v.text[0]) if hasattr(v, "text") else v.pprint() for k, v in t.items() if k != "TPE2"}
    t.add(TPE2(encoding=3, text="band"))
    f.save()
print(json.dumps(tags))
`

// mutagen returns what a script prints about files, by path.
func mutagen(t *testing.T, script string, paths ...string) map[string]map[string]string {
	t.Helper()
	tags := map[string]map[string]string{}
	out := run(t, python(t, "mutagen"), append([]string{"-c", script}, paths...)...)
	require.NoError(t, json.Unmarshal([]byte(out), &tags))
	return tags
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
			t.Parallel()
			b = without(t, MP3, b, Record)
			want := map[string]string{"AIGC": string(someRecord)}
			maps.Copy(want, probedTags(t, saved(t, name, b)))
			require.Equal(t, want, probedTags(t, saved(t, name, put(t, MP3, b, Record, someRecord))))
		})
	}
}

func TestMP3BesideMutagen(t *testing.T) {
	before, after := map[string]string{}, map[string]string{} // paths, by name
	var paths []string
	for name, b := range audible(t) {
		if string(b[:3]) == "ID3" {
			before[name] = saved(t, name, b)
			paths = append(paths, before[name])
		}
		after[name] = saved(t, name, put(t, MP3, b, Record, someRecord))
		paths = append(paths, after[name])
	}
	frames := mutagen(t, mutagenFrames, paths...)
	for name, path := range after {
		t.Run(name, func(t *testing.T) {
			want := map[string]string{}
			maps.Copy(want, frames[before[name]])
			want["TXXX:AIGC"] = string(someRecord)
			require.Equal(t, want, frames[path])
			edited, err := os.ReadFile(path)
			require.NoError(t, err)
			require.Equal(t, string(someRecord), string(guide(walk(t, MP3, edited), Record).Value), "after mutagen's edit")
		})
	}
}

func TestMP3ReadByExifTool(t *testing.T) {
	var paths []string
	for name, b := range audible(t) {
		paths = append(paths, saved(t, name, put(t, MP3, b, Record, someRecord)))
	}
	out := run(t, tool(t, "exiftool"), append([]string{"-a", "-G1", "-s"}, paths...)...)
	files := strings.Split(out, "======== ")[1:]
	require.Len(t, files, len(paths))
	for i, file := range files {
		require.Contains(t, file, string(someRecord), paths[i])
		require.Equal(t, strings.Contains(paths[i], "encrypted"), strings.Contains(file, "Warning"), file)
	}
}

func TestMP3ReadByMediaInfo(t *testing.T) {
	mediainfo := tool(t, "mediainfo")
	for name, b := range fixtures(t, "mp3") {
		out := run(t, mediainfo, "--Output=JSON", saved(t, name, put(t, MP3, b, Record, []byte("some-record"))))
		require.Contains(t, out, `"AIGC": "some-record"`, name)
	}
}

// heard returns the checksum of what a file sounds like.
func heard(t *testing.T, path string) string {
	t.Helper()
	return run(t, tool(t, "ffmpeg"), "-v", "quiet", "-i", path, "-f", "md5", "-")
}

func TestWAVPlaysAsBefore(t *testing.T) {
	var paths []string
	for name, b := range fixtures(t, "wav") {
		before, after := saved(t, name, b), saved(t, "labelled.wav", put(t, WAV, b, Record, someRecord))
		require.Equal(t, heard(t, before), heard(t, after), name)
		require.Equal(t, probedTags(t, before), probedTags(t, after), name)
		if name != "rifx.wav" { // which ExifTool does not know
			paths = append(paths, before, after)
		}
	}
	var warnings []struct{ Warning string }
	require.NoError(t, json.Unmarshal([]byte(run(t, tool(t, "exiftool"), append([]string{"-j", "-warning"}, paths...)...)), &warnings))
	require.Len(t, warnings, len(paths))
	for i := 0; i < len(warnings); i += 2 {
		require.Equal(t, warnings[i], warnings[i+1], paths[i])
	}
}

// The tag in a chunk keeps its other frames when an alternate record leaves it.
func TestWAVTagBesideMutagen(t *testing.T) {
	b := fixtures(t, "wav")["id3.wav"]
	path := saved(t, "id3.wav", b)
	want := mutagen(t, mutagenFrames, path)[path]
	require.Equal(t, `{"Label":"2"}`, want["TXXX:AIGC"])
	delete(want, "TXXX:AIGC")
	path = saved(t, "labelled.wav", put(t, WAV, without(t, WAV, b, Record), Record, someRecord))
	require.Equal(t, want, mutagen(t, mutagenFrames, path)[path])
	after, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(someRecord), string(guide(walk(t, WAV, after), Record).Value), "after mutagen's edit")
}

// ownPlaces are the formats whose places no guide names: others must read them.
// The fixtures leave out what ffmpeg writes to a pipe and cannot read itself.
func ownPlaces(t *testing.T, test func(t *testing.T, name string, w Walk, b []byte)) {
	for format, w := range map[string]Walk{"aac": AAC, "aiff": AIFF, "caf": CAF, "wma": ASF, "wmv": ASF} {
		for name, b := range fixtures(t, format) {
			if name != "streamed.aiff" {
				t.Run(name, func(t *testing.T) { test(t, name, w, without(t, w, b, Record)) })
			}
		}
	}
}

// Of AAC ffmpeg reads no ID3v2 tag where a tag stands at the end.
func TestOwnPlacesPlayAsBefore(t *testing.T) {
	ownPlaces(t, func(t *testing.T, name string, w Walk, b []byte) {
		before, after := saved(t, name, b), saved(t, name, put(t, w, b, Record, someRecord))
		require.Equal(t, heard(t, before), heard(t, after))
		want := probed(t, before)
		if want.Format.Tags == nil {
			want.Format.Tags = map[string]string{}
		}
		if name != "ape.aac" && name != "mutagen.aac" {
			want.Format.Tags["AIGC"] = string(someRecord)
		}
		got := probed(t, after)
		if got.Format.Tags == nil {
			got.Format.Tags = map[string]string{}
		}
		require.Equal(t, want, got)
	})
}

// mutagenDescriptors prints the strings of ASF files and then saves one of its own.
const mutagenDescriptors = `
import json, sys
from mutagen.asf import ASF
tags = {}
for path in sys.argv[1:]:
    f = ASF(path)
    tags[path] = {k: str(v) for k, v in f.tags if k != "WM/Mood"}
    f["WM/Mood"] = "merry"
    f.save()
print(json.dumps(tags))
`

func TestOwnPlacesBesideOthers(t *testing.T) {
	exiftool, mediainfo := tool(t, "exiftool"), tool(t, "mediainfo")
	ownPlaces(t, func(t *testing.T, name string, w Walk, b []byte) {
		path := saved(t, name, put(t, w, b, Record, someRecord))
		says := func(path string) string {
			return run(t, mediainfo, "--Output=Audio;%Format%%SamplingRate%%Duration%", path)
		}
		require.Equal(t, says(saved(t, name, b)), says(path))
		if strings.HasSuffix(name, ".caf") {
			return // which the others do not know
		}
		said := run(t, exiftool, "-a", "-s", path)
		if name != "streamed.wma" { // which it doubts without a label too
			require.NotContains(t, said, "Warning")
		}
		script, key := mutagenFrames, "TXXX:AIGC"
		if strings.Contains(name, ".wm") {
			script, key = mutagenDescriptors, "AIGC"
		} else {
			require.Contains(t, said, string(someRecord)) // of ASF it shows names that it knows
		}
		require.Equal(t, string(someRecord), mutagen(t, script, path)[path][key])
		edited, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, string(someRecord), string(guide(walk(t, w, edited), Record).Value), "after mutagen's edit")
	})
}
