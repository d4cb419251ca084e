package container

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// openVideo opens the video of a file of either kind.
func openVideo(b []byte) (*Video, error) {
	src := NewSource(bytes.NewReader(b), int64(len(b)), Limits{})
	if bytes.HasPrefix(b, []byte("\x1a\x45\xdf\xa3")) {
		return OpenMatroskaVideo(src)
	}
	var v *Video
	err := ErrTrack
	for id := uint32(1); id < 4 && err != nil; id++ {
		if v, err = OpenVideo(src, id); err == nil && configs[v.Coding] == "" {
			err = ErrTrack
		}
	}
	return v, err
}

// picture returns the bytes of a sample.
func picture(t *testing.T, v *Video, i int) []byte {
	t.Helper()
	b := make([]byte, v.Samples[i].Size)
	_, err := v.data.ReadAt(b, v.Samples[i].Offset)
	require.NoError(t, err)
	return b
}

// others returns n pictures of growing size, in the order of time.
func others(n int) *Video {
	v, data := new(Video), []byte(nil)
	for i := range n {
		p := bytes.Repeat([]byte{byte('A' + i)}, 40+70*i)
		v.Samples = append(v.Samples, VideoSample{Offset: int64(len(data)), Size: int64(len(p)), Shown: int64(i), Sync: i == 0})
		data = append(data, p...)
	}
	return v.At(bytes.NewReader(data))
}

var movies = map[string][]string{
	"mp4":  {"faststart.mp4", "moov-last.mp4", "metadata-tags.mp4", "small.3gp"},
	"mov":  {"plain.mov", "keys.mov"},
	"mkv":  {"ffmpeg.mkv", "mkvmerge.mkv", "cues-first.mkv", "moved.mkv", "labelled.mkv", "live.mkv"},
	"webm": {"vp8.webm", "labelled.webm", "live.webm"},
}

// TestReplacePictures: the new pictures stand in the place and at the times of the
// old ones, and all others, and what other tracks point at, are the same bytes.
func TestReplacePictures(t *testing.T) {
	for format, names := range movies {
		files := fixtures(t, format)
		for _, name := range names {
			t.Run(format+"/"+name, func(t *testing.T) {
				b := files[name]
				v, err := openVideo(b)
				require.NoError(t, err)
				n := len(v.Samples)
				for _, parts := range [][]VideoPart{{{To: 2}}, {{To: n}}, {{To: 1}, {From: n - 2, To: n, With: 1}}} {
					with := others(n)
					plan, err := v.Replace(with, parts, v.Config)
					require.NoError(t, err)
					out := output(t, plan, b)
					after, err := openVideo(out)
					require.NoError(t, err)
					require.Equal(t, v.Config, after.Config)
					requireReplaced(t, v, after, with, parts)
					if format == "mp4" || format == "mov" {
						require.Equal(t, len(fileTargets(t, b)), len(fileTargets(t, out)))
					}
				}
			})
		}
	}
}

func requireReplaced(t *testing.T, before, after, with *Video, parts []VideoPart) {
	t.Helper()
	require.Len(t, after.Samples, len(before.Samples))
	times := func(v *Video) (all []int64) {
		for _, s := range v.Samples {
			all = append(all, s.Shown)
		}
		slices.Sort(all)
		return all
	}
	require.Equal(t, times(before), times(after))
	for i := range before.Samples {
		from, j := before, i
		for _, p := range parts {
			if i >= p.From && i < p.To {
				from, j = with, p.With+i-p.From
			}
		}
		require.Equal(t, picture(t, from, j), picture(t, after, i), i)
		require.Equal(t, before.Samples[i].Decoded, after.Samples[i].Decoded)
	}
}

// TestReplaceConfig: a longer configuration moves what is behind it.
func TestReplaceConfig(t *testing.T) {
	for format, name := range map[string]string{"mp4": "faststart.mp4", "mkv": "ffmpeg.mkv"} {
		b := fixtures(t, format)[name]
		v, err := openVideo(b)
		require.NoError(t, err)
		config := append(slices.Clone(v.Config), make([]byte, 5000)...)
		plan, err := v.Replace(others(2), []VideoPart{{To: 2}}, config)
		require.NoError(t, err)
		after, err := openVideo(output(t, plan, b))
		require.NoError(t, err)
		require.Equal(t, config, after.Config)
		requireReplaced(t, v, after, others(2), []VideoPart{{To: 2}})
	}
}

func TestVideoRefused(t *testing.T) {
	for format, names := range map[string][]string{"mp4": {"fragmented.mp4", "dash.mp4", "cmaf-init.mp4"}, "mkv": {"sound.mka"}} {
		files := fixtures(t, format)
		for _, name := range names {
			_, err := openVideo(files[name])
			require.ErrorIs(t, err, ErrTrack, name)
		}
	}
	v, err := openVideo(fixtures(t, "mp4")["faststart.mp4"])
	require.NoError(t, err)
	_, err = v.Replace(others(1), []VideoPart{{To: 2}}, v.Config)
	require.ErrorIs(t, err, ErrTrack)
}

func TestAVCConfig(t *testing.T) {
	config := func(sps, pps byte) []byte { // numbers as codes of one byte
		return []byte{1, 100, 0, 31, 0xFF, 0xE1, 0, 5, 0x67, 100, 0, 31, sps, 1, 0, 2, 0x68, pps, 0xFD, 0xF8, 0xF8, 0}
	}
	c, err := ParseAVC(config(0x80, 0x80))
	require.NoError(t, err)
	n, err := c.FreeNumber()
	require.NoError(t, err)
	require.Equal(t, 1, n)
	other, err := ParseAVC(config(0x40, 0x40)) // 010: 1
	require.NoError(t, err)
	joined, err := c.Join(other)
	require.NoError(t, err)
	both, err := ParseAVC(joined)
	require.NoError(t, err)
	numbers, err := both.numbers()
	require.NoError(t, err)
	require.Equal(t, []int{0, 1, 0, 1}, numbers)
	_, err = c.Join(c)
	require.ErrorIs(t, err, ErrTrack)
	for cut := range config(0x80, 0x80)[:17] {
		_, err := ParseAVC(config(0x80, 0x80)[:cut])
		require.Error(t, err, cut)
	}
}

// TestHEVCNumbers: every bit but those of the number stays, whatever is escaped.
func TestHEVCNumbers(t *testing.T) {
	slice := []byte{hevcIDR << 1, 1, 0b1_0_1_00000, 0, 0, 3, 0, 0, 3, 1, 0x80}
	out, err := numberHEVC(slice)
	require.NoError(t, err)
	require.Equal(t, slice, escape(unescape(slice)))
	a, b := unescape(slice), unescape(out)
	require.Len(t, b, len(a)+1)
	require.Equal(t, uint32(hevcNumber+1), bitsAt(b, 18, hevcNumberLen))
	require.Equal(t, bitsAt(a, 0, 16), bitsAt(b, 0, 16))
	require.Equal(t, bitsAt(a, 16, 2), bitsAt(b, 16, 2))
	for at := 19; at < 8*len(a); at++ {
		require.Equal(t, bitsAt(a, at, 1), bitsAt(b, at+8, 1), at)
	}
	_, err = numberHEVC(out) // has a number already
	require.Error(t, err)
	sei := []byte{39 << 1, 1, 5, 6}
	out, err = numberHEVC(sei)
	require.NoError(t, err)
	require.Equal(t, sei, out)
}

// TestVideoCost: what tables claim is bounded before it is believed.
func TestVideoCost(t *testing.T) {
	b := slices.Clone(fixtures(t, "mp4")["faststart.mp4"])
	for _, table := range []string{"stsz", "stts", "ctts", "stsc", "stco", "stss", "elst"} {
		at := bytes.Index(b, []byte(table))
		if at < 0 {
			continue
		}
		for off := 4; off < 24; off += 4 {
			hostile := slices.Clone(b)
			binary.BigEndian.PutUint32(hostile[at+off:], 0xFFFFFFFF)
			if v, err := openVideo(hostile); err == nil && len(v.Samples) > 2 {
				plan, err := v.Replace(others(2), []VideoPart{{To: 2}}, v.Config)
				if err == nil {
					_, err = io.Copy(io.Discard, plan.Source())
				}
				_ = err // any but a panic
			}
		}
	}
}

func FuzzVideo(f *testing.F) {
	for format, names := range movies {
		for _, name := range names[:1] {
			f.Add(fixtures(f, format)[name])
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := openVideo(b)
		if err != nil || len(v.Samples) < 2 {
			return
		}
		if c, err := ParseAVC(v.Config); err == nil {
			_, _ = v.AVCRestarts(c, 0)
		}
		plan, err := v.Replace(others(2), []VideoPart{{To: 2}}, v.Config)
		if err != nil {
			return
		}
		out, err := io.ReadAll(plan.Source())
		if errors.Is(err, io.ErrUnexpectedEOF) {
			return
		}
		require.NoError(t, err)
		require.NotEmpty(t, out)
	})
}

func FuzzVideoConfigs(f *testing.F) {
	v, err := openVideo(fixtures(f, "mp4")["faststart.mp4"])
	require.NoError(f, err)
	f.Add(v.Config)
	f.Add([]byte{hevcSPS << 1, 1, 1, 1, 0x60, 0, 0, 3, 0, 0x90, 0, 0, 3, 0, 0, 3, 0, 0x5D, 0xA0})
	f.Fuzz(func(t *testing.T, b []byte) {
		if c, err := ParseAVC(b); err == nil {
			_, _ = c.FreeNumber()
			_, _ = c.Join(c)
		}
		if c, err := ParseHEVC(b); err == nil {
			_, _ = c.Join(c)
			_ = c.Number()
		}
		_, _ = numberUnits(b, 4)
		if out, err := numberHEVC(b); err == nil {
			require.LessOrEqual(t, len(out), 2*len(b)+4)
		}
	})
}
