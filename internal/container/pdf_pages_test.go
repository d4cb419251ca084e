package container

import (
	"bytes"
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func openPDF(t testing.TB, b []byte) *PDFDocument {
	t.Helper()
	d, err := OpenPDF(NewSource(bytes.NewReader(b), int64(len(b)), Limits{}))
	require.NoError(t, err)
	return d
}

// pdfPageNumbers returns the object numbers of the pages.
func pdfPageNumbers(d *PDFDocument, fromLast bool) (numbers []int64, err error) {
	for p, err := range d.Pages(fromLast) {
		if err != nil {
			return numbers, err
		}
		numbers = append(numbers, p.object.num)
	}
	return numbers, nil
}

func TestPDFPages(t *testing.T) {
	loop := "<</Kids[2 0 R 3 0 R 1 0 R]>>"
	for name, test := range map[string]struct {
		nodes map[int]string
		want  []int64
	}{
		"flat":           {map[int]string{2: "<</Kids[3 0 R 4 0 R]>>", 3: "<</Type/Page>>", 4: "<<>>"}, []int64{3, 4}},
		"tree":           {map[int]string{2: "<</Kids[3 0 R 6 0 R]>>", 3: "<</Kids[4 0 R 5 0 R]>>", 4: "<<>>", 5: "<<>>", 6: "<<>>"}, []int64{4, 5, 6}},
		"kids elsewhere": {map[int]string{2: "<</Kids 3 0 R>>", 3: "[4 0 R]", 4: "<<>>"}, []int64{4}},
		"empty nodes":    {map[int]string{2: "<</Kids[3 0 R 9 0 R null 4 0 R]>>", 3: "<</Type/Pages>>", 4: "<</Kids[5 0 R]>>", 5: "<<>>"}, []int64{5}},
		"loop":           {map[int]string{2: loop, 3: "<<>>"}, []int64{3, 1}},
		"count lies":     {map[int]string{2: "<</Kids[3 0 R]/Count 2147483647>>", 3: "<<>>"}, []int64{3}},
		"page alone":     {map[int]string{2: "<</Type/Page>>"}, []int64{2}},
		"no pages":       {map[int]string{}, nil},
		"direct pages":   {map[int]string{2: "<</Kids[<</Type/Page>>3 0 R]>>", 3: "<<>>"}, []int64{3}},
	} {
		t.Run(name, func(t *testing.T) {
			d := newPDFDraft("")
			d.object(1, "<</Pages 2 0 R>>")
			for num, node := range test.nodes {
				d.object(num, node)
			}
			d.table("", " \n")
			doc := openPDF(t, d.Bytes())
			got, err := pdfPageNumbers(doc, false)
			require.NoError(t, err)
			require.Equal(t, test.want, got)
			last, err := doc.Page(true)
			if len(test.want) == 0 {
				require.ErrorAs(t, err, new(*FormatError))
			} else if name != "loop" { // which has no end
				require.Equal(t, test.want[len(test.want)-1], last.object.num)
			}
		})
	}
}

func TestPDFPageTreeIsDeep(t *testing.T) {
	d := newPDFDraft("")
	deep := new(bytes.Buffer)
	d.object(1, "<</Pages 100 0 R>>")
	at := map[int]int{}
	for n := range 40 {
		at[100+n] = d.Len() + deep.Len()
		fmt.Fprintf(deep, "%d 0 obj<</Kids[%d 0 R]>>endobj\n", 100+n, 101+n)
	}
	d.Write(deep.Bytes())
	start := d.Len()
	fmt.Fprintf(d, "xref\n1 1\n%010d 00000 n \n100 40\n", d.offsets[1])
	for n := range 40 {
		fmt.Fprintf(d, "%010d 00000 n \n", at[100+n])
	}
	d.WriteString("trailer<</Root 1 0 R>>\n")
	d.end(start)
	_, err := openPDF(t, d.Bytes()).Page(false)
	require.ErrorAs(t, err, new(*LimitError))
}

// TestPDFPageAsSeen: what stands in a corner of a page as it is seen, stands where
// the page's own space says.
func TestPDFPageAsSeen(t *testing.T) {
	for entries, want := range map[string]struct{ width, height, x, y float64 }{
		"/MediaBox[0 0 300 400]":                         {300, 400, 10, 20},
		"/MediaBox[300 400 0 0]":                         {300, 400, 10, 20},
		"/MediaBox[-50 -60 250 340]":                     {300, 400, -40, -40},
		"/MediaBox[0 0 300 400]/CropBox[100 50 200 900]": {100, 350, 110, 70},
		"/MediaBox[0 0 300 400]/CropBox[400 50 500 900]": {300, 400, 10, 20},
		"/MediaBox[0 0 300 400]/Rotate 90":               {400, 300, 280, 10},
		"/MediaBox[0 0 300 400]/Rotate -90":              {400, 300, 20, 390},
		"/MediaBox[0 0 300 400]/Rotate 540":              {300, 400, 290, 380},
		"/MediaBox[0 0 300 400]/Rotate 45":               {300, 400, 10, 20},
		"/MediaBox[0 0 300 400]/UserUnit 2":              {600, 800, 5, 10},
		"/MediaBox[0 0 300 400]/UserUnit 2/Rotate 90":    {800, 600, 290, 5},
		"/MediaBox[0 0 300 400]/UserUnit -1":             {300, 400, 10, 20},
		"/MediaBox[0 0 +300. 400.0]":                     {300, 400, 10, 20},
		"/MediaBox[0 0 1e3 400]":                         {612, 792, 10, 20}, // no number of PDF
		"/MediaBox[0 0 300000000 400]":                   {612, 792, 10, 20},
		"":                                               {595, 842, 10, 20},
	} {
		t.Run(entries, func(t *testing.T) {
			d := newPDFDraft("")
			d.object(1, "<</Pages 2 0 R>>")
			d.object(2, "<</Kids[3 0 R]/MediaBox[0 0 595 842]>>")
			d.object(3, "<</Type/Page"+entries+">>")
			d.table("", " \n")
			p, err := openPDF(t, d.Bytes()).Page(false)
			require.NoError(t, err)
			x, y := p.toUser.apply(10, 20)
			require.Equal(t, want.width, p.Width)
			require.Equal(t, want.height, p.Height)
			require.Equal(t, want.x, math.Round(x))
			require.Equal(t, want.y, math.Round(y))
		})
	}
}
