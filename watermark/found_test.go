package watermark_test

import (
	"image"
	"image/color"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/aigclabel/aigclabel/watermark"
)

// markedCoffee is a photo with a watermark.
func markedCoffee(t *testing.T) *photo {
	p := loadPhoto(t, "testdata/coffee.png")
	m, err := watermark.EmbedImage(p.source, p.payload, watermark.OpenKey, nil)
	require.NoError(t, err)
	p.marked = m.(*image.RGBA)
	return p
}

// detectOne returns the one watermark of a picture, and the probability of its pilots.
func detectOne(t *testing.T, m image.Image) (watermark.Detection, float64) {
	t.Helper()
	d := watermark.DetectImage(m, watermark.OpenKey)
	require.Len(t, d.Found, 1)
	return d.Found[0], d.Pilot
}

func TestPilotStandsOut(t *testing.T) {
	p := markedCoffee(t)
	for _, a := range []func(*image.RGBA) *image.RGBA{cropped(0), jpegAt(50), cropped(0.25), rotated(5, inside)} {
		_, pilot := detectOne(t, a(p.marked))
		assert.Less(t, pilot, 1e-6)
	}
}

// TestTransform asks what was done to a picture; the scales are those of its pixels.
func TestTransform(t *testing.T) {
	p := markedCoffee(t)
	for name, c := range map[string]struct {
		apply func(*image.RGBA) *image.RGBA
		want  watermark.Transform
	}{
		"nothing":           {cropped(0), watermark.Transform{Scale: 1, Aspect: 1}},
		"half":              {resized(0.5, bicubic), watermark.Transform{Scale: 0.5, Aspect: 1}},
		"larger":            {resized(1.5, bicubic), watermark.Transform{Scale: 1.5, Aspect: 1}},
		"part":              {cropped(0.5), watermark.Transform{Scale: 1, Aspect: 1}},
		"part, half":        {chain(cropped(0.25), resized(0.6, bicubic)), watermark.Transform{Scale: 0.6, Aspect: 1}},
		"turned":            {rotated(5, inside), watermark.Transform{Scale: 1, Aspect: 1, Angle: 5}},
		"turned right":      {rotated(-30, whole), watermark.Transform{Scale: 1, Aspect: 1, Angle: -30}},
		"quarter":           {quarterTurn, watermark.Transform{Scale: 1, Aspect: 1, Angle: 90}},
		"upside down":       {chain(quarterTurn, quarterTurn), watermark.Transform{Scale: 1, Aspect: 1, Angle: 180}},
		"mirrored":          {flipped, watermark.Transform{Scale: 1, Aspect: 1, Flip: true}},
		"mirrored, turned":  {chain(flipped, rotated(20, whole)), watermark.Transform{Scale: 1, Aspect: 1, Angle: 20, Flip: true}},
		"mirrored, quarter": {chain(flipped, quarterTurn), watermark.Transform{Scale: 1, Aspect: 1, Angle: 90, Flip: true}},
		"wide":              {stretched(1.25, 1), watermark.Transform{Scale: math.Sqrt(1.25), Aspect: 1.25}},
		"tall":              {stretched(1, 1.25), watermark.Transform{Scale: math.Sqrt(1.25), Aspect: 0.8}},
	} {
		t.Run(name, func(t *testing.T) {
			now := c.apply(p.marked)
			d, _ := detectOne(t, now)
			then := float64(min(p.marked.Rect.Dx(), p.marked.Rect.Dy()))
			scale := c.want.Scale * then / float64(min(now.Rect.Dx(), now.Rect.Dy())) // once the short sides are the same
			require.InEpsilon(t, scale, d.Transform.Scale, 0.01, "%+v", d.Transform)
			require.InEpsilon(t, c.want.Aspect, d.Transform.Aspect, 0.01, "%+v", d.Transform)
			require.Equal(t, c.want.Flip, d.Transform.Flip, "%+v", d.Transform)
			require.InDelta(t, 0, math.Remainder(c.want.Angle-d.Transform.Angle, 360), 0.3, "%+v", d.Transform)
		})
	}
}

// TestHeat puts something else over a part of the picture, or the picture into another:
// the map must tell the parts.
func TestHeat(t *testing.T) {
	p := markedCoffee(t)
	w, h := p.marked.Rect.Dx(), p.marked.Rect.Dy()
	pasted := rgba(p.marked)
	paste(pasted, cut(p.source, image.Rect(0, 0, w/2, h)), 0, 0)
	painted := rgba(p.marked)
	fill(painted, 0, 0, float64(w), float64(h/2), color.RGBA{120, 90, 60, 255})
	framed := canvas(2*w, h, 80, 80, 80)
	paste(framed, p.marked, w, 0)
	for name, c := range map[string]struct {
		m      *image.RGBA
		marked func(x, y float64) bool // of 0 to 1
	}{
		"half of it from the source": {pasted, func(x, _ float64) bool { return x > 0.5 }},
		"half of it painted over":    {painted, func(_, y float64) bool { return y > 0.5 }},
		"in a frame":                 {framed, func(x, _ float64) bool { return x > 0.5 }},
		"as JPEG":                    {jpegAt(60)(pasted), func(x, _ float64) bool { return x > 0.5 }},
		"turned":                     {quarterTurn(pasted), func(_, y float64) bool { return y < 0.5 }},
	} {
		t.Run(name, func(t *testing.T) {
			d, _ := detectOne(t, c.m)
			require.NotNil(t, d.Heat)
			in, out := heat(d.Heat, c.marked)
			t.Logf("%.0f where it is, %.0f where not", in, out)
			require.Greater(t, in, 128.0)
			require.Less(t, out, 64.0)
		})
	}
}

// heat returns the means of a map over what is marked and what is not; the border
// between the two does not count.
func heat(m *image.Gray, marked func(x, y float64) bool) (in, out float64) {
	var n [2]float64
	var sum [2]float64
	b := m.Rect
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			u, v := (float64(x-b.Min.X)+0.5)/float64(b.Dx()), (float64(y-b.Min.Y)+0.5)/float64(b.Dy())
			if math.Abs(u-0.5) < 0.08 || math.Abs(v-0.5) < 0.08 {
				continue
			}
			i := bit(marked(u, v))
			n[i]++
			sum[i] += float64(m.GrayAt(x, y).Y)
		}
	}
	return sum[1] / max(n[1], 1), sum[0] / max(n[0], 1)
}
