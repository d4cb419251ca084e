package container

import (
	"errors"
	"fmt"
	"strconv"
)

// Cross-reference tables, streams and hybrids, ISO 32000-2 clauses 7.5.4, 7.5.5
// and 7.5.8. Tables are never read as a whole: an entry's place is computed.

// A pdfSection is one cross-reference section with its trailer.
type pdfSection struct {
	offset  int64 // as startxref and Prev give it
	trailer pdfValue
	runs    []pdfRun
	hybrid  bool // belongs to the table before it

	stream *pdfObject // nil for a table
	widths [3]int
	rows   []byte // of the stream, read on demand
	read   bool
}

// A pdfRun is a subsection: the entries of count objects from first.
type pdfRun struct {
	first, count int64
	at           int64 // where its entries start: in the file, or among the rows
	width        int64 // bytes of an entry of a table
}

// A pdfLocation is a cross-reference entry.
type pdfLocation struct {
	kind   int64
	offset int64 // in use: in the file; packed: the number of the object stream
}

// The kinds of entries, as cross-reference streams number them. An object that
// is not listed is as good as free.
const (
	pdfFree   = 0
	pdfInUse  = 1
	pdfPacked = 2
)

// maxPDFObject is the greatest object number, ISO 32000-1 Annex C.
const maxPDFObject = 8388607

// maxPDFRuns bounds the subsections of one section. Real ones have a few; each
// costs memory and is looked at for each object.
const maxPDFRuns = 1 << 14

// maxPDFLooks bounds the subsections that are looked at for all objects: many
// of them, for many references, would take minutes.
const maxPDFLooks = 1 << 26

// chain reads the section at offset and all before it.
func (f *pdfFile) chain(offset int64) error {
	seen := map[int64]bool{}
	for {
		if seen[offset] {
			return &FormatError{Offset: offset, Err: errors.New("cross-reference sections form a loop")}
		}
		seen[offset] = true
		s, err := f.section(offset)
		if err != nil {
			return err
		}
		f.sections = append(f.sections, s)
		for _, err := range s.trailer.entries() {
			f.note(atOffset(offset, err))
		}
		if at, ok := s.trailer.lookup("XRefStm").integer(); ok && s.stream == nil {
			f.note(f.hybrid(at))
		}
		prev := f.direct(s.trailer.lookup("Prev"))
		if prev == nil || string(prev) == "0" { // some writers put 0 for none
			return nil
		}
		var ok bool
		if offset, ok = prev.integer(); !ok {
			return &FormatError{Offset: s.offset, Err: errors.New("malformed Prev")}
		}
	}
}

// hybrid reads the stream that adds to the table before it.
func (f *pdfFile) hybrid(offset int64) error {
	s, err := f.section(offset)
	if err != nil {
		return err
	}
	if s.stream == nil {
		return &FormatError{Offset: offset, Err: errors.New("XRefStm is not a stream")}
	}
	s.hybrid = true
	f.sections = append(f.sections, s)
	return nil
}

// section reads the section at offset.
func (f *pdfFile) section(offset int64) (*pdfSection, error) {
	if err := f.src.Element(); err != nil {
		return nil, err
	}
	s := &pdfSection{offset: offset}
	at := offset + f.shift
	var after int64 // the keyword xref, 0 without one
	err := f.lex(at, func(l *pdfLexer) error {
		t, err := l.token()
		if t.start > len("\r\n") { // not what the offset means, but something later
			err = errPDFSyntax
		}
		if after = 0; string(l.text[t.start:t.end]) == "xref" {
			after = at + int64(l.pos)
		}
		return err
	})
	switch {
	case err != nil:
		return nil, err
	case after > 0:
		return s, f.table(s, after)
	}
	if s.stream, err = f.objectAt(at); err == nil {
		s.trailer = s.stream.value
		err = s.layout(at)
	}
	return s, err
}

// table reads the subsection headers of a table and its trailer.
func (f *pdfFile) table(s *pdfSection, pos int64) error {
	for {
		b, err := f.peek(pos, int(min(peekSize, max(f.src.Size()-pos, 1))))
		if err != nil {
			return err
		}
		l := pdfLexer{text: b}
		t, err := l.token()
		if err == nil && string(b[t.start:t.end]) == "trailer" {
			return f.trailer(s, pos+int64(l.pos))
		}
		l.pos = 0
		run, err := readPDFRun(&l)
		if err != nil {
			return atOffset(pos, err)
		}
		run.at += pos
		if run.count > (f.src.Size()-run.at)/run.width {
			return &FormatError{Offset: pos, Err: fmt.Errorf("cross-reference table: %w", errTruncated)}
		}
		if err := s.add(run); err != nil {
			return err
		}
		pos = run.at + run.count*run.width
	}
}

// add adds a subsection that is not empty.
func (s *pdfSection) add(run pdfRun) error {
	if run.count == 0 {
		return nil
	}
	if len(s.runs) == maxPDFRuns {
		return &LimitError{What: "number of cross-reference subsections", Limit: maxPDFRuns}
	}
	s.runs = append(s.runs, run)
	return nil
}

// readPDFRun reads the header of a subsection, and looks at its first entry.
func readPDFRun(l *pdfLexer) (pdfRun, error) {
	var run pdfRun
	var err error
	if run.first, err = l.integer(); err != nil {
		return run, err
	}
	if run.count, err = l.integer(); err != nil {
		return run, err
	}
	if run.first > maxPDFObject || run.count > maxPDFObject+1 {
		return run, errPDFSyntax
	}
	l.space()
	run.at, run.width = int64(l.pos), 20
	entry := l.text[l.pos:]
	if len(entry) > 19 && (entry[18] == '\n' || entry[18] == '\r') && !isPDFSpace(entry[19]) {
		run.width = 19 // a line end of one byte: wrong, frequent, and read by all
	}
	if run.first == 1 && len(entry) > 18 && string(entry[:18]) == "0000000000 65535 f" {
		run.first = 0 // the head of the free list is object 0, whatever the writer says
	}
	return run, nil
}

// trailer reads the trailer dictionary of a table.
func (f *pdfFile) trailer(s *pdfSection, pos int64) error {
	return f.lex(pos, func(l *pdfLexer) (err error) {
		s.trailer, err = l.value()
		if err == nil && !s.trailer.isDict() {
			err = errPDFSyntax
		}
		return err
	})
}

// layout reads how the rows of a cross-reference stream lie.
func (s *pdfSection) layout(at int64) error {
	bad := &FormatError{Offset: at, Err: errors.New("malformed cross-reference stream")}
	i, sum := 0, 0
	for v := range s.trailer.lookup("W").elements() {
		n, ok := v.integer()
		if i == 3 || !ok || n > 8 {
			return bad
		}
		s.widths[i] = int(n)
		sum += int(n)
		i++
	}
	if i < 3 || sum == 0 || s.stream.data == 0 {
		return bad
	}
	index := s.trailer.lookup("Index")
	if index == nil {
		index = pdfValue("[0 " + string(s.trailer.lookup("Size")) + "]")
	}
	var first, rows int64
	n := 0
	for v := range index.elements() {
		count, ok := v.integer()
		if !ok || count > maxPDFObject+1 {
			return bad
		}
		if n++; n%2 == 1 {
			first = count
			continue
		}
		if err := s.add(pdfRun{first: first, count: count, at: rows}); err != nil {
			return err
		}
		rows += count
	}
	return nil
}

// locate finds an object, in the newest section that lists it.
func (f *pdfFile) locate(num int64) (pdfLocation, error) {
	free := false
	for _, s := range f.sections {
		if free && !s.hybrid {
			break // what a table hides, only its own stream shows
		}
		if f.looks += 1 + len(s.runs); f.looks > maxPDFLooks {
			return pdfLocation{}, &LimitError{What: "number of cross-reference look-ups", Limit: maxPDFLooks}
		}
		loc, ok, err := f.entry(s, num)
		if err != nil {
			return loc, err
		}
		if ok && loc.kind != pdfFree {
			return loc, nil
		}
		free = free || ok
	}
	return pdfLocation{}, nil
}

// entry returns the entry of an object in one section.
func (f *pdfFile) entry(s *pdfSection, num int64) (pdfLocation, bool, error) {
	for _, run := range s.runs {
		if num < run.first || num-run.first >= run.count {
			continue
		}
		if s.stream == nil {
			loc, err := f.tableEntry(run.at + (num-run.first)*run.width)
			return loc, err == nil, err
		}
		loc, ok, err := f.streamEntry(s, run.at+num-run.first)
		return loc, ok, err
	}
	return pdfLocation{}, false, nil
}

// tableEntry reads "0000000123 00000 n" at off.
func (f *pdfFile) tableEntry(off int64) (pdfLocation, error) {
	b, err := f.peek(off, 18)
	if err != nil {
		return pdfLocation{}, err
	}
	offset, err := strconv.ParseInt(string(b[:10]), 10, 64)
	if err != nil || offset < 0 || b[17] != 'n' && b[17] != 'f' {
		return pdfLocation{}, &FormatError{Offset: off, Err: errors.New("malformed cross-reference entry")}
	}
	if b[17] == 'f' {
		return pdfLocation{kind: pdfFree}, nil
	}
	return pdfLocation{kind: pdfInUse, offset: offset}, nil
}

// streamEntry returns a row of a cross-reference stream.
func (f *pdfFile) streamEntry(s *pdfSection, row int64) (pdfLocation, bool, error) {
	if !s.read {
		s.read = true // even while it is being read: it may not need itself
		var err error
		if s.rows, _, _, err = f.content(s.stream, "cross-reference stream"); err != nil {
			return pdfLocation{}, false, err
		}
	}
	width := int64(s.widths[0] + s.widths[1] + s.widths[2])
	if row >= int64(len(s.rows))/width {
		return pdfLocation{}, false, &FormatError{Offset: s.stream.at, Err: errors.New("cross-reference stream is too short")}
	}
	b := s.rows[row*width:]
	loc := pdfLocation{kind: pdfInUse}
	if s.widths[0] > 0 {
		loc.kind = pdfField(b, s.widths[0])
	}
	loc.offset = pdfField(b[s.widths[0]:], s.widths[1])
	return loc, true, nil
}

// pdfField reads a big-endian number of n bytes.
func pdfField(b []byte, n int) (v int64) {
	for _, c := range b[:n] {
		v = v<<8 | int64(c)
	}
	return v
}
