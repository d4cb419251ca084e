package container

import (
	"bytes"
	"sort"
)

// What is left of a damaged file: chopping one byte must not hide a label.

// pdfWindow is how much of the head and of the tail of a damaged file is
// searched; a file of two windows is searched as a whole.
const pdfWindow = 1 << 20

// lastSection looks for a cross-reference section near the end of the file, to
// which startxref does not lead. It returns -1 if there is none.
func (f *pdfFile) lastSection() int64 {
	if err := f.readTail(pdfLongTail); err != nil {
		f.note(err)
		return -1
	}
	table := bytes.LastIndex(bytes.ReplaceAll(f.tail, []byte("startxref"), []byte("START-END")), []byte("xref"))
	stream := -1
	if i := bytes.LastIndex(f.tail, []byte("/XRef")); i >= 0 {
		if i = bytes.LastIndex(f.tail[:i], []byte("obj")); i >= 0 {
			_, stream = pdfHeader(f.tail[:i])
		}
	}
	if at := max(table, stream); at >= 0 {
		return f.tailAt + int64(at)
	}
	return -1
}

// pdfHeader returns the object number in "12 0 " at the end of b, and where it
// starts, -1 if it is not there.
func pdfHeader(b []byte) (num int64, start int) {
	field := func(end int) (from, to int) {
		for to = end; to > 0 && isPDFSpace(b[to-1]) && to > end-8; to-- {
		}
		for from = to; from > 0 && b[from-1] >= '0' && b[from-1] <= '9' && from > to-10; from-- {
		}
		return from, to
	}
	genFrom, genTo := field(len(b))
	from, to := field(genFrom)
	num, ok := pdfValue(b[from:to]).integer()
	if !ok || genFrom == genTo || to == genFrom {
		return 0, -1
	}
	return num, from
}

// A pdfScan collects the records that stand in a damaged file. Of those in one
// object the last counts, as it does in a whole file.
type pdfScan struct {
	f     *pdfFile
	slots []Slot
	byNum map[int64]int // in slots
}

func (f *pdfFile) scan() error {
	if f.Encrypted {
		return nil
	}
	size := f.src.Size()
	windows := []Range{{0, size}}
	if size > 2*pdfWindow {
		windows = []Range{{0, pdfWindow}, {size - pdfWindow, pdfWindow}}
	}
	s := pdfScan{f: f, byNum: map[int64]int{}}
	for _, w := range windows {
		b, err := f.src.Bytes(w.Offset, w.Length, "PDF window")
		if err == nil {
			err = s.window(b, w.Offset)
		}
		if err != nil {
			return err
		}
	}
	listed := map[Range]bool{}
	for _, slot := range f.Slots {
		listed[slot.Ranges[0]] = true
	}
	for _, slot := range s.slots {
		if listed[slot.Ranges[0]] {
			continue
		}
		slot.Guide = slot.Key == "AIGC" && f.vacant(Record)
		f.add(slot, pdfPlace{})
	}
	return nil
}

// window searches b, which stands at the offset at.
func (s *pdfScan) window(b []byte, at int64) error {
	num, start := int64(-1), -1
	for i := 0; i < len(b); i++ {
		rest := b[i:]
		switch {
		case b[i] == 'o' && bytes.HasPrefix(rest, []byte("obj")):
			if n, from := pdfHeader(b[:i]); from >= 0 {
				num, start = n, from
			}
		case b[i] != '/':
		case bytes.HasPrefix(rest, []byte("/ObjStm")) && start >= 0:
			s.f.note(s.objectStream(at + int64(start)))
			start = -1
		case bytes.HasPrefix(rest, []byte("/AIGC")):
			slot, ok, err := s.f.clue(rest)
			if err != nil {
				return err
			}
			if ok {
				slot.Ranges[0].Offset += at + int64(i)
				s.add(num, slot)
			}
		}
	}
	return nil
}

// clue returns the record that b starts with, if it is one: a name and a string,
// even if its end is cut off. What looks like its value may hold another record,
// for want of a parenthesis, so the search goes on inside it.
func (f *pdfFile) clue(b []byte) (s Slot, ok bool, err error) {
	l := pdfLexer{text: b}
	name, _ := l.token()
	t, cut := l.token()
	if err := f.spend(b[:l.pos]); err != nil {
		return s, false, err
	}
	value := pdfValue(b[t.start:t.end])
	if cut != nil && value.isString() {
		value = append(value[:len(value):len(value)], ')')
	}
	if len(value) < 2 || !value.isString() {
		return s, false, nil
	}
	key := pdfValue(b[name.start:name.end]).name()
	s = Slot{Kind: Record, Key: key, Place: "PDF Info " + printable(key)}
	s.Value, s.Encoding = value.text()
	s.Ranges = []Range{{int64(t.start) + 1, int64(len(value)) - 2}}
	return s, true, f.src.Element()
}

// objectStream searches the object stream at off.
func (s *pdfScan) objectStream(off int64) error {
	o, err := s.f.objectAt(off)
	if err != nil || o.data == 0 {
		return err
	}
	packed, err := s.f.objectStream(o)
	if err != nil {
		return err
	}
	for i := 0; ; {
		n := bytes.Index(packed.text[i:], []byte("/AIGC"))
		if n < 0 {
			return nil
		}
		i += n
		slot, ok, err := s.f.clue(packed.text[i:])
		if err != nil {
			return err
		}
		if ok {
			slot.Encoding, slot.Ranges = "pdf-object-stream", []Range{packed.span}
			s.add(packed.holder(i), slot)
		}
		i++
	}
}

// holder returns the number of the object that the text at i belongs to. The
// objects of a stream stand in the order of their offsets, or it is a guess.
func (s *pdfObjectStream) holder(i int) int64 {
	k := sort.Search(len(s.offsets), func(k int) bool { return s.offsets[k] > int64(i) })
	if k == 0 {
		return -1
	}
	return s.numbers[k-1]
}

// add adds a record of the object num, unless the walk has seen that object, or
// a newer revision of it.
func (s *pdfScan) add(num int64, slot Slot) {
	if info := s.f.info; info != nil && info.num == num {
		seen := info.ranges(0, len(info.value))[0]
		if slot.Ranges[0].Offset < seen.Offset+seen.Length {
			return
		}
	}
	if i, ok := s.byNum[num]; ok && num >= 0 {
		s.slots[i] = slot
		return
	}
	s.byNum[num] = len(s.slots)
	s.slots = append(s.slots, slot)
}
