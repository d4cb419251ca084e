package main

import (
	"encoding/json"
	"encoding/pem"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestCredentials: certificates are made, a file is signed with them, a platform goes on
// from it, and both are trusted by who trusts the root, and by nobody else.
func TestCredentials(t *testing.T) {
	dir := t.TempDir()
	keys, out, published := filepath.Join(dir, "keys"), filepath.Join(dir, "out.jpg"), filepath.Join(dir, "published.jpg")
	root, chain, key := filepath.Join(keys, "root.pem"), filepath.Join(keys, "chain.pem"), filepath.Join(keys, "key.pem")
	stdout, stderr, code := run(t, nil, "cert", "-o", keys)
	require.Zero(t, code, stderr)
	require.Contains(t, stdout, "aigclabel verify -trust "+root)
	_, stderr, code = run(t, nil, "cert", "-o", keys)
	require.Equal(t, exitError, code)
	require.Contains(t, stderr, "exists", "no key is overwritten")

	_, stderr, code = run(t, nil, "label", "-producer", producer, "-cert", chain, "-cert-key", key, "-o", out, sample(t, "jpeg/baseline.jpg"))
	require.Zero(t, code, stderr)
	_, stderr, code = run(t, nil, "propagate", "-propagator", propagator, "-cert", chain, "-cert-key", key, "-o", published, out)
	require.Zero(t, code, stderr)
	require.Empty(t, stderr)

	for _, path := range []string{out, published} {
		for _, test := range []struct {
			args []string
			want string
		}{{[]string{"-trust", root}, "Trusted"}, {nil, "Valid"}} {
			stdout, stderr, code = run(t, nil, append(append([]string{"verify", "-json"}, test.args...), path)...)
			require.Zero(t, code, stderr)
			var report struct {
				Verdict     string
				Credentials struct{ State, Origin string }
			}
			require.NoError(t, json.Unmarshal([]byte(stdout), &report))
			require.Equal(t, "confirmed", report.Verdict)
			require.Equal(t, test.want, report.Credentials.State)
			require.Equal(t, "generated", report.Credentials.Origin)
		}
	}
	stdout, _, _ = run(t, nil, "verify", "-trust", root, published)
	require.Contains(t, stdout, "credentials Trusted, signed by ")

	_, stderr, code = run(t, nil, "propagate", "-propagator", propagator, "-o", published, out)
	require.Zero(t, code)
	require.Contains(t, stderr, "no longer holds")
	require.Contains(t, stderr, "with -cert and -cert-key credentials go on")
}

// TestProfiles: the profiles of other markets ask for what they need, and are fulfilled.
func TestProfiles(t *testing.T) {
	dir := t.TempDir()
	_, _, code := run(t, nil, "cert", "-o", dir)
	require.Zero(t, code)
	out := filepath.Join(dir, "out.png")
	label := []string{"label", "-producer", "Example", "-o", out, "-profile"}
	sign := []string{"-cert", filepath.Join(dir, "chain.pem"), "-cert-key", filepath.Join(dir, "key.pem")}
	sunset := sample(t, "../../examples/image/sunset.png")
	for _, test := range []struct {
		profile string
		args    []string
		wants   string // what is missing, "" if nothing is
	}{
		{"eu", nil, "set Signer"},
		{"eu", sign, "set Watermark"},
		{"eu", append(sign, "-watermark"), ""},
		{"california", sign, "set System"},
		{"california", append(sign, "-system", "Painter", "-system-version", "2"), ""},
	} {
		_, stderr, code := run(t, nil, append(append(append([]string{}, label...), test.profile), append(test.args, sunset)...)...)
		if test.wants != "" {
			require.Equal(t, exitError, code)
			require.Contains(t, stderr, test.wants)
			continue
		}
		require.Zero(t, code, stderr)
		stdout, stderr, code := run(t, nil, "verify", "-profile", test.profile, "-open-key", "-trust", filepath.Join(dir, "root.pem"), out)
		require.Zero(t, code, "%s%s", stdout, stderr)
		require.NoError(t, os.Remove(out))
	}
	_, _, code = run(t, nil, "verify", "-profile", "eu", sunset)
	require.Equal(t, exitFailed, code)
}

// TestSidecarInTree: the credentials beside a file are found with it, and are no file of
// their own.
func TestSidecarInTree(t *testing.T) {
	keys, dir := t.TempDir(), t.TempDir()
	_, _, code := run(t, nil, "cert", "-o", keys)
	require.Zero(t, code)
	_, stderr, code := run(t, nil, "label", "-producer", producer, "-cert", filepath.Join(keys, "chain.pem"), "-cert-key", filepath.Join(keys, "key.pem"),
		"-o", filepath.Join(dir, "out.mkv"), sample(t, "mkv/cues-first.mkv"))
	require.Zero(t, code, stderr)
	require.FileExists(t, filepath.Join(dir, "out.mkv.c2pa"))
	stdout, _, code := run(t, nil, "verify", "-trust", filepath.Join(keys, "root.pem"), dir)
	require.Zero(t, code, stdout)
	require.Contains(t, stdout, "credentials Trusted")
	require.Contains(t, stdout, "out.mkv.c2pa: skipped, the credentials of another file")
}

// TestNoKeyToSign tests what is said of files that do not sign.
func TestNoKeyToSign(t *testing.T) {
	dir := t.TempDir()
	_, _, code := run(t, nil, "cert", "-o", dir)
	require.Zero(t, code)
	root, chain, key := filepath.Join(dir, "root.pem"), filepath.Join(dir, "chain.pem"), filepath.Join(dir, "key.pem")
	in, out := sample(t, "png/rgb.png"), filepath.Join(dir, "out.png")
	encrypted := func(kind string, headers map[string]string) string {
		path := filepath.Join(t.TempDir(), "encrypted.pem")
		require.NoError(t, os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Headers: headers, Bytes: []byte("secret")}), 0o600))
		return path
	}
	for _, test := range []struct{ cert, key, want string }{
		{chain, "", "go together"},
		{"", "", "-tsa goes with -cert"},
		{chain, root, "no private key"},
		{key, key, "no certificate"},
		{root, key, "another key"},
		{filepath.Join(dir, "absent"), key, "no such file"},
		{chain, encrypted("ENCRYPTED PRIVATE KEY", nil), "is encrypted; decrypt it first"},
		{chain, encrypted("EC PRIVATE KEY", map[string]string{"DEK-Info": "AES-128-CBC,00"}), "is encrypted; decrypt it first"},
	} {
		_, stderr, code := run(t, nil, "label", "-producer", producer, "-tsa", "http://tsa.example", "-cert", test.cert, "-cert-key", test.key, "-o", out, in)
		require.Equal(t, exitError, code)
		require.Contains(t, stderr, test.want)
		require.NoFileExists(t, out)
	}
}

// TestCredentialsBesideTheFile: standard output has no name to put them beside.
func TestCredentialsBesideTheFile(t *testing.T) {
	dir := t.TempDir()
	_, _, code := run(t, nil, "cert", "-o", dir)
	require.Zero(t, code)
	out := filepath.Join(dir, "out.mkv")
	args := []string{"label", "-producer", producer, "-cert", filepath.Join(dir, "chain.pem"), "-cert-key", filepath.Join(dir, "key.pem"), "-o"}
	stdout, stderr, code := run(t, nil, append(args, "-", sample(t, "mkv/ffmpeg.mkv"))...)
	require.Equal(t, exitError, code)
	require.Empty(t, stdout)
	require.Contains(t, stderr, "name the output")
	_, stderr, code = run(t, nil, append(args, out, sample(t, "mkv/ffmpeg.mkv"))...)
	require.Zero(t, code)
	require.Contains(t, stderr, out+".c2pa")
	require.FileExists(t, out+".c2pa")
}
