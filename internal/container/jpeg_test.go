package container

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aigclabel/aigclabel/internal/xmp"
)

// segmentOf builds a marker segment.
func segmentOf(marker byte, payload string) string {
	return string(binary.BigEndian.AppendUint16([]byte{0xFF, marker}, uint16(len(payload)+2))) + payload
}

// jpegOf builds a file of segments around a scan that nobody decodes.
func jpegOf(segments ...string) []byte {
	return []byte("\xFF\xD8" + strings.Join(segments, "") + segmentOf(markerSOS, "\x01\x01\x00\x00\x3f\x00") + "scan\xFF\x00\xFF\xD0scan\xFF\xD9")
}

var (
	segJFIF = segmentOf(markerAPP0, "JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00")
	segEXIF = segmentOf(markerAPP1, jpegEXIF+"MM\x00*\x00\x00\x00\x08\x00\x00\x00\x00\x00\x00")
	segXMP  = segmentOf(markerAPP1, jpegXMP+string(somePacket))
	segDQT  = segmentOf(0xDB, "\x00"+strings.Repeat("\x01", 64))
)

// jumbf builds the segments of a C2PA store, cut into pieces of n bytes.
func jumbf(store string, n int) (segments []string) {
	for i, piece := range slices.Collect(slices.Chunk([]byte(store[8:]), n)) {
		segments = append(segments, segmentOf(markerAPP11, fmt.Sprintf("JP\x00\x07\x00\x00\x00%c", i+1)+store[:8]+string(piece)))
	}
	return segments
}

var someStore = "\x00\x00\x00\x58jumb\x00\x00\x00\x26jumdc2pa\x00\x11\x00\x10\x80\x00\x00\xaa\x008\x9bq\x03c2pa\x00" + strings.Repeat("c", 50)

func TestJPEGRoundTrip(t *testing.T) {
	for name, b := range fixtures(t, "jpeg") {
		t.Run(name, func(t *testing.T) {
			roundTrip(t, JPEG, b, XMP, somePacket, bytes.Repeat(somePacket, 9), []byte("<x/>"))
			roundTrip(t, JPEG, b, EXIF, blocks(binary.LittleEndian)["comment"], blocks(binary.BigEndian)["long comment"])
			truncations(t, JPEG, b, len(b))
		})
	}
}

// slotsOf describes the slots of a file.
func slotsOf(f File) (list []string) {
	for _, s := range f.Summary().Slots {
		guide := ""
		if s.Guide {
			guide = " guide"
		}
		list = append(list, s.Place+guide+" "+string(s.Value))
	}
	return list
}

func TestJPEGSlots(t *testing.T) {
	guid := strings.Repeat("A", 32)
	piece := func(guid string, off byte, data string) string {
		return segmentOf(markerAPP1, jpegExtended+guid+"\x00\x00\x00\x06\x00\x00\x00"+string(rune(off))+data)
	}
	for name, tt := range map[string]struct {
		segments []string
		want     []string
	}{
		"nothing":          {[]string{segJFIF, segDQT}, nil},
		"two packets":      {[]string{segXMP, segXMP}, []string{"JPEG APP1 XMP guide " + string(somePacket), "JPEG APP1 XMP " + string(somePacket)}},
		"after the tables": {[]string{segDQT, segXMP}, []string{"JPEG APP1 XMP guide " + string(somePacket)}},
		"comment":          {[]string{segmentOf(markerCOM, "hello")}, []string{"JPEG COM hello"}},
		"fill bytes":       {[]string{"\xFF\xFF\xFF", segmentOf(markerCOM, "hello"), strings.Repeat("\xFF", 50), segJFIF}, []string{"JPEG COM hello"}},
		"standalone":       {[]string{"\xFF\x01\xFF\xD3", segmentOf(markerCOM, "hello")}, []string{"JPEG COM hello"}},
		"bare record":      {[]string{segJFIF, segmentOf(0xE4, "AIGC{\"Label\":\"1\"}\x00")}, []string{`JPEG APP4 AIGC {"Label":"1"}`}},
		"wrapped record":   {[]string{segmentOf(0xEF, `{"AIGC": {"Label":"1"}}`)}, []string{`JPEG APP15 AIGC {"AIGC": {"Label":"1"}}`}},
		"record, no value": {[]string{segmentOf(0xE0, `AIGC":`)}, []string{`JPEG APP0 AIGC AIGC":`}},
		"record comment":   {[]string{segmentOf(markerCOM, `AIGC{"Label":"1"}`)}, []string{`JPEG COM AIGC {"Label":"1"}`}},
		"extended":         {[]string{piece(guid, 3, "def"), segXMP, piece(guid, 0, "abc"), piece("B"+guid[1:], 0, "x")}, []string{"JPEG APP1 extended XMP abcdef", "JPEG APP1 XMP guide " + string(somePacket), "JPEG APP1 extended XMP x"}},
		"extended, gap":    {[]string{piece(guid, 4, "def"), piece(guid, 0, "abc"), piece(guid, 0, "abc")}, []string{"JPEG APP1 extended XMP abc"}},
		"other JUMBF":      {jumbf(strings.Replace(someStore, "jumdc2pa", "jumdABCD", 1), 40), nil},
		"short JUMBF":      {[]string{segmentOf(markerAPP11, "JP\x00\x01\x00"), segmentOf(markerAPP11, "JP\x00\x01\x00\x00\x00\x01\x00\x00\x00\x01jumb\x00\x00")}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			b := jpegOf(tt.segments...)
			f := walk(t, JPEG, b)
			require.NoError(t, f.Summary().Damage)
			require.Equal(t, tt.want, slotsOf(f))
			for _, s := range f.Summary().Slots {
				var raw []byte
				for _, r := range s.Ranges {
					raw = append(raw, b[r.Offset:r.Offset+r.Length]...)
				}
				require.Equal(t, string(s.Value), string(raw))
			}
		})
	}
}

func TestJPEGStore(t *testing.T) {
	b := jpegOf(append(jumbf(someStore, 30), segXMP)...)
	f := walk(t, JPEG, b)
	slot := guide(f, C2PA)
	require.Len(t, slot.Ranges, 3)
	var store []byte
	for _, r := range slot.Ranges {
		store = append(store, b[r.Offset:r.Offset+r.Length]...)
	}
	require.Equal(t, someStore, string(store))
	plan, err := f.Plan([]Change{{Slot: slot}})
	require.NoError(t, err)
	require.Equal(t, jpegOf(segXMP), output(t, plan, b))
	_, err = f.Plan([]Change{{Slot: slot, Value: []byte("x")}})
	require.ErrorIs(t, err, ErrNoPlace)
}

func TestJPEGExtendedStore(t *testing.T) {
	long := "\x00\x00\x00\x01jumb\x00\x00\x00\x00\x00\x00\x00\x68" + someStore[8:]
	b := jpegOf(segmentOf(markerAPP11, "JP\x00\x07\x00\x00\x00\x01"+long[:70]), segmentOf(markerAPP11, "JP\x00\x07\x00\x00\x00\x02"+long[:16]+long[70:]))
	slot := guide(walk(t, JPEG, b), C2PA)
	require.NotNil(t, slot)
	require.Equal(t, int64(len(long)), slot.Ranges[0].Length+slot.Ranges[1].Length)
}

func TestJPEGPlaces(t *testing.T) {
	segC2PA := jumbf(someStore, 99)[0]
	for name, tt := range map[string]struct{ before, after []string }{
		"nothing":   {nil, []string{segXMP, segDQT}},
		"jfif":      {[]string{segJFIF}, []string{segJFIF, segXMP, segDQT}},
		"exif":      {[]string{segJFIF, segEXIF}, []string{segJFIF, segEXIF, segXMP, segDQT}},
		"exif only": {[]string{segEXIF}, []string{segEXIF, segXMP, segDQT}},
		"c2pa":      {[]string{segJFIF, segC2PA, segEXIF}, []string{segJFIF, segXMP, segC2PA, segEXIF, segDQT}},
		"xmp":       {[]string{segC2PA, segmentOf(markerAPP1, jpegXMP+"old")}, []string{segC2PA, segXMP, segDQT}},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, jpegOf(tt.after...), put(t, JPEG, jpegOf(append(tt.before, segDQT)...), XMP, somePacket))
		})
	}
	both, err := walk(t, JPEG, jpegOf(segDQT)).Plan([]Change{{Kind: XMP, Value: somePacket}, {Kind: EXIF, Value: []byte("MM\x00*\x00\x00\x00\x08\x00\x00\x00\x00\x00\x00")}})
	require.NoError(t, err)
	require.Equal(t, jpegOf(segEXIF, segXMP, segDQT), output(t, both, jpegOf(segDQT)))
}

// A record beside JFIF is where new XMP goes: both edits have one position.
func TestJPEGMovesTheRecord(t *testing.T) {
	b := jpegOf(segJFIF, segmentOf(0xE4, `AIGC{"Label":"1"}`), segDQT)
	f := walk(t, JPEG, b)
	plan, err := f.Plan([]Change{{Slot: &f.Summary().Slots[0]}, {Kind: XMP, Value: somePacket}})
	require.NoError(t, err)
	require.Equal(t, jpegOf(segJFIF, segXMP, segDQT), output(t, plan, b))
}

func TestJPEGReplacesTheRecord(t *testing.T) {
	b := jpegOf(segJFIF, segmentOf(0xE4, "AIGC{\"Label\":\"1\"}\x00"), segDQT)
	f := walk(t, JPEG, b)
	plan, err := f.Plan([]Change{{Slot: &f.Summary().Slots[0], Value: []byte(`{"Label":"2","ProduceID":""}`)}})
	require.NoError(t, err)
	require.Equal(t, jpegOf(segJFIF, segmentOf(0xE4, "AIGC{\"Label\":\"2\",\"ProduceID\":\"\"}\x00"), segDQT), output(t, plan, b))
}

func TestJPEGExtendedXMPIsNotEdited(t *testing.T) {
	f := walk(t, JPEG, jpegOf(segmentOf(markerAPP1, jpegExtended+strings.Repeat("A", 32)+"\x00\x00\x00\x03\x00\x00\x00\x00abc")))
	for _, value := range [][]byte{nil, []byte("x")} {
		_, err := f.Plan([]Change{{Slot: &f.Summary().Slots[0], Value: value}})
		require.ErrorIs(t, err, ErrNoPlace)
	}
}

func TestJPEGSegmentLimit(t *testing.T) {
	packet := xmp.New()
	trailer := len(packet) - len(`<?xpacket end="w"?>`)
	padded := slices.Concat(packet[:trailer], bytes.Repeat([]byte(" "), 70_000), packet[trailer:])
	out := put(t, JPEG, jpegOf(segDQT), XMP, padded)
	require.Equal(t, string(packet), string(guide(walk(t, JPEG, out), XMP).Value), "padding counts")

	f := walk(t, JPEG, jpegOf(segDQT, segXMP))
	room := maxJPEGPayload - len(jpegXMP)
	_, err := f.Plan([]Change{{Slot: guide(f, XMP), Value: make([]byte, room)}})
	require.NoError(t, err)
	var limit *LimitError
	for _, c := range []Change{{Slot: guide(f, XMP), Value: make([]byte, room+1)}, {Kind: XMP, Value: make([]byte, room+1)}, {Kind: EXIF, Value: make([]byte, 1<<16)}} {
		_, err = f.Plan([]Change{c})
		require.ErrorAs(t, err, &limit)
		require.ErrorContains(t, err, "as PNG", "a way out")
	}
	for _, kind := range []Kind{Record, Text, C2PA} {
		_, err = f.Plan([]Change{{Kind: kind, Value: []byte("x")}})
		require.ErrorIs(t, err, ErrNoPlace)
	}
}

func TestJPEGDamage(t *testing.T) {
	whole := jpegOf(segXMP, segDQT)
	scan := bytes.Index(whole, []byte("\xFF\xDA"))
	for name, tt := range map[string]struct {
		b      []byte
		offset int64
		slots  int
	}{
		"empty":              {nil, 0, 0},
		"other format":       {[]byte("\xFF\xD8 no"), 0, 0},
		"start only":         {[]byte("\xFF\xD8\xFF"), 3, 0},
		"no marker":          {jpegOf(segXMP, "?", segDQT), int64(2 + len(segXMP)), 1},
		"image in the head":  {jpegOf(segXMP, "\xFF\xD8"), int64(2 + len(segXMP)), 1},
		"length 0":           {jpegOf(segXMP, "\xFF\xE3\x00\x00"), int64(2 + len(segXMP)), 1},
		"length 1":           {jpegOf(segXMP, "\xFF\xFF\xFF\xE3\x00\x01"), int64(4 + len(segXMP)), 1},
		"length past end":    {jpegOf(segXMP, "\xFF\xE3\xFF\xFF"), int64(2 + len(segXMP)), 1},
		"cut in the scan":    {whole[:len(whole)-2], int64(len(whole) - 2), 1},
		"cut in the marker":  {whole[:len(whole)-1], int64(len(whole) - 1), 1},
		"cut after the head": {whole[:scan+10], int64(scan + 10), 1},
		"cut, thumbnail":     {slices.Concat(jpegOf(segXMP, segmentOf(markerAPP1, jpegEXIF+"\xFF\xD9"), segDQT)[:scan+26]), int64(scan + 26), 2},
		"short extension":    {jpegOf(segXMP, segmentOf(markerAPP1, jpegExtended+"x")), int64(2 + len(segXMP)), 1},
	} {
		t.Run(name, func(t *testing.T) {
			l := walk(t, JPEG, tt.b).Summary()
			var bad *FormatError
			require.ErrorAs(t, l.Damage, &bad)
			require.Equal(t, tt.offset, bad.Offset)
			require.Len(t, l.Slots, tt.slots)
		})
	}
}

func TestJPEGTrailers(t *testing.T) {
	whole := string(jpegOf(segDQT))
	motion := string(jpegOf(segmentOf(markerAPP1, jpegXMP+`<x GCamera:MotionPhoto="1"/>`)))
	video := strings.Repeat("video", 20_000)
	for name, tt := range map[string]struct {
		b     string
		whole bool
	}{
		"zeros":             {whole + strings.Repeat("\x00", 1000), true},
		"motion photo":      {motion + video, true},
		"Samsung":           {whole + video + "SEFT", true},
		"large and unknown": {whole + video, false},
		"multi-picture":     {string(multiPicture()), true},
		"no image":          {"\xFF\xD8" + segDQT + "\xFF\xD9", true},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, tt.whole, walk(t, JPEG, []byte(tt.b)).Summary().Damage == nil)
		})
	}
	large := multiPicture()
	require.Error(t, walk(t, JPEG, large[:len(large)-70_000]).Summary().Damage, "an image of the index is cut")
}

// multiPicture returns a file with an index of two images, the second one large
// and without end. The segments come after the index.
func multiPicture(segments ...string) []byte {
	const entries = "entries_of_the_index_go_to_here_"
	second := "\xFF\xD8" + strings.Repeat("x", 140_000)
	index := exifOf(binary.LittleEndian, field{tag: tagMPEntry, typ: 7, value: entries})
	b := jpegOf(append([]string{segJFIF, segmentOf(markerAPP2, jpegMPF+string(index)), segDQT}, segments...)...)
	base := bytes.Index(b, index)
	e := b[bytes.Index(b, []byte(entries)):]
	clear(e[:len(entries)])
	binary.LittleEndian.PutUint32(e[4:], uint32(len(b)))
	binary.LittleEndian.PutUint32(e[16+4:], uint32(len(second)))
	binary.LittleEndian.PutUint32(e[16+8:], uint32(len(b)-base))
	return append(b, second...)
}

func TestJPEGIndexFollows(t *testing.T) {
	before := multiPicture()
	primary := bytes.Index(before, []byte("\xFF\xD8xx"))
	b := put(t, JPEG, before, XMP, somePacket)
	f := walk(t, JPEG, b).(*jpegFile)
	require.NoError(t, f.Damage)
	require.Equal(t, int64(primary+len(segXMP)), f.mpf.images[0].size)
	second := f.mpf.images[1]
	require.Equal(t, before[primary:], b[second.offset:second.offset+second.size])

	// A comment after the index moves the second image away from it.
	b = multiPicture(segmentOf(markerCOM, "comment"))
	f = walk(t, JPEG, b).(*jpegFile)
	plan, err := f.Plan([]Change{{Slot: &f.Slots[0], Value: []byte("longer comment")}})
	require.NoError(t, err)
	moved := output(t, plan, b)
	second = walk(t, JPEG, moved).(*jpegFile).mpf.images[1]
	require.Equal(t, "\xFF\xD8xx", string(moved[second.offset:second.offset+4]))
}

// What follows the first megabyte of segments costs as little.
func TestHostileJPEGIsCheap(t *testing.T) {
	flood := func(segment string) []byte { return jpegOf(segXMP, strings.Repeat(segment, (1<<20)/len(segment))) }
	var stores, guids strings.Builder
	for i := range 20_000 {
		stores.WriteString(segmentOf(markerAPP11, "JP"+string([]byte{byte(i >> 8), byte(i)})+"\x00\x00\x00\x01"+someStore[:36]))
		guids.WriteString(segmentOf(markerAPP1, fmt.Sprintf("%s%032d\x00\x00\x00\x01\x00\x00\x00\x00x", jpegExtended, i)))
	}
	for name, b := range map[string][]byte{
		"comments":   flood(segmentOf(markerCOM, "")),
		"records":    flood(segmentOf(0xE9, "AIGC{")),
		"packets":    flood(segXMP),
		"exif":       flood(segmentOf(markerAPP1, jpegEXIF)),
		"stores":     flood(segmentOf(markerAPP11, jumbf(someStore, 30)[0][4:])),
		"instances":  jpegOf(segXMP, stores.String()),
		"guids":      jpegOf(segXMP, guids.String()),
		"extensions": flood(segmentOf(markerAPP1, jpegExtended+strings.Repeat("A", 32)+"\x00\x00\x00\x01\x00\x00\x00\x00")),
		"fill":       flood("\xFF\x01" + strings.Repeat("\xFF", 1000)),
	} {
		t.Run(name, func(t *testing.T) {
			require.NotNil(t, guide(cheapWalk(t, JPEG, b), XMP))
		})
	}
}

func FuzzJPEG(f *testing.F) {
	f.Add(jpegOf(append(jumbf(someStore, 40), segJFIF, segEXIF, segXMP)...))
	f.Add(jpegOf(segmentOf(0xE4, `AIGC{"Label":"1"}`), segmentOf(markerAPP1, jpegExtended+strings.Repeat("A", 32)+"\x00\x00\x00\x03\x00\x00\x00\x00abc")))
	f.Add(multiPicture()[:500])
	fuzz(f, "jpeg", JPEG, XMP, somePacket)
}

func BenchmarkJPEGWalk(b *testing.B) {
	file := fixtures(b, "jpeg")["tagged.jpg"]
	b.ReportAllocs()
	b.SetBytes(int64(len(file)))
	for b.Loop() {
		walk(b, JPEG, file)
	}
}
