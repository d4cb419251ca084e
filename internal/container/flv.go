package container

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"slices"

	"github.com/aigclabel/aigclabel/internal/splice"
)

// FLV (Adobe Flash Video File Format Specification 10.1, annex E): a header, and
// tags of type, size, time and data, each followed by its size. The guide's place
// is the property AIGC of the script tag onMetaData.

const (
	flvHeaderSize = 9
	flvTagHeader  = 11
	flvSizeField  = 4 // PreviousTagSize
	flvScriptTag  = 18
	flvMaxData    = 1<<24 - 1

	// flvHeadTags is among how many tags script tags are looked for: they come
	// before the media, which has a tag for each frame.
	flvHeadTags = 256
)

type flvFile struct {
	Layout
	src     *Source
	first   int64 // tag
	scripts []*flvScript
	values  []flvValue // of Slots, by index
}

// A flvTag is a tag of a file.
type flvTag struct {
	offset, size int64 // size of the data
	kind         byte
}

func (t flvTag) data() int64 { return t.offset + flvTagHeader }
func (t flvTag) end() int64  { return t.data() + t.size }

// A flvScript is a script tag.
type flvScript struct {
	flvTag
	name    string
	object  amfValue // of the properties
	numbers []Range  // values that are positions in the file
	total   int64    // where the value is that is the size of the file; 0: nowhere
}

// A flvValue is a property that has a slot.
type flvValue struct {
	script *flvScript
	amfValue
}

// FLV walks a Flash Video file. It looks for script tags before the media, and at
// the end of the file.
func FLV(src *Source) (File, error) {
	f := &flvFile{src: src}
	return f, f.fail(src.Size(), f.walk())
}

func (f *flvFile) walk() error {
	h, err := f.src.Peek(0, flvHeaderSize)
	if err != nil {
		return err
	}
	if string(h[:3]) != "FLV" {
		return &FormatError{Offset: 0, Err: errors.New("no FLV header")}
	}
	f.first = max(int64(binary.BigEndian.Uint32(h[5:])), flvHeaderSize) + flvSizeField
	whole, err := f.whole()
	if err != nil {
		return err
	}
	pos := f.first
	for n := 0; pos < f.src.Size() && (n < flvHeadTags || !whole); n++ {
		t, err := f.tag(pos)
		if err != nil {
			return err
		}
		if t.kind == flvScriptTag && n < flvHeadTags {
			if err := f.fail(pos, f.script(t)); err != nil {
				return err
			}
		}
		pos = t.end() + flvSizeField
	}
	if pos > f.src.Size() || f.first >= f.src.Size() {
		f.damage(f.src.Size(), "%w", errTruncated)
	}
	return nil
}

// tag reads the header of the tag at pos.
func (f *flvFile) tag(pos int64) (flvTag, error) {
	if err := f.src.Element(); err != nil {
		return flvTag{}, err
	}
	h, err := f.src.Peek(pos, flvTagHeader)
	if err != nil {
		return flvTag{}, err
	}
	return flvTag{offset: pos, kind: h[0], size: int64(readUint(h[1:4]))}, nil
}

// whole reports whether the file ends with a tag and its size. Otherwise it is
// cut, or one of those whose sizes are wrong.
func (f *flvFile) whole() (bool, error) {
	end := f.src.Size() - flvSizeField
	if end < f.first+flvTagHeader {
		return false, nil
	}
	h, err := f.src.Peek(end, flvSizeField)
	if err != nil {
		return false, err
	}
	size := int64(binary.BigEndian.Uint32(h))
	if size < flvTagHeader || size > end-f.first {
		return false, nil
	}
	t, err := f.tag(end - size)
	return err == nil && t.end() == end, err
}

// script lists the texts of a script tag.
func (f *flvFile) script(t flvTag) error {
	data, err := f.src.Bytes(t.data(), min(t.size, f.src.Size()-t.data()), "FLV script tag")
	if err != nil {
		return err
	}
	s := &flvScript{flvTag: t}
	r := newAMFReader(data, f.src.Depth, func(p *amfValue) error { return f.property(s, p) })
	for r.pos < len(data) && data[r.pos] == amfText && err == nil {
		var name amfValue
		err = r.value(&name)
		if s.name = string(name.text); s.name != "@setDataFrame" { // of a recorded stream
			break
		}
	}
	if err == nil && s.name != "" && r.pos < len(data) {
		f.scripts = append(f.scripts, s)
		err = r.value(&s.object)
	}
	if errors.Is(err, errAMF) {
		err = &FormatError{Offset: t.data() + int64(r.pos), Err: err}
	}
	return err
}

// property lists a property of a script tag, or notes that it is a position.
func (f *flvFile) property(s *flvScript, p *amfValue) error {
	at := s.data() + int64(p.from)
	switch {
	case p.kind == amfText || p.kind == amfLong:
		return f.text(s, p)
	case s.name != "onMetaData":
	case p.kind == amfNumber && p.depth == 1 && p.key == "filesize":
		s.total = at
	case p.kind == amfNumber && p.depth == 1 && p.key == "lastkeyframelocation":
		s.numbers = append(s.numbers, Range{at, amfNumberSize})
	case p.kind == amfStrict && p.parent == "keyframes" && p.key == "filepositions" && int64(p.to-p.from) == 5+amfNumberSize*p.members:
		s.numbers = append(s.numbers, Range{at + 5, amfNumberSize * p.members})
	}
	return nil
}

// text lists a text property. Adobe's programs keep XMP in onXMPData.
func (f *flvFile) text(s *flvScript, p *amfValue) error {
	slot := Slot{Kind: Text, Key: p.key, Place: "FLV " + printable(s.name) + " " + p.key, Value: p.text}
	switch {
	case recordKey(p.key):
		slot.Kind = Record
		slot.Guide = s.name == "onMetaData" && p.depth == 1 && p.key == "AIGC" && f.vacant(Record)
	case s.name == "onXMPData" && p.key == "liveXML":
		slot.Kind, slot.Guide = XMP, f.vacant(XMP)
	}
	slot.Ranges = []Range{{s.data() + int64(p.to-len(p.text)), int64(len(p.text))}}
	_, err := f.addSlot(slot)
	if err == nil {
		f.values = append(f.values, flvValue{s, *p})
	}
	return err
}

// Plan implements [File]. A new record goes into the first onMetaData tag, which
// comes first in the file if there is none. Positions in it follow.
func (f *flvFile) Plan(changes []Change) (*splice.Plan, error) {
	p := &flvPlan{file: f}
	for _, s := range f.scripts {
		if err := p.script(s, changes); err != nil {
			return nil, err
		}
	}
	if err := p.add(changes); err != nil {
		return nil, err
	}
	if total := growth(p.edits...); total != 0 {
		for _, s := range f.scripts {
			if err := p.positions(s, total); err != nil {
				return nil, err
			}
		}
	}
	return splice.New(f.src.ReaderAt(), f.src.Size(), p.edits)
}

// A flvPlan collects edits.
type flvPlan struct {
	file  *flvFile
	edits []splice.Edit
	moves []flvMove
}

// A flvMove moves everything from a position on.
type flvMove struct{ at, by int64 }

func (p *flvPlan) put(off, n int64, b []byte) {
	p.edits = append(p.edits, splice.Edit{Offset: off, Delete: n, Insert: bytes.NewReader(b)})
}

// home returns the script tag for new records, nil if there is none.
func (f *flvFile) home() *flvScript {
	i := slices.IndexFunc(f.scripts, func(s *flvScript) bool {
		return s.name == "onMetaData" && (s.object.kind == amfObject || s.object.kind == amfECMA)
	})
	if i < 0 {
		return nil
	}
	return f.scripts[i]
}

// script makes the changes in a script tag.
func (p *flvPlan) script(s *flvScript, changes []Change) error {
	first, members := len(p.edits), s.object.members
	for i, v := range p.file.values {
		c, ok := changed(changes, &p.file.Slots[i])
		switch {
		case !ok || v.script != s || c.Value != nil && bytes.Equal(c.Value, v.text):
		case c.Value == nil:
			p.put(s.data()+int64(v.at), int64(v.to-v.at), nil)
			if v.depth == 1 {
				members--
			}
		default:
			p.put(s.data()+int64(v.from), int64(v.to-v.from), appendAMFText(nil, c.Value))
		}
	}
	for _, c := range changes {
		if c.Slot == nil && c.Kind == Record && c.Value != nil && s == p.file.home() {
			p.put(s.data()+int64(s.object.last), 0, appendAMFText(appendAMFName(nil, "AIGC"), c.Value))
			members++
		}
	}
	if len(p.edits) == first {
		return nil
	}
	if s.object.kind == amfECMA && s.object.count == s.object.members { // else it is a hint
		p.put(s.data()+int64(s.object.from)+1, 4, binary.BigEndian.AppendUint32(nil, uint32(members)))
	}
	return p.resize(s, growth(p.edits[first:]...))
}

// resize sets the size of a tag, before and behind its data.
func (p *flvPlan) resize(s *flvScript, by int64) error {
	if s.size+by > flvMaxData {
		return &LimitError{What: "size of an FLV script tag", Limit: flvMaxData}
	}
	h, err := p.file.src.Peek(s.end(), flvSizeField)
	if err != nil {
		return err
	}
	p.put(s.offset+1, 3, appendUint(nil, uint64(s.size+by), 3))
	p.put(s.end(), flvSizeField, binary.BigEndian.AppendUint32(nil, binary.BigEndian.Uint32(h)+uint32(by)))
	p.moves = append(p.moves, flvMove{s.end(), by})
	return nil
}

// add adds what no script tag takes.
func (p *flvPlan) add(changes []Change) error {
	for _, c := range changes {
		switch {
		case c.Slot != nil || c.Value == nil:
		case c.Kind != Record:
			return ErrNoPlace
		case p.file.home() == nil:
			b := append(appendAMFText(nil, []byte("onMetaData")), amfECMA, 0, 0, 0, 1)
			b = append(appendAMFText(appendAMFName(b, "AIGC"), c.Value), 0, 0, amfEnd)
			if len(b) > flvMaxData {
				return &LimitError{What: "size of an FLV script tag", Limit: flvMaxData}
			}
			tag := append(appendUint([]byte{flvScriptTag}, uint64(len(b)), 3), make([]byte, 7)...)
			tag = binary.BigEndian.AppendUint32(append(tag, b...), uint32(flvTagHeader+len(b)))
			p.put(p.file.first, 0, tag)
			p.moves = append(p.moves, flvMove{p.file.first, int64(len(tag))})
		}
	}
	return nil
}

// positions makes the numbers in a script tag follow. What is no position in the
// file stays.
func (p *flvPlan) positions(s *flvScript, total int64) error {
	size := p.file.src.Size()
	if s.total > 0 {
		if err := p.numbers(Range{s.total, amfNumberSize}, func(n int64) int64 {
			if n == size {
				return n + total
			}
			return n
		}); err != nil {
			return err
		}
	}
	for _, r := range s.numbers {
		if err := p.numbers(r, func(n int64) int64 {
			to := n
			for _, m := range p.moves {
				if m.at <= n && n <= size {
					to += m.by
				}
			}
			return to
		}); err != nil {
			return err
		}
	}
	return nil
}

// numbers changes a row of numbers, if it is one.
func (p *flvPlan) numbers(r Range, change func(int64) int64) error {
	b := make([]byte, r.Length)
	if err := p.file.src.readAt(b, r.Offset); err != nil {
		return err
	}
	out := bytes.Clone(b)
	for v := out; len(v) > 0; v = v[amfNumberSize:] {
		if v[0] != amfNumber {
			return nil
		}
		f := math.Float64frombits(binary.BigEndian.Uint64(v[1:]))
		if f >= 0 && f <= 1<<53 && f == math.Trunc(f) {
			binary.BigEndian.PutUint64(v[1:], math.Float64bits(float64(change(int64(f)))))
		}
	}
	p.edits = append(p.edits, difference(b, out, r.Offset)...)
	return nil
}
