package fft

// lanes is the number of columns that are transformed together.
const lanes = 8

// A line is one complex value of each of eight columns, the real parts first:
// as long as a cache line.
type line [2 * lanes]float32

// columns transforms eight columns of length n. Line i then holds the
// frequency order[i].
func (p *Plan) columns(x []line) {
	splitLines(x, p.passes)
	if p.last == 8 {
		for at := 0; at+8 <= len(x); at += 8 {
			halveLines((*[8]line)(x[at:]))
		}
	}
	for at := 0; at+4 <= len(x); at += 4 {
		b := (*[4]line)(x[at:])
		plainLines(&b[0], &b[1], &b[2], &b[3])
	}
}

// splitLines does the passes on a block, each quarter to its end: a quarter of
// a long block fits the first cache, the block does not.
func splitLines(x []line, passes [][]twiddle) {
	if len(passes) == 0 {
		return
	}
	lines4(x, passes[0])
	if len(passes) == 1 {
		return
	}
	for q := len(x) / 4; len(x) > 0; x = x[q:] {
		splitLines(x[:q], passes[1:])
	}
}

// lines4 is pass4 on lines.
func lines4(x []line, tw []twiddle) {
	m := len(tw)
	x0, x1, x2, x3 := x[:m], x[m:][:m], x[2*m:][:m], x[3*m:][:m]
	plainLines(&x0[0], &x1[0], &x2[0], &x3[0]) // the factors are 1
	for j := 1; j < m; j++ {
		a0, a1, a2, a3, w := &x0[j], &x1[j], &x2[j], &x3[j], &tw[j]
		r1, i1, r2, i2, r3, i3 := w.r1, w.i1, w.r2, w.i2, w.r3, w.i3
		for r := 0; r < lanes; r++ {
			i := r + lanes
			ar, br, cr, dr := a0[r]+a2[r], a0[r]-a2[r], a1[r]+a3[r], a1[r]-a3[r]
			ai, bi, ci, di := a0[i]+a2[i], a0[i]-a2[i], a1[i]+a3[i], a1[i]-a3[i]
			a0[r], a0[i] = ar+cr, ai+ci
			xr, xi := ar-cr, ai-ci
			a2[r], a2[i] = xr*r2-xi*i2, xr*i2+xi*r2
			yr, yi := br+di, bi-dr
			a1[r], a1[i] = yr*r1-yi*i1, yr*i1+yi*r1
			zr, zi := br-di, bi+dr
			a3[r], a3[i] = zr*r3-zi*i3, zr*i3+zi*r3
		}
	}
}

// halveLines is halve8 on lines.
func halveLines(x *[8]line) {
	for j := range 4 {
		a, b, w := &x[j], &x[j+4], &eighths[j]
		for r := 0; r < lanes; r++ {
			i := r + lanes
			xr, xi := a[r]-b[r], a[i]-b[i]
			a[r], a[i] = a[r]+b[r], a[i]+b[i]
			b[r], b[i] = xr*w[0]-xi*w[1], xr*w[1]+xi*w[0]
		}
	}
}

// plainLines transforms four lines, which is a pass with factors of 1.
func plainLines(a0, a1, a2, a3 *line) {
	for r := 0; r < lanes; r++ {
		i := r + lanes
		ar, br, cr, dr := a0[r]+a2[r], a0[r]-a2[r], a1[r]+a3[r], a1[r]-a3[r]
		ai, bi, ci, di := a0[i]+a2[i], a0[i]-a2[i], a1[i]+a3[i], a1[i]-a3[i]
		a0[r], a0[i] = ar+cr, ai+ci
		a1[r], a1[i] = br+di, bi-dr
		a2[r], a2[i] = ar-cr, ai-ci
		a3[r], a3[i] = br-di, bi+dr
	}
}
