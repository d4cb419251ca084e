package container

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aigclabel/aigclabel/internal/splice"
)

// GIF 87a and 89a (CompuServe, Graphics Interchange Format): a header, a global
// color table, then blocks up to a trailer. Data stands in sub-blocks: a length
// of one byte, so many bytes, and at last a length of zero.

const (
	gifHeaderSize = 13 // signature, version, logical screen descriptor
	gifImageSize  = 10 // of an image descriptor
	gifAppSize    = 11 // of an application identifier and its authentication code

	gifExtension = 0x21
	gifImage     = 0x2C
	gifTrailer   = 0x3B
	gifComment   = 0xFE
	gifApp       = 0xFF

	gifXMP  = "XMP DataXMP"
	gifC2PA = "C2PA_GIF"
)

// gifXMPTrailer ends an XMP packet, which stands in the file as it is (XMP part
// 3, 1.1.2): whatever length a reader takes a byte of the packet for, it gets
// from here to the end.
var gifXMPTrailer = func() []byte {
	b := []byte{1}
	for i := 0xFF; i >= 0; i-- {
		b = append(b, byte(i))
	}
	return append(b, 0)
}()

type gifFile struct {
	Layout
	src    *Source
	block  []byte // of the file, at offset
	offset int64
	insert int64 // where new extensions go
	head   bool  // no image data yet
	parts  []gifPart
}

// A gifPart is the extension of a slot.
type gifPart struct {
	offset int64
	data   int64 // of the value
	end    int64
}

// GIF walks a GIF file. Unlike other formats it has no lengths but those of
// sub-blocks, so that a walk reads the whole file, 32 KiB at a time; the limit
// of elements lets it get through 256 MiB of full sub-blocks.
func GIF(src *Source) (File, error) {
	f := &gifFile{src: src, head: true}
	err := f.fail(src.Size(), f.walk())
	f.block = nil
	return f, err
}

func (f *gifFile) walk() error {
	h, err := f.src.Peek(0, gifHeaderSize)
	if err != nil {
		return err
	}
	if v := string(h[:6]); v != "GIF87a" && v != "GIF89a" {
		return &FormatError{Offset: 0, Err: errors.New("no GIF signature")}
	}
	f.insert = gifHeaderSize + colorTable(h[10])
	for pos := f.insert; ; {
		next, err := f.blockAt(pos)
		switch {
		case errors.Is(err, errTruncated):
			return &FormatError{Offset: pos, Err: errTruncated}
		case err != nil:
			return err
		case next == pos:
			f.End = pos + 1
			return nil
		}
		pos = next
	}
}

// colorTable returns the size of the color table that the flags announce.
func colorTable(flags byte) int64 {
	if flags&0x80 == 0 {
		return 0
	}
	return 3 << (flags&7 + 1)
}

// blockAt reads the block at pos and returns where the next one is: for the
// trailer, pos.
func (f *gifFile) blockAt(pos int64) (int64, error) {
	b, err := f.byte(pos)
	if err != nil {
		return 0, err
	}
	switch b {
	case gifTrailer:
		return pos, nil
	case gifExtension:
		return f.extension(pos)
	case gifImage:
		f.head = false
		flags, err := f.byte(pos + gifImageSize - 1)
		if err != nil {
			return 0, err
		}
		next, _, err := f.skip(pos + gifImageSize + colorTable(flags) + 1) // after the code size
		return next, err
	case 0: // a sub-block too many, which decoders allow
		return pos + 1, f.src.Element()
	}
	return 0, &FormatError{Offset: pos, Err: fmt.Errorf("no GIF block: %#x", b)}
}

// byte returns the byte at off.
func (f *gifFile) byte(off int64) (byte, error) {
	b, ok, err := f.src.window(off, 1)
	switch {
	case err != nil:
		return 0, err
	case ok:
		return b[0], nil
	}
	if i := off - f.offset; i < 0 || i >= int64(len(f.block)) {
		if f.block == nil {
			f.block = make([]byte, HeadSize)
		}
		f.offset, f.block = off, f.block[:min(HeadSize, f.src.Size()-off)]
		if err := f.src.readAt(f.block, off); err != nil {
			return 0, err
		}
	}
	return f.block[off-f.offset], nil
}

// skip returns where the sub-blocks at pos end, and their number.
func (f *gifFile) skip(pos int64) (end int64, count int, err error) {
	for ; ; count++ {
		if err := f.src.Element(); err != nil {
			return 0, 0, err
		}
		n, err := f.byte(pos)
		if pos += 1 + int64(n); err != nil || n == 0 {
			return pos, count, err
		}
	}
}

// extension reads the extension at pos.
func (f *gifFile) extension(pos int64) (int64, error) {
	label, err := f.byte(pos + 1)
	if err != nil {
		return 0, err
	}
	data := pos + 2
	end, count, err := f.skip(data)
	if err != nil {
		return 0, err
	}
	switch label {
	case gifComment:
		err = f.value(gifPart{pos, data, end}, count, Slot{Kind: Text, Key: "Comment", Place: "GIF comment"})
	case gifApp:
		err = f.application(gifPart{pos, data, end}, count-1)
	default: // of the next image
		f.head = false
	}
	return end, f.fail(pos, err)
}

// application reads an application extension, with count sub-blocks after the
// one that names the application.
func (f *gifFile) application(p gifPart, count int) error {
	h, err := f.src.Peek(p.data, int(min(1+gifAppSize, p.end-p.data)))
	if err != nil || len(h) < 1+gifAppSize || h[0] != gifAppSize {
		return err
	}
	id, code := string(h[1:9]), string(h[9:])
	p.data += 1 + gifAppSize
	switch {
	case id+code == gifXMP:
		return f.packet(p, count)
	case id == gifC2PA:
		return f.value(p, count, Slot{Kind: C2PA, Place: "GIF C2PA_GIF", Guide: f.vacant(C2PA)})
	case recordKey(id):
		return f.value(p, count, Slot{Kind: Record, Key: id, Place: "GIF application extension " + printable(id)})
	case f.head && (id+code == "NETSCAPE2.0" || id+code == "ANIMEXTS1.0"):
		f.insert = p.end
	}
	return nil
}

// packet lists an XMP packet. Some writers divide it into sub-blocks after all.
func (f *gifFile) packet(p gifPart, count int) error {
	s := Slot{Kind: XMP, Place: "GIF XMP", Guide: f.vacant(XMP)}
	b, err := f.src.Bytes(p.data, p.end-p.data, s.Place)
	if err != nil {
		return err
	}
	packet, ok := bytes.CutSuffix(b, gifXMPTrailer)
	if !ok {
		return f.value(p, count, s)
	}
	s.Value = packet
	s.Ranges = []Range{{p.data, int64(len(packet))}}
	return f.add(s, p)
}

// value lists a value in count sub-blocks.
func (f *gifFile) value(p gifPart, count int, s Slot) error {
	s.Ranges = make([]Range, 0, count)
	size := int64(0)
	for pos := p.data; pos < p.end-1; {
		n, err := f.byte(pos)
		if err != nil {
			return err
		}
		s.Ranges = append(s.Ranges, Range{pos + 1, int64(n)})
		size += int64(n)
		pos += 1 + int64(n)
	}
	if s.Kind == C2PA {
		s.Frame = []Range{{p.offset, p.end - p.offset}}
		return f.add(s, p)
	}
	b, err := f.src.Bytes(p.data, p.end-p.data, s.Place)
	if err != nil {
		return err
	}
	s.Value = make([]byte, 0, size)
	for _, r := range s.Ranges {
		s.Value = append(s.Value, b[r.Offset-p.data:][:r.Length]...)
	}
	return f.add(s, p)
}

func (f *gifFile) add(s Slot, p gifPart) error {
	_, err := f.addSlot(s)
	if err == nil {
		f.parts = append(f.parts, p)
	}
	return err
}

// Plan implements [File]. New extensions go before the first image, after the
// one that makes players repeat the images: some want that first. They make a
// file of version 87a one of 89a.
func (f *gifFile) Plan(changes []Change) (*splice.Plan, error) {
	edits, err := f.additions(changes)
	if err != nil {
		return nil, err
	}
	for i, p := range f.parts {
		slot := &f.Slots[i]
		change, ok := changed(changes, slot)
		if !ok {
			continue
		}
		edit := splice.Edit{Offset: p.offset, Delete: p.end - p.offset}
		if change.Value != nil {
			if edit.Insert, err = f.replace(p, slot.Kind, change.Value); err != nil {
				return nil, err
			}
		}
		edits = append(edits, edit)
	}
	return splice.New(f.src.ReaderAt(), f.src.Size(), edits)
}

// additions returns the edits that add extensions.
func (f *gifFile) additions(changes []Change) (edits []splice.Edit, err error) {
	for _, c := range changes {
		if c.Slot != nil || c.Value == nil {
			continue
		}
		name, ok := map[Kind]string{XMP: gifXMP, C2PA: gifC2PA + "\x01\x00\x00"}[c.Kind]
		if !ok {
			return nil, ErrNoPlace
		}
		insert, err := gifEncode(c.Kind, "\x21\xFF\x0B"+name, c.Value)
		if err != nil {
			return nil, err
		}
		edits = append(edits, splice.Edit{Offset: f.insert, Insert: insert})
	}
	if h, err := f.src.Peek(4, 1); err != nil || len(edits) == 0 || h[0] == '9' {
		return edits, err
	}
	return append(edits, splice.Edit{Offset: 4, Delete: 1, Insert: strings.NewReader("9")}), nil
}

func (f *gifFile) replace(p gifPart, kind Kind, value []byte) (splice.Content, error) {
	prefix, err := f.src.Peek(p.offset, int(p.data-p.offset))
	if err != nil {
		return nil, err
	}
	return gifEncode(kind, string(prefix), value)
}

// gifEncode returns an extension.
func gifEncode(kind Kind, prefix string, value []byte) (splice.Content, error) {
	b := []byte(prefix)
	if kind == XMP {
		if bytes.IndexByte(value, 0) >= 0 { // would end it
			return nil, fmt.Errorf("XMP with a zero byte: %w", ErrNoPlace)
		}
		return bytes.NewReader(slices.Concat(b, value, gifXMPTrailer)), nil
	}
	for piece := range slices.Chunk(value, 255) {
		b = append(append(b, byte(len(piece))), piece...)
	}
	return bytes.NewReader(append(b, 0)), nil
}
