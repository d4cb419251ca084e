package watermark

import (
	"encoding/binary"
	"image"
	"image/draw"
	"slices"
)

// Pixels is a picture in memory of which the brightness can be read and changed, row by row.
type pixels interface {
	// brightness writes row y, of values from 0 to 255.
	brightness(y int, dst []float32)

	// add adds to R, G and B of row y alike.
	add(y int, residual []float32)
}

// pixelsOf returns the pixels of m, or nil when its kind is not one that is changed in place.
func pixelsOf(m image.Image) pixels {
	switch m := m.(type) {
	case *image.NRGBA:
		return colour8{rows{m.Pix, m.Stride}, false}
	case *image.RGBA:
		return colour8{rows{m.Pix, m.Stride}, true}
	case *image.NRGBA64:
		return colour16{rows{m.Pix, m.Stride}, false}
	case *image.RGBA64:
		return colour16{rows{m.Pix, m.Stride}, true}
	case *image.YCbCr:
		return gray8{rows{m.Y, m.YStride}}
	case *image.NYCbCrA:
		return masked{gray8{rows{m.Y, m.YStride}}, rows{m.A, m.AStride}}
	case *image.Gray:
		return gray8{rows{m.Pix, m.Stride}}
	case *image.Gray16:
		return gray16{rows{m.Pix, m.Stride}}
	}
	return nil
}

// copyOf returns a copy of m of the same kind, or as NRGBA if there are no pixels of its kind.
func copyOf(m image.Image) image.Image {
	h := max(m.Bounds().Dy(), 0)
	switch m := m.(type) {
	case *image.NRGBA:
		c := *m
		return own(&c, &c.Pix, c.Stride*h)
	case *image.RGBA:
		c := *m
		return own(&c, &c.Pix, c.Stride*h)
	case *image.NRGBA64:
		c := *m
		return own(&c, &c.Pix, c.Stride*h)
	case *image.RGBA64:
		c := *m
		return own(&c, &c.Pix, c.Stride*h)
	case *image.Gray:
		c := *m
		return own(&c, &c.Pix, c.Stride*h)
	case *image.Gray16:
		c := *m
		return own(&c, &c.Pix, c.Stride*h)
	case *image.YCbCr:
		c := *m
		return ownYCbCr(&c, &c, h)
	case *image.NYCbCrA:
		c := *m
		own(&c, &c.A, c.AStride*h)
		return ownYCbCr(&c, &c.YCbCr, h)
	}
	c := image.NewNRGBA(m.Bounds())
	draw.Draw(c, c.Rect, m, c.Rect.Min, draw.Src)
	return c
}

// own gives m samples of its own, of which there are n at most, and returns it.
func own(m image.Image, samples *[]uint8, n int) image.Image {
	*samples = slices.Clone((*samples)[:min(n, len(*samples))])
	return m
}

// ownYCbCr gives m planes of its own: no more chroma rows than rows.
func ownYCbCr(m image.Image, planes *image.YCbCr, h int) image.Image {
	own(m, &planes.Cb, planes.CStride*(h+1))
	own(m, &planes.Cr, planes.CStride*(h+1))
	return own(m, &planes.Y, planes.YStride*h)
}

// rows are samples of 8 bits, or of 16, the high byte first.
type rows struct {
	pix    []uint8
	stride int
}

// row returns n bytes of row y.
func (r rows) row(y, n int) []uint8 { return r.pix[y*r.stride:][:n:n] }

// step8 returns the whole number next to a residual.
func step8(r float32) int {
	const up = 1024 // conversion rounds towards zero: let nothing be below it
	return int(r+(up+0.5)) - up
}

// clamp returns v, from 0 to full.
func clamp(v, full int) int {
	if uint(v) > uint(full) {
		return min(max(v, 0), full)
	}
	return v
}

// gray8 has one sample of brightness for a pixel.
type gray8 struct{ rows }

func (m gray8) brightness(y int, dst []float32) {
	for x, v := range m.row(y, len(dst)) {
		dst[x] = float32(v)
	}
}

func (m gray8) add(y int, residual []float32) {
	pix := m.row(y, len(residual))
	for x, r := range residual {
		pix[x] = uint8(clamp(int(pix[x])+step8(r), 255))
	}
}

// masked does not change pixels that cannot be seen.
type masked struct {
	gray8
	alpha rows
}

func (m masked) add(y int, residual []float32) {
	for x, a := range m.alpha.row(y, len(residual)) {
		if a == 0 {
			residual[x] = 0
		}
	}
	m.gray8.add(y, residual)
}

// gray16 has one sample of 16 bits.
type gray16 struct{ rows }

func (m gray16) brightness(y int, dst []float32) {
	pix := m.row(y, 2*len(dst))
	for x := range dst {
		dst[x] = float32(binary.BigEndian.Uint16(pix[2*x:])) / 257
	}
}

func (m gray16) add(y int, residual []float32) {
	pix := m.row(y, 2*len(residual))
	for x, r := range residual {
		add16(pix[2*x:], 257*r, 65535)
	}
}

// colour8 has R, G, B and alpha.
type colour8 struct {
	rows
	premultiplied bool
}

func (m colour8) brightness(y int, dst []float32) {
	pix := m.row(y, 4*len(dst))
	for x := range dst {
		v := binary.LittleEndian.Uint32(pix[4*x:])
		const r, g, b = 19595, 38470, 7471 // 0.299, 0.587 and 0.114 of 2^16
		dst[x] = float32(int32(v&255*r+v>>8&255*g+v>>16&255*b)) * (1.0 / (1 << 16))
	}
}

func (m colour8) add(y int, residual []float32) {
	pix := m.row(y, 4*len(residual))
	for x, r := range residual {
		p := pix[4*x:][:4]
		switch alpha := p[3]; {
		case alpha == 255 || alpha > 0 && !m.premultiplied:
			add8(p, step8(r), 255)
		case alpha > 0:
			add8(p, step8(r*float32(alpha)/255), int(alpha))
		}
	}
}

// add8 adds to three samples.
func add8(p []uint8, d, full int) {
	a, b, c := int(p[0])+d, int(p[1])+d, int(p[2])+d
	if uint(a|b|c) > uint(full) {
		a, b, c = clamp(a, full), clamp(b, full), clamp(c, full)
	}
	p[0], p[1], p[2] = uint8(a), uint8(b), uint8(c)
}

// colour16 has R, G, B and alpha of 16 bits.
type colour16 struct {
	rows
	premultiplied bool
}

func (m colour16) brightness(y int, dst []float32) {
	pix := m.row(y, 8*len(dst))
	for x := range dst {
		v := binary.BigEndian.Uint64(pix[8*x:])
		dst[x] = (0.299*float32(v>>48) + 0.587*float32(v>>32&0xffff) + 0.114*float32(v>>16&0xffff)) / 257
	}
}

func (m colour16) add(y int, residual []float32) {
	pix := m.row(y, 8*len(residual))
	for x, r := range residual {
		p := pix[8*x:][:8]
		alpha, full := int(binary.BigEndian.Uint16(p[6:])), 65535
		if alpha == 0 {
			continue
		}
		if r *= 257; m.premultiplied {
			r *= float32(alpha) / 65535
			full = alpha
		}
		for c := range 3 {
			add16(p[2*c:], r, full)
		}
	}
}

// add16 adds to a sample of 16 bits.
func add16(p []uint8, r float32, full int) {
	const up = 1 << 20
	v := int(binary.BigEndian.Uint16(p)) + int(float64(r)+(up+0.5)) - up
	binary.BigEndian.PutUint16(p, uint16(clamp(v, full)))
}
