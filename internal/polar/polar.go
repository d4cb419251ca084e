// Package polar has the error-correcting code of the hidden watermark: polar codes
// (Arikan, 2009) with successive-cancellation list decoding (Tal and Vardy, 2015),
// where check bits of the caller's choice tell the right candidate from the others.
//
// The decoder takes soft values of every quality, erasures among them. The coded bits
// should be sent in a random order, the same at both ends: what is lost in a regular
// pattern is worse than the same number lost at random.
//
// Of blocks of 112 bits of information in 1024, one in a hundred is lost at an Es/N0 of
// -9.15 dB with a list of 32, and of -8.8 dB with one of 8: 0.3 and 0.7 dB above what the
// normal approximation (Polyanskiy et al., 2010) gives for any code of that length.
// Other constructions, such as the Gaussian approximation, measure no better.
package polar

import (
	"cmp"
	"fmt"
	"math"
	"math/bits"
	"slices"
	"sync"
)

// maxLength is the longest code whose sums of log-likelihood ratios fit 32 bits.
const maxLength = 1 << 12

// Code is a polar code. It does not change after [New] and may be used by several
// goroutines at once.
type Code struct {
	n, k, levels int
	info         []int  // positions of the information bits, ascending
	nodes        []kind // of the decoder's tree: the root is 1, the children of i are 2i and 2i+1
	decoders     sync.Pool
}

// New returns the code of n coded bits, a power of two from 2 to 4096, and k
// information bits, 1 to n, the caller's check bits among them. It panics at other
// numbers. The same numbers always give the same code.
func New(n, k int) *Code {
	if n < 2 || n > maxLength || n&(n-1) != 0 || k < 1 || k > n {
		panic(fmt.Sprintf("polar: no code of %d bits with %d of information", n, k))
	}
	c := &Code{n: n, k: k, levels: bits.Len(uint(n)) - 1}
	c.info = mostReliable(n, k)
	c.nodes = tree(n, c.info)
	return c
}

// expansion is the base of the polarisation weight (He et al., "Beta-expansion: a
// theoretical framework for fast and recursive construction of polar codes", 2017).
var expansion = math.Pow(2, 0.25)

// mostReliable returns the k positions out of n that successive cancellation decides
// best, ascending.
func mostReliable(n, k int) []int {
	weights, order := make([]float64, n), make([]int, n)
	for i := range n {
		order[i] = i
		for b, w := i, 1.0; b > 0; b, w = b>>1, w*expansion {
			weights[i] += w * float64(b&1)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(weights[b], weights[a]) })
	info := order[:k]
	slices.Sort(info)
	return info
}

// Encode returns the n coded bits of k bits of information, one in each byte, 0 or 1.
// The information is packed, from the most significant bit of its first byte; bits
// behind the k-th do not count. It panics when there are fewer than k.
func (c *Code) Encode(info []byte) []byte {
	x := make([]byte, c.n)
	for i, at := range c.info {
		x[at] = info[i/8] >> (7 - i%8) & 1
	}
	for half := 1; half < c.n; half *= 2 {
		for at := 0; at < c.n; at += 2 * half {
			for i := at; i < at+half; i++ {
				x[i] ^= x[i+half]
			}
		}
	}
	return x
}

// Decode returns the information, packed as in [Code.Encode], whose check says yes,
// out of the most likely that the list of paths ends with. It offers them to check
// from the most to the least likely, in a slice that check must not keep. ok is false,
// and info nil, when check accepts none, or there are not n values in llr.
//
// llr has the logarithm of P(0)/P(1) of each coded bit, to any base and times any
// factor, the same for all: positive for 0, zero for one that is erased. Infinities
// count as the largest finite value, NaN and what is 2^18 times below it as erasures.
// The list has 1 to 256 paths; numbers out of that range count as the nearest. The time
// grows with it.
func (c *Code) Decode(llr []float32, list int, check func(info []byte) bool) (info []byte, ok bool) {
	if len(llr) != c.n {
		return nil, false
	}
	d, _ := c.decoders.Get().(*decoder)
	if d == nil {
		d = newDecoder(c)
	}
	defer c.decoders.Put(d)
	d.start(llr, min(max(list, 1), maxList))
	d.node(1, c.levels, left)
	for _, p := range d.ranking() {
		if info := d.information(p); check(info) {
			return slices.Clone(info), true
		}
	}
	return nil, false
}
