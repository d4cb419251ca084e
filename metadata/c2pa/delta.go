package c2pa

import "slices"

// A recordKey is what makes two results the same (C2PA 2.2, 18.15.12.4.3).
type recordKey struct {
	kind Kind
	code Code
	url  string
}

// maxFindings bounds what is looked at of ingredients: several may lead to one manifest.
const maxFindings = 256 << 10

// compare reports what was found about the ingredients and not recorded by those who
// took them in.
func (v *validator) compare(r *Report) {
	recorded := v.recorded()
	room := maxFindings
	for _, l := range v.links {
		known := recorded[l.assertion.uri]
		findings := slices.DeleteFunc(v.checkLink(l), known.names)
		if l.to != nil {
			v.judge(l.to)
			if room -= len(l.to.findings); room < 0 {
				v.exceeded = true
				return
			}
			for _, f := range l.to.findings {
				if !known.has(f) {
					findings = append(findings, f)
				}
			}
		}
		if len(findings) > 0 {
			r.Deltas = append(r.Deltas, Delta{Ingredient: l.assertion.uri, Findings: findings})
		}
	}
}

// records is what was recorded about one ingredient.
type records map[recordKey]bool

// recorded returns what the ingredient assertions of all manifests record, by the URI of
// the assertion that it is about.
func (v *validator) recorded() map[string]records {
	all := map[string]records{}
	put := func(uri string, m *manifest, kind Kind, list []status) {
		if all[uri] == nil {
			all[uri] = records{}
		}
		for _, s := range list {
			if s.URL != "" {
				s.URL = m.absolute(s.URL)
			}
			all[uri][recordKey{kind, s.Code, s.URL}] = true
		}
	}
	for _, l := range v.links {
		in, uri := l.assertion.ingredient, l.assertion.uri
		if l.to == nil {
			continue
		}
		put(uri, l.to, Failure, in.failures())
		put(uri, l.to, Success, in.Status) // no failure is one of them
		if in.Results == nil {
			continue
		}
		put(uri, l.to, Success, in.Results.Active.Success)
		put(uri, l.to, Informational, in.Results.Active.Informational)
		for _, d := range in.Results.Deltas {
			label, _, _ := l.to.split(d.URI)
			if target := v.store.byLabel[label]; target == nil || !v.over(l.from, target) {
				continue
			}
			about := l.to.absolute(d.URI)
			put(about, l.to, Success, d.Deltas.Success)
			put(about, l.to, Informational, d.Deltas.Informational)
			put(about, l.to, Failure, d.Deltas.Failure)
		}
	}
	return all
}

// names reports whether a finding was recorded, with what it concerns.
func (r records) names(f Finding) bool { return r[recordKey{f.Kind, f.Code, f.URL}] }

// has reports whether a finding about the manifest of the ingredient was recorded. Old
// records leave out what they concern. A certificate that was good when the ingredient
// was taken in, and has expired since, is no news either.
func (r records) has(f Finding) bool {
	if f.Code == ClaimSignatureOutsideValidity && r[recordKey{Success, ClaimSignatureInsideValidity, f.URL}] {
		return true
	}
	return r.names(f) || r[recordKey{f.Kind, f.Code, ""}]
}
