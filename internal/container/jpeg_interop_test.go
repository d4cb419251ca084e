package container

import (
	"bytes"
	"encoding/json"
	"image"
	_ "image/jpeg" // other decoders of what we write
	_ "image/png"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aigclabel/aigclabel/internal/xmp"
)

// labelled returns b with a record in its XMP.
func labelled(t testing.TB, w Walk, b []byte) []byte {
	t.Helper()
	var packet []byte
	if slot := guide(walk(t, w, b), XMP); slot != nil {
		packet = slot.Value
	}
	packet, err := xmp.Set(packet, "http://www.tc260.org.cn/ns/AIGC/1.0/", "TC260", "AIGC", string(someRecord))
	require.NoError(t, err)
	return put(t, w, b, XMP, packet)
}

// written returns the path of a file that holds b.
func written(t testing.TB, name string, b []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, b, 0o600))
	return path
}

// exiftags returns what exiftool reads from a file, and its warnings.
func exiftags(t testing.TB, name string, b []byte) map[string]any {
	t.Helper()
	out, err := exec.Command(tool(t, "exiftool"), "-j", "-a", "-b", "-G1", "-struct", "-validate", "-warning", "-all", written(t, name, b)).Output()
	require.NoError(t, err)
	var files []map[string]any
	require.NoError(t, json.Unmarshal(out, &files))
	maps.DeleteFunc(files[0], func(tag string, _ any) bool {
		return tag == "SourceFile" || strings.HasPrefix(tag, "System:") // names, dates, sizes
	})
	return files[0]
}

// pixels returns a decoded image.
func pixels(t testing.TB, b []byte) image.Image {
	t.Helper()
	m, _, err := image.Decode(bytes.NewReader(b))
	require.NoError(t, err)
	return m
}

// announcing lists the tags that say that a file has XMP. What exiftool warns of
// in TIFF is the field type, which is the guide's.
var announcing = map[string][]string{
	"gif":  {"GIF:GIFVersion"},
	"tiff": {"ExifTool:Validate", "ExifTool:Warning"},
	"webp": {"File:FileType", "RIFF:WebP_Flags"},
}

// undecoded are the fixtures that the decoders here do not know.
var undecoded = []string{"animated.webp", "big.tif"}

// A write adds one tag to what exiftool reads, and changes no pixel.
func TestInteropXMP(t *testing.T) {
	for format, w := range map[string]Walk{"jpeg": JPEG, "png": PNG, "webp": WebP, "gif": GIF, "tiff": TIFF} {
		for name, b := range fixtures(t, format) {
			t.Run(name, func(t *testing.T) {
				out := labelled(t, w, b)
				want, got := exiftags(t, name, b), exiftags(t, name, out)
				require.JSONEq(t, string(someRecord), got["XMP-TC260:Aigc"].(string))
				delete(got, "XMP-TC260:Aigc")
				for _, tag := range announcing[format] {
					delete(want, tag)
					delete(got, tag)
				}
				require.Equal(t, want, got)
				if !slices.Contains(undecoded, name) {
					require.Equal(t, pixels(t, b), pixels(t, out))
				}
			})
		}
	}
}

// A comment that is removed leaves the other tags of its block.
func TestInteropUserComment(t *testing.T) {
	for format, w := range map[string]Walk{"jpeg": JPEG, "png": PNG} {
		t.Run(format, func(t *testing.T) {
			name := "tagged." + map[string]string{"jpeg": "jpg", "png": "png"}[format]
			b := fixtures(t, format)[name]
			want := exiftags(t, name, b)
			require.NotEmpty(t, want["ExifIFD:UserComment"])
			delete(want, "ExifIFD:UserComment")
			got := exiftags(t, name, put(t, w, b, EXIF, removeComments(t, guide(walk(t, w, b), EXIF).Value)))
			require.Equal(t, want, got)
		})
	}
}

func TestInteropDjpeg(t *testing.T) {
	for name, b := range fixtures(t, "jpeg") {
		if name == "cmyk.jpg" {
			continue // not a colour space of djpeg
		}
		decode := func(b []byte) []byte {
			cmd := exec.Command(tool(t, "djpeg"), "-pnm")
			cmd.Stdin = bytes.NewReader(b)
			out, err := cmd.Output()
			require.NoError(t, err, name)
			return out
		}
		require.Equal(t, decode(b), decode(labelled(t, JPEG, b)), name)
	}
}

// pngcheck reads every chunk and checksum.
func TestInteropPngcheck(t *testing.T) {
	for name, b := range fixtures(t, "png") {
		out, err := exec.Command(tool(t, "pngcheck"), "-q", written(t, name, labelled(t, PNG, b))).CombinedOutput()
		require.NoError(t, err, "%s", out)
	}
}
