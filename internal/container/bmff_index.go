package container

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"

	"github.com/aigclabel/aigclabel/internal/splice"
)

// Offsets in boxes that are not plain tables: sidx and iloc.

// indexes adds the edits of the segment indexes whose segments grow or move: a
// sidx counts from its own end, in sizes.
func (p *bmffPlan) indexes(s *bmffScan, moves []splice.Edit) error {
	for _, b := range s.indexes {
		if len(moves) == 0 || moves[len(moves)-1].Offset < b.offset {
			continue // nothing moves against it
		}
		data, err := s.src.Bytes(b.body(), b.size-b.header, "sidx box")
		if err != nil {
			return err
		}
		out, err := moveIndex(data, b.end(), moves)
		if err != nil {
			return &FormatError{Offset: b.offset, Err: err}
		}
		if !bytes.Equal(out, data) {
			p.edits = append(p.edits, splice.Edit{Offset: b.body(), Delete: int64(len(out)), Insert: bytes.NewReader(out)})
		}
	}
	return nil
}

// moveIndex returns the body of a sidx that ends at the position end.
func moveIndex(data []byte, end int64, moves []splice.Edit) ([]byte, error) {
	r := fields{data: data}
	width := 4
	if r.uint(1) > 0 {
		width = 8
	}
	r.skip(int64(11 + width))
	at := r.pos
	first := r.uint(width)
	r.uint(2)
	count := r.uint(2)
	if r.short || first > math.MaxInt64/2 || count*12 > uint64(len(data)-r.pos) {
		return nil, errors.New("sidx box is too short for its references")
	}
	out := bytes.Clone(data)
	last, _ := splice.Map(moves, end-1)
	pos := end + int64(first)
	to, _ := splice.Map(moves, pos)
	if to <= last || !putUint(out[at:], width, uint64(to-last-1)) {
		return nil, errors.New("sidx box cannot reach its segments")
	}
	for range count {
		size := r.uint(4)
		r.skip(8)
		pos += int64(size & math.MaxInt32)
		next, _ := splice.Map(moves, pos)
		if next-to > math.MaxInt32 {
			return nil, errors.New("sidx segment outgrows its field")
		}
		putUint(out[r.pos-12:], 4, size&^math.MaxInt32|uint64(next-to))
		to = next
	}
	return out, nil
}

// putUint stores v in 4 or 8 bytes, if it fits.
func putUint(b []byte, width int, v uint64) bool {
	if width == 8 {
		binary.BigEndian.PutUint64(b, v)
		return true
	}
	binary.BigEndian.PutUint32(b, uint32(v))
	return v <= math.MaxUint32
}

// items lists the extents of iloc that count from the start of the file.
func (s *bmffScan) items(b bmffBox) error {
	data, err := s.src.Bytes(b.body(), b.size-b.header, "iloc box")
	if err != nil {
		return err
	}
	r := &fields{data: data}
	l := readILOC(r)
	if l.offset&3 != 0 || l.offset > 8 || l.base&3 != 0 || l.base > 8 {
		return &FormatError{Offset: b.offset, Err: errors.New("iloc box with odd field sizes")}
	}
	for n := r.uint(l.number); n > 0 && !r.short; n-- {
		if t, here := l.item(r, b.body()); here {
			s.tables = append(s.tables, t)
		}
	}
	if r.short {
		return &FormatError{Offset: b.offset, Err: errors.New("iloc box is too short for its items")}
	}
	return nil
}

// An iloc says how many bytes the fields of an iloc box have.
type iloc struct {
	version                             uint64
	offset, length, base, index, number int
}

func readILOC(r *fields) iloc {
	l := iloc{version: r.uint(1), number: 2}
	r.skip(3)
	sizes := r.uint(2)
	l.offset, l.length, l.base = int(sizes>>12), int(sizes>>8&15), int(sizes>>4&15)
	if l.version > 0 {
		l.index = int(sizes & 15)
	}
	if l.version > 1 {
		l.number = 4
	}
	return l
}

// item reads an item, and reports whether its extents are in the file itself.
// They count from a base; without offsets, there is one and it starts there.
func (l iloc) item(r *fields, body int64) (t bmffTable, here bool) {
	r.skip(int64(l.number))
	method := uint64(0)
	if l.version > 0 {
		method = r.uint(2) & 15
	}
	reference := r.uint(2)
	at := body + int64(r.pos)
	base, extents := r.uint(l.base), r.uint(2)
	t = bmffTable{pos: at, count: 1, stride: uint16(l.base), width: uint8(l.base)}
	extent := l.index + l.offset + l.length
	if l.offset > 0 {
		t = bmffTable{pos: body + int64(r.pos), count: int64(extents), base: int64(base), stride: uint16(extent), skip: uint8(l.index), width: uint8(l.offset)}
	}
	r.skip(int64(extents) * int64(extent))
	return t, method == 0 && reference == 0 && extents > 0 && t.width > 0 && base <= maxOffset
}

// fields reads big-endian numbers in a row. Past the end they are 0 and short.
type fields struct {
	data  []byte
	pos   int
	short bool
}

func (r *fields) uint(n int) (v uint64) {
	at := r.pos
	if r.skip(int64(n)); r.short {
		return 0
	}
	for _, c := range r.data[at:r.pos] {
		v = v<<8 | uint64(c)
	}
	return v
}

func (r *fields) skip(n int64) {
	if n > int64(len(r.data)-r.pos) {
		r.short = true
		return
	}
	r.pos += int(n)
}
