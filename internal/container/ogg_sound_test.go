package container

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func sourceOf(b []byte) *Source { return NewSource(bytes.NewReader(b), int64(len(b)), Limits{}) }

// opusPackets returns the bodies of all pages with sound, and the times of these pages.
func opusPackets(t testing.TB, b []byte) (packets []byte, times []uint64) {
	t.Helper()
	s, err := openOpus(sourceOf(b))
	require.NoError(t, err)
	for _, p := range s.pages {
		packets = append(packets, b[p.body()+int64(b[p.Offset+26]):p.end()]...)
		times = append(times, p.granule)
	}
	return packets, times
}

// TestInsertOpus: all packets are there, times grow, and the reference tools see nothing
// wrong.
func TestInsertOpus(t *testing.T) {
	all := fixtures(t, "opus")
	programme, notice := all["opusenc.opus"], all["ffmpeg.opus"]
	middle, _ := opusPackets(t, programme)
	side, _ := opusPackets(t, notice)
	for name, c := range map[string]struct{ front, back bool }{"front": {true, false}, "back": {false, true}, "both": {true, true}} {
		t.Run(name, func(t *testing.T) {
			var front, back *Source
			want := middle
			if c.front {
				front, want = sourceOf(notice), append(bytes.Clone(side), want...)
			}
			if c.back {
				back, want = sourceOf(notice), append(bytes.Clone(want), side...)
			}
			plan, err := InsertOpus(sourceOf(programme), front, back)
			require.NoError(t, err)
			out := output(t, plan, programme)
			packets, times := opusPackets(t, out)
			require.Equal(t, want, packets)
			require.IsIncreasing(t, times)
			require.NoError(t, walk(t, Ogg, out).Summary().Damage)
			if testing.Short() {
				return
			}
			path := filepath.Join(t.TempDir(), "out.opus")
			require.NoError(t, os.WriteFile(path, out, 0o600))
			said := string(run(t, tool(t, "opusinfo"), path))
			require.NotContains(t, said, "WARNING")
			require.Contains(t, said, "Logical stream 1 ended")
		})
	}
}

func TestInsertOpusRefuses(t *testing.T) {
	programme := fixtures(t, "opus")["opusenc.opus"]
	stereo, gain := bytes.Clone(programme), bytes.Clone(programme)
	stereo[28+9]++
	gain[28+16]++
	for name, front := range map[string][]byte{"stereo": stereo, "gain": gain, "Vorbis": fixtures(t, "ogg")["oggenc.ogg"], "two links": append(bytes.Clone(programme), programme...)} {
		_, err := InsertOpus(sourceOf(programme), sourceOf(front), nil)
		require.ErrorIs(t, err, ErrCoding, name)
	}
	_, err := InsertOpus(sourceOf(programme[:len(programme)-9]), nil, nil)
	require.ErrorAs(t, err, new(*FormatError))
}

func TestOpusSamples(t *testing.T) {
	for packet, want := range map[string]int64{
		"": 0, "\x00": 480, "\x18": 2880, "\x60": 480, "\x68": 960, "\x80": 120, "\xf8": 960, "\xf9": 1920, "\xfa": 1920, "\xfb": 0, "\xfb\x03": 2880, "\xfb\xc3": 2880,
	} {
		require.Equal(t, want, opusSamples([]byte(packet)), "%x", packet)
	}
}

// TestOggWithComments: the comments of one file, the sound of another.
func TestOggWithComments(t *testing.T) {
	for name, b := range oggFixtures(t) {
		other := put(t, Ogg, b, Record, bytes.Repeat([]byte("long "), 20_000))
		plan, err := OggWithComments(sourceOf(b), sourceOf(other))
		if name == "chained.ogg" || name == "muxed.ogv" {
			require.ErrorIs(t, err, ErrCoding)
			continue
		}
		require.NoError(t, err, name)
		require.Equal(t, other, output(t, plan, b), name)
	}
}

func FuzzInsertOpus(f *testing.F) {
	for _, b := range fixtures(f, "opus") {
		f.Add(b)
	}
	f.Add(opus(1, 2, 3))
	notice := fixtures(f, "opus")["ffmpeg.opus"]
	f.Fuzz(func(t *testing.T, b []byte) {
		b = repaired(b)
		if plan, err := OggWithComments(sourceOf(notice), sourceOf(b)); err == nil {
			require.NoError(t, walk(t, Ogg, output(t, plan, notice)).Summary().Damage)
		}
		plan, err := InsertOpus(sourceOf(b), sourceOf(notice), sourceOf(notice))
		if err != nil {
			return
		}
		packets, _ := opusPackets(t, output(t, plan, b))
		before, _ := opusPackets(t, b)
		require.True(t, bytes.Contains(packets, before))
	})
}

// TestBMFFWithTags: tags go over byte for byte, and media stays where its tables say.
func TestBMFFWithTags(t *testing.T) {
	all := fixtures(t, "m4a")
	for name, tags := range all {
		for other, b := range all {
			plan, err := BMFFWithTags(sourceOf(b), sourceOf(tags))
			require.NoError(t, err, "%s in %s", name, other)
			out := output(t, plan, b)
			file := walk(t, BMFF, out)
			require.NoError(t, file.Summary().Damage)
			var got, want []string
			for _, s := range file.Summary().Slots {
				got = append(got, s.Place+string(s.Value))
			}
			for _, s := range walk(t, BMFF, tags).Summary().Slots {
				want = append(want, s.Place+string(s.Value))
			}
			require.Equal(t, want, got, "%s in %s", name, other)
			if testing.Short() {
				continue
			}
			decoded := func(b []byte) string {
				path := filepath.Join(t.TempDir(), "a.m4a")
				require.NoError(t, os.WriteFile(path, b, 0o600))
				return string(run(t, tool(t, "ffmpeg"), "-v", "error", "-i", path, "-map", "0:a", "-f", "md5", "-"))
			}
			require.Equal(t, decoded(b), decoded(out))
		}
	}
}

func FuzzBMFFWithTags(f *testing.F) {
	for _, b := range fixtures(f, "m4a") {
		f.Add(b)
	}
	whole := fixtures(f, "m4a")["tagged.m4a"]
	f.Fuzz(func(t *testing.T, b []byte) {
		if plan, err := BMFFWithTags(sourceOf(b), sourceOf(whole)); err == nil {
			output(t, plan, b)
		}
		if plan, err := BMFFWithTags(sourceOf(whole), sourceOf(b)); err == nil {
			output(t, plan, whole)
		}
	})
}
