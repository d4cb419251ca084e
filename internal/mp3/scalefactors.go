package mp3

// The scalefactors of a granule (ISO/IEC 11172-3 clause 2.4.2.7, 13818-3 clause
// 2.4.3.2).

// scaleSizes are the bits of the scalefactors of lower and of upper bands, by
// scalefac_compress.
var scaleSizes = [16][2]int{
	{0, 0}, {0, 1}, {0, 2}, {0, 3}, {3, 0}, {1, 1}, {1, 2}, {1, 3},
	{2, 1}, {2, 2}, {2, 3}, {3, 1}, {3, 2}, {3, 3}, {4, 2}, {4, 3},
}

// scaleCounts are the numbers of scalefactors of each size in MPEG-2, by the shape of
// the granule.
var scaleCounts = [6][3][4]int{
	{{6, 5, 5, 5}, {9, 9, 9, 9}, {6, 9, 9, 9}},
	{{6, 5, 7, 3}, {9, 9, 12, 6}, {6, 9, 12, 6}},
	{{11, 10, 0, 0}, {18, 18, 0, 0}, {15, 18, 0, 0}},
	{{7, 7, 7, 0}, {12, 12, 12, 0}, {6, 15, 12, 0}},
	{{6, 6, 6, 3}, {12, 9, 9, 6}, {6, 12, 9, 6}},
	{{8, 8, 5, 0}, {15, 12, 9, 0}, {6, 18, 9, 0}},
}

// preemphasis is added to scalefactors where preflag is set (table B.6).
var preemphasis = [22]int{11: 1, 1, 1, 1, 2, 2, 3, 3, 3, 2}

// maxScales bounds the scalefactors of a granule: 13 bands of 3 windows.
const maxScales = 39

// A scale is the scalefactors of a granule, and the greatest values that they can have:
// in MPEG-2 these are no positions of intensity stereo.
type scale struct {
	values [maxScales]int
	limits [maxScales]int
}

// groups are the bands whose scalefactors granules share.
var groups = [4][2]int{{0, 6}, {6, 11}, {11, 16}, {16, 21}}

// read reads the scalefactors of a granule of a channel. Shared says which groups are
// those of the granule before.
func (s *scale) read(r *bitReader, h Header, g *granule, channel, shared int) {
	if h.Version() == 1 {
		s.read1(r, g, shared)
	} else {
		s.read2(r, g, channel == 1 && h.has(intensity))
	}
}

// read1 reads the scalefactors of MPEG-1.
func (s *scale) read1(r *bitReader, g *granule, shared int) {
	size := scaleSizes[g.compress]
	if g.block == shortBlock {
		lower, all := 18, 36
		if g.mixed {
			lower, all = 17, 35 // 8 long bands and 3 of 3
		}
		*s = scale{}
		s.fill(r, 0, lower, size[0])
		s.fill(r, lower, all, size[1])
		return
	}
	for i, group := range groups {
		if shared>>(3-i)&1 == 0 {
			s.fill(r, group[0], group[1], size[i/2])
		}
	}
	s.clear(21)
}

// read2 reads the scalefactors of MPEG-2. Right says that they may be positions of
// intensity stereo.
func (s *scale) read2(r *bitReader, g *granule, right bool) {
	kind, sizes := 0, [4]int{}
	switch c := g.compress; {
	case right && c>>1 < 180:
		c >>= 1
		kind, sizes = 3, [4]int{c / 36, c % 36 / 6, c % 6}
	case right && c>>1 < 244:
		c = c>>1 - 180
		kind, sizes = 4, [4]int{c >> 4, c >> 2 & 3, c & 3}
	case right:
		c = c>>1 - 244
		kind, sizes = 5, [4]int{c / 3, c % 3}
	case c < 400:
		kind, sizes = 0, [4]int{c >> 4 / 5, c >> 4 % 5, c >> 2 & 3, c & 3}
	case c < 500:
		c -= 400
		kind, sizes = 1, [4]int{c >> 2 / 5, c >> 2 % 5, c & 3}
	default:
		c -= 500
		kind, sizes = 2, [4]int{c / 3, c % 3}
		g.preflag = true
	}
	at := 0
	for i, n := range scaleCounts[kind][g.shape()] {
		s.fill(r, at, at+n, sizes[i])
		at += n
	}
	s.clear(at)
}

// fill reads scalefactors of so many bits.
func (s *scale) fill(r *bitReader, from, to, size int) {
	for i := from; i < to; i++ {
		s.values[i], s.limits[i] = 0, -1
		if size > 0 {
			s.values[i], s.limits[i] = r.read(size), 1<<size-1
		}
	}
}

// clear forgets the scalefactors from i on.
func (s *scale) clear(i int) {
	clear(s.values[i:])
	clear(s.limits[i:])
}
