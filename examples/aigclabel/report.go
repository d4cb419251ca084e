package main

import (
	_ "embed"
	"html/template"
	"os"
	"time"

	"github.com/aigclabel/aigclabel/label"
	"github.com/aigclabel/aigclabel/metadata/c2pa"
	"github.com/aigclabel/aigclabel/metadata/seal"
)

//go:embed report.html
var reportPage string

var reportTemplate = template.Must(template.New("report").Funcs(template.FuncMap{"sealed": sealed}).Parse(reportPage))

// A sealedField is what a seal comes to, in few words.
type sealedField struct {
	seal.Result
	Class, Text string
}

// sealed returns that of a seal, nil for a field without one.
func sealed(r seal.Result) *sealedField {
	switch {
	case r.Outcome == seal.Absent:
		return nil
	case r.Outcome == seal.Invalid:
		return &sealedField{r, "fail", "seal broken"}
	case r.Outcome != seal.Valid:
		return &sealedField{r, "warn", "seal of another kind"}
	case r.Content == seal.Unbound:
		return &sealedField{r, "warn", "seal of the label alone"}
	case r.Proof == seal.Identity:
		return &sealedField{r, "ok", "sealed by a trusted key"}
	}
	return &sealedField{r, "ok", "sealed"}
}

// A count is one part of a bar at the top of the page.
type count struct {
	Name, Text string
	Files      int
}

// writeReport writes a page about all files of a scan, for people to look at. It
// stands alone: no scripts, no links.
func (s *scan) writeReport(path string) error {
	fulfilled, states := 0, map[c2pa.State]int{}
	for _, r := range s.reports {
		if r.OK() {
			fulfilled++
		}
		if r.Credentials != nil {
			states[r.Credentials.State]++
		} else {
			states[""]++
		}
	}
	page := struct {
		Files, Skipped, Fulfilled int
		Time, Profile             string
		Verdicts, Credentials     []count
		Reports                   []*label.Report
	}{
		s.files, s.skipped, fulfilled, time.Now().Format("2006-01-02 15:04 MST"), string(s.verifier.Profile),
		[]count{
			{"confirmed", "confirmed", s.verdicts[label.Confirmed]},
			{"possible", "possible", s.verdicts[label.Possible]},
			{"suspected", "suspected", s.verdicts[label.Suspected]},
			{"none", "without a label", s.verdicts[label.None]},
			{"unread", "not read", s.unread},
		},
		[]count{
			{"Trusted", "intact, of a trusted signer", states[c2pa.Trusted]},
			{"Valid", "intact, of a signer who is not on the trust list", states[c2pa.Valid]},
			{"Invalid", "broken", states[c2pa.Invalid]},
			{"unsigned", "without credentials", states[""]},
		},
		s.reports,
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := reportTemplate.Execute(f, page); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}
