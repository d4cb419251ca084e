package c2pa

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestTrust looks for the signer in trust lists of every kind.
func TestTrust(t *testing.T) {
	root, other := newCA(t), newCA(t)
	middle := root.intermediate(nil)
	s := middle.signer(nil)
	alone := *s
	s.Chain = append(s.Chain, middle.cert)
	list := func(certs ...*x509.Certificate) []*x509.Certificate { return certs }
	tests := []struct {
		name   string
		signer *Signer
		trust  *Trust
		want   Code
	}{
		{"root", s, &Trust{Signers: list(other.cert, root.cert)}, SigningCredentialTrusted},
		{"intermediate as anchor", &alone, &Trust{Signers: list(middle.cert)}, SigningCredentialTrusted},
		{"allowed", &alone, &Trust{Allowed: list(other.cert, s.Chain[0])}, SigningCredentialTrusted},
		{"no list", s, nil, SigningCredentialUntrusted},
		{"empty list", s, &Trust{}, SigningCredentialUntrusted},
		{"another root", s, &Trust{Signers: list(other.cert)}, SigningCredentialUntrusted},
		{"intermediate missing", &alone, &Trust{Signers: list(root.cert)}, SigningCredentialUntrusted},
		{"anchor of time stamps", s, &Trust{TimeStampers: list(root.cert)}, SigningCredentialUntrusted},
		{"allowed ones issue nothing", s, &Trust{Allowed: list(root.cert, middle.cert)}, SigningCredentialUntrusted},
	}
	for _, tt := range tests {
		signature, findings := checkSignature(seal(t, tt.signer), theClaim, nil, nil, &Options{Trust: tt.trust})
		require.Equal(t, []Code{ClaimSignatureValidated, tt.want, ClaimSignatureInsideValidity, OCSPSkipped}, codes(findings), tt.name)
		require.Equal(t, tt.want == SigningCredentialTrusted, signature.Trusted, tt.name)
	}
}

// TestWeakAuthority does not trust a path through an authority that breaks the
// profile.
func TestWeakAuthority(t *testing.T) {
	root := newCA(t)
	for name, change := range map[string]func(*x509.Certificate){
		"no CA":      func(c *x509.Certificate) { c.IsCA = false },
		"no signing": func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageDigitalSignature },
	} {
		middle := root.intermediate(change)
		s := middle.signer(nil)
		s.Chain = append(s.Chain, middle.cert)
		_, findings := checkSignature(seal(t, s), theClaim, nil, nil, root.trust())
		require.Contains(t, codes(findings), SigningCredentialUntrusted, name)
	}
}

// TestAuthorityUsages ignores what authorities are for.
func TestAuthorityUsages(t *testing.T) {
	root := newCA(t)
	middle := root.intermediate(func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} })
	s := middle.signer(nil)
	s.Chain = append(s.Chain, middle.cert)
	_, findings := checkSignature(seal(t, s), theClaim, nil, nil, root.trust())
	require.Equal(t, signed, codes(findings))
}

// TestManyIssuers follows few of the certificates that claim to be an issuer:
// trying all of them would take the verifier longer than it took to make them.
func TestManyIssuers(t *testing.T) {
	root := newCA(t)
	middle := root.intermediate(nil)
	s := middle.signer(nil)
	for range maxChain - 2 {
		s.Chain = append(s.Chain, newCA(t).intermediate(nil).cert)
	}
	require.Len(t, issuers(s.Chain), maxSameName)
	_, findings := checkSignature(seal(t, s), theClaim, nil, nil, root.trust())
	require.Contains(t, codes(findings), SigningCredentialUntrusted)
	s.Chain = []*x509.Certificate{s.Chain[0], middle.cert, s.Chain[1]}
	_, findings = checkSignature(seal(t, s), theClaim, nil, nil, root.trust())
	require.Equal(t, signed, codes(findings))
}

// TestFurtherUsages takes signers for other purposes where the caller says so.
func TestFurtherUsages(t *testing.T) {
	ca, usage := newCA(t), asn1.ObjectIdentifier{1, 2, 3, 4}
	s := ca.signer(func(c *x509.Certificate) {
		c.ExtKeyUsage, c.UnknownExtKeyUsage = nil, []asn1.ObjectIdentifier{usage}
	})
	opts := ca.trust()
	_, findings := checkSignature(seal(t, s), theClaim, nil, nil, opts)
	require.Contains(t, codes(findings), SigningCredentialInvalid)
	opts.Trust.EKUs = []asn1.ObjectIdentifier{usage}
	_, findings = checkSignature(seal(t, s), theClaim, nil, nil, opts)
	require.Equal(t, signed, codes(findings))
}

// TestValidity judges certificates at the time of the validation where there is
// no time stamp.
func TestValidity(t *testing.T) {
	root := newCA(t)
	middle := root.intermediate(nil)
	s := middle.signer(nil)
	s.Chain = append(s.Chain, middle.cert)
	box := seal(t, s)
	now := time.Now()
	for years, want := range map[int]Code{-4: ClaimSignatureOutsideValidity, 0: ClaimSignatureInsideValidity, 1: ClaimSignatureInsideValidity, 4: ClaimSignatureOutsideValidity} {
		for _, trust := range []*Trust{root.trust().Trust, nil} {
			_, findings := checkSignature(box, theClaim, nil, nil, &Options{Trust: trust, Time: now.AddDate(years, 0, 0)})
			require.Contains(t, codes(findings), want, years)
			require.Equal(t, trust != nil, codes(findings)[1] == SigningCredentialTrusted, years)
		}
	}
}

func TestParseCertificates(t *testing.T) {
	ca := newCA(t)
	cert := encodePEM("CERTIFICATE", ca.cert.Raw)
	certs, err := ParseCertificates(bytes.Join([][]byte{[]byte("# a list\n"), cert, encodePEM("PRIVATE KEY", []byte("x")), cert}, nil))
	require.NoError(t, err)
	require.Len(t, certs, 2)
	for name, text := range map[string][]byte{
		"nothing":  nil,
		"no PEM":   ca.cert.Raw,
		"a key":    encodePEM("PRIVATE KEY", []byte("x")),
		"damaged":  encodePEM("CERTIFICATE", ca.cert.Raw[:100]),
		"too many": bytes.Repeat(cert, maxCertificates+1),
	} {
		_, err := ParseCertificates(text)
		require.Error(t, err, name)
	}
}

func ExampleParseCertificates() {
	_, err := ParseCertificates([]byte("no certificate"))
	fmt.Println(err)
	// Output: c2pa: no certificate in PEM form; openssl x509 makes it of others
}
