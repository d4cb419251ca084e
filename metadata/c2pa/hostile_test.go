package c2pa

import (
	"bytes"
	"fmt"
	"maps"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aigclabel/aigclabel/internal/jumbf"
	"github.com/aigclabel/aigclabel/metadata"
)

// FuzzValidate judges any bytes as the store of a file: it ends, and no store that the
// forger did not sign passes.
func FuzzValidate(f *testing.F) {
	s, opts := forger(f)
	parent := forge().act(created()).build(f, s)
	child := forge().open(parent, nil)
	child.claim["redacted_assertions"] = []string{manifestURI(parent.Label, inStore+"com.example.note")}
	old := forge()
	old.claimLabel = claimV1
	old.list(old.add(actionsV1, fields{"actions": []any{created()}}), old.add(softBindingName, fields{"alg": "a", "blocks": []any{}}))
	update := forge()
	update.kind, update.assertions, update.created = "c2um", nil, nil
	update.from(parent, parentOf, nil)
	update.list(update.add(timeStampName, fields{parent.Label: []byte("token")}), update.add(certificateStatus, fields{"ocspVals": []any{[]byte("response")}}))
	for _, manifests := range [][]*jumbf.Box{{parent}, {parent, child.build(f, s)}, {old.build(f, s)}, {parent, update.build(f, s)}} {
		f.Add(storeOf(manifests...))
	}
	f.Add(vector(f, "beside.c2pa"))
	f.Fuzz(func(t *testing.T, store []byte) {
		o := &Options{Sidecar: store, Trust: opts.Trust, Limits: metadata.Limits{Inflated: 1 << 20}}
		r, err := Validate(metadata.Bytes([]byte(content), "content.txt"), o)
		require.NoError(t, err)
		if r.State != Invalid {
			require.NotEmpty(t, where(r.Findings, DataHashMatch))
			require.True(t, bytes.Contains(store, r.Active.Signature.Chain[0].Raw))
		}
		again, err := Validate(metadata.Bytes([]byte(content), "content.txt"), o)
		require.NoError(t, err)
		require.Equal(t, codes(r.Findings), codes(again.Findings))
	})
}

// actEmptily adds n assertions of as many actions as CBOR may list, which say nothing.
func (f *forged) actEmptily(n int) *forged {
	actions := make([]fields, 64<<10)
	for i := range actions {
		actions[i] = fields{}
	}
	for i := range n {
		f.list(f.add(fmt.Sprintf("%s__%d", actionsV2, i+1), fields{"actions": actions}))
	}
	return f
}

// TestCost has stores of a megabyte or so that ask for as much work as they can. None
// takes a second or 200 MB, which a slow machine does not take for many times over.
func TestCost(t *testing.T) {
	s, _ := forger(t)
	for name, forged := range map[string]func() []byte{
		"one assertion, listed often": func() []byte {
			f := forge()
			ref := f.add(actionsV2, fields{"actions": []any{created(), fields{"action": "c2pa.edited", "description": strings.Repeat("a", 600<<10)}}})
			for range maxAssertions - 2 {
				f.list(ref)
			}
			return storeOf(f.build(t, s))
		},
		"many actions, many templates": func() []byte {
			acts, templates := []any{created()}, []any{}
			for i := range 16 << 10 {
				acts = append(acts, fields{"action": "c2pa.edited"})
				templates = append(templates, fields{"action": fmt.Sprint("a.", i)}, fields{"action": "*"})
			}
			f := forge()
			f.list(f.add(actionsV2, fields{"actions": acts, "templates": templates}))
			return storeOf(f.build(t, s))
		},
		"many references to one ingredient": func() []byte {
			parent := forge().act(created()).build(t, s)
			f := forge()
			ref := f.from(parent, componentOf, nil)
			refs := []any{}
			for range 10 << 10 {
				refs = append(refs, ref)
			}
			f.act(created(), doing("c2pa.placed", fields{"ingredients": refs}))
			return storeOf(parent, f.build(t, s))
		},
		"many ingredients of one large manifest": func() []byte {
			large := forge().act(created())
			for i := range 500 {
				large.add(fmt.Sprint("com.example.a", i), strings.Repeat("a", 1000))
			}
			parent := large.build(t, s)
			f, ref := forge().act(created()), refer(manifestURI(parent.Label, ""), parent)
			for i := range 1500 {
				f.list(f.add(fmt.Sprintf("%s__%d", ingredientV3, i), fields{"relationship": componentOf, "activeManifest": ref}))
			}
			return storeOf(parent, f.build(t, s))
		},
		"many manifests": func() []byte {
			f := forge().act(created())
			var all []*jumbf.Box
			for i := range maxManifests - 1 {
				m := forge().build(t, s)
				all = append(all, m)
				f.list(f.add(fmt.Sprintf("%s__%d", ingredientV3, i), fields{"relationship": componentOf, "activeManifest": refer(manifestURI(m.Label, ""), m)}))
			}
			return storeOf(append(all, f.build(t, s))...)
		},
		"a long label": func() []byte {
			f := forge()
			f.label = strings.Repeat("a", 500<<10)
			for i := range maxAssertions {
				f.list(uri{"url": fmt.Sprint(uriScheme, inStore, i), "hash": []byte{}})
			}
			return storeOf(f.build(t, s))
		},
		"empty actions": func() []byte { return storeOf(forge().act(created()).actEmptily(15).build(t, s)) },
		"many ingredients of one manifest with many faults, all recorded": func() []byte {
			parent := forge().act(created()).actEmptily(8).build(t, s)
			f, ref := forge().act(created()), refer(manifestURI(parent.Label, ""), parent)
			in := fields{"relationship": componentOf, "activeManifest": ref}
			maps.Copy(in, recorded(fields{"code": ActionMalformed}))
			for i := range 1000 {
				f.list(f.add(fmt.Sprintf("%s__%d", ingredientV3, i), in))
			}
			return storeOf(parent, f.build(t, s))
		},
		"many signers, many OCSP responses": func() []byte {
			ca := newCA(t)
			signer := ca.signer(nil)
			signer.Chain = append(signer.Chain, ca.cert, ca.cert, ca.cert)
			var answers [][]byte
			for range maxResponses {
				answers = append(answers, ca.answer(ca.cert, nil), ca.answer(signer.Chain[0], nil))
			}
			f := forge().act(created())
			f.list(f.add(certificateStatus, fields{"ocspVals": answers}))
			var all []*jumbf.Box
			for range maxSignatures - 1 {
				m := forge().build(t, signer)
				all = append(all, m)
				f.from(m, componentOf, nil)
			}
			return storeOf(append(all, f.build(t, s))...)
		},
		"empty lists in JSON": func() []byte {
			f := forge()
			f.list(f.addBox(jumbf.Super(jumbf.TypeUUID("json"), actionsV1, jumbf.Leaf("json", []byte(`{"actions":[`+strings.Repeat("[],", 300<<10)+`[]]}`)))))
			return storeOf(f.build(t, s))
		},
		"deep JSON": func() []byte {
			f := forge()
			f.list(f.addBox(jumbf.Super(jumbf.TypeUUID("json"), actionsV1, jumbf.Leaf("json", []byte(strings.Repeat("[", 9000)+strings.Repeat("]", 9000))))))
			return storeOf(f.build(t, s))
		},
		"one box after the other": func() []byte {
			var boxes []*jumbf.Box
			for range 60 << 10 {
				boxes = append(boxes, jumbf.Leaf("free", nil))
			}
			return jumbf.Super(storeType, storeLabel, boxes...).Append(nil)
		},
	} {
		store := forged()
		require.Less(t, len(store), 4<<20, name)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		start := time.Now()
		judged(t, store)
		took := time.Since(start)
		runtime.ReadMemStats(&after)
		require.Less(t, took, hang, name)
		require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(100<<20), name)
		t.Log(name, len(store), took, (after.TotalAlloc-before.TotalAlloc)>>10, "KiB")
	}
}
