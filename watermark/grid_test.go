package watermark

import (
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// gridOf fills a grid with rows of what f says.
func gridOf(w, h int, f func(x, y int) float32) *Grid {
	g := NewGrid(w, h)
	row := make([]float32, w)
	for y := range h {
		for x := range row {
			row[x] = f(x, y)
		}
		g.AddRow(row)
	}
	return g
}

// noise is a busy picture.
func noise(seed uint64) func(x, y int) float32 {
	r := rand.New(rand.NewPCG(seed, 0))
	return func(int, int) float32 { return float32(r.IntN(256)) }
}

var gridSizes = [][2]int{{1, 1}, {1, 7}, {900, 1}, {3, 3000}, {64, 64}, {511, 511}, {512, 600}, {513, 513}, {700, 514},
	{1023, 1025}, {1024, 1024}, {1031, 2999}, {6000, 70}, {20000, 3}}

// TestGridLevel: each grid pixel is a mean, in all sizes and at all edges.
func TestGridLevel(t *testing.T) {
	for _, s := range gridSizes {
		g := gridOf(s[0], s[1], func(int, int) float32 { return 200 })
		for i, v := range g.canonical().v {
			if math.Abs(float64(v)-200) > 0.01 {
				require.InDelta(t, 200, v, 0.01, "%v: %d", s, i)
			}
		}
	}
}

// TestGridSlope: and it is the mean of the right pixels.
func TestGridSlope(t *testing.T) {
	for _, s := range [][2]int{{700, 514}, {1031, 2999}, {1024, 1024}, {200, 300}} {
		g := gridOf(s[0], s[1], func(x, y int) float32 { return float32(x)/8 - float32(y)/16 })
		p := g.canonical()
		for y := 4; y < p.h-4; y++ {
			for x := 4; x < p.w-4; x++ {
				u, v := (float64(x)+0.5)/g.scale-0.5, (float64(y)+0.5)/g.scale-0.5
				if want := u/8 - v/16; math.Abs(want-float64(p.row(y)[x])) > 0.01 {
					require.InDelta(t, want, p.row(y)[x], 0.01, "%v: %d, %d", s, x, y)
				}
			}
		}
	}
}

// TestGridAgain: what was asked of a grid changes nothing of what is asked next.
func TestGridAgain(t *testing.T) {
	for _, s := range [][2]int{{300, 200}, {512, 512}, {900, 601}} {
		g := gridOf(s[0], s[1], noise(1))
		first := rowsOf(t, g)
		require.Empty(t, g.Detect(OpenKey).Found)
		require.Equal(t, first, rowsOf(t, g))
	}
}

// rowsOf returns the rows of a residual.
func rowsOf(t *testing.T, g *Grid) (all []float32) {
	p, err := NewPayload([]byte("payload1"))
	require.NoError(t, err)
	r, err := g.Residual(p, OpenKey, nil)
	require.NoError(t, err)
	all = make([]float32, g.width*g.height)
	for y := range g.height {
		r.Row(y, all[y*g.width:])
	}
	for y := g.height - 1; y >= 0; y -= 7 { // once more, upwards
		row := make([]float32, g.width)
		r.Row(y, row)
		require.Equal(t, all[y*g.width:][:g.width], row)
	}
	return all
}

// TestGridRows: too few, too many and too short ones.
func TestGridRows(t *testing.T) {
	g := NewGrid(640, 600)
	row := slices.Repeat([]float32{100}, 640)
	g.AddRow(row[:639])
	require.Zero(t, g.canonical().v[0])
	for range 300 {
		g.AddRow(row)
	}
	rowsOf(t, g)
	p := g.canonical()
	require.InDelta(t, 100, p.row(100)[0], 0.01)
	require.Zero(t, p.row(p.h - 1)[0])
	for range 400 {
		g.AddRow(row)
	}
	require.InDelta(t, 100, p.row(p.h - 1)[0], 0.01)
}

func TestGridHostile(t *testing.T) {
	for _, s := range [][2]int{{0, 0}, {-1, 5}, {5, -1}, {0, math.MaxInt}, {math.MinInt, math.MaxInt}} {
		g := NewGrid(s[0], s[1])
		g.AddRow(make([]float32, 10))
		require.Empty(t, g.Detect(OpenKey).Found)
		_, err := g.Residual(Payload{n: 8}, OpenKey, nil)
		require.ErrorIs(t, err, ErrTooSmall)
	}
	for _, s := range [][2]int{{1, 1}, {100000, 3}, {3, 100000}, {1, 1 << 26}, {1 << 22, 1 << 22}, {math.MaxInt32, 3}, {math.MaxInt32, math.MaxInt32}} {
		require.Less(t, allocated(func() { NewGrid(s[0], s[1]) }), uint64(48<<20), "%v", s)
	}
}

// TestGridThread: a claimed size of which the grid is one pixel wide.
func TestGridThread(t *testing.T) {
	for _, s := range [][2]int{{leastCut, 1 << 28}, {1 << 28, leastCut}} {
		require.Equal(t, Detections{Pilot: 1}, NewGrid(s[0], s[1]).Detect(OpenKey), "%v", s)
	}
}

// TestGridNotNumbers: brightness that is none gives no watermark, and a probability still.
func TestGridNotNumbers(t *testing.T) {
	for _, v := range []float64{math.NaN(), math.Inf(1)} {
		busy := noise(4)
		g := gridOf(200, 150, func(x, y int) float32 {
			if x == 70 && y == 50 {
				return float32(v)
			}
			return busy(x, y)
		})
		d := g.Detect(OpenKey)
		require.Empty(t, d.Found, "%g", v)
		require.True(t, d.Pilot >= 0 && d.Pilot <= 1, "%g: %g", v, d.Pilot)
	}
}

// TestScratch: marking takes at most 64 MiB beyond the picture, whatever its size.
func TestScratch(t *testing.T) {
	for _, s := range [][2]int{{128, 128}, {512, 512}, {1024, 1024}, {9000, 6000}, {100000, 128}, {130, 100000}, {1 << 19, 129}} {
		row := make([]float32, s[0])
		got := allocated(func() {
			g := NewGrid(s[0], s[1])
			for range s[1] {
				g.AddRow(row)
			}
			r, err := g.Residual(Payload{n: 8}, OpenKey, nil)
			require.NoError(t, err)
			r.Row(0, row)
		})
		require.Less(t, got, uint64(64<<20), "%v", s)
	}
}

// allocated returns how many bytes f allocates in all, be they freed or not.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// TestRounding: what is added in whole levels is nearly all of the residual. Dithering would add
// more noise than watermark.
func TestRounding(t *testing.T) {
	g := gridOf(600, 400, func(x, y int) float32 { return 128 })
	var kept, all float64
	for _, v := range rowsOf(t, g) {
		kept += float64(v) * float64(step8(v))
		all += float64(v) * float64(v)
	}
	require.Greater(t, kept, 0.98*all)
}

// TestPasses holds the reckoned loss of interpolation against that of a residual.
func TestPasses(t *testing.T) {
	for _, s := range [][2]int{{512, 512}, {530, 530}, {700, 600}, {1024, 1024}, {300, 300}, {3000, 2000}} {
		g := gridOf(s[0], s[1], noise(2))
		l := latticeOf(OpenKey)
		waves := l.waves(Payload{n: 8}, nonce{}, highest(g.scale))
		p := newPlane(gridSize(s[0], g.scale), gridSize(s[1], g.scale))
		flat := newPlane((p.w+3)/4, (p.h+3)/4)
		for i := range flat.v {
			flat.v[i] = 1
		}
		for i := range g.small.v {
			g.small.v[i] = 128
		}
		spread(p, flat, g.canonical(), waves.draw())
		left := p.enlarge(s[0], s[1], g.scale).meanSquare() / p.meanSquare()
		require.InEpsilon(t, waves.passes(s[0], s[1], g.scale), left, 0.01, "%v", s)
	}
}

func FuzzGrid(f *testing.F) {
	for _, s := range gridSizes {
		f.Add(uint16(s[0]), uint16(s[1]), uint16(s[1]))
	}
	f.Add(uint16(700), uint16(90), uint16(3))
	f.Fuzz(func(t *testing.T, width, height, rows uint16) {
		w, h := int(width), int(height)%1200
		g := NewGrid(w, h)
		row := make([]float32, w)
		random := noise(3)
		for range rows {
			for x := range row {
				row[x] = random(0, 0)
			}
			if g.AddRow(row); g.rows == h {
				break
			}
		}
		r, err := g.Residual(Payload{n: 16}, OpenKey, nil)
		if min(w, h) < minSide {
			require.ErrorIs(t, err, ErrTooSmall)
			return
		}
		require.NoError(t, err)
		for _, y := range []int{0, h / 2, h - 1} {
			r.Row(y, row)
			for x, v := range row {
				if !(v > -40 && v < 40) {
					t.Fatalf("%d x %d: %g at %d, %d", w, h, v, x, y)
				}
			}
		}
	})
}
