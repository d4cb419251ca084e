package watermark_test

import (
	"fmt"
	"image"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aigclabel/aigclabel/watermark"
)

// TestCollusion averages what the watermarks of many files of one key added, which only
// who has the files before and after can do so well, and takes it away from another, at
// several times the strength that the likeness of the two calls for.
func TestCollusion(t *testing.T) {
	photos := loadPhotos(t)
	for name, payload := range map[string]func(i int) watermark.Payload{
		"a payload each": func(i int) watermark.Payload { return payloadOf(t, fmt.Sprint(i)) },
		"one payload":    func(int) watermark.Payload { return payloadOf(t, "all") },
	} {
		t.Run(name, func(t *testing.T) {
			files := make([]*photo, 49)
			for i := range files {
				files[i] = collude(t, photos, uint64(i), payload(i))
			}
			template := averaged(files[1:])
			like := correlation(template, files[0].added())
			t.Logf("correlation of a watermark with the average of %d others: %.3f", len(files)-1, like)
			require.Less(t, like, 0.3)
			requireFound(t, files[0], subtracted(files[0].marked, template, 0.5))
		})
	}
}

// collude marks a square of a photo.
func collude(t *testing.T, photos []*photo, seed uint64, payload watermark.Payload) *photo {
	r := rand.New(rand.NewPCG(seed, 9))
	m := photos[r.IntN(len(photos))].source
	least := min(m.Rect.Dx(), m.Rect.Dy())
	n := side(r, least/2, least)
	at := image.Pt(r.IntN(m.Rect.Dx()-n+1), r.IntN(m.Rect.Dy()-n+1))
	p := &photo{payload: payload, source: resize(cut(m, image.Rect(0, 0, n, n).Add(at)), 480, 480, bicubic)}
	marked, err := watermark.EmbedImage(p.source, payload, keyOf(1), nil)
	require.NoError(t, err)
	p.marked = marked.(*image.RGBA)
	return p
}

// added is what the watermark added.
func (p *photo) added() plane {
	a, b := luma(p.source), luma(p.marked)
	for i := range a.pix {
		b.pix[i] -= a.pix[i]
	}
	return b
}

// averaged is the mean of what was added, made as strong as a watermark.
func averaged(files []*photo) plane {
	var sum plane
	var power float64
	for _, p := range files {
		a := p.added()
		power += dot(a, a) / float64(len(files))
		if sum.pix == nil {
			sum = a
			continue
		}
		for i, v := range a.pix {
			sum.pix[i] += v
		}
	}
	k := float32(math.Sqrt(power / dot(sum, sum)))
	for i := range sum.pix {
		sum.pix[i] *= k
	}
	return sum
}

func dot(a, b plane) (sum float64) {
	for i, v := range a.pix {
		sum += float64(v) * float64(b.pix[i])
	}
	return sum
}

func correlation(a, b plane) float64 { return dot(a, b) / math.Sqrt(dot(a, a)*dot(b, b)) }

// subtracted takes k times a plane away from all channels.
func subtracted(m *image.RGBA, p plane, k float32) *image.RGBA {
	out := image.NewRGBA(m.Rect)
	for i, v := range m.Pix {
		if out.Pix[i] = v; i%4 != 3 {
			out.Pix[i] = round8(float32(v) - k*p.pix[i/4])
		}
	}
	return out
}

func requireFound(t *testing.T, p *photo, m *image.RGBA) {
	found := watermark.DetectImage(m, keyOf(1)).Found
	require.Len(t, found, 1)
	require.Equal(t, p.payload, found[0].Payload)
}
