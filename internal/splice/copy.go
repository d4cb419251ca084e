package splice

import (
	"io"
	"sync"
)

// copySize balances system calls against cache: cp uses the same.
const copySize = 256 << 10

var buffers = sync.Pool{New: func() any { return new([copySize]byte) }}

// WriteTo writes the edited file to w. It fails with [ErrUnfilled] before the
// first byte when a hole is open.
func (p *Plan) WriteTo(w io.Writer) (int64, error) {
	for _, e := range p.edits {
		if h, ok := e.Insert.(*Hole); ok && h.data == nil {
			return 0, ErrUnfilled
		}
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
		if err != nil {
			return done, err
		}
	}
	return done, nil
}
