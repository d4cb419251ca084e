package label_test

import (
	"context"
	"fmt"
	"log"
	"strings"

	"github.com/aigclabel/aigclabel/label"
	"github.com/aigclabel/aigclabel/metadata"
)

func ExampleNotice() {
	l := &label.Labeler{
		Producer: "001191990099MA01ABCD5610001",
		Notice:   &label.Notice{Language: "zh-Hans+en", Position: label.End},
	}
	src := metadata.Bytes([]byte("Spring rain, and the river is awake.\n"), "poem.txt")
	var out strings.Builder
	if _, err := l.Label(context.Background(), &out, src, label.Artifact{ID: "example-0001"}); err != nil {
		log.Fatal(err)
	}
	fmt.Print(out.String())
	// Output:
	// Spring rain, and the river is awake.
	//
	// 本内容由AI生成 · This content is AI-generated
}
