package container

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// attachments is a PDF file with two attachments, a.txt and z.txt; catalog says how it
// lists them, with the objects 10 and up.
func attachments(catalog string, objects ...string) []byte {
	d := newPDFDraft("")
	d.pages(catalog)
	for i, name := range []string{"a.txt", "z.txt"} {
		d.object(4+i, fmt.Sprintf("<</Type/Filespec/F(%s)/UF(%[1]s)/EF<</F %d 0 R>>>>", name, 6+i))
		d.stream(6+i, "/Type/EmbeddedFile/Params<</Size 1>>", name[:1])
	}
	for i, text := range objects {
		d.object(10+i, text)
	}
	d.object(15, "null") // the last that the table has room for
	d.table("", " \n")
	return d.Bytes()
}

// attached are the forms that lists of attachments have.
var attached = map[string][]byte{
	"direct":          attachments("/Names<</EmbeddedFiles<</Names[(a.txt) 4 0 R(z.txt) 5 0 R]>>>>"),
	"by reference":    attachments("/Names 10 0 R", "<</EmbeddedFiles 11 0 R>>", "<</Names 12 0 R>>", "[(a.txt) 4 0 R(z.txt) 5 0 R]"),
	"nodes":           attachments("/Names<</EmbeddedFiles<</Kids[10 0 R 11 0 R]>>>>", "<</Limits[(a.txt)(a.txt)]/Names[(a.txt) 4 0 R]>>", "<</Limits[(z.txt)(z.txt)]/Names[(z.txt) 5 0 R]>>"),
	"after all":       attachments("/Names<</EmbeddedFiles<</Kids[10 0 R]>>>>", "<</Limits[<612E747874>(b)]/Names[(a.txt) 4 0 R(b) 5 0 R]>>"),
	"before all":      attachments("/Names<</EmbeddedFiles<</Kids[10 0 R]>>>>", "<</Limits[(x)(z.txt)]/Names[(x) 4 0 R(z.txt) 5 0 R]>>"),
	"deep":            attachments("/Names<</EmbeddedFiles<</Kids 10 0 R>>>>", "[11 0 R]", "<</Limits[(a.txt)(z.txt)]/Kids[12 0 R]>>", "<</Limits[(a.txt)(z.txt)]/Names[(a.txt) 4 0 R(z.txt) 5 0 R]>>"),
	"the name taken":  attachments("/Names<</EmbeddedFiles<</Names[(content_credential.c2pa) 4 0 R(content_credential.c2pa_) 5 0 R]>>>>"),
	"associated":      attachments("/AF 4 0 R/Names<</Dests 12 0 R/EmbeddedFiles<</Names[(a.txt) 4 0 R(z.txt) 5 0 R]>>>>"),
	"associated list": attachments("/AF 10 0 R/Names<</EmbeddedFiles<</Names[(a.txt) 4 0 R(z.txt) 5 0 R]>>>>", "[4 0 R 5 0 R]"),
}

// TestPDFStoreKeepsAttachments: other attachments stay where readers look for them, by
// name and by walking the tree.
func TestPDFStoreKeepsAttachments(t *testing.T) {
	for name, b := range attached {
		t.Run(name, func(t *testing.T) {
			out := signedDocument(t, PDF, signedDocument(t, PDF, b, 300), 2000)
			qpdf := tool(t, "qpdf")
			listed := func(b []byte) []string {
				path := saved(t, "attached.pdf", b)
				run(t, qpdf, "--check", path)
				lines := strings.Split(strings.TrimSpace(run(t, qpdf, "--list-attachments", path)), "\n")
				slices.Sort(lines)
				return lines
			}
			before, after := listed(b), listed(out)
			require.Len(t, after, len(before)+1)
			for _, file := range before {
				require.Contains(t, after, file)
			}
			require.Equal(t, before, listed(remove(t, PDF, out, C2PA)))
		})
	}
}

// TestPDFStoreFiltered reads a store that another writer has compressed, and replaces
// it by one that stands in the file as it is.
func TestPDFStoreFiltered(t *testing.T) {
	store := storeOf(300, 1)
	packed := string(deflate(store))
	d := newPDFDraft("")
	d.pages("/AF[6 0 R]")
	d.object(6, "<</Type/Filespec/AFRelationship/C2PA_Manifest/EF<</F 7 0 R>>>>")
	d.stream(7, "/Filter/FlateDecode/Params<</Size 300>>", packed)
	d.table("", " \n")
	s := storeIn(t, PDF, d.Bytes())
	require.Equal(t, "deflate", s.Encoding)
	require.Equal(t, string(store), string(s.Value))
	out := signedDocument(t, PDF, d.Bytes(), 400)
	require.Empty(t, guide(walk(t, PDF, out), C2PA).Encoding)
	require.NotContains(t, string(out[len(d.Bytes()):]), "Params")
}

// TestPDFStoreKeepsSignatures: a signature holds for the revision that it signs.
func TestPDFStoreKeepsSignatures(t *testing.T) {
	pdfsig := tool(t, "pdfsig")
	path := saved(t, "signed.pdf", signedDocument(t, PDF, fixtures(t, "pdf")["signed.pdf"], 300))
	require.Contains(t, run(t, pdfsig, path), "Signature is Valid.")
}

// TestPDFNameTreeHostile: trees that are their own kids, or deeper than any reader
// goes, are not edited.
func TestPDFNameTreeHostile(t *testing.T) {
	loop := attachments("/Names<</EmbeddedFiles 10 0 R>>", "<</Kids[10 0 R]>>")
	f := walk(t, PDF, loop)
	_, err := f.Plan([]Change{{Kind: C2PA, Value: storeOf(64, 0)}})
	limit := new(LimitError)
	require.ErrorAs(t, err, &limit)

	wide := attachments("/Names<</EmbeddedFiles<</Kids["+strings.Repeat("10 0 R ", 100_000)+"]>>>>", "<</Limits[(a)(z)]/Names["+strings.Repeat("(a) 4 0 R", 50)+"]>>")
	cheap(t, wide, func() {
		f := walk(t, PDF, wide)
		_, _ = f.Plan([]Change{{Kind: C2PA, Value: storeOf(64, 0)}})
	})

	d := newPDFDraft("")
	d.pages("/AF[6 0 R]/Names<</EmbeddedFiles<</Kids[" + strings.Repeat("<</Names[(a)6 0 R]>>", maxPDFKids) + "]>>>>")
	d.object(6, "<</Type/Filespec/AFRelationship/C2PA_Manifest/EF<</F 7 0 R>>>>")
	d.stream(7, "", "store")
	d.table("", " \n")
	cheap(t, d.Bytes(), func() {
		out := remove(t, PDF, d.Bytes(), C2PA)
		require.NotContains(t, string(out[d.Len():]), "6 0 R", "of none of the kids")
	})
}
