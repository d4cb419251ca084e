package tiffpix

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/image/tiff"
	"golang.org/x/image/tiff/lzw"

	"github.com/aigclabel/aigclabel/internal/container"
	"github.com/aigclabel/aigclabel/internal/peer"
	"github.com/aigclabel/aigclabel/internal/splice"
)

const (
	maxPixels     = 1 << 22
	width, height = 83, 61
)

// kinds are files that libtiff's programs make: options of ImageMagick, then of tiffcp.
var kinds = map[string]string{
	"gray":                "-colorspace gray -depth 8 -compress none",
	"gray 16 bits":        "-colorspace gray -depth 16 -compress lzw",
	"gray 4 bits":         "-colorspace gray -depth 4 -compress zip",
	"black and white":     "-monochrome -compress none",
	"white is zero":       "-monochrome -define quantum:polarity=min-is-white -compress rle",
	"RGB strips":          "-type TrueColor -depth 8 -compress none | -r 7",
	"RGB LZW":             "-type TrueColor -depth 8 -compress lzw | -r 16 -c lzw:1",
	"RGB LZW predictor":   "-type TrueColor -depth 8 -compress lzw | -r 16 -c lzw:2",
	"RGB deflate":         "-type TrueColor -depth 8 -compress none | -r 9 -c zip:1",
	"RGB 16 bits planes":  "-type TrueColor -depth 16 -compress zip -interlace plane",
	"RGB PackBits":        "-type TrueColor -depth 8 -compress none | -r 8 -c packbits",
	"RGB tiles":           "-type TrueColor -depth 8 -compress none | -t -w 32 -l 16 -c lzw:2",
	"RGB tiles of planes": "-type TrueColor -depth 8 -compress none | -t -w 16 -l 16 -p separate",
	"RGB big-endian":      "-type TrueColor -depth 16 -endian MSB -compress none | -B -c zip:2",
	"RGB BigTIFF":         "-type TrueColor -depth 8 -compress none | -8 -c lzw",
	"RGBA":                "-type TrueColorAlpha -alpha set -channel A -evaluate set 60% +channel -depth 8 -compress zip",
	"RGBA multiplied":     "-type TrueColorAlpha -alpha set -channel A -evaluate set 60% +channel -depth 16 -compress lzw -define tiff:alpha=associated",
	"palette":             "-colors 200 -type palette -compress lzw",
	"palette of 16":       "-colors 16 -type palette -depth 4 -compress none",
	"CMYK":                "-colorspace CMYK -depth 8 -compress lzw",
	"CMYK 16 bits planes": "-colorspace CMYK -depth 16 -compress none -interlace plane",
}

// made returns a file of a kind: smooth, with noise, black and white among its colours.
func made(t testing.TB, options string) []byte {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "a.tif")
	convert, copied, twice := strings.Cut(options, "|")
	args := append([]string{"-seed", "7", "-size", "83x61", "plasma:", "-fill", "black", "-draw", "rectangle 0,0 9,9", "-fill", "white", "-draw", "rectangle 10,0 19,9", "-alpha", "off"}, strings.Fields(convert)...)
	peer.Run(t, peer.Tool(t, "convert"), append(args, path)...)
	if twice {
		to := filepath.Join(dir, "b.tif")
		peer.Run(t, peer.Tool(t, "tiffcp"), append(strings.Fields(copied), path, to)...)
		path = to
	}
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	return b
}

// shown returns the pixels of a file as ImageMagick shows them, 16 bits of red, green,
// blue and alpha each.
func shown(t testing.TB, b []byte) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.tif")
	require.NoError(t, os.WriteFile(path, b, 0o600))
	out := peer.Run(t, peer.Tool(t, "convert"), path+"[0]", "-colorspace", "sRGB", "-depth", "16", "-endian", "LSB", "rgba:-")
	require.Len(t, out, 8*width*height)
	return []byte(out)
}

func open(t testing.TB, b []byte) []*Page {
	t.Helper()
	pages, err := Open(bytes.NewReader(b), int64(len(b)), maxPixels)
	require.NoError(t, err)
	return pages
}

func tone(x, y int) color.NRGBA64 {
	v := uint16((x/3 + y/2) % 2 * 0xFFFF)
	return color.NRGBA64{v, v, v, 0xFFFF}
}

func edited(t testing.TB, b []byte, edits []splice.Edit) []byte {
	t.Helper()
	plan, err := splice.New(bytes.NewReader(b), int64(len(b)), edits)
	require.NoError(t, err)
	out, err := io.ReadAll(plan.Source())
	require.NoError(t, err)
	return out
}

// TestDraw draws on all kinds: another program sees the drawing, and all else as it was.
func TestDraw(t *testing.T) {
	r := image.Rect(21, 13, 70, 50)
	tone := func(p *Page) func(x, y int) color.NRGBA64 {
		return func(x, y int) color.NRGBA64 {
			c := tone(x, y)
			if colors := p.Palette(); colors != nil { // the first two, whatever they are
				v := colors[c.G&1]
				c = color.NRGBA64{uint16(v.R) * 257, uint16(v.G) * 257, uint16(v.B) * 257, 0xFFFF}
			}
			return c
		}
	}
	for name, options := range kinds {
		t.Run(name, func(t *testing.T) {
			b := made(t, options)
			p := open(t, b)[0]
			require.Equal(t, image.Rect(0, 0, width, height), p.Bounds())
			tone := tone(p)
			edits, err := p.Draw(r, func(x, y int, _ color.NRGBA64) color.NRGBA64 { return tone(x, y) })
			require.NoError(t, err)
			out := edited(t, b, edits)
			before, after := shown(t, b), shown(t, out)
			requirePixels(t, name, b, p, before)
			for y := range height {
				for x := range width {
					at := 8 * (y*width + x)
					if !(image.Point{x, y}).In(r) {
						require.Equal(t, before[at:at+8], after[at:at+8], "%d, %d", x, y)
						continue
					}
					require.InDelta(t, tone(x, y).G, binary.LittleEndian.Uint16(after[at+2:]), 600, "%d, %d", x, y)
					require.Equal(t, uint16(0xFFFF), binary.LittleEndian.Uint16(after[at+6:]), "alpha at %d, %d", x, y)
				}
			}
			again, err := open(t, out)[0].Draw(r, func(x, y int, _ color.NRGBA64) color.NRGBA64 { return tone(x, y) })
			require.NoError(t, err)
			require.Empty(t, again, "the same a second time")
		})
	}
}

// requirePixels compares what is read with ImageMagick's pixels, and with those of the
// decoder of golang.org/x/image where it knows the kind.
func requirePixels(t testing.TB, name string, b []byte, p *Page, want []byte) {
	t.Helper()
	pixels, err := p.Pixels(p.Bounds())
	require.NoError(t, err)
	if !strings.Contains(name, "CMYK") { // whose colours ImageMagick and we mix in other ways
		for i := range width * height {
			c := pixels.NRGBA64At(i%width, i/width)
			for j, v := range []uint16{c.R, c.G, c.B, c.A} {
				require.True(t, near(uint32(v), want[8*i+2*j:]), "%d", i)
			}
		}
	}
	img, err := tiff.Decode(bytes.NewReader(b))
	if err != nil {
		return
	}
	for i := range width * height {
		r, g, b, _ := img.At(i%width, i/width).RGBA()
		r2, g2, b2, _ := pixels.NRGBA64At(i%width, i/width).RGBA()
		require.Less(t, max(r, r2)-min(r, r2)+max(g, g2)-min(g, g2)+max(b, b2)-min(b, b2), uint32(900))
	}
}

// near reports whether the first of ImageMagick's samples is about v: it rounds in other
// ways.
func near(v uint32, samples []byte) bool {
	w := uint32(binary.LittleEndian.Uint16(samples))
	return max(v, w)-min(v, w) < 600
}

// TestStripsStay: strips without a change keep their bytes, what grows goes to the end,
// and its old place is empty.
func TestStripsStay(t *testing.T) {
	b := made(t, kinds["RGB LZW"])
	p := open(t, b)[0]
	edits, err := p.Draw(image.Rect(0, 20, width, 21), func(x, y int, _ color.NRGBA64) color.NRGBA64 {
		v := uint16(x * y * 7919 % 0xFFFF)
		return color.NRGBA64{v, v * 3, v * 7, 0xFFFF}
	})
	require.NoError(t, err)
	out := edited(t, b, edits)
	require.Greater(t, len(out), len(b))
	for i := range p.count {
		at, err := p.segmentNumber(0, i)
		require.NoError(t, err)
		n, err := p.segmentNumber(1, i)
		require.NoError(t, err)
		if i == 1 {
			require.Equal(t, make([]byte, n), out[at:at+n])
		} else {
			require.Equal(t, b[at:at+n], out[at:at+n])
		}
	}
}

func TestPages(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "pages.tif")
	peer.Run(t, peer.Tool(t, "convert"), "-size", "83x61", "plasma:", "-size", "40x30", "plasma:", "-compress", "lzw", path)
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	pages := open(t, b)
	require.Len(t, pages, 2)
	var edits []splice.Edit
	for _, p := range pages {
		more, err := p.Draw(p.Bounds(), func(x, y int, _ color.NRGBA64) color.NRGBA64 { return tone(x*y, y) })
		require.NoError(t, err)
		edits = append(edits, more...)
	}
	for _, p := range open(t, edited(t, b, edits)) {
		pixels, err := p.Pixels(p.Bounds())
		require.NoError(t, err)
		for y := range p.Height {
			for x := range p.Width {
				require.Equal(t, tone(x*y, y), pixels.NRGBA64At(x, y))
			}
		}
	}
	_, err = Open(bytes.NewReader(b), int64(len(b)), width*height+40*30-1)
	require.ErrorAs(t, err, new(*container.LimitError))
}

func TestCodings(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	noise := make([]byte, 20000)
	for i := range noise {
		noise[i] = byte(rnd.Uint32())
	}
	few := bytes.Clone(noise)
	for i := range few {
		few[i] &= 1
	}
	for name, data := range map[string][]byte{"one": {7}, "noise": noise, "few": few, "even": make([]byte, 20000), "runs": bytes.Repeat([]byte("aaaabcd"), 3000)} {
		for coding := range ratios {
			got, err := decode(coding, encode(coding, data, len(data)), len(data))
			require.NoError(t, err, "%s %d", name, coding)
			require.Equal(t, data, got, "%s %d", name, coding)
		}
	}
	for n := range 1200 { // the width of the last code
		got, err := io.ReadAll(lzw.NewReader(bytes.NewReader(packLZW(noise[:n])), lzw.MSB, 8))
		require.NoError(t, err)
		require.True(t, bytes.Equal(noise[:n], got), n)
	}
	_, err := decode(packBits, []byte{1, 2}, 5)
	require.Error(t, err)
	_, err = decode(deflate, noise, 1<<30)
	require.ErrorIs(t, err, errShort, "no memory for what is not there")
}

// entry is a field of a file made here.
type entry struct {
	tag, typ uint16
	count    uint32
	value    uint32
}

// raw returns a small picture whose fields may lie.
func raw(change ...entry) []byte {
	fields := []entry{
		{tagWidth, 4, 1, 40}, {tagHeight, 4, 1, 30}, {tagBits, 3, 1, 8}, {tagCompression, 3, 1, none}, {tagPhotometric, 3, 1, 1},
		{tagStrips, 4, 1, 8}, {tagSamples, 3, 1, 1}, {tagRowsPer, 4, 1, 30}, {tagStripCounts, 4, 1, 1200},
	}
	for _, c := range change {
		found := false
		for i := range fields {
			if fields[i].tag == c.tag {
				fields[i], found = c, true
			}
		}
		if !found {
			fields = append(fields, c)
		}
	}
	b := append([]byte("II*\x00\xB8\x04\x00\x00"), make([]byte, 1200)...)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(fields)))
	for _, f := range fields {
		b = binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint16(b, f.tag), f.typ)
		b = binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(b, f.count), f.value)
	}
	return append(b, 0, 0, 0, 0)
}

func TestErrors(t *testing.T) {
	draw := func(b []byte) error {
		pages, err := Open(bytes.NewReader(b), int64(len(b)), maxPixels)
		if err != nil {
			return err
		}
		_, err = pages[0].Draw(pages[0].Bounds(), func(x, y int, _ color.NRGBA64) color.NRGBA64 { return tone(x, y) })
		return err
	}
	require.NoError(t, draw(raw()))
	for name, b := range map[string][]byte{
		"nothing":          nil,
		"no width":         raw(entry{tagWidth, 4, 1, 0}),
		"few strips":       raw(entry{tagRowsPer, 4, 1, 10}),
		"no rows":          raw(entry{tagRowsPer, 4, 1, 0}),
		"strip outside":    raw(entry{tagStrips, 4, 1, 1 << 20}),
		"short strip":      raw(entry{tagStripCounts, 4, 1, 1199}),
		"no deflate":       raw(entry{tagCompression, 3, 1, deflate}),
		"no LZW":           raw(entry{tagCompression, 3, 1, lzwCoding}, entry{tagStrips, 4, 1, 9}),
		"no map":           raw(entry{tagPhotometric, 3, 1, 3}),
		"tiles of nothing": raw(entry{tagTileWidth, 4, 1, 16}, entry{tagTileHeight, 4, 1, 0}),
		"huge tiles":       raw(entry{tagTileWidth, 4, 1, 1 << 31}, entry{tagTileHeight, 4, 1, 1 << 31}),
	} {
		err := draw(b)
		require.ErrorAs(t, err, new(*container.FormatError), name)
		require.NotContains(t, err.Error(), "\n", name)
	}
	for name, b := range map[string][]byte{
		"JPEG":        raw(entry{tagCompression, 3, 1, 7}),
		"fax":         raw(entry{tagCompression, 3, 1, 4}),
		"floats":      raw(entry{tagFormat, 3, 1, 3}),
		"32 bits":     raw(entry{tagBits, 3, 1, 32}),
		"camera":      raw(entry{tagPhotometric, 3, 1, 32803}),
		"Lab":         raw(entry{tagPhotometric, 3, 1, 8}),
		"no colours":  raw(entry{tagPhotometric, 3, 1, 1}, entry{tagSamples, 3, 1, 17}),
		"few samples": raw(entry{tagPhotometric, 3, 1, 2}),
		"last bits":   raw(entry{tagFillOrder, 3, 1, 2}),
	} {
		require.ErrorIs(t, draw(b), ErrUnsupported, name)
	}
	require.ErrorAs(t, draw(raw(entry{tagWidth, 4, 1, 1 << 31}, entry{tagHeight, 4, 1, 1 << 31})), new(*container.LimitError))
	tile := raw(entry{tagTileWidth, 4, 1, 1 << 14}, entry{tagTileHeight, 4, 1, 1 << 14}, entry{tagTiles, 4, 1, 8}, entry{tagTileCounts, 4, 1, 1200})
	require.ErrorAs(t, draw(tile), new(*container.LimitError), "a tile of more pixels than pictures may have")
	broken := errors.New("bad disk")
	_, err := Open(badDisk{broken}, 1000, maxPixels)
	require.ErrorIs(t, err, broken)
}

// A badDisk fails.
type badDisk struct{ err error }

func (d badDisk) ReadAt([]byte, int64) (int, error) { return 0, d.err }

func FuzzTIFF(f *testing.F) {
	f.Add(raw())
	f.Add(raw(entry{tagPhotometric, 3, 1, 0}, entry{tagBits, 3, 1, 4}))
	for _, coding := range []int{lzwCoding, packBits, deflate} {
		packed := encode(coding, make([]byte, 1200), 40)
		b := raw(entry{tagCompression, 3, 1, uint32(coding)}, entry{tagStripCounts, 4, 1, uint32(len(packed))})
		copy(b[8:], packed)
		f.Add(b)
	}
	f.Add(raw(entry{tagTileWidth, 4, 1, 16}, entry{tagTileHeight, 4, 1, 16}, entry{tagTiles, 4, 1, 8}, entry{tagTileCounts, 4, 1, 256}))
	f.Fuzz(func(t *testing.T, b []byte) {
		pages, err := Open(bytes.NewReader(b), int64(len(b)), 1<<16)
		if err != nil {
			return
		}
		for _, p := range pages {
			n, err := rows(p)
			if err == nil {
				require.Equal(t, p.Height, n)
			}
			if _, failed := p.AddLuma(waves); err != nil {
				require.Error(t, failed)
			}
			r := p.Bounds().Intersect(image.Rect(1, 1, 50, 50))
			edits, err := p.Draw(r, func(x, y int, _ color.NRGBA64) color.NRGBA64 { return tone(x, y) })
			if err != nil {
				continue
			}
			_, err = splice.New(bytes.NewReader(b), int64(len(b)), edits)
			if err != nil {
				require.ErrorIs(t, err, splice.ErrInvalid, "strips in one place")
			}
		}
	})
}
