package container

import (
	"encoding/binary"
	"errors"
)

// A TIFFPage is one directory of a TIFF file: of a page, or of another picture of it.
type TIFFPage struct {
	Name   string // "IFD0", "SubIFD"
	Offset int64
	Order  binary.ByteOrder
	fields map[uint16]ifdEntry
}

// TIFFPages returns the directories of a TIFF file that hold pictures: the chain of
// pages, and those that SubIFDs name. A broken file is a *[FormatError].
func TIFFPages(src *Source) ([]TIFFPage, error) {
	file, err := TIFF(src)
	if err != nil {
		return nil, err
	}
	f := file.(*tiffFile)
	if err := errors.Join(append(f.Limits, f.Damage)...); err != nil {
		return nil, err
	}
	var pages []TIFFPage
	for i := range f.directories {
		d := &f.directories[i]
		if d.name == "Exif" {
			continue
		}
		p := TIFFPage{Name: d.name, Offset: d.offset, Order: f.order, fields: map[uint16]ifdEntry{}}
		for e := range f.entriesOf(d) {
			if _, twice := p.fields[e.tag]; !twice {
				p.fields[e.tag] = e
			}
		}
		pages = append(pages, p)
	}
	return pages, nil
}

// Field returns where the values of a field stand, how many there are, and the bytes
// of each. Without the field the count is 0.
func (p *TIFFPage) Field(tag uint16) (offset, count, size int64) {
	e, ok := p.fields[tag]
	if !ok {
		return 0, 0, 0
	}
	size = tiffTypeSize(e.typ)
	return e.offset, e.length / size, size
}
