package gifframes

import (
	"bytes"
	"image"
	"image/color"
	"image/color/palette"
	"image/draw"
	"image/gif"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aigclabel/aigclabel/internal/container"
	"github.com/aigclabel/aigclabel/internal/splice"
)

var (
	mark = image.Rect(60, 40, 90, 55) // where the tests draw
	ink  = color.NRGBA{250, 10, 200, 255}
)

// paint leaves the corners of mark as they are.
func paint(x, y int) (color.NRGBA, bool) {
	return ink, x-mark.Min.X+y-mark.Min.Y > 2 && mark.Max.X-x+mark.Max.Y-y > 3
}

// drawn returns a file with the drawing.
func drawn(t testing.TB, b []byte) []byte {
	t.Helper()
	p, err := Decode(b, 1<<24)
	require.NoError(t, err)
	edits, err := p.Draw(mark, paint)
	require.NoError(t, err)
	plan, err := splice.New(bytes.NewReader(b), int64(len(b)), edits)
	require.NoError(t, err)
	out, err := io.ReadAll(plan.Source())
	require.NoError(t, err)
	return out
}

// shown returns what the screen shows at each frame.
func shown(t testing.TB, b []byte) []*image.NRGBA {
	t.Helper()
	g, err := gif.DecodeAll(bytes.NewReader(b))
	require.NoError(t, err)
	screen := image.NewNRGBA(image.Rect(0, 0, g.Config.Width, g.Config.Height))
	var all []*image.NRGBA
	for i, f := range g.Image {
		before := clone(screen)
		draw.Draw(screen, f.Rect, f, f.Rect.Min, draw.Over)
		all = append(all, clone(screen))
		switch g.Disposal[i] {
		case gif.DisposalBackground:
			draw.Draw(screen, f.Rect, image.Transparent, image.Point{}, draw.Src)
		case gif.DisposalPrevious:
			screen = before
		}
	}
	return all
}

func clone(m *image.NRGBA) *image.NRGBA {
	c := *m
	c.Pix = bytes.Clone(m.Pix)
	return &c
}

// requireDrawn checks that every frame shows the drawing, and else what it showed.
func requireDrawn(t testing.TB, before, after []byte) {
	t.Helper()
	was, is := shown(t, before), shown(t, after)
	require.Len(t, is, len(was))
	for i := range was {
		for y := range was[i].Rect.Max.Y {
			for x := range was[i].Rect.Max.X {
				want := was[i].NRGBAAt(x, y)
				if c, ok := paint(x, y); ok && image.Pt(x, y).In(mark) {
					want = c
				}
				if got := is[i].NRGBAAt(x, y); got != want && got.A+want.A > 0 {
					require.Equal(t, want, got, "frame %d at %d, %d", i, x, y)
				}
			}
		}
	}
}

// A shot is one frame of a test.
type shot struct {
	rect     image.Rectangle
	disposal byte
}

// animation is a file of frames on a screen of 100 by 60 pixels, each of n colours.
func animation(t testing.TB, n int, shots ...shot) []byte {
	t.Helper()
	g := &gif.GIF{Config: image.Config{Width: 100, Height: 60}, LoopCount: 3}
	for i, s := range shots {
		colors := append(color.Palette{color.Transparent}, palette.Plan9[256-n+1:]...)
		m := image.NewPaletted(s.rect, colors)
		for k := range m.Pix {
			m.Pix[k] = byte((k*7/5 + i*13) % n)
		}
		g.Image, g.Delay, g.Disposal = append(g.Image, m), append(g.Delay, 7+i), append(g.Disposal, s.disposal)
	}
	var b bytes.Buffer
	require.NoError(t, gif.EncodeAll(&b, g))
	return b.Bytes()
}

func TestDraw(t *testing.T) {
	full, far, across := image.Rect(0, 0, 100, 60), image.Rect(5, 5, 30, 30), image.Rect(70, 30, 100, 60)
	const keep, background, previous = gif.DisposalNone, gif.DisposalBackground, gif.DisposalPrevious
	for name, shots := range map[string][]shot{
		"one frame":          {{full, 0}},
		"full frames":        {{full, keep}, {full, keep}},
		"full and cleared":   {{full, background}, {full, background}},
		"small beside":       {{full, keep}, {far, keep}, {far, previous}},
		"small over":         {{full, keep}, {across, keep}, {far, keep}},
		"first is small":     {{far, keep}, {full, keep}},
		"stickers":           {{full, background}, {far, background}, {across, background}},
		"cleared and small":  {{full, keep}, {across, background}, {far, keep}, {far, background}},
		"back to the start":  {{far, previous}, {far, previous}, {across, previous}},
		"over, then cleared": {{full, keep}, {full, background}, {across, background}},
	} {
		for _, colors := range []int{2, 16, 200} {
			t.Run(name, func(t *testing.T) {
				b := animation(t, colors, shots...)
				out := drawn(t, b)
				requireDrawn(t, b, out)
				requireDrawn(t, b, drawn(t, out))
				was, err := gif.DecodeAll(bytes.NewReader(b))
				require.NoError(t, err)
				is, err := gif.DecodeAll(bytes.NewReader(out))
				require.NoError(t, err)
				require.Equal(t, was.LoopCount, is.LoopCount)
				require.Equal(t, was.Delay, is.Delay)
			})
		}
	}
}

// TestDrawRefuses: a frame that would have to clear more than before.
func TestDrawRefuses(t *testing.T) {
	full, far := image.Rect(0, 0, 100, 60), image.Rect(5, 5, 30, 30)
	b := animation(t, 16, shot{full, gif.DisposalNone}, shot{mark, gif.DisposalBackground}, shot{far, gif.DisposalBackground})
	p, err := Decode(b, 1<<20)
	require.NoError(t, err)
	_, err = p.Draw(mark, paint)
	require.ErrorIs(t, err, ErrFrames)
}

// TestFullPalette: a frame that uses all 256 colours lends the nearest one, if there
// is one.
func TestFullPalette(t *testing.T) {
	m := image.NewPaletted(image.Rect(0, 0, 100, 60), palette.Plan9)
	for k := range m.Pix {
		m.Pix[k] = byte(k)
	}
	var b bytes.Buffer
	require.NoError(t, gif.EncodeAll(&b, &gif.GIF{Image: []*image.Paletted{m}, Delay: []int{0}}))
	is := shown(t, drawn(t, b.Bytes()))[0]
	at := is.NRGBAAt(75, 47)
	require.InDelta(t, ink.R, at.R, 83)
	require.InDelta(t, ink.G, at.G, 83)
	require.Equal(t, color.NRGBAModel.Convert(palette.Plan9[1]), is.At(1, 0))

	grays := make(color.Palette, 256)
	for i := range grays {
		grays[i] = color.Gray{byte(i)}
	}
	m.Palette = grays
	b.Reset()
	require.NoError(t, gif.EncodeAll(&b, &gif.GIF{Image: []*image.Paletted{m}, Delay: []int{0}}))
	p, err := Decode(b.Bytes(), 1<<20)
	require.NoError(t, err)
	_, err = p.Draw(mark, paint)
	require.ErrorIs(t, err, ErrColors)
}

// fixtures are real files, by name.
func fixtures(t testing.TB) map[string][]byte {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("..", "..", "metadata", "testdata", "gif", "*.gif"))
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	files := map[string][]byte{}
	for _, p := range paths {
		files[filepath.Base(p)], err = os.ReadFile(p)
		require.NoError(t, err)
	}
	return files
}

func TestFixtures(t *testing.T) {
	for name, b := range fixtures(t) {
		p, err := Decode(b, 1<<20)
		require.NoError(t, err, name)
		require.Len(t, p.frames, len(shown(t, b)), name)
		for i := range p.frames {
			_, err := p.indices(&p.frames[i])
			require.NoError(t, err, name)
		}
	}
}

func TestLimits(t *testing.T) {
	b := animation(t, 16, shot{image.Rect(0, 0, 100, 60), 0}, shot{image.Rect(0, 0, 100, 60), 0})
	_, err := Decode(b, 2*100*60-1)
	require.ErrorAs(t, err, new(*container.LimitError))
	far := animation(t, 2, shot{image.Rect(99, 59, 100, 60), 0})
	copy(far[bytes.IndexByte(far, 0x2C)+1:], "\xFF\xFF\xFF\xFF")
	p, err := Decode(far, 1<<20)
	require.NoError(t, err)
	_, err = p.Draw(mark, paint)
	require.ErrorAs(t, err, new(*container.LimitError), "a frame that grows to 4 gigapixels")
	for n := range len(b) {
		_, err := Decode(b[:n], 1<<20)
		require.ErrorAs(t, err, new(*container.FormatError), "cut at %d", n)
	}
}

func FuzzGIFFrames(f *testing.F) {
	for _, b := range fixtures(f) {
		f.Add(b)
	}
	f.Add(animation(f, 16, shot{image.Rect(0, 0, 100, 60), gif.DisposalBackground}, shot{image.Rect(5, 5, 30, 30), gif.DisposalBackground}))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := Decode(b, 1<<16)
		if err != nil {
			return
		}
		n := 0
		if err := p.Luma(func([]float32) { n++ }); err == nil {
			require.Equal(t, p.Height, n)
		}
		edits, err := p.Draw(image.Rect(1, 1, 5, 4), paint)
		if err != nil {
			return
		}
		plan, err := splice.New(bytes.NewReader(b), int64(len(b)), edits)
		require.NoError(t, err)
		out, err := io.ReadAll(plan.Source())
		require.NoError(t, err)
		_, err = Decode(out, 1<<20)
		require.NoError(t, err)
	})
}
