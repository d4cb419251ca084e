package metadata

import (
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const exampleCode = "001191990099MA01ABCD5610001"

// full is a complete record.
var full = Record{
	Label: Generated, ContentProducer: exampleCode, ProduceID: "p/1", ReservedCode1: `{"a":1}`,
	ContentPropagator: "doubao", PropagateID: "q+2=", ReservedCode2: "it's",
}

// problems returns what Validate says, as "Field Item Problem" lines.
func problems(t testing.TB, r Record) []string {
	t.Helper()
	err := r.Validate()
	if err == nil {
		return nil
	}
	joined, ok := err.(interface{ Unwrap() []error })
	require.True(t, ok)
	var lines []string
	for _, e := range joined.Unwrap() {
		f, ok := errors.AsType[*FieldError](e)
		require.True(t, ok)
		require.NotEmpty(t, advice[f.Problem], "no advice for %q", f.Problem)
		lines = append(lines, f.Field+" "+f.Item+" "+string(f.Problem))
	}
	return lines
}

func TestParseRecord(t *testing.T) {
	one := Record{Label: "1", ContentProducer: "a", ProduceID: "b"}
	const json = `{"Label":"1","ContentProducer":"a","ProduceID":"b"}`
	escaped, odd := "AIGC b) escaped", func(s ...string) []string { return s }
	for name, test := range map[string]struct {
		text string
		want Record
		odd  []string // oddities of the text
	}{
		"bare":                  {json, one, nil},
		"wrapped":               {`{"AIGC":` + json + `}`, one, nil},
		"wrapped with space":    {`{"AIGC": ` + json + `}`, one, nil},
		"wrapped twice":         {`{"AIGC":{"AIGC":` + json + `}}`, one, nil},
		"wrapper beside others": {`{"Label":"cat","AIGC":` + json + `,"x":[{}]}`, one, nil},
		"two wrappers":          {`{"AIGC":{"Label":"3"},"AIGC":` + json + `}`, one, odd("AIGC b) duplicate key")},
		"string in wrapper":     {`{"AIGC":"{\"Label\":\"1\",\"ContentProducer\":\"a\",\"ProduceID\":\"b\"}"}`, one, odd(escaped)},
		"string":                {`"{\"Label\":\"1\",\"ContentProducer\":\"a\",\"ProduceID\":\"b\"}"`, one, odd(escaped)},
		"string without quotes": {`{\"Label\":\"1\",\"ContentProducer\":\"a\",\"ProduceID\":\"b\"}`, one, odd(escaped)},
		"entities":              {strings.ReplaceAll(json, `"`, "&quot;"), one, odd(escaped)},
		"numeric entities":      {strings.ReplaceAll(json, `"`, "&#x22;"), one, odd(escaped)},
		"behind the word":       {"AIGC" + json, one, nil},
		"behind the word, =":    {"AIGC=" + json, one, nil},
		"newlines":              {strings.ReplaceAll(json, ",", ",\n") + "\r\n", one, nil},
		"byte order mark":       {"\ufeff" + json, one, nil},
		"NUL padding":           {json + "\x00\x00", one, nil},
		"trailing text":         {json + "<EOF>", one, odd("AIGC b) trailing text")},
		"cut off":               {json[:len(json)-1], one, odd("AIGC b) malformed")},
		"cut off in a value":    {json + `,"`, one, odd("AIGC b) trailing text")},
		"cut off in a wrapper":  {`{"AIGC":` + json[:len(json)-1] + `,"ReservedCode1":"`, one, odd("AIGC b) malformed")},
		"cut off in a string":   {`{"AIGC":"{\"Label\":\"1\",\"ContentProducer\":\"a\",\"ProduceID\":\"b\",\"Res`, one, odd(escaped, "AIGC b) malformed")},
		"trailing comma":        {json[:len(json)-1] + ",}", one, odd("AIGC b) malformed")},
		"drafts": {
			`{"label":"1","contentProducer":"a","ProducerID":"b","ReserveCode1":"c","Propagator":"d","PropatorID":"e"}`,
			Record{Label: "1", ContentProducer: "a", ProduceID: "b", ReservedCode1: "c", ContentPropagator: "d", PropagateID: "e"},
			odd("Label b) misspelt key", "ContentProducer b) misspelt key", "ProduceID b) misspelt key",
				"ReservedCode1 b) misspelt key", "ContentPropagator b) misspelt key", "PropagateID b) misspelt key"),
		},
		"not strings": {
			`{"Label":1,"ContentProducer":"a","ProduceID":"b","ReservedCode1":{"k":["]}",true]},"ReservedCode2":null}`,
			Record{Label: "1", ContentProducer: "a", ProduceID: "b", ReservedCode1: `{"k":["]}",true]}`},
			odd("Label c) not a string", "ReservedCode1 f) not a string", "ReservedCode2 i) not a string"),
		},
		"the last duplicate":     {`{"Label":"3","Label":"1","ContentProducer":"a","ProduceID":"b"}`, one, odd("Label b) duplicate key")},
		"the standard's key":     {`{"Label":"1","label":"3","ContentProducer":"a","ProduceID":"b"}`, one, odd("Label b) misspelt key", "Label b) duplicate key")},
		"unknown keys":           {`{"X":{"y":"}"},"Label":"1","ContentProducer":"a","ProduceID":"b"}`, one, odd("X b) unknown key")},
		"escapes":                {`{"Label":"1","ContentProducer":"\u0061","ProduceID":"\u0062"}`, one, nil},
		"block":                  {"AIGC:\n  Label: '1'\n  ContentProducer: a\n  ProduceID: \"b\"\n", one, nil},
		"block of 4, CRLF":       {"AIGC:\r\n    ProduceID: 'b'\r\n    ContentProducer: a\r\n    Label: '1'\r\n", one, nil},
		"block without entry":    {"Label: '1'\nContentProducer: a\nProduceID: b", one, nil},
		"block, JSON inside":     {`AIGC: {"Label": "1", "ContentProducer": "a", "ProduceID": "b"}` + "\n", one, nil},
		"block, string inside":   {"AIGC: '" + json + "'\n", one, odd(escaped)},
		"block, literal inside":  {"AIGC: |\n  " + json + "\n", one, odd(escaped)},
		"flow":                   {"AIGC: {Label: '1', ContentProducer: a, ProduceID: b}", one, odd("AIGC b) malformed")},
		"single quotes":          {`{'Label': '1', 'ContentProducer': 'a', 'ProduceID': 'b'}`, one, odd("AIGC b) malformed")},
		"block with number":      {"AIGC:\n  Label: 1\n  ContentProducer: a\n  ProduceID: b\n", one, odd("Label c) not a string")},
		"block, tabs":            {"AIGC:\n\tLabel: \"1\"\n\tContentProducer: a\n\tProduceID: b\n", one, odd("AIGC b) malformed")},
		"block, anchor":          {"AIGC: &x\n  Label: '1'\n  ContentProducer: &y a\n  ProduceID: b\n", one, nil},
		"block with nested data": {"AIGC:\n  Label: '1'\n  ContentProducer: a\n  ProduceID: b\n  ReservedCode2:\n    x: [1]\n", Record{Label: "1", ContentProducer: "a", ProduceID: "b", ReservedCode2: "x: [1]"}, odd("ReservedCode2 i) not a string", "ReservedCode2 j) bad character")},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := ParseRecord([]byte(test.text))
			require.NoError(t, err)
			require.True(t, got.Equal(test.want), "%+v", got)
			require.Equal(t, test.text, string(got.Raw))
			require.ElementsMatch(t, test.odd, problems(t, got))
		})
	}
}

func TestParseRecordRefuses(t *testing.T) {
	for _, text := range []string{
		"", " ", "\x00", "AIGC", "{", "{}", "[]", `"`, `""`, `"AIGC"`, "hello", "AIGC:", "AIGC: yes", `{"AIGC":{}}`, `{"AIGC":true}`,
		`{"AIGC":{"ServiceProvider":"x","ServiceUser":"y","Time":"z","ContentId":"1"}}`, // the schema before the standard
		`{"label":"cat"}`, `{"Propagator":"x"}`, `{"a":{"Label":"1"}}`, "note: Label: 1", "AIGC: *x", "AIGC: [Label]",
		"{" + strings.Repeat(`"a":1,`, 1000) + `"Label":"1"}`,
		strings.Repeat(`{"AIGC":`, 1000) + `{"Label":"1"}` + strings.Repeat("}", 1000),
		strings.Repeat("[", 1<<19), strings.Repeat(`{"AIGC":`, 1<<16), `{"Label":"` + strings.Repeat("1", maxRecord) + `"}`,
		"AIGC:\n" + strings.Repeat(" x:\n ", maxYAML),
	} {
		_, err := ParseRecord([]byte(text))
		require.ErrorIs(t, err, ErrNotRecord, "%.60q", text)
	}
}

func TestValidate(t *testing.T) {
	for name, test := range map[string]struct {
		r    Record
		want []string
	}{
		"complete": {full, nil},
		"producer": {Record{Label: "1", ContentProducer: "doubao", ProduceID: "1"}, nil},
		"empty":    {Record{}, []string{"Label c) missing", "ContentProducer d) missing", "ProduceID e) missing"}},
		"only a label": {Record{Label: "2"}, []string{
			"ContentProducer d) missing", "ProduceID e) missing"}},
		"found unlabelled":      {Record{Label: "3", ContentPropagator: "a", PropagateID: "b"}, nil},
		"found in a credential": {Record{Label: "1", ContentPropagator: "a", PropagateID: "b"}, nil},
		"found unlabelled, half": {Record{Label: "3", ContentPropagator: "a"}, []string{
			"ContentProducer d) missing", "ProduceID e) missing", "PropagateID h) half pair"}},
		"half a producer":   {Record{Label: "2", ProduceID: "1", ContentPropagator: "a", PropagateID: "b"}, []string{"ContentProducer d) missing"}},
		"half a propagator": {Record{Label: "1", ContentProducer: "a", ProduceID: "1", PropagateID: "b"}, []string{"ContentPropagator g) half pair"}},
		"a word for label":  {Record{Label: "AIGC", ContentProducer: "a", ProduceID: "1"}, []string{"Label c) bad label"}},
		"characters": {Record{Label: "1", ContentProducer: "a b", ProduceID: "内", ReservedCode1: `\`, ReservedCode2: "\x7f"}, []string{
			"ContentProducer j) bad character", "ProduceID j) bad character", "ReservedCode1 j) bad character", "ReservedCode2 j) bad character"}},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, test.want, problems(t, test.r)) })
	}
}

func TestFieldErrorSaysWhatToDo(t *testing.T) {
	err := Record{Label: "AIGC", ContentProducer: "a", ProduceID: "b"}.Validate()
	require.EqualError(t, err, `Label: bad label "AIGC": write "1", "2" or "3" (GB 45438-2025 Annex E c))`)
}

func TestMarshal(t *testing.T) {
	r := Record{Label: "1", ContentProducer: "<a&b>", ReservedCode1: "\"\\\n\u2028", ReservedCode2: "'"}
	b, err := r.MarshalJSON()
	require.NoError(t, err)
	const want = `{"Label":"1","ContentProducer":"<a&b>","ProduceID":"","ReservedCode1":"\"\\\u000a\u2028","ContentPropagator":"","PropagateID":"","ReservedCode2":"'"}`
	require.Equal(t, want, string(b))
	require.Equal(t, `{"AIGC":`+want+`}`, string(r.wrapped()))
	require.Equal(t, "AIGC:\n  Label: '1'\n  ContentProducer: '<a&b>'\n  ProduceID: ''\n  ReservedCode1: \"\\\"\\\\\\u000a\\u2028\"\n"+
		"  ContentPropagator: ''\n  PropagateID: ''\n  ReservedCode2: ''''\n", string(r.yaml()))
	for _, text := range [][]byte{b, r.wrapped(), r.yaml()} {
		got, err := ParseRecord(text)
		require.NoError(t, err)
		require.True(t, got.Equal(r), "%s", text)
	}
	var std Record
	require.NoError(t, json.Unmarshal(b, &std))
	require.True(t, std.Equal(r))
}

func TestRecordIsBounded(t *testing.T) {
	for name, text := range map[string]string{
		"many members":  "{" + strings.Repeat(`"a":1,`, maxRecord/6-10) + `"Label":"1"}`,
		"wrappers":      "{" + strings.Repeat(`"AIGC":{x},`, maxYAML/11-1) + "}",
		"nested wraps":  strings.Repeat(`{"AIGC":{"AIGC":"{'AIGC':{}}"},"AIGC":`, 1<<14),
		"string wraps":  `{` + strings.Repeat(`"AIGC":"{Label: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[}",`, 1<<14),
		"deep YAML":     "AIGC: " + strings.Repeat("{a: ", maxYAML/4-10),
		"wide YAML":     "AIGC:\n Label: [" + strings.Repeat("a,", maxYAML/2-20) + "]",
		"comments":      "AIGC:\n" + strings.Repeat(" #\n", maxYAML/3-10) + " Label: 1",
		"YAML aliases":  "AIGC:\n a: &a [x,x]\n b: &b [*a,*a]\n c: &c [*b,*b]\n Label: [" + strings.Repeat("*c,", maxYAML/3-40) + "]",
		"escape layers": strings.Repeat(`"\"`, maxRecord/3),
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := time.Now()
			ParseRecord([]byte(text))
			took := time.Since(start)
			runtime.ReadMemStats(&after)
			require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(4*len(text)+16<<20))
			require.Less(t, took, time.Minute)
		})
	}
}

func FuzzRecord(f *testing.F) {
	f.Add([]byte(`{"AIGC":{"Label":"1","ContentProducer":"\u0061","ReservedCode1":{"a":[1]}}}`))
	f.Add([]byte(`"{\"Label\":\"1\"}"`))
	f.Add([]byte(`{&quot;Label&quot;:1}`))
	f.Add(full.yaml())
	f.Add([]byte("AIGC: {Label: 1, PropatorID: [x], ? y : z}"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := ParseRecord(b)
		if err != nil {
			require.ErrorIs(t, err, ErrNotRecord)
			return
		}
		problems(t, r)
		text, err := r.MarshalJSON()
		require.NoError(t, err)
		require.True(t, json.Valid(text))
		for _, text := range [][]byte{text, r.wrapped()} {
			again, err := ParseRecord(text)
			require.NoError(t, err)
			require.Empty(t, again.oddities)
			for i, v := range again.values() {
				require.Equal(t, strings.ToValidUTF8(*r.values()[i], "\ufffd"), strings.ToValidUTF8(*v, "\ufffd"))
			}
		}
	})
}

func BenchmarkParseRecord(b *testing.B) {
	bare, _ := full.MarshalJSON()
	for _, text := range [][]byte{bare, full.wrapped(), full.yaml()} {
		b.Run(fmt.Sprintf("%.6s", text), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := ParseRecord(text); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
