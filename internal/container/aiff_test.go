package container

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func bigChunk(id, data string) string {
	return string(riffChunk{id: id, big: true}.encode([]byte(data)))
}

// aiff returns a FORM of the type AIFF.
func aiff(chunks ...string) []byte { return []byte(bigChunk("FORM", "AIFF"+strings.Join(chunks, ""))) }

var (
	common  = bigChunk("COMM", "\x00\x01\x00\x00\x00\x08\x00\x08\x40\x0b\xfa\x00\x00\x00\x00\x00\x00\x00")
	ssnd    = bigChunk("SSND", "\x00\x00\x00\x00\x00\x00\x00\x00\x80\x81\x82\x83\x84\x85\x86\x87")
	id3AIFF = bigChunk("ID3 ", id3(4, 0, frame4("TXXX", 0, "\x03AIGC\x00{}")))
)

func TestAIFFRoundTrip(t *testing.T) {
	for name, b := range fixtures(t, "aiff") {
		t.Run(name, func(t *testing.T) {
			intact := len(b)
			if name == "streamed.aiff" { // the sound runs to wherever the file ends
				intact = bytes.Index(b, []byte("SSND")) + 8
			}
			truncations(t, AIFF, b, intact)
			roundTrip(t, AIFF, without(t, AIFF, b, Record), Record, someRecord, []byte(`{"Label":"2"}`), []byte(`{"名":"值"}`))
		})
	}
}

var aiffVariants = map[string][]byte{
	"tag before the sound":   aiff(common, id3AIFF, ssnd),
	"tag behind the sound":   aiff(common, ssnd, id3AIFF),
	"tag in version 2.2":     aiff(common, ssnd, bigChunk("ID3 ", id3(2, 0, frame2("TXX", "\x00AIGC\x00{}")))),
	"tag of an odd size":     aiff(common, ssnd, bigChunk("ID3 ", id3(4, 0, frame4("TXXX", 0, "\x03AIGC\x00{}"), "\x00"))),
	"the sound first":        aiff(ssnd, common, id3AIFF),
	"odd sound":              aiff(common, bigChunk("SSND", "\x00\x00\x00\x00\x00\x00\x00\x00\x80"), id3AIFF),
	"no last pad byte":       []byte("FORM\x00\x00\x00\x53AIFF" + common + id3AIFF + strings.TrimSuffix(bigChunk("SSND", "\x00\x00\x00\x00\x00\x00\x00\x00\x80"), "\x00")),
	"size with header":       []byte("FORM\x00\x00\x00\x62AIFF" + common + id3AIFF + ssnd),
	"garbage behind the end": append(aiff(common, id3AIFF, ssnd), "garbage"...),
	"AIFF-C":                 []byte(bigChunk("FORM", "AIFC"+bigChunk("FVER", "\xa2\x80\x51\x40")+common+id3AIFF+ssnd)),
	"streamed by ffmpeg":     []byte("FORM\x00\x00\x00\x00AIFF" + common + id3AIFF + "SSND\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x80\x80"),
}

func TestAIFFVariants(t *testing.T) {
	for name, b := range aiffVariants {
		t.Run(name, func(t *testing.T) {
			f := walk(t, AIFF, b)
			require.NoError(t, f.Summary().Damage)
			require.NotNil(t, guide(f, Record))
			require.Equal(t, "{}", string(guide(f, Record).Value))
			roundTrip(t, AIFF, b, Record, someRecord, []byte(`{"Label":"2"}`), []byte(`{"a":1}`))
		})
	}
}

// A new chunk stands before the sound, and goes with the record.
func TestAIFFNewTag(t *testing.T) {
	b := aiff(common, bigChunk("NAME", "odd"), ssnd, bigChunk("MARK", "\x00\x00"))
	out := put(t, AIFF, b, Record, someRecord)
	require.Less(t, bytes.Index(out, someRecord), bytes.Index(out, []byte("SSND")))
	require.Equal(t, string(b), string(without(t, AIFF, out, Record)))
	_, err := walk(t, AIFF, b).Plan([]Change{{Kind: C2PA, Value: []byte("jumb")}})
	require.ErrorIs(t, err, ErrNoPlace)
}

func TestAIFFAlternatePlaces(t *testing.T) {
	lone := bigChunk("ID3 ", id3(3, 0, frame3("TXXX", 0, "\x00AIGC\x00lone")))
	b := aiff(common, bigChunk("NAME", "Title"), bigChunk("(c) ", "none"), bigChunk("AUTH", "Author"), bigChunk("ANNO", "note"),
		bigChunk("AIGC", "chunk"), bigChunk("APPL", "XMP <x/>"), bigChunk("APPL", "stoc text"), bigChunk("APPL", "x"), ssnd, id3AIFF, lone)
	f := walk(t, AIFF, b)
	require.NoError(t, f.Summary().Damage)
	var got []string
	for _, s := range f.Summary().Slots {
		r := s.Ranges[0]
		got = append(got, s.Place+"="+string(b[r.Offset:r.Offset+r.Length]))
	}
	require.Equal(t, []string{
		"AIFF NAME=Title", "AIFF (c) =none", "AIFF AUTH=Author", "AIFF ANNO=note", "AIFF AIGC=chunk", "AIFF APPL XMP=<x/>",
		"ID3v2 TXXX AIGC={}", "ID3v2 TXXX AIGC=lone",
	}, got)
	require.Equal(t, "{}", string(guide(f, Record).Value))

	var changes []Change
	for i := range f.Summary().Slots {
		changes = append(changes, Change{Slot: &f.Summary().Slots[i], Value: []byte("an odd one!")})
	}
	out := output(t, must(f.Plan(changes)), b)
	after := walk(t, AIFF, out).Summary()
	require.NoError(t, after.Damage)
	require.Len(t, after.Slots, len(got))
	for _, s := range after.Slots {
		require.Equal(t, "an odd one!", string(s.Value), s.Place)
	}
	require.Contains(t, string(out), bigChunk("APPL", "XMP an odd one!"))
	left := without(t, AIFF, b, Record)
	require.NotContains(t, string(left), "ID3")
	require.Equal(t, 4, countKind(walk(t, AIFF, left), Text))
}

func TestAIFFDamage(t *testing.T) {
	for name, b := range map[string][]byte{
		"sound past the end":  []byte("FORM\x00\x00\x01\x00AIFF" + common + id3AIFF + "SSND\x00\x00\x01\x00\x00\x00"),
		"sound past the FORM": []byte("FORM\x00\x00\x00\x28AIFF" + common + ssnd + id3AIFF),
		"no sound":            aiff(common, id3AIFF),
		"no COMM":             aiff(id3AIFF, ssnd),
		"broken tag behind":   aiff(common, id3AIFF, ssnd, bigChunk("ID3 ", "ID3\x03\x00\x00\x00\x00\x7f\x7f")),
		"last pad byte cut":   bytes.TrimSuffix(aiff(common, id3AIFF, bigChunk("SSND", "\x00\x00\x00\x00\x00\x00\x00\x00\x80")), []byte{0}),
	} {
		f := walk(t, AIFF, b)
		require.Error(t, f.Summary().Damage, name)
		require.NotNil(t, guide(f, Record), "%s: hides the label", name)
	}
	for name, b := range map[string][]byte{"WAVE": wav(format, sound), "8SVX": []byte(bigChunk("FORM", "8SVX")), "empty": nil} {
		require.Error(t, walk(t, AIFF, b).Summary().Damage, name)
	}
}

func TestAIFFCosts(t *testing.T) {
	for name, b := range map[string][]byte{
		"texts": aiff(common, strings.Repeat(bigChunk("NAME", ""), 125_000), ssnd),
		"tags":  aiff(common, ssnd, strings.Repeat(bigChunk("ID3 ", id3(4, 0)), 50_000)),
		"XMP":   aiff(common, ssnd, strings.Repeat(bigChunk("APPL", "XMP "), 80_000)),
	} {
		t.Run(name, func(t *testing.T) { cheapWalk(t, AIFF, b) })
	}
}

func FuzzAIFF(f *testing.F) {
	for _, b := range aiffVariants {
		f.Add(b)
	}
	f.Add(aiff(common, bigChunk("NAME", "x"), bigChunk("AIGC", "x"), bigChunk("APPL", "XMP <x/>"), ssnd))
	fuzz(f, "aiff", AIFF, Record, someRecord)
}
