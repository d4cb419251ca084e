package container

import (
	"testing"
)

var someRecord = []byte(`{"Label":"1","ContentProducer":"001191990099MA01ABCD5610001","ProduceID":"a<b>&c","ReservedCode1":"","ContentPropagator":"","PropagateID":"","ReservedCode2":""}`)

func TestOOXMLRoundTrip(t *testing.T) {
	for _, format := range []string{"docx", "xlsx", "pptx"} {
		for name, b := range fixtures(t, format) {
			t.Run(name, func(t *testing.T) {
				roundTrip(t, OOXML, b, Record, someRecord, []byte(`{}`), append(someRecord, someRecord...))
				truncations(t, OOXML, b, len(b))
			})
		}
	}
}
