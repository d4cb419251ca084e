package container

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"

	"github.com/aigclabel/aigclabel/internal/splice"
)

// A bmffTable is a run of file offsets at equal distances. As the content of an
// edit it reads them from the source, moved: memory does not grow with it.
type bmffTable struct {
	pos, count int64    // of the entries
	base       int64    // added to each offset gives the file's
	stride     uint16   // bytes of an entry
	skip       uint8    // bytes of an entry before the offset
	width      uint8    // bytes of the offset: 4 or 8
	wide       bool     // becomes co64
	box        *bmffBox // of stco

	src   *Source
	moves []splice.Edit
}

// Size returns the number of bytes in the edited table.
func (t *bmffTable) Size() int64 { return t.count * t.outStride() }

func (t *bmffTable) outStride() int64 {
	if t.wide {
		return 8
	}
	return int64(t.stride)
}

// moved returns an offset after the edits, and whether it changed.
func (t *bmffTable) moved(entry []byte) (v uint64, changed bool) {
	field := entry[t.skip:]
	if t.width == 8 {
		v = binary.BigEndian.Uint64(field)
	} else {
		v = uint64(binary.BigEndian.Uint32(field))
	}
	if v > maxOffset-uint64(t.base) {
		return v, false // nowhere in a file
	}
	to, _ := splice.Map(t.moves, int64(v)+t.base)
	to -= t.base
	return uint64(to), uint64(to) != v
}

// entries calls visit for each entry from the one on, until it returns false.
func (t *bmffTable) entries(from int64, visit func(entry []byte) bool) error {
	stride := int64(t.stride)
	buf := make([]byte, min(tableBuffer/stride, t.count-from)*stride)
	for from < t.count {
		buf = buf[:min(int64(len(buf)), (t.count-from)*stride)]
		if err := t.src.readAt(buf, t.pos+from*stride); err != nil {
			return err
		}
		for b := buf; len(b) > 0; b = b[stride:] {
			if !visit(b[:stride]) {
				return nil
			}
		}
		from += int64(len(buf)) / stride
	}
	return nil
}

const (
	tableBuffer = 16 << 10
	maxOffset   = math.MaxInt64 / 2 // leaves room to move
)

// survey reports whether an offset changes, and the highest that comes out.
func (t *bmffTable) survey() (changed bool, most int64, err error) {
	err = t.entries(0, func(entry []byte) bool {
		v, c := t.moved(entry)
		changed = changed || c
		if v <= maxOffset || c {
			most = max(most, int64(min(v, math.MaxInt64)))
		}
		return true
	})
	return changed, most, err
}

// ReadAt reads the edited table.
func (t *bmffTable) ReadAt(b []byte, off int64) (int, error) {
	if off < 0 || off >= t.Size() {
		return 0, io.EOF
	}
	stride := t.outStride()
	skip, n := off%stride, 0
	out := make([]byte, stride)
	err := t.entries(off/stride, func(entry []byte) bool {
		v, _ := t.moved(entry)
		switch {
		case t.wide:
			binary.BigEndian.PutUint64(out, v)
		case t.width == 8:
			binary.BigEndian.PutUint64(entry[t.skip:], v)
			out = entry
		default:
			binary.BigEndian.PutUint32(entry[t.skip:], uint32(v))
			out = entry
		}
		n += copy(b[n:], out[skip:])
		skip = 0
		return n < len(b)
	})
	if err == nil && n < len(b) {
		err = io.EOF
	}
	return n, err
}

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
