package container

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"slices"

	"github.com/aigclabel/aigclabel/internal/splice"
)

// PNG, ISO/IEC 15948: a signature, then chunks of length, type, data and CRC
// up to IEND.

const (
	pngSignature = "\x89PNG\r\n\x1a\n"
	pngXMP       = "XML:com.adobe.xmp"
	pngOverhead  = 12 // length, type and CRC of a chunk
)

type pngFile struct {
	Layout
	src    *Source
	chunks []pngChunk // of Slots, by index
	insert int64      // the position after IHDR: the head of the file
}

type pngChunk struct {
	offset, length int64 // of the whole chunk
	kind           string
	prefix         []byte // of its data, before the value
	deflated       bool
}

// PNG walks a PNG or APNG file.
func PNG(src *Source) (File, error) {
	f := &pngFile{src: src}
	return f, f.fail(src.Size(), f.walk())
}

func (f *pngFile) walk() error {
	sig, err := f.src.Peek(0, len(pngSignature))
	if err != nil {
		return err
	}
	if string(sig) != pngSignature {
		return &FormatError{Offset: 0, Err: errors.New("no PNG signature")}
	}
	for pos := int64(len(pngSignature)); ; {
		if err := f.src.Element(); err != nil {
			return err
		}
		h, err := f.src.Peek(pos, 8)
		if err != nil {
			return err
		}
		kind := string(h[4:])
		chunk := pngChunk{offset: pos, length: int64(binary.BigEndian.Uint32(h)) + pngOverhead, kind: kind}
		if chunk.length > f.src.Size()-pos {
			f.damage(pos, "%s chunk: %w", printable(kind), errTruncated)
			return nil
		}
		if err := f.fail(pos, f.chunk(chunk)); err != nil {
			return err
		}
		pos += chunk.length
		switch {
		case f.insert == 0 && kind != "IHDR":
			return &FormatError{Offset: chunk.offset, Err: errors.New("first chunk is not IHDR")}
		case f.insert == 0:
			f.insert = pos
		case kind == "IEND":
			return nil // what follows is not PNG, and kept
		}
	}
}

// chunk adds the slot of a chunk that has one.
func (f *pngFile) chunk(c pngChunk) error {
	switch c.kind {
	case "tEXt", "zTXt", "iTXt", "eXIf":
	case "caBX":
		f.add(Slot{Kind: C2PA, Place: "PNG caBX", Guide: true}, c)
		return nil
	default:
		return nil
	}
	data, err := f.src.Bytes(c.offset+8, c.length-pngOverhead+4, "PNG "+c.kind+" chunk")
	if err != nil {
		return err
	}
	data, crc := data[:len(data)-4], binary.BigEndian.Uint32(data[len(data)-4:])
	if pngChecksum(c.kind, data) != crc {
		f.damage(c.offset, "%s chunk: wrong checksum", c.kind)
	}
	if c.kind == "eXIf" {
		f.add(Slot{Kind: EXIF, Place: "PNG eXIf", Guide: true, Value: data}, c)
		return nil
	}
	return f.text(c, data)
}

// text adds the slot of a text chunk.
func (f *pngFile) text(c pngChunk, data []byte) error {
	keyword, n, compressed, ok := pngText(c.kind, data)
	if !ok {
		f.damage(c.offset, "malformed %s chunk", c.kind)
		return nil
	}
	c.prefix, c.deflated = data[:n:n], compressed
	slot := Slot{Kind: Text, Key: keyword, Place: "PNG " + c.kind + " " + keyword, Value: data[n:]}
	switch {
	case keyword == pngXMP:
		slot.Kind = XMP
		slot.Guide = !slices.ContainsFunc(f.Slots, func(s Slot) bool { return s.Kind == XMP })
	case recordKey(keyword):
		slot.Kind = Record
	}
	if compressed {
		slot.Encoding = "deflate"
		value, err := f.src.Inflate(slot.Value, slot.Place)
		if err != nil {
			if limit := new(LimitError); errors.As(err, &limit) {
				return err
			}
			f.damage(c.offset, "%s: %w", slot.Place, err)
			return nil
		}
		slot.Value = value
	}
	f.add(slot, c)
	return nil
}

// add lists a slot. Its bytes are the chunk's data after the prefix.
func (f *pngFile) add(s Slot, c pngChunk) {
	n := int64(len(c.prefix))
	s.Ranges = []Range{{c.offset + 8 + n, c.length - pngOverhead - n}}
	f.Slots = append(f.Slots, s)
	f.chunks = append(f.chunks, c)
}

// pngText returns the keyword of a text chunk, where its text starts, and
// whether the text is compressed.
func pngText(kind string, data []byte) (keyword string, n int, compressed, ok bool) {
	i := bytes.IndexByte(data, 0)
	if i < 1 || i > 79 {
		return "", 0, false, false
	}
	keyword, n = string(data[:i]), i+1
	switch kind {
	case "zTXt": // compression method
		compressed = true
		n++
	case "iTXt": // compression flag and method, language and translated keyword
		if len(data) < n+2 {
			return "", 0, false, false
		}
		compressed = data[n] == 1
		n += 2
		for range 2 {
			end := bytes.IndexByte(data[n:], 0)
			if end < 0 {
				return "", 0, false, false
			}
			n += end + 1
		}
	}
	return keyword, n, compressed, n <= len(data)
}

// Plan implements [File]. New XMP goes straight after IHDR, where readers of
// the file's head find it.
func (f *pngFile) Plan(changes []Change) (*splice.Plan, error) {
	var edits []splice.Edit
	for i, c := range f.chunks {
		change, ok := changed(changes, &f.Slots[i])
		switch {
		case !ok || change.Value != nil && bytes.Equal(change.Value, f.Slots[i].Value):
		case change.Value == nil:
			edits = append(edits, splice.Edit{Offset: c.offset, Delete: c.length})
		default:
			value := change.Value
			if c.deflated {
				value = deflate(value)
			}
			edits = append(edits, splice.Edit{Offset: c.offset, Delete: c.length, Insert: pngEncode(c.kind, c.prefix, value)})
		}
	}
	for _, c := range changes {
		switch {
		case c.Slot != nil:
		case c.Kind == XMP:
			edits = append(edits, splice.Edit{Offset: f.insert, Insert: pngEncode("iTXt", []byte(pngXMP+"\x00\x00\x00\x00\x00"), c.Value)})
		default:
			return nil, ErrNoPlace
		}
	}
	return splice.New(f.src.ReaderAt(), f.src.Size(), edits)
}

// pngEncode returns a whole chunk.
func pngEncode(kind string, prefix, value []byte) splice.Content {
	data := slices.Concat(prefix, value)
	b := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
	b = append(append(b, kind...), data...)
	return bytes.NewReader(binary.BigEndian.AppendUint32(b, pngChecksum(kind, data)))
}

func pngChecksum(kind string, data []byte) uint32 {
	return crc32.Update(crc32.ChecksumIEEE([]byte(kind)), crc32.IEEETable, data)
}
