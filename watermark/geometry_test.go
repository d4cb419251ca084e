package watermark

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestGeometry(t *testing.T) {
	g := geometry{1.2, 0.1, 30, -0.2, 0.9, -4, 1e-4, -2e-4, 1}
	for _, p := range [][2]float64{{0, 0}, {100, 20}, {-300, 511}} {
		u, v := g.at(p[0], p[1])
		x, y := g.inverse().at(u, v)
		require.InDelta(t, p[0], x, 1e-6)
		require.InDelta(t, p[1], y, 1e-6)
		x, y = g.times(g.inverse()).at(p[0], p[1])
		require.InDelta(t, p[0], x, 1e-6)
		require.InDelta(t, p[1], y, 1e-6)
	}
}

func TestTransformOfGeometry(t *testing.T) {
	for _, want := range []Transform{
		{Scale: 1, Aspect: 1},
		{Scale: 2, Aspect: 1, Angle: 33},
		{Scale: 0.5, Aspect: 1, Angle: -140, Flip: true},
		{Scale: 1, Aspect: 1, Angle: 180},
	} {
		g := linear(want.Scale, want.Scale, -want.Angle*math.Pi/180, want.Flip)
		got := g.transform(7, 9)
		require.InDelta(t, want.Scale, got.Scale, 1e-9)
		require.InDelta(t, want.Aspect, got.Aspect, 1e-9)
		require.InDelta(t, want.Angle, got.Angle, 1e-6)
		require.Equal(t, want.Flip, got.Flip)
	}
	require.InDelta(t, 1.5, geometry{1.5, 0, 0, 0, 1, 0, 0, 0, 1}.transform(0, 0).Aspect, 1e-9)
}

// TestTilesBounded lays lattices over a picture that no picture has.
func TestTilesBounded(t *testing.T) {
	w := window{0, 0, 512, 512}
	for name, g := range map[string]geometry{
		"fine":         linear(1.0/7, 1.0/7, 0, false), // more than maxTiles
		"too fine":     linear(1e-4, 1e-4, 0, false),
		"nothing":      {},
		"not a number": {math.NaN(), 0, 0, 0, 1, 0, 0, 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			s, ok := g.tiles(w)
			require.False(t, ok, "%v", s)
		})
	}
	s, ok := geometry{1, 0, 0, 0, 1, 0, -1.0 / 256, 0, 1}.tiles(w) // a horizon in view
	require.True(t, ok)
	require.Equal(t, span{0, 0, 3, 8}, s)
}

// TestBend compares the terms, which are the first of a series, with the map itself.
func TestBend(t *testing.T) {
	b := bend{terms: [terms]float64{3, -2, 1.5, -1, 2, 0.5, 2, -1.5}, mx: 300, my: 200}
	g := b.geometry()
	for _, p := range [][2]float64{{300, 200}, {0, 0}, {600, 400}} {
		dx, dy := b.at(p[0], p[1])
		x, y := g.at(p[0], p[1])
		require.InDelta(t, p[0]+dx, x, 0.05)
		require.InDelta(t, p[1]+dy, y, 0.05)
	}
}

func TestSolve(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var m equations
	want := [terms]float64{1, -2, 3, 0.5, -0.25, 7, 8, -9}
	for i := range terms {
		for j := range terms {
			m[i][j] = r.NormFloat64()
			m[i][terms] += m[i][j] * want[j]
		}
	}
	got, ok := m.solve(terms)
	require.True(t, ok)
	require.InDeltaSlice(t, want[:], got[:], 1e-9)
	_, ok = new(equations).solve(2)
	require.False(t, ok)
}

// TestSampleBounded lays tiles over a picture whose edge their rows hardly approach, which is
// more pixels away than an int of 32 bits holds, and whose horizon is at a corner of them.
func TestSampleBounded(t *testing.T) {
	from, to := inside(0, tileSide, -500, 2e-9, 0, 1000)
	require.GreaterOrEqual(t, from, to)
	from, to = inside(0, tileSide, 1500, 2e-9, 0, 1000)
	require.GreaterOrEqual(t, from, to)

	p := newPlane(512, 512)
	r := rand.New(rand.NewPCG(1, 1))
	for range 2000 {
		var tile [tileSide * tileSide]float32
		g := geometry{1, r.Float64() / 10, 500 * r.Float64(), r.Float64() / 10, 1, 500 * r.Float64(), -1.0/128 + 1e-16*(r.Float64()-0.5), 0, 1}
		for _, x := range []int{64, 128} {
			n := p.sample(&tile, g, x, 64*r.IntN(8), p.window())
			require.True(t, n >= 0 && n <= tileSide*tileSide)
		}
	}
}
