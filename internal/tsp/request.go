package tsp

import (
	"crypto"
	"crypto/rand"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"math/big"
	"strings"
)

// A Request is a TimeStampReq that asks for a token with its certificates
// (RFC 3161, 2.4.1).
type Request struct {
	DER     []byte
	message []byte
	nonce   *big.Int
}

// timeStampReq is a TimeStampReq.
type timeStampReq struct {
	Version    int
	Imprint    messageImprint
	Policy     asn1.ObjectIdentifier `asn1:"optional"`
	Nonce      *big.Int              `asn1:"optional"`
	CertReq    bool                  `asn1:"optional"`
	Extensions asn1.RawValue         `asn1:"optional,tag:0"`
}

// NewRequest asks for a stamp over a message, hashed with SHA-256, SHA-384 or
// SHA-512.
func NewRequest(message []byte, hash crypto.Hash) (*Request, error) {
	ids := map[crypto.Hash]asn1.ObjectIdentifier{crypto.SHA256: oidSHA256, crypto.SHA384: oidSHA384, crypto.SHA512: oidSHA512}
	if ids[hash] == nil {
		return nil, fmt.Errorf("%w: %v", ErrAlgorithm, hash)
	}
	nonce, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 63))
	if err != nil {
		return nil, err
	}
	imprint := messageImprint{pkix.AlgorithmIdentifier{Algorithm: ids[hash], Parameters: asn1.NullRawValue}, sum(hash, message)}
	der, err := asn1.Marshal(timeStampReq{Version: 1, Imprint: imprint, Nonce: nonce, CertReq: true})
	return &Request{der, message, nonce}, err
}

// A StatusError is an answer without a stamp (RFC 3161, 2.4.2).
type StatusError struct {
	Status int // of PKIStatus
	Text   string
}

func (e *StatusError) Error() string {
	return fmt.Sprintf("tsp: the authority refused: status %d %s", e.Status, e.Text)
}

// maxText bounds the words of an authority, in bytes.
const maxText = 256

// timeStampResp is a TimeStampResp.
type timeStampResp struct {
	Status struct {
		Status int
		Text   []asn1.RawValue `asn1:"optional"`
		Fail   asn1.BitString  `asn1:"optional"`
	}
	Token asn1.RawValue `asn1:"optional"`
}

// ParseResponse returns the token of a TimeStampResp in DER, or a [*StatusError].
func ParseResponse(der []byte) (token []byte, err error) {
	if len(der) > MaxSize {
		return nil, fmt.Errorf("%w: %d bytes", ErrMalformed, len(der))
	}
	var resp timeStampResp
	if err := unmarshal(der, &resp); err != nil {
		return nil, err
	}
	if resp.Status.Status != 0 && resp.Status.Status != 1 { // granted, grantedWithMods
		refused := &StatusError{Status: resp.Status.Status}
		if len(resp.Status.Text) > 0 {
			text := resp.Status.Text[0].Bytes
			refused.Text = strings.ToValidUTF8(string(text[:min(len(text), maxText)]), "")
		}
		return nil, refused
	}
	if len(resp.Token.FullBytes) == 0 {
		return nil, fmt.Errorf("%w: no token", ErrMalformed)
	}
	return resp.Token.FullBytes, nil
}

// Open returns the token of the answer to the request, verified but for the trust
// in the authority.
func (r *Request) Open(response []byte) (token []byte, err error) {
	der, err := ParseResponse(response)
	if err != nil {
		return nil, err
	}
	t, err := Parse(der)
	if err != nil {
		return nil, err
	}
	if err := t.Matches(r.message); err != nil {
		return nil, err
	}
	if t.nonce == nil || t.nonce.Cmp(r.nonce) != 0 {
		return nil, fmt.Errorf("%w: it answers another request", ErrMismatch)
	}
	return der, t.Verify()
}
