package c2pa

import (
	"bytes"
	"crypto/x509"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aigclabel/aigclabel/metadata"
)

// testTime is when the tests sign.
var testTime = time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)

var developmentChain = sync.OnceValues(func() (*DevelopmentChain, error) { return NewDevelopmentChain("Test", nil) })

// testChain returns a key with its certificates.
func testChain(t testing.TB) *DevelopmentChain {
	t.Helper()
	chain, err := developmentChain()
	require.NoError(t, err)
	return chain
}

// testSigner returns a signer with the chain.
func testSigner(t testing.TB) *Signer {
	t.Helper()
	chain := testChain(t)
	return &Signer{Key: chain.Key, Chain: chain.Chain, Generator: Generator{Name: "Test", Version: "1.0"}}
}

// testClaim states that a model made all of a file.
func testClaim() Claim { return Generated("Model", "2.1", testTime) }

// jpegFixture is the file that tests sign where the format does not matter.
const jpegFixture = "../testdata/jpeg/baseline.jpg"

// testTrust trusts the signers of tests.
func testTrust(t testing.TB) *Trust {
	return &Trust{Signers: []*x509.Certificate{testChain(t).Root}}
}

// sign signs a file.
func sign(t testing.TB, b []byte, name string, c Claim, opts *SignOptions) ([]byte, Receipt) {
	t.Helper()
	if opts == nil {
		opts = &SignOptions{Validate: &Options{Trust: testTrust(t)}}
	}
	var out bytes.Buffer
	receipt, err := testSigner(t).Sign(t.Context(), &out, metadata.Bytes(b, name), c, opts)
	require.NoError(t, err)
	return out.Bytes(), receipt
}

// validate judges a file; without options it trusts the signers of tests.
func validate(t testing.TB, b []byte, name string, opts *Options) *Report {
	t.Helper()
	if opts == nil {
		opts = &Options{Trust: testTrust(t)}
	}
	r, err := Validate(metadata.Bytes(b, name), opts)
	require.NoError(t, err)
	return r
}

// faultsOf returns what is wrong with a file.
func faultsOf(r *Report) (out []Finding) {
	all := r.Findings
	for _, d := range r.Deltas {
		all = append(all, d.Findings...)
	}
	for _, f := range all {
		if f.Kind == Failure {
			out = append(out, f)
		}
	}
	return out
}

// hang is how long nothing takes on any machine, unless it never ends.
const hang = time.Minute
