package c2pa

import (
	"bytes"
	"cmp"
	"context"
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/aigclabel/aigclabel/internal/tsp"
)

// An HTTPTimestamper asks a time-stamping authority over HTTP (RFC 3161, 3.4). It
// is called by a [Signer] that has it and by nobody else. It is safe for
// concurrent use.
type HTTPTimestamper struct {
	// URL is that of the authority.
	URL string

	// Client makes the requests; nil stands for [http.DefaultClient].
	Client *http.Client
}

// Timestamp returns a token over the SHA-256 hash of a message. The answer is
// checked, but for the trust in the authority.
func (h *HTTPTimestamper) Timestamp(ctx context.Context, message []byte) (token []byte, err error) {
	request, err := tsp.NewRequest(message, crypto.SHA256)
	if err != nil {
		return nil, err
	}
	answer, err := h.post(ctx, request.DER)
	if err != nil {
		return nil, fmt.Errorf("c2pa: time stamp: %w", err)
	}
	if token, err = request.Open(answer); err != nil {
		return nil, fmt.Errorf("c2pa: time stamp of %s: %w", h.URL, err)
	}
	return token, nil
}

// post sends a request and returns the answer.
func (h *HTTPTimestamper) post(ctx context.Context, body []byte) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.URL, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/timestamp-query")
	resp, err := cmp.Or(h.Client, http.DefaultClient).Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", h.URL, resp.Status)
	}
	answer, err := io.ReadAll(io.LimitReader(resp.Body, tsp.MaxSize+1))
	if err == nil && len(answer) > tsp.MaxSize {
		err = fmt.Errorf("%s: more than %d bytes", h.URL, tsp.MaxSize)
	}
	return answer, err
}

// stamp asks for a token over a message, and checks that validators will see it
// as one.
func (s *Signer) stamp(ctx context.Context, message []byte) ([]byte, error) {
	der, err := s.Timestamper.Timestamp(ctx, message)
	if err != nil {
		return nil, err
	}
	token, err := tsp.Parse(der)
	if err == nil {
		err = cmp.Or(token.Matches(message), token.Verify())
	}
	if err != nil {
		return nil, fmt.Errorf("c2pa: the time stamper returned no token over the signature: %w", err)
	}
	return der, nil
}

// A stamp is a time-stamp token and the message that it must be over.
type stamp struct {
	token   []byte
	message []byte
}

// attestedTime returns the time of the first token that holds, zero without one.
// Those in the signature come before the others (C2PA 2.2, 15.8.1).
func (j *judgement) attestedTime(more [][]byte) time.Time {
	stamps := j.ownStamps()
	if len(more) > maxStamps {
		more = more[:maxStamps]
	}
	for _, token := range more {
		stamps = append(stamps, stamp{token, j.stamped()})
	}
	for _, s := range stamps {
		at, code, err := j.checkStamp(s)
		if err == nil {
			j.found(TimeStampTrusted, "")
			j.found(TimeStampValidated, at.Format(time.RFC3339))
			return at
		}
		j.found(code, err.Error())
	}
	return time.Time{}
}

// ownStamps returns the tokens in the headers: of the signature, and of the claim
// as older versions of the specification had it.
func (j *judgement) ownStamps() []stamp {
	var stamps []stamp
	if token := j.onlyToken(headerStamps); token != nil {
		stamps = append(stamps, stamp{token, j.stamped()})
	}
	if response := j.onlyToken(headerStampsOld); response != nil {
		token, err := tsp.ParseResponse(response)
		if err != nil {
			j.found(TimeStampMalformed, err.Error())
		} else {
			stamps = append(stamps, stamp{token, toBeSigned(contextCounter, j.protected, j.claim)})
		}
	}
	return stamps
}

// onlyToken returns the token of a header. More than one is malformed
// (C2PA 2.2, 15.8.1.1).
func (j *judgement) onlyToken(label string) []byte {
	var container stampContainer
	present, err := j.find(label, &container)
	if !present {
		return nil
	}
	if err != nil || len(container.Tokens) != 1 {
		j.found(TimeStampMalformed, fmt.Sprintf("%s holds %d tokens", label, len(container.Tokens)))
		return nil
	}
	return container.Tokens[0].Value
}

// checkStamp returns the time that a token attests, or what is wrong with it
// (C2PA 2.2, 15.8.2).
func (j *judgement) checkStamp(s stamp) (at time.Time, code Code, err error) {
	token, err := tsp.Parse(s.token)
	if err == nil {
		err = cmp.Or(token.Verify(), token.Matches(s.message))
	}
	if err != nil {
		return at, stampCode(err), err
	}
	authority := profile{cert: withPSSKey(token.Certificates[0])}
	if authority.checkPurpose(x509.ExtKeyUsageTimeStamping); len(authority.faults) > 0 {
		j.found(TimeStampCredentialInvalid, errors.Join(authority.faults...).Error())
		return at, TimeStampUntrusted, errors.New("the certificate of the authority is not one for time stamps")
	}
	path, inside := pathTo(j.trust.timeStampers(), token.Certificates, token.Time)
	switch {
	case path == nil:
		return at, TimeStampUntrusted, errors.New("no path leads to a known time-stamping authority")
	case !inside:
		return at, TimeStampOutsideValidity, fmt.Errorf("a certificate of the authority was not valid at %s", token.Time.Format(time.RFC3339))
	}
	return token.Time, "", nil
}

// stampCode returns the code for an error of package tsp.
func stampCode(err error) Code {
	switch {
	case errors.Is(err, tsp.ErrMismatch):
		return TimeStampMismatch
	case errors.Is(err, tsp.ErrAlgorithm), errors.Is(err, tsp.ErrNoCertificate):
		return TimeStampUntrusted
	}
	return TimeStampMalformed
}
