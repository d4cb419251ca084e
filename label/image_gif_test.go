package label

import (
	"bytes"
	"image"
	"image/color"
	websafe "image/color/palette"
	"image/draw"
	"image/gif"
	"io"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aigclabel/aigclabel/internal/container"
	"github.com/aigclabel/aigclabel/metadata"
)

// noticedGIF returns a GIF file with the notice, and where that is.
func noticedGIF(t testing.TB, b []byte) ([]byte, image.Rectangle) {
	t.Helper()
	plan, r, err := planPictureNotice(openGIF, metadata.Bytes(b, ""), Notice{}, metadata.Generated, manyPixels)
	require.NoError(t, err)
	out, err := io.ReadAll(plan.Source())
	require.NoError(t, err)
	return out, r
}

// TestNoticeGIF: every frame of an animation shows the notice, in letters as high as
// the clause asks.
func TestNoticeGIF(t *testing.T) {
	for _, name := range []string{"light", "dark", "gray", "checker"} {
		g := &gif.GIF{}
		for i := range 3 {
			m := image.NewPaletted(image.Rect(0, 0, 320, 200), websafe.WebSafe)
			draw.Draw(m, m.Rect, picture(name, 320, 200), image.Pt(i, i), draw.Src)
			g.Image, g.Delay = append(g.Image, m), append(g.Delay, 10)
		}
		var b bytes.Buffer
		require.NoError(t, gif.EncodeAll(&b, g))
		out, r := noticedGIF(t, b.Bytes())
		is, err := gif.DecodeAll(bytes.NewReader(out))
		require.NoError(t, err)
		for i, m := range is.Image {
			requireSameOutside(t, g.Image[i], m, r)
			seen := measured(on(m, color.White), r)
			require.GreaterOrEqual(t, slices.Min(seen.heights), leastLetter(image.Pt(320, 200)), "%s, frame %d", name, i)
			require.GreaterOrEqual(t, seen.worst, minContrast)
		}
		again, _ := noticedGIF(t, out)
		require.True(t, bytes.Equal(out, again), "%s: a second time", name)
	}
}

func TestNoticeGIFErrors(t *testing.T) {
	for name, b := range map[string][]byte{"empty": nil, "no frame": []byte("GIF89a\x01\x00\x01\x00\x00\x00\x00;")} {
		_, _, err := planPictureNotice(openGIF, metadata.Bytes(b, ""), Notice{}, metadata.Generated, manyPixels)
		require.ErrorAs(t, err, new(*metadata.FormatError), name)
	}
	require.ErrorIs(t, codecError("gif", container.ErrNoPlace), container.ErrNoPlace)
}
