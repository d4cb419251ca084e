package container

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aigclabel/aigclabel/internal/mp3"
)

// without returns b without the slots of a kind.
func without(t testing.TB, w Walk, b []byte, kind Kind) []byte {
	t.Helper()
	f := walk(t, w, b)
	var changes []Change
	for i, s := range f.Summary().Slots {
		if s.Kind == kind {
			changes = append(changes, Change{Slot: &f.Summary().Slots[i]})
		}
	}
	plan, err := f.Plan(changes)
	require.NoError(t, err)
	out := output(t, plan, b)
	require.NoError(t, walk(t, w, out).Summary().Damage)
	require.Zero(t, countKind(walk(t, w, out), kind))
	return out
}

func TestMP3RoundTrip(t *testing.T) {
	for name, b := range fixtures(t, "mp3") {
		t.Run(name, func(t *testing.T) {
			clean := without(t, MP3, b, Record)
			roundTrip(t, MP3, clean, Record, someRecord, []byte(`{"Label":"2"}`), []byte(`{"名":"值"}`))
		})
	}
}

// The audio is damaged as far as its Xing header reaches, or in the first frame.
func TestMP3Truncations(t *testing.T) {
	intact := map[string]int{
		"untagged.mp3": 914, "ape.mp3": 914, "lame.mp3": 469 + 72, "picture.mp3": 2202, "v23.mp3": 1035,
		"v24-v1.mp3": 94 + 52, "layer2.mp3": 208, "stereo.mp3": 192,
	}
	for name, b := range fixtures(t, "mp3") {
		truncations(t, MP3, b, intact[name])
		for n := range len(b) {
			is, err := IsMP3(NewSource(bytes.NewReader(b[:n]), int64(n), Limits{}))
			require.NoError(t, err)
			require.True(t, is || string(b[:3]) != "ID3" || n < id3HeaderSize, "%s cut at %d is not recognised", name, n)
		}
	}
}

func TestMP3UntaggedIsRestored(t *testing.T) {
	b := fixtures(t, "mp3")["untagged.mp3"]
	require.Equal(t, b, without(t, MP3, put(t, MP3, b, Record, someRecord), Record))
}

// freeFormat is a frame of lame --freeformat: the bit rate's index is 0.
var freeFormat = "\xff\xfb\x00\xc4" + string(make([]byte, 800))

func TestIsMP3(t *testing.T) {
	tag := id3(4, 0, frame4("TIT2", 0, "\x03T"))
	adts := bytes.Repeat([]byte{0xFF, 0xF1, 0x50, 0x80, 0x01, 0x1F, 0xFC, 0}, 20)
	for name, c := range map[string]struct {
		data string
		want bool
	}{
		"three frames":         {string(someAudio), true},
		"one frame":            {string(someAudio[:104]), false},
		"tag, one frame":       {tag + string(someAudio[:104]), true},
		"tag, free format":     {tag + "\xff\xfb\x00\xc4", true},
		"free format":          {freeFormat + freeFormat + freeFormat, true},
		"free format, cut":     {freeFormat + freeFormat, false},
		"tag, zeros, frames":   {tag + string(make([]byte, 1000)) + string(someAudio), true},
		"two tags":             {tag + tag + string(someAudio), true},
		"tag alone":            {tag, true},
		"tag cut":              {tag[:14], true},
		"FLAC with a tag":      {tag + "fLaC" + string(make([]byte, 100)), false},
		"ADTS":                 {string(adts), false},
		"ADTS with a tag":      {tag + string(adts), false},
		"UTF-16 text":          {"\xff\xfe" + string(bytes.Repeat([]byte("a\x00"), 2000)), false},
		"too far behind a tag": {tag + string(make([]byte, 2*mpegSearch)) + string(someAudio), false},
		"empty":                {"", false},
	} {
		got, err := IsMP3(NewSource(bytes.NewReader([]byte(c.data)), int64(len(c.data)), Limits{}))
		require.NoError(t, err)
		require.Equal(t, c.want, got, name)
	}
	for name, b := range fixtures(t, "mp3") {
		got, err := IsMP3(NewSource(bytes.NewReader(b), int64(len(b)), Limits{}))
		require.NoError(t, err)
		require.True(t, got, name)
	}
}

// Lengths from ISO/IEC 11172-3 and 13818-3, clause 2.4.3.1.
func TestMPEGFrameLength(t *testing.T) {
	for h, want := range map[mp3.Header]int{
		0xFFFB90C4: 417, // MPEG 1 Layer III, 128 kbit/s, 44.1 kHz
		0xFFFB92C4: 418, // with padding
		0xFFFD94C4: 480, // MPEG 1 Layer II, 160 kbit/s, 48 kHz
		0xFFFF18C4: 48,  // MPEG 1 Layer I, 32 kbit/s, 32 kHz
		0xFFF370C4: 182, // MPEG 2 Layer III, 56 kbit/s, 22.05 kHz
		0xFFE318C4: 72,  // MPEG 2.5 Layer III, 8 kbit/s, 8 kHz
	} {
		require.True(t, h.Valid())
		require.Equal(t, want, h.Size(), "%x", uint32(h))
	}
}

func TestMP3VBRI(t *testing.T) {
	first := slices.Clone(someAudio[:104])
	copy(first[36:], "VBRI")
	binary.BigEndian.PutUint32(first[46:], uint32(len(someAudio)))
	truncations(t, MP3, append(first, someAudio[104:]...), len(someAudio))
}

// ape returns an APEv2 tag with a header.
func ape(count uint32, items string) string {
	end := binary.LittleEndian.AppendUint32([]byte("APETAGEX\xd0\x07\x00\x00"), uint32(len(items)+apeHeaderSize))
	end = binary.LittleEndian.AppendUint32(end, count)
	header := string(end) + "\x00\x00\x00\xa0" + string(make([]byte, 8))
	footer := string(end) + "\x00\x00\x00\x80" + string(make([]byte, 8))
	return header + items + footer
}

func apeText(key, value string) string {
	return string(binary.LittleEndian.AppendUint32(nil, uint32(len(value)))) + "\x00\x00\x00\x00" + key + "\x00" + value
}

func id3v1(comment string) string {
	return "TAG" + string(make([]byte, 94)) + comment + string(make([]byte, 31-len(comment)))
}

// Readers such as ffmpeg do not look at ID3v1 where there is an ID3v2 tag.
func TestMP3NewTagHidesNoID3v1(t *testing.T) {
	field := func(s string, n int) string { return s + string(make([]byte, n-len(s))) }
	for name, c := range map[string]struct {
		tag  string
		want []string
	}{
		"1.1": {
			"TAG" + field("A title", 30) + field("\xd6\xd0\xce\xc4", 30) + field("An album  ", 30) + "2024" + field("a note", 29) + "\x05\x11",
			[]string{"TIT2=A title", "TPE1=\u00d6\u00d0\u00ce\u00c4", "TALB=An album", "TDRC=2024", "=a note", "TRCK=5", "TCON=17"},
		},
		"1.0, no more than a comment": {"TAG" + string(make([]byte, 94)) + "thirty characters of a comment\xff", []string{"=thirty characters of a comment"}},
	} {
		t.Run(name, func(t *testing.T) {
			b := append(slices.Clone(someAudio), c.tag...)
			out := put(t, MP3, b, Record, someRecord)
			require.True(t, bytes.HasSuffix(out, b))
			var got []string
			for _, s := range walk(t, MP3, out).Summary().Slots {
				if s.Kind == Text && s.Place != "ID3v1 comment" {
					got = append(got, s.Key+"="+string(s.Value))
				}
			}
			require.Equal(t, c.want, got)
		})
	}
}

func TestMP3Tails(t *testing.T) {
	seek := string(binary.BigEndian.AppendUint32(nil, uint32(len(someAudio))))
	front := id3(4, 0, frame4("SEEK", 0, seek), frame4("TXXX", 0, "\x03AIGC\x00front"))
	appended := id3(4, id3Footer, frame4("TXXX", 0, "\x03AIGC\x00appended"))
	sought := id3(4, 0, frame4("TXXX", 0, "\x03AIGC\x00sought"))
	lyrics := "LYRICSBEGININD0000200000021LYRICS200"
	b := []byte(front + string(someAudio) + sought + appended + ape(2, apeText("AIGC", "ape")+apeText("Title", "t")) + lyrics + id3v1("a comment"))
	f := walk(t, MP3, b)
	require.NoError(t, f.Summary().Damage)
	var got []string
	for _, s := range f.Summary().Slots {
		r := s.Ranges[0]
		require.Equal(t, string(s.Value), string(b[r.Offset:r.Offset+r.Length]))
		got = append(got, s.Place+"="+string(s.Value))
	}
	require.Equal(t, []string{
		"ID3v2 TXXX AIGC=front", "ID3v2 TXXX AIGC=sought", "ID3v2 TXXX AIGC=appended",
		"APEv2 AIGC=ape", "APEv2 Title=t", "ID3v1 comment=a comment",
	}, got)

	plan, err := f.Plan([]Change{{Slot: &f.Summary().Slots[2], Value: []byte("new")}, {Slot: &f.Summary().Slots[3], Value: []byte("a longer one")}})
	require.NoError(t, err)
	out := walk(t, MP3, output(t, plan, b)).Summary()
	require.NoError(t, out.Damage)
	require.Equal(t, "new", string(out.Slots[2].Value))
	require.Equal(t, "a longer one", string(out.Slots[3].Value))

	left := without(t, MP3, b, Record)
	require.Equal(t, 2, countKind(walk(t, MP3, left), Text))
	require.Contains(t, string(left), "SEEK")
	require.Contains(t, string(left), lyrics)

	_, err = f.Plan([]Change{{Slot: &f.Summary().Slots[5], Value: []byte("new")}})
	require.ErrorIs(t, err, ErrNoPlace)
}

func TestMP3HostileTails(t *testing.T) {
	for name, tail := range map[string]string{
		"APE item past the tag": ape(1, "\xff\xff\xff\xff\x00\x00\x00\x00Title\x00"),
		"4 Gi APE items":        ape(0xFFFFFFFF, apeText("Title", "t")),
		"APE key without end":   ape(1, apeText(string(bytes.Repeat([]byte("k"), 300)), "")),
		"APE items left over":   ape(1, apeText("Title", "t")+apeText("AIGC", "{}")),
	} {
		require.Error(t, walk(t, MP3, append(slices.Clone(someAudio), tail...)).Summary().Damage, name)
	}
	for name, tail := range map[string]string{
		"APE tag before the file": "APETAGEX\xd0\x07\x00\x00\xff\xff\xff\xff\x00\x00\x00\x00\x00\x00\x00\x80" + string(make([]byte, 8)),
		"Lyrics3 of a bad size":   "x999999LYRICS200",
		"Lyrics3 without a size":  "x-00001LYRICS200",
		"footer without a tag":    "3DI\x04\x00\x10\x7f\x7f\x7f\x7f",
	} {
		f := walk(t, MP3, append(slices.Clone(someAudio), tail...)).Summary()
		require.NoError(t, f.Damage, name)
		require.Empty(t, f.Slots, name)
	}
}

// Many short elements, or much to decode, must not cost many times their size.
func TestMP3Costs(t *testing.T) {
	for name, b := range map[string][]byte{
		"tags":           bytes.Repeat([]byte(id3(4, 0)), 100_000),
		"APE items":      append(slices.Clone(someAudio), ape(90_000, strings.Repeat(apeText("k", ""), 90_000))...),
		"long APE keys":  append(slices.Clone(someAudio), ape(4_000, strings.Repeat(apeText(strings.Repeat("k", 250), ""), 4_000))...),
		"UTF-16":         []byte(id3(3, 0, frame3("TXXX", 0, "\x01\xff\xfe\x00\x00"+strings.Repeat("\x4e\x4e", 1<<19)))),
		"Latin-1":        []byte(id3(3, 0, frame3("TXXX", 0, "\x00\x00"+strings.Repeat("\xe9", 1<<20)))),
		"stuffed frames": []byte(id3(3, id3Unsync, strings.Repeat(frame3("PRIV", 0, "\xff\x00"), 90_000))),
		"stuffed tag":    []byte(id3(2, id3Unsync, frame2("TXX", strings.Repeat("\xff\x00", 1<<19)))),
		"sync words":     append([]byte(id3(4, 0)), strings.Repeat("\xff\xfb\x10", 1<<18)...),
	} {
		t.Run(name, func(t *testing.T) { cheapWalk(t, MP3, b) })
	}
}

func FuzzMP3(f *testing.F) {
	for _, v := range id3Variants {
		f.Add(append([]byte(v.tag), someAudio...))
	}
	f.Add([]byte(string(someAudio) + ape(1, apeText("AIGC", "{}")) + id3v1("note")))
	fuzz(f, "mp3", MP3, Record, someRecord)
}

// A tag with a cover picture, before an hour of audio.
func BenchmarkMP3Walk(b *testing.B) {
	picture := frame3("APIC", 0, string(make([]byte, 500<<10)))
	file := append([]byte(id3(3, 0, frame3("TIT2", 0, "\x00Title"), picture, frame3("TXXX", 0, "\x00AIGC\x00"+string(someRecord)))),
		bytes.Repeat(someAudio, 100_000)...)
	b.ReportAllocs()
	for b.Loop() {
		walk(b, MP3, file)
	}
}
