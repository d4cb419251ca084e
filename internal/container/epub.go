package container

import (
	"fmt"
	"strings"

	"github.com/aigclabel/aigclabel/internal/splice"
	"github.com/aigclabel/aigclabel/internal/xmlscan"
)

// EPUB 3.3 and OPF 2.0.1: a ZIP archive whose META-INF/container.xml names the
// package document, which describes the publication. The entry mimetype comes
// first and is stored.
//
// No guide names a place for the record. Ours is a meta element of the package
// document. EPUB 3 wants <meta property="prefix:name">value</meta>, with the
// prefix declared at the root; EPUB 2 has <meta name="name" content="value"/>.
// Both are read in both.

const (
	epubType      = "application/epub+zip"
	epubContainer = "META-INF/container.xml"
	epubPackage   = "application/oebps-package+xml"
	epubRecord    = "AIGC"
	epubPrefix    = "TC260"
	epubSpace     = "http://www.tc260.org.cn/ns/AIGC/1.0/" // of the record in XMP
)

type epubFile struct {
	zipPackage
	path string // of the package document
	opf  *zipPart
}

// EPUB walks an EPUB publication. The record is the metadata TC260:AIGC of the
// package document, in EPUB 2 AIGC: our choice.
//
// Only content is ever encrypted in EPUB, not the package document, so that a
// protected publication is read and written as any other.
func EPUB(src *Source) (File, error) {
	f := &epubFile{zipPackage: zipPackage{name: "EPUB"}}
	src.ooxml = nil
	if err := f.open(src); err != nil {
		return f, err
	}
	return f, f.walk()
}

func (f *epubFile) walk() error {
	mime, err := f.mimetype()
	if err != nil {
		return err
	}
	if mime != epubType {
		f.damage(0, "no EPUB publication")
	}
	if err := f.readContainer(); err != nil {
		return err
	}
	if err := f.each(f.key, f.entry); err != nil {
		return err
	}
	if f.opf == nil || f.section == nil {
		f.damage(f.zip.src.Size(), "no package metadata")
	}
	return nil
}

// key returns the name of an entry that matters.
func (f *epubFile) key(e *zipEntry) string {
	switch e.name {
	case "META-INF/signatures.xml":
		f.Signed = "EPUB digital signature"
	case f.path, epubContainer, c2paEntry:
		return e.name
	}
	return ""
}

// entry lists the slots of an entry.
func (f *epubFile) entry(e *zipEntry) (err error) {
	switch e.name {
	case c2paEntry:
		return f.addCredential(e)
	case f.path:
		f.opf, err = f.readPart(e, xmlscan.Scanner{DTD: true}, f.property)
	}
	return err
}

// readContainer finds the package document of the default rendition, which is
// the first. An archive that is cut has mostly lost the type, not the name.
func (f *epubFile) readContainer() error {
	e := f.zip.find(epubContainer)
	if e == nil {
		f.damage(f.zip.src.Size(), "no %s", epubContainer)
		return nil
	}
	_, err := f.readPart(e, xmlscan.Scanner{DTD: true}, func(_ *zipPart, path []xmlElement) {
		x := &path[len(path)-1]
		if len(path) == 3 && x.local() == "rootfile" && x.attr("media-type") == epubPackage && f.path == "" {
			f.path = x.attr("full-path")
		}
	})
	return err
}

// property lists a child of <metadata>, a child of <package>.
func (f *epubFile) property(p *zipPart, path []xmlElement) {
	x, at, ok := f.inSection("metadata", p, path)
	switch {
	case !ok:
	case x.local() != "meta":
		f.addProperty(Text, "metadata", x.local(), at)
	case x.attr("property") != "":
		f.meta(x.attr("property"), at)
	default:
		for _, a := range x.attrs {
			if a.Name == "content" {
				at.value, at.attribute = xmlSpan{content: a.Value.Start, contentEnd: a.Value.End, end: a.End}, true
				f.meta(x.attr("name"), at)
			}
		}
	}
}

// meta lists the value of a meta element.
func (f *epubFile) meta(key string, at zipSlot) {
	f.addNamed("metadata", key, key[strings.IndexByte(key, ':')+1:] == epubRecord, at)
}

// Plan implements [File].
func (f *epubFile) Plan(changes []Change) (*splice.Plan, error) {
	var w zipPackageEdit
	if err := w.begin(&f.zipPackage, changes); err != nil {
		return nil, err
	}
	escapes := xmlEscapes
	if f.isEPUB2() {
		escapes = xmlAttributeEscapes
	}
	values, err := w.newRecords(changes, escapes)
	if err != nil {
		return nil, err
	}
	if len(values) > 0 {
		f.add(&w, values)
	}
	return w.plan(f.path)
}

func (f *epubFile) isEPUB2() bool {
	version, _, _ := strings.Cut(f.opf.root.attr("version"), ".")
	return version == "1" || version == "2"
}

// add adds records to the package document.
func (f *epubFile) add(w *zipPackageEdit, values []string) {
	var content strings.Builder
	if f.isEPUB2() {
		for _, v := range values {
			fmt.Fprintf(&content, `<%smeta name=%q content="%s"/>`, f.section.prefix(), epubRecord, v)
		}
	} else {
		prefix, declaration := f.declare()
		if declaration != nil {
			w.edit(f.opf, *declaration)
		}
		for _, v := range values {
			fmt.Fprintf(&content, `<%[1]smeta property="%[2]s:%[3]s">%[4]s</%[1]smeta>`, f.section.prefix(), prefix, epubRecord, v)
		}
	}
	w.edit(f.opf, f.section.append(f.opf.doc, content.String()))
}

// declare returns the prefix for the record, and the edit that declares it in
// the prefix attribute of the root (EPUB 3.3, D.1.4) where that is needed.
func (f *epubFile) declare() (string, *splice.Edit) {
	root, taken := f.opf.root, map[string]bool{}
	words := strings.Fields(root.attr("prefix"))
	for i := 0; i+1 < len(words); i += 2 {
		name := strings.TrimSuffix(words[i], ":")
		if words[i+1] == epubSpace {
			return name, nil
		}
		taken[name] = true
	}
	prefix := epubPrefix
	for n := 1; taken[prefix]; n++ {
		prefix = fmt.Sprint(epubPrefix, n)
	}
	mapping := prefix + ": " + epubSpace
	for _, a := range root.attrs {
		if a.Name == "prefix" {
			return prefix, &splice.Edit{Offset: int64(a.Value.End), Insert: strings.NewReader(" " + mapping)}
		}
	}
	end := root.start + 1 + len(root.name)
	return prefix, &splice.Edit{Offset: int64(end), Insert: strings.NewReader(fmt.Sprintf(" prefix=%q", mapping))}
}
