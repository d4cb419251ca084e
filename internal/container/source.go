package container

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/aigclabel/aigclabel/internal/xmlscan"
)

// Limits bound what a file may claim. The zero value of a field is its default.
type Limits struct {
	Elements int64 // chunks, boxes, frames, objects, entries in one file: 1 Mi
	Depth    int64 // nesting: 32
	Count    int64 // values of one file: 8 Ki
	Value    int64 // bytes of one value: 8 MiB
	Values   int64 // bytes of all values of one file: 32 MiB
	Inflated int64 // decompressed bytes of one file: 8 MiB
}

func (l Limits) orDefault() Limits {
	fill := func(v *int64, def int64) {
		if *v <= 0 {
			*v = def
		}
	}
	fill(&l.Elements, 1<<20)
	fill(&l.Depth, 32)
	fill(&l.Count, 8<<10)
	fill(&l.Value, 8<<20)
	fill(&l.Values, 32<<20)
	fill(&l.Inflated, 8<<20)
	return l
}

// HeadSize is how many bytes of a file's head are read at once. Most metadata lies
// there, and remote storage charges by the read.
const HeadSize = 32 << 10

// tailSize is how many bytes of a file's tail are read at once, where one is asked for.
const tailSize = 2 << 10

// peekSize is the longest element header.
const peekSize = 64

// errTruncated is the cause of reads past the end of the file.
var errTruncated = errors.New("file is truncated")

// A Source is a file being walked: random access within the limits. It is not
// safe for concurrent use.
type Source struct {
	Limits

	// Whole has walks of text look for C2PA stores in all of it, not only at its
	// head and its end.
	Whole bool

	r       io.ReaderAt
	size    int64
	seen    *seen // own, or that of a [Shared] file
	own     seen
	ahead   readAhead
	scratch [peekSize]byte
	spent   spending
	ooxml   *ooxmlFile   // opened by [ZIPKind], for the walk that follows
	zip     *zipArchive  // opened once for all that ask
	xmlPath []xmlElement // empty, for its memory

	xmlAttributes []xmlscan.Attribute // of the last tag, for its memory
}

// A seen is what was read of a file and taken apart.
type seen struct {
	front []byte // the head
	back  []byte // the tail
	zip   *zipArchive
	pdf   *pdfFile
}

// A spending is how much of the limits is used up.
type spending struct{ elements, count, values, inflated int64 }

func (a spending) plus(b spending) spending {
	return spending{a.elements + b.elements, a.count + b.count, a.values + b.values, a.inflated + b.inflated}
}

func (a spending) minus(b spending) spending {
	return spending{a.elements - b.elements, a.count - b.count, a.values - b.values, a.inflated - b.inflated}
}

// A readAhead turns peeks at neighbours, as inside a movie's header, into reads of
// blocks. Peeks far apart, as at chunks of media, stay small.
type readAhead struct {
	block  []byte
	offset int64 // of the block
	last   int64 // where the last peek ended
	blocks int   // read so far
}

// The reach of a [readAhead]: with the head, a file costs 56 KiB at most, and 8
// bytes more for each element. A file of a million tiny ones is read in blocks.
const (
	aheadSize    = 4 << 10
	aheadBlocks  = 6
	aheadElement = 8
	aheadGap     = 256 // between neighbours
)

var heads = sync.Pool{New: func() any { return new([HeadSize]byte) }}

// NewSource returns a source over the first size bytes of r, which may be a [Shared] file.
func NewSource(r io.ReaderAt, size int64, limits Limits) *Source {
	s := &Source{r: r, size: max(size, 0), Limits: limits.orDefault()}
	s.seen = &s.own
	if shared, ok := r.(*Shared); ok && shared.size == s.size {
		s.r, s.seen = shared.r, &shared.seen
	}
	return s
}

// A Shared is a file that several look at, one after the other: what the source of one has
// read and taken apart, that of the next has. It is not safe for concurrent use.
type Shared struct {
	seen seen
	r    io.ReaderAt
	size int64
}

// Share returns the first size bytes of r as a file for [NewSource].
func Share(r io.ReaderAt, size int64) *Shared { return &Shared{r: r, size: max(size, 0)} }

// ReadAt implements [io.ReaderAt].
func (f *Shared) ReadAt(b []byte, off int64) (int, error) {
	if off >= 0 && off <= int64(len(f.seen.front)) && len(b) <= len(f.seen.front)-int(off) {
		return copy(b, f.seen.front[off:]), nil
	}
	return f.r.ReadAt(b, off)
}

// Release ends the use of f, of its sources, and of everything that these returned.
func (f *Shared) Release() { f.seen.release() }

// afresh returns a source over the same file that has spent nothing.
func (s *Source) afresh() *Source { return NewSource(s.r, s.size, s.Limits) }

// within returns a source over the same file, with limits of its own, that has what s
// has read. It is used no longer than s, and not released.
func (s *Source) within(limits Limits) *Source {
	n := NewSource(s.r, s.size, limits)
	n.seen = s.seen
	return n
}

// Size returns the length of the file.
func (s *Source) Size() int64 { return s.size }

// ReaderAt returns the file.
func (s *Source) ReaderAt() io.ReaderAt { return s.r }

// Head returns the first n bytes, fewer if the file is shorter; n is at most [HeadSize].
func (s *Source) Head(n int) ([]byte, error) {
	if s.seen.front == nil {
		b := heads.Get().(*[HeadSize]byte)[:min(HeadSize, s.size)]
		if err := s.readAt(b, 0); err != nil {
			return nil, err
		}
		s.seen.front = b
	}
	return s.seen.front[:min(n, len(s.seen.front))], nil
}

// Tail returns the last n bytes, fewer if the file is shorter; n is at most 2 KiB.
func (s *Source) Tail(n int) ([]byte, error) {
	if s.size <= HeadSize {
		head, err := s.Head(HeadSize)
		return head[max(0, len(head)-n):], err
	}
	if s.seen.back == nil {
		b := make([]byte, min(tailSize, s.size))
		if err := s.readAt(b, s.size-int64(len(b))); err != nil {
			return nil, err
		}
		s.seen.back = b
	}
	return s.seen.back[max(0, len(s.seen.back)-n):], nil
}

// Release ends the use of s and of everything that it returned, so that another
// source can have the memory. It may be left out. What is of a [Shared] file stays.
func (s *Source) Release() {
	if s.seen == &s.own {
		s.own.release()
	}
}

func (k *seen) release() {
	if k.front != nil {
		heads.Put((*[HeadSize]byte)(k.front[:HeadSize]))
	}
	*k = seen{}
}

// Peek returns n bytes at off, at most 64, valid until the next Peek. Past the
// end of the file the error is a truncation, which [Layout.fail] understands.
func (s *Source) Peek(off int64, n int) ([]byte, error) {
	if b, ok, err := s.window(off, int64(n)); ok || err != nil {
		return b, err
	}
	if b, ok, err := s.ahead.peek(s, off, n); ok || err != nil {
		return b, err
	}
	b := s.scratch[:n]
	return b, s.readAt(b, off)
}

// peek returns n bytes at off from the block, or from a new one where the peeks
// stand close.
func (a *readAhead) peek(s *Source, off int64, n int) ([]byte, bool, error) {
	near := off >= a.last && off-a.last <= aheadGap
	a.last = off + int64(n)
	if off < a.offset || a.last > a.offset+int64(len(a.block)) {
		if !near || a.blocks >= aheadBlocks+int(s.spent.elements*aheadElement/aheadSize) {
			return nil, false, nil
		}
		if a.block == nil {
			a.block = make([]byte, aheadSize)
		}
		a.blocks++
		a.offset, a.block = off, a.block[:min(aheadSize, s.size-off)]
		if err := s.readAt(a.block, off); err != nil {
			a.block = a.block[:0]
			return nil, false, err
		}
	}
	return a.block[off-a.offset:][:n:n], true, nil
}

// Bytes returns n bytes at off, to keep but not to change, and counts them
// against the limits of values; what names them in the error.
func (s *Source) Bytes(off, n int64, what string) ([]byte, error) {
	if n > s.Value {
		return nil, &LimitError{What: what, Limit: s.Value}
	}
	if n > s.Values-s.spent.values {
		return nil, &LimitError{What: "all values", Limit: s.Values}
	}
	if err := s.counted(); err != nil {
		return nil, err
	}
	b, ok, err := s.window(off, n)
	if err != nil {
		return nil, err
	}
	s.spent.values += n
	if ok {
		return b, nil
	}
	b = make([]byte, n)
	return b, s.readAt(b, off)
}

// counted counts one more value of the file against the limit.
func (s *Source) counted() error {
	if s.spent.count >= s.Count {
		return &LimitError{What: "number of values", Limit: s.Count}
	}
	s.spent.count++
	return nil
}

// window returns n bytes at off if they lie in the head of the file, or in its tail
// and that was read.
func (s *Source) window(off, n int64) ([]byte, bool, error) {
	if off < 0 || n < 0 || off > s.size || n > s.size-off {
		return nil, false, errTruncated
	}
	if at := off - (s.size - int64(len(s.seen.back))); at >= 0 && n > 0 && s.seen.back != nil {
		return s.seen.back[at : at+n : at+n], true, nil
	}
	if off+n > min(HeadSize, s.size) {
		return nil, false, nil
	}
	head, err := s.Head(HeadSize)
	if err != nil {
		return nil, false, err
	}
	return head[off : off+n : off+n], true, nil
}

func (s *Source) readAt(b []byte, off int64) error {
	n, err := s.r.ReadAt(b, off)
	if n == len(b) {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		return fmt.Errorf("read at %d: %w", off+int64(n), io.ErrUnexpectedEOF)
	}
	return fmt.Errorf("read at %d: %w", off, err)
}

// zeros reports whether padding is what it should be: what hides in it is not
// ours to drop.
func (s *Source) zeros(off, n int64) bool {
	b := make([]byte, min(n, 4<<10))
	for n > 0 {
		b = b[:min(n, int64(len(b)))]
		if s.readAt(b, off) != nil || len(bytes.Trim(b, "\x00")) > 0 {
			return false
		}
		off, n = off+int64(len(b)), n-int64(len(b))
	}
	return true
}

// Element counts one more element of the file against the limit.
func (s *Source) Element() error {
	if s.spent.elements >= s.Elements {
		return &LimitError{What: "number of elements", Limit: s.Elements}
	}
	s.spent.elements++
	return nil
}
