package container

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRTFRoundTrip(t *testing.T) {
	for name, b := range fixtures(t, "rtf") {
		t.Run(name, func(t *testing.T) {
			roundTrip(t, RTF, b, Record, someRecord, []byte("{\"Label\":\"\\\\ \r\n\t标 😀 é\x01\"}"), append(someRecord, someRecord...))
		})
	}
}

// TestRTFTruncated cuts labelled files. A cut behind a brace of the text is not
// seen: the text is not examined.
func TestRTFTruncated(t *testing.T) {
	const value = `\{\}}`
	for name, b := range fixtures(t, "rtf") {
		b = put(t, RTF, b, Record, []byte(`{}`))
		end := bytes.Index(b, []byte(value)) + len(value)
		truncations(t, RTF, b, end)
		for n := end; n < len(b); n++ {
			l := walk(t, RTF, b[:n:n]).Summary()
			require.Len(t, l.Slots, len(walk(t, RTF, b).Summary().Slots), name)
			if !bytes.HasSuffix(bytes.TrimSpace(b[:n]), []byte("}")) {
				require.Error(t, l.Damage, "%s cut at %d", name, n)
			}
		}
	}
}

// TestRTFPlaces splices a record into headers as others write them.
func TestRTFPlaces(t *testing.T) {
	const property = `{\propname AIGC}\proptype30{\staticval \{\}}`
	const group = `{\*\userprops ` + property + `}`
	for before, after := range map[string]string{
		`{\rtf1 Text}`:                             `{\rtf1 ` + group + `Text}`,
		`{\rtf1}`:                                  `{\rtf1` + group + `}`,
		`{\rtf1\ansi\ansicpg936\deff0\f0 Text}`:    `{\rtf1\ansi\ansicpg936` + group + `\deff0\f0 Text}`,
		"{\\rtf1{\\fonttbl{\\f0 A;}}\n{\\b Text}}": "{\\rtf1{\\fonttbl{\\f0 A;}}" + group + "\n{\\b Text}}",
		`{\rtf1{\info{\title A}}{\*\xmlnstbl}\pard A{\info{\title B}}}`:        `{\rtf1{\info{\title A}}` + group + `{\*\xmlnstbl}\pard A{\info{\title B}}}`,
		`{\rtf1{\*\userprops}\pard}`:                                           `{\rtf1{\*\userprops` + property + `}\pard}`,
		`{\rtf1{\*\userprops {\propname A}\proptype3{\staticval 1}}Text}`:      `{\rtf1{\*\userprops {\propname A}\proptype3{\staticval 1}` + property + `}Text}`,
		`{\rtf1{\*\userprops{\propname AIGC}\proptype30{\staticval\{"a"\}}}A}`: `{\rtf1{\*\userprops{\propname AIGC}\proptype30{\staticval \{\}}}A}`,
	} {
		require.Equal(t, after, string(put(t, RTF, []byte(before), Record, []byte("{}"))))
	}
}

func TestRTFSlots(t *testing.T) {
	doc := `{\rtf1\ansi\ansicpg1252\uc2{\*\generator G;}{\fonttbl{\f0 A;}}` +
		"{\\info{\\title L\r\n\\'fcge}{\\upr{\\author ?}{\\*\\ud{\\author \\u-10179xx\\u-8704xx}}}{\\comment  }{\\nofpages1}{\\operator {\\b N}\\uc0\\u8211 1\\~\\\\}}" +
		`{\*\userprops{\propname Empty}\proptype30{\staticval }{\propname AIGC}\proptype3{\staticval 1}` +
		`{\propname AIGC}\proptype30{\staticval \'7b2\}}{\linkval AIGC}{\propname myAIGC}\proptype30{\staticval 3}{\propname AIGC}\proptype30{\staticval 4}}` +
		`\pard{\*\userprops{\propname AIGC}\proptype30{\staticval 5}}}`
	f := walk(t, RTF, []byte(doc))
	require.NoError(t, f.Summary().Damage)
	var got []string
	for _, s := range f.Summary().Slots {
		got = append(got, fmt.Sprint(s.Kind, " ", s.Place, " ", s.Guide, " ", string(s.Value), " ", s.Encoding))
	}
	require.Equal(t, []string{
		"5 RTF generator false G; ", "5 RTF title false Lüge rtf", "5 RTF author false ? ", "5 RTF author false 😀 rtf", "5 RTF operator false N–1\u00a0\\ rtf",
		"1 RTF custom property AIGC false 1 ", "1 RTF custom property AIGC true {2} rtf",
		"1 RTF custom property myAIGC false 3 ", "1 RTF custom property AIGC false 4 ",
	}, got)
	plan, err := f.Plan(removals(f))
	require.NoError(t, err)
	out := string(output(t, plan, []byte(doc)))
	require.Contains(t, out, `{\*\userprops{\propname Empty}\proptype30{\staticval }}\pard`)
	require.NotContains(t, out, "title")
}

func TestRTFChinese(t *testing.T) {
	f := walk(t, RTF, []byte(`{\rtf1\ansi\ansicpg936{\info{\title \'b1\'ea\'cc\'e2 1}}A}`))
	require.Equal(t, "标题 1", string(f.Summary().Slots[0].Value))
}

func TestRTFBinary(t *testing.T) {
	b := []byte("{\\rtf1{\\*\\fontemb\\bin5 }}}}}}{\\info{\\title A}}Text}")
	require.Len(t, walk(t, RTF, b).Summary().Slots, 1)
	require.Error(t, walk(t, RTF, []byte(`{\rtf1{\*\a\bin99999999999999999999 }}`)).Summary().Damage)
}

// TestRTFLongHeader has a record behind the first read.
func TestRTFLongHeader(t *testing.T) {
	doc := `{\rtf1{\stylesheet` + strings.Repeat(`{\s1 Style;}`, HeadSize/8) + `}{\*\userprops{\propname AIGC}\proptype30{\staticval 1}}Text}`
	require.NotNil(t, guide(walk(t, RTF, []byte(doc)), Record))
	f, err := RTF(NewSource(strings.NewReader(doc), int64(len(doc)), Limits{Value: HeadSize}))
	require.NoError(t, err)
	require.Len(t, f.Summary().Limits, 1)
}

func TestRTFHostile(t *testing.T) {
	const n = 1 << 20
	for name, doc := range map[string]string{
		"nested":     strings.Repeat(`{\*\a`, n/5),
		"groups":     `{\rtf1` + strings.Repeat(`{\*\a}`, n/6) + `}`,
		"properties": `{\rtf1{\*\userprops` + strings.Repeat(`{\propname AIGC}{\staticval A}`, n/30) + `}}`,
		"values":     `{\rtf1{\*\userprops{\propname A}` + strings.Repeat(`{\staticval A}`, n/14) + `}}`,
		"escapes":    `{\rtf1{\info{\title ` + strings.Repeat(`\'e9a`, n/5) + `}}}`,
		"units":      `{\rtf1{\info{\title ` + strings.Repeat(`\u-10179`, n/8) + `}}}`,
		"words":      `{\rtf1` + strings.Repeat(`\a`, n/2),
	} {
		t.Run(name, func(t *testing.T) { cheapWalk(t, RTF, []byte(`{\rtf1`+doc)) })
	}
}

// TestRTFLibreOffice converts labelled files: the property is still there, with
// the others.
func TestRTFLibreOffice(t *testing.T) {
	soffice, dir := tool(t, "soffice"), t.TempDir()
	args := []string{"-env:UserInstallation=file://" + dir + "/profile", "--headless", "--convert-to", "odt", "--outdir", dir}
	for name, b := range fixtures(t, "rtf") {
		args = append(args, filepath.Join(dir, name))
		require.NoError(t, os.WriteFile(args[len(args)-1], put(t, RTF, b, Record, someRecord), 0o600))
	}
	run(t, soffice, args...)
	for name := range fixtures(t, "rtf") {
		b, err := os.ReadFile(filepath.Join(dir, strings.TrimSuffix(name, ".rtf")+".odt"))
		require.NoError(t, err)
		f := walk(t, ODF, b)
		require.NotNil(t, guide(f, Record), name)
		require.Equal(t, string(someRecord), string(guide(f, Record).Value))
		if name == "custom.rtf" {
			require.Contains(t, part(t, b, odfMeta), `A &amp; {B} \ 客户`)
		}
	}
}

func FuzzRTF(f *testing.F) {
	f.Add([]byte(`{\rtf1\ansi\ansicpg936{\info{\upr{\title ?}{\*\ud{\title \u-10179\'3f}}}}{\*\userprops{\propname AIGC}\proptype30{\staticval\'7b}}\bin1 }A}`))
	fuzz(f, "rtf", RTF, Record, someRecord)
}

// TestRTFBareUC: \uc without its number made the text after a \u start before its
// own start, a panic.
func TestRTFBareUC(t *testing.T) {
	l := walk(t, RTF, []byte(`{\rtf1\uc{\info{\title\u65 abc}}\pard}`)).Summary()
	require.Equal(t, "Aabc", string(l.Slots[0].Value))
}

// TestRTFCosts has texts of many controls, and texts in texts, which cost 17 s for a
// megabyte.
func TestRTFCosts(t *testing.T) {
	for name, text := range map[string]string{"text": `a\~`, "bytes": `\'41\~`, "units": `\'41\u5?`} {
		for _, depth := range []int{1, 14} {
			b := `{\rtf1{\info` + strings.Repeat(`{\title{\ud`, depth) + strings.Repeat(text, 1<<20/len(text)) + strings.Repeat("}}", depth) + `}}`
			t.Run(fmt.Sprint(name, depth), func(t *testing.T) { cheapWalk(t, RTF, []byte(b)) })
		}
	}
}
