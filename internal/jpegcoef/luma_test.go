package jpegcoef

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"log"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aigclabel/aigclabel/internal/peer"
)

// waves is a picture without sharp edges.
func waves(w, h int) image.Image {
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			v := 128 + 60*math.Sin(float64(x)/27) + 50*math.Cos(float64(y)/33+float64(x)/90)
			m.SetRGBA(x, y, color.RGBA{uint8(v), uint8(v/2 + 60), uint8(250 - v), 255})
		}
	}
	return m
}

// TestLuma compares all rows with Gray, and those of smaller pictures with means of it.
func TestLuma(t *testing.T) {
	for name, options := range encoders {
		if name == "16-bit tables" || name == "coarse" {
			continue
		}
		tolerance := 4.0
		if strings.HasPrefix(name, "small") { // a sample is several pixels
			tolerance = 12
		}
		m := decoded(t, cjpeg(t, waves(201, 99), options...))
		whole := m.Gray(image.Rect(0, 0, m.Width, m.Height))
		for shift := range uint(4) {
			n := 0
			for y, row := range m.Luma(shift) {
				require.Equal(t, n, y)
				n++
				require.Len(t, row, ceil(m.Width, 1<<shift))
				for x, v := range row {
					pixels := image.Rect(x, y, x+1, y+1)
					pixels.Min, pixels.Max = pixels.Min.Mul(1<<shift), pixels.Max.Mul(1<<shift)
					inside := pixels.Intersect(whole.Rect) == pixels
					require.True(t, !inside || math.Abs(mean(whole, pixels)-float64(v)) < tolerance, "%s: %d, %d of 1/%d", name, x, y, 1<<shift)
				}
			}
			require.Equal(t, ceil(m.Height, 1<<shift), n)
		}
		for y, row := range m.Luma(0) {
			for x, v := range row {
				require.InDelta(t, whole.GrayAt(x, y).Y, v, 1, "%s: %d, %d", name, x, y)
			}
		}
	}
}

func mean(m *image.Gray, r image.Rectangle) float64 {
	sum := 0
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			sum += int(m.GrayAt(x, y).Y)
		}
	}
	return float64(sum) / float64(r.Dx()*r.Dy())
}

// ripple is a residual of a standard deviation of two grey levels.
func ripple(y int, row []float32) {
	for x := range row {
		row[x] = 2.83 * float32(math.Sin(float64(x)/3+float64(y)/7))
	}
}

// TestAddLuma adds a residual to pictures of every kind, and finds in them what was
// promised, in the colours that Go decodes as well.
func TestAddLuma(t *testing.T) {
	for name, options := range encoders {
		t.Run(name, func(t *testing.T) {
			b := cjpeg(t, waves(401, 199), options...)
			m := decoded(t, b)
			kept, err := m.AddLuma(ripple)
			require.NoError(t, err)
			out := edited(t, m)
			require.Equal(t, blocksOf(m), blocksOf(decoded(t, out)))
			was, is := colors(t, b), colors(t, out)
			rest, noise := compare(was, is)
			require.InDelta(t, kept, rest, 0.05)
			require.Less(t, noise, 1.35)
			if name == "fine" {
				require.InDelta(t, 1, rest, 0.05)
				require.InDelta(t, 1, noise, 0.1)
			}
		})
	}
}

// colors returns what Go decodes; in grey what it does not.
func colors(t *testing.T, b []byte) image.Image {
	m, err := jpeg.Decode(bytes.NewReader(b))
	if err != nil {
		ours := decoded(t, b)
		return ours.Gray(image.Rect(0, 0, ours.Width, ours.Height))
	}
	return m
}

// compare returns which part of the ripple the difference of two pictures holds, and how
// many times its energy that has.
func compare(was, is image.Image) (kept, noise float64) {
	r := was.Bounds()
	row := make([]float32, r.Dx())
	total := 0.0
	for y := range r.Dy() {
		ripple(y, row)
		for x, v := range row {
			a, b := color.RGBA64Model.Convert(was.At(x, y)).(color.RGBA64), color.RGBA64Model.Convert(is.At(x, y)).(color.RGBA64)
			for _, d := range [3]float64{float64(b.R) - float64(a.R), float64(b.G) - float64(a.G), float64(b.B) - float64(a.B)} {
				d /= 257
				kept += d * float64(v)
				noise += d * d
				total += float64(v) * float64(v)
			}
		}
	}
	return kept / total, noise / total
}

// TestAddLumaPart: where the residual is zero, blocks stay; where all of it is, the file.
func TestAddLumaPart(t *testing.T) {
	for name, options := range encoders {
		b := cjpeg(t, busy(201, 99), options...)
		before, m := decoded(t, b), decoded(t, b)
		kept, err := m.AddLuma(func(_ int, row []float32) { clear(row) })
		require.NoError(t, err)
		require.Equal(t, 1.0, kept)
		require.Equal(t, blocksOf(before), blocksOf(m), name)

		r := image.Rect(41, 30, 120, 60)
		_, err = m.AddLuma(func(y int, row []float32) {
			clear(row)
			if y >= r.Min.Y && y < r.Max.Y {
				ripple(y, row[:r.Max.X])
				clear(row[:r.Min.X])
			}
		})
		require.NoError(t, err)
		if name != "coarse" && name != "16-bit tables" {
			require.NotEqual(t, blocksOf(before), blocksOf(m), name)
		}
		outside(t, before, m, r)
	}
}

// TestAddLumaBounds: no residual makes coefficients that 8-bit samples cannot give.
func TestAddLumaBounds(t *testing.T) {
	for _, v := range []float64{1e30, math.Inf(-1), math.NaN()} {
		m := decoded(t, cjpeg(t, busy(201, 99), "-quality", "100"))
		_, err := m.AddLuma(func(y int, row []float32) {
			for x := range row {
				row[x] = float32(v * float64(1-x/8%2*2))
			}
		})
		require.NoError(t, err)
		require.Equal(t, blocksOf(m), blocksOf(decoded(t, edited(t, m))))
	}
}

// TestAddLumaInks refuses four inks.
func TestAddLumaInks(t *testing.T) {
	convert := peer.Tool(t, "convert")
	path := filepath.Join(t.TempDir(), "inks.jpg")
	peer.Run(t, convert, "-size", "64x64", "plasma:red-blue", "-colorspace", "CMYK", path)
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	m := decoded(t, b)
	_, err = m.AddLuma(ripple)
	require.ErrorIs(t, err, ErrUnsupported)
	edits, err := m.Edits()
	require.NoError(t, err)
	require.Empty(t, edits)
	whole := m.Gray(image.Rect(0, 0, 64, 64))
	for y, row := range m.Luma(0) {
		for x, v := range row {
			require.InDelta(t, whole.GrayAt(x, y).Y, v, 1)
		}
	}
}

func BenchmarkLuma(b *testing.B) {
	for name, file := range benchmarks(b) {
		for shift := range uint(4) {
			b.Run(fmt.Sprint(name, " 1/", 1<<shift), func(b *testing.B) {
				m := decoded(b, file)
				b.ReportAllocs()
				b.SetBytes(int64(m.Width * m.Height)) // MB/s are megapixels
				for b.Loop() {
					for range m.Luma(shift) {
					}
				}
			})
		}
	}
}

func BenchmarkAddLuma(b *testing.B) {
	for name, file := range benchmarks(b) {
		b.Run(name, func(b *testing.B) {
			m := decoded(b, file)
			row := make([]float32, m.Width)
			ripple(0, row)
			b.ReportAllocs()
			b.SetBytes(int64(m.Width * m.Height))
			for b.Loop() {
				for i := range row {
					row[i] = -row[i]
				}
				_, err := m.AddLuma(func(_ int, to []float32) { copy(to, row) })
				require.NoError(b, err)
			}
		})
	}
}

// BenchmarkMark is the way of a watermark: out of a file and back into it.
func BenchmarkMark(b *testing.B) {
	for name, file := range benchmarks(b) {
		b.Run(name, func(b *testing.B) {
			row := make([]float32, 1920)
			ripple(0, row)
			b.ReportAllocs()
			b.SetBytes(1920 * 1080)
			for b.Loop() {
				m := decoded(b, file)
				for range m.Luma(1) {
				}
				_, err := m.AddLuma(func(_ int, to []float32) { copy(to, row) })
				require.NoError(b, err)
				_, err = m.Edits()
				require.NoError(b, err)
			}
		})
	}
}

// A mark is drawn into a file: from what the picture shows, in the file's own tables.
func ExampleImage_AddLuma() {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, waves(640, 480), nil); err != nil {
		log.Fatal(err)
	}
	m, err := Decode(b.Bytes(), 1<<20)
	if err != nil {
		log.Fatal(err)
	}
	var quarter [][]uint8
	for _, row := range m.Luma(2) {
		quarter = append(quarter, slices.Clone(row))
	}
	kept, err := m.AddLuma(func(y int, row []float32) {
		for x := range row {
			if quarter[y/4][x/4] > 100 { // where the picture is light
				row[x] = 3 * float32(math.Sin(float64(x+y)/4))
			}
		}
	})
	if err != nil {
		log.Fatal(err)
	}
	edits, err := m.Edits()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%.1f of the mark, in %d edits", kept, len(edits))
	// Output: 1.0 of the mark, in 2 edits
}
