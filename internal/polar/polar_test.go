package polar

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func random() *rand.Rand { return rand.New(rand.NewPCG(1, 2)) }

// message returns k random bits, packed.
func message(r *rand.Rand, k int) []byte {
	m := make([]byte, (k+7)/8)
	for i := range k {
		m[i/8] |= byte(r.IntN(2)) << (7 - i%8)
	}
	return m
}

// channel returns what a receiver knows of coded bits sent as ±1 with the noise that
// leaves them at a ratio of Es/N0.
func channel(r *rand.Rand, coded []byte, decibels float64) []float32 {
	ratio := math.Pow(10, decibels/10)
	llr := make([]float32, len(coded))
	for i, b := range coded {
		y := 1 - 2*float64(b) + r.NormFloat64()/math.Sqrt(2*ratio)
		llr[i] = float32(4 * ratio * y)
	}
	return llr
}

// erase takes that part of the values away, at random places.
func erase(r *rand.Rand, llr []float32, part float64) {
	for _, i := range r.Perm(len(llr))[:int(part*float64(len(llr)))] {
		llr[i] = 0
	}
}

func equal(want []byte) func([]byte) bool {
	return func(got []byte) bool { return bytes.Equal(got, want) }
}

// failures counts how many of the messages the list loses.
func failures(c *Code, list, messages int, receive func(*rand.Rand, []byte) []float32) (lost int) {
	r := random()
	for range messages {
		m := message(r, c.k)
		if _, ok := c.Decode(receive(r, c.Encode(m)), list, equal(m)); !ok {
			lost++
		}
	}
	return lost
}

func TestEncodeByHand(t *testing.T) {
	c := New(8, 4)
	require.Equal(t, []int{3, 5, 6, 7}, c.info, "the Reed-Muller code")
	for info, coded := range map[byte][]byte{
		0x80: {1, 1, 1, 1, 0, 0, 0, 0},
		0x40: {1, 1, 0, 0, 1, 1, 0, 0},
		0x20: {1, 0, 1, 0, 1, 0, 1, 0},
		0x1f: {1, 1, 1, 1, 1, 1, 1, 1},
		0xb0: {1, 0, 1, 0, 0, 1, 0, 1},
	} {
		require.Equal(t, coded, c.Encode([]byte{info}), "%x", info)
	}
}

func TestWithoutNoise(t *testing.T) {
	r := random()
	for n := 2; n <= maxLength; n *= 2 {
		for _, k := range []int{1, 2, n / 9, n / 3, n / 2, n - n/8, n - 1, n} {
			if k < 1 {
				continue
			}
			c, m := New(n, k), message(r, k)
			for _, list := range []int{1, 3, 8, maxList} {
				got, ok := c.Decode(channel(r, c.Encode(m), 20), list, equal(m))
				require.True(t, ok, "n %d k %d list %d", n, k, list)
				require.Equal(t, m, got)
			}
		}
	}
}

// A list as long as there are messages has them all, in the order of their
// likelihood.
func TestOrderOfCandidates(t *testing.T) {
	c, r := New(16, 6), random()
	for range 50 {
		llr := channel(r, c.Encode(message(r, 6)), 0)
		seen, last := map[string]bool{}, math.Inf(1)
		c.Decode(llr, 64, func(info []byte) bool {
			likelihood := 0.0
			for i, b := range c.Encode(info) {
				likelihood += float64(llr[i]) * (1 - 2*float64(b))
			}
			require.LessOrEqual(t, likelihood, last+0.01)
			seen[string(info)], last = true, likelihood
			return false
		})
		require.Len(t, seen, 64)
	}
}

// Nodes that are decided at once end with the candidates that deciding bit by bit ends
// with.
func TestNodesAtOnce(t *testing.T) {
	for _, k := range []int{20, 60, 112} {
		fast, slow, r := New(128, k), New(128, k), random()
		for i := range 128 {
			slow.nodes[i] = mixed
		}
		for _, list := range []int{1, 2, 5, 32} {
			for range 20 {
				llr := channel(r, fast.Encode(message(r, k)), float64(k)/20-5)
				require.Equal(t, candidates(slow, llr, list), candidates(fast, llr, list), "k %d list %d", k, list)
			}
		}
	}
}

func candidates(c *Code, llr []float32, list int) (all []string) {
	c.Decode(llr, list, func(info []byte) bool {
		all = append(all, string(info))
		return false
	})
	return all
}

// The factor that all values have in common is free.
func TestScale(t *testing.T) {
	c, r := New(512, 100), random()
	llr := channel(r, c.Encode(message(r, 100)), -5)
	want := candidates(c, llr, 8)
	for _, factor := range []float32{0x1p-120, 0x1p-10, 0x1p100} {
		scaled := slices.Clone(llr)
		for i := range scaled {
			scaled[i] *= factor
		}
		require.Equal(t, want, candidates(c, scaled, 8), "%g", factor)
	}
}

// A decibel more noise loses far more than that.
func TestNoise(t *testing.T) {
	for _, test := range []struct {
		name     string
		decibels float64
		erased   float64
	}{
		{"even", -8.8, 0},
		{"half erased", -5.3, 0.5},
		{"four of five erased", 0.4, 0.8},
	} {
		t.Run(test.name, func(t *testing.T) {
			lost := failures(New(1024, 112), 32, 200, func(r *rand.Rand, coded []byte) []float32 {
				llr := channel(r, coded, test.decibels)
				erase(r, llr, test.erased)
				return llr
			})
			require.LessOrEqual(t, lost, 3)
		})
	}
}

func TestGarbage(t *testing.T) {
	c, r := New(1024, 112), random()
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	check := func(info []byte) bool { return binary.BigEndian.Uint32(info) == 0xdeadbeef }
	for name, value := range map[string]func() float32{
		"noise":     func() float32 { return float32(r.NormFloat64()) },
		"zeros":     func() float32 { return 0 },
		"NaN":       func() float32 { return nan },
		"infinity":  func() float32 { return inf },
		"infinite":  func() float32 { return inf * float32(1-2*r.IntN(2)) },
		"all sorts": func() float32 { return math.Float32frombits(r.Uint32()) },
	} {
		llr := make([]float32, 1024)
		for i := range llr {
			llr[i] = value()
		}
		info, ok := c.Decode(llr, 32, check)
		require.False(t, ok, name)
		require.Nil(t, info, name)
	}
	_, ok := c.Decode(make([]float32, 1023), 32, func([]byte) bool { return true })
	require.False(t, ok, "too few values")
}

// Infinite values say what their signs say, beside finite ones, and NaN nothing.
func TestInfinities(t *testing.T) {
	c, r := New(512, 100), random()
	m := message(r, 100)
	llr := make([]float32, 512)
	for i, b := range c.Encode(m) {
		switch sign := 1 - 2*int(b); {
		case i%7 == 0:
			llr[i] = float32(math.NaN())
		case i%5 == 0:
			llr[i] = float32(math.Inf(sign))
		default:
			llr[i] = 3 * float32(sign)
		}
	}
	got, ok := c.Decode(llr, 1, equal(m))
	require.True(t, ok)
	require.Equal(t, m, got)
}

func TestConcurrent(t *testing.T) {
	c := New(256, 40)
	for i := range 4 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			require.Zero(t, failures(c, 1<<i, 20, func(r *rand.Rand, coded []byte) []float32 {
				return channel(r, coded, 0)
			}))
		})
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(uint8(8), []byte{0, 0, 0x80, 0x3f, 0, 0, 0xc0, 0x7f, 0, 0, 0x80, 0xff})
	f.Add(uint8(64), []byte{1, 2, 3, 4})
	c := New(128, 50)
	f.Fuzz(func(t *testing.T, list uint8, data []byte) {
		llr := make([]float32, 128)
		for i := range llr {
			if at := 4 * i; at+4 <= len(data) {
				llr[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[at:]))
			}
		}
		offers := 0
		_, ok := c.Decode(llr, int(list), func(info []byte) bool {
			offers++
			require.Len(t, info, 7)
			require.Zero(t, info[6]&0x3f, "bits behind the last")
			return false
		})
		require.False(t, ok)
		require.Equal(t, min(max(int(list), 1), maxList), offers)
	})
}

func BenchmarkEncode(b *testing.B) {
	c := New(1024, 112)
	m := message(random(), 112)
	b.ReportAllocs()
	b.SetBytes(int64(len(m)))
	for b.Loop() {
		c.Encode(m)
	}
}

// The candidates are all refused, as where there is no mark.
func BenchmarkDecode(b *testing.B) {
	for _, k := range []int{112, 176} {
		for _, list := range []int{1, 8, 32} {
			b.Run(fmt.Sprintf("%d/%d", k, list), func(b *testing.B) {
				c, r := New(1024, k), random()
				llr := channel(r, c.Encode(message(r, k)), -7.5)
				b.ReportAllocs()
				b.SetBytes(int64(k / 8))
				for b.Loop() {
					c.Decode(llr, list, func([]byte) bool { return false })
				}
			})
		}
	}
}
