package label

import (
	"errors"
	"fmt"
	"time"

	"github.com/aigclabel/aigclabel/internal/container"
	"github.com/aigclabel/aigclabel/internal/splice"
	"github.com/aigclabel/aigclabel/metadata"
)

// A soundOpener opens the sound of a file.
type soundOpener func(*container.Source) (container.Sound, error)

// sounds are the formats of sound that a cue can be put into.
var sounds = map[string]soundOpener{"wav": container.WAVSound, "flac": container.FLACSound, "aiff": container.AIFFSound, "mp3": container.MP3Sound}

// maxMeasured bounds the samples that the level is measured in: 12 minutes of a disc.
const maxMeasured = 1 << 26

// Where a cue is looked for: programs that convert files may put silence around it.
const (
	cueHead = 3 * time.Second
	cueTail = 3 * time.Second / 2
)

// planSoundNotice returns the edits that put a [Cue] before or behind a sound, or on
// both sides, and says where. A side that has one gets no other.
func planSoundNotice(open soundOpener, src metadata.Source, format string, at Position) (*splice.Plan, string, error) {
	s := container.NewSource(src.R, src.Size, container.Limits{})
	defer s.Release()
	sound, err := open(s)
	if err != nil {
		return nil, "", soundError(format, err)
	}
	front, back, err := soundNotice(sound, at)
	if err != nil {
		return nil, "", soundError(format, err)
	}
	place := at.String()
	if n := len(front) + len(back); n > 0 {
		place += fmt.Sprintf(", %.1f s", float64(n)/float64(sound.Shape().Rate))
	}
	plan, err := sound.Insert(front, back)
	return plan, place, soundError(format, err)
}

// soundNotice returns the samples that a sound lacks on each side: the cue at the
// level of the sound, and the pause between them.
func soundNotice(s container.Sound, at Position) (front, back []float64, err error) {
	shape := s.Shape()
	head, err := hasCue(s, at == End, 0, cueHead)
	if err != nil {
		return nil, nil, err
	}
	end := max(shape.Length-int64(cueTail.Seconds()*float64(shape.Rate)), 0)
	tail, err := hasCue(s, at == Start, end, cueTail)
	if err != nil || head && tail {
		return nil, nil, err
	}
	level, err := soundLevel(s.Samples(0), shape.Rate/soundWindows*shape.Channels)
	if err != nil {
		return nil, nil, err
	}
	cue, pause := renderCue(shape.Rate, level), cuePause*shape.Rate/cueUnit
	whole := (len(cue) + pause + shape.Block - 1) / shape.Block * shape.Block
	samples := make([]float64, pause+whole)
	copy(samples[pause:], cue)
	if !head {
		front = samples[pause:]
	}
	if !tail {
		back = samples[:pause+len(cue)]
	}
	return front, back, nil
}

// hasCue reports whether a cue is in a stretch of a sound, or is not wanted.
func hasCue(s container.Sound, unwanted bool, from int64, length time.Duration) (bool, error) {
	if unwanted {
		return true, nil
	}
	shape, limit := s.Shape(), int(length.Seconds()*soundWindows)
	var stretch []soundWindow
	for w, err := range windows(s.Samples(from), shape.Rate, shape.Channels) {
		if err != nil {
			return false, err
		}
		if stretch = append(stretch, w); len(stretch) == limit {
			break
		}
	}
	return holdsCue(stretch), nil
}

// soundError returns an error of a codec in the types of this package and of package
// metadata. A file in another coding than those that take a notice misses its own.
func soundError(format string, err error) error {
	if errors.Is(err, container.ErrCoding) {
		return missing{fmt.Sprintf("%s: %v", format, err)}
	}
	return codecError(format, err)
}
