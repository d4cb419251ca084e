package container

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDump(t *testing.T) {
	for name, b := range fixtures(t, "pdf") {
		f := walk(t, PDF, b).Summary()
		fmt.Println("==", name, f.Damage, f.Limits, f.Signed, f.Encrypted)
		for _, s := range f.Slots {
			fmt.Printf("  %v %s %q %s %v\n", s.Kind, s.Place, s.Value[:min(len(s.Value), 40)], s.Encoding, s.Ranges)
		}
		if !f.Encrypted {
			b = put(t, PDF, b, Record, []byte(`{"Label":"1"}`))
			f = walk(t, PDF, b).Summary()
			fmt.Println("  ->", f.Damage, f.Limits)
			require.NotNil(t, guide(walk(t, PDF, b), Record))
			fmt.Printf("%s\n", bytes.TrimSpace(b[len(b)-300:]))
		}
	}
}
