package container

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"unicode/utf8"
)

// Text strings, ISO 32000-2 clauses 7.3.4 and 7.9.2.

// text returns the decoded text of a string object as UTF-8, and how the object
// holds it: "" if its bytes between the parentheses are the text.
func (v pdfValue) text() (text []byte, encoding string) {
	inner := v[1 : len(v)-1]
	text = decodePDFText(v.bytes())
	if v[0] == '<' {
		return text, "pdf-hex"
	}
	if bytes.Equal(text, inner) {
		return text, ""
	}
	return text, "pdf-literal"
}

// bytes returns the bytes of a string object, nil for any other.
func (v pdfValue) bytes() []byte {
	switch {
	case !v.isString():
		return nil
	case v[0] == '<':
		return unhexPDF(v[1 : len(v)-1])
	}
	return unescapePDF(v[1 : len(v)-1])
}

// unhexPDF decodes a hexadecimal string. A missing last digit is 0, and what is
// no digit is skipped, as readers do.
func unhexPDF(b []byte) []byte {
	digits := make([]byte, 0, len(b)+1)
	for _, c := range b {
		if c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F' {
			digits = append(digits, c)
		}
	}
	if len(digits)%2 == 1 {
		digits = append(digits, '0')
	}
	n, _ := hex.Decode(digits, digits) // they are digits
	return digits[:n]
}

// unescapePDF decodes the escapes and line ends of a literal string.
func unescapePDF(b []byte) []byte {
	if !bytes.ContainsAny(b, "\\\r") {
		return b
	}
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case c == '\r':
			out = append(out, '\n')
			i += lineFeed(b[i+1:])
		case c == '\\' && i+1 < len(b):
			i++
			n := 0
			out, n = appendPDFEscape(out, b[i:])
			i += n - 1
		case c != '\\':
			out = append(out, c)
		}
	}
	return out
}

// lineFeed returns 1 if b starts with the second half of a CR LF.
func lineFeed(b []byte) int {
	if len(b) > 0 && b[0] == '\n' {
		return 1
	}
	return 0
}

// appendPDFEscape decodes what follows a backslash, and returns its length.
func appendPDFEscape(out, b []byte) ([]byte, int) {
	switch c := b[0]; c {
	case 'n':
		return append(out, '\n'), 1
	case 'r':
		return append(out, '\r'), 1
	case 't':
		return append(out, '\t'), 1
	case 'b':
		return append(out, '\b'), 1
	case 'f':
		return append(out, '\f'), 1
	case '\n':
		return out, 1
	case '\r':
		return out, 1 + lineFeed(b[1:])
	case '0', '1', '2', '3', '4', '5', '6', '7':
		var octal, n int
		for n < 3 && n < len(b) && b[n] >= '0' && b[n] <= '7' {
			octal = octal<<3 | int(b[n]-'0')
			n++
		}
		return append(out, byte(octal)), n
	default:
		return append(out, c), 1
	}
}

const utf16BOM, utf16LEBOM, utf8BOM = "\xfe\xff", "\xff\xfe", "\xef\xbb\xbf"

// decodePDFText decodes a text string: UTF-16 or UTF-8 by its mark, else
// PDFDocEncoding. Careless writers put UTF-8 there without the mark: what is
// valid UTF-8 beyond ASCII is next to never Latin text.
func decodePDFText(b []byte) []byte {
	switch {
	case bytes.HasPrefix(b, []byte(utf16BOM)):
		return decodeUTF16(b[2:], binary.BigEndian)
	case bytes.HasPrefix(b, []byte(utf16LEBOM)): // no standard's, but readers know it
		return decodeUTF16(b[2:], binary.LittleEndian)
	case bytes.HasPrefix(b, []byte(utf8BOM)):
		return b[3:]
	case isPDFDocASCII(b), !isASCII(b) && utf8.Valid(b):
		return b
	}
	out := make([]byte, 0, len(b)+len(b)/4)
	for _, c := range b {
		out = utf8.AppendRune(out, pdfDocRune(c))
	}
	return out
}

func isASCII(b []byte) bool {
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// isPDFDocASCII reports whether b is plain text that means the same in
// PDFDocEncoding and ASCII.
func isPDFDocASCII(b []byte) bool {
	for _, c := range b {
		if (c < ' ' || c > '~') && c != '\t' && c != '\n' && c != '\r' {
			return false
		}
	}
	return true
}

// pdfDocLow and pdfDocHigh are where PDFDocEncoding leaves Latin-1 (ISO 32000-2
// Annex D.3).
var (
	pdfDocLow  = [8]rune{'˘', 'ˇ', 'ˆ', '˙', '˝', '˛', '˚', '˜'} // from 0x18
	pdfDocHigh = [33]rune{                                       // from 0x80
		'•', '†', '‡', '…', '—', '–', 'ƒ', '⁄', '‹', '›', '−', '‰', '„', '“', '”', '‘', '’', '‚', '™', 'ﬁ', 'ﬂ',
		'Ł', 'Œ', 'Š', 'Ÿ', 'Ž', 'ı', 'ł', 'œ', 'š', 'ž', utf8.RuneError, '€',
	}
)

func pdfDocRune(c byte) rune {
	switch {
	case c >= 0x18 && c < 0x20:
		return pdfDocLow[c-0x18]
	case c >= 0x80 && c <= 0xa0:
		return pdfDocHigh[c-0x80]
	}
	return rune(c)
}

var errNotUTF8 = errors.New("text is not UTF-8")

// encodePDFText returns a string object. ASCII becomes a literal string: every
// reader knows it, and a search of the bytes finds it even in a damaged file.
// Anything else becomes UTF-16 in hexadecimal digits, which no escape can hurt.
func encodePDFText(text []byte) ([]byte, error) {
	if !utf8.Valid(text) {
		return nil, errNotUTF8
	}
	if isPDFDocASCII(text) {
		return escapePDF(text), nil
	}
	b := appendUTF16([]byte(utf16BOM), string(text), binary.BigEndian)
	out := append([]byte{'<'}, hex.AppendEncode(nil, b)...)
	return append(out, '>'), nil
}

// escapePDF returns a literal string.
func escapePDF(text []byte) []byte {
	out := append(make([]byte, 0, len(text)+2), '(')
	for _, c := range text {
		switch c {
		case '(', ')', '\\':
			out = append(out, '\\', c)
		case '\r':
			out = append(out, `\r`...)
		default:
			out = append(out, c)
		}
	}
	return append(out, ')')
}
