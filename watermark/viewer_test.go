package watermark_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"html"
	"image"
	"image/color"
	"image/png"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// gain is how much the viewer amplifies what the watermark changed.
const gain = 12

// viewSide is the side of the parts of pictures that the viewer shows, in pixels.
const viewSide = 320

// view is a page of parts of the marked photos at full size: before, after, and the
// difference amplified, in the places where a watermark shows first.
func (r report) view(t *testing.T) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>Watermarked pictures</title>
<style>body{font:14px sans-serif;background:#777;color:#fff;margin:24px}img{display:block;image-rendering:pixelated}figure{margin:0 0 20px}</style>
<h1>Watermarked pictures</h1><p>At one screen pixel for each pixel: before, after, and the difference times %d about grey.</p>`, gain)
	for _, p := range r.photos {
		if p.marked == nil {
			continue
		}
		fmt.Fprintf(&b, "<h2>%s: %.2f dB, SSIM %.4f</h2>\n", html.EscapeString(p.name), p.psnr, p.ssim)
		for _, part := range p.parts() {
			fmt.Fprintf(&b, `<figure><figcaption>%s</figcaption><img alt="" src="data:image/png;base64,%s"></figure>`+"\n",
				part.why, base64.StdEncoding.EncodeToString(p.triple(t, part.at)))
		}
	}
	return b.String()
}

// A part of a picture, and why it is shown.
type part struct {
	why string
	at  image.Rectangle
}

// parts returns where to look: the flattest part, the most skin, the most change.
func (p *photo) parts() (list []part) {
	measures := []struct {
		why   string
		least float64
		of    func(p *photo, r image.Rectangle) float64
	}{
		{"flattest part", -1e9, (*photo).flatness},
		{"most of the colour of skin", 0.3, (*photo).skin},
		{"most change", 0, (*photo).change},
	}
	for _, m := range measures {
		at, most := image.Rectangle{}, m.least
		for _, r := range windows(p.source.Rect) {
			if v := m.of(p, r); v > most {
				at, most = r, v
			}
		}
		if !at.Empty() {
			list = append(list, part{m.why, at})
		}
	}
	return list
}

// windows returns overlapping parts that cover a picture.
func windows(r image.Rectangle) (list []image.Rectangle) {
	w, h := min(viewSide, r.Dx()), min(viewSide, r.Dy())
	for y := 0; y <= r.Dy()-h; y += max(1, min(h/2, r.Dy()-h)) {
		for x := 0; x <= r.Dx()-w; x += max(1, min(w/2, r.Dx()-w)) {
			list = append(list, image.Rect(x, y, x+w, y+h))
		}
	}
	return list
}

// mean returns the mean of a measure over the pixels of a part, but not its last row
// and column.
func mean(r image.Rectangle, of func(x, y int) float64) float64 {
	var sum float64
	for y := r.Min.Y; y < r.Max.Y-1; y++ {
		for x := r.Min.X; x < r.Max.X-1; x++ {
			sum += of(x, y)
		}
	}
	return sum / float64((r.Dx()-1)*(r.Dy()-1))
}

// flatness is the higher the less neighbours differ; black does not count.
func (p *photo) flatness(r image.Rectangle) float64 {
	return -mean(r, func(x, y int) float64 {
		here, m := p.source.PixOffset(x, y), p.source
		v := int(m.Pix[here+1])
		d := abs(v-int(m.Pix[here+5])) + abs(v-int(m.Pix[here+m.Stride+1]))
		if v < 24 {
			d += 20
		}
		return float64(d)
	})
}

func abs(v int) int { return max(v, -v) }

// skin is the part of the pixels whose colour is that of skin (Chai and Ngan 1999).
func (p *photo) skin(r image.Rectangle) float64 {
	return mean(r, func(x, y int) float64 {
		c := p.source.RGBAAt(x, y)
		_, cb, cr := color.RGBToYCbCr(c.R, c.G, c.B)
		return float64(bit(cb >= 77 && cb <= 127 && cr >= 133 && cr <= 173))
	})
}

// change is the mean square of what the watermark added.
func (p *photo) change(r image.Rectangle) float64 {
	return mean(r, func(x, y int) float64 {
		d := float64(p.marked.RGBAAt(x, y).G) - float64(p.source.RGBAAt(x, y).G)
		return d * d
	})
}

// triple returns a PNG of a part: before, after, difference.
func (p *photo) triple(t *testing.T, r image.Rectangle) []byte {
	out := canvas(3*r.Dx()+16, r.Dy(), 119, 119, 119)
	before, after := cut(p.source, r), cut(p.marked, r)
	paste(out, before, 0, 0)
	paste(out, after, r.Dx()+8, 0)
	paste(out, difference(before, after), 2*r.Dx()+16, 0)
	var b bytes.Buffer
	require.NoError(t, png.Encode(&b, out))
	return b.Bytes()
}

// difference amplifies what changed, about grey.
func difference(a, b *image.RGBA) *image.RGBA {
	out := canvas(a.Rect.Dx(), a.Rect.Dy(), 0, 0, 0)
	for i := range out.Pix {
		if i%4 != 3 {
			out.Pix[i] = uint8(min(max(128+gain*(int(b.Pix[i])-int(a.Pix[i])), 0), 255))
		}
	}
	return out
}
