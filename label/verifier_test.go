package label

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/aigclabel/aigclabel/internal/container"
	"github.com/aigclabel/aigclabel/metadata"
)

// verify returns the report on src, which can be examined.
func verify(t testing.TB, src metadata.Source, up *Upload) *Report {
	t.Helper()
	report, err := new(Verifier).Verify(t.Context(), src, up)
	require.NoError(t, err)
	return report
}

// outcomes returns the ids of the checks with an outcome.
func outcomes(r *Report, o Outcome) (ids []string) {
	for _, c := range r.Checks {
		if c.Outcome == o {
			ids = append(ids, c.ID)
		}
	}
	return ids
}

// markdown is a file whose front matter holds one record.
func markdown(lines ...string) metadata.Source {
	return metadata.Bytes([]byte("---\nAIGC:\n  "+strings.Join(lines, "\n  ")+"\n---\n\n# Title\n"), "a.md")
}

func TestVerdictAndChecks(t *testing.T) {
	good := []string{"Label: '1'", "ContentProducer: " + producer, "ProduceID: 'id'", "ContentPropagator: p", "PropagateID: 'id'"}
	with := func(i int, line string) []string {
		lines := slices.Clone(good)
		lines[i] = line
		return lines
	}
	for _, test := range []struct {
		name    string
		lines   []string
		verdict Verdict
		fail    []string
	}{
		{"good", good, Confirmed, nil},
		{"may be", with(0, "Label: '2'"), Possible, nil},
		{"suspected", with(0, "Label: '3'"), Suspected, nil},
		{"label is a number", with(0, "Label: 1"), Confirmed, []string{checkLabel}},
		{"illegal label", with(0, "Label: AIGC"), Suspected, []string{checkLabel}},
		{"empty label", with(0, "Label: ''"), Suspected, []string{checkRequired, checkLabel}},
		{"space in a value", with(2, "ProduceID: 'an id'"), Confirmed, []string{checkCharset}},
		{"Chinese in a value", with(2, "ProduceID: '编号'"), Confirmed, []string{checkCharset}},
		{"a name", with(1, "ContentProducer: doubao"), Confirmed, nil},
		{"no producer", good[:1:1], Confirmed, []string{checkRequired}},
		{"wrong check digit", with(1, "ContentProducer: 001191990099MA01ABCD5710001"), Confirmed, []string{checkProducerCode}},
		{"short code", with(1, "ContentProducer: 001191330101MA27WPYJ18xliu"), Confirmed, []string{checkProducerCode}},
		{"misspelt key", append(slices.Clone(good), "ReserveCode1: x"), Confirmed, []string{checkFields}},
		{"unknown key", append(slices.Clone(good), "Extra: x"), Confirmed, []string{checkFields}},
		{"half a propagator", good[:4:4], Confirmed, []string{checkPropagator}},
	} {
		t.Run(test.name, func(t *testing.T) {
			report := verify(t, markdown(test.lines...), nil)
			require.Equal(t, test.verdict, report.Verdict)
			require.Equal(t, test.fail, outcomes(report, Fail), "%+v", report.Checks)
			require.Equal(t, len(test.fail) == 0, report.OK())
			for _, c := range report.Checks {
				require.NotEmpty(t, c.Rule)
				require.NotEmpty(t, c.Message)
			}
		})
	}
}

func TestVerdictWithoutRecord(t *testing.T) {
	plain := func() metadata.Source { return metadata.Bytes([]byte("# Title\n\nSome words.\n"), "a.md") }
	report := verify(t, plain(), nil)
	require.Equal(t, None, report.Verdict)
	require.Empty(t, report.Notice)
	require.False(t, report.OK())
	require.Equal(t, []string{checkPresent}, outcomes(report, Fail))

	report = verify(t, plain(), &Upload{Declared: true})
	require.Equal(t, Possible, report.Verdict)

	report = verify(t, metadata.Bytes([]byte("# Title\n\n本内容由AI生成\n"), "a.md"), nil)
	require.Equal(t, Suspected, report.Verdict, "a notice without a statement")
	require.Contains(t, outcomes(report, Pass), checkNotice)
}

func TestVerifyTraces(t *testing.T) {
	b := container.AppendPNGChunk([]byte("\x89PNG\r\n\x1a\n"), "IHDR", []byte{0, 0, 0, 1, 0, 0, 0, 1, 8, 0, 0, 0, 0})
	b = container.AppendPNGChunk(b, "tEXt", []byte("parameters\x00a cat\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1"))
	b = container.AppendPNGChunk(b, "IEND", nil)
	report := verify(t, metadata.Bytes(b, "a.png"), nil)
	require.Equal(t, Suspected, report.Verdict)
	require.Len(t, report.Traces, 1)
	require.Equal(t, "Stable Diffusion WebUI", report.Traces[0].Generator)
	require.Contains(t, report.Traces[0].Evidence, "Steps: 20")
}

func TestVerifySourceType(t *testing.T) {
	out, receipt := labelled(t, &Labeler{Producer: producer}, fixture(t, "png/rgb.png"), Artifact{})
	require.NotEmpty(t, receipt.SourceType)
	require.Contains(t, outcomes(verify(t, out, nil), Pass), checkSourceType)
	for value, want := range map[string]bool{
		"http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia": true, "trainedAlgorithmicMedia": true,
		"http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture": false, "algorithmicMedia": false, "": false,
	} {
		require.Equal(t, want, isGenerated(value), value)
	}
}

func TestVerifySites(t *testing.T) {
	block := func(id string) string {
		return "---\nAIGC:\n  Label: '1'\n  ContentProducer: p\n  ProduceID: '" + id + "'\n  ContentPropagator: p\n  PropagateID: x\n---\n\n"
	}
	report := verify(t, metadata.Bytes([]byte(block("1")+block("1")+"text\n"), "a.md"), nil)
	require.Equal(t, []string{checkSingle}, outcomes(report, Fail))
	report = verify(t, metadata.Bytes([]byte(block("1")+block("2")+"text\n"), "a.md"), nil)
	require.Equal(t, []string{checkSingle, checkAgree}, outcomes(report, Fail))
	require.Equal(t, "1", report.Record.ProduceID, "the first block is the record")
}

func TestVerifyDamaged(t *testing.T) {
	out, _ := labelled(t, &Labeler{Producer: producer}, fixture(t, "png/palette.png"), Artifact{})
	out.Size -= 40
	report := verify(t, out, nil)
	require.Equal(t, Confirmed, report.Verdict, "damage does not hide a label")
	require.Equal(t, []string{checkIntact}, outcomes(report, Fail))
}

// TestVerifyPolyglot: what programs take for different things fails; data that is
// common behind a file does not, other data is worth a look.
func TestVerifyPolyglot(t *testing.T) {
	out, _ := labelled(t, &Labeler{Producer: producer}, fixture(t, "png/palette.png"), Artifact{})
	b, err := io.ReadAll(io.NewSectionReader(out.R, 0, out.Size))
	require.NoError(t, err)
	for behind, want := range map[string]Outcome{"": Pass, "\x00\x00": Pass, "something": Warn, "%PDF-1.4\n1 0 obj": Fail} {
		report := verify(t, metadata.Bytes(append(b[:len(b):len(b)], behind...), ""), nil)
		require.Equal(t, Confirmed, report.Verdict)
		require.Contains(t, outcomes(report, want), checkUnambiguous, behind)
		require.Equal(t, want != Fail, report.OK())
	}
	jpeg := fixture(t, "jpeg/baseline.jpg")
	b, err = io.ReadAll(io.NewSectionReader(jpeg.R, 0, jpeg.Size))
	require.NoError(t, err)
	report := verify(t, metadata.Bytes(append(b, "SEFH\x00\x00SEFT"...), ""), nil)
	require.Contains(t, outcomes(report, Pass), checkUnambiguous)
}

func TestVerifyUnknown(t *testing.T) {
	report, err := new(Verifier).Verify(t.Context(), metadata.Bytes([]byte("\x7fELF\x00\x01"), "x"), nil)
	require.ErrorIs(t, err, metadata.ErrUnknownFormat)
	require.Equal(t, None, report.Verdict)
	require.NotEmpty(t, report.Error)
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = new(Verifier).Verify(canceled, fixture(t, "png/rgb.png"), nil)
	require.ErrorIs(t, err, context.Canceled)
}

func TestReportJSON(t *testing.T) {
	report := verify(t, metadata.Bytes([]byte("words\n"), "a.txt"), nil)
	b, err := json.Marshal(report)
	require.NoError(t, err)
	var keys map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(b, &keys))
	for key, empty := range map[string]string{
		"schema": "1", "file": `"a.txt"`, "format": `"text"`, "verdict": `"none"`, "notice": `""`, "record": "null", "sites": "[]",
		"credentials": "null", "watermarks": "[]", "notices": "[]", "traces": "[]", "error": `""`,
	} {
		require.Equal(t, empty, string(keys[key]), key)
	}
	require.Contains(t, string(keys["checks"]), `"id":"record.present","outcome":"skip"`)
}

func TestVerdictNotice(t *testing.T) {
	for _, v := range []Verdict{Confirmed, Possible, Suspected} {
		require.Regexp(t, "AI.*生成", v.Notice("zh-Hans"))
		require.Regexp(t, "AI-generated", v.Notice("en"))
		require.Equal(t, v.Notice("en"), v.Notice("sv"), "others get English")
	}
	require.Empty(t, None.Notice("en"))
}

func TestFS(t *testing.T) {
	out, _ := labelled(t, &Labeler{Producer: producer}, fixture(t, "png/rgb.png"), Artifact{})
	b := make([]byte, out.Size)
	out.R.ReadAt(b, 0)
	tree := fstest.MapFS{"z.bin": {Data: []byte{0, 1, 2}}}
	var want []string
	for i := range 50 {
		name := fmt.Sprintf("d%d/%02d.png", i%3, i)
		tree[name] = &fstest.MapFile{Data: b}
		want = append(want, name)
	}
	slices.Sort(want)
	var got []string
	for name, result := range new(Verifier).FS(t.Context(), tree, ".") {
		if name == "z.bin" {
			require.ErrorIs(t, result.Err, metadata.ErrUnknownFormat)
			continue
		}
		require.NoError(t, result.Err)
		require.Equal(t, Confirmed, result.Report.Verdict)
		require.Equal(t, name, result.Report.File)
		got = append(got, name)
	}
	require.Equal(t, want, got, "in lexical order")
	open := &countingFS{FS: tree}
	for range new(Verifier).FS(t.Context(), open, ".") {
		break // the scan stops with the loop
	}
	require.Zero(t, open.files.Load(), "files that are still open")
	require.Less(t, open.total.Load(), int64(len(want)), "files that were opened")
	for _, result := range new(Verifier).FS(t.Context(), tree, "missing") {
		require.ErrorIs(t, result.Err, os.ErrNotExist)
	}
}

// A countingFS counts the files that are open, and all that were.
type countingFS struct {
	fs.FS
	files, total atomic.Int64
}

func (c *countingFS) Open(name string) (fs.File, error) {
	f, err := c.FS.Open(name)
	if _, dir := f.(fs.ReadDirFile); err != nil || dir {
		return f, err
	}
	c.files.Add(1)
	c.total.Add(1)
	return countedFile{f, c}, nil
}

type countedFile struct {
	fs.File
	fsys *countingFS
}

func (c countedFile) Close() error {
	c.fsys.files.Add(-1)
	return c.File.Close()
}

// TestStopsWithContext cancels at the first read.
func TestStopsWithContext(t *testing.T) {
	text := strings.NewReader(strings.Repeat("A line.\n", 1<<14))
	for name, examine := range map[string]func(context.Context, metadata.Source) error{
		"Verify": func(ctx context.Context, src metadata.Source) error {
			report, err := new(Verifier).Verify(ctx, src, nil)
			require.NotEmpty(t, report.Error)
			return err
		},
		"Label": func(ctx context.Context, src metadata.Source) error {
			_, err := (&Labeler{Producer: producer, Notice: &Notice{}}).Label(ctx, io.Discard, src, Artifact{})
			return err
		},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		reads := 0
		src := metadata.Source{Size: text.Size(), Name: "a.txt", R: readerAtFunc(func(b []byte, off int64) (int, error) {
			reads++
			cancel()
			return text.ReadAt(b, off)
		})}
		require.ErrorIs(t, examine(ctx, src), context.Canceled, name)
		require.Equal(t, 1, reads, name)
	}
}

type readerAtFunc func([]byte, int64) (int, error)

func (f readerAtFunc) ReadAt(b []byte, off int64) (int, error) { return f(b, off) }

func TestMiddleware(t *testing.T) {
	out, _ := labelled(t, &Labeler{Producer: producer}, fixture(t, "png/rgb.png"), Artifact{})
	b := make([]byte, out.Size)
	out.R.ReadAt(b, 0)
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("picture", "a.png")
	require.NoError(t, err)
	part.Write(b)
	require.NoError(t, form.Close())

	handler := new(Verifier).Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, report := range Reports(r.Context()) {
			fmt.Fprintf(w, "%s %s;", report.File, report.Verdict)
		}
	}))
	for _, test := range []struct {
		kind, body, want string
		code             int
	}{
		{form.FormDataContentType(), body.String(), "a.png confirmed;", 200},
		{form.FormDataContentType(), body.String()[:200], "unreadable form\n", 400},
		{"text/plain", "hello", "", 200},
	} {
		r := httptest.NewRequest("POST", "/", strings.NewReader(test.body))
		r.Header.Set("Content-Type", test.kind)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		require.Equal(t, test.want, w.Body.String())
		require.Equal(t, test.code, w.Code)
	}
}

// TestWild verifies real services' files, where AIGCLABEL_WILD names a folder
// that has them.
func TestWild(t *testing.T) {
	dir := os.Getenv("AIGCLABEL_WILD")
	if dir == "" {
		t.Skip("AIGCLABEL_WILD is not set")
	}
	for _, test := range []struct {
		file    string
		verdict Verdict
		fail    []string
		warn    []string
	}{
		{"doubao.png", Confirmed, nil, []string{checkPropagator}},
		{"jimeng.png", Confirmed, nil, nil},
		{"tencent-text.png", Confirmed, nil, nil},
		{"tencent-exif.png", Confirmed, []string{checkCharset}, nil},
		{"alibaba-newlines.png", Confirmed, nil, nil},
		{"front-matter-many.md", Confirmed, []string{checkSingle, checkAgree}, []string{checkNotice}},
		{"minimax-label-aigc.md", Suspected, []string{checkLabel, checkCharset}, []string{checkNotice}},
		{"iflow-inline-json.md", Confirmed, []string{checkFields, checkProducerCode}, []string{checkNotice}},
	} {
		t.Run(test.file, func(t *testing.T) {
			report, err := new(Verifier).VerifyFile(t.Context(), filepath.Join(dir, test.file), nil)
			require.NoError(t, err)
			require.Equal(t, test.verdict, report.Verdict)
			require.NotNil(t, report.Record)
			require.Equal(t, test.fail, outcomes(report, Fail), "%+v", report.Checks)
			require.Equal(t, test.warn, outcomes(report, Warn), "%+v", report.Checks)
			others := slices.DeleteFunc(report.Sites, func(s metadata.Site) bool { return s.Scheme == metadata.AIGC })
			require.Equal(t, test.file == "tencent-exif.png", len(others) == 1, "the older object is a second statement")
		})
	}
}

var errBroken = errors.New("broken")

type brokenReader struct{}

func (brokenReader) ReadAt([]byte, int64) (int, error) { return 0, errBroken }

func TestVerifyBrokenReader(t *testing.T) {
	report, err := new(Verifier).Verify(t.Context(), metadata.Source{R: brokenReader{}, Size: 100}, nil)
	require.ErrorIs(t, err, errBroken)
	require.NotNil(t, report)
}
