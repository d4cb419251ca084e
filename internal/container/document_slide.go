package container

import (
	"fmt"
	"math"
	"unicode"
)

// A slideBox is a notice set on a slide: lines on a plate in a corner. Lengths are in
// the units of OOXML, English metric units of 1/914400 inch.
type slideBox struct {
	x, y, w, h int64
	em         int64 // the size of the type
	lines      []Words
}

const (
	emuPoint = 12700
	emuInch  = 914400
)

// Letters are at least 5 % of the shortest side of the slide high (GB 45438-2025
// clauses 5.2 and 5.4 ask it of pictures and videos; of slides it is our choice). The
// font is that of the viewer: of common ones the capitals are at least so high, in ems.
const (
	letterShare   = 0.05
	capitalHeight = 0.62
	smallHeight   = 0.43
)

// Distances in ems: inside the plate, between its lines, and to the edge of the slide.
const (
	platePadX, platePadY = 0.4, 0.25
	plateLine            = 1.3
	plateMargin          = 0.3
)

// box sets the first of the captions that fits a slide of a size.
func (n *Notice) box(width, height int64) (slideBox, error) {
	if width <= 0 || height <= 0 || width > math.MaxInt32 || height > math.MaxInt32 {
		return slideBox{}, fmt.Errorf("%w: slide of %d by %d", ErrNoRoom, width, height)
	}
	for _, caption := range n.Captions {
		em := letterShare * float64(min(width, height)) / letterHeight(caption)
		room := float64(width) - 2*(plateMargin+platePadX)*em
		widest, rows := 0.0, 0.0
		for _, line := range caption {
			w := lineWidth(line.Text) * em
			widest, rows = max(widest, min(w, room)), rows+math.Ceil(w/room)
		}
		b := slideBox{em: int64(em), lines: caption, w: int64(widest + 2*platePadX*em), h: int64((rows*plateLine + 2*platePadY) * em)}
		if room < 2*em || b.h > height/2 {
			continue
		}
		beside := func(room, size int64, share float64) int64 {
			margin := plateMargin * em
			return int64(margin + share*(float64(room-size)-2*margin))
		}
		b.x, b.y = beside(width, b.w, n.Left), beside(height, b.h, n.Above)
		return b, nil
	}
	return slideBox{}, fmt.Errorf("%w: slide of %d by %d", ErrNoRoom, width, height)
}

// letterHeight returns the height of the lowest letters of a caption, in ems.
func letterHeight(caption []Words) float64 {
	for _, line := range caption {
		for _, r := range line.Text {
			if unicode.IsLower(r) {
				return smallHeight
			}
		}
	}
	return capitalHeight
}

// lineWidth returns about how wide a line is, in ems, not less.
func lineWidth(text string) (w float64) {
	for _, r := range text {
		switch {
		case r >= 0x1100:
			w += 1.02
		case unicode.IsUpper(r), unicode.IsDigit(r):
			w += 0.76
		default:
			w += 0.58
		}
	}
	return w
}
