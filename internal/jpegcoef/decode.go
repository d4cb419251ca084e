package jpegcoef

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// A bitReader reads entropy-coded data: bytes, most significant bit first, with a
// zero stuffed behind each 0xFF.
type bitReader struct {
	b    []byte
	pos  int
	bits uint64 // the next ones, at the low end
	n    uint   // how many there are
	ones bool   // the last padding was of ones, as it should be
}

var (
	errTruncated = errors.New("the data of a scan ends early")
	errCode      = errors.New("no such Huffman code")
	errRange     = errors.New("a coefficient out of range")
)

// fill gets more bits, up to the next marker. Behind it there are none.
func (r *bitReader) fill() {
	if r.n <= 32 && len(r.b)-r.pos >= 4 {
		if w := binary.BigEndian.Uint32(r.b[r.pos:]); !hasFF(w) {
			r.bits = r.bits<<32 | uint64(w)
			r.n += 32
			r.pos += 4
			return
		}
	}
	for r.n <= 56 && r.pos < len(r.b) {
		c := r.b[r.pos]
		if c == 0xFF {
			if r.pos+1 >= len(r.b) || r.b[r.pos+1] != 0 {
				return
			}
			r.pos++
		}
		r.pos++
		r.bits = r.bits<<8 | uint64(c)
		r.n += 8
	}
}

// hasFF reports whether one of four bytes is 0xFF.
func hasFF(w uint32) bool { return (^w-0x01010101)&w&0x80808080 != 0 }

// take returns the next n bits, at most 16.
func (r *bitReader) take(n uint) (int, error) {
	if r.n < n {
		if r.fill(); r.n < n {
			return 0, errTruncated
		}
	}
	r.n -= n
	return int(r.bits >> r.n & (1<<n - 1)), nil
}

// symbol returns the next symbol of a table.
func (r *bitReader) symbol(h *huffman) (byte, error) {
	if r.n < 32 { // enough for its value as well
		r.fill()
	}
	if r.n >= lookupBits {
		if e := h.lookup[r.bits>>(r.n-lookupBits)&(1<<lookupBits-1)]; e != 0 {
			r.n -= uint(e >> 8)
			return byte(e), nil
		}
	}
	code := int32(0)
	for size := uint(1); size <= 16; size++ {
		if r.n < size {
			return 0, errTruncated
		}
		code = int32(r.bits >> (r.n - size) & (1<<size - 1))
		if code <= h.maximum[size] {
			r.n -= size
			return h.values[code+h.offset[size]], nil
		}
	}
	return 0, errCode
}

// value returns the next signed value of n bits (F.2.2.1).
func (r *bitReader) value(n uint) (int, error) {
	if n == 0 {
		return 0, nil
	}
	v, err := r.take(n)
	if v < 1<<(n-1) {
		v -= 1<<n - 1
	}
	return v, err
}

// align drops the padding of the last byte, and returns where the next one stands.
func (r *bitReader) align() int {
	for ; r.n >= 8; r.n -= 8 { // what was read ahead
		r.pos--
		if r.b[r.pos] == 0 && r.b[r.pos-1] == 0xFF {
			r.pos--
		}
	}
	r.ones = r.bits&(1<<r.n-1) == 1<<r.n-1
	r.bits, r.n = 0, 0
	return r.pos
}

// A scanDecoder is the state of decoding one scan.
type scanDecoder struct {
	*bitReader
	*scan
	run int // blocks without coefficients to come, EOBRUN
	dec func(p *part, pred *int, b *Block) error
}

// decode decodes the data of the scan, and returns where it ends.
func (s *scan) decode(m *Image, r *bitReader) (int, error) {
	d := &scanDecoder{bitReader: r, scan: s}
	switch {
	case !m.progressive:
		d.dec = d.sequential
	case s.first == 0 && s.high == 0:
		d.dec = d.dcFirst
	case s.first == 0:
		d.dec = d.dcRefine
	case s.high == 0:
		d.dec = d.acFirst
	default:
		d.dec = d.acRefine
	}
	if err := s.visit(m, d); err != nil {
		return 0, err
	}
	end := r.align()
	s.ones = r.ones
	return end, nil
}

func (d *scanDecoder) block(p *part, pred *int, b *Block) error { return d.dec(p, pred, b) }

func (d *scanDecoder) restart(n int) error {
	pos := d.align()
	if pos+1 >= len(d.b) || d.b[pos] != 0xFF || d.b[pos+1] != markerRST0+byte(n%8) {
		return fmt.Errorf("no restart marker %d", n%8)
	}
	d.pos, d.run = pos+2, 0
	return nil
}

// dc decodes the difference of a DC coefficient (F.2.2.1).
func (d *scanDecoder) dc(p *part, pred *int) error {
	n, err := d.symbol(d.tables[0][p.dc])
	if err != nil {
		return err
	}
	if n > 15 {
		return errRange
	}
	diff, err := d.value(uint(n))
	*pred += diff
	if *pred<<d.low != int(int16(*pred<<d.low)) {
		return errRange
	}
	return err
}

// sequential decodes all coefficients (F.2.2).
func (d *scanDecoder) sequential(p *part, pred *int, b *Block) error {
	if err := d.dc(p, pred); err != nil {
		return err
	}
	*b = Block{int16(*pred)}
	table := d.tables[1][p.ac]
	for k := 1; k < 64; k++ {
		symbol, err := d.symbol(table)
		if err != nil {
			return err
		}
		n := uint(symbol & 15)
		if n == 0 && symbol != 0xF0 {
			break // the rest is zero
		}
		if k += int(symbol >> 4); k > 63 {
			return errRange
		}
		v, err := d.value(n)
		if err != nil {
			return err
		}
		b[k] = int16(v)
	}
	return nil
}

// dcFirst decodes the upper bits of a DC coefficient (G.1.2.1).
func (d *scanDecoder) dcFirst(p *part, pred *int, b *Block) error {
	err := d.dc(p, pred)
	b[0] = int16(*pred << d.low)
	return err
}

// dcRefine decodes one more bit of it.
func (d *scanDecoder) dcRefine(_ *part, _ *int, b *Block) error {
	bit, err := d.take(1)
	b[0] |= int16(bit << d.low)
	return err
}

// endRun takes the length of a run of blocks whose band ends here, this one
// included (G.1.2.2).
func (d *scanDecoder) endRun(n uint) error {
	v, err := d.take(n)
	d.run = 1<<n + v
	return err
}

// acFirst decodes the upper bits of a band (G.1.2.2).
func (d *scanDecoder) acFirst(p *part, _ *int, b *Block) error {
	if d.run > 0 {
		d.run--
		return nil
	}
	table := d.tables[1][p.ac]
	for k := d.first; k <= d.last; k++ {
		symbol, err := d.symbol(table)
		if err != nil {
			return err
		}
		zeros, n := uint(symbol>>4), uint(symbol&15)
		if n == 0 && zeros < 15 {
			err := d.endRun(zeros)
			d.run--
			return err
		}
		if k += int(zeros); k > d.last {
			return errRange
		}
		v, err := d.value(n)
		if err != nil || v<<d.low != int(int16(v<<d.low)) {
			return errors.Join(err, errRange)
		}
		b[k] = int16(v << d.low)
	}
	return nil
}

// all is more zeros than a block has.
const all = 64

// acRefine decodes one more bit of a band (G.1.2.3).
func (d *scanDecoder) acRefine(p *part, _ *int, b *Block) error {
	table, k := d.tables[1][p.ac], d.first
	for d.run == 0 && k <= d.last {
		symbol, err := d.symbol(table)
		if err != nil {
			return err
		}
		zeros, n := int(symbol>>4), symbol&15
		fresh := int16(0)
		switch {
		case n == 1:
			bit, err := d.take(1)
			if err != nil {
				return err
			}
			fresh = int16((2*bit - 1) << d.low)
		case n > 1:
			return errCode
		case zeros < 15:
			if err := d.endRun(uint(zeros)); err != nil {
				return err
			}
			continue
		}
		if k, err = d.refine(b, k, zeros); err != nil {
			return err
		}
		if fresh != 0 {
			if k > d.last {
				return errRange
			}
			b[k] = fresh
		}
		k++
	}
	if d.run > 0 {
		d.run--
		_, err := d.refine(b, k, all)
		return err
	}
	return nil
}

// refine takes a bit for each coefficient that is not zero, from k on, and returns
// where the zero after so many others is, if that are not all.
func (d *scanDecoder) refine(b *Block, k, zeros int) (int, error) {
	end := d.last
	if zeros == all {
		end = min(end, b.last())
	}
	for ; k <= end; k++ {
		if b[k] == 0 {
			if zeros == 0 {
				break
			}
			zeros--
			continue
		}
		bit, err := d.take(1)
		if err != nil {
			return k, err
		}
		if bit != 0 && b[k]>>d.low&1 == 0 {
			if b[k] > 0 {
				b[k] += 1 << d.low
			} else {
				b[k] -= 1 << d.low
			}
		}
	}
	return k, nil
}
