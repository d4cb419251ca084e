package label

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aigclabel/aigclabel/internal/container"
	"github.com/aigclabel/aigclabel/metadata"
)

// wave returns a WAV file of 16-bit samples.
func wave(rate, channels int, samples []float64) []byte {
	order := binary.LittleEndian
	var data []byte
	for _, v := range samples {
		data = order.AppendUint16(data, uint16(int16(math.Round(v*32767))))
	}
	b := order.AppendUint32([]byte("RIFF"), uint32(36+len(data)))
	b = order.AppendUint32(append(b, "WAVEfmt "...), 16)
	b = order.AppendUint16(order.AppendUint16(b, 1), uint16(channels))
	b = order.AppendUint32(order.AppendUint32(b, uint32(rate)), uint32(rate*channels*2))
	b = order.AppendUint16(order.AppendUint16(b, uint16(channels*2)), 16)
	return append(order.AppendUint32(append(b, "data"...), uint32(len(data))), data...)
}

// speech returns samples of one channel that come and go like words.
func speech(seconds, level float64) []float64 {
	r := rand.New(rand.NewPCG(3, 4))
	samples := make([]float64, int(seconds*16000))
	for i := range samples {
		samples[i] = level * r.NormFloat64() * (1 + math.Sin(float64(i)/3000))
	}
	return samples
}

// heard returns the samples of a file.
func heard(t testing.TB, src metadata.Source, format string) (samples []float64, shape container.SoundShape) {
	t.Helper()
	s, err := sounds[format](container.NewSource(src.R, src.Size, container.Limits{}))
	require.NoError(t, err)
	for block, err := range s.Samples(0) {
		require.NoError(t, err)
		samples = append(samples, block...)
	}
	return samples, s.Shape()
}

// TestSoundNotice: the rhythm on the sides asked for, at the level of the programme,
// which is as before; a second time nothing changes.
func TestSoundNotice(t *testing.T) {
	programme := speech(2, 0.1)
	file := metadata.Bytes(wave(16000, 1, programme), "speech.wav")
	programme, _ = heard(t, file, "wav")
	for at, want := range map[Position]struct {
		head, tail int
		place      string
	}{
		Start: {22_400, 0, "audio start, 1.4 s"}, End: {0, 22_400, "audio end, 1.4 s"}, Both: {22_400, 22_400, "audio start and end, 2.8 s"},
	} {
		t.Run(at.String(), func(t *testing.T) {
			l := &Labeler{Producer: producer, Notice: &Notice{Position: at}}
			out, receipt := labelled(t, l, file, Artifact{ID: "a"})
			require.Equal(t, Layer{Name: "notice", Done: true, Place: want.place}, receipt.Layers[0])
			samples, _ := heard(t, out, "wav")
			require.Equal(t, programme, samples[want.head:len(samples)-want.tail])
			for _, cue := range [][]float64{samples[:want.head], reversed(samples[len(samples)-want.tail:])} {
				if len(cue) > 0 {
					require.InDelta(t, rms(programme), rms(cue[:17_600]), 3)
					require.InDelta(t, 0, rms(append(cue[17_600:], 1)), 40, "silence between cue and programme")
				}
			}
			again, receipt := labelled(t, l, out, Artifact{ID: "a"})
			require.False(t, receipt.Changed)
			require.Equal(t, "audio "+at.String(), receipt.Layers[0].Place)
			require.Equal(t, out.Size, again.Size)
		})
	}
}

// TestSoundNoticeOnOtherSide: a cue at the start is none at the end.
func TestSoundNoticeOnOtherSide(t *testing.T) {
	file := metadata.Bytes(wave(16000, 1, speech(2, 0.1)), "speech.wav")
	first, _ := labelled(t, &Labeler{Producer: producer, Notice: &Notice{}}, file, Artifact{ID: "a"})
	both, receipt := labelled(t, &Labeler{Producer: producer, Notice: &Notice{Position: Both}}, first, Artifact{ID: "a"})
	require.True(t, receipt.Changed)
	require.Equal(t, first.Size+2*22_400, both.Size)
}

func TestSoundNoticeLevels(t *testing.T) {
	gaps := append(speech(1, 0.1), make([]float64, 16000)...)
	for name, c := range map[string]struct {
		programme []float64
		want      float64
	}{
		"loud":     {speech(2, 0.2), rms(speech(2, 0.2))},
		"quiet":    {speech(2, 0.02), rms(speech(2, 0.02))},
		"silent":   {make([]float64, 16000), -40},
		"nothing":  {nil, -40},
		"a sample": {[]float64{0.1}, -20},
		"pauses":   {gaps, rms(gaps[:16000])}, // those of the programme do not count
	} {
		t.Run(name, func(t *testing.T) {
			out, _ := labelled(t, &Labeler{Producer: producer, Notice: &Notice{}}, metadata.Bytes(wave(16000, 1, c.programme), "a.wav"), Artifact{})
			samples, _ := heard(t, out, "wav")
			require.InDelta(t, c.want, rms(samples[:17_600]), 1.8)
		})
	}
}

// TestSoundNoticeInEveryFormat: real files, of all channels and depths.
func TestSoundNoticeInEveryFormat(t *testing.T) {
	for _, path := range []string{
		"wav/plain.wav", "wav/bext.wav", "wav/rf64.wav", "wav/streamed.wav", "wav/rifx.wav", "wav/id3.wav",
		"aiff/sox.aiff", "aiff/sox.aifc", "aiff/mutagen.aif", "aiff/streamed.aiff",
		"flac/ffmpeg.flac", "flac/blocks.flac", "flac/streamed.flac", "flac/bare.flac",
		"mp3/untagged.mp3", "mp3/lame.mp3", "mp3/stereo.mp3", "mp3/picture.mp3", "mp3/ape.mp3", "mp3/v24-v1.mp3",
	} {
		t.Run(path, func(t *testing.T) {
			src := fixture(t, path)
			format, err := metadata.Detect(src)
			require.NoError(t, err)
			l := &Labeler{Producer: producer, Notice: &Notice{Position: Both}, Write: metadata.WriteOptions{Replace: true}}
			out, receipt := labelled(t, l, src, Artifact{ID: "a"})
			require.True(t, receipt.Layers[0].Done)
			before, _ := heard(t, src, format.Name)
			after, shape := heard(t, out, format.Name)
			require.True(t, bytes.Contains(floats(after), floats(before)))
			require.GreaterOrEqual(t, len(after)-len(before), 2*shape.Channels*shape.Rate*13/10)
			_, receipt = labelled(t, l, out, Artifact{ID: "a"})
			require.False(t, receipt.Changed)
		})
	}
}

func floats(samples []float64) (b []byte) {
	for _, v := range samples {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
	}
	return b
}

func TestSoundNoticeErrors(t *testing.T) {
	l := &Labeler{Producer: producer, Notice: &Notice{}}
	var out bytes.Buffer
	whole := wave(16000, 1, speech(1, 0.1))
	_, err := l.Label(t.Context(), &out, metadata.Bytes(whole[:5000], "a.wav"), Artifact{})
	var bad *metadata.FormatError
	require.ErrorAs(t, err, &bad)
	require.Zero(t, out.Len())
}

// TestSoundNoticeIsMissing: in other codings there is none, which the receipt says.
func TestSoundNoticeIsMissing(t *testing.T) {
	l := &Labeler{Producer: producer, Notice: &Notice{}}
	for _, src := range []metadata.Source{fixture(t, "aiff/mulaw.aifc"), fixture(t, "mp3/layer2.mp3"), metadata.Bytes(wave(1<<30, 1, nil), "a.wav")} {
		_, receipt := labelled(t, l, src, Artifact{})
		require.False(t, receipt.Layers[0].Done)
		require.Contains(t, receipt.Layers[0].Reason, "not supported")
		require.True(t, receipt.Layers[1].Done)
	}
}
