package c2pa

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aigclabel/aigclabel/internal/peer"
)

// A verdict is what a line of the reference scripts says of a file.
type verdict struct {
	File, State, Error string
	Manifests          int
	Codes, Failures    []string
	Valid              bool
	CrJSON             json.RawMessage `json:"crjson"`
}

// askPeer runs a script of testdata/reference over files and returns what it says of
// each, by their name.
func askPeer(t testing.TB, script string, args ...string) map[string]verdict {
	t.Helper()
	node := peer.Node(t, "AIGCLABEL_C2PA")
	out := peer.Run(t, node, append([]string{filepath.Join("testdata", "reference", script)}, args...)...)
	verdicts := map[string]verdict{}
	for line := range strings.Lines(out) {
		var v verdict
		require.NoError(t, json.Unmarshal([]byte(line), &v))
		verdicts[v.File] = v
	}
	return verdicts
}

// referenceFormats are those that the reference knows, and have a fixture.
var referenceFormats = []string{
	"jpeg", "png", "webp", "gif", "tiff", "svg", "heic", "avif", "jxl", "mp4", "mov", "m4a", "mp3", "flac", "wav", "avi", "pdf",
}

// fixtures returns the files of a format in testdata that can be signed.
func fixtures(t testing.TB, format string) (paths []string) {
	t.Helper()
	all, err := filepath.Glob(filepath.Join("..", "testdata", format, "*"))
	require.NoError(t, err)
	for _, path := range all {
		if !slices.Contains(unsignable, filepath.Base(path)) {
			paths = append(paths, path)
		}
	}
	require.NotEmpty(t, paths, format)
	return paths
}

// unsignable are the fixtures without a place for credentials: encrypted ones, streams
// whose sizes are open, and text in other encodings than UTF-8.
var unsignable = []string{
	"aes256.pdf", "cleartext-xmp.pdf", "streamed.wav", "streamed.avi",
	"invalid-utf8.md", "utf16.md", "gb18030.txt", "utf16-be.txt", "utf16-le.txt",
}

// strangers are the fixtures of known formats that the reference does not read.
var strangers = []string{"rf64.wav", "rifx.wav"}

// An ourFile is one that we signed, for others to judge.
type ourFile struct {
	path, format string
	manifests    int
	generated    bool
}

// signAll signs the fixtures in a few ways and returns the files.
func signAll(t testing.TB) (files []ourFile) {
	t.Helper()
	dir := t.TempDir()
	for _, format := range referenceFormats {
		for i, path := range fixtures(t, format) {
			if slices.Contains(strangers, filepath.Base(path)) {
				continue
			}
			add := func(how string, b []byte, manifests int) {
				name := filepath.Join(dir, format+"-"+how+"-"+filepath.Base(path))
				require.NoError(t, os.WriteFile(name, b, 0o600))
				files = append(files, ourFile{name, format, manifests, how == "made"})
			}
			made, _ := sign(t, read(t, path), path, fullClaim(), nil)
			add("made", made, 1)
			if i > 0 {
				continue
			}
			edited, _ := sign(t, made, path, Edited("Model", "2.1", testTime), nil)
			add("edited", edited, 2)
			opened, _ := sign(t, read(t, path), path, Labelled(Generator{Name: "Platform"}, testTime), nil)
			add("opened", opened, 1)
			if slices.Contains(updatable, format) {
				updated, _, err := update(t, testSigner(t), edited, path, note())
				require.NoError(t, err)
				add("updated", updated, 3)
			}
		}
	}
	return files
}

// fullClaim states all that a claim of new content can state.
func fullClaim() Claim {
	c := testClaim()
	c.Title = "A sunset"
	c.Actions[0].Description = "made from a prompt"
	c.Actions[0].Parameters = map[string]any{"com.example.seed": 7}
	c.SoftBindings = []SoftBinding{{Algorithm: "com.example.watermark.1", Value: []byte("mark")}}
	c.Assertions = []Assertion{
		{Label: "cn.tc260.aigc", JSON: json.RawMessage(`{"Label":"1"}`)},
		{Label: "com.example.note", CBOR: map[string]any{"seen": true}},
		{Label: "com.example.note", CBOR: map[string]any{"seen": false}},
	}
	return c
}

func TestReferenceTrustsWhatWeSign(t *testing.T) {
	peer.Node(t, "AIGCLABEL_C2PA")
	files := signAll(t)
	root, _, _ := writePEM(t, t.TempDir())
	args := []string{"--trust", root}
	for _, f := range files {
		args = append(args, f.path)
	}
	verdicts := askPeer(t, "validate.mjs", args...)
	for _, f := range files {
		name := filepath.Base(f.path)
		t.Run(name, func(t *testing.T) {
			v := verdicts[name]
			require.Equal(t, "Trusted", v.State, "%s %v", v.Error, v.Failures)
			require.Empty(t, v.Failures)
			require.Equal(t, f.manifests, v.Manifests)
			active := activeOf(t, v.CrJSON)
			requireConformance(t, active)
			if f.generated {
				requireFullyGenerated(t, active)
			}
		})
	}
}

// secondFormats are those that the second implementation knows, but for updates.
var secondFormats = []string{"jpeg", "png", "heic", "avif"}

func TestSecondImplementationAgrees(t *testing.T) {
	peer.Node(t, "AIGCLABEL_C2PA")
	var args []string
	for _, f := range signAll(t) {
		if slices.Contains(secondFormats, f.format) && !strings.Contains(f.path, "-updated-") {
			args = append(args, f.path)
		}
	}
	for name, v := range askPeer(t, "second.mjs", args...) {
		require.True(t, v.Valid, "%s %v", name, v.Failures)
	}
}

// TestHistoryOfOthers goes on from files that the reference signed: broken ones,
// updates, compressed and old claims among them. All that it says of the history, and
// nothing of our manifest, may be a failure.
func TestHistoryOfOthers(t *testing.T) {
	all, err := filepath.Glob(filepath.Join("testdata", "vectors", "*.*"))
	require.NoError(t, err)
	dir := t.TempDir()
	var args []string
	for _, path := range all {
		if ext := filepath.Ext(path); ext == ".pem" || ext == ".c2pa" {
			continue
		}
		if filepath.Base(path) == "heic-plain.heic" {
			continue // the reference moved positions in it that are not of the file, but of its idat box
		}
		b := read(t, path)
		if validate(t, b, path, nil).State == "" {
			continue // its credentials are elsewhere
		}
		signed, receipt := sign(t, b, path, Edited("Model", "2.1", testTime), nil)
		require.NotEmpty(t, receipt.Parent, path)
		r := validate(t, signed, path, nil)
		require.Equal(t, Trusted, r.State, "%s %v", path, faultsOf(r))
		file := filepath.Join(dir, filepath.Base(path))
		require.NoError(t, os.WriteFile(file, signed, 0o600))
		args = append(args, file)
	}
	require.NotEmpty(t, args)
	peer.Node(t, "AIGCLABEL_C2PA")
	root, _, _ := writePEM(t, t.TempDir())
	for name, v := range askPeer(t, "validate.mjs", append([]string{"--trust", root}, args...)...) {
		require.Equal(t, "Trusted", v.State, "%s %s %v", name, v.Error, v.Failures)
	}
}
