package container

import (
	"encoding/binary"
	"unicode/utf16"
	"unicode/utf8"
)

// decodeUTF16 converts UTF-16 without a byte order mark to UTF-8.
func decodeUTF16(b []byte, order binary.ByteOrder) []byte {
	out := make([]byte, 0, len(b)/2+len(b)/8)
	for len(b) > 1 {
		r := rune(order.Uint16(b))
		b = b[2:]
		if utf16.IsSurrogate(r) {
			second := rune(utf8.RuneError)
			if len(b) > 1 {
				second = rune(order.Uint16(b))
			}
			if r = utf16.DecodeRune(r, second); r != utf8.RuneError {
				b = b[2:]
			}
		}
		out = utf8.AppendRune(out, r)
	}
	return out
}

// appendUTF16 appends s in UTF-16 without a byte order mark.
func appendUTF16(b []byte, s string, order binary.AppendByteOrder) []byte {
	for _, r := range s {
		if high, low := utf16.EncodeRune(r); low != utf8.RuneError {
			b = order.AppendUint16(b, uint16(high))
			r = low
		}
		b = order.AppendUint16(b, uint16(r))
	}
	return b
}
