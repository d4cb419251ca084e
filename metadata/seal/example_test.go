package seal_test

import (
	"bytes"
	"crypto"
	"fmt"
	"log"
	"os"

	"github.com/aigclabel/aigclabel/metadata"
	"github.com/aigclabel/aigclabel/metadata/seal"
)

// key is for examples alone: everybody has it.
const key = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqBHM9VAYItBG0wawIBAQQg7Lv6gK+UXympEszc
GrtzuWa7Cksx1DH4MaeL1Lpela+hRANCAATw4ZdLaidwqvvgZTeEzuTedEHwNXns
TVrlIm19c8cjzkgPgImKwfu4BxiLv1j63EeM4NOMstxGT/kh5xC7zfqb
-----END PRIVATE KEY-----
`

// A service seals what it labels, and a platform that has its public key knows that the
// label and the picture are as the service made them.
func ExampleSealer() {
	signer, err := seal.ParsePrivateKey([]byte(key))
	if err != nil {
		log.Fatal(err)
	}
	picture, err := os.ReadFile("../testdata/png/rgb.png")
	if err != nil {
		log.Fatal(err)
	}
	var out bytes.Buffer
	record := metadata.Record{Label: metadata.Generated, ContentProducer: "001191990099MA01ABCD5610001", ProduceID: "picture-0001"}
	opts := &metadata.WriteOptions{Seal: &seal.Sealer{Key: signer}}
	if _, err := metadata.Write(&out, metadata.Bytes(picture, "rgb.png"), record, opts); err != nil {
		log.Fatal(err)
	}

	src := metadata.Bytes(out.Bytes(), "rgb.png")
	reading, err := metadata.Read(src, nil)
	if err != nil {
		log.Fatal(err)
	}
	results, err := seal.Verify(*reading.Record, src, []crypto.PublicKey{signer.Public()})
	if err != nil {
		log.Fatal(err)
	}
	for _, r := range results {
		fmt.Println(r.Field, r.Outcome, r.Proof, r.Content, r.Algorithm)
	}
	// Output:
	// ReservedCode1 valid identity matched SM2 with SM3
	// ReservedCode2 valid identity matched SM2 with SM3
}

// A record that was changed since.
func ExampleVerify() {
	signer, err := seal.ParsePrivateKey([]byte(key))
	if err != nil {
		log.Fatal(err)
	}
	record := metadata.Record{Label: metadata.Generated, ContentProducer: "001191990099MA01ABCD5610001", ProduceID: "text-0001"}
	record, err = (&seal.Sealer{Key: signer}).Seal(record, metadata.Source{}) // the label alone
	if err != nil {
		log.Fatal(err)
	}
	record.ProduceID = "text-0002"
	results, err := seal.Verify(record, metadata.Source{}, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(results[0].Outcome)
	fmt.Println(results[0].Message)
	// Output:
	// invalid
	// the record is not what was sealed: Label, ContentProducer, ProduceID or the seal was changed; do not rely on it, get the file from its producer
}
