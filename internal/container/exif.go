package container

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// Exif 2.32 (CIPA DC-008): a TIFF structure whose first directory points to the
// Exif directory. Maker notes hold offsets into the block that nobody can
// follow, so an edit never moves what is there: new data goes to the end.

const (
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
	raw := b.data[e.offset : e.offset+e.length]
	t := EXIFText{Tag: e.tag, Name: exifTexts[e.tag]}
	var order binary.ByteOrder = b.order
	switch e.tag {
	case tagXPComment:
		t.Encoding, order = "utf-16", binary.LittleEndian
	case tagUserComment:
		if encoding, ok := exifCharsets[string(raw[:min(8, len(raw))])]; ok {
			t.Encoding, raw = encoding, raw[8:]
		}
	}
	t.Offset = int(e.offset+e.length) - len(raw)
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

// RemoveEXIF returns the block without the fields of a tag, at the same length:
// later entries of the directory move up, and the bytes of the value become
// zeros unless another field has them too. Without the tag it returns block.
func RemoveEXIF(block []byte, tag uint16) []byte {
	b := parseEXIF(block)
	if b == nil {
		return block
	}
	found := b.find(tag)
	if len(found) == 0 {
		return block
	}
	out := slices.Clone(block)
	b.erase(out, found)
	for _, d := range b.directories {
		d.remove(out, b.order, tag)
	}
	return out
}

// erase zeroes the values that are not shared, each byte once.
func (b *exifBlock) erase(out []byte, values []ifdEntry) {
	slices.SortFunc(values, func(x, y ifdEntry) int { return int(x.offset - y.offset) })
	pos := int64(0)
	for _, e := range values {
		if end := e.offset + e.length; end > pos && !b.shared(e) {
			clear(out[max(pos, e.offset):end])
			pos = end
		}
	}
}

// shared reports whether the value of e lies in a directory, as short ones do,
// or in the value of another tag.
func (b *exifBlock) shared(e ifdEntry) bool {
	return slices.ContainsFunc(b.directories, func(d exifDirectory) bool { return d.overlaps(e) })
}

// overlaps reports whether the value of e meets the directory or the value of
// another tag in it.
func (d exifDirectory) overlaps(e ifdEntry) bool {
	meets := func(off, n int64) bool { return off < e.offset+e.length && e.offset < off+n }
	return meets(d.offset, d.size()) || slices.ContainsFunc(d.entries, func(o ifdEntry) bool {
		return o.tag != e.tag && meets(o.offset, o.length)
	})
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

// SetUserComment returns the block with value as its only UserComment, or block
// itself if it has that already. It is overwritten if the new one is no longer,
// else put at the end; a directory moves there too if it has no entry for it. A
// nil block gives a new one. The result is nil for a block that is not an Exif
// block, or is damaged.
func SetUserComment(block, value []byte) []byte {
	if block == nil {
		block = []byte("II*\x00\x08\x00\x00\x00\x00\x00\x00\x00\x00\x00")
	}
	b := parseEXIF(block)
	if b == nil || b.damaged || len(b.directories) == 0 {
		return nil
	}
	found := b.find(tagUserComment)
	switch {
	case len(found) == 1 && bytes.Equal(b.text(found[0]).Value, bytes.TrimRight(value, "\x00 ")):
		return block
	case len(found) > 1:
		return SetUserComment(RemoveEXIF(block, tagUserComment), value)
	case len(found) == 0:
		return b.addComment(b.comment(value))
	}
	return b.replaceComment(found[0], b.comment(value))
}

// comment encodes a UserComment.
func (b *exifBlock) comment(value []byte) []byte {
	if !slices.ContainsFunc(value, func(c byte) bool { return c >= 0x80 }) {
		return append([]byte(charsetASCII), value...)
	}
	return appendUTF16([]byte(charsetUnicode), string(value), b.order)
}

func (b *exifBlock) replaceComment(e ifdEntry, comment []byte) []byte {
	out := slices.Clone(b.data)
	b.erase(out, []ifdEntry{e})
	offset := e.offset
	if int64(len(comment)) > e.length || b.shared(e) {
		out = even(out)
		offset = int64(len(out))
		out = append(out, comment...)
	}
	copy(out[offset:], comment)
	b.putEntry(out[e.at:], tagUserComment, 7, len(comment), int(offset))
	return out
}

// addComment adds an entry to the Exif directory, or a new Exif directory to
// the first one.
func (b *exifBlock) addComment(comment []byte) []byte {
	out := even(slices.Clone(b.data))
	at := len(out)
	out = even(append(out, comment...))
	i := slices.IndexFunc(b.directories, func(d exifDirectory) bool { return d.tag == tagExifIFD })
	if i >= 0 {
		return b.extend(out, b.directories[i], tagUserComment, 7, len(comment), at)
	}
	exif := len(out)
	out = b.order.AppendUint16(out, 2)
	out = append(out, make([]byte, 2*ifdEntrySize+4)...)
	b.putEntry(out[exif+2:], 0x9000, 7, 4, 0)
	copy(out[exif+2+8:], "0232") // ExifVersion
	b.putEntry(out[exif+2+ifdEntrySize:], tagUserComment, 7, len(comment), at)
	return b.extend(out, b.directories[0], tagExifIFD, 4, 1, exif)
}

// extend copies a directory to the end of out, with one more entry in its place
// by tag, and points to the copy.
func (b *exifBlock) extend(out []byte, d exifDirectory, tag, typ uint16, count, value int) []byte {
	old := out[d.offset+2 : d.offset+d.size()]
	at := 0
	for at < int(d.count)*ifdEntrySize && b.order.Uint16(old[at:]) < tag {
		at += ifdEntrySize
	}
	moved := len(out)
	out = b.order.AppendUint16(out, uint16(d.count+1))
	out = append(out, old[:at]...)
	out = append(out, make([]byte, ifdEntrySize)...)
	b.putEntry(out[len(out)-ifdEntrySize:], tag, typ, count, value)
	out = append(out, old[at:]...)
	b.order.PutUint32(out[d.pointer:], uint32(moved))
	return out
}

func (b *exifBlock) putEntry(p []byte, tag, typ uint16, count, value int) {
	b.order.PutUint16(p, tag)
	b.order.PutUint16(p[2:], typ)
	b.order.PutUint32(p[4:], uint32(count))
	b.order.PutUint32(p[8:], uint32(value))
}

// even pads b to a word boundary, where TIFF wants values and directories.
func even(b []byte) []byte { return append(b, make([]byte, len(b)&1)...) }

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
	if b.header() != nil {
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
