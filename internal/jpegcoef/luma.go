package jpegcoef

import "iter"

// Luma returns the rows of the picture's brightness from the top, and their numbers, as
// decoders show it: 0 is black. With a shift of 1, 2 or 3 the picture is half, a quarter
// or an eighth as large, rounded up, and comes from the lower coefficients alone. A row
// is valid until the next one. The memory of rows is that of a row of MCUs.
func (m *Image) Luma(shift uint) iter.Seq2[int, []uint8] {
	shift = min(shift, 3)
	size := 8 >> shift
	return func(yield func(int, []uint8) bool) {
		var bands []band
		for i := range m.luminous() {
			bands = append(bands, m.band(&m.Components[i], size))
		}
		out := make([]uint8, ceil(m.Width, 1<<shift))
		high := m.MCUHeight >> shift
		for y := range ceil(m.Height, 1<<shift) {
			if y%high == 0 {
				for i := range bands {
					bands[i].fill(y / high)
				}
			}
			if !yield(y, m.model.row(bands, y%high, out)) {
				return
			}
		}
	}
}

// A band is the samples of a component in a row of MCUs.
type band struct {
	*Component
	pixels  []uint8
	wide    int // pixels in a row
	size    int // samples across and down a block
	hm, vm  int // as in plane
	weights weights
}

func (m *Image) band(c *Component, size int) band {
	b := band{Component: c, wide: c.stride * size, size: size, hm: m.MCUWidth / 8, vm: m.MCUHeight / 8}
	b.pixels = make([]uint8, b.wide*c.V*size)
	if size == 8 {
		b.weights = c.dequantisation()
	} else {
		b.weights = c.steps()
	}
	return b
}

// fill makes the samples of a row of MCUs.
func (b *band) fill(mcu int) {
	var samples [64]float32
	for y := range min(b.V, b.High-mcu*b.V) {
		pixels := b.pixels[y*b.size*b.wide:]
		for x, block := range b.blocks[(mcu*b.V+y)*b.stride:][:b.Wide] {
			block.fewer(&b.weights, &samples, b.size)
			for i := range b.size {
				row := pixels[i*b.wide+x*b.size:][:b.size]
				for j, v := range samples[i*b.size:][:b.size] {
					row[j] = level(v)
				}
			}
		}
	}
}

// level returns a sample as a decoder does.
func level(v float32) uint8 {
	n := int32(v + 0.5)
	if n>>8 != 0 {
		n = min(max(n, 0), 255)
	}
	return uint8(n)
}

// row returns a row of the samples of a component for the pixels of the picture.
func (b *band) row(y int) []uint8 {
	return b.pixels[y*b.V/b.vm*b.wide:][:b.wide]
}

// row returns the brightness of a row of pixels, perhaps in out.
func (k model) row(bands []band, y int, out []uint8) []uint8 {
	if first := &bands[0]; len(bands) == 1 && first.H == first.hm {
		return first.row(y)[:len(out)]
	}
	var rows [4][]uint8
	for i := range bands {
		rows[i] = bands[i].row(y)
	}
	for x := range out {
		var v [4]float64
		for i := range bands {
			v[i] = float64(rows[i][x*bands[i].H/bands[i].hm])
		}
		out[x] = uint8(k.luma(v) + 0.5)
	}
	return out
}
