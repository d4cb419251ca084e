package watermark

import (
	"math"

	"github.com/aigclabel/aigclabel/internal/fft"
)

var tileFFT = fft.New(tileSide)

// A tileImage is what repeats all over the grid.
type tileImage [tileSide * tileSide]float32

// A pattern is what a watermark has of each wave of the band.
type pattern amounts

// waves returns the waves of a payload up to a limit, in waves a tile, with a mean square of 1.
func (l *lattice) waves(p Payload, n nonce, limit float64) *pattern {
	waves := new(pattern)
	for i, w := range l.pilots {
		a := l.phases[n.variant][i]
		f := pilotGain / amplitude(band[w]) // pilots are all of one strength
		waves[w] = phasor{f * a.re, f * a.im}
	}
	signs := l.signs(p, n.variant)
	for i, w := range l.data {
		waves[w] = phasor{signs[2*i] * math.Sqrt2 / 2, signs[2*i+1] * math.Sqrt2 / 2}
	}
	shift := turnsOf(-n.shift[0], -n.shift[1])
	for i, w := range band {
		f := amplitude(w)
		if w.radius() > limit {
			f = 0
		}
		waves[i] = phasor{waves[i].re * f, waves[i].im * f}.times(shift.of(w))
	}
	waves.normalise()
	return waves
}

// signs returns what the dimensions of data carry: 1 and -1.
func (l *lattice) signs(p Payload, variant int) *[coded]float32 {
	codeword := codeOf(p.Bits()).Encode(l.message(p, variant))
	signs := new([coded]float32)
	for i, bit := range l.order {
		signs[i] = (1 - 2*float32(codeword[bit])) * l.flips[variant][i]
	}
	return signs
}

// normalise scales waves to a mean square of 1 of their sum.
func (waves *pattern) normalise() {
	var power float32
	for _, a := range waves {
		power += a.power() / 2
	}
	if power == 0 {
		return
	}
	f := float32(1 / math.Sqrt(float64(power)))
	for i := range waves {
		waves[i].re *= f
		waves[i].im *= f
	}
}

// draw returns the sum of the waves.
func (waves *pattern) draw() *tileImage {
	var re, im tileImage
	for i, w := range band {
		re[w.at()], im[w.at()] = waves[i].re, waves[i].im
	}
	tileFFT.Inverse2(re[:], im[:])
	return &re
}

// passes returns which part of the power of the waves is left in w x h places of a larger
// or smaller picture which are step apart: interpolation weakens the short ones.
func (waves *pattern) passes(w, h int, step float64) float64 {
	u, v := responses(w, step), responses(h, step)
	var all, left float64
	for i, a := range waves {
		power := float64(a.power())
		all += power
		left += power * u[max(band[i].u, -band[i].u)] * v[band[i].v]
	}
	return left / max(all, 1e-30)
}

// responses returns what interpolation leaves of the power of waves of each frequency, as a
// mean of where the first n places are between pixels.
func responses(n int, step float64) (power [tileSide / 2]float64) {
	n = min(n, 64) // enough: the places repeat, or are anywhere
	for i := range n {
		_, weight := between(i, step)
		for f := range power {
			var re, im float64
			for k, w := range weight {
				sin, cos := math.Sincos(2 * math.Pi * float64(f*k) / tileSide)
				re += float64(w) * cos
				im += float64(w) * sin
			}
			power[f] += (re*re + im*im) / float64(n)
		}
	}
	return power
}
