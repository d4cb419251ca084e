package polar

import "math"

// choiceBit marks the second choice in a fork's key; the path is below it.
const choiceBit = maxList

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
	return d.metrics[choice][p]*(2*maxList) | int64(choice*choiceBit|p)
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
