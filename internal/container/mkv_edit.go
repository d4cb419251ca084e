package container

import (
	"bytes"
	"cmp"
	"errors"
	"maps"
	"slices"
	"sort"

	"github.com/aigclabel/aigclabel/internal/splice"
)

// A mkvPlan collects edits of a Segment.
type mkvPlan struct {
	file    *mkvFile
	segment *mkvSegment
	src     *Source               // with limits of its own
	parents map[int64]ebmlElement // children of the Segment that change
	values  map[int64][]byte      // new bodies of elements, by offset; nil: the element goes
	extra   map[int64][]byte      // more at the end of elements, by offset
	touched []int64               // the offsets of values and extra, in order
	gone    map[int64]bool        // Tags elements that are no more, by offset
	insert  []byte                // a Tags element to add
	at      int64                 // where it goes
	from    int64                 // where it comes from; 0: it is new
	near    int64                 // behind the last edit that is before the first Cluster
	edits   []splice.Edit

	// relative, if set, returns where in its Cluster a block stands after moves.
	relative func(m mkvMoves, cluster, at uint64) uint64
}

// Plan implements [File]. A new record goes into the Tags element before the
// first Cluster. One that stands behind the Clusters moves there with its other
// tags, since readers know one Tags element only, or only the head of a file. It
// takes the room of a Void element; if there is none, the Clusters move, and SeekHead, Cues and the Position of each
// Cluster follow. A Position that outgrows its field, and the CRC-32 of a Cluster
// or Segment, become Void. What is nested in a SimpleTag goes with it.
func (f *mkvFile) Plan(changes []Change) (*splice.Plan, error) {
	var edits []splice.Edit
	var lazy []splice.Sequence
	for i, s := range f.segments {
		p, err := f.ask(s, changes, i == 0)
		if err != nil {
			return nil, err
		}
		if len(p.edits) == 0 && p.insert == nil {
			continue
		}
		m, err := p.follow()
		if err != nil {
			return nil, err
		}
		edits = append(edits, m.edits...)
		edits = append(edits, s.resize(m.total())...)
		lazy = append(lazy, m.sequences()...)
	}
	return splice.New(f.src.ReaderAt(), f.src.Size(), edits, lazy...)
}

// ask returns the edits that the changes ask for themselves.
func (f *mkvFile) ask(s *mkvSegment, changes []Change, first bool) (*mkvPlan, error) {
	p := &mkvPlan{file: f, segment: s, src: NewSource(f.src.ReaderAt(), f.src.Size(), f.src.Limits),
		parents: map[int64]ebmlElement{}, values: map[int64][]byte{}, extra: map[int64][]byte{}, gone: map[int64]bool{}}
	for i, v := range f.values {
		c, ok := changed(changes, &f.Slots[i])
		switch {
		case !ok || v.segment != s:
			continue
		case c.Value == nil && v.item.header > 0:
			p.values[v.item.offset] = nil
		default:
			p.values[v.body.offset] = append([]byte{}, c.Value...)
			if f.Slots[i].Guide && v.parent.offset == s.tags[0].offset && s.tags[0].late {
				p.from = v.parent.offset
			}
		}
		p.parents[v.parent.offset] = v.parent
	}
	for _, c := range changes {
		if c.Slot != nil || c.Value == nil {
			continue
		}
		if c.Kind != Record {
			return nil, ErrNoPlace
		}
		if first {
			p.add(c.Value)
		}
	}
	p.touched = slices.Sorted(maps.Keys(p.values))
	p.touched = append(p.touched, slices.Collect(maps.Keys(p.extra))...)
	slices.Sort(p.touched)
	return p, p.rewrite()
}

// add puts a record into the Tags element of the Segment, or into a new one.
func (p *mkvPlan) add(value []byte) {
	simple := ebmlEncode(idSimpleTag, ebmlEncode(idTagName, []byte("AIGC")), ebmlEncode(idTagString, value))
	tag := ebmlEncode(idTag, ebmlEncode(idTargets), simple)
	if len(p.segment.tags) == 0 {
		p.insert = ebmlEncode(idTags, tag)
		return
	}
	tags := p.segment.tags[0]
	p.parents[tags.offset] = tags.ebmlElement
	if tags.whole != nil {
		p.extra[tags.whole.offset] = simple
	} else {
		p.extra[tags.offset] = tag
	}
	if tags.late {
		p.from = tags.offset
	}
}

// rewrite adds the edits of the children of the Segment that change.
func (p *mkvPlan) rewrite() error {
	for _, off := range slices.Sorted(maps.Keys(p.parents)) {
		e := p.parents[off]
		old, err := p.src.Bytes(e.offset, e.length(), "Tags element")
		if err != nil {
			return err
		}
		content, err := ebmlRewrite(old, e.offset, p.visit)
		if err != nil {
			return err
		}
		if off == p.from {
			p.insert, content = content, nil
		} else if len(content) == 0 {
			p.gone[off] = true
		}
		p.edits = append(p.edits, difference(old, content, off)...)
		if p.segment.cluster != nil && off < p.segment.cluster.offset {
			p.near = e.end()
		}
	}
	return nil
}

// difference returns the edit that makes b of a, which stands at off.
func difference(a, b []byte, off int64) []splice.Edit {
	if bytes.Equal(a, b) {
		return nil
	}
	start := 0
	for start < min(len(a), len(b)) && a[start] == b[start] {
		start++
	}
	a, b = a[start:], b[start:]
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	return []splice.Edit{{Offset: off + int64(start), Delete: int64(len(a)), Insert: bytes.NewReader(b)}}
}

// visit makes the changes in Info and Tags.
func (p *mkvPlan) visit(e ebmlElement, body []byte) ([]byte, bool, error) {
	if value, ok := p.values[e.offset]; ok {
		return value, true, nil
	}
	if i, _ := slices.BinarySearch(p.touched, e.offset); i == len(p.touched) || p.touched[i] >= e.end() {
		return nil, false, nil
	}
	out, err := ebmlRewrite(body, e.body(), p.visit)
	if err != nil {
		return nil, false, err
	}
	out = ebmlChecksum(slices.Concat(out, p.extra[e.offset]))
	if e.id == idTag && !ebmlHas(out, idSimpleTag) || e.id == idTags && !ebmlHas(out, idTag) {
		return nil, true, nil
	}
	return out, true, nil
}

// ebmlHas reports whether the body of a master has a child of that kind.
func ebmlHas(body []byte, id uint32) bool {
	for e, err := range ebmlElements(body, 0) {
		if err == nil && e.id == id {
			return true
		}
	}
	return false
}

// follow returns the edits of the whole Segment: the Void elements and the
// positions after those of the plan. The ones decide the others, so they are
// looked for until they agree.
func (p *mkvPlan) follow() (mkvMoves, error) {
	x, err := p.scan()
	if err != nil {
		return mkvMoves{}, err
	}
	p.place(x)
	m := newMoves(x, p.edits)
	for round := range mkvRounds {
		least := 0
		if round > mkvRounds/2 {
			least = 8 // bytes of a position: it grows no more
		}
		edits, err := x.rewrite(p, m, least)
		if err != nil {
			return m, err
		}
		next := newMoves(x, append(edits, x.absorb(p, edits)...))
		if slices.EqualFunc(m.edits, next.edits, sameExtent) {
			return next, nil
		}
		m = next
	}
	return m, &FormatError{Offset: p.segment.offset, Err: errors.New("no layout in which all positions are right")}
}

const mkvRounds = 12

// sameExtent reports whether two edits move what follows alike.
func sameExtent(a, b splice.Edit) bool {
	return a.Offset == b.Offset && a.Delete == b.Delete && growth(a) == growth(b)
}

// place chooses where a new Tags element goes: before the last Void that has room
// for it, else before the first Cluster.
func (p *mkvPlan) place(x *mkvIndex) {
	if p.insert == nil {
		return
	}
	p.at = x.segment.end()
	if x.segment.cluster != nil {
		p.at = x.segment.cluster.offset
	}
	for _, v := range x.segment.voids {
		if v.length() >= int64(len(p.insert)) {
			p.at = v.offset
		}
	}
	p.near = p.at
	p.edits = append(p.edits, splice.Edit{Offset: p.at, Insert: bytes.NewReader(p.insert)})
}

// resize returns the edit of the size of the Segment, which may need a longer
// field. Positions count from behind it.
func (s *mkvSegment) resize(delta int64) []splice.Edit {
	const id = 4
	if s.open || delta == 0 {
		return nil
	}
	field := ebmlSize(s.size+delta, int(s.header)-id)
	return []splice.Edit{{Offset: s.offset + id, Delete: s.header - id, Insert: bytes.NewReader(field)}}
}

// mkvMoves are edits of a Segment in order, and where bytes stand after them.
type mkvMoves struct {
	index *mkvIndex
	edits []splice.Edit
	sums  []int64 // of what the edits before each one add
}

func newMoves(x *mkvIndex, edits []splice.Edit) mkvMoves {
	m := mkvMoves{index: x, edits: slices.Clone(edits), sums: make([]int64, len(edits)+1)}
	slices.SortStableFunc(m.edits, func(a, b splice.Edit) int { // as a splice.Plan
		return cmp.Or(cmp.Compare(a.Offset, b.Offset), cmp.Compare(min(a.Delete, 1), min(b.Delete, 1)))
	})
	for i, e := range m.edits {
		m.sums[i+1] = m.sums[i] + growth(e)
	}
	return m
}

// total returns by how much the Segment grows.
func (m mkvMoves) total() int64 { return m.sums[len(m.edits)] }

// before returns by how much the edits before off move it.
func (m mkvMoves) before(off int64) int64 {
	return m.sums[sort.Search(len(m.edits), func(i int) bool { return m.edits[i].Offset >= off })]
}

// to returns where the element at off stands.
func (m mkvMoves) to(off int64) int64 {
	i := sort.Search(len(m.edits), func(i int) bool { return m.edits[i].Offset > off || m.edits[i].Offset == off && m.edits[i].Delete > 0 })
	return off + m.sums[i]
}
