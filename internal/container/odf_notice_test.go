package container

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const odfTestNames = `xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0" ` +
	`xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0" ` +
	`xmlns:fo="urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0" xmlns:svg="urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0"`

func odfContentOf(styles, kind, body string) string {
	return fmt.Sprintf(`<office:document-content %s><office:automatic-styles>%s</office:automatic-styles><office:body><office:%s>%s</office:%[3]s></office:body></office:document-content>`, odfTestNames, styles, kind, body)
}

func odfStylesOf(styles, masters string) string {
	return fmt.Sprintf(`<office:document-styles %s><office:styles>%s</office:styles><office:master-styles>%s</office:master-styles></office:document-styles>`, odfTestNames, styles, masters)
}

func odfPackage(content, styles string) []byte {
	return odfDocument(odfManifest, odfListed, odfContent, content, odfStyles, styles)
}

const odfNote = `<text:p text:style-name="AIGC1P"><text:span text:style-name="AIGC1T1">Made by &lt;AI&gt; &amp; co</text:span></text:p>`

// TestODTParagraph puts the notice into texts as others write them; § is where.
func TestODTParagraph(t *testing.T) {
	const a, b = `<text:p text:style-name="P9">a</text:p>`, `<text:h>b</text:h>`
	start, end := testNotice(nil), testNotice(func(n *Notice) { n.Start, n.End = false, true })
	for name, c := range map[string]struct {
		body, styles, named string
		n                   *Notice
	}{
		"start":             {`§` + a + b, ``, ``, start},
		"end":               {a + b + `§`, ``, ``, end},
		"declarations":      {`<office:forms/><text:tracked-changes><x><text:p>del</text:p></x></text:tracked-changes><text:sequence-decls/>§` + a, ``, ``, start},
		"behind tables":     {a + `§<table:named-expressions/>`, ``, ``, end},
		"a new page":        {a + `§` + b, `<style:style style:name="P9" style:master-page-name="First"/>`, ``, start},
		"no new page":       {`§` + a + b, `<style:style style:name="P9" style:master-page-name=""/><style:style style:name="P8" style:master-page-name="First"/>`, ``, start},
		"a break":           {a + `§` + b, `<style:style style:name="P9"><style:paragraph-properties fo:break-before="page"/></style:style>`, ``, start},
		"a style of a name": {a + `§` + b, `<style:style style:name="P9" style:parent-style-name="N"/>`, `<style:style style:name="N" style:master-page-name="M"/>`, start},
		"styles in a ring":  {`§` + a + b, `<style:style style:name="P9" style:parent-style-name="N"/>`, `<style:style style:name="N" style:parent-style-name="P9"/>`, start},
		"nothing":           {`§`, ``, ``, start},
	} {
		t.Run(name, func(t *testing.T) {
			doc := odfPackage(odfContentOf(c.styles, "text", strings.ReplaceAll(c.body, "§", "")), odfStylesOf(c.named, ""))
			out := noticed(t, "odt", doc, c.n, odfContent)
			got := part(t, out, odfContent)
			require.Contains(t, got, `<office:text>`+strings.ReplaceAll(c.body, "§", odfNote)+`</office:text>`)
			require.Contains(t, got, c.styles+`<style:style style:name="AIGC1P" style:family="paragraph">`)
			require.Contains(t, got, `<style:style style:name="AIGC1T1" style:family="text"><style:text-properties fo:font-size="10.5pt" style:font-size-asian="10.5pt" fo:language="en" fo:country="US"/>`)
		})
	}
}

// TestODTNames: what a document does not declare, or calls otherwise, is declared.
func TestODTNames(t *testing.T) {
	doc := `<o:document-content xmlns:o="` + odfOfficeSpace + `"><o:body><o:text/></o:body></o:document-content>`
	out := noticed(t, "odt", odfPackage(doc, odfStylesOf("", "")), testNotice(nil), odfContent)
	got := part(t, out, odfContent)
	require.Contains(t, got, `<office:automatic-styles xmlns:office="`+odfOfficeSpace+`"><style:style xmlns:style="`+odfSpaces["style"]+`" xmlns:fo="`+odfSpaces["fo"]+`" style:name="AIGC1P"`)
	require.Contains(t, got, `<o:text><text:p xmlns:text="`+odfSpaces["text"]+`" text:style-name="AIGC1P">`)
	out = noticed(t, "odt", odfPackage(odfContentOf(`<style:style style:name="AIGC1"/><style:style style:name='AIGC2T1'/>`, "text", ""), odfStylesOf("", "")), testNotice(nil), odfContent)
	require.Contains(t, part(t, out, odfContent), `text:style-name="AIGC3P"`)
}

// TestODFMargins puts the notice into the headers of master pages; § is where.
func TestODFMargins(t *testing.T) {
	const p = `<text:p>p</text:p>`
	start := testNotice(func(n *Notice) { n.EachPage = true })
	both := testNotice(func(n *Notice) { n.EachPage, n.End = true, true })
	for name, c := range map[string]struct {
		before, after string
		n             *Notice
	}{
		"none":         {`<style:master-page/>`, `<style:master-page><style:header>§</style:header></style:master-page>`, start},
		"both":         {`<style:master-page style:name="a"/>`, `<style:master-page style:name="a"><style:header>§</style:header><style:footer>§</style:footer></style:master-page>`, both},
		"there":        {`<style:master-page><style:header>` + p + `</style:header><style:footer>` + p + `</style:footer></style:master-page>`, `<style:master-page><style:header>§` + p + `</style:header><style:footer>` + p + `§</style:footer></style:master-page>`, both},
		"empty":        {`<style:master-page><style:header/></style:master-page>`, `<style:master-page><style:header>§</style:header></style:master-page>`, start},
		"left, first":  {`<style:master-page><style:header/><style:header-left>` + p + `</style:header-left><style:header-first/></style:master-page>`, `<style:master-page><style:header>§</style:header><style:header-left>§` + p + `</style:header-left><style:header-first>§</style:header-first></style:master-page>`, start},
		"left not":     {`<style:master-page><style:header/><style:header-left style:display="false">` + p + `</style:header-left></style:master-page>`, `<style:master-page><style:header>§</style:header><style:header-left style:display="false">` + p + `</style:header-left></style:master-page>`, start},
		"not shown":    {`<style:master-page><style:header style:display="false"/></style:master-page>`, `<style:master-page><style:header style:display="true">§</style:header></style:master-page>`, start},
		"hidden":       {`<style:master-page><style:header style:display="false">` + p + `</style:header><style:footer>` + p + `</style:footer></style:master-page>`, `<style:master-page><style:header style:display="false">` + p + `</style:header><style:footer>` + p + `§</style:footer></style:master-page>`, start},
		"middle":       {`<style:master-page><style:header><style:region-left/><style:region-center>` + p + `</style:region-center></style:header></style:master-page>`, `<style:master-page><style:header><style:region-left/><style:region-center>` + p + `§</style:region-center></style:header></style:master-page>`, start},
		"no middle":    {`<style:master-page><style:header><style:region-left/><style:region-right/></style:header></style:master-page>`, `<style:master-page><style:header><style:region-left/><style:region-center>§</style:region-center><style:region-right/></style:header></style:master-page>`, start},
		"left alone":   {`<style:master-page><style:header><style:region-left/></style:header></style:master-page>`, `<style:master-page><style:header><style:region-left/><style:region-center>§</style:region-center></style:header></style:master-page>`, start},
		"footer order": {`<style:master-page><style:header-left/><style:footer-left/></style:master-page>`, `<style:master-page><style:header>§</style:header><style:header-left>§</style:header-left><style:footer>§</style:footer><style:footer-left>§</style:footer-left></style:master-page>`, both},
		"two pages":    {`<style:master-page/><style:master-page><style:header>` + odfNote + `</style:header></style:master-page>`, `<style:master-page><style:header>§</style:header></style:master-page><style:master-page><style:header>` + odfNote + `</style:header></style:master-page>`, start},
	} {
		for _, format := range []string{"odt", "ods"} {
			t.Run(name+" "+format, func(t *testing.T) {
				out := noticed(t, format, odfPackage(`<a/>`, odfStylesOf("", c.before)), c.n, odfStyles)
				styles := part(t, out, odfStyles)
				note := odfNote
				if name == "two pages" {
					note = strings.ReplaceAll(odfNote, "AIGC1", "AIGC2")
				}
				require.Contains(t, styles, `<office:master-styles>`+strings.ReplaceAll(c.after, "§", note)+`</office:master-styles>`)
				require.Contains(t, styles, `</office:styles><office:automatic-styles><style:style style:name="AIGC`)
				place := "page header"
				if name == "hidden" {
					place = "page footer"
				}
				require.Contains(t, finds(t, format, out), place+": Made by <AI> & co")
			})
		}
	}
	_, err := planNotice("ods", odfPackage(`<a/>`, odfStylesOf("", `<style:master-page><style:header style:display="false">`+p+`</style:header><style:footer style:display="false">`+p+`</style:footer></style:master-page>`)), start)
	require.ErrorIs(t, err, ErrNoRoom)
}

// TestODPNotice chooses slides, and the place and the size of the frame.
func TestODPNotice(t *testing.T) {
	const sizes = `<style:page-layout style:name="L"><style:page-layout-properties fo:page-width="25.4cm" fo:page-height="7.5in"/></style:page-layout>`
	styles := `<office:document-styles ` + odfTestNames + `><office:automatic-styles>` + sizes + `</office:automatic-styles><office:master-styles><style:master-page style:name="M" style:page-layout-name="L"/></office:master-styles></office:document-styles>`
	page := func(style, shapes string) string {
		return `<draw:page draw:style-name="` + style + `" draw:master-page-name="M">` + shapes + `</draw:page>`
	}
	hide := `<style:style style:name="H" style:family="drawing-page"><style:drawing-page-properties presentation:visibility="hidden"/></style:style>`
	start, each := testNotice(nil), testNotice(func(n *Notice) { n.EachPage = true })
	both := testNotice(func(n *Notice) { n.End = true })
	for name, c := range map[string]struct {
		pages []string
		n     *Notice
		found []string
	}{
		"first":   {[]string{page("", ""), page("", "")}, start, []string{"slide 1: AI"}},
		"both":    {[]string{page("", ""), page("", ""), page("", "")}, both, []string{"slide 1: AI", "slide 3: AI"}},
		"hidden":  {[]string{page("H", ""), page("", "")}, start, []string{"slide 2: AI"}},
		"each":    {[]string{page("H", ""), page("", "<draw:frame/><presentation:notes/>")}, each, []string{"slide 1: AI", "slide 2: AI"}},
		"no text": {[]string{`<draw:page/>`}, start, []string{"slide 1: AI"}},
	} {
		out := noticed(t, "odp", odfPackage(odfContentOf(hide, "presentation", strings.Join(c.pages, "")), styles), c.n, odfContent)
		require.Equal(t, c.found, finds(t, "odp", out), name)
		if name == "each" {
			require.Contains(t, part(t, out, odfContent), `</draw:frame><presentation:notes/>`)
		}
	}
	content := part(t, noticed(t, "odp", odfPackage(odfContentOf("", "presentation", page("", "")), styles), start, odfContent), odfContent)
	require.Contains(t, content, `draw:layer="layout" svg:width="3.564cm"`)
	for length, want := range map[string]int64{"1cm": 360000, "10mm": 360000, "1in": 914400, "72pt": 914400, "6pc": 914400, "96px": 914400, "": 0, "cm": 0, "-1cm": 0, "NaNcm": 0, "1e30cm": 0, "1xx": 0} {
		require.Equal(t, want, odfLength(length), length)
	}
}

func FuzzODTNotice(f *testing.F) {
	fuzzNotice(f, "odt", func(content string) []byte {
		return odfPackage(content, odfStylesOf("", `<style:master-page/>`))
	}, odfContentOf(`<style:style style:name="P" style:master-page-name="a"/>`, "text", `<text:sequence-decls/><text:p text:style-name="P">a</text:p>`), odfContentOf("", "text", odfNote))
}

func FuzzODSNotice(f *testing.F) {
	fuzzNotice(f, "ods", func(styles string) []byte { return odfPackage("<a/>", styles) },
		odfStylesOf("", `<style:master-page><style:header style:display="false"/><style:header-left/></style:master-page><style:master-page/>`))
}

func FuzzODPNotice(f *testing.F) {
	fuzzNotice(f, "odp", func(content string) []byte { return odfPackage(content, odfStylesOf("", "")) },
		odfContentOf("", "presentation", `<draw:page><draw:frame/><presentation:notes/></draw:page>`))
}

// TestODSTablesAreData: the name of a column is no notice.
func TestODSTablesAreData(t *testing.T) {
	cell := func(text string) string {
		return `<table:table-cell office:value-type="string"><text:p>` + text + `</text:p></table:table-cell>`
	}
	row := func(cells string) string { return "<table:table-row>" + cells + "</table:table-row>" }
	b := odfPackage(odfContentOf("", "spreadsheet", row(cell("Title"))+row(cell("File")+cell("AI generated")+cell("Date"))+row(cell("Note")+cell("by AI"))), odfStylesOf("", ""))
	require.Equal(t, []string{"text start: Title", "text start: Note", "text end: by AI"}, finds(t, "ods", b))
}
