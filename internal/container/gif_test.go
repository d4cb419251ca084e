package container

import (
	"bytes"
	"image/gif"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	gifSmall  = "GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff" // one pixel, two colors
	gifPixel  = "\x2C\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02\x44\x01\x00"
	gifLoop   = "\x21\xFF\x0BNETSCAPE2.0\x03\x01\x00\x00\x00"
	gifTiming = "\x21\xF9\x04\x00\x0A\x00\x00\x00"
)

// gifOf returns a file of blocks.
func gifOf(blocks ...string) []byte { return []byte(gifSmall + strings.Join(blocks, "") + ";") }

// subBlocks divides data into sub-blocks of n bytes.
func subBlocks(data string, n int) string {
	var b strings.Builder
	for ; len(data) > n; data = data[n:] {
		b.WriteString(string([]byte{byte(n)}) + data[:n])
	}
	return b.String() + string([]byte{byte(len(data))}) + data + "\x00"
}

func comment(text string) string { return "\x21\xFE" + subBlocks(text, 255) }

func app(id, data string) string { return "\x21\xFF\x0B" + id + data }

var gifPacket = app(gifXMP, string(somePacket)+string(gifXMPTrailer))

func TestGIFRoundTrip(t *testing.T) {
	for name, b := range fixtures(t, "gif") {
		t.Run(name, func(t *testing.T) {
			truncations(t, GIF, b, len(b))
			roundTrip(t, GIF, b, XMP, somePacket, bytes.Repeat([]byte("文"), 300), bytes.Repeat(somePacket, 9))
		})
	}
}

func TestGIFXMPTrailer(t *testing.T) {
	require.Len(t, gifXMPTrailer, 258)
	for c := 1; c < 256; c++ { // whatever the last byte, a reader finds the end
		b := gifOf(app(gifXMP, strings.Repeat(string([]byte{byte(c)}), 300)+string(gifXMPTrailer)), comment("next"), gifPixel)
		f := walk(t, GIF, b)
		require.NoError(t, f.Summary().Damage)
		require.Len(t, f.Summary().Slots, 2)
		require.Len(t, guide(f, XMP).Value, 300)
	}
}

func TestGIFAdds(t *testing.T) {
	old := func(b []byte) []byte { return bytes.Replace(b, []byte("89a"), []byte("87a"), 1) }
	for name, tt := range map[string]struct{ in, want []byte }{
		"one image":            {gifOf(gifPixel), gifOf(gifPacket, gifPixel)},
		"version 87a":          {old(gifOf(gifPixel)), gifOf(gifPacket, gifPixel)},
		"after the loop":       {gifOf(gifLoop, gifTiming, gifPixel), gifOf(gifLoop, gifPacket, gifTiming, gifPixel)},
		"loop after a comment": {gifOf(comment("c"), gifLoop, gifPixel), gifOf(comment("c"), gifLoop, gifPacket, gifPixel)},
		"loop between images":  {gifOf(gifPixel, gifLoop, gifPixel), gifOf(gifPacket, gifPixel, gifLoop, gifPixel)},
		"before the timing":    {gifOf(gifTiming, gifLoop, gifPixel), gifOf(gifPacket, gifTiming, gifLoop, gifPixel)},
		"data after the end":   {append(gifOf(gifPixel), gifPacket...), append(gifOf(gifPacket, gifPixel), gifPacket...)},
		"a zero too many":      {gifOf(gifPixel, "\x00", gifPixel), gifOf(gifPacket, gifPixel, "\x00", gifPixel)},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, string(tt.want), string(put(t, GIF, tt.in, XMP, somePacket)))
		})
	}
}

func TestGIFSlots(t *testing.T) {
	long := strings.Repeat("long ", 100)
	b := gifOf(comment(long), app("C2PA_GIF\x01\x00\x00", subBlocks("jumb", 3)), app("AIGC1234567", subBlocks("{}", 255)),
		app("ICCRGBG1012", subBlocks("profile", 255)), "\x21\xFF\x03abc\x00", "\x21\xFF\x00", gifTiming, gifPixel, gifPacket, comment(""),
		app(gifXMP, subBlocks(string(somePacket), 100)))
	f := walk(t, GIF, b)
	require.NoError(t, f.Summary().Damage)
	require.Equal(t, []string{
		"GIF comment " + long, "GIF C2PA_GIF guide ", "GIF application extension AIGC1234 {}",
		"GIF XMP guide " + string(somePacket), "GIF comment ", "GIF XMP " + string(somePacket),
	}, slotsOf(f))
	for _, s := range f.Summary().Slots {
		var raw []byte
		for _, r := range s.Ranges {
			raw = append(raw, b[r.Offset:r.Offset+r.Length]...)
		}
		if s.Kind == C2PA {
			s.Value = []byte("jumb")
		}
		require.Equal(t, string(s.Value), string(raw), s.Place)
	}
}

func TestGIFEdits(t *testing.T) {
	b := gifOf(comment("old"), app("C2PA_GIF\x01\x00\x00", subBlocks("old", 255)), app(gifXMP, subBlocks("<old/>", 3)), app("AIGC1234567", subBlocks("{}", 255)), gifPixel)
	f := walk(t, GIF, b)
	store := strings.Repeat("s", 300)
	var changes []Change
	for i, value := range []string{"new", store, string(somePacket), ""} {
		changes = append(changes, Change{Slot: &f.Summary().Slots[i], Value: []byte(value)})
	}
	changes[3].Value = nil
	plan, err := f.Plan(changes)
	require.NoError(t, err)
	want := gifOf(comment("new"), app("C2PA_GIF\x01\x00\x00", subBlocks(store, 255)), gifPacket, gifPixel)
	require.Equal(t, string(want), string(output(t, plan, b)))

	roundTrip(t, GIF, gifOf(gifPixel, comment("c")), XMP, somePacket)
	stored := put(t, GIF, gifOf(gifPixel), C2PA, []byte(store))
	require.Equal(t, string(gifOf(app("C2PA_GIF\x01\x00\x00", subBlocks(store, 255)), gifPixel)), string(stored))
	for _, c := range []Change{{Kind: Record, Value: someRecord}, {Kind: EXIF, Value: []byte(tiffTiny)}, {Kind: XMP, Value: []byte("a\x00b")}} {
		_, err := f.Plan([]Change{c})
		require.ErrorIs(t, err, ErrNoPlace)
	}
}

func TestGIFDamage(t *testing.T) {
	pixel := int64(len(gifSmall))
	for name, tt := range map[string]struct {
		b      []byte
		offset int64
		slots  int
	}{
		"empty":             {nil, 0, 0},
		"other version":     {[]byte("GIF88a" + gifSmall[6:] + ";"), 0, 0},
		"header only":       {[]byte(gifSmall), pixel, 0},
		"color table cut":   {[]byte(gifSmall[:15]), 19, 0},
		"no trailer":        {[]byte(gifSmall + gifPacket), pixel + int64(len(gifPacket)), 1},
		"image cut":         {[]byte(gifSmall + gifPacket + gifPixel[:13]), pixel + int64(len(gifPacket)), 1},
		"descriptor cut":    {[]byte(gifSmall + gifPacket + gifPixel[:7]), pixel + int64(len(gifPacket)), 1},
		"extension cut":     {[]byte(gifSmall + gifPacket[:40]), pixel, 0},
		"no block":          {gifOf(gifPacket, "\x01"), pixel + int64(len(gifPacket)), 1},
		"record at the end": {[]byte(gifSmall + gifPixel + gifPacket), pixel + int64(len(gifPixel+gifPacket)), 1},
	} {
		t.Run(name, func(t *testing.T) {
			l := walk(t, GIF, tt.b).Summary()
			var bad *FormatError
			require.ErrorAs(t, l.Damage, &bad)
			require.Equal(t, tt.offset, bad.Offset)
			require.Len(t, l.Slots, tt.slots)
		})
	}
}

// TestGIFReadsBlocks checks that a record behind large images is found, with
// one read for each 32 KiB.
func TestGIFReadsBlocks(t *testing.T) {
	pixels := gifPixel[:11] + subBlocks(strings.Repeat("x", 1<<20), 255)
	b := gifOf(gifLoop, pixels, comment(strings.Repeat("c", 3*HeadSize)), pixels, gifPacket)
	r := &countingReader{r: bytes.NewReader(b)}
	f, err := GIF(NewSource(r, int64(len(b)), Limits{}))
	require.NoError(t, err)
	require.NoError(t, f.Summary().Damage)
	require.Len(t, f.Summary().Slots, 2)
	require.Equal(t, string(somePacket), string(guide(f, XMP).Value))
	require.LessOrEqual(t, r.calls, len(b)/HeadSize+10)
}

func TestHostileGIFIsCheap(t *testing.T) {
	flood := func(block string) []byte { return gifOf(gifPacket, strings.Repeat(block, (1<<20)/len(block))) }
	for name, b := range map[string][]byte{
		"comments":   flood(comment("")),
		"packets":    flood(app(gifXMP, "\x00")),
		"stores":     flood(app("C2PA_GIF\x01\x00\x00", "\x00")),
		"images":     flood(gifPixel),
		"zeros":      flood("\x00"),
		"sub-blocks": gifOf(gifPacket, "\x21\xFE"+subBlocks(strings.Repeat("c", 1<<19), 1)),
		"store":      gifOf(gifPacket, app("C2PA_GIF\x01\x00\x00", subBlocks(strings.Repeat("c", 1<<19), 1))),
	} {
		t.Run(name, func(t *testing.T) {
			f := cheapWalk(t, GIF, b)
			require.NoError(t, f.Summary().Damage)
			require.NotNil(t, guide(f, XMP))
		})
	}
}

// The frames of a labelled file are those of the file, for Go and gifsicle.
func TestInteropGIFFrames(t *testing.T) {
	for name, b := range fixtures(t, "gif") {
		out := labelled(t, GIF, b)
		want, err := gif.DecodeAll(bytes.NewReader(b))
		require.NoError(t, err)
		got, err := gif.DecodeAll(bytes.NewReader(out))
		require.NoError(t, err)
		require.Equal(t, want, got, name)
		info := func(b []byte) string {
			cmd := exec.Command(tool(t, "gifsicle"), "--info", "-")
			cmd.Stdin = bytes.NewReader(b)
			text, err := cmd.CombinedOutput()
			require.NoError(t, err, name)
			require.NotContains(t, string(text), "warning")
			return strings.Replace(string(text), "  extensions 1\n", "", 1)
		}
		require.Equal(t, info(b), info(out), name)
	}
}

func FuzzGIF(f *testing.F) {
	f.Add(gifOf(gifLoop, gifPacket, comment("c"), gifTiming, gifPixel, app("C2PA_GIF\x01\x00\x00", subBlocks("jumb", 3))))
	f.Add(gifOf(gifPixel, app(gifXMP, subBlocks(string(somePacket), 9)), app("AIGC1234567", subBlocks("{}", 255))))
	fuzz(f, "gif", GIF, XMP, somePacket)
}
