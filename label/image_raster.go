package label

import (
	"image"
	"image/color"
	"io"

	"github.com/aigclabel/aigclabel/internal/splice"
)

// A raster is a picture of which a rectangle can be read and painted in place.
type raster interface {
	Pixels(r image.Rectangle) (*image.NRGBA64, error)
	Palette() []color.NRGBA
	Draw(r image.Rectangle, paint func(x, y int, was color.NRGBA64) color.NRGBA64) ([]splice.Edit, error)
	Luma(do func(row []float32)) error
	AddLuma(residual func(y int, row []float32)) ([]splice.Edit, error)
}

// A rasterCanvas is such a picture, in its kind: palettes lend their darkest and their
// lightest colour.
type rasterCanvas struct {
	raster
	shown  view
	src    io.ReaderAt
	size   int64
	failed func(error) error // in our types
}

func (c rasterCanvas) view() view { return c.shown }

func (c rasterCanvas) grays(rects []image.Rectangle) ([]*image.Gray, error) {
	all, err := graysOf(c.Pixels, rects)
	return all, c.failed(err)
}

func (c rasterCanvas) stamp(s *stamp) (*splice.Plan, error) {
	pixels, err := c.Pixels(s.plate.Rect)
	if err != nil {
		return nil, c.failed(err)
	}
	return c.plan(c.Draw(s.area(), s.paint(s.choose(ground{pixels: pixels, palette: c.Palette(), fixed: true}))))
}

func (c rasterCanvas) plan(edits []splice.Edit, err error) (*splice.Plan, error) {
	if err != nil {
		return nil, c.failed(err)
	}
	plan, err := splice.New(c.src, c.size, edits)
	return plan, c.failed(err)
}

func (c rasterCanvas) scan(do func(row []float32)) error { return c.failed(c.Luma(do)) }

func (c rasterCanvas) unfit() error {
	if c.Palette() != nil {
		return missing{"pictures of few colours carry no watermark in this format"}
	}
	return nil
}

func (c rasterCanvas) brighten(residual func(y int, row []float32)) (*splice.Plan, error) {
	return c.plan(c.AddLuma(residual))
}
