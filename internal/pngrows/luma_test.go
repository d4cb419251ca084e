package pngrows

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aigclabel/aigclabel/internal/luma"
)

// lumas returns the brightness of all pixels.
func lumas(t testing.TB, p *Picture) (all [][]float32) {
	t.Helper()
	require.NoError(t, p.Luma(func(row []float32) { all = append(all, append([]float32(nil), row...)) }))
	require.Len(t, all, p.Height)
	return all
}

// waves is a residual.
func waves(y int, row []float32) {
	for x := range row {
		row[x] = float32((x*7+y*5)%9) - 4
	}
}

// TestLuma: what the standard library sees, in every format.
func TestLuma(t *testing.T) {
	rnd := rand.New(rand.NewPCG(31, 32))
	for _, s := range samples() {
		b := s.encode(rnd)
		img := decode(t, b)
		for y, row := range lumas(t, open(t, b)) {
			require.Len(t, row, s.w)
			for x, lit := range row {
				c := color.NRGBA64Model.Convert(img.At(x, y)).(color.NRGBA64)
				if c.A == 0 && s.key != nil { // loses its colour there
					continue
				}
				tolerance := 0.005
				if c.A != 0xFFFF { // the library knows it multiplied by alpha
					tolerance = 255.0 / max(float64(c.A), 1) * 257
				}
				require.InDelta(t, luma.Of(c), lit, tolerance, "%v at %d, %d", s, x, y)
			}
		}
	}
}

// TestAddLuma: each pixel gets what it is to have, and all else stays.
func TestAddLuma(t *testing.T) {
	rnd := rand.New(rand.NewPCG(33, 34))
	for _, s := range samples() {
		b := s.encode(rnd)
		plan, err := open(t, b).AddLuma(waves)
		require.NoError(t, err)
		out := output(t, plan)
		require.True(t, bytes.HasSuffix(out, []byte("trailing")))
		requireBrighter(t, fmt.Sprint(s), decode(t, b), decode(t, out))
	}
}

// requireBrighter checks that waves were added.
func requireBrighter(t testing.TB, name string, before, after image.Image) {
	t.Helper()
	require.Equal(t, before.Bounds(), after.Bounds())
	by := make([]float32, before.Bounds().Dx())
	for y := range before.Bounds().Max.Y {
		waves(y, by)
		for x, d := range by {
			was, is := straight(before.At(x, y)), straight(after.At(x, y))
			require.Equal(t, was.A, is.A, name)
			want := luma.Add(was, d)
			if was.A == 0 {
				want = was
			}
			for i, v := range [3]uint16{want.R, want.G, want.B} {
				require.InDelta(t, v, [3]uint16{is.R, is.G, is.B}[i], 257, "%s at %d, %d: %v, %v", name, x, y, was, is)
			}
		}
	}
}

// straight returns a colour of the decoder, which are not multiplied by alpha but for gray.
func straight(c color.Color) color.NRGBA64 {
	switch c := c.(type) {
	case color.NRGBA:
		return widen(c)
	case color.NRGBA64:
		return c
	}
	return color.NRGBA64Model.Convert(c).(color.NRGBA64)
}

func TestAddLumaKeepsFormat(t *testing.T) {
	rnd := rand.New(rand.NewPCG(35, 36))
	for _, s := range samples() {
		p := open(t, s.encode(rnd))
		plan, err := p.AddLuma(waves)
		require.NoError(t, err)
		is := open(t, output(t, plan))
		require.Equal(t, p.interlaced, is.interlaced)
		if s.depth >= 8 && s.kind != indexed {
			require.Equal(t, p.format, is.format)
		}
		require.GreaterOrEqual(t, is.depth, byte(8))
	}
}

func TestAddLumaAnimated(t *testing.T) {
	for _, shots := range animations {
		_, err := open(t, animation(t, false, true, shots...)).AddLuma(waves)
		require.ErrorIs(t, err, ErrAnimated)
	}
}

func FuzzAddLuma(f *testing.F) {
	rnd := rand.New(rand.NewPCG(37, 38))
	for _, s := range samples() {
		f.Add(s.encode(rnd))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := Open(bytes.NewReader(b), int64(len(b)), 1<<12)
		if err != nil {
			return
		}
		plan, err := p.AddLuma(waves)
		if err != nil {
			if err != ErrAnimated {
				requireTyped(t, err)
			}
			return
		}
		before, err := png.Decode(bytes.NewReader(b))
		if err != nil {
			return // the standard library is stricter
		}
		requireBrighter(t, "fuzz", before, decode(t, output(t, plan)))
	})
}

// photograph is a file with the grain of one.
func photograph(t testing.TB, side int) []byte {
	rnd := rand.New(rand.NewPCG(39, 40))
	m := image.NewNRGBA(image.Rect(0, 0, side, side))
	for i := range m.Pix {
		m.Pix[i] = uint8(i/4%side/8 + i/4/side/8 + rnd.IntN(6))
		if i%4 == 3 {
			m.Pix[i] = 0xFF
		}
	}
	var b bytes.Buffer
	require.NoError(t, png.Encode(&b, m))
	return b.Bytes()
}

// BenchmarkAddLuma reads and changes the brightness of a megapixel.
func BenchmarkAddLuma(b *testing.B) {
	file := photograph(b, 1000)
	b.SetBytes(1e6)
	b.ReportAllocs()
	for b.Loop() {
		p := open(b, file)
		require.NoError(b, p.Luma(func([]float32) {}))
		_, err := p.AddLuma(func(y int, row []float32) {
			for x := range row {
				row[x] = float32(x&3) - 1.5
			}
		})
		require.NoError(b, err)
	}
}

// BenchmarkRecode is what the standard library takes to decode and encode it.
func BenchmarkRecode(b *testing.B) {
	file := photograph(b, 1000)
	b.SetBytes(1e6)
	b.ReportAllocs()
	for b.Loop() {
		m, err := png.Decode(bytes.NewReader(file))
		require.NoError(b, err)
		require.NoError(b, png.Encode(io.Discard, m))
	}
}
