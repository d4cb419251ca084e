package container

import (
	"bytes"
	"html"
	"strings"
)

// The tokens of HTML, by the rules of the HTML standard (13.2.5), as far as they
// tell where tags and attributes are.

// An htmlScanner finds the tags of text from pos on. All else is passed over:
// comments, declarations, and the text of elements that hold no tags.
type htmlScanner struct {
	text  []byte
	pos   int
	xml   bool            // <a/> is an empty element
	attrs []htmlAttribute // of the last tag

	declared int // the end of the last declaration before a text: a doctype, <?xml ... ?>
	open     int // bytes at the end of the text that are in a tag, comment or element without its end
}

// An htmlTag is a start tag or an end tag.
type htmlTag struct {
	start, end int
	name       string // in lower case
	close      bool
	attrs      []htmlAttribute // valid until the next tag
}

// An htmlAttribute is an attribute of a tag.
type htmlAttribute struct {
	name       []byte // as written
	start, end int    // the value without its quotes
	quote      byte   // 0 for none
}

// htmlAttributes is how many attributes of a tag are kept.
const htmlAttributes = 64

// htmlSpace is what the standard calls ASCII whitespace.
const htmlSpace = " \t\n\f\r"

// next returns the next tag. Text says that text other than white space stands
// before it. At the end of the text, and inside a tag that is cut off, ok is
// false.
func (sc *htmlScanner) next() (t htmlTag, text, ok bool) {
	for {
		n := bytes.IndexByte(sc.text[sc.pos:], '<')
		if n < 0 {
			n = len(sc.text) - sc.pos
		}
		text = text || len(bytes.Trim(sc.text[sc.pos:sc.pos+n], htmlSpace)) > 0
		sc.pos += n
		rest := sc.text[sc.pos:]
		switch {
		case len(rest) < 2:
			sc.pos = len(sc.text)
			return t, text, false
		case isLetter(rest[1]), rest[1] == '/' && len(rest) > 2 && isLetter(rest[2]):
			t, ok = sc.tag()
			return t, text, ok
		case !sc.aside(text):
			text = true
			sc.pos++
		}
	}
}

// aside goes behind a comment, a declaration, or an instruction, behind a text or
// not. It reports whether one stands at pos.
func (sc *htmlScanner) aside(text bool) bool {
	rest := sc.text[sc.pos:]
	switch {
	case bytes.HasPrefix(rest, []byte("<!--")):
		sc.comment()
	case len(rest) < 2 || rest[1] != '!' && rest[1] != '?' && rest[1] != '/':
		return false
	case !sc.skip(">"):
		sc.open = len(rest)
	case !text:
		sc.declared = sc.pos
	}
	return true
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// skip goes behind the next s, or to the end of the text if there is none.
func (sc *htmlScanner) skip(s string) bool {
	n := bytes.Index(sc.text[sc.pos:], []byte(s))
	if n < 0 {
		sc.pos = len(sc.text)
		return false
	}
	sc.pos += n + len(s)
	return true
}

// comment passes over a comment; <!--> and <!---> are whole ones.
func (sc *htmlScanner) comment() {
	start := sc.pos + len("<!--")
	for sc.pos = start; sc.skip(">"); {
		body := sc.text[start : sc.pos-1]
		if len(body) == 0 || string(body) == "-" || bytes.HasSuffix(body, []byte("--")) || bytes.HasSuffix(body, []byte("--!")) {
			return
		}
	}
	sc.open = len(sc.text) - start + len("<!--")
}

// tag reads the tag at pos, and goes behind the text of its element if that
// holds no tags.
func (sc *htmlScanner) tag() (t htmlTag, ok bool) {
	t.start = sc.pos
	if sc.pos++; sc.text[sc.pos] == '/' {
		t.close = true
		sc.pos++
	}
	t.name = strings.ToLower(string(sc.word(htmlSpace + "/>")))
	sc.attrs = sc.attrs[:0]
	for sc.pos < len(sc.text) {
		switch c := sc.text[sc.pos]; {
		case c == '>':
			sc.pos++
			t.end, t.attrs = sc.pos, sc.attrs
			if !t.close && !(sc.xml && sc.text[sc.pos-2] == '/') && !sc.rawText(t.name) {
				sc.open = len(sc.text) - t.start
			}
			return t, true
		case c == '/' || strings.IndexByte(htmlSpace, c) >= 0:
			sc.pos++
		default:
			a := sc.attribute()
			if len(sc.attrs) < htmlAttributes {
				sc.attrs = append(sc.attrs, a)
			}
		}
	}
	sc.open = len(sc.text) - t.start
	return t, false
}

// word takes the bytes up to one of end.
func (sc *htmlScanner) word(end string) []byte {
	from := sc.pos
	for sc.pos < len(sc.text) && strings.IndexByte(end, sc.text[sc.pos]) < 0 {
		sc.pos++
	}
	return sc.text[from:sc.pos]
}

func (sc *htmlScanner) blank() {
	for sc.pos < len(sc.text) && strings.IndexByte(htmlSpace, sc.text[sc.pos]) >= 0 {
		sc.pos++
	}
}

// attribute reads the attribute at pos. A name may start with an equals sign.
func (sc *htmlScanner) attribute() (a htmlAttribute) {
	from := sc.pos
	sc.pos++
	sc.word(htmlSpace + "/>=")
	a.name = sc.text[from:sc.pos]
	a.start, a.end = sc.pos, sc.pos
	sc.blank()
	if sc.pos == len(sc.text) || sc.text[sc.pos] != '=' {
		return a
	}
	sc.pos++
	sc.blank()
	if sc.pos == len(sc.text) {
		return a
	}
	a.start = sc.pos
	if c := sc.text[sc.pos]; c == '"' || c == '\'' {
		a.quote = c
		sc.pos++
		a.start = sc.pos
		sc.word(string(c))
		a.end = sc.pos
		sc.pos = min(sc.pos+1, len(sc.text))
		return a
	}
	sc.word(htmlSpace + ">")
	a.end = sc.pos
	return a
}

// rawText passes over the text of an element that holds no tags, up to its end
// tag, and reports whether there is one. The text of a template is no part of the
// document.
func (sc *htmlScanner) rawText(name string) bool {
	switch name {
	case "title", "textarea", "style", "xmp", "iframe", "noembed", "noframes", "noscript", "template":
		for sc.pos < len(sc.text) && !sc.at("</"+name) {
			sc.pos++
			sc.word("<")
		}
	case "script":
		sc.script()
	case "plaintext":
		sc.pos = len(sc.text)
	default:
		return true
	}
	return sc.pos < len(sc.text)
}

// at reports whether a tag with this start stands at pos.
func (sc *htmlScanner) at(start string) bool {
	rest := sc.text[sc.pos:]
	return len(rest) > len(start) && bytes.EqualFold(rest[:len(start)], []byte(start)) &&
		strings.IndexByte(htmlSpace+"/>", rest[len(start)]) >= 0
}

// script passes over a script. Inside <!-- and --> it may hold a whole script
// element.
func (sc *htmlScanner) script() {
	escaped, inner := false, false
	for ; sc.pos < len(sc.text); sc.pos++ {
		rest := sc.text[sc.pos:]
		switch {
		case rest[0] == '-' && bytes.HasPrefix(rest, []byte("-->")):
			escaped, inner = false, false
		case rest[0] != '<':
		case bytes.HasPrefix(rest, []byte("<!--")) && !escaped:
			escaped = true
			sc.pos++ // the dashes may end it as well
		case escaped && sc.at("<script"):
			inner = true
		case sc.at("</script"):
			if !inner {
				return
			}
			inner = false
		}
	}
}

// attr returns an attribute, the first of its name.
func (t *htmlTag) attr(name string) (htmlAttribute, bool) {
	for _, a := range t.attrs {
		if len(a.name) == len(name) && strings.EqualFold(string(a.name), name) {
			return a, true
		}
	}
	return htmlAttribute{}, false
}

// value returns the value of an attribute, "" if it has none.
func (t *htmlTag) value(text []byte, name string) string {
	a, _ := t.attr(name)
	return html.UnescapeString(string(text[a.start:a.end]))
}
