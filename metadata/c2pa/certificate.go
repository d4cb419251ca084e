package c2pa

import (
	"bytes"
	"cmp"
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"slices"
	"time"
)

// A Fault is a rule of the certificate profile that a certificate breaks
// (C2PA 2.2, 14.5.1.1).
type Fault string

// The faults.
const (
	FaultMissing            Fault = "missing"             // there is no certificate
	FaultKeyMismatch        Fault = "key mismatch"        // the first certificate is not that of the key
	FaultVersion            Fault = "version"             // not X.509 version 3
	FaultUniqueID           Fault = "unique identifier"   // of the issuer or the subject
	FaultCriticalExtension  Fault = "critical extension"  // one that validators do not know
	FaultSignatureAlgorithm Fault = "signature algorithm" // of the one who issued it
	FaultKey                Fault = "key"                 // neither ECDSA P-256, P-384 or P-521, nor RSA of 2048 bits or more, nor Ed25519
	FaultSelfSigned         Fault = "self-signed"         // the signer's certificate
	FaultAuthority          Fault = "authority"           // the signer's certificate is that of a CA
	FaultNotAuthority       Fault = "not an authority"    // a further certificate is not that of a CA
	FaultOrder              Fault = "order"               // a certificate did not issue the one before it
	FaultAuthorityKeyID     Fault = "authority key id"    // missing
	FaultSubjectKeyID       Fault = "subject key id"      // missing in a CA
	FaultKeyUsage           Fault = "key usage"           // missing, or the wrong one
	FaultExtendedKeyUsage   Fault = "extended key usage"  // missing
	FaultAnyKeyUsage        Fault = "any key usage"       // allows every use
	FaultPurpose            Fault = "purpose"             // none for signing claims
	FaultMixedPurposes      Fault = "mixed purposes"      // time stamps or OCSP responses beside another
	FaultExpired            Fault = "expired"             // the time of validity is over
	FaultNotYetValid        Fault = "not yet valid"       // the time of validity has not come
)

// remedies says what to do about a fault.
var remedies = map[Fault]string{
	FaultMissing:            "give the signer's certificate, then the ones that lead to the root",
	FaultKeyMismatch:        "put the certificate of the signing key first",
	FaultVersion:            "have it issued with extensions, as version 3",
	FaultUniqueID:           "have it issued without issuerUniqueID and subjectUniqueID",
	FaultCriticalExtension:  "have it issued with that extension not critical",
	FaultSignatureAlgorithm: "have it signed with SHA-256, SHA-384 or SHA-512",
	FaultKey:                "use an ECDSA key on P-256, P-384 or P-521, an RSA key of 2048 to 16384 bits, or an Ed25519 key",
	FaultSelfSigned:         "make a root of your own and let it issue the certificate: no validator takes a self-signed one",
	FaultAuthority:          "have one issued with basicConstraints=critical,CA:FALSE",
	FaultNotAuthority:       "leave it out of the chain, or have it issued with basicConstraints=critical,CA:TRUE and keyUsage=critical,keyCertSign",
	FaultOrder:              "sort the chain: each certificate is followed by the one that issued it",
	FaultAuthorityKeyID:     "have it issued with authorityKeyIdentifier=keyid",
	FaultSubjectKeyID:       "have it issued with subjectKeyIdentifier=hash",
	FaultKeyUsage:           "have it issued with keyUsage=critical,digitalSignature and nothing that is for a CA",
	FaultExtendedKeyUsage:   "have it issued with extendedKeyUsage=1.3.6.1.4.1.62558.2.1,emailProtection",
	FaultAnyKeyUsage:        "have it issued without anyExtendedKeyUsage",
	FaultPurpose:            "have it issued with extendedKeyUsage=1.3.6.1.4.1.62558.2.1,emailProtection",
	FaultMixedPurposes:      "have it issued without timeStamping and OCSPSigning",
	FaultExpired:            "have it renewed",
	FaultNotYetValid:        "wait, or set the clock",
}

// A CertificateError is one fault of one certificate. [errors.AsType] finds the
// first of several.
type CertificateError struct {
	Index       int               // in the chain, the signer's is 0
	Certificate *x509.Certificate // nil for [FaultMissing]
	Fault       Fault
	Detail      string // what was found
}

func (e *CertificateError) Error() string {
	name := ""
	if e.Certificate != nil {
		name = fmt.Sprintf(" (%s)", e.Certificate.Subject)
	}
	return fmt.Sprintf("c2pa: certificate %d%s: %s: %s; %s", e.Index, name, e.Fault, e.Detail, remedies[e.Fault])
}

// The extended key usages that matter.
var (
	ekuEmail           = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 4}
	ekuClaimSigning    = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 62558, 2, 1}
	ekuDocumentSigning = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 36}
	ekuMicrosoft       = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 311, 76, 59, 1, 9}
)

var (
	oidExtKeyUsage = asn1.ObjectIdentifier{2, 5, 29, 37}
	oidPSS         = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 10}
)

// CheckCertificates returns every fault that keeps validators from taking the
// chain of a signer, the certificate of key first, at the present time. Each is a
// [*CertificateError] that says what to do; they are joined. A [Signer] calls it
// before it signs.
func CheckCertificates(chain []*x509.Certificate, key crypto.PublicKey) error {
	if len(chain) == 0 {
		return &CertificateError{Fault: FaultMissing, Detail: "the chain is empty"}
	}
	var errs []error
	for i, cert := range chain {
		cert = withPSSKey(cert)
		p := profile{index: i, cert: cert}
		if i == 0 {
			p.checkOwner(key)
			p.checkSigner(nil)
		} else {
			p.checkIssuer(chain[i-1])
		}
		p.checkTime(time.Now())
		errs = append(errs, p.faults...)
	}
	return errors.Join(errs...)
}

// A profile gathers the faults of a certificate.
type profile struct {
	index  int
	cert   *x509.Certificate
	faults []error
}

func (p *profile) add(fault Fault, detail string, args ...any) {
	p.faults = append(p.faults, &CertificateError{p.index, p.cert, fault, fmt.Sprintf(detail, args...)})
}

// checkOwner checks that the certificate is that of a key.
func (p *profile) checkOwner(key crypto.PublicKey) {
	own, ok := p.cert.PublicKey.(interface{ Equal(crypto.PublicKey) bool })
	if !ok || !own.Equal(key) {
		p.add(FaultKeyMismatch, "it certifies another key")
	}
	if selfSigned(p.cert) {
		p.add(FaultSelfSigned, "subject and issuer are the same")
	}
}

// checkSigner checks the certificate of one who signs claims. more are further
// extended key usages that will do.
func (p *profile) checkSigner(more []asn1.ObjectIdentifier) {
	p.checkEnd(x509.KeyUsageDigitalSignature)
	usages := p.checkUsages()
	ours := func(id asn1.ObjectIdentifier) bool { return signs(id, more) }
	if len(usages) > 0 && !slices.ContainsFunc(usages, ours) {
		p.add(FaultPurpose, "it is for %v", usages)
	}
}

// checkPurpose checks a certificate that is for one thing alone.
func (p *profile) checkPurpose(usage x509.ExtKeyUsage) {
	p.checkEnd(x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment)
	if p.checkUsages(); !slices.Contains(p.cert.ExtKeyUsage, usage) {
		p.add(FaultPurpose, "it is for something else")
	}
}

// checkEnd checks what holds for every certificate at the end of a chain, whose
// key is for one of some usages.
func (p *profile) checkEnd(usages x509.KeyUsage) {
	p.checkAny()
	if p.cert.IsCA {
		p.add(FaultAuthority, "it can issue certificates")
	}
	if len(p.cert.AuthorityKeyId) == 0 {
		p.add(FaultAuthorityKeyID, "missing")
	}
	switch {
	case p.cert.KeyUsage&usages == 0:
		p.add(FaultKeyUsage, "no digitalSignature")
	case p.cert.KeyUsage&x509.KeyUsageCertSign != 0 && !p.cert.IsCA:
		p.add(FaultKeyUsage, "keyCertSign")
	}
}

// checkIssuer checks a certificate that issued another.
func (p *profile) checkIssuer(issued *x509.Certificate) {
	p.checkAny()
	switch {
	case !p.cert.IsCA:
		p.add(FaultNotAuthority, "no basicConstraints with CA:TRUE")
	case p.cert.KeyUsage&x509.KeyUsageCertSign == 0:
		p.add(FaultNotAuthority, "no keyCertSign")
	case p.cert.CheckSignature(issued.SignatureAlgorithm, issued.RawTBSCertificate, issued.Signature) != nil:
		p.add(FaultOrder, "it did not issue certificate %d", p.index-1)
	}
	if len(p.cert.SubjectKeyId) == 0 {
		p.add(FaultSubjectKeyID, "missing")
	}
	if len(p.cert.AuthorityKeyId) == 0 && !selfSigned(p.cert) {
		p.add(FaultAuthorityKeyID, "missing")
	}
}

// checkAny checks what holds for every certificate.
func (p *profile) checkAny() {
	if p.cert.Version != 3 {
		p.add(FaultVersion, "%d", p.cert.Version)
	}
	if hasUniqueID(p.cert.RawTBSCertificate) {
		p.add(FaultUniqueID, "present")
	}
	if len(p.cert.UnhandledCriticalExtensions) > 0 {
		p.add(FaultCriticalExtension, "%v", p.cert.UnhandledCriticalExtensions)
	}
	p.checkAlgorithms()
}

// checkAlgorithms checks the key and the signature.
func (p *profile) checkAlgorithms() {
	if !slices.Contains(certificateAlgorithms, p.cert.SignatureAlgorithm) {
		p.add(FaultSignatureAlgorithm, "%s", p.cert.SignatureAlgorithm)
	}
	if algorithm := naturalAlgorithm(p.cert.PublicKey); !algorithm.fits(p.cert.PublicKey) {
		p.add(FaultKey, "%s", keyName(p.cert))
	}
}

// certificateAlgorithms lists what a certificate may be signed with.
var certificateAlgorithms = []x509.SignatureAlgorithm{
	x509.ECDSAWithSHA256, x509.ECDSAWithSHA384, x509.ECDSAWithSHA512,
	x509.SHA256WithRSA, x509.SHA384WithRSA, x509.SHA512WithRSA,
	x509.SHA256WithRSAPSS, x509.SHA384WithRSAPSS, x509.SHA512WithRSAPSS, x509.PureEd25519,
}

func keyName(cert *x509.Certificate) string {
	if key, ok := cert.PublicKey.(*rsa.PublicKey); ok {
		return fmt.Sprintf("RSA of %d bits", key.N.BitLen())
	}
	return cmp.Or(cert.PublicKeyAlgorithm, x509.UnknownPublicKeyAlgorithm).String()
}

// checkUsages checks the extended key usages, and returns them.
func (p *profile) checkUsages() []asn1.ObjectIdentifier {
	usages := extendedKeyUsages(p.cert)
	if len(usages) == 0 {
		p.add(FaultExtendedKeyUsage, "missing")
	}
	if slices.Contains(p.cert.ExtKeyUsage, x509.ExtKeyUsageAny) {
		p.add(FaultAnyKeyUsage, "present")
	}
	if len(usages) > 1 && slices.ContainsFunc(p.cert.ExtKeyUsage, exclusive) {
		p.add(FaultMixedPurposes, "%v", usages)
	}
	return usages
}

// exclusive says whether a usage rules out all others.
func exclusive(usage x509.ExtKeyUsage) bool {
	return usage == x509.ExtKeyUsageTimeStamping || usage == x509.ExtKeyUsageOCSPSigning
}

func (p *profile) checkTime(now time.Time) {
	if now.After(p.cert.NotAfter) {
		p.add(FaultExpired, "on %s", p.cert.NotAfter.Format(time.DateOnly))
	}
	if now.Before(p.cert.NotBefore) {
		p.add(FaultNotYetValid, "before %s", p.cert.NotBefore.Format(time.DateOnly))
	}
}

// signs says whether an extended key usage is one for claims.
func signs(id asn1.ObjectIdentifier, more []asn1.ObjectIdentifier) bool {
	known := []asn1.ObjectIdentifier{ekuClaimSigning, ekuEmail, ekuDocumentSigning, ekuMicrosoft}
	return slices.ContainsFunc(known, id.Equal) || slices.ContainsFunc(more, id.Equal)
}

// extendedKeyUsages lists what a certificate is for.
func extendedKeyUsages(cert *x509.Certificate) []asn1.ObjectIdentifier {
	var ids []asn1.ObjectIdentifier
	for _, ext := range cert.Extensions {
		if ext.Id.Equal(oidExtKeyUsage) {
			asn1.Unmarshal(ext.Value, &ids) // x509 has read it before
		}
	}
	return ids
}

func selfSigned(cert *x509.Certificate) bool {
	return bytes.Equal(cert.RawSubject, cert.RawIssuer)
}

// hasUniqueID says whether a TBSCertificate has one of the identifiers that
// package x509 skips (RFC 5280, 4.1.2.8).
func hasUniqueID(tbs []byte) bool {
	var outer asn1.RawValue
	if _, err := asn1.Unmarshal(tbs, &outer); err != nil {
		return false
	}
	for rest := outer.Bytes; len(rest) > 0; {
		var field asn1.RawValue
		var err error
		if rest, err = asn1.Unmarshal(rest, &field); err != nil {
			return false
		}
		if field.Class == asn1.ClassContextSpecific && (field.Tag == 1 || field.Tag == 2) {
			return true
		}
	}
	return false
}

// parseCertificate reads a certificate, keys of RSASSA-PSS included.
func parseCertificate(der []byte) (*x509.Certificate, error) {
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	return withPSSKey(cert), nil
}

// withPSSKey returns a certificate whose key is known: package x509 leaves keys
// that are for RSASSA-PSS alone unread (RFC 4055, section 1.2).
func withPSSKey(cert *x509.Certificate) *x509.Certificate {
	if cert.PublicKey != nil {
		return cert
	}
	var info struct {
		Algorithm pkix.AlgorithmIdentifier
		Key       asn1.BitString
	}
	if rest, err := asn1.Unmarshal(cert.RawSubjectPublicKeyInfo, &info); err != nil || len(rest) > 0 || !info.Algorithm.Algorithm.Equal(oidPSS) {
		return cert
	}
	key, err := x509.ParsePKCS1PublicKey(info.Key.RightAlign())
	if err != nil {
		return cert
	}
	known := *cert
	known.PublicKey, known.PublicKeyAlgorithm = key, x509.RSA
	return &known
}
