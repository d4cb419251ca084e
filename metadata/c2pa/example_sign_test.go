package c2pa_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/aigclabel/aigclabel/metadata"
	"github.com/aigclabel/aigclabel/metadata/c2pa"
)

// A service signs what its model made. Validators that know the root trust it.
func ExampleSigner_Sign() {
	signer, root := developmentSigner()
	f, err := os.Open("../testdata/png/rgb.png")
	if err != nil {
		log.Fatal(err)
	}
	defer f.Close()
	src, err := metadata.File(f)
	if err != nil {
		log.Fatal(err)
	}

	claim := c2pa.Generated("Painter", "3.1", time.Now())
	claim.Title = "A sunset"
	var out bytes.Buffer
	receipt, err := signer.Sign(context.Background(), &out, src, claim, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(receipt.Place)

	report, err := c2pa.Validate(metadata.Bytes(out.Bytes(), "out.png"), &c2pa.Options{Trust: &c2pa.Trust{Signers: []*x509.Certificate{root}}})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(report.State, report.Origin, report.Active.Actions[0].SoftwareAgent.Name)
	// Output:
	// PNG caBX
	// Trusted generated Painter
}

// A record goes into a file that is signed already, and the file is signed again: its history
// goes on.
func ExampleSigner_Plan() {
	signer, root := developmentSigner()
	ctx := context.Background()
	trust := &c2pa.Options{Trust: &c2pa.Trust{Signers: []*x509.Certificate{root}}}
	picture, err := os.ReadFile("../testdata/jpeg/baseline.jpg")
	if err != nil {
		log.Fatal(err)
	}
	var upload bytes.Buffer
	if _, err := signer.Sign(ctx, &upload, metadata.Bytes(picture, "a.jpg"), c2pa.Generated("Painter", "3.1", time.Now()), nil); err != nil {
		log.Fatal(err)
	}

	src := metadata.Bytes(upload.Bytes(), "a.jpg")
	opened, err := c2pa.Validate(src, trust) // before the record breaks its binding
	if err != nil {
		log.Fatal(err)
	}
	labelled, _, err := metadata.PlanWrite(src, metadata.Record{Label: metadata.Generated, ContentProducer: "painter.example"}, nil)
	if err != nil {
		log.Fatal(err)
	}
	edit := c2pa.Labelled(c2pa.Generator{Name: "Platform"}, time.Now())
	out, _, err := signer.Plan(ctx, metadata.Source{R: labelled, Size: labelled.Size(), Name: "a.jpg"}, edit, &c2pa.SignOptions{Opened: opened})
	if err != nil {
		log.Fatal(err)
	}

	report, err := c2pa.Validate(metadata.Source{R: out, Size: out.Size(), Name: "a.jpg"}, trust)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(report.State, report.Origin)
	for _, action := range report.Active.Actions {
		fmt.Println(action.Action)
	}
	// Output:
	// Trusted generated
	// c2pa.opened
	// c2pa.edited.metadata
}

// A format without a place for credentials has them in a file beside it.
func ExampleSigner_Store() {
	signer, root := developmentSigner()
	movie, err := os.ReadFile("../testdata/mkv/ffmpeg.mkv")
	if err != nil {
		log.Fatal(err)
	}
	src := metadata.Bytes(movie, "a.mkv")
	store, receipt, err := signer.Store(context.Background(), src, c2pa.Generated("Director", "1.0", time.Now()), nil)
	if err != nil {
		log.Fatal(err)
	}
	report, err := c2pa.Validate(src, &c2pa.Options{Sidecar: store, Trust: &c2pa.Trust{Signers: []*x509.Certificate{root}}})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(receipt.Binding, report.State)
	// Output: c2pa.hash.data Trusted
}

// developmentSigner returns a signer that only its own root vouches for.
func developmentSigner() (*c2pa.Signer, *x509.Certificate) {
	chain, err := c2pa.NewDevelopmentChain("Studio", nil)
	if err != nil {
		log.Fatal(err)
	}
	return &c2pa.Signer{Key: chain.Key, Chain: chain.Chain, Generator: c2pa.Generator{Name: "Studio", Version: "1.0"}}, chain.Root
}
