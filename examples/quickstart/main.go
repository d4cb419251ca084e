// Quickstart labels a picture, a text and a sound as a generator must, then
// looks at them as a platform would. From the root of the repository:
//
//	go run ./examples/quickstart
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/aigclabel/aigclabel/label"
)

func main() {
	log.SetFlags(0)
	out, err := os.MkdirTemp("", "aigclabel-")
	if err != nil {
		log.Fatal(err)
	}
	for _, name := range []string{"image/sunset.png", "text/answer.md", "audio/chime.mp3"} {
		if err := run(filepath.Join("examples", name), filepath.Join(out, filepath.Base(name))); err != nil {
			log.Fatal(err)
		}
	}
	fmt.Println("The labelled files are in", out)
}

// run labels the file src into dst, and verifies both.
func run(src, dst string) error {
	ctx := context.Background()

	// A generator sets up one Labeler and shares it. Producer is your company's
	// code (TC260-PG-20252A); this one is made up.
	labeler := label.Labeler{Producer: "001191990099MA01ABCD5610001", Notice: &label.Notice{}}

	// The record goes into the metadata, and the notice where people see it, or
	// hear it. Where a format takes none it is shown beside the content.
	receipt, err := labeler.LabelFile(ctx, src, dst, label.Artifact{})
	if errors.Is(err, label.ErrNoNotice) {
		labeler.Notice = nil
		receipt, err = labeler.LabelFile(ctx, src, dst, label.Artifact{})
	}
	if err != nil {
		return err
	}
	fmt.Printf("%s\n  labelled   %s\n  as number  %s\n", src, receipt.Place, receipt.Record.ProduceID)

	// A platform asks one question of each upload. The zero Verifier will do.
	var verifier label.Verifier
	report, err := verifier.VerifyFile(ctx, dst, nil)
	if err != nil {
		return err
	}
	fmt.Printf("  verified   %s: %s\n", report.Verdict, report.Notice)

	// Whatever is wrong with a label is in the report, as atomic checks.
	for _, check := range report.Failed() {
		fmt.Printf("  failed     %s: %s\n", check.ID, check.Message)
	}
	return nil
}
