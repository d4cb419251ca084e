package container

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"path"
	"slices"
	"strings"
	"unicode"

	"github.com/aigclabel/aigclabel/internal/splice"
	"github.com/aigclabel/aigclabel/internal/xmlscan"
)

// A Notice is what a document tells its readers of itself, and where.
type Notice struct {
	Words    []Words   // of a paragraph, a page header or a page footer: one a language
	Captions [][]Words // of a slide, the best first, each in lines
	Between  string    // stands between Words on one line

	Start, End  bool    // at the start of the text, its end; of the slides, the first, the last
	EachPage    bool    // on each page or slide
	Left, Above float64 // the shares of the room on a slide, 0 to 1, that lie beside it: 0, 0 is top left

	// Known reports whether a line says it already, at the end of a text or not.
	Known func(line string, atEnd bool) bool
}

// Words are a text in a language, a BCP 47 tag.
type Words struct{ Language, Text string }

// locales are the tags of languages that office programs know, which expect countries.
var locales = map[string]string{
	"zh-Hans": "zh-CN", "zh-Hant": "zh-TW", "en": "en-US", "ja": "ja-JP", "ko": "ko-KR",
	"fr": "fr-FR", "de": "de-DE", "es": "es-ES", "pt": "pt-PT", "it": "it-IT",
}

// locale returns the language as a tag with a country, and whether it is written in
// East Asian characters.
func (w Words) locale() (tag string, asian bool) {
	tag = locales[w.Language]
	if tag == "" {
		tag = w.Language
	}
	return tag, slices.Contains([]string{"zh", "ja", "ko"}, tag[:min(2, len(tag))])
}

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
var ErrNoRoom = errors.New("no room for a notice")

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

// bound returns a prefix of a namespace, with its colon: the one that the element
// declares, else an own one, and its declaration.
func (e *xmlElement) bound(space, own string) (prefix, declaration string) {
	for _, a := range e.attrs {
		if p, ok := strings.CutPrefix(a.Name, "xmlns:"); ok && isXMLPrefix(p) && xmlscan.AttributeValue(e.doc[a.Value.Start:a.Value.End]) == space {
			return p + ":", ""
		}
	}
	return own + ":", fmt.Sprintf(" xmlns:%s=%q", own, space)
}

// isXMLPrefix reports whether a prefix can stand in the name of an element: a declaration
// in a broken document may have any sign.
func isXMLPrefix(p string) bool {
	return p != "" && !strings.ContainsAny(p[:1], "-.0123456789") && !strings.ContainsFunc(p, func(r rune) bool {
		return r < 0x80 && r != '_' && r != '-' && r != '.' && !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
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
