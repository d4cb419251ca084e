package container

import (
	"encoding/binary"
	"errors"
	"math"
)

// A C2PA manifest store in a file of its own, the sidecar of another (C2PA 2.4, 11.4): a
// JUMBF box, ISO/IEC 19566-5.

// Sidecar walks a file that is a C2PA manifest store. It is not edited: what it says
// is of another file.
func Sidecar(src *Source) (File, error) {
	f := &bareFile{src: src}
	return f, f.fail(src.Size(), f.store())
}

// IsSidecar reports whether a file is a C2PA manifest store.
func IsSidecar(src *Source) (bool, error) {
	head, err := src.Head(32)
	return startsStore(head), err
}

func (f *bareFile) store() error {
	if ok, err := IsSidecar(f.src); err != nil {
		return err
	} else if !ok {
		return &FormatError{Err: errors.New("no C2PA manifest store")}
	}
	h, err := f.src.Peek(0, 16)
	if err != nil {
		return err
	}
	size := int64(binary.BigEndian.Uint32(h))
	switch size {
	case 0:
		size = f.src.Size()
	case 1:
		size = int64(min(binary.BigEndian.Uint64(h[8:]), math.MaxInt64))
	}
	if size > f.src.Size() {
		f.damage(f.src.Size(), "C2PA manifest store: %w", errTruncated)
		size = f.src.Size()
	}
	f.End = size
	whole := []Range{{0, size}}
	_, err = f.addSlot(Slot{Kind: C2PA, Place: "the file", Guide: true, Ranges: whole, Frame: whole})
	return err
}
