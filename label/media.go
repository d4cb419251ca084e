package label

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/aigclabel/aigclabel/internal/splice"
	"github.com/aigclabel/aigclabel/metadata"
)

// A medium is what a notice of a format goes into, and how.
type medium struct {
	name string // "picture", "audio" or "text"
	plan func(l *Labeler, src metadata.Source, format string, state metadata.State) (plan *splice.Plan, where string, err error)
}

// media are the formats that carry a notice.
var media = map[string]medium{
	"png":      onCanvas(openPNG),
	"jpeg":     onCanvas(openJPEG),
	"gif":      onCanvas(openGIF),
	"svg":      {"picture", (*Labeler).planSVG},
	"wav":      {"audio", (*Labeler).planSound},
	"flac":     {"audio", (*Labeler).planSound},
	"aiff":     {"audio", (*Labeler).planSound},
	"html":     {"text", (*Labeler).planHTML},
	"markdown": {"text", (*Labeler).planText},
	"text":     {"text", (*Labeler).planText},
}

func onCanvas(open canvasOpener) medium {
	return medium{"picture", func(l *Labeler, src metadata.Source, _ string, state metadata.State) (*splice.Plan, string, error) {
		plan, where, err := planPictureNotice(open, src, *l.Notice, state, cmp.Or(l.MaxPixels, defaultPixels))
		return plan, where.String(), err
	}}
}

func (l *Labeler) planSVG(src metadata.Source, _ string, state metadata.State) (*splice.Plan, string, error) {
	plan, err := planSVGNotice(src, *l.Notice, state)
	return plan, l.Notice.Corner.String(), err
}

func (l *Labeler) planSound(src metadata.Source, format string, _ metadata.State) (*splice.Plan, string, error) {
	return planSoundNotice(sounds[format], src, format, l.Notice.Position)
}

func (l *Labeler) planHTML(src metadata.Source, _ string, state metadata.State) (*splice.Plan, string, error) {
	plan, err := planHTMLNotice(src, *l.Notice, state)
	return plan, l.Notice.Position.String(), err
}

func (l *Labeler) planText(src metadata.Source, format string, state metadata.State) (*splice.Plan, string, error) {
	wording, err := l.Notice.wording(state)
	if err == nil {
		err = refuseData(src.Name, format)
	}
	if err != nil {
		return nil, "", err
	}
	plan, err := planTextNotice(src.R, src.Size, wording, l.Notice.Position, format == "markdown")
	return plan, l.Notice.Position.String(), err
}

// refuseData fails where the name says that the text is data or code, such as
// CSV, SRT or JSON, in which a line of prose is an error.
func refuseData(name, format string) error {
	switch ext := strings.ToLower(filepath.Ext(name)); {
	case format != "text", slices.Contains([]string{"", ".", ".txt", ".text"}, ext):
		return nil
	default:
		return fmt.Errorf("%w (%s: a line of text may break it; plain text ends in .txt)", ErrNoNotice, ext)
	}
}
