package container

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"maps"
	"math"
	"slices"

	"github.com/aigclabel/aigclabel/internal/splice"
)

// zipEpoch is the DOS date of new entries, 1 January 1980: a date says nothing
// of the content, and the same edit gives the same file.
const zipEpoch = 1<<5 | 1

// plan returns the edits that put contents into the archive, by the names of
// the entries. An entry that exists is replaced where it stands and keeps its
// date, nil deletes it, and a new one goes behind the entry named after, or to
// the end. All are stored, not compressed: the next release of a compressor
// gives other bytes. Other entries, the order, gaps and comments are kept.
func (z *zipArchive) plan(contents map[string][]byte, after string) (*splice.Plan, error) {
	w := &zipEdit{zipArchive: z, next: make([]*zipEntry, len(z.entries)), count: len(z.entries)}
	if len(contents) > 0 {
		if z.lost {
			return nil, &FormatError{Offset: z.src.Size(), Err: errors.New("ZIP directory is lost")}
		}
		if err := w.rewrite(contents, after); err != nil {
			return nil, err
		}
	}
	return splice.New(z.src.ReaderAt(), z.src.Size(), append(w.entryEdits, w.directoryEdits...))
}

// A zipEdit gathers the edits of a plan.
type zipEdit struct {
	*zipArchive
	entryEdits     []splice.Edit // before the directory
	directoryEdits []splice.Edit
	next           []*zipEntry // of entries, as they will be: nil for deleted
	count          int         // of the entries
	grown          int64       // of the directory
}

func (w *zipEdit) rewrite(contents map[string][]byte, after string) error {
	added := maps.Clone(contents)
	at, header := w.directory.Offset, w.directory.Offset+w.directory.Length
	for i := range w.entries {
		e := &w.entries[i]
		w.next[i] = e
		content, ok := contents[e.name]
		if !ok && e.name != after {
			continue
		}
		delete(added, e.name)
		end, err := w.entryEnd(e)
		if err != nil {
			return err
		}
		if e.name == after {
			at, header = end, e.header+int64(len(e.central))
		}
		if ok {
			if w.next[i], err = w.replace(e, end, content); err != nil {
				return err
			}
		}
	}
	store, ok := added[c2paEntry]
	delete(added, c2paEntry)
	w.add(added, at, header)
	if ok { // at the end, so that nothing else has to move
		w.add(map[string][]byte{c2paEntry: store}, w.directory.Offset, w.directory.Offset+w.directory.Length)
	}
	w.moveHeaders()
	return w.moveEnds()
}

// entryEnd returns where an entry ends, its data descriptor included.
func (w *zipEdit) entryEnd(e *zipEntry) (int64, error) {
	if err := cmp.Or(w.locate(e), w.Damage); err != nil {
		return 0, err
	}
	n, err := w.descriptorSize(e)
	return e.data + e.packed + n, err
}

// replace plans another content for the entry that ends at end, and returns
// the entry as it will be.
func (w *zipEdit) replace(e *zipEntry, end int64, content []byte) (*zipEntry, error) {
	if content == nil {
		w.entryEdits = append(w.entryEdits, splice.Edit{Offset: e.local, Delete: end - e.local})
		w.count--
		return nil, nil
	}
	head, err := w.src.Bytes(e.local, e.data-e.local, "ZIP local header")
	if err != nil {
		return nil, err
	}
	next, content := e.holding(content)
	name := zipLocalSize + len(e.name)
	extra := head[name:]
	if i, n := zipExtraField(extra, zip64Extra); i >= 0 {
		extra = slices.Concat(extra[:i], extra[i+n:])
	}
	b := slices.Concat(head[:name], extra, content)
	next.putLocal(b)
	binary.LittleEndian.PutUint16(b[28:], uint16(len(extra)))
	// The signature stays, so that the position of the entry can be mapped.
	w.entryEdits = append(w.entryEdits, splice.Edit{Offset: e.local + 4, Delete: end - e.local - 4, Insert: bytes.NewReader(b[4:])})
	return next, nil
}

// add plans new entries at one place, and their central headers at another.
func (w *zipEdit) add(contents map[string][]byte, at, header int64) {
	start, _ := splice.Map(w.entryEdits, at)
	var local, central []byte
	for _, name := range slices.Sorted(maps.Keys(contents)) {
		e, _ := (&zipEntry{name: name}).holding(contents[name])
		head := make([]byte, zipLocalSize)
		copy(head, zipLocal+"\x14") // version needed: 2.0
		binary.LittleEndian.PutUint16(head[12:], zipEpoch)
		binary.LittleEndian.PutUint16(head[26:], uint16(len(name)))
		e.putLocal(head)
		e.central = slices.Concat([]byte(zipCentral+"\x14\x00"), head[4:], make([]byte, 14), []byte(name))
		central = append(central, e.centralHeader(start+int64(len(local))-w.bias)...)
		local = slices.Concat(local, head, []byte(name), contents[name])
		w.count++
	}
	if len(local) == 0 {
		return
	}
	w.entryEdits = append(w.entryEdits, splice.Edit{Offset: at, Insert: bytes.NewReader(local)})
	slices.SortStableFunc(w.entryEdits, func(a, b splice.Edit) int { // an entry that is deleted at the same place comes after
		return cmp.Or(cmp.Compare(a.Offset, b.Offset), cmp.Compare(a.Delete, b.Delete))
	})
	w.directoryEdits = append(w.directoryEdits, splice.Edit{Offset: header, Insert: bytes.NewReader(central)})
	w.grown += int64(len(central))
}

// moveHeaders plans the central headers: an entry stands elsewhere, is another,
// or is deleted.
func (w *zipEdit) moveHeaders() {
	for i, e := range w.next {
		was := w.entries[i]
		var header []byte
		if e != nil {
			pos, _ := splice.Map(w.entryEdits, was.local)
			header = e.centralHeader(pos - w.bias)
		}
		w.grown += int64(len(header) - len(was.central))
		w.patch(was.header, was.central, header)
	}
}

// moveEnds plans the end records.
func (w *zipEdit) moveEnds() error {
	directory, _ := splice.Map(w.entryEdits, w.directory.Offset)
	moved := directory - w.directory.Offset + w.grown // the end records
	size := w.directory.Length + w.grown
	before, err := w.src.Bytes(w.end, zipEndSize, "ZIP end of central directory")
	if err != nil {
		return err
	}
	after := slices.Clone(before)
	for at, v := range map[int]int64{12: size, 16: directory - w.bias} {
		switch {
		case w.end64 > 0 && binary.LittleEndian.Uint32(after[at:]) == math.MaxUint32:
		case v >= math.MaxUint32:
			return &LimitError{What: "size of a ZIP archive without ZIP64", Limit: math.MaxUint32}
		default:
			binary.LittleEndian.PutUint32(after[at:], uint32(v))
		}
	}
	for _, at := range []int{8, 10} {
		if w.end64 == 0 || binary.LittleEndian.Uint16(after[at:]) != math.MaxUint16 {
			binary.LittleEndian.PutUint16(after[at:], uint16(w.count))
		}
	}
	w.patch(w.end, before, after)
	if w.end64 == 0 {
		return nil
	}
	return w.moveEnds64(size, directory-w.bias, moved)
}

func (w *zipEdit) moveEnds64(size, directory, moved int64) error {
	before, err := w.src.Bytes(w.end64, zip64EndSize, "ZIP64 end of central directory")
	if err != nil {
		return err
	}
	after := slices.Clone(before)
	binary.LittleEndian.PutUint64(after[24:], uint64(w.count))
	binary.LittleEndian.PutUint64(after[32:], uint64(w.count))
	binary.LittleEndian.PutUint64(after[40:], uint64(size))
	binary.LittleEndian.PutUint64(after[48:], uint64(directory))
	w.patch(w.end64, before, after)
	locator := w.end - zip64LocatorSize
	if before, err = w.src.Bytes(locator, zip64LocatorSize, "ZIP64 locator"); err != nil {
		return err
	}
	after = slices.Clone(before)
	binary.LittleEndian.PutUint64(after[8:], binary.LittleEndian.Uint64(before[8:])+uint64(moved))
	w.patch(locator, before, after)
	return nil
}

// patch plans the edit that makes before, at off, after: without the bytes that
// both start and end with.
func (w *zipEdit) patch(off int64, before, after []byte) {
	for len(before) > 0 && len(after) > 0 && before[0] == after[0] {
		before, after, off = before[1:], after[1:], off+1
	}
	for len(before) > 0 && len(after) > 0 && before[len(before)-1] == after[len(after)-1] {
		before, after = before[:len(before)-1], after[:len(after)-1]
	}
	if len(before)+len(after) > 0 {
		w.directoryEdits = append(w.directoryEdits, splice.Edit{Offset: off, Delete: int64(len(before)), Insert: bytes.NewReader(after)})
	}
}

// zipPacked is the size from which what was compressed is compressed again: stored,
// the text of a document would be a file ten times as large.
const zipPacked = 16 << 10

// holding returns the entry with another content, and that content as it stands in
// the file.
func (e *zipEntry) holding(content []byte) (*zipEntry, []byte) {
	h := *e
	h.flags &^= zipDeferred | 3<<1 // bits 1 and 2 tell of the compression
	h.method = zipStored
	h.crc = crc32.ChecksumIEEE(content)
	h.size = int64(len(content))
	if e.name == c2paEntry { // C2PA 2.4, A.6.1
		h.flags = 0
	} else if e.method == zipDeflated && len(content) >= zipPacked {
		h.method, content = zipDeflated, packed(content)
	}
	h.packed = int64(len(content))
	return &h, content
}

// putLocal puts the values of an entry below 4 GiB into its local header.
func (e *zipEntry) putLocal(h []byte) {
	binary.LittleEndian.PutUint16(h[6:], e.flags)
	binary.LittleEndian.PutUint16(h[8:], e.method)
	binary.LittleEndian.PutUint32(h[14:], e.crc)
	binary.LittleEndian.PutUint32(h[18:], uint32(e.packed))
	binary.LittleEndian.PutUint32(h[22:], uint32(e.size))
}

// centralHeader returns the central header for a local header at offset. What
// was a ZIP64 value stays one.
func (e *zipEntry) centralHeader(offset int64) []byte {
	b := slices.Clone(e.central)
	binary.LittleEndian.PutUint16(b[8:], e.flags)
	binary.LittleEndian.PutUint16(b[10:], e.method)
	binary.LittleEndian.PutUint32(b[16:], e.crc)
	name := zipCentralSize + len(e.name)
	extra := b[name : name+int(binary.LittleEndian.Uint16(b[30:]))]
	comment := b[name+len(extra):]
	i, n := zipExtraField(extra, zip64Extra)
	var rest, wide []byte
	if i >= 0 {
		rest = extra[i+4 : i+n]
	}
	put := func(at int, value int64) {
		was := i >= 0 && binary.LittleEndian.Uint32(b[at:]) == math.MaxUint32
		if was {
			rest = rest[8:]
		}
		if was || value >= math.MaxUint32 {
			wide = binary.LittleEndian.AppendUint64(wide, uint64(value))
			value = math.MaxUint32
		}
		binary.LittleEndian.PutUint32(b[at:], uint32(value))
	}
	put(24, e.size)
	put(20, e.packed)
	put(42, offset)
	if i < 0 {
		if len(wide) == 0 {
			return b
		}
		// At the end, padding that is no field could swallow it.
		i = 0
		binary.LittleEndian.PutUint16(b[6:], max(45, binary.LittleEndian.Uint16(b[6:]))) // version needed: 4.5
	}
	field := binary.LittleEndian.AppendUint16([]byte{zip64Extra, 0}, uint16(len(wide)+len(rest)))
	extra = slices.Concat(extra[:i], field, wide, rest, extra[i+n:])
	binary.LittleEndian.PutUint16(b[30:], uint16(len(extra)))
	return slices.Concat(b[:name], extra, comment)
}
