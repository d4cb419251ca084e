package splice

import (
	"fmt"
	"io"
)

// An overlay reads a region of the source through the edits of its sequence.
type overlay struct {
	src io.ReaderAt
	seq Sequence
}

// check reports whether e, after the position pos, is legal in the sequence.
func (o *overlay) check(e Edit, pos int64) error {
	if e.Offset < pos || e.Delete < 0 || e.Delete != e.size() || e.Delete > o.seq.Offset+o.seq.Length-e.Offset {
		return fmt.Errorf("%w: %d bytes at %d in a sequence, after %d", ErrInvalid, e.Delete, e.Offset, pos)
	}
	return nil
}

// ReadAt reads at the source position off.
func (o *overlay) ReadAt(b []byte, off int64) (int, error) {
	n, err := o.src.ReadAt(b, off)
	if n < len(b) {
		return 0, short(err) // none of it has been edited
	}
	pos, end := o.seq.Offset, off+int64(len(b))
	for e, err := range o.seq.Edits(off) {
		if err == nil {
			err = o.check(e, pos)
		}
		if err != nil {
			return 0, err
		}
		if e.Offset >= end {
			break
		}
		pos = e.Offset + e.Delete
		from, to := max(e.Offset, off), min(pos, end)
		if from >= to {
			continue
		}
		if m, err := e.Insert.ReadAt(b[from-off:to-off], from-e.Offset); int64(m) < to-from {
			return 0, short(err)
		}
	}
	return n, nil
}

// copy writes the whole region in one pass over its edits.
func (o *overlay) copy(c *copier) error {
	pos, end := o.seq.Offset, o.seq.Offset+o.seq.Length
	for e, err := range o.seq.Edits(pos) {
		if err == nil {
			err = o.check(e, pos)
		}
		if err == nil {
			err = c.copy(o.src, pos, e.Offset-pos)
		}
		if err == nil && e.Insert != nil {
			err = c.copy(e.Insert, 0, e.Delete)
		}
		if err != nil {
			return err
		}
		pos = e.Offset + e.Delete
	}
	return c.copy(o.src, pos, end-pos)
}
