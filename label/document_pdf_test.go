package label

import (
	"bytes"
	"image"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/image/font/gofont/goregular"

	"github.com/aigclabel/aigclabel/internal/container"
	"github.com/aigclabel/aigclabel/internal/peer"
	"github.com/aigclabel/aigclabel/metadata"
)

// noticedPDF returns the path and the bytes of a document with the notice and a
// record. The bytes of the source are the first of them.
func noticedPDF(t testing.TB, src metadata.Source, n Notice) (string, []byte, Receipt) {
	t.Helper()
	out, receipt := labelled(t, &Labeler{Producer: producer, Notice: &n}, src, Artifact{ID: "1"})
	before, after := contentOf(t, src), contentOf(t, out)
	require.True(t, bytes.HasPrefix(after, before))
	path := filepath.Join(t.TempDir(), "a.pdf")
	require.NoError(t, os.WriteFile(path, after, 0o600))
	return path, after, receipt
}

func contentOf(t testing.TB, src metadata.Source) []byte {
	t.Helper()
	b, err := io.ReadAll(io.NewSectionReader(src.R, 0, src.Size))
	require.NoError(t, err)
	return b
}

// pageTexts returns what poppler reads on each page.
func pageTexts(t testing.TB, path string) []string {
	t.Helper()
	pages := strings.Split(peer.Run(t, peer.Tool(t, "pdftotext"), path, "-"), "\f")
	return pages[:len(pages)-1]
}

// pageImage returns the first page as poppler draws it.
func pageImage(t testing.TB, path string, dpi int) image.Image {
	t.Helper()
	return decode(t, []byte(peer.Run(t, peer.Tool(t, "pdftoppm"), "-png", "-r", strconv.Itoa(dpi), "-l", "1", path)))
}

// difference returns the rectangle outside of which two pictures are the same.
func difference(a, b image.Image) (r image.Rectangle) {
	for y := range a.Bounds().Dy() {
		for x := range a.Bounds().Dx() {
			if a.At(x, y) != b.At(x, y) {
				r = r.Union(image.Rect(x, y, x+1, y+1))
			}
		}
	}
	return r
}

// pdfFixtures are documents that a notice fits on, by what wrote them.
var pdfFixtures = []string{
	"writer", "tagged", "chromium", "reportlab", "rotated", "cairo", "ghostscript", "linearized", "linearized-objects", "object-streams", "signed", "certified",
}

// TestPDFNoticeIsSeen draws documents: the notice stands in the corner, and nothing
// else has changed; all programs take the file for a good one.
func TestPDFNoticeIsSeen(t *testing.T) {
	for _, name := range pdfFixtures {
		t.Run(name, func(t *testing.T) {
			src := fixture(t, "pdf/"+name+".pdf")
			before := filepath.Join(t.TempDir(), "before.pdf")
			require.NoError(t, os.WriteFile(before, contentOf(t, src), 0o600))
			path, _, receipt := noticedPDF(t, src, Notice{})
			require.Equal(t, Layer{Name: "notice", Done: true, Place: "page bottom right, start"}, receipt.Layers[0])
			require.Contains(t, pageTexts(t, path)[0], "本内容由AI生成")
			require.Regexp(t, `[A-Z]{6}\+AIGCLabelSans-Regular\S* +CID Type 0C +Identity-H +yes yes yes`, peer.Run(t, peer.Tool(t, "pdffonts"), path))
			peer.Run(t, peer.Tool(t, "qpdf"), "--check", path)
			require.Empty(t, peer.Run(t, peer.Tool(t, "gs"), "-q", "-dBATCH", "-dNOPAUSE", "-sDEVICE=nullpage", path))

			const dpi = 72 // a pixel is a point
			page := pageImage(t, path, dpi)
			changed := difference(pageImage(t, before, dpi), page)
			size := page.Bounds().Size()
			em := max(min(size.X, size.Y)/50, 9)
			require.Less(t, changed.Dy(), 2*em+2)
			require.Less(t, changed.Dx(), 9*em)
			require.InDelta(t, size.X-em, changed.Max.X, 2)
			require.InDelta(t, size.Y-em, changed.Max.Y, 2)
			t.Logf("page %v, notice %v, nothing else", size, changed)
		})
	}
}

// TestPDFNoticeIsRead: tesseract reads the notice on upright and on turned pages.
func TestPDFNoticeIsRead(t *testing.T) {
	for name, n := range map[string]Notice{"tagged": {}, "rotated": {Corner: TopLeft}, "ghostscript": {Language: "en", Corner: BottomLeft}} {
		path, _, _ := noticedPDF(t, fixture(t, "pdf/"+name+".pdf"), n)
		page := on(pageImage(t, path, 200), image.White)
		half := page.Rect.Dy() / 2
		corner := image.Rect(0, half, page.Rect.Dx(), 2*half)
		if n.Corner == TopLeft {
			corner = image.Rect(0, 0, page.Rect.Dx()/2, half/4)
		}
		got := read(t, page.SubImage(corner))
		t.Log(name, got)
		require.Contains(t, strings.ReplaceAll(got, "Al", "AI"), map[string]string{"": "AI生成", "en": "AI-generated"}[n.Language])
	}
}

func TestPDFNoticeOnPages(t *testing.T) {
	const notice = "本内容由AI生成"
	for name, test := range map[string]struct {
		n     Notice
		place string
		pages []bool
	}{
		"first": {Notice{}, "page bottom right, start", []bool{true, false, false}},
		"last":  {Notice{Position: End, Corner: TopLeft}, "page top left, end", []bool{false, false, true}},
		"both":  {Notice{Position: Both}, "page bottom right, start and end", []bool{true, false, true}},
		"each":  {Notice{EachPage: true, Corner: TopRight}, "page top right, on each", []bool{true, true, true}},
	} {
		t.Run(name, func(t *testing.T) {
			path, _, receipt := noticedPDF(t, fixture(t, "pdf/tagged.pdf"), test.n)
			require.Equal(t, test.place, receipt.Layers[0].Place)
			for i, text := range pageTexts(t, path) {
				require.Equal(t, test.pages[i], strings.Contains(text, notice), "page %d: %s", i+1, text)
			}
		})
	}
}

// TestPDFNoticeStands: where a notice stands, none is added.
func TestPDFNoticeStands(t *testing.T) {
	for _, name := range pdfFixtures {
		src := fixture(t, "pdf/"+name+".pdf")
		for _, n := range []Notice{{}, {EachPage: true}, {Corner: TopLeft, Position: Both}, {Text: "Example AI，生成"}} {
			_, once, _ := noticedPDF(t, src, n)
			_, twice, receipt := noticedPDF(t, metadata.Bytes(once, ""), n)
			require.Equal(t, len(once), len(twice), "%s %+v", name, n)
			require.False(t, receipt.Changed)
			require.True(t, receipt.Layers[0].Done)
		}
		_, once, _ := noticedPDF(t, src, Notice{})
		_, other, _ := noticedPDF(t, metadata.Bytes(once, ""), Notice{Language: "en", Corner: BottomLeft})
		require.Equal(t, len(once), len(other), "other words are as good")
		_, other, _ = noticedPDF(t, metadata.Bytes(once, ""), Notice{Corner: TopRight})
		require.Equal(t, name == "chromium" || name == "reportlab", len(once) == len(other), "another place, where two have a notice")
	}
	_, chromium, receipt := noticedPDF(t, fixture(t, "pdf/chromium.pdf"), Notice{Corner: TopRight})
	require.True(t, receipt.Layers[0].Done, "the notice of another")
	require.NotContains(t, string(chromium), "/AIGCNotice")
}

// TestPDFNoticeFits: a narrow page gets several lines, or few words; a tiny one none.
func TestPDFNoticeFits(t *testing.T) {
	sized := func(box string) metadata.Source {
		b := contentOf(t, fixture(t, "pdf/ghostscript.pdf"))
		require.Contains(t, string(b), "/MediaBox [0 0 200 100]")
		return metadata.Bytes(bytes.Replace(b, []byte("/MediaBox [0 0 200 100]"), []byte("/MediaBox ["+box+"]"), 1), "")
	}
	path, b, _ := noticedPDF(t, sized("0 0 090 100"), Notice{Language: "en"})
	require.Contains(t, strings.Join(pageTexts(t, path), ""), "This content is AI-generated", "as one line of text")
	require.Greater(t, bytes.Count(b, []byte("> Tj")), 1, "on several lines")
	path, _, _ = noticedPDF(t, sized("0 0 060 036"), Notice{})
	require.NotContains(t, pageTexts(t, path)[0], "本内容")
	require.Contains(t, pageTexts(t, path)[0], "AI生成")
	_, _, receipt := noticedPDF(t, sized("0 0 020 020"), Notice{})
	require.Equal(t, Layer{Name: "notice", Reason: "the page is damaged, or has no room for a legible notice"}, receipt.Layers[0])
	require.True(t, receipt.Layers[1].Done, "the record is written all the same")
}

func TestPDFNoticeFont(t *testing.T) {
	path, _, _ := noticedPDF(t, fixture(t, "pdf/cairo.pdf"), Notice{Language: "en", Text: "Generated by Example AI (β)", Font: goregular.TTF})
	require.Regexp(t, `[A-Z]{6}\+GoRegular\S* +CID Type 0C`, peer.Run(t, peer.Tool(t, "pdffonts"), path))
	require.Contains(t, pageTexts(t, path)[0], "Generated by Example AI (β)")
	l := &Labeler{Producer: producer, Notice: &Notice{Text: "AI生成\U0001F600"}}
	_, err := l.Label(t.Context(), io.Discard, fixture(t, "pdf/cairo.pdf"), Artifact{})
	require.ErrorIs(t, err, ErrWording)
}

// TestPDFNoticeInAllLanguages: the font has what the wordings need.
func TestPDFNoticeInAllLanguages(t *testing.T) {
	n := Notice{Language: strings.Join(Languages(), "+"), Corner: TopLeft}
	for _, state := range []metadata.State{metadata.Generated, metadata.Possible, metadata.Suspected} {
		out, _ := labelled(t, &Labeler{Producer: producer, Notice: &n}, fixture(t, "pdf/tagged.pdf"), Artifact{State: state})
		found, err := findPDFNotices(out)
		require.NoError(t, err)
		want, err := n.wording(state)
		require.NoError(t, err)
		require.Equal(t, []textNotice{{Text: want, Place: "top of the first page"}}, found)
	}
}

func TestPDFNoticeRefused(t *testing.T) {
	label := func(src metadata.Source, policy metadata.SignaturePolicy) error {
		l := &Labeler{Producer: producer, Notice: &Notice{}, Write: metadata.WriteOptions{OnCredentials: policy}}
		_, err := l.Label(t.Context(), io.Discard, src, Artifact{})
		return err
	}
	require.ErrorIs(t, label(fixture(t, "pdf/aes256.pdf"), metadata.Keep), metadata.ErrEncrypted)
	require.ErrorIs(t, label(fixture(t, "pdf/certified.pdf"), metadata.Refuse), metadata.ErrSigned)
	_, certified, receipt := noticedPDF(t, fixture(t, "pdf/certified.pdf"), Notice{})
	require.Equal(t, []string{"PDF certification signature, DocMDP P=1"}, receipt.Broken)
	require.NoError(t, label(metadata.Bytes(certified, ""), metadata.Refuse), "nothing to write")
	cut := fixture(t, "pdf/writer.pdf")
	cut.Size -= 40
	require.ErrorAs(t, label(cut, metadata.Keep), new(*metadata.FormatError))
	none := contentOf(t, fixture(t, "pdf/ghostscript.pdf"))
	none = bytes.Replace(none, []byte("/Kids"), []byte("/Gone"), 1)
	require.ErrorAs(t, label(metadata.Bytes(none, ""), metadata.Keep), new(*metadata.FormatError))
}

func TestFindPDFNotices(t *testing.T) {
	for name, want := range map[string][]string{
		"chromium":    {"Disclaimer: generated by AI, for reference only.", "top of the first page"},
		"reportlab":   {"本内容由AI生成", "top of the first page", "This content is AI-generated", "bottom of the last page"},
		"tagged":      nil, // which speaks of AI-generated content
		"ghostscript": nil,
		"pillow":      nil,
	} {
		report := verify(t, fixture(t, "pdf/"+name+".pdf"), nil)
		var got []string
		for _, n := range report.Notices {
			got = append(got, n.Text, n.Place)
		}
		require.Equal(t, want, got, name)
		require.Equal(t, len(want) > 0, report.Verdict == Suspected, name)
		require.Contains(t, outcomes(report, map[bool]Outcome{true: Pass, false: Warn}[len(want) > 0]), checkNotice)
	}
	require.Contains(t, outcomes(verify(t, fixture(t, "pdf/aes256.pdf"), nil), Skip), checkNotice)
	cut := fixture(t, "pdf/reportlab.pdf")
	cut.Size -= 200
	require.Contains(t, outcomes(verify(t, cut, nil), Fail), checkIntact, "and no error")
}

// TestPageEnds: a few lines at each end, and our stamps anywhere.
func TestPageEnds(t *testing.T) {
	var lines []container.PDFLine
	for y := range 9 {
		lines = append(lines, container.PDFLine{Text: strconv.Itoa(y), Y: float64(100 * y), Size: 10, Stamp: y == 4}, container.PDFLine{Text: "+", Y: float64(100*y) + 2, Size: 10})
	}
	words := func(lines []container.PDFLine) (all string) {
		for _, l := range lines {
			all += l.Text
		}
		return all
	}
	head, tail := pageEnds(lines)
	require.Equal(t, "+8+7+64", words(head))
	require.Equal(t, "0+1+2+4", words(tail))
}

func BenchmarkFindPDFNotices(b *testing.B) {
	src := fixture(b, "pdf/tagged.pdf")
	for b.Loop() {
		if _, err := findPDFNotices(src); err != nil {
			b.Fatal(err)
		}
	}
}
