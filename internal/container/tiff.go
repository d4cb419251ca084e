package container

import (
	"bytes"
	"errors"
	"fmt"
	"iter"
	"slices"
)

// TIFF 6.0, BigTIFF, and what is built on them: DNG, and the raw files of many
// cameras. The pages are a chain of directories; a field of a directory may
// point to others, of smaller images or of Exif.

const (
	tagStripOffsets = 0x0111
	tagStripCounts  = 0x0117
	tagTileOffsets  = 0x0144
	tagTileCounts   = 0x0145
	tagSubIFDs      = 0x014A
	tagJPEGOffset   = 0x0201
	tagJPEGLength   = 0x0202
	tagXMP          = 0x02BC // XMP part 3, 3.2.1
	tagC2PA         = 0xCD41

	tiffUndefined = 7

	maxTIFFDirectories = 4096
	maxTIFFText        = 64 << 10
)

// tiffMedia pairs the fields that say where the parts of an image are with those
// that say how long they are.
var tiffMedia = map[uint16]uint16{tagStripOffsets: tagStripCounts, tagTileOffsets: tagTileCounts, tagJPEGOffset: tagJPEGLength}

type tiffFile struct {
	Layout
	ifdReader
	src         *Source
	directories []tiffDirectory // the first page's is the first
	fields      []tiffField     // of Slots, by index
	todo        []tiffDirectory
	seen        map[int64]bool   // directories, by offset
	packets     map[Range][]byte // which pages may share
	spent       int64            // bytes of directories and values
}

type tiffDirectory struct {
	name    string // "IFD0", "SubIFD", "Exif"
	page    int    // of the main chain, -1 for others
	pointer Range  // where its offset stands
	offset  int64
	entries []byte
	next    int64 // the offset of the next directory in the chain
}

// A tiffField is the field of a slot.
type tiffField struct {
	ifdEntry
	directory int
}

// TIFF walks a TIFF, BigTIFF or DNG file, or another that has their structure.
// Texts are listed from the first page and from its Exif directory, up to 64 KiB
// each. Of the data of an image, only the end of the last strip or tile is
// looked at: whether it is in the file.
func TIFF(src *Source) (File, error) {
	f := &tiffFile{src: src, seen: map[int64]bool{0: true}, packets: map[Range][]byte{}} // an offset of zero ends a chain
	f.size, f.read = src.Size(), func(off, n int64) ([]byte, error) { return src.Peek(off, int(n)) }
	return f, f.fail(src.Size(), f.walk())
}

func (f *tiffFile) walk() error {
	if err := f.header(); err != nil {
		return err
	}
	f.todo = []tiffDirectory{{name: "IFD0", pointer: Range{f.width(), f.width()}}}
	for ; len(f.todo) > 0; f.todo = f.todo[1:] {
		d := f.todo[0]
		if err := f.fail(d.pointer.Offset, f.directory(&d)); err != nil {
			return err
		}
	}
	if len(f.directories) == 0 {
		f.damage(f.width(), "no directory")
	}
	return nil
}

// follow plans to read the directory that d.pointer points to.
func (f *tiffFile) follow(d tiffDirectory) error {
	if len(f.directories)+len(f.todo) >= maxTIFFDirectories {
		return &LimitError{What: "number of TIFF directories", Limit: maxTIFFDirectories}
	}
	f.todo = append(f.todo, d)
	return nil
}

// directory reads a directory and lists its slots.
func (f *tiffFile) directory(d *tiffDirectory) (err error) {
	if d.offset, err = f.number(d.pointer.Offset, d.pointer.Length); err != nil {
		return err
	}
	if f.seen[d.offset] {
		if d.offset != 0 && d.page >= 0 {
			f.damage(d.pointer.Offset, "directories in a loop")
		}
		return nil
	}
	f.seen[d.offset] = true
	if err := f.readDirectory(d); err != nil {
		return err
	}
	f.directories = append(f.directories, *d)
	media := map[uint16]ifdEntry{}
	for e := range f.entriesOf(d) {
		if err := f.src.Element(); err != nil {
			return err
		}
		if f.outside(e) {
			f.damage(e.at, "value of tag %#x: %w", e.tag, errTruncated)
			if e.offset >= f.size {
				continue
			}
			e.length = f.size - e.offset
		}
		if err := f.fail(e.at, f.field(d, e, media)); err != nil {
			return err
		}
	}
	if err := f.media(d, media); err != nil || d.page < 0 || d.next == 0 {
		return err
	}
	pointer := Range{d.offset + f.countSize() + int64(len(d.entries)), f.width()}
	return f.follow(tiffDirectory{name: fmt.Sprintf("IFD%d", d.page+1), page: d.page + 1, pointer: pointer})
}

// readDirectory reads the entries.
func (f *tiffFile) readDirectory(d *tiffDirectory) error {
	n, err := f.count(d.offset)
	if err != nil {
		return err
	}
	start := d.offset + f.countSize()
	room := (f.size - start) / f.entrySize()
	size := min(n, room) * f.entrySize()
	if d.entries, err = f.bytes(start, size, "TIFF directory"); err != nil {
		return err
	}
	if n > room {
		f.damage(d.offset, "directory: %w", errTruncated)
		return nil
	}
	d.next, err = f.pointer(start + size)
	return f.fail(start+size, err)
}

// bytes reads n bytes at off. Directories and values do not overlap, so all of
// them are no larger than the file; some room is left for odd writers.
func (f *tiffFile) bytes(off, n int64, what string) ([]byte, error) {
	if f.spent += n; f.spent > 2*f.size {
		return nil, &FormatError{Offset: off, Err: errors.New("directories or values overlap")}
	}
	return f.src.Bytes(off, n, what)
}

// entriesOf yields the entries of d.
func (f *tiffFile) entriesOf(d *tiffDirectory) iter.Seq[ifdEntry] {
	return func(yield func(ifdEntry) bool) {
		n := int(f.entrySize())
		for i := 0; i < len(d.entries); i += n {
			if !yield(f.entry(d.entries[i:i+n], d.offset+f.countSize()+int64(i))) {
				return
			}
		}
	}
}

// field lists the slot of a field, or what it points to.
func (f *tiffFile) field(d *tiffDirectory, e ifdEntry, media map[uint16]ifdEntry) error {
	switch first := d.page == 0; e.tag {
	case tagXMP:
		return f.packet(e, Slot{Kind: XMP, Place: "TIFF " + d.name + " XMP", Guide: first && f.vacant(XMP)})
	case tagC2PA:
		at := []Range{{e.offset, e.length}}
		return f.add(e, Slot{Kind: C2PA, Place: "TIFF " + d.name + " C2PA", Guide: f.vacant(C2PA), Ranges: at, Frame: slices.Clone(at)})
	case tagExifIFD:
		if first {
			return f.links(e, "Exif")
		}
	case tagSubIFDs:
		return f.links(e, "SubIFD")
	case tagStripOffsets, tagStripCounts, tagTileOffsets, tagTileCounts, tagJPEGOffset, tagJPEGLength:
		media[e.tag] = e
	default:
		if exifTexts[e.tag] != "" && (first || d.name == "Exif") && tiffTypeSize(e.typ) == 1 && e.length <= maxTIFFText {
			return f.text(e, d.name)
		}
	}
	return nil
}

// packet lists an XMP packet, without zeros at its end.
func (f *tiffFile) packet(e ifdEntry, s Slot) (err error) {
	at := Range{e.offset, e.length}
	b, ok := f.packets[at]
	if !ok {
		if b, err = f.bytes(e.offset, e.length, s.Place); err != nil {
			return err
		}
		f.packets[at] = b
	}
	s.Value = bytes.TrimRight(b, "\x00")
	s.Ranges = []Range{{e.offset, int64(len(s.Value))}}
	return f.add(e, s)
}

func (f *tiffFile) text(e ifdEntry, directory string) error {
	place := "TIFF " + directory + " " + exifTexts[e.tag]
	raw, err := f.bytes(e.offset, e.length, place)
	if err != nil {
		return err
	}
	t := exifText(e.tag, raw, f.order)
	s := Slot{Kind: Text, Key: t.Name, Place: place, Value: t.Value, Encoding: t.Encoding}
	s.Ranges = []Range{{e.offset + int64(t.Offset), int64(t.Length)}}
	return f.add(e, s)
}

func (f *tiffFile) add(e ifdEntry, s Slot) error {
	_, err := f.addSlot(s)
	if err == nil {
		f.fields = append(f.fields, tiffField{e, len(f.directories) - 1})
	}
	return err
}

// links follows the offsets in a field.
func (f *tiffFile) links(e ifdEntry, name string) error {
	n := tiffTypeSize(e.typ)
	if n < 4 {
		return nil
	}
	for at := e.offset; at <= e.end()-n; at += n {
		if err := f.follow(tiffDirectory{name: name, page: -1, pointer: Range{at, n}}); err != nil {
			return err
		}
	}
	return nil
}

// media checks the last part of each image of a directory.
func (f *tiffFile) media(d *tiffDirectory, fields map[uint16]ifdEntry) error {
	for tag, e := range fields {
		counts, ok := fields[tiffMedia[tag]]
		if !ok || tiffMedia[tag] == 0 {
			continue
		}
		offset, err := f.last(e)
		if err != nil {
			return err
		}
		size, err := f.last(counts)
		if err != nil {
			return err
		}
		if size > f.size-offset {
			f.damage(d.offset, "image of %s: %w", d.name, errTruncated)
		}
	}
	return nil
}

// last returns the last of the values of e, 0 without any.
func (f *tiffFile) last(e ifdEntry) (int64, error) {
	n := tiffTypeSize(e.typ)
	if n < 2 || e.length < n {
		return 0, nil
	}
	return f.number(e.offset+e.length/n*n-n, n)
}
