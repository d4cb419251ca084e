package container

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"iter"
	"math/bits"
	"slices"
	"strings"

	"github.com/aigclabel/aigclabel/internal/splice"
)

// EBML, RFC 8794: elements of identifier, size and body. Identifier and size are
// numbers of variable length, whose leading zero bits say how many bytes follow.

// Elements that every kind of EBML document knows.
const (
	idEBML    = 0x1A45DFA3
	idDocType = 0x4282
	idVoid    = 0xEC
	idCRC     = 0xBF
)

const (
	ebmlHeaderSize = 12 // at most: 4 bytes of identifier, 8 of size
	ebmlCRCSize    = 6  // of a whole CRC-32 element

)

// An ebmlElement is one element, in a file or in memory.
type ebmlElement struct {
	id           uint32
	offset, size int64 // size of the body
	header       int64 // bytes before the body
	open         bool  // the size is not known
}

func (e ebmlElement) body() int64   { return e.offset + e.header }
func (e ebmlElement) end() int64    { return e.body() + e.size }
func (e ebmlElement) length() int64 { return e.header + e.size }

var errNoElement = errors.New("no EBML element")

// parseEBML reads the header of the element that h, at off, starts with.
func parseEBML(h []byte, off int64) (ebmlElement, error) {
	e := ebmlElement{offset: off}
	if len(h) == 0 {
		return e, errTruncated
	}
	n := bits.LeadingZeros8(h[0]) + 1
	if n > 4 {
		return e, errNoElement
	}
	if len(h) <= n {
		return e, errTruncated
	}
	e.id = uint32(readUint(h[:n]))
	w := bits.LeadingZeros8(h[n]) + 1
	if w > 8 {
		return e, errNoElement
	}
	if len(h) < n+w {
		return e, errTruncated
	}
	e.header = int64(n + w)
	v := readUint(h[n:n+w]) & (1<<(7*w) - 1)
	if e.open = v == 1<<(7*w)-1; !e.open {
		e.size = int64(v)
	}
	return e, nil
}

// readUint returns the number in up to 8 bytes.
func readUint(b []byte) (v uint64) {
	for _, c := range b {
		v = v<<8 | uint64(c)
	}
	return v
}

// ebmlNumber returns a number in at least so many bytes.
func ebmlNumber(v uint64, least int) []byte {
	return appendUint(nil, v, max((bits.Len64(v)+7)/8, least, 1))
}

// appendUint appends the low bytes of v, high byte first.
func appendUint(b []byte, v uint64, width int) []byte {
	return append(b, binary.BigEndian.AppendUint64(nil, v)[8-width:]...)
}

// ebmlSize returns a size in a field of width bytes, or more if it takes more.
func ebmlSize(size int64, width int) []byte {
	for size > 1<<(7*width)-2 {
		width++
	}
	return appendUint(nil, uint64(size)|1<<(7*width), width)
}

// ebmlEncode returns an element.
func ebmlEncode(id uint32, parts ...[]byte) []byte {
	return ebmlElement{id: id}.encode(slices.Concat(parts...))
}

// encode returns e with another body. The size field does not get shorter.
func (e ebmlElement) encode(body []byte) []byte {
	id := ebmlNumber(uint64(e.id), 1)
	return slices.Concat(id, ebmlSize(int64(len(body)), max(int(e.header)-len(id), 1)), body)
}

// ebmlAt reads the header of the element at pos, in something that ends at end.
// The size is as claimed; that of an open element is what is left.
func ebmlAt(src *Source, pos, end int64) (ebmlElement, error) {
	if err := src.Element(); err != nil {
		return ebmlElement{}, err
	}
	h, err := src.Peek(pos, int(min(ebmlHeaderSize, end-pos)))
	if err != nil {
		return ebmlElement{}, err
	}
	e, err := parseEBML(h, pos)
	if e.open {
		e.size = end - e.body()
	}
	if err != nil {
		err = &FormatError{Offset: pos, Err: err}
	}
	return e, err
}

// past returns the error of an element that reaches beyond end, and cuts it.
func (e *ebmlElement) past(end int64) error {
	if left := end - e.body(); e.size > left {
		err := &FormatError{Offset: e.offset, Err: fmt.Errorf("element %X of %d bytes where %d are left", e.id, e.size, left)}
		e.size = left
		return err
	}
	return nil
}

// ebmlElements yields the elements of data, which stands at base. One that is
// cut comes before the error.
func ebmlElements(data []byte, base int64) iter.Seq2[ebmlElement, error] {
	return func(yield func(ebmlElement, error) bool) {
		end := base + int64(len(data))
		for pos := base; pos < end; {
			e, err := parseEBML(data[pos-base:], pos)
			if err == nil && e.open {
				err = errors.New("element of unknown size")
			}
			if err != nil {
				yield(e, &FormatError{Offset: pos, Err: err})
				return
			}
			err = e.past(end)
			if !yield(e, nil) {
				return
			}
			if err != nil {
				yield(e, err)
				return
			}
			pos = e.end()
		}
	}
}

// EBMLDocType returns what kind of document an EBML file is: "matroska" or
// "webm". It is false for any other file. The error is an I/O error.
func EBMLDocType(src *Source) (kind string, ok bool, err error) {
	h, err := src.Head(HeadSize)
	if err != nil {
		return "", false, err
	}
	head, err := parseEBML(h, 0)
	if err != nil || head.id != idEBML || head.open {
		return "", false, nil
	}
	for e, err := range ebmlElements(h[head.header:min(head.end(), int64(len(h)))], head.header) {
		if err == nil && e.id == idDocType {
			return strings.TrimRight(string(h[e.body():e.end()]), "\x00"), true, nil
		}
	}
	return "matroska", true, nil // the default
}

// An ebmlVisit says what becomes of an element, of which it gets the body: a nil
// content with false keeps it, nil with true takes it away, and any other is its
// new body.
type ebmlVisit func(e ebmlElement, body []byte) (content []byte, edited bool, err error)

// ebmlRewrite returns data, which stands at base, after a visit to its elements.
func ebmlRewrite(data []byte, base int64, visit ebmlVisit) ([]byte, error) {
	var out []byte
	for e, err := range ebmlElements(data, base) {
		if err != nil {
			return nil, err
		}
		content, edited, err := visit(e, data[e.body()-base:e.end()-base])
		switch {
		case err != nil:
			return nil, err
		case !edited:
			out = append(out, data[e.offset-base:e.end()-base]...)
		case content != nil:
			out = append(out, e.encode(content)...)
		}
	}
	if bytes.Equal(out, data) {
		return data, nil
	}
	return ebmlChecksum(out), nil
}

// ebmlChecksum sets the CRC-32 element that the body of a master may start with.
func ebmlChecksum(body []byte) []byte {
	if len(body) >= ebmlCRCSize && body[0] == idCRC && body[1] == 0x84 {
		binary.LittleEndian.PutUint32(body[2:], crc32.ChecksumIEEE(body[ebmlCRCSize:]))
	}
	return body
}

// resizeVoid returns the edit that makes a Void element n bytes longer.
func (e ebmlElement) resizeVoid(n int64) splice.Edit {
	length := e.length() + n
	if length == 0 {
		return splice.Edit{Offset: e.offset, Delete: e.length()}
	}
	header := voidHeader(length)
	keep := min(length-int64(len(header)), e.size)
	header = append(header, make([]byte, length-int64(len(header))-keep)...)
	return splice.Edit{Offset: e.offset, Delete: e.length() - keep, Insert: bytes.NewReader(header)}
}

// voidHeader returns the header of a Void element of length bytes in all, at
// least 2.
func voidHeader(length int64) []byte {
	width := 1
	if length-2 > 1<<7-2 {
		width = 8
	}
	return append([]byte{idVoid}, ebmlSize(length-1-int64(width), width)...)
}
