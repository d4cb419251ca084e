package c2pa

import (
	"bytes"
	"cmp"
	"crypto"
	_ "crypto/sha256" // the hashes of the table
	_ "crypto/sha512"
	"errors"
	"fmt"
	"strings"

	"github.com/aigclabel/aigclabel/internal/container"
)

// hashAlgorithms are those of the specification (C2PA 2.4, 13.1).
var hashAlgorithms = map[string]crypto.Hash{"sha256": crypto.SHA256, "sha384": crypto.SHA384, "sha512": crypto.SHA512}

// defaultHash is the algorithm of the hashes that we make.
const defaultHash = "sha256"

// A fault is what a check finds wrong.
type fault struct {
	code Code
	why  string
}

func (f *fault) Error() string { return f.why }

func faultf(code Code, format string, args ...any) error {
	return &fault{code, fmt.Sprintf(format, args...)}
}

// A hardBinding is a kind of assertion that binds a manifest to the bytes of its file.
type hardBinding struct {
	match, mismatch, malformed, additional Code

	verify func(c *check, assertion []byte) error
}

// hardBindings are the kinds by label (C2PA 2.4, 9.2). The first c2pa.hash.bmff is
// insecure and ignored.
var hardBindings = map[string]hardBinding{
	"c2pa.hash.data":            {DataHashMatch, DataHashMismatch, DataHashMalformed, DataHashAdditionalExclusions, (*check).data},
	"c2pa.hash.bmff.v2":         {BMFFHashMatch, BMFFHashMismatch, BMFFHashMalformed, BMFFHashAdditionalExclusions, (*check).bmff},
	"c2pa.hash.bmff.v3":         {BMFFHashMatch, BMFFHashMismatch, BMFFHashMalformed, BMFFHashAdditionalExclusions, (*check).bmff},
	"c2pa.hash.boxes":           {BoxesHashMatch, BoxesHashMismatch, BoxesHashMalformed, BoxesHashAdditionalExclusions, (*check).boxes},
	"c2pa.hash.collection.data": {CollectionHashMatch, CollectionHashMismatch, CollectionHashMalformed, "", (*check).collection},
}

// isBinding reports whether an assertion is a hard binding. The label may have the
// suffix of an instance.
func isBinding(label string) bool {
	label, _, _ = strings.Cut(label, "__")
	_, ok := hardBindings[label]
	return ok
}

// A check is one hard binding being verified.
type check struct {
	*asset
	hardBinding
	alg    string // of the structures around the assertion
	others bool   // more is left out than the store
}

// check verifies a hard binding of the asset (C2PA 2.4, 15.12). Alg is the algorithm
// that the claim names. The findings have no URL. What makes the file unreadable is in
// a.err as well.
func (a *asset) check(label string, assertion []byte, alg string) []Finding {
	label, _, _ = strings.Cut(label, "__")
	kind, ok := hardBindings[label]
	if !ok {
		return nil
	}
	c := check{asset: a, hardBinding: kind, alg: alg}
	err := kind.verify(&c, assertion)
	var findings []Finding
	if c.others {
		findings = append(findings, found(kind.additional, "more of the file than the manifest store is left out of the hash"))
	}
	if err == nil {
		return append(findings, found(kind.match, ""))
	}
	return append(findings, c.finding(err))
}

// finding returns what err says of the binding.
func (c *check) finding(err error) Finding {
	if f, ok := errors.AsType[*fault](err); ok {
		return found(f.code, f.why)
	}
	_, format := errors.AsType[*container.FormatError](err)
	_, limit := errors.AsType[*container.LimitError](err)
	if format || limit {
		return found(c.mismatch, err.Error())
	}
	if c.err == nil {
		c.asset.err = err
	}
	return found(GeneralError, err.Error())
}

// decode decodes an assertion into v.
func (c *check) decode(assertion []byte, v any) error {
	if err := decoder.Unmarshal(assertion, v); err != nil {
		return faultf(c.malformed, "%v", err)
	}
	return nil
}

// hash returns the algorithm of the first name that is given, the nearest to the
// hash (C2PA 2.4, 15.4).
func (c *check) hash(names ...string) (crypto.Hash, error) {
	for _, name := range append(names, c.alg) {
		if h, ok := hashAlgorithms[name]; ok {
			return h, nil
		}
		if name != "" {
			return 0, faultf(AlgorithmUnsupported, "hash algorithm %q", name)
		}
	}
	return 0, faultf(AlgorithmUnsupported, "no hash algorithm")
}

// compare compares the hash of what h was given with what an assertion says.
func (c *check) compare(h *hasher, want []byte, what string) error {
	if got := h.Sum(nil); !bytes.Equal(got, want) {
		return faultf(c.mismatch, "%s has the hash %x, not %x", what, got, want)
	}
	return nil
}

// newBinding returns the assertion that binds a manifest to a planned output of a, in
// which a store of the final size stands already. Where output is nil its hashes are
// open; it is as long as that of every output.
func (a *asset) newBinding(output *asset) (label string, assertion []byte, err error) {
	switch a.carrier.binding {
	case byData:
		assertion, err = bindData(output)
		return "c2pa.hash.data", assertion, err
	case byBoxes:
		assertion, err = bindBoxes(output)
		return "c2pa.hash.bmff.v3", assertion, err
	}
	assertion, err = bindCollection(cmp.Or(output, a), output == nil)
	return "c2pa.hash.collection.data", assertion, err
}
