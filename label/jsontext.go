package label

import (
	"encoding/json"
	"iter"
	"slices"
	"strconv"
	"strings"

	"github.com/aigclabel/aigclabel/internal/jsonscan"
)

// A jsonText is a JSON text that is edited where it lies: what no edit names keeps
// its bytes.
type jsonText struct {
	text  string
	edits []jsonEdit
}

// A jsonEdit puts text in the place of some bytes.
type jsonEdit struct {
	span
	text string
	late bool // the text is known later
}

// A span is where a value lies. The zero span is no value.
type span struct{ at, end int }

// parseObject returns the text if it is one JSON object.
func parseObject(text string) (*jsonText, bool) {
	if i := jsonscan.Skip(text, 0); i == len(text) || text[i] != '{' || !json.Valid([]byte(text)) {
		return nil, false
	}
	return &jsonText{text: text}, true
}

// root returns the object that the text is.
func (j *jsonText) root() span { return span{jsonscan.Skip(j.text, 0), len(j.text)} }

// member returns the value at the end of a path of member names, the last of
// several that have the same.
func (j *jsonText) member(in span, path ...string) span {
	for _, name := range path {
		object := in
		if in = (span{}); object.end == 0 || j.text[object.at] != '{' {
			return span{}
		}
		for m := range jsonscan.Members(j.text, object.at) {
			if jsonscan.Unquote(j.text[m.Key:m.Colon]) == name {
				in = span{m.At, m.End}
			}
		}
	}
	return in
}

// elements yields the values of an array, none for anything else.
func (j *jsonText) elements(in span) iter.Seq2[int, span] {
	return func(yield func(int, span) bool) {
		if in.end == 0 || j.text[in.at] != '[' {
			return
		}
		n := 0
		for at, end := range jsonscan.Elements(j.text, in.at) {
			if !yield(n, span{at, end}) {
				return
			}
			n++
		}
	}
}

// is reports whether a value starts with c: what kind it is.
func (j *jsonText) is(v span, c byte) bool { return v.end > 0 && j.text[v.at] == c }

// str returns a string, "" for anything else.
func (j *jsonText) str(v span) string {
	if !j.is(v, '"') {
		return ""
	}
	return jsonscan.Unquote(j.text[v.at:v.end])
}

// integer returns a number; ok is false for anything else.
func (j *jsonText) integer(v span) (n int, ok bool) {
	n, err := strconv.Atoi(j.text[v.at:v.end])
	return n, err == nil
}

// replace puts raw JSON in the place of bytes.
func (j *jsonText) replace(at span, raw string) {
	j.edits = append(j.edits, jsonEdit{span: at, text: raw})
}

// insert puts more into a string, behind its first n bytes.
func (j *jsonText) insert(v span, n int, more string) {
	at := v.at + 1
	for n > 0 && at < v.end-1 {
		c, length := jsonscan.Char(j.text[at : v.end-1])
		at, n = at+length, n-len(c)
	}
	j.replace(span{at, at}, inString(more))
}

// increase adds n to a number.
func (j *jsonText) increase(v span, n int) {
	if old, ok := j.integer(v); ok && n != 0 {
		j.replace(v, strconv.Itoa(old+n))
	}
}

// put adds a member behind the last one. There it hinders nobody who looks for the
// type of an object in its first member.
func (j *jsonText) put(object span, name, raw string) {
	at, comma := object.at+1, ""
	for m := range jsonscan.Members(j.text, object.at) {
		at, comma = m.End, ","
	}
	j.replace(span{at, at}, comma+quoteJSON(name)+":"+raw)
}

// apply makes the edits in raw, where position says each byte of the text is. It
// returns where the late one goes, 0 if there is none.
func (j *jsonText) apply(raw []byte, position func(int) int) (out []byte, late int) {
	if len(j.edits) == 0 {
		return raw, 0
	}
	slices.SortStableFunc(j.edits, func(a, b jsonEdit) int { return a.at - b.at })
	pos := 0
	for _, e := range j.edits {
		at := position(e.at)
		out = append(append(out, raw[pos:at]...), e.text...)
		if e.late {
			late = len(out)
		}
		pos = at + e.end - e.at
	}
	return append(out, raw[pos:]...), late
}

// inString returns s as it stands in a JSON string.
func inString(s string) string {
	quoted := quoteJSON(s)
	return quoted[1 : len(quoted)-1]
}

// quoteJSON returns s as a JSON string.
func quoteJSON(s string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // cannot fail
	return strings.TrimSuffix(b.String(), "\n")
}
