package metadata_test

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/aigclabel/aigclabel/metadata"
)

func ExampleParseRecord() {
	r, err := metadata.ParseRecord([]byte(`{"AIGC": {"Label": "1", "ContentProducer": "doubao", "ProduceID": "7f3a"}}`))
	fmt.Println(r.Label == metadata.Generated, r.ContentProducer, r.ProduceID, err)
	// Output: true doubao 7f3a <nil>
}

func ExampleRecord_Validate() {
	r := metadata.Record{Label: "AIGC", ContentProducer: "doubao", PropagateID: "9"}
	fmt.Println(r.Validate())
	// Output:
	// ProduceID: missing: give it a value (GB 45438-2025 Annex E e))
	// Label: bad label "AIGC": write "1", "2" or "3" (GB 45438-2025 Annex E c))
	// ContentPropagator: half pair: give ContentPropagator and PropagateID together (GB 45438-2025 Annex E g))
}

func ExampleRecord_MarshalJSON() {
	b, err := json.Marshal(metadata.Record{Label: metadata.Generated, ContentProducer: "001191990099MA01ABCD5610001", ProduceID: "7f3a"})
	fmt.Println(string(b), err)
	// Output: {"Label":"1","ContentProducer":"001191990099MA01ABCD5610001","ProduceID":"7f3a","ReservedCode1":"","ContentPropagator":"","PropagateID":"","ReservedCode2":""} <nil>
}

func ExampleParseProviderCode() {
	code, err := metadata.ParseProviderCode("001191990099MA01ABCD5610001")
	fmt.Println(code.USCC, code.Service == metadata.ServiceGeneration, code.Model, err)
	_, err = metadata.ParseProviderCode("001191990099MA01ABCD5710001")
	bad, _ := errors.AsType[*metadata.CodeError](err)
	fmt.Println(bad.Position, bad.Problem)
	// Output:
	// 91990099MA01ABCD56 true 0001 <nil>
	// 22 the check character of the social credit code is 6, not 7
}

func ExampleNewProviderCode() {
	code, err := metadata.NewProviderCode("91990099MA01ABCD56", metadata.ServicePropagation, "0001")
	fmt.Println(code, err)
	// Output: 001191990099MA01ABCD5620001 <nil>
}
