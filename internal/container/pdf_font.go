package container

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
)

// Fonts, ISO 32000-2 clauses 9.5 to 9.10, as far as their texts are to be read.

// A pdfFont tells the characters of codes, and how far each moves the pen.
type pdfFont struct {
	bytes     int // of a code, 0 for the one or two of GBK
	toUnicode pdfRanges[string]
	names     map[uint32]string // of characters, where Differences give them
	charset   encoding.Encoding // of the codes that nothing else explains, nil if that is none
	widths    pdfRanges[float64]
	width     float64 // of other codes
	scale     float64 // of widths, to the size of the type
}

// standardPDFFont stands for a font that cannot be read.
var standardPDFFont = &pdfFont{bytes: 1, charset: charmap.Windows1252, width: 500, scale: 0.001}

// font reads a font. The error is a limit; the font is good as far as it goes.
func (d *PDFDocument) font(f *pdfFile, dict pdfValue) (*pdfFont, error) {
	font := *standardPDFFont
	var err error
	if f.direct(dict.lookup("Subtype")).name() == "Type0" {
		err = d.compositeFont(f, &font, dict)
	} else {
		err = d.simpleFont(f, &font, dict)
	}
	if o := f.resolve(dict.lookup("ToUnicode")); err == nil && o != nil && o.data > 0 {
		text, _, _, bad := f.content(o, "character map")
		f.note(bad)
		font.toUnicode, err = d.cmap(text)
	}
	font.widths.sort()
	return &font, err
}

func (d *PDFDocument) simpleFont(f *pdfFile, font *pdfFont, dict pdfValue) error {
	encoding := f.direct(dict.lookup("Encoding"))
	base := encoding
	if encoding.isDict() {
		base = f.direct(encoding.lookup("BaseEncoding"))
		font.differences(f, f.direct(encoding.lookup("Differences")))
	}
	if base.name() == "MacRomanEncoding" {
		font.charset = charmap.Macintosh
	}
	if f.direct(dict.lookup("Subtype")).name() == "Type3" {
		if m := f.numbers(dict.lookup("FontMatrix"), 6); len(m) == 6 {
			font.scale = m[0]
		}
	}
	first, _ := f.direct(dict.lookup("FirstChar")).integer()
	for v := range f.direct(dict.lookup("Widths")).elements() {
		if err := d.room(1); err != nil {
			return err
		}
		if w, ok := f.direct(v).number(); ok && first < 256 {
			font.widths = append(font.widths, pdfRange[float64]{uint32(first), uint32(first), w})
		}
		first++
	}
	return nil
}

// differences reads the names of characters: "code /name /name...".
func (font *pdfFont) differences(f *pdfFile, array pdfValue) {
	font.names = map[uint32]string{}
	code := int64(0)
	for v := range array.elements() {
		if n, ok := v.integer(); ok {
			code = n
		} else if code < 256 {
			font.names[uint32(code)] = pdfGlyphText(v.name())
			code++
		}
	}
}

// pdfGlyphText returns the characters that a glyph's name stands for (Adobe Glyph
// List), "" if it is not known.
func pdfGlyphText(name string) string {
	name, _, _ = strings.Cut(name, ".")
	if len(name) == 1 {
		return name
	}
	if text, ok := pdfGlyphs[name]; ok {
		return text
	}
	for _, prefix := range []string{"uni", "u"} {
		digits, ok := strings.CutPrefix(name, prefix)
		if n, err := strconv.ParseUint(digits, 16, 21); ok && err == nil && len(digits) >= 4 {
			return string(rune(n))
		}
	}
	return ""
}

// pdfGlyphs are the names of the characters that notices are made of.
var pdfGlyphs = func() map[string]string {
	names := map[string]string{}
	fields := strings.Fields(`space \x20 zero 0 one 1 two 2 three 3 four 4 five 5 six 6 seven 7 eight 8 nine 9 exclam ! quotesingle ' quoteright ’ quoteleft ‘
		quotedblleft “ quotedblright ” parenleft ( parenright ) bracketleft [ bracketright ] comma , hyphen - minus - endash – emdash — period . slash /
		colon : semicolon ; question ? at @ ampersand & periodcentered · bullet • fi fi fl fl ff ff ffi ffi ffl ffl germandbls ß
		Eacute É eacute é egrave è ecircumflex ê agrave à aacute á acircumflex â atilde ã ccedilla ç iacute í ocircumflex ô oacute ó otilde õ uacute ú ntilde ñ
		adieresis ä odieresis ö udieresis ü Adieresis Ä Odieresis Ö Udieresis Ü`)
	for i := 0; i+1 < len(fields); i += 2 {
		names[fields[i]] = strings.Replace(fields[i+1], `\x20`, " ", 1)
	}
	return names
}()

// compositeFont reads a font of characters by number, which has one descendant.
func (d *PDFDocument) compositeFont(f *pdfFile, font *pdfFont, dict pdfValue) error {
	font.bytes, font.charset, font.width = 2, nil, 1000
	switch name := f.direct(dict.lookup("Encoding")).name(); {
	case strings.HasPrefix(name, "Uni"): // UniGB-UTF16-H, UniJIS-UCS2-H...
		font.charset = unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)
	case strings.HasPrefix(name, "GB"): // GBK-EUC-H, GB-EUC-H...
		font.bytes, font.charset = 0, simplifiedchinese.GBK
	}
	descendant := f.direct(first(f.direct(dict.lookup("DescendantFonts"))))
	if w, ok := f.direct(descendant.lookup("DW")).number(); ok {
		font.width = w
	}
	if font.charset != nil {
		return nil // its codes are not the numbers that widths go by
	}
	return d.cidWidths(f, font, f.direct(descendant.lookup("W")))
}

// cidWidths reads "c [w w...]" and "c c w".
func (d *PDFDocument) cidWidths(f *pdfFile, font *pdfFont, array pdfValue) error {
	var pending []uint32
	add := func(lo, hi uint32, w pdfValue) error {
		if x, ok := f.direct(w).number(); ok {
			font.widths = append(font.widths, pdfRange[float64]{lo, hi, x})
		}
		return d.room(1)
	}
	for v := range array.elements() {
		if widths := f.direct(v); widths.isArray() && len(pending) == 1 {
			code := pending[0]
			for w := range widths.elements() {
				if err := add(code, code, w); err != nil {
					return err
				}
				code++
			}
			pending = nil
			continue
		}
		if len(pending) == 2 {
			if err := add(pending[0], pending[1], v); err != nil {
				return err
			}
			pending = nil
			continue
		}
		n, ok := v.integer()
		if !ok || n > 1<<16 {
			return nil
		}
		pending = append(pending, uint32(n))
	}
	return nil
}

// next returns the first code of a text, and how many bytes it has.
func (font *pdfFont) next(text []byte) (code uint32, n int) {
	n = font.bytes
	if n == 0 {
		n = 1
		if text[0] >= 0x80 {
			n = 2
		}
	}
	n = min(n, len(text))
	for _, c := range text[:n] {
		code = code<<8 | uint32(c)
	}
	return code, n
}

// text returns the characters of a code, U+FFFD if they are not known.
func (font *pdfFont) text(code uint32) string {
	if s, ok := pdfUnicode(font.toUnicode, code); ok {
		return s
	}
	if s, ok := font.names[code]; ok {
		return s
	}
	switch {
	case font.charset == nil:
		return string(utf8.RuneError)
	case font.bytes < 2 && code < utf8.RuneSelf:
		return string(rune(code))
	}
	raw := []byte{byte(code >> 8), byte(code)}
	if font.bytes == 1 {
		raw = raw[1:]
	}
	s, _ := font.charset.NewDecoder().Bytes(raw) // U+FFFD for what is wrong
	return string(s)
}

// advance returns how far a code moves the pen, for type of size 1.
func (font *pdfFont) advance(code uint32) float64 {
	if w, ok := font.widths.find(code); ok {
		return w.to * font.scale
	}
	return font.width * font.scale
}
