package container

import (
	"bufio"
	"fmt"
	"io"
	"iter"

	"github.com/aigclabel/aigclabel/internal/mp3"
)

// mpegPositions bounds the positions that an [mpegIndex] keeps.
const mpegPositions = 8 << 10

// An mpegIndex says where the frames of sound are: each, or one of so many.
type mpegIndex struct {
	src    io.ReaderAt
	part   Range      // of the file
	like   mp3.Header // of the first
	starts []int64
	each   int64 // frames from one start to the next
	count  int64
	end    int64 // of the last frame
	steady bool  // whether all have the same bit rate
	rates  int64 // sum of the bit rates
}

// indexMPEG finds the frames of Layer III in a part of a file, which it reads. What is
// between frames is passed over.
func indexMPEG(src *Source, part Range) (*mpegIndex, error) {
	x := &mpegIndex{src: src.ReaderAt(), part: part, each: 1, steady: true}
	for f, err := range x.frames(part.Offset) {
		if err != nil {
			return nil, err
		}
		if x.count == 0 {
			x.like = f.header
		}
		x.steady = x.steady && f.header.BitRate() == x.like.BitRate()
		x.rates += int64(f.header.BitRate())
		x.add(f.start)
		x.end = f.start + int64(f.header.Size())
	}
	if x.count == 0 {
		return nil, &FormatError{Offset: part.Offset, Err: fmt.Errorf("%w: no frames of Layer III", ErrCoding)}
	}
	return x, nil
}

// add notes where the next frame starts.
func (x *mpegIndex) add(start int64) {
	if x.count%x.each == 0 {
		if len(x.starts) == mpegPositions {
			for i := range mpegPositions / 2 {
				x.starts[i] = x.starts[2*i]
			}
			x.starts, x.each = x.starts[:mpegPositions/2], 2*x.each
		}
		if x.count%x.each == 0 {
			x.starts = append(x.starts, start)
		}
	}
	x.count++
}

// position returns where a frame starts, behind the first. Between the positions that
// are kept it is an estimate.
func (x *mpegIndex) position(frame int64) int64 {
	i := frame / x.each
	if frame >= x.count || i >= int64(len(x.starts)) {
		return x.end - x.starts[0]
	}
	from, to, n := x.starts[i], x.end, min(x.each, x.count-i*x.each)
	if i+1 < int64(len(x.starts)) {
		to = x.starts[i+1]
	}
	return from - x.starts[0] + (to-from)*(frame%x.each)/n
}

// An mpegFrame is a frame of sound. Its bytes are valid until the next one.
type mpegFrame struct {
	start  int64
	header mp3.Header
	data   []byte
}

// frames yields the whole frames from the one at pos on.
func (x *mpegIndex) frames(pos int64) iter.Seq2[mpegFrame, error] {
	return func(yield func(mpegFrame, error) bool) {
		r := bufio.NewReaderSize(io.NewSectionReader(x.src, pos, x.part.end()-pos), 64<<10)
		for lost := false; ; {
			f, err := x.next(r, lost)
			if err == io.EOF {
				return
			}
			if err != nil {
				yield(mpegFrame{}, fmt.Errorf("read at %d: %w", pos, err))
				return
			}
			n := len(f.data)
			if lost = n == 0; lost {
				n = 1
			} else if f.start = pos; !yield(f, nil) {
				return
			}
			r.Discard(n)
			pos += int64(n)
		}
	}
}

// next returns the frame that r has next, without data if there is none. One that is
// found by search must be followed by another.
func (x *mpegIndex) next(r *bufio.Reader, lost bool) (f mpegFrame, err error) {
	b, err := r.Peek(mp3.HeaderSize)
	if len(b) < mp3.HeaderSize {
		return f, err
	}
	h, ok := mp3.ParseHeader(b)
	if !ok || h.Layer() != 3 || h.BitRate() == 0 || x.count > 0 && !h.Same(x.like) {
		return f, nil
	}
	more := 0
	if lost {
		more = mp3.HeaderSize
	}
	b, err = r.Peek(h.Size() + more)
	if len(b) < h.Size()+more {
		if err == io.EOF {
			err = nil
		}
		return f, err
	}
	if next, ok := mp3.ParseHeader(b[h.Size():]); lost && !(ok && next.Same(h)) {
		return f, nil
	}
	return mpegFrame{header: h, data: b[:h.Size()]}, nil
}
