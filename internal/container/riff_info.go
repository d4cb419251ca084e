package container

import (
	"bytes"
	"slices"

	"github.com/aigclabel/aigclabel/internal/splice"
)

// A riffInfo is a LIST chunk of the form INFO: chunks that each hold a text.
type riffInfo struct {
	riffChunk
	count int // chunks in all
	texts []riffText
}

// A riffText is a chunk that has a slot.
type riffText struct {
	riffChunk
	prefix string // of the data, before the text
	slot   int
}

// readInfo lists the texts of a LIST chunk, none unless it is an INFO list.
func (r *riff) readInfo(l *Layout, c riffChunk, guide bool) (*riffInfo, error) {
	info := &riffInfo{riffChunk: c}
	if c.size < 4 {
		return info, nil
	}
	form, err := r.src.Peek(c.data(), 4)
	if err != nil || string(form) != "INFO" {
		return info, err
	}
	return info, r.chunks(l, c.data()+4, c.data()+c.size, func(c riffChunk) error {
		info.count++
		if err := l.full(); err != nil {
			return err
		}
		slot := Slot{Kind: Text, Key: c.id, Place: "RIFF LIST/INFO " + printable(c.id)}
		if recordKey(c.id) {
			slot.Kind = Record
			slot.Guide = guide && c.id == "AIGC" && l.vacant(Record)
		}
		text, err := r.list(l, c, slot)
		if err == nil {
			info.texts = append(info.texts, text)
		}
		return err
	})
}

// list lists a chunk whose data is a text that may end with zeros.
func (r *riff) list(l *Layout, c riffChunk, s Slot) (riffText, error) {
	return r.listBehind(l, c, "", s)
}

// listBehind is list for data that has a prefix before the text.
func (r *riff) listBehind(l *Layout, c riffChunk, prefix string, s Slot) (riffText, error) {
	skip := int64(len(prefix))
	b, err := r.src.Bytes(c.data()+skip, c.size-skip, s.Place)
	if err != nil {
		return riffText{}, err
	}
	s.Value = bytes.TrimRight(b, "\x00")
	s.Ranges = []Range{{c.data() + skip, int64(len(s.Value))}}
	i, err := l.addSlot(s)
	return riffText{c, prefix, i}, err
}

// plan returns the edits that make the change to the text's slot: of the whole
// chunk, with the number of zeros behind the text.
func (t riffText) plan(l *Layout, changes []Change, terminator string) []splice.Edit {
	slot := &l.Slots[t.slot]
	c, ok := changed(changes, slot)
	switch {
	case !ok:
		return nil
	case c.Value == nil:
		return []splice.Edit{{Offset: t.offset, Delete: t.length}}
	}
	b := t.encode(slices.Concat([]byte(t.prefix), c.Value, []byte(terminator)))
	return []splice.Edit{{Offset: t.offset, Delete: t.length, Insert: bytes.NewReader(b)}}
}

// plan returns the edits that make the changes to the texts of the list. A list
// without texts goes.
func (i *riffInfo) plan(l *Layout, changes []Change) ([]splice.Edit, error) {
	return i.grow(l, changes, nil)
}

// grow is plan for a list that also gets more chunks.
func (i *riffInfo) grow(l *Layout, changes []Change, more []byte) ([]splice.Edit, error) {
	var edits []splice.Edit
	left := i.count + len(more)
	for _, t := range i.texts {
		e := t.plan(l, changes, "\x00")
		if len(e) > 0 && e[0].Insert == nil {
			left--
		}
		edits = append(edits, e...)
	}
	if len(more) > 0 {
		pad := make([]byte, i.size&1) // that the last chunk lacks
		edits = append(edits, splice.Edit{Offset: i.data() + i.size, Insert: bytes.NewReader(append(pad, more...))})
	}
	switch {
	case len(edits) == 0:
		return nil, nil
	case left == 0:
		return []splice.Edit{{Offset: i.offset, Delete: i.length}}, nil
	}
	size, err := i.resize(growth(edits...))
	return append(edits, size...), err
}
