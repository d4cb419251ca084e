package c2pa

// A Report says what the Content Credentials of a file are worth, and what they say.
// Encoded as JSON it grows by addition.
type Report struct {
	// State is "" for a file without credentials.
	State State `json:"state"`

	// Place is where they are, in the words of the format; "sidecar" for those of
	// [Options.Sidecar].
	Place string `json:"place,omitempty"`

	// Remote is where a file without credentials says that they are. It is not
	// looked there.
	Remote string `json:"remote,omitempty"`

	// Origin is where the content comes from, as far as the active manifest and those
	// of its ingredients tell. It is as much worth as State.
	Origin Origin `json:"origin,omitempty"`

	// Watermarked says that the content carries a mark that leads to its
	// credentials without them.
	Watermarked bool `json:"watermarked"`

	// Active is the manifest that speaks for the file, nil without.
	Active *Manifest `json:"active,omitempty"`

	// Manifests are those of the ingredients, and of theirs, in the order in which
	// they are found.
	Manifests []*Manifest `json:"manifests,omitempty"`

	// Findings are about the file and the active manifest.
	Findings []Finding `json:"findings,omitempty"`

	// Deltas are about the ingredients.
	Deltas []Delta `json:"deltas,omitempty"`
}

// A Delta is what was found about an ingredient, without what the signer of the
// assertion had found and recorded in it (C2PA 2.2, 15.11.3.3).
type Delta struct {
	Ingredient string    `json:"ingredient"` // URI of the assertion
	Findings   []Finding `json:"findings"`
}

// reject makes r that of credentials that are not looked into.
func (r *Report) reject(f Finding) {
	r.State = Invalid
	r.Findings = append(r.Findings, f)
}

// state returns what the findings come to (C2PA 2.2, 14.3). That the signer is unknown
// is a failure that does not make a file invalid, and of an ingredient means nothing
// for the file.
func (r *Report) state() State {
	seen := map[Code]bool{}
	for _, f := range r.Findings {
		if f.Kind == Failure && f.Code != SigningCredentialUntrusted {
			return Invalid
		}
		seen[f.Code] = true
	}
	for _, d := range r.Deltas {
		for _, f := range d.Findings {
			if f.Kind == Failure && f.Code != SigningCredentialUntrusted {
				return Invalid
			}
		}
	}
	bound := seen[DataHashMatch] || seen[BMFFHashMatch] || seen[BoxesHashMatch] || seen[CollectionHashMatch]
	switch {
	case !bound || !seen[ClaimSignatureValidated] || !seen[ClaimSignatureInsideValidity]:
		return Invalid
	case seen[SigningCredentialTrusted] && !seen[SigningCredentialUntrusted]:
		return Trusted
	}
	return Valid
}

// A Manifest is what one manifest says.
type Manifest struct {
	Label      string `json:"label"`
	Version    int    `json:"version"` // of the claim, 1 or 2
	Update     bool   `json:"update,omitempty"`
	Compressed bool   `json:"compressed,omitempty"`

	Title      string    `json:"title,omitempty"`
	InstanceID string    `json:"instanceID,omitempty"`
	Generator  Generator `json:"generator"` // the program that made the claim
	Signature  Signature `json:"signature"`

	// Origin is where the content comes from, its ingredients included.
	Origin Origin `json:"origin,omitempty"`

	// Watermarked says that this manifest tells of a mark in the content.
	Watermarked bool `json:"watermarked,omitempty"`

	// SourceTypes lists the digital source types that are stated, each once.
	SourceTypes []string `json:"sourceTypes,omitempty"`

	Actions      []Action      `json:"actions,omitempty"`
	Ingredients  []Ingredient  `json:"ingredients,omitempty"`
	SoftBindings []SoftBinding `json:"softBindings,omitempty"`

	// Assertions lists the labels of all.
	Assertions []string `json:"assertions,omitempty"`

	// Redacted lists the URIs of assertions of ingredients that the signer removed.
	Redacted []string `json:"redacted,omitempty"`
}

// An Ingredient is what a file was made from.
type Ingredient struct {
	Title        string `json:"title,omitempty"`
	Format       string `json:"format,omitempty"` // media type
	InstanceID   string `json:"instanceID,omitempty"`
	Relationship string `json:"relationship"`         // "parentOf", "componentOf" or "inputTo"
	SourceType   string `json:"sourceType,omitempty"` // digital source type
	Manifest     string `json:"manifest,omitempty"`   // its label, "" for one without

	// Failures is what the signer knew to be wrong with it.
	Failures []Finding `json:"failures,omitempty"`
}

// report fills in what the manifests say and what was found.
func (v *validator) report(r *Report, active *manifest) {
	r.Active = v.describe(active)
	meaning := v.meaningOf(active, 0)
	r.Origin, r.Watermarked = meaning.origin, meaning.marked
	r.Findings = append(r.Findings, active.findings...)
	v.compare(r)
	if v.exceeded {
		r.Findings = append(r.Findings, at(GeneralError, manifestURI("", ""), "the store is too large to be judged whole"))
	}
	told := map[*manifest]bool{active: true}
	for _, l := range v.links {
		if l.to != nil && !told[l.to] {
			told[l.to] = true
			r.Manifests = append(r.Manifests, v.describe(l.to))
		}
	}
}

// describe returns what m says.
func (v *validator) describe(m *manifest) *Manifest {
	out := &Manifest{Label: m.label, Update: m.update, Compressed: m.compressed, Signature: m.signature}
	if m.claim == nil {
		return out
	}
	c := m.claim
	out.Version, out.Title, out.Generator, out.Redacted = c.version, c.Title, c.generator(), c.Redacted
	if c.InstanceID != nil {
		out.InstanceID = *c.InstanceID
	}
	meaning := v.meaningOf(m, 0)
	out.Origin, out.Watermarked, out.SourceTypes = meaning.origin, meaning.marked, meaning.sourceTypes
	for _, a := range m.assertions {
		out.Assertions = append(out.Assertions, a.label)
		switch {
		case a.actions != nil:
			for i := range a.actions.Actions {
				out.Actions = append(out.Actions, a.actions.Actions[i].public())
			}
		case a.ingredient != nil:
			out.Ingredients = append(out.Ingredients, a.ingredient.public(m))
		case a.name == softBindingName:
			out.SoftBindings = append(out.SoftBindings, a.softBindings(c.SoftAlg)...)
		}
	}
	return out
}

// public returns what an action says.
func (a *action) public() Action {
	agent := a.Agent.first()
	return Action{
		Action: a.Action, DigitalSourceType: a.SourceType, SoftwareAgent: Generator{Name: agent.Name, Version: agent.Version},
		When: a.When.Time, Description: a.Description,
	}
}

// public returns what an ingredient assertion of m says.
func (in *ingredient) public(m *manifest) Ingredient {
	out := Ingredient{Title: in.Title, Format: in.Format, InstanceID: in.InstanceID, Relationship: in.Relationship, SourceType: in.SourceType}
	if ref := in.manifest(); ref != nil {
		out.Manifest, _, _ = m.split(ref.URL)
	}
	for _, s := range in.failures() {
		out.Failures = append(out.Failures, Finding{Code: s.Code, Kind: Failure, URL: s.URL, Explanation: s.Explanation})
	}
	return out
}
