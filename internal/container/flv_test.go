package container

import (
	"bytes"
	"encoding/binary"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const flvHead = "FLV\x01\x05\x00\x00\x00\x09\x00\x00\x00\x00"

// flvEncode returns a tag and its size.
func flvEncode(kind byte, data string) string {
	b := append(appendUint([]byte{kind}, uint64(len(data)), 3), make([]byte, 7)...)
	return string(b) + data + string(binary.BigEndian.AppendUint32(nil, uint32(11+len(data))))
}

var flvFrame = flvEncode(9, "\x12frame")

func amfString(s string) string { return string(appendAMFText(nil, []byte(s))) }

func amfDouble(v float64) string {
	return string(binary.BigEndian.AppendUint64([]byte{amfNumber}, math.Float64bits(v)))
}

// member returns a property.
func member(name, value string) string { return string(appendAMFName(nil, name)) + value }

// ecma returns an ECMA array that says how many members it has.
func ecma(count int, members ...string) string {
	return "\x08" + string(binary.BigEndian.AppendUint32(nil, uint32(count))) + strings.Join(members, "") + "\x00\x00\x09"
}

func object(members ...string) string { return "\x03" + strings.Join(members, "") + "\x00\x00\x09" }

func strict(elements ...string) string {
	return "\x0A" + string(binary.BigEndian.AppendUint32(nil, uint32(len(elements)))) + strings.Join(elements, "")
}

func script(name, value string) string { return flvEncode(18, amfString(name)+value) }

func TestFLVRoundTrip(t *testing.T) {
	for name, b := range fixtures(t, "flv") {
		t.Run(name, func(t *testing.T) {
			truncations(t, FLV, b, 13+11) // behind that, what is left may be a file
			require.Error(t, walk(t, FLV, b[:len(b)-1]).Summary().Damage)
			require.Error(t, walk(t, FLV, b[:len(b)-4]).Summary().Damage)
			require.Error(t, walk(t, FLV, b[:len(b)-5]).Summary().Damage)
			roundTrip(t, FLV, without(t, FLV, b, Record), Record, someRecord, []byte(`{"Label":"2"}`), bytes.Repeat(longRecord, 80), []byte(`{"名":"值"}`))
		})
	}
}

var flvVariants = map[string][]byte{
	"ECMA array":            []byte(flvHead + script("onMetaData", ecma(1, member("AIGC", amfString("{}")))) + flvFrame),
	"object":                []byte(flvHead + script("onMetaData", object(member("AIGC", amfString("{}")))) + flvFrame),
	"long text":             []byte(flvHead + script("onMetaData", ecma(1, member("AIGC", "\x0C\x00\x00\x00\x02{}"))) + flvFrame),
	"count is a hint":       []byte(flvHead + script("onMetaData", ecma(0, member("a", amfDouble(1)), member("AIGC", amfString("{}")))) + flvFrame),
	"no end mark":           []byte(flvHead + script("onMetaData", strings.TrimSuffix(ecma(1, member("AIGC", amfString("{}"))), "\x00\x00\x09")) + flvFrame),
	"more behind it":        []byte(flvHead + flvEncode(18, amfString("onMetaData")+ecma(1, member("AIGC", amfString("{}")))+"\x00\x00\x09") + flvFrame),
	"recorded stream":       []byte(flvHead + flvEncode(18, amfString("@setDataFrame")+amfString("onMetaData")+ecma(1, member("AIGC", amfString("{}")))) + flvFrame),
	"behind a frame":        []byte(flvHead + flvFrame + script("onMetaData", ecma(1, member("AIGC", amfString("{}"))))),
	"every type":            []byte(flvHead + script("onMetaData", ecma(9, member("n", "\x05"), member("u", "\x06"), member("r", "\x07\x00\x01"), member("b", "\x01\x01"), member("d", "\x0B"+strings.Repeat("\x00", 10)), member("x", "\x0F\x00\x00\x00\x01x"), member("t", "\x10\x00\x01c\x00\x00\x09"), member("a", strict("\x05", object(member("k", "\x0D")))), member("AIGC", amfString("{}")))) + flvFrame),
	"sizes without headers": []byte(flvHead + script("onMetaData", ecma(1, member("AIGC", amfString("{}")))) + strings.Replace(flvFrame, "\x11", "\x06", 1)),
	"longer header":         []byte("FLV\x01\x05\x00\x00\x00\x0Aa\x00\x00\x00\x00" + script("onMetaData", ecma(1, member("AIGC", amfString("{}")))) + flvFrame),
}

func TestFLVVariants(t *testing.T) {
	for name, b := range flvVariants {
		t.Run(name, func(t *testing.T) {
			f := walk(t, FLV, b)
			require.NoError(t, f.Summary().Damage)
			require.NotNil(t, guide(f, Record))
			require.Equal(t, "{}", string(guide(f, Record).Value))
			roundTrip(t, FLV, b, Record, someRecord, []byte(`{"Label":"2"}`), longRecord)
		})
	}
}

func TestFLVCountsFollow(t *testing.T) {
	b := []byte(flvHead + script("onMetaData", ecma(1, member("a", amfDouble(1)))) + flvFrame)
	labelled := put(t, FLV, b, Record, []byte("{}"))
	require.Equal(t, flvHead+script("onMetaData", ecma(2, member("a", amfDouble(1)), member("AIGC", amfString("{}"))))+flvFrame, string(labelled))
	require.Equal(t, string(b), string(without(t, FLV, labelled, Record)))
	made := put(t, FLV, []byte(flvHead+flvFrame), Record, []byte("{}"))
	require.Equal(t, flvHead+script("onMetaData", ecma(1, member("AIGC", amfString("{}"))))+flvFrame, string(made))
}

// TestFLVPositionsFollow moves everything in onMetaData that is a position, and
// nothing that only looks like one.
func TestFLVPositionsFollow(t *testing.T) {
	build := func(text string, frame, size float64) string {
		positions := member("keyframes", object(member("filepositions", strict(amfDouble(frame), amfDouble(frame+0.5), amfDouble(1<<40), amfDouble(-1))), member("times", strict(amfDouble(frame)))))
		return flvHead + script("onMetaData", ecma(5, member("filesize", amfDouble(size)), member("lastkeyframelocation", amfDouble(frame)), member("datasize", amfDouble(frame)), positions, member("AIGC", amfString(text)))) + flvFrame
	}
	measured := func(text string) []byte {
		b := build(text, 0, 0)
		return []byte(build(text, float64(len(b)-len(flvFrame)), float64(len(b))))
	}
	b, by := measured("{}"), float64(len(someRecord)-2)
	got := put(t, FLV, b, Record, someRecord)
	want := measured(string(someRecord))
	at := float64(len(b) - len(flvFrame))
	for _, fixed := range []string{member("datasize", ""), member("times", strict(amfDouble(0)))[:12]} { // these stay
		want = bytes.ReplaceAll(want, []byte(fixed+strings.TrimPrefix(amfDouble(at+by), "")), []byte(fixed+amfDouble(at)))
	}
	want = bytes.ReplaceAll(want, []byte(amfDouble(at+by+0.5)), []byte(amfDouble(at+0.5)))
	require.Equal(t, string(want), string(got))

	stale := []byte(build("{}", 0, 7))
	require.Equal(t, build(string(someRecord), 0, 7), string(put(t, FLV, stale, Record, someRecord)))
}

// Every position in a real file still leads to the tag of a key frame, but for
// lastkeyframelocation, in which ffmpeg forgets its own array.
func TestFLVKeyframesOfFFmpeg(t *testing.T) {
	b := put(t, FLV, fixtures(t, "flv")["keyframes.flv"], Record, longRecord)
	f := walk(t, FLV, b).(*flvFile)
	s := f.scripts[0]
	require.Len(t, s.numbers, 2)
	for _, r := range s.numbers {
		if r.Length == amfNumberSize {
			continue
		}
		for at := r.Offset; at < r.Offset+r.Length; at += amfNumberSize {
			pos := int64(math.Float64frombits(binary.BigEndian.Uint64(b[at+1:])))
			require.EqualValues(t, 9, b[pos], "a video tag")
			require.EqualValues(t, 1, b[pos+11]>>4, "a key frame")
		}
	}
	require.EqualValues(t, len(b), math.Float64frombits(binary.BigEndian.Uint64(b[s.total+1:])))
}

func TestFLVAlternatePlaces(t *testing.T) {
	b := []byte(flvHead +
		script("onMetaData", ecma(3, member("title", amfString("Title")), member("aigc", amfString("lower")), member("more", object(member("AIGC", amfString("nested")))))) +
		script("onMetaData", ecma(1, member("AIGC", amfString("second")))) +
		script("onXMPData", ecma(1, member("liveXML", amfString("<x/>")))) +
		script("onCuePoint", ecma(1, member("AIGC", amfString("cue")))) + flvFrame)
	f := walk(t, FLV, b)
	require.NoError(t, f.Summary().Damage)
	var got []string
	var changes []Change
	for i, s := range f.Summary().Slots {
		got = append(got, s.Place+"="+string(b[s.Ranges[0].Offset:][:s.Ranges[0].Length]))
		changes = append(changes, Change{Slot: &f.Summary().Slots[i], Value: []byte("another")})
	}
	require.Equal(t, []string{"FLV onMetaData title=Title", "FLV onMetaData aigc=lower", "FLV onMetaData AIGC=nested",
		"FLV onMetaData AIGC=second", "FLV onXMPData liveXML=<x/>", "FLV onCuePoint AIGC=cue"}, got)
	require.Equal(t, "FLV onMetaData AIGC=second", guide(f, Record).Place+"="+string(guide(f, Record).Value))
	plan, err := f.Plan(changes)
	require.NoError(t, err)
	for _, s := range walk(t, FLV, output(t, plan, b)).Summary().Slots {
		require.Equal(t, "another", string(s.Value))
	}
	left := walk(t, FLV, without(t, FLV, b, Record)).Summary()
	require.NoError(t, left.Damage)
	require.Len(t, left.Slots, 2)
	_, err = f.Plan([]Change{{Kind: XMP, Value: someRecord}})
	require.ErrorIs(t, err, ErrNoPlace)
	_, err = f.Plan([]Change{{Kind: Record, Value: make([]byte, 1<<24)}})
	require.ErrorAs(t, err, new(*LimitError))
}

func TestFLVDamage(t *testing.T) {
	label := script("onMetaData", ecma(1, member("AIGC", amfString("{}"))))
	for name, b := range map[string]string{
		"frame cut":          flvHead + label + flvFrame[:14],
		"header cut":         flvHead + label + flvFrame[:5],
		"size cut":           flvHead + label + flvFrame[:len(flvFrame)-1],
		"size lost":          flvHead + label + flvFrame[:len(flvFrame)-4],
		"unknown type":       flvHead + script("onMetaData", ecma(2, member("AIGC", amfString("{}")), member("a", "\x11"))) + flvFrame,
		"text past the tag":  flvHead + script("onMetaData", ecma(2, member("AIGC", amfString("{}")), member("a", "\x02\x00\xFF"))) + flvFrame,
		"array past the tag": flvHead + script("onMetaData", ecma(2, member("AIGC", amfString("{}")), member("a", "\x0A\xFF\xFF\xFF\xFF"))) + flvFrame,
		"script cut":         flvHead + script("onMetaData", ecma(2, member("AIGC", amfString("{}")), member("a", amfString("text"))))[:56],
	} {
		f := walk(t, FLV, []byte(b))
		require.Error(t, f.Summary().Damage, name)
		require.NotNil(t, guide(f, Record), "%s: hides the label", name)
		require.Equal(t, "{}", string(guide(f, Record).Value), name)
	}
	for _, b := range []string{"", "FLV", "FLW\x01\x05\x00\x00\x00\x09\x00\x00\x00\x00", "FLV\x01\x05\xFF\xFF\xFF\xFF\x00\x00\x00\x00"} {
		require.Error(t, walk(t, FLV, []byte(b)).Summary().Damage, "%q", b)
	}
}

func TestFLVHostile(t *testing.T) {
	deep := strings.Repeat("\x0A\x00\x00\x00\x01", 200_000)
	require.NotEmpty(t, walk(t, FLV, []byte(flvHead+script("onMetaData", deep))).Summary().Limits)
	for name, body := range map[string]string{
		"nested arrays":  script("onMetaData", deep),
		"nested objects": script("onMetaData", strings.Repeat("\x03\x00\x00", 300_000)),
		"nulls":          script("onMetaData", strict(strings.Split(strings.Repeat("\x05", 1<<20), "")...)),
		"empty arrays":   script("onMetaData", strict(strings.Repeat("\x0A\x00\x00\x00\x00", 200_000))),
		"texts":          script("onMetaData", ecma(1, strings.Repeat(member("", amfString("")), 200_000))),
		"positions":      script("onMetaData", object(member("keyframes", object(member("filepositions", strict(strings.Repeat(amfDouble(1), 100_000))))))),
		"scripts":        strings.Repeat(script("", object()), 50_000),
		"tags":           strings.Repeat(flvEncode(9, ""), 66_000) + "\x00",
	} {
		t.Run(name, func(t *testing.T) { cheapWalk(t, FLV, []byte(flvHead+body)) })
	}
}

func FuzzFLV(f *testing.F) {
	for _, b := range flvVariants {
		f.Add(b)
	}
	fuzz(f, "flv", FLV, Record, someRecord)
}
