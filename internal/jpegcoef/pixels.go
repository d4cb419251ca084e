package jpegcoef

import (
	"fmt"
	"image"
	"math"
)

// A model is how components make a colour.
type model int

const (
	gray model = iota
	ycc
	rgb
	cmyk
	inverseCMYK // as Adobe's programs write it: 255 is no ink
	inverseYCCK // the ink of CMY as if it were RGB, and K as above
)

// colorModel tells the model as decoders do: by the segments of JFIF and Adobe,
// else by the numbers of the components.
func (m *Image) colorModel() (model, error) {
	ids := ""
	for _, c := range m.Components {
		ids += string(rune(c.id))
	}
	switch n := len(m.Components); {
	case n == 1:
		return gray, nil
	case n == 3 && (m.adobe == 0 && !m.jfif || m.adobe < 0 && !m.jfif && ids == "RGB"):
		return rgb, nil
	case n == 3:
		return ycc, nil
	case n == 4 && m.adobe == 0:
		return inverseCMYK, nil
	case n == 4 && m.adobe > 0:
		return inverseYCCK, nil
	case n == 4:
		return cmyk, nil
	default:
		return 0, fmt.Errorf("%w: %d components", ErrUnsupported, n)
	}
}

// tones are the components of a white and of a black pixel.
var tones = map[model]struct{ white, black [4]float64 }{
	gray:        {[4]float64{255}, [4]float64{0}},
	ycc:         {[4]float64{255, 128, 128}, [4]float64{0, 128, 128}},
	rgb:         {[4]float64{255, 255, 255}, [4]float64{0, 0, 0}},
	cmyk:        {[4]float64{0, 0, 0, 0}, [4]float64{0, 0, 0, 255}},
	inverseCMYK: {[4]float64{255, 255, 255, 255}, [4]float64{255, 255, 255, 0}},
	inverseYCCK: {[4]float64{0, 128, 128, 255}, [4]float64{0, 128, 128, 0}},
}

// luma returns the brightness of a pixel of these components.
func (k model) luma(v [4]float64) float64 {
	mean := 0.299*v[0] + 0.587*v[1] + 0.114*v[2]
	switch k {
	case rgb:
		return mean
	case cmyk:
		return (255 - mean) * (255 - v[3]) / 255
	case inverseCMYK:
		return mean * v[3] / 255
	case inverseYCCK:
		return (255 - v[0]) * v[3] / 255
	}
	return v[0]
}

// Gray returns the brightness of the pixels in r, which lies in the picture.
func (m *Image) Gray(r image.Rectangle) *image.Gray {
	out := image.NewGray(r)
	needed := m.luminous()
	var planes [4]plane
	for i := range needed {
		planes[i] = m.plane(&needed[i], r)
	}
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			var v [4]float64
			for i := range needed {
				v[i] = planes[i].at(x, y)
			}
			out.Pix[out.PixOffset(x, y)] = uint8(min(max(math.Round(m.model.luma(v)), 0), 255))
		}
	}
	return out
}

// luminous returns the components that brightness needs.
func (m *Image) luminous() []Component {
	if m.model == ycc {
		return m.Components[:1]
	}
	return m.Components
}

// Brightness returns that of one pixel of the picture, as [Image.Gray] does for many, from
// the coefficients of its blocks alone.
func (m *Image) Brightness(x, y int) uint8 {
	var v [4]float64
	for i := range m.luminous() {
		c := &m.Components[i]
		x, y := x*c.H*8/m.MCUWidth, y*c.V*8/m.MCUHeight
		v[i] = c.at(c.Block(x/8, y/8), x%8, y%8)
	}
	return uint8(min(max(math.Round(m.model.luma(v)), 0), 255))
}

// at returns one sample of a block.
func (c *Component) at(b *Block, x, y int) float64 {
	sum := 128.0
	for k, at := range zigzag {
		if b[k] != 0 {
			sum += float64(b[k]) * float64(c.Quant[k]) * cosines[at%8][x] * cosines[at/8][y]
		}
	}
	return min(max(sum, 0), 255)
}

// Paint mixes white and black into the pixels in r, which lies in the picture: of
// each, mix says which part stays as it is, and which becomes white; the rest becomes
// black. Blocks in which no pixel changes stay as they are.
func (m *Image) Paint(r image.Rectangle, mix func(x, y int) (stays, white float64)) {
	tone := tones[m.model]
	for i := range m.Components {
		c := &m.Components[i]
		p := m.plane(c, r)
		for y := p.blocks.Min.Y; y < p.blocks.Max.Y; y++ {
			for x := p.blocks.Min.X; x < p.blocks.Max.X; x++ {
				change := p.change(image.Pt(x, y), r, func(x, y int, was float64) float64 {
					stays, white := mix(x, y)
					return (stays-1)*was + white*tone.white[i] + (1-stays-white)*tone.black[i]
				})
				if change != [64]float64{} {
					c.add(c.Block(x, y), &change)
				}
			}
		}
	}
}

// A plane is the samples of a component where they make a rectangle of pixels.
type plane struct {
	blocks image.Rectangle // of the component
	values [][64]float64
	h, v   int             // samples across and down
	hm, vm int             // for so many pixels
	bounds image.Rectangle // of the picture
}

func (m *Image) plane(c *Component, r image.Rectangle) plane {
	p := plane{h: c.H, v: c.V, hm: m.MCUWidth / 8, vm: m.MCUHeight / 8, bounds: image.Rect(0, 0, m.Width, m.Height)}
	p.blocks = image.Rect(r.Min.X*p.h/p.hm/8, r.Min.Y*p.v/p.vm/8, (r.Max.X-1)*p.h/p.hm/8+1, (r.Max.Y-1)*p.v/p.vm/8+1)
	for y := p.blocks.Min.Y; y < p.blocks.Max.Y; y++ {
		for x := p.blocks.Min.X; x < p.blocks.Max.X; x++ {
			p.values = append(p.values, c.samples(c.Block(x, y)))
		}
	}
	return p
}

// at returns the sample of a pixel.
func (p *plane) at(x, y int) float64 {
	x, y = x*p.h/p.hm, y*p.v/p.vm
	block := (y/8-p.blocks.Min.Y)*p.blocks.Dx() + x/8 - p.blocks.Min.X
	return p.values[block][y%8*8+x%8]
}

// change returns by how much the samples of a block change where its pixels in r
// do: the mean of those that share a sample.
func (p *plane) change(block image.Point, r image.Rectangle, of func(x, y int, was float64) float64) (change [64]float64) {
	values := &p.values[(block.Y-p.blocks.Min.Y)*p.blocks.Dx()+block.X-p.blocks.Min.X]
	for i := range change {
		x, y := 8*block.X+i%8, 8*block.Y+i/8
		pixels := image.Rect(ceil(x*p.hm, p.h), ceil(y*p.vm, p.v), ceil((x+1)*p.hm, p.h), ceil((y+1)*p.vm, p.v)).Intersect(p.bounds)
		inside := pixels.Intersect(r)
		sum := 0.0
		for y := inside.Min.Y; y < inside.Max.Y; y++ {
			for x := inside.Min.X; x < inside.Max.X; x++ {
				sum += of(x, y, values[i])
			}
		}
		change[i] = sum / float64(max(pixels.Dx()*pixels.Dy(), 1))
	}
	return change
}

// add changes a block by the transform of a change of its samples. The transform is
// linear, so what does not change loses nothing.
func (c *Component) add(b *Block, change *[64]float64) {
	coefficients := forward(change)
	for k, at := range zigzag {
		const most = 1023 // what 8-bit samples can give
		v := float64(b[k]) + coefficients[at]/float64(c.Quant[k])
		b[k] = int16(min(max(math.Round(v), -most), most))
	}
}

// samples returns the samples of a block, 0 to 255.
func (c *Component) samples(b *Block) [64]float64 {
	var coefficients [64]float64
	for k, at := range zigzag {
		coefficients[at] = float64(b[k]) * float64(c.Quant[k])
	}
	samples := inverse(&coefficients)
	for i, v := range samples {
		samples[i] = min(max(v+128, 0), 255)
	}
	return samples
}

// cosines is the matrix of the one-dimensional DCT (A.3.3): row u, column x.
var cosines = func() (m [8][8]float64) {
	for u := range m {
		for x := range m[u] {
			m[u][x] = math.Cos(float64(2*x+1)*float64(u)*math.Pi/16) / 2
			if u == 0 {
				m[u][x] /= math.Sqrt2
			}
		}
	}
	return m
}()

// forward is the two-dimensional DCT, inverse its inverse.
func forward(s *[64]float64) [64]float64 {
	return transform(s, func(u, x int) float64 { return cosines[u][x] })
}

func inverse(s *[64]float64) [64]float64 {
	return transform(s, func(x, u int) float64 { return cosines[u][x] })
}

// transform multiplies rows, then columns, by a matrix.
func transform(s *[64]float64, matrix func(to, from int) float64) (out [64]float64) {
	var rows [64]float64
	for y := range 8 {
		for to := range 8 {
			for from := range 8 {
				rows[8*y+to] += matrix(to, from) * s[8*y+from]
			}
		}
	}
	for x := range 8 {
		for to := range 8 {
			for from := range 8 {
				out[8*to+x] += matrix(to, from) * rows[8*from+x]
			}
		}
	}
	return out
}
