package metadata

import (
	"encoding/binary"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aigclabel/aigclabel/internal/container"
)

// withCredentials returns files with a manifest store, of the formats that none
// can be added to.
func withCredentials(t testing.TB) map[string][]byte {
	const entry, store = "META-INF/content_credential.c2pa", "store"
	jumbf := "\x00\x00\x00\x24jumb\x00\x00\x00\x1cjumdc2pa\x00\x11\x00\x10\x80\x00\x00\xAA\x00\x38\x9B\x71\x03c2pa\x00"
	segment := "JP\x00\x01\x00\x00\x00\x01" + jumbf
	archive := func(path string) []byte { return withEntry(t, path, entry, []byte(store)) }
	jpeg := testdata(t, "jpeg/baseline.jpg")
	geob := "\x00application/x-c2pa-manifest-store\x00\x00\x00" + store
	tag := "ID3\x03\x00\x00\x00\x00\x00" + string([]byte{byte(len(geob) + 10)}) + "GEOB\x00\x00\x00" + string([]byte{byte(len(geob))}) + "\x00\x00" + geob
	chunk := func(id, body string) string {
		return string(binary.BigEndian.AppendUint32([]byte(id), uint32(len(body)))) + body + strings.Repeat("\x00", len(body)%2)
	}
	return map[string][]byte{
		"aiff": []byte(chunk("FORM", "AIFF"+chunk("ID3 ", tag))),
		"png":  hostilePNG(pngChunk("caBX", jumbf)),
		"jpeg": append(append([]byte("\xFF\xD8\xFF\xEB"), append(binary.BigEndian.AppendUint16(nil, uint16(2+len(segment))), segment...)...), jpeg[2:]...),
		"jxl":  append([]byte("\x00\x00\x00\x0cJXL \r\n\x87\n"), jumbf...),
		"jp2":  append(testdata(t, "jp2/plain.jp2"), box("uuid", []byte("\xd8\xfe\xc3\xd6\x1b\x0e\x48\x3c\x92\x97\x58\x28\x87\x7e\xc4\x81\x00\x00\x00\x00manifest\x00"), make([]byte, 8), []byte(store))...),
		"svg":  []byte("<svg><metadata><c2pa:manifest>AAAA</c2pa:manifest></metadata></svg>"),
		"c2pa": []byte(jumbf),
		"html": []byte("<!DOCTYPE html><head><script type=\"application/c2pa\">AAAA</script></head>"),
		"odt":  archive("odt/custom.odt"), "ods": archive("ods/libreoffice.ods"), "odp": archive("odp/libreoffice.odp"), "epub": archive("epub/pandoc3.epub"),
		"docx": archive("docx/custom.docx"), "xlsx": archive("xlsx/custom.xlsx"), "pptx": archive("pptx/custom.pptx"),
	}
}

// TestCredentialsAreFound: what the table says of credentials is true. Those of
// TIFF, Ogg and PDF are built in the tests of package container.
func TestCredentialsAreFound(t *testing.T) {
	found := map[string]bool{"tiff": true, "pdf": true, "opus": true, "ogv": true, "ogg": true}
	examine := func(format Format, src Source) {
		r, err := Read(src, nil)
		require.NoError(t, err)
		require.Equal(t, format.Name, r.Format.Name)
		for _, s := range r.Sites {
			found[format.Name] = found[format.Name] || s.Scheme == C2PA
		}
	}
	for _, f := range fixtures(t) {
		file, err := f.format.walk(container.NewSource(Bytes(f.data, "").R, int64(len(f.data)), container.Limits{}))
		require.NoError(t, err)
		plan, err := file.Plan([]container.Change{{Kind: container.C2PA, Value: []byte("store")}})
		if err == nil && file.Summary().Damage == nil {
			examine(f.format, Source{R: plan, Size: plan.Size(), Name: f.name})
		}
	}
	hand := withCredentials(t)
	for format := range Formats() {
		if b, ok := hand[format.Name]; ok {
			examine(format, Bytes(b, ""))
		}
		require.Equal(t, format.Credentials != "", found[format.Name], format.Name)
	}
}
