package c2pa

import (
	"bytes"
	"errors"

	"github.com/aigclabel/aigclabel/internal/container"
	"github.com/aigclabel/aigclabel/internal/jumbf"
	"github.com/aigclabel/aigclabel/metadata"
)

// Validate reads and judges the Content Credentials of a file (C2PA 2.2, clause 15).
// A file without them gives a report without a State. It reads the file once, from its
// start to its end, in constant memory, and nothing from a network. Credentials that are
// too large to be judged whole, of more than 1024 manifests, or with ingredients more than
// 64 deep, are Invalid.
//
// An error means that the file could not be examined: [metadata.ErrUnknownFormat],
// a [*metadata.LimitError] or an I/O error. What is wrong with the credentials is in the
// report.
//
// Validate is safe for concurrent use.
func Validate(src metadata.Source, opts *Options) (*Report, error) {
	if opts == nil {
		opts = &Options{}
	}
	a, err := openAsset(src, opts.Limits)
	if errors.Is(err, metadata.ErrUnknownFormat) && opts.Sidecar != nil {
		a, err = &asset{src: container.NewSource(src.R, src.Size, container.Limits(opts.Limits))}, nil
	}
	if err != nil {
		return nil, err
	}
	defer a.src.Release()
	stores, place, err := a.stores(opts.Sidecar)
	if err != nil {
		return nil, err
	}
	r := &Report{Place: place}
	switch bad := a.unusable(); {
	case bad != "":
		r.reject(found(bad, "what the file carries is no manifest store, or several"))
	case len(stores) == 0:
		a.elsewhere(r)
	default:
		err = a.validate(r, stores, opts)
	}
	return r, err
}

// validate judges the stores of a file into r.
func (a *asset) validate(r *Report, stores [][]byte, opts *Options) error {
	s := newStore(a.src.Inflated)
	for _, b := range stores {
		if err := s.add(b); err != nil {
			r.reject(at(GeneralError, manifestURI("", ""), err.Error()))
			return nil
		}
	}
	active := s.active()
	if active == nil {
		r.reject(at(ClaimMissing, manifestURI("", ""), "the store is empty"))
		return nil
	}
	v := newValidator(s, opts)
	v.search(active, 0)
	v.gatherAll()
	v.judge(active)
	v.report(r, active)
	content, err := v.checkContent(a, active)
	r.Findings = append(r.Findings, content...)
	r.State = r.state()
	return err
}

// A validator judges the manifests of one store.
type validator struct {
	store *store
	opts  *Options

	reached    []*manifest // the active one and, depth first, those of ingredients
	links      []*link
	redacted   map[string]bool     // URIs of assertions
	redactedIn map[string][]string // the same by the label of the manifest
	stamps     map[string][][]byte // tokens of time-stamp assertions, by the label of the manifest
	responses  *responses          // of certificate-status assertions
	signatures int                 // that were verified
	exceeded   bool                // the limits: not everything was judged
}

// maxSignatures bounds the signatures that are verified.
const maxSignatures = 256

func newValidator(s *store, opts *Options) *validator {
	return &validator{store: s, opts: opts, redacted: map[string]bool{}, redactedIn: map[string][]string{}, stamps: map[string][][]byte{}, responses: newResponses()}
}

// open takes m apart once.
func (v *validator) open(m *manifest) {
	if !m.opened {
		m.opened = true
		m.read(v.store)
		v.exceeded = v.exceeded || m.exceeded
	}
}

// add records a finding about m.
func (m *manifest) add(code Code, url, explanation string) {
	m.findings = append(m.findings, at(code, url, explanation))
}

// at returns a finding about what has a URI.
func at(code Code, url, explanation string) Finding {
	f := found(code, explanation)
	f.URL = url
	return f
}

// judge judges m, but not its binding to content nor what its ingredients are worth.
func (v *validator) judge(m *manifest) {
	if m.judged {
		return
	}
	m.judged = true
	v.open(m)
	switch {
	case m.broken != nil:
		m.add(ManifestCompressedInvalid, m.uri(""), m.broken.Error())
		return
	case len(m.claims) == 0:
		m.add(ClaimMissing, m.uri(""), "")
		return
	case len(m.claims) > 1:
		m.add(ClaimMultiple, m.uri(""), "")
		return
	case errors.Is(m.claimError, errNoCBOR):
		m.add(ClaimCBORInvalid, m.claimURI(), "")
		return
	case m.claimError != nil:
		m.add(ClaimMalformed, m.claimURI(), m.claimError.Error())
	}
	if m.claim == nil {
		return
	}
	v.verify(m)
	v.judgeContent(m)
}

// judgeContent judges what m says, but not who signed it.
func (v *validator) judgeContent(m *manifest) {
	v.checkKind(m)
	v.checkAssertions(m)
	v.checkIngredients(m)
	v.checkActions(m)
	v.checkAgentIcons(m, m.claim.Info, m.claimURI())
	v.checkRedactions(m)
}

// verify judges the signature of m (C2PA 2.2, 15.7 to 15.9).
func (v *validator) verify(m *manifest) {
	owner, box := v.store.resolve(m, m.claim.Signature)
	if owner != m || box == nil || box.UUID != signatureType || contentOf(box, cborType) == nil {
		m.add(ClaimSignatureMissing, m.absolute(m.claim.Signature), "")
		return
	}
	if v.signatures++; v.signatures > maxSignatures {
		v.exceeded = true
		return
	}
	var findings []Finding
	m.signature, findings = checkSignature(contentOf(box, cborType), m.claim.bytes, v.stamps[m.label], v.responses, v.opts)
	for _, f := range findings {
		m.add(f.Code, m.absolute(m.claim.Signature), f.Explanation)
	}
}

// checkKind judges which assertions m has, for the kind of manifest that it is (C2PA
// 2.2, 15.10.1).
func (v *validator) checkKind(m *manifest) {
	bindings := m.bindings()
	if m.update {
		v.checkUpdate(m)
		return
	}
	switch {
	case len(bindings) == 0:
		m.add(ClaimHardBindingsMissing, m.claimURI(), "")
	case len(bindings) > 1:
		m.add(AssertionMultipleHardBindings, m.uri(assertionsLabel), "")
	}
	if len(m.parents()) > 1 {
		m.add(ManifestMultipleParents, m.claimURI(), "")
	}
}

// checkUpdate judges which assertions an update manifest has (C2PA 2.2, 15.10.1.3).
func (v *validator) checkUpdate(m *manifest) {
	if len(m.parents()) != 1 || len(m.named(ingredientV1, ingredientV2, ingredientV3)) != 1 {
		m.add(ManifestUpdateWrongParents, m.claimURI(), "")
	}
	for _, a := range m.assertions {
		if isBinding(a.name) || a.name == multiAssetName || hasPrefix(a.name, thumbnailPrefix) {
			m.add(ManifestUpdateInvalid, m.claimURI(), a.label)
		}
		if a.actions == nil {
			continue
		}
		for _, act := range a.actions.Actions {
			if !isUpdateAction(act.Action) {
				m.add(ManifestUpdateInvalid, m.claimURI(), act.Action)
			}
		}
	}
}

// checkAssertions judges the assertions of m, and that there are no others (C2PA 2.2,
// 15.10.3.1).
func (v *validator) checkAssertions(m *manifest) {
	declared := map[*jumbf.Box]bool{}
	for _, a := range m.assertions {
		if a.box != nil {
			declared[a.box] = true
		}
		if !v.redacted[a.uri] && v.checkHash(m, a) {
			v.checkAssertion(m, a)
		}
	}
	store := m.assertionStore()
	if store == nil {
		return
	}
	for _, box := range store.Children {
		if box.IsSuper() && !declared[box] {
			m.add(AssertionUndeclared, m.uri(assertionsLabel+"/"+box.Label), "")
		}
	}
}

// checkHash judges the reference to an assertion of m.
func (v *validator) checkHash(m *manifest, a *assertion) bool {
	switch {
	case a.outside:
		m.add(AssertionOutsideManifest, m.claimURI(), a.ref.URL)
	case a.box == nil:
		m.add(AssertionMissing, m.claimURI(), a.uri)
	case hashAlgorithms[m.algorithm(a.ref)] == 0:
		m.add(AlgorithmUnsupported, a.uri, m.algorithm(a.ref))
	case !a.matches:
		m.add(AssertionHashedURIMismatch, a.uri, "")
	default:
		m.add(AssertionHashedURIMatch, a.uri, "")
		return true
	}
	return false
}

// checkAssertion judges an assertion by its name.
func (v *validator) checkAssertion(m *manifest, a *assertion) {
	if !a.sound() {
		code := AssertionCBORInvalid
		if a.json {
			code = AssertionJSONInvalid
		}
		m.add(code, a.uri, "")
		return
	}
	switch a.name {
	case cloudDataName:
		m.checkCloudData(a)
	case metadataName:
		if other, ok := allowedMetadata(a.content); a.json && !ok {
			m.add(AssertionMetadataDisallowed, a.uri, other)
		}
	case timeStampName:
		if len(a.stamps()) == 0 {
			m.add(AssertionTimestampMalformed, a.uri, "")
		}
	}
}

// checkReference judges a hashed URI in what has a URI (C2PA 2.2, 15.10.3.3). What is
// not in the store is not fetched.
func (v *validator) checkReference(m *manifest, ref *reference, uri string) {
	if ref == nil || ref.URL != "" && !ref.embedded() || v.redacted[m.absolute(ref.URL)] {
		return
	}
	_, box := v.store.resolve(m, ref.URL)
	if box == nil {
		m.add(HashedURIMissing, uri, ref.URL)
		return
	}
	v.checkDigest(m, *ref, box, uri)
}

// checkDigest judges the hash of a hashed URI that leads to a box.
func (v *validator) checkDigest(m *manifest, ref reference, box *jumbf.Box, uri string) {
	digest := v.store.digest(box, m.algorithm(ref))
	switch {
	case digest == nil:
		m.add(AlgorithmUnsupported, uri, m.algorithm(ref))
	case !bytes.Equal(digest, ref.Hash):
		m.add(HashedURIMismatch, uri, ref.URL)
	}
}

// checkContent judges whether the content is what the active manifest was signed for,
// or, where it is an update, the manifest that it updates (C2PA 2.2, 15.12).
func (v *validator) checkContent(a *asset, active *manifest) ([]Finding, error) {
	m := active
	for depth := 0; m != nil && m.update && depth < maxDepth; depth++ {
		m = m.parent()
	}
	if m == nil || m.update || m != active && len(m.bindings()) == 0 {
		return []Finding{at(ClaimHardBindingsMissing, active.claimURI(), "")}, nil
	}
	bindings := m.bindings()
	if len(bindings) == 0 || !bindings[0].matches {
		return nil, nil // which is said
	}
	a.updated = m != active
	findings := a.check(bindings[0].name, bindings[0].content, m.claim.Alg)
	for i := range findings {
		findings[i].URL = bindings[0].uri
	}
	return findings, a.err
}

// parent returns the manifest that an update is of.
func (m *manifest) parent() *manifest {
	for _, l := range m.links {
		if l.assertion.ingredient.Relationship == parentOf {
			return l.to
		}
	}
	return nil
}
