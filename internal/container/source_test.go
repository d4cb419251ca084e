package container

import (
	"bytes"
	"io"
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
