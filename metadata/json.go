package metadata

import (
	"fmt"
	"strings"

	"github.com/aigclabel/aigclabel/internal/jsonscan"
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
	if m.colon, ok = jsonscan.String(text, pos); !ok {
		return m, false
	}
	m.name = jsonscan.Unquote(text[pos:m.colon])
	m.key = keyIndex(m.name)
	if pos = skip(text, m.colon); pos == len(text) || text[pos] != ':' {
		return m, false
	}
	if m.at = skip(text, pos+1); m.at == len(text) {
		return m, false
	}
	m.end, ok = jsonscan.Value(text, m.at)
	if text[m.at] == '"' {
		if ok {
			m.text, m.value = true, jsonscan.Unquote(text[m.at:m.end])
		}
		return m, ok
	}
	if m.value = text[m.at:m.end]; m.value == "null" {
		m.value = ""
	}
	return m, ok
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
