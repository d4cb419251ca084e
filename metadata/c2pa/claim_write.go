package c2pa

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/aigclabel/aigclabel/internal/jumbf"
)

// A Claim is what a signer states about a file. The hard binding to its bytes, the
// parent ingredient of a file that is not new, and what follows from the rest are
// added when it is signed.
type Claim struct {
	// Title names the file for people, "" for none.
	Title string

	// Actions tell how the content came to be, the first first: [Generated] and
	// [Edited] give the usual ones. Content that is new begins with
	// [ActionCreated]; before all else an [ActionOpened] is put.
	Actions []Action

	// Partial says that there were further actions, which are not told.
	Partial bool

	// SoftBindings lead back to the manifest without it.
	SoftBindings []SoftBinding

	// Assertions are further statements.
	Assertions []Assertion

	// StampParent adds, to an update, a time stamp over the signature of the manifest
	// before: for credentials that were signed without one.
	StampParent bool
}

// An Assertion is a statement in the words of an entity.
type Assertion struct {
	// Label has a dot, with a domain in front: "com.example.review". The
	// specification's own are allowed where this package does not write them:
	// "c2pa.metadata", "c2pa.time-stamp".
	Label string

	// JSON is the statement; or CBOR is, in any value that CBOR can hold.
	JSON json.RawMessage
	CBOR any
}

// labelSignature is the label of the box of the signature.
const labelSignature = "c2pa.signature"

// specVersion is the specification that the claims follow.
const specVersion = "2.4.0"

// hashName is the algorithm of all hashes that are written.
const hashName = "sha256"

// allowedLabels are the assertions of the specification that a caller may state.
var allowedLabels = []string{
	"c2pa.metadata", "c2pa.time-stamp", "c2pa.certificate-status", "c2pa.asset-ref", "c2pa.asset-type.v2", "c2pa.external-reference",
	"c2pa.embedded-data", "c2pa.depthmap.GDepth", "c2pa.ai-disclosure",
}

// check returns what is wrong with an assertion.
func (a Assertion) check() error {
	fault := ""
	switch {
	case strings.HasPrefix(a.Label, "c2pa.") && !slices.Contains(allowedLabels, a.Label):
		fault = "not for callers to state"
	case strings.HasPrefix(a.Label, "stds."):
		fault = "no longer of the specification; use c2pa.metadata"
	case !strings.Contains(a.Label, "."):
		fault = "the label needs a dot: put a domain in front"
	case strings.ContainsFunc(a.Label, func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune("/;?#", r) }), strings.Contains(a.Label, "__"):
		fault = "the label has a character that labels cannot have"
	case (a.JSON == nil) == (a.CBOR == nil):
		fault = "either JSON or CBOR"
	case a.JSON != nil && !json.Valid(a.JSON):
		fault = "no valid JSON"
	}
	if fault != "" {
		return fmt.Errorf("c2pa: assertion %.60q: %s", a.Label, fault)
	}
	return nil
}

// check returns everything that is wrong with the claim, joined.
func (c *Claim) check() error {
	var errs []error
	if len(c.Actions) == 0 {
		errs = append(errs, errors.New("c2pa: the claim tells no action; see Generated and Edited"))
	}
	for i, a := range c.Actions {
		errs = append(errs, a.check(i))
	}
	for i, b := range c.SoftBindings {
		errs = append(errs, b.check(i))
	}
	if slices.ContainsFunc(c.Actions, func(a Action) bool { return a.Action == ActionWatermarkBound }) && len(c.SoftBindings) == 0 {
		errs = append(errs, fmt.Errorf("c2pa: %s needs a soft binding", ActionWatermarkBound))
	}
	for _, a := range c.Assertions {
		errs = append(errs, a.check())
	}
	if c.StampParent {
		errs = append(errs, errors.New("c2pa: StampParent is for PlanUpdate"))
	}
	return errors.Join(errs...)
}

// isNew reports whether the claim states that the content is new.
func (c *Claim) isNew() bool { return len(c.Actions) > 0 && c.Actions[0].Action == ActionCreated }

// A hashedURI refers to a box of the store (C2PA 2.4, 8.4.2).
type hashedURI struct {
	URL  string `cbor:"url"`
	Hash []byte `cbor:"hash"`
}

// referTo returns the reference to a box by its hash.
func referTo(url string, box *jumbf.Box) hashedURI {
	sum := sha256.Sum256(box.Content())
	return hashedURI{URL: url, Hash: sum[:]}
}

// A draft is a manifest that lacks the hash of the file and the signature.
type draft struct {
	kind       jumbf.UUID // standardType, updateType
	label      string
	instance   string
	title      string
	generator  Generator
	assertions []*jumbf.Box
	binding    int // index of the hard binding, -1 for none
	err        error
}

// cborBox returns an assertion's box, or that of the claim or the signature.
func cborBox(uuid, label string, content []byte) *jumbf.Box {
	return jumbf.Super(jumbf.TypeUUID(uuid), label, jumbf.Leaf("cbor", content))
}

// add adds an assertion to the draft and returns how to refer to it. The second of
// one label has a number after it (C2PA 2.4, 6.4).
func (d *draft) add(label, content string, value []byte) hashedURI {
	again := 0
	for _, b := range d.assertions {
		if base, _, _ := strings.Cut(b.Label, "__"); base == label {
			again++
		}
	}
	if again > 0 {
		label += "__" + strconv.Itoa(again)
	}
	box := jumbf.Super(jumbf.TypeUUID(content), label, jumbf.Leaf(content, value))
	d.assertions = append(d.assertions, box)
	return referTo(assertionURI(label), box)
}

// addCBOR adds an assertion in CBOR. The first error stays in the draft.
func (d *draft) addCBOR(label string, value any) hashedURI {
	content, err := coseEncoder.Marshal(value)
	if err != nil && d.err == nil {
		d.err = fmt.Errorf("c2pa: assertion %q: %w", label, err)
	}
	return d.add(label, "cbor", content)
}

// state adds what the claim states. The parent is nil for new content.
func (d *draft) state(c *Claim, p *predecessor) {
	d.title = c.Title
	var ingredients []hashedURI
	if p != nil {
		ingredients = append(ingredients, d.addCBOR(ingredientV3, p.fields()))
	}
	if actions := c.actions(p != nil && d.kind == standardType); len(actions) > 0 {
		list := make([]map[string]any, len(actions))
		for i, a := range actions {
			list[i] = a.fields()
		}
		if actions[0].Action == ActionOpened {
			list[0] = actions[0].fields(ingredients...)
		}
		d.addCBOR(actionsV2, map[string]any{"actions": list, "allActionsIncluded": !c.Partial})
	}
	for _, b := range c.SoftBindings {
		d.addCBOR(softBindingName, b.fields())
	}
	for _, a := range c.Assertions {
		if a.JSON != nil {
			d.add(a.Label, "json", a.JSON)
		} else {
			d.addCBOR(a.Label, a.CBOR)
		}
	}
}

// bind puts the hard binding in, or a later version of it.
func (d *draft) bind(label string, assertion []byte) {
	if d.binding < 0 {
		d.binding = len(d.assertions)
		d.assertions = append(d.assertions, nil)
	}
	d.assertions[d.binding] = cborBox("cbor", label, assertion)
}

// claim returns the CBOR that is signed (C2PA 2.4, 10.2): the actions first.
func (d *draft) claim() ([]byte, error) {
	created := make([]hashedURI, len(d.assertions))
	for i, b := range d.assertions {
		created[i] = referTo(assertionURI(b.Label), b)
	}
	slices.SortStableFunc(created, func(a, b hashedURI) int { return rank(a.URL) - rank(b.URL) })
	generator := d.generator.fields()
	generator["specVersion"] = specVersion
	m := map[string]any{
		"instanceID":           d.instance,
		"claim_generator_info": generator,
		"signature":            manifestURI(d.label, labelSignature),
		"created_assertions":   created,
		"alg":                  hashName,
	}
	put(m, "dc:title", d.title)
	return coseEncoder.Marshal(m)
}

// rank puts the actions before all else.
func rank(url string) int {
	if url == assertionURI(actionsV2) {
		return 0
	}
	return 1
}

// box returns the manifest with its signature.
func (d *draft) box(claim, signature []byte) *jumbf.Box {
	return jumbf.Super(d.kind, d.label,
		jumbf.Super(jumbf.TypeUUID("c2as"), assertionsLabel, d.assertions...),
		cborBox("c2cl", claimV2, claim),
		cborBox("c2cs", labelSignature, signature))
}

// assertionURI returns the JUMBF URI of an assertion of the same manifest (C2PA 2.4,
// 8.4.1).
func assertionURI(label string) string { return uriScheme + assertionsLabel + "/" + label }
