package label

import (
	"image"
	"math"
)

// Tiles are copies of a caption all over a picture as it is shown: in rows, every
// second one moved by half a step, each copy whole.
type tiles struct {
	view
	ring, ink     *image.Alpha    // of a copy
	origin        image.Point     // of the first
	step          image.Point     // to the next, and to the next row
	columns, rows int             //
	bare          image.Rectangle // of the shown picture, without copies
}

// newTiles returns copies of c but for those too near to mark, a rectangle of the file.
func newTiles(c *caption, v view, mark image.Rectangle) *tiles {
	_, ink := c.draw()
	size := v.size()
	gap := image.Pt(c.size.X/2, 2*c.letter)
	t := &tiles{view: v, ring: outlined(ink, c.stroke()), ink: ink, step: c.size.Add(gap)}
	t.columns, t.rows = (size.X+gap.X)/t.step.X, (size.Y+gap.Y)/t.step.Y
	taken := image.Pt(t.columns*t.step.X-gap.X, t.rows*t.step.Y-gap.Y)
	t.origin = size.Sub(taken).Div(2)
	a, b := v.shown(mark.Min), v.shown(mark.Max.Sub(image.Pt(1, 1)))
	t.bare = image.Rectangle{a, b}.Canon().Inset(-c.letter / 2)
	t.bare.Max = t.bare.Max.Add(image.Pt(1, 1))
	return t
}

// tile returns where a copy stands in the shown picture, empty if there is none.
func (t *tiles) tile(column, row int) image.Rectangle {
	at := t.origin.Add(image.Pt(column*t.step.X+row%2*t.step.X/2, row*t.step.Y))
	r := t.ink.Rect.Add(at)
	if column < 0 || row < 0 || row >= t.rows || !r.In(image.Rectangle{Max: t.size()}) || r.Overlaps(t.bare) {
		return image.Rectangle{}
	}
	return r
}

// at returns how much of a pixel of the file outlines and letters cover.
func (t *tiles) at(x, y int) (ring, letters float64) {
	p := t.shown(image.Pt(x, y))
	row := floorDiv(p.Y-t.origin.Y, t.step.Y)
	column := floorDiv(p.X-t.origin.X-row&1*t.step.X/2, t.step.X)
	r := t.tile(column, row)
	if !p.In(r) {
		return 0, 0
	}
	p = p.Sub(r.Min)
	return float64(t.ring.AlphaAt(p.X, p.Y).A) / 0xFF, float64(t.ink.AlphaAt(p.X, p.Y).A) / 0xFF
}

// copies returns where they stand in the file.
func (t *tiles) copies() (all []image.Rectangle) {
	for row := range t.rows {
		for column := range t.columns {
			if r := t.tile(column, row); !r.Empty() {
				all = append(all, t.rectangle(r))
			}
		}
	}
	return all
}

func floorDiv(a, b int) int { return int(math.Floor(float64(a) / float64(b))) }

// bayer is an ordered dither of four by four pixels: the parts of what is covered from
// which each is drawn.
var bayer = [4][4]float64{{0, 8, 2, 10}, {12, 4, 14, 6}, {3, 11, 1, 9}, {15, 7, 13, 5}}

// stipple returns 1 for the pixels that stand for a part of all that are covered.
func stipple(covered, part float64, x, y int) float64 {
	if covered >= 0.5 && (bayer[y&3][x&3]+0.5)/16 < part {
		return 1
	}
	return 0
}
