package label

import (
	"image"
	"image/color"
)

const corners = TopLeft + 1

// An onlooker is a canvas that shows how bright its pixels are.
type onlooker interface {
	// grays returns the pixels in rectangles of the file, turned to be dark to light
	// as the first frame or page shows them.
	grays(rects []image.Rectangle) ([]*image.Gray, error)
}

func (c gifCanvas) grays(rects []image.Rectangle) ([]*image.Gray, error) { return graysOf(c.Pixels, rects) }
func (c pngCanvas) grays(rects []image.Rectangle) ([]*image.Gray, error) { return graysOf(c.Pixels, rects) }
func (c jpegCanvas) grays(rects []image.Rectangle) (all []*image.Gray, err error) {
	for _, r := range rects {
		all = append(all, c.Gray(r))
	}
	return all, nil
}

// graysOf returns how bright pixels are, rectangle by rectangle.
func graysOf(pixels func(image.Rectangle) (*image.NRGBA64, error), rects []image.Rectangle) (all []*image.Gray, err error) {
	for _, r := range rects {
		p, err := pixels(r)
		if err != nil {
			return nil, err
		}
		g := image.NewGray(r)
		for y := r.Min.Y; y < r.Max.Y; y++ {
			for x := r.Min.X; x < r.Max.X; x++ {
				c := p.NRGBA64At(x, y)
				g.SetGray(x, y, color.Gray{uint8((0.2126*float64(c.R) + 0.7152*float64(c.G) + 0.0722*float64(c.B)) / 257)})
			}
		}
		all = append(all, g)
	}
	return all, nil
}
