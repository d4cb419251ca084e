package seal

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"strings"

	"github.com/emmansun/gmsm/sm3"

	"github.com/aigclabel/aigclabel/metadata"
)

// The seal of Tencent CodeBuddy, as its files have it: SecurityData without the outer
// key, a perceptual hash of the picture (how it is made is not known), and an SM3
// value of the label, of that hash, and of two members of Extension, which is signed.

// A codeBuddySeal is what its value is made of.
type codeBuddySeal struct {
	perceptual string // hexadecimal digits
	value      string
	extension  struct {
		Timestamp  json.Number
		KeyVersion string
	}
	signature protection
}

// isCodeBuddy reports whether d has that form.
func (d *securityData) isCodeBuddy() bool {
	_, ok := d.parseCodeBuddy()
	return ok
}

func (d *securityData) parseCodeBuddy() (s codeBuddySeal, ok bool) {
	for _, b := range d.bindings() {
		switch {
		case b.Type == "soft" && strings.EqualFold(b.AlgID, "phash"):
			s.perceptual = b.Value
		case b.Type == "hash" && strings.EqualFold(b.AlgID, "sm3"):
			s.value = b.Value
		}
	}
	if json.Unmarshal(d.Extension, &s.extension) != nil || s.extension.KeyVersion == "" || s.value == "" {
		return s, false
	}
	for _, p := range d.PubSD {
		if p.Type == signatureEntry && p.subject() == theBindings && algorithmNamed(p.AlgID) == algorithms[0] {
			s.signature = p
			return s, true
		}
	}
	return s, false
}

// codeBuddy checks the value, which is of who labelled and the number, and its signature.
func (d *securityData) codeBuddy(f Field, rec metadata.Record) Result {
	s, _ := d.parseCodeBuddy()
	sm2 := algorithms[0]
	r := Result{Field: f, Outcome: Invalid, Algorithm: sm2.name, KeyID: s.signature.KeyID, Covers: f.members()[1:]} // not Label
	name, id := f.pair(rec)
	sum := sm3.Sum([]byte(name + id + s.perceptual + s.extension.Timestamp.String() + s.extension.KeyVersion))
	if value, err := hex.DecodeString(s.value); err != nil || !bytes.Equal(value, sum[:]) {
		r.Message = "the record is not what was sealed: " + strings.Join(r.Covers, " or ") + " was changed; do not rely on it, get the file from its producer"
		return r
	}
	signature, _ := hex.DecodeString(s.signature.Signature)
	key, ok := sm2.verifies(sm2.keys(d.keyFor(s.signature)), sum[:], signature)
	if !ok {
		r.Message = "the signature of the seal is not of its key; do not rely on it, get the file from its producer"
		return r
	}
	r.Outcome, r.Content, r.key = Valid, Unchecked, key
	return r
}
