package label

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aigclabel/aigclabel/metadata"
)

// streamLabeler labels at both ends.
var streamLabeler = &Labeler{Producer: producer, Notice: &Notice{Position: Both}}

// streamFiles returns the recorded streams of testdata/stream by name.
func streamFiles(t testing.TB) map[string]string {
	t.Helper()
	paths, err := filepath.Glob("testdata/stream/*.in")
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	files := map[string]string{}
	for _, path := range paths {
		b, err := os.ReadFile(path)
		require.NoError(t, err)
		files[strings.TrimSuffix(filepath.Base(path), ".in")] = string(b)
	}
	return files
}

// streamed returns what becomes of the pieces of a stream.
func streamed(t testing.TB, l *Labeler, s Stream, pieces ...string) (string, Receipt) {
	t.Helper()
	var out bytes.Buffer
	w := l.EventStream(&out, s)
	for _, piece := range pieces {
		n, err := io.WriteString(w, piece)
		require.NoError(t, err)
		require.Equal(t, len(piece), n)
	}
	require.NoError(t, w.Close())
	return out.String(), w.Receipt()
}

// answer is the stream of a file: those of Ollama do not say who they are.
func answer(name string) Stream {
	if strings.HasPrefix(name, "ollama") {
		return Stream{Artifact: Artifact{ID: "answer-1"}}
	}
	return Stream{}
}

// TestEventStreamGolden labels recorded streams, whole, cut in two at each byte,
// and byte by byte.
func TestEventStreamGolden(t *testing.T) {
	for name, in := range streamFiles(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, _ := streamed(t, streamLabeler, answer(name), in)
			golden := filepath.Join("testdata", "stream", name+".out")
			if *update {
				require.NoError(t, os.WriteFile(golden, []byte(got), 0o600))
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err)
			require.Equal(t, string(want), got)

			for i := range len(in) {
				if got, _ := streamed(t, streamLabeler, answer(name), in[:i], in[i:]); got != string(want) {
					require.Equal(t, string(want), got, "cut at %d", i)
				}
			}
			got, _ = streamed(t, streamLabeler, answer(name), bytesOf(in)...)
			require.Equal(t, string(want), got, "byte by byte")
		})
	}
}

// TestEventStreamAgain labels what is labelled.
func TestEventStreamAgain(t *testing.T) {
	for name, in := range streamFiles(t) {
		once, _ := streamed(t, streamLabeler, answer(name), in)
		twice, _ := streamed(t, streamLabeler, answer(name), once)
		require.Equal(t, once, twice, name)
	}
}

// TestEventStreamKeepsBytes: with a notice at the start only bytes are added.
func TestEventStreamKeepsBytes(t *testing.T) {
	l := &Labeler{Producer: producer, Notice: &Notice{}}
	for name, in := range streamFiles(t) {
		if out, _ := streamed(t, l, answer(name), in); !strings.Contains(in, "_index\":1") {
			require.True(t, isSubsequence(in, out), name)
		}
		out, receipt := streamed(t, &Labeler{Producer: producer}, answer(name), in)
		record, _ := receipt.Record.MarshalJSON()
		if name != "openai-chat-unfinished" { // which gets an event
			require.Equal(t, in, strings.ReplaceAll(out, `,"AIGC":`+string(record), ""), name)
		}
	}
}

// isSubsequence reports whether the bytes of s are in t, in order.
func isSubsequence(s, t string) bool {
	for i := 0; len(s) > 0; i++ {
		if i == len(t) {
			return false
		}
		if s[0] == t[i] {
			s = s[1:]
		}
	}
	return true
}

// flushCounter is a client that sees when it gets something.
type flushCounter struct {
	bytes.Buffer
	flushed []string
}

func (f *flushCounter) Flush() {
	f.flushed = append(f.flushed, f.String())
	f.Reset()
}

// TestEventStreamSendsAtOnce: each event is out before the next one comes.
func TestEventStreamSendsAtOnce(t *testing.T) {
	for _, name := range []string{"openai-chat", "openai-responses", "anthropic", "ollama-chat"} {
		in := streamFiles(t)[name]
		end := "\n\n"
		if name == "ollama-chat" {
			end = "\n"
		}
		var client flushCounter
		w := (&Labeler{Producer: producer, Notice: &Notice{}}).EventStream(&client, answer(name))
		for i, event := range strings.SplitAfter(in, end) {
			if event == "" {
				break
			}
			_, err := io.WriteString(w, event)
			require.NoError(t, err)
			require.Len(t, client.flushed, i+1, event)
		}
	}
}

func TestEventStreamReceipt(t *testing.T) {
	files := streamFiles(t)
	for name, want := range map[string]struct{ format, notice, record, id string }{
		"openai-chat":            {"openai-chat", "text start and end", "member AIGC of the final object", "chatcmpl-Be1QkgQ4"},
		"openai-chat-json":       {"openai-chat", "", "member AIGC of the final object", "chatcmpl-Be1QkgQ4"},
		"openai-chat-tools":      {"openai-chat", "", "member AIGC of the final object", "chatcmpl-Be1QkgQ4"},
		"openai-responses":       {"openai-responses", "text start and end", "member AIGC of the final object", "resp_67cb"},
		"anthropic":              {"anthropic-messages", "text start and end", "member AIGC of the final object", "msg_01XF"},
		"anthropic-error":        {"anthropic-messages", "text start", "", ""},
		"ollama-chat":            {"ollama", "text start and end", "member AIGC of the final object", "answer-1"},
		"text":                   {"text", "text start and end", "", ""},
		"unknown-events":         {"", "", "", ""},
		"openai-chat-unfinished": {"openai-chat", "text start and end", "member AIGC of the final object", "chatcmpl-Be1QkgQ4"},
	} {
		out, r := streamed(t, streamLabeler, answer(name), files[name])
		require.Equal(t, want.format, r.Format, name)
		require.Equal(t, want.notice, r.Layers[0].Place, name)
		require.Equal(t, want.record, r.Layers[1].Place, name)
		require.Equal(t, int64(len(out)), r.Size)
		require.Equal(t, want.notice+want.record != "", r.Changed)
		for _, layer := range r.Layers {
			require.NotEqual(t, layer.Done, layer.Reason != "", name)
		}
		if want.id != "" {
			require.Equal(t, want.id, r.Record.ProduceID)
			require.Equal(t, want.id, r.Record.PropagateID)
		}
	}
}

// TestEventStreamVerifies: a labelled answer that is saved as a file is confirmed.
func TestEventStreamVerifies(t *testing.T) {
	for _, name := range []string{"openai-chat-whole", "openai-responses-whole", "anthropic-whole", "ollama-whole"} {
		out, _ := streamed(t, streamLabeler, answer(name), streamFiles(t)[name])
		report, err := new(Verifier).Verify(t.Context(), metadata.Bytes([]byte(out), "answer.json"), nil)
		require.NoError(t, err)
		require.Equal(t, Confirmed, report.Verdict, name)
		require.Empty(t, report.Failed(), name)
	}
}

func TestEventStreamOptions(t *testing.T) {
	chat := streamFiles(t)["openai-chat"]
	out, r := streamed(t, streamLabeler, Stream{JSON: true, Artifact: Artifact{ID: "own", State: metadata.Possible}}, chat)
	require.NotContains(t, out, "本内容")
	require.Contains(t, out, `"AIGC":{"Label":"2"`)
	require.Equal(t, "own", r.Record.ProduceID)

	long := strings.Replace(chat, "chatcmpl-Be1QkgQ4", strings.Repeat("x", maxStreamID+1), 1)
	_, r = streamed(t, streamLabeler, Stream{}, long)
	require.Regexp(t, "^[0-9a-f-]{36}$", r.Record.ProduceID, "an identifier of its own")

	out, _ = streamed(t, streamLabeler, Stream{ContentType: "application/json"}, "plain")
	require.Equal(t, "plain", out, "not what the type says")
	out, _ = streamed(t, streamLabeler, Stream{JSON: true}, "1,2\n")
	require.Equal(t, "1,2\n", out)
}

// TestEventStreamData tells JSON from prose in the first event.
func TestEventStreamData(t *testing.T) {
	for text, data := range map[string]bool{
		`{`: true, ` {"a"`: true, `[{`: true, `["`: true, "[\n [": true,
		`[`: false, `[Verse 1]`: false, `[1] says`: false, "`{`": false, `"a"`: false,
	} {
		line := `{"response":` + quoteJSON(text) + `,"done":true}`
		out, _ := streamed(t, &Labeler{Producer: producer, Notice: &Notice{}}, Stream{}, line)
		require.Equal(t, !data, strings.Contains(out, someNotice), text)
	}
}

// TestEventStreamLimit: larger events go through, and cost no more than the limit.
func TestEventStreamLimit(t *testing.T) {
	big := "data: {\"choices\":[{\"delta\":{\"content\":\"" + strings.Repeat("x", 200) + "\"}}]}\n\n"
	small := "data: {\"choices\":[{\"delta\":{\"content\":\"x\"}}]}\n\n"
	for _, cut := range []int{1, 7, 1000} {
		var out bytes.Buffer
		w := streamLabeler.EventStream(&out, Stream{ContentType: "text/event-stream"})
		w.feed = &eventFeed{labels: w.labels, limit: 100}
		for piece := range piecesOf(big+small, cut) {
			_, err := io.WriteString(w, piece)
			require.NoError(t, err)
			require.LessOrEqual(t, cap(w.feed.(*eventFeed).pending), 256)
		}
		require.True(t, strings.HasPrefix(out.String(), big), cut)
		require.Contains(t, out.String()[len(big):], someNotice)
	}
}

// TestEventStreamHoldsLittle: what waits for the next event is bounded too.
func TestEventStreamHoldsLittle(t *testing.T) {
	in, _, _ := strings.Cut(streamFiles(t)["anthropic"], "event: message_delta")
	var out bytes.Buffer
	w := streamLabeler.EventStream(&out, Stream{})
	w.feed = &eventFeed{labels: w.labels, limit: 1000}
	_, err := io.WriteString(w, in)
	require.NoError(t, err)
	require.NotContains(t, out.String(), "content_block_stop\",\"index\":1")
	ping := "event: ping\ndata: {\"type\":\"ping\"}\n\n"
	_, err = io.WriteString(w, strings.Repeat(ping, 30))
	require.NoError(t, err)
	require.True(t, strings.HasSuffix(out.String(), ping))
	require.Zero(t, len(w.feed.(*eventFeed).held))
}

// TestEventStreamWaitsForNotice: a model that has seen notices begins with one, in
// pieces. Until that is known nothing goes out, and then all of it.
func TestEventStreamWaitsForNotice(t *testing.T) {
	event := func(choice int, text string) string {
		return fmt.Sprintf("data: {\"choices\":[{\"index\":%d,\"delta\":{\"content\":%s}}]}\n\n", choice, quoteJSON(text))
	}
	l := &Labeler{Producer: producer, Notice: &Notice{}}
	for name, test := range map[string]struct {
		texts []string
		first string // piece with the notice, "" for none
	}{
		"a notice":           {[]string{"本", "内容由", "AI生成", "\n\n", "春雨"}, ""},
		"in brackets":        {[]string{"[AI", "生成", "]", " Hello"}, ""},
		"nothing else":       {[]string{"AI", "生成"}, ""},
		"like one":           {[]string{"本", "内容", "AI生成", "的", "春雨"}, "本"},
		"in English":         {[]string{"The", " answer", " is", " 42"}, "The"},
		"behind white space": {[]string{"\n", "The", " end."}, "The"},
		"short":              {[]string{"AI"}, "AI"},
	} {
		in, want := "", ""
		for _, text := range test.texts {
			in += event(0, text)
			if text == test.first {
				text = someNotice + "\n\n" + text
			}
			want += event(0, text)
		}
		out, _ := streamed(t, l, Stream{JSON: false}, in, "data: {\"error\":1}\n\n")
		require.Equal(t, want+"data: {\"error\":1}\n\n", out, name)
	}

	// Two choices: the second does not wait for the first.
	in := event(0, "The") + event(1, "A") + event(1, " b") + event(0, " xylophone")
	out, _ := streamed(t, l, Stream{}, in+"data: {\"error\":1}\n\n")
	require.Equal(t, in+"data: {\"error\":1}\n\n", strings.ReplaceAll(out, someNotice+`\n\n`, ""))
	require.Equal(t, 2, strings.Count(out, someNotice))

	// Not longer than a notice can be.
	many := event(0, "a ") + strings.Repeat("data: {\"choices\":[]}\n\n", longNotice)
	var sent bytes.Buffer
	w := l.EventStream(&sent, Stream{})
	_, err := io.WriteString(w, many)
	require.NoError(t, err)
	require.Contains(t, sent.String(), someNotice)
	sent.Reset()
	w = l.EventStream(&sent, Stream{ContentType: "text/event-stream"})
	w.feed = &eventFeed{labels: w.labels, limit: 100}
	_, err = io.WriteString(w, event(0, "a ")+event(0, "b "))
	require.NoError(t, err)
	require.Equal(t, event(0, someNotice+"\n\na ")+event(0, "b "), sent.String())
}

// piecesOf yields s in pieces of n bytes.
func piecesOf(s string, n int) func(func(string) bool) {
	return func(yield func(string) bool) {
		for len(s) > 0 && yield(s[:min(n, len(s))]) {
			s = s[min(n, len(s)):]
		}
	}
}

// TestEventStreamErrors: nothing is written by a labeler that is set up wrong.
func TestEventStreamErrors(t *testing.T) {
	for want, l := range map[string]*Labeler{
		"ContentProducer": {},
		"unknown profile": {Profile: "moon", Producer: producer},
		"does not name":   {Producer: producer, Notice: &Notice{Text: "hello"}},
	} {
		var out bytes.Buffer
		w := l.EventStream(&out, Stream{})
		_, err := io.WriteString(w, "data: {}\n\n")
		require.ErrorContains(t, err, want)
		require.ErrorContains(t, w.Close(), want)
		require.Zero(t, out.Len())
	}
	w := streamLabeler.EventStream(brokenWriter{}, Stream{})
	_, err := io.WriteString(w, "data: {}\n\n")
	require.ErrorIs(t, err, errBroken)

	w = streamLabeler.EventStream(io.Discard, Stream{})
	require.NoError(t, w.Close())
	require.NoError(t, w.Close())
	_, err = io.WriteString(w, "x")
	require.ErrorIs(t, err, errClosed)
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errBroken }

func TestEventStreamLogs(t *testing.T) {
	var lines bytes.Buffer
	l := *streamLabeler
	l.Log = slog.New(slog.NewJSONHandler(&lines, nil))
	streamed(t, &l, Stream{}, streamFiles(t)["openai-chat"])
	require.Contains(t, lines.String(), `"id":"chatcmpl-Be1QkgQ4"`)
	streamed(t, &l, Stream{}, streamFiles(t)["unknown-events"])
	require.Contains(t, lines.String(), "stream not labelled")
}

// TestEventStreamManyTexts: choices beyond what can be told apart go through.
func TestEventStreamManyTexts(t *testing.T) {
	var in strings.Builder
	for i := range maxTexts + 100 {
		fmt.Fprintf(&in, "data: {\"choices\":[{\"index\":%d,\"delta\":{\"content\":\"a\"}}]}\n\n", i)
	}
	out, _ := streamed(t, &Labeler{Producer: producer, Notice: &Notice{}}, Stream{}, in.String())
	require.Equal(t, maxTexts, strings.Count(out, someNotice))
}

// FuzzEventStream: a stream gives the same in whichever pieces it comes; it loses no
// byte; what is JSON stays JSON.
func FuzzEventStream(f *testing.F) {
	for _, in := range streamFiles(f) {
		f.Add([]byte(in), uint16(len(in)/2))
	}
	l := &Labeler{Producer: producer, Notice: &Notice{}}
	f.Fuzz(func(t *testing.T, in []byte, cut uint16) {
		s := Stream{Artifact: Artifact{ID: "1"}}
		n := int(cut) % (len(in) + 1)
		for _, l := range []*Labeler{l, streamLabeler} {
			whole, _ := streamed(t, l, s, string(in))
			halves, _ := streamed(t, l, s, string(in[:n]), string(in[n:]))
			require.Equal(t, whole, halves)
		}
		if bytes.Contains(in, []byte("_i")) || bytes.Contains(in, []byte(`\u`)) { // positions are replaced
			return
		}
		out, _ := streamed(t, l, s, string(in))
		require.True(t, isSubsequence(string(in), out), "%q became %q", in, out)
	})
}

// BenchmarkEventStream labels the events of a long answer, one for each operation.
func BenchmarkEventStream(b *testing.B) {
	event := []byte(strings.SplitAfter(streamFiles(b)["openai-chat"], "\n\n")[2])
	w := streamLabeler.EventStream(io.Discard, Stream{ContentType: "text/event-stream"})
	b.SetBytes(int64(len(event)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := w.Write(event); err != nil {
			b.Fatal(err)
		}
	}
}
