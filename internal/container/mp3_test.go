package container

import (
	"testing"
)

func TestMP3RoundTrip(t *testing.T) {
	for name, b := range fixtures(t, "mp3") {
		t.Run(name, func(t *testing.T) {
			roundTrip(t, MP3, b, Record, someRecord, []byte(`{"Label":"2"}`), []byte(`{"名":"值"}`))
		})
	}
}

func FuzzMP3(f *testing.F) { fuzz(f, "mp3", MP3, Record, someRecord) }
