package c2pa

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aigclabel/aigclabel/internal/jumbf"
	"github.com/aigclabel/aigclabel/metadata"
)

// vectors is where the files of the reference implementation are.
var vectors = filepath.Join("testdata", "vectors")

// vectorOptions trust the root of the vectors, at a time when its certificates were valid.
func vectorOptions(t testing.TB) *Options {
	t.Helper()
	root, err := os.ReadFile(filepath.Join(vectors, "root.pem"))
	require.NoError(t, err)
	anchors, err := ParseCertificates(root)
	require.NoError(t, err)
	return &Options{Trust: &Trust{Signers: anchors}, Time: anchors[0].NotBefore.Add(24 * time.Hour)}
}

// vector returns a file of the reference implementation.
func vector(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(vectors, name))
	require.NoError(t, err)
	return b
}

// vectorFiles lists the signed files.
func vectorFiles(t testing.TB) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(vectors)
	require.NoError(t, err)
	for _, e := range entries {
		if ext := filepath.Ext(e.Name()); ext != ".pem" && ext != ".c2pa" {
			names = append(names, e.Name())
		}
	}
	return names
}

// A reading is what is expected of a vector; most are trusted and generated.
type reading struct {
	state     State
	origin    Origin
	manifests int // of ingredients
}

var readings = map[string]reading{
	"beside.jpg":          {"", "", 0},
	"remote.jpg":          {"", "", 0},
	"stranger.jpg":        {Valid, OriginGenerated, 0},
	"broken.jpg":          {Invalid, OriginGenerated, 0},
	"captured.jpg":        {Trusted, OriginCaptured, 0},
	"drawn.jpg":           {Trusted, OriginEdited, 0},
	"opened.jpg":          {Trusted, OriginGenerated, 1},
	"opened-captured.jpg": {Trusted, OriginCaptured, 1},
	"filled.jpg":          {Trusted, OriginComposite, 1},
	"opened-twice.jpg":    {Trusted, OriginGenerated, 2},
	"opened-version1.jpg": {Trusted, OriginGenerated, 1},
	"opened-stranger.jpg": {Trusted, OriginGenerated, 1},
	"opened-broken.jpg":   {Trusted, OriginGenerated, 1},
	"opened-plain.jpg":    {Trusted, OriginEdited, 0},
	"updated.jpg":         {Trusted, OriginGenerated, 1},
	"redacted.jpg":        {Trusted, OriginGenerated, 1},
	"placed.jpg":          {Trusted, OriginComposite, 2},
}

func TestVectors(t *testing.T) {
	opts := vectorOptions(t)
	for _, name := range vectorFiles(t) {
		r, err := Validate(metadata.Bytes(vector(t, name), name), opts)
		require.NoError(t, err, name)
		want, ok := readings[name]
		if !ok {
			want = reading{Trusted, OriginGenerated, 0}
		}
		require.Equal(t, want, reading{r.State, r.Origin, len(r.Manifests)}, "%s: %v", name, failures(r.Findings))
		require.Equal(t, name == "watermarked.jpg", r.Watermarked, name)
		require.Equal(t, name == "updated.jpg", r.Active != nil && r.Active.Update, name)
	}
}

func TestAlgorithms(t *testing.T) {
	for _, algorithm := range []Algorithm{ES256, ES384, ES512, PS256, PS384, PS512, Ed25519} {
		name := strings.ToLower(string(algorithm)) + ".jpg"
		if algorithm == Ed25519 {
			name = "ed25519.jpg"
		}
		r, err := Validate(metadata.Bytes(vector(t, name), ""), vectorOptions(t))
		require.NoError(t, err)
		require.Equal(t, Trusted, r.State, name)
		require.Equal(t, algorithm, r.Active.Signature.Algorithm)
	}
}

func TestVectorSays(t *testing.T) {
	r, err := Validate(metadata.Bytes(vector(t, "opened.jpg"), ""), vectorOptions(t))
	require.NoError(t, err)
	require.Equal(t, "vector", r.Active.Title)
	require.Equal(t, "JPEG APP11 C2PA", r.Place)
	require.Equal(t, Generator{Name: "reference", Version: "1"}, r.Active.Generator)
	require.Equal(t, []string{"c2pa.opened", "c2pa.cropped"}, []string{r.Active.Actions[0].Action, r.Active.Actions[1].Action})
	require.Equal(t, parentOf, r.Active.Ingredients[0].Relationship)
	require.Equal(t, r.Manifests[0].Label, r.Active.Ingredients[0].Manifest)
	require.Equal(t, []string{Trained}, r.Manifests[0].SourceTypes)
	require.Equal(t, "Model", r.Manifests[0].Actions[0].SoftwareAgent.Name)
	require.Equal(t, time.Date(2026, 11, 1, 8, 0, 0, 0, time.UTC), r.Manifests[0].Actions[0].When.UTC())
	require.Equal(t, "CN=es256,O=Vectors", r.Manifests[0].Signature.Subject)
}

func TestSidecar(t *testing.T) {
	opts := vectorOptions(t)
	opts.Sidecar = vector(t, "beside.c2pa")
	r, err := Validate(metadata.Bytes(vector(t, "beside.jpg"), ""), opts)
	require.NoError(t, err)
	require.Equal(t, Trusted, r.State, failures(r.Findings))
	require.Equal(t, "sidecar", r.Place)

	other := vector(t, "beside.jpg")
	other[len(other)-9] ^= 1
	r, err = Validate(metadata.Bytes(other, ""), opts)
	require.NoError(t, err)
	require.Equal(t, Invalid, r.State)

	// The store of a file beside it, and in its place what is not signed.
	signed := vector(t, "es384.jpg")
	a := carrying(t, signed, "es384.jpg")
	opts.Sidecar, err = a.readStore(a.store, a.src.Values)
	require.NoError(t, err)
	for _, r := range a.store.Frame {
		copy(signed[r.Offset:], strings.Repeat("another picture ", int(r.Length)/16))
	}
	copy(signed[a.store.Frame[0].Offset:], "\xff\xfe\xff\xff")
	r, err = Validate(metadata.Bytes(signed, ""), opts)
	require.NoError(t, err)
	require.Equal(t, "sidecar", r.Place)
	require.Equal(t, Invalid, r.State)
	require.Contains(t, failures(r.Findings), DataHashMismatch)

	// What a file carries goes first.
	r, err = Validate(metadata.Bytes(vector(t, "es384.jpg"), ""), opts)
	require.NoError(t, err)
	require.Equal(t, ES384, r.Active.Signature.Algorithm)
}

// carrying opens a file that carries a store, or may.
func carrying(t testing.TB, b []byte, name string) *asset {
	t.Helper()
	a, err := openAsset(metadata.Bytes(b, name), metadata.Limits{})
	require.NoError(t, err)
	return a
}

// TestMoved takes a store to another file, of the same length.
func TestMoved(t *testing.T) {
	for _, name := range []string{"jpeg-progressive.jpg", "png-rgb.png", "mp4-faststart.mp4", "wav-plain.wav", "pdf-pillow.pdf"} {
		b := vector(t, name)
		a := carrying(t, b, name)
		end := a.store.Frame[len(a.store.Frame)-1]
		last := len(b) - 2 // of the content, wherever the store is
		if end.Offset+end.Length >= int64(last) {
			last = int(a.store.Frame[0].Offset) - 2
		}
		b[last] ^= 0x40
		r, err := Validate(metadata.Bytes(b, name), vectorOptions(t))
		require.NoError(t, err)
		require.Equal(t, Invalid, r.State, name)
		mismatch := where(r.Findings, DataHashMismatch) + where(r.Findings, BMFFHashMismatch)
		require.Contains(t, mismatch, r.Active.Label, name)
	}
}

// TestFlips changes each byte of a file, and of others every few. What stays undetected is
// not of what is signed: the padding of the signature, and the headers of the boxes that
// hold the claim, the signature and the assertions.
func TestFlips(t *testing.T) {
	opts := vectorOptions(t)
	for name, step := range map[string]int{"es256.jpg": 1, "png-rgb.png": 3, "wav-plain.wav": 5, "pdf-pillow.pdf": 7, "mp4-faststart.mp4": 11, "opened.jpg": 13} {
		b := vector(t, name)
		protected := protectedBytes(t, b, name)
		for i := 0; i < len(b); i += step {
			if !protected[i] {
				continue
			}
			b[i] ^= 1 << (i % 8)
			r, err := Validate(metadata.Bytes(b, name), opts)
			require.True(t, err != nil || r.State == Invalid || r.State == "", "%s: byte %d of %d", name, i, len(b))
			b[i] ^= 1 << (i % 8)
		}
	}
}

// protectedBytes says which bytes of a file are signed: those of no store, those that the
// claims hash, the claims and the signatures.
func protectedBytes(t testing.TB, b []byte, name string) []bool {
	a := carrying(t, b, name)
	if a.store == nil {
		return nil
	}
	protected := bytes.Repeat([]byte{1}, len(b))
	for _, r := range a.store.Frame {
		clear(protected[r.Offset:][:r.Length])
	}
	if a.carrier.binding == byBoxes {
		clear(protected[8:a.store.Frame[0].Offset]) // the specification leaves ftyp out
	}
	raw, err := a.readStore(a.store, 1<<20)
	require.NoError(t, err)
	signed := signedBytes(t, raw)
	for _, r := range a.store.Ranges {
		if a.store.Encoding != "" {
			break // the bytes are not those of the file
		}
		copy(protected[r.Offset:][:r.Length], signed)
		signed = signed[r.Length:]
	}
	out := make([]bool, len(b))
	for i := range out {
		out[i] = protected[i] != 0
	}
	return out
}

// signedBytes marks the bytes of a store that are signed.
func signedBytes(t testing.TB, raw []byte) []byte {
	box, err := jumbf.Parse(raw)
	require.NoError(t, err)
	marks := make([]byte, len(raw))
	for _, m := range box.Children {
		for _, c := range m.Children {
			switch c.UUID {
			case claimType:
				setMarks(marks, raw, c.Children[0].Payload)
			case signatureType:
				payload := c.Children[0].Payload
				pad := bytes.Index(payload, []byte("\x63pad"))
				setMarks(marks, raw, payload[:pad])
				setMarks(marks, raw, payload[len(payload)-64:])
			case assertionsType:
				for _, assertion := range c.Children {
					setMarks(marks, raw, assertion.Content())
				}
			}
		}
	}
	return marks
}

// setMarks marks where part, which is unique, stands in raw.
func setMarks(marks, raw, part []byte) {
	at := bytes.Index(raw, part)
	for i := range part {
		marks[at+i] = 1
	}
}

// TestCut truncates a file: what is left never passes.
func TestCut(t *testing.T) {
	opts := vectorOptions(t)
	for _, name := range []string{"es256.jpg", "png-rgb.png", "mp4-faststart.mp4", "pdf-pillow.pdf", "webp-alpha.webp"} {
		b := vector(t, name)
		for n := 1; n < len(b); n += 41 {
			r, err := Validate(metadata.Bytes(b[:n], name), opts)
			require.True(t, err != nil || r.State == Invalid || r.State == "", "%s: %d of %d bytes", name, n, len(b))
		}
	}
}

func BenchmarkValidate(b *testing.B) {
	data := vector(b, "es256.jpg")
	data = append(data[:len(data)-2:len(data)-2], make([]byte, 100<<10)...) // 100 kB to hash
	opts := vectorOptions(b)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Validate(metadata.Bytes(data, ""), opts); err != nil {
			b.Fatal(err)
		}
	}
}
