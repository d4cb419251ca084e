package watermark

import "math"

// A glance is what a lattice that is laid over a picture shows at once, by the sum of its
// tiles: where the pilots fit that best.
type glance struct {
	candidate
	variant int
	dx, dy  float64 // of the watermark beside the lattice
	z       float64 // how well, in standard deviations of no watermark
}

// glanceAt lays a lattice over a window of a whitened picture. Of the geometry and its
// half turn the better one is taken.
func (l *lattice) glanceAt(p plane, c candidate) glance {
	sum := p.sumOf(c)
	return l.glance(&sum, c)
}

// sumOf returns the sum of the tiles of a window.
func (p plane) sumOf(c candidate) (sum amounts) {
	s, ok := c.geometry.tiles(c.window)
	if !ok {
		return sum
	}
	var re, im [tileSide * tileSide]float32
	for y := s.y0; y < s.y1; y++ {
		for x := s.x0; x < s.x1; x++ {
			p.sample(&re, c.geometry, x*tileSide, y*tileSide, c.window)
		}
	}
	tileFFT.Forward2(re[:], im[:])
	for i, at := range wavePlaces {
		sum[i] = phasor{re[at], im[at]}
	}
	return sum
}

// glance returns where the pilots fit a sum of tiles best.
func (l *lattice) glance(sum *amounts, c candidate) (best glance) {
	noise := ringPowers(sum)
	turned := *sum
	for i := range turned {
		turned[i].im = -turned[i].im
	}
	best.candidate = c
	for v := range variants {
		upright, over := l.fits(sum, &noise, v), l.fits(&turned, &noise, v)
		var re, im [tileSide * tileSide]float32
		for i, w := range l.pilots[:syncPilots] { // the transforms of both are real: one holds two
			at, opposite := wavePlaces[w], wavePlaces[w].opposite()
			a, b := upright[i], over[i]
			re[at], im[at] = a.re-b.im, a.im+b.re
			re[opposite], im[opposite] = a.re+b.im, b.re-a.im
		}
		tileFFT.Forward2(re[:], im[:])
		best.take(&re, &upright, v, c.geometry)
		best.take(&im, &over, v, c.geometry.times(upsideDown))
	}
	return best
}

// take keeps the largest of twice the sums of fits, for each shift, if it is the best.
func (g *glance) take(sums *[tileSide * tileSide]float32, fits *[syncPilots]phasor, variant int, geometry geometry) {
	at := 0
	for i, v := range sums {
		if v > sums[at] {
			at = i
		}
	}
	if z := deviations(float64(sums[at]/2), fits); z > g.z {
		g.variant, g.z, g.geometry = variant, z, geometry
		g.dx, g.dy = float64(at%tileSide), float64(at/tileSide)
	}
}

// loudest is the power of a pilot, relative to the noise, beyond which more of it does
// not count: none decides alone.
const loudest = 12

// fits returns the pilots of a sum without their phases, at the same noise.
func (l *lattice) fits(sum *amounts, noise *powers, variant int) (all [syncPilots]phasor) {
	for i, w := range l.pilots[:syncPilots] {
		a := sum[w].over(l.phases[variant][i])
		f := float32(1 / math.Sqrt(float64(max(noise[w], a.power()/loudest))))
		all[i] = phasor{a.re * f, a.im * f}
	}
	return all
}

// deviations returns how far the sum of the real parts of fits is from that of any phases.
func deviations(sum float64, fits *[syncPilots]phasor) float64 {
	power := 1e-12
	for _, a := range fits {
		power += float64(a.power())
	}
	return sum / math.Sqrt(power/2)
}

// ringPowers returns the mean power of the waves of each ring, for all of it.
func ringPowers(sum *amounts) (mean powers) {
	var power, n [rings]float32
	for i, a := range sum {
		power[ringOf[i]] += a.power()
		n[ringOf[i]]++
	}
	for i, r := range ringOf {
		mean[i] = power[r]/n[r] + 1e-9
	}
	return mean
}

// refine bends the lattice so that its pilots fit better, with the first n terms:
// one step of Gauss and Newton on their phases.
func (l *lattice) refine(t *tiling, variant, n int) {
	var m equations
	var level, shares, all float64
	var curve [3]float64 // of the fit: along x, both and y
	var weight [syncPilots]float64
	for i, w := range l.pilots[:syncPilots] {
		weight[i] = 1 / float64(t.noise[w])
		all += weight[i]
		f := weight[i] * perPixel * perPixel
		u, v := float64(band[w].u), float64(band[w].v)
		curve[0] += f * u * u
		curve[1] += f * u * v
		curve[2] += f * v * v
	}
	for k := range t.tiles {
		a := &t.tiles[k]
		turns := turnsOf(t.bend.at(a.x, a.y))
		var gu, gv float64
		for i, w := range l.pilots[:syncPilots] {
			z := a.waves[w].over(l.phases[variant][i]).over(turns.of(band[w]))
			level += float64(z.re) * weight[i]
			gu += float64(z.im) * weight[i] * perPixel * float64(band[w].u)
			gv += float64(z.im) * weight[i] * perPixel * float64(band[w].v)
		}
		sx, sy := t.slopes(a.x, a.y)
		share := float64(a.share)
		for i := range n {
			for j := range n {
				m[i][j] += share * (sx[i]*sx[j]*curve[0] + (sx[i]*sy[j]+sy[i]*sx[j])*curve[1] + sy[i]*sy[j]*curve[2])
			}
			m[i][terms] += gu*sx[i] + gv*sy[i]
		}
		shares += share
	}
	if level /= all * shares; !(level > 0) { // of a pilot in a whole tile
		return
	}
	for i := range n {
		for j := range n {
			m[i][j] *= level
		}
		m[i][i] += 1e-3 * level * shares * curve[0] // small bends are likelier
	}
	if move, ok := m.solve(n); ok {
		for i := range n {
			t.terms[i] += move[i]
		}
	}
}

// perPixel is by how much a wave turns for each pixel of shift, in radians a wave.
const perPixel = 2 * math.Pi / tileSide
