package label_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/aigclabel/aigclabel/label"
	"github.com/aigclabel/aigclabel/watermark"
)

// A watermark leads from a picture to its record.
func ExampleWatermark() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	ctx, out := context.Background(), filepath.Join(dir, "sunset.png")

	key, err := watermark.DeriveKey([]byte("a secret of the service"), "pictures")
	if err != nil {
		log.Fatal(err)
	}
	labeler := label.Labeler{Producer: "001191990099MA01ABCD5610001", Watermark: &label.Watermark{Key: key}}
	receipt, err := labeler.LabelFile(ctx, "../examples/image/sunset.png", out, label.Artifact{ID: "picture-0001"})
	if err != nil {
		log.Fatal(err)
	}
	for _, layer := range receipt.Layers {
		if layer.Done {
			fmt.Printf("%s in %s\n", layer.Name, layer.Place)
		}
	}

	verifier := label.Verifier{Keys: []watermark.Key{key}, Deep: true} // all layers, although the record decides
	report, err := verifier.VerifyFile(ctx, out, nil)
	if err != nil {
		log.Fatal(err)
	}
	found := report.Watermarks[0].Payload
	fmt.Println(report.Verdict, found, found == label.Tag(*report.Record))
	// Output:
	// watermark in picture
	// record in PNG iTXt XML:com.adobe.xmp TC260:AIGC
	// confirmed 378e7b8ea26cb847 true
}
