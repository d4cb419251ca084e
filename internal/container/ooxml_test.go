package container

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var ooxmlFormats = []string{"docx", "xlsx", "pptx"}

func TestOOXMLRoundTrip(t *testing.T) {
	for _, format := range ooxmlFormats {
		for name, b := range fixtures(t, format) {
			t.Run(name, func(t *testing.T) {
				roundTrip(t, OOXML, b, Record, someRecord, []byte(`{"Label":"<&>\""}`), append(someRecord, someRecord...))
			})
		}
	}
}

func TestOOXMLTruncated(t *testing.T) {
	docs := fixtures(t, "docx")
	for _, name := range []string{"custom.docx", "zip64.docx"} { // with descriptors, and ZIP64
		truncations(t, OOXML, put(t, OOXML, docs[name], Record, someRecord), len(docs[name]))
	}
}

// TestOOXMLKeepsTheRest compares every other entry, and every other property.
func TestOOXMLKeepsTheRest(t *testing.T) {
	edited := []string{opcTypes, opcRels, ooxmlCustom}
	for _, format := range ooxmlFormats {
		for name, b := range fixtures(t, format) {
			t.Run(name, func(t *testing.T) {
				before, after := openForTest(t, b), openForTest(t, put(t, OOXML, b, Record, someRecord))
				kept := slices.DeleteFunc(slices.Clone(after.entries), func(e zipEntry) bool {
					return e.name == ooxmlCustom && before.find(ooxmlCustom) == nil
				})
				require.Len(t, kept, len(before.entries))
				for i, e := range before.entries {
					require.Equal(t, e.name, kept[i].name)
					if !slices.Contains(edited, e.name) {
						require.Equal(t, rawEntry(t, before, &e), rawEntry(t, after, &kept[i]), e.name)
					}
				}
				old := before.find(ooxmlCustom)
				if old == nil {
					return
				}
				was, err := before.read(old, 1<<20)
				require.NoError(t, err)
				is, err := after.read(after.find(ooxmlCustom), 1<<20)
				require.NoError(t, err)
				head, tail := strings.Index(is, "<property fmtid=\""+ooxmlFormat+"\" pid=\""), len("</Properties>")
				require.Positive(t, head)
				require.Equal(t, was[:len(was)-tail], is[:len(was)-tail])
				require.Equal(t, "</Properties>", is[len(is)-tail:])
			})
		}
	}
}

// rawEntry returns the bytes of an entry: local header, data and descriptor.
func rawEntry(t *testing.T, z *zipArchive, e *zipEntry) []byte {
	t.Helper()
	end, err := (&zipEdit{zipArchive: z}).entryEnd(e)
	require.NoError(t, err)
	b := make([]byte, end-e.local)
	_, err = z.src.ReaderAt().ReadAt(b, e.local)
	require.NoError(t, err)
	return b
}

// ooxmlDocument returns a package of the given entries, and of those that a
// document needs where they are not given.
func ooxmlDocument(entries ...string) []byte {
	for _, d := range [][2]string{
		{opcTypes, ooxmlTypes("")},
		{opcRels, ooxmlRels("")},
		{"word/document.xml", "<w:document/>"},
	} {
		if !slices.Contains(entries, d[0]) {
			entries = append([]string{d[0], d[1]}, entries...)
		}
	}
	return (&zipBuilder{}).build(entries...)
}

func ooxmlTypes(more string) string {
	return `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="xml" ContentType="application/xml"/>` +
		`<Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/>` + more + `</Types>`
}

func ooxmlRels(more string) string {
	return `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">` +
		`<Relationship Id="rId3" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/>` + more + `</Relationships>`
}

func ooxmlProperties(properties string) string {
	return fmt.Sprintf(`<Properties xmlns=%q xmlns:vt=%q>%s</Properties>`, ooxmlTransitional.properties, ooxmlTransitional.values, properties)
}

// part returns a part of a package that must be whole.
func part(t *testing.T, b []byte, name string) string {
	t.Helper()
	z := openForTest(t, b)
	require.NotNil(t, z.find(name), name)
	text, err := z.read(z.find(name), 1<<20)
	require.NoError(t, err)
	return text
}

func TestOOXMLNewPart(t *testing.T) {
	out := put(t, OOXML, ooxmlDocument(), Record, []byte("{}"))
	require.Equal(t, ooxmlRels(`<Relationship Id="rId4" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/custom-properties" Target="docProps/custom.xml"/>`),
		part(t, out, opcRels))
	require.Equal(t, ooxmlTypes(`<Override PartName="/docProps/custom.xml" ContentType="application/vnd.openxmlformats-officedocument.custom-properties+xml"/>`),
		part(t, out, opcTypes))
	require.Equal(t, `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>`+"\n"+
		ooxmlProperties(`<property fmtid="{D5CDD505-2E9C-101B-9397-08002B2CF9AE}" pid="2" name="AIGC"><vt:lpwstr>{}</vt:lpwstr></property>`),
		part(t, out, ooxmlCustom))
	f := walk(t, OOXML, out)
	plan, err := f.Plan([]Change{{Slot: guide(f, Record)}})
	require.NoError(t, err)
	require.Contains(t, part(t, output(t, plan, out), ooxmlCustom), ooxmlTransitional.values+`"></Properties>`, "an empty part stays")
}

func TestOOXMLStrict(t *testing.T) {
	rels := strings.ReplaceAll(ooxmlRels(""), "http://schemas.openxmlformats.org/officeDocument/2006/", ooxmlStrict)
	out := put(t, OOXML, ooxmlDocument(opcRels, rels), Record, []byte("{}"))
	require.Contains(t, part(t, out, opcRels), `Type="http://purl.oclc.org/ooxml/officeDocument/relationships/customProperties"`)
	require.Contains(t, part(t, out, ooxmlCustom), `<Properties xmlns="http://purl.oclc.org/ooxml/officeDocument/customProperties" xmlns:vt="http://purl.oclc.org/ooxml/officeDocument/docPropsVTypes">`)
	require.Equal(t, string(out), string(put(t, OOXML, out, Record, []byte("{}"))))
}

// TestOOXMLExistingPart splices a record into parts as others write them.
func TestOOXMLExistingPart(t *testing.T) {
	const namespaces = ` xmlns:p="http://schemas.openxmlformats.org/officeDocument/2006/custom-properties"`
	const declared = ` xmlns:vt="http://schemas.openxmlformats.org/officeDocument/2006/docPropsVTypes"`
	const property = `property fmtid="{D5CDD505-2E9C-101B-9397-08002B2CF9AE}" pid=`
	for name, c := range map[string]struct{ before, after string }{
		"one tag": {
			`<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/custom-properties" />`,
			`<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/custom-properties" ><` + property + `"2" name="AIGC"><vt:lpwstr` + declared + `>new</vt:lpwstr></property></Properties>`,
		},
		"prefix": {
			"\ufeff<p:Properties" + namespaces + "><!-- kept --></p:Properties>\n",
			"\ufeff<p:Properties" + namespaces + `><!-- kept --><p:` + property + `"2" name="AIGC"><vt:lpwstr` + declared + ">new</vt:lpwstr></p:property></p:Properties>\n",
		},
		"next id": {
			ooxmlProperties(`<property pid="7" name="b"><vt:i4>1</vt:i4></property><property pid="3" name="a"><vt:lpwstr>x</vt:lpwstr></property>`),
			ooxmlProperties(`<property pid="7" name="b"><vt:i4>1</vt:i4></property><property pid="3" name="a"><vt:lpwstr>x</vt:lpwstr></property><` + property + `"8" name="AIGC"><vt:lpwstr>new</vt:lpwstr></property>`),
		},
		"other type": {
			ooxmlProperties(`<property pid="2" name="aigc"><vt:bstr>old &lt;<![CDATA[&]]></vt:bstr></property>`),
			ooxmlProperties(`<property pid="2" name="aigc"><vt:bstr>new</vt:bstr></property>`),
		},
		"empty value": {
			ooxmlProperties(`<property pid="2" name="AIGC"><vt:lpwstr /></property>`),
			ooxmlProperties(`<property pid="2" name="AIGC"><vt:lpwstr >new</vt:lpwstr></property>`),
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := ooxmlDocument(ooxmlCustom, c.before)
			out := put(t, OOXML, b, Record, []byte("new"))
			require.Equal(t, c.after, part(t, out, ooxmlCustom))
			require.Contains(t, part(t, out, opcRels), `Target="docProps/custom.xml"`, "the part becomes known to the package")
			require.Contains(t, part(t, out, opcTypes), `PartName="/docProps/custom.xml"`)
		})
	}
}

// The attributes of a part that was read first became those of the next one: a
// package of Pandoc, whose properties are empty, made Plan panic.
func TestOOXMLAttributesOfOtherParts(t *testing.T) {
	empty := strings.Replace(ooxmlProperties(""), "></Properties>", " />", 1)
	core := `<x:coreProperties xmlns:x="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" ` + strings.Repeat(" ", 300) + `xmlns:vt="other"/>`
	b := ooxmlDocument(
		opcRels, ooxmlRels(`<Relationship Id="rId4" Type="`+ooxmlTransitional.relationship+`" Target="docProps/custom.xml"/>`+
			`<Relationship Id="rId5" Type="http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties" Target="docProps/core.xml"/>`),
		ooxmlCustom, empty, "docProps/core.xml", core)
	out := put(t, OOXML, b, Record, someRecord)
	require.Contains(t, part(t, out, ooxmlCustom), `<vt:lpwstr>`, "the namespace is declared by the root")
}

func TestOOXMLSlots(t *testing.T) {
	b := ooxmlDocument(
		opcRels, ooxmlRels(`<Relationship Id="c" Type="`+ooxmlTransitional.relationship+`" Target="/props/mine.xml"/>`),
		opcTypes, ooxmlTypes(`<Override PartName="/PROPS/mine.xml" ContentType="`+ooxmlCustomType+`"/>`),
		"docProps/core.xml", `<cp:coreProperties xmlns:cp="c" xmlns:dc="d"><dc:title>T &amp; U</dc:title><dc:subject> </dc:subject></cp:coreProperties>`,
		"docProps/app.xml", `<Properties><Application>Writer</Application><TitlesOfParts><v>x</v></TitlesOfParts></Properties>`,
		"docProps/custom.xml", ooxmlProperties(`<property name="AIGC"><lpwstr>unregistered</lpwstr></property>`),
		"Props/Mine.xml", ooxmlProperties(`<property name="Client"><lpstr>A</lpstr></property><property name="Number"><i4>7</i4></property>`+
			`<property name="xAIGC"><lpwstr>other</lpwstr></property><property name="AIGC"><lpstr>registered</lpstr></property><property name="AIGC"><lpstr>again</lpstr></property>`),
		c2paEntry, "JUMBF",
		"_xmlsignatures/origin.sigs", "",
	)
	f := walk(t, OOXML, b)
	l := f.Summary()
	require.NoError(t, l.Damage)
	require.Equal(t, "OOXML digital signature", l.Signed)
	var got []string
	for _, s := range l.Slots {
		var raw string
		for _, r := range s.Ranges {
			raw += string(b[r.Offset : r.Offset+r.Length])
		}
		got = append(got, fmt.Sprintf("%d %s|%s|%s|%s|%s|%v", s.Kind, s.Place, s.Key, s.Value, raw, s.Encoding, s.Guide))
	}
	require.Equal(t, []string{
		"5 OOXML core property title|title|T & U|T &amp; U|xml|false",
		"5 OOXML extended property Application|Application|Writer|Writer||false",
		"1 OOXML custom property AIGC|AIGC|unregistered|unregistered||false",
		"5 OOXML custom property Client|Client|A|A||false",
		"1 OOXML custom property xAIGC|xAIGC|other|other||false",
		"1 OOXML custom property AIGC|AIGC|registered|registered||true",
		"1 OOXML custom property AIGC|AIGC|again|again||false",
		"4 OOXML META-INF/content_credential.c2pa|||JUMBF||true",
	}, got)

	plan, err := f.Plan([]Change{
		{Slot: &l.Slots[0], Value: []byte("V")}, {Slot: &l.Slots[1]}, {Slot: &l.Slots[2]},
		{Slot: &l.Slots[5], Value: []byte("changed")}, {Slot: &l.Slots[6]}, {Slot: &l.Slots[7], Value: []byte("longer JUMBF")},
	})
	require.NoError(t, err)
	out := output(t, plan, b)
	require.Contains(t, part(t, out, "docProps/core.xml"), "<dc:title>V</dc:title>")
	require.Equal(t, `<Properties><TitlesOfParts><v>x</v></TitlesOfParts></Properties>`, part(t, out, "docProps/app.xml"))
	require.Equal(t, ooxmlProperties(""), part(t, out, "docProps/custom.xml"))
	require.Equal(t, "longer JUMBF", part(t, out, c2paEntry))
	require.Equal(t, part(t, b, opcRels), part(t, out, opcRels), "already registered")
	storeType := `<Default Extension="c2pa" ContentType="application/c2pa"/>`
	require.Equal(t, part(t, b, opcTypes), strings.Replace(part(t, out, opcTypes), storeType, "", 1))
	require.Contains(t, part(t, out, opcTypes), storeType)
	require.NotContains(t, string(out), "registered</")
	require.Equal(t, "changed", string(guide(walk(t, OOXML, out), Record).Value))
}

func TestOOXMLPlanRefuses(t *testing.T) {
	f := walk(t, OOXML, ooxmlDocument())
	_, err := f.Plan([]Change{{Kind: XMP, Value: []byte("<x/>")}})
	require.ErrorIs(t, err, ErrNoPlace)
	for _, value := range []string{"\x00", "\xff", "a\x0b", "\ufffe"} {
		_, err = f.Plan([]Change{{Kind: Record, Value: []byte(value)}})
		require.ErrorIs(t, err, ErrNoPlace, "%q", value)
	}
	_, err = walk(t, OOXML, ooxmlDocument(ooxmlCustom, "<broken")).Plan([]Change{{Kind: Record, Value: []byte("{}")}})
	require.Error(t, err)
	_, err = walk(t, OOXML, nil).Plan([]Change{{Kind: Record, Value: []byte("{}")}})
	require.Error(t, err)
}

func TestOOXMLEncrypted(t *testing.T) {
	b := ooxmlDocument(ooxmlCustom, ooxmlProperties(""))
	for _, header := range []int{bytes.Index(b, []byte(ooxmlCustom)) - zipLocalSize + 6, bytes.LastIndex(b, []byte(ooxmlCustom)) - zipCentralSize + 8} {
		b[header] |= zipEncrypted
	}
	f := walk(t, OOXML, b)
	require.True(t, f.Summary().Encrypted)
	require.NoError(t, f.Summary().Damage)
	_, err := f.Plan([]Change{{Kind: Record, Value: []byte("{}")}})
	require.ErrorIs(t, err, ErrEncrypted)
}

func TestOOXMLDamage(t *testing.T) {
	labelled := ooxmlProperties(`<property pid="2" name="AIGC"><vt:lpwstr>{"Label":"1"}</vt:lpwstr></property>`)
	for name, b := range map[string][]byte{
		"two custom parts":        ooxmlDocument(ooxmlCustom, labelled, "docProps/Custom.xml", labelled),
		"two lists of types":      ooxmlDocument(ooxmlCustom, labelled, "[content_types].xml", ooxmlTypes("")),
		"a relationship to none":  ooxmlDocument(ooxmlCustom, labelled, opcRels, ooxmlRels(`<Relationship Id="c" Type="`+ooxmlTransitional.relationship+`" Target="none.xml"/>`)),
		"no relationships":        (&zipBuilder{}).build(opcTypes, ooxmlTypes(""), ooxmlCustom, labelled),
		"broken types":            ooxmlDocument(ooxmlCustom, labelled, opcTypes, "<Types><a></Types>"),
		"empty relationships":     ooxmlDocument(ooxmlCustom, labelled, opcRels, ""),
		"broken after the record": ooxmlDocument(ooxmlCustom, strings.TrimSuffix(labelled, "</property></Properties>")),
		"an entity bomb":          ooxmlDocument(ooxmlCustom, labelled, "docProps/core.xml", `<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;">]><a>&c;</a>`),
		"UTF-16":                  ooxmlDocument(ooxmlCustom, labelled, "docProps/core.xml", "\xff\xfe<\x00a\x00/\x00>\x00"),
		"not UTF-8":               ooxmlDocument(ooxmlCustom, labelled, "docProps/core.xml", "<a><b>\xe9</b></a>"),
		"two roots":               ooxmlDocument(ooxmlCustom, labelled, "docProps/core.xml", "<a/><a/>"),
	} {
		t.Run(name, func(t *testing.T) {
			l := walk(t, OOXML, b).Summary()
			require.IsType(t, &FormatError{}, l.Damage)
			require.True(t, slices.ContainsFunc(l.Slots, func(s Slot) bool { return string(s.Value) == `{"Label":"1"}` }), "the record is still listed")
		})
	}
}

// TestOOXMLCutKeepsRecord chops labelled files: the record and the kind do not
// depend on the directory at the end.
func TestOOXMLCutKeepsRecord(t *testing.T) {
	for _, format := range ooxmlFormats {
		for name, b := range fixtures(t, format) {
			out := put(t, OOXML, b, Record, someRecord)
			e := openForTest(t, out).find(ooxmlCustom)
			for _, n := range []int{len(out) - 1, len(out) - zipEndSize - 1, int(e.local) + zipLocalSize + len(ooxmlCustom) + int(e.size)} {
				l := walk(t, OOXML, out[:n]).Summary()
				require.Error(t, l.Damage)
				require.True(t, slices.ContainsFunc(l.Slots, func(s Slot) bool { return bytes.Equal(s.Value, someRecord) }), "%s cut at %d", name, n)
				kind, err := ZIPKind(NewSource(bytes.NewReader(out), int64(n), Limits{}))
				require.NoError(t, err)
				require.Equal(t, format, kind, "%s cut at %d", name, n)
			}
		}
	}
}

func TestZIPKind(t *testing.T) {
	kind := func(b []byte) string {
		k, err := ZIPKind(NewSource(bytes.NewReader(b), int64(len(b)), Limits{}))
		require.NoError(t, err)
		return k
	}
	for _, format := range ooxmlFormats {
		for name, b := range fixtures(t, format) {
			require.Equal(t, format, kind(b), name)
		}
	}
	require.Equal(t, "mimetype:application/epub+zip", kind((&zipBuilder{}).build("mimetype", "application/epub+zip\n", "a", "b")))
	require.Equal(t, "", kind((&zipBuilder{}).build("mimetype", strings.Repeat("x", 1000))))
	require.Equal(t, "", kind((&zipBuilder{}).build("a.txt", "text", "word/a.txt", "text")))
	require.Equal(t, "", kind(ooxmlDocument(opcTypes, "<Types/>")))
	for _, junk := range []string{"", "PK", "PK\x03\x04", "PK\x05\x06", strings.Repeat("PK\x05\x06", 50)} {
		require.Equal(t, "", kind([]byte(junk)), "%q", junk)
	}
}

func TestCFB(t *testing.T) {
	b := fixtures(t, "cfb")["encrypted-docx.cfb"]
	require.True(t, CFB(NewSource(bytes.NewReader(b), int64(len(b)), Limits{})))
	for n := range len(b) {
		CFB(NewSource(bytes.NewReader(b), int64(n), Limits{})) // no panic
	}
	renamed := bytes.ReplaceAll(b, []byte("E\x00n\x00c\x00r\x00y\x00p\x00t\x00e\x00d\x00"), []byte("D\x00e\x00c\x00r\x00y\x00p\x00t\x00e\x00d\x00"))
	require.False(t, CFB(NewSource(bytes.NewReader(renamed), int64(len(b)), Limits{})))
	require.False(t, CFB(NewSource(bytes.NewReader(ooxmlDocument()), 100, Limits{})))
}

// deflatedZIP returns an archive of names and contents, in turn, compressed.
func deflatedZIP(t *testing.T, entries ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := 0; i < len(entries); i += 2 {
		f, err := w.Create(entries[i])
		require.NoError(t, err)
		_, err = io.WriteString(f, entries[i+1])
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return b.Bytes()
}

// TestOOXMLHostile bounds what small files cost that inflate a thousand times.
func TestOOXMLHostile(t *testing.T) {
	const room = zipPartsSize - 4<<10 // what is left for the custom properties
	fill := func(head, unit, tail string) string { return head + strings.Repeat(unit, room/len(unit)) + tail }
	for name, doc := range map[string]string{
		"too large":          strings.Repeat(" ", zipPartsSize),
		"a thousand to one":  strings.Repeat(" ", 64<<20),
		"elements":           fill("<a>", "<a/>", "</a>"),
		"nested":             fill("", "<a>", ""),
		"10000 nested":       strings.Repeat("<a>", 10_000) + strings.Repeat("</a>", 10_000),
		"attributes":         fill("<a ", `b="" `, "/>"),
		"nested, attributes": strings.Repeat("<a "+strings.Repeat(`b="" `, 4000)+">", 30),
		"records":            fill("<a>", `<b name="AIGC"><c/></b>`, "</a>"),
		"texts":              fill("<a>", `<b name=""><lpwstr>c</lpwstr></b>`, "</a>"),
		"one long record":    fill(`<a><b name="AIGC"><c>`, "&#97;\r<![CDATA[]]>", "</c></b></a>"),
		"line ends":          fill(`<a><b name="AIGC"><c>`, "\r", "</c></b></a>"),
		"relationships":      "<a/>",
	} {
		t.Run(name, func(t *testing.T) {
			rels := ooxmlRels("")
			if name == "relationships" {
				rels = ooxmlRels(fill("", `<Relationship Id="1" Type="core-properties" Target="a"/>`, ""))
			}
			b := deflatedZIP(t, opcTypes, ooxmlTypes(""), opcRels, rels, ooxmlCustom, doc)
			l := cheapWalk(t, OOXML, b).Summary()
			require.True(t, l.Damage != nil || len(l.Limits) > 0 || len(l.Slots) < 2)
			require.LessOrEqual(t, len(l.Limits), 2)
		})
	}
}

func FuzzOOXML(f *testing.F) {
	f.Add(ooxmlDocument(ooxmlCustom, ooxmlProperties(`<property pid="2" name="AIGC"><vt:lpwstr>{}</vt:lpwstr></property>`)))
	for _, v := range zipVariants {
		f.Add(v.build(opcTypes, ooxmlTypes(""), opcRels, ooxmlRels(""), "word/document.xml", "<w:document/>"))
	}
	fuzz(f, "docx", OOXML, Record, someRecord)
}

func BenchmarkOOXMLWalk(b *testing.B) {
	doc, err := os.ReadFile(filepath.Join("..", "..", "metadata", "testdata", "docx", "custom.docx"))
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		walk(b, OOXML, doc)
	}
}
