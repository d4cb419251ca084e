package label

import (
	"bytes"
	"image/png"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aigclabel/aigclabel/metadata"
	"github.com/aigclabel/aigclabel/watermark"
)

// BenchmarkWatermark labels a picture of a megapixel; in PNG the standard library's decoder
// and encoder are the measure.
func BenchmarkWatermark(b *testing.B) {
	files := markable(b, 1250, 800)
	for _, name := range []string{"png", "jpeg", "bmp", "tiff"} {
		b.Run(name, func(b *testing.B) {
			l := &Labeler{Producer: producer, Watermark: &Watermark{}}
			b.SetBytes(1e6)
			b.ReportAllocs()
			for b.Loop() {
				receipt, err := l.Label(b.Context(), io.Discard, metadata.Bytes(files[name], ""), Artifact{ID: "1"})
				require.NoError(b, err)
				require.True(b, layer(b, receipt, "watermark").Done)
			}
		})
	}
	b.Run("png/recoded", func(b *testing.B) {
		b.SetBytes(1e6)
		for b.Loop() {
			m, err := png.Decode(bytes.NewReader(files["png"]))
			require.NoError(b, err)
			require.NoError(b, png.Encode(io.Discard, m))
		}
	})
	b.Run("verify", func(b *testing.B) {
		v := &Verifier{Keys: []watermark.Key{watermark.OpenKey}}
		b.SetBytes(1e6)
		for b.Loop() {
			report, err := v.Verify(b.Context(), metadata.Bytes(files["jpeg"], ""), nil)
			require.NoError(b, err)
			require.Empty(b, report.Watermarks)
		}
	})
}
