// Package xmlscan scans XML where it lies, because encoding/xml does not tell
// where attributes are, and pays memory for each of them.
//
// It knows the XML 1.0 of formats that have no DTD, hence no entities but the
// five of XML itself; at most it passes over a DTD. It checks no more than it
// has to: names are whatever stands in their place.
package xmlscan

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// MaxAttributes is how many attributes an element may have.
const MaxAttributes = 4096

// ErrLimit reports a document with more elements, attributes, or levels than
// any real one.
var ErrLimit = errors.New("xml: document exceeds the limits")

// A SyntaxError says where a document is not XML, or has a DTD.
type SyntaxError struct {
	Offset int // in bytes
	Msg    string
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("xml: offset %d: %s", e.Offset, e.Msg) }

// A Span is where something stands in a document.
type Span struct{ Start, End int }

// Kind says what a token is.
type Kind int

// The kinds of tokens.
const (
	EndOfInput Kind = iota
	StartTag
	EndTag
	Text
	CDATA
	Instruction
	Comment
	Doctype
)

// A Token is a piece of a document.
type Token struct {
	Span
	Kind  Kind
	Name  string      // of tags, as written
	Empty bool        // <name/>
	Attrs []Attribute // in their order
}

// An Attribute of a start tag; its span begins with the white space before it.
type Attribute struct {
	Span
	Name  string // as written
	Value Span   // without its quotes
}

// A Scanner reads the tokens of Doc from Pos on.
type Scanner struct {
	Doc string
	Pos int

	// DTD lets a document type declaration pass, as a token. References to the
	// entities that it declares stay what they are: text.
	DTD bool

	// Memory holds the attributes of the last start tag. One that another scanner had
	// may be used again.
	Memory []Attribute
}

func (sc *Scanner) fail(msg string) error { return &SyntaxError{Offset: sc.Pos, Msg: msg} }

// Next returns the next token. Attributes are valid until the next call. Beside
// an error, a [*SyntaxError] or [ErrLimit], Pos is where it was found.
func (sc *Scanner) Next() (Token, error) {
	rest := sc.Doc[sc.Pos:]
	switch {
	case rest == "":
		return Token{}, nil
	case rest[0] != '<':
		n := strings.IndexByte(rest, '<')
		if n < 0 {
			n = len(rest)
		}
		return sc.take(Text, n), nil
	case len(rest) > 1 && rest[1] > '?': // a name, and by far the most frequent
		return sc.startTag()
	case len(rest) > 1 && rest[1] == '/':
		return sc.endTag()
	case strings.HasPrefix(rest, "<!--"):
		return sc.until(Comment, 4, "-->")
	case strings.HasPrefix(rest, "<![CDATA["):
		return sc.until(CDATA, 9, "]]>")
	case strings.HasPrefix(rest, "<?"):
		return sc.until(Instruction, 2, "?>")
	case sc.DTD && strings.HasPrefix(rest, "<!DOCTYPE"):
		return sc.doctype()
	case strings.HasPrefix(rest, "<!"):
		return Token{}, sc.fail("document type declaration")
	}
	return sc.startTag()
}

func (sc *Scanner) endTag() (Token, error) {
	n := strings.IndexByte(sc.Doc[sc.Pos:], '>')
	if n < 0 {
		return Token{}, sc.fail("no >")
	}
	t := sc.take(EndTag, n+1)
	if t.Name = sc.Doc[t.Start+len("</") : t.End-len(">")]; t.Name != "" && breaks[t.Name[len(t.Name)-1]] {
		t.Name = strings.TrimRight(t.Name, Whitespace)
	}
	return t, nil
}

// Whitespace is what XML 1.0 calls S.
const Whitespace = " \t\r\n"

func (sc *Scanner) take(kind Kind, n int) Token {
	t := Token{Kind: kind, Span: Span{sc.Pos, sc.Pos + n}}
	sc.Pos += n
	return t
}

func (sc *Scanner) until(kind Kind, skip int, end string) (Token, error) {
	n := strings.Index(sc.Doc[sc.Pos+skip:], end)
	if n < 0 {
		return Token{}, sc.fail("no " + end)
	}
	return sc.take(kind, skip+n+len(end)), nil
}

// doctype takes a document type declaration: to the first > that is not in
// quotes, in a comment, or in the brackets of the internal subset.
func (sc *Scanner) doctype() (Token, error) {
	inside := false
	for i := sc.Pos + len("<!DOCTYPE"); i < len(sc.Doc); i++ {
		end := ""
		switch c := sc.Doc[i]; {
		case c == '"' || c == '\'':
			end = sc.Doc[i : i+1]
		case strings.HasPrefix(sc.Doc[i:], "<!--"):
			end = "-->"
		case strings.HasPrefix(sc.Doc[i:], "<?"):
			end = "?>"
		case c == '[' || c == ']':
			inside = c == '['
		case c == '>' && !inside:
			return sc.take(Doctype, i+1-sc.Pos), nil
		}
		if end == "" {
			continue
		}
		n := strings.Index(sc.Doc[i+1:], end)
		if n < 0 {
			break
		}
		i += n + len(end)
	}
	return Token{}, sc.fail("document type declaration without end")
}

func (sc *Scanner) startTag() (Token, error) {
	t := Token{Kind: StartTag, Span: Span{Start: sc.Pos}}
	sc.Pos++
	if t.Name = sc.word(); t.Name == "" {
		return t, sc.fail("no element name")
	}
	if sc.Memory = sc.Memory[:0]; sc.Memory == nil {
		sc.Memory = make([]Attribute, 0, 8) // few elements have more
	}
	for {
		from := sc.Pos
		sc.blank()
		switch rest := sc.Doc[sc.Pos:]; {
		case len(rest) > 0 && rest[0] == '>':
			sc.Pos++
			t.End, t.Attrs = sc.Pos, sc.Memory
			return t, nil
		case len(rest) > 1 && rest[:2] == "/>":
			sc.Pos += 2
			t.End, t.Attrs, t.Empty = sc.Pos, sc.Memory, true
			return t, nil
		case len(sc.Memory) == MaxAttributes:
			return t, ErrLimit
		}
		a, err := sc.attribute(from)
		if err != nil {
			return t, err
		}
		sc.Memory = append(sc.Memory, a)
	}
}

func (sc *Scanner) attribute(from int) (Attribute, error) {
	a := Attribute{Span: Span{Start: from}, Name: sc.word()}
	sc.blank()
	if a.Name == "" || sc.Pos == len(sc.Doc) || sc.Doc[sc.Pos] != '=' {
		return a, sc.fail("malformed attribute")
	}
	sc.Pos++
	sc.blank()
	if sc.Pos == len(sc.Doc) || sc.Doc[sc.Pos] != '"' && sc.Doc[sc.Pos] != '\'' {
		return a, sc.fail("attribute without quotes")
	}
	n := strings.IndexByte(sc.Doc[sc.Pos+1:], sc.Doc[sc.Pos])
	if n < 0 {
		return a, sc.fail("attribute without end")
	}
	a.Value = Span{sc.Pos + 1, sc.Pos + 1 + n}
	sc.Pos = a.Value.End + 1
	a.End = sc.Pos
	return a, nil
}

// breaks are the characters that end a name.
var breaks = [256]bool{' ': true, '\t': true, '\r': true, '\n': true, '=': true, '/': true, '<': true, '>': true, '"': true, '\'': true}

// word takes a name.
func (sc *Scanner) word() string {
	rest := sc.Doc[sc.Pos:]
	n := 0
	for n < len(rest) && !breaks[rest[n]] {
		n++
	}
	sc.Pos += n
	return rest[:n]
}

func (sc *Scanner) blank() {
	for ; sc.Pos < len(sc.Doc); sc.Pos++ {
		switch sc.Doc[sc.Pos] {
		case ' ', '\t', '\r', '\n':
		default:
			return
		}
	}
}

var (
	entities = map[string]string{"amp": "&", "lt": "<", "gt": ">", "quot": `"`, "apos": "'"}

	// XML 1.0 sections 2.11 and 3.3.3.
	lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n")
	blanks   = strings.NewReplacer("\r\n", " ", "\r", " ", "\n", " ", "\t", " ")
)

// AttributeValue returns the value of an attribute, from what stands between
// its quotes.
func AttributeValue(raw string) string {
	if strings.ContainsAny(raw, "\r\n\t") {
		raw = blanks.Replace(raw)
	}
	return unescape(raw)
}

// Content returns the text of an element, from what stands between its tags.
func Content(raw string) string {
	if !strings.ContainsAny(raw, "<&\r") {
		return raw
	}
	if strings.IndexByte(raw, '\r') >= 0 {
		raw = lineEnds.Replace(raw)
	}
	if strings.IndexByte(raw, '<') < 0 {
		return unescape(raw)
	}
	var b strings.Builder
	for sc := (Scanner{Doc: raw}); ; {
		t, err := sc.Next()
		switch {
		case err != nil || t.Kind == EndOfInput: // who found the element has seen all errors
			return b.String()
		case t.Kind == Text:
			b.WriteString(unescape(sc.Doc[t.Start:t.End]))
		case t.Kind == CDATA:
			b.WriteString(sc.Doc[t.Start+len("<![CDATA[") : t.End-len("]]>")])
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
	b.Grow(len(s))
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

// IsText reports whether s can stand in a document: it is UTF-8, without the
// control characters that XML has no way to write.
func IsText(s string) bool {
	return utf8.ValidString(s) && strings.IndexFunc(s, func(r rune) bool { return !isChar(r) }) < 0
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
