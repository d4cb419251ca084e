package container

import (
	"bufio"
	"bytes"
	"cmp"
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

// edgeBlocks are for what is decompressed and kept as a string.
var edgeBlocks = sync.Pool{New: func() any { return new([2 * edgeSize]byte) }}

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
// within the limit, into block if there is room. What broken data gives stands beside
// the error.
func (s *Source) Deflated(b []byte, size int64, what string, block []byte) ([]byte, error) {
	if size > s.Inflated-s.spent.inflated {
		return nil, &LimitError{What: "decompressed " + what, Limit: s.Inflated}
	}
	z := flates.Get().(io.ReadCloser)
	defer flates.Put(z)
	if err := z.(flate.Resetter).Reset(bytes.NewReader(b), nil); err != nil {
		return nil, err
	}
	room := min(size, deflateGain*int64(len(b))) + 1 // one byte more shows that there is more
	if room > int64(len(block)) {
		block = make([]byte, room)
	}
	out, err := readBlock(z, block[:room])
	s.spent.inflated += int64(len(out))
	switch {
	case int64(len(out)) > size:
		return out[:size], errors.New("more data than announced")
	case err == io.EOF && int64(len(out)) == size:
		err = nil
	}
	return out, err
}

// inflatedEdges is edges for raw deflate data.
func (s *Source) inflatedEdges(off, packed, size int64, from string) (head, tail string, err error) {
	file := &checkedReader{r: io.NewSectionReader(s.r, off, packed)}
	var raw io.Reader
	if b, ok, _ := s.window(off, packed); ok {
		raw = bytes.NewReader(b)
	} else {
		raw = bufio.NewReaderSize(file, int(min(packed, edgeSize)))
	}
	z := flates.Get().(io.ReadCloser)
	defer flates.Put(z)
	if err := z.(flate.Resetter).Reset(raw, nil); err != nil {
		return "", "", err
	}
	head, tail, err = s.edges(z, size, from)
	return head, tail, cmp.Or(file.err, err)
}

// edges returns the first edgeSize bytes of r from a mark on, and the last, or all of up
// to twice as many, for both. What is broken gives what it gives.
func (s *Source) edges(r io.Reader, size int64, from string) (head, tail string, err error) {
	memory := edgeBlocks.Get().(*[2 * edgeSize]byte)
	defer edgeBlocks.Put(memory)
	block := memory[: 0 : min(size, 2*edgeSize-1)+1] // one byte more shows that there is more
	whole, found := true, false
	for err == nil {
		if len(block) == cap(block) {
			if len(block) < 2*edgeSize {
				break // more data than announced
			}
			if i := bytes.Index(block, []byte(from)); !found && i >= 0 && i <= edgeSize {
				head, found = string(block[i:][:edgeSize]), true
			}
			block, whole = block[:copy(block, block[edgeSize:])], false
		}
		var n int
		n, err = r.Read(block[len(block):cap(block)])
		block = block[:len(block)+n]
		if s.spent.inflated += int64(n); s.spent.inflated > s.Inflated {
			return head, "", &LimitError{What: "decompressed ZIP entry", Limit: s.Inflated}
		}
	}
	tail = string(block)
	if i := strings.Index(tail, from); !found && i >= 0 {
		head = tail[i:]
		if whole {
			tail = head
		}
	}
	return head, tail, nil
}

// A checkedReader remembers the error of its reader, other than the end.
type checkedReader struct {
	r   io.Reader
	err error
}

func (c *checkedReader) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	if err != nil && err != io.EOF {
		c.err = err
	}
	return n, err
}

// deflateGain is above the best that deflate can do, 1032:1.
const deflateGain = 1040

// decompress reads r to its end, in blocks that are not copied as they grow.
func (s *Source) decompress(r io.Reader, what string) ([]byte, error) {
	var blocks [][]byte
	for size := 512; ; size = min(2*size, 1<<20) {
		block, err := readBlock(r, make([]byte, size))
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

// readBlock is [io.ReadFull] with the reader's own errors. It returns what it read.
func readBlock(r io.Reader, block []byte) ([]byte, error) {
	n := 0
	var err error
	for n < len(block) && err == nil {
		var more int
		more, err = r.Read(block[n:])
		n += more
	}
	return block[:n], err
}

// deflate compresses to zlib format.
func deflate(b []byte) []byte {
	var out bytes.Buffer
	z := zlib.NewWriter(&out)
	z.Write(b) // a Buffer takes everything
	z.Close()
	return out.Bytes()
}

// packed compresses to raw deflate data.
func packed(b []byte) []byte {
	var out bytes.Buffer
	w, _ := flate.NewWriter(&out, flate.DefaultCompression) // a level that there is
	w.Write(b)                                              // a Buffer takes everything
	w.Close()
	return out.Bytes()
}
