package label

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/aigclabel/aigclabel/internal/container"
	"github.com/aigclabel/aigclabel/internal/signal"
	spoken "github.com/aigclabel/aigclabel/label/speech"
	"github.com/aigclabel/aigclabel/metadata"
)

// A Clip is a spoken notice: what GB 45438-2025 clause 5.3 allows in place of the rhythm.
// [Speech] returns those that come with this package. A voice of your own says, at
// normal speed (120 to 160 Chinese characters a minute, note 4), words with both
// elements, 人工智能 or AI and 生成 or 合成; that cannot be checked here.
type Clip struct {
	// Samples of one channel, of -1 to 1, for at most 30 seconds. Their level does not
	// matter. Silence around the words should be short.
	Samples []float64

	// Rate is the number of samples a second, 1000 to 768,000. Sound of another rate
	// gets the clip resampled, with an error below -80 dB.
	Rate int
}

const (
	maxClip       = 30 * time.Second
	clipTolerance = 0.3 // of the level, in dB
	clipTries     = 8   // to come as near
)

// Speech returns the clip that says in a language what the content is: in Mandarin for
// any tag that begins with "zh", in English for others, in both for "zh-Hans+en". The
// words and the terms of the voices are in package speech.
//
// The error is an [ErrWording], for a state that no words are for.
func Speech(language string, state metadata.State) (*Clip, error) {
	if languages[0].text.of(state) == "" {
		return nil, fmt.Errorf("%w: no words for state %q", ErrWording, state)
	}
	var all Clip
	for _, w := range (Notice{Language: language}).languages() {
		tongue := "en"
		if strings.HasPrefix(w.tag, "zh") {
			tongue = "zh"
		}
		one, err := spokenClip(tongue + "-" + string(state))
		if err != nil {
			return nil, err
		}
		if all.Rate > 0 {
			all.Samples = append(all.Samples, make([]float64, cuePause*one.Rate/cueUnit)...)
		}
		all.Samples, all.Rate = append(all.Samples, one.Samples...), one.Rate
	}
	return &all, nil
}

// spokenClip decodes a clip of package speech.
func spokenClip(name string) (*Clip, error) {
	b := spoken.FLAC(name)
	s, err := container.FLACSound(container.NewSource(bytes.NewReader(b), int64(len(b)), container.Limits{}))
	if err != nil {
		return nil, fmt.Errorf("label: clip %s: %w", name, err)
	}
	c := &Clip{Rate: s.Shape().Rate}
	for samples, err := range s.Samples(0) {
		if err != nil {
			return nil, fmt.Errorf("label: clip %s: %w", name, err)
		}
		c.Samples = append(c.Samples, samples...)
	}
	return c, nil
}

// check reports why a clip cannot be a notice.
func (c *Clip) check() error {
	beyond := func(v float64) bool { return !(math.Abs(v) <= 1) } // also what is no number
	switch {
	case c.Rate < 1000 || c.Rate > 768_000:
		return fmt.Errorf("%w: a clip of %d samples a second", ErrWording, c.Rate)
	case time.Duration(len(c.Samples))*time.Second > maxClip*time.Duration(c.Rate):
		return fmt.Errorf("%w: a clip of more than %v", ErrWording, maxClip)
	case slices.ContainsFunc(c.Samples, beyond):
		return fmt.Errorf("%w: a clip with samples beyond 1", ErrWording)
	case activeLevel(c.Samples, c.Rate) < cueFloor:
		return fmt.Errorf("%w: a clip that cannot be heard", ErrWording)
	}
	return nil
}

// render returns the samples of a notice, at a rate, for sound of any level: the words of
// the clip, or the rhythm if it is nil.
func (c *Clip) render(rate int, level float64) []float64 {
	if c == nil {
		return renderCue(rate, level)
	}
	words := signal.Resample(c.Samples, c.Rate, rate)
	level = max(level, cueFloor)
	gain := level - activeLevel(words, rate)
	var out []float64
	for range clipTries { // what the limiter takes, the gain gives back
		out = limited(words, math.Pow(10, gain/20), rate)
		lacks := level - activeLevel(out, rate)
		if lacks < clipTolerance {
			break
		}
		gain += lacks
	}
	return out
}

// seconds returns how long a notice lasts.
func (c *Clip) seconds() float64 {
	if c == nil {
		return float64(cueUnits) / cueUnit
	}
	return float64(len(c.Samples)) / float64(c.Rate)
}

// pattern returns what a notice looks like in sound of a rate that was thinned to one of
// so many samples.
func (c *Clip) pattern(rate, thinned int) []float64 {
	if c == nil {
		return renderCue(rate/thinned, cueDefault)
	}
	return signal.Resample(c.Samples, c.Rate*thinned, rate)
}

// activeLevel returns the RMS level of samples of one channel, without pauses, in dB.
func activeLevel(samples []float64, rate int) float64 {
	level, _ := soundLevel(func(yield func([]float64, error) bool) { yield(samples, nil) }, max(rate/soundWindows, 1))
	return level
}

// limited returns samples with a gain, which gives way before a peak of [cuePeak] is
// reached, in 5 ms, so slowly that it is not heard as distortion.
func limited(samples []float64, gain float64, rate int) []float64 {
	if gain*max(slices.Max(samples), -slices.Min(samples)) <= cuePeak {
		out := slices.Clone(samples)
		for i := range out {
			out[i] *= gain
		}
		return out
	}
	reach := max(rate/400, 1)
	room := make([]float64, len(samples)) // the gain that each sample has room for
	for i, v := range samples {
		room[i] = min(gain, cuePeak/max(math.Abs(v), 1e-9))
	}
	out, sum := make([]float64, len(samples)), 0.0
	lowest := slidingMin(room, 2*reach+1)
	for i, v := range lowest {
		sum += v
		if at := i - 2*reach; at >= 0 {
			out[at] = samples[at] * sum / float64(2*reach+1)
			sum -= lowest[at]
		}
	}
	return out
}

// slidingMin returns the lowest of each so many values that stand side by side, also of
// fewer at both ends.
func slidingMin(values []float64, width int) []float64 {
	lowest := make([]float64, len(values)+width-1)
	var rising []int // where values are that may become the lowest
	for i := range lowest {
		if i < len(values) {
			for len(rising) > 0 && values[rising[len(rising)-1]] >= values[i] {
				rising = rising[:len(rising)-1]
			}
			rising = append(rising, i)
		}
		if rising[0] <= i-width {
			rising = rising[1:]
		}
		lowest[i] = values[rising[0]]
	}
	return lowest
}
