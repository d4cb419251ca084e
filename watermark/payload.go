package watermark

import (
	"encoding/hex"
	"errors"
	"fmt"
)

// A Payload is what a watermark says: 8 or 16 bytes, such as the number of a record
// in a data base. The zero value says nothing and cannot be embedded. Payloads can
// be compared with ==.
type Payload struct {
	b [16]byte
	n int8
}

// ErrPayload reports bytes or a text that are no payload.
var ErrPayload = errors.New("watermark: a payload has 8 or 16 bytes")

// NewPayload returns a payload of 8 or 16 bytes; otherwise the error is [ErrPayload].
func NewPayload(b []byte) (Payload, error) {
	if len(b) != 8 && len(b) != 16 {
		return Payload{}, fmt.Errorf("%w, not %d", ErrPayload, len(b))
	}
	p := Payload{n: int8(len(b))}
	copy(p.b[:], b)
	return p, nil
}

// ParsePayload reads the 16 or 32 hexadecimal digits that String writes. The error
// wraps [ErrPayload].
func ParsePayload(s string) (Payload, error) {
	b, err := hex.DecodeString(s)
	if err != nil {
		return Payload{}, fmt.Errorf("%w: %w", ErrPayload, err)
	}
	return NewPayload(b)
}

// Bytes returns the 8 or 16 bytes, and none of the zero value.
func (p Payload) Bytes() []byte { return p.b[:p.n:p.n] }

// Bits returns 64 or 128, and 0 of the zero value.
func (p Payload) Bits() int { return int(p.n) * 8 }

// String returns the bytes in hexadecimal.
func (p Payload) String() string { return hex.EncodeToString(p.Bytes()) }

// MarshalText does as String.
func (p Payload) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText does as [ParsePayload], and reads the empty text as the zero value.
func (p *Payload) UnmarshalText(text []byte) (err error) {
	*p = Payload{}
	if len(text) > 0 {
		*p, err = ParsePayload(string(text))
	}
	return err
}
