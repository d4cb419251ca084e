package container

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/aigclabel/aigclabel/internal/splice"
)

// A bmffPlan collects edits of the box tree. Sizes of the boxes around them,
// free space and offset tables follow from them.
type bmffPlan struct {
	src   *Source
	edits []splice.Edit
	grown map[int64]bmffGrowth // of each box around an edit, by its offset
	items *heifLocations       // an iloc box that the edits replace
}

// A bmffGrowth is by how much a box grows.
type bmffGrowth struct {
	box *bmffBox
	n   int64
}

// Plan implements [File]. A new record goes into moov.udta.meta, beside an
// iTunes list if there is one. Where moov.meta has keys already, as in the
// movies of cameras, it becomes one more of those: readers such as ffmpeg know
// one list of keys in a file, and would give a second one the wrong names. New
// XMP goes into moov.udta.XMP_ of a QuickTime file and into a uuid box after
// moov otherwise; a new C2PA store after ftyp, or moov in a file without. Free space beside the edit gives
// way, so that media stays where it is.
func (f *bmffFile) Plan(changes []Change) (*splice.Plan, error) {
	return f.plan(func() (*bmffPlan, error) {
		p, err := f.edit(changes)
		if err != nil {
			return nil, err
		}
		return p, f.insert(p, changes)
	})
}

// plan returns the plan of the edits that edit returns, and of what follows from
// them. Edit is called again if the first edits do not do.
func (f *bmffFile) plan(edit func() (*bmffPlan, error)) (*splice.Plan, error) {
	p, err := edit()
	if err != nil {
		return nil, err
	}
	if len(p.edits) > 0 {
		if b := f.opaque; b != nil {
			return nil, &FormatError{Offset: b.offset, Err: fmt.Errorf("%s box: its offsets cannot be followed", printable(b.kind))}
		}
		if p, err = p.follow(edit); err != nil {
			return nil, err
		}
	}
	return splice.New(f.src.ReaderAt(), f.src.Size(), p.edits)
}

// follow makes sizes, free space and offset tables follow the edits.
func (p *bmffPlan) follow(edit func() (*bmffPlan, error)) (*bmffPlan, error) {
	s, err := scanBMFF(p)
	if err != nil {
		return nil, err
	}
	if err := p.absorb(s); err != nil {
		return nil, err
	}
	moves, err := p.moves()
	if err != nil {
		return nil, err
	}
	wider, err := s.widen(moves)
	if err != nil {
		return nil, err
	}
	if wider { // once more, with the tables that grow
		if p, err = edit(); err != nil {
			return nil, err
		}
		p.widen(s)
		if err := p.absorb(s); err != nil {
			return nil, err
		}
	}
	if err := p.sizes(); err != nil {
		return nil, err
	}
	return p, p.offsets(s)
}

// edit returns a plan with the edits of the slots that are in boxes of their own.
func (f *bmffFile) edit(changes []Change) (*bmffPlan, error) {
	p := &bmffPlan{src: f.src.afresh(), grown: map[int64]bmffGrowth{}}
	for i, v := range f.values {
		c, ok := changed(changes, &f.Slots[i])
		switch {
		case !ok || v.box == nil:
		case c.Value == nil:
			p.replace(v.item.parent, v.item.offset, v.item.size, nil)
		default:
			if err := p.rewrite(v, c.Value); err != nil {
				return nil, err
			}
		}
	}
	return p, nil
}

// rewrite puts another value into a slot.
func (p *bmffPlan) rewrite(v bmffValue, value []byte) error {
	if v.frame != nil {
		if v.limit > 0 && int64(len(value)) > v.limit {
			return &LimitError{What: "length of a " + printable(v.box.kind) + " box", Limit: v.limit}
		}
		value = v.frame(value)
	}
	in := v.box
	if v.bytes.Offset == in.offset { // the value is the box
		in = in.parent
	}
	p.replace(in, v.bytes.Offset, v.bytes.Length, bytes.NewReader(value))
	return nil
}

// replace adds an edit inside a box, or between the boxes of the root.
func (p *bmffPlan) replace(in *bmffBox, off, n int64, content splice.Content) {
	e := splice.Edit{Offset: off, Delete: n, Insert: content}
	if content == nil && n == 0 {
		return
	}
	p.edits = append(p.edits, e)
	for b := in; b != nil; b = b.parent {
		p.grown[b.offset] = bmffGrowth{b, p.grown[b.offset].n + growth(e)}
	}
}

// insert adds new values. Edits at one position come from the inside out.
func (f *bmffFile) insert(p *bmffPlan, changes []Change) error {
	var user, store, packet []byte
	for _, c := range changes {
		switch {
		case c.Slot != nil || c.Value == nil:
		case c.Kind == C2PA && (f.ftyp != nil || f.moov != nil):
			store = append(store, bmffEncode("uuid", []byte(uuidC2PA), make([]byte, 4), []byte(c2paHeader), c.Value)...)
		case f.moov == nil || c.Kind != Record && c.Kind != XMP:
			return ErrNoPlace
		case c.Kind == Record && f.mdta != nil:
			p.insertItem(f.mdta, c.Value)
		case c.Kind == Record:
			user = append(user, bmffRecordMeta(c.Value)...)
		case f.brand == "qt  ":
			user = append(user, bmffEncode("XMP_", c.Value)...)
		default:
			packet = append(packet, bmffEncode("uuid", []byte(uuidXMP), c.Value)...)
		}
	}
	switch {
	case user == nil:
	case f.udta == nil:
		p.put(f.moov, f.moov.last, bmffEncode("udta", user))
	default:
		p.put(f.udta, f.udta.last, user)
	}
	p.put(nil, f.after(f.moov), packet)
	p.put(nil, f.after(cmp.Or(f.ftyp, f.moov)), store) // a file must not start with it
	return nil
}

// put inserts bytes, if there are any.
func (p *bmffPlan) put(in *bmffBox, off int64, b []byte) {
	if len(b) > 0 {
		p.replace(in, off, 0, bytes.NewReader(b))
	}
}

// after returns the position behind a box of the root, or before one that has
// no end but the file's.
func (f *bmffFile) after(b *bmffBox) int64 {
	switch {
	case b == nil:
		return 0
	case b.open:
		return b.offset
	}
	return b.end()
}

// insertItem adds a record to a meta box that has keys.
func (p *bmffPlan) insertItem(m *bmffMeta, value []byte) {
	i := m.index()
	if i == 0 {
		i = len(m.names) + 1
		p.replace(m.keys, m.keys.body()+4, 4, bytes.NewReader(uint32Bytes(i)))
		p.put(m.keys, m.keysEnd, bmffEncode("mdta", []byte("AIGC")))
	}
	p.put(m.ilst, m.ilst.last, bmffEncode(string(uint32Bytes(i)), bmffEncode("data", dataText(value))))
}

// bmffRecordMeta returns a meta box with one record.
func bmffRecordMeta(value []byte) []byte {
	return bmffEncode("meta", make([]byte, 4),
		bmffEncode("hdlr", make([]byte, 8), []byte("mdta"), make([]byte, 13)),
		bmffEncode("keys", make([]byte, 4), uint32Bytes(1), bmffEncode("mdta", []byte("AIGC"))),
		bmffEncode("ilst", bmffEncode(string(uint32Bytes(1)), bmffEncode("data", dataText(value)))))
}

// bmffEncode returns a box.
func bmffEncode(kind string, parts ...[]byte) []byte {
	body := slices.Concat(parts...)
	return slices.Concat(uint32Bytes(8+len(body)), []byte(kind), body)
}

func uint32Bytes(n int) []byte { return binary.BigEndian.AppendUint32(nil, uint32(n)) }

// absorb lets free space take up what edits add or remove, so that what follows
// stays in place.
func (p *bmffPlan) absorb(s *bmffScan) error {
	for i := range s.stretches {
		st := &s.stretches[i]
		if n := p.delta(st); n > 0 {
			p.shrinkFree(st, n)
		} else if n < 0 && st.media {
			p.growFree(st, -n)
		}
		if st.fragment && p.delta(st) != 0 {
			return &FormatError{Offset: st.start, Err: errors.New("no space between a fragment and its media")}
		}
	}
	return nil
}

// delta returns by how much the edits move what follows a stretch.
func (p *bmffPlan) delta(st *bmffStretch) (n int64) {
	for _, e := range p.edits {
		if st.holds(e.Offset) {
			n += growth(e)
		}
	}
	return n
}

// shrinkFree takes n bytes from a free box that has them.
func (p *bmffPlan) shrinkFree(st *bmffStretch, n int64) {
	for _, b := range st.frees {
		switch room := b.size - b.header; {
		case n == b.size:
			p.replace(b.parent, b.offset, n, nil)
			return
		case n <= room:
			p.replace(b, b.body(), n, nil)
			return
		}
	}
}

// maxFree is the most free space that a removed value leaves.
const maxFree = 64 << 10

// growFree adds n bytes to a free box, or a free box of n bytes.
func (p *bmffPlan) growFree(st *bmffStretch, n int64) {
	switch {
	case n > maxFree: // better a smaller file
	case len(st.frees) > 0:
		b := st.frees[0]
		p.put(b, b.body(), make([]byte, n))
	case n >= 8:
		p.put(nil, st.end, bmffEncode("free", make([]byte, n-8)))
	}
}

// sizes adds the edits of the size fields of boxes that grew.
func (p *bmffPlan) sizes() error {
	for at, g := range p.grown {
		b := g.box
		if g.n == 0 || b.open {
			continue
		}
		size, field := b.size+g.n, []byte(nil)
		switch {
		case b.header == 16:
			at += 8
			field = binary.BigEndian.AppendUint64(nil, uint64(size))
		case size > math.MaxUint32:
			return &FormatError{Offset: b.offset, Err: fmt.Errorf("%s box outgrows its size field", printable(b.kind))}
		default:
			field = uint32Bytes(int(size))
		}
		p.edits = append(p.edits, splice.Edit{Offset: at, Delete: int64(len(field)), Insert: bytes.NewReader(field)})
	}
	return nil
}

// moves returns the edits after which bytes stand elsewhere, in order.
func (p *bmffPlan) moves() ([]splice.Edit, error) {
	plan, err := splice.New(p.src.ReaderAt(), p.src.Size(), p.edits)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(plan.Edits()), func(e splice.Edit) bool { return growth(e) == 0 }), nil
}
