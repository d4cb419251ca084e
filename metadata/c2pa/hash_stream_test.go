package c2pa

import (
	"bytes"
	"crypto/sha256"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aigclabel/aigclabel/internal/container"
)

// random returns n bytes that repeat in no chunk.
func random(n int) []byte {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{}).Read(b)
	return b
}

// TestHashedParts: however parts lie, they are hashed as they stand in the file.
func TestHashedParts(t *testing.T) {
	const chunk = hashReadSize
	file := random(9*chunk + 7)
	for _, parts := range [][]container.Range{
		nil,
		{{Offset: 0, Length: 9*chunk + 7}},
		{{Offset: 3, Length: 5}, {Offset: 8, Length: 1}, {Offset: chunk - 1, Length: 2}, {Offset: 9*chunk + 6, Length: 1}},
		{{Offset: 1, Length: 10}, {Offset: 11, Length: streamSize}, {Offset: 11 + streamSize, Length: 20}},
		{{Offset: 100, Length: streamSize + 1}, {Offset: 100, Length: 0}, {Offset: 5, Length: 3}},
		{{Offset: 2*chunk + 1, Length: 7*chunk + 6}},
	} {
		h := bare(file, container.Range{}).newHasher(hashAlgorithms["sha256"])
		want := sha256.New()
		for _, p := range parts {
			want.Write(file[p.Offset : p.Offset+p.Length])
		}
		require.NoError(t, h.add(parts...))
		require.Equal(t, want.Sum(nil), h.Sum(nil), parts)
		h.release()
	}
}

func TestPartsOutsideTheFile(t *testing.T) {
	a := bare(random(streamSize), container.Range{})
	for _, r := range []container.Range{{Offset: -1, Length: 1}, {Offset: streamSize, Length: 1}, {Offset: 5, Length: streamSize}, {Offset: 1, Length: 1<<63 - 1}} {
		h := a.newHasher(hashAlgorithms["sha256"])
		require.ErrorIs(t, h.add(r), io.ErrUnexpectedEOF, r)
		h.release()
	}
}

// TestFailingStream: an error far into a part ends it.
func TestFailingStream(t *testing.T) {
	file := random(9 * hashReadSize)
	for _, good := range []int64{0, hashReadSize, 5*hashReadSize + 1} {
		a := bare(file, container.Range{})
		a.src = container.NewSource(failingFile{bytes.NewReader(file), good}, int64(len(file)), container.Limits{})
		h := a.newHasher(hashAlgorithms["sha256"])
		require.ErrorIs(t, h.add(container.Range{Length: int64(len(file))}), errDisk)
		h.release()
	}
}

// TestRest: what holes leave, whatever they are.
func TestRest(t *testing.T) {
	r := container.Range{Offset: 10, Length: 10}
	for _, test := range []struct{ holes, want []container.Range }{
		{nil, []container.Range{r}},
		{[]container.Range{r}, nil},
		{[]container.Range{{Offset: 0, Length: 99}}, nil},
		{[]container.Range{{Offset: 0, Length: 10}, {Offset: 20, Length: 5}}, []container.Range{r}},
		{[]container.Range{{Offset: 12, Length: 2}, {Offset: 14, Length: 1}, {Offset: 18, Length: 9}}, []container.Range{{Offset: 10, Length: 2}, {Offset: 15, Length: 3}}},
		{[]container.Range{{Offset: 12, Length: 6}, {Offset: 13, Length: 1}}, []container.Range{{Offset: 10, Length: 2}, {Offset: 18, Length: 2}}},
	} {
		require.Equal(t, test.want, rest(r, test.holes))
	}
}
