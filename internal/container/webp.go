package container

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"

	"github.com/aigclabel/aigclabel/internal/splice"
)

// WebP (RFC 9649): RIFF of the form WEBP. A simple file is one image chunk. An
// extended file starts with a VP8X chunk, whose flags say what is in it; the
// metadata stands behind the image: EXIF, then XMP, then unknown chunks.

const (
	vp8xSize  = 10
	vp8xXMP   = 0x04
	vp8xEXIF  = 0x08
	vp8xAlpha = 0x10
)

type webpFile struct {
	Layout
	riff   *riff
	header riffChunk // VP8X, of length 0 in a simple file
	flags  byte      // of VP8X; of a simple file, those that it would have
	canvas []byte    // of a simple file: width and height less one, 24 bits each
	exif   int64     // where new EXIF goes: behind the image
	xmp    int64     // where new XMP goes: behind EXIF
	parts  []riffText
}

// WebP walks a WebP file: simple, extended, or animated.
func WebP(src *Source) (File, error) {
	f := &webpFile{}
	return f, f.fail(src.Size(), f.walk(src))
}

func (f *webpFile) walk(src *Source) error {
	form, ok, err := RIFFForm(src)
	if err != nil {
		return err
	}
	if !ok || form != "WEBP" {
		return &FormatError{Offset: 0, Err: errors.New("no RIFF header of the form WEBP")}
	}
	if f.riff, err = f.readRIFF(src); err != nil {
		return err
	}
	if f.riff.id != "RIFF" {
		return &FormatError{Offset: 0, Err: errors.New("WebP is not of the kind " + f.riff.id)}
	}
	err = f.riff.chunks(&f.Layout, riffHeaderSize, f.riff.end, f.chunk)
	if err == nil && (f.exif == 0 || f.header.length == 0 && f.canvas == nil) {
		f.damage(f.riff.end, "no image data")
	}
	f.riff.checkSize(&f.Layout)
	return err
}

func (f *webpFile) chunk(c riffChunk) error {
	switch c.id {
	case "VP8X":
		return f.readHeader(c)
	case "ALPH", "ANMF":
		f.exif, f.xmp = c.end(), c.end()
	case "VP8 ", "VP8L":
		f.exif, f.xmp = c.end(), c.end()
		if f.header.length == 0 && f.canvas == nil {
			return f.readImage(c)
		}
	case "EXIF":
		f.xmp = c.end()
		return f.block(c)
	case "XMP ":
		return f.text(c, Slot{Kind: XMP, Place: "WebP XMP", Guide: f.vacant(XMP)})
	case "C2PA":
		return f.part(c, c.storeSlot("WebP C2PA", f.vacant(C2PA)))
	default:
		if recordKey(c.id) {
			return f.text(c, Slot{Kind: Record, Key: c.id, Place: "WebP " + printable(c.id)})
		}
	}
	return nil
}

// readHeader reads VP8X, which counts only in the first place.
func (f *webpFile) readHeader(c riffChunk) error {
	if c.offset != riffHeaderSize {
		return nil
	}
	if c.size < vp8xSize {
		f.damage(c.offset, "VP8X chunk of %d bytes", c.size)
		return nil
	}
	b, err := f.riff.src.Peek(c.data(), 1)
	if err == nil {
		f.header, f.flags = c, b[0]
	}
	return err
}

// readImage reads the size of a simple file's image, and whether it has an
// alpha channel (RFC 6386 section 9.1, RFC 9649 section 3.4).
func (f *webpFile) readImage(c riffChunk) error {
	b, err := f.riff.src.Peek(c.data(), int(min(c.size, 10)))
	if err != nil {
		return err
	}
	var width, height uint32 // less one
	switch {
	case c.id == "VP8L" && len(b) >= 5 && b[0] == 0x2F:
		bits := binary.LittleEndian.Uint32(b[1:])
		width, height = bits&0x3FFF, bits>>14&0x3FFF
		f.flags = byte(bits>>28&1) * vp8xAlpha
	case c.id == "VP8 " && len(b) == 10 && b[0]&1 == 0 && string(b[3:6]) == "\x9D\x01\x2A":
		width = uint32(binary.LittleEndian.Uint16(b[6:])&0x3FFF) - 1
		height = uint32(binary.LittleEndian.Uint16(b[8:])&0x3FFF) - 1
	default:
		f.damage(c.offset, "%s chunk does not start an image", c.id)
	}
	f.canvas = append(appendUint24(nil, width), appendUint24(nil, height)...)
	return nil
}

func appendUint24(b []byte, n uint32) []byte { return append(b, byte(n), byte(n>>8), byte(n>>16)) }

// block lists an Exif block. Some writers leave the header of a JPEG segment
// before it.
func (f *webpFile) block(c riffChunk) error {
	s := Slot{Kind: EXIF, Place: "WebP EXIF", Guide: f.vacant(EXIF)}
	b, err := f.riff.src.Bytes(c.data(), c.size, s.Place)
	if err != nil {
		return err
	}
	s.Value = bytes.TrimPrefix(b, []byte(jpegEXIF))
	n := int64(len(s.Value))
	s.Ranges = []Range{{c.data() + c.size - n, n}}
	return f.part(c, s)
}

func (f *webpFile) text(c riffChunk, s Slot) error {
	t, err := f.riff.list(&f.Layout, c, s)
	if err == nil {
		f.parts = append(f.parts, t)
	}
	return err
}

func (f *webpFile) part(c riffChunk, s Slot) error {
	i, err := f.addSlot(s)
	if err == nil {
		f.parts = append(f.parts, riffText{riffChunk: c, slot: i})
	}
	return err
}

// Plan implements [File]. New chunks stand in the order of the specification,
// and the flags of VP8X say what is there. A store of Content Credentials comes
// last, and alone needs no VP8X.
func (f *webpFile) Plan(changes []Change) (*splice.Plan, error) {
	var edits []splice.Edit
	for _, p := range f.parts {
		edits = append(edits, p.plan(&f.Layout, changes, "")...)
	}
	added, err := f.additions(changes)
	if err != nil {
		return nil, err
	}
	if len(added) > 0 {
		edits = append(append(edits, f.riff.padding(edits)...), added...)
	}
	if len(edits) > 0 {
		edits = append(edits, f.extend(changes)...)
	}
	outer, err := f.riff.resize(growth(edits...))
	if err != nil {
		return nil, err
	}
	return splice.New(f.riff.src.ReaderAt(), f.riff.src.Size(), append(edits, outer...))
}

// additions returns the edits that add chunks.
func (f *webpFile) additions(changes []Change) (edits []splice.Edit, err error) {
	places := []struct {
		kind   Kind
		id     string
		offset int64
	}{{EXIF, "EXIF", f.exif}, {XMP, "XMP ", f.xmp}, {C2PA, "C2PA", f.riff.end}}
	for _, p := range places {
		for _, c := range changes {
			if c.Slot == nil && c.Value != nil && c.Kind == p.kind {
				edits = append(edits, splice.Edit{Offset: p.offset, Insert: bytes.NewReader(encodeChunk(p.id, c.Value))})
			}
		}
	}
	for _, c := range changes {
		if c.Slot == nil && (c.Kind == Record || c.Kind == Text) {
			return nil, ErrNoPlace
		}
	}
	return edits, nil
}

// extend returns the edit that makes the flags of VP8X true, or that adds VP8X
// where there is need for it.
func (f *webpFile) extend(changes []Change) []splice.Edit {
	flags := f.flags &^ (vp8xXMP | vp8xEXIF)
	if f.holds(XMP, changes) {
		flags |= vp8xXMP
	}
	if f.holds(EXIF, changes) {
		flags |= vp8xEXIF
	}
	switch {
	case f.header.length == 0 && flags&(vp8xXMP|vp8xEXIF) != 0:
		header := append([]byte{flags, 0, 0, 0}, f.canvas...)
		return []splice.Edit{{Offset: riffHeaderSize, Insert: bytes.NewReader(encodeChunk("VP8X", header))}}
	case f.header.length > 0 && flags != f.flags:
		return []splice.Edit{{Offset: f.header.data(), Delete: 1, Insert: bytes.NewReader([]byte{flags})}}
	}
	return nil
}

// holds reports whether the file has a value of the kind after the changes.
func (f *webpFile) holds(kind Kind, changes []Change) bool {
	for i := range f.Slots {
		if c, ok := changed(changes, &f.Slots[i]); f.Slots[i].Kind == kind && (!ok || c.Value != nil) {
			return true
		}
	}
	return slices.ContainsFunc(changes, func(c Change) bool { return c.Slot == nil && c.Kind == kind && c.Value != nil })
}
