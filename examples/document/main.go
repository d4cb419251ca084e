// Document labels office files: with a notice that readers see, or with the layer
// below package label, where the record is yours to fill. Then it examines a whole
// folder.
//
//	go run ./examples/document
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/aigclabel/aigclabel/label"
	"github.com/aigclabel/aigclabel/metadata"
)

func main() {
	log.SetFlags(0)
	dir, err := os.MkdirTemp("", "aigclabel-")
	if err != nil {
		log.Fatal(err)
	}
	for name, put := range map[string]func(src, dst string) error{"report.docx": notice, "slides.pptx": notice, "report.pdf": write} {
		if err := put(filepath.Join("examples", "document", name), filepath.Join(dir, name)); err != nil {
			log.Fatal(err)
		}
	}
	if err := scan(dir); err != nil {
		log.Fatal(err)
	}
	fmt.Println("The documents are in", dir)
}

// notice puts a notice in two languages into the header of every page of a text, or
// onto every slide of a presentation, and the record into the file.
func notice(src, dst string) error {
	labeler := label.Labeler{
		Producer: "001191990099MA01ABCD5610001",
		Notice:   &label.Notice{Language: "zh-Hans+en", EachPage: true, Corner: label.TopRight},
	}
	receipt, err := labeler.LabelFile(context.Background(), src, dst, label.Artifact{})
	if err != nil {
		return err
	}
	fmt.Println("notice:", receipt.Layers[0].Place)
	return nil
}

// write puts a record into the file src and nothing else.
func write(src, dst string) error {
	in, err := os.Open(src)
	if err != nil {
		return err
	}
	defer in.Close()
	source, err := metadata.File(in)
	if err != nil {
		return err
	}
	out, err := os.Create(dst)
	if err != nil {
		return err
	}
	defer out.Close()

	// The seven members of GB 45438-2025 Annex E. A first write fills the
	// propagation pair with the producer's, as the notes to g) and h) ask.
	record := metadata.Record{
		Label:           metadata.Generated,
		ContentProducer: "001191990099MA01ABCD5610001",
		ProduceID:       "doc-2026-0009",
	}
	receipt, err := metadata.Write(out, source, record, nil)
	if err != nil {
		return err
	}

	// A signed document stays as it was signed, but the signature no longer
	// covers all of it. WriteOptions.OnCredentials refuses such files instead.
	for _, signature := range receipt.Broken {
		fmt.Println(dst, "breaks", signature)
	}
	return out.Close()
}

// scan examines the files below dir, in parallel, and prints a line for each:
// reports are plain values for logs and databases.
func scan(dir string) error {
	var verifier label.Verifier
	for path, result := range verifier.FS(context.Background(), os.DirFS(dir), ".") {
		if result.Err != nil {
			return fmt.Errorf("%s: %w", path, result.Err)
		}
		line, err := json.Marshal(result.Report.Record)
		if err != nil {
			return err
		}
		fmt.Printf("%-11s %s, ok %t\n  %s\n", path, result.Report.Verdict, result.Report.OK(), line)
	}
	return nil
}
