package watermark

import "math"

// Informed embedding: the embedder knows the picture that will be the noise of the
// detector, and takes a part of what it has of each wave away (improved spread
// spectrum, Malvar and Florencio 2003).

// kappa is the noise that is reckoned with beside the host, in units of the power of a wave.
const kappa = 0.5

// reject takes a part of the host away from each wave: as much as is best for its ring.
// Both are in units of the pattern.
func (waves *pattern) reject(host *amounts) {
	var own, other [rings]float64
	for i := range band {
		own[ringOf[i]] += float64(waves[i].power())
		other[ringOf[i]] += float64(host[i].power())
	}
	for i := range band {
		if r := ringOf[i]; own[r] > 0 && waves[i].power() > 0 {
			part := float32(rejection(other[r] / own[r]))
			waves[i].re -= part * host[i].re
			waves[i].im -= part * host[i].im
		}
	}
	waves.normalise()
}

// mostRejected is the largest part: what another key put there is to be found as well.
const mostRejected = 0.3

// rejection returns the part of a host, whose power is ratio times the watermark's, that is best
// taken away.
func rejection(ratio float64) (part float64) {
	best := 0.0
	for p := 0.0; p <= mostRejected; p += 0.05 {
		if v := (1 - p*p*ratio) / ((1-p)*(1-p)*ratio + kappa); v > best {
			best, part = v, p
		}
	}
	return part
}

// hostOf returns what a whitened picture has of each wave, in units of the pattern at that
// level. Gain is what whitening scaled each block by.
func hostOf(white, gain, level plane) *amounts {
	var re, im tileImage
	white.fold(&re)
	tileFFT.Forward2(re[:], im[:])
	var response float64 // of a wave that was added, in the sum of the tiles
	for y := range gain.h {
		row := level.row(min(y*whiteBlock/blockSide, level.h-1))
		for x, g := range gain.row(y) {
			response += float64(g * row[min(x*whiteBlock/blockSide, level.w-1)])
		}
	}
	response *= float64(white.w*white.h) / float64(gain.w*gain.h) / 2
	host := new(amounts)
	for i, w := range band {
		f := float32(1 / (response * whitening(w)))
		host[i] = phasor{re[w.at()] * f, im[w.at()] * f}
	}
	return host
}

// fold adds up all tiles of p.
func (p plane) fold(sum *tileImage) {
	for y := range p.h {
		out, row := sum[y%tileSide*tileSide:][:tileSide], p.row(y)
		for ; len(row) > 0; row = row[min(tileSide, len(row)):] {
			for x, v := range row[:min(tileSide, len(row))] {
				out[x] += v
			}
		}
	}
}

// whitening returns which part of the amplitude of a wave whitening leaves.
func whitening(w wave) float64 { return 1 - box(w.u)*box(w.v) }

// box returns what two box blurs of nine pixels leave of a frequency.
func box(f int) float64 {
	if f == 0 {
		return 1
	}
	x := math.Pi * float64(f) / tileSide
	v := math.Sin(9*x) / (9 * math.Sin(x))
	return v * v
}
