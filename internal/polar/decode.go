package polar

import (
	"cmp"
	"math"
	"slices"
)

const (
	maxList   = 64
	maxLevels = 13 // those of maxLength and the channel's
	wordBits  = 64
	choiceBit = maxList // of a fork's key
)

// kind says how the decoder takes a node of its tree, a code of its own.
type kind uint8

const (
	mixed      kind = iota // by its two halves
	frozen                 // no information: all bits are zero
	repetition             // one bit of information: all bits are equal
	free                   // all bits are information
)

// tree returns the kinds of the nodes of the code with information at info.
func tree(n int, info []int) []kind {
	count := make([]int, 2*n) // bits of information in each node
	for _, i := range info {
		count[n+i] = 1
	}
	nodes := make([]kind, 2*n)
	for size, first := 1, n; first >= 1; size, first = 2*size, first/2 {
		for i := first; i < 2*first; i++ {
			if size > 1 {
				count[i] = count[2*i] + count[2*i+1]
			}
			nodes[i] = kindOf(count[i], size, i, count, n)
		}
	}
	return nodes
}

func kindOf(count, size, node int, counts []int, n int) kind {
	switch {
	case count == 0:
		return frozen
	case count == size && size <= wordBits:
		return free
	case count == 1 && lastLeaf(node, n, counts):
		return repetition
	}
	return mixed
}

func lastLeaf(node, n int, counts []int) bool {
	for node < n {
		node = 2*node + 1
	}
	return counts[node] == 1
}

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

func (d *decoder) values(level, slot int) []int32 {
	return d.llr[level][slot<<level : (slot+1)<<level]
}

func (d *decoder) word(level int, s side, slot int) []uint64 {
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
			second(out, in, d.word(half, left, int(q.bits[half])))
		}
	}
	d.node(2*i+1, half, right)
	for p := range d.paths {
		var a []uint64
		if !known {
			a = d.word(half, left, int(d.paths[p].bits[half]))
		}
		join(d.word(level, s, p), a, d.word(half, right, p), level)
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
		clear(d.word(level, s, p))
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
		w := d.word(level, s, p)
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
		d.word(level, s, p)[0] = d.paths[p].word
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

// fork lets each path go on with both choices and keeps as many of the most likely as
// the list has room for. It reports whether any second choice was kept.
func (d *decoder) fork() bool {
	n := len(d.paths)
	limit, forked := d.limit()
	d.paths = d.paths[:min(2*n, d.list)]
	room := d.rank[:0] // places of new paths
	for p := range d.paths {
		if p >= n || d.key(0, p) > limit && d.key(1, p) > limit {
			room = append(room, p)
		}
	}
	for p := range n {
		q := &d.paths[p]
		stays, flips := d.key(0, p) <= limit, d.key(1, p) <= limit
		switch {
		case stays && flips:
			to := &d.paths[room[0]]
			room = room[1:]
			*to = *q
			to.choose(true, d.metrics[1][p])
			q.choose(false, d.metrics[0][p])
		case flips:
			q.choose(true, d.metrics[1][p])
		case stays:
			q.choose(false, d.metrics[0][p])
		}
	}
	return forked
}

// key orders the choices; no two are equal.
func (d *decoder) key(choice, p int) int64 {
	return d.metrics[choice][p]<<8 | int64(choice*choiceBit|p)
}

// limit returns the key of the last choice that the list has room for, and whether
// second choices are below it. The likelier choices alone fill a list that is full, so
// that only those that beat the worst of them need be looked at.
func (d *decoder) limit() (limit int64, forked bool) {
	n := len(d.paths)
	if 2*n <= d.list {
		return math.MaxInt64, true
	}
	keys, worst := d.keys[:0], int64(math.MinInt64)
	for p := range n {
		k := min(d.key(0, p), d.key(1, p))
		forked = forked || k&choiceBit != 0
		worst = max(worst, k)
		keys = append(keys, k)
	}
	for p := range n {
		k := max(d.key(0, p), d.key(1, p))
		if k < worst || n < d.list {
			keys = append(keys, k)
			forked = true
		}
	}
	return smallest(keys, d.list), forked
}

// smallest returns the n-th smallest of keys, all different, and changes their order.
func smallest(keys []int64, n int) int64 {
	for len(keys) > 1 {
		pivot, i, j := keys[len(keys)/2], 0, len(keys)-1
		for i <= j {
			for keys[i] < pivot {
				i++
			}
			for keys[j] > pivot {
				j--
			}
			if i <= j {
				keys[i], keys[j] = keys[j], keys[i]
				i, j = i+1, j-1
			}
		}
		switch {
		case n <= j+1:
			keys = keys[:j+1]
		case n > i:
			keys, n = keys[i:], n-i
		default:
			return pivot
		}
	}
	return keys[0]
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
	copy(d.u, d.word(d.code.levels, left, p))
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
