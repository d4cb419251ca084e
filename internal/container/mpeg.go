package container

import "encoding/binary"

// MPEG audio frames, ISO/IEC 11172-3 clause 2.4.1 and 13818-3; MPEG 2.5 is the
// usual extension to lower rates. ADTS has layer 0 and is none of them.

const mpegHeaderSize = 4

// mpegSearch is how far behind a tag the first frame may stand: wrong tag sizes
// and forgotten padding are common.
const mpegSearch = 4 << 10

// mpegSame masks what all frames of a stream share: sync, version, layer and
// sampling rate.
const mpegSame = 0xFFFE0C00

// Bit rates in kbit/s by index, for MPEG 1 and for MPEG 2 and 2.5, by layer.
var mpegBitRates = [2][3][15]int64{
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

var mpegSampleRates = [3]int64{44100, 48000, 32000}

// An mpegHeader is the header of a frame.
type mpegHeader uint32

func (h mpegHeader) version() int   { return [4]int{3, 0, 2, 1}[h>>19&3] } // 3 for MPEG 2.5
func (h mpegHeader) layer() int     { return int(4 - h>>17&3) }            // 4 is reserved
func (h mpegHeader) bitRate() int   { return int(h >> 12 & 15) }           // an index; 0 is free format
func (h mpegHeader) rate() int      { return int(h >> 10 & 3) }
func (h mpegHeader) padding() int64 { return int64(h >> 9 & 1) }
func (h mpegHeader) mono() bool     { return h>>6&3 == 3 }

func (h mpegHeader) valid() bool {
	return h>>21 == 0x7FF && h.version() != 0 && h.layer() != 4 && h.bitRate() != 15 && h.rate() != 3 && h&3 != 2
}

// length returns the bytes of the frame, 0 in free format.
func (h mpegHeader) length() int64 {
	version, layer := h.version(), h.layer()
	bits := mpegBitRates[min(version, 2)-1][layer-1][h.bitRate()] * 1000
	rate := mpegSampleRates[h.rate()] >> (version - 1)
	switch {
	case bits == 0:
		return 0
	case layer == 1:
		return (12*bits/rate + h.padding()) * 4
	case layer == 3 && version > 1:
		return 72*bits/rate + h.padding()
	}
	return 144*bits/rate + h.padding()
}

// mpegAt returns the header at off, false if there is none.
func mpegAt(src *Source, off int64) (mpegHeader, bool, error) {
	if off > src.Size()-mpegHeaderSize {
		return 0, false, nil
	}
	b, err := src.Peek(off, mpegHeaderSize)
	if err != nil {
		return 0, false, err
	}
	h := mpegHeader(binary.BigEndian.Uint32(b))
	return h, h.valid(), nil
}

// framing returns the frames of the stream that h is of.
func (h mpegHeader) framing() framing {
	return framing{header: mpegHeaderSize, longest: 2 << 10, length: func(b []byte) int {
		next := mpegHeader(binary.BigEndian.Uint32(b))
		if !next.valid() || (next^h)&mpegSame != 0 {
			return 0
		}
		return int(next.length())
	}}
}

// mpegRun is [framing.run] for the stream that the frame at off is of.
func mpegRun(src *Source, off int64, n int) (bool, error) {
	first, ok, err := mpegAt(src, off)
	if !ok || err != nil {
		return false, err
	}
	return first.framing().run(src, off, n)
}

// mpegFree reports whether three frames in free format, which states no length,
// follow each other from off on: where the second is says where the third must be.
func mpegFree(src *Source, off int64) (bool, error) {
	first, ok, err := mpegAt(src, off)
	if !ok || err != nil || first.bitRate() != 0 {
		return false, err
	}
	same := func(off int64) (mpegHeader, bool, error) {
		h, ok, err := mpegAt(src, off)
		return h, ok && h.bitRate() == 0 && (h^first)&mpegSame == 0, err
	}
	for n := int64(mpegHeaderSize); n <= mpegSearch; n++ {
		second, ok, err := same(off + n)
		if err != nil {
			return false, err
		}
		if !ok {
			continue
		}
		if _, ok, err = same(off + 2*n + second.padding() - first.padding()); ok || err != nil {
			return ok, err
		}
	}
	return false, nil
}

// findMPEG returns the position of the first frame at or after off. A stream
// without a tag starts at once and must prove itself by a longer run.
func findMPEG(src *Source, off int64, tagged bool) (int64, bool, error) {
	if !tagged {
		ok, err := mpegRun(src, off, 3)
		if !ok && err == nil {
			ok, err = mpegFree(src, off)
		}
		return off, ok, err
	}
	if h, ok, err := mpegAt(src, off); err != nil || ok && h.bitRate() == 0 {
		return off, ok, err // free format states no length
	}
	for end := min(off+mpegSearch, src.Size()-mpegHeaderSize); off <= end; off++ {
		if ok, err := mpegRun(src, off, 2); ok || err != nil {
			return off, ok, err
		}
	}
	return 0, false, nil
}

// mpegBytes returns the length of the stream that starts with the frame at off,
// as its Xing, Info or VBRI header states it, or that of the frame alone.
func mpegBytes(src *Source, off int64) (int64, error) {
	h, ok, err := mpegAt(src, off)
	if !ok || err != nil {
		return 0, err
	}
	length := h.length()
	if length < 64 || length > src.Size()-off {
		return length, nil
	}
	side := int64(32)
	switch {
	case h.version() > 1 && h.mono():
		side = 9
	case h.version() > 1 || h.mono():
		side = 17
	}
	b, err := src.Peek(off+mpegHeaderSize+side, 16)
	if err != nil {
		return 0, err
	}
	if id := string(b[:4]); id == "Xing" || id == "Info" {
		switch flags := binary.BigEndian.Uint32(b[4:]); flags & 3 {
		case 2:
			return max(length, int64(binary.BigEndian.Uint32(b[8:]))), nil
		case 3:
			return max(length, int64(binary.BigEndian.Uint32(b[12:]))), nil
		}
		return length, nil
	}
	if b, err = src.Peek(off+36, 14); err == nil && string(b[:4]) == "VBRI" {
		length = max(length, int64(binary.BigEndian.Uint32(b[10:])))
	}
	return length, err
}

// mpegCut reports whether the stream from first to end breaks off in its last
// frame.
func mpegCut(src *Source, first, end int64) (bool, error) {
	h, ok, err := mpegAt(src, first)
	if !ok || err != nil || h.length() == 0 {
		return false, err
	}
	return h.framing().cut(src, first, end)
}
