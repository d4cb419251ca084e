package container

import (
	"bytes"
	"encoding/binary"
	"image"
	"io"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// anmf is a frame of an animation: its place and size, flags, and chunks.
func anmf(r image.Rectangle, flags byte, chunks ...[]byte) []byte {
	var head []byte
	for _, v := range []int{r.Min.X / 2, r.Min.Y / 2, r.Dx() - 1, r.Dy() - 1, 100} {
		head = appendUint24(head, uint32(v))
	}
	return encodeChunk("ANMF", slices.Concat(append([][]byte{head, {flags}}, chunks...)...))
}

// animatedWebP is a file of frames on a canvas of 100 by 60 pixels.
func animatedWebP(flags byte, frames ...[]byte) []byte {
	canvas := append([]byte{vp8xAnimation | flags, 0, 0, 0}, 99, 0, 0, 59, 0, 0)
	body := slices.Concat(append([][]byte{[]byte("WEBP"), encodeChunk("VP8X", canvas), encodeChunk("ANIM", make([]byte, 6))}, frames...)...)
	return encodeChunk("RIFF", body)
}

func pictures(t testing.TB, b []byte) (*WebPFrames, error) {
	t.Helper()
	return WebPPictures(NewSource(bytes.NewReader(b), int64(len(b)), Limits{}), 1<<20)
}

func TestWebPPictures(t *testing.T) {
	for name, want := range map[string]WebPFrames{
		"lossless.webp": {Width: 31, Height: 23, Frames: []WebPFrame{{Rect: image.Rect(0, 0, 31, 23), Lossless: true}}},
		"lossy.webp":    {Width: 32, Height: 24, Frames: []WebPFrame{{Rect: image.Rect(0, 0, 32, 24)}}},
		"alpha.webp":    {Width: 31, Height: 23, Frames: []WebPFrame{{Rect: image.Rect(0, 0, 31, 23)}}},
		"animated.webp": {Width: 16, Height: 16, Animated: true},
	} {
		w, err := pictures(t, fixtures(t, "webp")[name])
		require.NoError(t, err, name)
		require.Equal(t, []any{want.Width, want.Height, want.Animated}, []any{w.Width, w.Height, w.Animated}, name)
		if want.Animated {
			require.Greater(t, len(w.Frames), 1)
			continue
		}
		require.Len(t, w.Frames, 1)
		require.Equal(t, want.Frames[0].Rect, w.Frames[0].Rect, name)
		require.Equal(t, want.Frames[0].Lossless, w.Frames[0].Lossless, name)
		require.Equal(t, name == "alpha.webp", w.Frames[0].Alpha.Length > 0)
	}
}

// A new picture changes the chunks of its frame, the sizes round it, and what the headers
// say of it.
func TestWebPReplace(t *testing.T) {
	far := image.Rect(10, 20, 40, 50)
	foreign := encodeChunk("abcd", []byte("inside"))
	b := animatedWebP(0,
		anmf(image.Rect(0, 0, 100, 60), 0, encodeChunk("VP8L", []byte("one"))),
		anmf(far, anmfOverwrite|anmfClear, encodeChunk("ALPH", []byte("old")), foreign, encodeChunk("VP8 ", []byte("two"))))
	w, err := pictures(t, b)
	require.NoError(t, err)
	require.Equal(t, far, w.Frames[1].Rect)
	require.True(t, w.Frames[1].Overwrite && w.Frames[1].Clear)
	full := image.Rect(0, 0, 100, 60)
	require.NoError(t, w.Replace(1, WebPImage{Rect: full, Blend: true, Lossy: []byte("a new one"), Alpha: []byte{1}, HasAlpha: true}))
	plan, err := w.Plan()
	require.NoError(t, err)
	out, err := io.ReadAll(plan.Source())
	require.NoError(t, err)
	require.Equal(t, animatedWebP(vp8xAlpha,
		anmf(image.Rect(0, 0, 100, 60), 0, encodeChunk("VP8L", []byte("one"))),
		anmf(full, anmfClear, encodeChunk("ALPH", []byte{1}), foreign, encodeChunk("VP8 ", []byte("a new one")))), out)
}

func TestWebPPicturesRefuses(t *testing.T) {
	frame := encodeChunk("VP8L", []byte("one"))
	for name, b := range map[string][]byte{
		"no frame":        animatedWebP(0),
		"outside":         animatedWebP(0, anmf(image.Rect(90, 0, 101, 60), 0, frame)),
		"no picture":      animatedWebP(0, anmf(image.Rect(0, 0, 10, 10), 0)),
		"short header":    animatedWebP(0, encodeChunk("ANMF", make([]byte, 15))),
		"frame too short": animatedWebP(0, anmf(image.Rect(0, 0, 10, 10), 0, frame[:6])),
		"a sound":         fixtures(t, "wav")["plain.wav"],
	} {
		_, err := pictures(t, b)
		require.ErrorAs(t, err, new(*FormatError), name)
	}
	full := anmf(image.Rect(0, 0, 100, 60), 0, frame)
	b := animatedWebP(0, full, full)
	_, err := WebPPictures(NewSource(bytes.NewReader(b), int64(len(b)), Limits{}), 2*100*60-1)
	require.ErrorAs(t, err, new(*LimitError))
	vast := animatedWebP(0, full)
	copy(vast[24:], "\xFF\xFF\xFF\xFF\xFF\xFF")
	_, err = pictures(t, vast)
	require.ErrorAs(t, err, new(*LimitError), "a vast canvas of a small frame")
	for n := range b {
		_, err := pictures(t, b[:n])
		require.Error(t, err, "cut at %d", n)
	}
}

func FuzzWebPPictures(f *testing.F) {
	for _, b := range fixtures(f, "webp") {
		f.Add(b)
	}
	f.Add(animatedWebP(0, anmf(image.Rect(2, 2, 10, 10), 3, encodeChunk("ALPH", []byte("abc")), encodeChunk("VP8 ", []byte("one")))))
	f.Fuzz(func(t *testing.T, b []byte) {
		w, err := pictures(t, b)
		if err != nil {
			return
		}
		for i, frame := range w.Frames {
			size := uint32(frame.Rect.Dx()-1)&0x3FFF | uint32(frame.Rect.Dy()-1)&0x3FFF<<14
			stream := binary.LittleEndian.AppendUint32([]byte{0x2F}, size)
			require.NoError(t, w.Replace(i, WebPImage{Rect: frame.Rect, Lossless: stream}))
		}
		plan, err := w.Plan()
		require.NoError(t, err)
		out, err := io.ReadAll(plan.Source())
		require.NoError(t, err)
		again, err := pictures(t, out)
		require.NoError(t, err)
		require.Len(t, again.Frames, len(w.Frames))
	})
}
