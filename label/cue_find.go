package label

import (
	"iter"
	"math"
)

// A soundWindow is 10 ms of a sound, all channels mixed.
type soundWindow struct {
	power float64 // mean square
	tone  float64 // the part of it at the pitch of cues
}

const (
	soundWindows = 100 // in a second
	unitWindows  = soundWindows / cueUnit
)

// windows yields the windows of interleaved samples; the last one, if it is not
// whole, is left out.
func windows(samples iter.Seq2[[]float64, error], rate, channels int) iter.Seq2[soundWindow, error] {
	return func(yield func(soundWindow, error) bool) {
		w := goertzel{coefficient: 2 * math.Cos(2*math.Pi*pitch(rate)/float64(rate))}
		end, n := 0, 0 // whole numbers of samples make windows of 10 ms on average
		for block, err := range samples {
			if err != nil {
				yield(soundWindow{}, err)
				return
			}
			for ; len(block) >= channels; block = block[channels:] {
				w.add(mix(block[:channels]))
				if n++; n*soundWindows < (end+1)*rate {
					continue
				}
				if !yield(w.window(), nil) {
					return
				}
				w.reset()
				if end++; end == soundWindows {
					end, n = 0, 0
				}
			}
		}
	}
}

// mix returns one channel of several.
func mix(samples []float64) (sum float64) {
	for _, v := range samples {
		sum += v
	}
	return sum / float64(len(samples))
}

// A goertzel measures one frequency.
type goertzel struct {
	coefficient  float64
	last, before float64
	sum          float64 // of squares
	n            int
}

func (g *goertzel) add(v float64) {
	g.last, g.before = v+g.coefficient*g.last-g.before, g.last
	g.sum += v * v
	g.n++
}

func (g *goertzel) reset() { *g = goertzel{coefficient: g.coefficient} }

// window returns what has been measured.
func (g *goertzel) window() soundWindow {
	n := float64(g.n)
	amplitude := g.last*g.last + g.before*g.before - g.coefficient*g.last*g.before
	return soundWindow{power: g.sum / n, tone: 2 * amplitude / (n * n)}
}

// How far a cue may be from what we make of it: another program may have changed its
// level, its rate and its compression, but not its rhythm.
const (
	cueFaintest = 1e-6 // mean square of tones: -60 dB
	cuePurity   = 0.7  // of the power of tones at the pitch
	cueEvenness = 0.25 // of the power of any tone, to that of all
	cueQuiet    = 0.1  // of the power of pauses, to that of the tones
)

// startsCue reports whether the windows start with a cue.
func startsCue(w []soundWindow) bool {
	const slack = 2 // windows at both ends of a tone and a pause that do not count
	if len(w) < cueUnits*unitWindows-slack {
		return false
	}
	on, quiet := 0.0, 0.0
	var tones []soundWindow
	pos := 0
	for _, t := range cueTones {
		start, end := t.start*unitWindows, (t.start+t.length)*unitWindows
		tones = append(tones, w[start+slack:end-slack]...)
		for i := pos + slack; i < start-slack; i++ {
			quiet = max(quiet, w[i].power)
		}
		pos = end
	}
	for _, t := range tones {
		on += t.power / float64(len(tones))
	}
	for _, t := range tones {
		if t.tone < cuePurity*t.power || t.power < cueEvenness*on {
			return false
		}
	}
	return on >= cueFaintest && quiet <= cueQuiet*on
}

// holdsCue reports whether a cue is anywhere in the windows.
func holdsCue(w []soundWindow) bool {
	for i := range w {
		if startsCue(w[i:]) {
			return true
		}
	}
	return false
}

// soundLevel returns the RMS level of samples in dB relative to full scale. Blocks of
// so many samples that are silent do not count.
func soundLevel(samples iter.Seq2[[]float64, error], block int) (float64, error) {
	var all, one struct {
		sum float64
		n   int
	}
	for values, err := range samples {
		if err != nil {
			return 0, err
		}
		for _, v := range values {
			one.sum += v * v
			if one.n++; one.n < block {
				continue
			}
			if one.sum > cueFaintest*float64(block) {
				all.sum += one.sum
				all.n += one.n
			}
			one.sum, one.n = 0, 0
		}
		if all.n > maxMeasured {
			break
		}
	}
	if all.n == 0 {
		all = one
	}
	return 10 * math.Log10(all.sum/float64(max(all.n, 1))), nil
}
