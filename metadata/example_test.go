package metadata_test

import (
	"fmt"
	"log"
	"strings"

	"github.com/aigclabel/aigclabel/metadata"
)

// poem is a file that a service has generated, and labelled.
const poem = `---
AIGC:
  Label: '1'
  ContentProducer: '001191990099MA01ABCD5610001'
  ProduceID: 'poem-1'
  ReservedCode1: ''
  ContentPropagator: '001191990099MA01ABCD5610001'
  PropagateID: 'poem-1'
  ReservedCode2: ''
---

# Rain
`

func ExampleWrite() {
	src := metadata.Bytes([]byte("# Rain\n"), "poem.md")
	record := metadata.Record{Label: metadata.Generated, ContentProducer: "001191990099MA01ABCD5610001", ProduceID: "poem-1"}
	var out strings.Builder
	receipt, err := metadata.Write(&out, src, record, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(receipt.Place, out.String() == poem)
	// Output: Markdown front matter true
}

func ExampleRead() {
	reading, err := metadata.Read(metadata.Bytes([]byte(poem), "poem.md"), nil)
	if err != nil {
		log.Fatal(err) // the file could not be examined
	}
	for _, site := range reading.Sites {
		fmt.Println(site.Scheme, "in", site.Place, "at", site.Offset)
	}
	if reading.Record != nil {
		fmt.Println(reading.Record.Label, reading.Record.ProduceID, reading.Record.Validate())
	}
	// Output:
	// aigc in Markdown front matter at 4
	// 1 poem-1 <nil>
}

func ExamplePropagate() {
	var out strings.Builder
	receipt, err := metadata.Propagate(&out, metadata.Bytes([]byte(poem), "poem.md"), metadata.Propagation{
		Propagator: "001191990099MA01ABCD5620001",
		ID:         "post-4711",
		Label:      metadata.Possible, // for a file without a record: its user declared it
	}, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(receipt.Record.Label, receipt.Record.ProduceID, receipt.Record.PropagateID)
	fmt.Println("before:", receipt.Previous.PropagateID)
	// Output:
	// 1 poem-1 post-4711
	// before: poem-1
}

func ExampleFormats() {
	for format := range metadata.Formats() {
		if format.Family == metadata.Audio {
			fmt.Println(format.Name, format.Extensions, format.Rule)
		}
	}
	// Output:
	// m4a [.m4a .m4b] TC260-PG-202510A
	// wav [.wav .rf64 .bwf] TC260-PG-202510A
	// flac [.flac] TC260-PG-202510A
	// opus [.opus] TC260-PG-202510A
	// ogg [.ogg .oga .spx] TC260-PG-202510A
	// aiff [.aiff .aif .aifc] our choice
	// caf [.caf] our choice
	// wma [.wma] our choice
	// aac [.aac .adts] our choice
	// mp3 [.mp3 .mp2] TC260-PG-202510A
	// amr [.amr .awb] no honest place
	// midi [.mid .midi] no honest place
}

func ExampleDetect() {
	format, err := metadata.Detect(metadata.Bytes([]byte("%PDF-1.7\n"), "report.docx"))
	fmt.Println(format.Name, format.MIME[0], err)
	// Output: pdf application/pdf <nil>
}
