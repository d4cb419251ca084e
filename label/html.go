package label

import (
	"bytes"
	"errors"
	"fmt"
	"html"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/aigclabel/aigclabel/internal/container"
	"github.com/aigclabel/aigclabel/internal/splice"
	"github.com/aigclabel/aigclabel/metadata"
)

// maxHTML bounds an HTML document, which is read whole.
const maxHTML = 32 << 20

// readHTML returns an HTML document. Encodings with ASCII in them are read as far
// as they are ASCII; UTF-16 is [ErrEncoding].
func readHTML(src metadata.Source) ([]byte, error) {
	if src.Size > maxHTML {
		return nil, &metadata.LimitError{What: "HTML document", Limit: maxHTML}
	}
	b := make([]byte, src.Size)
	if _, err := src.R.ReadAt(b, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("label: read HTML: %w", err)
	}
	if len(b) >= 2 && (b[0] == 0xFF && b[1] == 0xFE || b[0] == 0xFE && b[1] == 0xFF) {
		return nil, ErrEncoding
	}
	return b, nil
}

// planHTMLNotice returns the edits that set the notice before the content of an
// HTML document, behind it, or both, as a paragraph for all readers: with its
// language, and the role of a note (WAI-ARIA 1.2). There are none where a line with
// the notice stands already.
func planHTMLNotice(src metadata.Source, n Notice, state metadata.State) (*splice.Plan, error) {
	wording, err := n.wording(state)
	if err != nil {
		return nil, err
	}
	b, err := readHTML(src)
	if err != nil {
		return nil, err
	}
	paragraph := n.paragraph(state, htmlMarks, func(s string) string { return escapeHTML(b, s) })
	edits, err := htmlEdits(b, container.ReadHTMLBody(b), wording, paragraph, n.Position != End, n.Position != Start)
	if err != nil {
		return nil, err
	}
	return splice.New(src.R, src.Size, edits)
}

// htmlEdits returns the edits that set a paragraph before the content of a document,
// behind it, or both.
func htmlEdits(b []byte, body container.HTMLBody, wording, paragraph string, start, end bool) (edits []splice.Edit, err error) {
	if body.Frames { // a paragraph would take the place of the frames
		return nil, fmt.Errorf("%w (frameset)", ErrNoNotice)
	}
	add := func(at int, text string) {
		edits = append(edits, splice.Edit{Offset: int64(at), Insert: strings.NewReader(text)})
	}
	if _, there := recognise(body.First.Text, wording, leading); start && !there {
		add(body.Start, lineBreak(b[:body.Start])+paragraph+"\n")
	}
	if _, there := recognise(body.Last.Text, wording, trailing); end && !there {
		add(body.End, paragraph+"\n")
	}
	return edits, nil
}

// lineBreak is a line break behind text that does not start a line.
func lineBreak(before []byte) string {
	if len(before) == 0 || bytes.HasSuffix(before, []byte("\n")) || bytes.Equal(before, []byte("\uFEFF")) {
		return ""
	}
	return "\n"
}

// htmlAttributes are how a kind of HTML says what an element is.
type htmlAttributes struct {
	role     string // of a note
	language string // a format
}

var htmlMarks = htmlAttributes{` role="note"`, ` lang="%s"`}

// paragraph returns the notice as an element, each language marked as such.
func (n Notice) paragraph(state metadata.State, marks htmlAttributes, escape func(string) string) string {
	languages := n.languages()
	in := func(w wordings) string { return fmt.Sprintf(marks.language, w.tag) }
	if n.Text != "" || len(languages) == 1 {
		text, _ := n.wording(state) // seen before
		return "<p" + marks.role + in(languages[0]) + ">" + escape(text) + "</p>"
	}
	var parts []string
	for _, w := range languages {
		parts = append(parts, "<span"+in(w)+">"+escape(w.text.of(state))+"</span>")
	}
	return "<p" + marks.role + ">" + strings.Join(parts, escape(between)) + "</p>"
}

// escapeHTML returns text as it stands in a document: characters as they are where
// the document has some in UTF-8 itself, else as references, which hold in any
// encoding.
func escapeHTML(document []byte, text string) string {
	text = html.EscapeString(text)
	beyond := func(r rune) bool { return r >= utf8.RuneSelf }
	if utf8.Valid(document) && bytes.ContainsFunc(document, beyond) {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		if beyond(r) {
			fmt.Fprintf(&b, "&#%d;", r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// findHTMLNotices returns the notices in the first and the last line of a document.
func findHTMLNotices(src metadata.Source) ([]textNotice, error) {
	b, err := readHTML(src)
	if err != nil {
		return nil, err
	}
	body := container.ReadHTMLBody(b)
	var found []textNotice
	for _, end := range []struct {
		line  container.HTMLLine
		side  side
		place string
	}{{body.First, leading, "text start"}, {body.Last, trailing, "text end"}} {
		text, ok := recognise(end.line.Text, "", end.side)
		if ok && (len(found) == 0 || int64(end.line.Start) != found[0].Offset) {
			found = append(found, textNotice{text, end.place, int64(end.line.Start), int64(end.line.End - end.line.Start)})
		}
	}
	return found, nil
}
