package gifframes

import (
	"bytes"
	"compress/lzw"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/color"
	"io"
	"math/bits"
	"slices"

	"github.com/aigclabel/aigclabel/internal/container"
	"github.com/aigclabel/aigclabel/internal/splice"
)

// ErrFrames reports an animation whose frames cannot all be drawn on without a
// change elsewhere.
var ErrFrames = errors.New("gifframes: frames that clear the picture beside themselves")

// ErrColors reports a frame that uses so many colours that there is none for the drawing.
var ErrColors = errors.New("gifframes: no colours left in a frame")

// Pixels returns the pixels of the first frame in r, transparent where it has none.
func (p *Picture) Pixels(r image.Rectangle) (*image.NRGBA64, error) {
	f := &p.frames[0]
	indices, err := p.indices(f)
	if err != nil {
		return nil, err
	}
	out := image.NewNRGBA64(r)
	inside := r.Intersect(f.rect)
	for y := inside.Min.Y; y < inside.Max.Y; y++ {
		for x := inside.Min.X; x < inside.Max.X; x++ {
			i := int(indices[(y-f.rect.Min.Y)*f.rect.Dx()+x-f.rect.Min.X])
			if i != f.transparent && i < len(f.palette) {
				out.Set(x, y, f.palette[i])
			}
		}
	}
	return out, nil
}

// Draw returns the edits that draw the same picture on every frame: in r, paint
// returns the opaque colour of a pixel, or says that it stays. Frames that neither
// show nor cover r stay as they are.
func (p *Picture) Draw(r image.Rectangle, paint func(x, y int) (color.NRGBA, bool)) ([]splice.Edit, error) {
	var edits []splice.Edit
	screen := image.Rect(0, 0, p.Width, p.Height)
	intact := false // r shows the drawing before this frame
	empty := true   // there is nothing on the screen
	left := p.limit
	for i := range p.frames {
		f := &p.frames[i]
		target := f.rect
		if !intact && !r.In(f.rect) {
			target = f.rect.Union(r)
			if f.disposal == toBackground && !empty {
				return nil, ErrFrames
			}
		}
		if target.Overlaps(r) {
			if left -= int64(target.Dx()) * int64(target.Dy()); left < 0 {
				return nil, &container.LimitError{What: "pixels of the frames", Limit: p.limit}
			}
			more, err := p.redraw(f, target, r, paint)
			if err != nil {
				return nil, err
			}
			edits = append(edits, more...)
		}
		switch {
		case f.disposal == toPrevious:
		case f.disposal == toBackground:
			intact = intact && !target.Overlaps(r)
			empty = empty || screen.In(target)
		default:
			intact, empty = true, false
		}
	}
	return edits, nil
}

// redraw returns the edits that give a frame the drawing, in a larger rectangle if
// it does not reach.
func (p *Picture) redraw(f *frame, target, r image.Rectangle, paint func(x, y int) (color.NRGBA, bool)) ([]splice.Edit, error) {
	old, err := p.indices(f)
	if err != nil {
		return nil, err
	}
	mixer := newMixer(f, old)
	clear := 0
	if target != f.rect {
		if clear, err = mixer.clear(); err != nil {
			return nil, err
		}
	}
	pixels := make([]byte, target.Dx()*target.Dy())
	for y := target.Min.Y; y < target.Max.Y; y++ {
		for x := target.Min.X; x < target.Max.X; x++ {
			index := clear
			if image.Pt(x, y).In(f.rect) {
				index = int(old[(y-f.rect.Min.Y)*f.rect.Dx()+x-f.rect.Min.X])
			}
			if image.Pt(x, y).In(r) {
				if c, drawn := paint(x, y); drawn {
					if index, err = mixer.index(c); err != nil {
						return nil, err
					}
				}
			}
			pixels[(y-target.Min.Y)*target.Dx()+x-target.Min.X] = byte(index)
		}
	}
	return append(p.control(f, mixer.transparent), splice.Edit{
		Offset: int64(f.start), Delete: int64(f.end - f.start), Insert: bytes.NewReader(encode(target, mixer.palette, pixels)),
	}), nil
}

// control returns the edit that makes an index the transparent one.
func (p *Picture) control(f *frame, transparent int) []splice.Edit {
	switch {
	case transparent == f.transparent:
		return nil
	case f.control == 0:
		extension := []byte{0x21, 0xF9, 4, 1, 0, 0, byte(transparent), 0}
		return []splice.Edit{{Offset: int64(f.start), Insert: bytes.NewReader(extension)}}
	}
	changed := bytes.Clone(p.data[f.control : f.control+4])
	changed[0] |= 1
	changed[3] = byte(transparent)
	return []splice.Edit{{Offset: int64(f.control), Delete: 4, Insert: bytes.NewReader(changed)}}
}

// A mixer finds colours in the palette of a frame, or makes room for them.
type mixer struct {
	palette     []color.NRGBA
	transparent int
	used        [256]bool
	known       map[color.NRGBA]int
}

func newMixer(f *frame, indices []byte) *mixer {
	m := &mixer{palette: slices.Clone(f.palette), transparent: f.transparent, known: map[color.NRGBA]int{}}
	for _, i := range indices {
		m.used[i] = true
		for int(i) >= len(m.palette) { // a broken file; programs show black
			m.palette = append(m.palette, color.NRGBA{A: 0xFF})
		}
	}
	if f.transparent >= 0 {
		m.used[f.transparent] = true
	}
	for i, c := range m.palette {
		if _, there := m.known[c]; !there && i != f.transparent {
			m.known[c] = i
		}
	}
	return m
}

// free returns an index that nothing uses, in the palette or behind it.
func (m *mixer) free() (int, error) {
	for i := range 256 {
		if i >= len(m.palette) {
			m.palette = append(m.palette, color.NRGBA{A: 0xFF})
		}
		if !m.used[i] {
			m.used[i] = true
			delete(m.known, m.palette[i])
			return i, nil
		}
	}
	return 0, ErrColors
}

func (m *mixer) index(c color.NRGBA) (int, error) {
	if i, ok := m.known[c]; ok {
		m.used[i] = true
		return i, nil
	}
	i, err := m.free()
	if err != nil {
		return m.nearest(c)
	}
	m.palette[i], m.known[c] = c, i
	return i, nil
}

// nearest returns the index of the colour that is most like c, if it is like it.
func (m *mixer) nearest(c color.NRGBA) (int, error) {
	const alike = 3 * 48 * 48
	best, least := 0, alike
	for i, other := range m.palette {
		r, g, b := int(c.R)-int(other.R), int(c.G)-int(other.G), int(c.B)-int(other.B)
		if d := r*r + g*g + b*b; d < least && i != m.transparent {
			best, least = i, d
		}
	}
	if least == alike {
		return 0, ErrColors
	}
	m.known[c] = best
	return best, nil
}

// clear returns the transparent index.
func (m *mixer) clear() (int, error) {
	if m.transparent >= 0 {
		return m.transparent, nil
	}
	var err error
	m.transparent, err = m.free()
	return m.transparent, err
}

// indices decodes the data of a frame (22, appendix F), from top to bottom.
func (p *Picture) indices(f *frame) ([]byte, error) {
	size := int(p.data[f.data])
	out := make([]byte, f.rect.Dx()*f.rect.Dy())
	if size < 2 || size > 8 || len(f.palette) == 0 {
		return nil, p.broken(f, fmt.Errorf("codes of %d bits, %d colours", size, len(f.palette)))
	}
	var packed []byte
	for at := f.data + 1; p.data[at] != 0; at += 1 + int(p.data[at]) {
		packed = append(packed, p.data[at+1:at+1+int(p.data[at])]...)
	}
	r := lzw.NewReader(bytes.NewReader(packed), lzw.LSB, size)
	if _, err := io.ReadFull(r, out); err != nil {
		return nil, p.broken(f, err)
	}
	if f.interlaced {
		out = uninterlaced(out, f.rect.Dx(), f.rect.Dy())
	}
	return out, nil
}

func (p *Picture) broken(f *frame, err error) error {
	return &container.FormatError{Offset: int64(f.data), Err: err}
}

// uninterlaced puts rows in order (appendix E).
func uninterlaced(rows []byte, w, h int) []byte {
	out := make([]byte, len(rows))
	for _, pass := range []struct{ from, step int }{{0, 8}, {4, 8}, {2, 4}, {1, 2}} {
		for y := pass.from; y < h; y += pass.step {
			copy(out[y*w:], rows[:w])
			rows = rows[w:]
		}
	}
	return out
}

// encode returns an image descriptor, a local colour table and the data.
func encode(r image.Rectangle, palette []color.NRGBA, pixels []byte) []byte {
	depth := max(1, bits.Len(uint(len(palette)-1)))
	b := []byte{0x2C}
	for _, v := range []int{r.Min.X, r.Min.Y, r.Dx(), r.Dy()} {
		b = binary.LittleEndian.AppendUint16(b, uint16(v))
	}
	b = append(b, 0x80|byte(depth-1))
	for i := range 1 << depth {
		var c color.NRGBA
		if i < len(palette) {
			c = palette[i]
		}
		b = append(b, c.R, c.G, c.B)
	}
	var packed bytes.Buffer
	w := lzw.NewWriter(&packed, lzw.LSB, max(2, depth))
	w.Write(pixels) // a Buffer takes everything, and no index is too large
	w.Close()
	b = append(b, byte(max(2, depth)))
	for rest := packed.Bytes(); len(rest) > 0; {
		n := min(len(rest), 255)
		b = append(append(b, byte(n)), rest[:n]...)
		rest = rest[n:]
	}
	return append(b, 0)
}
