package container

import (
	"bytes"
	"cmp"
	"maps"
	"math"
	"slices"

	"github.com/aigclabel/aigclabel/internal/splice"
)

// Edits of TIFF files. Others may hold offsets into a file that nobody can
// follow, such as those of maker notes, so nothing moves: a value is overwritten
// where it has room, else it goes to the end of the file and leaves zeros. A
// directory that gets one more entry goes there too; the old one is left.

// A tiffPlan gathers the edits.
type tiffPlan struct {
	*tiffFile
	fields []tiffChange           // that change, by the offsets of their values
	added  map[int][]tiffAddition // by directory
	taken  []Range                // what other fields and the directories have, by offset
	edits  []splice.Edit
	next   map[int]int64 // where the directory after a page has gone, by that page
	base   int64         // where new data goes, in place of all that follows
	data   []byte
}

// A tiffChange is a field that changes.
type tiffChange struct {
	tiffField
	value  []byte // nil to remove the field
	stands bool   // in the place of the old value
}

// A tiffAddition is a new field of type UNDEFINED.
type tiffAddition struct {
	tag   uint16
	value []byte
}

// Plan implements [File]. New XMP gets the field type UNDEFINED
// (TC260-PG-20259A); other readers and writers have BYTE, which is kept. A new
// C2PA store goes to the last page: a directory of its own behind that, as the
// reference implementation makes of several pages, is one more page to others,
// and a broken one. Texts cannot be added.
func (f *tiffFile) Plan(changes []Change) (*splice.Plan, error) {
	p := &tiffPlan{tiffFile: f, base: f.size, added: map[int][]tiffAddition{}, next: map[int]int64{}}
	if err := p.gather(changes); err != nil {
		return nil, err
	}
	if len(p.fields) > 0 || len(p.added) > 0 {
		p.survey()
		p.settle()
		p.rewrite()
		if p.base < f.size || len(p.data) > 0 {
			p.edits = append(p.edits, splice.Edit{Offset: p.base, Delete: f.size - p.base, Insert: bytes.NewReader(p.data)})
		}
		if end := p.base + int64(len(p.data)); !f.big && end > math.MaxUint32 {
			return nil, &LimitError{What: "size of the TIFF file", Limit: math.MaxUint32}
		}
	}
	return splice.New(f.src.ReaderAt(), f.size, p.edits)
}

// gather lists what changes.
func (p *tiffPlan) gather(changes []Change) error {
	for i := range p.Slots {
		slot := &p.Slots[i]
		c, ok := changed(changes, slot)
		switch {
		case !ok:
			continue
		case c.Value != nil && slot.Kind == Text:
			return ErrNoPlace
		}
		p.fields = append(p.fields, tiffChange{tiffField: p.tiffFile.fields[i], value: c.Value})
	}
	slices.SortStableFunc(p.fields, func(a, b tiffChange) int { return cmp.Compare(a.offset, b.offset) })
	for _, c := range changes {
		switch {
		case c.Slot != nil || c.Value == nil:
		case len(p.directories) == 0:
			return ErrNoPlace
		case c.Kind == XMP:
			p.add(0, tagXMP, c.Value)
		case c.Kind == C2PA:
			p.add(p.lastPage(), tagC2PA, c.Value)
		default:
			return ErrNoPlace
		}
	}
	return nil
}

// add adds a field to the directory i.
func (p *tiffPlan) add(i int, tag uint16, value []byte) {
	p.added[i] = append(p.added[i], tiffAddition{tag, value})
	slices.SortStableFunc(p.added[i], func(a, b tiffAddition) int { return cmp.Compare(a.tag, b.tag) })
}

// lastPage returns the directory of the last page.
func (p *tiffPlan) lastPage() (last int) {
	for i, d := range p.directories {
		if d.page > p.directories[last].page {
			last = i
		}
	}
	return last
}

// survey lists what is in use by more than the fields that change.
func (p *tiffPlan) survey() {
	changing := map[int64]bool{}
	for _, c := range p.fields {
		changing[c.at] = true
	}
	p.taken = []Range{{0, 2 * p.width()}}
	for i := range p.directories {
		d := &p.directories[i]
		p.taken = append(p.taken, Range{d.offset, p.directorySize(len(d.entries))})
		for e := range p.entriesOf(d) {
			if e.length > p.width() && !changing[e.at] {
				p.taken = append(p.taken, Range{e.offset, e.length})
			}
		}
	}
	slices.SortFunc(p.taken, func(a, b Range) int { return cmp.Compare(a.Offset, b.Offset) })
	for i := 1; i < len(p.taken); i++ { // of the ranges up to a position, the last is to reach furthest
		last := p.taken[i-1]
		p.taken[i].Length = max(p.taken[i].Length, last.Offset+last.Length-p.taken[i].Offset)
	}
}

// isTaken reports whether something else lies where the value of c is.
func (p *tiffPlan) isTaken(c tiffChange) bool {
	i, _ := slices.BinarySearchFunc(p.taken, c.end(), func(r Range, end int64) int { return cmp.Compare(r.Offset, end) })
	return i > 0 && p.taken[i-1].Offset+p.taken[i-1].Length > c.offset
}

// settle overwrites the values that have room, and clears away the others.
func (p *tiffPlan) settle() {
	var dead []Range
	end, cleared := int64(0), int64(0)
	for i := range p.fields {
		c := &p.fields[i]
		apart := c.offset >= end && (i+1 == len(p.fields) || p.fields[i+1].offset >= c.end())
		end = max(end, c.end())
		switch n := int64(len(c.value)); {
		case c.length <= p.width() || p.isTaken(*c):
		case apart && n > p.width() && n <= c.length:
			c.stands = true
			p.overwrite(Range{c.offset, c.length}, c.value)
		case c.end() > cleared:
			start := max(c.offset, cleared)
			dead = append(dead, Range{start, c.end() - start})
			cleared = c.end()
		}
	}
	for len(dead) > 0 && dead[len(dead)-1].Offset+dead[len(dead)-1].Length == p.base { // the end of the file
		p.base = dead[len(dead)-1].Offset
		dead = dead[:len(dead)-1]
	}
	for _, r := range dead {
		p.overwrite(r, nil)
	}
}

// overwrite puts b into r, and zeros behind it.
func (p *tiffPlan) overwrite(r Range, b []byte) {
	full := append(slices.Clip(b), make([]byte, r.Length-int64(len(b)))...)
	p.edits = append(p.edits, splice.Edit{Offset: r.Offset, Delete: r.Length, Insert: bytes.NewReader(full)})
}

// rewrite edits the directories of the fields, the last page first: the pages
// before say where it is.
func (p *tiffPlan) rewrite() {
	byDirectory := map[int]map[int64]tiffChange{}
	for i := range p.added {
		byDirectory[i] = map[int64]tiffChange{}
	}
	for _, c := range p.fields {
		if byDirectory[c.directory] == nil {
			byDirectory[c.directory] = map[int64]tiffChange{}
		}
		byDirectory[c.directory][c.at] = c
	}
	edited := slices.SortedFunc(maps.Keys(byDirectory), func(a, b int) int {
		return cmp.Or(cmp.Compare(p.directories[b].page, p.directories[a].page), cmp.Compare(a, b))
	})
	for n, i := range edited {
		at := p.rewriteDirectory(i, byDirectory[i])
		if at == 0 {
			continue
		}
		before := p.directories[i].page - 1
		if n+1 < len(edited) && before >= 0 && p.directories[edited[n+1]].page == before {
			p.next[before] = at
			continue
		}
		p.overwrite(p.directories[i].pointer, p.appendNumber(nil, at))
	}
}

// rewriteDirectory edits the directory i in its place, or at the end, and returns
// where that is.
func (p *tiffPlan) rewriteDirectory(i int, changes map[int64]tiffChange) (at int64) {
	d := &p.directories[i]
	size := len(d.entries) + len(p.added[i])*int(p.entrySize())
	for _, c := range changes {
		if c.value == nil {
			size -= int(p.entrySize())
		}
	}
	if size <= len(d.entries) {
		p.overwrite(Range{d.offset, p.directorySize(len(d.entries))}, p.encodeDirectory(d, p.added[i], changes))
		return 0
	}
	at = p.append(make([]byte, p.directorySize(size))) // before the values, so that they can grow
	b := p.encodeDirectory(d, p.added[i], changes)
	copy(p.data[at-p.base:], b)
	return at
}

// encodeDirectory returns d with its changes. New values go to the end.
func (p *tiffPlan) encodeDirectory(d *tiffDirectory, added []tiffAddition, changes map[int64]tiffChange) []byte {
	n := int(p.entrySize())
	entries := make([]byte, 0, len(d.entries)+len(added)*n)
	for e := range p.entriesOf(d) {
		for len(added) > 0 && e.tag > added[0].tag {
			entries, added = p.appendEntry(entries, added[0].tag, tiffUndefined, added[0].value), added[1:]
		}
		c, ok := changes[e.at]
		switch i := e.at - d.offset - p.countSize(); {
		case !ok:
			entries = append(entries, d.entries[i:][:n]...)
		case c.value == nil:
		case c.stands:
			entries = p.appendField(entries, e.tag, e.typ, len(c.value), e.offset)
		default:
			entries = p.appendEntry(entries, e.tag, e.typ, c.value)
		}
	}
	for _, a := range added {
		entries = p.appendEntry(entries, a.tag, tiffUndefined, a.value)
	}
	var b []byte
	if count := len(entries) / n; p.big {
		b = p.order.AppendUint64(nil, uint64(count))
	} else {
		b = p.order.AppendUint16(nil, uint16(count))
	}
	next := d.next
	if at, moved := p.next[d.page]; moved {
		next = at
	}
	return p.appendNumber(append(b, entries...), next)
}

// appendEntry appends an entry with a value, which goes to the end of the file
// if the entry cannot hold it.
func (p *tiffPlan) appendEntry(b []byte, tag, typ uint16, value []byte) []byte {
	if int64(len(value)) > p.width() {
		return p.appendField(b, tag, typ, len(value), p.append(value))
	}
	b = p.appendField(b, tag, typ, len(value), 0)
	copy(b[len(b)-int(p.width()):], value)
	return b
}

// appendField appends an entry. A type of more than a byte is replaced.
func (p *tiffPlan) appendField(b []byte, tag, typ uint16, count int, offset int64) []byte {
	if tiffTypeSize(typ) > 1 {
		typ = tiffUndefined
	}
	b = p.order.AppendUint16(p.order.AppendUint16(b, tag), typ)
	return p.appendNumber(p.appendNumber(b, int64(count)), offset)
}

// appendNumber appends a count or an offset.
func (r *ifdReader) appendNumber(b []byte, n int64) []byte {
	if r.big {
		return r.order.AppendUint64(b, uint64(n))
	}
	return r.order.AppendUint32(b, uint32(n))
}

// append adds data to the end of the file, on a word boundary, and returns its
// offset.
func (p *tiffPlan) append(b []byte) int64 {
	p.data = append(p.data, make([]byte, (p.base+int64(len(p.data)))&1)...)
	p.data = append(p.data, b...)
	return p.base + int64(len(p.data)-len(b))
}

// directorySize returns the bytes of a directory with so many bytes of entries.
func (r *ifdReader) directorySize(entries int) int64 {
	return r.countSize() + int64(entries) + r.width()
}
