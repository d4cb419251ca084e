package watermark_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/aigclabel/aigclabel/internal/peer"
)

// asPillow has attacks, what they are in Python, and the least likeness of the two, in dB.
var asPillow = []struct {
	attack, code string
	likeness     float64
}{
	{"resize0.5", "m.resize((round(w*.5), round(h*.5)), Image.BICUBIC)", 70},
	{"resize1.5_back", "m.resize((round(w*1.5), round(h*1.5)), Image.BICUBIC).resize((w, h), Image.BICUBIC)", 70},
	{"rot5", "m.rotate(5, Image.BICUBIC)", 70},
	{"rot45_expand", "m.rotate(45, Image.BICUBIC, expand=True)", 70},
	{"rot90", "m.transpose(Image.ROTATE_90)", 99},
	{"flip_h", "m.transpose(Image.FLIP_LEFT_RIGHT)", 99},
	{"blur1", "m.filter(ImageFilter.GaussianBlur(1))", 70},
	{"blur3", "m.filter(ImageFilter.GaussianBlur(3))", 70},
	{"median3", "m.filter(ImageFilter.MedianFilter(3))", 99},
	{"sharpen", "m.filter(ImageFilter.UnsharpMask(2, 100, 2))", 65},
	{"bright0.5", "ImageEnhance.Brightness(m).enhance(.5)", 60},
	{"contrast+30", "ImageEnhance.Contrast(m).enhance(1.3)", 60},
	{"sat-50", "ImageEnhance.Color(m).enhance(.5)", 60},
	{"gray", "m.convert('L').convert('RGB')", 99},
	{"jpeg30", "coded(m, 'JPEG', quality=30)", 38}, // brightness alike; chroma is interpolated
	{"webp50", "coded(m, 'WEBP', quality=50)", 70},
}

const pillow = `
import io, sys
from PIL import Image, ImageEnhance, ImageFilter
def coded(m, format, **how):
    b = io.BytesIO()
    m.save(b, format, **how)
    return Image.open(b).convert('RGB')
m = Image.open(sys.argv[1]).convert('RGB')
w, h = m.size
for out, code in zip(sys.argv[2::2], sys.argv[3::2]):
    eval(code).save(out)
`

// TestAttacksAsPillow compares the attacks with those of Pillow, which all other
// watermarks are measured with.
func TestAttacksAsPillow(t *testing.T) {
	const source = "testdata/coffee.png"
	dir := t.TempDir()
	args := []string{"-c", pillow, source}
	for _, c := range asPillow {
		args = append(args, filepath.Join(dir, c.attack+".png"), c.code)
	}
	peer.Run(t, peer.Python(t, "PIL"), args...)
	own := map[string]attack{}
	for _, a := range attacks(t) {
		own[a.name] = a
	}
	photo := loadPhoto(t, source).source
	for _, c := range asPillow {
		if a, ok := own[c.attack]; ok {
			want, got := loadPhoto(t, filepath.Join(dir, c.attack+".png")).source, a.apply(photo)
			if assert.Equal(t, want.Rect, got.Rect, c.attack) {
				like := psnr(want, got)
				assert.GreaterOrEqual(t, like, c.likeness, fmt.Sprint(c.attack, " ", like))
			}
		}
	}
}
