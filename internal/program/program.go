// Package program runs the coders of pictures that this module has no code for, where
// they are installed.
//
// Programs get a list of arguments, and no shell; the names of the files that they
// read and write are ours. What a picture may measure is checked before.
package program

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"
	"unicode"
)

// ErrNotFound reports that a program is not installed.
var ErrNotFound = errors.New("not installed")

// Run runs the program of a name, which must succeed. When ctx is done it ends the
// program, and returns the error of ctx.
func Run(ctx context.Context, name string, args ...string) error {
	path, err := exec.LookPath(name)
	if err != nil {
		return fmt.Errorf("%s: %w", name, ErrNotFound)
	}
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.WaitDelay = time.Second
	var said Messages
	cmd.Stdout, cmd.Stderr = &said, &said
	switch err := cmd.Run(); {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	default:
		return fmt.Errorf("%s: %s (%w)", name, &said, err)
	}
}

// Missing returns the first of the programs that is not installed, "" if all are.
func Missing(names ...string) string {
	for _, name := range names {
		if _, err := exec.LookPath(name); err != nil {
			return name
		}
	}
	return ""
}

// ReadFile returns what a program wrote, at most limit bytes.
func ReadFile(name string, limit int64) ([]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if info.Size() > limit {
		return nil, fmt.Errorf("program: output of %d bytes, more than %d", info.Size(), limit)
	}
	return os.ReadFile(name)
}

// Messages keep the start of what a program says, however much that is. The buffer is
// not embedded: a copy would fill it past Write.
type Messages struct{ said bytes.Buffer }

// Write takes everything, and keeps the first 500 bytes.
func (m *Messages) Write(b []byte) (int, error) {
	const enough = 500
	m.said.Write(b[:min(len(b), max(enough-m.said.Len(), 0))])
	return len(b), nil
}

// String returns the messages in one line.
func (m *Messages) String() string {
	readable := func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}
	return strings.Join(strings.Fields(strings.Map(readable, strings.ToValidUTF8(m.said.String(), ""))), " ")
}
