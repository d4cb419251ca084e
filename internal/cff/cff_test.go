package cff

import (
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"
	xfont "golang.org/x/image/font"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"

	"github.com/aigclabel/aigclabel/label/font"
)

// all returns the glyphs of a font.
func all(f *sfnt.Font) (glyphs []sfnt.GlyphIndex) {
	for g := range f.NumGlyphs() {
		glyphs = append(glyphs, sfnt.GlyphIndex(g))
	}
	return glyphs
}

// exchange returns an OpenType file with another CFF table, behind all others.
func exchange(t *testing.T, file, table []byte) []byte {
	t.Helper()
	out := append([]byte{}, file...)
	for i := range int(binary.BigEndian.Uint16(file[4:])) {
		entry := out[12+16*i:][:16]
		if string(entry[:4]) != "CFF " {
			continue
		}
		for len(out)%4 != 0 {
			out = append(out, 0)
			entry = out[12+16*i:][:16]
		}
		binary.BigEndian.PutUint32(entry[8:], uint32(len(out)))
		binary.BigEndian.PutUint32(entry[12:], uint32(len(table)))
		return append(out, table...)
	}
	require.Fail(t, "no CFF table")
	return nil
}

// TestEncodeKeepsOutlines: a font with all glyphs of another one draws the same.
func TestEncodeKeepsOutlines(t *testing.T) {
	source, err := sfnt.Parse(font.OTF)
	require.NoError(t, err)
	subset, err := Subset(source, "ABCDEF+Test", all(source))
	require.NoError(t, err)
	again, err := sfnt.Parse(exchange(t, font.OTF, subset.Encode()))
	require.NoError(t, err)
	var a, b sfnt.Buffer
	for _, g := range all(source) {
		want, err := source.LoadGlyph(&a, g, fixed.I(Em), nil)
		require.NoError(t, err)
		got, err := again.LoadGlyph(&b, g, fixed.I(Em), nil)
		require.NoError(t, err)
		require.Equal(t, want, got, "glyph %d", g)
	}
}

// TestSubsetTrueType: quadratic curves keep their shape to half a unit.
func TestSubsetTrueType(t *testing.T) {
	source, err := sfnt.Parse(goregular.TTF)
	require.NoError(t, err)
	var buf sfnt.Buffer
	g, err := source.GlyphIndex(&buf, 'g')
	require.NoError(t, err)
	subset, err := Subset(source, "Go", []sfnt.GlyphIndex{0, g})
	require.NoError(t, err)
	bounds, advance, err := source.GlyphBounds(&buf, g, fixed.I(Em), xfont.HintingNone)
	require.NoError(t, err)
	require.Equal(t, advance.Round(), subset.Widths[1])
	require.InDelta(t, -bounds.Max.Y.Round(), subset.Bounds[1], 1, "the tail of g is the lowest")
	require.Less(t, len(subset.Encode()), 800)
}

func TestNumbers(t *testing.T) {
	for n, want := range map[int][]byte{
		0: {139}, -107: {32}, 107: {246}, 108: {247, 0}, 1131: {250, 255}, -108: {251, 0}, -1131: {254, 255},
		1132: {28, 4, 108}, -1132: {28, 251, 148}, 32767: {28, 127, 255}, -32768: {28, 128, 0},
	} {
		require.Equal(t, want, appendNumber(nil, n), "%d", n)
	}
}

func TestSubsetTooLarge(t *testing.T) {
	p := pen{bounds: new([4]int)}
	far := sfnt.Segment{Op: sfnt.SegmentOpMoveTo, Args: [3]fixed.Point26_6{{X: fixed.I(20000)}}}
	require.ErrorIs(t, p.draw(sfnt.Segments{far}), ErrTooLarge)
	_, err := Subset(nil, "", make([]sfnt.GlyphIndex, 1<<16))
	require.ErrorIs(t, err, ErrTooLarge)
}
