package pngrows

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"slices"

	"github.com/aigclabel/aigclabel/internal/container"
	"github.com/aigclabel/aigclabel/internal/splice"
)

// ErrFrames reports an animation whose frames cannot all be drawn on without a change
// beside the drawing.
var ErrFrames = errors.New("pngrows: frames that clear the picture beside themselves")

// A frame is one picture of an animation (PNG third edition, 11.3.4), in rows of its own.
type frame struct {
	Picture
	at      image.Point
	dispose byte
}

// How a frame goes when the next one comes.
const (
	disposeNone = iota
	disposeBackground
	disposePrevious
)

// maxFrames is more than any animation has.
const maxFrames = 1 << 14

// rect returns where the frame lies.
func (f *frame) rect() image.Rectangle { return f.Bounds().Add(f.at) }

// control reads the chunk fcTL that comes before a frame. The one before IDAT says that
// the default image is the first frame.
func (p *Picture) control(off int64, b []byte) error {
	if len(b) != 26 {
		return broken(off, "fcTL chunk of wrong length")
	}
	w, h := int64(binary.BigEndian.Uint32(b[4:])), int64(binary.BigEndian.Uint32(b[8:]))
	x, y := int64(binary.BigEndian.Uint32(b[12:])), int64(binary.BigEndian.Uint32(b[16:]))
	switch first := len(p.data) == 0; {
	case w == 0 || h == 0 || x+w > int64(p.Width) || y+h > int64(p.Height) || b[24] > disposePrevious || b[25] > 1:
		return broken(off, "fcTL chunk with illegal values")
	case first && (w != int64(p.Width) || h != int64(p.Height) || p.shown):
		return broken(off, "fcTL chunk that does not go with the image")
	case first:
		p.shown, p.dispose = true, b[24]
		return nil
	}
	if p.left -= w * h; p.left < 0 {
		return &container.LimitError{What: "pixels of the frames", Limit: p.limit}
	}
	if len(p.frames) == maxFrames {
		return &container.LimitError{What: "number of frames", Limit: maxFrames}
	}
	f := frame{Picture: Picture{Width: int(w), Height: int(h), r: p.r, size: p.size}, at: image.Pt(int(x), int(y)), dispose: b[24]}
	p.frames = append(p.frames, f)
	return nil
}

// complete gives the frames what the picture has for all.
func (p *Picture) complete() error {
	for i := range p.frames {
		f := &p.frames[i]
		if len(f.data) == 0 {
			return broken(p.data[0].Offset, "frame without data")
		}
		f.format = p.format
	}
	return nil
}

// part returns d as a frame sees it.
func (f *frame) part(d drawing) drawing {
	return drawing{d.rect.Intersect(f.rect()).Sub(f.at), func(x, y int, was color.NRGBA64) color.NRGBA64 {
		return d.paint(x+f.at.X, y+f.at.Y, was)
	}}
}

// check reports whether each frame that is shown will show all of r when it is drawn on
// where it overlaps.
func (p *Picture) check(r image.Rectangle) error {
	intact := p.shown && p.dispose == disposeNone // the default image is as large as the picture
	for i := range p.frames {
		f := &p.frames[i]
		if !intact && !r.In(f.rect()) {
			return ErrFrames
		}
		switch {
		case f.dispose == disposeBackground, i == 0 && !p.shown && f.dispose == disposePrevious:
			intact = intact && !f.rect().Overlaps(r)
		case f.dispose == disposeNone:
			intact = true
		}
	}
	return nil
}

// drawFrames returns the edits of the frames behind the default image.
func (p *Picture) drawFrames(to *format, d drawing) (edits []splice.Edit, err error) {
	for i := range p.frames {
		f := &p.frames[i]
		part := f.part(d)
		own := &f.format
		if to != &p.format {
			own = to
		} else if part.rect.Empty() {
			continue
		}
		var data bytes.Buffer
		if err := f.rewrite(&data, zlib.DefaultCompression, f.drawer(own, part)); err != nil {
			return nil, err
		}
		more, err := f.store(data.Bytes())
		if err != nil {
			return nil, err
		}
		edits = append(edits, more...)
	}
	return edits, nil
}

// store puts the data of a frame into the chunks that it has, so that the sequence
// numbers of those behind it stay.
func (f *frame) store(data []byte) ([]splice.Edit, error) {
	var edits []splice.Edit
	n := len(f.data)
	for i, c := range f.data {
		var number [sequenceSize]byte
		if _, err := f.r.ReadAt(number[:], c.Offset+8); err != nil {
			return nil, err
		}
		value := slices.Concat(number[:], data[len(data)*i/n:len(data)*(i+1)/n])
		edits = append(edits, splice.Edit{Offset: c.Offset, Delete: c.Length, Insert: bytes.NewReader(container.AppendPNGChunk(nil, c.Kind, value))})
	}
	return edits, nil
}
