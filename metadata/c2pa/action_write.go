package c2pa

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/fxamacker/cbor/v2"
)

// The actions of the specification (C2PA 2.4, 18.15.2) that tell how a file came to
// be. Others are written as they stand; those of an entity have its domain in front.
const (
	ActionCreated          = "c2pa.created"             // made from nothing
	ActionOpened           = "c2pa.opened"              // an existing file, to go on with
	ActionEdited           = "c2pa.edited"              // changed in what people see or hear
	ActionEditedMetadata   = "c2pa.edited.metadata"     // changed in what only programs read
	ActionConverted        = "c2pa.converted"           // into another format
	ActionTranscoded       = "c2pa.transcoded"          // into another coding
	ActionPublished        = "c2pa.published"           // given to the public
	ActionWatermarkBound   = "c2pa.watermarked.bound"   // an invisible mark that leads back to the manifest
	ActionWatermarkUnbound = "c2pa.watermarked.unbound" // an invisible mark of another purpose
)

// The digital source types: where content comes from (IPTC NewsCodes; C2PA 2.4,
// 18.15.4.5). Any other address of a source type is written as it stands.
const (
	// Trained is content made by a model.
	Trained = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"

	// CompositeTrained is content of which a model made a part, or that a model edited.
	CompositeTrained = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"

	// TrainedData is data, not media, that a model made.
	TrainedData = "http://c2pa.org/digitalsourcetype/trainedAlgorithmicData"

	// Captured is what a camera or a microphone took.
	Captured = "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture"

	// HumanEdits is what a person changed with a program that is no model.
	HumanEdits = "http://cv.iptc.org/newscodes/digitalsourcetype/humanEdits"

	// Algorithmic is content that a program made without training data.
	Algorithmic = "http://cv.iptc.org/newscodes/digitalsourcetype/algorithmicMedia"

	// Empty is a blank canvas.
	Empty = "http://c2pa.org/digitalsourcetype/empty"
)

// An Action is something that was done to the content (C2PA 2.4, 18.15).
type Action struct {
	// Action names it: one of the constants, or a name with a dot.
	Action string `json:"action"`

	// DigitalSourceType is an address: [Trained], [CompositeTrained]. Actions that
	// change what people perceive need one.
	DigitalSourceType string `json:"digitalSourceType,omitempty"`

	// SoftwareAgent is what did it: the model and its version.
	SoftwareAgent Generator `json:"softwareAgent,omitzero"`

	// When it was done; zero leaves it out. Fractions of a second are dropped.
	When time.Time `json:"when,omitzero"`

	// Description says it for people.
	Description string `json:"description,omitempty"`

	// Parameters are further facts: "com.example.seed". Their keys have a dot,
	// unless the specification defines them; values are what CBOR can hold.
	Parameters map[string]any `json:"parameters,omitempty"`
}

// Generated states that a model made the whole content: the statement that the label
// laws ask for. System is the model or service and its version.
func Generated(system, version string, when time.Time) Claim {
	return Claim{Actions: []Action{{
		Action: ActionCreated, DigitalSourceType: Trained, SoftwareAgent: Generator{Name: system, Version: version}, When: when,
	}}}
}

// Edited states that a model changed a part of existing content.
func Edited(system, version string, when time.Time) Claim {
	return Claim{Actions: []Action{{
		Action: ActionEdited, DigitalSourceType: CompositeTrained, SoftwareAgent: Generator{Name: system, Version: version}, When: when,
	}}}
}

// Labelled states that only metadata was added to existing content, such as a record.
// Agent is the program that did it.
func Labelled(agent Generator, when time.Time) Claim {
	return Claim{Actions: []Action{{Action: ActionEditedMetadata, SoftwareAgent: agent, When: when}}}
}

// plainActions change nothing that people perceive, and need no source type.
var plainActions = []string{
	ActionConverted, ActionPublished, "c2pa.repackaged", ActionTranscoded, "c2pa.resized.proportional", "c2pa.enhanced",
	ActionEditedMetadata, ActionWatermarkBound, ActionWatermarkUnbound, "c2pa.redacted",
}

// oldActions are those that the specification has given up.
var oldActions = map[string]string{
	"c2pa.watermarked": ActionWatermarkBound, "c2pa.color_adjustments": "c2pa.adjustedColor", "c2pa.copied": ActionOpened,
	"c2pa.formatted": ActionEdited, "c2pa.version_updated": ActionConverted, "c2pa.printed": ActionPublished,
	"c2pa.managed": ActionPublished, "c2pa.produced": ActionCreated, "c2pa.saved": ActionConverted,
}

// parameterKeys are the parameters that the specification defines (C2PA 2.4,
// 18.15.4.7), as far as a caller sets them.
var parameterKeys = []string{
	"sourceLanguage", "targetLanguage", "multipleInstances", "redacted", "actor", "reason",
}

// check returns what the conformance program finds wrong with the i-th action.
func (a Action) check(i int) error {
	var errs []error
	fault := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("c2pa: action %d (%.40q): %s", i, a.Action, fmt.Sprintf(format, args...)))
	}
	standard := strings.HasPrefix(a.Action, "c2pa.")
	switch instead := oldActions[a.Action]; {
	case instead != "":
		fault("no longer of the specification; use %s", instead)
	case !strings.Contains(a.Action, "."):
		fault("the name needs a dot: one of the specification, or with a domain in front")
	case (a.Action == ActionCreated || a.Action == ActionOpened) && i > 0:
		fault("only the first action can begin a file")
	case a.Action == "c2pa.placed" || a.Action == "c2pa.removed":
		fault("it needs an ingredient, and only the opened file is written as one")
	case a.Action == ActionOpened && a.DigitalSourceType != "":
		fault("an opened file has the source type that its credentials say")
	case a.Action == ActionOpened || slices.Contains(plainActions, a.Action) || !standard:
	case a.DigitalSourceType == "":
		fault("it needs a DigitalSourceType")
	}
	for _, key := range slices.Sorted(maps.Keys(a.Parameters)) {
		if !strings.Contains(key, ".") && !slices.Contains(parameterKeys, key) {
			fault("the parameter %.40q needs a dot: put a domain in front", key)
		}
	}
	return errors.Join(errs...)
}

// fields returns the action as the assertion has it, with the ingredients that it
// refers to.
func (a Action) fields(ingredients ...hashedURI) map[string]any {
	m := map[string]any{"action": a.Action}
	put(m, "digitalSourceType", a.DigitalSourceType)
	put(m, "description", a.Description)
	if a.SoftwareAgent.Name != "" {
		m["softwareAgent"] = a.SoftwareAgent.fields()
	}
	if !a.When.IsZero() {
		m["when"] = dateTime(a.When)
	}
	parameters := maps.Clone(a.Parameters)
	if len(ingredients) > 0 {
		if parameters == nil {
			parameters = map[string]any{}
		}
		parameters["ingredients"] = ingredients
	}
	if len(parameters) > 0 {
		m["parameters"] = parameters
	}
	return m
}

// fields returns the generator-info map (C2PA 2.4, 10.2.3).
func (g Generator) fields() map[string]any {
	m := map[string]any{"name": g.Name}
	put(m, "version", g.Version)
	return m
}

// put sets a field that is not empty.
func put(m map[string]any, key, value string) {
	if value != "" {
		m[key] = value
	}
}

// dateTime returns a time as CBOR has it (RFC 8949, 3.4.1).
func dateTime(t time.Time) cbor.Tag {
	return cbor.Tag{Number: 0, Content: t.UTC().Truncate(time.Second).Format(time.RFC3339)}
}

// actions returns the actions of the claim as they are written: an existing file
// is opened first, and an inserted mark is told.
func (c *Claim) actions(opened bool) []Action {
	actions := slices.Clone(c.Actions)
	if opened && (len(actions) == 0 || actions[0].Action != ActionOpened) {
		actions = slices.Insert(actions, 0, Action{Action: ActionOpened, When: c.firstTime()})
	}
	told := slices.ContainsFunc(actions, func(a Action) bool { return a.Action == ActionWatermarkBound })
	if !told && slices.ContainsFunc(c.SoftBindings, func(b SoftBinding) bool { return !b.Fingerprint }) {
		actions = append(actions, Action{Action: ActionWatermarkBound, When: c.firstTime()})
	}
	return actions
}

// firstTime returns when the first action was done.
func (c *Claim) firstTime() time.Time {
	if len(c.Actions) == 0 {
		return time.Time{}
	}
	return cmp.Or(c.Actions[0].When, time.Time{})
}
