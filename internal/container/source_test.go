package container

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
)

// A flaky file cannot be read at one time.
type flaky struct {
	io.ReaderAt
	fails int // counted down to
}

func (r *flaky) ReadAt(b []byte, off int64) (int, error) {
	if r.fails--; r.fails == 0 {
		return 0, iotest.ErrTimeout
	}
	return r.ReaderAt.ReadAt(b, off)
}

// A counted file counts its reads.
type counted struct {
	io.ReaderAt
	reads int
}

func (r *counted) ReadAt(b []byte, off int64) (int, error) {
	r.reads++
	return r.ReaderAt.ReadAt(b, off)
}

// TestShared: what one source has read, the next one has, and counts as its own; one with
// other limits reads for itself.
func TestShared(t *testing.T) {
	opened := map[string]func(*Source) *Layout{
		"docx/libreoffice.docx": func(src *Source) *Layout {
			l := new(Layout)
			_, err := openZIP(src, l)
			require.NoError(t, err)
			return l
		},
		"pdf/writer.pdf": func(src *Source) *Layout {
			f := walkedPDF(src)
			require.NoError(t, f.err)
			require.Same(t, src, f.src)
			return &f.Layout
		},
	}
	for name, open := range opened {
		b, err := os.ReadFile(filepath.Join("..", "..", "metadata", "testdata", filepath.FromSlash(name)))
		require.NoError(t, err)
		file := &counted{ReaderAt: bytes.NewReader(b)}
		shared := Share(file, int64(len(b)))
		defer shared.Release()
		first, second := NewSource(shared, int64(len(b)), Limits{}), NewSource(shared, int64(len(b)), Limits{})
		layout := open(first)
		first.Release()
		require.Equal(t, layout, open(second), name)
		require.Equal(t, 1, file.reads, name)
		require.NotZero(t, second.spent.elements, name)
		require.Equal(t, first.spent, second.spent, name)
		got := make([]byte, 8)
		_, err = shared.ReadAt(got, 2)
		require.NoError(t, err)
		require.Equal(t, b[2:10], got, name)
		require.Equal(t, 1, file.reads, name)
		require.NotEmpty(t, open(NewSource(shared, int64(len(b)), Limits{Elements: 1})).Limits, name)
	}
}

// TestReadAheadFails: the peek after one that failed got what the block held before.
func TestReadAheadFails(t *testing.T) {
	const far = 2 * HeadSize
	b := bytes.Repeat([]byte("data"), HeadSize)
	src := NewSource(&flaky{bytes.NewReader(b), 2}, int64(len(b)), Limits{})
	_, err := src.Peek(far, 4)
	require.NoError(t, err)
	_, err = src.Peek(far+4, 4)
	require.ErrorIs(t, err, iotest.ErrTimeout)
	got, err := src.Peek(far+8, 4)
	require.NoError(t, err)
	require.Equal(t, "data", string(got))
}
