package c2pa

import (
	"encoding/json"
	"strings"

	"github.com/aigclabel/aigclabel/internal/jumbf"
)

// The types of content boxes that are read.
const (
	cborType = "cbor"
	jsonType = "json"
)

// The names of assertions that are judged (C2PA 2.2, 18).
const (
	actionsV1         = "c2pa.actions"
	actionsV2         = "c2pa.actions.v2"
	ingredientV1      = "c2pa.ingredient"
	ingredientV2      = "c2pa.ingredient.v2"
	ingredientV3      = "c2pa.ingredient.v3"
	softBindingName   = "c2pa.soft-binding"
	cloudDataName     = "c2pa.cloud-data"
	metadataName      = "c2pa.metadata"
	timeStampName     = "c2pa.time-stamp"
	certificateStatus = "c2pa.certificate-status"
	multiAssetName    = "c2pa.hash.multi-asset"
	thumbnailPrefix   = "c2pa.thumbnail"
)

// An assertion is one that a claim lists.
type assertion struct {
	ref     reference
	uri     string     // in the store
	label   string     // the last part of uri
	name    string     // label without the number of the instance
	outside bool       // not in the manifest of the claim
	box     *jumbf.Box // nil if there is none
	json    bool       // content is JSON, not CBOR
	content []byte     // nil for other content
	matches bool       // the hash that the claim states

	actions    *actions
	ingredient *ingredient
}

// readAssertion finds an assertion that the claim of m lists.
func (s *store) readAssertion(m *manifest, ref reference) *assertion {
	a := &assertion{ref: ref, uri: m.absolute(ref.URL)}
	label, path, ok := m.split(ref.URL)
	a.outside = !ok || label != m.label
	a.label, ok = strings.CutPrefix(path, assertionsLabel+"/")
	a.name = instanceOf(a.label)
	store := m.assertionStore()
	if a.outside || !ok || store == nil {
		return a
	}
	if a.box = store.Child(a.label); a.box == nil {
		return a
	}
	digest := s.digest(a.box, m.algorithm(ref))
	a.matches = digest != nil && string(digest) == string(ref.Hash)
	if a.content = contentOf(a.box, cborType); a.content == nil {
		a.content = contentOf(a.box, jsonType)
		a.json = a.content != nil
	}
	if m.byURI[a.uri] != nil {
		a.name = "" // listed again: it is judged once
	}
	if s.decode(a); s.actions < 0 {
		m.exceeded = true
	}
	return a
}

// decode reads the assertions that others refer to. What cannot be read is nil.
func (s *store) decode(a *assertion) {
	switch a.name {
	case actionsV1, actionsV2:
		if s.actions < 0 {
			return
		}
		if a.actions = readActions(a.cbor()); a.actions != nil {
			s.actions -= len(a.actions.Actions) + len(a.actions.Templates)
		}
	case ingredientV1, ingredientV2, ingredientV3:
		a.ingredient = readIngredient(a.cbor())
	}
}

// cbor returns the content as CBOR: the first versions of some assertions were JSON
// with the same fields.
func (a *assertion) cbor() []byte {
	if !a.json {
		return a.content
	}
	var v any
	if json.Unmarshal(a.content, &v) != nil {
		return nil
	}
	return encoded(v)
}

// sound reports whether the content is what its type says, as it must be for those of
// the specification.
func (a *assertion) sound() bool {
	if a.content == nil || !strings.HasPrefix(a.name, "c2pa.") {
		return true
	}
	if a.json {
		return json.Valid(a.content)
	}
	return decoder.Wellformed(a.content) == nil
}

// instanceOf returns a label without the number that tells several of one name
// apart (C2PA 2.2, 6.4).
func instanceOf(label string) string {
	i := strings.LastIndex(label, "__")
	if i <= 0 || i+2 == len(label) || strings.Trim(label[i+2:], "0123456789") != "" {
		return label
	}
	return label[:i]
}

// contentOf returns the content box of a type in a superbox, nil if there is not
// exactly one.
func contentOf(box *jumbf.Box, fourcc string) []byte {
	var found *jumbf.Box
	for _, c := range box.Children {
		if c.Type == fourcc {
			if found != nil {
				return nil
			}
			found = c
		}
	}
	if found == nil {
		return nil
	}
	return found.Payload
}

// algorithm returns what hashes a reference in the claim of m, or one in an assertion
// that does not say (C2PA 2.2, 15.4.1).
func (m *manifest) algorithm(ref reference) string {
	if ref.Alg == "" && m.claim != nil {
		return m.claim.Alg
	}
	return ref.Alg
}

// checkCloudData judges an assertion that stands elsewhere (C2PA 2.2, 15.10.3.2.1). It is
// not fetched.
func (m *manifest) checkCloudData(a *assertion) {
	var data struct {
		Label    string     `cbor:"label"`
		Size     int64      `cbor:"size"`
		Location *reference `cbor:"location"`
		Type     string     `cbor:"content_type"`
	}
	err := decoder.Unmarshal(a.content, &data)
	switch name := instanceOf(data.Label); {
	case err != nil || data.Label == "" || data.Size <= 0 || data.Location == nil || data.Type == "":
		m.add(CloudDataMalformed, a.uri, "")
	case isBinding(name):
		m.add(CloudDataHardBinding, a.uri, "")
	case m.update && (name == actionsV1 || name == actionsV2):
		m.add(CloudDataActions, a.uri, "")
	}
}
