package metadata

import (
	"errors"
	"fmt"
	"strings"
)

// A State is the Label of a record: what it says about the content
// (GB 45438-2025 Annex E c). A foreign file may say anything else, and that is
// kept as it stands.
type State string

// The states. A generator writes the first; a propagator that finds no label
// writes Possible when the uploader declares AI content, and Suspected when it
// detects traces (Measures for Labeling, Art. 6; the numbers are our reading).
const (
	Generated State = "1" // the content is generated or synthesized
	Possible  State = "2" // it may be
	Suspected State = "3" // it is suspected to be
)

// A Record is the AIGC statement of a file, the seven members of GB 45438-2025
// Annex E. The zero value is an empty record.
type Record struct {
	Label             State  // c) "1", "2" or "3"
	ContentProducer   string // d) name or [ProviderCode] of the generation service
	ProduceID         string // e) the producer's number for this content
	ReservedCode1     string // f) the producer's integrity data, may be empty
	ContentPropagator string // g) name or code of the propagation service
	PropagateID       string // h) the propagator's number for this content
	ReservedCode2     string // i) the propagator's integrity data, may be empty

	// Raw is the text that [ParseRecord] read, nil for a record made in code.
	// It shares memory with the input.
	Raw []byte

	oddities []*FieldError // what the reader met and the seven values do not show
}

// keys are the names of the members, in the order of the standard.
var keys = [...]string{
	"Label", "ContentProducer", "ProduceID", "ReservedCode1",
	"ContentPropagator", "PropagateID", "ReservedCode2",
}

// The positions in keys that rules are about.
const (
	keyLabel      = 0
	keyProducer   = 1
	keyProduceID  = 2
	keyPropagator = 4
	keyPropagate  = 5
)

// spellings maps what real files write, in lower case and without separators,
// to positions in keys: drafts of the standard had other names, and services
// have their typing errors.
var spellings = map[string]int{
	"label": 0, "contentproducer": 1, "produceid": 2, "reservedcode1": 3,
	"contentpropagator": 4, "propagateid": 5, "reservedcode2": 6,
	"producerid": 2, "reservecode1": 3, "propagator": 4, "propatorid": 5,
	"propagatorid": 5, "reservecode2": 6,
}

var separators = strings.NewReplacer("_", "", "-", "", " ", "")

// keyIndex returns the position in keys of a name in any spelling, -1 if it is
// none of them.
func keyIndex(name string) int {
	for i, key := range keys {
		if name == key {
			return i
		}
	}
	if i, ok := spellings[strings.ToLower(separators.Replace(name))]; ok {
		return i
	}
	return -1
}

// telling reports whether a key alone shows that an object is a record: others
// have labels too.
func telling(name string) bool {
	return name == keys[keyLabel] || !strings.EqualFold(name, "label") && !strings.EqualFold(name, "propagator")
}

// values returns pointers to the seven values in the order of keys.
func (r *Record) values() [len(keys)]*string {
	return [...]*string{
		(*string)(&r.Label), &r.ContentProducer, &r.ProduceID, &r.ReservedCode1,
		&r.ContentPropagator, &r.PropagateID, &r.ReservedCode2,
	}
}

// ErrNotRecord reports a text that is no AIGC record in any notation.
var ErrNotRecord = errors.New("metadata: not an AIGC record")

// maxRecord bounds the text of a record. The largest seen hold certificates,
// some KiB.
const maxRecord = 1 << 20

// ParseRecord reads a record as real files write it: JSON, bare or inside an
// AIGC member, behind the word AIGC, as a JSON string in a string, with XML
// entities left in, padded with NULs; or YAML, a mapping or an AIGC entry that
// holds one. It takes members in any order and known misspellings of their keys,
// values that are not strings (as their text), and a text that is cut off.
//
// A standard key wins over its misspellings, and the last of several equals
// wins. What is wrong with the text is reported by [Record.Validate]. The error
// is [ErrNotRecord] for everything else, and for texts of more than 1 MiB.
func ParseRecord(b []byte) (Record, error) {
	s, err := parseStatement(b)
	if err != nil {
		return Record{}, err
	}
	return s.record(b), nil
}

// record returns the record of a statement, whose text is raw.
func (s *statement) record(raw []byte) Record {
	r := Record{Raw: raw, oddities: s.oddities}
	values := r.values()
	var seen, exact [len(keys)]bool
	for _, m := range s.members {
		if m.key < 0 {
			r.odd(m.name, "b)", UnknownKey, m.value)
			continue
		}
		key, standard := keys[m.key], m.name == keys[m.key]
		if !standard {
			r.odd(key, "b)", Misspelt, m.name)
		}
		if seen[m.key] {
			r.odd(key, "b)", Duplicate, m.value)
		}
		if !m.text {
			r.odd(key, items[m.key], NotString, m.value)
		}
		if standard || !exact[m.key] {
			*values[m.key] = m.value
		}
		seen[m.key] = true
		exact[m.key] = exact[m.key] || standard
	}
	return r
}

func (r *Record) odd(field, item string, p Problem, value string) {
	r.oddities = append(r.oddities, &FieldError{Field: field, Item: item, Problem: p, Value: value})
}

// Equal reports whether the records say the same: their seven values are equal.
func (r Record) Equal(o Record) bool {
	a, b := r.values(), o.values()
	for i := range a {
		if *a[i] != *b[i] {
			return false
		}
	}
	return true
}

// MarshalJSON returns the record as the standard writes it, without the outer
// key: all seven members in order, compact, no HTML escapes.
func (r Record) MarshalJSON() ([]byte, error) {
	b := []byte{'{'}
	for i, value := range r.values() {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '"')
		b = append(b, keys[i]...)
		b = append(b, '"', ':')
		b = append(b, quoteJSON(*value)...)
	}
	return append(b, '}'), nil
}

// wrapped returns the record as JSON inside the outer key (Annex E b).
func (r Record) wrapped() []byte {
	b, _ := r.MarshalJSON() // cannot fail
	return append(append([]byte(`{"AIGC":`), b...), '}')
}

// A Problem says what is wrong with a member of a record.
type Problem string

// The problems that [Record.Validate] finds.
const (
	Missing      Problem = "missing"       // a required member is absent or empty
	BadLabel     Problem = "bad label"     // Label is not 1, 2 or 3
	BadCharacter Problem = "bad character" // a value has a character that j) forbids
	HalfPair     Problem = "half pair"     // one of ContentPropagator and PropagateID is empty
	NotString    Problem = "not a string"  // a value is a number, a boolean, null, an object or an array
	Misspelt     Problem = "misspelt key"  // Field is the standard's name, Value what the file has
	UnknownKey   Problem = "unknown key"   // Field is the key
	Duplicate    Problem = "duplicate key" // Value is the later value
	Escaped      Problem = "escaped"       // the text is a string in a string, or has XML entities left in
	Trailing     Problem = "trailing text" // Value is the text after the record
	Malformed    Problem = "malformed"     // the text breaks its notation or is cut off
)

// advice says what to do about a problem.
var advice = map[Problem]string{
	Missing:      "give it a value",
	BadLabel:     `write "1", "2" or "3"`,
	BadCharacter: `use 0x21 to 0x7E without backslash`,
	HalfPair:     "give ContentPropagator and PropagateID together",
	NotString:    "write it as a string, in quotes",
	Misspelt:     "write the standard's name",
	UnknownKey:   "leave it out",
	Duplicate:    "write each key once",
	Escaped:      "write the JSON as it is, once",
	Trailing:     "end the value with the record",
	Malformed:    "write the seven members as JSON strings",
}

// A FieldError is one broken item of Annex E.
type FieldError struct {
	Field   string // the member, by the standard's name; "AIGC" for the record as a whole
	Item    string // of Annex E, "b)" to "j)"
	Problem Problem
	Value   string // what the file has, "" when that says nothing
}

// Error says what is wrong, what to do, and by which rule.
func (e *FieldError) Error() string {
	return fmt.Sprintf("%s (GB 45438-2025 Annex E %s)", e.Finding(), e.Item)
}

// Finding is Error without the rule.
func (e *FieldError) Finding() string {
	value := ""
	if e.Value != "" {
		value = fmt.Sprintf(" %.100q", e.Value)
	}
	return fmt.Sprintf("%s: %s%s: %s", e.Field, e.Problem, value, advice[e.Problem])
}

// items are the items of Annex E that define keys.
var items = [...]string{"c)", "d)", "e)", "f)", "g)", "h)", "i)"}

// Validate checks the record against GB 45438-2025 Annex E and returns the
// joined [*FieldError] values, one per broken item, or nil.
//
// A producer is required, but for content that a propagator found without a record:
// neither producer member, and both propagator members. Characters
// are judged on the decoded value: 0x21 to 0x7E without the backslash.
func (r Record) Validate() error {
	var errs []error
	add := func(i int, item string, p Problem, value string) {
		errs = append(errs, &FieldError{Field: keys[i], Item: item, Problem: p, Value: value})
	}
	values := r.values()
	for _, i := range r.missing() {
		add(i, items[i], Missing, "")
	}
	switch r.Label {
	case "", Generated, Possible, Suspected:
	default:
		add(keyLabel, items[keyLabel], BadLabel, string(r.Label))
	}
	if (r.ContentPropagator == "") != (r.PropagateID == "") {
		i := keyPropagator
		if r.PropagateID == "" {
			i = keyPropagate
		}
		add(i, items[i], HalfPair, "")
	}
	for i, value := range values {
		if strings.ContainsFunc(*value, forbidden) {
			add(i, "j)", BadCharacter, *value)
		}
	}
	for _, e := range r.oddities {
		errs = append(errs, e)
	}
	return errors.Join(errs...)
}

// missing returns the positions in keys of required values that are empty.
func (r *Record) missing() []int {
	values, required := r.values(), []int{keyLabel, keyProducer, keyProduceID}
	late := r.Label == Generated || r.Label == Possible || r.Label == Suspected
	if late && r.ContentProducer+r.ProduceID == "" && r.ContentPropagator != "" && r.PropagateID != "" {
		required = required[:1]
	}
	var missing []int
	for _, i := range required {
		if *values[i] == "" {
			missing = append(missing, i)
		}
	}
	return missing
}

// forbidden reports whether Annex E j) forbids c in a value. The double quote
// is allowed there as the pair \", which JSON makes of it.
func forbidden(c rune) bool { return c < 0x21 || c > 0x7E || c == '\\' }
