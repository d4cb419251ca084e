package label

import (
	"strings"

	"github.com/aigclabel/aigclabel/metadata"
	"github.com/aigclabel/aigclabel/metadata/seal"
)

// sealLayers returns what became of the seal, nothing if none was asked for.
func sealLayers(sealer *seal.Sealer, record Layer, rec metadata.Record) []Layer {
	if sealer == nil {
		return nil
	}
	layer := Layer{Name: "seal", Done: record.Done}
	if !record.Done {
		layer.Reason = "no record to seal"
		return []Layer{layer}
	}
	var fields []string
	over := "label and media"
	results, _ := seal.Verify(rec, metadata.Source{}, nil) // reads nothing
	for _, r := range results {
		if r.Outcome == seal.Valid {
			fields = append(fields, string(r.Field))
		}
		if r.Content == seal.Unbound {
			over = "the label: what the media of this format are is not told"
		}
	}
	layer.Place = strings.Join(fields, ", ") + " over " + over
	return []Layer{layer}
}

// verifySeals looks at the integrity data of the record.
func (v *Verifier) verifySeals(rec *metadata.Record, src metadata.Source) ([]seal.Result, error) {
	if rec == nil || rec.ReservedCode1 == "" && rec.ReservedCode2 == "" {
		return []seal.Result{}, nil
	}
	results, err := seal.Verify(*rec, src, v.SealKeys)
	if results == nil {
		results = []seal.Result{}
	}
	return results, err
}

// seal judges the integrity data of the record. That of another form than those known
// is legal. With keys to trust, one of them has to be the key.
func (c *check) seal(trust bool) {
	const rule = "TC260-PG-202511A"
	worst := Skip
	var messages []string
	for _, r := range c.report.Seals {
		if r.Outcome == seal.Absent {
			continue
		}
		messages = append(messages, string(r.Field)+": "+r.Message)
		worst = worse(worst, sealOutcome(r, trust))
	}
	if len(messages) == 0 {
		messages = []string{"no protection data"}
	}
	c.add(checkSeal, worst, rule, "%s", strings.Join(messages, "; "))
}

// sealOutcome returns what one result is to the check.
func sealOutcome(r seal.Result, trust bool) Outcome {
	switch {
	case r.Outcome == seal.Invalid:
		return Fail
	case r.Outcome != seal.Valid:
		return Skip
	case r.Content == seal.Unbound, trust && r.Proof != seal.Identity:
		return Warn
	}
	return Pass
}

// worse returns the outcome that says more against a file.
func worse(a, b Outcome) Outcome {
	rank := map[Outcome]int{Skip: 0, Pass: 1, Warn: 2, Fail: 3}
	if rank[b] > rank[a] {
		return b
	}
	return a
}
