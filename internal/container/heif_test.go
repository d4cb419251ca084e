package container

import (
	"bytes"
	"maps"
	"testing"

	"github.com/stretchr/testify/require"
)

// heifFixtures returns the fixtures of HEIC and AVIF.
func heifFixtures(t testing.TB) map[string][]byte {
	files := fixtures(t, "heic")
	maps.Copy(files, fixtures(t, "avif"))
	return files
}

func TestHEIFRoundTrip(t *testing.T) {
	for name, b := range heifFixtures(t) {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, walk(t, HEIF, b).Summary().Damage)
			roundTrip(t, HEIF, b, XMP, somePacket, bytes.Repeat(somePacket, 9), []byte("<x/>"))
		})
	}
}
