package polar

import "math"

// Log-likelihood ratios are whole numbers, so that every machine decodes alike. The
// minimum stands for the exact ratio of an exclusive or (Leroux et al., "Hardware
// architectures for successive cancellation decoding of polar codes", 2011): that costs
// less than 0.05 dB, and makes the common factor of the channel's ratios free.

// ceiling is the largest magnitude of the channel's values.
const ceiling = 1<<31/maxLength/2 - 1

// quantise scales values so that the largest finite one is at the ceiling.
func quantise(out []int32, values []float32) {
	const infinity = 0xff << 23
	var largest uint32
	for _, v := range values {
		if b := math.Float32bits(v) &^ (1 << 31); b < infinity {
			largest = max(largest, b)
		}
	}
	scale := float64(ceiling)
	if largest > 0 {
		scale /= float64(math.Float32frombits(largest))
	}
	for i, v := range values {
		switch b := math.Float32bits(v); {
		case b&infinity != infinity:
			out[i] = int32(float64(v) * scale)
		case v > 0:
			out[i] = ceiling
		case v < 0:
			out[i] = -ceiling
		default: // not a number
			out[i] = 0
		}
	}
}

func magnitude(v int32) int32 {
	s := v >> 31
	return (v ^ s) - s
}

// first computes the values of the first half of a node: of the exclusive or of each
// two bits.
func first(out, in []int32) {
	a, b := in[:len(out)], in[len(out):][:len(out)]
	for i := range out {
		s := (a[i] ^ b[i]) >> 31
		out[i] = (min(magnitude(a[i]), magnitude(b[i])) ^ s) - s
	}
}

// second computes the values of the second half of a node whose first half is known.
func second(out, in []int32, bits []uint64) {
	a, b := in[:len(out)], in[len(out):][:len(out)]
	for len(out) > wordBits {
		choose(out[:wordBits], a, b, bits[0])
		out, a, b, bits = out[wordBits:], a[wordBits:], b[wordBits:], bits[1:]
	}
	choose(out, a, b, bits[0])
}

func choose(out, a, b []int32, bits uint64) {
	a, b = a[:len(out)], b[:len(out)]
	for i := range out {
		s := -int32(bits & 1)
		bits >>= 1
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

// cost returns how much the values speak against bits that are all 0, and how much more
// against bits that are all 1.
func cost(values []int32) (zeros, more int64) {
	for _, v := range values {
		zeros -= int64(v & (v >> 31))
		more += int64(v)
	}
	return zeros, more
}

// costOfFirst is the [cost] of zeros in the first half of a node.
func costOfFirst(in []int32) (zeros int64) {
	a, b := in[:len(in)/2], in[len(in)/2:][:len(in)/2]
	for i := range a {
		s := (a[i] ^ b[i]) >> 31
		zeros += int64(min(magnitude(a[i]), magnitude(b[i])) & s)
	}
	return zeros
}

// signs returns the likeliest bits.
func signs(values []int32) (word uint64) {
	for i, v := range values {
		word |= uint64(uint32(v)>>31) << i
	}
	return word
}
