package container

import (
	"fmt"
	"strings"

	"github.com/aigclabel/aigclabel/internal/splice"
)

// Pages of texts and sheets are made from master pages, which hold their headers and
// footers (part 3, 16.9 and 16.10). A header of its own for left pages, or for the first,
// is an element beside that for all.

// An odfMaster is a master page.
type odfMaster struct {
	xmlElement
	margins map[string]odfMargin // by their names
	after   int                  // the end of the last header, 0 for none
}

// An odfMargin is a header or a footer.
type odfMargin struct {
	xmlSpan
	display             *xmlSpan // the value of its attribute, that it is not shown
	left, middle, right *xmlSpan // the regions of one of a sheet
}

// odfMasters gathers the master pages of styles.xml.
type odfMasters struct {
	all     []odfMaster
	margins map[string]odfMargin // of the one that is read
	regions odfMargin            // of the margin that is read
	after   int
}

func (m *odfMasters) visit(path []xmlElement) {
	if len(path) < 3 || path[1].local() != "master-styles" || path[2].local() != "master-page" {
		return
	}
	switch x := &path[len(path)-1]; {
	case len(path) == 3:
		m.all = append(m.all, odfMaster{*x.kept(), m.margins, m.after})
		m.margins, m.after = nil, 0
	case len(path) == 4 && (strings.HasPrefix(x.local(), "header") || strings.HasPrefix(x.local(), "footer")):
		if m.margins == nil {
			m.margins = map[string]odfMargin{}
		}
		m.regions.xmlSpan, m.regions.display = x.xmlSpan, x.falseDisplay()
		m.margins[x.local()] = m.regions
		m.regions = odfMargin{}
		if strings.HasPrefix(x.local(), "header") {
			m.after = x.end
		}
	case len(path) == 5:
		span := x.xmlSpan
		switch x.local() {
		case "region-left":
			m.regions.left = &span
		case "region-center":
			m.regions.middle = &span
		case "region-right":
			m.regions.right = &span
		}
	}
}

// falseDisplay returns where an element says that it is not shown, nil if it is.
func (e *xmlElement) falseDisplay() *xmlSpan {
	for _, a := range e.startTag().Attrs {
		if localName(a.Name) == "display" && e.doc[a.Value.Start:a.Value.End] == "false" {
			return &xmlSpan{content: a.Value.Start, contentEnd: a.Value.End, end: a.End}
		}
	}
	return nil
}

// planODFMargins adds the notice to the headers or footers of all pages.
func planODFMargins(d *odfTextEdit, n *Notice) (*splice.Plan, error) {
	var masters odfMasters
	s, err := d.stream(odfStyles, masters.visit)
	if err != nil {
		return nil, err
	}
	if len(masters.all) == 0 {
		return nil, fmt.Errorf("%w: no pages", ErrNoRoom)
	}
	text := odfParagraphs(s.part.root, s.styleName(), odfNoteParagraph, odfNoteText, n.odfLine())
	added := false
	for i := range masters.all {
		grown, err := d.addMargins(s, &masters.all[i], text.paragraphs, n)
		if err != nil {
			return nil, err
		}
		added = added || grown
	}
	if added {
		if err := d.addStyles(s, text.styles); err != nil {
			return nil, err
		}
	}
	return d.plan("mimetype")
}

// addMargins adds the notice to the headers and footers of a master page, as wanted, and
// reports whether it was missing in one. One that is not shown stays so if there is text in it: then the notice is in the other.
func (d *odfTextEdit) addMargins(s *odfStream, m *odfMaster, paragraph string, n *Notice) (added bool, err error) {
	var missing [2]string
	wanted, err := m.wanted(s.part.doc, n)
	if err != nil {
		return false, err
	}
	for i, name := range odfMarginNames {
		if !wanted[i] {
			continue
		}
		added = d.extendMargins(s, m, name, paragraph, n) || added
		if _, ok := m.margins[name]; !ok {
			missing[i] = fmt.Sprintf("<style:%[1]s%[2]s>%[3]s</style:%[1]s>", name, s.part.root.declare("style"), paragraph)
		}
	}
	switch {
	case missing == [2]string{}:
		return added, nil
	case m.content == m.end:
		d.edit(s.part, m.append(s.part.doc, missing[0]+missing[1]))
		return true, nil
	case missing[0] != "":
		d.edit(s.part, insert(m.content, missing[0]))
	}
	if missing[1] != "" {
		d.edit(s.part, insert(max(m.content, m.after), missing[1]))
	}
	return true, nil
}

// extendMargins adds the notice to the headers, or footers, that a master page has, and
// reports whether it was missing in one.
func (d *odfTextEdit) extendMargins(s *odfStream, m *odfMaster, name, paragraph string, n *Notice) (added bool) {
	doc, footer := s.part.doc, name == "footer"
	for _, kind := range []string{name, name + "-left", name + "-first"} {
		margin, ok := m.margins[kind]
		if !ok || kind != name && margin.display != nil {
			continue
		}
		switch {
		case margin.display != nil:
			d.edit(s.part, splice.Edit{Offset: int64(margin.display.content), Delete: int64(len("false")), Insert: strings.NewReader("true")})
		case n.stands(xmlLines(doc[margin.content:margin.contentEnd], ""), footer):
			continue
		}
		d.edit(s.part, margin.add(s.part, paragraph, footer))
		added = true
	}
	return added
}

// odfMarginNames are the elements of headers and footers.
var odfMarginNames = [2]string{"header", "footer"}

// wanted returns which of them are to have the notice.
func (m *odfMaster) wanted(doc string, n *Notice) (wanted [2]bool, err error) {
	wanted = [2]bool{n.Start, n.End}
	for i, name := range odfMarginNames {
		if !wanted[i] || !m.hides(doc, name) {
			continue
		}
		if m.hides(doc, odfMarginNames[1-i]) {
			return wanted, fmt.Errorf("%w: page headers and footers are not shown", ErrNoRoom)
		}
		wanted[i], wanted[1-i] = false, true
	}
	return wanted, nil
}

// hides reports whether there is text in a header or footer that is not shown.
func (m *odfMaster) hides(doc, name string) bool {
	margin := m.margins[name]
	return margin.display != nil && !isBlank(xmlLines(doc[margin.content:margin.contentEnd], ""))
}

// isBlank reports whether there are no lines.
func isBlank(lines func(func(string) bool)) bool {
	for range lines {
		return false
	}
	return true
}

// add returns the edit that adds a paragraph: at the top of a header, at the bottom of a
// footer, and in the middle of one that has regions.
func (m odfMargin) add(p *zipPart, paragraph string, footer bool) splice.Edit {
	region := fmt.Sprintf("<style:region-center%s>%s</style:region-center>", p.root.declare("style"), paragraph)
	switch {
	case m.middle != nil:
		return m.middle.append(p.doc, paragraph)
	case m.right != nil:
		return insert(m.right.start, region)
	case m.left != nil:
		return insert(m.left.end, region)
	case !footer && m.content < m.end:
		return insert(m.content, paragraph)
	}
	return m.append(p.doc, paragraph)
}

func planODSNotice(src *Source, n *Notice) (*splice.Plan, error) {
	d, err := openODFText(src)
	if err != nil {
		return nil, err
	}
	return planODFMargins(d, n)
}

// odsLines returns the lines of the headers and footers of a spreadsheet, and of its
// first and last cells.
func odsLines(src *Source) (lineList, error) {
	l, err := lookODF(src)
	if err != nil {
		return l.lineList, err
	}
	head, tail, err := l.edgesOf(odfContent, "<office:spreadsheet")
	if err != nil {
		return l.lineList, err
	}
	l.addText(withoutTables(head), withoutTables(tail), "")
	return l.lineList, l.addMargins()
}

// withoutTables returns a piece of a spreadsheet without the rows of tables.
func withoutTables(doc string) string {
	var b strings.Builder
	for row := range strings.SplitAfterSeq(doc, "</table:table-row>") {
		if strings.Count(row, "office:value-type=") < tableCells {
			b.WriteString(row)
		}
	}
	return b.String()
}
