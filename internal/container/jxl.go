package container

import (
	"bytes"
	"encoding/binary"
	"math"
	"slices"
	"strings"

	"github.com/aigclabel/aigclabel/internal/splice"
)

// JPEG XL, ISO/IEC 18181-2: a codestream in boxes, or a bare one.

const (
	jxlSignature = "\x00\x00\x00\x0cJXL \r\n\x87\n"
	jxlType      = "\x00\x00\x00\x14ftypjxl \x00\x00\x00\x00jxl "
	jxlBare      = "\xff\n" // what a codestream starts with
)

type jxlFile struct {
	bmffFile
	bare   bool
	insert int64 // after ftyp and jxll, before the codestream
	last   bool  // the last part of the codestream is there
	jpeg   bool  // there is what gives back the JPEG file
}

// IsJXL reports whether the file is a JPEG XL codestream, or has one in boxes.
func IsJXL(src *Source) (bool, error) {
	head, err := src.Head(len(jxlSignature))
	return string(head) == jxlSignature || strings.HasPrefix(string(head), jxlBare), err
}

// JXL walks a JPEG XL file. It reads box headers and metadata. Boxes that are
// compressed with Brotli (brob) are not read: one that holds XMP or Exif is
// listed as a limit, so that no second packet is written beside it.
func JXL(src *Source) (File, error) {
	f := &jxlFile{bmffFile: bmffFile{src: src, name: "JXL"}}
	head, err := src.Head(len(jxlSignature))
	switch {
	case err != nil:
		return f, err
	case strings.HasPrefix(string(head), jxlBare):
		f.bare = true
		return f, nil
	case string(head) != jxlSignature:
		f.damage(0, "no JPEG XL signature")
	}
	if err := f.roots(f.root); err != nil {
		return f, err
	}
	switch {
	case f.insert == 0:
		f.damage(int64(len(jxlSignature)), "no ftyp box")
	case !f.last:
		f.damage(src.Size(), "codestream: %w", errTruncated)
	}
	if f.jpeg && slices.ContainsFunc(f.Slots, func(s Slot) bool { return s.Kind == XMP || s.Kind == EXIF }) {
		f.Signed = "JPEG reconstruction data"
	}
	return f, nil
}

// root lists what is in a box of the root.
func (f *jxlFile) root(b bmffBox) error {
	switch b.kind {
	case "ftyp", "jxll":
		f.insert = b.end()
	case "jxlc":
		f.last = true
	case "jxlp":
		r, err := b.fields(f.src, 4)
		f.last = r.uint(4)>>31 > 0
		return err
	case "jbrd":
		f.jpeg = true
	case "xml ":
		return f.xml(b, true)
	case "Exif":
		return f.exif(b)
	case "jumb":
		return f.store(b)
	case "brob":
		r, err := b.fields(f.src, 4)
		if kind := r.code(); kind == "xml " || kind == "Exif" {
			return &LimitError{What: "size of a Brotli-compressed box of type " + strings.TrimSpace(kind), Limit: 0}
		}
		return err
	}
	return nil
}

// xml lists an XML box that holds XMP.
func (f *bmffFile) xml(b bmffBox, guide bool) error {
	head, err := f.src.Peek(b.body(), int(min(peekSize, b.size-b.header)))
	if err != nil {
		return err
	}
	for _, start := range []string{"<?xpacket", "<x:xmpmeta", "<rdf:RDF"} {
		if bytes.Contains(head, []byte(start)) {
			return f.whole(Slot{Kind: XMP, Place: "XMP", Guide: guide}, b, b.body())
		}
	}
	return nil
}

// exif lists an Exif box: the distance to the TIFF structure, then that.
func (f *bmffFile) exif(b bmffBox) error {
	r, err := b.fields(f.src, 4)
	if err != nil {
		return err
	}
	skip := int64(r.uint(4))
	if r.short || skip > b.size-b.header-4 {
		f.damage(b.offset, "Exif box of %d bytes", b.size)
		return nil
	}
	return f.whole(Slot{Kind: EXIF, Guide: true}, b, b.body()+4+skip)
}

// store lists a JUMBF box that is a C2PA manifest store.
func (f *bmffFile) store(b bmffBox) error {
	h, err := f.src.Peek(b.offset, int(min(b.header+12, b.size)))
	if err != nil || !startsStore(h) {
		return err
	}
	if err := f.room(C2PA); err != nil {
		return err
	}
	whole := Range{b.offset, b.size}
	f.add(Slot{Kind: C2PA, Place: f.name + " jumb C2PA", Guide: true, Ranges: []Range{whole}, Frame: []Range{whole}}, bmffValue{box: &b, bytes: whole})
	return nil
}

// Plan implements [File]. A new packet goes into an xml box before the
// codestream, and so does a C2PA store, which is a box. A bare codestream becomes the jxlc box of a new file, and stays in
// boxes when the packet goes. A JPEG file that is kept in the file comes back as
// it was, but not one that had XMP or Exif if that changes: [Layout.Signed].
func (f *jxlFile) Plan(changes []Change) (*splice.Plan, error) {
	if !f.bare {
		return f.planAt(changes, f.insert, jxlBox)
	}
	var boxes []byte
	for _, c := range changes {
		box := jxlBox(c)
		if box == nil {
			return nil, ErrNoPlace
		}
		boxes = append(boxes, box...)
	}
	var edits []splice.Edit
	if boxes != nil {
		head := append([]byte(jxlSignature+jxlType), boxes...)
		edits = append(edits, splice.Edit{Insert: bytes.NewReader(appendBoxHeader(head, "jxlc", f.src.Size()))})
	}
	return splice.New(f.src.ReaderAt(), f.src.Size(), edits)
}

// jxlBox returns a box with a new value, nil if there is none for its kind.
func jxlBox(c Change) []byte {
	switch c.Kind {
	case XMP:
		return bmffEncode("xml ", c.Value)
	case EXIF:
		return bmffEncode("Exif", make([]byte, 4), c.Value)
	case C2PA:
		if startsStore(c.Value) {
			return c.Value // a box as it is
		}
	}
	return nil
}

// appendBoxHeader appends the header of a box with a body of n bytes.
func appendBoxHeader(b []byte, kind string, n int64) []byte {
	if n+8 <= math.MaxUint32 {
		return append(binary.BigEndian.AppendUint32(b, uint32(n+8)), kind...)
	}
	b = append(append(b, 0, 0, 0, 1), kind...)
	return binary.BigEndian.AppendUint64(b, uint64(n+16))
}

// planAt returns the plan for a file whose new values are boxes of the root at
// one position; box returns nil for kinds that have none.
func (f *bmffFile) planAt(changes []Change, at int64, box func(Change) []byte) (*splice.Plan, error) {
	return f.plan(func() (*bmffPlan, error) {
		p, err := f.edit(changes)
		if err != nil {
			return nil, err
		}
		for _, c := range changes {
			if c.Slot != nil || c.Value == nil {
				continue
			}
			b := box(c)
			if b == nil {
				return nil, ErrNoPlace
			}
			p.put(nil, at, b)
		}
		return p, nil
	})
}
