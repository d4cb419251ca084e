package container

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aigclabel/aigclabel/internal/splice"
	"github.com/aigclabel/aigclabel/internal/xmlscan"
)

// WordprocessingML, ISO/IEC 29500-1 clause 17. The body of a document holds its
// paragraphs and tables, and the properties of sections: of the last one behind them
// all, of others in the last paragraph of each. Headers and footers are parts that
// sections refer to; a section without a reference has that of the one before.

const (
	wordTransitional = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
	wordStrict       = ooxmlStrict + "wordprocessingml/main"
)

// A docxBody is what is known of the body of a document.
type docxBody struct {
	body     *xmlElement
	start    int // where a notice at the start goes, 0 while that is not known
	end      int // where one at the end goes
	settled  bool
	cover    bool // the child that is read is a cover page
	breaks   bool // it is a paragraph that starts a page
	section  docxSection
	sections []docxSection

	breaking map[string]bool // styles that start a page
}

// A docxSection is the properties of a section.
type docxSection struct {
	xmlSpan
	firstPage  bool                         // its first page is different
	references map[string]map[string]string // ids of headerReference, footerReference by type
}

func planDOCXNotice(src *Source, n *Notice) (*splice.Plan, error) {
	d, err := openOOXMLText(src)
	if err != nil {
		return nil, err
	}
	rels, relations, err := d.relations(d.file.main)
	if err != nil {
		return nil, err
	}
	b := docxBody{}
	if b.breaking, err = d.breakingStyles(relations); err != nil {
		return nil, err
	}
	main, err := d.part(d.file.main, b.visit)
	if err != nil {
		return nil, err
	}
	space := main.root.space()
	if b.body == nil || space != wordTransitional && space != wordStrict {
		return nil, &FormatError{Offset: main.entry.data, Err: fmt.Errorf("no WordprocessingML body")}
	}
	if n.EachPage {
		err = d.addMargins(&b, main, rels, relations, n)
	} else {
		d.addParagraphs(&b, main, n)
	}
	if err != nil {
		return nil, err
	}
	return d.plan(d.file.front())
}

// breakingStyles returns the styles of paragraphs that start a page by themselves.
func (d *ooxmlTextEdit) breakingStyles(relations []ooxmlRelation) (map[string]bool, error) {
	styles := map[string]bool{}
	i := slices.IndexFunc(relations, func(r ooxmlRelation) bool { return r.kind == "styles" })
	if i < 0 || d.entries[strings.ToLower(relations[i].part)] == nil {
		return styles, nil
	}
	breaks := false
	_, err := d.part(relations[i].part, func(_ *zipPart, path []xmlElement) {
		switch x := &path[len(path)-1]; {
		case within(path, "styles", "style", "pPr", "pageBreakBefore"):
			breaks = x.on()
		case within(path, "styles", "style"):
			if breaks {
				styles[x.attribute("styleId")] = true
			}
			breaks = false
		}
	})
	return styles, err
}

// on returns the value of a property that is on or off (17.17.4).
func (e *xmlElement) on() bool {
	return !slices.Contains([]string{"0", "false", "off"}, e.attribute("val"))
}

// visit notes what an element says of the body.
func (b *docxBody) visit(_ *zipPart, path []xmlElement) {
	x := &path[len(path)-1]
	name := x.local()
	switch {
	case within(path, "document", "body"):
		b.body = x.kept()
		if b.end == 0 {
			b.end = x.contentEnd
		}
	case len(path) < 3 || path[1].local() != "body":
	case len(path) == 3:
		b.child(x)
	case name == "docPartGallery" && path[2].local() == "sdt" && b.start == 0:
		b.cover = x.attribute("val") == "Cover Pages"
	case within(path, "*", "*", "p", "pPr", "pageBreakBefore"):
		b.breaks = x.on()
	case within(path, "*", "*", "p", "pPr", "pStyle"):
		b.breaks = b.breaks || b.breaking[x.attribute("val")]
	}
	b.inSection(x, path)
}

// child notes a child of the body: only the last may be the properties of a section.
func (b *docxBody) child(x *xmlElement) {
	if b.start == 0 {
		b.start = x.start
		if b.cover {
			b.start = x.end
		}
	}
	if name := x.local(); !b.settled && (name == "p" || name == "tbl" || name == "sdt" && !b.cover) {
		b.settled = true
		if b.breaks { // a notice before it would have a page of its own
			b.start = x.end
		}
	}
	b.cover, b.breaks = false, false
	b.end = x.end
	if x.local() == "sectPr" {
		b.end = x.start
	}
}

// inSection notes the properties of sections, but not what they were before a change.
func (b *docxBody) inSection(x *xmlElement, path []xmlElement) {
	of := func(e xmlElement) bool { return e.local() == "sectPr" }
	i := slices.IndexFunc(path, of)
	switch name := x.local(); {
	case i < 0:
	case i == len(path)-1:
		b.section.xmlSpan = x.xmlSpan
		b.sections = append(b.sections, b.section)
		b.section = docxSection{}
	case i != len(path)-2:
	case name == "titlePg":
		b.section.firstPage = x.on()
	case name == "headerReference", name == "footerReference":
		if b.section.references == nil {
			b.section.references = map[string]map[string]string{"headerReference": {}, "footerReference": {}}
		}
		b.section.references[name][x.attribute("type")] = x.reference()
	}
}

// addParagraphs adds the notice as a paragraph to the text.
func (d *ooxmlTextEdit) addParagraphs(b *docxBody, main *zipPart, n *Notice) {
	start, end := b.start, b.end
	if start == 0 {
		start = b.body.content
	}
	paragraph := n.wordParagraph(main.root)
	doc := main.doc
	atStart := n.Start && !n.stands(firstLines(1, doc[b.body.content:], "t"), false) && !n.stands(firstLines(1, doc[start:], "t"), false)
	atEnd := n.End && !n.stands(lastLine(doc[:end], "t"), true)
	switch {
	case b.body.content == b.body.end && (atStart || atEnd): // <w:body/>
		d.edit(main, b.body.append(doc, paragraph))
		return
	case atStart:
		d.edit(main, insert(start, paragraph))
	}
	if atEnd {
		d.edit(main, insert(end, paragraph))
	}
}

// wordParagraph returns the notice as a paragraph, with the look that it needs of its
// own: styles of the document may be anything.
func (n *Notice) wordParagraph(root *xmlElement) string {
	w, declaration := root.bound(root.space(), "w")
	var b strings.Builder
	fmt.Fprintf(&b, `<%[1]sp%[2]s><%[1]spPr><%[1]sspacing %[1]sbefore="0" %[1]safter="120"/><%[1]sind %[1]sfirstLine="0" %[1]sfirstLineChars="0"/></%[1]spPr>`, w, declaration)
	for i, words := range n.Words {
		text := words.Text
		if i < len(n.Words)-1 {
			text += n.Between
		}
		tag, asian := words.locale()
		language := "val"
		if asian {
			language = "eastAsia"
		}
		fmt.Fprintf(&b, `<%[1]sr><%[1]srPr><%[1]ssz %[1]sval="21"/><%[1]sszCs %[1]sval="21"/><%[1]slang %[1]s%[2]s=%[3]q/></%[1]srPr><%[1]st xml:space="preserve">%[4]s</%[1]st></%[1]sr>`,
			w, language, tag, xmlEscapes.Replace(text))
	}
	fmt.Fprintf(&b, `</%sp>`, w)
	return b.String()
}

// A docxMargin is a kind of parts that stand on each page.
type docxMargin struct{ kind, root, reference string }

// docxMargins are those at the start and at the end of pages.
var docxMargins = [...]docxMargin{{"header", "hdr", "headerReference"}, {"footer", "ftr", "footerReference"}}

const wordType = "application/vnd.openxmlformats-officedocument.wordprocessingml."

// addMargins adds the notice to the headers of all pages, to their footers, or both.
func (d *ooxmlTextEdit) addMargins(b *docxBody, main, rels *zipPart, relations []ooxmlRelation, n *Notice) error {
	types, err := d.marginTypes(b, relations)
	if err != nil {
		return err
	}
	var parts []ooxmlPart
	var references []string
	for i, wanted := range []bool{n.Start, n.End} {
		if !wanted {
			continue
		}
		m := docxMargins[i]
		if err := d.extendMargins(b, m, relations, n); err != nil {
			return err
		}
		for _, kind := range types {
			if len(b.sections) == 0 || b.sections[0].references[m.reference][kind] == "" {
				parts = append(parts, ooxmlPart{m.kind, wordType + m.kind + "+xml", m.part(main.root, n)})
				references = append(references, m.reference+" "+kind)
			}
		}
	}
	if len(parts) > 0 {
		ids := d.addParts(d.file.main, rels, relations, parts)
		d.refer(b, main, references, ids)
	}
	return nil
}

// marginTypes returns the types of pages that have headers of their own.
func (d *ooxmlTextEdit) marginTypes(b *docxBody, relations []ooxmlRelation) ([]string, error) {
	types := []string{"default"}
	if slices.ContainsFunc(b.sections, func(s docxSection) bool { return s.firstPage }) {
		types = append(types, "first")
	}
	i := slices.IndexFunc(relations, func(r ooxmlRelation) bool { return r.kind == "settings" })
	if i < 0 || d.entries[strings.ToLower(relations[i].part)] == nil {
		return types, nil
	}
	_, err := d.part(relations[i].part, func(_ *zipPart, path []xmlElement) {
		if within(path, "settings", "evenAndOddHeaders") && path[1].on() {
			types = append(types, "even")
		}
	})
	return types, err
}

// extendMargins adds the notice to the headers that there are.
func (d *ooxmlTextEdit) extendMargins(b *docxBody, m docxMargin, relations []ooxmlRelation, n *Notice) error {
	done, parts := map[string]bool{}, partsByID(relations)
	for _, s := range b.sections {
		for _, kind := range []string{"default", "first", "even"} {
			id := s.references[m.reference][kind]
			name := parts[id]
			if id == "" || done[name] {
				continue
			}
			done[name] = true
			p, err := d.part(name, func(*zipPart, []xmlElement) {})
			if err != nil {
				return err
			}
			if !n.stands(xmlLines(p.doc, "t"), m.kind == "footer") {
				at := *p.root
				if at.content < at.end { // at the top of headers, at the bottom of footers
					at.contentEnd = at.content
				}
				if m.kind == "footer" {
					at = *p.root
				}
				d.edit(p, at.append(p.doc, n.wordParagraph(p.root)))
			}
		}
	}
	return nil
}

// part returns a new header with the notice.
func (m docxMargin) part(main *xmlElement, n *Notice) []byte {
	root := &xmlElement{doc: fmt.Sprintf("<w:%s xmlns:w=%q>", m.root, main.space())}
	sc := xmlscan.Scanner{Doc: root.doc}
	t, _ := sc.Next() // well formed
	root.name, root.attrs = t.Name, t.Attrs
	return fmt.Appendf(nil, "%s%s%s</w:%s>", ooxmlHead, root.doc, n.wordParagraph(root), m.root)
}

// refer lets the first section refer to new headers; those after it inherit them.
func (d *ooxmlTextEdit) refer(b *docxBody, main *zipPart, references, ids []string) {
	w, declareW := main.root.bound(main.root.space(), "w")
	r, declareR := main.root.bound(d.relationSpace(), "r")
	var all strings.Builder
	for i, id := range ids {
		name, kind, _ := strings.Cut(references[i], " ")
		fmt.Fprintf(&all, `<%[1]s%[2]s%[3]s%[4]s %[1]stype=%[5]q %[6]sid=%[7]q/>`, w, name, declareW, declareR, kind, r, id)
	}
	if len(b.sections) == 0 {
		d.edit(main, b.body.append(main.doc, fmt.Sprintf("<%[1]ssectPr%[2]s>%[3]s</%[1]ssectPr>", w, declareW, &all)))
		return
	}
	s := b.sections[0]
	if s.content < s.end {
		s.contentEnd = s.content // they come first
	}
	d.edit(main, s.append(main.doc, all.String()))
}

// docxLines returns the lines of a document at which notices stand.
func docxLines(src *Source) (lineList, error) {
	l, err := lookOOXML(src, "word/document.xml")
	if err != nil {
		return l.lineList, err
	}
	head, tail, err := l.edgesOf(l.main)
	if err != nil {
		return l.lineList, err
	}
	l.addText(head, tail, "t")
	if cover := strings.Index(head, `"Cover Pages"`); cover >= 0 {
		if end := strings.Index(head[cover:], "sdt>"); end >= 0 {
			l.add("text start", false, 1, xmlLines(head[cover+end:], "t"))
		}
	}
	for _, m := range docxMargins {
		parts, err := l.parts(m.kind, "word/"+m.kind)
		if err != nil {
			return l.lineList, err
		}
		for _, part := range parts {
			head, _, err := l.edgesOf(part)
			if err != nil {
				return l.lineList, err
			}
			l.add("page "+m.kind, m.kind == "footer", shapeLines, xmlLines(head, "t"))
		}
	}
	return l.lineList, nil
}
