// Package ffmpeg runs the programs ffmpeg and ffprobe, version 5.1 or later, where
// they are installed.
//
// Programs get a list of arguments, no shell, and no input but local files whose
// format is forced: a file cannot make them guess a playlist, or open the network.
package ffmpeg

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/aigclabel/aigclabel/internal/program"
)

// ErrNotFound reports that a program is not installed.
var ErrNotFound = errors.New("ffmpeg is not installed")

// Programs are the two programs. They are safe for concurrent use.
type Programs struct{ ffmpeg, ffprobe string }

// Find returns the programs: ffmpeg at a path, "" for the one in PATH, and the
// ffprobe beside it, else in PATH. The error is an [ErrNotFound].
func Find(path string) (*Programs, error) {
	if path == "" {
		path = "ffmpeg"
	}
	ffmpeg, err := exec.LookPath(path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotFound, err)
	}
	ffprobe, err := exec.LookPath(filepath.Join(filepath.Dir(ffmpeg), "ffprobe"+filepath.Ext(ffmpeg)))
	if err != nil {
		ffprobe, err = exec.LookPath("ffprobe")
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotFound, err)
	}
	return &Programs{ffmpeg, ffprobe}, nil
}

// demuxers are the readers of ffmpeg for the formats of package metadata.
var demuxers = map[string]string{
	"mp4": "mov", "mov": "mov", "m4a": "mov",
	"mkv": "matroska", "webm": "matroska",
	"avi": "avi", "flv": "flv", "wmv": "asf", "wma": "asf",
	"ogv": "ogg", "ogg": "ogg", "opus": "ogg",
	"mp3": "mp3", "aac": "aac", "flac": "flac", "wav": "wav", "aiff": "aiff", "caf": "caf", "amr": "amr",
	"png":   "png_pipe",
	"f32le": "f32le", "ffmetadata": "ffmetadata",
}

// An Input is a local file to read.
type Input struct {
	Path    string
	Format  string   // as package metadata names it
	Options []string // of the reader, before -i
}

// Args returns the arguments that name the input, for ffmpeg and ffprobe.
func (in Input) Args() ([]string, error) {
	demuxer, ok := demuxers[in.Format]
	if !ok {
		return nil, fmt.Errorf("ffmpeg: no reader for the format %q", in.Format)
	}
	args := append([]string{"-protocol_whitelist", "file,pipe", "-f", demuxer}, in.Options...)
	return append(args, "-i", "file:"+in.Path), nil
}

// A Job is a run of ffmpeg that writes files.
type Job struct {
	Inputs  []Input
	Args    []string // behind the inputs: filters, codecs, and the files to write
	Dir     string   // where the program runs: filters name files relative to it
	MaxSize int64    // of the output in bytes, as ffmpeg counts it; 0 for any

	// Progress, if set, is told now and then how much time of the output is done.
	Progress func(done time.Duration)
}

// A TooLargeError is an output of more bytes than it may have.
type TooLargeError struct{ Limit int64 }

func (e *TooLargeError) Error() string {
	return fmt.Sprintf("ffmpeg: output of more than %d bytes", e.Limit)
}

// Run runs a job. When ctx is done it ends the program, and returns its error.
func (p *Programs) Run(ctx context.Context, job Job) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	cmd, stderr, err := p.command(ctx, job)
	if err != nil {
		return err
	}
	cmd.Dir = job.Dir
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("ffmpeg: %w", err)
	}
	if err := job.follow(stdout); err != nil {
		stop(err)
	}
	return ended(ctx, cmd.Wait(), stderr)
}

// command returns the command for a job, and what keeps its messages.
func (p *Programs) command(ctx context.Context, job Job) (*exec.Cmd, *program.Messages, error) {
	args := []string{"-hide_banner", "-nostdin", "-nostats", "-loglevel", "error", "-y", "-progress", "pipe:1"}
	for _, in := range job.Inputs {
		named, err := in.Args()
		if err != nil {
			return nil, nil, err
		}
		args = append(args, named...)
	}
	cmd, stderr := command(ctx, p.ffmpeg, append(args, job.Args...))
	return cmd, stderr, nil
}

func command(ctx context.Context, name string, args []string) (*exec.Cmd, *program.Messages) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.WaitDelay = time.Second
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "FFREPORT=") { // would have a log written
			cmd.Env = append(cmd.Env, v)
		}
	}
	stderr := new(program.Messages)
	cmd.Stderr = stderr
	return cmd, stderr
}

// ended returns the error of a program that has ended.
func ended(ctx context.Context, err error, stderr *program.Messages) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	default:
		return &Error{stderr.String(), err}
	}
}

// follow reads lines of "key=value", and tells how far the job is.
func (j *Job) follow(r io.Reader) error {
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		key, value, _ := strings.Cut(lines.Text(), "=")
		n, err := strconv.ParseInt(strings.TrimSpace(value), 10, 64)
		if err != nil || n < 0 {
			continue // N/A
		}
		switch key {
		case "total_size":
			if j.MaxSize > 0 && n > j.MaxSize {
				return &TooLargeError{j.MaxSize}
			}
		case "out_time_us":
			if j.Progress != nil {
				j.Progress(time.Duration(n) * time.Microsecond)
			}
		}
	}
	_, err := io.Copy(io.Discard, r)
	return err
}

// Output runs ffmpeg and returns what it writes to pipe:1, at most limit bytes.
// Args are those of a [Job].
func (p *Programs) Output(ctx context.Context, limit int64, in Input, args ...string) ([]byte, error) {
	named, err := in.Args()
	if err != nil {
		return nil, err
	}
	all := append([]string{"-hide_banner", "-nostdin", "-nostats", "-loglevel", "error"}, named...)
	return output(ctx, p.ffmpeg, limit, append(all, args...))
}

func output(ctx context.Context, program string, limit int64, args []string) ([]byte, error) {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	cmd, stderr := command(ctx, program, args)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("ffmpeg: %w", err)
	}
	var out bytes.Buffer
	n, err := io.Copy(&out, io.LimitReader(stdout, limit+1))
	if err == nil && n > limit {
		err = &TooLargeError{limit}
	}
	if err != nil {
		stop(err)
	}
	if ended := ended(ctx, cmd.Wait(), stderr); ended != nil {
		return nil, ended
	}
	return out.Bytes(), err // the program may have ended well all the same
}

// Encoders returns the names of the encoders that ffmpeg has.
func (p *Programs) Encoders(ctx context.Context) (map[string]bool, error) {
	const limit = 1 << 20
	out, err := output(ctx, p.ffmpeg, limit, []string{"-hide_banner", "-encoders"})
	if err != nil {
		return nil, err
	}
	all := make(map[string]bool)
	for line := range strings.Lines(string(out)) {
		if fields := strings.Fields(line); len(fields) > 1 {
			all[fields[1]] = true
		}
	}
	return all, nil
}

// An Error is the failure of a program.
type Error struct {
	Message string // the first that it said
	Err     error
}

func (e *Error) Error() string {
	if e.Message == "" {
		return "ffmpeg: " + e.Err.Error()
	}
	return fmt.Sprintf("ffmpeg: %s (%v)", e.Message, e.Err)
}

func (e *Error) Unwrap() error { return e.Err }
