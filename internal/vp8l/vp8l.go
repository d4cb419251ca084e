// Package vp8l encodes lossless WebP pictures (RFC 9649 section 3): every pixel
// comes back as it was, also the colour of what is transparent.
//
// A picture of at most 256 colours becomes indices into a table of them. Any other
// is predicted from its neighbours, block by block, and what the predictions miss is
// coded by references to what came before, a colour cache and prefix codes.
package vp8l

import "slices"

// MaxSide is the greatest width and height of a picture.
const MaxSide = 1 << 14

// Encode returns the stream of a picture of w by h pixels, each of the bytes A, R, G
// and B from the highest to the lowest. It changes the pixels. Sides are from 1 to
// [MaxSide]. The stream is without the padding of a chunk. It takes some 20 bytes of
// memory a pixel.
func Encode(w, h int, pixels []uint32) []byte {
	out := &bitWriter{}
	out.write(signature, 8)
	out.write(uint32(w-1), 14)
	out.write(uint32(h-1), 14)
	out.write(hasAlpha(pixels), 1)
	out.write(0, 3) // the version
	if colors := palette(pixels); colors != nil {
		w, pixels = index(out, w, h, pixels, colors)
	} else {
		subtractGreen(out, pixels)
		pixels = predict(out, w, h, pixels)
	}
	out.write(0, 1) // no other transform
	codePicture(out, w, pixels, true)
	return out.bytes()
}

// HeaderSize is the length of the header of a stream: what follows it is the
// compressed plane of an ALPH chunk, whose values are the green ones.
const HeaderSize = 5

const signature = 0x2F

// The transforms (section 3.5).
const (
	transformPredictor     = 0
	transformSubtractGreen = 2
	transformIndexing      = 3
)

func startTransform(out *bitWriter, kind uint32) {
	out.write(1, 1)
	out.write(kind, 2)
}

func hasAlpha(pixels []uint32) uint32 {
	if slices.ContainsFunc(pixels, func(p uint32) bool { return p < 0xFF000000 }) {
		return 1
	}
	return 0
}

const maxColors = 256

// palette returns the colours of a picture in order, nil if there are too many.
func palette(pixels []uint32) []uint32 {
	seen := map[uint32]bool{}
	last := ^pixels[0]
	for _, p := range pixels {
		if p == last {
			continue
		}
		last = p
		if seen[p] = true; len(seen) > maxColors {
			return nil
		}
	}
	colors := make([]uint32, 0, len(seen))
	for c := range seen {
		colors = append(colors, c)
	}
	slices.Sort(colors)
	return colors
}

// index replaces pixels by their places among the colours, several to a pixel where
// these are few (section 3.5.4).
func index(out *bitWriter, w, h int, pixels, colors []uint32) (width int, packed []uint32) {
	startTransform(out, transformIndexing)
	out.write(uint32(len(colors)-1), 8)
	table := slices.Clone(colors)
	for i := len(table) - 1; i > 0; i-- {
		table[i] = subtract(table[i], table[i-1])
	}
	codePicture(out, len(table), table, false)

	share := 0 // pixels that share one, as a power of two
	switch n := len(colors); {
	case n <= 2:
		share = 3
	case n <= 4:
		share = 2
	case n <= 16:
		share = 1
	}
	places := make(map[uint32]uint32, len(colors))
	for i, c := range colors {
		places[c] = uint32(i)
	}
	width = (w + 1<<share - 1) >> share
	packed = make([]uint32, width*h)
	for y := range h {
		for x := range w {
			at := y*width + x>>share
			packed[at] |= 0xFF000000 | places[pixels[y*w+x]]<<(8+x&(1<<share-1)<<(3-share))
		}
	}
	return width, packed
}

// subtractGreen makes red and blue differences from green (section 3.5.3).
func subtractGreen(out *bitWriter, pixels []uint32) {
	startTransform(out, transformSubtractGreen)
	for i, p := range pixels {
		g := p >> 8 & 0xFF
		pixels[i] = p&0xFF00FF00 | (p&0x00FF00FF+0x01000100-(g<<16|g))&0x00FF00FF
	}
}

// subtract returns the difference of each byte.
func subtract(a, b uint32) uint32 {
	alphaGreen := 0x00FF00FF + a&0xFF00FF00 - b&0xFF00FF00
	redBlue := 0xFF00FF00 + a&0x00FF00FF - b&0x00FF00FF
	return alphaGreen&0xFF00FF00 | redBlue&0x00FF00FF
}
