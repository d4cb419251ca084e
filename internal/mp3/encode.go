package mp3

import (
	"encoding/binary"
	"math"
)

// A Clip is a short sound to be coded for the front or the end of a stream. Its frames
// refer to no frame before them, and no decoder can tell where they came from.
type Clip struct {
	// Like is the header of a frame of the stream. The frames of the clip have its
	// version, rate, bit rate and mode; they have no checksum.
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

// Frames returns the frames of the clip.
func (c Clip) Frames() (frames [][]byte) {
	h := c.Like&^(padded|maskExtension) | unprotected
	if h.mode() == joint {
		h |= sideByMiddle
	}
	e := encoder{header: h, samples: append(make([]float64, c.Delay-MinDelay), c.Samples...)}
	sounding := (c.Delay + len(c.Samples) + h.Samples() - 1) / h.Samples()
	for range sounding {
		frames = append(frames, e.frame())
	}
	for len(frames) < max(sounding+quiet/h.granules(), c.Length/h.Samples()) {
		frames = append(frames, e.silence())
	}
	if len(c.Substitute) == 0 {
		return frames
	}
	var lent [][]byte // main data of the last frames
	for room := 0; room < len(c.Substitute); {
		frame := e.lender()
		frames, lent = append(frames, frame), append(lent, frame[h.mainStart():])
		room += len(frame) - h.mainStart()
	}
	rest := c.Substitute
	for i := len(lent) - 1; i >= 0; i-- {
		n := min(len(rest), len(lent[i]))
		copy(lent[i][len(lent[i])-n:], rest[len(rest)-n:])
		rest = rest[:len(rest)-n]
	}
	return frames
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
	channels, coded := h.Channels(), h.Channels()
	if h.has(sideByMiddle) {
		coded = 1 // the side is silent
	}
	var side sideInfo
	w := &bitWriter{}
	left := 8 * (size - h.mainStart())
	for i := range h.granules() {
		x := e.lines(channels > coded)
		budget := min(left/(h.granules()-i)/coded, maxBits)
		q := quantise(&x, h.bands(), budget)
		for c := range channels {
			if c < coded {
				side.granules[i][c] = q.granule
				q.write(w, h.bands())
			}
		}
		left -= coded * q.bits
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
