package xmlscan

import (
	"encoding/xml"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// pieces returns what each token of doc covers.
func pieces(doc string) (all []string, err error) {
	for sc := (Scanner{Doc: doc}); ; {
		t, err := sc.Next()
		if err != nil || t.Kind == EndOfInput {
			return all, err
		}
		all = append(all, doc[t.Start:t.End])
	}
}

func TestTokens(t *testing.T) {
	want := []string{`<?xml version="1.0"?>`, "<!-- <a> -->", `<p:a b = '>' c="/">`, "t ", "<![CDATA[</p:a>]]>", "<d />", "</p:a >", "\n"}
	got, err := pieces(strings.Join(want, ""))
	require.NoError(t, err)
	require.Equal(t, want, got)

	sc := Scanner{Doc: `<p:a b = '>' c="/">`}
	tag, err := sc.Next()
	require.NoError(t, err)
	require.Equal(t, "p:a", tag.Name)
	require.Equal(t, []Attribute{
		{Span: Span{4, 12}, Name: "b", Value: Span{10, 11}},
		{Span: Span{12, 18}, Name: "c", Value: Span{16, 17}},
	}, tag.Attrs)
}

func TestTokensBroken(t *testing.T) {
	for _, doc := range []string{"<", "<a", "<a b", "<a b=c>", "<a b='>", "<!--", "<![CDATA[", "<?", "</a", "<!DOCTYPE a>", "< a>"} {
		_, err := pieces(doc)
		var syntax *SyntaxError
		require.ErrorAs(t, err, &syntax, doc)
	}
	_, err := pieces("<a" + strings.Repeat(" a=''", MaxAttributes+1) + "/>")
	require.ErrorIs(t, err, ErrLimit)
}

func TestText(t *testing.T) {
	for raw, want := range map[string]string{
		"plain": "plain", "&lt;&gt;&amp;&quot;&apos;": `<>&"'`, "&#65;&#x4E2D;": "A中", "a\r\nb\rc": "a\nb\nc",
		"<![CDATA[&amp;]]>&amp;<!-- x -->": "&amp;&", "&none; &": "&none; &", "&#0;&#xD800;": "&#0;&#xD800;",
	} {
		require.Equal(t, want, Content(raw), raw)
	}
	require.Equal(t, "a b  <", AttributeValue("a\nb\t\r\n&lt;"))
	require.True(t, IsText("a\t\r\n中"))
	for _, s := range []string{"\x00", "\x1f", "\xff", "\uffff"} {
		require.False(t, IsText(s), "%q", s)
	}
}

// FuzzScanner compares with encoding/xml: tokens cover the document without
// gaps, and what encoding/xml accepts, without a DTD, is scanned to its end.
func FuzzScanner(f *testing.F) {
	f.Add(`<?xml version="1.0"?><a b='c'><!-- --><d/>&lt;<![CDATA[e]]></a>`)
	f.Fuzz(func(t *testing.T, doc string) {
		all, err := pieces(doc)
		require.True(t, strings.HasPrefix(doc, strings.Join(all, "")))
		if err == nil {
			require.Equal(t, doc, strings.Join(all, ""))
			return
		}
		d := xml.NewDecoder(strings.NewReader(doc))
		for {
			token, err := d.Token()
			if err == io.EOF {
				t.Fatalf("encoding/xml reads %q", doc)
			}
			if _, dtd := token.(xml.Directive); dtd || err != nil {
				return
			}
		}
	})
}

func TestDoctype(t *testing.T) {
	for doc, rest := range map[string]string{
		`<!DOCTYPE svg><a/>`:                                                  `<a/>`,
		`<!DOCTYPE svg PUBLIC "-//>//" '>'><a/>`:                              `<a/>`,
		"<!DOCTYPE a [\n<!ENTITY b \"]>\"> <!-- ]> ' --> <?p ]> ?>\n]\n><a/>": `<a/>`,
	} {
		sc := Scanner{Doc: doc, DTD: true}
		token, err := sc.Next()
		require.NoError(t, err, doc)
		require.Equal(t, Doctype, token.Kind)
		require.Equal(t, rest, doc[token.End:])
		_, err = (&Scanner{Doc: doc}).Next()
		require.Error(t, err, "only where it is asked for")
	}
	for _, doc := range []string{`<!DOCTYPE`, `<!DOCTYPE a [`, `<!DOCTYPE a [>`, `<!DOCTYPE "`, `<!DOCTYPE <!-- >`, "<!ELEMENT a>"} {
		_, err := (&Scanner{Doc: doc, DTD: true}).Next()
		require.Error(t, err, doc)
	}
}
