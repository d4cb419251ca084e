package c2pa

import (
	"fmt"
	"strings"
)

// A SoftBinding is a mark or a fingerprint that leads from the content, even without
// its metadata, back to the manifest (C2PA 2.4, 18.10).
type SoftBinding struct {
	// Algorithm is of the list of the C2PA, or of an entity, with its domain in
	// front: "com.example.watermark.1".
	Algorithm string `json:"algorithm"`

	// Value is what the mark carries, or what the fingerprint is.
	Value []byte `json:"value"`

	// Name says it for people.
	Name string `json:"name,omitempty"`

	// Fingerprint says that Value was computed from the content. Else it was put in
	// as a watermark, and the actions say so.
	Fingerprint bool `json:"fingerprint,omitempty"`
}

// check returns what is wrong with the i-th binding.
func (b SoftBinding) check(i int) error {
	switch {
	case !strings.Contains(b.Algorithm, "."):
		return fmt.Errorf("c2pa: soft binding %d (%.40q): the algorithm needs a dot: one of the list, or with a domain in front", i, b.Algorithm)
	case len(b.Value) == 0:
		return fmt.Errorf("c2pa: soft binding %d (%.40q): no value", i, b.Algorithm)
	}
	return nil
}

// fields returns the soft-binding-map, with one block for the whole content.
func (b SoftBinding) fields() map[string]any {
	m := map[string]any{
		"alg":    b.Algorithm,
		"blocks": []any{map[string]any{"scope": map[string]any{}, "value": b.Value}},
		"pad":    []byte{},
	}
	put(m, "name", b.Name)
	return m
}
