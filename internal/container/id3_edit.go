package container

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
	"unicode/utf8"

	"github.com/aigclabel/aigclabel/internal/splice"
)

// id3Padding is what a tag that must grow gets, so that the next edit does not
// move the audio.
const id3Padding = 1 << 10

// errID3Text reports a text that no ID3v2 frame can hold.
var errID3Text = errors.New("text for ID3v2 must be UTF-8 without zeros")

// planID3 returns the edits that make the changes to the slots of tags, and the
// additions in the tag at the head of the file. Where there is none a new one
// repeats what an ID3v1 tag says.
func planID3(l *Layout, tags []*id3Tag, v1 []byte, changes, additions []Change) ([]splice.Edit, error) {
	var edits []splice.Edit
	if len(additions) > 0 && (len(tags) == 0 || tags[0].Offset > 0) {
		tag, err := newID3(additions, v1)
		if err != nil {
			return nil, err
		}
		edits = append(edits, splice.Edit{Insert: bytes.NewReader(tag)})
		additions = nil
	}
	for _, t := range tags {
		plan := t.plan
		if t.flags&id3Unsync != 0 && t.getsStore(l, changes, additions) {
			plan = t.planSynchronised
		}
		e, err := plan(l, changes, additions)
		if err != nil {
			return nil, err
		}
		edits = append(edits, e...)
		additions = nil
	}
	return edits, nil
}

// An id3Edit collects the edits of one tag.
type id3Edit struct {
	*id3Tag
	edits []splice.Edit
	delta int64 // growth of what stands before the padding
	left  int   // frames
}

// plan returns the edits that make the changes to the tag's own slots and the
// additions. New frames stand before the others, so that a large picture does
// not hide a label from readers of the file's head. A tag without frames goes.
func (t *id3Tag) plan(l *Layout, changes, additions []Change) ([]splice.Edit, error) {
	e := &id3Edit{id3Tag: t, left: t.count}
	for _, c := range additions {
		b, err := t.newFrame(c.Kind, c.Value)
		if err != nil {
			return nil, err
		}
		e.left++
		e.replace(t.first, 0, b)
	}
	for i := range t.frames {
		if err := e.change(l, &t.frames[i], changes); err != nil {
			return nil, err
		}
	}
	switch {
	case len(e.edits) == 0:
		return nil, nil
	case e.left == 0:
		return []splice.Edit{{Offset: t.Offset, Delete: t.Length}}, nil
	}
	e.fixSizes()
	e.dropChecksum()
	return e.edits, e.resize()
}

// fixSizes makes the sizes syncsafe that are not: what an edit puts behind a frame
// could be taken for its end.
func (e *id3Edit) fixSizes() {
	asked := e.edits
	for _, f := range e.plain {
		gone := func(edit splice.Edit) bool { return edit.Offset == f.Offset && edit.Delete > 0 }
		if !slices.ContainsFunc(asked, gone) {
			e.replace(f.Offset+4, 4, appendSyncsafe(nil, f.Length))
		}
	}
}

// replace replaces stored bytes before the padding.
func (e *id3Edit) replace(off, n int64, b []byte) {
	e.edits = append(e.edits, splice.Edit{Offset: off, Delete: n, Insert: bytes.NewReader(b)})
	e.delta += int64(len(b)) - n
}

func (e *id3Edit) change(l *Layout, f *id3Frame, changes []Change) error {
	slot := &l.Slots[f.slot]
	c, ok := changed(changes, slot)
	switch {
	case !ok:
		return nil
	case c.Value == nil:
		e.left--
		e.replace(f.Offset, f.Length, nil)
		return nil
	}
	b, err := e.encode(f, c.Value)
	if err == nil {
		e.replace(f.Offset, f.Length, b)
	}
	return err
}

// dropChecksum removes the CRC that the edits make stale. In 2.3 the extended
// header, which holds nothing else but the size of the padding, goes with it.
func (e *id3Edit) dropChecksum() {
	start := e.Offset + id3HeaderSize
	switch {
	case e.flags&id3Extended == 0:
	case e.major == 3:
		e.replace(start, e.first-start, nil)
	case e.crc.Length > 0:
		size := e.first - start - e.crc.Length
		e.replace(start, 4, appendSyncsafe(nil, size))
		e.replace(start+5, 1, []byte{e.extendedFlags &^ id3CRC})
		e.replace(e.crc.Offset, e.crc.Length, nil)
	}
}

// resize takes the growth from the padding, or enlarges the tag, and states the
// new size in the header and the footer. With a footer there is no padding.
func (e *id3Edit) resize() error {
	padding := e.end - e.padding
	switch {
	case e.footer():
	case e.delta <= 0:
		e.replace(e.padding, 0, make([]byte, -e.delta))
	case e.delta <= padding && e.src.zeros(e.padding, min(e.delta+1, padding)): // a zero ends the frames
		e.replace(e.padding, e.delta, nil)
	default:
		e.replace(e.padding, 0, make([]byte, max(id3Padding-padding, 0)))
	}
	size := e.end - e.Offset - id3HeaderSize + e.delta
	if size >= id3MaxSize {
		return &LimitError{What: "size of the ID3v2 tag", Limit: id3MaxSize - 1}
	}
	flags := e.flags
	if e.major == 3 {
		flags &^= id3Extended
	}
	header := appendSyncsafe([]byte{flags}, size)
	e.edits = append(e.edits, splice.Edit{Offset: e.Offset + 5, Delete: 5, Insert: bytes.NewReader(header)})
	if e.footer() {
		e.edits = append(e.edits, splice.Edit{Offset: e.end + 5, Delete: 5, Insert: bytes.NewReader(header)})
	}
	return nil
}

// newID3 returns a new tag, which repeats what an ID3v1 tag says. Version 2.4 has
// UTF-8, so that any record stands in it as it is; it is what ffmpeg and the C2PA
// tools write.
func newID3(additions []Change, v1 []byte) ([]byte, error) {
	t := &id3Tag{major: 4}
	var frames []byte
	for _, c := range additions {
		b, err := t.newFrame(c.Kind, c.Value)
		if err != nil {
			return nil, err
		}
		frames = append(frames, b...)
	}
	old, err := t.fromID3v1(v1)
	if err != nil {
		return nil, err
	}
	frames = append(frames, old...)
	size := int64(len(frames)) + id3Padding
	if size >= id3MaxSize {
		return nil, &LimitError{What: "size of the ID3v2 tag", Limit: id3MaxSize - 1}
	}
	b := appendSyncsafe([]byte("ID3\x04\x00\x00"), size)
	return append(append(b, frames...), make([]byte, id3Padding)...), nil
}

// newFrame returns a frame in the format's own place for kind.
func (t *id3Tag) newFrame(kind Kind, value []byte) ([]byte, error) {
	f := &id3Frame{id: "TXXX", description: "AIGC"}
	switch kind {
	case Record:
	case C2PA: // C2PA 2.3 A.3.4
		f = &id3Frame{id: "GEOB", prefix: []byte("\x00application/c2pa\x00c2pa\x00c2pa manifest store\x00")}
	default:
		return nil, ErrNoPlace
	}
	f.id = f.id[:t.idSize()]
	return t.encode(f, value)
}

// encode returns the frame f with another value, as it is stored. It keeps the
// status flags, and drops compression and the group, which players stumble over.
func (t *id3Tag) encode(f *id3Frame, value []byte) ([]byte, error) {
	data := slices.Concat(f.prefix, value)
	if f.prefix == nil {
		var err error
		if data, err = t.text(f, value); err != nil {
			return nil, err
		}
	}
	flags := [2]byte{f.flags[0], 0}
	if t.major == 4 && t.flags&id3Unsync != 0 {
		flags[1] = id3FrameUnsync
		data = unsynchronise(data)
	}
	id := f.id
	if f.name() == "TXX" {
		id = "TXXX"[:t.idSize()] // ExifTool does not know the padded name
	}
	b, err := t.appendFrameHeader([]byte(id), len(data), flags)
	if err != nil {
		return nil, err
	}
	b = append(b, data...)
	if t.unsynchronised() {
		b = unsynchronise(b)
	}
	return b, nil
}

func (t *id3Tag) appendFrameHeader(b []byte, size int, flags [2]byte) ([]byte, error) {
	limit := id3MaxSize
	if t.major == 2 {
		limit = 1 << 24
	}
	if size >= limit {
		return nil, &LimitError{What: "size of the ID3v2 frame", Limit: int64(limit - 1)}
	}
	switch {
	case t.major == 2:
		return append(b, byte(size>>16), byte(size>>8), byte(size)), nil
	case t.major == 3:
		b = binary.BigEndian.AppendUint32(b, uint32(size))
	default:
		b = appendSyncsafe(b, int64(size))
	}
	return append(b, flags[:]...), nil
}

// text returns the data of a text frame: in UTF-8 where the version has it,
// else in Latin-1 if it is ASCII, else in UTF-16.
func (t *id3Tag) text(f *id3Frame, value []byte) ([]byte, error) {
	if !utf8.Valid(value) || bytes.IndexByte(value, 0) >= 0 {
		return nil, errID3Text
	}
	encoding := byte(id3UTF16)
	switch {
	case t.major == 4:
		encoding = id3UTF8
	case isASCII([]byte(f.description)) && isASCII(value):
		encoding = id3Latin1
	}
	b := append([]byte{encoding}, f.language...)
	if f.described() {
		b = appendID3String(b, encoding, f.description)
		if b = append(b, 0); encoding == id3UTF16 {
			b = append(b, 0)
		}
	}
	return appendID3String(b, encoding, string(value)), nil
}

// appendID3String appends s without a terminator.
func appendID3String(b []byte, encoding byte, s string) []byte {
	if encoding != id3UTF16 {
		return append(b, s...)
	}
	return appendUTF16(append(b, 0xFF, 0xFE), s, binary.LittleEndian)
}
