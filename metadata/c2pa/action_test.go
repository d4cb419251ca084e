package c2pa

import (
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/stretchr/testify/require"

	"github.com/aigclabel/aigclabel/internal/jumbf"
)

type fields = map[string]any

// action returns one action with parameters.
func doing(name string, parameters fields) fields {
	if parameters == nil {
		return fields{"action": name}
	}
	return fields{"action": name, "parameters": parameters}
}

// A history is what a manifest can go on from.
type history struct {
	parent    *jumbf.Box
	old       *jumbf.Box // has parent as a component
	component uri        // that, for other manifests
}

func newHistory(t testing.TB) *history {
	s, _ := forger(t)
	h := &history{parent: forge().act(created()).build(t, s)}
	f := forge()
	ref := f.from(h.parent, componentOf, nil)
	f.act(created(), doing("c2pa.placed", fields{"ingredients": []any{ref}}))
	h.old = f.build(t, s)
	h.component = uri{"url": manifestURI(h.old.Label, inStore+ingredientV3), "hash": ref["hash"]}
	return h
}

// A rule is a manifest with some actions.
type rule struct {
	name string
	make func(f *forged, h *history)
	code Code // "" for what is allowed
}

// actionRules are those of C2PA 2.2, 15.10.3.2.2, kept and broken.
var actionRules = []rule{
	{"no actions assertion", func(f *forged, h *history) {}, ActionMalformed},
	{"no list", func(f *forged, h *history) { f.list(f.add(actionsV2, fields{})) }, ActionMalformed},
	{"empty list", func(f *forged, h *history) { f.act() }, ActionMalformed},
	{"list of texts", func(f *forged, h *history) { f.list(f.add(actionsV2, fields{"actions": []any{"c2pa.created"}})) }, ActionMalformed},
	{"not begun", func(f *forged, h *history) { f.act(doing("c2pa.edited", nil)) }, ActionMalformed},
	{"begun late", func(f *forged, h *history) { f.act(doing("c2pa.edited", nil), created()) }, ActionMalformed},
	{"begun twice", func(f *forged, h *history) { f.act(created(), created()) }, ActionMalformed},
	{"begun in the second assertion", func(f *forged, h *history) {
		f.act(doing("c2pa.edited", nil))
		f.list(f.add(actionsV2+"__1", fields{"actions": []any{created()}}))
	}, ActionMalformed},
	{"begun in both lists", func(f *forged, h *history) {
		f.act(created())
		f.claim["gathered_assertions"] = []any{f.add(actionsV2+"__1", fields{"actions": []any{created()}})}
	}, ActionMalformed},
	{"begun in what was gathered", func(f *forged, h *history) {
		f.claim["gathered_assertions"] = []any{f.add(actionsV2, fields{"actions": []any{created()}})}
	}, ""},
	{"more actions assertions", func(f *forged, h *history) {
		f.act(created())
		f.list(f.add(actionsV2+"__1", fields{"actions": []any{doing("c2pa.cropped", nil)}}))
	}, ""},
	{"nameless", func(f *forged, h *history) { f.act(created(), fields{"when": "2026-01-01T00:00:00Z"}) }, ActionMalformed},
	{"custom", func(f *forged, h *history) {
		f.act(created(), doing("com.example.sharpened", fields{"com.example.by": 5}))
	}, ""},
	{"created of unknown source", func(f *forged, h *history) { f.act(doing("c2pa.created", nil)) }, ActionMalformed},
	{"translated", func(f *forged, h *history) {
		f.act(created(), doing("c2pa.translated", fields{"sourceLanguage": "en"}))
	}, ActionMalformed},
	{"translated from and to", func(f *forged, h *history) {
		f.act(created(), doing("c2pa.translated", fields{"sourceLanguage": "en", "targetLanguage": "zh"}))
	}, ""},

	{"opened without parameters", func(f *forged, h *history) { f.act(doing("c2pa.opened", nil)) }, ActionIngredientMismatch},
	{"opened with empty parameters", func(f *forged, h *history) { f.act(doing("c2pa.opened", fields{})) }, ActionIngredientMismatch},
	{"opened with a list of nothing", func(f *forged, h *history) { f.act(doing("c2pa.opened", fields{"ingredients": []any{}})) }, ActionIngredientMismatch},
	{"opened with no list", func(f *forged, h *history) { f.act(doing("c2pa.opened", fields{"ingredients": "one"})) }, ActionIngredientMismatch},
	{"opened", func(f *forged, h *history) { f.open(h.parent, nil) }, ""},
	{"opened a component", func(f *forged, h *history) {
		f.act(doing("c2pa.opened", fields{"ingredients": []any{f.from(h.parent, componentOf, nil)}}))
	}, ActionIngredientMismatch},
	{"opened two", func(f *forged, h *history) {
		ref := f.from(h.parent, parentOf, nil)
		f.act(doing("c2pa.opened", fields{"ingredients": []any{ref, ref}}))
	}, ActionIngredientMismatch},
	{"opened what is not there", func(f *forged, h *history) {
		f.act(doing("c2pa.opened", fields{"ingredients": []any{uri{"url": "self#jumbf=c2pa.assertions/" + ingredientV3, "hash": []byte{1}}}}))
	}, ActionIngredientMismatch},
	{"opened what is no ingredient", func(f *forged, h *history) {
		f.act(doing("c2pa.opened", fields{"ingredients": []any{f.created[0]}}))
	}, ActionIngredientMismatch},
	{"opened another than it says", func(f *forged, h *history) {
		ref := f.from(h.parent, parentOf, nil)
		f.act(doing("c2pa.opened", fields{"ingredients": []any{uri{"url": ref["url"], "hash": []byte{1}}}}))
	}, HashedURIMismatch},
	{"placed", func(f *forged, h *history) {
		a, b := f.from(h.parent, componentOf, nil), f.from(h.parent, componentOf, nil)
		f.act(created(), doing("c2pa.placed", fields{"ingredients": []any{a, b}}))
	}, ""},
	{"placed a parent", func(f *forged, h *history) {
		f.act(created(), doing("c2pa.placed", fields{"ingredients": []any{f.from(h.parent, parentOf, nil)}}))
	}, ActionIngredientMismatch},

	// What was removed is an ingredient of the file as it was, in another manifest. The
	// reference implementation (c2pa-rs 0.91) looks for it in the same one.
	{"removed", func(f *forged, h *history) {
		ref := f.from(h.old, parentOf, nil)
		f.act(doing("c2pa.opened", fields{"ingredients": []any{ref}}), doing("c2pa.removed", fields{"ingredients": []any{h.component}}))
	}, ""},
	{"removed what it places", func(f *forged, h *history) {
		ref := f.from(h.parent, componentOf, nil)
		f.act(created(), doing("c2pa.removed", fields{"ingredients": []any{ref}}))
	}, ActionIngredientMismatch},
	{"transcoded", func(f *forged, h *history) { f.act(created(), doing("c2pa.transcoded", nil)) }, ""},
	{"repackaged a component", func(f *forged, h *history) {
		ref := f.from(h.parent, componentOf, nil)
		f.act(created(), doing("c2pa.repackaged", fields{"ingredients": []any{ref}}))
	}, ActionIngredientMismatch},
	{"redacted nothing", func(f *forged, h *history) { f.act(created(), doing("c2pa.redacted", nil)) }, ActionRedactionMismatch},
	{"redacted what never was", func(f *forged, h *history) {
		f.act(created(), doing("c2pa.redacted", fields{"redacted": manifestURI(h.parent.Label, "c2pa.assertions/com.example")}))
	}, ActionRedactionMismatch},
	{"icon of a template gone", func(f *forged, h *history) {
		f.list(f.add(actionsV2, fields{"actions": []any{created()}, "templates": []any{fields{"action": "*", "icon": uri{"url": "self#jumbf=c2pa.assertions/c2pa.icon", "hash": []byte{1}}}}}))
	}, HashedURIMissing},
	{"icon of an agent gone", func(f *forged, h *history) {
		f.list(f.add(actionsV2, fields{"actions": []any{created()}, "softwareAgents": []any{fields{"name": "a", "icon": uri{"url": "self#jumbf=c2pa.assertions/c2pa.icon", "hash": []byte{1}}}}}))
	}, HashedURIMissing},
}

func TestActionRules(t *testing.T) {
	s, _ := forger(t)
	h := newHistory(t)
	for _, c := range actionRules {
		f := forge()
		c.make(f, h)
		r := judged(t, storeOf(h.parent, h.old, f.build(t, s)))
		if c.code == "" {
			require.Equal(t, Trusted, r.State, "%s: %v %v", c.name, failures(r.Findings), r.Deltas)
			continue
		}
		require.Equal(t, Invalid, r.State, c.name)
		require.Contains(t, failures(r.Findings), c.code, c.name)
	}
}

// TestOldActions reads claims of version 1, which were made before there were rules.
func TestOldActions(t *testing.T) {
	for name, actions := range map[string][]any{
		"late":    {doing("c2pa.edited", nil), doing("c2pa.opened", fields{"instanceId": "xmp:iid:1"})},
		"unknown": {fields{"action": "adobe.filled", "softwareAgent": "Old 1.0", "parameters": "none"}},
	} {
		f := forge()
		f.claimLabel = claimV1
		f.list(f.add(actionsV1, fields{"actions": actions}))
		r := judge(t, f)
		require.Equal(t, Trusted, r.State, "%s: %v", name, failures(r.Findings))
		require.Equal(t, 1, r.Active.Version)
		require.Equal(t, Generator{Name: "forger", Version: "1"}, r.Active.Generator)
		require.Equal(t, "c2pa.hash.data", r.Active.Assertions[0])
	}
	f := forge()
	f.claimLabel = claimV1
	f.list(f.add(actionsV1, fields{}))
	require.Equal(t, []Code{ActionMalformed}, failures(judge(t, f).Findings))
}

// TestTemplates fills actions in with what templates say (C2PA 2.2, 18.14.6).
func TestTemplates(t *testing.T) {
	when := cbor.Tag{Number: 0, Content: "2026-02-03T04:05:06+01:00"}
	f := forge()
	f.list(f.add(actionsV2, fields{
		"actions": []any{
			fields{"action": "c2pa.created", "when": when},
			fields{"action": "c2pa.edited", "softwareAgentIndex": 1, "when": "not a time"},
			fields{"action": "c2pa.edited", "description": "own", "softwareAgentIndex": 7},
			fields{"action": "c2pa.cropped", "softwareAgent": fields{"name": "Cropper", "version": "3"}},
		},
		"templates": []any{
			fields{"action": "c2pa.edited", "description": "of the template", "digitalSourceType": CompositeTrained},
			fields{"action": "*", "digitalSourceType": "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCreation", "softwareAgent": fields{"name": "Common"}},
		},
		"softwareAgents": []any{fields{"name": "A"}, fields{"name": "B", "version": "2"}},
	}))
	r := judge(t, f)
	require.Equal(t, Trusted, r.State, failures(r.Findings))
	require.Equal(t, OriginComposite, r.Origin)
	creation := "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCreation"
	when0 := time.Date(2026, 2, 3, 3, 5, 6, 0, time.UTC)
	require.True(t, r.Active.Actions[0].When.Equal(when0))
	r.Active.Actions[0].When = time.Time{}
	require.Equal(t, []Action{
		{Action: "c2pa.created", DigitalSourceType: creation, SoftwareAgent: Generator{Name: "Common"}},
		{Action: "c2pa.edited", DigitalSourceType: CompositeTrained, SoftwareAgent: Generator{Name: "B", Version: "2"}, Description: "of the template"},
		{Action: "c2pa.edited", DigitalSourceType: CompositeTrained, Description: "own"},
		{Action: "c2pa.cropped", DigitalSourceType: creation, SoftwareAgent: Generator{Name: "Cropper", Version: "3"}},
	}, r.Active.Actions)
	require.Equal(t, []string{creation, CompositeTrained}, r.Active.SourceTypes)
}

// TestActionsInJSON reads an actions assertion as the first programs wrote them.
func TestActionsInJSON(t *testing.T) {
	f := forge()
	f.claimLabel = claimV1
	f.list(f.addBox(jumbf.Super(jumbf.TypeUUID("json"), actionsV1, jumbf.Leaf("json", []byte(`{"actions":[{"action":"c2pa.created","digitalSourceType":"`+Trained+`"}]}`)))))
	r := judge(t, f)
	require.Equal(t, Trusted, r.State, failures(r.Findings))
	require.Equal(t, OriginGenerated, r.Origin)
}
