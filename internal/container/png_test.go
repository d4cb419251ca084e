package container

import (
	"bytes"
	"testing"
)

var somePacket = []byte(`<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/></x:xmpmeta>`)

func TestPNGRoundTrip(t *testing.T) {
	for name, b := range fixtures(t, "png") {
		t.Run(name, func(t *testing.T) {
			roundTrip(t, PNG, b, XMP, somePacket, bytes.Repeat(somePacket, 9), []byte("<x/>"))
			truncations(t, PNG, b, len(b))
		})
	}
}

func FuzzPNG(f *testing.F) { fuzz(f, "png", PNG, XMP, somePacket) }
