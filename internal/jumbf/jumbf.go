// Package jumbf reads and writes boxes of the JPEG universal metadata box format
// (ISO/IEC 19566-5), as C2PA uses them: superboxes that have a type and a label,
// with content boxes and further superboxes inside.
package jumbf

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

// The limits of one structure. That of C2PA is 5 boxes deep, and its labels, of which
// the addresses of boxes are made again and again, have some tens of bytes.
const (
	maxDepth = 8
	maxBoxes = 64 << 10
	maxLabel = 512
)

// Toggles of a description box (ISO/IEC 19566-5, B.3).
const (
	Requestable = 1 << iota
	hasLabel
	hasID
	hasHash
	hasPrivate
)

// A UUID is the type of a superbox: it says what is inside.
type UUID [16]byte

// TypeUUID returns the type that a four-character code stands for (ISO/IEC 19566-5,
// Annex B): "json", "cbor", or one of those of C2PA (C2PA 2.2, 11.1.4). What is
// missing of four characters is zero.
func TypeUUID(fourcc string) UUID {
	u := UUID{4: 0x00, 0x11, 0x00, 0x10, 0x80, 0x00, 0x00, 0xaa, 0x00, 0x38, 0x9b, 0x71}
	copy(u[:4], fourcc)
	return u
}

// EmbeddedFile is the type of a superbox with a file: a "bfdb" box with its media
// type, then a "bidb" box with its bytes.
var EmbeddedFile = UUID{0x40, 0xcb, 0x0c, 0x32, 0xbb, 0x8a, 0x48, 0x9d, 0xa7, 0x0b, 0x2a, 0xd6, 0xf4, 0x7f, 0x43, 0x69}

// superType is the type of a box that is a superbox, and descType of its first child.
const (
	superType = "jumb"
	descType  = "jumd"
	saltType  = "c2sh"
)

// A Box is a superbox or a content box.
type Box struct {
	Type string // four characters: "jumb" for a superbox. A box without is written as its Raw.

	// Of a superbox.
	UUID     UUID
	Label    string
	Toggles  byte   // as read; Append writes Requestable and what the other fields ask for
	Salt     []byte // random bytes that C2PA keeps here to hide what a hash is of (8.4.2.3); nil for none
	Children []*Box // without the description box

	// Of a content box.
	Payload []byte

	// Raw is the whole box as read, with its header; it and what else is read share
	// the memory of the input. Boxes that were not read have none.
	Raw []byte

	header int             // length of it in Raw
	index  map[string]*Box // children by label, nil for an ambiguous one; nil where a search is as quick
}

// Super returns a superbox that can be asked for by its label.
func Super(uuid UUID, label string, children ...*Box) *Box {
	return &Box{Type: superType, UUID: uuid, Label: label, Toggles: Requestable | hasLabel, Children: children}
}

// Leaf returns a content box.
func Leaf(fourcc string, payload []byte) *Box {
	return &Box{Type: fourcc, Payload: payload}
}

// IsSuper reports whether b is a superbox.
func (b *Box) IsSuper() bool { return b.Type == superType }

// Child returns the superbox inside b that has a label. It is nil if there is none,
// and if there are several: such a label says nothing.
func (b *Box) Child(label string) *Box {
	if b.index != nil {
		return b.index[label]
	}
	var found *Box
	for _, c := range b.Children {
		if c.IsSuper() && c.Label == label {
			if found != nil {
				return nil
			}
			found = c
		}
	}
	return found
}

// Content returns what follows the header of a box: of a superbox its description
// and children, which is what the hashed URIs of C2PA hash (C2PA 2.2, 8.4.2.3).
func (b *Box) Content() []byte {
	if b.Raw == nil {
		return b.Append(nil)[8:]
	}
	return b.Raw[b.header:]
}

// Append appends the encoding of b, which is the same for the same fields. Boxes of
// 4 GiB cannot be written.
func (b *Box) Append(dst []byte) []byte {
	if b.Type == "" {
		return append(dst, b.Raw...)
	}
	return appendBox(dst, b.Type, func(dst []byte) []byte {
		if !b.IsSuper() {
			return append(dst, b.Payload...)
		}
		dst = appendBox(dst, descType, b.describe)
		for _, c := range b.Children {
			dst = c.Append(dst)
		}
		return dst
	})
}

// describe appends the description of a superbox.
func (b *Box) describe(dst []byte) []byte {
	toggles := b.Toggles & Requestable
	if b.Label != "" {
		toggles |= hasLabel
	}
	if b.Salt != nil {
		toggles |= hasPrivate
	}
	dst = append(append(dst, b.UUID[:]...), toggles)
	if b.Label != "" {
		dst = append(append(dst, b.Label...), 0)
	}
	if b.Salt != nil {
		dst = appendBox(dst, saltType, func(dst []byte) []byte { return append(dst, b.Salt...) })
	}
	return dst
}

// appendBox appends a box with what payload appends.
func appendBox(dst []byte, fourcc string, payload func([]byte) []byte) []byte {
	start := len(dst)
	dst = payload(append(append(dst, 0, 0, 0, 0), fourcc...))
	binary.BigEndian.PutUint32(dst[start:], uint32(len(dst)-start))
	return dst
}

// An Error says where the bytes break the rules of the format.
type Error struct {
	Offset int
	Err    error
}

func (e *Error) Error() string { return fmt.Sprintf("jumbf: offset %d: %v", e.Offset, e.Err) }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

var (
	errTruncated = errors.New("box is longer than what holds it")
	errShort     = errors.New("box is shorter than its header")
	errDeep      = fmt.Errorf("boxes are more than %d deep", maxDepth)
	errMany      = fmt.Errorf("more than %d boxes", maxBoxes)
	errNoSuper   = errors.New("not a superbox")
	errNoDesc    = errors.New("superbox has no description")
	errDesc      = fmt.Errorf("malformed description of a superbox, or a label of more than %d bytes", maxLabel)
)

// Parse reads the superbox at the start of data. What follows it is not looked at:
// carriers pad. The boxes share the memory of data. The error is an [*Error].
func Parse(data []byte) (*Box, error) {
	p := parser{data: data}
	b, err := p.box(0, len(data), 0)
	if err == nil && !b.IsSuper() {
		err = &Error{Err: errNoSuper}
	}
	if err != nil {
		return nil, err
	}
	return b, nil
}

// A parser counts the boxes that it reads.
type parser struct {
	data  []byte
	boxes int
}

// box reads the box at off of what ends at end.
func (p *parser) box(off, end, depth int) (*Box, error) {
	if p.boxes++; p.boxes > maxBoxes {
		return nil, &Error{off, errMany}
	}
	if depth > maxDepth {
		return nil, &Error{off, errDeep}
	}
	header, size, err := extent(p.data[off:end])
	if err != nil {
		return nil, &Error{off, err}
	}
	b := &Box{Type: string(p.data[off+4 : off+8]), Raw: p.data[off : off+size : off+size], header: header}
	if !b.IsSuper() {
		b.Payload = b.Content()
		return b, nil
	}
	return b, p.super(b, off+header, off+size, depth)
}

// extent returns the lengths of the header and of the whole of the box at the start
// of data (ISO/IEC 19566-5, B.2): 0 is a box that takes the rest.
func extent(data []byte) (header, size int, err error) {
	if len(data) < 8 {
		return 0, 0, errTruncated
	}
	header = 8
	length := uint64(binary.BigEndian.Uint32(data))
	switch length {
	case 0:
		length = uint64(len(data))
	case 1:
		if header = 16; len(data) < header {
			return 0, 0, errTruncated
		}
		length = binary.BigEndian.Uint64(data[8:])
	}
	if length < uint64(header) {
		return 0, 0, errShort
	}
	if length > uint64(len(data)) {
		return 0, 0, errTruncated
	}
	return header, int(length), nil
}

// super reads the description and the children of a superbox between off and end.
func (p *parser) super(b *Box, off, end, depth int) error {
	if off == end {
		return &Error{off, errNoDesc}
	}
	desc, err := p.box(off, end, depth+1)
	if err != nil {
		return err
	}
	if desc.Type != descType {
		return &Error{off, errNoDesc}
	}
	if !b.readDescription(desc.Payload) {
		return &Error{off, errDesc}
	}
	for off += len(desc.Raw); off < end; {
		child, err := p.box(off, end, depth+1)
		if err != nil {
			return err
		}
		b.Children = append(b.Children, child)
		off += len(child.Raw)
	}
	b.indexLabels()
	return nil
}

// readDescription reads the payload of a description box.
func (b *Box) readDescription(d []byte) bool {
	if len(d) < len(b.UUID)+1 {
		return false
	}
	copy(b.UUID[:], d)
	b.Toggles = d[len(b.UUID)]
	d = d[len(b.UUID)+1:]
	if b.Toggles&hasLabel != 0 {
		label, rest, ok := bytes.Cut(d, []byte{0})
		if !ok || len(label) > maxLabel {
			return false
		}
		b.Label, d = string(label), rest
	}
	skip := 0
	if b.Toggles&hasID != 0 {
		skip += 4
	}
	if b.Toggles&hasHash != 0 {
		skip += 32
	}
	if skip > len(d) {
		return false
	}
	return b.Toggles&hasPrivate == 0 || b.readPrivate(d[skip:])
}

// readPrivate reads the private box of a description.
func (b *Box) readPrivate(d []byte) bool {
	header, size, err := extent(d)
	if err != nil {
		return false
	}
	if string(d[4:8]) == saltType {
		b.Salt = slices.Clip(d[header:size])
	}
	return true
}

// manyChildren is from where on an index is quicker than a search: a hostile claim
// asks for each of the children.
const manyChildren = 16

func (b *Box) indexLabels() {
	if len(b.Children) < manyChildren {
		return
	}
	b.index = make(map[string]*Box, len(b.Children))
	for _, c := range b.Children {
		if !c.IsSuper() {
			continue
		}
		if _, again := b.index[c.Label]; again {
			b.index[c.Label] = nil
		} else {
			b.index[c.Label] = c
		}
	}
}
