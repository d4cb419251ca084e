package container

import (
	"bytes"
	"compress/flate"
	"compress/zlib"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
)

// Decompressors take 40 KB each, more than most of what they read.
var (
	flates = sync.Pool{New: func() any { return flate.NewReader(strings.NewReader("")) }}
	zlibs  = sync.Pool{New: func() any {
		z, _ := zlib.NewReader(bytes.NewReader(deflate(nil))) // a good stream
		return z
	}}
)

// Inflate decompresses zlib data within the limit.
func (s *Source) Inflate(b []byte, what string) ([]byte, error) {
	z := zlibs.Get().(io.ReadCloser)
	defer zlibs.Put(z)
	if err := z.(zlib.Resetter).Reset(bytes.NewReader(b), nil); err != nil {
		return nil, err
	}
	return s.decompress(z, what)
}

// Deflated decompresses raw deflate data that is to give size bytes, and no more,
// within the limit. What broken data gives stands beside the error.
func (s *Source) Deflated(b []byte, size int64, what string) ([]byte, error) {
	if size > s.Inflated-s.spent.inflated {
		return nil, &LimitError{What: "decompressed " + what, Limit: s.Inflated}
	}
	z := flates.Get().(io.ReadCloser)
	defer flates.Put(z)
	if err := z.(flate.Resetter).Reset(bytes.NewReader(b), nil); err != nil {
		return nil, err
	}
	room := min(size, deflateGain*int64(len(b))) + 1 // one byte more shows that there is more
	out, err := readBlock(z, int(room))
	s.spent.inflated += int64(len(out))
	switch {
	case int64(len(out)) > size:
		return out[:size], errors.New("more data than announced")
	case err == io.EOF && int64(len(out)) == size:
		err = nil
	}
	return out, err
}

// deflateGain is above the best that deflate can do, 1032:1.
const deflateGain = 1040

// decompress reads r to its end, in blocks that are not copied as they grow.
func (s *Source) decompress(r io.Reader, what string) ([]byte, error) {
	var blocks [][]byte
	for size := 512; ; size = min(2*size, 1<<20) {
		block, err := readBlock(r, size)
		s.spent.inflated += int64(len(block))
		if s.spent.inflated > s.Inflated {
			return nil, &LimitError{What: "decompressed " + what, Limit: s.Inflated}
		}
		blocks = append(blocks, block)
		if err == io.EOF {
			return slices.Concat(blocks...), nil
		}
		if err != nil {
			return slices.Concat(blocks...), err
		}
	}
}

// readBlock is [io.ReadFull] with the reader's own errors.
func readBlock(r io.Reader, size int) (block []byte, err error) {
	block = make([]byte, 0, size)
	for len(block) < size && err == nil {
		var n int
		n, err = r.Read(block[len(block):size])
		block = block[:len(block)+n]
	}
	return block, err
}

// deflate compresses to zlib format.
func deflate(b []byte) []byte {
	var out bytes.Buffer
	z := zlib.NewWriter(&out)
	z.Write(b) // a Buffer takes everything
	z.Close()
	return out.Bytes()
}
