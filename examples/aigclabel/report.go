package main

import (
	_ "embed"
	"html/template"
	"os"
	"time"

	"github.com/aigclabel/aigclabel/label"
)

//go:embed report.html
var reportPage string

var reportTemplate = template.Must(template.New("report").Parse(reportPage))

// A count is one part of the bar at the top of the page.
type count struct {
	Name, Text string
	Files      int
}

// writeReport writes a page about all files of a scan, for people to look at. It
// stands alone: no scripts, no links.
func (s *scan) writeReport(path string) error {
	unread := 0
	for _, r := range s.reports {
		if r.Error != "" {
			unread++
		}
	}
	page := struct {
		Files, Skipped int
		Time, Profile  string
		Counts         []count
		Reports        []*label.Report
	}{
		s.files, s.skipped, time.Now().Format("2006-01-02 15:04 MST"), string(s.verifier.Profile),
		[]count{
			{"confirmed", "confirmed", s.verdicts[label.Confirmed]},
			{"possible", "possible", s.verdicts[label.Possible]},
			{"suspected", "suspected", s.verdicts[label.Suspected]},
			{"none", "without a label", s.verdicts[label.None] - unread},
			{"unread", "not read", unread},
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
