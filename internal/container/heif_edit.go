package container

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/aigclabel/aigclabel/internal/splice"
)

// A heifEdit adds edits of items to a plan.
type heifEdit struct {
	*bmffPlan
	file      *heifFile
	meta      *heifMeta
	locations *heifLocations // once it is to change
	data      []*bytes.Reader
	entries   []byte   // new ones, of iinf
	describes []uint64 // the items that get a reference to the primary one
	count     int      // by how many items there are more
	changed   bool     // locations
}

// Plan implements [File]. A new XMP packet becomes an item that describes the
// primary one. Its data goes to the start of the first mdat box, which is the
// head of the file where the meta box comes first; readers such as ExifTool know
// no data inside the meta box. The data of an item that changes stays where it
// is, and what follows moves, unless another item has the same bytes. In a sequence without items, XMP has the place that
// it has in MP4.
func (f *heifFile) Plan(changes []Change) (*splice.Plan, error) {
	return f.plan(func() (*bmffPlan, error) {
		p, err := f.edit(changes)
		if err != nil {
			return nil, err
		}
		if changes, err = f.editItems(p, changes); err != nil {
			return nil, err
		}
		return p, f.insert(p, changes)
	})
}

// editItems makes the changes of items, and returns the others.
func (f *heifFile) editItems(p *bmffPlan, changes []Change) (others []Change, err error) {
	if f.pict == nil {
		return changes, nil
	}
	e := &heifEdit{bmffPlan: p, file: f, meta: f.pict}
	for _, it := range f.pict.items {
		if it.listed {
			if err := e.edit(it, changes); err != nil {
				return nil, err
			}
		}
	}
	for _, c := range changes {
		if c.Slot != nil || c.Kind != XMP || c.Value == nil {
			others = append(others, c)
		} else if err := e.add(c.Value); err != nil {
			return nil, err
		}
	}
	return others, e.finish()
}

// edit makes the change of an item.
func (e *heifEdit) edit(it *heifItem, changes []Change) error {
	slot := &e.file.Slots[it.slot]
	c, ok := changed(changes, slot)
	switch {
	case !ok:
		return nil
	case it.construction() == fromItem:
		return fmt.Errorf("%s: part of another item: %w", it.place, ErrNoPlace)
	case c.Value == nil:
		return e.remove(it)
	}
	return e.rewrite(it, slices.Concat(it.prefix, c.Value))
}

// open reads iloc, to change it.
func (e *heifEdit) open() (err error) {
	if e.locations == nil {
		e.locations, err = readLocations(e.src, e.meta)
	}
	return err
}

// rewrite gives an item other data, where the old is unless another item has
// that too.
func (e *heifEdit) rewrite(it *heifItem, data []byte) error {
	if err := e.open(); err != nil {
		return err
	}
	content := bytes.NewReader(data)
	i := slices.IndexFunc(e.locations.items, func(l heifLocation) bool { return l.id == it.id })
	entry := &e.locations.items[i]
	switch {
	case len(it.ranges) == 0 || e.shared(it):
		entry.method &^= 15
		entry.reference = 0 // without a meaning so far, it would be another file
		e.data = append(e.data, content)
	case len(it.ranges) == 1 && it.ranges[0].Length == content.Size():
		return e.release(it, content)
	default:
		if err := e.release(it, content); err != nil {
			return err
		}
		entry.old = it.ranges[0].Offset
	}
	e.set(entry, content)
	return nil
}

// set says that the data of an item is content, in one extent.
func (e *heifEdit) set(it *heifLocation, content *bytes.Reader) {
	it.data, it.list, it.extents = content, nil, 0
	if n := uint64(content.Size()); n > 0 {
		it.list, it.extents = []ilocExtent{{length: n}}, 1
	}
	e.changed = true
}

// release replaces the bytes of an item by content, which may be nil.
func (e *heifEdit) release(it *heifItem, content splice.Content) error {
	for _, r := range it.ranges {
		box, err := e.holder(r)
		if err != nil {
			return err
		}
		e.replace(box, r.Offset, r.Length, content)
		content = nil
	}
	return nil
}

// holder returns the box of media data that holds bytes: mdat, or idat in the
// meta box.
func (e *heifEdit) holder(r Range) (*bmffBox, error) {
	holds := func(b *bmffBox) bool { return b != nil && b.body() <= r.Offset && r.Length <= b.end()-r.Offset }
	if idat := e.meta.parts["idat"]; holds(idat) {
		return idat, nil
	}
	for b, err := range bmffBoxes(e.src, nil, 0, e.src.Size()) {
		if err != nil {
			return nil, err
		}
		if b.kind == "mdat" && holds(&b) {
			return &b, nil
		}
	}
	return nil, &FormatError{Offset: r.Offset, Err: errors.New("data of an item is not in a box for data")}
}

// shared reports whether another extent has bytes of an item.
func (e *heifEdit) shared(it *heifItem) bool {
	meets, own := 0, 0
	for _, r := range it.ranges {
		own += int(min(r.Length, 1)) // each of them meets itself
	}
	for i := range e.locations.items {
		other := &e.locations.items[i]
		if other.data != nil || other.construction() != fromIDAT && !other.here() {
			continue
		}
		for _, x := range other.list {
			at, _ := e.meta.extent(e.src, other.ilocItem, x)
			for _, r := range it.ranges {
				if at.Length > 0 && at.Offset < r.Offset+r.Length && r.Offset < at.Offset+at.Length {
					meets++
				}
			}
		}
	}
	return meets > own
}

// remove takes an item away, with its data and the references from it.
func (e *heifEdit) remove(it *heifItem) error {
	if err := e.open(); err != nil {
		return err
	}
	if !e.shared(it) {
		if err := e.release(it, nil); err != nil {
			return err
		}
	}
	e.locations.items = slices.DeleteFunc(e.locations.items, func(l heifLocation) bool { return l.id == it.id })
	e.replace(it.entry.parent, it.entry.offset, it.entry.size, nil)
	e.count--
	e.changed = true
	return e.unrefer(it)
}

// unrefer removes the references from an item, and iref if it has no others.
func (e *heifEdit) unrefer(it *heifItem) error {
	iref := e.meta.parts["iref"]
	if iref == nil {
		return nil
	}
	wide, err := iref.wide(e.src)
	if err != nil {
		return err
	}
	var from []bmffBox
	all := true
	for b, err := range iref.boxes(e.src, 4) {
		if err != nil {
			return err
		}
		r, err := b.fields(e.src, 4)
		if err != nil {
			return err
		}
		if r.id(wide) == it.id {
			from = append(from, b)
		} else {
			all = false
		}
	}
	if all {
		from = []bmffBox{*iref}
	}
	for _, b := range from {
		e.replace(b.parent, b.offset, b.size, nil)
	}
	return nil
}

// add makes an item of an XMP packet.
func (e *heifEdit) add(packet []byte) error {
	if e.meta.primary == 0 || e.meta.parts["iinf"] == nil || e.meta.parts["iloc"] == nil {
		return fmt.Errorf("file has no primary item: %w", ErrNoPlace)
	}
	if err := e.open(); err != nil {
		return err
	}
	id, err := e.freeID()
	if err != nil {
		return err
	}
	content := bytes.NewReader(packet)
	e.data = append(e.data, content)
	location := heifLocation{ilocItem: ilocItem{id: id}}
	e.set(&location, content)
	e.locations.items = append(e.locations.items, location)
	entry := fieldWriter{b: []byte{2, 0, 0, 0}}
	entry.uint(2, id)
	e.entries = append(e.entries, bmffEncode("infe", entry.b, []byte("\x00\x00mime\x00application/rdf+xml\x00"))...)
	e.describes = append(e.describes, id)
	e.count++
	return nil
}

// freeID returns a number for a new item, of 16 bits: one more than those of
// items, of entity groups (ISO/IEC 14496-12, 8.18.3.3) and in references, else a
// free one.
func (e *heifEdit) freeID() (uint64, error) {
	used := map[uint64]bool{0: true}
	for _, it := range e.locations.items {
		used[it.id] = true
	}
	m := e.meta
	for _, note := range []func(*Source, map[uint64]bool) error{m.entryIDs, m.groupIDs, m.referenceIDs} {
		if err := note(e.src, used); err != nil {
			return 0, err
		}
	}
	highest := uint64(0)
	for id := range used {
		highest = max(highest, id)
	}
	if highest < math.MaxUint16 {
		return highest + 1, nil
	}
	for id := uint64(1); id <= math.MaxUint16; id++ {
		if !used[id] {
			return id, nil
		}
	}
	return 0, &LimitError{What: "number of items", Limit: math.MaxUint16}
}

// finish adds the edits of the lists of items.
func (e *heifEdit) finish() error {
	if !e.changed {
		return nil
	}
	if err := e.enter(); err != nil {
		return err
	}
	if err := e.refer(); err != nil {
		return err
	}
	for _, content := range e.data { // after what goes into the meta box
		e.place(content)
	}
	l := e.locations
	if slices.ContainsFunc(l.items, func(it heifLocation) bool { return it.data != nil }) {
		const more = 64 << 10 // boxes around the data
		l.widen(e.src.Size() + growth(e.edits...) + 2*l.box.size + more)
	}
	return l.replace(e.bmffPlan)
}

// place puts new data at the start of the first mdat box, or of a new one.
func (e *heifEdit) place(content *bytes.Reader) {
	if b := e.file.media; b != nil {
		e.replace(b, b.body(), 0, content)
		return
	}
	at := e.file.after(&e.meta.bmffBox)
	e.put(nil, at, slices.Concat(uint32Bytes(8+content.Len()), []byte("mdat")))
	e.replace(nil, at, 0, content)
}

// enter adds the new entries to iinf, and counts them.
func (e *heifEdit) enter() error {
	iinf := e.meta.parts["iinf"]
	if iinf == nil || len(e.entries) == 0 && e.count == 0 {
		return nil
	}
	r, err := iinf.fields(e.src, 8)
	if err != nil {
		return err
	}
	width := idWidth(r.version() > 0)
	count := fieldWriter{}
	count.uint(width, r.uint(width)+uint64(e.count))
	if count.overflow {
		return &LimitError{What: "number of items", Limit: math.MaxUint16}
	}
	if e.count != 0 {
		e.replace(iinf, iinf.body()+4, int64(width), bytes.NewReader(count.b))
	}
	return e.append(iinf, 4+int64(width), e.entries)
}

// append adds boxes after the last child of b, the first of which starts at a
// position of its body.
func (e *heifEdit) append(b *bmffBox, first int64, boxes []byte) error {
	last := b.body() + first
	for c, err := range b.boxes(e.src, first) {
		if err != nil {
			return err
		}
		if last = c.end(); c.open {
			return &FormatError{Offset: c.offset, Err: fmt.Errorf("%s box without a size", printable(c.kind))}
		}
	}
	e.put(b, last, boxes)
	return nil
}

// refer adds references to the primary item.
func (e *heifEdit) refer() error {
	if len(e.describes) == 0 {
		return nil
	}
	iref := e.meta.parts["iref"]
	wide := e.meta.primary > math.MaxUint16
	if iref != nil {
		var err error
		if wide, err = iref.wide(e.src); err != nil {
			return err
		}
	}
	var boxes []byte
	for _, id := range e.describes {
		w := fieldWriter{}
		w.uint(idWidth(wide), id)
		w.uint(2, 1)
		w.uint(idWidth(wide), e.meta.primary)
		if w.overflow {
			return &FormatError{Offset: iref.offset, Err: errors.New("iref box has no room for the primary item's number")}
		}
		boxes = append(boxes, bmffEncode("cdsc", w.b)...)
	}
	if iref != nil {
		return e.append(iref, 4, boxes)
	}
	version := make([]byte, 4)
	if wide {
		version[0] = 1
	}
	iinf := e.meta.parts["iinf"]
	e.put(&e.meta.bmffBox, e.file.after(iinf), bmffEncode("iref", version, boxes))
	return nil
}
