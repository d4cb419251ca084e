package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestWatermark: a key is made, a picture is marked with it, and what is left of the picture
// without its metadata is known by the key.
func TestWatermark(t *testing.T) {
	dir := t.TempDir()
	key, other, out, bare := filepath.Join(dir, "key"), filepath.Join(dir, "other"), filepath.Join(dir, "out.png"), filepath.Join(dir, "bare.jpg")
	for _, name := range []string{key, other} {
		stdout, stderr, code := run(t, nil, "keygen", "-o", name)
		require.Zero(t, code, stderr)
		require.Contains(t, stdout, "aigclabel verify -key-file "+name)
		info, err := os.Stat(name)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode())
	}
	before, err := os.ReadFile(key)
	require.NoError(t, err)
	_, stderr, code := run(t, nil, "keygen", "-o", key)
	require.Equal(t, exitError, code)
	require.Contains(t, stderr, "exists")
	after, err := os.ReadFile(key)
	require.NoError(t, err)
	require.Equal(t, before, after)

	sunset := sample(t, "../../examples/image/sunset.png")
	receipt, stderr, code := run(t, nil, "label", "-producer", producer, "-id", "p-1", "-visible", "-watermark", "-key-file", key, "-receipt", "-", "-o", out, sunset)
	require.Zero(t, code, stderr)
	require.Empty(t, stderr)
	var said struct {
		Layers []struct{ Layer, Payload string }
	}
	require.NoError(t, json.Unmarshal([]byte(receipt), &said))
	require.Equal(t, []string{"notice", "watermark", "record"}, []string{said.Layers[0].Layer, said.Layers[1].Layer, said.Layers[2].Layer})
	require.Len(t, said.Layers[1].Payload, 16)

	require.NoError(t, os.Rename(compressed(t, out), bare))
	_, _, code = run(t, nil, "verify", bare)
	require.Equal(t, exitFailed, code, "nothing is left without a key")
	page := filepath.Join(dir, "page.html")
	for _, path := range []string{out, bare} {
		stdout, stderr, _ := run(t, nil, "verify", "-json", "-report", page, "-key-file", other, "-key-file", key, path)
		var report struct {
			Verdict    string
			Watermarks []struct {
				Payload     string
				Probability float64
				Key         int
				Transform   map[string]any
			}
		}
		require.NoError(t, json.Unmarshal([]byte(stdout), &report), stderr)
		require.Equal(t, "confirmed", report.Verdict)
		require.Len(t, report.Watermarks, 1)
		require.Equal(t, said.Layers[1].Payload, report.Watermarks[0].Payload)
		require.Equal(t, 1, report.Watermarks[0].Key)
		require.Less(t, report.Watermarks[0].Probability, 1e-9)
		require.InDelta(t, 1, report.Watermarks[0].Transform["scale"], 0.01)
	}
	b, err := os.ReadFile(page)
	require.NoError(t, err)
	require.Contains(t, string(b), "watermark <code>"+said.Layers[1].Payload)
	stdout, _, _ := run(t, nil, "verify", "-key-file", key, bare)
	require.Contains(t, stdout, "watermark "+said.Layers[1].Payload)
}

// TestWatermarkOpenKey: to try it, no key is needed.
func TestWatermarkOpenKey(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out.png")
	_, stderr, code := run(t, nil, "label", "-producer", producer, "-watermark", "-wide", "-o", out, sample(t, "../../examples/image/sunset.png"))
	require.Zero(t, code, stderr)
	require.Contains(t, stderr, "the open key, which everybody can read")
	stdout, _, code := run(t, nil, "verify", "-open-key", "-json", out)
	require.Zero(t, code, stdout)
	require.Contains(t, stdout, `"id":"watermark.agrees","outcome":"pass"`)
	_, stderr, code = run(t, nil, "label", "-producer", producer, "-watermark", "-o", out, sample(t, "mp3/lame.mp3"))
	require.Zero(t, code)
	require.Contains(t, stderr, "no watermark: no watermarks in the format mp3")
}

func TestKeyFiles(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, lines ...string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(strings.Join(lines, "\n")), 0o600))
		return path
	}
	one := filepath.Join(dir, "one")
	_, _, code := run(t, nil, "keygen", "-o", one)
	require.Zero(t, code)
	b, err := os.ReadFile(one)
	require.NoError(t, err)
	line := strings.TrimSpace(string(b))
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"verify", "-key-file", write("bad", line, "", "nonsense"), "x"}, "line 3: watermark: not a key"},
		{[]string{"verify", "-key-file", write("empty", ""), "x"}, "make one with aigclabel keygen"},
		{[]string{"verify", "-key-file", filepath.Join(dir, "none"), "x"}, "no such file"},
		{[]string{"label", "-producer", producer, "-watermark", "-key-file", write("two", line, line), "-o", "x", "y"}, "2 keys"},
		{[]string{"label", "-producer", producer, "-key-file", one, "-o", "x", "y"}, "go with -watermark"},
		{[]string{"keygen"}, "-o"},
		{[]string{"keygen", "-o", "-"}, "a file that only you read"},
	} {
		_, stderr, code := run(t, nil, test.args...)
		require.Equal(t, exitError, code)
		require.Contains(t, stderr, test.want)
		require.NotContains(t, stderr, line)
	}
	require.NoFileExists(t, "-")
	_, stderr, _ := run(t, nil, "verify", "-key-file", write("notepad", "\ufeff"+line+"\r", line), sample(t, "png/rgb.png"))
	require.Empty(t, stderr)
}

// TestWatermarkNotSeen: who brings a key is told what came of it.
func TestWatermarkNotSeen(t *testing.T) {
	for path, want := range map[string]string{
		"heic/plain.heic":                 "not looked for in this format; convert the picture to PNG",
		"svg/plain.svg":                   "not looked for in this format",
		"png/rgb.png":                     "not looked for: picture too small for a watermark",
		"bmp/plain.bmp":                   "none under these keys; the picture is too small to be given one",
		"../../examples/image/sunset.png": "none under these keys",
	} {
		file := sample(t, path)
		stdout, _, code := run(t, nil, "verify", "-open-key", file)
		require.Equal(t, exitFailed, code, path)
		require.Contains(t, stdout, "\n  watermark: "+want)
		stdout, _, _ = run(t, nil, "verify", file)
		require.NotContains(t, stdout, "watermark", path)
	}
}
