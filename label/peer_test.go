package label

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// thousand fills a directory with 1,000 labelled files, as many of each format.
func thousand(b *testing.B) string {
	paths := []string{
		"png/tagged.png", "jpeg/tagged.jpg", "mp4/faststart.mp4", "mov/plain.mov", "m4a/tagged.m4a", "mp3/lame.mp3", "wav/plain.wav",
		"docx/libreoffice.docx", "xlsx/libreoffice.xlsx", "pdf/writer.pdf", "markdown/front-matter.md",
	}
	dir := b.TempDir()
	l := &Labeler{Producer: producer}
	for n := range 1000 {
		path := filepath.FromSlash(paths[n%len(paths)])
		to := filepath.Join(dir, fmt.Sprintf("%04d-%s", n, filepath.Base(path)))
		_, err := l.LabelFile(b.Context(), filepath.Join("..", "metadata", "testdata", path), to, Artifact{ID: fmt.Sprint(n)})
		require.NoError(b, err)
	}
	return dir
}

// BenchmarkVerifyDirectory verifies 1,000 files, and has one ExifTool process
// read the same files, where there is one. It reports both rates and their ratio.
func BenchmarkVerifyDirectory(b *testing.B) {
	dir := thousand(b)
	defer debug.SetGCPercent(debug.SetGCPercent(400)) // as the command verify does
	start := time.Now()
	files := 0
	for b.Loop() {
		for name, result := range new(Verifier).FS(b.Context(), os.DirFS(dir), ".") {
			require.NoError(b, result.Err, name)
			require.Equal(b, Confirmed, result.Report.Verdict, name)
			files++
		}
	}
	ours := float64(files) / time.Since(start).Seconds()
	b.ReportMetric(ours, "files/s")
	exiftool, err := exec.LookPath("exiftool")
	if err != nil {
		return
	}
	start = time.Now()
	require.NoError(b, exec.Command(exiftool, "-r", "-q", "-json", dir).Run())
	peer := 1000 / time.Since(start).Seconds()
	b.ReportMetric(peer, "exiftool-files/s")
	b.ReportMetric(ours/peer, "times-exiftool")
}
