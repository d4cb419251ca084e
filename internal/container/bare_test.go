package container

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestIsMPEGTS(t *testing.T) {
	packet := append([]byte{0x47}, make([]byte, 187)...)
	timed := append(make([]byte, 4), packet...)
	for name, c := range map[string]struct {
		file []byte
		want bool
	}{
		"packets":          {bytes.Repeat(packet, 4), true},
		"timed packets":    {bytes.Repeat(timed, 4), true},
		"too few packets":  {bytes.Repeat(packet, 3), false},
		"a lost sync byte": {append(bytes.Repeat(packet, 3), make([]byte, 188)...), false},
		"text":             {bytes.Repeat([]byte("Good morning. "), 100), false},
	} {
		got, err := IsMPEGTS(NewSource(bytes.NewReader(c.file), int64(len(c.file)), Limits{}))
		require.NoError(t, err)
		require.Equal(t, c.want, got, name)
	}
}
