package watermark

import "math"

const (
	whiteBlock = 8   // grid pixels
	whiteFloor = 2.0 // variance, squared grey levels: below it is the noise of rounding
	whiteClip  = 2.5 // standard deviations
)

// whiten returns what is left of a picture without its shades, at the same strength
// everywhere: a watermark, and noise. The planes tmp and low are overwritten.
func whiten(p, tmp, low plane) plane {
	out, _ := whitened(p, tmp, low)
	return out
}

// whitened returns also by how much each block was scaled.
func whitened(p, tmp, low plane) (out, gain plane) {
	out = newPlane(p.w, p.h)
	p.blurTwice(out, tmp, low, 4)
	w, h := (p.w+whiteBlock-1)/whiteBlock, (p.h+whiteBlock-1)/whiteBlock
	energy, gain, room := newPlane(w, h), newPlane(w, h), newPlane(w, h)
	for y := range p.h {
		subtract(out.row(y), p.row(y))
		addSquares(energy.row(y/whiteBlock), out.row(y))
	}
	energy.divide(p, whiteBlock)
	energy.blur(gain, room, 1)
	for i, v := range gain.v {
		gain.v[i] = float32(1 / math.Sqrt(float64(v)+whiteFloor))
	}
	equalise(out, gain)
	return out, gain
}

// subtract sets low to what of a row is not in it.
func subtract(low, row []float32) {
	row = row[:len(low)]
	for x, v := range low {
		low[x] = row[x] - v
	}
}

// addSquares adds those of each block of a row.
func addSquares(sums, row []float32) {
	for i := range sums {
		n := min(whiteBlock, len(row))
		var sum float32
		for _, v := range row[:n] {
			sum += v * v
		}
		sums[i] += sum
		row = row[n:]
	}
}

// divide makes means of the sums of the blocks of p, by how many pixels each has.
func (sums plane) divide(p plane, side int) {
	for y := range sums.h {
		high := min(side, p.h-y*side)
		for x, v := range sums.row(y) {
			sums.v[y*sums.w+x] = v / float32(high*min(side, p.w-x*side))
		}
	}
}

// equalise scales p by the gain of each place, and cuts what stands out.
func equalise(p, gain plane) {
	e := newEnlarger(gain, p.w, 1.0/whiteBlock)
	line := make([]float32, p.w)
	for y := range p.h {
		e.row(line, y)
		row := p.row(y)[:len(line)]
		for x, f := range line {
			v := row[x] * f
			if v > whiteClip {
				v = whiteClip
			}
			if v < -whiteClip {
				v = -whiteClip
			}
			row[x] = v
		}
	}
}
