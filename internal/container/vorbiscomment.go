package container

import (
	"bytes"
	"encoding/binary"
	"errors"
	"sort"
	"strings"
	"unicode/utf8"

	"github.com/aigclabel/aigclabel/internal/splice"
)

// Vorbis comments (xiph.org, Vorbis I, clause 5; RFC 9639, clause 8.6; RFC 7845,
// clause 5.2): a vendor string, then entries KEY=value in UTF-8, each behind its
// little-endian length. Keys are ASCII in either case, and may repeat. FLAC and
// the codecs of Ogg share them.

const (
	commentKey     = "AIGC="
	commentMaxText = 64 << 10 // a longer text is no name or note
)

// errCommentText reports a text that no Vorbis comment can hold.
var errCommentText = errors.New("text for a Vorbis comment must be UTF-8")

// A fragment is a run of file bytes that continues another one.
type fragment struct {
	Range
	at int64 // how many bytes stand before it
}

// Fragments are the bytes of one packet, in order.
type fragments []fragment

func (f fragments) size() int64 {
	if len(f) == 0 {
		return 0
	}
	last := f[len(f)-1]
	return last.at + last.Length
}

// extend appends n file bytes at off.
func (f fragments) extend(off, n int64) fragments {
	return append(f, fragment{Range{off, n}, f.size()})
}

// offset returns where the byte at off is in the file.
func (f fragments) offset(off int64) int64 {
	i := min(f.find(off), len(f)-1)
	return f[i].Offset + off - f[i].at
}

// find returns the index of the fragment that holds the byte at off.
func (f fragments) find(off int64) int {
	return sort.Search(len(f), func(i int) bool { return f[i].at+f[i].Length > off })
}

// part returns where n bytes from off on are in the file.
func (f fragments) part(off, n int64) []Range {
	if n == 0 {
		return []Range{{f.offset(off), 0}}
	}
	var parts []Range
	for i := f.find(off); i < len(f) && n > 0; i++ {
		skip := off - f[i].at
		length := min(n, f[i].Length-skip)
		parts = append(parts, Range{f[i].Offset + skip, length})
		off += length
		n -= length
	}
	return parts
}

// peek returns n bytes at off, at most 64, valid until the next peek.
func (f fragments) peek(src *Source, off, n int64) ([]byte, error) {
	if i := f.find(off); i < len(f) && n <= f[i].at+f[i].Length-off {
		return src.Peek(f[i].Offset+off-f[i].at, int(n))
	}
	return join(f.part(off, n), func(r Range) ([]byte, error) { return src.Peek(r.Offset, int(r.Length)) })
}

// bytes returns n bytes at off, within the limits of src.
func (f fragments) bytes(src *Source, off, n int64, what string) ([]byte, error) {
	if n > src.Value {
		return nil, &LimitError{What: what, Limit: src.Value}
	}
	parts := f.part(off, n)
	if len(parts) == 1 {
		return src.Bytes(parts[0].Offset, n, what)
	}
	return join(parts, func(r Range) ([]byte, error) { return src.Bytes(r.Offset, r.Length, what) })
}

func join(parts []Range, read func(Range) ([]byte, error)) ([]byte, error) {
	b := []byte{}
	for _, r := range parts {
		piece, err := read(r)
		if err != nil {
			return nil, err
		}
		b = append(b, piece...)
	}
	return b, nil
}

// A commentList is the Vorbis comments in a packet.
type commentList struct {
	src    *Source
	packet fragments
	place  string
	guide  bool
	count  uint32
	first  int64 // where the entries begin, behind their count
	end    int64 // where they end
	listed []commentEntry
}

// A commentEntry is an entry that has a slot, or the vendor string.
type commentEntry struct {
	at, size int64  // of the entry with its length
	key      string // as stored, with the equals sign; "" for the vendor
	slot     int
}

// readComments lists the comments that begin at start in a packet. With guide an
// AIGC entry stands in the guide's place.
func (l *Layout) readComments(src *Source, packet fragments, start int64, place string, guide bool) (*commentList, error) {
	c := &commentList{src: src, packet: packet, place: place, guide: guide}
	return c, c.walk(l, start)
}

func (c *commentList) walk(l *Layout, start int64) error {
	vendor, err := c.length(start)
	if err != nil {
		return err
	}
	if err := l.fail(c.packet.offset(start), c.list(l, commentEntry{at: start, size: vendor})); err != nil {
		return err
	}
	c.first = start + vendor + 4
	if c.first > c.packet.size() {
		return c.malformed(start)
	}
	b, err := c.packet.peek(c.src, c.first-4, 4)
	if err != nil {
		return err
	}
	c.count = binary.LittleEndian.Uint32(b)
	c.end = c.first
	for range c.count {
		if err := c.src.Element(); err != nil {
			return err
		}
		size, err := c.length(c.end)
		if err != nil {
			return err
		}
		if err := l.fail(c.packet.offset(c.end), c.entry(l, commentEntry{at: c.end, size: size})); err != nil {
			return err
		}
		c.end += size
	}
	return nil
}

// length returns the size of the entry at pos, with the four bytes that state it.
func (c *commentList) length(pos int64) (int64, error) {
	room := c.packet.size() - pos - 4
	if room < 0 {
		return 0, c.malformed(pos)
	}
	b, err := c.packet.peek(c.src, pos, 4)
	if err != nil {
		return 0, err
	}
	n := int64(binary.LittleEndian.Uint32(b))
	if n > room {
		return 0, c.malformed(pos)
	}
	return 4 + n, nil
}

func (c *commentList) malformed(pos int64) error {
	return &FormatError{Offset: c.packet.offset(pos), Err: errors.New("malformed Vorbis comments")}
}

// entry lists an entry of a key and a value. Pictures are left where they are.
func (c *commentList) entry(l *Layout, e commentEntry) error {
	if err := l.full(); err != nil {
		return err
	}
	head, err := c.packet.peek(c.src, e.at+4, min(e.size-4, peekSize))
	if err != nil {
		return err
	}
	n := bytes.IndexByte(head, '=')
	if n < 1 {
		return nil
	}
	e.key = string(head[:n+1])
	switch strings.ToUpper(e.key) {
	case "METADATA_BLOCK_PICTURE=", "COVERART=":
		return nil
	}
	return c.list(l, e)
}

func (c *commentList) list(l *Layout, e commentEntry) error {
	s := Slot{Kind: Text, Key: strings.TrimSuffix(e.key, "=")}
	if e.key == "" {
		s.Key = "vendor"
	}
	s.Place = c.place + " " + s.Key
	if recordKey(strings.ToUpper(e.key)) {
		s.Kind = Record
		s.Guide = c.guide && strings.EqualFold(e.key, commentKey) && l.vacant(Record)
	}
	skip := 4 + int64(len(e.key))
	size := e.size - skip
	if e.key == "" && size == 0 || s.Kind == Text && size > commentMaxText {
		return nil
	}
	var err error
	if s.Value, err = c.packet.bytes(c.src, e.at+skip, size, s.Place); err != nil {
		return err
	}
	s.Ranges = c.packet.part(e.at+skip, size)
	if e.slot, err = l.addSlot(s); err == nil {
		c.listed = append(c.listed, e)
	}
	return err
}

// plan returns the edits of the packet that make the changes to the comments'
// own slots and the additions. A new entry stands before the others, so that a
// large picture does not hide a label from readers of the file's head.
func (c *commentList) plan(l *Layout, changes, additions []Change) ([]splice.Edit, error) {
	var edits []splice.Edit
	count := c.count
	for _, a := range additions {
		b, err := appendComment(nil, commentKey, a.Value)
		if err != nil {
			return nil, err
		}
		count++
		edits = append(edits, splice.Edit{Offset: c.first, Insert: bytes.NewReader(b)})
	}
	for _, e := range c.listed {
		change, ok := changed(changes, &l.Slots[e.slot])
		switch {
		case !ok:
		case change.Value == nil && e.key != "":
			count--
			edits = append(edits, splice.Edit{Offset: e.at, Delete: e.size})
		default:
			b, err := appendComment(nil, e.key, change.Value)
			if err != nil {
				return nil, err
			}
			edits = append(edits, splice.Edit{Offset: e.at, Delete: e.size, Insert: bytes.NewReader(b)})
		}
	}
	if count != c.count {
		b := binary.LittleEndian.AppendUint32(nil, count)
		edits = append(edits, splice.Edit{Offset: c.first - 4, Delete: 4, Insert: bytes.NewReader(b)})
	}
	return edits, nil
}

// appendComment appends an entry to b.
func appendComment(b []byte, key string, value []byte) ([]byte, error) {
	if !utf8.Valid(value) {
		return nil, errCommentText
	}
	b = binary.LittleEndian.AppendUint32(b, uint32(len(key)+len(value)))
	return append(append(b, key...), value...), nil
}

// newComments returns a list of the additions, without a vendor: we encode nothing.
func newComments(additions []Change) ([]byte, error) {
	b := binary.LittleEndian.AppendUint32(make([]byte, 4), uint32(len(additions)))
	for _, a := range additions {
		var err error
		if b, err = appendComment(b, commentKey, a.Value); err != nil {
			return nil, err
		}
	}
	return b, nil
}
