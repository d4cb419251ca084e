package metadata

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// BenchmarkWriteAgainstCopy labels an MP4 of 1 GiB with moov first, and copies it
// with cp, in turn. It reports the median ratio of the pairs, and the heap.
func BenchmarkWriteAgainstCopy(b *testing.B) {
	cp, err := exec.LookPath("cp")
	if err != nil {
		b.Skip("no cp to compare with")
	}
	dir := b.TempDir()
	in := filepath.Join(dir, "in.mp4")
	gibibyteMP4(b, in)
	var ratios []float64
	var heap uint64
	for b.Loop() {
		ours := timed(func() { heap = max(heap, writeFile(b, in, filepath.Join(dir, "out.mp4"))) })
		peer := timed(func() {
			require.NoError(b, exec.Command(cp, "--reflink=never", in, filepath.Join(dir, "cp.mp4")).Run())
		})
		ratios = append(ratios, ours.Seconds()/peer.Seconds())
		require.NoError(b, os.Remove(filepath.Join(dir, "out.mp4")))
		require.NoError(b, os.Remove(filepath.Join(dir, "cp.mp4")))
	}
	slices.Sort(ratios)
	b.ReportMetric(ratios[len(ratios)/2], "times-cp")
	b.ReportMetric(float64(heap)/mebibyte, "MiB-heap")
}

func timed(f func()) time.Duration {
	start := time.Now()
	f()
	return time.Since(start)
}

// gibibyteMP4 makes a file of random media behind a real file's moov.
func gibibyteMP4(b *testing.B, path string) {
	f, err := os.Create(path)
	require.NoError(b, err)
	head := testdata(b, "mp4/faststart.mp4")
	size := 1<<30 - len(head)
	mdat := box("mdat")
	mdat[0], mdat[1], mdat[2], mdat[3] = byte(size>>24), byte(size>>16), byte(size>>8), byte(size)
	_, err = f.Write(append(head, mdat...))
	require.NoError(b, err)
	media := make([]byte, mebibyte)
	for i := range media {
		media[i] = byte(i * i >> 3)
	}
	for left := size - 8; left > 0; left -= len(media) {
		_, err := f.Write(media[:min(left, len(media))])
		require.NoError(b, err)
	}
	require.NoError(b, f.Close())
}

// writeFile labels a file and returns the heap that it took.
func writeFile(b *testing.B, in, out string) uint64 {
	src, err := os.Open(in)
	require.NoError(b, err)
	defer src.Close()
	dst, err := os.Create(out)
	require.NoError(b, err)
	defer dst.Close()
	source, err := File(src)
	require.NoError(b, err)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err = Write(io.Writer(dst), source, example, nil)
	require.NoError(b, err)
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}
