package label

import (
	"cmp"
	"encoding/binary"
	"math"
)

// A Cue is the rhythm label of GB 45438-2025 clause 5.3: four tones, short, long,
// short, short, which are A and I in Morse code. [Labeler] puts it into files of
// sound. Programs that speak in turns, such as voice assistants, play it at the start
// or the end of each turn (clause 5.3, note 3), 0.3 s away from the speech:
//
//	cue := label.Cue{Rate: 24000, Level: -23}
//	conn.Write(cue.PCM16())
//
// The standard gives the rhythm alone. The rest is our choice: tones of 800 Hz, which
// telephones and small loudspeakers reproduce well; short ones of 0.1 s and a long one
// of 0.3 s; pauses of 0.1 s, and of 0.3 s between the letters, without which it would
// be the letter L. That is 1.1 s, about 12 words a minute. The tones begin and end in 5 ms,
// so that they do not click.
//
// Files that have such a rhythm in their first 3 or last 1.5 seconds, where it is asked
// for, get no second one, at whatever level it is.
//
// With a Clip it is the other label of the clause, words.
//
// The zero value is a cue for speech at 24 kHz in one channel.
type Cue struct {
	// Rate is the number of samples a second, at least 1000; 0 stands for
	// 24000, which most speech models use. Below 3200 the pitch is a quarter of it.
	Rate int

	// Channels is the number of channels, which all get the same; 0 stands for 1.
	Channels int

	// Level is the RMS level of the sound that the cue goes with, in dB relative to
	// full scale; 0 stands for -20. The cue has the same level within 1.5 dB,
	// whether its pauses count or not. But it is never lower than -40 dB, to be
	// heard beside silence, and its peaks never reach full scale, whatever Level is.
	Level float64

	// Clip, where set, is spoken in place of the rhythm; see [Speech]. Its level without
	// pauses is as near, up to -9 dB. One beyond the bounds of [Clip] is not spoken:
	// the rhythm stands instead.
	Clip *Clip
}

// The choices that the doc comment of [Cue] explains.
const (
	cuePitch   = 800.0
	cueUnits   = 11   // of the whole
	cueUnit    = 10   // in a second
	cuePause   = 3    // units between cue and programme
	cueEdge    = 200  // in a second
	cuePeak    = 0.98 // of full scale
	cueFloor   = -40.0
	cueDefault = -20.0

	// cueGain is the level of the tones above that asked for, in dB. The pauses
	// take the whole as far below it.
	cueGain = 1.3
)

// cueTones are the tones, in units.
var cueTones = [...]struct{ start, length int }{{0, 1}, {2, 3}, {8, 1}, {10, 1}}

// PCM returns the samples of the cue, of -1 to 1. Those of several channels are
// interleaved.
func (c Cue) PCM() []float64 {
	mono, channels := c.mono(), max(c.Channels, 1)
	if channels == 1 {
		return mono
	}
	all := make([]float64, 0, len(mono)*channels)
	for _, v := range mono {
		for range channels {
			all = append(all, v)
		}
	}
	return all
}

// PCM16 returns the samples of the cue as speech models stream them: signed 16-bit
// integers, little-endian.
func (c Cue) PCM16() []byte {
	samples := c.PCM()
	b := make([]byte, 0, 2*len(samples))
	for _, v := range samples {
		b = binary.LittleEndian.AppendUint16(b, uint16(int16(math.Round(v*math.MaxInt16))))
	}
	return b
}

// mono returns the samples of one channel.
func (c Cue) mono() []float64 {
	if c.Clip != nil && c.Clip.check() != nil {
		c.Clip = nil
	}
	return c.Clip.render(max(cmp.Or(c.Rate, 24_000), 1000), cmp.Or(c.Level, cueDefault))
}

// renderCue returns a cue for sound of any level.
func renderCue(rate int, level float64) []float64 {
	level = max(level, cueFloor) + cueGain
	peak := min(math.Sqrt2*math.Pow(10, level/20), cuePeak)
	unit := rate / cueUnit
	step := 2 * math.Pi * pitch(rate) / float64(rate)
	samples := make([]float64, cueUnits*unit)
	for _, tone := range cueTones {
		n := tone.length * unit
		for i := range n {
			samples[tone.start*unit+i] = peak * edge(min(i, n-1-i), rate) * math.Sin(step*float64(i))
		}
	}
	return samples
}

// pitch returns the frequency of the tones, in Hz.
func pitch(rate int) float64 { return min(cuePitch, float64(rate)/4) }

// edge returns the gain i samples from the end of a tone: half a wave of a cosine.
func edge(i, rate int) float64 {
	t := float64(i) * cueEdge / float64(rate)
	if t >= 1 {
		return 1
	}
	return (1 - math.Cos(math.Pi*t)) / 2
}
