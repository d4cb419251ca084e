package container

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/aigclabel/aigclabel/internal/splice"
)

// ooxmlNames are the names of custom properties (part 1, 22.3) in one flavour
// of the standard.
type ooxmlNames struct{ relationship, properties, values string }

// ooxmlFormat is the format id of the properties that users define.
const ooxmlFormat = "{D5CDD505-2E9C-101B-9397-08002B2CF9AE}"

var (
	ooxmlTransitional = ooxmlNames{
		"http://schemas.openxmlformats.org/officeDocument/2006/relationships/custom-properties",
		"http://schemas.openxmlformats.org/officeDocument/2006/custom-properties",
		"http://schemas.openxmlformats.org/officeDocument/2006/docPropsVTypes",
	}
	ooxmlStrictly = ooxmlNames{
		ooxmlStrict + "relationships/customProperties",
		ooxmlStrict + "customProperties",
		ooxmlStrict + "docPropsVTypes",
	}
)

// An ooxmlEdit gathers what changes in a package.
type ooxmlEdit struct {
	*ooxmlFile
	zipPackageEdit
}

// Plan implements [File].
func (f *ooxmlFile) Plan(changes []Change) (*splice.Plan, error) {
	w := &ooxmlEdit{ooxmlFile: f}
	if err := w.begin(&f.zipPackage, changes); err != nil {
		return nil, err
	}
	if err := w.add(changes); err != nil {
		return nil, err
	}
	if w.recorded {
		w.register()
	}
	return w.plan(f.front())
}

// front returns the entry behind which a new part goes: the first in the folder
// of the document. Programs that look at the head of a file for its type want
// to see that folder among the first entries, close to each other.
func (f *ooxmlFile) front() string {
	folder := path.Dir(f.main) + "/"
	i := slices.IndexFunc(f.zip.entries, func(e zipEntry) bool { return strings.HasPrefix(e.name, folder) })
	if i < 0 {
		return f.rels.entry.name
	}
	return f.zip.entries[i].name
}

// add adds the values that have no slot yet.
func (w *ooxmlEdit) add(changes []Change) error {
	values, err := w.newRecords(changes, xmlEscapes)
	if err == nil && w.contents[c2paEntry] != nil {
		w.declareStore()
	}
	if err != nil || len(values) == 0 {
		return err
	}
	if w.custom != nil {
		w.edit(w.custom, w.custom.root.append(w.custom.doc, w.properties(values)))
	} else {
		w.contents[w.customName] = w.newCustom(values)
	}
	w.recorded = true
	return nil
}

// properties returns new properties for the part that there is, in its words.
func (w *ooxmlEdit) properties(values []string) string {
	root := w.custom.root
	names := &ooxmlTransitional
	if root.attr(strings.TrimSuffix("xmlns:"+root.prefix(), ":")) == ooxmlStrictly.properties {
		names = &ooxmlStrictly
	}
	return names.encode(values, w.lastPID, root.prefix(), root.attr("xmlns:vt") != names.values)
}

// newCustom returns a new part of custom properties.
func (w *ooxmlEdit) newCustom(values []string) []byte {
	names := w.names()
	return fmt.Appendf(nil, "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n"+
		"<Properties xmlns=%q xmlns:vt=%q>%s</Properties>", names.properties, names.values, names.encode(values, 0, "", false))
}

// encode returns records as custom properties. Property ids 0 and 1 are
// reserved.
func (n *ooxmlNames) encode(values []string, lastPID int64, prefix string, declare bool) string {
	var b strings.Builder
	var declaration string
	if declare {
		declaration = fmt.Sprintf(" xmlns:vt=%q", n.values)
	}
	for _, v := range values {
		lastPID = max(2, lastPID+1)
		fmt.Fprintf(&b, `<%[1]sproperty fmtid=%[2]q pid="%[3]d" name=%[4]q><vt:lpwstr%[5]s>%[6]s</vt:lpwstr></%[1]sproperty>`,
			prefix, ooxmlFormat, lastPID, ooxmlRecord, declaration, v)
	}
	return b.String()
}

// names returns the flavour of the package.
func (w *ooxmlEdit) names() *ooxmlNames {
	if w.strict {
		return &ooxmlStrictly
	}
	return &ooxmlTransitional
}

// register names the part of custom properties where the package does not.
func (w *ooxmlEdit) register() {
	if !w.related {
		root := w.rels.root
		w.edit(w.rels, root.append(w.rels.doc, fmt.Sprintf(`<%sRelationship Id="rId%d" Type=%q Target=%q/>`,
			root.prefix(), w.lastID+1, w.names().relationship, ooxmlCustom)))
	}
	if !w.typed && w.customName == ooxmlCustom {
		root := w.types.root
		w.edit(w.types, root.append(w.types.doc, fmt.Sprintf(`<%sOverride PartName=%q ContentType=%q/>`,
			root.prefix(), "/"+ooxmlCustom, ooxmlCustomType)))
	}
}

// declareStore says of what type the manifest store is: each entry of a package has
// one (part 2, 6.2.3), and Office repairs packages with an entry that has none.
func (w *ooxmlEdit) declareStore() {
	if root := w.types.root; !w.storeTyped {
		w.edit(w.types, root.append(w.types.doc, fmt.Sprintf(`<%sDefault Extension="c2pa" ContentType="application/c2pa"/>`, root.prefix())))
	}
}
