package tiffpix

import (
	"bytes"
	"fmt"
	"image"

	"github.com/aigclabel/aigclabel/internal/luma"
	"github.com/aigclabel/aigclabel/internal/splice"
)

// Luma calls do with the brightness of each row, 0 to 255, from the top down; row is
// good until do returns. It holds a row of strips or tiles.
func (p *Page) Luma(do func(row []float32)) error {
	lit, l := make([]float32, p.Width), p.packed()
	return p.bands(func(band []*segment, y int) {
		for _, s := range band {
			row, part := s.line(y), s.part(lit)
			if l != nil {
				l.Read(part, row[0])
				continue
			}
			for i := range part {
				part[i] = luma.Of(p.at(row, i))
			}
		}
		do(lit)
	}, nil)
}

// AddLuma returns the edits that change the brightness of all pixels: residual writes by
// how much, in levels of 0 to 255, for any row. Red, green and blue change alike. In a
// palette, and in less than 8 bits, there is no room for that, which is [ErrColors]; how
// much of which ink it takes nobody but a printer knows, so CMYK is [ErrUnsupported].
func (p *Page) AddLuma(residual func(y int, row []float32)) (edits []splice.Edit, err error) {
	switch {
	case p.colors != nil:
		return nil, ErrColors
	case p.model == cmyk:
		return nil, fmt.Errorf("%w: CMYK has no brightness of its own; convert it to RGB", ErrUnsupported)
	}
	by, l := make([]float32, p.Width), p.packed()
	err = p.bands(func(band []*segment, y int) {
		residual(y, by)
		for _, s := range band {
			row, part := s.line(y), s.part(by)
			if l != nil {
				l.Add(row[0], part)
				continue
			}
			for i, d := range part {
				p.brighten(row, i, d)
			}
		}
	}, func(s *segment) error {
		more, err := s.stored()
		edits = append(edits, more...)
		return err
	})
	return edits, err
}

// packed returns how the samples of a pixel stand beside each other, nil if it takes more
// to know its brightness.
func (p *Page) packed() *luma.Layout {
	if p.colors != nil || p.premul || p.planar && p.samples > 1 || p.model != rgb && p.model != blackIsZero {
		return nil
	}
	l := &luma.Layout{Samples: p.samples, Gray: p.model == blackIsZero, Alpha: p.alpha}
	if p.depth == 16 {
		l.Wide = p.order
	}
	return l
}

// someRows are read at once of what is not compressed.
const someRows = 16

// bands loads the segments of the picture in rows, from the top, calls visit with them for
// each row of pixels, and then store, if given, for each segment.
func (p *Page) bands(visit func(band []*segment, y int), store func(*segment) error) error {
	high := p.segment.Y
	if p.coding == none {
		high = min(high, someRows)
	}
	for top := 0; top < p.Height; {
		bottom := min(top+high, (top/p.segment.Y+1)*p.segment.Y, p.Height)
		var band []*segment
		err := p.each(image.Rect(0, top, p.Width, bottom), func(s *segment) error {
			if store != nil {
				s.remember()
			}
			band = append(band, s)
			return nil
		})
		if err != nil {
			return err
		}
		for y := top; y < bottom; y++ {
			visit(band, y)
		}
		for _, s := range band {
			if store == nil {
				break
			}
			if err := store(s); err != nil {
				return err
			}
		}
		top = bottom
	}
	return nil
}

// remember keeps what the planes hold, to know later which have changed.
func (s *segment) remember() {
	for i := range s.planes {
		s.planes[i].was = bytes.Clone(s.planes[i].data)
	}
}

// line returns a row of pixels, in the planes.
func (s *segment) line(y int) [][]byte {
	row := make([][]byte, len(s.planes))
	at := (y - s.rect.Min.Y) * s.row
	for i := range row {
		row[i] = s.planes[i].data[at : at+s.row]
	}
	return row
}

// part returns the values of a row of the picture that are the segment's.
func (s *segment) part(row []float32) []float32 {
	return row[s.rect.Min.X:min(s.rect.Max.X, s.Width)]
}

// brighten changes the brightness of pixel i of a row.
func (p *Page) brighten(row [][]byte, i int, by float32) {
	was := p.at(row, i)
	if c := luma.Add(was, by); c != was {
		p.set(row, i, c) // fails in palettes only
	}
}
