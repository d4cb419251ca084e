package label

import (
	"bytes"
	"errors"
	"image"
	"image/color"

	"golang.org/x/image/vp8l"

	"github.com/aigclabel/aigclabel/internal/container"
	"github.com/aigclabel/aigclabel/internal/luma"
	lossless "github.com/aigclabel/aigclabel/internal/vp8l"
)

// A losslessRaster is a frame of exact colours.
type losslessRaster struct{ *image.NRGBA }

var errFrameSize = errors.New("picture of another size than its frame")

func decodeLossless(f *container.WebPFrame, data []byte) (webpRaster, error) {
	config, err := vp8l.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	if image.Pt(config.Width, config.Height) != f.Rect.Size() {
		return nil, errFrameSize
	}
	decoded, err := vp8l.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	m, ok := decoded.(*image.NRGBA)
	if !ok {
		return nil, errors.New("picture without colours")
	}
	m.Rect = f.Rect
	return losslessRaster{m}, nil
}

func (m losslessRaster) opaque() bool { return m.Opaque() }

func (m losslessRaster) pixels(r image.Rectangle) *image.NRGBA64 {
	out := image.NewNRGBA64(r)
	inside := r.Intersect(m.Rect)
	for y := inside.Min.Y; y < inside.Max.Y; y++ {
		for x := inside.Min.X; x < inside.Max.X; x++ {
			c := m.NRGBAAt(x, y)
			out.SetNRGBA64(x, y, color.NRGBA64{uint16(c.R) * 257, uint16(c.G) * 257, uint16(c.B) * 257, uint16(c.A) * 257})
		}
	}
	return out
}

func (m losslessRaster) draw(s *stamp, k ink, moving bool) {
	paint, opaque := s.paint(k), s.opaque(k)
	for _, r := range s.areas() {
		pixels := m.pixels(r.Intersect(m.Rect))
		for y := pixels.Rect.Min.Y; y < pixels.Rect.Max.Y; y++ {
			for x := pixels.Rect.Min.X; x < pixels.Rect.Max.X; x++ {
				if moving {
					if c, drawn := opaque(x, y); drawn {
						m.SetNRGBA(x, y, c)
					}
					continue
				}
				before := pixels.NRGBA64At(x, y)
				if c := paint(x, y, before); c != before {
					m.SetNRGBA(x, y, color.NRGBA{uint8(c.R >> 8), uint8(c.G >> 8), uint8(c.B >> 8), uint8(c.A >> 8)})
				}
			}
		}
	}
}

func (m losslessRaster) grown(r image.Rectangle) webpRaster {
	out := image.NewNRGBA(r)
	for y := m.Rect.Min.Y; y < m.Rect.Max.Y; y++ {
		copy(out.Pix[out.PixOffset(m.Rect.Min.X, y):], m.Pix[m.PixOffset(m.Rect.Min.X, y):][:4*m.Rect.Dx()])
	}
	return losslessRaster{out}
}

// inBytes is how its samples stand in a row.
var inBytes = luma.Layout{Samples: 4, Alpha: 3}

func (m losslessRaster) scan(do func(row []float32)) {
	row := make([]float32, m.Rect.Dx())
	for y := range m.Rect.Dy() {
		inBytes.Read(row, m.Pix[y*m.Stride:])
		do(row)
	}
}

func (m losslessRaster) brighten(residual func(y int, row []float32)) {
	row := make([]float32, m.Rect.Dx())
	for y := range m.Rect.Dy() {
		residual(y, row)
		inBytes.Add(m.Pix[y*m.Stride:], row)
	}
}

func (m losslessRaster) encode(_ *webpCanvas, to *container.WebPImage) error {
	pixels := make([]uint32, 0, len(m.Pix)/4)
	for p := m.Pix; len(p) >= 4; p = p[4:] {
		pixels = append(pixels, uint32(p[3])<<24|uint32(p[0])<<16|uint32(p[1])<<8|uint32(p[2]))
	}
	to.HasAlpha = !m.Opaque()
	to.Lossless = lossless.Encode(m.Rect.Dx(), m.Rect.Dy(), pixels)
	return nil
}
