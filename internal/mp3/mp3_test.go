package mp3

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// headers are of all rates and modes, at a bit rate per channel that is common, and of
// the lowest bit rates.
var headers = map[string]Header{
	"44.1 kHz, mono, 64k":    0xFFFB50C4,
	"44.1 kHz, stereo, 128k": 0xFFFB9000,
	"44.1 kHz, joint, 128k":  0xFFFB9064,
	"48 kHz, dual, 128k":     0xFFFB9484,
	"32 kHz, joint, 320k":    0xFFFBE864,
	"22.05 kHz, mono, 64k":   0xFFF380C0,
	"24 kHz, joint, 64k":     0xFFF38444,
	"16 kHz, stereo, 64k":    0xFFF38804,
	"11.025 kHz, mono, 32k":  0xFFE340C0,
	"12 kHz, joint, 64k":     0xFFE38444,
	"8 kHz, mono, 16k":       0xFFE328C0,
	"8 kHz, mono, 160k":      0xFFE3E8C0,
	"48 kHz, stereo, 32k":    0xFFFB1404,
	"24 kHz, mono, 8k":       0xFFF314C0,
}

// tone returns a second of a tone that begins and ends in 5 ms.
func tone(rate int) []float64 {
	samples := make([]float64, rate)
	for i := range samples {
		edge := float64(min(i, rate-1-i)) * 200 / float64(rate)
		samples[i] = 0.3 * min(edge, 1) * math.Sin(2*math.Pi*800*float64(i)/float64(rate))
	}
	return samples
}

func noise(n int, level float64) []float64 {
	r := rand.New(rand.NewPCG(1, 2))
	samples := make([]float64, n)
	for i := range samples {
		samples[i] = level * (2*r.Float64() - 1)
	}
	return samples
}

func decoded(channels int, frames ...[]byte) (out []float64) {
	d := NewDecoder(channels)
	for _, f := range frames {
		out = d.Decode(f, out)
	}
	return out
}

// snr returns by how much want is above its difference to got, in dB.
func snr(want, got []float64) float64 {
	signal, noise := 0.0, 1e-30
	for i, v := range want {
		signal += v * v
		noise += (v - got[i]) * (v - got[i])
	}
	return 10 * math.Log10(signal/noise)
}

// channel returns one channel of interleaved samples.
func channel(samples []float64, c, channels int) (out []float64) {
	for i := c; i < len(samples); i += channels {
		out = append(out, samples[i])
	}
	return out
}

// TestClipSoundsRight: in all channels, at the delay asked for.
func TestClipSoundsRight(t *testing.T) {
	for name, h := range headers {
		t.Run(name, func(t *testing.T) {
			require.True(t, h.Valid())
			source := tone(h.Rate())
			for _, late := range []int{0, 48} {
				frames := Clip{Like: h, Samples: source, Delay: MinDelay + late}.Frames()
				out := decoded(h.Channels(), frames...)
				require.Len(t, out, len(frames)*h.Samples()*h.Channels())
				for c := range h.Channels() {
					got := snr(source, channel(out, c, h.Channels())[MinDelay+late:])
					require.Greater(t, got, 25.0)
					if late == 0 && c == 0 {
						t.Logf("%.0f dB", got)
					}
				}
			}
		})
	}
}

// TestClipFrames: each is of the bit rate on average, has the header asked for, and needs
// no frame before it.
func TestClipFrames(t *testing.T) {
	for name, h := range headers {
		t.Run(name, func(t *testing.T) {
			frames := Clip{Like: h &^ unprotected, Samples: tone(h.Rate()), Delay: MinDelay, Length: 3 * h.Rate()}.Frames()
			require.Len(t, frames, 3*h.Rate()/h.Samples())
			size := 0
			for i, f := range frames {
				got, ok := ParseHeader(f)
				require.True(t, ok && got.Same(h) && got.mode() == h.mode() && got.BitRate() == h.BitRate() && got&unprotected != 0)
				require.Len(t, f, got.Size())
				side, ok := readSide(got, f[HeaderSize:])
				require.True(t, ok)
				require.Zero(t, side.begin)
				size += len(f)
				require.InDelta(t, float64(i+1)*float64(h.Samples())/float64(h.Rate())*float64(h.BitRate())/8, size, 1)
			}
		})
	}
}

// TestClipHasRoom: where the bit rate of the stream leaves none, another one is taken.
func TestClipHasRoom(t *testing.T) {
	for _, h := range []Header{0xFFF31404, 0xFFF31444} { // 3 bytes for two channels
		source := tone(h.Rate())
		frames := Clip{Like: h, Samples: source, Delay: MinDelay}.Frames()
		got, _ := ParseHeader(frames[0])
		require.Equal(t, 16_000, got.BitRate())
		require.Greater(t, snr(source, channel(decoded(2, frames...), 0, 2)[MinDelay:]), 25.0)
	}
}

// TestClipLeavesNoTrace: what follows decodes as if it were the first, to the last bit.
func TestClipLeavesNoTrace(t *testing.T) {
	for name, h := range headers {
		t.Run(name, func(t *testing.T) {
			programme := Clip{Like: h, Samples: noise(h.Rate()/10, 0.5), Delay: MinDelay}.Frames()
			for _, n := range []int{1, 575, 576, 1000} {
				clip := Clip{Like: h, Samples: noise(n, 0.5), Delay: MinDelay}.Frames()
				out := decoded(h.Channels(), append(clip, programme...)...)
				require.Equal(t, decoded(h.Channels(), programme...), out[len(clip)*h.Samples()*h.Channels():])
			}
		})
	}
}

// TestClipOfNoise: no line is zero, and values are up to thousands.
func TestClipOfNoise(t *testing.T) {
	for name, want := range map[string]float64{"44.1 kHz, mono, 64k": 4, "8 kHz, mono, 160k": 30, "32 kHz, joint, 320k": 30} {
		h := headers[name]
		source := noise(h.Rate(), 0.9)
		out := decoded(h.Channels(), Clip{Like: h, Samples: source, Delay: MinDelay}.Frames()...)
		require.Greater(t, snr(source, channel(out, 0, h.Channels())[MinDelay:]), want, name)
	}
}

// TestSubstitute: a stream that was cut starts in silence, not in a bang, and what is
// whole is as before.
func TestSubstitute(t *testing.T) {
	h := headers["44.1 kHz, joint, 128k"]
	var stream [][]byte
	lender := &encoder{header: h}
	for i := range 12 { // each frame's data are in the two before it
		frame := lender.lender()
		side := sideInfo{begin: 500}
		for g := range 2 {
			side.granules[g][0] = granule{bits: 1200, pairs: 200, gain: 170, tables: [3]int{24, 12, 9}, counts: [2]int{7, 7}}
		}
		main := make([]byte, len(frame)-h.mainStart())
		for j := range main {
			main[j] = byte(noise(i*500+j+1, 128)[i*500+j])
		}
		stream = append(stream, assemble(h, len(frame), &side, main))
	}
	cut := stream[4:]
	substitute := Substitute(cut)
	require.Len(t, substitute, 500)
	clip := Clip{Like: h, Samples: tone(4410), Delay: MinDelay, Substitute: substitute}.Frames()
	out := decoded(2, append(clip, cut...)...)[len(clip)*2304:]
	require.Zero(t, slices.Max(out[:2304]), "the first frame")
	require.NotZero(t, slices.Max(out[2304:]))
	require.Equal(t, decoded(2, stream...)[10*2304:], out[6*2304:])
	require.Nil(t, Substitute(clip))
	require.Nil(t, Substitute([][]byte{nil, []byte("\xff\xfb")}))
}

// TestCodesAreComplete: the order of words and their lengths are all there is to a code.
func TestCodesAreComplete(t *testing.T) {
	all := []*huffman{quadTables[0], quadTables[1]}
	for _, p := range pairTables {
		if p.huffman != nil {
			all = append(all, p.huffman)
		}
	}
	for _, h := range all {
		sum, words := 0.0, 0
		for pair, word := range h.words {
			if word.size == 0 {
				continue
			}
			words++
			sum += math.Ldexp(1, -word.size)
			w := &bitWriter{}
			w.write(word.code, word.size)
			r := &bitReader{b: w.b}
			leaf := h.read(r)
			require.Equal(t, pair, int(leaf.x)<<4|int(leaf.y))
			require.Equal(t, word.size, r.pos)
		}
		require.Equal(t, 1.0, sum)
		require.True(t, words == h.side*h.side || words == 16)
	}
	require.Equal(t, 0b0000000000000000001, pairTables[13].words[0xFE].code+1, "the longest, of 19 bits")
}

// Lengths from ISO/IEC 11172-3 and 13818-3, clause 2.4.3.1.
func TestHeader(t *testing.T) {
	for h, want := range map[Header]struct{ size, samples, rate, channels int }{
		0xFFFB90C4: {417, 1152, 44100, 1}, 0xFFFB92C4: {418, 1152, 44100, 1}, 0xFFFBE804: {1440, 1152, 32000, 2},
		0xFFF370C4: {182, 576, 22050, 1}, 0xFFE318C4: {72, 576, 8000, 1},
	} {
		require.True(t, h.Valid())
		require.Equal(t, want.size, h.Size(), "%x", uint32(h))
		require.Equal(t, want.samples, h.Samples())
		require.Equal(t, want.rate, h.Rate())
		require.Equal(t, want.channels, h.Channels())
	}
	for name, b := range map[string]string{"short": "\xff\xfb\x90", "reserved version": "\xff\xeb\x90\x00", "ADTS": "\xff\xf1\x50\x80", "no rate": "\xff\xfb\x9c\x00"} {
		_, ok := ParseHeader([]byte(b))
		require.False(t, ok, name)
	}
	require.Equal(t, 96_000, Header(0xFFFB9000).Near(100_000).BitRate())
	require.Equal(t, 8_000, Header(0xFFF38444).Near(0).BitRate())
}

// TestDecodeBroken: what is not there is silence, and what follows is not touched.
func TestDecodeBroken(t *testing.T) {
	h := headers["44.1 kHz, stereo, 128k"]
	frames := Clip{Like: h, Samples: noise(20_000, 0.5), Delay: MinDelay}.Frames()
	whole := decoded(2, frames...)
	for _, n := range []int{HeaderSize, 20, 36, 100} {
		broken := slices.Clone(frames)
		broken[3] = broken[3][:n]
		require.Equal(t, whole[6*2304:], decoded(2, broken...)[6*2304:], n)
	}
	require.Empty(t, decoded(2, nil, []byte("\xff\xfb\x90"), bytes.Repeat([]byte{0xFF}, 99)))
	mono := decoded(1, frames...)
	require.Equal(t, channel(whole, 0, 2), mono)
	both := decoded(2, Clip{Like: headers["44.1 kHz, mono, 64k"], Samples: tone(44100), Delay: MinDelay}.Frames()...)
	require.Equal(t, channel(both, 0, 2), channel(both, 1, 2))
}

// FuzzDecode decodes two frames of arbitrary bits, of which the second may need the
// first, and says what the second would be without.
func FuzzDecode(f *testing.F) {
	for name, h := range headers {
		frames := Clip{Like: h, Samples: noise(3000, 0.5), Delay: MinDelay}.Frames()
		f.Add(uint32(h), frames[1][HeaderSize:], uint32(h), frames[2][HeaderSize:])
		r := rand.New(rand.NewPCG(uint64(len(name)), 1))
		mixed := make([]byte, 300)
		for i := range mixed {
			mixed[i] = byte(r.Uint32())
		}
		f.Add(uint32(h|sideByMiddle|intensity), mixed, uint32(h), mixed)
	}
	f.Fuzz(func(t *testing.T, h1 uint32, b1 []byte, h2 uint32, b2 []byte) {
		d := NewDecoder(2)
		frames := [][]byte{append(binary.BigEndian.AppendUint32(nil, h1), b1...), append(binary.BigEndian.AppendUint32(nil, h2), b2...)}
		for _, frame := range frames {
			out := d.Decode(frame, nil)
			if h, ok := ParseHeader(frame); ok && h.Layer() == 3 {
				require.Len(t, out, 2*h.Samples())
			}
			require.False(t, slices.ContainsFunc(out, func(v float64) bool { return math.IsNaN(v) || math.IsInf(v, 0) }))
		}
		require.LessOrEqual(t, len(Substitute(frames[1:])), maxBorrowed)
	})
}

func BenchmarkDecode(b *testing.B) {
	h := headers["44.1 kHz, joint, 128k"]
	frames := Clip{Like: h, Samples: noise(h.Rate(), 0.5), Delay: MinDelay}.Frames()
	var out []float64
	for b.Loop() {
		d := NewDecoder(2)
		for _, f := range frames {
			out = d.Decode(f, out[:0])
		}
	}
	b.ReportMetric(float64(b.N)*float64(len(frames)*h.Samples())/float64(h.Rate())/b.Elapsed().Seconds(), "times-real-time")
}

func BenchmarkClip(b *testing.B) {
	h := headers["44.1 kHz, joint, 128k"]
	samples := tone(h.Rate())
	for b.Loop() {
		Clip{Like: h, Samples: samples, Delay: MinDelay}.Frames()
	}
}

func ExampleClip() {
	silence := Clip{Like: 0xFFFB90C4, Samples: make([]float64, 4410), Delay: MinDelay}
	fmt.Println(len(silence.Frames()), "frames")
	// Output: 6 frames
}
