package watermark

import "math"

// A tiling is what a picture has of the waves, tile by tile of a lattice that is laid
// over it.
type tiling struct {
	geometry
	window window // of the picture
	tiles  []tile
	bend          // of the watermark on the lattice
	noise  powers // of the sum of the tiles
}

// A tile is one of the lattice.
type tile struct {
	x, y  float64 // its middle on the lattice
	share float32 // how much of it is in the picture
	waves amounts
}

// fewest is the share of a tile that is worth a look.
const fewest = 1.0 / 8

// layOver returns the tiling of a window of a whitened picture.
func layOver(p plane, g geometry, w window) (t *tiling, ok bool) {
	s, ok := g.tiles(w)
	if !ok {
		return nil, false
	}
	t = &tiling{geometry: g, window: w}
	t.mx, t.my = float64(s.x0+s.x1)/2*tileSide, float64(s.y0+s.y1)/2*tileSide
	t.tiles = make([]tile, 0, (s.x1-s.x0)*(s.y1-s.y0))
	var re, im [tileSide * tileSide]float32
	first := true
	for y := s.y0; y < s.y1; y++ {
		for x := s.x0; x < s.x1; x++ {
			into := &im
			if first {
				into = &re
			}
			clear(into[:])
			share := float32(p.sample(into, g, x*tileSide, y*tileSide, w)) / (tileSide * tileSide)
			if share < fewest {
				continue
			}
			t.tiles = append(t.tiles, tile{x: (float64(x) + 0.5) * tileSide, y: (float64(y) + 0.5) * tileSide, share: share})
			if first = !first; first {
				t.transform(2, &re, &im)
			}
		}
	}
	if !first {
		clear(im[:])
		t.transform(1, &re, &im)
	}
	for k := range t.tiles {
		for i, z := range t.tiles[k].waves {
			t.noise[i] += z.power()
		}
	}
	for i := range t.noise {
		t.noise[i] += 1e-9
	}
	return t, len(t.tiles) > 0
}

// transform sets the waves of the last n tiles, 1 or 2, from their pixels: those of the
// first are taken as real parts, those of the second as imaginary.
func (t *tiling) transform(n int, re, im *[tileSide * tileSide]float32) {
	tileFFT.Forward2(re[:], im[:])
	a := &t.tiles[len(t.tiles)-n].waves
	b := &t.tiles[len(t.tiles)-1].waves
	for i := range band {
		p, q := wavePlaces[i], wavePlaces[i].opposite()
		if n == 2 {
			b[i] = phasor{(im[p] + im[q]) / 2, (re[q] - re[p]) / 2}
		}
		a[i] = phasor{(re[p] + re[q]) / 2, (im[p] - im[q]) / 2}
	}
}

// A place is where a wave is in the transform of a tile.
type place uint16

func (p place) opposite() place {
	return -(p&(tileSide-1))&(tileSide-1) | -(p&^(tileSide-1))&(tileSide*tileSide-tileSide)
}

var wavePlaces = func() (all [pilots + carriers]place) {
	for i, w := range band {
		all[i] = place(w.at())
	}
	return all
}()

// sample adds what a window of the picture has of one tile of the lattice, between its
// pixels, and returns how many of the tile's pixels are in it.
func (p plane) sample(tile *[tileSide * tileSide]float32, g geometry, x0, y0 int, w window) (n int) {
	w = window{max(w.x0, 0), max(w.y0, 0), min(w.x1, float64(p.w)-1.001), min(w.y1, float64(p.h)-1.001)}
	for y := range tileSide {
		u, v := g.at(float64(x0), float64(y0+y))
		u1, v1 := g.at(float64(x0+tileSide), float64(y0+y))
		if !(max(math.Abs(u), math.Abs(v), math.Abs(u1), math.Abs(v1)) < farAway) {
			continue
		}
		du, dv := (u1-u)/tileSide, (v1-v)/tileSide // a row of a tile is short: as good as straight
		from, to := inside(0, tileSide, u, du, w.x0, w.x1)
		from, to = inside(from, to, v, dv, w.y0, w.y1)
		if from < to {
			n += to - from
			p.sampleRow(tile[y*tileSide:][from:to], u+du*float64(from), v+dv*float64(from), du, dv)
		}
	}
	return n
}

// farAway is where places, near to the horizon, are no longer exact to a part of a pixel.
const farAway = 1e9

// inside returns which part of from to to has at + step*i in low to high.
func inside(from, to int, at, step, low, high float64) (int, int) {
	switch {
	case math.Abs(step) < 1e-9:
		if at < low || at > high {
			return 0, 0
		}
		return from, to
	case step < 0:
		low, high = high, low
	}
	first, last := math.Ceil((low-at)/step), math.Floor((high-at)/step)
	return within(first, from, to), within(last+1, from, to)
}

// within returns v from low to high; not every v fits an int.
func within(v float64, low, high int) int { return int(min(max(v, float64(low)), float64(high))) }

// sampleRow adds the places from u, v on.
func (p plane) sampleRow(dst []float32, u, v, du, dv float64) {
	for x := range dst {
		i, j := int(u), int(v)
		fu, fv := float32(u-float64(i)), float32(v-float64(j))
		a := p.v[j*p.w+i:][: p.w+2 : p.w+2]
		top := a[0] + (a[1]-a[0])*fu
		bottom := a[p.w] + (a[p.w+1]-a[p.w])*fu
		dst[x] += top + (bottom-top)*fv
		u += du
		v += dv
	}
}

// sum returns the sum of the tiles, straightened.
func (t *tiling) sum() (sum amounts) {
	for k := range t.tiles {
		a := &t.tiles[k]
		turns := turnsOf(t.bend.at(a.x, a.y))
		for i, w := range band {
			z := a.waves[i].over(turns.of(w))
			sum[i].re += z.re
			sum[i].im += z.im
		}
	}
	return sum
}

// Turns are the phases of a shift, for each u and v.
type turns struct{ u, v [2 * maxWave]phasor }

const maxWave = 32

func turnsOf(dx, dy float64) *turns {
	var t turns
	fillTurns(&t.u, dx)
	fillTurns(&t.v, dy)
	return &t
}

func fillTurns(t *[2 * maxWave]phasor, d float64) {
	one := turn(2 * math.Pi * d / tileSide)
	t[maxWave] = phasor{1, 0}
	for i := maxWave + 1; i < 2*maxWave; i++ {
		t[i] = t[i-1].times(one)
		t[2*maxWave-i] = phasor{t[i].re, -t[i].im}
	}
}

func (t *turns) of(w wave) phasor { return t.u[maxWave+w.u].times(t.v[maxWave+w.v]) }
