package watermark_test

import (
	"bytes"
	"image"
	"image/color"
	"image/color/palette"
	"image/draw"
	"math"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aigclabel/aigclabel/watermark"
)

// at is where the pictures of these tests are, so that nobody takes their corner for 0, 0.
var at = image.Rect(17, 13, 617, 413)

// drawnKinds are kinds of pictures that can be drawn on.
var drawnKinds = map[string]func(r image.Rectangle) draw.Image{
	"NRGBA":    func(r image.Rectangle) draw.Image { return image.NewNRGBA(r) },
	"RGBA":     func(r image.Rectangle) draw.Image { return image.NewRGBA(r) },
	"NRGBA64":  func(r image.Rectangle) draw.Image { return image.NewNRGBA64(r) },
	"RGBA64":   func(r image.Rectangle) draw.Image { return image.NewRGBA64(r) },
	"Gray":     func(r image.Rectangle) draw.Image { return image.NewGray(r) },
	"Gray16":   func(r image.Rectangle) draw.Image { return image.NewGray16(r) },
	"CMYK":     func(r image.Rectangle) draw.Image { return image.NewCMYK(r) },
	"Paletted": func(r image.Rectangle) draw.Image { return image.NewPaletted(r, palette.Plan9) },
}

// pictureOf returns a photo as a part of a larger picture of a kind, partly transparent
// where the kind can be.
func pictureOf(t testing.TB, kind string) image.Image {
	src := loadPhoto(t, "testdata/coffee.png").source
	larger := at.Inset(-9)
	if kind == "YCbCr" || kind == "NYCbCrA" {
		return planar(src, larger, kind == "NYCbCrA")
	}
	m := drawnKinds[kind](larger)
	draw.Draw(m, at, src, image.Point{}, draw.Src)
	for y := at.Min.Y; y < at.Max.Y; y++ {
		for x := range 40 {
			c := color.NRGBA64Model.Convert(m.At(at.Min.X+x, y)).(color.NRGBA64)
			c.A = uint16(x / 20 * 0x8000)
			m.Set(at.Min.X+x, y, c)
		}
	}
	return m.(interface {
		SubImage(image.Rectangle) image.Image
	}).SubImage(at)
}

// planar is the same in planes, of 4:2:0.
func planar(src *image.RGBA, larger image.Rectangle, alpha bool) image.Image {
	m := image.NewNYCbCrA(larger, image.YCbCrSubsampleRatio420)
	for y := at.Min.Y; y < at.Max.Y; y++ {
		for x := at.Min.X; x < at.Max.X; x++ {
			c := src.RGBAAt(x-at.Min.X, y-at.Min.Y)
			luma, cb, cr := color.RGBToYCbCr(c.R, c.G, c.B)
			m.Y[m.YOffset(x, y)], m.Cb[m.COffset(x, y)], m.Cr[m.COffset(x, y)] = luma, cb, cr
			m.A[m.AOffset(x, y)] = uint8(min((x-at.Min.X)/20*128, 255))
		}
	}
	if alpha {
		return m.SubImage(at)
	}
	return m.YCbCr.SubImage(at)
}

// kinds are all of them, and what they come back as.
var kinds = map[string]string{"YCbCr": "YCbCr", "NYCbCrA": "NYCbCrA", "NRGBA": "NRGBA", "RGBA": "RGBA", "NRGBA64": "NRGBA64",
	"RGBA64": "RGBA64", "Gray": "Gray", "Gray16": "Gray16", "CMYK": "NRGBA", "Paletted": "NRGBA"}

func TestKinds(t *testing.T) {
	p := payloadOf(t, "kinds")
	for kind, as := range kinds {
		t.Run(kind, func(t *testing.T) {
			m := pictureOf(t, kind)
			marked, err := watermark.EmbedImage(m, p, watermark.OpenKey, nil)
			require.NoError(t, err)
			require.IsType(t, pictureOf(t, as), marked)
			require.Equal(t, m.Bounds(), marked.Bounds())
			requireSame(t, pictureOf(t, kind), m)
			requireSameAlpha(t, m, marked)
			found, _ := detectOne(t, marked)
			require.Equal(t, p, found.Payload)

			if err := watermark.EmbedImageInPlace(m, p, watermark.OpenKey, nil); as != kind {
				require.ErrorIs(t, err, watermark.ErrKind)
			} else {
				require.NoError(t, err)
				requireSame(t, marked, m)
			}
		})
	}
}

func requireSame(t *testing.T, want, got image.Image) {
	t.Helper()
	eachPixel(want, func(x, y int) { requireEqual(t, want.At(x, y), got.At(x, y), x, y) })
}

// requireSameAlpha wants the same transparency, and nothing new below what is transparent.
func requireSameAlpha(t *testing.T, m, marked image.Image) {
	t.Helper()
	eachPixel(m, func(x, y int) {
		before, after := color.NRGBA64Model.Convert(m.At(x, y)).(color.NRGBA64), color.NRGBA64Model.Convert(marked.At(x, y)).(color.NRGBA64)
		requireEqual(t, before.A, after.A, x, y)
		if before.A == 0 && marked.ColorModel() == m.ColorModel() {
			requireEqual(t, m.At(x, y), marked.At(x, y), x, y)
		}
	})
}

func eachPixel(m image.Image, do func(x, y int)) {
	for y := m.Bounds().Min.Y; y < m.Bounds().Max.Y; y++ {
		for x := m.Bounds().Min.X; x < m.Bounds().Max.X; x++ {
			do(x, y)
		}
	}
}

// requireEqual is fast where it holds.
func requireEqual[T comparable](t *testing.T, want, got T, x, y int) {
	if want != got {
		t.Helper()
		require.Equal(t, want, got, "at %d, %d", x, y)
	}
}

// TestAroundPart marks a part of a picture in place, which leaves the rest.
func TestAroundPart(t *testing.T) {
	m := canvas(700, 500, 200, 100, 50)
	draw.Draw(m, at, loadPhoto(t, "testdata/coffee.png").source, image.Point{}, draw.Src)
	before := rgba(m)
	require.NoError(t, watermark.EmbedImageInPlace(m.SubImage(at), payloadOf(t, "part"), watermark.OpenKey, nil))
	eachPixel(m, func(x, y int) {
		if !image.Pt(x, y).In(at) {
			requireEqual(t, before.RGBAAt(x, y), m.RGBAAt(x, y), x, y)
		}
	})
}

// TestLikeness wants the quality that was asked for, in sizes below and above that of the grid.
func TestLikeness(t *testing.T) {
	src := loadPhoto(t, "testdata/coffee.png").source
	for _, side := range []int{200, 341, 512, 700, 1100} {
		m := resize(src, side*3/2, side, bicubic)
		for want, o := range map[float64]*watermark.ImageOptions{43.05: nil, 40: {PSNR: 40}, 46: {PSNR: 46}, 36: {PSNR: 20}} {
			marked, err := watermark.EmbedImage(m, payloadOf(t, "likeness"), watermark.OpenKey, o)
			require.NoError(t, err)
			require.InDelta(t, want, psnr(m, marked.(*image.RGBA)), 0.12, "%d, %v", side, o)
		}
	}
}

func TestFlatPicturesStayAbove(t *testing.T) {
	for _, c := range []uint8{0, 1, 40, 128, 254, 255} {
		m := canvas(600, 400, c, c, c)
		marked, err := watermark.EmbedImage(m, payloadOf(t, "flat"), watermark.OpenKey, nil)
		require.NoError(t, err)
		require.Greater(t, psnr(m, marked.(*image.RGBA)), 45.5)
		found, _ := detectOne(t, marked)
		require.Equal(t, payloadOf(t, "flat"), found.Payload, "grey level %d", c)
	}
}

// TestWhitePages: white places keep both signs of the watermark, and stay nearly white.
func TestWhitePages(t *testing.T) {
	m := page(1000, 1400)
	marked, err := watermark.EmbedImage(m, payloadOf(t, "page"), watermark.OpenKey, nil)
	require.NoError(t, err)
	out := marked.(*image.RGBA)
	require.Greater(t, psnr(m, out), 43.0)
	for y := range 100 { // the margin
		for x := range m.Rect.Dx() {
			requireEqual(t, true, out.RGBAAt(x, y).R > 250, x, y)
		}
	}
	for _, quality := range []int{90, 75} {
		found, _ := detectOne(t, jpegAt(quality)(out))
		require.Equal(t, payloadOf(t, "page"), found.Payload)
	}
}

// page is a page of something like text.
func page(w, h int) *image.RGBA {
	m := canvas(w, h, 255, 255, 255)
	seed := uint32(1)
	random := func(n int) int { seed = seed*1664525 + 1013904223; return int(seed>>16) % n }
	for y := h / 12; y < h*11/12; y += 24 {
		for x := w / 10; x < w*9/10; x += 10 + random(5)/4*8 {
			for range 3 {
				from := image.Pt(x+random(6), y+random(10))
				stroke := image.Rect(0, 0, 2, 4+random(6))
				if random(2) == 0 {
					stroke = image.Rect(0, 0, 5, 1)
				}
				draw.Draw(m, stroke.Add(from), image.Black, image.Point{}, draw.Src)
			}
		}
	}
	return m
}

// TestSameAgain marks one picture in many goroutines.
func TestSameAgain(t *testing.T) {
	m := loadPhoto(t, "testdata/coffee.png").source
	var all [6]*image.RGBA
	var wait sync.WaitGroup
	for i := range all {
		wait.Go(func() {
			marked, err := watermark.EmbedImage(m, payloadOf(t, "same"), keyOf(i%2), nil)
			if err == nil {
				all[i] = marked.(*image.RGBA)
			}
		})
	}
	wait.Wait()
	for i, marked := range all {
		require.Equal(t, i%2 == 0, bytes.Equal(all[0].Pix, marked.Pix))
	}
}

func TestEmbedErrors(t *testing.T) {
	p := payloadOf(t, "errors")
	for name, c := range map[string]struct {
		m    image.Image
		p    watermark.Payload
		want error
	}{
		"no payload":  {canvas(100, 100, 1, 2, 3), watermark.Payload{}, watermark.ErrPayload},
		"no pixels":   {image.NewNRGBA(image.Rectangle{}), p, watermark.ErrTooSmall},
		"a pixel":     {image.NewUniform(color.White), watermark.Payload{}, watermark.ErrKind},
		"narrow":      {canvas(127, 2000, 1, 2, 3), p, watermark.ErrTooSmall},
		"low":         {image.NewYCbCr(image.Rect(5, 5, 2005, 132), image.YCbCrSubsampleRatio420), p, watermark.ErrTooSmall},
		"in place":    {image.NewPaletted(image.Rect(0, 0, 100, 100), palette.WebSafe), p, watermark.ErrKind},
		"just enough": {canvas(128, 128, 1, 2, 3), p, nil},
	} {
		t.Run(name, func(t *testing.T) {
			require.ErrorIs(t, watermark.EmbedImageInPlace(c.m, c.p, watermark.OpenKey, nil), c.want)
			if c.want != nil && c.want != watermark.ErrKind {
				m, err := watermark.EmbedImage(c.m, c.p, watermark.OpenKey, nil)
				require.ErrorIs(t, err, c.want)
				require.Nil(t, m)
			}
		})
	}
}

// TestPayloadSizes reads both back, with the second of two keys.
func TestPayloadSizes(t *testing.T) {
	m := loadPhoto(t, "testdata/astronaut.png").source
	for _, n := range []int{8, 16} {
		p, err := watermark.NewPayload(bytes.Repeat([]byte{0xa5}, n))
		require.NoError(t, err)
		marked, err := watermark.EmbedImage(m, p, keyOf(3), nil)
		require.NoError(t, err)
		d := watermark.DetectImage(marked, watermark.OpenKey, keyOf(3))
		require.Len(t, d.Found, 1)
		require.Equal(t, p, d.Found[0].Payload)
		require.Equal(t, 1, d.Found[0].Key)
		require.False(t, math.IsNaN(d.Pilot))
	}
}

// TestHugePictures: a picture without an end cannot be copied.
func TestHugePictures(t *testing.T) {
	m := image.NewUniform(color.White)
	_, err := watermark.EmbedImage(m, payloadOf(t, "huge"), watermark.OpenKey, nil)
	require.ErrorIs(t, err, watermark.ErrTooLarge)
	require.Equal(t, watermark.Detections{Pilot: 1}, watermark.DetectImage(m, watermark.OpenKey))
}

// TestOddShapes marks parts of planes at odd places and of odd sizes, and pictures that end
// before they begin.
func TestOddShapes(t *testing.T) {
	p := payloadOf(t, "odd")
	for ratio := image.YCbCrSubsampleRatio444; ratio <= image.YCbCrSubsampleRatio410; ratio++ {
		larger := image.NewNYCbCrA(image.Rect(-3, 1, 150, 160), ratio)
		for _, r := range []image.Rectangle{larger.Rect, image.Rect(-2, 2, 129, 133), image.Rect(21, 31, 150, 160), image.Rect(1, 1, 2, 2), {}} {
			for _, m := range []image.Image{larger.SubImage(r), larger.YCbCr.SubImage(r)} {
				marked, err := watermark.EmbedImage(m, p, watermark.OpenKey, nil)
				if r.Dx() < 128 {
					require.ErrorIs(t, err, watermark.ErrTooSmall)
					continue
				}
				require.NoError(t, err)
				require.Equal(t, m.Bounds(), marked.Bounds())
			}
		}
	}
	none := image.Rectangle{Min: image.Pt(9, 9)}
	for _, m := range []image.Image{&image.Gray{Rect: none, Stride: 1}, &image.NRGBA{Rect: none, Stride: 4}} {
		_, err := watermark.EmbedImage(m, p, watermark.OpenKey, nil)
		require.ErrorIs(t, err, watermark.ErrTooSmall)
	}
}

// TestLikenessNotANumber stands for the default.
func TestLikenessNotANumber(t *testing.T) {
	m, p := canvas(200, 150, 90, 120, 60), payloadOf(t, "likeness")
	want, err := watermark.EmbedImage(m, p, watermark.OpenKey, nil)
	require.NoError(t, err)
	got, err := watermark.EmbedImage(m, p, watermark.OpenKey, &watermark.ImageOptions{PSNR: math.NaN()})
	require.NoError(t, err)
	require.Equal(t, want, got)
}
