package container

import (
	"bytes"
	"encoding/binary"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// heifFixtures returns the fixtures of HEIC and AVIF.
func heifFixtures(t testing.TB) map[string][]byte {
	files := fixtures(t, "heic")
	maps.Copy(files, fixtures(t, "avif"))
	return files
}

func TestHEIFRoundTrip(t *testing.T) {
	for name, b := range heifFixtures(t) {
		t.Run(name, func(t *testing.T) {
			want := itemsOf(t, b)
			roundTrip(t, HEIF, b, XMP, somePacket, bytes.Repeat(somePacket, 9), []byte("<x/>"))
			requireItems(t, want, put(t, HEIF, b, XMP, somePacket))
			if !strings.HasPrefix(name, "sequence") { // its samples may be cut off unseen
				out := put(t, HEIF, b, XMP, somePacket)
				truncations(t, HEIF, out, len(out))
			}
		})
	}
}

// A label that is taken away leaves the file as it was, but for free space.
func TestHEIFRemoveRestores(t *testing.T) {
	b := fixtures(t, "avif")["plain.avif"]
	out := remove(t, HEIF, put(t, HEIF, b, XMP, somePacket), XMP)
	require.Equal(t, itemsOf(t, b), itemsOf(t, out))
	require.NotContains(t, string(out), "iref")
	free := bytes.Index(out, []byte("free")) - 4
	out = slices.Delete(out, free, free+int(binary.BigEndian.Uint32(out[free:])))
	require.Len(t, out, len(b))
}

// The label of a file that loses its end is read: it is at the head.
func TestHEIFLabelIsAtTheHead(t *testing.T) {
	for name, b := range heifFixtures(t) {
		b = put(t, HEIF, b, XMP, somePacket)
		r := guide(walk(t, HEIF, b), XMP).Ranges[0]
		cut := walk(t, HEIF, b[:r.Offset+r.Length])
		require.Error(t, cut.Summary().Damage, name)
		require.Equal(t, string(somePacket), string(guide(cut, XMP).Value), name)
	}
}

// itemsOf returns the data of every item of a file, by its number.
func itemsOf(t testing.TB, b []byte) map[uint64]string {
	t.Helper()
	f := walk(t, HEIF, b).(*heifFile)
	l, err := readLocations(f.src, f.pict)
	require.NoError(t, err)
	items := map[uint64]string{}
	for _, it := range l.items {
		if _, again := items[it.id]; again {
			continue // the first entry counts
		}
		for _, e := range it.list {
			if it.construction() == fromItem || !it.known() {
				continue
			}
			at, ok := f.pict.extent(f.src, it.ilocItem, e)
			require.True(t, ok)
			items[it.id] += string(b[at.Offset:][:at.Length])
		}
	}
	return items
}

// requireItems checks that the items of before have their data, but for those
// that hold the guide's packet.
func requireItems(t testing.TB, before map[uint64]string, b []byte) {
	t.Helper()
	packet := guide(walk(t, HEIF, b), XMP)
	after := itemsOf(t, b)
	for id, data := range before {
		if after[id] != string(packet.Value) {
			require.Equal(t, data, after[id], "item %d", id)
		}
	}
}

// A still is a small synthetic file.
type still struct {
	sizes              [4]int // of offset, length, base and index in iloc
	version            byte   // of iloc
	wide               bool   // numbers have 32 bits in the other boxes
	primary            uint32
	items              []stillItem
	again              []stillItem // further entries of iloc
	idat               string
	first, large, open bool // mdat is before meta, has a 64-bit size, or none
	after              []byte
	meta               []byte // further boxes of meta
}

// A stillItem is an item. Its data are parts of idat or of mdat, in which each
// part stands once.
type stillItem struct {
	id     uint32
	kind   string // as in infe, from the type on
	method uint64
	file   uint64 // 0 for this one
	base   int    // what its extents count from, in the media
	data   []string
	refs   []string // a type and numbers: "cdsc\x01"
}

const (
	xmpEntry  = "mime\x00application/rdf+xml\x00"
	exifEntry = "Exif\x00"
	hvcEntry  = "hvc1\x00"
)

func (s still) bytes() []byte {
	b, media := s.at(0)
	b, _ = s.at(int64(bytes.Index(b, media)))
	return b
}

// at returns the file with its media at a position, and the media.
func (s still) at(pos int64) (file, media []byte) {
	for _, it := range s.items {
		for _, part := range it.data {
			if it.method == fromFile && !bytes.Contains(media, []byte(part)) {
				media = append(media, part...)
			}
		}
	}
	mdat := bmffEncode("mdat", media)
	switch {
	case len(media) == 0:
		mdat = nil
	case s.large:
		mdat = append(binary.BigEndian.AppendUint64([]byte("\x00\x00\x00\x01mdat"), uint64(16+len(media))), media...)
	case s.open:
		copy(mdat, make([]byte, 4))
	}
	brand := bmffEncode("ftyp", []byte("heic\x00\x00\x00\x00mif1heic"))
	if s.first {
		return slices.Concat(brand, mdat, s.metaBox(pos, media), s.after), media
	}
	return slices.Concat(brand, s.metaBox(pos, media), s.after, mdat), media
}

func (s still) metaBox(pos int64, media []byte) []byte {
	var entries, refs []byte
	l := heifLocations{head: [6]byte{s.version}, iloc: iloc{version: uint64(s.version), number: 2}}
	l.offset, l.length, l.base, l.index = s.sizes[0], s.sizes[1], s.sizes[2], s.sizes[3]
	l.head[5] = byte(l.index)
	if s.version > 1 {
		l.number = 4
	}
	for _, it := range s.items {
		id := fieldWriter{}
		id.uint(idWidth(s.wide), uint64(it.id))
		entries = append(entries, bmffEncode("infe", []byte{2 + s.version8(), 0, 0, 0}, id.b, []byte{0, 0}, []byte(it.kind))...)
		for _, ref := range it.refs {
			to := fieldWriter{}
			for _, c := range []byte(ref[4:]) {
				to.uint(idWidth(s.wide), uint64(c))
			}
			refs = append(refs, bmffEncode(ref[:4], id.b, []byte{0, byte(len(ref) - 4)}, to.b)...)
		}
		l.items = append(l.items, s.location(it, pos, media))
	}
	for _, it := range s.again {
		l.items = append(l.items, s.location(it, pos, media))
	}
	body, _ := l.encode()
	primary := fieldWriter{}
	primary.uint(idWidth(s.wide), uint64(s.primary))
	count := fieldWriter{}
	count.uint(idWidth(s.wide), uint64(len(s.items)))
	version := []byte{s.version8(), 0, 0, 0}
	parts := [][]byte{make([]byte, 4), bmffEncode("hdlr", make([]byte, 8), []byte("pict"), make([]byte, 13)),
		bmffEncode("pitm", version, primary.b), bmffEncode("iloc", body), bmffEncode("iinf", version, count.b, entries)}
	if refs != nil {
		parts = append(parts, bmffEncode("iref", version, refs))
	}
	if s.idat != "" {
		parts = append(parts, bmffEncode("idat", []byte(s.idat)))
	}
	return bmffEncode("meta", append(parts, s.meta)...)
}

// version8 returns the version of boxes whose numbers have 32 bits if it is 1.
func (s still) version8() byte {
	if s.wide {
		return 1
	}
	return 0
}

// location returns the entry of an item in iloc.
func (s still) location(it stillItem, pos int64, media []byte) heifLocation {
	l := heifLocation{ilocItem: ilocItem{id: uint64(it.id), method: it.method, reference: it.file, extents: uint64(len(it.data))}}
	from := uint64(0)
	if it.method == fromFile {
		from = uint64(pos)
	}
	if l.base = from + uint64(it.base); s.sizes[2] == 0 {
		l.base = 0
	}
	for i, part := range it.data {
		e := ilocExtent{offset: uint64(strings.Index(s.idat, part)), length: uint64(len(part))}
		switch it.method {
		case fromFile:
			e.offset = uint64(pos) + uint64(bytes.Index(media, []byte(part)))
		case fromItem: // part is an offset, and a length
			e = ilocExtent{uint64(i + 1), uint64(part[0]), uint64(part[1])}
		}
		e.offset -= l.base
		l.list = append(l.list, e)
	}
	return l
}

// aStill has a picture of two extents, and one that it is shown beside.
func aStill() still {
	return still{sizes: [4]int{4, 4, 0, 0}, primary: 1, items: []stillItem{
		{id: 1, kind: hvcEntry, data: []string{"picture_one_", "and_its_end_"}}, {id: 2, kind: hvcEntry, data: []string{"picture_two_"}}}}
}

// change returns a file that differs from s.
func change(s still, change func(*still)) still {
	change(&s)
	return s
}

// with returns the file with one more item.
func (s still) with(items ...stillItem) still {
	s.items = slices.Concat(s.items, items)
	return s
}

var (
	oldPacket = "<x:xmpmeta old/>"
	packetOf1 = stillItem{id: 3, kind: xmpEntry, data: []string{oldPacket}, refs: []string{"cdsc\x01"}}
	packetOf2 = stillItem{id: 4, kind: xmpEntry, data: []string{"<rdf:RDF of two/>"}, refs: []string{"cdsc\x02"}}
	aBlock    = stillItem{id: 5, kind: exifEntry, data: []string{"\x00\x00\x00\x06Exif\x00\x00II*\x00\x08\x00\x00\x00\x00\x00\x00\x00\x00\x00"}, refs: []string{"cdsc\x01"}}
)

// stills are files of every layout.
func stills() map[string]still {
	base := aStill()
	base.sizes = [4]int{4, 4, 8, 0}
	base.items[0].base, base.items[1].base = 0, 24
	onlyBase := aStill()
	onlyBase.sizes, onlyBase.items = [4]int{0, 4, 4, 0}, []stillItem{{id: 1, kind: hvcEntry, data: []string{"picture_one_"}, base: 0}}
	inIDAT := aStill()
	inIDAT.version, inIDAT.idat = 1, "grid"+oldPacket+"more"
	inIDAT.items = append(inIDAT.items, stillItem{id: 6, kind: "grid\x00", method: fromIDAT, data: []string{"grid", "more"}})
	inIDAT = inIDAT.with(stillItem{id: 3, kind: xmpEntry, method: fromIDAT, data: []string{oldPacket}, refs: []string{"cdsc\x01"}})
	noMedia := still{sizes: [4]int{0, 0, 0, 0}, version: 1, primary: 1, idat: "grid",
		items: []stillItem{{id: 1, kind: "grid\x00", method: fromIDAT, data: []string{"grid"}}}}
	wide := aStill().with(packetOf1)
	wide.wide, wide.version, wide.sizes = true, 2, [4]int{8, 8, 8, 4}
	full := aStill().with(stillItem{id: math.MaxUint16, kind: hvcEntry, data: []string{"last"}})
	outside := packetOf1
	outside.file = 1
	doubled := aStill().with(packetOf1)
	doubled.again = []stillItem{{id: 3, kind: xmpEntry, data: []string{"picture_two_"}}, packetOf1}
	numbered, sharer := packetOf1, packetOf1
	numbered.method, numbered.file = fromIDAT, 1
	sharer.id, sharer.kind, sharer.method, sharer.refs = 9, hvcEntry, fromIDAT, nil
	sharedIDAT := change(aStill().with(numbered, sharer), func(s *still) { s.version, s.idat = 1, oldPacket })
	unknown := inIDAT
	unknown.items = slices.Clone(unknown.items)
	unknown.items[len(unknown.items)-1].method = 15
	dangling := aStill()
	dangling.items[0].refs = []string{"dimg\x02\x07"}
	return map[string]still{
		"dangling reference": dangling,
		"unknown method":     unknown,
		"two entries":        doubled,
		"in another file":    aStill().with(outside),
		"plain":              aStill(),
		"packet":             aStill().with(packetOf1),
		"other's packet":     aStill().with(packetOf2),
		"Exif, packets":      aStill().with(aBlock, packetOf2, packetOf1),
		"no reference":       aStill().with(stillItem{id: 9, kind: xmpEntry, data: []string{oldPacket}}),
		"two extents":        aStill().with(stillItem{id: 9, kind: xmpEntry, data: []string{"<x:xmpmeta ", "new/>"}}),
		"no extents":         aStill().with(stillItem{id: 9, kind: xmpEntry}),
		"shared":             aStill().with(packetOf1, stillItem{id: 9, kind: hvcEntry, data: []string{oldPacket}}),
		"shared in idat":     sharedIDAT,
		"base":               base,
		"only base":          onlyBase,
		"no fields":          noMedia,
		"idat":               inIDAT,
		"32-bit numbers":     wide,
		"media first":        change(aStill(), func(s *still) { s.first = true }),
		"64-bit mdat":        change(aStill(), func(s *still) { s.large = true }),
		"open mdat":          change(aStill().with(packetOf1), func(s *still) { s.open = true }),
		"free space":         change(aStill(), func(s *still) { s.after = bmffEncode("free", make([]byte, 400)) }),
		"fragment":           change(aStill(), func(s *still) { s.after = bmffEncode("moof", bmffEncode("traf")) }),
		"group":              change(aStill(), func(s *still) { s.meta = bmffEncode("grpl", bmffEncode("altr", make([]byte, 4), uint32Bytes(3))) }),
		"highest number":     full,
	}
}

func TestHEIFLayouts(t *testing.T) {
	for name, s := range stills() {
		t.Run(name, func(t *testing.T) {
			b := s.bytes()
			require.NoError(t, walk(t, HEIF, b).Summary().Damage)
			want := itemsOf(t, b)
			for range 2 {
				for _, packet := range [][]byte{somePacket, bytes.Repeat(somePacket, 3), []byte("<x:xmpmeta/>")} {
					others := countKind(walk(t, HEIF, b), XMP)
					had := guide(walk(t, HEIF, b), XMP) != nil
					b = put(t, HEIF, b, XMP, packet)
					f := walk(t, HEIF, b)
					require.NoError(t, f.Summary().Damage)
					require.Equal(t, string(packet), string(guide(f, XMP).Value))
					if !had {
						others++
					}
					require.Equal(t, others, countKind(f, XMP))
					requireItems(t, want, b)
				}
				f := walk(t, HEIF, b)
				plan, err := f.Plan([]Change{{Slot: guide(f, XMP)}})
				require.NoError(t, err)
				b = output(t, plan, b)
				require.NotContains(t, string(b), "<x:xmpmeta/>")
				gone := f.(*heifFile).pict.describing(XMP).id
				delete(want, gone)
				after := itemsOf(t, b)
				require.NotContains(t, after, gone)
				require.Equal(t, want, after)
			}
		})
	}
}

func TestHEIFNumbers(t *testing.T) {
	for name, want := range map[string]uint64{"plain": 3, "group": 4, "highest number": 3, "dangling reference": 8, "32-bit numbers": 3} {
		b := stills()[name].bytes()
		if name == "32-bit numbers" {
			b = remove(t, HEIF, b, XMP)
		}
		f := walk(t, HEIF, put(t, HEIF, b, XMP, somePacket)).(*heifFile)
		require.Equal(t, want, f.pict.describing(XMP).id, name)
	}
}

func TestHEIFSlots(t *testing.T) {
	block := aBlock.data[0][10:]
	l := walk(t, HEIF, aStill().with(aBlock, packetOf2, packetOf1).bytes())
	require.Equal(t, []string{"HEIF item Exif guide " + block, "HEIF item application/rdf+xml <rdf:RDF of two/>", "HEIF item application/rdf+xml guide " + oldPacket}, slotsOf(l))
	secret := aStill().with(packetOf1).bytes()
	entry := bytes.Index(secret, []byte("\x00\x03\x00\x00mime"))
	secret[entry+3] = 1 // protected
	require.Empty(t, walk(t, HEIF, secret).Summary().Slots)
	packed := aStill().with(stillItem{id: 3, kind: xmpEntry + "deflate\x00", data: []string{"x"}}).bytes()
	require.Len(t, walk(t, HEIF, packed).Summary().Limits, 1)
}

// An Exif block keeps what stands before its TIFF header.
func TestHEIFExif(t *testing.T) {
	for name, b := range map[string][]byte{"built": aStill().with(aBlock, packetOf1).bytes(), "heic": fixtures(t, "heic")["tagged.heic"], "avif": fixtures(t, "avif")["tagged.avif"]} {
		want := itemsOf(t, b)
		block := guide(walk(t, HEIF, b), EXIF).Value
		for _, value := range [][]byte{append(block, "and more"...), []byte("II*\x00"), block} {
			b = put(t, HEIF, b, EXIF, value)
			require.Equal(t, string(value), string(guide(walk(t, HEIF, b), EXIF).Value), name)
		}
		require.Equal(t, want, itemsOf(t, b), name)
	}
}

// An empty extent does not make up for an item that has the bytes of another one.
func TestHEIFSharedBesideAnEmptyExtent(t *testing.T) {
	packet := stillItem{id: 3, kind: xmpEntry, method: fromIDAT, data: []string{oldPacket, "."}}
	b := change(aStill().with(packet, stillItem{id: 9, kind: hvcEntry, method: fromIDAT, data: []string{oldPacket}}), func(s *still) { s.version, s.idat = 1, oldPacket+"." }).bytes()
	end := len(oldPacket)
	extent := bytes.Index(b, slices.Concat(uint32Bytes(end), uint32Bytes(1)))
	copy(b[extent:], slices.Concat(uint32Bytes(end+1), uint32Bytes(0)))
	require.Equal(t, oldPacket, string(guide(walk(t, HEIF, b), XMP).Value))
	require.Equal(t, oldPacket, itemsOf(t, put(t, HEIF, b, XMP, somePacket))[9])
}

// Metadata that ExifTool deleted has an extent of no length, not all of the file.
func TestHEIFDeletedByExifTool(t *testing.T) {
	b := aStill().with(aBlock, packetOf1).bytes()
	for _, part := range []string{oldPacket, aBlock.data[0]} {
		at := bytes.Index(b, slices.Concat(uint32Bytes(bytes.Index(b, []byte(part))), uint32Bytes(len(part))))
		media := bytes.Index(b, []byte("mdat")) + 4
		copy(b[at:], slices.Concat(uint32Bytes(media), uint32Bytes(0)))
	}
	f := walk(t, HEIF, b)
	require.NoError(t, f.Summary().Damage)
	require.Equal(t, []string{"HEIF item application/rdf+xml guide "}, slotsOf(f))
	want := itemsOf(t, b)
	for _, packet := range [][]byte{somePacket, bytes.Repeat(somePacket, 3)} {
		b = put(t, HEIF, b, XMP, packet)
		require.Equal(t, string(packet), string(guide(walk(t, HEIF, b), XMP).Value))
		requireItems(t, want, b)
	}
	b = remove(t, HEIF, b, XMP)
	require.NotContains(t, string(b), string(somePacket))
}

// A packet that is a part of another item is read, but not written.
func TestHEIFPartOfItem(t *testing.T) {
	s := aStill().with(stillItem{id: 3, kind: xmpEntry, method: fromItem, data: []string{"\x08\x08", "\x00\x07"}, refs: []string{"cdsc\x01", "iloc\x01\x02"}})
	s.sizes[3], s.version = 4, 1
	f := walk(t, HEIF, s.bytes())
	require.NoError(t, f.Summary().Damage)
	require.Equal(t, "one_and_picture", string(guide(f, XMP).Value))
	_, err := f.Plan([]Change{{Slot: guide(f, XMP), Value: somePacket}})
	require.ErrorIs(t, err, ErrNoPlace)
}
