package label

import (
	"errors"
	"image"
	"image/color"
	"io"

	"github.com/aigclabel/aigclabel/internal/container"
	"github.com/aigclabel/aigclabel/internal/jpegcoef"
	"github.com/aigclabel/aigclabel/internal/splice"
	"github.com/aigclabel/aigclabel/watermark"
)

// maxJPEG bounds the file of a picture, which is read whole.
const maxJPEG = 512 << 20

// A jpegCanvas is the picture of a JPEG file.
//
// It is not compressed anew: coefficients change only in the 8x8 blocks under the
// notice, in the file's own quantisation, sampling and scans.
type jpegCanvas struct {
	*jpegcoef.Image
	src  io.ReaderAt
	size int64
	file container.File
}

func openJPEG(src io.ReaderAt, size, limit int64) (canvas, error) {
	file, err := container.JPEG(container.NewSource(src, size, container.Limits{}))
	if err != nil {
		return nil, codecError("jpeg", err)
	}
	b, err := readPicture("jpeg", src, size, maxJPEG)
	if err != nil {
		return nil, err
	}
	p, err := jpegcoef.Decode(b, limit)
	if err != nil {
		return nil, jpegError(err, limit)
	}
	return jpegCanvas{p, src, size, file}, nil
}

func (c jpegCanvas) view() view { return view{c.Width, c.Height, c.orientation()} }

func (c jpegCanvas) brightness(x, y int) uint8 { return c.Brightness(x, y) }

func (c jpegCanvas) grays(rects []image.Rectangle) (all []*image.Gray, err error) {
	for _, r := range rects {
		all = append(all, c.Gray(r))
	}
	return all, nil
}

func (c jpegCanvas) stamp(s *stamp) (*splice.Plan, error) {
	k := s.choose(ground{pixels: widen(c.Gray(s.plate.Rect)), gray: true})
	for _, r := range s.areas() {
		c.Paint(r, s.mix(k))
	}
	return c.plan()
}

// plan returns the file with the coefficients as they are now.
func (c jpegCanvas) plan() (*splice.Plan, error) {
	edits, err := c.Edits()
	if err != nil {
		return nil, codecError("jpeg", err)
	}
	return splice.New(c.src, c.size, container.FollowJPEG(c.file, edits))
}

func (c jpegCanvas) scan(do func(row []float32)) error {
	c.shrunk(0, do)
	return nil
}

// shrunk shows the picture half as large so many times.
func (c jpegCanvas) shrunk(times uint, do func(row []float32)) {
	var row []float32
	for _, line := range c.Luma(times) {
		row = row[:0]
		for _, v := range line {
			row = append(row, float32(v))
		}
		do(row)
	}
}

// grid returns the picture as watermarks are looked for, which needs no more than its
// lower coefficients if it is large.
func (c jpegCanvas) grid() *watermark.Grid {
	times := uint(0)
	for times < 3 && min(c.Width, c.Height)>>(times+1) >= enough {
		times++
	}
	size := func(n int) int { return (n + 1<<times - 1) >> times }
	grid := watermark.NewGrid(size(c.Width), size(c.Height))
	c.shrunk(times, grid.AddRow)
	return grid
}

func (c jpegCanvas) unfit() error { return nil }

func (c jpegCanvas) brighten(residual func(y int, row []float32)) (*splice.Plan, error) {
	if _, err := c.AddLuma(residual); err != nil {
		return nil, unsuited(err)
	}
	return c.plan()
}

// orientation returns how the picture is turned to be shown, by its Exif block.
func (c jpegCanvas) orientation() int {
	for _, slot := range c.file.Summary().Slots {
		if slot.Kind == container.EXIF {
			return container.EXIFOrientation(slot.Value)
		}
	}
	return 1
}

// widen returns a grey picture as stamps take it.
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

// jpegError returns an error of the decoder.
func jpegError(err error, limit int64) error {
	if bad, ok := errors.AsType[*jpegcoef.FormatError](err); ok {
		err = &container.FormatError{Offset: int64(bad.Offset), Err: errors.New(bad.Msg)}
	}
	switch {
	case errors.Is(err, jpegcoef.ErrTooLarge):
		err = &container.LimitError{What: "pixels of the picture", Limit: limit}
	case errors.Is(err, jpegcoef.ErrUnsupported):
		return unsuited(err)
	}
	return codecError("jpeg", err)
}
