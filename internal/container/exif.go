package container

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"slices"
)

// Exif 2.32 (CIPA DC-008): a TIFF structure whose first directory points to the
// Exif directory. Maker notes hold offsets into the block that nobody can
// follow, so an edit never moves what is there.

const (
	tagOrientation = 0x0112
	tagUserComment = 0x9286
	tagXPComment   = 0x9C9C
	tagExifIFD     = 0x8769

	charsetASCII   = "ASCII\x00\x00\x00"
	charsetUnicode = "UNICODE\x00"

	maxEXIFEntries     = 4096 // of all directories of a block; real ones have a hundred
	maxEXIFDirectories = 16
)

// exifTexts names the fields that hold text for people.
var exifTexts = map[uint16]string{
	0x010E: "ImageDescription", 0x0131: "Software", 0x013B: "Artist", 0x8298: "Copyright",
	tagUserComment: "UserComment", tagXPComment: "XPComment",
}

// exifCharsets names the encodings that the first 8 bytes of a UserComment stand
// for. Some writers leave these bytes out.
var exifCharsets = map[string]string{
	charsetASCII: "", charsetUnicode: "utf-16", "JIS\x00\x00\x00\x00\x00": "jis", "\x00\x00\x00\x00\x00\x00\x00\x00": "",
}

// exifPointers names the fields that point to another directory.
var exifPointers = map[uint16]bool{tagExifIFD: true, 0x8825: true /* GPS */, 0xA005: true /* interoperability */}

// An EXIFText is a text field of an Exif block.
type EXIFText struct {
	Tag            uint16
	Name           string // as in the standard: "UserComment"
	Value          []byte // decoded, without zeros and spaces at the end
	Offset, Length int    // the bytes of the block that hold Value
	Encoding       string // "" when those bytes are Value as is, "utf-16", or "jis" when Value is not decoded
}

// EXIFTexts returns the text fields of a TIFF-structured block, thumbnail's
// directory included. What is malformed is left out.
func EXIFTexts(block []byte) []EXIFText {
	b := parseEXIF(block)
	if b == nil {
		return nil
	}
	var texts []EXIFText
	budget := 4 * int64(len(block)) // overlapping values must not multiply
	for _, d := range b.directories {
		for _, e := range d.entries {
			if exifTexts[e.tag] != "" && tiffTypeSize(e.typ) == 1 && e.length > 0 && e.length <= budget {
				texts = append(texts, b.text(e))
				budget -= e.length
			}
		}
	}
	return texts
}

// text decodes a field.
func (b *exifBlock) text(e ifdEntry) EXIFText {
	t := exifText(e.tag, b.data[e.offset:e.offset+e.length], b.order)
	t.Offset += int(e.offset)
	return t
}

// exifText decodes the value of a field, for which the offset counts from its
// start.
func exifText(tag uint16, raw []byte, order binary.ByteOrder) EXIFText {
	t := EXIFText{Tag: tag, Name: exifTexts[tag]}
	size := len(raw)
	switch tag {
	case tagXPComment:
		t.Encoding, order = "utf-16", binary.LittleEndian
	case tagUserComment:
		if encoding, ok := exifCharsets[string(raw[:min(8, len(raw))])]; ok {
			t.Encoding, raw = encoding, raw[8:]
		}
	}
	t.Offset = size - len(raw)
	if t.Encoding == "utf-16" {
		t.Value, t.Length = guessUTF16(raw, order), len(raw)
		return t
	}
	t.Value = bytes.TrimRight(raw, "\x00 ")
	t.Length = len(t.Value)
	return t
}

// guessUTF16 returns the UTF-8 of raw. Writers disagree about the byte order:
// a mark decides, then where the zeros of Latin letters are, then order.
func guessUTF16(raw []byte, order binary.ByteOrder) []byte {
	var zeros [2]int
	for i, c := range raw {
		if c == 0 {
			zeros[i&1]++
		}
	}
	switch {
	case bytes.HasPrefix(raw, []byte("\xFE\xFF")):
		order, raw = binary.BigEndian, raw[2:]
	case bytes.HasPrefix(raw, []byte("\xFF\xFE")):
		order, raw = binary.LittleEndian, raw[2:]
	case zeros[0] > zeros[1]:
		order = binary.BigEndian
	case zeros[1] > zeros[0]:
		order = binary.LittleEndian
	}
	return bytes.TrimRight(decodeUTF16(raw, order), "\x00 ")
}

// EXIFOrientation returns how the picture of a block is turned to be shown, 1 to
// 8 (tag Orientation of its first directory). It is 1, as it is, where the block
// does not say.
func EXIFOrientation(block []byte) int {
	b := parseEXIF(block)
	if b == nil || len(b.directories) == 0 {
		return 1
	}
	for _, e := range b.directories[0].entries {
		const short = 3
		if e.tag == tagOrientation && e.typ == short && e.length >= 2 {
			if o := int(b.order.Uint16(block[e.offset:])); o >= 1 && o <= 8 {
				return o
			}
			return 1
		}
	}
	return 1
}

// RemoveEXIF returns the block without the fields of a tag, at the same length:
// later entries of the directory move up, and the bytes of the value become
// zeros, but for those that another field has too. Without the tag it returns
// block. It fails where an edit of one directory would be an edit of another.
func RemoveEXIF(block []byte, tag uint16) ([]byte, error) {
	b := parseEXIF(block)
	if b == nil || len(b.find(tag)) == 0 {
		return block, nil
	}
	if b.entangled(tag) {
		return nil, errors.New("directories of the Exif block overlap")
	}
	out := slices.Clone(block)
	b.erase(out, tag)
	for _, d := range b.directories {
		d.remove(out, b.order, tag)
	}
	if len(parseEXIF(out).find(tag)) > 0 { // where nothing could be read before
		return nil, errors.New("directories of the Exif block are broken")
	}
	return out, nil
}

// entangled reports whether a directory has bytes of the header, of another
// directory, or of a text that stays and is not in its own entry.
func (b *exifBlock) entangled(tag uint16) bool {
	structure, size := b.structure(), int64(0)
	for _, r := range structure {
		size += r.Length
	}
	texts := b.values(func(e ifdEntry) bool { return e.tag != tag && exifTexts[e.tag] != "" && e.offset != e.at+8 })
	return covered(structure) < size || covered(slices.Concat(structure, texts)) < size+covered(texts)
}

// erase zeroes the values of a tag, and puts back what others have of them.
func (b *exifBlock) erase(out []byte, tag uint16) {
	for _, r := range merged(b.values(func(e ifdEntry) bool { return e.tag == tag })) {
		clear(out[r.Offset:r.end()])
	}
	others := b.values(func(e ifdEntry) bool { return e.tag != tag })
	for _, r := range merged(append(others, b.structure()...)) {
		copy(out[r.Offset:r.end()], b.data[r.Offset:])
	}
}

// structure returns the bytes of the header and of the directories.
func (b *exifBlock) structure() []Range {
	ranges := []Range{{0, tiffHeaderSize}}
	for _, d := range b.directories {
		ranges = append(ranges, Range{d.offset, d.size()})
	}
	return ranges
}

// values returns the bytes of the values that are wanted.
func (b *exifBlock) values(wanted func(ifdEntry) bool) (ranges []Range) {
	for _, d := range b.directories {
		for _, e := range d.entries {
			if wanted(e) {
				ranges = append(ranges, Range{e.offset, e.length})
			}
		}
	}
	return ranges
}

// merged returns the bytes of ranges in order, each once.
func merged(ranges []Range) (out []Range) {
	slices.SortFunc(ranges, func(a, b Range) int { return cmp.Compare(a.Offset, b.Offset) })
	for _, r := range ranges {
		if n := len(out); n > 0 && r.Offset <= out[n-1].end() {
			out[n-1].Length = max(out[n-1].Length, r.end()-out[n-1].Offset)
		} else {
			out = append(out, r)
		}
	}
	return out
}

// covered returns how many bytes are in ranges.
func covered(ranges []Range) (n int64) {
	for _, r := range merged(ranges) {
		n += r.Length
	}
	return n
}

// remove drops the entries of a tag.
func (d exifDirectory) remove(out []byte, order byteOrder, tag uint16) {
	body := out[d.offset+2 : d.offset+d.size()]
	kept := make([]byte, 0, len(body))
	for i := range d.count {
		if e := body[i*ifdEntrySize:][:ifdEntrySize]; order.Uint16(e) != tag {
			kept = append(kept, e...)
		}
	}
	order.PutUint16(out[d.offset:], uint16(len(kept)/ifdEntrySize))
	kept = append(kept, body[d.count*ifdEntrySize:]...) // the offset of the next directory
	clear(body[copy(body, kept):])
}

// An exifBlock is a parsed block.
type exifBlock struct {
	ifdReader
	data        []byte
	directories []exifDirectory
	total       int64 // entries seen
	damaged     bool  // a directory cannot be read
}

type exifDirectory struct {
	offset  int64
	count   int64
	pointer int64  // where its offset stands
	tag     uint16 // of the entry that points to it, 0 for the main chain
	entries []ifdEntry
}

// size returns the bytes of the directory.
func (d exifDirectory) size() int64 { return 2 + d.count*ifdEntrySize + 4 }

// parseEXIF reads the directories of a block, nil if it has no TIFF header.
func parseEXIF(block []byte) *exifBlock {
	b := &exifBlock{data: block}
	b.ifdReader = ifdReader{size: int64(len(block)), read: func(off, n int64) ([]byte, error) {
		if off > b.size || n > b.size-off {
			return nil, errTruncated
		}
		return block[off : off+n], nil
	}}
	if b.header() != nil || b.big {
		return nil
	}
	seen := map[int64]bool{0: true} // an offset of zero ends a chain
	for todo := []exifDirectory{{pointer: 4}}; len(todo) > 0; todo = todo[1:] {
		d := todo[0]
		offset, err := b.pointer(d.pointer)
		if seen[offset] && err == nil {
			continue
		}
		seen[offset] = true
		if d.offset = offset; err != nil || !b.directory(&d) {
			b.damaged = true
			continue
		}
		b.directories = append(b.directories, d)
		todo = append(todo, d.links()...)
	}
	return b
}

// directory reads the directory at d.offset and reports whether it lies in the
// block and within the limits. A value outside of the block is no harm to others.
func (b *exifBlock) directory(d *exifDirectory) (ok bool) {
	var err error
	if d.count, err = b.count(d.offset); err != nil || d.size() > b.size-d.offset {
		return false
	}
	if b.total += d.count; b.total > maxEXIFEntries || len(b.directories) == maxEXIFDirectories {
		return false
	}
	d.entries, _ = b.entries(d.offset, d.count)
	return true
}

// links returns the directories that d points to.
func (d exifDirectory) links() (links []exifDirectory) {
	for _, e := range d.entries {
		if exifPointers[e.tag] && e.length == 4 {
			links = append(links, exifDirectory{tag: e.tag, pointer: e.offset})
		}
	}
	if d.tag == 0 {
		links = append(links, exifDirectory{pointer: d.offset + d.size() - 4})
	}
	return links
}

// find returns the fields of a tag.
func (b *exifBlock) find(tag uint16) (found []ifdEntry) {
	for _, d := range b.directories {
		for _, e := range d.entries {
			if e.tag == tag {
				found = append(found, e)
			}
		}
	}
	return found
}
