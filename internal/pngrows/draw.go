package pngrows

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"image"
	"io"

	"github.com/aigclabel/aigclabel/internal/container"
	"github.com/aigclabel/aigclabel/internal/splice"
)

// Pixels returns the pixels in r, which must lie in the picture. The one
// transparent colour of a gray or RGB picture (tRNS) counts as opaque.
func (p *Picture) Pixels(r image.Rectangle) (*image.NRGBA64, error) {
	img := image.NewNRGBA64(r)
	rows, err := p.open()
	if err != nil {
		return nil, err
	}
	for _, pass := range p.passes(p.Width, p.Height) {
		rows.start(pass)
		from, to := pass.rows(r.Min.Y, r.Max.Y)
		left, right := pass.columns(r.Min.X, r.Max.X)
		last := pass.height
		if !p.interlaced {
			last = to
		}
		for y := range last {
			if err := rows.next(y < to); err != nil {
				return nil, err
			}
			if y < from || y >= to {
				continue
			}
			for x := left; x < right; x++ {
				img.SetNRGBA64(pass.x+x*pass.dx, pass.y+y*pass.dy, p.at(rows.row, x))
			}
		}
	}
	return img, nil
}

// Draw returns the edits that put img into the picture, where it lies by its own
// bounds. Colours are rounded to the bit depth. A palette grows by the new colours;
// if it cannot, the picture becomes RGB, or RGBA if the palette or img has transparent colours.
// A gray picture of less than 8 bits with a transparent colour becomes gray with alpha.
func (p *Picture) Draw(img *image.NRGBA64) (*splice.Plan, error) {
	to := p.target(img)
	out := &chunkWriter{}
	if err := p.rewrite(out, to, img); err != nil {
		return nil, err
	}
	first, last := p.data[0], p.data[len(p.data)-1]
	edits := append(p.convertChunks(to), splice.Edit{
		Offset: first.Offset, Delete: last.Offset + last.Length - first.Offset, Insert: bytes.NewReader(out.chunks),
	})
	return splice.New(p.r, p.size, edits)
}

// rewrite writes the picture with img in it in the format to.
func (p *Picture) rewrite(w io.Writer, to *format, img *image.NRGBA64) error {
	rows, err := p.open()
	if err != nil {
		return err
	}
	buffered := bufio.NewWriterSize(w, chunkSize)
	z := zlib.NewWriter(buffered)
	for _, pass := range p.passes(p.Width, p.Height) {
		rows.start(pass)
		if to == &p.format {
			err = p.patch(z, rows, pass, img)
		} else {
			err = p.convert(z, rows, pass, to, img)
		}
		if err != nil {
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

// patch copies the rows of a pass. Those that img changes, and the one after
// them, are filtered anew in the way they were.
func (p *Picture) patch(w io.Writer, rows *rowReader, pass pass, img *image.NRGBA64) error {
	from, to := pass.rows(img.Rect.Min.Y, img.Rect.Max.Y)
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
				p.paint(row, pass, y, &p.format, img)
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
func (p *Picture) convert(w io.Writer, rows *rowReader, pass pass, to *format, img *image.NRGBA64) error {
	line := make([]byte, 1+to.rowSize(pass.width))
	for y := range pass.height {
		if err := rows.next(true); err != nil {
			return err
		}
		if err := p.copyPixels(line[1:], to, rows.row, pass.width); err != nil {
			return err
		}
		p.paint(line[1:], pass, y, to, img)
		if _, err := w.Write(line); err != nil {
			return err
		}
	}
	return nil
}

// paint puts the pixels of img into a row of p in the format f, except those
// that are in p already.
func (p *Picture) paint(row []byte, pass pass, y int, f *format, img *image.NRGBA64) {
	py := pass.y + y*pass.dy
	left, right := pass.columns(img.Rect.Min.X, img.Rect.Max.X)
	for x := left; x < right; x++ {
		at := image.Pt(pass.x+x*pass.dx, py)
		if c := img.NRGBA64At(at.X, at.Y); at.In(img.Rect) && c != f.at(row, x) {
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
