package container

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const pptxNames = `xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" xmlns:a="` + drawingTransitional + `" xmlns:r="` + ooxmlOffice + `relationships"`

// pptxDocument returns a presentation: what it says of its slides, and these.
func pptxDocument(deck string, slides ...string) []byte {
	var rels string
	entries := []string{"word/document.xml", `<p:presentation ` + pptxNames + `>` + deck + `</p:presentation>`}
	for i, s := range slides {
		rels += fmt.Sprintf(`<Relationship Id="rId%d" Type="t/slide" Target="slide%[1]d.xml"/>`, i+1)
		entries = append(entries, fmt.Sprintf("word/slide%d.xml", i+1), s)
	}
	return ooxmlDocument(append(entries, "word/_rels/document.xml.rels", `<Relationships>`+rels+`</Relationships>`)...)
}

func pptxSlideOf(attributes, shapes string) string {
	return `<p:sld ` + pptxNames + attributes + `><p:cSld><p:spTree>` + shapes + `</p:spTree></p:cSld></p:sld>`
}

// TestPPTXNotice chooses slides, ids and the place of the shape.
func TestPPTXNotice(t *testing.T) {
	deck := func(n int) (ids string) {
		for i := range n {
			ids += fmt.Sprintf(`<p:sldId id="%d" r:id="rId%d"/>`, 256+i, n-i) // backwards
		}
		return `<p:sldIdLst>` + ids + `</p:sldIdLst><p:sldSz cx="9144000" cy="5143500"/>`
	}
	shape := func(id string) string { return `<p:sp><p:nvSpPr><p:cNvPr id="` + id + `"/></p:nvSpPr></p:sp>` }
	plain, hidden := pptxSlideOf("", shape("4")), pptxSlideOf(` show="0"`, shape("4"))
	start, each := testNotice(nil), testNotice(func(n *Notice) { n.EachPage = true })
	both := testNotice(func(n *Notice) { n.End = true })
	for name, c := range map[string]struct {
		slides  []string
		n       *Notice
		changed []int // of the slides' parts
	}{
		"first":         {[]string{plain, plain, plain}, start, []int{3}},
		"first and end": {[]string{plain, plain, plain}, both, []int{3, 1}},
		"only one":      {[]string{plain}, both, []int{1}},
		"each":          {[]string{plain, hidden, plain}, each, []int{1, 2, 3}},
		"hidden":        {[]string{hidden, plain, hidden}, both, []int{2}},
		"all hidden":    {[]string{hidden, hidden}, start, []int{2}},
	} {
		t.Run(name, func(t *testing.T) {
			var changed []string
			for _, i := range c.changed {
				changed = append(changed, fmt.Sprintf("word/slide%d.xml", i))
			}
			out := noticed(t, "pptx", pptxDocument(deck(len(c.slides)), c.slides...), c.n, changed...)
			for _, name := range changed {
				require.Contains(t, part(t, out, name), `<a:t>AI</a:t>`)
			}
		})
	}
	for name, c := range map[string]struct{ shapes, id, behind string }{
		"next":         {shape("2") + shape("9") + shape("3"), "10", `</p:spTree>`},
		"largest":      {shape("2147483647") + shape("1"), "2", `</p:spTree>`},
		"none":         {"", "1", `</p:spTree>`},
		"no number":    {shape("x") + shape("-3"), "1", `</p:spTree>`},
		"an extension": {shape("1") + `<p:extLst/>`, "2", `<p:extLst/></p:spTree>`},
	} {
		out := noticed(t, "pptx", pptxDocument(deck(1), pptxSlideOf("", c.shapes)), start, "word/slide1.xml")
		doc := part(t, out, "word/slide1.xml")
		require.Contains(t, doc, `<p:cNvPr id="`+c.id+`" name="AIGC notice"/>`, name)
		require.Contains(t, doc, `</p:sp>`+c.behind, name)
		require.Equal(t, []string{"slide 1: AI"}, finds(t, "pptx", out), name)
	}
}

// TestSlideBox: letters of every caption are at least 5 % of the shortest side high, and
// the box lies within the slide.
func TestSlideBox(t *testing.T) {
	for _, size := range [][2]int64{{9144000, 6858000}, {12192000, 6858000}, {6858000, 9144000}, {3000000, 3000000}} {
		for _, caption := range []string{"AI生成", "SUSPECTED AI-GENERATED", "Made by AI", strings.Repeat("豆包AI生成", 3)} {
			for _, at := range [][2]float64{{0, 0}, {0, 1}, {1, 0}, {1, 1}, {0.5, 0}, {0.5, 1}} {
				n := Notice{Captions: [][]Words{{{"en", caption}, {"zh-Hans", "AI生成"}}}, Left: at[0], Above: at[1]}
				b, err := n.box(size[0], size[1])
				require.NoError(t, err)
				require.GreaterOrEqual(t, float64(b.em)*letterHeight(b.lines)+1, 0.05*float64(min(size[0], size[1])))
				require.True(t, b.x >= 0 && b.y >= 0 && b.x+b.w <= size[0] && b.y+b.h <= size[1])
				margin, left, right := plateMargin*float64(b.em), float64(b.x), float64(size[0]-b.x-b.w)
				require.InDelta(t, 0, map[float64]float64{0: left - margin, 0.5: left - right, 1: right - margin}[at[0]], 3)
				require.Equal(t, at[1] == 1, b.y+b.h/2 > size[1]/2)
			}
		}
	}
	n := Notice{Captions: [][]Words{{{"en", strings.Repeat("AI-GENERATED ", 40)}}, {{"en", "AI"}}}}
	b, err := n.box(9144000, 5143500)
	require.NoError(t, err)
	require.Equal(t, "AI", b.lines[0].Text, "what does not fit gives way")
}

// xlsxDocument returns a workbook of these sheets.
func xlsxDocument(sheets ...string) []byte {
	var list, rels string
	entries := []string{}
	for i, s := range sheets {
		list += fmt.Sprintf(`<sheet name="a" sheetId="9" r:id="rId%d"/>`, i+1)
		rels += fmt.Sprintf(`<Relationship Id="rId%d" Type="t/worksheet" Target="sheet%[1]d.xml"/>`, i+1)
		entries = append(entries, fmt.Sprintf("word/sheet%d.xml", i+1), s)
	}
	rels += `<Relationship Id="s" Type="t/sharedStrings" Target="shared.xml"/>`
	return ooxmlDocument(append(entries, "word/document.xml", `<workbook xmlns:r="r"><sheets>`+list+`</sheets></workbook>`,
		"word/_rels/document.xml.rels", `<Relationships>`+rels+`</Relationships>`,
		"word/shared.xml", `<sst><si><t>one</t></si><si><r><t>t</t></r><r><t>wo</t></r></si><si/></sst>`)...)
}

// TestXLSXNotice puts the notice into the headers of sheets; § is its text there.
func TestXLSXNotice(t *testing.T) {
	const note = `Made by &lt;AI&gt; &amp;&amp; co`
	start := testNotice(nil)
	both := testNotice(func(n *Notice) { n.End = true })
	for name, c := range map[string]struct {
		before, after string
		n             *Notice
	}{
		"none":          {`<worksheet><sheetData/></worksheet>`, `<worksheet><sheetData/><headerFooter><oddHeader>&amp;C§</oddHeader></headerFooter></worksheet>`, start},
		"order":         {`<x:worksheet><x:pageSetup/><x:drawing/><x:extLst/></x:worksheet>`, `<x:worksheet><x:pageSetup/><x:headerFooter><x:oddHeader>&amp;C§</x:oddHeader></x:headerFooter><x:drawing/><x:extLst/></x:worksheet>`, start},
		"footers":       {`<worksheet/>`, `<worksheet><headerFooter><oddHeader>&amp;C§</oddHeader><oddFooter>&amp;C§</oddFooter></headerFooter></worksheet>`, both},
		"empty":         {`<worksheet><headerFooter/></worksheet>`, `<worksheet><headerFooter><oddHeader>&amp;C§</oddHeader><oddFooter>&amp;C§</oddFooter></headerFooter></worksheet>`, both},
		"one there":     {`<worksheet><headerFooter><oddFooter>a</oddFooter></headerFooter></worksheet>`, "<worksheet><headerFooter><oddHeader>&amp;C§</oddHeader><oddFooter>a\n§</oddFooter></headerFooter></worksheet>", both},
		"first page":    {`<worksheet><headerFooter differentFirst="1"><oddFooter/></headerFooter></worksheet>`, `<worksheet><headerFooter differentFirst="1"><oddHeader>&amp;C§</oddHeader><oddFooter/><firstHeader>&amp;C§</firstHeader></headerFooter></worksheet>`, start},
		"even pages":    {`<worksheet><headerFooter differentOddEven="true"><firstHeader/></headerFooter></worksheet>`, `<worksheet><headerFooter differentOddEven="true"><oddHeader>&amp;C§</oddHeader><evenHeader>&amp;C§</evenHeader><firstHeader/></headerFooter></worksheet>`, start},
		"empty header":  {`<worksheet><headerFooter><oddHeader/></headerFooter></worksheet>`, `<worksheet><headerFooter><oddHeader>&amp;C§</oddHeader></headerFooter></worksheet>`, start},
		"chart, nested": {`<chartsheet><extLst/></chartsheet>`, `<chartsheet><headerFooter><oddHeader>&amp;C§</oddHeader></headerFooter><extLst/></chartsheet>`, start},
	} {
		t.Run(name, func(t *testing.T) {
			out := noticed(t, "xlsx", xlsxDocument("<worksheet/>", c.before), c.n, "word/sheet1.xml", "word/sheet2.xml")
			require.Equal(t, strings.ReplaceAll(c.after, "§", note), part(t, out, "word/sheet2.xml"))
			require.Contains(t, finds(t, "xlsx", out), "page header: Made by <AI> & co")
		})
	}
}

// TestXLSXHeaders adds to headers with codes (ISO/IEC 29500-1, 18.3.1.39).
func TestXLSXHeaders(t *testing.T) {
	for before, after := range map[string]string{
		"":                        "&C§",
		"&Lleft&Rright":           "&Lleft&C§&Rright",
		"&Lleft&Cmiddle&Rright":   "&Lleft&Cmiddle\n§&Rright",
		"&L&C&R":                  "&L&C§&R",
		`&C&"Arial,Bold"&12&A`:    `&C&"Arial,Bold"&12&A` + "\n§",
		`&C&"Arial,&R Bold"&8`:    `&C&"Arial,&R Bold"&8§`,
		"middle&Rright":           "middle\n§&Rright",
		"&Rright&Cmiddle&Lleft":   "&Rright&Cmiddle\n§&Lleft",
		"&Ca && b":                "&Ca && b\n§",
		"&C&K000000x":             "&C&K000000x\n§",
		"&LMade by <AI> && co":    "",
		"&Ca\nMade by <AI> && co": "",
		"&C&G&":                   "&C&G&\n§",
	} {
		got, err := testNotice(nil).sheetMargin(before, false)
		require.NoError(t, err)
		require.Equal(t, strings.ReplaceAll(after, "§", "Made by <AI> && co"), got, before)
	}
	_, err := testNotice(nil).sheetMargin(strings.Repeat("a", 240), false)
	require.ErrorIs(t, err, ErrNoRoom)
}

func TestXLSXCellsAreRead(t *testing.T) {
	cells := `<c t="s"><v>1</v></c><c><v>7</v></c><c t="inlineStr"><is><t>in</t></is></c><c t="str"><f>a</f><v>x</v></c><c t="s"><v>0</v></c><c t="s"><v>99</v></c>`
	cells = strings.ReplaceAll(cells, "</c><c", "</c></row><row><c")
	const table = `<c t="str"><v>File</v></c><c t="str"><v>AI generated</v></c><c><v>7</v></c>` // the name of a column is no notice
	b := xlsxDocument(`<worksheet><sheetData><row>` + cells + `</row><row>` + table + `</row></sheetData><headerFooter><oddFooter>&amp;Lfoot</oddFooter></headerFooter></worksheet>`)
	require.Equal(t, []string{"page footer: foot", "text start: two", "text start: in", "text start: x", "text end: one"}, finds(t, "xlsx", b))
}

func FuzzPPTXNotice(f *testing.F) {
	fuzzNotice(f, "pptx", func(slide string) []byte {
		return pptxDocument(`<p:sldIdLst><p:sldId id="256" r:id="rId1"/></p:sldIdLst>`, slide)
	}, pptxSlideOf("", `<p:sp><p:cNvPr id="2"/></p:sp><p:extLst/>`), pptxSlideOf(` show="0"`, ""))
}

func FuzzXLSXNotice(f *testing.F) {
	fuzzNotice(f, "xlsx", func(sheet string) []byte { return xlsxDocument(sheet) },
		`<worksheet><headerFooter differentFirst="1"><oddHeader>&amp;L&amp;"a"a&amp;R&amp;K000000&amp;12b</oddHeader></headerFooter><drawing/></worksheet>`, `<worksheet/>`)
}
