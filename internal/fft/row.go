package fft

// row transforms re and im into dstRe and dstIm, in natural order. It leaves
// re and im in disorder. All four have length n.
func (p *Plan) row(dstRe, dstIm, re, im []float32) {
	passes := p.passes
	if p.last == 16 {
		passes = passes[:len(passes)-1]
	}
	for _, tw := range passes {
		l := 4 * len(tw)
		for at := 0; at+l <= len(re); at += l {
			pass4(re[at:at+l], im[at:at+l], tw)
		}
	}
	switch p.last {
	case 4:
		last4(dstRe, dstIm, re, im)
	case 8:
		p.last8(dstRe, dstIm, re, im)
	default:
		p.last16(dstRe, dstIm, re, im)
	}
}

// pass4 splits one block of length 4·len(tw) into four.
func pass4(re, im []float32, tw []twiddle) {
	m := len(tw)
	r0, r1, r2, r3 := re[:m], re[m:][:m], re[2*m:][:m], re[3*m:][:m]
	i0, i1, i2, i3 := im[:m], im[m:][:m], im[2*m:][:m], im[3*m:][:m]
	for j := range tw {
		w := &tw[j]
		ar, br := r0[j]+r2[j], r0[j]-r2[j]
		cr, dr := r1[j]+r3[j], r1[j]-r3[j]
		ai, bi := i0[j]+i2[j], i0[j]-i2[j]
		ci, di := i1[j]+i3[j], i1[j]-i3[j]
		r0[j], i0[j] = ar+cr, ai+ci
		xr, xi := ar-cr, ai-ci
		r2[j], i2[j] = xr*w.r2-xi*w.i2, xr*w.i2+xi*w.r2
		yr, yi := br+di, bi-dr
		r1[j], i1[j] = yr*w.r1-yi*w.i1, yr*w.i1+yi*w.r1
		zr, zi := br-di, bi+dr
		r3[j], i3[j] = zr*w.r3-zi*w.i3, zr*w.i3+zi*w.r3
	}
}

// last4 is the whole transform of length 4.
func last4(dstRe, dstIm, re, im []float32) {
	r, i := (*[4]float32)(re), (*[4]float32)(im)
	ar, br, cr, dr := r[0]+r[2], r[0]-r[2], r[1]+r[3], r[1]-r[3]
	ai, bi, ci, di := i[0]+i[2], i[0]-i[2], i[1]+i[3], i[1]-i[3]
	*(*[4]float32)(dstRe) = [4]float32{ar + cr, br + di, ar - cr, br - di}
	*(*[4]float32)(dstIm) = [4]float32{ai + ci, bi - dr, ai - ci, bi + dr}
}

// last8 transforms the blocks of 8 and puts their frequencies in order.
func (p *Plan) last8(dstRe, dstIm, re, im []float32) {
	step := p.n / 8
	for at := 0; at+8 <= len(re); at += 8 {
		r, i := (*[8]float32)(re[at:]), (*[8]float32)(im[at:])
		halve8(r, i)
		k := int(p.order[at])
		for q := 0; q < 8; q += 4 {
			ar, br, cr, dr := r[q]+r[q+2], r[q]-r[q+2], r[q+1]+r[q+3], r[q+1]-r[q+3]
			ai, bi, ci, di := i[q]+i[q+2], i[q]-i[q+2], i[q+1]+i[q+3], i[q+1]-i[q+3]
			dstRe[k], dstIm[k] = ar+cr, ai+ci
			dstRe[k+2*step], dstIm[k+2*step] = br+di, bi-dr
			dstRe[k+4*step], dstIm[k+4*step] = ar-cr, ai-ci
			dstRe[k+6*step], dstIm[k+6*step] = br-di, bi+dr
			k += step
		}
	}
}

// halve8 splits a block of 8 into its even and its odd frequencies.
func halve8(r, i *[8]float32) {
	for j := 0; j < 4; j++ {
		w := &eighths[j]
		xr, xi := r[j]-r[j+4], i[j]-i[j+4]
		r[j] += r[j+4]
		i[j] += i[j+4]
		r[j+4], i[j+4] = xr*w[0]-xi*w[1], xr*w[1]+xi*w[0]
	}
}

// eighths are the first four eighth roots of one.
var eighths = [4][2]float32{{1, 0}, {halfRoot, -halfRoot}, {0, -1}, {-halfRoot, -halfRoot}}

// halfRoot is √½.
const halfRoot = 0.70710678118654752440

// last16 transforms the blocks of 16 and puts their frequencies in order.
func (p *Plan) last16(dstRe, dstIm, re, im []float32) {
	tw := (*[4]twiddle)(p.passes[len(p.passes)-1])
	m := p.n / 4
	r0, r1, r2, r3 := dstRe[:m], dstRe[m:][:m], dstRe[2*m:][:m], dstRe[3*m:][:m]
	i0, i1, i2, i3 := dstIm[:m], dstIm[m:][:m], dstIm[2*m:][:m], dstIm[3*m:][:m]
	for at := 0; at+16 <= len(re); at += 16 {
		r, i := (*[16]float32)(re[at:]), (*[16]float32)(im[at:])
		quarter16(r, i, tw)
		k := int(p.order[at])
		for q := 0; q < 16; q += 4 {
			ar, br, cr, dr := r[q]+r[q+2], r[q]-r[q+2], r[q+1]+r[q+3], r[q+1]-r[q+3]
			ai, bi, ci, di := i[q]+i[q+2], i[q]-i[q+2], i[q+1]+i[q+3], i[q+1]-i[q+3]
			r0[k], i0[k] = ar+cr, ai+ci
			r1[k], i1[k] = br+di, bi-dr
			r2[k], i2[k] = ar-cr, ai-ci
			r3[k], i3[k] = br-di, bi+dr
			k += m / 4
		}
	}
}

// quarter16 is pass4 on a block of 16. The first factors are 1.
func quarter16(r, i *[16]float32, tw *[4]twiddle) {
	ar, br, cr, dr := r[0]+r[8], r[0]-r[8], r[4]+r[12], r[4]-r[12]
	ai, bi, ci, di := i[0]+i[8], i[0]-i[8], i[4]+i[12], i[4]-i[12]
	r[0], r[4], r[8], r[12] = ar+cr, br+di, ar-cr, br-di
	i[0], i[4], i[8], i[12] = ai+ci, bi-dr, ai-ci, bi+dr
	for j := 1; j < 4; j++ {
		w := &tw[j]
		ar, br, cr, dr := r[j]+r[j+8], r[j]-r[j+8], r[j+4]+r[j+12], r[j+4]-r[j+12]
		ai, bi, ci, di := i[j]+i[j+8], i[j]-i[j+8], i[j+4]+i[j+12], i[j+4]-i[j+12]
		r[j], i[j] = ar+cr, ai+ci
		xr, xi := ar-cr, ai-ci
		r[j+8], i[j+8] = xr*w.r2-xi*w.i2, xr*w.i2+xi*w.r2
		yr, yi := br+di, bi-dr
		r[j+4], i[j+4] = yr*w.r1-yi*w.i1, yr*w.i1+yi*w.r1
		zr, zi := br-di, bi+dr
		r[j+12], i[j+12] = zr*w.r3-zi*w.i3, zr*w.i3+zi*w.r3
	}
}
