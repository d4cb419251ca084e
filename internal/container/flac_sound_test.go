package container

import (
	"bytes"
	"crypto/md5"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// A flacStream makes files of one channel of 16 bits at 8 kHz.
type flacStream struct {
	block    int
	variable bool
	first    int64 // number
}

// like returns a header for the frames.
func (f flacStream) like() []byte {
	b := []byte{0xFF, 0xF8, 7 << 4, 0, 0, 0, 15}
	if f.variable {
		b[1]++
	}
	return append(b, flacCRC8(b))
}

// file returns a file of samples, with other blocks behind STREAMINFO.
func (f flacStream) file(samples []int64, blocks ...string) []byte {
	info := make([]byte, flacStreamInfo)
	binary.BigEndian.PutUint16(info, uint16(f.block))
	binary.BigEndian.PutUint16(info[2:], uint16(f.block))
	binary.BigEndian.PutUint64(info[10:], 8000<<44|15<<36)
	if f.first == 0 { // else it is cut from a longer one, and nobody knows how long it is
		binary.BigEndian.PutUint32(info[14:], uint32(len(samples)))
	}
	var plain, frames []byte
	for _, v := range samples {
		plain = binary.LittleEndian.AppendUint16(plain, uint16(v))
	}
	sum := md5.Sum(plain)
	copy(info[18:], sum[:])
	e, number := flacEncoder{like: f.like(), depth: 16}, f.first
	for part := range slices.Chunk(samples, f.block) {
		frames = append(frames, e.encode(number, [][]int64{part})...)
		if number++; f.variable {
			number += int64(len(part)) - 1
		}
	}
	b := []byte(flacMarker)
	for i, block := range append([]string{flacBlockOf(flacTypeStreamInfo, string(info))}, blocks...) {
		block := []byte(block)
		if i == len(blocks) {
			block[0] |= flacLast
		}
		b = append(b, block...)
	}
	return append(b, frames...)
}

func noise(n int) []int64 {
	r := rand.New(rand.NewPCG(1, 2))
	samples := make([]int64, n)
	for i := range samples {
		samples[i] = int64(int16(r.Uint32()))
	}
	return samples
}

// TestFLACNumbersGrow: numbers take one byte more, or two, at the ends of their ranges.
func TestFLACNumbersGrow(t *testing.T) {
	for _, f := range []flacStream{
		{block: 16}, {block: 16, variable: true}, {block: 100, variable: true, first: 60_000}, {block: 16, first: 1<<31 - 4000},
	} {
		b := f.file(noise(16*2100 + 5))
		for _, n := range []int{1, 3, 40, 150} {
			out := inserted(t, "flac", b, ramp(n*f.block), ramp(30))
			require.False(t, bytes.Equal(make([]byte, 16), out[26:42]), "MD5")
			if f.first == 0 {
				requireFLAC(t, out)
			}
		}
	}
	f := flacStream{block: 16, first: 1<<31 - 2230}
	_, err := openSound(t, "flac", f.file(noise(16*2100))).Insert(ramp(16*150), nil)
	var limit *LimitError
	require.ErrorAs(t, err, &limit)
}

// requireFLAC lets the reference decoder check a file, with its MD5.
func requireFLAC(t *testing.T, b []byte) {
	t.Helper()
	if testing.Short() {
		return
	}
	path := filepath.Join(t.TempDir(), "out.flac")
	require.NoError(t, os.WriteFile(path, b, 0o600))
	run(t, tool(t, "flac"), "-t", "-s", "-w", path)
}

func TestFLACSoundIsSound(t *testing.T) {
	for name, b := range fixtures(t, "flac") {
		if name == "streamed.flac" {
			continue // its MD5 is not known
		}
		block := openSound(t, "flac", b).Shape().Block
		requireFLAC(t, inserted(t, "flac", b, ramp(block), ramp(3000)))
	}
}

// TestFLACReplace: frames without a sample of a part keep their bytes, and the sum of
// the sound is right again.
func TestFLACReplace(t *testing.T) {
	for name, b := range fixtures(t, "flac") {
		if name != "streamed.flac" { // its MD5 is not known
			requireFLAC(t, replaced(t, "flac", b))
		}
	}
	for _, f := range []flacStream{{block: 16}, {block: 100, variable: true}} {
		b := f.file(noise(100 * f.block))
		s := openSound(t, "flac", b)
		plan, err := s.(Mixer).Replace(SoundPart{From: int64(10*f.block) + 5, Samples: ramp(2 * f.block)})
		require.NoError(t, err)
		out := output(t, plan, b)
		requireFLAC(t, out)
		starts, all := s.(*flacSound).frames.starts, openSound(t, "flac", out).(*flacSound).frames.starts
		moved := all[13] - starts[13]
		for i := range starts[:100] {
			if i < 10 {
				require.Equal(t, b[starts[i]:starts[i+1]], out[all[i]:all[i+1]])
			} else if i > 12 {
				require.Equal(t, b[starts[i]:starts[i+1]], out[starts[i]+moved:starts[i+1]+moved])
			}
		}
	}
}

// TestFLACPoints: seek points still point at the frames with their samples.
func TestFLACPoints(t *testing.T) {
	f, samples := flacStream{block: 16}, noise(16*200)
	points := func(at func(i int) (sample, off int64)) string {
		var b []byte
		for i := range 200 {
			sample, off := at(i)
			b = binary.BigEndian.AppendUint64(b, uint64(sample))
			b = append(binary.BigEndian.AppendUint64(b, uint64(off)), 0, 16)
		}
		return flacBlockOf(flacTypeSeekTable, string(b)+"\xff\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00")
	}
	starts := func(b []byte) []int64 { return openSound(t, "flac", b).(*flacSound).frames.starts }
	table := func(b []byte, skip int) string {
		all := starts(b)
		return points(func(i int) (int64, int64) { return int64(i+skip) * 16, all[i+skip] - all[0] })
	}
	empty := points(func(i int) (int64, int64) { return 0, 0 })
	before := f.file(samples, table(f.file(samples, empty), 0))
	for _, back := range [][]float64{nil, ramp(9)} {
		out := inserted(t, "flac", before, ramp(16*10), back)
		require.True(t, bytes.Contains(out, []byte(table(out, 10)[1:])))
	}
}

func TestFLACCueSheet(t *testing.T) {
	sheet := func(flags byte, first, last uint64) string {
		b := make([]byte, 396)
		b[136], b[395] = flags, 2
		b = append(binary.BigEndian.AppendUint64(b, first), make([]byte, 28)...)
		b[396+8], b[396+35] = 1, 1
		b = append(b, make([]byte, 12)...) // an index, from the track on
		b = append(binary.BigEndian.AppendUint64(b, last), make([]byte, 28)...)
		b[396+36+12+8] = 170
		return flacBlockOf(flacTypeCueSheet, string(b))
	}
	f, samples := flacStream{block: 16}, noise(1176)
	out := inserted(t, "flac", f.file(samples, sheet(0x80, 0, 1176)), ramp(16), ramp(4))
	require.True(t, bytes.Contains(out, []byte(sheet(0, 16, 1196)[1:])))
	out = inserted(t, "flac", f.file(samples, sheet(0x80, 588, 1176)), ramp(588*16), nil)
	require.True(t, bytes.Contains(out, []byte(sheet(0x80, 588*17, 1176+588*16)[1:])), "still a disc")
	inserted(t, "flac", f.file(samples, flacBlockOf(flacTypeCueSheet, "short")), ramp(16), nil)
}

// TestFLACWrongMD5: a sum that was wrong does not become right.
func TestFLACWrongMD5(t *testing.T) {
	b := flacStream{block: 16}.file(noise(100))
	b[30]++
	require.Equal(t, make([]byte, 16), inserted(t, "flac", b, ramp(16), nil)[26:42])
}

func TestFLACSoundRefuses(t *testing.T) {
	f := flacStream{block: 16}
	whole := f.file(noise(160))
	start := openSound(t, "flac", whole).(*flacSound).frames.starts
	for name, spoil := range map[string]func(b []byte) []byte{
		"broken frame": func(b []byte) []byte { b[start[3]+10] ^= 1; return b },
		"no frames":    func(b []byte) []byte { b[25] = 0; return b[:start[0]] },
		"one is gone":  func(b []byte) []byte { return slices.Delete(b, int(start[3]), int(start[4])) },
		"block of 1":   func(b []byte) []byte { b[11] = 1; return b },
		"wrong total":  func(b []byte) []byte { b[25]--; return b },
	} {
		t.Run(name, func(t *testing.T) {
			b := spoil(slices.Clone(whole))
			_, err := FLACSound(NewSource(bytes.NewReader(b), int64(len(b)), Limits{}))
			var bad *FormatError
			require.ErrorAs(t, err, &bad)
		})
	}
}

// TestFLACSoundIsCheap: neither many tiny frames nor one that has no end cost much.
func TestFLACSoundIsCheap(t *testing.T) {
	silence := flacStream{block: 16}.file(make([]int64, 16*60_000))
	endless := append(flacStream{block: 16}.file(noise(16))[:46], bytes.Repeat([]byte("\xff\xf8\x70\x00"), 1<<20)...)
	for name, b := range map[string][]byte{"tiny": silence, "endless": endless} {
		t.Run(name, func(t *testing.T) {
			var err error
			cheapWalk(t, func(src *Source) (File, error) {
				_, err = FLACSound(src)
				return &flacFile{}, nil
			}, b)
			require.Equal(t, name == "tiny", err == nil, fmt.Sprint(err))
		})
	}
}

// TestFLACSilenceIsCheap: frames of 40 bytes claim half a million samples.
func TestFLACSilenceIsCheap(t *testing.T) {
	b := flacStream{block: 65_535}.file(nil)
	b[20] |= 7 << 1 // 8 channels
	for number := range int64(25_000) {
		frame := appendFLACNumber([]byte{0xFF, 0xF8, 7 << 4, 7 << 4}, number)
		frame = append(frame, 0xFF, 0xFE)
		frame = append(frame, flacCRC8(frame))
		frame = append(frame, make([]byte, 8*3)...) // constants
		b = append(b, binary.BigEndian.AppendUint16(frame, flacCRC16(0, frame))...)
	}
	cheapWalk(t, func(src *Source) (File, error) {
		s, err := FLACSound(src)
		require.NoError(t, err)
		require.Equal(t, SoundShape{Rate: 8000, Channels: 8, Length: 25_000 * 65_535, Block: 65_535}, s.Shape())
		n := 0
		for block, err := range s.Samples(0) {
			require.NoError(t, err)
			if n += len(block); n > 1<<24 {
				break
			}
		}
		_, err = s.Insert(ramp(65_535), ramp(9000))
		require.NoError(t, err)
		return &flacFile{}, nil
	}, b)
}

func TestFLACEncoderWastesNothing(t *testing.T) {
	e := flacEncoder{like: flacStream{block: 16}.like(), depth: 16}
	d := &flacDecoder{channels: 1, depth: 16}
	for name, c := range map[string]struct {
		samples []int64
		most    int
	}{
		"silence":  {make([]int64, 4096), 4096/8 + 20},
		"constant": {slices.Repeat([]int64{-32768}, 4096), 4096/8 + 20},
		"noise":    {noise(4096), 2*4096 + 20},
		"one":      {[]int64{32767}, 20},
		"extremes": {slices.Repeat([]int64{-32768, 32767}, 50), 2*100 + 20},
	} {
		t.Run(name, func(t *testing.T) {
			b := e.encode(1<<20, [][]int64{c.samples})
			require.LessOrEqual(t, len(b), c.most)
			got, size, err := d.decode(b)
			require.NoError(t, err)
			require.Equal(t, len(b), size)
			require.Equal(t, c.samples, got[0])
		})
	}
}

// FuzzFLACSubframe decodes arbitrary bits, which no checksum keeps out.
func FuzzFLACSubframe(f *testing.F) {
	w := &bitWriter{}
	(&flacEncoder{depth: 16}).subframe(w, noise(64))
	f.Add(w.b, uint8(64), uint8(16))
	f.Add([]byte{0x10, 0x00, 0x01, 0x40, 0x80}, uint8(16), uint8(8))
	f.Add([]byte{0x43, 0xFF, 0xFF, 0xFF, 0xFF, 0x2A}, uint8(200), uint8(33))
	f.Fuzz(func(t *testing.T, b []byte, samples, depth uint8) {
		if depth == 0 || depth > 33 {
			return
		}
		out := make([]int64, int(samples)+1)
		r := &bitReader{rest: b}
		if !r.subframe(out, int(depth)) || depth > 32 {
			return
		}
		for _, v := range out { // what fits goes the way back
			if v != v<<(64-depth)>>(64-depth) {
				return
			}
		}
		w := &bitWriter{}
		(&flacEncoder{depth: int(depth)}).subframe(w, out)
		again := make([]int64, len(out))
		require.True(t, (&bitReader{rest: w.b}).subframe(again, int(depth)))
		require.Equal(t, out, again)
	})
}
