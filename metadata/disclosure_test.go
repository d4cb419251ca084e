package metadata_test

import (
	"bytes"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aigclabel/aigclabel/metadata"
)

// TestDisclosure tests what a file says of its making beside the record, in a format that
// always has XMP, in one that gets it for this, and in one without a place for it.
func TestDisclosure(t *testing.T) {
	rec := metadata.Record{Label: metadata.Generated, ContentProducer: "ACME", ProduceID: "42"}
	opts := &metadata.WriteOptions{
		System: metadata.System{Name: "Painter", Version: "2"}, Disclosure: true,
		Created: time.Date(2026, 11, 22, 8, 30, 0, 0, time.FixedZone("CST", 8*3600)),
	}
	for _, tc := range []struct {
		file string
		xmp  bool
	}{{"png/rgb.png", true}, {"mp4/faststart.mp4", true}, {"mp3/lame.mp3", false}} {
		t.Run(tc.file, func(t *testing.T) {
			b, err := os.ReadFile("testdata/" + tc.file)
			require.NoError(t, err)
			var out bytes.Buffer
			_, err = metadata.Write(&out, metadata.Bytes(b, tc.file), rec, opts)
			require.NoError(t, err)
			reading, err := metadata.Read(metadata.Bytes(out.Bytes(), tc.file), nil)
			require.NoError(t, err)
			if !tc.xmp {
				require.Zero(t, reading.Disclosure())
				return
			}
			require.Equal(t, metadata.Disclosure{
				Provider: "ACME", System: opts.System, Created: "2026-11-22T00:30:00Z", ID: "42",
			}, reading.Disclosure())

			var again bytes.Buffer
			later := *opts
			later.Created = later.Created.Add(time.Hour)
			receipt, err := metadata.Write(&again, metadata.Bytes(out.Bytes(), tc.file), rec, &later)
			require.NoError(t, err)
			require.False(t, receipt.Changed, "what stands there stays")
		})
	}
}
