package container

import (
	"fmt"
	"path"
	"strconv"
	"strings"

	"github.com/aigclabel/aigclabel/internal/xmlscan"
)

// An ooxmlTextEdit is an Office Open XML package whose parts are edited.
type ooxmlTextEdit struct {
	documentEdit
	file *ooxmlFile
}

// An ooxmlRelation is what another part is to one.
type ooxmlRelation struct {
	id   string
	kind string // the last segment of its type
	part string // "" for one outside of the package
}

func openOOXMLText(src *Source) (*ooxmlTextEdit, error) {
	f, err := openOOXML(src)
	src.ooxml = nil
	if err != nil {
		return nil, err
	}
	if f.kind() == "" {
		f.damage(0, "no Office Open XML document")
	}
	d := &ooxmlTextEdit{file: f}
	return d, d.open(&f.zipPackage)
}

// ooxmlRelsOf returns the name of the part of the relationships of a part.
func ooxmlRelsOf(part string) string {
	return path.Join(path.Dir(part), "_rels", path.Base(part)+".rels")
}

// relation reads a relationship of the part of this name.
func (r *ooxmlRelation) read(x *xmlElement, part string) bool {
	if x.local() != "Relationship" {
		return false
	}
	*r = ooxmlRelation{id: x.attr("Id"), kind: path.Base(x.attr("Type"))}
	if x.attr("TargetMode") != "External" {
		r.part = partName(part, x.attr("Target"))
	}
	return true
}

// relations returns the relationships of a part, none if they have no part.
func (d *ooxmlTextEdit) relations(part string) (rels *zipPart, all []ooxmlRelation, err error) {
	name := ooxmlRelsOf(part)
	if d.entries[strings.ToLower(name)] == nil {
		return nil, nil, nil
	}
	rels, err = d.part(name, func(_ *zipPart, path []xmlElement) {
		var r ooxmlRelation
		if len(path) == 2 && r.read(&path[1], part) {
			all = append(all, r)
		}
	})
	return rels, all, err
}

// partsByID returns the parts of relationships by their ids.
func partsByID(all []ooxmlRelation) map[string]string {
	parts := make(map[string]string, len(all))
	for _, r := range all {
		parts[r.id] = r.part
	}
	return parts
}

// relationSpace is the namespace of references to relationships.
func (d *ooxmlTextEdit) relationSpace() string {
	if d.file.strict {
		return ooxmlStrict + "relationships"
	}
	return ooxmlOffice + "relationships"
}

// ooxmlOffice is where transitional names begin.
const ooxmlOffice = "http://schemas.openxmlformats.org/officeDocument/2006/"

// ooxmlHead is the declaration of a new part.
const ooxmlHead = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n"

// ooxmlSpace is the namespace of relationships themselves.
const ooxmlSpace = "http://schemas.openxmlformats.org/package/2006/relationships"

// An ooxmlPart is a new part.
type ooxmlPart struct {
	kind, contentType string
	content           []byte
}

// addParts adds parts to those of a part, and returns the ids of their relationships.
// Those that there are already are given.
func (d *ooxmlTextEdit) addParts(part string, rels *zipPart, all []ooxmlRelation, added []ooxmlPart) (ids []string) {
	last := int64(0)
	for _, r := range all {
		if n, err := strconv.ParseInt(strings.TrimPrefix(r.id, "rId"), 10, 32); err == nil {
			last = max(last, n)
		}
	}
	var relations, types strings.Builder
	relPrefix, typePrefix := "", d.file.types.root.prefix()
	if rels != nil {
		relPrefix = rels.root.prefix()
	}
	for _, a := range added {
		name := d.unused(path.Join(path.Dir(part), a.kind), ".xml")
		d.contents[name] = a.content
		last++
		ids = append(ids, fmt.Sprintf("rId%d", last))
		fmt.Fprintf(&relations, `<%sRelationship Id="rId%d" Type="%s/%s" Target=%q/>`, relPrefix, last, d.relationSpace(), a.kind, path.Base(name))
		fmt.Fprintf(&types, `<%sOverride PartName="/%s" ContentType=%q/>`, typePrefix, xmlAttributeEscapes.Replace(name), a.contentType)
	}
	if rels != nil {
		d.edit(rels, rels.root.append(rels.doc, relations.String()))
	} else {
		d.contents[ooxmlRelsOf(part)] = fmt.Appendf(nil, "%s<Relationships xmlns=%q>%s</Relationships>", ooxmlHead, ooxmlSpace, &relations)
	}
	d.edit(d.file.types, d.file.types.root.append(d.file.types.doc, types.String()))
	return ids
}

// An ooxmlLooker reads a package for the finder of notices.
type ooxmlLooker struct {
	lineList
	src   *Source
	zip   *zipArchive
	main  string // the part of the document
	usual bool   // it has the name that nearly all give it
}

// lookOOXML opens a package of which the document is looked at. Nearly all programs give
// its parts the same names; in the files of others the package says which they are.
func lookOOXML(src *Source, usual string) (*ooxmlLooker, error) {
	src.ooxml = nil
	l := &ooxmlLooker{src: src, main: usual}
	var layout Layout
	var err error
	if l.zip, err = openZIP(src, &layout); err != nil {
		return l, err
	}
	if l.usual = l.zip.find(usual) != nil; l.usual {
		return l, nil
	}
	f, err := openOOXML(src)
	l.main, src.ooxml = f.main, nil
	return l, err
}

// edgesOf returns the ends of a part, "" of one that is not there.
func (l *ooxmlLooker) edgesOf(part string) (head, tail string, err error) {
	e := l.zip.find(part)
	if e == nil {
		return "", "", nil
	}
	head, tail, err = l.zip.edges(e, "")
	return head, tail, l.fail(err)
}

// parts returns the first parts of a kind that belong to the document.
func (l *ooxmlLooker) parts(kind, usual string) (names []string, err error) {
	for _, e := range l.zip.entries {
		if strings.HasPrefix(e.name, usual) && strings.HasSuffix(e.name, ".xml") && len(names) < noticeParts {
			names = append(names, e.name)
		}
	}
	if l.usual || len(names) > 0 {
		return names, nil
	}
	all, err := l.relations(l.main)
	for _, r := range all {
		if r.kind == kind && r.part != "" && len(names) < noticeParts {
			names = append(names, r.part)
		}
	}
	return names, err
}

// relations returns the relationships of a part that stand in the head of theirs.
func (l *ooxmlLooker) relations(part string) (all []ooxmlRelation, err error) {
	head, _, err := l.edgesOf(ooxmlRelsOf(part))
	if err != nil || head == "" {
		return nil, err
	}
	l.elements(head, func(path []xmlElement) {
		var r ooxmlRelation
		if len(path) == 2 && r.read(&path[1], part) {
			all = append(all, r)
		}
	})
	return all, nil
}

// elements visits the elements of the head of a part.
func (l *ooxmlLooker) elements(head string, visit func(path []xmlElement)) {
	_ = l.src.xmlElements(xmlscan.Scanner{Doc: head, DTD: true}, l.src.Depth, visit) // broken off
}
