package label

import (
	"errors"
	"image"
	"io"

	"github.com/aigclabel/aigclabel/internal/gifframes"
	"github.com/aigclabel/aigclabel/internal/splice"
)

// maxGIF bounds the file of a picture, which is read whole.
const maxGIF = 256 << 20

// A gifCanvas is the frames of a GIF file. Each shows the notice.
//
// Frames change in their colour tables and in the pixels of the notice; one that does
// not reach it grows. The plate is opaque, and has no more than four colours.
type gifCanvas struct {
	*gifframes.Picture
	src  io.ReaderAt
	size int64
}

func openGIF(src io.ReaderAt, size, limit int64) (canvas, error) {
	b, err := readPicture("gif", src, size, maxGIF)
	if err != nil {
		return nil, err
	}
	p, err := gifframes.Decode(b, limit)
	if err != nil {
		return nil, codecError("gif", err)
	}
	return gifCanvas{p, src, size}, nil
}

func (c gifCanvas) view() view { return view{c.Width, c.Height, 1} }

func (c gifCanvas) grays(rects []image.Rectangle) (all []*image.Gray, err error) {
	return graysOf(c.Pixels, rects)
}

func (c gifCanvas) stamp(s *stamp) (*splice.Plan, error) {
	pixels, err := c.Pixels(s.plate.Rect)
	if err != nil {
		return nil, codecError("gif", err)
	}
	edits, err := c.Draw(s.area(), s.opaque(s.choose(ground{pixels: pixels, moving: true})))
	if errors.Is(err, gifframes.ErrFrames) || errors.Is(err, gifframes.ErrColors) {
		return nil, missing{err.Error()}
	}
	if err != nil {
		return nil, codecError("gif", err)
	}
	return splice.New(c.src, c.size, edits)
}

func (c gifCanvas) scan(do func(row []float32)) error { return codecError("gif", c.Luma(do)) }
