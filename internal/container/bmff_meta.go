package container

import (
	"bytes"
	"encoding/binary"
)

// Named values: the QuickTime metadata atom (keys and ilst, handler mdta), the
// iTunes list (ilst, handler mdir) and QuickTime user data.

// The types of a data box, QuickTime File Format, well-known types.
const (
	dataUTF8  = 1
	dataUTF16 = 2
)

// A bmffMeta is a meta box.
type bmffMeta struct {
	bmffBox
	handler string
	keys    *bmffBox
	keysEnd int64     // after the last key
	names   []bmffKey // of the items, from 1
	ilst    *bmffBox
	place   string
	unnamed bool // the next key would name an item that has none
}

// A bmffKey is the namespace and the name in an entry of a keys box.
type bmffKey []byte

func (k bmffKey) name() string { return string(k[4:]) }

// record reports whether the key is the one that the TC260 guides name.
func (k bmffKey) record() bool { return string(k) == "mdtaAIGC" }

// bmffMetaBody returns where the children of a meta box start: QuickTime's has
// no version and flags.
func bmffMetaBody(src *Source, b *bmffBox) (int64, error) {
	h, err := src.Peek(b.body(), int(min(12, b.size-b.header)))
	switch {
	case err != nil:
		return 0, err
	case len(h) < 4:
		return b.end(), nil
	case len(h) >= 8 && binary.BigEndian.Uint32(h) >= 8 && string(h[8:]) != "hdlr":
		return b.body(), nil
	}
	return b.body() + 4, nil
}

// meta lists the slots of a meta box. Keys may stand after the items they name.
func (f *bmffFile) meta(m *bmffMeta) error {
	from, err := bmffMetaBody(f.src, &m.bmffBox)
	if err != nil {
		return err
	}
	for b, err := range bmffBoxes(f.src, &m.bmffBox, from, m.end()) {
		if err == nil {
			err = f.metaPart(m, b)
		}
		if err := f.fail(b.offset, err); err != nil {
			return err
		}
	}
	if m.ilst == nil {
		return nil
	}
	return f.items(m)
}

// items lists the slots of the ilst of a meta box.
func (f *bmffFile) items(m *bmffMeta) error {
	m.place = f.name + " " + m.path()
	if m.handler == "mdta" && m.keys != nil && m.parent != nil && (m.parent == f.udta || m.parent == f.moov) && f.mdta == nil {
		f.mdta = m
	}
	m.ilst.last = m.ilst.body()
	for b, err := range bmffBoxes(f.src, m.ilst, m.ilst.body(), m.ilst.end()) {
		if err == nil {
			if !b.open {
				m.ilst.last = b.end()
			}
			err = f.item(m, b)
		}
		if err := f.fail(b.offset, err); err != nil {
			return err
		}
	}
	if m.unnamed && f.mdta == m {
		f.mdta = nil
	}
	return nil
}

func (f *bmffFile) metaPart(m *bmffMeta, b bmffBox) error {
	switch c := b; {
	case c.kind == "hdlr" && c.size-c.header >= 12:
		h, err := f.src.Peek(c.body()+8, 4)
		m.handler = string(h)
		return err
	case c.kind == "keys" && m.keys == nil:
		m.keys = &c
		return f.keys(m)
	case c.kind == "ilst" && m.ilst == nil:
		m.ilst = &c
	}
	return nil
}

// keys reads the names of a keys box, up to the first that is broken.
func (f *bmffFile) keys(m *bmffMeta) error {
	b, err := f.src.Bytes(m.keys.body(), m.keys.size-m.keys.header, f.name+" keys box")
	if err != nil {
		return err
	}
	if len(b) < 8 {
		f.damage(m.keys.offset, "keys box of %d bytes", m.keys.size)
		return nil
	}
	count, rest := binary.BigEndian.Uint32(b[4:]), b[8:]
	m.names = make([]bmffKey, 0, min(int64(count), int64(len(rest)/8)))
	for range count {
		if len(rest) < 8 {
			f.damage(m.keys.offset, "keys box: %d keys of %d", len(m.names), count)
			break
		}
		n := binary.BigEndian.Uint32(rest)
		if n < 8 || n > uint32(len(rest)) {
			f.damage(m.keys.end()-int64(len(rest)), "key of %d bytes", n)
			break
		}
		m.names = append(m.names, bmffKey(rest[4:n]))
		rest = rest[n:]
	}
	m.keysEnd = m.keys.end() - int64(len(rest))
	return nil
}

// index returns the number of the key of the guide's record, 0 if there is none.
func (m *bmffMeta) index() int {
	for i, k := range m.names {
		if k.record() {
			return i + 1
		}
	}
	return 0
}

// A bmffItem is an item of an ilst.
type bmffItem struct {
	bmffBox
	meta   *bmffMeta
	key    string
	names  string // of a freeform item (iTunes "----"): ":mean:name"
	list   string // the box that names the item: " keys " or " ilst "
	guide  bool
	values int // data boxes so far
}

func (it *bmffItem) place() string {
	if it.names != "" {
		return it.meta.place + it.list + bmffName(it.bmffBox.kind) + it.names
	}
	return it.meta.place + it.list + it.key
}

// item lists the values of an ilst item.
func (f *bmffFile) item(m *bmffMeta, b bmffBox) error {
	i := int64(binary.BigEndian.Uint32([]byte(b.kind)))
	m.unnamed = m.unnamed || i == int64(len(m.names))+1
	if b.size == b.header {
		return nil
	}
	it := &bmffItem{bmffBox: b, meta: m, list: " ilst "}
	if i > 0 && i <= int64(len(m.names)) {
		k := m.names[i-1]
		it.key, it.list, it.guide = k.name(), " keys ", m == f.mdta && k.record()
	} else {
		it.key = bmffName(b.kind)
	}
	for c, err := range bmffBoxes(f.src, &it.bmffBox, it.body(), it.end()) {
		if err == nil {
			err = f.itemPart(it, c)
		}
		if err := f.fail(c.offset, err); err != nil {
			return err
		}
	}
	return nil
}

func (f *bmffFile) itemPart(it *bmffItem, b bmffBox) error {
	switch b.kind {
	case "data":
		return f.data(it, b)
	case "mean", "name":
		if b.size-b.header < 4 {
			return nil
		}
		name, err := f.src.Bytes(b.body()+4, b.size-b.header-4, f.name+" item name")
		if err != nil {
			return err
		}
		it.names += ":" + string(name)
		if b.kind == "name" {
			it.key = string(name)
		}
	}
	return nil
}

// data adds the slot of a data box: type, locale, value.
func (f *bmffFile) data(it *bmffItem, b bmffBox) error {
	n := b.size - b.header - 8
	if n < 0 {
		f.damage(b.offset, "data box of %d bytes", b.size)
		return nil
	}
	h, err := f.src.Peek(b.body(), int(min(9, n+8)))
	if err != nil {
		return err
	}
	it.values++
	kind := binary.BigEndian.Uint32(h)
	s := Slot{Kind: it.slot(kind, h[8:]), Key: it.key, Guide: it.guide}
	if s.Kind == 0 {
		return nil
	}
	if err := f.room(s.Kind); err != nil {
		return err
	}
	box := b
	s.Place, s.Ranges = it.place(), []Range{{b.body() + 8, n}}
	if s.Value, err = f.src.Bytes(b.body()+8, n, s.Place); err != nil {
		return err
	}
	if kind == dataUTF16 {
		s.Value, s.Encoding = decodeUTF16(s.Value, binary.BigEndian), "utf-16"
	}
	if s.Kind == Record && !recordKey(it.key) && !bytes.Contains(s.Value, []byte(`"Label"`)) {
		if s.Kind = Text; kind != dataUTF8 {
			return nil
		}
	}
	f.add(s, it.value(&box, kind))
	return nil
}

// value says how to edit the value in a data box, which becomes UTF-8.
func (it *bmffItem) value(b *bmffBox, kind uint32) bmffValue {
	v := bmffValue{box: b, item: &it.bmffBox, bytes: Range{b.body() + 8, b.size - b.header - 8}}
	if it.values > 1 || b.end() < it.end() {
		v.item = b // the other values stay
	}
	if kind != dataUTF8 {
		v.bytes, v.frame = Range{b.body(), b.size - b.header}, dataText
	}
	return v
}

// slot returns what a data box of a type holds as far as its name and its first
// byte tell, 0 for pictures and numbers. Some writers put a record under a name
// that does not say so, in a list without keys.
func (it *bmffItem) slot(kind uint32, first []byte) Kind {
	switch {
	case recordKey(it.key), it.meta.keys == nil && string(first) == "{":
		return Record
	case kind == dataUTF8, kind == dataUTF16:
		return Text
	}
	return 0
}

// dataText returns the body of a data box with a text.
func dataText(v []byte) []byte { return append([]byte{0, 0, 0, dataUTF8, 0, 0, 0, 0}, v...) }

// userData adds the slot of a child of udta.
func (f *bmffFile) userData(b bmffBox) error {
	switch {
	case b.kind == "XMP_":
		return f.whole(Slot{Kind: XMP, Guide: true}, b, b.body())
	case recordKey(b.kind):
		return f.named(Slot{Kind: Record, Key: b.kind}, b)
	case b.kind[0] == 0xa9:
		return f.international(Slot{Kind: Text, Key: bmffName(b.kind)}, b)
	}
	return nil
}

// named adds the slot of a user data record: a bare text, or one with a length.
func (f *bmffFile) named(s Slot, b bmffBox) error {
	if b.size-b.header >= 4 {
		h, err := f.src.Peek(b.body(), 4)
		if err != nil {
			return err
		}
		if int64(binary.BigEndian.Uint16(h)) == b.size-b.header-4 {
			return f.international(s, b)
		}
	}
	return f.whole(s, b, b.body())
}

// international adds the slot of a QuickTime text: length, language, text. Only
// the first language counts.
func (f *bmffFile) international(s Slot, b bmffBox) error {
	if b.size-b.header < 4 {
		return nil
	}
	h, err := f.src.Peek(b.body(), 4)
	if err != nil {
		return err
	}
	n, language := int64(binary.BigEndian.Uint16(h)), [2]byte(h[2:])
	if n > b.size-b.header-4 {
		return nil // some writers put other things here
	}
	if err := f.room(s.Kind); err != nil {
		return err
	}
	box, at := b, Range{b.body() + 4, n}
	s.Place = f.name + " " + b.path()
	if s.Value, err = f.src.Bytes(at.Offset, n, s.Place); err != nil {
		return err
	}
	s.Ranges = []Range{at}
	f.add(s, bmffValue{box: &box, bytes: Range{b.body(), n + 4}, limit: 0xffff, frame: func(v []byte) []byte {
		return append(append(binary.BigEndian.AppendUint16(nil, uint16(len(v))), language[:]...), v...)
	}})
	return nil
}
