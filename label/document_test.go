package label

import (
	"archive/zip"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aigclabel/aigclabel/metadata"
)

// BenchmarkVerifyDocuments measures [Verifier.Verify], the search for notices alone,
// and the reading of metadata alone.
func BenchmarkVerifyDocuments(b *testing.B) {
	for _, name := range []string{"docx/libreoffice.docx", "xlsx/libreoffice.xlsx", "pptx/custom.pptx", "odt/libreoffice.odt", "ods/libreoffice.ods", "odp/libreoffice.odp", "epub/pandoc3.epub", "100 KB.docx", "1 MB.docx"} {
		doc := longDOCX(b, 100<<10)
		if name == "1 MB.docx" {
			doc = longDOCX(b, 1<<20)
		}
		if strings.Contains(name, "/") {
			var err error
			doc, err = os.ReadFile(filepath.Join("..", "metadata", "testdata", filepath.FromSlash(name)))
			require.NoError(b, err)
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

// longDOCX returns a document whose text takes size bytes of XML.
func longDOCX(t testing.TB, size int) []byte {
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
		fmt.Fprint(part, `<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>`)
		for n := 0; n < size; n += 200 {
			fmt.Fprintf(part, `<w:p><w:pPr><w:pStyle w:val="Normal"/><w:rPr><w:lang w:val="en-US"/></w:rPr></w:pPr><w:r><w:rPr><w:b/></w:rPr><w:t>Sentence %d of a text that goes on, and on, and %x.</w:t></w:r></w:p>`, n, n*2654435761)
		}
		fmt.Fprint(part, `</w:body></w:document>`)
	}
	require.NoError(t, w.Close())
	return out.Bytes()
}
