// Image follows pictures from the service that made them to the platform that
// publishes them.
//
//	go run ./examples/image
package main

import (
	"context"
	"errors"
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
	// side high (GB 45438-2025 clause 5.2); outside it no pixel changes, in a JPEG
	// no 8x8 block.
	generator := label.Labeler{Producer: "001191990099MA01ABCD5610001", Notice: notice}
	picture := label.Artifact{ID: "picture-0001"}
	if _, err := generator.LabelFile(ctx, src, dst, picture); err != nil {
		return err
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
	return nil
}
