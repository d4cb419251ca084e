// Package mp3 codes MPEG audio of Layer III: ISO/IEC 11172-3 (MPEG-1), 13818-3
// (MPEG-2) and MPEG 2.5, their usual extension to lower rates.
//
// [Clip] makes frames that do not need the ones before them, to be put beside the
// frames of another encoder. [Decoder] hears what is in any frames. Both are made for
// short sounds and for measuring, not to compete with an encoder of music.
package mp3

import "encoding/binary"

// HeaderSize is the length of a [Header] in a file.
const HeaderSize = 4

// Bit rates in kbit/s by index, for MPEG-1 and for MPEG-2 and 2.5, by layer.
var bitRates = [2][3][15]int{
	{
		{0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448},
		{0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384},
		{0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320},
	},
	{
		{0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256},
		{0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160},
		{0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160},
	},
}

var sampleRates = [3]int{44100, 48000, 32000}

// A Header starts a frame of MPEG audio of any layer (ISO/IEC 11172-3 clause
// 2.4.2.3). The methods but Valid are for valid ones.
type Header uint32

// The fields of a header that are single bits, and the modes of two channels.
const (
	unprotected = 1 << 16
	padded      = 1 << 9

	maskBitRate   = 15 << 12
	minBitRate    = 1 << 12
	maxBitRate    = 14 << 12
	maskExtension = 3 << 4
	sideByMiddle  = 2 << 4 // with joint: the middle and the side
	intensity     = 1 << 4

	joint = 1
	mono  = 3
)

// ParseHeader returns the header that b starts with, false if there is none.
func ParseHeader(b []byte) (Header, bool) {
	if len(b) < HeaderSize {
		return 0, false
	}
	h := Header(binary.BigEndian.Uint32(b))
	return h, h.Valid()
}

// Valid reports whether h is a header: ADTS, which has layer 0, is none.
func (h Header) Valid() bool {
	return h>>21 == 0x7FF && h.Version() != 0 && h.Layer() != 4 && h>>12&15 != 15 && h>>10&3 != 3 && h&3 != 2
}

// Same reports whether the frames of h and o are of one stream: of the same version,
// layer and sampling rate.
func (h Header) Same(o Header) bool { return (h^o)&0xFFFE0C00 == 0 }

// Version returns the version of MPEG, 3 for MPEG 2.5, 0 for a reserved one.
func (h Header) Version() int { return [4]int{3, 0, 2, 1}[h>>19&3] }

// Layer returns the layer, 4 for a reserved one.
func (h Header) Layer() int { return int(4 - h>>17&3) }

// BitRate returns the bits a second, 0 in free format.
func (h Header) BitRate() int {
	return bitRates[min(h.Version(), 2)-1][h.Layer()-1][h>>12&15] * 1000
}

// Rate returns the samples a second of each channel.
func (h Header) Rate() int { return sampleRates[h>>10&3] >> (h.Version() - 1) }

// Padding returns the slots that the frame is longer than others: 0 or 1.
func (h Header) Padding() int { return int(h >> 9 & 1) }

// Channels returns 1 or 2.
func (h Header) Channels() int {
	if h.mode() == mono {
		return 1
	}
	return 2
}

func (h Header) mode() int { return int(h >> 6 & 3) }

// has reports whether a frame is of joint stereo in one of its ways.
func (h Header) has(extension Header) bool { return h.mode() == joint && h&extension != 0 }

// Size returns the bytes of the frame, 0 in free format.
func (h Header) Size() int {
	bits, rate := h.BitRate(), h.Rate()
	switch {
	case bits == 0:
		return 0
	case h.Layer() == 1:
		return (12*bits/rate + h.Padding()) * 4
	case h.Layer() == 3:
		return 72*h.granules()*bits/rate + h.Padding()
	}
	return 144*bits/rate + h.Padding()
}

// Samples returns how many samples of each channel a frame of Layer III has.
func (h Header) Samples() int { return h.granules() * lines }

func (h Header) granules() int {
	if h.Version() == 1 {
		return 2
	}
	return 1
}

// SideSize returns the bytes of the side information of Layer III (clause 2.4.1.7),
// which follows the header and its checksum.
func (h Header) SideSize() int {
	switch {
	case h.Version() > 1 && h.mode() == mono:
		return 9
	case h.Version() > 1 || h.mode() == mono:
		return 17
	}
	return 32
}

// mainStart returns where the main data of a frame starts.
func (h Header) mainStart() int {
	n := HeaderSize + h.SideSize()
	if h&unprotected == 0 {
		n += 2 // the checksum
	}
	return n
}

// Near returns h with the bit rate of the table that is nearest to so many bits a
// second.
func (h Header) Near(bits int) Header {
	best := h
	for rate := Header(minBitRate); rate <= maxBitRate; rate += minBitRate {
		if o := h&^maskBitRate | rate; abs(o.BitRate()-bits) < abs(best.BitRate()-bits) {
			best = o
		}
	}
	return best
}
