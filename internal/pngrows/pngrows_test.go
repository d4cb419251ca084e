package pngrows

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/aigclabel/aigclabel/internal/container"
	"github.com/aigclabel/aigclabel/internal/splice"
	"github.com/stretchr/testify/require"
)

const maxPixels = 1 << 22

// A sample is a PNG file of random pixels, made row by row with random filters.
type sample struct {
	format
	w, h  int
	extra []chunk // between IHDR and IDAT
}

func (s sample) String() string {
	return fmt.Sprintf("kind %d depth %d interlaced %t key %v %dx%d", s.kind, s.depth, s.interlaced, s.key, s.w, s.h)
}

func (s sample) encode(rnd *rand.Rand) []byte {
	header := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, uint32(s.w)), uint32(s.h))
	header = append(header, s.depth, s.kind, 0, 0, 0)
	if s.interlaced {
		header[12] = 1
	}
	b := container.AppendPNGChunk([]byte("\x89PNG\r\n\x1a\n"), "IHDR", header)
	var palette, key []byte
	for _, c := range s.colors {
		palette = append(palette, c.R, c.G, c.B)
		key = append(key, c.A)
	}
	for _, v := range s.key {
		key = binary.BigEndian.AppendUint16(key, v)
	}
	if palette != nil {
		b = container.AppendPNGChunk(b, "PLTE", palette)
	}
	if key != nil {
		b = container.AppendPNGChunk(b, "tRNS", key)
	}
	for _, c := range s.extra {
		b = container.AppendPNGChunk(b, c.Kind, c.value)
	}
	data := deflated(s.rows(rnd))
	for len(data) > 0 {
		n := min(len(data), 1+rnd.IntN(1000))
		b = container.AppendPNGChunk(b, "IDAT", data[:n])
		data = data[n:]
	}
	b = container.AppendPNGChunk(b, "tIME", []byte{7, 234, 1, 2, 3, 4, 5})
	return append(container.AppendPNGChunk(b, "IEND", nil), "trailing"...)
}

// rows returns the filtered rows.
func (s sample) rows(rnd *rand.Rand) []byte {
	var all []byte
	for _, p := range s.passes(s.w, s.h) {
		row, prior := make([]byte, s.rowSize(p.width)), make([]byte, s.rowSize(p.width))
		for range p.height {
			for i := range p.width * s.channels() {
				v := uint16(rnd.Uint32()) & s.max()
				if s.colors != nil {
					v = uint16(rnd.IntN(len(s.colors)))
				}
				s.setSample(row, i, v)
			}
			line := make([]byte, 1+len(row))
			line[0] = byte(rnd.IntN(5))
			filtered(line[1:], line[0], row, prior, s.step())
			all = append(all, line...)
			prior, row = row, prior
		}
	}
	return all
}

func deflated(b []byte) []byte {
	var out bytes.Buffer
	z := zlib.NewWriter(&out)
	z.Write(b)
	z.Close()
	return out.Bytes()
}

func colors(n int, alpha uint8) []color.NRGBA {
	var all []color.NRGBA
	for i := range n {
		all = append(all, color.NRGBA{uint8(i * 7), uint8(i), uint8(255 - i), alpha | uint8(i)})
	}
	return all
}

// samples has one of each colour type, bit depth and kind of transparency, each
// as it is and interlaced.
func samples() []sample {
	var all []sample
	add := func(f format) {
		for _, size := range [][2]int{{37, 23}, {3, 5}, {1, 1}} {
			f.interlaced = false
			all = append(all, sample{format: f, w: size[0], h: size[1]})
			f.interlaced = true
			all = append(all, sample{format: f, w: size[0], h: size[1]})
		}
	}
	for _, depth := range []byte{1, 2, 4, 8, 16} {
		add(format{kind: gray, depth: depth})
		add(format{kind: gray, depth: depth, key: []uint16{1}})
	}
	for _, depth := range []byte{1, 2, 4, 8} {
		add(format{kind: indexed, depth: depth, colors: colors(1<<depth, 0xFF)})
		add(format{kind: indexed, depth: depth, colors: colors(min(1<<depth, 200), 0)})
	}
	for _, depth := range []byte{8, 16} {
		add(format{kind: hasColor, depth: depth})
		add(format{kind: hasColor, depth: depth, key: []uint16{1, 2, 3}})
		add(format{kind: hasAlpha, depth: depth})
		add(format{kind: hasColor | hasAlpha, depth: depth})
	}
	return all
}

func open(t testing.TB, b []byte) *Picture {
	t.Helper()
	p, err := Open(bytes.NewReader(b), int64(len(b)), maxPixels)
	require.NoError(t, err)
	return p
}

// decode is the oracle: what the standard library sees.
func decode(t testing.TB, b []byte) image.Image {
	t.Helper()
	img, err := png.Decode(bytes.NewReader(b))
	require.NoError(t, err)
	return img
}

func output(t testing.TB, p *splice.Plan) []byte {
	t.Helper()
	b, err := io.ReadAll(p.Source())
	require.NoError(t, err)
	return b
}

// gray levels, so that every format can hold what is drawn.
func checks(r image.Rectangle) *image.NRGBA64 {
	img := image.NewNRGBA64(r)
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			v := uint16((x + y) % 2 * 0xFFFF)
			img.SetNRGBA64(x, y, color.NRGBA64{v, v, v, 0xFFFF})
		}
	}
	return img
}

// put is how to draw img where it lies.
func put(img *image.NRGBA64) (image.Rectangle, Paint) {
	return img.Rect, func(x, y int, _ color.NRGBA64) color.NRGBA64 { return img.NRGBA64At(x, y) }
}

func TestDraw(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for _, s := range samples() {
		t.Run(s.String(), func(t *testing.T) {
			b := s.encode(rnd)
			p, before := open(t, b), decode(t, b)
			for _, r := range []image.Rectangle{p.Bounds(), image.Rect(s.w/2, s.h/2, s.w, s.h), image.Rect(0, 0, (s.w+1)/2, (s.h+2)/3)} {
				plan, err := p.Draw(put(checks(r)))
				require.NoError(t, err)
				b := output(t, plan)
				requireDrawn(t, before, decode(t, b), checks(r))
				require.True(t, bytes.HasSuffix(b, []byte("IEND\xaeB`\x82trailing")))
				require.Equal(t, s.interlaced, open(t, b).interlaced)
			}
		})
	}
}

// requireDrawn checks that after is before with img drawn into it.
func requireDrawn(t testing.TB, before, after image.Image, img *image.NRGBA64) {
	t.Helper()
	require.Equal(t, before.Bounds(), after.Bounds())
	r := before.Bounds()
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			want, got := exact(before.At(x, y)), exact(after.At(x, y))
			if image.Pt(x, y).In(img.Rect) {
				want = img.NRGBA64At(x, y)
			}
			if want != got {
				require.Equal(t, want, got, "%d, %d", x, y)
			}
		}
	}
}

// exact returns c without the loss of premultiplied alpha.
func exact(c color.Color) color.NRGBA64 {
	if c, ok := c.(color.NRGBA); ok {
		return widen(c)
	}
	return color.NRGBA64Model.Convert(c).(color.NRGBA64)
}

func TestPixels(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	for _, s := range samples() {
		b := s.encode(rnd)
		p, want := open(t, b), decode(t, b)
		r := image.Rect(s.w/3, s.h/3, s.w, s.h)
		img, err := p.Pixels(r)
		require.NoError(t, err)
		require.Equal(t, r, img.Rect)
		for y := r.Min.Y; y < r.Max.Y; y++ {
			for x := r.Min.X; x < r.Max.X; x++ {
				c, got := exact(want.At(x, y)), img.NRGBA64At(x, y)
				if p.key != nil && !p.crudeKey() {
					c.A = 0xFFFF
				}
				if c != got {
					require.Equal(t, c, got, "%v at %d, %d", s, x, y)
				}
			}
		}
	}
}

func TestDrawSamePixels(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 6))
	for _, s := range samples() {
		if s.crudeKey() {
			continue // becomes gray with alpha
		}
		b := s.encode(rnd)
		p := open(t, b)
		img, err := p.Pixels(p.Bounds())
		require.NoError(t, err)
		plan, err := p.Draw(put(img))
		require.NoError(t, err)
		require.Equal(t, inflated(t, p), inflated(t, open(t, output(t, plan))), "%v: filters and rows", s)
	}
}

func inflated(t testing.TB, p *Picture) []byte {
	t.Helper()
	rows, err := p.open()
	require.NoError(t, err)
	b, err := io.ReadAll(rows.z)
	require.NoError(t, err)
	return b
}

func TestDrawKeepsFilters(t *testing.T) {
	s := sample{format: format{kind: hasColor, depth: 8}, w: 40, h: 30}
	p := open(t, s.encode(rand.New(rand.NewPCG(7, 8))))
	plan, err := p.Draw(put(checks(image.Rect(10, 10, 20, 20))))
	require.NoError(t, err)
	before, after := inflated(t, p), inflated(t, open(t, output(t, plan)))
	line := 1 + p.rowSize(s.w)
	require.Equal(t, before[:10*line], after[:10*line])
	require.Equal(t, before[21*line:], after[21*line:])
	for y := range s.h {
		require.Equal(t, before[y*line], after[y*line], "filter of row %d", y)
	}
}

func TestDrawChangesDependentChunks(t *testing.T) {
	background := chunk{container.PNGChunk{Kind: "bKGD"}, []byte{1}}
	bits := chunk{container.PNGChunk{Kind: "sBIT"}, []byte{5, 6, 5}}
	used := chunk{container.PNGChunk{Kind: "hIST"}, bytes.Repeat([]byte{0, 9}, 256)}
	tests := map[string]struct {
		sample
		kind, depth byte
		chunks      map[string][]byte
	}{
		"palette grows": {
			sample{format: format{kind: indexed, depth: 1, colors: colors(2, 0)}, w: 9, h: 9, extra: []chunk{background, bits, {used.PNGChunk, used.value[:4]}}},
			indexed, 2,
			map[string][]byte{
				"PLTE": {0, 0, 255, 7, 1, 254, 0, 0, 0, 255, 255, 255},
				"tRNS": {0, 1}, "bKGD": {1}, "sBIT": {5, 6, 5}, "hIST": {0, 9, 0, 9, 0, 1, 0, 1},
			},
		},
		"full palette": {
			sample{format: format{kind: indexed, depth: 8, colors: colors(256, 0xFF)}, w: 9, h: 9, extra: []chunk{background, bits, used}},
			hasColor, 8,
			map[string][]byte{"tRNS": nil, "bKGD": {0, 7, 0, 1, 0, 254}, "sBIT": {5, 6, 5}, "hIST": used.value},
		},
		"full palette with transparency": {
			sample{format: format{kind: indexed, depth: 8, colors: colors(256, 0)}, w: 9, h: 9, extra: []chunk{background, bits}},
			hasColor | hasAlpha, 8,
			map[string][]byte{"tRNS": nil, "bKGD": {0, 7, 0, 1, 0, 254}, "sBIT": {5, 6, 5, 8}},
		},
		"gray of 2 bits with a transparent level": {
			sample{format: format{kind: gray, depth: 2, key: []uint16{3}}, w: 9, h: 9, extra: []chunk{
				{background.PNGChunk, []byte{0, 2}}, {bits.PNGChunk, []byte{2}}}},
			hasAlpha, 8,
			map[string][]byte{"tRNS": nil, "bKGD": {0, 170}, "sBIT": {2, 8}},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			b := tt.encode(rand.New(rand.NewPCG(9, 10)))
			plan, err := open(t, b).Draw(put(checks(image.Rect(2, 2, 5, 5))))
			require.NoError(t, err)
			after := output(t, plan)
			p := open(t, after)
			require.Equal(t, [2]byte{tt.kind, tt.depth}, [2]byte{p.kind, p.depth})
			requireDrawn(t, decode(t, b), decode(t, after), checks(image.Rect(2, 2, 5, 5)))
			for kind, want := range tt.chunks {
				if want == nil {
					require.Nil(t, p.find(kind), kind)
					continue
				}
				require.Equal(t, want, p.find(kind).value, kind)
			}
		})
	}
}

// A color that would be the transparent one is drawn as its neighbour.
func TestDrawAvoidsTransparentColor(t *testing.T) {
	s := sample{format: format{kind: hasColor, depth: 8, key: []uint16{0, 0, 0}}, w: 4, h: 4}
	p := open(t, s.encode(rand.New(rand.NewPCG(11, 12))))
	img := image.NewNRGBA64(image.Rect(1, 1, 2, 2))
	img.Set(1, 1, color.Black)
	plan, err := p.Draw(put(img))
	require.NoError(t, err)
	require.Equal(t, color.NRGBA{0, 0, 1, 255}, decode(t, output(t, plan)).At(1, 1))
}

func TestBrokenFiles(t *testing.T) {
	rnd := rand.New(rand.NewPCG(13, 14))
	good := sample{format: format{kind: indexed, depth: 8, colors: colors(3, 0xFF)}, w: 40, h: 40}.encode(rnd)
	chunks := func(s sample, more ...chunk) []byte {
		s.extra = more
		return s.encode(rnd)
	}
	rgb := sample{format: format{kind: hasColor, depth: 8}, w: 4, h: 4}
	named := func(kind string, value ...byte) chunk { return chunk{container.PNGChunk{Kind: kind}, value} }
	tests := map[string]struct {
		b    []byte
		want string
	}{
		"empty":               {nil, "truncated"},
		"not PNG":             {[]byte("GIF89a..."), "no PNG signature"},
		"cut":                 {good[:len(good)-40], "truncated"},
		"no pixels":           {append(good[:33:33], "\x00\x00\x00\x00IEND\xaeB`\x82"...), "no IDAT"},
		"illegal depth":       {chunks(sample{format: format{kind: hasColor, depth: 4}, w: 2, h: 2}), "illegal values"},
		"second header":       {chunks(rgb, named("IHDR", make([]byte, 13)...)), "second IHDR"},
		"alpha twice":         {chunks(sample{format: format{kind: hasAlpha, depth: 8}, w: 2, h: 2}, named("tRNS", 0, 0)), "wrong place"},
		"long palette":        {chunks(sample{format: format{kind: indexed, depth: 1, colors: colors(3, 0xFF)}, w: 2, h: 2}), "PLTE chunk"},
		"short key":           {chunks(rgb, named("tRNS", 0, 0)), "tRNS chunk of wrong length"},
		"critical chunk":      {chunks(rgb, named("ABCD")), "unknown critical chunk"},
		"wrong checksum":      {bytes.Replace(good, []byte("tRNS\xff"), []byte("tRNS\xfe"), 1), "wrong checksum"},
		"wrong IDAT checksum": {flip(good, bytes.Index(good, []byte("tIME"))-5), "IDAT chunk: wrong checksum"},
		"corrupt pixels":      {flip(good, bytes.Index(good, []byte("IDAT"))+40), "corrupt input"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p, err := Open(bytes.NewReader(tt.b), int64(len(tt.b)), maxPixels)
			if err == nil {
				_, err = p.Draw(put(checks(p.Bounds())))
			}
			require.ErrorContains(t, err, tt.want)
			require.ErrorAs(t, err, new(*container.FormatError))
		})
	}
}

func flip(b []byte, i int) []byte {
	b = bytes.Clone(b)
	b[i] ^= 0x55
	return b
}

func TestPaletteIndexOutOfRange(t *testing.T) {
	s := sample{format: format{kind: indexed, depth: 8}, w: 9, h: 9}
	b := s.encode(rand.New(rand.NewPCG(15, 16)))
	b = append(container.AppendPNGChunk(b[:33:33], "PLTE", make([]byte, 9)), b[33:]...)
	_, err := open(t, b).Draw(put(checks(image.Rect(0, 0, 2, 2))))
	require.ErrorContains(t, err, "not in the palette", "a palette that grows would give such pixels a colour")
}

func TestPixelLimit(t *testing.T) {
	b := sample{format: format{kind: gray, depth: 1}, w: 100, h: 11}.encode(rand.New(rand.NewPCG(17, 18)))
	_, err := Open(bytes.NewReader(b), int64(len(b)), 1099)
	require.ErrorAs(t, err, new(*container.LimitError))
	for _, size := range [][2]uint32{{1<<31 - 1, 1<<31 - 1}, {maxWidth + 1, 1}} {
		binary.BigEndian.PutUint32(b[16:], size[0])
		binary.BigEndian.PutUint32(b[20:], size[1])
		b = append(container.AppendPNGChunk(b[:8:8], "IHDR", b[16:29]), b[33:]...)
		_, err = Open(bytes.NewReader(b), int64(len(b)), 1<<40)
		require.ErrorAs(t, err, new(*container.LimitError))
	}
}

var errDisk = errors.New("disk on fire")

type badDisk struct{ io.ReaderAt }

func (d badDisk) ReadAt(b []byte, off int64) (int, error) {
	if off > 40<<10 {
		return 0, errDisk
	}
	return d.ReaderAt.ReadAt(b, off)
}

func TestReadErrors(t *testing.T) {
	s := sample{format: format{kind: hasColor, depth: 16}, w: 200, h: 100}
	b := s.encode(rand.New(rand.NewPCG(19, 20)))
	p := open(t, b)
	p.r = badDisk{bytes.NewReader(b)}
	_, err := p.Draw(put(checks(p.Bounds())))
	require.ErrorIs(t, err, errDisk)
	_, err = p.Pixels(p.Bounds())
	require.ErrorIs(t, err, errDisk)
}

func FuzzDraw(f *testing.F) {
	rnd := rand.New(rand.NewPCG(21, 22))
	for _, s := range samples() {
		f.Add(s.encode(rnd), uint8(s.w/2), uint8(s.h/2), uint8(s.w), uint8(s.h))
	}
	for _, shots := range animations {
		f.Add(animation(f, false, true, shots...), uint8(20), uint8(15), uint8(30), uint8(25))
	}
	f.Add(palettedAnimation(f, 16), uint8(20), uint8(15), uint8(30), uint8(25))
	f.Fuzz(func(t *testing.T, b []byte, x0, y0, x1, y1 uint8) {
		p, err := Open(bytes.NewReader(b), int64(len(b)), 1<<12)
		if err != nil {
			requireTyped(t, err)
			return
		}
		img := checks(image.Rect(int(x0), int(y0), int(x1), int(y1)).Intersect(p.Bounds()))
		plan, err := p.Draw(put(img))
		if errors.Is(err, ErrFrames) {
			return
		}
		if err != nil {
			requireTyped(t, err)
			return
		}
		before, err := png.Decode(bytes.NewReader(b))
		if err != nil {
			return // the standard library is stricter
		}
		requireDrawn(t, before, decode(t, output(t, plan)), img)
	})
}

func requireTyped(t testing.TB, err error) {
	t.Helper()
	var bad *container.FormatError
	var limit *container.LimitError
	require.True(t, errors.As(err, &bad) || errors.As(err, &limit), "%v", err)
	require.False(t, strings.Contains(err.Error(), "%!"), err)
}
