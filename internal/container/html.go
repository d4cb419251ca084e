package container

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"html"
	"strings"

	"github.com/aigclabel/aigclabel/internal/splice"
	"github.com/aigclabel/aigclabel/internal/xmlscan"
)

// HTML, the living standard, and XHTML. No guide names a place for the record.
// Ours is the metadata name AIGC in the head of the document:
//
//	<meta name="AIGC" content='{"Label":"1",...}'>
//
// Only the head is scanned: up to its end tag, to the first tag or text of a
// body, or to the limit of a value.

const htmlRecord = "AIGC"

type htmlFile struct {
	Layout
	src    *Source
	text   []byte     // of the file, from its start
	xml    bool       // XHTML
	insert int        // where a new element goes
	last   int        // the end of the last element of the head
	slots  []htmlSlot // of Slots, by index
	refuse error      // why no value can be written
}

// An htmlSlot is where a slot stands.
type htmlSlot struct {
	start, end int  // of the element
	quote      byte // of an attribute, 0 for none
	content    bool // the value is not in an attribute
}

// HTML walks an HTML document or fragment, in UTF-8 or any other encoding that
// has ASCII in it. Text in UTF-16 has no slots.
//
// A new element goes behind the one that names the encoding, which browsers look
// for in the first 1024 bytes, else to the start of the head. A document without
// the tags of one gets it behind <html>, behind the doctype or at the start, and
// what follows is parsed as before.
//
// A C2PA store is the base64 of a script element, behind all others of the head: it is
// long, and programs that look for a description or a picture read only so far. Its
// frame is the element (C2PA 2.4, A.7). A link to a store elsewhere is a slot whose
// value is the URL.
func HTML(src *Source) (File, error) {
	f := &htmlFile{src: src}
	return f, f.fail(src.Size(), f.walk())
}

// IsHTML reports whether the head of a file is a document of HTML or XHTML. A
// fragment tells nothing.
func IsHTML(src *Source) (bool, error) {
	head, err := src.Head(HeadSize)
	if order := utf16Order(head); order != nil {
		head = decodeUTF16(head[2:], order)
	}
	head = bytes.TrimLeft(bytes.TrimPrefix(head, []byte(utf8BOM)), htmlSpace)
	doctype := []byte("<!doctype html")
	if len(head) >= len(doctype) && bytes.EqualFold(head[:len(doctype)], doctype) {
		return true, err
	}
	t, text, ok := (&htmlScanner{text: head}).next()
	return ok && !text && !t.close && (t.name == "html" || t.name == "head" || t.name == "body"), err
}

func (f *htmlFile) walk() (err error) {
	size := min(f.src.Size(), f.src.Value)
	for _, n := range []int64{min(size, HeadSize), size} {
		if f.text, err = f.src.Bytes(0, n, "HTML head"); err != nil {
			return err
		}
		if utf16Order(f.text) != nil {
			f.refuse = fmt.Errorf("%w: convert the text from UTF-16 to UTF-8", ErrNoPlace)
			return nil
		}
		f.Layout, f.slots = Layout{}, nil
		whole, err := f.scan()
		if whole || err != nil || n == f.src.Size() {
			return err
		}
	}
	return &LimitError{What: "HTML head", Limit: f.src.Value}
}

// scan lists the slots, and reports whether it found the end of the head.
func (f *htmlFile) scan() (bool, error) {
	f.insert = len(f.text) - len(bytes.TrimPrefix(f.text, []byte(utf8BOM)))
	f.xml = bytes.HasPrefix(f.text[f.insert:], []byte("<?xml"))
	sc := htmlScanner{text: f.text, pos: f.insert, xml: f.xml}
	for first := true; ; first = false {
		t, text, ok := sc.next()
		if first {
			f.insert = max(f.insert, sc.declared)
			f.last = f.insert
		}
		if text || !ok {
			return text, nil
		}
		if err := f.src.Element(); err != nil {
			return false, err
		}
		switch {
		case t.close && (t.name == "head" || t.name == "html" || t.name == "body"):
			return true, nil
		case t.close:
			f.last = t.end
		case t.name == "html", t.name == "head":
			_, xmlns := t.attr("xmlns")
			f.insert, f.last, f.xml = t.end, t.end, f.xml || xmlns
		case !f.element(&t, sc.pos):
			return true, nil
		}
	}
}

// element lists what an element of a head says, and reports whether it is one.
// Its text, if it has any that is no tags, ends at end.
func (f *htmlFile) element(t *htmlTag, end int) bool {
	switch t.name {
	case "meta":
		if f.last = t.end; isHTMLCharset(t, f.text) {
			f.insert = t.end
		}
		f.meta(t)
	case "title":
		f.add(Slot{Kind: Text, Key: "title", Place: "HTML title"}, t.end, end, htmlSlot{start: t.start, end: end, content: true})
	case "script":
		if strings.EqualFold(t.value(f.text, "type"), "application/c2pa") {
			f.script(t, end)
		}
	case "link":
		f.last = t.end
		if a, ok := t.attr("href"); ok && strings.EqualFold(t.value(f.text, "rel"), "c2pa-manifest") {
			s := Slot{Kind: C2PA, Place: "HTML link c2pa-manifest", Encoding: "url", Value: []byte(html.UnescapeString(string(f.text[a.start:a.end])))}
			s.Frame = []Range{{int64(t.start), int64(t.end - t.start)}}
			f.add(s, a.start, a.end, htmlSlot{start: t.start, end: t.end})
		}
	case "base", "basefont", "bgsound":
		f.last = t.end
	case "style", "noscript", "noframes", "template":
	default:
		return false
	}
	return true
}

// script lists the C2PA store in a script element whose text ends at end. An end tag with
// more than its name is not of its frame: browsers may find another end of it.
func (f *htmlFile) script(t *htmlTag, end int) {
	whole, framed := len(f.text), len(f.text)
	if i := bytes.IndexByte(f.text[end:], '>'); i >= 0 {
		whole, framed = end+i+1, end+i+1
		if tag := f.text[end : whole-1]; !strings.EqualFold(strings.TrimRight(string(tag), htmlSpace), "</script") {
			framed = end
		}
	}
	s := Slot{Kind: C2PA, Place: "HTML script application/c2pa", Encoding: "base64", Frame: []Range{{int64(t.start), int64(framed - t.start)}}}
	if f.full() == nil {
		s.Value = decodeBase64(string(f.text[t.end:end]))
	}
	f.add(s, t.end, end, htmlSlot{start: t.start, end: whole})
}

// isHTMLCharset reports whether a meta element names the encoding.
func isHTMLCharset(t *htmlTag, text []byte) bool {
	_, ok := t.attr("charset")
	return ok || strings.EqualFold(t.value(text, "http-equiv"), "content-type")
}

// meta lists the content of a meta element.
func (f *htmlFile) meta(t *htmlTag) {
	s := Slot{Kind: Text, Key: t.value(f.text, "name")}
	own := strings.EqualFold(s.Key, htmlRecord)
	if s.Key == "" {
		s.Key = t.value(f.text, "property")
	}
	a, ok := t.attr("content")
	if !ok || s.Key == "" || a.quote == 0 && a.start == a.end {
		return
	}
	if s.Place = "HTML meta " + s.Key; recordKey(s.Key) {
		s.Kind, s.Guide = Record, own && f.vacant(Record)
	}
	f.add(s, a.start, a.end, htmlSlot{start: t.start, end: t.end, quote: a.quote})
}

// add lists a slot whose value is text[start:end]. Texts that are blank are none.
func (f *htmlFile) add(s Slot, start, end int, at htmlSlot) {
	raw := string(f.text[start:end])
	s.Ranges = []Range{{int64(start), int64(end - start)}}
	if s.Kind == C2PA {
		s.Guide = f.vacant(C2PA)
	} else if value := html.UnescapeString(raw); value != raw {
		s.Value, s.Encoding = []byte(value), "html"
	} else {
		s.Value = []byte(raw)
	}
	if s.Kind == Text && strings.TrimSpace(raw) == "" {
		return
	}
	if _, err := f.addSlot(s); err != nil {
		f.Limits = []error{err}
		return
	}
	f.slots = append(f.slots, at)
}

// Plan implements [File].
func (f *htmlFile) Plan(changes []Change) (*splice.Plan, error) {
	if f.refuse != nil && len(changes) > 0 {
		return nil, f.refuse
	}
	var edits []splice.Edit
	for i := range f.Slots {
		c, ok := changed(changes, &f.Slots[i])
		if !ok {
			continue
		}
		e, err := f.edit(f.Slots[i], f.slots[i], c.Value)
		if err != nil {
			return nil, err
		}
		edits = append(edits, e)
	}
	for _, c := range changes {
		if c.Slot != nil || c.Value == nil {
			continue
		}
		element, at, err := f.newElement(c)
		if err != nil {
			return nil, err
		}
		edits = append(edits, splice.Edit{Offset: int64(at), Insert: strings.NewReader(f.indentation(at) + element)})
	}
	return splice.New(f.src.ReaderAt(), f.src.Size(), edits)
}

// edit returns the edit that gives a slot another value, or none.
func (f *htmlFile) edit(s Slot, at htmlSlot, value []byte) (splice.Edit, error) {
	switch {
	case at.content: // it takes more than a tag to remove it
		return splice.Edit{}, ErrNoPlace
	case value == nil:
		before := bytes.TrimRight(f.text[:at.start], htmlSpace)
		if bytes.IndexByte(f.text[len(before):at.start], '\n') >= 0 {
			at.start = len(before)
		}
		return splice.Edit{Offset: int64(at.start), Delete: int64(at.end - at.start)}, nil
	case s.Kind == C2PA: // a link becomes a script
		return splice.Edit{Offset: int64(at.start), Delete: int64(at.end - at.start), Insert: strings.NewReader(htmlStore(value))}, nil
	}
	text, err := escapeHTML(string(value), max(at.quote, '"'))
	if at.quote == 0 {
		text = `"` + text + `"`
	}
	return splice.Edit{Offset: s.Ranges[0].Offset, Delete: s.Ranges[0].Length, Insert: strings.NewReader(text)}, err
}

// newElement returns the element of a new value, and where it goes.
func (f *htmlFile) newElement(c Change) (element string, at int, err error) {
	if c.Kind == C2PA {
		return htmlStore(c.Value), f.last, nil
	}
	value, err := escapeHTML(string(c.Value), '\'')
	if err != nil || c.Kind != Record {
		return "", 0, ErrNoPlace
	}
	end := ">"
	if f.xml {
		end = "/>"
	}
	return `<meta name="` + htmlRecord + `" content='` + value + `'` + end, f.insert, nil
}

// htmlStore returns the element of a C2PA store.
func htmlStore(store []byte) string {
	return `<script type="application/c2pa">` + base64.StdEncoding.EncodeToString(store) + `</script>`
}

// indentation returns what puts an element at a line of its own where the tags around
// it have one.
func (f *htmlFile) indentation(at int) string {
	return indentation(string(f.text[at:min(len(f.text), at+maxIndent+1)]))
}

// escapeHTML returns a value as it stands in an attribute, in ASCII whatever the
// encoding of the document. References to some control characters mean others.
func escapeHTML(value string, quote byte) (string, error) {
	if !xmlscan.IsText(value) {
		return "", ErrNoPlace
	}
	var b strings.Builder
	for _, c := range value {
		switch {
		case c >= 0x7F && c < 0xA0:
			return "", ErrNoPlace
		case c < 0x20 || c > 0x7F || c == '&' || c == '<' || c == rune(quote):
			fmt.Fprintf(&b, "&#%d;", c)
		default:
			b.WriteRune(c)
		}
	}
	return b.String(), nil
}
