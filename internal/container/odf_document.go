package container

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/aigclabel/aigclabel/internal/xmlscan"
)

// The streams of OpenDocument 1.3 part 3 that people read: content.xml holds the
// document, styles.xml the styles that have names, and the pages.

const (
	odfContent = "content.xml"
	odfStyles  = "styles.xml"
)

// odfSpaces are the namespaces of what is added, by their usual prefixes.
var odfSpaces = map[string]string{
	"office": odfOfficeSpace,
	"style":  "urn:oasis:names:tc:opendocument:xmlns:style:1.0",
	"text":   "urn:oasis:names:tc:opendocument:xmlns:text:1.0",
	"draw":   "urn:oasis:names:tc:opendocument:xmlns:drawing:1.0",
	"fo":     "urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0",
	"svg":    "urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0",
}

// declare returns the declarations that an element in e needs to use the usual prefixes.
func (e *xmlElement) declare(prefixes ...string) (declarations string) {
	for _, p := range prefixes {
		if e.attr("xmlns:"+p) != odfSpaces[p] {
			declarations += fmt.Sprintf(" xmlns:%s=%q", p, odfSpaces[p])
		}
	}
	return declarations
}

// An odfTextEdit is an OpenDocument package whose streams are edited.
type odfTextEdit struct {
	documentEdit
	file *odfFile
}

func openODFText(src *Source) (*odfTextEdit, error) {
	f := &odfFile{zipPackage: zipPackage{name: "ODF"}}
	src.ooxml = nil
	if err := f.open(src); err != nil {
		return nil, err
	}
	mime, err := f.mimetype()
	if err != nil {
		return nil, err
	}
	if !strings.HasPrefix(mime, odfType) {
		f.damage(0, "no OpenDocument file")
	}
	if err := f.readManifest(); err != nil {
		return nil, err
	}
	d := &odfTextEdit{file: f}
	return d, d.open(&f.zipPackage)
}

// An odfStream is a stream whose automatic styles are added to.
type odfStream struct {
	part     *zipPart
	section  *xmlElement // automatic-styles
	follower int         // where what follows these starts
	styles   map[string]odfStyle
}

// An odfStyle is what counts of a style of paragraphs.
type odfStyle struct {
	parent string
	breaks bool // it starts a page
	hidden bool // it hides a slide
}

// visit notes what an element says of styles.
func (s *odfStream) visit(path []xmlElement) {
	x := &path[len(path)-1]
	name := x.local()
	switch {
	case len(path) == 2 && name == "automatic-styles":
		s.section = x.kept()
	case len(path) == 2 && (name == "body" || name == "master-styles"):
		s.follower = x.start
	case len(path) == 3 && name == "style":
		key := x.attribute("name")
		style := s.styles[""]
		style.parent = x.attribute("parent-style-name")
		style.breaks = style.breaks || x.attribute("master-page-name") != ""
		s.styles[key], s.styles[""] = style, odfStyle{}
	case len(path) == 4 && path[2].local() == "style":
		style := s.styles[""] // the one that is open
		style.breaks = style.breaks || slices.Contains([]string{"page", "column"}, x.attribute("break-before"))
		style.hidden = style.hidden || x.attribute("visibility") == "hidden"
		s.styles[""] = style
	}
}

// maxParents is how many parents of a style are looked at.
const maxParents = 16

// breaks reports whether a paragraph of a style starts a page.
func breaks(name string, styles ...map[string]odfStyle) bool {
	for range maxParents {
		found := false
		for _, s := range styles {
			style, ok := s[name]
			if ok && name != "" {
				if style.breaks {
					return true
				}
				name, found = style.parent, true
				break
			}
		}
		if !found {
			return false
		}
	}
	return false
}

// stream reads a stream.
func (d *odfTextEdit) stream(name string, visit func(path []xmlElement)) (*odfStream, error) {
	s := &odfStream{styles: map[string]odfStyle{}}
	var err error
	s.part, err = d.part(name, func(_ *zipPart, path []xmlElement) {
		s.visit(path)
		visit(path)
	})
	return s, err
}

// odfStyleName matches the names of styles that notices have, and how they begin.
var odfStyleName = regexp.MustCompile(`AIGC([0-9]{1,9})[A-Z]`)

// styleName returns a name for styles that none in the stream begins with.
func (s *odfStream) styleName() string {
	last := 0
	for _, m := range odfStyleName.FindAllStringSubmatch(s.part.doc, -1) {
		n, _ := strconv.Atoi(m[1]) // a number
		last = max(last, n)
	}
	return fmt.Sprintf("AIGC%d", last+1)
}

// addStyles adds automatic styles.
func (d *odfTextEdit) addStyles(s *odfStream, styles string) error {
	switch {
	case s.section != nil:
		d.edit(s.part, s.section.append(s.part.doc, styles))
	case s.follower > 0:
		d.edit(s.part, insert(s.follower, fmt.Sprintf("<office:automatic-styles%s>%s</office:automatic-styles>", s.part.root.declare("office"), styles)))
	default:
		return &FormatError{Offset: s.part.entry.data, Err: fmt.Errorf("no body in %s", s.part.entry.name)}
	}
	return nil
}

// An odfText is a text to be added, with the styles that it needs.
type odfText struct{ styles, paragraphs string }

// odfParagraphs sets lines of words as paragraphs, with styles of a name and these
// properties.
func odfParagraphs(root *xmlElement, name, paragraph, text string, lines [][]Words) (t odfText) {
	t.styles = fmt.Sprintf(`<style:style%s style:name="%sP" style:family="paragraph"><style:paragraph-properties %s/></style:style>`,
		root.declare("style", "fo"), name, paragraph)
	n := 0
	for _, line := range lines {
		t.paragraphs += fmt.Sprintf(`<text:p%s text:style-name="%sP">`, root.declare("text"), name)
		for _, w := range line {
			n++
			t.styles += fmt.Sprintf(`<style:style%s style:name="%sT%d" style:family="text"><style:text-properties %s%s/></style:style>`,
				root.declare("style", "fo"), name, n, text, w.odfLanguage())
			t.paragraphs += fmt.Sprintf(`<text:span text:style-name="%sT%d">%s</text:span>`, name, n, xmlEscapes.Replace(w.Text))
		}
		t.paragraphs += "</text:p>"
	}
	return t
}

// odfLanguage returns the attributes of a language.
func (w Words) odfLanguage() string {
	tag, asian := w.locale()
	language, country, _ := strings.Cut(tag, "-")
	if asian {
		return fmt.Sprintf(` style:language-asian="%s" style:country-asian="%s"`, language, country)
	}
	return fmt.Sprintf(` fo:language="%s" fo:country="%s"`, language, country)
}

// odfLine returns the words of the notice as one line.
func (n *Notice) odfLine() [][]Words {
	line := slices.Clone(n.Words)
	for i := range line[:max(0, len(line)-1)] {
		line[i].Text += n.Between
	}
	return [][]Words{line}
}

// The look of the notice in texts and headers.
const (
	odfNoteParagraph = `fo:margin-top="0cm" fo:margin-bottom="0.2cm" fo:margin-left="0cm" fo:text-indent="0cm"`
	odfNoteText      = `fo:font-size="10.5pt" style:font-size-asian="10.5pt"`
)

// An odfLooker reads a package for the finder of notices.
type odfLooker struct {
	zipPackage
	lineList
	src *Source
}

func lookODF(src *Source) (*odfLooker, error) {
	src.ooxml = nil
	l := &odfLooker{src: src}
	return l, l.open(src)
}

// edgesOf returns the ends of a stream, from a mark on.
func (l *odfLooker) edgesOf(stream, from string) (head, tail string, err error) {
	e := l.zip.find(stream)
	if e == nil {
		return "", "", nil
	}
	head, tail, err = l.zip.edges(e, from)
	return head, tail, l.lineList.fail(err)
}

// addMargins lists the lines of the headers and footers of pages.
func (l *odfLooker) addMargins() error {
	head, _, err := l.edgesOf(odfStyles, "<office:master-styles")
	if err != nil {
		return err
	}
	_ = l.src.xmlElements(xmlscan.Scanner{Doc: head}, l.src.Depth, func(path []xmlElement) { // ends behind its root
		if len(path) != 3 || path[1].local() != "master-page" {
			return
		}
		x := &path[2]
		for _, margin := range []string{"header", "footer"} {
			if strings.HasPrefix(x.local(), margin) && len(l.found) < shapeLines*noticeParts {
				l.add("page "+margin, margin == "footer", shapeLines, xmlLines(head[x.content:x.contentEnd], ""))
			}
		}
	})
	return nil
}
