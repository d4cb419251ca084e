package label

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aigclabel/aigclabel/internal/peer"
	"github.com/aigclabel/aigclabel/metadata"
)

// ownVoice is a clip of a caller: one that is like nothing else.
var ownVoice = &Clip{Samples: reversed(speech(0.5, 0.05)), Rate: 16_000}

// soundNotices are the kinds of notices in sound, without a position.
var soundNotices = map[string]Notice{
	"rhythm": {}, "zh": {Sound: Spoken}, "en": {Sound: Spoken, Language: "en"}, "both": {Sound: Spoken, Language: "zh+en"}, "own": {Clip: ownVoice},
}

// programmes are files of all formats, with samples that no other program changes.
func programmes(t testing.TB) map[string]metadata.Source {
	t.Helper()
	plain := metadata.Bytes(wave(16000, 1, speech(20, 0.1)), "speech.wav")
	all := map[string]metadata.Source{"wav": plain}
	if !testing.Short() {
		path := stored(t, plain)
		for _, format := range []string{"flac", "aiff"} {
			out := path + "." + format
			peer.Run(t, peer.Tool(t, "ffmpeg"), "-v", "error", "-i", path, "-ac", "2", out)
			b, err := os.ReadFile(out)
			require.NoError(t, err)
			all[format] = metadata.Bytes(b, "speech."+format)
		}
	}
	return all
}

// TestSpokenNotice: words at the level of the programme, which is as before; they are
// found again.
func TestSpokenNotice(t *testing.T) {
	for format, src := range programmes(t) {
		programme, shape := heard(t, src, format)
		for name, n := range soundNotices {
			t.Run(format+"/"+name, func(t *testing.T) {
				n.Position = Both
				l := &Labeler{Producer: producer, Notice: &n}
				out, receipt := labelled(t, l, src, Artifact{ID: "a"})
				require.True(t, receipt.Layers[0].Done)
				samples, _ := heard(t, out, format)
				at := bytes.Index(floats(samples), floats(programme)) / 8
				require.Positive(t, at)
				front := mono(samples[:at], shape.Channels)
				level := activeLevel(front, shape.Rate)
				t.Logf("%s: %.1f s, %.1f dB beside %.1f dB", receipt.Layers[0].Place, float64(len(front))/float64(shape.Rate), level, rms(programme))
				require.InDelta(t, rms(programme), level, 1.5)
				_, receipt = labelled(t, l, out, Artifact{ID: "a"})
				require.False(t, receipt.Changed)
			})
		}
	}
}

// mono returns the first channel.
func mono(samples []float64, channels int) (one []float64) {
	for i := 0; i < len(samples); i += channels {
		one = append(one, samples[i])
	}
	return one
}

// TestMixedNotice: the file is as long as before, only samples under the notice change, the
// notice has the level of the programme, and nothing clips.
func TestMixedNotice(t *testing.T) {
	for format, src := range programmes(t) {
		programme, shape := heard(t, src, format)
		for name, n := range soundNotices {
			for _, at := range []Position{Start, End, Both} {
				t.Run(fmt.Sprint(format, "/", name, "/", at), func(t *testing.T) {
					n.Mix, n.Position = true, at
					l := &Labeler{Producer: producer, Notice: &n}
					out, receipt := labelled(t, l, src, Artifact{ID: "a"})
					require.Contains(t, receipt.Layers[0].Place, at.String()+", mixed")
					samples, after := heard(t, out, format)
					require.Equal(t, shape, after)
					said, err := n.said(metadata.Generated)
					require.NoError(t, err)
					under := int((said.seconds()+2*mixFade)*float64(shape.Rate)) * shape.Channels
					keep, end := 0, len(samples)
					if at != End {
						keep = under
						requireOver(t, samples[:under], programme, shape.Channels, shape.Rate)
					}
					if at != Start {
						end -= under
						requireOver(t, samples[end:], programme, shape.Channels, shape.Rate)
					}
					require.Equal(t, programme[keep:end], samples[keep:end])
					_, receipt = labelled(t, l, out, Artifact{ID: "a"})
					require.False(t, receipt.Changed)
				})
			}
		}
	}
}

// requireOver checks samples that a notice lies over.
func requireOver(t *testing.T, samples, programme []float64, channels, rate int) {
	t.Helper()
	fade := int(mixFade*float64(rate)) * channels
	require.InDelta(t, rms(programme), activeLevel(samples[fade:len(samples)-fade], rate*channels), 3)
	require.Less(t, max(slices.Max(samples), -slices.Min(samples)), 1.0)
}

// TestMixedNoticeInLoudSound: where the programme is at full scale, all of both has room.
func TestMixedNoticeInLoudSound(t *testing.T) {
	square := make([]float64, 8*16_000)
	for i := range square {
		square[i] = 0.99 * float64(i/40%2*2-1)
	}
	for name, n := range soundNotices {
		n.Mix = true
		out, receipt := labelled(t, &Labeler{Producer: producer, Notice: &n}, metadata.Bytes(wave(16_000, 1, append(square, square...)), "square.wav"), Artifact{})
		require.True(t, receipt.Layers[0].Done, name)
		samples, _ := heard(t, out, "wav")
		require.LessOrEqual(t, max(slices.Max(samples), -slices.Min(samples)), 1.0, name)
	}
}

// TestMixedNoticeNeedsRoom: the receipt says why there is none, and the record is there.
func TestMixedNoticeNeedsRoom(t *testing.T) {
	l := &Labeler{Producer: producer, Notice: &Notice{Mix: true, Sound: Spoken}}
	_, receipt := labelled(t, l, metadata.Bytes(wave(16_000, 1, speech(3, 0.1)), "short.wav"), Artifact{})
	require.False(t, receipt.Layers[0].Done)
	require.Contains(t, receipt.Layers[0].Reason, "shorter than the notice")
	require.True(t, receipt.Layers[1].Done)
}

// TestNoticeSurvivesConversion: sound that was compressed, resampled and made quieter gets
// no second notice of words, nor one under it.
func TestNoticeSurvivesConversion(t *testing.T) {
	ffmpeg := peer.Tool(t, "ffmpeg")
	for name, n := range map[string]Notice{
		"spoken": {Sound: Spoken, Position: Both}, "mixed words": {Sound: Spoken, Language: "en", Mix: true, Position: Both}, "mixed rhythm": {Mix: true, Position: Both},
	} {
		l := &Labeler{Producer: producer, Notice: &n}
		out, _ := labelled(t, l, metadata.Bytes(wave(16_000, 1, speech(15, 0.1)), "speech.wav"), Artifact{})
		path := stored(t, out)
		lossy, back := path+".mp3", path+".back.wav"
		peer.Run(t, ffmpeg, "-v", "error", "-i", path, "-b:a", "32k", lossy)
		peer.Run(t, ffmpeg, "-v", "error", "-i", lossy, "-ar", "22050", "-ac", "2", "-filter:a", "volume=0.3", back)
		b, err := os.ReadFile(back)
		require.NoError(t, err)
		_, receipt := labelled(t, l, metadata.Bytes(b, "back.wav"), Artifact{})
		require.Equal(t, "audio start and end", receipt.Layers[0].Place, name)
	}
}

// TestNoticeInOtherWords: a notice in another language, or of another voice, is none.
func TestNoticeInOtherWords(t *testing.T) {
	src := metadata.Bytes(wave(16_000, 1, speech(10, 0.1)), "speech.wav")
	for name, n := range soundNotices {
		out, _ := labelled(t, &Labeler{Producer: producer, Notice: &n}, src, Artifact{})
		for other, n := range soundNotices {
			_, receipt := labelled(t, &Labeler{Producer: producer, Notice: &n}, out, Artifact{})
			has := name == other || name == "both" && other == "zh"
			require.Equal(t, has, receipt.Layers[0].Place == "audio start", "%s in %s", other, name)
		}
	}
}
