package seal

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"strings"
)

// The bounds of a reserved field. The largest seen hold certificates, some KiB.
const (
	maxField   = 64 << 10 // bytes that are looked into
	maxEntries = 16       // of PubSD and of Bindings
	maxLength  = 2048     // characters that Tencent COS takes for a field
)

// A securityData is the object of TC260-PG-202511A. The names of its members are
// read in any case: files have PubSd.
type securityData struct {
	Type      string
	Bindings  json.RawMessage
	PubSD     []protection
	Extension json.RawMessage
}

// A protection is an entry of PubSD: a signature or the key for it.
type protection struct {
	Type      string // "DS" or "PubKey"
	AlgID     string
	TBSData   struct{ Type string } // of a signature: what it signs
	Signature string
	KeyValue  string
	KeyID     string
}

// A binding is an entry of Bindings: a hash of something.
type binding struct {
	Type   string `json:"Type"`
	AlgID  string `json:"AlgID"`
	CntSel string `json:"CntSel,omitempty"` // what is hashed
	Value  string `json:"Value"`
}

// parseField returns the SecurityData in a reserved field, which may be wrapped in its
// outer key, or nil for anything else.
func parseField(field string) *securityData {
	text := []byte(strings.TrimSpace(field))
	if len(text) == 0 || len(text) > maxField || text[0] != '{' {
		return nil
	}
	var wrapper struct{ SecurityData json.RawMessage }
	if json.Unmarshal(text, &wrapper) == nil && len(wrapper.SecurityData) > 0 {
		text = wrapper.SecurityData
	}
	d := new(securityData)
	if json.Unmarshal(text, d) != nil || strings.TrimSpace(d.Type) != "TC260PG" || len(d.PubSD) > maxEntries {
		return nil
	}
	return d
}

// bindings returns the entries of Bindings, of which some files have a list and
// others one.
func (d *securityData) bindings() []binding {
	var list []binding
	if json.Unmarshal(d.Bindings, &list) == nil && len(list) <= maxEntries {
		return list
	}
	var one binding
	if json.Unmarshal(d.Bindings, &one) == nil {
		return []binding{one}
	}
	return nil
}

// selected returns the hash of what a selection names.
func selected(list []binding, selection string) (binding, bool) {
	for _, b := range list {
		if b.Type == "hash" && b.CntSel == selection {
			return b, true
		}
	}
	return binding{}, false
}

// bindingTexts returns what a signature of Bindings may sign: the member, compact, and
// where that is a list of one, its entry.
func (d *securityData) bindingTexts() [][]byte {
	var whole bytes.Buffer
	if len(d.Bindings) == 0 || json.Compact(&whole, d.Bindings) != nil {
		return nil
	}
	texts := [][]byte{whole.Bytes()}
	var list []json.RawMessage
	if json.Unmarshal(whole.Bytes(), &list) == nil && len(list) == 1 {
		texts = append(texts, list[0])
	}
	return texts
}

// The kinds of entries of PubSD.
const (
	signatureEntry = "DS"
	keyEntry       = "PubKey"
)

// keyFor returns the value of the key for a signature: that of the same KeyID, or of none.
func (d *securityData) keyFor(signature protection) []byte {
	for _, p := range d.PubSD {
		if p.Type == keyEntry && p.KeyID == signature.KeyID {
			value, _ := hex.DecodeString(p.KeyValue)
			return value
		}
	}
	return nil
}

// A signed is what a signature signs.
type signed int

const (
	somethingElse signed = iota
	theLabel
	theBindings
)

// subject says what an entry signs. MiniMax and StepFun misspell the label's name.
func (p protection) subject() signed {
	switch p.TBSData.Type {
	case "Md", "LabelMataData", "LabelMetaData":
		return theLabel
	case "Bnd", "Binding", "Bindings":
		return theBindings
	}
	return somethingElse
}
