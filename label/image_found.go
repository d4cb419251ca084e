package label

import (
	"image"
	"image/color"
	"math"
	"slices"

	"golang.org/x/image/font/sfnt"

	"github.com/aigclabel/aigclabel/metadata"
)

// An onlooker is a canvas that shows how bright its pixels are.
type onlooker interface {
	// grays returns the pixels in rectangles of the file, turned to be dark to light
	// as the first frame or page shows them.
	grays(rects []image.Rectangle) ([]*image.Gray, error)
}

// A glimpse is a canvas of which single pixels are seen as cheaply as many.
type glimpse interface {
	brightness(x, y int) uint8 // of a pixel of the file
}

// eyes returns how to see the pixels in each of some rectangles, nil where a canvas
// does not show its pixels.
func eyes(c canvas, rects []image.Rectangle) (all []func(x, y int) uint8, err error) {
	switch c := c.(type) {
	case glimpse:
		for range rects {
			all = append(all, c.brightness)
		}
	case onlooker:
		pictures, err := c.grays(rects)
		if err != nil {
			return nil, err
		}
		for _, p := range pictures {
			all = append(all, func(x, y int) uint8 { return p.Pix[p.PixOffset(x, y)] })
		}
	}
	return all, nil
}

// A trace is the letters of a caption, to be looked for.
type trace struct {
	*caption
	ring, ink *image.Alpha // of the caption
}

// find returns where a picture shows a notice of ours for this state: in the words of n
// or of any language, in any corner or banner, at the margin of n or the usual one.
func (n Notice) find(c canvas, state metadata.State) (image.Rectangle, bool, error) {
	f, err := n.typeface()
	if err != nil {
		return image.Rectangle{}, false, err
	}
	traces, err := n.traces(f, state, c.view().size())
	if err != nil {
		return image.Rectangle{}, false, err
	}
	type spot struct {
		trace
		at image.Rectangle // in the shown picture
	}
	places := n.places()
	spots := make([][]spot, len(places))
	rects := make([]image.Rectangle, len(places))
	for i, p := range places {
		for _, t := range traces {
			at := t.styled(p, c.view().size()).place(p.corner(), c.view().size())
			spots[i] = append(spots[i], spot{t, at})
			rects[i] = rects[i].Union(at)
		}
		rects[i] = c.view().rectangle(rects[i])
	}
	seen, err := eyes(c, rects)
	if err != nil {
		return image.Rectangle{}, false, err
	}
	for i, brightness := range seen {
		for _, s := range spots[i] {
			if s.shows(brightness, c.view(), s.at) {
				return c.view().rectangle(s.at), true, nil
			}
		}
	}
	return image.Rectangle{}, false, nil
}

// places are the notices, without words, that differ in where they stand: n first.
func (n Notice) places() (all []Notice) {
	all = append(all, Notice{Corner: n.Corner, Style: n.Style, Margin: n.Margin})
	for corner := range Right + 1 {
		all = append(all, Notice{Corner: corner})
		if n.Margin != 0 {
			all = append(all, Notice{Corner: corner, Margin: n.Margin})
		}
	}
	return append(all, Notice{Style: Banner, Corner: Bottom}, Notice{Style: Banner, Corner: Top})
}

// traces returns the captions that a notice of ours for this state may have.
func (n Notice) traces(f *sfnt.Font, state metadata.State, picture image.Point) (all []trace, err error) {
	texts, own, err := n.known(state)
	if err != nil {
		return nil, err
	}
	for i, text := range texts {
		if i == own {
			if f, err = standard(); err != nil {
				return nil, err
			}
		}
		c, err := typeset(f, [][]string{text}, picture)
		switch {
		case isTooSmall(err):
			continue
		case err != nil:
			return nil, err
		}
		_, ink := c.draw()
		all = append(all, trace{c, outlined(ink, c.stroke()), ink})
	}
	return all, nil
}

// known returns the words, in lines, that say this in a picture: first its own, then
// those of all languages, and of those that go together most.
func (n Notice) known(state metadata.State) (all [][]string, own int, err error) {
	if all, err = n.captions(state); err != nil {
		return nil, 0, err
	}
	own = len(all)
	for _, tag := range append(Languages(), "zh-Hans+en", "en+zh-Hans") {
		texts, err := Notice{Language: tag}.captions(state)
		if err != nil {
			return nil, 0, err
		}
		if !slices.ContainsFunc(all, func(t []string) bool { return slices.Equal(t, texts[0]) }) {
			all = append(all, texts[0])
		}
	}
	return all, own, nil
}

// Likeness from which letters are there. Pictures have up to 0.15; what JPEG leaves of
// a notice at its lowest quality has 0.89.
const (
	alike      = 0.7
	apart      = 0.2 // of their brightness from that of what is round them
	maybeAlike = 0.4 // of the first glance
	firstLook  = 1500
)

// shows reports whether pixels at a place of the shown picture are these letters, on
// whatever ground: their brightness goes with the letters' where these and their
// outlines are. Few pixels decide for most pictures.
func (t trace) shows(brightness func(x, y int) uint8, v view, at image.Rectangle) bool {
	at.Min = at.Min.Add(at.Size().Sub(t.size).Div(2)) // in the middle of a banner
	stride := max(1, int(math.Sqrt(float64(t.size.X*t.size.Y)/firstLook)))
	if likeness, _ := t.likeness(brightness, v, at.Min, stride); likeness < maybeAlike {
		return false
	}
	likeness, contrast := t.likeness(brightness, v, at.Min, 1)
	return likeness > alike && contrast > apart
}

// likeness compares each stride-th pixel in each direction with the letters.
func (t trace) likeness(brightness func(x, y int) uint8, v view, at image.Point, stride int) (likeness, contrast float64) {
	var c correlation
	for y := 0; y < t.size.Y; y += stride {
		for x := 0; x < t.size.X; x += stride {
			if t.ring.Pix[t.ring.PixOffset(x, y)] == 0 {
				continue
			}
			p := v.stored(at.Add(image.Pt(x, y)))
			c.add(float64(t.ink.Pix[t.ink.PixOffset(x, y)])/0xFF, float64(brightness(p.X, p.Y))/0xFF)
		}
	}
	return c.result()
}

// shows reports whether pixels have the plate and the letters of this stamp, or what
// compression has left of them.
func (s *stamp) shows(pixels *image.NRGBA64) bool {
	var c correlation
	r := s.plate.Rect.Intersect(pixels.Rect)
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			if s.plate.AlphaAt(x, y).A == 0xFF {
				c.add(float64(s.ink.AlphaAt(x, y).A)/0xFF, lightness(pixels.NRGBA64At(x, y)))
			}
		}
	}
	likeness, contrast := c.result()
	return likeness > alike && contrast > apart
}

// A correlation compares how much letters cover with how bright pixels are.
type correlation struct{ n, a, b, aa, bb, ab float64 }

func (c *correlation) add(a, b float64) {
	c.n, c.a, c.b, c.aa, c.bb, c.ab = c.n+1, c.a+a, c.b+b, c.aa+a*a, c.bb+b*b, c.ab+a*b
}

// result returns how alike they are, 0 to 1, and how far the letters stand out.
func (c *correlation) result() (likeness, contrast float64) {
	if c.n == 0 {
		return 0, 0
	}
	varA, varB, cov := c.aa-c.a*c.a/c.n, c.bb-c.b*c.b/c.n, c.ab-c.a*c.b/c.n
	if varA <= 0 || varB <= 0 {
		return 0, 0
	}
	return math.Abs(cov) / math.Sqrt(varA*varB), math.Abs(cov) / varA
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
				g.SetGray(x, y, color.Gray{uint8(lightness(c)*0xFF + 0.5)})
			}
		}
		all = append(all, g)
	}
	return all, nil
}
