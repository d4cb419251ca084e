package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/aigclabel/aigclabel/label"
	"github.com/aigclabel/aigclabel/metadata"
	"github.com/aigclabel/aigclabel/metadata/seal"
)

// transfer is what label and propagate have in common: one file in, one out.
type transfer struct {
	out, name, receipt string
}

func (t *transfer) register(flags *flag.FlagSet) {
	flags.StringVar(&t.out, "o", "", "output `file`, \"-\" for standard output (required)")
	flags.StringVar(&t.name, "name", "", "`name` of the file on standard input, a hint to tell Markdown from plain text")
	flags.StringVar(&t.receipt, "receipt", "", "write the receipt as JSON to `file`, \"-\" for standard output")
}

// parse parses args, which name one input.
func (t *transfer) parse(flags *flag.FlagSet, args []string) (in string, err error) {
	t.register(flags)
	if err := flags.Parse(args); err != nil {
		return "", fmt.Errorf("%w: %w", errUsage, err)
	}
	switch {
	case flags.NArg() != 1:
		return "", usageError("name one input file, or - for standard input")
	case t.out == "":
		return "", usageError("-o is missing: name the output file, or - for standard output")
	case t.out == "-" && t.receipt == "-":
		return "", usageError("-o and -receipt cannot both be standard output")
	}
	return flags.Arg(0), nil
}

// run gives work a file to read and one to write. Standard input and output go
// through temporary files: formats are read at positions, not in one pass.
func (t *transfer) run(c *cli, in string, work func(src, dst string) (label.Receipt, error)) error {
	dir, err := os.MkdirTemp("", "aigclabel-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	src, dst := in, t.out
	if in == "-" {
		src = filepath.Join(dir, "in"+filepath.Ext(t.name))
		if err := spool(src, c.stdin); err != nil {
			return err
		}
	}
	if t.out == "-" {
		dst = filepath.Join(dir, "out-"+filepath.Base(src))
	}
	receipt, err := work(src, dst)
	if err != nil {
		return err
	}
	switch {
	case t.out == "-" && receipt.Sidecar != nil:
		return fmt.Errorf("the credentials of the format %s are beside the file: name the output with -o", receipt.Format)
	case receipt.Sidecar != nil:
		fmt.Fprintf(c.stderr, "aigclabel: the credentials are beside the file, in %s.c2pa\n", t.out)
	case t.out == "-":
		if err := unspool(c.stdout, dst); err != nil {
			return err
		}
	}
	return t.writeReceipt(c, receipt)
}

func spool(path string, r io.Reader) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	if _, err := io.Copy(f, r); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

func unspool(w io.Writer, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(w, f)
	return err
}

func (t *transfer) writeReceipt(c *cli, receipt label.Receipt) error {
	if t.receipt == "" {
		return nil
	}
	b, err := json.Marshal(receipt)
	if err != nil {
		return err
	}
	b = append(b, '\n')
	if t.receipt == "-" {
		_, err = c.stdout.Write(b)
		return err
	}
	return os.WriteFile(t.receipt, b, 0o600)
}

func runLabel(ctx context.Context, c *cli, flags *flag.FlagSet, args []string) (int, error) {
	var t transfer
	producer := flags.String("producer", "", "name or 27-character `code` of the service that generated the content (required)")
	id := flags.String("id", "", "the producer's `number` for the content (default: the file's own, else a new UUID)")
	state := flags.String("state", "1", "1 is generated, 2 may be, 3 suspected")
	profile := flags.String("profile", "china", "rules to follow: china, eu or california")
	ffmpeg := flags.String("ffmpeg", "", "`path` of ffmpeg, for notices in video and coded sound (default: the one in PATH)")
	var n noticeFlags
	n.register(flags)
	var w watermarkFlags
	w.register(flags)
	var s signFlags
	s.register(flags)
	var sealer *seal.Sealer
	sealFlag(flags, &sealer)
	var opts metadata.WriteOptions
	flags.BoolVar(&opts.Replace, "replace", false, "overwrite the record of another producer")
	flags.BoolVar(&opts.OmitSourceType, "no-source-type", false, "do not add IPTC's DigitalSourceType to XMP")
	flags.StringVar(&opts.System.Name, "system", "", "`name` of the generator, for credentials and IPTC's AISystemUsed")
	flags.StringVar(&opts.System.Version, "system-version", "", "`version` of the generator, for credentials and IPTC's AISystemVersionUsed")
	in, err := t.parse(flags, args)
	if err != nil {
		return 0, err
	}
	if *producer == "" {
		return 0, usageError("-producer is missing: the name or code of the service that generated the content")
	}
	notice, err := n.chosen()
	if err != nil {
		return 0, err
	}
	mark, err := w.chosen(c)
	if err != nil {
		return 0, err
	}
	signer, err := s.chosen()
	if err != nil {
		return 0, err
	}
	labeler := &label.Labeler{Profile: label.Profile(*profile), Producer: *producer, Notice: notice, Watermark: mark, Signer: signer, Seal: sealer, Write: opts, FFmpeg: *ffmpeg}
	err = t.run(c, in, func(src, dst string) (label.Receipt, error) {
		artifact := label.Artifact{ID: *id, State: metadata.State(*state)}
		if c.terminal {
			artifact.Progress = c.progress(filepath.Base(in))
			defer fmt.Fprint(c.stderr, clearLine)
		}
		receipt, err := labeler.LabelFile(ctx, src, dst, artifact)
		for _, layer := range receipt.Layers {
			if asked := layer.Name == "notice" && notice != nil || layer.Name == "watermark" || layer.Name == "credentials"; asked && !layer.Done {
				fmt.Fprintf(c.stderr, "aigclabel label: no %s: %s\n", layer.Name, layer.Reason)
			}
		}
		return receipt, err
	})
	return exitOK, err
}

// clearLine takes a progress line off the terminal.
const clearLine = "\r\x1b[K"

// progress shows which part of a file is done, where that takes long.
func (c *cli) progress(name string) func(done float64) {
	var last time.Time
	return func(done float64) {
		if time.Since(last) > time.Second/2 {
			last = time.Now()
			fmt.Fprintf(c.stderr, "\r%s: %3.0f %%", name, 100*done)
		}
	}
}

func runPropagate(ctx context.Context, c *cli, flags *flag.FlagSet, args []string) (int, error) {
	var t transfer
	propagator := flags.String("propagator", "", "name or 27-character `code` of the platform (required)")
	id := flags.String("id", "", "the platform's `number` for the content (default: the file's own, else a new UUID)")
	state := flags.String("state", "", "for a file without a record: 1 is generated, 2 declared by the user, 3 detected")
	var sign signFlags
	sign.register(flags)
	var sealer *seal.Sealer
	sealFlag(flags, &sealer)
	in, err := t.parse(flags, args)
	if err != nil {
		return 0, err
	}
	if *propagator == "" {
		return 0, usageError("-propagator is missing: the name or code of the platform")
	}
	signer, err := sign.chosen()
	if err != nil {
		return 0, err
	}
	platform := &label.Propagator{Signer: signer, Seal: sealer}
	err = t.run(c, in, func(src, dst string) (label.Receipt, error) {
		receipt, err := platform.PropagateFile(ctx, src, dst, metadata.Propagation{Propagator: *propagator, ID: *id, Label: metadata.State(*state)})
		for _, broken := range receipt.Broken {
			fmt.Fprintf(c.stderr, "aigclabel propagate: the %s no longer holds\n", broken)
		}
		if len(receipt.Broken) > 0 && signer == nil {
			fmt.Fprintln(c.stderr, "aigclabel propagate: with -cert and -cert-key credentials go on")
		}
		return receipt, err
	})
	return exitOK, err
}
