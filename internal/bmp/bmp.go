// Package bmp changes pixels of a BMP file in place.
//
// [Open] reads the headers, [Picture.Pixels] a rectangle of pixels, and [Picture.Draw]
// plans the edits that give them other colours. Every other byte stays. What is
// compressed (RLE, or JPEG and PNG for printers) is [ErrUnsupported].
package bmp

import (
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/color"
	"io"
	"math/bits"
	"slices"

	"github.com/aigclabel/aigclabel/internal/container"
)

// ErrUnsupported reports a kind of BMP whose pixels cannot be changed in place.
var ErrUnsupported = errors.New("bmp: unsupported kind")

// ErrColors reports a colour that is not in the palette.
var ErrColors = errors.New("bmp: colour that the palette lacks")

// A Picture is a BMP file as Windows has written them since version 2, and OS/2 since
// 1.1. It is safe for concurrent use if the file's reader is.
type Picture struct {
	Width, Height int

	r       io.ReaderAt
	pixels  int64 // offset
	stride  int64 // bytes of a row
	topDown bool
	depth   int // bits of a pixel
	colors  []color.NRGBA
	masks   [4]mask // of red, green, blue and alpha, without a palette
}

// A mask is the bits of a pixel that one channel has.
type mask struct {
	shift int
	max   uint32 // 0 without the channel
}

const (
	fileHeader = 14
	coreHeader = 12 // of OS/2 1.1
	infoHeader = 40 // of Windows 3; later ones begin with it
	maxHeader  = 124

	rgb            = 0 // compressions
	bitFields      = 3
	alphaBitFields = 6
)

// Open reads the headers of the BMP file in the first size bytes of r. Broken files are
// a *[container.FormatError], pictures of more than maxPixels a *[container.LimitError].
func Open(r io.ReaderAt, size, maxPixels int64) (*Picture, error) {
	b, err := read(r, 0, min(size, fileHeader+maxHeader+4*3))
	if err != nil {
		return nil, err
	}
	if len(b) < fileHeader+coreHeader || string(b[:2]) != "BM" {
		return nil, broken(0, "no header")
	}
	p := &Picture{r: r, pixels: int64(binary.LittleEndian.Uint32(b[10:]))}
	dib := b[fileHeader:]
	n := int64(binary.LittleEndian.Uint32(dib))
	if !container.IsBMPHeader(n) || n > int64(len(dib)) {
		return nil, broken(fileHeader, "header of unknown size")
	}
	if n == coreHeader {
		err = p.core(dib)
	} else {
		err = p.info(dib, n)
	}
	if err != nil {
		return nil, err
	}
	return p, p.check(n, size, maxPixels, dib)
}

// core reads the header of OS/2 1.1.
func (p *Picture) core(b []byte) error {
	p.Width, p.Height = int(binary.LittleEndian.Uint16(b[4:])), int(binary.LittleEndian.Uint16(b[6:]))
	p.depth = int(binary.LittleEndian.Uint16(b[10:]))
	return p.channels(rgb, nil)
}

// info reads the header of Windows 3, and the masks in it or behind it.
func (p *Picture) info(b []byte, n int64) error {
	if len(b) < infoHeader {
		return broken(fileHeader, "header is truncated")
	}
	p.Width, p.Height = int(int32(binary.LittleEndian.Uint32(b[4:]))), int(int32(binary.LittleEndian.Uint32(b[8:])))
	if p.topDown = p.Height < 0; p.topDown {
		p.Height = -p.Height
	}
	p.depth = int(binary.LittleEndian.Uint16(b[14:]))
	kind := binary.LittleEndian.Uint32(b[16:])
	if n == 64 && kind != rgb {
		return fmt.Errorf("%w: compression %d of OS/2", ErrUnsupported, kind)
	}
	var masks []uint32
	for at := infoHeader; at < infoHeader+16 && at+4 <= len(b) && (at < infoHeader+12 || int64(at) < n || kind == alphaBitFields); at += 4 {
		masks = append(masks, binary.LittleEndian.Uint32(b[at:]))
	}
	return p.channels(kind, masks)
}

// channels tells where in a pixel its channels are.
func (p *Picture) channels(kind uint32, masks []uint32) error {
	switch {
	case p.depth == 1, p.depth == 2, p.depth == 4, p.depth == 8:
		if kind != rgb {
			return fmt.Errorf("%w: compression %d", ErrUnsupported, kind)
		}
		return nil
	case p.depth != 16 && p.depth != 24 && p.depth != 32:
		return fmt.Errorf("%w: %d bits a pixel", ErrUnsupported, p.depth)
	case kind == rgb && p.depth == 16:
		masks = []uint32{0x7C00, 0x03E0, 0x001F}
	case kind == rgb:
		masks = []uint32{0xFF0000, 0x00FF00, 0x0000FF}
	case kind != bitFields && kind != alphaBitFields || p.depth == 24:
		return fmt.Errorf("%w: compression %d", ErrUnsupported, kind)
	}
	if len(masks) < 3 {
		return broken(fileHeader+infoHeader, "masks are truncated")
	}
	for i, m := range masks {
		shift := bits.TrailingZeros32(m)
		if ones := m >> min(shift, 31); m == 0 && i < 3 || ones&(ones+1) != 0 || ones > 0xFFFF || bits.Len32(m) > p.depth {
			return broken(fileHeader+infoHeader, "masks that are no channels")
		} else if m != 0 {
			p.masks[i] = mask{shift, ones}
		}
	}
	return nil
}

// check compares the size of the picture with that of the file, and reads the palette.
func (p *Picture) check(header, size, maxPixels int64, dib []byte) error {
	if p.Width <= 0 || p.Height <= 0 {
		return broken(fileHeader+4, "an empty picture")
	}
	if int64(p.Width) > maxPixels/int64(p.Height) {
		return &container.LimitError{What: "pixels of the picture", Limit: maxPixels}
	}
	p.stride = (int64(p.Width)*int64(p.depth) + 31) / 32 * 4
	last := (int64(p.Width)*int64(p.depth) + 7) / 8 // programs leave out what fills the last row
	if p.pixels < fileHeader+header || size-p.pixels < p.stride*int64(p.Height-1)+last {
		return broken(10, "pixels outside of the file")
	}
	if p.depth > 8 {
		return nil
	}
	return p.palette(header, dib)
}

// palette reads the colours between the header and the pixels.
func (p *Picture) palette(header int64, dib []byte) error {
	entry, n := int64(4), int64(1)<<p.depth
	if header == coreHeader {
		entry = 3
	} else if used := int64(binary.LittleEndian.Uint32(dib[32:])); used > 0 {
		n = min(n, used)
	}
	n = min(n, (p.pixels-fileHeader-header)/entry)
	b, err := read(p.r, fileHeader+header, n*entry)
	if err != nil {
		return err
	}
	for ; len(b) > 0; b = b[entry:] {
		p.colors = append(p.colors, color.NRGBA{b[2], b[1], b[0], 0xFF})
	}
	if len(p.colors) == 0 {
		return broken(fileHeader+header, "no palette")
	}
	return nil
}

// Palette returns the colours that a pixel can have, nil for pictures without one.
func (p *Picture) Palette() []color.NRGBA { return slices.Clone(p.colors) }

// Bounds returns the rectangle of all pixels.
func (p *Picture) Bounds() image.Rectangle { return image.Rect(0, 0, p.Width, p.Height) }

// read returns n bytes at off.
func read(r io.ReaderAt, off, n int64) ([]byte, error) {
	b := make([]byte, n)
	if got, err := r.ReadAt(b, off); got < len(b) {
		if err == nil || errors.Is(err, io.EOF) {
			return nil, broken(off+int64(got), "file is truncated")
		}
		return nil, err
	}
	return b, nil
}

// broken returns the error of a file that breaks the rules.
func broken(off int64, what string) error {
	return &container.FormatError{Offset: off, Err: errors.New("BMP: " + what)}
}
