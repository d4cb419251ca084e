package container

import (
	"cmp"
	"encoding/binary"
	"slices"
	"sort"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// Character maps, ISO 32000-2 clauses 9.7.5 and 9.10.3: what the codes of a text
// stand for.

// A pdfRange says what the codes from lo to hi stand for.
type pdfRange[T any] struct {
	lo, hi uint32
	to     T
}

// pdfRanges is sorted by lo.
type pdfRanges[T any] []pdfRange[T]

func (rs pdfRanges[T]) sort() {
	slices.SortStableFunc(rs, func(a, b pdfRange[T]) int { return cmp.Compare(a.lo, b.lo) })
}

// find returns the range that has a code.
func (rs pdfRanges[T]) find(code uint32) (r pdfRange[T], ok bool) {
	i := sort.Search(len(rs), func(i int) bool { return rs[i].lo > code })
	if i == 0 || rs[i-1].hi < code {
		return r, false
	}
	return rs[i-1], true
}

// maxPDFRanges bounds the ranges of all fonts of the pages that are read.
const maxPDFRanges = 1 << 16

var errManyPDFRanges = &LimitError{What: "number of character codes", Limit: maxPDFRanges}

// room takes n ranges from those that all fonts may have.
func (d *PDFDocument) room(n int) error {
	if n > maxPDFRanges-d.ranges {
		return errManyPDFRanges
	}
	d.ranges += n
	return nil
}

// cmap reads the characters that a ToUnicode map gives to codes. What it cannot
// read, it leaves out.
func (d *PDFDocument) cmap(text []byte) (pdfRanges[string], error) {
	var m pdfRanges[string]
	l := pdfLexer{text: text}
	for {
		t, err := l.token()
		if err != nil && l.pos >= len(text) {
			m.sort()
			return m, nil
		}
		if err != nil {
			l.pos++
			continue
		}
		switch string(text[t.start:t.end]) {
		case "beginbfchar":
			err = d.bfChars(&l, &m)
		case "beginbfrange":
			err = d.bfRanges(&l, &m)
		}
		if err != nil {
			m.sort()
			return m, err
		}
	}
}

// addCode adds a range of codes.
func (d *PDFDocument) addCode(m *pdfRanges[string], lo, hi uint32, to pdfValue) error {
	if len(*m) == cap(*m) {
		*m = slices.Grow(*m, len(*m)+64) // twice as much: append would copy more often
	}
	*m = append(*m, pdfRange[string]{lo, hi, to.utf16()})
	return d.room(1)
}

// bfChars reads pairs of a code and its characters, up to a word.
func (d *PDFDocument) bfChars(l *pdfLexer, m *pdfRanges[string]) error {
	for {
		code, ok := l.code()
		if !ok {
			return nil
		}
		to, err := l.value()
		if err != nil || !to.isString() {
			return nil
		}
		if err := d.addCode(m, code, code, to); err != nil {
			return err
		}
	}
}

// bfRanges reads ranges of codes with the characters of the first, or of each.
func (d *PDFDocument) bfRanges(l *pdfLexer, m *pdfRanges[string]) error {
	for {
		lo, ok := l.code()
		if !ok {
			return nil
		}
		hi, ok := l.code()
		to, err := l.value()
		if err != nil || !ok {
			return nil
		}
		if to.isString() {
			if err := d.addCode(m, lo, hi, to); err != nil {
				return err
			}
			continue
		}
		for each := range to.elements() {
			if !each.isString() || lo > hi {
				break
			}
			if err := d.addCode(m, lo, lo, each); err != nil {
				return err
			}
			lo++
		}
	}
}

// code reads a hexadecimal string of at most four bytes.
func (l *pdfLexer) code() (uint32, bool) {
	v, err := l.value()
	if err != nil || !v.isString() {
		return 0, false
	}
	return v.code()
}

// code returns the number that a hexadecimal string of at most eight digits is.
func (v pdfValue) code() (uint32, bool) {
	if v[0] != '<' || len(v) > len("<12345678>") {
		return 0, false
	}
	n, err := strconv.ParseUint(string(v[1:len(v)-1]), 16, 32)
	return uint32(n), err == nil
}

// utf16 returns the characters of a string in UTF-16 with the high byte first.
func (v pdfValue) utf16() string {
	if code, ok := v.code(); ok && len(v) == len("<1234>") && !utf16.IsSurrogate(rune(code)) {
		return string(rune(code)) // most are one
	}
	return string(decodeUTF16(unhexPDF(v[1:len(v)-1]), binary.BigEndian))
}

// pdfUnicode returns the characters of a code: those of the first in its range, the last
// of which counts on.
func pdfUnicode(m pdfRanges[string], code uint32) (string, bool) {
	r, ok := m.find(code)
	if !ok || code == r.lo {
		return r.to, ok
	}
	last, size := utf8.DecodeLastRuneInString(r.to)
	return r.to[:len(r.to)-size] + string(last+rune(code-r.lo)), true
}
