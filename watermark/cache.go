package watermark

import "sync"

// A few lattices are kept, as each takes a millisecond to derive.
var lattices struct {
	sync.Mutex
	kept [16]*lattice
	next int
}

func latticeOf(k Key) *lattice {
	lattices.Lock()
	defer lattices.Unlock()
	for _, l := range lattices.kept {
		if l != nil && l.key == k {
			return l
		}
	}
	l := newLattice(k)
	lattices.kept[lattices.next] = l
	lattices.next = (lattices.next + 1) % len(lattices.kept)
	return l
}
