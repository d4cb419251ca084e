package c2pa

import (
	"cmp"
	"encoding/json"
	"path"
	"slices"
	"strings"
)

// An Origin says where content comes from.
type Origin string

// The origins, those that say the most about a model first. The zero value is that of
// content about which nothing is stated.
const (
	// OriginGenerated is content that a model made, and what was made of it.
	OriginGenerated Origin = "generated"

	// OriginComposite is content of which a model made or changed a part.
	OriginComposite Origin = "composite"

	// OriginCaptured is content that a camera or a microphone took, and that no
	// model is said to have changed.
	OriginCaptured Origin = "captured"

	// OriginEdited is content of another kind, or of an unknown one, that no model is
	// said to have made or changed.
	OriginEdited Origin = "edited"
)

// AI reports whether the content is said to be made or changed by a model.
func (o Origin) AI() bool { return o == OriginGenerated || o == OriginComposite }

// sourceOrigins says what digital source types come to (IPTC NewsCodes; C2PA 2.2,
// 18.14.4.5), by the last part of their address.
var sourceOrigins = map[string]Origin{
	"trainedAlgorithmicMedia":              OriginGenerated,
	"trainedAlgorithmicData":               OriginGenerated,
	"compositeWithTrainedAlgorithmicMedia": OriginComposite,
	"compositeSynthetic":                   OriginComposite,
	"digitalCapture":                       OriginCaptured,
	"computationalCapture":                 OriginCaptured,
	"compositeCapture":                     OriginCaptured,
}

func sourceOrigin(sourceType string) Origin { return sourceOrigins[path.Base(sourceType)] }

// A meaning is what a manifest says about where the content comes from.
type meaning struct {
	origin      Origin
	marked      bool
	sourceTypes []string
}

// meaningOf returns what m says, its ingredients included: what was made from a model's
// work stays that. A manifest that leads to itself adds nothing.
func (v *validator) meaningOf(m *manifest, depth int) *meaning {
	if m.meaning != nil {
		return m.meaning
	}
	m.meaning = &meaning{}
	if m.claim == nil || depth > maxDepth {
		return m.meaning
	}
	w := m.meaning
	w.readActions(m)
	for _, a := range m.assertions {
		switch {
		case a.name == softBindingName:
			w.readSoftBindings(a.softBindings(m.claim.SoftAlg))
		case a.ingredient != nil:
			w.readIngredient(a.ingredient)
		case a.json && isMetadata(a.name):
			w.readMetadata(a.content)
		}
	}
	for _, l := range m.links {
		if l.to != nil {
			w.inherit(v.meaningOf(l.to, depth+1), l.assertion.ingredient.Relationship)
		}
	}
	return w
}

// readActions reads the actions of m.
func (w *meaning) readActions(m *manifest) {
	for _, a := range m.named(actionsV1, actionsV2) {
		if a.actions == nil {
			continue
		}
		for i := range a.actions.Actions {
			w.readAction(&a.actions.Actions[i])
		}
	}
}

func (w *meaning) readAction(a *action) {
	w.state(a.SourceType)
	if hasPrefix(a.Action, "c2pa.watermarked") {
		w.marked = true
	}
	origin := sourceOrigin(a.SourceType)
	switch {
	case a.Action == "c2pa.created" && origin != "":
		w.add(origin)
	case origin.AI():
		w.add(OriginComposite) // a model changed what was there
	default:
		w.add(OriginEdited)
	}
}

// readIngredient reads what an ingredient without a manifest is said to be.
func (w *meaning) readIngredient(in *ingredient) {
	w.state(in.SourceType)
	w.inherit(&meaning{origin: sourceOrigin(in.SourceType)}, in.Relationship)
}

// readSoftBindings reads what leads from the content to the manifest.
func (w *meaning) readSoftBindings(bindings []SoftBinding) {
	w.marked = w.marked || slices.ContainsFunc(bindings, func(b SoftBinding) bool { return !b.Fingerprint })
}

// fingerprints are the algorithms of the list of the C2PA that put nothing into the
// content.
var fingerprints = []string{"io.iscc.v0", "com.adobe.icn.dense"}

// softBindings returns what a soft-binding assertion says (C2PA 2.2, 18.10), a binding
// for each block. The algorithm is that of the claim where it does not say.
func (a *assertion) softBindings(algorithm string) (out []SoftBinding) {
	var s struct {
		Alg    string `cbor:"alg"`
		Name   string `cbor:"name"`
		Blocks []struct {
			Value []byte `cbor:"value"`
		} `cbor:"blocks"`
	}
	if decoder.Unmarshal(a.content, &s) != nil {
		return nil
	}
	alg := cmp.Or(s.Alg, algorithm)
	for _, b := range s.Blocks {
		out = append(out, SoftBinding{Algorithm: alg, Name: s.Name, Value: b.Value, Fingerprint: slices.Contains(fingerprints, alg)})
	}
	return out
}

// isMetadata reports whether an assertion holds properties of XMP (C2PA 2.2, 18.16; of
// IPTC in 1.4).
func isMetadata(name string) bool {
	return name == metadataName || strings.HasPrefix(name, "stds.iptc") || strings.HasSuffix(name, ".metadata")
}

// readMetadata reads the source type of the IPTC in a metadata assertion. It says what the
// whole content is.
func (w *meaning) readMetadata(content []byte) {
	var properties map[string]json.RawMessage
	if json.Unmarshal(content, &properties) != nil {
		return
	}
	var sourceType string
	if json.Unmarshal(properties["Iptc4xmpExt:DigitalSourceType"], &sourceType) == nil {
		w.state(sourceType)
		w.add(sourceOrigin(sourceType))
	}
}

// state lists a source type.
func (w *meaning) state(sourceType string) {
	if sourceType != "" && !slices.Contains(w.sourceTypes, sourceType) && len(w.sourceTypes) < maxSourceTypes {
		w.sourceTypes = append(w.sourceTypes, sourceType)
	}
}

// maxSourceTypes is more than there are.
const maxSourceTypes = 64

// ranks orders origins by what they say about a model.
var ranks = map[Origin]int{OriginEdited: 1, OriginCaptured: 2, OriginComposite: 3, OriginGenerated: 4}

// add takes an origin that says more than what is known.
func (w *meaning) add(o Origin) {
	if ranks[o] > ranks[w.origin] {
		w.origin = o
	}
}

// inherit takes what an ingredient says into account.
func (w *meaning) inherit(of *meaning, relationship string) {
	switch {
	case relationship == parentOf:
		w.add(of.origin)
		w.marked = w.marked || of.marked
	case relationship == componentOf && of.origin.AI():
		w.add(OriginComposite)
	}
}
