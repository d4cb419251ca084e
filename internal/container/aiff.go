package container

import (
	"bytes"
	"errors"
	"slices"

	"github.com/aigclabel/aigclabel/internal/splice"
)

// AIFF and AIFF-C (Apple, 1989 and 1991): chunks in a FORM. No guide names a place
// for the record. Ours is a TXXX frame AIGC in the chunk "ID3 ", which is where
// taggers keep what the format's own texts do not say. A new chunk goes before the
// sound: no chunk states a position in the file.

type aiffFile struct {
	Layout
	riff   *riff
	tags   []*riffTag
	texts  []riffText
	common bool  // there is a COMM chunk
	insert int64 // where a new chunk goes, 0 for nowhere
}

// AIFF walks an AIFF or AIFF-C file.
func AIFF(src *Source) (File, error) {
	f := &aiffFile{}
	return f, f.fail(src.Size(), f.walk(src))
}

func (f *aiffFile) walk(src *Source) error {
	form, ok, err := RIFFForm(src)
	if err != nil {
		return err
	}
	if !ok || form != "AIFF" && form != "AIFC" {
		return &FormatError{Offset: 0, Err: errors.New("no FORM of the type AIFF or AIFC")}
	}
	if f.riff, err = f.readRIFF(src); err != nil {
		return err
	}
	err = f.riff.chunks(&f.Layout, riffHeaderSize, f.riff.end, f.chunk)
	if err == nil && (!f.common || f.insert == 0) {
		f.damage(f.riff.end, "no COMM or no SSND chunk")
	}
	f.riff.checkSize(&f.Layout)
	return err
}

func (f *aiffFile) chunk(c riffChunk) error {
	switch c.id {
	case "COMM":
		f.common = true
	case "SSND":
		if f.insert == 0 {
			f.insert = c.offset
		}
	case "ID3 ", "id3 ":
		tag, err := f.riff.readTag(&f.Layout, c, len(f.tags) == 0)
		if tag != nil {
			f.tags = append(f.tags, tag)
		}
		return err
	case "NAME", "AUTH", "(c) ", "ANNO":
		return f.text(c, "", Slot{Kind: Text, Key: c.id, Place: "AIFF " + c.id})
	case "APPL":
		return f.application(c)
	default:
		if recordKey(c.id) {
			return f.text(c, "", Slot{Kind: Record, Key: c.id, Place: "AIFF " + printable(c.id)})
		}
	}
	return nil
}

// application lists the XMP packet of a chunk with the signature of XMP.
func (f *aiffFile) application(c riffChunk) error {
	const signature = "XMP "
	if c.size < int64(len(signature)) {
		return nil
	}
	b, err := f.riff.src.Peek(c.data(), len(signature))
	if err != nil || string(b) != signature {
		return err
	}
	return f.text(c, signature, Slot{Kind: XMP, Place: "AIFF APPL XMP"})
}

func (f *aiffFile) text(c riffChunk, prefix string, s Slot) error {
	t, err := f.riff.listBehind(&f.Layout, c, prefix, s)
	if err == nil {
		f.texts = append(f.texts, t)
	}
	return err
}

// Plan implements [File]. Content Credentials have no place in this format.
func (f *aiffFile) Plan(changes []Change) (*splice.Plan, error) {
	added := additions(changes)
	if slices.ContainsFunc(added, func(c Change) bool { return c.Kind != Record }) {
		return nil, ErrNoPlace
	}
	edits, err := f.planTags(changes, added)
	if err != nil {
		return nil, err
	}
	for _, t := range f.texts {
		edits = append(edits, t.plan(&f.Layout, changes, "")...)
	}
	outer, err := f.riff.resize(growth(edits...))
	if err != nil {
		return nil, err
	}
	return splice.New(f.riff.src.ReaderAt(), f.riff.src.Size(), append(edits, outer...))
}

// planTags returns the edits of the tags. What is added goes into the first one,
// or into a new one.
func (f *aiffFile) planTags(changes, added []Change) ([]splice.Edit, error) {
	var edits []splice.Edit
	if len(added) > 0 && len(f.tags) == 0 {
		tag, err := newID3(added, nil)
		if err != nil {
			return nil, err
		}
		chunk := riffChunk{id: "ID3 ", big: true}.encode(tag)
		edits = append(edits, splice.Edit{Offset: f.insert, Insert: bytes.NewReader(chunk)})
	}
	for i, t := range f.tags {
		if i > 0 {
			added = nil
		}
		e, err := t.grow(&f.Layout, changes, added)
		if err != nil {
			return nil, err
		}
		edits = append(edits, e...)
	}
	return edits, nil
}
