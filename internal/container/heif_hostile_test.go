package container

import (
	"bytes"
	"encoding/binary"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The packet pushes a picture past 4 GiB: offsets become 64-bit.
func TestHEIFOffsetsOutgrow32Bits(t *testing.T) {
	const edge, size int64 = math.MaxUint32 - 100, 5 << 30
	s := aStill()
	s.large = true
	b := s.bytes()
	mdat := bytes.Index(b, []byte("mdat")) - 4
	two := bytes.Index(b, []byte("picture_two_"))
	field := bytes.Index(b, uint32Bytes(two))
	binary.BigEndian.PutUint32(b[field:], uint32(edge))
	binary.BigEndian.PutUint64(b[mdat+8:], uint64(size-int64(mdat)))
	src := &sparse{size: size, parts: map[int64][]byte{0: b[:two], edge: []byte("picture_two_")}}
	f, err := HEIF(NewSource(src, size, Limits{}))
	require.NoError(t, err)
	require.NoError(t, f.Summary().Damage)
	plan, err := f.Plan([]Change{{Kind: XMP, Value: somePacket}})
	require.NoError(t, err)
	again, err := HEIF(NewSource(plan, plan.Size(), Limits{}))
	require.NoError(t, err)
	require.NoError(t, again.Summary().Damage)
	require.Equal(t, string(somePacket), string(guide(again, XMP).Value))
	l, err := readLocations(again.(*heifFile).src, again.(*heifFile).pict)
	require.NoError(t, err)
	require.Equal(t, 8, l.offset)
	picture := make([]byte, 12)
	_, err = plan.ReadAt(picture, int64(l.items[1].list[0].offset))
	require.NoError(t, err)
	require.Equal(t, "picture_two_", string(picture))
}

// A base that would fall below zero gives way to absolute offsets.
func TestHEIFBaseAboveMedia(t *testing.T) {
	s := aStill()
	s.sizes[2] = 4
	s.items = []stillItem{packetOf1, s.items[0]}
	s.items[1].base = len(oldPacket)
	s.first = true
	b := s.bytes()
	want := itemsOf(t, b)
	out := put(t, HEIF, b, XMP, []byte("<x:xmpmeta/>"))
	require.Equal(t, want[1], itemsOf(t, out)[1])
}

// aStillWith returns a file in which a box has another size.
func aStillWith(kind string, size int) []byte {
	b := aStill().with(packetOf1).bytes()
	copy(b[bytes.Index(b, []byte(kind))-4:], uint32Bytes(size))
	return b
}

func TestHEIFDamage(t *testing.T) {
	good := aStill().with(packetOf1)
	far := good.bytes()
	binary.BigEndian.PutUint32(far[bytes.Index(far, uint32Bytes(bytes.Index(far, []byte("picture_two_")))):], 1<<30)
	short := good.bytes()
	count := bytes.Index(short, []byte("iloc\x00\x00\x00\x00\x44\x00")) + 10
	short[count] = 0xff
	odd := good.bytes()
	odd[count-2] = 0x45
	exif := aStill().with(packetOf1, stillItem{id: 5, kind: exifEntry, data: []string{"\x00\x00\x00\xffII*\x00"}})
	for name, b := range map[string][]byte{
		"data outside":   far,
		"odd sizes":      odd,
		"too many items": short,
		"Exif distance":  exif.bytes(),
		"short iinf":     aStillWith("iinf", 9),
		"short iref":     aStillWith("iref", 11),
		"short pitm":     aStillWith("pitm", 12),
		"short iloc":     aStillWith("iloc", 13),
		"cut box":        append(good.bytes(), 0, 0, 1, 0, 'f', 'r', 'e', 'e'),
	} {
		l := walk(t, HEIF, b).Summary()
		require.Error(t, l.Damage, name)
		if name != "odd sizes" && !strings.HasPrefix(name, "short") {
			require.Equal(t, oldPacket, string(guide(walk(t, HEIF, b), XMP).Value), name)
		}
	}
	require.ErrorContains(t, walk(t, HEIF, good.bytes()[:24]).Summary().Damage, "no meta")
}

// What cannot be followed is refused.
func TestHEIFRefusals(t *testing.T) {
	inMeta := aStill().with(stillItem{id: 3, kind: xmpEntry, data: []string{oldPacket}})
	b := inMeta.bytes()
	at := bytes.Index(b, uint32Bytes(bytes.Index(b, []byte(oldPacket))))
	binary.BigEndian.PutUint32(b[at:], 40) // in hdlr
	f := walk(t, HEIF, b)
	_, err := f.Plan([]Change{{Slot: guide(f, XMP), Value: somePacket}})
	require.ErrorContains(t, err, "not in a box for data")

	none := aStill()
	none.primary = 0
	_, err = walk(t, HEIF, none.bytes()).Plan([]Change{{Kind: XMP, Value: somePacket}})
	require.ErrorIs(t, err, ErrNoPlace)
	_, err = walk(t, HEIF, aStill().bytes()).Plan([]Change{{Kind: EXIF, Value: somePacket}})
	require.ErrorIs(t, err, ErrNoPlace)
}

// A sequence without a picture has XMP where a movie has it.
func TestHEIFSequenceAlone(t *testing.T) {
	b := slices.Concat(bmffEncode("ftyp", []byte("msf1\x00\x00\x00\x00hevc")), movie{tables: twoTracks}.bytes()[20:])
	want := fileTargets(t, b)
	roundTrip(t, HEIF, b, XMP, somePacket, []byte("<x/>"))
	out := put(t, HEIF, b, XMP, somePacket)
	require.Equal(t, "HEIF uuid XMP", guide(walk(t, HEIF, out), XMP).Place)
	require.Equal(t, len(want), len(fileTargets(t, out)))
}

// No megabyte of input costs more than four, and 16 for the walk itself.
func TestHEIFBombs(t *testing.T) {
	const size = 1 << 20
	fill := func(b string) []byte { return bytes.Repeat([]byte(b), size/len(b)) }
	meta := func(boxes ...[]byte) []byte {
		head := [][]byte{make([]byte, 4), bmffEncode("hdlr", make([]byte, 8), []byte("pict"), make([]byte, 13)), bmffEncode("pitm", make([]byte, 4), []byte{0, 1})}
		return slices.Concat(bmffEncode("ftyp", []byte("heic\x00\x00\x00\x00")), bmffEncode("meta", append(head, boxes...)...))
	}
	packets := func(n int) []byte {
		var entries []byte
		for id := range n {
			entries = append(entries, bmffEncode("infe", []byte{2, 0, 0, 0, byte(id >> 8), byte(id), 0, 0}, []byte(xmpEntry))...)
		}
		return bmffEncode("iinf", []byte{0, 0, 0, 0, 0xff, 0xff}, entries)
	}
	whole := func(n int) (items []byte) { // each is the whole file
		for id := range n {
			items = append(items, byte(id>>8), byte(id), 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0)
		}
		return items
	}
	for name, b := range map[string][]byte{
		"kinds":            meta(fill("\x00\x00\x00\x08abcd")),
		"entries":          meta(bmffEncode("iinf", []byte{0, 0, 0, 0, 0xff, 0xff}, fill("\x00\x00\x00\x14infe\x02\x00\x00\x00\x00\x01\x00\x00hvc1"))),
		"packets":          meta(packets(20_000)),
		"references":       meta(packets(1), bmffEncode("iref", make([]byte, 4), fill("\x00\x00\x00\x0ecdsc\x00\x00\x00\x01\x00\x01"))),
		"sources":          meta(packets(1), bmffEncode("iref", make([]byte, 4), fill("\x00\x00\x00\x0eiloc\x00\x00\x00\x01\x00\x01"))),
		"extents":          meta(bmffEncode("iloc", []byte{0, 0, 0, 0, 0x44, 0, 0xff, 0xff}, fill("\x00\x01\x00\x00\x00\x01\xff\xff\xff\xff\xff\xff\xff\xff"))),
		"extents of none":  meta(bmffEncode("iloc", []byte{2, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff}, fill("\x00\x00\x00\x01\x00\x00\x00\x00\xff\xff"))),
		"extents of one":   meta(packets(1), bmffEncode("iloc", []byte{0, 0, 0, 0, 0x44, 0, 0, 4}, bytes.Repeat(append([]byte("\x00\x00\x00\x00\xff\xff"), fill("\x00\x00\x00\x00\x00\x00\x00\x01")[:8*0xffff]...), 2))),
		"the same bytes":   meta(packets(1000), bmffEncode("iloc", []byte{0, 0, 0, 0, 0x44, 0x40, 3, 0xe8}, whole(1000)), bmffEncode("free", fill(" "))),
		"parts of an item": meta(packets(1000), bmffEncode("iloc", []byte{1, 0, 0, 0, 0, 0, 3, 0xe8}, fill("\x00\x00\x00\x02\x00\x00\xff\xff"))),
	} {
		t.Run(name, func(t *testing.T) {
			f := cheapWalk(t, HEIF, b)
			if f.Summary().Damage == nil && len(f.Summary().Limits) == 0 {
				_, _ = f.Plan([]Change{{Kind: XMP, Value: somePacket}}) // must come back
			}
		})
	}
}

func FuzzHEIF(f *testing.F) {
	for _, s := range stills() {
		f.Add(s.bytes())
	}
	for _, b := range fixtures(f, "avif") {
		f.Add(b)
	}
	fuzz(f, "heic", HEIF, XMP, somePacket)
}

func BenchmarkHEIFWalk(b *testing.B) {
	file := fixtures(b, "heic")["tagged.heic"]
	b.ReportAllocs()
	for b.Loop() {
		walk(b, HEIF, file)
	}
}
