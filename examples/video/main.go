// Video labels a clip in place, so that people see it in the opening and platforms in
// the file, and shows what a platform may learn about it.
//
// The notice needs ffmpeg. Without it the clip gets its record all the same, and the
// receipt says what is missing.
//
//	go run ./examples/video
package main

import (
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
	if err := run(); err != nil {
		log.Fatal(err)
	}
}

func run() error {
	ctx := context.Background()
	clip, err := copyToTemp(filepath.Join("examples", "video", "clip.mp4"))
	if err != nil {
		return err
	}
	before, err := os.Stat(clip)
	if err != nil {
		return err
	}

	// In place means: a new file beside it, read again, then renamed over it. Only the
	// pictures of the opening are encoded again, where the clip lets decoders start
	// behind it; all others, and the sound, are copied.
	labeler := label.Labeler{Producer: "001191990099MA01ABCD5610001", Notice: &label.Notice{Language: "zh-Hans+en"}}
	receipt, err := labeler.LabelFile(ctx, clip, clip, label.Artifact{
		ID:       "clip-3",
		Progress: func(done float64) { fmt.Printf("  %.0f %% encoded\n", 100*done) },
	})
	if err != nil {
		return err
	}
	fmt.Printf("%s\n  %d bytes became %d\n", clip, before.Size(), receipt.Size)
	for _, layer := range receipt.Layers {
		fmt.Printf("  %s: %s%s\n", layer.Name, layer.Place, layer.Reason)
	}

	// Reading takes the head of the file and the boxes with labels: as much of a
	// 4 GB film as of this clip.
	f, err := os.Open(clip)
	if err != nil {
		return err
	}
	defer f.Close()
	src, err := metadata.File(f)
	if err != nil {
		return err
	}
	reading, err := metadata.Read(src, nil)
	if err != nil {
		return err
	}
	for _, site := range reading.Sites {
		fmt.Printf("  %s at byte %d: %s\n", site.Place, site.Offset, site.Value)
	}

	// What the uploader says counts too, when the file itself says less.
	var verifier label.Verifier
	report, err := verifier.Verify(ctx, src, &label.Upload{Declared: true})
	if err != nil {
		return err
	}
	fmt.Println("  show around the player:", report.Notice)
	return nil
}

// copyToTemp copies a file, so that the example stays as it is.
func copyToTemp(name string) (string, error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp("", "aigclabel-")
	if err != nil {
		return "", err
	}
	dst := filepath.Join(dir, filepath.Base(name))
	return dst, os.WriteFile(dst, b, 0o600)
}
