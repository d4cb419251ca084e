package watermark

import (
	"cmp"
	"image"
	"math"
	"slices"
)

// Detections are what is found in a picture.
type Detections struct {
	// Found has the watermarks whose payload could be read, at most one for each key.
	Found []Detection

	// Pilot is the probability that a picture without a watermark shows as much of one as
	// this, for any of the keys: 1 where there is nothing at all. It is small too where there is a
	// watermark whose payload could not be read. It comes from the phases of 8 pilots, at
	// which the search does not look.
	Pilot float64
}

// A Detection is one watermark.
type Detection struct {
	Payload   Payload
	Key       int // which of the keys, counted from 0
	Transform Transform

	// Probability is that of reading any payload from a picture without a watermark of
	// these keys: the number of payloads that were tried times 2^-48.
	Probability float64

	// Heat shows where in the picture the watermark is: 255 where it is surely, 0 where it is
	// not, as in parts that were put in later. It has the shape of the picture, with a short side of
	// 32 pixels, and does not resolve less than a twelfth of it.
	Heat *image.Gray
}

// Detect looks for watermarks made with any of the keys, as [DetectImage] does.
func (g *Grid) Detect(keys ...Key) Detections {
	d := Detections{Pilot: 1}
	if min(g.width, g.height) < leastCut {
		return d
	}
	picture := g.canonical()
	if min(picture.w, picture.h) < 2 {
		return d // a thread, which has no quarters
	}
	s := &search{white: whiten(picture, newPlane(picture.w, picture.h), newPlane(picture.w, picture.h))}
	s.tiles = s.white.sumOf(candidate{geometry: linear(1, 1, 0, false), window: s.white.window()})
	for i, k := range keys {
		s.lattice, s.locks, s.pilot = latticeOf(k), 0, 1
		if found, ok := s.run(); ok {
			found.Key = i
			d.Found = append(d.Found, found)
		}
		d.Pilot = min(d.Pilot, s.pilot*float64(max(s.locks, 1)*len(keys)))
	}
	for i := range d.Found {
		d.Found[i].Probability = float64(s.tries) * math.Pow(2, -checkBits)
	}
	return d
}

// A search is for the watermark of one key in one picture.
type search struct {
	*lattice
	white plane   // the picture, whitened
	soft  plane   // the same for lattices whose pixels are larger than its own
	tiles amounts // the sum of all tiles, if it is whole
	broad *spectrum
	local []*spectrum
	tries int     // payloads, of all keys
	locks int     // lattices that were fitted
	pilot float64 // the least probability of the pilots of one
}

// What is looked at: lattices that fit by the spectrum, and of these those that fit at a
// glance.
const (
	broadCandidates = 10
	localCandidates = 5
	fitted          = 4
	sureEnough      = 4.6 // standard deviations: glances above are fitted, whatever their number, and bends straightened
)

// run looks for the watermark: first as if the picture were whole, upright or not, then
// at all scales and turns, then in parts of the picture, as one that is seen at an angle has many.
func (s *search) run() (Detection, bool) {
	if d, ok := s.fit(s.whole(), 1); ok {
		return d, true
	}
	if s.broad == nil {
		s.broad = spectrumOf(s.white, spectrumSide)
	}
	all := append(s.turned(s.broad, 60), s.stretched(s.broad, 16)...)
	all = s.best(s.broad, all, broadCandidates)
	for i := range all {
		all[i].window = s.white.window()
	}
	if d, ok := s.fit(s.glances(all), fitted); ok {
		return d, true
	}
	return s.fit(s.glances(s.parts()), fitted)
}

const (
	spectrumSide = 1024
	partSide     = 512
)

// parts returns the best candidates of the picture's quarters and its middle.
func (s *search) parts() (all []candidate) {
	w, h := s.white.w/2, s.white.h/2
	for i, at := range [5][2]int{{0, 0}, {w, 0}, {0, h}, {w, h}, {w / 2, h / 2}} {
		if i == len(s.local) {
			s.local = append(s.local, spectrumOf(s.white.part(at[0], at[1], w, h), partSide))
		}
		best := s.best(s.local[i], s.turned(s.local[i], 12), 2)
		for _, c := range best {
			c.window = window{float64(at[0]), float64(at[1]), float64(at[0] + w), float64(at[1] + h)}
			all = append(all, c)
		}
	}
	slices.SortFunc(all, func(a, b candidate) int { return cmp.Compare(b.score, a.score) })
	return all[:min(localCandidates, len(all))]
}

// part returns a copy of a part.
func (p plane) part(x0, y0, w, h int) plane {
	out := newPlane(w, h)
	for y := range h {
		copy(out.row(y), p.row(y0 + y)[x0:])
	}
	return out
}

// whole returns glances at a picture that is whole, in its eight positions.
func (s *search) whole() (all []glance) {
	for kind := range 4 { // the half turns are in each
		g := linear(1, 1, float64(kind/2)*math.Pi/2, kind&1 != 0)
		var turned amounts
		for i, w := range band {
			turned[i] = w.through(g).of(&s.tiles)
		}
		all = append(all, s.glance(&turned, candidate{geometry: g, window: s.white.window()}))
	}
	return all
}

func (s *search) glances(all []candidate) (out []glance) {
	for _, c := range all {
		out = append(out, s.glanceAt(s.plane(c.geometry), c))
	}
	return out
}

// plane returns what a lattice is to be laid over.
func (s *search) plane(g geometry) plane {
	if g.scale() < 1.6 {
		return s.white
	}
	if s.soft.v == nil {
		s.soft = newPlane(s.white.w, s.white.h)
		s.white.blur(s.soft, newPlane(s.white.w, s.white.h), 1)
	}
	return s.soft
}

// fit fits the lattices of the n best glances, and of all that are sure enough, until a
// payload can be read.
func (s *search) fit(all []glance, n int) (Detection, bool) {
	slices.SortFunc(all, func(a, b glance) int { return cmp.Compare(b.z, a.z) })
	for i, g := range all {
		if i >= n && g.z < sureEnough {
			break
		}
		if d, ok := s.lock(g); ok {
			return d, true
		}
	}
	return Detection{}, false
}

// promising is a probability of the pilots below which more is done to read a payload.
const promising = 0.03

// lock fits the lattice of a glance and reads it.
func (s *search) lock(g glance) (d Detection, ok bool) {
	t, ok := layOver(s.plane(g.geometry), g.geometry, g.window)
	if !ok {
		return d, false
	}
	t.terms[0], t.terms[1] = g.dx, g.dy
	s.refine(t, g.variant, shifting)
	for range 3 {
		s.refine(t, g.variant, affine)
	}
	if g.window != s.white.window() {
		t = s.grow(t, g.variant, g.window)
	}
	if t.uneven() > 0.1 && s.clarity(t, g.variant) > sureEnough {
		if n, ok := s.straighten(t, g.variant, t.window); ok {
			t = n
		}
	}
	sum := t.sum()
	s.locks++
	chance := s.witness(&sum, g.variant)
	s.pilot = min(s.pilot, chance)
	worth := attempts
	if chance > promising {
		worth = attempts[:1]
	}
	if d.Payload, ok = s.decode(&sum, &t.noise, g.variant, worth, &s.tries); ok {
		x, y := t.geometry.inverse().at(float64(s.white.w)/2, float64(s.white.h)/2)
		d.Transform = t.geometry.times(t.bend.geometry().inverse()).transform(x, y)
		d.Heat = s.heat(t, d.Payload, g.variant)
	}
	return d, ok
}

// grow fits a lattice to more and more of the picture, from a window outward, as long as
// its pilots become clearer.
func (s *search) grow(t *tiling, variant int, w window) *tiling {
	s.refine(t, variant, projective)
	z := s.clarity(t, variant)
	for all := s.white.window(); w != all; {
		w = w.wider(tileSide*t.geometry.scale(), all)
		n, ok := s.straighten(t, variant, w)
		if !ok {
			break
		}
		clearer := s.clarity(n, variant)
		if clearer < z-0.1 {
			break
		}
		t, z = n, clearer
	}
	return t
}

// clarity returns how well the pilots fit, in standard deviations.
func (l *lattice) clarity(t *tiling, variant int) float64 {
	sum := t.sum()
	fits := l.fits(&sum, &t.noise, variant)
	var re float64
	for _, a := range fits {
		re += float64(a.re)
	}
	return deviations(re, &fits)
}

// straighten lays a lattice anew where the watermark bends it, in a window.
func (s *search) straighten(t *tiling, variant int, w window) (*tiling, bool) {
	for range 2 {
		s.refine(t, variant, projective)
	}
	g := t.geometry.times(t.bend.geometry().inverse())
	t, ok := layOver(s.plane(g), g, w)
	if !ok {
		return nil, false
	}
	for range 2 {
		s.refine(t, variant, projective)
	}
	return t, true
}
