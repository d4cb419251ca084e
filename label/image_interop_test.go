package label

import (
	"bytes"
	"image"
	"image/color"
	websafe "image/color/palette"
	"image/draw"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"

	"github.com/aigclabel/aigclabel/internal/peer"
	"github.com/aigclabel/aigclabel/metadata"
)

// read returns what tesseract reads in a picture, without spaces.
func read(t testing.TB, img image.Image) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "notice.png")
	var b bytes.Buffer
	require.NoError(t, (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&b, img))
	require.NoError(t, os.WriteFile(path, b.Bytes(), 0o600))
	out := peer.Run(t, peer.Tool(t, "tesseract"), path, "-", "-l", "chi_sim+eng", "--psm", "6")
	return strings.Join(strings.Fields(out), "")
}

// Patterns behind the plate do not keep people from reading, but tesseract: what it
// cannot tell from letters there, TestNoticeLetters measures.
func TestNoticeIsRead(t *testing.T) {
	for _, name := range []string{"light", "dark", "gray"} {
		for want, n := range map[string]Notice{
			"AI生成":             {},
			"AI-GENERATED":     {Language: "en"},
			"AI生成AI-GENERATED": {Language: "zh-Hans+en"},
		} {
			t.Run(name+" "+want, func(t *testing.T) {
				out, r := noticed(t, encode(t, picture(name, 800, 600)), n)
				plate := on(decode(t, out), color.White).SubImage(r)
				require.Contains(t, strings.ReplaceAll(read(t, plate), "Al", "AI"), want)
			})
		}
	}
}

// A codec writes and reads pictures of a format as others do.
type codec struct {
	name   string
	open   canvasOpener
	encode func(io.Writer, image.Image) error
	decode func(io.Reader) (image.Image, error)
}

var codecs = []codec{
	{"png", openPNG, (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode, png.Decode},
	{"jpeg", openJPEG, func(w io.Writer, m image.Image) error { return jpeg.Encode(w, m, &jpeg.Options{Quality: 85}) }, jpeg.Decode},
	{"tiff", openTIFF, func(w io.Writer, m image.Image) error {
		return tiff.Encode(w, m, &tiff.Options{Compression: tiff.Deflate, Predictor: true})
	}, tiff.Decode},
	{"bmp", openBMP, bmp.Encode, bmp.Decode},
	{"gif", openGIF, func(w io.Writer, m image.Image) error {
		p := image.NewPaletted(m.Bounds(), websafe.Plan9)
		draw.Draw(p, p.Rect, m, image.Point{}, draw.Src)
		return gif.Encode(w, p, nil)
	}, gif.Decode},
}

// scenes are backgrounds as services make them: the first is light, the second dark, the
// others are busy.
var scenes = []struct {
	name  string
	color func(x, y, w, h int) color.RGBA
}{
	{"light gradient", func(x, y, w, h int) color.RGBA {
		v := uint8(200 + 50*x/w)
		return color.RGBA{v, v - uint8(30*y/h), 250, 255}
	}},
	{"dark gradient", func(x, y, w, h int) color.RGBA {
		return color.RGBA{uint8(50 * x / w), uint8(20 + 30*y/h), uint8(60 * y / h), 255}
	}},
	{"noise", func(x, y, w, h int) color.RGBA {
		v := hash(x/3, y/3)
		return color.RGBA{uint8(v), uint8(v >> 8), uint8(v >> 16), 255}
	}},
	{"clutter like letters", func(x, y, w, h int) color.RGBA {
		size := max(min(w, h)/40, 3)
		if hash(x/size, y/size)%3 == 0 && y/size%3 > 0 {
			return color.RGBA{30, 30, 40, 255}
		}
		return color.RGBA{245, 240, 230, 255}
	}},
	{"clouds", func(x, y, w, h int) color.RGBA { // a fractal, as photographs are
		v := 0.0
		for octave, scale := 0, float64(max(w, h)); octave < 7; octave, scale = octave+1, scale/2.1 {
			v += smooth(float64(x)/scale*3, float64(y)/scale*3) / math.Pow(1.7, float64(octave))
		}
		return color.RGBA{uint8(min(255, 70*v)), uint8(min(255, 95*v)), uint8(min(255, 110*v)), 255}
	}},
}

// hash returns a number that looks random.
func hash(x, y int) uint32 {
	v := uint32(x)*0x9E3779B1 ^ uint32(y)*0x85EBCA77
	v = (v ^ v>>15) * 0x2C1B3C6D
	return v ^ v>>12
}

// smooth returns noise, 0 to 1, without steps.
func smooth(x, y float64) float64 {
	ix, iy := math.Floor(x), math.Floor(y)
	at := func(dx, dy int) float64 { return float64(hash(int(ix)+dx, int(iy)+dy)%1024) / 1024 }
	fx, fy := x-ix, y-iy
	return (at(0, 0)*(1-fx)+at(1, 0)*fx)*(1-fy) + (at(0, 1)*(1-fx)+at(1, 1)*fx)*fy
}

func scene(n, w, h int) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			img.SetRGBA(x, y, scenes[n].color(x, y, w, h))
		}
	}
	return img
}

// TestNoticeIsReadInPictures shows 20 pictures, from 320x200 to 6000x4000, light, dark
// and busy, in all formats: tesseract reads the notice, its lowest letter is as high as
// the clause asks, and nothing changes beside it.
func TestNoticeIsReadInPictures(t *testing.T) {
	peer.Tool(t, "tesseract")
	sizes := []image.Point{{320, 200}, {480, 640}, {1080, 720}, {1200, 900}}
	seen, all := 0, 0
	show := func(kind int, size image.Point, c codec) {
		var b bytes.Buffer
		require.NoError(t, c.encode(&b, scene(kind, size.X, size.Y)))
		plan, r, err := planPictureNotice(c.open, metadata.Bytes(b.Bytes(), ""), Notice{}, metadata.Generated, manyPixels)
		require.NoError(t, err)
		out, err := io.ReadAll(plan.Source())
		require.NoError(t, err)
		before, err := c.decode(bytes.NewReader(b.Bytes()))
		require.NoError(t, err)
		after, err := c.decode(bytes.NewReader(out))
		require.NoError(t, err)
		if c.name == "jpeg" {
			requireSameBlocks(t, b.Bytes(), out, r)
		} else {
			requireSameOutside(t, before, after, r)
		}
		crop := image.NewRGBA(r)
		draw.Draw(crop, r, after, r.Min, draw.Src)
		text := strings.ReplaceAll(strings.ReplaceAll(read(t, crop), "Al", "AI"), "A|", "AI")
		lowest := slices.Min(letters(crop))
		all++
		read := strings.Contains(text, "AI生成")
		if read {
			seen++
		}
		share := 100 * float64(lowest) / float64(min(size.X, size.Y))
		t.Logf("%-20s %4dx%-4d %-4s read %-5t %q, lowest letter %d pixels = %.1f %%", scenes[kind].name, size.X, size.Y, c.name, read, text, lowest, share)
		require.GreaterOrEqual(t, share, 5.0)
	}
	for kind := range scenes {
		for i, size := range sizes {
			if i == 3 && kind != 4 {
				size = []image.Point{{720, 1280}, {500, 1400}, {800, 800}, {1500, 600}}[kind]
			}
			show(kind, size, codecs[(kind+i)%len(codecs)])
		}
	}
	show(0, image.Pt(6000, 4000), codecs[1])
	require.GreaterOrEqual(t, seen, all-1)
	t.Logf("read in %d of %d", seen, all)
}

// letters returns the heights of the letters in the picture of a notice. They are what
// has the tone that there is least of at the edges, in columns apart.
func letters(img *image.RGBA) (heights []int) {
	r := img.Rect
	lit := func(x, y int) float64 { return lightness(color.NRGBA64Model.Convert(img.At(x, y)).(color.NRGBA64)) }
	edge := 0.0
	for x := r.Min.X; x < r.Max.X; x++ {
		edge += lit(x, r.Min.Y+r.Dy()/12) / float64(r.Dx())
	}
	tone := 1.0
	if edge > 0.5 {
		tone = 0
	}
	inked := func(r image.Rectangle) bool {
		for y := r.Min.Y; y < r.Max.Y; y++ {
			for x := r.Min.X; x < r.Max.X; x++ {
				if math.Abs(lit(x, y)-tone) < math.Abs(lit(x, y)-edge) {
					return true
				}
			}
		}
		return false
	}
	inner := r.Inset(r.Dy() / 8)
	for _, letter := range runs(inner.Min.X, inner.Max.X, func(a, b int) image.Rectangle { return image.Rect(a, inner.Min.Y, b, inner.Max.Y) }, inked) {
		rows := runs(letter.Min.Y, letter.Max.Y, func(a, b int) image.Rectangle { return image.Rect(letter.Min.X, a, letter.Max.X, b) }, inked)
		if height := rows[len(rows)-1].Max.Y - rows[0].Min.Y; height > r.Dy()/5 {
			heights = append(heights, height)
		}
	}
	return heights
}
