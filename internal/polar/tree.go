package polar

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
			last := (i+1)*size - 1 // its last leaf
			nodes[i] = kindOf(count[i], size, count[last] == 1)
		}
	}
	return nodes
}

// kindOf tells the kind of a node with count of its bits information.
func kindOf(count, size int, lastToo bool) kind {
	switch {
	case count == 0:
		return frozen
	case count == size && size <= wordBits:
		return free
	case count == 1 && lastToo:
		return repetition
	}
	return mixed
}
