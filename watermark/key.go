package watermark

import (
	"bytes"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
)

// A Key decides where in the content a watermark is. Whoever has it can find,
// read, imitate and remove the watermarks made with it: keep it as a secret, or
// use [OpenKey] where anybody is to find them. It is the caller's to store.
type Key [32]byte

// OpenKey is the published key: everyone can read the watermarks made with it,
// and imitate them. A watermark under it is a label, not evidence.
var OpenKey = Key(sha256.Sum256([]byte("aigclabel open watermark key 1")))

// ErrKey reports a secret or a text that no key can be made of.
var ErrKey = errors.New("watermark: not a key")

// minSecret is the fewest bytes that a secret must have: 128 bits.
const minSecret = 16

// NewKey returns a key of random bytes.
func NewKey() Key {
	var k Key
	rand.Read(k[:])
	return k
}

// DeriveKey returns a key made from a secret of at least 16 bytes with
// HKDF-SHA-256 (RFC 5869). Different purposes give keys that have nothing to do
// with each other: one for each customer, say. The error wraps [ErrKey].
func DeriveKey(secret []byte, purpose string) (Key, error) {
	if len(secret) < minSecret {
		return Key{}, fmt.Errorf("%w: a secret of %d bytes; it takes %d", ErrKey, len(secret), minSecret)
	}
	b, err := hkdf.Key(sha256.New, secret, nil, "aigclabel watermark key 1\x00"+purpose, len(Key{}))
	if err != nil {
		return Key{}, fmt.Errorf("%w: %w", ErrKey, err)
	}
	return Key(b), nil
}

// keyPrefix names the kind of thing that the text of a key is, for people and for
// programs that look for secrets in the wrong places.
const keyPrefix = "AIGCLABEL-WATERMARK-KEY-1-"

// MarshalText returns the key as one line of text. It never fails.
func (k Key) MarshalText() ([]byte, error) {
	return []byte(keyPrefix + base64.RawURLEncoding.EncodeToString(k[:])), nil
}

// UnmarshalText reads what MarshalText writes, with space around it. The error
// wraps [ErrKey].
func (k *Key) UnmarshalText(text []byte) error {
	encoded, ok := bytes.CutPrefix(bytes.TrimSpace(text), []byte(keyPrefix))
	if !ok {
		return fmt.Errorf("%w: it does not begin with %s", ErrKey, keyPrefix)
	}
	const digits = (256 + 5) / 6 // of 6 bits; line ends between them are not read over
	b, err := base64.RawURLEncoding.Strict().DecodeString(string(encoded))
	if err != nil || len(encoded) != digits || len(b) != len(k) {
		return fmt.Errorf("%w: it is not 32 bytes in base64url", ErrKey)
	}
	copy(k[:], b)
	return nil
}

// String does not show the key, so that it stays out of logs. MarshalText does, and with it
// encoding/json.
func (k Key) String() string {
	if k == OpenKey {
		return "open watermark key"
	}
	return "watermark key"
}

// GoString does as String, for %#v.
func (k Key) GoString() string { return k.String() }

// LogValue does as String: handlers of log/slog would log what MarshalText returns.
func (k Key) LogValue() slog.Value { return slog.StringValue(k.String()) }

// mac returns the HMAC-SHA-256 of the parts, for one use of the key.
func (k Key) mac(use string, parts ...[]byte) [sha256.Size]byte {
	h := hmac.New(sha256.New, k[:])
	h.Write([]byte(use))
	for _, p := range parts {
		h.Write(p)
	}
	var sum [sha256.Size]byte
	h.Sum(sum[:0])
	return sum
}
