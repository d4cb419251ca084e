package splice

import (
	"io"
	"sync"
)

// copySize is the size of reads and writes: large enough that system calls cost
// nothing, small enough for the cache.
const copySize = 512 << 10

var buffers = sync.Pool{New: func() any { return new([copySize]byte) }}

// WriteTo writes the edited file to w. It fails with [ErrUnfilled] before the
// first byte when a hole is open in the plan or in one that it is stacked on.
func (p *Plan) WriteTo(w io.Writer) (int64, error) {
	if unfilled(p, 0, p.size) {
		return 0, ErrUnfilled
	}
	buf := buffers.Get().(*[copySize]byte)
	defer buffers.Put(buf)
	c := copier{w: w, buf: buf[:]}
	for i := range p.segments {
		s := &p.segments[i]
		var err error
		if o, ok := s.data.(*overlay); ok {
			err = o.copy(&c)
		} else {
			err = c.copy(s.data, max(s.from, 0), s.n)
		}
		if err != nil {
			return c.n, err
		}
	}
	return c.n, nil
}

// A copier writes the output from its start.
type copier struct {
	w   io.Writer
	n   int64 // written so far
	buf []byte
}

// copy writes n bytes of r at off. An insertion moves what follows off the page
// boundaries of a file; the first write after it ends on one again, because
// writes across them cost a third more.
func (c *copier) copy(r io.ReaderAt, off, n int64) error {
	for end := off + n; off < end; {
		size := int64(len(c.buf)) - c.n%int64(len(c.buf))
		b := c.buf[:min(size, end-off)]
		got, err := r.ReadAt(b, off)
		if got < len(b) {
			return short(err)
		}
		m, err := c.w.Write(b)
		c.n += int64(m)
		off += int64(m)
		if err == nil && m < len(b) {
			err = io.ErrShortWrite
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// unfilled reports whether n bytes of r at off have an open hole among them.
func unfilled(r io.ReaderAt, off, n int64) bool {
	switch r := r.(type) {
	case *Hole:
		return r.data == nil
	case *overlay:
		return unfilled(r.src, off, n)
	case *io.SectionReader:
		outer, base, _ := r.Outer()
		return unfilled(outer, base+off, n)
	case *Plan:
		for i := r.find(off); i < len(r.segments) && r.segments[i].out < off+n; i++ {
			s := &r.segments[i]
			from, to := max(off, s.out), min(off+n, s.out+s.n)
			if unfilled(s.data, max(s.from, 0)+from-s.out, to-from) {
				return true
			}
		}
	}
	return false
}
