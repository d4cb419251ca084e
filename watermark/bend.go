package watermark

import "math"

// A bend is how far a watermark lies beside the lattice that is laid over it, place by
// place: the terms of a projective map around a middle, in pixels of the lattice; places
// count in units of gridSide.
type bend struct {
	terms  [terms]float64
	mx, my float64
}

// The terms: a shift, an affine map, a projective one.
const (
	shifting   = 2
	affine     = 6
	projective = 8
	terms      = projective
)

// slopes returns how far a place moves with each term.
func (b *bend) slopes(x, y float64) (dx, dy [terms]float64) {
	x, y = (x-b.mx)/gridSide, (y-b.my)/gridSide
	return [terms]float64{1, 0, x, y, 0, 0, -x * x, -x * y}, [terms]float64{0, 1, 0, 0, x, y, -x * y, -y * y}
}

// at returns how far the watermark is beside the lattice at a place of it.
func (b *bend) at(x, y float64) (dx, dy float64) {
	sx, sy := b.slopes(x, y)
	for i, v := range b.terms {
		dx += sx[i] * v
		dy += sy[i] * v
	}
	return dx, dy
}

// geometry returns the map from the places of the lattice to the watermark's.
func (b *bend) geometry() geometry {
	const s float64 = gridSide
	t := &b.terms
	scaled := geometry{1 / s, 0, -b.mx / s, 0, 1 / s, -b.my / s, 0, 0, 1}
	bent := geometry{1 + t[2]/s, t[3] / s, t[0] / s, t[4] / s, 1 + t[5]/s, t[1] / s, t[6] / s, t[7] / s, 1}
	return scaled.inverse().times(bent).times(scaled)
}

// uneven returns by how many pixels the bend moves the sides of a tile apart, at most.
func (b *bend) uneven() (most float64) {
	for _, v := range b.terms[shifting:] {
		most = max(most, math.Abs(v)*tileSide/gridSide)
	}
	return most
}

// Equations are linear equations in the terms, the right sides last.
type equations [terms][terms + 1]float64

// solve returns the solution of the first n, by elimination.
func (m *equations) solve(n int) (x [terms]float64, ok bool) {
	for i := range n {
		pivot := i
		for j := i + 1; j < n; j++ {
			if math.Abs(m[j][i]) > math.Abs(m[pivot][i]) {
				pivot = j
			}
		}
		m[i], m[pivot] = m[pivot], m[i]
		if math.Abs(m[i][i]) < 1e-30 {
			return x, false
		}
		for j := i + 1; j < n; j++ {
			f := m[j][i] / m[i][i]
			for c := i; c <= terms; c++ {
				m[j][c] -= f * m[i][c]
			}
		}
	}
	for i := n - 1; i >= 0; i-- {
		v := m[i][terms]
		for j := i + 1; j < n; j++ {
			v -= m[i][j] * x[j]
		}
		x[i] = v / m[i][i]
	}
	return x, true
}
