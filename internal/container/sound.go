package container

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"slices"

	"github.com/aigclabel/aigclabel/internal/splice"
)

// A Sound is the programme of a file, to which samples can be added in front and
// behind. Nothing of the programme changes.
type Sound interface {
	Shape() SoundShape

	// Samples yields the programme from a sample on, in blocks of any size: the
	// values of all channels, then of the next sample, of -1 to 1. A block is valid
	// until the next one.
	// It must not be called while another call runs.
	Samples(from int64) iter.Seq2[[]float64, error]

	// Insert returns the edits that put samples, the same ones in all channels,
	// before the first and behind the last sample. What states lengths and
	// positions is corrected.
	Insert(front, back []float64) (*splice.Plan, error)
}

// A Mixer is a sound whose samples can be replaced, so that others are mixed into it.
type Mixer interface {
	Sound

	// Replace returns the edits that put other samples in the place of some. Parts
	// are in order, lie in the programme and do not overlap. Samples outside of
	// them do not change.
	Replace(parts ...SoundPart) (*splice.Plan, error)
}

// A SoundPart is samples of a programme from one on: the values of all channels,
// then of the next sample, of -1 to 1.
type SoundPart struct {
	From    int64
	Samples []float64
}

// A SoundShape says how a sound is sampled.
type SoundShape struct {
	Rate     int   // samples a second, of each channel
	Channels int   // at most 64
	Length   int64 // samples of each channel
	Block    int   // samples in front come in multiples of this
}

// ErrCoding reports sound in a coding that is not supported.
var ErrCoding = errors.New("coding of the samples is not supported")

const (
	maxSoundChannels = 64
	maxSoundRate     = 768_000
	minSoundRate     = 1_000
	maxSoundValues   = 8 * maxSoundRate // a second, of all channels
)

// check returns an error for a shape that no program makes.
func (s SoundShape) check() error {
	switch {
	case s.Channels < 1 || s.Channels > maxSoundChannels:
		return fmt.Errorf("%w: %d channels", ErrCoding, s.Channels)
	case s.Rate < minSoundRate || s.Rate > maxSoundRate || s.Rate*s.Channels > maxSoundValues:
		return fmt.Errorf("%w: %d samples a second", ErrCoding, s.Rate)
	}
	return nil
}

// A pcm is a way to write samples down, one beside the other.
type pcm struct {
	width  int  // bytes of a sample
	bits   int  // that count, the upper ones
	float  bool // IEEE 754
	big    bool // the upper byte is the first
	offset bool // integers count from the lowest value
}

// check returns an error for samples that cannot be.
func (p pcm) check() error {
	if p.float && p.bits == 8*p.width && (p.width == 4 || p.width == 8) {
		return nil
	}
	if p.float || p.width < 1 || p.width > 4 || p.bits < 1 || p.bits > 8*p.width {
		return fmt.Errorf("%w: %d bits in %d bytes", ErrCoding, p.bits, p.width)
	}
	return nil
}

// decode returns the sample that b starts with. What is no number is silence.
func (p pcm) decode(b []byte) float64 {
	var u uint64
	for i, c := range b[:p.width] {
		if !p.big {
			i = p.width - 1 - i
		}
		u |= uint64(c) << (56 - 8*i)
	}
	if p.offset {
		u ^= 1 << 63
	}
	if !p.float {
		return float64(int64(u)) / (1 << 63)
	}
	v := math.Float64frombits(u)
	if p.width == 4 {
		v = float64(math.Float32frombits(uint32(u >> 32)))
	}
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return 0
	}
	return v
}

// encode puts a sample of -1 to 1 at the start of b.
func (p pcm) encode(b []byte, v float64) {
	u := uint64(quantise(v, p.bits)) << (64 - p.bits)
	if p.float && p.width == 4 {
		u = uint64(math.Float32bits(float32(v))) << 32
	} else if p.float {
		u = math.Float64bits(v)
	}
	if p.offset {
		u ^= 1 << 63
	}
	for i := range b[:p.width] {
		at := i
		if !p.big {
			at = p.width - 1 - i
		}
		b[at] = byte(u >> (56 - 8*i))
	}
}

// quantise returns a sample of -1 to 1 as an integer of so many bits.
func quantise(v float64, bits int) int64 {
	return int64(math.Round(v * float64(int64(1)<<(bits-1)-1)))
}

// A pcmSound is sound in one run of bytes.
type pcmSound struct {
	pcm
	shape SoundShape
	src   io.ReaderAt
	size  int64 // of the file
	data  Range // whole samples

	// account returns the edits of what states lengths and positions when samples
	// are added in front and behind.
	account func(front, back int64) ([]splice.Edit, error)
}

// newPCM returns the sound in data, which is cut to whole samples.
func newPCM(src *Source, p pcm, shape SoundShape, data Range) (*pcmSound, error) {
	if err := errors.Join(shape.check(), p.check()); err != nil {
		return nil, err
	}
	frame := int64(p.width * shape.Channels)
	shape.Block, shape.Length = 1, data.Length/frame
	data.Length = shape.Length * frame
	return &pcmSound{pcm: p, shape: shape, src: src.ReaderAt(), size: src.Size(), data: data}, nil
}

func (s *pcmSound) Shape() SoundShape { return s.shape }

// bytes returns the length of n samples of all channels.
func (s *pcmSound) bytes(n int64) int64 { return n * int64(s.width*s.shape.Channels) }

func (s *pcmSound) Samples(from int64) iter.Seq2[[]float64, error] {
	return func(yield func([]float64, error) bool) {
		whole := s.bytes(1)
		raw := make([]byte, max(16<<10/whole, 1)*whole)
		samples := make([]float64, len(raw)/s.width)
		end := s.data.Offset + s.data.Length
		for pos := s.data.Offset + s.bytes(from); pos < end; pos += int64(len(raw)) {
			raw = raw[:min(int64(len(raw)), end-pos)]
			if n, err := s.src.ReadAt(raw, pos); n < len(raw) {
				yield(nil, fmt.Errorf("read at %d: %w", pos, err))
				return
			}
			samples = samples[:len(raw)/s.width]
			for i := range samples {
				samples[i] = s.decode(raw[i*s.width:])
			}
			if !yield(samples, nil) {
				return
			}
		}
	}
}

func (s *pcmSound) Insert(front, back []float64) (*splice.Plan, error) {
	var edits []splice.Edit
	if len(front) > 0 {
		edits = append(edits, splice.Edit{Offset: s.data.Offset, Insert: pcmContent{s, front}})
	}
	if len(back) > 0 {
		edits = append(edits, splice.Edit{Offset: s.data.Offset + s.data.Length, Insert: pcmContent{s, back}})
	}
	if len(edits) == 0 {
		return splice.New(s.src, s.size, nil)
	}
	counts, err := s.account(int64(len(front)), int64(len(back)))
	if err != nil {
		return nil, err
	}
	return splice.New(s.src, s.size, append(edits, counts...))
}

// Replace implements [Mixer].
func (s *pcmSound) Replace(parts ...SoundPart) (*splice.Plan, error) {
	var edits []splice.Edit
	for _, part := range parts {
		b := make([]byte, len(part.Samples)*s.width)
		for i, v := range part.Samples {
			s.encode(b[i*s.width:], v)
		}
		edits = append(edits, splice.Edit{Offset: s.data.Offset + s.bytes(part.From), Delete: int64(len(b)), Insert: bytes.NewReader(b)})
	}
	return splice.New(s.src, s.size, edits)
}

// A pcmContent is samples, written down as they are read: each in all channels.
type pcmContent struct {
	sound   *pcmSound
	samples []float64
}

// Size implements [splice.Content].
func (c pcmContent) Size() int64 { return c.sound.bytes(int64(len(c.samples))) }

// ReadAt implements [splice.Content].
func (c pcmContent) ReadAt(b []byte, off int64) (n int, err error) {
	whole := c.sound.bytes(1)
	one := make([]byte, c.sound.width)
	for n < len(b) && off < c.Size() {
		c.sound.encode(one, c.samples[off/whole])
		m := copy(b[n:], one[off%int64(len(one)):])
		n, off = n+m, off+int64(m)
	}
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

// A positionList is where a value has positions of samples: 32 bits each, in
// entries of one size.
type positionList struct {
	count  int64 // where the number of entries stands, negative for as many as fit
	start  int64 // of the first entry
	stride int64
	fields []int64 // in an entry
}

// moved returns b with positions that are n samples later.
func (p positionList) moved(b []byte, n int64, order binary.ByteOrder) []byte {
	b = slices.Clone(b)
	left := int64(len(b))
	if p.count >= 0 && p.count+4 <= left {
		left = int64(order.Uint32(b[p.count:]))
	}
	for pos := p.start; pos+p.stride <= int64(len(b)) && left > 0; pos, left = pos+p.stride, left-1 {
		for _, field := range p.fields {
			at := b[pos+field:]
			order.PutUint32(at, uint32(min(int64(order.Uint32(at))+n, math.MaxUint32)))
		}
	}
	return b
}
