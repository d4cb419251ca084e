package c2pa

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aigclabel/aigclabel/internal/jumbf"
)

const iptc = "http://cv.iptc.org/newscodes/digitalsourcetype/"

// of returns an action with a source type.
func of(action, sourceType string) fields {
	return fields{"action": action, "digitalSourceType": sourceType}
}

func TestOrigin(t *testing.T) {
	s, _ := forger(t)
	generated := forge().act(of("c2pa.created", Trained)).build(t, s)
	captured := forge().act(of("c2pa.created", iptc+"digitalCapture")).build(t, s)
	drawn := forge().act(of("c2pa.created", iptc+"digitalCreation")).build(t, s)
	placing := func(f *forged, what *jumbf.Box, relationship string) fields {
		ref := f.from(what, relationship, nil)
		if relationship == inputTo {
			return doing("c2pa.edited", fields{"ingredients": []any{ref}})
		}
		return doing("c2pa.placed", fields{"ingredients": []any{ref}})
	}
	opening := func(f *forged, what *jumbf.Box, more ...fields) {
		f.act(append([]fields{doing("c2pa.opened", fields{"ingredients": []any{f.from(what, parentOf, nil)}})}, more...)...)
	}
	for _, c := range []struct {
		name string
		make func(f *forged)
		want Origin
	}{
		{"made by a model", func(f *forged) { f.act(of("c2pa.created", Trained)) }, OriginGenerated},
		{"data made by a model", func(f *forged) { f.act(of("c2pa.created", TrainedData)) }, OriginGenerated},
		{"with https", func(f *forged) {
			f.act(of("c2pa.created", "https://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia/"))
		}, OriginGenerated},
		{"made, then edited", func(f *forged) { f.act(of("c2pa.created", Trained), doing("c2pa.cropped", nil)) }, OriginGenerated},
		{"partly by a model", func(f *forged) { f.act(of("c2pa.created", CompositeTrained)) }, OriginComposite},
		{"with generated elements", func(f *forged) { f.act(of("c2pa.created", iptc+"compositeSynthetic")) }, OriginComposite},
		{"taken", func(f *forged) { f.act(of("c2pa.created", iptc+"digitalCapture")) }, OriginCaptured},
		{"taken and computed", func(f *forged) { f.act(of("c2pa.created", iptc+"computationalCapture")) }, OriginCaptured},
		{"taken, then filled", func(f *forged) {
			f.act(of("c2pa.created", iptc+"digitalCapture"), of("c2pa.edited", CompositeTrained))
		}, OriginComposite},
		{"taken, then a generated part", func(f *forged) {
			f.act(of("c2pa.created", iptc+"digitalCapture"), of("c2pa.edited", Trained))
		}, OriginComposite},
		{"drawn", func(f *forged) { f.act(of("c2pa.created", iptc+"digitalCreation")) }, OriginEdited},
		{"computed without a model", func(f *forged) { f.act(of("c2pa.created", iptc+"algorithmicMedia")) }, OriginEdited},

		{"opened generated", func(f *forged) { opening(f, generated, doing("c2pa.cropped", nil)) }, OriginGenerated},
		{"opened captured", func(f *forged) { opening(f, captured, doing("c2pa.cropped", nil)) }, OriginCaptured},
		{"opened captured and filled", func(f *forged) { opening(f, captured, of("c2pa.edited", CompositeTrained)) }, OriginComposite},
		{"opened drawn", func(f *forged) { opening(f, drawn) }, OriginEdited},
		{"placed generated", func(f *forged) { f.act(of("c2pa.created", iptc+"digitalCreation"), placing(f, generated, componentOf)) }, OriginComposite},
		{"placed captured", func(f *forged) { f.act(of("c2pa.created", iptc+"digitalCreation"), placing(f, captured, componentOf)) }, OriginEdited},
		{"generated was an input", func(f *forged) { f.act(of("c2pa.created", iptc+"digitalCreation"), placing(f, generated, inputTo)) }, OriginEdited},
		{"placed what is said to be generated", func(f *forged) {
			ref := f.add(ingredientV3, fields{"relationship": componentOf, "digitalSourceType": Trained})
			f.list(ref).act(of("c2pa.created", iptc+"digitalCreation"), doing("c2pa.placed", fields{"ingredients": []any{ref}}))
		}, OriginComposite},
		{"metadata alone", func(f *forged) {
			f.act(of("c2pa.created", iptc+"digitalCreation"))
			f.list(f.addBox(jumbf.Super(jumbf.TypeUUID("json"), "c2pa.metadata", jumbf.Leaf("json", []byte(`{"Iptc4xmpExt:DigitalSourceType":"`+Trained+`"}`)))))
		}, OriginGenerated},
	} {
		f := forge()
		c.make(f)
		r := judged(t, storeOf(generated, captured, drawn, f.build(t, s)))
		require.Equal(t, Trusted, r.State, "%s: %v", c.name, failures(r.Findings))
		require.Equal(t, c.want, r.Origin, c.name)
		require.Equal(t, c.want, r.Active.Origin, c.name)
		require.Equal(t, c.want == OriginGenerated || c.want == OriginComposite, r.Origin.AI())
	}
}

func TestWatermarked(t *testing.T) {
	s, _ := forger(t)
	soft := func(alg string) fields {
		return fields{"alg": alg, "name": "mark", "pad": []byte{}, "blocks": []any{fields{"scope": fields{}, "value": []byte("id")}}}
	}
	for name, c := range map[string]struct {
		make func(f *forged)
		want bool
	}{
		"no":            {func(f *forged) { f.act(created()) }, false},
		"action":        {func(f *forged) { f.act(created(), doing("c2pa.watermarked", nil)) }, true},
		"bound":         {func(f *forged) { f.act(created(), doing("c2pa.watermarked.bound", nil)) }, true},
		"another thing": {func(f *forged) { f.act(created(), doing("c2pa.watermarkedish", nil)) }, false},
		"soft binding":  {func(f *forged) { f.act(created()).list(f.add(softBindingName, soft("com.example.mark.1"))) }, true},
		"fingerprint":   {func(f *forged) { f.act(created()).list(f.add(softBindingName, soft("io.iscc.v0"))) }, false},
		"of the claim": {func(f *forged) {
			f.claim["alg_soft"] = "com.example.mark.1"
			f.act(created()).list(f.add(softBindingName, soft("")))
		}, true},
		"of the parent": {func(f *forged) {
			marked := forge().act(created(), doing("c2pa.watermarked", nil)).build(t, s)
			f.more = append(f.more, marked)
			f.spoil = func(m *jumbf.Box) { m.Children = m.Children[:3] }
			f.open(marked, nil)
		}, true},
	} {
		f := forge()
		c.make(f)
		store := []*jumbf.Box{}
		if len(f.more) > 0 {
			store = append(store, f.more...)
		}
		r := judged(t, storeOf(append(store, f.build(t, s))...))
		require.Equal(t, Trusted, r.State, "%s: %v", name, failures(r.Findings))
		require.Equal(t, c.want, r.Watermarked, name)
		for _, b := range r.Active.SoftBindings {
			require.Equal(t, SoftBinding{Algorithm: b.Algorithm, Name: "mark", Value: []byte("id"), Fingerprint: name == "fingerprint"}, b)
			require.NotEmpty(t, b.Algorithm)
		}
	}
}
