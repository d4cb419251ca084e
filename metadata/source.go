package metadata

import (
	"bytes"
	"fmt"
	"io"
	"os"
)

// A Source is a file to examine or to write from. R must be safe for concurrent
// use where the Source is; *os.File and *bytes.Reader are.
type Source struct {
	R    io.ReaderAt
	Size int64

	// Name is the file's name, a hint for what bytes cannot tell: Markdown from
	// plain text. It may be empty and is never opened.
	Name string
}

// Bytes returns a source over b.
func Bytes(b []byte, name string) Source {
	return Source{R: bytes.NewReader(b), Size: int64(len(b)), Name: name}
}

// File returns a source over an open regular file. It reads at positions and
// leaves the file's offset alone; the caller closes f.
func File(f *os.File) (Source, error) {
	info, err := f.Stat()
	if err != nil {
		return Source{}, err
	}
	if !info.Mode().IsRegular() {
		return Source{}, fmt.Errorf("metadata: %s is not a regular file; use ReadAll for pipes", f.Name())
	}
	return Source{R: f, Size: info.Size(), Name: f.Name()}, nil
}

// ReadAll reads r to its end, at most limit bytes, and returns a source over
// them. More is a *[LimitError].
func ReadAll(r io.Reader, name string, limit int64) (Source, error) {
	b, err := io.ReadAll(io.LimitReader(r, max(limit, limit+1))) // the greatest limit has no next
	if err != nil {
		return Source{}, err
	}
	if int64(len(b)) > limit {
		return Source{}, &LimitError{What: "input", Limit: limit}
	}
	return Bytes(b, name), nil
}

// Limits bound what a file may claim; a field that is zero stands for its
// default. What exceeds a limit is skipped and listed in [Reading.Limits], and
// the file is not written.
//
//	field      default  bounds
//	Elements   1 Mi     chunks, boxes, frames, objects and entries of a file
//	Depth      32       nesting of boxes, objects and elements
//	Count      8 Ki     values of a file: texts, records, packets
//	Value      8 MiB    one value: a record, an XMP packet, an Exif block
//	Values     32 MiB   all values of a file
//	Inflated   8 MiB    all decompressed bytes of a file
type Limits struct {
	Elements int64
	Depth    int64
	Count    int64
	Value    int64
	Values   int64
	Inflated int64
}
