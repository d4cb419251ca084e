package container

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"

	"github.com/aigclabel/aigclabel/internal/splice"
)

// A heifLocations is an iloc box that is written anew.
type heifLocations struct {
	iloc
	box   *bmffBox
	idat  *bmffBox
	items []heifLocation
	head  [6]byte // of the box, with bits that are kept
	rest  []byte  // after the items
	out   []byte  // the new body
}

// A heifLocation is an entry of iloc.
type heifLocation struct {
	ilocItem
	list []ilocExtent
	data splice.Content // new data, which is in one extent
	old  int64          // where the old data starts
}

// readLocations reads the whole of an iloc box.
func readLocations(src *Source, m *heifMeta) (*heifLocations, error) {
	box := m.parts["iloc"]
	r, head, err := readILOC(src, *box)
	if err != nil {
		return nil, err
	}
	l := &heifLocations{iloc: head, box: box, idat: m.parts["idat"], head: [6]byte(r.data)}
	for n := head.count; n > 0 && !r.short; n-- {
		it := heifLocation{ilocItem: l.item(r)}
		for range l.present(it.ilocItem) {
			if err := src.Element(); err != nil {
				return nil, err
			}
			it.list = append(it.list, l.extent(r))
			if r.short {
				return nil, r.end(*box)
			}
		}
		l.items = append(l.items, it)
	}
	l.rest = r.data[r.pos:]
	return l, r.end(*box)
}

// widen makes the fields large enough for new data in a file of a size.
func (l *heifLocations) widen(size int64) {
	if l.length == 0 {
		l.length = 4
	}
	if l.offset == 0 && l.base == 0 {
		l.offset = 4
	}
	switch {
	case size <= math.MaxUint32:
	case l.offset > 0:
		l.offset = 8
	default:
		l.base = 8
	}
}

// encode returns the body of the box, and false if a number outgrows its field.
func (l *heifLocations) encode() ([]byte, bool) {
	w := fieldWriter{b: append([]byte(nil), l.head[:4]...)}
	w.uint(1, uint64(l.offset<<4|l.length))
	w.uint(1, uint64(l.base<<4)|uint64(l.head[5]&15))
	w.uint(l.number, uint64(len(l.items)))
	for i := range l.items {
		it := &l.items[i]
		w.uint(l.number, it.id)
		if l.version > 0 {
			w.uint(2, it.method)
		}
		w.uint(2, it.reference)
		w.uint(l.base, it.base)
		if l.extentSize() == 0 {
			w.uint(2, it.extents)
			continue
		}
		w.uint(2, uint64(len(it.list)))
		for _, e := range it.list {
			w.uint(l.index, e.index)
			w.uint(l.offset, e.offset)
			w.uint(l.length, e.length)
		}
	}
	return append(w.b, l.rest...), !w.overflow
}

// replace adds the edit of the box to p. Its offsets are right after follow.
func (l *heifLocations) replace(p *bmffPlan) error {
	l.out, _ = l.encode()
	if l.number == 2 && len(l.items) > math.MaxUint16 {
		return &LimitError{What: "number of items", Limit: math.MaxUint16}
	}
	p.items = l
	p.replace(l.box, l.box.body(), l.box.size-l.box.header, bytes.NewReader(l.out))
	return nil
}

// follow makes the offsets follow the edits.
func (l *heifLocations) follow(moves []splice.Edit) error {
	for i := range l.items {
		if it := &l.items[i]; it.here() || it.construction() == fromIDAT {
			l.move(it, moves)
		}
	}
	out, ok := l.encode()
	if !ok {
		return &FormatError{Offset: l.box.offset, Err: errors.New("offset outgrows its field")}
	}
	copy(l.out, out)
	return nil
}

// move sets the base and the offsets of an item.
func (l *heifLocations) move(it *heifLocation, moves []splice.Edit) {
	from, to := l.origin(it, moves)
	if it.data != nil {
		at := uint64(contentAt(moves, it.data, it.old) - to)
		if it.base = 0; l.offset == 0 {
			it.base, at = at, 0
		}
		if len(it.list) > 0 {
			it.list[0].offset = at
		}
		return
	}
	moved := func(off uint64) uint64 { // from the base on
		if it.base > maxOffset || off > maxOffset-it.base {
			return off // nowhere in a file
		}
		at, _ := splice.Map(moves, from+int64(it.base+off))
		return uint64(at-to) - it.base
	}
	if l.offset == 0 {
		it.base += moved(0)
		return
	}
	for _, e := range it.list {
		if int64(moved(e.offset)) < 0 {
			it.rebase()
		}
	}
	for i := range it.list {
		it.list[i].offset = moved(it.list[i].offset)
	}
}

// rebase makes the extents count from the start.
func (it *heifLocation) rebase() {
	for i := range it.list {
		it.list[i].offset += it.base
	}
	it.base = 0
}

// origin returns from where the extents of an item count, before and after the
// edits.
func (l *heifLocations) origin(it *heifLocation, moves []splice.Edit) (from, to int64) {
	if it.here() || l.idat == nil {
		return 0, 0
	}
	to, _ = splice.Map(moves, l.idat.offset)
	return l.idat.body(), to + l.idat.header
}

// contentAt returns where the content of an edit stands in the output. An edit
// that moves nothing stands in place of the source byte at old.
func contentAt(moves []splice.Edit, content splice.Content, old int64) int64 {
	var moved int64
	for _, e := range moves {
		if e.Insert == content {
			return e.Offset + moved
		}
		moved += growth(e)
	}
	at, _ := splice.Map(moves, old)
	return at
}

// A fieldWriter writes big-endian numbers in a row.
type fieldWriter struct {
	b        []byte
	overflow bool
}

func (w *fieldWriter) uint(n int, v uint64) {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], v)
	w.b = append(w.b, b[8-n:]...)
	w.overflow = w.overflow || n < 8 && v>>(8*n) > 0
}
