package c2pa

import (
	"strings"

	"github.com/aigclabel/aigclabel/internal/jumbf"
)

// A manifest is one manifest of a store.
type manifest struct {
	label      string
	update     bool
	compressed bool
	broken     error      // why it could not be decompressed
	outer      *jumbf.Box // as it stands in the store: what a hashed URI to it hashes
	box        *jumbf.Box // decompressed

	claims     []*jumbf.Box
	claim      *claim // nil if it cannot be read
	claimError error
	assertions []*assertion // those that the claim lists, in its order
	signature  Signature
	byURI      map[string]*assertion
	links      []*link   // its ingredients that have a manifest
	findings   []Finding // of the manifest itself
	meaning    *meaning

	index int    // among the manifests of the store
	below []bool // by index: the manifests that it was made from, as far as links lead; nil until asked for

	opened, reached, judged bool // what the validator has done
	exceeded                bool // the limits
}

// maxAssertions bounds the assertions of one claim.
const maxAssertions = 4 << 10

// read takes the manifest apart and judges nothing.
func (m *manifest) read(s *store) {
	for _, c := range m.box.Children {
		if c.IsSuper() && c.UUID == claimType {
			m.claims = append(m.claims, c)
		}
	}
	if len(m.claims) != 1 || m.broken != nil {
		return
	}
	m.claim, m.claimError = readClaim(m.claims[0])
	if m.claim == nil {
		return
	}
	refs := m.claim.refs()
	m.exceeded = len(refs) > maxAssertions // or set by what the assertions hold
	m.byURI = map[string]*assertion{}
	for _, ref := range refs[:min(len(refs), maxAssertions)] {
		a := s.readAssertion(m, ref)
		m.assertions = append(m.assertions, a)
		m.byURI[a.uri] = a
	}
}

// assertionStore returns the box of the assertions, nil if there is not exactly one.
func (m *manifest) assertionStore() *jumbf.Box {
	if box := m.box.Child(assertionsLabel); box != nil && box.UUID == assertionsType {
		return box
	}
	return nil
}

// claimURI is the URI of the claim, for findings.
func (m *manifest) claimURI() string {
	if len(m.claims) == 0 {
		return m.uri("")
	}
	return m.uri(m.claims[0].Label)
}

// named returns the assertions that have one of the names.
func (m *manifest) named(names ...string) (out []*assertion) {
	for _, a := range m.assertions {
		for _, name := range names {
			if a.name == name {
				out = append(out, a)
			}
		}
	}
	return out
}

// bindings returns the hard bindings.
func (m *manifest) bindings() (out []*assertion) {
	for _, a := range m.assertions {
		if isBinding(a.name) {
			out = append(out, a)
		}
	}
	return out
}

// A digestKey is what a digest is of: a store may refer to one large box many times.
type digestKey struct {
	box *jumbf.Box
	alg string
}

// digest returns the hash of the content of a box (C2PA 2.2, 8.4.2.3), nil for an
// algorithm that is not allowed.
func (s *store) digest(box *jumbf.Box, alg string) []byte {
	key := digestKey{box, alg}
	d, ok := s.digests[key]
	if !ok {
		if h, allowed := hashAlgorithms[alg]; allowed {
			w := h.New()
			w.Write(box.Content())
			d = w.Sum(nil)
		}
		s.digests[key] = d
	}
	return d
}

// hasPrefix reports whether name is prefix, or goes on after a dot.
func hasPrefix(name, prefix string) bool {
	rest, ok := strings.CutPrefix(name, prefix)
	return ok && (rest == "" || rest[0] == '.')
}
