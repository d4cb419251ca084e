package label

import (
	"cmp"
	"errors"
	"fmt"
	"image"
	"io"
	"path/filepath"
	"slices"
	"time"

	"github.com/aigclabel/aigclabel/internal/container"
	"github.com/aigclabel/aigclabel/internal/ffmpeg"
	"github.com/aigclabel/aigclabel/internal/splice"
	"github.com/aigclabel/aigclabel/metadata"
)

// minOpening is how long the opening of a video shows its notice, at least
// (GB 45438-2025 clause 5.4).
const minOpening = 2 * time.Second

// WholeLength is a [Notice].Duration: that of a notice that stays for all of a video.
const WholeLength time.Duration = 1<<63 - 1

// A film is a video that gets a notice.
type film struct {
	*job
	programs *ffmpeg.Programs
	dir      string // for temporary files
	in       ffmpeg.Input
	media    *ffmpeg.Media
	video    ffmpeg.Stream     // that people see
	first    []ffmpeg.SideData // of its first picture, in high dynamic range
	coder    coder
	args     []string // of the coder
	duration time.Duration
	stamp    *stamp // as the file stores its pictures
	ink      ink
}

// The names of temporary files.
const (
	filmName   = "film"
	plateName  = "plate.png"
	newName    = "new"
	resultName = "result"
)

// planVideo returns the edits that put a notice on the first video track.
func planVideo(j *job) (*splice.Plan, string, error) {
	f, err := openFilm(j)
	if err != nil {
		return nil, "", err
	}
	done, err := f.prepare()
	if err != nil {
		return nil, "", err
	}
	if done {
		plan, err := splice.New(j.src.R, j.src.Size, nil)
		return plan, f.place(), err
	}
	plan, encoded, err := f.replacePictures()
	if errors.Is(err, container.ErrTrack) {
		plan, err = f.rewriteFile()
		encoded = "all frames encoded again"
	}
	if err != nil {
		return nil, "", err
	}
	if f.progress != nil {
		f.progress(1)
	}
	return plan, f.place() + "; " + encoded, nil
}

// place says where the notice stands.
func (f *film) place() string {
	where := "whole length"
	if f.duration < f.length() {
		where = fmt.Sprintf("opening %.1f s", f.duration.Seconds())
		if f.atEnd() {
			where += fmt.Sprintf(" and end %.1f s", f.duration.Seconds())
		}
	}
	return where + ", " + f.Notice.corner().String()
}

func (f *film) atEnd() bool { return f.Notice.Position != Start }

// length returns how long the video plays.
func (f *film) length() time.Duration {
	return time.Duration(cmp.Or(f.video.Duration, f.media.Format.Duration))
}

// openFilm finds the programs, copies the file for them, and reads what it holds.
func openFilm(j *job) (*film, error) {
	programs, err := ffmpeg.Find(j.FFmpeg)
	if err != nil {
		return nil, missing{"video needs the programs ffmpeg and ffprobe, 5.1 or later: install them, or say in Labeler.FFmpeg where they are"}
	}
	f := &film{job: j, programs: programs, duration: max(j.Notice.Duration, minOpening)}
	if f.dir, err = j.scratch.path(); err != nil {
		return nil, err
	}
	limit := j.pixels()
	f.in = ffmpeg.Input{Path: f.file(filmName), Format: j.format, Options: []string{"-max_pixels", fmt.Sprint(limit)}}
	if err := f.scratch.write(f.in.Path, io.NewSectionReader(j.src.R, 0, j.src.Size)); err != nil {
		return nil, err
	}
	probed := f.in
	probed.Options = nil // the size comes before the limit on it
	if f.media, err = programs.Probe(j.ctx, probed); err != nil {
		return nil, f.ffmpegError(err)
	}
	return f, f.choose(limit)
}

// file returns the path of a temporary file.
func (f *film) file(name string) string { return filepath.Join(f.dir, name) }

// choose chooses the video track, and refuses what a new encoding would break.
func (f *film) choose(limit int64) error {
	seen := func(s ffmpeg.Stream) bool {
		return s.Kind == "video" && s.Disposition["attached_pic"] == 0 && s.Disposition["timed_thumbnails"] == 0
	}
	i := slices.IndexFunc(f.media.Streams, seen)
	if i < 0 {
		return missing{"the file has no video track"}
	}
	f.video = f.media.Streams[i]
	v := f.video
	switch {
	case v.Width <= 0 || v.Height <= 0:
		return missing{"the size of the pictures is not known"}
	case int64(v.Width) > limit/int64(v.Height):
		return &metadata.LimitError{What: "pixels of a picture", Limit: limit}
	case overlayFormats[v.PixelFormat] == "":
		return missing{fmt.Sprintf("no way to draw on pictures of the format %q", v.PixelFormat)}
	}
	return f.readRange()
}

// prepare sets the notice, and reports whether the video has it already.
func (f *film) prepare() (done bool, err error) {
	v := f.video
	aspect := 1.0
	if v.PixelAspect.Given() {
		aspect = min(max(v.PixelAspect.Float(), 0.1), 10)
	}
	shown := view{w: int(float64(v.Width)*aspect + 0.5), h: v.Height, orientation: orientation(v)}
	if f.stamp, err = f.Notice.moving().stamp(f.state, shown); err != nil {
		if errors.Is(err, ErrTooSmall) {
			return false, missing{err.Error()}
		}
		return false, err
	}
	if aspect != 1 {
		f.stamp = f.stamp.squeeze(aspect)
	}
	f.stamp.align()
	pictures, err := f.opening()
	if err != nil {
		return false, err
	}
	if len(pictures) == 0 {
		return false, missing{"no picture of the video can be decoded"}
	}
	if done, err := f.noticed(pictures); done || err != nil {
		return done, err
	}
	f.ink = videoInk(pictures, v.Transfer)
	if err := f.writePlate(); err != nil {
		return false, err
	}
	return false, f.chooseCoder()
}

// noticed reports whether the notice is seen in the opening, and wherever else it shall be.
func (f *film) noticed(opening []*image.NRGBA64) (bool, error) {
	lacks := func(p *image.NRGBA64) bool { return !f.stamp.shows(p) }
	if slices.ContainsFunc(opening, lacks) {
		return false, nil
	}
	for _, at := range f.further() {
		pictures, err := f.at(at)
		if err != nil {
			return false, err
		}
		if slices.ContainsFunc(pictures, lacks) { // none is behind the last
			return false, nil
		}
	}
	return true, nil
}

// further returns times at which the notice shall be seen, besides those of the shortest
// opening. The pictures that come next have it too.
func (f *film) further() (all []time.Duration) {
	const parts, least = 4, time.Second
	length := f.length()
	if more := min(f.duration, length) - minOpening; more >= least {
		for i := range parts {
			all = append(all, minOpening+more/parts*time.Duration(i))
		}
	}
	if f.duration < length && f.atEnd() {
		for i := range parts {
			all = append(all, length-f.duration+f.duration/parts*time.Duration(i)+least/parts)
		}
	}
	return all
}
