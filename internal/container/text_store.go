package container

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/aigclabel/aigclabel/internal/splice"
)

// C2PA stores in text. In any text a wrapper of characters that are not seen (C2PA 2.4,
// A.8): U+FEFF, then a variation selector for each byte of a mark, a version, the length
// of the store, the store, and padding. In text with comments or a front matter a
// block (A.9):
//
//	-----BEGIN C2PA MANIFEST----- data:application/c2pa;base64,... -----END C2PA MANIFEST-----
//
// or a URL instead. Both are read, wrappers are written: at the end of the text,
// padded to a length that depends on that of the store alone.

const (
	textStoreVersion = 1
	textStoreHeader  = len(textStoreMagic) + 1 + 4 // version, length
	textStoreMagic   = "C2PATXT\x00"
	textStoreMark    = "\ufeff"

	textBlockBegin = "-----BEGIN C2PA MANIFEST-----"
	textBlockEnd   = "-----END C2PA MANIFEST-----"
	textBlockData  = "data:application/c2pa;base64,"
)

// textStoreStart is how each wrapper starts.
var textStoreStart = appendSelectors([]byte(textStoreMark), []byte(textStoreMagic))

// appendSelectors appends data as variation selectors in UTF-8: U+FE00 to U+FE0F are
// the first 16, U+E0100 to U+E01EF the other 240.
func appendSelectors(b, data []byte) []byte {
	for _, c := range data {
		if c < 16 {
			b = utf8.AppendRune(b, 0xFE00+rune(c))
		} else {
			b = utf8.AppendRune(b, 0xE0100+rune(c)-16)
		}
	}
	return b
}

// selector returns the byte that the variation selector at the start of b stands for, and
// its length, 0 for any other character.
func selector(b []byte) (c byte, n int) {
	switch r, n := utf8.DecodeRune(b); {
	case r >= 0xFE00 && r <= 0xFE0F:
		return byte(r - 0xFE00), n
	case r >= 0xE0100 && r <= 0xE01EF:
		return byte(r - 0xE0100 + 16), n
	}
	return 0, 0
}

// textStore returns the wrapper of a store.
func textStore(store []byte) []byte {
	header := binary.BigEndian.AppendUint32([]byte(textStoreMagic+string(rune(textStoreVersion))), uint32(len(store)))
	size := len(textStoreMark) + 4*(textStoreHeader+len(store)) + 6 // any gap from 6 on is a sum of 3 and 4
	b := append(make([]byte, 0, size), textStoreMark...)
	b = appendSelectors(appendSelectors(b, header), store)
	long := (size - len(b)) % 3
	b = append(b, bytes.Repeat([]byte("\ufe00"), (size-len(b)-4*long)/3)...)
	return append(b, bytes.Repeat([]byte("\U000E0100"), long)...)
}

// textStores returns the slots of the stores in a text: where [Source.Whole] is not
// set, of those in its head, and of the one at its end. A wrapper that is broken has no
// value.
func (s *Source) textStores() (slots []Slot, err error) {
	r := &textReader{src: s, ends: &textReader{src: s}}
	if s.Whole || s.size <= 2*HeadSize {
		return r.stores(0, s.size)
	}
	if slots, err = r.stores(0, HeadSize); err != nil {
		return slots, err
	}
	from := int64(HeadSize)
	if n := len(slots); n > 0 {
		from = max(from, slots[n-1].Frame[0].end())
	}
	start, err := r.lastStore(from)
	if err != nil || start < 0 {
		return slots, err
	}
	last, err := r.stores(start, s.size)
	return append(slots, last...), err
}

// ByteOrderMark returns the length of the mark that a text in UTF-8 starts with, 0 for
// none. A store at the start begins with the same character, which is no mark then.
func ByteOrderMark(text []byte) int {
	if bytes.HasPrefix(text, textStoreStart) {
		return 0
	}
	return len(text) - len(bytes.TrimPrefix(text, []byte(utf8BOM)))
}

// textEnd returns where the text ends that a reader sees: before a store at its end.
func (s *Source) textEnd(stores []Slot) int64 {
	end := s.size
	for i := len(stores) - 1; i >= 0 && stores[i].Encoding == textSelectors && stores[i].Frame[0].end() == end; i-- {
		end = stores[i].Frame[0].Offset
	}
	return end
}

const (
	textSelectors = "selectors" // the encoding of a wrapper
	textView      = 64          // bytes that are looked at together
	textReadSize  = 64 << 10
)

// A textReader reads a text in blocks.
type textReader struct {
	src   *Source
	block []byte
	at    int64
	own   []byte      // for a block that is neither of the head nor of the tail
	ends  *textReader // finds the ends of text blocks, which may be far from where they start
	open  int64       // up to here no text block has an end
}

// view returns the bytes at off: at least 64, if the file has as many.
func (r *textReader) view(off int64) ([]byte, error) {
	if n := off - r.at; n >= 0 && n <= int64(len(r.block)) && (int64(len(r.block))-n >= textView || r.at+int64(len(r.block)) == r.src.size) {
		return r.block[n:], nil
	}
	r.at = off
	for _, n := range []int64{min(HeadSize, r.src.size) - off, r.src.size - off} { // the rest of the head, or of the tail
		b, ok, err := r.src.window(off, n)
		if err != nil && !errors.Is(err, errTruncated) {
			return nil, err
		}
		if ok && err == nil && (n >= textView || off+n == r.src.size) {
			r.block = b
			return b, nil
		}
	}
	if r.own == nil {
		r.own = make([]byte, min(textReadSize, r.src.size))
	}
	r.block = r.own[:min(int64(len(r.own)), r.src.size-off)]
	return r.block, r.src.readAt(r.block, off)
}

// find returns where the next of needle starts, from off up to end, -1 if there is none.
func (r *textReader) find(needle []byte, off, end int64) (int64, error) {
	for {
		b, err := r.view(off)
		if err != nil {
			return -1, err
		}
		if i := bytes.Index(b, needle); i >= 0 && off+int64(i) < end {
			return off + int64(i), nil
		}
		if off += int64(len(b)); off >= end {
			return -1, nil
		}
		off -= int64(len(needle)) - 1
	}
}

// stores returns the slots of the stores that start from off up to end, in order.
func (r *textReader) stores(off, end int64) (slots []Slot, err error) {
	needles := []struct {
		start []byte
		read  func(at int64) (Slot, error)
		next  int64
	}{{start: textStoreStart, read: r.wrapper}, {start: []byte(textBlockBegin), read: r.armour}}
	for i := range needles {
		n := &needles[i]
		if n.next, err = r.find(n.start, off, end); err != nil {
			return nil, err
		}
	}
	for {
		n := &needles[0]
		if other := &needles[1]; n.next < 0 || other.next >= 0 && other.next < n.next {
			n = other
		}
		if n.next < 0 {
			return slots, nil
		}
		if len(slots) == maxSlots {
			return slots, errTooManySlots
		}
		s, err := n.read(n.next)
		if err != nil {
			return slots, err
		}
		past := n.next + int64(len(n.start))
		if s.Frame != nil {
			slots = append(slots, s)
			past = s.Frame[0].end()
		}
		for i := range needles {
			if n := &needles[i]; n.next >= 0 && n.next < past {
				if n.next, err = r.find(n.start, past, end); err != nil {
					return slots, err
				}
			}
		}
	}
}

// wrapper returns the slot of the wrapper at a position.
func (r *textReader) wrapper(at int64) (Slot, error) {
	var data []byte
	off := at + int64(len(textStoreMark))
	for length := int64(-1); ; {
		b, err := r.view(off)
		if err != nil {
			return Slot{}, err
		}
		whole := len(b)
		for len(b) > 0 {
			c, n := selector(b)
			if n == 0 {
				break
			}
			if length < 0 || int64(len(data)) < int64(textStoreHeader)+length { // not padding
				data = append(data, c)
			}
			if len(data) == textStoreHeader {
				length = int64(binary.BigEndian.Uint32(data[textStoreHeader-4:]))
			}
			b = b[n:]
		}
		off += int64(whole - len(b))
		if length > r.src.Value {
			return Slot{}, &LimitError{What: "C2PA store in text", Limit: r.src.Value}
		}
		if whole == len(b) || len(b) >= utf8.UTFMax || off == r.src.size {
			return wrapperSlot(at, off, data, length), nil
		}
	}
}

// wrapperSlot returns the slot of a wrapper of these bytes.
func wrapperSlot(at, end int64, data []byte, length int64) Slot {
	s := Slot{Kind: C2PA, Place: "text wrapper", Encoding: textSelectors, Frame: []Range{{at, end - at}}}
	first := at + int64(len(textStoreMark))
	s.Ranges = []Range{{first, end - first}}
	if length >= 0 && int64(len(data)) == int64(textStoreHeader)+length && data[len(textStoreMagic)] == textStoreVersion {
		s.Value = data[textStoreHeader:]
	}
	return s
}

// armour returns the slot of the block at a position, without a frame if it has no
// end. What it leaves out of the hash is its lines.
func (r *textReader) armour(at int64) (Slot, error) {
	begin := at + int64(len(textBlockBegin))
	last := min(r.src.size, begin+r.src.Value)
	end, err := r.ends.find([]byte(textBlockEnd), max(begin, min(r.open, last)), last)
	if err != nil || end < 0 {
		r.open = last
		return Slot{}, err
	}
	b, err := r.src.Bytes(begin, end-begin, "C2PA manifest block")
	if err != nil {
		return Slot{}, err
	}
	s := Slot{Kind: C2PA, Place: "text block C2PA MANIFEST", Encoding: "url"}
	value := strings.Trim(string(b), " \t\r\n")
	start := begin + int64(strings.Index(string(b), value))
	if data, ok := strings.CutPrefix(value, textBlockData); ok {
		start += int64(len(textBlockData))
		value, s.Encoding, s.Value = data, "base64", decodeBase64(data)
	} else {
		s.Value = []byte(value)
	}
	s.Ranges = []Range{{start, int64(len(value))}}
	s.Frame, err = r.lines(at, end+int64(len(textBlockEnd)))
	return s, err
}

// lines returns the lines from the one of start to the one of end, but not what is no
// sign of a comment on them: a line of code beside the store would not be signed. What is
// before a comment on its line is short.
func (r *textReader) lines(start, end int64) ([]Range, error) {
	before := min(start, textView)
	b, err := r.src.Peek(start-before, int(before))
	if err != nil {
		return nil, err
	}
	if sign := b[bytes.LastIndexByte(b, '\n')+1:]; isCommentSign(sign) {
		start -= int64(len(sign))
	}
	after := min(r.src.size-end, textView)
	if b, err = r.src.Peek(end, int(after)); err != nil {
		return nil, err
	}
	if i := bytes.IndexByte(b, '\n'); i >= 0 {
		b = b[:i+1]
	}
	if isCommentSign(b) {
		end += int64(len(b))
	}
	return []Range{{start, end - start}}, nil
}

// isCommentSign reports whether what stands beside a block on its line is no more than
// the sign of a comment, such as <!-- or #.
func isCommentSign(b []byte) bool {
	const most = 16
	return len(b) <= most && !bytes.ContainsFunc(b, func(c rune) bool { return unicode.IsLetter(c) || unicode.IsDigit(c) })
}

// lastStore returns where the wrapper starts that the end of the file shows, -1 if there
// is none from off on.
func (r *textReader) lastStore(off int64) (int64, error) {
	b, err := r.src.Tail(tailSize)
	if err != nil {
		return -1, err
	}
	if !bytes.Contains(b, []byte("\xef\xb8")) && !bytes.Contains(b, []byte("\xf3\xa0")) {
		return -1, nil
	}
	overlap := int64(len(textStoreStart) - 1)
	for end := r.src.size; end > off && r.src.size-end < 4*r.src.Value; {
		start := max(off, end-textReadSize+overlap)
		b := make([]byte, min(end+overlap, r.src.size)-start)
		if err := r.src.readAt(b, start); err != nil {
			return -1, err
		}
		if i := bytes.LastIndex(b, textStoreStart); i >= 0 {
			return start + int64(i), nil
		}
		if end < r.src.size && bytes.ContainsFunc(b, func(c rune) bool { return c < utf8.RuneSelf }) {
			return -1, nil // text, not a wrapper
		}
		end = start
	}
	return -1, nil
}

// storeEdit returns the edit that gives the store of a text another value, or none.
func storeEdit(s *Slot, value []byte) splice.Edit {
	at := s.Frame[0]
	switch {
	case value == nil:
		return splice.Edit{Offset: at.Offset, Delete: at.Length}
	case s.Encoding == textSelectors:
		return splice.Edit{Offset: at.Offset, Delete: at.Length, Insert: bytes.NewReader(textStore(value))}
	}
	text := base64.StdEncoding.EncodeToString(value)
	if s.Encoding == "url" {
		text = textBlockData + text
	}
	at = s.Ranges[0]
	return splice.Edit{Offset: at.Offset, Delete: at.Length, Insert: strings.NewReader(text)}
}

// storeAddition returns the edit that adds a store to a text: at its end.
func (s *Source) storeAddition(value []byte) (splice.Edit, error) {
	if ok, err := s.isUTF8(); !ok {
		if err == nil {
			err = fmt.Errorf("%w: convert the text to UTF-8", ErrNoPlace)
		}
		return splice.Edit{}, err
	}
	return splice.Edit{Offset: s.size, Insert: bytes.NewReader(textStore(value))}, nil
}

// isUTF8 reports whether all of a file is text in UTF-8.
func (s *Source) isUTF8() (bool, error) {
	r := &textReader{src: s}
	for off := int64(0); off < s.size; {
		b, err := r.view(off)
		if err != nil {
			return false, err
		}
		whole := b
		if off+int64(len(b)) < s.size {
			for len(whole) > 0 && len(b)-len(whole) < utf8.UTFMax-1 && !utf8.RuneStart(whole[len(whole)-1]) {
				whole = whole[:len(whole)-1]
			}
			whole = whole[:max(len(whole)-1, 0)]
		}
		if len(whole) == 0 || !utf8.Valid(whole) {
			return false, nil
		}
		off += int64(len(whole))
	}
	return true, nil
}
