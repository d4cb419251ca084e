package container

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
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

// locations lists the extents of iloc that count from the start of the file.
func (s *bmffScan) locations(b bmffBox) error {
	r, l, err := readILOC(s.src, b)
	if err != nil {
		return err
	}
	for n := l.count; n > 0 && !r.short; n-- {
		it := l.item(r)
		r.skip(int64(it.extents) * l.extentSize())
		if it.here() && it.extents > 0 && it.base <= maxOffset {
			if t := l.table(it, b.body()); t.width > 0 {
				s.tables = append(s.tables, t)
			}
		}
	}
	return r.end(b)
}

// An iloc is the head of an iloc box: how many items it has, and how many bytes
// its fields have (ISO/IEC 14496-12, 8.11.3).
type iloc struct {
	version                             uint64
	offset, length, base, index, number int
	count                               uint64
}

// readILOC reads the head of an iloc box. The fields that it returns are at the
// first item.
func readILOC(src *Source, b bmffBox) (*fields, iloc, error) {
	data, err := src.Bytes(b.body(), b.size-b.header, "iloc box")
	if err != nil {
		return nil, iloc{}, err
	}
	r := &fields{data: data}
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
	l.count = r.uint(l.number)
	if err := r.end(b); err != nil {
		return nil, l, err
	}
	if (l.offset|l.length|l.base|l.index)&3 != 0 || max(l.offset, l.length, l.base, l.index) > 8 {
		return nil, l, &FormatError{Offset: b.offset, Err: errors.New("iloc box with odd field sizes")}
	}
	return r, l, nil
}

// An ilocItem says where the data of an item is. Its extents count from a base.
type ilocItem struct {
	id, method, reference, base uint64
	extents                     uint64
	baseAt, at                  int // positions of the base and of the extents in the box
}

// The construction methods: what extents count from.
const (
	fromFile = iota
	fromIDAT
	fromItem
)

// item reads an item, up to its extents.
func (l iloc) item(r *fields) (it ilocItem) {
	it.id = r.uint(l.number)
	if l.version > 0 {
		it.method = r.uint(2)
	}
	it.reference = r.uint(2)
	it.baseAt = r.pos
	it.base, it.extents = r.uint(l.base), r.uint(2)
	it.at = r.pos
	return it
}

// construction returns the construction method; the field has reserved bits.
func (it ilocItem) construction() uint64 { return it.method & 15 }

// An ilocExtent is a run of the data of an item.
type ilocExtent struct{ index, offset, length uint64 }

func (l iloc) extent(r *fields) ilocExtent {
	return ilocExtent{r.uint(l.index), r.uint(l.offset), r.uint(l.length)}
}

// here reports whether the extents count from the start of this file.
func (it ilocItem) here() bool { return it.construction() == fromFile && it.reference == 0 }

// present returns how many extents of an item have bytes in the box: without
// any, all of them are the same.
func (l iloc) present(it ilocItem) uint64 {
	if l.extentSize() == 0 {
		return min(it.extents, 1)
	}
	return it.extents
}

// known reports whether the data is in this file, in a way that is defined.
func (it ilocItem) known() bool {
	return it.here() || it.construction() == fromIDAT || it.construction() == fromItem
}

func (l iloc) extentSize() int64 { return int64(l.index + l.offset + l.length) }

// table returns the extents of an item as a table in the box that starts at
// body. Without offsets, there is one extent, and it starts at the base.
func (l iloc) table(it ilocItem, body int64) bmffTable {
	if l.offset == 0 {
		return bmffTable{pos: body + int64(it.baseAt), count: 1, stride: uint16(l.base), width: uint8(l.base)}
	}
	return bmffTable{pos: body + int64(it.at), count: int64(it.extents), base: int64(it.base),
		stride: uint16(l.extentSize()), skip: uint8(l.index), width: uint8(l.offset)}
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

// end returns the error of fields that ended before their box.
func (r *fields) end(b bmffBox) error {
	if r.short {
		return &FormatError{Offset: b.offset, Err: fmt.Errorf("%s box is too short", printable(b.kind))}
	}
	return nil
}
