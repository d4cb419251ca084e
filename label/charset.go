package label

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"

	"github.com/aigclabel/aigclabel/internal/container"
)

// ErrEncoding reports a text whose character encoding is not known well enough
// to add a notice to it.
var ErrEncoding = errors.New("label: unknown text encoding; convert the text to UTF-8")

// A charset is how a file holds characters.
type charset struct {
	bom   int               // length of the byte order mark
	order binary.ByteOrder  // of UTF-16, else nil: ASCII is one byte each
	codec encoding.Encoding // nil for UTF-8
	ascii bool              // only ASCII is understood
}

// unit returns the bytes of a line feed.
func (c charset) unit() int {
	if c.order != nil {
		return 2
	}
	return 1
}

// marks of encodings; UTF-32 is told from UTF-16 to refuse it.
var marks = []struct {
	mark  string
	order binary.ByteOrder
	codec encoding.Encoding
}{
	{"\xFF\xFE\x00\x00", nil, nil},
	{"\x00\x00\xFE\xFF", nil, nil},
	{"\xFF\xFE", binary.LittleEndian, unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)},
	{"\xFE\xFF", binary.BigEndian, unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)},
}

// designation starts the sequences that switch ISO-2022-JP and its kin, all bytes of
// which are ASCII, to characters of two bytes (ISO/IEC 2022:1994, 14.3.2).
const designation = "\x1B$"

// detectCharset tells the encoding of a text from its head and, of a long one, its
// tail, which may be cut within characters.
func detectCharset(head, tail []byte) (charset, error) {
	for _, m := range marks {
		switch {
		case !bytes.HasPrefix(head, []byte(m.mark)):
		case m.codec == nil:
			return charset{}, ErrEncoding
		default:
			return charset{bom: 2, order: m.order, codec: m.codec}, nil
		}
	}
	utf := charset{bom: container.ByteOrderMark(head)}
	text := append(bytes.Clone(head), '\n')
	if i := bytes.IndexByte(tail, '\n'); i >= 0 {
		text = append(text, tail[i+1:]...) // from a character on
	}
	switch {
	case bytes.IndexByte(text, 0) >= 0:
		return charset{}, ErrEncoding
	case utf.bom == 0 && bytes.Contains(text, []byte(designation)):
		return charset{ascii: true}, nil
	case utf.bom > 0 || validUTF8(head) && validUTF8(text[len(head):]):
		return utf, nil
	case plausibleGB18030(text):
		return charset{codec: simplifiedchinese.GB18030}, nil
	}
	return charset{ascii: true}, nil
}

// validUTF8 reports whether b is UTF-8, but for a character that its end cuts.
func validUTF8(b []byte) bool {
	for n := range min(utf8.UTFMax, len(b)+1) {
		if utf8.Valid(b[:len(b)-n]) {
			return n == 0 || !utf8.FullRune(b[len(b)-n:])
		}
	}
	return false
}

// plausibleGB18030 reports whether b, which is not UTF-8, is Chinese in GB 18030. Other
// legacy encodings often decode too, but hardly to the hanzi of GB 2312, or to
// kana where they are Japanese.
func plausibleGB18030(b []byte) bool {
	var chinese, other int
	for i := 0; i < len(b); i++ {
		switch {
		case b[i] < 0x80:
		case i+1 < len(b) && (b[i] >= 0xA1 && b[i] <= 0xA3 || b[i] >= 0xB0 && b[i] <= 0xF7) && b[i+1] >= 0xA1 && b[i+1] < 0xFF:
			chinese++
			i++
		case i+3 < len(b) && isDigit(b[i+1]) && b[i+2] >= 0x81 && isDigit(b[i+3]): // all else of Unicode
			i += 3
		default:
			other++
			i++
		}
	}
	return chinese > 8*other
}

func isDigit(b byte) bool { return '0' <= b && b <= '9' }

// decode returns the text of b, with U+FFFD where it is broken.
func (c charset) decode(b []byte) string {
	if c.codec == nil {
		return string(b)
	}
	s, err := c.codec.NewDecoder().Bytes(b)
	if err != nil {
		return ""
	}
	return string(s)
}

// holds reports whether the encoding is known to have the characters of s.
func (c charset) holds(s string) bool {
	return !c.ascii || !strings.ContainsFunc(s, func(r rune) bool { return r >= utf8.RuneSelf })
}

// encode returns s, which c holds.
func (c charset) encode(s string) []byte {
	if c.codec == nil {
		return []byte(s)
	}
	b, _ := c.codec.NewEncoder().String(s) // both encodings have all characters
	return []byte(b)
}

// reader returns the text that r holds.
func (c charset) reader(r io.Reader) io.Reader {
	if c.codec == nil {
		return r
	}
	return c.codec.NewDecoder().Reader(r)
}
