// Text labels answers of a language model: in memory, as a server has them.
//
//	go run ./examples/text
package main

import (
	"bytes"
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/aigclabel/aigclabel/label"
	"github.com/aigclabel/aigclabel/metadata"
)

func main() {
	log.SetFlags(0)
	// In a text the notice may stand at the start, at the end, or at both
	// (GB 45438-2025 clause 5.1).
	labeler := label.Labeler{
		Producer: "001191990099MA01ABCD5610001",
		Notice:   &label.Notice{Language: "zh-Hans+en", Position: label.Both},
	}
	for _, name := range []string{"answer.txt", "answer.md"} {
		if err := run(&labeler, name); err != nil {
			log.Fatal(err)
		}
	}
}

func run(labeler *label.Labeler, name string) error {
	ctx := context.Background()
	answer, err := os.ReadFile(filepath.Join("examples", "text", name))
	if err != nil {
		return err
	}

	// The name tells Markdown, which can carry a record, from plain text.
	var labelled bytes.Buffer
	receipt, err := labeler.Label(ctx, &labelled, metadata.Bytes(answer, name), label.Artifact{ID: "chat-42/1"})
	if err != nil {
		return err
	}
	fmt.Printf("=== %s\n%s\n", name, labelled.Bytes())
	for _, layer := range receipt.Layers {
		fmt.Printf("--- %s: done %t %s%s\n", layer.Name, layer.Done, layer.Place, layer.Reason)
	}

	// A notice alone makes a text suspected: anybody may have typed it. Together
	// with a record it is confirmed.
	var verifier label.Verifier
	report, err := verifier.Verify(ctx, metadata.Bytes(labelled.Bytes(), name), nil)
	if err != nil {
		return err
	}
	fmt.Printf("--- verdict: %s\n\n", report.Verdict)
	return nil
}
