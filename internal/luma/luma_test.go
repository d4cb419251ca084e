package luma

import (
	"encoding/binary"
	"image/color"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// layouts are those of the formats.
var layouts = map[string]Layout{
	"gray":             {Samples: 1, Gray: true},
	"gray, alpha":      {Samples: 2, Gray: true, Alpha: 1},
	"RGB":              {Samples: 3},
	"RGBA":             {Samples: 4, Alpha: 3},
	"RGBX":             {Samples: 4},
	"BGR":              {Samples: 3, BGR: true},
	"BGRA":             {Samples: 4, BGR: true, Alpha: 3},
	"gray 16":          {Samples: 1, Gray: true, Wide: binary.LittleEndian},
	"RGB 16":           {Samples: 3, Wide: binary.BigEndian},
	"RGBA 16":          {Samples: 4, Alpha: 3, Wide: binary.BigEndian},
	"RGBA 16, reverse": {Samples: 4, Alpha: 3, Wide: binary.LittleEndian},
}

// pixel returns pixel i of a row.
func (l *Layout) pixel(row []byte, i int) color.NRGBA64 {
	sample := func(j int) uint16 {
		if j += i * l.Samples; l.Wide != nil {
			return l.Wide.Uint16(row[2*j:])
		}
		return uint16(row[j]) * wide
	}
	c := color.NRGBA64{R: sample(0), G: sample(0), B: sample(0), A: 0xFFFF}
	if !l.Gray {
		c.G, c.B = sample(1), sample(2)
	}
	if l.BGR {
		c.R, c.B = c.B, c.R
	}
	if l.Alpha > 0 {
		c.A = sample(l.Alpha)
	}
	return c
}

// TestRows: rows do what single colours do.
func TestRows(t *testing.T) {
	const n = 200
	random := rand.New(rand.NewPCG(1, 2))
	for name, l := range layouts {
		size := n * l.Samples
		if l.Wide != nil {
			size *= 2
		}
		row, by, lit := make([]byte, size), make([]float32, n), make([]float32, n)
		for i := range row {
			row[i] = byte(random.IntN(256)) & byte(random.IntN(8)*255/7)
		}
		for i := range by {
			by[i] = float32(random.NormFloat64() * 20)
		}
		l.Read(lit, row)
		before := append([]byte(nil), row...)
		l.Add(row, by)
		seen := 0
		for i := range n {
			was := l.pixel(before, i)
			require.InDelta(t, Of(was), lit[i], 1e-3, name)
			if was.A == 0 {
				seen++
			}
			if l.Wide == nil {
				by[i] = float32(round(by[i]))
			}
			require.Equal(t, Add(was, by[i]), l.pixel(row, i), name)
		}
		require.Equal(t, l.Alpha > 0, seen > 0, "%s: transparent pixels", name)
	}
}

func TestRound(t *testing.T) {
	for v, want := range map[float32]int32{0: 0, 0.4: 0, 0.6: 1, -0.4: 0, -0.6: -1, 254.7: 255, -254.7: -255, 65535: 65535, -65535: -65535} {
		require.Equal(t, want, round(v), v)
	}
}

func BenchmarkAdd(b *testing.B) {
	l := layouts["RGBA"]
	row, by := make([]byte, 4<<10), make([]float32, 1<<10)
	for i := range by {
		row[4*i+3], by[i] = 0xFF, float32(i%7-3)
	}
	b.SetBytes(int64(len(row)))
	b.ReportAllocs()
	for b.Loop() {
		l.Read(by, row)
		l.Add(row, by)
	}
}
