package label

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/image/font/gofont/goregular"

	"github.com/aigclabel/aigclabel/internal/container"
	"github.com/aigclabel/aigclabel/metadata"
)

const manyPixels = 1 << 25

// pictures are backgrounds that are easy and hard to write on.
var pictures = map[string]func(x, y int) color.NRGBA{
	"light": func(x, y int) color.NRGBA { return color.NRGBA{235, 240, 250, 255} },
	"dark":  func(x, y int) color.NRGBA { return color.NRGBA{10, 20, 30, 255} },
	"gray":  func(x, y int) color.NRGBA { return color.NRGBA{140, 140, 140, 255} },
	"checker": func(x, y int) color.NRGBA {
		return color.NRGBA{uint8((x/9 + y/9) % 2 * 255), uint8((x/9 + y/9) % 2 * 255), 0, 255}
	},
	"busy": func(x, y int) color.NRGBA {
		return color.NRGBA{uint8(x * y), uint8(x*7 ^ y*13), uint8(y * 3), 255}
	},
	"transparent": func(x, y int) color.NRGBA { return color.NRGBA{uint8(x), uint8(y), 90, uint8(x * 3)} },
}

func picture(name string, w, h int) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			img.SetNRGBA(x, y, pictures[name](x, y))
		}
	}
	return img
}

func encode(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, png.Encode(&b, img))
	return b.Bytes()
}

func decode(t testing.TB, b []byte) image.Image {
	t.Helper()
	img, err := png.Decode(bytes.NewReader(b))
	require.NoError(t, err)
	return img
}

// noticed returns a PNG file with the notice, and where that is.
func noticed(t testing.TB, b []byte, n Notice) ([]byte, image.Rectangle) {
	t.Helper()
	plan, r, err := planPictureNotice(openPNG, metadata.Bytes(b, ""), n, metadata.Generated, manyPixels)
	require.NoError(t, err)
	out, err := io.ReadAll(plan.Source())
	require.NoError(t, err)
	return out, r
}

// requireSameOutside checks that two pictures differ only in r.
func requireSameOutside(t testing.TB, before, after image.Image, r image.Rectangle) {
	t.Helper()
	require.Equal(t, before.Bounds(), after.Bounds())
	for y := range before.Bounds().Max.Y {
		for x := range before.Bounds().Max.X {
			if a, b := before.At(x, y), after.At(x, y); !image.Pt(x, y).In(r) && !sameColor(a, b) {
				require.Equal(t, a, b, "at %d, %d", x, y)
			}
		}
	}
}

func sameColor(a, b color.Color) bool {
	r, g, bl, al := a.RGBA()
	r2, g2, b2, al2 := b.RGBA()
	return r == r2 && g == g2 && bl == b2 && al == al2
}

// on returns a picture as a viewer shows it, on a background.
func on(img image.Image, background color.Color) *image.NRGBA64 {
	out := image.NewNRGBA64(img.Bounds())
	draw.Draw(out, out.Rect, image.NewUniform(background), image.Point{}, draw.Src)
	draw.Draw(out, out.Rect, img, image.Point{}, draw.Over)
	return out
}

// A measure is what a reader sees of a notice.
type measure struct {
	text    color.NRGBA64
	heights []int   // of the letters, from their first to their last inked row
	worst   float64 // the lowest contrast of the letters to the plate above them
}

// measured looks at the notice in r of a picture, and at nothing else. Where the
// plate has its round corners there is no letter.
func measured(img *image.NRGBA64, r image.Rectangle) measure {
	m := measure{text: white, worst: 21}
	corner := int(ample.radius*float64(leastLetter(img.Rect.Max))) + 1
	r.Min.X, r.Max.X = r.Min.X+corner, r.Max.X-corner
	top := image.Pt(r.Min.X+r.Dx()/2, r.Min.Y)
	if contrast(white, img.NRGBA64At(top.X, top.Y)) < minContrast {
		m.text = black
	}
	ink := map[image.Point]bool{}
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			if contrast(m.text, img.NRGBA64At(x, y)) < 2.5 {
				ink[image.Pt(x, y)] = true
			}
		}
	}
	inked := func(r image.Rectangle) bool {
		for y := r.Min.Y; y < r.Max.Y; y++ {
			for x := r.Min.X; x < r.Max.X; x++ {
				if ink[image.Pt(x, y)] {
					return true
				}
			}
		}
		return false
	}
	rows := func(r image.Rectangle) []image.Rectangle {
		return runs(r.Min.Y, r.Max.Y, func(a, b int) image.Rectangle { return image.Rect(r.Min.X, a, r.Max.X, b) }, inked)
	}
	for _, line := range rows(r) {
		for _, letter := range runs(line.Min.X, line.Max.X, func(a, b int) image.Rectangle { return image.Rect(a, line.Min.Y, b, line.Max.Y) }, inked) {
			strokes := rows(letter)
			height := strokes[len(strokes)-1].Max.Y - strokes[0].Min.Y
			if height > line.Dy()/3 { // not a hyphen
				m.heights = append(m.heights, height)
			}
		}
	}
	for y := r.Min.Y; y < rows(r)[0].Min.Y-1; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			m.worst = min(m.worst, contrast(m.text, img.NRGBA64At(x, y)))
		}
	}
	return m
}

// leastLetter is the clause: 5 % of the shortest side, and for us 16 pixels.
func leastLetter(picture image.Point) int { return max(16, (min(picture.X, picture.Y)+19)/20) }

// runs returns the strips, one position wide each, that are inked, adjacent ones as one.
func runs(from, to int, strip func(a, b int) image.Rectangle, inked func(image.Rectangle) bool) []image.Rectangle {
	var all []image.Rectangle
	start := from
	for i := from; i <= to; i++ {
		if i < to && inked(strip(i, i+1)) {
			continue
		}
		if i > start {
			all = append(all, strip(start, i))
		}
		start = i + 1
	}
	return all
}

func TestNoticeOnPictures(t *testing.T) {
	for name := range pictures {
		for _, size := range []image.Point{{64, 64}, {320, 200}, {200, 320}, {900, 700}} {
			t.Run(fmt.Sprintf("%s %v", name, size), func(t *testing.T) {
				b := encode(t, picture(name, size.X, size.Y))
				out, r := noticed(t, b, Notice{})
				requireSameOutside(t, decode(t, b), decode(t, out), r)
				require.True(t, r.Max.X > size.X*9/10 && r.Max.Y > size.Y*9/10 && r.In(image.Rectangle{Max: size}), "bottom right: %v", r)
				again, _ := noticed(t, out, Notice{})
				require.Equal(t, out, again, "a second time")
			})
		}
	}
}

// The clause asks for letters of 5 % of the shortest side. That holds for the lowest
// letter as it is drawn, whatever the background, also behind transparent pixels.
func TestNoticeLetters(t *testing.T) {
	for name := range pictures {
		for _, size := range []image.Point{{320, 200}, {480, 640}, {1000, 100}} {
			for _, n := range []Notice{{Text: "AI生成"}, {Text: "AI generated", Language: "en"}, {Language: "zh-Hans+en"}} {
				t.Run(fmt.Sprintf("%s %v %v", name, size, n), func(t *testing.T) {
					out, r := noticed(t, encode(t, picture(name, size.X, size.Y)), n)
					for _, background := range []color.Color{color.White, color.Black} {
						m := measured(on(decode(t, out), background), r)
						require.Greater(t, len(m.heights), 2)
						require.GreaterOrEqual(t, slices.Min(m.heights), leastLetter(size), m.heights)
						require.GreaterOrEqual(t, m.worst, minContrast)
					}
				})
			}
		}
	}
}

func TestNoticeOnLargePicture(t *testing.T) {
	out, r := noticed(t, encode(t, picture("busy", 2000, 1500)), Notice{})
	require.Less(t, r.Dx()*r.Dy(), 2000*1500/40, "hides a fortieth at most")
	require.GreaterOrEqual(t, slices.Min(measured(on(decode(t, out), color.White), r).heights), 75)
}

// On a white or a black picture, and in one where the plate is rounded to few levels.
func TestInkContrast(t *testing.T) {
	for _, k := range []ink{dark, light} {
		for v := range 256 {
			below := color.NRGBA64{uint16(v) * 257, uint16(v) * 257, uint16(v) * 257, 0xFFFF}
			plate := over(below, k.plate, k.opacity)
			for _, levels := range []float64{1, 3, 15, 255} {
				level := uint16(math.Round(float64(plate.R)/0xFFFF*levels) / levels * 0xFFFF)
				require.GreaterOrEqual(t, contrast(k.text, color.NRGBA64{level, level, level, 0xFFFF}), minContrast)
			}
		}
	}
}

func TestNoticeCorners(t *testing.T) {
	b := encode(t, picture("busy", 400, 300))
	for corner, want := range map[Corner]image.Point{BottomRight: {399, 299}, BottomLeft: {0, 299}, TopRight: {399, 0}, TopLeft: {0, 0}} {
		_, r := noticed(t, b, Notice{Corner: corner})
		require.True(t, want.In(r.Inset(-10)), "corner %d: %v", corner, r)
	}
}

// palette returns a picture of n colours, of which the first is the darkest.
func palette(n int, lightest uint8) *image.Paletted {
	var colors color.Palette
	for i := range n {
		v := uint8(i * int(lightest) / n)
		colors = append(colors, color.NRGBA{v, v, uint8(i), 255})
	}
	img := image.NewPaletted(image.Rect(0, 0, 300, 200), colors)
	for i := range img.Pix {
		img.Pix[i] = uint8(i * 7 % n)
	}
	return img
}

func TestNoticeKeepsColorType(t *testing.T) {
	gray, gray16, rgb16 := image.NewGray(image.Rect(0, 0, 300, 200)), image.NewGray16(image.Rect(0, 0, 300, 200)), image.NewNRGBA64(image.Rect(0, 0, 300, 200))
	for i := range rgb16.Pix {
		rgb16.Pix[i] = uint8(i * i)
	}
	for name, tt := range map[string]struct {
		img         image.Image
		kind, depth byte
	}{
		"gray":              {gray, 0, 8},
		"gray of 16 bits":   {gray16, 0, 16},
		"RGBA of 16 bits":   {rgb16, 6, 16},
		"RGBA":              {picture("transparent", 300, 200), 6, 8},
		"RGB":               {picture("busy", 300, 200), 2, 8},
		"palette of 2":      {palette(2, 255), 3, 4},
		"palette of 10":     {palette(10, 255), 3, 4},
		"palette of 250":    {palette(250, 255), 3, 8},
		"full palette":      {palette(256, 255), 3, 8},
		"full dark palette": {palette(256, 90), 2, 8},
	} {
		t.Run(name, func(t *testing.T) {
			b := encode(t, tt.img)
			out, r := noticed(t, b, Notice{})
			require.Equal(t, []byte{tt.depth, tt.kind}, out[24:26])
			requireSameOutside(t, tt.img, decode(t, out), r)
			m := measured(on(decode(t, out), color.White), r)
			require.GreaterOrEqual(t, m.worst, minContrast)
			again, _ := noticed(t, out, Notice{})
			require.Equal(t, out, again, "a second time")
		})
	}
}

// chunks returns the chunks of a PNG file but for those of the pixels.
func chunks(t testing.TB, b []byte) [][]byte {
	t.Helper()
	var all [][]byte
	for c, err := range container.PNGChunks(container.NewSource(bytes.NewReader(b), int64(len(b)), container.Limits{})) {
		require.NoError(t, err)
		if c.Kind != "IDAT" {
			all = append(all, b[c.Offset:c.Offset+c.Length])
		}
	}
	return all
}

// withChunk puts a chunk behind the header.
func withChunk(b []byte, kind string, value []byte) []byte {
	const header = 8 + 25
	return append(container.AppendPNGChunk(b[:header:header], kind, value), b[header:]...)
}

func TestNoticeKeepsChunks(t *testing.T) {
	b := encode(t, picture("busy", 300, 200))
	for i, kind := range []string{"gAMA", "cHRM", "sRGB", "iCCP", "pHYs", "tEXt", "iTXt", "eXIf", "tIME", "sBIT", "bKGD", "caBX", "prVt"} {
		b = withChunk(b, kind, bytes.Repeat([]byte{byte(i), 0}, i+1))
	}
	b = append(b, "trailing"...)
	out, _ := noticed(t, b, Notice{})
	require.Equal(t, chunks(t, b), chunks(t, out))
	require.True(t, bytes.HasSuffix(out, []byte("trailing")))
}

// exif returns an Exif block with an orientation, behind another tag.
func exif(order binary.AppendByteOrder, mark string, orientation uint16) []byte {
	b := order.AppendUint16([]byte(mark), 42)
	b = order.AppendUint32(b, 8)
	b = order.AppendUint16(b, 2)
	for _, e := range [][4]uint16{{0x0100, 3, 1, 7}, {0x0112, 3, 1, orientation}} {
		b = order.AppendUint16(order.AppendUint16(b, e[0]), e[1])
		b = order.AppendUint32(b, uint32(e[2]))
		b = order.AppendUint16(order.AppendUint16(b, e[3]), 0)
	}
	return order.AppendUint32(b, 0)
}

// What is shown is the same for every way in which a picture can be stored.
func TestNoticeOrientation(t *testing.T) {
	shown := picture("busy", 400, 300)
	want, rect := noticed(t, encode(t, shown), Notice{Corner: BottomLeft})
	for o := 1; o <= 8; o++ {
		v := view{400, 300, o}
		if o >= 5 {
			v.w, v.h = 300, 400
		}
		stored := image.NewNRGBA(image.Rect(0, 0, v.w, v.h))
		for y := range 300 {
			for x := range 400 {
				at := v.stored(image.Pt(x, y))
				stored.Set(at.X, at.Y, shown.At(x, y))
			}
		}
		b := withChunk(encode(t, stored), "eXIf", exif(binary.LittleEndian, "II", uint16(o)))
		out, r := noticed(t, b, Notice{Corner: BottomLeft})
		require.Equal(t, v.rectangle(rect), r)
		got, shown := decode(t, out), decode(t, want)
		for y := range 300 {
			for x := range 400 {
				at := v.stored(image.Pt(x, y))
				if !sameColor(shown.At(x, y), got.At(at.X, at.Y)) {
					require.Fail(t, "not the same picture", "orientation %d at %d, %d", o, x, y)
				}
			}
		}
	}
}

// The corners of a stored picture, as Exif 2.32, 4.6.5, names them for each orientation.
func TestOrientationCorners(t *testing.T) {
	for o, want := range map[int][2]image.Point{ // where the shown top left and top right corners are stored
		1: {{0, 0}, {9, 0}}, 2: {{9, 0}, {0, 0}}, 3: {{9, 4}, {0, 4}}, 4: {{0, 4}, {9, 4}},
		5: {{0, 0}, {0, 4}}, 6: {{0, 4}, {0, 0}}, 7: {{9, 4}, {9, 0}}, 8: {{9, 0}, {9, 4}},
	} {
		v := view{10, 5, o}
		require.Equal(t, want, [2]image.Point{v.stored(image.Pt(0, 0)), v.stored(image.Pt(v.size().X-1, 0))}, "orientation %d", o)
	}
}

func TestNoticeFits(t *testing.T) {
	long := Notice{Text: "本图片内容由人工智能生成，仅供参考，请注意甄别"}
	fit := func(n Notice, w, h int) []string {
		texts, err := n.captions(metadata.Generated)
		require.NoError(t, err)
		f, err := n.typeface()
		require.NoError(t, err)
		c, err := typeset(f, texts, image.Pt(w, h))
		if err != nil {
			require.ErrorIs(t, err, ErrTooSmall)
			return nil
		}
		require.LessOrEqual(t, c.size.X+2*c.margin, w)
		require.LessOrEqual(t, c.size.Y+2*c.margin, h)
		var lines []string
		for _, l := range c.lines {
			lines = append(lines, l.text)
		}
		return lines
	}
	require.Equal(t, []string{"AI生成"}, fit(Notice{}, 640, 480))
	require.Equal(t, []string{"AI生成"}, fit(Notice{}, 88, 36), "little room round it")
	require.Equal(t, []string{"AI", "生成"}, fit(Notice{}, 64, 64))
	require.Equal(t, []string{"AI-GENERATED"}, fit(Notice{Language: "en"}, 320, 200))
	require.Equal(t, []string{"AI-", "GENERATED"}, fit(Notice{Language: "en"}, 150, 100))
	require.Equal(t, []string{"AI生成", "AI-GENERATED"}, fit(Notice{Language: "zh-Hans+en"}, 320, 200))
	require.Equal(t, []string{"AI生成"}, fit(Notice{Language: "zh-Hans+en"}, 320, 40), "one language rather than none")
	require.Equal(t, []string{"本图片内容由人工智能生成，", "仅供参考，请注意甄别"}, fit(long, 400, 300))
	require.Equal(t, []string{"AI生成"}, fit(long, 120, 60), "the standard wording rather than none")
	require.Nil(t, fit(Notice{}, 48, 48))
	require.Nil(t, fit(Notice{}, 1000, 20))
}

func TestNoticeInAnotherFont(t *testing.T) {
	b := encode(t, picture("light", 320, 200))
	n := Notice{Language: "en", Text: "Ωmega: generated by AI", Font: goregular.TTF}
	out, r := noticed(t, b, n)
	require.GreaterOrEqual(t, slices.Min(measured(on(decode(t, out), color.White), r).heights), leastLetter(image.Pt(320, 200)))
	for _, font := range [][]byte{nil, {}, goregular.TTF[:1000]} {
		n.Font = font
		_, _, err := planPictureNotice(openPNG, metadata.Bytes(b, ""), n, metadata.Generated, manyPixels)
		require.ErrorIs(t, err, ErrWording)
	}
}

func TestNoticePictureErrors(t *testing.T) {
	b := encode(t, picture("busy", 300, 200))
	draw := func(b []byte, n Notice, limit int64) error {
		plan, r, err := planPictureNotice(openPNG, metadata.Bytes(b, ""), n, metadata.Generated, limit)
		require.Nil(t, plan)
		require.Zero(t, r)
		return err
	}
	require.ErrorIs(t, draw(encode(t, picture("busy", 30, 30)), Notice{}, manyPixels), ErrTooSmall)
	require.ErrorIs(t, draw(b, Notice{Text: "AI 生成 ☃"}, manyPixels), ErrWording)
	require.ErrorAs(t, draw(b, Notice{}, 300*200-1), new(*metadata.LimitError))
	require.ErrorAs(t, draw(b[:len(b)/2], Notice{}, manyPixels), new(*metadata.FormatError))
	corrupt := bytes.Clone(b)
	corrupt[len(b)/2] ^= 1
	require.ErrorAs(t, draw(corrupt, Notice{}, manyPixels), new(*metadata.FormatError))
	require.NoError(t, func() error {
		_, _, err := planPictureNotice(openPNG, metadata.Bytes(b, ""), Notice{}, metadata.Generated, 300*200)
		return err
	}())
}

func FuzzNoticePNG(f *testing.F) {
	f.Add(encode(f, picture("busy", 70, 70)))
	f.Add(encode(f, palette(2, 255)))
	f.Add(withChunk(encode(f, picture("dark", 80, 66)), "eXIf", exif(binary.BigEndian, "MM", 7)))
	f.Fuzz(func(t *testing.T, b []byte) {
		plan, r, err := planPictureNotice(openPNG, metadata.Bytes(b, ""), Notice{}, metadata.Generated, 1<<16)
		if err != nil {
			return
		}
		before, err := png.Decode(bytes.NewReader(b))
		if err != nil {
			return // the standard library is stricter
		}
		out, err := io.ReadAll(plan.Source())
		require.NoError(t, err)
		requireSameOutside(t, before, decode(t, out), r)
	})
}

func BenchmarkNoticePNG(b *testing.B) {
	src := encode(b, photo(2000, 1500))
	b.SetBytes(2000 * 1500 * 3)
	b.ReportAllocs()
	for b.Loop() {
		plan, _, err := planPictureNotice(openPNG, metadata.Bytes(src, ""), Notice{}, metadata.Generated, manyPixels)
		require.NoError(b, err)
		_, err = plan.WriteTo(io.Discard)
		require.NoError(b, err)
	}
}

// photo returns smooth shapes with some noise, which compress like a photograph.
func photo(w, h int) image.Image {
	rnd := rand.New(rand.NewPCG(1, 2))
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			v := 128 + 60*math.Sin(float64(x)/90)*math.Cos(float64(y)/70)
			noise := func() uint8 { return uint8(v + 4*rnd.NormFloat64()) }
			img.SetRGBA(x, y, color.RGBA{noise(), noise(), noise(), 255})
		}
	}
	return img
}
