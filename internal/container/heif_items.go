package container

import (
	"fmt"
	"iter"
)

// A heifMeta is a meta box with items.
type heifMeta struct {
	bmffBox
	parts   map[string]*bmffBox // its children that matter
	primary uint64              // the item to show
	items   []*heifItem
	byID    map[uint64]*heifItem
}

// A heifItem is an item that holds metadata, or one of which such an item takes
// a part.
type heifItem struct {
	ilocItem
	kind      Kind // 0 for a source of others
	entry     bmffBox
	place     string
	describes struct{ primary, any bool }
	located   bool // in iloc
	ranges    []Range
	sources   []uint64     // the items that extents of construction method 2 count in
	extents   []ilocExtent // of construction method 2
	prefix    []byte       // of the data, before the value
	listed    bool         // as a slot
	slot      int          // its index
}

// part keeps the first child of each kind that matters.
func (m *heifMeta) part(b bmffBox) {
	switch b.kind {
	case "hdlr", "pitm", "iinf", "iloc", "iref", "idat", "grpl", "iprp":
		if m.parts[b.kind] == nil {
			m.parts[b.kind] = &b
		}
	}
}

func (m *heifMeta) handler(src *Source) (string, error) {
	hdlr := m.parts["hdlr"]
	if hdlr == nil {
		return "", nil
	}
	r, err := hdlr.fields(src, 12)
	r.skip(8)
	return r.code(), err
}

// fields returns the first n bytes of the body, valid until the next Peek.
func (b *bmffBox) fields(src *Source, n int64) (*fields, error) {
	h, err := src.Peek(b.body(), int(min(n, b.size-b.header)))
	return &fields{data: h}, err
}

// version reads the version and the flags of a box.
func (r *fields) version() uint64 {
	v := r.uint(1)
	r.skip(3)
	return v
}

// id reads the number of an item.
func (r *fields) id(wide bool) uint64 { return r.uint(idWidth(wide)) }

// idWidth returns the bytes of an item's number.
func idWidth(wide bool) int {
	if wide {
		return 4
	}
	return 2
}

// code reads a four-character code, "" past the end.
func (r *fields) code() string {
	at := r.pos
	if r.skip(4); r.short {
		return ""
	}
	return string(r.data[at:r.pos])
}

// boxes yields the boxes in the body of b, after its first n bytes.
func (b *bmffBox) boxes(src *Source, n int64) iter.Seq2[bmffBox, error] {
	if n > b.size-b.header {
		return func(yield func(bmffBox, error) bool) {
			yield(*b, &FormatError{Offset: b.offset, Err: fmt.Errorf("%s box of %d bytes", b.kind, b.size)})
		}
	}
	return bmffBoxes(src, b, b.body()+n, b.end())
}

// wide reports whether the version of a box gives its numbers 32 bits.
func (b *bmffBox) wide(src *Source) (bool, error) {
	r, err := b.fields(src, 4)
	return r.version() > 0, err
}

// entries yields the entries of iinf.
func (m *heifMeta) entries(src *Source) iter.Seq2[bmffBox, error] {
	return func(yield func(bmffBox, error) bool) {
		iinf := m.parts["iinf"]
		if iinf == nil {
			return
		}
		wide, err := iinf.wide(src)
		if err != nil {
			yield(*iinf, err)
			return
		}
		iinf.boxes(src, 4+int64(idWidth(wide)))(yield)
	}
}

// entryIDs notes the numbers in iinf.
func (m *heifMeta) entryIDs(src *Source, used map[uint64]bool) error {
	for b, err := range m.entries(src) {
		if err != nil {
			return err
		}
		id, err := b.itemID(src)
		if err != nil {
			return err
		}
		used[id] = true
	}
	return nil
}

// itemID returns the number in an infe box.
func (b *bmffBox) itemID(src *Source) (uint64, error) {
	r, err := b.fields(src, 8)
	return r.id(r.version() > 2), err
}

// groupIDs notes the numbers of entity groups.
func (m *heifMeta) groupIDs(src *Source, used map[uint64]bool) error {
	grpl := m.parts["grpl"]
	if grpl == nil {
		return nil
	}
	for b, err := range grpl.boxes(src, 0) {
		if err != nil {
			return err
		}
		r, err := b.fields(src, 8)
		if err != nil {
			return err
		}
		r.version()
		used[r.uint(4)] = true
	}
	return nil
}

// referenceIDs notes the numbers in iref, also those of items that are gone.
func (m *heifMeta) referenceIDs(src *Source, used map[uint64]bool) error {
	iref := m.parts["iref"]
	if iref == nil {
		return nil
	}
	wide, err := iref.wide(src)
	if err != nil {
		return err
	}
	for b, err := range iref.boxes(src, 4) {
		if err != nil {
			return err
		}
		data, err := src.Bytes(b.body(), b.size-b.header, "iref box")
		if err != nil {
			return err
		}
		r := &fields{data: data}
		used[r.id(wide)] = true
		for r.uint(2); !r.short; {
			used[r.id(wide)] = true
		}
	}
	return nil
}

// refer notes that an item refers to another.
func (m *heifMeta) refer(it *heifItem, kind string, to uint64) {
	if kind == "cdsc" {
		it.describes.any = true
		it.describes.primary = it.describes.primary || to == m.primary
		return
	}
	it.sources = append(it.sources, to)
	if m.byID[to] == nil {
		m.byID[to] = &heifItem{}
	}
}

// describing returns the item of a kind that speaks of the primary item: one that
// says so, else one that does not say of which.
func (m *heifMeta) describing(kind Kind) (found *heifItem) {
	for _, it := range m.items {
		switch {
		case it.kind != kind || !it.listed:
		case it.describes.primary:
			return it
		case !it.describes.any && found == nil:
			found = it
		}
	}
	return found
}

// extent returns the bytes of an extent, or those that exist and false.
func (m *heifMeta) extent(src *Source, it ilocItem, e ilocExtent) (Range, bool) {
	space := m.space(src, it)
	if it.base > maxOffset || e.offset > maxOffset || int64(it.base+e.offset) > space.Length {
		return Range{space.Offset, 0}, false
	}
	start := int64(it.base + e.offset)
	at := Range{space.Offset + start, space.Length - start}
	switch {
	case e.length == 0 && m.emptied(it):
		at.Length = 0
	case e.length == 0: // to the end
	case e.length > uint64(at.Length):
		return at, false
	default:
		at.Length = int64(e.length)
	}
	return at, true
}

// emptied reports whether an item has no data where an extent has no length. The
// standard makes that all of the file, but ExifTool leaves metadata so that it deleted.
func (m *heifMeta) emptied(it ilocItem) bool {
	item := m.byID[it.id]
	return item != nil && item.kind != 0 && it.construction() == fromFile
}

// space returns the bytes in which the extents of an item count.
func (m *heifMeta) space(src *Source, it ilocItem) Range {
	if it.construction() == fromFile {
		return Range{0, src.Size()}
	}
	if idat := m.parts["idat"]; idat != nil {
		return Range{idat.body(), idat.size - idat.header}
	}
	return Range{}
}

// borrowed returns the bytes of an item of construction method 2: parts of other
// items, which have bytes of their own.
func (m *heifMeta) borrowed(it *heifItem) (ranges []Range) {
	for _, e := range it.extents {
		i := max(e.index, 1) - 1
		if i >= uint64(len(it.sources)) || it.base > maxOffset || e.offset > maxOffset {
			return nil
		}
		length := int64(min(e.length, maxOffset))
		if length == 0 {
			length = maxOffset
		}
		ranges = append(ranges, Cut(m.byID[it.sources[i]].ranges, int64(it.base+e.offset), length)...)
	}
	return ranges
}
