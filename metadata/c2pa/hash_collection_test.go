package c2pa

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aigclabel/aigclabel/internal/container"
)

// boundArchive returns a document with a store, and its binding.
func boundArchive(t testing.TB, name string) (*asset, []byte, []byte) {
	t.Helper()
	b, err := os.ReadFile("../testdata/" + name)
	require.NoError(t, err)
	out, data := planned(t, open(t, b, name), 900)
	_, assertion, err := out.newBinding(out)
	require.NoError(t, err)
	return out, data, assertion
}

func TestCollectionHash(t *testing.T) {
	a, _, assertion := boundArchive(t, "docx/custom.docx")
	var d struct {
		URIs      []cborMap `cbor:"uris"`
		Directory []byte    `cbor:"zip_central_directory_hash"`
	}
	require.NoError(t, decoder.Unmarshal(assertion, &d))
	n := len(d.URIs) - 1
	first, rest := d.URIs[0], d.URIs[1:]
	require.Equal(t, "_rels/.rels", first["uri"])
	uris := func(first ...cborMap) []cborMap { return append(first, rest...) }
	uri := func(uri string) cborMap { return cborMap{"uri": uri, "hash": make([]byte, 32)} }
	for name, test := range map[string]struct {
		uris []cborMap
		want Code
	}{
		"match":            {uris(first), CollectionHashMatch},
		"other fields":     {uris(with(with(first, "size", 12), "dc:format", "text/xml")), CollectionHashMatch},
		"in another order": {append([]cborMap{d.URIs[n]}, d.URIs[:n]...), CollectionHashMatch},
		"escaped":          {uris(with(first, "uri", "%5Frels/.rels")), CollectionHashMatch},
		"another hash":     {uris(with(first, "hash", make([]byte, 32))), CollectionHashMismatch},
		"not listed":       {rest, CollectionHashIncorrectCount},
		"not there":        {uris(first, uri("other.xml")), CollectionHashIncorrectCount},
		"twice":            {uris(first, first), CollectionHashMalformed},
		"no hash":          {uris(with(first, "hash", nil)), CollectionHashMalformed},
		"no uri":           {uris(with(first, "uri", nil)), CollectionHashMalformed},
		"none":             {nil, CollectionHashMalformed},
		"up":               {uris(first, uri("../other.xml")), CollectionHashInvalidURI},
		"up inside":        {uris(first, uri("word/../other.xml")), CollectionHashInvalidURI},
		"up, escaped":      {uris(first, uri("word/%2e%2e/other.xml")), CollectionHashInvalidURI},
		"up, backslashes":  {uris(first, uri(`word\..\other.xml`)), CollectionHashInvalidURI},
		"here":             {uris(first, uri("./other.xml")), CollectionHashInvalidURI},
		"absolute":         {uris(first, uri("/other.xml")), CollectionHashInvalidURI},
		"of a drive":       {uris(first, uri(`c:\other.xml`)), CollectionHashInvalidURI},
		"elsewhere":        {uris(first, uri("https://example.org/other.xml")), CollectionHashInvalidURI},
	} {
		m := cborMap{"uris": test.uris, "alg": "sha256", "zip_central_directory_hash": d.Directory}
		got := a.check("c2pa.hash.collection.data", assertionOf(t, m), "")
		require.Equal(t, []Code{test.want}, codes(got), "%s: %v", name, got)
	}
	require.Equal(t, []Code{CollectionHashMismatch}, codes(a.check("c2pa.hash.collection.data", assertionOf(t, cborMap{"uris": d.URIs, "alg": "sha256"}), "")))
	require.Equal(t, []Code{AlgorithmUnsupported}, codes(a.check("c2pa.hash.collection.data", assertionOf(t, cborMap{"uris": d.URIs}), "")))
	picture := readSigned(t, "jpeg-baseline.jpg").asset
	require.Equal(t, []Code{CollectionHashIncorrectCount}, codes(picture.check("c2pa.hash.collection.data", assertion, "")))
}

// TestChangedArchives: no byte of an archive can change but those of its store.
func TestChangedArchives(t *testing.T) {
	for _, name := range []string{"docx/custom.docx", "xlsx/libreoffice.xlsx", "epub/pandoc3.epub"} {
		a, b, assertion := boundArchive(t, name)
		_, directory, err := container.ZIPEntries(a.source())
		require.NoError(t, err)
		crc := directory[0].Offset + directory[0].Length
		store := a.frame()[0]
		for i := int64(0); i < int64(len(b)); i += 5 {
			if i >= store.Offset && i < store.Offset+store.Length || i >= crc && i < crc+4 {
				continue
			}
			b[i] ^= 0x10
			require.NotContains(t, codes(a.check("c2pa.hash.collection.data", assertion, "")), CollectionHashMatch, "%s: byte %d", name, i)
			b[i] ^= 0x10
		}
	}
}

// TestArchivesOfOthers: a folder need not be listed, a data descriptor be hashed, nor
// the checksum of the store be left out of the directory.
func TestArchivesOfOthers(t *testing.T) {
	var file bytes.Buffer
	w := zip.NewWriter(&file)
	for _, name := range []string{"[Content_Types].xml", "folder/", "folder/other.xml", storeEntry} {
		f, err := w.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
		require.NoError(t, err)
		if name != "folder/" {
			_, err = f.Write([]byte(name))
		}
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	a := bare(file.Bytes(), container.Range{})
	a.carrier.binding = byCollection
	entries, directory, err := container.ZIPEntries(a.source())
	require.NoError(t, err)
	hash := func(r ...container.Range) []byte {
		h := sha256.New()
		for _, r := range r {
			h.Write(file.Bytes()[r.Offset : r.Offset+r.Length])
		}
		return h.Sum(nil)
	}
	last := directory[len(directory)-1]
	whole := container.Range{Offset: directory[0].Offset, Length: last.Offset + last.Length - directory[0].Offset}
	for _, d := range [][]byte{hash(directory...), hash(whole)} {
		for _, list := range [][]container.Range{{entries[0].Range, entries[2].Range}, {entries[0].Range, {Offset: entries[2].Offset, Length: entries[2].Length + entries[2].Descriptor.Length}}} {
			uris := []cborMap{{"uri": entries[0].Name, "hash": hash(list[0])}, {"uri": entries[2].Name, "hash": hash(list[1])}}
			m := cborMap{"uris": uris, "alg": "sha256", "zip_central_directory_hash": d}
			require.Equal(t, []Code{CollectionHashMatch}, codes(a.check("c2pa.hash.collection.data", assertionOf(t, m), "")))
		}
	}
	require.NotZero(t, entries[2].Descriptor.Length)
	require.Len(t, directory, 2)
}

func FuzzCollectionHash(f *testing.F) {
	a, _, assertion := boundArchive(f, "docx/custom.docx")
	f.Add(assertion)
	f.Fuzz(func(t *testing.T, assertion []byte) {
		require.NotEmpty(t, a.check("c2pa.hash.collection.data", assertion, "sha256"))
		require.NoError(t, a.err)
	})
}

// TestCollectionPrefix: an entry before all that the directory lists, for those who read
// an archive from its start.
func TestCollectionPrefix(t *testing.T) {
	for _, format := range []string{"docx", "epub"} {
		path := fixtures(t, format)[0]
		signed, _ := sign(t, read(t, path), path, testClaim(), nil)
		var hidden bytes.Buffer
		w := zip.NewWriter(&hidden)
		_, err := w.CreateRaw(&zip.FileHeader{Name: "word/document.xml"})
		require.NoError(t, err)
		require.NoError(t, w.Flush())
		r := validate(t, append(hidden.Bytes(), signed...), path, nil)
		require.Equal(t, Invalid, r.State, path)
		require.Contains(t, failures(r.Findings), CollectionHashMismatch)
	}
}
