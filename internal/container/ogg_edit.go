package container

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"io"
	"iter"
	"slices"
	"sort"
	"sync"

	"github.com/aigclabel/aigclabel/internal/splice"
)

// plan returns the edits of the pages with the comment header, and how many pages
// more there are after them.
func (s *oggStream) plan(src *Source, l *Layout, changes, additions []Change) (edits []splice.Edit, pages int, err error) {
	inner, err := s.comments.plan(l, changes, additions)
	if len(inner) == 0 || err != nil {
		return nil, 0, err
	}
	if size := s.packet.size() + growth(inner...); size > src.Value {
		return nil, 0, &LimitError{What: "size of the Ogg comment header", Limit: src.Value}
	}
	old, lacing, body, err := s.read(src)
	if err != nil {
		return nil, 0, err
	}
	start := s.offset(lacing)
	end := start + s.packet.size()
	if inner, err = s.settle(body[start:end], inner); err != nil {
		return nil, 0, err
	}
	packet, err := spliced(body[start:end], inner)
	if err != nil {
		return nil, 0, err
	}
	edits, pages = s.put(old, lacing, body, packet)
	return edits, pages, nil
}

// offset returns where the packet starts in its pages, without their headers.
func (s *oggStream) offset(lacing []byte) (start int64) {
	for _, size := range lacing[:s.lead] {
		start += int64(size)
	}
	return start
}

// put returns the edits that put another packet in the place of that one, and how many
// pages more there are after them.
func (s *oggStream) put(old []oggPage, lacing, body, packet []byte) (edits []splice.Edit, pages int) {
	start := s.offset(lacing)
	end := start + s.packet.size()
	lacing = slices.Concat(lacing[:s.lead], oggLacing(len(packet)), lacing[s.lead+s.segments:])
	made := oggRepack(old, lacing, slices.Concat(body[:start], packet, body[end:]))
	return oggReplace(old, made), len(made) - len(old)
}

// spliced returns b with edits.
func spliced(b []byte, edits []splice.Edit) ([]byte, error) {
	plan, err := splice.New(bytes.NewReader(b), int64(len(b)), edits)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(plan.Source())
}

// read returns the pages with the packet, and all segments in them.
func (s *oggStream) read(src *Source) (pages []oggPage, lacing, body []byte, err error) {
	for _, r := range s.pages {
		b := make([]byte, r.Length)
		if err := src.readAt(b, r.Offset); err != nil {
			return nil, nil, nil, err
		}
		p, _ := parseOggPage(r.Offset, b)
		if oggChecksum(b) != p.checksum {
			return nil, nil, nil, &FormatError{Offset: r.Offset, Err: errOggChecksum}
		}
		pages = append(pages, p)
		lacing = append(lacing, p.lacing...)
		body = append(body, b[oggHeaderSize+len(p.lacing):]...)
	}
	return pages, lacing, body, nil
}

// settle completes the edits of a packet: zeros behind the comments are padding
// (RFC 7845, clause 5.2; other codecs ignore them), and FLAC states the size.
func (s *oggStream) settle(packet []byte, edits []splice.Edit) ([]splice.Edit, error) {
	n, size := growth(edits...), int64(len(packet))
	if s.codec.name == oggFLAC {
		e, err := flacBlock{Range: Range{Length: size}}.resize(n)
		return append(edits, e), err
	}
	end := s.comments.end
	if s.codec.name == "Vorbis" {
		end++ // the framing bit
	}
	padding := size - end
	switch {
	case padding <= 0 || len(bytes.Trim(packet[end:], "\x00")) > 0:
		return edits, nil
	case n < 0:
		return append(edits, splice.Edit{Offset: size, Insert: bytes.NewReader(make([]byte, -n))}), nil
	}
	n = min(n, padding)
	return append(edits, splice.Edit{Offset: size - n, Delete: n}), nil
}

// oggLacing returns the segments of a packet of n bytes.
func oggLacing(n int) []byte {
	return append(bytes.Repeat([]byte{oggMaxLacing}, n/oggMaxLacing), byte(n%oggMaxLacing))
}

// oggShares returns how many of the segments go to each page: as many as before
// if their number is the same, else about as many to each. There are as many
// pages as before if they hold all.
func oggShares(old []oggPage, segments int) (shares []int) {
	before := 0
	for _, p := range old {
		shares = append(shares, len(p.lacing))
		before += len(p.lacing)
	}
	if before == segments {
		return shares
	}
	n := max(len(old), (segments+oggMaxLacing-1)/oggMaxLacing)
	shares = make([]int, min(n, segments))
	for i := range shares {
		shares[i] = segments / (len(shares) - i)
		segments -= shares[i]
	}
	return shares
}

// oggRepack returns pages with the segments.
func oggRepack(old []oggPage, lacing, body []byte) [][]byte {
	first, last := old[0], old[len(old)-1]
	var pages [][]byte
	continued := first.flags & oggContinued
	shares := oggShares(old, len(lacing))
	for i, count := range shares {
		p := oggPage{flags: continued, serial: first.serial, sequence: first.sequence + uint32(i), lacing: lacing[:count]}
		if lacing = lacing[count:]; bytes.Count(p.lacing, []byte{oggMaxLacing}) == count {
			p.granule = oggNoTime
		}
		if i == 0 {
			p.flags |= first.flags & oggFirst
		}
		if i == len(shares)-1 {
			p.granule = last.granule
			p.flags |= last.flags & oggLast
		}
		continued = 0
		if count > 0 && p.lacing[count-1] == oggMaxLacing {
			continued = oggContinued
		}
		var page []byte
		page, body = p.encode(body)
		pages = append(pages, page)
	}
	return pages
}

// oggReplace returns the edits that put the pages in the place of the old ones.
func oggReplace(old []oggPage, pages [][]byte) []splice.Edit {
	var edits []splice.Edit
	for i, p := range old {
		e := splice.Edit{Offset: p.Offset, Delete: p.Length}
		switch {
		case i == len(old)-1 && i < len(pages):
			e.Insert = bytes.NewReader(bytes.Join(pages[i:], nil))
		case i < len(pages):
			e.Insert = bytes.NewReader(pages[i])
		}
		edits = append(edits, e)
	}
	return edits
}

// An oggShift adds to the sequence numbers of a stream's pages from a position
// on, and to their times, up to where another stream takes the serial number.
type oggShift struct {
	serial  uint32
	from    int64
	pages   uint32
	granule uint64
}

// An oggRenumber finds the pages that are shifted, as they are asked for. It is
// safe for concurrent use.
type oggRenumber struct {
	src    io.ReaderAt
	size   int64
	shifts []oggShift

	mu    sync.Mutex
	marks []oggMark
}

// An oggMark is a page from which a search can go on.
type oggMark struct {
	pos  int64
	over []bool // the shifts that have ended before
}

// oggMarkGap is how far apart marks are: a read costs no more than a walk over
// so much.
const oggMarkGap = 1 << 20

// renumber returns the sequences of the pages between the edits that are shifted.
func renumber(src *Source, edits []splice.Edit, shifts []oggShift) []splice.Sequence {
	if len(shifts) == 0 {
		return nil
	}
	pos := shifts[0].from
	for _, s := range shifts {
		pos = min(pos, s.from)
	}
	r := &oggRenumber{src: src.ReaderAt(), size: src.Size(), shifts: shifts, marks: []oggMark{{pos, make([]bool, len(shifts))}}}
	edits = slices.DeleteFunc(slices.Clone(edits), func(e splice.Edit) bool { return e.Offset < pos })
	slices.SortFunc(edits, func(a, b splice.Edit) int { return cmp.Compare(a.Offset, b.Offset) })
	var sequences []splice.Sequence
	for _, e := range append(edits, splice.Edit{Offset: src.Size()}) {
		sequences = append(sequences, splice.Sequence{Offset: pos, Length: e.Offset - pos, Edits: r.until(e.Offset)})
		pos = e.Offset + e.Delete
	}
	return sequences
}

// until returns the edits of a sequence that ends at end.
func (r *oggRenumber) until(end int64) func(from int64) iter.Seq2[splice.Edit, error] {
	return func(from int64) iter.Seq2[splice.Edit, error] {
		return func(yield func(splice.Edit, error) bool) {
			at, head := r.mark(from), make([]byte, oggMaxHeader)
			for at.pos < end {
				p, ok, err := r.page(at.pos, head)
				if err != nil {
					yield(splice.Edit{}, err)
				}
				if !ok {
					return
				}
				n, granule := at.shift(r.shifts, p)
				if (n != 0 || granule != 0) && p.end() > from && !yield(p.renumbered(n, granule), nil) {
					return
				}
				at.pos = p.end()
				r.note(at)
			}
		}
	}
}

// mark returns the last mark before from.
func (r *oggRenumber) mark(from int64) oggMark {
	r.mu.Lock()
	defer r.mu.Unlock()
	i := sort.Search(len(r.marks), func(i int) bool { return r.marks[i].pos > from }) - 1
	return oggMark{r.marks[i].pos, slices.Clone(r.marks[i].over)}
}

// note keeps m if it is far enough from the last mark.
func (r *oggRenumber) note(m oggMark) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if m.pos >= r.marks[len(r.marks)-1].pos+oggMarkGap {
		r.marks = append(r.marks, oggMark{m.pos, slices.Clone(m.over)})
	}
}

// page reads the head of the page at pos into b. It is false where the pages end
// or break off: behind a break, where players lose their place anyway, pages keep
// their numbers.
func (r *oggRenumber) page(pos int64, b []byte) (oggPage, bool, error) {
	b = b[:min(int64(len(b)), r.size-pos)]
	if n, err := r.src.ReadAt(b, pos); n < len(b) {
		return oggPage{}, false, err
	}
	p, ok := parseOggPage(pos, b)
	return p, ok && p.end() <= r.size, nil
}

// shift returns by how many pages p is shifted, and by how much time.
func (m *oggMark) shift(shifts []oggShift, p oggPage) (n uint32, granule uint64) {
	for i, s := range shifts {
		if s.serial != p.serial || p.Offset < s.from {
			continue
		}
		m.over[i] = m.over[i] || p.flags&oggFirst != 0
		if !m.over[i] {
			n, granule = n+s.pages, granule+s.granule
		}
	}
	return n, granule
}

// renumbered returns the edit of a page's time, number and checksum. The checksum is
// linear: what the others change in it does not depend on the rest of the page, which is
// not read, and a wrong checksum stays wrong. A page in which no packet ends has no time.
func (p oggPage) renumbered(n uint32, granule uint64) splice.Edit {
	old, shifted := p, p
	if shifted.sequence += n; p.granule != oggNoTime {
		shifted.granule += granule
	}
	change, b := old.times(), shifted.times()
	for i := range change {
		change[i] ^= b[i]
	}
	b = binary.LittleEndian.AppendUint32(b, p.checksum^oggZeros(oggUpdate(0, change), p.Length-22))
	return splice.Edit{Offset: p.Offset + 6, Delete: 20, Insert: bytes.NewReader(b)}
}

// times returns the part of a header from the time to the number.
func (p oggPage) times() []byte {
	b := binary.LittleEndian.AppendUint64(nil, p.granule)
	return binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(b, p.serial), p.sequence)
}
