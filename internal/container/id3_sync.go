package container

import (
	"bytes"
	"errors"
	"slices"

	"github.com/aigclabel/aigclabel/internal/splice"
)

// Tags without the unsynchronisation scheme. The length of an unsynchronised
// C2PA store depends on its bytes, and signing must know it before them: a tag
// that gets one is written anew, as today's players read it all the same.

// getsStore reports whether the changes put a C2PA store into the tag.
func (t *id3Tag) getsStore(l *Layout, changes, additions []Change) bool {
	if slices.ContainsFunc(additions, func(c Change) bool { return c.Kind == C2PA }) {
		return true
	}
	return slices.ContainsFunc(t.frames, func(f id3Frame) bool {
		c, ok := changed(changes, &l.Slots[f.slot])
		return ok && c.Value != nil && l.Slots[f.slot].Kind == C2PA
	})
}

// planSynchronised plans like [id3Tag.plan] for the tag without the scheme, which
// takes the place of the tag.
func (t *id3Tag) planSynchronised(l *Layout, changes, additions []Change) ([]splice.Edit, error) {
	b, err := t.synchronised()
	if err != nil {
		return nil, err
	}
	src, plain := NewSource(bytes.NewReader(b), int64(len(b)), t.src.Limits), &Layout{}
	tag, err := plain.readID3(src, 0, src.Size(), t.guide)
	if err != nil {
		return nil, err
	}
	if tag == nil || plain.Damage != nil || len(tag.frames) != len(t.frames) {
		return nil, &FormatError{Offset: t.Offset, Err: errors.New("unsynchronised ID3v2 tag is ambiguous")}
	}
	var own []Change
	for i := range t.frames {
		if c, ok := changed(changes, &l.Slots[t.frames[i].slot]); ok {
			c.Slot = &plain.Slots[tag.frames[i].slot]
			own = append(own, c)
		}
	}
	edits, err := tag.plan(plain, own, additions)
	if err != nil {
		return nil, err
	}
	plan, err := splice.New(src.ReaderAt(), src.Size(), edits)
	return []splice.Edit{{Offset: t.Offset, Delete: t.Length, Insert: plan}}, err
}

// synchronised returns the tag without the scheme.
func (t *id3Tag) synchronised() ([]byte, error) {
	c := *t
	c.src, c.plain = t.src.afresh(), nil
	body, err := c.plainBody()
	if err != nil {
		return nil, err
	}
	b, err := c.src.Bytes(t.Offset, id3HeaderSize, "ID3v2 header")
	if err != nil {
		return nil, err
	}
	b = append(b[:5:5], t.flags&^id3Unsync)
	size := appendSyncsafe(nil, int64(len(body)))
	b = slices.Concat(b, size, body)
	if t.footer() {
		b = slices.Concat(b, []byte("3DI"), b[3:6], size)
	}
	return b, nil
}

// plainBody returns what follows the header of the tag, without the scheme.
func (t *id3Tag) plainBody() ([]byte, error) {
	start := t.Offset + id3HeaderSize
	if t.stored != nil {
		stored, err := t.src.Bytes(start, t.end-start, "unsynchronised ID3v2 tag")
		return resynchronise(stored), err
	}
	body, err := t.src.Bytes(start, t.first-start, "ID3v2 extended header")
	if err != nil {
		return nil, err
	}
	body = slices.Clip(body) // it may be of the file's head, which is not ours to write into
	for pos := t.first; pos < t.padding; {
		f, ok, err := t.frame(pos)
		if err != nil || !ok {
			return nil, err
		}
		if body, err = t.appendPlain(body, &f); err != nil {
			return nil, err
		}
		pos += f.Length
	}
	return append(body, make([]byte, t.end-t.padding)...), nil
}

// appendPlain appends a frame of 2.4 without the scheme.
func (t *id3Tag) appendPlain(b []byte, f *id3Frame) ([]byte, error) {
	data, err := t.src.Bytes(f.data.Offset, f.data.Length, "ID3v2 "+f.name()+" frame")
	if err != nil {
		return nil, err
	}
	extra, _, unsync := t.extras(f)
	if extra = min(extra, len(data)); unsync {
		data = slices.Concat(data[:extra], resynchronise(data[extra:]))
	}
	flags := [2]byte{f.flags[0], f.flags[1] &^ id3FrameUnsync}
	b, err = t.appendFrameHeader(append(b, f.id...), len(data), flags)
	return append(b, data...), err
}
