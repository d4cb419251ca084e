package container

import (
	"bytes"
	"errors"
	"image"

	"github.com/aigclabel/aigclabel/internal/splice"
)

// WebPFrames are the pictures of a WebP file, to be replaced.
type WebPFrames struct {
	Width, Height int // of the canvas
	Animated      bool
	Frames        []WebPFrame
	EXIF          []byte // nil for none

	file     *webpFile
	edits    []splice.Edit
	hasAlpha bool // a new picture has
}

// A WebPFrame is the picture of a file, or one of an animation (RFC 9649 section
// 2.7.1.1).
type WebPFrame struct {
	Rect      image.Rectangle // on the canvas
	Lossless  bool
	Overwrite bool  // takes the place of what it covers, rather than blending
	Clear     bool  // its rectangle is cleared before the next frame
	Alpha     Range // of the data of an ALPH chunk, if there is one
	Image     Range // of the data of the VP8 or VP8L chunk

	holder, alpha, image riffChunk // ANMF, ALPH, VP8 or VP8L
}

// A WebPImage is a new picture for a frame.
type WebPImage struct {
	Rect     image.Rectangle
	Blend    bool   // rather than [WebPFrame.Overwrite]
	Lossless []byte // a VP8L stream, or
	Lossy    []byte // a VP8 stream, and
	Alpha    []byte // the data of its ALPH chunk, nil for none
	HasAlpha bool
}

const (
	anmfSize      = 16
	vp8xAnimation = 0x02
	anmfOverwrite = 0x02
	anmfClear     = 0x01
)

// WebPPictures reads where the pictures of a file are. They may have maxPixels pixels
// in all. The error is a *[FormatError], a *[LimitError], or that of a read.
func WebPPictures(src *Source, maxPixels int64) (*WebPFrames, error) {
	walked, err := WebP(src)
	if err != nil {
		return nil, err
	}
	w := &WebPFrames{file: walked.(*webpFile)}
	l := &w.file.Layout
	if l.Damage == nil && len(l.Limits) == 0 {
		err = w.file.riff.chunks(l, riffHeaderSize, w.file.riff.end, w.chunk)
	}
	switch {
	case err != nil:
		return nil, err
	case l.Damage != nil:
		return nil, l.Damage
	case len(l.Limits) > 0:
		return nil, l.Limits[0]
	}
	w.readSize()
	for _, s := range l.Slots {
		if s.Kind == EXIF && w.EXIF == nil {
			w.EXIF = s.Value
		}
	}
	return w, w.check(maxPixels)
}

// readSize takes the size of the canvas from VP8X, or from a simple file's image.
func (w *WebPFrames) readSize() {
	canvas := w.file.canvas
	if w.file.header.length > 0 {
		b, err := w.file.riff.src.Peek(w.file.header.data(), vp8xSize)
		if err != nil {
			return
		}
		canvas = bytes.Clone(b[4:])
		w.Animated = b[0]&vp8xAnimation != 0
	}
	if len(canvas) == 6 {
		w.Width, w.Height = littleUint24(canvas)+1, littleUint24(canvas[3:])+1
	}
	if !w.Animated && len(w.Frames) > 0 {
		w.Frames = w.Frames[:1] // programs show the first image
		w.Frames[0].Rect = image.Rect(0, 0, w.Width, w.Height)
	}
}

// check refuses frames that lie outside the canvas, or are too large.
func (w *WebPFrames) check(maxPixels int64) error {
	canvas, left := image.Rect(0, 0, w.Width, w.Height), maxPixels
	if len(w.Frames) == 0 || canvas.Empty() {
		return &FormatError{Offset: riffHeaderSize, Err: errors.New("no picture")}
	}
	if int64(w.Width) > maxPixels/int64(w.Height) { // of frames that hardly cover it
		return &LimitError{What: "pixels of the canvas", Limit: maxPixels}
	}
	for i := range w.Frames {
		f := &w.Frames[i]
		if f.image.length == 0 || !f.Rect.In(canvas) {
			return &FormatError{Offset: f.holder.offset, Err: errors.New("frame without a picture, or outside the canvas")}
		}
		if left -= int64(f.Rect.Dx()) * int64(f.Rect.Dy()); left < 0 {
			return &LimitError{What: "pixels of the frames", Limit: maxPixels}
		}
	}
	return nil
}

// chunk notes a picture of the file.
func (w *WebPFrames) chunk(c riffChunk) error {
	switch c.id {
	case "ANMF":
		return w.frame(c)
	case "ALPH", "VP8 ", "VP8L":
		if n := len(w.Frames); n == 0 || w.Frames[n-1].holder.length > 0 || w.Frames[n-1].image.length > 0 {
			w.Frames = append(w.Frames, WebPFrame{})
		}
		w.Frames[len(w.Frames)-1].part(c)
	}
	return nil
}

// part notes a chunk of a frame. The first of each kind counts.
func (f *WebPFrame) part(c riffChunk) {
	switch {
	case f.image.length > 0:
	case c.id == "ALPH" && f.alpha.length == 0:
		f.alpha, f.Alpha = c, Range{c.data(), c.size}
	case c.id == "VP8 " || c.id == "VP8L":
		f.image, f.Image, f.Lossless = c, Range{c.data(), c.size}, c.id == "VP8L"
	}
}

// frame notes a frame of an animation.
func (w *WebPFrames) frame(c riffChunk) error {
	if c.size < anmfSize {
		return &FormatError{Offset: c.offset, Err: errors.New("ANMF chunk without its header")}
	}
	b, err := w.file.riff.src.Peek(c.data(), anmfSize)
	if err != nil {
		return err
	}
	at := image.Pt(2*littleUint24(b), 2*littleUint24(b[3:]))
	f := WebPFrame{
		Rect:      image.Rectangle{at, at.Add(image.Pt(littleUint24(b[6:])+1, littleUint24(b[9:])+1))},
		Overwrite: b[15]&anmfOverwrite != 0, Clear: b[15]&anmfClear != 0, holder: c,
	}
	err = w.file.riff.chunks(&w.file.Layout, c.data()+anmfSize, c.data()+c.size, func(c riffChunk) error {
		f.part(c)
		return nil
	})
	w.Frames = append(w.Frames, f)
	return err
}

// Read returns bytes of the file, at most limit of them.
func (w *WebPFrames) Read(r Range, limit int64) ([]byte, error) {
	if r.Length > limit {
		return nil, &LimitError{What: "size of a picture", Limit: limit}
	}
	b := make([]byte, r.Length)
	return b, w.file.riff.src.readAt(b, r.Offset)
}

// Replace gives a frame another picture. Rect may differ in an animation, and starts
// at even positions there.
func (w *WebPFrames) Replace(i int, m WebPImage) error {
	f := &w.Frames[i]
	var edits []splice.Edit
	replace := func(c riffChunk, id string, data []byte) {
		e := splice.Edit{Offset: c.offset, Delete: c.length}
		if c.length == 0 {
			e.Offset = f.image.offset
		}
		if data != nil {
			e.Insert = bytes.NewReader(encodeChunk(id, data))
		}
		if c.length > 0 || data != nil {
			edits = append(edits, e)
		}
	}
	replace(f.alpha, "ALPH", m.Alpha)
	if m.Lossless != nil {
		replace(f.image, "VP8L", m.Lossless)
	} else {
		replace(f.image, "VP8 ", m.Lossy)
	}
	w.hasAlpha = w.hasAlpha || m.HasAlpha
	if f.holder.length > 0 {
		size, err := f.holder.resize(growth(edits...))
		if err != nil {
			return err
		}
		edits = append(append(edits, size...), f.head(m)...)
	}
	w.edits = append(w.edits, edits...)
	return nil
}

// head returns the edits of the header of an ANMF chunk.
func (f *WebPFrame) head(m WebPImage) (edits []splice.Edit) {
	if m.Rect != f.Rect {
		var b []byte
		for _, v := range []int{m.Rect.Min.X / 2, m.Rect.Min.Y / 2, m.Rect.Dx() - 1, m.Rect.Dy() - 1} {
			b = appendUint24(b, uint32(v))
		}
		edits = append(edits, splice.Edit{Offset: f.holder.data(), Delete: int64(len(b)), Insert: bytes.NewReader(b)})
	}
	if m.Blend && f.Overwrite {
		flags := []byte{0}
		if f.Clear {
			flags[0] = anmfClear
		}
		edits = append(edits, splice.Edit{Offset: f.holder.data() + anmfSize - 1, Delete: 1, Insert: bytes.NewReader(flags)})
	}
	return edits
}

// Plan returns the file with its new pictures.
func (w *WebPFrames) Plan() (*splice.Plan, error) {
	edits, f := w.edits, w.file
	if w.hasAlpha && f.header.length > 0 && f.flags&vp8xAlpha == 0 {
		edits = append(edits, splice.Edit{Offset: f.header.data(), Delete: 1, Insert: bytes.NewReader([]byte{f.flags | vp8xAlpha})})
	}
	outer, err := f.riff.resize(growth(edits...))
	if err != nil {
		return nil, err
	}
	return splice.New(f.riff.src.ReaderAt(), f.riff.src.Size(), append(edits, outer...))
}

func littleUint24(b []byte) int { return int(b[0]) | int(b[1])<<8 | int(b[2])<<16 }
