package watermark

import (
	"image"
	"math"
)

const (
	heatSide = 32  // pixels of the map for the short side
	surely   = 5.0 // standard deviations
)

// heat returns a map of the picture: how much of the watermark is in the tiles around
// each place.
func (s *search) heat(t *tiling, p Payload, variant int) *image.Gray {
	expected := s.expected(p, variant)
	fit := make([]float64, len(t.tiles)) // of each tile, in standard deviations
	for k := range t.tiles {
		a := &t.tiles[k]
		turns := turnsOf(t.bend.at(a.x, a.y))
		var sum, power float64
		for i, w := range band {
			z := a.waves[i].over(turns.of(w)).over(expected[i])
			f := float64(expected[i].power()) / float64(t.noise[i])
			sum += float64(z.re) / math.Sqrt(float64(t.noise[i]))
			power += f * float64(a.waves[i].power())
		}
		fit[k] = sum / math.Sqrt(power/2+1e-12)
	}
	scale := heatSide / float64(min(s.white.w, s.white.h))
	m := image.NewGray(image.Rect(0, 0, gridSize(s.white.w, scale), gridSize(s.white.h, scale)))
	inv := t.geometry.inverse()
	for y := range m.Rect.Dy() {
		for x := range m.Rect.Dx() {
			u, v := inv.at((float64(x)+0.5)/scale-0.5, (float64(y)+0.5)/scale-0.5)
			m.Pix[y*m.Stride+x] = uint8(255 * min(max(t.around(fit, u, v)/surely, 0), 1))
		}
	}
	return m
}

// around returns the sum of the fits around a place, weighted, in standard deviations.
func (t *tiling) around(fit []float64, x, y float64) float64 {
	var sum, squares float64
	for k := range t.tiles {
		a := &t.tiles[k]
		d := ((a.x-x)*(a.x-x) + (a.y-y)*(a.y-y)) / (tileSide * tileSide)
		if d < 6 {
			w := math.Exp(-d)
			sum += w * fit[k]
			squares += w * w
		}
	}
	return sum / math.Sqrt(squares+1e-9)
}

// expected returns the waves of a payload, those of data at 1.
func (l *lattice) expected(p Payload, variant int) (all amounts) {
	for i, w := range l.pilots {
		f := pilotGain / amplitude(band[w])
		all[w] = phasor{f * l.phases[variant][i].re, f * l.phases[variant][i].im}
	}
	signs := l.signs(p, variant)
	for i, w := range l.data {
		all[w] = phasor{signs[2*i] * math.Sqrt2 / 2, signs[2*i+1] * math.Sqrt2 / 2}
	}
	return all
}
