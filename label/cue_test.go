package label

import (
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// rms returns the level of samples in dB.
func rms(samples []float64) float64 {
	sum := 0.0
	for _, v := range samples {
		sum += v * v
	}
	return 10 * math.Log10(sum/float64(len(samples)))
}

// rhythm returns how long the tones and the pauses between them last, in hundredths of
// a second.
func rhythm(samples []float64, rate int) (lengths []int) {
	loud, last := false, 0
	for i := range len(samples) * 100 / rate {
		part := samples[i*rate/100 : (i+1)*rate/100]
		if now := rms(part) > rms(samples)-10; now != loud {
			if i > 0 {
				lengths = append(lengths, i-last)
			}
			loud, last = now, i
		}
	}
	return append(lengths, len(samples)*100/rate-last)
}

func TestCueRhythm(t *testing.T) {
	for _, rate := range []int{8000, 11025, 16000, 22050, 24000, 44100, 48000, 96000, 192000} {
		samples := Cue{Rate: rate}.PCM()
		for i, want := range []int{10, 10, 30, 30, 10, 10, 10} {
			require.InDelta(t, want, rhythm(samples, rate)[i], 1, "%d at %d Hz", i, rate)
		}
		require.InDelta(t, 1.1, float64(len(samples))/float64(rate), 0.001)
	}
}

func TestCueLevel(t *testing.T) {
	for level, want := range map[float64]float64{0: -20, -6: -6, -23: -23, -39: -39, -70: -40, math.Inf(-1): -40} {
		samples := Cue{Rate: 48000, Level: level}.PCM()
		require.InDelta(t, want, rms(samples), 1.6, "whole, %v", level)
		require.InDelta(t, want, rms(samples[:4800]), 1.6, "first tone, %v", level)
	}
	require.InDelta(t, 0.98, slices.Max(Cue{Rate: 48000, Level: 20}.PCM()), 0.005, "no clipping")
}

// TestCueDoesNotClick: no sample is far from the one before it.
func TestCueDoesNotClick(t *testing.T) {
	samples := Cue{Rate: 48000}.PCM()
	peak, before := slices.Max(samples), 0.0
	for _, v := range samples {
		require.Less(t, math.Abs(v-before), 1.1*peak*2*math.Pi*cuePitch/48000)
		before = v
	}
	require.InDelta(t, 0, before, peak/100)
}

func TestCuePCM16(t *testing.T) {
	c := Cue{Channels: 2}
	b, samples := c.PCM16(), c.PCM()
	require.Len(t, samples, 2*26_400)
	require.Len(t, b, 2*len(samples))
	for i, v := range samples {
		require.InDelta(t, v*32767, float64(int16(uint16(b[2*i])|uint16(b[2*i+1])<<8)), 0.5)
	}
	require.Equal(t, b[2000:2002], b[2002:2004], "both channels")
}

// found reports whether a cue is found in samples.
func found(samples []float64, rate int) bool {
	var seq iter.Seq2[[]float64, error] = func(yield func([]float64, error) bool) {
		for part := range slices.Chunk(samples, 1000) {
			if !yield(part, nil) {
				return
			}
		}
	}
	var all []soundWindow
	for w := range windows(seq, rate, 1) {
		all = append(all, w)
	}
	return holdsCue(all)
}

// TestCueIsFound: also after other programs changed the level, the rate, the start
// and the noise.
func TestCueIsFound(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, rate := range []int{1000, 3000, 8000, 11025, 24000, 44100, 48000} {
		for _, late := range []int{0, 37, rate / 13} {
			for _, gain := range []float64{0.03, 1, 3} {
				samples := append(make([]float64, late), Cue{Rate: rate}.PCM()...)
				for i := range samples {
					samples[i] = gain * (samples[i] + 0.01*r.NormFloat64())
				}
				require.True(t, found(samples, rate), "%d Hz, %d late, gain %v", rate, late, gain)
			}
		}
	}
}

func TestOtherSoundIsNoCue(t *testing.T) {
	const rate = 16000
	cue := Cue{Rate: rate}.PCM()
	tone := func(frequency float64) []float64 {
		samples := make([]float64, 3*rate)
		for i := range samples {
			samples[i] = 0.3 * math.Sin(2*math.Pi*frequency*float64(i)/rate)
		}
		return samples
	}
	mixed := tone(300)
	for i, v := range cue {
		mixed[i] += v
	}
	letterL := slices.Concat(cue[:rate*5/10], make([]float64, rate/10), cue[rate*8/10:])
	noise, quiet := make([]float64, 3*rate), slices.Clone(cue)
	for i := range noise {
		noise[i] = rand.Float64() - 0.5
	}
	for i := range quiet {
		quiet[i] /= 1000
	}
	for name, samples := range map[string][]float64{
		"silence": make([]float64, 3*rate), "800 Hz": tone(800), "another pitch": Cue{Rate: rate * 3 / 2}.PCM(), "noise": noise,
		"under music": mixed, "letter L": append(letterL, make([]float64, rate)...), "half": cue[:len(cue)/2], "backwards": reversed(cue), "inaudible": quiet, "nothing": nil,
	} {
		require.False(t, found(samples, rate), name)
	}
}

func reversed(samples []float64) []float64 {
	samples = slices.Clone(samples)
	slices.Reverse(samples)
	return samples
}

func ExampleCue() {
	speech := make([]byte, 2*24_000) // one turn of an assistant: a second of 16-bit samples at 24 kHz
	pause := make([]byte, 2*7_200)
	cue := Cue{Rate: 24_000, Level: -23}.PCM16()
	turn := slices.Concat(cue, pause, speech)
	fmt.Printf("%.1f s\n", float64(len(turn))/2/24_000)
	// Output: 2.4 s
}
