// Package tiffpix changes pixels of the pictures in a TIFF file (TIFF 6.0, BigTIFF).
//
// [Open] reads their fields, [Page.Pixels] a rectangle of pixels, and [Page.Draw] plans
// the edits that give them other colours: the strips and tiles that they lie in are
// compressed anew in the way they were, all others stay. One that has become longer
// goes to the end of the file, and leaves zeros.
package tiffpix

import (
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/color"
	"io"

	"github.com/aigclabel/aigclabel/internal/container"
)

// ErrUnsupported reports pictures of a kind that cannot be drawn on: camera data, floating
// point, JPEG and fax compression...
var ErrUnsupported = errors.New("tiffpix: unsupported kind of picture")

// ErrColors reports a colour that is not in the palette.
var ErrColors = errors.New("tiffpix: colour that the palette lacks")

var errNoRoom = fmt.Errorf("%w: a strip that has no room to grow", ErrUnsupported)

// A Page is one picture of a file. Its methods are not safe for concurrent use.
type Page struct {
	Width, Height int
	Orientation   int // as in Exif: 1 to 8

	// Reduced says that it is a smaller version of another one.
	Reduced bool

	file     *file
	order    binary.ByteOrder
	depth    int // bits of a sample
	samples  int // of a pixel
	model    model
	alpha    int  // the sample that is alpha, 0 for none
	premul   bool // by which the colours are multiplied
	colors   []color.NRGBA
	coding   int
	predict  bool
	planar   bool            // each sample in segments of its own
	segment  image.Point     // size of a strip or tile
	across   int             // segments
	count    int             // segments of a plane
	tiled    bool            //
	segments [2]segmentField // offsets, lengths
}

// A file is what the pages have in common.
type file struct {
	r     io.ReaderAt
	size  int64
	end   int64 // where more data goes
	left  int64 // pixels that further pages may have
	limit int64 // of pixels
}

// A segmentField is where the numbers of segments stand.
type segmentField struct{ offset, size int64 }

// A model is what samples mean.
type model int

const (
	whiteIsZero model = 0
	blackIsZero model = 1
	rgb         model = 2
	indexed     model = 3
	cmyk        model = 5
)

// Compressions.
const (
	none       = 1
	lzwCoding  = 5
	deflate    = 8
	packBits   = 32773
	oldDeflate = 32946
)

// Fields of a page (TIFF 6.0 section 8).
const (
	tagSubfile     = 254
	tagWidth       = 256
	tagHeight      = 257
	tagBits        = 258
	tagCompression = 259
	tagPhotometric = 262
	tagFillOrder   = 266
	tagStrips      = 273
	tagOrientation = 274
	tagSamples     = 277
	tagRowsPer     = 278
	tagStripCounts = 279
	tagPlanar      = 284
	tagPredictor   = 317
	tagColorMap    = 320
	tagTileWidth   = 322
	tagTileHeight  = 323
	tagTiles       = 324
	tagTileCounts  = 325
	tagInkSet      = 332
	tagExtra       = 338
	tagFormat      = 339
)

// Open reads the pages of the TIFF file in the first size bytes of r; masks are left out.
// Broken files are a *[container.FormatError], files with more than maxPixels pixels in
// all their pages a *[container.LimitError], pages that cannot be drawn on
// [ErrUnsupported].
func Open(r io.ReaderAt, size, maxPixels int64) ([]*Page, error) {
	directories, err := container.TIFFPages(container.NewSource(r, size, container.Limits{}))
	if err != nil {
		return nil, err
	}
	f := &file{r: r, size: size, end: size, left: maxPixels, limit: maxPixels}
	var pages []*Page
	for i := range directories {
		d := fields{f, &directories[i]}
		kind, err := d.one(tagSubfile, 0)
		if err != nil {
			return nil, err
		}
		const reduced, mask = 1, 4
		if kind&mask != 0 {
			continue
		}
		p := &Page{file: f, order: d.Order, Reduced: kind&reduced != 0}
		if err := p.read(d); err != nil {
			return nil, err
		}
		pages = append(pages, p)
	}
	if len(pages) == 0 {
		return nil, broken(0, "no picture")
	}
	return pages, nil
}

// fields are those of a page.
type fields struct {
	*file
	*container.TIFFPage
}

// one returns the first value of a field, or what stands for one that is not there.
func (f fields) one(tag uint16, missing int64) (int64, error) {
	offset, n, size := f.Field(tag)
	if n == 0 {
		return missing, nil
	}
	return f.uint(f.Order, offset, size)
}

// all returns the values of a field, which are not more than limit.
func (f fields) all(tag uint16, limit int64) (values []int64, err error) {
	offset, n, size := f.Field(tag)
	if n > limit {
		return nil, broken(f.Offset, fmt.Sprintf("field %d has %d values", tag, n))
	}
	for i := range n {
		v, err := f.uint(f.Order, offset+i*size, size)
		if err != nil {
			return nil, err
		}
		values = append(values, v)
	}
	return values, nil
}

// uint reads a number of size bytes.
func (f *file) uint(order binary.ByteOrder, off, size int64) (int64, error) {
	b, err := f.read(off, size)
	if err != nil {
		return 0, err
	}
	switch size {
	case 1:
		return int64(b[0]), nil
	case 2:
		return int64(order.Uint16(b)), nil
	case 4:
		return int64(order.Uint32(b)), nil
	}
	if v := order.Uint64(b); v < 1<<62 {
		return int64(v), nil
	}
	return 0, broken(off, "number too large")
}

// read returns n bytes at off.
func (f *file) read(off, n int64) ([]byte, error) {
	if off < 0 || n < 0 || off > f.size || n > f.size-off {
		return nil, broken(off, "outside of the file")
	}
	b := make([]byte, n)
	if got, err := f.r.ReadAt(b, off); got < len(b) {
		if err == nil || errors.Is(err, io.EOF) {
			return nil, broken(off+int64(got), "file is truncated")
		}
		return nil, err
	}
	return b, nil
}

// read reads the fields of a page.
func (p *Page) read(d fields) error {
	var err error
	one := func(tag uint16, missing int64) (v int64) {
		if err == nil {
			v, err = d.one(tag, missing)
		}
		return v
	}
	w, h := one(tagWidth, 0), one(tagHeight, 0)
	p.Orientation = int(one(tagOrientation, 1))
	p.samples, p.coding = int(min(one(tagSamples, 1), 1<<16)), int(one(tagCompression, none))
	p.planar, p.predict = one(tagPlanar, 1) == 2, one(tagPredictor, 1) == 2
	photometric, fill, ink, predictor := one(tagPhotometric, -1), one(tagFillOrder, 1), one(tagInkSet, 1), one(tagPredictor, 1)
	switch {
	case err != nil:
		return err
	case w == 0 || h == 0 || p.samples == 0:
		return broken(d.Offset, "an empty picture")
	case w > d.left/h:
		return &container.LimitError{What: "pixels of the picture", Limit: d.limit}
	case fill != 1 || predictor > 2 || photometric == int64(cmyk) && ink != 1:
		return fmt.Errorf("%w: fill order %d, predictor %d, ink set %d", ErrUnsupported, fill, predictor, ink)
	}
	d.left -= w * h
	p.Width, p.Height = int(w), int(h)
	if err := p.kind(d, photometric); err != nil {
		return err
	}
	return p.layout(d)
}

// kind tells what the samples of a pixel are.
func (p *Page) kind(d fields, photometric int64) error {
	depths, err := d.all(tagBits, int64(p.samples))
	if err != nil {
		return err
	}
	formats, err := d.all(tagFormat, int64(p.samples))
	if err != nil {
		return err
	}
	p.depth = 1
	for i, v := range depths {
		if i > 0 && v != depths[0] {
			return fmt.Errorf("%w: samples of %d bits", ErrUnsupported, depths)
		}
		p.depth = int(v)
	}
	for _, v := range formats {
		if v != 1 && v != 4 { // unsigned, undefined
			return fmt.Errorf("%w: sample format %d", ErrUnsupported, v)
		}
	}
	colors := map[model]int{whiteIsZero: 1, blackIsZero: 1, rgb: 3, indexed: 1, cmyk: 4}[model(photometric)]
	p.model = model(photometric)
	whole := p.depth == 8 || p.depth == 16
	parts := p.samples == 1 && (p.depth == 1 || p.depth == 2 || p.depth == 4)
	coded := p.coding == none || p.coding == lzwCoding || p.coding == deflate || p.coding == oldDeflate || p.coding == packBits
	p.predict = p.predict && p.coding != none && p.coding != packBits
	switch {
	case photometric < 0 || colors == 0 || p.samples < colors || p.samples > 16 || !whole && !parts || p.model == indexed && (p.samples > 1 || p.depth > 8) || p.predict && !whole:
		return fmt.Errorf("%w: photometric %d, %d samples of %d bits", ErrUnsupported, photometric, p.samples, p.depth)
	case !coded:
		return fmt.Errorf("%w: compression %d", ErrUnsupported, p.coding)
	}
	if err := p.extra(d, colors); err != nil || p.model != indexed {
		if !whole {
			p.levels()
		}
		return err
	}
	return p.colorMap(d)
}

// extra finds alpha among the samples behind the colours.
func (p *Page) extra(d fields, colors int) error {
	kinds, err := d.all(tagExtra, int64(p.samples))
	if err != nil {
		return err
	}
	for i, v := range kinds {
		const associated, unassociated = 1, 2
		if colors+i < p.samples && (v == associated || v == unassociated) {
			p.alpha, p.premul = colors+i, v == associated
			break
		}
	}
	return nil
}

// levels lists the greys of samples of few bits.
func (p *Page) levels() {
	most := 1<<p.depth - 1
	for i := range most + 1 {
		v := uint8(i * 0xFF / most)
		if p.model == whiteIsZero {
			v = 0xFF - v
		}
		p.colors = append(p.colors, color.NRGBA{v, v, v, 0xFF})
	}
}

// colorMap reads the palette: reds, greens, blues.
func (p *Page) colorMap(d fields) error {
	n := 1 << p.depth
	values, err := d.all(tagColorMap, int64(3*n))
	if err != nil {
		return err
	}
	if len(values) != 3*n {
		return broken(d.Offset, "no colours for the palette")
	}
	shift := 0 // some programs write 8 bits
	for _, v := range values {
		if v > 0xFF {
			shift = 8
		}
	}
	for i := range n {
		p.colors = append(p.colors, color.NRGBA{uint8(values[i] >> shift), uint8(values[n+i] >> shift), uint8(values[2*n+i] >> shift), 0xFF})
	}
	return nil
}

// maxSegment bounds a strip or tile, which is held in memory whole.
const maxSegment = 1 << 30

// layout tells where strips and tiles are.
func (p *Page) layout(d fields) error {
	tw, err := d.one(tagTileWidth, 0)
	if err != nil {
		return err
	}
	th, err := d.one(tagTileHeight, 0)
	if err != nil {
		return err
	}
	offsets, counts := uint16(tagTiles), uint16(tagTileCounts)
	if p.tiled = tw > 0; !p.tiled {
		offsets, counts = tagStrips, tagStripCounts
		tw = int64(p.Width)
		if th, err = d.one(tagRowsPer, int64(p.Height)); err != nil {
			return err
		}
		th = min(th, int64(p.Height))
	}
	const most = 1 << 16 // pixels across or down a tile
	if th <= 0 || p.tiled && (tw > most || th > most) {
		return broken(d.Offset, "segments of no size")
	}
	if tw > d.limit/th { // a tile may be larger than the picture
		return &container.LimitError{What: "pixels of a tile", Limit: d.limit}
	}
	if tw*int64(p.samples*p.depth)/8 > maxSegment/th {
		return fmt.Errorf("%w: strips of more than %d bytes", ErrUnsupported, maxSegment)
	}
	p.segment = image.Pt(int(tw), int(th))
	p.across = (p.Width + p.segment.X - 1) / p.segment.X
	p.count = p.across * ((p.Height + p.segment.Y - 1) / p.segment.Y)
	planes := 1
	if p.planar {
		planes = p.samples
	}
	for i, tag := range [2]uint16{offsets, counts} {
		offset, n, size := d.Field(tag)
		if n < int64(p.count)*int64(planes) || size != 2 && size != 4 && size != 8 {
			return broken(d.Offset, "segments are missing")
		}
		p.segments[i] = segmentField{offset, size}
	}
	return nil
}

// Palette returns the colours that a pixel can have, nil for any.
func (p *Page) Palette() []color.NRGBA { return p.colors }

// Bounds returns the rectangle of all pixels.
func (p *Page) Bounds() image.Rectangle { return image.Rect(0, 0, p.Width, p.Height) }

// broken returns the error of a file that breaks the rules.
func broken(off int64, what string) error {
	return &container.FormatError{Offset: off, Err: errors.New("TIFF: " + what)}
}
