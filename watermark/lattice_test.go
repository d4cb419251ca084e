package watermark

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestLatticeStays: a lattice that changed would hide all watermarks that were made before.
func TestLatticeStays(t *testing.T) {
	l := newLattice(OpenKey)
	h := sha256.New()
	for _, v := range []any{asInt32(l.pilots[:]), asInt32(l.data[:]), l.order[:], l.flips, codeword(t, l)} {
		require.NoError(t, binary.Write(h, binary.LittleEndian, v))
	}
	for _, phases := range l.phases {
		for _, p := range phases {
			binary.Write(h, binary.LittleEndian, [2]int16{int16(math.Round(100 * float64(p.re))), int16(math.Round(100 * float64(p.im)))})
		}
	}
	require.Equal(t, "ec800ca893db5d6104fa463128615d53bd630bf618785a4cb71fc63857377e8a", hex.EncodeToString(h.Sum(nil)))
}

func codeword(t *testing.T, l *lattice) []byte {
	p, err := ParsePayload("0123456789abcdef")
	require.NoError(t, err)
	return codeOf(p.Bits()).Encode(l.message(p, 3))
}

func asInt32(list []int) (out []int32) {
	for _, v := range list {
		out = append(out, int32(v))
	}
	return out
}

func TestLattice(t *testing.T) {
	for range 20 {
		l := newLattice(NewKey())
		seen := make(map[int]bool)
		for _, w := range l.pilots {
			seen[w] = true
			r := band[w].radius()
			require.True(t, r > minPilot && r < maxPilot)
		}
		for _, w := range l.data {
			seen[w] = true
		}
		require.Len(t, seen, pilots+carriers)
	}
}

func TestMessage(t *testing.T) {
	l := newLattice(OpenKey)
	for _, text := range []string{"0123456789abcdef", "000102030405060708090a0b0c0d0e0f"} {
		p, err := ParsePayload(text)
		require.NoError(t, err)
		m := l.message(p, 5)
		got, ok := l.read(m, 5)
		require.True(t, ok)
		require.Equal(t, p, got)
		_, ok = l.read(m, 4)
		require.False(t, ok, "another variant")
		_, ok = newLattice(NewKey()).read(m, 5)
		require.False(t, ok, "another key")
		for i := range 8 * len(m) {
			m[i/8] ^= 1 << (i % 8)
			_, ok := l.read(m, 5)
			require.False(t, ok, "bit %d", i)
			m[i/8] ^= 1 << (i % 8)
		}
	}
}

// TestWitness compares the probability with what happens.
func TestWitness(t *testing.T) {
	const walks = 200_000
	r := rand.New(rand.NewPCG(1, 2))
	beyond := map[float64]int{-1: 0, 0: 0, 2: 0, 4: 0, 5: 0}
	for range walks {
		var s float64
		for range witnesses {
			s += math.Cos(2 * math.Pi * r.Float64())
		}
		for limit := range beyond {
			if s >= limit {
				beyond[limit]++
			}
		}
	}
	for limit, n := range beyond {
		p := walkBeyond(limit)
		require.InDelta(t, p, float64(n)/walks, 4*math.Sqrt(p*(1-p)/walks), "%g", limit)
	}
	require.Less(t, walkBeyond(witnesses-0.5), 1e-5)
}

func TestLatticesKept(t *testing.T) {
	k := NewKey()
	l := latticeOf(k)
	require.Same(t, l, latticeOf(k))
	for range 2 * len(lattices.kept) {
		latticeOf(NewKey())
	}
	require.NotSame(t, l, latticeOf(k), "not for ever")
}
