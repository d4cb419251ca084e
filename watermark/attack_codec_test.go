package watermark_test

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"os/exec"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/aigclabel/aigclabel/internal/peer"
)

// jpegAt is a JPEG of a quality, 4:2:0.
func jpegAt(quality int) func(*image.RGBA) *image.RGBA {
	return func(m *image.RGBA) *image.RGBA {
		var b bytes.Buffer
		if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: quality}); err != nil {
			panic(err)
		}
		out, err := jpeg.Decode(&b)
		if err != nil {
			panic(err)
		}
		return rgba(out)
	}
}

// webpAttacks are those that run the tools of libwebp, if there are any.
func webpAttacks(t *testing.T) (list []attack) {
	t.Run("libwebp", func(t *testing.T) {
		w := webp{peer.Tool(t, "cwebp"), peer.Tool(t, "dwebp")}
		list = []attack{
			{"webp80", prototype, w.at(t, 80)},
			{"webp50", prototype, w.at(t, 50)},
			{"webp20", stress, w.at(t, 20)},
			{"crop25_webp50", stress, chain(cropped(0.25), w.at(t, 50))},
		}
	})
	return list
}

// webp holds the paths of the tools.
type webp struct{ encoder, decoder string }

// at is a WebP of a quality, lossy.
func (w webp) at(t *testing.T, quality int) func(*image.RGBA) *image.RGBA {
	return func(m *image.RGBA) *image.RGBA {
		coded := pipe(t, ppm(m), w.encoder, "-quiet", "-q", strconv.Itoa(quality), "-m", "4", "-o", "-", "--", "-")
		return readPPM(pipe(t, coded, w.decoder, "-quiet", "-ppm", "-o", "-", "--", "-"))
	}
}

// pipe runs a program on its standard input.
func pipe(t *testing.T, input []byte, program string, args ...string) []byte {
	cmd := exec.Command(program, args...)
	cmd.Stdin = bytes.NewReader(input)
	out, err := cmd.Output()
	assert.NoError(t, err, program)
	return out
}

// ppm writes a picture as a portable pixmap.
func ppm(m *image.RGBA) []byte {
	b := fmt.Appendf(nil, "P6\n%d %d\n255\n", m.Rect.Dx(), m.Rect.Dy())
	for i := 0; i < len(m.Pix); i += 4 {
		b = append(b, m.Pix[i:i+3]...)
	}
	return b
}

// readPPM reads what dwebp writes: no comments.
func readPPM(b []byte) *image.RGBA {
	var w, h, most int
	if _, err := fmt.Sscanf(string(b[:min(len(b), 32)]), "P6\n%d %d\n%d\n", &w, &h, &most); err != nil {
		panic(err)
	}
	out := canvas(w, h, 0, 0, 0)
	b = b[len(b)-3*w*h:]
	for i := range w * h {
		copy(out.Pix[4*i:4*i+3], b[3*i:])
	}
	return out
}
