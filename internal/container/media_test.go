package container

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
)

// mediaOf returns the media of a file, and the last error.
func mediaOf(data []byte, format string) (parts [][]byte, err error) {
	for ranges, err := range Media(NewSource(bytes.NewReader(data), int64(len(data)), Limits{}), format) {
		if err != nil {
			return parts, err
		}
		var part []byte
		for _, r := range ranges {
			part = append(part, data[r.Offset:][:r.Length]...)
		}
		parts = append(parts, part)
	}
	return parts, nil
}

func TestMediaUnknown(t *testing.T) {
	_, err := mediaOf([]byte("a,b\n"), "csv")
	require.ErrorIs(t, err, ErrNoMedia)
}

func TestMediaStops(t *testing.T) {
	data := pngOf(chunkOf("tEXt", "Title"), chunkOf("IDAT", "data"))
	for range Media(NewSource(bytes.NewReader(data), int64(len(data)), Limits{}), "png") {
		break // and the walk does not go on
	}
	parts, err := mediaOf(data, "png")
	require.NoError(t, err)
	require.Len(t, parts, 3)
}

// How packets are put into pages does not matter, and comments are none of them.
func TestMediaOggPages(t *testing.T) {
	page := func(flags byte, sequence uint32, lacing []byte, body string) []byte {
		b, _ := oggPage{flags: flags, serial: 7, sequence: sequence, lacing: lacing}.encode([]byte(body))
		return b
	}
	long := string(bytes.Repeat([]byte("s"), 300))
	one := bytes.Join([][]byte{
		page(oggFirst, 0, []byte{8}, "OpusHead"), page(0, 1, []byte{8}, "OpusTags"),
		page(oggLast, 2, []byte{255, 45, 3}, long+"end"),
	}, nil)
	other := bytes.Join([][]byte{
		page(oggFirst, 0, []byte{8}, "OpusHead"), page(0, 1, []byte{255}, "OpusTags"+long[:247]), page(oggContinued, 2, []byte{9}, "more tags"),
		page(0, 3, []byte{255}, long[:255]), page(oggContinued, 4, []byte{45}, long[255:]), page(oggLast, 5, []byte{3}, "end"),
	}, nil)
	want := [][]byte{[]byte("OpusHead"), []byte(long), []byte("end")}
	for _, data := range [][]byte{one, other} {
		parts, err := mediaOf(data, "opus")
		require.NoError(t, err)
		require.Equal(t, want, parts)
	}
}

func TestMediaDamage(t *testing.T) {
	for format, data := range map[string]string{
		"png": pngSignature, "jpeg": "\xff\xd8\xff\xe1\x00", "webp": "RIFF\x10\x00\x00\x00WEBPVP8 \xff\x00\x00\x00", "gif": "GIF89a\x01\x00\x01\x00\x00\x00\x00,",
		"tiff": "II*\x00\xff\xff\x00\x00", "heic": "\x00\x00\x00\x10ftypheic\x00\x00\x00\x00", "mp4": "\x00\x00\x00\xffmdat", "mkv": "\x1a\x45\xdf\xa3\x80\x18\x53\x80\x67\x90",
		"flac": "fLaC\x00\x00\x00\xff", "ogg": "OggS\x00", "docx": "PK\x03\x04", "pdf": "%PDF-1.7\n", "avi": "RIFF\x14\x00\x00\x00AVI LIST\x0c\x00\x00\x00movi00dc\xff\x00\x00\x00", "flv": "FLV\x01\x05\x00\x00\x00\x09\x00\x00\x00\x00\x08",
	} {
		_, err := mediaOf([]byte(data), format)
		require.Error(t, err, format)
	}
}

// Strips that are all of the file would be hashed over and over.
func TestMediaOverlaps(t *testing.T) {
	const strips = 10_000
	u16, u32 := binary.LittleEndian.AppendUint16, binary.LittleEndian.AppendUint32
	field := func(b []byte, tag, typ uint16, count, value uint32) []byte {
		return u32(u32(u16(u16(b, tag), typ), count), value)
	}
	b := u16([]byte("II*\x00\x08\x00\x00\x00"), 2)
	b = field(b, tagStripOffsets, 4, strips, 38)
	b = field(b, tagStripCounts, 4, strips, 38+4*strips)
	b = u32(b, 0)
	b = append(b, make([]byte, 4*strips)...)
	size := len(b) + 4*strips
	for range strips {
		b = u32(b, uint32(size))
	}
	_, err := mediaOf(b, "tiff")
	require.True(t, errors.As(err, new(*LimitError)), "%v", err)
}

func FuzzMedia(f *testing.F) {
	for _, format := range []string{"avi", "flv", "gif", "heic", "jpeg", "mkv", "mp4", "ogg", "pdf", "tiff", "webp", "xlsx", "svg", "html", "json", "markdown", "rtf", "vtt"} {
		for _, data := range fixtures(f, format) {
			f.Add(format, data)
		}
	}
	f.Fuzz(func(t *testing.T, format string, data []byte) {
		total := 0
		parts, _ := mediaOf(data, format)
		for _, p := range parts {
			total += len(p)
		}
		require.LessOrEqual(t, total, 2*len(data))
	})
}
