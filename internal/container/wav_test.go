package container

import (
	"testing"
)

func TestWAVRoundTrip(t *testing.T) {
	for name, b := range fixtures(t, "wav") {
		t.Run(name, func(t *testing.T) {
			roundTrip(t, WAV, b, Record, someRecord, []byte(`{"Label":"2"}`), []byte(`{"名":"值"}`))
			truncations(t, WAV, b, len(b))
		})
	}
}

func FuzzWAV(f *testing.F) { fuzz(f, "wav", WAV, Record, someRecord) }
