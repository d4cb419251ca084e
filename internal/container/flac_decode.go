package container

import (
	"encoding/binary"
	"errors"
	"math/bits"
)

// The decoder (RFC 9639, clauses 9.2 to 9.3): each subframe is a prediction and what
// is left of the samples without it.

// The modes in which the last two channels stand for left and right.
const (
	flacLeftSide = 8 + iota
	flacSideRight
	flacMidSide
)

var errFLACFrame = errors.New("broken FLAC frame")

// A bitReader reads bits, the upper ones of a byte first. Behind the end it reads
// zeros, and remembers that.
type bitReader struct {
	rest  []byte
	cache uint64 // the bits that are next are the upper ones
	n     int    // bits in it
	over  bool
}

func (r *bitReader) fill() {
	if len(r.rest) >= 8 && r.n < 8 {
		r.cache |= binary.BigEndian.Uint64(r.rest) >> r.n
		whole := (64 - r.n) / 8
		r.rest, r.n = r.rest[whole:], r.n+8*whole
		if r.n < 64 { // what else was read is no part of the cache
			r.cache &^= 1<<(64-r.n) - 1
		}
		return
	}
	for r.n <= 56 && len(r.rest) > 0 {
		r.cache |= uint64(r.rest[0]) << (56 - r.n)
		r.rest, r.n = r.rest[1:], r.n+8
	}
}

// uint reads n bits, at most 57.
func (r *bitReader) uint(n int) uint64 {
	if r.n < n {
		if r.fill(); r.n < n {
			r.over, r.n = true, n
		}
	}
	v := r.cache >> 1 >> (63 - n)
	r.cache <<= n
	r.n -= n
	return v
}

// int reads a signed number of n bits.
func (r *bitReader) int(n int) int64 {
	if n == 0 {
		return 0
	}
	return int64(r.uint(n)<<(64-n)) >> (64 - n)
}

// unary reads the number of zeros before a one.
func (r *bitReader) unary() (n uint64) {
	for {
		if r.cache != 0 {
			zeros := bits.LeadingZeros64(r.cache)
			r.cache <<= zeros + 1
			r.n -= zeros + 1
			return n + uint64(zeros)
		}
		n += uint64(r.n)
		if r.n = 0; len(r.rest) == 0 {
			r.over = true
			return 0
		}
		r.fill()
	}
}

// A flacDecoder decodes frames; it keeps the memory.
type flacDecoder struct {
	channels, depth int
	samples         [][]int64
}

// decode returns the samples of the frame that b starts with, for each channel, valid
// until the next call, and the size of the frame with its CRC-16.
func (d *flacDecoder) decode(b []byte) (samples [][]int64, size int, err error) {
	h, ok := parseFLACHeader(b)
	if !ok || flacChannels(h.channels) != d.channels {
		return nil, 0, errFLACFrame
	}
	r := &bitReader{rest: b[h.size:]}
	for len(d.samples) < d.channels {
		d.samples = append(d.samples, nil)
	}
	for i := range d.samples {
		if int64(cap(d.samples[i])) < h.samples {
			d.samples[i] = make([]int64, h.samples)
		}
		d.samples[i] = d.samples[i][:h.samples]
		if !r.subframe(d.samples[i], d.depth+flacSide(h.channels, i)) {
			return nil, 0, errFLACFrame
		}
	}
	size = len(b) - len(r.rest) - r.n/8 + 2
	if size > len(b) || flacCRC16(0, b[:size]) != 0 {
		return nil, 0, errFLACFrame
	}
	flacStereo(h.channels, d.samples)
	return d.samples, size, nil
}

// flacChannels returns the number of channels, 0 for a code that is reserved.
func flacChannels(code byte) int {
	switch {
	case code < flacLeftSide:
		return int(code) + 1
	case code <= flacMidSide:
		return 2
	}
	return 0
}

// flacSide returns the bits that a channel takes more if it is a difference.
func flacSide(code byte, channel int) int {
	if code == flacSideRight && channel == 0 || (code == flacLeftSide || code == flacMidSide) && channel == 1 {
		return 1
	}
	return 0
}

// flacStereo makes left and right of what stands for them.
func flacStereo(code byte, s [][]int64) {
	if code < flacLeftSide {
		return
	}
	for i, a := range s[0] {
		b := s[1][i]
		switch code {
		case flacLeftSide:
			s[1][i] = a - b
		case flacSideRight:
			s[0][i] = a + b
		case flacMidSide:
			a = a<<1 | b&1
			s[0][i], s[1][i] = (a+b)>>1, (a-b)>>1
		}
	}
}

// subframe reads samples of depth bits.
func (r *bitReader) subframe(out []int64, depth int) bool {
	if r.uint(1) != 0 {
		return false
	}
	kind := int(r.uint(6))
	wasted := 0
	if r.uint(1) != 0 {
		wasted = int(min(r.unary(), 64)) + 1
	}
	if depth -= wasted; depth < 1 {
		return false
	}
	if !r.prediction(kind, out, depth) || r.over {
		return false
	}
	if wasted > 0 {
		for i := range out {
			out[i] <<= wasted
		}
	}
	return true
}

// prediction reads samples that are coded in one of the four ways.
func (r *bitReader) prediction(kind int, out []int64, depth int) bool {
	const verbatim, fixed, linear = 1, 8, 32
	switch {
	case kind == 0:
		v := r.int(depth)
		for i := range out {
			out[i] = v
		}
		return true
	case kind == verbatim:
		for i := range out {
			out[i] = r.int(depth)
		}
		return true
	case kind >= linear:
		return r.linear(kind-linear+1, out, depth)
	case kind >= fixed && kind-fixed < len(flacFixed):
		order := kind - fixed
		if !r.warmUp(order, out, depth) || !r.residual(out, order) {
			return false
		}
		predict(out, flacFixed[order], 0)
		return true
	}
	return false
}

// flacFixed are the coefficients of the predictors that need not state any, the one
// of the last sample first.
var flacFixed = [...][]int64{{}, {1}, {2, -1}, {3, -3, 1}, {4, -6, 4, -1}}

// warmUp reads the samples that a predictor starts from.
func (r *bitReader) warmUp(order int, out []int64, depth int) bool {
	if order > len(out) {
		return false
	}
	for i := range order {
		out[i] = r.int(depth)
	}
	return true
}

// linear reads samples with a predictor of their own.
func (r *bitReader) linear(order int, out []int64, depth int) bool {
	if !r.warmUp(order, out, depth) {
		return false
	}
	precision, shift := int(r.uint(4))+1, r.int(5)
	if precision == 16 || shift < 0 {
		return false
	}
	coefficients := make([]int64, order, 32) // stays on the stack
	for i := range coefficients {
		coefficients[i] = r.int(precision)
	}
	if !r.residual(out, order) {
		return false
	}
	predict(out, coefficients, int(shift))
	return true
}

// predict adds the predictions to samples.
func predict(out, coefficients []int64, shift int) {
	for i := len(coefficients); i < len(out); i++ {
		sum, past := int64(0), out[i-len(coefficients):i]
		for j, c := range coefficients {
			sum += c * past[len(past)-1-j]
		}
		out[i] += sum >> shift
	}
}

// residual reads what predictions leave, in partitions of Rice codes.
func (r *bitReader) residual(out []int64, order int) bool {
	method := r.uint(2)
	partitions := 1 << r.uint(4)
	size := len(out) / partitions
	if method > 1 || len(out)%partitions != 0 || size < order {
		return false
	}
	width := 4 + int(method)
	for start := 0; start < len(out) && !r.over; start += size {
		part := out[max(start, order) : start+size]
		parameter := int(r.uint(width))
		if parameter == 1<<width-1 {
			width := int(r.uint(5))
			for i := range part {
				part[i] = r.int(width)
			}
			continue
		}
		for i := range part {
			v := r.unary()<<parameter | r.uint(parameter)
			part[i] = int64(v>>1) ^ -int64(v&1)
		}
	}
	return !r.over
}
