package c2pa

import (
	"crypto/x509"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aigclabel/aigclabel/internal/jumbf"
	"github.com/aigclabel/aigclabel/internal/tsp/tsptest"
	"github.com/aigclabel/aigclabel/metadata"
)

// recorded returns validationResults with some failures of the ingredient's manifest.
func recorded(failures ...any) fields {
	return fields{"validationResults": fields{"activeManifest": fields{"success": []any{}, "informational": []any{}, "failure": failures}}}
}

// labelIn returns the label of the manifest that a URI leads to.
func labelIn(uri string) string { return strings.Split(uri, "/")[2] }

func TestIngredientFaults(t *testing.T) {
	s, _ := forger(t)
	for _, c := range []struct {
		name   string
		parent func(*forged)
		child  func(f *forged, parent *jumbf.Box) *jumbf.Box // returns the parent as it goes into the store
		code   Code                                          // of the active manifest
		delta  Code                                          // of the ingredient
	}{
		{name: "good", child: func(f *forged, p *jumbf.Box) *jumbf.Box { f.open(p, nil); return p }},
		{name: "gone", child: func(f *forged, p *jumbf.Box) *jumbf.Box { f.open(p, nil); return nil }, delta: IngredientManifestMissing},
		{name: "changed", child: func(f *forged, p *jumbf.Box) *jumbf.Box {
			f.open(p, nil)
			p.Children[0].Children[0].Children[0].Payload[8] ^= 1
			return p
		}, delta: IngredientManifestMismatch},
		{name: "changed, and said to be", child: func(f *forged, p *jumbf.Box) *jumbf.Box {
			f.open(p, recorded(fields{"code": IngredientManifestMismatch}))
			p.Children = append(p.Children, jumbf.Super(jumbf.TypeUUID("free"), "com.example"))
			return p
		}, delta: IngredientManifestMismatch},
		{name: "a box more", child: func(f *forged, p *jumbf.Box) *jumbf.Box {
			f.open(p, nil)
			p.Children = append(p.Children, jumbf.Super(jumbf.TypeUUID("free"), "com.example"))
			return p
		}, delta: IngredientManifestMismatch},
		{name: "hash by MD5", child: func(f *forged, p *jumbf.Box) *jumbf.Box {
			ref := refer(manifestURI(p.Label, ""), p)
			ref["alg"] = "md5"
			f.open(p, fields{"activeManifest": ref})
			return p
		}, delta: AlgorithmUnsupported},
		{name: "spoilt before", parent: func(f *forged) { f.add("com.example.note", "a") }, child: func(f *forged, p *jumbf.Box) *jumbf.Box { f.open(p, nil); return p }, delta: AssertionUndeclared},
		{name: "spoilt before, as is known", parent: func(f *forged) { f.add("com.example.note", "a") }, child: func(f *forged, p *jumbf.Box) *jumbf.Box {
			f.open(p, recorded(fields{"code": AssertionUndeclared, "url": manifestURI(p.Label, "c2pa.assertions/com.example.note")}))
			return p
		}},
		{name: "spoilt elsewhere than known", parent: func(f *forged) { f.add("com.example.note", "a") }, child: func(f *forged, p *jumbf.Box) *jumbf.Box {
			f.open(p, recorded(fields{"code": AssertionUndeclared, "url": manifestURI(p.Label, "c2pa.assertions/com.example.other")}))
			return p
		}, delta: AssertionUndeclared},
		{name: "no relationship", child: func(f *forged, p *jumbf.Box) *jumbf.Box {
			f.act(created()).from(p, "", nil)
			return p
		}, code: IngredientMalformed},
		{name: "unknown relationship", child: func(f *forged, p *jumbf.Box) *jumbf.Box {
			f.act(created()).from(p, "childOf", nil)
			return p
		}, code: IngredientMalformed},
		{name: "no validation results", child: func(f *forged, p *jumbf.Box) *jumbf.Box {
			f.open(p, fields{"validationResults": nil})
			return p
		}, code: IngredientMalformed},
		{name: "not an ingredient", child: func(f *forged, p *jumbf.Box) *jumbf.Box {
			f.act(created()).list(f.add(ingredientV3, []any{1}))
			return p
		}, code: IngredientMalformed},
		{name: "thumbnail gone", child: func(f *forged, p *jumbf.Box) *jumbf.Box {
			f.open(p, fields{"thumbnail": uri{"url": "self#jumbf=c2pa.assertions/c2pa.thumbnail.ingredient", "hash": []byte{1}}})
			return p
		}, code: HashedURIMissing},
		{name: "data changed", child: func(f *forged, p *jumbf.Box) *jumbf.Box {
			ref := f.add("c2pa.embedded-data", "a prompt")
			f.list(ref).open(p, fields{"data": uri{"url": ref["url"], "hash": []byte{1}}})
			return p
		}, code: HashedURIMismatch},
		{name: "two parents", child: func(f *forged, p *jumbf.Box) *jumbf.Box {
			f.open(p, nil).from(p, parentOf, nil)
			return p
		}, code: ManifestMultipleParents},
		{name: "old reference", child: func(f *forged, p *jumbf.Box) *jumbf.Box {
			ref := f.add(ingredientV2, fields{"relationship": componentOf, "dc:title": "a", "dc:format": "image/png", "c2pa_manifest": refer(manifestURI(p.Label, ""), p)})
			f.list(ref).act(created(), doing("c2pa.placed", fields{"ingredients": []any{ref}}))
			return p
		}},
	} {
		parent := forge().act(created())
		if c.parent != nil {
			c.parent(parent)
		}
		child := forge()
		p := c.child(child, parent.build(t, s))
		manifests := []*jumbf.Box{child.build(t, s)}
		if p != nil {
			manifests = append([]*jumbf.Box{p}, manifests...)
		}
		r := judged(t, storeOf(manifests...))
		var deltas []Code
		for _, d := range r.Deltas {
			require.Equal(t, child.label, labelIn(d.Ingredient), c.name)
			deltas = append(deltas, failures(d.Findings)...)
		}
		if c.code == "" && c.delta == "" {
			require.Equal(t, Trusted, r.State, "%s: %v %v", c.name, failures(r.Findings), r.Deltas)
			continue
		}
		require.Equal(t, Invalid, r.State, c.name)
		if c.code != "" {
			require.Contains(t, failures(r.Findings), c.code, c.name)
		} else {
			require.Contains(t, deltas, c.delta, c.name)
		}
	}
}

func TestIngredientWithoutManifest(t *testing.T) {
	for relationship, unknown := range map[string]bool{componentOf: true, inputTo: false} {
		f := forge().act(created())
		f.list(f.add(ingredientV3, fields{"relationship": relationship, "dc:title": "a"}))
		r := judge(t, f)
		require.Equal(t, Trusted, r.State)
		require.Equal(t, unknown, where(r.Findings, IngredientUnknownProvenance) != "")
		require.Equal(t, []Ingredient{{Title: "a", Relationship: relationship}}, r.Active.Ingredients)
	}
}

// TestUnknownSignerOfIngredient leaves the file trusted: the specification looks at the
// signer of the active manifest (C2PA 2.2, 14.3.6). The reference implementation
// (c2pa-rs 0.91) says Valid.
func TestUnknownSignerOfIngredient(t *testing.T) {
	s, _ := forger(t)
	d, err := NewDevelopmentChain("Stranger", nil)
	require.NoError(t, err)
	parent := forge().act(created()).build(t, &Signer{Key: d.Key, Chain: d.Chain})
	r := judged(t, storeOf(parent, forge().open(parent, nil).build(t, s)))
	require.Equal(t, Trusted, r.State)
	require.Equal(t, []Code{SigningCredentialUntrusted}, failures(r.Deltas[0].Findings))
	require.False(t, r.Manifests[0].Signature.Trusted)
}

// TestDeepHistories has chains and circles of ingredients.
func TestDeepHistories(t *testing.T) {
	s, _ := forger(t)
	chain := func(n int) []*jumbf.Box {
		manifests := []*jumbf.Box{forge().act(created()).build(t, s)}
		for range n {
			manifests = append(manifests, forge().open(manifests[len(manifests)-1], nil).build(t, s))
		}
		return manifests
	}
	manifests := chain(maxDepth)
	r := judged(t, storeOf(manifests...))
	require.Equal(t, Trusted, r.State, failures(r.Findings))
	require.Len(t, r.Manifests, maxDepth)
	require.Equal(t, OriginGenerated, r.Origin)
	require.Contains(t, failures(judged(t, storeOf(chain(maxDepth+1)...)).Findings), GeneralError)

	// A claim cannot hash itself, but it can say that it does.
	f := forge()
	self := jumbf.Super(standardType, f.label, jumbf.Super(jumbf.TypeUUID("c2cs"), "c2pa.signature"))
	r = judged(t, storeOf(f.open(self, nil).build(t, s)))
	require.Equal(t, Invalid, r.State)
	require.Equal(t, []Code{IngredientManifestMismatch}, failures(r.Deltas[0].Findings))
	require.Equal(t, OriginEdited, r.Origin)
}

// TestDiamond has a manifest that two ingredients go back to.
func TestDiamond(t *testing.T) {
	s, _ := forger(t)
	top := forge().act(created()).build(t, s)
	left, right := forge().open(top, nil).build(t, s), forge().open(top, nil).build(t, s)
	f := forge()
	a, b := f.from(left, componentOf, nil), f.from(right, componentOf, nil)
	f.act(created(), doing("c2pa.placed", fields{"ingredients": []any{a, b}}))
	r := judged(t, storeOf(top, left, right, f.build(t, s)))
	require.Equal(t, Trusted, r.State, failures(r.Findings))
	require.Len(t, r.Manifests, 3)
	require.Len(t, r.Deltas, 4)
}

func TestUpdates(t *testing.T) {
	s, _ := forger(t)
	parent := forge().act(created()).build(t, s)
	update := func() *forged {
		f := forge()
		f.kind, f.assertions, f.created = "c2um", nil, nil
		return f
	}
	for _, c := range []struct {
		name string
		make func(f *forged)
		code Code
	}{
		{"bare", func(f *forged) { f.from(parent, parentOf, nil) }, ""},
		{"opened", func(f *forged) { f.open(parent, nil) }, ""},
		{"metadata", func(f *forged) { f.from(parent, parentOf, nil); f.act(doing("c2pa.edited.metadata", nil)) }, ""},
		{"edited", func(f *forged) { f.from(parent, parentOf, nil); f.act(doing("c2pa.edited", nil)) }, ManifestUpdateInvalid},
		{"no parent", func(f *forged) { f.list(f.add("com.example.note", "a")) }, ManifestUpdateWrongParents},
		{"two parents", func(f *forged) { f.from(parent, parentOf, nil); f.from(parent, parentOf, nil) }, ManifestUpdateWrongParents},
		{"a component", func(f *forged) { f.from(parent, componentOf, nil) }, ManifestUpdateWrongParents},
		{"a component more", func(f *forged) { f.from(parent, parentOf, nil); f.from(parent, componentOf, nil) }, ManifestUpdateWrongParents},
		{"a binding", func(f *forged) { f.from(parent, parentOf, nil); f.list(f.add("c2pa.hash.data", fields{})) }, ManifestUpdateInvalid},
		{"several assets", func(f *forged) { f.from(parent, parentOf, nil); f.list(f.add(multiAssetName, fields{})) }, ManifestUpdateInvalid},
		{"a thumbnail", func(f *forged) { f.from(parent, parentOf, nil); f.list(f.add("c2pa.thumbnail.claim", fields{})) }, ManifestUpdateInvalid},
		{"actions elsewhere", func(f *forged) {
			f.from(parent, parentOf, nil)
			f.list(f.add(cloudDataName, cloudData(actionsV2)))
		}, CloudDataActions},
		{"of a parent that is gone", func(f *forged) {
			f.from(jumbf.Super(standardType, "urn:c2pa:gone"), parentOf, fields{"claimSignature": nil})
		}, ClaimHardBindingsMissing},
	} {
		f := update()
		c.make(f)
		r := judged(t, storeOf(parent, f.build(t, s)))
		if c.code == "" {
			require.Equal(t, Trusted, r.State, "%s: %v", c.name, failures(r.Findings))
			require.True(t, r.Active.Update)
			require.Equal(t, manifestURI(parent.Label, "c2pa.assertions/c2pa.hash.data"), where(r.Findings, DataHashMatch))
			continue
		}
		require.Equal(t, Invalid, r.State, c.name)
		require.Contains(t, failures(r.Findings), c.code, c.name)
	}

	// An update of an update, and of content that has changed.
	first := update().open(parent, nil).build(t, s)
	second := update().open(first, nil).build(t, s)
	require.Equal(t, Trusted, judged(t, storeOf(parent, first, second)).State)
	f := forge()
	f.assertions, f.created = nil, nil
	f.list(f.add("c2pa.hash.data", fields{"alg": "sha256", "hash": make([]byte, 32), "pad": []byte{}}))
	other := f.act(created()).build(t, s)
	r := judged(t, storeOf(other, update().open(other, nil).build(t, s)))
	require.Equal(t, Invalid, r.State)
	require.Contains(t, failures(r.Findings), DataHashMismatch)

	// A circle of updates has no binding.
	a, b := update(), update()
	a.from(jumbf.Super(updateType, b.label), parentOf, fields{"claimSignature": nil})
	b.from(jumbf.Super(updateType, a.label), parentOf, fields{"claimSignature": nil})
	r = judge(t, a, b)
	require.Equal(t, Invalid, r.State)
	require.Contains(t, failures(r.Findings), ClaimHardBindingsMissing)
}

func TestRedaction(t *testing.T) {
	s, _ := forger(t)
	note := "c2pa.assertions/com.example.note"
	parents := func() (*forged, *jumbf.Box) {
		f := forge().act(created())
		f.list(f.add("com.example.note", "private"))
		return f, f.build(t, s)
	}
	emptied := func(label string) *jumbf.Box {
		return jumbf.Super(jumbf.TypeUUID("uuid"), label, jumbf.Leaf("uuid", append(redactionID, make([]byte, 9)...)))
	}
	for _, c := range []struct {
		name   string
		redact string
		change func(p *jumbf.Box)
		code   Code // in the ingredient
	}{
		{"taken out", note, func(p *jumbf.Box) { p.Children[0].Children = p.Children[0].Children[:2] }, ""},
		{"emptied", note, func(p *jumbf.Box) { p.Children[0].Children[2] = emptied("com.example.note") }, ""},
		{"still there", note, func(*jumbf.Box) {}, AssertionNotRedacted},
		{"another taken out", note, func(p *jumbf.Box) { p.Children[0].Children = nil }, AssertionMissing},
		{"actions", "c2pa.assertions/" + actionsV2, func(p *jumbf.Box) { p.Children[0].Children[1] = emptied(actionsV2) }, ActionRedacted},
		{"binding", "c2pa.assertions/c2pa.hash.data", func(p *jumbf.Box) { p.Children[0].Children[0] = emptied("c2pa.hash.data") }, HardBindingRedacted},
		{"signature changed", note, func(p *jumbf.Box) {
			p.Children[0].Children = p.Children[0].Children[:2]
			signature := p.Children[2].Children[0].Payload
			signature[len(signature)-1] ^= 1
		}, IngredientSignatureMismatch},
		{"signature gone", note, func(p *jumbf.Box) {
			p.Children[0].Children = p.Children[0].Children[:2]
			p.Children = p.Children[:2]
		}, IngredientSignatureMissing},
	} {
		_, p := parents()
		f := forge()
		ref := f.from(p, parentOf, nil)
		target := manifestURI(p.Label, c.redact)
		f.claim["redacted_assertions"] = []string{target}
		f.act(doing("c2pa.opened", fields{"ingredients": []any{ref}}), fields{"action": "c2pa.redacted", "reason": "c2pa.PII.present", "parameters": fields{"redacted": target}})
		child := f.build(t, s)
		c.change(p)
		r := judged(t, storeOf(p, child))
		require.Equal(t, []string{target}, r.Active.Redacted)
		if c.code == "" {
			require.Equal(t, Trusted, r.State, "%s: %v %v", c.name, failures(r.Findings), r.Deltas)
			require.Equal(t, manifestURI(f.label, assertionsLabel+"/"+ingredientV3), where(r.Deltas[0].Findings, IngredientSignatureValidated))
			continue
		}
		require.Equal(t, Invalid, r.State, c.name)
		require.Contains(t, failures(r.Deltas[0].Findings), c.code, c.name)
	}
}

// TestRedactedIngredient takes away what a file was made from, and all that it says.
func TestRedactedIngredient(t *testing.T) {
	s, _ := forger(t)
	first := forge().act(created()).build(t, s)
	second := forge().open(first, nil).build(t, s)
	f := forge()
	ref := f.from(second, parentOf, nil)
	target := manifestURI(second.Label, "c2pa.assertions/"+ingredientV3)
	f.claim["redacted_assertions"] = []string{target}
	f.act(doing("c2pa.opened", fields{"ingredients": []any{ref}}), doing("c2pa.redacted", fields{"redacted": target}))
	third := f.build(t, s)
	second.Children[0].Children = append(second.Children[0].Children[:1], second.Children[0].Children[2:]...)
	r := judged(t, storeOf(second, third))
	require.Equal(t, Trusted, r.State, "%v %v", failures(r.Findings), r.Deltas)
}

// TestExpiredIngredient was signed with a certificate that has expired since, and that
// was good when the ingredient was taken in.
func TestExpiredIngredient(t *testing.T) {
	known := records{{Success, ClaimSignatureInsideValidity, "a"}: true}
	require.True(t, known.has(at(ClaimSignatureOutsideValidity, "a", "")))
	require.False(t, known.has(at(ClaimSignatureOutsideValidity, "b", "")))
	require.False(t, known.has(at(ClaimSignatureMismatch, "a", "")))
}

// TestOldStatus reads what the first versions of ingredient assertions record.
func TestOldStatus(t *testing.T) {
	s, _ := forger(t)
	broken := forge().act(created())
	broken.add("com.example.note", "a")
	parent := broken.build(t, s)
	for i, status := range []fields{
		{"code": AssertionUndeclared, "url": manifestURI(parent.Label, "c2pa.assertions/com.example.note")},
		{"code": AssertionUndeclared, "url": "self#jumbf=c2pa.assertions/com.example.note"},
		{"code": AssertionUndeclared, "success": false},
		{"code": AssertionUndeclared, "success": true},
	} {
		f := forge()
		ref := f.add(ingredientV2, fields{"relationship": parentOf, "c2pa_manifest": refer(manifestURI(parent.Label, ""), parent), "validationStatus": []any{status}})
		f.list(ref).act(doing("c2pa.opened", fields{"ingredients": []any{ref}}))
		r := judged(t, storeOf(parent, f.build(t, s)))
		require.Equal(t, i == 3, r.State == Invalid, "%d: %v", i, r.Deltas)
		if i == 0 {
			require.Equal(t, AssertionUndeclared, r.Active.Ingredients[0].Failures[0].Code)
		}
	}
}

// TestStampOfUpdate has a time stamp of the first signature in an update manifest (C2PA
// 2.2, 18.17).
func TestStampOfUpdate(t *testing.T) {
	s, opts := forger(t)
	tsa := tsptest.New(t)
	parent := forge().act(created()).build(t, s)
	signature, err := parseSign1(contentOf(parent.Child("c2pa.signature"), cborType))
	require.NoError(t, err)
	at := time.Now().UTC().Truncate(time.Second)
	f := forge()
	f.kind, f.assertions, f.created = "c2um", nil, nil
	f.from(parent, parentOf, nil)
	f.list(f.add(timeStampName, fields{parent.Label: tsa.Token(signature.stamped(), at)}))
	f.list(f.add(certificateStatus, fields{"ocspVals": []any{[]byte("no response")}}))
	opts.Sidecar = storeOf(parent, f.build(t, s))
	opts.Trust.TimeStampers = []*x509.Certificate{tsa.Root}
	r, err := Validate(metadata.Bytes([]byte(content), ""), opts)
	require.NoError(t, err)
	require.Equal(t, Trusted, r.State, "%v %v", failures(r.Findings), r.Deltas)
	require.Equal(t, at, r.Manifests[0].Signature.Time)
	require.Zero(t, r.Active.Signature.Time)
	require.Equal(t, manifestURI(parent.Label, "c2pa.signature"), where(r.Deltas[0].Findings, TimeStampTrusted))
}

// TestIngredientsAnswerForNoneAbove has manifests that a stranger put in the place of an
// ingredient. What they say about what was signed over them does not count.
func TestIngredientsAnswerForNoneAbove(t *testing.T) {
	s, _ := forger(t)
	chain, err := NewDevelopmentChain("Stranger", nil)
	require.NoError(t, err)
	stranger := &Signer{Key: chain.Key, Chain: chain.Chain, Generator: s.Generator}
	parent := forge().act(created())
	genuine := parent.build(t, s)
	update := forge()
	update.kind, update.assertions, update.created = "c2um", nil, nil
	update.list(update.add("com.example.note", "signed"))
	update.from(genuine, parentOf, nil)
	active := update.build(t, s)
	require.Equal(t, Trusted, judged(t, storeOf(genuine, active)).State)
	in := manifestURI(active.Label, inStore+ingredientV3)
	excuse := fields{"validationResults": fields{"ingredientDeltas": []any{
		fields{"ingredientAssertionURI": in, "validationDeltas": fields{"failure": []any{fields{"code": IngredientManifestMismatch, "url": in}}}},
	}}}

	other := forge().act(created()).build(t, stranger)
	for name, of := range map[string]*jumbf.Box{"another": other, "the active one": active} {
		swapped := forge().act(created())
		swapped.label = parent.label
		swapped.from(of, componentOf, excuse)
		r := judged(t, storeOf(other, swapped.build(t, stranger), active))
		require.Equal(t, Invalid, r.State, name)
		require.Equal(t, in, where(r.Deltas[0].Findings, IngredientManifestMismatch), name)
	}

	// Nor is an assertion gone because an ingredient takes it back.
	redactor := forge().act(created())
	redactor.claim["redacted_assertions"] = []string{manifestURI(update.label, inStore+"com.example.note")}
	component := redactor.build(t, s)
	update.from(component, componentOf, nil)
	update.kind = "c2ma"
	update.list(update.add("c2pa.hash.data", contentHash())).act(created())
	active = update.build(t, s)
	active.Children[0].Children = active.Children[0].Children[1:]
	r := judged(t, storeOf(genuine, component, active))
	require.Equal(t, Invalid, r.State)
	require.Contains(t, failures(r.Findings), AssertionMissing)
}
