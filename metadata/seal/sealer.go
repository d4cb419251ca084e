package seal

import (
	"crypto"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/aigclabel/aigclabel/metadata"
)

// A Sealer makes seals. It is configuration: its methods are safe for concurrent use as
// long as its fields do not change and the key is.
type Sealer struct {
	// Key signs: [ParsePrivateKey] reads one. Keys in hardware serve as well. A key of SM2
	// is asked to sign the digest of GM/T 0009, with options that name no hash.
	Key crypto.Signer

	// KeyID names the key in the seal, for verifiers that keep many. It may be empty, and
	// consists of characters that Annex E j) allows without quotes.
	KeyID string
}

// ErrTooLong reports a seal that parsers would not take: of more than 2048 characters.
var ErrTooLong = errors.New("seal: longer than 2048 characters; use a shorter KeyID")

// Seal returns the record with the seals that it lacks: the producer's, if it names a
// producer, and the propagator's, if the pair is the producer's own. Seals that hold under
// the same key stay as they are, so that sealing twice changes nothing. src is the
// file that gets the record, with the media that it will have; the zero Source seals
// the label alone. Errors are [ErrKey], [ErrTooLong], and those of the key and of src.
func (s *Sealer) Seal(rec metadata.Record, src metadata.Source) (metadata.Record, error) {
	media := &mediaHashes{src: src}
	own := rec.ContentPropagator == rec.ContentProducer && rec.PropagateID == rec.ProduceID
	var err error
	if rec.ContentProducer != "" {
		if rec.ReservedCode1, err = s.renew(Producer, rec, media); err != nil {
			return rec, err
		}
	}
	if rec.ContentPropagator != "" && own {
		rec.ReservedCode2, err = s.renew(Propagator, rec, media)
	}
	rec.Raw = nil
	return rec, err
}

// Producer returns ReservedCode1 for a record.
func (s *Sealer) Producer(rec metadata.Record, src metadata.Source) (string, error) {
	return s.renew(Producer, rec, &mediaHashes{src: src})
}

// Propagator returns ReservedCode2 for a record as the platform will write it, with its
// own ContentPropagator and PropagateID.
func (s *Sealer) Propagator(rec metadata.Record, src metadata.Source) (string, error) {
	return s.renew(Propagator, rec, &mediaHashes{src: src})
}

// renew returns the seal that the field has if that holds under the key, or else a new one.
func (s *Sealer) renew(f Field, rec metadata.Record, media *mediaHashes) (string, error) {
	if s.Key == nil {
		return "", fmt.Errorf("%w (none)", ErrKey)
	}
	a, err := algorithmOf(s.Key.Public())
	if err != nil {
		return "", err
	}
	bindings, err := a.bindings(f, rec, media)
	if err != nil {
		return "", err
	}
	text, _ := json.Marshal(bindings) // cannot fail
	if s.stands(f, rec, string(text)) {
		return f.of(rec), nil
	}
	return s.seal(a, f.message(rec), text)
}

// bindings returns the hashes of the label, and of the media if it can be told.
func (a *algorithm) bindings(f Field, rec metadata.Record, media *mediaHashes) ([]binding, error) {
	list := []binding{a.binding("label", a.sumOf(f.message(rec)))}
	sum, err := media.sum(a)
	switch {
	case errors.Is(err, errNoMedia), errors.As(err, new(*metadata.FormatError)):
		return list, nil
	case err != nil:
		return nil, err
	}
	return append(list, a.binding("media", sum)), nil
}

func (a *algorithm) binding(selection string, sum []byte) binding {
	return binding{Type: "hash", AlgID: a.hashID, CntSel: selection, Value: hex.EncodeToString(sum)}
}

// stands reports whether the field has a seal of the key with these bindings.
func (s *Sealer) stands(f Field, rec metadata.Record, bindings string) bool {
	d := parseField(f.of(rec))
	if d == nil || string(d.Bindings) != bindings {
		return false
	}
	r, err := d.verify(f, rec, &mediaHashes{})
	return err == nil && r.Outcome == Valid && r.KeyID == s.KeyID && Fingerprint(r.key) == Fingerprint(s.Key.Public())
}

// seal returns the JSON of a seal.
func (s *Sealer) seal(a *algorithm, message, bindings []byte) (string, error) {
	ofLabel, err := a.sign(s.Key, message)
	if err != nil {
		return "", err
	}
	ofBindings, err := a.sign(s.Key, bindings)
	if err != nil {
		return "", err
	}
	value, err := encodeKey(s.Key.Public())
	if err != nil {
		return "", err
	}
	if strings.ContainsFunc(s.KeyID, func(c rune) bool { return c < 0x21 || c > 0x7E || strings.ContainsRune(`"\<>&`, c) }) {
		return "", fmt.Errorf("seal: KeyID %.60q: use 0x21 to 0x7E without quotes, backslash, <, > and &", s.KeyID)
	}
	text, err := json.Marshal(s.data(a, ofLabel, ofBindings, value, bindings))
	if err != nil {
		return "", fmt.Errorf("seal: %w", err)
	}
	if len(text)+strings.Count(string(text), `"`) > maxLength {
		return "", ErrTooLong
	}
	return string(text), nil
}

// A tbsData says what an entry signs.
type tbsData struct{ Type string }

// An entry is a protection as it is written.
type entry struct {
	Type      string
	AlgID     string
	TBSData   *tbsData `json:",omitempty"`
	Signature string   `json:",omitempty"`
	KeyValue  string   `json:",omitempty"`
	KeyID     string   `json:",omitempty"`
}

// data returns the SecurityData of a seal.
func (s *Sealer) data(a *algorithm, ofLabel, ofBindings, key, bindings []byte) any {
	type data struct {
		Type     string
		Version  int
		Bindings json.RawMessage
		PubSD    []entry
	}
	return struct{ SecurityData data }{data{
		Type: "TC260PG", Version: 1, Bindings: bindings,
		PubSD: []entry{
			{Type: signatureEntry, AlgID: a.id, TBSData: &tbsData{"Md"}, Signature: hex.EncodeToString(ofLabel), KeyID: s.KeyID},
			{Type: signatureEntry, AlgID: a.id, TBSData: &tbsData{"Bnd"}, Signature: hex.EncodeToString(ofBindings), KeyID: s.KeyID},
			{Type: keyEntry, AlgID: a.id, KeyValue: hex.EncodeToString(key), KeyID: s.KeyID},
		},
	}}
}
