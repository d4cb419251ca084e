package container

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestJXLRoundTrip(t *testing.T) {
	for name, b := range fixtures(t, "jxl") {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, walk(t, JXL, b).Summary().Damage)
			roundTrip(t, JXL, b, XMP, somePacket, bytes.Repeat(somePacket, 9), []byte("<rdf:RDF/>"))
			roundTrip(t, JXL, b, EXIF, []byte("MM\x00*long block"), []byte("MM\x00*"), []byte("MM\x00*block"))
		})
	}
}

// jxlOf returns a file of boxes before and after the codestream.
func jxlOf(before, after []byte) []byte {
	return bytes.Join([][]byte{[]byte(jxlSignature + jxlType), before, bmffEncode("jxlc", []byte(jxlBare+"stream")), after}, nil)
}

func TestJXLSlots(t *testing.T) {
	packet := bmffEncode("xml ", somePacket)
	store := bmffEncode("jumb", bmffEncode("jumd", []byte("c2pa"), make([]byte, 12)))
	for name, tt := range map[string]struct {
		boxes []byte
		want  []string
	}{
		"nothing":      {nil, nil},
		"xmp":          {packet, []string{"JXL xml XMP guide " + string(somePacket)}},
		"two packets":  {append(packet, packet...), []string{"JXL xml XMP guide " + string(somePacket), "JXL xml XMP " + string(somePacket)}},
		"other xml":    {bmffEncode("xml ", []byte("<svg/>")), nil},
		"Exif":         {bmffEncode("Exif", []byte{0, 0, 0, 2}, []byte("xxMM")), []string{"JXL Exif guide MM"}},
		"credentials":  {store, []string{"JXL jumb C2PA guide "}},
		"other jumb":   {bmffEncode("jumb", bmffEncode("jumd", make([]byte, 16))), nil},
		"other box":    {bmffEncode("abcd", somePacket), nil},
		"frame index":  {bmffEncode("jxli", []byte{0}), nil},
		"a level":      {bmffEncode("jxll", []byte{10}), nil},
		"reconstructs": {bmffEncode("jbrd", []byte{0}), nil},
	} {
		for place, b := range map[string][]byte{"before": jxlOf(tt.boxes, nil), "after": jxlOf(nil, tt.boxes)} {
			f := walk(t, JXL, b)
			require.NoError(t, f.Summary().Damage, name+place)
			require.Equal(t, tt.want, slotsOf(f), name+place)
			require.Empty(t, f.Summary().Signed)
		}
	}
	require.Equal(t, "JPEG reconstruction data", walk(t, JXL, jxlOf(packet, bmffEncode("jbrd"))).Summary().Signed)
}

// A packet stands before the codestream, after what says how to decode it.
func TestJXLPlace(t *testing.T) {
	level := bmffEncode("jxll", []byte{10})
	require.Equal(t, jxlOf(append(level, bmffEncode("xml ", somePacket)...), nil), put(t, JXL, jxlOf(level, nil), XMP, somePacket))
}

func TestJXLBareIsWrapped(t *testing.T) {
	require.Equal(t, jxlOf(bmffEncode("xml ", somePacket), nil), put(t, JXL, []byte(jxlBare+"stream"), XMP, somePacket))
	src := &sparse{size: 5 << 30, parts: map[int64][]byte{0: []byte(jxlBare)}}
	f, err := JXL(NewSource(src, src.size, Limits{}))
	require.NoError(t, err)
	plan, err := f.Plan([]Change{{Kind: XMP, Value: somePacket}})
	require.NoError(t, err)
	again, err := JXL(NewSource(plan, plan.Size(), Limits{}))
	require.NoError(t, err)
	require.NoError(t, again.Summary().Damage)
	require.NotNil(t, guide(again, XMP))
}

// What is compressed with Brotli cannot be read, and is not written beside.
func TestJXLBrotli(t *testing.T) {
	for kind, limits := range map[string]int{"xml ": 1, "Exif": 1, "jumb": 0, "abcd": 0} {
		l := walk(t, JXL, jxlOf(bmffEncode("brob", []byte(kind), []byte("packed")), nil)).Summary()
		require.NoError(t, l.Damage)
		require.Len(t, l.Limits, limits, kind)
	}
}

func TestJXLDamage(t *testing.T) {
	packet := bmffEncode("xml ", somePacket)
	whole := jxlOf(packet, nil)
	truncations(t, JXL, whole, len(whole))
	part := func(index byte) []byte { return bmffEncode("jxlp", []byte{index, 0, 0, 1}, []byte("part")) }
	head := []byte(jxlSignature + jxlType)
	for name, b := range map[string][]byte{
		"no codestream": bytes.Join([][]byte{head, packet}, nil),
		"no last part":  bytes.Join([][]byte{head, packet, part(0)}, nil),
		"no type":       bytes.Join([][]byte{[]byte(jxlSignature), packet, bmffEncode("jxlc")}, nil),
		"no signature":  bytes.Join([][]byte{bmffEncode("ftyp"), packet, part(0x80)}, nil),
		"Exif distance": jxlOf(packet, bmffEncode("Exif", []byte{0, 0, 0, 9, 'M'})),
		"Exif, short":   jxlOf(packet, bmffEncode("Exif", []byte{0, 0})),
	} {
		f := walk(t, JXL, b)
		require.Error(t, f.Summary().Damage, name)
		require.NotNil(t, guide(f, XMP), name)
	}
	require.NoError(t, walk(t, JXL, bytes.Join([][]byte{head, part(0), packet, part(0x80)}, nil)).Summary().Damage)
}

func TestHostileJXLIsCheap(t *testing.T) {
	for name, box := range map[string][]byte{
		"boxes":   bmffEncode("abcd"),
		"packets": bmffEncode("xml ", []byte("<rdf:RDF")),
		"stores":  bmffEncode("jumb", bmffEncode("jumd", []byte("c2pa"))),
		"blocks":  bmffEncode("Exif", make([]byte, 4)),
		"brotli":  bmffEncode("brob", []byte("xml ")),
	} {
		b := bytes.Repeat(box, 1<<20/len(box))
		require.NotNil(t, cheapWalk(t, JXL, jxlOf(b, nil)), name)
		require.NotNil(t, cheapWalk(t, JP2, append(jp2Of(nil), b...)), name)
	}
}

func FuzzJXL(f *testing.F) {
	f.Add(jxlOf(bmffEncode("xml ", somePacket), bmffEncode("jumb", bmffEncode("jumd", []byte("c2pa")))))
	fuzz(f, "jxl", JXL, XMP, somePacket)
}
