package main

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// sealKeys writes a private key and its public key.
func sealKeys(t *testing.T) (private, public string) {
	t.Helper()
	pub, key, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	dir := t.TempDir()
	write := func(name, kind string, der []byte, err error) string {
		require.NoError(t, err)
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600))
		return path
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	private = write("key.pem", "PRIVATE KEY", der, err)
	der, err = x509.MarshalPKIXPublicKey(pub)
	return private, write("pub.pem", "PUBLIC KEY", der, err)
}

func TestSealFlags(t *testing.T) {
	key, pub := sealKeys(t)
	platform, platformPub := sealKeys(t)
	in := sample(t, "png/rgb.png")
	out, propagated := filepath.Join(t.TempDir(), "sealed.png"), filepath.Join(t.TempDir(), "propagated.png")
	_, stderr, code := run(t, nil, "label", "-producer", producer, "-seal-key", key, "-o", out, in)
	require.Zero(t, code, stderr)
	_, stderr, code = run(t, nil, "propagate", "-propagator", "platform", "-seal-key", platform, "-o", propagated, out)
	require.Zero(t, code, stderr)
	stdout, _, code := run(t, nil, "verify", "-seal-trust", pub, "-seal-trust", platformPub, propagated)
	require.Zero(t, code, stdout)
	require.Contains(t, stdout, "ReservedCode1: Label, ContentProducer, ProduceID are as sealed (Ed25519), and so are the media; the key is a trusted one")
	require.Contains(t, stdout, "ReservedCode2: Label, ContentPropagator, PropagateID are as sealed")
	stdout, _, _ = run(t, nil, "verify", "-seal-trust", platformPub, out)
	require.Contains(t, stdout, "warn seal.valid")

	for _, args := range [][]string{
		{"label", "-producer", producer, "-seal-key", pub, "-o", out, in},
		{"label", "-producer", producer, "-seal-key", in, "-o", out, in},
		{"verify", "-seal-trust", filepath.Join(t.TempDir(), "none"), in},
		{"verify", "-seal-trust", in, in},
	} {
		_, stderr, code := run(t, nil, args...)
		require.Equal(t, 2, code, stderr)
	}
}
