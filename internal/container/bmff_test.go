package container

import (
	"bytes"
	"encoding/binary"
	"io"
	"maps"
	"slices"
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

// movie describes a small synthetic file whose every offset points at media.
type movie struct {
	before, after []byte // root boxes, on either side of moov
	tail          []byte // after the media
	moovLast      bool
	user          []byte // children of udta, nil for no udta
	tables        func(media int64) []byte
}

const markers = "m00_m01_m02_m03_m04_m05_m06_m07_"

// bytes returns the file. Offsets have the same size wherever the media stands.
func (m movie) bytes() []byte {
	ftyp := bmffEncode("ftyp", []byte("isom\x00\x00\x00\x00isom"))
	moov := func(media int64) []byte {
		parts := [][]byte{bmffEncode("mvhd", make([]byte, 100)), m.tables(media)}
		if m.user != nil {
			parts = append(parts, bmffEncode("udta", m.user))
		}
		return bmffEncode("moov", parts...)
	}
	head := slices.Concat(ftyp, m.before)
	mdat := bmffEncode("mdat", []byte(markers))
	if m.moovLast {
		return slices.Concat(head, mdat, moov(int64(len(head)+8)), m.after, m.tail)
	}
	size := len(head) + len(moov(0)) + len(m.after)
	return slices.Concat(head, moov(int64(size+8)), m.after, mdat, m.tail)
}

// trak returns a track with tables, whose media is in this file.
func trak(tables ...[]byte) []byte { return trakOf([]byte{0, 0, 0, 1}, tables...) }

// trakOf returns a track with one data reference, of the given body.
func trakOf(reference []byte, tables ...[]byte) []byte {
	dref := bmffEncode("dref", make([]byte, 4), uint32Bytes(1), bmffEncode("url ", reference))
	stsd := bmffEncode("stsd", make([]byte, 4), uint32Bytes(1), bmffEncode("mp4a", make([]byte, 6), []byte{0, 1}))
	stbl := bmffEncode("stbl", append([][]byte{stsd}, tables...)...)
	return bmffEncode("trak", bmffEncode("mdia", bmffEncode("minf", bmffEncode("dinf", dref), stbl)))
}

// stco and co64 return chunk offset boxes.
func stco(offsets ...int64) []byte {
	b := slices.Concat(make([]byte, 4), uint32Bytes(len(offsets)))
	for _, o := range offsets {
		b = binary.BigEndian.AppendUint32(b, uint32(o))
	}
	return bmffEncode("stco", b)
}

func co64(offsets ...int64) []byte {
	b := slices.Concat(make([]byte, 4), uint32Bytes(len(offsets)))
	for _, o := range offsets {
		b = binary.BigEndian.AppendUint64(b, uint64(o))
	}
	return bmffEncode("co64", b)
}

func twoTracks(media int64) []byte {
	return slices.Concat(trak(stco(media, media+8)), trak(co64(media+4, media+12)))
}

// targets returns the four bytes that each offset of a file points at.
func targets(t testing.TB, r io.ReaderAt, size int64) (found []string) {
	t.Helper()
	f, err := BMFF(NewSource(r, size, Limits{}))
	require.NoError(t, err)
	s, err := scanBMFF(&bmffPlan{file: f.(*bmffFile)})
	require.NoError(t, err)
	for i := range s.tables {
		table := &s.tables[i]
		table.src = s.src
		require.NoError(t, table.entries(0, func(entry []byte) bool {
			at, _ := table.moved(entry)
			b := make([]byte, 4)
			_, err := r.ReadAt(b, int64(at)+table.base)
			require.NoError(t, err)
			found = append(found, string(b))
			return true
		}))
	}
	return found
}

// fileTargets returns the targets of a file in memory.
func fileTargets(t testing.TB, b []byte) []string {
	t.Helper()
	return targets(t, bytes.NewReader(b), int64(len(b)))
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
