package watermark_test

import (
	"image"
	"math"
)

// psnr is the likeness of two pictures over R, G and B, in dB.
func psnr(a, b *image.RGBA) float64 {
	var sum float64
	for y := range a.Rect.Dy() {
		var row int
		p, q := a.Pix[y*a.Stride:][:4*a.Rect.Dx()], b.Pix[y*b.Stride:][:4*a.Rect.Dx()]
		for i := range p {
			if i%4 != 3 {
				d := int(p[i]) - int(q[i])
				row += d * d
			}
		}
		sum += float64(row)
	}
	if sum == 0 {
		return math.Inf(1)
	}
	return 10 * math.Log10(255*255*float64(3*a.Rect.Dx()*a.Rect.Dy())/sum)
}

// A plane is one plane in floating point.
type plane struct {
	w, h int
	pix  []float32
}

// luma is the brightness of a picture by BT.601, 0 to 255.
func luma(m *image.RGBA) plane {
	p := plane{m.Rect.Dx(), m.Rect.Dy(), make([]float32, m.Rect.Dx()*m.Rect.Dy())}
	for i := range p.pix {
		q := m.Pix[4*i : 4*i+3 : 4*i+3]
		p.pix[i] = 0.299*float32(q[0]) + 0.587*float32(q[1]) + 0.114*float32(q[2])
	}
	return p
}

// times multiplies two planes.
func (p plane) times(q plane) plane {
	out := plane{p.w, p.h, make([]float32, len(p.pix))}
	for i, v := range p.pix {
		out.pix[i] = v * q.pix[i]
	}
	return out
}

// ssimWindow is the Gaussian window of SSIM: 11 pixels, sigma 1.5.
var ssimWindow = func() (g [11]float32) {
	var sum float32
	for i := range g {
		d := float64(i-5) / 1.5
		g[i] = float32(math.Exp(-d * d / 2))
		sum += g[i]
	}
	for i := range g {
		g[i] /= sum
	}
	return g
}()

// local returns the mean of each window that is whole.
func (p plane) local() plane {
	w, h := p.w-10, p.h-10
	rows := plane{w, p.h, make([]float32, w*p.h)}
	for y := range p.h {
		dst := rows.pix[y*w:][:w]
		for k, g := range ssimWindow {
			for x, v := range p.pix[y*p.w+k:][:w] {
				dst[x] += g * v
			}
		}
	}
	out := plane{w, h, make([]float32, w*h)}
	for y := range h {
		dst := out.pix[y*w:][:w]
		for k, g := range ssimWindow {
			for x, v := range rows.pix[(y+k)*w:][:w] {
				dst[x] += g * v
			}
		}
	}
	return out
}

// ssim is the structural similarity of the brightness of two pictures (Wang et al. 2004),
// 1 if they are alike.
func ssim(a, b *image.RGBA) float64 {
	const c1, c2 = (0.01 * 255) * (0.01 * 255), (0.03 * 255) * (0.03 * 255)
	x, y := luma(a), luma(b)
	mx, my := x.local().pix, y.local().pix
	xx, yy, xy := x.times(x).local().pix, y.times(y).local().pix, x.times(y).local().pix
	var sum float64
	for i := range mx {
		u, v := mx[i], my[i]
		sum += float64((2*u*v + c1) / (u*u + v*v + c1) * (2*(xy[i]-u*v) + c2) / (xx[i] - u*u + yy[i] - v*v + c2))
	}
	return sum / float64(len(mx))
}
