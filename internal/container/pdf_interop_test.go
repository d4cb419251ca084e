package container

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// runPDF runs a tool over the file, which must not complain, and returns what it
// prints.
func runPDF(t *testing.T, file []byte, name string, args ...string) string {
	t.Helper()
	path := written(t, "a.pdf", file)
	var out, diagnostics bytes.Buffer
	cmd := exec.Command(tool(t, name), append([]string{path}, args...)...)
	cmd.Stdout, cmd.Stderr = &out, &diagnostics
	require.NoError(t, cmd.Run(), "%s: %s%s", name, out.String(), diagnostics.String())
	require.Empty(t, diagnostics.String(), name)
	return out.String()
}

// eachPDF calls test for each file, before and after it gets a record, another
// record and a packet.
// Files that the tool does not like as they are can be left out.
func eachPDF(t *testing.T, test func(t *testing.T, before, after []byte), without ...string) {
	for name, b := range unencrypted(t) {
		if slices.Contains(without, name) {
			continue
		}
		t.Run(name, func(t *testing.T) {
			out := rewrite(t, PDF, b, Record, []byte("(older)"), someRecord)
			test(t, b, rewrite(t, PDF, out, XMP, somePacket))
		})
	}
}

func TestPDFInteropQPDF(t *testing.T) {
	eachPDF(t, func(t *testing.T, _, after []byte) { runPDF(t, after, "qpdf", "--check") })
}

func TestPDFInteropExifTool(t *testing.T) {
	var paths []string
	dir := t.TempDir()
	eachPDF(t, func(t *testing.T, _, after []byte) {
		paths = append(paths, filepath.Join(dir, fmt.Sprintf("%d.pdf", len(paths))))
		require.NoError(t, os.WriteFile(paths[len(paths)-1], after, 0o600))
	}, "junk-before", "info-of-nothing", "short-entries")
	out := run(t, tool(t, "exiftool"), append([]string{"-s3", "-PDF:AIGC"}, paths...)...)
	for _, path := range paths {
		require.Contains(t, out, "======== "+path+"\n"+string(someRecord)+"\n")
	}
	packets := run(t, tool(t, "exiftool"), append([]string{"-q", "-b", "-XMP"}, paths...)...)
	require.Equal(t, len(paths), strings.Count(packets, string(somePacket)))
}

func TestPDFInteropPoppler(t *testing.T) {
	eachPDF(t, func(t *testing.T, before, after []byte) {
		require.Contains(t, runPDF(t, after, "pdfinfo", "-custom"), string(someRecord))
		require.Equal(t, runPDF(t, before, "pdfinfo", "-struct-text"), runPDF(t, after, "pdfinfo", "-struct-text"))
		require.Equal(t, runPDF(t, before, "pdftotext", "-"), runPDF(t, after, "pdftotext", "-"))
	}, "hybrid-free", "info-of-nothing")
}

func TestPDFInteropPixels(t *testing.T) {
	before := fixtures(t, "pdf")["ghostscript.pdf"]
	pixels := runPDF(t, before, "pdftoppm", "-r", "36")
	require.NotEmpty(t, pixels)
	require.Equal(t, pixels, runPDF(t, put(t, PDF, before, Record, someRecord), "pdftoppm", "-r", "36"))
}

func TestPDFInteropSignature(t *testing.T) {
	for _, name := range []string{"signed.pdf", "certified.pdf"} {
		out := put(t, PDF, fixtures(t, "pdf")[name], Record, someRecord)
		require.Contains(t, runPDF(t, out, "pdfsig", "-nocert"), "Signature is Valid.")
	}
}
