package container

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func eachXMind(t *testing.T, test func(t *testing.T, b []byte)) {
	for _, name := range []string{"deflated.xmind", "stored.xmind"} {
		t.Run(name, func(t *testing.T) { test(t, fixtures(t, "xmind")[name]) })
	}
}

func TestXMindRoundTrip(t *testing.T) {
	eachXMind(t, func(t *testing.T, b []byte) {
		roundTrip(t, XMind, b, Record, someRecord, []byte(`{"Label":"\"\\标"}`), []byte(`{"Label" : "2"}`))
	})
}

func TestXMindTruncated(t *testing.T) {
	eachXMind(t, func(t *testing.T, b []byte) {
		b = put(t, XMind, b, Record, someRecord)
		truncations(t, XMind, b, len(b))
		require.NotNil(t, guide(walk(t, XMind, b[:len(b)-1]), Record))
	})
}

// TestXMindKeepsTheRest compares the entries.
func TestXMindKeepsTheRest(t *testing.T) {
	eachXMind(t, func(t *testing.T, b []byte) {
		out := put(t, XMind, b, Record, []byte(`{}`))
		names, before := contents(t, b, true)
		same, after := contents(t, out, true)
		require.Equal(t, names, same, "the order")
		i := slices.Index(names, xmindMetadata)
		require.Equal(t, strings.Replace(part(t, b, xmindMetadata), "{", `{"AIGC":{},`, 1), part(t, out, xmindMetadata))
		after[i] = before[i]
		require.Equal(t, before, after)
	})
}

// xmindOf returns a workbook with the given metadata and entries.
func xmindOf(metadata string, entries ...string) []byte {
	return (&zipBuilder{}).build(append([]string{xmindContent, "[]", xmindMetadata, metadata}, entries...)...)
}

func TestXMindSlots(t *testing.T) {
	b := xmindOf(`{"AIGC":1,"a":{"AIGC":2},"AIGC":3}`)
	var got []string
	for _, s := range walk(t, XMind, b).Summary().Slots {
		got = append(got, fmt.Sprint(s.Place, " ", s.Guide, " ", string(b[s.Ranges[0].Offset:][:s.Ranges[0].Length])))
	}
	require.Equal(t, []string{"XMind metadata.json AIGC true 1", "XMind metadata.json AIGC false 3"}, got)
	f := walk(t, XMind, b)
	plan, err := f.Plan(removals(f))
	require.NoError(t, err)
	require.Equal(t, `{"a":{"AIGC":2}}`, part(t, output(t, plan, b), xmindMetadata))
}

func TestXMindRefuses(t *testing.T) {
	change := []Change{{Kind: Record, Value: []byte("{}")}}
	_, err := walk(t, XMind, fixtures(t, "xmind")["xmind8.xmind"]).Plan(change)
	require.ErrorIs(t, err, ErrNoPlace)
	_, err = walk(t, XMind, xmindOf("[]")).Plan(change)
	require.ErrorIs(t, err, ErrNoPlace)
	f := walk(t, XMind, xmindOf("junk", xmindManifest, `{"file-entries":{"content.json":{"encryption-data":{}}}}`))
	require.True(t, f.Summary().Encrypted)
	_, err = f.Plan(change)
	require.ErrorIs(t, err, ErrEncrypted)
	require.Error(t, walk(t, XMind, xmindOf("{")).Summary().Damage)
	require.Error(t, walk(t, XMind, xmindOf("{}", xmindMetadata, "{}")).Summary().Damage)
}

func FuzzXMind(f *testing.F) { fuzz(f, "xmind", XMind, Record, someRecord) }
