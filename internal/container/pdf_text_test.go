package container

import (
	"bytes"
	"compress/lzw"
	"encoding/ascii85"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// pdfOf returns a document of a page with content and, as objects from 6 on, what its
// resources refer to.
func pdfOf(content, resources string, objects ...string) []byte {
	d := newPDFDraft("")
	d.object(1, "<</Type/Catalog/Pages 2 0 R>>")
	d.object(2, "<</Type/Pages/Kids[3 0 R]/Count 1>>")
	d.object(3, "<</Type/Page/Parent 2 0 R/MediaBox[0 0 500 500]/Contents 5 0 R/Resources<<"+resources+">>>>")
	d.stream(5, "", content)
	for i, o := range objects {
		d.object(6+i, o)
	}
	d.table("", " \n")
	return d.Bytes()
}

// pdfStream returns a stream that is not filtered, as an object.
func pdfStream(entries, data string) string {
	return fmt.Sprintf("<<%s/Length %d>>stream\n%s\nendstream", entries, len(data), data)
}

func pageText(t testing.TB, b []byte) PDFText {
	t.Helper()
	p, err := openPDF(t, b).Page(false)
	require.NoError(t, err)
	text, err := p.Text()
	require.NoError(t, err)
	return text
}

// texts returns the lines of a page as words.
func (t PDFText) texts() (all []string) {
	for _, l := range t.Lines {
		all = append(all, l.Text)
	}
	return all
}

func TestPDFText(t *testing.T) {
	const fonts = "/Font<</F 6 0 R/G 7 0 R>>"
	for name, test := range map[string]struct {
		content string
		want    []string
	}{
		"one string":       {"BT /F 10 Tf 9 9 Td (AI \\(generated\\)) Tj ET", []string{"AI (generated)"}},
		"two lines":        {"BT /F 10 Tf 12 TL (one)Tj T*(two)Tj ET", []string{"one", "two"}},
		"quotes":           {"BT /F 10 Tf 12 TL (one)' 3 1(two)\" ET", []string{"one", "two"}},
		"TD sets leading":  {"BT /F 10 Tf (one)Tj 0 -12 TD(two)Tj T*(three)Tj ET", []string{"one", "two", "three"}},
		"kerning":          {"BT /F 10 Tf [(A)50(I)-600(gene)20(rated)]TJ ET", []string{"AI generated"}},
		"wide gap":         {"BT /F 10 Tf [(left)-9000(right)]TJ ET", []string{"left", "right"}},
		"letter by letter": {"BT /F 10 Tf (A)Tj 5 0 Td(I)Tj ET BT 10.2 0 Td(!)Tj ET", []string{"AI!"}},
		"narrow type":      {"BT /F 10 Tf 50 Tz (AI)Tj 10 0 Td (x)Tj ET", []string{"AI x"}},
		"other baseline":   {"BT /F 10 Tf 1 0 0 1 0 100 Tm(a)Tj 1 0 0 1 5 90 Tm(b)Tj ET", []string{"a", "b"}},
		"raised":           {"BT /F 10 Tf (a)Tj 1 Ts(b)Tj ET", []string{"ab"}},
		"upside down":      {"BT /F 10 Tf -1 0 0 -1 0 0 Tm(a)Tj ET", nil},
		"sideways":         {"q 0 1 -1 0 0 0 cm BT /F 10 Tf(a)Tj ET Q BT(b)Tj ET", []string{"b"}},
		"no font":          {"BT(plain)Tj ET", []string{"plain"}},
		"inline image":     {"BI/W 1 ID \x80(\xFF EI x\x01 EI BT /F 10 Tf(a)Tj ET", []string{"a"}},
		"lost brackets":    {")) } >> ] BT /F 10 Tf(a)Tj ET", []string{"a"}},
		"actual text":      {"BT /F 10 Tf /Span<</ActualText(AI made)>>BDC(x)Tj 0 -12 Td(y)Tj EMC(z)Tj ET", []string{"AI made", "z"}},
		"composite":        {"BT /G 10 Tf <00010002>Tj <00FF>Tj ET", []string{"生成\uFFFD"}},
	} {
		t.Run(name, func(t *testing.T) {
			b := pdfOf(test.content, fonts, "<</Subtype/Type1/FirstChar 32/Widths["+strings.Repeat("500 ", 95)+"]>>",
				"<</Subtype/Type0/Encoding/Identity-H/DescendantFonts[<</W[1[1000 900]3 4 500]>>]/ToUnicode 8 0 R>>",
				pdfStream("", "1 beginbfchar<0001><751F>endbfchar 1 beginbfrange<0002><0002>[<6210>]endbfrange"))
			require.Equal(t, test.want, pageText(t, b).texts())
		})
	}
}

// TestPDFTextCut: what ends inside an object would take in what follows.
func TestPDFTextCut(t *testing.T) {
	for content, cut := range map[string]bool{"(a)Tj (b": true, "(a)Tj <6": true, "(a)Tj [(b)": true, "(a)Tj /S<</A 1": true, "(a)Tj 12": false, "(a)Tj ]": false, "(a)Tj /N": false} {
		p, err := openPDF(t, pdfOf(content, "")).Page(false)
		require.NoError(t, err)
		text, err := p.Text()
		require.Equal(t, []string{"a"}, text.texts())
		if cut {
			require.ErrorAs(t, err, new(*FormatError), content)
		} else {
			require.NoError(t, err, content)
		}
	}
}

// TestPDFFonts decodes one string in fonts of all kinds.
func TestPDFFonts(t *testing.T) {
	for name, test := range map[string]struct{ font, shown, want string }{
		"WinAnsi":     {"<</Subtype/TrueType/Encoding/WinAnsiEncoding>>", "(\xE9\x80)", "é€"},
		"MacRoman":    {"<</Subtype/TrueType/Encoding/MacRomanEncoding>>", "(\x8E)", "é"},
		"differences": {"<</Subtype/Type1/Encoding<</Differences[1/A/hyphen/fi/uni751F/u6210 9/unknown/eacute]>>>>", "<01020304050A>", "A-fi生成é"},
		"ranges":      {"<</Subtype/Type1/ToUnicode 7 0 R>>", "<1011121320>", "ABC xyz"},
		"UTF-16":      {"<</Subtype/Type0/Encoding/UniGB-UTF16-H>>", "<751F6210>", "生成"},
		"GBK":         {"<</Subtype/Type0/Encoding/GBK-EUC-H>>", "(AI\xC9\xFA\xB3\xC9)", "AI生成"},
		"unknown":     {"<</Subtype/Type0/Encoding/Identity-V>>", "<0001>", "\uFFFD"},
		"missing":     {"null", "(a)", "a"},
	} {
		t.Run(name, func(t *testing.T) {
			cmap := pdfStream("", "% comment\n2 beginbfrange <10><12><0041> <13><13><0020> endbfrange 1 beginbfchar <20> <00780079007A> endbfchar")
			b := pdfOf("BT /F 10 Tf"+test.shown+"Tj ET", "/Font<</F 6 0 R>>", test.font, cmap)
			require.Equal(t, []string{test.want}, pageText(t, b).texts())
		})
	}
}

func TestPDFTextPlaces(t *testing.T) {
	form := pdfStream("/Subtype/Form/Matrix[2 0 0 2 10 10]/Resources<</Font<</F 7 0 R>>>>", "BT /F 10 Tf 3 Tr 20 30 Td(form)Tj ET")
	text := pageText(t, pdfOf("1 0 0 1 5 5 cm /X Do", "/XObject<</X 6 0 R>>", form, "<</Subtype/Type1>>"))
	require.Len(t, text.Lines, 1)
	l := text.Lines[0]
	require.Equal(t, []any{"form", 55.0, 75.0, 20.0, true, false}, []any{l.Text, l.X, l.Y, l.Size, l.Hidden, l.Stamp})
}

// TestPDFTextOpenEnds: what content leaves open is counted.
func TestPDFTextOpenEnds(t *testing.T) {
	for content, want := range map[string]PDFText{
		"q 2 0 0 2 0 0 cm Q":        {ctm: pdfIdentity},
		"q q Q 2 0 0 2 0 0 cm":      {saved: 1, ctm: pdfIdentity},
		"Q 3 0 0 3 1 1 cm q":        {saved: 1, restored: true, ctm: pdfMatrix{3, 0, 0, 3, 1, 1}},
		"/A BMC/B<<>>BDC EMC/C BMC": {marked: 2, ctm: pdfIdentity},
	} {
		require.Equal(t, want, pageText(t, pdfOf(content, "")), content)
	}
}

func TestPDFFilters(t *testing.T) {
	const content = "BT(filtered)Tj ET"
	encoded := func(w func(*bytes.Buffer)) string {
		var b bytes.Buffer
		w(&b)
		return b.String()
	}
	a85 := encoded(func(b *bytes.Buffer) {
		w := ascii85.NewEncoder(b)
		w.Write(deflate([]byte(content)))
		w.Close()
	})
	late := encoded(func(b *bytes.Buffer) {
		w := lzw.NewWriter(b, lzw.MSB, 8)
		w.Write([]byte(content))
		w.Close()
	})
	for entries, data := range map[string]string{
		"/Filter/ASCIIHexDecode":                                       hex.EncodeToString([]byte(content)) + ">",
		"/Filter[/ASCII85Decode/FlateDecode]":                          a85 + "~>",
		"/Filter[/ASCII85Decode/FlateDecode]/DecodeParms[null null]":   "<~" + a85 + "~>\n",
		"/Filter/LZWDecode/DecodeParms<</EarlyChange 0>>":              late,
		"/Filter/LZWDecode":                                            late, // too short for codes to grow
		"/Filter/FlateDecode/DecodeParms[<</Predictor 2/Columns 17>>]": string(deflate(differences(content))),
	} {
		b := pdfOf("/X Do", "/XObject<</X 6 0 R>>", pdfStream("/Subtype/Form"+entries, data))
		require.Equal(t, []string{"filtered"}, pageText(t, b).texts(), entries)
	}
}

// differences returns what TIFF predictor 2 undoes.
func differences(s string) []byte {
	out := []byte(s)
	for i := len(out) - 1; i > 0; i-- {
		out[i] -= out[i-1]
	}
	return out
}

// TestPDFTextHostile bounds what texts cost.
func TestPDFTextHostile(t *testing.T) {
	many := func(s string, n int) string { return strings.Repeat(s, n) }
	flate := func(entries, s string) string {
		return pdfStream(entries+"/Filter/FlateDecode", string(deflate([]byte(s))))
	}
	for name, b := range map[string][]byte{
		"bomb":              pdfOf("/X Do", "/XObject<</X 6 0 R>>", flate("/Subtype/Form", many(" ", 64<<20))),
		"form in itself":    pdfOf("/X Do", "/XObject<</X 6 0 R>>", pdfStream("/Subtype/Form/Resources<</XObject<</X 6 0 R>>>>", many("/X Do ", 1000))),
		"forms, many times": pdfOf(many("/X Do ", 1<<17), "/XObject<</X 6 0 R>>", pdfStream("/Subtype/Form", many("(a)Tj ", 1<<10))),
		"letters":           pdfOf("/X Do", "/XObject<</X 6 0 R>>", flate("/Subtype/Form", "/F 1 Tf "+many("(a)'", 1<<19))),
		"one long line":     pdfOf("/X Do", "/XObject<</X 6 0 R>>", flate("/Subtype/Form", "/F 1 Tf "+many("(a)Tj", 1<<19))),
		"long strings":      pdfOf("/X Do", "/XObject<</X 6 0 R>>", flate("/Subtype/Form", many("("+many("a", 1<<16)+")'", 64))),
		"states":            pdfOf("/X Do", "/XObject<</X 6 0 R>>", flate("/Subtype/Form", many("q ", 1<<21))),
		"nested arrays":     pdfOf(many("[", 1<<20), ""),
		"operands":          pdfOf(many("1 ", 1<<19), ""),
		"fonts":             pdfOf(many("/F 1 Tf ", 1<<16), "/Font<<"+many("/Fx 7 0 R", 1<<16)+"/F 6 0 R>>", "<</Subtype/Type1>>"),
		"character map":     pdfOf("/F 1 Tf(a)Tj", "/Font<</F 6 0 R>>", "<</ToUnicode 7 0 R>>", flate("", "beginbfchar "+many("<1><1>", 600000))),
		"range of all":      pdfOf("/F 1 Tf(\xff)Tj", "/Font<</F 6 0 R>>", "<</ToUnicode 7 0 R>>", pdfStream("", "beginbfrange<0><ffffffff><7fff>endbfrange")),
		"widths":            pdfOf("/F 1 Tf(a)Tj", "/Font<</F 6 0 R>>", "<</Subtype/Type0/DescendantFonts[<</W[1["+many("1 ", 1<<18)+"]]>>]>>"),
		"long mapping":      pdfOf("/F 1 Tf("+many("a", 1<<14)+")Tj", "/Font<</F 6 0 R>>", "<</ToUnicode 7 0 R>>", flate("", "beginbfchar<61><"+many("0041", 1<<17)+">endbfchar")),
		"mapping, askew":    pdfOf("0 1 -1 0 0 0 Tm /F 1 Tf "+many("(aaaaaaaa)Tj ", 1<<10), "/Font<</F 6 0 R>>", "<</ToUnicode 7 0 R>>", flate("", "beginbfchar<61><"+many("0041", 1<<17)+">endbfchar")),
		"large picture":     pdfOf("/X Do", "/XObject<</X 6 0 R>>", flate("/Subtype/Form/Resources<</XObject<</Y 7 0 R>>>>", many("/Y Do ", 1<<19)), pdfStream("/A("+many("a", 16<<10)+")/Subtype/Image", "")),
		"large properties":  pdfOf("/X Do", "/XObject<</X 6 0 R>>", flate("/Subtype/Form/Resources<</Properties<</P 7 0 R>>>>", many("/S/P BDC ", 1<<18)), "<</A("+many("a", 16<<10)+")>>"),
		"long replacement":  pdfOf("/X Do", "/XObject<</X 6 0 R>>", flate("/Subtype/Form/Resources<</Properties<</P 7 0 R>>>>", many("/S/P BDC (a)' EMC ", 1<<13)), "<</ActualText("+many("a", 64<<10)+")>>"),
		"great numbers":     pdfOf("BT "+many("9", 400)+" 0 0 1 0 0 Tm /F "+many("9", 400)+" Tf(a)Tj(b)Tj ET", ""),
	} {
		t.Run(name, func(t *testing.T) {
			cheap(t, b, func() {
				p, err := openPDF(t, b).Page(false)
				require.NoError(t, err)
				if _, err = p.Text(); name != "nested arrays" && err != nil {
					require.ErrorAs(t, err, new(*LimitError))
				}
			})
		})
	}
}

func FuzzPDFContent(f *testing.F) {
	f.Add("BT /F 10 Tf 9 9 Td[(a)-100<62>]TJ T* (c)' ET", "beginbfchar <61><0041> endbfchar", "/Encoding<</Differences[1/A]>>")
	f.Add("q /X Do Q BI ID x EI /S<</ActualText(a)>>BDC(b)Tj EMC", "beginbfrange <00><ff><0041> <1><2>[<3>] endbfrange", "/Subtype/Type0/DescendantFonts[<</W[1[2]3 4 5]>>]")
	f.Fuzz(func(t *testing.T, content, cmap, font string) {
		b := pdfOf(content, "/Font<</F 6 0 R>>/XObject<</X 8 0 R>>", "<</ToUnicode 7 0 R"+font+">>", pdfStream("", cmap), pdfStream("/Subtype/Form", content))
		p, err := openPDF(t, b).Page(false)
		if err != nil {
			return
		}
		if _, err = p.Text(); err != nil && !errors.As(err, new(*FormatError)) {
			require.ErrorAs(t, err, new(*LimitError))
		}
	})
}
