package container

import (
	"bytes"
	"cmp"
	"crypto/md5" // what the format has
	"encoding/binary"
	"hash"
	"iter"
	"math"
	"slices"

	"github.com/aigclabel/aigclabel/internal/splice"
)

// flacMaxHashed is how many samples are decoded for the MD5 of sound: 6 minutes of a
// disc.
const flacMaxHashed = 1 << 25

// flacYield is how many samples of each channel are yielded at once.
const flacYield = 4 << 10

type flacSound struct {
	file   *flacFile
	src    *Source
	info   []byte // STREAMINFO
	shape  SoundShape
	depth  int
	frames *flacIndex
	first  flacHeader
	last   flacHeader
	like   []byte // the header of the first frame
	memory struct {
		flacDecoder
		frame []byte
	}
}

// FLACSound opens the sound of a FLAC file. All of it is read, to find its frames.
//
// Samples go in front in frames of their own. The frames that follow get other numbers
// and checksums, and keep all else; of the last one, if samples come behind it, the
// coding changes. The MD5 of the sound is computed anew if it was right, for up to
// 33 million samples; else it becomes zero, which stands for unknown.
func FLACSound(src *Source) (Sound, error) {
	file, err := FLAC(src)
	if err = cmp.Or(err, file.Summary().Damage); err != nil {
		return nil, err
	}
	s := &flacSound{file: file.(*flacFile), src: src}
	if s.info, err = src.Bytes(s.file.info.data(), flacStreamInfo, "STREAMINFO"); err != nil {
		return nil, err
	}
	rate := int(binary.BigEndian.Uint32(s.info[10:]) >> 12)
	bits := binary.BigEndian.Uint16(s.info[12:])
	s.shape = SoundShape{Rate: rate, Channels: int(bits>>9&7) + 1, Block: int(binary.BigEndian.Uint16(s.info[2:]))}
	s.depth = int(bits>>4&31) + 1
	s.memory.flacDecoder = flacDecoder{channels: s.shape.Channels, depth: s.depth}
	if err := s.shape.check(); err != nil {
		return nil, err
	}
	if s.shape.Block < 16 || s.depth < 4 {
		return nil, &FormatError{Offset: s.file.info.data(), Err: ErrCoding}
	}
	if s.frames, err = indexFLAC(src, s.file.last.end(), &s.memory.flacDecoder); err != nil {
		return nil, err
	}
	return s, s.measure()
}

// measure finds out the length of the sound.
func (s *flacSound) measure() (err error) {
	if s.first, s.like, err = s.frames.header(0); err != nil {
		return err
	}
	if s.last, _, err = s.frames.header(s.frames.count() - 1); err != nil {
		return err
	}
	s.shape.Length = s.position(s.last) + s.last.samples
	if total := parseFLACInfo(s.info).total; total != 0 && total != s.shape.Length {
		return &FormatError{Offset: s.frames.starts[0], Err: errFLACTotal}
	}
	return nil
}

// position returns the number of the first sample of a frame, from the start of the
// file.
func (s *flacSound) position(h flacHeader) int64 {
	n := h.number - s.first.number
	if !h.variable {
		n *= int64(s.shape.Block)
	}
	return n
}

// numbers returns by how much the numbers of frames grow behind n more samples.
func (s *flacSound) numbers(n int64) int64 {
	if s.first.variable {
		return n
	}
	return n / int64(s.shape.Block)
}

func (s *flacSound) Shape() SoundShape { return s.shape }

func (s *flacSound) Samples(from int64) iter.Seq2[[]float64, error] {
	return func(yield func([]float64, error) bool) {
		scale := math.Ldexp(1, 1-s.depth)
		values := make([]float64, 0, flacYield*s.shape.Channels)
		for samples, err := range s.decoded(from) {
			if err != nil {
				yield(nil, err)
				return
			}
			for start := 0; start < len(samples[0]); start += flacYield {
				end := min(start+flacYield, len(samples[0]))
				values = values[:0]
				for i := start; i < end; i++ {
					for _, channel := range samples {
						values = append(values, float64(channel[i])*scale)
					}
				}
				if !yield(values, nil) {
					return
				}
			}
		}
	}
}

// decoded yields the samples of each frame, from a sample on.
func (s *flacSound) decoded(from int64) iter.Seq2[[][]int64, error] {
	return func(yield func([][]int64, error) bool) {
		first, err := s.frameAt(from)
		if err != nil {
			yield(nil, err)
			return
		}
		for i := first; i < s.frames.count(); i++ {
			samples, h, err := s.decode(i)
			if err != nil {
				yield(nil, err)
				return
			}
			skip := min(max(from-s.position(h), 0), int64(len(samples[0])))
			part := make([][]int64, len(samples))
			for c := range samples {
				part[c] = samples[c][skip:]
			}
			if !yield(part, nil) {
				return
			}
		}
	}
}

// frameAt returns the frame that holds a sample.
func (s *flacSound) frameAt(sample int64) (int, error) {
	behind, err := s.frames.find(s.first.number + s.numbers(sample) + 1)
	return max(behind-1, 0), err
}

// decode returns the samples of a frame, valid until the next call.
func (s *flacSound) decode(i int) (samples [][]int64, h flacHeader, err error) {
	if s.memory.frame, err = s.frames.frame(i, s.memory.frame); err != nil {
		return nil, h, err
	}
	h, _ = parseFLACHeader(s.memory.frame)
	if samples, _, err = s.memory.decode(s.memory.frame); err != nil {
		return nil, h, &FormatError{Offset: s.frames.starts[i], Err: err}
	}
	return samples, h, nil
}

func (s *flacSound) Insert(front, back []float64) (*splice.Plan, error) {
	if len(front)+len(back) == 0 {
		return splice.New(s.src.ReaderAt(), s.src.Size(), nil)
	}
	added, err := s.encode(front, back)
	if err != nil {
		return nil, err
	}
	by, keep := s.numbers(int64(len(front))), s.frames.count()
	if len(back) > 0 {
		keep--
	}
	edits, lazy, err := s.frames.renumber(by, keep)
	if err != nil {
		return nil, err
	}
	edits = append(edits, added.edits...)
	blocks, err := s.blocks(int64(len(front)), int64(len(back)), edits)
	if err != nil {
		return nil, err
	}
	info, err := s.streamInfo(flacChange{front: front, back: back}, added, edits)
	if err != nil {
		return nil, err
	}
	return splice.New(s.src.ReaderAt(), s.src.Size(), slices.Concat(edits, blocks, info), lazy...)
}

// Replace implements [Mixer]. The frames that hold samples of a part are coded anew;
// the others keep all their bytes.
func (s *flacSound) Replace(parts ...SoundPart) (*splice.Plan, error) {
	if len(parts) == 0 {
		return splice.New(s.src.ReaderAt(), s.src.Size(), nil)
	}
	change := flacChange{parts: parts}
	changed, err := s.recode(change)
	if err != nil {
		return nil, err
	}
	blocks, err := s.blocks(0, 0, changed.edits)
	if err != nil {
		return nil, err
	}
	info, err := s.streamInfo(change, changed, changed.edits)
	if err != nil {
		return nil, err
	}
	return splice.New(s.src.ReaderAt(), s.src.Size(), slices.Concat(changed.edits, blocks, info))
}

// A flacChange is what becomes of a programme.
type flacChange struct {
	front, back []float64
	parts       []SoundPart
}

// apply replaces samples of the programme, of which the first has a position.
func (c flacChange) apply(samples [][]int64, position int64, depth int) {
	for _, part := range c.parts {
		end := part.From + int64(len(part.Samples)/len(samples))
		for at := max(part.From, position); at < min(end, position+int64(len(samples[0]))); at++ {
			values := part.Samples[(at-part.From)*int64(len(samples)):]
			for i, channel := range samples {
				channel[at-position] = quantise(values[i], depth)
			}
		}
	}
}

// recode returns the frames that a change of parts touches.
func (s *flacSound) recode(change flacChange) (changed flacFrames, err error) {
	changed.smallest = math.MaxInt64
	e, next := flacEncoder{like: s.like, depth: s.depth}, 0
	for _, part := range change.parts {
		first, err := s.frameAt(part.From)
		if err != nil {
			return changed, err
		}
		for next = max(next, first); next < s.frames.count(); next++ {
			samples, h, err := s.decode(next)
			if err != nil {
				return changed, err
			}
			if s.position(h) >= part.From+int64(len(part.Samples)/s.shape.Channels) {
				break
			}
			change.apply(samples, s.position(h), s.depth)
			start := s.frames.starts[next]
			changed.add(splice.Edit{Offset: start, Delete: s.frames.starts[next+1] - start}, e.encode(h.number, samples))
		}
	}
	return changed, nil
}

// flacFrames are new frames.
type flacFrames struct {
	edits             []splice.Edit
	smallest, largest int64
}

// add adds a frame that an edit puts in.
func (f *flacFrames) add(e splice.Edit, frame []byte) {
	f.smallest, f.largest = min(f.smallest, int64(len(frame))), max(f.largest, int64(len(frame)))
	e.Insert = bytes.NewReader(frame)
	f.edits = append(f.edits, e)
}

// encode returns the frames for samples in front and behind. The last frame of the
// file may be shorter than the others, and only the last: samples behind it make a
// new one together with its own.
func (s *flacSound) encode(front, back []float64) (added flacFrames, err error) {
	added.smallest = math.MaxInt64
	if len(front) > 0 {
		b := s.blocksOf(&added, s.first.number, s.integers(front))
		added.edits = append(added.edits, splice.Edit{Offset: s.frames.starts[0], Insert: bytes.NewReader(b)})
	}
	if len(back) == 0 {
		return added, nil
	}
	last := s.frames.count() - 1
	decoded, _, err := s.decode(last)
	if err != nil {
		return added, err
	}
	more, samples := s.integers(back), make([][]int64, len(decoded))
	for i := range samples {
		samples[i] = slices.Concat(decoded[i], more[i])
	}
	b := s.blocksOf(&added, s.last.number+s.numbers(int64(len(front))), samples)
	start := s.frames.starts[last]
	added.edits = append(added.edits, splice.Edit{Offset: start, Delete: s.frames.starts[last+1] - start, Insert: bytes.NewReader(b)})
	return added, nil
}

// blocksOf returns the frames of samples.
func (s *flacSound) blocksOf(f *flacFrames, number int64, samples [][]int64) (b []byte) {
	e := flacEncoder{like: s.like, depth: s.depth}
	for len(samples[0]) > 0 {
		n := min(s.shape.Block, len(samples[0]))
		part := make([][]int64, len(samples))
		for i := range samples {
			part[i], samples[i] = samples[i][:n], samples[i][n:]
		}
		frame := e.encode(number, part)
		f.smallest, f.largest = min(f.smallest, int64(len(frame))), max(f.largest, int64(len(frame)))
		b = append(b, frame...)
		number += max(s.numbers(int64(n)), 1)
	}
	return b
}

// integers returns samples for each channel.
func (s *flacSound) integers(samples []float64) [][]int64 {
	one := make([]int64, len(samples))
	for i, v := range samples {
		one[i] = quantise(v, s.depth)
	}
	return slices.Repeat([][]int64{one}, s.shape.Channels)
}

// streamInfo returns the edit of STREAMINFO.
func (s *flacSound) streamInfo(change flacChange, added flacFrames, edits []splice.Edit) ([]splice.Edit, error) {
	b := slices.Clone(s.info)
	if smallest := uint24(b[4:]); smallest > 0 {
		putUint24(b[4:], min(smallest, added.smallest))
	}
	if largest := uint24(b[7:]); largest > 0 {
		putUint24(b[7:], min(max(largest+max(growth(edits...)-growth(added.edits...), 0), added.largest), 1<<24-1))
	}
	const maxTotal = 1<<36 - 1
	bits := binary.BigEndian.Uint64(b[10:])
	more := int64(len(change.front) + len(change.back))
	length := s.shape.Length + more
	if s.first.number+length > maxTotal || !s.first.variable && s.last.number+more/int64(s.shape.Block)+1 >= 1<<31 {
		return nil, &LimitError{What: "number of samples", Limit: maxTotal}
	}
	if bits&maxTotal != 0 {
		binary.BigEndian.PutUint64(b[10:], bits&^maxTotal|uint64(length))
	}
	sum, err := s.md5(change)
	copy(b[18:], sum)
	return []splice.Edit{{Offset: s.file.info.data(), Delete: flacStreamInfo, Insert: bytes.NewReader(b)}}, err
}

func uint24(b []byte) int64 { return int64(b[0])<<16 | int64(b[1])<<8 | int64(b[2]) }

func putUint24(b []byte, n int64) { b[0], b[1], b[2] = byte(n>>16), byte(n>>8), byte(n) }

// md5 returns the MD5 of the sound with a change, zero if that is not known.
func (s *flacSound) md5(change flacChange) ([]byte, error) {
	unknown := make([]byte, md5.Size)
	if bytes.Equal(s.info[18:], unknown) || s.shape.Length*int64(s.shape.Channels) > flacMaxHashed {
		return unknown, nil
	}
	before, after := flacHash{md5.New(), s.depth}, flacHash{md5.New(), s.depth}
	after.write(s.integers(change.front))
	position := int64(0)
	for samples, err := range s.decoded(0) {
		if err != nil {
			return nil, err
		}
		before.write(samples)
		change.apply(samples, position, s.depth)
		after.write(samples)
		position += int64(len(samples[0]))
	}
	after.write(s.integers(change.back))
	if !bytes.Equal(before.Sum(nil), s.info[18:]) {
		return unknown, nil
	}
	return after.Sum(nil), nil
}

// A flacHash sums up samples of so many bits.
type flacHash struct {
	hash.Hash
	depth int
}

func (h flacHash) write(samples [][]int64) {
	var room [4 << 10]byte
	b := room[:0]
	for i := range samples[0] {
		for _, channel := range samples {
			for shift := 0; shift < h.depth; shift += 8 {
				b = append(b, byte(channel[i]>>shift))
			}
		}
		if len(b) > len(room)-8*4 {
			h.Write(b)
			b = room[:0]
		}
	}
	h.Write(b)
}
