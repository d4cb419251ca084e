// Package cff writes small fonts in the Compact Font Format (Adobe Technical Note
// 5176), for documents that embed the few glyphs that they show.
//
// A font is written from outlines, whatever the format of the font that they come
// from. It has no hints, no subroutines and no kerning.
package cff

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"

	xfont "golang.org/x/image/font"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

// Em is how many units of a [Font] make its size.
const Em = 1000

// A Font is some glyphs of another font, in units of a thousandth of its size. It
// is CID-keyed: the CID of a glyph is its index.
type Font struct {
	Name   string // PostScript name
	Bounds [4]int // of all glyphs: left, bottom, right, top
	Widths []int  // advance of each glyph
	glyphs [][]byte
}

// ErrTooLarge reports outlines of more than 32,000 units, or more than 65,535 glyphs.
var ErrTooLarge = errors.New("cff: font too large")

// Subset returns the font with the given glyphs of f, in this order. The first
// should be 0, which stands for a missing one.
func Subset(f *sfnt.Font, name string, glyphs []sfnt.GlyphIndex) (*Font, error) {
	if len(glyphs) > math.MaxUint16 {
		return nil, ErrTooLarge
	}
	out := &Font{Name: name}
	var buf sfnt.Buffer
	for _, g := range glyphs {
		advance, err := f.GlyphAdvance(&buf, g, fixed.I(Em), xfont.HintingNone)
		if err != nil {
			return nil, fmt.Errorf("cff: %w", err)
		}
		outline, err := f.LoadGlyph(&buf, g, fixed.I(Em), nil)
		if err != nil {
			return nil, fmt.Errorf("cff: %w", err)
		}
		p := pen{width: advance.Round(), bounds: &out.Bounds}
		if err := p.draw(outline); err != nil {
			return nil, err
		}
		out.Widths, out.glyphs = append(out.Widths, p.width), append(out.glyphs, p.code)
	}
	return out, nil
}

// A pen writes the charstring of a glyph (Adobe Technical Note 5177).
type pen struct {
	code   []byte
	width  int
	at     point
	bounds *[4]int
}

type point struct{ x, y int }

// The operators of charstrings.
const (
	opLine    = 5
	opCurve   = 8
	opEndChar = 14
	opMove    = 21
)

// draw draws an outline, whose y axis points down.
func (p *pen) draw(outline sfnt.Segments) error {
	p.code = appendNumber(nil, p.width) // before the first operator, whichever it is
	for _, s := range outline {
		args := [3]point{}
		for i, a := range s.Args {
			args[i] = point{a.X.Round(), -a.Y.Round()}
			if max(args[i].x, -args[i].x, args[i].y, -args[i].y) > maxCoordinate {
				return ErrTooLarge
			}
		}
		switch s.Op {
		case sfnt.SegmentOpMoveTo:
			p.to(opMove, args[:1])
		case sfnt.SegmentOpLineTo:
			p.to(opLine, args[:1])
		case sfnt.SegmentOpQuadTo:
			p.to(opCurve, []point{towards(p.at, args[0]), towards(args[1], args[0]), args[1]})
		case sfnt.SegmentOpCubeTo:
			p.to(opCurve, args[:])
		}
	}
	p.code = append(p.code, opEndChar)
	return nil
}

// maxCoordinate keeps differences within 16 bits.
const maxCoordinate = math.MaxInt16 / 2

// towards returns the point two thirds of the way from an end of a quadratic curve
// to its control point: there is one of the cubic curve of the same shape.
func towards(end, control point) point {
	part := func(a, b int) int { return int(math.Round(float64(a) + float64(b-a)*2/3)) }
	return point{part(end.x, control.x), part(end.y, control.y)}
}

func (p *pen) to(op byte, points []point) {
	for _, q := range points {
		p.code = appendNumber(appendNumber(p.code, q.x-p.at.x), q.y-p.at.y)
		p.at = q
		b := p.bounds
		*b = [4]int{min(b[0], q.x), min(b[1], q.y), max(b[2], q.x), max(b[3], q.y)}
	}
	p.code = append(p.code, op)
}

// appendNumber appends an integer of 16 bits, as charstrings and dictionaries write it.
func appendNumber(b []byte, n int) []byte {
	switch {
	case n >= -107 && n <= 107:
		return append(b, byte(n+139))
	case n >= 108 && n <= 1131:
		return append(b, byte((n-108)>>8)+247, byte(n-108))
	case n >= -1131 && n <= -108:
		return append(b, byte((-n-108)>>8)+251, byte(-n-108))
	}
	return append(b, 28, byte(n>>8), byte(n))
}

// appendOffset appends an integer in a size that does not depend on it.
func appendOffset(b []byte, n int) []byte {
	return binary.BigEndian.AppendUint32(append(b, 29), uint32(n))
}

// appendIndex appends an INDEX of data.
func appendIndex(b []byte, data ...[]byte) []byte {
	b = binary.BigEndian.AppendUint16(b, uint16(len(data)))
	if len(data) == 0 {
		return b
	}
	b = append(b, 4) // bytes of an offset
	offset := uint32(1)
	b = binary.BigEndian.AppendUint32(b, offset)
	for _, d := range data {
		offset += uint32(len(d))
		b = binary.BigEndian.AppendUint32(b, offset)
	}
	return append(b, slices.Concat(data...)...)
}

// The string identifiers that follow the 391 standard ones.
const (
	sidAdobe = 391 + iota
	sidIdentity
)

// Encode returns the font program, as it goes into a PDF font of the type
// CIDFontType0C.
func (f *Font) Encode() []byte {
	n := len(f.glyphs)
	private := []byte{139, 20, 139, 21} // defaultWidthX and nominalWidthX are 0
	charset := binary.BigEndian.AppendUint16([]byte{2, 0, 1}, uint16(max(n-2, 0)))
	fdSelect := binary.BigEndian.AppendUint16([]byte{3, 0, 1, 0, 0, 0}, uint16(n))
	charStrings := appendIndex(nil, f.glyphs...)

	start := len(f.header(0, 0, 0, 0)) // whatever the offsets are
	atSelect := start + len(charset)
	atStrings := atSelect + len(fdSelect)
	atPrivate := atStrings + len(charStrings)
	atArray := atPrivate + len(private)
	fontDict := append(appendOffset(appendNumber(nil, len(private)), atPrivate), 18)
	return slices.Concat(f.header(start, atSelect, atStrings, atArray), charset, fdSelect, charStrings, private, appendIndex(nil, fontDict))
}

// header returns what stands before the first table.
func (f *Font) header(charset, fdSelect, charStrings, fdArray int) []byte {
	var top []byte
	for _, n := range []int{sidAdobe, sidIdentity, 0} {
		top = appendNumber(top, n)
	}
	top = append(top, 12, 30) // ROS, which must be first
	for _, n := range f.Bounds {
		top = appendNumber(top, n)
	}
	top = append(top, 5)
	top = append(appendNumber(top, len(f.glyphs)), 12, 34)
	top = append(appendOffset(top, charset), 15)
	top = append(appendOffset(top, charStrings), 17)
	top = append(appendOffset(top, fdArray), 12, 36)
	top = append(appendOffset(top, fdSelect), 12, 37)

	b := []byte{1, 0, 4, 4} // version, size of this header, bytes of an offset
	b = appendIndex(b, []byte(f.Name))
	b = appendIndex(b, top)
	b = appendIndex(b, []byte("Adobe"), []byte("Identity"))
	return appendIndex(b) // global subroutines
}
