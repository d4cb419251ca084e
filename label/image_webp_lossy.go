package label

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/color"
	"os"
	"path/filepath"

	"golang.org/x/image/vp8"
	"golang.org/x/image/webp"

	"github.com/aigclabel/aigclabel/internal/container"
	"github.com/aigclabel/aigclabel/internal/program"
	lossless "github.com/aigclabel/aigclabel/internal/vp8l"
)

// A lossyRaster is the planes of a frame: luma from 16 to 235 (RFC 6386 section 9.2
// names ITU-R BT.601), and an alpha plane that may be missing.
type lossyRaster struct {
	image.YCbCr
	alpha *image.Alpha // nil for an opaque frame
}

const (
	lumaBlack = 16
	lumaWhite = 235
	noChroma  = 128
)

func decodeLossy(c *webpCanvas, f *container.WebPFrame, data []byte) (webpRaster, error) {
	d := vp8.NewDecoder()
	d.Init(bytes.NewReader(data), len(data))
	h, err := d.DecodeFrameHeader()
	if err != nil {
		return nil, err
	}
	if image.Pt(h.Width, h.Height) != f.Rect.Size() {
		return nil, errFrameSize
	}
	m := lossyRaster{}
	if f.Alpha.Length > 0 {
		packed, err := c.Read(f.Alpha, maxWebP)
		if err == nil {
			m.alpha, err = decodeAlpha(f.Rect, packed, data)
		}
		if err != nil {
			return nil, err
		}
	}
	planes, err := d.DecodeFrame()
	if err != nil {
		return nil, err
	}
	m.YCbCr = *planes
	m.Rect = image.Rect(0, 0, h.Width, h.Height).Add(f.Rect.Min)
	return m, nil
}

// decodeAlpha decodes the data of an ALPH chunk, as part of a file.
func decodeAlpha(r image.Rectangle, packed, data []byte) (*image.Alpha, error) {
	header := []byte{0x10, 0, 0, 0}
	for _, n := range []int{r.Dx() - 1, r.Dy() - 1} {
		header = append(header, byte(n), byte(n>>8), byte(n>>16))
	}
	file := []byte("RIFF\x00\x00\x00\x00WEBP")
	for _, c := range []struct {
		id   string
		data []byte
	}{{"VP8X", header}, {"ALPH", packed}, {"VP8 ", data}} {
		file = binary.LittleEndian.AppendUint32(append(file, c.id...), uint32(len(c.data)))
		file = append(append(file, c.data...), make([]byte, len(c.data)&1)...)
	}
	binary.LittleEndian.PutUint32(file[4:], uint32(len(file)-8))
	decoded, err := webp.Decode(bytes.NewReader(file))
	if err != nil {
		return nil, err
	}
	m, ok := decoded.(*image.NYCbCrA)
	if !ok {
		return nil, errors.New("picture without its alpha")
	}
	return &image.Alpha{Pix: m.A, Stride: m.AStride, Rect: r}, nil
}

func (m lossyRaster) opaque() bool { return m.alpha == nil || m.alpha.Opaque() }

func (m lossyRaster) pixels(r image.Rectangle) *image.NRGBA64 {
	out := image.NewNRGBA64(r)
	inside := r.Intersect(m.Rect)
	for y := inside.Min.Y; y < inside.Max.Y; y++ {
		for x := inside.Min.X; x < inside.Max.X; x++ {
			lit := (float64(m.Y[m.luma(x, y)]) - lumaBlack) / (lumaWhite - lumaBlack)
			v, a := uint16(0xFFFF*min(max(lit, 0), 1)), uint16(0xFFFF)
			if m.alpha != nil {
				a = uint16(m.alpha.AlphaAt(x, y).A) * 257
			}
			out.SetNRGBA64(x, y, color.NRGBA64{v, v, v, a})
		}
	}
	return out
}

// luma and chroma return where a pixel stands in the planes, which start at their
// own origin.
func (m lossyRaster) luma(x, y int) int {
	return (y-m.Rect.Min.Y)*m.YStride + x - m.Rect.Min.X
}

func (m lossyRaster) chroma(x, y int) int {
	return (y-m.Rect.Min.Y)/2*m.CStride + (x-m.Rect.Min.X)/2
}

// draw mixes luma towards black and white, and chroma, which four pixels share,
// towards none.
func (m lossyRaster) draw(s *stamp, k ink, moving bool) {
	mix := s.mix(k)
	if opaque := s.opaque(k); moving {
		mix = func(x, y int) (stays, white float64) {
			c, drawn := opaque(x, y)
			if !drawn {
				return 1, 0
			}
			return 0, float64(c.R) / 0xFF
		}
	}
	for _, r := range s.areas() {
		m.paint(r.Intersect(m.Rect), mix)
	}
}

// paint leaves so much of each pixel in r, and makes so much of it white, the rest
// black.
func (m lossyRaster) paint(r image.Rectangle, mix func(x, y int) (stays, white float64)) {
	stay := map[int]float64{} // of what four pixels share, by place
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			stays, lit := mix(x, y)
			at := m.luma(x, y)
			m.Y[at] = uint8(stays*float64(m.Y[at]) + lit*lumaWhite + (1-stays-lit)*lumaBlack + 0.5)
			if m.alpha != nil {
				a := m.alpha.AlphaAt(x, y)
				m.alpha.SetAlpha(x, y, color.Alpha{uint8(stays*float64(a.A) + (1-stays)*0xFF + 0.5)})
			}
			at = m.chroma(x, y)
			if _, there := stay[at]; !there {
				stay[at] = 1
			}
			stay[at] -= (1 - stays) / 4
		}
	}
	for at, stays := range stay {
		m.Cb[at] = uint8(stays*float64(m.Cb[at]) + (1-stays)*noChroma + 0.5)
		m.Cr[at] = uint8(stays*float64(m.Cr[at]) + (1-stays)*noChroma + 0.5)
	}
}

// grown needs a rectangle that starts an even number of pixels before the frame.
func (m lossyRaster) grown(r image.Rectangle) webpRaster {
	out := lossyRaster{*image.NewYCbCr(image.Rectangle{Max: r.Size()}, image.YCbCrSubsampleRatio420), image.NewAlpha(r)}
	out.Rect = r
	for i := range out.Y {
		out.Y[i] = lumaBlack
	}
	for i := range out.Cb {
		out.Cb[i], out.Cr[i] = noChroma, noChroma
	}
	for y := m.Rect.Min.Y; y < m.Rect.Max.Y; y++ {
		copy(out.Y[out.luma(m.Rect.Min.X, y):], m.Y[m.luma(m.Rect.Min.X, y):][:m.Rect.Dx()])
		copy(out.Cb[out.chroma(m.Rect.Min.X, y):], m.Cb[m.chroma(m.Rect.Min.X, y):][:(m.Rect.Dx()+1)/2])
		copy(out.Cr[out.chroma(m.Rect.Min.X, y):], m.Cr[m.chroma(m.Rect.Min.X, y):][:(m.Rect.Dx()+1)/2])
		for x := m.Rect.Min.X; x < m.Rect.Max.X; x++ {
			a := color.Alpha{0xFF}
			if m.alpha != nil {
				a = m.alpha.AlphaAt(x, y)
			}
			out.alpha.SetAlpha(x, y, a)
		}
	}
	return out
}

// lumaRange is how many levels of 255 its luma has.
const lumaRange = float32(lumaWhite-lumaBlack) / 0xFF

func (m lossyRaster) scan(do func(row []float32)) {
	row := make([]float32, m.Rect.Dx())
	for y := range m.Rect.Dy() {
		for x, v := range m.Y[y*m.YStride:][:len(row)] {
			row[x] = (float32(v) - lumaBlack) / lumaRange
		}
		do(row)
	}
}

func (m lossyRaster) brighten(residual func(y int, row []float32)) {
	row := make([]float32, m.Rect.Dx())
	for y := range m.Rect.Dy() {
		residual(y, row)
		line := m.Y[y*m.YStride:][:len(row)]
		for x, d := range row {
			if m.alpha == nil || m.alpha.Pix[y*m.alpha.Stride+x] > 0 {
				line[x] = uint8(min(max(float32(line[x])+d*lumaRange+0.5, 0), 0xFF))
			}
		}
	}
}

func (m lossyRaster) encode(c *webpCanvas, to *container.WebPImage) (err error) {
	if c.lossy == nil {
		return ErrNoNotice
	}
	if m.alpha != nil {
		to.HasAlpha, to.Alpha = true, encodeAlpha(m.alpha)
	}
	c.coded = true
	to.Lossy, err = c.lossy(&m.YCbCr)
	return err
}

// encodeAlpha returns the data of an ALPH chunk, compressed without loss (RFC 9649
// section 2.7.1.2).
func encodeAlpha(a *image.Alpha) []byte {
	const compressed = 1
	pixels := make([]uint32, 0, a.Rect.Dx()*a.Rect.Dy())
	for y := a.Rect.Min.Y; y < a.Rect.Max.Y; y++ {
		for x := a.Rect.Min.X; x < a.Rect.Max.X; x++ {
			pixels = append(pixels, 0xFF000000|uint32(a.AlphaAt(x, y).A)<<8)
		}
	}
	stream := lossless.Encode(a.Rect.Dx(), a.Rect.Dy(), pixels)
	return append([]byte{compressed}, stream[lossless.HeaderSize:]...)
}

// vp8Quality is the setting at which a second generation is not seen.
const vp8Quality = 95

var vp8Setting = fmt.Sprintf("quality %d", vp8Quality)

// encodeVP8 has cwebp encode planes.
func (j *job) encodeVP8(m *image.YCbCr) ([]byte, error) {
	dir, err := j.scratch.path()
	if err != nil {
		return nil, err
	}
	raw, out := filepath.Join(dir, "frame.yuv"), filepath.Join(dir, "frame.webp")
	w, h := m.Rect.Dx(), m.Rect.Dy()
	if err := os.WriteFile(raw, planar(m), 0o600); err != nil {
		return nil, fmt.Errorf("label: %w", err)
	}
	err = program.Run(j.ctx, "cwebp", "-quiet", "-q", fmt.Sprint(vp8Quality), "-s", fmt.Sprint(w), fmt.Sprint(h), raw, "-o", out)
	if err := j.encoderError(err, "webp"); err != nil {
		return nil, err
	}
	b, err := program.ReadFile(out, maxWebP)
	if err != nil {
		return nil, fmt.Errorf("label: %w", err)
	}
	encoded, err := container.WebPPictures(container.NewSource(bytes.NewReader(b), int64(len(b)), container.Limits{}), int64(w)*int64(h))
	if err != nil || encoded.Frames[0].Lossless || encoded.Frames[0].Rect.Size() != m.Rect.Size() {
		return nil, missing{"cwebp wrote no picture of the kind asked for"}
	}
	return encoded.Read(encoded.Frames[0].Image, maxWebP)
}

// planar returns the planes one after the other.
func planar(m *image.YCbCr) []byte {
	w, h := m.Rect.Dx(), m.Rect.Dy()
	out := make([]byte, 0, w*h*3/2+w+h)
	for y := range h {
		out = append(out, m.Y[y*m.YStride:][:w]...)
	}
	for _, plane := range [][]byte{m.Cb, m.Cr} {
		for y := range (h + 1) / 2 {
			out = append(out, plane[y*m.CStride:][:(w+1)/2]...)
		}
	}
	return out
}
