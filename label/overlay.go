package label

import (
	"cmp"
	"image"
	"image/draw"

	xdraw "golang.org/x/image/draw"

	"github.com/aigclabel/aigclabel/metadata"
)

// Image returns the notice in its Corner of a transparent picture of that size in
// pixels, for what lays it over content itself: players, interfaces, the opening of
// a virtual scene (GB 45438-2025 clauses 5.5 and 5.6), or an encoder of video. Its
// letters are 5 % of the shortest side high, white on a dark plate that keeps them
// readable on anything, or as Look wants them. The zero State is [metadata.Generated]. The error is
// [ErrWording], [ErrTooSmall], or a *[metadata.LimitError] for more than 100 million
// pixels.
func (n Notice) Image(state metadata.State, size image.Point) (*image.NRGBA, error) {
	if size.X <= 0 || size.Y <= 0 {
		return nil, ErrTooSmall
	}
	if int64(size.X) > defaultPixels/int64(size.Y) {
		return nil, &metadata.LimitError{What: "pixels of the picture", Limit: defaultPixels}
	}
	s, err := n.stamp(cmp.Or(state, metadata.Generated), view{w: size.X, h: size.Y})
	if err != nil {
		return nil, err
	}
	img := image.NewNRGBA(image.Rectangle{Max: size})
	k := dark
	k.look, k.copies = n.Look, copies
	draw.Draw(img, s.area(), s.picture(k), s.area().Min, draw.Src)
	return img, nil
}

// Lines returns the notice as text, for interfaces: a line in each Language, or
// Text. The zero State is [metadata.Generated]. The error is [ErrWording].
func (n Notice) Lines(state metadata.State) ([]string, error) {
	state = cmp.Or(state, metadata.Generated)
	return n.lines(state, func(w wordings) string { return w.text.of(state) })
}

// moving returns the notice for pictures that change: once, on a plate.
func (n Notice) moving() Notice {
	if n.Style == Tiled {
		n.Style = Mark
	}
	n.Look, n.Opacity = Plate, 0
	return n
}

// picture returns the notice alone, on nothing.
func (s *stamp) picture(k ink) *image.NRGBA {
	pixels := image.NewNRGBA64(s.area())
	s.press(pixels, k)
	out := image.NewNRGBA(s.area())
	draw.Draw(out, out.Rect, pixels, out.Rect.Min, draw.Src)
	return out
}

// squeeze returns the stamp for a picture that is shown so many times as wide as it
// is stored.
func (s *stamp) squeeze(aspect float64) *stamp {
	narrow := func(a *image.Alpha) *image.Alpha {
		r := a.Rect
		r.Min.X, r.Max.X = int(float64(r.Min.X)/aspect), int(float64(r.Max.X)/aspect)
		out := image.NewAlpha(r)
		xdraw.ApproxBiLinear.Scale(out, r, a, a.Rect, xdraw.Src, nil)
		return out
	}
	return &stamp{plate: narrow(s.plate), ring: narrow(s.ring), ink: narrow(s.ink), look: s.look}
}

// align moves the stamp to even pixels, where those that share a colour begin.
func (s *stamp) align() {
	off := image.Pt(s.plate.Rect.Min.X&1, s.plate.Rect.Min.Y&1)
	for _, a := range []*image.Alpha{s.plate, s.ring, s.ink} {
		a.Rect = a.Rect.Sub(off)
	}
}
