package container

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"

	"github.com/aigclabel/aigclabel/internal/splice"
)

// SpreadsheetML, ISO/IEC 29500-1 clause 18. The notice is in the headers or footers of
// all sheets, for cells are data. These show in print, in exported PDF, and in the page
// views of programs.

// sheetMargins are the texts of a sheet's headerFooter, in their order (18.3.1.46).
var sheetMargins = []string{"oddHeader", "oddFooter", "evenHeader", "evenFooter", "firstHeader", "firstFooter"}

// behindMargins are the elements of a sheet that follow its headerFooter (18.3.1.99).
var behindMargins = strings.Fields("rowBreaks colBreaks customProperties cellWatches ignoredErrors smartTags drawing legacyDrawing " +
	"legacyDrawingHF drawingHF picture oleObjects controls webPublishItems tableParts extLst AlternateContent")

// maxMargin is the longest header that Excel reads, in UTF-16 code units.
const maxMargin = 255

var errLongMargin = fmt.Errorf("%w: page header of more than %d characters", ErrNoRoom, maxMargin)

// An xlsxSheet is what is known of a sheet.
type xlsxSheet struct {
	part    *zipPart
	margins *xmlElement        // headerFooter
	texts   map[string]xmlSpan // of its children
	behind  int                // where what follows it starts, 0 for nothing
}

func (s *xlsxSheet) visit(_ *zipPart, path []xmlElement) {
	switch x := &path[len(path)-1]; {
	case len(path) == 2 && x.local() == "headerFooter":
		s.margins = x.kept()
	case len(path) == 2 && s.behind == 0 && slices.Contains(behindMargins, x.local()):
		s.behind = x.start
	case len(path) == 3 && path[1].local() == "headerFooter":
		s.texts[x.local()] = x.xmlSpan
	}
}

func planXLSXNotice(src *Source, n *Notice) (*splice.Plan, error) {
	d, err := openOOXMLText(src)
	if err != nil {
		return nil, err
	}
	_, relations, err := d.relations(d.file.main)
	if err != nil {
		return nil, err
	}
	ids, seen := map[string]bool{}, map[string]bool{}
	if _, err := d.part(d.file.main, func(_ *zipPart, path []xmlElement) {
		if within(path, "workbook", "sheets", "sheet") {
			ids[path[2].reference()] = true
		}
	}); err != nil {
		return nil, err
	}
	for _, r := range relations {
		if r.kind != "worksheet" && r.kind != "chartsheet" || !ids[r.id] || seen[r.part] {
			continue
		}
		seen[r.part] = true
		s := &xlsxSheet{texts: map[string]xmlSpan{}}
		if s.part, err = d.part(r.part, s.visit); err != nil {
			return nil, err
		}
		if err := d.addSheetMargins(s, n); err != nil {
			return nil, err
		}
	}
	if len(seen) == 0 {
		return nil, fmt.Errorf("%w: no sheets", ErrNoRoom)
	}
	return d.plan(d.file.front())
}

// addSheetMargins adds the notice to the headers or footers of a sheet.
func (d *ooxmlTextEdit) addSheetMargins(s *xlsxSheet, n *Notice) error {
	root := s.part.root
	added := map[string]string{}
	for _, name := range s.wanted(n) {
		old, there := s.texts[name]
		text, err := n.sheetMargin(old.text(s.part.doc), strings.HasSuffix(name, "Footer"))
		switch {
		case err != nil:
			return err
		case text == "":
		case there:
			d.edit(s.part, old.replace(s.part.doc, xmlEscapes.Replace(text)))
		default:
			added[name] = fmt.Sprintf("<%[1]s%[2]s>%[3]s</%[1]s%[2]s>", root.prefix(), name, xmlEscapes.Replace(text))
		}
	}
	d.addMarginTexts(s, added)
	return nil
}

// wanted returns the names of the headers and footers that are shown and are to have
// the notice.
func (s *xlsxSheet) wanted(n *Notice) (names []string) {
	on := func(name string) bool {
		return s.margins != nil && (s.margins.attr(name) == "1" || s.margins.attr(name) == "true")
	}
	for i, name := range sheetMargins {
		header := i%2 == 0
		if header && !n.Start || !header && !n.End {
			continue
		}
		if i < 2 || i < 4 && on("differentOddEven") || i >= 4 && on("differentFirst") {
			names = append(names, name)
		}
	}
	return names
}

// addMarginTexts adds texts that a sheet does not have yet, in their order.
func (d *ooxmlTextEdit) addMarginTexts(s *xlsxSheet, added map[string]string) {
	var all strings.Builder
	for i, name := range sheetMargins {
		all.WriteString(added[name])
		if added[name] == "" || s.margins == nil || s.margins.content == s.margins.end {
			continue
		}
		at := s.margins.contentEnd
		for _, later := range sheetMargins[i+1:] {
			if x, ok := s.texts[later]; ok {
				at = min(at, x.start)
			}
		}
		d.edit(s.part, insert(at, added[name]))
	}
	root := s.part.root
	switch element := fmt.Sprintf("<%[1]sheaderFooter>%[2]s</%[1]sheaderFooter>", root.prefix(), &all); {
	case all.Len() == 0:
	case s.margins != nil && s.margins.content == s.margins.end:
		d.edit(s.part, s.margins.append(s.part.doc, all.String()))
	case s.margins != nil:
	case s.behind > 0:
		d.edit(s.part, insert(s.behind, element))
	default:
		d.edit(s.part, root.append(s.part.doc, element))
	}
}

// sheetMargin returns a header with the notice in its middle section, below what
// stands there; "" where it has it.
func (n *Notice) sheetMargin(header string, atEnd bool) (string, error) {
	if len(header) > 4*maxMargin { // bytes
		return "", errLongMargin
	}
	sections := marginSections(header)
	for _, s := range sections {
		for _, line := range marginLines(s.text) {
			if n.Known(line, atEnd) {
				return "", nil
			}
		}
	}
	text := strings.ReplaceAll(n.text(), "&", "&&")
	at := len(header)
	code := "&C"
	for _, s := range sections {
		switch {
		case s.code == 'C' && len(marginLines(s.text)) > 0:
			code, at = "\n", s.end
		case s.code == 'C':
			code, at = "", s.end
		case s.code == 'R' && code == "&C":
			at = min(at, s.start)
		}
	}
	if code == "" && text != "" && unicode.IsDigit(rune(text[0])) { // the code before it may be a size
		code = " "
	}
	header = header[:at] + code + text + header[at:]
	if len(utf16.Encode([]rune(header))) > maxMargin {
		return "", errLongMargin
	}
	return header, nil
}

// A marginSection is the left, the middle, or the right of a header.
type marginSection struct {
	code       byte // 'L', 'C' or 'R'
	start, end int  // with the code
	text       string
}

// marginSections takes a header apart (18.3.1.39). What stands before the first code is
// in the middle.
func marginSections(header string) (all []marginSection) {
	s, from := marginSection{code: 'C'}, 0
	end := func(at int) {
		if s.end, s.text = at, header[from:at]; s.text != "" || from > s.start {
			all = append(all, s)
		}
	}
	for i := 0; i+1 < len(header); i++ {
		if header[i] != '&' {
			continue
		}
		i++
		if c := header[i] &^ 0x20; c == 'L' || c == 'C' || c == 'R' {
			end(i - 1)
			s, from = marginSection{code: c, start: i - 1}, i+1
		} else if header[i] == '"' { // the name of a font
			i += max(0, strings.IndexByte(header[i+1:], '"')+1)
		}
	}
	end(len(header))
	return all
}

// marginFields are the codes of what programs fill in: numbers of pages, dates, names,
// pictures.
const marginFields = "PNDTZFAG"

// marginLines returns the lines of a section without its codes.
func marginLines(section string) (lines []string) {
	var b strings.Builder
	for i := 0; i < len(section); i++ {
		switch {
		case section[i] != '&' || i+1 == len(section):
			b.WriteByte(section[i])
			continue
		case section[i+1] == '&':
			b.WriteByte('&')
		case section[i+1] == '"':
			i += max(0, strings.IndexByte(section[i+2:], '"')+1)
		case section[i+1] == 'K':
			i += min(6, len(section)-i-2)
		case strings.IndexByte(marginFields, section[i+1]) >= 0:
			b.WriteRune(unicode.ReplacementChar)
		default:
			for section[i+1] >= '0' && section[i+1] <= '9' && i+2 < len(section) && section[i+2] >= '0' && section[i+2] <= '9' {
				i++
			}
		}
		i++
	}
	for line := range strings.Lines(b.String()) {
		if line = strings.Join(strings.Fields(line), " "); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}
