package c2pa

import (
	"errors"
	"fmt"
	"strings"

	"github.com/aigclabel/aigclabel/internal/jumbf"
)

// The types and labels of the boxes of a store (C2PA 2.2, 11.1.4).
var (
	storeType      = jumbf.TypeUUID("c2pa")
	standardType   = jumbf.TypeUUID("c2ma")
	oldType        = jumbf.TypeUUID("c2md") // 11.2.2: a standard manifest as well
	updateType     = jumbf.TypeUUID("c2um")
	compressedType = jumbf.TypeUUID("c2cm")
	assertionsType = jumbf.TypeUUID("c2as")
	claimType      = jumbf.TypeUUID("c2cl")
	signatureType  = jumbf.TypeUUID("c2cs")
)

const (
	storeLabel      = "c2pa"
	assertionsLabel = "c2pa.assertions"
	uriScheme       = "self#jumbf="
)

// maxManifests bounds the manifests of a store.
const maxManifests = 1 << 10

// A store is the manifests that a file carries, in order: the last is the active one
// (C2PA 2.2, 15.5.1).
type store struct {
	manifests []*manifest
	byLabel   map[string]*manifest // nil for a label that two of one store have
	digests   map[digestKey][]byte
	inflated  int64 // bytes that compressed manifests may still take
	actions   int   // that may still be read
}

// maxActions bounds the actions and templates of a store, but for those of the last
// assertion that is read.
const maxActions = 32 << 10

func newStore(inflated int64) *store {
	return &store{byLabel: map[string]*manifest{}, digests: map[digestKey][]byte{}, inflated: inflated, actions: maxActions}
}

// add takes the manifests of the bytes of one store. A later store of the same file
// repeats manifests of an earlier one: its own count.
func (s *store) add(b []byte) error {
	box, err := jumbf.Parse(b)
	if err != nil {
		return err
	}
	if box.UUID != storeType || box.Label != storeLabel {
		return errors.New("the box is no manifest store")
	}
	seen := map[string]bool{}
	for _, c := range box.Children {
		if !c.IsSuper() || !isManifest(c.UUID) {
			continue // 11.1.2: what is not known is skipped
		}
		if len(s.manifests) >= maxManifests {
			return fmt.Errorf("the store holds more than %d manifests", maxManifests)
		}
		m := s.open(c)
		m.index = len(s.manifests)
		s.manifests = append(s.manifests, m)
		if seen[m.label] {
			m = nil // ambiguous
		}
		s.byLabel[c.Label] = m
		seen[c.Label] = true
	}
	return nil
}

func isManifest(t jumbf.UUID) bool {
	return t == standardType || t == oldType || t == updateType || t == compressedType
}

// active returns the manifest that speaks for the file, nil for an empty store.
func (s *store) active() *manifest {
	if len(s.manifests) == 0 {
		return nil
	}
	return s.manifests[len(s.manifests)-1]
}

// open returns the manifest in a box.
func (s *store) open(box *jumbf.Box) *manifest {
	m := &manifest{label: box.Label, outer: box, box: box}
	if box.UUID == compressedType {
		m.compressed = true
		m.box, m.broken = s.decompress(box)
	}
	m.update = m.box.UUID == updateType
	return m
}

// resolve returns the box that a JUMBF URI in from names, and the manifest that the box
// belongs to. Either is nil if there is none, or several (C2PA 2.2, 8.4.1).
func (s *store) resolve(from *manifest, uri string) (*manifest, *jumbf.Box) {
	label, path, ok := from.split(uri)
	if !ok {
		return nil, nil
	}
	m := from
	if label != from.label {
		m = s.byLabel[label]
	}
	if m == nil {
		return nil, nil
	}
	if path == "" {
		return m, m.outer
	}
	box := m.box
	for name := range strings.SplitSeq(path, "/") {
		if box = box.Child(name); box == nil {
			return m, nil
		}
	}
	return m, box
}

// split returns the label of the manifest that a JUMBF URI in m leads to, and the path
// in it. Old writers left out the slash before the label of the store.
func (m *manifest) split(uri string) (label, path string, ok bool) {
	rest, ok := strings.CutPrefix(uri, uriScheme)
	if !ok || strings.Contains(rest, "..") {
		return "", "", false
	}
	inStore, ok := strings.CutPrefix(strings.TrimPrefix(rest, "/"), storeLabel+"/")
	switch {
	case ok:
		label, path, _ = strings.Cut(inStore, "/")
		return label, path, label != ""
	case strings.HasPrefix(rest, "/"):
		return "", "", false
	}
	return m.label, rest, rest != ""
}

// absolute returns a JUMBF URI in m as one of the store, or as it is if it is none.
func (m *manifest) absolute(uri string) string {
	label, path, ok := m.split(uri)
	if !ok {
		return uri
	}
	return manifestURI(label, path)
}

// uri returns the JUMBF URI of what has a path in m.
func (m *manifest) uri(path string) string { return manifestURI(m.label, path) }

func manifestURI(label, path string) string {
	uri := uriScheme + "/" + storeLabel + "/" + label
	if path != "" {
		uri += "/" + path
	}
	return uri
}
