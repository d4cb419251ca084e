package container

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// wav returns a RIFF file of the form WAVE.
func wav(chunks ...string) []byte {
	return []byte(chunk("RIFF", "WAVE"+strings.Join(chunks, "")))
}

func chunk(id, data string) string { return string(encodeChunk(id, []byte(data))) }

// rf64 returns an RF64 file whose sizes of the file and of data stand in ds64.
func rf64(table string, chunks ...string) []byte {
	body := strings.Join(chunks, "")
	ds64 := binary.LittleEndian.AppendUint64(nil, uint64(4+8+28+len(table)+len(body)))
	ds64 = binary.LittleEndian.AppendUint64(ds64, 8)
	ds64 = binary.LittleEndian.AppendUint64(ds64, 4)
	ds64 = binary.LittleEndian.AppendUint32(ds64, uint32(len(table)/12))
	return []byte("RF64\xff\xff\xff\xffWAVE" + chunk("ds64", string(ds64)+table) + body)
}

var (
	format = chunk("fmt ", "\x01\x00\x01\x00\x40\x1f\x00\x00\x40\x1f\x00\x00\x01\x00\x08\x00")
	sound  = chunk("data", "\x80\x81\x82\x83\x84\x85\x86\x87")
)

func TestWAVRoundTrip(t *testing.T) {
	for name, b := range fixtures(t, "wav") {
		t.Run(name, func(t *testing.T) {
			intact := len(b)
			if name == "streamed.wav" { // the data runs to wherever the file ends
				intact = bytes.Index(b, []byte("data")) + 8
			}
			truncations(t, WAV, b, intact)
			roundTrip(t, WAV, without(t, WAV, b, Record), Record, someRecord, []byte(`{"Label":"2"}`), []byte(`{"名":"值"}`))
		})
	}
}

var wavVariants = map[string][]byte{
	"AIGC before data":        wav(format, chunk("AIGC", "{}"), sound),
	"AIGC behind data":        wav(format, sound, chunk("AIGC", "{}")),
	"AIGC behind data, odd":   wav(format, chunk("data", "\x80"), chunk("AIGC", "{ }")),
	"AIGC terminated":         wav(format, chunk("AIGC", "{}\x00\x00"), sound),
	"RIFF size with header":   append(append([]byte("RIFF\x38\x00\x00\x00WAVE"), format+chunk("AIGC", "{}")...), sound...),
	"no last pad byte":        bytes.TrimSuffix(wav(format, sound, chunk("AIGC", "{ }")), []byte{0}),
	"garbage behind the end":  append(wav(format, chunk("AIGC", "{}"), sound), "garbage"...),
	"streamed by ffmpeg":      []byte("RIFF\xff\xff\xff\xffWAVE" + format + chunk("AIGC", "{}") + "data\xff\xff\xff\xff\x80\x80"),
	"streamed by SoX":         []byte("RIFF\x24\xf0\xff\x7fWAVE" + format + chunk("AIGC", "{}") + "data\x00\xf0\xff\x7f\x80\x80"),
	"streamed by GStreamer":   []byte("RIFF\x24\x00\xff\x7fWAVE" + format + chunk("AIGC", "{}") + "data\x00\x00\xff\x7f\x80\x80"),
	"streamed, less headers":  []byte("RIFF\xf7\xff\xff\xffWAVE" + format + chunk("AIGC", "{}") + "data\xd3\xff\xff\xff\x80\x80"),
	"streamed with zeros":     []byte("RIFF\x00\x00\x00\x00WAVE" + format + chunk("AIGC", "{}") + "data\x00\x00\x00\x00\x80\x80"),
	"RF64":                    rf64("", format, chunk("AIGC", "{}"), "data\xff\xff\xff\xff\x80\x81\x82\x83\x84\x85\x86\x87"),
	"RF64 with a size table":  rf64("AIGC\x02\x00\x00\x00\x00\x00\x00\x00", format, "AIGC\xff\xff\xff\xff{}", sound),
	"BW64":                    bytes.Replace(rf64("", format, chunk("AIGC", "{}"), sound), []byte("RF64"), []byte("BW64"), 1),
	"BW64 without ds64":       []byte("BW64\xff\xff\xff\xffWAVE" + chunk("AIGC", "{}") + "data\xff\xff\xff\xff\x80"), // found by fuzzing
	"reserved JUNK first":     wav(chunk("JUNK", string(make([]byte, 28))), format, chunk("AIGC", "{}"), sound),
	"filler before AIGC":      wav(format, chunk("JUNK", string(make([]byte, 100))), chunk("AIGC", "{}"), sound),
	"odd filler before AIGC":  wav(format, chunk("FLLR", string(make([]byte, 101))), chunk("AIGC", "{}"), sound),
	"beside broadcast chunks": wav(format, chunk("bext", string(make([]byte, 602))), chunk("iXML", "<BWFXML/>"), chunk("AIGC", "{}"), sound, chunk("cue ", "\x00\x00\x00\x00")),
	"RIFX":                    []byte(bigChunk("RIFX", "WAVE"+bigChunk("fmt ", format[8:])+bigChunk("JUNK", string(make([]byte, 50)))+bigChunk("AIGC", "{}")+bigChunk("data", "\x80"))),
	"an empty LIST before it": wav(format, chunk("LIST", ""), chunk("LIST", "INFO"), chunk("AIGC", "{}"), sound),
}

func TestWAVVariants(t *testing.T) {
	for name, b := range wavVariants {
		t.Run(name, func(t *testing.T) {
			f := walk(t, WAV, b)
			require.NoError(t, f.Summary().Damage)
			slot := guide(f, Record)
			require.NotNil(t, slot)
			require.Contains(t, []string{"{}", "{ }"}, string(slot.Value))
			roundTrip(t, WAV, b, Record, someRecord, []byte(`{"Label":"2"}`), []byte(`{"a":1}`))
			require.NotEqual(t, b, without(t, WAV, b, Record))
		})
	}
}

// position returns where the data chunk is.
func position(b []byte) int { return bytes.Index(b, []byte("data")) }

func TestWAVFiller(t *testing.T) {
	filler := func(n int) string { return chunk("JUNK", string(make([]byte, n))) }
	need := len(chunk("AIGC", string(someRecord)))
	for _, c := range []struct {
		name string
		file []byte
		kept bool // the data stays where it is
	}{
		{"fits", wav(format, filler(need-8), sound), true},
		{"leaves a header", wav(format, filler(need), sound), true},
		{"would leave half a header", wav(format, filler(need-4), sound), false},
		{"too small", wav(format, filler(need-20), sound), false},
		{"larger", wav(format, filler(1000), sound), true},
		{"odd", wav(format, filler(1001), sound), true},
		{"not adjacent", wav(format, filler(1000), chunk("cue ", "\x00\x00\x00\x00"), sound), false},
		{"reserved for ds64", wav(filler(1000), sound), false},
	} {
		out := put(t, WAV, c.file, Record, someRecord)
		require.Equal(t, c.kept, position(out) == position(c.file), c.name)
		require.Equal(t, c.kept, len(out) == len(c.file), c.name)
	}
	b := wav(format, filler(1000), sound)
	for _, value := range []string{"{}", string(someRecord), `{"Label":"2"}`} {
		b = put(t, WAV, b, Record, []byte(value))
		require.Equal(t, 12+len(format)+1008, position(b), "the filler takes what an update leaves")
	}
}

func TestWAVAlternatePlaces(t *testing.T) {
	info := chunk("LIST", "INFO"+chunk("INAM", "Title\x00")+chunk("AIGC", "list\x00"))
	tag := id3(3, 0, frame3("TXXX", 0, "\x00AIGC\x00id3"), frame3("TIT2", 0, "\x00Title"))
	lone := id3(3, 0, frame3("TXXX", 0, "\x00AIGC\x00lone"))
	b := wav(format, info, chunk("LIST", "INFO"+chunk("AIGC", "alone")), sound, chunk("id3 ", tag), chunk("ID3 ", lone), chunk("aigc", "lower"), chunk("_PMX", "<x/>"), chunk("C2PA", "jumb"))
	f := walk(t, WAV, b)
	require.NoError(t, f.Summary().Damage)
	var got []string
	for _, s := range f.Summary().Slots {
		r := s.Ranges[0]
		got = append(got, s.Place+"="+string(b[r.Offset:r.Offset+r.Length]))
		require.Equal(t, s.Kind == C2PA, s.Guide)
	}
	require.Equal(t, []string{
		"RIFF LIST/INFO INAM=Title", "RIFF LIST/INFO AIGC=list", "RIFF LIST/INFO AIGC=alone", "ID3v2 TXXX AIGC=id3",
		"ID3v2 TIT2=Title", "ID3v2 TXXX AIGC=lone", "RIFF aigc=lower", "RIFF _PMX=<x/>", "RIFF C2PA=jumb",
	}, got)

	left := without(t, WAV, b, Record)
	padding := string(make([]byte, len(frame3("TXXX", 0, "\x00AIGC\x00id3"))))
	require.Equal(t, string(wav(format, chunk("LIST", "INFO"+chunk("INAM", "Title\x00")), sound,
		chunk("id3 ", id3(3, 0, frame3("TIT2", 0, "\x00Title"), padding)), chunk("_PMX", "<x/>"), chunk("C2PA", "jumb"))), string(left))

	var changes []Change
	for i := range f.Summary().Slots {
		changes = append(changes, Change{Slot: &f.Summary().Slots[i], Value: []byte("an odd one!")})
	}
	plan, err := f.Plan(changes)
	require.NoError(t, err)
	out := output(t, plan, b)
	after := walk(t, WAV, out).Summary()
	require.NoError(t, after.Damage)
	for _, s := range after.Slots {
		r := s.Ranges[0]
		require.Equal(t, "an odd one!", string(out[r.Offset:r.Offset+r.Length]), s.Place)
	}
}

func TestWAVCredentialsComeLast(t *testing.T) {
	b := wav(format, chunk("data", "\x80"))
	out := put(t, WAV, b, C2PA, []byte("jumb"))
	require.Equal(t, string(wav(format, chunk("data", "\x80"), chunk("C2PA", "jumb"))), string(out))
	require.Equal(t, string(out), string(put(t, WAV, b[:len(b)-1], C2PA, []byte("jumb"))), "a pad byte that lacks is added")
	_, err := walk(t, WAV, wavVariants["streamed by ffmpeg"]).Plan([]Change{{Kind: C2PA, Value: []byte("jumb")}})
	require.ErrorIs(t, err, ErrNoPlace)
}

// One plan adds a last chunk, and removes, replaces or keeps the one before it,
// which lacks its pad byte. There were two pad bytes where there should be one.
func TestLastChunkIsPaddedOnce(t *testing.T) {
	changes := func(f File, value []byte) []Change {
		s := f.Summary().Slots
		return []Change{{Slot: &s[len(s)-1], Value: value}, {Kind: C2PA, Value: []byte("jumb")}}
	}
	store := chunk("C2PA", "jumb")
	for name, c := range map[string]struct {
		walk  Walk
		file  []byte
		value []byte
		want  []byte
	}{
		"WAV, removed":   {WAV, wav(format, sound, chunk("AIGC", "{ }")), nil, wav(format, sound, store)},
		"WAV, replaced":  {WAV, wav(format, sound, chunk("AIGC", "{ }")), []byte("[ ]"), wav(format, sound, chunk("AIGC", "[ ]"), store)},
		"WAV, kept":      {WAV, wav(format, sound, chunk("AIGC", "{ }")), []byte("{ }"), wav(format, sound, chunk("AIGC", "{ }"), store)},
		"WAV, list":      {WAV, wav(format, sound, chunk("LIST", "INFO"+chunk("INAM", "a")[:9])), []byte("b"), wav(format, sound, chunk("LIST", "INFO"+chunk("INAM", "b\x00")), store)},
		"AVI, removed":   {AVI, avi(media, chunk("AIGC", "{ }")), nil, avi(media, store)},
		"AVI, kept":      {AVI, avi(media, chunk("AIGC", "{ }")), []byte("{ }"), avi(media, chunk("AIGC", "{ }"), store)},
		"WebP, removed":  {WebP, webp(vp8x(4), vp8, chunk("XMP ", "<x/> ")), nil, webp(vp8x(0), vp8, store)},
		"WebP, replaced": {WebP, webp(vp8x(4), vp8, chunk("XMP ", "<x/> ")), []byte("<y/> "), webp(vp8x(4), vp8, chunk("XMP ", "<y/> "), store)},
	} {
		t.Run(name, func(t *testing.T) {
			b := unpadded(c.file)
			f := walk(t, c.walk, b)
			require.NoError(t, f.Summary().Damage)
			plan, err := f.Plan(changes(f, c.value))
			require.NoError(t, err)
			require.Equal(t, string(c.want), string(output(t, plan, b)))
		})
	}
}

func TestWAVDamage(t *testing.T) {
	label := chunk("AIGC", "{}")
	for name, b := range map[string][]byte{
		"data past the end":          append(wav(format, label), "data\x00\x01\x00\x00\x80\x80"...),
		"data past the RIFF chunk":   append([]byte("RIFF\x28\x00\x00\x00WAVE"+format), sound+label...),
		"LIST child past its LIST":   wav(format, chunk("LIST", "INFOINAM\xff\x00\x00\x00x"), label, sound),
		"label cut":                  []byte("RIFF\x00\x01\x00\x00WAVE" + format + sound + "AIGC\x04\x00\x00\x00{}"),
		"no data":                    wav(format, label),
		"RF64 size past the end":     append(rf64("", format, label, sound)[:20], append(bytes.Repeat([]byte{0xff}, 8), rf64("", format, label, sound)[28:]...)...),
		"broken tag in an id3 chunk": wav(format, label, sound, chunk("id3 ", "ID3\x03\x00\x00\x00\x00\x7f\x7f")),
	} {
		f := walk(t, WAV, b)
		require.Error(t, f.Summary().Damage, name)
		require.NotNil(t, guide(f, Record), "%s: hides the label", name)
		require.Equal(t, "{}", string(guide(f, Record).Value), name)
	}
	for name, b := range map[string][]byte{
		"WebP":             []byte("RIFF\x04\x00\x00\x00WEBP"),
		"table of 4 Gi":    []byte("RF64\xff\xff\xff\xffWAVE" + chunk("ds64", string(make([]byte, 24))+"\xff\xff\xff\xff")),
		"half a ds64":      []byte("RF64\xff\xff\xff\xffWAVEds64\x1c\x00\x00\x00"),
		"half a chunk":     append([]byte("RIFF\x08\x00\x00\x00WAVE"), "data"...),
		"LISTs in a chunk": wav(strings.Repeat(chunk("LIST", "INFO"), 1000)),
	} {
		require.Error(t, walk(t, WAV, b).Summary().Damage, name)
	}
}

// A stream longer than 4 GiB has more than its size says.
func TestWAVStreamedBeyond4GiB(t *testing.T) {
	r := riff{streamed: true}
	require.True(t, r.unknown(riffUnknown, 5<<30))
}

func TestWAVOverflow(t *testing.T) {
	r := &riff{end: riffMaxSize - 2}
	_, err := r.resize(12)
	require.ErrorAs(t, err, new(*LimitError))
	_, err = riffChunk{id: "LIST", size: riffMaxSize - 10}.resize(12)
	require.ErrorAs(t, err, new(*LimitError))
}

// Many short chunks must not cost many times their size.
func TestWAVManyChunks(t *testing.T) {
	for name, b := range map[string][]byte{
		"records": wav(strings.Repeat(chunk("AIGC", ""), 125_000), sound),
		"texts":   wav(chunk("LIST", "INFO"+strings.Repeat(chunk("INAM", ""), 125_000)), sound),
		"lists":   wav(strings.Repeat(chunk("LIST", "INFO"), 80_000), sound),
		"tags":    wav(strings.Repeat(chunk("id3 ", id3(4, 0)), 50_000), sound),
	} {
		t.Run(name, func(t *testing.T) { cheapWalk(t, WAV, b) })
	}
}

func TestRIFFForm(t *testing.T) {
	for head, want := range map[string]string{
		"RIFF\x04\x00\x00\x00WEBP": "WEBP", "RF64\xff\xff\xff\xffWAVE": "WAVE", "BW64\xff\xff\xff\xffWAVE": "WAVE",
		"RIFX\x00\x00\x00\x04WAVE": "WAVE", "RIFF\x04\x00\x00\x00AVI ": "AVI ", "RIFF\x04": "",
		"FORM\x00\x00\x00\x04AIFF": "AIFF", "FORM\x00\x00\x00\x04AIFC": "AIFC",
	} {
		form, ok, err := RIFFForm(NewSource(strings.NewReader(head), int64(len(head)), Limits{}))
		require.NoError(t, err)
		require.Equal(t, want, form)
		require.Equal(t, want != "", ok)
	}
	_, ok, err := RIFFForm(NewSource(strings.NewReader("FORM\x00\x00\x00\x04ILBM"), 12, Limits{}))
	require.NoError(t, err)
	require.False(t, ok, "a picture")
}

func FuzzWAV(f *testing.F) {
	for _, b := range wavVariants {
		f.Add(b)
	}
	f.Add(wav(format, chunk("LIST", "INFO"+chunk("AIGC", "x")), sound, chunk("id3 ", id3(3, 0, frame3("TXXX", 0, "\x00AIGC\x00x")))))
	fuzz(f, "wav", WAV, Record, someRecord)
}

// Broadcast metadata and a label, before ten minutes of audio.
func BenchmarkWAVWalk(b *testing.B) {
	file := wav(format, chunk("bext", string(make([]byte, 602))), chunk("LIST", "INFO"+chunk("INAM", "Title\x00")),
		chunk("AIGC", string(someRecord)), chunk("data", string(make([]byte, 10<<20))), chunk("cue ", string(make([]byte, 28))))
	b.ReportAllocs()
	for b.Loop() {
		walk(b, WAV, file)
	}
}

// TestWAVManyStores: each of them asked all slots whether the guide's place is
// taken, 7 s for a megabyte. The test has as many as a file may.
func TestWAVManyStores(t *testing.T) {
	texts := chunk("LIST", "INFO"+strings.Repeat(chunk("IART", ""), maxSlots))
	cheapWalk(t, WAV, wav(texts, strings.Repeat(chunk("C2PA", ""), 1<<20-2*maxSlots), chunk("data", "")))
}
