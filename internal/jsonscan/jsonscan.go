// Package jsonscan scans JSON where it lies, because encoding/json does not tell
// where values are, and takes no text that is cut off or has raw line breaks.
//
// It checks no more than it has to: who needs to know that a text is JSON asks
// [encoding/json.Valid].
package jsonscan

import (
	"iter"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Space is the white space of JSON (RFC 8259, section 2).
const Space = " \t\r\n"

// Value returns the position after the value that starts at pos, which is inside
// text; ok is false for one that is cut off.
func Value(text string, pos int) (end int, ok bool) {
	switch text[pos] {
	case '"':
		return String(text, pos)
	case '{', '[':
		return nested(text, pos)
	}
	return literal(text, pos)
}

// String returns the position after the string whose quote is at pos; ok is
// false for one that is cut off.
func String(text string, pos int) (end int, ok bool) {
	for i := pos + 1; i < len(text); i++ {
		switch text[i] {
		case '"':
			return i + 1, true
		case '\\':
			i++
		}
	}
	return len(text), false
}

// nested returns the position after the object or array that opens at pos.
func nested(text string, pos int) (end int, ok bool) {
	depth := 0
	for i := pos; i < len(text); i++ {
		switch text[i] {
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1, true
			}
		case '"':
			if end, ok = String(text, i); !ok {
				return end, false
			}
			i = end - 1
		}
	}
	return len(text), false
}

// literal returns the position after a number, true, false or null.
func literal(text string, pos int) (end int, ok bool) {
	n := strings.IndexFunc(text[pos:], func(c rune) bool {
		return c != '+' && c != '-' && c != '.' && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z')
	})
	return pos + max(n, 0), n > 0
}

// Skip returns the position of the first byte at or after pos that is not white
// space.
func Skip(text string, pos int) int {
	for pos < len(text) && strings.IndexByte(Space, text[pos]) >= 0 {
		pos++
	}
	return pos
}

// A Member is a member of an object, by its positions.
type Member struct {
	Key, Colon int // the start of the key, and the position after it
	At, End    int // the value
}

// Members yields the members of the object that opens at open, to its end or to
// where it breaks.
func Members(text string, open int) iter.Seq[Member] {
	return func(yield func(Member) bool) {
		for pos := open + 1; ; pos++ {
			m, ok := memberAt(text, Skip(text, pos))
			if !ok || !yield(m) {
				return
			}
			if pos = Skip(text, m.End); pos == len(text) || text[pos] != ',' {
				return
			}
		}
	}
}

// Elements yields where the values of the array that opens at open start and end,
// to its end or to where it breaks.
func Elements(text string, open int) iter.Seq2[int, int] {
	return func(yield func(at, end int) bool) {
		for pos := open + 1; ; pos++ {
			at := Skip(text, pos)
			if at == len(text) || text[at] == ']' {
				return
			}
			end, ok := Value(text, at)
			if !ok || !yield(at, end) {
				return
			}
			if pos = Skip(text, end); pos == len(text) || text[pos] != ',' {
				return
			}
		}
	}
}

// memberAt reads the member at pos. A value that is cut off ends with text.
func memberAt(text string, pos int) (m Member, ok bool) {
	if m.Key = pos; pos == len(text) || text[pos] != '"' {
		return m, false
	}
	if m.Colon, ok = String(text, pos); !ok {
		return m, false
	}
	if pos = Skip(text, m.Colon); pos == len(text) || text[pos] != ':' {
		return m, false
	}
	if m.At = Skip(text, pos+1); m.At == len(text) {
		return m, false
	}
	if m.End, ok = Value(text, m.At); !ok {
		m.End = len(text)
	}
	return m, true
}

// Unquote returns the text of a JSON string.
func Unquote(s string) string {
	s = s[1 : len(s)-1]
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	b := make([]byte, 0, len(s))
	for len(s) > 0 {
		c, n := Char(s)
		b, s = append(b, c...), s[n:]
	}
	return string(b)
}

// Char decodes the first character or escape of s, and returns its length.
// An escape that JSON does not have stands for the character after it.
func Char(s string) (string, int) {
	if s[0] != '\\' || len(s) == 1 {
		return s[:1], 1
	}
	if i := strings.IndexByte("bfnrt", s[1]); i >= 0 {
		return "\b\f\n\r\t"[i : i+1], 2
	}
	if s[1] != 'u' {
		return s[1:2], 2
	}
	c, ok := hexUnit(s)
	if !ok {
		return s[1:2], 2
	}
	if low, ok := hexUnit(s[6:]); ok && utf16.IsSurrogate(c) {
		if r := utf16.DecodeRune(c, low); r != utf8.RuneError {
			return string(r), 12
		}
	}
	return string(c), 6
}

// hexUnit returns the UTF-16 unit of the escape at the start of s.
func hexUnit(s string) (rune, bool) {
	if len(s) < 6 || s[:2] != `\u` {
		return 0, false
	}
	c, err := strconv.ParseUint(s[2:6], 16, 16)
	return rune(c), err == nil
}
