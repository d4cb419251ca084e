package watermark

// A plane is a picture of one channel, row by row.
type plane struct {
	w, h int
	v    []float32
}

func newPlane(w, h int) plane { return plane{w, h, make([]float32, w*h)} }

func (p plane) row(y int) []float32 { return p.v[y*p.w : (y+1)*p.w : (y+1)*p.w] }

// clampedRow returns row y, or the first or the last one beyond them.
func (p plane) clampedRow(y int) []float32 { return p.row(min(max(y, 0), p.h-1)) }

// blur writes to dst, by way of tmp, the mean of the (2*r+1) x (2*r+1) pixels around
// each of p, whose edges are repeated beyond them. The planes are different, but dst
// may be p.
func (p plane) blur(dst, tmp plane, r int) {
	wide := make([]float32, p.w+2*r+1)
	for y := range p.h {
		sumRow(tmp.row(y), p.row(y), wide, r)
	}
	tmp.sumColumns(dst, r, boxScale(r))
}

// blurTwice does as two calls of blur, each way at once, as the two ways can change places.
func (p plane) blurTwice(dst, tmp, tmp2 plane, r int) {
	wide, once := make([]float32, p.w+2*r+1), make([]float32, p.w)
	for y := range p.h {
		sumRow(once, p.row(y), wide, r)
		sumRow(tmp.row(y), once, wide, r)
	}
	tmp.sumColumns(tmp2, r, boxScale(r))
	tmp2.sumColumns(dst, r, boxScale(r))
}

// boxScale makes a mean of a sum.
func boxScale(r int) float32 { return 1 / float32((2*r+1)*(2*r+1)) }

// sumRow writes to out the sums of the 2*r+1 pixels around each of in. There is room
// in wide for in and what is repeated at its ends.
func sumRow(out, in, wide []float32, r int) {
	n := len(in)
	for i := range r {
		wide[i], wide[n+r+i] = in[0], in[n-1]
	}
	wide[n+2*r] = in[n-1]
	copy(wide[r:], in)
	var sum float32
	for _, v := range wide[:2*r+1] {
		sum += v
	}
	ahead, behind := wide[2*r+1:][:len(out)], wide[:len(out)]
	for i := range out {
		out[i] = sum
		sum += ahead[i] - behind[i]
	}
}

// sumColumns writes to dst the sums of the 2*r+1 pixels above and below each of p, times
// a scale.
func (p plane) sumColumns(dst plane, r int, scale float32) {
	sum := make([]float32, p.w)
	for y := -r; y <= r; y++ {
		addScaled(sum, p.clampedRow(y), 1)
	}
	for y := range p.h {
		out := dst.row(y)[:len(sum)]
		ahead, behind := p.clampedRow(y + r + 1)[:len(sum)], p.clampedRow(y - r)[:len(sum)]
		for x, v := range sum {
			out[x] = v * scale
			sum[x] = v + (ahead[x] - behind[x])
		}
	}
}

// addScaled adds a row to sums, times a scale.
func addScaled(sum, row []float32, scale float32) {
	row = row[:len(sum)]
	for x := range sum {
		sum[x] += row[x] * scale
	}
}

// scale multiplies all pixels.
func (p plane) scale(by float64) {
	for i := range p.v {
		p.v[i] *= float32(by)
	}
}

// meanSquare returns that of all pixels.
func (p plane) meanSquare() float64 {
	var sum float64
	for y := range p.h {
		var row float32
		for _, v := range p.row(y) {
			row += v * v
		}
		sum += float64(row)
	}
	return sum / float64(len(p.v))
}
