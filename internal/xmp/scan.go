package xmp

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A packet is scanned where it lies, because encoding/xml does not tell where
// attributes are. The scanner knows the XML 1.0 that XMP allows: no DTD, hence
// no entities but the five of XML itself.

const (
	maxDepth      = 64      // of elements
	maxBindings   = 128     // namespace declarations in scope
	maxAttributes = 4096    // of one element
	maxProperties = 1 << 14 // of one packet
)

// ErrLimit reports a packet with more elements, attributes, or levels than any
// real one.
var ErrLimit = errors.New("xmp: packet exceeds the limits")

// A SyntaxError says where a packet is not the XML of an XMP packet.
type SyntaxError struct {
	Offset int // in bytes
	Msg    string
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("xmp: offset %d: %s", e.Offset, e.Msg) }

type span struct{ start, end int }

type tokenKind int

const (
	endOfInput tokenKind = iota
	startTag
	endTag
	text
	cdata
	instruction
	comment
)

type token struct {
	kind tokenKind
	span
	name  string // of tags, as written
	empty bool   // <name/>
	attrs []attribute
}

// An attribute of a start tag; its span begins with the white space before it.
type attribute struct {
	span
	name  string
	value span
}

type scanner struct {
	s     string
	pos   int
	attrs []attribute // of the last start tag
}

func (sc *scanner) fail(msg string) error { return &SyntaxError{Offset: sc.pos, Msg: msg} }

// next returns the next token. Attributes are valid until the next call.
func (sc *scanner) next() (token, error) {
	rest := sc.s[sc.pos:]
	switch {
	case rest == "":
		return token{}, nil
	case rest[0] != '<':
		n := strings.IndexByte(rest, '<')
		if n < 0 {
			n = len(rest)
		}
		return sc.take(text, n), nil
	case strings.HasPrefix(rest, "<!--"):
		return sc.until(comment, 4, "-->")
	case strings.HasPrefix(rest, "<![CDATA["):
		return sc.until(cdata, 9, "]]>")
	case strings.HasPrefix(rest, "<?"):
		return sc.until(instruction, 2, "?>")
	case strings.HasPrefix(rest, "<!"):
		return token{}, sc.fail("document type declaration")
	case strings.HasPrefix(rest, "</"):
		t, err := sc.until(endTag, 2, ">")
		t.name = strings.TrimRight(sc.s[min(t.start+2, t.end):max(t.end-1, t.start)], whitespace)
		return t, err
	}
	return sc.startTag()
}

// whitespace is what XML 1.0 calls S.
const whitespace = " \t\r\n"

func (sc *scanner) take(kind tokenKind, n int) token {
	t := token{kind: kind, span: span{sc.pos, sc.pos + n}}
	sc.pos += n
	return t
}

func (sc *scanner) until(kind tokenKind, skip int, end string) (token, error) {
	n := strings.Index(sc.s[sc.pos+skip:], end)
	if n < 0 {
		return token{}, sc.fail("no " + end)
	}
	return sc.take(kind, skip+n+len(end)), nil
}

func (sc *scanner) startTag() (token, error) {
	t := token{kind: startTag, span: span{start: sc.pos}}
	sc.pos++
	if t.name = sc.word(); t.name == "" {
		return t, sc.fail("no element name")
	}
	sc.attrs = sc.attrs[:0]
	for {
		from := sc.pos
		sc.blank()
		switch rest := sc.s[sc.pos:]; {
		case strings.HasPrefix(rest, ">"):
			sc.pos++
			t.end, t.attrs = sc.pos, sc.attrs
			return t, nil
		case strings.HasPrefix(rest, "/>"):
			sc.pos += 2
			t.end, t.attrs, t.empty = sc.pos, sc.attrs, true
			return t, nil
		case len(sc.attrs) == maxAttributes:
			return t, ErrLimit
		}
		a, err := sc.attribute(from)
		if err != nil {
			return t, err
		}
		sc.attrs = append(sc.attrs, a)
	}
}

func (sc *scanner) attribute(from int) (attribute, error) {
	a := attribute{span: span{start: from}, name: sc.word()}
	sc.blank()
	if a.name == "" || !strings.HasPrefix(sc.s[sc.pos:], "=") {
		return a, sc.fail("malformed attribute")
	}
	sc.pos++
	sc.blank()
	if sc.pos == len(sc.s) || sc.s[sc.pos] != '"' && sc.s[sc.pos] != '\'' {
		return a, sc.fail("attribute without quotes")
	}
	n := strings.IndexByte(sc.s[sc.pos+1:], sc.s[sc.pos])
	if n < 0 {
		return a, sc.fail("attribute without end")
	}
	a.value = span{sc.pos + 1, sc.pos + 1 + n}
	sc.pos = a.value.end + 1
	a.end = sc.pos
	return a, nil
}

// word takes a name.
func (sc *scanner) word() string {
	from := sc.pos
	for ; sc.pos < len(sc.s); sc.pos++ {
		switch sc.s[sc.pos] {
		case ' ', '\t', '\r', '\n', '=', '/', '<', '>', '"', '\'':
			return sc.s[from:sc.pos]
		}
	}
	return sc.s[from:]
}

func (sc *scanner) blank() {
	for sc.pos < len(sc.s) && strings.IndexByte(whitespace, sc.s[sc.pos]) >= 0 {
		sc.pos++
	}
}

var (
	entities = map[string]string{"amp": "&", "lt": "<", "gt": ">", "quot": `"`, "apos": "'"}

	// XML 1.0 sections 2.11 and 3.3.3.
	lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n")
	blanks   = strings.NewReplacer("\r\n", " ", "\r", " ", "\n", " ", "\t", " ")
)

// decodeAttribute returns the value of an attribute.
func decodeAttribute(raw string) string { return unescape(blanks.Replace(raw)) }

// decodeContent returns the text of an element that has no child elements.
func decodeContent(raw string) string {
	if !strings.ContainsAny(raw, "<&\r") {
		return raw
	}
	var b strings.Builder
	for sc := (scanner{s: lineEnds.Replace(raw)}); ; {
		t, err := sc.next()
		switch {
		case err != nil || t.kind == endOfInput: // the parser has seen all errors
			return b.String()
		case t.kind == text:
			b.WriteString(unescape(sc.s[t.start:t.end]))
		case t.kind == cdata:
			b.WriteString(sc.s[t.start+len("<![CDATA[") : t.end-len("]]>")])
		}
	}
}

// unescape resolves character references. What is none stays as it is.
func unescape(s string) string {
	amp := strings.IndexByte(s, '&')
	if amp < 0 {
		return s
	}
	var b strings.Builder
	for ; amp >= 0; amp = strings.IndexByte(s, '&') {
		b.WriteString(s[:amp])
		s = s[amp:]
		end := strings.IndexByte(s[:min(len(s), 12)], ';')
		value, ok := "", false
		if end > 0 {
			value, ok = reference(s[1:end])
		}
		if !ok {
			value, end = "&", 0
		}
		b.WriteString(value)
		s = s[end+1:]
	}
	b.WriteString(s)
	return b.String()
}

func reference(name string) (string, bool) {
	number, ok := strings.CutPrefix(name, "#")
	if !ok {
		value, ok := entities[name]
		return value, ok
	}
	base := 10
	if hex, ok := strings.CutPrefix(number, "x"); ok {
		number, base = hex, 16
	}
	n, err := strconv.ParseUint(number, base, 32)
	if err != nil || n > utf8.MaxRune || !isChar(rune(n)) {
		return "", false
	}
	return string(rune(n)), true
}

// isChar reports whether XML 1.0 allows r (section 2.2).
func isChar(r rune) bool {
	switch {
	case r < 0x20:
		return r == '\t' || r == '\n' || r == '\r'
	case r >= 0xD800 && r <= 0xDFFF, r == 0xFFFE, r == 0xFFFF:
		return false
	}
	return true
}
