package jpegcoef

import (
	"fmt"
	"math"
)

// AddLuma adds a residual in grey levels to the brightness of the picture, as much to red
// as to green and blue: residual fills the row of pixels y with finite numbers. Where it
// is 0, blocks stay as they are. CMYK and YCCK are [ErrUnsupported]: no sum of components
// is their brightness.
//
// Coefficients stay multiples of the file's quantisation, so what is less than half a step
// is lost. The rest is amplified for that, until the residual is whole again or the change
// has 1.2 times its energy, which is 0.8 dB of noise: no change with so little noise holds
// more of the residual. The part that it holds, its projection on the residual, is
// returned, as estimated from some rows, which are asked for first; then all are, from the
// top. Of a watermark of 1.8 grey levels (43 dB) photographs of half a megapixel to eight
// hold 0.98 at quality 85, 0.94 at 75 and 0.80 at 50.
func (m *Image) AddLuma(residual func(y int, row []float32)) (kept float64, err error) {
	switch m.model {
	case cmyk, inverseCMYK, inverseYCCK:
		return 0, fmt.Errorf("%w: CMYK has no brightness of its own; convert it to RGB", ErrUnsupported)
	}
	a := m.adder(residual)
	gain, kept := a.sample().gain()
	for i := range a.grounds {
		a.grounds[i].amplify(float32(gain))
	}
	for y := range a.down {
		a.read(y)
		for i := range a.grounds {
			a.grounds[i].add(y)
		}
	}
	return kept, nil
}

// An adder holds the residual in a row of MCUs.
type adder struct {
	residual            func(y int, row []float32)
	width, height, down int         // in pixels, and in MCUs
	rows                [][]float32 // as wide as the MCUs
	grounds             []ground
}

func (m *Image) adder(residual func(y int, row []float32)) *adder {
	a := &adder{residual: residual, width: m.Width, height: m.Height, down: ceil(m.Height, m.MCUHeight)}
	a.rows = matrix(ceil(m.Width, m.MCUWidth)*m.MCUWidth, m.MCUHeight)
	for i := range m.luminous() {
		a.grounds = append(a.grounds, m.ground(&m.Components[i], a.rows))
	}
	return a
}

// read asks for the residual in a row of MCUs. Behind the edges it is as on them.
func (a *adder) read(mcu int) {
	for i, row := range a.rows {
		y := mcu*len(a.rows) + i
		if y >= a.height {
			copy(row, a.rows[i-1])
			continue
		}
		a.residual(y, row[:a.width])
		for x := a.width; x < len(row); x++ {
			row[x] = row[a.width-1]
		}
	}
	for i := range a.grounds {
		a.grounds[i].shrink(a.rows)
	}
}

// sample measures the residual in some rows of MCUs.
func (a *adder) sample() *spectrum {
	const rows = 32 // at least, if there are
	var s spectrum
	every := max(a.down/rows, 1)
	for y := every / 2; y < a.down; y += every {
		a.read(y)
		for i := range a.grounds {
			a.grounds[i].measure(y, &s)
		}
	}
	return &s
}

// A ground is a component that the residual is added to.
type ground struct {
	*Component
	rows    [][]float32 // of its samples in a row of MCUs
	hm, vm  int         // as in plane
	weights weights
	power   weights // of a quantisation step
	quiet   float32 // energy of the samples of a block below which no coefficient changes
}

func (m *Image) ground(c *Component, rows [][]float32) ground {
	g := ground{Component: c, rows: rows, hm: m.MCUWidth / 8, vm: m.MCUHeight / 8, weights: c.quantisation()}
	if c.H != g.hm || c.V != g.vm {
		g.rows = matrix(8*c.stride, 8*c.V)
	}
	for at, v := range c.steps() {
		g.power[at] = v * v
	}
	return g
}

// shrink makes the samples of a component that is smaller than the picture: each is the
// mean of its pixels.
func (g *ground) shrink(rows [][]float32) {
	if &rows[0] == &g.rows[0] {
		return
	}
	for y, row := range g.rows {
		from, to := ceil(y*g.vm, g.V), ceil((y+1)*g.vm, g.V)
		for x := range row {
			left, right := ceil(x*g.hm, g.H), ceil((x+1)*g.hm, g.H)
			sum := float32(0)
			for _, pixels := range rows[from:to] {
				for _, v := range pixels[left:right] {
					sum += v
				}
			}
			row[x] = sum / float32((to-from)*(right-left))
		}
	}
}

// amplify has the residual added so many times.
func (g *ground) amplify(gain float32) {
	for at := range g.weights {
		g.weights[at] *= gain
	}
	finest := g.power[0]
	for _, v := range g.power {
		finest = min(finest, v)
	}
	g.quiet = finest / (4 * gain * gain)
}

// each calls visit for each block in a row of MCUs whose samples of the residual have
// energy enough, with them and that.
func (g *ground) each(mcu int, visit func(b *Block, samples *[64]float32, energy float32)) {
	var samples [64]float32
	for y := range min(g.V, g.High-mcu*g.V) {
		blocks := g.blocks[(mcu*g.V+y)*g.stride:][:g.Wide]
		for x := range blocks {
			energy := float32(0)
			for i, row := range g.rows[8*y:][:8] {
				r := [8]float32(row[8*x:])
				*(*[8]float32)(samples[8*i:]) = r
				energy += (r[0]*r[0] + r[1]*r[1]) + (r[2]*r[2] + r[3]*r[3]) + ((r[4]*r[4] + r[5]*r[5]) + (r[6]*r[6] + r[7]*r[7]))
			}
			if energy > g.quiet {
				visit(&blocks[x], &samples, energy)
			}
		}
	}
}

func (g *ground) add(mcu int) {
	g.each(mcu, func(b *Block, samples *[64]float32, _ float32) { b.add(samples, &g.weights) })
}

func (g *ground) measure(mcu int, s *spectrum) {
	g.each(mcu, func(_ *Block, samples *[64]float32, energy float32) {
		s.total += float64(energy)
		var out [64]float32
		forward(samples, &out)
		for at, v := range &out {
			s.count(v*g.weights[at], g.power[at])
		}
	})
}

// A spectrum tells how much energy a residual has in coefficients of which size.
type spectrum struct {
	total, loud float64
	bins        [octaves * binsOctave]float64
}

// The sizes that rounding changes, in quantisation steps. The bits of a float32 that tell
// the power of two, and five more, are the bin.
const (
	quietest   = -8 // power of two
	octaves    = 11
	binsOctave = 32
	binShift   = 18
	firstBin   = (127 + quietest) * binsOctave
)

// count adds a coefficient of v steps, of this power each.
func (s *spectrum) count(v, power float32) {
	energy := float64(v * v * power)
	switch i := int(math.Float32bits(v)&^(1<<31)>>binShift) - firstBin; {
	case i >= len(s.bins):
		s.loud += energy
	case i >= 0:
		s.bins[i] += energy
	}
}

// gain returns how many times the residual is best added, and which part of it the change
// then holds.
func (s *spectrum) gain() (gain, kept float64) {
	if s.total == 0 {
		return 1, 1
	}
	const noise = 1.2
	low, high := 1.0/4, 64.0
	for range 20 {
		gain = math.Sqrt(low * high)
		k, energy := s.rounded(gain)
		if k > 1 || energy > noise {
			high = gain
		} else {
			low, kept = gain, k
		}
	}
	return low, kept
}

// rounded returns which part of a residual a change holds that is so many times as large,
// rounded, and how many times its energy that has.
func (s *spectrum) rounded(gain float64) (kept, energy float64) {
	kept, energy = gain*s.loud, gain*gain*s.loud
	for i, e := range s.bins {
		v := float64(math.Float32frombits(uint32(firstBin+i)<<binShift | 1<<(binShift-1)))
		ratio := math.Round(gain*v) / v
		kept += e * ratio
		energy += e * ratio * ratio
	}
	return kept / s.total, energy / s.total
}

// matrix returns rows of numbers.
func matrix(width, height int) [][]float32 {
	all := make([]float32, width*height)
	rows := make([][]float32, height)
	for y := range rows {
		rows[y] = all[y*width:][:width]
	}
	return rows
}
