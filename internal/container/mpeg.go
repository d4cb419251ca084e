package container

import (
	"encoding/binary"

	"github.com/aigclabel/aigclabel/internal/mp3"
)

// MPEG audio frames, ISO/IEC 11172-3 clause 2.4.1 and 13818-3; MPEG 2.5 is the
// usual extension to lower rates. ADTS has layer 0 and is none of them.

// mpegSearch is how far behind a tag the first frame may stand: wrong tag sizes
// and forgotten padding are common.
const mpegSearch = 4 << 10

// mpegAt returns the header at off, false if there is none.
func mpegAt(src *Source, off int64) (mp3.Header, bool, error) {
	if off > src.Size()-mp3.HeaderSize {
		return 0, false, nil
	}
	b, err := src.Peek(off, mp3.HeaderSize)
	if err != nil {
		return 0, false, err
	}
	h, ok := mp3.ParseHeader(b)
	return h, ok, nil
}

// mpegFraming returns the frames of the stream that h is of.
func mpegFraming(h mp3.Header) framing {
	return framing{header: mp3.HeaderSize, longest: 2 << 10, length: func(b []byte) int {
		next, ok := mp3.ParseHeader(b)
		if !ok || !next.Same(h) {
			return 0
		}
		return next.Size()
	}}
}

// mpegRun is [framing.run] for the stream that the frame at off is of.
func mpegRun(src *Source, off int64, n int) (bool, error) {
	first, ok, err := mpegAt(src, off)
	if !ok || err != nil {
		return false, err
	}
	return mpegFraming(first).run(src, off, n)
}

// mpegFree reports whether three frames in free format, which states no length,
// follow each other from off on: where the second is says where the third must be.
func mpegFree(src *Source, off int64) (bool, error) {
	first, ok, err := mpegAt(src, off)
	if !ok || err != nil || first.BitRate() != 0 {
		return false, err
	}
	same := func(off int64) (mp3.Header, bool, error) {
		h, ok, err := mpegAt(src, off)
		return h, ok && h.BitRate() == 0 && h.Same(first), err
	}
	for n := int64(mp3.HeaderSize); n <= mpegSearch; n++ {
		second, ok, err := same(off + n)
		if err != nil {
			return false, err
		}
		if !ok {
			continue
		}
		if _, ok, err = same(off + 2*n + int64(second.Padding()-first.Padding())); ok || err != nil {
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
	if h, ok, err := mpegAt(src, off); err != nil || ok && h.BitRate() == 0 {
		return off, ok, err // free format states no length
	}
	for end := min(off+mpegSearch, src.Size()-mp3.HeaderSize); off <= end; off++ {
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
	length := int64(h.Size())
	if length < peekSize || length > src.Size()-off {
		return length, nil
	}
	b, err := src.Peek(off, peekSize)
	if err != nil {
		return 0, err
	}
	if info := parseMPEGInfo(h, b); info != nil && info.bytes > 0 {
		length = max(length, int64(binary.BigEndian.Uint32(b[info.bytes:])))
	}
	return length, nil
}

// mpegCut reports whether the stream from first to end breaks off in its last
// frame.
func mpegCut(src *Source, first, end int64) (bool, error) {
	h, ok, err := mpegAt(src, first)
	if !ok || err != nil || h.Size() == 0 {
		return false, err
	}
	return mpegFraming(h).cut(src, first, end)
}
