package c2pa

import (
	"bytes"
	"crypto/x509"
	"encoding/binary"
	"hash/crc32"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aigclabel/aigclabel/internal/jumbf"
	"github.com/aigclabel/aigclabel/internal/peer"
	"github.com/aigclabel/aigclabel/internal/tsp/tsptest"
	"github.com/aigclabel/aigclabel/metadata"
)

// A signedPNG is a picture whose signature can be replaced: nothing is over it but
// the checksum of the chunk.
type signedPNG struct {
	file       []byte
	claim, box []byte // in file
}

func newSignedPNG(t testing.TB, s *Signer) signedPNG {
	plain, err := os.ReadFile("../testdata/png/rgb.png")
	require.NoError(t, err)
	var out bytes.Buffer
	_, err = s.Sign(t.Context(), &out, metadata.Bytes(plain, "rgb.png"), testClaim(), nil)
	require.NoError(t, err)
	file := out.Bytes()
	store, err := jumbf.Parse(storeBytes(open(t, file, "rgb.png"), file))
	require.NoError(t, err)
	manifest := store.Children[len(store.Children)-1]
	in := func(label string) []byte {
		content := contentOf(manifest.Child(label), cborType)
		at := bytes.Index(file, content)
		return file[at : at+len(content)]
	}
	return signedPNG{file, in("c2pa.claim.v2"), in("c2pa.signature")}
}

// with returns the picture with another signature.
func (p signedPNG) with(box []byte) []byte {
	file := bytes.Clone(p.file)
	copy(file[bytes.Index(file, p.box):], box)
	chunk := bytes.Index(file, []byte("caBX"))
	end := chunk + 4 + int(binary.BigEndian.Uint32(file[chunk-4:]))
	binary.BigEndian.PutUint32(file[end:], crc32.ChecksumIEEE(file[chunk:end]))
	return file
}

// askReference asks the reference implementation about files.
func askReference(t testing.TB, anchors []*x509.Certificate, files map[string][]byte) map[string]verdict {
	dir := t.TempDir()
	var text []byte
	for _, cert := range anchors {
		text = append(text, encodePEM("CERTIFICATE", cert.Raw)...)
	}
	trust := filepath.Join(dir, "anchors.pem")
	require.NoError(t, os.WriteFile(trust, text, 0o600))
	args := []string{"--trust", trust}
	for name, file := range files {
		path := filepath.Join(dir, name+".png")
		require.NoError(t, os.WriteFile(path, file, 0o600))
		args = append(args, path)
	}
	verdicts := map[string]verdict{}
	for name, v := range askPeer(t, "validate.mjs", args...) {
		verdicts[strings.TrimSuffix(name, ".png")] = v
	}
	return verdicts
}

// TestReferenceTrustsAlgorithms signs with a key of each kind, with a time stamp.
func TestReferenceTrustsAlgorithms(t *testing.T) {
	peer.Node(t, "AIGCLABEL_C2PA")
	tsa := tsptest.New(t)
	anchors, files := []*x509.Certificate{tsa.Root}, map[string][]byte{}
	for name, key := range tsptest.Keys(t) {
		for algorithm := range algorithms {
			if name == "RSA" && algorithm.fits(key.Public()) || algorithm == naturalAlgorithm(key.Public()) {
				s, opts := developer(t, key)
				s.Algorithm, s.Timestamper, s.Generator = algorithm, clock{tsa, time.Now()}, Generator{Name: "Test"}
				anchors = append(anchors, opts.Trust.Signers...)
				files[string(algorithm)] = newSignedPNG(t, s).file
			}
		}
	}
	require.Len(t, files, len(algorithms))
	for name, v := range askReference(t, anchors, files) {
		require.Equal(t, "Trusted", v.State, "%s: %s %v", name, v.Error, v.Failures)
		for _, code := range without(slices.Clone(stamped), OCSPSkipped) {
			require.Contains(t, v.Codes, string(code), name)
		}
	}
}

// TestReferenceOnFaults compares what is said of signatures with faults. Where the
// two differ, the note says what the specification has.
func TestReferenceOnFaults(t *testing.T) {
	peer.Node(t, "AIGCLABEL_C2PA")
	ca, tsa := newCA(t), tsptest.New(t)
	opts := ca.trust()
	opts.Trust.TimeStampers = []*x509.Certificate{tsa.Root}
	now := time.Now()
	s := ca.signer(nil)
	s.Timestamper, s.Generator = clock{tsa, now}, Generator{Name: "Test"}
	picture := newSignedPNG(t, s)
	size := len(picture.box)

	certificate := func(change func(*x509.Certificate)) []byte {
		box, err := ca.signer(change).signClaim(t.Context(), picture.claim, size)
		require.NoError(t, err)
		return box
	}
	timed := func(tsa *tsptest.Authority, at time.Time) []byte {
		stamped := *s
		stamped.Timestamper = clock{tsa, at}
		box, err := stamped.signClaim(t.Context(), picture.claim, size)
		require.NoError(t, err)
		return box
	}
	stapled := func(response []byte) []byte {
		with := *s
		with.OCSP = [][]byte{response}
		box, err := with.signClaim(t.Context(), picture.claim, size)
		require.NoError(t, err)
		return box
	}
	responderKey := newKey(t)
	responder := ca.issue(responderKey, func(c *x509.Certificate) {
		c.ExtKeyUsage, c.UnknownExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageOCSPSigning}, nil
	})
	damaged := bytes.Clone(picture.box)
	damaged[size-1] ^= 1
	purpose := func(usage x509.ExtKeyUsage) func(*x509.Certificate) {
		return func(c *x509.Certificate) { c.ExtKeyUsage, c.UnknownExtKeyUsage = []x509.ExtKeyUsage{usage}, nil }
	}
	tests := map[string]struct {
		box         []byte
		ours, their State
		code        Code // that both find
		note        string
	}{
		"good":              {box: picture.box, ours: Trusted, their: Trusted, code: TimeStampTrusted},
		"damaged":           {box: damaged, ours: Invalid, their: Invalid, code: ClaimSignatureMismatch},
		"no-key-usage":      {box: certificate(func(c *x509.Certificate) { c.KeyUsage = 0 }), ours: Invalid, their: Invalid, code: SigningCredentialInvalid},
		"server":            {box: certificate(purpose(x509.ExtKeyUsageServerAuth)), ours: Invalid, their: Invalid, code: SigningCredentialInvalid},
		"any":               {box: certificate(purpose(x509.ExtKeyUsageAny)), ours: Invalid, their: Invalid, code: SigningCredentialInvalid},
		"authority":         {box: certificate(func(c *x509.Certificate) { c.IsCA = true }), ours: Invalid, their: Invalid, code: SigningCredentialInvalid},
		"time-stamps":       {box: certificate(purpose(x509.ExtKeyUsageTimeStamping)), ours: Invalid, their: Trusted, note: "14.5.1.2: for one of three purposes"},
		"expired":           {box: certificate(func(c *x509.Certificate) { c.NotAfter = now.Add(-time.Minute) }), ours: Invalid, their: Invalid},
		"before-authority":  {box: timed(tsa, now.AddDate(-20, 0, 0)), ours: Trusted, their: Trusted, code: TimeStampOutsideValidity},
		"before-signer":     {box: timed(tsa, now.AddDate(-1, 0, 0)), ours: Invalid, their: Invalid, code: TimeStampTrusted},
		"not-revoked":       {box: stapled(ca.answerBy(responder, responderKey, s.Chain[0], nil)), ours: Trusted, their: Trusted, code: SigningCredentialNotRevoked},
		"revoked":           {box: stapled(ca.answerBy(responder, responderKey, s.Chain[0], revoked(time.Hour, 1))), ours: Invalid, their: Invalid, code: SigningCredentialRevoked},
		"revoked-by-issuer": {box: stapled(ca.answer(s.Chain[0], revoked(time.Hour, 1))), ours: Invalid, their: Trusted, note: "RFC 6960, 4.2.2.2: the issuer may answer itself"},
		"unknown-authority": {box: timed(tsptest.New(t), now), ours: Trusted, their: Trusted, code: TimeStampUntrusted},
	}
	files := map[string][]byte{}
	for name, tt := range tests {
		files[name] = picture.with(tt.box)
	}
	verdicts := askReference(t, []*x509.Certificate{ca.cert, tsa.Root}, files)
	for name, tt := range tests {
		report, err := Validate(metadata.Bytes(files[name], name), opts)
		require.NoError(t, err)
		require.Equal(t, tt.ours, report.State, "%s: %v", name, report.Findings)
		require.Equal(t, tt.their, State(verdicts[name].State), "%s: %s %v", name, verdicts[name].Error, verdicts[name].Failures)
		require.Equal(t, tt.ours != tt.their, tt.note != "", name)
		if tt.code != "" {
			require.Contains(t, codes(report.Findings), tt.code, name)
			require.Contains(t, verdicts[name].Codes, string(tt.code), name)
		}
	}
}
