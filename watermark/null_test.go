package watermark_test

import (
	"encoding/binary"
	"flag"
	"fmt"
	"image"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aigclabel/aigclabel/watermark"
)

var nulls = flag.Int("null", 60, "`number` of pictures without a watermark that TestNull takes")

// A nullKind is a way to pictures in which no watermark may be found.
type nullKind struct {
	name  string
	share int // of 10
	fair  bool
	make  func(r *rand.Rand, photos []*photo) *image.RGBA
}

// nullKinds: the stated probability holds for the fair ones. The others were made by
// people or by this package, and may look like a watermark of any kind.
var nullKinds = []nullKind{
	{"photo", 6, true, anyPart},
	{"white", 1, true, whiteNoise},
	{"1/f", 1, true, pinkNoise},
	{"other key", 1, false, markedByOther},
	{"drawing", 1, false, drawing},
}

// TestNull looks for watermarks where there are none: it must not read a payload, and the
// probability that it states for the pilots must be what happens. With -null 20000
// it takes an hour.
func TestNull(t *testing.T) {
	photos := loadPhotos(t)
	pilots := make([]float64, *nulls)
	inParallel(*nulls, func(i int) {
		r := rand.New(rand.NewPCG(uint64(i), 5))
		kind := nullKindOf(i)
		d := watermark.DetectImage(kind.make(r, photos), keyOf(i%16))
		pilots[i] = d.Pilot
		if len(d.Found) > 0 || !(d.Pilot >= 0 && d.Pilot <= 1) {
			t.Errorf("%s %d: found %v, pilot %g", kind.name, i, d.Found, d.Pilot)
		}
	})
	for k, kind := range nullKinds {
		var of []float64
		for i, p := range pilots {
			if nullKindOf(i).name == nullKinds[k].name {
				of = append(of, p)
			}
		}
		t.Log(kind.name, rates(of))
		if kind.fair {
			requireRates(t, kind.name, of)
		}
	}
}

// nullKindOf gives each kind its share.
func nullKindOf(i int) nullKind {
	i %= 10
	for _, k := range nullKinds {
		if i -= k.share; i < 0 {
			return k
		}
	}
	panic("shares do not add up to 10")
}

// keyOf returns the n-th key of the tests; number 0 is the open key.
func keyOf(n int) watermark.Key {
	if n == 0 {
		return watermark.OpenKey
	}
	secret := binary.BigEndian.AppendUint64(make([]byte, 8), uint64(n))
	k, err := watermark.DeriveKey(secret, "test")
	if err != nil {
		panic(err)
	}
	return k
}

// inParallel calls f with 0 to n-1 on all processors.
func inParallel(n int, f func(i int)) {
	work := make(chan int)
	var wait sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wait.Go(func() {
			for i := range work {
				f(i)
			}
		})
	}
	for i := range n {
		work <- i
	}
	close(work)
	wait.Wait()
}

// levels are the probabilities at which the pilots are counted.
var levels = []float64{0.1, 1e-2, 1e-3, 1e-4}

func below(pilots []float64, level float64) (n int) {
	for _, p := range pilots {
		if p <= level {
			n++
		}
	}
	return n
}

// rates counts the pilots at the levels, for the log.
func rates(pilots []float64) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d pictures", len(pilots))
	for _, level := range levels {
		fmt.Fprintf(&b, "; %d at %g", below(pilots, level), level)
	}
	if len(pilots) > 0 {
		fmt.Fprintf(&b, "; least %.2g", slices.Min(pilots))
	}
	return b.String()
}

// requireRates fails if more pilots are below a level than chance explains: one run in 10,000.
func requireRates(t *testing.T, name string, pilots []float64) {
	for _, level := range levels {
		n := below(pilots, level)
		require.Greater(t, binomialTail(len(pilots), n, level), 1e-4, "%s: %d of %d at %g", name, n, len(pilots), level)
	}
}

// binomialTail is the probability of at least k of n events of probability p.
func binomialTail(n, k int, p float64) float64 {
	if k == 0 {
		return 1
	}
	var sum float64
	for i := k; i <= n; i++ {
		a, _ := math.Lgamma(float64(n + 1))
		b, _ := math.Lgamma(float64(i + 1))
		c, _ := math.Lgamma(float64(n - i + 1))
		sum += math.Exp(a - b - c + float64(i)*math.Log(p) + float64(n-i)*math.Log1p(-p))
	}
	return sum
}

// side is a random side, small ones as often as large ones.
func side(r *rand.Rand, least, most int) int {
	if most <= least {
		return most
	}
	return int(float64(least) * math.Pow(float64(most)/float64(least), r.Float64()))
}

// anyPart is a random part of a random photo, in any size, mirrored or not.
func anyPart(r *rand.Rand, photos []*photo) *image.RGBA {
	return somePart(r, photos[r.IntN(len(photos))].source)
}

func somePart(r *rand.Rand, m *image.RGBA) *image.RGBA {
	w, h := side(r, 80, m.Rect.Dx()), side(r, 80, m.Rect.Dy())
	x, y := r.IntN(m.Rect.Dx()-w+1), r.IntN(m.Rect.Dy()-h+1)
	m = cut(m, image.Rect(x, y, x+w, y+h))
	if r.IntN(2) == 0 {
		m = resized(0.4+1.2*r.Float64(), bicubic)(m)
	}
	if r.IntN(2) == 0 {
		m = flipped(m)
	}
	return m
}

// markedByOther is part of a photo with a watermark of a key that nobody looks for.
func markedByOther(r *rand.Rand, photos []*photo) *image.RGBA {
	p := photos[r.IntN(len(photos))]
	m, err := watermark.EmbedImage(p.source, p.payload, keyOf(100+r.IntN(16)), nil)
	if err != nil {
		panic(err)
	}
	if r.IntN(2) == 0 {
		return m.(*image.RGBA)
	}
	return somePart(r, m.(*image.RGBA))
}

// painted makes a grey picture of random size from a function.
func painted(r *rand.Rand, at func(x, y int) float64) *image.RGBA {
	m := canvas(side(r, 80, 900), side(r, 80, 900), 0, 0, 0)
	for y := range m.Rect.Dy() {
		for x := range m.Rect.Dx() {
			v := round8(float32(at(x, y)))
			p := m.Pix[m.PixOffset(x, y):]
			p[0], p[1], p[2] = v, v, v
		}
	}
	return m
}

func whiteNoise(r *rand.Rand, _ []*photo) *image.RGBA {
	sigma := 2 + 60*r.Float64()
	return painted(r, func(x, y int) float64 { return 128 + sigma*r.NormFloat64() })
}

// pinkNoise has the spectrum of photographs: octaves of noise, each half as strong as the
// one that is twice as coarse.
func pinkNoise(r *rand.Rand, _ []*photo) *image.RGBA {
	const octaves = 7
	var tables [octaves][64 * 64]float64
	for o := range tables {
		for i := range tables[o] {
			tables[o][i] = r.NormFloat64() * float64(int(1)<<o)
		}
	}
	return painted(r, func(x, y int) float64 {
		v := 128.0
		for o := range tables {
			v += interpolate(&tables[o], float64(x)/float64(int(1)<<o), float64(y)/float64(int(1)<<o))
		}
		return v
	})
}

// interpolate reads between the values of a table, in an order that does not repeat.
func interpolate(table *[64 * 64]float64, x, y float64) float64 {
	fx, fy := math.Floor(x), math.Floor(y)
	dx, dy := x-fx, y-fy
	at := func(i, j int) float64 {
		hash := (uint32(i)*0x9e3779b1 ^ uint32(j)) * 0x85ebca77
		return table[hash>>20]
	}
	i, j := int(fx), int(fy)
	return (1-dy)*((1-dx)*at(i, j)+dx*at(i+1, j)) + dy*((1-dx)*at(i, j+1)+dx*at(i+1, j+1))
}
