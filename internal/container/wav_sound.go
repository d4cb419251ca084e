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

// The codings of samples in the chunk fmt (Microsoft, mmreg.h). In the extensible
// one the coding is the start of a GUID.
const (
	wavePCM        = 1
	waveFloat      = 3
	waveExtensible = 0xFFFE
)

// ds64 states the size of the data and the number of samples behind the size of
// the file.
const (
	ds64DataSize = ds64Data + 8
	ds64Samples  = ds64Data + 16
)

// wavPositions are the chunks with positions of samples: cue points, loops of
// samplers and the peaks of sound in floating point.
var wavPositions = map[string]positionList{
	"cue ": {count: 0, start: 4, stride: 24, fields: []int64{4, 20}},
	"smpl": {count: 28, start: 36, stride: 24, fields: []int64{8, 12}},
	"PEAK": {count: -1, start: 8, stride: 8, fields: []int64{4}},
}

// bextTime is where the chunk bext (EBU Tech 3285) states when its first sample was
// recorded, in samples since midnight.
const bextTime = 338

// A wavSound is the sound of a WAV, RF64, BW64 or RIFX file.
type wavSound struct {
	riffSound
	order binary.ByteOrder
}

// WAVSound opens the sound of a WAV, RF64, BW64 or RIFX file: integers of 8 to 32
// bits and IEEE 754 numbers, plain or extensible.
//
// Samples that come in front move cue points, the loops of samplers and the peaks
// of floating-point sound; the time of a broadcast file moves back, so that the
// programme keeps its own. Times in texts, as in iXML, stay.
func WAVSound(src *Source) (Sound, error) {
	file, err := WAV(src)
	if err = cmp.Or(err, file.Summary().Damage); err != nil {
		return nil, err
	}
	s := &wavSound{riffSound: riffSound{riff: file.(*wavFile).riff}, order: binary.LittleEndian}
	if s.riff.big {
		s.order = binary.BigEndian
	}
	s.resize, s.recount = s.resizeData, s.recountChunk
	if err := s.find("fmt ", "data", "cue ", "smpl", "PEAK", "fact", "bext"); err != nil {
		return nil, err
	}
	p, shape, err := s.parse()
	if err != nil {
		return nil, err
	}
	if err := s.open(p, shape, Range{s.media.data(), s.media.size}); err != nil {
		return nil, err
	}
	return s, nil
}

// parse reads the chunk fmt.
func (s *wavSound) parse() (p pcm, shape SoundShape, err error) {
	const plain, extensible = 16, 26
	size := min(s.coding.size, extensible)
	if size < plain {
		return p, shape, &FormatError{Offset: s.coding.offset, Err: errors.New("no fmt chunk")}
	}
	h, err := s.riff.src.Peek(s.coding.data(), int(size))
	if err != nil {
		return p, shape, err
	}
	tag, bits := s.order.Uint16(h), int(s.order.Uint16(h[14:]))
	shape = SoundShape{Channels: int(s.order.Uint16(h[2:])), Rate: int(min(s.order.Uint32(h[4:]), math.MaxInt32))}
	align := int(s.order.Uint16(h[12:]))
	if tag == waveExtensible && size == extensible {
		tag = s.order.Uint16(h[24:])
		if valid := int(s.order.Uint16(h[18:])); valid > 0 {
			bits = min(bits, valid)
		}
	}
	if tag != wavePCM && tag != waveFloat || shape.Channels == 0 || align%shape.Channels != 0 {
		return p, shape, fmt.Errorf("%w: WAVE coding %d", ErrCoding, tag)
	}
	width := align / shape.Channels
	return pcm{width: width, bits: bits, float: tag == waveFloat, big: s.riff.big, offset: width == 1}, shape, nil
}

// resizeData implements riffSound.resize. An unknown size stays so.
func (s *wavSound) resizeData(n int64) ([]splice.Edit, error) {
	if s.riff.open {
		return nil, nil
	}
	h, err := s.riff.src.Peek(s.media.offset, chunkOverhead)
	if err != nil {
		return nil, err
	}
	if chunkSize(h, s.riff.big) != riffUnknown {
		return s.media.resize(s.bytes(n))
	}
	edits := []splice.Edit{s.media.repad(s.bytes(n)), long(ds64DataSize, s.media.size+s.bytes(n))}
	if h, err = s.riff.src.Peek(ds64Samples, 8); err != nil {
		return nil, err
	}
	if stated := binary.LittleEndian.Uint64(h); int64(stated) == s.shape.Length {
		edits = append(edits, long(ds64Samples, s.shape.Length+n))
	}
	return edits, nil
}

// long returns the edit of a number of 64 bits.
func long(off, n int64) splice.Edit {
	b := binary.LittleEndian.AppendUint64(nil, uint64(n))
	return splice.Edit{Offset: off, Delete: 8, Insert: bytes.NewReader(b)}
}

// recountChunk implements riffSound.recount.
func (s *wavSound) recountChunk(c riffChunk, b []byte, front, back int64) []splice.Edit {
	switch {
	case c.id == "fact" && len(b) >= 4:
		if int64(s.order.Uint32(b)) != s.shape.Length { // never right, or not known
			return nil
		}
		n := make([]byte, 4)
		s.order.PutUint32(n, uint32(min(s.shape.Length+front+back, math.MaxUint32)))
		return []splice.Edit{{Offset: c.data(), Delete: 4, Insert: bytes.NewReader(n)}}
	case c.id == "bext" && len(b) >= bextTime+8:
		time := binary.LittleEndian.Uint64(b[bextTime:])
		return []splice.Edit{long(c.data()+bextTime, int64(time-min(time, uint64(front))))}
	case front > 0 && wavPositions[c.id].stride > 0:
		moved := wavPositions[c.id].moved(b, front, s.order)
		return []splice.Edit{{Offset: c.data(), Delete: c.size, Insert: bytes.NewReader(moved)}}
	}
	return nil
}
