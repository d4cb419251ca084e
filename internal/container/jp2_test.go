package container

import (
	"bytes"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestJP2RoundTrip(t *testing.T) {
	for name, b := range fixtures(t, "jp2") {
		t.Run(name, func(t *testing.T) {
			roundTrip(t, JP2, b, XMP, somePacket, bytes.Repeat(somePacket, 9), []byte("<x/>"))
			roundTrip(t, JP2, b, EXIF, []byte("MM\x00*long block"), []byte("MM\x00*"), []byte("MM\x00*block"))
			if name != "tagged.jp2" { // whose boxes may be cut off behind the codestream unseen
				out := put(t, JP2, b, XMP, somePacket)
				truncations(t, JP2, out, len(out))
			}
		})
	}
}

// jp2Of returns a file with boxes between the image header and the codestream.
func jp2Of(boxes []byte) []byte {
	return bytes.Join([][]byte{[]byte(jp2Signature), bmffEncode("ftyp", []byte("jp2 \x00\x00\x00\x00jp2 ")), bmffEncode("jp2h", make([]byte, 8)),
		boxes, bmffEncode("jp2c", []byte("\xff\x4fstream\xff\xd9"))}, nil)
}

func TestJP2Slots(t *testing.T) {
	packet := bmffEncode("uuid", []byte(uuidXMP), somePacket)
	for name, tt := range map[string]struct {
		boxes []byte
		want  []string
	}{
		"nothing":       {nil, nil},
		"xmp":           {packet, []string{"JP2 uuid XMP guide " + string(somePacket)}},
		"xml":           {bmffEncode("xml ", somePacket), []string{"JP2 xml XMP " + string(somePacket)}},
		"other xml":     {bmffEncode("xml ", []byte("<gml/>")), nil},
		"Exif":          {bmffEncode("uuid", []byte(uuidEXIF), []byte("MM")), []string{"JP2 uuid Exif guide MM"}},
		"Exif as JPEG":  {bmffEncode("uuid", []byte(uuidEXIF), []byte(jpegEXIF+"MM")), []string{"JP2 uuid Exif guide MM"}},
		"other uuid":    {bmffEncode("uuid", make([]byte, 40)), nil},
		"short uuid":    {bmffEncode("uuid", []byte(uuidEXIF[:9])), nil},
		"empty Exif":    {bmffEncode("uuid", []byte(uuidEXIF)), []string{"JP2 uuid Exif guide "}},
		"a C2PA uuid":   {bmffEncode("uuid", []byte(uuidC2PA), []byte("\x00\x00\x00\x00manifest\x00\x00\x00\x00\x00\x00\x00\x00\x00store")), []string{"JP2 uuid C2PA guide "}},
		"other fragile": {bmffEncode("asoc", packet), nil},
	} {
		f := walk(t, JP2, jp2Of(tt.boxes))
		require.NoError(t, f.Summary().Damage, name)
		require.Equal(t, tt.want, slotsOf(f), name)
	}
	require.Equal(t, jp2Of(packet), put(t, JP2, jp2Of(nil), XMP, somePacket), "before the codestream")
	_, err := walk(t, JP2, jp2Of(nil)).Plan([]Change{{Kind: Record, Value: someRecord}})
	require.ErrorIs(t, err, ErrNoPlace)
}

func TestJP2Damage(t *testing.T) {
	packet := bmffEncode("uuid", []byte(uuidXMP), somePacket)
	b := jp2Of(packet)
	open := bytes.Replace(b, []byte("\x00\x00\x00\x12jp2c"), []byte("\x00\x00\x00\x00jp2c"), 1)
	require.NoError(t, walk(t, JP2, open).Summary().Damage)
	for name, b := range map[string][]byte{
		"no codestream":  b[:bytes.Index(b, []byte("jp2c"))-4],
		"no signature":   b[12:],
		"no header":      slices.Concat([]byte(jp2Signature), bmffEncode("jp2c"), packet),
		"cut codestream": open[:len(open)-1],
		"no codestream ": open[:len(open)-10],
	} {
		f := walk(t, JP2, b)
		require.Error(t, f.Summary().Damage, name)
		require.NotNil(t, guide(f, XMP), name)
	}
}

// Boxes that say where in the file the codestream is forbid to move it.
func TestJP2Index(t *testing.T) {
	for _, kind := range []string{"cidx", "fidx", "ftbl"} {
		f := walk(t, JP2, jp2Of(bmffEncode(kind, make([]byte, 8))))
		require.NoError(t, f.Summary().Damage)
		_, err := f.Plan([]Change{{Kind: XMP, Value: somePacket}})
		require.ErrorContains(t, err, kind+" box")
	}
}

func FuzzJP2(f *testing.F) {
	f.Add(jp2Of(bmffEncode("uuid", []byte(uuidEXIF), []byte("MM"))))
	fuzz(f, "jp2", JP2, XMP, somePacket)
}
