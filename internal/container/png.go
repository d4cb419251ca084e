package container

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"iter"
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
	store  int64      // the position of a C2PA store: before IDAT, of an APNG file before IEND
}

type pngChunk struct {
	PNGChunk
	prefix   []byte // of its data, before the value
	deflated bool
}

// PNG walks a PNG or APNG file.
func PNG(src *Source) (File, error) {
	f := &pngFile{src: src}
	return f, f.fail(src.Size(), f.walk())
}

func (f *pngFile) walk() error {
	animated := false
	for chunk, err := range pngChunks(f.src, pngPastData) {
		if err != nil {
			return err
		}
		if f.insert == 0 {
			f.insert = chunk.Offset + chunk.Length
		}
		if err := f.fail(chunk.Offset, f.chunk(pngChunk{PNGChunk: chunk})); err != nil {
			return err
		}
		switch {
		case chunk.Kind == "acTL":
			animated = true
		case chunk.Kind == "IDAT" && f.store == 0, chunk.Kind == "IEND" && animated:
			f.store = chunk.Offset
		}
		if chunk.Kind == "IEND" {
			f.End = chunk.Offset + chunk.Length
		}
	}
	return nil
}

// A PNGChunk is a chunk of a PNG file: a run of bytes that holds a length, a
// type, the data and a checksum.
type PNGChunk struct {
	Range
	Kind string
}

// PNGChunks yields the chunks of a PNG file from IHDR to IEND. What follows is
// not PNG. It ends with the first error: broken structure is a *[FormatError].
func PNGChunks(src *Source) iter.Seq2[PNGChunk, error] {
	return pngChunks(src, func(_ *Source, c PNGChunk) (int64, error) { return c.Offset + c.Length, nil })
}

// pngChunks yields the chunks from IHDR to IEND; next says where to go on.
func pngChunks(src *Source, next func(*Source, PNGChunk) (int64, error)) iter.Seq2[PNGChunk, error] {
	return func(yield func(PNGChunk, error) bool) {
		pos, err := pngStart(src)
		for kind := ""; err == nil && kind != "IEND"; {
			var c PNGChunk
			if c, err = pngChunkAt(src, pos); err == nil && kind == "" && c.Kind != "IHDR" {
				err = &FormatError{Offset: pos, Err: errors.New("first chunk is not IHDR")}
			}
			if err == nil && !yield(c, nil) {
				return
			}
			kind = c.Kind
			if err == nil {
				pos, err = next(src, c)
			}
		}
		if err != nil {
			yield(PNGChunk{}, err)
		}
	}
}

// pngPastData returns where the chunk after c is, and for IDAT, where the run of
// chunks of its length ends. IDAT chunks stand together (clause 5.6) and
// encoders give all but the last one length, so the headers of a run need not
// all be read: a picture of a thousand chunks costs twenty reads.
func pngPastData(src *Source, c PNGChunk) (int64, error) {
	last, step := c.Offset, c.Length
	if c.Kind != "IDAT" {
		return last + step, nil
	}
	same := func(pos int64) (bool, error) {
		if step > src.Size() || pos > src.Size()-c.Length {
			return false, nil
		}
		h, err := src.Peek(pos, 8)
		return err == nil && string(h[4:]) == "IDAT" && int64(binary.BigEndian.Uint32(h)) == c.Length-pngOverhead, err
	}
	for growing := true; step >= c.Length; {
		ok, err := same(last + step)
		if err != nil {
			return 0, err
		}
		if ok {
			last += step
		}
		if growing = growing && ok; growing {
			step *= 2
		} else {
			step = step / 2 / c.Length * c.Length
		}
	}
	return last + c.Length, nil
}

// pngStart returns where the first chunk is.
func pngStart(src *Source) (int64, error) {
	sig, err := src.Peek(0, len(pngSignature))
	if err != nil {
		return 0, pngTruncated(0, err)
	}
	if string(sig) != pngSignature {
		return 0, &FormatError{Offset: 0, Err: errors.New("no PNG signature")}
	}
	return int64(len(pngSignature)), nil
}

// pngChunkAt returns the chunk at pos.
func pngChunkAt(src *Source, pos int64) (PNGChunk, error) {
	if err := src.Element(); err != nil {
		return PNGChunk{}, err
	}
	h, err := src.Peek(pos, 8)
	if err != nil {
		return PNGChunk{}, pngTruncated(pos, err)
	}
	c := PNGChunk{Range{pos, int64(binary.BigEndian.Uint32(h)) + pngOverhead}, string(h[4:])}
	if c.Length > src.Size()-pos {
		return c, &FormatError{Offset: pos, Err: fmt.Errorf("%s chunk: %w", printable(c.Kind), errTruncated)}
	}
	return c, nil
}

// pngTruncated gives a truncation its place.
func pngTruncated(pos int64, err error) error {
	if errors.Is(err, errTruncated) {
		return &FormatError{Offset: pos, Err: errTruncated}
	}
	return err
}

// Data reads the data of c, within the limits of src. With wrong data of a
// right length it also returns the *[FormatError] of the checksum.
func (c PNGChunk) Data(src *Source) ([]byte, error) {
	data, err := src.Bytes(c.Offset+8, c.Length-pngOverhead+4, "PNG "+c.Kind+" chunk")
	if err != nil {
		return nil, err
	}
	data, crc := data[:len(data)-4], binary.BigEndian.Uint32(data[len(data)-4:])
	if pngChecksum(c.Kind, data) != crc {
		err = &FormatError{Offset: c.Offset, Err: fmt.Errorf("%s chunk: wrong checksum", printable(c.Kind))}
	}
	return data, err
}

// chunk adds the slot of a chunk that has one.
func (f *pngFile) chunk(c pngChunk) error {
	switch c.Kind {
	case "tEXt", "zTXt", "iTXt", "eXIf":
	case "caBX":
		if _, err := f.src.Bytes(c.Offset, 8, "PNG caBX chunk"); err != nil { // counts as a value
			return err
		}
		f.add(Slot{Kind: C2PA, Place: "PNG caBX", Guide: f.vacant(C2PA), Frame: []Range{c.Range}}, c)
		return nil
	default:
		return nil
	}
	data, err := c.Data(f.src)
	if err := f.fail(c.Offset, err); err != nil || data == nil {
		return err
	}
	if c.Kind == "eXIf" {
		f.add(Slot{Kind: EXIF, Place: "PNG eXIf", Guide: f.vacant(EXIF), Value: data}, c)
		return nil
	}
	return f.text(c, data)
}

// text adds the slot of a text chunk.
func (f *pngFile) text(c pngChunk, data []byte) error {
	keyword, n, compressed, ok := pngText(c.Kind, data)
	if !ok {
		f.damage(c.Offset, "malformed %s chunk", c.Kind)
		return nil
	}
	c.prefix, c.deflated = data[:n:n], compressed
	slot := Slot{Kind: Text, Key: keyword, Place: "PNG " + c.Kind + " " + keyword, Value: data[n:]}
	switch {
	case keyword == pngXMP:
		slot.Kind, slot.Guide = XMP, f.vacant(XMP)
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
			f.damage(c.Offset, "%s: %w", slot.Place, err)
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
	s.Ranges = []Range{{c.Offset + 8 + n, c.Length - pngOverhead - n}}
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
// the file's head find it. A C2PA store goes before the image (C2PA 2.1, A.3.2),
// but to the end of an APNG file: ffmpeg takes one with a large chunk before the
// image for a still.
func (f *pngFile) Plan(changes []Change) (*splice.Plan, error) {
	var edits []splice.Edit
	for _, c := range changes { // before a chunk that is deleted at the same position
		switch {
		case c.Slot != nil || c.Value == nil:
		case c.Kind == XMP:
			edits = append(edits, splice.Edit{Offset: f.insert, Insert: pngEncode("iTXt", []byte(pngXMP+"\x00\x00\x00\x00\x00"), c.Value)})
		case c.Kind == C2PA:
			edits = append(edits, splice.Edit{Offset: cmp.Or(f.store, f.insert), Insert: pngEncode("caBX", nil, c.Value)})
		default:
			return nil, ErrNoPlace
		}
	}
	for i, c := range f.chunks {
		change, ok := changed(changes, &f.Slots[i])
		switch {
		case !ok:
		case change.Value == nil:
			edits = append(edits, splice.Edit{Offset: c.Offset, Delete: c.Length})
		default:
			value := change.Value
			if c.deflated {
				value = deflate(value)
			}
			edits = append(edits, splice.Edit{Offset: c.Offset, Delete: c.Length, Insert: pngEncode(c.Kind, c.prefix, value)})
		}
	}
	return splice.New(f.src.ReaderAt(), f.src.Size(), edits)
}

// pngEncode returns a whole chunk.
func pngEncode(kind string, prefix, value []byte) splice.Content {
	return bytes.NewReader(AppendPNGChunk(nil, kind, slices.Concat(prefix, value)))
}

// AppendPNGChunk appends a whole chunk to b.
func AppendPNGChunk(b []byte, kind string, data []byte) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(len(data)))
	b = append(append(b, kind...), data...)
	return binary.BigEndian.AppendUint32(b, pngChecksum(kind, data))
}

func pngChecksum(kind string, data []byte) uint32 {
	return crc32.Update(crc32.ChecksumIEEE([]byte(kind)), crc32.IEEETable, data)
}
