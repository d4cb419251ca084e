// Package pngrows changes pixels of a PNG picture in place.
//
// [Open] reads what stands around the pixels, [Picture.Pixels] a rectangle of
// them, and [Picture.Draw] plans the edits that put other pixels there. Rows
// stream through: a picture is never held whole. What is not drawn on stays as
// it is: the other chunks, the colour type, bit depth and interlacing, and of
// every untouched row even the filter.
package pngrows

import (
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/color"
	"io"

	"github.com/aigclabel/aigclabel/internal/container"
)

// A Picture is a PNG file, ISO/IEC 15948. It is safe for concurrent use if the
// file's reader is.
type Picture struct {
	Width, Height int

	// Animated says that the file is an animation (APNG). Width and height, and the
	// pixels that are read, are those of the default image; all frames are drawn on.
	Animated bool

	// EXIF is the value of the eXIf chunk.
	EXIF []byte

	format
	r      io.ReaderAt
	size   int64
	chunks []chunk              // those that a colour type has a say in, IHDR first
	data   []container.PNGChunk // the IDAT chunks, or the fdAT chunks of a frame

	frames      []frame // behind the default image
	shown       bool    // the default image is a frame too
	dispose     byte    // then, how it goes
	left, limit int64   // pixels
}

// Palette returns the colours that a pixel can have, nil for pictures without one.
func (p *Picture) Palette() []color.NRGBA { return p.colors }

// Bounds returns the rectangle of all pixels.
func (p *Picture) Bounds() image.Rectangle { return image.Rect(0, 0, p.Width, p.Height) }

// A chunk is one that is read.
type chunk struct {
	container.PNGChunk
	value []byte
}

// Open reads the chunks of the PNG file in the first size bytes of r. Broken
// files are a *[container.FormatError], pictures of more than maxPixels a
// *[container.LimitError].
func Open(r io.ReaderAt, size, maxPixels int64) (*Picture, error) {
	p := &Picture{r: r, size: size, left: maxPixels, limit: maxPixels}
	src := container.NewSource(r, size, container.Limits{})
	for c, err := range container.PNGChunks(src) {
		if err != nil {
			return nil, err
		}
		if err := p.add(src, c); err != nil {
			return nil, err
		}
	}
	if len(p.data) == 0 || p.kind == indexed && len(p.colors) == 0 {
		return nil, broken(0, "no IDAT chunk, or no PLTE chunk for it")
	}
	return p, p.complete()
}

// maxWidth is the longest row that is held in memory: some 64 MiB of it.
const maxWidth = 8 << 20

// add takes what the package needs of a chunk.
func (p *Picture) add(src *container.Source, c container.PNGChunk) error {
	switch c.Kind {
	case "IDAT":
		if n := len(p.data); n > 0 && p.data[n-1].Offset+p.data[n-1].Length != c.Offset {
			return broken(c.Offset, "IDAT chunks with others between")
		}
		p.data = append(p.data, c)
		return nil
	case "acTL":
		p.Animated = true
		return nil
	case "fcTL", "fdAT":
		return p.animate(src, c)
	case "IHDR", "PLTE", "tRNS", "bKGD", "sBIT", "hIST", "eXIf":
	default:
		if c.Kind[0]&0x20 == 0 && c.Kind != "IEND" {
			return broken(c.Offset, "unknown critical chunk")
		}
		return nil
	}
	value, err := c.Data(src)
	if err != nil {
		return err
	}
	if len(p.chunks) > 0 == (c.Kind == "IHDR") || p.find(c.Kind) != nil {
		return broken(c.Offset, "second "+c.Kind+" chunk")
	}
	p.chunks = append(p.chunks, chunk{c, value})
	switch c.Kind {
	case "IHDR":
		return p.header(c.Offset, value)
	case "PLTE":
		return p.palette(c.Offset, value)
	case "tRNS":
		return p.transparency(c.Offset, value)
	case "eXIf":
		p.EXIF = value
	}
	return nil
}

// animate takes a chunk of an animation; without acTL it is none.
func (p *Picture) animate(src *container.Source, c container.PNGChunk) error {
	if !p.Animated || len(p.chunks) == 0 {
		return nil
	}
	if c.Kind == "fcTL" {
		value, err := c.Data(src)
		if err != nil {
			return err
		}
		return p.control(c.Offset, value)
	}
	if len(p.frames) == 0 || c.Length < sequenceSize+12 {
		return broken(c.Offset, "fdAT chunk without its frame")
	}
	f := &p.frames[len(p.frames)-1]
	f.data = append(f.data, c)
	return nil
}

// find returns the chunk of a kind, nil if there is none.
func (p *Picture) find(kind string) *chunk {
	for i := range p.chunks {
		if p.chunks[i].Kind == kind {
			return &p.chunks[i]
		}
	}
	return nil
}

func (p *Picture) header(off int64, b []byte) error {
	if len(b) != 13 {
		return broken(off, "IHDR chunk of wrong length")
	}
	w, h := int64(binary.BigEndian.Uint32(b)), int64(binary.BigEndian.Uint32(b[4:]))
	p.format = format{kind: b[9], depth: b[8], interlaced: b[12] == 1}
	if w == 0 || h == 0 || w > 1<<31-1 || h > 1<<31-1 || !p.valid() || b[10] != 0 || b[11] != 0 || b[12] > 1 {
		return broken(off, "IHDR chunk with illegal values")
	}
	if w > p.limit/h {
		return &container.LimitError{What: "pixels of the picture", Limit: p.limit}
	}
	p.left -= w * h
	if w > maxWidth {
		return &container.LimitError{What: "width of the picture", Limit: maxWidth}
	}
	p.Width, p.Height = int(w), int(h)
	return nil
}

func (p *Picture) palette(off int64, b []byte) error {
	n := len(b) / 3
	if len(b)%3 != 0 || n == 0 || n > 256 || len(p.data) > 0 || p.kind == indexed && n > 1<<p.depth {
		return broken(off, "PLTE chunk of wrong length or place")
	}
	if p.kind != indexed {
		return nil // a suggestion for displays of few colours
	}
	for ; len(b) > 0; b = b[3:] {
		p.colors = append(p.colors, color.NRGBA{b[0], b[1], b[2], 0xFF})
	}
	return nil
}

func (p *Picture) transparency(off int64, b []byte) error {
	want := 2 * p.channels()
	switch {
	case len(p.data) > 0 || p.kind&hasAlpha != 0:
		return broken(off, "tRNS chunk in the wrong place")
	case p.kind == indexed && len(b) <= len(p.colors):
		for i, a := range b {
			p.colors[i].A = a
		}
	case p.kind != indexed && len(b) == want:
		for ; len(b) > 0; b = b[2:] {
			p.key = append(p.key, binary.BigEndian.Uint16(b)&p.max())
		}
	default:
		return broken(off, "tRNS chunk of wrong length")
	}
	return nil
}

// broken returns the error of a file that breaks the rules.
func broken(off int64, what string) error {
	return &container.FormatError{Offset: off, Err: fmt.Errorf("PNG: %w", errors.New(what))}
}
