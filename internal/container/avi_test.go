package container

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func list(form string, chunks ...string) string {
	return chunk("LIST", form+strings.Join(chunks, ""))
}

func avi(chunks ...string) []byte { return []byte(chunk("RIFF", "AVI "+strings.Join(chunks, ""))) }

func little(width int, values ...int) string {
	var b []byte
	for _, v := range values {
		b = append(b, binary.LittleEndian.AppendUint64(nil, uint64(v))[:width]...)
	}
	return string(b)
}

var (
	frame00 = chunk("00dc", "frame one")
	frame01 = chunk("00dc", "frame two, which is longer")
	media   = list("movi", frame00, frame01)
)

// openDML returns a file of two outer chunks, whose indexes count from base or, if
// that is negative, from each movi list; with an idx1 that counts from the start
// of the file.
func openDML(before string, base int) []byte {
	offsets := make([]int, 4) // of the indexes, of the movi lists
	build := func() []byte {
		index := func(i int) string {
			from := base
			if base < 0 {
				from = offsets[2+i]
			}
			first := offsets[2+i] + 12 + 8 // of the data of a frame
			return chunk("ix00", little(2, 2)+"\x00\x01"+little(4, 2)+"00dc"+little(8, from)+little(4, 0, first-from, 9, first+len(frame00)-from, 26))
		}
		super := chunk("indx", little(2, 4)+"\x00\x00"+little(4, 2)+"00dc"+little(4, 0, 0, 0)+little(8, offsets[0])+little(4, 0, 2)+little(8, offsets[1])+little(4, 0, 2)+little(8, 0, 0))
		movi := func(i int) string { return list("movi", frame00, frame01, index(i)) }
		old := chunk("idx1", "00dc"+little(4, 0, offsets[2]+12, 9)+"00dc"+little(4, 0, offsets[2]+12+len(frame00), 26))
		first := avi(list("hdrl", list("strl", super)), before, movi(0), old)
		b := append(first, chunk("RIFF", "AVIX"+movi(1))...)
		offsets = nil
		for _, id := range []string{"ix00", "LIST"} {
			for at := 0; ; at++ {
				n := bytes.Index(b[at:], []byte(id))
				if n < 0 {
					break
				}
				if at += n; id == "ix00" || string(b[at+8:at+12]) == "movi" {
					offsets = append(offsets, at)
				}
			}
		}
		return b
	}
	build()
	return build()
}

// framesIndexed fails unless every index of an openDML file leads to a frame.
func framesIndexed(t *testing.T, b []byte) {
	t.Helper()
	super := b[bytes.Index(b, []byte("indx"))+8+24:]
	for i := range 2 {
		at := binary.LittleEndian.Uint64(super[16*i:])
		require.Equal(t, "ix00", string(b[at:at+4]))
		index := b[at+8:]
		for _, pos := range []int{24, 32} {
			frame := binary.LittleEndian.Uint64(index[12:]) + uint64(binary.LittleEndian.Uint32(index[pos:]))
			require.Equal(t, "frame", string(b[frame:frame+5]))
		}
	}
	old := b[bytes.Index(b, []byte("idx1"))+8:]
	for _, at := range []int{8, 24} {
		pos := binary.LittleEndian.Uint32(old[at:])
		require.Equal(t, "00dc", string(b[pos:pos+4]))
	}
}

func TestAVIIndexesFollow(t *testing.T) {
	info := list("INFO", chunk("INAM", "T\x00"))
	for name, before := range map[string]string{"bare": "", "info": info, "junk": chunk("JUNK", string(make([]byte, 40))), "enough junk": info + chunk("JUNK", string(make([]byte, 400)))} {
		for _, base := range []int{-1, 0} {
			b := openDML(before, base)
			framesIndexed(t, b)
			labelled := put(t, AVI, b, Record, someRecord)
			framesIndexed(t, labelled)
			require.Equal(t, name == "enough junk", len(labelled) == len(b), name)
			framesIndexed(t, put(t, AVI, labelled, Record, longRecord))
			framesIndexed(t, without(t, AVI, labelled, Record))
			framesIndexed(t, put(t, AVI, b, C2PA, []byte("jumb")))
		}
	}
}

func TestAVIRoundTrip(t *testing.T) {
	for name, b := range fixtures(t, "avi") {
		t.Run(name, func(t *testing.T) {
			intact := len(b)
			if name == "streamed.avi" { // the media runs to wherever the file ends
				intact = bytes.Index(b, []byte("movi")) + 4
			}
			truncations(t, AVI, b, intact)
			labelled := put(t, AVI, b, Record, someRecord)
			require.Equal(t, bytes.Index(b, []byte("movi")), bytes.Index(labelled, []byte("movi")), "JUNK makes up for it")
			roundTrip(t, AVI, b, Record, someRecord, []byte(`{"Label":"2"}`), bytes.Repeat(longRecord, 10), []byte(`{"名":"值"}`))
		})
	}
}

var aviVariants = map[string][]byte{
	"before the media":      avi(list("INFO", chunk("AIGC", "{}\x00")), media),
	"behind the media":      avi(media, list("INFO", chunk("AIGC", "{}"))),
	"beside other texts":    avi(list("INFO", chunk("INAM", "T\x00"), chunk("AIGC", "{}")), media),
	"last pad byte lacks":   avi(list("INFO", chunk("AIGC", "{}"), strings.TrimSuffix(chunk("INAM", "T"), "\x00")), media),
	"filler before":         avi(chunk("JUNK", string(make([]byte, 100))), list("INFO", chunk("AIGC", "{}")), media),
	"filler behind":         avi(list("INFO", chunk("AIGC", "{}")), chunk("JUNK", string(make([]byte, 101))), media),
	"streamed":              []byte("RIFF\xff\xff\xff\xffAVI " + list("INFO", chunk("AIGC", "{}")) + "LIST\xff\xff\xff\xffmovi" + frame00),
	"two lists":             avi(list("INFO", chunk("INAM", "T\x00")), list("INFO", chunk("AIGC", "{}")), media),
	"OpenDML":               openDML(list("INFO", chunk("AIGC", "{}")), -1),
	"idx1 from movi":        avi(list("INFO", chunk("AIGC", "{}")), media, chunk("idx1", "00dc"+little(4, 0, 4, 9))),
	"garbage behind it all": append(avi(list("INFO", chunk("AIGC", "{}")), media), "garbage, more garbage"...),
}

func TestAVIVariants(t *testing.T) {
	for name, b := range aviVariants {
		t.Run(name, func(t *testing.T) {
			f := walk(t, AVI, b)
			require.NoError(t, f.Summary().Damage)
			require.NotNil(t, guide(f, Record))
			require.Equal(t, "{}", string(guide(f, Record).Value))
			roundTrip(t, AVI, b, Record, someRecord, []byte(`{"Label":"2"}`), longRecord, []byte("{ }"))
		})
	}
}

func TestAVIAlternatePlaces(t *testing.T) {
	b := avi(list("hdrl"), list("INFO", chunk("INAM", "Title\x00")), chunk("AIGC", "chunk"), media, chunk("_PMX", "<x/>"), chunk("aigc", "lower"), chunk("C2PA", "jumb"))
	f := walk(t, AVI, b)
	require.NoError(t, f.Summary().Damage)
	var got []string
	var changes []Change
	for i, s := range f.Summary().Slots {
		require.Equal(t, s.Kind == C2PA, s.Guide)
		got = append(got, s.Place+"="+string(b[s.Ranges[0].Offset:][:s.Ranges[0].Length]))
		changes = append(changes, Change{Slot: &f.Summary().Slots[i], Value: []byte("an odd one!")})
	}
	require.Equal(t, []string{"RIFF LIST/INFO INAM=Title", "RIFF AIGC=chunk", "RIFF _PMX=<x/>", "RIFF aigc=lower", "RIFF C2PA=jumb"}, got)
	plan, err := f.Plan(changes)
	require.NoError(t, err)
	out := output(t, plan, b)
	for _, s := range walk(t, AVI, out).Summary().Slots {
		require.Equal(t, "an odd one!", string(out[s.Ranges[0].Offset:][:s.Ranges[0].Length]), s.Place)
	}
	require.Len(t, walk(t, AVI, without(t, AVI, b, Record)).Summary().Slots, 3)
	_, err = f.Plan([]Change{{Kind: XMP, Value: someRecord}})
	require.ErrorIs(t, err, ErrNoPlace)
	_, err = walk(t, AVI, aviVariants["streamed"]).Plan([]Change{{Kind: C2PA, Value: []byte("jumb")}})
	require.ErrorIs(t, err, ErrNoPlace)
}

func TestAVIDamage(t *testing.T) {
	label := list("INFO", chunk("AIGC", "{}"))
	whole := openDML(label, -1)
	for name, b := range map[string][]byte{
		"cut in the media":          avi(label, media)[:80],
		"cut in the second segment": whole[:len(whole)-1],
		"movi past the end":         append(avi(label), "LIST\x00\x01\x00\x00movi"...),
		"no movi":                   avi(label),
		"INFO child past its list":  avi(label, list("INFO", "INAM\xff\x00\x00\x00x"), media),
	} {
		f := walk(t, AVI, b)
		require.Error(t, f.Summary().Damage, name)
		require.NotNil(t, guide(f, Record), "%s: hides the label", name)
		require.Equal(t, "{}", string(guide(f, Record).Value), name)
	}
	for name, b := range map[string][]byte{"RIFX": []byte("RIFX\x00\x00\x00\x04AVI "), "WAVE": wav(format, sound), "empty": nil} {
		require.Error(t, walk(t, AVI, b).Summary().Damage, name)
	}
	broken := avi(list("hdrl", list("strl", chunk("indx", little(2, 4)+"\x00\x00"+little(4, 1000)+"00dc"+little(4, 0, 0, 0)))), media)
	_, err := walk(t, AVI, broken).Plan([]Change{{Kind: Record, Value: someRecord}})
	require.ErrorAs(t, err, new(*FormatError), "an index that cannot follow")
}

func TestAVIHostile(t *testing.T) {
	for name, b := range map[string][]byte{
		"lists":    avi(strings.Repeat(list("INFO"), 80_000), media),
		"junk":     avi(strings.Repeat(chunk("JUNK", ""), 125_000), media),
		"texts":    avi(list("INFO", strings.Repeat(chunk("INAM", ""), 125_000)), media),
		"segments": append(avi(media), strings.Repeat(chunk("RIFF", "AVIX"), 80_000)...),
	} {
		t.Run(name, func(t *testing.T) { cheapWalk(t, AVI, b) })
	}
}

func FuzzAVI(f *testing.F) {
	for _, b := range aviVariants {
		f.Add(b)
	}
	f.Add(openDML("", 0))
	fuzz(f, "avi", AVI, Record, someRecord)
}
