package polar

import (
	"cmp"
	"slices"
)

const (
	maxList   = 256
	maxLevels = 13 // those of maxLength and the channel's
	wordBits  = 64
)

// side tells the first from the second half of a node.
type side int

const (
	left side = iota
	right
)

// path is one list entry: the decisions so far. What it knows of a level is in a slot
// that it may share with the path that it was forked from. No slot needs a count of
// users: all paths write a level at once, when none needs what was there.
type path struct {
	metric int64 // what the values say against it
	word   uint64
	llr    [maxLevels]uint8
	bits   [maxLevels]uint8 // of the first half, once it is decided
	flip   bool             // took the second choice of the last fork
}

func (p *path) choose(flip bool, metric int64) { p.flip, p.metric = flip, metric }

// decoder is the scratch of one decoding. Level s has nodes of 2^s bits.
type decoder struct {
	code    *Code
	list    int // most paths
	slots   int // that there is memory for
	paths   []path
	llr     [maxLevels][]int32     // [slot<<level]
	bits    [2][maxLevels][]uint64 // by side, [slot*words(level)]
	metrics [2][maxList]int64      // of the two choices of each path
	keys    [2 * maxList]int64
	order   [maxList][wordBits]uint64 // by slot
	rank    [maxList]int
	u       []uint64
	info    []byte
}

func newDecoder(c *Code) *decoder {
	d := &decoder{code: c, u: make([]uint64, words(c.levels)), info: make([]byte, (c.k+7)/8)}
	d.llr[c.levels] = make([]int32, c.n)
	return d
}

func words(level int) int { return max(1, 1<<level/wordBits) }

// start makes room for a list and takes the channel's values.
func (d *decoder) start(llr []float32, list int) {
	if d.list = list; d.slots < list {
		d.slots = list
		for s := range d.code.levels {
			d.llr[s] = make([]int32, list<<s)
		}
		for s := range d.code.levels + 1 {
			d.bits[left][s] = make([]uint64, list*words(s))
			d.bits[right][s] = make([]uint64, list*words(s))
		}
		d.paths = make([]path, 0, list)
	}
	d.paths = append(d.paths[:0], path{})
	quantise(d.llr[d.code.levels], llr)
}

// values has the ratios of the node of some level that is under way.
func (d *decoder) values(level, slot int) []int32 {
	return d.llr[level][slot<<level : (slot+1)<<level]
}

// decided has the bits of a node of some level that is finished.
func (d *decoder) decided(level int, s side, slot int) []uint64 {
	n := words(level)
	return d.bits[s][level][slot*n : (slot+1)*n]
}

// node decides the bits of a node whose values all paths have.
func (d *decoder) node(i, level int, s side) {
	switch d.code.nodes[i] {
	case frozen:
		d.frozen(level, s)
	case repetition:
		d.repetition(level, s)
	case free:
		d.free(level, s)
	default:
		d.halves(i, level, s)
	}
}

func (d *decoder) halves(i, level int, s side) {
	half := level - 1
	known := d.code.nodes[2*i] == frozen
	if known {
		d.skip(level)
	} else {
		for p := range d.paths {
			first(d.values(half, p), d.values(level, int(d.paths[p].llr[level])))
			d.paths[p].llr[half] = uint8(p)
		}
		d.node(2*i, half, left)
		for p := range d.paths {
			d.paths[p].bits[half] = uint8(p)
		}
	}
	for p := range d.paths {
		q := &d.paths[p]
		in, out := d.values(level, int(q.llr[level])), d.values(half, p)
		if q.llr[half] = uint8(p); known {
			sum(out, in)
		} else {
			second(out, in, d.decided(half, left, int(q.bits[half])))
		}
	}
	d.node(2*i+1, half, right)
	for p := range d.paths {
		var a []uint64
		if !known {
			a = d.decided(half, left, int(d.paths[p].bits[half]))
		}
		join(d.decided(level, s, p), a, d.decided(half, right, p), level)
	}
}

// join makes the bits of a node of its halves; a is nil when it is all zero.
func join(out, a, b []uint64, level int) {
	if 1<<level <= wordBits {
		w := b[0] | b[0]<<(1<<level/2)
		if a != nil {
			w ^= a[0]
		}
		out[0] = w
		return
	}
	copy(out, b)
	copy(out[len(b):], b)
	for i, w := range a {
		out[i] ^= w
	}
}

// skip counts what a frozen first half costs. It costs all paths the same as long as
// there is only one.
func (d *decoder) skip(level int) {
	if len(d.paths) == 1 {
		return
	}
	for p := range d.paths {
		q := &d.paths[p]
		q.metric += costOfFirst(d.values(level, int(q.llr[level])))
	}
}

func (d *decoder) frozen(level int, s side) {
	for p := range d.paths {
		q := &d.paths[p]
		cost, _ := cost(d.values(level, int(q.llr[level])))
		q.metric += cost
		clear(d.decided(level, s, p))
	}
}

func (d *decoder) repetition(level int, s side) {
	for p := range d.paths {
		q := &d.paths[p]
		cost, sum := cost(d.values(level, int(q.llr[level])))
		d.metrics[0][p] = q.metric + cost
		d.metrics[1][p] = q.metric + cost + sum
	}
	d.fork()
	ones := ^uint64(0)
	if 1<<level < wordBits {
		ones = 1<<(1<<level) - 1
	}
	for p := range d.paths {
		w := d.decided(level, s, p)
		for i := range w {
			w[i] = 0
			if d.paths[p].flip {
				w[i] = ones
			}
		}
	}
}

// free takes a node without redundancy: the signs of the values, and the weakest of
// them the other way as well. A list has no room for more than list-1 of them (Hashemi
// et al., "Fast and flexible successive-cancellation list decoders", 2017).
func (d *decoder) free(level int, s side) {
	flips := min(1<<level, max(d.list-1, 1))
	for p := range d.paths {
		q := &d.paths[p]
		slot := int(q.llr[level])
		v := d.values(level, slot)
		q.word = signs(v)
		weakest(d.order[slot][:len(v)], v)
	}
	for i := range flips {
		for p := range d.paths {
			q := &d.paths[p]
			d.metrics[0][p] = q.metric
			d.metrics[1][p] = q.metric + int64(d.order[q.llr[level]][i]>>8)
		}
		if !d.fork() {
			break // the next cost more
		}
		for p := range d.paths {
			if q := &d.paths[p]; q.flip {
				q.word ^= 1 << (d.order[q.llr[level]][i] & 0xff)
			}
		}
	}
	for p := range d.paths {
		d.decided(level, s, p)[0] = d.paths[p].word
	}
}

// weakest sorts the magnitudes of values, each above its index in the low 8 bits.
func weakest(order []uint64, values []int32) {
	for i, v := range values {
		key := uint64(magnitude(v))<<8 | uint64(i)
		j := i
		for ; j > 0 && order[j-1] > key; j-- {
			order[j] = order[j-1]
		}
		order[j] = key
	}
}

// ranking returns the paths, the most likely first.
func (d *decoder) ranking() []int {
	rank := d.rank[:len(d.paths)]
	for p := range rank {
		rank[p] = p
	}
	slices.SortFunc(rank, func(a, b int) int { return cmp.Compare(d.paths[a].metric, d.paths[b].metric) })
	return rank
}

// information returns the bits of information of a path that is at its end. The
// transform that encodes undoes itself.
func (d *decoder) information(p int) []byte {
	copy(d.u, d.decided(d.code.levels, left, p))
	transform(d.u, d.code.n)
	clear(d.info)
	for i, at := range d.code.info {
		d.info[i/8] |= byte(d.u[at/wordBits]>>(at%wordBits)&1) << (7 - i%8)
	}
	return d.info
}

// transform is the polar transform of n bits in words.
func transform(u []uint64, n int) {
	masks := [...]uint64{0x5555555555555555, 0x3333333333333333, 0x0f0f0f0f0f0f0f0f,
		0x00ff00ff00ff00ff, 0x0000ffff0000ffff, 0x00000000ffffffff}
	for i, mask := range masks {
		if 1<<i < n {
			for j := range u {
				u[j] ^= u[j] >> (1 << i) & mask
			}
		}
	}
	for half := 1; half < len(u); half *= 2 {
		for at := 0; at < len(u); at += 2 * half {
			for i := at; i < at+half; i++ {
				u[i] ^= u[i+half]
			}
		}
	}
}
