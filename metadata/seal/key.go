package seal

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/smx509"
)

// ParsePrivateKey reads the first private key in PEM: PKCS #8 ("PRIVATE KEY"), or SEC 1
// ("EC PRIVATE KEY"), unencrypted, of SM2, P-256 or Ed25519. Other keys are [ErrKey].
func ParsePrivateKey(text []byte) (crypto.Signer, error) {
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		var key any
		var err error
		switch {
		case block.Type == "ENCRYPTED PRIVATE KEY", block.Headers["DEK-Info"] != "":
			err = errors.New("encrypted; decrypt it first: openssl pkey")
		case block.Type == "PRIVATE KEY":
			key, err = smx509.ParsePKCS8PrivateKey(block.Bytes)
		case block.Type == "EC PRIVATE KEY":
			key, err = smx509.ParseTypedECPrivateKey(block.Bytes)
		default: // openssl writes EC PARAMETERS first
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("seal: private key: %w", err)
		}
		signer, ok := key.(crypto.Signer)
		if !ok {
			return nil, fmt.Errorf("%w (%T)", ErrKey, key)
		}
		_, err = algorithmOf(signer.Public())
		return signer, err
	}
	return nil, errors.New("seal: no private key in PEM")
}

// ParsePublicKeys reads all public keys in PEM ("PUBLIC KEY"), and those of certificates
// ("CERTIFICATE") and private keys. Of a certificate nothing but the key counts. Keys
// that are not of SM2, P-256 or Ed25519 are [ErrKey].
func ParsePublicKeys(text []byte) ([]crypto.PublicKey, error) {
	var keys []crypto.PublicKey
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		key, err := publicKey(block)
		if err == nil && key != nil {
			_, err = algorithmOf(key)
		}
		if err != nil {
			return nil, fmt.Errorf("seal: public key: %w", err)
		}
		if key != nil {
			keys = append(keys, key)
		}
	}
	if len(keys) == 0 {
		return nil, errors.New("seal: no public key in PEM")
	}
	return keys, nil
}

// publicKey returns the key of a block, nil if it has none.
func publicKey(block *pem.Block) (crypto.PublicKey, error) {
	switch block.Type {
	case "PUBLIC KEY":
		return smx509.ParsePKIXPublicKey(block.Bytes)
	case "CERTIFICATE":
		c, err := smx509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		return c.PublicKey, nil
	case "PRIVATE KEY", "EC PRIVATE KEY":
		signer, err := ParsePrivateKey(pem.EncodeToMemory(block))
		if err != nil {
			return nil, err
		}
		return signer.Public(), nil
	}
	return nil, nil
}

// Fingerprint returns the SHA-256 of a public key's SubjectPublicKeyInfo (RFC 5280, 4.1) in
// lower-case hexadecimal digits, as [Result].Key has it; "" for a key that seals do not use.
func Fingerprint(key crypto.PublicKey) string {
	if _, err := algorithmOf(key); err != nil {
		return ""
	}
	der, err := smx509.MarshalPKIXPublicKey(key)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(der)
	return hex.EncodeToString(sum[:])
}

// encodeKey returns the KeyValue of a key.
func encodeKey(key crypto.PublicKey) ([]byte, error) {
	switch k := key.(type) {
	case ed25519.PublicKey:
		return k, nil
	case *ecdsa.PublicKey:
		if !sm2.IsSM2PublicKey(k) {
			return k.Bytes()
		}
		point, err := sm2.PublicKeyToECDH(k)
		if err != nil {
			return nil, err
		}
		return point.Bytes(), nil
	}
	return nil, ErrKey
}

// The first byte of a point (SEC 1, 2.3.3).
const (
	even         = 2 // x follows, y is even
	odd          = 3
	uncompressed = 4 // x and y follow
)

// keys returns the keys that a KeyValue stands for: none if it is no key, two if a
// file has only the x coordinate. MiniMax writes that after a zero; others write a
// point, whole or compressed, with or without its first byte, or SubjectPublicKeyInfo.
func (a *algorithm) keys(value []byte) []crypto.PublicKey {
	if len(value) > 0 && value[0] == 0x30 {
		if key, err := smx509.ParsePKIXPublicKey(value); err == nil {
			if of, err := algorithmOf(key); err == nil && of == a {
				return []crypto.PublicKey{key}
			}
		}
	}
	switch {
	case a.curve == nil && len(value) == ed25519.PublicKeySize:
		return []crypto.PublicKey{ed25519.PublicKey(value)}
	case a.curve == nil:
		return nil
	case len(value) == 2*scalarSize:
		return a.points(append([]byte{uncompressed}, value...))
	case len(value) == 1+scalarSize && value[0] == 0:
		x := value[1:]
		return append(a.points(append([]byte{even}, x...)), a.points(append([]byte{odd}, x...))...)
	}
	return a.points(value)
}

// points returns the key of an encoded point (SEC 1, 2.3.3), nothing if it is none of the curve.
func (a *algorithm) points(b []byte) []crypto.PublicKey {
	if len(b) == 1+scalarSize {
		x, y := elliptic.UnmarshalCompressed(a.curve, b)
		if x == nil {
			return nil
		}
		b = append([]byte{uncompressed}, make([]byte, 2*scalarSize)...)
		x.FillBytes(b[1 : 1+scalarSize])
		y.FillBytes(b[1+scalarSize:])
	}
	key, err := a.point(b)
	if err != nil {
		return nil
	}
	return []crypto.PublicKey{key}
}
