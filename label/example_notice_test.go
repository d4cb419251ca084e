package label_test

import (
	"bytes"
	"context"
	"fmt"
	"log"
	"os"
	"strings"

	"github.com/aigclabel/aigclabel/label"
	"github.com/aigclabel/aigclabel/metadata"
)

func ExampleNotice() {
	l := &label.Labeler{
		Producer: "001191990099MA01ABCD5610001",
		Notice:   &label.Notice{Language: "zh-Hans+en", Position: label.End},
	}
	src := metadata.Bytes([]byte("Spring rain, and the river is awake.\n"), "poem.txt")
	var out strings.Builder
	if _, err := l.Label(context.Background(), &out, src, label.Artifact{ID: "example-0001"}); err != nil {
		log.Fatal(err)
	}
	fmt.Print(out.String())
	// Output:
	// Spring rain, and the river is awake.
	//
	// 本内容由AI生成 · This content is AI-generated
}

// The notice of a document stands in the header of every page; in a presentation it would
// be on every slide.
func ExampleNotice_eachPage() {
	doc, err := os.ReadFile("../examples/document/report.docx")
	if err != nil {
		log.Fatal(err)
	}
	l := &label.Labeler{
		Producer: "001191990099MA01ABCD5610001",
		Notice:   &label.Notice{Language: "en", EachPage: true},
	}
	var out bytes.Buffer
	receipt, err := l.Label(context.Background(), &out, metadata.Bytes(doc, "report.docx"), label.Artifact{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(receipt.Layers[0].Place)
	report, err := new(label.Verifier).Verify(context.Background(), metadata.Bytes(out.Bytes(), "report.docx"), nil)
	if err != nil {
		log.Fatal(err)
	}
	for _, n := range report.Notices {
		fmt.Printf("%s: %s\n", n.Place, n.Text)
	}
	// Output:
	// text page header
	// page header: This content is AI-generated
}
