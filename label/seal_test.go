package label

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"encoding/json"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aigclabel/aigclabel/metadata"
	"github.com/aigclabel/aigclabel/metadata/seal"
)

// sealKey is a key for tests.
func sealKey(seed byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{seed}, ed25519.SeedSize))
}

// sealed labels a file with a notice, a watermark and a seal where it can have them.
func sealed(t *testing.T, name string, notice *Notice) (metadata.Source, Receipt) {
	labeler := &Labeler{Producer: producer, Notice: notice, Seal: &seal.Sealer{Key: sealKey(1)}}
	var out bytes.Buffer
	receipt, err := labeler.Label(t.Context(), &out, fixture(t, name), Artifact{ID: "number-1"})
	require.NoError(t, err)
	return metadata.Bytes(out.Bytes(), filepath.Base(name)), receipt
}

// sealCheck returns the check of a report.
func sealCheck(t *testing.T, v *Verifier, src metadata.Source) (*Report, Check) {
	report, err := v.Verify(t.Context(), src, nil)
	require.NoError(t, err)
	for _, c := range report.Checks {
		if c.ID == checkSeal {
			return report, c
		}
	}
	t.Fatal("no seal.valid")
	return nil, Check{}
}

func TestLabelSealed(t *testing.T) {
	for _, test := range []struct {
		file   string
		notice *Notice
		want   Outcome
	}{
		{"png/rgb.png", nil, Pass},
		{"markdown/plain.md", &Notice{}, Pass},
		{"wav/plain.wav", nil, Pass},
		{"json/indent.json", nil, Pass},
		{"avif/sequence.avif", nil, Warn},
	} {
		t.Run(test.file, func(t *testing.T) {
			src, receipt := sealed(t, test.file, test.notice)
			last := receipt.Layers[len(receipt.Layers)-1]
			require.Equal(t, "seal", last.Name)
			require.True(t, last.Done)
			require.Contains(t, last.Place, "ReservedCode1, ReservedCode2 over ")
			report, c := sealCheck(t, &Verifier{SealKeys: []crypto.PublicKey{sealKey(1).Public()}}, src)
			require.Equal(t, test.want, c.Outcome, c.Message)
			require.Len(t, report.Seals, 2)
			require.Equal(t, seal.Identity, report.Seals[0].Proof)
			require.Equal(t, Confirmed, report.Verdict)
		})
	}
}

func TestSealCheck(t *testing.T) {
	src, _ := sealed(t, "png/rgb.png", nil)
	_, c := sealCheck(t, &Verifier{}, src)
	require.Equal(t, Pass, c.Outcome, "without keys integrity is all there is to prove")
	require.Contains(t, c.Message, "not who sealed it")
	_, c = sealCheck(t, &Verifier{SealKeys: []crypto.PublicKey{sealKey(2).Public()}}, src)
	require.Equal(t, Warn, c.Outcome, "a key that nobody trusts")

	data := make([]byte, src.Size)
	_, err := src.R.ReadAt(data, 0)
	require.NoError(t, err)
	for _, change := range [][2]string{{"number-1", "number-2"}, {"IDAT", "IDAT"}} {
		changed := bytes.Replace(data, []byte(change[0]), []byte(change[1]), 1)
		if change[0] == change[1] { // the picture
			changed[bytes.Index(changed, []byte(change[0]))+10] ^= 1
		}
		report, c := sealCheck(t, &Verifier{}, metadata.Bytes(changed, "rgb.png"))
		require.Equal(t, Fail, c.Outcome, change)
		require.Contains(t, c.Message, "not what was sealed")
		require.Equal(t, Confirmed, report.Verdict, "a bad seal never lowers the verdict")
		require.False(t, report.OK())
	}
}

// Reports have lists, not null, and say of foreign data that only its maker can check it.
func TestSealJSON(t *testing.T) {
	var out bytes.Buffer
	_, err := metadata.Write(&out, fixture(t, "png/rgb.png"), metadata.Record{Label: "1", ContentProducer: "doubao", ProduceID: "1", ReservedCode1: "e862483430d978cbf828b8b24296ef9328d843a0"}, nil)
	require.NoError(t, err)
	report, c := sealCheck(t, &Verifier{}, metadata.Bytes(out.Bytes(), ""))
	require.Equal(t, Skip, c.Outcome)
	require.Equal(t, seal.Unsupported, report.Seals[0].Outcome)
	text, err := json.Marshal(new(Verifier).report("x"))
	require.NoError(t, err)
	require.Contains(t, string(text), `"seals":[]`)
}

func TestPropagateFileSealed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "picture.png")
	labeler := &Labeler{Producer: producer, Seal: &seal.Sealer{Key: sealKey(1)}}
	_, err := labeler.LabelFile(t.Context(), "../metadata/testdata/png/rgb.png", path, Artifact{})
	require.NoError(t, err)
	_, err = PropagateFile(t.Context(), path, path, metadata.Propagation{Propagator: "platform"}, &metadata.WriteOptions{Seal: &seal.Sealer{Key: sealKey(2)}})
	require.NoError(t, err)
	report, err := (&Verifier{SealKeys: []crypto.PublicKey{sealKey(2).Public()}}).VerifyFile(t.Context(), path, nil)
	require.NoError(t, err)
	require.Equal(t, []seal.Proof{seal.Integrity, seal.Identity}, []seal.Proof{report.Seals[0].Proof, report.Seals[1].Proof})
	require.Equal(t, seal.Matched, report.Seals[0].Content, "the producer's seal survives")
}

// Credentials that are signed over a sealed file leave the seal whole, and cover it.
func TestSealUnderCredentials(t *testing.T) {
	signs, trust := signer(t)
	labeler := &Labeler{Producer: producer, Signer: signs, Seal: &seal.Sealer{Key: sealKey(1)}}
	for _, path := range []string{
		"jpeg/baseline.jpg", "png/rgb.png", "webp/lossy.webp", "gif/old.gif", "tiff/pillow.tif", "heic/plain.heic", "jxl/container.jxl", "mp4/faststart.mp4",
		"mp4/fragmented.mp4", "m4a/tagged.m4a", "avi/ffmpeg.avi", "mp3/lame.mp3", "wav/plain.wav", "flac/ffmpeg.flac", "pdf/pillow.pdf", "docx/custom.docx", "svg/plain.svg", "html/pandoc5.html", "markdown/plain.md",
	} {
		t.Run(path, func(t *testing.T) {
			var out bytes.Buffer
			receipt, err := labeler.Label(t.Context(), &out, fixture(t, path), Artifact{})
			require.NoError(t, err)
			require.Len(t, receipt.Layers, 4)
			report, c := sealCheck(t, &Verifier{Trust: trust}, metadata.Bytes(out.Bytes(), path))
			require.Equal(t, Pass, c.Outcome, c.Message)
			require.Equal(t, seal.Matched, report.Seals[0].Content)
			require.NotNil(t, report.Credentials)
			require.EqualValues(t, "Trusted", report.Credentials.State)
		})
	}
}
