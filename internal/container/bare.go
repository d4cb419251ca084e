package container

import "github.com/aigclabel/aigclabel/internal/splice"

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
