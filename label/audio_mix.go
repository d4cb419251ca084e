package label

import (
	"math"
	"slices"

	"github.com/aigclabel/aigclabel/internal/container"
	"github.com/aigclabel/aigclabel/internal/splice"
)

// How a notice lies over a programme. Under it the programme is 15 dB below its level,
// so that every word is understood and both together do not reach full scale.
const (
	mixFade   = 0.2 // seconds in which the programme goes, and comes back
	mixUnder  = -15.0
	mixPeak   = 0.15    // of full scale, of the programme under the notice
	maxMixing = 8 << 20 // samples of all channels
)

// mixed returns the edits that lay a notice over the sides of a sound that lack it, and
// how many seconds it covers.
func mixed(s container.Mixer, said *Clip, at Position) (*splice.Plan, float64, error) {
	head, tail, err := lacking(s, said, at)
	if err != nil {
		return nil, 0, err
	}
	shape := s.Shape()
	level, err := soundLevel(s.Samples(0), shape.Rate/soundWindows*shape.Channels)
	if err != nil {
		return nil, 0, err
	}
	m := mixing{Mixer: s, level: max(level, cueFloor), fade: int(mixFade * float64(shape.Rate))}
	m.cue = roomy(said.render(shape.Rate, level), 1-mixPeak)
	n := int64(len(m.cue) + 2*m.fade)
	switch {
	case n*int64(shape.Channels) > maxMixing:
		return nil, 0, missing{"the notice has too many samples to be mixed at this rate; insert it"}
	case head && tail && shape.Length < 2*n, shape.Length < n:
		return nil, 0, missing{"the sound is shorter than the notice; insert it"}
	}
	var parts []container.SoundPart
	if head {
		parts = append(parts, container.SoundPart{From: 0})
	}
	if tail {
		parts = append(parts, container.SoundPart{From: shape.Length - n})
	}
	for i := range parts {
		if parts[i].Samples, err = m.over(parts[i].From); err != nil {
			return nil, 0, err
		}
	}
	plan, err := s.Replace(parts...)
	return plan, float64(int64(len(parts))*n) / float64(shape.Rate), err
}

// A mixing is a notice and what it goes over.
type mixing struct {
	container.Mixer
	level float64 // of the programme
	cue   []float64
	fade  int // samples
}

// over returns the samples of the programme with the notice, from one on.
func (m *mixing) over(from int64) ([]float64, error) {
	channels := m.Shape().Channels
	size := (len(m.cue) + 2*m.fade) * channels
	samples := make([]float64, 0, size)
	for block, err := range m.Samples(from) {
		if err != nil {
			return nil, err
		}
		if samples = append(samples, block[:min(len(block), size-len(samples))]...); len(samples) == size {
			break
		}
	}
	gain := m.under(samples)
	for i := range samples {
		samples[i] *= 1 - (1-gain)*m.shade(i/channels)
	}
	for i, v := range m.cue {
		for c := range channels {
			samples[(m.fade+i)*channels+c] += v
		}
	}
	return samples, nil
}

// roomy returns samples with no peak above one.
func roomy(samples []float64, peak float64) []float64 {
	highest := max(slices.Max(samples), -slices.Min(samples))
	if highest > peak {
		for i := range samples {
			samples[i] *= peak / highest
		}
	}
	return samples
}

// under returns the gain of the programme under the notice: so that its level is far
// enough below that of the notice, also where it is louder than elsewhere.
func (m *mixing) under(samples []float64) float64 {
	sum, peak := 0.0, 1e-9
	for _, v := range samples {
		sum += v * v
		peak = max(peak, math.Abs(v))
	}
	local := 10 * math.Log10(max(sum/float64(len(samples)), 1e-12))
	return min(math.Pow(10, (mixUnder+min(m.level-local, 0))/20), mixPeak/peak)
}

// shade returns how far the programme has gone at a sample: from 0 to 1 and back.
func (m *mixing) shade(i int) float64 {
	edge := min(i, len(m.cue)+2*m.fade-1-i)
	if edge >= m.fade {
		return 1
	}
	return (1 - math.Cos(math.Pi*float64(edge)/float64(m.fade))) / 2
}
