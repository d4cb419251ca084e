package metadata

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// A JSON reader that keeps the place of each member, and takes what real files
// have: raw line breaks, texts that are cut off.

// scanObject reads the members of the object whose brace is at pos. It returns
// the position after the object, or where it breaks, and whether it is whole.
func scanObject(text string, pos int) (members []member, end int, ok bool) {
	for pos = skip(text, pos+1); pos < len(text) && text[pos] != '}'; pos = skip(text, pos) {
		if len(members) > 0 {
			if text[pos] != ',' {
				return members, pos, false
			}
			pos = skip(text, pos+1)
		}
		if len(members) == maxMembers {
			return members, pos, false
		}
		m, ok := scanMember(text, pos)
		if members == nil {
			members = make([]member, 0, len(keys))
		}
		if ok || strings.EqualFold(m.name, "AIGC") && m.end > m.at { // cut off inside the record
			members = append(members, m)
		}
		if !ok {
			return members, pos, false
		}
		pos = m.end
	}
	if pos == len(text) {
		return members, pos, false
	}
	return members, pos + 1, true
}

// scanMember reads the key and the value at pos.
func scanMember(text string, pos int) (m member, ok bool) {
	if m.keyAt = pos; pos == len(text) || text[pos] != '"' {
		return m, false
	}
	if m.colon, ok = scanString(text, pos); !ok {
		return m, false
	}
	m.name = unquoteJSON(text[pos:m.colon])
	m.key = keyIndex(m.name)
	if pos = skip(text, m.colon); pos == len(text) || text[pos] != ':' {
		return m, false
	}
	if m.at = skip(text, pos+1); m.at == len(text) {
		return m, false
	}
	switch text[m.at] {
	case '"':
		if m.end, ok = scanString(text, m.at); ok {
			m.text, m.value = true, unquoteJSON(text[m.at:m.end])
		}
		return m, ok
	case '{', '[':
		m.end, ok = scanNested(text, m.at)
	default:
		m.end, ok = scanLiteral(text, m.at)
	}
	if m.value = text[m.at:m.end]; m.value == "null" {
		m.value = ""
	}
	return m, ok
}

// scanString returns the position after the string whose quote is at pos.
func scanString(text string, pos int) (end int, ok bool) {
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

// scanNested returns the position after the object or array that opens at pos.
func scanNested(text string, pos int) (end int, ok bool) {
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
			if end, ok = scanString(text, i); !ok {
				return end, false
			}
			i = end - 1
		}
	}
	return len(text), false
}

// scanLiteral returns the position after a number, true, false or null.
func scanLiteral(text string, pos int) (end int, ok bool) {
	n := strings.IndexFunc(text[pos:], func(c rune) bool {
		return c != '+' && c != '-' && c != '.' && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z')
	})
	return pos + max(n, 0), n > 0
}

// unquoteJSON returns the text of a JSON string.
func unquoteJSON(s string) string {
	s = s[1 : len(s)-1]
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	b := make([]byte, 0, len(s))
	for len(s) > 0 {
		c, n := jsonChar(s)
		b, s = append(b, c...), s[n:]
	}
	return string(b)
}

// jsonChar decodes the first character or escape of s, and returns its length.
// An escape that JSON does not have stands for the character after it.
func jsonChar(s string) (string, int) {
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

// quoteJSON returns s as a JSON string, which is also a YAML one.
func quoteJSON(s string) string { return `"` + escapeJSON(s) + `"` }

// escapeJSON returns s as it stands inside a JSON string.
func escapeJSON(s string) string {
	s = strings.ToValidUTF8(s, "\ufffd")
	if !strings.ContainsFunc(s, func(c rune) bool { return c == '"' || c == '\\' || unprintable(c) }) {
		return s
	}
	var b strings.Builder
	for _, c := range s {
		switch {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteRune(c)
		case unprintable(c):
			fmt.Fprintf(&b, `\u%04x`, c)
		default:
			b.WriteRune(c)
		}
	}
	return b.String()
}

// unprintable reports whether c must be escaped in JSON or in YAML.
func unprintable(c rune) bool {
	return c < 0x20 || c >= 0x7F && c <= 0xA0 || c == 0x2028 || c == 0x2029 || c == 0xFEFF || c == 0xFFFE || c == 0xFFFF
}
