package seal

import (
	"bytes"
	"crypto"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aigclabel/aigclabel/metadata"
)

// An Outcome is the result of looking at one reserved field.
type Outcome string

// The outcomes.
const (
	Absent      Outcome = "absent"      // the field is empty
	Valid       Outcome = "valid"       // the signature holds, and the content if it is bound
	Invalid     Outcome = "invalid"     // the record or the content is not what was sealed
	Unsupported Outcome = "unsupported" // integrity data of a form that only its maker can check
)

// A Proof is what a valid seal proves.
type Proof string

// The proofs.
const (
	Integrity Proof = "integrity" // what is signed is as the holder of the key in the seal wrote it
	Identity  Proof = "identity"  // and that key is one that the verifier trusts
)

// A Content says how a seal is bound to the content of the file.
type Content string

// The states of content.
const (
	Matched    Content = "matched"       // the media is what was sealed
	Mismatched Content = "mismatched"    // it is not
	Unchecked  Content = "not_checkable" // bound in a way that is not known here, or was not looked at
	Unbound    Content = "not_bound"     // the seal is of the label alone, which could stand in any file
)

// A Result says what one reserved field proves. Its JSON form grows by addition.
type Result struct {
	Field     Field    `json:"field"`
	Outcome   Outcome  `json:"outcome"`
	Proof     Proof    `json:"proof,omitempty"`     // of a valid seal
	Content   Content  `json:"content,omitempty"`   // of a valid seal, or of one that is invalid for it
	Covers    []string `json:"covers,omitempty"`    // the members of the record that are signed
	Algorithm string   `json:"algorithm,omitempty"` // "SM2 with SM3"
	Key       string   `json:"key,omitempty"`       // [Fingerprint] of the key that verified, "" for none
	KeyID     string   `json:"key_id,omitempty"`    // as the seal names it
	Message   string   `json:"message"`             // what was found and what to do

	key crypto.PublicKey
	of  Field // whose label message is signed
}

// Verify looks at both reserved fields of a record, and returns their results in the
// order of the fields. The media of src is read if a seal binds it and its signature
// holds; with the zero Source it is not looked at. Keys that the caller trusts, by
// [Fingerprint], turn integrity into identity; those of other kinds are ignored.
//
// An error is one of reading src. Verify is safe for concurrent use.
func Verify(rec metadata.Record, src metadata.Source, trusted []crypto.PublicKey) ([]Result, error) {
	media := &mediaHashes{src: src}
	var results []Result
	for _, field := range []Field{Producer, Propagator} {
		r, err := verifyField(field, rec, media)
		if err != nil {
			return nil, err
		}
		if r.Outcome == Valid {
			r.Proof = Integrity
			r.Key = Fingerprint(r.key)
			if slices.ContainsFunc(trusted, func(k crypto.PublicKey) bool { return Fingerprint(k) == r.Key }) {
				r.Proof = Identity
			}
			r.Message = r.finding()
		}
		results = append(results, r)
	}
	return results, nil
}

// finding says what a valid seal proves.
func (r *Result) finding() string {
	content := map[Content]string{
		Matched:   ", and so are the media",
		Unchecked: "; what it says of the content is not checked",
		Unbound:   "; nothing ties them to this content",
	}[r.Content]
	who := "; the key is a trusted one"
	if r.Proof != Identity {
		who = "; this proves integrity, not who sealed it: give the producer's key as a trusted one"
	}
	return strings.Join(r.Covers, ", ") + " are as sealed (" + r.Algorithm + ")" + content + who
}

// mediaHashes keeps the hashes of a file's media: two seals mostly share one.
type mediaHashes struct {
	src  metadata.Source
	sums map[string][]byte
}

// sum returns the hash for an algorithm. The error is errNoMedia or an I/O error.
func (m *mediaHashes) sum(a *algorithm) ([]byte, error) {
	if b, ok := m.sums[a.hashID]; ok {
		return b, nil
	}
	b, err := mediaHash(m.src, a.hash)
	if err != nil {
		return nil, err
	}
	if m.sums == nil {
		m.sums = map[string][]byte{}
	}
	m.sums[a.hashID] = b
	return b, nil
}

func verifyField(f Field, rec metadata.Record, media *mediaHashes) (Result, error) {
	text := f.of(rec)
	if text == "" {
		return Result{Field: f, Outcome: Absent, Message: "no integrity data"}, nil
	}
	d := parseField(text)
	switch {
	case d == nil:
		return f.unsupported("integrity data in a form of its producer; ask the producer"), nil
	case d.isCodeBuddy():
		return d.codeBuddy(f, rec), nil
	}
	return d.verify(f, rec, media)
}

func (f Field) unsupported(message string) Result {
	return Result{Field: f, Outcome: Unsupported, Message: message}
}

// verify checks label signatures of Annex A.1, and what they say of the content.
func (d *securityData) verify(f Field, rec metadata.Record, media *mediaHashes) (Result, error) {
	list := d.bindings()
	_, own := selected(list, "label")
	found := f.unsupported("SecurityData without a signature of the label; ask the producer")
	for _, p := range d.PubSD {
		if p.Type != signatureEntry || p.subject() != theLabel {
			continue
		}
		r, strict := d.label(f, p, rec)
		if r.Outcome == Valid {
			return d.content(r, list, own, rec, media)
		}
		if strict && (own || f == Producer) {
			r.Outcome, r.Covers = Invalid, f.members()
			r.Message = "the record is not what was sealed: " + strings.Join(r.Covers, ", ") + " or the seal was changed; do not rely on it, get the file from its producer"
			return r, nil
		}
		found = r
	}
	return found, nil
}

// label checks one signature of the label. A signature that does not verify tells of a
// change only where it is known what its maker signs, which strict says: the
// standard's own spelling, or MiniMax's key.
func (d *securityData) label(f Field, p protection, rec metadata.Record) (r Result, strict bool) {
	r = f.unsupported("the message of this signature is not known; ask the producer")
	r.KeyID = p.KeyID
	a, value := algorithmNamed(p.AlgID), d.keyFor(p)
	signature, err := hex.DecodeString(p.Signature)
	if a == nil || err != nil {
		r.Message = fmt.Sprintf("a signature of the kind %.60q, which is not checked here; ask the producer", p.AlgID)
		return r, false
	}
	r.Algorithm = a.name
	keys := a.keys(value)
	if len(keys) == 0 {
		r.Message = "the seal has no key of " + a.name + "; ask the producer"
		return r, false
	}
	for _, message := range []Field{f, Producer} { // some repeat the producer's seal as the propagator's
		if key, ok := a.verifies(keys, message.message(rec), signature); ok {
			r.Outcome, r.Covers, r.key, r.of = Valid, message.members(), key, message
			return r, true
		}
	}
	return r, p.TBSData.Type == "Md" || len(keys) > 1
}

// content completes the result of a label signature that holds. A signature of Bindings
// counts only under the same key.
func (d *securityData) content(r Result, list []binding, own bool, rec metadata.Record, media *mediaHashes) (Result, error) {
	r.Content = Unbound
	if !d.signsBindings(r.key) {
		if own {
			r.Outcome, r.Message = Invalid, "what the seal says of the content is not what was sealed; get the file from its producer"
		}
		return r, nil
	}
	r.Content = Unchecked
	if !own {
		return r, nil
	}
	a, _ := algorithmOf(r.key) // of a key that verified
	if b, _ := selected(list, "label"); !a.is(b, a.sumOf(r.of.message(rec))) {
		r.Outcome, r.Message = Invalid, "the seal of the content is of another label; get the file from its producer"
		return r, nil
	}
	b, ok := selected(list, "media")
	if !ok {
		r.Content = Unbound
		return r, nil
	}
	if media.src.R == nil {
		return r, nil
	}
	sum, err := media.sum(a)
	switch {
	case errors.Is(err, errNoMedia):
		r.Outcome, r.Message = Unsupported, "the seal binds media, and this version does not know what that is in this file; verify with a newer version, or get the file from its producer"
	case err != nil && !errors.As(err, new(*metadata.FormatError)):
		return Result{}, err
	case err == nil && a.is(b, sum):
		r.Content = Matched
	default:
		r.Outcome, r.Content = Invalid, Mismatched
		r.Message = "the content is not what was sealed: it was edited, cut or encoded again, or the label is that of another file; get it from its producer"
	}
	return r, nil
}

// signsBindings reports whether Bindings are signed with a key.
func (d *securityData) signsBindings(key crypto.PublicKey) bool {
	a, _ := algorithmOf(key)
	for _, p := range d.PubSD {
		signature, err := hex.DecodeString(p.Signature)
		if err != nil || p.Type != signatureEntry || p.subject() != theBindings || algorithmNamed(p.AlgID) != a {
			continue
		}
		for _, text := range d.bindingTexts() {
			if _, ok := a.verifies([]crypto.PublicKey{key}, text, signature); ok {
				return true
			}
		}
	}
	return false
}

// is reports whether a binding is of a hash.
func (a *algorithm) is(b binding, sum []byte) bool {
	value, err := hex.DecodeString(b.Value)
	return err == nil && b.AlgID == a.hashID && bytes.Equal(value, sum)
}

// sumOf returns the hash of a message.
func (a *algorithm) sumOf(message []byte) []byte {
	h := a.hash()
	_, _ = h.Write(message)
	return h.Sum(nil)
}
