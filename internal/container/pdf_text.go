package container

import (
	"bytes"
	"math"
	"slices"
)

// The text of pages: the pieces that content shows, ISO 32000-2 clause 9.4. Those that
// follow each other on a line are one.

// A PDFLine is text on one line of a page without a wide gap in it.
type PDFLine struct {
	Text   string
	X, Y   float64 // of its first letter, from the left and the bottom of the page as seen, in points
	Size   float64 // of the type, in points
	Hidden bool    // not painted: text behind a scanned picture
	Stamp  bool    // stands in a form that [PDFDocument.Stamp] added

	letters []byte
	end     float64
}

// A PDFText is what the content of a page says, and in which state it ends.
type PDFText struct {
	Lines []PDFLine

	saved    int       // graphics states that are not restored
	restored bool      // more of them than were saved
	marked   int       // marked content without its end
	ctm      pdfMatrix // in the end, with all states restored, to the page's own space
}

// The limits of the text of one page, and the bytes of content that are run for it.
const (
	maxPDFLines   = 8 << 10
	maxPDFText    = 1 << 20
	maxPDFContent = 4 << 20
	minPDFContent = 16 << 10 // even where other pages have taken what there is for all
	maxPDFForms   = 12       // in each other
	maxPDFStates  = 256      // saved, and pieces of marked content in each other
)

// A pdfTextReader reads the text of one page.
type pdfTextReader struct {
	doc      *PDFDocument
	file     *pdfFile // with limits of its own
	out      PDFText
	fromPDF  pdfMatrix
	fontless bool  // texts in fonts do not matter
	letters  int   // bytes of text so far
	left     int64 // bytes of content that may be run
	buffer   []byte
	drawn    map[int64]*pdfForm // by object number, nil for what is none
}

var errLongPDFText = &LimitError{What: "text of a PDF page", Limit: maxPDFText}

// Text reads the text of the page. The error is an I/O error, a *[LimitError] or, where
// the content ends inside an object, a *[FormatError], beside what was read before it.
// What cannot be decoded is left out.
func (p *PDFPage) Text() (PDFText, error) {
	text, err := p.text(p.contents(), false)
	if err == nil {
		p.end = text
		p.end.Lines = nil
	}
	return text, err
}

// Stamps returns the texts of the stamp that the page got last, if it is ours.
func (p *PDFPage) Stamps() ([]PDFLine, error) {
	streams := p.contents()
	text, err := p.text(streams[max(0, len(streams)-1):], true)
	lines := slices.DeleteFunc(text.Lines, func(l PDFLine) bool { return !l.Stamp })
	return lines, err
}

func (p *PDFPage) text(streams []pdfValue, fontless bool) (PDFText, error) {
	d := p.doc
	f, refused := *d.file, d.file.refused
	left := min(maxPDFContent, max(d.content, minPDFContent))
	f.src = f.src.within(Limits{Inflated: left, Value: left})
	f.Limits, f.Damage, f.budget = nil, nil, maxPDFContent
	r := &pdfTextReader{doc: d, file: &f, left: left, fromPDF: p.toUser.inverse(), fontless: fontless, drawn: map[int64]*pdfForm{}}
	c := r.content(f.direct(p.resources), pdfTextState{ctm: pdfIdentity})
	err := c.runAll(streams)
	if err == nil {
		err = f.unknown(refused)
	}
	for i := range r.out.Lines {
		r.out.Lines[i].Text = string(r.out.Lines[i].letters)
	}
	r.out.ctm = append(c.states, c.state)[0].ctm
	d.content -= left - r.left
	return r.out, err
}

// contents returns the content streams of the page.
func (p *PDFPage) contents() []pdfValue {
	v := p.object.value.lookup("Contents")
	if array := p.doc.file.direct(v); array.isArray() {
		v = array
	}
	return slices.Collect(v.elements())
}

// replaced returns what marked content says that the text stands for: once, and
// nothing for the rest of what it replaces.
func (c *pdfContent) replaced(text []byte) []byte {
	for i := range c.marks {
		if m := &c.marks[i]; m.replaced {
			text, m.text = m.text, nil
			return text
		}
	}
	return text
}

// piece adds text, which the pen drew from the given place to where it is now, to
// the lines. Text that is not level as the page is seen has no line.
func (c *pdfContent) piece(text []byte, from pdfMatrix) error {
	toPage := c.state.ctm.then(c.fromPDF)
	m := from.then(toPage)
	if !(m.a > 0) || math.Abs(m.b) > 0.1*m.a {
		return nil
	}
	l := PDFLine{Size: math.Abs(c.state.size) * math.Hypot(m.c, m.d), Hidden: c.state.mode == 3 || c.state.mode == 7, Stamp: c.stamp}
	l.X, l.Y = m.apply(0, c.state.rise)
	l.end, _ = c.pen.then(toPage).apply(0, 0)
	if last := len(c.out.Lines) - 1; last >= 0 && c.out.Lines[last].continued(&l, text) || len(text) == 0 {
		return nil
	}
	if len(c.out.Lines) == maxPDFLines {
		return &LimitError{What: "number of lines of a PDF page", Limit: maxPDFLines}
	}
	l.letters = append(l.letters, text...)
	c.out.Lines = append(c.out.Lines, l)
	return nil
}

// Gaps in sizes of the type: a wider one is a space, a still wider one ends a line.
const (
	pdfWordGap = 0.15
	pdfWideGap = 1.2
	pdfOverlap = 0.4 // of kerning
)

// longPDFLine is the longest line in bytes: what is longer is no notice.
const longPDFLine = 1 << 10

// continued adds text to the line if it goes on there, as next does.
func (l *PDFLine) continued(next *PDFLine, text []byte) bool {
	size := max(l.Size, next.Size)
	gap := next.X - l.end
	level := math.Abs(next.Y-l.Y) <= size/4 && next.Hidden == l.Hidden && next.Stamp == l.Stamp
	if !level || !(gap >= -pdfOverlap*size && gap <= pdfWideGap*size) || len(l.letters)+len(text) > longPDFLine {
		return false
	}
	if gap > pdfWordGap*size && len(text) > 0 && !bytes.HasSuffix(l.letters, []byte(" ")) && text[0] != ' ' {
		l.letters = append(l.letters, ' ')
	}
	l.letters, l.end = append(l.letters, text...), next.end
	return true
}
