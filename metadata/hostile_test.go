package metadata

import (
	"archive/zip"
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aigclabel/aigclabel/internal/container"
)

// bomb is n zeros, compressed a thousand times.
func bomb(n int) []byte {
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	io.CopyN(z, zeros{}, int64(n))
	z.Close()
	return b.Bytes()
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

func hostilePNG(chunks ...[]byte) []byte {
	b := container.AppendPNGChunk([]byte("\x89PNG\r\n\x1a\n"), "IHDR", []byte{0, 0, 0, 1, 0, 0, 0, 1, 8, 0, 0, 0, 0})
	return container.AppendPNGChunk(append(b, bytes.Join(chunks, nil)...), "IEND", nil)
}

func pngChunk(kind, data string) []byte { return container.AppendPNGChunk(nil, kind, []byte(data)) }

// nestedBoxes is n boxes, each inside the last.
func nestedBoxes(kind string, n int) []byte {
	var b []byte
	for i := range n {
		b = binary.BigEndian.AppendUint32(b, uint32(8*(n-i)))
		b = append(b, kind...)
	}
	return b
}

func hostileZIP(files map[string]string) []byte {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for name, body := range files {
		f, _ := w.Create(name)
		io.WriteString(f, body)
	}
	w.Close()
	return b.Bytes()
}

const ooxmlTypes = `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>`

func riffChunk(id string, body []byte) []byte {
	return append(binary.LittleEndian.AppendUint32([]byte(id), uint32(len(body))), body...)
}

// hostileFiles are about 1 MB each, and claim much more.
func hostileFiles() map[string][]byte {
	const n = 1 << 20
	xmp := "XML:com.adobe.xmp\x00\x00\x00\x00\x00"
	ftyp := box("ftyp", []byte("isom\x00\x00\x02\x00isom"))
	frames := strings.Repeat("TIT2\x00\x00\x00\x00\x00\x00", n/10)
	syncsafe := func(n int) []byte {
		return []byte{byte(n >> 21 & 127), byte(n >> 14 & 127), byte(n >> 7 & 127), byte(n & 127)}
	}
	id3 := append(append([]byte("ID3\x03\x00\x00"), syncsafe(len(frames))...), frames...)
	return map[string][]byte{
		"inflated.png":    hostilePNG(pngChunk("zTXt", "AIGC\x00\x00"+string(bomb(512*n))), pngChunk("zTXt", "AIGC\x00\x00"+string(bomb(512*n)))),
		"chunks.png":      hostilePNG(bytes.Repeat(pngChunk("tEXt", "a\x00"), n/14)),
		"nested-xmp.png":  hostilePNG(pngChunk("iTXt", xmp+strings.Repeat("<a>", n/3))),
		"attributes.png":  hostilePNG(pngChunk("iTXt", xmp+"<a "+strings.Repeat(`b="" `, n/5)+"/>")),
		"entities.png":    hostilePNG(pngChunk("iTXt", xmp+"<a>"+strings.Repeat("&amp;", n/5)+"</a>")),
		"nested-json.png": hostilePNG(pngChunk("tEXt", "AIGC\x00"+strings.Repeat(`{"AIGC":`, n/8))),
		"arrays.png":      hostilePNG(pngChunk("tEXt", "AIGC\x00"+`{"Label":`+strings.Repeat(`[`, n))),
		"members.png":     hostilePNG(pngChunk("tEXt", "AIGC\x00{"+strings.Repeat(`"a":1,`, n/6)+`"Label":"1"}`)),
		"segments.jpg":    append([]byte{0xFF, 0xD8}, bytes.Repeat([]byte{0xFF, 0xE1, 0, 2}, n/4)...),
		"groups.svg":      []byte("<svg>" + strings.Repeat("<g>", n/3)),
		"packets.svg":     []byte("<svg><metadata>" + strings.Repeat("<RDF/>", n/6) + "</metadata></svg>"),
		"boxes.mp4":       append(ftyp, bytes.Repeat(box("free"), n/8)...),
		"nested.mp4":      append(ftyp, nestedBoxes("moov", n/8)...),
		"nested-meta.mp4": append(ftyp, nestedBoxes("udta", 10_000)...),
		"items.mp4":       append(ftyp, box("moov", box("udta", box("meta", make([]byte, 4), box("hdlr", make([]byte, 8), []byte("mdir"), make([]byte, 12)), box("ilst", bytes.Repeat(box("\xa9nam"), n/8)))))...),
		"chunks.wav":      riffChunk("RIFF", append([]byte("WAVE"), bytes.Repeat(riffChunk("LIST", []byte("INFO")), n/12)...)),
		"frames.mp3":      id3,
		"bomb.docx":       hostileZIP(map[string]string{"[Content_Types].xml": ooxmlTypes, "docProps/custom.xml": strings.Repeat("<a>", 64*n)}),
		"entries.docx":    hostileEntries(n/120, "[Content_Types].xml", ooxmlTypes),
		"bomb.odt":        hostileZIP(map[string]string{"mimetype": odfType + "text", "META-INF/manifest.xml": "<m/>", "meta.xml": strings.Repeat("<a>", 64*n)}),
		"entries.epub":    hostileEntries(n/120, "mimetype", "application/epub+zip"),
		"arrays.pdf":      []byte("%PDF-1.4\n1 0 obj\n" + strings.Repeat("[", n) + "\nendobj\nstartxref\n9\n%%EOF\n"),
		"loop.pdf":        []byte("%PDF-1.4\nxref\n0 1\n0000000000 65535 f \ntrailer\n<< /Size 1 /Root 1 0 R /Prev 9 >>\nstartxref\n9\n%%EOF\n"),
		"trailers.pdf":    []byte("%PDF-1.4\n" + strings.Repeat("trailer<<>>startxref\n9\n%%EOF\n", n/30)),
		"metas.html":      []byte(strings.Repeat("<meta name=a content=b>", n/23)),
		"attributes.html": []byte("<meta " + strings.Repeat("a ", n/2)),
		"nested.json":     []byte(strings.Repeat(`{"AIGC":`, n/8)),
		"members.json":    []byte(`{` + strings.Repeat(`"":0,`, n/5) + `"":0}`),
		"records.ipynb":   []byte(`{"metadata":{` + strings.Repeat(`"AIGC":0,`, n/9) + `"":0}}`),
		"line.jsonl":      []byte(`{"a":"` + strings.Repeat(`a`, n)),
		"flow.md":         []byte("---\nAIGC: " + strings.Repeat("[", n) + "\n---\n"),
		"keys.md":         []byte("---\nAIGC:\n" + strings.Repeat("  a: b\n", n/7) + "---\n"),
		"fronts.md":       []byte(strings.Repeat("---\nAIGC:\n  Label: '1'\n---\n\n", n/28)),
		"fences.md":       []byte(strings.Repeat("```yaml\nAIGC:\n", n/14)),
		"anchors.md":      []byte("---\na: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\nAIGC: *c\n---\n"),
	}
}

func hostileEntries(n int, name, content string) []byte {
	files := map[string]string{name: content}
	for i := range n {
		files[fmt.Sprint("e", i)] = ""
	}
	return hostileZIP(files)
}

// TestReadHostile bounds what hostile files cost: 4 times the input and 16 MiB,
// of all memory that is ever asked for.
func TestReadHostile(t *testing.T) {
	for name, b := range hostileFiles() {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			r, err := Read(Bytes(b, name), nil)
			runtime.ReadMemStats(&after)
			if err != nil {
				require.ErrorIs(t, err, ErrUnknownFormat)
			} else {
				for _, limit := range r.Limits {
					require.IsType(t, &LimitError{}, limit)
				}
			}
			require.LessOrEqual(t, after.TotalAlloc-before.TotalAlloc, uint64(4*len(b)+16<<20))
		})
	}
}
