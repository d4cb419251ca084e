package splice

import (
	"io"
	"sync"
)

// copySize balances system calls against cache: cp uses the same.
const copySize = 256 << 10

var buffers = sync.Pool{New: func() any { return new([copySize]byte) }}

// WriteTo writes the edited file to w. It fails with [ErrUnfilled] before the
// first byte when a hole is open in the plan or in one that it is stacked on.
func (p *Plan) WriteTo(w io.Writer) (int64, error) {
	if unfilled(p, 0, p.size) {
		return 0, ErrUnfilled
	}
	buf := buffers.Get().(*[copySize]byte)
	defer buffers.Put(buf)
	var n int64
	for i := range p.segments {
		s := &p.segments[i]
		var m int64
		var err error
		if o, ok := s.data.(*overlay); ok {
			m, err = o.writeTo(w, buf[:])
		} else {
			m, err = copyRange(w, s.data, max(s.from, 0), s.n, buf[:])
		}
		n += m
		if err != nil {
			return n, err
		}
	}
	return n, nil
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

// copyRange copies n bytes of r at off.
func copyRange(w io.Writer, r io.ReaderAt, off, n int64, buf []byte) (int64, error) {
	var done int64
	for done < n {
		b := buf[:min(int64(len(buf)), n-done)]
		got, err := r.ReadAt(b, off+done)
		if got < len(b) {
			return done, short(err)
		}
		m, err := w.Write(b)
		done += int64(m)
		if err == nil && m < len(b) {
			err = io.ErrShortWrite
		}
		if err != nil {
			return done, err
		}
	}
	return done, nil
}
