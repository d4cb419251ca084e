package c2pa

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"fmt"
	"time"
)

// How long the certificates of a development chain are valid, in years.
const (
	developmentRoot = 10
	developmentLeaf = 2
)

// A DevelopmentChain is a root and a certificate that validators accept once they
// are told to trust the root: for tests and development, where the certificate of
// a public authority is not at hand. Nothing vouches for the names in it.
type DevelopmentChain struct {
	// Root is the anchor to trust. Its key is gone: it issues nothing else.
	Root *x509.Certificate

	// Chain is the certificate of Key, for [Signer].
	Chain []*x509.Certificate

	// Key is that of the signer.
	Key crypto.Signer
}

// NewDevelopmentChain makes a chain for a signer with a name. A nil key stands for
// a new one, ECDSA P-256. The certificate has both extended key usages that
// validators look for, is valid from an hour ago, for the clocks of others, and
// for two years.
func NewDevelopmentChain(name string, key crypto.Signer) (*DevelopmentChain, error) {
	var err error
	if key == nil {
		if key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
			return nil, err
		}
	}
	if algorithm := naturalAlgorithm(key.Public()); !algorithm.fits(key.Public()) {
		return nil, fmt.Errorf("%w: %T", errKey, key.Public())
	}
	rootKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	from := time.Now().Add(-time.Hour)
	template := rootTemplate(name, from)
	root, err := issue(template, template, rootKey.Public(), rootKey)
	if err != nil {
		return nil, err
	}
	leaf, err := issue(leafTemplate(name, from, key.Public()), root, key.Public(), rootKey)
	if err != nil {
		return nil, err
	}
	return &DevelopmentChain{Root: root, Chain: []*x509.Certificate{leaf}, Key: key}, nil
}

func rootTemplate(name string, from time.Time) *x509.Certificate {
	return &x509.Certificate{
		Subject:   pkix.Name{Organization: []string{name}, CommonName: name + " Development Root"},
		NotBefore: from, NotAfter: from.AddDate(developmentRoot, 0, 0),
		IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
}

func leafTemplate(name string, from time.Time, key crypto.PublicKey) *x509.Certificate {
	return &x509.Certificate{
		Subject:   pkix.Name{Organization: []string{name}, CommonName: name},
		NotBefore: from, NotAfter: from.AddDate(developmentLeaf, 0, 0),
		BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage:        []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection},
		UnknownExtKeyUsage: []asn1.ObjectIdentifier{ekuClaimSigning},
		SubjectKeyId:       keyID(key),
	}
}

// keyID returns the identifier of a key (RFC 7093, method 1).
func keyID(key crypto.PublicKey) []byte {
	der, _ := x509.MarshalPKIXPublicKey(key) // fails for kinds of keys that do not fit
	sum := sha256.Sum256(der)
	return sum[:20]
}

func issue(template, parent *x509.Certificate, public crypto.PublicKey, key crypto.Signer) (*x509.Certificate, error) {
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, key)
	if err != nil {
		return nil, fmt.Errorf("c2pa: development chain: %w", err)
	}
	return x509.ParseCertificate(der)
}

// PEM returns the root, the chain and the key (PKCS #8) as PEM text. A key that is
// kept elsewhere has none.
func (d *DevelopmentChain) PEM() (root, chain, key []byte, err error) {
	for _, cert := range d.Chain {
		chain = append(chain, encodePEM("CERTIFICATE", cert.Raw)...)
	}
	der, err := x509.MarshalPKCS8PrivateKey(d.Key)
	if err != nil {
		return nil, nil, nil, fmt.Errorf("c2pa: development key: %w", err)
	}
	return encodePEM("CERTIFICATE", d.Root.Raw), chain, encodePEM("PRIVATE KEY", der), nil
}

func encodePEM(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}
