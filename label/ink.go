package label

import (
	"image"
	"image/color"
	"math"
)

// An ink is the colours of a notice.
type ink struct {
	plate, text color.NRGBA64 // the first also of the outline
	opacity     float64       // of the plate
	shades      float64       // of what is half covered, 0 for any
	look        Look          // of which AutoLook is Plate
	copies      float64       // opacity of the copies
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

// Opacities of a notice: the least of a plate that lets letters have their contrast on
// any picture, those of copies, which are to be seen and not to hide the picture, and
// the shades of letters where colours are few.
const (
	leastPlate   = 0.55
	copies       = 0.3
	leastCopies  = 0.15
	fewShades    = 3
	paletteShare = 256 - fewShades - 1 // of the colours that a picture has itself
)

// A ground is what is known of the pixels below a notice.
type ground struct {
	pixels  *image.NRGBA64
	palette []color.NRGBA // of which they are, nil for any colours
	fixed   bool          // the palette does not grow
	gray    bool          // only how bright they are
	moving  bool          // others will be there in the next frame
}

// choose returns the ink of a notice on the pixels below.
func (s *stamp) choose(g ground) ink {
	k := g.tones()
	k.look, k.copies = s.look, copies
	text, worst, detail := g.survey()
	legible := worst >= minContrast
	if g.gray { // of the worst colour that is as bright
		legible = worst >= minContrastGray
	}
	if detail > wildDetail {
		k.opacity = max(k.opacity, calmingPlate)
	}
	if k.look == AutoLook {
		k.look = Plate
		if even := detail <= evenDetail && !g.moving && g.palette == nil; even && legible {
			k.look = Plain
		}
	}
	if k.look == Plain && (!legible || g.moving) {
		k.look = Outline
	}
	if k.look == Plain && k.shades != 1 {
		k.plate, k.text = opposite(text), text
	}
	switch {
	case !(s.opacity > 0 && s.opacity <= 1):
	case s.tiles != nil:
		k.copies = max(s.opacity, leastCopies)
	case k.shades == 0:
		k.opacity = max(s.opacity, leastPlate)
	}
	return k
}

// minContrastGray is the contrast to a grey that any colour as bright (ITU-R BT.601)
// has at least 4.5:1 of: the worst is white on a saturated red.
const minContrastGray = 10.5

// Pixels of this detail would break up letters through a plate of the usual opacity.
const (
	wildDetail   = 0.06
	calmingPlate = 0.85
)

// evenDetail is the mean step of brightness between neighbours, 0 to 1, up to which
// pixels are no pattern that letters could be lost in. Noise of 2 % has as much.
const evenDetail = 0.02

// survey returns the tone of letters that has more contrast to the pixels, the lowest
// that it has to one, 0 where another picture shines through, and the detail of the pixels.
func (g ground) survey() (text color.NRGBA64, worst, detail float64) {
	onBlack, onWhite, steps, n := 21.0, 21.0, 0.0, 0
	r := g.pixels.Rect
	for y := r.Min.Y; y < r.Max.Y; y++ {
		last := 0.0
		for x := r.Min.X; x < r.Max.X; x++ {
			c := g.pixels.NRGBA64At(x, y)
			l := luminance(c)
			onBlack, onWhite = min(onBlack, (l+0.05)/0.05), min(onWhite, 1.05/(l+0.05))
			if c.A != 0xFFFF {
				onBlack, onWhite = 0, 0
			}
			lit := lightness(c)
			if x > r.Min.X {
				steps += math.Abs(lit - last)
				n++
			}
			last = lit
		}
	}
	detail = steps / float64(max(n, 1))
	if onBlack > onWhite {
		return black, onBlack, detail
	}
	return white, onWhite, detail
}

// lightness returns how bright a colour looks, 0 to 1 (ITU-R BT.709).
func lightness(c color.NRGBA64) float64 {
	return (0.2126*float64(c.R) + 0.7152*float64(c.G) + 0.0722*float64(c.B)) / 0xFFFF
}

func opposite(tone color.NRGBA64) color.NRGBA64 {
	if tone == white {
		return black
	}
	return white
}

// tones returns a dark plate for dark pixels, a light one for light pixels.
// A palette gets an opaque plate, for which it has or can take the few colours.
func (g ground) tones() ink {
	chosen := dark
	if brightness(g.pixels) > lightPicture {
		chosen = light
	}
	if g.palette == nil {
		return chosen
	}
	if len(g.palette) <= paletteShare && !g.fixed {
		chosen.opacity, chosen.shades = 1, fewShades
		return chosen
	}
	d, l := extremes(g.palette)
	switch {
	case contrast(d, l) < minContrast:
		return chosen
	case chosen.text == white:
		return ink{plate: d, text: l, opacity: 1, shades: 1}
	}
	return ink{plate: l, text: d, opacity: 1, shades: 1}
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

// brightness returns the mean luma of the visible pixels, 0 to 1.
func brightness(pixels *image.NRGBA64) float64 {
	var sum, visible float64
	r := pixels.Rect
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			c := pixels.NRGBA64At(x, y)
			sum += float64(c.A) * lightness(c)
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
