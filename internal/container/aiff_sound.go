package container

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/aigclabel/aigclabel/internal/splice"
)

// aiffCodings are the kinds of AIFF-C whose samples stand side by side, of which the
// kinds of floating point and others have a size of their own.
var aiffCodings = map[string]pcm{
	"NONE": {big: true}, "twos": {big: true}, "in24": {big: true}, "in32": {big: true},
	"sowt": {},
	"raw ": {big: true, offset: true},
	"fl32": {big: true, float: true, width: 4}, "FL32": {big: true, float: true, width: 4},
	"fl64": {big: true, float: true, width: 8}, "FL64": {big: true, float: true, width: 8},
}

// An aiffSound is the sound of an AIFF or AIFF-C file.
type aiffSound struct {
	riffSound
	stated int64 // samples of each channel
}

// AIFFSound opens the sound of an AIFF or AIFF-C file: integers of 8 to 32 bits in
// either byte order, and IEEE 754 numbers. Samples that come in front move markers,
// to which the loops of instruments and comments refer.
func AIFFSound(src *Source) (Sound, error) {
	file, err := AIFF(src)
	if err = cmp.Or(err, file.Summary().Damage); err != nil {
		return nil, err
	}
	s := &aiffSound{riffSound: riffSound{riff: file.(*aiffFile).riff}}
	s.resize, s.recount = s.resizeSamples, recountMarks
	if err := s.find("COMM", "SSND", "MARK"); err != nil {
		return nil, err
	}
	p, shape, err := s.parse()
	if err != nil {
		return nil, err
	}
	data, err := s.samples()
	if err != nil {
		return nil, err
	}
	if size := s.stated * int64(p.width*shape.Channels); size > 0 {
		data.Length = min(data.Length, size)
	}
	if err := s.open(p, shape, data); err != nil {
		return nil, err
	}
	return s, nil
}

// parse reads the chunk COMM.
func (s *aiffSound) parse() (p pcm, shape SoundShape, err error) {
	const plain, compressed = 18, 22
	size := min(s.coding.size, compressed)
	if size < plain {
		return p, shape, &FormatError{Offset: s.coding.offset, Err: errors.New("COMM chunk is too short")}
	}
	h, err := s.riff.src.Peek(s.coding.data(), int(size))
	if err != nil {
		return p, shape, err
	}
	kind := "NONE"
	if s.riff.form == "AIFC" && size == compressed {
		kind = string(h[plain:])
	}
	p, ok := aiffCodings[kind]
	if !ok {
		return p, shape, fmt.Errorf("%w: AIFF-C %s", ErrCoding, printable(kind))
	}
	shape = SoundShape{Channels: int(binary.BigEndian.Uint16(h)), Rate: aiffRate(h[8:])}
	s.stated = int64(binary.BigEndian.Uint32(h[2:]))
	if p.bits = 8 * p.width; !p.float {
		p.bits = int(binary.BigEndian.Uint16(h[6:]))
		p.width = (p.bits + 7) / 8
	}
	return p, shape, nil
}

// aiffRate returns a number in the extended format of 80 bits, rounded.
func aiffRate(b []byte) int {
	exponent := int(binary.BigEndian.Uint16(b)) - 16383 - 63
	rate := math.Ldexp(float64(binary.BigEndian.Uint64(b[2:])), exponent)
	return int(math.Round(min(rate, math.MaxInt32)))
}

// samples returns where they are in the chunk SSND.
func (s *aiffSound) samples() (Range, error) {
	const head = 8 // an offset, and the size of blocks
	if s.media.size < head {
		return Range{}, &FormatError{Offset: s.media.offset, Err: errors.New("SSND chunk is too short")}
	}
	h, err := s.riff.src.Peek(s.media.data(), head)
	if err != nil {
		return Range{}, err
	}
	skip := head + int64(binary.BigEndian.Uint32(h))
	if skip > s.media.size {
		return Range{}, &FormatError{Offset: s.media.data(), Err: errors.New("offset reaches past the SSND chunk")}
	}
	return Range{s.media.data() + skip, s.media.size - skip}, nil
}

// resizeSamples implements riffSound.resize.
func (s *aiffSound) resizeSamples(more int64) (edits []splice.Edit, err error) {
	if !s.riff.open {
		if edits, err = s.media.resize(s.bytes(more)); err != nil {
			return nil, err
		}
	}
	if s.stated > 0 { // else it is not known
		b := binary.BigEndian.AppendUint32(nil, uint32(min(s.shape.Length+more, math.MaxUint32)))
		edits = append(edits, splice.Edit{Offset: s.coding.data() + 2, Delete: 4, Insert: bytes.NewReader(b)})
	}
	return edits, nil
}

// recountMarks implements riffSound.recount.
func recountMarks(c riffChunk, b []byte, front, _ int64) []splice.Edit {
	return []splice.Edit{{Offset: c.data(), Delete: c.size, Insert: bytes.NewReader(movedMarks(b, front))}}
}

// movedMarks returns a chunk of markers that are n samples later.
func movedMarks(b []byte, n int64) []byte {
	const head, position, name = 2, 2, 6
	b = bytes.Clone(b)
	for pos := head; pos+name < len(b); {
		at := b[pos+position:]
		binary.BigEndian.PutUint32(at, uint32(min(int64(binary.BigEndian.Uint32(at))+n, math.MaxUint32)))
		size := 1 + int(b[pos+name])
		pos += name + size + size&1
	}
	return b
}
