package fft

import "slices"

// A Scratch is the memory of Power2. The zero value is ready: it grows when
// needed and then serves later calls without allocation, of any plan. Each
// goroutine needs its own.
type Scratch struct {
	rows  []float32
	lines []line
}

// Power2 puts into dst the squared magnitudes |X|² of the transform of a real
// picture, row after row, that is padded with zeros to n by n. The frequencies
// of a real picture are symmetric, so dst is the half plane: n rows, v = 0 to
// n-1 (down), of n/2+1 values, u = 0 to n/2 (across).
//
// Width and height are from 1 to n. Power2 panics if they are not, or if src is
// shorter than width·height or dst shorter than n·(n/2+1). The two must not
// overlap.
func (p *Plan) Power2(dst, src []float32, width, height int, s *Scratch) {
	n := p.n
	if width < 1 || width > n || height < 1 || height > n {
		panic("fft: picture does not fit the plan")
	}
	src, dst = src[:width*height:len(src)], dst[:n*(n/2+1):len(dst)]
	blocks := (n/2 + lanes - 1) / lanes
	even := height + height%2
	s.rows = slices.Grow(s.rows[:0], 4*n)[:4*n]
	s.lines = slices.Grow(s.lines[:0], blocks*even+n)[:blocks*even+n]
	x, half := s.lines[:n], s.lines[n:]
	p.halfRows(half, src, width, height, s.rows)
	for b := range blocks {
		clear(x[copy(x, half[b*even:][:height]):])
		p.columns(x)
		p.emit(dst, x, b*lanes)
		if b == 0 {
			p.edges(dst, x, s.rows)
		}
	}
}

// halfRows transforms the rows of a picture, two at a time as the parts of one
// complex row, and puts twice the frequencies 0 to n/2-1 into blocks of eight
// columns. Frequency n/2 is real as frequency 0 is, and becomes the imaginary
// part of it.
func (p *Plan) halfRows(half []line, src []float32, width, height int, rows []float32) {
	n := p.n
	even := height + height%2
	re, im, fr, fi := rows[:n], rows[n:2*n], rows[2*n:3*n], rows[3*n:4*n]
	for y := 0; y < height; y += 2 {
		src := src[y*width:]
		clear(re[copy(re, src[:width]):])
		if y+1 < height {
			clear(im[copy(im, src[width:2*width]):])
		} else {
			clear(im)
		}
		p.row(fr, fi, re, im)
		unpack(half[y:], even, fr, fi)
		half[y][lanes], half[y+1][lanes] = 2*fr[n/2], 2*fi[n/2]
	}
}

// unpack separates the frequencies of two real rows that were transformed as
// one complex row. The lines of a block of columns are stride apart.
func unpack(half []line, stride int, fr, fi []float32) {
	n := len(fr)
	fi = fi[:n]
	for k := 0; k < n/2; k += lanes {
		b := k / lanes * stride
		first, second := &half[b], &half[b+1]
		for r := range min(lanes, n/2) {
			i := r + lanes
			c := (n - k - r) & (n - 1)
			ar, ai, br, bi := fr[k+r], fi[k+r], fr[c], fi[c]
			first[r], first[i] = ar+br, ai-bi
			second[r], second[i] = ai+bi, br-ar
		}
	}
}

// emit writes the power of the columns from u on: a quarter of the squares, as
// the rows are twice too large.
func (p *Plan) emit(dst []float32, x []line, u int) {
	stride := p.n/2 + 1
	for i, v := range p.order[:len(x)] {
		a := &x[i]
		out := dst[int(v)*stride+u:][:min(lanes, p.n/2)]
		for r := range out {
			re, im := a[r&7], a[r&7+lanes]
			out[r] = (re*re + im*im) / 4
		}
	}
}

// edges writes the columns u = 0 and u = n/2, which were transformed as the
// parts of one complex column, lane 0 of x.
func (p *Plan) edges(dst []float32, x []line, rows []float32) {
	n := p.n
	re, im := rows[:n], rows[n:2*n]
	for i, v := range p.order[:len(x)] {
		re[v], im[v] = x[i][0], x[i][lanes]
	}
	for v := range re {
		c := (n - v) % n
		ar, ai := re[v]+re[c], im[v]-im[c]
		br, bi := im[v]+im[c], re[c]-re[v]
		dst[v*(n/2+1)] = (ar*ar + ai*ai) / 16
		dst[v*(n/2+1)+n/2] = (br*br + bi*bi) / 16
	}
}
