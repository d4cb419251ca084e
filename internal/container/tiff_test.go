package container

import (
	"bytes"
	"encoding/binary"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	_ "golang.org/x/image/tiff" // another decoder of what we write
)

// A tiffBuilder builds files: values and directories one after the other.
type tiffBuilder struct {
	ifdReader
	b []byte
}

func newTIFF(order byteOrder, big bool) *tiffBuilder {
	t := &tiffBuilder{ifdReader: ifdReader{order: order, big: big}}
	t.b = []byte("MM")
	if order == binary.LittleEndian {
		t.b = []byte("II")
	}
	if big {
		t.b = order.AppendUint16(order.AppendUint16(order.AppendUint16(t.b, '+'), 8), 0)
	} else {
		t.b = order.AppendUint16(t.b, '*')
	}
	t.b = t.appendNumber(t.b, 0)
	return t
}

// field returns an entry, and puts its value into the file if it is long.
func (t *tiffBuilder) field(tag, typ uint16, value string) []byte {
	p := &tiffPlan{tiffFile: &tiffFile{ifdReader: t.ifdReader}, data: t.b}
	count := len(value) / int(tiffTypeSize(typ))
	b := p.appendEntry(nil, tag, typ, []byte(value))
	t.b = p.data
	return slices.Concat(t.order.AppendUint16(b[:2:2], typ), t.appendNumber(nil, int64(count)), b[4+t.width():])
}

// long returns numbers of type LONG.
func (t *tiffBuilder) long(n ...int) string {
	var b []byte
	for _, n := range n {
		b = t.order.AppendUint32(b, uint32(n))
	}
	return string(b)
}

// directory adds a directory with the offset of the next, and returns its own.
func (t *tiffBuilder) directory(next int, entries ...[]byte) int {
	t.b = append(t.b, make([]byte, len(t.b)&1)...)
	at := len(t.b)
	if t.big {
		t.b = t.order.AppendUint64(t.b, uint64(len(entries)))
	} else {
		t.b = t.order.AppendUint16(t.b, uint16(len(entries)))
	}
	t.b = t.appendNumber(append(t.b, slices.Concat(entries...)...), int64(next))
	return at
}

// file returns a file whose first directory is at the offset.
func (t *tiffBuilder) file(first int) []byte {
	copy(t.b[t.width():], t.appendNumber(nil, int64(first)))
	return t.b
}

// eachTIFF runs a test for both byte orders of both kinds of TIFF.
func eachTIFF(t *testing.T, test func(t *testing.T, b *tiffBuilder)) {
	for name, order := range map[string]byteOrder{"little": binary.LittleEndian, "big": binary.BigEndian} {
		t.Run(name, func(t *testing.T) { test(t, newTIFF(order, false)) })
		t.Run(name+" BigTIFF", func(t *testing.T) { test(t, newTIFF(order, true)) })
	}
}

func TestTIFFRoundTrip(t *testing.T) {
	for name, b := range fixtures(t, "tiff") {
		t.Run(name, func(t *testing.T) {
			roundTrip(t, TIFF, b, XMP, somePacket, bytes.Repeat(somePacket, 50), []byte("<x/>"), []byte("<odd/>"))
			labelled := put(t, TIFF, b, XMP, bytes.Repeat(somePacket, 50))
			truncations(t, TIFF, labelled, len(labelled))
			require.Equal(t, len(labelled), len(put(t, TIFF, labelled, XMP, bytes.Repeat(somePacket, 40))), "a shorter value stays in its place")
		})
	}
}

// A value at the end of the file grows where it is.
func TestTIFFGrowsAtTheEnd(t *testing.T) {
	for name, b := range fixtures(t, "tiff") {
		once := put(t, TIFF, b, XMP, bytes.Repeat(somePacket, 50))
		twice := put(t, TIFF, once, XMP, bytes.Repeat(somePacket, 51))
		require.Equal(t, len(once)+len(somePacket), len(twice), name)
	}
}

func TestTIFFSlots(t *testing.T) {
	eachTIFF(t, func(t *testing.T, b *tiffBuilder) {
		sub := b.directory(0, b.field(tagXMP, tiffUndefined, "<sub/>packet"))
		exif := b.directory(0, b.field(tagUserComment, 7, charsetASCII+"a comment\x00"))
		second := b.directory(0, b.field(0x0131, 2, "not listed\x00"), b.field(tagXMP, 1, "<second/>packet"), b.field(tagC2PA, 7, "jumb-store"))
		first := b.directory(second, b.field(0x010E, 2, "words\x00"), b.field(0x013B, 2, "me\x00"), b.field(tagSubIFDs, 4, b.long(sub, sub)),
			b.field(tagXMP, 1, string(somePacket)), b.field(tagExifIFD, 4, b.long(exif)), b.field(0x8298, 2, strings.Repeat("long", 20<<10)))
		f := walk(t, TIFF, b.file(first))
		require.NoError(t, f.Summary().Damage)
		require.Equal(t, []string{
			"TIFF IFD0 ImageDescription words", "TIFF IFD0 Artist me", "TIFF IFD0 XMP guide " + string(somePacket),
			"TIFF SubIFD XMP <sub/>packet", "TIFF Exif UserComment a comment", "TIFF IFD1 XMP <second/>packet", "TIFF IFD1 C2PA guide ",
		}, slotsOf(f))
		for _, s := range f.Summary().Slots {
			if r := s.Ranges[0]; s.Kind == C2PA {
				require.Equal(t, "jumb-store", string(b.b[r.Offset:][:r.Length]))
			} else {
				require.Equal(t, string(s.Value), string(b.b[r.Offset:][:r.Length]))
			}
		}
	})
}

// Zeros behind a packet are room for it.
func TestTIFFPacketWithZeros(t *testing.T) {
	b := newTIFF(binary.LittleEndian, false)
	in := b.file(b.directory(0, b.field(tagXMP, 1, "<short/>"+strings.Repeat("\x00", 200)), b.field(0x0140, 3, "behind")))
	require.Equal(t, []string{"TIFF IFD0 XMP guide <short/>"}, slotsOf(walk(t, TIFF, in)))
	require.Equal(t, len(in), len(put(t, TIFF, in, XMP, somePacket)))
}

// TestTIFFMovesRecords takes records out of texts and further packets, and puts
// a new packet in, at once.
func TestTIFFMovesRecords(t *testing.T) {
	eachTIFF(t, func(t *testing.T, b *tiffBuilder) {
		record := string(someRecord)
		exif := b.directory(0, b.field(0x9000, 7, "0232"), b.field(tagUserComment, 7, charsetASCII+record))
		second := b.directory(0, b.field(tagXMP, 1, record+" in a packet"), b.field(0x0140, 3, b.long(1, 2, 3)))
		first := b.directory(second, b.field(0x010E, 2, record+"\x00"), b.field(tagExifIFD, 4, b.long(exif)))
		f := walk(t, TIFF, b.file(first))
		require.Equal(t, 3, len(f.Summary().Slots))
		changes := []Change{{Kind: XMP, Value: somePacket}}
		for i := range f.Summary().Slots {
			changes = append(changes, Change{Slot: &f.Summary().Slots[i]})
		}
		changes[3].Value = []byte("<without/>")
		plan, err := f.Plan(changes)
		require.NoError(t, err)
		out := output(t, plan, b.b)
		require.NotContains(t, string(out), "ProduceID")
		after := walk(t, TIFF, out)
		require.NoError(t, after.Summary().Damage)
		require.Equal(t, []string{"TIFF IFD0 XMP guide " + string(somePacket), "TIFF IFD1 XMP <without/>"}, slotsOf(after))
		require.Equal(t, len(b.b)+len(b.b)&1+len(somePacket), len(out), "the directory did not move")
	})
}

// Values that pages share stay for the others, and go with the last of them.
func TestTIFFSharedValues(t *testing.T) {
	b := newTIFF(binary.BigEndian, false)
	packet := b.field(tagXMP, 1, string(somePacket))
	b.b = append(b.b, "behind"...)
	second := b.directory(0, packet)
	in := b.file(b.directory(second, packet))
	out := put(t, TIFF, in, XMP, []byte("<short/>"))
	require.Equal(t, []string{"TIFF IFD0 XMP guide <short/>", "TIFF IFD1 XMP " + string(somePacket)}, slotsOf(walk(t, TIFF, out)))

	f := walk(t, TIFF, in)
	plan, err := f.Plan([]Change{{Slot: &f.Summary().Slots[0]}, {Slot: &f.Summary().Slots[1], Value: []byte("<other/>")}})
	require.NoError(t, err)
	out = output(t, plan, in)
	require.Equal(t, []string{"TIFF IFD1 XMP <other/>"}, slotsOf(walk(t, TIFF, out)))
	require.NotContains(t, string(out), string(somePacket))
}

func TestTIFFNewPacket(t *testing.T) {
	eachTIFF(t, func(t *testing.T, b *tiffBuilder) {
		in := b.file(b.directory(0, b.field(0x0100, 3, "\x00\x01"), b.field(0x8769, 4, b.long(0))))
		out := put(t, TIFF, in, XMP, somePacket)
		f := walk(t, TIFF, out).(*tiffFile)
		var tags []uint16
		for e := range f.entriesOf(&f.directories[0]) {
			tags = append(tags, e.tag)
			if e.tag == tagXMP {
				require.EqualValues(t, tiffUndefined, e.typ)
			}
		}
		require.Equal(t, []uint16{0x0100, tagXMP, 0x8769}, tags)
		require.Zero(t, f.directories[0].offset&1)
		require.True(t, bytes.HasSuffix(out, somePacket))
		for _, c := range []Change{{Kind: EXIF, Value: []byte(tiffTiny)}, {Kind: Record, Value: someRecord}} {
			_, err := f.Plan([]Change{c})
			require.ErrorIs(t, err, ErrNoPlace)
		}
	})
}

func TestTIFFDamage(t *testing.T) {
	for name, tt := range map[string]struct {
		slots int
		build func(b *tiffBuilder) []byte
	}{
		"empty":              {0, func(b *tiffBuilder) []byte { return nil }},
		"other format":       {0, func(b *tiffBuilder) []byte { return append([]byte("II*\x01"), b.b[4:]...) }},
		"BigTIFF of 4 bytes": {0, func(b *tiffBuilder) []byte { return []byte("II+\x00\x04\x00\x00\x00\x10\x00\x00\x00\x00\x00\x00\x00") }},
		"no directory":       {0, func(b *tiffBuilder) []byte { return b.file(0) }},
		"directory outside":  {0, func(b *tiffBuilder) []byte { return b.file(1 << 20) }},
		"loop": {1, func(b *tiffBuilder) []byte {
			packet := b.field(tagXMP, 1, string(somePacket))
			return b.file(b.directory(len(b.b)+len(b.b)&1, packet))
		}},
		"directory cut": {1, func(b *tiffBuilder) []byte {
			packet, text := b.field(tagXMP, 1, string(somePacket)), b.field(0x9999, 1, "text")
			b.file(b.directory(0, packet, text))
			return b.b[:len(b.b)-8]
		}},
		"packet cut": {1, func(b *tiffBuilder) []byte {
			out := put(t, TIFF, b.file(b.directory(0)), XMP, somePacket)
			return out[:len(out)-1]
		}},
		"value outside": {1, func(b *tiffBuilder) []byte {
			packet, bad := b.field(tagXMP, 1, string(somePacket)), b.field(0x0100, 4, b.long(1, 2, 3))
			copy(bad[8:], "\xff\xff\xff\x7f")
			return b.file(b.directory(0, bad, packet))
		}},
		"image outside": {1, func(b *tiffBuilder) []byte {
			offsets, counts := b.field(tagStripOffsets, 4, b.long(8, 16)), b.field(tagStripCounts, 4, b.long(8, 1000))
			return b.file(b.directory(0, offsets, counts, b.field(tagXMP, 1, string(somePacket))))
		}},
		"SubIFD outside": {1, func(b *tiffBuilder) []byte {
			sub := b.field(tagSubIFDs, 4, b.long(1<<20, 1<<30))
			return b.file(b.directory(0, sub, b.field(tagXMP, 1, string(somePacket))))
		}},
		"directories overlap": {0, func(b *tiffBuilder) []byte {
			var offsets []int
			for range 64 { // of 100 entries each
				offsets = append(offsets, len(b.b))
				b.b = append(b.b, slices.Concat([]byte{100}, make([]byte, 47))...)
			}
			return b.file(b.directory(0, b.field(tagSubIFDs, 4, b.long(offsets...))))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			l := walk(t, TIFF, tt.build(newTIFF(binary.LittleEndian, false))).Summary()
			var bad *FormatError
			require.ErrorAs(t, l.Damage, &bad)
			require.Len(t, l.Slots, tt.slots)
		})
	}
}

func TestHostileTIFFIsCheap(t *testing.T) {
	packet := string(somePacket)
	for name, build := range map[string]func(b *tiffBuilder) int{
		"directories": func(b *tiffBuilder) (next int) {
			for range 1 << 16 {
				next = b.directory(next, b.field(0x0100, 3, "\x01\x00"))
			}
			return b.directory(next, b.field(tagXMP, 1, packet))
		},
		"entries": func(b *tiffBuilder) int {
			xmp := b.field(tagXMP, 1, packet)
			return b.directory(b.directory(0, slices.Repeat([][]byte{xmp}, 1<<16-1)...), xmp)
		},
		"texts": func(b *tiffBuilder) int {
			text := b.field(0x010E, 2, strings.Repeat("x", maxTIFFText))
			return b.directory(0, append([][]byte{b.field(tagXMP, 1, packet)}, slices.Repeat([][]byte{text}, 1<<15)...)...)
		},
		"links": func(b *tiffBuilder) int {
			return b.directory(0, b.field(tagSubIFDs, 4, strings.Repeat("\x08\x00\x00\x00", 1<<18)), b.field(tagXMP, 1, packet))
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := newTIFF(binary.LittleEndian, false)
			f := cheapWalk(t, TIFF, b.file(build(b)))
			require.True(t, f.Summary().Damage != nil || len(f.Summary().Limits) > 0)
			require.NotNil(t, guide(f, XMP))
		})
	}
}

// For libtiff, all pages of a labelled file are those of the file, and it has no
// more to complain about.
func TestInteropLibtiff(t *testing.T) {
	for name, b := range fixtures(t, "tiff") {
		pages := func(b []byte) string {
			in, out := written(t, name, b), written(t, "out.tif", nil)
			complaints, err := exec.Command(tool(t, "tiffcp"), "-c", "none", in, out).CombinedOutput()
			require.NoError(t, err, "%s: %s", name, complaints)
			raw, err := os.ReadFile(out)
			require.NoError(t, err)
			return strings.ReplaceAll(string(complaints), in, "") + string(raw)
		}
		require.True(t, pages(b) == pages(labelled(t, TIFF, b)), name)
	}
}

func TestTIFFSizeLimit(t *testing.T) {
	b := newTIFF(binary.LittleEndian, false)
	in := append(b.file(b.directory(0, b.field(0x0100, 3, "\x01\x00"))), make([]byte, HeadSize)...)
	f, err := TIFF(NewSource(bytes.NewReader(in), 1<<32-40, Limits{}))
	require.NoError(t, err)
	require.NoError(t, f.Summary().Damage)
	_, err = f.Plan([]Change{{Kind: XMP, Value: somePacket}})
	limit := new(LimitError)
	require.ErrorAs(t, err, &limit)
}

func FuzzTIFF(f *testing.F) {
	for _, big := range []bool{false, true} {
		b := newTIFF(binary.BigEndian, big)
		sub := b.directory(0, b.field(tagXMP, 1, "<sub/>packet"))
		second := b.directory(0, b.field(tagXMP, 7, "<second/>packet"))
		f.Add(b.file(b.directory(second, b.field(tagSubIFDs, 4, b.long(sub)), b.field(0x010E, 2, "words\x00"))))
	}
	fuzz(f, "tiff", TIFF, XMP, somePacket)
}
