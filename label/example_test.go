package label_test

import (
	"bytes"
	"context"
	"fmt"
	"log"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing/fstest"

	"github.com/aigclabel/aigclabel/label"
	"github.com/aigclabel/aigclabel/metadata"
)

// poem is a file that a service has generated, and labelled.
const poem = `---
AIGC:
  Label: '1'
  ContentProducer: '001191990099MA01ABCD5610001'
  ProduceID: 'poem-1'
  ReservedCode1: ''
  ContentPropagator: '001191990099MA01ABCD5610001'
  PropagateID: 'poem-1'
  ReservedCode2: ''
---

本内容由AI生成

# Rain
`

func ExampleLabeler_Label() {
	labeler := &label.Labeler{Producer: "001191990099MA01ABCD5610001", Notice: &label.Notice{}}
	src := metadata.Bytes([]byte("# Rain\n"), "poem.md")
	var out strings.Builder
	receipt, err := labeler.Label(context.Background(), &out, src, label.Artifact{ID: "poem-1"})
	if err != nil {
		log.Fatal(err)
	}
	for _, layer := range receipt.Layers {
		fmt.Println(layer.Name, layer.Done, layer.Place)
	}
	fmt.Println(out.String() == poem)
	// Output:
	// notice true text start
	// record true Markdown front matter
	// true
}

func ExampleVerifier_Verify() {
	var verifier label.Verifier
	report, err := verifier.Verify(context.Background(), metadata.Bytes([]byte(poem), "poem.md"), nil)
	if err != nil {
		log.Println(err) // the report says what was seen so far
	}
	fmt.Println(report.Verdict, report.Notice, report.OK())
	for _, check := range report.Checks[:3] {
		fmt.Println(check.Outcome, check.ID)
	}
	// Output:
	// confirmed 本内容由AI生成 true
	// pass container.intact
	// pass container.unambiguous
	// pass record.present
}

// An upload that says nothing of itself, but that its user declares.
func ExampleVerifier_Verify_declared() {
	var verifier label.Verifier
	src := metadata.Bytes([]byte("# Rain\n"), "poem.md")
	report, err := verifier.Verify(context.Background(), src, &label.Upload{Declared: true})
	fmt.Println(report.Verdict, report.Verdict.Notice("en"), err)
	for _, check := range report.Failed() {
		fmt.Println(check.ID, "-", check.Message)
	}
	// Output:
	// possible This content may be AI-generated <nil>
	// record.present - no record; a generator labels with Write, a platform with Propagate
}

func ExampleVerifier_FS() {
	files := fstest.MapFS{ // or os.DirFS("uploads")
		"a/poem.md":  {Data: []byte(poem)},
		"b/notes.md": {Data: []byte("# Notes\n")},
	}
	var verifier label.Verifier
	for path, result := range verifier.FS(context.Background(), files, ".") {
		fmt.Println(path, result.Report.Verdict, result.Err)
	}
	// Output:
	// a/poem.md confirmed <nil>
	// b/notes.md none <nil>
}

func ExampleVerifier_Middleware() {
	var verifier label.Verifier
	upload := func(w http.ResponseWriter, r *http.Request) {
		for _, report := range label.Reports(r.Context()) {
			fmt.Fprintln(w, report.File, report.Verdict, report.Notice)
		}
	}
	handler := http.MaxBytesHandler(verifier.Middleware(http.HandlerFunc(upload)), 1<<30)

	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, _ := form.CreateFormFile("file", "poem.md")
	fmt.Fprint(part, poem)
	form.Close()
	request := httptest.NewRequest(http.MethodPost, "/upload", &body)
	request.Header.Set("Content-Type", form.FormDataContentType())
	response := httptest.NewRecorder()
	handler.ServeHTTP(response, request)
	fmt.Print(response.Body)
	// Output: poem.md confirmed 本内容由AI生成
}

func ExampleVerdict_Notice() {
	for _, verdict := range []label.Verdict{label.Confirmed, label.Possible, label.Suspected, label.None} {
		fmt.Printf("%s: %q %q\n", verdict, verdict.Notice("zh-Hans"), verdict.Notice("en"))
	}
	// Output:
	// confirmed: "本内容由AI生成" "This content is AI-generated"
	// possible: "本内容可能由AI生成" "This content may be AI-generated"
	// suspected: "本内容疑似由AI生成" "This content is suspected to be AI-generated"
	// none: "" ""
}
