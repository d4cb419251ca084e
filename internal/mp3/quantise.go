package mp3

import "math"

const (
	unityGain    = 210 // global_gain of a step of 1
	maxQuantum   = 8191 + 15
	disputedBand = 18     // of 24 kHz starts at line 332; at 330 for ffmpeg
	quantumBias  = 0.4054 // below which values become the lesser integer
)

// A quantised granule is its lines as integers, and how they are coded.
type quantised struct {
	granule
	values [lines]int
	end    int // behind the last value in a quad
}

// quantise returns the finest approximation of x that takes no more than so many bits.
// All lines have the same step: noise is as little as it can be in all, not where the
// ear is.
func quantise(x *[lines]float64, b *bands, budget int) *quantised {
	best := &quantised{granule: granule{gain: unityGain}} // silence
	if *x == [lines]float64{} {
		return best
	}
	var powers [lines]float64 // of 3/4
	for i, v := range x {
		v = math.Abs(v)
		powers[i] = math.Sqrt(v * math.Sqrt(v))
	}
	low, high := 0, 256
	for low < high {
		gain := (low + high) / 2
		if q := at(x, &powers, gain); q != nil && q.code(b) && q.bits <= budget {
			best, high = q, gain
		} else {
			low = gain + 1
		}
	}
	return best
}

// at returns x in the step of a gain, nil if there is a value that is too large.
func at(x, powers *[lines]float64, gain int) *quantised {
	q := &quantised{granule: granule{gain: gain}}
	step := math.Pow(2, float64(unityGain-gain)*3/16)
	for i, p := range powers {
		n := p*step + quantumBias
		if n >= maxQuantum+1 {
			return nil
		}
		if q.values[i] = int(n); x[i] < 0 {
			q.values[i] = -q.values[i]
		}
	}
	return q
}

// code chooses the codes that take the fewest bits.
func (q *quantised) code(b *bands) bool {
	end, large := 0, 0 // behind the last value, and the last one above 1
	for i, v := range q.values {
		if v != 0 {
			end = i + 1
		}
		if v > 1 || v < -1 {
			large = i + 1
		}
	}
	q.pairs = (large + 1) / 2
	quads := (max(end-2*q.pairs, 0) + 3) / 4
	if 2*q.pairs+4*quads > lines {
		q.pairs++ // one pair is all that does not fit
		quads--
	}
	q.end = 2*q.pairs + 4*quads
	q.bits = q.chooseQuads() + q.chooseRegions(b)
	return q.bits <= maxBits
}

// chooseQuads chooses the code of values that are none greater than 1.
func (q *quantised) chooseQuads() (bits int) {
	var sums [2]int
	for i := 2 * q.pairs; i < q.end; i += 4 {
		pattern, signs := q.quad(i)
		for t := range sums {
			sums[t] += quadTables[t].words[pattern].size + signs
		}
	}
	if sums[1] < sums[0] {
		q.quads = 1
	}
	return sums[q.quads]
}

// quad returns which of four values are not zero, and how many.
func (q *quantised) quad(i int) (pattern, count int) {
	for _, v := range q.values[i : i+4] {
		pattern <<= 1
		if v != 0 {
			pattern++
			count++
		}
	}
	return pattern, count
}

// chooseRegions chooses where the regions of pairs end, and their codes.
func (q *quantised) chooseRegions(b *bands) (bits int) {
	c := q.costs(b)
	bits = math.MaxInt
	for first := range 16 {
		for second := range 8 {
			if end := first + second + 2; end > 22 || end == disputedBand {
				continue
			}
			t0, n0 := c.cheapest(0, first+1)
			t1, n1 := c.cheapest(first+1, first+second+2)
			t2, n2 := c.cheapest(first+second+2, 22)
			if n := n0 + n1 + n2; n < bits {
				bits, q.counts, q.tables = n, [2]int{first, second}, [3]int{t0, t1, t2}
			}
		}
	}
	return bits
}

// costs are what the pairs of the bands before each take.
type costs struct {
	bits    [23][32]int
	escapes [23]int // values that go on
	largest [22]int // of each band
}

// costs counts the bits of pairs in each code that has words for them. What goes on
// in other bits counts as 15.
func (q *quantised) costs(b *bands) *costs {
	c := &costs{}
	for band := range 22 {
		c.bits[band+1], c.escapes[band+1] = c.bits[band], c.escapes[band]
		for i := b.long[band]; i < min(b.long[band+1], 2*q.pairs); i += 2 {
			x, y := abs(q.values[i]), abs(q.values[i+1])
			c.largest[band] = max(c.largest[band], x, y)
			signs := min(x, 1) + min(y, 1)
			for _, v := range [2]int{x, y} {
				if v >= 15 {
					c.escapes[band+1]++
				}
			}
			x, y = min(x, 15), min(y, 15)
			for _, t := range usefulTables {
				if n := pairTables[t].words[x<<4|y].size; n > 0 {
					c.bits[band+1][t] += n + signs
				}
			}
		}
	}
	return c
}

// usefulTables has one table of each code.
var usefulTables = [...]int{1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12, 13, 15, 16, 24}

// cheapest returns the table that takes the fewest bits for some bands.
func (c *costs) cheapest(from, to int) (table, bits int) {
	largest := 0
	for _, v := range c.largest[from:to] {
		largest = max(largest, v)
	}
	if largest == 0 {
		return 0, 0
	}
	bits = math.MaxInt
	for t := range pairTables {
		p := &pairTables[t]
		if p.huffman == nil || largest > p.largest() {
			continue
		}
		n := c.bits[to][p.first] - c.bits[from][p.first] + (c.escapes[to]-c.escapes[from])*p.linbits
		if n < bits {
			table, bits = t, n
		}
	}
	return table, bits
}

func abs(v int) int { return max(v, -v) }

// write writes the values.
func (q *quantised) write(w *bitWriter, b *bands) {
	i := 0
	for region, stop := range q.regions(b) {
		for t := &pairTables[q.tables[region]]; i < stop; i += 2 {
			if t.huffman != nil {
				t.write(w, q.values[i], q.values[i+1])
			}
		}
	}
	for ; i < q.end; i += 4 {
		pattern, _ := q.quad(i)
		word := quadTables[q.quads].words[pattern]
		w.write(word.code, word.size)
		for _, v := range q.values[i : i+4] {
			w.sign(v)
		}
	}
}

// write writes a pair of values.
func (t *pairTable) write(w *bitWriter, x, y int) {
	word := t.words[min(abs(x), 15)<<4|min(abs(y), 15)]
	w.write(word.code, word.size)
	for _, v := range [2]int{x, y} {
		if t.linbits > 0 && abs(v) >= 15 {
			w.write(abs(v)-15, t.linbits)
		}
		w.sign(v)
	}
}

// sign writes the sign of a value that has one.
func (w *bitWriter) sign(v int) {
	switch {
	case v > 0:
		w.write(0, 1)
	case v < 0:
		w.write(1, 1)
	}
}
