package container

import (
	"cmp"
	"errors"
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Office Open XML, ISO/IEC 29500: a ZIP archive of parts (Open Packaging
// Conventions, part 2), whose names ignore case. _rels/.rels says what the
// parts are to the package, [Content_Types].xml of what type they are.

const (
	opcTypes      = "[Content_Types].xml"
	opcRels       = "_rels/.rels"
	opcSignatures = "_xmlsignatures/"
	c2paEntry     = "META-INF/content_credential.c2pa"

	ooxmlStrict     = "http://purl.oclc.org/ooxml/officeDocument/"
	ooxmlCustom     = "docProps/custom.xml"
	ooxmlCustomType = "application/vnd.openxmlformats-officedocument.custom-properties+xml"
	ooxmlRecord     = "AIGC"

	ooxmlTexts = 4096    // texts of a package
	ooxmlSize  = 2 << 20 // bytes of all parts that describe it, decompressed
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
	Layout
	zip   *zipArchive
	slots []ooxmlSlot       // of Slots, by index
	roles map[string]string // of parts, by lower-case name

	types, rels, custom *ooxmlPart // nil when missing or unreadable
	main, mainType      string     // the part of the document itself
	customName          string     // the part of the custom properties
	related, typed      bool       // whether rels and types name that
	strict              bool
	lastID, lastPID     int64
	size                int64 // of the parts read
}

// An ooxmlPart is a part that was read.
type ooxmlPart struct {
	entry *zipEntry
	doc   string
	root  *xmlElement // nil for a broken one
}

// An ooxmlSlot is where a slot stands: an entry of its own, or the value of an
// element of a part.
type ooxmlSlot struct {
	entry          *zipEntry
	part           *ooxmlPart
	element, value xmlSpan
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
// EPUB), or "" for others and for files that are none.
func ZIPKind(src *Source) (string, error) {
	f, err := openOOXML(src)
	if err != nil {
		return "", err
	}
	e := f.zip.find("mimetype")
	if kind := f.kind(); kind != "" || e == nil || e.size > peekSize {
		return kind, nil
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
	f = &ooxmlFile{roles: map[string]string{
		"docprops/core.xml":   "core",
		"docprops/app.xml":    "extended",
		"docprops/custom.xml": "custom",
	}}
	if f.zip, err = openZIP(src, &f.Layout); err != nil {
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
func (f *ooxmlFile) named(name string, visit func(*xmlElement)) (*ooxmlPart, error) {
	e := f.zip.find(name)
	if e == nil {
		f.damage(f.zip.src.Size(), "no %s", name)
		return nil, nil
	}
	return f.read(e, func(_ *ooxmlPart, x *xmlElement) { visit(x) })
}

// read reads a part, and visits the children of its root.
func (f *ooxmlFile) read(e *zipEntry, visit func(*ooxmlPart, *xmlElement)) (*ooxmlPart, error) {
	doc, err := f.zip.read(e, ooxmlSize-f.size)
	if err != nil || f.Encrypted {
		return nil, f.fail(e.local, err)
	}
	f.size += int64(len(doc))
	p := &ooxmlPart{entry: e, doc: doc}
	err = f.zip.src.xmlElements(doc, func(path []xmlElement) {
		switch len(path) {
		case 1:
			root := path[0]
			p.root = &root
		case 2:
			visit(p, &path[1])
		}
	})
	if limit := new(LimitError); errors.As(err, &limit) {
		return nil, f.fail(e.local, err)
	}
	if !utf8.ValidString(doc) {
		err = errors.New("not UTF-8")
	}
	if err != nil {
		f.damage(e.data, "%s: %w", e.name, err)
	}
	return p, nil
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
	seen := map[string]bool{}
	for i := range f.zip.entries {
		e := &f.zip.entries[i]
		name := strings.ToLower(e.name)
		if strings.HasPrefix(name, opcSignatures) {
			f.Signed = "OOXML digital signature"
		}
		if f.roles[name] == "" && e.name != c2paEntry && name != opcRels && !strings.EqualFold(name, opcTypes) {
			continue
		}
		if seen[name] { // readers differ in which one they take
			f.damage(e.local, "two ZIP entries %.99q", e.name)
		}
		seen[name] = true
		if err := f.fail(e.local, f.entry(e)); err != nil {
			return err
		}
	}
	for i, s := range f.slots {
		if s.part != nil && s.part == f.custom && strings.EqualFold(f.Slots[i].Key, ooxmlRecord) {
			f.Slots[i].Guide = true
			break
		}
	}
	return nil
}

// entry lists the slots of an entry.
func (f *ooxmlFile) entry(e *zipEntry) error {
	role := f.roles[strings.ToLower(e.name)]
	switch {
	case e.name == c2paEntry:
		if err := f.zip.locate(e); err != nil {
			return err
		}
		f.Slots = append(f.Slots, Slot{Kind: C2PA, Place: "OOXML " + c2paEntry, Guide: true, Ranges: []Range{{e.data, e.packed}}})
		f.slots = append(f.slots, ooxmlSlot{entry: e})
	case role == "custom":
		p, err := f.read(e, f.customProperty)
		if f.custom == nil || strings.EqualFold(e.name, f.customName) {
			f.custom = p
		}
		return err
	case role == "core", role == "extended":
		_, err := f.read(e, func(p *ooxmlPart, x *xmlElement) {
			if x.children == 0 {
				f.add(Text, role, x.local(), ooxmlSlot{part: p, element: x.xmlSpan, value: x.xmlSpan})
			}
		})
		return err
	}
	return nil
}

// customProperty lists a custom property that is a record, of whatever type, or
// a text (part 1, 22.3.2.2).
func (f *ooxmlFile) customProperty(p *ooxmlPart, x *xmlElement) {
	if x.children == 0 {
		return
	}
	if pid, err := strconv.ParseInt(cmp.Or(x.attr("pid"), "0"), 10, 32); err == nil {
		f.lastPID = max(f.lastPID, pid)
	}
	name, at := x.attr("name"), ooxmlSlot{part: p, element: x.xmlSpan, value: x.child}
	switch {
	case recordKey(name):
		f.add(Record, "custom", name, at)
	case slices.Contains([]string{"lpwstr", "lpstr", "bstr"}, x.childName):
		f.add(Text, "custom", name, at)
	}
}

// add lists the slot of a property.
func (f *ooxmlFile) add(kind Kind, role, key string, at ooxmlSlot) {
	if n := len(f.Slots); n >= ooxmlTexts && (kind == Text || n >= 2*ooxmlTexts) {
		if len(f.Limits) == 0 {
			f.Limits = append(f.Limits, &LimitError{What: "number of OOXML properties", Limit: ooxmlTexts})
		}
		return
	}
	p := at.part
	text := at.value.text(p.doc)
	if kind == Text && strings.TrimSpace(text) == "" {
		return
	}
	s := Slot{Kind: kind, Key: key, Place: "OOXML " + role + " property " + key, Value: []byte(text)}
	s.Ranges = []Range{{p.entry.data + int64(at.value.content), int64(at.value.contentEnd - at.value.content)}}
	switch {
	case p.entry.method == zipDeflated:
		s.Encoding = "deflate"
		s.Ranges = []Range{{p.entry.data, p.entry.packed}}
	case p.doc[at.value.content:at.value.contentEnd] != text:
		s.Encoding = "xml"
	}
	f.Slots = append(f.Slots, s)
	f.slots = append(f.slots, at)
}
