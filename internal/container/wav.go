package container

import (
	"bytes"
	"errors"

	"github.com/aigclabel/aigclabel/internal/splice"
)

// WAV, RF64, BW64 and RIFX: RIFF of the form WAVE. The guide's place is an AIGC chunk
// anywhere in it. A new one goes before the data chunk: files that were streamed
// have no end to trust, and it is the head of the file that must be labelled.

type wavFile struct {
	Layout
	riff   *riff
	parts  []wavPart
	insert *wavText // the empty place of a new record, nil if the walk did not get there
}

// A wavPart is a chunk with slots.
type wavPart interface {
	plan(l *Layout, changes []Change) ([]splice.Edit, error)
}

// A wavText is a chunk with one slot, or the place for it. It grows into the
// filler before it.
type wavText struct {
	riffText
	filler riffChunk
}

// WAV walks a WAV, RF64, BW64 or RIFX file.
func WAV(src *Source) (File, error) {
	f := &wavFile{}
	return f, f.fail(src.Size(), f.walk(src))
}

func (f *wavFile) walk(src *Source) error {
	form, ok, err := RIFFForm(src)
	if err != nil {
		return err
	}
	if !ok || form != "WAVE" {
		return &FormatError{Offset: 0, Err: errors.New("no RIFF header of the form WAVE")}
	}
	if f.riff, err = f.readRIFF(src); err != nil {
		return err
	}
	var last riffChunk
	err = f.riff.chunks(&f.Layout, riffHeaderSize, f.riff.end, func(c riffChunk) error {
		filler := last
		if last = c; !wavFiller(filler) {
			filler = riffChunk{}
		}
		return f.chunk(c, filler)
	})
	if err == nil && f.insert == nil {
		f.damage(f.riff.end, "no data chunk")
	}
	return err
}

// wavFiller reports whether c is there to be used up. The first chunk may be
// reserved for ds64.
func wavFiller(c riffChunk) bool {
	return c.offset > riffHeaderSize && (c.id == "JUNK" || c.id == "FLLR" || c.id == "PAD ")
}

func (f *wavFile) chunk(c, filler riffChunk) error {
	switch {
	case c.id == "data" && f.insert == nil:
		f.insert = &wavText{riffText{riffChunk: riffChunk{id: "AIGC", offset: c.offset, big: c.big}}, filler}
	case c.id == "LIST":
		info, err := f.riff.readInfo(&f.Layout, c, false)
		if len(info.texts) > 0 {
			f.parts = append(f.parts, info)
		}
		return err
	case c.id == "id3 " || c.id == "ID3 ":
		tag, err := f.riff.readTag(&f.Layout, c, false)
		if tag != nil && len(tag.tag.frames) > 0 {
			f.parts = append(f.parts, tag)
		}
		return err
	case c.id == "C2PA":
		slot := c.storeSlot("RIFF C2PA", f.vacant(C2PA))
		i, err := f.addSlot(slot)
		if err == nil {
			f.parts = append(f.parts, wavText{riffText: riffText{riffChunk: c, slot: i}})
		}
		return err
	case c.id == "_PMX":
		return f.text(c, filler, Slot{Kind: XMP, Place: "RIFF _PMX"})
	case recordKey(c.id):
		guide := c.id == "AIGC" && f.vacant(Record)
		return f.text(c, filler, Slot{Kind: Record, Key: c.id, Place: "RIFF " + printable(c.id), Guide: guide})
	}
	return nil
}

func (f *wavFile) text(c, filler riffChunk, s Slot) error {
	t, err := f.riff.list(&f.Layout, c, s)
	if err == nil {
		f.parts = append(f.parts, wavText{t, filler})
	}
	return err
}

// Plan implements [File]. A store of Content Credentials that is added comes
// last; one that is there hashes the file and is broken by any other change.
func (f *wavFile) Plan(changes []Change) (*splice.Plan, error) {
	var edits []splice.Edit
	for _, p := range f.parts {
		e, err := p.plan(&f.Layout, changes)
		if err != nil {
			return nil, err
		}
		edits = append(edits, e...)
	}
	for _, c := range changes {
		if c.Slot != nil || c.Value == nil {
			continue
		}
		var err error
		if edits, err = f.add(edits, c); err != nil {
			return nil, err
		}
	}
	outer, err := f.riff.resize(growth(edits...))
	if err != nil {
		return nil, err
	}
	return splice.New(f.riff.src.ReaderAt(), f.riff.src.Size(), append(edits, outer...))
}

// add adds the edits that put a value in the format's own place.
func (f *wavFile) add(edits []splice.Edit, c Change) ([]splice.Edit, error) {
	switch {
	case c.Kind == Record && f.insert != nil:
		return append(edits, f.insert.fill(c.Value)...), nil
	case c.Kind == C2PA && f.insert != nil && !f.riff.open:
		return f.riff.appendChunk(edits, "C2PA", c.Value), nil
	}
	return nil, ErrNoPlace
}

func (t wavText) plan(l *Layout, changes []Change) ([]splice.Edit, error) {
	edits := t.riffText.plan(l, changes, "")
	if len(edits) == 0 {
		return nil, nil
	}
	return append(edits, t.filler.absorb(growth(edits...))...), nil
}

// fill returns the edits that put a value in an empty place.
func (t *wavText) fill(value []byte) []splice.Edit {
	chunk := t.encode(value)
	edits := t.filler.absorb(int64(len(chunk)))
	return append(edits, splice.Edit{Offset: t.offset, Insert: bytes.NewReader(chunk)})
}

// absorb returns the edits that shorten a filler by n bytes or lengthen it, so
// that what follows stays where it is; none if it cannot be that short.
func (c riffChunk) absorb(n int64) []splice.Edit {
	rest := c.length - n
	switch {
	case c.length == 0 || n&1 == 1 || rest < 0 || rest > 0 && rest < chunkOverhead || rest > riffMaxSize:
		return nil
	case rest == 0:
		return []splice.Edit{{Offset: c.offset, Delete: c.length}}
	case n < 0:
		return []splice.Edit{c.state(rest - chunkOverhead), {Offset: c.end(), Insert: bytes.NewReader(make([]byte, -n))}}
	}
	return []splice.Edit{c.state(rest - chunkOverhead), {Offset: c.end() - n, Delete: n}}
}
