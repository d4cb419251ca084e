package container

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aigclabel/aigclabel/internal/splice"
	"github.com/aigclabel/aigclabel/internal/xmlscan"
)

// SVG 2, 5.5: XML whose <metadata> elements hold what other standards define:
// an XMP packet or plain RDF, a C2PA manifest store in base64. They may stand
// anywhere under the root, so that the whole file is scanned.

const (
	svgDepth      = 4096 // groups in groups
	svgAttributes = 64   // of an element, that are looked at for namespaces
)

type svgFile struct {
	Layout
	src    *Source
	doc    string
	root   *xmlElement
	spans  []xmlSpan // of Slots, by index: what goes with a slot
	home   xmlSpan   // the last <metadata> with an end tag
	about  []xmlSpan // all <metadata> of the root
	refuse error     // why no value can be written
}

// SVG walks an SVG file. Text in UTF-16 has no slots.
//
// The first RDF is the guide's place for XMP, whoever wrote it: drawing programs
// keep their own there, and expect one. Where there is none, a new <metadata>
// goes to the head of the root.
func SVG(src *Source) (File, error) {
	f := &svgFile{src: src}
	err := f.walk()
	if syntax := new(xmlscan.SyntaxError); errors.As(err, &syntax) {
		err = &FormatError{Offset: int64(syntax.Offset), Err: errors.New(syntax.Msg)}
	}
	return f, f.fail(src.Size(), err)
}

// IsSVG reports whether a file is XML with the root element svg.
func IsSVG(src *Source) (bool, error) {
	head, err := src.Head(HeadSize)
	if order := utf16Order(head); order != nil {
		head = decodeUTF16(head[2:], order)
	}
	if !startsTag(head) {
		return false, err
	}
	name := xmlRoot(strings.TrimPrefix(string(head), utf8BOM))
	return name[strings.IndexByte(name, ':')+1:] == "svg", err
}

func (f *svgFile) walk() error {
	size := min(f.src.Size(), f.src.Value)
	b, err := f.src.Bytes(0, size, "SVG document")
	if err != nil {
		return err
	}
	if utf16Order(b) != nil {
		f.refuse = fmt.Errorf("%w: convert the text from UTF-16 to UTF-8", ErrNoPlace)
		return nil
	}
	f.doc = string(b)
	if charset := xmlEncoding(f.doc); charset != "" && charset != "utf-8" && charset != "us-ascii" {
		f.refuse = fmt.Errorf("%w: convert the text from %.20q to UTF-8", ErrNoPlace, charset)
	}
	start := len(f.doc) - len(strings.TrimPrefix(f.doc, utf8BOM))
	err = f.src.xmlElements(xmlscan.Scanner{Doc: f.doc, Pos: start, DTD: true}, svgDepth, f.element)
	if size < f.src.Size() {
		return &LimitError{What: "SVG document", Limit: f.src.Value}
	}
	return err
}

// element lists the slots at the end of an element.
func (f *svgFile) element(path []xmlElement) {
	x := &path[len(path)-1]
	switch {
	case len(path) == 1:
		f.root = x.kept()
	case len(path) == 2 && x.local() == "metadata":
		if x.content < x.end {
			f.home = x.xmlSpan
		}
		f.about = append(f.about, x.xmlSpan)
		f.metadata(x.xmlSpan)
	case len(path) == 2 && (x.local() == "title" || x.local() == "desc") && x.children == 0:
		f.text(x)
	case len(path) != 3 || path[1].local() != "metadata":
	case x.local() == "manifest":
		f.manifest(x)
	case isRDF(x.local()):
		f.packet(path)
	}
}

// metadata makes an element that holds nothing but one slot go with that.
func (f *svgFile) metadata(x xmlSpan) {
	n := len(f.spans) - 1
	if n < 0 || f.spans[n].start < x.start {
		return
	}
	if s := f.spans[n]; f.blank(x.content, s.start) && f.blank(s.end, x.contentEnd) {
		f.spans[n] = x
	}
}

// blank reports whether there is nothing but white space between two offsets.
func (f *svgFile) blank(from, to int) bool {
	return strings.Trim(f.doc[from:to], xmlscan.Whitespace) == ""
}

// text lists a title or a description of the drawing.
func (f *svgFile) text(x *xmlElement) {
	value, raw := x.text(f.doc), f.doc[x.content:x.contentEnd]
	if strings.TrimSpace(value) == "" {
		return
	}
	s := Slot{Kind: Text, Key: x.local(), Place: "SVG " + x.local(), Value: []byte(value)}
	if raw != value {
		s.Encoding = "xml"
	}
	f.add(s, x.content, x.contentEnd, x.xmlSpan)
}

// manifest lists a manifest store. One that is not base64 has no value.
func (f *svgFile) manifest(x *xmlElement) {
	s := Slot{Kind: C2PA, Place: "SVG metadata c2pa:manifest", Guide: f.vacant(C2PA), Encoding: "base64"}
	if f.full() == nil && x.children == 0 {
		s.Value = decodeBase64(x.text(f.doc))
	}
	s.Frame = []Range{{int64(x.content), int64(x.contentEnd - x.content)}}
	f.add(s, x.content, x.contentEnd, x.xmlSpan)
}

// decodeBase64 decodes base64 with white space in it (RFC 4648, clause 3.1), nil
// for anything else.
func decodeBase64(text string) []byte {
	solid := strings.Map(func(c rune) rune {
		if strings.ContainsRune(xmlscan.Whitespace, c) {
			return -1
		}
		return c
	}, text)
	b, err := base64.StdEncoding.DecodeString(solid)
	if err != nil {
		return nil
	}
	return b
}

// isRDF reports whether an element of this name holds XMP or is RDF.
func isRDF(local string) bool {
	return local == "xmpmeta" || local == "xapmeta" || local == "RDF"
}

// packet lists the RDF at the end of path, with the processing instructions that
// make it a packet. Prefixes that are declared outside of it become part of its
// value.
func (f *svgFile) packet(path []xmlElement) {
	if f.full() != nil {
		f.Limits = []error{errTooManySlots}
		return
	}
	x := &path[2]
	start, end := x.start, x.end
	if pi := path[1].latest; strings.HasPrefix(f.doc[pi.Start:], "<?xpacket begin") && f.blank(pi.End, start) {
		start = pi.Start
	}
	path[1].latest = xmlscan.Span{} // is not before the next one
	after := strings.TrimLeft(f.doc[end:], xmlscan.Whitespace)
	if strings.HasPrefix(after, "<?xpacket end") {
		if i := strings.Index(after, "?>"); i >= 0 {
			end = len(f.doc) - len(after) + i + len("?>")
		}
	}
	value, s := f.doc[start:end], Slot{Kind: XMP, Place: "SVG metadata XMP", Guide: f.vacant(XMP)}
	if outer := foreignPrefixes(path[:2], value); outer != "" {
		at := x.start + 1 + len(x.name) - start
		value = value[:at] + outer + value[at:]
		s.Encoding = "xml"
	}
	s.Value = []byte(value)
	f.add(s, start, end, xmlSpan{start: start, end: end})
}

// fixedPrefixes are those that a document cannot declare (Namespaces in XML 1.0,
// section 3).
var fixedPrefixes = []string{"xml", "xmlns", ""}

// foreignPrefixes returns the declarations, as written, of the prefixes that a
// packet uses and only the elements around it declare.
func foreignPrefixes(around []xmlElement, packet string) string {
	declarations := ""
	for i := range slices.Backward(around) {
		for _, a := range around[i].attrs[:min(len(around[i].attrs), svgAttributes)] {
			prefix, ok := strings.CutPrefix(a.Name, "xmlns:")
			if ok && !slices.Contains(fixedPrefixes, prefix) && usesPrefix(packet, prefix) && !strings.Contains(packet+declarations, a.Name+"=") {
				declarations += around[i].doc[a.Start:a.End]
			}
		}
	}
	return declarations
}

// usesPrefix reports whether a name with the prefix may stand in a document.
func usesPrefix(doc, prefix string) bool {
	for i := strings.Index(doc, prefix+":"); i > 0; {
		if strings.IndexByte("</"+xmlscan.Whitespace, doc[i-1]) >= 0 {
			return true
		}
		n := strings.Index(doc[i+1:], prefix+":")
		if n < 0 {
			return false
		}
		i += 1 + n
	}
	return false
}

// add lists a slot whose value stands in the document.
func (f *svgFile) add(s Slot, start, end int, whole xmlSpan) {
	s.Ranges = []Range{{int64(start), int64(end - start)}}
	if _, err := f.addSlot(s); err != nil {
		f.Limits = []error{err}
		return
	}
	f.spans = append(f.spans, whole)
}

// Plan implements [File].
func (f *svgFile) Plan(changes []Change) (*splice.Plan, error) {
	if f.refuse != nil && len(changes) > 0 {
		return nil, f.refuse
	}
	var edits []splice.Edit
	for i := range f.Slots {
		s := &f.Slots[i]
		switch c, ok := changed(changes, s); {
		case !ok:
		case c.Value == nil:
			edits = append(edits, f.spans[i].remove())
		default:
			value, err := f.encode(s.Kind, c.Value)
			if err != nil {
				return nil, err
			}
			edits = append(edits, splice.Edit{Offset: s.Ranges[0].Offset, Delete: s.Ranges[0].Length, Insert: strings.NewReader(value)})
		}
	}
	added, err := f.additions(changes)
	if err != nil {
		return nil, err
	}
	plan, err := splice.New(f.src.ReaderAt(), f.src.Size(), append(added, edits...))
	if err == nil && plan.Size() > f.src.Value && len(plan.Edits()) > 0 {
		return nil, &LimitError{What: "SVG document", Limit: f.src.Value} // it could not be read back
	}
	return plan, err
}

// additions returns the edits that add an element with the new values. A store
// goes into the last <metadata> that is there already (C2PA 2.1, A.3.3): the
// reference implementation takes no other, and miscounts behind a byte order
// mark.
func (f *svgFile) additions(changes []Change) (edits []splice.Edit, err error) {
	content := ""
	stays := f.home.end > 0 && !slices.ContainsFunc(changes, func(c Change) bool { return c.Slot != nil && c.Value == nil && f.goes(c.Slot, f.home) })
	for _, c := range changes {
		if c.Slot != nil || c.Value == nil {
			continue
		}
		if c.Kind != XMP && c.Kind != C2PA {
			return nil, ErrNoPlace
		}
		value, err := f.encode(c.Kind, c.Value)
		if err != nil {
			return nil, err
		}
		if c.Kind == C2PA {
			value = `<c2pa:manifest xmlns:c2pa="http://c2pa.org/manifest">` + value + "</c2pa:manifest>"
		}
		if c.Kind == C2PA && strings.HasPrefix(f.doc, utf8BOM) {
			edits = append(edits, splice.Edit{Delete: int64(len(utf8BOM))})
		}
		if c.Kind == C2PA && stays {
			edits = append(edits, splice.Edit{Offset: int64(f.home.content), Insert: strings.NewReader(value)})
		} else {
			content += value
		}
	}
	if content != "" {
		edits = append(edits, f.insertion(content))
	}
	return edits, nil
}

// goes reports whether an element goes with a slot.
func (f *svgFile) goes(s *Slot, x xmlSpan) bool {
	i := slices.IndexFunc(f.spans, func(span xmlSpan) bool { return span == x })
	return i >= 0 && s == &f.Slots[i]
}

// encode returns a value as it stands in the document.
func (f *svgFile) encode(kind Kind, value []byte) (string, error) {
	if kind == C2PA {
		return base64.StdEncoding.EncodeToString(value), nil
	}
	if !xmlscan.IsText(string(value)) {
		return "", ErrNoPlace
	}
	if kind == Text {
		return xmlEscapes.Replace(string(value)), nil
	}
	packet := strings.Trim(string(value), xmlscan.Whitespace)
	if root := xmlRoot(packet); strings.HasPrefix(packet, "<?xml ") || !isRDF(root[strings.IndexByte(root, ':')+1:]) {
		return "", fmt.Errorf("%w: no XMP packet", ErrNoPlace)
	}
	if err := f.src.xmlElements(xmlscan.Scanner{Doc: packet}, svgDepth, func([]xmlElement) {}); err != nil {
		return "", fmt.Errorf("%w: %w", ErrNoPlace, err)
	}
	return packet, nil
}

// insertion adds an element at the head of the root, indented as its first child.
func (f *svgFile) insertion(content string) splice.Edit {
	name := f.root.prefix() + "metadata"
	element := "<" + name + ">" + content + "</" + name + ">"
	if f.root.content == f.root.end {
		return f.root.replace(f.doc, element)
	}
	element = indentation(f.doc[f.root.content:]) + element
	return splice.Edit{Offset: int64(f.root.content), Insert: strings.NewReader(element)}
}
