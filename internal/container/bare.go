package container

import (
	"encoding/binary"
	"slices"

	"github.com/aigclabel/aigclabel/internal/splice"
)

// Plain text has no metadata, and some formats have no place in theirs that is
// free to use.

type bareFile struct {
	Layout
	src *Source
}

// Bare walks a file of a format that holds no values: it has no slots, and every
// change is [ErrNoPlace].
func Bare(src *Source) (File, error) { return &bareFile{src: src}, nil }

// Plan implements [File].
func (f *bareFile) Plan(changes []Change) (*splice.Plan, error) {
	if len(changes) > 0 {
		return nil, ErrNoPlace
	}
	return splice.New(f.src.ReaderAt(), f.src.Size(), nil)
}

// IsMPEGTS reports whether src is an MPEG transport stream (ISO/IEC 13818-1): four
// packets of 188 bytes in a row, or of 192 as cameras and Blu-ray write them, with
// a time before each.
func IsMPEGTS(src *Source) (bool, error) {
	const packet, timed, sync = 188, 192, 0x47
	head, err := src.Head(4 * timed)
	if err != nil {
		return false, err
	}
	run := func(first, step int) bool {
		for pos := first; pos < first+4*step; pos += step {
			if pos >= len(head) || head[pos] != sync {
				return false
			}
		}
		return true
	}
	return run(0, packet) || run(timed-packet, timed), nil
}

// IsBMP reports whether src is a BMP file: "BM" begins texts as well, so its header
// decides too.
func IsBMP(src *Source) (bool, error) {
	const fileHeader, most = 14, 32
	head, err := src.Head(fileHeader + 16)
	if err != nil || len(head) < fileHeader+12 || string(head[:2]) != "BM" {
		return false, err
	}
	dib := head[fileHeader:]
	n, planes, depth := int64(binary.LittleEndian.Uint32(dib)), 8, 10 // OS/2 1.1
	if n != 12 {
		planes, depth = 12, 14
	}
	return IsBMPHeader(n) && len(dib) >= depth+2 && binary.LittleEndian.Uint16(dib[planes:]) == 1 && binary.LittleEndian.Uint16(dib[depth:]) <= most, nil
}

// IsBMPHeader reports whether a BMP file can have a second header of n bytes: of OS/2 1.1
// and 2, and of Windows 3 to 5 with what Adobe and Windows CE made of them.
func IsBMPHeader(n int64) bool {
	return slices.Contains([]int64{12, 40, 52, 56, 64, 108, 124}, n)
}
