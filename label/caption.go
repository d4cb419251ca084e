package label

import (
	"fmt"
	"image"
	"image/color"
	"iter"
	"math"
	"regexp"
	"sort"
	"strings"
	"sync"
	"unicode"

	xfont "golang.org/x/image/font"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"

	"github.com/aigclabel/aigclabel/label/font"
)

// Letters of a picture's notice are 5 % of its shortest side high (GB 45438-2025
// clause 5.2), and never less than what can be read.
const (
	letterShare = 20 // a twentieth
	minLetter   = 16 // pixels
)

// Distances in letter heights: round the text inside the plate, between its
// lines, and from the plate to the edge of the picture.
type spacing struct{ x, y, line, margin, radius float64 }

var (
	ample = spacing{x: 0.65, y: 0.5, line: 0.5, margin: 0.5, radius: 0.4}
	tight = spacing{x: 0.2, y: 0.2, line: 0.25, margin: 0.1, radius: 0.2}
)

// A caption is a notice set in type: lines on a plate, centred.
type caption struct {
	face   xfont.Face
	lines  []line
	letter int         // height of the lowest
	size   image.Point // of the plate
	margin int
	radius float64
}

type line struct {
	text     string
	ink      fixed.Rectangle26_6 // from its origin
	baseline int
}

// typeset returns the first of the texts that fits a picture of the given size.
// It may break lines to do so. The error is [ErrTooSmall] or [ErrWording].
func typeset(f *sfnt.Font, texts [][]string, picture image.Point) (*caption, error) {
	letter := max((min(picture.X, picture.Y)+letterShare-1)/letterShare, minLetter)
	for _, text := range texts {
		face, err := newFace(f, strings.Join(text, ""), letter)
		if err != nil {
			return nil, err
		}
		var best *caption
		for _, s := range []spacing{ample, tight} {
			c := set(face, text, float64(letter), s, picture.X)
			fits := c.size.X+2*c.margin <= picture.X && c.size.Y+2*c.margin <= picture.Y
			if fits && (best == nil || len(c.lines) < len(best.lines)) {
				best = c
			}
		}
		if best != nil {
			return best, nil
		}
	}
	return nil, fmt.Errorf("%w: %d by %d pixels, letters of %d", ErrTooSmall, picture.X, picture.Y, letter)
}

// set breaks the text into lines for a picture of width w.
func set(face xfont.Face, text []string, letter float64, s spacing, w int) *caption {
	pixels := func(v float64) int { return int(math.Ceil(v * letter)) }
	c := &caption{face: face, letter: int(letter), margin: pixels(s.margin), radius: s.radius * letter}
	y := pixels(s.y)
	for _, t := range text {
		for _, l := range wrap(face, t, w-2*pixels(s.margin)-2*pixels(s.x)) {
			ink, _ := xfont.BoundString(face, l)
			c.lines = append(c.lines, line{l, ink, y - ink.Min.Y.Floor()})
			c.size.X = max(c.size.X, inkWidth(ink)+2*pixels(s.x))
			y += inkHeight(ink) + pixels(s.line)
		}
	}
	c.size.Y = y - pixels(s.line) + pixels(s.y)
	return c
}

func inkWidth(r fixed.Rectangle26_6) int  { return r.Max.X.Ceil() - r.Min.X.Floor() }
func inkHeight(r fixed.Rectangle26_6) int { return r.Max.Y.Ceil() - r.Min.Y.Floor() }

// standard is the embedded font.
var standard = sync.OnceValues(func() (*sfnt.Font, error) { return opentype.Parse(font.OTF) })

// typeface returns the font of the notice.
func (n Notice) typeface() (*sfnt.Font, error) {
	if n.Font == nil {
		return standard()
	}
	fonts, err := opentype.ParseCollection(n.Font)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrWording, err)
	}
	f, err := fonts.Font(0)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrWording, err)
	}
	return f, nil
}

// em is the size in pixels at which glyphs are measured.
const em = 1000

// newFace returns f in the size in which the lowest letter of text has the given
// height in whole pixels.
func newFace(f *sfnt.Font, text string, letter int) (xfont.Face, error) {
	var buf sfnt.Buffer
	lowest := fixed.I(em)
	for _, r := range text {
		glyph, err := f.GlyphIndex(&buf, r)
		if err != nil || glyph == 0 {
			return nil, fmt.Errorf("%w: the font of the notice has no %q", ErrWording, r)
		}
		ink, _, err := f.GlyphBounds(&buf, glyph, fixed.I(em), xfont.HintingNone)
		if err != nil {
			return nil, err
		}
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			lowest = min(lowest, ink.Max.Y-ink.Min.Y)
		}
	}
	if lowest <= 0 {
		return nil, fmt.Errorf("%w: the font of the notice has an empty letter of %q", ErrWording, text)
	}
	// One pixel more: a letter that begins between two rows must fill enough of them.
	size := float64(letter+1) * float64(fixed.I(em)) / float64(lowest)
	return opentype.NewFace(f, &opentype.FaceOptions{Size: size, DPI: 72, Hinting: xfont.HintingNone})
}

// em returns the size of the type.
func (c *caption) em(f *sfnt.Font) float64 {
	var buf sfnt.Buffer
	measured, err := f.Metrics(&buf, fixed.I(em), xfont.HintingNone)
	if err != nil || measured.Height == 0 {
		return 0
	}
	return em * float64(c.face.Metrics().Height) / float64(measured.Height)
}

// unbroken matches what stays together on a line.
var unbroken = regexp.MustCompile(`(?:人工智能|[生合]成|可能|疑似|内容|仅供|参考|注意|甄别|[!-~¡-ÿ]+?-|[!-~¡-ÿ]+|\S)[，。：；、！？）》】”’]*|\s+`)

// wrap breaks text into as few lines of at most limit pixels as possible, and
// those about equally long.
func wrap(face xfont.Face, text string, limit int) []string {
	words := unbroken.FindAllString(text, -1)
	fewest := len(fill(face, words, limit))
	narrowest := sort.Search(max(limit, 0), func(w int) bool { return len(fill(face, words, w)) <= fewest })
	return fill(face, words, narrowest)
}

// fill puts as many words on each line as fit.
func fill(face xfont.Face, words []string, limit int) []string {
	var lines []string
	for _, w := range words {
		if last := len(lines) - 1; last >= 0 && xfont.MeasureString(face, lines[last]+strings.TrimSpace(w)).Ceil() <= limit {
			lines[last] += w
		} else if strings.TrimSpace(w) != "" {
			lines = append(lines, w)
		}
	}
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	return lines
}

// styled returns c in the style of a notice in a picture of the given size.
func (c *caption) styled(n Notice, picture image.Point) *caption {
	out := *c
	switch room := picture.Sub(c.size); {
	case n.Style == Banner:
		out.size.X, out.margin, out.radius = picture.X, 0, 0
	case n.Margin != 0:
		wanted := min(max(n.Margin, 0), 1) * float64(min(picture.X, picture.Y))
		out.margin = max(0, min(int(math.Round(wanted)), room.X, room.Y))
	}
	return &out
}

// place returns where the plate lies in a picture of the given size.
func (c *caption) place(corner Corner, picture image.Point) image.Rectangle {
	x, y := corner.share()
	room := picture.Sub(c.size).Sub(image.Pt(2*c.margin, 2*c.margin))
	at := image.Pt(c.margin+int(x*float64(room.X)), c.margin+int(y*float64(room.Y)))
	return image.Rectangle{at, at.Add(c.size)}
}

// stroke returns the width of the outline round letters.
func (c *caption) stroke() float64 { return max(2, float64(c.letter)/8) }

// draw returns how much of each pixel the plate and its letters cover.
func (c *caption) draw() (plate, ink *image.Alpha) {
	plate, ink = image.NewAlpha(image.Rectangle{Max: c.size}), image.NewAlpha(image.Rectangle{Max: c.size})
	for y := range c.size.Y {
		for x := range c.size.X {
			plate.SetAlpha(x, y, color.Alpha{uint8(255 * c.cover(x, y))})
		}
	}
	for _, l := range c.lines {
		left := (c.size.X-inkWidth(l.ink))/2 - l.ink.Min.X.Floor()
		d := xfont.Drawer{Dst: ink, Src: image.Opaque, Face: c.face, Dot: fixed.P(left, l.baseline)}
		d.DrawString(l.text)
	}
	return plate, ink
}

// cover returns how much of a pixel lies in the plate, whose corners are round.
func (c *caption) cover(x, y int) float64 {
	inset := func(v, n int) float64 { return max(0, c.radius-min(float64(v), float64(n-1-v))-0.5) }
	distance := math.Hypot(inset(x, c.size.X), inset(y, c.size.Y))
	return min(1, max(0, c.radius-distance+0.5))
}

// outlined returns the pixels that lie within width of the letters, and the letters.
func outlined(ink *image.Alpha, width float64) *image.Alpha {
	out := image.NewAlpha(ink.Rect)
	r := ink.Rect
	reach := int(width)
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for from, to := range strokes(ink, y) {
			for dy := max(-reach, r.Min.Y-y); dy <= min(reach, r.Max.Y-1-y); dy++ {
				half := math.Sqrt(width*width - float64(dy*dy))
				whole, part := int(half), uint8(0xFF*(half-math.Floor(half)))
				for x := max(from-whole, r.Min.X); x < min(to+whole, r.Max.X); x++ {
					out.Pix[out.PixOffset(x, y+dy)] = 0xFF
				}
				for _, x := range [2]int{from - whole - 1, to + whole} {
					if (image.Point{x, y + dy}).In(r) {
						p := &out.Pix[out.PixOffset(x, y+dy)]
						*p = max(*p, part)
					}
				}
			}
		}
	}
	return out
}

// strokes yields where letters begin and end in a row.
func strokes(ink *image.Alpha, y int) iter.Seq2[int, int] {
	return func(yield func(from, to int) bool) {
		from := -1
		for x := ink.Rect.Min.X; x <= ink.Rect.Max.X; x++ {
			covered := x < ink.Rect.Max.X && ink.AlphaAt(x, y).A >= 0x80
			switch {
			case covered && from < 0:
				from = x
			case !covered && from >= 0:
				if !yield(from, x) {
					return
				}
				from = -1
			}
		}
	}
}
