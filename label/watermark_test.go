package label

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	gif89 "image/gif"
	"image/jpeg"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aigclabel/aigclabel/internal/peer"
	"github.com/aigclabel/aigclabel/metadata"
	"github.com/aigclabel/aigclabel/watermark"
)

// secret is a key that only these tests have.
var secret = watermark.Key{1, 2, 3}

// TestTag: the tags that receipts of all versions have.
func TestTag(t *testing.T) {
	rec := metadata.Record{Label: "1", ContentProducer: producer, ProduceID: "picture-0001"}
	require.Equal(t, "378e7b8ea26cb847", Tag(rec).String())
	require.Equal(t, "378e7b8ea26cb847", WideTag(rec).String()[:16])
	require.Equal(t, 128, WideTag(rec).Bits())
	propagated := rec
	propagated.Label, propagated.ContentPropagator, propagated.PropagateID = "2", "p", "1"
	require.Equal(t, Tag(rec), Tag(propagated), "what a platform writes is not in it")
	for _, other := range []metadata.Record{{ContentProducer: producer + "p", ProduceID: "icture-0001"}, {ContentProducer: producer}, {ProduceID: "1"}} {
		require.NotEqual(t, Tag(rec), Tag(other))
	}
	require.Zero(t, Tag(metadata.Record{ContentProducer: producer}))
}

// markable are pictures in the formats that carry watermarks without a program.
func markable(t testing.TB, w, h int) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	m := scene(4, w, h)
	for _, c := range codecs {
		if c.name != "gif" {
			var b bytes.Buffer
			require.NoError(t, c.encode(&b, m))
			all[c.name] = b.Bytes()
		}
	}
	straight := image.NewNRGBA(m.Bounds())
	for y := range h {
		for x := range w {
			straight.Set(x, y, m.At(x, y))
		}
	}
	all["webp"] = riffChunk("RIFF", []byte("WEBP"), riffChunk("VP8L", stream(straight)))
	return all
}

// layer returns what a receipt says of a layer.
func layer(t testing.TB, r Receipt, name string) Layer {
	t.Helper()
	for _, l := range r.Layers {
		if l.Name == name {
			return l
		}
	}
	require.Fail(t, "no layer "+name)
	return Layer{}
}

// outcome returns that of a check.
func outcome(t testing.TB, r *Report, id string) Check {
	t.Helper()
	for _, c := range r.Checks {
		if c.ID == id {
			return c
		}
	}
	require.Fail(t, "no check "+id)
	return Check{}
}

// searched returns the report on a file whose watermarks are looked for, whatever the
// metadata says.
func searched(t testing.TB, src metadata.Source, keys ...watermark.Key) *Report {
	t.Helper()
	v := &Verifier{Keys: keys, Deep: true}
	report, err := v.Verify(t.Context(), src, nil)
	require.NoError(t, err)
	return report
}

// TestWatermark puts all three layers into each format: the watermark is found, by its key alone,
// and a second time nothing changes.
func TestWatermark(t *testing.T) {
	for name, b := range markable(t, 700, 520) {
		t.Run(name, func(t *testing.T) {
			l := &Labeler{Producer: producer, Notice: &Notice{}, Watermark: &Watermark{Key: secret}}
			src := metadata.Bytes(b, "a."+name)
			out, receipt := labelled(t, l, src, Artifact{ID: "p-1"})
			require.True(t, receipt.Changed)
			mark := layer(t, receipt, "watermark")
			require.Equal(t, Layer{Name: "watermark", Done: true, Place: "picture", Payload: Tag(receipt.Record)}, mark)
			require.True(t, layer(t, receipt, "notice").Done)
			require.Equal(t, name != "bmp", layer(t, receipt, "record").Done)

			report := searched(t, out, watermark.OpenKey, secret)
			require.Len(t, report.Watermarks, 1, "by its key alone")
			found := report.Watermarks[0]
			require.Equal(t, mark.Payload, found.Payload)
			require.Equal(t, 1, found.Key)
			require.Less(t, found.Probability, 1e-9)
			require.Equal(t, Confirmed, report.Verdict)
			require.Equal(t, Pass, outcome(t, report, checkWatermark).Outcome)
			require.Equal(t, Pass, outcome(t, report, checkNotice).Outcome)
			if name != "bmp" {
				require.Equal(t, Pass, outcome(t, report, checkMarkAgrees).Outcome)
			}
			if name == "png" {
				require.Empty(t, searched(t, out, watermark.Key{9}).Watermarks)
			}

			again, second := labelled(t, l, out, Artifact{ID: "p-1"})
			require.False(t, second.Changed)
			require.Equal(t, content(t, out), content(t, again))
			require.Equal(t, mark, layer(t, second, "watermark"))
		})
	}
}

// content returns the bytes of a file.
func content(t testing.TB, src metadata.Source) []byte {
	t.Helper()
	b, err := io.ReadAll(io.NewSectionReader(src.R, 0, src.Size))
	require.NoError(t, err)
	return b
}

// TestWatermarkOutlivesMetadata: the pixels alone, compressed and smaller, confirm the file and
// lead to its record.
func TestWatermarkOutlivesMetadata(t *testing.T) {
	l := &Labeler{Producer: producer, Watermark: &Watermark{Key: secret, Wide: true}}
	out, receipt := labelled(t, l, metadata.Bytes(encode(t, scene(4, 800, 600)), ""), Artifact{})
	var b bytes.Buffer
	require.NoError(t, jpeg.Encode(&b, decode(t, content(t, out)), &jpeg.Options{Quality: 60}))
	bare := metadata.Bytes(b.Bytes(), "")
	require.Equal(t, None, verify(t, bare, nil).Verdict)
	report, err := (&Verifier{Keys: []watermark.Key{secret}}).Verify(t.Context(), bare, nil)
	require.NoError(t, err)
	require.Equal(t, Confirmed, report.Verdict)
	require.Equal(t, layer(t, receipt, "watermark").Payload, report.Watermarks[0].Payload)
	require.Equal(t, WideTag(receipt.Record), report.Watermarks[0].Payload)
	require.Equal(t, Skip, outcome(t, report, checkMarkAgrees).Outcome)
}

// TestWatermarkAgrees: a record of other content, over the pixels of this.
func TestWatermarkAgrees(t *testing.T) {
	l := &Labeler{Producer: producer, Watermark: &Watermark{}}
	out, receipt := labelled(t, l, metadata.Bytes(encode(t, scene(4, 600, 600)), ""), Artifact{ID: "p-1"})
	require.Equal(t, "picture, open key", layer(t, receipt, "watermark").Place)
	var b bytes.Buffer
	_, err := metadata.Write(&b, out, metadata.Record{Label: "1", ContentProducer: producer, ProduceID: "p-2"}, nil)
	require.NoError(t, err)
	report := searched(t, metadata.Bytes(b.Bytes(), ""), watermark.OpenKey)
	check := outcome(t, report, checkMarkAgrees)
	require.Equal(t, Fail, check.Outcome)
	require.Contains(t, check.Message, Tag(receipt.Record).String())
	require.Contains(t, report.Failed(), check)

	b.Reset()
	_, err = metadata.Propagate(&b, out, metadata.Propagation{Propagator: "platform", ID: "1"}, nil)
	require.NoError(t, err)
	report = searched(t, metadata.Bytes(b.Bytes(), ""), watermark.OpenKey)
	require.Equal(t, Pass, outcome(t, report, checkMarkAgrees).Outcome, "a platform changes neither field")
}

// TestWatermarkOnce: a picture that gets another number keeps the watermark that it has, and both
// the receipt and the report say so. Another key is another matter.
func TestWatermarkOnce(t *testing.T) {
	l := &Labeler{Producer: producer, Watermark: &Watermark{Key: secret}}
	first, receipt := labelled(t, l, metadata.Bytes(markable(t, 640, 480)["jpeg"], ""), Artifact{ID: "p-1"})
	old := layer(t, receipt, "watermark").Payload
	second, receipt := labelled(t, l, first, Artifact{ID: "p-2"})
	require.Equal(t, "p-2", receipt.Record.ProduceID)
	mark := layer(t, receipt, "watermark")
	require.False(t, mark.Done)
	require.Contains(t, mark.Reason, "another watermark under this key, "+old.String())
	require.Equal(t, Fail, outcome(t, searched(t, second, secret), checkMarkAgrees).Outcome)

	l.Watermark.Key = watermark.OpenKey
	third, receipt := labelled(t, l, second, Artifact{ID: "p-2"})
	require.True(t, layer(t, receipt, "watermark").Done)
	report := searched(t, third, secret, watermark.OpenKey)
	require.NotEmpty(t, report.Watermarks)
	require.Equal(t, Pass, outcome(t, report, checkMarkAgrees).Outcome, "one of them")
}

// TestNoWatermark: what cannot have one gets its other labels.
func TestNoWatermark(t *testing.T) {
	l := &Labeler{Producer: producer, Watermark: &Watermark{}}
	small := encode(t, scene(4, 40, 40))
	for name, want := range map[string]string{
		"gif/ffmpeg.gif": "no watermarks in the format gif", "png/ffmpeg.apng": "animations", "webp/animated.webp": "animations", "mp3/lame.mp3": "no watermarks in the format mp3", "small": "128 pixels",
	} {
		src := metadata.Bytes(small, "")
		if name != "small" {
			src = fixture(t, name)
		}
		out, receipt := labelled(t, l, src, Artifact{ID: "1"})
		mark := layer(t, receipt, "watermark")
		require.False(t, mark.Done, name)
		require.Contains(t, mark.Reason, want, name)
		require.Zero(t, mark.Payload)
		require.Equal(t, Confirmed, verify(t, out, nil).Verdict)
	}
	var b bytes.Buffer
	require.NoError(t, codecs[3].encode(&b, scene(4, 40, 40)))
	_, err := l.Label(t.Context(), io.Discard, metadata.Bytes(b.Bytes(), ""), Artifact{})
	require.ErrorIs(t, err, metadata.ErrNoPlace)
	require.ErrorContains(t, err, "128 pixels")
}

// TestWatermarkNotLookedFor: keys cost nothing where the metadata has decided.
func TestWatermarkNotLookedFor(t *testing.T) {
	l := &Labeler{Producer: producer, Watermark: &Watermark{}}
	out, _ := labelled(t, l, metadata.Bytes(encode(t, scene(4, 600, 400)), ""), Artifact{})
	v := &Verifier{Keys: []watermark.Key{watermark.OpenKey}}
	for why, report := range map[string]func() (*Report, error){
		"the metadata decides": func() (*Report, error) { return v.Verify(t.Context(), out, nil) },
		"without keys":         func() (*Report, error) { return (&Verifier{Deep: true}).Verify(t.Context(), out, nil) },
		"in this format":       func() (*Report, error) { return v.Verify(t.Context(), fixture(t, "mp3/lame.mp3"), nil) },
	} {
		r, err := report()
		require.NoError(t, err)
		require.Empty(t, r.Watermarks)
		check := outcome(t, r, checkWatermark)
		require.Equal(t, Skip, check.Outcome)
		require.Contains(t, check.Message, why)
	}
	v.MaxPixels = 1000
	r, err := v.Verify(t.Context(), metadata.Bytes(encode(t, scene(4, 600, 400)), ""), nil)
	require.NoError(t, err)
	require.Equal(t, Warn, outcome(t, r, checkIntact).Outcome)
	require.Contains(t, outcome(t, r, checkWatermark).Message, "not looked for")
}

// TestWatermarkKeepsPicture: the picture stays as like as is asked for, and its transparency.
func TestWatermarkKeepsPicture(t *testing.T) {
	clouds := scene(4, 640, 480)
	m := image.NewNRGBA(clouds.Bounds())
	for y := range 480 {
		for x := range 640 {
			c := color.NRGBAModel.Convert(clouds.At(x, y)).(color.NRGBA)
			c.A = uint8(max(x-100, 0) / 2)
			m.SetNRGBA(x, y, c)
		}
	}
	for _, least := range []float64{0, 46} {
		l := &Labeler{Producer: producer, Watermark: &Watermark{Image: watermark.ImageOptions{PSNR: least}}}
		out, _ := labelled(t, l, metadata.Bytes(encode(t, clouds), ""), Artifact{})
		require.Greater(t, psnr(clouds, decode(t, content(t, out)), image.Rectangle{}), max(least, 43)-0.3)
	}
	l := &Labeler{Producer: producer, Watermark: &Watermark{}}
	out, receipt := labelled(t, l, metadata.Bytes(encode(t, m), ""), Artifact{})
	require.True(t, layer(t, receipt, "watermark").Done)
	after := decode(t, content(t, out)).(*image.NRGBA)
	for i := 3; i < len(m.Pix); i += 4 {
		require.Equal(t, m.Pix[i], after.Pix[i])
		if m.Pix[i] == 0 {
			require.Equal(t, m.Pix[i-3:i], after.Pix[i-3:i])
		}
	}
}

// TestWatermarkPalette: a picture of few colours becomes one of many.
func TestWatermarkPalette(t *testing.T) {
	var b bytes.Buffer
	gif := codecs[4]
	require.NoError(t, gif.encode(&b, scene(4, 640, 480)))
	few, err := gif.decode(bytes.NewReader(b.Bytes()))
	require.NoError(t, err)
	l := &Labeler{Producer: producer, Notice: &Notice{}, Watermark: &Watermark{}}
	out, receipt := labelled(t, l, metadata.Bytes(encode(t, few), ""), Artifact{})
	require.True(t, layer(t, receipt, "watermark").Done, receipt.Layers)
	require.Len(t, searched(t, out, watermark.OpenKey).Watermarks, 1)
	require.IsType(t, new(image.RGBA), decode(t, content(t, out)))

	b.Reset()
	gray := image.NewGray(few.Bounds())
	draw.Draw(gray, gray.Rect, decode(t, content(t, out)), image.Point{}, draw.Src)
	require.NoError(t, gif89.Encode(&b, gray, &gif89.Options{Quantizer: levels{}}))
	require.Len(t, searched(t, metadata.Bytes(b.Bytes(), ""), watermark.OpenKey).Watermarks, 1, "a copy as GIF")
}

// levels are 256 grays.
type levels struct{}

func (levels) Quantize(p color.Palette, _ image.Image) color.Palette {
	for v := range 256 {
		p = append(p, color.Gray{uint8(v)})
	}
	return p
}

// TestPeerWatermarkEncoded: lossy WebP, HEIC and AVIF get notice and watermark in one go, and hold
// the watermark.
func TestPeerWatermarkEncoded(t *testing.T) {
	dir := t.TempDir()
	in := filepath.Join(dir, "in.png")
	require.NoError(t, os.WriteFile(in, encode(t, scene(4, 640, 480)), 0o600))
	for name, command := range map[string][]string{
		"a.webp": {"cwebp", "-quiet", "-q", "80", in, "-o"}, "a.heic": {"heif-enc", "-q", "80", in, "-o"}, "a.avif": {"avifenc", "-s", "9", in},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(dir, name)
			peer.Run(t, peer.Tool(t, command[0]), append(command[1:], path)...)
			b, err := os.ReadFile(path)
			require.NoError(t, err)
			for _, notice := range []*Notice{nil, {}} {
				l := &Labeler{Producer: producer, Notice: notice, Watermark: &Watermark{Key: secret}}
				out, receipt := labelled(t, l, metadata.Bytes(b, name), Artifact{ID: "1"})
				mark := layer(t, receipt, "watermark")
				require.True(t, mark.Done, mark.Reason)
				require.Contains(t, mark.Place, "picture, encoded again by ")
				if notice != nil {
					require.Contains(t, layer(t, receipt, "notice").Place, "encoded again by ")
				}
				_, second := labelled(t, l, out, Artifact{ID: "1"})
				require.False(t, second.Changed)
				require.True(t, layer(t, second, "watermark").Done)
				if name == "a.webp" {
					require.Len(t, searched(t, out, secret).Watermarks, 1)
				}
			}
		})
	}
}

// TestPeerWatermarkKinds: kinds of pictures that the library of Go does not write. Each keeps
// its kind.
func TestPeerWatermarkKinds(t *testing.T) {
	dir := t.TempDir()
	in := filepath.Join(dir, "in.png")
	require.NoError(t, os.WriteFile(in, encode(t, scene(4, 560, 420)), 0o600))
	describe := func(path string) string {
		return peer.Run(t, peer.Tool(t, "identify"), "-format", "%m %w %h %z %[colorspace] %[interlace] %[compression] %A\n", path)
	}
	for name, options := range map[string]string{
		"interlaced.png": "-interlace PNG", "deep.png": "-depth 16 -define png:bit-depth=16", "gray.png": "-colorspace gray",
		"alpha.png":       "-alpha set -channel A -evaluate set 60% +channel",
		"deep.tif":        "-depth 16 -interlace plane -compress lzw",
		"pages.tif":       "( +clone -flop ) -compress zip",
		"alpha.bmp":       "-alpha set -channel A -evaluate set 60% +channel",
		"progressive.jpg": "-interlace JPEG -quality 88 -sampling-factor 4:2:0", "gray.jpg": "-colorspace gray -quality 90",
	} {
		t.Run(name, func(t *testing.T) {
			path, to := filepath.Join(dir, name), filepath.Join(dir, "out-"+name)
			peer.Run(t, peer.Tool(t, "convert"), append(append([]string{in}, strings.Fields(options)...), path)...)
			l := &Labeler{Producer: producer, Watermark: &Watermark{Key: secret}}
			receipt, err := l.LabelFile(t.Context(), path, to, Artifact{ID: "1"})
			require.NoError(t, err)
			mark := layer(t, receipt, "watermark")
			require.True(t, mark.Done, mark.Reason)
			require.Equal(t, describe(path), describe(to))
			b, err := os.ReadFile(to)
			require.NoError(t, err)
			require.Len(t, searched(t, metadata.Bytes(b, ""), secret).Watermarks, 1)
			if pages := strings.Count(describe(to), "\n"); pages > 1 {
				second := filepath.Join(dir, "second.png")
				peer.Run(t, peer.Tool(t, "convert"), to+"[1]", second)
				b, err := os.ReadFile(second)
				require.NoError(t, err)
				require.Len(t, searched(t, metadata.Bytes(b, ""), secret).Watermarks, 1)
			}
		})
	}
	ink := filepath.Join(dir, "ink.jpg")
	peer.Run(t, peer.Tool(t, "convert"), in, "-colorspace", "CMYK", ink)
	receipt, err := (&Labeler{Producer: producer, Watermark: &Watermark{}}).LabelFile(t.Context(), ink, ink, Artifact{})
	require.NoError(t, err)
	require.Contains(t, layer(t, receipt, "watermark").Reason, "is not supported: CMYK")
	require.NotContains(t, layer(t, receipt, "watermark").Reason, "jpegcoef")
}

// TestWatermarkOddSizes: pictures of all sizes are looked into, and those that are too small say so.
func TestWatermarkOddSizes(t *testing.T) {
	for _, size := range []image.Point{{1, 1}, {1, 3000}, {63, 64}, {64, 64}, {65, 400}} {
		b := metadata.Bytes(encode(t, scene(4, size.X, size.Y)), "")
		require.Empty(t, searched(t, b, watermark.OpenKey).Watermarks, size)
		l := &Labeler{Producer: producer, Watermark: &Watermark{}}
		out, receipt := labelled(t, l, b, Artifact{})
		mark := layer(t, receipt, "watermark")
		require.NotEqual(t, mark.Done, mark.Reason != "", size)
		require.Len(t, searched(t, out, watermark.OpenKey).Watermarks, len(mark.Payload.Bytes())/8, size)
	}
}
