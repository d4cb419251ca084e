package watermark_test

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aigclabel/aigclabel/watermark"
)

// benchPhoto is a photograph in a size.
func benchPhoto(b *testing.B, w, h int) *image.RGBA {
	return resize(loadPhoto(b, "testdata/coffee.png").source, w, h, bicubic)
}

// benchMarked is the photograph with a watermark.
func benchMarked(b *testing.B, w, h int) *image.RGBA {
	m, err := watermark.EmbedImage(benchPhoto(b, w, h), payloadOf(b, "bench"), watermark.OpenKey, nil)
	require.NoError(b, err)
	return m.(*image.RGBA)
}

// benchKinds are the kinds of pictures that decoders give.
var benchKinds = []struct {
	name string
	make func(m *image.RGBA) image.Image
}{
	{"NRGBA", func(m *image.RGBA) image.Image {
		out := image.NewNRGBA(m.Rect)
		draw.Draw(out, m.Rect, m, image.Point{}, draw.Src)
		return out
	}},
	{"YCbCr420", func(m *image.RGBA) image.Image { return ycbcr420(m) }},
	{"Gray", func(m *image.RGBA) image.Image {
		out := image.NewGray(m.Rect)
		draw.Draw(out, m.Rect, m, image.Point{}, draw.Src)
		return out
	}},
}

// ycbcr420 is a picture as JPEG and video hold it.
func ycbcr420(m *image.RGBA) *image.YCbCr {
	out := image.NewYCbCr(m.Rect, image.YCbCrSubsampleRatio420)
	for y := range m.Rect.Dy() {
		for x := range m.Rect.Dx() {
			c := m.RGBAAt(x, y)
			luma, cb, cr := color.RGBToYCbCr(c.R, c.G, c.B)
			out.Y[out.YOffset(x, y)] = luma
			out.Cb[out.COffset(x, y)], out.Cr[out.COffset(x, y)] = cb, cr
		}
	}
	return out
}

var benchSizes = []image.Point{{1224, 816}, {4248, 2832}} // 1 and 12 megapixels

// perPixel counts pixels as bytes, and adds ms for each megapixel.
func perPixel(b *testing.B, r image.Rectangle) {
	pixels := r.Dx() * r.Dy()
	b.ReportAllocs()
	b.SetBytes(int64(pixels))
	b.Cleanup(func() {
		b.ReportMetric(ms(b.Elapsed())/float64(b.N)/(float64(pixels)/1e6), "ms/MP")
	})
}

func BenchmarkEmbed(b *testing.B) { benchEmbed(b, embedCopy) }

func BenchmarkEmbedInPlace(b *testing.B) { benchEmbed(b, watermark.EmbedImageInPlace) }

func embedCopy(m image.Image, p watermark.Payload, k watermark.Key, o *watermark.ImageOptions) error {
	_, err := watermark.EmbedImage(m, p, k, o)
	return err
}

func benchEmbed(b *testing.B, embed func(image.Image, watermark.Payload, watermark.Key, *watermark.ImageOptions) error) {
	payload := payloadOf(b, "bench")
	for _, size := range benchSizes {
		photo := benchPhoto(b, size.X, size.Y)
		for _, kind := range benchKinds {
			m := kind.make(photo)
			b.Run(fmt.Sprintf("%s/%dMP", kind.name, (size.X*size.Y+5e5)/1e6), func(b *testing.B) {
				perPixel(b, m.Bounds())
				for b.Loop() {
					require.NoError(b, embed(m, payload, watermark.OpenKey, nil))
				}
			})
		}
	}
}

// BenchmarkDetect detects the watermark of a picture that nothing happened to, in the kinds
// that decoders give.
func BenchmarkDetect(b *testing.B) {
	for _, size := range benchSizes {
		marked := benchMarked(b, size.X, size.Y)
		for _, kind := range benchKinds {
			name := fmt.Sprintf("%s/%dMP", kind.name, (size.X*size.Y+5e5)/1e6)
			benchDetect(b, name, kind.make(marked), 1)
		}
	}
}

// BenchmarkDetectTransformed needs the search.
func BenchmarkDetectTransformed(b *testing.B) {
	marked := benchMarked(b, 1224, 816)
	benchDetect(b, "cropped", cropped(0.25)(marked), 1)
	benchDetect(b, "turned", rotated(5, inside)(marked), 1)
	benchDetect(b, "stretched", stretched(1.2, 1)(marked), 1)
	benchDetect(b, "tilted", tilted(0.03)(marked), 1)
	benchDetect(b, "screenshot", screenshot(0.9)(marked), 1)
}

// BenchmarkDetectNothing is the whole search, in vain.
func BenchmarkDetectNothing(b *testing.B) {
	for _, size := range benchSizes {
		m := benchPhoto(b, size.X, size.Y)
		benchDetect(b, fmt.Sprintf("%dMP", (size.X*size.Y+5e5)/1e6), m, 0)
	}
}

// benchDetect measures detection in a picture that holds n watermarks.
func benchDetect(b *testing.B, name string, m image.Image, n int) {
	b.Run(name, func(b *testing.B) {
		perPixel(b, m.Bounds())
		for b.Loop() {
			require.Len(b, watermark.DetectImage(m, watermark.OpenKey).Found, n)
		}
	})
}
