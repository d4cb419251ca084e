package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"

	"github.com/aigclabel/aigclabel/label"
	"github.com/aigclabel/aigclabel/watermark"
)

// runKeygen makes a key for watermarks.
func runKeygen(_ context.Context, c *cli, flags *flag.FlagSet, args []string) (int, error) {
	out := flags.String("o", "", "`file` to write, which must not exist (required)")
	if err := flags.Parse(args); err != nil {
		return 0, fmt.Errorf("%w: %w", errUsage, err)
	}
	if flags.NArg() > 0 || *out == "" {
		return 0, usageError("name the file to write with -o, and nothing else")
	}
	if *out == "-" {
		return 0, usageError("a key goes to a file that only you read, not to standard output")
	}
	text, err := watermark.NewKey().MarshalText()
	if err != nil {
		return 0, err
	}
	if err := writeNew(*out, append(text, '\n')); err != nil {
		return 0, err
	}
	fmt.Fprintf(c.stdout, `A new key is in %[1]s. Who has it finds your watermarks, reads and imitates them:
keep it as a secret, and keep a copy, for without it nobody finds them.

  aigclabel label -watermark -key-file %[1]s -producer CODE -o OUT IN
  aigclabel verify -key-file %[1]s FILE
`, *out)
	return exitOK, nil
}

// writeNew writes a file that only its owner reads. It never overwrites one.
func writeNew(name string, b []byte) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s exists; a key that is overwritten is lost, and all watermarks made with it", name)
	}
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	return errors.Join(err, f.Close())
}

// readKeys returns the keys in a file, one a line.
func readKeys(name string) (keys []watermark.Key, err error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	lines := bufio.NewScanner(bytes.NewReader(bytes.TrimPrefix(b, []byte("\ufeff")))) // of editors on Windows
	for n := 1; lines.Scan(); n++ {
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		var k watermark.Key
		if err := k.UnmarshalText(lines.Bytes()); err != nil {
			return nil, fmt.Errorf("%s, line %d: %w", name, n, err)
		}
		keys = append(keys, k)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if len(keys) == 0 {
		return nil, fmt.Errorf("%s: no key; make one with aigclabel keygen", name)
	}
	return keys, nil
}

// watermarkFlags are what -watermark puts into pictures.
type watermarkFlags struct {
	hidden, wide bool
	keyFile      string
}

func (w *watermarkFlags) register(flags *flag.FlagSet) {
	flags.BoolVar(&w.hidden, "watermark", false, "also put a watermark into pictures, which says the record's tag")
	flags.StringVar(&w.keyFile, "key-file", "", "`file` of keygen with the key of the watermark (default: the open key, with which everybody finds it)")
	flags.BoolVar(&w.wide, "wide", false, "a watermark of 128 bits, not 64")
}

// chosen returns the watermark that is asked for, nil if none is.
func (w *watermarkFlags) chosen(c *cli) (*label.Watermark, error) {
	if !w.hidden {
		if w.keyFile != "" || w.wide {
			return nil, usageError("-key-file and -wide go with -watermark")
		}
		return nil, nil
	}
	mark := &label.Watermark{Key: watermark.OpenKey, Wide: w.wide}
	if w.keyFile == "" {
		fmt.Fprintln(c.stderr, "aigclabel label: the watermark is under the open key, which everybody can read and imitate; aigclabel keygen makes one of your own")
		return mark, nil
	}
	keys, err := readKeys(w.keyFile)
	if err != nil {
		return nil, err
	}
	if len(keys) > 1 {
		return nil, fmt.Errorf("%s: %d keys; a watermark is made with one", w.keyFile, len(keys))
	}
	mark.Key = keys[0]
	return mark, nil
}

// keyFlags registers the keys whose watermarks are looked for.
func keyFlags(flags *flag.FlagSet, to *[]watermark.Key) {
	flags.Func("key-file", "look for the watermarks of the keys in `file`, one a line, in all pictures; may be repeated", func(name string) error {
		keys, err := readKeys(name)
		*to = append(*to, keys...)
		return err
	})
	flags.BoolFunc("open-key", "look for the watermarks that everybody can make", func(string) error {
		*to = append(*to, watermark.OpenKey)
		return nil
	})
}
