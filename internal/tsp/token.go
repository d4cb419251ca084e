// Package tsp reads, verifies and asks for RFC 3161 time stamps: TSTInfo in the
// subset of CMS (RFC 5652) that time-stamping authorities write, in DER.
package tsp

import (
	"crypto"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
	"time"
)

// What is wrong with a time stamp.
var (
	// ErrMalformed says that it is none, or breaks the rules of RFC 3161.
	ErrMalformed = errors.New("tsp: malformed time stamp")

	// ErrAlgorithm says that it is hashed or signed with what is not allowed here.
	ErrAlgorithm = errors.New("tsp: algorithm not allowed")

	// ErrMismatch says that it is over something else, or has changed.
	ErrMismatch = errors.New("tsp: time stamp does not match")

	// ErrNoCertificate says that the certificate of the authority is not in it.
	ErrNoCertificate = errors.New("tsp: no certificate of the authority")
)

// The bounds of a time stamp.
const (
	MaxSize         = 256 << 10 // bytes
	maxCertificates = 32
)

var (
	oidSignedData = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	oidTSTInfo    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 4}
)

// A Token is a TimeStampToken. It is not changed after it was parsed and may be
// used by several goroutines.
type Token struct {
	// Time is what the authority attests.
	Time time.Time

	// Certificates are those that came with it, that of the signer first if it is
	// among them.
	Certificates []*x509.Certificate

	hash    crypto.Hash // of the imprint
	imprint []byte
	nonce   *big.Int
	content []byte // TSTInfo in DER
	signer  signerInfo
}

type contentInfo struct {
	Type    asn1.ObjectIdentifier
	Content asn1.RawValue `asn1:"explicit,tag:0"`
}

// signedData is a SignedData (RFC 5652, 5.1).
type signedData struct {
	Version          int
	DigestAlgorithms asn1.RawValue `asn1:"set"`
	Content          struct {
		Type    asn1.ObjectIdentifier
		Content []byte `asn1:"explicit,tag:0"`
	}
	Certificates rawSet       `asn1:"optional,tag:0"`
	CRLs         rawSet       `asn1:"optional,tag:1"`
	Signers      []signerInfo `asn1:"set"`
}

// A rawSet is a set of anything.
type rawSet struct{ Raw asn1.RawContent }

// tstInfo is a TSTInfo (RFC 3161, 2.4.2).
type tstInfo struct {
	Version    int
	Policy     asn1.ObjectIdentifier
	Imprint    messageImprint
	Serial     *big.Int
	Time       time.Time     `asn1:"generalized"`
	Accuracy   accuracy      `asn1:"optional"`
	Ordering   bool          `asn1:"optional"`
	Nonce      *big.Int      `asn1:"optional"`
	Authority  asn1.RawValue `asn1:"optional,tag:0"`
	Extensions asn1.RawValue `asn1:"optional,tag:1"`
}

type messageImprint struct {
	Algorithm pkix.AlgorithmIdentifier
	Digest    []byte
}

type accuracy struct {
	Seconds int `asn1:"optional"`
	Millis  int `asn1:"optional,tag:0"`
	Micros  int `asn1:"optional,tag:1"`
}

// Parse reads a TimeStampToken in DER. It checks nothing that depends on what was
// stamped or on keys: see [Token.Verify].
func Parse(der []byte) (*Token, error) {
	if len(der) > MaxSize {
		return nil, fmt.Errorf("%w: %d bytes", ErrMalformed, len(der))
	}
	var outer contentInfo
	if err := unmarshal(der, &outer); err != nil {
		return nil, err
	}
	if !outer.Type.Equal(oidSignedData) {
		return nil, fmt.Errorf("%w: content %v", ErrMalformed, outer.Type)
	}
	var data signedData
	if err := unmarshal(outer.Content.Bytes, &data); err != nil {
		return nil, err
	}
	if !data.Content.Type.Equal(oidTSTInfo) || len(data.Signers) != 1 {
		return nil, fmt.Errorf("%w: content %v with %d signers", ErrMalformed, data.Content.Type, len(data.Signers))
	}
	t := &Token{content: data.Content.Content, signer: data.Signers[0]}
	if err := t.readInfo(); err != nil {
		return nil, err
	}
	return t, t.readCertificates(data.Certificates.Raw)
}

// readInfo reads what the authority says.
func (t *Token) readInfo() error {
	var info tstInfo
	if err := unmarshal(t.content, &info); err != nil {
		return err
	}
	if info.Version != 1 {
		return fmt.Errorf("%w: version %d", ErrMalformed, info.Version)
	}
	t.Time, t.imprint, t.nonce = info.Time.UTC(), info.Imprint.Digest, info.Nonce
	if t.hash = hashOf(info.Imprint.Algorithm.Algorithm); t.hash == 0 {
		return fmt.Errorf("%w: imprint %v", ErrAlgorithm, info.Imprint.Algorithm.Algorithm)
	}
	if len(t.imprint) != t.hash.Size() {
		return fmt.Errorf("%w: imprint of %d bytes", ErrMalformed, len(t.imprint))
	}
	return nil
}

// readCertificates reads the certificates and leaves out what package x509 cannot
// read: others than the signer's may be of any kind.
func (t *Token) readCertificates(raw []byte) error {
	var set asn1.RawValue
	if len(raw) == 0 {
		return nil
	}
	if err := unmarshal(raw, &set); err != nil {
		return err
	}
	for n, rest := 0, set.Bytes; len(rest) > 0; n++ {
		var value asn1.RawValue
		var err error
		if rest, err = asn1.Unmarshal(rest, &value); err != nil {
			return fmt.Errorf("%w: certificates: %v", ErrMalformed, err)
		}
		if n == maxCertificates {
			return fmt.Errorf("%w: more than %d certificates", ErrMalformed, maxCertificates)
		}
		cert, err := x509.ParseCertificate(value.FullBytes)
		if err != nil {
			continue
		}
		if t.signer.names(cert) {
			t.Certificates = append([]*x509.Certificate{cert}, t.Certificates...)
		} else {
			t.Certificates = append(t.Certificates, cert)
		}
	}
	return nil
}

// Matches returns nil if the token is over a message, or else [ErrMismatch].
func (t *Token) Matches(message []byte) error {
	if string(sum(t.hash, message)) != string(t.imprint) {
		return fmt.Errorf("%w: it is over another message", ErrMismatch)
	}
	return nil
}

// unmarshal reads one value and nothing after it.
func unmarshal(der []byte, value any) error {
	rest, err := asn1.Unmarshal(der, value)
	if err == nil && len(rest) > 0 {
		err = fmt.Errorf("%d bytes after it", len(rest))
	}
	if err != nil {
		return fmt.Errorf("%w: %v", ErrMalformed, err)
	}
	return nil
}
