package container

import (
	"slices"
	"strings"
)

// HEIF, ISO/IEC 23008-12, and AVIF over it: boxes, of which the meta box of the
// root lists items. XMP packets and Exif blocks are items that describe another
// one. The picture to show is the primary item; others are its tiles, its
// thumbnail, its gain map, and may have XMP of their own.

type heifFile struct {
	bmffFile
	pict   *heifMeta // the meta box of the root
	media  *bmffBox  // the first mdat that no fragment counts up to
	unread int64     // bytes of items that may still be read
}

// HEIF walks a HEIF or AVIF file: a picture, several, or a sequence. It reads box
// headers, the list of the items, and the items that hold metadata.
func HEIF(src *Source) (File, error) {
	f := &heifFile{bmffFile: bmffFile{src: src, name: "HEIF"}, unread: 2 * src.Size()}
	var err error
	if f.brand, _, err = BMFFBrand(src); err != nil {
		return f, err
	}
	if strings.HasPrefix(f.brand, "avi") {
		f.name = "AVIF"
	}
	f.guides[XMP] = true // is an item's
	before := ""
	err = f.roots(func(b bmffBox) error {
		err := f.root(b, before)
		before = b.kind
		return err
	})
	if err != nil {
		return f, err
	}
	switch {
	case f.pict != nil:
	case f.moov == nil:
		f.damage(src.Size(), "no meta box with items")
	default: // a sequence alone has XMP where a movie has it
		f.firstGuide(XMP)
	}
	return f, nil
}

// root lists what is in a box of the root, which follows one of a kind.
func (f *heifFile) root(b bmffBox, before string) error {
	switch {
	case b.kind == "meta" && f.pict == nil:
		return f.meta(b)
	case b.kind == "mdat" && f.media == nil && before != "moof":
		f.media = &b
	}
	return f.box(b)
}

// firstGuide makes the first slot of a kind the guide's place.
func (f *heifFile) firstGuide(kind Kind) {
	i := slices.IndexFunc(f.Slots, func(s Slot) bool { return s.Kind == kind })
	if i >= 0 {
		f.Slots[i].Guide = true
	}
}

// meta lists the slots of a meta box, which has items if its handler is pict.
func (f *heifFile) meta(b bmffBox) error {
	m := &heifMeta{bmffBox: b, parts: map[string]*bmffBox{}, byID: map[uint64]*heifItem{}}
	from, err := bmffMetaBody(f.src, &m.bmffBox)
	if err != nil {
		return err
	}
	for c, err := range bmffBoxes(f.src, &m.bmffBox, from, m.end()) {
		if err == nil {
			m.part(c)
		}
		if err := f.fail(c.offset, err); err != nil {
			return err
		}
	}
	handler, err := m.handler(f.src)
	if err != nil || handler != "pict" {
		return f.bmffFile.meta(&bmffMeta{bmffBox: b})
	}
	f.pict = m
	for _, read := range []func(*heifMeta) error{f.primary, f.entries, f.references, f.locations} {
		if err := f.fail(m.offset, read(m)); err != nil {
			return err
		}
	}
	return f.list(m)
}

// primary reads which item is the picture.
func (f *heifFile) primary(m *heifMeta) error {
	pitm := m.parts["pitm"]
	if pitm == nil {
		return nil
	}
	r, err := pitm.fields(f.src, 8)
	if m.primary = r.id(r.version() > 0); err == nil {
		err = r.end(*pitm)
	}
	return err
}

// entries lists the items that hold metadata.
func (f *heifFile) entries(m *heifMeta) error {
	for b, err := range m.entries(f.src) {
		if err == nil && b.kind == "infe" {
			err = f.entry(m, b)
		}
		if err := f.fail(b.offset, err); err != nil {
			return err
		}
	}
	return nil
}

// entry lists an item if it holds metadata that can be read.
func (f *heifFile) entry(m *heifMeta, b bmffBox) error {
	r, err := b.fields(f.src, 16)
	if err != nil {
		return err
	}
	version := r.version()
	it := &heifItem{entry: b, ilocItem: ilocItem{id: r.id(version > 2)}}
	protected := r.uint(2) > 0
	kind := "mime"
	if version > 1 {
		kind = r.code()
	}
	if r.short || protected || m.byID[it.id] != nil {
		return nil
	}
	switch kind {
	case "Exif":
		it.kind, it.place = EXIF, f.name+" item Exif"
	case "mime":
		if ok, err := f.packet(b, r.pos); err != nil || !ok {
			return err
		}
		it.kind, it.place = XMP, f.name+" item application/rdf+xml"
	default:
		return nil
	}
	if err := f.room(it.kind); err != nil {
		return err
	}
	m.items = append(m.items, it)
	m.byID[it.id] = it
	return nil
}

// packet reports whether the entry of a mime item, whose name stands at a
// position of its body, is that of XMP.
func (f *heifFile) packet(b bmffBox, at int) (bool, error) {
	data, err := f.src.Bytes(b.body()+int64(at), b.size-b.header-int64(at), f.name+" infe box")
	if err != nil {
		return false, err
	}
	texts := strings.Split(string(data), "\x00") // name, content type, content encoding
	if len(texts) < 2 || texts[1] != "application/rdf+xml" {
		return false, nil
	}
	if len(texts) > 2 && texts[2] != "" {
		return false, &LimitError{What: "size of XMP in the encoding " + printable(texts[2]), Limit: 0}
	}
	return true, nil
}

// references reads what the items describe, and where they take data from.
func (f *heifFile) references(m *heifMeta) error {
	iref := m.parts["iref"]
	if iref == nil || len(m.items) == 0 {
		return nil
	}
	wide, err := iref.wide(f.src)
	if err != nil {
		return err
	}
	for b, err := range iref.boxes(f.src, 4) {
		if err == nil && (b.kind == "cdsc" || b.kind == "iloc") {
			err = f.reference(m, b, wide)
		}
		if err := f.fail(b.offset, err); err != nil {
			return err
		}
	}
	return nil
}

// reference reads a list of references from one item, with 32-bit numbers if wide.
func (f *heifFile) reference(m *heifMeta, b bmffBox, wide bool) error {
	r, err := b.fields(f.src, 4)
	if err != nil {
		return err
	}
	it := m.byID[r.id(wide)]
	if it == nil || it.kind == 0 {
		return nil
	}
	data, err := f.src.Bytes(b.body(), b.size-b.header, f.name+" iref box")
	if err != nil {
		return err
	}
	r = &fields{data: data}
	r.id(wide)
	for range r.uint(2) {
		to := r.id(wide)
		if r.short {
			return r.end(b)
		}
		m.refer(it, b.kind, to)
	}
	return nil
}

// locations reads where the data of the items is, and checks that all of it is
// in the file.
func (f *heifFile) locations(m *heifMeta) error {
	box := m.parts["iloc"]
	if box == nil {
		return nil
	}
	r, l, err := readILOC(f.src, *box)
	if err != nil {
		return err
	}
	for n := l.count; n > 0 && !r.short; n-- {
		it := l.item(r)
		item := m.byID[it.id]
		if item != nil && item.at > 0 { // the first entry counts
			item = nil
		}
		if item != nil {
			item.ilocItem, item.located = it, it.known()
		}
		for range l.present(it) {
			e := l.extent(r)
			if r.short {
				return r.end(*box)
			}
			if err := f.fail(box.offset, f.locate(m, item, it, e)); err != nil {
				return err
			}
		}
	}
	return r.end(*box)
}

// locate notes an extent of an item, and checks it; item is nil for one that
// holds no metadata.
func (f *heifFile) locate(m *heifMeta, item *heifItem, it ilocItem, e ilocExtent) error {
	switch {
	case !it.known():
		return nil
	case it.construction() == fromItem:
		if item != nil {
			item.extents = append(item.extents, e)
		}
		return nil
	}
	at, ok := m.extent(f.src, it, e)
	if !ok && f.Damage == nil {
		f.damage(f.src.Size(), "data of item %d: %w", it.id, errTruncated)
	}
	if item == nil || at.Length == 0 && m.emptied(it) {
		return nil
	}
	if err := f.src.Element(); err != nil {
		return err
	}
	item.ranges = append(item.ranges, at)
	return nil
}

// list lists the slots of the items.
func (f *heifFile) list(m *heifMeta) error {
	for _, it := range m.items {
		if it.kind == 0 || !it.located {
			continue
		}
		if err := f.fail(it.entry.offset, f.value(m, it)); err != nil {
			return err
		}
	}
	for _, kind := range []Kind{XMP, EXIF} {
		if it := m.describing(kind); it != nil {
			f.Slots[it.slot].Guide = true
		}
	}
	return nil
}

// value lists the slot of an item.
func (f *heifFile) value(m *heifMeta, it *heifItem) error {
	if it.construction() == fromItem {
		it.ranges = m.borrowed(it)
	}
	data, err := f.data(it)
	if err != nil {
		return err
	}
	skip := 0
	if it.kind == EXIF {
		if len(data) == 0 {
			return nil
		}
		if skip = exifStart(data); skip < 0 {
			f.damage(it.entry.offset, "Exif item of %d bytes", len(data))
			return nil
		}
	}
	it.prefix, it.listed = data[:skip:skip], true
	it.slot = len(f.Slots)
	f.add(Slot{Kind: it.kind, Place: it.place, Value: data[skip:], Ranges: Cut(it.ranges, int64(skip), int64(len(data)-skip))}, bmffValue{})
	return nil
}

// data reads the data of an item.
func (f *heifFile) data(it *heifItem) ([]byte, error) {
	var parts [][]byte
	for _, r := range it.ranges {
		if r.Length > f.unread { // many items may claim the same bytes
			return nil, &LimitError{What: "data of all items", Limit: 2 * f.src.Size()}
		}
		f.unread -= r.Length
		b, err := f.src.Bytes(r.Offset, r.Length, it.place)
		if err != nil {
			return nil, err
		}
		parts = append(parts, b)
	}
	if len(parts) == 1 {
		return parts[0], nil
	}
	return slices.Concat(parts...), nil
}

// exifStart returns where the TIFF structure starts in data that begins with its
// distance from there (ISO/IEC 23008-12, A.2.1), -1 for none.
func exifStart(data []byte) int {
	r := fields{data: data}
	skip := r.uint(4)
	if r.short || skip > uint64(len(data)-r.pos) {
		return -1
	}
	return r.pos + int(skip)
}
