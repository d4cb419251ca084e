package label

import (
	"image"
	"image/color"

	"github.com/aigclabel/aigclabel/metadata"
)

// A stamp says how much of each pixel of a file a notice covers: the plate of a
// caption, the outline of its letters, the letters, and the copies beside them.
type stamp struct {
	plate, ring, ink *image.Alpha // of the one that is to be read, where it stands in the file
	tiles            *tiles       // nil without copies
	look             Look
	opacity          float64 // 0 for our choice
}

// newStamp puts a caption into a corner of a picture.
func newStamp(c *caption, v view, corner Corner) *stamp {
	shown := c.place(corner, v.size())
	plate, ink := c.draw()
	turn := func(a *image.Alpha) *image.Alpha {
		out := image.NewAlpha(v.rectangle(shown))
		for y := range c.size.Y {
			for x := range c.size.X {
				at := v.stored(shown.Min.Add(image.Pt(x, y)))
				out.SetAlpha(at.X, at.Y, a.AlphaAt(x, y))
			}
		}
		return out
	}
	return &stamp{plate: turn(plate), ring: turn(outlined(ink, c.stroke())), ink: turn(ink)}
}

// stamp returns the notice for a picture, in its style. The error is [ErrWording] or
// [ErrTooSmall].
func (n Notice) stamp(state metadata.State, v view) (*stamp, error) {
	texts, err := n.captions(state)
	if err != nil {
		return nil, err
	}
	typeface, err := n.typeface()
	if err != nil {
		return nil, err
	}
	c, err := typeset(typeface, texts, v.size())
	if err != nil {
		return nil, err
	}
	s := newStamp(c.styled(n, v.size()), v, n.corner())
	s.look, s.opacity = n.Look, n.Opacity
	if n.Style == Tiled {
		s.tiles = newTiles(c, v, s.plate.Rect)
	}
	return s, nil
}

// area returns the rectangle outside of which nothing changes.
func (s *stamp) area() image.Rectangle {
	if s.tiles == nil {
		return s.plate.Rect
	}
	return image.Rect(0, 0, s.tiles.w, s.tiles.h)
}

// areas returns rectangles that hold all that changes.
func (s *stamp) areas() []image.Rectangle {
	if s.tiles == nil {
		return []image.Rectangle{s.plate.Rect}
	}
	return append(s.tiles.copies(), s.plate.Rect)
}

// weights returns how much the plate or the outline covers of a pixel, and how
// much of it all the letters.
func (s *stamp) weights(x, y int, k ink) (plate, text float64) {
	if (image.Point{x, y}).In(s.plate.Rect) {
		text = k.cover(s.ink.AlphaAt(x, y), k.shades)
		switch k.look {
		case Plain:
			text = k.cover(s.ink.AlphaAt(x, y), min(k.shades, 1))
		case Outline:
			plate = k.cover(s.ring.AlphaAt(x, y), min(k.shades, 1))
		default:
			plate = k.opacity * k.cover(s.plate.AlphaAt(x, y), 1)
		}
		return plate, text
	}
	if s.tiles == nil {
		return 0, 0
	}
	ring, letters := s.tiles.at(x, y)
	if k.shades != 0 { // few colours: not a shade of each, but some pixels in full
		ring, letters = stipple(ring, k.copies, x, y), stipple(letters, k.copies, x, y)
		return ring, letters
	}
	return k.copies * ring, k.copies * letters
}

// paint returns what becomes of the colour of a pixel.
func (s *stamp) paint(k ink) func(x, y int, c color.NRGBA64) color.NRGBA64 {
	return func(x, y int, c color.NRGBA64) color.NRGBA64 {
		plate, text := s.weights(x, y, k)
		return over(over(c, k.plate, plate), k.text, text)
	}
}

// press puts the notice on pixels.
func (s *stamp) press(pixels *image.NRGBA64, k ink) {
	paint := s.paint(k)
	r := s.area().Intersect(pixels.Rect)
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			pixels.SetNRGBA64(x, y, paint(x, y, pixels.NRGBA64At(x, y)))
		}
	}
}

// mix returns the part of each pixel that stays, and the part that becomes white
// rather than black, where [stamp.press] would put colours.
func (s *stamp) mix(k ink) func(x, y int) (stays, white float64) {
	return func(x, y int) (stays, lit float64) {
		plate, text := s.weights(x, y, k)
		stays, lit = (1-plate)*(1-text), text
		if k.plate == white {
			lit = plate * (1 - text)
		}
		return stays, lit
	}
}

// opaque returns the colour of each pixel that changes, for formats that know
// opaque colours only, and few of them.
func (s *stamp) opaque(k ink) func(x, y int) (color.NRGBA, bool) {
	k.opacity, k.shades = 1, fewShades
	return func(x, y int) (color.NRGBA, bool) {
		plate, text := s.weights(x, y, k)
		if plate < 0.5 && text < 0.5 {
			return color.NRGBA{}, false
		}
		c := k.text
		if plate >= 0.5 {
			c = over(k.plate, k.text, text)
		}
		return color.NRGBAModel.Convert(c).(color.NRGBA), true
	}
}
