// Audio labels sounds that arrive as streams, for instance from a speech model.
//
//	go run ./examples/audio
package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"

	"github.com/aigclabel/aigclabel/label"
	"github.com/aigclabel/aigclabel/metadata"
)

// maxSound is the longest sound that we take.
const maxSound = 64 << 20

func main() {
	log.SetFlags(0)
	for _, name := range []string{"chime.wav", "chime.mp3"} {
		f, err := os.Open(filepath.Join("examples", "audio", name))
		if err != nil {
			log.Fatal(err)
		}
		defer f.Close()
		if err := run(name, f); err != nil {
			log.Fatal(err)
		}
	}
}

// run labels the sound that comes from model.
func run(name string, model io.Reader) error {
	ctx := context.Background()

	// Where a label goes depends on the whole file, so a stream is read to its
	// end first, within a limit. Files and uploads need no such copy.
	sound, err := metadata.ReadAll(model, name, maxSound)
	if err != nil {
		return err
	}

	// A rhythm before the sound says that it is generated. Where a format takes none,
	// show the words beside the player.
	labeler := label.Labeler{Producer: "001191990099MA01ABCD5610001", Notice: &label.Notice{}}
	var labelled bytes.Buffer
	receipt, err := labeler.Label(ctx, &labelled, sound, label.Artifact{ID: "speech-7"})
	if errors.Is(err, label.ErrNoNotice) {
		labeler.Notice = nil
		receipt, err = labeler.Label(ctx, &labelled, sound, label.Artifact{ID: "speech-7"})
	}
	if err != nil {
		return err
	}
	fmt.Printf("%s: %d bytes became %d\n", name, sound.Size, receipt.Size)
	for _, layer := range receipt.Layers {
		fmt.Printf("  %s: %s\n", layer.Name, cmp.Or(layer.Place, layer.Reason))
	}

	// A player reads only the head of the file to know what it plays: cut the
	// rest off, and the label is still found. The report says what is broken.
	head := labelled.Bytes()[:labelled.Len()/2]
	var verifier label.Verifier
	report, err := verifier.Verify(ctx, metadata.Bytes(head, name), nil)
	if err != nil {
		return err
	}
	fmt.Printf("  half of it: %s, so show %q or %q\n", report.Verdict, report.Notice, report.Verdict.Notice("en"))
	for _, check := range report.Checks {
		if check.ID == "container.intact" {
			fmt.Printf("  %s: %s, %s\n", check.ID, check.Outcome, check.Message)
		}
	}
	return nil
}
