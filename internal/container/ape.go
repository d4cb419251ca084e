package container

import (
	"bytes"
	"encoding/binary"
	"errors"

	"github.com/aigclabel/aigclabel/internal/splice"
)

// APEv2 (wiki.hydrogenaud.io, APEv2 specification): an optional header, items
// of size, flags, key and value, and a footer, at the end of an MP3 file.

const (
	apeMagic      = "APETAGEX"
	apeHeaderSize = 32 // of the footer too
	apeHasHeader  = 1 << 31
	apeItemType   = 3 << 1 // bits of an item's flags; 0 is text
)

type apeTag struct {
	Range
	header bool
	size   uint32 // of the items and the footer
	count  uint32
	items  []apeItem
}

// An apeItem is an item that has a slot.
type apeItem struct {
	Range
	value int64 // where the value begins
	slot  int
}

// apeStart returns where the APEv2 tag with the footer b, which ends at end,
// begins; false if it is none.
func apeStart(b []byte, end int64) (int64, bool) {
	if string(b[:8]) != apeMagic || binary.LittleEndian.Uint32(b[8:]) != 2000 {
		return 0, false
	}
	start := end - int64(binary.LittleEndian.Uint32(b[12:]))
	if binary.LittleEndian.Uint32(b[20:])&apeHasHeader != 0 {
		start -= apeHeaderSize
	}
	return start, start >= 0 && start <= end-apeHeaderSize
}

// readAPE walks the tag between start and end and lists its texts.
func (l *Layout) readAPE(src *Source, start, end int64) (*apeTag, error) {
	footer, err := src.Peek(end-apeHeaderSize, apeHeaderSize)
	if err != nil {
		return nil, err
	}
	t := &apeTag{
		Range:  Range{start, end - start},
		size:   binary.LittleEndian.Uint32(footer[12:]),
		count:  binary.LittleEndian.Uint32(footer[16:]),
		header: binary.LittleEndian.Uint32(footer[20:])&apeHasHeader != 0,
	}
	pos := end - int64(t.size)
	for range t.count {
		next, err := t.item(l, src, pos)
		if err != nil {
			return t, l.fail(pos, err)
		}
		pos = next
	}
	if pos != end-apeHeaderSize {
		l.damage(pos, "APEv2 tag: items do not fill it")
	}
	return t, nil
}

// item lists the item at pos, if it is a text, and returns the end of it.
func (t *apeTag) item(l *Layout, src *Source, pos int64) (int64, error) {
	bad := &FormatError{Offset: pos, Err: errors.New("malformed APEv2 item")}
	room := t.Offset + t.Length - apeHeaderSize - pos
	if room < 8+1 {
		return 0, bad
	}
	if err := src.Element(); err != nil {
		return 0, err
	}
	h, err := src.Peek(pos, 8)
	if err != nil {
		return 0, err
	}
	size, flags := int64(binary.LittleEndian.Uint32(h)), binary.LittleEndian.Uint32(h[4:])
	key, err := apeKey(src, pos+8, room-8)
	if err != nil {
		return 0, err
	}
	item := apeItem{value: pos + 8 + int64(len(key)) + 1}
	if item.Range = (Range{pos, item.value - pos + size}); key == "" || item.Length > room {
		return 0, bad
	}
	if flags&apeItemType == 0 {
		err = t.list(l, src, item, key)
	}
	return pos + item.Length, l.fail(pos, err)
}

// apeKey returns the name at pos, "" if no zero ends it within 255 characters.
func apeKey(src *Source, pos, room int64) (string, error) {
	b, err := src.Peek(pos, int(min(peekSize, room)))
	if err == nil && bytes.IndexByte(b, 0) < 0 {
		b, err = src.Bytes(pos, min(255+1, room), "APEv2 key")
	}
	return string(b[:max(bytes.IndexByte(b, 0), 0)]), err
}

func (t *apeTag) list(l *Layout, src *Source, item apeItem, key string) error {
	if err := l.full(); err != nil {
		return err
	}
	size := item.Offset + item.Length - item.value
	value, err := src.Bytes(item.value, size, "APEv2 item")
	if err != nil {
		return err
	}
	kind := Text
	if recordKey(key) {
		kind = Record
	}
	s := Slot{Kind: kind, Key: key, Place: "APEv2 " + key, Value: value, Ranges: []Range{{item.value, size}}}
	if item.slot, err = l.addSlot(s); err == nil {
		t.items = append(t.items, item)
	}
	return err
}

// plan returns the edits that make the changes to the tag's slots. A tag
// without items goes.
func (t *apeTag) plan(l *Layout, changes []Change) ([]splice.Edit, error) {
	var edits []splice.Edit
	count, delta := t.count, int64(0)
	for _, item := range t.items {
		slot := &l.Slots[item.slot]
		c, ok := changed(changes, slot)
		switch {
		case !ok:
		case c.Value == nil:
			count--
			delta -= item.Length
			edits = append(edits, splice.Edit{Offset: item.Offset, Delete: item.Length})
		default:
			size := binary.LittleEndian.AppendUint32(nil, uint32(len(c.Value)))
			old := item.Offset + item.Length - item.value
			delta += int64(len(c.Value)) - old
			edits = append(edits,
				splice.Edit{Offset: item.Offset, Delete: 4, Insert: bytes.NewReader(size)},
				splice.Edit{Offset: item.value, Delete: old, Insert: bytes.NewReader(c.Value)})
		}
	}
	switch size := int64(t.size) + delta; {
	case len(edits) == 0:
		return nil, nil
	case count == 0:
		return []splice.Edit{{Offset: t.Offset, Delete: t.Length}}, nil
	case size > 1<<32-1:
		return nil, &LimitError{What: "size of the APEv2 tag", Limit: 1<<32 - 1}
	default:
		return append(edits, t.resize(uint32(size), count)...), nil
	}
}

// resize returns the edits of the header and the footer.
func (t *apeTag) resize(size, count uint32) []splice.Edit {
	b := binary.LittleEndian.AppendUint32(nil, size)
	b = binary.LittleEndian.AppendUint32(b, count)
	edits := []splice.Edit{{Offset: t.Offset + t.Length - apeHeaderSize + 12, Delete: 8, Insert: bytes.NewReader(b)}}
	if t.header {
		edits = append(edits, splice.Edit{Offset: t.Offset + 12, Delete: 8, Insert: bytes.NewReader(b)})
	}
	return edits
}
