package container

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/aigclabel/aigclabel/internal/splice"
)

// An xmlSpan is where an element stands in its document: <a>content</a>.
type xmlSpan struct{ start, content, contentEnd, end int }

// An xmlElement is an element of an XML document. Its span lets the document be
// edited in place, and never written anew.
type xmlElement struct {
	xml.StartElement
	xmlSpan
	parent *xmlElement
	child  *xmlElement // the first, once it has ended
	depth  int64       // 1 for the root
	text   []byte      // its own character data, decoded
}

// xmlElements calls visit at the end of each element of doc, children first.
// Elements that are open where doc breaks off end there.
func (s *Source) xmlElements(doc []byte, visit func(*xmlElement)) error {
	d := xml.NewDecoder(bytes.NewReader(doc))
	d.CharsetReader = func(charset string, r io.Reader) (io.Reader, error) {
		return nil, fmt.Errorf("XML in %.20q", charset)
	}
	var open *xmlElement
	leave := func(contentEnd, end int) {
		e := open
		e.contentEnd, e.end = contentEnd, end
		visit(e)
		if open = e.parent; open != nil && open.child == nil {
			open.child = e
		}
	}
	for {
		start := int(d.InputOffset())
		token, err := d.Token()
		end := int(d.InputOffset())
		switch t := token.(type) {
		case xml.StartElement:
			open = &xmlElement{StartElement: t, xmlSpan: xmlSpan{start: start, content: end}, parent: open, depth: open.level() + 1}
			if err = s.Element(); err == nil && open.depth > s.Depth {
				err = &LimitError{What: "XML depth", Limit: s.Depth}
			}
		case xml.EndElement:
			leave(start, end)
		case xml.CharData:
			if open != nil {
				open.text = append(open.text, t...)
			}
		}
		if err == nil {
			continue
		}
		for open != nil {
			leave(len(doc), len(doc))
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		return err
	}
}

func (e *xmlElement) level() int64 {
	if e == nil {
		return 0
	}
	return e.depth
}

// attr returns the value of an attribute without a namespace.
func (e *xmlElement) attr(name string) string {
	for _, a := range e.Attr {
		if a.Name.Space == "" && a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// declares reports whether the element binds a prefix to a namespace.
func (e *xmlElement) declares(prefix, namespace string) bool {
	return slices.Contains(e.Attr, xml.Attr{Name: xml.Name{Space: "xmlns", Local: prefix}, Value: namespace})
}

// tag returns the name of an element as doc spells it.
func (x xmlSpan) tag(doc []byte) string {
	tag := doc[x.start+1 : x.content]
	return string(tag[:bytes.IndexAny(tag, " \t\r\n/>")])
}

// prefix returns the namespace prefix of an element, with its colon.
func (x xmlSpan) prefix(doc []byte) string {
	tag := x.tag(doc)
	return tag[:strings.IndexByte(tag, ':')+1]
}

// replace returns the edit of doc that gives an element another content.
func (x xmlSpan) replace(doc []byte, content string) splice.Edit {
	if x.content == x.end { // <a/>
		s := strings.NewReader(">" + content + "</" + x.tag(doc) + ">")
		return splice.Edit{Offset: int64(x.content - len("/>")), Delete: int64(len("/>")), Insert: s}
	}
	return splice.Edit{Offset: int64(x.content), Delete: int64(x.contentEnd - x.content), Insert: strings.NewReader(content)}
}

// append returns the edit of doc that adds to the content of an element.
func (x xmlSpan) append(doc []byte, content string) splice.Edit {
	if x.content < x.end {
		x.content = x.contentEnd
	}
	return x.replace(doc, content)
}

// remove returns the edit that deletes an element.
func (x xmlSpan) remove() splice.Edit {
	return splice.Edit{Offset: int64(x.start), Delete: int64(x.end - x.start)}
}

var xmlEscaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "\r", "&#13;")

// escapeXML returns value as the content of an element. Not every value can be
// one: XML has no way to write most control characters.
func escapeXML(value []byte) (string, error) {
	for i := 0; i < len(value); {
		r, n := utf8.DecodeRune(value[i:])
		if r == utf8.RuneError && n == 1 || r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF {
			return "", fmt.Errorf("%w: byte %d cannot stand in XML", ErrNoPlace, i)
		}
		i += n
	}
	return xmlEscaper.Replace(string(value)), nil
}
