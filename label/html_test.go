package label

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aigclabel/aigclabel/internal/peer"
	"github.com/aigclabel/aigclabel/metadata"
)

func noticedHTML(t testing.TB, document string, n Notice) string {
	t.Helper()
	plan, err := planHTMLNotice(metadata.Bytes([]byte(document), "a.html"), n, metadata.Generated)
	require.NoError(t, err)
	out, err := io.ReadAll(plan.Source())
	require.NoError(t, err)
	return string(out)
}

func TestHTMLNotice(t *testing.T) {
	const english = `<p role="note" lang="en">This content is AI-generated</p>`
	const hanzi = `<p role="note" lang="zh-Hans">本内容由AI生成</p>`
	const references = `<p role="note" lang="zh-Hans">&#26412;&#20869;&#23481;&#30001;AI&#29983;&#25104;</p>`
	for name, test := range map[string]struct {
		in, out string // § in out is the notice
		notice  string
		n       Notice
	}{
		"document": {
			"<!DOCTYPE html>\n<html><head><title>T</title></head>\n<body class=a>\n<p>text</p>\n</body></html>\n",
			"<!DOCTYPE html>\n<html><head><title>T</title></head>\n<body class=a>\n§\n\n<p>text</p>\n</body></html>\n", english, Notice{Language: "en"},
		},
		"at the end":     {"<body><p>a</p></body></html>", "<body><p>a</p>§\n</body></html>", english, Notice{Language: "en", Position: End}},
		"both":           {"<body><p>a</p></body>", "<body>\n§\n<p>a</p>§\n</body>", english, Notice{Language: "en", Position: Both}},
		"no body tags":   {"<title>T</title><p>a", "<title>T</title>\n§\n<p>a", english, Notice{Language: "en"}},
		"fragment":       {"<p>a</p>", "§\n<p>a</p>", english, Notice{Language: "en"}},
		"text alone":     {"a", "§\na", english, Notice{Language: "en"}},
		"doctype alone":  {"<!doctype html>a", "<!doctype html>\n§\na", english, Notice{Language: "en"}},
		"in ASCII":       {"<body>a</body>", "<body>\n§\na</body>", references, Notice{}},
		"in UTF-8":       {"<body>文</body>", "<body>\n§\n文</body>", hanzi, Notice{}},
		"in GB 18030":    {"<body>\xCE\xC4</body>", "<body>\n§\n\xCE\xC4</body>", references, Notice{}},
		"byte order":     {"\uFEFF<p>文</p>", "\uFEFF§\n<p>文</p>", hanzi, Notice{}},
		"script in body": {"<body><script>'</body>'</script>a</body>", "<body><script>'</body>'</script>a§\n</body>", english, Notice{Language: "en", Position: End}},
		"comment":        {"<body><!-- </body> -->a", "<body>\n§\n<!-- </body> -->a", english, Notice{Language: "en"}},
		"two languages": {
			"<body>文", "<body>\n§\n文",
			`<p role="note"><span lang="zh-Hans">本内容由AI生成</span> · <span lang="de">Dieser Inhalt wurde mit KI generiert</span></p>`, Notice{Language: "zh-Hans+de"},
		},
		"own words": {"<body>文", "<body>\n§\n文", `<p role="note" lang="zh-Hans">&lt;豆包&gt;AI生成</p>`, Notice{Text: "<豆包>AI生成"}},
	} {
		t.Run(name, func(t *testing.T) {
			out := noticedHTML(t, test.in, test.n)
			require.Equal(t, strings.ReplaceAll(test.out, "§", test.notice), out)
			require.Equal(t, out, noticedHTML(t, out, test.n), "a second time")
			if test.n.Text == "" {
				found, err := findHTMLNotices(metadata.Bytes([]byte(out), ""))
				require.NoError(t, err)
				require.NotEmpty(t, found)
			}
		})
	}
	for _, there := range []string{"<body><h6><b>本内容由<i>AI</i>生成</b></h6><p>text", "<p>(AI-generated)</p><p>text", "<body><div><div>AI生成</div></div>a"} {
		require.Equal(t, there, noticedHTML(t, there, Notice{}), "there already")
	}
	_, err := planHTMLNotice(metadata.Bytes([]byte("\xFF\xFE<\x00"), ""), Notice{}, metadata.Generated)
	require.ErrorIs(t, err, ErrEncoding)
}

// TestHTMLNoticeIsNotHidden: a document may end in something without its end, and
// the notice behind that was part of it, there and at each further time.
func TestHTMLNoticeIsNotHidden(t *testing.T) {
	const notice = `<p role="note" lang="en">This content is AI-generated</p>` + "\n"
	for _, hidden := range []string{"<!-- a", "<!a", "<a href='", "<script>a", "<script><!-- <script></script>", "<textarea>a", "<plaintext>a"} {
		for _, n := range []Notice{{Language: "en", Position: End}, {Language: "en", Position: Both}} {
			out := noticedHTML(t, "<p>a</p>"+hidden, n)
			require.Equal(t, notice+hidden, out[strings.LastIndex(out, notice):])
			require.Equal(t, out, noticedHTML(t, out, n), "a second time")
		}
	}
	require.Equal(t, notice+"<title>a", noticedHTML(t, "<title>a", Notice{Language: "en"}))
}

// TestHTMLNoticeKeepsFrames: text in front of a frameset makes browsers drop that.
func TestHTMLNoticeKeepsFrames(t *testing.T) {
	_, err := planHTMLNotice(metadata.Bytes([]byte("<html><head></head><frameset><frame src=a></frameset></html>"), ""), Notice{}, metadata.Generated)
	require.ErrorIs(t, err, ErrNoNotice)
}

// TestLargeHTMLIsVerified: a document too large to look for notices was an error.
func TestLargeHTMLIsVerified(t *testing.T) {
	document := "<!DOCTYPE html><body>" + strings.Repeat("text ", maxHTML/5)
	report, err := new(Verifier).Verify(t.Context(), metadata.Bytes([]byte(document), "a.html"), nil)
	require.NoError(t, err)
	require.Equal(t, Warn, report.Checks[0].Outcome)
	require.Contains(t, report.Checks[0].Message, "HTML document")
}

// TestHTMLNoticeIsReadByPython: the notice is a paragraph of its own.
func TestHTMLNoticeIsReadByPython(t *testing.T) {
	python := peer.Python(t, "html.parser")
	out := noticedHTML(t, "<!DOCTYPE html><html><head><title>T</title></head><body><h1>Heading</h1></body></html>", Notice{Language: "en", Position: Both})
	const script = "import sys, html.parser\np = html.parser.HTMLParser()\np.handle_data = lambda d: d.strip() and print(d.strip())\np.feed(sys.argv[1])"
	require.Equal(t, "T\nThis content is AI-generated\nHeading\nThis content is AI-generated\n", peer.Run(t, python, "-c", script, out))
}

func FuzzHTMLNotice(f *testing.F) {
	f.Add([]byte("<!DOCTYPE html><html><head><title>T</title></head><body><p>文</p></body></html>"), uint8(2))
	f.Add([]byte("<svg><!-- --><script><!--<script></script>"), uint8(1))
	f.Fuzz(func(t *testing.T, b []byte, pos uint8) {
		n := Notice{Position: Position(pos % 3)}
		plan, err := planHTMLNotice(metadata.Bytes(b, ""), n, metadata.Generated)
		if err != nil {
			require.True(t, errors.Is(err, ErrEncoding) || errors.Is(err, ErrNoNotice), err)
			return
		}
		_, err = io.ReadAll(plan.Source())
		require.NoError(t, err)
	})
}
