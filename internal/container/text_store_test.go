package container

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The published vector of the wrapper: a text of 73 bytes, and a store of 16 that takes
// 114 bytes, padded 125 (C2PA public test files, C2PA 2.4, A.8).
const (
	vectorText  = "This sentence carries an invisible C2PA text manifest wrapper at its end."
	vectorStore = "c2pa-manifest-01"
	vectorHex   = "efbbbff3a084b3f3a084a2f3a08580f3a084b1f3a08584f3a08588f3a08584efb880efb881efb880efb880efb880f3a08480" +
		"f3a08593f3a084a2f3a085a0f3a08591f3a0849df3a0859df3a08591f3a0859ef3a08599f3a08596f3a08595f3a085a3f3a085a4f3a0849df3a084a0f3a084a1"
	vectorPad = "efb880f3a08480f3a08480"
)

func unhex(t *testing.T, s string) []byte {
	b, err := hex.DecodeString(s)
	require.NoError(t, err)
	return b
}

func TestTextStoreVector(t *testing.T) {
	require.Equal(t, vectorHex+vectorPad, hex.EncodeToString(textStore([]byte(vectorStore))))
	for _, wrapper := range []string{vectorHex, vectorHex + vectorPad} {
		b := append([]byte(vectorText), unhex(t, wrapper)...)
		s := storeIn(t, Plain, b)
		require.Equal(t, vectorStore, string(s.Value))
		require.Equal(t, []Range{{73, int64(len(wrapper) / 2)}}, s.Frame)
		require.Equal(t, vectorText, string(outside(b, s.Frame)))
	}
}

// TestTextStoreLength: the length of a wrapper depends on that of the store alone.
func TestTextStoreLength(t *testing.T) {
	for n := range 300 {
		for _, fill := range []byte{0, 15, 16, 255} {
			store := bytes.Repeat([]byte{fill}, n)
			b := textStore(store)
			require.Len(t, b, 3+4*(13+n)+6)
			require.Equal(t, string(store), string(storeIn(t, Plain, b).Value))
		}
	}
}

// wrapped returns any bytes as a wrapper holds them.
func wrapped(data string) string {
	return string(appendSelectors([]byte(textStoreMark), []byte(data)))
}

func TestTextStoreBroken(t *testing.T) {
	const magic, length = textStoreMagic, "\x00\x00\x00\x10"
	tests := map[string]struct {
		text  string
		found bool
	}{
		"another mark":    {wrapped("C2PATXT\x01\x01" + length + vectorStore), false},
		"another version": {wrapped(magic + "\x02" + length + vectorStore), true},
		"too short":       {wrapped(magic + "\x01" + length + vectorStore[1:]), true},
		"mark alone":      {wrapped(magic), true},
		"cut header":      {wrapped(magic + "\x01\x00\x00"), true},
		"cut character":   {wrapped(magic + "\x01" + length + vectorStore)[:100], true},
		"no mark":         {strings.TrimPrefix(wrapped(magic+"\x01"+length+vectorStore), textStoreMark), false},
		"emoji":           {"\u2764\ufe0f \U0001F469\u200d\U0001F467", false},
	}
	for name, tt := range tests {
		f := walk(t, Plain, []byte(vectorText+tt.text+"\n"))
		require.NoError(t, f.Summary().Damage, name)
		if s := guide(f, C2PA); tt.found {
			require.Nil(t, s.Value, name)
			require.Equal(t, int64(len(vectorText)), s.Frame[0].Offset, name)
		} else {
			require.Nil(t, s, name)
		}
	}
}

// TestTextStoreAnywhere finds stores in the middle of a text, and in a long text where
// they are usual: at its head and at its end. All of it is searched when that is asked
// for.
func TestTextStoreAnywhere(t *testing.T) {
	prose, wrapper := strings.Repeat("A line of text.\n", 1<<14), string(textStore(storeOf(30_000, 1)))
	for name, tt := range map[string]struct {
		text        string
		some, whole int
	}{
		"twice":         {vectorText + wrapper + vectorText + wrapper, 2, 2},
		"at the head":   {vectorText + wrapper + prose, 1, 1},
		"at the end":    {prose + wrapper, 1, 1},
		"text behind":   {prose + wrapper + "\n" + vectorText, 1, 1},
		"head and end":  {wrapper + prose + wrapper, 2, 2},
		"in the middle": {prose + wrapper + prose, 0, 1},
		"many":          {strings.Repeat(prose+wrapper, 3), 1, 3},
		"nothing":       {prose + "\u2764\ufe0f", 0, 0},
	} {
		for _, w := range []Walk{Plain, Markdown} {
			require.Equal(t, tt.some, countKind(walk(t, w, []byte(tt.text)), C2PA), name)
			src := NewSource(strings.NewReader(tt.text), int64(len(tt.text)), Limits{})
			src.Whole = true
			f, err := w(src)
			require.NoError(t, err)
			require.Equal(t, tt.whole, countKind(f, C2PA), name)
			for _, s := range f.Summary().Slots {
				require.Equal(t, string(storeOf(30_000, 1)), string(s.Value), name)
			}
		}
	}
}

// TestMarkdownRecordBeforeStoreAtStart: a store at the start of a text begins with what
// looks like a byte order mark, and is not parted from it.
func TestMarkdownRecordBeforeStoreAtStart(t *testing.T) {
	b := signedDocument(t, Markdown, nil, 64)
	store := guide(walk(t, Markdown, b), C2PA).Value
	b = put(t, Markdown, b, Record, someRecord)
	require.Equal(t, string(store), string(guide(walk(t, Markdown, b), C2PA).Value))
}

// TestMarkdownRecordBeforeStore: what stands at the end of the text is read before a
// store as well.
func TestMarkdownRecordBeforeStore(t *testing.T) {
	text := "# Title\n\nText.\n\n" + someEntry
	b := signedDocument(t, Markdown, []byte(text), 5000)
	require.Equal(t, 1, countKind(walk(t, Markdown, b), Record))
	require.Equal(t, text, string(remove(t, Markdown, b, C2PA)))
}

func TestTextBlocks(t *testing.T) {
	data := textBlockData + base64.StdEncoding.EncodeToString([]byte(vectorStore))
	for name, tt := range map[string]struct{ text, frame, value, encoding string }{
		"comment": {"<!-- " + textBlockBegin + " " + data + " " + textBlockEnd + " -->\n# Title\n",
			"<!-- " + textBlockBegin + " " + data + " " + textBlockEnd + " -->\n", vectorStore, "base64"},
		"code on the line": {"a() // " + textBlockBegin + " " + data + " " + textBlockEnd + " b()\n",
			textBlockBegin + " " + data + " " + textBlockEnd, vectorStore, "base64"},
		"front matter": {"---\ntitle: T\n" + textBlockBegin + "\n" + data + "\n" + textBlockEnd + "\n---\nText\n",
			textBlockBegin + "\n" + data + "\n" + textBlockEnd + "\n", vectorStore, "base64"},
		"URL at the end": {"Text\n# " + textBlockBegin + " https://a/b.c2pa " + textBlockEnd,
			"# " + textBlockBegin + " https://a/b.c2pa " + textBlockEnd, "https://a/b.c2pa", "url"},
		"nothing":    {textBlockBegin + textBlockEnd, textBlockBegin + textBlockEnd, "", "url"},
		"not base64": {textBlockBegin + textBlockData + "%" + textBlockEnd, textBlockBegin + textBlockData + "%" + textBlockEnd, "", "base64"},
	} {
		for _, w := range []Walk{Plain, Markdown} {
			s := storeIn(t, w, []byte(tt.text))
			require.Equal(t, tt.value, string(s.Value), name)
			require.Equal(t, tt.encoding, s.Encoding, name)
			require.Equal(t, tt.frame, tt.text[s.Frame[0].Offset:s.Frame[0].end()], name)
			out := signedDocument(t, w, []byte(tt.text), 100)
			require.Contains(t, string(out), textBlockEnd, "a block stays one")
			require.NotContains(t, string(remove(t, w, out, C2PA)), textBlockBegin)
		}
	}
	require.Zero(t, countKind(walk(t, Plain, []byte(textBlockBegin+data)), C2PA), "a block without an end")
}

func TestTextStoreRefused(t *testing.T) {
	for _, text := range []string{"\xff\xfeA\x00", "\xb2\xe2\xca\xd4", strings.Repeat("text\n", 1<<16) + "\xb2\xe2\xca\xd4", "cut \xe4\xbd"} {
		_, err := walk(t, Plain, []byte(text)).Plan([]Change{{Kind: C2PA, Value: storeOf(64, 0)}})
		require.ErrorIs(t, err, ErrNoPlace)
		require.ErrorContains(t, err, "UTF-8")
	}
	_, err := walk(t, Plain, nil).Plan([]Change{{Kind: Record, Value: someRecord}})
	require.ErrorIs(t, err, ErrNoPlace)
	long := strings.Repeat("\u6587\u5b57", 1<<17)
	require.Equal(t, long, string(outside(signedDocument(t, Plain, []byte(long), 64), []Range{{int64(len(long)), 3 + 4*(13+64) + 6}})))
}

func TestTextStoreHostile(t *testing.T) {
	const n = 1 << 20
	empty := string(textStore(nil))
	huge := wrapped(textStoreMagic + "\x01\x7f\xff\xff\xff")
	for name, text := range map[string]string{
		"wrappers":     strings.Repeat(empty, n/len(empty)),
		"huge ones":    strings.Repeat(huge, n/len(huge)),
		"one run":      huge + strings.Repeat("\U000E0100", n/4),
		"selectors":    strings.Repeat("\U000E0100", n/4),
		"marks":        strings.Repeat(textStoreMark, n/3),
		"starts":       strings.Repeat(string(textStoreStart), n/len(textStoreStart)),
		"begins":       strings.Repeat(textBlockBegin, n/len(textBlockBegin)),
		"blocks":       strings.Repeat(textBlockBegin+textBlockEnd, n/len(textBlockBegin+textBlockEnd)),
		"alternating":  strings.Repeat(empty+textBlockBegin+textBlockEnd, n/len(empty+textBlockBegin+textBlockEnd)),
		"far ends":     strings.Repeat(textBlockBegin, 1000) + strings.Repeat("x", n) + textBlockEnd,
		"begin behind": strings.Repeat(empty, n/len(empty)) + textBlockBegin,
	} {
		t.Run(name, func(t *testing.T) {
			for _, whole := range []bool{false, true} {
				cheap(t, []byte(text), func() {
					r := &countingReader{r: strings.NewReader(text)}
					src := NewSource(r, int64(len(text)), Limits{})
					src.Whole = whole
					_, err := Plain(src)
					require.NoError(t, err)
					require.Less(t, r.bytes, 4*len(text), "bytes read")
				})
			}
		})
	}
}
