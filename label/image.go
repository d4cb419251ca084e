package label

import (
	"errors"
	"fmt"
	"image"
	"io"

	"github.com/aigclabel/aigclabel/internal/container"
	"github.com/aigclabel/aigclabel/internal/pngrows"
	"github.com/aigclabel/aigclabel/internal/splice"
	"github.com/aigclabel/aigclabel/metadata"
)

// ErrTooSmall reports a picture that has no room for a legible notice.
var ErrTooSmall = errors.New("label: picture too small for a legible notice; set Notice to nil and show the notice beside it")

// ErrAnimated reports an animated picture, whose frames would each need the notice.
var ErrAnimated = errors.New("label: no visible notice in animated pictures; set Notice to nil and show the notice beside it")

// noticePNG returns the edits that draw the notice into a PNG picture of at most
// limit pixels, and the rectangle of the file's pixels that they change. A picture
// that carries the same notice already gets none.
//
// All else stays: colour type and bit depth, transparency, interlacing, and the
// other chunks. A palette grows by four colours, or lends its darkest and lightest
// ones; only if these are too alike does the picture become RGB. The notice stands
// upright in the picture as it is shown, by the orientation in its Exif block.
func noticePNG(src io.ReaderAt, size int64, n Notice, state metadata.State, limit int64) (plan *splice.Plan, rect image.Rectangle, err error) {
	texts, err := n.captions(state)
	if err != nil {
		return nil, rect, err
	}
	typeface, err := n.typeface()
	if err != nil {
		return nil, rect, err
	}
	p, err := pngrows.Open(src, size, limit)
	if err != nil {
		return nil, rect, pngError(err)
	}
	if p.Animated {
		return nil, rect, ErrAnimated
	}
	v := view{p.Width, p.Height, container.EXIFOrientation(p.EXIF)}
	c, err := typeset(typeface, texts, v.size())
	if err != nil {
		return nil, rect, err
	}
	s := newStamp(c, v, n.Corner)
	pixels, err := p.Pixels(s.plate.Rect)
	if err != nil {
		return nil, rect, pngError(err)
	}
	if s.on(pixels) {
		plan, err = splice.New(src, size, nil)
	} else {
		s.press(pixels, chooseInk(pixels, p.Palette()))
		plan, err = p.Draw(pixels)
	}
	return plan, s.plate.Rect, pngError(err)
}

// pngError returns err in the types of package metadata.
func pngError(err error) error {
	if err == nil {
		return nil
	}
	if bad, ok := errors.AsType[*container.FormatError](err); ok {
		return &metadata.FormatError{Format: "png", Offset: bad.Offset, Err: bad.Err}
	}
	if limit, ok := errors.AsType[*container.LimitError](err); ok {
		return &metadata.LimitError{What: limit.What, Limit: limit.Limit}
	}
	return fmt.Errorf("label: png file: %w", err)
}
