package container

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var subtitleWalks = map[string]Walk{"vtt": WebVTT, "ass": ASS}

func TestSubtitleRoundTrip(t *testing.T) {
	for format, w := range subtitleWalks {
		for name, b := range fixtures(t, format) {
			t.Run(name, func(t *testing.T) {
				roundTrip(t, w, b, Record, someRecord, []byte(`{"Label":"<&> \" -- >"}`), []byte(`{}`))
				if name != "header.vtt" {
					require.Equal(t, string(b), string(remove(t, w, put(t, w, b, Record, someRecord), Record)), "adding and removing is nothing")
				}
			})
		}
	}
}

// TestSubtitlePlaces inserts a record into files as others write them.
func TestSubtitlePlaces(t *testing.T) {
	for before, after := range map[string]string{
		"WEBVTT\n\n00:00.000 --> 00:01.000\na\n":   "WEBVTT\n\nNOTE AIGC {}\n\n00:00.000 --> 00:01.000\na\n",
		"\ufeffWEBVTT x\r\nKind: a\r\n\r\n\r\na":   "\ufeffWEBVTT x\r\nKind: a\r\n\r\n\r\nNOTE AIGC {}\r\n\r\na",
		"WEBVTT":                                   "WEBVTT\n\nNOTE AIGC {}\n\n",
		"WEBVTT\n":                                 "WEBVTT\n\nNOTE AIGC {}\n\n",
		"WEBVTT\r\r00:00.000":                      "WEBVTT\r\rNOTE AIGC {}\r\r00:00.000", // CR alone ends a line
		"WEBVTT \n\r\r":                            "WEBVTT \n\r\rNOTE AIGC {}\n\n",
		"WEBVTT\nKind: a\r":                        "WEBVTT\nKind: a\r\rNOTE AIGC {}\r\r",
		"WEBVTT\n\nNOTE\nAIGC: {\n\"a\":1\n}\n\na": "WEBVTT\n\nNOTE\nAIGC: {}\n\na",
	} {
		require.Equal(t, after, string(put(t, WebVTT, []byte(before), Record, []byte("{}"))))
	}
	for before, after := range map[string]string{
		"[Script Info]\nTitle: a\n":              "[Script Info]\nAIGC: {}\nTitle: a\n",
		"\ufeff\r\n[script info]\r\n":            "\ufeff\r\n[script info]\r\nAIGC: {}\r\n",
		"[Script Info]\rTitle: a\r":              "[Script Info]\rAIGC: {}\rTitle: a\r",
		"[Script Info]":                          "[Script Info]\nAIGC: {}\n",
		"[Script Info]\nAIGC: {1}\f \n":          "[Script Info]\nAIGC: {} \n",
		"[Script Info]\nTitle: a\naigc : {1} \n": "[Script Info]\nTitle: a\naigc : {} \n",
	} {
		require.Equal(t, after, string(put(t, ASS, []byte(before), Record, []byte("{}"))))
	}
}

func TestSubtitleSlots(t *testing.T) {
	values := func(w Walk, doc string) (got []string) {
		for _, s := range walk(t, w, []byte(doc)).Summary().Slots {
			got = append(got, string(s.Value))
		}
		return got
	}
	require.Equal(t, []string{"1", "2\r\n3"},
		values(WebVTT, "WEBVTT\r\nNOTE AIGC 0\r\n\r\nNOTE AIGC 1\r\n\r\nNOTEAIGC 0\r\n\r\nNOTE about AIGC\r\n\r\na --> b\r\nAIGC\r\n\r\nNOTE\r\nAIGC: 2\r\n3\r\n"))
	require.Equal(t, []string{"1", ""}, values(ASS, "[Script Info]\n; AIGC: 0\nAIGC: 1\n\nAIGC:\nxAIGC: 0\n[Events]\nAIGC: 0\n"))
}

func TestSubtitleRefuses(t *testing.T) {
	long := strings.Repeat("a", HeadSize)
	for doc, w := range map[string]Walk{"\xff\xfe[\x00S\x00": ASS, "WEBVTT\n" + long: WebVTT, "[Script Info]" + long: ASS} {
		f := walk(t, w, []byte(doc))
		require.NoError(t, f.Summary().Damage)
		_, err := f.Plan([]Change{{Kind: Record, Value: []byte("{}")}})
		require.ErrorIs(t, err, ErrNoPlace)
	}
	for doc, w := range map[string]Walk{"WEBVTTX": WebVTT, "": WebVTT, "[V4 Styles]": ASS} {
		require.Error(t, walk(t, w, []byte(doc)).Summary().Damage)
	}
	f := walk(t, WebVTT, []byte("WEBVTT\n\n"))
	for _, c := range []Change{{Kind: XMP, Value: []byte("{}")}, {Kind: Record, Value: []byte("no JSON")}} {
		_, err := f.Plan([]Change{c})
		require.ErrorIs(t, err, ErrNoPlace)
	}
	plan, err := f.Plan([]Change{{Kind: Record, Value: []byte("{\n\n\"a\": \"-->\"}")}})
	require.NoError(t, err)
	require.Equal(t, "WEBVTT\n\nNOTE AIGC {\"a\":\"--\\u003e\"}\n\n", string(output(t, plan, []byte("WEBVTT\n\n"))), "no line break, and no arrow")
}

func TestSubtitleKinds(t *testing.T) {
	for doc, want := range map[string][2]bool{
		"WEBVTT": {true, false}, "\ufeffWEBVTT\tx": {true, false}, "WEBVTTs": {}, " WEBVTT": {},
		"[Script Info]\n": {false, true}, "\ufeff\r\n[script info]": {false, true}, "\xff\xfe[\x00S\x00c\x00r\x00i\x00p\x00t\x00 \x00I\x00n\x00f\x00o\x00]\x00": {false, true}, "[Script": {}, "": {},
	} {
		src := NewSource(strings.NewReader(doc), int64(len(doc)), Limits{})
		require.Equal(t, want, [2]bool{must(IsWebVTT(src)), must(IsASS(src))}, "%q", doc)
	}
}

func FuzzWebVTT(f *testing.F) {
	f.Add([]byte("WEBVTT\n\nNOTE AIGC {}\n\n"))
	fuzz(f, "vtt", WebVTT, Record, someRecord)
}

func FuzzASS(f *testing.F) {
	f.Add([]byte("[Script Info]\nAIGC: {}\n"))
	fuzz(f, "ass", ASS, Record, someRecord)
}

// TestSubtitleFFmpeg reads labelled files: the cues and the styles are the same.
func TestSubtitleFFmpeg(t *testing.T) {
	ffmpeg, dir := tool(t, "ffmpeg"), t.TempDir()
	for format, w := range subtitleWalks {
		for name, b := range fixtures(t, format) {
			if name == "header.vtt" { // no cues, no stream
				continue
			}
			cues := func(b []byte) string {
				path := filepath.Join(dir, name)
				require.NoError(t, os.WriteFile(path, b, 0o600))
				out := run(t, ffmpeg, "-v", "error", "-i", path, "-f", "ass", "-")
				return out[strings.Index(out, "[V4"):]
			}
			before := cues(b)
			require.Contains(t, before, "A small text.")
			require.Equal(t, before, cues(put(t, w, b, Record, someRecord)), name)
		}
	}
}
