package container

import (
	"encoding/binary"
	"math"
	"slices"
)

// The encoder makes frames that stand beside those of a file: in its blocks, with
// its codes of rate and depth. Its predictors are the fixed ones.

// A bitWriter writes bits, the upper ones of a byte first.
type bitWriter struct {
	b []byte
	n int // bits that are free in the last byte
}

// put writes the lower n bits of v.
func (w *bitWriter) put(v uint64, n int) {
	for n > 0 {
		if w.n == 0 {
			w.b, w.n = append(w.b, 0), 8
		}
		take := min(n, w.n)
		n -= take
		w.n -= take
		w.b[len(w.b)-1] |= byte(v>>n&(1<<take-1)) << w.n
	}
}

// unary writes n zeros and a one.
func (w *bitWriter) unary(n uint64) {
	for ; n >= 32; n -= 32 {
		w.put(0, 32)
	}
	w.put(1, int(n)+1)
}

// A flacEncoder makes frames like one that is there.
type flacEncoder struct {
	like  []byte // the header of that one
	depth int
	left  []uint64 // what predictors leave; for its memory
}

// encode returns a frame. Channels that are equal to the first one of two cost
// nothing.
func (e *flacEncoder) encode(number int64, samples [][]int64) []byte {
	code, side := byte(len(samples)-1), false
	if len(samples) == 2 && slices.Equal(samples[0], samples[1]) {
		code, side = flacLeftSide, true
	}
	w := &bitWriter{b: e.header(number, code, len(samples[0]))}
	for i, s := range samples {
		if side && i == 1 {
			w.put(0, 8+e.depth+1) // a constant
			break
		}
		e.subframe(w, s)
	}
	return binary.BigEndian.AppendUint16(w.b, flacCRC16(0, w.b))
}

// header returns the header of a frame.
func (e *flacEncoder) header(number int64, channels byte, samples int) []byte {
	h, _ := parseFLACHeader(e.like)
	const samples16 = 7 << 4 // stated in 16 bits
	b := []byte{e.like[0], e.like[1], samples16 | e.like[2]&15, channels<<4 | e.like[3]&15}
	b = appendFLACNumber(b, number)
	b = binary.BigEndian.AppendUint16(b, uint16(samples-1))
	b = append(b, e.like[4+h.numberSize+h.extra:h.size-1]...)
	return append(b, flacCRC8(b))
}

// appendFLACNumber adds a number of at most 36 bits in the way of UTF-8.
func appendFLACNumber(b []byte, number int64) []byte {
	size := flacNumberSize(number)
	if size == 1 {
		return append(b, byte(number))
	}
	mark := byte(0xFF << (8 - size))
	b = append(b, mark|byte(number>>(6*(size-1))))
	for i := size - 2; i >= 0; i-- {
		b = append(b, 0x80|byte(number>>(6*i))&0x3F)
	}
	return b
}

// flacNumberSize returns how many bytes a number takes.
func flacNumberSize(number int64) int {
	if number < 1<<7 {
		return 1
	}
	size := 2
	for number >= 1<<(5*size+1) {
		size++
	}
	return size
}

// subframe writes the samples of a channel in the shortest way that it knows.
func (e *flacEncoder) subframe(w *bitWriter, samples []int64) {
	best, parameter, bits := -1, 0, int64(len(samples)*e.depth)
	for order := range min(len(flacFixed), len(samples)) {
		p, n := riceParameter(e.residuals(samples, order))
		if n += int64(order * e.depth); n < bits {
			best, parameter, bits = order, p, n
		}
	}
	if best < 0 {
		w.put(1<<1, 8) // verbatim
		for _, v := range samples {
			w.put(uint64(v), e.depth)
		}
		return
	}
	w.put(uint64(8+best)<<1, 8)
	for _, v := range samples[:best] {
		w.put(uint64(v), e.depth)
	}
	w.put(1, 2) // parameters of 5 bits
	w.put(0, 4) // one partition
	w.put(uint64(parameter), 5)
	for _, v := range e.residuals(samples, best) {
		w.unary(v >> parameter)
		w.put(v, parameter)
	}
}

// residuals returns what a fixed predictor leaves, signs in the lowest bit, valid until
// the next call.
func (e *flacEncoder) residuals(samples []int64, order int) []uint64 {
	out := slices.Grow(e.left[:0], len(samples))[:len(samples)-order]
	e.left = out
	for i := range out {
		v := samples[i+order]
		for j, c := range flacFixed[order] {
			v -= c * samples[i+order-1-j]
		}
		out[i] = uint64(v<<1) ^ uint64(v>>63)
	}
	return out
}

// riceParameter returns the best parameter of 0 to 30, and how many bits the codes
// take.
func riceParameter(values []uint64) (parameter int, size int64) {
	size = math.MaxInt64
	for p := range 31 {
		n := int64(11) // method, partitions, parameter
		for _, v := range values {
			n += int64(min(v>>p, 1<<40)) + 1 + int64(p)
		}
		if n >= size { // the sum has one minimum
			break
		}
		parameter, size = p, n
	}
	return parameter, size
}
