package label

import (
	"errors"
	"fmt"

	"github.com/aigclabel/aigclabel/internal/container"
	"github.com/aigclabel/aigclabel/internal/splice"
)

// A soundOpener opens the sound of a file.
type soundOpener func(*container.Source) (container.Sound, error)

// sounds are the formats of sound that a cue can be put into.
var sounds = map[string]soundOpener{"wav": container.WAVSound, "flac": container.FLACSound, "aiff": container.AIFFSound, "mp3": container.MP3Sound}

// maxMeasured bounds the samples that the level is measured in: 12 minutes of a disc.
const maxMeasured = 1 << 26

// planSound returns the edits that put a notice before or behind a sound, on both
// sides, or over it, and says where. A side that has one gets no other.
func planSound(j *job) (*splice.Plan, string, error) {
	said, err := j.Notice.said(j.state)
	if err != nil {
		return nil, "", err
	}
	s := container.NewSource(j.src.R, j.src.Size, container.Limits{})
	defer s.Release()
	sound, err := sounds[j.format](s)
	if err != nil {
		return nil, "", soundError(j.format, err)
	}
	var plan *splice.Plan
	var seconds float64
	switch mixer, ok := sound.(container.Mixer); {
	case !j.Notice.Mix:
		plan, seconds, err = inserted(sound, said, j.Notice.Position)
	case ok:
		plan, seconds, err = mixed(mixer, said, j.Notice.Position)
	default: // only by coding all of it again
		return planCoded(j)
	}
	return plan, soundPlace(j.Notice, seconds), soundError(j.format, err)
}

// soundPlace says where a notice is, and how many seconds of the sound are new.
func soundPlace(n *Notice, seconds float64) string {
	place := n.Position.String()
	if seconds == 0 {
		return place
	}
	if n.Mix {
		place += ", mixed"
	}
	return fmt.Sprintf("%s, %.1f s", place, seconds)
}

// inserted returns the edits that put a notice before and behind a sound, and how long
// they make it.
func inserted(s container.Sound, said *Clip, at Position) (*splice.Plan, float64, error) {
	front, back, err := soundNotice(s, said, at)
	if err != nil {
		return nil, 0, err
	}
	plan, err := s.Insert(front, back)
	return plan, float64(len(front)+len(back)) / float64(s.Shape().Rate), err
}

// soundNotice returns the samples that a sound lacks on each side: the notice at the
// level of the sound, and the pause between them.
func soundNotice(s container.Sound, said *Clip, at Position) (front, back []float64, err error) {
	head, tail, err := lacking(s, said, at)
	if err != nil || !head && !tail {
		return nil, nil, err
	}
	shape := s.Shape()
	level, err := soundLevel(s.Samples(0), shape.Rate/soundWindows*shape.Channels)
	if err != nil {
		return nil, nil, err
	}
	cue, pause := said.render(shape.Rate, level), cuePause*shape.Rate/cueUnit
	whole := (len(cue) + pause + shape.Block - 1) / shape.Block * shape.Block
	samples := make([]float64, pause+whole)
	copy(samples[pause:], cue)
	if head {
		front = samples[pause:]
	}
	if tail {
		back = samples[:pause+len(cue)]
	}
	return front, back, nil
}

// soundError returns an error of a codec in the types of this package and of package
// metadata. A file in another coding than those that take a notice misses its own.
func soundError(format string, err error) error {
	if _, ok := errors.AsType[missing](err); ok {
		return err
	}
	if errors.Is(err, container.ErrCoding) {
		return missing{fmt.Sprintf("%s: %v", format, err)}
	}
	return codecError(format, err)
}
