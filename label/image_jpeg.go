package label

import (
	"errors"
	"fmt"
	"image"
	"image/color"
	"io"

	"github.com/aigclabel/aigclabel/internal/container"
	"github.com/aigclabel/aigclabel/internal/jpegcoef"
	"github.com/aigclabel/aigclabel/internal/splice"
	"github.com/aigclabel/aigclabel/metadata"
)

// maxJPEG bounds the file of a picture, which is read whole.
const maxJPEG = 512 << 20

// noticeJPEG returns the edits that draw the notice into a JPEG picture of at most
// limit pixels, and the rectangle of the file's pixels that they change. A picture
// that carries the same notice already gets none.
//
// The picture is not compressed anew: coefficients change only in the 8x8 blocks
// under the notice, in the file's own quantisation, sampling and scans.
func noticeJPEG(src io.ReaderAt, size int64, n Notice, state metadata.State, limit int64) (plan *splice.Plan, rect image.Rectangle, err error) {
	texts, err := n.captions(state)
	if err != nil {
		return nil, rect, err
	}
	typeface, err := n.typeface()
	if err != nil {
		return nil, rect, err
	}
	if size > maxJPEG {
		return nil, rect, &metadata.LimitError{What: "JPEG file", Limit: maxJPEG}
	}
	b := make([]byte, size)
	if _, err := src.ReadAt(b, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, rect, fmt.Errorf("label: %w", err)
	}
	p, err := jpegcoef.Decode(b, limit)
	if err != nil {
		return nil, rect, jpegError(err, limit)
	}
	turned, err := orientationOfJPEG(src, size)
	if err != nil {
		return nil, rect, err
	}
	v := view{p.Width, p.Height, turned}
	c, err := typeset(typeface, texts, v.size())
	if err != nil {
		return nil, rect, err
	}
	s := newStamp(c, v, n.Corner)
	pixels := widen(p.Gray(s.plate.Rect))
	if s.shows(pixels) {
		plan, err = splice.New(src, size, nil)
		return plan, s.plate.Rect, err
	}
	p.Paint(s.plate.Rect, s.mix(chooseInk(pixels, nil)))
	edits, err := p.Edits()
	if err != nil {
		return nil, rect, jpegError(err, limit)
	}
	plan, err = splice.New(src, size, edits)
	return plan, s.plate.Rect, err
}

// orientationOfJPEG returns how the picture is turned to be shown, by its Exif block.
func orientationOfJPEG(src io.ReaderAt, size int64) (int, error) {
	f, err := container.JPEG(container.NewSource(src, size, container.Limits{}))
	if err != nil {
		return 0, fmt.Errorf("label: %w", err)
	}
	for _, slot := range f.Summary().Slots {
		if slot.Kind == container.EXIF {
			return container.EXIFOrientation(slot.Value), nil
		}
	}
	return container.EXIFOrientation(nil), nil
}

// widen returns a grey picture as the stamp takes them.
func widen(g *image.Gray) *image.NRGBA64 {
	out := image.NewNRGBA64(g.Rect)
	for y := g.Rect.Min.Y; y < g.Rect.Max.Y; y++ {
		for x := g.Rect.Min.X; x < g.Rect.Max.X; x++ {
			v := uint16(g.GrayAt(x, y).Y) * 257
			out.SetNRGBA64(x, y, color.NRGBA64{v, v, v, 0xFFFF})
		}
	}
	return out
}

// jpegError returns err in the types of package metadata.
func jpegError(err error, limit int64) error {
	if bad, ok := errors.AsType[*jpegcoef.FormatError](err); ok {
		return &metadata.FormatError{Format: "jpeg", Offset: int64(bad.Offset), Err: errors.New(bad.Msg)}
	}
	switch {
	case errors.Is(err, jpegcoef.ErrTooLarge):
		return &metadata.LimitError{What: "pixels of the picture", Limit: limit}
	case errors.Is(err, jpegcoef.ErrUnsupported):
		return fmt.Errorf("%w (%w)", ErrNoNotice, err)
	}
	return fmt.Errorf("label: jpeg file: %w", err)
}
