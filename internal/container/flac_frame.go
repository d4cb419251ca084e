package container

import "encoding/binary"

// Frames (RFC 9639, clause 9): a header with a number and CRC-8, subframes, and
// CRC-16.

const (
	flacWindow = 64 << 10 // where the last frame is looked for
	flacJunk   = 4 << 10  // that may stand behind it
)

// A flacInfo is what STREAMINFO says (RFC 9639, clause 8.2).
type flacInfo struct {
	minBlock, maxBlock int64 // samples
	maxFrame           int64 // bytes, at most
	total              int64 // samples, 0 if not known
}

func parseFLACInfo(b []byte) flacInfo {
	i := flacInfo{
		minBlock: int64(binary.BigEndian.Uint16(b)),
		maxBlock: int64(binary.BigEndian.Uint16(b[2:])),
		maxFrame: int64(binary.BigEndian.Uint32(b[6:]) & 0xFFFFFF),
	}
	bits := binary.BigEndian.Uint64(b[10:])
	i.total = int64(bits & (1<<36 - 1))
	if i.maxFrame == 0 { // not known: no more than plain samples, and headers
		channels, depth := int64(bits>>41&7)+1, int64(bits>>36&31)+1
		i.maxFrame = channels*(i.maxBlock*(depth+1)/8+8) + 32
	}
	return i
}

// flacCut reports whether the frames from first on end before the last sample
// that STREAMINFO at info states. It is false where that cannot be told: if the
// number of samples is not known, as in streamed files, or the last frame may be
// larger than 64 KiB.
func flacCut(src *Source, info, first int64) (bool, error) {
	h, err := src.Peek(info, flacStreamInfo)
	if err != nil {
		return false, err
	}
	i := parseFLACInfo(h)
	if i.total == 0 {
		return false, nil
	}
	if first > src.Size()-2 {
		return true, nil
	}
	sync, err := src.Peek(first, 2)
	if err != nil {
		return false, err
	}
	if variable := sync[1]&1 != 0; sync[0] != 0xFF || sync[1]&0xFE != 0xF8 || !variable && i.minBlock != i.maxBlock {
		return sync[0] != 0xFF, nil
	}
	start := max(first, src.Size()-min(i.maxFrame+flacJunk, flacWindow))
	b := make([]byte, src.Size()-start)
	if err := src.readAt(b, start); err != nil {
		return false, err
	}
	whole, found := i.lastFrame(b)
	return !whole && (found || start == first || i.maxFrame <= flacWindow), nil
}

// lastFrame looks for the frame that holds the last sample, and reports whether
// all of it is there.
func (i flacInfo) lastFrame(b []byte) (whole, found bool) {
	for n := len(b) - 2; n >= 0; n-- {
		if end, size, ok := i.frame(b[n:]); ok && end == i.total {
			return flacWhole(b[n:], size), true
		}
	}
	return false, false
}

// frame returns the number of the sample after the frame whose header b starts
// with, and the size of the header.
func (i flacInfo) frame(b []byte) (end int64, size int, ok bool) {
	h, ok := parseFLACHeader(b)
	if !h.variable {
		h.number *= i.maxBlock
	}
	return h.number + h.samples, h.size, ok
}

// A flacHeader is the header of a frame.
type flacHeader struct {
	variable   bool  // numbers are those of samples
	number     int64 // of the frame, or of its first sample
	numberSize int   // bytes that it takes
	samples    int64
	extra      int  // bytes that the number of samples takes, behind the number
	channels   byte // and how they are coded
	size       int  // of the header, with its CRC-8
}

// parseFLACHeader returns the header that b starts with.
func parseFLACHeader(b []byte) (h flacHeader, ok bool) {
	if len(b) < 6 || b[0] != 0xFF || b[1]&0xFE != 0xF8 || b[3]&1 != 0 {
		return h, false
	}
	h.variable, h.channels = b[1]&1 != 0, b[3]>>4
	if h.number, h.numberSize = flacNumber(b[4:]); h.numberSize == 0 {
		return h, false
	}
	size := 4 + h.numberSize
	h.samples, h.extra = flacSamples(b[2]>>4, b[size:])
	size += h.extra + flacRateSize(b[2]&15)
	if h.samples == 0 || b[2]&15 == 15 || size >= len(b) || flacCRC8(b[:size]) != b[size] {
		return h, false
	}
	h.size = size + 1
	return h, true
}

// flacRateSize returns how many bytes the code of a sampling rate has behind it.
func flacRateSize(code byte) int {
	switch code {
	case 12:
		return 1
	case 13, 14:
		return 2
	}
	return 0
}

// flacNumber decodes a number in the way of UTF-8, and returns how many bytes it
// takes, 0 if it is none.
func flacNumber(b []byte) (number int64, n int) {
	for b[0]<<n&0x80 != 0 {
		n++
	}
	if n == 0 {
		return int64(b[0]), 1
	}
	if n == 1 || n > 7 || n > len(b) {
		return 0, 0
	}
	number = int64(b[0]) & (0x7F >> n)
	for _, c := range b[1:n] {
		if c&0xC0 != 0x80 {
			return 0, 0
		}
		number = number<<6 | int64(c&0x3F)
	}
	return number, n
}

// flacSamples returns the number of samples that a code stands for, and how many
// bytes of b it takes.
func flacSamples(code byte, b []byte) (samples int64, n int) {
	switch {
	case code == 1:
		return 192, 0
	case code >= 2 && code <= 5:
		return 144 << code, 0
	case code == 6 && len(b) > 0:
		return int64(b[0]) + 1, 1
	case code == 7 && len(b) > 1:
		return int64(binary.BigEndian.Uint16(b)) + 1, 2
	case code >= 8:
		return 1 << code, 0
	}
	return 0, 0
}

func flacCRC8(b []byte) (crc byte) {
	for _, c := range b {
		crc ^= c
		for range 8 {
			crc = crc<<1 ^ crc>>7*0x07
		}
	}
	return crc
}

// flacWhole reports whether the CRC-16 of a frame stands somewhere behind its
// header of size bytes: a tag or junk may follow.
func flacWhole(b []byte, size int) bool {
	crc := uint16(0)
	for n := range b {
		if crc = flacCRC16(crc, b[n:n+1]); crc == 0 && n >= size+2 {
			return true
		}
	}
	return false
}

const flacPolynomial = 0x8005

var flacTable = func() (table [256]uint16) {
	for i := range table {
		table[i] = flacMultiply(uint16(i)<<8, 1<<8)
	}
	return table
}()

// flacCRC16 returns the CRC-16 of b behind what has the CRC-16 crc.
func flacCRC16(crc uint16, b []byte) uint16 {
	for _, c := range b {
		crc = crc<<8 ^ flacTable[byte(crc>>8)^c]
	}
	return crc
}

// flacMultiply multiplies polynomials modulo that of the CRC-16.
func flacMultiply(a, b uint16) (product uint16) {
	for i := 15; i >= 0; i-- {
		product = product<<1 ^ product>>15*flacPolynomial
		product ^= b >> i & 1 * a
	}
	return product
}

// flacZeros returns the CRC-16 after n more zero bytes.
func flacZeros(crc uint16, n int64) uint16 {
	for power := uint16(1 << 8); n > 0; n >>= 1 {
		if n&1 != 0 {
			crc = flacMultiply(crc, power)
		}
		power = flacMultiply(power, power)
	}
	return crc
}
