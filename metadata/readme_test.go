package metadata

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the format table into the README")

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
	require.Equal(t, formatTable(), table, "go test ./metadata -run README -update")
}

// formatTable returns the capability table in Markdown.
func formatTable() string {
	var b strings.Builder
	b.WriteString("| format | files | record | also read from | notice | place named by |\n|---|---|---|---|---|---|\n")
	for f := range Formats() {
		notice := "beside it"
		if f.Notice {
			notice = "inside"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s |\n", f.Name, strings.Join(f.Extensions, " "),
			cmp.Or(f.Write, "no place"), strings.Join(f.Read, "; "), notice, f.Rule)
	}
	return b.String()
}
