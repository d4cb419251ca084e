package container

import (
	"errors"
	"slices"
	"strings"

	"github.com/aigclabel/aigclabel/internal/splice"
	"github.com/aigclabel/aigclabel/internal/xmlscan"
)

// An xmlSpan is where an element stands in its document: <a>content</a>.
type xmlSpan struct{ start, content, contentEnd, end int }

// An xmlElement is an element of an XML document. Its span lets the document be
// edited in place, and never written anew.
type xmlElement struct {
	xmlSpan
	doc       string
	name      string              // as written
	attrs     []xmlscan.Attribute // down to the children of the root's children
	child     xmlSpan             // the first, when there are any
	childName string              // its local name
	children  int
	latest    xmlscan.Span // the last processing instruction in it, but not in a child
}

// xmlElements calls visit at the end of each element that scanner finds, with
// the elements around it, the root first, and itself as the last. Elements that
// are open where the document breaks off end there. What visit gets is valid
// until it returns. More than depth levels are a *[LimitError].
func (s *Source) xmlElements(scanner xmlscan.Scanner, depth int64, visit func(path []xmlElement)) error {
	w := xmlWalk{src: s, scanner: scanner, depth: depth, visit: visit, path: s.xmlPath}
	w.scanner.Memory, s.xmlPath = s.xmlAttributes, nil
	err := w.walk()
	for n := len(scanner.Doc); len(w.path) > 0; {
		w.leave(n, n)
	}
	s.xmlPath, s.xmlAttributes = w.path, w.scanner.Memory
	return xmlLimit(err)
}

// xmlLimit returns the error of a scanner, that of a limit as a *[LimitError].
func xmlLimit(err error) error {
	if errors.Is(err, xmlscan.ErrLimit) {
		return &LimitError{What: "number of XML attributes", Limit: xmlscan.MaxAttributes}
	}
	return err
}

type xmlWalk struct {
	src     *Source
	scanner xmlscan.Scanner
	depth   int64
	path    []xmlElement // reused: elements cost no memory
	visit   func(path []xmlElement)
	roots   int
}

func (w *xmlWalk) walk() error {
	for {
		t, err := w.scanner.Next()
		switch {
		case err != nil:
			return err
		case t.Kind == xmlscan.EndOfInput && (len(w.path) > 0 || w.roots != 1):
			return &xmlscan.SyntaxError{Offset: w.scanner.Pos, Msg: "end of document"}
		case t.Kind == xmlscan.EndOfInput:
			return nil
		case t.Kind == xmlscan.StartTag:
			err = w.enter(t)
		case t.Kind == xmlscan.EndTag && (len(w.path) == 0 || w.path[len(w.path)-1].name != t.Name):
			err = &xmlscan.SyntaxError{Offset: t.Start, Msg: "wrong end tag"}
		case t.Kind == xmlscan.EndTag:
			w.leave(t.Start, t.End)
		case t.Kind == xmlscan.Instruction && len(w.path) > 0:
			w.path[len(w.path)-1].latest = t.Span
		}
		if err != nil {
			return err
		}
	}
}

func (w *xmlWalk) enter(t xmlscan.Token) error {
	depth := len(w.path)
	switch err := w.src.Element(); {
	case err != nil:
		return err
	case int64(depth) == w.depth:
		return &LimitError{What: "XML depth", Limit: w.depth}
	case depth == 0:
		w.roots++
	}
	if depth == cap(w.path) {
		w.path = append(w.path, xmlElement{})
	}
	w.path = w.path[:depth+1]
	e := &w.path[depth]
	attrs := e.attrs[:0]
	if depth < 3 {
		attrs = append(attrs, t.Attrs...)
	}
	*e = xmlElement{xmlSpan: xmlSpan{start: t.Start, content: t.End}, doc: w.scanner.Doc, name: t.Name, attrs: attrs}
	if t.Empty {
		w.leave(t.End, t.End)
	}
	return nil
}

func (w *xmlWalk) leave(contentEnd, end int) {
	depth := len(w.path) - 1
	e := &w.path[depth]
	e.contentEnd, e.end = contentEnd, end
	w.visit(w.path)
	w.path = w.path[:depth]
	if depth == 0 {
		return
	}
	parent := &w.path[depth-1]
	if parent.children == 0 {
		parent.child, parent.childName = e.xmlSpan, e.local()
	}
	parent.children++
}

// xmlRoot returns the name of the root element of a document, or of its head,
// "" if there is none.
func xmlRoot(doc string) string {
	for sc := (xmlscan.Scanner{Doc: doc, DTD: true}); ; {
		t, err := sc.Next()
		switch {
		case t.Kind == xmlscan.StartTag: // even if it is cut off
			return t.Name
		case err != nil, t.Kind == xmlscan.EndOfInput, t.Kind == xmlscan.EndTag:
			return ""
		case t.Kind == xmlscan.Text && strings.Trim(doc[t.Start:t.End], xmlscan.Whitespace) != "":
			return ""
		}
	}
}

// xmlEncoding returns the encoding that the declaration of a document names, in
// lower case, "" if it names none.
func xmlEncoding(doc string) string {
	declaration, _, _ := strings.Cut(doc[:min(len(doc), 256)], "?>")
	_, rest, ok := strings.Cut(declaration, "encoding")
	rest = strings.TrimLeft(rest, xmlscan.Whitespace+"=")
	if !strings.HasPrefix(strings.TrimPrefix(doc, utf8BOM), "<?xml") || !ok || rest == "" {
		return ""
	}
	name, _, _ := strings.Cut(rest[1:], rest[:1])
	return strings.ToLower(name)
}

// kept returns a copy of what visit got that stays valid.
func (e xmlElement) kept() *xmlElement {
	e.attrs = slices.Clone(e.attrs)
	return &e
}

// local returns the name of the element without its prefix.
func (e *xmlElement) local() string { return e.name[strings.IndexByte(e.name, ':')+1:] }

// prefix returns the namespace prefix of the element, with its colon.
func (e *xmlElement) prefix() string { return e.name[:strings.IndexByte(e.name, ':')+1] }

// attr returns the value of an attribute, by its name as written.
func (e *xmlElement) attr(name string) string {
	for _, a := range e.attrs {
		if a.Name == name {
			return xmlscan.AttributeValue(e.doc[a.Value.Start:a.Value.End])
		}
	}
	return ""
}

// text returns the text between the tags.
func (x xmlSpan) text(doc string) string { return xmlscan.Content(doc[x.content:x.contentEnd]) }

// replace returns the edit of doc that gives an element another content.
func (x xmlSpan) replace(doc, content string) splice.Edit {
	if x.content < x.end {
		return splice.Edit{Offset: int64(x.content), Delete: int64(x.contentEnd - x.content), Insert: strings.NewReader(content)}
	}
	name := doc[x.start+1 : x.content-len("/>")] // <name attributes/>
	if i := strings.IndexAny(name, xmlscan.Whitespace); i >= 0 {
		name = name[:i]
	}
	return splice.Edit{
		Offset: int64(x.content - len("/>")), Delete: int64(len("/>")),
		Insert: strings.NewReader(">" + content + "</" + name + ">"),
	}
}

// append returns the edit of doc that adds to the content of an element.
func (x xmlSpan) append(doc, content string) splice.Edit {
	if x.content < x.end {
		x.content = x.contentEnd
	}
	return x.replace(doc, content)
}

// remove returns the edit that deletes an element.
func (x xmlSpan) remove() splice.Edit {
	return splice.Edit{Offset: int64(x.start), Delete: int64(x.end - x.start)}
}

// Escapes of text between tags, and of attributes in either quotes.
var (
	xmlEscapes          = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "\r", "&#xD;")
	xmlAttributeEscapes = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&#39;",
		"\r", "&#xD;", "\n", "&#xA;", "\t", "&#x9;")
)
