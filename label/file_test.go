package label

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aigclabel/aigclabel/internal/container"
	"github.com/aigclabel/aigclabel/metadata"
)

// copyFixture puts a fixture into a fresh directory.
func copyFixture(t *testing.T, fixture string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "metadata", "testdata", filepath.FromSlash(fixture)))
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), filepath.Base(fixture))
	require.NoError(t, os.WriteFile(path, b, 0o640))
	return path
}

// record returns the ProduceID that a file carries, "" for none.
func record(t *testing.T, path string) string {
	t.Helper()
	report, err := new(Verifier).VerifyFile(t.Context(), path, nil)
	require.NoError(t, err)
	if report.Record == nil {
		return ""
	}
	return report.Record.ProduceID
}

// alone checks that a directory holds nothing but the named files.
func alone(t *testing.T, dir string, names ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	require.ElementsMatch(t, names, got)
}

func TestLabelFile(t *testing.T) {
	src := copyFixture(t, "png/rgb.png")
	dir := filepath.Dir(src)
	dst := filepath.Join(dir, "out.png")
	l := &Labeler{Producer: producer}

	_, err := l.LabelFile(t.Context(), src, dst, Artifact{ID: "one"})
	require.NoError(t, err)
	require.Equal(t, "one", record(t, dst))
	require.Empty(t, record(t, src))
	alone(t, dir, "rgb.png", "out.png")
	if runtime.GOOS != "windows" {
		info, err := os.Stat(dst)
		require.NoError(t, err)
		require.EqualValues(t, 0o640, info.Mode().Perm())
	}
}

func TestLabelFileInPlace(t *testing.T) {
	path := copyFixture(t, "png/rgb.png")
	l := &Labeler{Producer: producer}
	_, err := l.LabelFile(t.Context(), path, path, Artifact{ID: "one"})
	require.NoError(t, err)
	require.Equal(t, "one", record(t, path))

	before, err := os.Stat(path)
	require.NoError(t, err)
	receipt, err := l.LabelFile(t.Context(), path, path, Artifact{ID: "one"})
	require.NoError(t, err)
	require.False(t, receipt.Changed)
	after, err := os.Stat(path)
	require.NoError(t, err)
	require.True(t, os.SameFile(before, after), "a file that says so already is not touched")
	alone(t, filepath.Dir(path), "rgb.png")
}

func TestLabelFileThroughSymlink(t *testing.T) {
	path := copyFixture(t, "png/rgb.png")
	link := filepath.Join(filepath.Dir(path), "link.png")
	if err := os.Symlink(filepath.Base(path), link); err != nil {
		t.Skip("no symbolic links here:", err)
	}
	_, err := (&Labeler{Producer: producer}).LabelFile(t.Context(), link, link, Artifact{ID: "one"})
	require.NoError(t, err)
	require.Equal(t, "one", record(t, path))
	info, err := os.Lstat(link)
	require.NoError(t, err)
	require.NotZero(t, info.Mode()&os.ModeSymlink, "the link is still one")
}

func TestLabelFileFailureLeavesNothing(t *testing.T) {
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	src := copyFixture(t, "png/rgb.png")
	dir := filepath.Dir(src)
	dst := filepath.Join(dir, "out.png")
	l := &Labeler{Producer: producer}
	for name, try := range map[string]func() error{
		"canceled":       func() error { _, err := l.LabelFile(canceled, src, dst, Artifact{}); return err },
		"bad id":         func() error { _, err := l.LabelFile(t.Context(), src, dst, Artifact{ID: "a b"}); return err },
		"no such source": func() error { _, err := l.LabelFile(t.Context(), src+"x", dst, Artifact{}); return err },
		"no directory": func() error {
			_, err := l.LabelFile(t.Context(), src, filepath.Join(dir, "no", "x"), Artifact{})
			return err
		},
		"directory": func() error { _, err := l.LabelFile(t.Context(), src, dir, Artifact{}); return err },
		"unlabelled": func() error {
			_, err := PropagateFile(t.Context(), src, dst, metadata.Propagation{Propagator: "p"}, nil)
			return err
		},
	} {
		require.Error(t, try(), name)
		alone(t, dir, "rgb.png")
	}
}

// TestLabelFileKeepsLimits writes what the default limits do not let in.
func TestLabelFileKeepsLimits(t *testing.T) {
	path := copyFixture(t, "png/rgb.png")
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	packet := `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description/></rdf:RDF></x:xmpmeta>`
	packet = "XML:com.adobe.xmp\x00\x00\x00\x00\x00" + packet + strings.Repeat(" ", 9<<20)
	const ihdr = 8 + 25
	b = slices.Concat(b[:ihdr], container.AppendPNGChunk(nil, "iTXt", []byte(packet)), b[ihdr:])
	require.NoError(t, os.WriteFile(path, b, 0o600))
	l := &Labeler{Producer: producer}
	_, err = l.LabelFile(t.Context(), path, path, Artifact{})
	require.ErrorAs(t, err, new(*metadata.LimitError))
	l.Write.Limits.Value = 16 << 20
	_, err = l.LabelFile(t.Context(), path, path, Artifact{})
	require.NoError(t, err)
}

// A panickingOutput is planned over a reader that panics.
type panickingOutput struct{ metadata.Output }

func (panickingOutput) WriteTo(io.Writer) (int64, error) { panic("reader") }

func TestLabelFilePanicLeavesNothing(t *testing.T) {
	to := target{path: filepath.Join(t.TempDir(), "out.png")}
	require.Panics(t, func() { to.write(t.Context(), panickingOutput{}, metadata.Receipt{}, metadata.Limits{}) })
	alone(t, filepath.Dir(to.path))
}

// TestWriteStopsWithContext cancels in the middle of the copy.
func TestWriteStopsWithContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	w := contextWriter{ctx, writerFunc(func(b []byte) (int, error) { cancel(); return len(b), nil })}
	_, err := w.Write([]byte("a"))
	require.NoError(t, err)
	_, err = w.Write([]byte("b"))
	require.ErrorIs(t, err, context.Canceled)
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }

func TestPropagateFile(t *testing.T) {
	path := copyFixture(t, "png/rgb.png")
	_, err := (&Labeler{Producer: producer}).LabelFile(t.Context(), path, path, Artifact{ID: "one"})
	require.NoError(t, err)
	receipt, err := PropagateFile(t.Context(), path, path, metadata.Propagation{Propagator: "platform", ID: "two"}, nil)
	require.NoError(t, err)
	require.Equal(t, "two", receipt.Record.PropagateID)
	require.Equal(t, "one", record(t, path))
}

// TestLabelFileUnderAnyName: the name of the output does not say that the
// Markdown in it is plain text.
func TestLabelFileUnderAnyName(t *testing.T) {
	for _, name := range []string{"out.tmp", "out.txt", "out"} {
		src := copyFixture(t, "markdown/plain.md")
		dst := filepath.Join(filepath.Dir(src), name)
		_, err := (&Labeler{Producer: producer, Notice: &Notice{}}).LabelFile(t.Context(), src, dst, Artifact{ID: "1"})
		require.NoError(t, err)
		require.NoError(t, os.Rename(dst, dst+".md"))
		require.Equal(t, "1", record(t, dst+".md"))
	}
}
