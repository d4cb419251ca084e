package container

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// epubBook returns a publication of documents, the first of which is a cover.
func epubBook(version string, more ...string) []byte {
	const item = `<item media-type="application/xhtml+xml" `
	opf := `<package version="` + version + `"><metadata/><manifest>` + item + `id="c" href="c.xhtml"/>` + item + `id="1" href="t%201.xhtml#x"/>` + item + `id="2" href="../b/2.xhtml"/>` +
		`<item id="p" href="p.png" media-type="image/png"/></manifest><spine><itemref idref="c"/><itemref idref="p"/><itemref idref="1"/><itemref idref="2"/><itemref idref="c"/><itemref idref="n" linear="no"/></spine></package>`
	return epubOf(opf, append([]string{
		"a/c.xhtml", `<html><head><title/></head><body><img/></body></html>`,
		"a/t 1.xhtml", `<html><head><title/></head><body><p>one</p></body></html>`,
		"b/2.xhtml", `<html><body><p>two</p></body></html>`,
	}, more...)...)
}

// TestEPUBSpine: the notice is in the first document that shows a text, not in a cover.
func TestEPUBSpine(t *testing.T) {
	out := noticed(t, "epub", epubBook("3.0"), testNotice(func(n *Notice) { n.End = true }), "a/t 1.xhtml", "b/2.xhtml")
	require.Equal(t, `<html><head><title/></head><body><p>AI</p><p>one</p></body></html>`, part(t, out, "a/t 1.xhtml"))
	require.Equal(t, `<html><body><p>two</p><p>AI</p></body></html>`, part(t, out, "b/2.xhtml"))
	first, last, _, err := EPUBTexts(bytes.NewReader(out), int64(len(out)), Limits{})
	require.NoError(t, err)
	require.Contains(t, first, "<p>AI</p><p>one</p>")
	require.Contains(t, last, "<p>two</p><p>AI</p>")
	out = noticed(t, "epub", epubBook("2.0"), testNotice(func(n *Notice) { n.EachPage = true }), "a/t 1.xhtml", "b/2.xhtml")
	require.Contains(t, part(t, out, "b/2.xhtml"), `<p>AI</p><p>two`)
}

// TestEPUBEncryptedText: fonts may be encrypted, texts not.
func TestEPUBEncryptedText(t *testing.T) {
	encryption := func(uri string) []byte {
		return epubBook("3.0", epubEncryption, `<encryption><e:EncryptedData xmlns:e="e"><e:CipherData><e:CipherReference URI="`+uri+`"/></e:CipherData></e:EncryptedData></encryption>`)
	}
	_, err := planNotice("epub", encryption("a/t%201.xhtml"), testNotice(nil))
	require.ErrorIs(t, err, ErrEncrypted)
	noticed(t, "epub", encryption("a/font.otf"), testNotice(nil), "a/t 1.xhtml")
}

// TestEPUBTextOfTwoBytes: a notice in UTF-8 is none in UTF-16.
func TestEPUBTextOfTwoBytes(t *testing.T) {
	b := epubOf(`<package version="3.0"><manifest><item id="a" href="x.xhtml" media-type="application/xhtml+xml"/></manifest><spine><itemref idref="a"/></spine></package>`,
		"a/x.xhtml", "\xFF\xFE<\x00b\x00o\x00d\x00y\x00>\x00a\x00")
	_, err := planNotice("epub", b, testNotice(nil))
	require.ErrorIs(t, err, ErrNoRoom)
}

func FuzzEPUBNotice(f *testing.F) {
	f.Add(`<package version="2.0"><manifest><item id="a" href="../x.xhtml" media-type="application/xhtml+xml"/></manifest><spine><itemref idref="a"/></spine></package>`)
	f.Fuzz(func(t *testing.T, opf string) {
		b := epubOf(opf, "x.xhtml", "<html><body>a</body></html>")
		_, _, _, err := EPUBTexts(bytes.NewReader(b), int64(len(b)), Limits{})
		require.NoError(t, err)
		plan, err := planNotice("epub", b, testNotice(nil))
		if err == nil {
			require.True(t, len(plan.Edits()) > 0 && strings.Contains(part(t, output(t, plan, b), "x.xhtml"), "<p>AI</p>"))
		}
	})
}
