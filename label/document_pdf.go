package label

import (
	"errors"
	"fmt"
	"hash/crc32"
	"iter"
	"math"
	"slices"
	"strings"

	xfont "golang.org/x/image/font"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"

	"github.com/aigclabel/aigclabel/internal/cff"
	"github.com/aigclabel/aigclabel/internal/container"
	"github.com/aigclabel/aigclabel/internal/splice"
	"github.com/aigclabel/aigclabel/metadata"
)

// The type of notices on pages. GB 45438-2025 clause 5.1 asks of text that it is
// clear; how large that is, is our choice: a fiftieth of the page's shortest side,
// 12 points on A4, and never less than 9 points, small type in Chinese books.
const (
	pageShare = 50
	minType   = 9 // points
)

// Distances on pages in sizes of the type: from the plate to the edge of the page,
// from the text to the edge of the plate, and from line to line.
const (
	pageMargin = 1.0
	platePad   = 0.4
	lineStep   = 1.3
)

// maxNoticedPages bounds the pages that get a notice each.
const maxNoticedPages = 5000

// planPDF returns the revision that stamps the notice on the first page of a PDF
// document, the last, both, or each. The bytes of the file stay as they are, and what
// was linearized is a plain file then. The stamp is content of the page, which all
// programs show and print, unlike annotations: text in an embedded font on an opaque
// light plate, which PDF/A allows and any background leaves legible; in a document
// with tags an artifact, as running titles are. There is none where a notice stands in
// the same half of the page already.
func planPDF(j *job) (*splice.Plan, string, error) {
	doc, err := j.openPDF()
	if err != nil {
		return nil, "", err
	}
	s, err := newPageStamper(*j.Notice, j.state)
	if err != nil {
		return nil, "", err
	}
	var stamps []container.PDFStamp
	pages, noticed := 0, 0
	for page, err := range j.Notice.pages(doc) {
		if err != nil {
			return nil, "", codecError("pdf", err)
		}
		stamp, done, err := s.stamp(page)
		if err != nil {
			return nil, "", err
		}
		if stamp != nil {
			stamps = append(stamps, *stamp)
		}
		pages++
		if done {
			noticed++
		}
	}
	if noticed == 0 {
		return nil, "", missing{"the page is damaged, or has no room for a legible notice"}
	}
	font, err := s.font()
	if err != nil {
		return nil, "", err
	}
	plan, err := doc.Stamp(font, stamps)
	return plan, j.Notice.where(noticed, pages), codecError("pdf", err)
}

// openPDF opens the document if it may be changed.
func (j *job) openPDF() (*container.PDFDocument, error) {
	doc, err := container.OpenPDF(container.NewSource(j.src.R, j.src.Size, container.Limits{}))
	if err != nil {
		return nil, codecError("pdf", err)
	}
	switch l := doc.Layout(); {
	case l.Damage != nil:
		return nil, codecError("pdf", l.Damage)
	case l.Encrypted:
		return nil, metadata.ErrEncrypted
	}
	return doc, nil
}

// pages yields the pages that are to have the notice.
func (n Notice) pages(doc *container.PDFDocument) iter.Seq2[*container.PDFPage, error] {
	return func(yield func(*container.PDFPage, error) bool) {
		if !n.EachPage {
			n.firstAndLast(doc, yield)
			return
		}
		count := 0
		for page, err := range doc.Pages(false) {
			if count++; count > maxNoticedPages {
				err = &container.LimitError{What: "number of pages", Limit: maxNoticedPages}
			}
			if !yield(page, err) || err != nil {
				return
			}
		}
	}
}

// firstAndLast yields the page or pages that Position names.
func (n Notice) firstAndLast(doc *container.PDFDocument, yield func(*container.PDFPage, error) bool) {
	first, err := doc.Page(false)
	if (err != nil || n.Position != End) && !yield(first, err) || err != nil || n.Position == Start {
		return
	}
	last, err := doc.Page(true)
	if err != nil || n.Position == End || !last.Same(first) {
		yield(last, err)
	}
}

// where says where on the page the notice stands, and on how many of them. Small
// pages may have none.
func (n Notice) where(noticed, pages int) string {
	on := n.Position.String()
	switch {
	case noticed < pages:
		on = fmt.Sprintf("on %d of %d", noticed, pages)
	case n.EachPage:
		on = "on each"
	}
	return n.Corner.String() + ", " + on
}

// A pageStamper makes the stamps of one document.
type pageStamper struct {
	notice   Notice
	texts    [][]string // the best first
	typeface *sfnt.Font
	face     xfont.Face // of 1,000 pixels
	glyphs   []sfnt.GlyphIndex
	letters  []string // that the glyphs stand for
}

func newPageStamper(n Notice, state metadata.State) (*pageStamper, error) {
	wording, err := n.wording(state)
	if err != nil {
		return nil, err
	}
	captions, err := n.captions(state)
	if err != nil {
		return nil, err
	}
	s := &pageStamper{notice: n, texts: append([][]string{{wording}}, captions...), glyphs: []sfnt.GlyphIndex{0}, letters: []string{""}}
	if s.typeface, err = n.typeface(); err != nil {
		return nil, err
	}
	s.face, err = opentype.NewFace(s.typeface, &opentype.FaceOptions{Size: cff.Em, DPI: 72, Hinting: xfont.HintingNone})
	return s, err
}

// stamp returns the stamp for a page, nil where it has a notice already, no room for
// one, or damaged content. Done says that the page will have a notice.
func (s *pageStamper) stamp(page *container.PDFPage) (stamp *container.PDFStamp, done bool, err error) {
	there, err := s.stands(page)
	if _, damaged := errors.AsType[*metadata.FormatError](err); damaged {
		return nil, false, nil // what is open there would take in the stamp
	}
	if err != nil || there {
		return nil, there, err
	}
	size := max(min(page.Width, page.Height)/pageShare, minType)
	for _, text := range s.texts {
		lines := s.set(text, (page.Width/size-2*pageMargin-2*platePad)*cff.Em)
		form, err := s.form(lines, strings.Join(text, between), size)
		if err != nil {
			return nil, false, err
		}
		margin := pageMargin * size
		width, height := page.Width-form.Width-2*margin, page.Height-form.Height-2*margin
		if width < 0 || height < 0 {
			continue
		}
		left, above := s.notice.Corner.share()
		x, y := margin+left*width, margin+(1-above)*height
		return &container.PDFStamp{Page: page, X: x, Y: y, PDFForm: form}, true, nil
	}
	return nil, false, nil
}

// stands reports whether the page has a notice in the half where this one would go:
// as on [planTextNotice], one with other words is as good. Text that nobody sees is not.
func (s *pageStamper) stands(page *container.PDFPage) (bool, error) {
	_, above := s.notice.Corner.share()
	own := strings.Join(s.texts[0], between)
	is := func(l container.PDFLine) bool {
		_, opens := recognise(l.Text, own, leading)
		_, closes := recognise(l.Text, own, trailing)
		return (opens || closes) && !l.Hidden && (above == 0.5 || l.Y > page.Height/2 == (above < 0.5))
	}
	head, tail, err := readPage(page)
	if _, limited := errors.AsType[*container.LimitError](err); limited {
		err = nil // a second notice is better than none
	}
	return err == nil && slices.ContainsFunc(slices.Concat(head, tail), is), codecError("pdf", err)
}

// set breaks the text into lines of at most limit thousandths of the type.
func (s *pageStamper) set(text []string, limit float64) (lines []string) {
	for _, t := range text {
		lines = append(lines, wrap(s.face, t, int(limit))...)
	}
	return lines
}

// form returns the stamp with the given lines. The error is [ErrWording].
func (s *pageStamper) form(lines []string, text string, size float64) (form container.PDFForm, err error) {
	widest := fixed.Int26_6(0)
	for _, l := range lines {
		widest = max(widest, xfont.MeasureString(s.face, l))
	}
	ceil := func(points float64) float64 { return math.Ceil(points*4) / 4 }
	form = container.PDFForm{
		Width:  ceil((float64(widest)/float64(fixed.I(cff.Em)) + 2*platePad) * size),
		Height: ceil((lineStep*float64(len(lines)-1) + 1 + 2*platePad) * size),
		Text:   text,
	}
	var b strings.Builder
	// A white plate with a grey edge, and letters that are nearly black: 12:1.
	fmt.Fprintf(&b, "1 g 0.6 G 0.5 w 0.25 0.25 %.2f %.2f re B BT /F %.2f Tf 0.2 g", form.Width-0.5, form.Height-0.5, size)
	for i, l := range lines {
		codes, err := s.codes(l)
		if err != nil {
			return form, err
		}
		const descent = 0.14 // of Chinese characters, which fill the rest of their square
		x := platePad * size
		y := form.Height - (platePad+lineStep*float64(i)+1-descent)*size
		fmt.Fprintf(&b, " 1 0 0 1 %.2f %.2f Tm <%s> Tj", x, y, codes)
	}
	b.WriteString(" ET")
	form.Content = b.String()
	return form, nil
}

// codes returns the text as the numbers of its glyphs, which it adds to the font.
func (s *pageStamper) codes(text string) (string, error) {
	var b strings.Builder
	var buf sfnt.Buffer
	for _, r := range text {
		glyph, err := s.typeface.GlyphIndex(&buf, r)
		if err != nil || glyph == 0 {
			return "", fmt.Errorf("%w: the font of the notice has no %q", ErrWording, r)
		}
		i := slices.Index(s.letters, string(r))
		if i < 0 {
			i = len(s.glyphs)
			s.glyphs, s.letters = append(s.glyphs, glyph), append(s.letters, string(r))
		}
		fmt.Fprintf(&b, "%04X", i)
	}
	return b.String(), nil
}

// font returns the font with the glyphs that the stamps have. Its name starts with
// six letters, as those of subsets do, which depend on what it has.
func (s *pageStamper) font() (*container.PDFFont, error) {
	var buf sfnt.Buffer
	name, err := s.typeface.Name(&buf, sfnt.NameIDPostScript)
	if err != nil {
		name = "Notice"
	}
	tag, sum := []byte("AAAAAA+"), crc32.ChecksumIEEE([]byte(strings.Join(s.letters, "")))
	for i := range 6 {
		tag[i], sum = byte('A'+sum%26), sum/26
	}
	name = string(tag) + strings.Map(plainLetter, name)
	subset, err := cff.Subset(s.typeface, name, s.glyphs)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrWording, err)
	}
	return &container.PDFFont{Name: name, Program: subset.Encode(), Widths: subset.Widths, Characters: s.letters, Bounds: subset.Bounds}, nil
}

// plainLetter keeps what needs no escape in a name of PDF.
func plainLetter(r rune) rune {
	if r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || r == '-' {
		return r
	}
	return -1
}
