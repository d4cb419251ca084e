package bmp

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/color"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	xbmp "golang.org/x/image/bmp"

	"github.com/aigclabel/aigclabel/internal/container"
	"github.com/aigclabel/aigclabel/internal/peer"
	"github.com/aigclabel/aigclabel/internal/splice"
)

const maxPixels = 1 << 20

// A sample is a BMP file of random pixels.
type sample struct {
	name    string
	header  int
	depth   int
	kind    uint32
	masks   []uint32 // of them four stand in later headers, three behind the first
	colors  int
	topDown bool
}

var samples = []sample{
	{name: "OS/2, 1 bit", header: 12, depth: 1, colors: 2},
	{name: "OS/2, 8 bits", header: 12, depth: 8, colors: 256},
	{name: "OS/2, 24 bits", header: 12, depth: 24},
	{name: "1 bit", header: 40, depth: 1, colors: 2},
	{name: "4 bits", header: 40, depth: 4, colors: 16},
	{name: "8 bits", header: 40, depth: 8, colors: 256},
	{name: "8 bits of 90 colours", header: 40, depth: 8, colors: 90},
	{name: "16 bits", header: 40, depth: 16},
	{name: "24 bits", header: 40, depth: 24},
	{name: "24 bits, top down", header: 40, depth: 24, topDown: true},
	{name: "32 bits", header: 40, depth: 32},
	{name: "16 bits, 5-6-5", header: 40, depth: 16, kind: bitFields, masks: []uint32{0xF800, 0x07E0, 0x001F}},
	{name: "32 bits, RGB", header: 40, depth: 32, kind: bitFields, masks: []uint32{0xFF, 0xFF00, 0xFF0000}},
	{name: "32 bits, alpha", header: 108, depth: 32, kind: bitFields, masks: []uint32{0xFF0000, 0xFF00, 0xFF, 0xFF000000}},
	{name: "16 bits, alpha", header: 124, depth: 16, kind: bitFields, masks: []uint32{0x0F00, 0x00F0, 0x000F, 0xF000}},
}

const width, height = 37, 11

func (s sample) encode() []byte {
	rnd := rand.New(rand.NewPCG(1, uint64(s.depth)))
	dib := binary.LittleEndian.AppendUint32(nil, uint32(s.header))
	if s.header == coreHeader {
		for _, v := range []int{width, height, 1, s.depth} {
			dib = binary.LittleEndian.AppendUint16(dib, uint16(v))
		}
	} else {
		h := height
		if s.topDown {
			h = -h
		}
		dib = binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(dib, width), uint32(h))
		dib = binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint16(dib, 1), uint16(s.depth))
		for _, v := range []uint32{s.kind, 0, 2835, 2835, uint32(s.colors), 0} {
			dib = binary.LittleEndian.AppendUint32(dib, v)
		}
		for _, m := range s.masks {
			dib = binary.LittleEndian.AppendUint32(dib, m)
		}
		dib = append(dib, make([]byte, max(0, s.header-len(dib)))...)
		if s.header >= 108 {
			copy(dib[56:], "BGRs") // sRGB
		}
	}
	for i := range s.colors {
		c := []byte{byte(rnd.Uint32()), byte(i), byte(rnd.Uint32()), 0}
		if i < 2 {
			c = []byte{byte(i * 255), byte(i * 255), byte(i * 255), 0} // black, white
		}
		dib = append(dib, c[:min(4, max(3, s.header-9))]...)
	}
	b := append([]byte("BM"), make([]byte, 12)...)
	binary.LittleEndian.PutUint32(b[10:], uint32(len(b)+len(dib)))
	b = append(b, dib...)
	pixel := func() byte {
		v := byte(rnd.Uint32())
		if s.depth == 8 {
			return byte(int(v) % s.colors)
		}
		return v
	}
	for range height * ((width*s.depth + 31) / 32 * 4) {
		b = append(b, pixel())
	}
	b = append(b, "trailing"...)
	binary.LittleEndian.PutUint32(b[2:], uint32(len(b)))
	return b
}

func open(t testing.TB, b []byte) *Picture {
	t.Helper()
	p, err := Open(bytes.NewReader(b), int64(len(b)), maxPixels)
	require.NoError(t, err)
	return p
}

func edited(t testing.TB, b []byte, edits []splice.Edit) []byte {
	t.Helper()
	plan, err := splice.New(bytes.NewReader(b), int64(len(b)), edits)
	require.NoError(t, err)
	out, err := io.ReadAll(plan.Source())
	require.NoError(t, err)
	return out
}

func tone(x, y int) color.NRGBA64 {
	v := uint16((x + y) % 2 * 0xFFFF)
	return color.NRGBA64{v, v, v, 0xFFFF}
}

func TestDraw(t *testing.T) {
	for _, s := range samples {
		t.Run(s.name, func(t *testing.T) {
			b := s.encode()
			p := open(t, b)
			before, err := p.Pixels(p.Bounds())
			require.NoError(t, err)
			for _, r := range []image.Rectangle{p.Bounds(), image.Rect(5, 3, 30, 9), image.Rect(36, 10, 37, 11)} {
				edits, err := p.Draw(r, func(x, y int, was color.NRGBA64) color.NRGBA64 {
					require.Equal(t, before.NRGBA64At(x, y), was)
					return tone(x, y)
				})
				require.NoError(t, err)
				out := edited(t, b, edits)
				require.Len(t, out, len(b))
				require.Equal(t, b[:p.pixels], out[:p.pixels])
				after, err := open(t, out).Pixels(p.Bounds())
				require.NoError(t, err)
				for y := range height {
					for x := range width {
						want := before.NRGBA64At(x, y)
						if (image.Point{x, y}).In(r) {
							want = tone(x, y)
						}
						require.Equal(t, want, after.NRGBA64At(x, y), "%d, %d", x, y)
					}
				}
			}
		})
	}
}

// TestDrawSame: where nothing changes there are no edits.
func TestDrawSame(t *testing.T) {
	for _, s := range samples {
		p := open(t, s.encode())
		edits, err := p.Draw(p.Bounds(), func(_, _ int, was color.NRGBA64) color.NRGBA64 { return was })
		require.NoError(t, err)
		require.Empty(t, edits, s.name)
	}
}

// TestBesideDecoders: the standard's own decoder, and ImageMagick, show the same pixels.
func TestBesideDecoders(t *testing.T) {
	convert := peer.Tool(t, "convert")
	compared := 0
	for _, s := range samples {
		t.Run(s.name, func(t *testing.T) {
			b := s.encode()
			p := open(t, b)
			pixels, err := p.Pixels(p.Bounds())
			require.NoError(t, err)
			path := filepath.Join(t.TempDir(), "a.bmp")
			require.NoError(t, os.WriteFile(path, b, 0o600))
			shown, err := exec.Command(convert, path, "-depth", "8", "rgba:-").Output()
			require.NoError(t, err)
			require.Len(t, shown, 4*width*height)
			for y := range height {
				for x := range width {
					c := narrow(pixels.NRGBA64At(x, y))
					want := shown[4*(y*width+x):]
					for i, v := range []byte{c.R, c.G, c.B, c.A} {
						if i < 3 || s.masks != nil { // ImageMagick takes the fourth byte for alpha
							require.InDelta(t, want[i], v, 16, "%d, %d", x, y) // and shifts 4 bits to 8, we scale
						}
					}
				}
			}
			if img, err := xbmp.Decode(bytes.NewReader(b)); err == nil {
				compared++
				for y := range height {
					for x := range width {
						require.Equal(t, color.NRGBAModel.Convert(img.At(x, y)), color.Color(narrow(pixels.NRGBA64At(x, y))))
					}
				}
			}
		})
	}
	require.Greater(t, compared, 3)
}

func TestErrors(t *testing.T) {
	whole := samples[8].encode()
	put := func(b []byte, at int, v ...byte) []byte {
		b = bytes.Clone(b)
		copy(b[at:], v)
		return b
	}
	for name, b := range map[string][]byte{
		"nothing":        nil,
		"no header":      whole[:20],
		"other header":   put(whole, 14, 41),
		"no width":       put(whole, 18, 0, 0, 0, 0),
		"few pixels":     whole[:len(whole)/2],
		"pixels in head": put(whole, 10, 20),
		"pixels beyond":  put(whole, 10, 0xFF, 0xFF, 0xFF, 0xFF),
		"masks":          put(samples[11].encode(), 54, 0x05),
	} {
		_, err := Open(bytes.NewReader(b), int64(len(b)), maxPixels)
		require.ErrorAs(t, err, new(*container.FormatError), name)
	}
	for name, b := range map[string][]byte{"RLE": put(samples[5].encode(), 30, 1), "64 bits": put(whole, 28, 64), "JPEG": put(whole, 30, 4)} {
		_, err := Open(bytes.NewReader(b), int64(len(b)), maxPixels)
		require.ErrorIs(t, err, ErrUnsupported, name)
	}
	_, err := Open(bytes.NewReader(put(whole, 18, 0xFF, 0xFF, 0xFF, 0x7F)), int64(len(whole)), maxPixels)
	require.ErrorAs(t, err, new(*container.LimitError))
	_, err = Open(bytes.NewReader(put(whole, 22, 0, 0, 0, 0x80)), int64(len(whole)), maxPixels)
	require.Error(t, err, "the lowest height has no opposite in 32 bits")
	p := open(t, samples[4].encode())
	_, err = p.Draw(p.Bounds(), func(int, int, color.NRGBA64) color.NRGBA64 { return color.NRGBA64{R: 0x4D4D, A: 0xFFFF} })
	require.ErrorIs(t, err, ErrColors)
	_, err = open(t, whole).row(0, image.Rect(0, 0, 1, 1))
	require.NoError(t, err)
	broken := errors.New("bad disk")
	_, err = Open(badDisk{broken}, 1000, maxPixels)
	require.ErrorIs(t, err, broken)
}

// A badDisk fails.
type badDisk struct{ err error }

func (d badDisk) ReadAt([]byte, int64) (int, error) { return 0, d.err }

func FuzzBMP(f *testing.F) {
	for _, s := range samples {
		f.Add(s.encode())
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := Open(bytes.NewReader(b), int64(len(b)), 1<<16)
		if err != nil {
			return
		}
		n := 0
		require.NoError(t, p.Luma(func([]float32) { n++ }))
		require.Equal(t, p.Height, n)
		_, err = p.AddLuma(waves)
		require.Equal(t, p.Palette() != nil, errors.Is(err, ErrColors))
		edits, err := p.Draw(p.Bounds().Intersect(image.Rect(1, 1, 40, 40)), func(x, y int, _ color.NRGBA64) color.NRGBA64 { return tone(x, y) })
		if errors.Is(err, ErrColors) {
			return
		}
		require.NoError(t, err)
		plan, err := splice.New(bytes.NewReader(b), int64(len(b)), edits)
		require.NoError(t, err)
		require.EqualValues(t, len(b), plan.Size(), fmt.Sprint(p.Bounds()))
	})
}
