package jpegcoef

import (
	"bytes"
	"encoding/binary"
	"errors"

	"github.com/aigclabel/aigclabel/internal/splice"
)

// Edits returns what changes in the file to hold the blocks as they are now: the
// data of scans from the first difference to the last and, where their Huffman
// tables have no code for a new value or make it much longer, better tables before them.
func (m *Image) Edits() ([]splice.Edit, error) {
	var edits []splice.Edit
	var added overrides
	for i := range m.scans {
		s := &m.scans[i]
		tables := added.inForce(s.tables)
		was := m.data[s.data:s.dataEnd]
		out, err := s.encode(m, &tables)
		if err != nil {
			return nil, err
		}
		if out == nil || grows(was, out) {
			segment, better, err := s.betterTables(m, tables)
			if err != nil {
				return nil, err
			}
			fitted, err := s.encode(m, &better)
			if err != nil {
				return nil, err
			}
			if out == nil || len(segment)+len(fitted) < len(out) {
				added.replace(s.tables, tables, better)
				edits = append(edits, splice.Edit{Offset: int64(s.header), Insert: bytes.NewReader(segment)})
				out = fitted
			}
		}
		if e, differs := difference(was, out, s.data); differs {
			edits = append(edits, e)
		}
	}
	return edits, nil
}

// grows reports whether the data of a scan grows so much that better tables may pay.
func grows(was, is []byte) bool { return len(is)-len(was) > max(len(was)/32, 1024) }

// difference returns the edit that makes is of was, which stands at offset.
func difference(was, is []byte, offset int) (splice.Edit, bool) {
	if bytes.Equal(was, is) {
		return splice.Edit{}, false
	}
	from, n := 0, min(len(was), len(is))
	for from < n && was[from] == is[from] {
		from++
	}
	tail := 0
	for tail < n-from && was[len(was)-1-tail] == is[len(is)-1-tail] {
		tail++
	}
	return splice.Edit{
		Offset: int64(offset + from), Delete: int64(len(was) - tail - from),
		Insert: bytes.NewReader(is[from : len(is)-tail]),
	}, true
}

// overrides are tables that stand in for those of the file, until that defines
// others in their places.
type overrides [2][4]struct{ file, ours *huffman }

func (o *overrides) inForce(file tables) tables {
	for class := range file {
		for number, h := range file[class] {
			if over := o[class][number]; over.ours != nil && over.file == h {
				file[class][number] = over.ours
			}
		}
	}
	return file
}

func (o *overrides) replace(file, was, is tables) {
	for class := range is {
		for number, h := range is[class] {
			if h != was[class][number] {
				o[class][number].file, o[class][number].ours = file[class][number], h
			}
		}
	}
}

// betterTables returns the tables in force with those that the scan uses replaced
// by the best for it, and the segment that defines them.
func (s *scan) betterTables(m *Image, t tables) ([]byte, tables, error) {
	e := scanEncoder{scan: s, tables: &t, occurs: new([2][4][256]int)}
	if err := e.run(m); err != nil {
		return nil, t, err
	}
	var content []byte
	for class := range t {
		for number := range t[class] {
			if occurs := &e.occurs[class][number]; *occurs != [256]int{} {
				t[class][number] = optimal(occurs)
				content = append(content, t[class][number].segment(class, number)...)
			}
		}
	}
	head := binary.BigEndian.AppendUint16([]byte{0xFF, markerDHT}, uint16(2+len(content)))
	return append(head, content...), t, nil
}

// A scanEncoder is the state of encoding one scan, or of counting its symbols.
type scanEncoder struct {
	*scan
	tables *tables
	enc    func(p *part, pred *int, b *Block)

	out  []byte
	bits uint64 // not yet in out, at the low end
	n    uint   // how many

	ending      int    // blocks whose band has ended, EOBRUN
	endTable    int    // the table of their symbol
	corrections []byte // bits that belong behind that symbol
	pending     []byte // bits that belong behind the next one of this block

	occurs  *[2][4][256]int // counts instead of encoding, if set
	missing bool            // a symbol has no code
}

// errMissing ends a run early.
var errMissing = errors.New("a symbol has no code")

// encode returns the data of the scan, nil if a symbol has no code.
func (s *scan) encode(m *Image, t *tables) ([]byte, error) {
	n := s.dataEnd - s.data
	e := scanEncoder{scan: s, tables: t, out: make([]byte, 0, n+n/8+1024)}
	err := e.run(m)
	if e.missing {
		return nil, nil
	}
	return e.out, err
}

// run encodes all blocks.
func (e *scanEncoder) run(m *Image) error {
	switch {
	case !m.progressive:
		e.enc = e.sequential
	case e.first == 0 && e.high == 0:
		e.enc = e.dcFirst
	case e.first == 0:
		e.enc = e.dcRefine
	case e.high == 0:
		e.enc = e.acFirst
	default:
		e.enc = e.acRefine
	}
	if err := e.visit(m, e); err != nil {
		return err
	}
	e.flush()
	return nil
}

func (e *scanEncoder) block(p *part, pred *int, b *Block) error {
	e.enc(p, pred, b)
	if e.missing {
		return errMissing
	}
	return nil
}

func (e *scanEncoder) restart(n int) error {
	e.flush()
	e.out = append(e.out, 0xFF, markerRST0+byte(n%8))
	return nil
}

// put writes the low n bits of v, at most 32.
func (e *scanEncoder) put(v int, n uint) {
	e.bits = e.bits<<n | uint64(v)&(1<<n-1)
	if e.n += n; e.n >= 32 {
		e.drain()
	}
}

// drain moves whole bytes to out.
func (e *scanEncoder) drain() {
	if w := uint32(e.bits >> (e.n - 32)); e.n >= 32 && !hasFF(w) {
		e.out = binary.BigEndian.AppendUint32(e.out, w)
		e.n -= 32
	}
	for ; e.n >= 8; e.n -= 8 {
		c := byte(e.bits >> (e.n - 8))
		e.out = append(e.out, c)
		if c == 0xFF {
			e.out = append(e.out, 0)
		}
	}
	if e.occurs != nil {
		e.out = e.out[:0]
	}
}

// flush ends the run of ended bands, and fills the last byte.
func (e *scanEncoder) flush() {
	e.endBands()
	if n := e.n % 8; n > 0 {
		fill := 0
		if e.ones {
			fill = 0xFF
		}
		e.put(fill, 8-n)
	}
	e.drain()
	e.bits, e.n = 0, 0
}

// symbol writes the code of a symbol, and a signed value in n bits (F.1.2.1.2).
func (e *scanEncoder) symbol(class, number int, symbol byte, v int, n uint) {
	if e.occurs != nil {
		e.occurs[class][number][symbol]++
		return
	}
	h := e.tables[class][number]
	if h.sizes[symbol] == 0 {
		e.missing = true
	}
	if v < 0 {
		v--
	}
	e.put(int(h.codes[symbol])<<n|v&(1<<n-1), uint(h.sizes[symbol])+n)
}

// dc writes the difference of a DC coefficient (F.1.2.1).
func (e *scanEncoder) dc(p *part, pred *int, v int) {
	diff := v - *pred
	*pred = v
	n := size(abs(diff))
	e.symbol(0, p.dc, byte(n), diff, n)
}

// sequential writes all coefficients (F.1.2).
func (e *scanEncoder) sequential(p *part, pred *int, b *Block) {
	e.dc(p, pred, int(b[0]))
	zeros, last := 0, b.last()
	for _, c := range b[1 : last+1] {
		if c == 0 {
			zeros++
			continue
		}
		for ; zeros > 15; zeros -= 16 {
			e.symbol(1, p.ac, 0xF0, 0, 0)
		}
		n := size(abs(int(c)))
		e.symbol(1, p.ac, byte(zeros<<4)|byte(n), int(c), n)
		zeros = 0
	}
	if last < 63 {
		e.symbol(1, p.ac, 0, 0, 0)
	}
}

// dcFirst writes the upper bits of a DC coefficient (G.1.2.1).
func (e *scanEncoder) dcFirst(p *part, pred *int, b *Block) { e.dc(p, pred, int(b[0])>>e.low) }

// dcRefine writes one more bit of it.
func (e *scanEncoder) dcRefine(_ *part, _ *int, b *Block) { e.put(int(b[0])>>e.low, 1) }

// The most blocks that a run of ended bands has, and the most bits behind it, as the
// common encoder limits them.
const (
	maxRun         = 0x7FFF
	maxCorrections = 1000 - 64 + 1
)

// endBand notes that the rest of the band is zero, or holds only known coefficients.
func (e *scanEncoder) endBand(p *part) {
	e.ending++
	e.endTable = p.ac
	e.corrections = append(e.corrections, e.pending...)
	e.pending = e.pending[:0]
	if e.ending == maxRun || len(e.corrections) > maxCorrections {
		e.endBands()
	}
}

// endBands writes the run of ended bands (G.1.2.2).
func (e *scanEncoder) endBands() {
	if e.ending == 0 {
		return
	}
	n := size(e.ending) - 1
	e.symbol(1, e.endTable, byte(n<<4), e.ending, n)
	e.ending = 0
	e.correct(&e.corrections)
}

// correct writes bits that were kept back.
func (e *scanEncoder) correct(bits *[]byte) {
	for _, bit := range *bits {
		e.put(int(bit), 1)
	}
	*bits = (*bits)[:0]
}

// acFirst writes the upper bits of a band (G.1.2.2).
func (e *scanEncoder) acFirst(p *part, _ *int, b *Block) {
	zeros, last := 0, max(min(e.last, b.last()), e.first)
	for _, c := range b[e.first : last+1] {
		v := abs(int(c)) >> e.low
		if v == 0 {
			zeros++
			continue
		}
		e.endBands()
		for ; zeros > 15; zeros -= 16 {
			e.symbol(1, p.ac, 0xF0, 0, 0)
		}
		n := size(v)
		if c < 0 {
			v = -v
		}
		e.symbol(1, p.ac, byte(zeros<<4)|byte(n), v, n)
		zeros = 0
	}
	if zeros > 0 || last < e.last {
		e.endBand(p)
	}
}

// acRefine writes one more bit of a band (G.1.2.3).
func (e *scanEncoder) acRefine(p *part, _ *int, b *Block) {
	zeros, last := 0, min(e.last, b.last())
	newest := last // the last coefficient that becomes one
	for newest >= e.first && abs(int(b[newest]))>>e.low != 1 {
		newest--
	}
	for k := e.first; k <= last; k++ {
		v := abs(int(b[k])) >> e.low
		if v == 0 {
			zeros++
			continue
		}
		for ; zeros > 15 && k <= newest; zeros -= 16 {
			e.endBands()
			e.symbol(1, p.ac, 0xF0, 0, 0)
			e.correct(&e.pending)
		}
		if v > 1 {
			e.pending = append(e.pending, byte(v&1))
			continue
		}
		e.endBands()
		e.symbol(1, p.ac, byte(zeros<<4)|1, 1-2*int(uint16(b[k])>>15), 1)
		e.correct(&e.pending)
		zeros = 0
	}
	if zeros > 0 || last < e.last || len(e.pending) > 0 {
		e.endBand(p)
	}
}
