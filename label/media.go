package label

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/aigclabel/aigclabel/internal/splice"
	"github.com/aigclabel/aigclabel/metadata"
)

// A medium is what a notice of a format goes into, and how.
type medium struct {
	name string // "picture", "audio", "video", "text", "page" or "slide"
	plan func(*job) (plan *splice.Plan, where string, err error)
}

// A job is one file that gets a notice.
type job struct {
	*Labeler
	ctx     context.Context
	src     metadata.Source
	format  string
	state   metadata.State
	scratch *scratch
	mark    *marking // nil without a watermark
	created time.Time
	sidecar []byte
	noPlace error // why the file has no record, if its format has no place for one

	progress func(done float64) // may be nil
}

// pixels returns how many a picture may have.
func (j *job) pixels() int64 { return cmp.Or(j.MaxPixels, defaultPixels) }

// planned returns what a plan makes of a file, as the source of the next.
func planned(p *splice.Plan) metadata.Source { return metadata.Source{R: p, Size: p.Size()} }

// A missing error says why a file has no notice, or no watermark, though its format can
// carry one: the receipt tells, and the other labels are written.
type missing struct{ reason string }

func (m missing) Error() string { return "label: not in this file: " + m.reason }

// media are the formats that carry a notice.
var media = map[string]medium{
	"png":      onCanvas(openPNG),
	"jpeg":     onCanvas(openJPEG),
	"gif":      onCanvas(openGIF),
	"bmp":      onCanvas(openBMP),
	"tiff":     onCanvas(openTIFF),
	"svg":      {"picture", planSVG},
	"webp":     {"picture", planWebP},
	"heic":     {"picture", planHEIF(heicCoder)},
	"avif":     {"picture", planHEIF(avifCoder)},
	"wav":      {"audio", planSound},
	"flac":     {"audio", planSound},
	"aiff":     {"audio", planSound},
	"mp3":      {"audio", planSound},
	"m4a":      {"audio", planCoded},
	"aac":      {"audio", planCoded},
	"opus":     {"audio", planCoded},
	"ogg":      {"audio", planCoded},
	"caf":      {"audio", planCoded},
	"wma":      {"audio", planCoded},
	"ass":      {"text", planSubtitles},
	"docx":     {"text", planDocument},
	"epub":     {"text", planEPUB},
	"mp4":      {"video", planVideo},
	"mov":      {"video", planVideo},
	"mkv":      {"video", planVideo},
	"webm":     {"video", planVideo},
	"avi":      {"video", planVideo},
	"flv":      {"video", planVideo},
	"html":     {"text", planHTML},
	"markdown": {"text", planText},
	"odp":      {"slide", planDocument},
	"ods":      {"page", planDocument},
	"odt":      {"text", planDocument},
	"pdf":      {"page", planPDF},
	"pptx":     {"slide", planDocument},
	"srt":      {"text", planSubtitles},
	"text":     {"text", planText},
	"vtt":      {"text", planSubtitles},
	"xlsx":     {"page", planDocument},
}

func onCanvas(open canvasOpener) medium {
	return medium{"picture", func(j *job) (*splice.Plan, string, error) {
		plan, where, err := planPictureNotice(open, j.src, *j.Notice, j.state, j.pixels())
		if isTooSmall(err) {
			err = missing{err.Error()}
		}
		return plan, where.String(), err
	}}
}

func planSVG(j *job) (*splice.Plan, string, error) {
	plan, err := planSVGNotice(j.src, *j.Notice, j.state)
	return plan, j.Notice.corner().String(), err
}

func planHTML(j *job) (*splice.Plan, string, error) {
	plan, err := planHTMLNotice(j.src, *j.Notice, j.state)
	return plan, j.Notice.Position.String(), err
}

func planText(j *job) (*splice.Plan, string, error) {
	wording, err := j.Notice.wording(j.state)
	if err == nil {
		err = refuseData(j.src.Name, j.format)
	}
	if err != nil {
		return nil, "", err
	}
	plan, err := planTextNotice(j.src.R, j.src.Size, wording, j.Notice.Position, j.format == "markdown")
	return plan, j.Notice.Position.String(), err
}

// refuseData fails where the name says that the text is data or code, such as
// CSV or JSON, in which a line of prose is an error.
func refuseData(name, format string) error {
	switch ext := strings.ToLower(filepath.Ext(name)); {
	case format != "text", slices.Contains([]string{"", ".", ".txt", ".text"}, ext):
		return nil
	default:
		return fmt.Errorf("%w (%s: a line of text may break it; plain text ends in .txt)", ErrNoNotice, ext)
	}
}
