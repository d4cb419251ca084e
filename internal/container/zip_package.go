package container

import (
	"bytes"
	"cmp"
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/aigclabel/aigclabel/internal/splice"
	"github.com/aigclabel/aigclabel/internal/xmlscan"
)

// Office Open XML, OpenDocument and EPUB are ZIP archives that describe
// themselves in XML parts. What they share is here.

const (
	c2paEntry = "META-INF/content_credential.c2pa"

	zipTexts     = 4096    // texts of a package
	zipPartsSize = 2 << 20 // bytes of all parts that describe it, decompressed
)

type zipPackage struct {
	Layout
	name  string // of the format: the first word of its places
	zip   *zipArchive
	slots []zipSlot // of Slots, by index
	size  int64     // of the parts read
	room  int64     // for them, 0 for zipPartsSize

	section *xmlElement // whose children are the properties, once its end is seen
}

// each visits the entries to which key gives a name, "" for those to pass over.
func (f *zipPackage) each(key func(*zipEntry) string, visit func(*zipEntry) error) error {
	seen := map[string]bool{}
	for i := range f.zip.entries {
		e := &f.zip.entries[i]
		name := key(e)
		if name == "" {
			continue
		}
		if seen[name] { // readers differ in which one they take
			f.damage(e.local, "two ZIP entries %.99q", e.name)
		}
		seen[name] = true
		if err := f.fail(e.local, visit(e)); err != nil {
			return err
		}
	}
	return nil
}

// A zipPart is an entry of XML that was read.
type zipPart struct {
	entry *zipEntry
	doc   string
	root  *xmlElement // nil for a broken one
}

// A zipSlot is where a slot stands: an entry of its own, or a value of a part.
type zipSlot struct {
	entry          *zipEntry
	part           *zipPart
	element, value xmlSpan
	attribute      bool // value is that of an attribute
}

func (f *zipPackage) open(src *Source) (err error) {
	f.zip, err = openZIP(src, &f.Layout)
	return err
}

// mimetype returns what the entry of that name says of the package, "" if there
// is none or it is long.
func (f *zipPackage) mimetype() (string, error) {
	e := f.zip.find("mimetype")
	if e == nil || e.size > peekSize {
		return "", nil
	}
	mime, err := f.zip.read(e, peekSize)
	return strings.TrimSpace(mime), f.fail(e.local, err)
}

// readPart reads a part with a scanner of the caller's settings, and visits its
// elements.
func (f *zipPackage) readPart(e *zipEntry, scanner xmlscan.Scanner, visit func(p *zipPart, path []xmlElement)) (*zipPart, error) {
	doc, err := f.zip.read(e, cmp.Or(f.room, zipPartsSize)-f.size)
	if err != nil || f.Encrypted {
		return nil, f.fail(e.local, err)
	}
	f.size += int64(len(doc))
	p := &zipPart{entry: e, doc: doc}
	scanner.Doc = doc
	err = f.zip.src.xmlElements(scanner, f.zip.src.Depth, func(path []xmlElement) {
		if len(path) == 1 {
			p.root = path[0].kept()
		}
		visit(p, path)
	})
	if _, ok := errors.AsType[*LimitError](err); ok {
		return nil, f.fail(e.local, err)
	}
	if err == nil && !utf8.ValidString(doc) {
		err = errors.New("not UTF-8")
	}
	if err != nil {
		f.damage(e.data, "%s: %w", e.name, err)
	}
	return p, nil
}

// addCredential lists the C2PA manifest store in an entry. It should be stored as it
// is (C2PA 2.4, A.6.1); one that is compressed is decompressed.
func (f *zipPackage) addCredential(e *zipEntry) error {
	s := Slot{Kind: C2PA, Place: f.name + " " + c2paEntry, Guide: true}
	if e.method == zipStored && e.flags&zipEncrypted == 0 {
		if err := f.zip.locate(e); err != nil {
			return err
		}
	} else {
		store, err := f.zip.read(e, f.zip.src.Value)
		if err != nil || f.Encrypted {
			return err
		}
		s.Value, s.Encoding = []byte(store), "deflate"
	}
	n, err := f.zip.descriptorSize(e)
	s.Ranges = []Range{{e.data, e.packed}}
	s.Frame = []Range{{e.local, e.data + e.packed + n - e.local}}
	f.Slots = append(f.Slots, s)
	f.slots = append(f.slots, zipSlot{entry: e})
	return err
}

// addProperty lists a value of a part; role says what it is to the format, key
// its name. Texts that are blank are none.
func (f *zipPackage) addProperty(kind Kind, role, key string, at zipSlot) {
	if n := len(f.Slots); n >= zipTexts && (kind == Text || n >= 2*zipTexts) {
		if len(f.Limits) == 0 {
			f.Limits = append(f.Limits, &LimitError{What: "number of " + f.name + " properties", Limit: zipTexts})
		}
		return
	}
	e, raw := at.part.entry, at.part.doc[at.value.content:at.value.contentEnd]
	text := xmlscan.Content(raw)
	if at.attribute {
		text = xmlscan.AttributeValue(raw)
	}
	if kind == Text && strings.TrimSpace(text) == "" {
		return
	}
	if f.Slots == nil {
		f.Slots, f.slots = make([]Slot, 0, 8), make([]zipSlot, 0, 8) // as many as usual
	}
	s := Slot{Kind: kind, Key: key, Place: f.name + " " + role + " " + key, Value: []byte(text)}
	s.Ranges = []Range{{e.data + int64(at.value.content), int64(len(raw))}}
	switch {
	case e.method == zipDeflated:
		s.Encoding = "deflate"
		s.Ranges = []Range{{e.data, e.packed}}
	case raw != text:
		s.Encoding = "xml"
	}
	f.Slots = append(f.Slots, s)
	f.slots = append(f.slots, at)
}

// inSection reports whether the element at the end of path is a value of the
// section of this name, a child of the root, and returns its place.
func (f *zipPackage) inSection(name string, p *zipPart, path []xmlElement) (*xmlElement, zipSlot, bool) {
	x := &path[len(path)-1]
	if len(path) == 2 && x.local() == name && f.section == nil {
		section := *x
		f.section = &section
	}
	return x, zipSlot{part: p, element: x.xmlSpan, value: x.xmlSpan}, len(path) == 3 && path[1].local() == name && x.children == 0
}

// addNamed lists a value that its key makes a record or a text. The first one
// that is own, as a new record would be, has the guide's place.
func (f *zipPackage) addNamed(role, key string, own bool, at zipSlot) {
	kind, n := Text, len(f.Slots)
	if recordKey(key) {
		kind = Record
	}
	guide := own && f.vacant(Record)
	f.addProperty(kind, role, key, at)
	if len(f.Slots) > n {
		f.Slots[n].Guide = guide
	}
}

// A zipPackageEdit gathers what changes in a package.
type zipPackageEdit struct {
	pkg      *zipPackage
	parts    map[*zipPart][]splice.Edit
	contents map[string][]byte // of whole entries, by name
	recorded bool              // the guide's place got a record
}

// begin makes the changes of slots that there are.
func (w *zipPackageEdit) begin(f *zipPackage, changes []Change) error {
	switch {
	case f.Encrypted:
		return ErrEncrypted
	case f.Damage != nil:
		return f.Damage
	case len(f.Limits) > 0: // what was not read cannot be kept
		return f.Limits[0]
	}
	*w = zipPackageEdit{pkg: f, parts: map[*zipPart][]splice.Edit{}, contents: map[string][]byte{}}
	for i := range f.Slots {
		if c, ok := changed(changes, &f.Slots[i]); ok {
			if err := w.set(&f.Slots[i], f.slots[i], c.Value); err != nil {
				return err
			}
		}
	}
	return nil
}

// edit adds an edit of a part.
func (w *zipPackageEdit) edit(p *zipPart, e splice.Edit) { w.parts[p] = append(w.parts[p], e) }

// set changes the value of a slot.
func (w *zipPackageEdit) set(s *Slot, at zipSlot, value []byte) error {
	switch {
	case at.entry != nil:
		w.contents[at.entry.name] = value
	case value == nil:
		w.edit(at.part, at.element.remove())
	case !bytes.Equal(value, s.Value):
		escapes := xmlEscapes
		if at.attribute {
			escapes = xmlAttributeEscapes
		}
		if !xmlscan.IsText(string(value)) {
			return ErrNoPlace
		}
		w.edit(at.part, at.value.replace(at.part.doc, escapes.Replace(string(value))))
		w.recorded = w.recorded || s.Guide
	}
	return nil
}

// newRecords returns the records that have no slot yet, escaped. A store that has
// none becomes an entry of its own.
func (w *zipPackageEdit) newRecords(changes []Change, escapes *strings.Replacer) (values []string, err error) {
	for _, c := range changes {
		switch {
		case c.Slot != nil || c.Value == nil:
		case c.Kind == C2PA:
			w.contents[c2paEntry] = c.Value
		case c.Kind != Record || !xmlscan.IsText(string(c.Value)):
			return nil, ErrNoPlace
		default:
			values = append(values, escapes.Replace(string(c.Value)))
		}
	}
	return values, nil
}

// plan returns the plan of all edits; new entries go behind the one named after.
func (w *zipPackageEdit) plan(after string) (*splice.Plan, error) {
	for p, edits := range w.parts {
		doc, err := splice.New(strings.NewReader(p.doc), int64(len(p.doc)), edits)
		if err != nil {
			return nil, err
		}
		content := make([]byte, doc.Size())
		if _, err := doc.ReadAt(content, 0); err != nil {
			return nil, err
		}
		w.contents[p.entry.name] = content
	}
	return w.pkg.zip.plan(w.contents, after)
}
