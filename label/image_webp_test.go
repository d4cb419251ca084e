package label

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aigclabel/aigclabel/internal/container"
	"github.com/aigclabel/aigclabel/internal/peer"
	lossless "github.com/aigclabel/aigclabel/internal/vp8l"
	"github.com/aigclabel/aigclabel/metadata"
)

// stream returns the stream of a picture.
func stream(m *image.NRGBA) []byte {
	var pixels []uint32
	for y := m.Rect.Min.Y; y < m.Rect.Max.Y; y++ {
		for x := m.Rect.Min.X; x < m.Rect.Max.X; x++ {
			c := m.NRGBAAt(x, y)
			pixels = append(pixels, uint32(c.A)<<24|uint32(c.R)<<16|uint32(c.G)<<8|uint32(c.B))
		}
	}
	return lossless.Encode(m.Rect.Dx(), m.Rect.Dy(), pixels)
}

// riffChunk returns a chunk of a RIFF file.
func riffChunk(id string, parts ...[]byte) []byte {
	data := slices.Concat(parts...)
	b := binary.LittleEndian.AppendUint32([]byte(id), uint32(len(data)))
	return append(append(b, data...), make([]byte, len(data)&1)...)
}

func uint24s(values ...int) (b []byte) {
	for _, v := range values {
		b = append(b, byte(v), byte(v>>8), byte(v>>16))
	}
	return b
}

// extendedWebP is a file of chunks behind VP8X.
func extendedWebP(flags byte, size image.Point, chunks ...[]byte) []byte {
	header := riffChunk("VP8X", []byte{flags, 0, 0, 0}, uint24s(size.X-1, size.Y-1))
	return riffChunk("RIFF", []byte("WEBP"), header, slices.Concat(chunks...))
}

// losslessFrame is a frame of an animation.
func losslessFrame(m *image.NRGBA, flags byte) []byte {
	head := append(uint24s(m.Rect.Min.X/2, m.Rect.Min.Y/2, m.Rect.Dx()-1, m.Rect.Dy()-1, 100), flags)
	return riffChunk("ANMF", head, riffChunk("VP8L", stream(m)))
}

// The flags of a frame.
const (
	clears     = 1
	overwrites = 2
)

// noticedWebP returns a file with the notice, and what the receipt says.
func noticedWebP(t testing.TB, b []byte) ([]byte, Layer) {
	t.Helper()
	l := &Labeler{Producer: producer, Notice: &Notice{Look: Plate}}
	src, receipt := labelled(t, l, metadata.Bytes(b, "a.webp"), Artifact{ID: "1"})
	out := make([]byte, src.Size)
	_, err := src.R.ReadAt(out, 0)
	require.NoError(t, err)
	return out, receipt.Layers[0]
}

// placed returns the rectangle that a receipt names.
func placed(t testing.TB, layer Layer) (r image.Rectangle) {
	t.Helper()
	_, err := fmt.Sscanf(layer.Place, "picture (%d,%d)-(%d,%d)", &r.Min.X, &r.Min.Y, &r.Max.X, &r.Max.Y)
	require.NoError(t, err, layer.Place)
	return r
}

// shownWebP returns what programs show of each frame of a lossless animation, and the
// canvas without a background of its own.
func shownWebP(t testing.TB, b []byte) (all []*image.NRGBA) {
	t.Helper()
	c, err := newWebPCanvas(bytes.NewReader(b), int64(len(b)), manyPixels, nil)
	require.NoError(t, err)
	canvas := image.NewNRGBA(image.Rect(0, 0, c.Width, c.Height))
	for i := range c.Frames {
		f := &c.Frames[i]
		raster, err := c.raster(f)
		require.NoError(t, err)
		m := raster.(losslessRaster)
		for y := f.Rect.Min.Y; y < f.Rect.Max.Y; y++ {
			for x := f.Rect.Min.X; x < f.Rect.Max.X; x++ {
				if p := m.NRGBAAt(x, y); p.A == 0xFF || f.Overwrite { // tests have no half of it
					canvas.SetNRGBA(x, y, p)
				}
			}
		}
		all = append(all, &image.NRGBA{Pix: bytes.Clone(canvas.Pix), Stride: canvas.Stride, Rect: canvas.Rect})
		if f.Clear {
			for y := f.Rect.Min.Y; y < f.Rect.Max.Y; y++ {
				clear(canvas.Pix[canvas.PixOffset(f.Rect.Min.X, y):][:4*f.Rect.Dx()])
			}
		}
	}
	return all
}

// Pixels beside the notice are the same, also the colour of those that are not seen.
func TestNoticeWebP(t *testing.T) {
	for name := range pictures {
		m := picture(name, 320, 200)
		if name == "transparent" {
			for i := range m.Pix[:len(m.Pix)/2] {
				if i%4 == 3 {
					m.Pix[i] = 0
				}
			}
		}
		b := riffChunk("RIFF", []byte("WEBP"), riffChunk("VP8L", stream(m)))
		out, layer := noticedWebP(t, b)
		require.True(t, layer.Done, layer.Reason)
		require.NotContains(t, layer.Place, "encoded again")
		c, err := newWebPCanvas(bytes.NewReader(out), int64(len(out)), manyPixels, nil)
		require.NoError(t, err)
		raster, err := c.raster(&c.Frames[0])
		require.NoError(t, err)
		is, r := raster.(losslessRaster), placed(t, layer)
		for y := range 200 {
			for x := range 320 {
				if !image.Pt(x, y).In(r) {
					require.Equal(t, m.NRGBAAt(x, y), is.NRGBAAt(x, y), "%s at %d, %d", name, x, y)
				}
			}
		}
		require.NotEqual(t, m.Pix, is.Pix, name)
		again, _ := noticedWebP(t, out)
		require.Equal(t, out, again, "%s: a second time", name)
	}
}

func TestNoticeWebPKeepsChunks(t *testing.T) {
	const icc, alpha, hasExif = 0x20, 0x10, 0x08
	profile, foreign := riffChunk("ICCP", []byte("a profile")), riffChunk("abcd", []byte("odd"))
	block := riffChunk("EXIF", exif(binary.LittleEndian, "II", 6))
	b := extendedWebP(icc|hasExif, image.Pt(300, 200), profile, riffChunk("VP8L", stream(picture("busy", 300, 200))), block, foreign)
	out, layer := noticedWebP(t, b)
	require.Contains(t, layer.Place, "(253,8)-", "turned: %s", layer.Place)
	for _, kept := range [][]byte{profile, foreign, block} {
		require.True(t, bytes.Contains(out, kept))
	}
	require.Zero(t, out[20]&alpha)
}

// Every frame of an animation shows the notice, and else what it showed.
func TestNoticeWebPAnimation(t *testing.T) {
	full, far, across := image.Rect(0, 0, 320, 200), image.Rect(6, 6, 80, 80), image.Rect(250, 100, 320, 200)
	shot := func(r image.Rectangle, seed int) *image.NRGBA {
		m := picture("busy", 320, 200).SubImage(r).(*image.NRGBA)
		out := image.NewNRGBA(r)
		for y := r.Min.Y; y < r.Max.Y; y++ {
			for x := r.Min.X; x < r.Max.X; x++ {
				c := m.NRGBAAt(x, y)
				c.R += uint8(seed * 40)
				out.SetNRGBA(x, y, c)
			}
		}
		return out
	}
	type frame struct {
		rect  image.Rectangle
		flags byte
	}
	for name, frames := range map[string][]frame{
		"full frames":       {{full, 0}, {full, overwrites}},
		"small beside":      {{full, 0}, {far, 0}, {far, overwrites}},
		"small over":        {{full, 0}, {across, 0}, {far, 0}},
		"first is small":    {{far, 0}, {full, 0}},
		"stickers":          {{full, clears}, {far, clears}, {across, clears | overwrites}},
		"cleared and small": {{full, 0}, {across, clears}, {far, 0}, {far, clears}},
	} {
		t.Run(name, func(t *testing.T) {
			chunks := [][]byte{riffChunk("ANIM", make([]byte, 6))}
			for i, f := range frames {
				chunks = append(chunks, losslessFrame(shot(f.rect, i), f.flags))
			}
			b := extendedWebP(2, full.Size(), chunks...)
			out, layer := noticedWebP(t, b)
			require.True(t, layer.Done, layer.Reason)
			was, is := shownWebP(t, b), shownWebP(t, out)
			require.Len(t, is, len(was))
			r := image.Rect(220, 150, 320, 200)
			for i := range is {
				requireSameOutside(t, was[i], is[i], r)
				require.GreaterOrEqual(t, slices.Min(measured(on(is[i], color.White), noticeIn(is[i], was[i])).heights), 16, "frame %d", i)
			}
			again, _ := noticedWebP(t, out)
			require.Equal(t, out, again, "a second time")
		})
	}
	// one that would have to clear more than before
	b := extendedWebP(2, full.Size(), riffChunk("ANIM", make([]byte, 6)), losslessFrame(shot(full, 0), 0), losslessFrame(shot(across, 1), clears), losslessFrame(shot(far, 2), clears))
	_, layer := noticedWebP(t, b)
	require.Contains(t, layer.Reason, "clears the picture beside itself")
}

// noticeIn returns the rectangle in which two pictures differ.
func noticeIn(a, b *image.NRGBA) (r image.Rectangle) {
	for y := range a.Rect.Max.Y {
		for x := range a.Rect.Max.X {
			if a.NRGBAAt(x, y) != b.NRGBAAt(x, y) {
				r = r.Union(image.Rect(x, y, x+1, y+1))
			}
		}
	}
	return r
}

func TestNoticeWebPErrors(t *testing.T) {
	l := &Labeler{Producer: producer, Notice: &Notice{}, MaxPixels: 320*200 - 1}
	b := riffChunk("RIFF", []byte("WEBP"), riffChunk("VP8L", stream(picture("busy", 320, 200))))
	_, err := l.Label(t.Context(), new(bytes.Buffer), metadata.Bytes(b, ""), Artifact{})
	require.ErrorAs(t, err, new(*metadata.LimitError))
	l.MaxPixels = 0
	broken := bytes.Clone(b)
	copy(broken[40:], bytes.Repeat([]byte{0xFF}, 200))
	_, err = l.Label(t.Context(), new(bytes.Buffer), metadata.Bytes(broken, ""), Artifact{})
	require.ErrorAs(t, err, new(*metadata.FormatError))
	lies := extendedWebP(0, image.Pt(300, 200), riffChunk("VP8L", stream(picture("busy", 320, 200))))
	_, err = l.Label(t.Context(), new(bytes.Buffer), metadata.Bytes(lies, ""), Artifact{})
	require.ErrorAs(t, err, new(*metadata.FormatError))
}

// A lossy picture goes through cwebp, or gets no notice without it, and the receipt tells.
func TestPeerLossyWebP(t *testing.T) {
	cwebp, dwebp := peer.Tool(t, "cwebp"), peer.Tool(t, "dwebp")
	dir := t.TempDir()
	in := filepath.Join(dir, "in.png")
	for name, m := range map[string]image.Image{"opaque": photo(800, 600), "transparent": translucent(photo(800, 600))} {
		require.NoError(t, os.WriteFile(in, encode(t, m), 0o600))
		peer.Run(t, cwebp, "-quiet", "-q", "80", in, "-o", filepath.Join(dir, "in.webp"))
		b, err := os.ReadFile(filepath.Join(dir, "in.webp"))
		require.NoError(t, err)
		out, layer := noticedWebP(t, b)
		require.True(t, layer.Done, layer.Reason)
		require.Contains(t, layer.Place, "encoded again by cwebp at quality 95")
		before, after := decodedBy(t, dwebp, b), decodedBy(t, dwebp, out)
		r := placed(t, layer)
		quality := psnr(before, after, r)
		t.Logf("%s: %.1f dB, %d to %d bytes", name, quality, len(b), len(out))
		require.Greater(t, quality, 42.0)
		requireSameAlpha(t, before, after, r)
		require.Contains(t, read(t, on(after, color.White).SubImage(r)), "生成")
		again, _ := noticedWebP(t, out)
		require.Equal(t, out, again, "a second time")

		t.Setenv("PATH", "")
		bare, layer := noticedWebP(t, b)
		require.False(t, layer.Done)
		require.Contains(t, layer.Reason, "cwebp: not installed (in Debian's package webp)")
		require.NotEqual(t, b, bare, "the record is written")
		t.Setenv("PATH", filepath.Dir(cwebp)+":/bin:/usr/local/bin")
	}
}

// TestPeerAnimatedWebP: frames of both kinds, as img2webp makes them.
func TestPeerAnimatedWebP(t *testing.T) {
	img2webp, webpmux, dwebp := peer.Tool(t, "img2webp"), peer.Tool(t, "webpmux"), peer.Tool(t, "dwebp")
	peer.Tool(t, "cwebp")
	dir := t.TempDir()
	one, two, in, out := filepath.Join(dir, "1.png"), filepath.Join(dir, "2.png"), filepath.Join(dir, "in.webp"), filepath.Join(dir, "out.webp")
	require.NoError(t, os.WriteFile(one, encode(t, photo(800, 600)), 0o600))
	require.NoError(t, os.WriteFile(two, encode(t, picture("gray", 800, 600)), 0o600))
	peer.Run(t, img2webp, "-loop", "3", "-mixed", "-d", "100", one, "-d", "200", two, "-d", "300", one, "-o", in)
	b, err := os.ReadFile(in)
	require.NoError(t, err)
	noticed, layer := noticedWebP(t, b)
	require.True(t, layer.Done, layer.Reason)
	require.NoError(t, os.WriteFile(out, noticed, 0o600))
	info := peer.Run(t, webpmux, "-info", out)
	require.Contains(t, info, "Loop Count : 3")
	require.Contains(t, info, "Number of frames: 3")
	for i := range 3 {
		frame := filepath.Join(dir, "frame.webp")
		peer.Run(t, webpmux, "-get", "frame", string(rune('1'+i)), out, "-o", frame)
		b, err := os.ReadFile(frame)
		require.NoError(t, err)
		m := decodedBy(t, dwebp, b)
		require.Equal(t, image.Pt(800, 600), m.Bounds().Max, "frame %d", i)
		require.Contains(t, read(t, on(m, color.White).SubImage(placed(t, layer))), "生成", "frame %d", i)
	}
}

func translucent(m image.Image) image.Image {
	out := image.NewNRGBA(m.Bounds())
	for y := range out.Rect.Max.Y {
		for x := range out.Rect.Max.X {
			c := color.NRGBAModel.Convert(m.At(x, y)).(color.NRGBA)
			c.A = uint8(100 + x/5)
			out.SetNRGBA(x, y, c)
		}
	}
	return out
}

// decodedBy returns a picture as a program decodes it to PNG.
func decodedBy(t testing.TB, program string, b []byte) image.Image {
	t.Helper()
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in"), filepath.Join(dir, "out.png")
	require.NoError(t, os.WriteFile(in, b, 0o600))
	args := []string{in, out}
	if strings.Contains(filepath.Base(program), "webp") {
		args = []string{"-quiet", in, "-o", out}
	}
	peer.Run(t, program, args...)
	png, err := os.ReadFile(out)
	require.NoError(t, err)
	return decode(t, png)
}

func requireSameAlpha(t testing.TB, a, b image.Image, but image.Rectangle) {
	t.Helper()
	for y := range a.Bounds().Max.Y {
		for x := range a.Bounds().Max.X {
			_, _, _, v := a.At(x, y).RGBA()
			_, _, _, w := b.At(x, y).RGBA()
			if !image.Pt(x, y).In(but) && v != w {
				require.Equal(t, v, w, "alpha at %d, %d", x, y)
			}
		}
	}
}

// FuzzNoticeWebP: whatever the file, it is refused or gets a notice that is found again.
func FuzzNoticeWebP(f *testing.F) {
	f.Add(riffChunk("RIFF", []byte("WEBP"), riffChunk("VP8L", stream(picture("gray", 100, 60)))))
	f.Add(extendedWebP(2, image.Pt(100, 60), riffChunk("ANIM", make([]byte, 6)), losslessFrame(picture("gray", 100, 60), 0), losslessFrame(picture("gray", 20, 10), clears)))
	f.Fuzz(func(t *testing.T, b []byte) {
		open := func() (*webpCanvas, error) { return newWebPCanvas(bytes.NewReader(b), int64(len(b)), 1<<16, nil) }
		c, err := open()
		if err != nil {
			return
		}
		plan, _, err := planPictureNotice(openWebP, metadata.Bytes(b, ""), Notice{}, metadata.Generated, 1<<16)
		if err != nil || len(plan.Edits()) == 0 {
			return
		}
		again, err := container.WebPPictures(container.NewSource(plan, plan.Size(), container.Limits{}), 1<<24)
		require.NoError(t, err)
		require.Len(t, again.Frames, len(c.Frames))
	})
}
