package container

import (
	"encoding/binary"
	"math"
	"slices"

	"github.com/aigclabel/aigclabel/internal/mp3"
)

// The frame in front of many MP3 streams that says how long they are: decoders that
// know it do not play it, others hear silence. Xing's is behind the side information,
// as LAME extends it (gabriel.mp3-tech.org/mp3infotag.html); that of Fraunhofer, VBRI,
// at a fixed place.

const (
	vbriOffset   = 36
	vbriTable    = 26 // behind its start
	lameDelays   = 21 // behind the name of the encoder: delay and padding, 12 bits each
	lameLength   = 28
	lameMusicCRC = 32
	lameTagCRC   = 34
	lameSize     = 36
	tocSize      = 100
)

// An mpegInfo says where values stand in such a frame; 0 for those it does not have.
type mpegInfo struct {
	header        mp3.Header
	frame         []byte
	frames, bytes int
	toc           int
	lame          int // the name of the encoder
	vbri          int
}

// parseMPEGInfo returns what the frame b is, nil if it is sound. The start of the frame
// is enough to find frames and bytes.
func parseMPEGInfo(h mp3.Header, b []byte) *mpegInfo {
	if h.Layer() != 3 || len(b) < peekSize {
		return nil
	}
	i := &mpegInfo{header: h, frame: b}
	at := mp3.HeaderSize + h.SideSize()
	switch id := string(b[at : at+4]); {
	case id == "Xing" || id == "Info":
		i.xing(at + 4)
		return i
	case string(b[vbriOffset:vbriOffset+4]) == "VBRI":
		i.vbri, i.bytes, i.frames = vbriOffset, vbriOffset+10, vbriOffset+14
		return i
	}
	return nil
}

// xing finds the values behind the flags at pos.
func (i *mpegInfo) xing(pos int) {
	flags := binary.BigEndian.Uint32(i.frame[pos:])
	pos += 4
	for bit, field := range []struct {
		at   *int
		size int
	}{{&i.frames, 4}, {&i.bytes, 4}, {&i.toc, tocSize}, {new(int), 4}} {
		if flags>>bit&1 == 1 && pos+field.size <= len(i.frame) {
			*field.at = pos
			pos += field.size
		}
	}
	if name := i.frame[pos:]; len(name) >= lameSize && 'A' <= name[0] && name[0] <= 'z' {
		i.lame = pos
	}
}

// delay returns how many samples late the encoder is, and how many it added at the end.
func (i *mpegInfo) delay() (delay, padding int, known bool) {
	if i == nil || i.lame == 0 {
		return 0, 0, false
	}
	v := uint24(i.frame[i.lame+lameDelays:])
	return int(v >> 12), int(v & 0xFFF), true
}

// An mpegGrowth is what is added to a stream.
type mpegGrowth struct {
	front, back [][]byte // frames
	padding     int      // samples that are to be left out at the end
	sound       int64    // bytes of the frames that there were
	frames      int64    // their number
	position    func(frame int64) int64
}

// at returns where a frame of the grown stream starts, behind its first frame of sound.
func (g *mpegGrowth) at(frame int64) int64 {
	before := frameBytes(g.front[:min(frame, int64(len(g.front)))])
	if frame -= int64(len(g.front)); frame <= 0 {
		return before
	}
	before += g.position(min(frame, g.frames))
	return before + frameBytes(g.back[:min(max(frame-g.frames, 0), int64(len(g.back)))])
}

// count returns the number of frames that are added.
func (g *mpegGrowth) count() int64 { return int64(len(g.front) + len(g.back)) }

func frameBytes(frames [][]byte) (n int64) {
	for _, f := range frames {
		n += int64(len(f))
	}
	return n
}

// grown returns the frame for a stream that has grown. Checksums that were wrong stay
// so.
func (i *mpegInfo) grown(g *mpegGrowth) []byte {
	b := slices.Clone(i.frame)
	add := func(at int, n int64) {
		if at > 0 {
			v := int64(binary.BigEndian.Uint32(b[at:])) + n
			binary.BigEndian.PutUint32(b[at:], uint32(min(v, math.MaxUint32)))
		}
	}
	more := frameBytes(g.front) + frameBytes(g.back)
	add(i.frames, g.count())
	add(i.bytes, more)
	if i.toc > 0 {
		i.fillTOC(b, g)
	}
	if i.lame > 0 {
		add(i.lame+lameLength, more)
		i.fillLAME(b[i.lame:], g)
		if tag := i.lame + lameTagCRC; binary.BigEndian.Uint16(i.frame[tag:]) == crc16(i.frame[:tag]) {
			binary.BigEndian.PutUint16(b[tag:], crc16(b[:tag]))
		}
	}
	if i.vbri > 0 {
		fillVBRI(b[i.vbri:], g)
	}
	return b
}

// fillTOC writes the table of contents: for each percent of the time, where it is in
// the stream, in 256ths.
func (i *mpegInfo) fillTOC(b []byte, g *mpegGrowth) {
	all := g.count() + g.frames
	size := int64(len(b)) + g.at(all)
	for p := range int64(tocSize) {
		b[i.toc+int(p)] = byte(min((int64(len(b))+g.at(p*all/tocSize))*256/size, 255))
	}
	b[i.toc] = 0
}

// fillLAME writes the padding and the checksum of the frames.
func (i *mpegInfo) fillLAME(b []byte, g *mpegGrowth) {
	if len(g.back) > 0 {
		delays := b[lameDelays:]
		putUint24(delays, uint24(delays)&^0xFFF|int64(g.padding))
	}
	old := binary.BigEndian.Uint16(b[lameMusicCRC:])
	if old == 0 {
		return // not known
	}
	front, back := crc16(slices.Concat(g.front...)), crc16(slices.Concat(g.back...))
	behind := frameBytes(g.back)
	sum := crc16Behind(front, g.sound+behind) ^ crc16Behind(old, behind) ^ back
	binary.BigEndian.PutUint16(b[lameMusicCRC:], sum)
}

// fillVBRI writes the table of contents of Fraunhofer's header, whose length stays: it
// has the bytes of so many frames each.
func fillVBRI(b []byte, g *mpegGrowth) {
	entries, size := int64(binary.BigEndian.Uint16(b[18:])), int(binary.BigEndian.Uint16(b[22:]))
	if entries == 0 || size < 1 || size > 4 || vbriTable+entries*int64(size) > int64(len(b)) {
		return
	}
	all := g.count() + g.frames
	each := (all + entries - 1) / entries
	scale := max(int64(binary.BigEndian.Uint16(b[20:])), 1)
	longest := int64(0)
	for i := range entries {
		longest = max(longest, g.at((i+1)*each)-g.at(i*each))
	}
	for longest/scale+1 >= 1<<(8*size) {
		scale *= 2
	}
	if each > math.MaxUint16 || scale > math.MaxUint16 {
		return
	}
	binary.BigEndian.PutUint16(b[20:], uint16(scale))
	binary.BigEndian.PutUint16(b[24:], uint16(each))
	for i := range entries {
		v := g.at((i+1)*each)/scale - g.at(i*each)/scale
		for j := range size {
			b[vbriTable+int(i)*size+j] = byte(v >> (8 * (size - 1 - j)))
		}
	}
}

// crc16 returns the checksum of LAME: CRC-16/ARC.
func crc16(b []byte) (crc uint16) {
	for _, c := range b {
		crc ^= uint16(c)
		for range 8 {
			crc = crc>>1 ^ crc&1*crc16Polynomial
		}
	}
	return crc
}

const crc16Polynomial = 0xA001

// crc16Behind returns the checksum of what has the checksum crc and is followed by n
// zeros: that of a whole is the sum of what its parts would add to zeros.
func crc16Behind(crc uint16, n int64) uint16 {
	power := uint16(1 << 7) // x to the power of 8: the highest bit is 1
	for ; n > 0; n >>= 1 {
		if n&1 == 1 {
			crc = crc16Times(crc, power)
		}
		power = crc16Times(power, power)
	}
	return crc
}

// crc16Times multiplies polynomials.
func crc16Times(a, b uint16) (product uint16) {
	for ; a != 0; a <<= 1 {
		if a>>15 == 1 {
			product ^= b
		}
		b = b>>1 ^ b&1*crc16Polynomial
	}
	return product
}
