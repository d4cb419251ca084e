package container

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/sfnt"

	"github.com/aigclabel/aigclabel/internal/cff"
)

// someFont has the letters A and I.
func someFont(t testing.TB) *PDFFont {
	t.Helper()
	f, err := sfnt.Parse(goregular.TTF)
	require.NoError(t, err)
	glyphs := []sfnt.GlyphIndex{0}
	for _, r := range "AI" {
		g, err := f.GlyphIndex(nil, r)
		require.NoError(t, err)
		glyphs = append(glyphs, g)
	}
	subset, err := cff.Subset(f, "ABCDEF+GoRegular", glyphs)
	require.NoError(t, err)
	return &PDFFont{Name: subset.Name, Program: subset.Encode(), Widths: subset.Widths, Characters: []string{"", "A", "I"}, Bounds: subset.Bounds}
}

// someForm says AI in black on white.
func someForm(width float64) PDFForm {
	return PDFForm{Width: width, Height: 20, Content: "1 g 0 0 40 20 re f BT /F 10 Tf 0 g 5 5 Td <00010002>Tj ET", Text: "AI"}
}

// stampedPDF returns a document with stamps on its pages at 30, 40, of the first
// only if first.
func stampedPDF(t testing.TB, b []byte, first bool) []byte {
	t.Helper()
	d := openPDF(t, b)
	var stamps []PDFStamp
	for p, err := range d.Pages(false) {
		require.NoError(t, err)
		_, err = p.Text()
		require.NoError(t, err)
		stamps = append(stamps, PDFStamp{Page: p, X: 30, Y: 40, PDFForm: someForm(40)})
		if first {
			break
		}
	}
	plan, err := d.Stamp(someFont(t), stamps)
	require.NoError(t, err)
	require.Len(t, plan.Edits(), 1)
	require.EqualValues(t, len(b), plan.Edits()[0].Offset, "what is there is not touched")
	return output(t, plan, b)
}

// pdfContents are pages' contents that leave a page in all sorts of states.
var pdfContents = map[string]string{
	"none":           "",
	"plain":          "BT /F 9 Tf 20 200 Td (text) Tj ET",
	"scaled":         "2 0 0 2 50 50 cm",
	"open":           "q 3 0 0 3 9 9 cm q q 1 0 0 rg",
	"scaled, open":   "2 0 0 2 50 50 cm q",
	"restored":       "Q 2 0 0 -2 50 50 cm",
	"restored, open": "Q Q 0 1 -1 0 200 50 cm q 3 0 0 3 0 0 cm",
	"marked":         "/Artifact BMC /OC/X BDC",
	"clipped":        "0 0 1 1 re W n",
}

func TestPDFStamp(t *testing.T) {
	for name, content := range pdfContents {
		for _, entries := range []string{"", "/Rotate 90/CropBox[10 20 300 400]"} {
			t.Run(name+" "+entries, func(t *testing.T) {
				b := pdfOf(content, ">>"+entries+"/Other<<")
				out := stampedPDF(t, b, true)
				lines := pageText(t, out).Lines
				l := lines[len(lines)-1]
				require.Equal(t, []any{"AI", true}, []any{l.Text, l.Stamp})
				require.InDeltaSlice(t, []float64{35, 45, 10}, []float64{l.X, l.Y, l.Size}, 1e-3)
				p, err := openPDF(t, out).Page(false)
				require.NoError(t, err)
				stamps, err := p.Stamps()
				require.NoError(t, err)
				if !strings.HasPrefix(name, "restored") { // where it counts what the rest leaves
					require.Equal(t, "AI", stamps[0].Text)
				}
			})
		}
	}
}

// TestPDFStampOnSharedParts: pages may share resources and contents, or inherit them.
func TestPDFStampOnSharedParts(t *testing.T) {
	build := func(resources, page string) []byte {
		d := newPDFDraft("")
		d.object(1, "<</Pages 2 0 R>>")
		d.object(2, "<</Kids[3 0 R 4 0 R]/MediaBox[0 0 200 200]"+resources+">>")
		d.object(3, "<</Type/Page/Contents[5 0 R]"+page+">>")
		d.object(4, "<</Type/Page/Contents[5 0 R]"+page+">>")
		d.stream(5, "", "/AIGCNotice Do")
		d.object(6, "<</XObject 7 0 R>>")
		d.object(7, "<</AIGCNotice 8 0 R>>")
		d.stream(8, "/Subtype/Form", "BT(old)Tj ET")
		d.table("", " \n")
		return d.Bytes()
	}
	for name, b := range map[string][]byte{
		"inherited":         build("/Resources<</XObject<</AIGCNotice 8 0 R>>>>", ""),
		"inherited, shared": build("/Resources 6 0 R", ""),
		"shared":            build("", "/Resources 6 0 R"),
		"own":               build("", "/Resources<</XObject 7 0 R>>"),
	} {
		t.Run(name, func(t *testing.T) {
			pages := func(b []byte) (all []string) {
				for p, err := range openPDF(t, b).Pages(false) {
					require.NoError(t, err)
					text, err := p.Text()
					require.NoError(t, err)
					all = append(all, strings.Join(text.texts(), " "))
				}
				return all
			}
			require.Equal(t, []string{"old AI", "old"}, pages(stampedPDF(t, b, true)))
			each := stampedPDF(t, b, false)
			require.Equal(t, []string{"old AI", "old AI"}, pages(each))
			require.Equal(t, 1, bytes.Count(each, []byte("/Span<</ActualText")), "one form")
			require.Equal(t, []string{"old AI AI", "old AI"}, pages(stampedPDF(t, each, true)))
		})
	}
}

// manyPDFPages returns a document of n pages, whose dictionaries hold the entries, in
// which %d is their number. Object 3 is shared.
func manyPDFPages(n int, shared, entries string) []byte {
	d := newPDFDraft("")
	d.object(1, "<</Pages 2 0 R>>")
	var kids, table strings.Builder
	for i := range n {
		fmt.Fprintf(&kids, "%d 0 R ", 100+i)
	}
	d.object(2, "<</Kids["+kids.String()+"]>>")
	d.object(3, shared)
	for i := range n {
		fmt.Fprintf(&table, "%010d 00000 n \n", d.Len())
		fmt.Fprintf(d, "%d 0 obj<<"+entries+">>endobj\n", 100+i, i)
	}
	at := d.Len()
	fmt.Fprintf(d, "xref\n1 3\n%010d 00000 n \n%010d 00000 n \n%010d 00000 n \n100 %d\n%strailer<</Root 1 0 R>>\n", d.offsets[1], d.offsets[2], d.offsets[3], n, table.String())
	d.end(at)
	return d.Bytes()
}

// TestPDFStampOnManyPages: what each page needs of a budget, it gets.
func TestPDFStampOnManyPages(t *testing.T) {
	const pages = 3000
	out := stampedPDF(t, manyPDFPages(pages, pdfStream("", "BT(all)Tj ET"), "/Contents 3 0 R/Number %d"), false)
	n := 0
	for p, err := range openPDF(t, out).Pages(false) {
		require.NoError(t, err)
		stamps, err := p.Stamps()
		require.NoError(t, err)
		require.Len(t, stamps, 1)
		n++
	}
	require.Equal(t, pages, n)
	require.Equal(t, 1, bytes.Count(out, []byte("/Subtype/Form")), "one stamp for all")
}

// TestPDFStampSize: what pages share is not copied without end.
func TestPDFStampSize(t *testing.T) {
	doc := openPDF(t, manyPDFPages(300, "<<"+strings.Repeat("/Some 9 0 R", 1<<15)+">>", "/Resources<</XObject 3 0 R/A %d>>"))
	var stamps []PDFStamp
	for p, err := range doc.Pages(false) {
		require.NoError(t, err)
		stamps = append(stamps, PDFStamp{Page: p, PDFForm: someForm(40)})
	}
	require.Len(t, stamps, 300)
	_, err := doc.Stamp(someFont(t), stamps)
	require.ErrorAs(t, err, new(*LimitError))
}

func TestPDFStampNothing(t *testing.T) {
	b := pdfOf("", "")
	plan, err := openPDF(t, b).Stamp(someFont(t), nil)
	require.NoError(t, err)
	require.Empty(t, plan.Edits())
	_, err = openPDF(t, fixtures(t, "pdf")["aes256.pdf"]).Stamp(someFont(t), nil)
	require.ErrorIs(t, err, ErrEncrypted)
}

// TestPDFStampInterop: all programs like stamped files, whatever the cross-reference
// sections are.
func TestPDFStampInterop(t *testing.T) {
	files := unencrypted(t)
	for _, odd := range []string{"junk-before", "hybrid-free", "info-of-nothing", "short-entries", "pillow.pdf"} {
		delete(files, odd) // which they do not like, and a page of 8 points
	}
	for name, b := range files {
		t.Run(name, func(t *testing.T) {
			out := put(t, PDF, stampedPDF(t, b, false), Record, someRecord)
			runPDF(t, out, "qpdf", "--check")
			require.Contains(t, runPDF(t, out, "pdftotext", "-l", "1", "-"), "AI")
			require.Contains(t, runPDF(t, out, "pdffonts"), "ABCDEF+GoRegular")
			require.Empty(t, run(t, tool(t, "gs"), "-q", "-dBATCH", "-dNOPAUSE", "-sDEVICE=nullpage", written(t, "a.pdf", out)))
		})
	}
}

func FuzzPDFStamp(f *testing.F) {
	f.Add("/MediaBox[0 0 9 9]/Rotate 90", "/XObject<</AIGCNotice 6 0 R>>", "q Q Q")
	f.Add("/Contents[5 0 R 5 0 R]/UserUnit 2", "/XObject 6 0 R", "q BT(a)Tj")
	f.Fuzz(func(t *testing.T, page, resources, content string) {
		b := bytes.Replace(pdfOf(content, resources, "<<>>"), []byte("/MediaBox[0 0 500 500]"), []byte(page), 1)
		d := openPDF(t, b)
		p, err := d.Page(false)
		if err != nil || d.Layout().Damage != nil {
			return
		}
		p.Text()
		plan, err := d.Stamp(someFont(t), []PDFStamp{{Page: p, X: 1, Y: 2, PDFForm: someForm(40)}})
		if err != nil {
			return
		}
		out := output(t, plan, b)
		again, err := openPDF(t, out).Page(false)
		require.NoError(t, err)
		require.Equal(t, p.Width, again.Width)
	})
}
