package container

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func eachXML(t *testing.T, test func(t *testing.T, b []byte)) {
	for name, b := range fixtures(t, "xml") {
		if name != "utf16.xml" {
			t.Run(name, func(t *testing.T) { test(t, b) })
		}
	}
}

func TestXMLRoundTrip(t *testing.T) {
	eachXML(t, func(t *testing.T, b []byte) {
		roundTrip(t, XML, b, Record, someRecord, []byte(`{"Label":"<&>]]>--"}`), []byte(`{}`))
		require.Equal(t, string(b), string(remove(t, XML, put(t, XML, b, Record, someRecord), Record)), "adding and removing is nothing")
	})
}

// TestXMLTruncated cuts labelled files. A cut behind a tag is not seen: the
// document is not examined.
func TestXMLTruncated(t *testing.T) {
	eachXML(t, func(t *testing.T, b []byte) {
		b = put(t, XML, b, Record, someRecord)
		end := strings.Index(string(b), "?>\n<!DOCTYPE")
		for n := range len(strings.TrimRight(string(b), "\n")) {
			l := walk(t, XML, b[:n:n]).Summary()
			if n == 0 || b[n-1] != '>' {
				require.Error(t, l.Damage, "cut at %d", n)
			}
			if end > 0 && n > end+2 {
				require.Len(t, l.Slots, 1)
			}
		}
	})
}

// TestXMLPlaces splices a record into prologs as others write them.
func TestXMLPlaces(t *testing.T) {
	for before, after := range map[string]string{
		"<a/>":                                 "<?AIGC {}?><a/>",
		"\ufeff<?xml version='1.0'?><a/>":      "\ufeff<?xml version='1.0'?><?AIGC {}?><a/>",
		"<?xml version='1.0'?>\r\n<!--c--><a>": "<?xml version='1.0'?>\r\n<?AIGC {}?>\r\n<!--c--><a>",
		"<?xml version='1.0'?>\n<!DOCTYPE a [<!ENTITY b '>'><?AIGC c?>]>\n<a/>": "<?xml version='1.0'?>\n<?AIGC {}?>\n<!DOCTYPE a [<!ENTITY b '>'><?AIGC c?>]>\n<a/>",
		"<?xml-stylesheet href='a'?><a/>":                                       "<?AIGC {}?><?xml-stylesheet href='a'?><a/>",
		"<?AIGC?><a/>":                                                          "<?AIGC {}?><a/>",
		"<?AIGC\n1 ?><a/>":                                                      "<?AIGC\n{} ?><a/>",
	} {
		require.Equal(t, after, string(put(t, XML, []byte(before), Record, []byte("{}"))))
	}
	out := put(t, XML, []byte("<a/>"), Record, []byte("{\"Label\":\n\"?>\"}"))
	require.Equal(t, `<?AIGC {"Label":"?\u003e"}?><a/>`, string(out))
}

func TestXMLSlots(t *testing.T) {
	doc := "<?xml version='1.0'?><?myAIGC 1?><?AIGC 2?><?AIGC 2?><?other AIGC?><a><?AIGC 3?></a>"
	var got []string
	for _, s := range walk(t, XML, []byte(doc)).Summary().Slots {
		got = append(got, fmt.Sprint(s.Key, " ", s.Guide, " ", string(s.Value)))
	}
	require.Equal(t, []string{"myAIGC false 1", "AIGC true 2", "AIGC false 2"}, got)
}

func TestXMLRefuses(t *testing.T) {
	for doc, value := range map[string]string{
		string(fixtures(t, "xml")["utf16.xml"]):           "{}",
		"<?xml version='1.0' encoding='GB18030'?><a/>":    `{"Label":"标"}`,
		"<!--" + strings.Repeat("c", HeadSize) + "--><a>": "{}",
		"<a/>": "no JSON",
	} {
		f := walk(t, XML, []byte(doc))
		require.NoError(t, f.Summary().Damage)
		_, err := f.Plan([]Change{{Kind: Record, Value: []byte(value)}})
		require.ErrorIs(t, err, ErrNoPlace)
	}
	require.Error(t, walk(t, XML, []byte("<?xml version='1.0'?>")).Summary().Damage)
}

func TestIsXML(t *testing.T) {
	for doc, want := range map[string][2]bool{ // without and with a name that says so
		"<?xml version='1.0'?><a": {true, true}, "<a/>": {false, true}, "<?xml?><a/>": {false, true}, "\n <!-- c --><a/>": {false, true}, "\n<?xml version='1.0'?><a/>": {}, "<?xml version='1.0'?>": {}, "text <a/>": {}, "": {},
	} {
		for i, named := range []bool{false, true} {
			got, err := IsXML(NewSource(strings.NewReader(doc), int64(len(doc)), Limits{}), named)
			require.NoError(t, err)
			require.Equal(t, want[i], got, doc)
		}
	}
}

// TestXMLLint parses labelled files: they are well formed, and have no other
// content than before.
func TestXMLLint(t *testing.T) {
	xmllint, dir := tool(t, "xmllint"), t.TempDir()
	canonical := func(b []byte) string {
		path := filepath.Join(dir, "a.xml")
		require.NoError(t, os.WriteFile(path, b, 0o600))
		return run(t, xmllint, "--nonet", "--c14n", path)
	}
	eachXML(t, func(t *testing.T, b []byte) {
		record := []byte(`{"Label":"<&>?>"}`)
		want := `<?AIGC {"Label":"<&>?\u003e"}?>` + "\n" + canonical(b)
		require.Equal(t, want, canonical(put(t, XML, b, Record, record)))
	})
}

func FuzzXML(f *testing.F) { fuzz(f, "xml", XML, Record, someRecord) }
