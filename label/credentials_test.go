package label

import (
	"bytes"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aigclabel/aigclabel/metadata"
	"github.com/aigclabel/aigclabel/metadata/c2pa"
	"github.com/aigclabel/aigclabel/watermark"
)

// development is a chain for the signers of all tests.
var development = sync.OnceValues(func() (*c2pa.DevelopmentChain, error) { return c2pa.NewDevelopmentChain("Example", nil) })

// signer returns a signer, and a trust list that knows it.
func signer(t testing.TB) (*c2pa.Signer, *c2pa.Trust) {
	t.Helper()
	d, err := development()
	require.NoError(t, err)
	s := &c2pa.Signer{Key: d.Key, Chain: d.Chain, Generator: c2pa.Generator{Name: "test", Version: "1"}}
	return s, trusting(d)
}

// trusting returns a trust list with the root of a chain.
func trusting(d *c2pa.DevelopmentChain) *c2pa.Trust {
	return &c2pa.Trust{Signers: []*x509.Certificate{d.Root}}
}

// credentials returns the report of a verifier that trusts the signer of the tests.
func credentials(t testing.TB, src metadata.Source, profile Profile, keys ...watermark.Key) *Report {
	t.Helper()
	_, trust := signer(t)
	v := Verifier{Profile: profile, Trust: trust, Keys: keys}
	report, err := v.Verify(t.Context(), src, nil)
	require.NoError(t, err)
	return report
}

// signed returns the fixture with credentials that say one thing of it.
func signed(t testing.TB, path string, claim c2pa.Claim) metadata.Source {
	t.Helper()
	s, _ := signer(t)
	var out bytes.Buffer
	_, err := s.Sign(t.Context(), &out, fixture(t, path), claim, nil)
	require.NoError(t, err)
	return metadata.Bytes(out.Bytes(), path)
}

// captured is what a camera states.
func captured() c2pa.Claim {
	return c2pa.Claim{Actions: []c2pa.Action{{Action: c2pa.ActionCreated, DigitalSourceType: c2pa.Captured}}}
}

// TestCredentials labels and signs a file of each kind of carrier, verifies it, and labels
// it again: what stands is not signed twice.
func TestCredentials(t *testing.T) {
	s, _ := signer(t)
	l := &Labeler{Producer: producer, Signer: s, System: metadata.System{Name: "Painter", Version: "2"}}
	for _, path := range []string{
		"jpeg/baseline.jpg", "png/rgb.png", "webp/lossy.webp", "gif/old.gif", "tiff/pillow.tif", "svg/plain.svg", "heic/plain.heic", "jxl/container.jxl",
		"mp4/faststart.mp4", "mp4/fragmented.mp4", "m4a/tagged.m4a", "avi/ffmpeg.avi", "mp3/lame.mp3", "wav/plain.wav", "flac/ffmpeg.flac",
		"pdf/pillow.pdf", "docx/custom.docx",
	} {
		t.Run(path, func(t *testing.T) {
			out, receipt := labelled(t, l, fixture(t, path), Artifact{ID: "1"})
			layer := receipt.Layers[len(receipt.Layers)-1]
			require.Equal(t, "credentials", layer.Name)
			require.True(t, layer.Done, layer.Reason)
			require.Empty(t, receipt.Broken)

			report := credentials(t, out, China)
			require.Equal(t, Confirmed, report.Verdict)
			require.Empty(t, outcomes(report, Fail), "%v", report.Checks)
			require.Subset(t, outcomes(report, Pass), []string{checkPresent, checkCredentials, checkTrusted, checkOrigin, checkSourceType})
			require.Equal(t, c2pa.Trusted, report.Credentials.State)
			require.Equal(t, layer.Manifest, report.Credentials.Active.Label)

			again, receipt := labelled(t, l, out, Artifact{ID: "1"})
			require.False(t, receipt.Changed)
			require.Equal(t, out.Size, again.Size)
		})
	}
}

// TestCredentialsAreKept tests that a label extends the history of a signed file, and that
// without a signer the receipt says what breaks.
func TestCredentialsAreKept(t *testing.T) {
	s, _ := signer(t)
	src := signed(t, "jpeg/baseline.jpg", captured())

	out, receipt := labelled(t, &Labeler{Producer: producer, Signer: s}, src, Artifact{})
	require.Empty(t, receipt.Broken)
	report := credentials(t, out, China)
	require.Empty(t, outcomes(report, Fail), "%v", report.Checks)
	require.Equal(t, c2pa.Trusted, report.Credentials.State)
	require.Equal(t, c2pa.OriginComposite, report.Credentials.Origin)
	require.Len(t, report.Credentials.Manifests, 1, "the camera's")
	for _, f := range report.Credentials.Active.Ingredients[0].Failures {
		require.Equal(t, c2pa.SigningCredentialUntrusted, f.Code, "it held when it was opened, and a Labeler trusts nobody")
	}

	out, receipt = labelled(t, &Labeler{Producer: producer}, src, Artifact{})
	require.NotEmpty(t, receipt.Broken)
	report = credentials(t, out, China)
	require.Equal(t, c2pa.Invalid, report.Credentials.State)
	require.Contains(t, outcomes(report, Fail), checkCredentials)
	require.True(t, report.OK(), "China's rules do not ask for credentials")

	refuse := &Labeler{Producer: producer, Write: metadata.WriteOptions{OnCredentials: metadata.Refuse}}
	_, err := refuse.Label(t.Context(), new(bytes.Buffer), src, Artifact{})
	require.ErrorIs(t, err, metadata.ErrSigned)
	refuse.Signer = s
	labelled(t, refuse, src, Artifact{})
}

// TestPropagatorSigns tests that a platform's fields go into the history of a signed file.
func TestPropagatorSigns(t *testing.T) {
	s, _ := signer(t)
	src, _ := labelled(t, &Labeler{Producer: producer, Signer: s}, fixture(t, "png/rgb.png"), Artifact{})
	fields := metadata.Propagation{Propagator: "platform", ID: "p-1"}

	var out bytes.Buffer
	receipt, err := (&Propagator{Signer: s}).Propagate(t.Context(), &out, src, fields)
	require.NoError(t, err)
	require.Empty(t, receipt.Broken)
	report := credentials(t, metadata.Bytes(out.Bytes(), ""), China)
	require.Empty(t, outcomes(report, Fail), "%v", report.Checks)
	require.Equal(t, "platform", report.Record.ContentPropagator)
	require.Equal(t, c2pa.Trusted, report.Credentials.State)
	require.Equal(t, c2pa.OriginGenerated, report.Credentials.Origin)
	require.Equal(t, []string{c2pa.ActionOpened, c2pa.ActionEditedMetadata}, actionsOf(report.Credentials.Active))

	receipt, err = (&Propagator{}).Propagate(t.Context(), new(bytes.Buffer), src, fields)
	require.NoError(t, err)
	require.NotEmpty(t, receipt.Broken)
}

func actionsOf(m *c2pa.Manifest) (names []string) {
	for _, a := range m.Actions {
		names = append(names, a.Action)
	}
	return names
}

// TestCredentialVerdict tests what credentials come to without any other label.
func TestCredentialVerdict(t *testing.T) {
	made := c2pa.Generated("Painter", "2", time.Now())
	for _, test := range []struct {
		name   string
		claim  c2pa.Claim
		damage bool
		want   Verdict
	}{
		{"made by a model", made, false, Confirmed},
		{"made by a model, then changed", made, true, Suspected},
		{"of a camera", captured(), false, None},
		{"of a camera, then changed", captured(), true, None},
	} {
		t.Run(test.name, func(t *testing.T) {
			src := signed(t, "png/rgb.png", test.claim)
			if test.damage {
				b := make([]byte, src.Size)
				_, err := src.R.ReadAt(b, 0)
				require.NoError(t, err)
				b[len(b)-20] ^= 1 // in the pixels
				src = metadata.Bytes(b, src.Name)
			}
			report := credentials(t, src, China)
			require.Equal(t, test.want, report.Verdict)
			require.Equal(t, test.damage, report.Credentials.State == c2pa.Invalid)
		})
	}
}

// TestCredentialsContradict: a record that calls generated what a camera vouches for is a
// conflict, which does not lower the verdict.
func TestCredentialsContradict(t *testing.T) {
	s, _ := signer(t)
	src, _ := labelled(t, &Labeler{Producer: producer}, fixture(t, "png/rgb.png"), Artifact{})
	var out bytes.Buffer
	_, err := s.Sign(t.Context(), &out, src, captured(), nil)
	require.NoError(t, err)
	report := credentials(t, metadata.Bytes(out.Bytes(), ""), China)
	require.Equal(t, Confirmed, report.Verdict)
	require.Equal(t, []string{checkOrigin}, outcomes(report, Fail))
	require.False(t, report.OK())
}

// TestTrust tests what becomes of a signer who is not on the list, and of no list.
func TestTrust(t *testing.T) {
	src := signed(t, "png/rgb.png", c2pa.Generated("Painter", "2", time.Now()))
	other, err := c2pa.NewDevelopmentChain("Other", nil)
	require.NoError(t, err)
	for _, test := range []struct {
		profile Profile
		trust   *c2pa.Trust
		want    Outcome
	}{{China, nil, Skip}, {China, trusting(other), Warn}, {EU, trusting(other), Fail}} {
		v := Verifier{Profile: test.profile, Trust: test.trust}
		report, err := v.Verify(t.Context(), src, nil)
		require.NoError(t, err)
		require.Equal(t, c2pa.Valid, report.Credentials.State, "intact, whoever signed")
		require.Contains(t, outcomes(report, test.want), checkTrusted)
	}
}

// TestProfiles labels for each market and verifies what comes out, and what does not
// fulfil it.
func TestProfiles(t *testing.T) {
	s, _ := signer(t)
	full := Labeler{Producer: producer, Signer: s, Watermark: &Watermark{}, System: metadata.System{Name: "Painter", Version: "2"}}
	for _, test := range []struct {
		profile Profile
		lacks   func(*Labeler)
		broken  []string // checks that fail on a file without any label
	}{
		{EU, func(l *Labeler) { l.Signer = nil }, []string{checkSourceType, checkWatermark, checkCredentials}},
		{EU, func(l *Labeler) { l.Watermark = nil }, nil},
		{California, func(l *Labeler) { l.Signer = nil }, []string{checkDisclosure}},
		{California, func(l *Labeler) { l.System.Version = "" }, nil},
	} {
		t.Run(string(test.profile), func(t *testing.T) {
			l := full
			l.Profile = test.profile
			out, receipt := labelled(t, &l, bigPhoto(t), Artifact{})
			require.Equal(t, test.profile, receipt.Profile)
			report := credentials(t, out, test.profile, watermark.OpenKey)
			require.True(t, report.OK(), "%v", report.Failed())
			require.Equal(t, imageWatermark, report.Credentials.Active.SoftBindings[0].Algorithm)
			require.Equal(t, Tag(receipt.Record).Bytes(), report.Credentials.Active.SoftBindings[0].Value)

			test.lacks(&l)
			_, err := l.Label(t.Context(), new(bytes.Buffer), bigPhoto(t), Artifact{})
			require.ErrorIs(t, err, ErrProfile)
			if test.broken != nil {
				require.Equal(t, test.broken, outcomes(credentials(t, bigPhoto(t), test.profile, watermark.OpenKey), Fail))
			}
		})
	}
	text, _ := labelled(t, &Labeler{Producer: producer}, fixture(t, "docx/custom.docx"), Artifact{})
	require.Contains(t, outcomes(credentials(t, text, California), Skip), checkDisclosure, "not for text")
}

// bigPhoto returns a picture that is large enough for a watermark.
func bigPhoto(t testing.TB) metadata.Source {
	t.Helper()
	return metadata.Bytes(encode(t, photo(400, 300)), "photo.png")
}

// TestDisclosureWithoutCredentials: XMP alone says all that California asks for.
func TestDisclosureWithoutCredentials(t *testing.T) {
	l := &Labeler{Producer: producer, System: metadata.System{Name: "Painter", Version: "2"}, Write: metadata.WriteOptions{Disclosure: true}}
	out, _ := labelled(t, l, fixture(t, "jpeg/baseline.jpg"), Artifact{})
	report := credentials(t, out, California)
	require.True(t, report.OK(), "%v", report.Failed())
	l.System.Version = ""
	out, _ = labelled(t, l, fixture(t, "jpeg/baseline.jpg"), Artifact{})
	failed := credentials(t, out, California).Failed()
	require.Len(t, failed, 1)
	require.Contains(t, failed[0].Message, "the file does not say: system version")
}

// TestSidecar tests the credentials of a format without a place for them: they are beside
// the file, and hold for it alone.
func TestSidecar(t *testing.T) {
	s, trust := signer(t)
	l := &Labeler{Producer: producer, Signer: s}
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in.mkv"), filepath.Join(dir, "out.mkv")
	b, err := os.ReadFile("../metadata/testdata/mkv/cues-first.mkv")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(in, b, 0o600))
	receipt, err := l.LabelFile(t.Context(), in, out, Artifact{})
	require.NoError(t, err)
	require.Equal(t, "sidecar", receipt.Layers[2].Place)
	store, err := os.ReadFile(out + ".c2pa")
	require.NoError(t, err)
	require.Equal(t, receipt.Sidecar, store)

	v := Verifier{Trust: trust}
	report, err := v.VerifyFile(t.Context(), out, nil)
	require.NoError(t, err)
	require.Equal(t, c2pa.Trusted, report.Credentials.State)
	for name, result := range v.FS(t.Context(), os.DirFS(dir), ".") {
		require.Equal(t, name == "out.mkv", result.Report.Credentials != nil && result.Report.Credentials.Place == "sidecar", name)
	}
	report, err = v.VerifyFile(t.Context(), in, &Upload{Sidecar: store})
	require.NoError(t, err)
	require.Equal(t, c2pa.Invalid, report.Credentials.State, "of another file")
	require.Equal(t, Suspected, report.Verdict)
}

// TestSidecarHistory: credentials beside a file go on like those in one, are not signed
// twice, and break where nobody signs. Those of another file are none.
func TestSidecarHistory(t *testing.T) {
	s, _ := signer(t)
	l := &Labeler{Producer: producer, Signer: s}
	path := filepath.Join(t.TempDir(), "a.mkv")
	b, err := os.ReadFile("../metadata/testdata/mkv/cues-first.mkv")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, b, 0o600))
	first, err := l.LabelFile(t.Context(), path, path, Artifact{ID: "1"})
	require.NoError(t, err)
	info, err := os.Stat(path + ".c2pa")
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm()|0o600, "no more than the file's")
	again, err := l.LabelFile(t.Context(), path, path, Artifact{ID: "1"})
	require.NoError(t, err)
	require.Equal(t, first.Sidecar, again.Sidecar)

	_, err = (&Propagator{Signer: s}).PropagateFile(t.Context(), path, path, metadata.Propagation{Propagator: "p"})
	require.NoError(t, err)
	report, err := new(Verifier).VerifyFile(t.Context(), path, nil)
	require.NoError(t, err)
	require.Equal(t, c2pa.OriginGenerated, report.Credentials.Origin)
	require.Len(t, report.Credentials.Manifests, 1)

	unsigned := Propagator{Write: metadata.WriteOptions{OnCredentials: metadata.Refuse}}
	_, err = unsigned.PropagateFile(t.Context(), path, path, metadata.Propagation{Propagator: "q"})
	require.ErrorIs(t, err, metadata.ErrSigned)
	for _, want := range []int{1, 0} { // the second time they do not hold any more
		receipt, err := PropagateFile(t.Context(), path, path, metadata.Propagation{Propagator: fmt.Sprint(want)}, nil)
		require.NoError(t, err)
		require.Len(t, receipt.Broken, want)
	}
}

// TestLabelledLink: a link to credentials elsewhere is none to go on from.
func TestLabelledLink(t *testing.T) {
	s, _ := signer(t)
	page := metadata.Bytes([]byte(`<!DOCTYPE html><html><head><link rel="c2pa-manifest" href="https://example.com/a.c2pa"></head><body>text</body></html>`), "a.html")
	src, _ := labelled(t, &Labeler{Producer: producer}, page, Artifact{})
	out, _ := labelled(t, &Labeler{Producer: producer, Signer: s}, src, Artifact{})
	require.Equal(t, c2pa.OriginGenerated, credentials(t, out, China).Credentials.Origin)

	store, _, err := s.Store(t.Context(), page, c2pa.Generated("Painter", "2", time.Now()), nil)
	require.NoError(t, err)
	report, err := new(Verifier).Verify(t.Context(), page, &Upload{Sidecar: store})
	require.NoError(t, err)
	require.Equal(t, c2pa.Valid, report.Credentials.State, "what it links to may be at hand")
}

// TestNoticeBeforeStore: a text that starts with its store gets the notice before that, not
// into it.
func TestNoticeBeforeStore(t *testing.T) {
	s, _ := signer(t)
	for _, name := range []string{"empty.txt", "empty.md"} {
		var out bytes.Buffer
		_, err := s.Sign(t.Context(), &out, metadata.Bytes(nil, name), c2pa.Generated("Painter", "2", time.Now()), nil)
		require.NoError(t, err)
		src, _ := labelled(t, &Labeler{Producer: producer, Signer: s, Notice: &Notice{}}, metadata.Bytes(out.Bytes(), name), Artifact{})
		report := credentials(t, src, China)
		require.Equal(t, c2pa.Trusted, report.Credentials.State)
		require.Len(t, report.Credentials.Manifests, 1, "the history goes on")
	}
}

// TestNoSidecar: names that are too long for a sidecar, and what is no file, are no reason
// not to verify.
func TestNoSidecar(t *testing.T) {
	dir := t.TempDir()
	long := strings.Repeat("a", 248) + ".txt"
	for _, name := range []string{long, "b.txt"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte("text"), 0o600))
	}
	require.NoError(t, os.Mkdir(filepath.Join(dir, "b.txt.c2pa"), 0o700))
	for name, result := range new(Verifier).FS(t.Context(), os.DirFS(dir), ".") {
		require.NoError(t, result.Err)
		_, err := new(Verifier).VerifyFile(t.Context(), filepath.Join(dir, name), nil)
		require.NoError(t, err)
	}
}

// TestCredentialsJSON tests what verify -json says of credentials.
func TestCredentialsJSON(t *testing.T) {
	text, err := json.Marshal(credentials(t, signed(t, "png/rgb.png", captured()), China))
	require.NoError(t, err)
	var got struct {
		Credentials struct{ State, Place, Origin string }
	}
	require.NoError(t, json.Unmarshal(text, &got))
	require.Equal(t, "{Trusted PNG caBX captured}", fmt.Sprint(got.Credentials))
}

// TestSidecarIsNotSigned: the credentials of a file are not a file to sign.
func TestSidecarIsNotSigned(t *testing.T) {
	s, _ := signer(t)
	_, err := (&Labeler{Producer: producer, Signer: s}).Label(t.Context(), new(bytes.Buffer), fixture(t, "c2pa/reference.c2pa"), Artifact{})
	require.ErrorIs(t, err, metadata.ErrNoPlace)
	require.ErrorContains(t, err, "label the file that it belongs to")
}

// TestLongNameHasNoSidecar: a file whose name leaves no room for ".c2pa" can be read.
func TestLongNameHasNoSidecar(t *testing.T) {
	path := filepath.Join(t.TempDir(), strings.Repeat("x", 250)+".png")
	b, err := os.ReadFile("../metadata/testdata/png/rgb.png")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, b, 0o600))
	_, err = (&Verifier{}).VerifyFile(t.Context(), path, nil)
	require.NoError(t, err)
	_, err = (&Labeler{Producer: producer}).LabelFile(t.Context(), path, path, Artifact{})
	require.NoError(t, err)
}
