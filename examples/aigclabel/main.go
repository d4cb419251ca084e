// Command aigclabel labels AI-generated files and verifies their labels.
//
//	aigclabel label     -producer CODE [-id ID] [-state 1|2|3] [-profile china|eu|california] [-visible] [-watermark -key-file F]
//	                    [-cert chain.pem -cert-key key.pem] [-seal-key F] -o OUT IN
//	aigclabel propagate -propagator CODE [-id ID] [-state 1|2|3] [-cert chain.pem -cert-key key.pem] [-seal-key F] -o OUT IN
//	aigclabel verify    [-json] [-declared] [-deep] [-profile P] [-key-file F] [-trust roots.pem] [-seal-trust F] [-report PAGE.html] FILE|DIR ...
//	aigclabel keygen    -o F
//	aigclabel cert      -o DIR
//	aigclabel formats   [-json]
//
// IN and OUT may be "-", standard input and output. It is an example of the SDK:
// copy from it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
)

// The exit codes.
const (
	exitOK     = 0 // every file carries a label and no check fails
	exitFailed = 1 // a file is not labelled, or a check fails
	exitError  = 2 // usage, I/O, or a named file could not be examined
)

// errUsage marks mistakes on the command line.
var errUsage = errors.New("usage")

// A command is one verb. It returns an exit code, or an error for exit code 2.
type command struct {
	name, args, summary string
	run                 func(ctx context.Context, c *cli, flags *flag.FlagSet, args []string) (int, error)
}

var commands = []command{
	{"label", "-producer CODE -o OUT IN", "put labels on a file", runLabel},
	{"propagate", "-propagator CODE -o OUT IN", "add a platform's fields to a file's record", runPropagate},
	{"verify", "FILE|DIR ...", "say what labels files carry and whether they hold", runVerify},
	{"keygen", "-o FILE", "make a key for watermarks", runKeygen},
	{"cert", "-o DIR", "make certificates for Content Credentials in development", runCert},
	{"formats", "", "list the formats, and where each keeps its record", runFormats},
}

// cli is the world around a command, so that tests can bring their own.
type cli struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	terminal       bool // stderr is one: show progress
}

func main() {
	if os.Getenv("GOGC") == "" { // the heap of a scan is small; to keep it so takes a fifth of the time
		debug.SetGCPercent(400)
	}
	if os.Getenv("GOMEMLIMIT") == "" { // but not that of a large picture
		debug.SetMemoryLimit(256 << 20)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	info, err := os.Stderr.Stat()
	c := &cli{os.Stdin, os.Stdout, os.Stderr, err == nil && info.Mode()&os.ModeCharDevice != 0}
	code := c.main(ctx, os.Args[1:])
	stop()
	os.Exit(code)
}

// main runs the command that args name and returns the exit code.
func (c *cli) main(ctx context.Context, args []string) int {
	if len(args) > 0 {
		for _, cmd := range commands {
			if cmd.name == args[0] {
				return c.run(ctx, cmd, args[1:])
			}
		}
		if args[0] != "help" && args[0] != "-h" && args[0] != "-help" && args[0] != "--help" {
			fmt.Fprintf(c.stderr, "aigclabel: no command %q\n", args[0])
		}
	}
	c.usage()
	return exitError
}

func (c *cli) usage() {
	fmt.Fprintln(c.stderr, "usage: aigclabel COMMAND [FLAGS] ARGS; \"aigclabel COMMAND -h\" lists the flags")
	for _, cmd := range commands {
		fmt.Fprintf(c.stderr, "  %-10s %-28s %s\n", cmd.name, cmd.args, cmd.summary)
	}
}

func (c *cli) run(ctx context.Context, cmd command, args []string) int {
	flags := flag.NewFlagSet(cmd.name, flag.ContinueOnError)
	flags.SetOutput(io.Discard) // mistakes are told once, below
	usage := fmt.Sprintf("usage: aigclabel %s [FLAGS] %s", cmd.name, cmd.args)
	code, err := cmd.run(ctx, c, flags, args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprintln(c.stderr, usage)
		flags.SetOutput(c.stderr)
		flags.PrintDefaults()
		return exitOK
	case errors.Is(err, errUsage):
		fmt.Fprintf(c.stderr, "aigclabel %s: %v\n%s; -h lists the flags\n", cmd.name, err, usage)
		return exitError
	case err != nil:
		fmt.Fprintf(c.stderr, "aigclabel %s: %v\n", cmd.name, err)
		return exitError
	}
	return code
}

// usageError is an [errUsage] that says what is missing.
func usageError(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{errUsage}, args...)...)
}
