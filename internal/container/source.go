package container

import (
	"bytes"
	"compress/flate"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Limits bound what a file may claim. The zero value of a field is its default.
type Limits struct {
	Elements int64 // chunks, boxes, frames, objects, entries in one file: 1 Mi
	Depth    int64 // nesting: 32
	Count    int64 // values of one file: 8 Ki
	Value    int64 // bytes of one value: 8 MiB
	Values   int64 // bytes of all values of one file: 32 MiB
	Inflated int64 // decompressed bytes of one file: 8 MiB
}

func (l Limits) orDefault() Limits {
	fill := func(v *int64, def int64) {
		if *v <= 0 {
			*v = def
		}
	}
	fill(&l.Elements, 1<<20)
	fill(&l.Depth, 32)
	fill(&l.Count, 8<<10)
	fill(&l.Value, 8<<20)
	fill(&l.Values, 32<<20)
	fill(&l.Inflated, 8<<20)
	return l
}

// HeadSize is how many bytes of a file's head are read at once. Most metadata lies
// there, and remote storage charges by the read.
const HeadSize = 32 << 10

// peekSize is the longest element header.
const peekSize = 64

// errTruncated is the cause of reads past the end of the file.
var errTruncated = errors.New("file is truncated")

// A Source is a file being walked: random access within the limits. It is not
// safe for concurrent use.
type Source struct {
	Limits
	r       io.ReaderAt
	size    int64
	front   []byte
	scratch [peekSize]byte
	zlib    io.ReadCloser // reused: a decompressor takes 40 KB
	flate   io.ReadCloser
	spent   struct{ elements, count, values, inflated int64 }
	ooxml   *ooxmlFile // opened by [ZIPKind], for the walk that follows
}

// NewSource returns a source over the first size bytes of r.
func NewSource(r io.ReaderAt, size int64, limits Limits) *Source {
	return &Source{r: r, size: max(size, 0), Limits: limits.orDefault()}
}

// Size returns the length of the file.
func (s *Source) Size() int64 { return s.size }

// ReaderAt returns the file.
func (s *Source) ReaderAt() io.ReaderAt { return s.r }

// Head returns the first n bytes, fewer if the file is shorter; n is at most [HeadSize].
func (s *Source) Head(n int) ([]byte, error) {
	if s.front == nil {
		b := make([]byte, min(HeadSize, s.size))
		if err := s.readAt(b, 0); err != nil {
			return nil, err
		}
		s.front = b
	}
	return s.front[:min(n, len(s.front))], nil
}

// Peek returns n bytes at off, at most 64, valid until the next Peek. Past the
// end of the file the error is a truncation, which [Layout.fail] understands.
func (s *Source) Peek(off int64, n int) ([]byte, error) {
	if b, ok, err := s.window(off, int64(n)); ok || err != nil {
		return b, err
	}
	b := s.scratch[:n]
	return b, s.readAt(b, off)
}

// Bytes returns n bytes at off, to keep but not to change, and counts them
// against the limits of values; what names them in the error.
func (s *Source) Bytes(off, n int64, what string) ([]byte, error) {
	if n > s.Value {
		return nil, &LimitError{What: what, Limit: s.Value}
	}
	if n > s.Values-s.spent.values {
		return nil, &LimitError{What: "all values", Limit: s.Values}
	}
	if s.spent.count >= s.Count {
		return nil, &LimitError{What: "number of values", Limit: s.Count}
	}
	b, ok, err := s.window(off, n)
	if err != nil {
		return nil, err
	}
	s.spent.count++
	s.spent.values += n
	if ok {
		return b, nil
	}
	b = make([]byte, n)
	return b, s.readAt(b, off)
}

// window returns n bytes at off if they lie in the head of the file.
func (s *Source) window(off, n int64) ([]byte, bool, error) {
	if off < 0 || n < 0 || off > s.size || n > s.size-off {
		return nil, false, errTruncated
	}
	if off+n > min(HeadSize, s.size) {
		return nil, false, nil
	}
	head, err := s.Head(HeadSize)
	if err != nil {
		return nil, false, err
	}
	return head[off : off+n : off+n], true, nil
}

func (s *Source) readAt(b []byte, off int64) error {
	n, err := s.r.ReadAt(b, off)
	if n == len(b) {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		return fmt.Errorf("read at %d: %w", off+int64(n), io.ErrUnexpectedEOF)
	}
	return fmt.Errorf("read at %d: %w", off, err)
}

// Element counts one more element of the file against the limit.
func (s *Source) Element() error {
	if s.spent.elements >= s.Elements {
		return &LimitError{What: "number of elements", Limit: s.Elements}
	}
	s.spent.elements++
	return nil
}

// Inflate decompresses zlib data within the limit.
func (s *Source) Inflate(b []byte, what string) ([]byte, error) {
	r := bytes.NewReader(b)
	var err error
	if s.zlib == nil {
		s.zlib, err = zlib.NewReader(r)
	} else {
		err = s.zlib.(zlib.Resetter).Reset(r, nil)
	}
	if err != nil {
		return nil, err
	}
	return s.decompress(s.zlib, what)
}

// Deflated decompresses raw deflate data that is to give size bytes, and no more,
// within the limit. What broken data gives stands beside the error.
func (s *Source) Deflated(b []byte, size int64, what string) (string, error) {
	if size > s.Inflated-s.spent.inflated {
		return "", &LimitError{What: "decompressed " + what, Limit: s.Inflated}
	}
	r := bytes.NewReader(b)
	if s.flate == nil {
		s.flate = flate.NewReader(r)
	} else if err := s.flate.(flate.Resetter).Reset(r, nil); err != nil {
		return "", err
	}
	var out strings.Builder
	out.Grow(int(min(size, deflateGain*int64(len(b)))))
	n, err := io.CopyN(&out, s.flate, size)
	s.spent.inflated += n
	if err == nil {
		if n, _ := s.flate.Read(make([]byte, 1)); n > 0 {
			err = errors.New("more data than announced")
		}
	}
	return out.String(), err
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
