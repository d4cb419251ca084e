package c2pa

import (
	"bytes"
	"encoding/json"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aigclabel/aigclabel/internal/jumbf"
	"github.com/aigclabel/aigclabel/internal/peer"
	"github.com/aigclabel/aigclabel/metadata"
)

// A benchFile is a file whose signing and validation is measured.
type benchFile struct {
	name string
	b    []byte
}

// benchFiles returns a picture and a movie.
func benchFiles(t testing.TB) []benchFile {
	return []benchFile{{"100kB.jpg", largePicture(t, 100<<10)}, {"100MB.mp4", largeMovie(t, 100<<20)}}
}

// largePicture returns a JPEG file of some size, with a long scan.
func largePicture(t testing.TB, size int) []byte {
	t.Helper()
	b := read(t, jpegFixture)
	b = append(b[:len(b)-2:len(b)-2], make([]byte, size-len(b))...)
	return append(b, 0xFF, 0xD9)
}

// largeMovie returns an MP4 file of some size, most of which is media.
func largeMovie(t testing.TB, size int) []byte {
	t.Helper()
	b := read(t, "../testdata/mp4/faststart.mp4")
	return append(b, jumbf.Leaf("mdat", make([]byte, size-len(b))).Append(nil)...)
}

func BenchmarkSign(b *testing.B) {
	for _, file := range benchFiles(b) {
		b.Run(file.name, func(b *testing.B) {
			s := testSigner(b)
			b.SetBytes(int64(len(file.b)))
			b.ReportAllocs()
			for b.Loop() {
				_, err := s.Sign(b.Context(), io.Discard, metadata.Bytes(file.b, file.name), testClaim(), nil)
				require.NoError(b, err)
			}
		})
	}
}

// BenchmarkBesideReference measures this package and the reference implementation
// one after the other, the best of a few runs each in one process of theirs, and
// reports how many times as long the reference takes; whole is with the start of the
// process that signs one file and validates it.
func BenchmarkBesideReference(b *testing.B) {
	peer.Node(b, "AIGCLABEL_C2PA")
	dir := b.TempDir()
	root, cert, key := writePEM(b, dir)
	for _, file := range benchFiles(b) {
		b.Run(file.name, func(b *testing.B) {
			path := filepath.Join(dir, file.name)
			require.NoError(b, os.WriteFile(path, file.b, 0o600))
			repeat := "20"
			if len(file.b) > 1<<20 {
				repeat = "2"
			}
			var theirs struct{ Sign, Validate float64 } // milliseconds
			args := []string{filepath.Join("testdata", "reference", "sign.mjs"), "--key", key, "--cert", cert, "--trust", root}
			for b.Loop() {
				line := peer.Run(b, peer.Node(b, "AIGCLABEL_C2PA"), append(args, "--repeat", repeat, path)...)
				require.NoError(b, json.Unmarshal([]byte(strings.TrimSpace(line)), &theirs))
				var signed bytes.Buffer
				signing := best(20, func() {
					signed.Reset()
					_, err := testSigner(b).Sign(b.Context(), &signed, metadata.Bytes(file.b, file.name), testClaim(), nil)
					require.NoError(b, err)
				})
				validating := best(20, func() { require.Equal(b, Trusted, validate(b, signed.Bytes(), file.name, nil).State) })
				whole := best(1, func() { peer.Run(b, peer.Node(b, "AIGCLABEL_C2PA"), append(args, path)...) })
				b.ReportMetric(signing, "sign-ms")
				b.ReportMetric(validating, "validate-ms")
				b.ReportMetric(theirs.Sign/signing, "sign-x")
				b.ReportMetric(theirs.Validate/validating, "validate-x")
				b.ReportMetric((theirs.Sign+theirs.Validate)/(signing+validating), "both-x")
				b.ReportMetric(whole/(signing+validating), "whole-x")
			}
		})
	}
}

// best returns the least time of n runs, in milliseconds.
func best(n int, step func()) float64 {
	least := math.Inf(1)
	for range n {
		start := time.Now()
		step()
		least = min(least, time.Since(start).Seconds()*1e3)
	}
	return least
}

// writePEM writes the chain of the tests to files.
func writePEM(t testing.TB, dir string) (root, cert, key string) {
	t.Helper()
	r, c, k, err := testChain(t).PEM()
	require.NoError(t, err)
	for name, b := range map[string][]byte{"root.pem": r, "cert.pem": c, "key.pem": k} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), b, 0o600))
	}
	return filepath.Join(dir, "root.pem"), filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
}
