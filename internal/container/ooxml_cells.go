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

// sheetCells returns at most most cells with texts in a piece of a sheet, and gives the
// texts of headers and footers to margin.
func sheetCells(doc string, most int, margin func(name, text string)) (cells []sheetCell) {
	kind, inside := "", ""
	for sc := (xmlscan.Scanner{Doc: doc, DTD: true}); len(cells) < most; {
		t, err := sc.Next()
		if err != nil || t.Kind == xmlscan.EndOfInput {
			break
		}
		switch name := localName(t.Name); {
		case t.Kind == xmlscan.StartTag:
			inside = name
			if name != "c" {
				continue
			}
			kind = ""
			for _, a := range t.Attrs {
				if a.Name == "t" {
					kind = doc[a.Value.Start:a.Value.End]
				}
			}
		case t.Kind == xmlscan.EndTag:
			inside = ""
		case t.Kind != xmlscan.Text:
		case slices.Contains(sheetMargins, inside):
			name := "header"
			if strings.HasSuffix(inside, "Footer") {
				name = "footer"
			}
			margin(name, xmlscan.Content(doc[t.Start:t.End]))
		case inside == "v" && kind == "s":
			if i, err := strconv.Atoi(doc[t.Start:t.End]); err == nil && i >= 0 {
				cells = append(cells, sheetCell{shared: i})
			}
		case inside == "t" || inside == "v" && kind == "str":
			cells = append(cells, sheetCell{text: xmlscan.Content(doc[t.Start:min(t.End, t.Start+maxLine)]), shared: -1})
		}
	}
	return cells
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
