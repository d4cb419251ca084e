package label

import (
	"image"
	"image/color"
	"math"
)

// A stamp says how much of each pixel of a file the plate of a caption and its
// letters cover.
type stamp struct{ plate, ink *image.Alpha }

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
	return &stamp{turn(plate), turn(ink)}
}

// An ink is the colours of a notice.
type ink struct {
	plate, text color.NRGBA64
	opacity     float64 // of the plate
	shades      float64 // of what is half covered, 0 for any
}

// lightPicture is the brightness from which a dark plate would be a stain.
const lightPicture = 0.7

// minContrast is what WCAG 2, success criterion 1.4.3, asks of text.
const minContrast = 4.5

// The opacities keep this contrast over any picture: white letters on the dark
// plate over white have 6.2:1, black ones on the light plate over black 13:1.
var (
	black = color.NRGBA64{A: 0xFFFF}
	white = color.NRGBA64{R: 0xFFFF, G: 0xFFFF, B: 0xFFFF, A: 0xFFFF}
	dark  = ink{plate: black, text: white, opacity: 0.62}
	light = ink{plate: white, text: black, opacity: 0.8}
)

// chooseInk returns a dark plate for dark pixels, a light one for light pixels.
// A palette gets an opaque plate, for which it has or can take the few colours.
func chooseInk(pixels *image.NRGBA64, palette []color.NRGBA) ink {
	chosen := dark
	if brightness(pixels) > lightPicture {
		chosen = light
	}
	const shades = 3
	switch {
	case palette == nil:
	case len(palette)+shades+1 <= 256:
		chosen.opacity, chosen.shades = 1, shades
	default:
		d, l := extremes(palette)
		if contrast(d, l) < minContrast {
			break
		}
		if chosen.text == white {
			return ink{plate: d, text: l, opacity: 1, shades: 1}
		}
		return ink{plate: l, text: d, opacity: 1, shades: 1}
	}
	return chosen
}

// extremes returns the darkest and the lightest opaque colour of a palette.
func extremes(palette []color.NRGBA) (darkest, lightest color.NRGBA64) {
	darkest, lightest = white, black
	for _, p := range palette {
		if p.A != 0xFF {
			continue
		}
		c := color.NRGBA64{R: uint16(p.R) * 257, G: uint16(p.G) * 257, B: uint16(p.B) * 257, A: 0xFFFF}
		if luminance(c) <= luminance(darkest) {
			darkest = c
		}
		if luminance(c) >= luminance(lightest) {
			lightest = c
		}
	}
	return darkest, lightest
}

// press puts the plate and the letters on pixels.
func (s *stamp) press(pixels *image.NRGBA64, k ink) {
	r := s.plate.Rect
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			c := pixels.NRGBA64At(x, y)
			c = over(c, k.plate, k.opacity*k.cover(s.plate.AlphaAt(x, y), 1))
			c = over(c, k.text, k.cover(s.ink.AlphaAt(x, y), k.shades))
			pixels.SetNRGBA64(x, y, c)
		}
	}
}

// mix returns the part of each pixel that stays, and the part that becomes white
// rather than black, where [stamp.press] would put colours.
func (s *stamp) mix(k ink) func(x, y int) (stays, white float64) {
	return func(x, y int) (stays, lit float64) {
		plate := k.opacity * k.cover(s.plate.AlphaAt(x, y), 1)
		text := k.cover(s.ink.AlphaAt(x, y), k.shades)
		stays, lit = (1-plate)*(1-text), text
		if k.plate == white {
			lit = plate * (1 - text)
		}
		return stays, lit
	}
}

// shows is [stamp.on] for pixels that compression has blurred: nearly all that
// letters cover lies on one side of a middle grey, nearly all of the plate on the
// other, far apart.
func (s *stamp) shows(pixels *image.NRGBA64) bool {
	var letters, plate []float64
	r := s.plate.Rect
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			switch lit := float64(pixels.NRGBA64At(x, y).G) / 0xFFFF; {
			case s.ink.AlphaAt(x, y).A == 0xFF:
				letters = append(letters, lit)
			case s.ink.AlphaAt(x, y).A == 0 && s.plate.AlphaAt(x, y).A == 0xFF:
				plate = append(plate, lit)
			}
		}
	}
	const apart, nearly = 0.25, 0.97
	bright, dim := mean(letters), mean(plate)
	middle := (bright + dim) / 2
	beyond := func(values []float64, above bool) float64 {
		n := 0
		for _, v := range values {
			if v > middle == above {
				n++
			}
		}
		return float64(n) / float64(len(values))
	}
	return math.Abs(bright-dim) > apart && beyond(letters, bright > dim) > nearly && beyond(plate, bright < dim) > nearly
}

func mean(values []float64) float64 {
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	return sum / float64(max(len(values), 1))
}

// cover returns the covered part of a pixel, in shades if there are few.
func (k ink) cover(a color.Alpha, shades float64) float64 {
	part := float64(a.A) / 0xFF
	if k.shades == 0 {
		return part
	}
	return math.Round(part*shades) / shades
}

// over lays an opaque colour over c, of which it covers the given part.
func over(c, top color.NRGBA64, part float64) color.NRGBA64 {
	if part <= 0 {
		return c
	}
	below := float64(c.A) / 0xFFFF * (1 - part)
	alpha := part + below
	mix := func(t, b uint16) uint16 { return uint16(math.Round((float64(t)*part + float64(b)*below) / alpha)) }
	return color.NRGBA64{mix(top.R, c.R), mix(top.G, c.G), mix(top.B, c.B), uint16(math.Round(0xFFFF * alpha))}
}

// on reports whether the pixels carry the stamp already: all that letters cover
// has one of their colours, all that only the plate covers is in contrast to it.
func (s *stamp) on(pixels *image.NRGBA64) bool {
	var text *color.NRGBA64
	r := s.plate.Rect
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			if s.ink.AlphaAt(x, y).A != 0xFF {
				continue
			}
			c := pixels.NRGBA64At(x, y)
			if text == nil {
				text = &c
			}
			if c != *text || c.A != 0xFFFF {
				return false
			}
		}
	}
	for y := r.Min.Y; text != nil && y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			bare := s.plate.AlphaAt(x, y).A == 0xFF && s.ink.AlphaAt(x, y).A == 0
			if bare && contrast(*text, pixels.NRGBA64At(x, y)) < minContrast {
				return false
			}
		}
	}
	return text != nil
}

// brightness returns the mean luma of the visible pixels, 0 to 1.
func brightness(pixels *image.NRGBA64) float64 {
	var sum, visible float64
	r := pixels.Rect
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			c := pixels.NRGBA64At(x, y)
			sum += float64(c.A) * (0.2126*float64(c.R) + 0.7152*float64(c.G) + 0.0722*float64(c.B)) / 0xFFFF
			visible += float64(c.A)
		}
	}
	return sum / max(visible, 1)
}

// luminance returns the relative luminance of an opaque sRGB colour, 0 to 1.
func luminance(c color.NRGBA64) float64 {
	linear := func(v uint16) float64 {
		s := float64(v) / 0xFFFF
		if s <= 0.04045 {
			return s / 12.92
		}
		return math.Pow((s+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(c.R) + 0.7152*linear(c.G) + 0.0722*linear(c.B)
}

// contrast returns the contrast ratio of two colours, 1 to 21 (WCAG 2).
func contrast(a, b color.NRGBA64) float64 {
	x, y := luminance(a), luminance(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}
