package jpegcoef

import "math"

// The transforms are those of Arai, Agui and Nakajima, "A fast DCT-SQ scheme for images"
// (1988): five multiplications for eight values, and factors that are left to the
// quantisation tables.

// factors are those of a row and a column: sqrt(2) cos(k pi/16), and 1 of the first.
var factors = func() (f [8]float64) {
	for k := range f {
		f[k] = math.Sqrt2 * math.Cos(float64(k)*math.Pi/16)
	}
	f[0] = 1
	return f
}()

// A weights table holds a number for each coefficient, in rows of eight.
type weights [64]float32

// dequantisation returns what coefficients are multiplied by before inverse.
func (c *Component) dequantisation() (w weights) {
	for at, k := range order {
		w[at] = float32(float64(c.Quant[k]) * factors[at/8] * factors[at%8] / 8)
	}
	return w
}

// quantisation returns what coefficients are multiplied by behind forward.
func (c *Component) quantisation() (w weights) {
	for at, k := range order {
		w[at] = float32(1 / (float64(c.Quant[k]) * factors[at/8] * factors[at%8] * 8))
	}
	return w
}

// steps returns the quantisation table.
func (c *Component) steps() (w weights) {
	for at, k := range order {
		w[at] = float32(c.Quant[k])
	}
	return w
}

// rows tells in how many rows of eight the first coefficients are, up to each.
var rows = func() (n [64]int) {
	for k, at := range zigzag {
		n[k] = max(at/8+1, n[max(k-1, 0)])
	}
	return n
}()

// order tells where in zigzag order a position is.
var order = func() (n [64]int) {
	for k, at := range zigzag {
		n[at] = k
	}
	return n
}()

// last returns the place of the last coefficient that is not zero, 0 if none is.
func (b *Block) last() int {
	k := 63
	for k > 7 && *(*[8]int16)(b[k-7:]) == [8]int16{} {
		k -= 8
	}
	for k > 0 && b[k&63] == 0 {
		k--
	}
	return k
}

// samples makes the samples of a block: 0 to 255, but for errors of quantisation.
func (b *Block) samples(w *weights, out *[64]float32) {
	last := b.last()
	if last == 0 {
		v := float32(b[0])*w[0] + 128
		for i := range out {
			out[i] = v
		}
		return
	}
	var in, half [64]float32
	for k := range last + 1 {
		at := zigzag[k&63] & 63
		in[at] = float32(b[k&63]) * w[at]
	}
	in[0] += 128
	inverseRows(&in, &half, rows[last])
	inverseRows(&half, out, 8)
}

// fewer makes samples of a block of a smaller picture, 1, 2, 4 or 8 across and down, from
// its lower coefficients.
func (b *Block) fewer(w *weights, out *[64]float32, size int) {
	switch dc := float32(b[0])*w[0]/8 + 128; size {
	case 1:
		out[0] = dc
	case 2:
		u, v, uv := float32(b[1])*w[1]/8, float32(b[2])*w[8]/8, float32(b[4])*w[9]/8
		out[0], out[1] = dc+u+v+uv, dc-u+v-uv
		out[2], out[3] = dc+u-v-uv, dc-u-v+uv
	case 4:
		var half [16]float32
		for v := range 4 {
			k, w := (*[4]int)(order[8*v:]), (*[4]float32)(w[8*v:])
			half[v], half[4+v], half[8+v], half[12+v] = inverse4(
				float32(b[k[0]&63])*w[0], float32(b[k[1]&63])*w[1], float32(b[k[2]&63])*w[2], float32(b[k[3]&63])*w[3])
		}
		for x := range 4 {
			s := (*[4]float32)(half[4*x:])
			out[x], out[4+x], out[8+x], out[12+x] = inverse4(s[0]+128*math.Sqrt2*2, s[1], s[2], s[3])
		}
	default:
		b.samples(w, out)
	}
}

// inverse4 transforms the lower half of eight coefficients to half as many samples.
func inverse4(a, b, c, d float32) (w, x, y, z float32) {
	const cos1, cos2, cos3 = 0.46193977, 0.35355339, 0.19134172 // half of those of pi/8, 2pi/8, 3pi/8
	p, q := (a+c)*cos2, (a-c)*cos2
	r, s := b*cos1+d*cos3, b*cos3-d*cos1
	return p + r, q + s, q - s, p - r
}

// inverseRows transforms the first n rows, the others are zero, and transposes.
func inverseRows(in, out *[64]float32, n int) {
	for i := range min(n, 8) {
		s := (*[8]float32)(in[8*i:])
		a, b := s[0]+s[4], s[0]-s[4]
		c := s[2] + s[6]
		d := (s[2]-s[6])*math.Sqrt2 - c
		e0, e1, e2, e3 := a+c, b+d, b-d, a-c

		p, q, r, t := s[5]+s[3], s[5]-s[3], s[1]+s[7], s[1]-s[7]
		z := (q + t) * 1.847759065
		o0 := r + p
		o1 := z - q*2.613125930 - o0
		o2 := (r-p)*math.Sqrt2 - o1
		o3 := z - t*1.082392200 - o2

		out[i], out[56+i] = e0+o0, e0-o0
		out[8+i], out[48+i] = e1+o1, e1-o1
		out[16+i], out[40+i] = e2+o2, e2-o2
		out[24+i], out[32+i] = e3+o3, e3-o3
	}
}

// forward transforms samples. Weights make the coefficients of out.
func forward(samples, out *[64]float32) {
	var half [64]float32
	forwardRows(samples, &half)
	forwardRows(&half, out)
}

// forwardRows transforms rows, and transposes.
func forwardRows(in, out *[64]float32) {
	for i := range 8 {
		s := (*[8]float32)(in[8*i:])
		a, h := s[0]+s[7], s[0]-s[7]
		b, g := s[1]+s[6], s[1]-s[6]
		c, f := s[2]+s[5], s[2]-s[5]
		d, e := s[3]+s[4], s[3]-s[4]

		p, q, r, t := a+d, a-d, b+c, b-c
		z := (t + q) * (math.Sqrt2 / 2)
		out[i], out[32+i] = p+r, p-r
		out[16+i], out[48+i] = q+z, q-z

		u, v, w := e+f, f+g, g+h
		z5 := (u - w) * 0.382683433
		z2, z4 := u*0.541196100+z5, w*1.306562965+z5
		z3 := v * (math.Sqrt2 / 2)
		x, y := h+z3, h-z3
		out[40+i], out[24+i] = y+z2, y-z2
		out[8+i], out[56+i] = x+z4, x-z4
	}
}
