package c2pa

import (
	"bytes"
	"crypto/sha256"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aigclabel/aigclabel/internal/container"
)

// names returns the boxes of a file as a list does.
func names(t testing.TB, a *asset) (out []string) {
	c := check{asset: a}
	for b, err := range c.namedBoxes(boxScans[a.name]) {
		require.NoError(t, err)
		out = append(out, b.name)
	}
	return out
}

func TestBoxNames(t *testing.T) {
	for name, want := range map[string]string{
		"jpeg-boxes.jpg":  "SOI APP0 C2PA DQT DQT SOF0 DHT DHT DHT DHT SOS EOI",
		"jpeg-tagged.jpg": "SOI C2PA APP1 APP13 APP1 COM DQT DQT SOF0 DHT DHT DHT DHT SOS EOI",
		"png-boxes.png":   "PNGh IHDR C2PA gAMA cHRM bKGD IDAT IEND",
		"gif-boxes.gif":   "GIF89a LSD C2PA 2C TBID 3B",
		"gif-ffmpeg.gif":  "GIF89a LSD C2PA 21FF 21F9 2C TBID 21F9 2C TBID 21F9 2C TBID 3B",
		"webp-lossy.webp": "WEBP VP8  C2PA",
		"wav-plain.wav":   "WAVE fmt  data C2PA",
		"avi-ffmpeg.avi":  "AVI  hdrl INFO JUNK movi idx1 C2PA",
	} {
		f := readSigned(t, name)
		require.Equal(t, want, strings.Join(names(t, f.asset), " "), name)
	}
}

// jpegFile is a picture with restarts, fill bytes, zeros that are stuffed, a second
// picture, and a store.
const jpegFile = "\xFF\xD8" + "\xFF\xE0\x00\x03x" + "\xFF\xEB\x00\x07store" + "\xFF\xFF\xFF\xDA\x00\x03s" + "data\xFF\x00data" + "\xFF\xD0more\xFF\x00" + "\xFF\xD1end" + "\xFF\xD9" + "\xFF\xD8\xFF\xD9"

func jpegAsset(file string) *asset {
	a := bare([]byte(file), container.Range{Offset: 11, Length: 5}, container.Range{Offset: 7, Length: 9})
	a.name = "jpeg"
	return a
}

func TestJPEGBoxes(t *testing.T) {
	require.Equal(t, "SOI APP0 C2PA SOS RST0 RST1 EOI SOI EOI", strings.Join(names(t, jpegAsset(jpegFile)), " "))
	for n := range len(jpegFile) {
		got := names(t, jpegAsset(jpegFile[:n])) // whatever it is, no more than there is
		require.LessOrEqual(t, len(got), 9)
	}
	w := jpegAsset("\xFF\xDA\x00\x02" + strings.Repeat("x", hashReadSize-5) + "\xFF\x00" + strings.Repeat("y", hashReadSize) + "\xFF\xD9").newWindow()
	defer w.release()
	end, err := w.codedEnd(4)
	require.NoError(t, err)
	require.Equal(t, w.size-2, end)
}

// run returns a run of boxes with the hash of their bytes.
func run(bytes string, names ...string) cborMap {
	h := sha256.Sum256([]byte(bytes))
	return cborMap{"names": names, "hash": h[:], "pad": []byte{}}
}

func with(m cborMap, key string, value any) cborMap {
	c := cborMap{}
	for k, v := range m {
		c[k] = v
	}
	c[key] = value
	if value == nil {
		delete(c, key)
	}
	return c
}

func TestBoxesHash(t *testing.T) {
	head, tail := jpegFile[:7], jpegFile[16:]
	store := cborMap{"names": []string{"C2PA"}, "hash": []byte{0}, "pad": []byte{}}
	first := run(head, "SOI", "APP0")
	last := run(tail[2:], "SOS", "RST0", "RST1", "EOI", "SOI", "EOI")
	scan := run(tail[2:17], "SOS")
	others := run(tail[17:], "RST0", "RST1", "EOI", "SOI", "EOI")
	for name, test := range map[string]struct {
		boxes []cborMap
		want  []Code
	}{
		"match":                 {[]cborMap{first, store, last}, []Code{BoxesHashMatch}},
		"in more runs":          {[]cborMap{first, store, scan, others}, []Code{BoxesHashMatch}},
		"after the first":       {[]cborMap{first, store, run(tail[2:len(tail)-4], "SOS", "RST0", "RST1", "EOI"), run("\xFF\xD8\xFF\xD9", "c2pa.after")}, []Code{BoxesHashMatch}},
		"another hash":          {[]cborMap{first, store, with(last, "hash", make([]byte, 32))}, []Code{BoxesHashMismatch}},
		"no hash":               {[]cborMap{first, store, with(last, "hash", nil)}, []Code{BoxesHashMismatch}},
		"an excluded run":       {[]cborMap{with(with(first, "hash", []byte{0}), "excluded", true), store, last}, []Code{BoxesHashAdditionalExclusions, BoxesHashMatch}},
		"not excluded":          {[]cborMap{with(with(first, "hash", []byte{0}), "excluded", false), store, last}, []Code{BoxesHashMismatch}},
		"a part left out":       {[]cborMap{with(run(head[:6], "SOI", "APP0"), "exclusions", []cborMap{{"start": 4, "length": 1, "boxIndex": 1}}), store, last}, []Code{BoxesHashAdditionalExclusions, BoxesHashMatch}},
		"of one box":            {[]cborMap{run(head[:2], "SOI"), with(run(head[2:6], "APP0"), "exclusions", []cborMap{{"start": 4, "length": 1}}), store, last}, []Code{BoxesHashAdditionalExclusions, BoxesHashMatch}},
		"of no box":             {[]cborMap{with(first, "exclusions", []cborMap{{"start": 0, "length": 1}}), store, last}, []Code{BoxesHashMalformed}},
		"of a third":            {[]cborMap{with(first, "exclusions", []cborMap{{"start": 0, "length": 1, "boxIndex": 2}}), store, last}, []Code{BoxesHashMalformed}},
		"before the box":        {[]cborMap{with(first, "exclusions", []cborMap{{"start": -1, "length": 1, "boxIndex": 0}}), store, last}, []Code{BoxesHashMalformed}},
		"past the box":          {[]cborMap{with(first, "exclusions", []cborMap{{"start": 4, "length": 2, "boxIndex": 1}}), store, last}, []Code{BoxesHashMismatch}},
		"far past the box":      {[]cborMap{with(first, "exclusions", []cborMap{{"start": 1, "length": int64(math.MaxInt64), "boxIndex": 1}}), store, last}, []Code{BoxesHashMismatch}},
		"parts that overlap":    {[]cborMap{with(first, "exclusions", []cborMap{{"start": 0, "length": 2, "boxIndex": 1}, {"start": 1, "length": 1, "boxIndex": 1}}), store, last}, []Code{BoxesHashAdditionalExclusions, BoxesHashMalformed}},
		"a box is not listed":   {[]cborMap{run(head[:2], "SOI"), store, last}, []Code{BoxesHashUnknownBox}},
		"the last is not":       {[]cborMap{first, store, run(tail[2:len(tail)-2], "SOS", "RST0", "RST1", "EOI", "SOI")}, []Code{BoxesHashUnknownBox}},
		"the store is not":      {[]cborMap{first, last}, []Code{BoxesHashUnknownBox}},
		"a box is missing":      {[]cborMap{first, store, last, run("", "APP1")}, []Code{BoxesHashMismatch}},
		"out of order":          {[]cborMap{run(head, "APP0", "SOI"), store, last}, []Code{BoxesHashMismatch}},
		"runs out of order":     {[]cborMap{store, first, last}, []Code{BoxesHashMismatch}},
		"the store in a run":    {[]cborMap{run(jpegFile, "SOI", "APP0", "C2PA", "SOS", "RST0", "RST1", "EOI", "SOI", "EOI")}, []Code{BoxesHashMalformed}},
		"no names":              {[]cborMap{{"hash": []byte{0}}}, []Code{BoxesHashMalformed}},
		"no boxes":              {nil, []Code{BoxesHashMalformed}},
		"an unknown algorithm":  {[]cborMap{with(first, "alg", "md5"), store, last}, []Code{AlgorithmUnsupported}},
		"another in every run":  {[]cborMap{with(first, "alg", "sha256"), with(store, "alg", "sha256"), with(last, "alg", "sha256")}, []Code{BoxesHashMatch}},
		"the signature of PNG":  {[]cborMap{run("", "PNGh"), first, store, last}, []Code{BoxesHashMismatch}},
		"after, but not last":   {[]cborMap{run("", "c2pa.after"), first, store, last}, []Code{BoxesHashMismatch}},
		"nothing after the end": {[]cborMap{first, store, last, run("", "c2pa.after")}, []Code{BoxesHashMatch}},
	} {
		got := jpegAsset(jpegFile).check("c2pa.hash.boxes", assertionOf(t, cborMap{"boxes": test.boxes, "alg": "sha256"}), "")
		require.Equal(t, test.want, codes(got), "%s: %v", name, got)
	}
	list := []cborMap{first, store, last}
	padded := jpegAsset(jpegFile + "\x00\x00\x00")
	require.Equal(t, []Code{BoxesHashAdditionalExclusions, BoxesHashMatch}, codes(padded.check("c2pa.hash.boxes", assertionOf(t, cborMap{"boxes": list}), "sha256")))
	trailer := jpegAsset(jpegFile + "trailer")
	require.Equal(t, []Code{BoxesHashUnknownBox}, codes(trailer.check("c2pa.hash.boxes", assertionOf(t, cborMap{"boxes": list}), "sha256")))
	list = append(list, run("trailer", "c2pa.after"))
	require.Equal(t, []Code{BoxesHashMatch}, codes(trailer.check("c2pa.hash.boxes", assertionOf(t, cborMap{"boxes": list}), "sha256")))
	trailer.name = "pdf"
	require.Equal(t, []Code{GeneralError}, codes(trailer.check("c2pa.hash.boxes", assertionOf(t, cborMap{"boxes": list}), "sha256")))
}

// TestPNGSignature: a list may leave it out.
func TestPNGSignature(t *testing.T) {
	f := readSigned(t, "png-boxes.png")
	var d struct {
		Boxes []cborMap `cbor:"boxes"`
		Alg   string    `cbor:"alg"`
	}
	require.NoError(t, decoder.Unmarshal(f.cbor, &d))
	require.Equal(t, []any{pngHead}, d.Boxes[0]["names"])
	f.cbor = assertionOf(t, cborMap{"boxes": d.Boxes[1:], "alg": "sha256"})
	require.Equal(t, []Code{BoxesHashMatch}, f.check())
}

// TestCostOfBoxesHash: a file of the smallest boxes costs no second.
func TestCostOfBoxesHash(t *testing.T) {
	const boxes = 500_000
	file := "\xFF\xD8" + strings.Repeat("\xFF\xD0", boxes) + "\xFF\xD9"
	a := jpegAsset(file)
	a.store.Frame = nil
	start := time.Now()
	list := slices.Repeat([]string{"RST0"}, 60_000)
	for _, runs := range [][]cborMap{
		{run(file, append([]string{"SOI"}, list...)...)},
		append([]cborMap{run("\xFF\xD8", "SOI")}, slices.Repeat([]cborMap{run("\xFF\xD0", "RST0")}, 20_000)...),
	} {
		got := a.check("c2pa.hash.boxes", assertionOf(t, cborMap{"boxes": runs, "alg": "sha256"}), "")
		require.NotContains(t, codes(got), BoxesHashMatch)
	}
	require.Less(t, time.Since(start), hang)
}

func FuzzBoxesHash(f *testing.F) {
	for _, name := range []string{"jpeg-boxes.jpg", "png-boxes.png", "gif-boxes.gif"} {
		f.Add(readSigned(f, name).cbor)
	}
	f.Fuzz(func(t *testing.T, assertion []byte) {
		a := jpegAsset(jpegFile)
		require.NotEmpty(t, a.check("c2pa.hash.boxes", assertion, "sha256"))
		require.NoError(t, a.err)
	})
}

// FuzzBoxNames: whatever a file is, its boxes ascend and are in it.
func FuzzBoxNames(f *testing.F) {
	for _, name := range []string{"jpeg/baseline.jpg", "png/rgb.png", "gif/ffmpeg.gif", "webp/lossy.webp", "avi/ffmpeg.avi"} {
		b, err := os.ReadFile("../testdata/" + name)
		require.NoError(f, err)
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for format, scan := range boxScans {
			a := &asset{name: format, src: container.NewSource(bytes.NewReader(b), int64(len(b)), container.Limits{})}
			end := int64(0)
			for box, err := range (&check{asset: a}).namedBoxes(scan) {
				require.NoError(t, err)
				require.True(t, box.Offset >= end && box.Length > 0 && box.Length <= int64(len(b))-box.Offset, "%s: %v", format, box)
				end = box.Offset + box.Length
			}
		}
	})
}
