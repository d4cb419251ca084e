package pngrows

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aigclabel/aigclabel/internal/container"
	"github.com/aigclabel/aigclabel/internal/peer"
)

// A shot is a frame of an animation.
type shot struct {
	rect    image.Rectangle
	dispose byte
	over    bool
}

var (
	screen = image.Rect(0, 0, 40, 30)
	mark   = image.Rect(20, 15, 38, 28)
)

// animation returns an APNG file of shots with random pixels, the first of which is the
// default image unless it is hidden. Some are transparent, if alpha is set.
func animation(t testing.TB, hidden, alpha bool, shots ...shot) []byte {
	t.Helper()
	rnd := rand.New(rand.NewPCG(1, 2))
	noise := func(r image.Rectangle) []byte {
		m := image.NewNRGBA(image.Rectangle{Max: r.Size()})
		for i := range m.Pix {
			m.Pix[i] = byte(rnd.Uint32())
			if i%4 == 3 && (!alpha || m.Pix[i] > 99) {
				m.Pix[i] = 0xFF
			}
		}
		var b bytes.Buffer
		if alpha {
			m.Pix[3] = 77
		}
		require.NoError(t, png.Encode(&b, m))
		return b.Bytes()
	}
	body := func(file []byte) (data []byte) {
		for c, err := range container.PNGChunks(container.NewSource(bytes.NewReader(file), int64(len(file)), container.Limits{})) {
			require.NoError(t, err)
			if c.Kind == "IDAT" {
				data = append(data, file[c.Offset+8:c.Offset+c.Length-4]...)
			}
		}
		return data
	}
	first := noise(screen)
	const header = 8 + 25
	out := container.AppendPNGChunk(first[:header:header], "acTL", binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, uint32(len(shots))), 0))
	sequence := uint32(0)
	control := func(s shot) {
		b := binary.BigEndian.AppendUint32(nil, sequence)
		for _, v := range []int{s.rect.Dx(), s.rect.Dy(), s.rect.Min.X, s.rect.Min.Y} {
			b = binary.BigEndian.AppendUint32(b, uint32(v))
		}
		b = append(b, 0, 1, 0, 10, s.dispose, 0)
		if s.over {
			b[25] = 1
		}
		out = container.AppendPNGChunk(out, "fcTL", b)
		sequence++
	}
	if !hidden {
		control(shots[0])
		shots = shots[1:]
	}
	out = container.AppendPNGChunk(out, "IDAT", body(first))
	for _, s := range shots {
		control(s)
		for data := body(noise(s.rect)); len(data) > 0; sequence++ {
			n := min(len(data), 700)
			out = container.AppendPNGChunk(out, "fdAT", append(binary.BigEndian.AppendUint32(nil, sequence), data[:n]...))
			data = data[n:]
		}
	}
	return container.AppendPNGChunk(out, "IEND", nil)
}

// frames returns what is shown, one picture after the other, by the rules of the
// standard, and checks the order of the sequence numbers.
func frames(t testing.TB, b []byte) (all []*image.NRGBA64) {
	t.Helper()
	p := open(t, b)
	next := uint32(0)
	type chunk struct{ blend, dispose byte }
	var controls []chunk
	for c, err := range container.PNGChunks(container.NewSource(bytes.NewReader(b), int64(len(b)), container.Limits{})) {
		require.NoError(t, err)
		if c.Kind == "fcTL" || c.Kind == "fdAT" {
			value := b[c.Offset+8:]
			require.Equal(t, next, binary.BigEndian.Uint32(value))
			next++
			if c.Kind == "fcTL" {
				controls = append(controls, chunk{value[25], value[24]})
			}
		}
	}
	list := make([]*frame, 0, len(controls))
	if p.shown {
		list = append(list, &frame{Picture: *p, dispose: p.dispose})
	}
	for i := range p.frames {
		list = append(list, &p.frames[i])
	}
	require.Len(t, list, len(controls))
	canvas := image.NewNRGBA64(screen)
	for i, f := range list {
		before := image.NewNRGBA64(screen)
		copy(before.Pix, canvas.Pix)
		pixels, err := f.Pixels(f.Bounds())
		require.NoError(t, err)
		op := draw.Src
		if controls[i].blend == 1 {
			op = draw.Over
		}
		draw.Draw(canvas, f.rect(), pixels, image.Point{}, op)
		shown := image.NewNRGBA64(screen)
		copy(shown.Pix, canvas.Pix)
		all = append(all, shown)
		switch dispose := controls[i].dispose; {
		case dispose == disposeBackground, dispose == disposePrevious && i == 0:
			draw.Draw(canvas, f.rect(), image.Transparent, image.Point{}, draw.Src)
		case dispose == disposePrevious:
			canvas = before
		}
	}
	return all
}

var animations = map[string][]shot{
	"whole":      {{rect: screen}, {rect: screen, over: true}, {rect: screen, dispose: disposeBackground}, {rect: screen}},
	"parts":      {{rect: screen}, {rect: image.Rect(0, 0, 10, 10)}, {rect: image.Rect(15, 10, 30, 20), over: true}, {rect: image.Rect(25, 20, 40, 30), dispose: disposePrevious}, {rect: image.Rect(0, 0, 5, 5)}},
	"background": {{rect: screen, dispose: disposeBackground}, {rect: image.Rect(15, 10, 40, 30), over: true}, {rect: image.Rect(0, 0, 9, 9), dispose: disposeBackground}, {rect: image.Rect(10, 10, 25, 25)}},
}

func TestDrawFrames(t *testing.T) {
	ffmpeg := peer.Tool(t, "ffmpeg")
	for name, shots := range animations {
		for _, hidden := range []bool{false, true} {
			for _, alpha := range []bool{false, true} {
				b := animation(t, hidden, alpha, shots...)
				plan, err := open(t, b).Draw(put(checks(mark)))
				require.NoError(t, err, name)
				out := output(t, plan)
				requireDrawn(t, decode(t, b), decode(t, out), checks(mark))
				before, after := frames(t, b), frames(t, out)
				for i := range before {
					requireDrawn(t, before[i], after[i], checks(mark))
				}
				path := filepath.Join(t.TempDir(), "a.png")
				require.NoError(t, os.WriteFile(path, out, 0o600))
				raw := peer.Run(t, ffmpeg, "-v", "error", "-f", "apng", "-i", path, "-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", "rgba", "-")
				require.Len(t, raw, len(after)*4*screen.Dx()*screen.Dy(), name)
				for i := range after {
					at := 4 * ((i*screen.Dy()+mark.Min.Y)*screen.Dx() + mark.Min.X)
					want := narrow(checks(mark).NRGBA64At(mark.Min.X, mark.Min.Y))
					require.Equal(t, string([]byte{want.R, want.G, want.B, want.A}), raw[at:at+4], "%s, frame %d", name, i)
				}
			}
		}
	}
}

func TestDrawFramesOfPalette(t *testing.T) {
	full := palettedAnimation(t, 256)
	few := palettedAnimation(t, 16)
	for _, b := range [][]byte{full, few} {
		plan, err := open(t, b).Draw(mark, func(x, y int, _ color.NRGBA64) color.NRGBA64 {
			return color.NRGBA64{uint16(x * 999), 7 * 257, 9 * 257, 0xFFFF}
		})
		require.NoError(t, err)
		before, after := frames(t, b), frames(t, output(t, plan))
		for i := range before {
			for y := range 30 {
				for x := range 40 {
					if !(image.Point{x, y}).In(mark) {
						require.Equal(t, before[i].NRGBA64At(x, y), after[i].NRGBA64At(x, y), "frame %d", i)
					}
				}
			}
			require.Equal(t, uint16(7*257), after[i].NRGBA64At(mark.Min.X, mark.Min.Y).G)
		}
	}
}

// palettedAnimation returns two whole frames of n colours, and a part.
func palettedAnimation(t testing.TB, n int) []byte {
	t.Helper()
	depth := byte(8)
	if n <= 16 {
		depth = 4
	}
	s := sample{format: format{kind: indexed, depth: depth, colors: colors(n, 0xFF)}, w: screen.Dx(), h: screen.Dy()}
	rnd := rand.New(rand.NewPCG(1, 2))
	b := s.encode(rnd)
	b = b[:bytes.Index(b, []byte("tIME"))-4]
	at := 8 + 25
	rest := bytes.Clone(b[at:])
	control := func(sequence uint32, r image.Rectangle) []byte {
		v := binary.BigEndian.AppendUint32(nil, sequence)
		for _, n := range []int{r.Dx(), r.Dy(), r.Min.X, r.Min.Y} {
			v = binary.BigEndian.AppendUint32(v, uint32(n))
		}
		return container.AppendPNGChunk(nil, "fcTL", append(v, 0, 1, 0, 10, 0, 0))
	}
	b = container.AppendPNGChunk(b[:at:at], "acTL", []byte{0, 0, 0, 2, 0, 0, 0, 0})
	b = append(append(b, control(0, screen)...), rest...)
	part := image.Rect(10, 10, 30, 25)
	s.w, s.h = part.Dx(), part.Dy()
	b = append(b, control(1, part)...)
	b = container.AppendPNGChunk(b, "fdAT", append([]byte{0, 0, 0, 2}, deflated(s.rows(rnd))...))
	return container.AppendPNGChunk(b, "IEND", nil)
}

func TestDrawFramesRefuses(t *testing.T) {
	for name, shots := range map[string][]shot{
		"part after a clear":   {{rect: screen, dispose: disposeBackground}, {rect: image.Rect(0, 0, 25, 30)}},
		"part is cleared":      {{rect: screen}, {rect: image.Rect(15, 10, 30, 20), dispose: disposeBackground}, {rect: image.Rect(0, 0, 9, 9)}},
		"first goes like that": {{rect: screen, dispose: disposePrevious}, {rect: image.Rect(0, 0, 25, 30)}},
	} {
		_, err := open(t, animation(t, false, true, shots...)).Draw(put(checks(mark)))
		require.ErrorIs(t, err, ErrFrames, name)
	}
}

func TestBrokenFrames(t *testing.T) {
	b := animation(t, false, false, animations["parts"]...)
	for name, change := range map[string]func([]byte) []byte{
		"control before the header's end": func(b []byte) []byte {
			return bytes.Replace(b, []byte("fcTL\x00\x00\x00\x00\x00\x00\x00\x28"), []byte("fcTL\x00\x00\x00\x00\x00\x00\x00\x29"), 1)
		},
		"frame beyond the edge": func(b []byte) []byte {
			return bytes.Replace(b, []byte("fcTL\x00\x00\x00\x01\x00\x00\x00\x0a"), []byte("fcTL\x00\x00\x00\x01\x00\x00\x00\x2a"), 1)
		},
		"wrong data": func(b []byte) []byte { i := bytes.LastIndex(b, []byte("fdAT")); b[i+9] ^= 1; return b },
	} {
		changed := change(bytes.Clone(b))
		require.NotEqual(t, b, changed, name)
		p, err := Open(bytes.NewReader(changed), int64(len(changed)), maxPixels)
		if err == nil {
			_, err = p.Draw(put(checks(image.Rect(0, 0, 40, 30))))
		}
		require.ErrorAs(t, err, new(*container.FormatError), name)
	}
	_, err := Open(bytes.NewReader(b), int64(len(b)), 40*30+10)
	require.ErrorAs(t, err, new(*container.LimitError))
}
