package container

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aigclabel/aigclabel/internal/splice"
)

// The text of a document is <office:text> (part 3, 3.4): declarations, then paragraphs,
// tables and the like, then what belongs to its tables.

var (
	odfDeclarations = strings.Fields("forms tracked-changes variable-decls sequence-decls user-field-decls dde-connection-decls " +
		"alphabetical-index-auto-mark-file calculation-settings content-validations label-ranges page-sequence")
	odfEpilogue = strings.Fields("named-expressions database-ranges data-pilot-tables consolidation dde-links")
)

// An odtBody is what is known of the text of a document.
type odtBody struct {
	body       *xmlElement
	start, end int
	settled    bool
	first      string // the style of the first paragraph, "" if that is none
	firstEnd   int
}

func (b *odtBody) visit(path []xmlElement) {
	x := &path[len(path)-1]
	name := x.local()
	switch {
	case within(path, "document-content", "body", "text"):
		b.body = x.kept()
	case len(path) != 4 || path[1].local() != "body" || path[2].local() != "text":
	case slices.Contains(odfEpilogue, name):
	case slices.Contains(odfDeclarations, name) && !b.settled:
		b.start, b.end = x.end, x.end
	default:
		if !b.settled && (name == "p" || name == "h") {
			b.first, b.firstEnd = x.attribute("style-name"), x.end
		}
		b.settled = true
		b.end = x.end
	}
}

func planODTNotice(src *Source, n *Notice) (*splice.Plan, error) {
	d, err := openODFText(src)
	if err != nil {
		return nil, err
	}
	if n.EachPage {
		return planODFMargins(d, n)
	}
	if d.entries[odfContent] == nil { // a template of styles alone
		return nil, fmt.Errorf("%w: no text", ErrNoRoom)
	}
	var b odtBody
	s, err := d.stream(odfContent, b.visit)
	if err != nil {
		return nil, err
	}
	if b.body == nil {
		return nil, &FormatError{Offset: s.part.entry.data, Err: fmt.Errorf("no text in %s", odfContent)}
	}
	named := &odfStream{}
	if d.entries[odfStyles] != nil {
		if named, err = d.stream(odfStyles, func([]xmlElement) {}); err != nil {
			return nil, err
		}
	}
	if breaks(b.first, s.styles, named.styles) { // a notice before it would have a page of its own
		b.start = b.firstEnd
	}
	if err := d.addParagraphs(&b, s, n); err != nil {
		return nil, err
	}
	return d.plan("mimetype")
}

// addParagraphs adds the notice as a paragraph to the text.
func (d *odfTextEdit) addParagraphs(b *odtBody, s *odfStream, n *Notice) error {
	doc := s.part.doc
	start, end := max(b.start, b.body.content), max(b.end, b.body.content)
	text := odfParagraphs(s.part.root, s.styleName(), odfNoteParagraph, odfNoteText, n.odfLine())
	atStart := n.Start && !n.stands(firstLines(1, doc[b.body.content:], ""), false) && !n.stands(firstLines(1, doc[start:], ""), false)
	atEnd := n.End && !n.stands(lastLine(doc[b.body.content:end], ""), true)
	switch {
	case !atStart && !atEnd:
		return nil
	case b.body.content == b.body.end: // <office:text/>
		d.edit(s.part, b.body.append(doc, text.paragraphs))
		return d.addStyles(s, text.styles)
	case atStart:
		d.edit(s.part, insert(start, text.paragraphs))
	}
	if atEnd {
		d.edit(s.part, insert(end, text.paragraphs))
	}
	return d.addStyles(s, text.styles)
}

// odtLines returns the lines of a text at which notices stand.
func odtLines(src *Source) (lineList, error) {
	l, err := lookODF(src)
	if err != nil {
		return l.lineList, err
	}
	head, tail, err := l.edgesOf(odfContent, "<office:text")
	if err != nil {
		return l.lineList, err
	}
	l.addText(head, tail, "")
	return l.lineList, l.addMargins()
}
