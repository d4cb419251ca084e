package mp3

import (
	"encoding/binary"
	"math"
)

// A Clip is a short sound to be coded for the front or the end of a stream. Its frames
// need no frame before them, and what follows decodes as if they had not been there.
type Clip struct {
	// Like is the header of a frame of the stream. The frames of the clip have its
	// version, rate, mode, and bit rate, or the lowest that has room for sound; they
	// have no checksum.
	Like Header

	// Samples are from -1 to 1, the same ones for all channels.
	Samples []float64

	// Delay is after how many samples of the decoded sound those of the clip begin,
	// at least MinDelay.
	Delay int

	// Length is of how many samples the frames are at least. Behind the sound there is
	// silence.
	Length int

	// Substitute is the end of the main data, which the frames behind the clip need:
	// see [Substitute].
	Substitute []byte
}

// MinDelay is how many samples late the sound of a [Clip] is at least: 481 by the
// filterbank, and 576 by the transform that overlaps.
const MinDelay = 481 + lines

// quiet is how many granules at the end of a clip are silent, so that decoders start
// with what follows as if nothing had been before: of the first the transform has
// still an echo, of the second the filterbank.
const quiet = 2

// leastBits is the least room for a granule of a channel: for a tone that is 25 dB
// above its noise.
const leastBits = 80

// Frames returns the frames of the clip.
func (c Clip) Frames() (frames [][]byte) {
	h := c.header()
	e := encoder{header: h, samples: append(make([]float64, c.Delay-MinDelay), c.Samples...)}
	sounding := (c.Delay + len(c.Samples) + h.Samples() - 1) / h.Samples()
	for range sounding {
		frames = append(frames, e.frame())
	}
	for len(frames) < max(sounding+quiet/h.granules(), c.Length/h.Samples()) {
		frames = append(frames, e.silence())
	}
	return append(frames, e.lend(c.Substitute)...)
}

// header returns the header of the frames.
func (c Clip) header() Header {
	h := c.Like&^(padded|maskExtension) | unprotected
	if h.mode() == joint {
		h |= sideByMiddle
	}
	for h&maskBitRate < maxBitRate && 8*(h.Size()-h.mainStart()) < leastBits*h.granules()*h.coded() {
		h += minBitRate
	}
	return h
}

// coded returns how many channels have sound of their own: where one is the side, it is
// silent.
func (h Header) coded() int {
	if h.has(sideByMiddle) {
		return 1
	}
	return h.Channels()
}

// An encoder makes frames of a constant bit rate.
type encoder struct {
	header  Header
	samples []float64 // still to come
	owed    int       // bits of the rate that frames have not had yet, times the sampling rate
	analysis
}

// frame codes the next samples.
func (e *encoder) frame() []byte {
	h, size := e.next()
	var side sideInfo
	w := &bitWriter{}
	left := 8 * (size - h.mainStart())
	for i := range h.granules() {
		x := e.lines(h.has(sideByMiddle))
		q := quantise(&x, h.bands(), min(left/(h.granules()-i)/h.coded(), maxBits))
		for c := range h.coded() {
			side.granules[i][c] = q.granule
			q.write(w, h.bands())
		}
		left -= h.coded() * q.bits
	}
	return assemble(h, size, &side, w.b)
}

// next returns the header and the size of the next frame.
func (e *encoder) next() (Header, int) {
	h, rate := e.header, e.header.Rate()
	perFrame := 72 * h.granules() * h.BitRate() // bytes, times the sampling rate
	e.owed += perFrame % rate
	if e.owed >= rate {
		e.owed -= rate
		h |= padded
	}
	return h, h.Size()
}

// lines returns the lines of the next granule, of the middle if asked for: then the
// sound is in two channels, which have half of its power each.
func (e *encoder) lines(middle bool) [lines]float64 {
	var in [lines]float64
	n := copy(in[:], e.samples)
	e.samples = e.samples[n:]
	if middle {
		for i := range in {
			in[i] *= math.Sqrt2
		}
	}
	return e.analysis.granule(&in)
}

// silence makes a silent frame.
func (e *encoder) silence() []byte {
	h, size := e.next()
	return assemble(h, size, &sideInfo{}, nil)
}

// lend makes silent frames, at whose end are these main data.
func (e *encoder) lend(data []byte) (frames [][]byte) {
	for room := 0; room < len(data); {
		frames = append(frames, e.lender())
		room += len(frames[len(frames)-1]) - e.header.mainStart()
	}
	for i := len(frames) - 1; i >= 0; i-- {
		main := frames[i][e.header.mainStart():]
		n := min(len(data), len(main))
		copy(main[len(main)-n:], data[len(data)-n:])
		data = data[:len(data)-n]
	}
	return frames
}

// lender makes a silent frame whose main data are for the next one. They are declared
// to be read by this one too, as 576 zeros in a code that has no bits and something
// behind, so that decoders that drop what was read have none to lend.
func (e *encoder) lender() []byte {
	h, size := e.next()
	var side sideInfo
	bits := 8 * (size - h.mainStart()) / h.granules() / h.Channels()
	for i := range h.granules() {
		for c := range h.Channels() {
			side.granules[i][c] = granule{bits: min(bits, maxBits), pairs: maxPairs, gain: unityGain}
		}
	}
	return assemble(h, size, &side, nil)
}

// assemble returns a frame. Behind the main data are zeros.
func assemble(h Header, size int, side *sideInfo, main []byte) []byte {
	frame := make([]byte, size)
	binary.BigEndian.PutUint32(frame, uint32(h))
	w := &bitWriter{}
	side.write(w, h)
	copy(frame[HeaderSize:], w.b)
	copy(frame[h.mainStart():], main)
	return frame
}
