package splice

import (
	"fmt"
	"io"
)

// A Hole is content of a known size whose bytes come later: a signature over
// the rest of the output. It reads as zeros until it is filled. Fill must not
// run beside reads of the plan.
type Hole struct {
	size int64
	data []byte
}

// NewHole returns an open hole of size bytes.
func NewHole(size int64) *Hole { return &Hole{size: size} }

// Size returns the number of bytes in the hole.
func (h *Hole) Size() int64 { return h.size }

// Fill closes the hole with b, which must be exactly its size, and keeps b.
func (h *Hole) Fill(b []byte) error {
	if int64(len(b)) != h.size {
		return fmt.Errorf("%w: %d bytes for a hole of %d", ErrInvalid, len(b), h.size)
	}
	h.data = b
	return nil
}

// ReadAt reads the bytes of the hole, zeros while it is open.
func (h *Hole) ReadAt(b []byte, off int64) (int, error) {
	if off < 0 || off >= h.size {
		return 0, io.EOF
	}
	n := int(min(int64(len(b)), h.size-off))
	if h.data == nil {
		clear(b[:n])
	} else {
		copy(b, h.data[off:])
	}
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}
