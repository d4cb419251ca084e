package tsp_test

import (
	"bytes"
	"crypto"
	"encoding/asn1"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aigclabel/aigclabel/internal/tsp"
	"github.com/aigclabel/aigclabel/internal/tsp/tsptest"
)

var (
	message = []byte("what was signed")
	noon    = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
)

// TestTokens verifies tokens of every algorithm.
func TestTokens(t *testing.T) {
	for name, key := range tsptest.Keys(t) {
		for _, hash := range []crypto.Hash{crypto.SHA256, crypto.SHA384, crypto.SHA512} {
			for _, variant := range []string{"", "PSS", "old attribute"} {
				a := tsptest.NewWithKey(t, key, nil)
				a.Hash, a.PSS, a.Old = hash, variant == "PSS", variant == "old attribute"
				token, err := tsp.Parse(a.Token(message, noon))
				require.NoError(t, err, name)
				require.Equal(t, noon, token.Time)
				require.NoError(t, token.Verify(), "%s %s %s", name, hash, variant)
				require.NoError(t, token.Matches(message))
				require.ErrorIs(t, token.Matches([]byte("something else")), tsp.ErrMismatch)
			}
		}
	}
}

// TestOpenSSL reads the answer of another implementation: RSA, SHA-384 in the
// signing certificate attribute, fractions of a second, accuracy, ordering, the
// name of the authority and two certificates.
func TestOpenSSL(t *testing.T) {
	answer, err := os.ReadFile("testdata/openssl.tsr")
	require.NoError(t, err)
	der, err := tsp.ParseResponse(answer)
	require.NoError(t, err)
	token, err := tsp.Parse(der)
	require.NoError(t, err)
	require.NoError(t, token.Verify())
	require.NoError(t, token.Matches(message))
	require.Equal(t, "2026-11-22T09:55:35.822Z", token.Time.Format(time.RFC3339Nano))
	require.Len(t, token.Certificates, 2)
	require.Equal(t, "OpenSSL TSA", token.Certificates[0].Subject.CommonName)
	require.NoError(t, token.Certificates[0].CheckSignatureFrom(token.Certificates[1]))
}

// TestFaults tells what is wrong with a token.
func TestFaults(t *testing.T) {
	a, stranger := tsptest.New(t), tsptest.New(t)
	good := a.Token(message, noon)
	tests := []struct {
		name   string
		change func(*tsptest.Authority)
		want   error
	}{
		{"good", func(*tsptest.Authority) {}, nil},
		{"no certificate", func(a *tsptest.Authority) { a.Certificates = nil }, tsp.ErrNoCertificate},
		{"the root alone", func(a *tsptest.Authority) { a.Certificates = [][]byte{a.Root.Raw} }, tsp.ErrNoCertificate},
		{"not the first", func(a *tsptest.Authority) { a.Certificates = [][]byte{a.Root.Raw, a.Certificate.Raw} }, nil},
		{"certificates of another kind", func(a *tsptest.Authority) { a.Certificates = append(a.Certificates, []byte{0xA1, 2, 5, 0}) }, nil},
		{"many certificates", func(a *tsptest.Authority) { a.Certificates = [][]byte{bytes.Repeat(a.Root.Raw, 40)} }, tsp.ErrMalformed},
		{"another key", func(a *tsptest.Authority) { a.Key = stranger.Key }, tsp.ErrMismatch},
		{"namesake", func(a *tsptest.Authority) { a.Certificates = [][]byte{stranger.Certificate.Raw} }, tsp.ErrMismatch},
		{"SHA-1", func(a *tsptest.Authority) { a.Hash = crypto.SHA1 }, tsp.ErrAlgorithm},
	}
	for _, tt := range tests {
		changed := *a
		tt.change(&changed)
		require.ErrorIs(t, verify(changed.Token(message, noon)), tt.want, tt.name)
	}
	for name, der := range map[string][]byte{
		"nothing":    nil,
		"junk":       []byte("junk"),
		"cut":        good[:len(good)-1],
		"more":       append(bytes.Clone(good), 0),
		"an answer":  a.Response(good),
		"too large":  make([]byte, tsp.MaxSize+1),
		"data":       bytes.Replace(good, []byte{0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 7, 2}, []byte{0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 7, 1}, 1),
		"no digest":  bytes.Replace(good, []byte{0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 9, 4}, []byte{0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 9, 9}, 1),
		"two types":  bytes.Replace(good, []byte{0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 9, 4}, []byte{0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 9, 3}, 1),
		"no version": bytes.Replace(good, []byte{2, 1, 1, 6, 4, 0x2A, 3, 4, 1}, []byte{2, 1, 2, 6, 4, 0x2A, 3, 4, 1}, 1),
	} {
		require.ErrorIs(t, verify(der), tsp.ErrMalformed, name)
	}
}

// verify returns what Parse and Verify say.
func verify(der []byte) error {
	token, err := tsp.Parse(der)
	if err != nil {
		return err
	}
	return token.Verify()
}

// TestFlips changes each byte of a token. What still verifies says the same.
func TestFlips(t *testing.T) {
	good := tsptest.New(t).Token(message, noon)
	kept := 0
	for i := range good {
		flipped := bytes.Clone(good)
		flipped[i] ^= 1 << (i % 8)
		if verify(flipped) == nil {
			token, err := tsp.Parse(flipped)
			require.NoError(t, err)
			require.Equal(t, noon, token.Time, i)
			require.NoError(t, token.Matches(message), i)
			kept++
		}
	}
	require.Less(t, kept, 40) // versions and lists of algorithms that nothing depends on
}

// TestRequest asks and opens the answer.
func TestRequest(t *testing.T) {
	a := tsptest.New(t)
	for _, hash := range []crypto.Hash{crypto.SHA256, crypto.SHA384, crypto.SHA512} {
		request, err := tsp.NewRequest(message, hash)
		require.NoError(t, err)
		answer := ask(a, request)
		der, err := request.Open(answer)
		require.NoError(t, err)
		require.NoError(t, verify(der))

		again, err := tsp.NewRequest(message, hash)
		require.NoError(t, err)
		_, err = again.Open(answer)
		require.ErrorIs(t, err, tsp.ErrMismatch, "an old answer")
		other, err := tsp.NewRequest([]byte("x"), hash)
		require.NoError(t, err)
		_, err = other.Open(answer)
		require.ErrorIs(t, err, tsp.ErrMismatch, "an answer about another message")
	}
	_, err := tsp.NewRequest(message, crypto.SHA1)
	require.ErrorIs(t, err, tsp.ErrAlgorithm)
}

func ask(a *tsptest.Authority, request *tsp.Request) []byte {
	w := httptest.NewRecorder()
	a.ServeHTTP(w, httptest.NewRequest("POST", "/", bytes.NewReader(request.DER)))
	return w.Body.Bytes()
}

// TestRefusal reports the words of an authority that does not stamp.
func TestRefusal(t *testing.T) {
	type status struct {
		Status int
		Text   []asn1.RawValue `asn1:"optional"`
	}
	der, err := asn1.Marshal(struct{ Status status }{status{2, []asn1.RawValue{{Tag: asn1.TagUTF8String, Bytes: []byte("come back tomorrow")}}}})
	require.NoError(t, err)
	_, err = tsp.ParseResponse(der)
	require.ErrorContains(t, err, "status 2 come back tomorrow")
	der, err = asn1.Marshal(struct{ Status status }{status{0, nil}})
	require.NoError(t, err)
	_, err = tsp.ParseResponse(der)
	require.ErrorIs(t, err, tsp.ErrMalformed, "granted, but there is no token")
	for _, answer := range [][]byte{nil, []byte("<html>"), make([]byte, tsp.MaxSize+1)} {
		_, err = tsp.ParseResponse(answer)
		require.ErrorIs(t, err, tsp.ErrMalformed)
	}
}

func FuzzToken(f *testing.F) {
	answer, err := os.ReadFile("testdata/openssl.tsr")
	require.NoError(f, err)
	f.Add(answer)
	for _, key := range tsptest.Keys(f) {
		a := tsptest.NewWithKey(f, key, nil)
		a.PSS = true
		f.Add(a.Token(message, noon))
	}
	f.Fuzz(func(t *testing.T, der []byte) {
		if token, err := tsp.ParseResponse(der); err == nil {
			der = token
		}
		if token, err := tsp.Parse(der); err == nil && token.Verify() == nil {
			require.NotEmpty(t, token.Certificates)
			require.Error(t, token.Matches([]byte("never stamped")))
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	der := tsptest.New(b).Token(message, noon)
	b.ReportAllocs()
	for b.Loop() {
		verify(der)
	}
}
