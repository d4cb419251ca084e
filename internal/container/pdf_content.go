package container

import (
	"errors"
	"fmt"
	"strings"
)

// The content of pages and forms, ISO 32000-2 clauses 7.8.2 and 9.4: a program that
// shows pieces of text, one by one. What does not place text is not run.

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
	cut       bool // ends inside an object
	state     pdfTextState
	states    []pdfTextState
	pen, line pdfMatrix
	operands  []pdfValue
	marks     []pdfMark
	fonts     map[string]*pdfFont
	forms     map[string]*pdfForm // nil for what is none
	listed    map[string]pdfMark  // of the Properties of resources
}

// A pdfForm is content that is drawn as one, often many times.
type pdfForm struct {
	content   []byte
	matrix    pdfMatrix
	resources pdfValue
}

func (r *pdfTextReader) content(resources pdfValue, state pdfTextState) *pdfContent {
	return &pdfContent{pdfTextReader: r, resources: resources, state: state, pen: pdfIdentity, line: pdfIdentity}
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
		if c.cut {
			return &FormatError{Offset: o.at, Err: fmt.Errorf("content of a page: %w", errTruncated)}
		}
	}
	return c.file.err
}

// open makes the content of a stream the text to run.
func (c *pdfContent) open(o *pdfObject) error {
	data, err := c.program(o)
	if err != nil {
		return err
	}
	c.pdfLexer = pdfLexer{text: data}
	return c.spend(len(data))
}

// program returns the content of a stream, as much as there is of a damaged one.
func (r *pdfTextReader) program(o *pdfObject) ([]byte, error) {
	data, _, _, err := r.file.content(o, "page content")
	if limit := new(LimitError); errors.As(err, &limit) {
		return nil, err
	}
	r.file.note(err)
	return data, nil
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
			c.cut = c.cut || t.kind != 0 // in a string
			return ""
		case err != nil:
			c.pos = max(c.pos, t.start+1) // readers go on behind what they do not know
			continue
		case t.kind == '[' || t.kind == pdfDict:
			if err := c.container(t.kind); err != nil {
				c.cut = c.pos >= len(c.text)
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
	name := c.arg(0).name()
	m, known := c.listed[name]
	if !known {
		properties := c.arg(0)
		if name != "" {
			v, err := c.resource("Properties", name)
			if err != nil {
				return err
			}
			properties = c.file.direct(v)
		}
		if v := c.file.direct(properties.lookup("ActualText")); v.isString() {
			m.text, _ = v.text()
			m.replaced = true
		}
		if name != "" {
			c.listed = remember(c.listed, name, m)
		}
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
	form, known := c.forms[name]
	if !known {
		v, err := c.resource("XObject", name)
		if err == nil {
			form, err = c.formOf(v)
		}
		if err != nil {
			return err
		}
		c.forms = remember(c.forms, name, form)
	}
	if form == nil || c.form == maxPDFForms {
		return nil
	}
	state, resources := c.state, form.resources
	state.ctm = form.matrix.then(state.ctm)
	if resources == nil {
		resources = c.resources
	}
	inner := c.content(resources, state)
	inner.form, inner.stamp = c.form+1, c.stamp || strings.HasPrefix(name, pdfStampName)
	inner.pdfLexer = pdfLexer{text: form.content}
	if err := c.spend(len(form.content)); err != nil {
		return err
	}
	return inner.run()
}

// formOf returns the form that v refers to, nil if it is none. It is read once for a page.
func (r *pdfTextReader) formOf(v pdfValue) (*pdfForm, error) {
	num, _, _ := v.reference()
	form, known := r.drawn[num]
	if known {
		return form, nil
	}
	if o := r.file.resolve(v); o != nil && o.data > 0 && r.file.direct(o.value.lookup("Subtype")).name() == "Form" {
		data, err := r.program(o)
		if err == nil {
			err = r.spend(len(data))
		}
		if err != nil {
			return nil, err
		}
		form = &pdfForm{data, pdfIdentity, r.file.direct(o.value.lookup("Resources"))}
		if m := r.file.numbers(o.value.lookup("Matrix"), 6); len(m) == 6 {
			form.matrix = pdfMatrix{m[0], m[1], m[2], m[3], m[4], m[5]}
		}
	}
	r.drawn[num] = form
	return form, nil
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
		if c.letters+len(c.buffer) > maxPDFText { // of which a code may have many
			return errLongPDFText
		}
		x := font.advance(code)*c.state.size + c.state.char
		if n == 1 && code == ' ' {
			x += c.state.word
		}
		c.advance(x)
	}
	text := c.replaced(c.buffer)
	if c.letters += max(len(text), len(c.buffer)); c.letters > maxPDFText {
		return errLongPDFText
	}
	return c.piece(text, from)
}
