package seal

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/smx509"
	"github.com/stretchr/testify/require"

	"github.com/aigclabel/aigclabel/metadata"
)

func sampleKey(t testing.TB) *sm2.PrivateKey {
	d, err := hex.DecodeString(sampleD)
	require.NoError(t, err)
	key, err := sm2.NewPrivateKey(d)
	require.NoError(t, err)
	return key
}

// signers has a key of each kind.
func signers(t testing.TB) map[string]crypto.Signer {
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	return map[string]crypto.Signer{"SM2 with SM3": sampleKey(t), "ECDSA P-256 with SHA-256": p256, "Ed25519": ed}
}

func testdata(t testing.TB, name string) metadata.Source {
	data, err := os.ReadFile(filepath.Join("../testdata", name))
	require.NoError(t, err)
	return metadata.Bytes(data, filepath.Base(name))
}

// labelled is a record before it is sealed.
func labelled() metadata.Record {
	rec := sample()
	rec.ContentPropagator, rec.PropagateID = rec.ContentProducer, rec.ProduceID
	return rec
}

func TestSeal(t *testing.T) {
	src := testdata(t, "png/rgb.png")
	for name, key := range signers(t) {
		t.Run(name, func(t *testing.T) {
			sealer := &Sealer{Key: key, KeyID: "2026"}
			rec, err := sealer.Seal(labelled(), src)
			require.NoError(t, err)
			require.NoError(t, rec.Validate(), "the characters of Annex E j)")
			require.Less(t, len(rec.ReservedCode1)+strings.Count(rec.ReservedCode1, `"`), maxLength)
			results, err := Verify(rec, src, []crypto.PublicKey{key.Public()})
			require.NoError(t, err)
			for _, r := range results {
				require.Equal(t, Valid, r.Outcome, r.Message)
				require.Equal(t, Identity, r.Proof)
				require.Equal(t, Matched, r.Content)
				require.Equal(t, name, r.Algorithm)
				require.Equal(t, "2026", r.KeyID)
			}
			again, err := sealer.Seal(rec, src)
			require.NoError(t, err)
			require.Equal(t, rec, again, "seals that stand stay")
			requireBroken(t, rec, src)
		})
	}
}

// requireBroken changes each character of the seal and of what it signs, and the media.
func requireBroken(t *testing.T, rec metadata.Record, src metadata.Source) {
	first := func(changed metadata.Record, src metadata.Source) Result {
		results, err := Verify(changed, src, nil)
		require.NoError(t, err)
		return results[0]
	}
	for _, value := range []*string{(*string)(&rec.Label), &rec.ContentProducer, &rec.ProduceID} {
		for i, whole := 0, *value; i < len(whole); i++ {
			*value = flipped(whole, i)
			require.Equal(t, Invalid, first(rec, src).Outcome, "%s", *value)
			*value = whole
		}
	}
	whole := rec.ReservedCode1
	good := parseField(whole)
	for i := 0; i < len(whole); i += 3 {
		rec.ReservedCode1 = flipped(whole, i)
		if r := first(rec, src); r.Outcome == Valid && r.Content == Matched {
			same := parseField(rec.ReservedCode1)
			require.Equal(t, good.Bindings, same.Bindings, "only what is not signed may differ: %s", rec.ReservedCode1)
			for i, p := range good.PubSD {
				require.Equal(t, p.Signature+p.KeyValue, same.PubSD[i].Signature+same.PubSD[i].KeyValue)
			}
		}
	}
	rec.ReservedCode1 = whole
	moved := first(rec, testdata(t, "png/palette.png"))
	require.Equal(t, Invalid, moved.Outcome, "the label of another file")
	require.Equal(t, Mismatched, moved.Content)
}

// flipped returns s with another character at i.
func flipped(s string, i int) string {
	b := []byte(s)
	b[i] ^= 1
	return string(b)
}

// The parts of seals cannot be put together anew.
func TestSplicedSeals(t *testing.T) {
	src, other := testdata(t, "png/rgb.png"), testdata(t, "png/palette.png")
	sealer := &Sealer{Key: sampleKey(t)}
	rec, moved := labelled(), labelled()
	moved.ProduceID = "example-0002"
	first, err := sealer.Producer(rec, src)
	require.NoError(t, err)
	second, err := sealer.Producer(moved, other)
	require.NoError(t, err)
	a, b := parseField(first), parseField(second)

	rec.ReservedCode1 = strings.NewReplacer(string(a.Bindings), string(b.Bindings), a.PubSD[1].Signature, b.PubSD[1].Signature).Replace(first)
	results, err := Verify(rec, other, nil)
	require.NoError(t, err)
	require.Equal(t, Invalid, results[0].Outcome, "the content of one seal and the label of another")

	rec.ReservedCode1 = strings.Replace(first, string(a.Bindings), "[]", 1)
	results, err = Verify(rec, other, nil)
	require.NoError(t, err)
	require.Equal(t, Unbound, results[0].Content, "without the content it says that nothing ties it")
}

// Some platforms repeat the producer's seal as their own: it says of the content what it
// says there.
func TestRepeatedSeal(t *testing.T) {
	src, rec := testdata(t, "png/rgb.png"), labelled()
	rec.ContentPropagator, rec.PropagateID = "platform", "4711"
	field, err := (&Sealer{Key: sampleKey(t)}).Producer(rec, src)
	require.NoError(t, err)
	rec.ReservedCode2 = field
	for file, want := range map[string]Content{"png/rgb.png": Matched, "png/palette.png": Mismatched} {
		results, err := Verify(rec, testdata(t, file), nil)
		require.NoError(t, err)
		require.Equal(t, want, results[1].Content, results[1].Message)
	}
}

// A signature of the content under a key that came along says nothing.
func TestForeignBinding(t *testing.T) {
	src := testdata(t, "png/rgb.png")
	rec := labelled()
	field, err := (&Sealer{Key: sampleKey(t)}).Producer(rec, metadata.Source{})
	require.NoError(t, err)
	own := parseField(field)
	forged, err := (&Sealer{Key: signers(t)["Ed25519"], KeyID: "x"}).Producer(rec, src)
	require.NoError(t, err)
	theirs := parseField(forged)
	entries := strings.TrimSuffix(strings.SplitN(forged, `"PubSD":[`, 2)[1], "]}}")
	rec.ReservedCode1 = strings.Replace(field, string(own.Bindings), string(theirs.Bindings), 1)
	rec.ReservedCode1 = strings.TrimSuffix(rec.ReservedCode1, "]}}") + "," + entries + "]}}"
	results, err := Verify(rec, src, nil)
	require.NoError(t, err)
	require.Equal(t, Invalid, results[0].Outcome)
}

func TestSealWithoutMedia(t *testing.T) {
	for _, src := range []metadata.Source{{}, metadata.Bytes([]byte("no format\x00"), "")} {
		rec := labelled()
		var err error
		rec.ReservedCode1, err = (&Sealer{Key: sampleKey(t)}).Producer(rec, src)
		require.NoError(t, err)
		results, err := Verify(rec, testdata(t, "png/rgb.png"), nil)
		require.NoError(t, err)
		require.Equal(t, Valid, results[0].Outcome, results[0].Message)
		require.Equal(t, Unbound, results[0].Content)
		require.Contains(t, results[0].Message, "nothing ties")
	}
}

// A platform seals its own part; the producer's stays.
func TestSealLeavesOthers(t *testing.T) {
	rec := labelled()
	rec.ContentPropagator, rec.PropagateID, rec.ReservedCode2 = "platform", "4711", "theirs"
	rec, err := (&Sealer{Key: sampleKey(t)}).Seal(rec, metadata.Source{})
	require.NoError(t, err)
	require.NotEmpty(t, rec.ReservedCode1)
	require.Equal(t, "theirs", rec.ReservedCode2)

	rec, err = (&Sealer{Key: sampleKey(t)}).Seal(metadata.Record{Label: "3", ContentPropagator: "platform", PropagateID: "4711"}, metadata.Source{})
	require.NoError(t, err)
	require.Empty(t, rec.ReservedCode1+rec.ReservedCode2, "no producer, no seal of one")
}

// A brokenSigner is a device that does something else than it is asked to.
type brokenSigner struct {
	crypto.Signer
	err error
}

func (s brokenSigner) Sign(r io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	if s.err != nil {
		return nil, s.err
	}
	return s.Signer.Sign(r, bytes.Repeat([]byte{1}, len(digest)), opts)
}

func TestSealErrors(t *testing.T) {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	require.NoError(t, err)
	lost := errors.New("token removed")
	for name, test := range map[string]struct {
		sealer Sealer
		want   error
	}{
		"no key":       {Sealer{}, ErrKey},
		"RSA":          {Sealer{Key: rsaKey}, ErrKey},
		"P-384":        {Sealer{Key: p384}, ErrKey},
		"long KeyID":   {Sealer{Key: sampleKey(t), KeyID: strings.Repeat("k", 1000)}, ErrTooLong},
		"device error": {Sealer{Key: brokenSigner{sampleKey(t), lost}}, lost},
	} {
		_, err := test.sealer.Producer(labelled(), metadata.Source{})
		require.ErrorIs(t, err, test.want, name)
	}
	_, err = (&Sealer{Key: brokenSigner{Signer: sampleKey(t)}}).Producer(labelled(), metadata.Source{})
	require.ErrorContains(t, err, "does not verify")
	_, err = (&Sealer{Key: sampleKey(t), KeyID: "a b"}).Producer(labelled(), metadata.Source{})
	require.ErrorContains(t, err, "KeyID")
}

// publicKeys are keys as openssl 3.0 writes them: of SM2, P-256 and Ed25519.
const publicKeys = `-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoEcz1UBgi0DQgAE8OGXS2oncKr74GU3hM7k3nRB8DV5
7E1a5SJtfXPHI85ID4CJisH7uAcYi79Y+txHjODTjLLcRk/5IecQu836mw==
-----END PUBLIC KEY-----
-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEZOtAqz2zMzNgNvAYnxJ4Ox8SDlWn
us1sPngEH58PaacBVU0Mhk+xuIxcHuog0hZ3hPFiEkdBZROSCMaekfziJw==
-----END PUBLIC KEY-----
-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAi5RMGjGVqzm7P802SKRd2A36s2IGJ2g+xreL2/QLQXI=
-----END PUBLIC KEY-----
`

func TestParseKeys(t *testing.T) {
	keys, err := ParsePublicKeys([]byte(publicKeys))
	require.NoError(t, err)
	require.Len(t, keys, 3)
	for name, key := range signers(t) {
		der, err := smx509.MarshalPKCS8PrivateKey(key)
		require.NoError(t, err)
		text := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
		got, err := ParsePrivateKey(append([]byte("-----BEGIN EC PARAMETERS-----\nBggqgRzPVQGCLQ==\n-----END EC PARAMETERS-----\n"), text...))
		require.NoError(t, err, name)
		require.Equal(t, Fingerprint(key.Public()), Fingerprint(got.Public()))
		own, err := ParsePublicKeys(text)
		require.NoError(t, err)
		require.Equal(t, Fingerprint(key.Public()), Fingerprint(own[0]))
	}
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	der, err := smx509.MarshalPKCS8PrivateKey(rsaKey)
	require.NoError(t, err)
	_, err = ParsePrivateKey(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	require.ErrorIs(t, err, ErrKey)
	for _, text := range []string{"", "no PEM", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n"} {
		_, err := ParsePrivateKey([]byte(text))
		require.Error(t, err)
		_, err = ParsePublicKeys([]byte(text))
		require.Error(t, err)
	}
	require.Empty(t, Fingerprint(nil))
}
