package watermark

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// busyMask has a calm half and a busy one.
func busyMask() plane {
	p := newPlane(40, 40)
	for i := range p.v {
		p.v[i] = flatLevel
		if i%2 == 0 {
			p.v[i] = maxLevel
		}
	}
	return p
}

func TestLevelsOfBusyPictures(t *testing.T) {
	all, level := busyMask(), busyMask()
	target := level.fit(nil)
	require.InEpsilon(t, target, level.meanSquare(), 0.001)
	require.Less(t, psnrOf(target), 43.05)
	require.Greater(t, psnrOf(target), 42.7)
	for i, v := range level.v {
		require.LessOrEqual(t, v, all.v[i])
	}
	require.Greater(t, level.v[1]/level.v[0], float32(2*flatLevel/maxLevel), "the calm half as weak as before")
}

// psnrOf is the likeness with a residual of a mean square, rounded.
func psnrOf(meanSquare float64) float64 { return 10 * math.Log10(255*255/(meanSquare+1.0/12)) }

func TestLevelsOfCalmPictures(t *testing.T) {
	level := newPlane(40, 40)
	for i := range level.v {
		level.v[i] = flatLevel
	}
	level.fit(nil)
	require.InDelta(t, flatLevel, level.v[0], 1e-6)
	level.fit(&ImageOptions{PSNR: 40})
	require.Greater(t, level.v[0], float32(flatLevel))
}

// TestChannel: noise that all tiles have in common is measured, not taken for the watermark.
func TestChannel(t *testing.T) {
	l := latticeOf(OpenKey)
	r := rand.New(rand.NewPCG(1, 2))
	for _, loud := range []float64{1, 20} {
		sum, noise := new(amounts), new(powers)
		for i := range sum {
			noise[i] = 1
			f := math.Sqrt(loud / 2)
			sum[i] = phasor{float32(f*r.NormFloat64()) + 1, float32(f * r.NormFloat64())} // data of a power of 1
		}
		for i, w := range l.pilots {
			f := float32(pilotGain) / amplitude(band[w])
			a := l.phases[3][i]
			sum[w] = phasor{sum[w].re - 1 + f*a.re, sum[w].im + f*a.im}
		}
		c := l.channelOf(sum, noise, 3)
		for _, w := range l.data {
			require.InDelta(t, math.Sqrt(loud), c.noise[w], 0.5*math.Sqrt(loud), "wave %v", band[w])
			require.Less(t, c.signal[w], float32(0.4*loud+1.5), "wave %v", band[w])
		}
	}
}
