package container

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/aigclabel/aigclabel/internal/xmlscan"
)

// xlsxLines returns the lines of headers and footers, and the texts of the first and
// last cells.
func xlsxLines(src *Source) (lineList, error) {
	l, err := lookOOXML(src, "xl/workbook.xml")
	if err != nil {
		return l.lineList, err
	}
	sheets, err := l.parts("worksheet", "xl/worksheets/")
	if err != nil {
		return l.lineList, err
	}
	var cells []sheetCell
	for _, sheet := range sheets {
		head, tail, err := l.edgesOf(sheet)
		if err != nil {
			return l.lineList, err
		}
		cells = append(cells, l.addSheet(head, tail)...)
	}
	return l.lineList, l.addCells(cells)
}

// A sheetCell is a cell with a text.
type sheetCell struct {
	text   string
	shared int // its number among the shared texts, -1 for none
	atEnd  bool
}

// addSheet lists the headers and footers of a sheet, of which the ends are given, and
// returns its first and its last cells.
func (l *ooxmlLooker) addSheet(head, tail string) []sheetCell {
	margin := func(name, text string) {
		for _, s := range marginSections(text) {
			l.add("page "+name, name == "footer", shapeLines, slices.Values(marginLines(s.text)))
		}
	}
	var start, end []sheetCell
	if head == tail {
		start, end = textEnds(sheetCells(head, math.MaxInt, margin))
	} else {
		start = sheetCells(head, startLines, margin)
		_, end = textEnds(sheetCells(tailPiece(tail), math.MaxInt, margin))
	}
	for i := range end {
		end[i].atEnd = true
	}
	return append(slices.Clip(start), end...)
}

// tableCells is how many cells with values make a row one of a table: there, "AI generated"
// is the name of a column.
const tableCells = 3

// A sheetScan gathers the cells of a sheet.
type sheetScan struct {
	doc    string
	margin func(name, text string) // gets the texts of headers and footers
	cells  []sheetCell
	row    int    // where the cells of the row begin
	values int    // cells of the row that have one
	filled bool   // the cell that is read has one
	kind   string // of this cell
	inside string // the element that was opened last
}

// sheetCells returns at most most cells with texts in a piece of a sheet, and gives the
// texts of headers and footers to margin.
func sheetCells(doc string, most int, margin func(name, text string)) []sheetCell {
	s := sheetScan{doc: doc, margin: margin}
	for sc := (xmlscan.Scanner{Doc: doc, DTD: true}); s.row < most; {
		t, err := sc.Next()
		if err != nil || t.Kind == xmlscan.EndOfInput {
			break
		}
		switch t.Kind {
		case xmlscan.StartTag:
			s.start(&t)
		case xmlscan.EndTag:
			if s.inside = ""; localName(t.Name) == "row" {
				s.endRow()
			}
		case xmlscan.Text:
			s.text(&t)
		}
	}
	s.endRow()
	return s.cells[:min(most, len(s.cells))]
}

func (s *sheetScan) start(t *xmlscan.Token) {
	if s.inside = localName(t.Name); s.inside != "c" {
		return
	}
	s.kind, s.filled = "", false
	for _, a := range t.Attrs {
		if a.Name == "t" {
			s.kind = s.doc[a.Value.Start:a.Value.End]
		}
	}
}

// endRow keeps the cells of a row unless it is one of a table.
func (s *sheetScan) endRow() {
	if s.values >= tableCells {
		s.cells = s.cells[:s.row]
	}
	s.row, s.values = len(s.cells), 0
}

func (s *sheetScan) text(t *xmlscan.Token) {
	if slices.Contains(sheetMargins, s.inside) {
		name := "header"
		if strings.HasSuffix(s.inside, "Footer") {
			name = "footer"
		}
		s.margin(name, xmlscan.Content(s.doc[t.Start:t.End]))
		return
	}
	if s.inside != "v" && s.inside != "t" {
		return
	}
	if !s.filled {
		s.filled = true
		s.values++
	}
	switch {
	case s.inside == "v" && s.kind == "s":
		if i, err := strconv.Atoi(s.doc[t.Start:t.End]); err == nil && i >= 0 {
			s.cells = append(s.cells, sheetCell{shared: i})
		}
	case s.inside == "t" || s.kind == "str":
		s.cells = append(s.cells, sheetCell{text: xmlscan.Content(s.doc[t.Start:min(t.End, t.Start+maxLine)]), shared: -1})
	}
}

// addCells lists the texts of cells. Shared ones are looked up in the head of their part.
func (l *ooxmlLooker) addCells(cells []sheetCell) error {
	var shared []string
	most := -1
	for _, c := range cells {
		most = max(most, c.shared)
	}
	if most >= 0 {
		parts, err := l.parts("sharedStrings", "xl/sharedStrings")
		if err != nil {
			return err
		}
		for _, part := range parts[:min(1, len(parts))] {
			head, _, err := l.edgesOf(part)
			if err != nil {
				return err
			}
			shared = sharedTexts(head, most+1)
		}
	}
	for _, c := range cells {
		if c.shared >= 0 && c.shared < len(shared) {
			c.text = shared[c.shared]
		}
		place := "text start"
		if c.atEnd {
			place = "text end"
		}
		l.add(place, c.atEnd, 1, strings.Lines(strings.TrimSpace(c.text)))
	}
	return nil
}

// sharedTexts returns the first texts of a table of shared texts (18.4.9), at most most.
func sharedTexts(doc string, most int) (texts []string) {
	var text strings.Builder
	inside := false
	for sc := (xmlscan.Scanner{Doc: doc, DTD: true}); len(texts) < most; {
		t, err := sc.Next()
		if err != nil || t.Kind == xmlscan.EndOfInput {
			break
		}
		switch name := localName(t.Name); {
		case name == "t":
			inside = t.Kind == xmlscan.StartTag && !t.Empty
		case t.Kind == xmlscan.Text && inside && text.Len() < maxLine:
			text.WriteString(xmlscan.Content(doc[t.Start:min(t.End, t.Start+maxLine)]))
		case name == "si" && (t.Kind == xmlscan.EndTag || t.Empty):
			texts = append(texts, text.String())
			text.Reset()
		}
	}
	return texts
}
