package container

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// Other programs decode what they decoded before: pictures of item files by their
// own decoders, the rest by ffmpeg.
func TestInteropStores(t *testing.T) {
	for format, c := range storeCarriers {
		if format == "svg" {
			continue // no media
		}
		for name, b := range fixtures(t, format) {
			if slices.Contains(storeless, name) || name == "cmaf-init.mp4" { // a header alone
				continue
			}
			t.Run(format+"/"+name, func(t *testing.T) {
				t.Parallel()
				out := storing{c.walk, b, c.kinds[:1]}.put(t, 70<<10, 1)
				if i, ok := imageCases[format]; ok {
					require.Equal(t, i.decoded(t, name, b), i.decoded(t, name, out))
					return
				}
				require.Equal(t, framesOf(t, name, b), framesOf(t, name, out))
			})
		}
	}
}

// framesOf returns the digests of the frames that ffmpeg decodes, or the pixels.
func framesOf(t *testing.T, name string, b []byte) string {
	t.Helper()
	if name == "big.tif" || name == "animated.webp" { // not known to ffmpeg
		return run(t, tool(t, "convert"), saved(t, name, b), "rgba:-")
	}
	return run(t, tool(t, "ffmpeg"), "-v", "error", "-i", saved(t, name, b), "-map", "0:v?", "-map", "0:a?", "-f", "framemd5", "-")
}
