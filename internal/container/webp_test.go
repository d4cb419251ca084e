package container

import (
	"bytes"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	_ "golang.org/x/image/webp" // another decoder of what we write
)

// webp returns a RIFF file of the form WEBP.
func webp(chunks ...string) []byte {
	return []byte(chunk("RIFF", "WEBP"+strings.Join(chunks, "")))
}

// unpadded returns a file without the pad byte of its last chunk.
func unpadded(b []byte) []byte {
	b[4]--
	return b[:len(b)-1]
}

// vp8x returns the header of an extended file of 2x3 pixels.
func vp8x(flags byte) string { return chunk("VP8X", string([]byte{flags, 0, 0, 0, 1, 0, 0, 2, 0, 0})) }

var (
	vp8      = chunk("VP8 ", "\x30\x04\x00\x9d\x01\x2a\x02\x00\x03\x40rest")
	vp8l     = chunk("VP8L", "\x2f\x01\x80\x00\x00")
	vp8lIs   = chunk("VP8L", "\x2f\x01\x80\x00\x10") // alpha is used
	tiffTiny = "II*\x00\x08\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	exifWebP = chunk("EXIF", tiffTiny)
	xmpWebP  = chunk("XMP ", string(somePacket))
)

func TestWebPRoundTrip(t *testing.T) {
	for name, b := range fixtures(t, "webp") {
		t.Run(name, func(t *testing.T) {
			truncations(t, WebP, b, len(b))
			roundTrip(t, WebP, b, XMP, somePacket, bytes.Repeat(somePacket, 3), []byte("<odd/>"))
			roundTrip(t, WebP, b, EXIF, []byte(tiffTiny), []byte(tiffTiny+"\x00"))
		})
	}
}

func TestWebPAdds(t *testing.T) {
	trailing := func(b []byte) []byte { return append(b, "behind"...) }
	for name, tt := range map[string]struct{ in, want []byte }{
		"lossy":              {webp(vp8), webp(vp8x(0x04), vp8, xmpWebP)},
		"lossless":           {webp(vp8l), webp(vp8x(0x04), vp8l, xmpWebP)},
		"lossless, alpha":    {webp(vp8lIs), webp(vp8x(0x14), vp8lIs, xmpWebP)},
		"extended":           {webp(vp8x(0x30), chunk("ICCP", "x"), chunk("ALPH", "y"), vp8), webp(vp8x(0x34), chunk("ICCP", "x"), chunk("ALPH", "y"), vp8, xmpWebP)},
		"animated":           {webp(vp8x(2), chunk("ANIM", "x"), chunk("ANMF", "y")), webp(vp8x(6), chunk("ANIM", "x"), chunk("ANMF", "y"), xmpWebP)},
		"behind EXIF":        {webp(vp8x(8), vp8, exifWebP), webp(vp8x(12), vp8, exifWebP, xmpWebP)},
		"EXIF flag wrong":    {webp(vp8x(0), vp8, exifWebP), webp(vp8x(12), vp8, exifWebP, xmpWebP)},
		"before unknown":     {webp(vp8x(0), vp8, chunk("C2PA", "z")), webp(vp8x(4), vp8, xmpWebP, chunk("C2PA", "z"))},
		"trailing data":      {trailing(webp(vp8)), trailing(webp(vp8x(4), vp8, xmpWebP))},
		"no last pad byte":   {unpadded(webp(vp8x(0), chunk("ANMF", "y"))), webp(vp8x(4), chunk("ANMF", "y"), xmpWebP)},
		"second VP8X":        {webp(vp8x(0), vp8, vp8x(8)), webp(vp8x(4), vp8, xmpWebP, vp8x(8))},
		"size with header":   {append([]byte{'R', 'I', 'F', 'F', byte(len(webp(vp8)))}, webp(vp8)[5:]...), webp(vp8x(4), vp8, xmpWebP)},
		"size of zero":       {[]byte("RIFF\x00\x00\x00\x00WEBP" + vp8), []byte("RIFF\x00\x00\x00\x00WEBP" + vp8x(4) + vp8 + xmpWebP)},
		"header and unknown": {webp(vp8x(0xC0), vp8, chunk("what", "z")), webp(vp8x(0xC4), vp8, xmpWebP, chunk("what", "z"))},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, string(tt.want), string(put(t, WebP, tt.in, XMP, somePacket)))
		})
	}
}

// TestWebPChangesAtOnce moves a record out of an Exif block into a new packet,
// in a file whose last chunk lacks its pad byte.
func TestWebPChangesAtOnce(t *testing.T) {
	b := unpadded(webp(vp8x(8), vp8, chunk("EXIF", tiffTiny+"xyz")))
	f := walk(t, WebP, b)
	require.NoError(t, f.Summary().Damage)
	for name, tt := range map[string]struct {
		exif []byte
		want []byte
	}{
		"removed":  {nil, webp(vp8x(4), vp8, xmpWebP, chunk("C2PA", "jumb"))},
		"replaced": {[]byte(tiffTiny), webp(vp8x(12), vp8, exifWebP, xmpWebP, chunk("C2PA", "jumb"))},
	} {
		plan, err := f.Plan([]Change{{Slot: guide(f, EXIF), Value: tt.exif}, {Kind: C2PA, Value: []byte("jumb")}, {Kind: XMP, Value: somePacket}})
		require.NoError(t, err)
		require.Equal(t, string(tt.want), string(output(t, plan, b)), name)
	}
	for _, kind := range []Kind{Record, Text} {
		_, err := f.Plan([]Change{{Kind: kind, Value: someRecord}})
		require.ErrorIs(t, err, ErrNoPlace)
	}
}

// A store alone leaves a simple file simple.
func TestWebPCredentialsKeepSimpleFiles(t *testing.T) {
	b := put(t, WebP, webp(vp8), C2PA, []byte("jumb"))
	require.Equal(t, webp(vp8, chunk("C2PA", "jumb")), b)
	require.Equal(t, webp(vp8), remove(t, WebP, b, C2PA))
}

func TestWebPSlots(t *testing.T) {
	b := webp(vp8x(12), chunk("AIGC", string(someRecord)), vp8, chunk("EXIF", jpegEXIF+tiffTiny), exifWebP, xmpWebP, xmpWebP, chunk("C2PA", "jumb"))
	f := walk(t, WebP, b)
	require.NoError(t, f.Summary().Damage)
	require.Equal(t, []string{
		"WebP AIGC " + string(someRecord), "WebP EXIF guide " + tiffTiny, "WebP EXIF " + tiffTiny,
		"WebP XMP guide " + string(somePacket), "WebP XMP " + string(somePacket), "WebP C2PA guide ",
	}, slotsOf(f))
	for _, s := range f.Summary().Slots {
		if r := s.Ranges[0]; s.Kind != C2PA {
			require.Equal(t, string(s.Value), string(b[r.Offset:r.Offset+r.Length]))
		}
	}
}

func TestWebPDamage(t *testing.T) {
	whole, odd := webp(vp8x(4), vp8, xmpWebP), webp(vp8x(4), vp8, chunk("XMP ", "odd"))
	for name, tt := range map[string]struct {
		b      []byte
		offset int64
		slots  int
	}{
		"empty":               {nil, 0, 0},
		"other form":          {wav(format, sound), 0, 0},
		"RF64":                {[]byte("RF64\xff\xff\xff\xffWEBP" + vp8), 0, 0},
		"no image":            {webp(xmpWebP), int64(len(webp(xmpWebP))), 1},
		"frame without VP8X":  {webp(chunk("ANMF", ""), xmpWebP), int64(len(webp(chunk("ANMF", ""), xmpWebP))), 1},
		"short VP8X":          {webp(chunk("VP8X", "\x04"), vp8, xmpWebP), 12, 1},
		"short VP8":           {webp(chunk("VP8 ", "\x30\x04\x00\x9d\x01\x2a\x02\x00\x03"), xmpWebP), 12, 1},
		"inter frame":         {webp(strings.Replace(vp8, "\x30", "\x31", 1), xmpWebP), 12, 1},
		"VP8 start code":      {webp(strings.Replace(vp8, "\x9d", "\x9e", 1), xmpWebP), 12, 1},
		"VP8L signature":      {webp(strings.Replace(vp8l, "\x2f", "\x2e", 1), xmpWebP), 12, 1},
		"image past the end":  {append([]byte("RIFF\xff\x00\x00\x00WEBP"+vp8x(4)), "VP8 \xff\xff\xff\xff0123456789"...), 48, 0},
		"packet cut":          {whole[:len(whole)-3], int64(len(webp(vp8x(4), vp8))), 1},
		"pad byte cut":        {odd[:len(odd)-1], int64(len(odd) - 1), 1},
		"RIFF size too large": {append([]byte("RIFF\xff\x00\x00\x00"), whole[8:]...), int64(len(whole)), 1},
	} {
		t.Run(name, func(t *testing.T) {
			l := walk(t, WebP, tt.b).Summary()
			var bad *FormatError
			require.ErrorAs(t, l.Damage, &bad)
			require.Equal(t, tt.offset, bad.Offset)
			require.Len(t, l.Slots, tt.slots)
		})
	}
}

func TestHostileWebPIsCheap(t *testing.T) {
	flood := func(chunk string) []byte {
		return webp(vp8x(4), vp8, xmpWebP, strings.Repeat(chunk, (1<<20)/len(chunk)))
	}
	for name, b := range map[string][]byte{
		"chunks":  flood(chunk("abCD", "")),
		"packets": flood(chunk("XMP ", "")),
		"stores":  flood(chunk("C2PA", "")),
		"blocks":  flood(exifWebP),
		"frames":  flood(chunk("ANMF", "")),
		"headers": flood(vp8x(0)),
	} {
		t.Run(name, func(t *testing.T) {
			f := cheapWalk(t, WebP, b)
			require.NoError(t, f.Summary().Damage)
			require.NotNil(t, guide(f, XMP))
		})
	}
}

// webpmux and dwebp are of the reference implementation.
func TestInteropWebPTools(t *testing.T) {
	for name, b := range fixtures(t, "webp") {
		out := labelled(t, WebP, b)
		packet, err := exec.Command(tool(t, "webpmux"), "-get", "xmp", written(t, name, out), "-o", "-").Output()
		require.NoError(t, err, name)
		require.Equal(t, string(guide(walk(t, WebP, out), XMP).Value), string(packet), name)
		if name == "animated.webp" {
			continue // not for dwebp
		}
		decode := func(b []byte) []byte {
			pixels, err := exec.Command(tool(t, "dwebp"), "-quiet", "-pam", written(t, name, b), "-o", "-").Output()
			require.NoError(t, err, name)
			return pixels
		}
		require.Equal(t, decode(b), decode(out), name)
	}
}

func FuzzWebP(f *testing.F) {
	f.Add(webp(vp8x(12), vp8, exifWebP, xmpWebP, chunk("C2PA", "jumb")))
	f.Add(webp(vp8lIs, chunk("AIGC", "{}")))
	fuzz(f, "webp", WebP, XMP, somePacket)
}
