package label

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/image/draw"

	"github.com/aigclabel/aigclabel/internal/peer"
	spoken "github.com/aigclabel/aigclabel/label/speech"
	"github.com/aigclabel/aigclabel/metadata"
)

// seen returns the notices that are drawn on a picture.
func seen(t testing.TB, open canvasOpener, b []byte) []FoundNotice {
	t.Helper()
	found, err := findDrawn(open, metadata.Bytes(b, ""), manyPixels)
	require.NoError(t, err)
	return found
}

// busy returns a picture of many bars and discs, some like strokes of letters, which differs
// with the seed.
func busy(w, h int, seed uint64) *image.NRGBA {
	r := rand.New(rand.NewPCG(seed, 1))
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	draw.Draw(m, m.Rect, image.NewUniform(color.Gray{uint8(r.IntN(256))}), image.Point{}, draw.Src)
	for range w * h / 300 {
		at := image.Pt(r.IntN(w), r.IntN(h))
		size := image.Pt(1+r.IntN(20), 1+r.IntN(20))
		if r.IntN(2) == 0 {
			size = image.Pt(1+r.IntN(3), 4+r.IntN(20))
		}
		tone := color.NRGBA{uint8(r.IntN(256)), uint8(r.IntN(256)), uint8(r.IntN(256)), 0xFF}
		draw.Draw(m, image.Rectangle{at, at.Add(size)}, image.NewUniform(tone), image.Point{}, draw.Src)
	}
	return m
}

// copied returns a picture at another size.
func copied(m image.Image, scale float64) image.Image {
	out := image.NewNRGBA(image.Rect(0, 0, int(float64(m.Bounds().Dx())*scale), int(float64(m.Bounds().Dy())*scale)))
	draw.CatmullRom.Scale(out, out.Rect, m, m.Bounds(), draw.Src, nil)
	return out
}

// Notices are found in all languages, states, looks, corners and kinds of pictures, also after
// compression, and in copies.
func TestSeen(t *testing.T) {
	var tags []string
	for _, tag := range Languages() {
		tags = append(tags, tag, tag+"+en")
	}
	missed, n := map[string]int{}, 0
	for i, state := range []metadata.State{metadata.Generated, metadata.Possible, metadata.Suspected} {
		for k, tag := range tags {
			if strings.HasSuffix(tag, "en+en") || (i+k)%6 != 0 {
				continue
			}
			n++
			notice := Notice{Language: tag, Corner: Corner(k % 8), Look: Look(k % 3)}
			if k%5 == 0 {
				notice = Notice{Language: tag, Style: Banner, Corner: Bottom}
			}
			lines, err := notice.captions(state)
			require.NoError(t, err)
			want := FoundNotice{strings.Join(lines[0], between), "picture, " + notice.Corner.String(), "GB 45438-2025 5.2"}
			var ground image.Image = busy(900, 600, uint64(k))
			if k%2 == 0 {
				ground = photo(900, 600)
			}
			plan, _, err := planPictureNotice(openPNG, metadata.Bytes(encode(t, ground), ""), notice, state, manyPixels)
			require.NoError(t, err)
			var b bytes.Buffer
			_, err = plan.WriteTo(&b)
			require.NoError(t, err)
			drawn := decode(t, b.Bytes())
			require.Equal(t, []FoundNotice{want}, seen(t, openPNG, b.Bytes()), "%v, state %s", notice, state)
			for name, file := range map[string][]byte{
				"JPEG 50":         encodeJPEG(t, drawn, 50),
				"copy of a half":  encodeJPEG(t, copied(drawn, 0.5), 80),
				"copy of 3/4":     encodeJPEG(t, copied(drawn, 0.75), 80),
				"copy of 5/4":     encodeJPEG(t, copied(drawn, 1.25), 80),
				"copy of a third": encodeJPEG(t, copied(drawn, 1.0/3), 90),
			} {
				if found := seen(t, openJPEG, file); len(found) != 1 {
					missed[name]++
				}
			}
		}
	}
	t.Logf("of %d missed: %v", n, missed)
	require.Zero(t, missed["JPEG 50"])
	require.LessOrEqual(t, missed["copy of a half"]+missed["copy of 3/4"]+missed["copy of 5/4"], n/5)
}

// No picture without a notice seems to have one, not even one full of strokes.
func TestSeenNothing(t *testing.T) {
	start, n := time.Now(), 0
	for _, size := range []image.Point{{64, 64}, {320, 200}, {700, 500}} {
		for seed := range uint64(6) {
			n++
			require.Empty(t, seen(t, openPNG, encode(t, busy(size.X, size.Y, seed))), "%v, seed %d", size, seed)
		}
		for name := range pictures {
			n++
			require.Empty(t, seen(t, openPNG, encode(t, picture(name, size.X, size.Y))), "%s %v", name, size)
		}
	}
	t.Logf("none in %d pictures, %v each", n, time.Since(start)/time.Duration(n))
}

// Other words in the same type and place are not ours.
func TestSeenOtherWords(t *testing.T) {
	for _, text := range []string{"PHOTO: A. SMITH", "AIR FRANCE", "2026-11-22 13:37", "AI-GENERATED"} {
		f, err := standard()
		require.NoError(t, err)
		m := photo(640, 480)
		c, err := typeset(f, [][]string{{text}}, m.Bounds().Size())
		require.NoError(t, err)
		s := newStamp(c, view{640, 480, 1}, BottomRight)
		pixels := on(m, color.White)
		s.press(pixels, dark)
		require.Equal(t, text == "AI-GENERATED", len(seen(t, openPNG, encode(t, pixels))) == 1, text)
	}
}

// Deep verification suspects content by its notice, and does no more than it is asked to.
func TestVerifyDeep(t *testing.T) {
	noticed, _ := noticed(t, encode(t, photo(400, 300)), Notice{})
	src := metadata.Bytes(noticed, "a.png")
	shallow := verify(t, src, nil)
	require.Equal(t, None, shallow.Verdict)
	require.Contains(t, outcomes(shallow, Skip), checkNotice)
	report := verify(t, src, &Upload{Deep: true})
	require.Equal(t, Suspected, report.Verdict)
	require.Equal(t, []FoundNotice{{"AI生成", "picture, bottom right", "GB 45438-2025 5.2"}}, report.Notices)
	require.Contains(t, outcomes(report, Pass), checkNotice)
	require.Contains(t, outcomes(verify(t, metadata.Bytes(encode(t, photo(400, 300)), ""), &Upload{Deep: true}), Warn), checkNotice)

	v := &Verifier{Deep: true, MaxPixels: 400*300 - 1}
	report, err := v.Verify(t.Context(), src, nil)
	require.NoError(t, err)
	require.Contains(t, outcomes(report, Warn), checkIntact, "a limit")
	require.Contains(t, outcomes(report, Skip), checkNotice)

	broken := bytes.Clone(noticed)
	broken[len(broken)/2] ^= 0xFF
	report, err = new(Verifier).Verify(t.Context(), metadata.Bytes(broken, ""), &Upload{Deep: true})
	require.NoError(t, err)
	require.Contains(t, fmt.Sprint(report.Checks), "not looked for")
}

func TestVerifyDeepSVG(t *testing.T) {
	for _, language := range []string{"zh-Hans", "fr", "zh-Hans+en"} {
		doc := noticedSVG(t, svgOpen+`><text>Why AI-generated pictures?</text></svg>`, Notice{Language: language})
		report := verify(t, metadata.Bytes([]byte(doc), ""), &Upload{Deep: true})
		require.NotEmpty(t, report.Notices, doc)
		require.Equal(t, Suspected, report.Verdict)
	}
	require.Empty(t, verify(t, metadata.Bytes([]byte(svgOpen+`><text>AI</text></svg>`), ""), &Upload{Deep: true}).Notices)
}

func TestVerifyDeepSpeech(t *testing.T) {
	programme := metadata.Bytes(wave(16000, 1, speech(5, 0.1)), "speech.wav")
	l := &Labeler{Producer: producer, Notice: &Notice{Sound: Spoken, Language: "en"}}
	src, _ := labelled(t, l, programme, Artifact{})
	require.Equal(t, []FoundNotice{{spoken.Words["en-1"], "audio, start", "GB 45438-2025 5.3"}}, verify(t, src, &Upload{Deep: true}).Notices)
}

func TestVerifyDeepSound(t *testing.T) {
	programme := metadata.Bytes(wave(16000, 1, speech(5, 0.1)), "speech.wav")
	require.Empty(t, verify(t, programme, &Upload{Deep: true}).Notices)
	for at, want := range map[Position][]string{Start: {"audio, start"}, End: {"audio, end"}, Both: {"audio, start", "audio, end"}} {
		src, _ := labelled(t, &Labeler{Producer: producer, Notice: &Notice{Position: at}}, programme, Artifact{})
		var places []string
		report := verify(t, src, &Upload{Deep: true})
		for _, n := range report.Notices {
			require.Equal(t, "GB 45438-2025 5.3", n.Rule)
			places = append(places, n.Place)
		}
		require.Equal(t, want, places)
		require.Contains(t, outcomes(report, Pass), checkNotice)
	}
}

// TestPeerSeenWebP: cwebp compresses in another way than JPEG does.
func TestPeerSeenWebP(t *testing.T) {
	cwebp := peer.Tool(t, "cwebp")
	noticed, _ := noticed(t, encode(t, photo(900, 600)), Notice{Language: "zh-Hans+en"})
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in.png"), filepath.Join(dir, "out.webp")
	require.NoError(t, os.WriteFile(in, noticed, 0o600))
	peer.Run(t, cwebp, "-quiet", "-q", "50", in, "-o", out)
	report, err := new(Verifier).VerifyFile(t.Context(), out, &Upload{Deep: true})
	require.NoError(t, err)
	require.Equal(t, "AI生成 · AI-GENERATED", report.Notices[0].Text)
}

func BenchmarkSeen(b *testing.B) {
	file := encode(b, photo(2000, 1500))
	for b.Loop() {
		require.Empty(b, seen(b, openPNG, file))
	}
}
