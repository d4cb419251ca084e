package container

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"sort"

	"github.com/aigclabel/aigclabel/internal/splice"
)

const (
	flacMaxFrame  = 4 << 20 // 8 channels of 65,535 plain samples are less
	flacMaxHeader = 16
	flacRead      = 64 << 10
)

// A flacIndex says where the frames are.
type flacIndex struct {
	src    io.ReaderAt
	starts []int64 // of each frame, and the end of the last
}

// count returns the number of frames.
func (x *flacIndex) count() int { return len(x.starts) - 1 }

// frame reads a frame.
func (x *flacIndex) frame(i int, buf []byte) ([]byte, error) {
	size := int(x.starts[i+1] - x.starts[i])
	if cap(buf) < size {
		buf = make([]byte, size)
	}
	return x.read(buf[:size], x.starts[i])
}

// header reads the header of a frame.
func (x *flacIndex) header(i int) (flacHeader, []byte, error) {
	b, err := x.read(make([]byte, min(flacMaxHeader+1, x.starts[i+1]-x.starts[i])), x.starts[i])
	if err != nil {
		return flacHeader{}, nil, err
	}
	h, ok := parseFLACHeader(b)
	if !ok {
		return h, nil, &FormatError{Offset: x.starts[i], Err: errFLACFrame}
	}
	return h, b[:h.size], nil
}

func (x *flacIndex) read(b []byte, off int64) ([]byte, error) {
	if n, err := x.src.ReadAt(b, off); n < len(b) {
		return nil, fmt.Errorf("read at %d: %w", off, err)
	}
	return b, nil
}

// find returns the first frame with that number or a greater one.
func (x *flacIndex) find(number int64) (int, error) {
	var failed error
	i := sort.Search(x.count(), func(i int) bool {
		h, _, err := x.header(i)
		if err != nil {
			failed = err
		}
		return h.number >= number
	})
	return i, failed
}

// A flacScanner finds frames, which do not state their length: by the CRC-16 of each,
// and the number of the next one.
type flacScanner struct {
	src   *Source
	start int64  // of the frame
	b     []byte // of the file, from there
	buf   []byte // that holds b
	crc   uint16 // of the first done bytes
	done  int
}

// indexFLAC finds the frames from start on.
func indexFLAC(src *Source, start int64, d *flacDecoder) (*flacIndex, error) {
	s := &flacScanner{src: src, start: start, buf: make([]byte, 0, 2*flacRead)}
	x := &flacIndex{src.ReaderAt(), []int64{start}}
	for more := true; more; {
		if err := src.Element(); err != nil {
			return nil, err
		}
		if err := s.ahead(flacMaxHeader); err != nil {
			return nil, err
		}
		h, ok := parseFLACHeader(s.b)
		if !ok {
			return nil, &FormatError{Offset: s.start, Err: errFLACFrame}
		}
		end, err := s.next(h)
		if err != nil {
			return nil, err
		}
		if more = end > 0; !more {
			if _, end, err = d.decode(s.b); err != nil {
				return nil, &FormatError{Offset: s.start, Err: err}
			}
		}
		s.start += int64(end)
		s.b = s.b[end:]
		x.starts = append(x.starts, s.start)
	}
	return x, nil
}

// ahead reads until n bytes are there, or all that are in the file.
func (s *flacScanner) ahead(n int) error {
	for len(s.b) < n {
		if grown, err := s.more(); err != nil || !grown {
			return err
		}
	}
	return nil
}

// more reads on, and reports whether there was anything to read.
func (s *flacScanner) more() (bool, error) {
	pos := s.start + int64(len(s.b))
	n := int(min(flacRead, s.src.Size()-pos))
	switch {
	case n <= 0:
		return false, nil
	case len(s.b) > flacMaxFrame:
		return false, &LimitError{What: "size of the FLAC frame", Limit: flacMaxFrame}
	}
	s.buf = append(s.buf[:0], s.b...)
	have := len(s.buf)
	s.buf = append(s.buf, make([]byte, n)...)
	s.b = s.buf
	return true, s.src.readAt(s.b[have:], pos)
}

// next returns where the frame with the header h ends and the next one begins, 0 if
// it is the last one.
func (s *flacScanner) next(h flacHeader) (int, error) {
	number := h.number + 1
	if h.variable {
		number = h.number + h.samples
	}
	s.crc, s.done = 0, 0
	for i := min(h.size+2, len(s.b)); ; i++ {
		n := bytes.IndexByte(s.b[i:], 0xFF)
		if n < 0 {
			n = len(s.b) - i
		}
		if i += n; len(s.b)-i <= flacMaxHeader {
			if grown, err := s.more(); err != nil {
				return 0, err
			} else if grown {
				i--
				continue
			}
		}
		if i == len(s.b) {
			return 0, nil
		}
		if c, ok := parseFLACHeader(s.b[i:]); ok && c.variable == h.variable && c.number == number && s.whole(i) {
			return i, nil
		}
	}
}

// whole reports whether n bytes end with their CRC-16.
func (s *flacScanner) whole(n int) bool {
	s.crc, s.done = flacCRC16(s.crc, s.b[s.done:n]), n
	return s.crc == 0
}

// flacNumbers are where numbers begin to take one more byte.
var flacNumbers = [...]int64{1 << 7, 1 << 11, 1 << 16, 1 << 21, 1 << 26, 1 << 31}

// renumber returns the edits that add n to the numbers of the first frames, and to
// their checksums: listed for those whose number takes more bytes then.
func (x *flacIndex) renumber(n int64, frames int) (edits []splice.Edit, lazy []splice.Sequence, err error) {
	if n == 0 {
		return nil, nil, nil
	}
	done := 0
	for _, limit := range flacNumbers {
		from, err := x.find(limit - n)
		if err != nil {
			return nil, nil, err
		}
		to, err := x.find(limit)
		if err != nil {
			return nil, nil, err
		}
		from, to = min(max(from, done), frames), min(to, frames)
		lazy = append(lazy, x.sequence(done, from, n))
		for done = from; done < to; done++ {
			e, err := x.renumbered(done, n)
			if err != nil {
				return nil, nil, err
			}
			edits = append(edits, e[:]...)
		}
	}
	return edits, append(lazy, x.sequence(done, frames, n)), nil
}

// sequence returns the edits of frames that keep their sizes.
func (x *flacIndex) sequence(first, end int, n int64) splice.Sequence {
	edits := func(from int64) iter.Seq2[splice.Edit, error] {
		return func(yield func(splice.Edit, error) bool) {
			i := sort.Search(end-first, func(i int) bool { return x.starts[first+i+1] > from })
			for i += first; i < end; i++ {
				e, err := x.renumbered(i, n)
				for _, e := range e {
					if e.Offset+e.Delete > from && !yield(e, err) || err != nil {
						return
					}
				}
			}
		}
	}
	return splice.Sequence{Offset: x.starts[first], Length: x.starts[end] - x.starts[first], Edits: edits}
}

// renumbered returns the edits of a frame's header and of its CRC-16. That is linear:
// what the header changes in it does not depend on the rest of the frame, which is not
// read, and a wrong checksum stays wrong.
func (x *flacIndex) renumbered(i int, n int64) (edits [2]splice.Edit, err error) {
	h, old, err := x.header(i)
	if err != nil {
		return edits, err
	}
	start, end := x.starts[i], x.starts[i+1]
	stored, err := x.read(make([]byte, 2), end-2)
	if err != nil {
		return edits, err
	}
	b := appendFLACNumber(append([]byte(nil), old[:4]...), h.number+n)
	b = append(b, old[4+h.numberSize:h.size-1]...)
	b = append(b, flacCRC8(b))
	change := flacZeros(flacCRC16(0, old)^flacCRC16(0, b), end-2-start-int64(h.size))
	crc := binary.BigEndian.AppendUint16(nil, binary.BigEndian.Uint16(stored)^change)
	return [2]splice.Edit{
		{Offset: start, Delete: int64(h.size), Insert: bytes.NewReader(b)},
		{Offset: end - 2, Delete: 2, Insert: bytes.NewReader(crc)},
	}, nil
}

var errFLACTotal = errors.New("FLAC frames do not make up the number of samples")
