package c2pa

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aigclabel/aigclabel/internal/tsp/tsptest"
)

// theClaim stands for a claim: to a signature it is just bytes.
var theClaim = []byte("a claim")

// developer returns a signer with a new chain, and the options that trust it.
func developer(t testing.TB, key crypto.Signer) (*Signer, *Options) {
	d, err := NewDevelopmentChain("Test", key)
	require.NoError(t, err)
	return &Signer{Key: d.Key, Chain: d.Chain}, &Options{Trust: &Trust{Signers: []*x509.Certificate{d.Root}}}
}

// seal signs theClaim.
func seal(t testing.TB, s *Signer) []byte {
	box, err := s.signClaim(t.Context(), theClaim, s.signatureSize())
	require.NoError(t, err)
	return box
}

// signed are the codes of a good signature without a time stamp.
var signed = []Code{ClaimSignatureValidated, SigningCredentialTrusted, ClaimSignatureInsideValidity, OCSPSkipped}

// TestReferenceSignatures reads what another implementation signed with each
// algorithm.
func TestReferenceSignatures(t *testing.T) {
	root, err := os.ReadFile("testdata/cose/root.pem")
	require.NoError(t, err)
	anchors, err := ParseCertificates(root)
	require.NoError(t, err)
	opts := &Options{Trust: &Trust{Signers: anchors}, Time: time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)}
	names := map[string]Algorithm{"es256": ES256, "es384": ES384, "es512": ES512, "ps256": PS256, "ps384": PS384, "ps512": PS512, "ed25519": Ed25519}
	for name, algorithm := range names {
		box, err := os.ReadFile(filepath.Join("testdata/cose", name+".cose"))
		require.NoError(t, err)
		claim, err := os.ReadFile(filepath.Join("testdata/cose", name+".claim"))
		require.NoError(t, err)
		signature, findings := checkSignature(box, claim, nil, nil, opts)
		require.Equal(t, signed, codes(findings), name)
		require.Equal(t, algorithm, signature.Algorithm)
		require.True(t, signature.Trusted)
		require.Equal(t, "CN=Test Signer "+name+",O=Test", signature.Subject)

		claim[len(claim)-1] ^= 1
		signature, findings = checkSignature(box, claim, nil, nil, opts)
		require.Contains(t, codes(findings), ClaimSignatureMismatch, name)
		require.False(t, signature.Trusted, name)
	}
}

// TestSignatures signs with every pair of key and algorithm.
func TestSignatures(t *testing.T) {
	pairs := map[string][]Algorithm{
		"P-256": {"", ES256, ES384, ES512}, "P-384": {"", ES256, ES384, ES512}, "P-521": {"", ES256, ES384, ES512},
		"RSA": {"", PS256, PS384, PS512}, "Ed25519": {"", Ed25519},
	}
	natural := map[string]Algorithm{"P-256": ES256, "P-384": ES384, "P-521": ES512, "RSA": PS256, "Ed25519": Ed25519}
	for name, key := range tsptest.Keys(t) {
		s, opts := developer(t, key)
		require.NoError(t, CheckCertificates(s.Chain, key.Public()))
		for _, algorithm := range slices.Collect(maps.Keys(algorithms)) {
			if !slices.Contains(pairs[name], algorithm) {
				s.Algorithm = algorithm
				_, err := s.signClaim(t.Context(), theClaim, 8192)
				require.ErrorIs(t, err, errKey, "%s with %s", name, algorithm)
			}
		}
		for _, algorithm := range pairs[name] {
			s.Algorithm = algorithm
			signature, findings := checkSignature(seal(t, s), theClaim, nil, nil, opts)
			require.Equal(t, signed, codes(findings), "%s with %s", name, algorithm)
			if algorithm == "" {
				require.Equal(t, natural[name], signature.Algorithm)
			}
		}
	}
}

// TestSignatureSize makes boxes of every size around those where a CBOR length
// needs another byte.
func TestSignatureSize(t *testing.T) {
	s, opts := developer(t, nil)
	one := &sign1{protected: []byte{0xA0}, signatureIn: appendBytes(nil, make([]byte, 64))}
	bare, err := one.marshal(map[string]any{})
	require.NoError(t, err)
	for _, from := range []int{5, 250, 65530} {
		for n := from; n < from+60; n++ {
			box, err := one.encode(map[string]any{}, len(bare)+n)
			require.NoError(t, err, n)
			require.Len(t, box, len(bare)+n)
			_, err = parseSign1(box)
			require.NoError(t, err, n)
		}
	}
	for n := range 5 {
		_, err := one.encode(map[string]any{}, len(bare)+n)
		require.Equal(t, n == 0, err == nil, n)
	}
	_, err = s.signClaim(t.Context(), theClaim, 100)
	require.ErrorContains(t, err, "does not fit")
	box, err := s.signClaim(t.Context(), theClaim, 25_000)
	require.NoError(t, err)
	require.Len(t, box, 25_000)
	_, findings := checkSignature(box, theClaim, nil, nil, opts)
	require.Equal(t, signed, codes(findings))
}

// TestSignatureFlips flips a bit of each byte that a signature protects, and of
// the structure around it.
func TestSignatureFlips(t *testing.T) {
	s, opts := developer(t, nil)
	box := seal(t, s)
	pad := bytes.Index(box, []byte("\x63pad")) // the label of the padding and what follows are open to anyone
	end := bytes.LastIndex(box, []byte{0xF6, 0x58, 0x40})
	for i := range box {
		if i >= pad && i < end {
			continue
		}
		flipped := bytes.Clone(box)
		flipped[i] ^= 1 << (i % 8)
		signature, findings := checkSignature(flipped, theClaim, nil, nil, opts)
		require.False(t, signature.Trusted, "byte %d: %v", i, findings)
	}
	for n := range box {
		signature, _ := checkSignature(box[:n], theClaim, nil, nil, opts)
		require.False(t, signature.Trusted, "cut to %d", n)
	}
}

// bucket is a header to write.
type bucket map[any]any

// compose signs theClaim under headers that a signer may not write.
func compose(t testing.TB, s *Signer, hidden, open bucket, payload any) []byte {
	protected, err := coseEncoder.Marshal(hidden)
	require.NoError(t, err)
	signature, err := s.algorithm().sign(s.Key, toBeSigned(contextSignature, protected, theClaim))
	require.NoError(t, err)
	body, err := coseEncoder.Marshal([]any{protected, open, payload, signature})
	require.NoError(t, err)
	return append([]byte{sign1Tag}, body...)
}

// TestHeaders reads headers of other writers, and refuses what is ambiguous.
func TestHeaders(t *testing.T) {
	s, opts := developer(t, nil)
	cert := s.Chain[0].Raw
	now, long := time.Now().Unix(), make([][]byte, maxChain+1)
	tests := []struct {
		name         string
		hidden, open bucket
		payload      any
		want         Code
	}{
		{"number label", bucket{1: -7, 33: cert}, nil, nil, ClaimSignatureValidated},
		{"array of one", bucket{1: -7, 33: []any{cert}}, nil, nil, ClaimSignatureValidated},
		{"text label", bucket{1: -7, "x5chain": cert}, nil, nil, ClaimSignatureValidated},
		{"number wins over text", bucket{1: -7, 33: cert, "x5chain": []byte("x")}, nil, nil, ClaimSignatureValidated},
		{"signed wins over unsigned", bucket{1: -7, "x5chain": cert}, bucket{33: []byte("x")}, nil, ClaimSignatureValidated},
		{"unprotected certificate", bucket{1: -7}, bucket{33: cert}, nil, ClaimSignatureValidated},
		{"certificate twice", bucket{1: -7, 33: cert}, bucket{33: cert}, nil, SigningCredentialInvalid},
		{"no certificate", bucket{1: -7}, nil, nil, SigningCredentialInvalid},
		{"damaged certificate", bucket{1: -7, 33: cert[:99]}, nil, nil, SigningCredentialInvalid},
		{"empty chain", bucket{1: -7, 33: []any{}}, nil, nil, SigningCredentialInvalid},
		{"long chain", bucket{1: -7, 33: long}, nil, nil, SigningCredentialInvalid},
		{"text for a chain", bucket{1: -7, 33: "x"}, nil, nil, SigningCredentialInvalid},
		{"no algorithm", bucket{33: cert}, nil, nil, AlgorithmUnsupported},
		{"unprotected algorithm", bucket{33: cert}, bucket{1: -7}, nil, AlgorithmUnsupported},
		{"RSA PKCS #1", bucket{1: -257, 33: cert}, nil, nil, AlgorithmUnsupported},
		{"secp256k1", bucket{1: -47, 33: cert}, nil, nil, AlgorithmUnsupported},
		{"text for an algorithm", bucket{1: "ES256", 33: cert}, nil, nil, AlgorithmUnsupported},
		{"algorithm of another key", bucket{1: -37, 33: cert}, nil, nil, SigningCredentialInvalid},
		{"other hash", bucket{1: -35, 33: cert}, nil, nil, ClaimSignatureMismatch},
		{"critical header", bucket{1: -7, 33: cert, 2: []any{"x"}, "x": 1}, nil, nil, ClaimSignatureMismatch},
		{"payload inside", bucket{1: -7, 33: cert}, nil, theClaim, ClaimSignatureMismatch},
		{"claimed time", bucket{1: -7, 33: cert, "iat": now}, nil, nil, TimeOfSigningInsideValidity},
		{"claimed fraction", bucket{1: -7, 33: cert, "iat": float64(now) + 0.5}, nil, nil, TimeOfSigningInsideValidity},
		{"claimed time long ago", bucket{1: -7, 33: cert, "iat": 1}, nil, nil, TimeOfSigningOutsideValidity},
	}
	for _, tt := range tests {
		if tt.open == nil {
			tt.open = bucket{}
		}
		_, findings := checkSignature(compose(t, s, tt.hidden, tt.open, tt.payload), theClaim, nil, nil, opts)
		require.Contains(t, codes(findings), tt.want, tt.name)
		if tt.want.Kind() == Failure {
			require.NotContains(t, codes(findings), ClaimSignatureValidated, tt.name)
		}
	}
}

// TestMalformedSignatures says mismatch for what is no COSE_Sign1.
func TestMalformedSignatures(t *testing.T) {
	s, opts := developer(t, nil)
	box := seal(t, s)
	tests := map[string][]byte{
		"nothing":             {},
		"no tag":              box[1:],
		"other tag":           append([]byte{0xD1}, box[1:]...),
		"zeros behind":        append(bytes.Clone(box), 0, 0),
		"three elements":      {sign1Tag, 0x83, 0x40, 0xA0, 0xF6},
		"no byte string":      {sign1Tag, 0x84, 0x61, 'x', 0xA0, 0xF6, 0x40},
		"label twice":         {sign1Tag, 0x84, 0x40, 0xA2, 1, 1, 1, 1, 0xF6, 0x40},
		"endless":             {sign1Tag, 0x84, 0x40, 0xBF, 0xFF, 0xF6, 0x5F},
		"a length of 2^63":    {sign1Tag, 0x84, 0x5B, 0x80, 0, 0, 0, 0, 0, 0, 0},
		"protected is no map": {sign1Tag, 0x84, 0x41, 0x01, 0xA0, 0xF6, 0x40},
		"deep":                append([]byte{sign1Tag, 0x84, 0x40, 0xA1, 1}, bytes.Repeat([]byte{0x81}, 1000)...),
		"too large":           make([]byte, maxSignatureBox+1),
	}
	for name, box := range tests {
		_, findings := checkSignature(box, theClaim, nil, nil, opts)
		require.Equal(t, []Code{ClaimSignatureMismatch}, codes(findings), name)
	}
}

// A foreignKey is a key that another program holds and that answers as it likes.
type foreignKey struct {
	crypto.Signer
	sign func(digest []byte, opts crypto.SignerOpts) ([]byte, error)
}

func (k foreignKey) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	return k.sign(digest, opts)
}

// TestForeignKeys finds services that sign in another form than asked before a
// file is written.
func TestForeignKeys(t *testing.T) {
	ring := tsptest.Keys(t)
	tests := map[string]foreignKey{
		"not ASN.1": {ring["P-256"], func([]byte, crypto.SignerOpts) ([]byte, error) { return make([]byte, 64), nil }},
		"other digest": {ring["P-256"], func(digest []byte, opts crypto.SignerOpts) ([]byte, error) {
			return ring["P-256"].Sign(rand.Reader, bytes.Repeat([]byte{1}, 32), opts)
		}},
		"other key": {ring["P-384"], func(digest []byte, opts crypto.SignerOpts) ([]byte, error) {
			return ring["P-521"].Sign(rand.Reader, digest, opts)
		}},
		"PKCS #1": {ring["RSA"], func(digest []byte, opts crypto.SignerOpts) ([]byte, error) {
			return ring["RSA"].Sign(rand.Reader, digest, opts.HashFunc())
		}},
		"nothing": {ring["Ed25519"], func([]byte, crypto.SignerOpts) ([]byte, error) { return nil, nil }},
	}
	for name, key := range tests {
		s, _ := developer(t, key)
		_, err := s.signClaim(context.Background(), theClaim, s.signatureSize())
		require.ErrorContains(t, err, "returned a signature", name)
	}
	broken := errors.New("no connection")
	s, _ := developer(t, foreignKey{ring["P-256"], func([]byte, crypto.SignerOpts) ([]byte, error) { return nil, broken }})
	_, err := s.signClaim(t.Context(), theClaim, s.signatureSize())
	require.ErrorIs(t, err, broken)
}

func FuzzSignature(f *testing.F) {
	boxes, err := filepath.Glob("testdata/cose/*.cose")
	require.NoError(f, err)
	ca, tsa := newCA(f), tsptest.New(f)
	s, opts := ca.signer(nil), ca.trust()
	opts.Trust.TimeStampers = []*x509.Certificate{tsa.Root}
	good := seal(f, s)
	f.Add(good, tsa.Token(theClaim, time.Now()))
	for _, path := range boxes {
		box, err := os.ReadFile(path)
		require.NoError(f, err)
		f.Add(box, ca.answer(s.Chain[0], nil))
	}
	f.Fuzz(func(t *testing.T, box, extra []byte) {
		signature, findings := checkSignature(box, []byte("another claim"), [][]byte{extra}, newResponses(extra), opts)
		require.False(t, signature.Trusted)
		require.True(t, slices.ContainsFunc(findings, isFailure))
		signature, _ = checkSignature(good, theClaim, [][]byte{extra}, newResponses(extra), opts)
		require.True(t, signature.Trusted)
		require.Zero(t, signature.Time)
	})
}

func BenchmarkCheckSignature(b *testing.B) {
	for name, key := range tsptest.Keys(b) {
		s, opts := developer(b, key)
		box := seal(b, s)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				checkSignature(box, theClaim, nil, nil, opts)
			}
		})
	}
}
