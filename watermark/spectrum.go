package watermark

import (
	"math"

	"github.com/aigclabel/aigclabel/internal/fft"
)

// A spectrum shows where in a picture's half plane of frequencies there is more than
// around it: the magnitude of each, in 1/unit of the mean of its neighbourhood. Its
// columns are the frequencies from 0 to side/2, its rows those from -side/2.
type spectrum struct {
	side, columns int
	sharp         []uint8 // each by itself
	wide          []uint8 // the largest of 3 x 3, coarsely: from 0 to coarse
	mean          uint8   // of wide
	byAngle       polarMap
}

const (
	unit         = 50
	maxMagnitude = 4.5 // times the mean: more is a stripe of the picture's own
)

// spectrumOf returns the spectrum of the middle of a picture, of side x side pixels at most.
func spectrumOf(p plane, side int) *spectrum {
	w, h := min(p.w, side), min(p.h, side)
	src := tapered(p, (p.w-w)/2, (p.h-h)/2, w, h)
	s := &spectrum{side: side, columns: side/2 + 1}
	m, tmp, around := newPlane(s.columns, side), newPlane(s.columns, side), newPlane(s.columns, side)
	planOf(side).Power2(tmp.v, src.v, w, h, new(fft.Scratch))
	for y := range side {
		magnitudes(m.row((y+side/2)%side), tmp.row(y))
	}
	m.blur(around, tmp, side/64)
	s.sharp = make([]uint8, len(m.v))
	for i, v := range m.v {
		s.sharp[i] = uint8(unit * min(v/(around.v[i]+1e-6), maxMagnitude))
	}
	s.widen()
	return s
}

var broadFFT, localFFT = fft.New(spectrumSide), fft.New(partSide)

func planOf(side int) *fft.Plan {
	if side == partSide {
		return localFFT
	}
	return broadFFT
}

func magnitudes(dst, power []float32) {
	dst = dst[:len(power)]
	for x, v := range power {
		dst[x] = float32(math.Sqrt(float64(v)))
	}
}

// tapered returns a part of a picture that fades out at its edges, the last eighth of them (Tukey).
func tapered(p plane, x0, y0, w, h int) plane {
	out := newPlane(w, h)
	across, down := taper(w), taper(h)
	for y := range h {
		in, row, d := p.row(y0 + y)[x0:][:w], out.row(y), down[y]
		for x, v := range in {
			row[x] = v * across[x] * d
		}
	}
	return out
}

func taper(n int) []float32 {
	t := make([]float32, n)
	edge := float64(n) / 8
	for i := range t {
		x := min(float64(i)+0.5, float64(n-i)-0.5) / edge
		t[i] = float32(0.5 - 0.5*math.Cos(math.Pi*min(x, 1)))
	}
	return t
}

// widen sets wide and its mean.
func (s *spectrum) widen() {
	w, n := s.columns, len(s.sharp)
	across := make([]uint8, n)
	for y := range s.side {
		in, out := s.sharp[y*w:][:w], across[y*w:][:w]
		out[0], out[w-1] = max(in[0], in[1]), max(in[w-2], in[w-1])
		for x := 1; x < w-1; x++ {
			out[x] = max(in[x-1], in[x], in[x+1])
		}
	}
	s.wide = make([]uint8, n)
	sum := 0
	for y := range s.side {
		a, b, c := across[max(y-1, 0)*w:][:w], across[y*w:][:w], across[min(y+1, s.side-1)*w:][:w]
		out := s.wide[y*w:][:w]
		for x := range out {
			v := coarsely[max(a[x], b[x], c[x])]
			out[x] = v
			sum += int(v)
		}
	}
	s.mean = uint8((sum + n/2) / n)
}

// coarse is so small that those of all pilots fit a byte.
const coarse = 7

// coarsely has the magnitudes above the mean, in fifths of twice it.
var coarsely = func() (all [256]uint8) {
	for v := range all {
		all[v] = uint8(min(max(v-unit, 0)*5/(2*unit), coarse))
	}
	return all
}()

// perWave returns how many frequencies there are to one of a tile.
func (s *spectrum) perWave() float64 { return float64(s.side) / tileSide }

// at returns the magnitude at a frequency between four, and the mean beyond the spectrum.
func (s *spectrum) at(x, y float64) float32 {
	if x < 0 {
		x, y = -x, -y
	}
	y += float64(s.side / 2)
	if x >= float64(s.columns-1) || y < 0 || y >= float64(s.side-1) {
		return unit
	}
	i, j := int(x), int(y)
	fx, fy := float32(x-float64(i)), float32(y-float64(j))
	a, b := s.sharp[j*s.columns+i:][:2], s.sharp[(j+1)*s.columns+i:][:2]
	top := float32(a[0]) + (float32(a[1])-float32(a[0]))*fx
	bottom := float32(b[0]) + (float32(b[1])-float32(b[0]))*fx
	return top + (bottom-top)*fy
}

const (
	step   = 0.006 // of the logarithm of radii, and of angles in radians
	angles = 524   // of a half turn
)

// A polarMap is a spectrum by the logarithm of the radius, in rows, and by the angle,
// in columns of two half turns.
type polarMap struct {
	rows  [][]uint8
	first float64 // logarithm of the radius of the first row
}

// polar returns the map of the radii from first to last, which are the same each time.
func (s *spectrum) polar(first, last float64) polarMap {
	if s.byAngle.rows != nil {
		return s.byAngle
	}
	p := polarMap{make([][]uint8, int((math.Log(last)-math.Log(first))/step)+2), math.Log(first)}
	var sin, cos [angles]float32
	for a := range angles {
		y, x := math.Sincos(math.Pi * float64(a) / angles)
		sin[a], cos[a] = float32(y), float32(x)
	}
	for i := range p.rows {
		r := float32(math.Exp(p.first + step*float64(i)))
		row := make([]uint8, 2*angles)
		for a := range angles {
			row[a] = s.nearest(r*cos[a], r*sin[a])
		}
		copy(row[angles:], row)
		p.rows[i] = row
	}
	s.byAngle = p
	return p
}

// nearest returns the wide magnitude at a frequency.
func (s *spectrum) nearest(x, y float32) uint8 {
	if x < 0 {
		x, y = -x, -y
	}
	column, row := int(x+0.5), int(y+float32(s.side/2)+0.5)
	if column >= s.columns || row < 0 || row >= s.side {
		return s.mean
	}
	return s.wide[row*s.columns+column]
}
