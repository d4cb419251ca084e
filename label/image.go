package label

import (
	"errors"
	"fmt"
	"image"
	"io"

	"github.com/aigclabel/aigclabel/internal/container"
	"github.com/aigclabel/aigclabel/internal/splice"
	"github.com/aigclabel/aigclabel/metadata"
)

// ErrTooSmall reports a picture that has no room for a legible notice: some 50 pixels in
// each direction for the Chinese one, whose letters are at least 16 pixels high. There is no
// shorter form: "AI" alone lacks the second element of GB 45438-2025 clause 5.2. In a
// file, [Labeler] writes the record all the same, and the receipt says that the notice
// is missing: show it beside the picture.
var ErrTooSmall = errors.New("label: picture too small for a legible notice; show the notice beside it")

// isTooSmall reports the lack of room.
func isTooSmall(err error) bool { return errors.Is(err, ErrTooSmall) }

// A canvas is the picture in a file, to be drawn on.
type canvas interface {
	// view returns the picture's size and orientation.
	view() view

	// stamp returns the edits of the file that put the notice on the picture.
	// Nothing changes outside of its area.
	stamp(s *stamp) (*splice.Plan, error)
}

// A canvasOpener opens the picture of a file of at most limit pixels.
type canvasOpener func(src io.ReaderAt, size, limit int64) (canvas, error)

// A book is a canvas with further pages: pictures of their own in the same file.
type book interface {
	canvas
	pages() []canvas
}

// A preview is a smaller version of another page, which does without a notice where it
// has no room for one.
type preview struct{ rasterCanvas }

// planPictureNotice returns the edits that draw the notice into a picture, and the
// rectangle of the file's pixels where it is to be read, in the first of several
// pages. It stands upright in the picture as it is shown. There are no edits where the
// picture shows one already.
func planPictureNotice(open canvasOpener, src metadata.Source, n Notice, state metadata.State, limit int64) (plan *splice.Plan, rect image.Rectangle, err error) {
	if _, err := n.captions(state); err != nil { // of any picture
		return nil, rect, err
	}
	c, err := open(src.R, src.Size, limit)
	if err != nil {
		return nil, rect, err
	}
	edits, rect, err := n.drawOn(c, state)
	if b, ok := c.(book); ok && err == nil {
		edits, err = n.drawPages(edits, b.pages(), state)
	}
	if err != nil {
		return nil, image.Rectangle{}, err
	}
	plan, err = splice.New(src.R, src.Size, edits)
	if errors.Is(err, splice.ErrInvalid) {
		err = missing{"pages that share their pixels"}
	}
	return plan, rect, err
}

// drawOn returns the edits that draw the notice, and where it is or was before.
func (n Notice) drawOn(c canvas, state metadata.State) ([]splice.Edit, image.Rectangle, error) {
	s, err := n.stamp(state, c.view())
	if err != nil {
		return nil, image.Rectangle{}, err
	}
	if at, found, err := n.find(c, state); found || err != nil {
		return nil, at, err
	}
	plan, err := c.stamp(s)
	if err != nil {
		return nil, image.Rectangle{}, err
	}
	return plan.Edits(), s.plate.Rect, nil
}

// drawPages appends the edits of further pages.
func (n Notice) drawPages(edits []splice.Edit, pages []canvas, state metadata.State) ([]splice.Edit, error) {
	for _, page := range pages {
		more, _, err := n.drawOn(page, state)
		if _, reduced := page.(preview); reduced && isTooSmall(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		edits = append(edits, more...)
	}
	return edits, nil
}

// readPicture returns a file of at most limit bytes, for the codecs that need it whole.
func readPicture(format string, src io.ReaderAt, size, limit int64) ([]byte, error) {
	if size > limit {
		return nil, &metadata.LimitError{What: format + " file", Limit: limit}
	}
	b := make([]byte, size)
	if _, err := src.ReadAt(b, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, codecError(format, err)
	}
	return b, nil
}

// codecError returns an error of a codec, of pictures or sound, in the types of package metadata.
func codecError(format string, err error) error {
	if err == nil {
		return nil
	}
	if bad, ok := errors.AsType[*container.FormatError](err); ok {
		return &metadata.FormatError{Format: format, Offset: bad.Offset, Err: bad.Err}
	}
	if limit, ok := errors.AsType[*container.LimitError](err); ok {
		public := metadata.LimitError(*limit)
		return &public
	}
	return fmt.Errorf("label: %s file: %w", format, err)
}
