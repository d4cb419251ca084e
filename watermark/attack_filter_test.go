package watermark_test

import (
	"image"
	"math"
)

// blurred is a Gaussian blur of a standard deviation in pixels, made of three box blurs
// each way as Pillow does (Gwosdek et al. 2011).
func blurred(sigma float64) func(*image.RGBA) *image.RGBA {
	radius := boxRadius(sigma, 3)
	return func(m *image.RGBA) *image.RGBA {
		out := image.NewRGBA(m.Rect)
		copy(out.Pix, m.Pix)
		w, h := m.Rect.Dx(), m.Rect.Dy()
		line, next := make([]uint8, max(w, h)), make([]uint8, max(w, h))
		for c := range 3 {
			for y := range h {
				boxLine(out.Pix[y*out.Stride+c:], 4, line[:w], next[:w], radius)
			}
			for x := range w {
				boxLine(out.Pix[4*x+c:], out.Stride, line[:h], next[:h], radius)
			}
		}
		return out
	}
}

// boxRadius returns the radius, with a fraction, whose box blur done some times has the
// standard deviation sigma.
func boxRadius(sigma float64, passes int) float64 {
	v := sigma * sigma / float64(passes)
	l := math.Floor((math.Sqrt(12*v+1) - 1) / 2)
	return l + (2*l+1)*(l*(l+1)-3*v)/(6*(v-(l+1)*(l+1)))
}

// boxLine blurs a line of pixels three times. line and next are scratch of its length.
func boxLine(pix []uint8, step int, line, next []uint8, radius float64) {
	for i := range line {
		line[i] = pix[i*step]
	}
	for range 3 {
		boxPass(next, line, radius)
		line, next = next, line
	}
	for i, v := range line {
		pix[i*step] = v
	}
}

// boxPass is one box blur of a line; the pixels at the ends count on for ever.
func boxPass(dst, src []uint8, radius float64) {
	n, r := len(src), int(radius)
	full := uint32(float32(1<<24) / float32(2*radius+1))
	edge := (1<<24 - uint32(2*r+1)*full) / 2
	at := func(i int) uint32 { return uint32(src[min(max(i, 0), n-1)]) }
	var sum uint32
	for i := -r - 1; i < r; i++ {
		sum += at(i)
	}
	for i := range dst {
		sum += at(i+r) - at(i-r-1)
		dst[i] = uint8((sum*full + (at(i-r-1)+at(i+r+1))*edge + 1<<23) >> 24)
	}
}

// sharpened is an unsharp mask.
func sharpened(sigma float64, percent, threshold int) func(*image.RGBA) *image.RGBA {
	return func(m *image.RGBA) *image.RGBA {
		out := blurred(sigma)(m)
		for i, v := range m.Pix {
			d := int(v) - int(out.Pix[i])
			if d > threshold || -d > threshold {
				out.Pix[i] = uint8(min(max(int(v)+d*percent/100, 0), 255))
			} else {
				out.Pix[i] = v
			}
		}
		return out
	}
}

// median3 takes the median of 3x3 pixels in each channel.
func median3(m *image.RGBA) *image.RGBA {
	w, h := m.Rect.Dx(), m.Rect.Dy()
	out := image.NewRGBA(m.Rect)
	copy(out.Pix, m.Pix)
	for y := range h {
		above := m.Pix[max(y-1, 0)*m.Stride:][:m.Stride]
		here := m.Pix[y*m.Stride:][:m.Stride]
		below := m.Pix[min(y+1, h-1)*m.Stride:][:m.Stride]
		column := func(i int) (lo, mid, hi uint8) { return sort3(above[i], here[i], below[i]) }
		for c := range 3 {
			lo1, mid1, hi1 := column(c)
			lo0, mid0, hi0 := lo1, mid1, hi1
			for x := range w {
				lo2, mid2, hi2 := column(4*min(x+1, w-1) + c)
				_, mid, _ := sort3(mid0, mid1, mid2)
				_, mid, _ = sort3(max(lo0, lo1, lo2), mid, min(hi0, hi1, hi2))
				out.Pix[y*out.Stride+4*x+c] = mid
				lo0, mid0, hi0, lo1, mid1, hi1 = lo1, mid1, hi1, lo2, mid2, hi2
			}
		}
	}
	return out
}

func sort3(a, b, c uint8) (lo, mid, hi uint8) {
	a, b = min(a, b), max(a, b)
	b, c = min(b, c), max(b, c)
	return min(a, b), max(a, b), c
}
