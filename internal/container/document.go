package container

import (
	"cmp"
	"fmt"
	"io"
	"iter"
	"path"
	"slices"
	"strings"

	"github.com/aigclabel/aigclabel/internal/splice"
	"github.com/aigclabel/aigclabel/internal/xmlscan"
)

// A Notice is what a document tells its readers of itself, and where.
type Notice struct {
	Words    []Words   // of a paragraph, a page header or a page footer: one a language
	Captions [][]Words // of a slide, the best first, each in lines
	Between  string    // stands between Words on one line

	Start, End    bool // at the start of the text, its end; of the slides, the first, the last
	EachPage      bool // on each page or slide
	Right, Bottom bool // the corner of slides

	// Known reports whether a line says it already, at the end of a text or not.
	Known func(line string, atEnd bool) bool
}

// Words are a text in a language, a BCP 47 tag.
type Words struct{ Language, Text string }

// text returns the words on one line.
func (n *Notice) text() string {
	var all []string
	for _, w := range n.Words {
		all = append(all, w.Text)
	}
	return strings.Join(all, n.Between)
}

// stands reports whether one of the lines is the notice: of many, one of the first or of
// the last, where notices are.
func (n *Notice) stands(lines iter.Seq[string], atEnd bool) bool {
	known := func(line string) bool { return n.Known(line, atEnd) }
	var last []string
	for line := range lines {
		if last = append(last, line); len(last) == 2*shapeLines {
			if slices.ContainsFunc(last[:shapeLines], known) {
				return true
			}
			known, last = func(string) bool { return false }, last[shapeLines:]
		}
	}
	return slices.ContainsFunc(last, func(line string) bool { return n.Known(line, atEnd) })
}

// ErrNoRoom reports a document that has no room for a notice.
var ErrNoRoom = fmt.Errorf("no room for a notice")

// A documentFormat is how notices stand in documents of a format.
type documentFormat struct {
	plan  func(*Source, *Notice) (*splice.Plan, error)
	lines func(*Source) (lineList, error)
}

var documentFormats = map[string]documentFormat{
	"docx": {planDOCXNotice, docxLines},
	"pptx": {planPPTXNotice, pptxLines},
	"xlsx": {planXLSXNotice, xlsxLines},
	"odt":  {planODTNotice, odtLines},
	"odp":  {planODPNotice, odpLines},
	"ods":  {planODSNotice, odsLines},
}

// PlanNotice returns the edits that put a notice into a document of a format: none
// where it stands already. Nothing but the parts of text that it goes into changes.
// Errors are [ErrEncrypted], [ErrNoRoom], a *[FormatError], a *[LimitError] or that
// of a read.
func PlanNotice(r io.ReaderAt, size int64, format string, n *Notice) (*splice.Plan, error) {
	src := openToEdit(r, size)
	defer src.Release()
	return documentFormats[format].plan(src, n)
}

// openToEdit returns a source within the limits of documents to be edited.
func openToEdit(r io.ReaderAt, size int64) *Source {
	inflated := min(maxDocument, minDocument+deflatedXML*max(size, 0))
	return NewSource(r, size, Limits{Elements: 8 << 20, Depth: 256, Value: maxDocument, Values: 2 * maxDocument, Inflated: inflated})
}

// Parts of a document are read whole to be edited. That is bounded in bytes,
// decompressed: in any case, for small files, and in relation to the file.
const (
	maxDocument = 64 << 20
	minDocument = 8 << 20
	deflatedXML = 32
)

// A DocumentLine is a line in a place where notices stand.
type DocumentLine struct {
	Text  string
	Place string // "text start", "page header", "slide 1"...
	AtEnd bool   // of the text
}

// DocumentLines returns the lines of a document at which notices stand: the first
// and the last of its text, of page headers and footers, of slides. It is for looking,
// and gives what it finds in a damaged file. The error is one of a read.
func DocumentLines(r io.ReaderAt, size int64, format string, limits Limits) ([]DocumentLine, []error, error) {
	src := NewSource(r, size, limits)
	defer src.Release()
	lines, err := documentFormats[format].lines(src)
	return lines.found, lines.limits, err
}

// A lineList gathers the lines of a document.
type lineList struct {
	found  []DocumentLine
	limits []error
}

// fail notes a limit, and returns what is neither that nor damage: an error of a read.
func (l *lineList) fail(err error) error {
	var layout Layout
	err = layout.fail(0, err)
	l.limits = append(l.limits, layout.Limits...)
	return err
}

// add lists at most most of the lines.
func (l *lineList) add(place string, atEnd bool, most int, lines iter.Seq[string]) {
	for line := range lines {
		if most--; most < 0 {
			return
		}
		l.found = append(l.found, DocumentLine{line, place, atEnd})
	}
}

// addText lists the first and the last lines of a text, of which the ends are given.
func (l *lineList) addText(head, tail, element string) {
	var start, end []string
	if head == tail {
		start, end = textEnds(slices.Collect(xmlLines(head, element)))
	} else {
		start = slices.Collect(firstLines(textLines, head, element))
		_, end = textEnds(slices.Collect(xmlLines(tailPiece(tail), element)))
	}
	l.add("text start", false, textLines, slices.Values(start))
	l.add("text end", true, textLines, slices.Values(end))
}

// textEnds returns the first and the last of lines or cells, none of them twice.
func textEnds[T any](all []T) (start, end []T) {
	half := min(textLines, (len(all)+1)/2)
	return all[:half], all[max(half, len(all)-textLines):]
}

// tailPiece returns where the last lines of the end of a part are looked for.
func tailPiece(tail string) string {
	tail = tail[max(0, len(tail)-tailEdge):]
	return tail[max(0, strings.IndexByte(tail, '<')):]
}

// addShapes lists the lines of a slide, of which the ends are given: the last shape is
// the topmost.
func (l *lineList) addShapes(place, head, tail, element string) {
	l.add(place, false, shapeLines, xmlLines(head, element))
	if head != tail {
		l.add(place, false, shapeLines, xmlLines(tail[max(0, strings.IndexByte(tail, '<')):], element))
	}
}

const (
	textLines   = 3        // of a text, at each end: a notice may follow a title
	shapeLines  = 64       // of a slide, a header or a footer
	noticeParts = 16       // slides, sheets, headers and footers that are looked at
	edgeSize    = 32 << 10 // of a part, at each end
	tailEdge    = 8 << 10  // of that, where the last lines are looked for
)

// maxLine is how much of a line is kept, in bytes.
const maxLine = 1 << 10

// xmlLines yields the lines of the paragraphs in a document, or in a piece of one.
// Text counts in elements of a name, or anywhere in a paragraph if that is "".
func xmlLines(doc, element string) iter.Seq[string] {
	return func(yield func(string) bool) {
		w := lineScan{element: element, yield: yield}
		for sc := (xmlscan.Scanner{Doc: doc, DTD: true}); ; {
			t, err := sc.Next()
			if err != nil || t.Kind == xmlscan.EndOfInput {
				w.flush()
				return
			}
			if !w.token(doc, &t) {
				return
			}
		}
	}
}

type lineScan struct {
	element    string
	yield      func(string) bool
	line       strings.Builder
	paragraphs int  // that are open
	inside     bool // an element of text
}

// token reports whether there is to be another.
func (w *lineScan) token(doc string, t *xmlscan.Token) bool {
	switch name := localName(t.Name); {
	case t.Kind == xmlscan.Text, t.Kind == xmlscan.CDATA:
		if w.paragraphs > 0 && (w.inside || w.element == "") && w.line.Len() < maxLine {
			w.line.WriteString(xmlscan.Content(doc[t.Start:min(t.End, t.Start+maxLine)]))
		}
	case t.Kind != xmlscan.StartTag && t.Kind != xmlscan.EndTag:
	case name == w.element:
		w.inside = t.Kind == xmlscan.StartTag && !t.Empty
	case name == "p", name == "h":
		switch {
		case t.Kind == xmlscan.EndTag:
			w.paragraphs = max(0, w.paragraphs-1)
		case !t.Empty:
			w.paragraphs++
		}
		return w.flush()
	case name == "br", name == "line-break":
		return w.flush()
	case name == "tab", name == "s":
		w.line.WriteByte(' ')
	}
	return true
}

// flush ends the line.
func (w *lineScan) flush() bool {
	text := strings.Join(strings.Fields(w.line.String()), " ")
	w.line.Reset()
	return text == "" || w.yield(text)
}

// localName returns a name without its prefix.
func localName(name string) string { return name[strings.IndexByte(name, ':')+1:] }

// firstLines yields the first lines of a document.
func firstLines(most int, doc, element string) iter.Seq[string] {
	return func(yield func(string) bool) {
		left := most
		for line := range xmlLines(doc, element) {
			if left--; !yield(line) || left <= 0 {
				return
			}
		}
	}
}

// lastLine yields the last line of a document.
func lastLine(doc, element string) iter.Seq[string] {
	return func(yield func(string) bool) {
		last := ""
		for line := range xmlLines(doc, element) {
			last = line
		}
		if last != "" {
			yield(last)
		}
	}
}

// bound returns a prefix of a namespace, with its colon: the one that the element
// declares, else an own one, and its declaration.
func (e *xmlElement) bound(space, own string) (prefix, declaration string) {
	for _, a := range e.attrs {
		if p, ok := strings.CutPrefix(a.Name, "xmlns:"); ok && xmlscan.AttributeValue(e.doc[a.Value.Start:a.Value.End]) == space {
			return p + ":", ""
		}
	}
	return own + ":", fmt.Sprintf(" xmlns:%s=%q", own, space)
}

// space returns the namespace of the element, as far as it declares it itself.
func (e *xmlElement) space() string {
	return e.attr(strings.TrimSuffix("xmlns:"+e.prefix(), ":"))
}

// startTag returns the start tag of the element, for its attributes: visits of elements
// deep in a document have none.
func (e *xmlElement) startTag() xmlscan.Token {
	sc := xmlscan.Scanner{Doc: e.doc, Pos: e.start}
	t, _ := sc.Next() // seen before
	return t
}

// attribute returns the value of an attribute by its local name.
func (e *xmlElement) attribute(name string) string {
	for _, a := range e.startTag().Attrs {
		if localName(a.Name) == name && !strings.HasPrefix(a.Name, "xmlns") {
			return xmlscan.AttributeValue(e.doc[a.Value.Start:a.Value.End])
		}
	}
	return ""
}

// reference returns the id of the relationship that an element refers to: an attribute
// id with a prefix.
func (e *xmlElement) reference() string {
	for _, a := range e.startTag().Attrs {
		if strings.Contains(a.Name, ":") && localName(a.Name) == "id" {
			return xmlscan.AttributeValue(e.doc[a.Value.Start:a.Value.End])
		}
	}
	return ""
}

// insert returns an edit of a part.
func insert(at int, text string) splice.Edit {
	return splice.Edit{Offset: int64(at), Insert: strings.NewReader(text)}
}

// within reports whether the local names of a path from the root are these, "*" for any.
func within(path []xmlElement, names ...string) bool {
	if len(path) != len(names) {
		return false
	}
	for i := range path {
		if names[i] != "*" && path[i].local() != names[i] {
			return false
		}
	}
	return true
}

// A documentEdit is a package whose parts are edited.
type documentEdit struct {
	zipPackageEdit
	entries map[string]*zipEntry // by lower-case name
	twice   map[string]bool
}

// open begins the edit of a package.
func (d *documentEdit) open(f *zipPackage) error {
	f.room = maxDocument
	d.entries, d.twice = map[string]*zipEntry{}, map[string]bool{}
	for i := range f.zip.entries {
		name := strings.ToLower(f.zip.entries[i].name)
		d.twice[name] = d.entries[name] != nil
		d.entries[name] = &f.zip.entries[i]
	}
	return d.begin(f, nil)
}

// part reads a part whole, and visits its elements. It is an error if there is none.
func (d *documentEdit) part(name string, visit func(p *zipPart, path []xmlElement)) (*zipPart, error) {
	key := strings.ToLower(name)
	e := d.entries[key]
	switch {
	case e == nil:
		return nil, &FormatError{Offset: d.pkg.zip.src.Size(), Err: fmt.Errorf("no part %.99q", name)}
	case d.twice[key]:
		return nil, &FormatError{Offset: e.local, Err: fmt.Errorf("two parts %.99q", name)}
	}
	p, err := d.pkg.readPart(e, xmlscan.Scanner{DTD: true}, visit)
	switch {
	case err != nil:
		return nil, err
	case d.pkg.Encrypted:
		return nil, ErrEncrypted
	case d.pkg.Damage != nil:
		return nil, d.pkg.Damage
	case len(d.pkg.Limits) > 0:
		return nil, d.pkg.Limits[0]
	case p.root == nil:
		return nil, &FormatError{Offset: e.data, Err: fmt.Errorf("no element in %.99q", name)}
	}
	return p, nil
}

// unused returns a name of a part that there is none of: its number follows the stem.
func (d *documentEdit) unused(stem, extension string) string {
	for n := 1; ; n++ {
		name := fmt.Sprint(stem, n, extension)
		if d.entries[strings.ToLower(name)] == nil && d.contents[name] == nil {
			return name
		}
	}
}

// partName returns the name of a part from a reference in another.
func partName(from, reference string) string {
	if !strings.HasPrefix(reference, "/") {
		reference = path.Join("/", path.Dir(from), reference)
	}
	return path.Clean(reference)[1:]
}

// edges returns the first [edgeSize] bytes of an entry, from a mark on if that is not "",
// and its last ones, or more, up to twice as many, as far as it can be read: for looking, not
// for editing.
func (z *zipArchive) edges(e *zipEntry, from string) (head, tail string, err error) {
	if e.flags&zipEncrypted != 0 || e.size < 0 {
		return "", "", nil
	}
	if err := z.locate(e); err != nil {
		return "", "", err
	}
	switch e.method {
	case zipDeflated:
		return z.src.inflatedEdges(e.data, e.packed, e.size, from)
	case zipStored:
		raw := &checkedReader{r: io.NewSectionReader(z.src.r, e.data, e.packed)}
		head, tail, err = z.src.edges(raw, e.packed, from)
		return head, tail, cmp.Or(raw.err, err)
	}
	return "", "", nil
}
