package label_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"fmt"
	"image"
	"image/png"
	"log"

	"github.com/aigclabel/aigclabel/label"
	"github.com/aigclabel/aigclabel/metadata"
	"github.com/aigclabel/aigclabel/metadata/c2pa"
)

// A picture is labelled and signed by the service that made it. A platform adds its fields
// and signs in turn, and who trusts both sees the whole history.
func ExamplePropagator() {
	ctx := context.Background()
	made, err := c2pa.NewDevelopmentChain("Example", nil) // in production: a key in a KMS, and its certificate
	if err != nil {
		log.Fatal(err)
	}
	signer := &c2pa.Signer{Key: made.Key, Chain: made.Chain, Generator: c2pa.Generator{Name: "example"}}

	labeler := &label.Labeler{Producer: "001191990099MA01ABCD5610001", Signer: signer, System: metadata.System{Name: "Painter", Version: "2"}}
	var labelled, published bytes.Buffer
	if _, err := labeler.Label(ctx, &labelled, metadata.Bytes(picture(), "sunset.png"), label.Artifact{ID: "sunset-1"}); err != nil {
		log.Fatal(err)
	}
	platform := &label.Propagator{Signer: signer}
	fields := metadata.Propagation{Propagator: "Example-Platform", ID: "post-4711"}
	if _, err := platform.Propagate(ctx, &published, metadata.Bytes(labelled.Bytes(), "sunset.png"), fields); err != nil {
		log.Fatal(err)
	}

	verifier := &label.Verifier{Trust: &c2pa.Trust{Signers: []*x509.Certificate{made.Root}}}
	report, err := verifier.Verify(ctx, metadata.Bytes(published.Bytes(), "sunset.png"), nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(report.Verdict, report.Credentials.State, report.Credentials.Origin)
	for _, manifest := range append(report.Credentials.Manifests, report.Credentials.Active) {
		for _, action := range manifest.Actions {
			fmt.Println(action.Action)
		}
	}
	// Output:
	// confirmed Trusted generated
	// c2pa.created
	// c2pa.opened
	// c2pa.edited.metadata
}

// picture returns a small PNG file.
func picture() []byte {
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 64, 64))); err != nil {
		log.Fatal(err)
	}
	return b.Bytes()
}
