package label

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aigclabel/aigclabel/metadata"
)

// thousand fills a directory with 1,000 labelled files of all formats.
func thousand(b *testing.B) string {
	paths, err := filepath.Glob(filepath.Join("..", "metadata", "testdata", "*", "*"))
	require.NoError(b, err)
	dir := b.TempDir()
	l := &Labeler{Producer: producer, Write: metadata.WriteOptions{Replace: true}}
	for n := 0; n < 1000; {
		before := n
		for _, p := range paths {
			to := filepath.Join(dir, fmt.Sprintf("%04d-%s", n, filepath.Base(p)))
			if _, err := l.LabelFile(b.Context(), p, to, Artifact{ID: fmt.Sprint(n)}); err != nil || n == 1000 {
				os.Remove(to)
				continue
			}
			n++
		}
		require.Less(b, before, n)
	}
	return dir
}

// BenchmarkVerifyDirectory verifies 1,000 files, and has one ExifTool process
// read the same files, where there is one. It reports both rates and their ratio.
func BenchmarkVerifyDirectory(b *testing.B) {
	dir := thousand(b)
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
