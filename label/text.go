package label

import (
	"errors"
	"io"

	"github.com/aigclabel/aigclabel/internal/splice"
)

// ErrEncoding reports a text whose character encoding is not known well enough
// to add a notice to it.
var ErrEncoding = errors.New("label: unknown text encoding")

// planTextNotice returns the edits that put notice into a text: none where a
// notice already stands there.
func planTextNotice(src io.ReaderAt, size int64, notice string, pos Position, markdown bool) (*splice.Plan, error) {
	return splice.New(src, size, nil)
}

// A textNotice is a notice found in a text.
type textNotice struct {
	Text   string // as it stands, without decoration
	Place  string // "text start" or "text end"
	Offset int64  // of its line in the file
	Length int64
}

// findTextNotices returns the notices at the start and the end of a text.
func findTextNotices(src io.ReaderAt, size int64, markdown bool) ([]textNotice, error) {
	return nil, nil
}

// isNotice reports whether a line of text is a notice of AI generation.
func isNotice(line string) bool { return false }
