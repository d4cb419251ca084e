package c2pa

import (
	"bytes"
	"strings"

	"github.com/aigclabel/aigclabel/internal/jumbf"
)

// redactionID is what an emptied assertion holds, and then zeros (C2PA 2.2, 6.8).
var redactionID = []byte{0xca, 0xa9, 0x8e, 0xee, 0x9d, 0x4d, 0xf8, 0x0e, 0x86, 0xad, 0x4d, 0xff, 0xca, 0x26, 0x39, 0x73}

// isRedactedBox reports whether nothing is left of the content of an assertion.
func isRedactedBox(box *jumbf.Box) bool {
	for _, c := range box.Children {
		payload := c.Payload
		if c.Type == "uuid" {
			payload = bytes.TrimPrefix(payload, redactionID)
		}
		if c.IsSuper() || len(bytes.Trim(payload, "\x00")) > 0 {
			return false
		}
	}
	return true
}

// gatherAll collects what the manifests say about others.
func (v *validator) gatherAll() {
	for _, m := range v.reached {
		v.gather(m)
	}
}

// gather collects what m says about other manifests: which of their assertions are
// redacted, and when they were signed.
func (v *validator) gather(m *manifest) {
	for _, uri := range m.claim.Redacted {
		label, _, ok := m.split(uri)
		target := v.store.byLabel[label]
		if !ok || target == nil || !v.over(m, target) {
			continue // of the claim itself it is said there
		}
		if uri = m.absolute(uri); !v.redacted[uri] {
			v.redacted[uri] = true
			v.redactedIn[label] = append(v.redactedIn[label], uri)
		}
	}
	for _, a := range m.named(timeStampName) {
		for label, token := range a.stamps() {
			v.stamps[label] = append(v.stamps[label], token)
		}
	}
	for _, a := range m.named(certificateStatus) {
		v.responses.list = append(v.responses.list, a.responses()...)
	}
}

// stamps returns the time stamps of an assertion, by the manifest that they are for
// (C2PA 2.2, 18.17).
func (a *assertion) stamps() (out map[string][]byte) {
	if !a.matches || decoder.Unmarshal(a.content, &out) != nil {
		return nil
	}
	return out
}

// responses returns the OCSP responses of an assertion (C2PA 2.2, 18.18).
func (a *assertion) responses() [][]byte {
	var status struct {
		Values [][]byte `cbor:"ocspVals"`
	}
	if !a.matches || decoder.Unmarshal(a.content, &status) != nil {
		return nil
	}
	return status.Values
}

// checkRedactions judges the redactions that a claim states, and those of its own
// assertions that others state (C2PA 2.2, 15.10.3.1).
func (v *validator) checkRedactions(m *manifest) {
	for _, uri := range m.claim.Redacted {
		if label, _, ok := m.split(uri); ok && label == m.label {
			m.add(AssertionSelfRedacted, m.claimURI(), uri)
		}
	}
	for _, uri := range v.redactedIn[m.label] {
		_, path, _ := m.split(uri)
		name := instanceOf(strings.TrimPrefix(path, assertionsLabel+"/"))
		_, box := v.store.resolve(m, uri)
		switch {
		case name == actionsV1 || name == actionsV2:
			m.add(ActionRedacted, uri, "")
		case isBinding(name):
			m.add(HardBindingRedacted, uri, "")
		case box != nil && !isRedactedBox(box):
			m.add(AssertionNotRedacted, uri, "")
		}
	}
}
