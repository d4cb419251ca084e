package metadata

import (
	"fmt"
	"html"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// A statement is a record as text: where its members stand, so that they can be
// read and replaced without touching the rest.
type statement struct {
	text     string  // the innermost text, where members stand
	layers   []layer // around it, the outermost first
	members  []member
	open     int // the position after the bracket of the members' object, in text
	notation notation
	broken   bool // text does not end as its notation wants
	oddities []*FieldError
}

type notation int

const (
	jsonNotation notation = iota
	yamlFlow
	yamlBlock
)

// A member is a key with its value.
type member struct {
	name         string // the key, decoded
	key          int    // its position in keys, -1 for others
	value        string // decoded; the text itself when it is no string
	text         bool   // the value is a string
	keyAt, colon int    // the start of the key and the position after its end
	at, end      int    // the value with its quotes
}

// A layer is a text inside another.
type layer struct {
	at     []int32 // the position in the outer text of each byte, and of the end
	encode func(string) string
}

// Bounds on what a text may claim.
const (
	maxMembers = 256
	maxLayers  = 4
)

// parseStatement finds the record in b.
func parseStatement(b []byte) (*statement, error) {
	if len(b) > maxRecord {
		return nil, fmt.Errorf("%w: %d bytes", ErrNotRecord, len(b))
	}
	var s statement
	if !s.parse(string(b), maxLayers) {
		return nil, ErrNotRecord
	}
	return &s, nil
}

// padding is what may stand around a record.
const padding = " \t\r\n\x00"

// skip returns the position of the first byte of text at or after pos that is
// not padding.
func skip(text string, pos int) int {
	for pos < len(text) && strings.IndexByte(padding, text[pos]) >= 0 {
		pos++
	}
	return pos
}

// parse reads text as a record, through at most depth further layers.
func (s *statement) parse(text string, depth int) bool {
	s.text = text
	pos := start(text)
	if pos == len(text) || depth == 0 {
		return false
	}
	if text[pos] == '"' {
		if end, ok := scanString(text, pos); ok && s.enter(pos+1, end-1, jsonChar, escapeJSON, depth) {
			return true
		}
	}
	if text[pos] != '{' { // a quoted key, too
		return s.parseYAML(depth)
	}
	switch inner := text[skip(text, pos+1):]; {
	case strings.HasPrefix(inner, `\"`):
		return s.enter(pos, len(text), jsonChar, escapeJSON, depth)
	case strings.HasPrefix(inner, "&"):
		return s.enter(pos, len(text), xmlChar, escapeXML.Replace, depth)
	}
	return s.object(pos, false, depth)
}

// start returns the position where a statement's text proper starts: after
// padding and, in front of JSON, after the word AIGC.
func start(text string) int {
	pos := skip(text, len(text)-len(strings.TrimPrefix(text, "\ufeff")))
	if !strings.HasPrefix(text[pos:], "AIGC") {
		return pos
	}
	after := skip(text, pos+len("AIGC"))
	if after < len(text) && (text[after] == ':' || text[after] == '=') {
		after = skip(text, after+1)
	}
	if after < len(text) && text[after] == '{' {
		return after
	}
	return pos
}

// enter parses the text that text[from:to] encodes.
func (s *statement) enter(from, to int, decode func(string) (string, int), encode func(string) string, depth int) bool {
	text, at := unescape(s.text[from:to], decode)
	for i := range at {
		at[i] += int32(from)
	}
	inner := statement{layers: append(slices.Clip(s.layers), layer{at, encode})}
	if !inner.parse(text, depth-1) {
		return false
	}
	*s = inner
	s.odd(Escaped, "")
	return true
}

// odd notes a problem of the text as a whole.
func (s *statement) odd(p Problem, value string) {
	s.oddities = append(s.oddities, &FieldError{Field: "AIGC", Item: "b)", Problem: p, Value: value})
}

// object reads the JSON object at pos, or the one in its AIGC member. Named
// says that the object is itself such a member's value.
func (s *statement) object(pos int, named bool, depth int) bool {
	text := s.text
	members, end, ok := scanObject(text, pos)
	if !s.wrapped(members, depth) {
		if !ok && s.parseYAML(depth) { // a flow mapping: single quotes, bare keys
			s.odd(Malformed, "")
			return true
		}
		if !isRecord(members, named) {
			return false
		}
		s.members, s.open = members, pos+1
	}
	switch rest := strings.Trim(text[end:], padding); {
	case named: // the outer object tells
	case !ok:
		s.broken = true
		s.odd(Malformed, "")
	case rest != "":
		s.odd(Trailing, rest)
	}
	return true
}

// wrapped reads the record in the last member that is named AIGC, if there is one.
func (s *statement) wrapped(members []member, depth int) bool {
	named := slices.DeleteFunc(slices.Clone(members), func(m member) bool { return !strings.EqualFold(m.name, "AIGC") })
	if len(named) == 0 || depth == 0 {
		return false
	}
	m, found := named[len(named)-1], false
	if m.text {
		found = s.enter(m.at+1, m.end-1, jsonChar, escapeJSON, depth)
	} else if s.text[m.at] == '{' {
		found = s.object(m.at, true, depth-1)
	}
	if found && len(named) > 1 {
		s.odd(Duplicate, "")
	}
	return found
}

// isRecord reports whether an object with these members is a record.
func isRecord(members []member, named bool) bool {
	return slices.ContainsFunc(members, func(m member) bool {
		return m.key >= 0 && (named || telling(m.name))
	})
}

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
		if ok || m.end > m.at && text[m.at] == '{' { // cut off inside a record in its wrapper
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

// unescape decodes s, and returns where each byte of the result comes from.
func unescape(s string, decode func(string) (string, int)) (string, []int32) {
	b, at := make([]byte, 0, len(s)), make([]int32, 0, len(s)+1)
	for i := 0; i < len(s); {
		c, n := decode(s[i:])
		b = append(b, c...)
		for range len(c) {
			at = append(at, int32(i))
		}
		i += n
	}
	return string(b), append(at, int32(len(s)))
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

// xmlChar decodes the first character or entity of s, and returns its length.
func xmlChar(s string) (string, int) {
	if s[0] == '&' {
		if n := strings.IndexByte(s[:min(len(s), 10)], ';') + 1; n > 0 {
			return html.UnescapeString(s[:n]), n
		}
	}
	return s[:1], 1
}

var escapeXML = strings.NewReplacer(`"`, "&quot;", "&", "&amp;", "<", "&lt;", ">", "&gt;")

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
