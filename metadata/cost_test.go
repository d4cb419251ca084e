package metadata

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aigclabel/aigclabel/internal/container"
)

// A meter counts what is read.
type meter struct {
	io.ReaderAt
	calls, bytes int64
}

func (m *meter) ReadAt(b []byte, off int64) (int, error) {
	m.calls++
	m.bytes += int64(len(b))
	return m.ReaderAt.ReadAt(b, off)
}

// A large is a labelled file of at least 1 MiB, most of it media, in as many
// elements (chunks, boxes, objects, entries).
type large struct {
	name     string
	data     []byte
	elements int
}

const mebibyte = 1 << 20

func largeFiles(t testing.TB) []large {
	return []large{
		{"chunks.png", largePNG(), 100 + 3},
		{"progressive.jpg", largeJPEG(t), 12},
		{"frames.webp", largeWebP(), 100 + 3},
		{"scanned.gif", largeGIF(), mebibyte / 16}, // which is read as a whole
		{"paths.svg", []byte("<svg>" + strings.Repeat("<path d='M0 0'/>", mebibyte/16) + "</svg>"), mebibyte / 16},
		{"pages.tif", largeTIFF(), 100 * 4},
		{"moov-first.mp4", largeMP4(t, true), 40},
		{"moov-last.mp4", largeMP4(t, false), 40},
		{"fragments.mp4", largeFragments(t), 200 + 40},
		{"cues-last.mkv", largeMKV(), 20},
		{"live.webm", largeWebM(t), 20 + 100 + 1000},
		{"frames.flv", largeFLV(t), 256},
		{"picture.heic", growLast(testdata(t, "heic/plain.heic"), "mdat"), 20},
		{"sequence.avif", growLast(testdata(t, "avif/sequence.avif"), "mdat"), 60},
		{"codestream.jxl", append(testdata(t, "jxl/bare.jxl"), make([]byte, mebibyte)...), 8},
		{"codestream.jp2", growLast(testdata(t, "jp2/plain.jp2"), "jp2c"), 8},
		{"media.avi", largeAVI(t), 20},
		{"plain.wav", largeWAV(), 4},
		{"packets.wma", largeASF(t), 12},
		{"plain.aiff", largeAIFF(t), 4},
		{"tagged.caf", largeCAF(t), 4},
		{"tagged.aac", largeAAC(t), 10},
		{"tagged.mp3", largeMP3(t), 10},
		{"picture.flac", largeFLAC(t), 10},
		{"pages.ogg", largeOgg(t), 4},
		{"objects.pdf", largePDF(), 100},
		{"picture.docx", withPicture(t, "docx/python-docx.docx"), 20},
		{"picture.odt", withPicture(t, "odt/libreoffice.odt"), 20},
		{"picture.xmind", withPicture(t, "xmind/deflated.xmind"), 20},
		{"items.xml", []byte("<?xml version='1.0'?>\n<items>" + strings.Repeat("<item>A line of text.</item>\n", mebibyte/35) + "</items>"), 1},
		{"layers.psd", slices.Concat(testdata(t, "psd/plain.psd"), make([]byte, mebibyte)), 8},
		{"paragraphs.rtf", []byte(`{\rtf1\ansi{\fonttbl{\f0 A;}}` + strings.Repeat(`\pard A paragraph of text, as long as they are.\par `, mebibyte/50) + "}"), 1},
		{"picture.epub", withPicture(t, "epub/pandoc3.epub"), 20},
		{"long.md", []byte("# Title\n" + strings.Repeat("A line of text, as long as lines of text are.\n", mebibyte/46)), 1},
		{"long.html", []byte("<!DOCTYPE html>\n<title>Long</title>\n" + strings.Repeat("<p>A paragraph, as long as paragraphs of text are.\n", mebibyte/50)), 1},
		{"numbers.json", []byte(`{"numbers":["` + strings.Repeat(`0123456789abc","`, mebibyte/16) + `"]}`), mebibyte / 16},
		{"long.jsonl", []byte(strings.Repeat(`{"text":"A line of text, as long as lines of text are."}`+"\n", mebibyte/56)), 1},
		{"long.vtt", []byte("WEBVTT\n\n" + strings.Repeat("00:01.000 --> 00:02.000\nA line of text.\n\n", mebibyte/41)), 1},
		{"long.txt", []byte(strings.Repeat("A line of text, as long as lines of text are.\n", mebibyte/46)), 1},
	}
}

func testdata(t testing.TB, path string) []byte {
	b, err := os.ReadFile(filepath.Join("testdata", filepath.FromSlash(path)))
	require.NoError(t, err)
	return b
}

func largePNG() []byte {
	b := []byte("\x89PNG\r\n\x1a\n")
	b = container.AppendPNGChunk(b, "IHDR", []byte{0, 0, 4, 0, 0, 0, 4, 0, 8, 2, 0, 0, 0})
	for range 100 {
		b = container.AppendPNGChunk(b, "IDAT", make([]byte, mebibyte/100))
	}
	return container.AppendPNGChunk(b, "IEND", nil)
}

// largeJPEG gives a real file's scan more bytes.
func largeJPEG(t testing.TB) []byte {
	b := testdata(t, "jpeg/progressive.jpg")
	end := len(b) - 2
	return append(append(b[:end:end], bytes.Repeat([]byte{0x55}, mebibyte)...), 0xFF, 0xD9)
}

func largeWebP() []byte {
	frame := riffChunk("ANMF", make([]byte, mebibyte/100&^1))
	header := riffChunk("VP8X", []byte{2, 0, 0, 0, 255, 3, 0, 255, 3, 0})
	return riffChunk("RIFF", slices.Concat([]byte("WEBP"), header, riffChunk("ANIM", make([]byte, 6)), bytes.Repeat(frame, 100)))
}

func largeGIF() []byte {
	image := append([]byte("\x2C\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02"), bytes.Repeat(append([]byte{255}, make([]byte, 255)...), mebibyte/256)...)
	return slices.Concat([]byte("GIF89a\x01\x00\x01\x00\x00\x00\x00"), image, []byte{0, ';'})
}

// largeTIFF has a hundred pages, each with its directory behind it.
func largeTIFF() []byte {
	const page = mebibyte / 100 &^ 1
	b := []byte("II*\x00\x00\x00\x00\x00")
	pointer := 4
	for range 100 {
		start := len(b)
		b = append(b, make([]byte, page)...)
		binary.LittleEndian.PutUint32(b[pointer:], uint32(len(b)))
		b = append(b, 3, 0)
		for _, field := range [][3]uint32{{0x0100, 3, 16}, {0x0111, 4, uint32(start)}, {0x0117, 4, page}} {
			b = binary.LittleEndian.AppendUint32(b, field[0]|field[1]<<16)
			b = binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(b, 1), field[2])
		}
		pointer = len(b)
		b = append(b, 0, 0, 0, 0)
	}
	return b
}

func box(kind string, payload ...[]byte) []byte {
	body := bytes.Join(payload, nil)
	b := binary.BigEndian.AppendUint32(nil, uint32(8+len(body)))
	return append(append(b, kind...), body...)
}

// largeMP4 puts a large mdat before or after a real file's moov.
func largeMP4(t testing.TB, first bool) []byte {
	b := testdata(t, "mp4/faststart.mp4")
	mdat := box("mdat", make([]byte, mebibyte))
	if first {
		return append(b, mdat...)
	}
	n := binary.BigEndian.Uint32(b) // of ftyp
	return append(append(b[:n:n], mdat...), b[n:]...)
}

// largeFragments gives a real fragmented file a hundred more fragments.
func largeFragments(t testing.TB) []byte {
	b := testdata(t, "mp4/fragmented.mp4")
	for range 100 {
		b = append(b, box("moof", box("mfhd", make([]byte, 8)))...)
		b = append(b, box("mdat", make([]byte, mebibyte/100))...)
	}
	return b
}

// ebml returns an element, with a size field of 4 bytes.
func ebml(id string, payload ...[]byte) []byte {
	body := bytes.Join(payload, nil)
	return append(binary.BigEndian.AppendUint32([]byte(id), 1<<28|uint32(len(body))), body...)
}

const (
	ebmlCluster = "\x1F\x43\xB6\x75"
	ebmlUnsized = "\x01\xFF\xFF\xFF\xFF\xFF\xFF\xFF"
)

// largeMKV has a hundred Clusters, and a SeekHead that knows what is behind them.
func largeMKV() []byte {
	info := ebml("\x15\x49\xA9\x66", ebml("\x7B\xA9", []byte("Title")))
	clusters := bytes.Repeat(ebml(ebmlCluster, ebml("\xE7", []byte{0}), ebml("\xA3", make([]byte, mebibyte/100))), 100)
	cues := ebml("\x1C\x53\xBB\x6B", ebml("\xBB", ebml("\xB3", []byte{0})))
	seekHead := func(pos int) []byte {
		return ebml("\x11\x4D\x9B\x74", ebml("\x4D\xBB", ebml("\x53\xAB", cues[:4]), ebml("\x53\xAC", binary.BigEndian.AppendUint32(nil, uint32(pos)))))
	}
	head := seekHead(len(seekHead(0)) + len(info) + len(clusters))
	return append(ebml("\x1A\x45\xDF\xA3", ebml("\x42\x82", []byte("matroska"))), ebml("\x18\x53\x80\x67", head, info, clusters, cues)...)
}

// largeWebM gives a real live stream a hundred Clusters of ten blocks, all
// without size.
func largeWebM(t testing.TB) []byte {
	b := testdata(t, "webm/live.webm")
	b = b[:bytes.Index(b, []byte(ebmlCluster))]
	blocks := bytes.Repeat(ebml("\xA3", make([]byte, mebibyte/1000)), 10)
	return append(b, bytes.Repeat(append([]byte(ebmlCluster+ebmlUnsized), blocks...), 100)...)
}

// largeFLV repeats the last frame of a real file.
func largeFLV(t testing.TB) []byte {
	b := testdata(t, "flv/ffmpeg.flv")
	last := len(b) - 4 - int(binary.BigEndian.Uint32(b[len(b)-4:]))
	return append(b, bytes.Repeat(b[last:], mebibyte/(len(b)-last))...)
}

// growLast gives the last box of a file, which is of a kind, 1 MiB more.
func growLast(b []byte, kind string) []byte {
	at := bytes.LastIndex(b, []byte(kind)) - 4
	binary.BigEndian.PutUint32(b[at:], binary.BigEndian.Uint32(b[at:])+mebibyte)
	return append(b, make([]byte, mebibyte)...)
}

// largeAVI gives a real stream more media.
func largeAVI(t testing.TB) []byte {
	b := testdata(t, "avi/streamed.avi")
	movi := bytes.Index(b, []byte("movi"))
	b = append(b[:movi+4:movi+4], riffChunk("00dc", make([]byte, mebibyte))...)
	binary.LittleEndian.PutUint32(b[movi-4:], uint32(len(b)-movi))
	binary.LittleEndian.PutUint32(b[4:], uint32(len(b)-8))
	return b
}

func largeWAV() []byte {
	pcm := make([]byte, mebibyte)
	b := binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(36+len(pcm)))
	b = append(b, "WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x40\x1f\x00\x00\x80\x3e\x00\x00\x02\x00\x10\x00data"...)
	return append(binary.LittleEndian.AppendUint32(b, uint32(len(pcm))), pcm...)
}

// largeAIFF gives a real file, whose sound comes last, more of it.
func largeAIFF(t testing.TB) []byte {
	b := testdata(t, "aiff/ffmpeg.aiff")
	for _, at := range []int{4, bytes.Index(b, []byte("SSND")) + 4} {
		binary.BigEndian.PutUint32(b[at:], binary.BigEndian.Uint32(b[at:])+mebibyte)
	}
	return append(b, make([]byte, mebibyte)...)
}

func largeCAF(t testing.TB) []byte {
	b := testdata(t, "caf/tagged.caf")
	at := bytes.Index(b, []byte("data")) + 4
	binary.BigEndian.PutUint64(b[at:], binary.BigEndian.Uint64(b[at:])+mebibyte)
	return append(b, make([]byte, mebibyte)...)
}

func largeAAC(t testing.TB) []byte {
	return bytes.Repeat(testdata(t, "aac/plain.aac"), 1+mebibyte/len(testdata(t, "aac/plain.aac")))
}

// largeASF gives a real file, whose data comes last, more of it.
func largeASF(t testing.TB) []byte {
	b := testdata(t, "wma/ffmpeg.wma")
	at := bytes.Index(b, []byte("\x36\x26\xb2\x75")) + 16
	binary.LittleEndian.PutUint64(b[at:], binary.LittleEndian.Uint64(b[at:])+mebibyte)
	return append(b, make([]byte, mebibyte)...)
}

// largeMP3 repeats a real file's frames.
func largeMP3(t testing.TB) []byte {
	b := testdata(t, "mp3/lame.mp3")
	start := bytes.Index(b, []byte{0xFF, 0xFB})
	require.Positive(t, start)
	return append(b, bytes.Repeat(b[start:], 1+mebibyte/(len(b)-start))...)
}

// largeFLAC repeats a real file's frames before the last, which holds the last
// sample.
func largeFLAC(t testing.TB) []byte {
	b := testdata(t, "flac/blocks.flac")
	sync := []byte{0xFF, 0xF8}
	start, last := bytes.Index(b, sync), bytes.LastIndex(b, sync)
	return append(append(b[:start:start], bytes.Repeat(b[start:last], 1+mebibyte/(last-start))...), b[last:]...)
}

// largeOgg repeats a real file's last page, with the numbers that follow.
func largeOgg(t testing.TB) []byte {
	b := testdata(t, "ogg/oggenc.ogg")
	page := b[bytes.LastIndex(b, []byte("OggS")):]
	for n := binary.LittleEndian.Uint32(page[18:]); len(b) < mebibyte; {
		n++
		page = bytes.Clone(page)
		binary.LittleEndian.PutUint32(page[18:], n)
		b = append(b, oggChecksummed(page)...)
	}
	return b
}

// oggChecksummed sets the checksum of a page: CRC-32 of the polynomial that
// hash/crc32 has, not reflected.
func oggChecksummed(page []byte) []byte {
	copy(page[22:26], make([]byte, 4))
	crc := uint32(0)
	for _, c := range page {
		crc ^= uint32(c) << 24
		for range 8 {
			crc = crc<<1 ^ crc>>31*0x04C11DB7
		}
	}
	binary.LittleEndian.PutUint32(page[22:], crc)
	return page
}

func largePDF() []byte {
	var b bytes.Buffer
	var offsets []int
	object := func(body string) {
		offsets = append(offsets, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", len(offsets), body)
	}
	b.WriteString("%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
	object("<< /Type /Catalog /Pages 2 0 R >>")
	object("<< /Type /Pages /Kids [] /Count 0 >>")
	object("<< /Title (A title) >>")
	for range 100 {
		stream := strings.Repeat("x", mebibyte/100)
		object(fmt.Sprintf("<< /Length %d >>\nstream\n%s\nendstream", len(stream), stream))
	}
	start := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(offsets)+1)
	for _, off := range offsets {
		fmt.Fprintf(&b, "%010d 00000 n \n", off)
	}
	fmt.Fprintf(&b, "trailer\n<< /Size %d /Root 1 0 R /Info 3 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(offsets)+1, start)
	return b.Bytes()
}

// withPicture gives a real document a stored picture.
func withPicture(t testing.TB, path string) []byte {
	return withEntry(t, path, "media/image1.png", make([]byte, mebibyte))
}

// withEntry adds an entry to a real archive.
func withEntry(t testing.TB, path, name string, data []byte) []byte {
	b := testdata(t, path)
	in, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	require.NoError(t, err)
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, f := range in.File {
		require.NoError(t, w.Copy(f))
	}
	entry, err := w.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
	require.NoError(t, err)
	_, err = entry.Write(data)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return out.Bytes()
}

// labelledLarge returns the file with a record, where the format has a place.
func labelledLarge(t testing.TB, f large) Source {
	var out bytes.Buffer
	if _, err := Write(&out, Bytes(f.data, f.name), example, nil); err != nil {
		require.ErrorIs(t, err, ErrNoPlace)
		return Bytes(f.data, f.name)
	}
	return Bytes(out.Bytes(), f.name)
}

// TestReadTouchesLittle holds Read to its budget: 64 KiB, 16 bytes an element,
// and the metadata itself.
func TestReadTouchesLittle(t *testing.T) {
	for _, f := range largeFiles(t) {
		t.Run(f.name, func(t *testing.T) {
			src := labelledLarge(t, f)
			m := &meter{ReaderAt: src.R}
			src.R = m
			r, err := Read(src, nil)
			require.NoError(t, err)
			require.NoError(t, r.Damage)
			if r.Format.Write != "" {
				require.NotNil(t, r.Record)
			}
			const metadata = 4 << 10
			require.LessOrEqual(t, m.bytes, int64(64<<10+16*f.elements+metadata))
			require.LessOrEqual(t, m.calls, int64(8+2*f.elements))
		})
	}
}

// BenchmarkRead reads files of 1 MiB from disk, warm.
func BenchmarkRead(b *testing.B) {
	for _, f := range largeFiles(b) {
		b.Run(f.name, func(b *testing.B) {
			src := onDisk(b, labelledLarge(b, f))
			m := &meter{ReaderAt: src.R}
			src.R = m
			b.ReportAllocs()
			n := int64(0)
			for b.Loop() {
				if r, err := Read(src, nil); err != nil || r.Damage != nil {
					b.Fatal(err, r)
				}
				n++
			}
			b.ReportMetric(float64(m.calls)/float64(n), "reads/op")
			b.ReportMetric(float64(m.bytes)/float64(n), "bytes-read/op")
		})
	}
}

// onDisk returns src as an open file.
func onDisk(b *testing.B, src Source) Source {
	f, err := os.Create(filepath.Join(b.TempDir(), src.Name))
	require.NoError(b, err)
	b.Cleanup(func() { f.Close() })
	_, err = io.Copy(f, io.NewSectionReader(src.R, 0, src.Size))
	require.NoError(b, err)
	disk, err := File(f)
	require.NoError(b, err)
	return disk
}

// BenchmarkWrite writes files of 1 MiB to nowhere.
func BenchmarkWrite(b *testing.B) {
	for _, f := range largeFiles(b) {
		b.Run(f.name, func(b *testing.B) {
			src := onDisk(b, Bytes(f.data, f.name))
			if _, err := Write(io.Discard, src, example, nil); err != nil {
				b.Skip(err)
			}
			b.ReportAllocs()
			b.SetBytes(src.Size)
			for b.Loop() {
				if _, err := Write(io.Discard, src, example, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
