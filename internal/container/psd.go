package container

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/aigclabel/aigclabel/internal/splice"
)

// Adobe Photoshop File Formats Specification: a header, color mode data, image
// resources, layers, image data. Big documents (PSB) count layers in 64 bits.
// Resources are numbered: XMP is one of them.
//
// Photoshop documents are for work in progress, and only read here.

const (
	psdSignature  = "8BPS"
	psdHeaderSize = 26
	psdBlock      = "8BIM"

	psdIPTC  = 1028
	psdEXIF  = 1058
	psdEXIF3 = 1059
	psdXMP   = 1060
)

type psdFile struct {
	Layout
	src *Source
}

// PSD walks a Photoshop document, PSD or PSB. Every change is [ErrNoPlace].
func PSD(src *Source) (File, error) {
	f := &psdFile{src: src}
	return f, f.fail(src.Size(), f.walk())
}

func (f *psdFile) walk() error {
	h, err := f.src.Peek(0, psdHeaderSize)
	if err != nil {
		return err
	}
	version := binary.BigEndian.Uint16(h[4:])
	if string(h[:4]) != psdSignature || version != 1 && version != 2 {
		return &FormatError{Offset: 0, Err: errors.New("no PSD signature")}
	}
	colors, err := f.section(psdHeaderSize, 4)
	if err != nil {
		return err
	}
	resources, err := f.section(colors.Offset+colors.Length, 4)
	if err := f.fail(colors.Offset, err); err != nil {
		return err
	}
	end := resources.Offset + resources.Length
	if err := f.resources(resources.Offset, min(end, f.src.Size())); err != nil {
		return err
	}
	if f.Damage != nil {
		return nil
	}
	layers, err := f.section(end, int(4*version))
	if err != nil {
		return err
	}
	_, err = f.src.Peek(layers.Offset+layers.Length, 2) // how the image data is compressed
	return err
}

// section returns the data of the section at pos, whose length has a width of 4
// or 8 bytes.
func (f *psdFile) section(pos int64, width int) (Range, error) {
	h, err := f.src.Peek(pos, width)
	if err != nil {
		return Range{}, err
	}
	r := Range{Offset: pos + int64(width), Length: int64(binary.BigEndian.Uint32(h))}
	if width == 8 {
		r.Length = clampSize(binary.BigEndian.Uint64(h))
	}
	if r.Length > f.src.Size()-r.Offset {
		return r, &FormatError{Offset: pos, Err: errTruncated}
	}
	return r, nil
}

// resources lists the slots of the resources from pos to end: each has a
// signature, a number, a name and data, the last two of even length.
func (f *psdFile) resources(pos, end int64) error {
	for pos < end {
		if err := f.src.Element(); err != nil {
			return err
		}
		h, err := f.src.Peek(pos, int(min(7, end-pos)))
		if err != nil {
			return err
		}
		if len(h) < 7 || string(h[:4]) != psdBlock && string(h[:4]) != "MeSa" && string(h[:4]) != "AgHg" && string(h[:4]) != "PHUT" && string(h[:4]) != "DCSR" {
			f.damage(pos, "no image resource")
			return nil
		}
		id, name := binary.BigEndian.Uint16(h[4:]), int64(h[6])
		data, err := f.section(pos+6+(name+2)&^1, 4)
		if err != nil {
			return f.fail(pos, err)
		}
		if data.Length > end-data.Offset {
			f.damage(pos, "image resource %d is longer than all of them", id)
			return nil
		}
		if err := f.fail(pos, f.resource(id, data)); err != nil {
			return err
		}
		pos = data.Offset + (data.Length+1)&^1
	}
	return nil
}

// psdSlots are the slots of resources that have one. IPTC's is only named: what it
// says of generated content stands in XMP.
var psdSlots = map[uint16]Slot{
	psdXMP:   {Kind: XMP, Place: "PSD resource 1060 XMP"},
	psdEXIF:  {Kind: EXIF, Place: "PSD resource 1058 Exif"},
	psdEXIF3: {Kind: EXIF, Place: "PSD resource 1059 Exif"},
	psdIPTC:  {Kind: Text, Key: "IPTC", Place: "PSD resource 1028 IPTC"},
}

// resource lists the slot of a resource that has one.
func (f *psdFile) resource(id uint16, data Range) error {
	s, ok := psdSlots[id]
	if !ok {
		return nil
	}
	s.Guide = (id == psdXMP || id == psdEXIF) && f.vacant(s.Kind)
	s.Ranges = []Range{data}
	if s.Kind != Text {
		var err error
		if s.Value, err = f.src.Bytes(data.Offset, data.Length, s.Place); err != nil {
			return err
		}
	}
	_, err := f.addSlot(s)
	return err
}

// Plan implements [File].
func (f *psdFile) Plan(changes []Change) (*splice.Plan, error) {
	if len(changes) > 0 {
		return nil, fmt.Errorf("%w: Photoshop documents are only read", ErrNoPlace)
	}
	return splice.New(f.src.ReaderAt(), f.src.Size(), nil)
}
