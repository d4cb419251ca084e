package vp8l

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/image/vp8l"

	"github.com/aigclabel/aigclabel/internal/peer"
)

// decoded returns the pixels of a stream, by another implementation.
func decoded(t testing.TB, stream []byte) (w, h int, pixels []uint32) {
	t.Helper()
	m, err := vp8l.Decode(bytes.NewReader(stream))
	require.NoError(t, err)
	p := m.(*image.NRGBA).Pix
	for i := 0; i < len(p); i += 4 {
		pixels = append(pixels, uint32(p[i+3])<<24|uint32(p[i])<<16|uint32(p[i+1])<<8|uint32(p[i+2]))
	}
	return m.Bounds().Dx(), m.Bounds().Dy(), pixels
}

// requireExact checks that a picture comes back, and returns the length of its stream.
func requireExact(t testing.TB, w, h int, pixel func(x, y int) uint32) int {
	t.Helper()
	pixels := make([]uint32, 0, w*h)
	for y := range h {
		for x := range w {
			pixels = append(pixels, pixel(x, y))
		}
	}
	stream := Encode(w, h, slices.Clone(pixels))
	gotW, gotH, got := decoded(t, stream)
	require.Equal(t, []int{w, h}, []int{gotW, gotH})
	require.Equal(t, pixels, got)
	return len(stream)
}

func TestEncode(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	noise := func(int, int) uint32 { return r.Uint32() }
	for name, pixel := range map[string]func(x, y int) uint32{
		"noise":       noise,
		"opaque":      func(x, y int) uint32 { return opaque | noise(x, y) },
		"transparent": func(x, y int) uint32 { return noise(x, y) & 0xFFFFFF },
		"black":       func(int, int) uint32 { return opaque },
		"nothing":     func(int, int) uint32 { return 0 },
		"two colours": func(x, y int) uint32 { return opaque | uint32((x*7+y*3)%5/4)*0xFFFFFF },
		"4 colours":   func(x, y int) uint32 { return uint32(x*x+y) % 4 * 0x40302010 },
		"16 colours":  func(x, y int) uint32 { return opaque | noise(x, y)%16*0x0F0F0F },
		"17 colours":  func(x, y int) uint32 { return opaque | noise(x, y)%17*0x0F0F0F },
		"256 colours": func(x, y int) uint32 { return opaque | noise(x, y)&0xFF },
		"257 colours": func(x, y int) uint32 { return opaque | noise(x, y)%257 },
		"gradient":    func(x, y int) uint32 { return opaque | uint32(x&0xFF)<<16 | uint32(y&0xFF)<<8 | uint32((x+y)&0xFF) },
		"tiles":       func(x, y int) uint32 { return opaque | uint32(x%13*y%17)*0x010305 },
		"lone":        func(x, y int) uint32 { return opaque | uint32(x/90)*uint32(y/60)*0x123456 },
	} {
		t.Run(name, func(t *testing.T) {
			for _, size := range [][2]int{{1, 1}, {1, 40}, {40, 1}, {2, 3}, {7, 5}, {16, 16}, {17, 33}, {100, 70}, {1200, 3}} {
				requireExact(t, size[0], size[1], pixel)
			}
		})
	}
}

// A code must not be longer than 15 bits, however rare a symbol is.
func TestPrefixCodeLimit(t *testing.T) {
	counts := make([]uint32, 40)
	a, b := uint32(1), uint32(1)
	for i := range counts {
		counts[i] = a
		a, b = b, a+b
	}
	for _, limit := range []int{maxLengthLength, maxLength} {
		c := newPrefixCode(counts, limit)
		kraft := 0.0
		for _, l := range c.lengths {
			require.LessOrEqual(t, int(l), limit)
			kraft += 1 / float64(int(1)<<l)
		}
		require.Equal(t, 1.0, kraft, "a whole code")
	}
}

// Runs reach back a million pixels, and no farther.
func TestEncodeFar(t *testing.T) {
	w, h := 1500, 1500
	r := rand.New(rand.NewPCG(1, 2))
	line := make([]uint32, w*700)
	for i := range line {
		line[i] = opaque | r.Uint32()&0xFFFFFF
	}
	n := requireExact(t, w, h, func(x, y int) uint32 { return line[(y*w+x)%len(line)] })
	require.Less(t, n, 4*w*h)
}

func FuzzEncode(f *testing.F) {
	f.Add(3, []byte("abcdefghijkl"))
	f.Add(1, []byte("aaaaaaaaaaaaaaaabcdefghi"))
	f.Fuzz(func(t *testing.T, w int, b []byte) {
		if w < 1 || w > 1000 || len(b) < 4*w || len(b) > 1<<16 {
			return
		}
		h := len(b) / 4 / w
		requireExact(t, w, h, func(x, y int) uint32 {
			p := b[4*(y*w+x):]
			return uint32(p[0])<<24 | uint32(p[1])<<16 | uint32(p[2])<<8 | uint32(p[3])
		})
	})
}

// TestPeerSize: streams are not much larger than those of libwebp.
func TestPeerSize(t *testing.T) {
	cwebp := peer.Tool(t, "cwebp")
	m := image.NewNRGBA(image.Rect(0, 0, 400, 300))
	r := rand.New(rand.NewPCG(1, 2))
	var pixels []uint32
	for y := range 300 {
		for x := range 400 { // a soft surface with edges and some noise
			v := 120 + 60*math.Sin(float64(x)/37) + 40*math.Cos(float64(y*x)/9000) + float64((x/80+y/60)%2*30) + float64(r.IntN(4))
			m.SetNRGBA(x, y, color.NRGBA{uint8(v), uint8(v * 0.8), uint8(v/2 + 20), 0xFF})
			c := m.NRGBAAt(x, y)
			pixels = append(pixels, opaque|uint32(c.R)<<16|uint32(c.G)<<8|uint32(c.B))
		}
	}
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in.png"), filepath.Join(dir, "out.webp")
	var b bytes.Buffer
	require.NoError(t, png.Encode(&b, m))
	require.NoError(t, os.WriteFile(in, b.Bytes(), 0o600))
	peer.Run(t, cwebp, "-quiet", "-lossless", "-exact", in, "-o", out)
	info, err := os.Stat(out)
	require.NoError(t, err)
	ours := len(Encode(400, 300, pixels))
	t.Logf("%d bytes, libwebp %d", ours, info.Size())
	require.Less(t, float64(ours), 1.25*float64(info.Size()))
}
