package container

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
)

// PDF, ISO 32000-2. The file ends in startxref, which points to the newest
// cross-reference section, which finds the catalog and the Info dictionary.

type pdfFile struct {
	Layout
	src      *Source
	tail     []byte // the end of the file, from tailAt
	tailAt   int64
	budget   int64 // bytes of objects still to be read
	looks    int   // at subsections, for objects
	shift    int64 // of all offsets, in a file with bytes before its header
	sections []*pdfSection
	packs    map[int64]*pdfObjectStream // nil while one is read
	root     *pdfObject
	info     *pdfObject // num is 0 for a dictionary in the trailer itself
	places   []pdfPlace // of Slots, by index
	err      error      // the first I/O error
	refused  int        // what limits kept from being read, each time
	cost     spending   // of the walk
}

// A pdfPlace is what a change of a slot must rewrite: an entry of a dictionary,
// or a stream if there is no entry. Nothing at all if there is no object.
type pdfPlace struct {
	object *pdfObject
	entry  pdfEntry
	file   pdfValue // of a C2PA store, as the catalog lists it
}

const (
	pdfTail     = 8 << 10  // where writers end a file
	pdfLongTail = 64 << 10 // where readers still look for that end
)

// PDF walks a PDF file. The record is the entry AIGC of the document information
// dictionary. What an older revision says, and a newer one changes or removes,
// is history: it is in the file, but in no slot.
func PDF(src *Source) (File, error) {
	f := walkPDF(src)
	return f, f.err
}

func walkPDF(src *Source) *pdfFile {
	f, before := &pdfFile{src: src, tailAt: src.Size(), packs: map[int64]*pdfObjectStream{}}, src.spent
	f.budget = min(src.Values, 8<<20+2*src.Size())
	f.note(f.walk())
	if f.Damage != nil || f.root == nil {
		f.note(f.scan())
	}
	src.seen.pdf, f.cost = f, src.spent.minus(before)
	return f
}

// walkedPDF returns what the walk of another source over the file found, as if src had
// walked it, or walks it.
func walkedPDF(src *Source) *pdfFile {
	seen := src.seen.pdf
	if seen == nil || seen.src.Limits != src.Limits || seen.err != nil {
		return walkPDF(src)
	}
	f := *seen
	f.src, f.Limits, src.spent = src, slices.Clip(f.Limits), src.spent.plus(f.cost)
	return &f
}

func (f *pdfFile) walk() error {
	head, err := f.src.Head(1024)
	if err != nil {
		return err
	}
	header := bytes.Index(head, []byte("%PDF-"))
	if header < 0 {
		return &FormatError{Offset: 0, Err: errors.New("no PDF header")}
	}
	if err := f.readSections(int64(header)); err != nil {
		return err
	}
	trailer := f.sections[0].trailer
	f.Encrypted = trailer.lookup("Encrypt") != nil
	if f.root = f.resolve(trailer.lookup("Root")); f.root == nil || !f.root.value.isDict() {
		f.root = nil
		f.damage(f.sections[0].offset, "no catalog")
	}
	if f.info = f.resolve(f.infoEntry()); f.info != nil {
		if err := f.dictionary("Info", f.info); err != nil {
			f.note(err)
			f.info = nil
		}
	}
	if f.root == nil {
		return nil
	}
	f.note(f.dictionary("Catalog", f.root))
	f.metadata()
	f.manifests()
	f.Signed = f.signature()
	return nil
}

// infoEntry returns the value of Info in the newest trailer that has it. The
// newest of all should, but writers of later revisions forget it.
func (f *pdfFile) infoEntry() pdfValue {
	for _, s := range f.sections {
		if v := s.trailer.lookup("Info"); v != nil {
			return v
		}
	}
	return nil
}

// readSections reads the cross-reference sections that startxref leads to. In a
// file with junk before its header the offsets may count from either. If
// startxref is lost, so that the file is damaged, the last section will do.
func (f *pdfFile) readSections(header int64) error {
	offset, err := f.startxref()
	if err == nil {
		if err = f.chain(offset); len(f.sections) == 0 && header > 0 {
			f.shift = header
			err = f.chain(offset)
		}
	}
	if err == nil || len(f.sections) > 0 {
		f.note(err)
		return nil
	}
	f.note(err)
	f.shift = 0
	err = f.chain(f.lastSection())
	if len(f.sections) == 0 {
		return err
	}
	f.note(err)
	return nil
}

// startxref returns the offset of the newest cross-reference section.
func (f *pdfFile) startxref() (int64, error) {
	const keyword, mark = "startxref", "%%EOF"
	i := -1
	for n := int64(pdfTail); i < 0 && n <= pdfLongTail; n *= pdfLongTail / pdfTail {
		if err := f.readTail(n); err != nil {
			return 0, err
		}
		i = bytes.LastIndex(f.tail, []byte(keyword))
	}
	if i < 0 {
		return 0, &FormatError{Offset: f.src.Size(), Err: errors.New("no startxref")}
	}
	at := f.tailAt + int64(i)
	l := pdfLexer{text: f.tail[i+len(keyword):]}
	offset, err := l.integer()
	if err != nil {
		return 0, atOffset(at, err)
	}
	_, after, ok := bytes.Cut(l.text[l.pos:], []byte(mark))
	if !ok {
		f.damage(at, "no %s: %w", mark, errTruncated)
	} else if bytes.Contains(after, []byte(" obj")) {
		f.damage(f.src.Size(), "unfinished revision: %w", errTruncated)
	}
	return offset, nil
}

// readTail reads the last n bytes of the file.
func (f *pdfFile) readTail(n int64) error {
	at := max(0, f.src.Size()-n)
	b, err := f.view(at, n)
	if err == nil {
		f.tail, f.tailAt = b, at
	}
	return err
}

// dictionary lists the texts of o, and whatever it holds as an AIGC record.
func (f *pdfFile) dictionary(name string, o *pdfObject) error {
	if !o.value.isDict() {
		return &FormatError{Offset: o.at, Err: fmt.Errorf("%s is not a dictionary", name)}
	}
	for e, err := range o.value.entries() {
		if err == nil {
			err = f.src.Element()
		}
		if err != nil {
			return atOffset(o.at, err)
		}
		key := e.key()
		record := recordKey(key)
		if !record && name != "Info" {
			continue
		}
		s := Slot{Kind: Text, Key: key, Place: "PDF " + name + " " + printable(key)}
		if record {
			s.Kind = Record
			s.Guide = key == "AIGC" && f.vacant(Record) && name == "Info"
		}
		f.entrySlot(s, o, e)
	}
	return nil
}

// entrySlot adds the slot s of the entry e in o. A record that is no string
// counts as its source text, so that it is seen, and is replaced by a new one.
func (f *pdfFile) entrySlot(s Slot, o *pdfObject, e pdfEntry) {
	holder, from, end := o, e.from, e.end
	value := e.value
	if _, _, ok := value.reference(); ok {
		if holder = f.resolve(value); holder == nil {
			return
		}
		value, from, end = holder.value, 0, len(holder.value)
	}
	if value.isString() {
		from, end = from+1, end-1
	}
	switch {
	case string(value) == "null" || !value.isString() && s.Kind != Record:
		return
	case f.Encrypted: // the strings are
		if s.Kind != Record {
			return
		}
		s.Encoding = "encrypted"
	case value.isString():
		if err := f.spend(value); err != nil {
			f.note(err)
			return
		}
		s.Value, s.Encoding = value.text()
	default:
		s.Value = value
	}
	if holder.packed != nil && !f.Encrypted {
		s.Encoding = "pdf-object-stream"
	}
	s.Ranges = holder.ranges(from, end)
	f.add(s, pdfPlace{object: o, entry: e})
}

func (f *pdfFile) add(s Slot, p pdfPlace) {
	f.Slots = append(f.Slots, s)
	f.places = append(f.places, p)
}

// metadata lists the XMP packet of the document.
func (f *pdfFile) metadata() {
	o := f.resolve(f.root.value.lookup("Metadata"))
	if o == nil || f.Encrypted && !f.plainMetadata() {
		return
	}
	data, span, encoding, err := f.content(o, "XMP stream")
	if err != nil {
		f.note(err)
		return
	}
	f.add(Slot{Kind: XMP, Place: "PDF Metadata", Guide: true, Value: data, Encoding: encoding, Ranges: []Range{span}}, pdfPlace{object: o})
}

// plainMetadata reports whether an encrypted file leaves its XMP readable.
func (f *pdfFile) plainMetadata() bool {
	return string(f.direct(f.direct(f.sections[0].trailer.lookup("Encrypt")).lookup("EncryptMetadata"))) == "false"
}

// signature names the strongest signature of the file: a certification says
// what may still be changed (ISO 32000-2 clause 12.8).
func (f *pdfFile) signature() string {
	perms := f.direct(f.root.value.lookup("Perms"))
	if v := f.direct(perms.lookup("DocMDP")); v.isDict() {
		return "PDF certification signature, DocMDP P=" + strconv.FormatInt(f.docMDP(v), 10)
	}
	form := f.direct(f.root.value.lookup("AcroForm"))
	flags, _ := f.direct(form.lookup("SigFlags")).integer()
	switch {
	case f.signedField(form):
		return "PDF signature"
	case flags&2 != 0: // append only: signatures exist, wherever they are
		return "PDF signature"
	case f.direct(perms.lookup("UR3")).isDict():
		return "PDF usage rights signature"
	}
	return ""
}

// docMDP returns the permission of a certification signature.
func (f *pdfFile) docMDP(signature pdfValue) int64 {
	for v := range f.direct(signature.lookup("Reference")).elements() {
		reference := f.direct(v)
		if f.direct(reference.lookup("TransformMethod")).name() != "DocMDP" {
			continue
		}
		if p, ok := f.direct(f.direct(reference.lookup("TransformParams")).lookup("P")).integer(); ok {
			return p
		}
	}
	return 2 // the default
}

// maxPDFFields bounds the search for a signature in a form.
const maxPDFFields = 512

// signedField reports whether a field of the form is signed.
func (f *pdfFile) signedField(form pdfValue) bool {
	queue := appendPDFFields(nil, f.direct(form.lookup("Fields")))
	for n := 0; n < len(queue); n++ {
		field := f.direct(queue[n])
		if f.direct(field.lookup("FT")).name() == "Sig" && f.direct(field.lookup("V")).isDict() {
			return true
		}
		queue = appendPDFFields(queue, f.direct(field.lookup("Kids")))
	}
	return false
}

// appendPDFFields appends the elements of an array while there is room.
func appendPDFFields(queue []pdfValue, array pdfValue) []pdfValue {
	for v := range array.elements() {
		if len(queue) == maxPDFFields {
			break
		}
		queue = append(queue, v)
	}
	return queue
}
