package c2pa

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aigclabel/aigclabel/internal/jumbf"
	"github.com/aigclabel/aigclabel/metadata"
)

// wrapped returns a store as text carries it: U+FEFF and a variation selector for each
// byte (C2PA 2.4, A.8).
func wrapped(store []byte) string {
	data := binary.BigEndian.AppendUint32([]byte("C2PATXT\x00\x01"), uint32(len(store)))
	out := []rune{0xFEFF}
	for _, c := range append(data, store...) {
		if c < 16 {
			out = append(out, 0xFE00+rune(c))
		} else {
			out = append(out, 0xE0100+rune(c)-16)
		}
	}
	return string(out)
}

// TestUnusable has files whose stores do not count, and why.
func TestUnusable(t *testing.T) {
	s, _ := forger(t)
	store := storeOf(forge().act(created()).build(t, s))
	script := `<script type="application/c2pa">` + base64.StdEncoding.EncodeToString(store) + `</script>`
	link := `<link rel="c2pa-manifest" href="https://example.com/a.c2pa">`
	page := `<!DOCTYPE html><html><head><title>a</title>%s</head><body>a</body></html>`
	png := vector(t, "png-rgb.png")
	at := bytes.Index(png, []byte("caBX")) - 4
	chunk := png[at:][:12+binary.BigEndian.Uint32(png[at:])]
	for name, c := range map[string]struct {
		file string
		code Code
	}{
		"a.html":    {fmt.Sprintf(page, script+script), ManifestHTMLMultiple},
		"b.html":    {fmt.Sprintf(page, link+script), ManifestHTMLMultiple},
		"two.txt":   {"a" + wrapped(store) + "b" + wrapped(store), ManifestTextMultipleWrappers},
		"other.txt": {"another text" + wrapped(store), ""},
		"short.txt": {"a" + string([]rune(wrapped(store))[:300]), ManifestTextCorruptedWrapper},
		"two.png":   {string(slices.Concat(png[:at], chunk, png[at:])), GeneralError},
	} {
		r, err := Validate(metadata.Bytes([]byte(c.file), name), nil)
		require.NoError(t, err, name)
		require.Equal(t, Invalid, r.State, name)
		if c.code != "" {
			require.Equal(t, []Code{c.code}, codes(r.Findings), name)
			require.Nil(t, r.Active, name)
		} else {
			require.NotNil(t, r.Active, "%s: %v", name, r.Findings)
		}
	}
	r, err := Validate(metadata.Bytes(fmt.Appendf(nil, page, link), "c.html"), nil)
	require.NoError(t, err)
	require.Equal(t, State(""), r.State)
	require.Equal(t, "https://example.com/a.c2pa", r.Remote)
	require.Equal(t, []Code{ManifestInaccessible}, codes(r.Findings))
}

// TestUpdateBox reads a file of boxes with an update manifest in a box of its own (C2PA 2.1,
// A.5), which goes on from the store before.
func TestUpdateBox(t *testing.T) {
	b := vector(t, "mp4-faststart.mp4")
	stores, _, err := carrying(t, b, "").stores(nil)
	require.NoError(t, err)
	old, err := jumbf.Parse(stores[0])
	require.NoError(t, err)
	s, opts := forger(t)
	update := forge()
	update.kind, update.assertions, update.created = "c2um", nil, nil
	update.from(old.Children[0], parentOf, nil)
	box := slices.Concat([]byte("uuid\xd8\xfe\xc3\xd6\x1b\x0e\x48\x3c\x92\x97\x58\x28\x87\x7e\xc4\x81\x00\x00\x00\x00update\x00"), make([]byte, 8), storeOf(update.build(t, s)))
	b = slices.Concat(bytes.Replace(b, []byte("manifest\x00"), []byte("original\x00"), 1), binary.BigEndian.AppendUint32(nil, uint32(4+len(box))), box)
	r, err := Validate(metadata.Bytes(b, ""), opts)
	require.NoError(t, err)
	require.Equal(t, Trusted, r.State, failures(r.Findings))
	require.True(t, r.Active.Update)
	require.Equal(t, OriginGenerated, r.Origin)
	require.Equal(t, manifestURI(old.Children[0].Label, inStore+"c2pa.hash.bmff.v3"), where(r.Findings, BMFFHashMatch))

	b[len(b)-1] ^= 1
	r, err = Validate(metadata.Bytes(b, ""), opts)
	require.NoError(t, err)
	require.Equal(t, Invalid, r.State)
}

// TestLaterStore has a store that repeats a manifest of an earlier one of the same file, as
// updates of a PDF do: what it refers to is its own.
func TestLaterStore(t *testing.T) {
	s, _ := forger(t)
	first := forge().act(created()).build(t, s)
	second := forge().open(first, nil).build(t, s)
	all := newStore(1 << 20)
	require.NoError(t, all.add(storeOf(first)))
	require.NoError(t, all.add(storeOf(first, second)))
	require.Len(t, all.manifests, 3)
	require.Same(t, all.manifests[1], all.byLabel[first.Label])
	require.Equal(t, second.Label, all.active().label)

	twice := newStore(1 << 20)
	require.NoError(t, twice.add(storeOf(first, first)))
	require.Nil(t, twice.byLabel[first.Label], "ambiguous")
}
