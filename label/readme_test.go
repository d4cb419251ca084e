package label

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aigclabel/aigclabel/metadata"
)

var update = flag.Bool("update", false, "write the format table into the README, and the golden files of streams")

func TestREADMEHasTheFormatTable(t *testing.T) {
	const begin, end = "<!-- formats -->\n", "<!-- /formats -->"
	name := filepath.Join("..", "README.md")
	b, err := os.ReadFile(name)
	require.NoError(t, err)
	before, rest, ok := strings.Cut(string(b), begin)
	require.True(t, ok, "no %q", begin)
	table, after, ok := strings.Cut(rest, end)
	require.True(t, ok, "no %q", end)
	if *update {
		require.NoError(t, os.WriteFile(name, []byte(before+begin+formatTable()+end+after), 0o644))
		return
	}
	require.Equal(t, formatTable(), table, "go test ./label -run README -update")
}

// formatTable returns the capability table in Markdown.
func formatTable() string {
	var b strings.Builder
	b.WriteString("| format | files | MIME types | record | also read from | place named by | visible | hidden | credentials |\n|---|---|---|---|---|---|---|---|---|\n")
	for f := range Formats() {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s | %s | %s |\n", f.Name, strings.Join(f.Extensions, " "), strings.Join(f.MIME, "<br>"),
			cmp.Or(f.Write, "no place"), strings.Join(f.Read, "; "), f.Rule, cmp.Or(f.Visible, "-"), cmp.Or(f.Hidden, "-"), cmp.Or(f.Credentials, "-"))
	}
	return b.String()
}

// TestFormatsAreTrue: a format is said to carry a notice exactly if it gets one.
func TestFormatsAreTrue(t *testing.T) {
	for f := range Formats() {
		paths, err := filepath.Glob(filepath.Join("..", "metadata", "testdata", f.Name, "*"+f.Extensions[0]))
		require.NoError(t, err)
		require.NotEmpty(t, paths, f.Name)
		l := &Labeler{Producer: producer, Notice: &Notice{}}
		for _, path := range paths {
			b, err := os.ReadFile(path)
			require.NoError(t, err)
			_, err = l.Label(t.Context(), io.Discard, metadata.Bytes(b, path), Artifact{})
			require.Equal(t, f.Visible == "", errors.Is(err, ErrNoNotice), path)
		}
	}
}
