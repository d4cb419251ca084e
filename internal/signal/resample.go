// Package signal has the arithmetic of sampled sound that several packages share.
package signal

import "math"

// The low-pass filter of [Resample]: a sinc in a Kaiser window. Its stop band is below
// -85 dB; it keeps 82 % of the band that both rates have.
const (
	filterZeros = 32   // crossings on each side
	filterShape = 9.0  // beta of the window
	filterEdge  = 0.91 // of the lower Nyquist frequency, where it is at -6 dB
	filterSteps = 512  // entries of the table between two crossings
)

// filter is the right half of the filter. Between its entries a line is near enough:
// its error is below -100 dB.
var filter = func() (table [filterZeros*filterSteps + 2]float64) {
	for i := range filterZeros * filterSteps {
		x := float64(i) / filterSteps
		t := x / filterZeros
		table[i] = sinc(x) * bessel(filterShape*math.Sqrt(1-t*t)) / bessel(filterShape)
	}
	return table
}()

func sinc(x float64) float64 {
	if x == 0 {
		return 1
	}
	return math.Sin(math.Pi*x) / (math.Pi * x)
}

// bessel returns the modified Bessel function of the first kind and order 0.
func bessel(x float64) float64 {
	sum, term := 1.0, 1.0
	for k := 1.0; term > 1e-16*sum; k++ {
		term *= x * x / (4 * k * k)
		sum += term
	}
	return sum
}

// Resample returns samples of one channel, of a rate from, at the rate to: as many
// as last as long, rounded up. Before and behind them is silence. The rates are
// positive.
func Resample(samples []float64, from, to int) []float64 {
	if from == to {
		return samples
	}
	n := (int64(len(samples))*int64(to) + int64(from) - 1) / int64(from)
	out := make([]float64, n)
	p := newPhases(from, to)
	for i := range out {
		at := int64(i) * int64(from)
		weights, first := p.weights(at%int64(to)), int(at/int64(to))-p.reach
		if first < 0 {
			weights, first = weights[-first:], 0
		}
		weights = weights[:max(min(len(weights), len(samples)-first), 0)]
		sum := 0.0
		for j, w := range weights {
			sum += w * samples[first+j]
		}
		out[i] = sum
	}
	return out
}

// phases are the filter, as it lies on the samples: the rates make some samples of the
// output lie in the same way between those of the input.
type phases struct {
	to      int64
	scale   float64 // crossings for each sample
	reach   int     // samples on each side
	unit    int64   // between two phases, of to
	kept    [][]float64
	scratch []float64
}

// maxKept bounds the weights that are kept in memory.
const maxKept = 1 << 18

func newPhases(from, to int) *phases {
	unit := from
	for a := to; a != 0; {
		unit, a = a, unit%a
	}
	p := &phases{to: int64(to), unit: int64(unit), scale: filterEdge * min(1, float64(to)/float64(from))}
	p.reach = int(filterZeros/p.scale) + 1
	p.scratch = make([]float64, 2*p.reach+1)
	if to/unit*len(p.scratch) <= maxKept {
		p.kept = make([][]float64, to/unit)
	}
	return p
}

// weights returns those of the samples around a point that is so many parts of to behind
// the middle one, valid until the next call.
func (p *phases) weights(part int64) []float64 {
	if p.kept == nil {
		return p.weigh(p.scratch, part)
	}
	w := &p.kept[part/p.unit]
	if *w == nil {
		*w = p.weigh(make([]float64, len(p.scratch)), part)
	}
	return *w
}

func (p *phases) weigh(w []float64, part int64) []float64 {
	for i := range w {
		x := math.Abs(float64(i-p.reach)-float64(part)/float64(p.to)) * p.scale * filterSteps
		x = min(x, float64(len(filter)-2)) // the filter ends there
		k := int(x)
		w[i] = p.scale * (filter[k] + (x-float64(k))*(filter[k+1]-filter[k]))
	}
	return w
}
