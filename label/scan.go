package label

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"iter"
	"path"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/aigclabel/aigclabel/metadata"
)

// A Result is the outcome for one file of a scan. Report is never nil.
type Result struct {
	Report *Report
	Err    error
}

// maxBuffered is the largest file that is read whole, where the file system
// cannot read at positions.
const maxBuffered = 256 << 20

// FS verifies the regular files below root and yields them in lexical order,
// with their paths. Files are examined in parallel. A directory that cannot be
// read is yielded with its error. The scan stops when the loop or ctx does, and
// then has no file open.
func (v *Verifier) FS(ctx context.Context, fsys fs.FS, root string) iter.Seq2[string, Result] {
	return func(yield func(string, Result) bool) {
		var running sync.WaitGroup
		defer running.Wait()
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		workers := runtime.GOMAXPROCS(0)
		ordered, todo := make(chan scanned, 16*workers), make(chan scanned, 16*workers)
		for range workers {
			running.Go(func() {
				for s := range todo {
					s.result <- v.verifyFS(ctx, fsys, s)
				}
			})
		}
		running.Go(func() {
			defer close(ordered)
			defer close(todo)
			v.walkFS(ctx, fsys, root, ordered, todo)
		})
		for s := range ordered {
			if !yield(s.path, <-s.result) {
				return
			}
		}
	}
}

// A scanned is a file of a scan, and its result once there is one.
type scanned struct {
	path    string
	sidecar bool // there may be one
	result  chan Result
}

// A listing notes which directories have sidecars as it lists them: to ask for that of
// each file would cost as much as most files do.
type listing struct {
	fs.FS
	sidecars map[string]bool
}

// ReadDir implements [fs.ReadDirFS].
func (l listing) ReadDir(name string) ([]fs.DirEntry, error) {
	entries, err := fs.ReadDir(l.FS, name)
	if slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return strings.HasSuffix(e.Name(), sidecarSuffix) }) {
		l.sidecars[name] = true
	}
	return entries, err
}

// walkFS sends the files below root to both channels, what cannot be read only
// to ordered.
func (v *Verifier) walkFS(ctx context.Context, fsys fs.FS, root string, ordered, todo chan<- scanned) {
	listed := listing{fsys, map[string]bool{}}
	fs.WalkDir(listed, root, func(name string, d fs.DirEntry, err error) error {
		s := scanned{name, name == root || listed.sidecars[path.Dir(name)], make(chan Result, 1)}
		switch {
		case err != nil:
			s.result <- Result{v.failed(name, err), err}
		case !d.Type().IsRegular():
			return ctx.Err()
		}
		select {
		case ordered <- s:
		case <-ctx.Done():
			return ctx.Err()
		}
		if err == nil {
			todo <- s
		}
		return nil
	})
}

// verifyFS verifies one file of fsys.
func (v *Verifier) verifyFS(ctx context.Context, fsys fs.FS, s scanned) Result {
	f, err := fsys.Open(s.path)
	if err != nil {
		return Result{v.failed(s.path, err), err}
	}
	defer f.Close()
	src, err := source(f, s.path)
	if err != nil {
		return Result{v.failed(s.path, err), err}
	}
	report, err := v.verify(ctx, src, &Upload{}, func() ([]byte, error) {
		if !s.sidecar {
			return nil, nil
		}
		return readSidecar(fsys, s.path)
	})
	return Result{report, err}
}

// source returns f as a source, read whole if it must be.
func source(f fs.File, name string) (metadata.Source, error) {
	r, ok := f.(io.ReaderAt)
	if !ok {
		return metadata.ReadAll(f, name, maxBuffered)
	}
	info, err := f.Stat()
	if err != nil {
		return metadata.Source{}, err
	}
	if !info.Mode().IsRegular() {
		return metadata.Source{}, errors.New("not a regular file")
	}
	return metadata.Source{R: r, Size: info.Size(), Name: name}, nil
}
