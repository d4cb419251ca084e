package seal

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aigclabel/aigclabel/internal/container"
	"github.com/aigclabel/aigclabel/metadata"
)

// fixtures yields the files of all formats in metadata/testdata.
func fixtures(t testing.TB) (sources []metadata.Source) {
	files, err := filepath.Glob("../testdata/*/*")
	require.NoError(t, err)
	for _, name := range files {
		data, err := os.ReadFile(name)
		require.NoError(t, err)
		src := metadata.Bytes(data, name)
		if _, err := metadata.Detect(src); err == nil {
			sources = append(sources, src)
		}
	}
	require.Greater(t, len(sources), 200)
	return sources
}

// A seal holds when its record and others are written, and breaks when the media changes.
func TestWritesKeepSeals(t *testing.T) {
	sealer := &Sealer{Key: sampleKey(t)}
	sealed := map[string]int{}
	for _, src := range fixtures(t) {
		var first, second, third bytes.Buffer
		rec := sample()
		receipt, err := metadata.Write(&first, src, rec, &metadata.WriteOptions{Replace: true, Seal: sealer})
		if errors.Is(err, metadata.ErrNoPlace) || errors.Is(err, metadata.ErrEncrypted) || errors.As(err, new(*metadata.FormatError)) || errors.As(err, new(*metadata.LimitError)) {
			continue
		}
		require.NoError(t, err, src.Name)
		sealed[receipt.Format]++
		requireSealed(t, metadata.Bytes(first.Bytes(), src.Name), Producer)

		again, err := metadata.Write(io.Discard, metadata.Bytes(first.Bytes(), src.Name), rec, &metadata.WriteOptions{Seal: sealer})
		require.NoError(t, err, src.Name)
		require.False(t, again.Changed, "%s: sealing twice changes nothing", src.Name)

		rec.ContentPropagator, rec.PropagateID = "another", "number"
		_, err = metadata.Write(&second, metadata.Bytes(first.Bytes(), src.Name), rec, &metadata.WriteOptions{OmitSourceType: true})
		require.NoError(t, err, src.Name)
		_, err = metadata.Propagate(&third, metadata.Bytes(second.Bytes(), src.Name), metadata.Propagation{Propagator: "platform", ID: "4711"}, &metadata.WriteOptions{Seal: sealer})
		require.NoError(t, err, src.Name)
		out := metadata.Bytes(third.Bytes(), src.Name)
		requireSealed(t, out, Producer, Propagator)
		again, err = metadata.Propagate(io.Discard, out, metadata.Propagation{Propagator: "platform"}, &metadata.WriteOptions{Seal: sealer})
		require.NoError(t, err, src.Name)
		require.False(t, again.Changed, "%s: propagating twice changes nothing", src.Name)
	}
	require.Greater(t, len(sealed), 45, "%v", sealed)
}

// requireSealed requires that the seals in fields of a file's record hold. Some fixtures
// have foreign data in the other.
func requireSealed(t *testing.T, src metadata.Source, fields ...Field) {
	reading, err := metadata.Read(src, nil)
	require.NoError(t, err)
	results, err := Verify(*reading.Record, src, nil)
	require.NoError(t, err)
	want := Matched
	if filepath.Base(src.Name) == "sequence.avif" {
		want = Unbound // what its media is, is not told
	}
	for i := range fields {
		require.Equal(t, Valid, results[i].Outcome, "%s: %s", src.Name, results[i].Message)
		require.Equal(t, want, results[i].Content, src.Name)
	}
}

// Each byte of the media counts.
func TestMediaChanges(t *testing.T) {
	key := algorithms[0]
	for _, src := range fixtures(t) {
		sum, err := mediaHash(src, key.hash)
		if err != nil {
			continue
		}
		data, err := io.ReadAll(io.NewSectionReader(src.R, 0, src.Size))
		require.NoError(t, err)
		format, err := metadata.Detect(src)
		require.NoError(t, err)
		for ranges, err := range container.Media(container.NewSource(src.R, src.Size, container.Limits{}), format.Name) {
			require.NoError(t, err, src.Name)
			for _, r := range ranges {
				for _, at := range []int64{r.Offset, r.Offset + r.Length/2, r.Offset + r.Length - 1} {
					if r.Length == 0 {
						continue
					}
					data[at] ^= 0x04
					changed, err := mediaHash(metadata.Bytes(data, src.Name), key.hash)
					data[at] ^= 0x04
					require.True(t, err != nil || !bytes.Equal(sum, changed), "%s at %d", src.Name, at)
				}
			}
		}
	}
}

// A brokenReader fails behind the start of a file.
type brokenReader struct{ io.ReaderAt }

var errBroken = errors.New("broken")

func (r brokenReader) ReadAt(b []byte, off int64) (int, error) {
	if off+int64(len(b)) > container.HeadSize {
		return 0, errBroken
	}
	return r.ReaderAt.ReadAt(b, off)
}

func TestMediaBrokenReader(t *testing.T) {
	src := largePNG()
	rec := labelled()
	var err error
	rec.ReservedCode1, err = (&Sealer{Key: sampleKey(t)}).Producer(rec, src)
	require.NoError(t, err)
	src.R = brokenReader{src.R}
	_, err = Verify(rec, src, nil)
	require.ErrorIs(t, err, errBroken)
	_, err = (&Sealer{Key: sampleKey(t)}).Producer(rec, src)
	require.ErrorIs(t, err, errBroken)
}

// largePNG is a picture of a megabyte, in one chunk.
func largePNG() metadata.Source {
	chunk := func(kind string, data []byte) []byte {
		b := append(binary.BigEndian.AppendUint32(nil, uint32(len(data))), kind...)
		return append(append(b, data...), 0, 0, 0, 0)
	}
	return metadata.Bytes(bytes.Join([][]byte{[]byte("\x89PNG\r\n\x1a\n"), chunk("IHDR", make([]byte, 13)), chunk("IDAT", make([]byte, 1<<20)), chunk("IEND", nil)}, nil), "")
}

// A cut file has not the media that was sealed.
func TestMediaCut(t *testing.T) {
	src := testdata(t, "png/rgb.png")
	rec := labelled()
	var err error
	rec.ReservedCode1, err = (&Sealer{Key: sampleKey(t)}).Producer(rec, src)
	require.NoError(t, err)
	src.Size -= 20
	results, err := Verify(rec, src, nil)
	require.NoError(t, err)
	require.Equal(t, Mismatched, results[0].Content)
	require.Equal(t, Invalid, results[0].Outcome)
}

func BenchmarkMediaHash(b *testing.B) {
	src := largePNG()
	for _, a := range algorithms[:2] {
		b.Run(a.hashID, func(b *testing.B) {
			b.SetBytes(src.Size)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := mediaHash(src, a.hash); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
