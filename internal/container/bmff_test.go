package container

import (
	"bytes"
	"encoding/binary"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var longRecord = bytes.Replace(someRecord, []byte("p-1"), bytes.Repeat([]byte("p-1."), 200), 1)

// bmffFixtures returns the fixtures of every format that is made of boxes.
func bmffFixtures(t testing.TB) map[string][]byte {
	files := fixtures(t, "mp4")
	maps.Copy(files, fixtures(t, "mov"))
	maps.Copy(files, fixtures(t, "m4a"))
	return files
}

func TestBMFFRoundTrip(t *testing.T) {
	for name, b := range bmffFixtures(t) {
		t.Run(name, func(t *testing.T) {
			want := fileTargets(t, b)
			if name != "freeform.m4a" { // has a second record
				roundTrip(t, BMFF, b, Record, someRecord, longRecord, []byte("{}x"))
			}
			roundTrip(t, BMFF, b, XMP, somePacket, bytes.Repeat(somePacket, 9), []byte("<x/>"))
			require.Equal(t, want, fileTargets(t, put(t, BMFF, b, Record, longRecord)), "offsets")
		})
	}
}

// A file that loses its end keeps the record at its head, and says that it is
// damaged unless the cut is between boxes.
func TestBMFFTruncations(t *testing.T) {
	for _, name := range []string{"faststart.mp4", "fragmented.mp4", "moov-last.mp4", "keys.mov"} {
		b := put(t, BMFF, bmffFixtures(t)[name], Record, someRecord)
		slot := guide(walk(t, BMFF, b), Record)
		end := slot.Ranges[0].Offset + slot.Ranges[0].Length
		whole := map[int64]bool{}
		for box, err := range bmffBoxes(NewSource(bytes.NewReader(b), int64(len(b)), Limits{}), nil, 0, int64(len(b))) {
			require.NoError(t, err)
			whole[box.offset] = box.offset >= end
		}
		for n := range int64(len(b)) {
			f := walk(t, BMFF, b[:n:n])
			if !whole[n] && !whole[n-1] && !whole[n-2] && !whole[n-3] { // zeros of a size look like padding
				require.Error(t, f.Summary().Damage, "%s cut at %d", name, n)
			}
			if n >= end {
				require.Equal(t, string(someRecord), string(guide(f, Record).Value), "%s cut at %d", name, n)
			}
		}
	}
}

func FuzzBMFF(f *testing.F) {
	for name, b := range bmffFixtures(f) {
		if !strings.HasSuffix(name, ".mp4") {
			f.Add(b)
		}
	}
	f.Add(movie{tables: everyTable, fragments: aFragment, before: credentials}.bytes())
	fuzz(f, "mp4", BMFF, Record, someRecord)
}

func BenchmarkBMFFWalk(b *testing.B) {
	file := fixtures(b, "mp4")["faststart.mp4"]
	b.ReportAllocs()
	for b.Loop() {
		if _, err := BMFF(NewSource(bytes.NewReader(file), int64(len(file)), Limits{})); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkBMFFPlan(b *testing.B) {
	f := walk(b, BMFF, fixtures(b, "mp4")["faststart.mp4"])
	b.ReportAllocs()
	for b.Loop() {
		if _, err := f.Plan([]Change{{Kind: Record, Value: someRecord}}); err != nil {
			b.Fatal(err)
		}
	}
}

func TestBMFFBoxes(t *testing.T) {
	large := slices.Concat(uint32Bytes(1), []byte("mdat"), binary.BigEndian.AppendUint64(nil, 20), []byte("data"))
	b := slices.Concat(bmffEncode("ftyp", []byte("isom\x00\x00\x00\x00")), bmffEncode("uuid", []byte(uuidC2PA), []byte("x")), bmffEncode("uuid", []byte("short")), large)
	var got []BMFFBox
	for box, err := range BMFFBoxes(NewSource(bytes.NewReader(b), int64(len(b)), Limits{})) {
		require.NoError(t, err)
		got = append(got, box)
	}
	require.Equal(t, []BMFFBox{
		{Range{0, 16}, 8, "ftyp", [16]byte{}}, {Range{16, 25}, 8, "uuid", [16]byte([]byte(uuidC2PA))}, {Range{41, 13}, 8, "uuid", [16]byte{}}, {Range{54, 20}, 16, "mdat", [16]byte{}},
	}, got)
	for _, n := range []int{12, 20, 30, 45, 60, 73} {
		var failed error
		for _, err := range BMFFBoxes(NewSource(bytes.NewReader(b), int64(n), Limits{})) {
			failed = err
		}
		require.ErrorAs(t, failed, new(*FormatError), "cut at %d", n)
	}
}
