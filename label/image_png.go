package label

import (
	"errors"
	"image"
	"io"

	"github.com/aigclabel/aigclabel/internal/container"
	"github.com/aigclabel/aigclabel/internal/pngrows"
	"github.com/aigclabel/aigclabel/internal/splice"
)

// A pngCanvas is the picture of a PNG file, or the frames of an animated one, each of
// which shows the notice, on an opaque plate.
//
// All but its pixels stays: colour type and bit depth, transparency, interlacing,
// and the other chunks. A palette grows by four colours, or lends its darkest and
// lightest ones; only if these are too alike does the picture become RGB.
type pngCanvas struct {
	*pngrows.Picture
	src  io.ReaderAt
	size int64
}

func openPNG(src io.ReaderAt, size, limit int64) (canvas, error) {
	p, err := pngrows.Open(src, size, limit)
	if err != nil {
		return nil, codecError("png", err)
	}
	return pngCanvas{p, src, size}, nil
}

func (c pngCanvas) view() view { return view{c.Width, c.Height, container.EXIFOrientation(c.EXIF)} }

func (c pngCanvas) grays(rects []image.Rectangle) ([]*image.Gray, error) {
	all, err := c.Grays(rects)
	return all, codecError("png", err)
}

func (c pngCanvas) stamp(s *stamp) (*splice.Plan, error) {
	pixels, err := c.Pixels(s.plate.Rect)
	if err != nil {
		return nil, codecError("png", err)
	}
	k := s.choose(ground{pixels: pixels, palette: c.Palette(), moving: c.Animated})
	if c.Animated { // the same on each frame, whatever is below
		k.opacity = 1
	}
	plan, err := c.Draw(s.area(), s.paint(k))
	if errors.Is(err, pngrows.ErrFrames) {
		return nil, missing{err.Error()}
	}
	return plan, codecError("png", err)
}

func (c pngCanvas) scan(do func(row []float32)) error { return codecError("png", c.Luma(do)) }

func (c pngCanvas) unfit() error { return animation(c.Animated) }

func (c pngCanvas) brighten(residual func(y int, row []float32)) (*splice.Plan, error) {
	plan, err := c.AddLuma(residual)
	return plan, codecError("png", err)
}
