package c2pa

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
)

// An Algorithm signs claims. The specification allows seven of them (C2PA 2.2,
// 13.2.1).
type Algorithm string

// The algorithms. Any curve goes with any of the first three.
const (
	ES256   Algorithm = "ES256" // ECDSA with SHA-256
	ES384   Algorithm = "ES384" // ECDSA with SHA-384
	ES512   Algorithm = "ES512" // ECDSA with SHA-512
	PS256   Algorithm = "PS256" // RSASSA-PSS with SHA-256
	PS384   Algorithm = "PS384" // RSASSA-PSS with SHA-384
	PS512   Algorithm = "PS512" // RSASSA-PSS with SHA-512
	Ed25519 Algorithm = "EdDSA" // Ed25519, no other curve
)

// The bounds of an RSA modulus, in bits. A larger one is refused, as the
// specification allows: it costs the verifier more than the signer.
const (
	minRSA = 2048
	maxRSA = 16384
)

// errKey says that a key is not one of an algorithm.
var errKey = errors.New("c2pa: the key does not fit the algorithm")

// algorithms lists what COSE calls them (RFC 9053, RFC 8230).
var algorithms = map[Algorithm]struct {
	id   int64
	hash crypto.Hash // 0 for Ed25519, which hashes itself
}{
	ES256: {-7, crypto.SHA256}, ES384: {-35, crypto.SHA384}, ES512: {-36, crypto.SHA512},
	PS256: {-37, crypto.SHA256}, PS384: {-38, crypto.SHA384}, PS512: {-39, crypto.SHA512},
	Ed25519: {-8, 0},
}

// algorithmOf returns the algorithm with an identifier, "" if it is not allowed.
func algorithmOf(id int64) Algorithm {
	for name, a := range algorithms {
		if a.id == id {
			return name
		}
	}
	return ""
}

// naturalAlgorithm returns the algorithm that goes with a key, "" if none does.
func naturalAlgorithm(key crypto.PublicKey) Algorithm {
	switch key := key.(type) {
	case *ecdsa.PublicKey:
		return map[elliptic.Curve]Algorithm{elliptic.P256(): ES256, elliptic.P384(): ES384, elliptic.P521(): ES512}[key.Curve]
	case *rsa.PublicKey:
		return PS256
	case ed25519.PublicKey:
		return Ed25519
	}
	return ""
}

// fits says whether a key is one of the algorithm.
func (a Algorithm) fits(key crypto.PublicKey) bool {
	natural := naturalAlgorithm(key)
	if rsaKey, ok := key.(*rsa.PublicKey); ok && (rsaKey.N.BitLen() < minRSA || rsaKey.N.BitLen() > maxRSA) {
		return false
	}
	_, known := algorithms[a]
	return known && natural != "" && a[0] == natural[0] && a[1] == natural[1]
}

// digest hashes a message, but for Ed25519.
func (a Algorithm) digest(message []byte) []byte {
	switch algorithms[a].hash {
	case crypto.SHA256:
		sum := sha256.Sum256(message)
		return sum[:]
	case crypto.SHA384:
		sum := sha512.Sum384(message)
		return sum[:]
	case crypto.SHA512:
		sum := sha512.Sum512(message)
		return sum[:]
	}
	return message
}

// verify says whether a signature is that of a message.
func (a Algorithm) verify(key crypto.PublicKey, message, signature []byte) bool {
	if !a.fits(key) {
		return false
	}
	switch key := key.(type) {
	case *ecdsa.PublicKey:
		size := coordinate(key)
		if len(signature) != 2*size {
			return false
		}
		r, s := new(big.Int).SetBytes(signature[:size]), new(big.Int).SetBytes(signature[size:])
		return ecdsa.Verify(key, a.digest(message), r, s)
	case *rsa.PublicKey:
		return rsa.VerifyPSS(key, algorithms[a].hash, a.digest(message), signature, a.pss()) == nil
	case ed25519.PublicKey:
		return ed25519.Verify(key, message, signature)
	}
	return false
}

// sign signs a message with a key that may be out of reach, and checks what came
// back: a service with the wrong settings signs in another form.
func (a Algorithm) sign(key crypto.Signer, message []byte) ([]byte, error) {
	if !a.fits(key.Public()) {
		return nil, fmt.Errorf("%w %s: %T", errKey, a, key.Public())
	}
	var opts crypto.SignerOpts = algorithms[a].hash
	if _, ok := key.Public().(*rsa.PublicKey); ok {
		opts = a.pss()
	}
	signature, err := key.Sign(rand.Reader, a.digest(message), opts)
	if err != nil {
		return nil, fmt.Errorf("c2pa: signing: %w", err)
	}
	if public, ok := key.Public().(*ecdsa.PublicKey); ok {
		signature = rawECDSA(signature, coordinate(public))
	}
	if !ownKey(key) && !a.verify(key.Public(), message, signature) {
		return nil, fmt.Errorf("c2pa: the key returned a signature that is not %s with its own public key", a)
	}
	return signature, nil
}

// ownKey reports whether a key is of the standard library: those of an HSM or a KMS may be
// set up for another algorithm than the one that is asked for.
func ownKey(key crypto.Signer) bool {
	switch key.(type) {
	case *ecdsa.PrivateKey, *rsa.PrivateKey, ed25519.PrivateKey:
		return true
	}
	return false
}

// pss returns the parameters of RSASSA-PSS (RFC 8230, section 2).
func (a Algorithm) pss() *rsa.PSSOptions {
	return &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: algorithms[a].hash}
}

// coordinate returns the bytes of each half of an ECDSA signature.
func coordinate(key *ecdsa.PublicKey) int { return (key.Curve.Params().BitSize + 7) / 8 }

// rawECDSA returns the two numbers of an ASN.1 signature at their full length, as
// COSE has them; nil if they are not such.
func rawECDSA(der []byte, size int) []byte {
	var sig struct{ R, S *big.Int }
	rest, err := asn1.Unmarshal(der, &sig)
	if err != nil || len(rest) != 0 || sig.R.Sign() < 0 || sig.S.Sign() < 0 || sig.R.BitLen() > 8*size || sig.S.BitLen() > 8*size {
		return nil
	}
	raw := make([]byte, 2*size)
	sig.R.FillBytes(raw[:size])
	sig.S.FillBytes(raw[size:])
	return raw
}

// signatureLen returns the bytes of a signature.
func signatureLen(key crypto.PublicKey) int {
	switch key := key.(type) {
	case *ecdsa.PublicKey:
		return 2 * coordinate(key)
	case *rsa.PublicKey:
		return key.Size()
	}
	return ed25519.SignatureSize
}
