package c2pa

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aigclabel/aigclabel/internal/container"
	"github.com/aigclabel/aigclabel/internal/jumbf"
	"github.com/aigclabel/aigclabel/metadata"
)

// open opens a file.
func open(t testing.TB, b []byte, name string) *asset {
	t.Helper()
	a, err := openAsset(metadata.Bytes(b, name), metadata.Limits{})
	require.NoError(t, err)
	return a
}

// storeBytes returns the store that a file carries.
func storeBytes(a *asset, b []byte) (store []byte) {
	if a.store.Encoding != "" {
		return a.store.Value
	}
	for _, r := range a.store.Ranges {
		store = append(store, b[r.Offset:r.Offset+r.Length]...)
	}
	return store
}

// bindingOf returns the hard binding of the active manifest of a file.
func bindingOf(t testing.TB, a *asset, b []byte) (label string, assertion []byte) {
	t.Helper()
	box, err := jumbf.Parse(storeBytes(a, b))
	require.NoError(t, err)
	manifest := box.Children[len(box.Children)-1]
	for _, c := range manifest.Child("c2pa.assertions").Children {
		if isBinding(c.Label) {
			return c.Label, c.Children[len(c.Children)-1].Payload
		}
	}
	require.Fail(t, "no hard binding")
	return "", nil
}

// codes returns the codes of findings.
func codes(findings []Finding) (out []Code) {
	for _, f := range findings {
		out = append(out, f.Code)
	}
	return out
}

// A signedFile is one that the reference implementation signed.
type signedFile struct {
	name  string
	data  []byte
	asset *asset
	label string
	cbor  []byte
}

func readSigned(t testing.TB, name string) signedFile {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "signed", name))
	require.NoError(t, err)
	f := signedFile{name: name, data: b, asset: open(t, b, name)}
	f.label, f.cbor = bindingOf(t, f.asset, b)
	return f
}

func signedFiles(t testing.TB) (all []signedFile) {
	entries, err := os.ReadDir(filepath.Join("testdata", "signed"))
	require.NoError(t, err)
	for _, e := range entries {
		all = append(all, readSigned(t, e.Name()))
	}
	return all
}

func (f *signedFile) check() []Code { return codes(f.asset.check(f.label, f.cbor, "")) }

// unprotected returns what the binding leaves out.
func (f *signedFile) unprotected(t testing.TB) []container.Range {
	if f.label == "c2pa.hash.data" {
		var d dataHash
		require.NoError(t, decoder.Unmarshal(f.cbor, &d))
		var out []container.Range
		for _, e := range d.Exclusions {
			out = append(out, container.Range{Offset: *e.Start, Length: *e.Length})
		}
		return out
	}
	out := f.asset.frame()
	if f.label == "c2pa.hash.bmff.v3" {
		out = nil
		for b, err := range f.asset.rootBoxes(nil) {
			require.NoError(t, err)
			if b.Type == "ftyp" || b.Type == "free" || b.Type == "mfra" || b.Offset == f.asset.frame()[0].Offset {
				out = append(out, b.Range)
			}
		}
	}
	return out
}

// TestReference: what the reference implementation signs, matches.
func TestReference(t *testing.T) {
	for _, f := range signedFiles(t) {
		want := []Code{hardBindings[f.label].match}
		if f.asset.name == "tiff" { // the reference implementation leaves out the length of the store as well
			want = []Code{DataHashAdditionalExclusions, DataHashMatch}
		}
		require.Equal(t, want, f.check(), f.name)
		require.NoError(t, f.asset.err)
	}
}

// TestFlippedBytes: no byte that a binding covers can change.
func TestFlippedBytes(t *testing.T) {
	const flips = 600 // of a file
	for _, f := range signedFiles(t) {
		match := hardBindings[f.label].match
		for _, r := range rest(container.Range{Length: int64(len(f.data))}, f.unprotected(t)) {
			for i := r.Offset; i < r.Offset+r.Length; i += 1 + r.Length/flips {
				f.data[i] ^= 1 << (i % 8)
				require.NotContains(t, f.check(), match, "%s: byte %d", f.name, i)
				f.data[i] ^= 1 << (i % 8)
			}
		}
		require.Contains(t, f.check(), match, f.name)
	}
}

// TestCutFiles: a file that was cut, or has more behind it, does not match.
func TestCutFiles(t *testing.T) {
	for _, f := range signedFiles(t) {
		end := f.unprotected(t)[len(f.unprotected(t))-1]
		for _, b := range [][]byte{f.data[:len(f.data)-1], append(bytes.Clone(f.data), 1), append(bytes.Clone(f.data), "\xFF\xD8 more"...)} {
			if int64(len(b)) < end.Offset+end.Length {
				continue // the store is cut as well
			}
			a := *f.asset
			a.src = container.NewSource(bytes.NewReader(b), int64(len(b)), container.Limits{})
			require.NotContains(t, codes(a.check(f.label, f.cbor, "")), hardBindings[f.label].match, f.name)
		}
	}
}

// emptyStore returns a store of size bytes that says nothing.
func emptyStore(size int) []byte {
	uuid := jumbf.TypeUUID("c2pa")
	empty := len(jumbf.Super(uuid, "c2pa", jumbf.Leaf("free", nil)).Append(nil))
	return jumbf.Super(uuid, "c2pa", jumbf.Leaf("free", make([]byte, size-empty))).Append(nil)
}

// planned returns a with a store of size bytes.
func planned(t testing.TB, a *asset, size int) (*asset, []byte) {
	t.Helper()
	plan, err := a.file.Plan([]container.Change{{Slot: a.store, Kind: container.C2PA, Value: emptyStore(size)}})
	require.NoError(t, err)
	var b bytes.Buffer
	_, err = plan.WriteTo(&b)
	require.NoError(t, err)
	return open(t, b.Bytes(), ""), b.Bytes()
}

// TestBindingOfPlannedOutput: for every format the binding that we make matches,
// covers the file, and is as long as the open one, wherever the store ends.
func TestBindingOfPlannedOutput(t *testing.T) {
	done := map[string]bool{}
	for name := range carriers {
		dir := filepath.Join("..", "testdata", name)
		files, err := os.ReadDir(dir)
		require.NoError(t, err)
		for _, f := range files {
			b, err := os.ReadFile(filepath.Join(dir, f.Name()))
			require.NoError(t, err)
			a := open(t, b, f.Name())
			if s := a.file.Summary(); s.Damage != nil || len(s.Limits) > 0 || s.Encrypted {
				continue
			}
			if _, err := a.file.Plan([]container.Change{{Kind: container.C2PA, Value: emptyStore(200)}}); err != nil {
				require.ErrorIs(t, err, container.ErrNoPlace, f.Name())
				continue
			}
			done[a.name] = true
			checkPlanned(t, f.Name(), a)
		}
	}
	for name := range carriers {
		require.True(t, done[name] || name == "odt" || name == "ods" || name == "odp", name) // OpenDocument has no place
	}
}

func checkPlanned(t *testing.T, name string, a *asset) {
	label, placeholder, err := a.newBinding(nil)
	require.NoError(t, err, name)
	for _, size := range []int{200, 70_000} {
		out, b := planned(t, a, size)
		got, final, err := a.newBinding(out)
		require.NoError(t, err, name)
		require.Equal(t, label, got, name)
		require.Len(t, final, len(placeholder), name)
		require.Equal(t, []Code{hardBindings[label].match}, codes(out.check(label, final, "")), name)

		f := signedFile{asset: out, label: label, cbor: final}
		protected := rest(container.Range{Length: int64(len(b))}, f.unprotected(t))
		if a.src.Size() == 0 {
			continue // there is nothing but the store
		}
		last := protected[len(protected)-1]
		b[last.Offset+last.Length-1] ^= 1
		require.NotContains(t, codes(out.check(label, final, "")), hardBindings[label].match, name)
	}
}

// A failingFile fails in the middle.
type failingFile struct {
	io.ReaderAt
	good int64
}

var errDisk = errors.New("disk")

func (f failingFile) ReadAt(b []byte, off int64) (int, error) {
	if off+int64(len(b)) > f.good {
		return 0, errDisk
	}
	return f.ReaderAt.ReadAt(b, off)
}

// TestUnreadable: an I/O error is no finding about the file alone.
func TestUnreadable(t *testing.T) {
	for _, name := range []string{"jpeg-tagged.jpg", "mp4-faststart.mp4", "jpeg-boxes.jpg", "mp4-merkle.mp4"} {
		f := readSigned(t, name)
		f.asset.src = container.NewSource(failingFile{bytes.NewReader(f.data), 1}, int64(len(f.data)), container.Limits{})
		require.Equal(t, []Code{GeneralError}, f.check(), name)
		require.ErrorIs(t, f.asset.err, errDisk, name)
	}
}

func TestOtherAssertions(t *testing.T) {
	f := readSigned(t, "jpeg-baseline.jpg")
	for _, label := range []string{"c2pa.hash.bmff", "c2pa.actions.v2", ""} {
		require.False(t, isBinding(label))
		require.Nil(t, f.asset.check(label, f.cbor, ""))
	}
	require.True(t, isBinding("c2pa.hash.data__2"))
	require.Equal(t, []Code{DataHashMatch}, codes(f.asset.check("c2pa.hash.data__2", f.cbor, "")))
	for label, kind := range hardBindings {
		require.Equal(t, []Code{kind.malformed}, codes(f.asset.check(label, []byte{0xFF}, "")), label)
	}
}

// largeMP4 returns a film of 100 MB with room for a store.
func largeMP4(b *testing.B) *asset {
	head, err := os.ReadFile("../testdata/mp4/moov-last.mp4")
	require.NoError(b, err)
	film := append([]byte("\x00\x00\x00\x00mdat"), make([]byte, 100<<20)...)
	film[0], film[1], film[2], film[3] = 0x06, 0x40, 0, 8
	out, _ := planned(b, open(b, append(head, film...), "film.mp4"), 20_000)
	return out
}

func BenchmarkCheckMP4(b *testing.B) {
	a := largeMP4(b)
	label, assertion, err := a.newBinding(a)
	require.NoError(b, err)
	b.SetBytes(a.src.Size())
	b.ReportAllocs()
	for b.Loop() {
		if f := a.check(label, assertion, ""); f[0].Code != BMFFHashMatch {
			b.Fatal(f)
		}
	}
}

func BenchmarkSHA256(b *testing.B) {
	data := make([]byte, 100<<20)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		sha256.Sum256(data)
	}
}
