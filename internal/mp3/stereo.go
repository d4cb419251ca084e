package mp3

import "math"

// Joint stereo (ISO/IEC 11172-3 clause 2.4.3.4.9, 13818-3 clause 2.4.3.2).

// separate makes left and right of the middle and the side.
func separate(x *[2][lines]float64, from, to int) {
	for i := from; i < to; i++ {
		m, s := x[0][i], x[1][i]
		x[0][i], x[1][i] = (m+s)/math.Sqrt2, (m-s)/math.Sqrt2
	}
}

// place makes two channels of the first where the second has nothing above a band: its
// scalefactors there say between which loudspeakers the sound is. G is the granule of
// the second.
func (d *Decoder) place(h Header, g *granule, b *bands) {
	parts := b.parts[g.shape()]
	var found [4]bool // lines of the second, by window
	for i := len(parts) - 1; i >= 0; i-- {
		p := parts[i]
		for _, v := range d.spectrum[1][p.from:p.to] {
			found[p.window] = found[p.window] || v != 0
		}
		if p.window == 3 {
			found[3] = found[3] || found[0] || found[1] || found[2]
		}
		left, right, ok := d.scales[1].position(h, g, parts, i)
		switch {
		case ok && !found[p.window]:
			for j := p.from; j < p.to; j++ {
				v := d.spectrum[0][j]
				d.spectrum[0][j], d.spectrum[1][j] = v*left, v*right
			}
		case h.has(sideByMiddle):
			separate(&d.spectrum, p.from, p.to)
		}
	}
}

// position returns how much of the sound of a part is in each channel, false if the
// part is not placed. The highest bands have no scalefactor: they are where those below
// them are.
func (s *scale) position(h Header, g *granule, parts []part, i int) (left, right float64, ok bool) {
	switch {
	case parts[i].window == 3 && parts[i].to == lines:
		i--
	case parts[i].window < 3 && i >= len(parts)-3:
		i -= 3
	}
	at := s.values[parts[i].scale]
	if h.Version() == 1 {
		sin, cos := math.Sincos(float64(at) * math.Pi / 12)
		return sin / (sin + cos), cos / (sin + cos), at < 7
	}
	step := math.Pow(2, -0.25*float64(1+g.compress&1))
	gain := math.Pow(step, float64((at+1)/2))
	if at&1 == 1 {
		return gain, 1, at != s.limits[parts[i].scale]
	}
	return 1, gain, at != s.limits[parts[i].scale]
}
