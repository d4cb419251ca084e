package tsp

import (
	"bytes"
	"crypto"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"math/big"
)

var (
	oidContentType          = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}
	oidMessageDigest        = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}
	oidSigningCertificate   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 12}
	oidSigningCertificateV2 = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 47}
)

// signerInfo is a SignerInfo (RFC 5652, 5.3).
type signerInfo struct {
	Version            int
	ID                 asn1.RawValue // issuer and serial number, or [0] key identifier
	DigestAlgorithm    pkix.AlgorithmIdentifier
	Signed             rawSet `asn1:"optional,tag:0"`
	SignatureAlgorithm pkix.AlgorithmIdentifier
	Signature          []byte
	Unsigned           rawSet `asn1:"optional,tag:1"`
}

type attribute struct {
	Type   asn1.ObjectIdentifier
	Values asn1.RawValue `asn1:"set"`
}

// names says whether a certificate is the signer's.
func (s *signerInfo) names(cert *x509.Certificate) bool {
	if s.ID.Class == asn1.ClassContextSpecific && s.ID.Tag == 0 {
		return len(cert.SubjectKeyId) > 0 && bytes.Equal(s.ID.Bytes, cert.SubjectKeyId)
	}
	var id struct {
		Issuer asn1.RawValue
		Serial *big.Int
	}
	_, err := asn1.Unmarshal(s.ID.FullBytes, &id)
	return err == nil && id.Serial.Cmp(cert.SerialNumber) == 0 && bytes.Equal(id.Issuer.FullBytes, cert.RawIssuer)
}

// Verify checks that the authority whose certificate is in the token has signed
// it (RFC 5652, 5.6; RFC 3161, 2.3). Whether that certificate is a good one is for
// the caller to find out: it is the first of Certificates.
func (t *Token) Verify() error {
	if len(t.Certificates) == 0 || !t.signer.names(t.Certificates[0]) {
		return ErrNoCertificate
	}
	signed, err := t.signedAttributes()
	if err != nil {
		return err
	}
	algorithm := signatureAlgorithm(t.signer.SignatureAlgorithm, hashOf(t.signer.DigestAlgorithm.Algorithm))
	if algorithm == x509.UnknownSignatureAlgorithm {
		return fmt.Errorf("%w: signature %v", ErrAlgorithm, t.signer.SignatureAlgorithm.Algorithm)
	}
	if err := t.Certificates[0].CheckSignature(algorithm, signed, t.signer.Signature); err != nil {
		return fmt.Errorf("%w: %v", ErrMismatch, err)
	}
	return nil
}

// signedAttributes checks the attributes that say what was signed and with which
// certificate, and returns them as they were signed.
func (t *Token) signedAttributes() ([]byte, error) {
	if len(t.signer.Signed.Raw) == 0 {
		return nil, fmt.Errorf("%w: no signed attributes", ErrMalformed)
	}
	signed := bytes.Clone(t.signer.Signed.Raw)
	signed[0] = asn1.TagSet | 0x20 // what is signed is a set without the tag [0]
	var attributes []attribute
	rest, err := asn1.UnmarshalWithParams(signed, &attributes, "set")
	if err != nil || len(rest) > 0 {
		return nil, fmt.Errorf("%w: signed attributes", ErrMalformed)
	}
	if err := t.checkContent(attributes); err != nil {
		return nil, err
	}
	return signed, t.checkSigner(attributes)
}

// checkContent checks the type and the digest of the content.
func (t *Token) checkContent(attributes []attribute) error {
	var kind asn1.ObjectIdentifier
	if err := value(attributes, oidContentType, &kind); err != nil {
		return err
	}
	if !kind.Equal(oidTSTInfo) {
		return fmt.Errorf("%w: signed content %v", ErrMalformed, kind)
	}
	var digest []byte
	if err := value(attributes, oidMessageDigest, &digest); err != nil {
		return err
	}
	hash := hashOf(t.signer.DigestAlgorithm.Algorithm)
	if hash == 0 {
		return fmt.Errorf("%w: digest %v", ErrAlgorithm, t.signer.DigestAlgorithm.Algorithm)
	}
	if !bytes.Equal(digest, sum(hash, t.content)) {
		return fmt.Errorf("%w: the content has changed", ErrMismatch)
	}
	return nil
}

// checkSigner checks that the certificate is the one that the authority meant
// (RFC 3161, 2.4.2; RFC 5816).
func (t *Token) checkSigner(attributes []attribute) error {
	var ids struct {
		Certs []struct{ Raw asn1.RawContent }
	}
	err := value(attributes, oidSigningCertificateV2, &ids)
	old := err != nil
	if old {
		err = value(attributes, oidSigningCertificate, &ids)
	}
	if err != nil || len(ids.Certs) == 0 {
		return fmt.Errorf("%w: no signing certificate attribute", ErrMalformed)
	}
	hash, digest, err := certificateHash(ids.Certs[0].Raw, old)
	if err != nil {
		return err
	}
	if !bytes.Equal(digest, sum(hash, t.Certificates[0].Raw)) {
		return fmt.Errorf("%w: it was signed with another certificate", ErrMismatch)
	}
	return nil
}

// certificateHash reads an ESSCertID, or an ESSCertIDv2 whose algorithm is
// SHA-256 unless it says so.
func certificateHash(der []byte, old bool) (crypto.Hash, []byte, error) {
	if old {
		var id struct {
			Digest []byte
			Issuer asn1.RawValue `asn1:"optional"`
		}
		err := unmarshal(der, &id)
		return crypto.SHA1, id.Digest, err
	}
	var id struct {
		Algorithm pkix.AlgorithmIdentifier `asn1:"optional"`
		Digest    []byte
		Issuer    asn1.RawValue `asn1:"optional"`
	}
	if err := unmarshal(der, &id); err != nil {
		return 0, nil, err
	}
	hash := crypto.SHA256
	if id.Algorithm.Algorithm != nil {
		hash = hashOf(id.Algorithm.Algorithm)
	}
	if hash == 0 {
		return 0, nil, fmt.Errorf("%w: certificate hash %v", ErrAlgorithm, id.Algorithm.Algorithm)
	}
	return hash, id.Digest, nil
}

// value reads the only value of the only attribute of a type.
func value(attributes []attribute, kind asn1.ObjectIdentifier, into any) error {
	var found *attribute
	for i := range attributes {
		if attributes[i].Type.Equal(kind) {
			if found != nil {
				return fmt.Errorf("%w: attribute %v twice", ErrMalformed, kind)
			}
			found = &attributes[i]
		}
	}
	if found == nil {
		return fmt.Errorf("%w: no attribute %v", ErrMalformed, kind)
	}
	return unmarshal(found.Values.Bytes, into)
}

var (
	oidSHA256  = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}
	oidSHA384  = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 2}
	oidSHA512  = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 3}
	oidRSA     = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}
	oidMGF1    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 8}
	oidPSS     = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 10}
	oidEC      = asn1.ObjectIdentifier{1, 2, 840, 10045, 2, 1}
	oidEd25519 = asn1.ObjectIdentifier{1, 3, 101, 112}
)

// hashOf returns the hash with an identifier, 0 if it is not allowed.
func hashOf(id asn1.ObjectIdentifier) crypto.Hash {
	switch {
	case id.Equal(oidSHA256):
		return crypto.SHA256
	case id.Equal(oidSHA384):
		return crypto.SHA384
	case id.Equal(oidSHA512):
		return crypto.SHA512
	}
	return 0
}

// sum hashes a message.
func sum(hash crypto.Hash, message []byte) []byte {
	switch hash {
	case crypto.SHA1: // in the old signing certificate attribute alone
		digest := sha1.Sum(message)
		return digest[:]
	case crypto.SHA384:
		digest := sha512.Sum384(message)
		return digest[:]
	case crypto.SHA512:
		digest := sha512.Sum512(message)
		return digest[:]
	}
	digest := sha256.Sum256(message)
	return digest[:]
}

// signatureAlgorithms lists the identifiers that name both key and hash.
var signatureAlgorithms = map[string]x509.SignatureAlgorithm{
	"1.2.840.113549.1.1.11": x509.SHA256WithRSA,
	"1.2.840.113549.1.1.12": x509.SHA384WithRSA,
	"1.2.840.113549.1.1.13": x509.SHA512WithRSA,
	"1.2.840.10045.4.3.2":   x509.ECDSAWithSHA256,
	"1.2.840.10045.4.3.3":   x509.ECDSAWithSHA384,
	"1.2.840.10045.4.3.4":   x509.ECDSAWithSHA512,
}

// keyAlgorithms lists the identifiers that leave the hash to the digest algorithm.
var keyAlgorithms = map[string]map[crypto.Hash]x509.SignatureAlgorithm{
	oidRSA.String(): {crypto.SHA256: x509.SHA256WithRSA, crypto.SHA384: x509.SHA384WithRSA, crypto.SHA512: x509.SHA512WithRSA},
	oidEC.String():  {crypto.SHA256: x509.ECDSAWithSHA256, crypto.SHA384: x509.ECDSAWithSHA384, crypto.SHA512: x509.ECDSAWithSHA512},
	oidPSS.String(): {crypto.SHA256: x509.SHA256WithRSAPSS, crypto.SHA384: x509.SHA384WithRSAPSS, crypto.SHA512: x509.SHA512WithRSAPSS},
}

// signatureAlgorithm returns what a signature was made with.
func signatureAlgorithm(id pkix.AlgorithmIdentifier, digest crypto.Hash) x509.SignatureAlgorithm {
	switch {
	case id.Algorithm.Equal(oidEd25519):
		return x509.PureEd25519
	case id.Algorithm.Equal(oidPSS):
		digest = pssHash(id.Parameters.FullBytes)
	}
	if known := signatureAlgorithms[id.Algorithm.String()]; known != 0 {
		return known
	}
	return keyAlgorithms[id.Algorithm.String()][digest]
}

// pssHash returns the hash of RSASSA-PSS parameters, 0 unless they use one hash
// throughout and a salt of its length.
func pssHash(der []byte) crypto.Hash {
	var params struct {
		Hash pkix.AlgorithmIdentifier `asn1:"explicit,tag:0"`
		MGF  pkix.AlgorithmIdentifier `asn1:"explicit,tag:1"`
		Salt int                      `asn1:"explicit,tag:2"`
	}
	var mask pkix.AlgorithmIdentifier
	if unmarshal(der, &params) != nil || !params.MGF.Algorithm.Equal(oidMGF1) || unmarshal(params.MGF.Parameters.FullBytes, &mask) != nil {
		return 0
	}
	hash := hashOf(params.Hash.Algorithm)
	if hash == 0 || hashOf(mask.Algorithm) != hash || params.Salt != hash.Size() {
		return 0
	}
	return hash
}
