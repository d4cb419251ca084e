package container

import (
	"cmp"
	"io"
	"iter"
	"slices"
	"strings"

	"github.com/aigclabel/aigclabel/internal/xmlscan"
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
		start = slices.Collect(firstLines(startLines, head, element))
		_, end = textEnds(slices.Collect(xmlLines(tailPiece(tail), element)))
	}
	l.add("text start", false, startLines, slices.Values(start))
	l.add("text end", true, endLines, slices.Values(end))
}

// textEnds returns the first and the last of lines or cells, none of them twice.
func textEnds[T any](all []T) (start, end []T) {
	half := min(startLines, (len(all)+1)/2)
	return all[:half], all[max(half, len(all)-endLines):]
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
	startLines  = 8 // of a text: a notice may follow a title, or what is anchored to it
	endLines    = 3
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
	paragraphs int    // that are open
	inside     bool   // an element of text
	unseen     string // the element that is passed over, "" for none
	hidden     bool   // the run of text
	shape      string // the element of the shape that was opened last
}

// unseenText are the elements whose text is none of the document's: what was deleted or
// moved from there, and comments.
var unseenText = []string{"tracked-changes", "moveFrom", "annotation"}

// shapes are the elements of what stands on slides.
var shapes = []string{"sp", "pic", "graphicFrame", "frame"}

// isContent reports whether a shape is what its slide is about: a title that speaks of AI
// is no notice. In ODP its class says so (ODF 1.3 part 3, 19.389).
func isContent(t *xmlscan.Token, doc string) bool {
	class := attributeOf(t, doc, "presentation:class")
	return slices.Contains([]string{"title", "subtitle", "outline"}, class)
}

// isMargin reports whether a placeholder of PPTX stands at the edge of each slide
// (ISO/IEC 29500-1, 19.7.10): all others are what the slide is about.
func isMargin(t *xmlscan.Token, doc string) bool {
	return slices.Contains([]string{"ftr", "hdr", "dt", "sldNum"}, attributeOf(t, doc, "type"))
}

// attributeOf returns the value of an attribute as it is written, "" if there is none.
func attributeOf(t *xmlscan.Token, doc, name string) string {
	for _, a := range t.Attrs {
		if a.Name == name {
			return doc[a.Value.Start:a.Value.End]
		}
	}
	return ""
}

// passes reports whether a token belongs to text that nobody sees: a notice there is none.
func (w *lineScan) passes(name string, doc string, t *xmlscan.Token) bool {
	switch {
	case w.unseen != "":
		if t.Kind == xmlscan.EndTag && name == w.unseen {
			w.unseen = ""
		}
		return true
	case t.Kind == xmlscan.StartTag && !t.Empty && slices.Contains(unseenText, name):
		w.unseen = name
		return true
	case t.Kind == xmlscan.StartTag && !t.Empty && slices.Contains(shapes, name):
		w.shape = name
		if isContent(t, doc) {
			w.unseen = name
		}
	case name == "ph" && t.Kind == xmlscan.StartTag && !isMargin(t, doc):
		w.unseen = w.shape
	case name == "vanish" && t.Kind == xmlscan.StartTag:
		x := xmlElement{doc: doc, xmlSpan: xmlSpan{start: t.Start}}
		w.hidden = x.on()
	case t.Kind == xmlscan.EndTag && (name == "r" || name == "pPr"): // that of a paragraph hides its mark
		w.hidden = false
	}
	return w.hidden && t.Kind == xmlscan.Text
}

// token reports whether there is to be another.
func (w *lineScan) token(doc string, t *xmlscan.Token) bool {
	switch name := localName(t.Name); {
	case w.passes(name, doc, t):
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
