package jpegcoef

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// direct is the transform as T.81 A.3.3 has it.
func direct(s *[64]float32) (out [64]float64) {
	for at := range out {
		for i, v := range s {
			out[at] += float64(v) * basis(at/8, i/8) * basis(at%8, i%8)
		}
	}
	return out
}

func basis(u, x int) float64 {
	if u == 0 {
		return math.Sqrt(1.0 / 8)
	}
	return math.Cos(float64((2*x+1)*u)*math.Pi/16) / 2
}

// TestTransforms compares the fast transforms, both ways, with the definition.
func TestTransforms(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	var c Component
	for k := range c.Quant {
		c.Quant[k] = uint16(1 + random.IntN(9))
	}
	quantise, dequantise := c.quantisation(), c.dequantisation()
	for size := range 64 {
		var b Block
		for k := range size + 1 {
			b[k] = int16(2*random.IntN(2) - 1)
		}
		require.Equal(t, size, b.last())
		var samples [64]float32
		b.samples(&dequantise, &samples)
		for i := range samples {
			samples[i] -= 128
		}
		for at, v := range direct(&samples) {
			k := order[at]
			require.InDelta(t, float64(b[k])*float64(c.Quant[k]), v, 0.01)
		}
		var out [64]float32
		forward(&samples, &out)
		for k, at := range zigzag {
			require.InDelta(t, b[k], out[at]*quantise[at], 0.001)
		}
	}
}
