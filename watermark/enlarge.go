package watermark

import "math"

// An enlarger makes rows of a picture that is larger, by Catmull-Rom interpolation.
type enlarger struct {
	p       plane
	step    float64      // pixels of p for one
	scale   float32      // of the values
	columns [][4]float32 // weights of the four pixels around each place; nil if the places are those of p
	ends    []int32      // how many columns are before each next pixel of line
	line    []float32    // a row of p between its rows, with the edges repeated
}

// Pixels that are repeated before and behind a line.
const before, behind = 2, 3

// newEnlarger returns one for w places in a row which are step pixels of p apart, with the
// outer edges of the first pixels together.
func newEnlarger(p plane, w int, step float64) *enlarger {
	e := &enlarger{p: p, step: step, scale: 1}
	if step == 1 && w == p.w {
		return e
	}
	e.line = make([]float32, before+p.w+behind)
	e.columns = make([][4]float32, w)
	e.ends = make([]int32, len(e.line)-3)
	for x := range e.columns {
		whole, weight := between(x, step)
		e.columns[x] = weight
		e.ends[min(max(whole-1+before, 0), len(e.ends)-1)] = int32(x + 1)
	}
	for i := range e.ends {
		e.ends[i] = max(e.ends[i], e.ends[max(i-1, 0)])
	}
	return e
}

// between returns the pixel before place i, and the weights of it, its next and the two around them.
func between(i int, step float64) (whole int, weight [4]float32) {
	at := (float64(i)+0.5)*step - 0.5
	floor := math.Floor(at)
	return int(floor), cubic(float32(at - floor))
}

// cubic returns the weights of the pixels at -1, 0, 1 and 2 (Catmull and Rom 1974).
func cubic(t float32) [4]float32 {
	return [4]float32{
		((-0.5*t+1)*t - 0.5) * t,
		(1.5*t-2.5)*t*t + 1,
		((-1.5*t+2)*t + 0.5) * t,
		(0.5*t - 0.5) * t * t,
	}
}

// row writes row y.
func (e *enlarger) row(dst []float32, y int) {
	if e.columns == nil {
		in := e.p.clampedRow(y)
		for x := range dst[:len(in)] {
			dst[x] = in[x] * e.scale
		}
		return
	}
	whole, weight := between(y, e.step)
	e.mix(whole, weight)
	e.spread(dst)
}

// mix sets line to the row after the row whole.
func (e *enlarger) mix(whole int, weight [4]float32) {
	n := e.p.w
	a, b := e.p.clampedRow(whole - 1)[:n], e.p.clampedRow(whole)[:n]
	c, d := e.p.clampedRow(whole + 1)[:n], e.p.clampedRow(whole + 2)[:n]
	wa, wb, wc, wd := weight[0]*e.scale, weight[1]*e.scale, weight[2]*e.scale, weight[3]*e.scale
	line := e.line[before:][:n]
	for x := range line {
		line[x] = a[x]*wa + b[x]*wb + c[x]*wc + d[x]*wd
	}
	for i := range before {
		e.line[i] = line[0]
	}
	for i := range behind {
		e.line[before+n+i] = line[n-1]
	}
}

// spread writes what is at the columns of line.
func (e *enlarger) spread(dst []float32) {
	columns := e.columns
	dst = dst[:len(columns)]
	a, b, c := e.line[0], e.line[1], e.line[2]
	next := e.line[3:][:len(e.ends)]
	x := 0
	for i, end := range e.ends {
		d := next[i]
		for ; x < int(end); x++ {
			w := &columns[x]
			dst[x] = a*w[0] + b*w[1] + c*w[2] + d*w[3]
		}
		a, b, c = b, c, d
	}
}

// enlarge returns p at w x h, with step pixels of p for one.
func (p plane) enlarge(w, h int, step float64) plane {
	out := newPlane(w, h)
	e := newEnlarger(p, w, step)
	for y := range h {
		e.row(out.row(y), y)
	}
	return out
}
