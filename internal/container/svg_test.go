package container

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const svgPacket = `<?xpacket begin="" id="x"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"></rdf:RDF></x:xmpmeta><?xpacket end="w"?>`

func TestSVGRoundTrip(t *testing.T) {
	for name, b := range fixtures(t, "svg") {
		t.Run(name, func(t *testing.T) {
			roundTrip(t, SVG, b, XMP, somePacket, []byte(svgPacket), []byte(strings.Replace(svgPacket, "></rdf", ">  \r\n <!-- long -->  </rdf", 1)))
		})
	}
}

func TestSVGTruncated(t *testing.T) {
	for name, b := range fixtures(t, "svg") {
		if len(b) < 4<<10 {
			b = put(t, SVG, b, XMP, somePacket)
			truncations(t, SVG, b, strings.LastIndexByte(string(b), '>'))
			for n := strings.Index(string(b), string(somePacket)) + len(somePacket); n < len(b); n++ {
				require.NotNil(t, guide(walk(t, SVG, b[:n]), XMP), "%s cut at %d", name, n)
			}
		}
	}
}

// TestSVGPlaces inserts a packet into drawings as others write them.
func TestSVGPlaces(t *testing.T) {
	packet := string(somePacket)
	for before, after := range map[string]string{
		`<svg/>`:                    `<svg><metadata>` + packet + `</metadata></svg>`,
		`<svg a="b" ></svg>`:        `<svg a="b" ><metadata>` + packet + `</metadata></svg>`,
		"<s:svg>\r\n\t<g/></s:svg>": "<s:svg>\r\n\t<s:metadata>" + packet + "</s:metadata>\r\n\t<g/></s:svg>",
		"\ufeff<?xml version='1.0'?><!DOCTYPE svg [<!ENTITY a '<svg>'>]><svg>&a;</svg>": "\ufeff<?xml version='1.0'?><!DOCTYPE svg [<!ENTITY a '<svg>'>]><svg><metadata>" + packet + "</metadata>&a;</svg>",
		`<svg><metadata><a:other/></metadata></svg>`:                                    `<svg><metadata>` + packet + `</metadata><metadata><a:other/></metadata></svg>`,
		`<svg><metadata><r:RDF/> </metadata></svg>`:                                     `<svg><metadata>` + packet + ` </metadata></svg>`,
	} {
		require.Equal(t, after, string(put(t, SVG, []byte(before), XMP, somePacket)))
	}
}

func TestSVGSlots(t *testing.T) {
	const doc = `<svg xmlns:dc="d" xmlns:unused="u"><title>A &amp; B</title><desc/><g><title>not of the root</title></g>` +
		`<metadata xmlns:r="r"><r:RDF><dc:a/></r:RDF><c2pa:manifest>c3RvcmU=</c2pa:manifest></metadata>` +
		"<metadata>\n" + svgPacket + "\n</metadata><g><metadata><x:xmpmeta/></metadata></g></svg>"
	f := walk(t, SVG, []byte(doc))
	var got []string
	for _, s := range f.Summary().Slots {
		r := s.Ranges[0]
		got = append(got, fmt.Sprint(s.Kind, " ", s.Place, " ", s.Guide, " ", string(s.Value), " ", s.Encoding, " ", doc[r.Offset:r.Offset+r.Length]))
	}
	require.Equal(t, []string{
		"5 SVG title false A & B xml A &amp; B",
		`2 SVG metadata XMP true <r:RDF xmlns:r="r" xmlns:dc="d"><dc:a/></r:RDF> xml <r:RDF><dc:a/></r:RDF>`,
		"4 SVG metadata c2pa:manifest true store base64 c3RvcmU=",
		"2 SVG metadata XMP false " + svgPacket + "  " + svgPacket,
	}, got)
	plan, err := f.Plan(removals(f))
	require.NoError(t, err)
	require.Equal(t, `<svg xmlns:dc="d" xmlns:unused="u"><desc/><g><title>not of the root</title></g><metadata xmlns:r="r"></metadata><g><metadata><x:xmpmeta/></metadata></g></svg>`,
		string(output(t, plan, []byte(doc))), "an element that held nothing else goes too")
}

// TestSVGPacketWrapper: what belongs to something else is no part of a packet. A
// write used to cut it apart.
func TestSVGPacketWrapper(t *testing.T) {
	for doc, want := range map[string]string{
		`<?<?xpacket begin?><r:RDF/>`:                              `<r:RDF/>`,
		`<?xpacket begin?>text ?><r:RDF/>`:                         `<r:RDF/>`,
		`<?xpacket end?><r:RDF/><?xpacket end?>`:                   `<r:RDF/><?xpacket end?>`,
		"<?xpacket begin?>\n<r:RDF><?p?></r:RDF>\n<?xpacket end?>": "<?xpacket begin?>\n<r:RDF><?p?></r:RDF>\n<?xpacket end?>",
	} {
		f := walk(t, SVG, []byte("<svg><metadata>"+doc+"</metadata></svg>"))
		require.NoError(t, f.Summary().Damage)
		require.Equal(t, want, string(guide(f, XMP).Value))
	}
}

// TestSVGFixedPrefixes: a declaration of xmlns as a prefix used to become part of
// every packet.
func TestSVGFixedPrefixes(t *testing.T) {
	const packet = `<x:xmpmeta xmlns:x="adobe:ns:meta/" xml:lang=""> :</x:xmpmeta>`
	f := walk(t, SVG, []byte(`<svg xmlns:xmlns="" xmlns:xml="" xmlns:=""><metadata>`+packet+`</metadata></svg>`))
	require.Equal(t, packet, string(guide(f, XMP).Value))
}

func TestSVGRefuses(t *testing.T) {
	for name, doc := range map[string]string{
		"UTF-16":     "\xff\xfe<\x00s\x00v\x00g\x00/\x00>\x00",
		"GB 18030":   `<?xml version="1.0" encoding='GB18030'?><svg/>`,
		"ISO 8859-1": "<?xml version = '1.0' encoding = \"ISO-8859-1\" ?><svg/>",
	} {
		f := walk(t, SVG, []byte(doc))
		require.NoError(t, f.Summary().Damage, name)
		_, err := f.Plan([]Change{{Kind: XMP, Value: somePacket}})
		require.ErrorIs(t, err, ErrNoPlace, name)
	}
	f := walk(t, SVG, []byte("<svg/>"))
	for _, value := range []string{"", "text", "<x/>", "<?xml version='1.0'?>" + svgPacket, svgPacket + "<a>", "<x:xmpmeta>\x01</x:xmpmeta>", "</metadata><x:xmpmeta/>"} {
		_, err := f.Plan([]Change{{Kind: XMP, Value: []byte(value)}})
		require.ErrorIs(t, err, ErrNoPlace, "%q", value)
	}
	_, err := f.Plan([]Change{{Kind: Record, Value: someRecord}})
	require.ErrorIs(t, err, ErrNoPlace)
}

func TestIsSVG(t *testing.T) {
	sniffs(t, IsSVG, map[string]bool{
		"<svg/>": true, "<svg": true, "\ufeff \n<!-- a --><?p?><!DOCTYPE svg><s:svg a='": true, "\xff\xfe<\x00s\x00v\x00g\x00>\x00": true,
		"": false, "a<svg/>": false, "<html><svg/>": false, "</svg>": false, "<svgz>": false, "<!--": false,
	})
}

func TestSVGHostile(t *testing.T) {
	const n = 1 << 20
	for name, body := range map[string]string{
		"elements":     strings.Repeat("<a/>", n/4),
		"nested":       strings.Repeat("<g>", n/3),
		"packets":      "<metadata>" + strings.Repeat("<?xpacket begin?><r:RDF/>", n/25) + "</metadata>",
		"a far packet": "<metadata><?xpacket begin?>" + strings.Repeat(" ", n/2) + strings.Repeat("<RDF/>", n/12) + "</metadata>",
		"titles":       strings.Repeat("<title>a</title>", n/16),
		"attributes":   "<a" + strings.Repeat(" b=''", n/5) + "/>",
		"declarations": "<metadata " + strings.Repeat("xmlns:aa=''\n", 4000) + ">" + strings.Repeat("<RDF>aa:</RDF>", n/14) + "</metadata>",
		"references":   "<title>" + strings.Repeat("&#97;", n/5) + "</title>",
		"a subset":     "<!DOCTYPE [" + strings.Repeat("<!--", n/4),
	} {
		t.Run(name, func(t *testing.T) { cheapWalk(t, SVG, []byte("<svg>"+body+"</svg>")) })
	}
}

func FuzzSVG(f *testing.F) {
	f.Add([]byte(`<svg xmlns:r="r"><metadata><r:RDF/><c2pa:manifest>c3RvcmU=</c2pa:manifest></metadata></svg>`))
	fuzz(f, "svg", SVG, XMP, somePacket)
}

// TestSVGRendersTheSame draws labelled files.
func TestSVGRendersTheSame(t *testing.T) {
	rsvg, dir := tool(t, "rsvg-convert"), t.TempDir()
	for name, b := range fixtures(t, "svg") {
		before, after := filepath.Join(dir, name), filepath.Join(dir, "labelled-"+name)
		require.NoError(t, os.WriteFile(before, b, 0o600))
		require.NoError(t, os.WriteFile(after, put(t, SVG, b, XMP, somePacket), 0o600))
		require.Equal(t, run(t, rsvg, before), run(t, rsvg, after), name)
	}
}
