package jpegcoef

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aigclabel/aigclabel/internal/peer"
	"github.com/aigclabel/aigclabel/internal/splice"
)

const maxPixels = 1 << 24

// fixtures are real files of every kind, by name.
func fixtures(t testing.TB) map[string][]byte {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("..", "..", "metadata", "testdata", "jpeg", "*.jpg"))
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	files := map[string][]byte{}
	for _, p := range paths {
		files[filepath.Base(p)], err = os.ReadFile(p)
		require.NoError(t, err)
	}
	return files
}

// edited returns the file of an image.
func edited(t testing.TB, m *Image) []byte {
	t.Helper()
	edits, err := m.Edits()
	require.NoError(t, err)
	plan, err := splice.New(bytes.NewReader(m.data), int64(len(m.data)), edits)
	require.NoError(t, err)
	out, err := io.ReadAll(plan.Source())
	require.NoError(t, err)
	return out
}

func decoded(t testing.TB, b []byte) *Image {
	t.Helper()
	m, err := Decode(b, maxPixels)
	require.NoError(t, err)
	return m
}

// busy is a picture in which every block has many coefficients.
func busy(w, h int) image.Image {
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	random := rand.New(rand.NewPCG(1, 2))
	for i := range m.Pix {
		m.Pix[i] = byte(random.Uint32()) | 0x0F*byte(i%4/3)
	}
	for y := range h {
		for x := range w {
			m.SetRGBA(x, y, color.RGBA{byte(x*y/7) ^ m.Pix[m.PixOffset(x, y)]>>2, byte(255 * x / w), byte(255 * y / h), 255})
		}
	}
	return m
}

// encoders are what cjpeg can do with a picture.
var encoders = map[string][]string{
	"baseline":           {"-quality", "85"},
	"optimised 4:4:4":    {"-optimize", "-sample", "1x1"},
	"4:2:2":              {"-sample", "2x1"},
	"4:4:0":              {"-sample", "1x2"},
	"odd sampling":       {"-sample", "4x1,1x1,2x1"},
	"restarts":           {"-restart", "3B"},
	"progressive":        {"-progressive"},
	"progressive grey":   {"-progressive", "-grayscale"},
	"progressive 4:4:4":  {"-progressive", "-sample", "1x1", "-restart", "1"},
	"grey with restarts": {"-grayscale", "-restart", "1B"},
	"small luma":         {"-sample", "1x1,2x2,1x2"},
	"rgb":                {"-rgb"},
	"small blue":         {"-rgb", "-sample", "2x2,2x2,1x1"},
	"coarse":             {"-quality", "3"},
	"fine":               {"-quality", "100"},
	"16-bit tables":      {"-quality", "1", "-progressive"},
}

// cjpeg encodes a picture.
func cjpeg(t testing.TB, m image.Image, options ...string) []byte {
	t.Helper()
	var ppm bytes.Buffer
	b := m.Bounds()
	ppm.WriteString(strings.Join([]string{"P6", strconv.Itoa(b.Dx()), strconv.Itoa(b.Dy()), "255", ""}, "\n"))
	for y := range b.Dy() {
		for x := range b.Dx() {
			c := color.RGBAModel.Convert(m.At(x, y)).(color.RGBA)
			ppm.Write([]byte{c.R, c.G, c.B})
		}
	}
	cmd := exec.Command(peer.Tool(t, "cjpeg"), options...)
	cmd.Stdin = &ppm
	out, err := cmd.Output()
	require.NoError(t, err)
	return out
}

// TestUnchanged: a file whose blocks are as they were is as it was.
func TestUnchanged(t *testing.T) {
	for name, b := range fixtures(t) {
		edits, err := decoded(t, b).Edits()
		require.NoError(t, err)
		require.Empty(t, edits, name)
	}
	for name, options := range encoders {
		t.Run(name, func(t *testing.T) {
			edits, err := decoded(t, cjpeg(t, busy(201, 99), options...)).Edits()
			require.NoError(t, err)
			require.Empty(t, edits)
		})
	}
}

// TestChanged changes a few blocks to what no table foresaw: they alone change, and
// others read it.
func TestChanged(t *testing.T) {
	change := func(t *testing.T, b []byte) {
		m := decoded(t, b)
		for i := range m.Components {
			c := &m.Components[i]
			*c.Block(c.Wide/2, c.High/2) = Block{-5, 900, 0, -1, 63: 1023}
			*c.Block(c.Wide-1, c.High-1) = Block{20: -1023}
		}
		out := edited(t, m)
		again := decoded(t, out)
		require.Equal(t, blocksOf(m), blocksOf(again))
		require.Equal(t, out, edited(t, again), "it is stable")
		_, err := jpeg.Decode(bytes.NewReader(out))
		if err != nil {
			_, was := jpeg.Decode(bytes.NewReader(b))
			require.Error(t, was, "%v: Go reads it no more", err)
		}
	}
	for name, b := range fixtures(t) {
		t.Run(name, func(t *testing.T) { change(t, b) })
	}
	for name, options := range encoders {
		t.Run(name, func(t *testing.T) { change(t, cjpeg(t, busy(201, 99), options...)) })
	}
}

func blocksOf(m *Image) (all [][]Block) {
	for _, c := range m.Components {
		all = append(all, c.blocks)
	}
	return all
}

// TestGrowth: a flat picture in which every block changes gets tables for that.
func TestGrowth(t *testing.T) {
	b := cjpeg(t, image.NewGray(image.Rect(0, 0, 512, 512)))
	m := decoded(t, b)
	_, err := m.AddLuma(ripple)
	require.NoError(t, err)
	own, err := m.scans[0].encode(m, &m.scans[0].tables)
	require.NoError(t, err)
	out := edited(t, m)
	require.Less(t, len(out), len(b)+len(own)*3/4)
	require.Equal(t, blocksOf(m), blocksOf(decoded(t, out)))
}

// TestPaint paints a rectangle: pixels inside become what was asked for, blocks
// outside stay.
func TestPaint(t *testing.T) {
	r := image.Rect(43, 21, 121, 77)
	paint := func(t *testing.T, b []byte, tolerance float64) {
		before := decoded(t, b)
		m := decoded(t, b)
		m.Paint(r, func(x, y int) (stays, white float64) {
			if x < 80 {
				return 0, 1
			}
			return 0, 0
		})
		after := decoded(t, edited(t, m))
		gray := after.Gray(r)
		for y := r.Min.Y + 16; y < r.Max.Y-16; y++ {
			require.InDelta(t, 255, gray.GrayAt(60, y).Y, tolerance)
			require.InDelta(t, 0, gray.GrayAt(104, y).Y, tolerance)
		}
		outside(t, before, after, r)
	}
	for name, options := range encoders {
		t.Run(name, func(t *testing.T) {
			tolerance := 8.0
			if name == "coarse" || name == "16-bit tables" {
				tolerance = 128
			}
			paint(t, cjpeg(t, busy(201, 99), options...), tolerance)
		})
	}
	var out bytes.Buffer
	require.NoError(t, jpeg.Encode(&out, busy(201, 99), nil))
	paint(t, out.Bytes(), 8)
}

// outside compares the blocks that hold no pixel of r.
func outside(t *testing.T, before, after *Image, r image.Rectangle) {
	t.Helper()
	for i := range before.Components {
		p := before.plane(&before.Components[i], r)
		for y := range before.Components[i].High {
			for x := range before.Components[i].Wide {
				if !image.Pt(x, y).In(p.blocks) {
					require.Equal(t, before.Components[i].Block(x, y), after.Components[i].Block(x, y))
				}
			}
		}
	}
}

// TestPaintCMYK paints the kinds of four inks; ImageMagick shows them in grey.
func TestPaintCMYK(t *testing.T) {
	convert := peer.Tool(t, "convert")
	for name, options := range map[string][]string{
		"sequential": {"-colorspace", "CMYK"}, "progressive": {"-colorspace", "CMYK", "-interlace", "JPEG"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			in, out := filepath.Join(dir, "in.jpg"), filepath.Join(dir, "out.jpg")
			peer.Run(t, convert, append(append([]string{"-size", "200x100", "plasma:red-blue"}, options...), in)...)
			b, err := os.ReadFile(in)
			require.NoError(t, err)
			m := decoded(t, b)
			m.Paint(image.Rect(40, 40, 120, 80), func(x, _ int) (stays, white float64) { return 0, float64(x / 80) })
			require.NoError(t, os.WriteFile(out, edited(t, m), 0o600))
			dark := peer.Run(t, convert, out, "-colorspace", "Gray", "-crop", "20x20+50+50", "-format", "%[fx:mean<0.1]", "info:")
			light := peer.Run(t, convert, out, "-colorspace", "Gray", "-crop", "20x20+90+50", "-format", "%[fx:mean>0.9]", "info:")
			require.Equal(t, "1 1", dark+" "+light)
		})
	}
}

// TestGray compares the brightness with what Go's decoder gives.
func TestGray(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, jpeg.Encode(&out, busy(100, 60), &jpeg.Options{Quality: 90}))
	m := decoded(t, out.Bytes())
	ours := m.Gray(image.Rect(10, 10, 90, 50))
	theirs, err := jpeg.Decode(bytes.NewReader(out.Bytes()))
	require.NoError(t, err)
	for y := 10; y < 50; y++ {
		for x := 10; x < 90; x++ {
			require.InDelta(t, theirs.(*image.YCbCr).YCbCrAt(x, y).Y, ours.GrayAt(x, y).Y, 1)
			require.InDelta(t, ours.GrayAt(x, y).Y, m.Brightness(x, y), 1)
		}
	}
}

// TestOptimal makes tables for frequencies that would want codes of 40 bits.
func TestOptimal(t *testing.T) {
	var fibonacci, few, one [256]int
	a, b := 1, 1
	for i := range 40 {
		fibonacci[3*i] = a
		a, b = b, a+b
	}
	few[7], few[200], one[0] = 1, 1, 1000
	for name, occurs := range map[string][256]int{"fibonacci": fibonacci, "few": few, "one": one} {
		h := optimal(&occurs)
		share := 0
		for symbol, n := range occurs {
			require.Equal(t, n > 0, h.sizes[symbol] > 0, "%s: symbol %d", name, symbol)
			if size := h.sizes[symbol]; size > 0 {
				require.LessOrEqual(t, size, byte(16))
				share += 1 << (16 - size)
				require.NotEqual(t, uint16(1<<size-1), h.codes[symbol], "no code is all ones")
			}
		}
		require.Less(t, share, 1<<16, "%s: there is a code for each", name)
	}
	require.Equal(t, byte(1), optimal(&one).sizes[0])
}

func TestRefuses(t *testing.T) {
	b := fixtures(t)["baseline.jpg"]
	patched := func(from, to string) []byte {
		require.Contains(t, string(b), from)
		return bytes.Replace(b, []byte(from), []byte(to), 1)
	}
	for name, file := range map[string][]byte{
		"arithmetic": patched("\xFF\xC0", "\xFF\xC9"),
		"lossless":   patched("\xFF\xC0", "\xFF\xC3"),
		"12 bits":    patched("\xFF\xC0\x00\x11\x08", "\xFF\xC0\x00\x11\x0C"),
	} {
		_, err := Decode(file, maxPixels)
		require.ErrorIs(t, err, ErrUnsupported, name)
	}
	_, err := Decode(b, 32*24-1)
	require.ErrorIs(t, err, ErrTooLarge)
	for name, file := range map[string][]byte{
		"empty":     nil,
		"no frame":  []byte("\xFF\xD8\xFF\xD9"),
		"big claim": patched("\xFF\xC0\x00\x11\x08\x00\x18\x00\x20", "\xFF\xC0\x00\x11\x08\x10\x00\x10\x00"),
		"two":       bytes.Replace(b, b[bytes.Index(b, []byte("\xFF\xC0")):][:19], bytes.Repeat(b[bytes.Index(b, []byte("\xFF\xC0")):][:19], 2), 1),
	} {
		_, err := Decode(file, 1<<40)
		require.IsType(t, &FormatError{}, err, name)
	}
	for n := range b {
		_, err := Decode(b[:n], maxPixels)
		require.Error(t, err, "cut at %d", n)
	}
}

// TestManyScans: a file of tiny scans does not cost a pass over the picture each
// without end.
func TestManyScans(t *testing.T) {
	b := fixtures(t)["progressive.jpg"]
	first := decoded(t, b).scans[0]
	scan := b[first.header:first.dataEnd]
	many := append(append(bytes.Clone(b[:first.header]), bytes.Repeat(scan, 1000)...), "\xFF\xD9"...)
	_, err := Decode(many, maxPixels)
	require.ErrorContains(t, err, "more than 100 scans")
}

func FuzzJPEG(f *testing.F) {
	for _, b := range fixtures(f) {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := Decode(b, 1<<16)
		if err != nil {
			return
		}
		for shift := range uint(4) {
			for _, row := range m.Luma(shift) {
				require.Len(t, row, ceil(m.Width, 1<<shift))
			}
		}
		if _, err := m.AddLuma(ripple); err != nil {
			require.ErrorIs(t, err, ErrUnsupported)
		}
		m.Paint(image.Rect(0, 0, m.Width, m.Height), func(x, y int) (stays, white float64) { return float64((x + y) % 2), 0 })
		edits, err := m.Edits()
		require.NoError(t, err)
		_, err = splice.New(bytes.NewReader(b), int64(len(b)), edits)
		require.NoError(t, err)
	})
}

func BenchmarkDecode(b *testing.B) {
	for name, file := range benchmarks(b) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(file)))
			for b.Loop() {
				if _, err := Decode(file, maxPixels); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkEdits(b *testing.B) {
	for name, file := range benchmarks(b) {
		b.Run(name, func(b *testing.B) {
			m := decoded(b, file)
			m.Paint(image.Rect(1500, 900, 1900, 1060), func(x, y int) (stays, white float64) { return 0.4, 0.1 })
			b.ReportAllocs()
			b.SetBytes(int64(len(file)))
			for b.Loop() {
				if _, err := m.Edits(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// benchmarks are pictures of two million pixels.
func benchmarks(b *testing.B) map[string][]byte {
	var out bytes.Buffer
	require.NoError(b, jpeg.Encode(&out, busy(1920, 1080), nil))
	files := map[string][]byte{"baseline": out.Bytes()}
	if path, err := exec.LookPath("jpegtran"); err == nil {
		cmd := exec.Command(path, "-progressive")
		cmd.Stdin = bytes.NewReader(out.Bytes())
		files["progressive"], err = cmd.Output()
		require.NoError(b, err)
	}
	return files
}
