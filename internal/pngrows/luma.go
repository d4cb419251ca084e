package pngrows

import (
	"encoding/binary"
	"errors"
	"image/color"
	"io"
	"slices"

	"github.com/aigclabel/aigclabel/internal/luma"
	"github.com/aigclabel/aigclabel/internal/splice"
)

// Luma calls do with the brightness of each row, 0 to 255, from the top down; row is
// good until do returns. Of an interlaced picture it holds two bytes for each pixel.
func (p *Picture) Luma(do func(row []float32)) error {
	rows, err := p.open()
	if err != nil {
		return err
	}
	read := p.lumaReader()
	lit := make([]float32, p.Width)
	if p.interlaced {
		return p.collect(rows, read, lit, do)
	}
	rows.start(p.passes(p.Width, p.Height)[0])
	for range p.Height {
		if err := rows.next(true); err != nil {
			return err
		}
		read(lit, rows.row)
		do(lit)
	}
	return nil
}

// collect gathers the passes of an interlaced picture.
func (p *Picture) collect(rows *rowReader, read func(dst []float32, row []byte), lit []float32, do func(row []float32)) error {
	const steps = 257 // of one level: whole numbers for samples of 8 and of 16 bits that are gray
	all := make([]uint16, p.Width*p.Height)
	for _, pass := range p.passes(p.Width, p.Height) {
		rows.start(pass)
		for y := range pass.height {
			if err := rows.next(true); err != nil {
				return err
			}
			read(lit[:pass.width], rows.row)
			line := all[(pass.y+y*pass.dy)*p.Width:]
			for i, v := range lit[:pass.width] {
				line[pass.x+i*pass.dx] = uint16(v*steps + 0.5)
			}
		}
	}
	for ; len(all) > 0; all = all[p.Width:] {
		for i, v := range all[:p.Width] {
			lit[i] = float32(v) / steps
		}
		do(lit)
	}
	return nil
}

// lumaReader returns what reads the brightness of a row.
func (p *Picture) lumaReader() func(dst []float32, row []byte) {
	if l := p.layout(); l != nil {
		return l.Read
	}
	var table [256]float32 // of few bits
	if p.depth <= 8 && p.channels() == 1 {
		for v := range min(1<<p.depth, len(table)) {
			var sample [1]byte
			p.setSample(sample[:], 0, uint16(v))
			table[v] = luma.Of(p.at(sample[:], 0))
		}
		return func(dst []float32, row []byte) {
			for i := range dst {
				dst[i] = table[p.sample(row, i)]
			}
		}
	}
	return func(dst []float32, row []byte) {
		for i := range dst {
			dst[i] = luma.Of(p.at(row, i))
		}
	}
}

// layout returns how samples stand in a row, nil where it takes more to change them:
// a palette, few bits, a transparent colour.
func (f *format) layout() *luma.Layout {
	if f.kind == indexed || f.depth < 8 || f.key != nil {
		return nil
	}
	l := &luma.Layout{Samples: f.channels(), Gray: f.kind&hasColor == 0}
	if f.kind&hasAlpha != 0 {
		l.Alpha = l.Samples - 1
	}
	if f.depth == 16 {
		l.Wide = binary.BigEndian
	}
	return l
}

// ErrAnimated reports that the brightness of an animation cannot be changed.
var ErrAnimated = errors.New("pngrows: an animation")

// quick is the level at which pixels with noise take 1 % more room and two thirds of the
// time.
const quick = 5

// AddLuma returns the plan that changes the brightness of all pixels: residual writes by
// how much, in levels of 0 to 255, for any row. Red, green and blue change alike. Rows
// keep their filters. Palettes, and gray of less than 8 bits, become RGB, RGBA or gray of
// 8 bits. Animations are [ErrAnimated].
func (p *Picture) AddLuma(residual func(y int, row []float32)) (*splice.Plan, error) {
	if len(p.frames) > 0 {
		return nil, ErrAnimated
	}
	to := p.fine()
	by := make([]float32, p.Width)
	edits, err := p.stored(to, quick, func(w io.Writer, rows *rowReader, pass pass) error {
		line, prior, row := make([]byte, 1+to.rowSize(pass.width)), make([]byte, to.rowSize(pass.width)), make([]byte, to.rowSize(pass.width))
		for y := range pass.height {
			if err := rows.next(true); err != nil {
				return err
			}
			line[0] = rows.line[0]
			if to == &p.format {
				copy(row, rows.row)
			} else if err := p.copyPixels(row, to, rows.row, pass.width); err != nil {
				return err
			}
			residual(pass.y+y*pass.dy, by)
			to.add(row, pass.gather(by))
			filtered(line[1:], line[0], row, prior, to.step())
			prior, row = row, prior
			if _, err := w.Write(line); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return splice.New(p.r, p.size, edits)
}

// fine returns the format whose samples can be a little brighter: that of p if possible.
func (p *Picture) fine() *format {
	to := p.format
	translucent := func(c color.NRGBA) bool { return c.A != 0xFF }
	switch {
	case p.kind == indexed && slices.ContainsFunc(p.colors, translucent):
		to.kind, to.depth = hasColor|hasAlpha, 8
	case p.kind == indexed:
		to.kind, to.depth = hasColor, 8
	case p.crudeKey():
		to.kind, to.depth, to.key = hasAlpha, 8, nil
	case p.depth < 8:
		to.depth = 8
	default:
		return &p.format
	}
	return &to
}

// gather moves the values of a row to where the pass has its pixels, and returns them.
func (p pass) gather(row []float32) []float32 {
	if p.dx > 1 || p.x > 0 {
		for i := range p.width {
			row[i] = row[p.x+i*p.dx]
		}
	}
	return row[:p.width]
}

// add changes the brightness of the pixels of a row.
func (f *format) add(row []byte, by []float32) {
	if l := f.layout(); l != nil {
		l.Add(row, by)
		return
	}
	for i, d := range by { // the transparent colour stays
		if was := f.at(row, i); !f.isKey(row, i) {
			f.set(row, i, luma.Add(was, d))
		}
	}
}

// isKey reports whether pixel i of a row has the transparent colour.
func (f *format) isKey(row []byte, i int) bool {
	for j, v := range f.key {
		if f.sample(row, i*len(f.key)+j) != v {
			return false
		}
	}
	return true
}
