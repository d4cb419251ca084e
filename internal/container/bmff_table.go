package container

import (
	"encoding/binary"
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
	moves *splice.Moves
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
	to, _ := t.moves.Map(int64(v) + t.base)
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
