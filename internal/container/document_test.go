package container

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aigclabel/aigclabel/internal/splice"
)

// testNotice is a notice at the start, unless its fields are changed.
func testNotice(change func(*Notice)) *Notice {
	n := &Notice{
		Words:    []Words{{"en", "Made by <AI> & co"}},
		Captions: [][]Words{{{"en", "AI"}}},
		Between:  " · ", Start: true, Left: 1, Above: 1,
		Known: func(line string, _ bool) bool { return line == "Made by <AI> & co" || line == "AI" },
	}
	if change != nil {
		change(n)
	}
	return n
}

func planNotice(format string, b []byte, n *Notice) (*splice.Plan, error) {
	if format == "epub" {
		return PlanEPUBNotice(bytes.NewReader(b), int64(len(b)), n, func(e EPUBText) (edits []splice.Edit, err error) {
			body := ReadXHTMLBody(e.Text)
			if e.Start && body.First.Text != "AI" {
				edits = append(edits, insert(body.Start, "<p>AI</p>"))
			}
			if e.End && body.Last.Text != "AI" {
				edits = append(edits, insert(body.End, "<p>AI</p>"))
			}
			return edits, nil
		})
	}
	return PlanNotice(bytes.NewReader(b), int64(len(b)), format, n)
}

// noticed returns a document with a notice: it gets no other a second time, it is
// found, and no entry but those named changes.
func noticed(t *testing.T, format string, b []byte, n *Notice, changed ...string) []byte {
	t.Helper()
	plan, err := planNotice(format, b, n)
	require.NoError(t, err)
	out := output(t, plan, b)
	again, err := planNotice(format, out, n)
	require.NoError(t, err)
	require.Empty(t, again.Edits(), "a second time")
	was, is := openForTest(t, b), openForTest(t, out)
	for i := range was.entries {
		e := &was.entries[i]
		now := is.find(e.name)
		require.NotNil(t, now, e.name)
		if !bytes.Equal(rawEntry(t, was, e), rawEntry(t, is, now)) {
			require.Contains(t, changed, e.name)
		}
	}
	return out
}

// finds returns the lines of a document at which notices stand, with their places.
func finds(t *testing.T, format string, b []byte) (all []string) {
	t.Helper()
	lines, _, err := DocumentLines(bytes.NewReader(b), int64(len(b)), format, Limits{})
	require.NoError(t, err)
	for _, l := range lines {
		all = append(all, l.Place+": "+l.Text)
	}
	return all
}

func TestXMLLines(t *testing.T) {
	for name, c := range map[string]struct {
		doc, element string
		lines        []string
	}{
		"runs":        {`<w:p><w:r><w:t>a &amp;</w:t></w:r><w:r><w:t xml:space="preserve"> b</w:t></w:r></w:p><w:p/><w:p><w:t>c</w:t></w:p>`, "t", []string{"a & b", "c"}},
		"no text":     {`<p><instrText>PAGE</instrText><delText>a</delText></p>`, "t", nil},
		"any text":    {`x<text:p>a<text:span> b</text:span><text:s/>c<text:tab/>d</text:p>y<text:h>e</text:h>`, "", []string{"a b c d", "e"}},
		"breaks":      {`<p><t>a</t><br/><t>b</t></p>`, "t", []string{"a", "b"}},
		"box in text": {`<p><t>a</t><p><t>b</t></p><t>c</t></p>`, "t", []string{"a", "b", "c"}},
		"cut":         {`<p><t>a</t></p><p><t>b</t><t`, "t", []string{"a", "b"}},
		"piece":       {`</t></p><p><t>a</t></p>`, "t", []string{"a"}},
		"CDATA":       {`<p><t><![CDATA[<a>]]></t></p>`, "t", []string{"<a>"}},
	} {
		var lines []string
		for line := range xmlLines(c.doc, c.element) {
			lines = append(lines, line)
		}
		require.Equal(t, c.lines, lines, name)
	}
}

// TestEdgesOfAPart compares both ends of parts of all sizes with the part.
func TestEdgesOfAPart(t *testing.T) {
	for _, announced := range []int64{math.MaxInt64, 1} {
		z := openForTest(t, deflatedZIP(t, "a", "text"))
		e := z.find("a")
		e.size = announced
		_, _, err := z.edges(e, "")
		require.NoError(t, err, "of a wrong size")
	}
	for _, size := range []int{0, 1, edgeSize, 2 * edgeSize, 2*edgeSize + 1, 3*edgeSize + 7, 9 * edgeSize} {
		var text strings.Builder
		for i := 0; text.Len() < size; i++ {
			text.WriteString(strings.Repeat(string(rune('a'+i%26)), i%97))
		}
		doc := text.String()[:size]
		for name, b := range map[string][]byte{"deflated": deflatedZIP(t, "a", doc), "stored": (&zipBuilder{}).build("a", doc)} {
			z := openForTest(t, b)
			head, tail, err := z.edges(z.find("a"), "")
			require.NoError(t, err)
			require.True(t, strings.HasPrefix(doc, head) && strings.HasSuffix(doc, tail), "%s of %d", name, size)
			require.GreaterOrEqual(t, len(head), min(size, edgeSize))
			require.GreaterOrEqual(t, len(tail), min(size, edgeSize))
			if size < 2*edgeSize {
				require.Equal(t, doc, head)
			}
		}
	}
	for _, before := range []int{0, edgeSize - 3, edgeSize, 2*edgeSize - 3, 5*edgeSize - 3} {
		doc := strings.Repeat("x", before) + "<body" + strings.Repeat("y", 4*edgeSize)
		z := openForTest(t, deflatedZIP(t, "a", doc))
		head, _, err := z.edges(z.find("a"), "<body")
		require.NoError(t, err)
		require.True(t, strings.HasPrefix(head, "<bodyyyy"), before)
	}
}

// TestLargePartsStayCompressed: stored, the text of a document was a file ten times as
// large.
func TestLargePartsStayCompressed(t *testing.T) {
	body := strings.Repeat("<w:p><w:r><w:t>text</w:t></w:r></w:p>", 4000)
	b := deflatedZIP(t, opcTypes, ooxmlTypes(""), opcRels, ooxmlRels(""), "word/document.xml", wordDocument(body))
	out := noticed(t, "docx", b, testNotice(nil), "word/document.xml")
	require.Less(t, len(out), len(b)+1000)
	require.Equal(t, wordDocument(wordNote+body), part(t, out, "word/document.xml"))
}

func TestNoticeRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		format string
		b      []byte
		err    any
	}{
		"no body":        {"docx", ooxmlDocument("word/document.xml", `<w:document xmlns:w="`+wordTransitional+`"/>`), new(*FormatError)},
		"other language": {"docx", ooxmlDocument("word/document.xml", `<document><body/></document>`), new(*FormatError)},
		"broken XML":     {"docx", ooxmlDocument("word/document.xml", wordDocument("<w:p>")), new(*FormatError)},
		"two parts":      {"docx", ooxmlDocument("word/document.xml", wordDocument(""), "Word/document.xml", wordDocument("")), new(*FormatError)},
		"lost header":    {"docx", ooxmlDocument("word/document.xml", wordDocument(`<w:sectPr><w:headerReference w:type="default" r:id="x"/></w:sectPr>`)), new(*FormatError)},
		"no slides":      {"pptx", pptxDocument(``), &ErrNoRoom},
		"lost slide":     {"pptx", pptxDocument(`<p:sldIdLst><p:sldId id="256" r:id="rId9"/></p:sldIdLst>`), new(*FormatError)},
		"tiny slide":     {"pptx", pptxDocument(`<p:sldIdLst/><p:sldSz cx="100" cy="1"/>`), &ErrNoRoom},
		"no sheets":      {"xlsx", xlsxDocument(), &ErrNoRoom},
		"styles alone":   {"odt", odfDocument(odfManifest, odfListed), &ErrNoRoom},
		"no content":     {"odp", odfDocument(odfManifest, odfListed), new(*FormatError)},
		"no pages":       {"ods", odfDocument(odfManifest, odfListed, odfStyles, "<a/>"), &ErrNoRoom},
		"encrypted":      {"odt", odfDocument(odfManifest, `<m><f><encryption-data/></f></m>`, odfContent, "<a/>"), &ErrEncrypted},
		"no ODF":         {"odt", ooxmlDocument(), new(*FormatError)},
		"no OOXML":       {"docx", odfDocument(), new(*FormatError)},
		"no spine":       {"epub", epubOf(`<package/>`), &ErrNoRoom},
		"no package":     {"epub", (&zipBuilder{}).build("mimetype", epubType, epubContainer, epubIndex), new(*FormatError)},
		"cut":            {"docx", ooxmlDocument("word/document.xml", wordDocument(""))[:900], new(*FormatError)},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := planNotice(c.format, c.b, testNotice(func(n *Notice) { n.EachPage = name == "lost header" }))
			if want, ok := c.err.(*error); ok {
				require.ErrorIs(t, err, *want)
			} else {
				require.ErrorAs(t, err, c.err)
			}
		})
	}
}

// TestNoticeHostile: parts that inflate without end, nest without end, or refer to each
// other are bounded, in looking as in editing.
func TestNoticeHostile(t *testing.T) {
	for name, doc := range map[string]string{
		"too large": wordDocument(strings.Repeat(" ", 9<<20)),
		"nested":    wordDocument(strings.Repeat("<w:p>", 100_000)),
		"one run":   wordDocument("<w:p><w:t>" + strings.Repeat("a", 7<<20) + "</w:t></w:p>"),
		"lines":     wordDocument(strings.Repeat("<w:p><w:t>a</w:t></w:p>", 1<<18)),
	} {
		t.Run(name, func(t *testing.T) {
			b := deflatedZIP(t, opcTypes, ooxmlTypes(""), opcRels, ooxmlRels(""), "word/document.xml", doc)
			_, err := planNotice("docx", b, testNotice(nil))
			if name == "too large" || name == "nested" {
				require.ErrorAs(t, err, new(*LimitError))
			} else {
				require.NoError(t, err)
			}
			lines, _, err := DocumentLines(bytes.NewReader(b), int64(len(b)), "docx", Limits{})
			require.NoError(t, err)
			require.LessOrEqual(t, len(lines), startLines+endLines)
		})
	}
}

// fuzzNotice feeds a part of a document to what edits it and what looks at it.
func fuzzNotice(f *testing.F, format string, document func(part string) []byte, seeds ...string) {
	for _, s := range seeds {
		for each := range 4 {
			f.Add(s, each)
		}
	}
	f.Fuzz(func(t *testing.T, part string, mode int) {
		b := document(part)
		n := testNotice(func(n *Notice) { n.EachPage, n.End, n.Start = mode&1 > 0, mode&2 > 0, mode&6 != 2 })
		if _, _, err := DocumentLines(bytes.NewReader(b), int64(len(b)), format, Limits{}); format != "epub" {
			require.NoError(t, err)
		}
		plan, err := planNotice(format, b, n)
		if err != nil {
			return
		}
		again, err := planNotice(format, output(t, plan, b), n)
		require.NoError(t, err, "the edited part is broken")
		require.Empty(t, again.Edits(), "a second time")
	})
}

// TestNoticeQuadratic: lists that refer to each other cost no more than their length.
func TestNoticeQuadratic(t *testing.T) {
	many := func(n int, format string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	const n = 30_000
	relations := `<Relationships>` + many(n, `<Relationship Id="r%d" Type="t/slide" Target="a.xml"/>`) + `<Relationship Id="s" Type="t/slide" Target="a.xml"/></Relationships>`
	each := testNotice(func(n *Notice) { n.EachPage = true })
	for name, c := range map[string]struct {
		format string
		b      []byte
	}{
		"slides": {"pptx", ooxmlDocument("word/document.xml", `<p:presentation `+pptxNames+`><p:sldIdLst>`+many(n, `<p:sldId id="%d" r:id="s"/>`)+`</p:sldIdLst></p:presentation>`,
			"word/_rels/document.xml.rels", relations, "word/a.xml", pptxSlideOf("", ""))},
		"sheets": {"xlsx", ooxmlDocument("word/document.xml", `<workbook xmlns:r="r"><sheets>`+many(n, `<sheet r:id="r%d"/>`)+`</sheets></workbook>`,
			"word/_rels/document.xml.rels", strings.ReplaceAll(relations, "slide", "worksheet"), "word/a.xml", "<worksheet/>")},
		"sections": {"docx", ooxmlDocument("word/document.xml", wordDocument(many(n, `<w:p><w:pPr><w:sectPr><w:headerReference w:type="default" r:id="r%d"/></w:sectPr></w:pPr></w:p>`)),
			"word/_rels/document.xml.rels", relations, "word/a.xml", `<w:hdr xmlns:w="`+wordTransitional+`"/>`)},
		"shapes":       {"pptx", pptxDocument(`<p:sldIdLst><p:sldId r:id="rId1"/></p:sldIdLst>`, pptxSlideOf("", many(n, `<a:p><a:t>AI %d generated</a:t></a:p>`)))},
		"names":        {"odt", odfPackage(odfContentOf(many(n, `<style:style style:name="AIGC%dP"/>`), "text", ""), odfStylesOf(many(n, `<style:style style:name="AIGC%dP"/>`), `<style:master-page/>`))},
		"pages":        {"odp", odfPackage(odfContentOf("", "presentation", many(n, `<draw:page draw:id="%d"/>`)), odfStylesOf("", ""))},
		"master pages": {"ods", odfPackage("<a/>", odfStylesOf("", many(n, `<style:master-page style:name="%d"/>`)))},
		"header":       {"xlsx", xlsxDocument(`<worksheet><headerFooter><oddFooter>` + many(n, "&amp;C&amp;L%d\n") + `</oddFooter></headerFooter></worksheet>`)},
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			plan, err := planNotice(c.format, c.b, each)
			require.NoError(t, err)
			require.NotEmpty(t, plan.Edits())
			_, _, err = DocumentLines(bytes.NewReader(c.b), int64(len(c.b)), c.format, Limits{})
			require.NoError(t, err)
			require.Less(t, time.Since(start), hang)
			t.Log(len(c.b), "bytes in", time.Since(start))
		})
	}
}

// TestTitleIsNoNotice: a slide about AI-generated content got no notice.
func TestTitleIsNoNotice(t *testing.T) {
	const note = `Made by &lt;AI&gt; &amp; co`
	shape := func(placeholder string) string {
		return `<p:sp><p:nvSpPr><p:cNvPr id="2" name="a"/><p:cNvSpPr/><p:nvPr>` + placeholder + `</p:nvPr></p:nvSpPr><p:spPr/><p:txBody><a:bodyPr/><a:p><a:r><a:t>` + note + `</a:t></a:r></a:p></p:txBody></p:sp>`
	}
	for placeholder, edits := range map[string]bool{
		`<p:ph type="title"/>`: true, `<p:ph type="body" idx="1"/>`: true, `<p:ph idx="1"/>`: true, `<p:ph type="ftr"/>`: false, "": false,
	} {
		plan, err := planNotice("pptx", pptxDocument(`<p:sldIdLst><p:sldId id="256" r:id="rId1"/></p:sldIdLst><p:sldSz cx="9144000" cy="5143500"/>`, pptxSlideOf("", shape(placeholder))), testNotice(nil))
		require.NoError(t, err, placeholder)
		require.Equal(t, edits, len(plan.Edits()) > 0, placeholder)
	}
	frame := func(class string) []byte {
		return []byte(`<draw:frame` + class + `><draw:text-box><text:p>` + note + `</text:p></draw:text-box></draw:frame><draw:frame><draw:text-box><text:p>b</text:p></draw:text-box></draw:frame>`)
	}
	require.Equal(t, []string{"b"}, slices.Collect(xmlLines(string(frame(` presentation:class="title"`)), "")))
	require.Len(t, slices.Collect(xmlLines(string(frame("")), "")), 2)
}

// TestUnseenTextIsNoNotice: a deleted, moved or hidden notice let a document go without one.
func TestUnseenTextIsNoNotice(t *testing.T) {
	const note = `Made by &lt;AI&gt; &amp; co`
	odt := func(unseen string) []byte {
		return odfPackage(odfContentOf("", "text", unseen+"<text:p>a</text:p>"), odfStylesOf("", ""))
	}
	docx := func(unseen string) []byte {
		return ooxmlDocument("word/document.xml", wordDocument("<w:p>"+unseen+"</w:p><w:p><w:r><w:t>a</w:t></w:r></w:p>"))
	}
	for name, c := range map[string]struct {
		format string
		b      []byte
		edits  bool
	}{
		"deleted":     {"odt", odt(`<text:tracked-changes><text:changed-region><text:deletion><text:p>` + note + `</text:p></text:deletion></text:changed-region></text:tracked-changes>`), true},
		"comment":     {"odt", odt(`<text:p><office:annotation><text:p>` + note + `</text:p></office:annotation>b</text:p>`), true},
		"moved":       {"docx", docx(`<w:moveFrom><w:r><w:t>` + note + `</w:t></w:r></w:moveFrom>`), true},
		"hidden":      {"docx", docx(`<w:r><w:rPr><w:vanish/></w:rPr><w:t>` + note + `</w:t></w:r>`), true},
		"not hidden":  {"docx", docx(`<w:r><w:rPr><w:vanish w:val="0"/></w:rPr><w:t>` + note + `</w:t></w:r>`), false},
		"hidden mark": {"docx", docx(`<w:pPr><w:rPr><w:vanish/></w:rPr></w:pPr><w:r><w:t>` + note + `</w:t></w:r>`), false},
	} {
		plan, err := planNotice(c.format, c.b, testNotice(nil))
		require.NoError(t, err, name)
		require.Equal(t, c.edits, len(plan.Edits()) > 0, name)
	}
}
