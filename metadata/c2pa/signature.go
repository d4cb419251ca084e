package c2pa

import (
	"cmp"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// A Signature is what is known about who signed a manifest and when.
type Signature struct {
	// Algorithm is what it was signed with, "" if that is unknown.
	Algorithm Algorithm `json:"algorithm,omitempty"`

	// Subject and Issuer name the signer and who vouches for the name: worth
	// something only where Trusted is set.
	Subject string `json:"subject,omitempty"`
	Issuer  string `json:"issuer,omitempty"`

	// Time is that of a valid and trusted time stamp, zero without one.
	Time time.Time `json:"time,omitzero"`

	// Claimed is when the signer says that it signed, zero if it does not.
	Claimed time.Time `json:"claimed,omitzero"`

	// Trusted says that the signature holds and the signer is known to the trust
	// list.
	Trusted bool `json:"trusted"`

	// Chain is what the signature carries, the signer's certificate first.
	Chain []*x509.Certificate `json:"-"`
}

// A judgement judges one signature.
type judgement struct {
	*sign1
	claim     []byte
	trust     *Trust
	now       time.Time
	responses *responses
	signature Signature
	faulty    bool                // the signer's certificate
	path      []*x509.Certificate // from the signer to an anchor, nil without
	findings  []Finding
}

func (j *judgement) found(code Code, explanation string) {
	j.findings = append(j.findings, found(code, clip(explanation)))
}

// clip bounds text that comes from certificates of strangers.
func clip(text string) string {
	return strings.ToValidUTF8(text[:min(len(text), maxText)], "")
}

const maxText = 1 << 10 // bytes

// checkSignature judges the COSE_Sign1 of a claim (C2PA 2.2, 15.7 to 15.9). stamps
// and more are further time-stamp tokens over this signature, and OCSP responses, from
// assertions. The findings have no URL yet.
func checkSignature(box, claim []byte, stamps [][]byte, more *responses, opts *Options) (Signature, []Finding) {
	j := &judgement{claim: claim, now: time.Now(), responses: more}
	if more == nil {
		j.responses = newResponses()
	}
	if opts != nil {
		j.trust = opts.Trust
		j.now = cmp.Or(opts.Time, j.now)
	}
	var err error
	if j.sign1, err = parseSign1(box); err != nil {
		j.found(ClaimSignatureMismatch, err.Error())
		return j.signature, j.findings
	}
	if j.checkCredential() {
		j.checkClaim()
		j.checkTime(stamps)
		j.checkRevocation()
	}
	j.signature.Trusted = slices.ContainsFunc(j.findings, isTrusted) && !slices.ContainsFunc(j.findings, isFailure)
	return j.signature, j.findings
}

// checkCredential reads the certificates and checks the profile of the signer's.
// It says whether there is a key to go on with.
func (j *judgement) checkCredential() bool {
	chain, err := j.certificates()
	if err != nil {
		j.found(SigningCredentialInvalid, err.Error())
		return false
	}
	signer := chain[0]
	j.signature.Chain = chain
	j.signature.Subject, j.signature.Issuer = clip(signer.Subject.String()), clip(signer.Issuer.String())
	p := profile{cert: signer}
	if j.trust.allows(signer) {
		p.checkAlgorithms()
	} else {
		p.checkSigner(j.trust.ekus())
	}
	if j.faulty = len(p.faults) > 0; j.faulty {
		j.found(SigningCredentialInvalid, errors.Join(p.faults...).Error())
	}
	return true
}

func (j *judgement) certificates() ([]*x509.Certificate, error) {
	ders, err := j.chain()
	if err != nil {
		return nil, err
	}
	chain := make([]*x509.Certificate, len(ders))
	for i, der := range ders {
		if chain[i], err = parseCertificate(der); err != nil {
			return nil, fmt.Errorf("certificate %d: %w", i, err)
		}
	}
	return chain, nil
}

// checkClaim checks the signature itself.
func (j *judgement) checkClaim() {
	j.signature.Algorithm = j.algorithm()
	if j.signature.Algorithm == "" {
		j.found(AlgorithmUnsupported, "it is none of the seven")
		return
	}
	if key := j.signature.Chain[0]; !j.signature.Algorithm.fits(key.PublicKey) {
		j.found(SigningCredentialInvalid, fmt.Sprintf("the key, %s, does not fit %s", keyName(key), j.signature.Algorithm))
	}
	message := toBeSigned(contextSignature, j.protected, j.claim)
	if j.signature.Algorithm.verify(j.signature.Chain[0].PublicKey, message, j.sign1.signature) {
		j.found(ClaimSignatureValidated, "")
	} else {
		j.found(ClaimSignatureMismatch, "the claim or its signature has changed")
	}
}

// checkTime checks the chain of the signer at the time of a time stamp, or else
// now (C2PA 2.2, 15.8.2).
func (j *judgement) checkTime(stamps [][]byte) {
	j.signature.Time = j.attestedTime(stamps)
	at := cmp.Or(j.signature.Time, j.now)
	inside := j.checkTrust(at)
	if inside {
		j.found(ClaimSignatureInsideValidity, "")
	} else {
		j.found(ClaimSignatureOutsideValidity, fmt.Sprintf("a certificate was not valid at %s", at.Format(time.RFC3339)))
	}
	j.checkClaimedTime()
}

// checkTrust looks for a path to an anchor, and says whether the certificates were
// valid at a time.
func (j *judgement) checkTrust(at time.Time) (inside bool) {
	chain := j.signature.Chain
	if j.trust.allows(chain[0]) {
		j.foundTrusted()
		return validAt(chain[:1], at)
	}
	if j.path, inside = pathTo(j.trust.signers(), chain, at); j.path != nil {
		j.foundTrusted()
		return inside
	}
	j.found(SigningCredentialUntrusted, "no path leads to a known authority")
	return validAt(declaredPath(chain), at)
}

// foundTrusted reports a known signer, if the certificate is one for signing.
func (j *judgement) foundTrusted() {
	if !j.faulty {
		j.found(SigningCredentialTrusted, "")
	}
}

// checkClaimedTime checks when the signer says it signed (C2PA 2.2, 15.8.3).
func (j *judgement) checkClaimedTime() {
	j.signature.Claimed = j.claimedTime()
	claimed, attested := j.signature.Claimed, j.signature.Time
	if claimed.IsZero() {
		return
	}
	chain := j.path
	if chain == nil {
		chain = declaredPath(j.signature.Chain)
	}
	if validAt(chain, claimed) && (attested.IsZero() || !claimed.After(attested)) {
		j.found(TimeOfSigningInsideValidity, "")
	} else {
		j.found(TimeOfSigningOutsideValidity, claimed.Format(time.RFC3339))
	}
}

func isTrusted(f Finding) bool { return f.Code == SigningCredentialTrusted }

func isFailure(f Finding) bool { return f.Kind == Failure }

// distrust withdraws the trust in the signer.
func (j *judgement) distrust(reason string) {
	j.findings = slices.DeleteFunc(j.findings, isTrusted)
	j.found(SigningCredentialUntrusted, reason)
}
