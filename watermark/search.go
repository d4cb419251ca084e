package watermark

import (
	"cmp"
	"encoding/binary"
	"math"
	"slices"
)

// A candidate is a geometry that may fit, in a window of the picture.
type candidate struct {
	geometry
	window window
	score  float64
}

// The search finds a picture that was cropped to a quarter of its short side, or put
// into a frame of twice its size; and whose sides were stretched apart.
const (
	minScale, maxScale     = 0.42, 3.6
	minStretch, maxStretch = 0.55, 2.3
	stretchStep            = 0.008
)

// turned returns the best of all scales and turns, by the pilots' magnitudes: on a polar
// map of the spectrum each is a shift (Alattar and Meyer, 2003).
func (l *lattice) turned(s *spectrum, top int) (all []candidate) {
	perWave := s.perWave()
	p := s.polar(minPilot*perWave/maxScale, maxPilot*perWave/minScale)
	scales := int(math.Log(maxScale/minScale) / step)
	scores := newScores(angles, scales)
	rows, starts := make([]float64, pilots), make([]int, pilots)
	for _, flip := range [2]bool{false, true} {
		for i, at := range l.pilots {
			w := band[at].flipped(flip)
			rows[i] = (math.Log(w.radius()*perWave/minScale)-p.first)/step + 0.5
			starts[i] = (int(math.Round(math.Atan2(float64(w.v), float64(w.u))/math.Pi*angles)) + angles) % angles
		}
		scores.clear()
		for y := range scales {
			for i, row := range rows {
				if r := int(row - float64(y)); r >= 0 && r < len(p.rows) {
					addLanes(scores.row(y), p.rows[r][starts[i]:])
				}
			}
		}
		for range top {
			x, y := scores.take()
			scale := minScale * math.Exp(step*float64(y))
			all = append(all, candidate{geometry: linear(scale, scale, math.Pi*float64(x)/angles, flip)})
		}
	}
	return all
}

// stretched returns the best of all scales in width and in height, for pictures whose sides are upright.
func (l *lattice) stretched(s *spectrum, top int) (all []candidate) {
	n := int(math.Log(maxStretch/minStretch) / stretchStep)
	scale := make([]float64, n)
	for i := range scale {
		scale[i] = minStretch * math.Exp(stretchStep*float64(i))
	}
	scores := newScores(n, n)
	columns := make([]int32, n)
	for kind := range 4 {
		g := linear(1, 1, float64(kind/2)*math.Pi/2, kind&1 != 0)
		scores.clear()
		for _, i := range l.pilots {
			w := band[i].through(g)
			if w.u < 0 {
				w = wave{-w.u, -w.v}
			}
			for x, v := range scale {
				columns[x] = min(int32(float64(w.u)*s.perWave()/v+0.5), int32(s.columns-1))
			}
			for y, v := range scale {
				row := int(float64(w.v)*s.perWave()/v + float64(s.side/2) + 0.5)
				gather(scores.row(y), s.wide[min(max(row, 0), s.side-1)*s.columns:][:s.columns], columns)
			}
		}
		for range top {
			x, y := scores.take()
			all = append(all, candidate{geometry: geometry{scale[x], 0, 0, 0, scale[y], 0, 0, 0, 1}.times(g)})
		}
	}
	return all
}

// addLanes adds eight bytes at a time: no sum reaches 256.
func addLanes(sums, bytes []uint8) {
	bytes = bytes[:len(sums)]
	for len(sums) >= 8 && len(bytes) >= 8 {
		binary.LittleEndian.PutUint64(sums, binary.LittleEndian.Uint64(sums)+binary.LittleEndian.Uint64(bytes))
		sums, bytes = sums[8:], bytes[8:]
	}
	for i, v := range bytes {
		sums[i] += v
	}
}

func gather(sums, row []uint8, columns []int32) {
	columns = columns[:len(sums)]
	for i, c := range columns {
		sums[i] += row[c]
	}
}

// Scores are sums of magnitudes over two dimensions.
type scores struct {
	w, h int
	v    []uint8
	best []int // where the largest of each row is, once asked for
}

func newScores(w, h int) *scores { return &scores{w: w, h: h, v: make([]uint8, w*h)} }

func (s *scores) row(y int) []uint8 { return s.v[y*s.w : (y+1)*s.w : (y+1)*s.w] }

func (s *scores) clear() {
	clear(s.v)
	s.best = s.best[:0]
}

// take returns where the largest is, and clears what is near to it.
func (s *scores) take() (x, y int) {
	if len(s.best) == 0 {
		for y := range s.h {
			s.best = append(s.best, largest(s.row(y)))
		}
	}
	for i := range s.h {
		if s.row(i)[s.best[i]] > s.row(y)[s.best[y]] {
			y = i
		}
	}
	x = s.best[y]
	for i := max(y-3, 0); i <= min(y+3, s.h-1); i++ {
		clear(s.row(i)[max(x-3, 0):min(x+4, s.w)])
		s.best[i] = largest(s.row(i))
	}
	return x, y
}

func largest(row []uint8) (at int) {
	for i, v := range row {
		if v > row[at] {
			at = i
		}
	}
	return at
}

// score returns how much of all waves of the lattice is in the spectrum.
func (l *lattice) score(s *spectrum, g geometry) float64 {
	// A wave is at the inverse transpose of the geometry times its own frequency.
	det := (g[0]*g[4] - g[1]*g[3]) / s.perWave()
	a, b, c, d := g[4]/det, -g[3]/det, -g[1]/det, g[0]/det
	var sum float32
	for i, w := range band {
		u, v := float64(w.u), float64(w.v)
		sum += l.weight[i] * (s.at(a*u+b*v, c*u+d*v) - unit)
	}
	return float64(sum)
}

// moves are the ways in which a geometry is a little wrong: in scale, turn, stretch and shear.
var moves = [4]geometry{{1, 0, 0, 0, 1}, {0, -1, 0, 1, 0}, {1, 0, 0, 0, -1}, {0, 1, 0, 1, 0}}

func (g geometry) moved(by float64, m *geometry) geometry {
	return geometry{1 + by*m[0], by * m[1], 0, by * m[3], 1 + by*m[4], 0, 0, 0, 1}.times(g)
}

// nudge gives a candidate its score, and moves it a little where that is better.
func (l *lattice) nudge(s *spectrum, c *candidate) {
	c.score = l.score(s, c.geometry)
	for _, by := range [2]float64{step, step / 2} {
		for i := range moves[:2] {
			_ = l.climb(s, c, by, &moves[i]) || l.climb(s, c, -by, &moves[i])
		}
	}
}

// polish moves a candidate to the best score nearby.
func (l *lattice) polish(s *spectrum, c *candidate) {
	for by := step; by > step/10; by /= 2 {
		for better := true; better; {
			better = false
			for i := range moves {
				better = l.climb(s, c, by, &moves[i]) || l.climb(s, c, -by, &moves[i]) || better
			}
		}
	}
}

// climb takes one step if that is better.
func (l *lattice) climb(s *spectrum, c *candidate, by float64, m *geometry) bool {
	g := c.geometry.moved(by, m)
	score := l.score(s, g)
	if score <= c.score {
		return false
	}
	c.geometry, c.score = g, score
	return true
}

// best returns the n best candidates that are not the same, each with its score.
func (l *lattice) best(s *spectrum, all []candidate, n int) (out []candidate) {
	for i := range all {
		l.nudge(s, &all[i])
	}
	byScore := func(a, b candidate) int { return cmp.Compare(b.score, a.score) }
	slices.SortFunc(all, byScore)
	all = all[:min(2*n, len(all))]
	for i := range all {
		l.polish(s, &all[i])
	}
	slices.SortFunc(all, byScore)
	for _, c := range all {
		if len(out) < n && !slices.ContainsFunc(out, c.geometry.like) {
			out = append(out, c)
		}
	}
	return out
}

// like reports whether a candidate has the same geometry, or that of a picture upside down.
func (g geometry) like(o candidate) bool {
	var minus, plus, size float64
	for i, v := range g[:6] {
		w := o.geometry[i]
		minus += (v - w) * (v - w)
		plus += (v + w) * (v + w)
		size += v * v
	}
	return min(minus, plus) < 1e-4*size
}
