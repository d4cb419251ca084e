package watermark_test

import (
	"image"
	"image/color"
	"image/draw"
	"math"
	"math/rand/v2"
)

// noisy adds white Gaussian noise of a standard deviation, the same at every run.
func noisy(sigma float64) func(*image.RGBA) *image.RGBA {
	return func(m *image.RGBA) *image.RGBA {
		source := rand.New(rand.NewPCG(1234, 0))
		out := image.NewRGBA(m.Rect)
		for i, v := range m.Pix {
			if i%4 == 3 {
				out.Pix[i] = v
				continue
			}
			out.Pix[i] = uint8(math.RoundToEven(min(max(float64(v)+sigma*source.NormFloat64(), 0), 255)))
		}
		return out
	}
}

// mapped sends each channel through a table.
func mapped(m *image.RGBA, table func(v float64) float64) *image.RGBA {
	var lut [256]uint8
	for i := range lut {
		lut[i] = uint8(min(max(table(float64(i)), 0), 255))
	}
	out := image.NewRGBA(m.Rect)
	for i := 0; i < len(m.Pix); i += 4 {
		p, q := m.Pix[i:i+4:i+4], out.Pix[i:i+4:i+4]
		q[0], q[1], q[2], q[3] = lut[p[0]], lut[p[1]], lut[p[2]], p[3]
	}
	return out
}

// brightened multiplies all values.
func brightened(k float64) func(*image.RGBA) *image.RGBA {
	return func(m *image.RGBA) *image.RGBA {
		return mapped(m, func(v float64) float64 { return v * k })
	}
}

// contrasted multiplies the distance of all values to the mean brightness.
func contrasted(k float64) func(*image.RGBA) *image.RGBA {
	return func(m *image.RGBA) *image.RGBA {
		var sum int
		for i := 0; i < len(m.Pix); i += 4 {
			sum += int(luma8(m.Pix[i:]))
		}
		mean := math.Floor(float64(sum)/float64(len(m.Pix)/4) + 0.5)
		return mapped(m, func(v float64) float64 { return mean + k*(v-mean) })
	}
}

func gamma(g float64) func(*image.RGBA) *image.RGBA {
	return func(m *image.RGBA) *image.RGBA {
		return mapped(m, func(v float64) float64 { return math.RoundToEven(255 * math.Pow(v/255, g)) })
	}
}

// saturated multiplies the distance of all colours to grey.
func saturated(k float32) func(*image.RGBA) *image.RGBA {
	return func(m *image.RGBA) *image.RGBA {
		out := image.NewRGBA(m.Rect)
		for i := 0; i < len(m.Pix); i += 4 {
			p, q := m.Pix[i:i+4:i+4], out.Pix[i:i+4:i+4]
			grey := float32(luma8(p))
			for c := range 3 {
				q[c] = floor8(grey + k*(float32(p[c])-grey))
			}
			q[3] = p[3]
		}
		return out
	}
}

// luma8 is the brightness of a pixel by BT.601, rounded.
func luma8(p []uint8) uint8 {
	return uint8((uint32(p[0])*19595 + uint32(p[1])*38470 + uint32(p[2])*7471 + 1<<15) >> 16)
}

// fill paints a rectangle that includes its last row and column.
func fill(m *image.RGBA, x0, y0, x1, y1 float64, c color.RGBA) {
	r := image.Rect(int(x0), int(y0), int(x1)+1, int(y1)+1)
	draw.Draw(m, r, image.NewUniform(c), image.Point{}, draw.Src)
}

// overlaid hides 10 % of the area under a card in the corner.
func overlaid(m *image.RGBA) *image.RGBA {
	out := rgba(m)
	w, h := size(m)
	lw, lh := math.Floor(w*0.32), math.Floor(h*0.32)
	x, y := w-lw-math.Floor(w*0.03), h-lh-math.Floor(h*0.03)
	fill(out, x, y, x+lw, y+lh, color.RGBA{250, 250, 250, 255})
	disc(out, x+lw*0.1, y+lh*0.1, x+lw*0.6, y+lh*0.9, color.RGBA{220, 30, 60, 255})
	for i := range 6 {
		at := y + lh*(0.12+0.13*float64(i))
		fill(out, x+lw*0.65, at, x+lw*0.95, at+lh*0.06, color.RGBA{40, 40, 40, 255})
	}
	return out
}

// disc paints an ellipse.
func disc(m *image.RGBA, x0, y0, x1, y1 float64, c color.RGBA) {
	cx, cy, rx, ry := (x0+x1)/2, (y0+y1)/2, (x1-x0)/2, (y1-y0)/2
	for y := int(y0); y <= int(y1); y++ {
		d := (float64(y) - cy) / ry
		half := rx * math.Sqrt(max(0, 1-d*d))
		fill(m, cx-half, float64(y), cx+half, float64(y), c)
	}
}

// screenshot shows the picture smaller in a window with a title bar.
func screenshot(s float64) func(*image.RGBA) *image.RGBA {
	return func(m *image.RGBA) *image.RGBA {
		small := resized(s, bilinear)(m)
		w, h := size(small)
		out := canvas(int(w*1.18), int(h*1.22), 245, 246, 248)
		fill(out, 0, 0, float64(out.Rect.Dx()), math.Floor(h*0.07), color.RGBA{52, 60, 75, 255})
		paste(out, small, int(w*0.083)|1, int(h*0.117)|1)
		return out
	}
}

// letterboxed puts the picture between black bars, above and below.
func letterboxed(m *image.RGBA) *image.RGBA {
	w, h := m.Rect.Dx(), m.Rect.Dy()
	out := canvas(w, h+h/3, 0, 0, 0)
	paste(out, m, 0, h/6)
	return out
}

func paste(dst, m *image.RGBA, x, y int) {
	draw.Draw(dst, m.Rect.Add(image.Pt(x, y)), m, image.Point{}, draw.Src)
}

// social is what a social network does: sides of at most 1080 pixels, JPEG 75.
func social(m *image.RGBA) *image.RGBA {
	s := min(0.8, 1080/float64(max(m.Rect.Dx(), m.Rect.Dy())))
	return jpegAt(75)(resized(s, lanczos)(m))
}
