package metadata

import (
	"errors"
	"slices"
	"strings"
)

// errUneditable reports a record whose text is too broken to change a part of it.
var errUneditable = errors.New("metadata: AIGC record is malformed, replace it as a whole")

// An edit replaces text[at:end].
type edit struct {
	at, end int
	text    string
}

// setMembers returns raw, a record in JSON or YAML, with other values for some
// members, pairs of key and value. Only the bytes of those values change: key
// order, unknown members, white space and layers stay. A misspelt key counts as
// the member and keeps its spelling; every duplicate gets the value; a key that
// is absent is added after the last, in the style of the text.
func setMembers(raw []byte, set [][2]string) ([]byte, error) {
	s, err := parseStatement(raw)
	if err != nil {
		return nil, err
	}
	if s.broken {
		return nil, errUneditable
	}
	want := s.record(raw)
	values := want.values()
	for _, m := range set {
		if i := keyIndex(m[0]); i >= 0 {
			*values[i] = m[1]
		}
	}
	out := []byte(s.apply(string(raw), s.edits(set)))
	after, err := parseStatement(out)
	if err != nil || after.broken || !after.record(out).Equal(want) {
		return nil, errUneditable // YAML has notations that only its reader understands
	}
	return out, nil
}

// apply makes edits of s.text in raw, the text of its outermost layer. Where
// edits overlap, in YAML that only its reader understands, the result is wrong.
func (s *statement) apply(raw string, edits []edit) string {
	for _, l := range slices.Backward(s.layers) {
		for i, e := range edits {
			edits[i] = edit{int(l.at[e.at]), int(l.at[e.end]), l.encode(e.text)}
		}
	}
	var out strings.Builder
	pos := 0
	for _, e := range edits {
		out.WriteString(raw[pos:max(pos, e.at)])
		out.WriteString(e.text)
		pos = e.end
	}
	out.WriteString(raw[pos:])
	return out.String()
}

// edits returns the changes to s.text in order.
func (s *statement) edits(set [][2]string) []edit {
	var edits []edit
	var added string
	last := s.members[len(s.members)-1]
	for _, pair := range set {
		found := false
		for _, m := range s.members {
			if m.key < 0 || keys[m.key] != pair[0] {
				continue
			}
			found = true
			if m.value != pair[1] || !m.text {
				edits = append(edits, edit{m.at, m.end, s.quote(m, pair[1])})
			}
		}
		if !found {
			added += s.member(pair[0], pair[1])
		}
	}
	if added != "" {
		at := s.after(last)
		edits = append(edits, edit{at, at, added})
	}
	slices.SortStableFunc(edits, func(a, b edit) int { return a.at - b.at })
	return edits
}

// quote returns a value in the notation of the text, to stand in the place of m.
func (s *statement) quote(m member, value string) string {
	if s.notation == jsonNotation {
		return quoteJSON(value)
	}
	space := ""
	if s.text[m.at-1] == ':' {
		space = " "
	}
	return space + quoteYAML(value, s.style(m))
}

// style returns the quote of a member's value, else the first one in the text.
func (s *statement) style(m member) byte {
	for _, m := range append([]member{m}, s.members...) {
		if m.at < len(s.text) && (s.text[m.at] == '"' || s.text[m.at] == '\'') {
			return s.text[m.at]
		}
	}
	return '\''
}

// member returns a new member with the separator before it, both in the style of
// the last member.
func (s *statement) member(key, value string) string {
	n := len(s.members)
	last := s.members[n-1]
	if q := s.text[last.keyAt]; q == '"' || q == '\'' {
		key = string(q) + key + string(q)
	}
	if s.notation == yamlBlock {
		line := s.text[:last.keyAt]
		indent := line[strings.LastIndexByte(line, '\n')+1:]
		return s.newline() + indent + key + ": " + quoteYAML(value, s.style(last))
	}
	separator := "," + s.text[s.open:s.members[0].keyAt]
	if n > 1 {
		separator = s.text[s.members[n-2].end:last.keyAt]
	}
	return separator + key + s.text[last.colon:last.at] + s.quote(last, value)
}

// newline returns the line ending of the text.
func (s *statement) newline() string {
	if strings.Contains(s.text, "\r\n") {
		return "\r\n"
	}
	return "\n"
}

// after returns where text can be added after a member: in a block mapping that
// is the end of its line.
func (s *statement) after(m member) int {
	if s.notation != yamlBlock {
		return m.end
	}
	n := strings.IndexAny(s.text[m.end:], "\r\n")
	if n < 0 {
		return len(strings.TrimRight(s.text, "\x00"))
	}
	return m.end + n
}
