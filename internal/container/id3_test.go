package container

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The tags here are built by hand: no tool at hand writes these variants.

// id3 returns a tag with the body, whose size is syncsafe.
func id3(major, flags byte, body ...string) string {
	var b []byte
	for _, s := range body {
		b = append(b, s...)
	}
	tag := appendSyncsafe([]byte{'I', 'D', '3', major, 0, flags}, int64(len(b)))
	if major == 4 && flags&id3Footer != 0 {
		return string(tag) + string(b) + "3DI" + string(tag[3:])
	}
	return string(tag) + string(b)
}

func frame2(id, data string) string {
	n := len(data)
	return id + string([]byte{byte(n >> 16), byte(n >> 8), byte(n)}) + data
}

func frame3(id string, flags byte, data string) string {
	return string(binary.BigEndian.AppendUint32([]byte(id), uint32(len(data)))) + string([]byte{0, flags}) + data
}

func frame4(id string, flags byte, data string) string {
	return string(appendSyncsafe([]byte(id), int64(len(data)))) + string([]byte{0, flags}) + data
}

func zipped(s string) string { return string(deflate([]byte(s))) }

// stuffed is text that needs unsynchronisation, in Latin-1.
const stuffed = "\xff\x00\xff\xe0\xff"

// someAudio is three frames of silence, MPEG 1 Layer III.
var someAudio = bytes.Repeat(append([]byte{0xFF, 0xFB, 0x10, 0xC4}, make([]byte, 100)...), 3)

var id3Variants = []struct {
	name, tag, value, encoding string
}{
	{"2.2", id3(2, 0, frame2("TXX", "\x00AIGC\x00{}")), "{}", ""},
	{"2.2 UTF-16", id3(2, 0, frame2("TXX", "\x01\xff\xfeA\x00I\x00G\x00C\x00\x00\x00\xff\xfe{\x00}\x00")), "{}", "utf-16"},
	{"2.2 unsynchronised", id3(2, id3Unsync, string(unsynchronise([]byte(frame2("UFI", "x\x00"+stuffed)+frame2("TXX", "\x00AIGC\x00{}"))))), "{}", ""},
	{"2.3 Latin-1", id3(3, 0, frame3("TXXX", 0, "\x00AIGC\x00\xe9")), "é", "latin-1"},
	{"2.3 UTF-8 behind the Latin-1 mark", id3(3, 0, frame3("TXXX", 0, "\x00AIGC\x00\xe5\x80\xbc")), "值", ""},
	{"2.3 UTF-16, big-endian", id3(3, 0, frame3("TXXX", 0, "\x01\xfe\xff\x00A\x00I\x00G\x00C\x00\x00\xfe\xff\x00{\x00}")), "{}", "utf-16"},
	{"2.3 UTF-16, one mark for both strings", id3(3, 0, frame3("TXXX", 0, "\x01\xfe\xff\x00A\x00I\x00G\x00C\x00\x00\x00{\x00}")), "{}", "utf-16"},
	{"2.3 UTF-16, surrogates", id3(3, 0, frame3("TXXX", 0, "\x01\xff\xfeA\x00I\x00G\x00C\x00\x00\x00\xff\xfe\x3d\xd8\x00\xde\x3d\xd8")), "😀\uFFFD", "utf-16"},
	{"2.3 terminated", id3(3, 0, frame3("TXXX", 0, "\x00AIGC\x00{}\x00\x00")), "{}", ""},
	{"2.3 grouped", id3(3, 0, frame3("TXXX", id3Grouped3, "G\x00AIGC\x00{}")), "{}", ""},
	{"2.3 compressed", id3(3, 0, frame3("TXXX", id3Compressed3, "\x00\x00\x00\x08"+zipped("\x00AIGC\x00{}"))), "{}", "deflate"},
	{"2.3 encrypted beside it", id3(3, 0, frame3("TXXX", id3Encrypted3, "\x80secret"), frame3("TXXX", 0, "\x00AIGC\x00{}")), "{}", ""},
	{"2.3 unsynchronised", id3(3, id3Unsync, string(unsynchronise([]byte(frame3("PRIV", 0, "x\x00"+stuffed)+frame3("TXXX", 0, "\x00AIGC\x00{}")+frame3("UFID", 0, "x\x00"+stuffed)))), "\x00\x00\x00"), "{}", ""},
	{"2.3 unsynchronised UTF-16", id3(3, id3Unsync, string(unsynchronise([]byte(frame3("TXXX", 0, "\x01\xff\xfeA\x00I\x00G\x00C\x00\x00\x00\xff\xfe{\x00}\x00"))))), "{}", "unsync"},
	{"2.3 extended header", id3(3, id3Extended, "\x00\x00\x00\x06\x00\x00\x00\x00\x00\x02", frame3("TXXX", 0, "\x00AIGC\x00{}"), "\x00\x00"), "{}", ""},
	{"2.3 checksum", id3(3, id3Extended, "\x00\x00\x00\x0a\x80\x00\x00\x00\x00\x02\x01\x02\x03\x04", frame3("TXXX", 0, "\x00AIGC\x00{}"), "\x00\x00"), "{}", ""},
	{"2.3 name of 2.2", id3(3, 0, frame3("TXX\x00", 0, "\x00AIGC\x00{}")), "{}", ""},
	{"2.4", id3(4, 0, frame4("TXXX", 0, "\x03AIGC\x00{}")), "{}", ""},
	{"2.4 UTF-16BE", id3(4, 0, frame4("TXXX", 0, "\x02\x00A\x00I\x00G\x00C\x00\x00\x00{\x00}\x00\x00")), "{}", "utf-16"},
	{"2.4 footer", id3(4, id3Footer, frame4("TIT2", 0, "\x03T"), frame4("TXXX", 0, "\x03AIGC\x00{}")), "{}", ""},
	{"2.4 extended header", id3(4, id3Extended, "\x00\x00\x00\x0f\x01\x70\x00\x05\x0f\x7f\x7f\x7f\x7f\x01\x00", frame4("TXXX", 0, "\x03AIGC\x00{}"), "\x00\x00"), "{}", ""},
	{"2.4 length indicator, group", id3(4, 0, frame4("TXXX", id3Grouped4|id3LengthIndicator, "G\x00\x00\x00\x08\x03AIGC\x00{}")), "{}", ""},
	{"2.4 compressed", id3(4, 0, frame4("TXXX", id3Compressed4|id3LengthIndicator, "\x00\x00\x00\x08"+zipped("\x03AIGC\x00{}"))), "{}", "deflate"},
	{"2.4 unsynchronised frame", id3(4, 0, frame4("TXXX", id3FrameUnsync, "\x01\xff\x00\xfeA\x00I\x00G\x00C\x00\x00\x00\xff\x00\xfe{\x00}\x00")), "{}", "unsync"},
	{"2.4 unsynchronised tag", id3(4, id3Unsync, frame4("PRIV", id3FrameUnsync, "x\x00"+stuffed), frame4("TXXX", id3FrameUnsync, "\x03AIGC\x00{}")), "{}", ""},
	{"2.4 plain sizes", id3(4, 0, frame3("PRIV", 0, "x\x00"+string(make([]byte, 200))), frame3("TXXX", 0, "\x03AIGC\x00{}")), "{}", ""},
}

func TestID3Variants(t *testing.T) {
	for _, v := range id3Variants {
		t.Run(v.name, func(t *testing.T) {
			b := append([]byte(v.tag), someAudio...)
			f := walk(t, MP3, b)
			require.NoError(t, f.Summary().Damage)
			require.Empty(t, f.Summary().Limits)
			slot := guide(f, Record)
			require.NotNil(t, slot)
			require.Equal(t, v.value, string(slot.Value))
			require.Equal(t, v.encoding, slot.Encoding)
			truncations(t, MP3, b, len(v.tag)+len(someAudio)/3)
			roundTrip(t, MP3, b, Record, []byte(v.value), someRecord, []byte(`{"名":"！"}`), []byte(`{"Label":"3"}`))
		})
	}
}

// names returns the identifiers of all frames of the first tag.
func names(t *testing.T, b []byte) (ids []string) {
	src := NewSource(bytes.NewReader(b), int64(len(b)), Limits{})
	tag, err := new(Layout).readID3(src, 0, src.Size(), true)
	require.NoError(t, err)
	for pos := tag.first; ; {
		f, ok, err := tag.frame(pos)
		require.NoError(t, err)
		if !ok {
			return ids
		}
		ids = append(ids, strings.Replace(f.id, "TXX\x00", "TXXX", 1))
		pos += f.Length
	}
}

func TestID3KeepsOtherFrames(t *testing.T) {
	for _, v := range id3Variants {
		t.Run(v.name, func(t *testing.T) {
			b := append([]byte(v.tag), someAudio...)
			before := names(t, b)
			require.Equal(t, before, names(t, put(t, MP3, b, Record, someRecord)))
			added := put(t, MP3, b, C2PA, []byte("store\xff\x00\xff\xe1"))
			require.Equal(t, before, names(t, added)[1:])
			require.NotNil(t, guide(walk(t, MP3, added), C2PA))
		})
	}
}

func TestID3Padding(t *testing.T) {
	frame := frame4("TIT2", 0, "\x03T")
	tag := id3(4, 0, frame, string(make([]byte, 200)))
	b := append([]byte(tag), someAudio...)
	once := put(t, MP3, b, Record, someRecord)
	require.Len(t, once, len(b), "padding is eaten first")
	long := bytes.Repeat([]byte("x"), 300)
	grown := put(t, MP3, once, Record, long)
	require.Greater(t, len(grown), len(b)+id3Padding/2, "a tag that grows gets new padding")
	require.Len(t, put(t, MP3, grown, Record, append(long, long...)), len(grown), "and the next edit is in place")
	require.Len(t, put(t, MP3, grown, Record, someRecord), len(grown), "what shrinks becomes padding")
}

func TestID3KeepsWhatHidesInPadding(t *testing.T) {
	for zeros := 1; zeros < 200; zeros++ { // also as many as the new frame has bytes
		tag := id3(4, 0, frame4("TIT2", 0, "\x03T"), string(make([]byte, zeros)), "a secret", string(make([]byte, 200)))
		out := put(t, MP3, append([]byte(tag), someAudio...), Record, someRecord)
		require.Contains(t, string(out), "a secret")
		require.NoError(t, walk(t, MP3, out).Summary().Damage, "behind %d zeros", zeros)
	}
}

func TestID3DropsStaleChecksum(t *testing.T) {
	for _, name := range []string{"2.3 checksum", "2.4 extended header"} {
		i := slices.IndexFunc(id3Variants, func(v struct{ name, tag, value, encoding string }) bool { return v.name == name })
		b := append([]byte(id3Variants[i].tag), someAudio...)
		out := put(t, MP3, b, Record, someRecord)
		switch out[3] {
		case 3:
			require.Zero(t, out[5]&id3Extended)
		case 4:
			require.NotZero(t, out[5]&id3Extended, "the restrictions are kept")
			require.Equal(t, "\x00\x00\x00\x09\x01\x50\x00\x01\x00", string(out[10:19]))
		}
	}
}

// A size that is not syncsafe would be one thing or the other, by what follows.
func TestID3PlainSizesBecomeSyncsafe(t *testing.T) {
	private := "x\x00" + string(make([]byte, 200))
	b := []byte(id3(4, 0, frame3("PRIV", 0, private), frame3("TXXX", 0, "\x03AIGC\x00"+strings.Repeat("A", 400))) + string(someAudio))
	require.Equal(t, strings.Repeat("A", 400), string(guide(walk(t, MP3, b), Record).Value))
	for _, n := range []int{1, 250, 1000} { // where 250 AAAA looks like a frame
		value := strings.Repeat("A", n)
		out := put(t, MP3, b, Record, []byte(value))
		require.Equal(t, value, string(guide(walk(t, MP3, out), Record).Value))
		require.Contains(t, string(out), frame4("PRIV", 0, private))
	}
	neither := id3(4, 0, "PRIV\x00\x00\x00\x87\x00\x00x\x00"+stuffed, frame4("TXXX", 0, "\x03AIGC\x00{}"))
	require.ErrorIs(t, walk(t, MP3, append([]byte(neither), someAudio...)).Summary().Damage, errTruncated)
}

func TestID3Texts(t *testing.T) {
	xmp := "<x:xmpmeta/>"
	geob := "\x00application/x-c2pa-manifest-store\x00c2pa\x00manifest\x00jumb"
	b := []byte(id3(3, 0,
		frame3("TIT2", 0, "\x00Title"), frame3("COMM", 0, "\x00engnote\x00a comment"), frame3("TXXX", 0, "\x00parameters\x00steps: 20"),
		frame3("PRIV", 0, "XMP\x00"+xmp), frame3("PRIV", 0, "WM/x\x00\x01"), frame3("GEOB", 0, geob), frame3("GEOB", 0, "\x00text/plain\x00\x00\x00x")) + string(someAudio))
	f := walk(t, MP3, b)
	require.NoError(t, f.Summary().Damage)
	require.Equal(t, []Slot{
		{Kind: Text, Key: "TIT2", Place: "ID3v2 TIT2", Value: []byte("Title"), Ranges: []Range{{21, 5}}},
		{Kind: Text, Key: "note", Place: "ID3v2 COMM note", Value: []byte("a comment"), Ranges: []Range{{45, 9}}},
		{Kind: Text, Key: "parameters", Place: "ID3v2 TXXX parameters", Value: []byte("steps: 20"), Ranges: []Range{{76, 9}}},
		{Kind: XMP, Place: "ID3v2 PRIV XMP", Value: []byte(xmp), Ranges: []Range{{99, 12}}},
		{Kind: C2PA, Place: "ID3v2 GEOB application/x-c2pa-manifest-store", Guide: true, Ranges: []Range{{186, 4}}, Frame: []Range{{186, 4}}},
	}, f.Summary().Slots)

	var changes []Change
	for i := range f.Summary().Slots {
		changes = append(changes, Change{Slot: &f.Summary().Slots[i], Value: []byte("new")})
	}
	plan, err := f.Plan(changes)
	require.NoError(t, err)
	out := output(t, plan, b)
	for i, s := range walk(t, MP3, out).Summary().Slots {
		r := s.Ranges[0]
		require.Equal(t, "new", string(out[r.Offset:r.Offset+r.Length]), "slot %d", i)
	}
}

func TestID3RefusesWhatNoTextHolds(t *testing.T) {
	f := walk(t, MP3, someAudio)
	for _, value := range []string{"a\x00b", "\xff"} {
		_, err := f.Plan([]Change{{Kind: Record, Value: []byte(value)}})
		require.ErrorIs(t, err, errID3Text)
	}
	_, err := f.Plan([]Change{{Kind: XMP, Value: []byte("<x/>")}})
	require.ErrorIs(t, err, ErrNoPlace)
}

func TestID3Hostile(t *testing.T) {
	label := frame4("TXXX", 0, "\x03AIGC\x00{}")
	for name, tag := range map[string]string{
		"tag past the end":                "ID3\x04\x00\x00\x7f\x7f\x7f\x7f" + label,
		"frame past the tag":              id3(4, 0, label, "TIT2\x00\x00\x01\x00\x00\x00"),
		"frame of 4 GiB":                  id3(3, 0, frame3("TXXX", 0, "\x00AIGC\x00{}"), "TIT2\xff\xff\xff\xff\x00\x00"),
		"frame without a name":            id3(4, 0, label, "t\x01\x02\x03\x00\x00\x00\x01\x00\x00x"),
		"compressed frame without a size": id3(3, 0, frame3("TXXX", 0, "\x00AIGC\x00{}"), frame3("TIT2", id3Compressed3|id3Grouped3, "x")),
		"compressed frame of junk":        id3(4, 0, label, frame4("TIT2", id3Compressed4, "junk")),
	} {
		f := walk(t, MP3, append([]byte(tag), someAudio...))
		require.Error(t, f.Summary().Damage, name)
		require.NotNil(t, guide(f, Record), "%s: hides the label before it", name)
	}
	for name, tag := range map[string]string{
		"unknown version":         id3(5, 0, label),
		"compressed 2.2 tag":      id3(2, 0x40, frame2("TXX", "\x00AIGC\x00{}")),
		"huge extended header":    id3(3, id3Extended, "\xff\xff\xff\xff"),
		"no extended header":      id3(4, id3Extended, "\x00\x00"),
		"extended header too big": id3(4, id3Extended, "\x00\x00\x00\x06\x01\x20"),
	} {
		f := walk(t, MP3, append([]byte(tag), someAudio...))
		require.Error(t, f.Summary().Damage, name)
	}
}

func TestID3BombIsALimit(t *testing.T) {
	bomb := zipped("\x03AIGC\x00" + string(make([]byte, 1<<20)))
	b := append([]byte(id3(4, 0, frame4("TXXX", id3Compressed4, bomb), frame4("TXXX", 0, "\x03AIGC\x00{}"))), someAudio...)
	f, err := MP3(NewSource(bytes.NewReader(b), int64(len(b)), Limits{Inflated: 1 << 16}))
	require.NoError(t, err)
	require.Len(t, f.Summary().Limits, 1)
	require.Equal(t, "{}", string(guide(f, Record).Value))
}

// A short frame makes a large slot, so that their number needs a limit.
func TestID3ManyFramesAreALimit(t *testing.T) {
	b := []byte(id3(2, 0, string(bytes.Repeat([]byte(frame2("TT2", "\x00")), 150_000))))
	f := cheapWalk(t, MP3, b)
	require.Len(t, f.Summary().Limits, 1)
}

// A repeated is a file of a head and one frame, again and again.
type repeated struct{ head, frame string }

func (r repeated) ReadAt(b []byte, off int64) (int, error) {
	for i := range b {
		if at := int(off) + i; at < len(r.head) {
			b[i] = r.head[at]
		} else {
			b[i] = r.frame[(at-len(r.head))%len(r.frame)]
		}
	}
	return len(b), nil
}

// TestID3ManyPlainSizes: to each plain size, all those before it were compared.
func TestID3ManyPlainSizes(t *testing.T) {
	const frames = 500_000
	b := repeated{frame: "PRIV\x00\x00\x00\x80\x00\x00" + strings.Repeat("x", 128)}
	b.head = string(appendSyncsafe([]byte("ID3\x04\x00\x00"), int64(frames*len(b.frame))))
	f, err := MP3(NewSource(b, int64(len(b.head)+frames*len(b.frame)), Limits{}))
	require.NoError(t, err)
	start := time.Now()
	plan, err := f.Plan([]Change{{Kind: Record, Value: someRecord}})
	require.NoError(t, err)
	require.Greater(t, len(plan.Edits()), frames)
	require.Less(t, time.Since(start), hang)
}
