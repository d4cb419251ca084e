package fft

// Forward2 transforms a square of n rows of n values in place, row after row.
// It panics if a slice is shorter than n². It allocates for n above 1024 only.
func (p *Plan) Forward2(re, im []float32) {
	n := p.n
	re, im = re[:n*n:len(re)], im[:n*n:len(im)]
	switch {
	case n <= 64:
		var row [2 * 64]float32
		var x [64]line
		p.square(re, im, row[:], x[:n])
	case n <= 1024:
		p.square1024(re, im)
	default:
		p.square(re, im, make([]float32, 2*n), make([]line, n))
	}
}

// square1024 is a function of its own for the reason that forward1024 is.
//
//go:noinline
func (p *Plan) square1024(re, im []float32) {
	var row [2 * 1024]float32
	var x [1024]line
	p.square(re, im, row[:], x[:p.n])
}

// square is Forward2 with room for a row and for eight columns.
func (p *Plan) square(re, im, row []float32, x []line) {
	n := p.n
	for at := 0; at < n*n; at += n {
		p.forward(re[at:at+n], im[at:at+n], row)
	}
	p.allColumns(x, re, im)
}

// Inverse2 is Forward2 with the opposite sign in the exponents. It does not
// scale: the result of Forward2 comes back n² times as large.
func (p *Plan) Inverse2(re, im []float32) { p.Forward2(im, re) }

// allColumns transforms the columns of a square with room for eight of them.
func (p *Plan) allColumns(x []line, re, im []float32) {
	n := p.n
	if n < lanes {
		p.fewColumns(x, re, im)
		return
	}
	for c := 0; c < n; c += lanes {
		for i := range x {
			at := i*n + c
			x[i].join((*[lanes]float32)(re[at:]), (*[lanes]float32)(im[at:]))
		}
		p.columns(x)
		for i, k := range p.order[:len(x)] {
			at := int(k)*n + c
			x[i].split((*[lanes]float32)(re[at:]), (*[lanes]float32)(im[at:]))
		}
	}
}

// join sets a line. The copies between let the compiler see that nothing
// overlaps, so it moves the values itself.
func (a *line) join(re, im *[lanes]float32) {
	r, i := *re, *im
	*(*[lanes]float32)(a[:lanes]), *(*[lanes]float32)(a[lanes:]) = r, i
}

// split is the opposite of join.
func (a *line) split(re, im *[lanes]float32) {
	r, i := *(*[lanes]float32)(a[:lanes]), *(*[lanes]float32)(a[lanes:])
	*re, *im = r, i
}

// fewColumns is allColumns for a square with fewer than eight.
func (p *Plan) fewColumns(x []line, re, im []float32) {
	n := p.n
	for i := range x {
		copy(x[i][:lanes], re[i*n:][:n])
		copy(x[i][lanes:], im[i*n:][:n])
	}
	p.columns(x)
	for i, k := range p.order[:len(x)] {
		copy(re[int(k)*n:][:n], x[i][:lanes])
		copy(im[int(k)*n:][:n], x[i][lanes:])
	}
}
