package seal

import (
	"encoding/binary"
	"errors"
	"hash"
	"io"

	"github.com/aigclabel/aigclabel/internal/container"
	"github.com/aigclabel/aigclabel/metadata"
)

// errNoMedia reports a file of which it cannot be told what is media.
var errNoMedia = container.ErrNoMedia

// mediaHash returns the hash of the media of a file: each part after its length.
// The error is errNoMedia, a *[metadata.FormatError] for a broken file, or an I/O error.
func mediaHash(src metadata.Source, algorithm func() hash.Hash) ([]byte, error) {
	if src.R == nil {
		return nil, errNoMedia
	}
	format, err := metadata.Detect(src)
	switch {
	case errors.Is(err, metadata.ErrUnknownFormat):
		return nil, errNoMedia
	case err != nil:
		return nil, err
	}
	s := container.NewSource(src.R, src.Size, container.Limits{})
	defer s.Release()
	h := algorithm()
	w := window{r: src.R, size: src.Size, block: make([]byte, 256<<10)}
	parts := 0
	for part, err := range container.Media(s, format.Name) {
		if broken, ok := errors.AsType[*container.FormatError](err); ok {
			return nil, &metadata.FormatError{Format: format.Name, Offset: broken.Offset, Err: broken.Err}
		}
		if errors.As(err, new(*container.LimitError)) {
			return nil, errNoMedia
		}
		if err == nil {
			err = w.part(h, part)
		}
		if err != nil {
			return nil, err
		}
		parts++
	}
	if parts == 0 {
		return nil, errNoMedia
	}
	return h.Sum(nil), nil
}

// A window reads a file in blocks: parts are often small, and stand close.
type window struct {
	r      io.ReaderAt
	size   int64
	block  []byte
	offset int64
	filled int64
	length [8]byte // for its memory
}

// part adds the length of a part, and its bytes.
func (w *window) part(h hash.Hash, ranges []container.Range) error {
	length := int64(0)
	for _, r := range ranges {
		length += r.Length
	}
	_, _ = h.Write(binary.BigEndian.AppendUint64(w.length[:0], uint64(length)))
	for _, r := range ranges {
		if err := w.hash(h, r); err != nil {
			return err
		}
	}
	return nil
}

// hash adds the bytes of a range.
func (w *window) hash(h hash.Hash, part container.Range) error {
	for part.Length > 0 {
		if part.Offset < w.offset || part.Offset >= w.offset+w.filled {
			if err := w.fill(part.Offset); err != nil {
				return err
			}
		}
		b := w.block[part.Offset-w.offset : w.filled]
		b = b[:min(part.Length, int64(len(b)))]
		_, _ = h.Write(b)
		part.Offset, part.Length = part.Offset+int64(len(b)), part.Length-int64(len(b))
	}
	return nil
}

func (w *window) fill(off int64) error {
	w.offset, w.filled = off, min(int64(len(w.block)), w.size-off)
	if w.filled <= 0 {
		w.filled = 0
		return io.ErrUnexpectedEOF
	}
	n, err := w.r.ReadAt(w.block[:w.filled], off)
	if int64(n) < w.filled {
		w.filled = 0
		if err == nil || errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return err
	}
	return nil
}
