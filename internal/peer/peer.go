// Package peer runs the programs that tests compare this module with.
package peer

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Tool returns the path of a program. Without it the test is skipped, but not
// where all tools must be: in continuous integration. Short runs do without all
// of them.
func Tool(t testing.TB, name string) string {
	t.Helper()
	if testing.Short() {
		t.Skip("runs " + name)
	}
	path, err := exec.LookPath(name)
	if err != nil && os.Getenv("CI") != "true" {
		t.Skip("no " + name)
	}
	require.NoError(t, err)
	return path
}

// Python returns an interpreter that has a module: that of the system, which sees
// the packages of the system, or else the first on the path.
func Python(t testing.TB, module string) string {
	t.Helper()
	path := "/usr/bin/python3"
	if _, err := os.Stat(path); err != nil || testing.Short() {
		path = Tool(t, "python3")
	}
	err := exec.Command(path, "-c", "import "+module).Run()
	if err != nil && os.Getenv("CI") != "true" {
		t.Skip("no Python module " + module)
	}
	require.NoError(t, err, module)
	return path
}

// Run runs a program that must succeed, and returns what it prints.
func Run(t testing.TB, program string, args ...string) string {
	t.Helper()
	cmd := exec.Command(program, args...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(t, err, stderr.String())
	return string(out)
}

// Node returns the JavaScript runtime, for scripts that use the packages which are
// installed where an environment variable says.
func Node(t testing.TB, variable string) string {
	t.Helper()
	if os.Getenv(variable) == "" && os.Getenv("CI") != "true" {
		t.Skip("no " + variable)
	}
	require.NotEmpty(t, os.Getenv(variable), variable)
	return Tool(t, "node")
}
