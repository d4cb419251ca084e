package container

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// adtsFrame returns a frame of n bytes: AAC-LC of 8000 Hz, mono, no checksum.
func adtsFrame(n int) string {
	header := []byte{0xFF, 0xF1, 0x6C, 0x40 | byte(n>>11), byte(n >> 3), byte(n<<5) | 0x1F, 0xFC}
	return string(header) + strings.Repeat("\x55", n-len(header))
}

var someADTS = adtsFrame(100) + adtsFrame(50) + adtsFrame(70)

func TestAACRoundTrip(t *testing.T) {
	for name, b := range fixtures(t, "aac") {
		t.Run(name, func(t *testing.T) {
			roundTrip(t, AAC, without(t, AAC, b, Record), Record, someRecord, []byte(`{"Label":"2"}`), []byte(`{"名":"值"}`))
		})
	}
}

func TestAACUntaggedIsRestored(t *testing.T) {
	b := fixtures(t, "aac")["plain.aac"]
	require.Equal(t, b, without(t, AAC, put(t, AAC, b, Record, someRecord), Record))
}

// A cut is damage, but at the end of a frame.
func TestAACTruncations(t *testing.T) {
	b := []byte(id3(4, 0, frame4("TXXX", 0, "\x03AIGC\x00{}")) + someADTS)
	whole := map[int]bool{len(b) - 70: true, len(b) - 120: true}
	for n := range len(b) {
		f := walk(t, AAC, b[:n:n])
		require.Equal(t, whole[n], f.Summary().Damage == nil, "cut at %d of %d", n, len(b))
		if n >= len(b)-len(someADTS) {
			require.NotNil(t, guide(f, Record), "cut at %d", n)
		}
	}
	long := []byte(strings.Repeat(adtsFrame(1000), 100))
	require.NoError(t, walk(t, AAC, long).Summary().Damage)
	require.Error(t, walk(t, AAC, long[:len(long)-1]).Summary().Damage)
	require.NoError(t, walk(t, AAC, append(long, make([]byte, 100)...)).Summary().Damage, "padding")
}

func TestAACAlternatePlaces(t *testing.T) {
	b := []byte(id3(3, 0, frame3("TIT2", 0, "\x00Title")) + someADTS + ape(1, apeText("AIGC", "ape")) + id3v1("a comment"))
	f := walk(t, AAC, b)
	require.NoError(t, f.Summary().Damage)
	require.Equal(t, "ape", string(f.Summary().Slots[1].Value))
	plan, err := f.Plan([]Change{{Kind: Record, Value: someRecord}, {Slot: &f.Summary().Slots[1]}})
	require.NoError(t, err)
	out := walk(t, AAC, output(t, plan, b))
	require.Equal(t, 1, countKind(out, Record))
	require.Equal(t, string(someRecord), string(guide(out, Record).Value))
}

// ADTS and MPEG audio share their sync word.
func TestIsAAC(t *testing.T) {
	tag := id3(4, 0, frame4("TIT2", 0, "\x03Title"))
	for name, c := range map[string]struct {
		file string
		want bool
	}{
		"three frames":            {someADTS, true},
		"two frames":              {adtsFrame(100) + adtsFrame(50), true},
		"one frame":               {adtsFrame(100), false},
		"one frame behind a tag":  {tag + adtsFrame(100), true},
		"half a frame":            {tag + adtsFrame(100)[:50], true},
		"tag alone":               {tag, false},
		"another rate":            {adtsFrame(100) + strings.ReplaceAll(someADTS, "\x6c", "\x50"), false},
		"a frame of no bytes":     {strings.Repeat("\xff\xf1\x6c\x40\x00\x1f\xfc", 9), false},
		"reserved rate":           {strings.ReplaceAll(someADTS, "\x6c", "\x7c"), false},
		"MP3":                     {string(someAudio), false},
		"MP3 behind a tag":        {tag + string(someAudio), false},
		"MPEG layer II":           {string(fixtures(t, "mp3")["layer2.mp3"]), false},
		"MPEG-2 AAC, checksummed": {strings.ReplaceAll(someADTS, "\xff\xf1", "\xff\xf8"), true},
	} {
		src := func() *Source { return NewSource(strings.NewReader(c.file), int64(len(c.file)), Limits{}) }
		got, err := IsAAC(src())
		require.NoError(t, err)
		require.Equal(t, c.want, got, name)
		if got {
			mp3, err := IsMP3(src())
			require.NoError(t, err)
			require.False(t, mp3, name)
		}
	}
}

func TestAACDamage(t *testing.T) {
	for name, b := range map[string]string{"empty": "", "tag alone": id3(4, 0), "MP3": string(someAudio), "text": "text that is no sound"} {
		require.Error(t, walk(t, AAC, []byte(b)).Summary().Damage, name)
	}
}

func TestAACCosts(t *testing.T) {
	for name, b := range map[string][]byte{
		"tags":   append(bytes.Repeat([]byte(id3(4, 0)), 100_000), someADTS...),
		"frames": []byte(strings.Repeat(adtsFrame(adtsHeaderSize), 150_000)),
		"syncs":  append([]byte(adtsFrame(8191)), strings.Repeat("\xff", 1<<20)...),
	} {
		t.Run(name, func(t *testing.T) { cheapWalk(t, AAC, b) })
	}
}

func FuzzAAC(f *testing.F) {
	f.Add([]byte(someADTS))
	f.Add([]byte(id3(3, 0, frame3("TXXX", 0, "\x00AIGC\x00x")) + someADTS + ape(1, apeText("AIGC", "{}")) + id3v1("note")))
	fuzz(f, "aac", AAC, Record, someRecord)
}
