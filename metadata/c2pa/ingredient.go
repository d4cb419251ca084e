package c2pa

import (
	"bytes"

	"github.com/aigclabel/aigclabel/internal/jumbf"
)

// The relationships of an ingredient to the file (C2PA 2.2, 18.15.3).
const (
	parentOf    = "parentOf"
	componentOf = "componentOf"
	inputTo     = "inputTo"
)

// An ingredient is an ingredient assertion of any version (C2PA 2.2, 18.15.6).
type ingredient struct {
	Title        string     `cbor:"dc:title"`
	Format       string     `cbor:"dc:format"`
	InstanceID   string     `cbor:"instanceID"`
	Relationship string     `cbor:"relationship"`
	SourceType   string     `cbor:"digitalSourceType"` // since 2.4
	Old          *reference `cbor:"c2pa_manifest"`     // versions 1 and 2
	Active       *reference `cbor:"activeManifest"`
	Signature    *reference `cbor:"claimSignature"`
	Thumbnail    *reference `cbor:"thumbnail"`
	Data         *reference `cbor:"data"`
	Status       []status   `cbor:"validationStatus"` // versions 1 and 2
	Results      *results   `cbor:"validationResults"`
}

// results is what the generator of a claim found when it took an ingredient in
// (C2PA 2.2, 15.2.1).
type results struct {
	Active statuses `cbor:"activeManifest"`
	Deltas []struct {
		URI    string   `cbor:"ingredientAssertionURI"`
		Deltas statuses `cbor:"validationDeltas"`
	} `cbor:"ingredientDeltas"`
}

type statuses struct {
	Success       []status `cbor:"success"`
	Informational []status `cbor:"informational"`
	Failure       []status `cbor:"failure"`
}

type status struct {
	Code        Code   `cbor:"code"`
	URL         string `cbor:"url"`
	Explanation string `cbor:"explanation"`
	Success     *bool  `cbor:"success"`
}

// readIngredient reads an ingredient assertion, nil if it is malformed.
func readIngredient(b []byte) *ingredient {
	in := new(ingredient)
	if decoder.Unmarshal(b, in) != nil {
		return nil
	}
	return in
}

// manifest returns the reference to the ingredient's manifest, nil without one.
func (in *ingredient) manifest() *reference {
	if in.Active != nil {
		return in.Active
	}
	return in.Old
}

// failures returns what the generator of the claim found wrong with the ingredient.
func (in *ingredient) failures() []status {
	if in.Results != nil {
		return in.Results.Active.Failure
	}
	var out []status
	for _, s := range in.Status {
		if s.Success == nil && s.Code.Kind() == Failure || s.Success != nil && !*s.Success {
			out = append(out, s)
		}
	}
	return out
}

// The bounds of the search for ingredients.
const (
	maxDepth = 64
	maxLinks = 4 << 10
)

// A link is an ingredient assertion that leads to a manifest of the store.
type link struct {
	from      *manifest
	assertion *assertion
	to        *manifest // nil if it is missing
}

// search opens m and, depth first, the manifests of its ingredients (C2PA 2.2,
// 15.11.3.3).
func (v *validator) search(m *manifest, depth int) {
	v.open(m)
	if m.reached || m.claim == nil {
		return
	}
	m.reached = true
	v.reached = append(v.reached, m)
	for _, a := range m.assertions {
		if a.ingredient == nil || !a.matches || a.ingredient.manifest() == nil {
			continue
		}
		if depth >= maxDepth || len(v.links) >= maxLinks {
			v.exceeded = true
			return
		}
		to, _ := v.store.resolve(m, a.ingredient.manifest().URL)
		l := &link{m, a, to}
		v.links, m.links = append(v.links, l), append(m.links, l)
		if to != nil {
			v.search(to, depth+1)
		}
	}
}

// over reports whether m was made from other, however many steps ago, and other not from
// m. Only then may m say something about other: whoever puts a manifest into a file
// could else take back what was signed over it.
func (v *validator) over(m, other *manifest) bool {
	return v.belowOf(m)[other.index] && !v.belowOf(other)[m.index]
}

func (v *validator) belowOf(m *manifest) []bool {
	if m.below == nil {
		m.below = make([]bool, len(v.store.manifests))
		m.markBelow(m.below)
	}
	return m.below
}

func (m *manifest) markBelow(below []bool) {
	for _, l := range m.links {
		if l.to != nil && !below[l.to.index] {
			below[l.to.index] = true
			l.to.markBelow(below)
		}
	}
}

// checkIngredients judges the ingredient assertions themselves (C2PA 2.2, 15.11.3.2).
func (v *validator) checkIngredients(m *manifest) {
	for _, a := range m.named(ingredientV1, ingredientV2, ingredientV3) {
		in := a.ingredient
		switch {
		case a.box == nil || !a.matches || isRedactedBox(a.box):
			continue
		case in == nil:
			m.add(IngredientMalformed, a.uri, "not what the assertion holds")
			continue
		case in.Relationship != parentOf && in.Relationship != componentOf && in.Relationship != inputTo:
			m.add(IngredientMalformed, a.uri, "no relationship that there is")
		case a.name == ingredientV3 && in.Active != nil && in.Results == nil:
			m.add(IngredientMalformed, a.uri, "no validationResults")
		}
		if in.manifest() == nil && in.Relationship != inputTo {
			m.add(IngredientUnknownProvenance, a.uri, "")
		}
		v.checkReference(m, in.Thumbnail, a.uri)
		v.checkReference(m, in.Data, a.uri)
	}
}

// parents returns the ingredients that the file derives from.
func (m *manifest) parents() (out []*assertion) {
	for _, a := range m.named(ingredientV1, ingredientV2, ingredientV3) {
		if a.ingredient != nil && a.ingredient.Relationship == parentOf {
			out = append(out, a)
		}
	}
	return out
}

// checkLink judges how an ingredient assertion refers to its manifest (C2PA 2.2,
// 15.11.3.3): by the hash of the manifest, or where that was redacted, of its signature.
func (v *validator) checkLink(l *link) []Finding {
	in, uri := l.assertion.ingredient, l.assertion.uri
	if l.to == nil {
		return []Finding{at(IngredientManifestMissing, uri, in.manifest().URL)}
	}
	if len(v.redactedIn[l.to.label]) > 0 {
		return v.checkSignatureLink(l)
	}
	ref := *in.manifest()
	digest := v.store.digest(l.to.outer, l.from.algorithm(ref))
	switch {
	case digest == nil:
		return []Finding{at(AlgorithmUnsupported, uri, l.from.algorithm(ref))}
	case bytes.Equal(digest, ref.Hash), l.oldHash(ref):
		return []Finding{at(IngredientManifestValidated, uri, "")}
	}
	return []Finding{at(IngredientManifestMismatch, uri, "")}
}

// oldHash reports whether the reference hashes the claim alone, as those of C2PA 1.0 did.
func (l *link) oldHash(ref reference) bool {
	if l.to.claim == nil || l.to.claim.version > 1 {
		return false
	}
	h, ok := hashAlgorithms[l.from.algorithm(ref)]
	if !ok {
		return false
	}
	w := h.New()
	w.Write(l.to.claim.bytes)
	return bytes.Equal(w.Sum(nil), ref.Hash)
}

// checkSignatureLink is the method for manifests that have lost assertions (C2PA 2.2,
// 15.11.3.3.1).
func (v *validator) checkSignatureLink(l *link) []Finding {
	in, uri := l.assertion.ingredient, l.assertion.uri
	var box *jumbf.Box
	var owner *manifest
	if in.Signature != nil {
		owner, box = v.store.resolve(l.from, in.Signature.URL)
	}
	if box == nil || owner != l.to {
		return []Finding{at(IngredientSignatureMissing, uri, "")}
	}
	digest := v.store.digest(box, l.from.algorithm(*in.Signature))
	switch {
	case digest == nil:
		return []Finding{at(AlgorithmUnsupported, uri, l.from.algorithm(*in.Signature))}
	case !bytes.Equal(digest, in.Signature.Hash):
		return []Finding{at(IngredientSignatureMismatch, uri, "")}
	}
	return []Finding{at(IngredientSignatureValidated, uri, "")}
}
