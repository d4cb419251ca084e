package watermark_test

import (
	"image"
	"image/draw"
	"math"
	"testing"
)

// An attack is something that happens to pictures on their way. It leaves its input alone.
type attack struct {
	name  string
	suite suite
	apply func(*image.RGBA) *image.RGBA
}

// A suite says which of the tables an attack counts in.
type suite int

const (
	prototype suite = 1 << iota // what the first prototype of the watermark was measured with
	stress                      // what it lost, and worse
	stretch                     // another aspect ratio
	unattacked
)

// attacks are those of all suites. WebP is left out where its tools are not.
func attacks(t *testing.T) []attack {
	all := append(prototypeAttacks(), stressAttacks()...)
	if webp := webpAttacks(t); webp != nil {
		all = append(all, webp...)
	}
	return all
}

func prototypeAttacks() []attack {
	same := func(m *image.RGBA) *image.RGBA { return m }
	return []attack{
		{"none", unattacked, same},
		{"jpeg90", prototype, jpegAt(90)},
		{"jpeg70", prototype, jpegAt(70)},
		{"jpeg50", prototype, jpegAt(50)},
		{"jpeg30", prototype, jpegAt(30)},
		{"resize0.5_back", prototype, resizedAndBack(0.5)},
		{"resize0.75_back", prototype, resizedAndBack(0.75)},
		{"resize1.5_back", prototype, resizedAndBack(1.5)},
		{"resize0.5", prototype, resized(0.5, bicubic)},
		{"resize0.75", prototype, resized(0.75, bicubic)},
		{"resize0.9", prototype, resized(0.9, bicubic)},
		{"resize1.5", prototype, resized(1.5, bicubic)},
		{"crop10", prototype, cropped(0.10)},
		{"crop25", prototype, cropped(0.25)},
		{"crop50", prototype, cropped(0.50)},
		{"rot1", prototype, rotated(1, inside)},
		{"rot5", prototype, rotated(5, inside)},
		{"rot5_inner", prototype, rotated(5, inner)},
		{"rot90", prototype, quarterTurn},
		{"flip_h", prototype, flipped},
		{"noise5", prototype, noisy(5)},
		{"noise10", prototype, noisy(10)},
		{"noise20", prototype | stress, noisy(20)},
		{"blur1", prototype, blurred(1)},
		{"blur2", prototype, blurred(2)},
		{"median3", prototype, median3},
		{"sharpen", prototype, sharpened(2, 100, 2)},
		{"bright-30", prototype, brightened(0.7)},
		{"bright-20", prototype, brightened(0.8)},
		{"bright+20", prototype, brightened(1.2)},
		{"bright+30", prototype, brightened(1.3)},
		{"contrast-30", prototype, contrasted(0.7)},
		{"contrast-20", prototype, contrasted(0.8)},
		{"contrast+20", prototype, contrasted(1.2)},
		{"contrast+30", prototype, contrasted(1.3)},
		{"gamma0.8", prototype, gamma(0.8)},
		{"sat-50", prototype, saturated(0.5)},
		{"gray", prototype, saturated(0)},
		{"overlay10", prototype, overlaid},
		{"screenshot0.9", prototype, screenshot(0.9)},
		{"persp3", prototype | stress, tilted(0.03)},
		{"social1080_j75", prototype, social},
		{"combo_c10_r75_j70", prototype, chain(cropped(0.10), resized(0.75, bicubic), jpegAt(70))},
	}
}

func stressAttacks() []attack {
	return []attack{
		{"jpeg20", stress, jpegAt(20)},
		{"jpeg10", stress, jpegAt(10)},
		{"crop75", stress, cropped(0.75)},
		{"crop90", stress, cropped(0.90)},
		{"crop75_corner", stress, croppedAt(0.75, 0, 1)},
		{"crop75_j70", stress, chain(cropped(0.75), jpegAt(70))},
		{"resize0.33", stress, resized(0.33, bicubic)},
		{"resize0.25", stress, resized(0.25, bicubic)},
		{"resize2.3", stress, resized(2.3, bilinear)},
		{"stretch1.2", stress | stretch, stretched(1.2, 1)},
		{"stretch_square", stress | stretch, squared},
		{"stretch0.8_j70", stress | stretch, chain(stretched(1, 0.8), jpegAt(70))},
		{"crop25_stretch1.15", stress | stretch, chain(cropped(0.25), stretched(1.15, 1))},
		{"stretch1.5", stress | stretch, stretched(1.5, 1)},
		{"persp5", stress, tilted(0.05)},
		{"persp8", stress, tilted(0.08)},
		{"persp3_j70", stress, chain(tilted(0.03), jpegAt(70))},
		{"blur3", stress, blurred(3)},
		{"blur2_j50", stress, chain(blurred(2), jpegAt(50))},
		{"bright0.5", stress, brightened(0.5)},
		{"bright1.5", stress, brightened(1.5)},
		{"contrast0.5", stress, contrasted(0.5)},
		{"gamma1.8_j50", stress, chain(gamma(1.8), jpegAt(50))},
		{"gray_j50", stress, chain(saturated(0), jpegAt(50))},
		{"rot10", stress, rotated(10, inside)},
		{"rot45", stress, rotated(45, inside)},
		{"rot45_expand", stress, rotated(45, whole)},
		{"rot-17_inner", stress, rotated(-17, inner)},
		{"rot130_expand", stress, rotated(130, whole)},
		{"rot3_inner_j60", stress, chain(rotated(3, inner), jpegAt(60))},
		{"rot90_j30", stress, chain(quarterTurn, jpegAt(30))},
		{"crop25_r60_j50", stress, chain(cropped(0.25), resized(0.6, bicubic), jpegAt(50))},
		{"crop50_r75_j50", stress, chain(cropped(0.50), resized(0.75, bicubic), jpegAt(50))},
		{"screenshot_j60", stress, chain(screenshot(0.9), jpegAt(60))},
		{"screenshot0.6_j75", stress, chain(screenshot(0.6), jpegAt(75))},
		{"letterbox_j70", stress, chain(letterboxed, jpegAt(70))},
		{"social_twice", stress, chain(social, social)},
		{"flip_crop25_j50", stress, chain(flipped, cropped(0.25), jpegAt(50))},
		{"jpeg30_r50_back", stress, chain(jpegAt(30), resizedAndBack(0.5))},
		{"resize0.33_back", stress, resizedAndBack(0.33)},
		{"noise20_j50", stress, chain(noisy(20), jpegAt(50))},
		{"noise40", stress, noisy(40)},
		{"overlay_j50", stress, chain(overlaid, jpegAt(50))},
		{"sharpen_j30", stress, chain(sharpened(2, 150, 2), jpegAt(30))},
		{"median3_r75_j50", stress, chain(median3, resized(0.75, bicubic), jpegAt(50))},
		{"print_scan", stress, chain(rotated(1.5, whole), tilted(0.01), blurred(1), noisy(6), gamma(1.2), jpegAt(75))},
	}
}

// chain does one attack after the other.
func chain(steps ...func(*image.RGBA) *image.RGBA) func(*image.RGBA) *image.RGBA {
	return func(m *image.RGBA) *image.RGBA {
		for _, step := range steps {
			m = step(m)
		}
		return m
	}
}

// canvas returns an opaque picture of one colour.
func canvas(w, h int, r, g, b uint8) *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for i := 0; i < len(m.Pix); i += 4 {
		m.Pix[i], m.Pix[i+1], m.Pix[i+2], m.Pix[i+3] = r, g, b, 255
	}
	return m
}

// rgba returns any picture as one that attacks take: opaque, its origin at 0.
func rgba(m image.Image) *image.RGBA {
	b := m.Bounds()
	out := canvas(b.Dx(), b.Dy(), 255, 255, 255)
	draw.Draw(out, out.Rect, m, b.Min, draw.Over)
	return out
}

// size returns the sides of a picture in floating point.
func size(m *image.RGBA) (w, h float64) {
	return float64(m.Rect.Dx()), float64(m.Rect.Dy())
}

// cut returns a copy of a part of a picture.
func cut(m *image.RGBA, r image.Rectangle) *image.RGBA { return rgba(m.SubImage(r)) }

// cropped removes a part of the area from all sides, by odd amounts.
func cropped(part float64) func(*image.RGBA) *image.RGBA { return croppedAt(part, 0.37, 0.61) }

// croppedAt removes a part of the area and keeps the aspect ratio; fx and fy are the
// parts of what is removed that go left and above.
func croppedAt(part, fx, fy float64) func(*image.RGBA) *image.RGBA {
	return func(m *image.RGBA) *image.RGBA {
		w, h := size(m)
		k := math.Sqrt(1 - part)
		cw, ch := int(w*k), int(h*k)
		x := offBlock(int((w-float64(cw))*fx), m.Rect.Dx()-cw)
		y := offBlock(int((h-float64(ch))*fy), m.Rect.Dy()-ch)
		return cut(m, image.Rect(x, y, x+cw, y+ch))
	}
}

// offBlock moves an offset off the edges of JPEG blocks.
func offBlock(x, most int) int {
	if x%8 == 0 {
		x++
	}
	return min(x, most)
}
