package watermark_test

import (
	"image"
	"math"
)

// warp returns a picture of w x h whose pixel (x, y) is the source's at(x, y), centres
// of pixels being at halves; black where the source has none.
func warp(m *image.RGBA, w, h int, at func(x, y float64) (float64, float64)) *image.RGBA {
	out := canvas(w, h, 0, 0, 0)
	mw, mh := size(m)
	for y := range h {
		row := out.Pix[y*out.Stride:][:out.Stride]
		for x := range w {
			sx, sy := at(float64(x)+0.5, float64(y)+0.5)
			if sx < 0 || sy < 0 || sx >= mw || sy >= mh {
				continue
			}
			sampleCubic(m, sx-0.5, sy-0.5, row[4*x:4*x+4])
		}
	}
	return out
}

// sampleCubic interpolates with the sharp cubic kernel, a = -1.
func sampleCubic(m *image.RGBA, x, y float64, dst []uint8) {
	fx, fy := math.Floor(x), math.Floor(y)
	wx, wy := sharpCubic(float32(x-fx)), sharpCubic(float32(y-fy))
	x0, y0 := int(fx)-1, int(fy)-1
	w, h := m.Rect.Dx(), m.Rect.Dy()
	inside := x0 >= 0 && x0+4 <= w
	var r, g, b float32
	for j, wj := range wy {
		row := m.Pix[min(max(y0+j, 0), h-1)*m.Stride:][:m.Stride]
		for i, wi := range wx {
			o := 4 * (x0 + i)
			if !inside {
				o = 4 * min(max(x0+i, 0), w-1)
			}
			p := row[o : o+3 : o+3]
			wt := wi * wj
			r += wt * float32(p[0])
			g += wt * float32(p[1])
			b += wt * float32(p[2])
		}
	}
	dst[0], dst[1], dst[2] = floor8(r), floor8(g), floor8(b)
}

// sharpCubic returns the four weights at distance d behind the second.
func sharpCubic(d float32) [4]float32 {
	d2 := d * d
	d3 := d2 * d
	return [4]float32{-d + 2*d2 - d3, 1 - 2*d2 + d3, d + d2 - d3, d3 - d2}
}

// floor8 cuts to 0 to 255 without rounding.
func floor8(v float32) uint8 { return uint8(min(max(v, 0), 255)) }

// A frame says what becomes of the corners when a picture is turned.
type frame int

const (
	inside frame = iota // the size stays, corners are lost
	whole               // the picture grows
	inner               // only what has no black corners, in the same aspect ratio
)

// rotated turns by degrees counter-clockwise.
func rotated(degrees float64, f frame) func(*image.RGBA) *image.RGBA {
	return func(m *image.RGBA) *image.RGBA {
		w, h := size(m)
		sin, cos := math.Sincos(degrees * math.Pi / 180)
		nw, nh := w, h
		if f == whole {
			nw = math.Ceil(math.Abs(w*cos) + math.Abs(h*sin))
			nh = math.Ceil(math.Abs(w*sin) + math.Abs(h*cos))
		}
		out := warp(m, int(nw), int(nh), func(x, y float64) (float64, float64) {
			x, y = x-nw/2, y-nh/2
			return x*cos - y*sin + w/2, x*sin + y*cos + h/2
		})
		if f == inner {
			out = inscribed(out, math.Abs(sin), math.Abs(cos))
		}
		return out
	}
}

// inscribed cuts the largest rectangle of the same aspect ratio out of a turned picture.
func inscribed(m *image.RGBA, sin, cos float64) *image.RGBA {
	w, h := size(m)
	k := min(w/(w*cos+h*sin), h/(w*sin+h*cos))
	cw, ch := int(w*k), int(h*k)
	x, y := (m.Rect.Dx()-cw)/2, (m.Rect.Dy()-ch)/2
	return cut(m, image.Rect(x, y, x+cw, y+ch))
}

// tilted moves the corners inwards, each by another part of the sides up to d, as a
// photograph of a screen does.
func tilted(d float64) func(*image.RGBA) *image.RGBA {
	return func(m *image.RGBA) *image.RGBA {
		w, h := size(m)
		dx, dy := w*d, h*d
		c := homography(
			[4][2]float64{{dx, dy * 0.5}, {w - dx*0.3, 0}, {w, h - dy}, {0, h - dy*0.2}},
			[4][2]float64{{0, 0}, {w, 0}, {w, h}, {0, h}})
		return warp(m, m.Rect.Dx(), m.Rect.Dy(), func(x, y float64) (float64, float64) {
			z := c[6]*x + c[7]*y + 1
			return (c[0]*x + c[1]*y + c[2]) / z, (c[3]*x + c[4]*y + c[5]) / z
		})
	}
}

// homography returns the perspective that takes four points to four others.
func homography(from, to [4][2]float64) [8]float64 {
	var a [8][9]float64
	for i := range from {
		x, y, u, v := from[i][0], from[i][1], to[i][0], to[i][1]
		a[2*i] = [9]float64{x, y, 1, 0, 0, 0, -u * x, -u * y, u}
		a[2*i+1] = [9]float64{0, 0, 0, x, y, 1, -v * x, -v * y, v}
	}
	return eliminate(a)
}

// eliminate solves eight equations by Gauss and Jordan's elimination.
func eliminate(a [8][9]float64) [8]float64 {
	for i := range a {
		pivot := i
		for j := i + 1; j < len(a); j++ {
			if math.Abs(a[j][i]) > math.Abs(a[pivot][i]) {
				pivot = j
			}
		}
		a[i], a[pivot] = a[pivot], a[i]
		for j := range a {
			f := a[j][i] / a[i][i]
			for k := i; j != i && k < len(a[j]); k++ {
				a[j][k] -= f * a[i][k]
			}
		}
	}
	var x [8]float64
	for i := range x {
		x[i] = a[i][8] / a[i][i]
	}
	return x
}

// flipped mirrors left to right.
func flipped(m *image.RGBA) *image.RGBA {
	w, h := m.Rect.Dx(), m.Rect.Dy()
	out := image.NewRGBA(m.Rect)
	for y := range h {
		for x := range w {
			copy(out.Pix[y*out.Stride+4*x:][:4], m.Pix[y*m.Stride+4*(w-1-x):])
		}
	}
	return out
}

// quarterTurn turns by 90 degrees counter-clockwise.
func quarterTurn(m *image.RGBA) *image.RGBA {
	w, h := m.Rect.Dx(), m.Rect.Dy()
	out := image.NewRGBA(image.Rect(0, 0, h, w))
	for y := range w {
		for x := range h {
			copy(out.Pix[y*out.Stride+4*x:][:4], m.Pix[x*m.Stride+4*(w-1-y):])
		}
	}
	return out
}
