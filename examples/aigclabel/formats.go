package main

import (
	"cmp"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/aigclabel/aigclabel/label"
)

func runFormats(_ context.Context, c *cli, flags *flag.FlagSet, args []string) (int, error) {
	asJSON := flags.Bool("json", false, "print the table as JSON")
	if err := flags.Parse(args); err != nil {
		return 0, fmt.Errorf("%w: %w", errUsage, err)
	}
	if flags.NArg() > 0 {
		return 0, usageError("formats takes no arguments")
	}
	if *asJSON {
		return exitOK, json.NewEncoder(c.stdout).Encode(slices.Collect(label.Formats()))
	}
	w := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "FORMAT\tFAMILY\tMIME\tRECORD\tRULE\tALSO READ\tVISIBLE\tHIDDEN\tCREDENTIALS")
	for f := range label.Formats() {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", f.Name, f.Family, strings.Join(f.MIME, " "), cmp.Or(f.Write, "no place"),
			f.Rule, strings.Join(f.Read, "; "), cmp.Or(f.Visible, "-"), cmp.Or(f.Hidden, "-"), cmp.Or(f.Credentials, "-"))
	}
	return exitOK, w.Flush()
}
