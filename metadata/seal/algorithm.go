package seal

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/asn1"
	"errors"
	"fmt"
	"hash"
	"math/big"
	"slices"
	"strings"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/sm3"
)

// An algorithm signs and verifies with one kind of key.
type algorithm struct {
	name    string
	id      string   // object identifier
	aliases []string // other names that files have for it, in lower case
	hash    func() hash.Hash
	hashID  string

	// curve is where keys are points and signatures two numbers, nil for Ed25519, and
	// point reads an uncompressed one.
	curve elliptic.Curve
	point func([]byte) (*ecdsa.PublicKey, error)

	// digest returns what the key signs in place of a message.
	digest func(pub crypto.PublicKey, message []byte) ([]byte, error)
	opts   crypto.Hash // of crypto.Signer
	verify func(pub crypto.PublicKey, digest, signature []byte) bool
}

// scalarSize is the length of a coordinate, and of half a signature: all curves here have 256 bits.
const scalarSize = 32

var algorithms = []*algorithm{
	{
		name: "SM2 with SM3", id: "1.2.156.10197.1.501", aliases: []string{"sm2", "sm3withsm2", "sm2withsm3"},
		hash: sm3.New, hashID: "1.2.156.10197.1.401", curve: sm2.P256(), point: sm2.ParseUncompressedPublicKey,
		digest: func(pub crypto.PublicKey, message []byte) ([]byte, error) {
			return sm2.CalculateSM2Hash(pub.(*ecdsa.PublicKey), message, nil)
		},
		verify: func(pub crypto.PublicKey, digest, signature []byte) bool {
			return sm2.VerifyASN1(pub.(*ecdsa.PublicKey), digest, signature)
		},
	},
	{
		name: "ECDSA P-256 with SHA-256", id: "1.2.840.10045.4.3.2", aliases: []string{"es256", "ecdsa"},
		hash: sha256.New, hashID: "2.16.840.1.101.3.4.2.1", opts: crypto.SHA256, curve: elliptic.P256(),
		point: func(b []byte) (*ecdsa.PublicKey, error) { return ecdsa.ParseUncompressedPublicKey(elliptic.P256(), b) },
		digest: func(_ crypto.PublicKey, message []byte) ([]byte, error) {
			sum := sha256.Sum256(message)
			return sum[:], nil
		},
		verify: func(pub crypto.PublicKey, digest, signature []byte) bool {
			return ecdsa.VerifyASN1(pub.(*ecdsa.PublicKey), digest, signature)
		},
	},
	{
		name: "Ed25519", id: "1.3.101.112", aliases: []string{"ed25519", "eddsa"},
		hash: sha256.New, hashID: "2.16.840.1.101.3.4.2.1",
		digest: func(_ crypto.PublicKey, message []byte) ([]byte, error) { return message, nil },
		verify: func(pub crypto.PublicKey, message, signature []byte) bool {
			return ed25519.Verify(pub.(ed25519.PublicKey), message, signature)
		},
	},
}

// algorithmNamed returns the algorithm of an AlgID, nil if it is not known.
func algorithmNamed(id string) *algorithm {
	for _, a := range algorithms {
		if id == a.id || slices.Contains(a.aliases, strings.ToLower(id)) {
			return a
		}
	}
	return nil
}

// ErrKey reports a key of a kind that seals do not use.
var ErrKey = errors.New("seal: key is not of SM2, ECDSA P-256 or Ed25519")

// algorithmOf returns the algorithm for a key.
func algorithmOf(pub crypto.PublicKey) (*algorithm, error) {
	switch k := pub.(type) {
	case *ecdsa.PublicKey:
		switch {
		case k == nil:
		case sm2.IsSM2PublicKey(k):
			return algorithms[0], nil
		case k.Curve == elliptic.P256():
			return algorithms[1], nil
		}
	case ed25519.PublicKey:
		if len(k) == ed25519.PublicKeySize {
			return algorithms[2], nil
		}
	}
	return nil, fmt.Errorf("%w (%T)", ErrKey, pub)
}

// sign returns the signature of a message in the form of seals. It is verified: a
// device that signs something else than it is asked to is found out here.
func (a *algorithm) sign(key crypto.Signer, message []byte) ([]byte, error) {
	digest, err := a.digest(key.Public(), message)
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	signature, err := key.Sign(rand.Reader, digest, a.opts)
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	if !a.verify(key.Public(), digest, signature) {
		return nil, fmt.Errorf("seal: the signature of the key does not verify as %s; the signer must take the digest as it is", a.name)
	}
	if a.curve == nil {
		return signature, nil
	}
	var s struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(signature, &s); err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	raw := make([]byte, 2*scalarSize)
	s.R.FillBytes(raw[:scalarSize])
	s.S.FillBytes(raw[scalarSize:])
	return raw, nil
}

// verifies reports whether one of the keys made the signature of a message, and which. Two numbers
// may stand as they are or in DER.
func (a *algorithm) verifies(keys []crypto.PublicKey, message, signature []byte) (crypto.PublicKey, bool) {
	if a.curve != nil && len(signature) == 2*scalarSize {
		r, s := new(big.Int).SetBytes(signature[:scalarSize]), new(big.Int).SetBytes(signature[scalarSize:])
		signature, _ = asn1.Marshal(struct{ R, S *big.Int }{r, s}) // cannot fail
	}
	for _, key := range keys {
		digest, err := a.digest(key, message)
		if err == nil && a.verify(key, digest, signature) {
			return key, true
		}
	}
	return nil, false
}
