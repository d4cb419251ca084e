package signal

import (
	"math"
	"math/bits"
	"math/cmplx"
)

// Correlate returns how much some stretch of samples is like a pattern, and where it
// begins: 1 is the pattern at any level, 0 has nothing of it, as in "normalised
// cross-correlation". It returns 0 for a pattern that is silent or longer.
func Correlate(samples, pattern []float64) (like float64, at int) {
	energy := power(pattern)
	if energy == 0 || len(pattern) > len(samples) {
		return 0, 0
	}
	products := products(samples, pattern)
	floor := 1e-9 * power(samples) // rounding would find anything in silence
	sums := make([]float64, len(samples)+1)
	for i, v := range samples {
		sums[i+1] = sums[i] + v*v
	}
	for i := range len(samples) - len(pattern) + 1 {
		here := sums[i+len(pattern)] - sums[i]
		if here <= floor {
			continue
		}
		if c := products[i] / math.Sqrt(here*energy); c > like {
			like, at = c, i
		}
	}
	return like, at
}

func power(samples []float64) (sum float64) {
	for _, v := range samples {
		sum += v * v
	}
	return sum
}

// products returns, for each place that the pattern can have, the sum of the products
// of its samples and those that it lies on.
func products(samples, pattern []float64) []float64 {
	size := 1 << bits.Len(uint(len(samples)-1))
	a, b := spectrum(samples, size), spectrum(pattern, size)
	for i := range a {
		a[i] = cmplx.Conj(a[i]) * b[i] // forward again is backward, conjugate
	}
	transform(a)
	sums := make([]float64, len(samples)-len(pattern)+1)
	for i := range sums {
		sums[i] = real(a[i]) / float64(size)
	}
	return sums
}

func spectrum(samples []float64, size int) []complex128 {
	s := make([]complex128, size)
	for i, v := range samples {
		s[i] = complex(v, 0)
	}
	transform(s)
	return s
}

// transform is the fast Fourier transform of Cooley and Tukey, in place. The length is a
// power of two.
func transform(s []complex128) {
	shift := 64 - bits.Len(uint(len(s)-1))
	for i := range s {
		if j := int(bits.Reverse64(uint64(i)) >> shift); j > i {
			s[i], s[j] = s[j], s[i]
		}
	}
	for half := 1; half < len(s); half *= 2 {
		turn := make([]complex128, half)
		for k := range turn {
			turn[k] = cmplx.Rect(1, -math.Pi*float64(k)/float64(half))
		}
		for start := 0; start < len(s); start += 2 * half {
			low, high := s[start:start+half], s[start+half:start+2*half]
			for k, t := range turn {
				v := high[k] * t
				low[k], high[k] = low[k]+v, low[k]-v
			}
		}
	}
}
