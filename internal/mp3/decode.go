package mp3

import "math"

// A Decoder decodes frames of Layer III. What is broken or lacks the frames before it
// is silence. The frames are of one stream, as [Header.Same] tells; ones with another
// number of channels are mixed or doubled.
type Decoder struct {
	channels  int
	reservoir []byte // main data so far: the last of them
	scales    [2]scale
	spectrum  [2][lines]float64
	synthesis [2]synthesis
}

// NewDecoder returns a decoder of sound in one or two channels.
func NewDecoder(channels int) *Decoder { return &Decoder{channels: channels} }

// Decode appends the samples of a frame to out, from -1 to 1, of all channels in turn.
// They are 529 samples late; those that come from an encoder are later by its own delay.
func (d *Decoder) Decode(frame []byte, out []float64) []float64 {
	h, ok := ParseHeader(frame)
	if !ok || h.Layer() != 3 {
		return out
	}
	from := len(out)
	out = append(out, make([]float64, h.Samples()*d.channels)...)
	side, r, ok := d.open(h, frame)
	for i := range h.granules() {
		part := out[from+i*lines*d.channels:]
		if ok {
			d.granule(h, &side, i, r)
		} else {
			d.spectrum = [2][lines]float64{}
		}
		for c := range d.channels {
			from := min(c, h.Channels()-1)
			d.synthesis[c].granule(&d.spectrum[from], &side.granules[i][from], part[c:], d.channels)
		}
	}
	return out
}

// open returns the side information of a frame and its main data, which start in the
// frames before. It is false if they are not there.
func (d *Decoder) open(h Header, frame []byte) (sideInfo, *bitReader, bool) {
	start := h.mainStart()
	if len(frame) < start {
		d.reservoir = d.reservoir[:0]
		return sideInfo{}, nil, false
	}
	side, ok := readSide(h, frame[start-h.SideSize():start])
	before := len(d.reservoir)
	if extra := before - maxBorrowed; extra > 4*maxBorrowed {
		before = copy(d.reservoir, d.reservoir[extra:])
	}
	d.reservoir = append(d.reservoir[:before], frame[start:]...)
	if ok = ok && side.begin <= before; !ok {
		side = sideInfo{}
	}
	data := d.reservoir[max(before-side.begin, 0):]
	return side, &bitReader{b: data}, ok
}

// granule decodes the spectrum of a granule.
func (d *Decoder) granule(h Header, side *sideInfo, i int, r *bitReader) {
	b, ends := h.bands(), [2]int{}
	for c := range h.Channels() {
		g := &side.granules[i][c]
		end := r.pos + g.bits
		if end > 8*len(r.b) {
			*g = granule{}
			end = 8 * len(r.b)
		}
		d.scales[c].read(r, h, g, c, side.shared[c]*i)
		ends[c] = g.lines(&d.spectrum[c], b, r, end)
		r.pos = end
		g.requantise(&d.spectrum[c], &d.scales[c], b, ends[c])
	}
	switch {
	case h.has(intensity):
		d.place(h, &side.granules[i][1], b)
	case h.has(sideByMiddle):
		separate(&d.spectrum, 0, max(ends[0], ends[1]))
	}
	for c := range h.Channels() {
		g := &side.granules[i][c]
		if g.block == shortBlock {
			g.reorder(&d.spectrum[c], b)
		}
		g.unalias(&d.spectrum[c])
	}
}

// powers has the powers of 4/3.
var powers = func() (p [8192 + 16]float64) {
	for i := range p {
		p[i] = math.Pow(float64(i), 4.0/3)
	}
	return p
}()

// lines decodes the values of a granule, to the power of 4/3, from r up to the bit
// end. It returns behind which line there are zeros.
func (g *granule) lines(out *[lines]float64, b *bands, r *bitReader, end int) int {
	*out = [lines]float64{}
	i := 0
	for region, stop := range g.regions(b) {
		t := &pairTables[g.tables[region]]
		if t.huffman == nil {
			i = max(i, stop)
			continue
		}
		for ; i < stop && r.pos < end; i += 2 {
			leaf := t.read(r)
			out[i] = t.value(r, int(leaf.x))
			out[i+1] = t.value(r, int(leaf.y))
		}
	}
	for ; i+4 <= lines && r.pos < end; i += 4 {
		leaf := quadTables[g.quads].read(r)
		for j := range 4 {
			if leaf.y>>(3-j)&1 == 1 {
				out[i+j] = sign(r)
			}
		}
	}
	if r.pos > end { // the last values are not all there
		i = max(i-4, 0)
		clear(out[i:])
	}
	return i
}

// value returns the value of a word.
func (t *pairTable) value(r *bitReader, v int) float64 {
	if v == 0 {
		return 0
	}
	if v == 15 && t.linbits > 0 {
		v += r.read(t.linbits)
	}
	return sign(r) * powers[v]
}

func sign(r *bitReader) float64 { return float64(1 - 2*r.read(1)) }

// requantise scales the values of a granule up to end.
func (g *granule) requantise(x *[lines]float64, s *scale, b *bands, end int) {
	for _, p := range b.parts[g.shape()] {
		if p.from >= end {
			return
		}
		shift := s.values[p.scale]
		quarters := g.gain - unityGain
		if p.window < 3 {
			quarters -= 8 * g.subgains[p.window]
		} else if g.preflag {
			shift += preemphasis[p.scale]
		}
		quarters -= 2 * (1 + g.shift) * shift
		factor := math.Ldexp(quarterPowers[quarters&3], quarters>>2)
		for i := range x[p.from:p.to] {
			x[p.from+i] *= factor
		}
	}
}

var quarterPowers = [4]float64{1, math.Pow(2, 0.25), math.Sqrt2, math.Pow(2, 0.75)}

// reorder sorts the lines of short blocks by frequency instead of by window.
func (g *granule) reorder(x *[lines]float64, b *bands) {
	sorted := *x
	for _, p := range b.parts[g.shape()] {
		if p.window < 3 {
			start := p.from - p.window*(p.to-p.from)
			for i, v := range x[p.from:p.to] {
				sorted[start+3*i+p.window] = v
			}
		}
	}
	*x = sorted
}

// unalias undoes the aliasing between subbands, which long blocks have.
func (g *granule) unalias(x *[lines]float64) {
	last := subbands
	if g.block == shortBlock {
		if last = 1; g.mixed {
			last = 2
		}
	}
	for band := bandSize; band < last*bandSize; band += bandSize {
		for i, c := range aliasing {
			up, down := x[band-1-i], x[band+i]
			x[band-1-i], x[band+i] = up*c.cs-down*c.ca, down*c.cs+up*c.ca
		}
	}
}
