package c2pa

import (
	"crypto/sha256"
	"crypto/x509"
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/fxamacker/cbor/v2"
	"github.com/stretchr/testify/require"

	"github.com/aigclabel/aigclabel/internal/jumbf"
	"github.com/aigclabel/aigclabel/metadata"
)

// content is a file that carries nothing itself.
const content = "what is signed\n"

// A forged is a manifest in the making, which the tests spoil.
type forged struct {
	label      string
	kind       string // of the superbox
	claimLabel string
	assertions []*jumbf.Box
	created    []any            // hashed URIs
	claim      map[string]any   // fields over the usual ones; nil leaves one out
	more       []*jumbf.Box     // further boxes of the manifest
	spoil      func(*jumbf.Box) // the finished manifest

	otherContent bool // the binding is not to be mended
}

// a hashed URI, as CBOR has it.
type uri map[string]any

var labels int

// forge returns a good manifest without actions.
func forge() *forged {
	labels++
	f := &forged{label: fmt.Sprintf("urn:c2pa:00000000-0000-4000-8000-%012d", labels), kind: "c2ma", claimLabel: claimV2, claim: map[string]any{}}
	f.list(f.add("c2pa.hash.data", contentHash()))
	return f
}

// contentHash binds content.
func contentHash() map[string]any {
	sum := sha256.Sum256([]byte(content))
	return map[string]any{"alg": "sha256", "hash": sum[:], "name": "all", "pad": []byte{}}
}

// act adds an actions assertion.
func (f *forged) act(actions ...map[string]any) *forged {
	return f.list(f.add(actionsV2, map[string]any{"actions": actions}))
}

// an action that begins a file that a model made.
func created() map[string]any {
	return map[string]any{"action": "c2pa.created", "digitalSourceType": "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"}
}

// box returns the superbox of an assertion.
func assertionBox(label string, value any) *jumbf.Box {
	b, err := cbor.Marshal(value)
	if err != nil {
		panic(err)
	}
	return jumbf.Super(jumbf.TypeUUID("cbor"), label, jumbf.Leaf("cbor", b))
}

// add adds an assertion to the store and returns how to refer to it.
func (f *forged) add(label string, value any) uri { return f.addBox(assertionBox(label, value)) }

func (f *forged) addBox(box *jumbf.Box) uri {
	f.assertions = append(f.assertions, box)
	return refer(uriScheme+assertionsLabel+"/"+box.Label, box)
}

// refer returns a hashed URI to a box.
func refer(url string, box *jumbf.Box) uri {
	sum := sha256.Sum256(box.Content())
	return uri{"url": url, "hash": sum[:]}
}

// list puts references into the claim.
func (f *forged) list(refs ...uri) *forged {
	for _, r := range refs {
		f.created = append(f.created, r)
	}
	return f
}

// from adds the ingredient assertion about another manifest.
func (f *forged) from(parent *jumbf.Box, relationship string, fields map[string]any) uri {
	in := map[string]any{"relationship": relationship, "validationResults": map[string]any{"activeManifest": map[string]any{"success": []any{}, "informational": []any{}, "failure": []any{}}}}
	in["activeManifest"] = refer(manifestURI(parent.Label, ""), parent)
	if signature := parent.Child("c2pa.signature"); signature != nil {
		in["claimSignature"] = refer(manifestURI(parent.Label, "c2pa.signature"), signature)
	}
	maps.Copy(in, fields)
	label := ingredientV3
	if n := strings.Count(f.listing(), ingredientV3); n > 0 {
		label = fmt.Sprintf("%s__%d", label, n)
	}
	ref := f.add(label, in)
	f.list(ref)
	return ref
}

func (f *forged) listing() (out string) {
	for _, b := range f.assertions {
		out += b.Label + " "
	}
	return out
}

// open adds the parent ingredient and the action that opens it.
func (f *forged) open(parent *jumbf.Box, fields map[string]any) *forged {
	ref := f.from(parent, parentOf, fields)
	return f.act(map[string]any{"action": "c2pa.opened", "parameters": map[string]any{"ingredients": []any{ref}}})
}

// build signs the manifest and returns it as it reads.
func (f *forged) build(t testing.TB, s *Signer) *jumbf.Box {
	t.Helper()
	claim := map[string]any{
		"instanceID": "xmp:iid:1", "alg": "sha256", "signature": "self#jumbf=c2pa.signature",
		"claim_generator_info": map[string]any{"name": "forger", "version": "1"},
	}
	if f.claimLabel == claimV1 {
		claim["assertions"], claim["claim_generator"] = f.created, "forger/1"
		delete(claim, "claim_generator_info")
	} else {
		claim["created_assertions"] = f.created
	}
	for key, value := range f.claim {
		if claim[key] = value; value == nil {
			delete(claim, key)
		}
	}
	encoded, err := cbor.Marshal(claim)
	require.NoError(t, err)
	signature, err := s.signClaim(t.Context(), encoded, s.signatureSize())
	require.NoError(t, err)
	boxes := []*jumbf.Box{
		jumbf.Super(jumbf.TypeUUID("c2as"), assertionsLabel, f.assertions...),
		jumbf.Super(claimType, f.claimLabel, jumbf.Leaf("cbor", encoded)),
		jumbf.Super(jumbf.TypeUUID("c2cs"), "c2pa.signature", jumbf.Leaf("cbor", signature)),
	}
	box := jumbf.Super(jumbf.TypeUUID(f.kind), f.label, append(boxes, f.more...)...)
	if f.spoil != nil {
		f.spoil(box)
	}
	return box
}

// storeOf returns the bytes of a store.
func storeOf(manifests ...*jumbf.Box) []byte {
	return jumbf.Super(storeType, storeLabel, manifests...).Append(nil)
}

// forger returns a signer and the options that trust it.
func forger(t testing.TB) (*Signer, *Options) {
	return testSigner(t), &Options{Trust: &Trust{Signers: []*x509.Certificate{testChain(t).Root}}}
}

// judged validates content with a store beside it.
func judged(t testing.TB, store []byte) *Report {
	t.Helper()
	_, opts := forger(t)
	o := *opts
	o.Sidecar = store
	r, err := Validate(metadata.Bytes([]byte(content), "content.txt"), &o)
	require.NoError(t, err)
	return r
}

// judge builds manifests, the active one last, and validates content with them.
func judge(t testing.TB, manifests ...*forged) *Report {
	t.Helper()
	s, _ := forger(t)
	var boxes []*jumbf.Box
	for _, f := range manifests {
		boxes = append(boxes, f.build(t, s))
	}
	return judged(t, storeOf(boxes...))
}

// failures lists the failures that findings have.
func failures(findings []Finding) (out []Code) {
	for _, f := range findings {
		if f.Kind == Failure {
			out = append(out, f.Code)
		}
	}
	return out
}

// where returns the URL of a finding, "" without it.
func where(findings []Finding, code Code) string {
	for _, f := range findings {
		if f.Code == code {
			return f.URL
		}
	}
	return ""
}
