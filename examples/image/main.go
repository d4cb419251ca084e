// Image follows pictures from the service that made them to the platform that
// publishes them.
//
//	go run ./examples/image
package main

import (
	"context"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	_ "image/png"
	"log"
	"os"
	"path/filepath"

	"github.com/aigclabel/aigclabel/label"
	"github.com/aigclabel/aigclabel/metadata"
	"github.com/aigclabel/aigclabel/watermark"
)

// key would come from where your service keeps its secrets: see watermark.DeriveKey.
var key = watermark.NewKey()

func main() {
	log.SetFlags(0)
	dir, err := os.MkdirTemp("", "aigclabel-")
	if err != nil {
		log.Fatal(err)
	}
	for _, picture := range []struct {
		name   string
		notice *label.Notice
	}{
		{"sunset.png", &label.Notice{Corner: label.BottomLeft}},
		{"night.jpg", &label.Notice{Style: label.Banner, Language: "zh-Hans+en"}}, // without another generation of loss
	} {
		src, dst := filepath.Join("examples", "image", picture.name), filepath.Join(dir, picture.name)
		if err := run(src, dst, picture.notice); err != nil {
			log.Fatal(err)
		}
	}
	fmt.Println("The pictures are in", dir)
}

func run(src, dst string, notice *label.Notice) error {
	ctx := context.Background()
	fmt.Println(src)

	// The generator. The letters of the notice are at least 5 % of the shortest
	// side high (GB 45438-2025 clause 5.2). The watermark is in all pixels, where
	// nobody sees it.
	generator := label.Labeler{Producer: "001191990099MA01ABCD5610001", Notice: notice, Watermark: &label.Watermark{Key: key}}
	picture := label.Artifact{ID: "picture-0001"}
	first, err := generator.LabelFile(ctx, src, dst, picture)
	if err != nil {
		return err
	}
	for _, layer := range first.Layers {
		fmt.Println(" ", layer.Name, layer.Place, layer.Reason, layer.Payload)
	}

	// Labelling again is safe in a pipeline that may repeat itself: the same
	// statement changes nothing.
	again, err := generator.LabelFile(ctx, dst, dst, picture)
	if err != nil {
		return err
	}
	fmt.Println("  changed by labelling again:", again.Changed)

	// Another producer's record is not overwritten by accident.
	other := label.Labeler{Producer: "Another-Service"}
	_, err = other.LabelFile(ctx, dst, dst, label.Artifact{})
	fmt.Println("  another producer is refused:", errors.Is(err, metadata.ErrLabelled))

	// The platform adds itself and keeps the producer's part byte for byte
	// (Measures Art. 6, Annex E g) and h)).
	receipt, err := label.PropagateFile(ctx, dst, dst, metadata.Propagation{Propagator: "Example-Platform", ID: "post-4711"}, nil)
	if err != nil {
		return err
	}
	r := receipt.Record
	fmt.Printf("  made by %s as %s, published by %s as %s\n", r.ContentProducer, r.ProduceID, r.ContentPropagator, r.PropagateID)

	// Somewhere a copy appears, compressed anew and without metadata. Its watermark leads
	// back to the receipt.
	bare := dst + ".copy.jpg"
	if err := copyPixels(dst, bare); err != nil {
		return err
	}
	verifier := label.Verifier{Keys: []watermark.Key{key}}
	report, err := verifier.VerifyFile(ctx, bare, nil)
	if err != nil {
		return err
	}
	fmt.Println("  a bare copy is", report.Verdict)
	for _, found := range report.Watermarks {
		fmt.Printf("  its watermark is %s, the tag of our record: %t\n", found.Payload, found.Payload == label.Tag(first.Record))
	}
	return nil
}

// copyPixels does what image services do: it decodes the picture and encodes it anew.
func copyPixels(src, dst string) error {
	in, err := os.Open(src)
	if err != nil {
		return err
	}
	defer in.Close()
	m, _, err := image.Decode(in)
	if err != nil {
		return err
	}
	out, err := os.Create(dst)
	if err != nil {
		return err
	}
	if err := jpeg.Encode(out, m, &jpeg.Options{Quality: 85}); err != nil {
		out.Close()
		return err
	}
	return out.Close()
}
