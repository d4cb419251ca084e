package container

import (
	"bytes"
	"errors"
	"math"
	"slices"
	"strings"
)

// The text of pages, ISO 32000-2 clauses 8.2 and 9.4: content is a program that
// shows pieces of text, one by one. Pieces that follow each other on a line are one.

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
}

// Text reads the text of the page. The error is an I/O error or a *[LimitError],
// beside what was read before it. What cannot be decoded is left out.
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
	f.src = NewSource(f.src.r, f.src.size, Limits{Inflated: left, Value: left})
	f.Limits, f.Damage, f.budget = nil, nil, maxPDFContent
	r := &pdfTextReader{doc: d, file: &f, left: left, fromPDF: p.toUser.inverse(), fontless: fontless}
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

// runAll runs the streams one after another, as if they were one.
func (c *pdfContent) runAll(streams []pdfValue) error {
	for _, v := range streams {
		o := c.file.resolve(v)
		if o == nil || o.data == 0 {
			continue
		}
		if err := c.open(o); err != nil {
			return err
		}
		if err := c.run(); err != nil {
			return err
		}
	}
	return c.file.err
}

// open makes the content of a stream the text to run.
func (c *pdfContent) open(o *pdfObject) error {
	data, _, _, err := c.file.content(o, "page content")
	if limit := new(LimitError); errors.As(err, &limit) {
		return err
	}
	c.file.note(err)
	c.pdfLexer = pdfLexer{text: data}
	return c.spend(len(data))
}

// A pdfTextState is the part of the graphics state that places text.
type pdfTextState struct {
	ctm                             pdfMatrix
	font                            *pdfFont
	size, char, word, leading, rise float64
	stretched                       float64 // less than normal: 0 is the normal width
	mode                            float64
}

// A pdfMark is marked content. Its text may stand for what it shows.
type pdfMark struct {
	replaced bool
	text     []byte
}

// A pdfContent is content being run: that of the page itself, or of a form.
type pdfContent struct {
	*pdfTextReader
	pdfLexer
	resources pdfValue
	form      int // depth
	stamp     bool
	state     pdfTextState
	states    []pdfTextState
	pen, line pdfMatrix
	operands  []pdfValue
	marks     []pdfMark
	fonts     map[string]*pdfFont
	objects   map[string]*pdfObject
}

func (r *pdfTextReader) content(resources pdfValue, state pdfTextState) *pdfContent {
	return &pdfContent{pdfTextReader: r, resources: resources, state: state, pen: pdfIdentity, line: pdfIdentity}
}

func (c *pdfContent) run() error {
	for {
		op := c.operator()
		if op == "" {
			return nil
		}
		if do := pdfOperators[op]; do != nil {
			if err := do(c); err != nil {
				return err
			}
		}
		c.operands = c.operands[:0]
	}
}

// spend takes the cost of bytes that are read again and again.
func (r *pdfTextReader) spend(n int) error {
	if r.left -= int64(n); r.left < 0 {
		return &LimitError{What: "content of a PDF page", Limit: maxPDFContent}
	}
	return nil
}

// maxPDFOperands is the most that an operator takes; of more, the last ones count.
const maxPDFOperands = 8

// operator reads operands up to an operator, "" at the end.
func (c *pdfContent) operator() string {
	for {
		t, err := c.token()
		switch {
		case err != nil && c.pos >= len(c.text):
			return ""
		case err != nil:
			c.pos = max(c.pos, t.start+1) // readers go on behind what they do not know
			continue
		case t.kind == '[' || t.kind == pdfDict:
			if c.container(t.kind) != nil {
				continue
			}
		}
		v := pdfValue(c.text[t.start:c.pos])
		if t.kind == pdfWord {
			if _, ok := v.number(); !ok {
				return string(v)
			}
		}
		if len(c.operands) == maxPDFOperands {
			c.operands = append(c.operands[:0], c.operands[1:]...)
		}
		c.operands = append(c.operands, v)
	}
}

// arg returns the operand i from the end, 0 for the last one.
func (c *pdfContent) arg(i int) pdfValue {
	if i >= len(c.operands) {
		return nil
	}
	return c.operands[len(c.operands)-1-i]
}

func (c *pdfContent) number(i int) float64 {
	x, _ := c.arg(i).number()
	return x
}

// matrix returns the last six operands.
func (c *pdfContent) matrix() pdfMatrix {
	return pdfMatrix{c.number(5), c.number(4), c.number(3), c.number(2), c.number(1), c.number(0)}
}

// pdfOperators are those that place and show text.
var pdfOperators map[string]func(*pdfContent) error

func init() { // forms run operators again
	set := func(to func(*pdfTextState) *float64) func(*pdfContent) error {
		return func(c *pdfContent) error { *to(&c.state) = c.number(0); return nil }
	}
	do := func(f func(*pdfContent)) func(*pdfContent) error {
		return func(c *pdfContent) error { f(c); return nil }
	}
	pdfOperators = map[string]func(*pdfContent) error{
		"q": do((*pdfContent).save), "Q": do((*pdfContent).restore),
		"cm": do(func(c *pdfContent) { c.state.ctm = c.matrix().then(c.state.ctm) }),
		"BT": do(func(c *pdfContent) { c.pen, c.line = pdfIdentity, pdfIdentity }),
		"Tc": set(func(s *pdfTextState) *float64 { return &s.char }),
		"Tw": set(func(s *pdfTextState) *float64 { return &s.word }),
		"TL": set(func(s *pdfTextState) *float64 { return &s.leading }),
		"Ts": set(func(s *pdfTextState) *float64 { return &s.rise }),
		"Tr": set(func(s *pdfTextState) *float64 { return &s.mode }),
		"Tz": do(func(c *pdfContent) { c.state.stretched = c.number(0)/100 - 1 }),
		"Tf": (*pdfContent).setFont,
		"Td": do(func(c *pdfContent) { c.move(c.number(1), c.number(0)) }),
		"TD": do(func(c *pdfContent) { c.state.leading = -c.number(0); c.move(c.number(1), c.number(0)) }),
		"Tm": do(func(c *pdfContent) { c.pen = c.matrix(); c.line = c.pen }),
		"T*": do((*pdfContent).newLine),
		"Tj": func(c *pdfContent) error { return c.show(c.arg(0)) },
		"TJ": (*pdfContent).showAll,
		"'":  func(c *pdfContent) error { c.newLine(); return c.show(c.arg(0)) },
		`"`: func(c *pdfContent) error {
			c.state.word, c.state.char = c.number(2), c.number(1)
			c.newLine()
			return c.show(c.arg(0))
		},
		"Do": (*pdfContent).do, "ID": do((*pdfContent).skipImage),
		"BMC": do(func(c *pdfContent) { c.mark(pdfMark{}) }), "BDC": (*pdfContent).markWith, "EMC": do((*pdfContent).unmark),
	}
}

func (c *pdfContent) save() {
	if c.form == 0 {
		c.out.saved++
	}
	if len(c.states) < maxPDFStates {
		c.states = append(c.states, c.state)
	}
}

func (c *pdfContent) restore() {
	last := len(c.states) - 1
	if c.form == 0 {
		c.out.restored = c.out.restored || c.out.saved == 0
		c.out.saved = max(0, c.out.saved-1)
	}
	if last >= 0 {
		c.state, c.states = c.states[last], c.states[:last]
	}
}

// mark opens marked content.
func (c *pdfContent) mark(m pdfMark) {
	if c.form == 0 {
		c.out.marked++
	}
	if len(c.marks) < maxPDFStates {
		c.marks = append(c.marks, m)
	}
}

func (c *pdfContent) unmark() {
	if c.form == 0 {
		c.out.marked = max(0, c.out.marked-1)
	}
	c.marks = c.marks[:max(0, len(c.marks)-1)]
}

// markWith opens marked content with properties, here or in the resources.
func (c *pdfContent) markWith() error {
	properties := c.arg(0)
	if name := properties.name(); name != "" {
		var err error
		if properties, err = c.resource("Properties", name); err != nil {
			return err
		}
		properties = c.file.direct(properties)
	}
	m := pdfMark{}
	if v := c.file.direct(properties.lookup("ActualText")); v.isString() {
		m.text, _ = v.text()
		m.replaced = true
	}
	c.mark(m)
	return nil
}

// resource returns the value of a name in the resources of the content.
func (c *pdfContent) resource(kind, name string) (pdfValue, error) {
	all := c.file.direct(c.resources.lookup(kind))
	return all.lookup(name), c.spend(len(c.resources) + len(all))
}

// skipImage skips the data of an inline image.
func (c *pdfContent) skipImage() {
	c.pos++
	text := c.text
	for ; c.pos+2 < len(text); c.pos++ {
		end := c.pos + 3
		if isPDFSpace(text[c.pos]) && text[c.pos+1] == 'E' && text[c.pos+2] == 'I' && (end == len(text) || isPDFSpace(text[end])) && isPDFProgram(text[end:]) {
			c.pos = end
			return
		}
	}
	c.pos = len(text)
}

// isPDFProgram reports whether b starts as content does, not as the data of a picture.
func isPDFProgram(b []byte) bool {
	for _, c := range b[:min(len(b), 16)] {
		if c >= 0x7F || c < ' ' && !isPDFSpace(c) {
			return false
		}
	}
	return true
}

func (c *pdfContent) setFont() error {
	c.state.size = c.number(0)
	name := c.arg(1).name()
	font, known := c.fonts[name]
	if !known && !c.fontless {
		v, err := c.resource("Font", name)
		if err == nil {
			font, err = c.doc.fontOf(c.file, v)
		}
		if err != nil {
			return err
		}
		c.fonts = remember(c.fonts, name, font)
	}
	c.state.font = font
	return nil
}

// remember sets a value in a map, which it makes for the first.
func remember[T any](m map[string]T, name string, v T) map[string]T {
	if m == nil {
		m = map[string]T{}
	}
	m[name] = v
	return m
}

// fontOf returns the font that v refers to, which is read once for all pages.
func (d *PDFDocument) fontOf(f *pdfFile, v pdfValue) (*pdfFont, error) {
	num, _, shared := v.reference()
	if font := d.fonts[num]; shared && font != nil {
		return font, nil
	}
	font, err := d.font(f, f.direct(v))
	if shared { // even if a limit cuts it short: the next time would not be better
		d.fonts[num] = font
	}
	return font, err
}

// do runs the content of a form; pictures have no text.
func (c *pdfContent) do() error {
	name := c.arg(0).name()
	o, known := c.objects[name]
	if !known {
		v, err := c.resource("XObject", name)
		if err != nil {
			return err
		}
		o = c.file.resolve(v)
		c.objects = remember(c.objects, name, o)
	}
	if o == nil || o.data == 0 || c.form == maxPDFForms || c.file.direct(o.value.lookup("Subtype")).name() != "Form" {
		return nil
	}
	state, resources := c.state, c.file.direct(o.value.lookup("Resources"))
	if m := c.file.numbers(o.value.lookup("Matrix"), 6); len(m) == 6 {
		state.ctm = pdfMatrix{m[0], m[1], m[2], m[3], m[4], m[5]}.then(state.ctm)
	}
	if resources == nil {
		resources = c.resources
	}
	inner := c.content(resources, state)
	inner.form, inner.stamp = c.form+1, c.stamp || strings.HasPrefix(name, pdfStampName)
	if err := inner.open(o); err != nil {
		return err
	}
	return inner.run()
}

// move starts a line, from the start of the one before.
func (c *pdfContent) move(x, y float64) {
	c.line = pdfMatrix{1, 0, 0, 1, x, y}.then(c.line)
	c.pen = c.line
}

func (c *pdfContent) newLine() { c.move(0, -c.state.leading) }

// showAll shows strings, between which numbers move the pen back.
func (c *pdfContent) showAll() error {
	for v := range c.arg(0).elements() {
		if x, ok := v.number(); ok {
			c.advance(-x / 1000 * c.state.size)
		} else if err := c.show(v); err != nil {
			return err
		}
	}
	return nil
}

// advance moves the pen along the line.
func (c *pdfContent) advance(x float64) {
	c.pen = pdfMatrix{1, 0, 0, 1, x * (1 + c.state.stretched), 0}.then(c.pen)
}

// show shows a string.
func (c *pdfContent) show(v pdfValue) error {
	if !v.isString() || len(v) < 2 {
		return nil
	}
	font := c.state.font
	if font == nil {
		font = standardPDFFont
	}
	raw := unescapePDF(v[1 : len(v)-1])
	if v[0] == '<' {
		raw = unhexPDF(v[1 : len(v)-1])
	}
	from := c.pen
	c.buffer = c.buffer[:0]
	for len(raw) > 0 {
		code, n := font.next(raw)
		raw = raw[n:]
		c.buffer = append(c.buffer, font.text(code)...)
		x := font.advance(code)*c.state.size + c.state.char
		if n == 1 && code == ' ' {
			x += c.state.word
		}
		c.advance(x)
	}
	return c.piece(c.replaced(c.buffer), from)
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
	if c.letters += len(text); c.letters > maxPDFText {
		return &LimitError{What: "text of a PDF page", Limit: maxPDFText}
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
