package label

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/aigclabel/aigclabel/internal/container"
	spoken "github.com/aigclabel/aigclabel/label/speech"
	"github.com/aigclabel/aigclabel/metadata"
)

// A deepFinder returns the notices in the pixels, at most limit of them, or the samples
// of a file.
type deepFinder func(src metadata.Source, limit int64) ([]FoundNotice, error)

// deepFinders are the formats whose pixels and samples are searched for notices of ours.
var deepFinders = map[string]deepFinder{
	"png":  inPicture(openPNG),
	"jpeg": inPicture(openJPEG),
	"gif":  inPicture(openGIF),
	"webp": inPicture(openWebP),
	"bmp":  inPicture(openBMP),
	"tiff": inPicture(openTIFF),
	"svg":  findInSVG,
	"wav":  inSound("wav"),
	"flac": inSound("flac"),
	"aiff": inSound("aiff"),
	"mp3":  inSound("mp3"),
}

func inPicture(open canvasOpener) deepFinder {
	return func(src metadata.Source, limit int64) ([]FoundNotice, error) { return findDrawn(open, src, limit) }
}

func inSound(format string) deepFinder {
	return func(src metadata.Source, _ int64) ([]FoundNotice, error) { return findCues(format, src) }
}

// lookDeep returns what lists the notices of a picture or a sound. Where they cannot
// be looked for, unseen says why.
func (v *Verifier) lookDeep(r *Report) func(metadata.Source) (unseen string, err error) {
	return func(src metadata.Source) (string, error) {
		found, err := deepFinders[r.Format](src, cmp.Or(v.MaxPixels, defaultPixels))
		_, broken := errors.AsType[*metadata.FormatError](err)
		_, lacking := errors.AsType[missing](err)
		switch {
		case broken, lacking, errors.Is(err, ErrNoNotice), errors.Is(err, ErrEncoding):
			return fmt.Sprintf("not looked for: %v", err), nil
		case err != nil:
			return "not looked for to the end", err
		}
		for _, n := range found {
			r.Notices = append(r.Notices, n)
			r.raise(Suspected)
		}
		return "", nil
	}
}

// findCues returns the notices at the start and the end of a sound: the rhythm, and the
// words of package speech.
func findCues(format string, src metadata.Source) (found []FoundNotice, err error) {
	s := container.NewSource(src.R, src.Size, container.Limits{})
	defer s.Release()
	sound, err := sounds[format](s)
	if err != nil {
		return nil, soundError(format, err)
	}
	add := func(text string, said *Clip) error {
		noHead, noTail, err := lacking(sound, said, Both)
		if shape := sound.Shape(); !noHead && shape.Length < int64((said.seconds()+aroundHead)*float64(shape.Rate)) {
			noTail = true // the same
		}
		for i, lacks := range []bool{noHead, noTail} {
			if n := (FoundNotice{text, "audio, " + Position(i).String(), "GB 45438-2025 5.3"}); !lacks && err == nil {
				found = append(found, n)
			}
		}
		return soundError(format, err)
	}
	if err := add(cueRhythm, nil); err != nil {
		return found, err
	}
	for _, name := range slices.Sorted(maps.Keys(spoken.Words)) {
		said, err := spokenClip(name)
		if err == nil {
			err = add(spoken.Words[name], said)
		}
		if err != nil {
			return found, err
		}
	}
	return found, nil
}

// cueRhythm is what a cue says, in the words of clause 5.3.
const cueRhythm = "short-long-short-short"
