package watermark

import (
	"math"
	"slices"
)

// A ring has the waves of about the same length.
const (
	ringWidth = 1.5
	rings     = 16
)

var ringOf = func() (all [pilots + carriers]int) {
	for i, w := range band {
		all[i] = ring(w)
	}
	return all
}()

// ring returns which ring a wave is in.
func ring(w wave) int { return int(w.radius() / ringWidth) }

const (
	// medianOfNoise is the median of the power of noise whose mean is 1.
	medianOfNoise = math.Ln2

	// leastRatio is the power of the watermark that is taken to be there at least, of all power.
	leastRatio = 0.02
)

// A channel is what became of each wave of a sum of tiles: the power of the watermark, and by
// which factor its noise is louder than that of tiles that have nothing in common.
type channel struct{ signal, noise powers }

// channelOf returns that of a sum: by the pilots near to each wave's length, whose phases are
// known, and by the power of all.
func (l *lattice) channelOf(sum *amounts, noise *powers, variant int) *channel {
	power := l.medians(sum, noise)
	var at, level [pilots]float64
	for i, w := range l.pilots {
		at[i] = band[w].radius()
		fit := float64(sum[w].over(l.phases[variant][i]).re) / math.Sqrt(float64(noise[w]))
		level[i] = min(fit*float64(amplitude(band[w]))/pilotGain, 3*math.Sqrt(power[ringOf[w]]))
	}
	var signal, loud [rings]float32
	for r := range rings {
		var mean, weights float64
		for i, w := range l.pilots {
			d := at[i]/ringWidth - float64(r) - 0.5
			f := (math.Exp(-d*d/2) + 1e-6) / power[ringOf[w]]
			mean += f * level[i]
			weights += f
		}
		mean /= weights
		s, n := explain(mean*math.Abs(mean), power[r])
		signal[r], loud[r] = float32(s), float32(n)
	}
	c := new(channel)
	for i, r := range ringOf {
		c.signal[i], c.noise[i] = signal[r], loud[r]
	}
	return c
}

// explain says what of the power of a ring is the watermark, and how loud the noise is, from what
// the pilots tell of the watermark. They are few: power that they do not explain is a part of
// it, too, if it is not too much; and noise that is louder than that of the tiles, such as that of a
// codec whose blocks repeat with the tiles, is taken to be so by half.
func explain(told, power float64) (signal, noise float64) {
	more := min(power-1, 4*max(told, 0)+0.2)
	signal = max(0.8*told+0.2*more, leastRatio*power)
	return signal, math.Sqrt(max(power-signal, power/2))
}

// medians returns the power of data in each ring, by the median, with its neighbours': single
// loud waves are the picture's.
func (l *lattice) medians(sum *amounts, noise *powers) (out [rings]float64) {
	var ofRing [rings][]float64
	for _, w := range l.data {
		ofRing[ringOf[w]] = append(ofRing[ringOf[w]], float64(sum[w].power()/noise[w]))
	}
	first, last := ringOf[0], ringOf[len(ringOf)-1]
	var median [rings]float64
	for r := first; r <= last; r++ {
		if slices.Sort(ofRing[r]); len(ofRing[r]) > 0 {
			median[r] = ofRing[r][len(ofRing[r])/2]
		}
	}
	for r := range out {
		r := min(max(r, first), last)
		out[r] = (2*median[r]+median[max(r-1, first)]+median[min(r+1, last)])/4/medianOfNoise + 1e-9
	}
	return out
}

// heavy is how much less a wave counts that is louder than noise: its noise may be, too.
const heavy = 0.1

// An attempt is one way to decode: with a list of so many payloads, and with each ring counting
// that much less than the one before, beyond what the pilots tell. Most of what happens to pictures
// weakens short waves.
type attempt struct {
	list   int
	fading float64
}

// The first attempt is for all lattices, the others for those whose pilots promise a payload.
var attempts = []attempt{{64, 0}, {256, 0.2}, {256, 0}}

// decode reads the payload from a sum of tiles. It adds to the tries the number of payloads whose
// checks were looked at, at most.
func (l *lattice) decode(sum *amounts, noise *powers, variant int, attempts []attempt, tries *int) (p Payload, ok bool) {
	values := l.soft(sum, noise, variant)
	for _, a := range attempts {
		var llr [coded]float32
		for i, w := range l.data {
			f := float32(math.Exp(-a.fading * float64(ringOf[w])))
			llr[l.order[2*i]], llr[l.order[2*i+1]] = f*values[2*i], f*values[2*i+1]
		}
		for _, bits := range [2]int{64, 128} {
			*tries += a.list
			_, ok = codeOf(bits).Decode(llr[:], a.list, func(m []byte) (good bool) {
				p, good = l.read(m, variant)
				return good
			})
			if ok {
				return p, true
			}
		}
	}
	return Payload{}, false
}

// soft returns the logarithms of how much likelier 1 than -1 is in each dimension of data.
func (l *lattice) soft(sum *amounts, noise *powers, variant int) *[coded]float32 {
	c := l.channelOf(sum, noise, variant)
	flips := &l.flips[variant]
	values := new([coded]float32)
	for i, w := range l.data {
		loud := c.noise[w]
		f := 2 * math.Sqrt2 * float32(math.Sqrt(float64(c.signal[w]/noise[w]))) / (loud + heavy*sum[w].power()/noise[w])
		values[2*i] = f * sum[w].re * flips[2*i]
		values[2*i+1] = f * sum[w].im * flips[2*i+1]
	}
	return values
}
