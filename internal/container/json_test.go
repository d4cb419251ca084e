package container

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var jsonWalks = map[string]Walk{"json": JSON, "jsonl": JSONLines, "ipynb": Jupyter}

func eachJSON(t *testing.T, test func(t *testing.T, w Walk, b []byte)) {
	for format, w := range jsonWalks {
		for name, b := range fixtures(t, format) {
			if name != "array.json" {
				t.Run(name, func(t *testing.T) { test(t, w, b) })
			}
		}
	}
}

func TestJSONRoundTrip(t *testing.T) {
	eachJSON(t, func(t *testing.T, w Walk, b []byte) {
		roundTrip(t, w, b, Record, someRecord, []byte(`{"Label" : "\"\\"}`), []byte("{\t\"Label\": \"2\"}"))
		require.Equal(t, string(b), string(remove(t, w, put(t, w, b, Record, someRecord), Record)), "adding and removing is nothing")
	})
}

func TestJSONTruncated(t *testing.T) {
	eachJSON(t, func(t *testing.T, w Walk, b []byte) {
		b = put(t, w, b, Record, someRecord)
		line, _ := cutJSONLine(b)
		end := len(bytes.TrimRight(b, "\n"))
		if bytes.HasSuffix(line, []byte("}")) {
			end = min(end, len(line))
		}
		for n := bytes.Index(b, someRecord) + len(someRecord); n < end; n++ {
			f := walk(t, w, b[:n:n])
			require.Error(t, f.Summary().Damage, "cut at %d", n)
			require.NotNil(t, guide(f, Record))
		}
	})
}

// TestJSONKeepsTheRest compares what encoding/json reads.
func TestJSONKeepsTheRest(t *testing.T) {
	read := func(b []byte) (v map[string]any) {
		d := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(b, []byte(utf8BOM))))
		require.NoError(t, d.Decode(&v))
		return v
	}
	eachJSON(t, func(t *testing.T, w Walk, b []byte) {
		before, after := read(b), read(put(t, w, b, Record, someRecord))
		object := after
		if _, ok := before["cells"]; ok {
			object = after["metadata"].(map[string]any)
		}
		require.NotNil(t, object[jsonRecord])
		delete(object, jsonRecord)
		require.Equal(t, before, after)
	})
}

// TestJSONStyle inserts a record as the first member, in the style of the text.
func TestJSONStyle(t *testing.T) {
	for before, after := range map[string]string{
		`{}`:                       `{"AIGC":{}}`,
		"{\n}":                     "{\"AIGC\":{}\n}",
		`{"a":1}`:                  `{"AIGC":{},"a":1}`,
		`{"a": 1}`:                 `{"AIGC": {}, "a": 1}`,
		`{ "a" : [{}]}`:            `{ "AIGC" : {}, "a" : [{}]}`,
		"\ufeff\n{\r\n\t\"a\": 1}": "\ufeff\n{\r\n\t\"AIGC\": {},\r\n\t\"a\": 1}",
	} {
		require.Equal(t, after, string(put(t, JSON, []byte(before), Record, []byte("{}"))))
	}
	require.Equal(t, "{\"AIGC\":{},\"a\":1}\r\n[broken", string(put(t, JSONLines, []byte("{\"a\":1}\r\n[broken"), Record, []byte("{}"))), "the first line only")
	require.Equal(t, "{\"AIGC\":{\"a\":1}}\n", string(put(t, JSONLines, []byte("{}\n"), Record, []byte("{\n\"a\": 1}"))), "lines do not break")
	require.Equal(t, `{"cells":[],"metadata":{"AIGC":{}}}`, string(put(t, Jupyter, []byte(`{"cells":[],"metadata":{}}`), Record, []byte("{}"))))
}

// TestJSONRemoves takes members with their commas.
func TestJSONRemoves(t *testing.T) {
	for before, want := range map[string][2]string{ // without its records, and with one in front
		`{"AIGC":1}`:                         {`{}`, `{"AIGC":{}}`},
		`{"a":0, "AIGC":1}`:                  {`{"a":0}`, `{"AIGC":{},"a":0}`},
		`{"AIGC":1, "a":0}`:                  {`{"a":0}`, `{"AIGC":{},"a":0}`},
		`{"a":0, "AIGC":1, "b":0, "AIGC":2}`: {`{"a":0, "b":0}`, `{"AIGC":{},"a":0, "b":0}`},
		`{"AIGC":1, "AIGC":2}`:               {`{}`, `{"AIGC":{}}`},
		`{"a":0,"AIGC":1, "aigc":{}}`:        {`{"a":0}`, `{"AIGC":{},"a":0}`},
	} {
		f := walk(t, JSON, []byte(before))
		plan, err := f.Plan(removals(f))
		require.NoError(t, err)
		require.Equal(t, want[0], string(output(t, plan, []byte(before))))
		plan, err = f.Plan(append(removals(f), Change{Kind: Record, Value: []byte("{}")}))
		require.NoError(t, err)
		require.Equal(t, want[1], string(output(t, plan, []byte(before))))
	}
}

func TestJSONSlots(t *testing.T) {
	slots := func(w Walk, doc string) (got []string) {
		f := walk(t, w, []byte(doc))
		require.NoError(t, f.Summary().Damage)
		for _, s := range f.Summary().Slots {
			got = append(got, fmt.Sprint(s.Key, " ", s.Guide, " ", string(s.Value)))
		}
		return got
	}
	require.Equal(t, []string{`aigc false {"a":1}`, `AIGC true 1`, `AIGC false "2"`},
		slots(JSON, `{"aigc":{"a":1},"AIGC":1,"A\u0049GC":"2","aigc":true,"isAIGC":1,"b":{"AIGC":3}}`))
	require.Equal(t, []string{"AIGC false 1", "AIGC true 2"}, slots(Jupyter, `{"AIGC":1,"metadata":{"AIGC":2,"x":{"AIGC":3}}}`))
	require.Equal(t, []string{"AIGC true 1"}, slots(JSONLines, "\n\n{\"AIGC\":1}\n{\"AIGC\":2}"))
}

func TestJSONRefuses(t *testing.T) {
	for doc, w := range map[string]Walk{
		`[{}]`: JSON, `"text"`: JSON, ` 12 `: JSON, "\xff\xfe{\x00}\x00": JSON, `{"cells":[]}`: Jupyter, `{"metadata":[]}`: Jupyter, "[1]\n{}": JSONLines, "": JSONLines,
	} {
		f := walk(t, w, []byte(doc))
		require.NoError(t, f.Summary().Damage, doc)
		_, err := f.Plan([]Change{{Kind: Record, Value: []byte("{}")}})
		require.ErrorIs(t, err, ErrNoPlace, doc)
	}
	f := walk(t, JSON, []byte(`{"AIGC":1}`))
	for _, c := range []Change{{Kind: XMP, Value: []byte("{}")}, {Kind: Record, Value: []byte("{")}, {Slot: &f.Summary().Slots[0], Value: []byte("no")}} {
		_, err := f.Plan([]Change{c})
		require.ErrorIs(t, err, ErrNoPlace)
	}
}

func TestJSONDamage(t *testing.T) {
	for doc, offset := range map[string]int64{
		``: 0, `{`: 1, `{"a":1,}`: 8, "\ufeff{'a':1}": 5, `{"AIGC":{}} {}`: 13, `{"AIGC":{}, // why` + "\n}": 13, `{"AIGC":{"Label":"1`: 19,
	} {
		l := walk(t, JSON, []byte(doc)).Summary()
		damage := new(FormatError)
		require.ErrorAs(t, l.Damage, &damage)
		require.Equal(t, offset, damage.Offset, doc)
		require.Equal(t, strings.Contains(doc, "AIGC"), len(l.Slots) == 1, "the record before it is read: %s", doc)
	}
	require.Error(t, walk(t, Jupyter, []byte(`{"metadata":{},"metadata":{}}`)).Summary().Damage)
}

func TestJSONLimit(t *testing.T) {
	doc := `{"AIGC":{},"a":"` + strings.Repeat("a", 1000) + "\"}\n"
	for _, w := range jsonWalks {
		f, err := w(NewSource(strings.NewReader(doc+strings.Repeat(" ", HeadSize)), int64(len(doc)+HeadSize), Limits{Value: HeadSize}))
		require.NoError(t, err)
		require.NoError(t, f.Summary().Damage)
		require.Len(t, f.Summary().Slots, 1)
	}
	long := strings.ReplaceAll(doc, "\n", " ") + strings.Repeat(" ", HeadSize)
	f, err := JSONLines(NewSource(strings.NewReader(long), int64(len(long)), Limits{Value: HeadSize}))
	require.NoError(t, err)
	require.Len(t, f.Summary().Limits, 1)
}

func TestJSONKind(t *testing.T) {
	for doc, want := range map[string]string{
		`{"a":1}`: "json", "\ufeff {\n\"a\" : [": "json", `{"a":1}` + "\n\n": "json", "{\"a\":1}\n{\"a\":2}\n": "jsonl", `{"cells":[{"cell_type":"code"}]}`: "ipynb",
		"": "", "{": "", "{}": "", "[1]": "", "{a:1}": "", `{"a"`: "", `{"a":1} and so on`: "", `{"a":1}]`: "",
	} {
		got, err := JSONKind(NewSource(strings.NewReader(doc), int64(len(doc)), Limits{}))
		require.NoError(t, err)
		require.Equal(t, want, got, doc)
	}
}

func TestJSONHostile(t *testing.T) {
	const n = 1 << 20
	for name, doc := range map[string]string{
		"nested":  `{"metadata":` + strings.Repeat(`{"AIGC":`, n/8),
		"members": `{` + strings.Repeat(`"":0,`, n/5) + `"":0}`,
		"records": `{"metadata":{` + strings.Repeat(`"AIGC":0,`, n/9) + `"":0}}`,
		"escapes": `{"` + strings.Repeat(`\u0041`, n/6) + `":0}`,
		"objects": `{` + strings.Repeat(`"metadata":{},`, n/14) + `"":0}`,
		"spaces":  `{` + strings.Repeat(" ", n),
	} {
		for _, w := range jsonWalks {
			t.Run(name, func(t *testing.T) { cheapWalk(t, w, []byte(doc)) })
		}
	}
}

func FuzzJSON(f *testing.F) {
	f.Add([]byte(`{"a": 1, "AIGC": {}, "aigc": "x"}`))
	fuzz(f, "json", JSON, Record, someRecord)
}

func FuzzJSONLines(f *testing.F) { fuzz(f, "jsonl", JSONLines, Record, someRecord) }

func FuzzJupyter(f *testing.F) { fuzz(f, "ipynb", Jupyter, Record, someRecord) }
