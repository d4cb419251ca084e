package mp3

import (
	"math"
	"math/bits"
)

// The hybrid filterbank (ISO/IEC 11172-3 clauses 2.4.3.4 and C.1.3): 32 subbands, of
// which each is split into 18 lines by a modified discrete cosine transform (MDCT)
// over two granules.

// blockWindows are the windows of the MDCT, by kind of block.
var blockWindows = func() (w [4][2 * bandSize]float64) {
	long := func(i int) float64 { return math.Sin(math.Pi / 36 * (float64(i) + 0.5)) }
	short := func(i int) float64 { return math.Sin(math.Pi / 12 * (float64(i) + 0.5)) }
	for i := range 36 {
		w[longBlock][i] = long(i)
	}
	for i := range 18 {
		w[startBlock][i], w[stopBlock][18+i] = long(i), long(18+i)
	}
	for i := range 6 {
		w[startBlock][18+i], w[startBlock][24+i] = 1, short(6+i)
		w[stopBlock][6+i], w[stopBlock][12+i] = short(i), 1
	}
	for i := range 12 {
		w[shortBlock][i] = short(i)
	}
	return w
}()

// cosines returns the table of an MDCT of n lines: the row i has what line k adds to
// sample i.
func cosines(n int) [][]float64 {
	t := make([][]float64, 2*n)
	for i := range t {
		t[i] = make([]float64, n)
		for k := range t[i] {
			t[i][k] = math.Cos(math.Pi / float64(4*n) * float64((2*i+1+n)*(2*k+1)))
		}
	}
	return t
}

var longCosines, shortCosines = cosines(bandSize), cosines(bandSize / 3)

// A synthesis turns the lines of one channel into samples.
type synthesis struct {
	overlap [lines]float64 // with the next granule, by subband
	fifo    [1024]float64
	at      int // of the newest 64 values of fifo
	silent  int // slots that were zeros before this one
}

// granule adds a granule to the sound. Out gets its samples, every step values.
func (s *synthesis) granule(in *[lines]float64, g *granule, out []float64, step int) {
	var slots [bandSize][subbands]float64
	for band := range subbands {
		block := g.block
		if g.mixed && band < 2 {
			block = longBlock
		}
		s.subband((*[bandSize]float64)(in[band*bandSize:]), band, block, &slots)
	}
	for i := range slots {
		s.slot(&slots[i], out[i*subbands*step:], step)
	}
}

// subband puts the samples of one subband into slots.
func (s *synthesis) subband(in *[bandSize]float64, band, block int, slots *[bandSize][subbands]float64) {
	overlap := (*[bandSize]float64)(s.overlap[band*bandSize:])
	var out [2 * bandSize]float64
	if *in != [bandSize]float64{} {
		if block == shortBlock {
			inverseShort(in, &out)
		} else {
			inverseLong(in, &out, &blockWindows[block])
		}
	}
	for i := range bandSize {
		v := out[i] + overlap[i]
		if band&i&1 == 1 { // odd subbands are upside down
			v = -v
		}
		slots[i][band] = v
		overlap[i] = out[bandSize+i]
	}
}

// inverseLong is the inverse MDCT of 18 lines. Each half of its output is symmetric.
func inverseLong(in *[bandSize]float64, out *[2 * bandSize]float64, window *[2 * bandSize]float64) {
	for i := range bandSize / 2 {
		var left, right float64
		a, b := longCosines[i][:bandSize], longCosines[bandSize+i][:bandSize]
		for k, v := range in {
			left += v * a[k]
			right += v * b[k]
		}
		out[i], out[17-i] = left*window[i], -left*window[17-i]
		out[18+i], out[35-i] = right*window[18+i], right*window[35-i]
	}
}

// inverseShort is the inverse MDCT of three windows of 6 lines, which overlap.
func inverseShort(in *[bandSize]float64, out *[2 * bandSize]float64) {
	for w := range 3 {
		for i := range 12 {
			sum := 0.0
			for k, c := range shortCosines[i] {
				sum += in[3*k+w] * c
			}
			out[6+6*w+i] += sum * blockWindows[shortBlock][i]
		}
	}
}

// slot turns one sample of each subband into 32 samples of sound.
func (s *synthesis) slot(in *[subbands]float64, out []float64, step int) {
	if *in == [subbands]float64{} {
		s.silent++
	} else {
		s.silent = 0
	}
	if s.silent > 16 { // nothing is in the fifo
		for j := range subbands {
			out[j*step] = 0
		}
		return
	}
	s.at = (s.at - 64) & 1023
	matrix(in, (*[64]float64)(s.fifo[s.at:]))
	var sum [subbands]float64
	for i := 0; i < 512; i += 64 {
		even := (*[subbands]float64)(s.fifo[(s.at+2*i)&1023:])
		odd := (*[subbands]float64)(s.fifo[(s.at+2*i+96)&1023:])
		a, b := (*[subbands]float64)(window[i:]), (*[subbands]float64)(window[i+32:])
		for j := range sum {
			sum[j] += even[j]*a[j] + odd[j]*b[j]
		}
	}
	for j, v := range sum {
		out[j*step] = v
	}
}

// matrix is the cosine transform of the synthesis: out[i] is the sum of
// in[k] cos((16+i)(2k+1)π/64). A DCT of 32 points has all of its values.
func matrix(in *[subbands]float64, out *[64]float64) {
	var scratch [subbands]float64
	d := *in
	dct(d[:], scratch[:])
	for i := range 16 {
		out[i], out[48+i] = d[16+i], -d[i]
		out[32-i], out[32+i] = -d[16+i], -d[16-i]
	}
	out[16] = 0
}

// dctFactors has 1/(2cos((2i+1)π/2n)), by the logarithm of n.
var dctFactors = func() (f [6][]float64) {
	for log := range f {
		n := 1 << log
		for i := range n / 2 {
			f[log] = append(f[log], 0.5/math.Cos(math.Pi*float64(2*i+1)/float64(2*n)))
		}
	}
	return f
}()

// dct replaces x[j] by the sums of x[j] cos((2j+1)kπ/2n), for k from 0 to n-1: n is 32
// or a lesser power of two (B. G. Lee, 1984). Scratch is as long as x.
func dct(x, scratch []float64) {
	n := len(x)
	factors := dctFactors[bits.TrailingZeros(uint(n))]
	if n == 2 {
		x[0], x[1] = x[0]+x[1], (x[0]-x[1])*factors[0]
		return
	}
	half := n / 2
	even, odd := scratch[:half], scratch[half:n]
	for i := range half {
		a, b := x[i], x[n-1-i]
		even[i], odd[i] = a+b, (a-b)*factors[i]
	}
	dct(even, x[:half])
	dct(odd, x[half:])
	for i := range half - 1 {
		x[2*i], x[2*i+1] = even[i], odd[i]+odd[i+1]
	}
	x[n-2], x[n-1] = even[half-1], odd[half-1]
}
