package container

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/aigclabel/aigclabel/internal/splice"
)

// Everything in a file of boxes that says where other bytes stand: stco, co64,
// saio, iloc, tfhd, tfra, sidx, and the Merkle offset of C2PA.

// A bmffScan finds the offsets of a file, and the free space beside edits.
type bmffScan struct {
	src       *Source
	edits     []splice.Edit  // before free space and tables follow
	items     *heifLocations // an iloc box that they replace
	tables    []bmffTable
	indexes   []bmffBox // sidx
	stretches []bmffStretch
	frees     []*bmffBox // of the current stretch
	chunks    bool       // the current stretch has stco boxes
	external  []bool     // data references of the current track
	refs      []uint16   // those that its sample entries use
}

// A bmffStretch is a run of root boxes without media. What happens in it moves
// no media if the free space in it makes up for that.
type bmffStretch struct {
	start, end int64
	frees      []*bmffBox
	media      bool // follows
	fragment   bool // its moof is before, its mdat after the stretch
}

// holds reports whether an edit at off is in the stretch.
func (st *bmffStretch) holds(off int64) bool { return st.start <= off && off <= st.end }

// scanBMFF reads every box header, but none of the tables.
func scanBMFF(p *bmffPlan) (*bmffScan, error) {
	src := p.src.afresh()
	s := &bmffScan{src: src, edits: p.edits, items: p.items}
	var start int64
	before := ""
	for b, err := range bmffBoxes(src, nil, 0, src.Size()) {
		media := b.kind == "mdat" || b.kind == "moof" || b.kind == "imda"
		if media {
			s.stretch(bmffStretch{start: start, end: b.offset, media: true, fragment: before == "moof" && b.kind != "moof"})
			start, before = b.end(), b.kind
		}
		if err == nil {
			err = s.box(b)
		}
		if err != nil {
			return nil, s.located(b.offset, err)
		}
		if media {
			s.frees = nil // what is in a fragment stays
		}
	}
	s.stretch(bmffStretch{start: start, end: src.Size()})
	return s, nil
}

// located says where an error is that does not say so itself.
func (s *bmffScan) located(off int64, err error) error {
	if errors.Is(err, errTruncated) {
		return &FormatError{Offset: off, Err: err}
	}
	return err
}

// stretch ends a stretch, and keeps it if something happens in it. Tables that
// grow are in the stretch of moov.
func (s *bmffScan) stretch(st bmffStretch) {
	used := s.chunks
	for _, e := range s.edits {
		used = used || st.holds(e.Offset)
	}
	if used {
		st.frees = s.frees
		s.stretches = append(s.stretches, st)
	}
	s.frees, s.chunks = nil, false
}

func (s *bmffScan) boxes(parent *bmffBox, from, to int64) error {
	if int64(parent.depth) >= s.src.Depth {
		return &LimitError{What: "nesting of boxes", Limit: s.src.Depth}
	}
	for b, err := range bmffBoxes(s.src, parent, from, to) {
		if err == nil {
			err = s.box(b)
		}
		if err != nil {
			return s.located(b.offset, err)
		}
	}
	return nil
}

func (s *bmffScan) box(b bmffBox) error {
	switch b.kind {
	case "moov", "mdia", "minf", "dinf", "stbl", "moof", "traf", "mfra", "udta":
		c := b
		return s.boxes(&c, c.body(), c.end())
	case "trak":
		c := b
		return s.track(&c)
	case "meta":
		c := b
		from, err := bmffMetaBody(s.src, &c)
		if err != nil {
			return err
		}
		return s.boxes(&c, from, c.end())
	case "free", "skip":
		if c := b; !c.open {
			s.frees = append(s.frees, &c)
		}
	case "sidx":
		s.indexes = append(s.indexes, b)
	default:
		return s.offsets(b)
	}
	return nil
}

// offsets lists the table of a box that has one.
func (s *bmffScan) offsets(b bmffBox) error {
	switch b.kind {
	case "stco":
		c := b
		s.chunks = true
		return s.table(bmffTable{box: &c, stride: 4, width: 4}, b, 4, 0)
	case "co64":
		return s.table(bmffTable{stride: 8, width: 8}, b, 4, 0)
	case "saio":
		return s.auxiliary(b)
	case "tfhd":
		return s.fragment(b)
	case "tfra":
		return s.access(b)
	case "iloc":
		if s.items != nil && s.items.box.offset == b.offset {
			return nil
		}
		return s.locations(b)
	case "dref", "stsd":
		return s.references(b)
	case "uuid":
		return s.merkle(b)
	}
	return nil
}

// table lists a table whose count stands at a position of the body of b, and
// whose first field stands skip bytes after that.
func (s *bmffScan) table(t bmffTable, b bmffBox, count, skip int64) error {
	h, err := s.field(b, count, 4)
	if err != nil {
		return err
	}
	t.count = int64(binary.BigEndian.Uint32(h))
	t.pos = b.body() + count + 4
	if t.count > (b.end()-t.pos)/int64(t.stride) {
		return &FormatError{Offset: b.offset, Err: fmt.Errorf("%s box of %d bytes has %d entries", b.kind, b.size, t.count)}
	}
	t.skip = uint8(skip)
	if t.count > 0 {
		s.tables = append(s.tables, t)
	}
	return nil
}

// field peeks at n bytes of the body of b.
func (s *bmffScan) field(b bmffBox, at int64, n int) ([]byte, error) {
	if at+int64(n) > b.size-b.header {
		return nil, &FormatError{Offset: b.offset, Err: fmt.Errorf("%s box of %d bytes", b.kind, b.size)}
	}
	return s.src.Peek(b.body()+at, n)
}

// track scans a track. Tables of media in other files stay as they are.
func (s *bmffScan) track(b *bmffBox) error {
	first := len(s.tables)
	s.external, s.refs = s.external[:0], s.refs[:0]
	if err := s.boxes(b, b.body(), b.end()); err != nil {
		return err
	}
	outside := 0
	for _, ref := range s.refs {
		if ref > 0 && int(ref) <= len(s.external) && s.external[ref-1] {
			outside++
		}
	}
	switch outside {
	case 0:
		return nil
	case len(s.refs):
		s.tables = s.tables[:first]
		return nil
	}
	return &FormatError{Offset: b.offset, Err: errors.New("track has media in this and in other files")}
}

// references notes the data references of a track, or which of them are used.
func (s *bmffScan) references(b bmffBox) error {
	for c, err := range bmffBoxes(s.src, &b, b.body()+8, b.end()) {
		if err != nil {
			return err
		}
		if b.kind == "dref" {
			h, err := s.field(c, 0, 4)
			if err != nil {
				return err
			}
			s.external = append(s.external, h[3]&1 == 0 && c.size > 12) // 12: no location, so this file
			continue
		}
		h, err := s.field(c, 6, 2)
		if err != nil {
			return err
		}
		s.refs = append(s.refs, binary.BigEndian.Uint16(h))
	}
	return nil
}

// auxiliary lists saio; in a fragment it counts from the fragment.
func (s *bmffScan) auxiliary(b bmffBox) error {
	if b.in("traf") {
		return nil
	}
	h, err := s.field(b, 0, 4)
	if err != nil {
		return err
	}
	t, count := bmffTable{stride: 4, width: 4}, int64(4)
	if h[0] > 0 {
		t.stride, t.width = 8, 8
	}
	if h[3]&1 != 0 {
		count += 8
	}
	return s.table(t, b, count, 0)
}

// fragment lists the base data offset of tfhd.
func (s *bmffScan) fragment(b bmffBox) error {
	h, err := s.field(b, 0, 4)
	if err != nil || h[3]&1 == 0 {
		return err
	}
	_, err = s.field(b, 8, 8)
	s.tables = append(s.tables, bmffTable{pos: b.body() + 8, count: 1, stride: 8, width: 8})
	return err
}

// access lists tfra: time, offset, and three numbers of 1 to 4 bytes.
func (s *bmffScan) access(b bmffBox) error {
	h, err := s.field(b, 0, 12)
	if err != nil {
		return err
	}
	t := bmffTable{width: 4}
	if h[0] > 0 {
		t.width = 8
	}
	sizes := h[11]
	t.stride = 2*uint16(t.width) + uint16(sizes>>4&3+sizes>>2&3+sizes&3) + 3
	return s.table(t, b, 12, int64(t.width))
}

// merkle lists the offset in a C2PA box.
func (s *bmffScan) merkle(b bmffBox) error {
	if b.size-b.header < 16 {
		return nil
	}
	id, err := s.src.Peek(b.body(), 16)
	if err != nil || string(id) != uuidC2PA {
		return err
	}
	_, at, err := bmffC2PA(s.src, b)
	if err != nil || at == 0 {
		return err
	}
	h, err := s.src.Peek(at, 8)
	if err == nil && binary.BigEndian.Uint64(h) > 0 {
		s.tables = append(s.tables, bmffTable{pos: at, count: 1, stride: 8, width: 8})
	}
	return err
}

// offsets adds the edits of the tables in which something moves.
func (p *bmffPlan) offsets(s *bmffScan) error {
	moves, err := p.moves()
	if err != nil {
		return err
	}
	to := splice.NewMoves(moves)
	for i := range s.tables {
		t := &s.tables[i]
		t.src, t.moves = s.src, to
		if _, kept := to.Map(t.pos); !kept && !t.wide {
			continue // goes with its box
		}
		changed, most, err := t.survey()
		switch {
		case err != nil:
			return err
		case t.wide:
		case t.width == 4 && most > math.MaxUint32, most > maxOffset:
			return &FormatError{Offset: t.pos, Err: errors.New("offset outgrows its field")}
		case changed:
			p.edits = append(p.edits, splice.Edit{Offset: t.pos, Delete: t.Size(), Insert: t})
		}
	}
	if p.items != nil {
		if err := p.items.follow(moves); err != nil {
			return err
		}
	}
	return p.indexes(s, moves)
}

// widen chooses the stco boxes that must become co64. A table that grows moves
// media, which may push another table over the limit: every table is judged as
// if all of them grew.
func (s *bmffScan) widen(moves []splice.Edit) (bool, error) {
	added, crossing := int64(0), false
	for _, e := range moves {
		added += max(growth(e), 0)
	}
	for i := range s.tables {
		if s.tables[i].box != nil {
			added += 4 * s.tables[i].count
		}
	}
	if s.src.Size()+added <= math.MaxUint32 {
		return false, nil
	}
	to := splice.NewMoves(moves)
	for i := range s.tables {
		t := &s.tables[i]
		if t.box == nil {
			continue
		}
		t.src, t.moves = s.src, to
		_, most, err := t.survey()
		if err != nil {
			return false, err
		}
		crossing = crossing || most > math.MaxUint32
		t.wide = most > math.MaxUint32-added
	}
	if !crossing {
		for i := range s.tables {
			s.tables[i].wide = false
		}
	}
	return crossing, nil
}

// widen adds the edits that turn stco into co64.
func (p *bmffPlan) widen(s *bmffScan) {
	for i := range s.tables {
		if t := &s.tables[i]; t.wide {
			p.replace(t.box, t.box.offset+4, 4, bytes.NewReader([]byte("co64")))
			p.replace(t.box, t.pos, 4*t.count, t)
		}
	}
}
