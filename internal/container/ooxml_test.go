package container

import (
	"testing"
)

func TestOOXMLRoundTrip(t *testing.T) {
	for _, format := range []string{"docx", "xlsx", "pptx"} {
		for name, b := range fixtures(t, format) {
			t.Run(name, func(t *testing.T) {
				roundTrip(t, OOXML, b, Record, someRecord, []byte(`{"Label":"<&>\""}`), append(someRecord, someRecord...))
			})
		}
	}
}
