package container

import (
	"cmp"
	"slices"
	"strings"
)

// What of a document is content: all parts but those that describe it.

// zipMedia yields the entries that are no metadata: method, name and data as it is
// stored. Entries count in the order of the file.
func zipMedia(z *zipArchive, yield func(...Range) bool, metadata func(name string) bool) error {
	if err := z.whole(); err != nil {
		return err
	}
	for i := range z.entries {
		e := &z.entries[i]
		if e.name == c2paEntry || metadata(e.name) {
			continue
		}
		if err := z.locate(e); err != nil {
			return err
		}
		method, name := Range{e.local + 8, 2}, Range{e.local + zipLocalSize, int64(len(e.name))}
		yield(method, name)
		yield(Range{e.data, e.packed})
	}
	return z.whole()
}

// ooxmlMedia yields all parts but the properties, and the two lists that name them.
func ooxmlMedia(src *Source, yield func(...Range) bool) error {
	src.ooxml = nil
	f, err := openOOXML(src)
	if err != nil {
		return err
	}
	return zipMedia(f.zip, yield, func(name string) bool {
		name = strings.ToLower(name)
		role := f.roles[name]
		return role != "" && role != "main" || name == opcRels || strings.EqualFold(name, opcTypes)
	})
}

// odfMedia yields all parts but meta.xml and the manifest that lists it.
func odfMedia(src *Source, yield func(...Range) bool) error {
	return packageMedia(src, yield, odfMeta, odfManifest)
}

// xmindMedia yields all entries but the one with the metadata.
func xmindMedia(src *Source, yield func(...Range) bool) error {
	return packageMedia(src, yield, xmindMetadata)
}

// epubMedia yields all entries but the package document, in which the metadata stands
// beside the order of the texts.
func epubMedia(src *Source, yield func(...Range) bool) error {
	file, err := EPUB(src)
	if err = cmp.Or(err, file.Summary().whole()); err != nil {
		return err
	}
	return packageMedia(src, yield, file.(*epubFile).path)
}

// packageMedia yields all entries but some.
func packageMedia(src *Source, yield func(...Range) bool, metadata ...string) error {
	var l Layout
	z, err := openZIP(src, &l)
	if err != nil {
		return err
	}
	return zipMedia(z, yield, func(name string) bool { return slices.Contains(metadata, name) })
}

// pdfMedia yields the objects that the tree of the pages leads to (ISO 32000-2, 7.7.3), each
// with its stream; of objects packed in a stream, that stream. What describes pages and
// programs' private data is passed over.
func pdfMedia(src *Source, yield func(...Range) bool) error {
	f := walkPDF(src)
	if err := cmp.Or(f.err, f.whole()); err != nil {
		return err
	}
	if f.Encrypted || f.root == nil {
		return ErrNoMedia
	}
	m := &pdfMediaWalk{pdfFile: f, yield: yield, seen: map[int64]bool{}}
	m.todo = append(m.todo, f.root.value.lookup("Pages"))
	for len(m.todo) > 0 {
		next := m.todo[len(m.todo)-1]
		m.todo = m.todo[:len(m.todo)-1]
		if err := m.object(next); err != nil {
			return err
		}
	}
	return cmp.Or(f.err, f.whole())
}

// A pdfMediaWalk follows references, last in, first out.
type pdfMediaWalk struct {
	*pdfFile
	yield func(...Range) bool
	todo  []pdfValue     // references
	seen  map[int64]bool // objects, by number
}

// object yields what a reference leads to, and notes the references in it.
func (m *pdfMediaWalk) object(reference pdfValue) error {
	num, _, ok := reference.reference()
	if !ok || m.seen[num] {
		return nil
	}
	m.seen[num] = true
	o := m.resolve(reference)
	if o == nil {
		return cmp.Or(m.err, m.whole())
	}
	if o.packed == nil {
		m.yield(Range{o.at, int64(len(o.value))})
	} else if first := -1 - o.packed.Offset; !m.seen[first] { // numbers are positive
		m.seen[first] = true
		m.yield(*o.packed)
	}
	if o.data > 0 {
		stream, err := m.extent(o)
		if err != nil {
			return err
		}
		m.yield(stream)
	}
	return m.references(o.value, 0)
}

// references notes the references in a value. Back to the parent leads nowhere new.
func (m *pdfMediaWalk) references(v pdfValue, depth int64) error {
	if depth > m.src.Depth {
		return &LimitError{What: "nesting of PDF objects", Limit: m.src.Depth}
	}
	if err := m.charge(len(v)); err != nil {
		return err
	}
	switch _, _, ok := v.reference(); {
	case ok:
		m.todo = append(m.todo, v)
	case v.isDict():
		for e, err := range v.entries() {
			if err != nil {
				return err
			}
			if e.is("Parent") || e.is("Metadata") || e.is("PieceInfo") {
				continue
			}
			if err := m.references(e.value, depth+1); err != nil {
				return err
			}
		}
	case v.isArray():
		for e := range v.elements() {
			if err := m.references(e, depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}
