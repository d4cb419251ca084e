package c2pa

import (
	"errors"
	"slices"

	"github.com/aigclabel/aigclabel/internal/jumbf"
)

// A predecessor is the file that a claim goes on from.
type predecessor struct {
	mime   string
	boxes  []*jumbf.Box // its manifests, as they stand; nil without credentials
	last   []*jumbf.Box // those of its last store, where it has several
	active *manifest
	report *Report
}

var (
	errEmptyStore = errors.New("they hold no manifest")
	errNoName     = errors.New("their manifest has no label that leads to it")
)

// read reads the stores of the file: a format that is updated by appending has
// several, of which a later one may repeat what an earlier one has.
func (p *predecessor) read(stores [][]byte, inflated int64) error {
	all := newStore(inflated)
	for i, b := range stores {
		if err := all.add(b); err != nil {
			return err
		}
		box, err := jumbf.Parse(b)
		if err != nil {
			return err
		}
		p.keep(box.Children)
		if i > 0 {
			p.last = asRead(box.Children)
		}
	}
	if p.active = all.active(); p.active == nil {
		return errEmptyStore
	}
	if _, box := all.resolve(&manifest{}, p.active.uri("")); box != p.active.outer {
		return errNoName
	}
	return nil
}

// keep takes the manifests of a store as they stand. Those that an earlier store has
// as well stand where the later has them.
func (p *predecessor) keep(manifests []*jumbf.Box) {
	again := map[string]bool{}
	for _, m := range manifests {
		again[m.Label] = m.IsSuper()
	}
	p.boxes = slices.DeleteFunc(p.boxes, func(b *jumbf.Box) bool { return again[b.Label] })
	p.boxes = append(p.boxes, asRead(manifests)...)
}

// asRead returns boxes that are written byte for byte as they were read.
func asRead(boxes []*jumbf.Box) []*jumbf.Box {
	out := make([]*jumbf.Box, len(boxes))
	for i, b := range boxes {
		out[i] = &jumbf.Box{Label: b.Label, Raw: b.Raw}
	}
	return out
}

// label returns the label of the active manifest, "" without credentials.
func (p *predecessor) label() string {
	if p == nil || p.active == nil {
		return ""
	}
	return p.active.label
}

// fields returns the ingredient-map-v3 (C2PA 2.4, 18.16): what was opened, and what
// its credentials were worth then, be it nothing.
func (p *predecessor) fields() map[string]any {
	m := map[string]any{"relationship": parentOf}
	put(m, "dc:format", p.mime)
	if p.active == nil {
		return m
	}
	m["activeManifest"] = referTo(p.active.uri(""), p.active.outer)
	if signature := p.active.box.Child(labelSignature); signature != nil {
		m["claimSignature"] = referTo(p.active.uri(labelSignature), signature)
	}
	m["validationResults"] = p.report.validationResults()
	return m
}

// validationResults returns what was found, as an ingredient has it (C2PA 2.4, 15.2.1).
func (r *Report) validationResults() map[string]any {
	m := map[string]any{"activeManifest": statusMap(r.Findings)}
	deltas := make([]any, len(r.Deltas))
	for i, d := range r.Deltas {
		deltas[i] = map[string]any{"ingredientAssertionURI": d.Ingredient, "validationDeltas": statusMap(d.Findings)}
	}
	if len(deltas) > 0 {
		m["ingredientDeltas"] = deltas
	}
	return m
}

// statusMap sorts findings by their kind.
func statusMap(findings []Finding) map[string][]map[string]any {
	m := map[string][]map[string]any{string(Success): {}, string(Informational): {}, string(Failure): {}}
	for _, f := range findings {
		entry := map[string]any{"code": f.Code}
		put(entry, "url", f.URL)
		put(entry, "explanation", f.Explanation)
		m[string(f.Kind)] = append(m[string(f.Kind)], entry)
	}
	return m
}
