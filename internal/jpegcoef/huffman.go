package jpegcoef

import "slices"

// A huffman is a Huffman table (T.81 Annex C), for both directions.
type huffman struct {
	counts [16]byte // codes of each length
	values []byte

	codes [256]uint16 // by symbol
	sizes [256]byte   // of codes in bits, 0 for none

	lookup  [1 << lookupBits]uint16 // size and symbol by the next bits, 0 for longer codes
	maximum [17]int32               // the largest code of each length, -1 for none
	offset  [17]int32               // from a code of that length to its place in values
}

const lookupBits = 9

// tables are those in force, by class (DC, AC) and number.
type tables [2][4]*huffman

// defineHuffman reads Huffman tables (B.2.4.2).
func (d *decoder) defineHuffman(b []byte) error {
	for len(b) > 0 {
		if len(b) < 17 || b[0]>>4 > 1 || b[0]&15 > 3 {
			return d.fail("malformed Huffman table")
		}
		h := &huffman{counts: [16]byte(b[1:17])}
		n := 0
		for _, c := range h.counts {
			n += int(c)
		}
		if n == 0 || n > 256 || len(b) < 17+n {
			return d.fail("malformed Huffman table")
		}
		h.values = b[17 : 17+n]
		if !h.build() {
			return d.fail("a Huffman table with too many codes")
		}
		d.tables[b[0]>>4][b[0]&15] = h
		b = b[17+n:]
	}
	return nil
}

// build makes the codes, and reports whether there is room for them.
func (h *huffman) build() bool {
	code, k := int32(0), int32(0)
	for size := 1; size <= 16; size++ {
		h.maximum[size], h.offset[size] = -1, k-code
		for range h.counts[size-1] {
			symbol := h.values[k]
			if h.sizes[symbol] == 0 {
				h.codes[symbol], h.sizes[symbol] = uint16(code), byte(size)
			}
			if size <= lookupBits {
				free := lookupBits - size
				for i := range int32(1) << free {
					h.lookup[(code<<free|i)&(1<<lookupBits-1)] = uint16(size)<<8 | uint16(symbol)
				}
			}
			h.maximum[size] = code
			code++
			k++
		}
		if code > 1<<size {
			return false
		}
		code <<= 1
	}
	return true
}

// optimal returns the best table for symbols that occur this often (K.2). No code
// is all ones: the last symbol stands for that one.
func optimal(occurs *[256]int) *huffman {
	var freq [257]int
	copy(freq[:], occurs[:])
	freq[256] = 1
	var sizes [257]int
	var next [257]int // in the chain of symbols below one node
	for i := range next {
		next[i] = -1
	}
	for {
		a, b := rarest(&freq)
		if b < 0 {
			break
		}
		freq[a] += freq[b]
		freq[b] = 0
		join(&sizes, &next, a, b)
	}
	return assign(&sizes)
}

// rarest returns the two nodes that occur least, the later one of equals; b is -1
// when one node is left.
func rarest(freq *[257]int) (a, b int) {
	a, b = -1, -1
	for i, f := range freq {
		switch {
		case f == 0:
		case a < 0 || f <= freq[a]:
			a, b = i, a
		case b < 0 || f <= freq[b]:
			b = i
		}
	}
	return a, b
}

// join puts the chain of b behind that of a, all one level deeper.
func join(sizes, next *[257]int, a, b int) {
	for ; ; a = next[a] {
		sizes[a]++
		if next[a] < 0 {
			break
		}
	}
	for next[a] = b; b >= 0; b = next[b] {
		sizes[b]++
	}
}

// assign makes the table of codes of these sizes, none longer than 16 bits.
func assign(sizes *[257]int) *huffman {
	var counts [258]int
	for _, n := range sizes {
		counts[n]++
	}
	counts[0] = 0
	for size := len(counts) - 1; size > 16; size-- {
		for counts[size] > 0 { // two of the longest go: one up, one below a shorter code
			shorter := size - 2
			for counts[shorter] == 0 {
				shorter--
			}
			counts[size] -= 2
			counts[size-1]++
			counts[shorter+1] += 2
			counts[shorter]--
		}
	}
	longest := 16
	for counts[longest] == 0 {
		longest--
	}
	counts[longest]-- // all ones
	h := &huffman{}
	for size := 1; size <= 16; size++ {
		h.counts[size-1] = byte(counts[size])
	}
	var symbols []int
	for symbol, n := range sizes[:256] {
		if n > 0 {
			symbols = append(symbols, symbol)
		}
	}
	slices.SortStableFunc(symbols, func(a, b int) int { return sizes[a] - sizes[b] })
	for _, symbol := range symbols {
		h.values = append(h.values, byte(symbol))
	}
	h.build()
	return h
}

// segment returns the table as the content of a DHT segment.
func (h *huffman) segment(class, number int) []byte {
	b := append([]byte{byte(class<<4 | number)}, h.counts[:]...)
	return append(b, h.values...)
}
