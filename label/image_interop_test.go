package label

import (
	"bytes"
	"image"
	"image/color"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// tool returns the path of a program that checks us. Without it the test is
// skipped, but not where all tools must be: in continuous integration. Short runs
// do without all of them.
func tool(t testing.TB, name string) string {
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

// read returns what tesseract reads in a picture, without spaces.
func read(t testing.TB, img image.Image) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "notice.png")
	require.NoError(t, os.WriteFile(path, encode(t, img), 0o600))
	cmd := exec.Command(tool(t, "tesseract"), path, "-", "-l", "chi_sim+eng", "--psm", "6")
	var problems bytes.Buffer
	cmd.Stderr = &problems
	out, err := cmd.Output()
	require.NoError(t, err, problems.String())
	return strings.Join(strings.Fields(string(out)), "")
}

// Patterns behind the plate do not keep people from reading, but tesseract: what it
// cannot tell from letters there, TestNoticeLetters measures.
func TestNoticeIsRead(t *testing.T) {
	for _, name := range []string{"light", "dark", "gray"} {
		for want, n := range map[string]Notice{
			"AI生成":             {},
			"AI-GENERATED":     {Language: "en"},
			"AI生成AI-GENERATED": {Language: "zh-Hans+en"},
		} {
			t.Run(name+" "+want, func(t *testing.T) {
				out, r := noticed(t, encode(t, picture(name, 800, 600)), n)
				plate := on(decode(t, out), color.White).SubImage(r)
				require.Contains(t, strings.ReplaceAll(read(t, plate), "Al", "AI"), want)
			})
		}
	}
}
