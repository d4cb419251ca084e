package main

import (
	"bytes"
	"encoding/json"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aigclabel/aigclabel/metadata"
)

const (
	producer   = "001191990099MA01ABCD5610001"
	propagator = "001191990099MA01ABCD5620001"
)

// run runs the command line and returns what it prints and its exit code.
func run(t *testing.T, stdin []byte, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errs bytes.Buffer
	c := &cli{stdin: bytes.NewReader(stdin), stdout: &out, stderr: &errs}
	code = c.main(t.Context(), args)
	return out.String(), errs.String(), code
}

// sample copies a real file into a fresh directory.
func sample(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "metadata", "testdata", filepath.FromSlash(path)))
	require.NoError(t, err)
	to := filepath.Join(t.TempDir(), filepath.Base(path))
	require.NoError(t, os.WriteFile(to, b, 0o600))
	return to
}

// refused are the real files that cannot be labelled, and what the user is told.
var refused = map[string]string{
	"aes256.pdf":        "label it before it is encrypted",
	"cleartext-xmp.pdf": "label it before it is encrypted",
	"toml.md":           "convert it to YAML",
	"utf16.md":          "convert the text from UTF-16 to UTF-8",
	"utf16.xml":         "convert the text from UTF-16 to UTF-8",
	"xmind8.xmind":      "save the map with XMind 2020",
	"array.json":        "put the data into a member of an object",
}

// TestLabelThenVerify is the main job, for each format that has a place, on its
// real files.
func TestLabelThenVerify(t *testing.T) {
	for format := range metadata.Formats() {
		paths, err := filepath.Glob(filepath.Join("..", "..", "metadata", "testdata", format.Name, "*"))
		require.NoError(t, err)
		for _, path := range paths {
			if format.Write != "" {
				t.Run(format.Name+"/"+filepath.Base(path), func(t *testing.T) { labelThenVerify(t, path) })
			}
		}
	}
}

func labelThenVerify(t *testing.T, in string) {
	out := filepath.Join(t.TempDir(), "out"+filepath.Ext(in))
	_, stderr, code := run(t, nil, "label", "-replace", "-producer", producer, "-id", "example-0001", "-o", out, in)
	if reason := refused[filepath.Base(in)]; reason != "" {
		require.Equal(t, exitError, code)
		require.Contains(t, stderr, reason)
		require.NoFileExists(t, out)
		return
	}
	require.Zero(t, code, stderr)
	stdout, _, code := run(t, nil, "verify", "-json", out)
	require.Zero(t, code, stdout)
	var report struct {
		Verdict string
		Record  map[string]string
		Checks  []struct{ Outcome, ID string }
	}
	require.NoError(t, json.Unmarshal([]byte(stdout), &report))
	require.Equal(t, "confirmed", report.Verdict)
	require.Equal(t, "example-0001", report.Record["ProduceID"])
	for _, c := range report.Checks {
		require.NotEqual(t, "fail", c.Outcome, c.ID)
	}
}

func TestLabelVisible(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "a.txt")
	require.NoError(t, os.WriteFile(text, []byte("你好\n"), 0o600))
	sunset := sample(t, "../../examples/image/sunset.png")
	for _, in := range []string{text, sunset, compressed(t, sunset), sample(t, "html/pandoc5.html"), sample(t, "markdown/plain.md")} {
		out := filepath.Join(dir, "out"+filepath.Ext(in))
		_, stderr, code := run(t, nil, "label", "-producer", producer, "-visible", "-o", out, in)
		require.Zero(t, code, stderr)
		_, _, code = run(t, nil, "verify", out)
		require.Zero(t, code)
	}
	stdout, _, _ := run(t, nil, "verify", "-deep", "-json", filepath.Join(dir, "out.png"))
	require.Contains(t, stdout, `"place":"picture, bottom right"`)
	styled := filepath.Join(dir, "styled.png")
	_, stderr, code := run(t, nil, "label", "-producer", producer, "-visible", "-style", "banner", "-corner", "top", "-lang", "zh-Hans+en", "-o", styled, sunset)
	require.Zero(t, code, stderr)
	stdout, _, _ = run(t, nil, "verify", "-deep", "-json", styled)
	require.Contains(t, stdout, `"place":"picture, top"`)
	_, stderr, code = run(t, nil, "label", "-producer", producer, "-visible", "-corner", "middle", "-o", styled, sunset)
	require.Equal(t, exitError, code)
	require.Contains(t, stderr, "take one of bottom-right, ")
	out := filepath.Join(dir, "out.jxl")
	_, stderr, code = run(t, nil, "label", "-producer", producer, "-visible", "-o", out, sample(t, "jxl/bare.jxl"))
	require.Equal(t, exitError, code)
	require.Contains(t, stderr, "no notice for this format")
	require.NoFileExists(t, out)
}

// compressed returns a picture as a JPEG file.
func compressed(t *testing.T, path string) string {
	t.Helper()
	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	img, err := png.Decode(f)
	require.NoError(t, err)
	var b bytes.Buffer
	require.NoError(t, jpeg.Encode(&b, img, nil))
	to := filepath.Join(t.TempDir(), "picture.jpg")
	require.NoError(t, os.WriteFile(to, b.Bytes(), 0o600))
	return to
}

func TestPipes(t *testing.T) {
	b, err := os.ReadFile(sample(t, "png/rgb.png"))
	require.NoError(t, err)
	labelled, stderr, code := run(t, b, "label", "-producer", producer, "-o", "-", "-")
	require.Zero(t, code, stderr)
	stdout, _, code := run(t, []byte(labelled), "verify", "-json", "-")
	require.Zero(t, code)
	require.Contains(t, stdout, `"file":"-"`)
	markdown, stderr, code := run(t, []byte("# Title\n"), "label", "-producer", producer, "-name", "a.md", "-o", "-", "-")
	require.Zero(t, code, stderr)
	require.True(t, strings.HasPrefix(markdown, "---\nAIGC:\n"))
	stdout, _, _ = run(t, []byte(markdown), "verify", "-")
	require.Contains(t, stdout, "-: confirmed (markdown)", "a front matter needs no name")
}

func TestPropagate(t *testing.T) {
	in := sample(t, "png/rgb.png")
	_, stderr, code := run(t, nil, "propagate", "-propagator", propagator, "-o", in, in)
	require.Equal(t, exitError, code)
	require.Contains(t, stderr, "no record to propagate")
	_, _, code = run(t, nil, "propagate", "-propagator", propagator, "-id", "post-1", "-state", "2", "-o", in, in)
	require.Zero(t, code)
	stdout, _, code := run(t, nil, "verify", in)
	require.Zero(t, code)
	require.Contains(t, stdout, "possible (png)")
}

func TestReceipt(t *testing.T) {
	in := sample(t, "png/rgb.png")
	stdout, _, code := run(t, nil, "label", "-producer", producer, "-receipt", "-", "-o", in, in)
	require.Zero(t, code)
	var receipt struct {
		Format, Place string
		Layers        []struct{ Layer string }
	}
	require.NoError(t, json.Unmarshal([]byte(stdout), &receipt))
	require.Equal(t, "png", receipt.Format)
	require.Len(t, receipt.Layers, 2)
}

func TestVerifyDirectory(t *testing.T) {
	in := sample(t, "png/rgb.png")
	dir := filepath.Dir(in)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "program"), []byte("\x7fELF\x00\x01"), 0o600))
	stdout, _, code := run(t, nil, "verify", dir)
	require.Equal(t, exitFailed, code, "a file is not labelled")
	require.Contains(t, stdout, "program: skipped, unknown format")
	require.Contains(t, stdout, "1 files: 0 confirmed, 0 possible, 0 suspected, 1 without a label; 0 not read, 1 skipped")
	_, _, code = run(t, nil, "label", "-producer", producer, "-o", in, in)
	require.Zero(t, code)
	_, _, code = run(t, nil, "verify", "-json", dir)
	require.Zero(t, code)
	_, _, code = run(t, nil, "verify", filepath.Join(dir, "program"))
	require.Equal(t, exitError, code, "a named file could not be examined")
}

func TestVerifyReport(t *testing.T) {
	in := sample(t, "png/rgb.png")
	_, _, code := run(t, nil, "label", "-producer", "<b>producer</b>", "-o", in, in)
	require.Zero(t, code)
	page := filepath.Join(t.TempDir(), "report.html")
	_, _, code = run(t, nil, "verify", "-report", page, in, sample(t, "mp3/lame.mp3"), filepath.Join(t.TempDir(), "missing"))
	require.Equal(t, exitError, code)
	b, err := os.ReadFile(page)
	require.NoError(t, err)
	html := string(b)
	for _, want := range []string{"AI labels of 3 files", "1 confirmed", "1 without a label", "1 not read", "&lt;b&gt;producer", "record.present"} {
		require.Contains(t, html, want)
	}
	require.NotContains(t, html, "<b>producer")
}

func TestUsage(t *testing.T) {
	for _, args := range [][]string{
		nil, {"nonsense"}, {"label"}, {"label", "-o", "x"}, {"label", "-o", "x", "in"}, {"label", "-producer", "p", "in"},
		{"label", "-watermark", "in"}, {"propagate", "-o", "x", "in"}, {"verify"}, {"verify", "-profile", "moon", "x"}, {"formats", "x"},
		{"verify", "no such file"}, {"label", "-producer", producer, "-o", "-", "-receipt", "-", "in"},
	} {
		stdout, stderr, code := run(t, nil, args...)
		require.Equal(t, exitError, code, args)
		require.NotEmpty(t, stdout+stderr, args)
	}
	_, stderr, code := run(t, nil, "label", "-producer", producer, "-lang", "zh-Hans+tlh", "-o", "x", "in")
	require.Equal(t, exitError, code)
	require.Contains(t, stderr, "en, zh-Hans, zh-Hant, ja")
	_, stderr, code = run(t, nil, "label", "-h")
	require.Zero(t, code)
	require.Contains(t, stderr, "-producer")
}

func TestFormats(t *testing.T) {
	stdout, _, code := run(t, nil, "formats")
	require.Zero(t, code)
	require.Contains(t, stdout, "TC260-PG-20259A")
	stdout, _, _ = run(t, nil, "formats", "-json")
	var table []struct{ Name, Visible, Credentials string }
	require.NoError(t, json.Unmarshal([]byte(stdout), &table))
	require.Equal(t, "png", table[0].Name)
	require.Equal(t, "picture", table[0].Visible)
	require.Equal(t, "caBX", table[0].Credentials)
}

// TestReportShowsWhoSigned: the page says what credentials and seals come to, and which
// files fulfil the rules.
func TestReportShowsWhoSigned(t *testing.T) {
	dir := t.TempDir()
	_, _, code := run(t, nil, "cert", "-o", dir, "-name", "Example")
	require.Zero(t, code)
	root, key := filepath.Join(dir, "root.pem"), filepath.Join(dir, "key.pem")
	in, edited, page := sample(t, "png/rgb.png"), filepath.Join(dir, "edited.png"), filepath.Join(dir, "page.html")
	_, stderr, code := run(t, nil, "label", "-producer", producer, "-cert", filepath.Join(dir, "chain.pem"), "-cert-key", key, "-seal-key", key, "-o", in, in)
	require.Zero(t, code, stderr)
	b, err := os.ReadFile(in)
	require.NoError(t, err)
	b[len(b)-20] ^= 1 // in the pixels
	require.NoError(t, os.WriteFile(edited, b, 0o600))

	for _, test := range []struct {
		args []string
		want []string
	}{
		{[]string{"-trust", root, "-seal-trust", key, in}, []string{`class="v Trusted"`, "signed by CN=Example", "generated", "sealed by a trusted key", "fulfilled by 1 of 1"}},
		{[]string{in}, []string{`class="v Valid"`, ">sealed<", "1 intact, of a signer who is not on the trust list"}},
		{[]string{"-trust", root, edited}, []string{`class="v Invalid"`, "said to be generated", "seal broken", "breaks the rules", "fulfilled by 0 of 1"}},
		{[]string{sample(t, "jpeg/baseline.jpg")}, []string{"1 without credentials"}},
	} {
		run(t, nil, append([]string{"verify", "-report", page}, test.args...)...)
		html, err := os.ReadFile(page)
		require.NoError(t, err)
		for _, want := range test.want {
			require.Contains(t, string(html), want)
		}
	}
}
