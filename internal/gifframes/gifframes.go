// Package gifframes draws on the frames of a GIF file (GIF89a specification), and
// keeps every other byte of it: timing, comments, colours, the frames that need no
// change.
package gifframes

import (
	"encoding/binary"
	"errors"
	"image"
	"image/color"

	"github.com/aigclabel/aigclabel/internal/container"
)

// A Picture is the frames of a GIF file.
type Picture struct {
	Width, Height int // of the logical screen

	data   []byte
	limit  int64 // pixels of all frames, as they are and as they are drawn
	global []color.NRGBA
	frames []frame
}

// A frame is one image, and the graphic control extension before it.
type frame struct {
	rect        image.Rectangle
	palette     []color.NRGBA
	interlaced  bool
	start, data int // offsets of the descriptor, and of the code size behind the colours
	end         int // behind the last block of data
	control     int // offset of the control's content, 0 for none
	disposal    byte
	transparent int // index, -1 for none
}

// How a frame goes when the next one comes (23 c iv).
const (
	toBackground = 2
	toPrevious   = 3
)

// maxFrames is more than any animation has.
const maxFrames = 1 << 14

// Decode reads the structure of a file: its frames may have maxPixels pixels in all.
// Errors are those of package container.
func Decode(b []byte, maxPixels int64) (*Picture, error) {
	d := decoder{Picture: Picture{data: b, limit: maxPixels}, left: maxPixels}
	if err := d.header(); err != nil {
		return nil, err
	}
	for {
		done, err := d.block()
		if err != nil {
			return nil, err
		}
		if done {
			break
		}
	}
	if len(d.frames) == 0 {
		return nil, d.fail("no frame")
	}
	if d.Width == 0 || d.Height == 0 {
		d.Width, d.Height = d.frames[0].rect.Max.X, d.frames[0].rect.Max.Y
	}
	return &d.Picture, nil
}

type decoder struct {
	Picture
	pos  int
	left int64 // pixels
	next frame // what a control says of it
}

func (d *decoder) fail(msg string) error {
	return &container.FormatError{Offset: int64(d.pos), Err: errors.New(msg)}
}

// take takes the next n bytes.
func (d *decoder) take(n int) ([]byte, error) {
	if n > len(d.data)-d.pos {
		return nil, d.fail("file is truncated")
	}
	b := d.data[d.pos : d.pos+n]
	d.pos += n
	return b, nil
}

// header reads the logical screen and its colours (17, 18).
func (d *decoder) header() error {
	b, err := d.take(13)
	if err != nil {
		return err
	}
	d.Width, d.Height = int(binary.LittleEndian.Uint16(b[6:])), int(binary.LittleEndian.Uint16(b[8:]))
	d.next.transparent = -1
	d.global, err = d.colors(b[10])
	return err
}

// colors takes a colour table, if the packed byte of its header announces one.
func (d *decoder) colors(packed byte) ([]color.NRGBA, error) {
	if packed&0x80 == 0 {
		return nil, nil
	}
	b, err := d.take(3 << (packed&7 + 1))
	if err != nil {
		return nil, err
	}
	palette := make([]color.NRGBA, len(b)/3)
	for i := range palette {
		palette[i] = color.NRGBA{b[3*i], b[3*i+1], b[3*i+2], 0xFF}
	}
	return palette, nil
}

// block reads an extension, a frame, or the trailer that ends the file.
func (d *decoder) block() (done bool, err error) {
	kind, err := d.take(1)
	if err != nil {
		return false, err
	}
	switch kind[0] {
	case 0x3B:
		return true, nil
	case 0x2C:
		return false, d.frame()
	case 0x21:
		return false, d.extension()
	}
	d.pos--
	return false, d.fail("unknown block")
}

// extension passes over an extension; a graphic control (23) is noted.
func (d *decoder) extension() error {
	label, err := d.take(1)
	if err != nil {
		return err
	}
	if rest := d.data[d.pos:]; label[0] == 0xF9 && len(rest) >= 6 && rest[0] == 4 {
		d.next = frame{control: d.pos + 1, disposal: rest[1] >> 2 & 7, transparent: -1}
		if rest[1]&1 != 0 {
			d.next.transparent = int(rest[4])
		}
	}
	return d.blocks()
}

// blocks passes over data sub-blocks (15).
func (d *decoder) blocks() error {
	for {
		n, err := d.take(1)
		if err != nil {
			return err
		}
		if n[0] == 0 {
			return nil
		}
		if _, err := d.take(int(n[0])); err != nil {
			return err
		}
	}
}

// frame reads an image descriptor (20), and passes over the data.
func (d *decoder) frame() error {
	f := d.next
	d.next = frame{transparent: -1}
	f.start = d.pos - 1
	b, err := d.take(9)
	if err != nil {
		return err
	}
	at := image.Pt(int(binary.LittleEndian.Uint16(b)), int(binary.LittleEndian.Uint16(b[2:])))
	f.rect = image.Rectangle{at, at.Add(image.Pt(int(binary.LittleEndian.Uint16(b[4:])), int(binary.LittleEndian.Uint16(b[6:]))))}
	f.interlaced = b[8]&0x40 != 0
	if f.palette, err = d.colors(b[8]); err != nil {
		return err
	}
	if f.palette == nil {
		f.palette = d.global
	}
	if d.left -= int64(f.rect.Dx()) * int64(f.rect.Dy()); d.left < 0 {
		return &container.LimitError{What: "pixels of the frames", Limit: d.limit}
	}
	f.data = d.pos
	if _, err := d.take(1); err != nil {
		return err
	}
	if err := d.blocks(); err != nil {
		return err
	}
	f.end = d.pos
	if len(d.frames) == maxFrames {
		return &container.LimitError{What: "number of frames", Limit: maxFrames}
	}
	d.frames = append(d.frames, f)
	return nil
}
