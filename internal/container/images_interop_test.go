package container

import (
	"bytes"
	"image"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// An imageCase says how another program decodes a format to PNG.
type imageCase struct {
	walk   Walk
	decode func(t testing.TB, in, out string)
}

var imageCases = map[string]imageCase{
	"heic": {HEIF, func(t testing.TB, in, out string) { run(t, tool(t, "heif-convert"), in, out) }},
	"avif": {HEIF, func(t testing.TB, in, out string) { run(t, tool(t, "avifdec"), in, out) }},
	"jxl":  {JXL, func(t testing.TB, in, out string) { run(t, tool(t, "djxl"), in, out) }},
	"jp2":  {JP2, func(t testing.TB, in, out string) { run(t, tool(t, "opj_decompress"), "-i", in, "-o", out) }},
}

// decoded returns the pictures that a program finds in b, by the names of its
// files.
func (c imageCase) decoded(t testing.TB, name string, b []byte) map[string]image.Image {
	t.Helper()
	dir := t.TempDir()
	c.decode(t, saved(t, name, b), filepath.Join(dir, "out.png"))
	paths, err := filepath.Glob(filepath.Join(dir, "*"))
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	pictures := map[string]image.Image{}
	for _, p := range paths {
		b, err := os.ReadFile(p)
		require.NoError(t, err)
		pictures[filepath.Base(p)] = pixels(t, b)
	}
	return pictures
}

// A label adds one tag to what exiftool reads, and changes no pixel.
func TestInteropImages(t *testing.T) {
	for format, c := range imageCases {
		for name, b := range fixtures(t, format) {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				out := labelled(t, c.walk, b)
				want, got := exiftags(t, name, b), exiftags(t, name, out)
				require.JSONEq(t, string(someRecord), got["XMP-TC260:Aigc"].(string))
				delete(got, "XMP-TC260:Aigc")
				if name == "bare.jxl" {
					want = exiftags(t, name, remove(t, c.walk, out, XMP)) // in boxes
				}
				dropPlaces(want)
				dropPlaces(got)
				require.Equal(t, want, got)
				require.Equal(t, c.decoded(t, name, b), c.decoded(t, name, out))
			})
		}
	}
}

// dropPlaces drops the tags that say where the media is, or hold all of it.
func dropPlaces(tags map[string]any) {
	maps.DeleteFunc(tags, func(tag string, _ any) bool {
		_, name, _ := strings.Cut(tag, ":")
		return strings.HasPrefix(name, "MediaData") || name == "ChunkOffset" || name == "AvgBitrate"
	})
}

// heif-info lists the pictures of a file with their thumbnails and properties,
// and the metadata of each.
func TestInteropHEIFInfo(t *testing.T) {
	for name, b := range heifFixtures(t) {
		if name == "sequence.avif" {
			continue // not a format that heif-info knows
		}
		dir := t.TempDir()
		info := func(b []byte) string {
			path := filepath.Join(dir, name)
			require.NoError(t, os.WriteFile(path, b, 0o600))
			return run(t, tool(t, "heif-info"), path)
		}
		_, packet, ok := strings.Cut(info(labelled(t, HEIF, b)), "XMP: ")
		require.True(t, ok && strings.Contains(packet, " bytes"), name)
		if guide(walk(t, HEIF, b), XMP) == nil {
			require.Equal(t, info(b), info(remove(t, HEIF, put(t, HEIF, b, XMP, somePacket), XMP)), name)
		}
	}
}

// Every frame of a sequence plays as before.
func TestInteropSequence(t *testing.T) {
	b := fixtures(t, "avif")["sequence.avif"]
	require.Equal(t, frames(t, saved(t, "a.avif", b)), frames(t, saved(t, "b.avif", labelled(t, HEIF, b))))
}

// exiftoolConfig makes the record's property known to exiftool for writing.
const exiftoolConfig = `
%Image::ExifTool::UserDefined::TC260 = (GROUPS => {0 => 'XMP', 1 => 'XMP-TC260', 2 => 'Image'},
  NAMESPACE => {'TC260' => 'http://www.tc260.org.cn/ns/AIGC/1.0/'}, WRITABLE => 'string', AIGC => {});
%Image::ExifTool::UserDefined = ('Image::ExifTool::XMP::Main' => {
  TC260 => {SubDirectory => {TagTable => 'Image::ExifTool::UserDefined::TC260'}}});
1;
`

// A label that exiftool writes is read, and replaced.
func TestInteropExifToolWrites(t *testing.T) {
	config := saved(t, "config", []byte(exiftoolConfig))
	for format, c := range imageCases {
		for name, b := range fixtures(t, format) {
			if name == "sequence.avif" {
				continue // not a format that exiftool writes
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				path := saved(t, name, b)
				run(t, tool(t, "exiftool"), "-config", config, "-m", "-q", "-overwrite_original", "-XMP-TC260:AIGC="+string(someRecord), path)
				written, err := os.ReadFile(path)
				require.NoError(t, err)
				f := walk(t, c.walk, written)
				require.NoError(t, f.Summary().Damage)
				packet := guide(f, XMP).Value
				require.Contains(t, string(packet), "TC260:AIGC")
				again := put(t, c.walk, written, XMP, bytes.Replace(packet, []byte("p-1"), []byte("p-11"), 1))
				require.Contains(t, exiftags(t, name, again)["XMP-TC260:Aigc"], "p-11")
				require.Equal(t, c.decoded(t, name, b), c.decoded(t, name, again))
			})
		}
	}
}

// The JPEG file in a JPEG XL file comes back bit for bit.
func TestInteropJXLKeepsJPEG(t *testing.T) {
	back := func(b []byte) string {
		out := filepath.Join(t.TempDir(), "out.jpg")
		run(t, tool(t, "djxl"), saved(t, "in.jxl", b), out)
		jpeg, err := os.ReadFile(out)
		require.NoError(t, err)
		return string(jpeg)
	}
	b := fixtures(t, "jxl")["jpeg.jxl"]
	require.Equal(t, string(fixtures(t, "jpeg")["baseline.jpg"]), back(b))
	require.Equal(t, back(b), back(labelled(t, JXL, b)))
}
