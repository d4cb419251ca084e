package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"github.com/aigclabel/aigclabel/label"
	"github.com/aigclabel/aigclabel/metadata"
	"github.com/aigclabel/aigclabel/metadata/seal"
)

// A scan verifies files and prints what it finds.
type scan struct {
	*cli
	verifier label.Verifier
	upload   label.Upload
	json     bool

	page           string          // where to write a page for people, "" for none
	reports        []*label.Report // for that page
	files, skipped int             // files examined; unknown ones in directories
	unread         int             // files that could not be examined
	verdicts       map[label.Verdict]int
	failed, broken bool // exit codes 1 and 2
	shown          time.Time
}

func runVerify(ctx context.Context, c *cli, flags *flag.FlagSet, args []string) (int, error) {
	s := &scan{cli: c, verdicts: map[label.Verdict]int{}}
	flags.BoolVar(&s.json, "json", false, "print a line of JSON for each file")
	flags.BoolVar(&s.upload.Declared, "declared", false, "the uploader declares the content AI-generated")
	flags.BoolVar(&s.verifier.Deep, "deep", false, "also look for notices in the pixels of pictures and the samples of sounds; keys imply it")
	keyFlags(flags, &s.verifier.Keys)
	trustFlags(flags, &s.verifier.Trust)
	sealTrustFlag(flags, &s.verifier.SealKeys)
	flags.StringVar(&s.page, "report", "", "also write a page about all files to `file` (HTML)")
	profile := flags.String("profile", "china", "rules to check against: china, eu or california")
	name := flags.String("name", "", "`name` of the file on standard input, a hint to tell Markdown from plain text")
	if err := flags.Parse(args); err != nil {
		return 0, fmt.Errorf("%w: %w", errUsage, err)
	}
	if flags.NArg() == 0 {
		return 0, usageError("name files or directories, or - for standard input")
	}
	var err error
	s.verifier.Deep = s.verifier.Deep || len(s.verifier.Keys) > 0 // who has keys wants to see what they find
	if s.verifier.Profile, err = label.ParseProfile(*profile); err != nil {
		return 0, err
	}
	for _, path := range flags.Args() {
		if path == "-" {
			err = s.stdin(ctx, *name)
		} else {
			err = s.path(ctx, path)
		}
		if err != nil {
			return 0, err
		}
	}
	s.summary()
	if s.page != "" {
		if err := s.writeReport(s.page); err != nil {
			return 0, err
		}
	}
	switch {
	case s.broken:
		return exitError, nil
	case s.failed:
		return exitFailed, nil
	}
	return exitOK, ctx.Err()
}

// stdin verifies standard input, through a temporary file.
func (s *scan) stdin(ctx context.Context, name string) error {
	dir, err := os.MkdirTemp("", "aigclabel-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "in"+filepath.Ext(name))
	if err := spool(path, s.cli.stdin); err != nil {
		return err
	}
	report, err := s.verifier.VerifyFile(ctx, path, &s.upload)
	report.File = "-"
	return s.named(report, err)
}

func (s *scan) path(ctx context.Context, path string) error {
	info, err := os.Stat(path)
	if err == nil && info.IsDir() {
		return s.dir(ctx, path)
	}
	report, err := s.verifier.VerifyFile(ctx, path, &s.upload)
	return s.named(report, err)
}

// named takes the result for a file that the user named.
func (s *scan) named(report *label.Report, err error) error {
	s.broken = s.broken || err != nil
	return s.print(report)
}

// dir verifies the files of a tree. Files of unknown formats and sidecars are skipped.
func (s *scan) dir(ctx context.Context, root string) error {
	defer debug.SetGCPercent(debug.SetGCPercent(400)) // each file leaves a little; collect it rarely
	for name, result := range s.verifier.FS(ctx, os.DirFS(root), ".") {
		result.Report.File = filepath.Join(root, filepath.FromSlash(name))
		why := ""
		switch {
		case errors.Is(result.Err, metadata.ErrUnknownFormat):
			why = "unknown format"
		case result.Report.Format == "c2pa": // examined with that file
			why = "the credentials of another file"
		case result.Err != nil:
			s.broken = true
		}
		if why != "" {
			s.skipped++
			if !s.json {
				fmt.Fprintf(s.stdout, "%s: skipped, %s\n", result.Report.File, why)
			}
			continue
		}
		if err := s.print(result.Report); err != nil {
			return err
		}
		s.progress()
	}
	return ctx.Err()
}

// print prints one report, and counts it.
func (s *scan) print(r *label.Report) error {
	s.files++
	if r.Error != "" && r.Verdict == label.None {
		s.unread++
	} else {
		s.verdicts[r.Verdict]++
	}
	s.failed = s.failed || !r.OK()
	if s.page != "" {
		s.reports = append(s.reports, r)
	}
	if s.json {
		return json.NewEncoder(s.stdout).Encode(r)
	}
	return s.text(r)
}

// text prints a report for people.
func (s *scan) text(r *label.Report) error {
	w := bufio.NewWriter(s.stdout) // one write for each file
	fmt.Fprintf(w, "%s: %s", r.File, r.Verdict)
	if r.Format != "" {
		fmt.Fprintf(w, " (%s)", r.Format)
	}
	fmt.Fprintln(w)
	if r.Error != "" {
		fmt.Fprintf(w, "  %s\n", r.Error)
	}
	if r.Notice != "" {
		fmt.Fprintf(w, "  show %q\n", r.Notice)
	}
	if rec := r.Record; rec != nil {
		fmt.Fprintf(w, "  Label %q", rec.Label)
		if rec.ContentProducer != "" || rec.ProduceID != "" {
			fmt.Fprintf(w, " by %q, number %q", rec.ContentProducer, rec.ProduceID)
		}
		if rec.ContentPropagator != "" && rec.ContentPropagator != rec.ContentProducer {
			fmt.Fprintf(w, "; published by %q, number %q", rec.ContentPropagator, rec.PropagateID)
		}
		fmt.Fprintln(w)
	}
	if found := r.Credentials; found != nil && found.Active != nil {
		fmt.Fprintf(w, "  credentials %s, signed by %q: %s\n", found.State, found.Active.Signature.Subject, cmp.Or(found.Origin, "no statement about the origin"))
	}
	for _, mark := range r.Watermarks {
		fmt.Fprintf(w, "  watermark %s\n", mark.Payload)
	}
	for _, sealed := range r.Seals {
		if sealed.Outcome == seal.Valid {
			fmt.Fprintf(w, "  %s: %s\n", sealed.Field, sealed.Message)
		}
	}
	for _, c := range r.Checks {
		if c.ID == "watermark.present" && c.Outcome == label.Skip && len(s.verifier.Keys) > 0 { // none, or not looked for
			fmt.Fprintf(w, "  watermark: %s\n", c.Message)
		}
		if c.Outcome == label.Fail || c.Outcome == label.Warn {
			fmt.Fprintf(w, "  %s %s: %s (%s)\n", c.Outcome, c.ID, c.Message, c.Rule)
		}
	}
	return w.Flush()
}

// progress shows a count on a terminal, ten times a second at most.
func (s *scan) progress() {
	if s.terminal && time.Since(s.shown) > 100*time.Millisecond {
		s.shown = time.Now()
		fmt.Fprintf(s.stderr, "\r%d files", s.files)
	}
}

// summary ends a scan of several files.
func (s *scan) summary() {
	if s.terminal && !s.shown.IsZero() {
		io.WriteString(s.stderr, "\r\033[K")
	}
	if s.files+s.skipped < 2 {
		return
	}
	w := s.stdout
	if s.json {
		w = s.stderr
	}
	fmt.Fprintf(w, "%d files: %d confirmed, %d possible, %d suspected, %d without a label; %d not read, %d skipped\n",
		s.files, s.verdicts[label.Confirmed], s.verdicts[label.Possible], s.verdicts[label.Suspected], s.verdicts[label.None], s.unread, s.skipped)
}
