package container

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aigclabel/aigclabel/internal/xmlscan"

	"github.com/aigclabel/aigclabel/internal/splice"
)

// edited returns doc with one edit.
func edited(t *testing.T, doc string, e splice.Edit) string {
	t.Helper()
	plan, err := splice.New(strings.NewReader(doc), int64(len(doc)), []splice.Edit{e})
	require.NoError(t, err)
	b, err := io.ReadAll(plan.Source())
	require.NoError(t, err)
	return string(b)
}

func xmlSource() *Source { return NewSource(bytes.NewReader(nil), 0, Limits{}) }

func TestXMLElements(t *testing.T) {
	const doc = `<?xml version="1.0"?><!-- <x> --><p:a k='1 &amp; 2'><b/>t<![CDATA[<c>]]><p:d  ><e/></p:d></p:a>`
	var got []string
	require.NoError(t, xmlSource().xmlElements(xmlscan.Scanner{Doc: doc}, 32, func(path []xmlElement) {
		e := path[len(path)-1]
		got = append(got, strings.Join([]string{doc[e.start:e.end], e.prefix(), e.local(), e.childName, e.attr("k"), e.text(doc)}, "|"))
	}))
	require.Equal(t, []string{
		"<b/>||b|||",
		"<e/>||e|||",
		"<p:d  ><e/></p:d>|p:|d|e||",
		doc[strings.Index(doc, "<p:a"):] + "|p:|a|b|1 & 2|t<c>",
	}, got)
}

func TestXMLSpanEdits(t *testing.T) {
	for _, c := range []struct{ doc, replaced, appended string }{
		{"<a/>", "<a>x</a>", "<a>x</a>"},
		{"<p:a b='/' />", "<p:a b='/' >x</p:a>", "<p:a b='/' >x</p:a>"},
		{"<a></a>", "<a>x</a>", "<a>x</a>"},
		{"<a><b/>c</a >", "<a>x</a >", "<a><b/>cx</a >"},
	} {
		var root xmlSpan
		require.NoError(t, xmlSource().xmlElements(xmlscan.Scanner{Doc: c.doc}, 32, func(path []xmlElement) { root = path[0].xmlSpan }))
		require.Equal(t, c.replaced, edited(t, c.doc, root.replace(c.doc, "x")))
		require.Equal(t, c.appended, edited(t, c.doc, root.append(c.doc, "x")))
		require.Empty(t, edited(t, c.doc, root.remove()))
	}
}

func TestXMLElementsBroken(t *testing.T) {
	for doc, elements := range map[string]int{
		"": 0, "text": 0, "<a>": 1, "<a><b>": 2, "<a></b>": 1, "</a>": 0, "<a/><b/>": 2, "<a><b/><c": 2, "<!DOCTYPE a><a/>": 0,
		strings.Repeat("<a>", 33): 32,
	} {
		n := 0
		require.Error(t, xmlSource().xmlElements(xmlscan.Scanner{Doc: doc}, 32, func([]xmlElement) { n++ }), "%q", doc)
		require.Equal(t, elements, n, "%q", doc)
	}
}

func FuzzXMLElements(f *testing.F) {
	f.Add(ooxmlRels(""))
	f.Add(ooxmlProperties(`<property pid="2" name="AIGC"><vt:lpwstr>&lt;<![CDATA[&]]></vt:lpwstr><!-- --></property>`))
	f.Add("<a><b/></a")
	f.Fuzz(func(t *testing.T, doc string) {
		var leaf xmlSpan
		whole := xmlSource().xmlElements(xmlscan.Scanner{Doc: doc}, 32, func(path []xmlElement) {
			e := path[len(path)-1]
			require.Equal(t, "<"+e.name, doc[e.start:e.start+1+len(e.name)])
			require.True(t, e.start < e.content && e.content <= e.contentEnd && e.contentEnd <= e.end && e.end <= len(doc))
			if e.children == 0 {
				leaf = e.xmlSpan
			}
		})
		if whole != nil {
			return
		}
		changed := edited(t, doc, leaf.replace(doc, "new"))
		found := false
		require.NoError(t, xmlSource().xmlElements(xmlscan.Scanner{Doc: changed}, 32, func(path []xmlElement) {
			e := path[len(path)-1]
			found = found || e.start == leaf.start && e.text(changed) == "new"
		}))
		require.True(t, found)
	})
}
