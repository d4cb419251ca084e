package container

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"

	"github.com/aigclabel/aigclabel/internal/splice"
)

// CAF (Apple, Core Audio Format Specification 1.0): chunks of identifier, 64-bit
// size and data, without padding. No guide names a place for the record. Ours is
// the key AIGC of the info chunk, which holds pairs of strings. No chunk states a
// position in the file, and the edit count of the data chunk counts edits of the
// sound: a label is none.

const (
	cafHeaderSize = 8
	cafOverhead   = 4 + 8 // of a chunk: identifier and size
)

type cafFile struct {
	Layout
	src    *Source
	infos  []*cafInfo
	last   cafChunk // the one before the one that is walked
	desc   bool     // there is a desc chunk
	data   cafChunk // the first data chunk, of length 0 if there is none
	filler cafChunk // a free chunk before it
}

type cafChunk struct {
	id     string
	offset int64
	size   int64 // of the data, as far as the file goes
}

func (c cafChunk) start() int64  { return c.offset + cafOverhead }
func (c cafChunk) end() int64    { return c.start() + c.size }
func (c cafChunk) length() int64 { return cafOverhead + c.size }

// A cafInfo is an info chunk: a count, and as many pairs of strings, each ended
// by a zero.
type cafInfo struct {
	cafChunk
	filler  cafChunk // a free chunk beside it
	count   uint32
	strings int64 // where the pairs end
	pairs   []cafPair
}

// A cafPair is a key and a value that has a slot.
type cafPair struct {
	Range       // of both, with their zeros
	value int64 // where the value begins
	slot  int
}

// CAF walks a Core Audio Format file.
func CAF(src *Source) (File, error) {
	f := &cafFile{src: src}
	return f, f.fail(src.Size(), f.walk())
}

func (f *cafFile) walk() error {
	h, err := f.src.Peek(0, cafHeaderSize)
	if err != nil {
		return err
	}
	if string(h[:6]) != "caff\x00\x01" {
		return &FormatError{Offset: 0, Err: errors.New("no CAF header of version 1")}
	}
	for pos := int64(cafHeaderSize); pos < f.src.Size(); {
		c, err := f.header(pos)
		if err == nil {
			err = f.fail(pos, f.chunk(c))
		}
		if err != nil {
			return err
		}
		f.last = c
		pos = c.end()
	}
	if !f.desc || f.data.offset == 0 {
		f.damage(f.src.Size(), "no desc or no data chunk")
	}
	return nil
}

// header reads the header of the chunk at pos. The data chunk of a stream has the
// size -1 and takes the rest of the file.
func (f *cafFile) header(pos int64) (cafChunk, error) {
	if err := f.src.Element(); err != nil {
		return cafChunk{}, err
	}
	h, err := f.src.Peek(pos, cafOverhead)
	if err != nil {
		return cafChunk{}, err
	}
	c := cafChunk{id: string(h[:4]), offset: pos, size: int64(binary.BigEndian.Uint64(h[4:]))}
	room := f.src.Size() - c.start()
	switch {
	case c.size == -1 && c.id == "data":
		c.size = room
	case c.size < 0 || c.size > room:
		f.damage(pos, "CAF %s chunk reaches past the end of the file", printable(c.id))
		c.size = room
	}
	return c, nil
}

func (f *cafFile) chunk(c cafChunk) error {
	switch c.id {
	case "desc":
		f.desc = true
	case "data":
		if f.data.offset > 0 {
			return nil
		}
		f.data = c
		if f.last.id == "free" {
			f.filler = f.last
		}
	case "free":
		if len(f.infos) == 1 && f.last.offset == f.infos[0].offset && f.infos[0].filler.offset == 0 {
			f.infos[0].filler = c
		}
	case "info":
		return f.info(c)
	}
	return nil
}

// info lists the pairs of an info chunk. Only the first chunk grows into what is
// free beside it.
func (f *cafFile) info(c cafChunk) error {
	info := &cafInfo{cafChunk: c, strings: c.end()}
	if len(f.infos) == 0 && f.last.id == "free" {
		info.filler = f.last
	}
	b, err := f.src.Bytes(c.start(), c.size, "CAF info chunk")
	if err != nil {
		return err
	}
	if len(b) < 4 {
		return &FormatError{Offset: c.offset, Err: errors.New("CAF info chunk without a count")}
	}
	info.count = binary.BigEndian.Uint32(b)
	guide := len(f.infos) == 0
	f.infos = append(f.infos, info)
	pos := 4
	for range info.count {
		key, rest, _ := bytes.Cut(b[pos:], []byte{0})
		value, _, ok := bytes.Cut(rest, []byte{0})
		if !ok {
			return &FormatError{Offset: c.start() + int64(pos), Err: errors.New("CAF info chunk has fewer strings than it counts")}
		}
		next := pos + len(key) + len(value) + 2
		pair := cafPair{Range: Range{c.start() + int64(pos), int64(next - pos)}, value: c.start() + int64(next-1-len(value))}
		if err := f.pair(info, pair, string(key), value, guide); err != nil {
			return err
		}
		pos = next
	}
	info.strings = c.start() + int64(pos)
	return nil
}

func (f *cafFile) pair(info *cafInfo, p cafPair, key string, value []byte, guide bool) error {
	s := Slot{Kind: Text, Key: key, Place: "CAF info " + key, Value: value, Ranges: []Range{{p.value, int64(len(value))}}}
	if recordKey(key) {
		s.Kind = Record
		s.Guide = guide && key == "AIGC" && f.vacant(Record)
	}
	i, err := f.addSlot(s)
	if err == nil {
		p.slot = i
		info.pairs = append(info.pairs, p)
	}
	return err
}

// Plan implements [File]. New values go into the first info chunk, or into a new
// one before the sound. Content Credentials have no place in this format.
func (f *cafFile) Plan(changes []Change) (*splice.Plan, error) {
	var added []byte
	count := uint32(0)
	for _, c := range additions(changes) {
		if c.Kind != Record {
			return nil, ErrNoPlace
		}
		added = slices.Concat(added, []byte("AIGC\x00"), c.Value, []byte{0})
		count++
	}
	if slices.ContainsFunc(changes, func(c Change) bool { return bytes.IndexByte(c.Value, 0) >= 0 }) {
		return nil, errors.New("text for a CAF info chunk must have no zeros")
	}
	var edits []splice.Edit
	if count > 0 && len(f.infos) == 0 {
		edits = f.newInfo(binary.BigEndian.AppendUint32(nil, count), added)
	}
	for i, info := range f.infos {
		if i > 0 {
			added, count = nil, 0
		}
		edits = append(edits, info.plan(&f.Layout, changes, added, count)...)
	}
	return splice.New(f.src.ReaderAt(), f.src.Size(), edits)
}

// newInfo returns the edits that add an info chunk before the sound.
func (f *cafFile) newInfo(count, pairs []byte) []splice.Edit {
	b := binary.BigEndian.AppendUint64([]byte("info"), uint64(len(count)+len(pairs)))
	b = slices.Concat(b, count, pairs)
	edits := f.filler.absorb(int64(len(b)))
	return append(edits, splice.Edit{Offset: f.data.offset, Insert: bytes.NewReader(b)})
}

// plan returns the edits that make the changes to the pairs and add more of them.
// A chunk without pairs goes.
func (i *cafInfo) plan(l *Layout, changes []Change, added []byte, count uint32) []splice.Edit {
	var edits []splice.Edit
	left := i.count + count
	for _, p := range i.pairs {
		c, ok := changed(changes, &l.Slots[p.slot])
		switch {
		case !ok:
		case c.Value == nil:
			left--
			edits = append(edits, splice.Edit{Offset: p.Offset, Delete: p.Length})
		default:
			edits = append(edits, splice.Edit{Offset: p.value, Delete: p.Offset + p.Length - 1 - p.value, Insert: bytes.NewReader(c.Value)})
		}
	}
	if count > 0 {
		edits = append(edits, splice.Edit{Offset: i.strings, Insert: bytes.NewReader(added)})
	}
	switch {
	case len(edits) == 0:
		return nil
	case left == 0:
		edits = []splice.Edit{{Offset: i.offset, Delete: i.length()}}
	default:
		size := i.size + growth(edits...)
		edits = append(edits, i.state(size), splice.Edit{Offset: i.start(), Delete: 4, Insert: bytes.NewReader(binary.BigEndian.AppendUint32(nil, left))})
	}
	return append(edits, i.filler.absorb(growth(edits...))...)
}

// state returns the edit that makes the chunk's header state another size.
func (c cafChunk) state(size int64) splice.Edit {
	return splice.Edit{Offset: c.offset + 4, Delete: 8, Insert: bytes.NewReader(binary.BigEndian.AppendUint64(nil, uint64(size)))}
}

// absorb returns the edits that shorten a free chunk by n bytes or lengthen it, so
// that what follows stays where it is; none if it cannot be that short.
func (c cafChunk) absorb(n int64) []splice.Edit {
	switch rest := c.length() - n; {
	case c.offset == 0 || n == 0 || rest < cafOverhead && rest != 0:
		return nil
	case rest == 0:
		return []splice.Edit{{Offset: c.offset, Delete: c.length()}}
	case n < 0:
		return []splice.Edit{c.state(c.size - n), {Offset: c.end(), Insert: bytes.NewReader(make([]byte, -n))}}
	default:
		return []splice.Edit{c.state(c.size - n), {Offset: c.end() - n, Delete: n}}
	}
}
