package container

import (
	"bytes"
	"encoding/binary"
	"io"
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

// A movie is a small synthetic file. Its offsets point at media that says which
// offset it is.
type movie struct {
	moovLast    bool
	before      func(media int64) []byte // root boxes before moov
	tables      func(media int64) []byte // children of moov
	user        []byte                   // children of udta; nil: no udta
	after, tail []byte                   // root boxes after moov, and at the end
	large, open bool                     // moov has a 64-bit size, or none
	fragments   func(media int64) []byte // root boxes after the media
}

const markers = "m00_m01_m02_m03_m04_m05_m06_m07_m08_m09_m10_m11_"

// bytes returns the file.
func (m movie) bytes() []byte {
	b := m.at(0)
	return m.at(int64(bytes.Index(b, []byte(markers))))
}

func (m movie) at(media int64) []byte {
	head := bmffEncode("ftyp", []byte("isom\x00\x00\x00\x00isom"))
	if m.before != nil {
		head = append(head, m.before(media)...)
	}
	body := slices.Concat(bmffEncode("mvhd", make([]byte, 100)), m.tables(media))
	if m.user != nil {
		body = append(body, bmffEncode("udta", m.user)...)
	}
	moov := bmffEncode("moov", body)
	switch {
	case m.large:
		moov = slices.Concat(uint32Bytes(1), []byte("moov"), make([]byte, 4), uint32Bytes(16+len(body)), body)
	case m.open:
		copy(moov, make([]byte, 4))
	}
	moov = append(moov, m.after...)
	mdat := bmffEncode("mdat", []byte(markers))
	if m.fragments != nil {
		mdat = append(mdat, m.fragments(media)...)
	}
	if m.moovLast {
		return slices.Concat(head, mdat, moov, m.tail)
	}
	return slices.Concat(head, moov, mdat, m.tail)
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

// twoTracks points at markers 0 to 3.
func twoTracks(media int64) []byte {
	return slices.Concat(trak(stco(media, media+8)), trak(co64(media+4, media+12)))
}

// everyTable points at markers 0 to 9 from inside moov.
func everyTable(media int64) []byte {
	offset := func(marker int64) []byte { return uint32Bytes(int(media + 4*marker)) }
	return slices.Concat(twoTracks(media),
		trak(bmffEncode("saio", make([]byte, 4), uint32Bytes(1), offset(4)),
			bmffEncode("saio", []byte{1, 0, 0, 1}, make([]byte, 8), uint32Bytes(1), make([]byte, 4), offset(5))),
		bmffEncode("meta", bmffEncode("hdlr", make([]byte, 25)), // one item of two extents, one with a base
			bmffEncode("iloc", []byte{1, 0, 0, 0, 0x44, 0x40, 0, 3},
				[]byte{0, 1, 0, 0, 0, 0}, make([]byte, 4), []byte{0, 2}, offset(6), uint32Bytes(4), offset(7), uint32Bytes(4),
				[]byte{0, 2, 0, 0, 0, 0}, offset(0), []byte{0, 1}, uint32Bytes(32), uint32Bytes(4),
				[]byte{0, 3, 0, 1, 0, 0}, make([]byte, 4), []byte{0, 1}, uint32Bytes(5), uint32Bytes(4))), // in idat
		bmffEncode("meta", make([]byte, 4), bmffEncode("hdlr", make([]byte, 25)), // one item without extent offsets
			bmffEncode("iloc", []byte{0, 0, 0, 0, 0x04, 0x40, 0, 1}, []byte{0, 1, 0, 0}, offset(9), []byte{0, 1}, uint32Bytes(4))))
}

// aFragment points at markers 10 and 11, and twice at itself.
func aFragment(media int64) []byte {
	moof := media + int64(len(markers))
	wide := func(v int64) []byte { return binary.BigEndian.AppendUint64(nil, uint64(v)) }
	return slices.Concat(
		bmffEncode("moof",
			bmffEncode("traf", bmffEncode("tfhd", []byte{0, 0, 0, 1}, uint32Bytes(1), wide(media+40)),
				bmffEncode("saio", make([]byte, 4), uint32Bytes(1), uint32Bytes(99))),
			bmffEncode("traf", bmffEncode("tfhd", make([]byte, 4), uint32Bytes(2), wide(1))),
			bmffEncode("traf", bmffEncode("tfhd", []byte{0, 0, 0, 1}, uint32Bytes(3), wide(media+44)))),
		bmffEncode("mdat", make([]byte, 9)),
		bmffEncode("mfra",
			bmffEncode("tfra", make([]byte, 4), uint32Bytes(1), []byte{0, 0, 0, 0x06}, uint32Bytes(1), uint32Bytes(7), uint32Bytes(int(moof)), make([]byte, 6)),
			bmffEncode("tfra", []byte{1, 0, 0, 0}, uint32Bytes(1), make([]byte, 4), uint32Bytes(1), wide(7), wide(moof), make([]byte, 3)),
			bmffEncode("mfro", make([]byte, 4), uint32Bytes(107))))
}

// credentials is a C2PA box with a Merkle offset to marker 0.
func credentials(media int64) []byte {
	return bmffEncode("uuid", []byte(uuidC2PA), []byte("\x00\x00\x00\x00manifest\x00"), binary.BigEndian.AppendUint64(nil, uint64(media)),
		bmffEncode("jumb", []byte("store")), []byte("pad"))
}

func TestBMFFOffsetsFollow(t *testing.T) {
	free := func(n int) []byte { return bmffEncode("free", make([]byte, n)) }
	grown := len(bmffEncode("udta", bmffRecordMeta(someRecord)))
	head := func(int64) []byte { return free(grown) }
	for name, c := range map[string]struct {
		movie movie
		moves bool // media
	}{
		"moov first":            {movie{}, true},
		"moov last":             {movie{moovLast: true}, false},
		"free after moov":       {movie{after: free(grown)}, false},
		"free that just fits":   {movie{after: free(grown - 8)}, false},
		"too little free":       {movie{after: free(grown - 9)}, true},
		"free before moov":      {movie{before: head}, false},
		"free before the media": {movie{before: head, moovLast: true}, false},
		"free in udta":          {movie{user: free(400)}, false},
		"free in meta":          {movie{user: bmffEncode("meta", make([]byte, 4), bmffEncode("hdlr", make([]byte, 25)), free(400))}, false},
		"zeros end udta":        {movie{user: append(bmffEncode("abcd"), 0, 0, 0, 0)}, true},
		"wide is not free":      {movie{after: bmffEncode("wide", make([]byte, 900))}, true},
		"64-bit size":           {movie{large: true}, true},
		"open moov":             {movie{open: true, moovLast: true}, false},
		"zeros after the media": {movie{tail: make([]byte, 5)}, true},
		"credentials":           {movie{before: credentials}, true},
	} {
		t.Run(name, func(t *testing.T) {
			m := c.movie
			m.tables, m.fragments = everyTable, aFragment
			b := m.bytes()
			want := fileTargets(t, b)
			found := slices.Sorted(slices.Values(want))
			require.Equal(t, []string{"m00_", "m01_", "m02_", "m03_", "m04_", "m05_", "m06_", "m07_", "m08_", "m09_", "m10_", "m11_"},
				slices.DeleteFunc(slices.Compact(found), func(s string) bool { return s[0] == 0 }))
			out := put(t, BMFF, b, Record, someRecord)
			require.Equal(t, want, fileTargets(t, out))
			require.Equal(t, c.moves, bytes.Index(out, []byte(markers)) != bytes.Index(b, []byte(markers)), "media moved")
			roundTrip(t, BMFF, b, Record, someRecord, longRecord, []byte("{}?!"))
			roundTrip(t, BMFF, b, XMP, somePacket, []byte("<x/>"))
			require.Equal(t, want, fileTargets(t, put(t, BMFF, out, Record, longRecord)))
			require.Equal(t, want, fileTargets(t, put(t, BMFF, out, XMP, somePacket)))
		})
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
