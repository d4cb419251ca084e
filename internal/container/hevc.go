package container

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
)

// HEVC in MP4, ISO/IEC 14496-15 clause 8. As in H.264, pictures of two encoders
// stand in one track where their parameter sets have different numbers. Encoders call
// theirs 0, which is written as one bit. The numbers 15 to 30 take nine: what follows
// moves by whole bytes, and nothing else changes.

// A HEVCConfig is the body of an hvcC box.
type HEVCConfig struct {
	Prefix int // bytes of the length before each unit

	head   []byte // profile, level, format
	arrays []hevcArray
}

// A hevcArray has the units of one type.
type hevcArray struct {
	kind  byte // with a flag
	units [][]byte
}

// The types of units that matter (ITU-T H.265 table 7-1).
const (
	hevcFirstIRAP  = 16
	hevcIDRLeading = 19 // IDR_W_RADL
	hevcIDR        = 20 // IDR_N_LP
	hevcLastIRAP   = 23
	hevcSlices     = 31 // up to here
	hevcVPS        = 32
	hevcSPS        = 33
	hevcPPS        = 34
)

const (
	hevcHead      = 22 // bytes of hvcC before its arrays
	hevcLevel     = 12 // the place of the level in them
	hevcUnit      = 2  // bytes of the header of a unit
	hevcNumberVPS = 1  // that ours get
	hevcNumber    = 15 // the others
	hevcNumberLen = 9  // bits of it
	hevcZeroLen   = 1  // bits of 0
)

var errHEVC = errors.New("hvcC box or a HEVC unit is broken")

// ParseHEVC reads the body of an hvcC box.
func ParseHEVC(b []byte) (*HEVCConfig, error) {
	if len(b) <= hevcHead {
		return nil, errHEVC
	}
	c := &HEVCConfig{Prefix: int(b[21]&3) + 1, head: b[:hevcHead]}
	r := fields{data: b[hevcHead:]}
	for n := r.uint(1); n > 0 && !r.short; n-- {
		a := hevcArray{kind: byte(r.uint(1))}
		for k := r.uint(2); k > 0 && !r.short; k-- {
			size := int64(r.uint(2))
			from := r.pos
			r.skip(size)
			a.units = append(a.units, r.data[from:r.pos])
		}
		c.arrays = append(c.arrays, a)
	}
	if r.short {
		return nil, errHEVC
	}
	return c, nil
}

// Number gives the parameter sets of an encoder, all 0, numbers of their own.
func (c *HEVCConfig) Number() error {
	for i, a := range c.arrays {
		for j, u := range a.units {
			out, err := numberHEVC(u)
			if err != nil {
				return err
			}
			c.arrays[i].units[j] = out
		}
	}
	return nil
}

// uses reports whether a parameter set has one of our numbers.
func (c *HEVCConfig) uses() bool {
	for _, a := range c.arrays {
		for _, u := range a.units {
			b := unescape(u)
			at, ok := hevcNumberAt(b)
			switch {
			case !ok, hevcType(u) == hevcVPS && b[hevcUnit]>>4 == hevcNumberVPS:
				return true
			case hevcType(u) != hevcVPS && bitsAt(b, at, hevcNumberLen) == hevcNumber+1:
				return true
			}
		}
	}
	return false
}

// Join returns the body of an hvcC box with the parameter sets of both. They must be
// of one profile and format, and those of the other numbered.
func (c *HEVCConfig) Join(other *HEVCConfig) ([]byte, error) {
	format := func(c *HEVCConfig) []byte {
		return []byte{c.head[1] & 0x1F, c.head[16] & 3, c.head[17] & 7, c.head[18] & 7}
	}
	if c.Prefix != other.Prefix || !slices.Equal(format(c), format(other)) || c.uses() {
		return nil, fmt.Errorf("%w: the parameter sets do not go together", ErrTrack)
	}
	out := slices.Clone(c.head)
	for i := 2; i < 6; i++ {
		out[i] &= other.head[i] // the profiles that both conform to
	}
	out[hevcLevel] = max(out[hevcLevel], other.head[hevcLevel])
	out = append(out, byte(len(c.arrays)))
	for _, a := range c.arrays {
		units := slices.Clone(a.units)
		for _, b := range other.arrays {
			if kind := b.kind & 63; kind == a.kind&63 && kind >= hevcVPS && kind <= hevcPPS {
				units = append(units, b.units...)
			}
		}
		out = binary.BigEndian.AppendUint16(append(out, a.kind), uint16(len(units)))
		out = appendSets(out, units)
	}
	return out, nil
}

func hevcType(unit []byte) byte { return unit[0] >> 1 & 63 }

// HEVCRestarts reports whether nothing from a picture on needs what is before it.
func (v *Video) HEVCRestarts(c *HEVCConfig, sample int) (bool, error) {
	kind, err := v.firstUnit(sample, c.Prefix, func(b byte) (int, bool) { return int(b >> 1 & 63), b>>1&63 <= hevcSlices })
	return kind == hevcIDR || kind == hevcIDRLeading, err
}

// NumberHEVC writes the pictures of an encoder with the numbers that
// [HEVCConfig.Number] gives, and returns the video that [Video.At] finds in what w got.
func (v *Video) NumberHEVC(w io.Writer, c *HEVCConfig) (*Video, error) {
	out := &Video{Coding: v.Coding, Samples: slices.Clone(v.Samples)}
	pos := int64(0)
	for i, s := range v.Samples {
		if s.Size > maxPicture {
			return nil, &LimitError{What: "bytes of a picture", Limit: maxPicture}
		}
		data := make([]byte, s.Size)
		if _, err := v.data.ReadAt(data, s.Offset); err != nil {
			return nil, err
		}
		data, err := numberUnits(data, c.Prefix)
		if err == nil {
			_, err = w.Write(data)
		}
		if err != nil {
			return nil, err
		}
		out.Samples[i].Offset, out.Samples[i].Size = pos, int64(len(data))
		pos += int64(len(data))
	}
	return out, nil
}

// maxPicture bounds the bytes of one picture in memory.
const maxPicture = 64 << 20

// numberUnits numbers the units of a picture, each behind its length.
func numberUnits(data []byte, prefix int) ([]byte, error) {
	var out []byte
	for len(data) > 0 {
		r := fields{data: data}
		size := int64(r.uint(prefix))
		from := r.pos
		if r.skip(size); r.short {
			return nil, errHEVC
		}
		unit, err := numberHEVC(data[from:r.pos])
		if err != nil {
			return nil, err
		}
		out = append(appendUint(out, uint64(len(unit)), prefix), unit...)
		data = data[r.pos:]
	}
	return out, nil
}

// numberHEVC returns a unit with our numbers in place of 0.
func numberHEVC(unit []byte) ([]byte, error) {
	if len(unit) <= hevcUnit {
		return nil, errHEVC
	}
	kind := hevcType(unit)
	if kind > hevcSlices && kind < hevcVPS || kind > hevcPPS {
		return unit, nil
	}
	b := unescape(unit)
	if kind == hevcVPS || kind == hevcSPS {
		if b[hevcUnit]>>4 != 0 {
			return nil, errHEVC
		}
		b[hevcUnit] |= hevcNumberVPS << 4
	}
	if kind == hevcVPS {
		return escape(b), nil
	}
	at, ok := hevcNumberAt(b)
	if ok {
		b, ok = setNumber(b, at)
	}
	if ok && kind == hevcPPS { // the number of its SPS follows
		b, ok = setNumber(b, at+hevcNumberLen)
	}
	if !ok {
		return nil, errHEVC
	}
	return escape(b), nil
}

// hevcNumberAt returns the bit at which the number stands that a unit has, or that a
// picture refers to.
func hevcNumberAt(b []byte) (int, bool) {
	const from = 8 * hevcUnit
	if len(b) <= hevcUnit {
		return 0, false
	}
	switch kind := hevcType(b); {
	case kind == hevcSPS:
		const general = 4 + 3 + 1 + 88 + 8 // numbers, and profile, tier and level of all
		at, layers := from+general, int(b[hevcUnit]>>1&7)
		if layers > 0 {
			flags := at
			at += 2 * 8
			for i := range layers {
				at += 88*int(bitsAt(b, flags+2*i, 1)) + 8*int(bitsAt(b, flags+2*i+1, 1))
			}
		}
		return at, at+hevcNumberLen <= 8*len(b)
	case kind >= hevcFirstIRAP && kind <= hevcLastIRAP:
		return from + 2, true
	case kind <= hevcSlices:
		return from + 1, true
	default:
		return from, true
	}
}

// setNumber puts our number in place of a 0, which is the bit 1.
func setNumber(b []byte, at int) ([]byte, bool) {
	if at >= 8*len(b) || bitsAt(b, at, hevcZeroLen) != 1 {
		return nil, false
	}
	out := append(slices.Clone(b[:at/8]), b[at/8], 0)
	out = append(out, b[at/8+1:]...)
	// Behind the number stands what stood behind the bit, one byte later.
	first, rest := b[at/8], 7-at%8 // bits behind it in its byte
	before := first >> (rest + 1) << (rest + 1)
	word := uint16(before)<<8 | uint16(hevcNumber+1)<<rest | uint16(first)&(1<<rest-1)
	binary.BigEndian.PutUint16(out[at/8:], word)
	return out, true
}

// bitsAt returns up to 16 bits, 0 past the end.
func bitsAt(b []byte, at, n int) (v uint32) {
	for i := at; i < at+n; i++ {
		v <<= 1
		if i/8 < len(b) {
			v |= uint32(b[i/8]>>(7-i%8)) & 1
		}
	}
	return v
}

// unescape takes out the bytes that keep start codes from appearing in a unit
// (ITU-T H.265 clause 7.4.2).
func unescape(b []byte) []byte {
	out, zeros := make([]byte, 0, len(b)), 0
	for _, c := range b {
		if zeros >= 2 && c == 3 {
			zeros = 0
			continue
		}
		out = append(out, c)
		if zeros++; c != 0 {
			zeros = 0
		}
	}
	return out
}

// escape puts them in.
func escape(b []byte) []byte {
	out, zeros := make([]byte, 0, len(b)+len(b)/64), 0
	for _, c := range b {
		if zeros >= 2 && c <= 3 {
			out, zeros = append(out, 3), 0
		}
		out = append(out, c)
		if zeros++; c != 0 {
			zeros = 0
		}
	}
	return out
}
