package c2pa_test

import (
	"fmt"
	"os"
	"time"

	"github.com/aigclabel/aigclabel/metadata"
	"github.com/aigclabel/aigclabel/metadata/c2pa"
)

func ExampleValidate() {
	root, err := os.ReadFile("testdata/vectors/root.pem")
	if err != nil {
		fmt.Println(err)
		return
	}
	anchors, err := c2pa.ParseCertificates(root)
	if err != nil {
		fmt.Println(err)
		return
	}
	f, err := os.Open("testdata/vectors/opened.jpg")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer f.Close()
	src, err := metadata.File(f)
	if err != nil {
		fmt.Println(err)
		return
	}
	r, err := c2pa.Validate(src, &c2pa.Options{
		Trust: &c2pa.Trust{Signers: anchors},
		Time:  time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC), // leave it out to judge by the clock
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(r.State, r.Origin)
	fmt.Println(r.Active.Signature.Subject)
	for _, a := range r.Active.Actions {
		fmt.Println(a.Action)
	}
	fmt.Println(r.Manifests[0].Actions[0].SoftwareAgent)
	// Output:
	// Trusted generated
	// CN=es256,O=Vectors
	// c2pa.opened
	// c2pa.cropped
	// {Model 1}
}
