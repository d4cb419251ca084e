package label

import (
	"context"
	"errors"
	"fmt"
	"image"
	"io"

	"github.com/aigclabel/aigclabel/internal/container"
	"github.com/aigclabel/aigclabel/internal/program"
	"github.com/aigclabel/aigclabel/internal/splice"
)

// maxWebP bounds the data of one picture in a file, which is read whole.
const maxWebP = 256 << 20

// A webpCanvas is the pictures of a WebP file. Each shows the notice.
//
// Lossless ones are coded again without loss. Lossy ones are coded again, by a
// program, from the planes that they are stored in. All other chunks stay.
type webpCanvas struct {
	*container.WebPFrames
	limit int64 // pixels of all frames as they are drawn
	lossy lossyEncoder
	coded bool // lossy pictures were encoded again

	mark   func(webpRaster) error // puts a watermark into what is drawn on; may be nil
	marked bool                   // it did
	still  webpRaster             // the picture, once it was looked at
}

// A lossyEncoder returns a VP8 stream of planes that are not subsampled in luma and
// by half in chroma.
type lossyEncoder func(*image.YCbCr) ([]byte, error)

func openWebP(src io.ReaderAt, size, limit int64) (canvas, error) {
	return newWebPCanvas(src, size, limit, nil)
}

func newWebPCanvas(src io.ReaderAt, size, limit int64, lossy lossyEncoder) (*webpCanvas, error) {
	frames, err := container.WebPPictures(container.NewSource(src, size, container.Limits{}), limit)
	if err != nil {
		return nil, codecError("webp", err)
	}
	return &webpCanvas{WebPFrames: frames, limit: limit, lossy: lossy}, nil
}

// planWebP returns the file with the notice in its picture, or in all its frames. A
// picture gets the watermark too, if one is asked for: both in one go.
func planWebP(j *job) (*splice.Plan, string, error) {
	var c *webpCanvas
	open := func(src io.ReaderAt, size, limit int64) (_ canvas, err error) {
		c, err = newWebPCanvas(src, size, limit, j.encodeVP8)
		if err == nil && j.mark != nil && !c.Animated {
			c.mark = func(m webpRaster) (err error) {
				c.marked, err = j.markedToo(j.mark.drawOn(m, c.view()))
				return err
			}
		}
		return c, err
	}
	plan, where, err := onCanvas(open).plan(j)
	if err != nil {
		return nil, "", err
	}
	if c.marked {
		err = j.settle(j.mark.readBack(openWebP, planned(plan), j.pixels()), c.how())
	}
	return plan, where + c.how(), err
}

// drawOn marks a picture in memory.
func (m *marking) drawOn(picture webpRaster, size view) error {
	residual, err := m.residual(size, func(do func(row []float32)) error {
		picture.scan(do)
		return nil
	})
	if err == nil && residual != nil {
		picture.brighten(residual.Row)
	}
	return err
}

// markWebP returns the file with the watermark in its picture.
func markWebP(j *job) (*splice.Plan, string, error) {
	var c *webpCanvas
	open := func(src io.ReaderAt, size, limit int64) (_ canvas, err error) {
		c, err = newWebPCanvas(src, size, limit, j.encodeVP8)
		return c, err
	}
	plan, err := j.mark.draw(open, j.src, j.pixels())
	if err == nil && len(plan.Edits()) > 0 {
		err = j.mark.readBack(openWebP, planned(plan), j.pixels())
	}
	if err != nil {
		return nil, "", err
	}
	return plan, c.how(), nil
}

// how says in a receipt what coding cost.
func (c *webpCanvas) how() string {
	if !c.coded {
		return ""
	}
	return encodedAgain("cwebp", vp8Setting)
}

func (c *webpCanvas) view() view {
	return view{c.Width, c.Height, container.EXIFOrientation(c.EXIF)}
}

// Pixels returns the pixels of the first frame in r, transparent where it has none.
func (c *webpCanvas) Pixels(r image.Rectangle) (*image.NRGBA64, error) {
	m, err := c.raster(&c.Frames[0])
	if err != nil {
		return nil, err
	}
	return m.pixels(r), nil
}

// grays returns the pixels of the first frame in rectangles.
func (c *webpCanvas) grays(rects []image.Rectangle) ([]*image.Gray, error) {
	m, err := c.raster(&c.Frames[0])
	if err != nil {
		return nil, err
	}
	return graysOf(func(r image.Rectangle) (*image.NRGBA64, error) { return m.pixels(r), nil }, rects)
}

func (c *webpCanvas) stamp(s *stamp) (*splice.Plan, error) {
	pixels, err := c.Pixels(s.plate.Rect)
	if err != nil {
		return nil, err
	}
	k := s.choose(ground{pixels: pixels, gray: !c.Frames[0].Lossless, moving: c.Animated})
	if err := c.draw(s, k); err != nil {
		return nil, err
	}
	plan, err := c.Plan()
	return plan, codecError("webp", err)
}

// errFrames reports an animation whose frames cannot all show a notice.
var errFrames = missing{"a frame of the animation clears the picture beside itself, or is see-through where it covers the picture"}

// draw puts the stamp on each frame that does not show it by what is below.
func (c *webpCanvas) draw(s *stamp, k ink) error {
	r, screen := s.area(), image.Rect(0, 0, c.Width, c.Height)
	intact := false // r shows the stamp before this frame
	empty := true   // there is nothing on the screen
	left := c.limit
	for i := range c.Frames {
		f := &c.Frames[i]
		target := f.Rect
		if !intact && !r.In(target) {
			target = target.Union(r)
			target.Min = image.Pt(target.Min.X&^1, target.Min.Y&^1)
			if f.Clear && !empty {
				return errFrames
			}
		}
		if target.Overlaps(r) {
			if left -= int64(target.Dx()) * int64(target.Dy()); left < 0 {
				return codecError("webp", &container.LimitError{What: "pixels of the frames", Limit: c.limit})
			}
			if err := c.redraw(i, target, s, k); err != nil {
				return err
			}
		}
		if f.Clear {
			intact = intact && !target.Overlaps(r)
			empty = empty || screen.In(target)
		} else {
			intact, empty = true, false
		}
	}
	return nil
}

// redraw gives a frame the part of the stamp that lies on it, in a larger rectangle
// if it does not reach.
func (c *webpCanvas) redraw(i int, target image.Rectangle, s *stamp, k ink) error {
	f := &c.Frames[i]
	m, err := c.raster(f)
	if err != nil {
		return err
	}
	replaced := container.WebPImage{Rect: target}
	if target != f.Rect {
		if f.Overwrite && !m.opaque() {
			return errFrames
		}
		replaced.Blend = true
		m = m.grown(target)
	}
	m.draw(s, k, c.Animated)
	if c.mark != nil {
		if err := c.mark(m); err != nil {
			return err
		}
	}
	if err := m.encode(c, &replaced); err != nil {
		return err
	}
	return codecError("webp", c.Replace(i, replaced))
}

// A webpRaster is the pixels of a frame, in the coordinates of the canvas.
type webpRaster interface {
	opaque() bool
	pixels(r image.Rectangle) *image.NRGBA64 // transparent outside the frame
	draw(s *stamp, k ink, moving bool)       // in opaque colours, where other frames shine through
	grown(r image.Rectangle) webpRaster      // transparent beside the frame
	scan(do func(row []float32))
	brighten(residual func(y int, row []float32))
	encode(c *webpCanvas, to *container.WebPImage) error
}

// scan shows the first frame, which may be smaller than the canvas.
func (c *webpCanvas) scan(do func(row []float32)) (err error) {
	f := &c.Frames[0]
	if c.still, err = c.raster(f); err != nil {
		return err
	}
	screen, y := make([]float32, c.Width), 0
	for ; y < f.Rect.Min.Y; y++ {
		do(screen)
	}
	c.still.scan(func(row []float32) {
		copy(screen[f.Rect.Min.X:], row)
		do(screen)
	})
	clear(screen)
	for y = f.Rect.Max.Y; y < c.Height; y++ {
		do(screen)
	}
	return nil
}

func (c *webpCanvas) unfit() error { return animation(c.Animated) }

// brighten changes the picture that was looked at.
func (c *webpCanvas) brighten(residual func(y int, row []float32)) (*splice.Plan, error) {
	c.still.brighten(residual)
	replaced := container.WebPImage{Rect: c.Frames[0].Rect}
	if err := c.still.encode(c, &replaced); err != nil {
		return nil, err
	}
	if err := c.Replace(0, replaced); err != nil {
		return nil, codecError("webp", err)
	}
	plan, err := c.Plan()
	return plan, codecError("webp", err)
}

// raster decodes a frame.
func (c *webpCanvas) raster(f *container.WebPFrame) (webpRaster, error) {
	var m webpRaster
	data, err := c.Read(f.Image, maxWebP)
	if err == nil && f.Lossless {
		m, err = decodeLossless(f, data)
	} else if err == nil {
		m, err = decodeLossy(c, f, data)
	}
	if err != nil {
		return nil, webpError(f, err)
	}
	return m, nil
}

// webpError returns an error of a decoder, with the place of the frame.
func webpError(f *container.WebPFrame, err error) error {
	if _, limit := errors.AsType[*container.LimitError](err); !limit {
		err = &container.FormatError{Offset: f.Image.Offset, Err: err}
	}
	return codecError("webp", err)
}

// encodedAgain says in a receipt that a picture has lost a generation.
func encodedAgain(program, setting string) string {
	return fmt.Sprintf(", encoded again by %s at %s", program, setting)
}

// encoderError says why a program has not encoded a picture: with the package of
// Debian that has it, if it is not installed.
func (j *job) encoderError(err error, debian string) error {
	switch {
	case err == nil:
		return nil
	case j.ctx.Err() != nil:
		return fmt.Errorf("label: %w", context.Cause(j.ctx))
	case errors.Is(err, program.ErrNotFound):
		return missing{fmt.Sprintf("the picture is lossy, and has to be encoded again: %v (in Debian's package %s)", err, debian)}
	}
	return missing{"the picture cannot be encoded again: " + err.Error()}
}
