package container

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

// H.264 in MP4, ISO/IEC 14496-15 clause 5: the decoder configuration holds the
// parameter sets, each with a number that the pictures refer to. Pictures of two
// encoders stand in one track where their parameter sets have different numbers.

// An AVCConfig is the body of an avcC box.
type AVCConfig struct {
	Profile, Compatibility, Level byte
	Prefix                        int // bytes of the length before each unit

	sequence, picture [][]byte // parameter sets
	rest              []byte   // of profiles from High on
}

var errAVC = errors.New("avcC box is broken")

// ParseAVC reads the body of an avcC box.
func ParseAVC(b []byte) (*AVCConfig, error) {
	r := fields{data: b}
	r.skip(1)
	c := &AVCConfig{Profile: byte(r.uint(1)), Compatibility: byte(r.uint(1)), Level: byte(r.uint(1)), Prefix: int(r.uint(1)&3) + 1}
	sets := func(n uint64) (all [][]byte) {
		for ; n > 0 && !r.short; n-- {
			size := int64(r.uint(2))
			from := r.pos
			r.skip(size)
			all = append(all, b[from:r.pos])
		}
		return all
	}
	c.sequence = sets(r.uint(1) & 31)
	c.picture = sets(r.uint(1))
	if r.short || len(c.sequence) == 0 || len(c.picture) == 0 {
		return nil, errAVC
	}
	c.rest = b[r.pos:]
	return c, nil
}

// numbers returns the numbers of the parameter sets. They stand at the start of a
// picture's, and behind the profile and level of a sequence's.
func (c *AVCConfig) numbers() (all []int, err error) {
	for _, s := range c.sequence {
		n, ok := expGolomb(s, 4)
		if !ok {
			return nil, errAVC
		}
		all = append(all, n)
	}
	for _, s := range c.picture {
		n, ok := expGolomb(s, 1)
		if !ok {
			return nil, errAVC
		}
		all = append(all, n)
	}
	return all, nil
}

// expGolomb reads a number of 0 to 254 that starts at a byte (ITU-T H.264 clause 9.1).
func expGolomb(b []byte, at int) (int, bool) {
	if len(b) < at+1 {
		return 0, false
	}
	var h [3]byte
	copy(h[:], b[at:])
	bits := uint32(h[0])<<16 | uint32(h[1])<<8 | uint32(h[2])
	zeros := 0
	for bits>>(23-zeros)&1 == 0 {
		if zeros++; zeros > 7 {
			return 0, false
		}
	}
	return int(bits>>(23-2*zeros)&(1<<(zeros+1)-1)) - 1, true
}

// maxAVCNumber is the highest number of a sequence parameter set.
const maxAVCNumber = 31

// FreeNumber returns a number that no parameter set has.
func (c *AVCConfig) FreeNumber() (int, error) {
	taken, err := c.numbers()
	if err != nil {
		return 0, err
	}
	for n := range maxAVCNumber + 1 {
		if !slices.Contains(taken, n) {
			return n, nil
		}
	}
	return 0, fmt.Errorf("%w: no free number of a parameter set", ErrTrack)
}

// Join returns the body of an avcC box with the parameter sets of both. They must
// be of one profile and have different numbers.
func (c *AVCConfig) Join(other *AVCConfig) ([]byte, error) {
	ours, err := c.numbers()
	if err != nil {
		return nil, err
	}
	theirs, err := other.numbers()
	if err != nil {
		return nil, err
	}
	clash := slices.ContainsFunc(theirs, func(n int) bool { return slices.Contains(ours, n) })
	if clash || c.Profile != other.Profile || c.Prefix != other.Prefix || len(c.rest) > 0 && len(other.rest) > 0 && !bytes.Equal(c.rest, other.rest) {
		return nil, fmt.Errorf("%w: the parameter sets do not go together", ErrTrack)
	}
	sequence, picture := slices.Concat(c.sequence, other.sequence), slices.Concat(c.picture, other.picture)
	if len(sequence) > maxAVCNumber || len(picture) > 255 {
		return nil, fmt.Errorf("%w: too many parameter sets", ErrTrack)
	}
	out := []byte{1, c.Profile, c.Compatibility & other.Compatibility, max(c.Level, other.Level), 0xFC | byte(c.Prefix-1), 0xE0 | byte(len(sequence))}
	out = appendSets(out, sequence)
	out = appendSets(append(out, byte(len(picture))), picture)
	return append(out, c.rest...), nil
}

func appendSets(b []byte, sets [][]byte) []byte {
	for _, s := range sets {
		b = append(binary.BigEndian.AppendUint16(b, uint16(len(s))), s...)
	}
	return b
}

// The types of units that matter (ITU-T H.264 table 7-1).
const (
	avcSlice = 1
	avcIDR   = 5
)

// AVCRestarts reports whether nothing from a picture on needs what is before it.
func (v *Video) AVCRestarts(c *AVCConfig, sample int) (bool, error) {
	kind, err := v.firstUnit(sample, c.Prefix, func(b byte) (int, bool) { return int(b & 31), b&31 >= avcSlice && b&31 <= avcIDR })
	return kind == avcIDR, err
}

// source returns the file of the video.
func (v *Video) source() *Source {
	if v.mkv != nil {
		return v.mkv.file.src
	}
	return v.file.src
}

// firstUnit returns the type of the first unit of a picture that is wanted.
func (v *Video) firstUnit(sample, prefix int, kind func(header byte) (int, bool)) (int, error) {
	src := v.source()
	s := v.Samples[sample]
	for pos, end := s.Offset, s.Offset+s.Size; end-pos > int64(prefix); {
		if err := src.Element(); err != nil {
			return 0, err
		}
		h, err := src.Peek(pos, prefix+1)
		if err != nil {
			return 0, err
		}
		if k, ok := kind(h[prefix]); ok {
			return k, nil
		}
		r := fields{data: h}
		pos += int64(prefix) + int64(r.uint(prefix))
	}
	return 0, nil
}
