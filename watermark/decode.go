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

	// leastRatio is the power of the watermark to that of the noise that is taken to be
	// there at least.
	leastRatio = 0.02
)

// ratios returns the power of the watermark relative to the noise for each wave of a sum of
// tiles: by the pilots near to its length, whose phases are known, and by the power of all.
func (l *lattice) ratios(sum *amounts, noise *powers, variant int) (ratio powers) {
	power := l.medians(sum, noise)
	var at, level [pilots]float64
	for i, w := range l.pilots {
		at[i] = band[w].radius()
		fit := sum[w].over(l.phases[variant][i]).re / float32(math.Sqrt(float64(noise[w])))
		level[i] = float64(min(fit*amplitude(band[w])/pilotGain, 3))
	}
	var byRing [rings]float32
	for r := range byRing {
		var mean, weights float64
		for i := range level {
			d := at[i]/ringWidth - float64(r) - 0.5
			f := math.Exp(-d*d/2) + 1e-6
			mean += f * level[i]
			weights += f
		}
		mean /= weights
		byRing[r] = float32(max(0.8*mean*math.Abs(mean)+0.2*(power[r]-medianOfNoise), leastRatio))
	}
	for i, r := range ringOf {
		ratio[i] = byRing[r]
	}
	return ratio
}

// medians returns the median power of data for each ring, with its neighbours': single
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
		out[r] = (2*median[r] + median[max(r-1, first)] + median[min(r+1, last)]) / 4
	}
	return out
}

const (
	listSize = 64  // of the decoder: so many payloads are tried
	heavy    = 0.1 // how much less a wave counts that is louder than noise: its noise may be, too
)

// decode reads the payload from a sum of tiles. It adds to the tries the number of
// payloads whose checks were looked at, at most.
func (l *lattice) decode(sum *amounts, noise *powers, variant int, tries *int) (p Payload, ok bool) {
	ratio := l.ratios(sum, noise, variant)
	flips := &l.flips[variant]
	var llr [coded]float32
	for i, w := range l.data {
		f := 2 * math.Sqrt2 * float32(math.Sqrt(float64(ratio[w]/noise[w]))) / (1 + heavy*sum[w].power()/noise[w])
		llr[l.order[2*i]] = f * sum[w].re * flips[2*i]
		llr[l.order[2*i+1]] = f * sum[w].im * flips[2*i+1]
	}
	for _, bits := range [2]int{64, 128} {
		*tries += listSize
		_, ok = codeOf(bits).Decode(llr[:], listSize, func(m []byte) (good bool) {
			p, good = l.read(m, variant)
			return good
		})
		if ok {
			return p, true
		}
	}
	return Payload{}, false
}
