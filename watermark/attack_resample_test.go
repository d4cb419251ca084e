package watermark_test

import (
	"image"
	"math"
)

// A kernel is a resampling filter: its weight at a distance, and how far it reaches.
type kernel struct {
	support float64
	weight  func(x float64) float64
}

var (
	bilinear = kernel{1, func(x float64) float64 { return max(0, 1-math.Abs(x)) }}
	bicubic  = kernel{2, func(x float64) float64 { return keys(math.Abs(x), -0.5) }}
	lanczos  = kernel{3, func(x float64) float64 {
		if math.Abs(x) >= 3 {
			return 0
		}
		return sinc(x) * sinc(x/3)
	}}
)

// keys is the cubic convolution kernel (Keys 1981) with the slope a at 1.
func keys(x, a float64) float64 {
	switch {
	case x < 1:
		return ((a+2)*x-(a+3))*x*x + 1
	case x < 2:
		return (((x-5)*x+8)*x - 4) * a
	}
	return 0
}

func sinc(x float64) float64 {
	if x == 0 {
		return 1
	}
	return math.Sin(math.Pi*x) / (math.Pi * x)
}

// taps are the weights that make one pixel out of those from first on.
type taps struct {
	first   int
	weights []float32
}

// resampling returns the taps of every output pixel of a line. Shrinking widens
// the kernel, so that nothing aliases.
func resampling(from, to int, k kernel) []taps {
	scale := float64(from) / float64(to)
	wide := max(scale, 1)
	reach := k.support * wide
	line := make([]taps, to)
	for i := range line {
		centre := (float64(i) + 0.5) * scale
		first := max(0, int(centre-reach+0.5))
		last := min(from, int(centre+reach+0.5))
		line[i] = taps{first, weightsOf(k, first, last, centre, wide)}
	}
	return line
}

// weightsOf returns weights that add up to 1.
func weightsOf(k kernel, first, last int, centre, wide float64) []float32 {
	weights := make([]float32, last-first)
	var sum float64
	for j := range weights {
		sum += k.weight((float64(first+j) - centre + 0.5) / wide)
	}
	for j := range weights {
		weights[j] = float32(k.weight((float64(first+j)-centre+0.5)/wide) / sum)
	}
	return weights
}

// resize returns a picture in another size: rows first, rounded to 8 bits between.
func resize(m *image.RGBA, w, h int, k kernel) *image.RGBA {
	if w != m.Rect.Dx() {
		m = resizeRows(m, w, k)
	}
	if h != m.Rect.Dy() {
		m = resizeColumns(m, h, k)
	}
	return m
}

func resizeRows(m *image.RGBA, w int, k kernel) *image.RGBA {
	out := canvas(w, m.Rect.Dy(), 0, 0, 0)
	line := resampling(m.Rect.Dx(), w, k)
	for y := range m.Rect.Dy() {
		src, dst := m.Pix[y*m.Stride:][:m.Stride], out.Pix[y*out.Stride:][:out.Stride]
		for x, t := range line {
			var r, g, b float32
			p := src[4*t.first:][:4*len(t.weights)]
			for j, wt := range t.weights {
				q := p[4*j : 4*j+3 : 4*j+3]
				r += wt * float32(q[0])
				g += wt * float32(q[1])
				b += wt * float32(q[2])
			}
			dst[4*x], dst[4*x+1], dst[4*x+2] = round8(r), round8(g), round8(b)
		}
	}
	return out
}

func resizeColumns(m *image.RGBA, h int, k kernel) *image.RGBA {
	out := image.NewRGBA(image.Rect(0, 0, m.Rect.Dx(), h))
	sum := make([]float32, m.Stride)
	for y, t := range resampling(m.Rect.Dy(), h, k) {
		clear(sum)
		for j, wt := range t.weights {
			src := m.Pix[(t.first+j)*m.Stride:][:len(sum)]
			for i, v := range src {
				sum[i] += wt * float32(v)
			}
		}
		dst := out.Pix[y*out.Stride:][:len(sum)]
		for i, v := range sum {
			dst[i] = round8(v)
		}
	}
	return out
}

// round8 returns the nearest of 0 to 255.
func round8(v float32) uint8 { return uint8(min(max(v, 0), 255) + 0.5) }

// scaled is a side times s, and at least a pixel.
func scaled(side int, s float64) int {
	return max(1, int(math.RoundToEven(float64(side)*s)))
}

// resized changes both sides alike.
func resized(s float64, k kernel) func(*image.RGBA) *image.RGBA {
	return func(m *image.RGBA) *image.RGBA {
		return resize(m, scaled(m.Rect.Dx(), s), scaled(m.Rect.Dy(), s), k)
	}
}

func resizedAndBack(s float64) func(*image.RGBA) *image.RGBA {
	return func(m *image.RGBA) *image.RGBA {
		return resize(resized(s, bicubic)(m), m.Rect.Dx(), m.Rect.Dy(), bicubic)
	}
}

// stretched changes the sides each by its own factor.
func stretched(sx, sy float64) func(*image.RGBA) *image.RGBA {
	return func(m *image.RGBA) *image.RGBA {
		return resize(m, scaled(m.Rect.Dx(), sx), scaled(m.Rect.Dy(), sy), bicubic)
	}
}

// squared squeezes the longer side to the shorter.
func squared(m *image.RGBA) *image.RGBA {
	side := min(m.Rect.Dx(), m.Rect.Dy())
	if m.Rect.Dx() == m.Rect.Dy() { // a square that is not one any more
		return resize(m, side, scaled(side, 0.7), bicubic)
	}
	return resize(m, side, side, bicubic)
}
