package container

import (
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/aigclabel/aigclabel/internal/splice"
	"github.com/aigclabel/aigclabel/internal/xmlscan"
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
	parts    map[*ooxmlPart][]splice.Edit
	contents map[string][]byte // of whole entries, by name
	recorded bool              // a record was set
}

// Plan implements [File].
func (f *ooxmlFile) Plan(changes []Change) (*splice.Plan, error) {
	switch {
	case f.Encrypted:
		return nil, ErrEncrypted
	case f.Damage != nil:
		return nil, f.Damage
	case len(f.Limits) > 0: // what was not read cannot be kept
		return nil, f.Limits[0]
	}
	w := &ooxmlEdit{ooxmlFile: f, parts: map[*ooxmlPart][]splice.Edit{}, contents: map[string][]byte{}}
	for i := range f.Slots {
		if c, ok := changed(changes, &f.Slots[i]); ok {
			if err := w.set(&f.Slots[i], f.slots[i], c.Value); err != nil {
				return nil, err
			}
		}
	}
	if err := w.add(changes); err != nil {
		return nil, err
	}
	if w.recorded {
		w.register()
	}
	for p, edits := range w.parts {
		doc, err := splice.New(strings.NewReader(p.doc), int64(len(p.doc)), edits)
		if err != nil {
			return nil, err
		}
		if w.contents[p.entry.name], err = io.ReadAll(doc.Source()); err != nil {
			return nil, err
		}
	}
	return f.zip.plan(w.contents, f.front())
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

// edit adds an edit of a part.
func (w *ooxmlEdit) edit(p *ooxmlPart, e splice.Edit) { w.parts[p] = append(w.parts[p], e) }

// set changes the value of a slot.
func (w *ooxmlEdit) set(s *Slot, at ooxmlSlot, value []byte) error {
	switch {
	case at.entry != nil:
		w.contents[at.entry.name] = value
	case value == nil:
		w.edit(at.part, at.element.remove())
	default:
		text := string(value)
		if !xmlscan.IsText(text) {
			return ErrNoPlace
		}
		w.edit(at.part, at.value.replace(at.part.doc, xmlEscapes.Replace(text)))
		w.recorded = w.recorded || s.Guide
	}
	return nil
}

// add adds the values that have no slot yet.
func (w *ooxmlEdit) add(changes []Change) error {
	var values []string
	for _, c := range changes {
		switch {
		case c.Slot != nil || c.Value == nil:
		case c.Kind != Record:
			return ErrNoPlace
		default:
			text := string(c.Value)
			if !xmlscan.IsText(text) {
				return ErrNoPlace
			}
			values = append(values, xmlEscapes.Replace(text))
		}
	}
	if len(values) == 0 {
		return nil
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
