package container

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aigclabel/aigclabel/internal/splice"
)

// soundOpeners open the formats of sound that take more samples.
var soundOpeners = map[string]func(*Source) (Sound, error){"wav": WAVSound, "aiff": AIFFSound, "flac": FLACSound, "mp3": MP3Sound}

func openSound(t testing.TB, format string, b []byte) Sound {
	t.Helper()
	s, err := soundOpeners[format](NewSource(bytes.NewReader(b), int64(len(b)), Limits{}))
	require.NoError(t, err)
	return s
}

// samplesOf returns all samples from one on.
func samplesOf(t testing.TB, s Sound, from int64) (all []float64) {
	t.Helper()
	for block, err := range s.Samples(from) {
		require.NoError(t, err)
		all = append(all, block...)
	}
	return all
}

// ramp returns samples that go up and down.
func ramp(n int) []float64 {
	samples := make([]float64, n)
	for i := range samples {
		samples[i] = float64(i%32-16) / 64
	}
	return samples
}

// inserted returns a file with samples in front and behind, after checking that they
// are there and that the programme is as before.
func inserted(t testing.TB, format string, b []byte, front, back []float64) []byte {
	t.Helper()
	before := openSound(t, format, b)
	plan, err := before.Insert(front, back)
	require.NoError(t, err)
	out := output(t, plan, b)
	after := openSound(t, format, out)
	shape := before.Shape()
	shape.Length += int64(len(front) + len(back))
	require.Equal(t, shape, after.Shape())

	all, programme := samplesOf(t, after, 0), samplesOf(t, before, 0)
	require.Len(t, all, int(shape.Length)*shape.Channels)
	head := len(front) * shape.Channels
	require.Equal(t, programme, all[head:head+len(programme)])
	for i, want := range front {
		require.InDelta(t, want, all[i*shape.Channels], 0.01)
		require.Equal(t, all[i*shape.Channels], all[(i+1)*shape.Channels-1])
	}
	for i, want := range back {
		require.InDelta(t, want, all[head+len(programme)+i*shape.Channels], 0.01)
	}
	from := shape.Length / 2
	require.Equal(t, all[from*int64(shape.Channels):], samplesOf(t, after, from))
	return out
}

func TestSoundInsert(t *testing.T) {
	for _, format := range []string{"wav", "aiff", "flac"} {
		for name, b := range fixtures(t, format) {
			t.Run(format+"/"+name, func(t *testing.T) {
				if name == "mulaw.aifc" {
					_, err := AIFFSound(NewSource(bytes.NewReader(b), int64(len(b)), Limits{}))
					require.ErrorIs(t, err, ErrCoding)
					return
				}
				block := openSound(t, format, b).Shape().Block
				for _, n := range [][2]int{{0, 0}, {block, 0}, {0, 7}, {(600/block + 1) * block, 601}} {
					out := inserted(t, format, b, ramp(n[0]), ramp(n[1]))
					require.NoError(t, walk(t, map[string]Walk{"wav": WAV, "aiff": AIFF, "flac": FLAC}[format], out).Summary().Damage)
				}
			})
		}
	}
}

// replaced returns a file with other samples in two places, after checking that they
// are there and that no others changed.
func replaced(t testing.TB, format string, b []byte) []byte {
	t.Helper()
	before := openSound(t, format, b)
	shape, programme := before.Shape(), samplesOf(t, before, 0)
	channels := int64(shape.Channels)
	n := shape.Length / 3
	parts := []SoundPart{{From: 1, Samples: ramp(int(n * channels))}, {From: shape.Length - n/2, Samples: ramp(int(n / 2 * channels))}}
	plan, err := before.(Mixer).Replace(parts...)
	require.NoError(t, err)
	out := output(t, plan, b)
	after := openSound(t, format, out)
	require.Equal(t, shape, after.Shape())
	all := samplesOf(t, after, 0)
	for _, part := range parts {
		at := part.From * channels
		for i, want := range part.Samples {
			require.InDelta(t, want, all[int(at)+i], 0.01)
		}
		copy(programme[at:], all[at:at+int64(len(part.Samples))])
	}
	require.Equal(t, programme, all)
	return out
}

func TestSoundReplace(t *testing.T) {
	for _, format := range []string{"wav", "aiff", "flac"} {
		for name, b := range fixtures(t, format) {
			t.Run(format+"/"+name, func(t *testing.T) {
				if _, err := soundOpeners[format](NewSource(bytes.NewReader(b), int64(len(b)), Limits{})); err != nil {
					require.ErrorIs(t, err, ErrCoding)
					return
				}
				out := replaced(t, format, b)
				require.NoError(t, walk(t, map[string]Walk{"wav": WAV, "aiff": AIFF, "flac": FLAC}[format], out).Summary().Damage)
				if format != "flac" {
					require.Len(t, out, len(b))
				}
			})
		}
	}
}

// waveOf returns a WAV file of a fmt chunk, other chunks and data.
func waveOf(tag, channels, bits uint16, chunks, data string) []byte {
	order := binary.LittleEndian
	h := order.AppendUint16(nil, tag)
	h = order.AppendUint16(h, channels)
	h = order.AppendUint32(h, 8000)
	align := channels * ((bits + 7) / 8)
	h = order.AppendUint32(h, 8000*uint32(align))
	h = order.AppendUint16(order.AppendUint16(h, align), bits)
	body := "WAVE" + string(encodeChunk("fmt ", h)) + chunks + string(encodeChunk("data", []byte(data)))
	return encodeChunk("RIFF", []byte(body))
}

func TestPCMCodings(t *testing.T) {
	for _, p := range []pcm{
		{width: 1, bits: 8, offset: true}, {width: 1, bits: 8}, {width: 2, bits: 16}, {width: 2, bits: 12, big: true},
		{width: 3, bits: 24}, {width: 3, bits: 20}, {width: 4, bits: 32, big: true}, {width: 4, bits: 24},
		{width: 4, bits: 32, float: true}, {width: 8, bits: 64, float: true, big: true},
	} {
		require.NoError(t, p.check())
		for _, v := range []float64{0, 0.5, -0.5, 0.98, -0.98, 1, -1} {
			b := make([]byte, p.width)
			p.encode(b, v)
			require.InDelta(t, v, p.decode(b), 2/float64(int(1)<<(min(p.bits, 24)-1)), "%+v", p)
			if !p.float && p.bits < 8*p.width && !p.big {
				require.Zero(t, b[0]&(1<<(8*p.width-p.bits)-1), "bits that do not count: %+v", p)
			}
		}
	}
	p := pcm{width: 4, bits: 32, float: true}
	require.Zero(t, p.decode(binary.LittleEndian.AppendUint32(nil, math.Float32bits(float32(math.NaN())))))
}

// TestWAVPositions: what points into the programme still does.
func TestWAVPositions(t *testing.T) {
	words := func(values ...uint32) string {
		var b []byte
		for _, v := range values {
			b = binary.LittleEndian.AppendUint32(b, v)
		}
		return string(b)
	}
	bext := make([]byte, 602)
	binary.LittleEndian.PutUint64(bext[bextTime:], 5000)
	id := binary.LittleEndian.Uint32([]byte("data"))
	chunks := func(position, peak, time, total uint32) string {
		binary.LittleEndian.PutUint64(bext[bextTime:], uint64(time))
		return string(encodeChunk("cue ", []byte(words(1, 7, position, id, 0, 0, position)))) +
			string(encodeChunk("smpl", []byte(words(0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, position, position+5, 0, 0)))) +
			string(encodeChunk("PEAK", []byte(words(1, 2, math.Float32bits(0.5), peak)))) +
			string(encodeChunk("fact", []byte(words(total)))) +
			string(encodeChunk("bext", bext))
	}
	data := strings.Repeat("\x01\x02", 21)
	out := inserted(t, "wav", waveOf(wavePCM, 1, 16, chunks(3, 9, 5000, 21), data), ramp(100), ramp(11))
	samples := make([]byte, 200)
	require.Contains(t, string(out), chunks(103, 109, 4900, 132))
	require.Contains(t, string(out), data)
	require.Len(t, out, len(waveOf(wavePCM, 1, 16, chunks(3, 9, 5000, 21), data))+len(samples)+22)

	odd := waveOf(wavePCM, 1, 8, chunks(3, 9, 50, 99), data[:21])
	out = inserted(t, "wav", odd, ramp(100), nil)
	require.Contains(t, string(out), chunks(103, 109, 0, 99), "midnight is the earliest time; a wrong fact stays")
	require.Len(t, inserted(t, "wav", odd, nil, ramp(1)), len(odd), "the pad byte goes")
}

func TestWAVSoundRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		file []byte
		want error
	}{
		"μ-law":           {waveOf(7, 1, 8, "", "data"), ErrCoding},
		"no channels":     {waveOf(wavePCM, 0, 16, "", "data"), ErrCoding},
		"40 bits":         {waveOf(wavePCM, 1, 40, "", "data"), ErrCoding},
		"floats of 16":    {waveOf(waveFloat, 1, 16, "", "data"), ErrCoding},
		"65 channels":     {waveOf(wavePCM, 65, 8, "", "data"), ErrCoding},
		"no fmt":          {encodeChunk("RIFF", []byte("WAVE"+string(encodeChunk("data", nil)))), new(FormatError)},
		"truncated":       {waveOf(wavePCM, 1, 16, "", "data data")[:50], new(FormatError)},
		"cue of 9 MiB":    {waveOf(wavePCM, 1, 16, string(encodeChunk("cue ", make([]byte, 9<<20))), "data"), new(LimitError)},
		"short positions": {waveOf(wavePCM, 1, 16, "cue \x02\x00\x00\x00\xff\xfffact\x00\x00\x00\x00bext\x00\x00\x00\x00", "data"), nil},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := WAVSound(NewSource(bytes.NewReader(c.file), int64(len(c.file)), Limits{}))
			if err == nil {
				_, err = s.Insert(ramp(1), nil)
			}
			switch want := c.want.(type) {
			case *FormatError:
				require.ErrorAs(t, err, &want)
			case *LimitError:
				require.ErrorAs(t, err, &want)
			default:
				require.ErrorIs(t, err, c.want)
			}
		})
	}
}

func TestRF64Sizes(t *testing.T) {
	b := fixtures(t, "wav")["rf64.wav"]
	out := inserted(t, "wav", b, ramp(100), ramp(101))
	sizes := func(b []byte) [3]uint64 {
		at := b[ds64Data:]
		return [3]uint64{binary.LittleEndian.Uint64(at), binary.LittleEndian.Uint64(at[8:]), binary.LittleEndian.Uint64(at[16:])}
	}
	before, after := sizes(b), sizes(out)
	require.Equal(t, uint64(402), after[0]-before[0])
	require.Equal(t, uint64(402), after[1]-before[1])
	require.Len(t, out, int(after[0])+chunkOverhead)
}

// TestAIFFMarks: markers move; their names, of even and odd lengths, do not.
func TestAIFFMarks(t *testing.T) {
	mark := func(position uint32) string {
		return "\x00\x02" + "\x00\x01" + string(binary.BigEndian.AppendUint32(nil, position)) + "\x02ab\x00" +
			"\x00\x02" + string(binary.BigEndian.AppendUint32(nil, position+1)) + "\x01c"
	}
	common := "\x00\x01\x00\x00\x00\x04\x00\x10\x40\x0b\xfa\x00\x00\x00\x00\x00\x00\x00"
	chunk := func(id, data string) string { return string(riffChunk{id: id, big: true}.encode([]byte(data))) }
	file := []byte(chunk("FORM", "AIFF"+chunk("COMM", common)+chunk("MARK", mark(3))+chunk("SSND", "\x00\x00\x00\x02\x00\x00\x00\x00##datadata")))
	require.Equal(t, SoundShape{Rate: 8000, Channels: 1, Length: 4, Block: 1}, openSound(t, "aiff", file).Shape())
	out := inserted(t, "aiff", file, ramp(10), ramp(1))
	require.Contains(t, string(out), mark(13))
	require.Contains(t, string(out), "##\xe0\x00")
	require.Contains(t, string(out), "\x00\x01\x00\x00\x00\x0f\x00\x10")
}

// fuzzSound opens arbitrary input, and puts samples into what opens.
func fuzzSound(f *testing.F, format string) {
	for _, b := range fixtures(f, format) {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := soundOpeners[format](NewSource(bytes.NewReader(b), int64(len(b)), Limits{}))
		if err != nil {
			return
		}
		shape, n := s.Shape(), 0
		for block, err := range s.Samples(shape.Length / 2) {
			if n += len(block); err != nil || n > 1<<20 {
				break
			}
		}
		if n > 1<<20 || shape.Block > 4<<10 {
			return
		}
		if mixer, ok := s.(Mixer); ok && shape.Length > 0 {
			values := int(shape.Length) * shape.Channels
			_, err = mixer.Replace(SoundPart{From: shape.Length / 2, Samples: ramp(min(values/2, 900) / shape.Channels * shape.Channels)})
			require.NotErrorIs(t, err, splice.ErrInvalid)
		}
		plan, err := s.Insert(ramp(max(shape.Block, 700/shape.Block*shape.Block)), ramp(5))
		if err != nil {
			return
		}
		after := openSound(t, format, output(t, plan, b))
		require.Equal(t, shape.Length+int64(max(shape.Block, 700/shape.Block*shape.Block))+5, after.Shape().Length)
	})
}

func FuzzWAVSound(f *testing.F)  { fuzzSound(f, "wav") }
func FuzzAIFFSound(f *testing.F) { fuzzSound(f, "aiff") }
func FuzzFLACSound(f *testing.F) { fuzzSound(f, "flac") }

// A failingReader fails after its first bytes.
type failingReader struct {
	*bytes.Reader
	good int64
}

func (f failingReader) ReadAt(b []byte, off int64) (int, error) {
	if off+int64(len(b)) > f.good {
		return 0, errDisk
	}
	return f.Reader.ReadAt(b, off)
}

var errDisk = errors.New("disk")

func TestSoundReportsIO(t *testing.T) {
	b := waveOf(wavePCM, 1, 16, "", strings.Repeat("data", 20<<10))
	s, err := WAVSound(NewSource(failingReader{bytes.NewReader(b), 40 << 10}, int64(len(b)), Limits{}))
	require.NoError(t, err)
	var failed error
	for _, err := range s.Samples(0) {
		failed = err
	}
	require.ErrorIs(t, failed, errDisk)
}
