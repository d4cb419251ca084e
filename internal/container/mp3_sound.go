package container

import (
	"bytes"
	"cmp"
	"fmt"
	"iter"
	"slices"

	"github.com/aigclabel/aigclabel/internal/mp3"
	"github.com/aigclabel/aigclabel/internal/splice"
)

// mp3Decoder is how many samples late decoders are; players that know the delay of the
// encoder leave out both.
const mp3Decoder = 529

// mp3Warm is how many frames before the ones asked for are decoded: for the bytes that
// they need, even where frames are short.
const mp3Warm = 32

type mp3Sound struct {
	file  *taggedStream
	src   *Source
	shape SoundShape
	first int64     // where the first frame is
	info  *mpegInfo // it, if it is no sound
	index *mpegIndex
}

// MP3Sound opens the sound of an MP3 file, of Layer III. All of it is read, to find its
// frames.
//
// The samples are those of all frames, the delay of the encoder and its padding
// included: some 1105 more in front than players play of most files.
//
// Samples go in front and behind in frames of their own, with the rate, the mode and
// the bit rate of the others, which stay as they are: what they decode to is the same
// from the first sample on, because the frames before end in silence that decoders
// forget. What players leave out of the programme at its start, such as the 1105
// samples above, is now the last of the silence in front of it. Behind the programme
// its padding is heard, and the rest that the last frame had for one that never came.
//
// What the frame of Xing, LAME or Fraunhofer in front says is corrected: lengths,
// positions, checksums; and so are lengths and chapters in ID3v2 tags.
func MP3Sound(src *Source) (Sound, error) {
	file, err := MP3(src)
	if err = cmp.Or(err, file.Summary().Damage); err != nil {
		return nil, err
	}
	s := &mp3Sound{file: file.(*taggedStream), src: src}
	audio := s.file.audio
	h, _, err := mpegAt(src, audio.Offset)
	if err != nil {
		return nil, err
	}
	if h.Layer() != 3 || h.BitRate() == 0 {
		return nil, &FormatError{Offset: audio.Offset, Err: fmt.Errorf("%w: layer %d at %d bit/s", ErrCoding, h.Layer(), h.BitRate())}
	}
	s.first = audio.Offset
	frame, err := src.Bytes(audio.Offset, int64(h.Size()), "MP3 frame")
	if err != nil {
		return nil, err
	}
	if s.info = parseMPEGInfo(h, frame); s.info != nil {
		audio = Range{audio.Offset + int64(len(frame)), audio.Length - int64(len(frame))}
	}
	if s.index, err = indexMPEG(src, audio); err != nil {
		return nil, err
	}
	h = s.index.like
	s.shape = SoundShape{Rate: h.Rate(), Channels: h.Channels(), Length: s.index.count * int64(h.Samples()), Block: h.Samples()}
	return s, nil
}

func (s *mp3Sound) Shape() SoundShape { return s.shape }

func (s *mp3Sound) Samples(from int64) iter.Seq2[[]float64, error] {
	return func(yield func([]float64, error) bool) {
		i := max(from/int64(s.shape.Block)-mp3Warm, 0) / s.index.each
		if i >= int64(len(s.index.starts)) {
			return
		}
		pos, start := i*s.index.each*int64(s.shape.Block), s.index.starts[i]
		d := mp3.NewDecoder(s.shape.Channels)
		var samples []float64
		for f, err := range s.index.frames(start) {
			if err != nil {
				yield(nil, err)
				return
			}
			samples = d.Decode(f.data, samples[:0])
			skip := min(max(from-pos, 0)*int64(s.shape.Channels), int64(len(samples)))
			if pos += int64(s.shape.Block); skip < int64(len(samples)) && !yield(samples[skip:], nil) {
				return
			}
		}
	}
}

func (s *mp3Sound) Insert(front, back []float64) (*splice.Plan, error) {
	g := &mpegGrowth{sound: s.index.end - s.index.starts[0], frames: s.index.count, position: s.index.position}
	delay, _, known := s.info.delay()
	if len(front) > 0 {
		cut, err := s.substitute()
		if err != nil {
			return nil, err
		}
		clip := mp3.Clip{Like: s.like(), Samples: sounding(front), Length: len(front), Delay: mp3.MinDelay, Substitute: cut}
		if known {
			clip.Delay = max(clip.Delay, delay+mp3Decoder)
		}
		g.front = clip.Frames()
	}
	if len(back) > 0 {
		clip := mp3.Clip{Like: s.like(), Samples: back, Delay: mp3.MinDelay}
		g.back = clip.Frames()
		g.padding = len(g.back)*s.shape.Block - clip.Delay - len(back) + mp3Decoder
	}
	edits, err := s.edits(g)
	if err != nil {
		return nil, err
	}
	return splice.New(s.src.ReaderAt(), s.src.Size(), edits)
}

// edits returns the edits for a stream that grows.
func (s *mp3Sound) edits(g *mpegGrowth) ([]splice.Edit, error) {
	if g.count() == 0 {
		return nil, nil
	}
	block := int64(s.shape.Block)
	edits, err := s.file.shift(&id3Shift{
		rate: int64(s.shape.Rate), front: int64(len(g.front)) * block, back: int64(len(g.back)) * block,
		bytes: frameBytes(g.front), padding: int64(g.padding),
	})
	if s.info != nil {
		edits = append(edits, splice.Edit{Offset: s.first, Delete: int64(len(s.info.frame)), Insert: bytes.NewReader(s.info.grown(g))})
	}
	if len(g.front) > 0 {
		edits = append(edits, splice.Edit{Offset: s.index.starts[0], Insert: bytes.NewReader(slices.Concat(g.front...))})
	}
	if len(g.back) > 0 {
		edits = append(edits, splice.Edit{Offset: s.index.end, Insert: bytes.NewReader(slices.Concat(g.back...))})
	}
	return edits, err
}

// sounding returns samples without the silence at their end.
func sounding(samples []float64) []float64 {
	n := len(samples)
	for n > 0 && samples[n-1] == 0 {
		n--
	}
	return samples[:n]
}

// like returns a header for frames beside those of the programme: of their bit rate,
// by which programs guess lengths and positions where nothing states them, or that
// next to the average.
func (s *mp3Sound) like() mp3.Header {
	if s.index.steady {
		return s.index.like
	}
	return s.index.like.Near(int(s.index.rates / s.index.count))
}

// substitute returns what the first frames of a file that was cut from a longer one
// get for the data that they lack.
func (s *mp3Sound) substitute() ([]byte, error) {
	var frames [][]byte
	for f, err := range s.index.frames(s.index.starts[0]) {
		if err != nil {
			return nil, err
		}
		if frames = append(frames, bytes.Clone(f.data)); len(frames) == mp3Warm {
			break
		}
	}
	return mp3.Substitute(frames), nil
}
