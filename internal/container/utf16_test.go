package container

import (
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestUTF16(t *testing.T) {
	for _, s := range []string{"", "a", "值", "😀é", "\uFFFD", "\uFEFF"} {
		require.Equal(t, s, string(decodeUTF16(appendUTF16(nil, s, binary.BigEndian), binary.BigEndian)))
	}
	for b, want := range map[string]string{
		"=\xd8\x00\xde": "😀",
		"=\xd8a\x00":    "\uFFFDa", // a high surrogate alone
		"\x00\xdea\x00": "\uFFFDa", // a low one
		"=\xd8":         "\uFFFD",
		"a\x00b":        "a",
	} {
		require.Equal(t, want, string(decodeUTF16([]byte(b), binary.LittleEndian)))
	}
}
