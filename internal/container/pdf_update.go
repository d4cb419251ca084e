package container

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"

	"github.com/aigclabel/aigclabel/internal/splice"
)

// Incremental updates, ISO 32000-2 clause 7.5.6: changed objects and a new
// cross-reference section after the end of the file. Not a byte before it
// changes, so a signature stays valid for the revision that it signs.

// A pdfUpdate collects the objects of a new revision.
type pdfUpdate struct {
	f       *pdfFile
	next    int64 // the next free object number
	objects []*pdfRevised
	trailer map[string]string // values of the trailer that change
}

// A pdfRevised is an object of a new revision: its text with splices, and what
// its stream holds now, if it has one.
type pdfRevised struct {
	num, gen int64
	text     pdfValue
	splices  []pdfSplice
	stream   []byte
	store    bool // the stream is a C2PA store
	offset   int64
}

// A pdfSplice replaces text[from:end].
type pdfSplice struct {
	from, end int
	text      []byte
}

// Plan implements [File]: it appends one revision, whatever the changes. The
// values that they replace or remove stay in the older revisions of the file,
// which no reader shows: PDF is append-only.
func (f *pdfFile) Plan(changes []Change) (*splice.Plan, error) {
	u, err := f.update(8)
	if err != nil {
		return nil, err
	}
	for i, p := range f.places {
		if err := u.replace(&f.Slots[i], p, changes); err != nil {
			return nil, err
		}
	}
	for _, c := range changes {
		if err := u.add(c); err != nil {
			return nil, err
		}
	}
	return u.plan()
}

// plan returns the edit that appends the revision, if there is one.
func (u *pdfUpdate) plan() (*splice.Plan, error) {
	src := u.f.src
	var edits []splice.Edit
	if len(u.objects) > 0 {
		b, err := u.encode()
		if err != nil {
			return nil, err
		}
		edits = []splice.Edit{{Offset: src.Size(), Insert: bytes.NewReader(b)}}
	}
	return splice.New(src.ReaderAt(), src.Size(), edits)
}

// update starts a revision with room for so many new objects. They get numbers that
// no section mentions: Size alone may lie.
func (f *pdfFile) update(room int64) (*pdfUpdate, error) {
	switch {
	case f.Encrypted:
		return nil, ErrEncrypted
	case f.root == nil:
		return nil, &FormatError{Offset: f.src.Size(), Err: errors.New("no catalog")}
	}
	u := &pdfUpdate{f: f, trailer: map[string]string{}}
	u.next, _ = f.sections[0].trailer.lookup("Size").integer()
	for _, s := range f.sections {
		for _, run := range s.runs {
			u.next = max(u.next, run.first+run.count)
		}
	}
	if u.next > maxPDFObject-room {
		return nil, &LimitError{What: "PDF object number", Limit: maxPDFObject}
	}
	return u, nil
}

// replace makes the change asked for a slot, if there is one.
func (u *pdfUpdate) replace(s *Slot, p pdfPlace, changes []Change) error {
	c, ok := changed(changes, s)
	switch {
	case !ok:
		return nil
	case p.object == nil:
		return ErrNoPlace
	case s.Kind == C2PA && c.Value == nil:
		return u.removeStore(p.file)
	case s.Kind == C2PA:
		u.setStore(p.object, c.Value)
		return nil
	case s.Kind == XMP && c.Value == nil:
		e, _ := u.f.root.value.entry("Metadata")
		u.revise(u.f.root, "Root").splice(e.start, e.end, nil)
		return nil
	case s.Kind == XMP:
		u.revise(p.object, "").setStream(c.Value)
		return nil
	}
	key := "Info"
	if p.object == u.f.root {
		key = "Root"
	}
	if c.Value == nil {
		u.revise(p.object, key).splice(p.entry.start, p.entry.end, nil)
		return nil
	}
	text, err := encodePDFText(c.Value)
	if err == nil {
		u.revise(p.object, key).splice(p.entry.from, p.entry.end, text)
	}
	return err
}

// add makes a change that adds a value.
func (u *pdfUpdate) add(c Change) error {
	switch {
	case c.Slot != nil:
		return nil
	case c.Kind == Record:
		return u.addRecord(c.Value)
	case c.Kind == XMP:
		return u.addMetadata(c.Value)
	case c.Kind == C2PA:
		return u.addStore(c.Value)
	}
	return ErrNoPlace
}

func (u *pdfUpdate) addRecord(value []byte) error {
	text, err := encodePDFText(value)
	if err != nil {
		return err
	}
	info := u.f.info
	if info == nil {
		if err := u.unread(u.f.infoEntry()); err != nil {
			return err
		}
		info = &pdfObject{value: pdfValue("<<>>")}
	}
	u.revise(info, "Info").set("AIGC", text)
	return nil
}

func (u *pdfUpdate) addMetadata(value []byte) error {
	root := u.f.root
	if err := u.unread(root.value.lookup("Metadata")); err != nil {
		return err
	}
	packet := &pdfRevised{num: u.next, text: pdfValue("<</Type/Metadata/Subtype/XML>>")}
	packet.setStream(value)
	u.next++
	u.objects = append(u.objects, packet)
	u.revise(root, "Root").set("Metadata", fmt.Appendf(nil, " %d 0 R", packet.num))
	return nil
}

// unread returns the limit that kept v from being read: what is not known
// cannot be kept.
func (u *pdfUpdate) unread(v pdfValue) error {
	if v != nil && len(u.f.Limits) > 0 {
		return u.f.Limits[0]
	}
	return nil
}

// revise returns the new revision of o, which the trailer refers to by key, if
// there is one: a direct dictionary becomes an object.
func (u *pdfUpdate) revise(o *pdfObject, key string) *pdfRevised {
	if o.num > 0 {
		for _, r := range u.objects {
			if r.num == o.num {
				return r
			}
		}
	}
	r := &pdfRevised{num: o.num, gen: o.gen, text: o.value}
	if r.num == 0 {
		r.num = u.next
		u.next++
	}
	if key != "" {
		u.trailer[key] = fmt.Sprintf(" %d %d R", r.num, r.gen)
	}
	u.objects = append(u.objects, r)
	return r
}

// splice replaces text[from:end].
func (r *pdfRevised) splice(from, end int, text []byte) {
	r.splices = append(r.splices, pdfSplice{from, end, text})
}

// set sets an entry of a dictionary.
func (r *pdfRevised) set(key string, value []byte) {
	if e, ok := r.text.entry(key); ok {
		r.splice(e.from, e.end, value)
		return
	}
	end := len(r.text) - len(">>")
	r.splice(end, end, slices.Concat([]byte("/"+key), value))
}

// pdfStreamKeys are the entries that say how a stream's bytes hold its data.
var pdfStreamKeys = []string{"Length", "Filter", "DecodeParms", "F", "FFilter", "FDecodeParms", "DL"}

// setStream makes data the content of the stream, as it is: metadata should be
// found by those who cannot inflate.
func (r *pdfRevised) setStream(data []byte) {
	for e, err := range r.text.entries() {
		if err == nil && slices.Contains(pdfStreamKeys, e.key()) {
			r.splice(e.start, e.end, nil)
		}
	}
	end := len(r.text) - len(">>")
	r.splice(end, end, fmt.Appendf(nil, "/Length %d", len(data)))
	r.stream = append([]byte{}, data...)
}

// body returns the text of the object with its splices.
func (r *pdfRevised) body() pdfValue {
	slices.SortStableFunc(r.splices, func(a, b pdfSplice) int { return cmp.Compare(a.from, b.from) })
	var b []byte
	pos := 0
	for _, s := range r.splices {
		if s.from >= pos {
			b = append(append(b, r.text[pos:s.from]...), s.text...)
			pos = s.end
		}
	}
	return append(b, r.text[pos:]...)
}

// appendTo appends the object to b.
func (r *pdfRevised) appendTo(b []byte) []byte {
	b = fmt.Appendf(b, "%d %d obj\n%s", r.num, r.gen, r.body())
	if r.stream != nil {
		b = append(b, "\nstream\n"...)
		b = append(append(b, r.stream...), "\nendstream"...)
	}
	return append(b, "\nendobj\n"...)
}

// encode returns the revision: the objects, and a cross-reference section of
// the same kind as the last one. A hybrid file gets a table, whose Prev leads to
// the old table and its stream.
func (u *pdfUpdate) encode() ([]byte, error) {
	last, err := u.f.src.Peek(u.f.src.Size()-1, 1)
	if err != nil {
		return nil, err
	}
	var b []byte
	if last[0] != '\n' && last[0] != '\r' {
		b = append(b, '\n')
	}
	slices.SortFunc(u.objects, func(a, b *pdfRevised) int { return cmp.Compare(a.num, b.num) })
	start := u.f.src.Size() - u.f.shift
	var constant []byte // but for the store, which signs the rest and so comes last
	for _, r := range u.objects {
		from := len(b)
		r.offset = start + int64(from)
		b = r.appendTo(b)
		if r.store {
			constant = fmt.Appendf(constant, "%d", len(b)-from)
		} else {
			constant = append(constant, b[from:]...)
		}
	}
	u.identify(constant)
	offset := start + int64(len(b))
	if u.f.sections[0].stream != nil {
		b = u.appendStream(b, offset)
	} else if b, err = u.appendTable(b, offset); err != nil {
		return nil, err
	}
	return fmt.Appendf(b, "startxref\n%d\n%%%%EOF\n", offset), nil
}

// identify renews the second of the file's identifiers, which says which
// revision this is; the first says which file (ISO 32000-2 clause 14.4). It
// depends on the revision alone, so that the same label makes the same file.
func (u *pdfUpdate) identify(objects []byte) {
	id := u.f.direct(u.f.sections[0].trailer.lookup("ID"))
	ids := slices.Collect(id.elements())
	if len(ids) != 2 || !ids[0].isString() || !ids[1].isString() {
		return
	}
	sum := sha256.Sum256(slices.Concat(ids[1], objects))
	u.trailer["ID"] = fmt.Sprintf("[%s<%x>]", ids[0], sum[:16])
}

// pdfSectionKeys are the trailer's entries that each section has for itself.
var pdfSectionKeys = append([]string{"Type", "Size", "Prev", "XRefStm", "Index", "W"}, pdfStreamKeys...)

// appendTrailer appends the trailer dictionary but for its end: the last one
// with other values where they change.
func (u *pdfUpdate) appendTrailer(b []byte) []byte {
	last := u.f.sections[0]
	b = fmt.Appendf(b, "<</Size %d/Prev %d", u.next, last.offset)
	for e, err := range last.trailer.entries() {
		if err != nil || slices.Contains(pdfSectionKeys, e.key()) || u.trailer[e.key()] != "" {
			continue
		}
		b = append(append(b, '\n'), last.trailer[e.start:e.end]...)
	}
	for _, key := range []string{"Root", "Info", "ID"} {
		if v := u.trailer[key]; v != "" {
			b = append(b, "\n/"+key+v...)
		}
	}
	return b
}

// maxPDFOffset is the greatest offset that the ten digits of a table can say.
const maxPDFOffset = 9999999999

// appendTable appends a table with its trailer, one subsection for each object.
func (u *pdfUpdate) appendTable(b []byte, offset int64) ([]byte, error) {
	if offset > maxPDFOffset {
		return nil, &LimitError{What: "PDF offset", Limit: maxPDFOffset}
	}
	b = append(b, "xref\n"...)
	for _, r := range u.objects {
		b = fmt.Appendf(b, "%d 1\n%010d %05d n \n", r.num, r.offset, r.gen)
	}
	return append(u.appendTrailer(append(b, "trailer\n"...)), ">>\n"...), nil
}

// appendStream appends a cross-reference stream, which lists itself too.
func (u *pdfUpdate) appendStream(b []byte, offset int64) []byte {
	self := &pdfRevised{num: u.next, offset: offset}
	u.next++
	width := 4
	if offset >= 1<<32 {
		width = 8
	}
	var rows, index []byte
	for _, r := range append(u.objects, self) {
		rows = append(rows, pdfInUse)
		for i := width - 1; i >= 0; i-- {
			rows = append(rows, byte(r.offset>>(8*i)))
		}
		rows = append(rows, byte(r.gen>>8), byte(r.gen))
		index = fmt.Appendf(index, " %d 1", r.num)
	}
	b = u.appendTrailer(fmt.Appendf(b, "%d 0 obj\n", self.num))
	b = fmt.Appendf(b, "/Type/XRef/W[1 %d 2]/Index[%s]/Length %d>>\nstream\n", width, index[1:], len(rows))
	return append(append(b, rows...), "\nendstream\nendobj\n"...)
}
