package container

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// flacOf returns a file of STREAMINFO, the blocks, of which the last is marked as
// that, and a frame that the number of samples does not bind.
func flacOf(blocks ...string) []byte {
	blocks = append([]string{flacBlockOf(flacTypeStreamInfo, string(make([]byte, flacStreamInfo)))}, blocks...)
	last := []byte(blocks[len(blocks)-1])
	last[0] |= flacLast
	blocks[len(blocks)-1] = string(last)
	return []byte(flacMarker + strings.Join(blocks, "") + someFrame)
}

const someFrame = "\xff\xf8\xc9\x18\x00\xc2"

func flacBlockOf(kind byte, data string) string { return string(encodeFLACBlock(kind, []byte(data))) }

func flacPadOf(n int) string { return flacBlockOf(flacTypePadding, string(make([]byte, n))) }

// vorbisComments returns a packet of comments.
func vorbisComments(entries ...string) string {
	b := []byte("\x06\x00\x00\x00vendor")
	b = binary.LittleEndian.AppendUint32(b, uint32(len(entries)))
	for _, e := range entries {
		b = append(binary.LittleEndian.AppendUint32(b, uint32(len(e))), e...)
	}
	return string(b)
}

// located returns the slots of a file, and checks that their ranges hold them.
func located(t *testing.T, f File, b []byte) (all []string) {
	t.Helper()
	for _, s := range f.Summary().Slots {
		var raw []byte
		for _, r := range s.Ranges {
			raw = append(raw, b[r.Offset:r.Offset+r.Length]...)
		}
		if s.Kind != C2PA {
			require.Equal(t, string(s.Value), string(raw), s.Place)
		}
		place := s.Place + "=" + string(raw)
		if s.Guide {
			place += " (guide)"
		}
		all = append(all, place)
	}
	return all
}

func TestFLACRoundTrip(t *testing.T) {
	for name, b := range fixtures(t, "flac") {
		t.Run(name, func(t *testing.T) {
			intact := len(b)
			if name == "streamed.flac" { // it does not say how long it is
				intact = bytes.LastIndex(b, []byte(someFrame[:2]))
			}
			truncations(t, FLAC, b, min(intact, bytes.Index(b, []byte(someFrame[:2]))))
			roundTrip(t, FLAC, without(t, FLAC, b, Record), Record, someRecord, []byte(`{"Label":"2"}`), []byte(`{"名":"值"}`))
			store := put(t, FLAC, b, C2PA, []byte("jumb"))
			require.True(t, strings.HasPrefix(string(store), "ID3\x04"))
			require.Equal(t, string(b), string(without(t, FLAC, store, C2PA)))
		})
	}
}

func TestFLACVariants(t *testing.T) {
	tag := id3(3, 0, frame3("TXXX", 0, "\x00AIGC\x00tag"), frame3("TIT2", 0, "\x00Title"))
	b := append([]byte(tag), flacOf(
		flacBlockOf(flacTypeComment, vorbisComments("=no key", "aigc=first", "Title=T", "no value", "AIGC=second", "x-Aigc-y=third", "EMPTY=", "METADATA_BLOCK_PICTURE=AAAA", strings.Repeat("K", 80)+"=long")),
		flacBlockOf(flacTypeApplication, "c2pajumb"), flacBlockOf(flacTypeApplication, "abcddata"),
		flacBlockOf(flacTypeComment, vorbisComments("AIGC=fourth")))...)
	b = append(b, id3v1("note")...)
	f := walk(t, FLAC, b)
	require.NoError(t, f.Summary().Damage)
	require.Equal(t, []string{
		"ID3v2 TXXX AIGC=tag", "ID3v2 TIT2=Title",
		"FLAC VORBIS_COMMENT vendor=vendor", "FLAC VORBIS_COMMENT aigc=first (guide)", "FLAC VORBIS_COMMENT Title=T",
		"FLAC VORBIS_COMMENT AIGC=second", "FLAC VORBIS_COMMENT x-Aigc-y=third", "FLAC VORBIS_COMMENT EMPTY=",
		"FLAC APPLICATION c2pa=jumb", "FLAC VORBIS_COMMENT vendor=vendor", "FLAC VORBIS_COMMENT AIGC=fourth",
	}, located(t, f, b))

	var changes []Change
	for i := range f.Summary().Slots {
		changes = append(changes, Change{Slot: &f.Summary().Slots[i], Value: []byte("another")})
	}
	plan, err := f.Plan(changes)
	require.NoError(t, err)
	out := output(t, plan, b)
	after := walk(t, FLAC, out)
	require.NoError(t, after.Summary().Damage)
	for _, place := range located(t, after, out) {
		require.Contains(t, place, "=another")
	}
	for _, kept := range []string{"=no key", "no value", "=long", "METADATA_BLOCK_PICTURE=AAAA", "abcddata", id3v1("note"), someFrame} {
		require.Contains(t, string(out), kept)
	}
	left := without(t, FLAC, without(t, FLAC, b, Record), C2PA)
	for _, gone := range []string{"tag", "first", "second", "third", "fourth", "jumb"} {
		require.NotContains(t, string(left), gone)
	}
}

// What grows, shrinks and comes and goes leaves the audio where it is.
func TestFLACPadding(t *testing.T) {
	list := flacBlockOf(flacTypeComment, vorbisComments("TITLE=T"))
	long := bytes.Repeat([]byte("x"), 1500)
	need := len(someRecord) + len(commentKey) + 4
	dirty := flacBlockOf(flacTypePadding, strings.Repeat("?", 2000))
	for _, c := range []struct {
		name  string
		file  []byte
		value []byte
		grows int
	}{
		{"next to the comments", flacOf(list, flacPadOf(2000)), someRecord, 0},
		{"before the comments", flacOf(flacPadOf(2000), list), someRecord, 0},
		{"fits", flacOf(list, flacPadOf(need)), someRecord, 0},
		{"no comments", flacOf(flacPadOf(2000)), someRecord, 0},
		{"too small", flacOf(list, flacPadOf(20)), someRecord, need + flacPadding - 20},
		{"large, and too small", flacOf(list, flacPadOf(1100)), long, len(long) + 9},
		{"none", flacOf(list), someRecord, need + flacPadding + 4},
		{"nothing but STREAMINFO", flacOf(), someRecord, 4 + 4 + 4 + need + 4 + flacPadding},
		{"not zero", flacOf(dirty, list), someRecord, need},
	} {
		t.Run(c.name, func(t *testing.T) {
			out := put(t, FLAC, c.file, Record, c.value)
			require.Equal(t, c.grows, len(out)-len(c.file))
			require.Equal(t, string(c.value), string(guide(walk(t, FLAC, out), Record).Value))
			require.Contains(t, string(out), string(dirty[4:])[:min(len(dirty), strings.Count(string(c.file), "?"))])
			for _, value := range [][]byte{someRecord, []byte("{}"), c.value} {
				out2 := put(t, FLAC, out, Record, value)
				require.Len(t, out2, len(out))
				out = out2
			}
			require.Len(t, without(t, FLAC, out, Record), len(out))
		})
	}
}

func TestFLACTooLarge(t *testing.T) {
	const most = flacMaxSize - 4 - len("vendor") - 4 - 4 - len(commentKey)
	b := flacOf(flacBlockOf(flacTypeComment, vorbisComments()))
	put(t, FLAC, b, Record, make([]byte, most))
	for _, file := range [][]byte{b, flacOf()} {
		_, err := walk(t, FLAC, file).Plan([]Change{{Kind: Record, Value: make([]byte, most+7)}})
		require.ErrorAs(t, err, new(*LimitError))
	}
}

func TestFLACRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		change Change
		want   error
	}{
		"XMP":       {Change{Kind: XMP, Value: []byte("<x/>")}, ErrNoPlace},
		"not UTF-8": {Change{Kind: Record, Value: []byte{0xFF}}, errCommentText},
	} {
		for _, b := range [][]byte{flacOf(), flacOf(flacBlockOf(flacTypeComment, vorbisComments()))} {
			_, err := walk(t, FLAC, b).Plan([]Change{c.change})
			require.ErrorIs(t, err, c.want, name)
		}
	}
}

// A cut anywhere in the audio is seen, and hides no label.
func TestFLACCut(t *testing.T) {
	for name, b := range fixtures(t, "flac") {
		if name == "streamed.flac" {
			continue
		}
		b = put(t, FLAC, without(t, FLAC, b, Record), Record, someRecord)
		for n := bytes.LastIndex(b, someRecord) + len(someRecord); n < len(b); n++ {
			f := walk(t, FLAC, b[:n:n])
			require.Error(t, f.Summary().Damage, "%s cut at %d of %d", name, n, len(b))
			require.NotNil(t, guide(f, Record))
		}
		for _, junk := range []string{id3v1(""), string(make([]byte, 3000))} {
			require.NoError(t, walk(t, FLAC, append(bytes.Clone(b), junk...)).Summary().Damage, name)
		}
	}
}

// The numbers of RFC 9639, clauses 9.1.1 and 9.1.5.
func TestFLACFrameHeader(t *testing.T) {
	for code, want := range map[byte]int64{0: 0, 1: 192, 2: 576, 5: 4608, 6: 0x13, 7: 0x1235, 8: 256, 15: 32768} {
		n, _ := flacSamples(code, []byte{0x12, 0x34})
		require.Equal(t, want, n, "code %d", code)
	}
	for s, want := range map[string][2]int64{
		"\x7f": {127, 1}, "\xc2\x80": {128, 2}, "\xfe\xbf\xbf\xbf\xbf\xbf\xbf": {1<<36 - 1, 7},
		"\x80": {}, "\xff\xbf\xbf\xbf\xbf\xbf\xbf\xbf": {}, "\xc2": {}, "\xc2\xc0": {},
	} {
		number, n := flacNumber([]byte(s))
		require.Equal(t, want, [2]int64{number, int64(n)}, "%x", s)
	}
}

func TestFLACDamage(t *testing.T) {
	label := flacBlockOf(flacTypeComment, vorbisComments("AIGC={}"))
	for name, b := range map[string][]byte{
		"block past the end":    flacOf(label)[:len(flacOf(label))-10],
		"entry past the block":  flacOf(label, flacBlockOf(flacTypeComment, vorbisComments("AIGC={}")[:20])),
		"vendor past the block": flacOf(label, flacBlockOf(flacTypeComment, "\xff\xff\xff\xffx")),
		"4 Gi entries":          flacOf(label, flacBlockOf(flacTypeComment, "\x00\x00\x00\x00\xff\xff\xff\xff")),
		"empty comments":        flacOf(label, flacBlockOf(flacTypeComment, "")),
		"broken tag in front":   append([]byte(id3(3, 0, "TIT2\x00\x7f\x00\x00\x00\x00")), flacOf(label)...),
	} {
		f := walk(t, FLAC, b)
		require.Error(t, f.Summary().Damage, name)
		if name != "block past the end" {
			require.NotNil(t, guide(f, Record), "%s: hides the label", name)
		}
	}
	for name, b := range map[string]string{
		"empty": "", "marker alone": flacMarker, "other": "OggS", "comments first": flacMarker + label,
		"STREAMINFO too short": flacMarker + flacBlockOf(flacTypeStreamInfo|flacLast, "x"),
	} {
		require.Error(t, walk(t, FLAC, []byte(b)).Summary().Damage, name)
	}
}

// Many short elements must not cost many times their size.
func TestFLACCosts(t *testing.T) {
	for name, b := range map[string][]byte{
		"blocks":         flacOf(strings.Repeat(flacPadOf(0), 250_000)),
		"applications":   flacOf(strings.Repeat(flacBlockOf(flacTypeApplication, "c2pa"), 120_000)),
		"comment blocks": flacOf(strings.Repeat(flacBlockOf(flacTypeComment, vorbisComments()), 50_000)),
		"records":        flacOf(flacBlockOf(flacTypeComment, vorbisComments(strings.Split(strings.Repeat("AIGC=,", 100_000), ",")...))),
		"empty entries":  flacOf(flacBlockOf(flacTypeComment, vorbisComments(make([]string, 250_000)...))),
		"tags":           append(bytes.Repeat([]byte(id3(4, 0)), 100_000), flacOf()...),
		"frames":         append(flacOf(flacBlockOf(flacTypeStreamInfo, strings.Repeat("\x01", flacStreamInfo))), strings.Repeat(someFrame, 160_000)...),
	} {
		t.Run(name, func(t *testing.T) { cheapWalk(t, FLAC, b) })
	}
}

func TestIsFLAC(t *testing.T) {
	tag := id3(4, 0, frame4("TIT2", 0, "\x03T"))
	for head, want := range map[string]bool{flacMarker: true, tag + flacMarker: true, tag + tag + flacMarker: true, "fLa": false, tag: false, "": false} {
		is, err := IsFLAC(NewSource(strings.NewReader(head), int64(len(head)), Limits{}))
		require.NoError(t, err)
		require.Equal(t, want, is, "%q", head)
	}
}

func FuzzFLAC(f *testing.F) {
	f.Add(flacOf(flacBlockOf(flacTypeComment, vorbisComments("AIGC={}")), flacBlockOf(flacTypeApplication, "c2pajumb"), flacPadOf(10)))
	f.Add(append([]byte(id3(3, 0, frame3("TXXX", 0, "\x00AIGC\x00tag"))), flacOf()...))
	fuzz(f, "flac", FLAC, Record, someRecord)
}

// A label before a picture, before an hour of audio.
func BenchmarkFLACWalk(b *testing.B) {
	file := flacOf(flacBlockOf(flacTypeComment, vorbisComments("AIGC="+string(someRecord), "TITLE=T")), flacBlockOf(6, string(make([]byte, 500<<10))), flacPadOf(8192))
	file = append(file, make([]byte, 10<<20)...)
	b.ReportAllocs()
	for b.Loop() {
		walk(b, FLAC, file)
	}
}
