package vp8l

import (
	"cmp"
	"math/bits"
	"slices"
)

// A bitWriter writes bits, the lowest first.
type bitWriter struct {
	out  []byte
	held uint64
	n    int
}

// write writes the lowest n bits of v, at most 32.
func (w *bitWriter) write(v uint32, n int) {
	w.held |= uint64(v) << w.n
	w.n += n
	for w.n >= 8 {
		w.out = append(w.out, byte(w.held))
		w.held >>= 8
		w.n -= 8
	}
}

// bytes returns what was written, to a whole byte.
func (w *bitWriter) bytes() []byte {
	if w.n > 0 {
		return append(w.out, byte(w.held))
	}
	return w.out
}

// The longest codes: of symbols, and of the lengths of those.
const (
	maxLength       = 15
	maxLengthLength = 7
)

// A prefixCode is the length of each symbol's code, and its bits as they are written.
type prefixCode struct {
	lengths []byte
	codes   []uint16
}

func (c *prefixCode) write(out *bitWriter, symbol int) {
	out.write(uint32(c.codes[symbol]), int(c.lengths[symbol]))
}

// newPrefixCode returns the code for symbols that occur so often, of at most limit
// bits each. A symbol that is alone needs none.
func newPrefixCode(counts []uint32, limit int) *prefixCode {
	lengths := make([]byte, len(counts))
	for least := uint32(1); !huffman(counts, least, limit, lengths); least *= 2 {
	}
	c := &prefixCode{lengths: lengths, codes: make([]uint16, len(counts))}
	next := uint16(0)
	for length := 1; length <= limit; length++ {
		for symbol, l := range lengths {
			if int(l) == length {
				c.codes[symbol] = bits.Reverse16(next) >> (16 - length)
				next++
			}
		}
		next <<= 1
	}
	return c
}

// A node is a symbol or two nodes.
type node struct {
	count       uint64
	symbol      int
	left, right int // -1 for a symbol
}

// huffman sets the lengths of an optimal code, in which no symbol that occurs counts
// less than least. It reports whether they keep to the limit.
func huffman(counts []uint32, least uint32, limit int, lengths []byte) bool {
	clear(lengths)
	var nodes []node
	for symbol, n := range counts {
		if n > 0 {
			nodes = append(nodes, node{uint64(max(n, least)), symbol, -1, -1})
		}
	}
	symbols := len(nodes)
	if symbols < 2 {
		return true
	}
	slices.SortFunc(nodes, func(a, b node) int {
		return cmp.Or(cmp.Compare(a.count, b.count), cmp.Compare(a.symbol, b.symbol))
	})
	leaf, pair := 0, symbols
	lowest := func() int {
		if leaf < symbols && (pair == len(nodes) || nodes[leaf].count <= nodes[pair].count) {
			leaf++
			return leaf - 1
		}
		pair++
		return pair - 1
	}
	for range symbols - 1 {
		a, b := lowest(), lowest()
		nodes = append(nodes, node{nodes[a].count + nodes[b].count, -1, a, b})
	}
	depths := make([]byte, len(nodes))
	for i := len(nodes) - 1; i >= 0; i-- {
		n := nodes[i]
		switch {
		case n.left >= 0:
			depths[n.left], depths[n.right] = depths[i]+1, depths[i]+1
		case int(depths[i]) > limit:
			return false
		default:
			lengths[n.symbol] = depths[i]
		}
	}
	return true
}

// header writes the lengths of the code (section 3.7.2.1).
func (c *prefixCode) header(out *bitWriter, counts []uint32) {
	var used []uint32
	for symbol, n := range counts {
		if n > 0 && len(used) < 3 {
			used = append(used, uint32(symbol))
		}
	}
	if len(used) == 0 {
		used = []uint32{0}
	}
	if len(used) > 2 || used[len(used)-1] > 0xFF {
		c.longHeader(out)
		return
	}
	out.write(1, 1)
	out.write(uint32(len(used)-1), 1)
	if used[0] < 2 {
		out.write(0, 1)
		out.write(used[0], 1)
	} else {
		out.write(1, 1)
		out.write(used[0], 8)
	}
	if len(used) == 2 {
		out.write(used[1], 8)
	}
}

// lengthOrder is the order in which the lengths of the codes of lengths stand.
var lengthOrder = [...]int{17, 18, 0, 1, 2, 3, 4, 5, 16, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}

// Symbols beside the lengths: runs of the last length, of few and of many zeros.
const (
	repeatLast  = 16
	repeatZero  = 17
	repeatZeros = 18
)

// A lengthSymbol is a symbol for lengths, and the bits behind it.
type lengthSymbol struct {
	symbol int
	extra  uint32
	bits   int
}

func (c *prefixCode) longHeader(out *bitWriter) {
	symbols := c.runs()
	counts := make([]uint32, len(lengthOrder))
	for _, s := range symbols {
		counts[s.symbol]++
	}
	code := newPrefixCode(counts, maxLengthLength)
	lengths := slices.Clone(code.lengths)
	for symbol, n := range counts {
		if n == uint32(len(symbols)) {
			lengths[symbol] = 1 // alone: it is named, and takes no bits
		}
	}
	n := len(lengthOrder)
	for n > 4 && lengths[lengthOrder[n-1]] == 0 {
		n--
	}
	out.write(0, 1)
	out.write(uint32(n-4), 4)
	for _, symbol := range lengthOrder[:n] {
		out.write(uint32(lengths[symbol]), 3)
	}
	out.write(0, 1) // all symbols have a length
	for _, s := range symbols {
		code.write(out, s.symbol)
		out.write(s.extra, s.bits)
	}
}

// runs returns the symbols for the lengths of the code.
func (c *prefixCode) runs() (symbols []lengthSymbol) {
	last := byte(8)
	for i := 0; i < len(c.lengths); {
		length, n := c.lengths[i], 1
		for i+n < len(c.lengths) && c.lengths[i+n] == length {
			n++
		}
		i += n
		if length > 0 && length != last {
			symbols = append(symbols, lengthSymbol{symbol: int(length)})
			last = length
			n--
		}
		for n > 0 {
			run := min(n, 138)
			switch {
			case length == 0 && n >= 11:
				symbols = append(symbols, lengthSymbol{repeatZeros, uint32(run - 11), 7})
			case length == 0 && n >= 3:
				symbols = append(symbols, lengthSymbol{repeatZero, uint32(run - 3), 3})
			case length > 0 && n >= 3:
				run = min(n, 6)
				symbols = append(symbols, lengthSymbol{repeatLast, uint32(run - 3), 2})
			default:
				run = 1
				symbols = append(symbols, lengthSymbol{symbol: int(length)})
			}
			n -= run
		}
	}
	return symbols
}
