package container

import (
	"bytes"
	"encoding/binary"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/aigclabel/aigclabel/internal/splice"
)

// A blockText is a text whose records stand in blocks of their own: comments,
// lines, instructions.
type blockText struct {
	Layout
	src           *Source
	blocks        []Range // of Slots, by index: what goes with a slot
	insert        int     // where a new record goes
	before, after string  // what it stands between
	refuse        error   // why there is no place for one
	encode        func(value []byte) (string, error)
}

// Plan implements [File].
func (f *blockText) Plan(changes []Change) (*splice.Plan, error) {
	var edits []splice.Edit
	for _, c := range changes {
		switch {
		case c.Slot != nil || c.Value == nil:
		case f.refuse != nil:
			return nil, f.refuse
		case c.Kind != Record:
			return nil, ErrNoPlace
		default:
			value, err := f.encode(c.Value)
			if err != nil {
				return nil, err
			}
			edits = append(edits, splice.Edit{Offset: int64(f.insert), Insert: strings.NewReader(f.before + value + f.after)})
		}
	}
	for i := range f.Slots {
		s, r := &f.Slots[i], f.Slots[i].Ranges[0]
		c, ok := changed(changes, s)
		switch {
		case !ok:
		case c.Value == nil:
			edits = append(edits, splice.Edit{Offset: f.blocks[i].Offset, Delete: f.blocks[i].Length})
		default:
			value, err := f.encode(c.Value)
			if err != nil {
				return nil, err
			}
			if r.Length == 0 {
				value = " " + value
			}
			edits = append(edits, splice.Edit{Offset: r.Offset, Delete: r.Length, Insert: strings.NewReader(value)})
		}
	}
	return splice.New(f.src.ReaderAt(), f.src.Size(), edits)
}

// maxIndent is the longest white space taken for indentation.
const maxIndent = 64

// indentation returns the white space at the start of text, "" if it is longer
// than any line is indented.
func indentation(text string) string {
	n := len(text) - len(strings.TrimLeft(text, " \t\r\n"))
	if n > maxIndent {
		return ""
	}
	return text[:n]
}

// IsText reports whether the head of a file is text: UTF-8, UTF-16 with a byte
// order mark, or GB 18030, without control characters that text does not have.
// An empty file is text.
func IsText(src *Source) (bool, error) {
	head, err := src.Head(HeadSize)
	if err != nil {
		return false, err
	}
	return isText(head, int64(len(head)) < src.Size()), nil
}

// isText is [IsText] for a head that may be cut off.
func isText(head []byte, cut bool) bool {
	if order := utf16Order(head); order != nil {
		return isUTF16(head, order, cut)
	}
	for _, c := range head {
		if c < 0x20 && !textControl(rune(c)) {
			return false
		}
	}
	return isUTF8(head, cut) || isGB18030(head, cut)
}

// utf16Order returns the byte order of text that starts with a UTF-16 byte
// order mark, else nil.
func utf16Order(text []byte) binary.ByteOrder {
	switch {
	case bytes.HasPrefix(text, []byte(utf16LEBOM)):
		return binary.LittleEndian
	case bytes.HasPrefix(text, []byte(utf16BOM)):
		return binary.BigEndian
	}
	return nil
}

// textControl reports whether text may hold the control character c: white
// space, and the escape of terminal colours.
func textControl(c rune) bool { return c >= '\t' && c <= '\r' || c == 0x1B }

func isUTF8(b []byte, cut bool) bool {
	for len(b) > 0 {
		_, n := utf8.DecodeRune(b)
		if n == 1 && b[0] >= utf8.RuneSelf {
			return cut && !utf8.FullRune(b)
		}
		b = b[n:]
	}
	return true
}

func isUTF16(b []byte, order binary.ByteOrder, cut bool) bool {
	if len(b)%2 != 0 && !cut {
		return false
	}
	for ; len(b) >= 2; b = b[2:] {
		c := rune(order.Uint16(b))
		if c < 0x20 && !textControl(c) || c >= 0xFFFE {
			return false
		}
		if !utf16.IsSurrogate(c) {
			continue
		}
		if len(b) < 4 {
			return cut
		}
		if utf16.DecodeRune(c, rune(order.Uint16(b[2:]))) == utf8.RuneError {
			return false
		}
		b = b[2:]
	}
	return true
}

// isGB18030 reports whether b is plausible Chinese text: legal sequences, most
// of them from GB 2312, which holds the characters of everyday use.
func isGB18030(b []byte, cut bool) bool {
	common, rare := 0, 0
	for len(b) > 0 {
		n := gb18030Length(b)
		switch {
		case n == 0:
			return false
		case n > len(b):
			b = nil
			if !cut {
				return false
			}
			continue
		case n == 2 && b[0] >= 0xA1 && b[0] <= 0xF7 && b[1] >= 0xA1:
			common++
		case n > 1:
			rare++
		}
		b = b[n:]
	}
	return common >= 3*rare
}

// gb18030Length returns the length of the character at the start of b, more
// than len(b) if it is cut, and 0 if it is illegal.
func gb18030Length(b []byte) int {
	trail := func(c byte) bool { return c >= 0x40 && c != 0x7F && c != 0xFF }
	lead := func(c byte) bool { return c > 0x80 && c < 0xFF }
	digit := func(c byte) bool { return c >= '0' && c <= '9' }
	switch {
	case b[0] < 0x80:
		return 1
	case !lead(b[0]):
		return 0
	case len(b) == 1, trail(b[1]):
		return 2
	case !digit(b[1]), len(b) > 2 && !lead(b[2]), len(b) > 3 && !digit(b[3]):
		return 0
	}
	return 4
}
