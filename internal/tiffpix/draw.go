package tiffpix

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"slices"

	"github.com/aigclabel/aigclabel/internal/splice"
)

// Pixels returns the pixels in r, which must lie in the picture.
func (p *Page) Pixels(r image.Rectangle) (*image.NRGBA64, error) {
	img := image.NewNRGBA64(r)
	return img, p.each(r, func(s *segment) error {
		s.visit(r, func(x, y int, row [][]byte, i int) { img.SetNRGBA64(x, y, p.at(row, i)) })
		return nil
	})
}

// Draw returns the edits that give the pixels in r, which must lie in the picture, the
// colours that paint returns for those they have. Colours are rounded to what a pixel
// can hold; one that a palette lacks is [ErrColors]. The edits of all pages of a file
// make one plan.
func (p *Page) Draw(r image.Rectangle, paint func(x, y int, was color.NRGBA64) color.NRGBA64) ([]splice.Edit, error) {
	var edits []splice.Edit
	err := p.each(r, func(s *segment) (err error) {
		s.remember()
		s.visit(r, func(x, y int, row [][]byte, i int) {
			was := p.at(row, i)
			if c := paint(x, y, was); c != was && err == nil {
				err = p.set(row, i, c)
			}
		})
		if err != nil {
			return err
		}
		more, err := s.stored()
		edits = append(edits, more...)
		return err
	})
	return edits, err
}

// A segment is some rows of a strip or a tile.
type segment struct {
	*Page
	rect    image.Rectangle // of pixels, which may go over the edge of the picture
	row     int             // bytes of a row
	between int             // samples from one to the same of the next pixel
	planes  []plane
}

// A plane is the samples of a segment, or one of each pixel.
type plane struct {
	number int   // of the segment in the file
	at     int64 // in the file, of the bytes that hold data
	stored int64 // of these
	data   []byte
	was    []byte // data before it was drawn on
}

// each loads the segments that hold pixels of r.
func (p *Page) each(r image.Rectangle, do func(*segment) error) error {
	for y := r.Min.Y / p.segment.Y; y*p.segment.Y < r.Max.Y; y++ {
		for x := r.Min.X / p.segment.X; x*p.segment.X < r.Max.X; x++ {
			s, err := p.load(x, y, r)
			if err == nil {
				err = do(s)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// load reads a segment, of one that is not compressed only the rows that are in r.
func (p *Page) load(x, y int, r image.Rectangle) (*segment, error) {
	s := &segment{Page: p}
	s.rect = image.Rect(x*p.segment.X, y*p.segment.Y, (x+1)*p.segment.X, (y+1)*p.segment.Y)
	if !p.tiled { // the last strip ends with the picture
		s.rect.Max.Y = min(s.rect.Max.Y, p.Height)
	}
	planes := 1
	if s.between = p.samples; p.planar {
		planes, s.between = p.samples, 1
	}
	s.row = (p.segment.X*s.between*p.depth + 7) / 8
	skip := 0
	if p.coding == none {
		from, to := max(s.rect.Min.Y, r.Min.Y), min(s.rect.Max.Y, r.Max.Y)
		skip = (from - s.rect.Min.Y) * s.row
		s.rect.Min.Y, s.rect.Max.Y = from, to
	}
	for i := range planes {
		read, err := p.plane(i*p.count+y*p.across+x, int64(skip), s.row*s.rect.Dy())
		if err != nil {
			return nil, err
		}
		if p.predict {
			s.rows(read.data, p.sum)
		}
		s.planes = append(s.planes, read)
	}
	return s, nil
}

// plane reads n bytes of what a segment holds, behind skip bytes of one that is not
// compressed.
func (p *Page) plane(number int, skip int64, n int) (plane, error) {
	at, err := p.segmentNumber(0, number)
	if err != nil {
		return plane{}, err
	}
	stored, err := p.segmentNumber(1, number)
	if err != nil {
		return plane{}, err
	}
	if p.coding == none {
		if skip+int64(n) > stored {
			return plane{}, broken(at, "strip of too little data")
		}
		at, stored = at+skip, int64(n)
	}
	if stored > 2*int64(n)+maxOverhead {
		return plane{}, fmt.Errorf("%w: %d bytes for %d", ErrUnsupported, stored, n)
	}
	packed, err := p.file.read(at, stored)
	if err != nil {
		return plane{}, err
	}
	data, err := decode(p.coding, packed, n)
	if err != nil {
		return plane{}, broken(at, err.Error())
	}
	return plane{number: number, at: at, stored: stored, data: data}, nil
}

// maxOverhead is more than a coding adds to what it cannot compress.
const maxOverhead = 4 << 10

// segmentNumber returns the offset of a segment, or its length.
func (p *Page) segmentNumber(which, i int) (int64, error) {
	f := p.segments[which]
	return p.file.uint(p.order, f.offset+int64(i)*f.size, f.size)
}

// visit calls do for the pixels in r, with the rows of the planes and the pixel's index.
func (s *segment) visit(r image.Rectangle, do func(x, y int, row [][]byte, i int)) {
	inside := s.rect.Intersect(r).Intersect(s.Bounds())
	row := make([][]byte, len(s.planes))
	for y := inside.Min.Y; y < inside.Max.Y; y++ {
		for i := range row {
			at := (y - s.rect.Min.Y) * s.row
			row[i] = s.planes[i].data[at : at+s.row]
		}
		for x := inside.Min.X; x < inside.Max.X; x++ {
			do(x, y, row, x-s.rect.Min.X)
		}
	}
}

// stored returns the edits that store all planes.
func (s *segment) stored() (edits []splice.Edit, err error) {
	for i := range s.planes {
		more, err := s.edits(i)
		if err != nil {
			return nil, err
		}
		edits = append(edits, more...)
	}
	return edits, nil
}

// edits returns those that store a plane, if it has changed.
func (s *segment) edits(i int) ([]splice.Edit, error) {
	l := s.planes[i]
	if bytes.Equal(l.was, l.data) {
		return nil, nil
	}
	data := l.data
	if s.predict {
		data = bytes.Clone(data)
		s.rows(data, s.difference)
	}
	data = encode(s.coding, data, s.row)
	put := func(at, n int64, b []byte) splice.Edit {
		return splice.Edit{Offset: at, Delete: n, Insert: bytes.NewReader(b)}
	}
	if int64(len(data)) <= l.stored {
		stored := append(data, make([]byte, l.stored-int64(len(data)))...)
		if len(data) == int(l.stored) {
			return []splice.Edit{put(l.at, l.stored, stored)}, nil
		}
		length, err := s.number(1, l.number, int64(len(data)))
		return []splice.Edit{put(l.at, l.stored, stored), length}, err
	}
	pad := s.file.end & 1 // offsets are even
	at := s.file.end + pad
	s.file.end = at + int64(len(data))
	offset, err := s.number(0, l.number, at)
	if err != nil {
		return nil, err
	}
	length, err := s.number(1, l.number, int64(len(data)))
	if err != nil {
		return nil, err
	}
	gone := put(l.at, l.stored, make([]byte, l.stored))
	return []splice.Edit{gone, offset, length, put(s.file.size, 0, append(make([]byte, pad), data...))}, nil
}

// number returns the edit of the offset of a segment, or of its length.
func (p *Page) number(which, i int, v int64) (splice.Edit, error) {
	f := p.segments[which]
	b := make([]byte, f.size)
	switch {
	case f.size < 8 && v>>(8*f.size) != 0:
		return splice.Edit{}, errNoRoom
	case f.size == 2:
		p.order.PutUint16(b, uint16(v))
	case f.size == 4:
		p.order.PutUint32(b, uint32(v))
	default:
		p.order.PutUint64(b, uint64(v))
	}
	return splice.Edit{Offset: f.offset + int64(i)*f.size, Delete: f.size, Insert: bytes.NewReader(b)}, nil
}

// rows does or undoes the horizontal predictor (section 14) in each row.
func (s *segment) rows(data []byte, do func(row []byte, samples int)) {
	for ; len(data) > 0; data = data[s.row:] {
		do(data[:s.row], s.between)
	}
}

func (p *Page) sum(row []byte, samples int) {
	if p.depth == 8 {
		for i := samples; i < len(row); i++ {
			row[i] += row[i-samples]
		}
		return
	}
	for i := 2 * samples; i+1 < len(row); i += 2 {
		p.order.PutUint16(row[i:], p.order.Uint16(row[i:])+p.order.Uint16(row[i-2*samples:]))
	}
}

func (p *Page) difference(row []byte, samples int) {
	if p.depth == 8 {
		for i := len(row) - 1; i >= samples; i-- {
			row[i] -= row[i-samples]
		}
		return
	}
	for i := len(row) - 2; i >= 2*samples; i -= 2 {
		p.order.PutUint16(row[i:], p.order.Uint16(row[i:])-p.order.Uint16(row[i-2*samples:]))
	}
}

// sample returns sample k of pixel i of a row.
func (p *Page) sample(row [][]byte, i, k int) uint32 {
	b := row[0]
	if p.planar {
		b = row[k]
	} else {
		i = i*p.samples + k
	}
	switch p.depth {
	case 8:
		return uint32(b[i])
	case 16:
		return uint32(p.order.Uint16(b[2*i:]))
	}
	bit := i * p.depth
	return uint32(b[bit/8]) >> (8 - p.depth - bit%8) & (1<<p.depth - 1)
}

// setSample is the opposite of sample.
func (p *Page) setSample(row [][]byte, i, k int, v uint32) {
	b := row[0]
	if p.planar {
		b = row[k]
	} else {
		i = i*p.samples + k
	}
	switch p.depth {
	case 8:
		b[i] = byte(v)
	case 16:
		p.order.PutUint16(b[2*i:], uint16(v))
	default:
		bit := i * p.depth
		shift := 8 - p.depth - bit%8
		b[bit/8] = b[bit/8]&^(byte(1<<p.depth-1)<<shift) | byte(v)<<shift
	}
}

// at returns pixel i of a row.
func (p *Page) at(row [][]byte, i int) color.NRGBA64 {
	if p.colors != nil {
		c := p.colors[p.sample(row, i, 0)]
		return color.NRGBA64{R: uint16(c.R) * 257, G: uint16(c.G) * 257, B: uint16(c.B) * 257, A: 0xFFFF}
	}
	channel := func(k int) uint16 {
		v := p.sample(row, i, k)
		if p.depth == 8 {
			v *= 257
		}
		return uint16(v)
	}
	c := color.NRGBA64{A: 0xFFFF}
	switch p.model {
	case whiteIsZero:
		v := ^channel(0)
		c.R, c.G, c.B = v, v, v
	case blackIsZero:
		v := channel(0)
		c.R, c.G, c.B = v, v, v
	case cmyk:
		k := 0xFFFF - uint32(channel(3))
		ink := func(i int) uint16 { return uint16((0xFFFF - uint32(channel(i))) * k / 0xFFFF) }
		c.R, c.G, c.B = ink(0), ink(1), ink(2)
	default:
		c.R, c.G, c.B = channel(0), channel(1), channel(2)
	}
	if p.alpha == 0 {
		return c
	}
	c.A = channel(p.alpha)
	if p.premul && c.A > 0 {
		for _, v := range []*uint16{&c.R, &c.G, &c.B} {
			*v = uint16(min(uint32(*v)*0xFFFF/uint32(c.A), 0xFFFF))
		}
	}
	return c
}

// set puts c into pixel i of a row.
func (p *Page) set(row [][]byte, i int, c color.NRGBA64) error {
	if p.colors != nil {
		index := slices.Index(p.colors, color.NRGBAModel.Convert(c).(color.NRGBA))
		if index < 0 {
			return ErrColors
		}
		p.setSample(row, i, 0, uint32(index))
		return nil
	}
	values := [4]uint16{c.R, c.G, c.B}
	n := 3
	if p.premul {
		for k := range values {
			values[k] = uint16((uint32(values[k])*uint32(c.A) + 0x7FFF) / 0xFFFF)
		}
	}
	switch p.model {
	case whiteIsZero:
		values[0], n = ^brightness(values), 1
	case blackIsZero:
		values[0], n = brightness(values), 1
	case cmyk:
		values, n = inks(values), 4
	}
	for k, v := range values[:n] {
		p.setSample(row, i, k, p.rounded(v))
	}
	if p.alpha > 0 {
		p.setSample(row, i, p.alpha, p.rounded(c.A))
	}
	return nil
}

// rounded returns a channel as a sample.
func (p *Page) rounded(v uint16) uint32 {
	if p.depth == 8 {
		return (uint32(v) + 128) / 257
	}
	return uint32(v)
}

func brightness(v [4]uint16) uint16 {
	return uint16((299*uint32(v[0]) + 587*uint32(v[1]) + 114*uint32(v[2]) + 500) / 1000)
}

// inks returns cyan, magenta, yellow and black for red, green and blue, with as much
// black as can be.
func inks(v [4]uint16) [4]uint16 {
	light := uint32(max(v[0], v[1], v[2]))
	out := [4]uint16{3: uint16(0xFFFF - light)}
	for i := range 3 {
		if light > 0 {
			out[i] = uint16((light - uint32(v[i])) * 0xFFFF / light)
		}
	}
	return out
}
