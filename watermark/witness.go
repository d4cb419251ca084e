package watermark

import "math"

// witness returns the probability that pilots of no watermark have phases as near to
// theirs as those which no part of the search looks at. Those phases are as good as
// random, whatever the picture, as the key's are: the sum of their cosines is that of a
// random walk.
func (l *lattice) witness(sum *amounts, variant int) float64 {
	var s float64
	for i, w := range l.pilots[syncPilots:] {
		a := sum[w].over(l.phases[variant][syncPilots+i])
		s += float64(a.re) / math.Sqrt(float64(a.power())+1e-30)
	}
	return walkBeyond(s)
}

const witnesses = pilots - syncPilots

// walkBeyond returns the probability that the sum of the cosines of so many random angles is
// s or more: from its characteristic function, a power of the Bessel function J0.
func walkBeyond(s float64) float64 {
	if math.IsNaN(s) { // of a picture whose brightness is not a number
		return 1
	}
	const du, end = 0.02, 40
	var integral float64
	for u := du / 2; u < end; u += du {
		integral += math.Sin(u*s) / u * math.Pow(math.J0(u), witnesses) * du
	}
	return min(max(0.5-integral/math.Pi, 1e-9), 1)
}
