package container

import (
	"fmt"
	"io"
	"iter"
	"net/url"
	"slices"
	"strings"

	"github.com/aigclabel/aigclabel/internal/splice"
	"github.com/aigclabel/aigclabel/internal/xmlscan"
)

// The spine of the package document lists the documents of a publication in the order of
// reading (EPUB 3.3, 5.7); META-INF/encryption.xml those that are encrypted.

const (
	epubEncryption = "META-INF/encryption.xml"
	xhtmlType      = "application/xhtml+xml"
)

// An epubSpine is what the package document says of its documents.
type epubSpine struct {
	items map[string]string // parts of text by their ids
	order []string          // ids
	from  string            // the package document
}

func (s *epubSpine) visit(path []xmlElement) {
	switch x := &path[len(path)-1]; {
	case within(path, "package", "manifest", "item") && x.attr("media-type") == xhtmlType:
		href, _, _ := strings.Cut(x.attr("href"), "#")
		if name, err := url.PathUnescape(href); err == nil {
			s.items[x.attr("id")] = partName(s.from, name)
		}
	case within(path, "package", "spine", "itemref") && x.attr("linear") != "no":
		s.order = append(s.order, x.attr("idref"))
	}
}

// texts returns the parts of text in the order of reading.
func (s *epubSpine) texts() (names []string) {
	seen := map[string]bool{}
	for _, id := range s.order {
		if name := s.items[id]; name != "" && !seen[name] {
			seen[name] = true
			names = append(names, name)
		}
	}
	return names
}

// An EPUBText is a document of a publication that gets a notice.
type EPUBText struct {
	Text       []byte
	Start, End bool // where in it
	Old        bool // it is of EPUB 2, whose XHTML 1.1 knows no roles
}

// PlanEPUBNotice returns the edits that put a notice into the documents of a publication
// that edit edits: the first one that shows a text, the last, or all. A cover of
// pictures alone stays as it is. Errors are those of [PlanNotice] and of edit.
func PlanEPUBNotice(r io.ReaderAt, size int64, n *Notice, edit func(EPUBText) ([]splice.Edit, error)) (*splice.Plan, error) {
	src := openToEdit(r, size)
	defer src.Release()
	d, err := openEPUBText(src)
	if err != nil {
		return nil, err
	}
	first, err := d.showing(slices.All(d.texts))
	if err != nil {
		return nil, err
	}
	last, err := d.showing(slices.Backward(d.texts))
	if err != nil {
		return nil, err
	}
	for i := range d.texts {
		start, end := n.Start && (n.EachPage || i == first), n.End && (n.EachPage || i == last)
		if !start && !end {
			continue
		}
		p, err := d.text(i)
		if err != nil {
			return nil, err
		}
		if !shows(p) {
			continue
		}
		edits, err := edit(EPUBText{[]byte(p.doc), start, end, d.file.isEPUB2()})
		if err != nil {
			return nil, err
		}
		for _, e := range edits {
			d.edit(p, e)
		}
	}
	return d.plan(d.file.path)
}

// An epubTextEdit is a publication whose texts are edited.
type epubTextEdit struct {
	documentEdit
	file      *epubFile
	texts     []string // the parts of text in the order of reading
	read      map[int]*zipPart
	encrypted map[string]bool // parts
}

func openEPUBText(src *Source) (*epubTextEdit, error) {
	f, spine, err := openEPUB(src)
	if err != nil {
		return nil, err
	}
	if f.opf == nil || f.opf.root == nil {
		f.damage(src.Size(), "no package document")
	}
	d := &epubTextEdit{file: f, texts: spine.texts(), read: map[int]*zipPart{}, encrypted: map[string]bool{}}
	if err := d.open(&f.zipPackage); err != nil {
		return nil, err
	}
	if d.entries[strings.ToLower(epubEncryption)] == nil {
		return d, nil
	}
	_, err = d.part(epubEncryption, func(_ *zipPart, path []xmlElement) {
		if x := &path[len(path)-1]; x.local() == "CipherReference" {
			if name, err := url.PathUnescape(x.attribute("URI")); err == nil {
				d.encrypted[partName("", name)] = true
			}
		}
	})
	return d, err
}

// openEPUB reads the package document of a publication.
func openEPUB(src *Source) (*epubFile, *epubSpine, error) {
	f := &epubFile{zipPackage: zipPackage{name: "EPUB"}}
	src.ooxml = nil
	if err := f.open(src); err != nil {
		return nil, nil, err
	}
	if err := f.readContainer(); err != nil {
		return nil, nil, err
	}
	spine := &epubSpine{items: map[string]string{}, from: f.path}
	e := f.zip.find(f.path)
	if e == nil {
		return f, spine, nil
	}
	var err error
	f.opf, err = f.readPart(e, xmlscan.Scanner{DTD: true}, func(_ *zipPart, path []xmlElement) { spine.visit(path) })
	return f, spine, err
}

// showing returns the first of the texts that shows one.
func (d *epubTextEdit) showing(texts iter.Seq2[int, string]) (int, error) {
	for i := range texts {
		p, err := d.text(i)
		if err != nil {
			return 0, err
		}
		if shows(p) {
			return i, nil
		}
	}
	return 0, fmt.Errorf("%w: no text", ErrNoRoom)
}

// shows reports whether a document has a text.
func shows(p *zipPart) bool { return ReadXHTMLBody([]byte(p.doc)).First.Text != "" }

// text reads a document. What is no good XML is none of our business.
func (d *epubTextEdit) text(i int) (*zipPart, error) {
	name := d.texts[i]
	e := d.entries[strings.ToLower(name)]
	switch {
	case d.read[i] != nil:
		return d.read[i], nil
	case e == nil || d.twice[strings.ToLower(name)]:
		return nil, &FormatError{Offset: d.file.opf.entry.data, Err: fmt.Errorf("not one part %.99q", name)}
	case d.encrypted[name]:
		return nil, ErrEncrypted
	}
	doc, err := d.file.zip.read(e, maxDocument)
	switch {
	case err != nil:
		return nil, err
	case d.file.Encrypted:
		return nil, ErrEncrypted
	case d.file.Damage != nil:
		return nil, d.file.Damage
	case strings.Contains(doc, "\x00"): // what is put in has one byte a letter
		return nil, fmt.Errorf("%w: a text in UTF-16", ErrNoRoom)
	}
	d.read[i] = &zipPart{entry: e, doc: doc}
	return d.read[i], nil
}

// EPUBTexts returns the ends of the first and the last documents of a publication that
// show a text, for looking. The error is one of a read.
func EPUBTexts(r io.ReaderAt, size int64, limits Limits) (first, last string, found []error, err error) {
	src := NewSource(r, size, limits)
	defer src.Release()
	var l lineList
	f, spine, err := openEPUB(src)
	if err != nil {
		return "", "", nil, err
	}
	texts := spine.texts()
	showing := func(order iter.Seq2[int, string]) (head, tail string) {
		looked := 0
		for _, name := range order {
			e := f.zip.find(name)
			if looked++; e == nil || looked > noticeParts {
				continue
			}
			h, t, edgeErr := f.zip.edges(e, "")
			if edgeErr = l.fail(edgeErr); edgeErr != nil {
				err = edgeErr
				return "", ""
			}
			if ReadXHTMLBody([]byte(h)).First.Text != "" {
				return h, t
			}
		}
		return "", ""
	}
	first, _ = showing(slices.All(texts))
	if err == nil {
		_, last = showing(slices.Backward(texts))
	}
	return first, last, l.limits, err
}
