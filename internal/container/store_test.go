package container

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// storeCarriers are the formats that take C2PA stores, by their fixtures, with the
// other kinds of values that a plan may hold beside one.
var storeCarriers = map[string]struct {
	walk  Walk
	kinds []Kind
}{
	"png": {PNG, []Kind{XMP}}, "jpeg": {JPEG, []Kind{XMP, EXIF}}, "webp": {WebP, []Kind{XMP, EXIF}}, "gif": {GIF, []Kind{XMP}},
	"tiff": {TIFF, []Kind{XMP}}, "svg": {SVG, []Kind{XMP}}, "heic": {HEIF, []Kind{XMP}}, "avif": {HEIF, []Kind{XMP}}, "jxl": {JXL, []Kind{XMP}},
	"mp4": {BMFF, []Kind{Record, XMP}}, "mov": {BMFF, []Kind{Record, XMP}}, "m4a": {BMFF, []Kind{Record, XMP}},
	"mp3": {MP3, []Kind{Record}}, "flac": {FLAC, []Kind{Record}}, "aac": {AAC, []Kind{Record}}, "wav": {WAV, []Kind{Record}}, "avi": {AVI, []Kind{Record}},
}

// storeless are the fixtures without a place for a store: their end is not known.
var storeless = []string{"streamed.wav", "streamed.avi"}

// storeOf returns a manifest store of n bytes: the head of one, then zeros, which
// hold the place, or what seed gives.
func storeOf(n int, seed uint64) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(n))
	b = append(b, "jumb\x00\x00\x00\x1ejumdc2pa\x00\x11\x00\x10\x80\x00\x00\xaa\x008\x9bq\x03c2pa\x00"...)
	head := len(b)
	b = append(b, make([]byte, n-head)...)
	if seed > 0 {
		random := rand.NewChaCha8([32]byte{byte(seed)})
		_, _ = random.Read(b[head:])
		copy(b[head:], "\xff\xe0\xff\x00") // looks like the start of an MPEG frame
	}
	return b
}

// otherValue is a value of a kind beside a store.
var otherValue = map[Kind][]byte{XMP: somePacket, EXIF: []byte(tiffTiny), Record: someRecord}

// A storing puts a store of n bytes into a file, and values of other kinds.
type storing struct {
	walk  Walk
	file  []byte
	kinds []Kind
}

// plan returns the output of one plan.
func (s storing) plan(t *testing.T, store []byte) []byte {
	t.Helper()
	f := walk(t, s.walk, s.file)
	require.NoError(t, f.Summary().Damage)
	changes := []Change{{Slot: guide(f, C2PA), Kind: C2PA, Value: store}}
	for _, kind := range s.kinds {
		changes = append(changes, Change{Slot: guide(f, kind), Kind: kind, Value: otherValue[kind]})
	}
	plan, err := f.Plan(changes)
	require.NoError(t, err)
	return output(t, plan, s.file)
}

// put plans twice, as signing does, and checks that the two outputs differ in
// nothing but the frame of the store.
func (s storing) put(t *testing.T, n int, seed uint64) []byte {
	t.Helper()
	store := storeOf(n, seed)
	held, final := s.plan(t, storeOf(n, 0)), s.plan(t, store)
	alike(t, s.walk, held, final)
	require.Equal(t, 1, countKind(walk(t, s.walk, final), C2PA))
	require.True(t, bytes.Equal(store, storeBytes(t, final, storeIn(t, s.walk, final))), "another store comes back")
	f := walk(t, s.walk, final)
	for _, kind := range s.kinds {
		require.Equal(t, string(otherValue[kind]), string(guide(f, kind).Value))
	}
	return final
}

// alike checks that two files differ in nothing but the frame of their stores.
func alike(t *testing.T, w Walk, a, b []byte) {
	t.Helper()
	require.Len(t, b, len(a))
	place, slot := storeIn(t, w, a), storeIn(t, w, b)
	require.Equal(t, place.Ranges, slot.Ranges)
	require.Equal(t, place.Frame, slot.Frame)
	require.True(t, bytes.Equal(outside(a, slot.Frame), outside(b, slot.Frame)), "the store changes bytes beside its frame")
}

// storeIn returns the store of a whole file.
func storeIn(t *testing.T, w Walk, b []byte) *Slot {
	t.Helper()
	f := walk(t, w, b)
	require.NoError(t, f.Summary().Damage)
	slot := guide(f, C2PA)
	require.NotNil(t, slot)
	framed(t, slot)
	return slot
}

// framed checks that the ranges and the frame of a store are in order, and that the
// frame holds the ranges.
func framed(t *testing.T, s *Slot) {
	t.Helper()
	require.True(t, slices.IsSortedFunc(s.Frame, func(a, b Range) int { return int(a.end() - b.Offset) }), "frame: %v", s.Frame)
	for _, r := range s.Ranges {
		holds := func(frame Range) bool { return frame.Offset <= r.Offset && r.end() <= frame.end() }
		require.True(t, slices.ContainsFunc(s.Frame, holds), "frame %v is without %v", s.Frame, r)
	}
}

// storeBytes returns the store in a slot.
func storeBytes(t *testing.T, b []byte, s *Slot) (store []byte) {
	t.Helper()
	if s.Encoding != "" {
		return s.Value
	}
	require.Nil(t, s.Value)
	for _, r := range s.Ranges {
		store = append(store, b[r.Offset:r.end()]...)
	}
	return store
}

// outside returns what a file has beside ranges that are in order.
func outside(b []byte, ranges []Range) (rest []byte) {
	pos := int64(0)
	for _, r := range ranges {
		rest = append(rest, b[pos:r.Offset]...)
		pos = r.end()
	}
	return append(rest, b[pos:]...)
}

// traceless checks that nothing is left of a store.
func traceless(t *testing.T, b, store []byte) {
	t.Helper()
	for piece := range slices.Chunk(store[64:], 48) {
		require.False(t, bytes.Contains(b, piece), "a piece of the store is still there")
		require.False(t, bytes.Contains(b, []byte(base64.StdEncoding.EncodeToString(piece[:len(piece)/3*3]))))
	}
}

// othersOf describes the slots of a file but for stores.
func othersOf(f File) (list []string) {
	for _, s := range f.Summary().Slots {
		if s.Kind != C2PA {
			list = append(list, s.Place+" "+string(s.Value))
		}
	}
	return list
}

// Signing plans a store twice: for the hash of the file, then with what it signs.
func TestStores(t *testing.T) {
	for format, c := range storeCarriers {
		for name, b := range fixtures(t, format) {
			if slices.Contains(storeless, name) {
				continue
			}
			t.Run(format+"/"+name, func(t *testing.T) {
				others := othersOf(walk(t, c.walk, b))
				for i, n := range []int{1 << 10, 70 << 10, 300 << 10, 2<<10 + 1} { // each replaces the one before
					b = storing{walk: c.walk, file: b}.put(t, n, uint64(1+i))
					if i > 0 {
						traceless(t, b, storeOf(1<<10, uint64(i)))
					}
					require.Equal(t, others, othersOf(walk(t, c.walk, b)))
				}
				b = remove(t, c.walk, b, C2PA)
				traceless(t, b, storeOf(2<<10+1, 4))
				require.Equal(t, others, othersOf(walk(t, c.walk, b)))
			})
		}
	}
}

// One plan holds a store and what it vouches for.
func TestStoresBesideOthers(t *testing.T) {
	for format, c := range storeCarriers {
		for name, b := range fixtures(t, format) {
			if slices.Contains(storeless, name) {
				continue
			}
			t.Run(format+"/"+name, func(t *testing.T) {
				s := storing{c.walk, b, c.kinds}
				s.file = s.put(t, 70<<10, 1)
				s.put(t, 71<<10, 2)
			})
		}
	}
}

// A store that is unsynchronised would have a length that depends on its bytes.
func TestStoresInID3(t *testing.T) {
	for _, v := range id3Variants {
		t.Run(v.name, func(t *testing.T) {
			b := append([]byte(v.tag), someAudio...)
			before := othersOf(walk(t, MP3, b))
			for i, n := range []int{3 << 10, 2 << 10, 70 << 10} {
				b = storing{walk: MP3, file: b}.put(t, n, uint64(i+1))
				require.Equal(t, before, othersOf(walk(t, MP3, b)))
			}
			b = remove(t, MP3, b, C2PA)
			traceless(t, b, storeOf(70<<10, 3))
		})
	}
}

// Many small frames are not copied with each of them.
func TestStoreInStuffedID3(t *testing.T) {
	frames := bytes.Repeat([]byte(frame4("TXXX", id3FrameUnsync, "\x00a\x00b")), 4000)
	b := append([]byte(id3(4, id3Unsync, string(frames))), someAudio...)
	cheap(t, b, func() {
		_, err := walk(t, MP3, b).Plan([]Change{{Kind: C2PA, Value: storeOf(64, 0)}})
		require.NoError(t, err)
	})
}

// Where all instance numbers are taken, the search for one ends.
func TestStoreInFullJPEG(t *testing.T) {
	b := []byte("\xff\xd8")
	for n := range 1 << 16 {
		b = appendJPEGSegment(b, markerAPP11, []byte(jpegJUMBF), binary.BigEndian.AppendUint16(nil, uint16(n)), make([]byte, 12))
	}
	b = append(b, fixtures(t, "jpeg")["baseline.jpg"][2:]...)
	f, err := JPEG(NewSource(bytes.NewReader(b), int64(len(b)), Limits{Count: 1 << 20}))
	require.NoError(t, err)
	_, err = f.Plan([]Change{{Kind: C2PA, Value: storeOf(64, 0)}})
	require.ErrorIs(t, err, ErrNoPlace)
}

// An update of a manifest stands in a box of its own, at the end of the file (C2PA
// 2.1, A.5).
func TestStoreUpdates(t *testing.T) {
	box := func(purpose string, store []byte) []byte {
		return bmffEncode("uuid", []byte(uuidC2PA), make([]byte, 4), []byte(purpose+"\x00"), make([]byte, 8), store)
	}
	b := fixtures(t, "mp4")["faststart.mp4"]
	head := binary.BigEndian.Uint32(b)
	b = slices.Concat(b[:head], box("original", storeOf(100, 1)), b[head:], box("merkle", nil), box("update", storeOf(90, 2)))
	f := walk(t, BMFF, b)
	stores := slices.DeleteFunc(slices.Clone(f.Summary().Slots), func(s Slot) bool { return s.Kind != C2PA })
	require.Len(t, stores, 2)
	require.Equal(t, "MP4 uuid C2PA original", stores[0].Place)
	require.Equal(t, "MP4 uuid C2PA update", stores[1].Place)
	require.Equal(t, storeOf(90, 2), storeBytes(t, b, &stores[1]))
	require.Equal(t, int64(len(b)), stores[1].Frame[0].end())

	slots := f.Summary().Slots
	changes := []Change{{Slot: &slots[0], Value: storeOf(120, 3)}, {Slot: &slots[len(slots)-1]}}
	plan, err := f.Plan(changes)
	require.NoError(t, err)
	out := output(t, plan, b)
	slot := storeIn(t, BMFF, out)
	require.Equal(t, "MP4 uuid C2PA", slot.Place)
	require.Equal(t, storeOf(120, 3), storeBytes(t, out, slot))
	require.Equal(t, 1, countKind(walk(t, BMFF, out), C2PA))
}

// Whatever the file, a plan of a store has the geometry that was held for it.
func FuzzStores(f *testing.F) {
	formats := slices.Sorted(maps.Keys(storeCarriers))
	for i, format := range formats {
		for name, b := range fixtures(f, format) {
			f.Add(uint8(i), b)
			if !slices.Contains(storeless, name) {
				f.Add(uint8(i), put(f, storeCarriers[format].walk, b, C2PA, storeOf(600, 1)))
			}
		}
	}
	f.Fuzz(func(t *testing.T, i uint8, b []byte) {
		w := storeCarriers[formats[int(i)%len(formats)]].walk
		file := walk(t, w, b)
		for _, s := range file.Summary().Slots {
			if s.Kind == C2PA {
				framed(t, &s)
			}
		}
		if file.Summary().Damage != nil || len(file.Summary().Limits) > 0 {
			return
		}
		var outputs [2][]byte
		for seed := range outputs {
			plan, err := file.Plan([]Change{{Slot: guide(file, C2PA), Kind: C2PA, Value: storeOf(1000, uint64(seed))}})
			if err != nil {
				return
			}
			outputs[seed] = output(t, plan, b)
		}
		alike(t, w, outputs[0], outputs[1])
		require.Equal(t, storeOf(1000, 1), storeBytes(t, outputs[1], storeIn(t, w, outputs[1])))
	})
}

// What could not be read back is not written.
func TestStoreTooLarge(t *testing.T) {
	for name, tt := range map[string]struct {
		walk Walk
		file []byte
	}{"SVG": {SVG, fixtures(t, "svg")["plain.svg"]}, "ID3v2.2": {MP3, append([]byte(id3(2, 0, frame2("TT2", "\x00t"))), someAudio...)}} {
		_, err := walk(t, tt.walk, tt.file).Plan([]Change{{Kind: C2PA, Value: storeOf(17<<20, 1)}})
		require.ErrorAs(t, err, new(*LimitError), name)
	}
}
