package watermark

import "math"

// Amounts are phasors of all waves of the band, powers their power.
type (
	amounts = [pilots + carriers]phasor
	powers  = [pilots + carriers]float32
)

// flipped returns the wave of a mirrored picture.
func (w wave) flipped(flip bool) wave {
	if flip {
		w.u = -w.u
	}
	return w
}

// through returns where the wave is when a picture goes through a geometry of quarter turns
// and mirrors.
func (w wave) through(g geometry) wave {
	u, v := float64(w.u), float64(w.v)
	return wave{int(math.Round(g[0]*u + g[1]*v)), int(math.Round(g[3]*u + g[4]*v))}
}

// bandPlaces says where in the band the waves are, and -1 where they are not.
var bandPlaces = func() (all [tileSide * tileSide]int16) {
	for i := range all {
		all[i] = -1
	}
	for i, w := range band {
		all[w.at()] = int16(i)
	}
	return all
}()

// of returns the amount of any wave of the band, or of its opposite.
func (w wave) of(s *amounts) phasor {
	if i := bandPlaces[w.at()]; i >= 0 {
		return s[i]
	}
	if i := bandPlaces[wave{-w.u, -w.v}.at()]; i >= 0 {
		return phasor{s[i].re, -s[i].im}
	}
	return phasor{}
}
