package container

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// The directories of a TIFF structure (TIFF 6.0 section 2): of an Exif block,
// and of a TIFF file.

const (
	tiffHeaderSize = 8
	ifdEntrySize   = 12
)

type byteOrder interface {
	binary.ByteOrder
	binary.AppendByteOrder
}

// An ifdReader reads directories through read, which returns n bytes at off and
// fails outside of the first size bytes.
type ifdReader struct {
	order byteOrder
	size  int64
	read  func(off, n int64) ([]byte, error)
}

// An ifdEntry is one field of a directory.
type ifdEntry struct {
	at             int64 // of its 12 bytes
	tag, typ       uint16
	offset, length int64 // of the value, which may lie in the entry itself
}

// header reads the byte order. The first directory's offset is at position 4.
func (r *ifdReader) header() error {
	h, err := r.read(0, tiffHeaderSize)
	if err != nil {
		return err
	}
	switch string(h[:4]) {
	case "II*\x00":
		r.order = binary.LittleEndian
	case "MM\x00*":
		r.order = binary.BigEndian
	default:
		return &FormatError{Offset: 0, Err: errors.New("no TIFF header")}
	}
	return nil
}

// pointer reads the offset that stands at off.
func (r *ifdReader) pointer(off int64) (int64, error) {
	b, err := r.read(off, 4)
	if err != nil {
		return 0, err
	}
	return int64(r.order.Uint32(b)), nil
}

// count reads the number of entries of the directory at off.
func (r *ifdReader) count(off int64) (int64, error) {
	b, err := r.read(off, 2)
	if err != nil {
		return 0, err
	}
	return int64(r.order.Uint16(b)), nil
}

// entries reads n entries of the directory at off. A value outside of the file
// gets length 0, and the error names the last of them.
func (r *ifdReader) entries(off, n int64) (list []ifdEntry, err error) {
	b, err := r.read(off+2, n*ifdEntrySize)
	if err != nil {
		return nil, err
	}
	for at := off + 2; len(b) > 0; at, b = at+ifdEntrySize, b[ifdEntrySize:] {
		e := ifdEntry{at: at, tag: r.order.Uint16(b), typ: r.order.Uint16(b[2:]), offset: at + 8}
		e.length = int64(r.order.Uint32(b[4:])) * tiffTypeSize(e.typ)
		if e.length > 4 {
			e.offset = int64(r.order.Uint32(b[8:]))
		}
		if e.offset > r.size || e.length > r.size-e.offset {
			err = &FormatError{Offset: at, Err: fmt.Errorf("value of tag %#x: %w", e.tag, errTruncated)}
			e.offset, e.length = at+8, 0
		}
		list = append(list, e)
	}
	return list, err
}

// tiffTypeSize returns the bytes of one value of a type, 1 for unknown types.
func tiffTypeSize(typ uint16) int64 {
	switch typ {
	case 3, 8: // SHORT, SSHORT
		return 2
	case 4, 9, 11, 13: // LONG, SLONG, FLOAT, IFD
		return 4
	case 5, 10, 12: // RATIONAL, SRATIONAL, DOUBLE
		return 8
	}
	return 1
}
