package label

import (
	"cmp"
	"image"
	"image/color"
	"slices"
	"strings"
	"sync"

	xfont "golang.org/x/image/font"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"

	"github.com/aigclabel/aigclabel/metadata"
)

// findDrawn returns the notice of ours that is drawn on a picture, if there is one. It
// looks where notices stand, at the size that they have there, or that they had in a
// picture of which this is a scaled copy.
func findDrawn(open canvasOpener, src metadata.Source, limit int64) ([]FoundNotice, error) {
	c, err := open(src.R, src.Size, limit)
	if err != nil {
		return nil, err
	}
	e := &eye{view: c.view(), size: c.view().size()}
	if err := e.typeset(); err != nil || len(e.known) == 0 {
		return nil, err
	}
	spots, err := e.open(c)
	if err != nil {
		return nil, err
	}
	seen := e.best(spots)
	if seen == nil {
		return nil, nil
	}
	return []FoundNotice{{Text: seen.text, Place: "picture, " + seen.place.corner().String(), Rule: "GB 45438-2025 5.2"}}, nil
}

// An eye looks at the places of a picture where notices stand.
type eye struct {
	font   *sfnt.Font
	view   view
	size   image.Point // of the picture as it is shown
	shrink int         // how many pixels become one, in each direction
	known  []lettering
}

// A lettering is what a notice may look like.
type lettering struct {
	*caption
	text    string
	picture image.Point // that it is typeset for
	scale   float64     // of that to the one that is looked at
	shape   shape
}

// fineLetter is the height at which letters are compared.
const fineLetter = 16

// typeset sets all words that have room in the picture: for the picture itself, and where
// the lines break elsewhere in one that is larger, for that.
func (e *eye) typeset() (err error) {
	const larger = 4
	e.shrink = max(min(e.size.X, e.size.Y)/letterShare/fineLetter, 1)
	if e.font, err = standard(); err != nil {
		return err
	}
	for _, words := range ourWords() {
		broken := ""
		for _, scale := range []int{1, larger} {
			picture := e.size.Mul(scale)
			c, err := typeset(e.font, [][]string{words}, picture)
			if err != nil || c.breaks() == broken {
				continue
			}
			broken = c.breaks()
			l := lettering{caption: c, text: strings.Join(words, between), picture: picture, scale: float64(scale)}
			l.shape = e.shape(c, l.scale)
			e.known = append(e.known, l)
		}
	}
	return nil
}

// breaks returns the lines of a caption.
func (c *caption) breaks() string {
	var lines []string
	for _, l := range c.lines {
		lines = append(lines, l.text)
	}
	return strings.Join(lines, "\n")
}

// from returns where the letters start in a place for notices, seen from its anchor.
func (l *lettering) from(n Notice) (x, y float64) {
	r := l.styled(n, l.picture).place(n.corner(), l.picture)
	at := r.Min.Add(r.Size().Sub(l.size).Div(2)).Sub(anchor(n.corner(), l.picture)) // in the middle of a banner
	return float64(at.X) / l.scale, float64(at.Y) / l.scale
}

// A spot is a place of the picture where notices stand.
type spot struct {
	notice Notice      // without words
	anchor image.Point // of the picture: what grows or shrinks does so from here
	strip  *strip
}

// A strip is a part of the picture with spots: its top, its bottom, or the middle of a side.
type strip struct {
	rect   image.Rectangle
	pixels *image.Gray // as small as they are looked at
}

// open looks at the spots.
func (e *eye) open(c canvas) (spots []spot, err error) {
	strips := map[image.Point]*strip{}
	for _, n := range (Notice{}).places()[1:] {
		s := spot{notice: n, anchor: anchor(n.corner(), e.size)}
		key := s.anchor
		if key.Y == 0 || key.Y == e.size.Y {
			key.X = 0
		}
		if strips[key] == nil {
			strips[key] = new(strip)
		}
		s.strip = strips[key]
		for _, l := range e.known {
			x, y := l.from(n)
			at := s.anchor.Add(image.Pt(int(x*largest), int(y*largest)))
			extent := image.Pt(int(float64(l.size.X)/l.scale*largest), int(float64(l.size.Y)/l.scale*largest))
			s.strip.rect = s.strip.rect.Union(image.Rectangle{at, at.Add(extent)})
		}
		spots = append(spots, s)
	}
	for _, s := range strips {
		s.rect = s.rect.Inset(-(nudge + 1) * e.shrink).Intersect(image.Rectangle{Max: e.size})
		brightness, err := eyes(c, []image.Rectangle{e.view.rectangle(s.rect)})
		if err != nil {
			return nil, err
		}
		s.pixels = e.shrunk(brightness[0], s.rect)
	}
	return spots, nil
}

// anchor returns the point of a picture that a corner or edge is.
func anchor(corner Corner, size image.Point) image.Point {
	return (&caption{}).place(corner, size).Min
}

// shrunk returns r of the shown picture, smaller.
func (e *eye) shrunk(brightness func(x, y int) uint8, r image.Rectangle) *image.Gray {
	n := e.shrink
	out := image.NewGray(image.Rect((r.Min.X+n-1)/n, (r.Min.Y+n-1)/n, r.Max.X/n, r.Max.Y/n))
	for y := out.Rect.Min.Y; y < out.Rect.Max.Y; y++ {
		for x := out.Rect.Min.X; x < out.Rect.Max.X; x++ {
			sum := 0
			for i := range n * n {
				p := e.view.stored(image.Pt(x*n+i%n, y*n+i/n))
				sum += int(brightness(p.X, p.Y))
			}
			out.SetGray(x, y, color.Gray{uint8(sum / (n * n))})
		}
	}
	return out
}

// A sighting is a notice that a picture seems to show.
type sighting struct {
	text     string
	place    Notice // without words
	likeness float64
	letters  int // pixels that decided
}

// Likeness from which letters are there: pictures, and other words, stay far below,
// what compression leaves of a notice above.
const (
	alikeDrawn = 0.7
	hardly     = 0.45 // at a few pixels
	apartDrawn = 0.12 // of the brightness of letters from that of what is round them
	nudge      = 2    // pixels by which a copy may be off
)

// best returns the sighting that is most alike, nil for none.
func (e *eye) best(spots []spot) *sighting {
	var all []sighting
	for _, l := range e.known {
		for _, s := range spots {
			if seen := e.seen(l, s); seen.likeness > alikeDrawn {
				all = append(all, seen)
			}
		}
	}
	if len(all) == 0 {
		return nil
	}
	most := slices.MaxFunc(all, func(a, b sighting) int { return cmp.Compare(a.evidence(), b.evidence()) })
	return &most
}

// evidence grows with the likeness, and with the letters that are alike: words that are
// part of others look alike where those stand, and others where they themselves do.
func (s *sighting) evidence() float64 {
	const chance = 0.65
	return (s.likeness - chance) * float64(s.letters)
}

// sizes are how much larger letters may be than those for the picture as it is: of a
// copy, because letters have whole pixels in the first place.
var sizes = func() (all []float64) {
	for s := 0.93; s < largest; s += sizeStep {
		all = append(all, s)
	}
	return all
}()

const (
	largest  = 1.07
	sizeStep = 0.01
)

// seen looks for letters in a spot, at all sizes: first for a few of their pixels.
func (e *eye) seen(l lettering, s spot) sighting {
	const few = 48
	best := sighting{text: l.text, place: s.notice, letters: len(l.shape)}
	fromX, fromY := l.from(s.notice)
	look := func(n int, size float64, offset image.Point) (likeness, contrast float64) {
		// in small pixels, from the anchor
		x := (fromX*size+float64(s.anchor.X))/float64(e.shrink) + float64(offset.X)
		y := (fromY*size+float64(s.anchor.Y))/float64(e.shrink) + float64(offset.Y)
		return l.shape[:n].likeness(s.strip.pixels, x, y, size)
	}
	const span = 2*nudge + 1
	for _, size := range e.sizes() {
		for i := range span * span {
			offset := image.Pt(i%span-nudge, i/span-nudge)
			if like, _ := look(min(few, len(l.shape)), size, offset); like < hardly {
				continue
			}
			for _, finer := range []float64{size - sizeStep/2, size, size + sizeStep/2} {
				if like, contrast := look(len(l.shape), finer, offset); contrast > apartDrawn {
					best.likeness = max(best.likeness, like)
				}
			}
		}
	}
	return best
}

// sizes returns the sizes of letters to look for, to those for the picture as it is. In a small
// picture, which has letters of a least height, a copy has smaller ones.
func (e *eye) sizes() []float64 {
	all := sizes
	if least := float64(letterShare * minLetter); float64(min(e.size.X, e.size.Y)) < least {
		for _, s := range sizes {
			all = append(all[:len(all):len(all)], s*float64(min(e.size.X, e.size.Y))/least)
		}
	}
	return all
}

// A shape is the pixels of letters, and of what is close round them, in an order in
// which the first few are everywhere.
type shape []shapePixel

type shapePixel struct {
	x, y float64 // its middle
	ink  float64 // how much of it letters cover
}

// shape returns the letters of a caption as small as the picture is looked at.
func (e *eye) shape(c *caption, scale float64) shape {
	small := scale * float64(e.shrink)
	face, err := opentype.NewFace(e.font, &opentype.FaceOptions{Size: c.em(e.font) / small, DPI: 72, Hinting: xfont.HintingNone})
	if err != nil {
		return nil
	}
	ink := image.NewAlpha(image.Rect(0, 0, int(float64(c.size.X)/small)+1, int(float64(c.size.Y)/small)+1))
	for _, l := range c.lines {
		left := (c.size.X-inkWidth(l.ink))/2 - l.ink.Min.X.Floor()
		dot := fixed.Point26_6{X: fixed.Int26_6(64 * float64(left) / small), Y: fixed.Int26_6(64 * float64(l.baseline) / small)}
		d := xfont.Drawer{Dst: ink, Src: image.Opaque, Face: face, Dot: dot}
		d.DrawString(l.text)
	}
	return outlineOf(ink)
}

// outlineOf returns the pixels that letters cover, and those round them.
func outlineOf(ink *image.Alpha) (s shape) {
	const round = 2
	near := make([]bool, len(ink.Pix))
	for y := range ink.Rect.Max.Y {
		for x := range ink.Rect.Max.X {
			if ink.Pix[ink.PixOffset(x, y)] < 0x80 {
				continue
			}
			for ny := max(y-round, 0); ny <= min(y+round, ink.Rect.Max.Y-1); ny++ {
				for nx := max(x-round, 0); nx <= min(x+round, ink.Rect.Max.X-1); nx++ {
					near[ink.PixOffset(nx, ny)] = true
				}
			}
		}
	}
	for i, n := range near {
		if n {
			s = append(s, shapePixel{float64(i%ink.Stride) + 0.5, float64(i/ink.Stride) + 0.5, float64(ink.Pix[i]) / 0xFF})
		}
	}
	mixed := make(shape, len(s))
	for i := range s {
		mixed[i] = s[i*spread%len(s)]
	}
	if len(s)%spread == 0 {
		return s
	}
	return mixed
}

// spread is a prime: steps of it come to every place of a shorter list of another
// length than its multiples.
const spread = 7919

// likeness returns the correlation of pixels with the letters, which start at a point
// and are larger by size, 0 to 1, and by how much the letters stand out.
func (s shape) likeness(g *image.Gray, left, top, size float64) (likeness, contrast float64) {
	var c correlation
	for _, p := range s {
		x, y := int(left+p.x*size), int(top+p.y*size)
		if !(image.Point{x, y}).In(g.Rect) {
			return 0, 0
		}
		c.add(p.ink, float64(g.Pix[g.PixOffset(x, y)])/0xFF)
	}
	return c.result()
}

// ourWords are the words that notices of ours have in pictures, in lines: of each language,
// and of those that go together most.
var ourWords = sync.OnceValue(func() (all [][]string) {
	tags := append(Languages(), "en+zh-Hans")
	for _, tag := range Languages() {
		if tag != "en" {
			tags = append(tags, tag+"+en")
		}
	}
	for _, state := range []metadata.State{metadata.Generated, metadata.Possible, metadata.Suspected} {
		for _, tag := range tags {
			lines, err := Notice{Language: tag}.captions(state)
			if err == nil && !slices.ContainsFunc(all, func(known []string) bool { return slices.Equal(known, lines[0]) }) {
				all = append(all, lines[0])
			}
		}
	}
	return all
})
