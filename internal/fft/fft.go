// Package fft computes discrete Fourier transforms of float32 data, in one and
// two dimensions, for lengths that are powers of two.
//
// Complex data is held in two slices, the real and the imaginary parts. A
// transform of length n is
//
//	X[k] = sum over i of x[i]·exp(-2πi·k·i/n)
//
// and the inverse has the opposite sign in the exponent. Neither is scaled:
// Forward and then Inverse give n times the data, Forward2 and then Inverse2
// give n² times the data. A caller with a scale of its own folds the factor in.
//
// The algorithm is decimation in frequency by radix 4 with a last pass of
// radix 4, 8 or 16 (Van Loan, Computational Frameworks for the Fast Fourier
// Transform, 1992, chapters 1 and 2).
package fft

import (
	"fmt"
	"math"
	"math/bits"
)

// The lengths of transforms.
const (
	MinLength = 4
	MaxLength = 4096
)

// A Plan holds the tables for transforms of one length. It never changes after
// New, so any number of goroutines may use it at once.
type Plan struct {
	n int
	// passes are the radix-4 passes that multiply, longest first.
	passes [][]twiddle
	// order is the frequency that lies at each place after all passes.
	order []int32
	// last is the radix of the last pass over a single row: 4, 8 or 16.
	last int
}

// A twiddle holds exp(-2πi·j/l) to the powers 1, 2 and 3.
type twiddle struct{ r1, i1, r2, i2, r3, i3 float32 }

// New returns a plan for transforms of length n, a power of two from MinLength
// to MaxLength. It panics for any other n, which is an error in the program:
// lengths never come from input.
func New(n int) *Plan {
	if n < MinLength || n > MaxLength || n&(n-1) != 0 {
		panic(fmt.Sprintf("fft: length %d is not a power of two from %d to %d", n, MinLength, MaxLength))
	}
	p := &Plan{n: n, last: 4, order: order(n)}
	if bits.TrailingZeros(uint(n))%2 == 1 {
		p.last = 8
	}
	for l := n; l > p.last; l /= 4 {
		p.passes = append(p.passes, twiddles(l))
	}
	if p.last == 4 && n > 4 {
		p.last = 16
	}
	return p
}

// twiddles returns the factors of a radix-4 pass over blocks of length l.
func twiddles(l int) []twiddle {
	t := make([]twiddle, l/4)
	for j := range t {
		w := &t[j]
		w.r1, w.i1 = root(j, l)
		w.r2, w.i2 = root(2*j, l)
		w.r3, w.i3 = root(3*j, l)
	}
	return t
}

// root returns exp(-2πi·j/l).
func root(j, l int) (re, im float32) {
	sin, cos := math.Sincos(2 * math.Pi * float64(j) / float64(l))
	return float32(cos), float32(-sin)
}

// order returns the frequencies in the order in which the passes leave them.
func order(n int) []int32 {
	switch n {
	case 4:
		return []int32{0, 1, 2, 3}
	case 8:
		return []int32{0, 2, 4, 6, 1, 3, 5, 7}
	}
	quarter := order(n / 4)
	all := make([]int32, 0, n)
	for q := range int32(4) {
		for _, k := range quarter {
			all = append(all, 4*k+q)
		}
	}
	return all
}

// Len returns the length n of the plan's transforms.
func (p *Plan) Len() int { return p.n }

// Forward transforms the first n values of re and im in place. Both are in
// natural order before and after. It panics if a slice is shorter than n.
func (p *Plan) Forward(re, im []float32) {
	re, im = re[:p.n:len(re)], im[:p.n:len(im)]
	switch {
	case p.n <= 64:
		var room [2 * 64]float32
		p.forward(re, im, room[:])
	case p.n <= 1024:
		p.forward1024(re, im)
	default:
		p.forward4096(re, im)
	}
}

// forward is Forward with room for the result.
func (p *Plan) forward(re, im, room []float32) {
	r, i := room[:p.n], room[p.n:2*p.n]
	p.row(r, i, re, im)
	copy(re, r)
	copy(im, i)
}

// forward1024 has room for 1024 values. It is a function of its own, never
// inlined, so that short transforms need no large stack.
//
//go:noinline
func (p *Plan) forward1024(re, im []float32) {
	var room [2 * 1024]float32
	p.forward(re, im, room[:])
}

//go:noinline
func (p *Plan) forward4096(re, im []float32) {
	var room [2 * 4096]float32
	p.forward(re, im, room[:])
}

// Inverse is Forward with the opposite sign in the exponent. It does not scale:
// the result of Forward comes back n times as large.
func (p *Plan) Inverse(re, im []float32) {
	// Exchanging the parts turns the sign of the exponent.
	p.Forward(im, re)
}
