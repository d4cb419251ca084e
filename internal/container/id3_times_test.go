package container

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aigclabel/aigclabel/internal/mp3"
)

// TestMP3Times: chapters, the length and the comment for Apple's players follow the
// sound.
func TestMP3Times(t *testing.T) {
	chapter := func(start, end, from, to uint32) string {
		b := []byte("ch1\x00")
		for _, v := range []uint32{start, end, from, to} {
			b = binary.BigEndian.AppendUint32(b, v)
		}
		return string(b) + frame4("TIT2", 0, "\x03One")
	}
	tag := func(length, gapless string, chapters ...string) string {
		all := frame4("TLEN", 0, "\x03"+length) + frame4("COMM", 0, "\x03engiTunSMPB\x00"+gapless)
		for _, c := range chapters {
			all += frame4("CHAP", 0, c)
		}
		return all
	}
	const none = id3NoOffset
	audio := mp3Frames(monoHeader, 8000)
	in := id3(4, 0, tag("999", " 00000000 00000210 00000A2C 0000000000001F40 00000000 0", chapter(0, 500, none, none), chapter(500, none, 100, 1000), "short")+string(make([]byte, 99)))
	out := string(insertedMP3(t, append([]byte(in), audio...), slow(8000/576*576), slow(3000), mp3.MinDelay))
	const frames, size = 17, 17 * 72 // 7488 samples, 1057 of delay, and two of silence
	const end, millis = 10 * 576, frames * 576 / 8
	const padding = end - 3000 - mp3.MinDelay + mp3Decoder
	const played = 8000 + frames*576 + end + 0xA2C - padding
	require.Contains(t, out[:2000], tag(
		strconv.Itoa(999+millis+end/8), fmt.Sprintf(" 00000000 00000210 %08X %016X 00000000 0", padding, played),
		chapter(millis, 500+millis, none, none), chapter(500+millis, none, 100+size, 1000+size), "short"))
}

// TestMP3ChaptersInFFmpeg: those that ffmpeg wrote it finds later.
func TestMP3ChaptersInFFmpeg(t *testing.T) {
	ffmpeg, dir := tool(t, "ffmpeg"), t.TempDir()
	in, meta := filepath.Join(dir, "in.mp3"), filepath.Join(dir, "meta.txt")
	require.NoError(t, os.WriteFile(meta, []byte(";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=100\nEND=250\ntitle=One\n"), 0o600))
	run(t, ffmpeg, "-v", "error", "-f", "lavfi", "-i", "sine=d=0.3", "-i", meta, "-map_metadata", "1", "-b:a", "64k", in)
	b, err := os.ReadFile(in)
	require.NoError(t, err)
	block := openSound(t, "mp3", b).Shape().Block
	require.NoError(t, os.WriteFile(in, insertedMP3(t, b, slow(40*block), nil, 1105), 0o600))
	chapters := run(t, tool(t, "ffprobe"), "-v", "error", "-of", "csv=p=0", "-show_entries", "chapter=start_time,end_time", in)
	require.Equal(t, "1.197000,1.347000", strings.TrimSpace(chapters), "42 frames of 1152 samples later")
}
