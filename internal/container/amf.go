package container

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// AMF0, Action Message Format 0 (Adobe, 2007): typed values, of which objects and
// arrays hold more.

const (
	amfNumber     = 0x00
	amfText       = 0x02
	amfObject     = 0x03
	amfECMA       = 0x08
	amfEnd        = 0x09
	amfStrict     = 0x0A
	amfLong       = 0x0C // a text of 32 bits of length
	amfXML        = 0x0F
	amfTyped      = 0x10
	amfNumberSize = 9
)

// amfFixed is how many bytes follow the type: of number, boolean, null, undefined,
// reference, date, unsupported.
var amfFixed = map[byte]int{amfNumber: 8, 0x01: 1, 0x05: 0, 0x06: 0, 0x07: 2, 0x0B: 10, 0x0D: 0}

// An amfValue is a property, or an element of an array. Positions are in the data.
type amfValue struct {
	kind     byte
	parent   string // the name of what holds it
	key      string
	depth    int64
	at       int // of its name
	from, to int // of the value, with its type
	text     []byte
	count    int64 // as an ECMA array says
	members  int64 // as there are
	last     int   // where the members end
}

// An amfReader reads values one after the other.
type amfReader struct {
	data  []byte
	pos   int
	visit func(*amfValue) error // of each property, when it has been read
	stack []amfValue            // one for each level, so that none is garbage
}

func newAMFReader(data []byte, depth int64, visit func(*amfValue) error) *amfReader {
	return &amfReader{data: data, visit: visit, stack: make([]amfValue, depth+1)}
}

// inside returns the next value in v, at the current position.
func (r *amfReader) inside(v *amfValue) (*amfValue, error) {
	depth := v.depth + 1
	if depth >= int64(len(r.stack)) {
		return nil, &LimitError{What: "nesting of AMF0 values", Limit: int64(len(r.stack)) - 1}
	}
	p := &r.stack[depth]
	*p = amfValue{parent: v.key, depth: depth, at: r.pos}
	return p, nil
}

var errAMF = errors.New("malformed AMF0 value")

// next returns n bytes.
func (r *amfReader) next(n int64) ([]byte, error) {
	if n > int64(len(r.data)-r.pos) {
		return nil, errAMF
	}
	b := r.data[r.pos:][:n:n]
	r.pos += int(n)
	return b, nil
}

// sized returns bytes after their count, which has width bytes.
func (r *amfReader) sized(width int64) ([]byte, error) {
	n, err := r.next(width)
	if err != nil {
		return nil, err
	}
	return r.next(int64(readUint(n)))
}

// value reads the value of v.
func (r *amfReader) value(v *amfValue) error {
	v.from = r.pos
	kind, err := r.next(1)
	if err != nil {
		return err
	}
	switch v.kind = kind[0]; v.kind {
	case amfText:
		v.text, err = r.sized(2)
	case amfLong, amfXML:
		v.text, err = r.sized(4)
	case amfObject, amfTyped, amfECMA:
		err = r.members(v)
	case amfStrict:
		err = r.elements(v)
	default:
		n, ok := amfFixed[v.kind]
		if !ok {
			return fmt.Errorf("%w of type %d", errAMF, v.kind)
		}
		_, err = r.next(int64(n))
	}
	v.to = r.pos
	return err
}

// members reads the properties of v, up to the end mark, which writers forget on
// the outer object.
func (r *amfReader) members(v *amfValue) (err error) {
	v.count = -1
	switch v.kind {
	case amfTyped:
		_, err = r.sized(2) // class
	case amfECMA:
		var n []byte
		if n, err = r.next(4); err == nil {
			v.count = int64(binary.BigEndian.Uint32(n))
		}
	}
	for ; err == nil; v.members++ {
		v.last = r.pos
		if v.depth == 0 && r.pos == len(r.data) {
			return nil
		}
		if len(r.data)-r.pos >= 3 && string(r.data[r.pos:r.pos+3]) == "\x00\x00\x09" {
			r.pos += 3
			return nil
		}
		err = r.member(v)
	}
	return err
}

// member reads a property of v.
func (r *amfReader) member(v *amfValue) error {
	p, err := r.inside(v)
	if err != nil {
		return err
	}
	key, err := r.sized(2)
	if err != nil {
		return err
	}
	p.key = string(key)
	if err := r.value(p); err != nil {
		return err
	}
	return r.visit(p)
}

// elements reads the elements of a strict array, which have no names.
func (r *amfReader) elements(v *amfValue) error {
	n, err := r.next(4)
	if err != nil {
		return err
	}
	for v.count = int64(binary.BigEndian.Uint32(n)); v.members < v.count; v.members++ {
		p, err := r.inside(v)
		if err == nil {
			err = r.value(p)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// appendAMFText appends a text, short or long.
func appendAMFText(b, text []byte) []byte {
	if len(text) > math.MaxUint16 {
		b = binary.BigEndian.AppendUint32(append(b, amfLong), uint32(len(text)))
	} else {
		b = binary.BigEndian.AppendUint16(append(b, amfText), uint16(len(text)))
	}
	return append(b, text...)
}

// appendAMFName appends the name of a property.
func appendAMFName(b []byte, name string) []byte {
	return append(binary.BigEndian.AppendUint16(b, uint16(len(name))), name...)
}
