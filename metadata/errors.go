package metadata

import (
	"errors"
	"fmt"
	"strings"

	"github.com/aigclabel/aigclabel/internal/container"
)

var (
	// ErrUnknownFormat reports content of no format in [Formats].
	ErrUnknownFormat = errors.New("metadata: unknown format; see Formats for those that carry a label")

	// ErrNoPlace reports a format that has no honest place for a record.
	ErrNoPlace = errors.New("metadata: the format has no place for a record")

	// ErrLabelled reports a record of another producer.
	ErrLabelled = errors.New("metadata: already labelled by another producer; set Replace to overwrite, or use Propagate")

	// ErrUnlabelled reports a propagation of a file without a record that does
	// not say what the platform found.
	ErrUnlabelled = errors.New(`metadata: no record to propagate; set Label to "1", "2" or "3"`)

	// ErrEncrypted reports a file whose values cannot be written without a key.
	ErrEncrypted = errors.New("metadata: the file is encrypted; label it before it is encrypted")

	// ErrSigned reports that a write would break a signature that the file
	// carries, where the options say to refuse.
	ErrSigned = errors.New("metadata: the write would break a signature in the file")

	// ErrReadBack reports that a planned write, read again, does not give the
	// record that was asked for. Nothing has been written.
	ErrReadBack = errors.New("metadata: read-back of the planned write differs; nothing was written")
)

// A FormatError says where a file breaks the rules of its format.
type FormatError struct {
	Format string // a name from [Formats]
	Offset int64  // in bytes from the start of the file
	Err    error
}

func (e *FormatError) Error() string {
	return fmt.Sprintf("metadata: %s file, offset %d: %v", e.Format, e.Offset, e.Err)
}

// Unwrap returns the cause.
func (e *FormatError) Unwrap() error { return e.Err }

// A LimitError says which limit a file's claims exceed.
type LimitError struct {
	What  string
	Limit int64
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("metadata: %s exceeds the limit of %d", e.What, e.Limit)
}

// public turns an error of package container into one of this package.
func public(format string, err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, container.ErrNoPlace) {
		reason := strings.TrimPrefix(err.Error(), container.ErrNoPlace.Error())
		return fmt.Errorf("%w (%s)%s", ErrNoPlace, format, reason)
	}
	if errors.Is(err, container.ErrEncrypted) {
		return fmt.Errorf("%w (%s)", ErrEncrypted, format)
	}
	if limit, ok := errors.AsType[*container.LimitError](err); ok {
		public := LimitError(*limit)
		if _, instead, _ := strings.Cut(err.Error(), limit.Error()); instead != "" {
			return fmt.Errorf("%w%s", &public, instead)
		}
		return &public
	}
	if bad, ok := errors.AsType[*container.FormatError](err); ok {
		return &FormatError{Format: format, Offset: bad.Offset, Err: bad.Err}
	}
	return fmt.Errorf("metadata: %s file: %w", format, err)
}
