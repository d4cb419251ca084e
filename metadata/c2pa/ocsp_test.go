package c2pa

import (
	"crypto"
	"crypto/x509"
	"math/big"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ocsp"

	"github.com/aigclabel/aigclabel/internal/tsp/tsptest"
)

// answer returns an OCSP response of this authority about a certificate, good and
// fresh unless changed.
func (ca testCA) answer(cert *x509.Certificate, change func(*ocsp.Response)) []byte {
	return ca.answerBy(ca.cert, ca.key, cert, change)
}

// answerBy returns a response that another one signs.
func (ca testCA) answerBy(responder *x509.Certificate, key crypto.Signer, cert *x509.Certificate, change func(*ocsp.Response)) []byte {
	r := ocsp.Response{
		Status: ocsp.Good, SerialNumber: cert.SerialNumber,
		ThisUpdate: time.Now().Add(-time.Hour), NextUpdate: time.Now().Add(time.Hour),
	}
	if responder != ca.cert {
		r.Certificate = responder
	}
	if change != nil {
		change(&r)
	}
	der, err := ocsp.CreateResponse(ca.cert, responder, r, key)
	require.NoError(ca.t, err)
	return der
}

// revoked changes a response to one about a certificate that was revoked.
func revoked(ago time.Duration, reason int) func(*ocsp.Response) {
	return func(r *ocsp.Response) {
		r.Status, r.RevokedAt, r.RevocationReason = ocsp.Revoked, time.Now().Add(-ago), reason
	}
}

// TestRevocation reads what OCSP responses prove about the signer, with a time
// stamp and without.
func TestRevocation(t *testing.T) {
	root := newCA(t)
	s := root.signer(nil)
	leaf := s.Chain[0]
	tsa := tsptest.New(t)
	opts := root.trust()
	opts.Trust.TimeStampers = []*x509.Certificate{tsa.Root}
	plain := seal(t, s)
	s.Timestamper = clock{tsa, time.Now().Add(-10 * time.Minute)}
	timed := seal(t, s)
	at := func(from, to time.Duration) func(*ocsp.Response) {
		return func(r *ocsp.Response) { r.ThisUpdate, r.NextUpdate = time.Now().Add(from), time.Now().Add(to) }
	}
	const hour = time.Hour
	none := time.Time{}
	tests := []struct {
		name     string
		response []byte
		timed    Code // with a time stamp of ten minutes ago
		plain    Code
	}{
		{"good", root.answer(leaf, nil), SigningCredentialNotRevoked, OCSPSkipped},
		{"good later than the time stamp", root.answer(leaf, at(-time.Minute, hour)), SigningCredentialNotRevoked, OCSPSkipped},
		{"good but over before the time stamp", root.answer(leaf, at(-2*hour, -hour)), OCSPSkipped, OCSPSkipped},
		{"good in future", root.answer(leaf, at(hour, 2*hour)), OCSPSkipped, OCSPSkipped},
		{"good without a next update", root.answer(leaf, func(r *ocsp.Response) { r.NextUpdate = none }), SigningCredentialNotRevoked, OCSPSkipped},
		{"revoked", root.answer(leaf, revoked(2*hour, ocsp.KeyCompromise)), SigningCredentialRevoked, SigningCredentialRevoked},
		{"revoked, long over", root.answer(leaf, func(r *ocsp.Response) { revoked(3*hour, 0)(r); at(-3*hour, -2*hour)(r) }), SigningCredentialRevoked, SigningCredentialRevoked},
		{"on hold, long over", root.answer(leaf, func(r *ocsp.Response) { revoked(3*hour, ocsp.CertificateHold)(r); at(-3*hour, -2*hour)(r) }), OCSPSkipped, OCSPSkipped},
		{"revoked after it signed", root.answer(leaf, revoked(time.Minute, ocsp.Superseded)), SigningCredentialNotRevoked, SigningCredentialRevoked},
		{"on hold no more", root.answer(leaf, revoked(2*hour, ocsp.RemoveFromCRL)), SigningCredentialNotRevoked, OCSPSkipped},
		{"unknown", root.answer(leaf, func(r *ocsp.Response) { r.Status = ocsp.Unknown }), OCSPSkipped, OCSPSkipped},
		{"another certificate", root.answer(leaf, func(r *ocsp.Response) { r.SerialNumber = big.NewInt(1) }), OCSPSkipped, OCSPSkipped},
		{"another authority", newCA(t).answer(leaf, revoked(2*hour, 0)), OCSPSkipped, OCSPSkipped},
		{"junk", []byte("junk"), OCSPSkipped, OCSPSkipped},
		{"too large", make([]byte, maxResponse+1), OCSPSkipped, OCSPSkipped},
	}
	for _, tt := range tests {
		_, findings := checkSignature(timed, theClaim, nil, newResponses(tt.response), opts)
		require.Equal(t, []Code{tt.timed}, without(codes(findings), stamped[:5]...), tt.name)
		_, findings = checkSignature(plain, theClaim, nil, newResponses(tt.response), opts)
		require.Equal(t, []Code{tt.plain}, without(codes(findings), stamped[:5]...), tt.name)
	}
}

// TestSeveralResponses believes the newest response, wherever it is: a certificate
// is put on hold and taken off, and an old answer does not hide a revocation.
func TestSeveralResponses(t *testing.T) {
	root := newCA(t)
	s := root.signer(nil)
	tsa := tsptest.New(t)
	opts := root.trust()
	opts.Trust.TimeStampers = []*x509.Certificate{tsa.Root}
	s.Timestamper = clock{tsa, time.Now()}
	issued := func(ago time.Duration, change func(*ocsp.Response)) []byte {
		return root.answer(s.Chain[0], func(r *ocsp.Response) {
			change(r)
			r.ThisUpdate = time.Now().Add(-ago)
		})
	}
	good := func(*ocsp.Response) {}
	for name, tt := range map[string]struct {
		stapled, later []byte
		want           Code
	}{
		"on hold, then good":          {issued(3*time.Hour, revoked(4*time.Hour, ocsp.CertificateHold)), issued(time.Hour, good), SigningCredentialNotRevoked},
		"good, and before it on hold": {issued(time.Hour, good), issued(3*time.Hour, revoked(4*time.Hour, ocsp.CertificateHold)), SigningCredentialNotRevoked},
		"good, then revoked":          {issued(3*time.Hour, good), issued(time.Hour, revoked(2*time.Hour, ocsp.KeyCompromise)), SigningCredentialRevoked},
		"revoked, and before it good": {issued(time.Hour, revoked(2*time.Hour, ocsp.KeyCompromise)), issued(3*time.Hour, good), SigningCredentialRevoked},
		"good, then junk":             {issued(time.Hour, good), []byte("junk"), SigningCredentialNotRevoked},
	} {
		s.OCSP = [][]byte{tt.stapled}
		_, findings := checkSignature(seal(t, s), theClaim, nil, newResponses(tt.later), opts)
		require.Equal(t, []Code{tt.want}, without(codes(findings), stamped[:5]...), name)
	}
}

// TestStapledResponse signs with a response.
func TestStapledResponse(t *testing.T) {
	root, tsa := newCA(t), tsptest.New(t)
	s, opts := root.signer(nil), root.trust()
	s.OCSP = [][]byte{root.answer(s.Chain[0], nil)}
	s.Timestamper = clock{tsa, time.Now()}
	opts.Trust.TimeStampers = []*x509.Certificate{tsa.Root}
	_, findings := checkSignature(seal(t, s), theClaim, nil, nil, opts)
	require.Contains(t, codes(findings), SigningCredentialNotRevoked)
}

// TestResponders lets others than the issuer answer only where the issuer says so.
func TestResponders(t *testing.T) {
	root := newCA(t)
	s := root.signer(nil)
	box := seal(t, s)
	only := func(usages ...x509.ExtKeyUsage) func(*x509.Certificate) {
		return func(c *x509.Certificate) { c.ExtKeyUsage, c.UnknownExtKeyUsage = usages, nil }
	}
	tests := map[string]struct {
		ca     testCA
		change func(*x509.Certificate)
		want   Code
	}{
		"delegated":            {root, only(x509.ExtKeyUsageOCSPSigning), SigningCredentialRevoked},
		"a signer of claims":   {root, nil, OCSPSkipped},
		"more than one use":    {root, only(x509.ExtKeyUsageOCSPSigning, x509.ExtKeyUsageEmailProtection), OCSPSkipped},
		"of another authority": {newCA(t), only(x509.ExtKeyUsageOCSPSigning), OCSPSkipped},
		"expired": {root, func(c *x509.Certificate) {
			only(x509.ExtKeyUsageOCSPSigning)(c)
			c.NotBefore, c.NotAfter = time.Now().AddDate(-2, 0, 0), time.Now().AddDate(-1, 0, 0)
		}, OCSPSkipped},
	}
	for name, tt := range tests {
		key := newKey(t)
		responder := tt.ca.issue(key, tt.change)
		response := root.answerBy(responder, key, s.Chain[0], revoked(time.Hour, 0))
		_, findings := checkSignature(box, theClaim, nil, newResponses(response), root.trust())
		require.Contains(t, codes(findings), tt.want, name)
	}
}

// TestRevokedAuthority does not trust a signer whose authority was revoked.
func TestRevokedAuthority(t *testing.T) {
	root := newCA(t)
	middle := root.intermediate(nil)
	s := middle.signer(nil)
	s.Chain = append(s.Chain, middle.cert)
	response := root.answer(middle.cert, revoked(time.Hour, ocsp.CACompromise))
	signature, findings := checkSignature(seal(t, s), theClaim, nil, newResponses(response), root.trust())
	require.Contains(t, codes(findings), SigningCredentialUntrusted)
	require.NotContains(t, codes(findings), SigningCredentialTrusted)
	require.False(t, signature.Trusted)
}
