package c2pa

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A testCA issues certificates of every kind.
type testCA struct {
	cert *x509.Certificate
	key  crypto.Signer
	t    testing.TB
}

// newCA returns a root.
func newCA(t testing.TB) testCA {
	key := newKey(t)
	template := rootTemplate("Test", time.Now().AddDate(-5, 0, 0))
	template.MaxPathLenZero = false
	cert, err := issue(template, template, key.Public(), key)
	require.NoError(t, err)
	return testCA{cert, key, t}
}

func newKey(t testing.TB) crypto.Signer {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	return key
}

// issue returns a certificate for signing claims, changed before it is issued.
func (ca testCA) issue(key crypto.Signer, change func(*x509.Certificate)) *x509.Certificate {
	template := leafTemplate("Test Signer", time.Now().Add(-time.Hour), key.Public())
	if change != nil {
		change(template)
	}
	cert, err := issue(template, ca.cert, key.Public(), ca.key)
	require.NoError(ca.t, err)
	return cert
}

// intermediate returns an authority under this one.
func (ca testCA) intermediate(change func(*x509.Certificate)) testCA {
	key := newKey(ca.t)
	cert := ca.issue(key, func(c *x509.Certificate) {
		c.Subject.CommonName, c.IsCA = "Test Intermediate", true
		c.KeyUsage, c.ExtKeyUsage, c.UnknownExtKeyUsage = x509.KeyUsageCertSign, nil, nil
		c.NotBefore, c.NotAfter = time.Now().AddDate(-3, 0, 0), time.Now().AddDate(3, 0, 0)
		if change != nil {
			change(c)
		}
	})
	return testCA{cert, key, ca.t}
}

// signer returns a signer with a certificate of this authority.
func (ca testCA) signer(change func(*x509.Certificate)) *Signer {
	key := newKey(ca.t)
	return &Signer{Key: key, Chain: []*x509.Certificate{ca.issue(key, change)}}
}

// trust returns the options that trust this authority.
func (ca testCA) trust() *Options {
	return &Options{Trust: &Trust{Signers: []*x509.Certificate{ca.cert}}}
}

// TestCertificateFaults breaks each rule of the profile.
func TestCertificateFaults(t *testing.T) {
	ca := newCA(t)
	purpose := func(usages ...x509.ExtKeyUsage) func(*x509.Certificate) {
		return func(c *x509.Certificate) { c.ExtKeyUsage, c.UnknownExtKeyUsage = usages, nil }
	}
	tests := []struct {
		name   string
		change func(*x509.Certificate)
		want   []Fault
	}{
		{"good", nil, nil},
		{"no purpose", purpose(), []Fault{FaultExtendedKeyUsage}},
		{"claim signing alone", func(c *x509.Certificate) { c.ExtKeyUsage = nil }, nil},
		{"e-mail alone", purpose(x509.ExtKeyUsageEmailProtection), nil},
		{"another beside", purpose(x509.ExtKeyUsageEmailProtection, x509.ExtKeyUsageClientAuth), nil},
		{"document signing", func(c *x509.Certificate) {
			c.ExtKeyUsage, c.UnknownExtKeyUsage = nil, []asn1.ObjectIdentifier{ekuDocumentSigning}
		}, nil},
		{"no subject key id", func(c *x509.Certificate) { c.SubjectKeyId = nil }, nil},
		{"server", purpose(x509.ExtKeyUsageServerAuth), []Fault{FaultPurpose}},
		{"time stamps alone", purpose(x509.ExtKeyUsageTimeStamping), []Fault{FaultPurpose}},
		{"time stamps beside", purpose(x509.ExtKeyUsageEmailProtection, x509.ExtKeyUsageTimeStamping), []Fault{FaultMixedPurposes}},
		{"OCSP beside", purpose(x509.ExtKeyUsageEmailProtection, x509.ExtKeyUsageOCSPSigning), []Fault{FaultMixedPurposes}},
		{"any use", purpose(x509.ExtKeyUsageEmailProtection, x509.ExtKeyUsageAny), []Fault{FaultAnyKeyUsage}},
		{"authority", func(c *x509.Certificate) { c.IsCA = true }, []Fault{FaultAuthority}},
		{"no key usage", func(c *x509.Certificate) { c.KeyUsage = 0 }, []Fault{FaultKeyUsage}},
		{"encipherment", func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyEncipherment }, []Fault{FaultKeyUsage}},
		{"issuing without being a CA", func(c *x509.Certificate) { c.KeyUsage |= x509.KeyUsageCertSign }, []Fault{FaultKeyUsage}},
		{"critical extension", func(c *x509.Certificate) {
			c.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 2, 3}, Critical: true, Value: []byte{5, 0}}}
		}, []Fault{FaultCriticalExtension}},
		{"expired", func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) }, []Fault{FaultExpired}},
		{"not yet valid", func(c *x509.Certificate) { c.NotBefore = time.Now().Add(time.Minute) }, []Fault{FaultNotYetValid}},
		{"two at once", func(c *x509.Certificate) { c.KeyUsage, c.IsCA = 0, true }, []Fault{FaultAuthority, FaultKeyUsage}},
	}
	for _, tt := range tests {
		s := ca.signer(tt.change)
		err := CheckCertificates(s.Chain, s.Key.Public())
		require.Equal(t, tt.want, faults(err), tt.name)
		inTime := len(tt.want) == 0 || tt.want[0] != FaultExpired && tt.want[0] != FaultNotYetValid
		_, findings := checkSignature(seal(t, s), theClaim, nil, nil, ca.trust())
		if len(tt.want) == 0 {
			require.Equal(t, signed, codes(findings), tt.name)
		} else if inTime {
			require.Contains(t, codes(findings), SigningCredentialInvalid, tt.name)
			require.NotContains(t, codes(findings), SigningCredentialTrusted, tt.name)
		}
	}
}

// faults lists what an error of CheckCertificates says.
func faults(err error) []Fault {
	if err == nil {
		return nil
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var list []Fault
		for _, err := range joined.Unwrap() {
			list = append(list, faults(err)...)
		}
		return list
	}
	if one, ok := errors.AsType[*CertificateError](err); ok {
		return []Fault{one.Fault}
	}
	return nil
}

// TestChainFaults breaks the rules for chains and keys.
func TestChainFaults(t *testing.T) {
	ca := newCA(t)
	middle := ca.intermediate(nil)
	s := middle.signer(nil)
	leaf, key := s.Chain[0], s.Key.Public()
	short, err := rsa.GenerateKey(rand.Reader, 1024)
	require.NoError(t, err)
	p224, err := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	require.NoError(t, err)
	bare := ca.intermediate(func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageDigitalSignature })
	alone, err := issue(leafTemplate("Alone", time.Now(), s.Key.Public()), leafTemplate("Alone", time.Now(), key), key, s.Key)
	require.NoError(t, err)
	tests := []struct {
		name  string
		chain []*x509.Certificate
		key   crypto.PublicKey
		want  []Fault
	}{
		{"good", []*x509.Certificate{leaf, middle.cert}, key, nil},
		{"with the root", []*x509.Certificate{leaf, middle.cert, ca.cert}, key, nil},
		{"empty", nil, key, []Fault{FaultMissing}},
		{"another key", []*x509.Certificate{leaf}, short.Public(), []Fault{FaultKeyMismatch}},
		{"root first", []*x509.Certificate{ca.cert, middle.cert, leaf}, key, []Fault{
			FaultKeyMismatch, FaultSelfSigned, FaultAuthority, FaultAuthorityKeyID, FaultKeyUsage, FaultExtendedKeyUsage, FaultOrder, FaultNotAuthority,
		}},
		{"without the one between", []*x509.Certificate{leaf, ca.cert}, key, []Fault{FaultOrder}},
		{"one that may not issue", []*x509.Certificate{bare.issue(s.Key, nil), bare.cert}, key, []Fault{FaultNotAuthority}},
		{"RSA of 1024 bits", []*x509.Certificate{ca.issue(short, nil)}, short.Public(), []Fault{FaultKey}},
		{"P-224", []*x509.Certificate{ca.issue(p224, nil)}, p224.Public(), []Fault{FaultKey}},
		{"self-signed", []*x509.Certificate{alone}, key, []Fault{FaultSelfSigned, FaultAuthorityKeyID}},
		{"SHA-1", []*x509.Certificate{rewritten(t, leaf, func(c *certificate) {
			c.Algorithm.Algorithm, c.TBS.Algorithm.Algorithm = asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 1}, asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 1}
		})}, key, []Fault{FaultSignatureAlgorithm}},
		{"unique identifier", []*x509.Certificate{rewritten(t, leaf, func(c *certificate) {
			c.TBS.SubjectID = asn1.BitString{Bytes: []byte{1}, BitLength: 8}
		})}, key, []Fault{FaultUniqueID}},
		{"version 1", []*x509.Certificate{rewritten(t, leaf, func(c *certificate) { c.TBS.Version, c.TBS.Extensions = 0, nil })}, key, []Fault{
			FaultVersion, FaultAuthorityKeyID, FaultKeyUsage, FaultExtendedKeyUsage,
		}},
	}
	for _, tt := range tests {
		err := CheckCertificates(tt.chain, tt.key)
		require.Equal(t, tt.want, faults(err), "%s: %v", tt.name, err)
	}
}

// A certificate is one in ASN.1, for what package x509 does not write.
type certificate struct {
	TBS struct {
		Version    int `asn1:"optional,explicit,tag:0"`
		Serial     *big.Int
		Algorithm  pkix.AlgorithmIdentifier
		Issuer     asn1.RawValue
		Validity   asn1.RawValue
		Subject    asn1.RawValue
		Key        asn1.RawValue
		IssuerID   asn1.BitString   `asn1:"optional,tag:1"`
		SubjectID  asn1.BitString   `asn1:"optional,tag:2"`
		Extensions []pkix.Extension `asn1:"omitempty,optional,explicit,tag:3"`
	}
	Algorithm pkix.AlgorithmIdentifier
	Signature asn1.BitString
}

// rewritten returns a certificate with other contents and the old signature.
func rewritten(t *testing.T, cert *x509.Certificate, change func(*certificate)) *x509.Certificate {
	var c certificate
	_, err := asn1.Unmarshal(cert.Raw, &c)
	require.NoError(t, err)
	change(&c)
	der, err := asn1.Marshal(c)
	require.NoError(t, err)
	cert, err = parseCertificate(der)
	require.NoError(t, err)
	return cert
}

// TestPSSKeys reads keys that are for RSASSA-PSS alone, which package x509 leaves
// unread.
func TestPSSKeys(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	ca := newCA(t)
	cert := rewritten(t, ca.issue(key, nil), func(c *certificate) {
		spki := struct {
			Algorithm pkix.AlgorithmIdentifier
			Key       asn1.BitString
		}{pkix.AlgorithmIdentifier{Algorithm: oidPSS}, asn1.BitString{Bytes: x509.MarshalPKCS1PublicKey(&key.PublicKey), BitLength: 8 * len(x509.MarshalPKCS1PublicKey(&key.PublicKey))}}
		der, err := asn1.Marshal(spki)
		require.NoError(t, err)
		c.TBS.Key = asn1.RawValue{FullBytes: der}
	})
	require.NoError(t, CheckCertificates([]*x509.Certificate{cert}, key.Public()))
	_, findings := checkSignature(seal(t, &Signer{Key: key, Chain: []*x509.Certificate{cert}}), theClaim, nil, nil, nil)
	require.Contains(t, codes(findings), ClaimSignatureValidated)
}

func TestDevelopmentPEM(t *testing.T) {
	d, err := NewDevelopmentChain("Test", nil)
	require.NoError(t, err)
	root, chain, key, err := d.PEM()
	require.NoError(t, err)
	for text, want := range map[string]*x509.Certificate{string(root): d.Root, string(chain): d.Chain[0]} {
		certs, err := ParseCertificates([]byte(text))
		require.NoError(t, err)
		require.True(t, certs[0].Equal(want))
	}
	require.Contains(t, string(key), "BEGIN PRIVATE KEY")
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	require.NoError(t, err)
	_, err = NewDevelopmentChain("Test", weak)
	require.ErrorIs(t, err, errKey)
}

func ExampleNewDevelopmentChain() {
	d, err := NewDevelopmentChain("Example Ltd", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	signer := Signer{Key: d.Key, Chain: d.Chain}
	trust := Trust{Signers: []*x509.Certificate{d.Root}}
	fmt.Println(CheckCertificates(signer.Chain, signer.Key.Public()), len(trust.Signers))
	// Output: <nil> 1
}

func ExampleCheckCertificates() {
	d, err := NewDevelopmentChain("Example Ltd", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	err = CheckCertificates([]*x509.Certificate{d.Root}, d.Root.PublicKey)
	if fault, ok := errors.AsType[*CertificateError](err); ok {
		fmt.Println(fault)
	}
	// Output: c2pa: certificate 0 (CN=Example Ltd Development Root,O=Example Ltd): self-signed: subject and issuer are the same; make a root of your own and let it issue the certificate: no validator takes a self-signed one
}
