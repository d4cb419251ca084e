package container

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"

	"github.com/aigclabel/aigclabel/internal/splice"
)

// ASF, the container of WMA and WMV (Microsoft, Advanced Systems Format 01.20.03):
// objects of GUID, 64-bit size and data. No guide names a place for the record.
// Ours is the descriptor AIGC of the Extended Content Description object (3.11),
// which players and taggers take for any name. Indexes count packets, markers from
// the start of the data: only the file's size is stated. The Content Description and
// Metadata Library objects are not read.

const (
	asfOverhead   = 16 + 8 // of an object: GUID and size
	asfHeaderSize = asfOverhead + 4 + 2
	asfFileSize   = asfOverhead + 16 // in the File Properties object
	asfFlags      = asfFileSize + 6*8
	asfMaxText    = 1<<16 - 2
)

// The GUIDs of the objects, and of the stream type of video, as they are stored.
const (
	asfHeader     = "\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c"
	asfProperties = "\xa1\xdc\xab\x8c\x47\xa9\xcf\x11\x8e\xe4\x00\xc0\x0c\x20\x53\x65"
	asfExtended   = "\x40\xa4\xd0\xd2\x07\xe3\xd2\x11\x97\xf0\x00\xa0\xc9\x5e\xa8\x50"
	asfPadding    = "\x74\xd4\x06\x18\xdf\xca\x09\x45\xa4\xba\x9a\xab\xcb\x96\xaa\xe8"
	asfSignature  = "\xfc\xb3\x11\x22\x23\xbd\xd2\x11\xb4\xb7\x00\xa0\xc9\x55\xfc\x6e"
	asfData       = "\x36\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c"
	asfVideo      = "\xc0\xef\x19\xbc\x4d\x5b\xcf\x11\xa8\xfd\x00\x80\x5f\x5c\x44\x2b"
)

type asfFile struct {
	Layout
	src      *Source
	header   asfObject
	count    uint32 // objects in the header, as stated
	texts    []*asfTexts
	padding  asfObject // the first one, of no size if there is none
	fileSize int64     // where the size of the file is stated, 0 for nowhere
	live     bool      // a broadcast: sizes outside the header were never filled in
	data     bool      // there is a data object
}

type asfObject struct {
	id     string
	offset int64
	size   int64 // of it all, as far as the file goes
}

func (o asfObject) end() int64 { return o.offset + o.size }

// An asfTexts is an Extended Content Description object.
type asfTexts struct {
	asfObject
	count       uint16
	descriptors []asfDescriptor
}

// An asfDescriptor is a name and a string that has a slot.
type asfDescriptor struct {
	Range
	name []byte // as it is stored
	slot int
}

// ASFKind reports whether src is an ASF file, and whether it has video.
func ASFKind(src *Source) (video, ok bool, err error) {
	head, err := src.Head(HeadSize)
	return bytes.Contains(head, []byte(asfVideo)), bytes.HasPrefix(head, []byte(asfHeader)), err
}

// ASF walks an ASF file: WMA, WMV.
func ASF(src *Source) (File, error) {
	f := &asfFile{src: src}
	return f, f.fail(src.Size(), f.walk())
}

func (f *asfFile) walk() error {
	h, err := f.src.Peek(0, asfHeaderSize)
	if err != nil {
		return err
	}
	if string(h[:16]) != asfHeader || binary.LittleEndian.Uint64(h[16:]) < asfHeaderSize {
		return &FormatError{Offset: 0, Err: errors.New("no ASF header object")}
	}
	f.count = binary.LittleEndian.Uint32(h[asfOverhead:])
	if f.header, err = f.object(0, f.src.Size()); err != nil {
		return err
	}
	if err := f.objects(asfHeaderSize, f.header.end(), f.inHeader); err != nil {
		return err
	}
	err = f.objects(f.header.end(), f.src.Size(), func(o asfObject) error {
		f.data = f.data || o.id == asfData
		return nil
	})
	if err == nil && !f.data {
		f.damage(f.src.Size(), "no ASF data object")
	}
	return err
}

// objects calls visit for each object from pos to end.
func (f *asfFile) objects(pos, end int64, visit func(asfObject) error) error {
	for pos < end {
		o, err := f.object(pos, end)
		if err != nil {
			return err
		}
		if err := f.fail(pos, visit(o)); err != nil {
			return err
		}
		pos = o.end()
	}
	return nil
}

// object reads the header of the object at pos. The data of a broadcast takes the
// rest of the file.
func (f *asfFile) object(pos, end int64) (asfObject, error) {
	if err := f.src.Element(); err != nil {
		return asfObject{}, err
	}
	if end-pos < asfOverhead {
		return asfObject{}, &FormatError{Offset: pos, Err: errTruncated}
	}
	h, err := f.src.Peek(pos, asfOverhead)
	if err != nil {
		return asfObject{}, err
	}
	size := binary.LittleEndian.Uint64(h[16:])
	o := asfObject{id: string(h[:16]), offset: pos, size: clampSize(size)}
	switch {
	case o.id == asfData && pos >= f.header.end() && (f.live || o.size == 0):
		o.size = end - pos
	case o.size < asfOverhead:
		return o, &FormatError{Offset: pos, Err: errors.New("ASF object of no size")}
	case o.size > end-pos:
		f.damage(pos, "ASF object: %w", errTruncated)
		o.size = end - pos
	}
	return o, nil
}

func (f *asfFile) inHeader(o asfObject) error {
	switch o.id {
	case asfProperties:
		return f.properties(o)
	case asfExtended:
		return f.extended(o)
	case asfPadding:
		if f.padding.size == 0 {
			f.padding = o
		}
	case asfSignature:
		f.Signed = "ASF digital signature"
	}
	return nil
}

// properties notes where the size of the file is stated, but for a broadcast.
func (f *asfFile) properties(o asfObject) error {
	if o.size < asfFlags+4 {
		return &FormatError{Offset: o.offset, Err: errors.New("ASF file properties too short")}
	}
	flags, err := f.src.Peek(o.offset+asfFlags, 4)
	if err != nil {
		return err
	}
	if f.live = flags[0]&1 == 1; !f.live {
		f.fileSize = o.offset + asfFileSize
	}
	return nil
}

// extended lists the strings of an Extended Content Description object.
func (f *asfFile) extended(o asfObject) error {
	first := o.offset + asfOverhead
	b, err := f.src.Bytes(first, o.size-asfOverhead, "ASF Extended Content Description")
	if err != nil {
		return err
	}
	bad := &FormatError{Offset: o.offset, Err: errors.New("malformed ASF Extended Content Description")}
	if len(b) < 2 {
		return bad
	}
	t := &asfTexts{asfObject: o, count: binary.LittleEndian.Uint16(b)}
	guide := len(f.texts) == 0
	f.texts = append(f.texts, t)
	pos := 2
	for range t.count {
		if err := f.src.Element(); err != nil {
			return err
		}
		name, rest, ok := asfCut(b[pos:])
		if !ok || len(rest) < 2 {
			return bad
		}
		value, rest, ok := asfCut(rest[2:])
		if !ok {
			return bad
		}
		next := len(b) - len(rest)
		kind := binary.LittleEndian.Uint16(b[pos+2+len(name):])
		if kind == 0 {
			d := asfDescriptor{Range: Range{first + int64(pos), int64(next - pos)}, name: name}
			if err := f.descriptor(t, d, value, guide); err != nil {
				return err
			}
		}
		pos = next
	}
	return nil
}

// asfCut returns the bytes that a 16-bit length says, and what follows them.
func asfCut(b []byte) (value, rest []byte, ok bool) {
	if len(b) < 2 {
		return nil, nil, false
	}
	n := int(binary.LittleEndian.Uint16(b))
	if b = b[2:]; n > len(b) {
		return nil, nil, false
	}
	return b[:n], b[n:], true
}

func (f *asfFile) descriptor(t *asfTexts, d asfDescriptor, value []byte, guide bool) error {
	name := asfText(d.name)
	value = bytes.TrimSuffix(value, []byte{0, 0})
	s := Slot{
		Kind: Text, Key: name, Place: "ASF " + name, Value: []byte(asfText(value)), Encoding: "utf-16",
		Ranges: []Range{{d.Offset + 2 + int64(len(d.name)) + 4, int64(len(value))}},
	}
	if recordKey(name) {
		s.Kind = Record
		s.Guide = guide && name == "AIGC" && f.vacant(Record)
	}
	i, err := f.addSlot(s)
	if err == nil {
		d.slot = i
		t.descriptors = append(t.descriptors, d)
	}
	return err
}

// asfText decodes a string, which zeros may end.
func asfText(b []byte) string {
	return string(bytes.TrimRight(decodeUTF16(b, binary.LittleEndian), "\x00"))
}

// Plan implements [File]. Content Credentials have no place in this format.
func (f *asfFile) Plan(changes []Change) (*splice.Plan, error) {
	var added [][]byte
	for _, c := range additions(changes) {
		if c.Kind != Record {
			return nil, ErrNoPlace
		}
		b, err := asfEncode(asfString("AIGC"), c.Value)
		if err != nil {
			return nil, err
		}
		added = append(added, b)
	}
	var edits []splice.Edit
	objects := int64(f.count)
	if len(added) > 0 && len(f.texts) == 0 {
		objects++
		edits = append(edits, f.newTexts(added))
	}
	for i, t := range f.texts {
		if i > 0 {
			added = nil
		}
		e, gone, err := t.plan(&f.Layout, changes, added)
		if err != nil {
			return nil, err
		}
		if gone {
			objects--
		}
		edits = append(edits, e...)
	}
	edits = append(edits, f.padding.absorb(growth(edits...))...)
	resized, err := f.resize(growth(edits...), objects)
	if err != nil {
		return nil, err
	}
	return splice.New(f.src.ReaderAt(), f.src.Size(), append(edits, resized...))
}

// newTexts returns the edit that adds an object at the end of the header.
func (f *asfFile) newTexts(descriptors [][]byte) splice.Edit {
	b := binary.LittleEndian.AppendUint16(nil, uint16(len(descriptors)))
	b = append(b, bytes.Join(descriptors, nil)...)
	object := binary.LittleEndian.AppendUint64([]byte(asfExtended), uint64(asfOverhead+len(b)))
	return splice.Edit{Offset: f.header.end(), Insert: bytes.NewReader(append(object, b...))}
}

// plan returns the edits that make the changes to the descriptors and add more of
// them before those. An object without descriptors goes.
func (t *asfTexts) plan(l *Layout, changes []Change, added [][]byte) (edits []splice.Edit, gone bool, err error) {
	left := int(t.count) + len(added)
	if len(added) > 0 {
		edits = append(edits, splice.Edit{Offset: t.offset + asfOverhead + 2, Insert: bytes.NewReader(bytes.Join(added, nil))})
	}
	for _, d := range t.descriptors {
		c, ok := changed(changes, &l.Slots[d.slot])
		if !ok {
			continue
		}
		e := splice.Edit{Offset: d.Offset, Delete: d.Length}
		if c.Value == nil {
			left--
		} else {
			b, err := asfEncode(d.name, c.Value)
			if err != nil {
				return nil, false, err
			}
			e.Insert = bytes.NewReader(b)
		}
		edits = append(edits, e)
	}
	switch {
	case len(edits) == 0:
		return nil, false, nil
	case left == 0:
		return []splice.Edit{{Offset: t.offset, Delete: t.size}}, true, nil
	case left > 1<<16-1:
		return nil, false, &LimitError{What: "number of ASF descriptors", Limit: 1<<16 - 1}
	}
	count := binary.LittleEndian.AppendUint16(nil, uint16(left))
	return append(edits, t.state(t.size+growth(edits...)),
		splice.Edit{Offset: t.offset + asfOverhead, Delete: 2, Insert: bytes.NewReader(count)}), false, nil
}

// asfString encodes a string with its zero.
func asfString(s string) []byte { return appendUTF16(nil, s+"\x00", binary.LittleEndian) }

// asfEncode returns a descriptor of the type string.
func asfEncode(name, value []byte) ([]byte, error) {
	text := asfString(string(value))
	if len(text) > asfMaxText {
		return nil, &LimitError{What: "size of the ASF descriptor", Limit: asfMaxText}
	}
	b := binary.LittleEndian.AppendUint16(nil, uint16(len(name)))
	b = append(b, name...)
	b = binary.LittleEndian.AppendUint16(append(b, 0, 0), uint16(len(text)))
	return append(b, text...), nil
}

// state returns the edit that makes the object state another size.
func (o asfObject) state(size int64) splice.Edit {
	return splice.Edit{Offset: o.offset + 16, Delete: 8, Insert: bytes.NewReader(binary.LittleEndian.AppendUint64(nil, uint64(size)))}
}

// absorb returns the edits that shorten padding by n bytes or lengthen it, so that
// the media stays where it is; none if it cannot be that short.
func (o asfObject) absorb(n int64) []splice.Edit {
	switch {
	case o.size == 0 || n == 0 || o.size-n < asfOverhead:
		return nil
	case n < 0:
		return []splice.Edit{o.state(o.size - n), {Offset: o.end(), Insert: bytes.NewReader(make([]byte, -n))}}
	}
	return []splice.Edit{o.state(o.size - n), {Offset: o.end() - n, Delete: n}}
}

// resize returns the edits of what is stated about the header and the file.
func (f *asfFile) resize(delta, objects int64) ([]splice.Edit, error) {
	var edits []splice.Edit
	if objects != int64(f.count) {
		count := binary.LittleEndian.AppendUint32(nil, uint32(objects))
		edits = append(edits, splice.Edit{Offset: asfOverhead, Delete: 4, Insert: bytes.NewReader(count)})
	}
	if delta == 0 {
		return edits, nil
	}
	edits = append(edits, f.header.state(f.header.size+delta))
	if f.fileSize == 0 {
		return edits, nil
	}
	b, err := f.src.Peek(f.fileSize, 8)
	if err != nil {
		return nil, err
	}
	size := binary.LittleEndian.AppendUint64(nil, binary.LittleEndian.Uint64(b)+uint64(delta))
	return slices.Concat(edits, []splice.Edit{{Offset: f.fileSize, Delete: 8, Insert: bytes.NewReader(size)}}), nil
}
