package label

import (
	"bytes"
	"io"

	"github.com/aigclabel/aigclabel/internal/splice"
)

// planTextNotice returns the edits that put notice on a line of its own into a
// text file: at the start, behind the byte order mark and, in Markdown, behind
// the front matter; or at the end. It keeps the line ends and the encoding (UTF-8,
// UTF-16 with a byte order mark, GB 18030; else [ErrEncoding]). There are no edits
// where a notice stands already. Markdown that ends in an open code block gets
// the notice at its start instead of its end.
func planTextNotice(src io.ReaderAt, size int64, notice string, pos Position, markdown bool) (*splice.Plan, error) {
	t, err := openText(src, size, markdown)
	if err != nil {
		return nil, err
	}
	if pos != Start {
		if pos, err = t.end(pos); err != nil {
			return nil, err
		}
	}
	var edits []splice.Edit
	if _, there := t.atStart(notice); pos != End && !there {
		edits = append(edits, t.prepend(notice))
	}
	if _, there := t.atEnd(notice); pos != Start && !there {
		edits = append(edits, t.append(notice))
	}
	if len(edits) > 0 && !t.holds(notice) {
		return nil, ErrEncoding
	}
	return splice.New(src, size, edits)
}

// end returns pos, or Start where there is no end to write to.
func (t *textFile) end(pos Position) (Position, error) {
	if int64(t.body) == t.size {
		return Start, nil
	}
	if !t.markdown {
		return pos, nil
	}
	code, err := t.endsInCode()
	if code {
		return Start, err
	}
	return pos, err
}

// prepend returns the edit that sets notice before the body, as a paragraph.
func (t *textFile) prepend(notice string) splice.Edit {
	rest := t.head[t.body:]
	text := notice + t.eol
	if len(rest) > 0 && !t.blank(rest[:t.lineEnd(rest)]) {
		text += t.eol
	}
	switch front := t.head[t.bom:t.body]; {
	case len(front) == 0:
	case t.endsLine(front):
		text = t.eol + text
	default:
		text = t.eol + t.eol + notice
	}
	return splice.Edit{Offset: int64(t.body), Insert: bytes.NewReader(t.encode(text))}
}

// append returns the edit that sets notice behind the text, as a paragraph. A
// text whose last line has no end still has none.
func (t *textFile) append(notice string) splice.Edit {
	var last textLine
	for last = range t.lines(t.tail) {
	}
	var text string
	switch {
	case !t.endsLine(last.raw):
		text = t.eol + t.eol + notice
	case t.blank(last.raw):
		text = notice + t.eol
	default:
		text = t.eol + notice + t.eol
	}
	return splice.Edit{Offset: t.size, Insert: bytes.NewReader(t.encode(text))}
}

// A textNotice is a notice found in a text.
type textNotice struct {
	Text   string // the line, without decoration
	Place  string // "text start" or "text end"
	Offset int64  // of the line in the file
	Length int64  // of the line in bytes
}

// findTextNotices returns the notices that stand at the start and the end of a
// text: a line that says nothing else, or brackets that open the first line
// or close the last. A text of an unknown encoding is searched as far as it is ASCII.
func findTextNotices(src io.ReaderAt, size int64, markdown bool) ([]textNotice, error) {
	t, err := openText(src, size, markdown)
	if err != nil {
		return nil, err
	}
	var found []textNotice
	if n, ok := t.atStart(""); ok {
		found = append(found, n)
	}
	if n, ok := t.atEnd(""); ok && (len(found) == 0 || n.Offset != found[0].Offset) {
		found = append(found, n)
	}
	return found, nil
}

// atStart returns the notice in the first line of the text or, behind a Markdown
// heading, in the second; own is one besides those that are known.
func (t *textFile) atStart(own string) (textNotice, bool) {
	for l := range t.lines(t.head[t.body:]) {
		if t.blank(l.raw) || t.markdown && bytes.HasPrefix(t.narrow(l.raw), []byte("#")) {
			continue
		}
		text := t.decode(l.raw[:min(len(l.raw), longLine)])
		found, ok := recognise(text, own, leading)
		return textNotice{found, "text start", int64(t.body) + l.offset, int64(len(l.raw))}, ok
	}
	return textNotice{}, false
}

// atEnd returns the notice in the last line of the text.
func (t *textFile) atEnd(own string) (textNotice, bool) {
	var last textLine
	for l := range t.lines(t.tail) {
		if !t.blank(l.raw) {
			last = l
		}
	}
	text := t.decode(last.raw[max(0, len(last.raw)-longLine):])
	found, ok := recognise(text, own, trailing)
	return textNotice{found, "text end", t.size - int64(len(t.tail)) + last.offset, int64(len(last.raw))}, ok
}

// longLine is how many bytes of a line are looked at. It is even, for UTF-16.
const longLine = 1 << 10
