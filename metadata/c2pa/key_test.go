package c2pa

import (
	"bytes"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aigclabel/aigclabel/internal/tsp/tsptest"
)

// TestParseKey reads private keys in every form.
func TestParseKey(t *testing.T) {
	for name, key := range tsptest.Keys(t) {
		der, err := x509.MarshalPKCS8PrivateKey(key)
		require.NoError(t, err)
		got, err := ParseKey(append([]byte("a key\n"), encodePEM("PRIVATE KEY", der)...))
		require.NoError(t, err, name)
		require.Equal(t, key.Public(), got.Public(), name)
	}
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	sec1, err := x509.MarshalECPrivateKey(ec)
	require.NoError(t, err)
	pkcs1 := x509.MarshalPKCS1PrivateKey(rsaKey)
	pss, err := asn1.Marshal(struct {
		Version   int
		Algorithm pkix.AlgorithmIdentifier
		Key       []byte
	}{0, pkix.AlgorithmIdentifier{Algorithm: oidPSS}, pkcs1})
	require.NoError(t, err)
	for name, text := range map[string][]byte{
		"SEC 1":      bytes.Join([][]byte{encodePEM("EC PARAMETERS", []byte{5, 0}), encodePEM("EC PRIVATE KEY", sec1)}, nil),
		"PKCS #1":    encodePEM("RSA PRIVATE KEY", pkcs1),
		"RSASSA-PSS": encodePEM("PRIVATE KEY", pss),
	} {
		key, err := ParseKey(text)
		require.NoError(t, err, name)
		require.NotEmpty(t, naturalAlgorithm(key.Public()), name)
	}
}

// TestParseKeyFaults says what is wrong with a key.
func TestParseKeyFaults(t *testing.T) {
	exchange, err := ecdh.X25519().GenerateKey(rand.Reader)
	require.NoError(t, err)
	der, err := x509.MarshalPKCS8PrivateKey(exchange)
	require.NoError(t, err)
	_, err = ParseKey(encodePEM("PRIVATE KEY", der))
	require.ErrorContains(t, err, "does not sign")
	_, err = ParseKey(encodePEM("ENCRYPTED PRIVATE KEY", []byte{5, 0}))
	require.ErrorIs(t, err, ErrEncryptedKey)
	old := pem.Block{Type: "RSA PRIVATE KEY", Headers: map[string]string{"Proc-Type": "4,ENCRYPTED", "DEK-Info": "AES-128-CBC,00"}, Bytes: []byte{5, 0}}
	_, err = ParseKey(pem.EncodeToMemory(&old))
	require.ErrorIs(t, err, ErrEncryptedKey)
	for _, text := range [][]byte{nil, []byte("junk"), encodePEM("CERTIFICATE", []byte{5, 0}), encodePEM("PRIVATE KEY", []byte("junk"))} {
		_, err = ParseKey(text)
		require.Error(t, err)
	}
}

func ExampleParseKey() {
	d, err := NewDevelopmentChain("Example Ltd", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, chain, text, err := d.PEM()
	if err != nil {
		fmt.Println(err)
		return
	}
	key, err := ParseKey(text)
	if err != nil {
		fmt.Println(err)
		return
	}
	certificates, err := ParseCertificates(chain)
	fmt.Println(CheckCertificates(certificates, key.Public()), err)
	// Output: <nil> <nil>
}
