package metadata

import (
	"archive/zip"
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

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

const (
	rdfOpen  = `<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:TC260="` + spaceTC260 + `"><rdf:Description>`
	rdfClose = `</rdf:Description></rdf:RDF>`
)

// hostileFLV has a value in onMetaData.
func hostileFLV(value []byte) []byte {
	data := append([]byte("\x02\x00\x0AonMetaData"), value...)
	b := []byte("FLV\x01\x05\x00\x00\x00\x09\x00\x00\x00\x00")
	b = binary.BigEndian.AppendUint32(b, 18<<24|uint32(len(data)))
	b = append(append(b, make([]byte, 7)...), data...)
	return binary.BigEndian.AppendUint32(b, uint32(11+len(data)))
}

const ebmlTags = "\x12\x54\xC3\x67"

func hostileMKV(children ...[]byte) []byte {
	return append(ebml("\x1A\x45\xDF\xA3"), append([]byte("\x18\x53\x80\x67"+ebmlUnsized), bytes.Join(children, nil)...)...)
}

// nestedTags is n SimpleTags, each inside the last.
func nestedTags(n int) []byte {
	var b []byte
	for i := range n {
		b = binary.BigEndian.AppendUint32(append(b, 0x67, 0xC8), 1<<28|uint32(6*(n-1-i)))
	}
	return b
}

func riffChunk(id string, body []byte) []byte {
	return append(binary.LittleEndian.AppendUint32([]byte(id), uint32(len(body))), body...)
}

// hostileFiles are about 1 MB each, and claim much more.
func hostileFiles() map[string][]byte {
	const n = 1 << 20
	xmp := "XML:com.adobe.xmp\x00\x00\x00\x00\x00"
	ftyp := box("ftyp", []byte("isom\x00\x00\x02\x00isom"))
	frames := strings.Repeat("TIT2\x00\x00\x00\x00\x00\x00", n/10)
	inflated := pngChunk("zTXt", "AIGC\x00\x00"+string(bomb(64*n)))
	syncsafe := func(n int) []byte {
		return []byte{byte(n >> 21 & 127), byte(n >> 14 & 127), byte(n >> 7 & 127), byte(n & 127)}
	}
	id3 := append(append([]byte("ID3\x03\x00\x00"), syncsafe(len(frames))...), frames...)
	return map[string][]byte{
		"inflated.png":    hostilePNG(inflated, inflated),
		"chunks.png":      hostilePNG(bytes.Repeat(pngChunk("tEXt", "a\x00"), n/14)),
		"comments.png":    hostilePNG(bytes.Repeat(pngChunk("tEXt", "Comment\x00"+strings.Repeat("a ", 32<<10)), 15)),
		"nested-xmp.png":  hostilePNG(pngChunk("iTXt", xmp+strings.Repeat("<a>", n/3))),
		"attributes.png":  hostilePNG(pngChunk("iTXt", xmp+"<a "+strings.Repeat(`b="" `, n/5)+"/>")),
		"entities.png":    hostilePNG(pngChunk("iTXt", xmp+"<a>"+strings.Repeat("&amp;", n/5)+"</a>")),
		"nested-json.png": hostilePNG(pngChunk("tEXt", "AIGC\x00"+strings.Repeat(`{"AIGC":`, n/8))),
		"arrays.png":      hostilePNG(pngChunk("tEXt", "AIGC\x00"+`{"Label":`+strings.Repeat(`[`, n))),
		"records.png":     hostilePNG(pngChunk("iTXt", xmp+rdfOpen+strings.Repeat(`<TC260:AIGC>{"Label":"1"}</TC260:AIGC>`, n/38)+rdfClose)),
		"members.png":     hostilePNG(pngChunk("tEXt", "AIGC\x00{"+strings.Repeat(`"a":1,`, n/6)+`"Label":"1"}`)),
		"segments.jpg":    append([]byte{0xFF, 0xD8}, bytes.Repeat([]byte{0xFF, 0xE1, 0, 2}, n/4)...),
		"groups.svg":      []byte("<svg>" + strings.Repeat("<g>", n/3)),
		"packets.svg":     []byte("<svg><metadata>" + strings.Repeat("<RDF/>", n/6) + "</metadata></svg>"),
		"boxes.mp4":       append(ftyp, bytes.Repeat(box("free"), n/8)...),
		"nested.mp4":      append(ftyp, nestedBoxes("moov", n/8)...),
		"nested-meta.mp4": append(ftyp, nestedBoxes("udta", 10_000)...),
		"items.mp4":       append(ftyp, box("moov", box("udta", box("meta", make([]byte, 4), box("hdlr", make([]byte, 8), []byte("mdir"), make([]byte, 12)), box("ilst", bytes.Repeat(box("\xa9nam"), n/8)))))...),
		"chunks.webp":     riffChunk("RIFF", append([]byte("WEBP"), bytes.Repeat(riffChunk("XMP ", nil), n/8)...)),
		"comments.gif":    append([]byte("GIF89a\x01\x00\x01\x00\x00\x00\x00"), bytes.Repeat([]byte("\x21\xFE\x01c\x00"), n/5)...),
		"voids.mkv":       hostileMKV(bytes.Repeat([]byte{0xEC, 0x80}, n/2)),
		"clusters.webm":   hostileMKV(bytes.Repeat([]byte(ebmlCluster+"\xFF"), n/5)),
		"tags.mkv":        hostileMKV(ebml(ebmlTags, bytes.Repeat(ebml("\x73\x73", ebml("\x67\xC8", ebml("\x45\xA3", []byte("A")), ebml("\x44\x87"))), n/34))),
		"nested-tags.mkv": hostileMKV(ebml(ebmlTags, ebml("\x73\x73", nestedTags(n/8)))),
		"seeks.mkv":       hostileMKV(ebml("\x11\x4D\x9B\x74", bytes.Repeat(ebml("\x4D\xBB", ebml("\x53\xAB", []byte(ebmlTags)), ebml("\x53\xAC", []byte{127, 255})), n/22)), bytes.Repeat([]byte(ebmlCluster+"\x80"), 1000)),
		"links.tif":       append([]byte("II*\x00\x08\x00\x00\x00\x01\x00\x4A\x01\x04\x00\x00\x00\x02\x00\x08\x00\x00\x00\x00\x00\x00\x00"), bytes.Repeat([]byte("\x08\x00\x00\x00"), n/4)...),
		"nested.flv":      hostileFLV(bytes.Repeat([]byte{0x0A, 0, 0, 0, 1}, n/5)),
		"texts.flv":       hostileFLV(append([]byte{3}, bytes.Repeat([]byte{0, 1, 'A', 2, 0, 0}, n/6)...)),
		"entries.heic":    hostileHEIC(box("iinf", []byte{0, 0, 0, 0, 255, 255}, bytes.Repeat(box("infe", []byte("\x02\x00\x00\x00\x00\x01\x00\x00hvc1")), n/20))),
		"items.heic":      hostileHEIC(box("iloc", []byte{2, 0, 0, 0, 0, 0, 255, 255, 255, 255}, bytes.Repeat([]byte{0, 0, 0, 1, 0, 0, 0, 0, 255, 255}, n/10))),
		"same-bytes.avif": hostileHEIC(sameBytes(1000), box("free", make([]byte, n))),
		"boxes.jxl":       append([]byte("\x00\x00\x00\x0cJXL \r\n\x87\n"), bytes.Repeat(box("xml ", []byte("<rdf:RDF")), n/16)...),
		"boxes.jp2":       append([]byte("\x00\x00\x00\x0cjP  \r\n\x87\n\x00\x00\x00\x10ftypjp2 \x00\x00\x00\x00"), bytes.Repeat(box("xml ", []byte("<rdf:RDF")), n/16)...),
		"lists.avi":       riffChunk("RIFF", append([]byte("AVI "), bytes.Repeat(riffChunk("LIST", []byte("INFO")), n/12)...)),
		"segments.avi":    append(riffChunk("RIFF", append([]byte("AVI "), riffChunk("LIST", []byte("movi"))...)), bytes.Repeat(riffChunk("RIFF", []byte("AVIX")), n/12)...),
		"chunks.wav":      riffChunk("RIFF", append([]byte("WAVE"), bytes.Repeat(riffChunk("LIST", []byte("INFO")), n/12)...)),
		"frames.mp3":      id3,
		"tags.aac":        append(bytes.Repeat([]byte("ID3\x04\x00\x00\x00\x00\x00\x00"), 60), bytes.Repeat([]byte("\xff\xf1\x6c\x40\x00\xff\xfc"), n/7)...),
		"chunks.aiff":     append([]byte("FORM\x00\x10\x00\x00AIFF"), bytes.Repeat([]byte("NAME\x00\x00\x00\x00"), n/8)...),
		"objects.wma":     append([]byte(asfHeader+"\xff\xff\xff\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x02"), bytes.Repeat([]byte("0123456789abcdef\x18\x00\x00\x00\x00\x00\x00\x00"), n/24)...),
		"names.wma":       append([]byte(asfHeader+"\xff\xff\xff\x00\x00\x00\x00\x00\x01\x00\x00\x00\x01\x02"+asfExtended+"\x00\x00\x09\x00\x00\x00\x00\x00\xff\xff"), make([]byte, n)...),
		"pairs.caf":       append([]byte("caff\x00\x01\x00\x00info\x00\x00\x00\x00\x00\x0f\xff\xfc\xff\xff\xff\xff"), make([]byte, n)...),
		"chunks.caf":      append([]byte("caff\x00\x01\x00\x00"), bytes.Repeat([]byte("free\x00\x00\x00\x00\x00\x00\x00\x00"), n/12)...),
		"blocks.flac":     append([]byte("fLaC\x00\x00\x00\x22"+string(make([]byte, 34))), bytes.Repeat([]byte{1, 0, 0, 0}, n/4)...),
		"entries.flac":    append([]byte("fLaC\x00\x00\x00\x22"+string(make([]byte, 34))+"\x84\x0f\xff\xff\x00\x00\x00\x00\xff\xff\xff\x00"), bytes.Repeat([]byte("\x05\x00\x00\x00AIGC="), n/9)...),
		"pages.ogg":       bytes.Repeat([]byte("OggS\x00\x02"+string(make([]byte, 20))+"\x01\x08OpusHead"), n/36),
		"empty.ogg":       bytes.Repeat([]byte("OggS\x00"+string(make([]byte, 22))), n/27),
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
		"notes.vtt":       []byte("WEBVTT\n\n" + strings.Repeat("NOTE AIGC {}\n\n", n/14)),
		"lines.ass":       []byte("[Script Info]\n" + strings.Repeat("AIGC:\n", n/6)),
		"flow.md":         []byte("---\nAIGC: " + strings.Repeat("[", n) + "\n---\n"),
		"keys.md":         []byte("---\nAIGC:\n" + strings.Repeat("  a: b\n", n/7) + "---\n"),
		"fronts.md":       []byte(strings.Repeat("---\nAIGC:\n  Label: '1'\n---\n\n", n/28)),
		"entries.md":      []byte("---\n" + strings.Repeat("AIGC:\n  Label: '1'\n", n/19) + "---\n"),
		"fences.md":       []byte(strings.Repeat("```yaml\nAIGC:\n", n/14)),
		"anchors.md":      []byte("---\na: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\nAIGC: *c\n---\n"),
		"bomb.xmind":      hostileZIP(map[string]string{"content.json": "[]", "metadata.json": `{"AIGC":"` + strings.Repeat("a", 64*n)}),
		"records.xmind":   hostileZIP(map[string]string{"content.json": "[]", "metadata.json": `{` + strings.Repeat(`"AIGC":0,`, n/9)}),
		"prolog.xml":      []byte("<?xml version='1.0'?>" + strings.Repeat("<?AIGC?>", n/8) + "<a/>"),
		"entities.xml":    []byte("<?xml version='1.0'?><!DOCTYPE a [" + strings.Repeat("<!ENTITY a 'b'>", n/15) + "]><a/>"),
		"resources.psd":   append([]byte("8BPS\x00\x01"+string(make([]byte, 24))+"\x00\x0f\xff\xff"), bytes.Repeat([]byte("8BIM\x04\x24\x00\x00\x00\x00\x00\x00"), n/12)...),
		"groups.rtf":      []byte(`{\rtf1` + strings.Repeat(`{\*\a}`, n/6) + `}`),
		"values.rtf":      []byte(`{\rtf1{\*\userprops{\propname AIGC}` + strings.Repeat(`{\staticval 1}`, n/14) + `}}`),
	}
}

const (
	asfHeader   = "\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c"
	asfExtended = "\x40\xa4\xd0\xd2\x07\xe3\xd2\x11\x97\xf0\x00\xa0\xc9\x5e\xa8\x50"
)

// hostileHEIC has a meta box for pictures with the boxes.
func hostileHEIC(boxes ...[]byte) []byte {
	hdlr := box("hdlr", make([]byte, 8), []byte("pict"), make([]byte, 13))
	return append(box("ftyp", []byte("heic\x00\x00\x00\x00")), box("meta", append([][]byte{make([]byte, 4), hdlr}, boxes...)...)...)
}

// sameBytes is n items of XMP that are all the whole file.
func sameBytes(n int) []byte {
	entries, items := []byte{0, 0, 0, 0, byte(n >> 8), byte(n)}, []byte{0, 0, 0, 0, 0x44, 0, byte(n >> 8), byte(n)}
	for id := range n {
		number := string([]byte{byte(id >> 8), byte(id)})
		entries = append(entries, box("infe", []byte("\x02\x00\x00\x00"+number+"\x00\x00mime\x00application/rdf+xml\x00"))...)
		items = append(items, number+"\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00"...)
	}
	return append(box("iinf", entries), box("iloc", items)...)
}

func hostileEntries(n int, name, content string) []byte {
	files := map[string]string{name: content}
	for i := range n {
		files[fmt.Sprint("e", i)] = ""
	}
	return hostileZIP(files)
}

// TestReadHostile bounds what hostile files cost, to be read and searched for
// traces: a second, 4 times the input and 16 MiB, of all memory that is ever
// asked for.
func TestReadHostile(t *testing.T) {
	for name, b := range hostileFiles() {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := time.Now()
			r, err := Read(Bytes(b, name), nil)
			if err == nil {
				r.Traces()
			}
			took := time.Since(start)
			runtime.ReadMemStats(&after)
			if err != nil {
				require.ErrorIs(t, err, ErrUnknownFormat)
			} else {
				for _, limit := range r.Limits {
					require.IsType(t, &LimitError{}, limit)
				}
			}
			require.LessOrEqual(t, after.TotalAlloc-before.TotalAlloc, uint64(4*len(b)+16<<20))
			require.Less(t, took, time.Minute)
		})
	}
}

// TestManyAncestorsHideNoLabel: Photoshop lists the ancestors of a picture, tens
// of thousands at times, and the record stands after them.
func TestManyAncestorsHideNoLabel(t *testing.T) {
	ancestors := `<a:DocumentAncestors xmlns:a="http://ns.adobe.com/photoshop/1.0/"><rdf:Bag>` +
		strings.Repeat("<rdf:li>xmp.did:0123456789ABCDEF</rdf:li>", 30_000) + `</rdf:Bag></a:DocumentAncestors>`
	packet := rdfOpen + ancestors + `<TC260:AIGC>{"Label":"1","ContentProducer":"p","ProduceID":"1"}</TC260:AIGC>` + rdfClose
	r, err := Read(Bytes(hostilePNG(pngChunk("iTXt", "XML:com.adobe.xmp\x00\x00\x00\x00\x00"+packet)), ""), nil)
	require.NoError(t, err)
	require.NotNil(t, r.Record)
	require.Equal(t, "p", r.Record.ContentProducer)
	require.Empty(t, r.Limits)
}

// TestVariantPlacesAreCleared: a namespace without its slash, and a C string
// with its NUL, are read; a write leaves one record, in the guide's place.
func TestVariantPlacesAreCleared(t *testing.T) {
	const record = `{"Label":"1","ContentProducer":"foreign","ProduceID":"1"}`
	noSlash := strings.ReplaceAll(rdfOpen, spaceTC260, strings.TrimSuffix(spaceTC260, "/")) + "<TC260:AIGC>" + record + "</TC260:AIGC>" + rdfClose
	for name, chunk := range map[string][]byte{
		"no slash": pngChunk("iTXt", "XML:com.adobe.xmp\x00\x00\x00\x00\x00"+noSlash),
		"C string": pngChunk("tEXt", "AIGC\x00"+record+"\x00"),
	} {
		for verb, write := range map[string]func(io.Writer, Source) (Receipt, error){
			"write": func(w io.Writer, src Source) (Receipt, error) {
				return Write(w, src, Record{Label: Generated, ContentProducer: "foreign"}, nil)
			},
			"replace": func(w io.Writer, src Source) (Receipt, error) {
				return Write(w, src, Record{Label: Generated, ContentProducer: "p"}, &WriteOptions{Replace: true})
			},
			"propagate": func(w io.Writer, src Source) (Receipt, error) {
				return Propagate(w, src, Propagation{Propagator: "p"}, nil)
			},
		} {
			t.Run(name+" "+verb, func(t *testing.T) {
				var out bytes.Buffer
				_, err := write(&out, Bytes(hostilePNG(chunk), ""))
				require.NoError(t, err)
				r, err := Read(Bytes(out.Bytes(), ""), nil)
				require.NoError(t, err)
				r.Sites = slices.DeleteFunc(r.Sites, func(s Site) bool { return s.Scheme != AIGC })
				require.Len(t, r.Sites, 1)
				require.True(t, r.Sites[0].guide)
				require.Equal(t, verb != "replace", bytes.Contains(out.Bytes(), []byte("foreign")))
			})
		}
	}
}

// TestEntangledEXIFIsNotWritten: two directories share the entry of a record, so
// that to remove it from one would make others of the other.
func TestEntangledEXIFIsNotWritten(t *testing.T) {
	const (
		first   = "\x02\x00" + "\x31\x01\x02\x00\x04\x00\x00\x00\x00\x00\x01\x00" // ends in the count of the second, at 20
		comment = "\x86\x92\x07\x00\x39\x00\x00\x00\x26\x00\x00\x00"
		record  = `{"Label":"1","ContentProducer":"foreign","ProduceID":"1"}`
	)
	src := Bytes(hostilePNG(pngChunk("eXIf", "II*\x00\x08\x00\x00\x00"+first+comment+"\x14\x00\x00\x00"+record)), "")
	r, err := Read(src, nil)
	require.NoError(t, err)
	require.Equal(t, "foreign", r.Record.ContentProducer)
	_, err = Write(io.Discard, src, Record{Label: Generated, ContentProducer: "foreign"}, nil)
	require.ErrorAs(t, err, new(*FormatError))
}

// TestFullSegment: an error of a limit that no option raises says what to do.
func TestFullSegment(t *testing.T) {
	packet := rdfOpen + "<a:b xmlns:a='b'>" + strings.Repeat("a", 64<<10-500) + "</a:b>" + rdfClose
	b := []byte(strings.Replace(string(testdata(t, "jpeg/baseline.jpg")), "\xFF\xD8", "\xFF\xD8"+jpegPacket(packet), 1))
	rec := example
	rec.ReservedCode1 = strings.Repeat("r", 1000)
	_, err := Write(io.Discard, Bytes(b, ""), rec, nil)
	require.ErrorAs(t, err, new(*LimitError))
	require.ErrorContains(t, err, "metadata: value in a JPEG segment exceeds the limit of 65504; save")
}
