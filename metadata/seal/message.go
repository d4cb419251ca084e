package seal

import (
	"bytes"
	"encoding/json"

	"github.com/aigclabel/aigclabel/metadata"
)

// A Field is a reserved field of a record.
type Field string

// The reserved fields (GB 45438-2025 Annex E f) and i)).
const (
	Producer   Field = "ReservedCode1"
	Propagator Field = "ReservedCode2"
)

// of returns the value of the field.
func (f Field) of(rec metadata.Record) string {
	if f == Propagator {
		return rec.ReservedCode2
	}
	return rec.ReservedCode1
}

// pair returns who sealed the field, and that one's number for the content.
func (f Field) pair(rec metadata.Record) (name, id string) {
	if f == Propagator {
		return rec.ContentPropagator, rec.PropagateID
	}
	return rec.ContentProducer, rec.ProduceID
}

// members returns the members that the field's label message has.
func (f Field) members() []string {
	if f == Propagator {
		return []string{"Label", "ContentPropagator", "PropagateID"}
	}
	return []string{"Label", "ContentProducer", "ProduceID"}
}

// message returns the label message of the field (TC260-PG-202511A Annex A.1; for the
// propagator our choice): three members of the record as JSON, without braces and spaces.
func (f Field) message(rec metadata.Record) []byte {
	name, id := f.pair(rec)
	var b bytes.Buffer
	for i, value := range []string{string(rec.Label), name, id} {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(`"` + f.members()[i] + `":`)
		encoder := json.NewEncoder(&b)
		encoder.SetEscapeHTML(false)
		_ = encoder.Encode(value) // a string to memory
		b.Truncate(b.Len() - 1)   // the line end
	}
	return b.Bytes()
}
