package label

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aigclabel/aigclabel/internal/container"
	"github.com/aigclabel/aigclabel/internal/peer"
	"github.com/aigclabel/aigclabel/metadata"
)

// psnr returns how alike the colours of two pictures are outside of a rectangle, in dB.
func psnr(a, b image.Image, but image.Rectangle) float64 {
	sum, n := 0.0, 0.0
	for y := range a.Bounds().Max.Y {
		for x := range a.Bounds().Max.X {
			if image.Pt(x, y).In(but) {
				continue
			}
			v, w := color.NRGBAModel.Convert(a.At(x, y)).(color.NRGBA), color.NRGBAModel.Convert(b.At(x, y)).(color.NRGBA)
			for _, d := range []float64{float64(v.R) - float64(w.R), float64(v.G) - float64(w.G), float64(v.B) - float64(w.B)} {
				sum, n = sum+d*d, n+1
			}
		}
	}
	return 10 * math.Log10(255*255*n/max(sum, 1))
}

// TestPeerHEIF: HEIC and AVIF go through their programs, and keep what they say of
// themselves.
func TestPeerHEIF(t *testing.T) {
	block := exif(binary.LittleEndian, "II", 6)
	source := withChunk(encode(t, photo(480, 320)), "eXIf", block)
	dir := t.TempDir()
	in := filepath.Join(dir, "in.png")
	require.NoError(t, os.WriteFile(in, source, 0o600))
	for name, test := range map[string]struct {
		decoder string
		encode  []string
		turned  bool
	}{
		"8.heic":  {"heif-convert", []string{"heif-enc", "-q", "80", in, "-o"}, false}, // Exif does not turn there
		"8.avif":  {"avifdec", []string{"avifenc", "-s", "9", "-y", "420", in}, true},
		"10.avif": {"avifdec", []string{"avifenc", "-s", "9", "-d", "10", "--cicp", "9/1/9", "-r", "limited", in}, true},
	} {
		t.Run(name, func(t *testing.T) {
			decoder, path := peer.Tool(t, test.decoder), filepath.Join(dir, name)
			peer.Run(t, peer.Tool(t, test.encode[0]), append(test.encode[1:], path)...)
			b, err := os.ReadFile(path)
			require.NoError(t, err)
			l := &Labeler{Producer: producer, Notice: &Notice{}}
			out, receipt := labelled(t, l, metadata.Bytes(b, name), Artifact{ID: "1"})
			require.True(t, receipt.Layers[0].Done, receipt.Layers[0].Reason)
			require.Contains(t, receipt.Layers[0].Place, "encoded again")
			noticed := make([]byte, out.Size)
			_, err = out.R.ReadAt(noticed, 0)
			require.NoError(t, err)

			was, is := heifPicture(t, b), heifPicture(t, noticed)
			require.NotEmpty(t, was.EXIF)
			is.XMP = was.XMP // has the record
			require.Equal(t, was, is)
			require.Equal(t, test.turned, was.Orientation == 6)

			r := image.Rect(380, 260, 480, 320)
			if test.turned {
				r = image.Rect(420, 0, 480, 100)
			}
			before, after := decodedBy(t, decoder, b), decodedBy(t, decoder, noticed)
			quality := psnr(before, after, r)
			t.Logf("%.1f dB, %d to %d bytes", quality, len(b), len(noticed))
			require.Greater(t, quality, 42.0)
			shown := on(after, color.White)
			if test.turned {
				shown, r = upright(shown), image.Rect(220, 420, 320, 480)
			}
			require.Contains(t, read(t, shown.SubImage(r)), "生成")
			_, receipt = labelled(t, l, out, Artifact{ID: "1"})
			require.False(t, receipt.Changed, "a second time")
		})
	}
}

// upright turns a picture by 90 degrees with the clock.
func upright(m *image.NRGBA64) *image.NRGBA64 {
	out := image.NewNRGBA64(image.Rect(0, 0, m.Rect.Dy(), m.Rect.Dx()))
	for y := range m.Rect.Dy() {
		for x := range m.Rect.Dx() {
			out.SetNRGBA64(m.Rect.Dy()-1-y, x, m.NRGBA64At(x, y))
		}
	}
	return out
}

func heifPicture(t testing.TB, b []byte) *container.HEIFPicture {
	t.Helper()
	p, err := container.ReadHEIFPicture(container.NewSource(bytes.NewReader(b), int64(len(b)), container.Limits{}))
	require.NoError(t, err)
	return p
}

// Without the programs, and where the file has more than a picture, the receipt says why
// there is no notice, and the record is written.
func TestHEIFWithoutNotice(t *testing.T) {
	t.Setenv("PATH", "")
	for path, reason := range map[string]string{
		"avif/grid.avif":     "avifdec: not installed (in Debian's package libavif-bin)",
		"heic/plain.heic":    "heif-dec: not installed (in Debian's package libheif-examples)",
		"heic/two.heic":      "further pictures",
		"avif/sequence.avif": "a sequence of pictures",
	} {
		l := &Labeler{Producer: producer, Notice: &Notice{}}
		_, receipt := labelled(t, l, fixture(t, path), Artifact{})
		require.False(t, receipt.Layers[0].Done)
		require.Contains(t, receipt.Layers[0].Reason, reason, path)
		require.True(t, receipt.Layers[1].Done)
	}
	l := &Labeler{Producer: producer, Notice: &Notice{}, MaxPixels: 1000}
	_, err := l.Label(t.Context(), new(bytes.Buffer), fixture(t, "avif/grid.avif"), Artifact{})
	require.ErrorAs(t, err, new(*metadata.LimitError))
}
