package mp3

// A bitReader reads bits, the upper ones of a byte first. Behind the end there are
// zeros.
type bitReader struct {
	b   []byte
	pos int // in bits
}

// peek returns the next n bits, at most 24.
func (r *bitReader) peek(n int) uint32 {
	var v uint32
	i := r.pos >> 3
	if i+4 <= len(r.b) {
		v = uint32(r.b[i])<<24 | uint32(r.b[i+1])<<16 | uint32(r.b[i+2])<<8 | uint32(r.b[i+3])
	} else {
		for shift := 24; i < len(r.b) && shift >= 0; i, shift = i+1, shift-8 {
			v |= uint32(r.b[i]) << shift
		}
	}
	return v << (r.pos & 7) >> (32 - n)
}

// read returns the next n bits, at most 24.
func (r *bitReader) read(n int) int {
	v := r.peek(n)
	r.pos += n
	return int(v)
}

// A bitWriter writes bits, the upper ones of a byte first.
type bitWriter struct {
	b    []byte
	last int // bits in the last byte; 0 when it is full
}

// write appends the lower n bits of v.
func (w *bitWriter) write(v, n int) {
	for ; n > 0; n-- {
		if w.last == 0 {
			w.b = append(w.b, 0)
		}
		w.last = (w.last + 1) & 7
		w.b[len(w.b)-1] |= byte(v>>(n-1)&1) << (7 - (w.last+7)&7)
	}
}

// size returns how many bits there are.
func (w *bitWriter) size() int { return 8*len(w.b) - (8-w.last)&7 }
