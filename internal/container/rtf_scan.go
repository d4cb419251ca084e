package container

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/simplifiedchinese"
)

// An rtfToken is a brace, a control word or symbol, or a run of text.
type rtfToken struct {
	kind       byte   // '{', '}', '\\' or 't'
	word       string // of a control, without its backslash: "uc", "'", "*"
	param      int    // of a control, -1 if it has none
	start, end int    // with the space that delimits a control word
}

type rtfScanner struct {
	text string
	pos  int
}

// next returns the next token. It reports false at the end of the text, and for
// what is cut off there.
func (s *rtfScanner) next() (rtfToken, bool) {
	t := rtfToken{start: s.pos, param: -1}
	if s.pos >= len(s.text) {
		return t, false
	}
	switch t.kind = s.text[s.pos]; t.kind {
	case '{', '}':
		s.pos++
	case '\\':
		if !s.control(&t) {
			return t, false
		}
	default:
		t.kind = 't'
		if n := strings.IndexAny(s.text[s.pos:], `{}\`); n >= 0 {
			s.pos += n
		} else {
			s.pos = len(s.text)
		}
	}
	t.end = s.pos
	return t, true
}

// control reads a control: letters with a number, or one other character. The
// data that belongs to it is passed over.
func (s *rtfScanner) control(t *rtfToken) bool {
	rest := s.text[s.pos+1:]
	n := len(rest) - len(strings.TrimLeft(rest, rtfLetters))
	switch {
	case n == len(rest):
		return false
	case n == 0 && rest[0] == '\'':
		t.word = "'"
		return s.hex(t)
	case n == 0:
		t.word = rest[:1]
		s.pos += 2
		return true
	}
	t.word, rest = rest[:n], rest[n:]
	digits := strings.TrimPrefix(rest, "-")
	digits = digits[:len(digits)-len(strings.TrimLeft(digits, "0123456789"))]
	if digits != "" {
		end := len(digits)
		if rest[0] == '-' {
			end++
		}
		t.param, _ = strconv.Atoi(rest[:end]) // the greatest number for one that is greater
		rest = rest[end:]
	}
	rest = strings.TrimPrefix(rest, " ")
	s.pos = len(s.text) - len(rest)
	if t.word == "bin" && t.param > 0 {
		if t.param > len(rest) {
			return false
		}
		s.pos += t.param
	}
	return true
}

const rtfLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

// hex reads a byte that is written as \'hh.
func (s *rtfScanner) hex(t *rtfToken) bool {
	digits := s.text[s.pos+2:]
	if len(digits) < 2 {
		return false
	}
	if b, err := strconv.ParseUint(digits[:2], 16, 8); err == nil {
		t.param = int(b)
	}
	s.pos += 4
	return true
}

// An rtfCodePage is the number of the code page of escaped bytes.
type rtfCodePage int

// rtfBreaks removes the line breaks of the file, which are no text.
var rtfBreaks = strings.NewReplacer("\r", "", "\n", "")

func (c rtfCodePage) decoder() *encoding.Decoder {
	if c == 936 {
		return simplifiedchinese.GBK.NewDecoder()
	}
	return charmap.Windows1252.NewDecoder()
}

// An rtfText is text that is being decoded.
type rtfText struct {
	strings.Builder
	decoder *encoding.Decoder
	bytes   []byte   // escaped, one character may take two
	units   []uint16 // of UTF-16, one character may take two
}

// flush writes what is gathered.
func (t *rtfText) flush() {
	if len(t.bytes) > 0 {
		decoded, _ := t.decoder.Bytes(t.bytes) // which replaces what is wrong
		t.Write(decoded)
		t.bytes = t.bytes[:0]
	}
	if len(t.units) > 0 {
		t.WriteString(string(utf16.Decode(t.units)))
		t.units = t.units[:0]
	}
}

// decodeRTF returns the text in raw, where unit characters stand for each
// Unicode one to old readers.
func decodeRTF(raw string, unit int, charset rtfCodePage) string {
	text := rtfText{decoder: charset.decoder()}
	skip := 0
	for s := (rtfScanner{text: raw}); ; {
		t, ok := s.next()
		switch {
		case !ok:
			text.flush()
			return text.String()
		case t.kind == 't':
			run := rtfBreaks.Replace(raw[t.start:t.end])
			n := min(skip, len(run))
			if skip -= n; n < len(run) {
				text.flush()
				text.WriteString(run[n:])
			}
		case t.word == "u":
			text.unicode(t.param)
			skip = unit
		case t.word == "uc":
			unit = max(t.param, 0)
		case skip > 0 && t.kind == '\\':
			skip--
		case t.kind == '\\':
			text.control(t)
		default:
			skip = 0
		}
	}
}

// unicode writes a unit of UTF-16, of which RTF has the signed number.
func (t *rtfText) unicode(unit int) {
	if len(t.bytes) > 0 {
		t.flush()
	}
	t.units = append(t.units, uint16(unit))
}

// control writes what a control stands for.
func (t *rtfText) control(token rtfToken) {
	if token.word == "'" && token.param >= 0 {
		if len(t.units) > 0 {
			t.flush()
		}
		t.bytes = append(t.bytes, byte(token.param))
		return
	}
	t.flush()
	switch token.word {
	case `\`, "{", "}":
		t.WriteString(token.word)
	case "~":
		t.WriteRune('\u00a0')
	case "_":
		t.WriteRune('\u2011')
	case "tab":
		t.WriteByte('\t')
	case "line", "par", "\r", "\n":
		t.WriteByte('\n')
	}
}

// appendRTF appends text in ASCII.
func appendRTF(b, text []byte) []byte {
	unit := `\uc1`
	for len(text) > 0 {
		r, n := utf8.DecodeRune(text)
		switch c := text[0]; {
		case c == '\\' || c == '{' || c == '}':
			b = append(b, '\\', c)
		case c < ' ' || c == 0x7F:
			b = append(b, '\\', '\'', "0123456789abcdef"[c>>4], "0123456789abcdef"[c&15])
		case c < utf8.RuneSelf:
			b = append(b, c)
		default:
			b = append(b, unit...)
			unit = ""
			for _, u := range utf16.Encode([]rune{r}) {
				b = append(b, `\u`...)
				b = append(strconv.AppendInt(b, int64(int16(u)), 10), '?')
			}
		}
		text = text[n:]
	}
	return b
}
