package c2pa

import (
	"bytes"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aigclabel/aigclabel/internal/jumbf"
	"github.com/aigclabel/aigclabel/internal/tsp/tsptest"
	"github.com/aigclabel/aigclabel/metadata"
)

// update adds an update manifest to a file.
func update(t testing.TB, s *Signer, b []byte, name string, c Claim) ([]byte, Receipt, error) {
	t.Helper()
	out, receipt, err := s.PlanUpdate(t.Context(), metadata.Bytes(b, name), c, &SignOptions{Validate: &Options{Trust: testTrust(t)}})
	if err != nil {
		return nil, receipt, err
	}
	var buf bytes.Buffer
	_, err = out.WriteTo(&buf)
	require.NoError(t, err)
	return buf.Bytes(), receipt, nil
}

// note is a claim that changes no content.
func note() Claim { return Claim{Assertions: []Assertion{{Label: "com.example.note", CBOR: "seen"}}} }

// updatable are the formats where a store can grow without other bytes changing.
var updatable = []string{"jpeg", "png", "gif", "svg", "jxl", "mp4", "mov", "m4a", "heic", "avif"}

func TestUpdate(t *testing.T) {
	for _, format := range updatable {
		path := fixtures(t, format)[0]
		t.Run(format, func(t *testing.T) {
			b, first := sign(t, read(t, path), path, testClaim(), nil)
			for i := range 3 {
				updated, receipt, err := update(t, testSigner(t), b, path, note())
				require.NoError(t, err)
				require.Empty(t, receipt.Binding)
				r := validate(t, updated, path, nil)
				require.Equal(t, Trusted, r.State, "%v", faultsOf(r))
				require.True(t, r.Active.Update)
				require.Len(t, r.Manifests, i+1)
				b = updated
			}
			edited, _ := sign(t, b, path, Edited("Model", "1", testTime), nil)
			r := validate(t, edited, path, nil)
			require.Equal(t, Trusted, r.State, "%v", faultsOf(r))
			require.Len(t, r.Manifests, 4, "a new manifest goes on from the updates")
			require.Equal(t, first.Manifest, r.Manifests[3].Label)
		})
	}
}

func TestUpdateThatWouldChangeOtherBytes(t *testing.T) {
	for format := range carriers {
		path := fixtures(t, format)[0]
		b := new(bytes.Buffer)
		_, err := testSigner(t).Sign(t.Context(), b, metadata.Bytes(read(t, path), path), testClaim(), nil)
		if errors.Is(err, ErrNoPlace) {
			continue
		}
		require.NoError(t, err)
		updated, _, err := update(t, testSigner(t), b.Bytes(), path, note())
		if err != nil {
			require.ErrorIs(t, err, ErrUpdate, filepath.Base(path))
			require.NotContains(t, updatable, format)
			continue
		}
		require.Equal(t, Trusted, validate(t, updated, path, nil).State, path)
	}
}

func TestUpdateNeedsIntactCredentials(t *testing.T) {
	b := read(t, jpegFixture)
	_, _, err := update(t, testSigner(t), b, "a.jpg", note())
	require.ErrorIs(t, err, ErrUpdate, "an unsigned file")

	signed, _ := sign(t, b, "a.jpg", testClaim(), nil)
	_, _, err = update(t, testSigner(t), signed, "a.jpg", testClaim())
	require.ErrorIs(t, err, ErrUpdate, "content that is made")
	marked := note()
	marked.SoftBindings = []SoftBinding{{Algorithm: "a.b", Value: []byte{1}}}
	_, _, err = update(t, testSigner(t), signed, "a.jpg", marked)
	require.ErrorIs(t, err, ErrUpdate, "content that is marked")

	signed[len(signed)-20] ^= 1
	_, _, err = update(t, testSigner(t), signed, "a.jpg", note())
	require.ErrorIs(t, err, ErrUpdate, "a broken file")
}

func TestUpdateTellsActionsThatChangeNoContent(t *testing.T) {
	signed, _ := sign(t, read(t, jpegFixture), "a.jpg", testClaim(), nil)
	updated, _, err := update(t, testSigner(t), signed, "a.jpg", Claim{Actions: []Action{{Action: ActionPublished, When: testTime}}})
	require.NoError(t, err)
	r := validate(t, updated, "a.jpg", nil)
	require.Equal(t, Trusted, r.State, "%v", faultsOf(r))
	require.Equal(t, ActionPublished, r.Active.Actions[len(r.Active.Actions)-1].Action)
}

func TestLaterTimeStamp(t *testing.T) {
	signed, first := sign(t, read(t, jpegFixture), "a.jpg", testClaim(), nil)
	authority := tsptest.New(t)
	s := testSigner(t)
	claim := Claim{StampParent: true}
	_, _, err := update(t, s, signed, "a.jpg", claim)
	require.ErrorContains(t, err, "needs a Timestamper")

	s.Timestamper = stamper(func(message []byte) ([]byte, error) { return authority.Token(message, time.Now()), nil })
	updated, _, err := update(t, s, signed, "a.jpg", claim)
	require.NoError(t, err)
	trust := testTrust(t)
	trust.TimeStampers = append(trust.TimeStampers, authority.Root)
	r := validate(t, updated, "a.jpg", &Options{Trust: trust})
	require.Equal(t, Trusted, r.State, "%v", faultsOf(r))
	require.Equal(t, first.Manifest, r.Manifests[0].Label)
	require.False(t, r.Manifests[0].Signature.Time.IsZero())
}

func TestUpdateOfBoxesMovesNothing(t *testing.T) {
	path := fixtures(t, "mp4")[0]
	signed, _ := sign(t, read(t, path), path, testClaim(), nil)
	updated, receipt, err := update(t, testSigner(t), signed, path, note())
	require.NoError(t, err)
	store, err := jumbf.Parse(receipt.Store)
	require.NoError(t, err)
	require.Len(t, store.Children, 1, "the original store is not repeated")
	at := bytes.Index(signed, []byte("manifest\x00"))
	require.Equal(t, "original\x00", string(updated[at:at+9]))
	require.Equal(t, signed[at+9:], updated[at+9:len(signed)])
}

func TestUpdateBehindABoxWithoutAnEnd(t *testing.T) {
	path := "../testdata/mp4/faststart.mp4"
	b := read(t, path)
	last := bytes.LastIndex(b, []byte("mdat"))
	clear(b[last-4 : last]) // it goes on to the end of the file
	signed, _ := sign(t, b, path, testClaim(), nil)
	_, _, err := update(t, testSigner(t), signed, path, note())
	require.ErrorIs(t, err, ErrUpdate)
	edited, _ := sign(t, signed, path, Edited("Model", "1", testTime), nil)
	require.Equal(t, Trusted, validate(t, edited, path, nil).State)
}
