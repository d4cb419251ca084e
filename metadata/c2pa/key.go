package c2pa

import (
	"crypto"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
)

// ErrEncryptedKey says that a key needs a pass phrase, which [ParseKey] does not take.
var ErrEncryptedKey = errors.New("it is encrypted; decrypt it first, as openssl pkey does")

// ParseKey reads the first private key of PEM text: in PKCS #8, keys for
// RSASSA-PSS alone included, or the older forms of ECDSA (SEC 1) and RSA (PKCS #1).
// Other blocks are skipped.
func ParseKey(text []byte) (crypto.Signer, error) {
	for {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			return nil, errors.New("c2pa: no private key in PEM form")
		}
		key, err := parseKey(block)
		if err != nil {
			return nil, fmt.Errorf("c2pa: private key: %w", err)
		}
		if key != nil {
			return key, nil
		}
	}
}

// parseKey returns the key of a block, nil if it holds something else.
func parseKey(block *pem.Block) (crypto.Signer, error) {
	if block.Type == "ENCRYPTED PRIVATE KEY" || block.Headers["DEK-Info"] != "" {
		return nil, ErrEncryptedKey
	}
	switch block.Type {
	case "PRIVATE KEY":
		return parsePKCS8(block.Bytes)
	case "EC PRIVATE KEY":
		return x509.ParseECPrivateKey(block.Bytes)
	case "RSA PRIVATE KEY":
		return x509.ParsePKCS1PrivateKey(block.Bytes)
	}
	return nil, nil
}

// parsePKCS8 reads the keys that package x509 reads and those for RSASSA-PSS
// alone, which it does not (RFC 4055, section 1.2).
func parsePKCS8(der []byte) (crypto.Signer, error) {
	var info struct {
		Version   int
		Algorithm pkix.AlgorithmIdentifier
		Key       []byte
	}
	if _, err := asn1.Unmarshal(der, &info); err == nil && info.Algorithm.Algorithm.Equal(oidPSS) {
		return x509.ParsePKCS1PrivateKey(info.Key)
	}
	key, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, err
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("%T does not sign", key)
	}
	return signer, nil
}
