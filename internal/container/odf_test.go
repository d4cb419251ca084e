package container

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var odfFormats = []string{"odt", "ods", "odp"}

func TestODFRoundTrip(t *testing.T) {
	for _, format := range odfFormats {
		for name, b := range fixtures(t, format) {
			t.Run(name, func(t *testing.T) {
				roundTrip(t, ODF, b, Record, someRecord, []byte(`{"Label":"<&>\""}`), append(someRecord, someRecord...))
			})
		}
	}
}

func TestODFTruncated(t *testing.T) {
	b := put(t, ODF, fixtures(t, "odt")["custom.odt"], Record, someRecord)
	truncations(t, ODF, b, len(b))
}

const (
	odfNames    = `xmlns:office="` + odfOfficeSpace + `" xmlns:meta="` + odfMetaSpace + `"`
	odfLabelled = `<office:document-meta ` + odfNames + `><office:meta><meta:user-defined meta:name="AIGC">{"Label":"1"}</meta:user-defined></office:meta></office:document-meta>`
	odfListed   = `<m:manifest xmlns:m="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"><m:file-entry m:full-path="meta.xml"/></m:manifest>`
)

// odfDocument returns a text document with the given entries.
func odfDocument(entries ...string) []byte {
	return (&zipBuilder{}).build(append([]string{"mimetype", odfType + "text"}, entries...)...)
}

// TestODFPlaces splices a record into streams as others write them.
func TestODFPlaces(t *testing.T) {
	const property = ` meta:name="AIGC" meta:value-type="string">{}</meta:user-defined>`
	for name, c := range map[string]struct{ before, after string }{
		"properties": {
			`<office:document-meta ` + odfNames + `><office:meta><meta:generator>g</meta:generator></office:meta></office:document-meta>`,
			`<office:document-meta ` + odfNames + `><office:meta><meta:generator>g</meta:generator><meta:user-defined` + property + `</office:meta></office:document-meta>`,
		},
		"other prefixes": {
			`<o:document-meta xmlns:o="` + odfOfficeSpace + `" xmlns:x="` + odfMetaSpace + `"><o:meta/></o:document-meta>`,
			`<o:document-meta xmlns:o="` + odfOfficeSpace + `" xmlns:x="` + odfMetaSpace + `"><o:meta>` + strings.ReplaceAll(`<meta:user-defined`+property, "meta:", "x:") + `</o:meta></o:document-meta>`,
		},
		"no properties, no prefix": {
			`<!DOCTYPE office:document-meta [ <!ENTITY a ">"> ]><office:document-meta xmlns:office="` + odfOfficeSpace + `"/>`,
			`<!DOCTYPE office:document-meta [ <!ENTITY a ">"> ]><office:document-meta xmlns:office="` + odfOfficeSpace + `"><office:meta><meta:user-defined xmlns:meta="` + odfMetaSpace + `"` + property + `</office:meta></office:document-meta>`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := odfDocument(odfMeta, c.before, odfManifest, odfListed)
			out := put(t, ODF, b, Record, []byte("{}"))
			require.Equal(t, c.after, part(t, out, odfMeta))
			require.Equal(t, odfListed, part(t, out, odfManifest))
		})
	}
}

func TestODFNewMeta(t *testing.T) {
	out := put(t, ODF, odfDocument("content.xml", "<a/>", odfManifest, `<m:manifest xmlns:m="x"></m:manifest>`), Record, []byte("{}"))
	names, _ := contents(t, out, true)
	require.Equal(t, []string{"mimetype", odfMeta, "content.xml", odfManifest}, names)
	require.Equal(t, `<m:manifest xmlns:m="x"><m:file-entry m:full-path="meta.xml" m:media-type="text/xml"/></m:manifest>`, part(t, out, odfManifest))
	require.Equal(t, "{}", string(guide(walk(t, ODF, out), Record).Value))
}

func TestODFSlots(t *testing.T) {
	meta := `<office:document-meta ` + odfNames + `><office:meta><dc:title>A &amp; B</dc:title><meta:document-statistic meta:page-count="1"/>` +
		`<meta:user-defined meta:name="Client">C</meta:user-defined><meta:user-defined meta:name="myAIGC">0</meta:user-defined>` +
		`<meta:user-defined meta:name="AIGC">1</meta:user-defined><meta:user-defined meta:name="AIGC">2</meta:user-defined></office:meta></office:document-meta>`
	b := odfDocument(odfMeta, meta, odfManifest, odfListed, c2paEntry, "store", "META-INF/documentsignatures.xml", "<s/>")
	f := walk(t, ODF, b)
	var got []string
	for _, s := range f.Summary().Slots {
		got = append(got, fmt.Sprint(s.Kind, " ", s.Place, " ", s.Guide, " ", string(s.Value), " ", s.Encoding))
	}
	require.Equal(t, []string{
		"5 ODF property title false A & B xml", "5 ODF user-defined property Client false C ",
		"1 ODF user-defined property myAIGC false 0 ", "1 ODF user-defined property AIGC true 1 ", "1 ODF user-defined property AIGC false 2 ",
		"4 ODF META-INF/content_credential.c2pa true  ",
	}, got)
	require.Equal(t, "ODF digital signature", f.Summary().Signed)
	plan, err := f.Plan(removals(f))
	require.NoError(t, err)
	require.Empty(t, walk(t, ODF, output(t, plan, b)).Summary().Slots)
}

func TestODFEncrypted(t *testing.T) {
	manifest := strings.Replace(odfListed, `/></`, `><m:encryption-data/></m:file-entry></`, 1)
	f := walk(t, ODF, odfDocument(odfMeta, "not to be read", odfManifest, manifest))
	require.True(t, f.Summary().Encrypted)
	require.NoError(t, f.Summary().Damage)
	_, err := f.Plan([]Change{{Kind: Record, Value: someRecord}})
	require.ErrorIs(t, err, ErrEncrypted)
}

func TestODFDamage(t *testing.T) {
	for name, b := range map[string][]byte{
		"no manifest":   odfDocument(odfMeta, odfLabelled),
		"two manifests": odfDocument(odfMeta, odfLabelled, odfManifest, odfListed, odfManifest, odfListed),
		"two metas":     odfDocument(odfMeta, odfLabelled, odfMeta, "<a/>", odfManifest, odfListed),
		"broken meta":   odfDocument(odfMeta, strings.TrimSuffix(odfLabelled, "</office:document-meta>"), odfManifest, odfListed),
		"another type":  (&zipBuilder{}).build("mimetype", "image/png", odfMeta, odfLabelled, odfManifest, odfListed),
	} {
		t.Run(name, func(t *testing.T) {
			f := walk(t, ODF, b)
			require.Error(t, f.Summary().Damage)
			require.NotNil(t, guide(f, Record), "the record is read all the same")
			_, err := f.Plan([]Change{{Kind: Record, Value: someRecord}})
			require.Error(t, err)
		})
	}
}

func TestODFHostile(t *testing.T) {
	const room = zipPartsSize - 4<<10
	for name, unit := range map[string]string{
		"elements":   "<a/>",
		"properties": `<meta:user-defined meta:name="AIGC">1</meta:user-defined>`,
		"texts":      `<dc:a>1</dc:a>`,
		"attributes": `<a b="" c="" d=""/>`,
	} {
		t.Run(name, func(t *testing.T) {
			meta := `<office:document-meta><office:meta>` + strings.Repeat(unit, room/len(unit)) + `</office:meta></office:document-meta>`
			cheapWalk(t, ODF, deflatedZIP(t, "mimetype", odfType+"text", odfMeta, meta, odfManifest, odfListed))
		})
	}
}

func FuzzODF(f *testing.F) {
	f.Add(odfDocument(odfMeta, odfLabelled, odfManifest, odfListed))
	fuzz(f, "odt", ODF, Record, someRecord)
}

// TestODFLibreOffice converts labelled documents: their text is the same, and
// the property survives that LibreOffice writes the document anew.
func TestODFLibreOffice(t *testing.T) {
	soffice, dir := tool(t, "soffice"), t.TempDir()
	convert := func(to string, names ...string) {
		args := []string{"-env:UserInstallation=file://" + filepath.ToSlash(dir) + "/profile", "--headless", "--convert-to", to, "--outdir", dir}
		for _, name := range names {
			args = append(args, filepath.Join(dir, name))
		}
		run(t, soffice, args...)
	}
	doc := fixtures(t, "odt")["custom.odt"]
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a.odt"), doc, 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "b.odt"), put(t, ODF, doc, Record, someRecord), 0o600))
	convert("txt:Text", "a.odt", "b.odt")
	require.Equal(t, string(must(os.ReadFile(filepath.Join(dir, "a.txt")))), string(must(os.ReadFile(filepath.Join(dir, "b.txt")))))
	convert("docx", "b.odt")
	require.Equal(t, string(someRecord), string(guide(walk(t, OOXML, must(os.ReadFile(filepath.Join(dir, "b.docx")))), Record).Value))
}

// TestODFBesidePythonODF: odfpy loads labelled documents, and sees the property.
func TestODFBesidePythonODF(t *testing.T) {
	const script = "import sys\nfrom odf.opendocument import load\nfrom odf.meta import UserDefined\n" +
		"for e in load(sys.argv[1]).meta.getElementsByType(UserDefined):\n    print(e.getAttribute('name'), e)"
	b := fixtures(t, "odt")["libreoffice.odt"]
	require.NotEmpty(t, b)
	out := run(t, python(t, "odf"), "-c", script, saved(t, "a.odt", put(t, ODF, b, Record, someRecord)))
	require.Contains(t, out, "AIGC "+string(someRecord))
}
