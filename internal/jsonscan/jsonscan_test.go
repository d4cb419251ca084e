package jsonscan

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestValue(t *testing.T) {
	for text, want := range map[string]string{
		`{"a":[1,{}],"}":"\"}"} x`: `{"a":[1,{}],"}":"\"}"}`,
		`"a\\" "b"`:                `"a\\"`,
		`-1.5e+3,`:                 `-1.5e+3`,
		`null}`:                    `null`,
	} {
		end, ok := Value(text, 0)
		require.True(t, ok)
		require.Equal(t, want, text[:end])
	}
	for _, text := range []string{`{`, `["]"`, `"a\"`, `"`, `,`, `12`} {
		_, ok := Value(text, 0)
		require.False(t, ok, text)
	}
}

func TestUnquote(t *testing.T) {
	for quoted, want := range map[string]string{
		`"plain"`:              "plain",
		`"\"\\\/\b\f\n\r\t\x"`: "\"\\/\b\f\n\r\tx",
		`"\u4eba\ud83d\ude00"`: "人😀",
		`"\ud83d\u12"`:         "\ufffdu12",
		"\"raw\nline\"":        "raw\nline",
	} {
		require.Equal(t, want, Unquote(quoted))
	}
}

func TestMembers(t *testing.T) {
	for text, want := range map[string][]string{
		`{ "a" : 1, "b":{"c":[2]} }`: {`"a" 1`, `"b" {"c":[2]}`},
		`{}`:                         nil,
		`{"a":"cut`:                  {`"a" "cut`},
		`{"a":1,"b"`:                 {`"a" 1`},
		`{"a":1 "b":2}`:              {`"a" 1`},
	} {
		var members []string
		for m := range Members(text, 0) {
			members = append(members, text[m.Key:m.Colon]+" "+text[m.At:m.End])
		}
		require.Equal(t, want, members, text)
	}
}

func TestElements(t *testing.T) {
	for text, want := range map[string][]string{
		`[ 1 , "a,]",{"b":[2]} ]`: {"1", `"a,]"`, `{"b":[2]}`},
		`[]`:                      nil,
		`[1,"cut`:                 {"1"},
		`[1 2]`:                   {"1"},
	} {
		var values []string
		for at, end := range Elements(text, 0) {
			values = append(values, text[at:end])
		}
		require.Equal(t, want, values, text)
	}
}
