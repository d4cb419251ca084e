package container

import (
	"errors"
	"fmt"
)

// Indirect objects, ISO 32000-2 clause 7.3.10, each read alone from its place.

// A pdfObject is an indirect object, or a direct one with what holds it.
type pdfObject struct {
	num, gen int64
	value    pdfValue
	at       int64  // where value stands in the file
	packed   *Range // the object stream that value is packed in, if any
	data     int64  // where its stream starts, 0 if it is none
}

// ranges returns the file bytes of value[from:end].
func (o *pdfObject) ranges(from, end int) []Range {
	if o.packed != nil {
		return []Range{*o.packed}
	}
	return []Range{{o.at + int64(from), int64(end - from)}}
}

// maxPDFGeneration is the greatest generation number, ISO 32000-1 Annex C.
const maxPDFGeneration = 65535

// pdfBlock is how much of the file one look at an object reads.
const pdfBlock = 4 << 10

// view returns n bytes at off, fewer at the end of the file. All views of a
// file stay within a budget, so that overlapping objects cannot be read for ever.
func (f *pdfFile) view(off, n int64) ([]byte, error) {
	n = min(n, f.src.Size()-off)
	if b, ok, err := f.src.window(off, n); ok || err != nil {
		return b, err
	}
	if off >= f.tailAt {
		return f.tail[off-f.tailAt:][:n:n], nil
	}
	if n > f.budget {
		return nil, &LimitError{What: "PDF text", Limit: f.src.Values}
	}
	f.budget -= n
	b := make([]byte, n)
	return b, f.src.readAt(b, off)
}

// spend takes a text that is to be decoded from the budget: strings overlap in
// hostile files, and a decoder needs some times their size.
func (f *pdfFile) spend(text pdfValue) error {
	return f.charge(8 * len(text))
}

// charge takes what is looked through once more from the budget.
func (f *pdfFile) charge(n int) error {
	if f.budget -= int64(n); f.budget < 0 {
		return &LimitError{What: "PDF text", Limit: f.src.Values}
	}
	return nil
}

// peek is [Source.Peek], from the tail if it lies there.
func (f *pdfFile) peek(off int64, n int) ([]byte, error) {
	if off >= f.tailAt && off <= f.src.Size()-int64(n) {
		return f.tail[off-f.tailAt:][:n], nil
	}
	return f.src.Peek(off, n)
}

// lex calls read with the text at off, more and more of it until read is done
// before the end.
func (f *pdfFile) lex(off int64, read func(*pdfLexer) error) error {
	for n := int64(pdfBlock); ; n *= 8 {
		b, err := f.view(off, n)
		if err != nil {
			return err
		}
		l := pdfLexer{text: b}
		err = read(&l)
		whole := int64(len(b)) < n || off+n == f.src.Size()
		if whole || l.pos < len(b) && !errors.Is(err, errTruncated) {
			return atOffset(off, err)
		}
		if n > f.src.Value {
			return &LimitError{What: "PDF object", Limit: f.src.Value}
		}
	}
}

// atOffset makes an error of syntax a [FormatError].
func atOffset(off int64, err error) error {
	if err == nil || !errors.Is(err, errPDFSyntax) && !errors.Is(err, errTruncated) {
		return err
	}
	return &FormatError{Offset: off, Err: err}
}

// objectAt reads the indirect object at off.
func (f *pdfFile) objectAt(off int64) (*pdfObject, error) {
	if err := f.src.Element(); err != nil {
		return nil, err
	}
	var o *pdfObject
	err := f.lex(off, func(l *pdfLexer) (err error) {
		o, err = readPDFObject(l)
		return err
	})
	if err != nil {
		return nil, err
	}
	o.at += off
	if o.data > 0 {
		o.data += off
	}
	return o, nil
}

// readPDFObject reads an indirect object: positions are those of the text.
func readPDFObject(l *pdfLexer) (*pdfObject, error) {
	o := &pdfObject{}
	var err error
	if o.num, err = l.integer(); err != nil {
		return nil, err
	}
	if o.gen, err = l.integer(); err != nil {
		return nil, err
	}
	if err = l.keyword("obj"); err == nil && o.gen > maxPDFGeneration {
		err = errPDFSyntax
	}
	if err != nil {
		return nil, err
	}
	if o.value, err = l.value(); err != nil {
		return nil, err
	}
	o.at = int64(l.pos - len(o.value))
	t, err := l.token()
	if err != nil || string(l.text[t.start:t.end]) != "stream" {
		return o, err // a missing endobj hurts nobody
	}
	rest := l.text[l.pos:]
	switch {
	case len(rest) < 2:
		return nil, errTruncated
	case rest[0] == '\r':
		l.pos += 1 + lineFeed(rest[1:])
	case rest[0] == '\n':
		l.pos++
	}
	o.data = int64(l.pos)
	return o, nil
}

// resolve returns the object that v refers to, v itself if it is direct, and
// nil for null, for a missing object and for one that cannot be read: then the
// layout says why.
func (f *pdfFile) resolve(v pdfValue) *pdfObject {
	num, gen, ok := v.reference()
	switch {
	case v == nil:
		return nil
	case !ok:
		return &pdfObject{value: v}
	}
	budget := f.budget
	o, err := f.object(num, gen)
	if err == nil && o != nil && o.packed == nil && f.budget == budget { // the head costs no read, but is taken apart
		err = f.charge(len(o.value))
	}
	if f.note(err); err != nil || o == nil || string(o.value) == "null" {
		return nil
	}
	return o
}

// direct returns the value of v, through a reference.
func (f *pdfFile) direct(v pdfValue) pdfValue {
	if _, _, ok := v.reference(); !ok {
		return v
	}
	if o := f.resolve(v); o != nil {
		return o.value
	}
	return nil
}

// note files err in the layout, and keeps an I/O error for the end of the walk.
func (f *pdfFile) note(err error) {
	if _, limited := errors.AsType[*LimitError](err); limited {
		f.refused++
	}
	if err = f.fail(f.src.Size(), err); err != nil && f.err == nil {
		f.err = err
	}
}

// object returns an object by its number, nil if it is free or missing.
func (f *pdfFile) object(num, gen int64) (*pdfObject, error) {
	loc, err := f.locate(num)
	if err != nil {
		return nil, err
	}
	switch loc.kind {
	case pdfPacked:
		if f.Encrypted {
			return nil, nil
		}
		return f.unpack(num, loc)
	case pdfInUse:
	default:
		return nil, nil
	}
	o, err := f.objectAt(loc.offset + f.shift)
	if err == nil && (o.num != num || o.gen != gen) {
		err = &FormatError{Offset: loc.offset + f.shift, Err: fmt.Errorf("object %d %d, not %d %d", o.num, o.gen, num, gen)}
	}
	return o, err
}
