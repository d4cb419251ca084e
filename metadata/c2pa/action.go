package c2pa

import (
	"slices"
	"time"

	"github.com/fxamacker/cbor/v2"
)

// An actions is an actions assertion of either version (C2PA 2.2, 18.14.12).
type actions struct {
	Actions   []action   `cbor:"actions"`
	Templates []action   `cbor:"templates"`
	Agents    generators `cbor:"softwareAgents"`
}

// An action is one of them, or a template for those of a name.
type action struct {
	Action      string          `cbor:"action"`
	SourceType  string          `cbor:"digitalSourceType"`
	Agent       generators      `cbor:"softwareAgent"`
	AgentIndex  *int            `cbor:"softwareAgentIndex"`
	When        instant         `cbor:"when"`
	Description string          `cbor:"description"`
	Icon        *reference      `cbor:"icon"`
	Parameters  cbor.RawMessage `cbor:"parameters"`
}

// parameters are those of an action that are judged.
type parameters struct {
	Ingredient     *reference  `cbor:"ingredient"` // version 1
	Ingredients    []reference `cbor:"ingredients"`
	Redacted       string      `cbor:"redacted"`
	SourceLanguage string      `cbor:"sourceLanguage"`
	TargetLanguage string      `cbor:"targetLanguage"`
}

// An instant is a time as assertions write it, zero for one that cannot be read: it is
// no more than what the signer says.
type instant struct{ time.Time }

// UnmarshalCBOR implements [cbor.Unmarshaler].
func (t *instant) UnmarshalCBOR(b []byte) error {
	var text string
	if b[0]>>5 == majorTag {
		var tag cbor.RawTag
		if decoder.Unmarshal(b, &tag) == nil {
			b = tag.Content
		}
	}
	if len(b) > 0 && b[0]>>5 == majorText && decoder.Unmarshal(b, &text) == nil {
		t.Time, _ = time.Parse(time.RFC3339, text)
	}
	return nil
}

// encoded returns what was JSON as CBOR.
func encoded(v any) []byte {
	b, _ := cbor.Marshal(v) // values of JSON are values of CBOR
	return b
}

// readActions reads an actions assertion, nil if it is malformed. What templates say
// is filled in (C2PA 2.2, 18.14.6.1).
func readActions(b []byte) *actions {
	a := new(actions)
	if decoder.Unmarshal(b, a) != nil {
		return nil
	}
	common, merged := action{}, map[string]action{}
	for _, t := range a.Templates {
		if t.Action == "*" {
			common = t.over(common)
		}
	}
	for _, t := range a.Templates {
		if t.Action != "*" {
			merged[t.Action] = t.over(merged[t.Action])
		}
	}
	for i := range a.Actions {
		act := &a.Actions[i]
		*act = act.over(merged[act.Action].over(common))
		if n := act.AgentIndex; n != nil && *n >= 0 && *n < len(a.Agents) && len(act.Agent) == 0 {
			act.Agent = a.Agents[*n : *n+1]
		}
	}
	return a
}

// over returns a with what it does not say from t.
func (a action) over(t action) action {
	if a.SourceType == "" {
		a.SourceType = t.SourceType
	}
	if a.Description == "" {
		a.Description = t.Description
	}
	if len(a.Agent) == 0 && a.AgentIndex == nil {
		a.Agent, a.AgentIndex = t.Agent, t.AgentIndex
	}
	return a
}

// parameters returns the parameters, and whether there are any.
func (a *action) parameters() (p parameters, ok bool) {
	if len(a.Parameters) == 0 || decoder.Unmarshal(a.Parameters, &p) != nil {
		return parameters{}, false
	}
	return p, true
}

// ingredients returns the references to ingredients.
func (p *parameters) ingredients() []reference {
	if p.Ingredients == nil && p.Ingredient != nil {
		return []reference{*p.Ingredient}
	}
	return p.Ingredients
}

// inception reports whether the action begins a file.
func (a *action) inception() bool { return a.Action == "c2pa.created" || a.Action == "c2pa.opened" }

// isUpdateAction reports whether an update manifest may tell an action (C2PA 2.2, 11.2.3).
func isUpdateAction(name string) bool {
	switch name {
	case "c2pa.edited.metadata", "c2pa.opened", "c2pa.published", "c2pa.redacted":
		return true
	}
	return false
}

// checkActions judges the actions assertions (C2PA 2.2, 15.10.3.2.2). Claims of version
// 1 were made before the rules: theirs need only be readable.
func (v *validator) checkActions(m *manifest) {
	all := m.named(actionsV1, actionsV2)
	begun := 0
	for _, a := range all {
		if a.box == nil || !a.matches {
			continue // said already
		}
		if a.actions == nil || len(a.actions.Actions) == 0 {
			m.add(ActionMalformed, a.uri, "no list of actions")
			continue
		}
		if m.claim.version == 1 {
			continue
		}
		if slices.ContainsFunc(a.actions.Actions, func(a action) bool { return a.inception() }) {
			begun++
		}
		v.checkIcons(m, a)
		first := a == m.firstActions(true) || a == m.firstActions(false)
		for i := range a.actions.Actions {
			v.checkAction(m, a, i, first)
		}
	}
	if m.claim.version > 1 && !m.update && begun != 1 {
		m.add(ActionMalformed, m.claimURI(), "not exactly one actions assertion says that the file was created or opened")
	}
}

// firstActions returns the first actions assertion among those of the signer, or among
// those that it gathered.
func (m *manifest) firstActions(created bool) *assertion {
	n := min(len(m.claim.Created), len(m.assertions))
	list := m.assertions[n:]
	if created {
		list = m.assertions[:n]
	}
	i := slices.IndexFunc(list, func(a *assertion) bool { return a.name == actionsV1 || a.name == actionsV2 })
	if i < 0 {
		return nil
	}
	return list[i]
}

// checkAction judges the i-th action of an assertion.
func (v *validator) checkAction(m *manifest, a *assertion, i int, first bool) {
	act := &a.actions.Actions[i]
	p, _ := act.parameters()
	if act.Action == "" {
		m.add(ActionMalformed, a.uri, "an action has no name")
	}
	if act.inception() && (i > 0 || !first) {
		m.add(ActionMalformed, a.uri, act.Action+" is not the first action")
	}
	switch act.Action {
	case "c2pa.created":
		if act.SourceType == "" {
			m.add(ActionMalformed, a.uri, "c2pa.created has no digitalSourceType")
		}
	case "c2pa.opened":
		v.checkActionIngredients(m, a, act, p.ingredients(), parentOf)
	case "c2pa.placed", "c2pa.removed":
		v.checkActionIngredients(m, a, act, p.ingredients(), componentOf)
	case "c2pa.transcoded", "c2pa.repackaged":
		if p.ingredients() != nil {
			v.checkActionIngredients(m, a, act, p.ingredients(), parentOf)
		}
	case "c2pa.translated":
		if p.SourceLanguage == "" || p.TargetLanguage == "" {
			m.add(ActionMalformed, a.uri, "c2pa.translated does not tell both languages")
		}
	case "c2pa.redacted":
		if !v.wasListed(m, p.Redacted) {
			m.add(ActionRedactionMismatch, a.uri, "c2pa.redacted does not lead to an assertion")
		}
	}
}

// checkActionIngredients judges the ingredients of an action, which need to have a
// relationship.
func (v *validator) checkActionIngredients(m *manifest, a *assertion, act *action, refs []reference, relationship string) {
	mismatch := func(why string) { m.add(ActionIngredientMismatch, a.uri, act.Action+" "+why) }
	if len(refs) == 0 {
		mismatch("refers to no ingredient")
	}
	if act.Action == "c2pa.opened" && len(refs) > 1 {
		mismatch("refers to more than one ingredient")
	}
	for _, ref := range refs {
		if v.redacted[m.absolute(ref.URL)] {
			continue
		}
		owner, box := v.store.resolve(m, ref.URL)
		elsewhere := act.Action == "c2pa.removed" // the ingredient is of the file as it was
		found := v.ingredientIn(owner, m.absolute(ref.URL))
		switch {
		case box == nil || found == nil || (owner != m) != elsewhere:
			mismatch("does not lead to an ingredient")
		case found.Relationship != relationship:
			mismatch("leads to an ingredient that is not " + relationship)
		default:
			v.checkDigest(m, ref, box, a.uri)
		}
	}
}

// ingredientIn returns the ingredient that an assertion of a manifest describes.
func (v *validator) ingredientIn(m *manifest, uri string) *ingredient {
	if m == nil {
		return nil
	}
	v.open(m)
	if a := m.byURI[uri]; a != nil {
		return a.ingredient
	}
	return nil
}

// wasListed reports whether a claim of the store lists an assertion, which may be gone.
func (v *validator) wasListed(m *manifest, uri string) bool {
	label, _, ok := m.split(uri)
	target := v.store.byLabel[label]
	if !ok || target == nil {
		return false
	}
	v.open(target)
	return target.byURI[m.absolute(uri)] != nil
}

// checkIcons judges the pictures that an actions assertion refers to.
func (v *validator) checkIcons(m *manifest, a *assertion) {
	for _, list := range [][]action{a.actions.Templates, a.actions.Actions} {
		for i := range list {
			v.checkReference(m, list[i].Icon, a.uri)
			v.checkAgentIcons(m, list[i].Agent, a.uri)
		}
	}
	v.checkAgentIcons(m, a.actions.Agents, a.uri)
}

func (v *validator) checkAgentIcons(m *manifest, agents generators, uri string) {
	for _, g := range agents {
		v.checkReference(m, g.Icon, uri)
	}
}
