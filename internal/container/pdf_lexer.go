package container

import (
	"bytes"
	"encoding/hex"
	"errors"
	"iter"
	"strconv"
)

// The syntax of PDF, ISO 32000-2 clause 7.2 and 7.3. Objects are never built as
// trees: a value is its source text, and a lookup reads that text again. So the
// text can be spliced, nesting costs no recursion, and what nobody asks for
// costs no memory.

var errPDFSyntax = errors.New("malformed PDF object")

// A pdfToken is a token of a text. Its kind is its first byte, but for words
// (numbers, true, obj, R...) and the brackets of dictionaries.
type pdfToken struct {
	kind       byte
	start, end int
}

const (
	pdfWord      = 'w'
	pdfDict      = '{' // <<
	pdfDictClose = '}' // >>
)

// A pdfLexer reads tokens and values. At the end of its text it returns
// errTruncated.
type pdfLexer struct {
	text []byte
	pos  int
}

// pdfBreaks are the characters that no name, number or word has.
var pdfBreaks = [256]pdfBreak{
	' ': pdfBlank, '\n': pdfBlank, '\r': pdfBlank, '\t': pdfBlank, '\f': pdfBlank, 0: pdfBlank,
	'(': pdfDelimiter, ')': pdfDelimiter, '<': pdfDelimiter, '>': pdfDelimiter, '[': pdfDelimiter, ']': pdfDelimiter,
	'{': pdfDelimiter, '}': pdfDelimiter, '/': pdfDelimiter, '%': pdfDelimiter,
}

// A pdfBreak is how a character ends a word, 0 for one that does not.
type pdfBreak byte

const (
	pdfBlank pdfBreak = iota + 1
	pdfDelimiter
)

func isPDFSpace(c byte) bool { return pdfBreaks[c] == pdfBlank }

// space skips white space and comments.
func (l *pdfLexer) space() {
	for ; l.pos < len(l.text); l.pos++ {
		switch c := l.text[l.pos]; {
		case c == '%':
			n := bytes.IndexAny(l.text[l.pos:], "\r\n")
			if n < 0 {
				n = len(l.text) - l.pos - 1
			}
			l.pos += n
		case !isPDFSpace(c):
			return
		}
	}
}

func (l *pdfLexer) token() (pdfToken, error) {
	l.space()
	if l.pos == len(l.text) {
		return pdfToken{}, errTruncated
	}
	t := pdfToken{kind: l.text[l.pos], start: l.pos}
	var err error
	switch t.kind {
	case '(':
		err = l.literal()
	case '<', '>':
		t.kind, err = l.angle()
	case '[', ']':
		l.pos++
	case ')', '{', '}':
		err = errPDFSyntax
	case '/':
		l.pos++
		l.regular()
	default:
		t.kind = pdfWord
		l.regular()
	}
	t.end = l.pos
	return t, err
}

// regular skips the regular characters of a name or a word.
func (l *pdfLexer) regular() {
	pos := l.pos
	for pos < len(l.text) && pdfBreaks[l.text[pos]] == 0 {
		pos++
	}
	l.pos = pos
}

// literal skips a literal string, whose parentheses are balanced.
func (l *pdfLexer) literal() error {
	depth := 0
	for ; l.pos < len(l.text); l.pos++ {
		switch l.text[l.pos] {
		case '\\':
			l.pos++
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				l.pos++
				return nil
			}
		}
	}
	l.pos = len(l.text)
	return errTruncated
}

// angle skips a bracket of a dictionary or a hexadecimal string.
func (l *pdfLexer) angle() (kind byte, err error) {
	rest := l.text[l.pos:]
	switch {
	case bytes.HasPrefix(rest, []byte("<<")):
		l.pos += 2
		return pdfDict, nil
	case bytes.HasPrefix(rest, []byte(">>")):
		l.pos += 2
		return pdfDictClose, nil
	case len(rest) == 1:
		l.pos++
		return 0, errTruncated
	case rest[0] == '>':
		return 0, errPDFSyntax
	}
	n := bytes.IndexByte(rest, '>')
	if n < 0 {
		l.pos = len(l.text)
		return '<', errTruncated
	}
	l.pos += n + 1
	return '<', nil
}

// value reads one whole object: a reference is one, a container with all that
// it holds is one.
func (l *pdfLexer) value() (pdfValue, error) {
	t, err := l.token()
	if err != nil {
		return nil, err
	}
	switch t.kind {
	case '[', pdfDict:
		err = l.container(t.kind)
	case ']', pdfDictClose:
		err = errPDFSyntax
	case pdfWord:
		l.reference(t)
	}
	return pdfValue(l.text[t.start:l.pos:l.pos]), err
}

// container skips to the end of an array or dictionary. Nesting costs a byte
// for each level that the text really has.
func (l *pdfLexer) container(open byte) error {
	stack := append(make([]byte, 0, 16), open)
	for len(stack) > 0 {
		t, err := l.token()
		if err != nil {
			return err
		}
		switch t.kind {
		case '[', pdfDict:
			stack = append(stack, t.kind)
		case ']', pdfDictClose:
			if stack[len(stack)-1] != t.kind-2 { // as in ASCII
				return errPDFSyntax
			}
			stack = stack[:len(stack)-1]
		}
	}
	return nil
}

// reference extends the integer t to a reference, if it starts one.
func (l *pdfLexer) reference(t pdfToken) {
	end := l.pos
	if !isInteger(l.text[t.start:t.end]) {
		return
	}
	gen, err := l.token()
	if err == nil && gen.kind == pdfWord && isInteger(l.text[gen.start:gen.end]) {
		if r, err := l.token(); err == nil && string(l.text[r.start:r.end]) == "R" {
			return
		}
	}
	l.pos = end
}

func isInteger(b []byte) bool {
	for _, c := range b {
		if c < '0' || c > '9' {
			return false
		}
	}
	return len(b) > 0
}

// integer reads a word that is a number that cannot be negative.
func (l *pdfLexer) integer() (int64, error) {
	t, err := l.token()
	if err != nil {
		return 0, err
	}
	word := l.text[t.start:t.end]
	if !isInteger(word) {
		return 0, errPDFSyntax
	}
	n, err := strconv.ParseInt(string(word), 10, 64)
	if err != nil {
		return 0, errPDFSyntax
	}
	return n, nil
}

// keyword reads the word want.
func (l *pdfLexer) keyword(want string) error {
	t, err := l.token()
	if err == nil && string(l.text[t.start:t.end]) != want {
		err = errPDFSyntax
	}
	return err
}

// A pdfValue is the source text of one object; nil stands for null.
type pdfValue []byte

// integer returns the value of a number that is not negative.
func (v pdfValue) integer() (int64, bool) {
	if !isInteger(v) {
		return 0, false
	}
	n, err := strconv.ParseInt(string(v), 10, 64)
	return n, err == nil
}

// reference returns the object number and generation of an indirect reference.
func (v pdfValue) reference() (num, gen int64, ok bool) {
	if len(v) == 0 || v[len(v)-1] != 'R' || v[0] < '0' || v[0] > '9' {
		return 0, 0, false
	}
	l := pdfLexer{text: v}
	num, err := l.integer()
	if err != nil {
		return 0, 0, false
	}
	gen, err = l.integer()
	return num, gen, err == nil && l.keyword("R") == nil
}

// name returns the decoded name without its slash, "" if v is none.
func (v pdfValue) name() string {
	if len(v) == 0 || v[0] != '/' {
		return ""
	}
	if bytes.IndexByte(v, '#') < 0 {
		return string(v[1:])
	}
	var name []byte
	for i := 1; i < len(v); i++ {
		var c [1]byte
		if v[i] == '#' && i+2 < len(v) {
			if _, err := hex.Decode(c[:], v[i+1:i+3]); err == nil {
				name = append(name, c[0])
				i += 2
				continue
			}
		}
		name = append(name, v[i])
	}
	return string(name)
}

func (v pdfValue) isDict() bool { return bytes.HasPrefix(v, []byte("<<")) }

func (v pdfValue) isArray() bool { return len(v) > 0 && v[0] == '[' }

func (v pdfValue) isString() bool { return len(v) > 0 && (v[0] == '(' || v[0] == '<') && !v.isDict() }

// A pdfEntry is an entry of a dictionary, and where it stands in the text.
type pdfEntry struct {
	name        pdfValue // the key as it is written
	value       pdfValue
	start, from int // of the key and of the value
	end         int
}

// key returns the key, decoded.
func (e *pdfEntry) key() string { return e.name.name() }

// is reports whether that is the key.
func (e *pdfEntry) is(key string) bool {
	return string(e.name[1:]) == key || bytes.IndexByte(e.name, '#') > 0 && e.key() == key
}

// entries yields the entries of a dictionary, last an error if it is malformed.
func (v pdfValue) entries() iter.Seq2[pdfEntry, error] {
	return func(yield func(pdfEntry, error) bool) {
		if !v.isDict() {
			return
		}
		l := pdfLexer{text: v, pos: 2}
		for {
			t, err := l.token()
			if err == nil && t.kind == pdfDictClose {
				return
			}
			e := pdfEntry{start: t.start}
			if err == nil && t.kind != '/' {
				err = errPDFSyntax
			}
			if err == nil {
				e.name = v[t.start:t.end]
				e.value, err = l.value()
				e.from, e.end = l.pos-len(e.value), l.pos
			}
			if !yield(e, err) || err != nil {
				return
			}
		}
	}
}

// entry returns the first entry of a dictionary with that key.
func (v pdfValue) entry(key string) (pdfEntry, bool) {
	for e, err := range v.entries() {
		if err == nil && e.is(key) {
			return e, true
		}
	}
	return pdfEntry{}, false
}

// lookup returns the value of a key, nil if it is absent or null.
func (v pdfValue) lookup(key string) pdfValue {
	e, _ := v.entry(key)
	if string(e.value) == "null" {
		return nil
	}
	return e.value
}

// elements yields the elements of an array; a single value is an array of one.
func (v pdfValue) elements() iter.Seq[pdfValue] {
	return func(yield func(pdfValue) bool) {
		if !v.isArray() {
			if v != nil {
				yield(v)
			}
			return
		}
		for l := (pdfLexer{text: v, pos: 1}); ; {
			e, err := l.value()
			if err != nil || !yield(e) {
				return
			}
		}
	}
}
