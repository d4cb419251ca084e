package metadata

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSetMembers(t *testing.T) {
	set := [][2]string{{"ContentPropagator", "P"}, {"PropagateID", `i"d`}}
	for name, test := range map[string]struct{ raw, want string }{
		"replace, other order": {
			`{"PropagateID" : "x","Label":"1", "ContentPropagator":"" }`,
			`{"PropagateID" : "i\"d","Label":"1", "ContentPropagator":"P" }`},
		"add":               {`{"Label":"1","ProduceID":"a"}`, `{"Label":"1","ProduceID":"a","ContentPropagator":"P","PropagateID":"i\"d"}`},
		"add to one":        {`{ "Label": "1"}`, `{ "Label": "1", "ContentPropagator": "P", "PropagateID": "i\"d"}`},
		"add, indented":     {"{\n\t\"Label\": \"1\",\n\t\"ProduceID\": \"a\"\n}\n", "{\n\t\"Label\": \"1\",\n\t\"ProduceID\": \"a\",\n\t\"ContentPropagator\": \"P\",\n\t\"PropagateID\": \"i\\\"d\"\n}\n"},
		"wrapped":           {`{"AIGC": {"Label":"1"} } `, `{"AIGC": {"Label":"1","ContentPropagator":"P","PropagateID":"i\"d"} } `},
		"misspelt":          {`{"Label":"1","Propagator":"x","PropatorID":"y"}`, `{"Label":"1","Propagator":"P","PropatorID":"i\"d"}`},
		"duplicates":        {`{"Label":"1","PropagateID":"x","PropagateID":"y"}`, `{"Label":"1","PropagateID":"i\"d","PropagateID":"i\"d","ContentPropagator":"P"}`},
		"not strings":       {`{"Label":1,"PropagateID":null,"ContentPropagator":{"a":"}"},"X":[1, 2]}`, `{"Label":1,"PropagateID":"i\"d","ContentPropagator":"P","X":[1, 2]}`},
		"behind the word":   {"AIGC{\"Label\":\"1\"}\x00", "AIGC{\"Label\":\"1\",\"ContentPropagator\":\"P\",\"PropagateID\":\"i\\\"d\"}\x00"},
		"string in wrapper": {`{"AIGC":"{\"Label\":\"1\"}","x":1}`, `{"AIGC":"{\"Label\":\"1\",\"ContentPropagator\":\"P\",\"PropagateID\":\"i\\\"d\"}","x":1}`},
		"entities":          {`{&quot;Label&quot;:&quot;1&quot;}`, `{&quot;Label&quot;:&quot;1&quot;,&quot;ContentPropagator&quot;:&quot;P&quot;,&quot;PropagateID&quot;:&quot;i\&quot;d&quot;}`},
		"YAML": {
			"AIGC:\n    PropagateID: x # why\n    Label: \"1\"\n    ContentPropagator:\n",
			"AIGC:\n    PropagateID: \"i\\\"d\" # why\n    Label: \"1\"\n    ContentPropagator: \"P\"\n"},
		"YAML, add": {
			"AIGC:\n  Label: '1' # one\n  # more\n", "AIGC:\n  Label: '1' # one\n  ContentPropagator: 'P'\n  PropagateID: 'i\"d'\n  # more\n"},
		"YAML, add after the last byte": {"AIGC:\r\n  'Label': '1'", "AIGC:\r\n  'Label': '1'\r\n  'ContentPropagator': 'P'\r\n  'PropagateID': 'i\"d'"},
		"YAML, nested": {
			"AIGC:\n  ContentPropagator:\n    a: 1\n    # b\n\n  Label: '1'\n  PropagateID: |\n    x\n    y\n",
			"AIGC:\n  ContentPropagator:\n    'P'\n    # b\n\n  Label: '1'\n  PropagateID: 'i\"d'\n"},
		"YAML, folded":       {"AIGC:\n  PropagateID: x\n    y\n  Label: '1'\n  ContentPropagator: 'P'\n", "AIGC:\n  PropagateID: 'i\"d'\n  Label: '1'\n  ContentPropagator: 'P'\n"},
		"YAML, flow":         {"AIGC: {Label: '1', PropagateID: x}\n", "AIGC: {Label: '1', PropagateID: 'i\"d', ContentPropagator: 'P'}\n"},
		"YAML, flow of one":  {"AIGC: {Label: '1'}\n", "AIGC: {Label: '1',ContentPropagator: 'P',PropagateID: 'i\"d'}\n"},
		"YAML, JSON inside":  {"AIGC: {\"Label\": \"1\", \"PropagateID\": \"\"}\n", "AIGC: {\"Label\": \"1\", \"PropagateID\": \"i\\\"d\", \"ContentPropagator\": \"P\"}\n"},
		"YAML, string":       {`AIGC: '{"Label":"1"}'`, `AIGC: '{"Label":"1","ContentPropagator":"P","PropagateID":"i\"d"}'`},
		"YAML, wide letters": {"AIGC:\n  ContentProducer: \"\u2028内容\"\n  PropagateID: x\n  ContentPropagator: y\n", "AIGC:\n  ContentProducer: \"\u2028内容\"\n  PropagateID: \"i\\\"d\"\n  ContentPropagator: \"P\"\n"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := setMembers([]byte(test.raw), set)
			require.NoError(t, err)
			require.Equal(t, test.want, string(got))
			again, err := setMembers(got, set)
			require.NoError(t, err)
			require.Equal(t, test.want, string(again), "the same values again")
		})
	}
}

func TestSetMembersRefuses(t *testing.T) {
	set := [][2]string{{"Label", "2"}}
	for _, raw := range []string{`{"Label":"1"`, "AIGC:\n\tLabel: '1'\n", "AIGC: |\n  {\"Label\":\"1\"}\n"} {
		_, err := setMembers([]byte(raw), set)
		require.ErrorIs(t, err, errUneditable, raw)
	}
	_, err := setMembers([]byte("hello"), set)
	require.ErrorIs(t, err, ErrNotRecord)
	_, err = setMembers([]byte(`{"Label":"1"}`), [][2]string{{"Label", "\xff"}})
	require.ErrorIs(t, err, errUneditable, "what JSON cannot hold")
}

// requireOthersKept checks that members which are not set stand as they stood.
func requireOthersKept(t *testing.T, before, after []byte, set [][2]string) {
	t.Helper()
	b, err := parseStatement(before)
	require.NoError(t, err)
	a, err := parseStatement(after)
	require.NoError(t, err)
	for i, m := range b.members {
		n := a.members[i]
		require.Equal(t, b.text[m.keyAt:m.colon], a.text[n.keyAt:n.colon])
		if m.key < 0 || keys[m.key] != set[0][0] && keys[m.key] != set[1][0] {
			require.Equal(t, b.text[m.at:m.end], a.text[n.at:n.end])
		}
	}
}

func FuzzSetMembers(f *testing.F) {
	for _, raw := range []string{
		`{"AIGC":{"Label":"1","Propagator":"x","X":[{}]}}`, `{"AIGC":"{\"Label\":1}"}`, `{&quot;Label&quot;:1}`, string(full.yaml()),
		"AIGC:\n  Label: 1 # c\n  PropagateID: >-\n    x\n  ReservedCode1:\n    - a\n", "AIGC: {Label: 1, PropatorID: [x]}", `AIGC: '{"Label":""}'`,
	} {
		f.Add([]byte(raw), "a b", "it's \"\\\u2028")
	}
	f.Fuzz(func(t *testing.T, raw []byte, label, id string) {
		before, err := ParseRecord(raw)
		if err != nil {
			return
		}
		set := [][2]string{{"Label", label}, {"PropagateID", id}}
		out, err := setMembers(raw, set)
		if err != nil {
			return
		}
		after, err := ParseRecord(out)
		require.NoError(t, err)
		before.Label, before.PropagateID = State(label), id
		require.True(t, after.Equal(before), "%q -> %q", raw, out)
		again, err := setMembers(out, set)
		require.NoError(t, err)
		require.Equal(t, string(out), string(again))
		requireOthersKept(t, raw, out, set)
	})
}
