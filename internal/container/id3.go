package container

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
)

// ID3v2 (id3.org: id3v2-00, id3v2.3.0, id3v2.4.0-structure): a header, an
// optional extended header, frames, padding, and in 2.4 an optional footer.
// Tags stand before MP3, AAC and FLAC streams and inside AIFF and WAV chunks.

const (
	id3HeaderSize = 10      // of a tag; the footer has the same size
	id3MaxSize    = 1 << 28 // of what a tag header can state
	id3MaxTags    = 64      // in a row
)

// Flags of the tag header.
const (
	id3Unsync   = 0x80 // zero bytes break up what looks like an MPEG sync
	id3Extended = 0x40 // in 2.2: a compression that was never defined
	id3Footer   = 0x10 // 2.4
)

// Flags of the extended header of 2.4.
const (
	id3Update = 0x40
	id3CRC    = 0x20
)

type id3Tag struct {
	Range         // of the whole tag
	src           *Source
	major         byte // 2, 3 or 4
	flags         byte
	guide         bool  // whether a TXXX AIGC in this tag stands in the guide's place
	first, end    int64 // of the frames and the padding
	padding       int64 // where the padding begins
	count         int   // frames in all
	frames        []id3Frame
	plain         []Range // frames of a 2.4 tag with a size that is not syncsafe: old iTunes
	stored        []byte  // the bytes from first to end, if the whole tag is unsynchronised
	crc           Range   // in the extended header of 2.4
	extendedFlags byte
	chapters      []Range
	seek          int64 // where a SEEK frame says that the next tag is, 0 for none
}

// An id3Frame is a frame that has a slot.
type id3Frame struct {
	Range             // of the whole frame as it is stored
	data        Range // after the frame header
	id          string
	flags       [2]byte
	language    []byte // of a comment
	description string // of TXXX and COMM
	prefix      []byte // of GEOB and PRIV, before the value
	slot        int    // index in Layout.Slots
}

// id3Size returns the length of the tag that starts with header, false if it is
// not a tag's header.
func id3Size(header []byte) (int64, bool) {
	if len(header) < id3HeaderSize || string(header[:3]) != "ID3" || header[3] == 0xFF || header[4] == 0xFF {
		return 0, false
	}
	size, ok := syncsafe(header[6:10])
	if header[3] == 4 && header[5]&id3Footer != 0 {
		size += id3HeaderSize
	}
	return size + id3HeaderSize, ok
}

// skipID3 returns where the tags at the head of src end; more says that there
// are yet others.
func skipID3(src *Source) (pos int64, more bool, err error) {
	for n := 0; pos <= src.Size()-id3HeaderSize; n++ {
		h, err := src.Peek(pos, id3HeaderSize)
		if err != nil {
			return 0, false, err
		}
		size, ok := id3Size(h)
		if !ok {
			break
		}
		if n == id3MaxTags {
			return pos, true, nil
		}
		pos += size
	}
	return pos, false, nil
}

// readID3Tags walks the tags at the head of src and returns them and where they
// end. With guide the first one is the format's own place.
func (l *Layout) readID3Tags(src *Source, guide bool) (tags []*id3Tag, pos int64, err error) {
	for {
		t, err := l.readID3(src, pos, src.Size(), guide && pos == 0)
		if t == nil || err != nil {
			return tags, pos, err
		}
		if len(tags) == id3MaxTags {
			return tags, pos, &LimitError{What: "number of ID3v2 tags", Limit: id3MaxTags}
		}
		tags = append(tags, t)
		pos += t.Length
	}
}

// readID3 walks the tag at off, which must not reach past end, and lists its
// slots. It returns nil if there is none.
func (l *Layout) readID3(src *Source, off, end int64, guide bool) (*id3Tag, error) {
	if end-off < id3HeaderSize {
		return nil, nil
	}
	h, err := src.Peek(off, id3HeaderSize)
	if err != nil {
		return nil, err
	}
	size, ok := id3Size(h)
	if !ok {
		return nil, nil
	}
	t := &id3Tag{Range: Range{off, size}, src: src, major: h[3], flags: h[5], guide: guide, first: off + id3HeaderSize}
	t.end = off + size
	if t.footer() {
		t.end -= id3HeaderSize
	}
	if size > end-off {
		l.damage(off, "ID3v2 tag: %w", errTruncated)
		t.Length, t.end = end-off, min(t.end, end)
	}
	t.padding = t.end
	return t, l.fail(off, t.walk(l))
}

func (t *id3Tag) footer() bool { return t.major == 4 && t.flags&id3Footer != 0 }

// unsynchronised reports whether the scheme covers the tag as a whole, frame
// headers and all; in 2.4 it covers the data of each frame.
func (t *id3Tag) unsynchronised() bool { return t.major < 4 && t.flags&id3Unsync != 0 }

func (t *id3Tag) walk(l *Layout) error {
	if t.major < 2 || t.major > 4 || t.major == 2 && t.flags&id3Extended != 0 {
		l.damage(t.Offset, "ID3v2.%d tag with flags %#x is not supported", t.major, t.flags)
		return nil
	}
	if t.unsynchronised() {
		var err error
		if t.stored, err = t.src.Bytes(t.first, t.end-t.first, "unsynchronised ID3v2 tag"); err != nil {
			return err
		}
	}
	if t.major > 2 && t.flags&id3Extended != 0 {
		if err := t.skipExtended(); err != nil {
			return err
		}
	}
	for pos := t.first; ; {
		f, ok, err := t.frame(pos)
		if err != nil {
			return err
		}
		if !ok {
			t.padding = pos
			return nil
		}
		t.count++
		if err := l.fail(pos, t.list(l, f)); err != nil {
			return err
		}
		pos += f.Length
	}
}

// skipExtended sets the first frame behind the extended header. In 2.3 its size
// leaves out the four bytes of the size itself.
func (t *id3Tag) skipExtended() error {
	h, err := t.peek(t.first, 4)
	if err != nil {
		return err
	}
	size := int64(binary.BigEndian.Uint32(h)) + 4
	if t.major == 4 {
		size, _ = syncsafe(h)
	}
	next, ok := t.advance(t.first, size)
	if !ok || size < 6 {
		return &FormatError{Offset: t.first, Err: errors.New("malformed ID3v2 extended header")}
	}
	if t.major == 4 {
		if err := t.findCRC(size); err != nil {
			return err
		}
	}
	t.first = next
	return nil
}

// findCRC locates the CRC among the flag data of a 2.4 extended header.
func (t *id3Tag) findCRC(size int64) error {
	h, err := t.peek(t.first, 6)
	if err != nil {
		return err
	}
	t.extendedFlags = h[5]
	at := int64(6)
	if t.extendedFlags&id3Update != 0 {
		at++ // its data has the length zero
	}
	if t.extendedFlags&id3CRC == 0 {
		return nil
	}
	if t.crc = (Range{t.first + at, 1 + 5}); h[4] != 1 || at+t.crc.Length > size {
		return &FormatError{Offset: t.first, Err: errors.New("malformed ID3v2 extended header")}
	}
	return nil
}

// advance returns where n bytes from pos on end as they are stored.
func (t *id3Tag) advance(pos, n int64) (int64, bool) {
	if n < 0 || n > t.end-pos {
		return 0, false
	}
	if t.stored == nil {
		return pos + n, true
	}
	b := t.stored[int64(len(t.stored))-(t.end-pos):]
	for n > 0 {
		if n > int64(len(b)) {
			return 0, false
		}
		i := int64(bytes.IndexByte(b[:n], 0xFF)) + 1
		if i == 0 {
			i = n
		}
		n -= i
		if b[i-1] == 0xFF && i < int64(len(b)) && b[i] == 0 {
			i++
		}
		b = b[i:]
	}
	return t.end - int64(len(b)), true
}

// peek returns n bytes at pos, decoded, valid until the next peek.
func (t *id3Tag) peek(pos, n int64) ([]byte, error) {
	end, ok := t.advance(pos, n)
	if !ok {
		return nil, &FormatError{Offset: pos, Err: errTruncated}
	}
	if t.stored == nil {
		return t.src.Peek(pos, int(n))
	}
	b := t.stored[int64(len(t.stored))-(t.end-pos):]
	return resynchronise(b[:end-pos]), nil
}

// frame reads the header of the frame at pos. It returns false at the padding.
func (t *id3Tag) frame(pos int64) (f id3Frame, ok bool, err error) {
	n := t.frameHeaderSize()
	data, ok := t.advance(pos, n)
	if !ok {
		return f, false, nil // too short for a frame
	}
	if err := t.src.Element(); err != nil {
		return f, false, err
	}
	h, err := t.peek(pos, n)
	if err != nil || h[0] == 0 {
		return f, false, err
	}
	f = id3Frame{Range: Range{Offset: pos}, data: Range{Offset: data}}
	if !id3FrameID(h[:t.idSize()]) {
		return f, false, &FormatError{Offset: pos, Err: errors.New("malformed ID3v2 frame")}
	}
	f.id = string(h[:t.idSize()])
	if t.major > 2 {
		f.flags = [2]byte(h[8:10])
	}
	end, ok := t.advance(data, t.frameSize(data, h))
	if !ok {
		return f, false, &FormatError{Offset: pos, Err: fmt.Errorf("ID3v2 %s frame: %w", printable(f.id), errTruncated)}
	}
	f.Length, f.data.Length = end-pos, end-data
	return f, true, nil
}

// idSize returns the number of bytes in a frame's identifier.
func (t *id3Tag) idSize() int {
	if t.major == 2 {
		return 3
	}
	return 4
}

func (t *id3Tag) frameHeaderSize() int64 {
	if t.major == 2 {
		return 6
	}
	return 10
}

// frameSize returns the size that the header h states for the data at pos.
// Old iTunes wrote 2.4 tags with plain sizes: where the size is not syncsafe, or
// what follows is not a frame but would be one with the plain size, that is taken.
func (t *id3Tag) frameSize(pos int64, h []byte) int64 {
	if t.major == 2 {
		return int64(h[3])<<16 | int64(h[4])<<8 | int64(h[5])
	}
	plain := int64(binary.BigEndian.Uint32(h[4:]))
	if t.major == 3 {
		return plain
	}
	safe, ok := syncsafe(h[4:8])
	if ok && (plain == safe || t.boundary(pos+safe) || !t.boundary(pos+plain)) {
		return safe
	}
	t.plain = append(t.plain, Range{pos - id3HeaderSize, plain})
	return plain
}

// boundary reports whether a 2.4 frame may end at pos: before another one, the
// padding, or what is too short for a frame.
func (t *id3Tag) boundary(pos int64) bool {
	if t.end-pos < id3HeaderSize {
		return pos <= t.end
	}
	h, err := t.src.Peek(pos, 4)
	return err == nil && (h[0] == 0 || id3FrameID(h))
}

// id3FrameID reports whether id names a frame. Old iTunes padded the names of
// 2.2 with a zero or a space.
func id3FrameID(id []byte) bool {
	for i, c := range id {
		switch {
		case c >= 'A' && c <= 'Z' || c >= '0' && c <= '9':
		case i == 3 && (c == 0 || c == ' '):
		default:
			return false
		}
	}
	return true
}

// syncsafe decodes the low seven bits of each of four bytes, false if a high
// bit is set.
func syncsafe(b []byte) (int64, bool) {
	var n int64
	ok := true
	for _, c := range b[:4] {
		n = n<<7 | int64(c&0x7F)
		ok = ok && c < 0x80
	}
	return n, ok
}

// appendSyncsafe appends n, below 1<<28, in four bytes.
func appendSyncsafe(b []byte, n int64) []byte {
	return append(b, byte(n>>21&0x7F), byte(n>>14&0x7F), byte(n>>7&0x7F), byte(n&0x7F))
}

// resynchronise undoes [unsynchronise].
func resynchronise(b []byte) []byte {
	pair := []byte{0xFF, 0}
	if !bytes.Contains(b, pair) {
		return b
	}
	return bytes.ReplaceAll(b, pair, pair[:1])
}

// unsynchronise puts a zero after each 0xFF that a player could take for the
// start of an MPEG sync, or a reader for a pair to undo.
func unsynchronise(b []byte) []byte {
	var out []byte
	for i, c := range b {
		out = append(out, c)
		if c == 0xFF && (i == len(b)-1 || b[i+1] >= 0xE0 || b[i+1] == 0) {
			out = append(out, 0)
		}
	}
	return out
}
