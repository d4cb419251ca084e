package metadata

import (
	"fmt"
	"html"
	"slices"
	"strings"

	"github.com/aigclabel/aigclabel/internal/jsonscan"
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
	if text[pos] == '"' && s.enterString(pos, depth) {
		return true
	}
	if text[pos] != '{' {
		return s.parseYAML(depth)
	}
	switch inner := text[skip(text, pos+1):]; {
	case strings.HasPrefix(inner, `\"`):
		return s.enter(pos, len(text), jsonscan.Char, escapeJSON, depth)
	case strings.HasPrefix(inner, "&"):
		return s.enter(pos, len(text), xmlChar, escapeXML.Replace, depth)
	}
	if s.object(pos, false, depth) {
		return true
	}
	if !s.parseYAML(depth) { // a flow mapping: single quotes, bare keys
		return false
	}
	s.odd(Malformed, "")
	return true
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

// enterString parses the text in the JSON string at pos, which may be cut off.
func (s *statement) enterString(pos, depth int) bool {
	end, ok := jsonscan.String(s.text, pos)
	if ok {
		end--
	}
	return s.enter(pos+1, end, jsonscan.Char, escapeJSON, depth)
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
		if !isRecord(members, named) {
			return false
		}
		s.members, s.open = members, pos+1
	}
	switch rest := strings.Trim(text[end:], padding); {
	case named: // the outer object tells
	case !ok && !s.broken:
		s.broken = true
		s.odd(Malformed, "")
	case ok && rest != "":
		s.odd(Trailing, rest)
	}
	return true
}

// wrapped reads the record in the last member that is named AIGC, if there is one.
func (s *statement) wrapped(members []member, depth int) bool {
	found, text := false, s.text
	for _, m := range slices.Backward(members) {
		switch {
		case !strings.EqualFold(m.name, "AIGC") || depth == 0:
		case found:
			s.odd(Duplicate, text[m.at:m.end])
			return true
		case text[m.at] == '"':
			found = s.enterString(m.at, depth)
		case text[m.at] == '{':
			found = s.object(m.at, true, depth-1)
		}
	}
	return found
}

// isRecord reports whether an object with these members is a record.
func isRecord(members []member, named bool) bool {
	return slices.ContainsFunc(members, func(m member) bool {
		return m.key >= 0 && (named || telling(m.name))
	})
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
