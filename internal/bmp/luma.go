package bmp

import (
	"bytes"

	"github.com/aigclabel/aigclabel/internal/luma"
	"github.com/aigclabel/aigclabel/internal/splice"
)

// Luma calls do with the brightness of each row, 0 to 255, from the top down; row is
// good until do returns.
func (p *Picture) Luma(do func(row []float32)) error {
	lit, l := make([]float32, p.Width), p.layout()
	for y := range p.Height {
		row, err := p.row(y, p.Bounds())
		if err != nil {
			return err
		}
		if l != nil {
			l.Read(lit, row.data)
		} else {
			for x := range lit {
				lit[x] = luma.Of(p.at(row.data, x))
			}
		}
		do(lit)
	}
	return nil
}

// AddLuma returns the edits that change the brightness of all pixels: residual writes by
// how much, in levels of 0 to 255, for any row. Red, green and blue change alike. In a
// palette there is no room for that, which is [ErrColors].
func (p *Picture) AddLuma(residual func(y int, row []float32)) ([]splice.Edit, error) {
	if p.colors != nil {
		return nil, ErrColors
	}
	var edits []splice.Edit
	by, l := make([]float32, p.Width), p.layout()
	for y := range p.Height {
		row, err := p.row(y, p.Bounds())
		if err != nil {
			return nil, err
		}
		residual(y, by)
		if l != nil {
			l.Add(row.data, by)
		} else if err := p.add(row.data, by); err != nil {
			return nil, err
		}
		edits = append(edits, splice.Edit{Offset: row.offset, Delete: int64(len(row.data)), Insert: bytes.NewReader(row.data)})
	}
	return edits, nil
}

// add changes the brightness of the pixels of a row.
func (p *Picture) add(row []byte, by []float32) error {
	for x, d := range by {
		if err := p.set(row, x, luma.Add(p.at(row, x), d)); err != nil {
			return err
		}
	}
	return nil
}

// layout returns how samples of whole bytes stand in a row, nil if they do not.
func (p *Picture) layout() *luma.Layout {
	const whole = 0xFF
	bgr := [3]mask{{16, whole}, {8, whole}, {0, whole}}
	if p.depth < 24 || [3]mask(p.masks[:3]) != bgr {
		return nil
	}
	l := &luma.Layout{Samples: p.depth / 8, BGR: true}
	switch p.masks[3] {
	case mask{}:
		return l
	case mask{24, whole}:
		l.Alpha = 3
		return l
	}
	return nil
}
