package label

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/aigclabel/aigclabel/metadata"
)

// A scratch holds the temporary files of one job, which external programs read and
// write. The zero value holds none.
type scratch struct {
	dir  string
	open []*os.File
}

// path returns a directory of its own, which is made when it is first asked for.
func (s *scratch) path() (string, error) {
	if s.dir == "" {
		parent, err := filepath.Abs(os.TempDir()) // programs run elsewhere
		if err == nil {
			s.dir, err = os.MkdirTemp(parent, "aigclabel-*")
		}
		if err != nil {
			return "", fmt.Errorf("label: %w", err)
		}
	}
	return s.dir, nil
}

// write writes a file.
func (s *scratch) write(name string, content io.Reader) error {
	f, err := os.Create(name)
	if err != nil {
		return fmt.Errorf("label: %w", err)
	}
	_, err = io.Copy(f, content)
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("label: %w", err)
	}
	return nil
}

// source opens a file, until the scratch is closed.
func (s *scratch) source(name string) (metadata.Source, error) {
	f, err := os.Open(name)
	if err != nil {
		return metadata.Source{}, fmt.Errorf("label: %w", err)
	}
	s.open = append(s.open, f)
	return metadata.File(f)
}

// close removes all files. What cannot be removed stays for the system to clean up.
func (s *scratch) close() {
	for _, f := range s.open {
		f.Close()
	}
	if s.dir != "" {
		os.RemoveAll(s.dir)
	}
}
