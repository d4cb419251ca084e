package container

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// signedFile returns the paths of a fixture as it is and with a store.
func signedFile(t *testing.T, format, name string) (before, after string) {
	t.Helper()
	b := fixtures(t, format)[name]
	return saved(t, name, b), saved(t, name, signedDocument(t, documents[format].walk, b, 21_000))
}

// TestStoresInArchivesUnzip: the store is an entry like any other, its checksum too.
func TestStoresInArchivesUnzip(t *testing.T) {
	unzip := tool(t, "unzip")
	for format, name := range map[string]string{"docx": "custom.docx", "docx ": "zip64.docx", "xlsx": "openpyxl.xlsx", "pptx": "custom.pptx", "epub": "pandoc3.epub"} {
		_, path := signedFile(t, strings.TrimSpace(format), name)
		run(t, unzip, "-tq", path)
		lines := strings.Split(strings.TrimSpace(run(t, unzip, "-Z1", path)), "\n")
		require.Equal(t, c2paEntry, lines[len(lines)-1])
	}
}

// TestStoresInDocumentsOpen: LibreOffice opens documents with a store, and shows the
// same text.
func TestStoresInDocumentsOpen(t *testing.T) {
	soffice, pdftotext, dir := tool(t, "soffice"), tool(t, "pdftotext"), t.TempDir()
	args := []string{"-env:UserInstallation=file://" + filepath.ToSlash(dir) + "/profile", "--headless", "--convert-to", "pdf", "--outdir", dir}
	formats := map[string]string{"docx": "custom.docx", "xlsx": "openpyxl.xlsx", "pptx": "custom.pptx"}
	for format, name := range formats {
		b := fixtures(t, format)[name]
		for state, b := range map[string][]byte{"before": b, "after": signedDocument(t, OOXML, b, 21_000)} {
			path := filepath.Join(dir, state+"-"+format+filepath.Ext(name))
			require.NoError(t, os.WriteFile(path, b, 0o600))
			args = append(args, path)
		}
	}
	run(t, soffice, args...)
	for format := range formats {
		text := run(t, pdftotext, filepath.Join(dir, "before-"+format+".pdf"), "-")
		require.NotEmpty(t, strings.TrimSpace(text), format)
		require.Equal(t, text, run(t, pdftotext, filepath.Join(dir, "after-"+format+".pdf"), "-"), format)
	}
}

func TestStoresInOfficeParse(t *testing.T) {
	_, docx := signedFile(t, "docx", "python-docx.docx")
	run(t, python(t, "docx"), "-c", "import docx, sys; docx.Document(sys.argv[1])", docx)
	_, xlsx := signedFile(t, "xlsx", "openpyxl.xlsx")
	run(t, python(t, "openpyxl"), "-c", "import openpyxl, sys; openpyxl.load_workbook(sys.argv[1])", xlsx)
}

func TestStoresInEPUBCheck(t *testing.T) {
	java, epubcheck := tool(t, "java"), tool(t, "epubcheck")
	for _, name := range []string{"pandoc3.epub"} {
		_, path := signedFile(t, "epub", name)
		require.Contains(t, run(t, java, "-XX:TieredStopAtLevel=1", "-jar", epubcheck, path), "No errors or warnings detected", name)
	}
}

// TestStoresInPDFRead: readers find the same pages, and the store as an attachment.
func TestStoresInPDFRead(t *testing.T) {
	qpdf, pdftotext := tool(t, "qpdf"), tool(t, "pdftotext")
	for name := range fixtures(t, "pdf") {
		if slices.Contains([]string{"aes256.pdf", "cleartext-xmp.pdf"}, name) {
			continue
		}
		before, after := signedFile(t, "pdf", name)
		run(t, qpdf, "--check", after)
		require.Contains(t, run(t, qpdf, "--list-attachments", after), pdfStoreName, name)
		require.Equal(t, run(t, pdftotext, before, "-"), run(t, pdftotext, after, "-"), name)
	}
}
