package container

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"
)

func heifPicture(b []byte) (*HEIFPicture, error) {
	return ReadHEIFPicture(NewSource(bytes.NewReader(b), int64(len(b)), Limits{}))
}

func TestHEIFPicture(t *testing.T) {
	for name, want := range map[string]HEIFPicture{
		"heic/plain.heic":    {Width: 32, Height: 32, Orientation: 1, Depth: 8, Chroma: "420"},
		"heic/alpha.heic":    {Width: 32, Height: 32, Orientation: 1, Depth: 8, Chroma: "420"}, // and a thumbnail
		"heic/two.heic":      {Else: "further pictures or maps"},
		"avif/plain.avif":    {Width: 32, Height: 32, Orientation: 1, Depth: 8, Chroma: "444"},
		"avif/alpha.avif":    {Width: 32, Height: 32, Orientation: 1, Depth: 8, Chroma: "444", Alpha: true},
		"avif/grid.avif":     {Width: 128, Height: 128, Orientation: 1, Depth: 8, Chroma: "444"},
		"avif/sequence.avif": {Else: "a sequence of pictures"},
	} {
		p, err := heifPicture(fixtures(t, name[:4])[name[5:]])
		require.NoError(t, err, name)
		if want.Else != "" {
			require.Contains(t, p.Else, want.Else, name)
			continue
		}
		require.Empty(t, p.Else, name)
		want.ICC, want.NCLX, want.EXIF, want.XMP = p.ICC, p.NCLX, p.EXIF, p.XMP
		require.Equal(t, want, *p, name)
	}
	p, err := heifPicture(fixtures(t, "heic")["tagged.heic"])
	require.NoError(t, err)
	require.NotEmpty(t, p.EXIF)
	require.NotEmpty(t, p.XMP)
}

func TestHEIFPictureRefuses(t *testing.T) {
	good := fixtures(t, "avif")["alpha.avif"]
	for n := range good {
		_, err := heifPicture(good[:n])
		require.ErrorAs(t, err, new(*FormatError), "cut at %d", n)
	}
	unsized := bytes.Replace(good, []byte("ispe"), []byte("free"), 1)
	p, err := heifPicture(unsized)
	require.True(t, err != nil || p.Else != "", "a picture without a size")
}

// Regression: the properties of an item that is listed again and again had no bound.
func TestHEIFPictureListsItemsOnce(t *testing.T) {
	b := bytes.Clone(fixtures(t, "avif")["alpha.avif"])
	first := bytes.Index(b, []byte("ipma")) + 12
	second := first + 3 + int(b[first+2])
	copy(b[second:second+2], b[first:])
	p, err := heifPicture(b)
	require.NoError(t, err)
	require.Contains(t, p.Else, "further pictures", "the other item has no properties")
}

func TestUprightEXIF(t *testing.T) {
	block := []byte("II*\x00\x08\x00\x00\x00\x01\x00\x12\x01\x03\x00\x01\x00\x00\x00\x06\x00\x00\x00\x00\x00\x00\x00")
	require.Equal(t, 6, EXIFOrientation(block))
	upright := UprightEXIF(block)
	require.Equal(t, 1, EXIFOrientation(upright))
	require.Len(t, upright, len(block))
	require.Equal(t, uint16(6), binary.LittleEndian.Uint16(block[18:]), "the source stays")
	require.Nil(t, UprightEXIF(nil))
}

func FuzzHEIFPicture(f *testing.F) {
	for _, format := range []string{"heic", "avif"} {
		for _, b := range fixtures(f, format) {
			f.Add(b)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := heifPicture(b)
		if err == nil && p.Else == "" {
			require.Positive(t, p.Width)
			require.Positive(t, p.Height)
		}
		UprightEXIF(b)
	})
}
