package container

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// The directories of a TIFF structure (TIFF 6.0 section 2): of an Exif block,
// and of a TIFF file. BigTIFF (the TIFF library's design note) has wider counts
// and offsets.

const (
	tiffHeaderSize = 8  // but 16 for BigTIFF
	ifdEntrySize   = 12 // but 20
)

type byteOrder interface {
	binary.ByteOrder
	binary.AppendByteOrder
}

// An ifdReader reads directories through read, which returns n bytes at off and
// fails outside of the first size bytes.
type ifdReader struct {
	order byteOrder
	big   bool // BigTIFF
	size  int64
	read  func(off, n int64) ([]byte, error)
}

// An ifdEntry is one field of a directory.
type ifdEntry struct {
	at             int64 // of the entry
	tag, typ       uint16
	offset, length int64 // of the value, which may lie in the entry itself
}

// end returns where the value ends.
func (e ifdEntry) end() int64 { return e.offset + e.length }

// header reads the byte order. The first directory's offset follows.
func (r *ifdReader) header() error {
	h, err := r.read(0, tiffHeaderSize)
	if err != nil {
		return err
	}
	switch string(h[:4]) {
	case "II*\x00", "II+\x00":
		r.order = binary.LittleEndian
	case "MM\x00*", "MM\x00+":
		r.order = binary.BigEndian
	default:
		return &FormatError{Offset: 0, Err: errors.New("no TIFF header")}
	}
	if r.big = r.order.Uint16(h[2:]) == '+'; r.big && (r.order.Uint16(h[4:]) != 8 || r.order.Uint16(h[6:]) != 0) {
		return &FormatError{Offset: 4, Err: errors.New("BigTIFF with offsets that are not of 8 bytes")}
	}
	return nil
}

// width returns the bytes of an offset: that of the first directory stands there
// too.
func (r *ifdReader) width() int64 {
	if r.big {
		return 8
	}
	return 4
}

// countSize returns the bytes of the number of entries.
func (r *ifdReader) countSize() int64 {
	if r.big {
		return 8
	}
	return 2
}

// entrySize returns the bytes of an entry.
func (r *ifdReader) entrySize() int64 { return 4 + 2*r.width() }

// uint reads n bytes.
func (r *ifdReader) uint(b []byte, n int64) int64 {
	switch n {
	case 2:
		return int64(r.order.Uint16(b))
	case 4:
		return int64(r.order.Uint32(b))
	}
	return clampSize(r.order.Uint64(b))
}

// number reads the n bytes at off.
func (r *ifdReader) number(off, n int64) (int64, error) {
	b, err := r.read(off, n)
	if err != nil {
		return 0, err
	}
	return r.uint(b, n), nil
}

// pointer reads the offset that stands at off.
func (r *ifdReader) pointer(off int64) (int64, error) { return r.number(off, r.width()) }

// count reads the number of entries of the directory at off.
func (r *ifdReader) count(off int64) (int64, error) { return r.number(off, r.countSize()) }

// entries reads n entries of the directory at off. A value outside of the file
// gets length 0, and the error names the last of them.
func (r *ifdReader) entries(off, n int64) (list []ifdEntry, err error) {
	off += r.countSize()
	b, err := r.read(off, n*r.entrySize())
	if err != nil {
		return nil, err
	}
	for at := off; len(b) > 0; at, b = at+r.entrySize(), b[r.entrySize():] {
		e := r.entry(b, at)
		if r.outside(e) {
			err = &FormatError{Offset: at, Err: fmt.Errorf("value of tag %#x: %w", e.tag, errTruncated)}
			e.offset, e.length = at+4+r.width(), 0
		}
		list = append(list, e)
	}
	return list, err
}

// entry reads the entry in b, which stands at the offset at. Its value may lie
// outside of the file.
func (r *ifdReader) entry(b []byte, at int64) ifdEntry {
	e := ifdEntry{at: at, tag: r.order.Uint16(b), typ: r.order.Uint16(b[2:]), offset: at + 4 + r.width()}
	e.length = min(r.uint(b[4:], r.width()), 1<<56) * tiffTypeSize(e.typ)
	if e.length > r.width() {
		e.offset = r.uint(b[4+r.width():], r.width())
	}
	return e
}

// outside reports whether the value of e ends behind the file.
func (r *ifdReader) outside(e ifdEntry) bool { return e.offset > r.size || e.length > r.size-e.offset }

// tiffTypeSize returns the bytes of one value of a type, 1 for unknown types.
func tiffTypeSize(typ uint16) int64 {
	switch typ {
	case 3, 8: // SHORT, SSHORT
		return 2
	case 4, 9, 11, 13: // LONG, SLONG, FLOAT, IFD
		return 4
	case 5, 10, 12, 16, 17, 18: // RATIONAL, SRATIONAL, DOUBLE, LONG8, SLONG8, IFD8
		return 8
	}
	return 1
}
