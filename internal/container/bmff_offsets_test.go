package container

import (
	"bytes"
	"encoding/binary"
	"io"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

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
	s, err := scanBMFF(&bmffPlan{src: NewSource(r, size, Limits{})})
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

// index returns a sidx with references to segments of the given sizes, the first
// of which starts at some distance.
func index(version byte, first int64, sizes ...int) []byte {
	b := slices.Concat([]byte{version, 0, 0, 0}, make([]byte, 8))
	if version == 0 {
		b = slices.Concat(b, make([]byte, 4), uint32Bytes(int(first)))
	} else {
		b = binary.BigEndian.AppendUint64(append(b, make([]byte, 8)...), uint64(first))
	}
	b = append(b, 0, 0, 0, byte(len(sizes)))
	for _, n := range sizes {
		b = slices.Concat(b, uint32Bytes(n), make([]byte, 8))
	}
	return bmffEncode("sidx", b)
}

func TestBMFFSegmentIndex(t *testing.T) {
	ftyp := bmffEncode("ftyp", []byte("isom\x00\x00\x00\x00"))
	segment := slices.Concat(bmffEncode("moof", make([]byte, 30)), bmffEncode("mdat", make([]byte, 70)))
	moov := bmffEncode("moov", bmffEncode("udta"))
	packet := bmffEncode("uuid", []byte(uuidXMP), []byte("old packet"))
	n, grown := len(segment), len(bmffRecordMeta(someRecord))
	for name, c := range map[string]struct{ before, after [][]byte }{
		"after moov": {
			[][]byte{ftyp, moov, index(0, 5, n-5, n), segment, segment},
			[][]byte{index(0, 5, n-5, n), segment, segment}},
		"before moov": {
			[][]byte{ftyp, index(1, int64(len(moov)), n, n), moov, segment, segment},
			[][]byte{index(1, int64(len(moov)+grown), n, n)}},
		"around moov": {
			[][]byte{ftyp, index(0, 0, len(moov)+n, n), moov, segment, segment},
			[][]byte{index(0, 0, len(moov)+grown+n, n)}},
		"before free": {
			[][]byte{ftyp, moov, index(0, int64(grown+8), n), bmffEncode("free", make([]byte, grown)), segment},
			[][]byte{index(0, 8, n), bmffEncode("free"), segment}},
		"unrelated": {
			[][]byte{ftyp, index(0, 0, n), segment, moov},
			[][]byte{ftyp, index(0, 0, n), segment}},
	} {
		out := put(t, BMFF, slices.Concat(c.before...), Record, someRecord)
		require.Contains(t, string(out), string(slices.Concat(c.after...)), name)
	}
	b := slices.Concat(ftyp, moov, index(0, 0, n+len(packet), n), segment, packet, segment)
	f := walk(t, BMFF, b)
	plan, err := f.Plan([]Change{{Slot: &f.Summary().Slots[0], Value: []byte("packet")}})
	require.NoError(t, err)
	require.Contains(t, string(output(t, plan, b)), string(index(0, 0, n+len(packet)-4, n)), "inside a segment")
}

// Media in another file does not move with this one.
func TestBMFFExternalMedia(t *testing.T) {
	outside := slices.Concat(make([]byte, 4), []byte("file:other\x00"))
	b := movie{tables: func(media int64) []byte {
		return slices.Concat(trakOf(outside, stco(7777)), trak(stco(media)), trakOf(make([]byte, 4), stco(media+4)))
	}}.bytes()
	out := put(t, BMFF, b, Record, someRecord)
	require.Contains(t, string(out), string(stco(7777)))
	require.Equal(t, []string{"m00_", "m01_"}, fileTargets(t, out))
}

// What cannot be followed is refused, with the place.
func TestBMFFRefusals(t *testing.T) {
	ftyp := bmffEncode("ftyp", []byte("isom\x00\x00\x00\x00"))
	dref := bmffEncode("dref", make([]byte, 4), uint32Bytes(2), bmffEncode("url ", []byte{0, 0, 0, 1}), bmffEncode("url ", []byte("\x00\x00\x00\x00x\x00")))
	entry := func(ref byte) []byte { return bmffEncode("mp4a", make([]byte, 6), []byte{0, ref}) }
	stsd := bmffEncode("stsd", make([]byte, 4), uint32Bytes(2), entry(1), entry(2))
	table := func(kind string, body ...[]byte) []byte {
		return bmffEncode("moov", bmffEncode("stbl", bmffEncode(kind, body...)))
	}
	for name, b := range map[string][]byte{
		"compressed header": bmffEncode("moov", bmffEncode("cmov")),
		"two kinds of data": bmffEncode("moov", bmffEncode("trak", dref, stsd, stco(1))),
		"false count":       table("stco", make([]byte, 4), uint32Bytes(3), make([]byte, 8)),
		"largest count":     table("co64", make([]byte, 4), []byte("\xff\xff\xff\xff"), make([]byte, 8)),
		"short saio":        table("saio", []byte{0, 0, 0, 1}, make([]byte, 8)),
		"short iloc":        bmffEncode("moov", bmffEncode("meta", make([]byte, 4), bmffEncode("hdlr"), bmffEncode("iloc", []byte{0, 0, 0, 0, 0x44, 0, 0xff, 0xff}))),
		"odd iloc":          bmffEncode("moov", bmffEncode("meta", make([]byte, 4), bmffEncode("hdlr"), bmffEncode("iloc", []byte{0, 0, 0, 0, 0xff, 0, 0, 0}))),
		"short tfhd":        append(bmffEncode("moov"), bmffEncode("moof", bmffEncode("traf", bmffEncode("tfhd", []byte{0, 0, 0, 1}, make([]byte, 8))))...),
		"short sidx":        slices.Concat(bmffEncode("sidx", make([]byte, 20)), bmffEncode("moov")),
		"split fragment":    slices.Concat(bmffEncode("moof"), bmffEncode("moov"), bmffEncode("mdat")),
	} {
		f := walk(t, BMFF, append(ftyp, b...))
		require.NoError(t, f.Summary().Damage, name)
		_, err := f.Plan([]Change{{Kind: Record, Value: someRecord}})
		var bad *FormatError
		require.ErrorAs(t, err, &bad, name)
		require.GreaterOrEqual(t, bad.Offset, int64(len(ftyp)), name)
	}
	segment := walk(t, BMFF, slices.Concat(bmffEncode("styp", []byte("msdh\x00\x00\x00\x00")), bmffEncode("moof"), bmffEncode("mdat")))
	require.NoError(t, segment.Summary().Damage)
	_, err := segment.Plan([]Change{{Kind: Record, Value: someRecord}})
	require.ErrorIs(t, err, ErrNoPlace)
	_, err = walk(t, BMFF, bmffEncode("moov")).Plan([]Change{{Kind: EXIF, Value: someRecord}})
	require.ErrorIs(t, err, ErrNoPlace)
	long := walk(t, BMFF, bmffEncode("moov", bmffEncode("udta", bmffEncode("\xa9cmt", []byte{0, 1, 0, 0, 'x'}))))
	_, err = long.Plan([]Change{{Slot: &long.Summary().Slots[0], Value: make([]byte, 1<<16)}})
	var limit *LimitError
	require.ErrorAs(t, err, &limit)
}

// A fragmented file whose random access table has 32-bit offsets has no room
// for a position past 4 GiB.
func TestBMFFAccessTableOutgrown(t *testing.T) {
	src := largeMovie(5<<30, trak())
	src.parts[src.size] = bmffEncode("mfra", bmffEncode("tfra", make([]byte, 12), uint32Bytes(1), uint32Bytes(0), []byte("\xff\xff\xff\xff"), make([]byte, 3)))
	src.size += int64(len(src.parts[src.size]))
	f, err := BMFF(NewSource(src, src.size, Limits{}))
	require.NoError(t, err)
	_, err = f.Plan([]Change{{Kind: Record, Value: someRecord}})
	require.ErrorContains(t, err, "outgrows")
}
