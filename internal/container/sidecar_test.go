package container

import (
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSidecar(t *testing.T) {
	b := fixtures(t, "c2pa")["reference.c2pa"]
	s := storeIn(t, Sidecar, b)
	require.Equal(t, string(b), string(storeBytes(t, b, s)))
	truncations(t, Sidecar, b, len(b))
	_, err := walk(t, Sidecar, b).Plan([]Change{{Slot: s, Value: b}})
	require.ErrorIs(t, err, ErrNoPlace)
}

// TestSidecarSizes: a box may tell its length in 32 bits, in 64 or not at all, and what
// is behind it is not of the store.
func TestSidecarSizes(t *testing.T) {
	sized := func(size uint32) []byte {
		b := storeOf(100, 1)
		binary.BigEndian.PutUint32(b, size)
		return b
	}
	wide := func(size uint64) []byte {
		b := storeOf(100, 1)
		return append(append([]byte("\x00\x00\x00\x01jumb"), binary.BigEndian.AppendUint64(nil, size)...), b[8:]...)
	}
	tests := map[string]struct {
		file    []byte
		length  int64
		damaged bool
	}{
		"whole":        {sized(100), 100, false},
		"to the end":   {sized(0), 100, false},
		"data behind":  {sized(90), 90, false},
		"cut":          {sized(101), 100, true},
		"64 bits":      {wide(108), 108, false},
		"wide and cut": {wide(1<<64 - 1), 108, true},
	}
	for name, tt := range tests {
		l := walk(t, Sidecar, tt.file).Summary()
		require.Equal(t, tt.damaged, l.Damage != nil, name)
		require.Equal(t, []Range{{0, tt.length}}, l.Slots[0].Ranges, name)
		require.Equal(t, tt.length, l.End, name)
	}
	require.Error(t, walk(t, Sidecar, []byte("\x00\x00\x00\x20ftyp"+string(make([]byte, 24)))).Summary().Damage)
}
