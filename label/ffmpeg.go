package label

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/aigclabel/aigclabel/internal/container"
	"github.com/aigclabel/aigclabel/internal/ffmpeg"
	"github.com/aigclabel/aigclabel/internal/splice"
	"github.com/aigclabel/aigclabel/metadata"
)

// rewritable are the readers of the formats whose files ffmpeg may write anew.
var rewritable = map[string]func(*container.Source) (container.File, error){
	"mp4": container.BMFF, "mov": container.BMFF, "m4a": container.BMFF,
	"mkv": container.Matroska, "webm": container.Matroska,
	"avi": container.AVI, "flv": container.FLV,
	"ogg": container.Ogg, "opus": container.Ogg,
	"caf": container.CAF, "wma": container.ASF,
}

// rewritten returns the edit that replaces the file by another, which has to have the
// metadata that ffmpeg knows nothing of. The record is written again.
func (j *job) rewritten(by splice.Content) (*splice.Plan, error) {
	before, err := j.foreign(io.NewSectionReader(j.src.R, 0, j.src.Size))
	if err != nil {
		return nil, err
	}
	after, err := j.foreign(by)
	if err != nil {
		return nil, err
	}
	for _, place := range slices.Sorted(maps.Keys(before)) {
		if !after[place] {
			return nil, missing{"ffmpeg has to write the file anew, without its " + place}
		}
	}
	return splice.New(j.src.R, j.src.Size, []splice.Edit{{Delete: j.src.Size, Insert: by}})
}

// foreign returns the places of XMP, Exif and Content Credentials in a file.
func (j *job) foreign(of splice.Content) (map[string]bool, error) {
	s := container.NewSource(of, of.Size(), container.Limits{})
	file, err := rewritable[j.format](s)
	if err != nil {
		return nil, codecError(j.format, err)
	}
	places := map[string]bool{}
	for _, slot := range file.Summary().Slots {
		if slot.Kind == container.XMP || slot.Kind == container.EXIF || slot.Kind == container.C2PA {
			places[slot.Place] = true
		}
	}
	return places, nil
}

// ffmpegError returns an error of ffmpeg in the types of this package.
func (j *job) ffmpegError(err error) error {
	if large, ok := errors.AsType[*ffmpeg.TooLargeError](err); ok {
		return &metadata.LimitError{What: "size of what ffmpeg writes", Limit: large.Limit}
	}
	return fmt.Errorf("label: %s file: %w", j.format, err)
}
