package watermark_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aigclabel/aigclabel/watermark"
)

func TestPayloadText(t *testing.T) {
	for _, text := range []string{"0123456789abcdef", "00000000000000000000000000000000", ""} {
		var p watermark.Payload
		require.NoError(t, p.UnmarshalText([]byte(text)))
		require.Equal(t, text, p.String())
		require.Equal(t, 4*len(text), p.Bits())
		require.Len(t, p.Bytes(), len(text)/2)
		b, err := json.Marshal(p)
		require.NoError(t, err)
		require.Equal(t, `"`+text+`"`, string(b))
	}
}

func TestPayloadWrong(t *testing.T) {
	for _, text := range []string{"", "0", "0123456789abcde", "0123456789abcdeg", "0123456789abcdef00", strings.Repeat("0", 34), " 0123456789abcdef"} {
		_, err := watermark.ParsePayload(text)
		require.ErrorIs(t, err, watermark.ErrPayload, text)
	}
	for _, n := range []int{0, 7, 9, 15, 17} {
		_, err := watermark.NewPayload(make([]byte, n))
		require.ErrorIs(t, err, watermark.ErrPayload, "%d bytes", n)
	}
}

// TestPayloadBytes: the bytes of a payload are its own, and lead to nothing behind them.
func TestPayloadBytes(t *testing.T) {
	b := []byte("12345678")
	p, err := watermark.NewPayload(b)
	require.NoError(t, err)
	b[0] = 'x'
	p.Bytes()[1] = 'x'
	require.Equal(t, "12345678", string(p.Bytes()))
	require.Equal(t, 8, cap(p.Bytes()))
}
