package c2pa

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aigclabel/aigclabel/internal/jumbf"
	"github.com/aigclabel/aigclabel/internal/tsp/tsptest"
	"github.com/aigclabel/aigclabel/metadata"
)

func TestSignEveryFormat(t *testing.T) {
	for format := range carriers {
		for _, path := range fixtures(t, format) {
			if strings.HasPrefix(format, "od") {
				continue // office programs do not open such files
			}
			t.Run(format+"/"+filepath.Base(path), func(t *testing.T) {
				b := read(t, path)
				signed, receipt := sign(t, b, path, testClaim(), nil)
				require.Equal(t, int64(len(signed)), receipt.Size)
				require.NotEmpty(t, receipt.Place)
				r := validate(t, signed, path, nil)
				require.Equal(t, Trusted, r.State, "%v", faultsOf(r))
				require.Empty(t, faultsOf(r))
				require.Equal(t, receipt.Manifest, r.Active.Label)

				edited, receipt := sign(t, signed, path, Edited("Model", "2.1", testTime), nil)
				require.Equal(t, r.Active.Label, receipt.Parent)
				r = validate(t, edited, path, nil)
				require.Equal(t, Trusted, r.State, "%v", faultsOf(r))
				require.Len(t, r.Manifests, 1)
				require.Equal(t, receipt.Manifest, r.Active.Label)
			})
		}
	}
}

func TestSignSaysWhatIsClaimed(t *testing.T) {
	claim := testClaim()
	claim.Title = "A sunset"
	claim.Actions[0].Description = "made from a prompt"
	claim.SoftBindings = []SoftBinding{{Algorithm: "com.example.watermark.1", Value: []byte("mark")}}
	claim.Assertions = []Assertion{
		{Label: "cn.tc260.aigc", JSON: json.RawMessage(`{"Label":"1"}`)},
		{Label: "com.example.seed", CBOR: map[string]any{"seed": 7}},
		{Label: "com.example.seed", CBOR: map[string]any{"seed": 8}},
	}
	signed, _ := sign(t, read(t, jpegFixture), "a.jpg", claim, nil)
	m := validate(t, signed, "a.jpg", nil).Active
	require.Equal(t, "A sunset", m.Title)
	require.Equal(t, Generator{Name: "Test", Version: "1.0"}, m.Generator)
	require.True(t, m.Watermarked)
	require.Equal(t, "com.example.watermark.1", m.SoftBindings[0].Algorithm)
	require.Equal(t, []byte("mark"), m.SoftBindings[0].Value)
	require.Subset(t, m.Assertions, []string{"cn.tc260.aigc", "com.example.seed", "com.example.seed__1"})

	first, second := m.Actions[0], m.Actions[1]
	require.Equal(t, ActionCreated, first.Action)
	require.Equal(t, Trained, first.DigitalSourceType)
	require.Equal(t, Generator{Name: "Model", Version: "2.1"}, first.SoftwareAgent)
	require.Equal(t, testTime, first.When.UTC())
	require.Equal(t, "made from a prompt", first.Description)
	require.Equal(t, ActionWatermarkBound, second.Action, "an inserted mark is told")
}

func TestFingerprintIsNoWatermark(t *testing.T) {
	claim := testClaim()
	claim.SoftBindings = []SoftBinding{{Algorithm: "io.iscc.v0", Value: []byte("code"), Fingerprint: true}}
	signed, _ := sign(t, read(t, jpegFixture), "a.jpg", claim, nil)
	require.Len(t, validate(t, signed, "a.jpg", nil).Active.Actions, 1)
}

func TestOldManifestsStay(t *testing.T) {
	b := read(t, jpegFixture)
	var old [][]byte
	claim := testClaim()
	for range 4 {
		signed, receipt := sign(t, b, "a.jpg", claim, nil)
		store, err := jumbf.Parse(receipt.Store)
		require.NoError(t, err)
		require.Len(t, store.Children, len(old)+1)
		for i, manifest := range old {
			require.Equal(t, manifest, store.Children[i].Raw, "byte for byte")
		}
		old = append(old, store.Children[len(old)].Raw)
		b, claim = signed, Labelled(Generator{Name: "Platform"}, testTime)
	}
	r := validate(t, b, "a.jpg", nil)
	require.Equal(t, Trusted, r.State)
	require.Equal(t, parentOf, r.Active.Ingredients[0].Relationship)
	require.Equal(t, ActionOpened, r.Active.Actions[0].Action)
}

func TestUnsignedFileIsOpened(t *testing.T) {
	signed, receipt := sign(t, read(t, jpegFixture), "a.jpg", Edited("Model", "1", testTime), nil)
	require.Empty(t, receipt.Parent)
	r := validate(t, signed, "a.jpg", nil)
	require.Equal(t, Trusted, r.State)
	require.Equal(t, ActionOpened, r.Active.Actions[0].Action)
	require.Equal(t, "image/jpeg", r.Active.Ingredients[0].Format)
	require.Empty(t, r.Active.Ingredients[0].Manifest)
}

func TestBrokenCredentialsAreSaidToBe(t *testing.T) {
	signed, _ := sign(t, read(t, jpegFixture), "a.jpg", testClaim(), nil)
	signed[len(signed)-20] ^= 1 // a byte of the picture
	require.Equal(t, Invalid, validate(t, signed, "a.jpg", nil).State)

	again, _ := sign(t, signed, "a.jpg", Edited("Model", "1", testTime), nil)
	r := validate(t, again, "a.jpg", nil)
	require.Equal(t, Trusted, r.State, "what is broken is the old one")
	require.Contains(t, codes(r.Active.Ingredients[0].Failures), DataHashMismatch)
}

func TestOpenedReportStandsForTheFileBeforeItsEdits(t *testing.T) {
	signed, _ := sign(t, read(t, jpegFixture), "a.jpg", testClaim(), nil)
	opened := validate(t, signed, "a.jpg", nil)
	labelled := new(bytes.Buffer)
	_, err := metadata.Write(labelled, metadata.Bytes(signed, "a.jpg"), metadata.Record{Label: metadata.Generated, ContentProducer: "p", ProduceID: "1"}, nil)
	require.NoError(t, err)

	again, _ := sign(t, labelled.Bytes(), "a.jpg", Labelled(Generator{Name: "p"}, testTime), &SignOptions{Opened: opened})
	r := validate(t, again, "a.jpg", nil)
	require.Equal(t, Trusted, r.State, "%v", faultsOf(r))
	require.Empty(t, r.Active.Ingredients[0].Failures)
	require.Equal(t, opened.Active.Label, r.Active.Ingredients[0].Manifest)
}

func TestNewContentHasNoHistory(t *testing.T) {
	signed, _ := sign(t, read(t, jpegFixture), "a.jpg", testClaim(), nil)
	_, _, err := testSigner(t).Plan(t.Context(), metadata.Bytes(signed, "a.jpg"), testClaim(), nil)
	require.ErrorIs(t, err, ErrCredentials)
}

func TestUnreadableCredentials(t *testing.T) {
	signed, _ := sign(t, read(t, jpegFixture), "a.jpg", testClaim(), nil)
	at := bytes.Index(signed, []byte("c2ma"))
	copy(signed[at:], "none") // a store without a manifest
	_, _, err := testSigner(t).Plan(t.Context(), metadata.Bytes(signed, "a.jpg"), testClaim(), nil)
	require.ErrorIs(t, err, ErrUnreadable)

	again, _ := sign(t, signed, "a.jpg", testClaim(), &SignOptions{Discard: true})
	require.Equal(t, Trusted, validate(t, again, "a.jpg", nil).State)
}

func TestManifestThatCannotBeNamed(t *testing.T) {
	_, receipt := sign(t, read(t, jpegFixture), "a.jpg", testClaim(), nil)
	store, err := jumbf.Parse(receipt.Store)
	require.NoError(t, err)
	for _, label := range []string{"", "a/b"} {
		store.Children[0].Label = label
		opts := &SignOptions{Validate: &Options{Sidecar: store.Append(nil)}}
		_, _, err = testSigner(t).Plan(t.Context(), metadata.Bytes(read(t, jpegFixture), "a.jpg"), Edited("Model", "1", testTime), opts)
		require.ErrorIs(t, err, ErrUnreadable, label)
	}
}

func TestSignIsDeterministic(t *testing.T) {
	chain, err := NewDevelopmentChain("Test", ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)))
	require.NoError(t, err)
	s := &Signer{Key: chain.Key, Chain: chain.Chain, Generator: Generator{Name: "Test"}}
	signOnce := func() []byte {
		var out bytes.Buffer
		_, err := s.Sign(t.Context(), &out, metadata.Bytes(read(t, jpegFixture), "a.jpg"), testClaim(), &SignOptions{Rand: rand.NewChaCha8([32]byte{1})})
		require.NoError(t, err)
		return out.Bytes()
	}
	require.Equal(t, signOnce(), signOnce())
}

// An hsm has a key that does not leave it.
type hsm struct {
	key crypto.Signer
	err error
}

func (h hsm) Public() crypto.PublicKey { return h.key.Public() }

func (h hsm) Sign(rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	if h.err != nil {
		return nil, h.err
	}
	return h.key.Sign(rand, digest, opts)
}

func TestSignWithHSM(t *testing.T) {
	s := testSigner(t)
	s.Key = hsm{key: s.Key}
	var out bytes.Buffer
	_, err := s.Sign(t.Context(), &out, metadata.Bytes(read(t, jpegFixture), "a.jpg"), testClaim(), nil)
	require.NoError(t, err)
	require.Equal(t, Trusted, validate(t, out.Bytes(), "a.jpg", nil).State)
}

func TestNothingIsWrittenOnFailure(t *testing.T) {
	down := errors.New("module is offline")
	other, err := NewDevelopmentChain("Other", nil)
	require.NoError(t, err)
	tests := []struct {
		name   string
		change func(*Signer)
		want   error
	}{
		{"key fails", func(s *Signer) { s.Key = hsm{s.Key, down} }, down},
		{"time stamper fails", func(s *Signer) { s.Timestamper = stamper(func([]byte) ([]byte, error) { return nil, down }) }, down},
		{"time stamp is none", func(s *Signer) { s.Timestamper = stamper(func([]byte) ([]byte, error) { return []byte("ok"), nil }) }, nil},
		{"key of another certificate", func(s *Signer) { s.Key = other.Key }, nil},
		{"no key", func(s *Signer) { s.Key = nil }, nil},
		{"no generator", func(s *Signer) { s.Generator.Name = "" }, nil},
		{"no certificate", func(s *Signer) { s.Chain = nil }, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := testSigner(t)
			tt.change(s)
			var out bytes.Buffer
			_, err := s.Sign(t.Context(), &out, metadata.Bytes(read(t, jpegFixture), "a.jpg"), testClaim(), nil)
			require.Error(t, err)
			if tt.want != nil {
				require.ErrorIs(t, err, tt.want)
			}
			require.Zero(t, out.Len())
		})
	}
}

type stamper func(message []byte) ([]byte, error)

func (s stamper) Timestamp(_ context.Context, message []byte) ([]byte, error) { return s(message) }

func TestSignWithTimeStamp(t *testing.T) {
	authority := tsptest.New(t)
	s := testSigner(t)
	s.Timestamper = stamper(func(message []byte) ([]byte, error) { return authority.Token(message, time.Now()), nil })
	var out bytes.Buffer
	_, err := s.Sign(t.Context(), &out, metadata.Bytes(read(t, jpegFixture), "a.jpg"), testClaim(), nil)
	require.NoError(t, err)
	trust := testTrust(t)
	trust.TimeStampers = []*x509.Certificate{authority.Root}
	r := validate(t, out.Bytes(), "a.jpg", &Options{Trust: trust})
	require.Contains(t, codes(r.Findings), TimeStampTrusted)
	require.False(t, r.Active.Signature.Time.IsZero())
}

func TestFormatsWithoutAPlace(t *testing.T) {
	for _, name := range []string{"mkv", "webm", "bmp", "ogg", "psd"} {
		t.Run(name, func(t *testing.T) {
			path := fixtures(t, name)[0]
			b := read(t, path)
			_, _, err := testSigner(t).Plan(t.Context(), metadata.Bytes(b, path), testClaim(), nil)
			require.ErrorIs(t, err, ErrNoPlace)

			store, receipt, err := testSigner(t).Store(t.Context(), metadata.Bytes(b, path), testClaim(), nil)
			require.NoError(t, err)
			require.Equal(t, "c2pa.hash.data", receipt.Binding)
			options := &Options{Trust: testTrust(t), Sidecar: store}
			require.Equal(t, Trusted, validate(t, b, path, options).State)

			again, receipt, err := testSigner(t).Store(t.Context(), metadata.Bytes(b, path), Labelled(Generator{Name: "p"}, testTime), &SignOptions{Validate: options})
			require.NoError(t, err)
			require.NotEmpty(t, receipt.Parent)
			require.Equal(t, Trusted, validate(t, b, path, &Options{Trust: testTrust(t), Sidecar: again}).State)

			b[len(b)/2] ^= 1
			require.Equal(t, Invalid, validate(t, b, path, options).State)
		})
	}
}

func TestStoreBesideAFileWithAPlace(t *testing.T) {
	for _, path := range []string{jpegFixture, "../testdata/mp4/faststart.mp4"} {
		b := read(t, path)
		store, _, err := testSigner(t).Store(t.Context(), metadata.Bytes(b, path), testClaim(), nil)
		require.NoError(t, err)
		r := validate(t, b, path, &Options{Trust: testTrust(t), Sidecar: store})
		require.Equal(t, Trusted, r.State, "%s %v", path, faultsOf(r))
	}
}

func TestClaimFaults(t *testing.T) {
	created := Action{Action: ActionCreated, DigitalSourceType: Trained}
	tests := []struct {
		name  string
		claim Claim
		want  string
	}{
		{"nothing", Claim{}, "no action"},
		{"created of nothing", Claim{Actions: []Action{{Action: ActionCreated}}}, "needs a DigitalSourceType"},
		{"edited by nothing", Claim{Actions: []Action{created, {Action: ActionEdited}}}, "needs a DigitalSourceType"},
		{"created twice", Claim{Actions: []Action{created, created}}, "only the first action"},
		{"opened late", Claim{Actions: []Action{created, {Action: ActionOpened}}}, "only the first action"},
		{"opened with a source", Claim{Actions: []Action{{Action: ActionOpened, DigitalSourceType: Trained}}}, "opened file"},
		{"placed", Claim{Actions: []Action{created, {Action: "c2pa.placed"}}}, "needs an ingredient"},
		{"old action", Claim{Actions: []Action{created, {Action: "c2pa.watermarked"}}}, "use c2pa.watermarked.bound"},
		{"action without a dot", Claim{Actions: []Action{created, {Action: "upscaled"}}}, "needs a dot"},
		{"parameter without a dot", Claim{Actions: []Action{{Action: ActionCreated, DigitalSourceType: Trained, Parameters: map[string]any{"seed": 1}}}}, `"seed" needs a dot`},
		{"mark without a binding", Claim{Actions: []Action{created, {Action: ActionWatermarkBound}}}, "needs a soft binding"},
		{"binding without a value", Claim{Actions: []Action{created}, SoftBindings: []SoftBinding{{Algorithm: "a.b"}}}, "no value"},
		{"binding without a domain", Claim{Actions: []Action{created}, SoftBindings: []SoftBinding{{Algorithm: "dct", Value: []byte{1}}}}, "needs a dot"},
		{"label of ours", Claim{Actions: []Action{created}, Assertions: []Assertion{{Label: "c2pa.hash.data", CBOR: 1}}}, "not for callers"},
		{"old label", Claim{Actions: []Action{created}, Assertions: []Assertion{{Label: "stds.exif", CBOR: 1}}}, "c2pa.metadata"},
		{"label without a dot", Claim{Actions: []Action{created}, Assertions: []Assertion{{Label: "note", CBOR: 1}}}, "needs a dot"},
		{"label with a slash", Claim{Actions: []Action{created}, Assertions: []Assertion{{Label: "a.b/c", CBOR: 1}}}, "cannot have"},
		{"label with a number", Claim{Actions: []Action{created}, Assertions: []Assertion{{Label: "a.b__1", CBOR: 1}}}, "cannot have"},
		{"two contents", Claim{Actions: []Action{created}, Assertions: []Assertion{{Label: "a.b", CBOR: 1, JSON: json.RawMessage("1")}}}, "either"},
		{"bad JSON", Claim{Actions: []Action{created}, Assertions: []Assertion{{Label: "a.b", JSON: json.RawMessage("{")}}}, "no valid JSON"},
		{"no CBOR", Claim{Actions: []Action{created}, Assertions: []Assertion{{Label: "a.b", CBOR: make(chan int)}}}, "chan"},
		{"stamp of a parent", Claim{Actions: []Action{created}, StampParent: true}, "PlanUpdate"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, _, err := testSigner(t).Plan(t.Context(), metadata.Bytes(read(t, jpegFixture), "a.jpg"), tt.claim, nil)
			require.ErrorContains(t, err, tt.want)
		})
	}
}

// A counter counts what is read.
type counter struct {
	io.ReaderAt
	n int64
}

func (c *counter) ReadAt(b []byte, off int64) (int, error) {
	n, err := c.ReaderAt.ReadAt(b, off)
	c.n += int64(n)
	return n, err
}

func TestSigningReadsTheFileTwice(t *testing.T) {
	movie := largeMovie(t, 8<<20)
	src := &counter{ReaderAt: bytes.NewReader(movie)}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	out, receipt, err := testSigner(t).Plan(t.Context(), metadata.Source{R: src, Size: int64(len(movie)), Name: "a.mp4"}, testClaim(), nil)
	require.NoError(t, err)
	runtime.ReadMemStats(&after)
	const slack = 1 << 20 // heads and tables are read again
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(2*slack), "memory does not grow with the file")
	require.Less(t, src.n, int64(len(movie)+slack), "planning hashes once")
	n, err := out.WriteTo(io.Discard)
	require.NoError(t, err)
	require.Equal(t, receipt.Size, n)
	require.Less(t, src.n, int64(2*len(movie)+slack))
}

func TestCancelledSigning(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, _, err := testSigner(t).Plan(ctx, metadata.Bytes(read(t, jpegFixture), "a.jpg"), testClaim(), nil)
	require.ErrorIs(t, err, context.Canceled)
}

// FuzzSign checks that what can be signed validates, whatever it is.
func FuzzSign(f *testing.F) {
	for _, name := range []string{"png/rgb.png", "jpeg/baseline.jpg", "gif/old.gif", "svg/plain.svg", "wav/plain.wav", "mp4/faststart.mp4", "html/fragment.html", "text/english.txt"} {
		f.Add(read(f, "../testdata/"+name))
	}
	signed, _ := sign(f, read(f, jpegFixture), "a.jpg", testClaim(), nil)
	f.Add(signed)
	s := testSigner(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		out, _, err := s.Plan(t.Context(), metadata.Bytes(b, ""), Edited("Model", "1", testTime), nil)
		if err != nil {
			return
		}
		r, err := Validate(metadata.Source{R: out, Size: out.Size()}, &Options{Trust: testTrust(t)})
		require.NoError(t, err)
		require.Equal(t, Trusted, r.State, "%v", faultsOf(r))
	})
}

func TestDamagedFileIsNotSigned(t *testing.T) {
	b := read(t, "../testdata/png/rgb.png")
	_, _, err := testSigner(t).Plan(t.Context(), metadata.Bytes(b[:len(b)-30], "a.png"), testClaim(), nil)
	require.ErrorAs(t, err, new(*metadata.FormatError))
	_, _, err = testSigner(t).Plan(t.Context(), metadata.Bytes([]byte("what is this?\x00\x01"), ""), testClaim(), nil)
	require.ErrorIs(t, err, metadata.ErrUnknownFormat)
}

func TestStoresAreBounded(t *testing.T) {
	claim := testClaim()
	claim.Assertions = []Assertion{{Label: "com.example.large", CBOR: make([]byte, maxStore)}}
	_, _, err := testSigner(t).Plan(t.Context(), metadata.Bytes(read(t, jpegFixture), "a.jpg"), claim, nil)
	require.ErrorAs(t, err, new(*metadata.LimitError))
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	return b
}
