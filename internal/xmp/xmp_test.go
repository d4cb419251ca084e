package xmp

import (
	"bytes"
	"encoding/binary"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/stretchr/testify/require"

	"github.com/aigclabel/aigclabel/internal/peer"
	"github.com/aigclabel/aigclabel/internal/xmlscan"
)

const (
	tc260  = "http://www.tc260.org.cn/ns/AIGC/1.0/"
	record = `{"Label":"1","ContentProducer":"001191990099MA01ABCD5610001","ProduceID":"a<b&c/d'e"}`
	rdfNS  = `xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"`
	tcNS   = `xmlns:TC260="` + tc260 + `"`
)

// rdf wraps the children of rdf:RDF.
func rdf(children string) string { return `<rdf:RDF ` + rdfNS + `>` + children + `</rdf:RDF>` }

// packets are the shapes that real writers produce, without a record.
var packets = map[string]string{
	"new":              string(New()),
	"doubled mark":     `<?xml version="1.0" encoding="UTF-8"?>` + "\n" + `<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"??>` + `<x:xmpmeta xmlns:x="adobe:ns:meta/">` + rdf(`<rdf:Description rdf:about="" `+tcNS+`/>`) + `</x:xmpmeta><?xpacket end="w"?>`,
	"bare rdf":         rdf(`<rdf:Description rdf:about=""></rdf:Description>`),
	"no description":   rdf(""),
	"self-closing rdf": `<rdf:RDF ` + rdfNS + `/>`,
	"default rdf":      `<RDF xmlns="http://www.w3.org/1999/02/22-rdf-syntax-ns#"></RDF>`,
	"single quotes": `<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'><rdf:Description rdf:about=''
   xmlns:dc = 'http://purl.org/dc/elements/1.1/'
   dc:format='image/png'
  /></rdf:RDF>`,
	"other prefix":    rdf(`<rdf:Description rdf:about="" xmlns:ai="` + tc260 + `" ai:Other="x &gt; y"/>`),
	"prefix taken":    rdf(`<rdf:Description rdf:about="" xmlns:TC260="urn:other" TC260:AIGC="not ours"/>`),
	"second knows":    rdf("\n <rdf:Description/>\n <rdf:Description " + tcNS + ">\n  <TC260:Other>1</TC260:Other>\n </rdf:Description>\n"),
	"rebound":         `<x:x xmlns:x="adobe:ns:meta/" ` + tcNS + `>` + rdf(`<rdf:Description xmlns:TC260="urn:other"/>`) + `</x:x>`,
	"comments":        `<!-- <rdf:RDF> -->` + rdf(`<!-- a > b --><rdf:Description><!--c--></rdf:Description>`),
	"padded":          string(New()[:len(New())-len(`<?xpacket end="w"?>`)]) + strings.Repeat(strings.Repeat(" ", 99)+"\n", 20) + `<?xpacket end="w"?>`,
	"padded a little": string(New()[:len(New())-len(`<?xpacket end="w"?>`)]) + strings.Repeat(" ", 20) + "\n" + `<?xpacket end='w'?>`,
	"byte order mark": "\uFEFF" + string(New()),
	"trailing zeros":  string(New()) + "\x00\x00",
	"array": rdf(`<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/">
  <dc:subject><rdf:Bag><rdf:li>a</rdf:li><rdf:li>b</rdf:li></rdf:Bag></dc:subject></rdf:Description>`),
}

// occurrences are the shapes that a record has in a packet.
var occurrences = map[string]string{
	"element":           `<rdf:Description ` + tcNS + `><TC260:AIGC>old</TC260:AIGC></rdf:Description>`,
	"attribute":         `<rdf:Description ` + tcNS + ` TC260:AIGC="old" TC260:B="1"/>`,
	"single quotes":     `<rdf:Description ` + tcNS + "\n\tTC260:AIGC\n=\n'old'/>",
	"cdata":             `<rdf:Description ` + tcNS + `><TC260:AIGC><![CDATA[old]]></TC260:AIGC></rdf:Description>`,
	"comment inside":    `<rdf:Description ` + tcNS + `><TC260:AIGC>o<!-- x -->ld</TC260:AIGC></rdf:Description>`,
	"references":        `<rdf:Description ` + tcNS + `><TC260:AIGC>&#111;&#x6C;d</TC260:AIGC></rdf:Description>`,
	"other prefix":      `<rdf:Description xmlns:a="` + tc260 + `"><a:AIGC>old</a:AIGC></rdf:Description>`,
	"own declaration":   `<rdf:Description><TC260:AIGC ` + tcNS + `>old</TC260:AIGC></rdf:Description>`,
	"default namespace": `<rdf:Description><AIGC xmlns="` + tc260 + `">old</AIGC></rdf:Description>`,
	"qualified":         `<rdf:Description ` + tcNS + `><TC260:AIGC rdf:parseType="Resource"><rdf:value>old</rdf:value></TC260:AIGC></rdf:Description>`,
	"alternatives":      `<rdf:Description><AIGC xmlns="` + tc260 + `"><rdf:Alt><rdf:li xml:lang="x-default">old</rdf:li></rdf:Alt></AIGC></rdf:Description>`,
	"resource":          `<rdf:Description ` + tcNS + `><TC260:AIGC rdf:resource="old"/></rdf:Description>`,
	"doubled":           `<rdf:Description ` + tcNS + ` TC260:AIGC="old"><TC260:AIGC>old</TC260:AIGC></rdf:Description>`,
	"twice":             `<rdf:Description ` + tcNS + `><TC260:AIGC>old</TC260:AIGC></rdf:Description><rdf:Description ` + tcNS + ` TC260:AIGC="old"/>`,
}

// values returns the values of a property, and of all others.
func values(t testing.TB, packet []byte) (ours, others []string) {
	t.Helper()
	props, err := Properties(packet)
	require.NoError(t, err)
	for _, p := range props {
		if p.Space == tc260 && p.Name == "AIGC" {
			ours = append(ours, p.Value)
		} else {
			others = append(others, p.Space+p.Name+"="+p.Value)
		}
		if p.Encoding == "" {
			require.Equal(t, p.Value, string(packet[p.Start:p.End]))
		}
	}
	return ours, others
}

func set(t testing.TB, packet []byte, value string) []byte {
	t.Helper()
	out, err := Set(packet, tc260, "TC260", "AIGC", value)
	require.NoError(t, err)
	return out
}

func TestSetInto(t *testing.T) {
	for name, packet := range packets {
		t.Run(name, func(t *testing.T) { requireEdits(t, []byte(packet)) })
	}
}

func TestSetOver(t *testing.T) {
	for name, description := range occurrences {
		t.Run(name, func(t *testing.T) {
			packet := []byte(rdf(description))
			ours, _ := values(t, packet)
			require.Contains(t, ours, "old")
			requireEdits(t, packet)
		})
	}
}

// requireEdits checks what Set and Remove owe to any packet.
func requireEdits(t testing.TB, packet []byte) {
	t.Helper()
	_, before := values(t, packet)
	for _, value := range []string{record, "", "a\r\n\tb ", strings.Repeat(record, 9), "]]>", "人工智能"} {
		out := set(t, packet, value)
		ours, others := values(t, out)
		require.Equal(t, []string{value}, ours)
		require.Equal(t, before, others)
		again := set(t, out, value)
		require.Same(t, &out[0], &again[0], "an equal value gives another packet")
		require.Equal(t, string(Compact(out)), string(Compact(set(t, set(t, packet, "other"), value))), "the old value leaves a trace")

		removed, err := Remove(out, tc260, "AIGC")
		require.NoError(t, err)
		ours, others = values(t, removed)
		require.Empty(t, ours)
		require.Equal(t, before, others)
		if value != "" {
			require.NotContains(t, string(removed), escape(value))
		}
		same, err := Remove(removed, tc260, "AIGC")
		require.NoError(t, err)
		require.Same(t, &removed[0], &same[0])
	}
}

func TestSetKeepsTheRest(t *testing.T) {
	for name, tt := range map[string]struct{ packet, want string }{
		"element": {`<rdf:Description ` + tcNS + `> <TC260:AIGC>old</TC260:AIGC>&#65;</rdf:Description>`,
			`<rdf:Description ` + tcNS + `> <TC260:AIGC>v&quot;</TC260:AIGC>&#65;</rdf:Description>`},
		"attribute": {`<rdf:Description ` + tcNS + ` TC260:AIGC = 'old' a:b='"' xmlns:a="urn:a"/>`,
			`<rdf:Description ` + tcNS + ` TC260:AIGC = 'v&quot;' a:b='"' xmlns:a="urn:a"/>`},
		"self-closing": {`<rdf:Description />`,
			`<rdf:Description  ` + tcNS + `><TC260:AIGC>v&quot;</TC260:AIGC></rdf:Description>`},
		"indented": {"<rdf:Description>\n  <a/>\n</rdf:Description>",
			"<rdf:Description " + tcNS + ">\n  <TC260:AIGC>v&quot;</TC260:AIGC>\n  <a/>\n</rdf:Description>"},
		"empty element": {`<rdf:Description ` + tcNS + `><TC260:AIGC xml:lang="zh"/></rdf:Description>`,
			`<rdf:Description ` + tcNS + `><TC260:AIGC xml:lang="zh">v&quot;</TC260:AIGC></rdf:Description>`},
		"prefix taken": {`<rdf:Description xmlns:TC260="urn:a" xmlns:TC2601="urn:b"/>`,
			`<rdf:Description xmlns:TC260="urn:a" xmlns:TC2601="urn:b" xmlns:TC2602="` + tc260 + `"><TC2602:AIGC>v&quot;</TC2602:AIGC></rdf:Description>`},
		"duplicates": {"<rdf:Description " + tcNS + " TC260:AIGC='1'>\n <TC260:AIGC>2</TC260:AIGC>\n <a/></rdf:Description><rdf:Description " + tcNS + "\n TC260:AIGC='3'/>",
			"<rdf:Description " + tcNS + " TC260:AIGC='v&quot;'>\n <a/></rdf:Description><rdf:Description " + tcNS + "/>"},
		"too much space": {"<rdf:Description>" + strings.Repeat(" ", maxIndent+1) + "</rdf:Description>",
			"<rdf:Description " + tcNS + "><TC260:AIGC>v&quot;</TC260:AIGC>" + strings.Repeat(" ", maxIndent+1) + "</rdf:Description>"},
		"no description": {"", `<rdf:Description rdf:about="" ` + tcNS + `><TC260:AIGC>v&quot;</TC260:AIGC></rdf:Description>`},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, rdf(tt.want), string(set(t, []byte(rdf(tt.packet)), `v"`)))
		})
	}
}

func TestRemoveUndoesSet(t *testing.T) {
	packet := []byte(rdf("\n <rdf:Description " + tcNS + ">\n  <TC260:Other>1</TC260:Other>\n </rdf:Description>"))
	removed, err := Remove(set(t, packet, record), tc260, "AIGC")
	require.NoError(t, err)
	require.Equal(t, string(packet), string(removed))
}

func TestPadding(t *testing.T) {
	padded := []byte(packets["padded"])
	out := set(t, padded, record)
	require.Len(t, out, len(padded), "growth is not taken from the padding")
	require.Len(t, set(t, out, ""), len(padded), "shrinking is not given to the padding")
	removed, err := Remove(out, tc260, "AIGC")
	require.NoError(t, err)
	require.Len(t, removed, len(padded))

	large := set(t, padded, strings.Repeat("x", 3000))
	require.Greater(t, len(large), len(padded)+900, "padding that does not suffice must stay")
	readOnly := bytes.Replace(padded, []byte(`end="w"`), []byte(`end="r"`), 1)
	require.Greater(t, len(set(t, readOnly, record)), len(padded))

	compact := Compact(padded)
	require.Len(t, compact, len(New()))
	require.Same(t, &compact[0], &Compact(compact)[0])
	require.Equal(t, "<broken", string(Compact([]byte("<broken"))))
}

func TestTrailerBeforeTheProperties(t *testing.T) {
	requireEdits(t, []byte("   \n   <?xpacket end='w'?>"+packets["bare rdf"]))
}

func TestProperties(t *testing.T) {
	packet := rdf(`<rdf:Description rdf:about="x" xml:lang="en" about="y" xmlns:a="urn:a" a:attr="1&#10;
2"><a:e>t&amp;&unknown;&#0;&#x1F600;</a:e><a:cd>x<![CDATA[<&amp;>]]>y</a:cd><a:u rdf:resource="http://u"/>
<a:seq><rdf:Seq><rdf:li>1</rdf:li><rdf:li rdf:parseType="Resource"><a:f>deep</a:f></rdf:li><rdf:li>2</rdf:li></rdf:Seq></a:seq>
<a:struct rdf:parseType="Resource"><a:f>hidden</a:f></a:struct><a:q><rdf:Description><rdf:value>v</rdf:value><a:f>q</a:f></rdf:Description></a:q>
</rdf:Description><a:Other xmlns:a="urn:a"><a:e>not a description</a:e></a:Other>`)
	props, err := Properties([]byte(packet))
	require.NoError(t, err)
	var got []string
	for _, p := range props {
		require.Equal(t, "urn:a", p.Space)
		form := ""
		if p.Attribute {
			form += "@"
		}
		if p.Item {
			form += "*"
		}
		got = append(got, form+p.Name+"="+p.Value+" "+p.Encoding)
	}
	require.Equal(t, []string{"@attr=1\n 2 xml", "e=t&&unknown;&#0;\U0001F600 xml", "cd=x<&amp;>y xml", "@u=http://u ",
		"*seq=1 ", "*seq=2 ", "*q=v "}, got)
}

func TestPropertiesOfUTF16(t *testing.T) {
	text := utf16.Encode([]rune("\uFEFF" + rdf(occurrences["element"])))
	for _, order := range []binary.AppendByteOrder{binary.BigEndian, binary.LittleEndian} {
		var packet []byte
		for _, u := range text {
			packet = order.AppendUint16(packet, u)
		}
		for _, packet := range [][]byte{packet, packet[2:]} {
			props, err := Properties(packet)
			require.NoError(t, err)
			require.Equal(t, []Property{{Space: tc260, Name: "AIGC", Value: "old", End: len(packet), Encoding: "utf-16"}}, props)
			_, err = Set(packet, tc260, "TC260", "AIGC", "new")
			require.ErrorIs(t, err, ErrEncoding)
		}
	}
}

func TestPropertiesBeforeTheDamage(t *testing.T) {
	packet := rdf(occurrences["twice"])
	first := strings.Index(packet, "</TC260:AIGC>") + len("</TC260:AIGC>")
	for n := range len(packet) {
		props, err := Properties([]byte(packet[:n]))
		if n >= first {
			require.NotEmpty(t, props, "cut at %d", n)
		}
		if n > 0 {
			require.Error(t, err, "cut at %d", n)
		}
	}
}

// Some writers forget to declare TC260.
func TestPropertiesWithUndeclaredPrefix(t *testing.T) {
	for _, packet := range []string{`<rdf:Description TC260:AIGC="old"/>`, `<rdf:Description><TC260:AIGC>old</TC260:AIGC></rdf:Description>`} {
		props, err := Properties([]byte(rdf(packet)))
		var syntax *xmlscan.SyntaxError
		require.ErrorAs(t, err, &syntax)
		require.Len(t, props, 1)
		require.Equal(t, "TC260 AIGC old", props[0].Space+" "+props[0].Name+" "+props[0].Value)
		_, err = Set([]byte(rdf(packet)), tc260, "TC260", "AIGC", "new")
		require.ErrorAs(t, err, &syntax)
	}
}

func TestSetRefuses(t *testing.T) {
	for name, tt := range map[string]struct {
		packet, value string
		want          error
	}{
		"control character": {string(New()), "a\x00b", ErrValue},
		"not UTF-8":         {string(New()), "\xff", ErrValue},
		"no rdf":            {"<x/>", "v", ErrNoRDF},
		"UTF-32":            {"\x00\x00\xFE\xFF\x00\x00\x00<", "v", ErrEncoding},
		"depth":             {strings.Repeat("<a>", maxDepth+1), "v", xmlscan.ErrLimit},
		"attributes":        {"<a" + strings.Repeat(" a=''", xmlscan.MaxAttributes+1) + "/>", "v", xmlscan.ErrLimit},
		"declarations":      {"<a" + strings.Repeat(" xmlns:a='u'", maxBindings+1) + "/>", "v", xmlscan.ErrLimit},
		"properties":        {rdf("<rdf:Description xmlns:a='u'>" + strings.Repeat("<a:a/>", maxProperties+1) + "</rdf:Description>"), "v", xmlscan.ErrLimit},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Set([]byte(tt.packet), tc260, "TC260", "AIGC", tt.value)
			require.ErrorIs(t, err, tt.want)
		})
	}
	for _, packet := range []string{"<", "<a", "<a b", "<a b=", "<a b=c>", "<a b='", "<a></b>", "<a>", "</a>", "<!DOCTYPE a [<!ENTITY b 'c'>]><a/>", "<!--", "<?", "<a><![CDATA[", "<a:b/>", "< />"} {
		_, err := Set([]byte(packet), tc260, "TC260", "AIGC", "v")
		var syntax *xmlscan.SyntaxError
		require.ErrorAs(t, err, &syntax, packet)
	}
}

func TestSetIntoNothing(t *testing.T) {
	for _, packet := range []string{"", " \n", "\uFEFF", "\x00\x00"} {
		ours, _ := values(t, set(t, []byte(packet), record))
		require.Equal(t, []string{record}, ours)
	}
}

// A megabyte of anything costs little memory and time.
func TestHostilePacketsAreCheap(t *testing.T) {
	fill := func(head, unit string) string { return head + strings.Repeat(unit, (1<<20)/len(unit)) }
	description := `<rdf:RDF ` + rdfNS + `><rdf:Description xmlns:a="u"`
	var shadows strings.Builder
	for i := range 60 {
		prefix := string(rune('A'+i/26)) + string(rune('a'+i%26))
		shadows.WriteString(" xmlns:" + prefix + "='" + tc260 + "'")
	}
	for name, packet := range map[string]string{
		"nested":       fill("", "<a>"),
		"siblings":     fill("<a>", "<a/>"),
		"text":         fill("<a>", "&amp;"),
		"attributes":   fill(description, " a:a=''"),
		"properties":   fill(description+">", "<a:a/>"),
		"references":   fill(description+"><a:a>", "&") + "</a:a>",
		"cdata":        fill(description+"><a:a>", "<![CDATA[]]>") + "</a:a>",
		"items":        fill(description+"><a:a><rdf:Bag>", "<rdf:li/>"),
		"descriptions": fill(`<rdf:RDF `+rdfNS+shadows.String()+`><x`+strings.ReplaceAll(shadows.String(), tc260, "u")+">", "<rdf:Description/>"),
		"shadows":      fill(`<rdf:RDF `+rdfNS+shadows.String()+`>`, "<rdf:Description xmlns:A='u'/>"),
		"markup":       fill("", "<!-- -->"),
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			start := time.Now()
			runtime.ReadMemStats(&before)
			_, _ = Properties([]byte(packet))
			_, _ = Set([]byte(packet), tc260, "TC260", "AIGC", record)
			runtime.ReadMemStats(&after)
			require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(2*(20<<20)), "bytes allocated")
			require.Less(t, time.Since(start), time.Minute)
		})
	}
}

// exiftool shows an unknown namespace under its prefix. It does not know the
// default namespace, rebound prefixes, or comments that hold tags.
func TestExiftoolReadsTheRecord(t *testing.T) {
	path := peer.Tool(t, "exiftool")
	for _, name := range []string{"new", "doubled mark", "bare rdf", "no description", "self-closing rdf", "single quotes",
		"other prefix", "second knows", "padded", "byte order mark", "array"} {
		t.Run(name, func(t *testing.T) {
			cmd := exec.Command(path, "-s3", "-XMP:AIGC", "-")
			cmd.Stdin = bytes.NewReader(set(t, []byte(packets[name]), record))
			out, err := cmd.CombinedOutput()
			require.NoError(t, err, "%s", out)
			require.Equal(t, record, strings.TrimSpace(string(out)))
		})
	}
}

func FuzzXMP(f *testing.F) {
	for _, packet := range packets {
		f.Add([]byte(packet))
	}
	for _, description := range occurrences {
		f.Add([]byte(rdf(description)))
	}
	f.Fuzz(func(t *testing.T, packet []byte) {
		out, err := Set(packet, tc260, "TC260", "AIGC", record)
		if err != nil {
			_, _ = Properties(packet)
			return
		}
		ours, _ := values(t, out)
		require.Equal(t, []string{record}, ours)
		removed, err := Remove(out, tc260, "AIGC")
		require.NoError(t, err)
		ours, _ = values(t, removed)
		require.Empty(t, ours)
	})
}

func BenchmarkXMPSet(b *testing.B) {
	packet := []byte(packets["padded"])
	b.ReportAllocs()
	b.SetBytes(int64(len(packet)))
	for b.Loop() {
		if _, err := Set(packet, tc260, "TC260", "AIGC", record); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkXMPProperties(b *testing.B) {
	packet := set(b, []byte(packets["padded"]), record)
	b.ReportAllocs()
	b.SetBytes(int64(len(packet)))
	for b.Loop() {
		if _, err := Properties(packet); err != nil {
			b.Fatal(err)
		}
	}
}
