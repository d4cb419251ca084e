package metadata

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"
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
		{"paths.svg", []byte("<svg>" + strings.Repeat("<path d='M0 0'/>", mebibyte/16) + "</svg>"), mebibyte / 16},
		{"moov-first.mp4", largeMP4(t, true), 40},
		{"moov-last.mp4", largeMP4(t, false), 40},
		{"fragments.mp4", largeFragments(t), 200 + 40},
		{"plain.wav", largeWAV(), 4},
		{"tagged.mp3", largeMP3(t), 10},
		{"objects.pdf", largePDF(), 100},
		{"picture.docx", withPicture(t, "docx/python-docx.docx"), 20},
		{"picture.odt", withPicture(t, "odt/libreoffice.odt"), 20},
		{"picture.epub", withPicture(t, "epub/pandoc3.epub"), 20},
		{"long.md", []byte("# Title\n" + strings.Repeat("A line of text, as long as lines of text are.\n", mebibyte/46)), 1},
		{"long.html", []byte("<!DOCTYPE html>\n<title>Long</title>\n" + strings.Repeat("<p>A paragraph, as long as paragraphs of text are.\n", mebibyte/50)), 1},
		{"numbers.json", []byte(`{"numbers":["` + strings.Repeat(`0123456789abc","`, mebibyte/16) + `"]}`), mebibyte / 16},
		{"long.jsonl", []byte(strings.Repeat(`{"text":"A line of text, as long as lines of text are."}`+"\n", mebibyte/56)), 1},
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

func largeWAV() []byte {
	pcm := make([]byte, mebibyte)
	b := binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(36+len(pcm)))
	b = append(b, "WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x40\x1f\x00\x00\x80\x3e\x00\x00\x02\x00\x10\x00data"...)
	return append(binary.LittleEndian.AppendUint32(b, uint32(len(pcm))), pcm...)
}

// largeMP3 repeats a real file's frames.
func largeMP3(t testing.TB) []byte {
	b := testdata(t, "mp3/lame.mp3")
	start := bytes.Index(b, []byte{0xFF, 0xFB})
	require.Positive(t, start)
	return append(b, bytes.Repeat(b[start:], 1+mebibyte/(len(b)-start))...)
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
	b := testdata(t, path)
	in, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	require.NoError(t, err)
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, f := range in.File {
		require.NoError(t, w.Copy(f))
	}
	media, err := w.CreateHeader(&zip.FileHeader{Name: "media/image1.png", Method: zip.Store})
	require.NoError(t, err)
	_, err = media.Write(make([]byte, mebibyte))
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
