package c2pa

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aigclabel/aigclabel/internal/container"
)

// bare returns b as a file of no format, with a store and what holds it.
func bare(b []byte, store container.Range, frame ...container.Range) *asset {
	return &asset{
		src:   container.NewSource(bytes.NewReader(b), int64(len(b)), container.Limits{}),
		store: &container.Slot{Kind: container.C2PA, Ranges: []container.Range{store}, Frame: frame},
	}
}

// assertionOf returns v in CBOR.
func assertionOf(t testing.TB, v any) []byte {
	t.Helper()
	b, err := coseEncoder.Marshal(v)
	require.NoError(t, err)
	return b
}

type cborMap = map[string]any

func exclusion(start, length any) cborMap { return cborMap{"start": start, "length": length} }

func TestDataHash(t *testing.T) {
	file := []byte("head[<store>\x00\x00]tail of the file")
	hash := func(parts ...string) []byte { h := sha256.Sum256([]byte(strings.Join(parts, ""))); return h[:] }
	long := sha512.Sum384([]byte("headtail of the file"))
	good := hash("headtail of the file")
	frame := exclusion(4, 11)
	for name, test := range map[string]struct {
		exclusions []cborMap
		alg        string
		hash       []byte
		want       []Code
	}{
		"match":                   {[]cborMap{frame}, "sha256", good, []Code{DataHashMatch}},
		"algorithm of the claim":  {[]cborMap{frame}, "", good, []Code{DataHashMatch}},
		"another algorithm":       {[]cborMap{frame}, "sha384", long[:], []Code{DataHashMatch}},
		"an unknown algorithm":    {[]cborMap{frame}, "md5", good, []Code{AlgorithmUnsupported}},
		"another hash":            {[]cborMap{frame}, "sha256", long[:], []Code{DataHashMismatch}},
		"no hash":                 {[]cborMap{frame}, "sha256", nil, []Code{DataHashMismatch}},
		"more left out":           {[]cborMap{frame, exclusion(15, 5)}, "sha256", hash("headof the file"), []Code{DataHashAdditionalExclusions, DataHashMatch}},
		"in two parts":            {[]cborMap{exclusion(4, 8), exclusion(12, 3)}, "sha256", good, []Code{DataHashAdditionalExclusions, DataHashMatch}},
		"nothing":                 {[]cborMap{frame, exclusion(20, 0)}, "sha256", good, []Code{DataHashMatch}},
		"nothing left out":        {nil, "sha256", hash(string(file)), []Code{DataHashMatch}},
		"less than the frame":     {[]cborMap{exclusion(5, 7)}, "sha256", hash("head[", "\x00\x00]tail of the file"), []Code{DataHashMatch}},
		"more than the frame":     {[]cborMap{exclusion(4, 12)}, "sha256", hash("headail of the file"), []Code{DataHashMismatch}},
		"to the end":              {[]cborMap{exclusion(4, 27)}, "sha256", hash("head"), []Code{DataHashMismatch}},
		"past the end":            {[]cborMap{frame, exclusion(30, 2)}, "sha256", good, []Code{DataHashMismatch}},
		"out of order":            {[]cborMap{exclusion(15, 1), frame}, "sha256", good, []Code{DataHashMalformed}},
		"overlapping":             {[]cborMap{frame, exclusion(14, 2)}, "sha256", good, []Code{DataHashMalformed}},
		"negative start":          {[]cborMap{exclusion(-1, 2)}, "sha256", good, []Code{DataHashMalformed}},
		"negative length":         {[]cborMap{exclusion(4, -2)}, "sha256", good, []Code{DataHashMalformed}},
		"huge":                    {[]cborMap{exclusion(4, uint64(1<<63))}, "sha256", good, []Code{DataHashMalformed}},
		"greater than all":        {[]cborMap{exclusion(4, int64(math.MaxInt64))}, "sha256", good, []Code{DataHashMalformed}},
		"outside":                 {[]cborMap{exclusion(int64(math.MaxInt64), 0)}, "sha256", good, []Code{DataHashMismatch}},
		"no length":               {[]cborMap{{"start": 4}}, "sha256", good, []Code{DataHashMalformed}},
		"an exclusion of nothing": {[]cborMap{{}}, "sha256", good, []Code{DataHashMalformed}},
	} {
		d := cborMap{"exclusions": test.exclusions, "hash": test.hash, "pad": []byte{}, "name": "test"}
		if test.alg != "" {
			d["alg"] = test.alg
		}
		a := bare(file, container.Range{Offset: 5, Length: 7}, container.Range{Offset: 4, Length: 8}, container.Range{Offset: 12, Length: 3})
		require.Equal(t, test.want, codes(a.check("c2pa.hash.data", assertionOf(t, d), "sha256")), name)
	}
}

// TestDataHashPadding: zeros behind the frame may be left out with it.
func TestDataHashPadding(t *testing.T) {
	a := bare([]byte("head<store>\x00\x00\x00tail"), container.Range{Offset: 4, Length: 7}, container.Range{Offset: 4, Length: 7})
	hash := sha256.Sum256([]byte("headtail"))
	d := cborMap{"exclusions": []cborMap{exclusion(4, 10)}, "hash": hash[:], "pad": []byte{}}
	require.Equal(t, []Code{DataHashMatch}, codes(a.check("c2pa.hash.data", assertionOf(t, d), "sha256")))
	require.Equal(t, []Code{AlgorithmUnsupported}, codes(a.check("c2pa.hash.data", assertionOf(t, d), "")))
}

// TestDataHashUpdated: behind an update manifest the store is longer than it was, and
// what follows has moved.
func TestDataHashUpdated(t *testing.T) {
	hash := sha256.Sum256([]byte("headtail, the end"))
	d := cborMap{"exclusions": []cborMap{exclusion(4, 3), exclusion(11, 7)}, "alg": "sha256", "hash": hash[:], "pad": []byte{}}
	old := bare([]byte("head<s>tail comment, the end"), container.Range{Offset: 4, Length: 3}, container.Range{Offset: 4, Length: 3})
	a := bare([]byte("head<longer store>tail comment, the end"), container.Range{Offset: 4, Length: 14}, container.Range{Offset: 4, Length: 14})
	want := []Code{DataHashAdditionalExclusions, DataHashMatch}
	d["exclusions"] = []cborMap{exclusion(4, 3), exclusion(11, 8)}
	require.Equal(t, want, codes(old.check("c2pa.hash.data", assertionOf(t, d), "")))
	require.NotContains(t, codes(a.check("c2pa.hash.data", assertionOf(t, d), "")), DataHashMatch)
	a.updated = true
	require.Equal(t, want, codes(a.check("c2pa.hash.data", assertionOf(t, d), "")))
}

// TestTextHash: text is brought to NFC once the manifest is out of it, also where that
// stood between a letter and its accent.
func TestTextHash(t *testing.T) {
	const wrapper = "\uFEFF\uFE00\U000E0100"
	at := container.Range{Offset: 1, Length: int64(len(wrapper))}
	text := "e" + wrapper + "\u0301\u1100\u1161 end"
	hash := sha256.Sum256([]byte("\u00E9\uAC00 end"))
	d := cborMap{"exclusions": []cborMap{exclusion(at.Offset, at.Length)}, "alg": "sha256", "hash": hash[:], "pad": []byte{}}
	a := bare([]byte(text), at, at)
	require.Equal(t, []Code{DataHashMismatch}, codes(a.check("c2pa.hash.data", assertionOf(t, d), "")))
	a.store.Encoding = "selectors"
	require.Equal(t, []Code{DataHashMatch}, codes(a.check("c2pa.hash.data", assertionOf(t, d), "")))
	d["exclusions"] = []cborMap{exclusion(at.Offset, at.Length-1)}
	require.Equal(t, []Code{DataHashMalformed}, codes(a.check("c2pa.hash.data", assertionOf(t, d), "")))

	assertion, err := bindData(a)
	require.NoError(t, err)
	require.Equal(t, []Code{DataHashMatch}, codes(a.check("c2pa.hash.data", assertion, "")))
}

// TestDataHashLength: the assertion is as long wherever the store stands, and however
// many parts hold it.
func TestDataHashLength(t *testing.T) {
	placeholder, err := bindData(nil)
	require.NoError(t, err)
	file := make([]byte, 70_000)
	for _, offset := range []int64{0, 23, 24, 255, 256, 65_535, 65_536} {
		for parts := range int64(maxFrames) {
			var frame []container.Range
			for i := range parts + 1 {
				frame = append(frame, container.Range{Offset: offset + 300*i, Length: 299 - i*60})
			}
			b, err := bindData(bare(file, frame[0], frame...))
			require.NoError(t, err)
			require.Len(t, b, len(placeholder))
		}
	}
	_, err = bindData(bare(file, container.Range{}))
	require.ErrorIs(t, err, errFrames)
}

func FuzzDataHash(f *testing.F) {
	file := []byte("head[<store>\x00\x00]tail of the file")
	for _, name := range []string{"jpeg-baseline.jpg", "tiff-pillow.tif"} {
		f.Add(readSigned(f, name).cbor)
	}
	f.Fuzz(func(t *testing.T, assertion []byte) {
		a := bare(file, container.Range{Offset: 5, Length: 7}, container.Range{Offset: 4, Length: 11})
		require.NotEmpty(t, a.check("c2pa.hash.data", assertion, "sha256"))
		require.NoError(t, a.err)
	})
}
