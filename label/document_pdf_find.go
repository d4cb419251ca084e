package label

import (
	"cmp"
	"errors"
	"math"
	"slices"

	"github.com/aigclabel/aigclabel/internal/container"
	"github.com/aigclabel/aigclabel/metadata"
)

// noticeLines is how many lines at the top and the bottom of a page may be notices:
// behind a running head and a title, before a footer and a page number.
const noticeLines = 3

// pageEnds returns what stands on the first and on the last lines of a page.
func pageEnds(lines []container.PDFLine) (head, tail []container.PDFLine) {
	lines = slices.Clone(lines)
	slices.SortStableFunc(lines, func(a, b container.PDFLine) int { return cmp.Compare(b.Y, a.Y) })
	head = firstLines(lines)
	slices.Reverse(lines)
	return head, firstLines(lines)
}

// readPage returns what stands at the ends of a page. Of one that is too large, this
// is our stamp, beside the error.
func readPage(page *container.PDFPage) (head, tail []container.PDFLine, err error) {
	text, err := page.Text()
	if err != nil {
		var more error
		text.Lines, more = page.Stamps()
		err = errors.Join(err, more)
	}
	head, tail = pageEnds(text.Lines)
	return head, tail, err
}

// firstLines returns the pieces of the first few lines, and our stamps.
func firstLines(lines []container.PDFLine) (first []container.PDFLine) {
	n, y := 0, math.Inf(1)
	for _, l := range lines {
		if math.Abs(l.Y-y) > l.Size/2 {
			n, y = n+1, l.Y
		}
		if n <= noticeLines || l.Stamp {
			first = append(first, l)
		}
	}
	return first
}

// findPDFNotices returns the notices at the top and the bottom of the first and the
// last page of a document.
func findPDFNotices(src metadata.Source) ([]textNotice, error) {
	file := container.NewSource(src.R, src.Size, container.Limits{})
	defer file.Release()
	doc, err := container.OpenPDF(file)
	if err != nil {
		return nil, codecError("pdf", err)
	}
	if doc.Layout().Encrypted {
		return nil, metadata.ErrEncrypted
	}
	var found []textNotice
	var first *container.PDFPage
	for _, fromLast := range []bool{false, true} {
		page, err := doc.Page(fromLast)
		if err == nil && (first == nil || !page.Same(first)) {
			var notices []textNotice
			notices, err = onPage(page, map[bool]string{false: "first page", true: "last page"}[fromLast])
			found = append(found, notices...)
		}
		if err != nil {
			return found, codecError("pdf", err)
		}
		first = page
	}
	return found, nil
}

// onPage returns the notices on a page, also those of text behind a scanned picture.
func onPage(page *container.PDFPage, name string) (found []textNotice, err error) {
	head, tail, err := readPage(page)
	for i, end := range [][]container.PDFLine{leading: head, trailing: tail} {
		for _, l := range end {
			notice, ok := recognise(l.Text, "", side(i))
			at := textNotice{Text: notice, Place: "top of the " + name}
			if l.Y < page.Height/2 {
				at.Place = "bottom of the " + name
			}
			if ok && !slices.Contains(found, at) {
				found = append(found, at)
			}
		}
	}
	return found, err
}
