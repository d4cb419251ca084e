package mp3

// Kinds of blocks (ISO/IEC 11172-3 clause 2.4.2.7).
const (
	longBlock = iota
	startBlock
	shortBlock
	stopBlock
)

// maxBits is the greatest part2_3_length.
const maxBits = 1<<12 - 1

// maxPairs is how many pairs of values a granule has.
const maxPairs = lines / 2

// A sideInfo says how the main data of a frame are coded (clause 2.4.1.7).
type sideInfo struct {
	begin    int // main_data_begin: bytes of the frames before
	shared   [2]int
	granules [2][2]granule // by their order, by channel
}

// A granule is 576 samples of a channel.
type granule struct {
	bits     int // part2_3_length
	pairs    int // big_values
	gain     int // global_gain
	compress int // scalefac_compress
	block    int
	mixed    bool
	tables   [3]int
	counts   [2]int // region0_count, region1_count
	subgains [3]int
	preflag  bool
	shift    int // scalefac_scale
	quads    int // count1table_select
}

// readSide returns the side information in b, false if it is none.
func readSide(h Header, b []byte) (s sideInfo, ok bool) {
	r, channels := &bitReader{b: b}, h.Channels()
	if h.Version() == 1 {
		s.begin = r.read(9)
		r.read(7 - 2*channels) // private; 5 for mono, 3 for stereo
		for c := range channels {
			s.shared[c] = r.read(4)
		}
	} else {
		s.begin = r.read(8)
		r.read(channels)
	}
	for i := range h.granules() {
		for c := range channels {
			if !s.granules[i][c].read(r, h.Version()) {
				return s, false
			}
		}
	}
	return s, true
}

func (g *granule) read(r *bitReader, version int) bool {
	g.bits, g.pairs, g.gain = r.read(12), r.read(9), r.read(8)
	if version == 1 {
		g.compress = r.read(4)
	} else {
		g.compress = r.read(9)
	}
	switched := r.read(1) == 1
	if switched {
		g.block, g.mixed = r.read(2), r.read(1) == 1
		g.tables = [3]int{r.read(5), r.read(5)}
		g.subgains = [3]int{r.read(3), r.read(3), r.read(3)}
	} else {
		g.tables = [3]int{r.read(5), r.read(5), r.read(5)}
		g.counts = [2]int{r.read(4), r.read(3)}
	}
	if version == 1 {
		g.preflag = r.read(1) == 1
	}
	g.shift, g.quads = r.read(1), r.read(1)
	return g.pairs <= maxPairs && (!switched || g.block != longBlock)
}

// shape returns which kinds of blocks there are.
func (g *granule) shape() int {
	switch {
	case g.block != shortBlock:
		return allLong
	case g.mixed:
		return longBelowShort
	}
	return allShort
}

// regions returns the lines where the three regions of the pairs end.
func (g *granule) regions(b *bands) [3]int {
	first, second := b.long[g.counts[0]+1], b.long[min(g.counts[0]+g.counts[1]+2, 22)]
	switch g.block {
	case shortBlock:
		first, second = 3*b.short[3], lines
	case startBlock, stopBlock:
		first, second = b.long[8], lines
	}
	end := 2 * g.pairs
	return [3]int{min(first, end), min(second, end), end}
}

// write appends the side information of a frame. It has long blocks alone.
func (s *sideInfo) write(w *bitWriter, h Header) {
	channels := h.Channels()
	if h.Version() == 1 {
		w.write(s.begin, 9)
		w.write(0, 7-2*channels+4*channels)
	} else {
		w.write(s.begin, 8)
		w.write(0, channels)
	}
	for i := range h.granules() {
		for c := range channels {
			s.granules[i][c].write(w, h.Version())
		}
	}
}

func (g *granule) write(w *bitWriter, version int) {
	w.write(g.bits, 12)
	w.write(g.pairs, 9)
	w.write(g.gain, 8)
	if version == 1 {
		w.write(0, 4) // no scalefactors
	} else {
		w.write(0, 9)
	}
	w.write(0, 1) // a long block
	for _, t := range g.tables {
		w.write(t, 5)
	}
	w.write(g.counts[0], 4)
	w.write(g.counts[1], 3)
	if version == 1 {
		w.write(0, 1)
	}
	w.write(g.shift, 1)
	w.write(g.quads, 1)
}
