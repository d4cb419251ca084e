package watermark

import (
	"errors"
	"image"
	"math"
)

// ImageOptions adjust how pictures are marked. The zero value and nil are the defaults.
type ImageOptions struct {
	// PSNR is the likeness to the unmarked picture, in dB over R, G and B; 0 stands for 43.
	// Pictures with much detail come out at it, to two tenths of a dB or so, and flat ones above
	// it, as they show more. Less than 36 counts as 36, and what is not a number as 0. The
	// lower, the more survives.
	PSNR float64
}

func (o *ImageOptions) psnr() float64 {
	if o == nil || o.PSNR == 0 || math.IsNaN(o.PSNR) {
		return 43.05
	}
	return max(o.PSNR, 36)
}

// The least sides, in pixels: of pictures to mark, and of what is left of one.
const (
	minSide  = 128
	leastCut = 64
)

// ErrTooSmall reports a picture with too few pixels to carry a watermark.
var ErrTooSmall = errors.New("watermark: picture too small for a watermark; it takes 128 pixels each way")

// ErrTooLarge reports a picture of more than 2^30 pixels that would have to be copied to
// another kind first, such as an [image.Uniform], which has no end.
var ErrTooLarge = errors.New("watermark: picture too large to be copied")

// ErrKind reports a picture of a kind that cannot be marked in place.
var ErrKind = errors.New("watermark: pictures of this kind cannot be marked in place; use EmbedImage")

// EmbedImage returns a copy of m with a watermark. What it says and where it is in the
// picture follow from the payload, the key and the picture: the same ones give the same copy,
// on processors of one kind.
//
// Copies of NRGBA, RGBA, NRGBA64, RGBA64, Gray, Gray16, YCbCr and NYCbCrA are of the same
// kind, with the same bounds; of YCbCr only Y changes, and JPEGs need no way by RGB.
// All other kinds come back as NRGBA, of 8 bits a channel. Alpha stays as it is, and so do
// pixels that are transparent. It takes at most 64 MiB of memory beside the copy for pictures
// of up to a million pixels across, and does not change m; any number of goroutines can mark
// one picture.
//
// The error wraps [ErrPayload] for the zero payload, [ErrTooSmall] for a picture of less
// than 128 pixels either way, and [ErrTooLarge] for one of another kind that is huge. From 200 pixels each way a payload of 64 bits can be read
// back from what nothing was done to; to survive, it takes some 400.
func EmbedImage(m image.Image, p Payload, k Key, o *ImageOptions) (image.Image, error) {
	if pixelsOf(m) == nil && huge(m.Bounds()) {
		return nil, ErrTooLarge
	}
	c := copyOf(m)
	if err := EmbedImageInPlace(c, p, k, o); err != nil {
		return nil, err
	}
	return c, nil
}

// EmbedImageInPlace marks m itself. It does as [EmbedImage] for the kinds that it names, and
// returns [ErrKind] for others. After an error, m is as it was.
func EmbedImageInPlace(m image.Image, p Payload, k Key, o *ImageOptions) error {
	pix := pixelsOf(m)
	if pix == nil {
		return ErrKind
	}
	g := read(m, pix)
	r, err := g.Residual(p, k, o)
	if err != nil {
		return err
	}
	line := make([]float32, g.width)
	for y := range g.height {
		r.Row(y, line)
		pix.add(y, line)
	}
	return nil
}

// huge reports whether there are too many pixels to make a copy as NRGBA, of 4 bytes each.
func huge(r image.Rectangle) bool {
	const most = min(1<<30, math.MaxInt/4)
	return float64(r.Dx())*float64(r.Dy()) > most
}

// read returns the grid of a picture.
func read(m image.Image, pix pixels) *Grid {
	g := NewGrid(m.Bounds().Dx(), m.Bounds().Dy())
	for y := range g.height {
		pix.brightness(y, g.next())
		g.add()
	}
	return g
}

// DetectImage looks for watermarks made with any of the keys, whatever was done to the
// picture since. It takes pictures of all kinds; those that [EmbedImage] does not name are
// copied first, and not looked at if they have more than 2^30 pixels. It does not change m, and any number of goroutines can look at one picture.
// Of pictures of less than 64 pixels either way it finds nothing. The work grows with the number
// of keys: a picture without a watermark is searched in vain for each.
func DetectImage(m image.Image, keys ...Key) Detections {
	pix := pixelsOf(m)
	if pix == nil {
		if huge(m.Bounds()) {
			return Detections{Pilot: 1}
		}
		m = copyOf(m)
		pix = pixelsOf(m)
	}
	return read(m, pix).Detect(keys...)
}
