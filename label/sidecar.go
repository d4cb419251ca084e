package label

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/aigclabel/aigclabel/metadata"
)

// sidecarSuffix is what the name of a file with the credentials of another has behind the
// other's: our choice, for "a.mkv" and "a.webm" may stand side by side.
const sidecarSuffix = ".c2pa"

// maxSidecar bounds what is read of such a file.
const maxSidecar = 64 << 20

// readSidecar returns the credentials beside a file, nil if there are none: their name may
// also have the suffix in place of the file's own, as c2patool writes it.
func readSidecar(fsys fs.FS, name string) ([]byte, error) {
	for _, candidate := range []string{name + sidecarSuffix, name[:len(name)-len(filepath.Ext(name))] + sidecarSuffix} {
		if candidate == name {
			continue
		}
		if b, err := readRegular(fsys, candidate); b != nil || err != nil {
			return b, err
		}
	}
	return nil, nil
}

// addSidecar reads the credentials beside a file, where none are given.
func addSidecar(store *[]byte, name string) (err error) {
	if *store == nil {
		if *store, err = readSidecar(system{}, name); err != nil {
			return fmt.Errorf("label: %w", err)
		}
	}
	return nil
}

// readRegular reads a small regular file, nil if there is none. To open a pipe would wait
// for its writer.
func readRegular(fsys fs.FS, name string) ([]byte, error) {
	info, err := fs.Stat(fsys, name)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENAMETOOLONG):
		return nil, nil
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, nil
	case info.Size() > maxSidecar:
		return nil, &metadata.LimitError{What: "size of " + name, Limit: maxSidecar}
	}
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxSidecar))
}

// A system is the file system, by the names that package os takes.
type system struct{}

func (system) Open(name string) (fs.File, error)     { return os.Open(name) }
func (system) Stat(name string) (fs.FileInfo, error) { return os.Stat(name) }

// writeSidecar writes the credentials of a file beside the path that it gets, and returns
// theirs until it is there, "" for none.
func writeSidecar(path string, mode fs.FileMode, store []byte) (string, error) {
	if store == nil {
		return "", nil
	}
	temp, err := os.CreateTemp(filepath.Dir(path), ".aigclabel-*")
	if err != nil {
		return "", fmt.Errorf("label: %w", err)
	}
	_, err = temp.Write(store)
	if err = errors.Join(err, temp.Chmod(mode), temp.Close()); err != nil {
		return "", fmt.Errorf("label: %w", errors.Join(err, os.Remove(temp.Name())))
	}
	return temp.Name(), nil
}
