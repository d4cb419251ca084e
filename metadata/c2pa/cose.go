package c2pa

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/fxamacker/cbor/v2"
)

// The bounds of a signature box.
const (
	maxSignatureBox = 4 << 20 // bytes
	maxChain        = 16      // certificates
	maxStamps       = 4       // time stamps from assertions
)

// What COSE headers are called (RFC 9052, RFC 9360; C2PA 2.2, 10.3.2.5.4, 13.2.4,
// 14.5 and 14.5.2).
const (
	headerAlgorithm  = int64(1)
	headerCritical   = int64(2)
	headerChain      = int64(33)
	headerChainOld   = "x5chain"
	headerTime       = "iat"
	headerStamps     = "sigTst2"
	headerStampsOld  = "sigTst"
	headerRevocation = "rVals"
	headerPad        = "pad"
	headerPad2       = "pad2"
)

// The contexts of what is signed (RFC 9052, section 4.4).
const (
	contextSignature = "Signature1"
	contextCounter   = "CounterSignature"
)

// sign1Tag is the CBOR tag of a COSE_Sign1.
const sign1Tag = 0xD2

var errSign1 = errors.New("no COSE_Sign1 structure")

// coseDecoder reads hostile CBOR: nothing twice, nothing deep, nothing many.
var coseDecoder, _ = cbor.DecOptions{
	DupMapKey: cbor.DupMapKeyEnforcedAPF, MaxNestedLevels: 8, MaxArrayElements: 64, MaxMapPairs: 64,
	IntDec: cbor.IntDecConvertSignedOrFail,
}.DecMode()

var coseEncoder, _ = cbor.CoreDetEncOptions().EncMode()

// A header is a bucket of parameters: label to value.
type header map[any]cbor.RawMessage

// A sign1 is a COSE_Sign1 with its payload elsewhere (RFC 9052, section 4.2).
type sign1 struct {
	protected   []byte // as signed
	signature   []byte
	signatureIn []byte // the CBOR byte string that signature is in
	hidden      header // the protected header
	open        header // the unprotected header
}

// parseSign1 reads a tagged COSE_Sign1.
func parseSign1(box []byte) (*sign1, error) {
	if len(box) == 0 || len(box) > maxSignatureBox || box[0] != sign1Tag {
		return nil, errSign1
	}
	var fields struct {
		_         struct{} `cbor:",toarray"`
		Protected []byte
		Open      header
		Payload   cbor.RawMessage
		Signature cbor.RawMessage
	}
	if err := coseDecoder.Unmarshal(box[1:], &fields); err != nil {
		return nil, fmt.Errorf("%w: %v", errSign1, err)
	}
	if !bytes.Equal(fields.Payload, []byte{0xF6}) {
		return nil, fmt.Errorf("%w: the payload is not nil", errSign1)
	}
	s := &sign1{protected: fields.Protected, signatureIn: fields.Signature, open: fields.Open}
	if err := coseDecoder.Unmarshal(fields.Signature, &s.signature); err != nil {
		return nil, fmt.Errorf("%w: signature: %v", errSign1, err)
	}
	if len(s.protected) > 0 {
		if err := coseDecoder.Unmarshal(s.protected, &s.hidden); err != nil {
			return nil, fmt.Errorf("%w: protected header: %v", errSign1, err)
		}
	}
	if s.hidden[headerCritical] != nil {
		return nil, fmt.Errorf("%w: it has critical headers", errSign1)
	}
	return s, nil
}

// algorithm returns what the signature claims to be, "" if that is not allowed.
func (s *sign1) algorithm() Algorithm {
	var id int64
	if coseDecoder.Unmarshal(s.hidden[headerAlgorithm], &id) != nil {
		return ""
	}
	return algorithmOf(id)
}

// chain returns the certificates in DER, that of the signer first: those that are
// signed, before those that anyone can put in. A label in both headers makes two
// signers, which the specification forbids (C2PA 2.2, 14.5).
func (s *sign1) chain() ([][]byte, error) {
	labels := []any{headerChain, headerChainOld}
	for _, label := range labels {
		if s.hidden[label] != nil && s.open[label] != nil {
			return nil, errors.New("the certificates are in both headers")
		}
	}
	for _, bucket := range []header{s.hidden, s.open} {
		for _, label := range labels {
			if value := bucket[label]; value != nil {
				return byteStrings(value)
			}
		}
	}
	return nil, errors.New("there are no certificates")
}

// byteStrings reads one byte string or an array of them.
func byteStrings(value cbor.RawMessage) ([][]byte, error) {
	var one []byte
	if coseDecoder.Unmarshal(value, &one) == nil {
		return [][]byte{one}, nil
	}
	var many [][]byte
	if err := coseDecoder.Unmarshal(value, &many); err != nil {
		return nil, err
	}
	if len(many) == 0 || len(many) > maxChain {
		return nil, fmt.Errorf("%d certificates", len(many))
	}
	return many, nil
}

// claimedTime returns when the signer says it signed, zero if it does not.
func (s *sign1) claimedTime() time.Time {
	var seconds float64
	if s.hidden[headerTime] == nil || coseDecoder.Unmarshal(s.hidden[headerTime], &seconds) != nil || math.Abs(seconds) > 1<<38 {
		return time.Time{}
	}
	return time.UnixMilli(int64(seconds * 1000)).UTC()
}

// find decodes a parameter of either header, and says whether it is there.
func (s *sign1) find(label string, value any) (bool, error) {
	raw := s.hidden[label]
	if raw == nil {
		raw = s.open[label]
	}
	if raw == nil {
		return false, nil
	}
	return true, coseDecoder.Unmarshal(raw, value)
}

// stamped returns the message that a time stamp of the signature is over
// (C2PA 2.2, 10.3.2.5.2).
func (s *sign1) stamped() []byte { return toBeSigned(contextCounter, s.protected, s.signatureIn) }

// toBeSigned returns the Sig_structure of a payload (RFC 9052, section 4.4).
func toBeSigned(context string, protected, payload []byte) []byte {
	b := make([]byte, 0, len(context)+len(protected)+len(payload)+32)
	b = append(b, 0x84)
	b = appendHead(b, 3, len(context))
	b = append(b, context...)
	b = appendBytes(b, protected)
	b = appendBytes(b, nil)
	return appendBytes(b, payload)
}

// appendBytes appends a CBOR byte string.
func appendBytes(b, value []byte) []byte { return append(appendHead(b, 2, len(value)), value...) }

// appendHead appends the head of a CBOR item.
func appendHead(b []byte, major byte, n int) []byte {
	major <<= 5
	switch {
	case n < 24:
		return append(b, major|byte(n))
	case n < 1<<8:
		return append(b, major|24, byte(n))
	case n < 1<<16:
		return append(b, major|25, byte(n>>8), byte(n))
	}
	return append(b, major|26, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
}

// A stampContainer holds time-stamp tokens (C2PA 2.2, 10.3.2.5.4).
type stampContainer struct {
	Tokens []stampToken `cbor:"tstTokens"`
}

type stampToken struct {
	Value []byte `cbor:"val"`
}

// algorithm returns what the signer signs with.
func (s *Signer) algorithm() Algorithm {
	if s.Algorithm != "" {
		return s.Algorithm
	}
	return naturalAlgorithm(s.Key.Public())
}

// Room in a signature box.
const (
	headRoom  = 256      // for the CBOR around the parts, and the padding
	stampRoom = 16 << 10 // for a time stamp with its certificates
)

// signatureSize returns the bytes to reserve for a signature.
func (s *Signer) signatureSize() int {
	size := headRoom + signatureLen(s.Key.Public())
	for _, cert := range s.Chain {
		size += len(cert.Raw) + 4
	}
	for _, response := range s.OCSP {
		size += len(response) + 4
	}
	if s.Timestamper != nil {
		size += stampRoom
	}
	return size
}

// signClaim returns a tagged COSE_Sign1 over a claim, of exactly size bytes.
func (s *Signer) signClaim(ctx context.Context, claim []byte, size int) ([]byte, error) {
	protected, err := s.protectedHeader()
	if err != nil {
		return nil, err
	}
	signature, err := s.algorithm().sign(s.Key, toBeSigned(contextSignature, protected, claim))
	if err != nil {
		return nil, err
	}
	signed := &sign1{protected: protected, signature: signature, signatureIn: appendBytes(nil, signature)}
	open := map[string]any{}
	if len(s.OCSP) > 0 {
		open[headerRevocation] = revocation{s.OCSP}
	}
	if s.Timestamper != nil {
		token, err := s.stamp(ctx, signed.stamped())
		if err != nil {
			return nil, err
		}
		open[headerStamps] = stampContainer{[]stampToken{{token}}}
	}
	return signed.encode(open, size)
}

// protectedHeader returns what is signed beside the claim.
func (s *Signer) protectedHeader() ([]byte, error) {
	if len(s.Chain) == 0 || len(s.Chain) > maxChain {
		return nil, fmt.Errorf("c2pa: a chain of %d certificates", len(s.Chain))
	}
	var chain any = s.Chain[0].Raw
	if len(s.Chain) > 1 {
		all := make([][]byte, len(s.Chain))
		for i, cert := range s.Chain {
			all[i] = cert.Raw
		}
		chain = all
	}
	return coseEncoder.Marshal(map[int64]any{headerAlgorithm: algorithms[s.algorithm()].id, headerChain: chain})
}

// encode writes the structure and pads it to a size.
func (s *sign1) encode(open map[string]any, size int) ([]byte, error) {
	b, err := s.marshal(open)
	if err != nil {
		return nil, err
	}
	pad, pad2, ok := padding(size - len(b))
	if !ok {
		return nil, fmt.Errorf("c2pa: a signature of %d bytes does not fit into the %d reserved", len(b), size)
	}
	if pad >= 0 {
		open[headerPad] = make([]byte, pad)
	}
	if pad2 >= 0 {
		open[headerPad2] = make([]byte, pad2)
	}
	return s.marshal(open)
}

func (s *sign1) marshal(open map[string]any) ([]byte, error) {
	header, err := coseEncoder.Marshal(open)
	if err != nil {
		return nil, fmt.Errorf("c2pa: unprotected header: %w", err)
	}
	b := append(appendBytes([]byte{sign1Tag, 0x84}, s.protected), header...)
	return append(append(b, 0xF6), s.signatureIn...), nil
}

// padding returns the lengths of pad and pad2 that add n bytes, negative where the
// parameter is not needed. Lengths next to a longer CBOR head need both
// (C2PA 2.2, 10.4.2).
func padding(n int) (pad, pad2 int, ok bool) {
	if n == 0 {
		return -1, -1, true
	}
	if pad, ok = padded(n - len(headerPad) - 1); ok {
		return pad, -1, true
	}
	const empty = len(headerPad2) + 2
	pad, ok = padded(n - empty - len(headerPad) - 1)
	return pad, 0, ok
}

// padded returns the length of the byte string that takes n bytes with its head.
func padded(n int) (int, bool) {
	for _, head := range []int{1, 2, 3, 5} {
		if length := n - head; length >= 0 && len(appendHead(nil, 2, length)) == head {
			return length, true
		}
	}
	return 0, false
}
