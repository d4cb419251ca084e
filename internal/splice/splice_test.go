package splice_test

import (
	"bytes"
	"errors"
	"io"
	"iter"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/aigclabel/aigclabel/internal/splice"
)

// A model is a plan beside what it must read as.
type model struct {
	plan   *splice.Plan
	source []byte
	output []byte
	at     []int64 // of each source byte, and the end, in the output
	kept   []bool
}

// A maker draws random plans.
type maker struct {
	*rand.Rand
	t testing.TB
}

func newMaker(t testing.TB, seed uint64) maker { return maker{rand.New(rand.NewPCG(seed, 0)), t} }

func (m maker) bytes(limit int) []byte {
	b := make([]byte, m.IntN(limit+1))
	for i := range b {
		b[i] = byte(m.Uint32())
	}
	return b
}

// content returns some content and its bytes.
func (m maker) content(b []byte, depth int) splice.Content {
	switch m.IntN(5) {
	case 0:
		hole := splice.NewHole(int64(len(b)))
		require.NoError(m.t, hole.Fill(b))
		return hole
	case 1:
		lead := m.bytes(9)
		return io.NewSectionReader(bytes.NewReader(slices.Concat(lead, b, m.bytes(9))), int64(len(lead)), int64(len(b)))
	case 2:
		if depth > 0 {
			return m.around(b)
		}
	}
	return bytes.NewReader(b)
}

// around returns a plan whose output is b: a part of it is cut from the source
// and put back by an edit.
func (m maker) around(b []byte) *splice.Plan {
	from := m.IntN(len(b) + 1)
	to := from + m.IntN(len(b)-from+1)
	junk := m.bytes(5)
	source := slices.Concat(b[:from], junk, b[to:])
	plan, err := splice.New(bytes.NewReader(source), int64(len(source)), []splice.Edit{
		{Offset: int64(from), Delete: int64(len(junk)), Insert: bytes.NewReader(b[from:to])},
	})
	require.NoError(m.t, err)
	return plan
}

// sequence returns a lazy sequence over source[off:off+n] and rewrites out,
// which stands there in the model.
func (m maker) sequence(off int, out []byte) splice.Sequence {
	var edits []splice.Edit
	for pos := 0; pos < len(out); {
		pos += m.IntN(len(out) - pos + 1)
		n := m.IntN(min(len(out)-pos, 7) + 1)
		copy(out[pos:pos+n], m.bytes(n))
		e := splice.Edit{Offset: int64(off + pos), Delete: int64(n)}
		if n > 0 {
			e.Insert = m.content(slices.Clone(out[pos:pos+n]), 0)
		}
		edits = append(edits, e)
		pos += n
	}
	return splice.Sequence{Offset: int64(off), Length: int64(len(out)), Edits: func(from int64) iter.Seq2[splice.Edit, error] {
		return func(yield func(splice.Edit, error) bool) {
			for _, e := range edits {
				if e.Offset+e.Delete > from && !yield(e, nil) {
					return
				}
			}
		}
	}}
}

// plan returns a random plan, its source up to depth plans deep.
func (m maker) plan(depth int) model {
	r := model{source: m.bytes(200)}
	var src io.ReaderAt = bytes.NewReader(r.source)
	if depth > 0 {
		below := m.plan(depth - 1)
		r.source, src = below.output, below.plan
		if m.IntN(2) == 0 {
			src = below.plan.Source()
		}
	}
	var groups [][]splice.Edit // of one offset
	var lazy []splice.Sequence
	for pos, end, last := 0, len(r.source), -1; last < end; {
		next := min(max(pos+m.IntN(40), last+1), end)
		start := len(r.output)
		r.output = append(r.output, r.source[pos:next]...)
		for i := range r.output[start:] {
			r.at, r.kept = append(r.at, int64(start+i)), append(r.kept, true)
		}
		if part := r.output[start:]; len(part) > 1 && m.IntN(3) == 0 {
			i := m.IntN(len(part))
			j := i + m.IntN(len(part)-i+1)
			lazy = append(lazy, m.sequence(pos+i, part[i:j]))
		}
		group, deleted := m.group(&r, next, depth)
		groups = append(groups, group)
		pos, last = next+deleted, next
	}
	r.at, r.kept = append(r.at, int64(len(r.output))), append(r.kept, true)
	m.Shuffle(len(groups), func(i, j int) { groups[i], groups[j] = groups[j], groups[i] })
	m.Shuffle(len(lazy), func(i, j int) { lazy[i], lazy[j] = lazy[j], lazy[i] })
	var err error
	r.plan, err = splice.New(src, int64(len(r.source)), slices.Concat(groups...), lazy...)
	require.NoError(m.t, err)
	return r
}

// group adds inserts at one offset, and perhaps a deletion among them, and
// returns them with the number of source bytes that they delete.
func (m maker) group(r *model, off, depth int) (edits []splice.Edit, deleted int) {
	for range m.IntN(3) {
		b := m.bytes(20)
		r.output = append(r.output, b...)
		edits = append(edits, splice.Edit{Offset: int64(off), Insert: m.content(b, depth)})
	}
	n := m.IntN(min(len(r.source)-off, 20) + 1)
	if n == 0 {
		return edits, 0
	}
	e := splice.Edit{Offset: int64(off), Delete: int64(n)}
	if m.IntN(2) == 0 {
		b := m.bytes(20)
		r.output = append(r.output, b...)
		e.Insert = m.content(b, depth)
	}
	for range n {
		r.at, r.kept = append(r.at, int64(len(r.output))), append(r.kept, false)
	}
	return slices.Insert(edits, m.IntN(len(edits)+1), e), n
}

// check compares a plan with its model.
func (m maker) check(r model) {
	require.EqualValues(m.t, len(r.output), r.plan.Size())
	var out bytes.Buffer
	n, err := r.plan.WriteTo(&out)
	require.NoError(m.t, err)
	require.EqualValues(m.t, len(r.output), n)
	require.True(m.t, bytes.Equal(r.output, out.Bytes()), "copy")
	require.NoError(m.t, iotest.TestReader(r.plan.Source(), r.output))
	for range 20 {
		off, n := m.IntN(len(r.output)+3), m.IntN(60)
		got, want := make([]byte, n), make([]byte, n)
		gotN, gotErr := r.plan.ReadAt(got, int64(off))
		wantN, wantErr := bytes.NewReader(r.output).ReadAt(want, int64(off))
		require.Equal(m.t, want[:wantN], got[:gotN], "%d bytes at %d", n, off)
		if n > 0 {
			require.Equal(m.t, wantErr, gotErr)
		}
	}
	for off := range r.at {
		at, kept := r.plan.Map(int64(off))
		require.Equal(m.t, r.at[off], at, "byte %d", off)
		require.Equal(m.t, r.kept[off], kept, "byte %d", off)
	}
}

func TestPlanAgainstModel(t *testing.T) {
	for seed := range uint64(500) {
		m := newMaker(t, seed)
		t.Log("seed", seed)
		m.check(m.plan(m.IntN(4)))
	}
}

func FuzzPlan(f *testing.F) {
	f.Add(uint64(1), uint8(3))
	f.Fuzz(func(t *testing.T, seed uint64, depth uint8) {
		m := newMaker(t, seed)
		m.check(m.plan(int(depth % 5)))
	})
}

// A deletion and an insert of one offset come from different parts of a format:
// one drops a value, the other adds the one that takes its place.
func TestInsertAfterDeletionAtOneOffset(t *testing.T) {
	plan := newPlan(t, "old rest", []splice.Edit{
		{Offset: 0, Delete: 3},
		{Offset: 0, Insert: strings.NewReader("new")},
	})
	require.Equal(t, "new rest", read(t, plan))
	require.EqualValues(t, 0, plan.Edits()[0].Delete, "edits are listed as they apply")
}

func TestLargeCopy(t *testing.T) {
	source := bytes.Repeat([]byte("0123456789abcdef"), 40_000) // more than two buffers
	plan, err := splice.New(bytes.NewReader(source), int64(len(source)), []splice.Edit{{Offset: 300_001, Delete: 7}})
	require.NoError(t, err)
	var out bytes.Buffer
	_, err = plan.WriteTo(&out)
	require.NoError(t, err)
	require.True(t, bytes.Equal(slices.Concat(source[:300_001], source[300_008:]), out.Bytes()))
}

// A sized is content that only claims a size.
type sized int64

func (s sized) Size() int64                       { return int64(s) }
func (s sized) ReadAt([]byte, int64) (int, error) { return 0, io.EOF }

func TestInvalidEdits(t *testing.T) {
	one := func(off, n int64, c splice.Content) []splice.Edit {
		return []splice.Edit{{Offset: off, Delete: n, Insert: c}}
	}
	at := func(off, n int64) []splice.Sequence { return []splice.Sequence{{Offset: off, Length: n}} }
	for name, c := range map[string]struct {
		size  int64
		edits []splice.Edit
		lazy  []splice.Sequence
	}{
		"negative source":           {size: -1},
		"negative offset":           {size: 10, edits: one(-1, 1, nil)},
		"negative deletion":         {size: 10, edits: one(5, -1, nil)},
		"past the end":              {size: 10, edits: one(11, 0, nil)},
		"deletion past the end":     {size: 10, edits: one(5, 6, nil)},
		"deletion overflows":        {size: 10, edits: one(5, math.MaxInt64, nil)},
		"overlap":                   {size: 10, edits: []splice.Edit{{Offset: 2, Delete: 3}, {Offset: 4, Delete: 1}}},
		"insert inside a deletion":  {size: 10, edits: []splice.Edit{{Offset: 2, Delete: 3}, {Offset: 4, Insert: sized(1)}}},
		"negative content":          {size: 10, edits: one(5, 0, sized(-1))},
		"output overflows":          {size: 10, edits: one(5, 0, sized(math.MaxInt64-9))},
		"outputs overflow together": {size: 10, edits: []splice.Edit{{Insert: sized(math.MaxInt64 - 10)}, {Insert: sized(1)}}},
		"negative sequence":         {size: 10, lazy: at(3, -1)},
		"sequence before the file":  {size: 10, lazy: at(-1, 3)},
		"sequence past the end":     {size: 10, lazy: at(8, 3)},
		"sequence after the end":    {size: 10, lazy: at(10, 1)},
		"sequences overlap":         {size: 10, lazy: slices.Concat(at(1, 3), at(3, 1))},
		"edit inside a sequence":    {size: 10, edits: one(2, 0, sized(1)), lazy: at(1, 3)},
		"deletion in a sequence":    {size: 10, edits: one(0, 2, nil), lazy: at(1, 3)},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := splice.New(sized(10), c.size, c.edits, c.lazy...)
			require.ErrorIs(t, err, splice.ErrInvalid)
		})
	}
}

func TestEmptySequenceIsIgnored(t *testing.T) {
	plan, err := splice.New(strings.NewReader("abc"), 3, nil, splice.Sequence{Offset: 3})
	require.NoError(t, err)
	require.Equal(t, "abc", read(t, plan))
}

// yielding returns a sequence over bytes 2 to 8 that yields what it is given.
func yielding(err error, edits ...splice.Edit) splice.Sequence {
	return splice.Sequence{Offset: 2, Length: 6, Edits: func(int64) iter.Seq2[splice.Edit, error] {
		return func(yield func(splice.Edit, error) bool) {
			for _, e := range edits {
				if !yield(e, nil) {
					return
				}
			}
			if err != nil {
				yield(splice.Edit{}, err)
			}
		}
	}}
}

func TestSequenceErrors(t *testing.T) {
	broken := errors.New("broken page")
	x := splice.Edit{Offset: 3, Delete: 2, Insert: strings.NewReader("xx")}
	for name, c := range map[string]struct {
		seq  splice.Sequence
		want error
	}{
		"its own":              {yielding(broken, x), broken},
		"before the region":    {yielding(nil, splice.Edit{Offset: 1, Delete: 1, Insert: sized(1)}), splice.ErrInvalid},
		"after the region":     {yielding(nil, splice.Edit{Offset: 7, Delete: 2, Insert: sized(2)}), splice.ErrInvalid},
		"changes the size":     {yielding(nil, splice.Edit{Offset: 3, Delete: 2, Insert: sized(3)}), splice.ErrInvalid},
		"deletes":              {yielding(nil, splice.Edit{Offset: 3, Delete: 2}), splice.ErrInvalid},
		"negative":             {yielding(nil, splice.Edit{Offset: 3, Delete: -2, Insert: sized(-2)}), splice.ErrInvalid},
		"overlap":              {yielding(nil, x, x), splice.ErrInvalid},
		"short content":        {yielding(nil, splice.Edit{Offset: 3, Delete: 2, Insert: sized(2)}), io.ErrUnexpectedEOF},
		"short after a change": {yielding(nil, x, splice.Edit{Offset: 5, Delete: 1, Insert: sized(1)}), io.ErrUnexpectedEOF},
	} {
		t.Run(name, func(t *testing.T) {
			plan, err := splice.New(strings.NewReader("0123456789"), 10, nil, c.seq)
			require.NoError(t, err)
			_, err = plan.WriteTo(io.Discard)
			require.ErrorIs(t, err, c.want)
			n, err := plan.ReadAt(make([]byte, 10), 0)
			require.ErrorIs(t, err, c.want)
			require.Equal(t, 2, n, "bytes before the sequence")
		})
	}
}

func TestHole(t *testing.T) {
	hole := splice.NewHole(3)
	require.EqualValues(t, 3, hole.Size())
	plan := newPlan(t, "ab", []splice.Edit{{Offset: 1, Insert: hole}})
	b := []byte("dirty")
	_, err := plan.ReadAt(b, 0)
	require.NoError(t, err)
	require.Equal(t, "a\x00\x00\x00b", string(b), "open holes read as zeros")
	require.ErrorIs(t, hole.Fill([]byte("1234")), splice.ErrInvalid)
	require.NoError(t, hole.Fill([]byte("123")))
	require.Equal(t, "a123b", read(t, plan))
	require.NoError(t, iotest.TestReader(io.NewSectionReader(hole, 0, 3), []byte("123")))
	n, err := hole.ReadAt(make([]byte, 9), 1)
	require.Equal(t, 2, n)
	require.ErrorIs(t, err, io.EOF)
	_, err = hole.ReadAt(make([]byte, 1), -1)
	require.ErrorIs(t, err, io.EOF)
}

func TestWriteToRefusesOpenHoles(t *testing.T) {
	hole := splice.NewHole(3)
	inner := newPlan(t, "abcd", []splice.Edit{{Offset: 2, Insert: hole}}) // ab...cd
	stack := func(src io.ReaderAt, edits []splice.Edit, lazy ...splice.Sequence) *splice.Plan {
		p, err := splice.New(src, inner.Size(), edits, lazy...)
		require.NoError(t, err)
		return p
	}
	for name, plan := range map[string]*splice.Plan{
		"listed":           inner,
		"as the source":    stack(inner, nil),
		"as a section":     stack(inner.Source(), []splice.Edit{{Offset: 0, Delete: 2}}),
		"as the content":   newPlan(t, "xy", []splice.Edit{{Offset: 1, Insert: inner}}),
		"under a sequence": stack(inner, nil, splice.Sequence{Offset: 1, Length: 5}),
	} {
		var out bytes.Buffer
		_, err := plan.WriteTo(&out)
		require.ErrorIs(t, err, splice.ErrUnfilled, name)
		require.Zero(t, out.Len(), name)
	}
	deleted := stack(inner, []splice.Edit{{Offset: 2, Delete: 3}})
	_, err := deleted.WriteTo(io.Discard)
	require.NoError(t, err, "the hole is not in the output")
	empty := newPlan(t, "xy", []splice.Edit{{Offset: 1, Insert: splice.NewHole(0)}})
	_, err = empty.WriteTo(io.Discard)
	require.NoError(t, err, "nothing to fill")
}

func TestShortSource(t *testing.T) {
	short := strings.NewReader("only this")
	for name, lazy := range map[string][]splice.Sequence{
		"plain":    nil,
		"sequence": {yielding(nil)},
		"at the end of a sequence": {{Offset: 5, Length: 9, Edits: yielding(nil,
			splice.Edit{Offset: 13, Delete: 1, Insert: sized(1)}).Edits}},
	} {
		plan, err := splice.New(short, 20, nil, lazy...)
		require.NoError(t, err)
		_, err = plan.WriteTo(io.Discard)
		require.ErrorIs(t, err, io.ErrUnexpectedEOF, name)
		_, err = io.ReadAll(plan.Source())
		require.ErrorIs(t, err, io.ErrUnexpectedEOF, name)
	}
	plan, err := splice.New(short, 20, nil, splice.Sequence{Offset: 5, Length: 9, Edits: yielding(nil).Edits})
	require.NoError(t, err)
	n, err := plan.ReadAt(make([]byte, 20), 0)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	require.Equal(t, 5, n, "bytes that no edit was asked about are not returned")
}

func TestSourceErrorIsKept(t *testing.T) {
	plan, err := splice.New(failing{}, 20, nil)
	require.NoError(t, err)
	_, err = plan.WriteTo(io.Discard)
	require.ErrorIs(t, err, errDisk)
	_, err = plan.ReadAt(make([]byte, 4), 3)
	require.ErrorIs(t, err, errDisk)
}

var errDisk = errors.New("disk on fire")

type failing struct{}

func (failing) ReadAt([]byte, int64) (int, error) { return 0, errDisk }

// A full takes left bytes, then fails with err, or without a word.
type full struct {
	left int
	err  error
}

func (f *full) Write(b []byte) (int, error) {
	n := min(len(b), f.left)
	f.left -= n
	if n < len(b) {
		return n, f.err
	}
	return n, nil
}

func TestWriteErrors(t *testing.T) {
	x := splice.Edit{Offset: 3, Delete: 2, Insert: strings.NewReader("xx")}
	plan, err := splice.New(strings.NewReader("0123456789"), 10, []splice.Edit{{Offset: 1, Insert: strings.NewReader("ab")}}, yielding(nil, x))
	require.NoError(t, err)
	for left := range int(plan.Size()) {
		n, err := plan.WriteTo(&full{left, errDisk})
		require.ErrorIs(t, err, errDisk)
		require.EqualValues(t, left, n)
		n, err = plan.WriteTo(&full{left, nil})
		require.ErrorIs(t, err, io.ErrShortWrite)
		require.EqualValues(t, left, n)
	}
}

func TestReadAtNegativeOffset(t *testing.T) {
	_, err := newPlan(t, "abc", nil).ReadAt(make([]byte, 1), -1)
	require.Error(t, err)
}

func TestConcurrentReads(t *testing.T) {
	m := newMaker(t, 7)
	r := m.plan(3)
	var readers sync.WaitGroup
	for range 8 {
		readers.Go(func() {
			for off := range r.output {
				b := make([]byte, min(30, len(r.output)-off))
				n, err := r.plan.ReadAt(b, int64(off))
				if err != nil || !bytes.Equal(b[:n], r.output[off:off+len(b)]) {
					t.Errorf("read at %d: %v", off, err)
					return
				}
			}
			var out bytes.Buffer
			if _, err := r.plan.WriteTo(&out); err != nil || !bytes.Equal(out.Bytes(), r.output) {
				t.Errorf("copy: %v", err)
			}
		})
	}
	readers.Wait()
}

func newPlan(t testing.TB, source string, edits []splice.Edit) *splice.Plan {
	t.Helper()
	plan, err := splice.New(strings.NewReader(source), int64(len(source)), edits)
	require.NoError(t, err)
	return plan
}

func read(t testing.TB, plan *splice.Plan) string {
	t.Helper()
	b, err := io.ReadAll(plan.Source())
	require.NoError(t, err)
	return string(b)
}

// TestMoves: as Map, whatever the edits.
func TestMoves(t *testing.T) {
	edits := []splice.Edit{
		{Offset: 2, Insert: strings.NewReader("ab")}, {Offset: 2, Delete: 3}, {Offset: 5, Insert: strings.NewReader("c")},
		{Offset: 9, Delete: 2, Insert: strings.NewReader("defg")}, {Offset: 11, Delete: 1},
	}
	m := splice.NewMoves(edits)
	for off := range int64(15) {
		pos, kept := splice.Map(edits, off)
		gotPos, gotKept := m.Map(off)
		require.Equal(t, pos, gotPos, off)
		require.Equal(t, kept, gotKept, off)
	}
	pos, kept := splice.NewMoves(nil).Map(3)
	require.Equal(t, int64(3), pos)
	require.True(t, kept)
}
