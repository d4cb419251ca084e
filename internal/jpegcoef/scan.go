package jpegcoef

import "math/bits"

// A scan is one pass over the picture (T.81 B.2.3), and where it stands.
type scan struct {
	parts         []part
	first, last   int // coefficients, Ss and Se
	high, low     uint
	restart       int // MCUs between restart markers, 0 for none
	tables        tables
	header        int  // offset of the SOS marker
	data, dataEnd int  // of the entropy-coded data
	ones          bool // its last byte is filled with ones
}

// A part is one component of a scan.
type part struct {
	*Component
	dc, ac int // numbers of its Huffman tables
}

// scan reads a scan header and the data behind it.
func (d *decoder) scan(b []byte) error {
	s := scan{restart: d.restart, tables: d.tables, data: d.pos, header: d.pos - len(b) - 4}
	if len(d.scans) == maxScans {
		return d.fail("more than %d scans", maxScans)
	}
	if len(b) < 1 || len(b) != 4+2*int(b[0]) || b[0] == 0 {
		return d.fail("malformed scan header")
	}
	for i := range int(b[0]) {
		p := part{dc: int(b[2+2*i] >> 4), ac: int(b[2+2*i] & 15)}
		for c := range d.Components {
			if d.Components[c].id == b[1+2*i] {
				p.Component = &d.Components[c]
			}
		}
		if p.Component == nil || p.dc > 3 || p.ac > 3 {
			return d.fail("a scan of no component")
		}
		for _, other := range s.parts {
			if other.Component == p.Component {
				return d.fail("a scan with a component twice")
			}
		}
		p.Quant = d.quant[p.table]
		s.parts = append(s.parts, p)
	}
	b = b[len(b)-3:]
	s.first, s.last, s.high, s.low = int(b[0]), int(b[1]), uint(b[2]>>4), uint(b[2]&15)
	if !d.progressive {
		s.first, s.last, s.high, s.low = 0, 63, 0, 0
	}
	if err := d.checkScan(&s); err != nil {
		return err
	}
	r := bitReader{b: d.data, pos: d.pos}
	end, err := s.decode(d.Image, &r)
	if err != nil {
		return &FormatError{r.pos, err.Error()}
	}
	s.dataEnd = end
	d.scans = append(d.scans, s)
	d.pos = end
	return d.skipData()
}

// checkScan refuses what no encoder writes (G.1.1.1), and missing tables.
func (d *decoder) checkScan(s *scan) error {
	switch {
	case s.last > 63 || s.first > s.last || s.low > 13 || s.high > 13 || s.high != 0 && s.high != s.low+1,
		d.progressive && s.first == 0 && s.last != 0, s.first > 0 && len(s.parts) > 1:
		return d.fail("malformed scan header")
	}
	for _, p := range s.parts {
		if s.first == 0 && s.high == 0 && s.tables[0][p.dc] == nil || s.last > 0 && s.tables[1][p.ac] == nil {
			return d.fail("a scan without its Huffman table")
		}
		if p.Quant[0] == 0 {
			return d.fail("a component without its quantisation table")
		}
	}
	return nil
}

// skipData passes over what stands between the data of a scan and the next marker.
func (d *decoder) skipData() error {
	for ; d.pos+1 < len(d.data); d.pos++ {
		if m := d.data[d.pos+1]; d.data[d.pos] == 0xFF && m != 0 && (m < markerRST0 || m > markerRST7) {
			return nil
		}
	}
	return d.fail("truncated")
}

// A blockCoder decodes or encodes blocks of a scan.
type blockCoder interface {
	block(p *part, pred *int, b *Block) error
	restart(n int) error // passes the restart marker n
}

// visit calls the coder for every block of the scan, in its order (A.2).
func (s *scan) visit(m *Image, coder blockCoder) error {
	across, down := ceil(m.Width, m.MCUWidth), ceil(m.Height, m.MCUHeight)
	single := len(s.parts) == 1
	if single { // A.2.2: no MCU, no filling
		across, down = s.parts[0].Wide, s.parts[0].High
	}
	var preds [4]int
	for n := range across * down {
		if s.restart > 0 && n > 0 && n%s.restart == 0 {
			if err := coder.restart(n/s.restart - 1); err != nil {
				return err
			}
			preds = [4]int{}
		}
		x, y := n%across, n/across
		if single {
			if err := coder.block(&s.parts[0], &preds[0], s.parts[0].Block(x, y)); err != nil {
				return err
			}
			continue
		}
		for i := range s.parts {
			p := &s.parts[i]
			for k := range p.H * p.V {
				if err := coder.block(p, &preds[i], p.Block(x*p.H+k%p.H, y*p.V+k/p.H)); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// size returns the number of bits of a magnitude (F.1.2.1.2).
func size(v int) uint { return uint(bits.Len(uint(v))) }

func abs(v int) int {
	if v < 0 {
		return -v
	}
	return v
}
