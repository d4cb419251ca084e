package label

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aigclabel/aigclabel/internal/jpegcoef"
	"github.com/aigclabel/aigclabel/internal/peer"
	"github.com/aigclabel/aigclabel/metadata"
)

func encodeJPEG(t testing.TB, img image.Image, quality int) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, jpeg.Encode(&b, img, &jpeg.Options{Quality: quality}))
	return b.Bytes()
}

// noticedJPEG returns a JPEG file with the notice, and where that is.
func noticedJPEG(t testing.TB, b []byte, n Notice) ([]byte, image.Rectangle) {
	t.Helper()
	plan, r, err := planPictureNotice(openJPEG, metadata.Bytes(b, ""), n, metadata.Generated, manyPixels)
	require.NoError(t, err)
	out, err := io.ReadAll(plan.Source())
	require.NoError(t, err)
	return out, r
}

func TestNoticeJPEG(t *testing.T) {
	for name := range pictures {
		for _, quality := range []int{2, 30, 75, 95} {
			b := encodeJPEG(t, picture(name, 640, 400), quality)
			out, r := noticedJPEG(t, b, Notice{})
			requireSameBlocks(t, b, out, r)
			again, _ := noticedJPEG(t, out, Notice{})
			require.True(t, bytes.Equal(out, again), "%s at %d: the same notice changes nothing", name, quality)
			again, _ = noticedJPEG(t, out, Notice{Language: "en", Corner: TopLeft, Style: Banner})
			require.True(t, bytes.Equal(out, again), "%s at %d: nor one in other words and another place", name, quality)
			plan, _, err := planPictureNotice(openJPEG, metadata.Bytes(out, ""), Notice{}, metadata.Suspected, manyPixels)
			require.NoError(t, err)
			require.NotEmpty(t, plan.Edits(), "%s at %d: one that says another thing does", name, quality)
			shown, err := jpeg.Decode(bytes.NewReader(out))
			require.NoError(t, err)
			if quality == 95 && name != "checker" && name != "busy" { // there blocks ring about the plate too
				m := measured(on(shown, color.White), r)
				require.NotEmpty(t, m.heights, name)
				require.GreaterOrEqual(t, slices.Min(m.heights), 20-1, name) // compression takes the faintest row
			}
		}
	}
}

// requireSameBlocks checks that two files differ in no block outside of r.
func requireSameBlocks(t *testing.T, before, after []byte, r image.Rectangle) {
	t.Helper()
	a, err := jpegcoef.Decode(before, manyPixels)
	require.NoError(t, err)
	b, err := jpegcoef.Decode(after, manyPixels)
	require.NoError(t, err)
	for i := range a.Components {
		c := &a.Components[i]
		w, h := a.MCUWidth/c.H, a.MCUHeight/c.V // of a block in pixels
		for y := range c.High {
			for x := range c.Wide {
				if !image.Rect(x*w, y*h, (x+1)*w, (y+1)*h).Overlaps(r) {
					require.Equal(t, c.Block(x, y), b.Components[i].Block(x, y))
				}
			}
		}
	}
}

// TestNoticeJPEGOrientation: the notice stands in the lower right corner of the
// picture as viewers turn it.
func TestNoticeJPEGOrientation(t *testing.T) {
	convert := peer.Tool(t, "convert")
	exiftool := peer.Tool(t, "exiftool")
	for _, orientation := range []string{"1", "3", "6", "8", "5"} {
		dir := t.TempDir()
		in, out, upright := filepath.Join(dir, "in.jpg"), filepath.Join(dir, "out.jpg"), filepath.Join(dir, "upright.png")
		require.NoError(t, os.WriteFile(in, encodeJPEG(t, picture("light", 400, 300), 90), 0o600))
		peer.Run(t, exiftool, "-q", "-n", "-overwrite_original", "-Orientation="+orientation, in)
		b, err := os.ReadFile(in)
		require.NoError(t, err)
		labelled, _ := noticedJPEG(t, b, Notice{})
		require.NoError(t, os.WriteFile(out, labelled, 0o600))
		peer.Run(t, convert, out, "-auto-orient", upright)
		b, err = os.ReadFile(upright)
		require.NoError(t, err)
		require.Contains(t, read(t, decode(t, b)), "生成", "orientation %s", orientation)
	}
}

// TestNoticeJPEGBesideDjpeg: other decoders show the same pixels outside of the notice.
func TestNoticeJPEGBesideDjpeg(t *testing.T) {
	djpeg := peer.Tool(t, "djpeg")
	shown := func(b []byte) []byte {
		cmd := exec.Command(djpeg, "-nosmooth", "-bmp")
		cmd.Stdin = bytes.NewReader(b)
		out, err := cmd.Output()
		require.NoError(t, err)
		return out
	}
	b := encodeJPEG(t, photo(640, 400), 80)
	out, r := noticedJPEG(t, b, Notice{})
	before, after := shown(b), shown(out)
	require.Len(t, after, len(before))
	const header, row = 54, 3 * 640
	mcus := image.Rect(r.Min.X/16*16, r.Min.Y/16*16, (r.Max.X+15)/16*16, (r.Max.Y+15)/16*16)
	for y := range 400 { // rows stand upside down
		at := header + (399-y)*row
		from, to := 0, row
		if y >= mcus.Min.Y && y < mcus.Max.Y {
			to = 3 * mcus.Min.X
		}
		require.Equal(t, before[at+from:at+to], after[at+from:at+to], "row %d", y)
	}
}

func BenchmarkNoticeJPEG(b *testing.B) {
	file := encodeJPEG(b, photo(4000, 3000), 85)
	b.ReportAllocs()
	b.SetBytes(int64(len(file)))
	for b.Loop() {
		noticedJPEG(b, file, Notice{})
	}
}

// TestNoticeJPEGKeepsIndex: the index of a multi-picture file (CIPA DC-007) pointed
// beside the second image, such as the gain map of an HDR picture.
func TestNoticeJPEGKeepsIndex(t *testing.T) {
	const header, entries = 2 + 2 + 2 + 4, 26 // up to the TIFF header, and from there
	first, second := encodeJPEG(t, picture("busy", 640, 400), 75), encodeJPEG(t, picture("checker", 64, 64), 75)
	index := []byte("II*\x00\x08\x00\x00\x00\x01\x00\x02\xB0\x07\x00\x20\x00\x00\x00\x1A\x00\x00\x00\x00\x00\x00\x00")
	index = append(index, make([]byte, 32)...)
	size := len(first) + header - 2 + len(index)
	binary.LittleEndian.PutUint32(index[entries+4:], uint32(size))
	binary.LittleEndian.PutUint32(index[entries+16+4:], uint32(len(second)))
	binary.LittleEndian.PutUint32(index[entries+16+8:], uint32(size-header))
	b := slices.Concat(first[:2], []byte("\xFF\xE2\x00\x40MPF\x00"), index, first[2:], second)

	out, _ := noticedJPEG(t, b, Notice{})
	require.NotEqual(t, len(b), len(out))
	index = out[header:]
	require.EqualValues(t, len(out)-len(second), binary.LittleEndian.Uint32(index[entries+4:]))
	require.EqualValues(t, len(out)-len(second)-header, binary.LittleEndian.Uint32(index[entries+16+8:]))
	require.Equal(t, second, out[len(out)-len(second):])
}

// TestNoticeJPEGOfAnotherKind: the record is written, and the receipt says why there
// is no notice.
func TestNoticeJPEGOfAnotherKind(t *testing.T) {
	b := encodeJPEG(t, picture("busy", 640, 400), 75)
	b[bytes.Index(b, []byte("\xFF\xC0\x00\x11"))+1] = 0xC9 // SOF9: arithmetic coding
	l := &Labeler{Producer: producer, Notice: &Notice{}}
	_, receipt := labelled(t, l, metadata.Bytes(b, ""), Artifact{ID: "a"})
	require.Contains(t, receipt.Layers[0].Reason, "frame type 0xC9")
	require.True(t, receipt.Layers[1].Done)
}
