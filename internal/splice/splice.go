// Package splice edits files without rewriting them.
//
// A [Plan] is a source and an ordered list of edits. It reads as the edited
// file: it is an [io.ReaderAt] with a Size, so plans stack, a written label can
// be read back before the first byte leaves, and a copy streams in constant
// memory. Bytes outside the edits are never touched.
package splice

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"slices"
	"sort"
)

// Content is what an edit puts into the file. A *bytes.Reader, an
// *io.SectionReader, a *[Hole] and a *[Plan] are Content.
type Content interface {
	io.ReaderAt
	Size() int64
}

// An Edit replaces Delete source bytes at Offset by Insert. A nil Insert only
// deletes, a zero Delete only inserts.
type Edit struct {
	Offset int64
	Delete int64
	Insert Content
}

// size returns the number of bytes that e puts in.
func (e Edit) size() int64 {
	if e.Insert == nil {
		return 0
	}
	return e.Insert.Size()
}

// A Sequence is a region of the source whose edits are too many to list: they
// are asked for as the output is read. Each must keep the size of what it
// replaces, lie inside the region, and hold no open [Hole].
type Sequence struct {
	Offset, Length int64

	// Edits yields, in order, every edit that ends after the source position
	// from. It is called from any goroutine that reads the plan.
	Edits func(from int64) iter.Seq2[Edit, error]
}

// ErrUnfilled reports that a plan was written with a [Hole] still open.
var ErrUnfilled = errors.New("splice: hole not filled")

// ErrInvalid reports edits that overlap, lie outside the source, have content of
// an impossible size, or, in a [Sequence], change its size.
var ErrInvalid = errors.New("splice: invalid edit")

// A Plan is a source with edits. It is immutable but for its holes, and safe
// for concurrent reads when the source is.
type Plan struct {
	src      io.ReaderAt
	size     int64
	edits    []Edit
	segments []segment
}

// A segment is a run of output bytes from one content. Segments from the source
// have from >= 0, their source position.
type segment struct {
	out, n int64
	from   int64
	data   io.ReaderAt
}

// New returns the plan that applies edits to the first size bytes of src, or
// [ErrInvalid]. Edits may come in any order; those at one offset keep theirs,
// except that pure inserts go before a deletion that starts there.
func New(src io.ReaderAt, size int64, edits []Edit, lazy ...Sequence) (*Plan, error) {
	if size < 0 {
		return nil, fmt.Errorf("%w: source of %d bytes", ErrInvalid, size)
	}
	p := &Plan{src: src, edits: slices.Clone(edits)}
	slices.SortStableFunc(p.edits, compareEdits)
	lazy = slices.DeleteFunc(slices.Clone(lazy), func(s Sequence) bool { return s.Length == 0 })
	slices.SortFunc(lazy, func(a, b Sequence) int { return cmp.Compare(a.Offset, b.Offset) })
	pos, room := int64(0), math.MaxInt64-size
	for _, e := range p.edits {
		if e.Offset < pos || e.Delete < 0 || e.Delete > size-e.Offset {
			return nil, fmt.Errorf("%w: %d bytes at %d of %d, after %d", ErrInvalid, e.Delete, e.Offset, size, pos)
		}
		n := e.size()
		if n < 0 || n > room {
			return nil, fmt.Errorf("%w: content of %d bytes at %d", ErrInvalid, n, e.Offset)
		}
		room -= n
		var err error
		if lazy, err = p.addSource(pos, e.Offset, lazy); err != nil {
			return nil, err
		}
		p.add(segment{n: n, from: -1, data: e.Insert})
		pos = e.Offset + e.Delete
	}
	lazy, err := p.addSource(pos, size, lazy)
	if err == nil && len(lazy) > 0 {
		err = fmt.Errorf("%w: sequence of %d bytes at %d", ErrInvalid, lazy[0].Length, lazy[0].Offset)
	}
	if err != nil {
		return nil, err
	}
	return p, nil
}

// compareEdits orders edits by offset, pure inserts first.
func compareEdits(a, b Edit) int {
	if c := cmp.Compare(a.Offset, b.Offset); c != 0 {
		return c
	}
	return cmp.Compare(min(a.Delete, 1), min(b.Delete, 1))
}

// addSource adds the source bytes from pos to end, through the sequences that
// lie there, and returns the sequences that lie later.
func (p *Plan) addSource(pos, end int64, lazy []Sequence) ([]Sequence, error) {
	for len(lazy) > 0 && lazy[0].Offset < end {
		s := lazy[0]
		if s.Offset < pos || s.Length < 0 || s.Length > end-s.Offset {
			return nil, fmt.Errorf("%w: sequence of %d bytes at %d", ErrInvalid, s.Length, s.Offset)
		}
		p.add(segment{n: s.Offset - pos, from: pos, data: p.src})
		p.add(segment{n: s.Length, from: s.Offset, data: &overlay{p.src, s}})
		pos = s.Offset + s.Length
		lazy = lazy[1:]
	}
	p.add(segment{n: end - pos, from: pos, data: p.src})
	return lazy, nil
}

func (p *Plan) add(s segment) {
	if s.n <= 0 {
		return
	}
	s.out = p.size
	p.size += s.n
	p.segments = append(p.segments, s)
}

// Size returns the length of the edited file.
func (p *Plan) Size() int64 { return p.size }

// Edits returns the listed edits in the order of their offsets. The caller must
// not change them.
func (p *Plan) Edits() []Edit { return p.edits }

// Sequences returns the regions whose edits are not listed, in order.
func (p *Plan) Sequences() (all []Sequence) {
	for _, s := range p.segments {
		if o, ok := s.data.(*overlay); ok {
			all = append(all, o.seq)
		}
	}
	return all
}

// Source returns the edited file, readable at any position.
func (p *Plan) Source() *io.SectionReader { return io.NewSectionReader(p, 0, p.size) }

// Map returns where the source byte at off stands in the output, and false if
// an edit deletes it. Then the position is the end of what replaces it. The end
// of the source maps to the end of the output. A [Sequence] moves nothing.
func (p *Plan) Map(off int64) (int64, bool) { return Map(p.edits, off) }

// Map is [Plan.Map] for edits in the order of their offsets, before there is a
// plan: offset tables are themselves edits, found by iteration.
func Map(edits []Edit, off int64) (int64, bool) {
	pos, kept := off, true
	for _, e := range edits {
		if e.Offset > off {
			break
		}
		pos += e.size()
		if off < e.Offset+e.Delete {
			pos -= off - e.Offset
			kept = false
		} else {
			pos -= e.Delete
		}
	}
	return pos, kept
}

// Moves is [Map] for many edits and many positions. A nil one moves nothing.
type Moves struct {
	edits  []Edit
	growth []int64 // of the edits up to each
}

// NewMoves returns the moves of edits in the order of their offsets.
func NewMoves(edits []Edit) *Moves {
	m := &Moves{edits, make([]int64, len(edits))}
	sum := int64(0)
	for i, e := range edits {
		sum += e.size() - e.Delete
		m.growth[i] = sum
	}
	return m
}

// Map is [Map], in the time of a search.
func (m *Moves) Map(off int64) (int64, bool) {
	if m == nil {
		return off, true
	}
	i := sort.Search(len(m.edits), func(i int) bool { return m.edits[i].Offset > off }) - 1
	if i < 0 {
		return off, true
	}
	pos, e := off+m.growth[i], m.edits[i]
	if into := off - e.Offset; into < e.Delete {
		return pos + e.Delete - into, false
	}
	return pos, true
}

// ReadAt reads the edited file. Open holes read as zeros.
func (p *Plan) ReadAt(b []byte, off int64) (int, error) {
	if off < 0 {
		return 0, fmt.Errorf("splice: read at %d", off)
	}
	n := 0
	for i := p.find(off); i < len(p.segments) && n < len(b); i++ {
		s := &p.segments[i]
		at := off + int64(n) - s.out
		want := min(int64(len(b)-n), s.n-at)
		got, err := s.data.ReadAt(b[n:n+int(want)], at+max(s.from, 0))
		n += got
		if int64(got) < want {
			return n, short(err)
		}
	}
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

// find returns the index of the segment that holds the output byte at off.
func (p *Plan) find(off int64) int {
	return sort.Search(len(p.segments), func(i int) bool { return p.segments[i].out+p.segments[i].n > off })
}

// short returns the error of a read that ended early: a source that is shorter
// than it said is truncated, not at its end.
func short(err error) error {
	if err == nil || errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
