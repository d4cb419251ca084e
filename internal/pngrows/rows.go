package pngrows

import (
	"bufio"
	"compress/flate"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"

	"github.com/aigclabel/aigclabel/internal/container"
)

// A rowReader reads the rows of a picture in the order of the file.
type rowReader struct {
	p          *Picture
	data       *bufio.Reader // the IDAT chunks
	z          io.Reader     // and what they hold
	line       []byte        // the filter and the filtered row, as they stand in the file
	row, prior []byte        // this row and the one above it
}

// open starts to read rows.
func (p *Picture) open() (*rowReader, error) {
	data := bufio.NewReaderSize(newDataReader(p.r, p.data), chunkSize)
	z, err := zlib.NewReader(data)
	return &rowReader{p: p, data: data, z: z}, p.failed(err)
}

// start makes ready for the rows of a pass.
func (r *rowReader) start(p pass) {
	n := r.p.rowSize(p.width)
	r.line, r.row, r.prior = make([]byte, 1+n), make([]byte, n), make([]byte, n)
}

// next reads a row. It is only undone of its filter if the rows before it were.
func (r *rowReader) next(undo bool) error {
	if _, err := io.ReadFull(r.z, r.line); err != nil {
		return r.p.failed(err)
	}
	if !undo {
		return nil
	}
	r.prior, r.row = r.row, r.prior
	copy(r.row, r.line[1:])
	if err := unfilter(r.line[0], r.row, r.prior, r.p.step()); err != nil {
		return broken(r.p.data[0].Offset, err.Error())
	}
	return nil
}

// end checks the sums behind the last row. Surplus data is let pass, as by libpng.
func (r *rowReader) end() error {
	_, err := r.z.Read(make([]byte, 1))
	if err == io.EOF {
		_, err = r.data.ReadByte()
	}
	if err == nil || err == io.EOF {
		return nil
	}
	return r.p.failed(err)
}

// failed tells broken data from I/O errors.
func (p *Picture) failed(err error) error {
	var corrupt flate.CorruptInputError
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return broken(p.data[0].Offset, "too few rows")
	case errors.As(err, &corrupt), errors.Is(err, zlib.ErrHeader), errors.Is(err, zlib.ErrChecksum), errors.Is(err, zlib.ErrDictionary):
		return broken(p.data[0].Offset, err.Error())
	}
	return err
}

// A dataReader reads what the IDAT or fdAT chunks hold, and checks their sums.
type dataReader struct {
	r    io.ReaderAt
	left []container.PNGChunk
	at   int64 // in the data of the first that is left
	sum  uint32
}

// sequenceSize is the number before the data of fdAT.
const sequenceSize = 4

func newDataReader(r io.ReaderAt, chunks []container.PNGChunk) *dataReader {
	return &dataReader{r: r, left: chunks}
}

func (d *dataReader) Read(b []byte) (int, error) {
	for len(d.left) > 0 {
		c := d.left[0]
		if d.at == 0 {
			if err := d.start(c); err != nil {
				return 0, err
			}
		}
		rest := c.Length - 12 - d.at
		if rest == 0 {
			if err := d.check(c); err != nil {
				return 0, err
			}
			continue
		}
		n, err := d.r.ReadAt(b[:min(int64(len(b)), rest)], c.Offset+8+d.at)
		d.sum = crc32.Update(d.sum, crc32.IEEETable, b[:n])
		d.at += int64(n)
		if n > 0 || err != nil {
			return n, err
		}
	}
	return 0, io.EOF
}

// start begins a chunk: its checksum with the type, fdAT with a number.
func (d *dataReader) start(c container.PNGChunk) error {
	d.sum = crc32.ChecksumIEEE([]byte(c.Kind))
	if c.Kind == "IDAT" {
		return nil
	}
	var number [sequenceSize]byte
	if _, err := d.r.ReadAt(number[:], c.Offset+8); err != nil {
		return err
	}
	d.sum = crc32.Update(d.sum, crc32.IEEETable, number[:])
	d.at = sequenceSize
	return nil
}

// check compares the checksum of the first chunk, and goes on to the next.
func (d *dataReader) check(c container.PNGChunk) error {
	var b [4]byte
	if _, err := d.r.ReadAt(b[:], c.Offset+c.Length-4); err != nil && err != io.EOF {
		return err
	}
	if d.sum != binary.BigEndian.Uint32(b[:]) {
		return broken(c.Offset, c.Kind+" chunk: wrong checksum")
	}
	d.left, d.at = d.left[1:], 0
	return nil
}
