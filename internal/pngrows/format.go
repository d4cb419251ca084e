package pngrows

import (
	"encoding/binary"
	"image/color"
	"slices"
)

// Colour types are sums of these bits.
const (
	hasPalette = 1 << iota
	hasColor
	hasAlpha

	gray    = 0
	indexed = hasPalette | hasColor
)

// A format is how pixels stand in rows.
type format struct {
	kind, depth byte
	interlaced  bool
	key         []uint16      // the samples of the one transparent colour (tRNS), if any
	colors      []color.NRGBA // the palette
}

func (f *format) valid() bool {
	switch f.kind {
	case gray:
		return slices.Contains([]byte{1, 2, 4, 8, 16}, f.depth)
	case indexed:
		return slices.Contains([]byte{1, 2, 4, 8}, f.depth)
	case hasColor, hasAlpha, hasColor | hasAlpha:
		return f.depth == 8 || f.depth == 16
	}
	return false
}

// crudeKey says that a color next to the transparent one is not like it: to
// avoid the one is to spoil what is drawn.
func (f *format) crudeKey() bool { return f.kind == gray && f.depth < 8 && f.key != nil }

// channels returns the samples of a pixel.
func (f *format) channels() int {
	switch f.kind {
	case gray, indexed:
		return 1
	case hasAlpha:
		return 2
	case hasColor:
		return 3
	}
	return 4
}

// max returns the highest sample.
func (f *format) max() uint16 { return uint16(1<<f.depth - 1) }

// rowSize returns the bytes of a row of w pixels.
func (f *format) rowSize(w int) int {
	return int((int64(w)*int64(f.channels())*int64(f.depth) + 7) / 8)
}

// step returns the distance in bytes to the pixel that filters look at.
func (f *format) step() int { return max(1, f.channels()*int(f.depth)/8) }

// sample returns sample i of a row.
func (f *format) sample(row []byte, i int) uint16 {
	switch f.depth {
	case 8:
		return uint16(row[i])
	case 16:
		return binary.BigEndian.Uint16(row[2*i:])
	}
	bit := i * int(f.depth)
	return uint16(row[bit/8]>>(8-int(f.depth)-bit%8)) & f.max()
}

// setSample puts v into sample i of a row.
func (f *format) setSample(row []byte, i int, v uint16) {
	switch f.depth {
	case 8:
		row[i] = byte(v)
	case 16:
		binary.BigEndian.PutUint16(row[2*i:], v)
	default:
		bit := i * int(f.depth)
		shift := 8 - int(f.depth) - bit%8
		row[bit/8] = row[bit/8]&^byte(f.max()<<shift) | byte(v<<shift)
	}
}

// at returns pixel i of a row. The transparent colour of a key is opaque here,
// because what is drawn on it cannot be half transparent, unless the format is
// one that [Picture.Draw] replaces.
func (f *format) at(row []byte, i int) color.NRGBA64 {
	if f.kind == indexed {
		v := int(f.sample(row, i))
		if v >= len(f.colors) {
			return color.NRGBA64{A: 0xFFFF} // as libpng shows it
		}
		return widen(f.colors[v])
	}
	scale := 0xFFFF / f.max()
	n := f.channels()
	i *= n
	c := color.NRGBA64{R: f.sample(row, i) * scale, A: 0xFFFF}
	c.G, c.B = c.R, c.R
	if f.crudeKey() && f.sample(row, i) == f.key[0] {
		c.A = 0
	}
	if f.kind&hasColor != 0 {
		c.G, c.B = f.sample(row, i+1)*scale, f.sample(row, i+2)*scale
	}
	if f.kind&hasAlpha != 0 {
		c.A = f.sample(row, i+n-1) * scale
	}
	return c
}

// set puts c into pixel i of a row, rounded to what the format can hold.
func (f *format) set(row []byte, i int, c color.NRGBA64) {
	if f.kind == indexed {
		f.setSample(row, i, uint16(slices.Index(f.colors, narrow(c))))
		return
	}
	samples := [4]uint16{c.R, c.G, c.B, c.A}
	n := f.channels()
	if f.kind&hasColor == 0 {
		samples[1] = c.A
	}
	scale := uint32(0xFFFF / f.max())
	for j := range samples[:n] {
		samples[j] = uint16((uint32(samples[j]) + scale/2) / scale)
	}
	if slices.Equal(samples[:n], f.key) {
		samples[n-1] ^= 1 // the next best colour that is not transparent
	}
	for j, v := range samples[:n] {
		f.setSample(row, i*n+j, v)
	}
}

func widen(c color.NRGBA) color.NRGBA64 {
	return color.NRGBA64{R: uint16(c.R) * 257, G: uint16(c.G) * 257, B: uint16(c.B) * 257, A: uint16(c.A) * 257}
}

func narrow(c color.NRGBA64) color.NRGBA {
	round := func(v uint16) uint8 { return uint8((uint32(v) + 128) / 257) }
	return color.NRGBA{R: round(c.R), G: round(c.G), B: round(c.B), A: round(c.A)}
}

// A pass is one of the reduced pictures of an interlaced file (Adam7), or the
// whole picture.
type pass struct {
	x, y, dx, dy  int // where its pixels lie in the picture
	width, height int
}

// passes returns the passes of a picture that have pixels.
func (f *format) passes(w, h int) []pass {
	steps := [][4]int{{0, 0, 1, 1}}
	if f.interlaced {
		steps = [][4]int{{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4}, {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}}
	}
	var all []pass
	for _, s := range steps {
		p := pass{x: s[0], y: s[1], dx: s[2], dy: s[3]}
		p.width, p.height = (w-p.x+p.dx-1)/p.dx, (h-p.y+p.dy-1)/p.dy
		if p.width > 0 && p.height > 0 {
			all = append(all, p)
		}
	}
	return all
}

// columns returns the pixels of a row whose place in the picture is in [x0, x1).
func (p pass) columns(x0, x1 int) (from, to int) {
	return span(x0, x1, p.x, p.dx, p.width)
}

// rows returns the rows whose place in the picture is in [y0, y1).
func (p pass) rows(y0, y1 int) (from, to int) {
	return span(y0, y1, p.y, p.dy, p.height)
}

func span(a, b, start, step, n int) (from, to int) {
	first := func(v int) int { return min(max(0, (v-start+step-1)/step), n) }
	return first(a), first(b)
}
