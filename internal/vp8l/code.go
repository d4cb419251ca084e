package vp8l

import (
	"cmp"
	"math"
	"math/bits"
	"slices"
)

// A token is a pixel, or a run of pixels that stood before (section 3.6).
type token struct {
	length int32  // 0 for a pixel
	value  uint32 // the pixel, or the distance of the run
}

// Numbers of symbols: for green and lengths together, a byte, distances.
const (
	byteSymbols     = 256
	lengthSymbols   = 24
	distanceSymbols = 40
)

// codePicture writes pixels. A picture that is part of another one has no groups of
// codes, and gets no colour cache.
func codePicture(out *bitWriter, w int, pixels []uint32, whole bool) {
	tokens := tokenize(pixels)
	neighbours := newNeighbours(w)
	cache := 0
	if whole {
		cache = bestCache(tokens, pixels, neighbours)
	}
	if cache > 0 {
		out.write(1, 1)
		out.write(uint32(cache), 4)
	} else {
		out.write(0, 1)
	}
	if whole {
		out.write(0, 1) // one group of codes
	}
	h := newHistogram(cache)
	h.add(tokens, pixels, neighbours)
	codes := h.codes(out)
	write(out, tokens, pixels, cache, codes, neighbours)
}

// A histogram counts the symbols of green, lengths and cached colours, of red, blue
// and alpha, and of distances.
type histogram struct {
	cache  colorCache
	counts [5][]uint32
	extra  int // bits behind the symbols
}

func newHistogram(cache int) *histogram {
	h := &histogram{cache: newColorCache(cache)}
	for i, n := range []int{byteSymbols + lengthSymbols + len(h.cache.colors), byteSymbols, byteSymbols, byteSymbols, distanceSymbols} {
		h.counts[i] = make([]uint32, n)
	}
	return h
}

func (h *histogram) add(tokens []token, pixels []uint32, near neighbours) {
	pos := 0
	for _, t := range tokens {
		if t.length == 0 {
			h.addPixel(t.value)
			pos++
			continue
		}
		symbol, n, _ := prefixed(int(t.length))
		h.counts[0][byteSymbols+symbol]++
		h.extra += n
		symbol, n, _ = prefixed(near.code(int(t.value)))
		h.counts[4][symbol]++
		h.extra += n
		for range t.length {
			h.cache.put(pixels[pos])
			pos++
		}
	}
}

func (h *histogram) addPixel(p uint32) {
	if slot, ok := h.cache.find(p); ok {
		h.counts[0][byteSymbols+lengthSymbols+slot]++
		return
	}
	h.counts[0][p>>8&0xFF]++
	h.counts[1][p>>16&0xFF]++
	h.counts[2][p&0xFF]++
	h.counts[3][p>>24]++
	h.cache.put(p)
}

// size returns about how many bits all symbols take.
func (h *histogram) size() float64 {
	size := float64(h.extra)
	for _, counts := range h.counts {
		total := 0.0
		for _, n := range counts {
			if n > 0 {
				total += float64(n)
				size -= float64(n) * math.Log2(float64(n))
				size += 4 // to say how long its code is
			}
		}
		if total > 0 {
			size += total * math.Log2(total)
		}
	}
	return size
}

// codes writes the codes for the symbols, and returns them.
func (h *histogram) codes(out *bitWriter) (codes [5]*prefixCode) {
	for i, counts := range h.counts {
		codes[i] = newPrefixCode(counts, maxLength)
		codes[i].header(out, counts)
	}
	return codes
}

// bestCache returns the size of the colour cache that saves most, as a power of two,
// 0 for none.
func bestCache(tokens []token, pixels []uint32, near neighbours) int {
	best, least := 0, math.Inf(1)
	for _, n := range []int{0, 5, 8, 10} {
		h := newHistogram(n)
		h.add(tokens, pixels, near)
		if size := h.size(); size < least {
			best, least = n, size
		}
	}
	return best
}

// write writes the tokens.
func write(out *bitWriter, tokens []token, pixels []uint32, cacheBits int, codes [5]*prefixCode, near neighbours) {
	cache, pos := newColorCache(cacheBits), 0
	for _, t := range tokens {
		if t.length == 0 {
			writePixel(out, t.value, &cache, codes)
			pos++
			continue
		}
		symbol, n, extra := prefixed(int(t.length))
		codes[0].write(out, byteSymbols+symbol)
		out.write(extra, n)
		symbol, n, extra = prefixed(near.code(int(t.value)))
		codes[4].write(out, symbol)
		out.write(extra, n)
		for range t.length {
			cache.put(pixels[pos])
			pos++
		}
	}
}

func writePixel(out *bitWriter, p uint32, cache *colorCache, codes [5]*prefixCode) {
	if slot, ok := cache.find(p); ok {
		codes[0].write(out, byteSymbols+lengthSymbols+slot)
		return
	}
	codes[0].write(out, int(p>>8&0xFF))
	codes[1].write(out, int(p>>16&0xFF))
	codes[2].write(out, int(p&0xFF))
	codes[3].write(out, int(p>>24))
	cache.put(p)
}

// prefixed returns the symbol for a length or distance, and the bits behind it
// (section 3.6.2.2).
func prefixed(v int) (symbol, n int, extra uint32) {
	v--
	if v < 4 {
		return v, 0, 0
	}
	high := bits.Len(uint(v)) - 1
	second := v >> (high - 1) & 1
	n = high - 1
	return 2*high + second, n, uint32(v & (1<<n - 1))
}

// A colorCache holds colours that occurred lately, in places by their hash (section
// 3.6.2.3).
type colorCache struct {
	colors []uint32
	filled []bool
	shift  int
}

func newColorCache(n int) colorCache {
	if n == 0 {
		return colorCache{}
	}
	return colorCache{make([]uint32, 1<<n), make([]bool, 1<<n), 32 - n}
}

func (c *colorCache) slot(p uint32) int { return int(p * 0x1E35A7BD >> c.shift) }

func (c *colorCache) put(p uint32) {
	if c.colors != nil {
		s := c.slot(p)
		c.colors[s], c.filled[s] = p, true
	}
}

func (c *colorCache) find(p uint32) (int, bool) {
	if c.colors == nil {
		return 0, false
	}
	s := c.slot(p)
	return s, c.filled[s] && c.colors[s] == p
}

// Neighbours are the codes of distances to pixels near by (section 3.6.2.2).
type neighbours map[int]int

func newNeighbours(w int) neighbours {
	type offset struct{ x, y int } // to the left, and up
	var offsets []offset
	for y := range 8 {
		for x := -7; x <= 8; x++ {
			if y > 0 || x > 0 {
				offsets = append(offsets, offset{x, y})
			}
		}
	}
	slices.SortFunc(offsets, func(a, b offset) int {
		return cmp.Or(cmp.Compare(a.x*a.x+a.y*a.y, b.x*b.x+b.y*b.y), cmp.Compare(max(a.x, -a.x), max(b.x, -b.x)), cmp.Compare(b.x, a.x))
	})
	near := neighbours{}
	for i, o := range offsets {
		d := o.x + o.y*w
		if _, nearer := near[d]; d > 0 && !nearer {
			near[d] = i + 1
		}
	}
	return near
}

// code returns the code of a distance.
func (n neighbours) code(distance int) int {
	if code, ok := n[distance]; ok {
		return code
	}
	return distance + 120
}

// Limits of references: the format's, and how many earlier places are tried.
const (
	window    = 1<<20 - 120
	maxRun    = 4096
	minRun    = 3
	maxTries  = 24
	hashBits  = 16
	longMatch = 256 // good enough to try no other
)

// tokenize finds the runs that stood before.
func tokenize(pixels []uint32) []token {
	m := &matcher{pixels: pixels, head: make([]int32, 1<<hashBits), chain: make([]int32, min(len(pixels), window))}
	for i := range m.head {
		m.head[i] = -1
	}
	tokens := make([]token, 0, len(pixels)/2)
	for pos := 0; pos < len(pixels); {
		length, distance := m.find(pos)
		if length < minRun {
			tokens = append(tokens, token{value: pixels[pos]})
			length = 1
		} else {
			tokens = append(tokens, token{int32(length), uint32(distance)})
		}
		for range length {
			m.enter(pos)
			pos++
		}
	}
	return tokens
}

// A matcher remembers where pairs of pixels stood.
type matcher struct {
	pixels []uint32
	head   []int32 // the last place by hash
	chain  []int32 // the place before with the same hash, by place modulo its length
}

func (m *matcher) hash(pos int) uint32 {
	return (m.pixels[pos]*0x9E3779B1 ^ m.pixels[pos+1]*0x85EBCA6B) >> (32 - hashBits)
}

func (m *matcher) enter(pos int) {
	if pos+1 < len(m.pixels) {
		h := m.hash(pos)
		m.chain[pos%len(m.chain)] = m.head[h]
		m.head[h] = int32(pos)
	}
}

// find returns the longest run at pos that stood before; of equals the nearest.
func (m *matcher) find(pos int) (length, distance int) {
	if pos+1 >= len(m.pixels) {
		return 0, 0
	}
	limit := min(len(m.pixels)-pos, maxRun)
	at := int(m.head[m.hash(pos)])
	for try := 0; at >= 0 && pos-at < len(m.chain) && try < maxTries && length < min(limit, longMatch); try++ {
		if length == 0 || m.pixels[at+length] == m.pixels[pos+length] {
			n := 0
			for n < limit && m.pixels[at+n] == m.pixels[pos+n] {
				n++
			}
			if n > length {
				length, distance = n, pos-at
			}
		}
		at = int(m.chain[at%len(m.chain)])
	}
	return length, distance
}
