package watermark_test

import (
	"image"
	"image/color"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aigclabel/aigclabel/watermark"
)

// drawings are what people and programs draw: regular, as watermarks are.
var drawings = []func(r *rand.Rand) *image.RGBA{waves, checkers, halftone, gradient, lines, tiled}

func drawing(r *rand.Rand, _ []*photo) *image.RGBA { return drawings[r.IntN(len(drawings))](r) }

// waves are up to 60 sinusoids of any length and direction.
func waves(r *rand.Rand) *image.RGBA {
	type wave struct{ u, v, phase float64 }
	list := make([]wave, 1+r.IntN(60))
	for i := range list {
		u, v := math.Sincos(r.Float64() * math.Pi)
		f := 2 * math.Pi / (2 + 30*r.Float64())
		list[i] = wave{u * f, v * f, 7 * r.Float64()}
	}
	strength := 90 / math.Sqrt(float64(len(list)))
	return painted(r, func(x, y int) float64 {
		v := 128.0
		for _, w := range list {
			v += strength * math.Sin(w.u*float64(x)+w.v*float64(y)+w.phase)
		}
		return v
	})
}

func checkers(r *rand.Rand) *image.RGBA {
	w, h := 1+r.IntN(40), 1+r.IntN(40)
	return painted(r, func(x, y int) float64 { return float64(255 * ((x/w + y/h) & 1)) })
}

// halftone is a ramp in dots, turned.
func halftone(r *rand.Rand) *image.RGBA {
	sin, cos := math.Sincos(r.Float64() * math.Pi)
	f := 2 * math.Pi / (3 + 12*r.Float64())
	return painted(r, func(x, y int) float64 {
		u, v := (cos*float64(x)-sin*float64(y))*f, (sin*float64(x)+cos*float64(y))*f
		if math.Cos(u)+math.Cos(v) > float64(x+y)/500-1 {
			return 255
		}
		return 0
	})
}

func gradient(r *rand.Rand) *image.RGBA {
	a, b := r.Float64()-0.5, r.Float64()-0.5
	return painted(r, func(x, y int) float64 { return 128 + a*float64(x) + b*float64(y) })
}

// lines look like a page of text: bars for words.
func lines(r *rand.Rand) *image.RGBA {
	m := canvas(side(r, 120, 900), side(r, 120, 900), 255, 255, 255)
	step := 8 + r.IntN(20)
	for y := step; y < m.Rect.Dy(); y += step {
		for x := step; x < m.Rect.Dx()-step; {
			for range 2 + r.IntN(8) {
				fill(m, float64(x), float64(y-r.IntN(step/2)-step/4), float64(x+step/8), float64(y), color.RGBA{20, 20, 20, 255})
				x += step / 3
			}
			x += step / 2
		}
	}
	return m
}

// tiled repeats one tile of noise, as the watermark does.
func tiled(r *rand.Rand) *image.RGBA {
	tw, th := 8+r.IntN(100), 8+r.IntN(100)
	tile := make([]float64, tw*th)
	for i := range tile {
		tile[i] = 128 + 20*r.NormFloat64()
	}
	return painted(r, func(x, y int) float64 { return tile[y%th*tw+x%tw] })
}

// TestNullEdges takes the pictures at the edge of what is one.
func TestNullEdges(t *testing.T) {
	for _, m := range []*image.RGBA{
		canvas(0, 0, 0, 0, 0), canvas(1, 1, 9, 9, 9), canvas(1, 3000, 9, 9, 9), canvas(3000, 1, 9, 9, 9), canvas(7, 2, 0, 0, 0),
		canvas(63, 63, 128, 128, 128), canvas(64, 64, 0, 0, 0), canvas(600, 400, 0, 0, 0), canvas(600, 400, 255, 255, 255),
		canvas(5000, 20, 100, 120, 140), canvas(20, 5000, 100, 120, 140),
	} {
		d := watermark.DetectImage(m, watermark.OpenKey, keyOf(1))
		require.Empty(t, d.Found, "%v", m.Rect)
		require.True(t, d.Pilot >= 0 && d.Pilot <= 1, "%v: %g", m.Rect, d.Pilot)
	}
	require.Empty(t, watermark.DetectImage(canvas(100, 100, 0, 0, 0)).Found, "no keys")
}

// TestNullNeighbours marks pictures with one key and looks for another: also in
// pictures that carry both.
func TestNullNeighbours(t *testing.T) {
	p := loadPhotos(t)[0]
	m, err := watermark.EmbedImage(p.source, p.payload, keyOf(1), nil)
	require.NoError(t, err)
	require.Empty(t, watermark.DetectImage(m, keyOf(2), watermark.OpenKey).Found)
	other := payloadOf(t, "other")
	m, err = watermark.EmbedImage(m, other, keyOf(2), nil)
	require.NoError(t, err)
	got := map[watermark.Payload]int{}
	for _, f := range watermark.DetectImage(m, keyOf(2), keyOf(3), keyOf(1)).Found {
		got[f.Payload] = f.Key
	}
	require.Equal(t, map[watermark.Payload]int{other: 0, p.payload: 2}, got)
}
