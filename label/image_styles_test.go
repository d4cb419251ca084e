package label

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aigclabel/aigclabel/internal/peer"
	"github.com/aigclabel/aigclabel/internal/tiffpix"
	"github.com/aigclabel/aigclabel/metadata"
)

// drawn returns the output for a picture in a format, and where its notice is to be read.
func drawn(t testing.TB, c codec, b []byte, n Notice) ([]byte, image.Rectangle) {
	t.Helper()
	plan, r, err := planPictureNotice(c.open, metadata.Bytes(b, ""), n, metadata.Generated, manyPixels)
	require.NoError(t, err)
	out, err := io.ReadAll(plan.Source())
	require.NoError(t, err)
	return out, r
}

// styles are notices that differ in more than their words.
var styles = []Notice{
	{}, {Corner: Bottom}, {Corner: Left, Look: Outline}, {Corner: Top, Look: Plain}, {Style: Banner}, {Style: Banner, Corner: TopLeft, Look: Outline},
	{Style: Tiled}, {Corner: TopLeft, Margin: 0.1, Opacity: 0.9}, {Style: Tiled, Corner: Right, Opacity: 0.6},
}

// TestStyles draws all styles in all formats: nothing changes where they do not reach, and
// each is recognised by each other, so that a file never gets a second notice.
func TestStyles(t *testing.T) {
	for _, c := range codecs {
		for _, kind := range []int{0, 2} { // even and wild
			var b bytes.Buffer
			require.NoError(t, c.encode(&b, scene(kind, 360, 240)))
			before, err := c.decode(bytes.NewReader(b.Bytes()))
			require.NoError(t, err)
			for i, n := range styles {
				name := fmt.Sprintf("%s, %s, %s %s %s", scenes[kind].name, c.name, n.Style, n.Look, n.Corner)
				out, r := drawn(t, c, b.Bytes(), n)
				after, err := c.decode(bytes.NewReader(out))
				require.NoError(t, err, name)
				if n.Style != Tiled && c.name != "jpeg" {
					requireSameOutside(t, before, after, r)
				}
				if n.Style == Tiled {
					require.Greater(t, different(before, after), r.Dx()*r.Dy()/2+1000, name)
				}
				next := styles[(i+1)%len(styles)]
				next.Margin = n.Margin
				again, found := drawn(t, c, out, next)
				require.True(t, bytes.Equal(out, again), name)
				require.True(t, found.Overlaps(r), name)
			}
		}
	}
}

// different counts the pixels that differ.
func different(a, b image.Image) (n int) {
	for y := range a.Bounds().Max.Y {
		for x := range a.Bounds().Max.X {
			if !sameColor(a.At(x, y), b.At(x, y)) {
				n++
			}
		}
	}
	return n
}

// TestStylesPlaces: marks at their edges, banners from edge to edge.
func TestStylesPlaces(t *testing.T) {
	c := codecs[0]
	b := encode(t, picture("busy", 400, 300))
	at := func(n Notice) image.Rectangle {
		_, r := drawn(t, c, b, n)
		return r
	}
	r := at(Notice{Corner: Bottom})
	require.InDelta(t, 400-r.Max.X, r.Min.X, 1)
	require.Equal(t, 300-8, r.Max.Y, "half a letter of 16")
	r = at(Notice{Corner: Left})
	require.InDelta(t, 300-r.Max.Y, r.Min.Y, 1)
	require.Equal(t, 8, r.Min.X)
	require.Equal(t, image.Pt(400-30, 300-30), at(Notice{Margin: 0.1}).Max)
	require.Equal(t, image.Pt(400, 300), at(Notice{Margin: -1}).Max)
	r = at(Notice{Margin: 9})
	require.True(t, r.In(image.Rect(0, 0, 400, 300)))
	r = at(Notice{Style: Banner, Margin: 0.1, Corner: Right})
	require.Equal(t, image.Rect(0, r.Min.Y, 400, 300), r)
	r = at(Notice{Style: Banner, Corner: TopRight})
	require.Equal(t, image.Rect(0, 0, 400, r.Max.Y), r)
}

// TestLooks: what is chosen from the pixels below.
func TestLooks(t *testing.T) {
	even := func(v uint8) *image.NRGBA {
		m := image.NewNRGBA(image.Rect(0, 0, 60, 40))
		draw.Draw(m, m.Rect, image.NewUniform(color.Gray{v}), image.Point{}, draw.Src)
		return m
	}
	for name, tt := range map[string]struct {
		img  *image.NRGBA
		ask  Look
		gray bool
		want Look
		text color.NRGBA64
	}{
		"white":               {even(255), AutoLook, false, Plain, black},
		"black":               {even(0), AutoLook, false, Plain, white},
		"middle":              {even(120), AutoLook, false, Plain, black},
		"middle, only bright": {even(120), AutoLook, true, Plate, white},
		"white, only bright":  {even(255), AutoLook, true, Plain, black},
		"busy":                {picture("busy", 60, 40), AutoLook, false, Plate, white},
		"busy, plain":         {picture("busy", 60, 40), Plain, false, Outline, white},
		"seen through":        {picture("transparent", 60, 40), AutoLook, false, Plate, white},
		"asked for":           {even(255), Plate, false, Plate, black},
	} {
		pixels := on(tt.img, color.Transparent)
		draw.Draw(pixels, pixels.Rect, tt.img, image.Point{}, draw.Src)
		k := (&stamp{look: tt.ask}).choose(ground{pixels: pixels, gray: tt.gray})
		require.Equal(t, tt.want, k.look, name)
		require.Equal(t, tt.text, k.text, name)
	}
	for asked, want := range map[float64]float64{0: 0.62, 0.1: leastPlate, 0.7: 0.7, 1: 1, 2: 0.62, -1: 0.62} {
		k := (&stamp{opacity: asked, look: Plate}).choose(ground{pixels: on(even(60), color.Black)})
		require.Equal(t, want, k.opacity, asked)
	}
}

// TestMinContrastGray: the worst colour that is as bright as a grey with that contrast.
func TestMinContrastGray(t *testing.T) {
	for r := 0; r < 256; r += 5 {
		for g := 0; g < 256; g += 5 {
			for b := 0; b < 256; b += 5 {
				c := color.NRGBA64{uint16(r) * 257, uint16(g) * 257, uint16(b) * 257, 0xFFFF}
				v := uint16(0.299*float64(c.R) + 0.587*float64(c.G) + 0.114*float64(c.B))
				for _, text := range []color.NRGBA64{black, white} {
					if contrast(text, color.NRGBA64{v, v, v, 0xFFFF}) >= minContrastGray {
						require.GreaterOrEqual(t, contrast(text, c), minContrast, "%d, %d, %d", r, g, b)
					}
				}
			}
		}
	}
}

// TestOutlineHolds: white letters have their black outline on whatever is below.
func TestOutlineHolds(t *testing.T) {
	for _, name := range []string{"light", "dark", "gray", "checker", "busy"} {
		out, r := noticed(t, encode(t, picture(name, 480, 320)), Notice{Look: Outline})
		img := on(decode(t, out), color.White)
		s, err := Notice{}.stamp(metadata.Generated, view{480, 320, 1})
		require.NoError(t, err)
		require.Equal(t, r, s.plate.Rect)
		letter := (&stamp{look: Outline}).choose(ground{pixels: on(picture(name, 480, 320), color.White).SubImage(r).(*image.NRGBA64)}).text
		for y := r.Min.Y; y < r.Max.Y; y++ {
			for x := r.Min.X; x < r.Max.X; x++ {
				if s.ring.AlphaAt(x, y).A == 0xFF && s.ink.AlphaAt(x, y).A == 0 {
					require.GreaterOrEqual(t, contrast(letter, img.NRGBA64At(x, y)), minContrast, name)
				}
			}
		}
	}
}

// TestTiles: copies stand whole, all over, and not on the one that is to be read.
func TestTiles(t *testing.T) {
	for o := 1; o <= 8; o++ {
		v := view{640, 400, o}
		if o >= 5 {
			v.w, v.h = 400, 640
		}
		s, err := Notice{Style: Tiled}.stamp(metadata.Generated, v)
		require.NoError(t, err)
		copies := s.tiles.copies()
		require.Greater(t, len(copies), 12)
		for i, r := range copies {
			require.True(t, r.In(image.Rect(0, 0, v.w, v.h)))
			require.False(t, r.Overlaps(s.plate.Rect))
			for _, other := range copies[:i] {
				require.False(t, r.Overlaps(other))
			}
			covered := 0.0
			for y := r.Min.Y; y < r.Max.Y; y++ {
				for x := r.Min.X; x < r.Max.X; x++ {
					_, letters := s.tiles.at(x, y)
					covered += letters
				}
			}
			require.Greater(t, covered, float64(r.Dx()*r.Dy())/20)
		}
	}
}

// TestPicturesWithoutNotice: other pictures, and other words in the same place, are none.
func TestPicturesWithoutNotice(t *testing.T) {
	c := codecs[0]
	for kind := range scenes {
		var b bytes.Buffer
		require.NoError(t, c.encode(&b, scene(kind, 400, 300)))
		for _, state := range []metadata.State{metadata.Generated, metadata.Suspected} {
			plan, _, err := planPictureNotice(c.open, metadata.Bytes(b.Bytes(), ""), Notice{}, state, manyPixels)
			require.NoError(t, err)
			require.NotEmpty(t, plan.Edits())
		}
	}
	b := encode(t, picture("light", 400, 300))
	other, _ := noticed(t, b, Notice{Text: "人工智能合成"})
	out, _ := noticed(t, other, Notice{Corner: TopLeft})
	require.False(t, bytes.Equal(other, out))
}

// TestNoticeSeenInCompression: a notice that went through JPEG of another program is known
// in what came out, even in a PNG.
func TestNoticeSeenInCompression(t *testing.T) {
	for _, quality := range []int{1, 3, 20} {
		out, _ := noticed(t, encode(t, scene(4, 480, 320)), Notice{})
		var j bytes.Buffer
		require.NoError(t, jpeg.Encode(&j, decode(t, out), &jpeg.Options{Quality: quality}))
		again, _ := noticedJPEG(t, j.Bytes(), Notice{Corner: Top, Language: "en"})
		require.True(t, bytes.Equal(j.Bytes(), again), quality)
		img, err := jpeg.Decode(bytes.NewReader(j.Bytes()))
		require.NoError(t, err)
		b := encode(t, img)
		same, _ := noticed(t, b, Notice{})
		require.True(t, bytes.Equal(b, same), quality)
	}
}

// TestStampShows: pixels with and without the notice.
func TestStampShows(t *testing.T) {
	for kind := range scenes {
		s, err := Notice{}.stamp(metadata.Generated, view{400, 300, 1})
		require.NoError(t, err)
		pixels := on(scene(kind, 400, 300), color.Black)
		require.False(t, s.shows(pixels))
		s.press(pixels, dark)
		require.True(t, s.shows(pixels))
	}
}

// TestTooSmall: a picture without room for a notice gets its record, and the receipt
// tells.
func TestTooSmall(t *testing.T) {
	l := &Labeler{Producer: producer, Notice: &Notice{}}
	var out bytes.Buffer
	receipt, err := l.Label(t.Context(), &out, metadata.Bytes(encode(t, picture("busy", 40, 40)), "a.png"), Artifact{})
	require.NoError(t, err)
	i := slices.IndexFunc(receipt.Layers, func(l Layer) bool { return l.Name == "notice" })
	require.False(t, receipt.Layers[i].Done)
	require.Contains(t, receipt.Layers[i].Reason, "too small")
	report, err := new(Verifier).Verify(t.Context(), metadata.Bytes(out.Bytes(), "a.png"), nil)
	require.NoError(t, err)
	require.Equal(t, Confirmed, report.Verdict)
}

// TestPagesOfTIFF: each page has its notice, a page that cannot have one leaves none.
func TestPagesOfTIFF(t *testing.T) {
	b, err := os.ReadFile(filepath.Join("..", "metadata", "testdata", "tiff", "pages.tif"))
	require.NoError(t, err)
	l := &Labeler{Producer: producer, Notice: &Notice{}}
	receipt, err := l.Label(t.Context(), io.Discard, metadata.Bytes(b, ""), Artifact{})
	require.NoError(t, err)
	require.False(t, receipt.Layers[0].Done, receipt)

	path := filepath.Join(t.TempDir(), "pages.tif")
	peer.Run(t, peer.Tool(t, "convert"), "-size", "300x200", "gradient:#777-#eee", "-size", "200x320", "plasma:", "-compress", "lzw", path)
	b, err = os.ReadFile(path)
	require.NoError(t, err)
	plan, _, err := planPictureNotice(openTIFF, metadata.Bytes(b, ""), Notice{}, metadata.Generated, manyPixels)
	require.NoError(t, err)
	out, err := io.ReadAll(plan.Source())
	require.NoError(t, err)
	before, err := tiffpix.Open(bytes.NewReader(b), int64(len(b)), manyPixels)
	require.NoError(t, err)
	after, err := tiffpix.Open(bytes.NewReader(out), int64(len(out)), manyPixels)
	require.NoError(t, err)
	require.Len(t, after, 2)
	for i := range after {
		old, err := before[i].Pixels(before[i].Bounds())
		require.NoError(t, err)
		pixels, err := after[i].Pixels(after[i].Bounds())
		require.NoError(t, err)
		require.Greater(t, different(old, pixels), 300, "page %d", i)
	}
	again, _ := drawn(t, codecs[2], out, Notice{})
	require.True(t, bytes.Equal(out, again))
}

// TestAPNG: another program shows the notice in each frame.
func TestAPNG(t *testing.T) {
	ffmpeg := peer.Tool(t, "ffmpeg")
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in.png"), filepath.Join(dir, "out.png")
	peer.Run(t, ffmpeg, "-v", "error", "-f", "lavfi", "-i", "testsrc=s=320x200:r=5:d=1", "-f", "apng", "-plays", "0", in)
	l := &Labeler{Producer: producer, Notice: &Notice{}}
	receipt, err := l.LabelFile(t.Context(), in, out, Artifact{})
	require.NoError(t, err)
	require.True(t, receipt.Layers[0].Done, receipt.Layers)
	frames := func(path string) string {
		return peer.Run(t, ffmpeg, "-v", "error", "-f", "apng", "-i", path, "-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", "rgb24", "-")
	}
	before, after := frames(in), frames(out)
	require.Len(t, after, 5*3*320*200)
	var r image.Rectangle
	_, err = fmt.Sscanf(receipt.Layers[0].Place, "picture (%d,%d)-(%d,%d)", &r.Min.X, &r.Min.Y, &r.Max.X, &r.Max.Y)
	require.NoError(t, err)
	for y := range 200 {
		for x := range 320 {
			for frame := range 5 {
				at := 3 * ((frame*200+y)*320 + x)
				first := 3 * (y*320 + x)
				if inner := r.Inset(7); (image.Point{x, y}).In(inner) {
					require.True(t, after[at:at+3] == after[first:first+3], "frame %d at %d, %d", frame, x, y)
				} else if !(image.Point{x, y}).In(r) {
					require.True(t, after[at:at+3] == before[at:at+3], "frame %d at %d, %d", frame, x, y)
				}
			}
		}
	}
}

// TestBMPWithoutRecord: the notice alone labels what has no place for a record.
func TestBMPWithoutRecord(t *testing.T) {
	c := codecs[3]
	var b, out bytes.Buffer
	require.NoError(t, c.encode(&b, scene(1, 300, 200)))
	l := &Labeler{Producer: producer, Notice: &Notice{}}
	receipt, err := l.Label(t.Context(), &out, metadata.Bytes(b.Bytes(), ""), Artifact{})
	require.NoError(t, err)
	require.Equal(t, "bmp", receipt.Format)
	require.True(t, receipt.Layers[0].Done)
	require.Contains(t, receipt.Layers[1].Reason, "no place")
	l.Notice = nil
	_, err = l.Label(t.Context(), io.Discard, metadata.Bytes(b.Bytes(), ""), Artifact{})
	require.ErrorIs(t, err, metadata.ErrNoPlace)
}
