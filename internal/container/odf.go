package container

import (
	"fmt"
	"strings"

	"github.com/aigclabel/aigclabel/internal/splice"
	"github.com/aigclabel/aigclabel/internal/xmlscan"
)

// OpenDocument 1.3, ISO/IEC 26300: a ZIP archive of streams. The entry mimetype
// comes first and is stored, META-INF/manifest.xml lists the others and how they
// are encrypted, meta.xml describes the document (part 3, 4.3).
//
// No guide names a place for the record. Ours is a user-defined property, the
// counterpart of the custom property of OOXML: programs show and keep it.

const (
	odfType     = "application/vnd.oasis.opendocument."
	odfManifest = "META-INF/manifest.xml"
	odfMeta     = "meta.xml"
	odfRecord   = "AIGC"

	odfOfficeSpace = "urn:oasis:names:tc:opendocument:xmlns:office:1.0"
	odfMetaSpace   = "urn:oasis:names:tc:opendocument:xmlns:meta:1.0"
)

type odfFile struct {
	zipPackage
	manifest, meta *zipPart // nil when missing or unreadable
	listed         bool     // the manifest names meta.xml
}

// ODF walks an OpenDocument text, spreadsheet or presentation. The record is
// the user-defined property AIGC of meta.xml, our choice.
//
// A signature of the document covers all its streams, so that an edit breaks it.
//
// A C2PA store is read where the standard puts it, but none is put there: see Plan.
func ODF(src *Source) (File, error) {
	f := &odfFile{zipPackage: zipPackage{name: "ODF"}}
	src.ooxml = nil
	if err := f.open(src); err != nil {
		return f, err
	}
	return f, f.walk()
}

func (f *odfFile) walk() error {
	mime, err := f.mimetype()
	if err != nil {
		return err
	}
	if !strings.HasPrefix(mime, odfType) {
		f.damage(0, "no OpenDocument file")
	}
	if err := f.readManifest(); err != nil || f.Encrypted {
		return err
	}
	return f.each(f.key, f.entry)
}

// key returns the name of an entry that matters.
func (f *odfFile) key(e *zipEntry) string {
	switch {
	case e.name == odfMeta, e.name == odfManifest, e.name == c2paEntry:
		return e.name
	case strings.HasPrefix(e.name, "META-INF/") && strings.Contains(e.name, "signatures") && e.name != "META-INF/macrosignatures.xml":
		f.Signed = "ODF digital signature"
	}
	return ""
}

// entry lists the slots of an entry.
func (f *odfFile) entry(e *zipEntry) (err error) {
	switch e.name {
	case c2paEntry:
		return f.addCredential(e)
	case odfMeta:
		f.meta, err = f.readPart(e, xmlscan.Scanner{DTD: true}, f.property)
	}
	return err
}

// readManifest reads what the manifest says of meta.xml and of encryption.
func (f *odfFile) readManifest() (err error) {
	e := f.zip.find(odfManifest)
	if e == nil {
		f.damage(f.zip.src.Size(), "no %s", odfManifest)
		return nil
	}
	f.manifest, err = f.readPart(e, xmlscan.Scanner{DTD: true}, func(_ *zipPart, path []xmlElement) {
		x := &path[len(path)-1]
		switch {
		case len(path) == 3 && x.local() == "encryption-data":
			f.Encrypted = true
		case len(path) == 2 && x.attr(x.prefix()+"full-path") == odfMeta:
			f.listed = true
		}
	})
	return err
}

// property lists a property of the document: <office:document-meta> holds
// <office:meta>, which holds them all.
func (f *odfFile) property(p *zipPart, path []xmlElement) {
	x, at, ok := f.inSection("meta", p, path)
	switch {
	case !ok:
	case x.local() != "user-defined":
		f.addProperty(Text, "property", x.local(), at)
	default:
		name := x.attr(x.prefix() + "name")
		f.addNamed("user-defined property", name, name == odfRecord, at)
	}
}

// errODFStore keeps documents readable: the folder META-INF is that of the package
// format, and LibreOffice calls a document of ODF 1.2 or newer broken that has any
// other entry there than the manifest and signatures.
var errODFStore = fmt.Errorf("%w: LibreOffice does not open a document with a C2PA store in it, keep that in a file beside it", ErrNoPlace)

// Plan implements [File]. A store that is there can be replaced, none is added.
func (f *odfFile) Plan(changes []Change) (*splice.Plan, error) {
	var w zipPackageEdit
	if err := w.begin(&f.zipPackage, changes); err != nil {
		return nil, err
	}
	values, err := w.newRecords(changes, xmlEscapes)
	if err == nil && w.contents[c2paEntry] != nil && f.zip.find(c2paEntry) == nil {
		err = errODFStore
	}
	if err != nil {
		return nil, err
	}
	if len(values) > 0 {
		f.add(&w, values)
	}
	return w.plan("mimetype")
}

// add adds records to meta.xml, which is made and listed where it is missing.
func (f *odfFile) add(w *zipPackageEdit, values []string) {
	switch {
	case f.meta == nil:
		w.contents[odfMeta] = fmt.Appendf(nil, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"+
			"<office:document-meta xmlns:office=%q xmlns:meta=%[2]q office:version=\"1.2\"><office:meta>%[3]s</office:meta></office:document-meta>",
			odfOfficeSpace, odfMetaSpace, odfProperties(values, "meta", ""))
	case f.section == nil:
		root := f.meta.root
		content := fmt.Sprintf("<%[1]smeta>%[2]s</%[1]smeta>", root.prefix(), f.declared(values))
		w.edit(f.meta, root.append(f.meta.doc, content))
	default:
		w.edit(f.meta, f.section.append(f.meta.doc, f.declared(values)))
	}
	if !f.listed {
		root := f.manifest.root
		w.edit(f.manifest, root.append(f.manifest.doc, fmt.Sprintf(`<%[1]sfile-entry %[1]sfull-path=%[2]q %[1]smedia-type="text/xml"/>`,
			root.prefix(), odfMeta)))
	}
}

// declared returns properties with the prefix that meta.xml has for them, else
// with one of their own.
func (f *odfFile) declared(values []string) string {
	for _, a := range f.meta.root.attrs {
		if prefix, ok := strings.CutPrefix(a.Name, "xmlns:"); ok && f.meta.root.attr(a.Name) == odfMetaSpace {
			return odfProperties(values, prefix, "")
		}
	}
	return odfProperties(values, "meta", fmt.Sprintf(" xmlns:meta=%q", odfMetaSpace))
}

// odfProperties returns records as user-defined properties.
func odfProperties(values []string, prefix, declaration string) string {
	var b strings.Builder
	for _, v := range values {
		fmt.Fprintf(&b, `<%[1]s:user-defined%[2]s %[1]s:name=%[3]q %[1]s:value-type="string">%[4]s</%[1]s:user-defined>`,
			prefix, declaration, odfRecord, v)
	}
	return b.String()
}
