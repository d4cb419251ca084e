package mp3

// maxBorrowed is the greatest main_data_begin.
const maxBorrowed = 511

// Substitute returns bytes for the end of the main data before frames that were cut out
// of a stream. The first of them need data of frames that are gone; decoders take what
// is there instead. So they find silence, in the codes that the frames announce: all
// of a granule if it is gone as a whole, its lower frequencies if it is not. It is nil
// where nothing is needed, and the first 511 bytes of main data are all that matters.
func Substitute(frames [][]byte) []byte {
	type start struct {
		header Header
		side   sideInfo
		at     int // of the main data, in bytes behind the start of the first frame's
	}
	var starts []start
	room, gone := 0, 0
	for _, frame := range frames {
		h, ok := ParseHeader(frame)
		if from := h.mainStart(); ok && len(frame) >= from && room < maxBorrowed {
			side, _ := readSide(h, frame[from-h.SideSize():from])
			starts = append(starts, start{h, side, room - side.begin})
			room += len(frame) - from
			gone = max(gone, -starts[len(starts)-1].at)
		}
	}
	if gone == 0 {
		return nil
	}
	w := &bitWriter{}
	for _, s := range starts {
		w.skip(8 * (gone + s.at))
		s.side.silence(w, s.header)
	}
	return append(w.b, make([]byte, gone)...)[:gone]
}

// skip writes zeros up to a bit.
func (w *bitWriter) skip(to int) {
	for n := to - w.size(); n > 0; n-- {
		w.write(0, 1)
	}
}

// silence writes granules without sound for a frame.
func (s *sideInfo) silence(w *bitWriter, h Header) {
	start := w.size()
	for i := range h.granules() {
		for c := range h.Channels() {
			g := &s.granules[i][c]
			scales := &bitReader{}
			(&scale{}).read(scales, h, g, c, s.shared[c]*i)
			g.silence(w, h.bands(), start+scales.pos, start+g.bits)
			start += g.bits
			w.skip(start)
		}
	}
}

// silence writes a granule without sound between two bits, as far as there is room.
func (g *granule) silence(w *bitWriter, b *bands, from, to int) {
	for w.size() < from {
		w.write(1, 1) // scalefactors that make the least of all that follows
	}
	i := 0
	put := func(h *huffman) {
		if word := h.words[0]; w.size()+word.size <= to {
			w.write(word.code, word.size)
		}
	}
	for region, stop := range g.regions(b) {
		for h := pairTables[g.tables[region]].huffman; i < stop; i += 2 {
			if h != nil {
				put(h)
			}
		}
	}
	for ; i+4 <= lines; i += 4 {
		put(quadTables[g.quads])
	}
}
