package c2pa

import (
	"bytes"
	"errors"
	"io"

	"github.com/andybalholm/brotli"

	"github.com/aigclabel/aigclabel/internal/jumbf"
)

// brotliType is the type of the content box of a compressed manifest.
const brotliType = "brob"

var errCompressed = errors.New("no compressed manifest")

// decompress returns the manifest in the box of a compressed one (C2PA 2.2, 11.2.4).
// Beside an error it returns box itself, in which nothing is found.
func (s *store) decompress(box *jumbf.Box) (*jumbf.Box, error) {
	if len(box.Children) != 1 || box.Children[0].Type != brotliType {
		return box, errCompressed
	}
	r := io.LimitReader(brotli.NewReader(bytes.NewReader(box.Children[0].Payload)), s.inflated+1)
	b, err := io.ReadAll(r)
	if err != nil {
		return box, err
	}
	if int64(len(b)) > s.inflated {
		return box, errors.New("compressed manifests are larger than the limit")
	}
	s.inflated -= int64(len(b))
	inner, err := jumbf.Parse(b)
	if err != nil {
		return box, err
	}
	if inner.UUID == compressedType || !isManifest(inner.UUID) || inner.Label != box.Label {
		return box, errCompressed
	}
	return inner, nil
}
