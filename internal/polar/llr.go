package polar

import "math"

// Log-likelihood ratios are whole numbers of steps, so that every machine decodes
// alike.
const (
	steps   = 256            // of a ratio of 1
	ceiling = 500 * steps    // of a channel's value
	tail    = 8              // where softening has become nothing
	entries = tail*steps + 1 // of its table
)

// soft is ln(1+exp(-x)), of x and in steps: what the sum of two probabilities is above
// the greater.
var soft = func() (table [entries]int32) {
	for i := range entries - 1 {
		table[i] = int32(math.Round(steps * math.Log1p(math.Exp(-float64(i)/steps))))
	}
	return table
}()

func quantise(v float32) int32 {
	switch x := v * steps; {
	case x >= ceiling:
		return ceiling
	case x <= -ceiling:
		return -ceiling
	case x != x:
		return 0
	default:
		return int32(math.Round(float64(x)))
	}
}

func magnitude(v int32) int32 {
	s := v >> 31
	return (v ^ s) - s
}

func softening(x int32) int32 { return soft[min(uint32(x), entries-1)] }

// exclusive is the value of the exclusive or of two bits.
func exclusive(a, b int32) int32 {
	s := (a ^ b) >> 31
	x, y := magnitude(a), magnitude(b)
	v := min(x, y) - softening(magnitude(x-y)) + softening(x+y)
	return (v ^ s) - s
}

// first computes the values of the first half of a node.
func first(out, in []int32) {
	a, b := in[:len(out)], in[len(out):][:len(out)]
	for i := range out {
		out[i] = exclusive(a[i], b[i])
	}
}

// second computes the values of the second half of a node whose first half is known.
func second(out, in []int32, bits []uint64) {
	a, b := in[:len(out)], in[len(out):][:len(out)]
	var w uint64
	for i := range out {
		if i%wordBits == 0 {
			w = bits[i/wordBits]
		}
		s := -int32(w & 1)
		w >>= 1
		out[i] = b[i] + (a[i] ^ s) - s
	}
}

// sum is [second] behind a first half of zeros.
func sum(out, in []int32) {
	a, b := in[:len(out)], in[len(out):][:len(out)]
	for i := range out {
		out[i] = a[i] + b[i]
	}
}

// cost returns -log of the likelihood that all bits are 0, and what it costs more when
// all are 1.
func cost(values []int32) (zeros, more int64) {
	for _, v := range values {
		zeros += int64(costOfZero(v))
		more += int64(v)
	}
	return zeros, more
}

func costOfZero(v int32) int32 { return softening(magnitude(v)) - v&(v>>31) }

// costOfFirst is the [cost] of zeros in the first half of a node.
func costOfFirst(in []int32) (zeros int64) {
	a, b := in[:len(in)/2], in[len(in)/2:]
	for i := range a {
		zeros += int64(costOfZero(exclusive(a[i], b[i])))
	}
	return zeros
}

// signs returns the likeliest bits and their cost.
func signs(values []int32) (word uint64, cost int64) {
	for i, v := range values {
		word |= uint64(uint32(v)>>31) << i
		cost += int64(softening(magnitude(v)))
	}
	return word, cost
}
