package container

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func cafBlock(id, data string) string {
	return string(binary.BigEndian.AppendUint64([]byte(id), uint64(len(data)))) + data
}

// cafInfoOf returns an info chunk of pairs: key, value, key, value.
func cafInfoOf(texts ...string) string {
	count := binary.BigEndian.AppendUint32(nil, uint32(len(texts)/2))
	return cafBlock("info", string(count)+strings.Join(texts, "\x00")+"\x00")
}

func caf(chunks ...string) []byte { return []byte("caff\x00\x01\x00\x00" + strings.Join(chunks, "")) }

func cafFree(n int) string { return cafBlock("free", string(make([]byte, n))) }

var (
	cafDesc  = cafBlock("desc", "\x40\xbf\x40\x00\x00\x00\x00\x00lpcm"+string(make([]byte, 20)))
	cafSound = cafBlock("data", "\x00\x00\x00\x01\x80\x81\x82\x83")
)

func TestCAFRoundTrip(t *testing.T) {
	for name, b := range fixtures(t, "caf") {
		t.Run(name, func(t *testing.T) {
			intact := len(b)
			switch name {
			case "streamed.caf": // the sound runs to wherever the file ends
				intact = bytes.Index(b, []byte("data")) + 12
			case "alac.caf": // but at the end of the chunk before the last
				intact = bytes.Index(b, []byte("pakt"))
			}
			truncations(t, CAF, b, intact)
			roundTrip(t, CAF, without(t, CAF, b, Record), Record, someRecord, []byte(`{"Label":"2"}`), []byte(`{"名":"值"}`))
		})
	}
}

var cafVariants = map[string][]byte{
	"info before the sound":  caf(cafDesc, cafInfoOf("AIGC", "{}"), cafSound),
	"info behind the sound":  caf(cafDesc, cafSound, cafInfoOf("AIGC", "{}")),
	"beside other keys":      caf(cafDesc, cafInfoOf("title", "T", "AIGC", "{}", "artist", ""), cafSound),
	"free before":            caf(cafDesc, cafFree(100), cafInfoOf("AIGC", "{}"), cafSound),
	"free behind":            caf(cafDesc, cafInfoOf("AIGC", "{}"), cafFree(100), cafSound),
	"free on both sides":     caf(cafDesc, cafFree(10), cafInfoOf("AIGC", "{}"), cafFree(100), cafSound),
	"bytes behind the pairs": caf(cafDesc, cafBlock("info", "\x00\x00\x00\x01AIGC\x00{}\x00more"), cafSound),
	"data without a size":    caf(cafDesc, cafInfoOf("AIGC", "{}"), "data\xff\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00\x80\x80"),
	"two info chunks":        caf(cafDesc, cafInfoOf("AIGC", "{}"), cafFree(0), cafInfoOf("title", "T"), cafSound),
}

func TestCAFVariants(t *testing.T) {
	for name, b := range cafVariants {
		t.Run(name, func(t *testing.T) {
			f := walk(t, CAF, b)
			require.NoError(t, f.Summary().Damage)
			require.NotNil(t, guide(f, Record))
			require.Equal(t, "{}", string(guide(f, Record).Value))
			roundTrip(t, CAF, b, Record, someRecord, []byte(`{"Label":"2"}`), []byte(`{"a":1}`))
		})
	}
}

// Free space keeps the sound where it is.
func TestCAFFree(t *testing.T) {
	need := len(cafInfoOf("AIGC", string(someRecord)))
	for _, c := range []struct {
		name string
		file []byte
		kept bool
	}{
		{"fits", caf(cafDesc, cafFree(need-12), cafSound), true},
		{"leaves a header", caf(cafDesc, cafFree(need), cafSound), true},
		{"would leave half a header", caf(cafDesc, cafFree(need-6), cafSound), false},
		{"too small", caf(cafDesc, cafFree(10), cafSound), false},
		{"not adjacent", caf(cafDesc, cafFree(1000), cafBlock("chan", "c"), cafSound), false},
		{"behind an info chunk", caf(cafDesc, cafInfoOf("title", "T"), cafFree(1000), cafSound), true},
		{"before an info chunk", caf(cafDesc, cafFree(1000), cafInfoOf("title", "T"), cafSound), true},
	} {
		out := put(t, CAF, c.file, Record, someRecord)
		require.Equal(t, c.kept, position(out) == position(c.file), c.name)
		require.Equal(t, c.kept, len(out) == len(c.file), c.name)
	}
	b := caf(cafDesc, cafFree(1000), cafSound)
	sound := position(b)
	for _, value := range []string{"{}", string(someRecord), `{"Label":"2"}`} {
		b = put(t, CAF, b, Record, []byte(value))
		require.Equal(t, sound, position(b))
	}
	require.Equal(t, string(caf(cafDesc, cafFree(1000), cafSound)), string(without(t, CAF, b, Record)))
}

func TestCAFKeys(t *testing.T) {
	b := caf(cafDesc, cafInfoOf("title", "T", "aigc", "lower", "AIGC", "one", "AIGC", "two"), cafInfoOf("AIGC", "second chunk"), cafSound)
	f := walk(t, CAF, b)
	require.NoError(t, f.Summary().Damage)
	var got []string
	for _, s := range f.Summary().Slots {
		r := s.Ranges[0]
		got = append(got, s.Place+"="+string(b[r.Offset:r.Offset+r.Length]))
	}
	require.Equal(t, []string{"CAF info title=T", "CAF info aigc=lower", "CAF info AIGC=one", "CAF info AIGC=two", "CAF info AIGC=second chunk"}, got)
	require.Equal(t, "one", string(guide(f, Record).Value))
	require.Equal(t, string(caf(cafDesc, cafInfoOf("title", "T"), cafSound)), string(without(t, CAF, b, Record)))
}

func TestCAFRefuses(t *testing.T) {
	f := walk(t, CAF, caf(cafDesc, cafSound))
	_, err := f.Plan([]Change{{Kind: XMP, Value: somePacket}})
	require.ErrorIs(t, err, ErrNoPlace)
	_, err = f.Plan([]Change{{Kind: Record, Value: []byte("a\x00b")}})
	require.ErrorContains(t, err, "zeros")
}

func TestCAFDamage(t *testing.T) {
	label := cafInfoOf("AIGC", "{}")
	for name, b := range map[string][]byte{
		"sound past the end":  caf(cafDesc, label, "data\x00\x00\x00\x00\x00\x00\x01\x00\x80"),
		"largest size":        caf(cafDesc, label, "data\x7f\xff\xff\xff\xff\xff\xff\xff\x80"),
		"size below zero":     caf(cafDesc, label, "uuid\xff\xff\xff\xff\xff\xff\xff\xff"),
		"half a header":       caf(cafDesc, label, cafSound, "pakt\x00"),
		"no sound":            caf(cafDesc, label),
		"no description":      caf(label, cafSound),
		"too few strings":     caf(cafDesc, label, cafBlock("info", "\x00\x00\x00\x02title\x00T\x00"), cafSound),
		"a key without value": caf(cafDesc, label, cafBlock("info", "\x00\x00\x00\x01title\x00"), cafSound),
		"no count":            caf(cafDesc, label, cafBlock("info", "\x00\x00"), cafSound),
		"a label that is cut": caf(cafDesc, cafBlock("info", "\xff\xff\xff\xffAIGC\x00{}\x00title\x00"), cafSound),
	} {
		f := walk(t, CAF, b)
		require.Error(t, f.Summary().Damage, name)
		require.NotNil(t, guide(f, Record), "%s: hides the label", name)
	}
	for name, b := range map[string]string{"version 2": "caff\x00\x02\x00\x00", "empty": "", "half a header": "caff"} {
		require.Error(t, walk(t, CAF, []byte(b)).Summary().Damage, name)
	}
}

func TestCAFCosts(t *testing.T) {
	for name, b := range map[string][]byte{
		"chunks": caf(cafDesc, strings.Repeat(cafFree(0), 80_000), cafSound),
		"pairs":  caf(cafDesc, cafBlock("info", "\x00\x0f\xff\xff"+string(make([]byte, 1<<20))), cafSound),
		"infos":  caf(cafDesc, strings.Repeat(cafInfoOf("AIGC", ""), 50_000), cafSound),
	} {
		t.Run(name, func(t *testing.T) { cheapWalk(t, CAF, b) })
	}
}

func FuzzCAF(f *testing.F) {
	for _, b := range cafVariants {
		f.Add(b)
	}
	fuzz(f, "caf", CAF, Record, someRecord)
}
