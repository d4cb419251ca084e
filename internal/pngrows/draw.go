package pngrows

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"image"
	"image/color"
	"io"

	"github.com/aigclabel/aigclabel/internal/container"
	"github.com/aigclabel/aigclabel/internal/splice"
)

// Pixels returns the pixels in r, which must lie in the picture. The one
// transparent colour of a gray or RGB picture (tRNS) counts as opaque.
func (p *Picture) Pixels(r image.Rectangle) (*image.NRGBA64, error) {
	img := image.NewNRGBA64(r)
	return img, p.scan([]image.Rectangle{r}, func(_ int, x, y int, c color.NRGBA64) { img.SetNRGBA64(x, y, c) })
}

// Grays returns how bright the pixels in rectangles of the picture are, in one pass.
func (p *Picture) Grays(rects []image.Rectangle) (all []*image.Gray, err error) {
	for _, r := range rects {
		all = append(all, image.NewGray(r))
	}
	return all, p.scan(rects, func(i, x, y int, c color.NRGBA64) {
		lit := (299*uint32(c.R) + 587*uint32(c.G) + 114*uint32(c.B)) / 1000
		all[i].Pix[all[i].PixOffset(x, y)] = uint8(lit >> 8)
	})
}

// scan visits the pixels in rectangles of the picture, by their index.
func (p *Picture) scan(rects []image.Rectangle, visit func(i, x, y int, c color.NRGBA64)) error {
	var all image.Rectangle
	for _, r := range rects {
		all = all.Union(r)
	}
	rows, err := p.open()
	if err != nil {
		return err
	}
	for _, pass := range p.passes(p.Width, p.Height) {
		rows.start(pass)
		from, to := pass.rows(all.Min.Y, all.Max.Y)
		last := pass.height
		if !p.interlaced {
			last = to
		}
		for y := range last {
			if err := rows.next(y < to); err != nil {
				return err
			}
			if y < from || y >= to {
				continue
			}
			py := pass.y + y*pass.dy
			for i, r := range rects {
				if py < r.Min.Y || py >= r.Max.Y {
					continue
				}
				left, right := pass.columns(r.Min.X, r.Max.X)
				for x := left; x < right; x++ {
					visit(i, pass.x+x*pass.dx, py, p.at(rows.row, x))
				}
			}
		}
	}
	return nil
}

// Draw returns the edits that give the pixels in r, which must lie in the picture, the
// colours that paint returns for those they have; it is called more than once for each.
// Colours are rounded to the bit depth. A palette grows by the new colours;
// if it cannot, the picture becomes RGB, or RGBA if there are transparent colours.
// A gray picture of less than 8 bits with a transparent colour becomes gray with alpha.
//
// In an animation all frames are drawn on where they overlap r. What paint returns should
// not go by what is there, which may be part of a frame; where a frame would show
// less than all of r that fails with [ErrFrames].
func (p *Picture) Draw(r image.Rectangle, paint Paint) (*splice.Plan, error) {
	d := drawing{r, paint}
	if err := p.check(r); err != nil {
		return nil, err
	}
	to, err := p.target(d)
	if err != nil {
		return nil, err
	}
	edits, err := p.stored(to, zlib.DefaultCompression, p.drawer(to, d))
	if err != nil {
		return nil, err
	}
	frames, err := p.drawFrames(to, d)
	if err != nil {
		return nil, err
	}
	return splice.New(p.r, p.size, append(edits, frames...))
}

// stored returns the edits of the chunks of a picture whose passes are written anew.
func (p *Picture) stored(to *format, level int, each passWriter) ([]splice.Edit, error) {
	out := &chunkWriter{}
	if err := p.rewrite(out, level, each); err != nil {
		return nil, err
	}
	first, last := p.data[0], p.data[len(p.data)-1]
	return append(p.convertChunks(to), splice.Edit{
		Offset: first.Offset, Delete: last.Offset + last.Length - first.Offset, Insert: bytes.NewReader(out.chunks),
	}), nil
}

// A Paint returns the colour of a pixel that has the colour was.
type Paint func(x, y int, was color.NRGBA64) color.NRGBA64

// A drawing is what paint makes of a rectangle.
type drawing struct {
	rect  image.Rectangle
	paint Paint
}

// A passWriter reads the rows of a pass and writes what becomes of them.
type passWriter func(w io.Writer, rows *rowReader, pass pass) error

// drawer returns what writes passes in the format to, with d on them.
func (p *Picture) drawer(to *format, d drawing) passWriter {
	return func(w io.Writer, rows *rowReader, pass pass) error {
		if to == &p.format {
			return p.patch(w, rows, pass, d)
		}
		return p.convert(w, rows, pass, to, d)
	}
}

// rewrite writes the data of the picture as each makes its passes, compressed at a level
// of zlib.
func (p *Picture) rewrite(w io.Writer, level int, each passWriter) error {
	rows, err := p.open()
	if err != nil {
		return err
	}
	buffered := bufio.NewWriterSize(w, chunkSize)
	z, err := zlib.NewWriterLevel(buffered, level)
	if err != nil {
		return err
	}
	for _, pass := range p.passes(p.Width, p.Height) {
		rows.start(pass)
		if err := each(z, rows, pass); err != nil {
			return err
		}
	}
	if err := rows.end(); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	return buffered.Flush()
}

// patch copies the rows of a pass. Those that d changes, and the one after
// them, are filtered anew in the way they were.
func (p *Picture) patch(w io.Writer, rows *rowReader, pass pass, d drawing) error {
	from, to := pass.rows(d.rect.Min.Y, d.rect.Max.Y)
	prior, row := make([]byte, len(rows.row)), make([]byte, len(rows.row))
	for y := range pass.height {
		if err := rows.next(y <= to); err != nil {
			return err
		}
		if y == from {
			copy(prior, rows.prior)
		}
		if y >= from && y <= to && from < to {
			copy(row, rows.row)
			if y < to {
				p.paint(row, pass, y, &p.format, d)
			}
			filtered(rows.line[1:], rows.line[0], row, prior, p.step())
			prior, row = row, prior
		}
		if _, err := w.Write(rows.line); err != nil {
			return err
		}
	}
	return nil
}

// convert writes the rows of a pass in another format, without filters.
func (p *Picture) convert(w io.Writer, rows *rowReader, pass pass, to *format, d drawing) error {
	line := make([]byte, 1+to.rowSize(pass.width))
	for y := range pass.height {
		if err := rows.next(true); err != nil {
			return err
		}
		if err := p.copyPixels(line[1:], to, rows.row, pass.width); err != nil {
			return err
		}
		p.paint(line[1:], pass, y, to, d)
		if _, err := w.Write(line); err != nil {
			return err
		}
	}
	return nil
}

// paint puts the pixels of d into a row of p in the format f, except those
// that are in p already.
func (p *Picture) paint(row []byte, pass pass, y int, f *format, d drawing) {
	py := pass.y + y*pass.dy
	if py < d.rect.Min.Y || py >= d.rect.Max.Y {
		return
	}
	left, right := pass.columns(d.rect.Min.X, d.rect.Max.X)
	for x := left; x < right; x++ {
		was := f.at(row, x)
		if c := d.paint(pass.x+x*pass.dx, py, was); c != was {
			f.set(row, x, c)
		}
	}
}

// chunkSize is how much an IDAT chunk holds.
const chunkSize = 64 << 10

// A chunkWriter makes an IDAT chunk of each write.
type chunkWriter struct{ chunks []byte }

func (w *chunkWriter) Write(b []byte) (int, error) {
	w.chunks = container.AppendPNGChunk(w.chunks, "IDAT", b)
	return len(b), nil
}
