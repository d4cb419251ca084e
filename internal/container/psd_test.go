package container

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPSDSlots(t *testing.T) {
	b := fixtures(t, "psd")["labelled.psd"]
	f := walk(t, PSD, b)
	require.NoError(t, f.Summary().Damage)
	var got []string
	for _, s := range f.Summary().Slots {
		got = append(got, s.Place)
		if s.Kind != Text {
			require.Equal(t, s.Value, b[s.Ranges[0].Offset:][:s.Ranges[0].Length])
		}
	}
	slices.Sort(got)
	require.Equal(t, []string{"PSD resource 1028 IPTC", "PSD resource 1058 Exif", "PSD resource 1060 XMP"}, got)
	require.Contains(t, string(guide(f, XMP).Value), "TC260:AIGC")
	require.Contains(t, fmt.Sprint(EXIFTexts(guide(f, EXIF).Value)), "ImageDescription")
}

func TestPSDPlain(t *testing.T) {
	for _, name := range []string{"plain.psd", "plain.psb"} {
		l := walk(t, PSD, fixtures(t, "psd")[name]).Summary()
		require.NoError(t, l.Damage)
		require.Empty(t, l.Slots)
	}
}

// TestPSDTruncated cuts before the image data, whose end is not known.
func TestPSDTruncated(t *testing.T) {
	for name, b := range fixtures(t, "psd") {
		f, pos := psdFile{src: NewSource(bytes.NewReader(b), int64(len(b)), Limits{})}, int64(psdHeaderSize)
		for i := range 3 {
			section, err := f.section(pos, []int{4, 4, 4 * int(b[5])}[i])
			require.NoError(t, err)
			pos = section.Offset + section.Length
		}
		truncations(t, PSD, b, int(pos)+2)
		for n := len(b) / 2; n < len(b) && name == "labelled.psd"; n++ {
			if r := guide(walk(t, PSD, b), XMP).Ranges[0]; int64(n) >= r.Offset+r.Length {
				require.NotNil(t, guide(walk(t, PSD, b[:n:n]), XMP), "cut at %d", n)
			}
		}
	}
}

// psdOf returns a document with the resources.
func psdOf(resources string) []byte {
	b := append([]byte("8BPS\x00\x01"), make([]byte, psdHeaderSize-6+4)...)
	b = binary.BigEndian.AppendUint32(b, uint32(len(resources)))
	return append(append(b, resources...), make([]byte, 6)...)
}

func TestPSDResources(t *testing.T) {
	named := "8BIM\x03\xe8\x04name\x00\x00\x00\x00\x01a\x00"
	f := walk(t, PSD, psdOf(named+"MeSa\x04\x24\x00\x00\x00\x00\x00\x04<x/>"))
	require.NoError(t, f.Summary().Damage)
	require.Equal(t, "<x/>", string(guide(f, XMP).Value))
	for _, bad := range []string{"8BIM", "junk and junk", "8BIM\x04\x24\x00\x00\x00\x00\x00\x09<x/>", "8BIM\x04\x24\x00\x00\xff\xff\xff\xff"} {
		f := walk(t, PSD, psdOf(named+bad))
		require.Error(t, f.Summary().Damage, "%q", bad)
	}
	_, err := f.Plan([]Change{{Kind: XMP, Value: []byte("<x/>")}})
	require.ErrorIs(t, err, ErrNoPlace)
}

func TestPSDHostile(t *testing.T) {
	cheapWalk(t, PSD, psdOf(strings.Repeat("8BIM\x04\x24\x00\x00\x00\x00\x00\x00", 1<<20/12)))
}

func FuzzPSD(f *testing.F) { fuzz(f, "psd", PSD, XMP, somePacket) }

// TestPSDManyResources: each of them asked all slots whether the guide's place is
// taken, 13 s for a megabyte. The test has as many as a file may.
func TestPSDManyResources(t *testing.T) {
	iptc, other := "8BIM\x04\x04\x00\x00\x00\x00\x00\x00", "8BIM\x00\x01\x00\x00\x00\x00\x00\x00"
	resources := strings.Repeat(iptc, maxSlots-1) + strings.Repeat(other, 1<<20-maxSlots)
	head := "8BPS\x00\x01" + strings.Repeat("\x00", psdHeaderSize-6) + "\x00\x00\x00\x00"
	b := append(binary.BigEndian.AppendUint32([]byte(head), uint32(len(resources))), resources...)
	cheapWalk(t, PSD, append(b, make([]byte, 6)...))
}
