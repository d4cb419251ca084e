package container

import (
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"math"
	"slices"
	"strings"
)

// The ISO base media file format, ISO/IEC 14496-12, and QuickTime, which it
// comes from: a tree of boxes of size, type and body. MP4, M4A, MOV, 3GP.

// A bmffBox is one box of the tree.
type bmffBox struct {
	kind         string // four bytes
	offset, size int64  // of the whole box
	header       int64  // bytes before the body
	last         int64  // of a container: where one more child may stand
	open         bool   // the size field is 0: to the end of what holds the box
	depth        int32
	parent       *bmffBox
}

func (b *bmffBox) body() int64 { return b.offset + b.header }
func (b *bmffBox) end() int64  { return b.offset + b.size }

// in reports whether the box is a child of a box of that kind.
func (b *bmffBox) in(kind string) bool { return b.parent != nil && b.parent.kind == kind }

// path names the box from the root: "moov.udta.meta".
func (b *bmffBox) path() string {
	if b.parent == nil {
		return bmffName(b.kind)
	}
	return b.parent.path() + "." + bmffName(b.kind)
}

// bmffName returns a box type in UTF-8: QuickTime's © is Mac Roman.
func bmffName(kind string) string {
	if rest, ok := strings.CutPrefix(kind, "\xa9"); ok {
		return "©" + printable(rest)
	}
	return printable(kind)
}

// bmffBoxes yields the boxes from one position to another. A box that claims
// more than there is comes cut, before the error.
func bmffBoxes(src *Source, parent *bmffBox, from, to int64) iter.Seq2[bmffBox, error] {
	return func(yield func(bmffBox, error) bool) {
		for pos := from; pos < to; {
			b, err := bmffBoxAt(src, parent, pos, to)
			if err != nil {
				yield(bmffBox{offset: pos}, err)
				return
			}
			if b.size == 0 {
				return
			}
			claim := b.size
			b.size = min(claim, to-pos)
			if !yield(b, nil) {
				return
			}
			if claim > b.size {
				yield(b, &FormatError{Offset: pos, Err: fmt.Errorf("%s box of %d bytes where %d are left", printable(b.kind), claim, b.size)})
				return
			}
			pos += b.size
		}
	}
}

// bmffBoxAt returns the box at pos, of size 0 where the list ends: before zeros,
// and in a container before what is too short for a box.
func bmffBoxAt(src *Source, parent *bmffBox, pos, to int64) (bmffBox, error) {
	if err := src.Element(); err != nil {
		return bmffBox{}, err
	}
	h, err := src.Peek(pos, int(min(8, to-pos)))
	if err != nil {
		return bmffBox{}, err
	}
	if len(h) < 8 {
		if parent == nil && strings.Trim(string(h), "\x00") != "" {
			return bmffBox{}, errTruncated
		}
		return bmffBox{}, nil
	}
	b := bmffBox{kind: string(h[4:]), offset: pos, size: int64(binary.BigEndian.Uint32(h)), header: 8, parent: parent}
	if parent != nil {
		b.depth = parent.depth + 1
	}
	switch {
	case b.size == 0 && b.kind == "\x00\x00\x00\x00":
		return b, nil
	case b.size == 0:
		b.open, b.size = true, to-pos
	case b.size == 1:
		if h, err = src.Peek(pos+8, 8); err != nil {
			return b, err
		}
		b.size, b.header = int64(min(binary.BigEndian.Uint64(h), math.MaxInt64)), 16
	}
	if b.size < b.header {
		return b, &FormatError{Offset: pos, Err: fmt.Errorf("%s box of %d bytes", printable(b.kind), b.size)}
	}
	return b, nil
}

// A BMFFBox is a box at the root of a file of the ISO base media file format, or
// of QuickTime: a header and a body.
type BMFFBox struct {
	Range               // of the whole box
	HeaderSize int64    // 8, or 16 with a 64-bit size; the user type is of the body
	Type       string   // four bytes
	UserType   [16]byte // of a "uuid" box
}

// BMFFBoxes yields the boxes at the root of a file, in order. Zeros at its end
// are of no box. It ends with the first error: broken structure is a
// *[FormatError], and a box that is cut comes before its own.
func BMFFBoxes(src *Source) iter.Seq2[BMFFBox, error] {
	return bmffRanges(src, nil, 0, src.Size())
}

// Boxes yields the boxes that fill the body of b from skip on, as [BMFFBoxes] does
// those of a file. It does not know whether b holds boxes.
func (b BMFFBox) Boxes(src *Source, skip int64) iter.Seq2[BMFFBox, error] {
	parent := bmffBox{kind: b.Type, offset: b.Offset, size: b.Length, header: b.HeaderSize}
	return bmffRanges(src, &parent, parent.body()+skip, parent.end())
}

func bmffRanges(src *Source, parent *bmffBox, from, to int64) iter.Seq2[BMFFBox, error] {
	return func(yield func(BMFFBox, error) bool) {
		for b, err := range bmffBoxes(src, parent, from, to) {
			box := BMFFBox{Range: Range{b.offset, b.size}, HeaderSize: b.header, Type: b.kind}
			if err == nil && b.kind == "uuid" && b.size-b.header >= 16 {
				var id []byte
				id, err = src.Peek(b.body(), 16)
				copy(box.UserType[:], id)
			}
			if errors.Is(err, errTruncated) {
				err = &FormatError{Offset: b.offset, Err: errTruncated}
			}
			if !yield(box, err) || err != nil {
				return
			}
		}
	}
}

// BMFFBrand returns the major brand of a file of boxes, such as "isom", "M4A ",
// "heic", "avif" or "jxl ". A file without one that starts as QuickTime did
// before brands is "qt  ". The error is an I/O error.
func BMFFBrand(src *Source) (major string, ok bool, err error) {
	major, err = bmffBrand(src)
	if err = new(Layout).fail(0, err); err != nil {
		return "", false, err
	}
	return major, major != "", nil
}

func bmffBrand(src *Source) (major string, err error) {
	pos := int64(0)
	for range 8 {
		b, err := bmffBoxAt(src, nil, pos, src.Size())
		if err != nil || b.size == 0 {
			return major, err
		}
		whole := b.size <= src.Size()-pos
		switch {
		case b.kind == "ftyp" || b.kind == "styp":
			if b.size-b.header < 8 {
				return "", nil
			}
			return bmffMajor(src, b)
		case b.kind == "moov" || b.kind == "mdat":
			if whole || b.header == 16 || b.size < 1<<29 { // as a size, letters are more
				major = "qt  "
			}
			return major, nil
		case !whole:
			return major, nil
		case b.kind == "free" || b.kind == "skip" || b.kind == "wide" || b.kind == "pnot":
			major = "qt  "
		case b.kind != "JXL " && b.kind != "jP  ": // signatures before the brand
			return major, nil
		}
		pos += b.size
	}
	return major, nil
}

// bmffMajor returns the major brand of a ftyp box. HEIF's general brands say
// nothing about the codec: AVIF shows in the list of compatible ones.
func bmffMajor(src *Source, b bmffBox) (string, error) {
	h, err := src.Peek(b.body(), int(min(peekSize, (b.size-b.header)&^3)))
	if err != nil {
		return "", err
	}
	major := string(h[:4])
	for i := 8; i < len(h) && (major == "mif1" || major == "msf1"); i += 4 {
		if other := string(h[i : i+4]); other == "avif" || other == "avis" {
			major = other
		}
	}
	return major, nil
}

type bmffFile struct {
	Layout
	src     *Source
	name    string // of the format, in places
	brand   string
	values  []bmffValue // of Slots, by index
	ftyp    *bmffBox
	moov    *bmffBox
	udta    *bmffBox       // of moov
	mdta    *bmffMeta      // of udta or moov, the first: where a record goes
	opaque  *bmffBox       // holds offsets that cannot be followed
	guides  [Text + 1]bool // kinds whose place is taken
	counts  [Text + 1]int  // slots of each kind
	segment bool           // has moof or meta: may do without moov
}

// roots calls visit with each box of the root. Errors but those of I/O are filed
// in the layout.
func (f *bmffFile) roots(visit func(bmffBox) error) error {
	for b, err := range bmffBoxes(f.src, nil, 0, f.src.Size()) {
		if err == nil {
			err = visit(b)
		}
		if err := f.fail(b.offset, err); err != nil {
			return err
		}
	}
	return nil
}

// A bmffValue says how to edit a slot.
type bmffValue struct {
	box   *bmffBox              // holds the value
	item  *bmffBox              // goes when the value goes
	bytes Range                 // of box, replaced by a new value
	frame func(v []byte) []byte // makes a value those bytes; nil: as is
	limit int64                 // bytes of a value that has a frame; 0: none
}

// BMFF walks a file of the MP4 and QuickTime family. It reads box headers and
// texts, never sample tables or media.
func BMFF(src *Source) (File, error) {
	f := &bmffFile{src: src, name: "MP4"}
	var err error
	if f.brand, _, err = BMFFBrand(src); err != nil {
		return f, err
	}
	if _, err = f.boxes(nil, 0, src.Size()); err != nil {
		return f, err
	}
	if f.moov == nil && !f.segment {
		f.damage(src.Size(), "no moov box")
	}
	return f, nil
}

// boxes lists the slots of boxes. It returns the end of the last one, before
// which more may be put: before the box itself if it is open.
func (f *bmffFile) boxes(parent *bmffBox, from, to int64) (int64, error) {
	last := from
	for b, err := range bmffBoxes(f.src, parent, from, to) {
		if err == nil {
			last = b.end()
			if b.open {
				last = b.offset
			}
			err = f.box(b)
		}
		if err := f.fail(b.offset, err); err != nil {
			return last, err
		}
	}
	return last, nil
}

func (f *bmffFile) box(b bmffBox) error {
	switch b.kind {
	case "ftyp":
		if f.ftyp == nil {
			c := b
			f.ftyp = &c
		}
	case "moov", "trak", "udta":
		c := b
		return f.container(&c)
	case "meta":
		f.segment = f.segment || b.parent == nil
		return f.meta(&bmffMeta{bmffBox: b})
	case "moof":
		f.segment = true
	case "cmov", "!mov", "!mof":
		c := b
		f.opaque = &c
	case "uuid":
		return f.uuid(b)
	default:
		if b.in("udta") {
			return f.userData(b)
		}
	}
	return nil
}

func (f *bmffFile) container(b *bmffBox) error {
	if int64(b.depth) >= f.src.Depth {
		return &LimitError{What: "nesting of boxes", Limit: f.src.Depth}
	}
	switch {
	case b.kind == "moov" && b.parent == nil && f.moov == nil:
		f.moov = b
	case b.kind == "udta" && b.parent != nil && b.parent == f.moov && f.udta == nil:
		f.udta = b
	}
	var err error
	b.last, err = f.boxes(b, b.body(), b.end())
	return err
}

// bmffSlots bounds the slots of one kind: no real file comes near.
const bmffSlots = 1000

var errBMFFSlots = &LimitError{What: "number of values of a kind", Limit: bmffSlots}

// room counts one more slot of a kind, before anything is spent on it.
func (f *bmffFile) room(kind Kind) error {
	if f.counts[kind] >= bmffSlots {
		return errBMFFSlots
	}
	f.counts[kind]++
	return nil
}

// add lists a slot whose value fills the range of v.
func (f *bmffFile) add(s Slot, v bmffValue) {
	if v.item == nil {
		v.item = v.box
	}
	s.Guide = s.Guide && !f.guides[s.Kind]
	f.guides[s.Kind] = f.guides[s.Kind] || s.Guide
	if f.Slots == nil {
		f.Slots, f.values = make([]Slot, 0, 4), make([]bmffValue, 0, 4) // as many as usual
	}
	f.Slots = append(f.Slots, s)
	f.values = append(f.values, v)
}

// The user types of uuid boxes: XMP part 3 (ISO 16684-1), C2PA 2.1 clause A.5.
const (
	uuidXMP  = "\xbe\x7a\xcf\xcb\x97\xa9\x42\xe8\x9c\x71\x99\x94\x91\xe3\xaf\xac"
	uuidC2PA = "\xd8\xfe\xc3\xd6\x1b\x0e\x48\x3c\x92\x97\x58\x28\x87\x7e\xc4\x81"
)

func (f *bmffFile) uuid(b bmffBox) error {
	if b.size-b.header < 16 {
		return nil
	}
	id, err := f.src.Peek(b.body(), 16)
	if err != nil {
		return err
	}
	switch string(id) {
	case uuidXMP:
		return f.whole(Slot{Kind: XMP, Place: " XMP", Guide: true}, b, b.body()+16)
	case uuidC2PA:
		return f.credentials(b)
	}
	return nil
}

// whole adds the slot of a box that is all value from one position on.
func (f *bmffFile) whole(s Slot, b bmffBox, from int64) error {
	err := f.room(s.Kind)
	if err != nil {
		return err
	}
	box, at := b, Range{from, b.end() - from}
	s.Place = f.name + " " + b.path() + s.Place
	if s.Value, err = f.src.Bytes(at.Offset, at.Length, s.Place); err != nil {
		return err
	}
	s.Ranges = []Range{at}
	f.add(s, bmffValue{box: &box, bytes: at})
	return nil
}

// credentials adds the slot of a C2PA box that holds a manifest store. After an
// update there are two: the original one, and the update at the end of the file.
func (f *bmffFile) credentials(b bmffBox) error {
	purpose, merkle, err := bmffC2PA(f.src, b)
	if err != nil || merkle == 0 {
		return err
	}
	store := merkle + 8
	if err := f.room(C2PA); err != nil {
		return err
	}
	h, err := f.src.Peek(store, 4)
	if err != nil {
		return err
	}
	rest := b.end() - store
	n := int64(binary.BigEndian.Uint32(h)) // of the JUMBF box; what follows is padding
	if n < 8 || n > rest {
		n = rest
	}
	s := Slot{Kind: C2PA, Place: f.name + " " + b.path() + " C2PA", Guide: true, Ranges: []Range{{store, n}}, Frame: []Range{{b.offset, b.size}}}
	v := bmffValue{box: &b, bytes: Range{store, rest}}
	if purpose != c2paManifest {
		s.Place += " " + purpose
	}
	if purpose == c2paOriginal { // what replaces it is no longer that
		v.bytes.Offset = merkle - int64(len(c2paOriginal+"\x00"))
		v.bytes.Length = b.end() - v.bytes.Offset
		v.frame = func(store []byte) []byte { return slices.Concat([]byte(c2paHeader), store) }
	}
	f.add(s, v)
	return nil
}

// The purposes of C2PA boxes that hold a manifest store (C2PA 2.1, A.5).
const (
	c2paManifest = "manifest"
	c2paOriginal = "original"
	c2paUpdate   = "update"

	c2paHeader = c2paManifest + "\x00" + "\x00\x00\x00\x00\x00\x00\x00\x00" // without Merkle boxes
)

// bmffC2PA returns the purpose of a C2PA box that holds a manifest store, and the
// position in it of the offset of the first Merkle box, which the store follows;
// 0 for a box of another purpose.
func bmffC2PA(src *Source, b bmffBox) (purpose string, merkle int64, err error) {
	from := b.body() + 16
	h, err := src.Peek(from, int(min(32, b.end()-from)))
	if err != nil || len(h) < 4 {
		return "", 0, err
	}
	purpose, rest, ok := strings.Cut(string(h[4:]), "\x00")
	if !ok || len(rest) < 8 || !slices.Contains([]string{c2paManifest, c2paOriginal, c2paUpdate}, purpose) {
		return "", 0, nil
	}
	return purpose, from + 4 + int64(len(purpose)) + 1, nil
}
