package label

import (
	"image"
	"image/color"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aigclabel/aigclabel/internal/peer"
)

// read returns what tesseract reads in a picture, without spaces.
func read(t testing.TB, img image.Image) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "notice.png")
	require.NoError(t, os.WriteFile(path, encode(t, img), 0o600))
	out := peer.Run(t, peer.Tool(t, "tesseract"), path, "-", "-l", "chi_sim+eng", "--psm", "6")
	return strings.Join(strings.Fields(out), "")
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
