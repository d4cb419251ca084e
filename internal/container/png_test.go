package container

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var somePacket = []byte(`<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/></x:xmpmeta>`)

// pngOf builds a file of chunks between IHDR and IEND.
func pngOf(chunks ...string) []byte {
	return []byte(pngSignature + chunkOf("IHDR", strings.Repeat("\x01", 13)) + strings.Join(chunks, "") + chunkOf("IEND", ""))
}

func chunkOf(kind, data string) string { return string(AppendPNGChunk(nil, kind, []byte(data))) }

// pngHead is where the first chunk of pngOf stands.
const pngHead = int64(len(pngSignature) + pngOverhead + 13)

var chunkXMP = chunkOf("iTXt", pngXMP+"\x00\x00\x00\x00\x00"+string(somePacket))

func TestPNGRoundTrip(t *testing.T) {
	for name, b := range fixtures(t, "png") {
		t.Run(name, func(t *testing.T) {
			roundTrip(t, PNG, b, XMP, somePacket, bytes.Repeat(somePacket, 9), []byte("<x/>"))
			truncations(t, PNG, b, len(b))
		})
	}
}

func TestPNGSlots(t *testing.T) {
	record := string(someRecord)
	packed := string(deflate(somePacket))
	for name, tt := range map[string]struct {
		chunks   []string
		want     []string
		encoding string
	}{
		"nothing":        {[]string{chunkOf("IDAT", "x")}, nil, ""},
		"xmp":            {[]string{chunkXMP}, []string{"PNG iTXt XML:com.adobe.xmp guide " + string(somePacket)}, ""},
		"after IDAT":     {[]string{chunkOf("IDAT", "x"), chunkXMP}, []string{"PNG iTXt XML:com.adobe.xmp guide " + string(somePacket)}, ""},
		"two packets":    {[]string{chunkXMP, chunkXMP}, []string{"PNG iTXt XML:com.adobe.xmp guide " + string(somePacket), "PNG iTXt XML:com.adobe.xmp " + string(somePacket)}, ""},
		"translated":     {[]string{chunkOf("iTXt", pngXMP+"\x00\x00\x00zh\x00人工\x00"+string(somePacket))}, []string{"PNG iTXt XML:com.adobe.xmp guide " + string(somePacket)}, ""},
		"compressed xmp": {[]string{chunkOf("iTXt", pngXMP+"\x00\x01\x00\x00\x00"+packed)}, []string{"PNG iTXt XML:com.adobe.xmp guide " + string(somePacket)}, "deflate"},
		"zTXt xmp":       {[]string{chunkOf("zTXt", pngXMP+"\x00\x00"+packed)}, []string{"PNG zTXt XML:com.adobe.xmp guide " + string(somePacket)}, "deflate"},
		"tEXt record":    {[]string{chunkOf("tEXt", "AIGC\x00"+record)}, []string{"PNG tEXt AIGC " + record}, ""},
		"zTXt record":    {[]string{chunkOf("zTXt", "AIGC\x00\x00"+string(deflate([]byte(record))))}, []string{"PNG zTXt AIGC " + record}, "deflate"},
		"empty record":   {[]string{chunkOf("tEXt", "AIGC\x00")}, []string{"PNG tEXt AIGC "}, ""},
		"text":           {[]string{chunkOf("tEXt", "parameters\x00steps: 20")}, []string{"PNG tEXt parameters steps: 20"}, ""},
		"exif, twice":    {[]string{chunkOf("eXIf", "MM"), chunkOf("eXIf", "II")}, []string{"PNG eXIf guide MM", "PNG eXIf II"}, ""},
		"after IEND":     {[]string{chunkOf("IEND", ""), chunkXMP}, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			b := pngOf(tt.chunks...)
			f := walk(t, PNG, b)
			require.NoError(t, f.Summary().Damage)
			require.Equal(t, tt.want, slotsOf(f))
			for _, s := range f.Summary().Slots {
				require.Equal(t, tt.encoding, s.Encoding)
				if r := s.Ranges[0]; s.Encoding == "" {
					require.Equal(t, string(s.Value), string(b[r.Offset:r.Offset+r.Length]))
				}
			}
		})
	}
}

// Compressed text stays compressed, and keeps its language.
func TestPNGCompressedRoundTrip(t *testing.T) {
	for _, kind := range []string{"zTXt" + pngXMP + "\x00\x00", "iTXt" + pngXMP + "\x00\x01\x00zh\x00x\x00"} {
		b := pngOf(chunkOf(kind[:4], kind[4:]+string(deflate(somePacket))), chunkOf("IDAT", "x"))
		roundTrip(t, PNG, b, XMP, bytes.Repeat(somePacket, 2), []byte("<some:packet/>"))
		require.Contains(t, string(put(t, PNG, b, XMP, []byte("<x/>"))), kind)
	}
}

// The record that is removed stands where the new packet goes.
func TestPNGMovesTheRecord(t *testing.T) {
	b := pngOf(chunkOf("tEXt", "AIGC\x00"+string(someRecord)), chunkOf("IDAT", "x"))
	f := walk(t, PNG, b)
	plan, err := f.Plan([]Change{{Slot: &f.Summary().Slots[0]}, {Kind: XMP, Value: somePacket}})
	require.NoError(t, err)
	require.Equal(t, pngOf(chunkXMP, chunkOf("IDAT", "x")), output(t, plan, b))
	_, err = f.Plan([]Change{{Kind: Record, Value: someRecord}})
	require.ErrorIs(t, err, ErrNoPlace)
}

func TestPNGDamage(t *testing.T) {
	length := func(n uint32) string {
		return string(binary.BigEndian.AppendUint32(nil, n)) + "tEXt"
	}
	after := pngHead + int64(len(chunkXMP))
	wrong := []byte(chunkXMP)
	wrong[len(wrong)-1]++
	for name, tt := range map[string]struct {
		b      []byte
		offset int64
		slots  int
	}{
		"empty":             {nil, 0, 0},
		"other format":      {[]byte("\x89PNG\r\n\x1a\r"), 0, 0},
		"signature only":    {[]byte(pngSignature), 8, 0},
		"first is not IHDR": {[]byte(pngSignature + chunkXMP + chunkOf("IEND", "")), 8, 0},
		"no IEND":           {pngOf(chunkXMP)[:after], after, 1},
		"length 2^31":       {pngOf(chunkXMP, length(1<<31)), after, 1},
		"length 2^32-1":     {pngOf(chunkXMP, length(1<<32-1)), after, 1},
		"length past end":   {pngOf(chunkXMP, length(13)), after, 1},
		"wrong checksum":    {pngOf(string(wrong)), pngHead, 1},
		"no keyword":        {pngOf(chunkXMP, chunkOf("tEXt", "\x00x")), after, 1},
		"length 0":          {pngOf(chunkXMP, chunkOf("tEXt", "")), after, 1},
		"length 1":          {pngOf(chunkXMP, chunkOf("zTXt", "x")), after, 1},
		"long keyword":      {pngOf(chunkXMP, chunkOf("tEXt", strings.Repeat("k", 80)+"\x00x")), after, 1},
		"no method":         {pngOf(chunkXMP, chunkOf("zTXt", "x\x00")), after, 1},
		"no flags":          {pngOf(chunkXMP, chunkOf("iTXt", "x\x00\x00")), after, 1},
		"no language":       {pngOf(chunkXMP, chunkOf("iTXt", "x\x00\x00\x00zh")), after, 1},
		"not deflate":       {pngOf(chunkXMP, chunkOf("zTXt", "x\x00\x00junk")), after, 1},
		"cut deflate":       {pngOf(chunkXMP, chunkOf("zTXt", "x\x00\x00"+string(deflate(somePacket)[:9]))), after, 1},
	} {
		t.Run(name, func(t *testing.T) {
			l := walk(t, PNG, tt.b).Summary()
			var bad *FormatError
			require.ErrorAs(t, l.Damage, &bad)
			require.Equal(t, tt.offset, bad.Offset)
			require.Len(t, l.Slots, tt.slots)
		})
	}
}

func TestHostilePNGIsCheap(t *testing.T) {
	flood := func(chunk string) []byte { return pngOf(chunkXMP, strings.Repeat(chunk, (1<<20)/len(chunk))) }
	bomb := chunkOf("zTXt", "AIGC\x00\x00"+string(deflate(make([]byte, 9<<20))))
	for name, b := range map[string][]byte{
		"chunks":   flood(chunkOf("abCD", "")),
		"texts":    flood(chunkOf("tEXt", "k\x00")),
		"texts, Z": flood(chunkOf("zTXt", "k\x00\x00"+string(deflate(nil)))),
		"stores":   flood(chunkOf("caBX", "")),
		"exif":     flood(chunkOf("eXIf", "")),
		"bombs":    flood(bomb),
	} {
		t.Run(name, func(t *testing.T) {
			f := cheapWalk(t, PNG, b)
			require.NoError(t, f.Summary().Damage)
			require.NotNil(t, guide(f, XMP))
		})
	}
	f := walk(t, PNG, pngOf(bomb, chunkXMP))
	require.Len(t, f.Summary().Limits, 1, "a bomb is listed as a limit")
	require.NotNil(t, guide(f, XMP), "and hides nothing after it")
}

func FuzzPNG(f *testing.F) {
	f.Add(pngOf(chunkOf("zTXt", "AIGC\x00\x00"+string(deflate(someRecord))), chunkOf("tEXt", "AIGC\x00x"), chunkOf("eXIf", "MM"), chunkOf("caBX", "x"), chunkXMP))
	fuzz(f, "png", PNG, XMP, somePacket)
}

func BenchmarkPNGWalk(b *testing.B) {
	file := fixtures(b, "png")["tagged.png"]
	b.ReportAllocs()
	b.SetBytes(int64(len(file)))
	for b.Loop() {
		walk(b, PNG, file)
	}
}

// TestPNGSkipsData checks that the run of IDAT chunks costs few reads, and that
// every other chunk is found, whatever the lengths.
func TestPNGSkipsData(t *testing.T) {
	for _, lengths := range [][]int{
		{9000}, {9000, 9000}, {9000, 9000, 1}, {9000, 1, 9000, 9000}, slices.Repeat([]int{9000}, 100), slices.Repeat([]int{9000}, 128),
		append(slices.Repeat([]int{9000}, 63), 8000), append(slices.Repeat([]int{9000, 8000}, 20), 7), slices.Repeat([]int{0}, 50),
	} {
		var chunks []string
		for _, n := range lengths {
			chunks = append(chunks, chunkOf("IDAT", strings.Repeat("x", n)))
		}
		b := pngOf(append(chunks, chunkOf("tEXt", "AIGC\x00late"))...)
		r := &countingReader{r: bytes.NewReader(b)}
		f, err := PNG(NewSource(r, int64(len(b)), Limits{}))
		require.NoError(t, err)
		require.NoError(t, f.Summary().Damage)
		require.Len(t, f.Summary().Slots, 1, "%v", lengths)
		require.Equal(t, "late", string(f.Summary().Slots[0].Value))
		if slices.Max(lengths) == slices.Min(lengths) {
			require.LessOrEqual(t, r.calls, 20)
		}
	}
}

// TestPNGAnimation: an animation keeps its frames, their times and its loop.
func TestPNGAnimation(t *testing.T) {
	dir, b := t.TempDir(), fixtures(t, "png")["ffmpeg.apng"]
	decode := func(name string, b []byte) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, b, 0o600))
		return frames(t, path)
	}
	out := put(t, PNG, b, XMP, somePacket)
	before := decode("before.apng", b)
	require.Equal(t, 3, strings.Count(before, "\n0,"), before)
	require.Equal(t, before, decode("after.apng", out))
	require.Equal(t, b[pngHead:], out[int64(len(out)-len(b))+pngHead:], "acTL, fcTL and fdAT follow as they were")
}
