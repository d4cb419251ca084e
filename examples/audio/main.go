// Audio labels sounds that arrive as streams, for instance from a speech model, and the
// turns of a voice assistant.
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
	"slices"

	"github.com/aigclabel/aigclabel/label"
	"github.com/aigclabel/aigclabel/metadata"
)

// maxSound is the longest sound that we take.
const maxSound = 64 << 20

// sounds are what models make, and the notice that each gets.
var sounds = []struct {
	name   string
	notice label.Notice
}{
	{"chime.wav", label.Notice{}}, // the rhythm in front
	{"chime.wav", label.Notice{Sound: label.Spoken, Language: "zh-Hans+en", Position: label.Both}}, // words, before and behind
	{"chimes.flac", label.Notice{Mix: true}},                                                       // over the start: no longer than before
	{"chimes.flac", label.Notice{Sound: label.Spoken, Mix: true, Position: label.End}},
	{"chime.mp3", label.Notice{}},
}

func main() {
	log.SetFlags(0)
	for _, s := range sounds {
		f, err := os.Open(filepath.Join("examples", "audio", s.name))
		if err != nil {
			log.Fatal(err)
		}
		defer f.Close()
		if err := run(s.name, f, s.notice); err != nil {
			log.Fatal(err)
		}
	}
	if err := assistant(os.Stdout); err != nil {
		log.Fatal(err)
	}
}

// run labels the sound that comes from model.
func run(name string, model io.Reader, notice label.Notice) error {
	ctx := context.Background()

	// Where a label goes depends on the whole file, so a stream is read to its
	// end first, within a limit. Files and uploads need no such copy.
	sound, err := metadata.ReadAll(model, name, maxSound)
	if err != nil {
		return err
	}

	// A notice that people hear says that the sound is generated. Formats that cannot
	// carry one get the record alone: show the words beside the player.
	labeler := label.Labeler{Producer: "001191990099MA01ABCD5610001", Notice: &notice}
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

// assistant prints how long the turns of a voice assistant get. Each begins with a notice
// (GB 45438-2025 clause 5.3, note 3), as samples of the speech model's own kind.
func assistant(w io.Writer) error {
	const rate = 24_000
	clip, err := label.Speech("zh-Hans", metadata.Generated)
	if err != nil {
		return err
	}
	answer, pause := make([]byte, 2*3*rate), make([]byte, 2*rate*3/10) // 3 s of 16-bit samples, and 0.3 s
	for _, cue := range []label.Cue{{Rate: rate, Level: -23}, {Rate: rate, Level: -23, Clip: clip}} {
		turn := slices.Concat(cue.PCM16(), pause, answer)
		fmt.Fprintf(w, "a turn of %.1f s becomes one of %.1f s\n", float64(len(answer))/2/rate, float64(len(turn))/2/rate)
	}
	return nil
}
