package c2pa

import (
	"bytes"
	"cmp"
	"crypto/x509"
	"fmt"
	"slices"
	"time"

	"golang.org/x/crypto/ocsp"
)

// The bounds of OCSP responses.
const (
	maxResponse  = 64 << 10       // bytes
	maxResponses = 16             // about one certificate
	maxOpened    = 256            // in one file: a hostile one has many signers
	freshFor     = 24 * time.Hour // without a next update
)

// revocation is the value of the rVals header (C2PA 2.2, 14.5.2).
type revocation struct {
	Responses [][]byte `cbor:"ocspVals"`
}

// responses are the OCSP responses of assertions, and how many of all may still be
// opened. What is left unopened proves nothing, as if the file did not have it.
type responses struct {
	list [][]byte
	left int
}

func newResponses(list ...[]byte) *responses { return &responses{list, maxOpened} }

// checkRevocation looks for what OCSP responses say about the certificates: those
// in the signature, then the others. Nothing is asked over the network
// (C2PA 2.2, 15.9).
func (j *judgement) checkRevocation() {
	var own revocation
	j.find(headerRevocation, &own) // what cannot be read says nothing
	responses := slices.Concat(own.Responses, j.responses.list)
	chain := j.path
	if chain == nil {
		chain = declaredPath(j.signature.Chain)
	}
	for i := 1; i+1 < len(chain); i++ {
		if status, why := j.statusOf(chain[i], chain[i+1], responses); status == ocsp.Revoked {
			j.distrust("an authority was revoked: " + why)
		}
	}
	j.reportStatus(chain, responses)
}

// reportStatus reports whether the certificate of the signer was revoked.
func (j *judgement) reportStatus(chain []*x509.Certificate, responses [][]byte) {
	status, why := ocsp.Unknown, "there is no OCSP response about the signer"
	if len(chain) > 1 {
		status, why = j.statusOf(chain[0], chain[1], responses)
	}
	switch status {
	case ocsp.Good:
		j.found(SigningCredentialNotRevoked, why)
	case ocsp.Revoked:
		j.found(SigningCredentialRevoked, why)
	default:
		j.found(OCSPSkipped, why)
	}
}

// statusOf returns what the responses prove about a certificate at the time of the
// signature: Good, Revoked, or Unknown if nothing, and why. The newest that proves
// something decides: one from before a revocation may not hide it.
func (j *judgement) statusOf(cert, issuer *x509.Certificate, responses [][]byte) (status int, why string) {
	status, why = ocsp.Unknown, "there is no OCSP response that counts"
	left, newest := maxResponses, time.Time{}
	for _, der := range responses {
		if len(der) > maxResponse || left == 0 || j.responses.left == 0 || !bytes.Contains(der, cert.SerialNumber.Bytes()) {
			continue
		}
		left--
		j.responses.left--
		r, err := j.openResponse(der, cert, issuer)
		if err != nil || !r.ThisUpdate.After(newest) {
			continue
		}
		switch s := j.judge(r); s {
		case ocsp.Good:
			status, why, newest = s, "good on "+r.ThisUpdate.UTC().Format(time.RFC3339), r.ThisUpdate
		case ocsp.Revoked:
			status, why, newest = s, "revoked on "+r.RevokedAt.UTC().Format(time.RFC3339), r.ThisUpdate
		}
	}
	return status, why
}

// openResponse reads the response about a certificate that its issuer signed, or
// one to whom the issuer gave that task (RFC 6960, 3.2 and 4.2.2.2).
func (j *judgement) openResponse(der []byte, cert, issuer *x509.Certificate) (*ocsp.Response, error) {
	r, err := ocsp.ParseResponseForCert(der, cert, nil)
	if err != nil {
		return nil, err
	}
	switch {
	case r.Certificate == nil || r.Certificate.Equal(issuer):
		return r, r.CheckSignatureFrom(issuer)
	default:
		return r, j.checkResponder(r.Certificate, issuer, r.ProducedAt)
	}
}

// checkResponder checks the certificate of one who answers for an issuer.
func (j *judgement) checkResponder(responder, issuer *x509.Certificate, at time.Time) error {
	p := profile{cert: responder}
	p.checkPurpose(x509.ExtKeyUsageOCSPSigning)
	if len(p.faults) > 0 {
		return p.faults[0]
	}
	if !validAt([]*x509.Certificate{responder}, at) {
		return fmt.Errorf("the responder's certificate was not valid at %s", at)
	}
	return responder.CheckSignatureFrom(issuer)
}

// judge returns what a response proves. A good one needs a time stamp: without
// it the signature may be of any time (C2PA 2.2, 15.9.1).
func (j *judgement) judge(r *ocsp.Response) int {
	if r.ThisUpdate.After(j.now) || !j.covers(r) {
		return ocsp.Unknown
	}
	at := j.signature.Time
	switch {
	case r.Status == ocsp.Good || r.Status == ocsp.Revoked && r.RevocationReason == ocsp.RemoveFromCRL:
		if at.IsZero() {
			return ocsp.Unknown
		}
		return ocsp.Good
	case r.Status == ocsp.Revoked && !at.IsZero() && at.Before(r.RevokedAt):
		return ocsp.Good // it was revoked after it had signed
	}
	return r.Status
}

// covers says whether a response is about the time of the signature. One that was
// made later covers it as well; and what is revoked stays so, unless it is only on
// hold.
func (j *judgement) covers(r *ocsp.Response) bool {
	if r.Status == ocsp.Revoked && r.RevocationReason != ocsp.CertificateHold {
		return true
	}
	end := r.NextUpdate
	if end.IsZero() {
		end = r.ProducedAt.Add(freshFor)
	}
	return cmp.Or(j.signature.Time, j.now).Before(end)
}
