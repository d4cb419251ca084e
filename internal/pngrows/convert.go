package pngrows

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"slices"

	"github.com/aigclabel/aigclabel/internal/container"
	"github.com/aigclabel/aigclabel/internal/splice"
)

// target returns the format that can hold d: that of p if possible.
func (p *Picture) target(d drawing) (*format, error) {
	to := p.format
	switch {
	case p.kind == indexed:
		added, err := p.missing(d)
		if len(added) == 0 || err != nil {
			return &p.format, err
		}
		translucent := func(c color.NRGBA) bool { return c.A != 0xFF }
		to.colors = slices.Concat(p.colors, added)
		switch {
		case len(to.colors) <= 256 && !slices.ContainsFunc(added, translucent):
			for len(to.colors) > 1<<to.depth {
				to.depth *= 2
			}
		case slices.ContainsFunc(to.colors, translucent):
			to.kind, to.depth = hasColor|hasAlpha, 8
		default:
			to.kind, to.depth = hasColor, 8
		}
	case p.crudeKey():
		to.kind, to.depth, to.key = hasAlpha, 8, nil
	default:
		return &p.format, nil
	}
	return &to, nil
}

// missing returns the colours of d that the palette lacks, too many if these are more
// than it can hold.
func (p *Picture) missing(d drawing) (missing []color.NRGBA, err error) {
	known := map[color.NRGBA]bool{}
	for _, c := range p.colors {
		known[c] = true
	}
	visit := func(d drawing) func(_, x, y int, was color.NRGBA64) {
		return func(_, x, y int, was color.NRGBA64) {
			if c := narrow(d.paint(x, y, was)); !known[c] && len(missing) <= 256 {
				known[c] = true
				missing = append(missing, c)
			}
		}
	}
	err = p.scan([]image.Rectangle{d.rect}, visit(d))
	for i := range p.frames {
		f := &p.frames[i]
		if part := f.part(d); err == nil && !part.rect.Empty() {
			err = f.scan([]image.Rectangle{part.rect}, visit(part))
		}
	}
	return missing, err
}

// copyPixels puts a row of w pixels into another format.
func (p *Picture) copyPixels(out []byte, to *format, row []byte, w int) error {
	for i := range w {
		if p.kind == indexed && int(p.sample(row, i)) >= len(p.colors) {
			return broken(p.data[0].Offset, "pixel with a colour that is not in the palette")
		}
		if to.kind == indexed {
			to.setSample(out, i, p.sample(row, i))
		} else {
			to.set(out, i, p.at(row, i))
		}
	}
	return nil
}

// convertChunks returns the edits of the chunks that depend on the format.
func (p *Picture) convertChunks(to *format) []splice.Edit {
	if to == &p.format {
		return nil
	}
	var edits []splice.Edit
	for _, c := range p.chunks {
		value := p.convertChunk(c, to)
		if bytes.Equal(value, c.value) {
			continue
		}
		edit := splice.Edit{Offset: c.Offset, Delete: c.Length}
		if value != nil {
			edit.Insert = bytes.NewReader(container.AppendPNGChunk(nil, c.Kind, value))
		}
		edits = append(edits, edit)
	}
	return edits
}

// convertChunk returns the value of a chunk in the format to, nil to drop it. Where a
// palette goes, PLTE and hIST stay, as a suggestion for displays of few colours.
func (p *Picture) convertChunk(c chunk, to *format) []byte {
	switch {
	case c.Kind == "IHDR":
		value := slices.Clone(c.value)
		value[8], value[9] = to.depth, to.kind
		return value
	case to.kind == indexed:
		return p.growChunk(c, to.colors[len(p.colors):])
	case c.Kind == "tRNS":
		return nil
	case c.Kind == "bKGD":
		return p.convertBackground(c.value, to)
	case c.Kind == "sBIT" && to.kind&hasAlpha != 0:
		return append(slices.Clone(c.value), 8)
	}
	return c.value
}

// growChunk returns the value of a chunk after the palette has grown.
func (p *Picture) growChunk(c chunk, added []color.NRGBA) []byte {
	value := slices.Clone(c.value)
	for _, a := range added {
		switch c.Kind {
		case "PLTE":
			value = append(value, a.R, a.G, a.B)
		case "hIST": // some use, not counted
			value = append(value, 0, 1)
		}
	}
	return value
}

// convertBackground returns the value of bKGD, nil if it was malformed.
func (p *Picture) convertBackground(value []byte, to *format) []byte {
	var samples []byte
	switch {
	case p.kind == indexed && len(value) == 1 && int(value[0]) < len(p.colors):
		c := p.colors[value[0]]
		samples = []byte{c.R, c.G, c.B}
	case p.kind == gray && len(value) == 2:
		samples = []byte{value[1] & byte(p.max()) * byte(0xFF/p.max())}
	}
	var out []byte
	for _, v := range samples {
		out = binary.BigEndian.AppendUint16(out, uint16(v))
	}
	return out
}
