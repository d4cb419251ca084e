package label

import (
	"archive/zip"
	"bytes"
	"fmt"
	"image"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aigclabel/aigclabel/internal/peer"
	"github.com/aigclabel/aigclabel/metadata"
)

// documentFormats are those of office documents and publications.
var documentFormats = []string{"docx", "xlsx", "pptx", "odt", "ods", "odp", "epub"}

// labelledTwice labels a document, twice: the second time changes nothing.
func labelledTwice(t *testing.T, l *Labeler, b []byte, name string) ([]byte, Receipt) {
	t.Helper()
	var out, again bytes.Buffer
	receipt, err := l.Label(t.Context(), &out, metadata.Bytes(b, name), Artifact{ID: "p-1"})
	require.NoError(t, err, name)
	second, err := l.Label(t.Context(), &again, metadata.Bytes(out.Bytes(), name), Artifact{ID: "p-1"})
	require.NoError(t, err, name)
	require.False(t, second.Changed, name)
	require.True(t, bytes.Equal(out.Bytes(), again.Bytes()), name)
	return out.Bytes(), receipt
}

// TestDocumentNotices labels every fixture in every way: the notice is found, and only
// the parts that must change do.
func TestDocumentNotices(t *testing.T) {
	for _, format := range documentFormats {
		paths, err := filepath.Glob(filepath.Join("..", "metadata", "testdata", format, "*"))
		require.NoError(t, err)
		for _, path := range paths {
			b, err := os.ReadFile(path)
			require.NoError(t, err)
			for _, n := range []Notice{
				{}, {Position: End, Language: "de"}, {Position: Both, EachPage: true, Language: "zh-Hans+en"}, {Text: "<豆包> & \"AI\" 生成  内容", Corner: TopLeft},
			} {
				l := &Labeler{Producer: producer, Notice: &n}
				out, receipt := labelledTwice(t, l, b, path)
				require.True(t, receipt.Layers[0].Done, path)
				require.LessOrEqual(t, len(changedEntries(t, b, out)), 12, path)
				report, err := new(Verifier).Verify(t.Context(), metadata.Bytes(out, path), nil)
				require.NoError(t, err)
				require.Empty(t, report.Failed(), path)
				if n.Text == "" {
					require.NotEmpty(t, report.Notices, "%s: %+v", path, n)
				}
			}
			report, err := new(Verifier).Verify(t.Context(), metadata.Bytes(b, path), nil)
			require.NoError(t, err)
			require.Empty(t, report.Notices, path)
		}
	}
}

// changedEntries returns the names of entries whose bytes in the archive are others, or
// that are new.
func changedEntries(t *testing.T, before, after []byte) (names []string) {
	t.Helper()
	raw := func(b []byte) map[string]string {
		r, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
		require.NoError(t, err)
		entries := map[string]string{}
		for _, f := range r.File {
			data, err := f.OpenRaw()
			require.NoError(t, err)
			content, err := io.ReadAll(data)
			require.NoError(t, err)
			entries[f.Name] = string(content)
		}
		return entries
	}
	was := raw(before)
	for name, content := range raw(after) {
		if old, ok := was[name]; !ok || old != content {
			names = append(names, name)
		}
	}
	return names
}

// withEntries returns an archive with more entries.
func withEntries(t *testing.T, b []byte, more ...string) []byte {
	t.Helper()
	in, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	require.NoError(t, err)
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, f := range in.File {
		require.NoError(t, w.Copy(f))
	}
	for i := 0; i < len(more); i += 2 {
		f, err := w.Create(more[i])
		require.NoError(t, err)
		_, err = io.WriteString(f, more[i+1])
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return out.Bytes()
}

// documentFixture returns a file of the module's testdata.
func documentFixture(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "metadata", "testdata", filepath.FromSlash(name)))
	require.NoError(t, err)
	return b
}

// TestSignedDocument: the policy for signatures is that of records.
func TestSignedDocument(t *testing.T) {
	for name, signature := range map[string]string{"docx/libreoffice.docx": "_xmlsignatures/sig1.xml", "odt/libreoffice.odt": "META-INF/documentsignatures.xml"} {
		b := withEntries(t, documentFixture(t, name), signature, "<a/>")
		l := &Labeler{Producer: producer, Notice: &Notice{}}
		_, receipt := labelledTwice(t, l, b, name)
		require.Len(t, receipt.Broken, 1)
		recorded, _ := labelledTwice(t, &Labeler{Producer: producer}, b, name)
		_, receipt = labelledTwice(t, l, recorded, name)
		require.Len(t, receipt.Broken, 1, "where only the notice is new")
		l.Write.OnCredentials = metadata.Refuse
		for _, b := range [][]byte{b, recorded} {
			_, err := l.Label(t.Context(), io.Discard, metadata.Bytes(b, name), Artifact{ID: "p-1"})
			require.ErrorIs(t, err, metadata.ErrSigned)
		}
	}
}

// TestDocumentWithoutRoom: a document that has no place for a notice gets its record, and
// the receipt says why.
func TestDocumentWithoutRoom(t *testing.T) {
	const encryption = `<encryption><EncryptedData><CipherReference URI="EPUB/text/title_page.xhtml"/></EncryptedData></encryption>`
	book := withEntries(t, documentFixture(t, "epub/pandoc3.epub"), "META-INF/encryption.xml", encryption)
	_, receipt := labelledTwice(t, &Labeler{Producer: producer, Notice: &Notice{}}, book, "a.epub")
	require.Equal(t, Layer{Name: "notice", Reason: "its text is encrypted"}, receipt.Layers[0])
	require.True(t, receipt.Layers[1].Done)
}

// TestOthersNoticesInDocuments: texts of documents are searched for the notices of others.
func TestOthersNoticesInDocuments(t *testing.T) {
	for _, text := range []string{"AI生成", "内容由AI生成，仅供参考", "Generated by AI", "（AI生成）正文"} {
		doc := docxOf(t, "<w:p><w:r><w:t>Title</w:t></w:r></w:p><w:p><w:r><w:t>"+text+"</w:t></w:r></w:p><w:p><w:r><w:t>Text.</w:t></w:r></w:p>")
		report, err := new(Verifier).Verify(t.Context(), metadata.Bytes(doc, ""), nil)
		require.NoError(t, err)
		require.Len(t, report.Notices, 1, text)
		require.Equal(t, "text start", report.Notices[0].Place)
		require.Equal(t, Suspected, report.Verdict)
	}
	report, err := new(Verifier).Verify(t.Context(), metadata.Bytes(docxOf(t, "<w:p><w:r><w:t>AI in 2026: what it generates</w:t></w:r></w:p>"), ""), nil)
	require.NoError(t, err)
	require.Equal(t, None, report.Verdict)
	require.Equal(t, Warn, outcome(t, report, checkNotice).Outcome, "looked for, not found")
}

// makeDocuments lets python-docx, openpyxl and odfpy make documents of several pages, and
// returns their folder.
func makeDocuments(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	const script = `
import sys, os, docx, openpyxl
from docx.enum.section import WD_SECTION
os.chdir(sys.argv[1])
d = docx.Document(); d.add_heading('Title', 0)
for i in range(60): d.add_paragraph('Paragraph %d of the text.' % i)
d.add_table(2, 2).cell(0, 0).text = 'cell'; d.save('plain.docx')
d = docx.Document(); d.add_paragraph('First.'); s = d.sections[0]
s.header.paragraphs[0].text = 'Old header'; s.different_first_page_header_footer = True
d.add_page_break(); d.add_paragraph('Second page'); s = d.add_section(WD_SECTION.NEW_PAGE)
s.header.is_linked_to_previous = False; s.header.paragraphs[0].text = 'Header two'; d.add_paragraph('Third page'); d.save('headers.docx')
w = openpyxl.Workbook(); s = w.active; s['A1'] = 'Hello'; s['A2'] = 3; s['A3'] = '=A2*2'
s.oddHeader.left.text = 'Left'; s.oddHeader.center.text = 'Middle'; s.oddFooter.center.text = 'Page &P'
w.create_sheet('Second')['B2'] = 'x'; w.save('sheets.xlsx')
from odf import opendocument, text, style
o = opendocument.OpenDocumentText()
for i in range(60): o.text.addElement(text.P(text='Paragraph %d of the text.' % i))
o.save('text.odt')
`
	peer.Run(t, peer.Python(t, "docx, openpyxl, odf"), "-c", script, dir)
	for _, name := range []string{"odt/libreoffice.odt", "ods/libreoffice.ods", "odp/libreoffice.odp", "pptx/custom.pptx"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, strings.Replace(name, "/", ".", 1)), documentFixture(t, name), 0o600))
	}
	return dir
}

// TestLibreOfficeShowsNotices converts labelled documents to PDF: the notice is on the
// pages that it is to be on, and on no other.
func TestLibreOfficeShowsNotices(t *testing.T) {
	soffice, pdftotext := peer.Tool(t, "soffice"), peer.Tool(t, "pdftotext")
	in, dir := makeDocuments(t), t.TempDir()
	cases := map[string]struct {
		each  bool
		pages []bool // that have the notice
	}{
		"plain.docx":               {false, []bool{true, false, false}},
		"headers.docx":             {false, []bool{true, false, false}},
		"text.odt":                 {false, []bool{true, false}},
		"odt.libreoffice.odt":      {false, []bool{true}},
		"sheets.xlsx":              {false, []bool{true, true}},
		"ods.libreoffice.ods":      {false, []bool{true}},
		"odp.libreoffice.odp":      {false, []bool{true}},
		"pptx.custom.pptx":         {false, []bool{true}},
		"each plain.docx":          {true, []bool{true, true, true}},
		"each headers.docx":        {true, []bool{true, true, true}},
		"each odt.libreoffice.odt": {true, []bool{true}},
	}
	args := []string{"-env:UserInstallation=file://" + filepath.ToSlash(t.TempDir()), "--headless", "--convert-to", "pdf", "--outdir", dir}
	for name, c := range cases {
		b, err := os.ReadFile(filepath.Join(in, strings.TrimPrefix(name, "each ")))
		require.NoError(t, err)
		out, _ := labelledTwice(t, &Labeler{Producer: producer, Notice: &Notice{Language: "en", EachPage: c.each}}, b, name)
		args = append(args, filepath.Join(dir, name))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), out, 0o600))
	}
	peer.Run(t, soffice, args...)
	for name, c := range cases {
		pdf := filepath.Join(dir, strings.TrimSuffix(name, filepath.Ext(name))+".pdf")
		pages := strings.Split(strings.TrimSuffix(peer.Run(t, pdftotext, "-layout", pdf, "-"), "\f"), "\f")
		require.Len(t, pages, len(c.pages), name)
		for i, page := range pages {
			require.Equal(t, c.pages[i], strings.Contains(page, "AI-generated") || strings.Contains(page, "AI-GENERATED"), "%s, page %d:\n%s", name, i+1, page)
		}
		t.Logf("%s: on pages %v", name, c.pages)
	}
	require.Contains(t, peer.Run(t, pdftotext, "-layout", filepath.Join(dir, "each headers.pdf"), "-"), "Old header")
	for _, name := range []string{"odp.libreoffice", "pptx.custom"} {
		checkSlideLetters(t, filepath.Join(dir, name+".pdf"))
	}
}

// checkSlideLetters measures the letters on the plate of a slide in pixels.
func checkSlideLetters(t *testing.T, pdf string) {
	t.Helper()
	base := strings.TrimSuffix(pdf, ".pdf")
	peer.Run(t, peer.Tool(t, "pdftoppm"), "-r", "100", "-png", "-f", "1", "-singlefile", pdf, base)
	b, err := os.ReadFile(base + ".png")
	require.NoError(t, err)
	picture := decode(t, b)
	plate := image.Rectangle{}
	grey := func(x, y int) uint32 { r, _, _, _ := picture.At(x, y).RGBA(); return r >> 8 }
	for y, run := 0, 0; y < picture.Bounds().Dy(); y++ {
		for x := range picture.Bounds().Dx() {
			if v := grey(x, y); v < 90 || v > 105 { // black of 62 % over white
				run = 0
			} else if run++; run > 40 { // no edge of a letter
				plate = plate.Union(image.Rect(x-run+1, y, x+1, y+1))
			}
		}
	}
	rows := 0
	for y := plate.Min.Y + 2; y < plate.Max.Y-2; y++ {
		for x := plate.Min.X + 2; x < plate.Max.X-2; x++ {
			if grey(x, y) > 200 {
				rows++
				break
			}
		}
	}
	share := float64(rows) / float64(min(picture.Bounds().Dx(), picture.Bounds().Dy()))
	t.Logf("%s: letters of %.1f %% of the shortest side, plate %v of %v", filepath.Base(pdf), 100*share, plate, picture.Bounds().Max)
	require.GreaterOrEqual(t, share, 0.05)
	require.Less(t, share, 0.09, "one line")
}

// TestOfficeLibrariesReadTheRest: python-docx, openpyxl and odfpy read in a labelled
// document what they read before, and the notice.
func TestOfficeLibrariesReadTheRest(t *testing.T) {
	in := makeDocuments(t)
	const script = `
import sys, docx, openpyxl, zipfile
from odf import opendocument, text, teletype
def read(name):
    if name.endswith('.docx'):
        d = docx.Document(name)
        body = [(p.text, p.style.name, p.alignment) for p in d.paragraphs]
        return body + [[[c.text for c in r.cells] for r in t.rows] for t in d.tables] + [(s.page_width, s.different_first_page_header_footer) for s in d.sections]
    if name.endswith('.xlsx'):
        w = openpyxl.load_workbook(name)
        return [(s.title, [[c.value for c in r] for r in s.iter_rows()], s.oddHeader.left.text, s.oddFooter.center.text) for s in w] + [s.oddHeader.center.text for s in w]
    d = opendocument.load(name)
    return [(teletype.extractText(p), p.getAttribute('stylename')) for p in d.getElementsByType(text.P)]
was, now = read(sys.argv[1]), read(sys.argv[2])
print(len([x for x in now if x not in was]), len([x for x in was if x not in now]), [x for x in now if x not in was])
`
	python := peer.Python(t, "docx, openpyxl, odf")
	for name, want := range map[string]string{
		"plain.docx":   "1 0 [('This content is AI-generated', 'Normal', None)]\n",
		"headers.docx": "1 0 [('This content is AI-generated', 'Normal', None)]\n",
		"sheets.xlsx":  "2 2 ['Middle\\nThis content is AI-generated', 'This content is AI-generated']\n",
		"text.odt":     "1 0 [('This content is AI-generated', 'AIGC1P')]\n",
	} {
		path := filepath.Join(in, name)
		b, err := os.ReadFile(path)
		require.NoError(t, err)
		out, _ := labelledTwice(t, &Labeler{Producer: producer, Notice: &Notice{Language: "en"}}, b, name)
		to := filepath.Join(t.TempDir(), name)
		require.NoError(t, os.WriteFile(to, out, 0o600))
		require.Equal(t, want, peer.Run(t, python, "-c", script, path, to), name)
	}
}

// TestEPUBCheckAcceptsNotices asks the validator of the standard's own house.
func TestEPUBCheckAcceptsNotices(t *testing.T) {
	java, epubcheck := peer.Tool(t, "java"), peer.Tool(t, "epubcheck")
	for _, name := range []string{"pandoc2.epub", "pandoc3.epub"} {
		out, _ := labelledTwice(t, &Labeler{Producer: producer, Notice: &Notice{Language: "zh-Hans+en", Position: Both, EachPage: name == "pandoc3.epub"}}, documentFixture(t, "epub/"+name), name)
		path := filepath.Join(t.TempDir(), name)
		require.NoError(t, os.WriteFile(path, out, 0o600))
		require.Contains(t, peer.Run(t, java, "-XX:TieredStopAtLevel=1", "-jar", epubcheck, path), "No errors or warnings detected", name)
	}
}

// docxOf returns a document with this body.
func docxOf(t testing.TB, body string) []byte {
	t.Helper()
	in, err := zip.OpenReader(filepath.Join("..", "metadata", "testdata", "docx", "libreoffice.docx"))
	require.NoError(t, err)
	defer in.Close()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, f := range in.File {
		if f.Name != "word/document.xml" {
			require.NoError(t, w.Copy(f))
			continue
		}
		part, err := w.Create(f.Name)
		require.NoError(t, err)
		fmt.Fprintf(part, `<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>%s</w:body></w:document>`, body)
	}
	require.NoError(t, w.Close())
	return out.Bytes()
}

// longDOCX returns a document whose text takes about size bytes of XML.
func longDOCX(t testing.TB, size int) []byte {
	t.Helper()
	var body strings.Builder
	for n := 0; body.Len() < size; n++ {
		fmt.Fprintf(&body, `<w:p><w:pPr><w:pStyle w:val="Normal"/><w:rPr><w:lang w:val="en-US"/></w:rPr></w:pPr><w:r><w:rPr><w:b/></w:rPr><w:t>Sentence %d of a text that goes on, and on, and %x.</w:t></w:r></w:p>`, n, n*654435761)
	}
	return docxOf(t, body.String())
}

// BenchmarkVerifyDocuments measures [Verifier.Verify], the search for notices alone,
// and the reading of metadata alone.
func BenchmarkVerifyDocuments(b *testing.B) {
	for _, name := range []string{"docx/libreoffice.docx", "xlsx/libreoffice.xlsx", "pptx/custom.pptx", "odt/libreoffice.odt", "ods/libreoffice.ods", "odp/libreoffice.odp", "epub/pandoc3.epub", "100 KB.docx", "1 MB.docx"} {
		doc := longDOCX(b, 100<<10)
		if name == "1 MB.docx" {
			doc = longDOCX(b, 1<<20)
		}
		if strings.Contains(name, "/") {
			doc = documentFixture(b, name)
		}
		src := metadata.Bytes(doc, name)
		format := strings.TrimPrefix(filepath.Ext(name), ".")
		b.Run(name+"/verify", func(b *testing.B) {
			for b.Loop() {
				_, err := new(Verifier).Verify(b.Context(), src, nil)
				require.NoError(b, err)
			}
		})
		b.Run(name+"/find", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, err := finders[format](src)
				require.NoError(b, err)
			}
		})
		b.Run(name+"/metadata", func(b *testing.B) {
			for b.Loop() {
				_, err := metadata.Read(src, nil)
				require.NoError(b, err)
			}
		})
	}
}
