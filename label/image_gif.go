package label

import (
	"errors"
	"fmt"
	"image/color"
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

func (c gifCanvas) stamp(s *stamp) (*splice.Plan, error) {
	pixels, err := c.Pixels(s.plate.Rect)
	if err != nil {
		return nil, codecError("gif", err)
	}
	if s.on(pixels) {
		return splice.New(c.src, c.size, nil)
	}
	edits, err := c.Draw(s.plate.Rect, s.paint(chooseInk(pixels, nil)))
	if errors.Is(err, gifframes.ErrFrames) || errors.Is(err, gifframes.ErrColors) {
		return nil, fmt.Errorf("%w (%w)", ErrNoNotice, err)
	}
	if err != nil {
		return nil, codecError("gif", err)
	}
	return splice.New(c.src, c.size, edits)
}

// paint returns the colour of each pixel of an opaque plate with letters of few
// shades, and whether it is on the plate.
func (s *stamp) paint(k ink) func(x, y int) (color.NRGBA, bool) {
	const shades = 3
	k.shades = shades
	return func(x, y int) (color.NRGBA, bool) {
		c := over(k.plate, k.text, k.cover(s.ink.AlphaAt(x, y), shades))
		return color.NRGBAModel.Convert(c).(color.NRGBA), s.plate.AlphaAt(x, y).A >= 0x80
	}
}
