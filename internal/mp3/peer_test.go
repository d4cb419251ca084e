package mp3

import (
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aigclabel/aigclabel/internal/peer"
)

// music returns two channels with attacks, for which encoders take short blocks, as
// samples of 16 bits.
func music(rate int) (b []byte) {
	hiss := noise(rate, 0.05)
	for i, v := range hiss {
		t := float64(i) / float64(rate)
		stroke := math.Exp(-30 * math.Mod(t, 0.23))
		left := 0.5*stroke*math.Sin(2*math.Pi*440*t) + v
		right := 0.4*stroke*math.Sin(2*math.Pi*660*t) - v*math.Sin(9*t)
		for _, v := range []float64{left, right} {
			b = binary.LittleEndian.AppendUint16(b, uint16(int16(v*math.MaxInt16)))
		}
	}
	return b
}

// split returns the frames of a stream.
func split(b []byte) (frames [][]byte) {
	for h, ok := ParseHeader(b); ok && h.Size() <= len(b); h, ok = ParseHeader(b) {
		frames = append(frames, b[:h.Size()])
		b = b[h.Size():]
	}
	return frames
}

// asIntensity makes the frames say that their second channel has positions.
func asIntensity(frames [][]byte, extension byte) {
	for _, f := range frames {
		f[3] = f[3]&^0x30 | extension
	}
}

// TestDecodeAsFFmpegDoes: what LAME encodes, and joint stereo that no free encoder makes,
// by another reading of headers.
func TestDecodeAsFFmpegDoes(t *testing.T) {
	lame, ffmpeg := peer.Tool(t, "lame"), peer.Tool(t, "ffmpeg")
	dir := t.TempDir()
	raw, path := filepath.Join(dir, "in.raw"), filepath.Join(dir, "out.mp3")
	short := 0
	for name, c := range map[string]struct {
		rate      int
		args      []string
		extension byte
	}{
		"joint": {44100, []string{"-m", "j"}, 0}, "variable": {48000, []string{"-V", "2"}, 0}, "full": {32000, []string{"-b", "320"}, 0},
		"stereo, checksums": {44100, []string{"-m", "s", "-p"}, 0}, "mono": {22050, []string{"-m", "m"}, 0}, "16 kHz": {16000, nil, 0},
		"12 kHz": {12000, nil, 0}, "11 kHz": {11025, nil, 0}, "8 kHz": {8000, nil, 0},
		"intensity": {44100, []string{"-m", "j"}, 0x10}, "intensity, middle and side": {48000, []string{"-m", "j"}, 0x30},
		"intensity of MPEG-2": {16000, []string{"-m", "j"}, 0x10},
	} {
		require.NoError(t, os.WriteFile(raw, music(c.rate), 0o600))
		rate := strconv.FormatFloat(float64(c.rate)/1000, 'f', -1, 64)
		peer.Run(t, lame, slices.Concat([]string{"--quiet", "-t", "-r", "-s", rate, "--resample", rate}, c.args, []string{raw, path})...)
		b, err := os.ReadFile(path)
		require.NoError(t, err)
		frames := split(b)
		if c.extension > 0 {
			asIntensity(frames, c.extension)
			require.NoError(t, os.WriteFile(path, b, 0o600))
		}
		h, _ := ParseHeader(b)
		require.Equal(t, c.rate, h.Rate())
		var want []float64
		for s := peer.Run(t, ffmpeg, "-v", "error", "-i", path, "-f", "f32le", "-"); s != ""; s = s[4:] {
			want = append(want, float64(math.Float32frombits(binary.LittleEndian.Uint32([]byte(s[:4])))))
		}
		got := decoded(h.Channels(), frames...)
		require.Len(t, got, len(want), name)
		least := 100.0
		if h.Version() > 1 && c.extension > 0 {
			least = 40 // ffmpeg takes what stands for no position for one
		}
		require.Greater(t, snr(want, got), least, name)
		t.Logf("%s: %.0f dB", name, snr(want, got))
		for _, f := range frames {
			h, _ := ParseHeader(f)
			if side, _ := readSide(h, f[h.mainStart()-h.SideSize():h.mainStart()]); side.granules[0][0].block == shortBlock {
				short++
			}
		}
	}
	require.Greater(t, short, 20, "frames with short blocks")
}
