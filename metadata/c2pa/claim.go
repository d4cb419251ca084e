package c2pa

import (
	"errors"
	"strings"

	"github.com/fxamacker/cbor/v2"

	"github.com/aigclabel/aigclabel/internal/jumbf"
)

// claimV1 and claimV2 are the labels of claims (C2PA 2.2, 15.6.1).
const (
	claimV1 = "c2pa.claim"
	claimV2 = "c2pa.claim.v2"
)

// decoder reads CBOR of strangers: names as they are spelt, each of them once.
var decoder, _ = cbor.DecOptions{
	DupMapKey:         cbor.DupMapKeyEnforcedAPF,
	FieldNameMatching: cbor.FieldNameMatchingCaseSensitive,
	MaxNestedLevels:   32,
	MaxArrayElements:  64 << 10,
	MaxMapPairs:       16 << 10,
}.DecMode() // options that there are

// A claim is what is signed (C2PA 2.2, 10.2). Fields that this package does not
// know are tolerated.
type claim struct {
	InstanceID *string     `cbor:"instanceID"` // some write an empty one
	Title      string      `cbor:"dc:title"`
	Format     string      `cbor:"dc:format"` // version 1
	Generator  string      `cbor:"claim_generator"`
	Info       generators  `cbor:"claim_generator_info"`
	Signature  string      `cbor:"signature"`
	Assertions []reference `cbor:"assertions"` // version 1
	Created    []reference `cbor:"created_assertions"`
	Gathered   []reference `cbor:"gathered_assertions"`
	Redacted   []string    `cbor:"redacted_assertions"`
	Alg        string      `cbor:"alg"`
	SoftAlg    string      `cbor:"alg_soft"`

	version int
	bytes   []byte
}

// A reference is a hashed URI: it names a box of the store and hashes it (C2PA 2.2, 8.4.2).
type reference struct {
	URL  string `cbor:"url"`
	Alg  string `cbor:"alg"`
	Hash []byte `cbor:"hash"`
}

// embedded reports whether the URI leads into the store.
func (h *reference) embedded() bool { return strings.HasPrefix(h.URL, uriScheme) }

// A generatorInfo names a program (C2PA 2.2, 10.2.3.2).
type generatorInfo struct {
	Name    string     `cbor:"name"`
	Version string     `cbor:"version"`
	Spec    string     `cbor:"specVersion"`
	Icon    *reference `cbor:"icon"`
}

// generators are one program, as in claims of version 2, or several. A bare text,
// of old actions, is a name.
type generators []generatorInfo

// UnmarshalCBOR implements [cbor.Unmarshaler].
func (g *generators) UnmarshalCBOR(b []byte) error {
	switch b[0] >> 5 {
	case majorText:
		*g = generators{{}}
		return decoder.Unmarshal(b, &(*g)[0].Name)
	case majorMap:
		*g = generators{{}}
		return decoder.Unmarshal(b, &(*g)[0])
	}
	return decoder.Unmarshal(b, (*[]generatorInfo)(g))
}

// The major types of CBOR that are told apart (RFC 8949, 3.1).
const (
	majorText  = 3
	majorArray = 4
	majorMap   = 5
	majorTag   = 6
)

// first returns the first program, empty if there is none.
func (g generators) first() generatorInfo {
	if len(g) == 0 {
		return generatorInfo{}
	}
	return g[0]
}

// errNoCBOR says that a claim is not well-formed.
var errNoCBOR = errors.New("not well-formed CBOR")

// readClaim reads a claim. The error is that the claim is not as it should be; the
// claim is nil where nothing can be made of it.
func readClaim(box *jumbf.Box) (*claim, error) {
	c := &claim{version: 2}
	if box.Label != claimV2 {
		c.version = 1
	}
	content := contentOf(box, cborType)
	if content == nil || decoder.Wellformed(content) != nil {
		return nil, errNoCBOR
	}
	c.bytes = content
	if err := decoder.Unmarshal(content, c); err != nil {
		return nil, err
	}
	return c, c.complete()
}

// complete returns what a claim lacks (C2PA 2.2, 15.6.2).
func (c *claim) complete() error {
	switch {
	case c.Signature == "":
		return errors.New("the claim names no signature")
	case c.version == 1:
		return nil // what else it had to have is not checked
	case c.InstanceID == nil:
		return errors.New("the claim has no instanceID")
	case c.Created == nil:
		return errors.New("the claim has no created_assertions")
	case c.Info.first().Name == "":
		return errors.New("the claim does not name its generator")
	}
	return nil
}

// refs returns the references to the assertions, those of the signer first.
func (c *claim) refs() []reference {
	if c.version == 1 {
		return c.Assertions
	}
	return append(c.Created[:len(c.Created):len(c.Created)], c.Gathered...)
}

// generator returns the program that made the claim.
func (c *claim) generator() Generator {
	info := c.Info.first()
	if info.Name == "" {
		product, _, _ := strings.Cut(strings.TrimSpace(c.Generator), " ") // as a browser names itself
		name, version, _ := strings.Cut(product, "/")
		return Generator{Name: name, Version: version}
	}
	return Generator{Name: info.Name, Version: info.Version}
}
