package label

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/aigclabel/aigclabel/metadata"
)

// LabelFile labels the file src into the file dst, which may be src itself. The
// output is written beside dst, read again, and renamed over it: dst is either
// as it was or whole. Where dst is a symbolic link, the file that it leads to is
// replaced. The output has the mode bits of the file that it replaces, else of
// src. When the labels stand already and dst is src, the file is not touched.
// Credentials of a format that has no place for them are read from, and written to, the
// file of the same name with ".c2pa" behind it. Errors are those of [Labeler.Label] and of the file system.
func (l *Labeler) LabelFile(ctx context.Context, src, dst string, a Artifact) (Receipt, error) {
	var temporary scratch
	defer temporary.close()
	if err := addSidecar(&a.Sidecar, src); err != nil {
		return Receipt{}, err
	}
	receipt, err := rewrite(ctx, src, dst, l.Write.Limits, func(s metadata.Source) (metadata.Output, Receipt, error) {
		return l.plan(ctx, s, a, &temporary)
	})
	if err != nil {
		return Receipt{}, err
	}
	l.log(ctx, receipt)
	return receipt, nil
}

// rewrite puts what plan makes of the file src into the file dst, and its credentials
// beside it. Limits are those of the plan.
func rewrite(ctx context.Context, src, dst string, limits metadata.Limits, plan func(metadata.Source) (metadata.Output, Receipt, error)) (Receipt, error) {
	in, source, err := open(src)
	if err != nil {
		return Receipt{}, err
	}
	defer in.Close()
	out, receipt, err := plan(source)
	if err != nil {
		return Receipt{}, err
	}
	to, err := destination(in, dst)
	if err != nil {
		return Receipt{}, fmt.Errorf("label: %w", err)
	}
	sidecar, err := writeSidecar(dst, to.mode, receipt.Sidecar)
	if err != nil {
		return Receipt{}, err
	}
	temp := ""
	if receipt.Changed || !to.replacesSource {
		if temp, err = to.write(ctx, out, receipt.Receipt, limits); err != nil {
			return Receipt{}, errors.Join(err, move(sidecar, ""))
		}
	}
	in.Close() // Windows does not replace an open file
	if err := move(temp, to.path); err != nil {
		return Receipt{}, errors.Join(err, move(sidecar, ""))
	}
	return receipt, move(sidecar, dst+sidecarSuffix)
}

// move renames a temporary file, if there is one. It is removed if it cannot be renamed,
// or has nowhere to go.
func move(temp, path string) error {
	switch {
	case temp == "":
		return nil
	case path == "":
		return os.Remove(temp)
	}
	if err := os.Rename(temp, path); err != nil {
		return errors.Join(fmt.Errorf("label: %w", err), os.Remove(temp))
	}
	return nil
}

// open opens a regular file. To open a pipe would wait for its writer.
func open(name string) (*os.File, metadata.Source, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, metadata.Source{}, fmt.Errorf("label: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, metadata.Source{}, fmt.Errorf("label: %s is not a regular file; read it with metadata.ReadAll", name)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, metadata.Source{}, fmt.Errorf("label: %w", err)
	}
	src, err := metadata.File(f)
	if err != nil {
		f.Close()
		return nil, metadata.Source{}, err
	}
	return f, src, nil
}

// A target is the file that an output becomes.
type target struct {
	path           string // through symbolic links
	source         string // what the output is read back as: its own name may hint at another format
	mode           fs.FileMode
	replacesSource bool
}

// destination finds the target that dst names for the output of in.
func destination(in *os.File, dst string) (target, error) {
	from, err := in.Stat()
	if err != nil {
		return target{}, err
	}
	path, err := filepath.EvalSymlinks(dst)
	if errors.Is(err, fs.ErrNotExist) {
		return target{path: dst, source: in.Name(), mode: from.Mode().Perm()}, nil
	}
	if err != nil {
		return target{}, err
	}
	to, err := os.Stat(path)
	if err != nil {
		return target{}, err
	}
	if !to.Mode().IsRegular() {
		return target{}, fmt.Errorf("%s is not a regular file", dst)
	}
	return target{path, in.Name(), to.Mode().Perm(), os.SameFile(from, to)}, nil
}

// write writes out beside the target, reads it again, and returns its path. On
// failure, and on a panic of a reader, nothing is left behind.
func (t target) write(ctx context.Context, out metadata.Output, want metadata.Receipt, limits metadata.Limits) (string, error) {
	temp, err := os.CreateTemp(filepath.Dir(t.path), ".aigclabel-*")
	if err != nil {
		return "", fmt.Errorf("label: %w", err)
	}
	whole := false
	defer func() {
		if !whole {
			temp.Close()
			os.Remove(temp.Name())
		}
	}()
	if _, err := out.WriteTo(contextWriter{ctx, temp}); err != nil {
		return "", fmt.Errorf("label: %w", err)
	}
	if err := reread(temp, t.source, want, limits); err != nil {
		return "", err
	}
	if err := temp.Chmod(t.mode); err != nil {
		return "", fmt.Errorf("label: %w", err)
	}
	if t.replacesSource { // the only copy of the content waits for the disk
		if err := temp.Sync(); err != nil {
			return "", fmt.Errorf("label: %w", err)
		}
	}
	if err := temp.Close(); err != nil {
		return "", fmt.Errorf("label: %w", err)
	}
	whole = true
	return temp.Name(), nil
}

// reread checks that the written file says what the receipt says.
func reread(f *os.File, name string, want metadata.Receipt, limits metadata.Limits) error {
	src, err := metadata.File(f)
	if err != nil {
		return err
	}
	src.Name = name
	got, err := metadata.Read(src, &metadata.ReadOptions{Limits: limits})
	if err != nil {
		return err
	}
	if src.Size != want.Size || want.Place != "" && (got.Record == nil || !got.Record.Equal(want.Record)) {
		return metadata.ErrReadBack
	}
	return nil
}
