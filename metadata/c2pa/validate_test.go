package c2pa

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/stretchr/testify/require"

	"github.com/aigclabel/aigclabel/internal/jumbf"
	"github.com/aigclabel/aigclabel/metadata"
)

func TestForged(t *testing.T) {
	r := judge(t, forge().act(created()))
	require.Equal(t, Trusted, r.State, r.Findings)
	require.Equal(t, "sidecar", r.Place)
	require.Equal(t, OriginGenerated, r.Origin)
	require.Equal(t, Generator{Name: "forger", Version: "1"}, r.Active.Generator)
	require.Empty(t, failures(r.Findings))
	require.Empty(t, r.Deltas)
}

// A spoilt is a good manifest with one thing spoilt.
type spoilt struct {
	name  string
	spoil func(*forged)
	code  Code
	at    string // path in the manifest, "-" for a URL elsewhere
}

// inStore begins the paths of assertions.
const inStore = assertionsLabel + "/"

var faultsOfManifests = []spoilt{
	{"no claim", func(f *forged) {
		f.spoil = func(m *jumbf.Box) { m.Children = append(m.Children[:1], m.Children[2:]...) }
	}, ClaimMissing, ""},
	{"two claims", func(f *forged) {
		f.spoil = func(m *jumbf.Box) { m.Children = append(m.Children, m.Children[1]) }
	}, ClaimMultiple, ""},
	{"a claim of each version", func(f *forged) {
		f.more = []*jumbf.Box{jumbf.Super(claimType, claimV1, jumbf.Leaf("cbor", []byte{0xa0}))}
	}, ClaimMultiple, ""},
	{"claim of broken CBOR", func(f *forged) {
		f.spoil = func(m *jumbf.Box) { m.Children[1].Children[0].Payload = []byte{0xa1, 0x01} }
	}, ClaimCBORInvalid, claimV2},
	{"claim without CBOR", func(f *forged) {
		f.spoil = func(m *jumbf.Box) { m.Children[1].Children = nil }
	}, ClaimCBORInvalid, claimV2},
	{"claim is a list", func(f *forged) {
		f.spoil = func(m *jumbf.Box) { m.Children[1].Children[0].Payload = []byte{0x81, 0x01} }
	}, ClaimMalformed, claimV2},
	{"a field twice", func(f *forged) {
		f.spoil = func(m *jumbf.Box) {
			m.Children[1].Children[0].Payload = []byte{0xa2, 0x63, 'a', 'l', 'g', 0x60, 0x63, 'a', 'l', 'g', 0x60}
		}
	}, ClaimMalformed, claimV2},
	{"no instanceID", func(f *forged) { f.claim["instanceID"] = nil }, ClaimMalformed, claimV2},
	{"no created assertions", func(f *forged) { f.claim["created_assertions"] = nil }, ClaimMalformed, claimV2},
	{"no generator", func(f *forged) { f.claim["claim_generator_info"] = nil }, ClaimMalformed, claimV2},
	{"nameless generator", func(f *forged) { f.claim["claim_generator_info"] = map[string]any{"version": "1"} }, ClaimMalformed, claimV2},
	{"signature box gone", func(f *forged) {
		f.spoil = func(m *jumbf.Box) { m.Children = m.Children[:2] }
	}, ClaimSignatureMissing, "c2pa.signature"},
	{"two signature boxes", func(f *forged) {
		f.spoil = func(m *jumbf.Box) { m.Children = append(m.Children, m.Children[2]) }
	}, ClaimSignatureMissing, "c2pa.signature"},
	{"signature elsewhere", func(f *forged) { f.claim["signature"] = "https://example.com/signature" }, ClaimSignatureMissing, "-"},
	{"claim changed", func(f *forged) {
		f.spoil = func(m *jumbf.Box) {
			p := m.Children[1].Children[0].Payload
			copy(p[bytes.Index(p, []byte("forger")):], "forget")
		}
	}, ClaimSignatureMismatch, "c2pa.signature"},

	{"assertion changed", func(f *forged) {
		f.spoil = func(m *jumbf.Box) { m.Children[0].Children[1].Children[0].Payload[5] ^= 1 }
	}, AssertionHashedURIMismatch, inStore + actionsV2},
	{"assertion gone", func(f *forged) {
		f.list(f.add("com.example.note", "a"))
		f.assertions = f.assertions[:len(f.assertions)-1]
	}, AssertionMissing, claimV2},
	{"assertion twice", func(f *forged) {
		f.list(f.add("com.example.note", "a"))
		f.assertions = append(f.assertions, f.assertions[len(f.assertions)-1])
	}, AssertionMissing, claimV2},
	{"undeclared", func(f *forged) { f.add("com.example.note", "a") }, AssertionUndeclared, inStore + "com.example.note"},
	{"outside", func(f *forged) {
		f.list(uri{"url": "self#jumbf=/c2pa/urn:c2pa:other/c2pa.assertions/com.example.note", "hash": []byte{1}})
	}, AssertionOutsideManifest, claimV2},
	{"on the web", func(f *forged) { f.list(uri{"url": "https://example.com/a", "hash": []byte{1}}) }, AssertionOutsideManifest, claimV2},
	{"two dots", func(f *forged) {
		f.list(uri{"url": "self#jumbf=c2pa.assertions/../c2pa.assertions/" + actionsV2, "hash": []byte{1}})
	}, AssertionOutsideManifest, claimV2},
	{"not in the assertion store", func(f *forged) {
		box := assertionBox("com.example.note", "a")
		f.more = append(f.more, box)
		f.list(refer("self#jumbf=com.example.note", box))
	}, AssertionMissing, claimV2},
	{"MD5", func(f *forged) {
		ref := f.add("com.example.note", "a")
		ref["alg"] = "md5"
		f.list(ref)
	}, AlgorithmUnsupported, inStore + "com.example.note"},
	{"no algorithm", func(f *forged) { f.claim["alg"] = nil }, AlgorithmUnsupported, inStore + "c2pa.hash.data"},
	{"no CBOR", func(f *forged) {
		f.list(f.addBox(jumbf.Super(jumbf.TypeUUID("cbor"), "c2pa.asset-ref", jumbf.Leaf("cbor", []byte{0x81}))))
	}, AssertionCBORInvalid, inStore + "c2pa.asset-ref"},
	{"no JSON", func(f *forged) {
		f.list(f.addBox(jsonBox("c2pa.metadata", "{")))
	}, AssertionJSONInvalid, inStore + "c2pa.metadata"},
	{"metadata of another schema", func(f *forged) {
		f.list(f.addBox(jsonBox("c2pa.metadata", `{"@context":{"a":"http://example.com/"},"a:b":1}`)))
	}, AssertionMetadataDisallowed, inStore + "c2pa.metadata"},
	{"metadata that names a person", func(f *forged) {
		f.list(f.addBox(jsonBox("c2pa.metadata", `{"@context":{"dc":"http://purl.org/dc/elements/1.1/"},"dc:creator":"N. N."}`)))
	}, AssertionMetadataDisallowed, inStore + "c2pa.metadata"},
	{"redacts itself", func(f *forged) {
		f.claim["redacted_assertions"] = []string{"self#jumbf=c2pa.assertions/c2pa.metadata"}
	}, AssertionSelfRedacted, claimV2},

	{"no binding", func(f *forged) { f.assertions, f.created = f.assertions[1:], f.created[1:] }, ClaimHardBindingsMissing, claimV2},
	{"only the first binding of boxes", func(f *forged) {
		f.assertions, f.created = f.assertions[1:], f.created[1:]
		f.list(f.add("c2pa.hash.bmff", map[string]any{}))
	}, ClaimHardBindingsMissing, claimV2},
	{"two bindings", func(f *forged) { f.list(f.add("c2pa.hash.boxes", map[string]any{})) }, AssertionMultipleHardBindings, "c2pa.assertions"},
	{"other content", func(f *forged) {
		f.assertions, f.created = f.assertions[1:], f.created[1:]
		sum := sha256.Sum256(nil)
		f.otherContent = true
		f.list(f.add("c2pa.hash.data", map[string]any{"alg": "sha256", "hash": sum[:], "pad": []byte{}}))
	}, DataHashMismatch, inStore + "c2pa.hash.data"},

	{"cloud data without a place", func(f *forged) { f.list(f.add(cloudDataName, map[string]any{"label": "com.example"})) }, CloudDataMalformed, inStore + cloudDataName},
	{"cloud binding", func(f *forged) { f.list(f.add(cloudDataName, cloudData("c2pa.hash.data"))) }, CloudDataHardBinding, inStore + cloudDataName},
	{"empty time stamps", func(f *forged) { f.list(f.add(timeStampName, map[string]any{})) }, AssertionTimestampMalformed, inStore + timeStampName},
	{"icon gone", func(f *forged) {
		f.claim["claim_generator_info"] = map[string]any{"name": "forger", "icon": uri{"url": "self#jumbf=c2pa.assertions/c2pa.icon", "hash": []byte{1}}}
	}, HashedURIMissing, claimV2},
	{"icon changed", func(f *forged) {
		ref := f.add("c2pa.icon", "picture")
		f.list(ref)
		f.claim["claim_generator_info"] = map[string]any{"name": "forger", "icon": uri{"url": ref["url"], "hash": []byte{1}}}
	}, HashedURIMismatch, claimV2},
	{"icon without algorithm", func(f *forged) {
		ref := f.add("c2pa.icon", "picture")
		f.list(ref)
		f.claim["claim_generator_info"] = map[string]any{"name": "forger", "icon": uri{"url": ref["url"], "hash": ref["hash"], "alg": "crc32"}}
	}, AlgorithmUnsupported, claimV2},
}

func TestFaults(t *testing.T) {
	for _, c := range faultsOfManifests {
		t.Run(c.name, func(t *testing.T) {
			f := forge().act(created())
			c.spoil(f)
			r := judge(t, f)
			require.Equal(t, Invalid, r.State)
			require.Contains(t, failures(r.Findings), c.code, r.Findings)
			if c.at != "-" {
				require.Equal(t, manifestURI(f.label, c.at), where(r.Findings, c.code))
			}
		})
	}
}

func jsonBox(label, content string) *jumbf.Box {
	return jumbf.Super(jumbf.TypeUUID("json"), label, jumbf.Leaf("json", []byte(content)))
}

func cloudData(label string) map[string]any {
	return map[string]any{"label": label, "size": 5, "content_type": "application/cbor", "location": uri{"url": "https://example.com/a", "alg": "sha256", "hash": []byte{1}}}
}

// TestTolerated has what the specification does not speak of, or leaves open.
func TestTolerated(t *testing.T) {
	for name, change := range map[string]func(*forged){
		"empty instanceID":     func(f *forged) { f.claim["instanceID"] = "" },
		"unknown fields":       func(f *forged) { f.claim["com.example.more"] = []any{1, "a"} },
		"fields in other case": func(f *forged) { f.claim["SIGNATURE"] = "self#jumbf=nowhere" },
		"unknown box": func(f *forged) {
			f.more = append(f.more, jumbf.Super(jumbf.TypeUUID("free"), "com.example", jumbf.Leaf("free", nil)))
		},
		"unknown assertion": func(f *forged) { f.list(f.add("com.example.note", "a"), f.add("com.example.note__1", "b")) },
		"custom CBOR, broken": func(f *forged) {
			f.list(f.addBox(jumbf.Super(jumbf.TypeUUID("cbor"), "com.example", jumbf.Leaf("cbor", []byte{0x81}))))
		},
		"listed twice": func(f *forged) { ref := f.add("com.example.note", "a"); f.list(ref, ref) },
		"absolute reference": func(f *forged) {
			ref := f.add("com.example.note", "a")
			ref["url"] = manifestURI(f.label, "c2pa.assertions/com.example.note")
			f.list(ref)
		},
		"old absolute form": func(f *forged) {
			ref := f.add("com.example.note", "a")
			ref["url"] = "self#jumbf=c2pa/" + f.label + "/c2pa.assertions/com.example.note"
			f.list(ref)
		},
		"cloud data": func(f *forged) { f.list(f.add(cloudDataName, cloudData("com.example"))) },
		"icon on the web": func(f *forged) {
			f.claim["claim_generator_info"] = map[string]any{"name": "forger", "icon": uri{"url": "https://example.com/i.png", "alg": "sha256", "hash": []byte{1}}}
		},
		"metadata": func(f *forged) {
			f.list(f.addBox(jsonBox("c2pa.metadata", `{"@context":{"EX":"http://cipa.jp/exif/2.32/","exif":"http://ns.adobe.com/exif/1.0/","xmp":"http://ns.adobe.com/xap/1.0/"},"@id":"","EX:LensMake":"a","exif:FNumber":4.0,"xmp:Anything":1}`)))
		},
		"custom metadata":      func(f *forged) { f.list(f.addBox(jsonBox("com.example.metadata", `{"a:b":1}`))) },
		"several hash lengths": func(f *forged) { f.list(longer(f.add("com.example.note", "a"), f.assertions[len(f.assertions)-1])) },
		"old type of manifest": func(f *forged) { f.kind = "c2md" },
		"thumbnail": func(f *forged) {
			f.list(f.addBox(jumbf.Super(jumbf.EmbeddedFile, "c2pa.thumbnail.claim", jumbf.Leaf("bfdb", []byte("\x00image/png\x00")), jumbf.Leaf("bidb", []byte("png")))))
		},
		"gathered, not created": func(f *forged) { f.claim["gathered_assertions"] = []any{f.add("com.example.note", "a")} },
	} {
		f := forge().act(created())
		change(f)
		r := judge(t, f)
		require.Equal(t, Trusted, r.State, "%s: %v", name, failures(r.Findings))
	}
}

// longer returns a reference by SHA-512.
func longer(ref uri, box *jumbf.Box) uri {
	h := hashAlgorithms["sha512"].New()
	h.Write(box.Content())
	ref["alg"], ref["hash"] = "sha512", h.Sum(nil)
	return ref
}

func TestUntrustedIsValid(t *testing.T) {
	s, opts := forger(t)
	store := storeOf(forge().act(created()).build(t, s))
	for _, o := range []*Options{{Sidecar: store}, {Sidecar: store, Trust: &Trust{}}} {
		r, err := Validate(metadata.Bytes([]byte(content), ""), o)
		require.NoError(t, err)
		require.Equal(t, Valid, r.State)
		require.Contains(t, failures(r.Findings), SigningCredentialUntrusted)
	}
	late := &Options{Sidecar: store, Trust: opts.Trust, Time: s.Chain[0].NotAfter.AddDate(0, 0, 1)}
	r, err := Validate(metadata.Bytes([]byte(content), ""), late)
	require.NoError(t, err)
	require.Equal(t, Invalid, r.State)
	require.Contains(t, failures(r.Findings), ClaimSignatureOutsideValidity)
}

func TestStores(t *testing.T) {
	s, _ := forger(t)
	good := forge().act(created()).build(t, s)
	for name, c := range map[string]struct {
		store []byte
		code  Code
	}{
		"nothing":          {[]byte{}, GeneralError},
		"no boxes":         {[]byte("no boxes at all"), GeneralError},
		"cut":              {storeOf(good)[:200], GeneralError},
		"another type":     {jumbf.Super(jumbf.TypeUUID("c2ma"), "c2pa", good).Append(nil), GeneralError},
		"another label":    {jumbf.Super(storeType, "c2pb", good).Append(nil), GeneralError},
		"empty":            {storeOf(), ClaimMissing},
		"unknown manifest": {storeOf(jumbf.Super(jumbf.TypeUUID("c2tm"), "urn:c2pa:a", good.Children...)), ClaimMissing},
	} {
		r := judged(t, c.store)
		require.Equal(t, Invalid, r.State, name)
		require.Equal(t, []Code{c.code}, failures(r.Findings), name)
	}
	// What follows the store, and other manifests, are ignored.
	other := forge().act(created()).build(t, s)
	require.Equal(t, Trusted, judged(t, append(storeOf(jumbf.Super(standardType, "urn:c2pa:b"), other, good), 0, 0)).State)
}

func TestCompressed(t *testing.T) {
	s, _ := forger(t)
	plain := forge().act(created()).build(t, s)
	pack := func(b []byte) []byte {
		var out bytes.Buffer
		w := brotli.NewWriter(&out)
		_, err := w.Write(b)
		require.NoError(t, err)
		require.NoError(t, w.Close())
		return out.Bytes()
	}
	wrap := func(label string, payload []byte) *jumbf.Box {
		return jumbf.Super(compressedType, label, jumbf.Leaf("brob", payload))
	}
	packed := wrap(plain.Label, pack(plain.Append(nil)))
	r := judged(t, storeOf(packed))
	require.Equal(t, Trusted, r.State, failures(r.Findings))
	require.True(t, r.Active.Compressed)

	// As an ingredient it is hashed compressed, and referred to as if it were not.
	child := forge()
	ref := child.from(packed, parentOf, map[string]any{"claimSignature": refer(manifestURI(plain.Label, "c2pa.signature"), plain.Child("c2pa.signature"))})
	child.act(map[string]any{"action": "c2pa.opened", "parameters": map[string]any{"ingredients": []any{ref}}})
	r = judged(t, storeOf(packed, child.build(t, s)))
	require.Equal(t, Trusted, r.State, r.Deltas)
	require.Equal(t, OriginGenerated, r.Origin)

	bomb := pack(make([]byte, 64<<20))
	require.Less(t, len(bomb), 1<<10)
	for name, box := range map[string]*jumbf.Box{
		"no Brotli":     wrap(plain.Label, []byte("no Brotli")),
		"no box":        wrap(plain.Label, pack([]byte("no box"))),
		"no manifest":   wrap(plain.Label, pack(jumbf.Super(storeType, plain.Label, plain).Append(nil))),
		"another label": wrap(plain.Label+"0", pack(plain.Append(nil))),
		"twice":         wrap(plain.Label, pack(packed.Append(nil))),
		"two boxes":     jumbf.Super(compressedType, plain.Label, packed.Children[0], packed.Children[0]),
		"bomb":          wrap(plain.Label, bomb),
	} {
		r := judged(t, storeOf(box))
		require.Equal(t, Invalid, r.State, name)
		require.Equal(t, []Code{ManifestCompressedInvalid}, failures(r.Findings), name)
	}
}

func TestReportIsJSON(t *testing.T) {
	b, err := json.Marshal(judge(t, forge().act(created())))
	require.NoError(t, err)
	for _, part := range []string{`"state":"Trusted"`, `"origin":"generated"`, `"watermarked":false`, `"generator":{"name":"forger","version":"1"}`, `"code":"assertion.dataHash.match","kind":"success"`, `"digitalSourceType":"http://cv.iptc.org`} {
		require.Contains(t, string(b), part)
	}
	require.NotContains(t, string(b), `"when"`)
	b, err = json.Marshal(Report{})
	require.NoError(t, err)
	require.Equal(t, `{"state":"","watermarked":false}`, string(b))
}

func TestNoCredentials(t *testing.T) {
	for _, name := range []string{"a.txt", "a.md", "a.csv"} {
		r, err := Validate(metadata.Bytes([]byte(content), name), nil)
		require.NoError(t, err, name)
		require.Equal(t, &Report{}, r, name)
	}
	_, err := Validate(metadata.Bytes([]byte("\x00\x01\x02\x03"), ""), nil)
	require.ErrorIs(t, err, metadata.ErrUnknownFormat)
	r, err := Validate(metadata.Bytes([]byte("\x00\x01\x02\x03"), ""), &Options{Sidecar: storeOf()})
	require.NoError(t, err)
	require.Equal(t, Invalid, r.State)
}

func TestRemote(t *testing.T) {
	svg := fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg"><metadata><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">`+
		`<rdf:Description xmlns:t="%s" t:provenance="https://example.com/a.c2pa"/></rdf:RDF></x:xmpmeta></metadata></svg>`, spaceTerms)
	r, err := Validate(metadata.Bytes([]byte(svg), ""), nil)
	require.NoError(t, err)
	require.Equal(t, State(""), r.State)
	require.Equal(t, "https://example.com/a.c2pa", r.Remote)
	require.Equal(t, []Code{ManifestInaccessible}, failures(r.Findings))
}

// TestLimits has stores that ask for more work than they are large.
func TestLimits(t *testing.T) {
	s, _ := forger(t)
	many := forge().act(created())
	ref := many.add("com.example.note", strings.Repeat("a", 1<<10))
	for range maxAssertions {
		many.list(ref)
	}
	r := judged(t, storeOf(many.build(t, s)))
	require.Equal(t, Invalid, r.State)
	require.Contains(t, failures(r.Findings), GeneralError)

	var manifests []*jumbf.Box
	for i := range maxManifests + 1 {
		manifests = append(manifests, jumbf.Super(standardType, fmt.Sprint("urn:c2pa:", i)))
	}
	require.Equal(t, []Code{GeneralError}, failures(judged(t, storeOf(manifests...)).Findings))
}
