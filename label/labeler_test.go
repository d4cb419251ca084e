package label

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aigclabel/aigclabel/metadata"
)

const producer = "001191990099MA01ABCD5610001"

// fixture returns a real file from the tests of package metadata.
func fixture(t testing.TB, path string) metadata.Source {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "metadata", "testdata", filepath.FromSlash(path)))
	require.NoError(t, err)
	return metadata.Bytes(b, filepath.Base(path))
}

// labelled returns src with the labels of l.
func labelled(t testing.TB, l *Labeler, src metadata.Source, a Artifact) (metadata.Source, Receipt) {
	t.Helper()
	var out bytes.Buffer
	receipt, err := l.Label(t.Context(), &out, src, a)
	require.NoError(t, err)
	return metadata.Bytes(out.Bytes(), src.Name), receipt
}

func TestLabel(t *testing.T) {
	created := time.Date(2026, 1, 2, 3, 4, 5, 0, time.FixedZone("CST", 8*3600))
	l := &Labeler{Producer: producer}
	_, receipt := labelled(t, l, fixture(t, "png/rgb.png"), Artifact{ID: "example-0001", Created: created})
	got, err := json.Marshal(receipt)
	require.NoError(t, err)
	require.JSONEq(t, `{
		"time": "2026-01-01T19:04:05Z", "profile": "china", "format": "png",
		"place": "PNG iTXt XML:com.adobe.xmp TC260:AIGC", "changed": true,
		"digital_source_type": "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia", "size": `+jsonInt(receipt.Size)+`,
		"record": {"Label":"1","ContentProducer":"`+producer+`","ProduceID":"example-0001","ReservedCode1":"",
			"ContentPropagator":"`+producer+`","PropagateID":"example-0001","ReservedCode2":""},
		"layers": [{"layer":"notice","done":false,"reason":"not asked for"},
			{"layer":"record","done":true,"place":"PNG iTXt XML:com.adobe.xmp TC260:AIGC"}]}`, string(got))
}

func jsonInt(n int64) string {
	b, _ := json.Marshal(n)
	return string(b)
}

func TestLabelMakesIDs(t *testing.T) {
	l := &Labeler{Producer: producer}
	_, a := labelled(t, l, fixture(t, "png/rgb.png"), Artifact{})
	_, b := labelled(t, l, fixture(t, "png/rgb.png"), Artifact{})
	require.Regexp(t, `^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`, a.Record.ProduceID)
	require.NotEqual(t, a.Record.ProduceID, b.Record.ProduceID)
}

func TestLabelText(t *testing.T) {
	l := &Labeler{Producer: producer, Notice: &Notice{}}
	src := metadata.Bytes([]byte("你好\n"), "a.txt")
	out, receipt := labelled(t, l, src, Artifact{ID: "1"})
	text := make([]byte, out.Size)
	out.R.ReadAt(text, 0)
	require.Contains(t, string(text), "AI生成")
	require.True(t, strings.HasSuffix(string(text), "你好\n"))
	require.Equal(t, []Layer{
		{Name: "notice", Done: true, Place: "text start"},
		{Name: "record", Reason: "the text format has no place for a record"},
	}, receipt.Layers)

	again, receipt := labelled(t, l, out, Artifact{ID: "1"})
	require.False(t, receipt.Changed)
	require.Equal(t, out.Size, again.Size)

	report, err := new(Verifier).Verify(t.Context(), out, nil)
	require.NoError(t, err)
	require.Equal(t, Suspected, report.Verdict, "a notice without a statement")
	require.True(t, report.OK())
}

// TestNoticeBreaksNoData: a line of text is an error in CSV and JSON, and SRT
// without cues has no place for one.
func TestNoticeBreaksNoData(t *testing.T) {
	l := &Labeler{Producer: producer, Notice: &Notice{}}
	for _, name := range []string{"a.csv", "a.SRT", "a.json"} {
		_, err := l.Label(t.Context(), io.Discard, metadata.Bytes([]byte("a,b\n1,2\n"), name), Artifact{})
		require.ErrorIs(t, err, ErrNoNotice, name)
	}
	for _, name := range []string{"", "a", "a.txt", "a.TEXT"} {
		_, err := l.Label(t.Context(), io.Discard, metadata.Bytes([]byte("a,b\n1,2\n"), name), Artifact{})
		require.NoError(t, err, name)
	}
}

// TestMarkdownWithoutPlaceIsRefused: its notice alone would fail verification, and
// the error says what to change.
func TestMarkdownWithoutPlaceIsRefused(t *testing.T) {
	for text, advice := range map[string]string{
		"+++\ntitle = 'a'\n+++\nT\n": "convert it to YAML",
		"---\n{title: a}\n---\nT\n":  "keys at the start of lines",
		"\xFF\xFET\x00":              "from UTF-16 to UTF-8",
	} {
		for _, notice := range []*Notice{nil, {}} {
			l := &Labeler{Producer: producer, Notice: notice}
			_, err := l.Label(t.Context(), io.Discard, metadata.Bytes([]byte(text), "a.md"), Artifact{})
			require.ErrorIs(t, err, metadata.ErrNoPlace)
			require.ErrorContains(t, err, advice)
		}
	}
}

// TestNoticeBesideRulesIsFound: notice and record agree on what front matter is.
func TestNoticeBesideRulesIsFound(t *testing.T) {
	for _, text := range []string{"---\n- a\n- b\n---\nT\n", "---\nwords\n---\nT\n", "---\n# T\n\nwords\n\n---\n", "---\n\n# c\nk: v\n---\nT\n"} {
		l := &Labeler{Producer: producer, Notice: &Notice{}}
		out, _ := labelled(t, l, metadata.Bytes([]byte(text), "a.md"), Artifact{})
		report, err := new(Verifier).Verify(t.Context(), out, nil)
		require.NoError(t, err)
		require.Len(t, report.Notices, 1, text)
		_, receipt := labelled(t, l, out, Artifact{})
		require.False(t, receipt.Changed, text)
	}
}

func TestLabelErrors(t *testing.T) {
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	for _, test := range []struct {
		name    string
		ctx     context.Context
		labeler Labeler
		src     string
		want    error
	}{
		{"no producer", t.Context(), Labeler{}, "png/rgb.png", &metadata.FieldError{}},
		{"bad provider code", t.Context(), Labeler{Producer: "001191990099MA01ABCD5710001"}, "png/rgb.png", &metadata.CodeError{}},
		{"no notice in JPEG XL", t.Context(), Labeler{Producer: producer, Notice: &Notice{}}, "jxl/bare.jxl", ErrNoNotice},
		{"no place in text", t.Context(), Labeler{Producer: producer}, "text/english.txt", metadata.ErrNoPlace},
		{"canceled", canceled, Labeler{Producer: producer}, "png/rgb.png", context.Canceled},
	} {
		t.Run(test.name, func(t *testing.T) {
			var out bytes.Buffer
			_, err := test.labeler.Label(test.ctx, &out, fixture(t, test.src), Artifact{})
			require.Zero(t, out.Len())
			switch want := test.want.(type) {
			case *metadata.FieldError, *metadata.CodeError:
				require.ErrorAs(t, err, &want)
			default:
				require.ErrorIs(t, err, test.want)
			}
		})
	}
	_, err := (&Labeler{Profile: "moon", Producer: producer}).Label(t.Context(), new(bytes.Buffer), fixture(t, "png/rgb.png"), Artifact{})
	require.ErrorContains(t, err, `unknown profile "moon"`)
}

func TestLabelLogs(t *testing.T) {
	var lines bytes.Buffer
	l := &Labeler{Producer: producer, Log: slog.New(slog.NewJSONHandler(&lines, nil))}
	labelled(t, l, fixture(t, "png/rgb.png"), Artifact{ID: "example-0001"})
	require.Contains(t, lines.String(), `"id":"example-0001"`)
}

// TestLabelIsConcurrent shares one labeler, for the race detector.
func TestLabelIsConcurrent(t *testing.T) {
	l := &Labeler{Producer: producer, Notice: &Notice{}}
	src := metadata.Bytes([]byte("# Title\n"), "a.md")
	done := make(chan error)
	for range 4 {
		go func() {
			_, err := l.Label(context.Background(), new(bytes.Buffer), src, Artifact{})
			done <- err
		}()
	}
	for range 4 {
		require.NoError(t, <-done)
	}
}
