package container

import (
	"cmp"
	"errors"
	"slices"

	"github.com/aigclabel/aigclabel/internal/splice"
)

// A riffSound is sound in a chunk of a RIFF or IFF file.
type riffSound struct {
	*pcmSound
	riff   *riff
	layout Layout
	coding riffChunk   // that says how the samples are coded
	media  riffChunk   // that holds them
	counts []riffChunk // that count them

	// resize returns the edits of what states the size of media that grows by n
	// samples.
	resize func(n int64) ([]splice.Edit, error)

	// recount returns the edits of one of counts, whose data is b.
	recount func(c riffChunk, b []byte, front, back int64) []splice.Edit
}

// find finds the chunks with these identifiers; of coding and media the first ones.
func (s *riffSound) find(coding, media string, counts ...string) error {
	err := s.riff.chunks(&s.layout, riffHeaderSize, s.riff.end, func(c riffChunk) error {
		switch {
		case c.id == coding && s.coding.length == 0:
			s.coding = c
		case c.id == media && s.media.length == 0:
			s.media = c
		case slices.Contains(counts, c.id):
			if len(s.counts) == maxSlots {
				return errTooManySlots
			}
			s.counts = append(s.counts, c)
		}
		return nil
	})
	return cmp.Or(err, s.layout.Damage, errors.Join(s.layout.Limits...))
}

// open opens the samples in data.
func (s *riffSound) open(p pcm, shape SoundShape, data Range) (err error) {
	if s.pcmSound, err = newPCM(s.riff.src, p, shape, data); err == nil {
		s.account = s.accountFor
	}
	return err
}

// accountFor implements pcmSound.account.
func (s *riffSound) accountFor(front, back int64) ([]splice.Edit, error) {
	edits, err := s.resize(front + back)
	if err != nil {
		return nil, err
	}
	for _, c := range s.counts {
		b, err := s.riff.src.Bytes(c.data(), c.size, printable(c.id)+" chunk")
		if err != nil {
			return nil, err
		}
		edits = append(edits, s.recount(c, b, front, back)...)
	}
	outer, err := s.riff.resize(s.bytes(front+back) + growth(edits...))
	return append(edits, outer...), err
}
