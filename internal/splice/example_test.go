package splice_test

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/aigclabel/aigclabel/internal/splice"
)

// A plan is read before it is written.
func ExampleNew() {
	src := strings.NewReader("a picture of a cat")
	plan, err := splice.New(src, src.Size(), []splice.Edit{
		{Offset: 15, Delete: 3, Insert: strings.NewReader("dog")},
		{Offset: 2, Insert: strings.NewReader("generated ")},
	})
	if err != nil {
		panic(err)
	}
	at, kept := plan.Map(2)
	fmt.Println(plan.Size(), at, kept)
	plan.WriteTo(os.Stdout)
	// Output:
	// 28 12 true
	// a generated picture of a dog
}

// A signature covers the output around it, so its bytes come last.
func ExampleHole() {
	src := strings.NewReader("signed: ;")
	hole := splice.NewHole(4)
	plan, err := splice.New(src, src.Size(), []splice.Edit{{Offset: 8, Insert: hole}})
	if err != nil {
		panic(err)
	}
	before, err := io.ReadAll(plan.Source())
	fmt.Printf("%q %v\n", before, err)
	_, err = plan.WriteTo(os.Stdout)
	fmt.Println(err)
	if err := hole.Fill([]byte("okay")); err != nil {
		panic(err)
	}
	plan.WriteTo(os.Stdout)
	// Output:
	// "signed: \x00\x00\x00\x00;" <nil>
	// splice: hole not filled
	// signed: okay;
}
