package container

import (
	"encoding/binary"
)

// Pages of Ogg (RFC 3533, clause 6): a header with the sizes of the segments, and
// the segments. A packet ends in a segment of less than 255 bytes.

const (
	oggMagic      = "OggS"
	oggHeaderSize = 27
	oggMaxLacing  = 255 // segments in a page, and bytes in a segment
	oggMaxHeader  = oggHeaderSize + oggMaxLacing
	oggMaxPage    = oggMaxHeader + oggMaxLacing*oggMaxLacing
)

// oggNoTime is the time of a page in which no packet ends.
const oggNoTime = 1<<64 - 1

// Flags of a page.
const (
	oggContinued = 1 << iota // it begins inside a packet
	oggFirst
	oggLast
)

// An oggPage is the header of a page.
type oggPage struct {
	Range    // of the whole page
	flags    byte
	granule  uint64
	serial   uint32
	sequence uint32
	checksum uint32
	lacing   []byte
}

// parseOggPage returns the page at off, of which b is the head.
func parseOggPage(off int64, b []byte) (p oggPage, ok bool) {
	if len(b) < oggHeaderSize || string(b[:4]) != oggMagic || b[4] != 0 {
		return p, false
	}
	n := oggHeaderSize + int(b[26])
	if len(b) < n {
		return p, false
	}
	p = oggPage{
		Range: Range{off, int64(n)}, flags: b[5], granule: binary.LittleEndian.Uint64(b[6:]),
		serial: binary.LittleEndian.Uint32(b[14:]), sequence: binary.LittleEndian.Uint32(b[18:]),
		checksum: binary.LittleEndian.Uint32(b[22:]), lacing: b[oggHeaderSize:n:n],
	}
	for _, size := range p.lacing {
		p.Length += int64(size)
	}
	return p, true
}

func (p oggPage) end() int64  { return p.Offset + p.Length }
func (p oggPage) body() int64 { return p.Offset + oggHeaderSize + int64(len(p.lacing)) }

// encode returns the page with its share of body, and the rest of that.
func (p oggPage) encode(body []byte) (page, rest []byte) {
	b := append([]byte(oggMagic), 0, p.flags)
	b = binary.LittleEndian.AppendUint64(b, p.granule)
	b = binary.LittleEndian.AppendUint32(b, p.serial)
	b = binary.LittleEndian.AppendUint32(b, p.sequence)
	b = append(b, 0, 0, 0, 0, byte(len(p.lacing)))
	b = append(b, p.lacing...)
	size := 0
	for _, n := range p.lacing {
		size += int(n)
	}
	b = append(b, body[:size]...)
	binary.LittleEndian.PutUint32(b[22:], oggChecksum(b))
	return b, body[size:]
}

// The checksum of Ogg: CRC-32 of this polynomial, not reflected, from zero.
const oggPolynomial = 0x04C11DB7

var oggTable = func() (table [256]uint32) {
	for i := range table {
		table[i] = oggMultiply(uint32(i)<<24, 1<<8)
	}
	return table
}()

// oggPowers are x^8, x^16, x^32...: what one, two, four... zero bytes multiply a
// checksum by.
var oggPowers = func() (powers [17]uint32) {
	powers[0] = 1 << 8
	for i := 1; i < len(powers); i++ {
		powers[i] = oggMultiply(powers[i-1], powers[i-1])
	}
	return powers
}()

// oggMultiply multiplies polynomials modulo the polynomial.
func oggMultiply(a, b uint32) (product uint32) {
	for i := 31; i >= 0; i-- {
		product = product<<1 ^ product>>31*oggPolynomial
		product ^= b >> i & 1 * a
	}
	return product
}

func oggUpdate(crc uint32, b []byte) uint32 {
	for _, c := range b {
		crc = crc<<8 ^ oggTable[byte(crc>>24)^c]
	}
	return crc
}

// oggZeros returns the checksum after n more zero bytes, fewer than 1<<17.
func oggZeros(crc uint32, n int64) uint32 {
	for i := range oggPowers {
		if n>>i&1 != 0 {
			crc = oggMultiply(crc, oggPowers[i])
		}
	}
	return crc
}

// oggChecksum returns the checksum of a whole page, in which its own field
// counts as zero.
func oggChecksum(page []byte) uint32 {
	crc := oggUpdate(0, page[:22])
	return oggUpdate(oggUpdate(crc, make([]byte, 4)), page[26:])
}
