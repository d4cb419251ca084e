package container

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestHTMLRoundTrip(t *testing.T) {
	for name, b := range fixtures(t, "html") {
		t.Run(name, func(t *testing.T) {
			roundTrip(t, HTML, b, Record, someRecord, []byte("{\"Label\":\"<&>'\",\r\n\t\"公司\":\"😀\"}"), append(someRecord, someRecord...))
			require.Equal(t, string(b), string(remove(t, HTML, put(t, HTML, b, Record, someRecord), Record)), "adding and removing is nothing")
		})
	}
}

// TestHTMLPlaces inserts a record into documents as others write them.
func TestHTMLPlaces(t *testing.T) {
	const meta = `<meta name="AIGC" content='{"a":"&#38;"}'>`
	for doc, at := range map[string]string{
		"<!DOCTYPE html>\n<html>\n <head>^\n  <title></title>\n </head>":                                 "\n  ",
		"<HTML><HEAD ><META CHARSET=utf-8>^<title>":                                                      "",
		"<head><title></title><meta http-equiv='Content-Type' content='text/html; charset=gbk'>^</head>": "",
		"<html lang='en'>^<body>": "",
		"<!doctype html>^<p>a":    "",
		"\ufeff<!-- a --> <!DOCTYPE html PUBLIC \"-//W3C//DTD HTML 4.01//EN\">^\n\t<p>a": "\n\t",
		"^<p>a</p>":             "",
		"^text <!DOCTYPE html>": "",
		"^":                     "",
		"<!doctype html>^<script>'<head>'</script><!-- <head> --><title><head></title>": "",
	} {
		before, after, _ := strings.Cut(doc, "^")
		require.Equal(t, before+at+meta+after, string(put(t, HTML, []byte(before+after), Record, []byte(`{"a":"&"}`))))
	}
	out := put(t, HTML, []byte(`<?xml version="1.0"?><html><head><title/></head></html>`), Record, []byte(`{}`))
	require.Equal(t, `<?xml version="1.0"?><html><head><meta name="AIGC" content='{}'/><title/></head></html>`, string(out))
	out = put(t, HTML, []byte(`<html xmlns="x"><head></head></html>`), Record, []byte(`{}`))
	require.Equal(t, `<html xmlns="x"><head><meta name="AIGC" content='{}'/></head></html>`, string(out))
}

// TestHTMLReplaces gives elements as others write them another value.
func TestHTMLReplaces(t *testing.T) {
	for before, after := range map[string]string{
		`<META data-a="'>" CONTENT="old" NAME='aigc' id=x>`: `<META data-a="'>" CONTENT="{&#34;a&#34;:'&#38;'}" NAME='aigc' id=x>`,
		`<meta name=AIGC content=old/>`:                     `<meta name=AIGC content="{&#34;a&#34;:'&#38;'}">`,
		`<meta name=AIGC content = ''/>`:                    `<meta name=AIGC content = '{"a":&#39;&#38;&#39;}'/>`,
		`<meta name="&#65;IGC"content='&lt;old&#x3e;'>`:     `<meta name="&#65;IGC"content='{"a":&#39;&#38;&#39;}'>`,
	} {
		require.Equal(t, "<head>"+after+"</head>", string(put(t, HTML, []byte("<head>"+before+"</head>"), Record, []byte(`{"a":'&'}`))))
	}
}

func TestHTMLSlots(t *testing.T) {
	const doc = `<head><!-- <meta name=AIGC content=0> --><title>A &amp; B</title><meta property="og:AIGC" content=1><meta name="generator" content="g"><meta name=AIGC>` +
		`<style><meta name=AIGC content=2></style><script><!-- <script></script><meta name=AIGC content=3> --></script><meta name='AIGC' content="&quot;4"><meta name=AIGC content='5'>` +
		`<script type="application/c2pa">c3Rv</script><link rel=c2pa-manifest href="http://a/b"></head><meta name=AIGC content=6>`
	f := walk(t, HTML, []byte(doc))
	var got []string
	for _, s := range f.Summary().Slots {
		r := s.Ranges[0]
		got = append(got, fmt.Sprint(s.Kind, " ", s.Place, " ", s.Guide, " ", string(s.Value), " ", s.Encoding, " ", doc[r.Offset:r.Offset+r.Length]))
	}
	require.Equal(t, []string{
		"5 HTML title false A & B html A &amp; B", "1 HTML meta og:AIGC false 1  1", "5 HTML meta generator false g  g",
		`1 HTML meta AIGC true "4 html &quot;4`, "1 HTML meta AIGC false 5  5",
		"4 HTML script application/c2pa true sto base64 c3Rv", "4 HTML link c2pa-manifest false http://a/b url http://a/b",
	}, got)
}

// TestHTMLTokens finds the element that a browser would, and no other.
func TestHTMLTokens(t *testing.T) {
	const found = "<meta name=AIGC content=x>"
	for _, before := range []string{
		"", "\n\t", "<!-->", "<!--->", "<!-- a --!>", "<!-- -- -> --->", "<!a>", "<?a>", "</>", "</ a>", "</p>", "<base/>", "<meta a=b/>", "<META\n>", "<meta =a==b \"'>",
		"<title></titl></title >", "<style></a</STYLE>", "<noscript><p></noscript>", "<template><meta name=AIGC content=y><p></template>",
		"<script></script>", "<script></scripts></script>", "<script><!-- </script>", "<script><!--><script></script>", "<script><!-- <script </script></script>",
		"<script><!--<script></script>--></script>", "<script>'<!--' + '<script>' + '-->'</script>",
	} {
		f := walk(t, HTML, []byte(before+found))
		require.Equal(t, 1, countKind(f, Record), "%q", before)
		require.Equal(t, "x", string(guide(f, Record).Value))
	}
	for _, before := range []string{
		"<!-- ", "<!--- -", "<! ", "<title>", "<title></titles>", "<script>", "<script><!--<script></script>", "<plaintext></plaintext>", "<a title='", "<meta a=\">",
		"a", "<p>", "<body>", "</head>", "< ", "<1>", "<textarea></textarea>",
	} {
		require.Zero(t, countKind(walk(t, HTML, []byte(before+found)), Record), "%q", before)
	}
}

func TestHTMLRefuses(t *testing.T) {
	_, err := walk(t, HTML, []byte("\xff\xfe<\x00p\x00>\x00")).Plan([]Change{{Kind: Record, Value: someRecord}})
	require.ErrorIs(t, err, ErrNoPlace)
	f := walk(t, HTML, []byte("<title>{}</title>"))
	for _, c := range []Change{
		{Kind: XMP, Value: somePacket}, {Kind: Record, Value: []byte("\x00")}, {Kind: Record, Value: []byte("\u0085")}, {Slot: &f.Summary().Slots[0]},
	} {
		_, err := f.Plan([]Change{c})
		require.ErrorIs(t, err, ErrNoPlace)
	}
}

// TestHTMLLongHead reads on where the head of the document is longer than that
// of the file, up to the limit.
func TestHTMLLongHead(t *testing.T) {
	doc := []byte("<style>" + strings.Repeat("a{} ", HeadSize) + "</style><meta name=AIGC content=x><body>")
	require.NotNil(t, guide(walk(t, HTML, doc), Record))
	f, err := HTML(NewSource(strings.NewReader(string(doc)), int64(len(doc)), Limits{Value: HeadSize}))
	require.NoError(t, err)
	require.Len(t, f.Summary().Limits, 1)
}

func TestIsHTML(t *testing.T) {
	sniffs(t, IsHTML, map[string]bool{
		"<!DOCTYPE html>": true, " \n<!doctype HTML PUBLIC": true, "\ufeff<html>": true, "<!-- saved --><HTML lang=a>": true, "<?xml version='1.0'?><html >": true,
		"<head>": true, "<body a>": true, "\xff\xfe<\x00h\x00t\x00m\x00l\x00>\x00": true,
		"": false, "<p>": false, "a <html>": false, "<htmls>": false, "<svg>": false, "</html>": false, "<!DOCTYPE svg><svg>": false,
	})
}

func TestHTMLHostile(t *testing.T) {
	const n = 1 << 20
	for name, doc := range map[string]string{
		"tags":       strings.Repeat("<b>", n/3),
		"metas":      strings.Repeat("<meta name=AIGC content=a>", n/26),
		"attributes": "<meta " + strings.Repeat("a=b ", n/4) + ">",
		"comments":   strings.Repeat("<!--", n/4),
		"dashes":     "<!--" + strings.Repeat("-", n),
		"scripts":    strings.Repeat("<script><!--", n/12),
		"titles":     strings.Repeat("<title></titl", n/13),
		"references": "<title>" + strings.Repeat("&amp", n/4) + "</title>",
		"a name":     "<" + strings.Repeat("a", n),
		"end tags":   strings.Repeat("</a>", n/4),
	} {
		t.Run(name, func(t *testing.T) { cheapWalk(t, HTML, []byte(doc)) })
	}
}

func FuzzHTML(f *testing.F) {
	f.Add([]byte("<title>a</title><script><!-- --></script><meta name=AIGC content=x><body>"))
	fuzz(f, "html", HTML, Record, someRecord)
}

// TestHTMLUnclosedComment: each start of a comment without an end was searched for
// one up to the end of the text, half a minute for 64 KiB.
func TestHTMLUnclosedComment(t *testing.T) {
	b := []byte("<body>A<!-->B<!x>C<!--D-->E < F" + strings.Repeat("<!--x>", 1<<20/6))
	start := time.Now()
	require.Equal(t, "ABCE < F", ReadHTMLBody(b).First.Text)
	require.Less(t, time.Since(start), hang)
}

// TestHTMLFrame: what could hide the text after a store from a browser is not of its
// frame.
func TestHTMLFrame(t *testing.T) {
	const start = `<script type="application/c2pa">c3Rv`
	for end, framed := range map[string]string{"</script>": "</script>", "</SCRIPT\n>": "</SCRIPT\n>", `</script a=">`: "", "</script/>": ""} {
		s := walk(t, HTML, []byte("<head>"+start+end+"</head>")).Summary().Slots[0]
		require.Equal(t, []Range{{6, int64(len(start + framed))}}, s.Frame, end)
	}
}
