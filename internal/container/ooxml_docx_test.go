package container

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// wordNote is the paragraph of the test's notice.
const wordNote = `<w:p><w:pPr><w:spacing w:before="0" w:after="120"/><w:ind w:firstLine="0" w:firstLineChars="0"/></w:pPr>` +
	`<w:r><w:rPr><w:sz w:val="21"/><w:szCs w:val="21"/><w:lang w:val="en-US"/></w:rPr><w:t xml:space="preserve">Made by &lt;AI&gt; &amp; co</w:t></w:r></w:p>`

func wordDocument(body string) string {
	return fmt.Sprintf(`<w:document xmlns:w=%q xmlns:r="%srelationships"><w:body>%s</w:body></w:document>`, wordTransitional, ooxmlOffice, body)
}

// TestDOCXParagraph puts the notice into bodies as others write them; § is where.
func TestDOCXParagraph(t *testing.T) {
	const (
		a, b    = `<w:p><w:r><w:t>a</w:t></w:r></w:p>`, `<w:p><w:r><w:t>b</w:t></w:r></w:p>`
		section = `<w:sectPr><w:pgSz w:w="11906"/></w:sectPr>`
		cover   = `<w:sdt><w:sdtPr><w:docPartObj><w:docPartGallery w:val="Cover Pages"/></w:docPartObj></w:sdtPr><w:sdtContent>` + a + `</w:sdtContent></w:sdt>`
		toc     = `<w:sdt><w:sdtPr><w:docPartObj><w:docPartGallery w:val="Table of Contents"/></w:docPartObj></w:sdtPr></w:sdt>`
		breaks  = `<w:p><w:pPr><w:pageBreakBefore/></w:pPr><w:r><w:t>a</w:t></w:r></w:p>`
		styled  = `<w:p><w:pPr><w:pStyle w:val="Chapter"/></w:pPr></w:p>`
	)
	start, end := testNotice(nil), testNotice(func(n *Notice) { n.Start, n.End = false, true })
	both := testNotice(func(n *Notice) { n.End = true })
	for name, c := range map[string]struct {
		body string
		n    *Notice
	}{
		"start":              {`§` + a + b + section, start},
		"end":                {a + b + `§` + section, end},
		"both":               {`§` + a + `§`, both},
		"a bookmark":         {`§<w:bookmarkStart w:id="0"/>` + a, start},
		"a table":            {`§<w:tbl>` + a + `</w:tbl>`, start},
		"behind a table":     {`<w:tbl>` + a + `</w:tbl>§` + section, end},
		"a cover page":       {cover + `§` + a + section, start},
		"a cover, a break":   {cover + breaks + `§` + a, start},
		"contents":           {`§` + toc + a, start},
		"a new page":         {breaks + `§` + b, start},
		"a new page, off":    {`§` + strings.Replace(breaks, "Before/", `Before w:val="0"/`, 1) + b, start},
		"a style":            {styled + `§` + b, start},
		"a later new page":   {`§` + a + breaks, start},
		"nothing":            {`§`, start},
		"a section, nothing": {`§` + section, start},
	} {
		t.Run(name, func(t *testing.T) {
			before := strings.ReplaceAll(c.body, "§", "")
			doc := ooxmlDocument("word/document.xml", wordDocument(before), "word/_rels/document.xml.rels", `<Relationships><Relationship Id="rId1" Type="a/styles" Target="styles.xml"/></Relationships>`,
				"word/styles.xml", `<w:styles><w:style w:styleId="Chapter"><w:pPr><w:pageBreakBefore/></w:pPr></w:style><w:style w:styleId="b"/></w:styles>`)
			out := noticed(t, "docx", doc, c.n, "word/document.xml")
			require.Equal(t, wordDocument(strings.ReplaceAll(c.body, "§", wordNote)), part(t, out, "word/document.xml"))
			for _, line := range finds(t, "docx", out) {
				if strings.HasSuffix(line, ": Made by <AI> & co") {
					return
				}
			}
			require.Fail(t, "not found")
		})
	}
}

// TestDOCXNames: the names of a document may have any prefix, or none.
func TestDOCXNames(t *testing.T) {
	for name, c := range map[string]struct{ document, note string }{
		"strict":      {`<w:document xmlns:w="` + wordStrict + `"><w:body>§</w:body></w:document>`, wordNote},
		"prefix":      {`<x:document xmlns:x="` + wordTransitional + `"><x:body>§<x:p/></x:body></x:document>`, strings.NewReplacer("<w:", "<x:", "</w:", "</x:", " w:", " x:").Replace(wordNote)},
		"no prefix":   {`<document xmlns="` + wordTransitional + `"><body>§<p/></body></document>`, strings.Replace(wordNote, "<w:p>", `<w:p xmlns:w="`+wordTransitional+`">`, 1)},
		"both":        {`<document xmlns="` + wordTransitional + `" xmlns:w="` + wordTransitional + `"><body>§<p/></body></document>`, wordNote},
		"declaration": {"\uFEFF<?xml version='1.0'?><!-- <w:body> --><w:document xmlns:w='" + wordTransitional + "'><w:body>§</w:body></w:document>", wordNote},
	} {
		b := ooxmlDocument("word/document.xml", strings.ReplaceAll(c.document, "§", ""))
		out := noticed(t, "docx", b, testNotice(nil), "word/document.xml")
		require.Equal(t, strings.ReplaceAll(c.document, "§", c.note), part(t, out, "word/document.xml"), name)
	}
	empty := `<w:document xmlns:w="` + wordTransitional + `"><w:body/></w:document>`
	out := noticed(t, "docx", ooxmlDocument("word/document.xml", empty), testNotice(func(n *Notice) { n.End = true }), "word/document.xml")
	require.Contains(t, part(t, out, "word/document.xml"), `<w:body>`+wordNote+`</w:body>`)
}

func TestDOCXLanguages(t *testing.T) {
	n := testNotice(func(n *Notice) {
		n.Words = []Words{{"zh-Hans", "本内容由AI生成"}, {"de", "KI"}}
		n.Known = func(line string, _ bool) bool { return line == "本内容由AI生成 · KI" }
	})
	out := noticed(t, "docx", ooxmlDocument("word/document.xml", wordDocument("")), n, "word/document.xml")
	doc := part(t, out, "word/document.xml")
	require.Contains(t, doc, `<w:lang w:eastAsia="zh-CN"/></w:rPr><w:t xml:space="preserve">本内容由AI生成 · </w:t>`)
	require.Contains(t, doc, `<w:lang w:val="de-DE"/></w:rPr><w:t xml:space="preserve">KI</w:t>`)
}

// TestDOCXHeaders: existing headers are extended, and the first section gets those that
// its pages lack.
func TestDOCXHeaders(t *testing.T) {
	const (
		rels    = "word/_rels/document.xml.rels"
		related = `<Relationships xmlns="` + ooxmlSpace + `"><Relationship Id="rId7" Type="t/header" Target="header1.xml"/><Relationship Id="s" Type="t/settings" Target="/word/settings.xml"/></Relationships>`
		old     = `<w:hdr xmlns:w="` + wordTransitional + `"><w:p><w:r><w:t>old</w:t></w:r></w:p></w:hdr>`
	)
	each := testNotice(func(n *Notice) { n.EachPage = true })
	document := func(body, settings string) []byte {
		return ooxmlDocument("word/document.xml", wordDocument(body), rels, related, "word/header1.xml", old, "word/settings.xml", settings)
	}
	body := func(t *testing.T, b []byte, changed ...string) string {
		t.Helper()
		out := noticed(t, "docx", b, each, append(changed, "word/document.xml", rels, opcTypes)...)
		require.Contains(t, finds(t, "docx", out), "page header: Made by <AI> & co")
		return strings.TrimSuffix(strings.SplitAfter(part(t, out, "word/document.xml"), "<w:body>")[1], "</w:body></w:document>")
	}
	reference := func(kind, id string) string {
		return fmt.Sprintf(`<w:headerReference w:type=%q r:id=%q/>`, kind, id)
	}
	t.Run("none", func(t *testing.T) {
		out := noticed(t, "docx", ooxmlDocument("word/document.xml", wordDocument("<w:p/>")), each, "word/document.xml", opcTypes)
		require.Contains(t, part(t, out, "word/document.xml"), `<w:p/><w:sectPr>`+reference("default", "rId1")+`</w:sectPr></w:body>`)
		require.Equal(t, ooxmlHead+`<w:hdr xmlns:w="`+wordTransitional+`">`+wordNote+`</w:hdr>`, part(t, out, "word/header1.xml"))
		require.Contains(t, part(t, out, rels), `<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/header" Target="header1.xml"/>`)
		require.Contains(t, part(t, out, opcTypes), `<Override PartName="/word/header1.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.header+xml"/>`)
	})
	t.Run("one there", func(t *testing.T) {
		b := document(`<w:sectPr>`+reference("default", "rId7")+`</w:sectPr>`, "<w:settings/>")
		out := noticed(t, "docx", b, each, "word/header1.xml")
		require.Equal(t, strings.Replace(old, "<w:p>", wordNote+"<w:p>", 1), part(t, out, "word/header1.xml"))
	})
	t.Run("first page", func(t *testing.T) {
		got := body(t, document(`<w:p/><w:sectPr>`+reference("default", "rId7")+`<w:titlePg/></w:sectPr>`, "<w:settings/>"), "word/header1.xml")
		require.Equal(t, `<w:p/><w:sectPr>`+reference("first", "rId8")+reference("default", "rId7")+`<w:titlePg/></w:sectPr>`, got)
	})
	t.Run("even pages", func(t *testing.T) {
		got := body(t, document(`<w:sectPr/>`, "<w:settings><w:evenAndOddHeaders/></w:settings>"))
		require.Equal(t, `<w:sectPr>`+reference("default", "rId8")+reference("even", "rId9")+`</w:sectPr>`, got)
	})
	t.Run("sections", func(t *testing.T) {
		inner := `<w:p><w:pPr><w:sectPr>%s<w:sectPrChange><w:sectPr><w:titlePg/></w:sectPr></w:sectPrChange></w:sectPr></w:pPr></w:p><w:sectPr>` + reference("default", "rId7") + `</w:sectPr>`
		got := body(t, document(fmt.Sprintf(inner, ""), "<w:settings/>"), "word/header1.xml")
		require.Equal(t, fmt.Sprintf(inner, reference("default", "rId8")), got)
	})
	t.Run("footers too", func(t *testing.T) {
		n := testNotice(func(n *Notice) { n.EachPage, n.End = true, true })
		out := noticed(t, "docx", ooxmlDocument("word/document.xml", wordDocument("")), n, "word/document.xml", opcTypes)
		require.Contains(t, part(t, out, "word/document.xml"), reference("default", "rId1")+`<w:footerReference w:type="default" r:id="rId2"/>`)
		require.Contains(t, finds(t, "docx", out), "page footer: Made by <AI> & co")
	})
}

func FuzzDOCXNotice(f *testing.F) {
	const rels = `<Relationships><Relationship Id="rId7" Type="t/header" Target="header1.xml"/></Relationships>`
	fuzzNotice(f, "docx", func(doc string) []byte {
		return ooxmlDocument("word/document.xml", doc, "word/_rels/document.xml.rels", rels, "word/header1.xml", `<w:hdr xmlns:w="`+wordTransitional+`"/>`)
	}, wordDocument(`<w:p/><w:sectPr><w:headerReference w:type="default" r:id="rId7"/><w:titlePg/></w:sectPr>`), wordDocument(wordNote), `<document xmlns="`+wordStrict+`"><body/></document>`)
}
