package container

import (
	"cmp"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/aigclabel/aigclabel/internal/xmlscan"
)

// Office Open XML, ISO/IEC 29500: a ZIP archive of parts (Open Packaging
// Conventions, part 2), whose names ignore case. _rels/.rels says what the
// parts are to the package, [Content_Types].xml of what type they are.

const (
	opcTypes      = "[Content_Types].xml"
	opcRels       = "_rels/.rels"
	opcSignatures = "_xmlsignatures/"

	ooxmlStrict     = "http://purl.oclc.org/ooxml/officeDocument/"
	ooxmlCustom     = "docProps/custom.xml"
	ooxmlCustomType = "application/vnd.openxmlformats-officedocument.custom-properties+xml"
	ooxmlRecord     = "AIGC"
)

// ooxmlRoles are what parts are to the package, by the last segment of the type
// of their relationship: transitional and strict spell it in two ways.
var ooxmlRoles = map[string]string{
	"officeDocument":      "main",
	"core-properties":     "core",
	"extended-properties": "extended",
	"extendedProperties":  "extended",
	"custom-properties":   "custom",
	"customProperties":    "custom",
}

type ooxmlFile struct {
	zipPackage
	roles map[string]string // of parts, by lower-case name

	types, rels, custom *zipPart // nil when missing or unreadable
	main, mainType      string   // the part of the document itself
	mime                string   // what an entry named mimetype holds, if that is short
	customName          string   // the part of the custom properties
	related, typed      bool     // whether rels and types name that
	storeTyped          bool     // whether types know a manifest store
	strict              bool
	lastID, lastPID     int64
}

// OOXML walks a DOCX, XLSX or PPTX file, a template or a file with macros
// likewise. The guide's place is the custom property AIGC.
//
// A package signature is reported when there is one. Office signs neither the
// properties nor [Content_Types].xml, and of _rels/.rels only the relationships
// that it names, so that an edit of the record usually leaves it valid.
func OOXML(src *Source) (File, error) {
	f, err := openOOXML(src)
	src.ooxml = nil
	if err != nil {
		return f, err
	}
	if f.kind() == "" {
		f.damage(0, "no Office Open XML document")
	}
	return f, f.walk()
}

// ZIPKind says what a ZIP archive is: "docx", "xlsx" or "pptx" by the type of
// its main part, "mimetype:" and the content of an entry of that name (ODF,
// EPUB), "xmind", or "" for others and for files that are none.
func ZIPKind(src *Source) (string, error) {
	f, err := openOOXML(src)
	if err != nil {
		return "", err
	}
	e := f.zip.find("mimetype")
	if kind := f.kind(); kind != "" {
		return kind, nil
	}
	if e == nil {
		return f.zip.xmindKind()
	}
	if e.size > peekSize {
		return "", nil
	}
	mime, err := f.zip.read(e, peekSize)
	if err != nil || mime == "" {
		return "", f.fail(e.local, err)
	}
	return "mimetype:" + strings.TrimSpace(mime), nil
}

// openOOXML reads what a package says of its parts, once for its sniffers and
// the walk.
func openOOXML(src *Source) (f *ooxmlFile, err error) {
	if src.ooxml != nil {
		return src.ooxml, nil
	}
	f = &ooxmlFile{zipPackage: zipPackage{name: "OOXML"}, roles: map[string]string{
		"docprops/core.xml":   "core",
		"docprops/app.xml":    "extended",
		"docprops/custom.xml": "custom",
	}}
	if err = f.open(src); err != nil {
		return f, err
	}
	if f.mime, err = f.mimetype(); err != nil {
		return f, err
	}
	if f.rels, err = f.named(opcRels, f.relationship); err != nil {
		return f, err
	}
	if f.customName == "" {
		f.customName = ooxmlCustom
	}
	if f.types, err = f.named(opcTypes, f.contentType); err != nil {
		return f, err
	}
	src.ooxml = f
	return f, nil
}

// named reads a part that every package has, and visits the children of its root.
func (f *ooxmlFile) named(name string, visit func(*xmlElement)) (*zipPart, error) {
	e := f.zip.find(name)
	if e == nil {
		f.damage(f.zip.src.Size(), "no %s", name)
		return nil, nil
	}
	return f.read(e, func(_ *zipPart, x *xmlElement) { visit(x) })
}

// read reads a part, and visits the children of its root.
func (f *ooxmlFile) read(e *zipEntry, visit func(*zipPart, *xmlElement)) (*zipPart, error) {
	return f.readPart(e, xmlscan.Scanner{}, func(p *zipPart, path []xmlElement) {
		if len(path) == 2 {
			visit(p, &path[1])
		}
	})
}

// relationship notes a part that the package names.
func (f *ooxmlFile) relationship(x *xmlElement) {
	if x.local() != "Relationship" {
		return
	}
	if n, err := strconv.ParseInt(strings.TrimPrefix(x.attr("Id"), "rId"), 10, 64); err == nil {
		f.lastID = max(f.lastID, n)
	}
	role := ooxmlRoles[path.Base(x.attr("Type"))]
	if role == "" || x.attr("TargetMode") == "External" {
		return
	}
	name := path.Clean("/" + x.attr("Target"))[1:]
	f.roles[strings.ToLower(name)] = role
	switch {
	case role == "main" && f.main == "":
		f.main = name
		f.strict = strings.HasPrefix(x.attr("Type"), ooxmlStrict)
	case role == "custom" && !f.related:
		f.customName, f.related = name, true
		if f.zip.find(name) == nil {
			f.damage(f.zip.src.Size(), "no part for the relationship to %.99q", name)
		}
	}
}

// contentType notes the types of the parts that count. One of the part itself
// has precedence over one of its extension.
func (f *ooxmlFile) contentType(x *xmlElement) {
	switch name := strings.TrimPrefix(x.attr("PartName"), "/"); {
	case x.local() == "Override" && strings.EqualFold(name, f.main):
		f.mainType = x.attr("ContentType")
	case x.local() == "Override" && strings.EqualFold(name, f.customName):
		f.typed = true
	case x.local() == "Override" && name == c2paEntry, x.local() == "Default" && strings.EqualFold(x.attr("Extension"), "c2pa"):
		f.storeTyped = true
	case x.local() == "Default" && f.mainType == "" && strings.EqualFold("."+x.attr("Extension"), path.Ext(f.main)):
		f.mainType = x.attr("ContentType")
	}
}

// kind returns the family of the document. Without its directory an archive may
// have lost the type of the main part, but hardly the name of its folder.
func (f *ooxmlFile) kind() string {
	words := []string{f.mainType}
	if f.zip.lost {
		folder, _, _ := strings.Cut(f.main, "/")
		words = append(words, folder)
		for i := range f.zip.entries {
			folder, _, _ = strings.Cut(f.zip.entries[i].name, "/")
			words = append(words, folder)
		}
	}
	for _, w := range words {
		switch {
		case strings.Contains(w, "wordprocessingml") || strings.Contains(w, "ms-word") || w == "word":
			return "docx"
		case strings.Contains(w, "spreadsheetml") || strings.Contains(w, "ms-excel") || w == "xl":
			return "xlsx"
		case strings.Contains(w, "presentationml") || strings.Contains(w, "ms-powerpoint") || w == "ppt":
			return "pptx"
		}
	}
	return ""
}

// walk lists the slots, in the order of the entries.
func (f *ooxmlFile) walk() error {
	if err := f.each(f.key, f.entry); err != nil {
		return err
	}
	for i, s := range f.slots {
		if s.part != nil && s.part == f.custom && strings.EqualFold(f.Slots[i].Key, ooxmlRecord) {
			f.Slots[i].Guide = true
			break
		}
	}
	return nil
}

// key returns the name of an entry that matters, in lower case.
func (f *ooxmlFile) key(e *zipEntry) string {
	name := strings.ToLower(e.name)
	if strings.HasPrefix(name, opcSignatures) {
		f.Signed = "OOXML digital signature"
	}
	if f.roles[name] != "" || e.name == c2paEntry || name == opcRels || strings.EqualFold(name, opcTypes) {
		return name
	}
	return ""
}

// entry lists the slots of an entry.
func (f *ooxmlFile) entry(e *zipEntry) error {
	role := f.roles[strings.ToLower(e.name)]
	switch {
	case e.name == c2paEntry:
		return f.addCredential(e)
	case role == "custom":
		p, err := f.read(e, f.customProperty)
		if f.custom == nil || strings.EqualFold(e.name, f.customName) {
			f.custom = p
		}
		return err
	case role == "core", role == "extended":
		_, err := f.read(e, func(p *zipPart, x *xmlElement) {
			if x.children == 0 {
				f.addProperty(Text, role+" property", x.local(), zipSlot{part: p, element: x.xmlSpan, value: x.xmlSpan})
			}
		})
		return err
	}
	return nil
}

// customProperty lists a custom property that is a record, of whatever type, or
// a text (part 1, 22.3.2.2).
func (f *ooxmlFile) customProperty(p *zipPart, x *xmlElement) {
	if x.children == 0 {
		return
	}
	if pid, err := strconv.ParseInt(cmp.Or(x.attr("pid"), "0"), 10, 32); err == nil {
		f.lastPID = max(f.lastPID, pid)
	}
	name, at := x.attr("name"), zipSlot{part: p, element: x.xmlSpan, value: x.child}
	switch {
	case recordKey(name):
		f.addProperty(Record, "custom property", name, at)
	case slices.Contains([]string{"lpwstr", "lpstr", "bstr"}, x.childName):
		f.addProperty(Text, "custom property", name, at)
	}
}
