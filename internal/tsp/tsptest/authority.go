// Package tsptest is a time-stamping authority for tests.
package tsptest

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"io"
	"math/big"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// An Authority issues time stamps. The fields may be changed before use: an
// authority that breaks the rules is one too.
type Authority struct {
	Root        *x509.Certificate // the anchor
	Certificate *x509.Certificate // of Key, issued by Root
	Key         crypto.Signer

	Hash         crypto.Hash // of the digests; SHA-256 at first
	PSS          bool        // RSASSA-PSS instead of PKCS #1 v1.5
	Old          bool        // the signing certificate attribute of RFC 3161, with SHA-1
	Certificates [][]byte    // in the tokens, in DER; Certificate at first
	Status       int         // of the answers to requests; 0 grants
	Clock        time.Time   // what the answers to requests attest; zero is now

	tb testing.TB
}

// New returns an authority with a key that it makes: ECDSA P-256.
func New(tb testing.TB) *Authority {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(tb, err)
	return NewWithKey(tb, key, nil)
}

// Keys returns a new key of each kind that signs.
func Keys(tb testing.TB) map[string]crypto.Signer {
	ring := map[string]crypto.Signer{}
	var err error
	for _, curve := range []elliptic.Curve{elliptic.P256(), elliptic.P384(), elliptic.P521()} {
		ring[curve.Params().Name], err = ecdsa.GenerateKey(curve, rand.Reader)
		require.NoError(tb, err)
	}
	ring["RSA"], err = rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(tb, err)
	_, ring["Ed25519"], err = ed25519.GenerateKey(rand.Reader)
	require.NoError(tb, err)
	return ring
}

// NewWithKey returns an authority with a key. change alters the certificate before
// it is issued.
func NewWithKey(tb testing.TB, key crypto.Signer, change func(*x509.Certificate)) *Authority {
	rootKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(tb, err)
	from := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Test TSA Root"}, NotBefore: from, NotAfter: from.AddDate(30, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	root := issue(tb, template, template, rootKey.Public(), rootKey)
	template = &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "Test TSA"}, NotBefore: from, NotAfter: from.AddDate(30, 0, 0),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping},
	}
	if change != nil {
		change(template)
	}
	cert := issue(tb, template, root, key.Public(), rootKey)
	return &Authority{Root: root, Certificate: cert, Key: key, Hash: crypto.SHA256, Certificates: [][]byte{cert.Raw}, tb: tb}
}

func issue(tb testing.TB, template, parent *x509.Certificate, public crypto.PublicKey, key crypto.Signer) *x509.Certificate {
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, key)
	require.NoError(tb, err)
	cert, err := x509.ParseCertificate(der)
	require.NoError(tb, err)
	return cert
}

// imprint is a MessageImprint.
type imprint struct {
	Algorithm pkix.AlgorithmIdentifier
	Digest    []byte
}

// Token returns a token that attests that a message existed at a time.
func (a *Authority) Token(message []byte, at time.Time) []byte {
	return a.token(imprint{identifier(a.Hash), sum(a.Hash, message)}, nil, at)
}

// Response returns the answer of an authority that grants the token.
func (a *Authority) Response(token []byte) []byte {
	type status struct{ Status int }
	if token == nil {
		return a.marshal(struct{ Status status }{status{a.Status}})
	}
	return a.marshal(struct {
		Status status
		Token  asn1.RawValue
	}{status{a.Status}, asn1.RawValue{FullBytes: token}})
}

// ServeHTTP answers TimeStampReqs (RFC 3161, 3.4).
func (a *Authority) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var request struct {
		Version int
		Imprint imprint
		Nonce   *big.Int `asn1:"optional"`
		CertReq bool     `asn1:"optional"`
	}
	body, err := io.ReadAll(r.Body)
	require.NoError(a.tb, err)
	_, err = asn1.Unmarshal(body, &request)
	require.NoError(a.tb, err)
	var token []byte
	if a.Status < 2 {
		at := a.Clock
		if at.IsZero() {
			at = time.Now()
		}
		token = a.token(request.Imprint, request.Nonce, at)
	}
	w.Header().Set("Content-Type", "application/timestamp-reply")
	w.Write(a.Response(token))
}

func (a *Authority) token(of imprint, nonce *big.Int, at time.Time) []byte {
	info := a.marshal(struct {
		Version int
		Policy  asn1.ObjectIdentifier
		Imprint imprint
		Serial  int
		Time    time.Time `asn1:"generalized"`
		Nonce   *big.Int  `asn1:"optional"`
	}{1, asn1.ObjectIdentifier{1, 2, 3, 4, 1}, of, 1, at.UTC().Truncate(time.Second), nonce})
	signed := a.attributes(info)
	data := a.marshal(struct {
		Version int
		Digests []pkix.AlgorithmIdentifier `asn1:"set"`
		Content struct {
			Type    asn1.ObjectIdentifier
			Content []byte `asn1:"explicit,tag:0"`
		}
		Certificates asn1.RawValue `asn1:"optional"`
		Signers      []any         `asn1:"set"`
	}{
		Version: 3, Digests: []pkix.AlgorithmIdentifier{identifier(a.Hash)},
		Content: struct {
			Type    asn1.ObjectIdentifier
			Content []byte `asn1:"explicit,tag:0"`
		}{oidTSTInfo, info},
		Certificates: context(0, bytes.Join(a.Certificates, nil)),
		Signers:      []any{a.signer(signed)},
	})
	return a.marshal(struct {
		Type    asn1.ObjectIdentifier
		Content asn1.RawValue
	}{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}, context(0, data)})
}

var oidTSTInfo = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 4}

// attributes returns the sorted content of the set of signed attributes.
func (a *Authority) attributes(info []byte) []byte {
	type attribute struct {
		Type   asn1.ObjectIdentifier
		Values []any `asn1:"set"`
	}
	pkcs9 := func(arcs ...int) asn1.ObjectIdentifier {
		return append(asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9}, arcs...)
	}
	type id struct{ Digest []byte }
	v2 := pkcs9(16, 2, 47)
	digest := sum(crypto.SHA256, a.Certificate.Raw)
	if a.Old {
		old := sha1.Sum(a.Certificate.Raw)
		v2, digest = pkcs9(16, 2, 12), old[:]
	}
	all := [][]byte{
		a.marshal(attribute{pkcs9(3), []any{oidTSTInfo}}),
		a.marshal(attribute{pkcs9(4), []any{sum(a.Hash, info)}}),
		a.marshal(attribute{v2, []any{struct{ IDs []id }{[]id{{digest}}}}}),
	}
	slices.SortFunc(all, bytes.Compare)
	return bytes.Join(all, nil)
}

// signer returns the SignerInfo.
func (a *Authority) signer(signed []byte) any {
	set := a.marshal(asn1.RawValue{Tag: asn1.TagSet, IsCompound: true, Bytes: signed})
	algorithm, opts := a.algorithm()
	if opts.HashFunc() != 0 {
		set = sum(opts.HashFunc(), set)
	}
	signature, err := a.Key.Sign(rand.Reader, set, opts)
	require.NoError(a.tb, err)
	type issuerAndSerial struct {
		Issuer asn1.RawValue
		Serial *big.Int
	}
	return struct {
		Version   int
		ID        issuerAndSerial
		Digest    pkix.AlgorithmIdentifier
		Signed    asn1.RawValue
		Algorithm pkix.AlgorithmIdentifier
		Signature []byte
	}{
		1, issuerAndSerial{asn1.RawValue{FullBytes: a.Certificate.RawIssuer}, a.Certificate.SerialNumber},
		identifier(a.Hash), context(0, signed), algorithm, signature,
	}
}

// algorithm returns what the key signs with.
func (a *Authority) algorithm() (pkix.AlgorithmIdentifier, crypto.SignerOpts) {
	arcs := map[crypto.Hash]int{crypto.SHA1: 0, crypto.SHA256: 1, crypto.SHA384: 2, crypto.SHA512: 3}[a.Hash]
	switch a.Key.Public().(type) {
	case ed25519.PublicKey:
		return pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{1, 3, 101, 112}}, crypto.Hash(0)
	case *rsa.PublicKey:
		if a.PSS {
			return a.pss(), &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: a.Hash}
		}
		return pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 10 + arcs}, Parameters: asn1.NullRawValue}, a.Hash
	}
	return pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 1 + arcs}}, a.Hash
}

func (a *Authority) pss() pkix.AlgorithmIdentifier {
	mask := pkix.AlgorithmIdentifier{
		Algorithm:  asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 8},
		Parameters: asn1.RawValue{FullBytes: a.marshal(identifier(a.Hash))},
	}
	params := a.marshal(struct {
		Hash pkix.AlgorithmIdentifier `asn1:"explicit,tag:0"`
		MGF  pkix.AlgorithmIdentifier `asn1:"explicit,tag:1"`
		Salt int                      `asn1:"explicit,tag:2"`
	}{identifier(a.Hash), mask, a.Hash.Size()})
	return pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 10}, Parameters: asn1.RawValue{FullBytes: params}}
}

func (a *Authority) marshal(value any) []byte {
	der, err := asn1.Marshal(value)
	require.NoError(a.tb, err)
	return der
}

func context(tag int, content []byte) asn1.RawValue {
	return asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: tag, IsCompound: true, Bytes: content}
}

func identifier(hash crypto.Hash) pkix.AlgorithmIdentifier {
	ids := map[crypto.Hash]asn1.ObjectIdentifier{
		crypto.SHA1:   {1, 3, 14, 3, 2, 26},
		crypto.SHA256: {2, 16, 840, 1, 101, 3, 4, 2, 1},
		crypto.SHA384: {2, 16, 840, 1, 101, 3, 4, 2, 2},
		crypto.SHA512: {2, 16, 840, 1, 101, 3, 4, 2, 3},
	}
	return pkix.AlgorithmIdentifier{Algorithm: ids[hash], Parameters: asn1.NullRawValue}
}

func sum(hash crypto.Hash, message []byte) []byte {
	h := hash.New()
	h.Write(message)
	return h.Sum(nil)
}
