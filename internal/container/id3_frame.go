package container

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"
)

// Frames with a slot (id3.org: id3v2.4.0-frames and its forerunners): user
// texts, texts, comments, XMP in PRIV, C2PA stores in GEOB.

// The text encodings of ID3v2.
const (
	id3Latin1  = 0
	id3UTF16   = 1 // with a byte order mark
	id3UTF16BE = 2
	id3UTF8    = 3
)

// c2paPrefixSize bounds what stands before the store in its GEOB frame: media
// type, file name, description.
const c2paPrefixSize = 4 << 10

// Flags of a frame, from its second flag byte.
const (
	id3Compressed3, id3Encrypted3, id3Grouped3 = 0x80, 0x40, 0x20
	id3Compressed4, id3Encrypted4, id3Grouped4 = 0x08, 0x04, 0x40
	id3FrameUnsync, id3LengthIndicator         = 0x02, 0x01
)

// list adds the slot of a frame that has one.
func (t *id3Tag) list(l *Layout, f id3Frame) error {
	if err := l.full(); err != nil {
		return err
	}
	if t.major == 3 && f.flags[1]&id3Encrypted3 != 0 || t.major == 4 && f.flags[1]&id3Encrypted4 != 0 {
		return nil
	}
	switch id := f.name(); {
	case id == "PRIV":
		return t.listXMP(l, &f)
	case id == "GEOB" || id == "GEO":
		return t.listC2PA(l, &f)
	case id == "CHAP":
		t.listChapter(&f)
	case id == "SEEK":
		return t.listSeek(&f)
	case id[0] == 'T', id == "COMM", id == "COM":
		return t.listText(l, &f)
	}
	return nil
}

// name returns the identifier without the padding of old iTunes.
func (f *id3Frame) name() string { return strings.TrimRight(f.id, "\x00 ") }

// described reports whether the frame's text has a description.
func (f *id3Frame) described() bool {
	return strings.HasPrefix(f.id, "TXX") || strings.HasPrefix(f.id, "COM")
}

// An id3Content is the decoded data of a frame.
type id3Content struct {
	data     []byte
	at       Range  // the bytes that hold it
	encoding string // how they do
}

// part returns the bytes that hold n bytes of the data from i on.
func (c id3Content) part(i, n int) []Range {
	if c.encoding != "" {
		return []Range{c.at}
	}
	return []Range{{c.at.Offset + int64(i), int64(n)}}
}

// content decodes the data of a frame, only its first n bytes if they are
// stored as is.
func (t *id3Tag) content(f *id3Frame, n int64) (c id3Content, err error) {
	c.at = f.data
	extra, compressed, unsync := t.extras(f)
	if !compressed && !unsync {
		c.at.Length = min(c.at.Length, n+int64(extra))
	}
	if c.data, err = t.src.Bytes(c.at.Offset, c.at.Length, "ID3v2 "+f.name()+" frame"); err != nil {
		return c, err
	}
	if t.unsynchronised() {
		c.resynchronise()
	}
	if len(c.data) < extra {
		return c, &FormatError{Offset: f.Offset, Err: errors.New("ID3v2 frame without its data")}
	}
	c.data = c.data[extra:]
	if t.major == 4 && unsync {
		c.resynchronise()
	}
	if compressed {
		c.encoding = "deflate"
		c.data, err = t.inflate(f, c.data)
	}
	if c.encoding == "" {
		c.at = Range{c.at.Offset + int64(extra), int64(len(c.data))}
	}
	return c, err
}

// resynchronise undoes the unsynchronisation, and notes it if there was any.
func (c *id3Content) resynchronise() {
	n := len(c.data)
	if c.data = resynchronise(c.data); len(c.data) != n {
		c.encoding = "unsync"
	}
}

// extras returns how many bytes of size, encryption method and group stand
// before a frame's data, and how the data is encoded.
func (t *id3Tag) extras(f *id3Frame) (n int, compressed, unsync bool) {
	flags := f.flags[1]
	unsync = t.flags&id3Unsync != 0
	count := func(mask byte, size int) {
		if flags&mask != 0 {
			n += size
		}
	}
	switch t.major {
	case 3:
		compressed = flags&id3Compressed3 != 0
		count(id3Compressed3, 4)
		count(id3Grouped3, 1)
	case 4:
		compressed = flags&id3Compressed4 != 0
		unsync = unsync || flags&id3FrameUnsync != 0
		count(id3Grouped4, 1)
		count(id3LengthIndicator, 4)
	}
	return n, compressed, unsync
}

func (t *id3Tag) inflate(f *id3Frame, b []byte) ([]byte, error) {
	out, err := t.src.Inflate(b, "ID3v2 "+f.name()+" frame")
	if limit := new(LimitError); err != nil && !errors.As(err, &limit) {
		err = &FormatError{Offset: f.Offset, Err: err}
	}
	return out, err
}

// add lists the slot of a frame.
func (t *id3Tag) add(l *Layout, f *id3Frame, s Slot) (err error) {
	if f.slot, err = l.addSlot(s); err == nil {
		t.frames = append(t.frames, *f)
	}
	return err
}

func (t *id3Tag) listText(l *Layout, f *id3Frame) error {
	c, err := t.content(f, f.data.Length)
	if err != nil || len(c.data) == 0 || c.data[0] > id3UTF8 {
		return err
	}
	encoding := c.data[0]
	n, order, ok := f.describe(c.data)
	if !ok {
		return nil
	}
	text := id3Trim(encoding, c.data[n:])
	value, _ := id3Decode(encoding, text, order)
	slot := Slot{Kind: Text, Key: f.name(), Place: "ID3v2 " + f.name(), Value: []byte(value), Encoding: c.encoding, Ranges: c.part(n, len(text))}
	if slot.Encoding == "" && value != string(text) {
		slot.Encoding = id3EncodingName(encoding)
	}
	if f.described() {
		slot.Key = f.description
		slot.Place += " " + f.description
	}
	if f.described() && recordKey(f.description) {
		slot.Kind = Record
		slot.Guide = t.guide && strings.HasPrefix(f.id, "TXX") && f.description == "AIGC" && l.vacant(Record)
	}
	return t.add(l, f, slot)
}

// describe takes the language and the description from the data of a frame that
// has them. It returns where the text begins, and in which byte order if that
// is UTF-16.
func (f *id3Frame) describe(data []byte) (n int, order binary.ByteOrder, ok bool) {
	encoding := data[0]
	n, order = 1, binary.LittleEndian
	if encoding == id3UTF16BE {
		order = binary.BigEndian
	}
	if !f.described() {
		return n, order, true
	}
	if strings.HasPrefix(f.id, "COM") {
		n = min(1+3, len(data))
		f.language = data[1:n]
	}
	text, next := id3String(encoding, data[n:])
	if next < 0 {
		return 0, nil, false
	}
	f.description, order = id3Decode(encoding, text, order)
	return n + next, order, true
}

func (t *id3Tag) listXMP(l *Layout, f *id3Frame) error {
	const owner = "XMP\x00"
	if head, err := t.head(f, len(owner)); err != nil || string(head) != owner {
		return err
	}
	c, err := t.content(f, f.data.Length)
	if err != nil {
		return err
	}
	f.prefix = []byte(owner)
	value := c.data[len(owner):]
	return t.add(l, f, Slot{Kind: XMP, Place: "ID3v2 PRIV XMP", Value: value, Encoding: c.encoding, Ranges: c.part(len(owner), len(value))})
}

// listC2PA lists a manifest store (C2PA 2.3 A.3.4). It stands after the text
// encoding, the media type, the file name and the description.
func (t *id3Tag) listC2PA(l *Layout, f *id3Frame) error {
	head, err := t.head(f, peekSize)
	if err != nil || len(head) == 0 || head[0] > id3UTF8 {
		return err
	}
	mediaType, n := id3String(id3Latin1, head[1:])
	if n < 0 || string(mediaType) != "application/c2pa" && string(mediaType) != "application/x-c2pa-manifest-store" {
		return nil
	}
	c, err := t.content(f, c2paPrefixSize)
	if err != nil {
		return err
	}
	n++
	for range 2 {
		_, next := id3String(head[0], c.data[n:])
		if next < 0 {
			return nil
		}
		n += next
	}
	f.prefix = bytes.Clone(c.data[:n])
	s := Slot{Kind: C2PA, Place: "ID3v2 " + f.name() + " " + string(mediaType), Guide: t.guide && l.vacant(C2PA), Encoding: c.encoding}
	if s.Ranges = c.part(n, 0); s.Encoding == "" {
		s.Ranges[0].Length = f.Offset + f.Length - s.Ranges[0].Offset
	} else {
		s.Value = c.data[n:]
	}
	s.Frame = slices.Clone(s.Ranges) // the reference implementation hashes the header of the frame
	return t.add(l, f, s)
}

// listSeek notes where the next tag is.
func (t *id3Tag) listSeek(f *id3Frame) error {
	c, err := t.content(f, 4)
	if err == nil && len(c.data) == 4 {
		t.seek = t.Offset + t.Length + int64(binary.BigEndian.Uint32(c.data))
	}
	return err
}

// head returns up to n bytes of a frame's data, which hold no 0xFF.
func (t *id3Tag) head(f *id3Frame, n int) ([]byte, error) {
	extra, compressed, _ := t.extras(f)
	if compressed {
		c, err := t.content(f, f.data.Length)
		return c.data[:min(n, len(c.data))], err
	}
	length := min(int64(n), f.data.Length-int64(extra))
	if length <= 0 {
		return nil, nil
	}
	b, err := t.src.Peek(f.data.Offset+int64(extra), int(length))
	return bytes.Clone(b), err
}

// id3String returns the text before the terminator and the position after it,
// -1 if there is none.
func id3String(encoding byte, b []byte) ([]byte, int) {
	if encoding == id3Latin1 || encoding == id3UTF8 {
		if i := bytes.IndexByte(b, 0); i >= 0 {
			return b[:i], i + 1
		}
		return nil, -1
	}
	for i := 0; i+1 < len(b); i += 2 {
		if b[i] == 0 && b[i+1] == 0 {
			return b[:i], i + 2
		}
	}
	return nil, -1
}

// id3Trim cuts the terminators off a text.
func id3Trim(encoding byte, b []byte) []byte {
	if encoding == id3Latin1 || encoding == id3UTF8 {
		return bytes.TrimRight(b, "\x00")
	}
	b = b[:len(b)&^1]
	for len(b) > 1 && b[len(b)-1] == 0 && b[len(b)-2] == 0 {
		b = b[:len(b)-2]
	}
	return b
}

// id3Decode returns a text in UTF-8, and the byte order of UTF-16: a second
// string may lack the mark. Behind the Latin-1 mark many writers put UTF-8,
// which is hardly ever Latin-1 by chance.
func id3Decode(encoding byte, b []byte, order binary.ByteOrder) (string, binary.ByteOrder) {
	switch encoding {
	case id3UTF8:
		return strings.ToValidUTF8(string(b), "\uFFFD"), order
	case id3Latin1:
		if utf8.Valid(b) {
			return string(b), order
		}
		return latin1(b), order
	}
	if len(b) > 1 {
		switch binary.BigEndian.Uint16(b) {
		case 0xFEFF:
			b, order = b[2:], binary.BigEndian
		case 0xFFFE:
			b, order = b[2:], binary.LittleEndian
		}
	}
	return string(decodeUTF16(b, order)), order
}

// latin1 decodes ISO 8859-1.
func latin1(b []byte) string {
	var s strings.Builder
	for _, c := range b {
		s.WriteRune(rune(c))
	}
	return s.String()
}

func id3EncodingName(encoding byte) string {
	switch encoding {
	case id3Latin1:
		return "latin-1"
	case id3UTF8:
		return "utf-8"
	}
	return "utf-16"
}
