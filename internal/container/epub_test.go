package container

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEPUBRoundTrip(t *testing.T) {
	for name, b := range fixtures(t, "epub") {
		t.Run(name, func(t *testing.T) {
			roundTrip(t, EPUB, b, Record, someRecord, []byte(`{"Label":"<&>'\""}`), append(someRecord, someRecord...))
		})
	}
}

func TestEPUBTruncated(t *testing.T) {
	b := put(t, EPUB, fixtures(t, "epub")["pandoc3.epub"], Record, someRecord)
	truncations(t, EPUB, b, len(b))
}

const epubIndex = `<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles><rootfile full-path="a/b.opf" media-type="application/oebps-package+xml"/>` +
	`<rootfile full-path="other.opf" media-type="application/oebps-package+xml"/></rootfiles></container>`

// epubOf returns a publication with the given package document and entries.
func epubOf(opf string, entries ...string) []byte {
	entries = append([]string{"mimetype", epubType, epubContainer, epubIndex, "a/b.opf", opf}, entries...)
	return (&zipBuilder{}).build(entries...)
}

// TestEPUBPlaces splices a record into package documents as others write them.
func TestEPUBPlaces(t *testing.T) {
	const element = `<meta property="TC260:AIGC">{"a":"&amp;"}</meta>`
	for name, c := range map[string]struct{ before, after string }{
		"EPUB 2": {
			`<package version="2.0"><metadata><title>t</title></metadata></package>`,
			`<package version="2.0"><metadata><title>t</title><meta name="AIGC" content="{&quot;a&quot;:&quot;&amp;&quot;}"/></metadata></package>`,
		},
		"EPUB 3": {
			`<opf:package version="3.0"><opf:metadata/></opf:package>`,
			`<opf:package prefix="TC260: http://www.tc260.org.cn/ns/AIGC/1.0/" version="3.0"><opf:metadata>` + strings.ReplaceAll(element, "meta", "opf:meta") + `</opf:metadata></opf:package>`,
		},
		"a prefix attribute": {
			`<package version="3.0" prefix="a: http://a"><metadata></metadata></package>`,
			`<package version="3.0" prefix="a: http://a TC260: http://www.tc260.org.cn/ns/AIGC/1.0/"><metadata>` + element + `</metadata></package>`,
		},
		"the prefix is taken": {
			`<package version="3.0" prefix='TC260: http://a'><metadata></metadata></package>`,
			`<package version="3.0" prefix='TC260: http://a TC2601: http://www.tc260.org.cn/ns/AIGC/1.0/'><metadata>` + strings.Replace(element, "TC260", "TC2601", 1) + `</metadata></package>`,
		},
		"another prefix": {
			`<package version="3.0" prefix="x: http://www.tc260.org.cn/ns/AIGC/1.0/"><metadata></metadata></package>`,
			`<package version="3.0" prefix="x: http://www.tc260.org.cn/ns/AIGC/1.0/"><metadata>` + strings.Replace(element, "TC260", "x", 1) + `</metadata></package>`,
		},
		"a record in the form of EPUB 2": {
			`<package version="3.0"><metadata><meta name='AIGC' content='{"a":1}' id="i"/></metadata></package>`,
			`<package version="3.0"><metadata><meta name='AIGC' content='{&quot;a&quot;:&quot;&amp;&quot;}' id="i"/></metadata></package>`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			out := put(t, EPUB, epubOf(c.before), Record, []byte(`{"a":"&"}`))
			require.Equal(t, c.after, part(t, out, "a/b.opf"))
			require.Equal(t, `{"a":"&"}`, string(guide(walk(t, EPUB, out), Record).Value))
		})
	}
}

func TestEPUBSlots(t *testing.T) {
	opf := `<!DOCTYPE package><package version="3.0"><metadata><dc:title>A &amp; B</dc:title><meta name="cover" content="c"/><meta property="x:AIGCs">0</meta>` +
		`<meta property="TC260:AIGC">1</meta><meta name="AIGC" content="2"/><meta name="AIGC"/></metadata></package>`
	b := epubOf(opf, "META-INF/encryption.xml", "<e/>", "META-INF/signatures.xml", "<s/>", c2paEntry, "store")
	f := walk(t, EPUB, b)
	require.NoError(t, f.Summary().Damage)
	var got []string
	for _, s := range f.Summary().Slots {
		got = append(got, fmt.Sprint(s.Kind, " ", s.Place, " ", s.Guide, " ", string(s.Value)))
	}
	require.Equal(t, []string{
		"5 EPUB metadata title false A & B", "5 EPUB metadata cover false c", "1 EPUB metadata x:AIGCs false 0",
		"1 EPUB metadata TC260:AIGC true 1", "1 EPUB metadata AIGC false 2", "4 EPUB META-INF/content_credential.c2pa true ",
	}, got)
	require.Equal(t, "EPUB digital signature", f.Summary().Signed)
	require.False(t, f.Summary().Encrypted, "fonts and chapters may be, the package document is not")
	plan, err := f.Plan(removals(f))
	require.NoError(t, err)
	require.Empty(t, walk(t, EPUB, output(t, plan, b)).Summary().Slots)
}

func TestEPUBDamage(t *testing.T) {
	const opf = `<package version="3.0"><metadata></metadata></package>`
	for name, b := range map[string][]byte{
		"no container":        (&zipBuilder{}).build("mimetype", epubType, "a/b.opf", opf),
		"no package document": (&zipBuilder{}).build("mimetype", epubType, epubContainer, epubIndex),
		"no metadata":         epubOf("<package/>"),
		"broken":              epubOf("<package><metadata></package>"),
		"two of them":         epubOf(opf, "a/b.opf", opf),
		"another type":        (&zipBuilder{}).build("mimetype", "image/png", epubContainer, epubIndex, "a/b.opf", opf),
	} {
		t.Run(name, func(t *testing.T) {
			f := walk(t, EPUB, b)
			require.Error(t, f.Summary().Damage)
			_, err := f.Plan([]Change{{Kind: Record, Value: someRecord}})
			require.Error(t, err)
		})
	}
}

func FuzzEPUB(f *testing.F) {
	f.Add(epubOf(`<package version="2.0" prefix="a: b"><metadata><meta name="AIGC" content="{}"/></metadata></package>`))
	fuzz(f, "epub", EPUB, Record, someRecord)
}

// TestEPUBCheck asks the validator of the standard's own house.
func TestEPUBCheck(t *testing.T) {
	java, epubcheck := tool(t, "java"), tool(t, "epubcheck")
	for _, name := range []string{"pandoc2.epub", "pandoc3.epub"} {
		out := filepath.Join(t.TempDir(), name)
		require.NoError(t, os.WriteFile(out, put(t, EPUB, fixtures(t, "epub")[name], Record, someRecord), 0o600))
		require.Contains(t, run(t, java, "-jar", epubcheck, out), "No errors or warnings detected")
	}
}
