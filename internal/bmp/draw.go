package bmp

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"slices"

	"github.com/aigclabel/aigclabel/internal/splice"
)

// Pixels returns the pixels in r, which must lie in the picture.
func (p *Picture) Pixels(r image.Rectangle) (*image.NRGBA64, error) {
	img := image.NewNRGBA64(r)
	for y := r.Min.Y; y < r.Max.Y; y++ {
		row, err := p.row(y, r)
		if err != nil {
			return nil, err
		}
		for x := r.Min.X; x < r.Max.X; x++ {
			img.SetNRGBA64(x, y, p.at(row.data, x-row.first))
		}
	}
	return img, nil
}

// Draw returns the edits that give the pixels in r, which must lie in the picture, the
// colours that paint returns for those they have. Colours are rounded to what a pixel
// can hold; one that a palette lacks is [ErrColors].
func (p *Picture) Draw(r image.Rectangle, paint func(x, y int, was color.NRGBA64) color.NRGBA64) ([]splice.Edit, error) {
	var edits []splice.Edit
	for y := r.Min.Y; y < r.Max.Y; y++ {
		row, err := p.row(y, r)
		if err != nil {
			return nil, err
		}
		changed := bytes.Clone(row.data)
		for x := r.Min.X; x < r.Max.X; x++ {
			was := p.at(row.data, x-row.first)
			if c := paint(x, y, was); c != was {
				if err := p.set(changed, x-row.first, c); err != nil {
					return nil, err
				}
			}
		}
		if !bytes.Equal(changed, row.data) {
			edits = append(edits, splice.Edit{Offset: row.offset, Delete: int64(len(changed)), Insert: bytes.NewReader(changed)})
		}
	}
	return edits, nil
}

// A row is the bytes that hold some pixels of a row.
type row struct {
	data   []byte
	offset int64
	first  int // the pixel that data begins with
}

// row reads the pixels of a row that lie in r.
func (p *Picture) row(y int, r image.Rectangle) (row, error) {
	if !p.topDown {
		y = p.Height - 1 - y
	}
	from, to := int64(r.Min.X)*int64(p.depth)/8, (int64(r.Max.X)*int64(p.depth)+7)/8
	out := row{offset: p.pixels + int64(y)*p.stride + from, first: int(from * 8 / int64(p.depth))}
	var err error
	out.data, err = read(p.r, out.offset, to-from)
	return out, err
}

// at returns pixel i of a row.
func (p *Picture) at(row []byte, i int) color.NRGBA64 {
	v := p.value(row, i)
	if p.colors != nil {
		if int(v) >= len(p.colors) {
			return color.NRGBA64{A: 0xFFFF}
		}
		return widen(p.colors[v])
	}
	c := color.NRGBA64{A: 0xFFFF}
	for j, to := range [4]*uint16{&c.R, &c.G, &c.B, &c.A} {
		if m := p.masks[j]; m.max != 0 {
			*to = uint16((v >> m.shift & m.max) * 0xFFFF / m.max)
		}
	}
	return c
}

// set puts c into pixel i of a row. Bits that no channel has stay.
func (p *Picture) set(row []byte, i int, c color.NRGBA64) error {
	if p.colors != nil {
		index := slices.Index(p.colors, narrow(c))
		if index < 0 {
			return ErrColors
		}
		p.setValue(row, i, uint32(index))
		return nil
	}
	v := p.value(row, i)
	for j, channel := range [4]uint16{c.R, c.G, c.B, c.A} {
		m := p.masks[j]
		v = v&^(m.max<<m.shift) | (uint32(channel)*m.max+0x7FFF)/0xFFFF<<m.shift
	}
	p.setValue(row, i, v)
	return nil
}

// value returns the bits of pixel i of a row.
func (p *Picture) value(row []byte, i int) uint32 {
	switch p.depth {
	case 16:
		return uint32(binary.LittleEndian.Uint16(row[2*i:]))
	case 24:
		return uint32(row[3*i]) | uint32(row[3*i+1])<<8 | uint32(row[3*i+2])<<16
	case 32:
		return binary.LittleEndian.Uint32(row[4*i:])
	}
	bit := i * p.depth
	return uint32(row[bit/8]) >> (8 - p.depth - bit%8) & (1<<p.depth - 1)
}

// setValue is the opposite of value.
func (p *Picture) setValue(row []byte, i int, v uint32) {
	switch p.depth {
	case 16:
		binary.LittleEndian.PutUint16(row[2*i:], uint16(v))
	case 24:
		row[3*i], row[3*i+1], row[3*i+2] = byte(v), byte(v>>8), byte(v>>16)
	case 32:
		binary.LittleEndian.PutUint32(row[4*i:], v)
	default:
		bit := i * p.depth
		shift := 8 - p.depth - bit%8
		row[bit/8] = row[bit/8]&^(byte(1<<p.depth-1)<<shift) | byte(v)<<shift
	}
}

func widen(c color.NRGBA) color.NRGBA64 {
	return color.NRGBA64{R: uint16(c.R) * 257, G: uint16(c.G) * 257, B: uint16(c.B) * 257, A: uint16(c.A) * 257}
}

func narrow(c color.NRGBA64) color.NRGBA {
	round := func(v uint16) uint8 { return uint8((uint32(v) + 128) / 257) }
	return color.NRGBA{R: round(c.R), G: round(c.G), B: round(c.B), A: round(c.A)}
}
