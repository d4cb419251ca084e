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
		w := c.dequantisation()
		var samples [64]float32
		c.Block(x/8, y/8).samples(&w, &samples)
		v[i] = float64(level(samples[y%8*8+x%8]))
	}
	return uint8(min(max(math.Round(m.model.luma(v)), 0), 255))
}

// Paint mixes white and black into the pixels in r, which lies in the picture: of
// each, mix says which part stays as it is, and which becomes white; the rest becomes
// black. Blocks in which no pixel changes stay as they are.
func (m *Image) Paint(r image.Rectangle, mix func(x, y int) (stays, white float64)) {
	tone := tones[m.model]
	for i := range m.Components {
		c := &m.Components[i]
		p := m.plane(c, r)
		w := c.quantisation()
		for y := p.blocks.Min.Y; y < p.blocks.Max.Y; y++ {
			for x := p.blocks.Min.X; x < p.blocks.Max.X; x++ {
				change := p.change(image.Pt(x, y), r, func(x, y int, was float64) float64 {
					stays, white := mix(x, y)
					return (stays-1)*was + white*tone.white[i] + (1-stays-white)*tone.black[i]
				})
				if change != [64]float32{} {
					c.Block(x, y).add(&change, &w)
				}
			}
		}
	}
}

// A plane is the samples of a component where they make a rectangle of pixels.
type plane struct {
	blocks image.Rectangle // of the component
	values [][64]float32
	h, v   int             // samples across and down
	hm, vm int             // for so many pixels
	bounds image.Rectangle // of the picture
}

func (m *Image) plane(c *Component, r image.Rectangle) plane {
	p := plane{h: c.H, v: c.V, hm: m.MCUWidth / 8, vm: m.MCUHeight / 8, bounds: image.Rect(0, 0, m.Width, m.Height)}
	p.blocks = image.Rect(r.Min.X*p.h/p.hm/8, r.Min.Y*p.v/p.vm/8, (r.Max.X-1)*p.h/p.hm/8+1, (r.Max.Y-1)*p.v/p.vm/8+1)
	p.values = make([][64]float32, p.blocks.Dx()*p.blocks.Dy())
	w := c.dequantisation()
	for i := range p.values {
		x, y := p.blocks.Min.X+i%p.blocks.Dx(), p.blocks.Min.Y+i/p.blocks.Dx()
		c.Block(x, y).samples(&w, &p.values[i])
	}
	return p
}

// at returns the sample of a pixel.
func (p *plane) at(x, y int) float64 {
	x, y = x*p.h/p.hm, y*p.v/p.vm
	block := (y/8-p.blocks.Min.Y)*p.blocks.Dx() + x/8 - p.blocks.Min.X
	return min(max(float64(p.values[block][y%8*8+x%8]), 0), 255)
}

// change returns by how much the samples of a block change where its pixels in r
// do: the mean of those that share a sample.
func (p *plane) change(block image.Point, r image.Rectangle, of func(x, y int, was float64) float64) (change [64]float32) {
	values := &p.values[(block.Y-p.blocks.Min.Y)*p.blocks.Dx()+block.X-p.blocks.Min.X]
	for i := range change {
		x, y := 8*block.X+i%8, 8*block.Y+i/8
		pixels := image.Rect(ceil(x*p.hm, p.h), ceil(y*p.vm, p.v), ceil((x+1)*p.hm, p.h), ceil((y+1)*p.vm, p.v)).Intersect(p.bounds)
		inside := pixels.Intersect(r)
		sum := 0.0
		for y := inside.Min.Y; y < inside.Max.Y; y++ {
			for x := inside.Min.X; x < inside.Max.X; x++ {
				sum += of(x, y, min(max(float64(values[i]), 0), 255))
			}
		}
		change[i] = float32(sum / float64(max(pixels.Dx()*pixels.Dy(), 1)))
	}
	return change
}

// add changes a block by the transform of a change of its samples, which weights bring
// to quantised numbers. The transform is linear, so what does not change loses nothing.
func (b *Block) add(change *[64]float32, w *weights) {
	const half = 0x3F000000 // bits of 0.5: one comparison for both signs
	var out [64]float32
	forward(change, &out)
	for at, v := range &out {
		if v *= w[at]; math.Float32bits(v)&^(1<<31) >= half {
			k := order[at]
			b[k] = step(b[k], v)
		}
	}
}

// step returns a coefficient that is v larger, as far as 8-bit samples can give it.
func step(c int16, v float32) int16 {
	const most = 1023
	return int16(min(max(int(c)+int(math.Round(float64(v))), -most), most))
}
