package label

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aigclabel/aigclabel/internal/container"
	"github.com/aigclabel/aigclabel/internal/splice"
	"github.com/aigclabel/aigclabel/internal/xmlscan"
	"github.com/aigclabel/aigclabel/metadata"
)

// planDocument returns the edits that put the notice into an office document:
//
//   - into a text, as a paragraph at its start or end, or, on each page, in the header
//     or footer, of OpenDocument in the other one where that is not shown;
//   - into a spreadsheet, in the headers or footers of its pages, which show in print
//     and page views: its cells are data;
//   - into a presentation, on the first slide that is shown or, for the end, the last,
//     or on each: a text in a corner whose letters are 5 % of the shortest side high, as
//     clause 5.2 asks of pictures.
//
// There are none where a notice stands already.
func planDocument(j *job) (*splice.Plan, string, error) {
	n, err := j.Notice.document(j.state)
	if err != nil {
		return nil, "", err
	}
	plan, err := container.PlanNotice(j.src.R, j.src.Size, j.format, n)
	return plan, j.documentPlace(), documentError(j.format, err)
}

// documentPlace says where the notice of a document stands.
func (j *job) documentPlace() string {
	margin := [...]string{"header", "footer", "header and footer"}[min(max(j.Notice.Position, Start), Both)]
	switch each := j.Notice.EachPage; j.format {
	case "pptx", "odp":
		if each {
			return j.Notice.Corner.String() + ", on each"
		}
		return j.Notice.Corner.String() + ", " + j.Notice.Position.String()
	case "xlsx", "ods":
		return margin
	case "docx", "odt":
		if each {
			return "page " + margin
		}
	}
	return j.Notice.Position.String()
}

// document returns the notice as documents have it.
func (n Notice) document(state metadata.State) (*container.Notice, error) {
	wording, err := n.wording(state)
	if err != nil {
		return nil, err
	}
	if !xmlscan.IsText(wording) {
		return nil, fmt.Errorf("%w: a character of %q cannot be written in XML", ErrWording, wording)
	}
	captions, err := n.captions(state)
	if err != nil {
		return nil, err
	}
	own := strings.Join(strings.Fields(wording), " ")
	left, above := n.Corner.share()
	d := &container.Notice{
		Between: between, EachPage: n.EachPage, Start: n.Position != End, End: n.Position != Start,
		Left: left, Above: above,
		Known: func(line string, atEnd bool) bool {
			_, there := recognise(line, own, sideOf(atEnd))
			return there
		},
	}
	lines, _ := n.lines(state, func(w wordings) string { return w.text.of(state) }) // seen before
	d.Words = n.words(lines)
	for _, caption := range captions {
		d.Captions = append(d.Captions, n.words(caption))
	}
	return d, nil
}

// words gives lines their languages.
func (n Notice) words(lines []string) (all []container.Words) {
	languages := n.languages()
	for i, line := range lines {
		all = append(all, container.Words{Language: languages[i].tag, Text: line})
	}
	return all
}

func sideOf(atEnd bool) side {
	if atEnd {
		return trailing
	}
	return leading
}

// documentError returns an error of a document in the types of this package and of
// package metadata.
func documentError(format string, err error) error {
	switch {
	case errors.Is(err, container.ErrNoRoom):
		return missing{err.Error()}
	case errors.Is(err, container.ErrEncrypted) && format == "epub": // only its texts are
		return missing{"its text is encrypted"}
	case errors.Is(err, container.ErrEncrypted):
		return metadata.ErrEncrypted
	case errors.Is(err, ErrNoNotice), errors.Is(err, ErrEncoding):
		return err
	}
	return codecError(format, err)
}

// XHTML 1.1, of EPUB 2, has no roles and knows the language by XML's attribute alone.
var (
	xhtmlMarks = htmlAttributes{` role="note"`, ` lang="%[1]s" xml:lang="%[1]s"`}
	epub2Marks = htmlAttributes{``, ` xml:lang="%s"`}
)

// planEPUB returns the edits that put the notice into the first document of the spine
// that shows a text, or, for the end, the last, or into each: as a paragraph, as in HTML.
func planEPUB(j *job) (*splice.Plan, string, error) {
	n, err := j.Notice.document(j.state)
	if err != nil {
		return nil, "", err
	}
	wording, _ := j.Notice.wording(j.state) // seen before
	plan, err := container.PlanEPUBNotice(j.src.R, j.src.Size, n, func(t container.EPUBText) ([]splice.Edit, error) {
		marks := xhtmlMarks
		if t.Old {
			marks = epub2Marks
		}
		paragraph := j.Notice.paragraph(j.state, marks, func(s string) string { return escapeHTML(t.Text, s) })
		return htmlEdits(t.Text, container.ReadXHTMLBody(t.Text), strings.Join(strings.Fields(wording), " "), paragraph, t.Start, t.End)
	})
	return plan, j.documentPlace(), documentError(j.format, err)
}

// findInDocument returns the finder of a format: it looks at the first and the last
// lines of a text, at headers and footers, at slides, and at the first and last cells of
// sheets.
func findInDocument(format string) finder {
	return func(src metadata.Source) ([]textNotice, error) {
		lines, limits, err := container.DocumentLines(src.R, src.Size, format, container.Limits{})
		if err != nil {
			return nil, err
		}
		var found []textNotice
		for _, line := range lines {
			text, ok := recognise(line.Text, "", sideOf(line.AtEnd))
			n := textNotice{Text: text, Place: line.Place}
			if ok && !slices.Contains(found, n) {
				found = append(found, n)
			}
		}
		return found, firstLimit(found, limits)
	}
}

// findInEPUB looks at the first and the last document of a publication.
func findInEPUB(src metadata.Source) ([]textNotice, error) {
	first, last, limits, err := container.EPUBTexts(src.R, src.Size, container.Limits{})
	if err != nil {
		return nil, err
	}
	var found []textNotice
	if text, ok := recognise(container.ReadXHTMLBody([]byte(first)).First.Text, "", leading); ok {
		found = append(found, textNotice{Text: text, Place: "text start"})
	}
	if text, ok := recognise(container.ReadXHTMLBody([]byte(last)).Last.Text, "", trailing); ok {
		found = append(found, textNotice{Text: text, Place: "text end"})
	}
	return found, firstLimit(found, limits)
}

// firstLimit returns the first of the limits, nil where notices were found within them.
func firstLimit(found []textNotice, limits []error) error {
	if len(found) > 0 || len(limits) == 0 {
		return nil
	}
	return codecError("", limits[0])
}
