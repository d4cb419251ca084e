package container

import (
	"archive/zip"
	"bytes"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// documents are the formats of documents and texts that carry a store, and what a new
// record of theirs is, if they have one.
var documents = map[string]struct {
	walk   Walk
	record []byte
}{
	"docx": {OOXML, someRecord}, "xlsx": {OOXML, someRecord}, "pptx": {OOXML, someRecord},
	"epub": {EPUB, someRecord}, "pdf": {PDF, someRecord},
	"html": {HTML, someRecord}, "text": {Plain, nil}, "markdown": {Markdown, []byte("AIGC:\n  Label: '1'\n")},
}

// notUTF8 are the fixtures of text that has no place for variation selectors.
var notUTF8 = []string{"utf16.md", "invalid-utf8.md", "utf16-be.txt", "utf16-le.txt", "gb18030.txt"}

// eachDocument yields the fixtures that take a store.
func eachDocument(t *testing.T, test func(t *testing.T, format string, w Walk, b []byte)) {
	for _, format := range slices.Sorted(maps.Keys(documents)) {
		for name, b := range fixtures(t, format) {
			w := documents[format].walk
			if l := walk(t, w, b).Summary(); l.Damage == nil && !l.Encrypted && !slices.Contains(notUTF8, name) {
				t.Run(format+"/"+name, func(t *testing.T) { test(t, format, w, b) })
			}
		}
	}
}

func zipEntries(b []byte) (entries []ZIPEntry, directory []Range, err error) {
	return ZIPEntries(NewSource(bytes.NewReader(b), int64(len(b)), Limits{}))
}

// unsigned returns what no hash of b covers: the frame of the store, and in an archive
// its checksum.
func unsigned(b []byte, frame []Range) []Range {
	if string(b[:2]) != "PK" {
		return frame
	}
	_, directory, _ := zipEntries(b)
	return append(slices.Clone(frame), Range{directory[0].end(), 4})
}

// signedDocument puts a store of n bytes into b as a signer does: it plans an empty one,
// hashes what is around it, and plans again with the store. The two must agree.
func signedDocument(t *testing.T, w Walk, b []byte, n int) []byte {
	t.Helper()
	return signedWith(t, w, b, n, nil)
}

// signedWith is [signedDocument] with a record in the same plans, if there is one.
func signedWith(t *testing.T, w Walk, b []byte, n int, record []byte) []byte {
	t.Helper()
	var frames [2][]Range
	var out [2][]byte
	for i := range out {
		f, store := walk(t, w, b), storeOf(n, uint64(i))
		changes := []Change{{Slot: guide(f, C2PA), Kind: C2PA, Value: store}}
		if record != nil {
			changes = append(changes, Change{Slot: guide(f, Record), Kind: Record, Value: record})
		}
		plan, err := f.Plan(changes)
		require.NoError(t, err)
		out[i] = output(t, plan, b)
		slot := storeIn(t, w, out[i])
		require.True(t, bytes.Equal(store, storeBytes(t, out[i], slot)), "another store comes back")
		frames[i] = unsigned(out[i], slot.Frame)
	}
	require.Equal(t, frames[0], frames[1])
	require.True(t, bytes.Equal(outside(out[0], frames[0]), outside(out[1], frames[1])), "the store changes what is hashed")
	return out[1]
}

// TestDocumentsCarryStores signs every fixture, signs it again with longer and
// shorter stores, and removes the store.
func TestDocumentsCarryStores(t *testing.T) {
	eachDocument(t, func(t *testing.T, format string, w Walk, b []byte) {
		for _, n := range []int{300, 21_000, 301, 64} {
			b = signedDocument(t, w, b, n)
		}
		remove(t, w, b, C2PA)
	})
}

// TestDocumentsTakeRecordAndStore makes both places in one plan.
func TestDocumentsTakeRecordAndStore(t *testing.T) {
	eachDocument(t, func(t *testing.T, format string, w Walk, b []byte) {
		record := documents[format].record
		f := walk(t, w, b)
		if record == nil {
			t.Skip("the format has no place for a record")
		}
		if _, err := f.Plan([]Change{{Slot: guide(f, Record), Kind: Record, Value: record}}); err != nil {
			require.ErrorIs(t, err, ErrNoPlace)
			t.Skip("the file has no place for a record")
		}
		for _, n := range []int{1000, 40_000} {
			b = signedWith(t, w, b, n, record)
			require.Equal(t, string(record), string(guide(walk(t, w, b), Record).Value))
		}
	})
}

// TestODFTakesNoStore: LibreOffice would not open the document. One that has a store
// is read, and gets another.
func TestODFTakesNoStore(t *testing.T) {
	b := fixtures(t, "odt")["custom.odt"]
	_, err := walk(t, ODF, b).Plan([]Change{{Kind: C2PA, Value: storeOf(300, 0)}})
	require.ErrorIs(t, err, ErrNoPlace)
	f := walk(t, ODF, b).(*odfFile)
	plan, err := f.zip.plan(map[string][]byte{c2paEntry: storeOf(300, 1)}, "")
	require.NoError(t, err)
	b = output(t, plan, b)
	require.Equal(t, string(storeOf(300, 1)), string(storeBytes(t, b, storeIn(t, ODF, b))))
	remove(t, ODF, signedDocument(t, ODF, b, 2000), C2PA)
}

// TestHTMLStorePlaces: the script is the last element of the head, and a link gives
// way to it.
func TestHTMLStorePlaces(t *testing.T) {
	script := htmlStore(storeOf(64, 1))
	for doc, want := range map[string]string{
		"":                                       script,
		"text":                                   script + "text",
		"<p>text":                                script + "<p>text",
		"<title>t</title>\n<p>text":              "<title>t</title>\n" + script + "\n<p>text",
		"<head>\n <meta charset=utf-8>\n</head>": "<head>\n <meta charset=utf-8>\n" + script + "\n</head>",
		"<html><body>text":                       "<html>" + script + "<body>text",
		"<head><script>a</script></head>":        "<head><script>a</script>" + script + "</head>",
		"<head><link rel=c2pa-manifest href=u><title>t</title></head>": "<head>" + script + "<title>t</title></head>",
		"<script type='application/c2pa'>\nQUFB\n</script >":           script,
	} {
		out := put(t, HTML, []byte(doc), C2PA, storeOf(64, 1))
		require.Equal(t, want, string(out), doc)
		slot := storeIn(t, HTML, out)
		require.Equal(t, script, string(out[slot.Frame[0].Offset:slot.Frame[0].end()]))
	}
}

// fuzzStore signs whatever walks clean.
func fuzzStore(f *testing.F, format string, w Walk) {
	for _, b := range fixtures(f, format) {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, _, err := zipEntries(b); err != nil && bytes.HasPrefix(b, []byte("PK")) {
			return // nothing to hash
		}
		file := walk(t, w, b)
		if l := file.Summary(); l.Damage != nil || len(l.Limits) > 0 || countKind(file, C2PA) > 1 {
			return
		}
		if _, err := file.Plan([]Change{{Slot: guide(file, C2PA), Kind: C2PA, Value: storeOf(64, 0)}}); err == nil {
			signedDocument(t, w, b, 64)
		}
	})
}

func FuzzPDFStore(f *testing.F)      { fuzzStore(f, "pdf", PDF) }
func FuzzOOXMLStore(f *testing.F)    { fuzzStore(f, "docx", OOXML) }
func FuzzEPUBStore(f *testing.F)     { fuzzStore(f, "epub", EPUB) }
func FuzzHTMLStore(f *testing.F)     { fuzzStore(f, "html", HTML) }
func FuzzMarkdownStore(f *testing.F) { fuzzStore(f, "markdown", Markdown) }
func FuzzPlain(f *testing.F)         { fuzzStore(f, "text", Plain) }
func FuzzSidecar(f *testing.F)       { fuzz(f, "c2pa", Sidecar, C2PA, nil) }

func FuzzZIPEntries(f *testing.F) {
	for _, b := range fixtures(f, "docx") {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		entries, directory, err := zipEntries(b)
		if err != nil {
			return
		}
		for _, e := range entries {
			require.True(t, e.Offset >= 0 && e.Length > 0 && e.end() <= e.Descriptor.Offset && e.Descriptor.end() <= int64(len(b)))
		}
		require.Equal(t, int64(len(b)), directory[len(directory)-1].end())
	})
}

// TestArchiveStoreCompressed reads a store that another writer has compressed, and puts
// one in its place that is not.
func TestArchiveStoreCompressed(t *testing.T) {
	store := storeOf(20_000, 1)
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, name := range []string{"mimetype", epubContainer, "p.opf", c2paEntry} {
		entry, err := w.Create(name)
		require.NoError(t, err)
		_, err = entry.Write(map[string][]byte{
			"mimetype":    []byte(epubType),
			epubContainer: []byte(`<container><rootfiles><rootfile full-path="p.opf" media-type="` + epubPackage + `"/></rootfiles></container>`),
			"p.opf":       []byte(`<package version="3.0"><metadata/></package>`),
			c2paEntry:     store,
		}[name])
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	s := storeIn(t, EPUB, b.Bytes())
	require.Equal(t, "deflate", s.Encoding)
	require.True(t, bytes.Equal(store, s.Value))
	entries, _, err := zipEntries(b.Bytes())
	require.NoError(t, err)
	require.Equal(t, entries[3].end()+entries[3].Descriptor.Length, s.Frame[0].end(), "the descriptor is of the frame")
	require.Empty(t, storeIn(t, EPUB, signedDocument(t, EPUB, b.Bytes(), 300)).Encoding)
}
