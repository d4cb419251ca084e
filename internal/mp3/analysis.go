package mp3

import "math"

// An analysis turns samples of one channel into lines. It is the inverse of
// [synthesis], for long blocks.
type analysis struct {
	fifo   [512]float64
	before [subbands][bandSize]float64 // of the granule before
}

// granule returns the lines of the next samples.
func (a *analysis) granule(in *[lines]float64) (out [lines]float64) {
	var now [subbands][bandSize]float64
	for i := range bandSize {
		for band, v := range a.slot(in[i*subbands:][:subbands]) {
			if band&i&1 == 1 { // odd subbands are upside down
				v = -v
			}
			now[band][i] = v
		}
	}
	for band := range subbands {
		forward(&a.before[band], &now[band], out[band*bandSize:][:bandSize])
	}
	a.before = now
	alias(&out)
	return out
}

// analysisCosines is the matrix of the analysis filterbank.
var analysisCosines = func() (t [subbands][64]float64) {
	for k := range t {
		for i := range t[k] {
			t[k][i] = math.Cos(math.Pi / 64 * float64((2*k+1)*(i-16)))
		}
	}
	return t
}()

// slot returns one sample of each subband for 32 samples.
func (a *analysis) slot(in []float64) (out [subbands]float64) {
	copy(a.fifo[subbands:], a.fifo[:])
	for i, v := range in {
		a.fifo[subbands-1-i] = v
	}
	var folded [64]float64
	for i, v := range a.fifo {
		folded[i&63] += v * window[i] / subbands
	}
	for k := range out {
		for i, v := range folded {
			out[k] += v * analysisCosines[k][i]
		}
	}
	return out
}

// forward is the MDCT of one subband in two granules.
func forward(before, now *[bandSize]float64, out []float64) {
	const gain = 1.0 / 9 // the inverse undoes it
	for i := range bandSize {
		first := before[i] * blockWindows[longBlock][i] * gain
		second := now[i] * blockWindows[longBlock][bandSize+i] * gain
		for k := range out {
			out[k] += first*longCosines[i][k] + second*longCosines[bandSize+i][k]
		}
	}
}

// alias adds the aliasing between subbands that decoders undo.
func alias(x *[lines]float64) {
	for band := bandSize; band < lines; band += bandSize {
		for i, c := range aliasing {
			up, down := x[band-1-i], x[band+i]
			x[band-1-i], x[band+i] = up*c.cs+down*c.ca, down*c.cs-up*c.ca
		}
	}
}
