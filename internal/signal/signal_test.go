package signal

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func tone(frequency float64, rate, n int) []float64 {
	samples := make([]float64, n)
	for i := range samples {
		samples[i] = 0.7 * math.Sin(2*math.Pi*frequency*float64(i)/float64(rate))
	}
	return samples
}

// decibels returns the level of a against b.
func decibels(a, b []float64) float64 { return 10 * math.Log10(power(a)/power(b)) }

var rates = []int{1000, 8000, 11025, 16000, 22050, 24000, 44100, 48000, 96000, 192000, 767_999}

// TestResampleKeepsTones: up to 82 % of what both rates can have, the error is below
// -80 dB.
func TestResampleKeepsTones(t *testing.T) {
	for _, from := range []int{8000, 16000, 44100} {
		for _, to := range rates {
			worst := -300.0
			for _, part := range []float64{0.01, 0.1, 0.4, 0.7, 0.82} {
				frequency := part * float64(min(from, to)) / 2
				n := from / 2
				got := Resample(tone(frequency, from, n), from, to)
				require.Equal(t, (int64(n)*int64(to)+int64(from)-1)/int64(from), int64(len(got)))
				want := tone(frequency, to, len(got))
				edge := max(to*64/min(from, to), 1) // where silence begins
				if len(got) < 4*edge {
					continue
				}
				wrong := make([]float64, len(got))
				for i := range got {
					wrong[i] = got[i] - want[i]
				}
				worst = max(worst, decibels(wrong[edge:len(got)-edge], want[edge:len(got)-edge]))
			}
			require.Less(t, worst, -80.0, "%d to %d Hz", from, to)
		}
	}
}

// TestResampleHasNoAliases: tones that the lower rate cannot have are gone.
func TestResampleHasNoAliases(t *testing.T) {
	for _, to := range []int{8000, 11025, 16000, 44100} {
		for _, frequency := range []float64{1.02 * float64(to) / 2, 0.7 * float64(to), 20_000} {
			if frequency < 1.01*float64(to)/2 || frequency > 23_000 {
				continue
			}
			in := tone(frequency, 48_000, 24_000)
			got := Resample(in, 48_000, to)
			require.Less(t, decibels(got[200:len(got)-200], tone(100, to, len(got)-400)), -75.0, "%v Hz at %d Hz", frequency, to)
		}
	}
}

func TestResampleEdges(t *testing.T) {
	in := []float64{1, 2, 3}
	require.Equal(t, in, Resample(in, 8000, 8000))
	require.Empty(t, Resample(nil, 8000, 16000))
	require.Len(t, Resample([]float64{1}, 192_000, 1000), 1)
	require.Len(t, Resample([]float64{1}, 1000, 192_000), 192)
}

// TestCorrelate: a pattern is found where it is, at any level and in noise.
func TestCorrelate(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	noise := func(n int, level float64) []float64 {
		samples := make([]float64, n)
		for i := range samples {
			samples[i] = level * r.NormFloat64()
		}
		return samples
	}
	pattern := noise(1000, 1)
	for _, at := range []int{0, 1, 777, 2000} {
		for _, gain := range []float64{1e-3, 1, 30} {
			samples := noise(3000, 0.3*gain)
			for i, v := range pattern {
				samples[at+i] += gain * v
			}
			like, found := Correlate(samples, pattern)
			require.Equal(t, at, found)
			require.InDelta(t, 1/math.Sqrt(1.09), like, 0.02)
		}
	}
	for name, samples := range map[string][]float64{
		"other noise": noise(3000, 1), "silence": make([]float64, 3000), "nothing": nil, "short": pattern[:999],
	} {
		like, _ := Correlate(samples, pattern)
		require.Less(t, like, 0.2, name)
	}
	like, _ := Correlate(pattern, make([]float64, 10))
	require.Zero(t, like)
	like, at := Correlate(pattern, pattern)
	require.InDelta(t, 1, like, 1e-9)
	require.Zero(t, at)
}

func BenchmarkResample(b *testing.B) {
	in := tone(440, 16000, 5*16000)
	for _, to := range []int{8000, 44100, 48000} {
		b.Run(fmt.Sprint(to), func(b *testing.B) {
			for b.Loop() {
				Resample(in, 16000, to)
			}
		})
	}
}
