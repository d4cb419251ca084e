package metadata

import (
	"archive/zip"
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestPolyglots puts two formats into one file.
func TestPolyglots(t *testing.T) {
	archive := string(hostileZIP(map[string]string{"a.txt": "A"}))
	file := func(path string) string { return string(testdata(t, path)) }
	gif, jpeg, pdf, mp4 := file("gif/looped.gif"), file("jpeg/baseline.jpg"), file("pdf/cairo.pdf"), file("mp4/faststart.mp4")
	webp := file("webp/lossy.webp")
	const object = "%PDF-1.4\n1 0 obj\n<<>>\nendobj\n"
	whole := string(hostilePNG())
	motion := strings.Replace(jpeg, "\xFF\xD8", "\xFF\xD8"+jpegPacket(`<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description xmlns:c="http://ns.google.com/photos/1.0/camera/" c:MotionPhoto="1"/></rdf:RDF></x:xmpmeta>`), 1)
	for name, c := range map[string]struct{ data, format, second string }{
		"GIFAR":                   {gif + archive, "gif", "zip"},
		"PNG and ZIP":             {whole + archive, "png", "zip"},
		"ZIP with a comment":      {whole + commented(t, strings.Repeat("c", 5000)), "png", "zip"},
		"ZIP before the end":      {string(hostilePNG(pngChunk("iTXt", "AIGC\x00\x00\x00\x00\x00"+commented(t, strings.Repeat("c", 16))))), "png", "zip"},
		"JPEG and ZIP":            {jpeg + archive, "jpeg", "zip"},
		"PDF and ZIP":             {pdf + archive, "pdf", "zip"},
		"MP3 and ZIP":             {file("mp3/lame.mp3") + archive, "mp3", "zip"},
		"PDF in a PNG":            {string(hostilePNG(pngChunk("tEXt", "Comment\x00"+object))), "png", "pdf"},
		"PDF in an HTML page":     {"<script>/*\n" + pdf, "pdf", "html"},
		"PDF behind a program":    {"MZ\x00\x01" + pdf, "pdf", "exe"},
		"MP4 behind a JPEG":       {jpeg + mp4, "jpeg", "mp4"},
		"page behind a PNG":       {whole + "\n<script>alert(1)</script>", "png", "html"},
		"picture behind a WAV":    {file("wav/plain.wav") + whole, "wav", "png"},
		"script in a GIF":         {"GIF89a/*" + gif[8:] + "*/=1;alert(1)", "gif", "javascript"},
		"WebP behind a WebP":      {webp + webp, "webp", ""},
		"unknown data":            {whole + "\x00something", "png", ""},
		"motion photo":            {motion + mp4, "jpeg", "video of a motion photo"},
		"no motion in the photo":  {motion + "\x00something", "jpeg", ""},
		"comment in a JPEG":       {jpeg[:2] + "\xFF\xFE\x2F\x2A" + strings.Repeat("*/ ", 0x2F28/3) + jpeg[2:], "jpeg", "none"},
		"Samsung's trailer":       {jpeg + "\x00\x00\x01\x0aSEFH\x6b\x00\x00\x00SEFT", "jpeg", "data of a Samsung camera"},
		"padding":                 {whole + "\x00\x00\r\n", "png", "none"},
		"a text that names PDF":   {string(hostilePNG(pngChunk("tEXt", "Comment\x00made from %PDF-1.4"))), "png", "none"},
		"an end record by chance": {whole + strings.Repeat("\x00", 50) + "PK\x05\x06" + strings.Repeat("\x00", 18), "png", ""},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := Read(Bytes([]byte(c.data), ""), nil)
			require.NoError(t, err)
			require.Equal(t, c.format, r.Format.Name)
			if c.second == "none" {
				require.Empty(t, r.Seconds)
				return
			}
			require.Len(t, r.Seconds, 1)
			require.Equal(t, c.second, r.Seconds[0].Format+r.Seconds[0].Usual)
			require.LessOrEqual(t, r.Seconds[0].Offset, int64(len(c.data)))
		})
	}
}

func jpegPacket(packet string) string {
	payload := "http://ns.adobe.com/xap/1.0/\x00" + packet
	n := len(payload) + 2
	return "\xFF\xE1" + string([]byte{byte(n >> 8), byte(n)}) + payload
}

func commented(t testing.TB, comment string) string {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	_, err := w.Create("a.txt")
	require.NoError(t, err)
	require.NoError(t, w.SetComment(comment))
	require.NoError(t, w.Close())
	return b.String()
}

// TestNoPolyglots: what real tools write is one format, before and after a write.
func TestNoPolyglots(t *testing.T) {
	for _, f := range fixtures(t) {
		r, err := Read(Bytes(f.data, f.name), nil)
		require.NoError(t, err)
		require.Empty(t, slices.DeleteFunc(r.Seconds, func(s Second) bool { return s.Usual != "" }), f.name)
	}
}

// TestDetectMentions: a text that speaks of PDF, or an archive that holds one, is
// none.
func TestDetectMentions(t *testing.T) {
	for name, want := range map[string]string{"a.md": "markdown", "a.txt": "text", "a.html": "html", "": "text"} {
		format, err := Detect(Bytes([]byte("A file starts with %PDF-1.4 and holds 1 0 obj."), name))
		require.NoError(t, err)
		require.Equal(t, want, format.Name)
	}
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	entry, err := w.CreateHeader(&zip.FileHeader{Name: "a.pdf", Method: zip.Store})
	require.NoError(t, err)
	_, err = entry.Write(testdata(t, "pdf/cairo.pdf"))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	_, err = Detect(Bytes(b.Bytes(), "a.pdf"))
	require.ErrorIs(t, err, ErrUnknownFormat)
	format, err := Detect(Bytes([]byte("HTTP/1.1 200 OK\r\n\r\n%PDF-1.4\n1 0 obj\n...\nstartxref\n9\n%%EOF\n"), ""))
	require.NoError(t, err)
	require.Equal(t, "pdf", format.Name)
}
