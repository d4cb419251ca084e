package container

import (
	"bytes"
	"encoding/binary"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aigclabel/aigclabel/internal/mp3"
)

// Headers of streams: one granule a frame, and two.
const (
	monoHeader   mp3.Header = 0xFFE318C4 // 8 kHz, 8 kbit/s
	stereoHeader mp3.Header = 0xFFFB9000 // 44.1 kHz, 128 kbit/s
)

// mp3Frames returns a stream of frames.
func mp3Frames(h mp3.Header, samples int) []byte {
	return slices.Concat(mp3.Clip{Like: h, Samples: ramp(samples), Delay: mp3.MinDelay}.Frames()...)
}

// A lameHeader makes frames as LAME puts them in front.
type lameHeader struct {
	id, name       string
	delay, padding int
}

// file returns a stream with such a frame.
func (l lameHeader) file(h mp3.Header, audio []byte) []byte {
	h = h.Near(128_000)
	b := append(binary.BigEndian.AppendUint32(nil, uint32(h)), make([]byte, h.Size()-mp3.HeaderSize)...)
	x := b[mp3.HeaderSize+h.SideSize():]
	copy(x, l.id)
	x[7] = 15 // all fields
	frames := uint32(0)
	for rest := audio; len(rest) > 0; frames++ {
		h, _ := mp3.ParseHeader(rest)
		rest = rest[h.Size():]
	}
	binary.BigEndian.PutUint32(x[8:], frames)
	binary.BigEndian.PutUint32(x[12:], uint32(len(b)+len(audio)))
	lame := x[120:]
	if copy(lame, l.name) > 0 {
		putUint24(lame[lameDelays:], int64(l.delay<<12|l.padding))
		binary.BigEndian.PutUint32(lame[lameLength:], uint32(len(b)+len(audio)))
		binary.BigEndian.PutUint16(lame[lameMusicCRC:], crc16(audio))
		end := mp3.HeaderSize + h.SideSize() + 120 + lameTagCRC
		binary.BigEndian.PutUint16(b[end:], crc16(b[:end]))
	}
	return append(b, audio...)
}

// insertedMP3 returns a file with samples in front and behind, after checking that they
// are there, each as late as asked for, and that the programme sounds as before.
func insertedMP3(t testing.TB, b []byte, front, back []float64, late int) []byte {
	t.Helper()
	before := openSound(t, "mp3", b)
	plan, err := before.Insert(front, back)
	require.NoError(t, err)
	out := output(t, plan, b)
	after := openSound(t, "mp3", out)
	old, shape := before.Shape(), after.Shape()
	require.Equal(t, [3]int{old.Rate, old.Channels, old.Block}, [3]int{shape.Rate, shape.Channels, shape.Block})
	all, programme := samplesOf(t, after, 0), samplesOf(t, before, 0)
	require.Len(t, all, int(shape.Length)*shape.Channels)
	head := bytes.Index(floats(all), floats(programme)) / 8
	require.GreaterOrEqual(t, head, len(front)*shape.Channels)
	for i, want := range front {
		require.InDelta(t, want, all[(i+late)*shape.Channels], 0.2)
		require.Equal(t, all[i*shape.Channels], all[(i+1)*shape.Channels-1])
	}
	for i, want := range back {
		require.InDelta(t, want, all[head+len(programme)+(i+mp3.MinDelay)*shape.Channels], 0.2)
	}
	from := shape.Length / 2
	require.Equal(t, all[from*int64(shape.Channels):], samplesOf(t, after, from))
	require.NoError(t, walk(t, MP3, out).Summary().Damage)
	return out
}

func floats(samples []float64) (b []byte) {
	for _, v := range samples {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
	}
	return b
}

// slow returns a quiet tone that any bit rate has room for.
func slow(n int) []float64 {
	samples := make([]float64, n)
	for i := range samples {
		samples[i] = 0.2 * math.Sin(float64(i)/5) * math.Sin(math.Pi*float64(i)/float64(n))
	}
	return samples
}

func TestMP3SoundInsert(t *testing.T) {
	for name, b := range fixtures(t, "mp3") {
		t.Run(name, func(t *testing.T) {
			if name == "layer2.mp3" {
				_, err := MP3Sound(NewSource(bytes.NewReader(b), int64(len(b)), Limits{}))
				require.ErrorIs(t, err, ErrCoding)
				return
			}
			s := openSound(t, "mp3", b).(*mp3Sound)
			block, late := s.Shape().Block, mp3.MinDelay
			if delay, _, known := s.info.delay(); known {
				late = delay + mp3Decoder
			}
			plan, err := s.Insert(nil, nil)
			require.NoError(t, err)
			require.Empty(t, plan.Edits())
			for _, n := range [][2]int{{block, 0}, {0, 2000}, {4 * block, 3001}} {
				insertedMP3(t, b, slow(n[0]), slow(n[1]), late)
			}
		})
	}
}

// TestMP3Info: what the first frame says of the stream is right, and its checksums.
func TestMP3Info(t *testing.T) {
	for name, c := range map[string]struct {
		lameHeader
		like mp3.Header
	}{
		"LAME": {lameHeader{"Info", "LAME3.100", 576, 1000}, stereoHeader}, "ffmpeg": {lameHeader{"Xing", "Lavf", 1105, 900}, monoHeader},
		"Xing": {lameHeader{id: "Xing"}, stereoHeader}, "no delay": {lameHeader{"Info", "LAME", 0, 0}, monoHeader},
	} {
		t.Run(name, func(t *testing.T) {
			audio := mp3Frames(c.like, 30_000)
			in := c.file(c.like, audio)
			late := max(c.delay+mp3Decoder, mp3.MinDelay)
			out := insertedMP3(t, in, slow(20*c.like.Samples()), nil, late)
			require.Equal(t, c.lameHeader, lameHeaderOf(t, out))
			requireSameInfo(t, c.file(c.like, out[len(in)-len(audio):]), out)

			back := slow(5000)
			out = insertedMP3(t, in, nil, back, late)
			if c.name != "" {
				added := openSound(t, "mp3", out).Shape().Length - openSound(t, "mp3", in).Shape().Length
				c.padding = int(added) - mp3.MinDelay - len(back) + mp3Decoder // players stop at the last sample
			}
			require.Equal(t, c.lameHeader, lameHeaderOf(t, out))
			requireSameInfo(t, c.file(c.like, out[len(in)-len(audio):]), out)
		})
	}
}

// lameHeaderOf returns what a file says.
func lameHeaderOf(t testing.TB, b []byte) lameHeader {
	t.Helper()
	info := openSound(t, "mp3", b).(*mp3Sound).info
	at := mp3.HeaderSize + info.header.SideSize()
	l := lameHeader{id: string(b[at : at+4])}
	if info.lame > 0 {
		l.name = strings.TrimRight(string(b[info.lame:info.lame+9]), "\x00")
		l.delay, l.padding, _ = info.delay()
	}
	return l
}

// requireSameInfo compares the first frames of files, but for the table of contents,
// which in got points at the right frames, and the checksum that covers it.
func requireSameInfo(t testing.TB, want, got []byte) {
	t.Helper()
	s := openSound(t, "mp3", got).(*mp3Sound)
	b, toc := bytes.Clone(s.info.frame), s.info.toc
	for i, v := range b[toc : toc+tocSize] {
		frame := int64(i) * s.index.count / tocSize
		at := s.index.position(frame) + int64(len(b))
		require.InDelta(t, float64(at)*256/float64(len(got)), v, 1.01+float64(len(b))/float64(len(got))*256)
	}
	if s.info.lame > 0 {
		sum := s.info.lame + lameTagCRC
		require.Equal(t, crc16(b[:sum]), binary.BigEndian.Uint16(b[sum:]))
		copy(b[sum:], want[sum:sum+2])
	}
	copy(b[toc:], want[toc:toc+tocSize])
	require.Equal(t, want[:len(b)], b)
}

// TestMP3WrongChecksums stay wrong.
func TestMP3WrongChecksums(t *testing.T) {
	in := lameHeader{"Info", "LAME3.100", 576, 1000}.file(stereoHeader, mp3Frames(stereoHeader, 5000))
	at := openSound(t, "mp3", in).(*mp3Sound).info.lame + lameMusicCRC
	in[at]++
	out := insertedMP3(t, in, slow(1152), nil, 1105)
	require.NotEqual(t, crc16(out[418-1:]), binary.BigEndian.Uint16(out[at:]), "of the frames")
	require.Equal(t, in[at+2:at+4], out[at+2:at+4], "of the first one")
	in[at], in[at+1] = 0, 0
	require.Zero(t, binary.BigEndian.Uint16(insertedMP3(t, in, slow(1152), nil, 1105)[at:]), "unknown")
}

func TestCRC16Behind(t *testing.T) {
	for _, n := range []int{0, 1, 2, 7, 255, 100_000} {
		require.Equal(t, crc16(append([]byte("some sound"), make([]byte, n)...)), crc16Behind(crc16([]byte("some sound")), int64(n)))
	}
	require.Equal(t, uint16(0xBB3D), crc16([]byte("123456789")), "CRC-16/ARC")
}

// TestMP3VBRITable: each entry has the bytes of as many frames, and all of them are there.
func TestMP3VBRITable(t *testing.T) {
	for _, size := range []int{1, 2} {
		audio := mp3Frames(stereoHeader, 100_000)
		first := append(binary.BigEndian.AppendUint32(nil, uint32(stereoHeader)), make([]byte, stereoHeader.Size()-4)...)
		copy(first[vbriOffset:], "VBRI\x00\x01")
		for at, v := range map[int]uint16{12: uint16((len(first) + len(audio))), 16: 90, 18: 40, 20: 1, 22: uint16(size), 24: 3} {
			binary.BigEndian.PutUint16(first[vbriOffset+at:], v)
		}
		in := append(first, audio...)
		out := insertedMP3(t, in, slow(50*1152), slow(5000), mp3.MinDelay)
		table := out[vbriOffset:]
		field := func(at int) int64 { return int64(binary.BigEndian.Uint16(table[at:])) }
		require.Equal(t, int64(len(out)), int64(binary.BigEndian.Uint32(table[10:])))
		frames := 90 + (openSound(t, "mp3", out).Shape().Length-openSound(t, "mp3", in).Shape().Length)/1152
		require.Equal(t, frames, int64(binary.BigEndian.Uint32(table[14:])))
		require.GreaterOrEqual(t, 40*field(24), frames)
		sum := int64(0)
		for entry := range slices.Chunk(table[vbriTable:][:40*size], size) {
			bytes := int64(0)
			for _, v := range entry {
				bytes = bytes<<8 + int64(v)
			}
			sum += bytes * field(20)
		}
		require.InDelta(t, len(out)-len(first), sum, float64(field(20)))
	}
}

// TestMP3Between: what is between and behind frames stays; sound is found behind it.
func TestMP3Between(t *testing.T) {
	audio := mp3Frames(stereoHeader, 20_000)
	junk := "\xff\xfb junk \xff\xfb\x90\x00 no frame" + strings.Repeat("\xff", 999)
	in := slices.Concat(audio, []byte(junk), audio, []byte(id3v1("a comment")))
	require.Equal(t, 2*openSound(t, "mp3", audio).Shape().Length, openSound(t, "mp3", in).Shape().Length)
	out := insertedMP3(t, in, slow(1152), slow(1000), mp3.MinDelay)
	require.True(t, bytes.Contains(out, in[:len(in)-128]))
	require.True(t, bytes.HasSuffix(out, in[len(in)-128:]))
}

// TestMP3BitRates: frames are of the bit rate of all, or of the average.
func TestMP3BitRates(t *testing.T) {
	mixed := slices.Concat(mp3Frames(stereoHeader.Near(96_000), 5000), mp3Frames(stereoHeader.Near(160_000), 5000))
	for want, in := range map[int][]byte{128_000: mixed, 192_000: mp3Frames(stereoHeader.Near(192_000), 100)} {
		h, _ := mp3.ParseHeader(insertedMP3(t, in, slow(1152), nil, mp3.MinDelay))
		require.Equal(t, want, h.BitRate())
	}
}

// TestMP3Positions: of a long stream only some are kept.
func TestMP3Positions(t *testing.T) {
	frame := mp3.Clip{Like: monoHeader, Delay: mp3.MinDelay}.Frames()[0]
	n := 5*mpegPositions + 77
	b := bytes.Repeat(frame, n)
	s := openSound(t, "mp3", b).(*mp3Sound)
	require.Equal(t, int64(n), s.index.count)
	require.LessOrEqual(t, len(s.index.starts), mpegPositions)
	for _, i := range []int64{0, 1, 7, 8, 9999, int64(n) - 1, int64(n)} {
		require.Equal(t, i*int64(len(frame)), s.index.position(i))
	}
	require.Len(t, samplesOf(t, s, int64(n)*576-1000), 1000)
	require.Empty(t, samplesOf(t, s, int64(n)*576))
}

func TestMP3SoundRefuses(t *testing.T) {
	whole := mp3Frames(stereoHeader, 20_000)
	for name, c := range map[string]struct {
		file []byte
		want error
	}{
		"layer II":    {fixtures(t, "mp3")["layer2.mp3"], ErrCoding},
		"free format": {[]byte(strings.Repeat(freeFormat, 4)), ErrCoding},
		"cut":         {whole[:len(whole)-5], new(FormatError)},
		"a tag alone": {[]byte(id3(4, 0, frame4("TIT2", 0, "\x03T"))), new(FormatError)},
		"no sound":    {lameHeader{id: "Info"}.file(stereoHeader, nil), new(FormatError)},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := MP3Sound(NewSource(bytes.NewReader(c.file), int64(len(c.file)), Limits{}))
			if want, ok := c.want.(*FormatError); ok {
				require.ErrorAs(t, err, &want)
			} else {
				require.ErrorIs(t, err, c.want)
			}
		})
	}
}

// TestMP3SoundIsCheap: neither the shortest frames nor what looks like frames cost much.
func TestMP3SoundIsCheap(t *testing.T) {
	short := slices.Concat(mp3.Clip{Like: 0xFFF31404, Samples: noiseOf(24_000), Delay: mp3.MinDelay}.Frames()...)
	headers := append(mp3Frames(stereoHeader, 20_000), bytes.Repeat([]byte("\xff\xfb\x90\x00"), 1<<18)...)
	for name, b := range map[string][]byte{"short": bytes.Repeat(short, 1<<20/len(short)), "headers": headers} {
		t.Run(name, func(t *testing.T) {
			cheapWalk(t, func(src *Source) (File, error) {
				s, err := MP3Sound(src)
				require.NoError(t, err)
				for _, err := range s.Samples(0) {
					require.NoError(t, err)
				}
				_, err = s.Insert(slow(s.Shape().Block), slow(9))
				require.NoError(t, err)
				return &taggedStream{}, nil
			}, b)
		})
	}
}

func noiseOf(n int) (samples []float64) {
	for _, v := range noise(n) {
		samples = append(samples, float64(v)/(1<<15))
	}
	return samples
}

func FuzzMP3Sound(f *testing.F) {
	for _, b := range fixtures(f, "mp3") {
		f.Add(b)
	}
	f.Add(lameHeader{"Info", "LAME3.100", 576, 1000}.file(monoHeader, mp3Frames(monoHeader, 3000)))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := MP3Sound(NewSource(bytes.NewReader(b), int64(len(b)), Limits{}))
		if err != nil {
			return
		}
		shape, n := s.Shape(), int64(0)
		for block, err := range s.Samples(shape.Length / 2) {
			require.NoError(t, err)
			n += int64(len(block) / shape.Channels)
		}
		require.Equal(t, shape.Length-shape.Length/2, n)
		plan, err := s.Insert(slow(shape.Block), slow(700))
		require.NoError(t, err)
		after := openSound(t, "mp3", output(t, plan, b))
		require.Greater(t, after.Shape().Length, shape.Length+int64(shape.Block))
	})
}
