package font

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/image/font/sfnt"
)

func TestFontHasItsCharacters(t *testing.T) {
	f, err := sfnt.Parse(OTF)
	require.NoError(t, err)
	glyphs, err := os.ReadFile("glyphs.txt")
	require.NoError(t, err)
	var buf sfnt.Buffer
	for _, r := range string(glyphs) {
		if r == '\n' {
			continue
		}
		glyph, err := f.GlyphIndex(&buf, r)
		require.NoError(t, err)
		require.NotZero(t, glyph, "%q", r)
	}
	family, err := f.Name(&buf, sfnt.NameIDFamily)
	require.NoError(t, err)
	require.Equal(t, "AIGC Label Sans", family, "a changed font must not carry the name of the original")
	license, err := f.Name(&buf, sfnt.NameIDLicense)
	require.NoError(t, err)
	require.Contains(t, license, "SIL Open Font License, Version 1.1")
	require.Contains(t, License, "SIL Open Font License, Version 1.1")
}
