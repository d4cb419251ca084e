package label

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aigclabel/aigclabel/internal/peer"
	"github.com/aigclabel/aigclabel/metadata"
)

func noticedSVG(t testing.TB, doc string, n Notice) string {
	t.Helper()
	plan, err := planSVGNotice(metadata.Bytes([]byte(doc), ""), n, metadata.Generated)
	require.NoError(t, err)
	out, err := io.ReadAll(plan.Source())
	require.NoError(t, err)
	return string(out)
}

const svgOpen = `<svg xmlns="http://www.w3.org/2000/svg"`

func TestNoticeSVG(t *testing.T) {
	for name, test := range map[string]struct{ doc, before, viewport, after string }{
		"view box":   {svgOpen + ` viewBox="-1,-2 30  40"><g/></svg>`, svgOpen + ` viewBox="-1,-2 30  40"><g/>`, `x="-1" y="-2" width="30" height="40"`, "</svg>"},
		"no measure": {"<?xml version='1.0'?>" + svgOpen + "><g/></svg>\n", "<?xml version='1.0'?>" + svgOpen + "><g/>", `width="100%" height="100%"`, "</svg>\n"},
		"bad box":    {svgOpen + ` viewBox="0 0 NaN 1"></svg>`, svgOpen + ` viewBox="0 0 NaN 1">`, `width="100%" height="100%"`, "</svg>"},
		"empty":      {svgOpen + "/>", svgOpen + ">", `width="100%" height="100%"`, "</svg>"},
		"nested":     {svgOpen + "><svg/><svg></svg></svg>", svgOpen + "><svg/><svg></svg>", `width="100%" height="100%"`, "</svg>"},
		"script":     {svgOpen + "><script><![CDATA[</svg>]]></script></svg>", svgOpen + "><script><![CDATA[</svg>]]></script>", `width="100%" height="100%"`, "</svg>"},
	} {
		t.Run(name, func(t *testing.T) {
			out := noticedSVG(t, test.doc, Notice{})
			added, ok := strings.CutPrefix(out, test.before)
			require.True(t, ok, out)
			added, ok = strings.CutSuffix(added, test.after)
			require.True(t, ok, out)
			require.True(t, strings.HasPrefix(added, "<svg "+test.viewport+` viewBox="0 0 1000 1000" preserveAspectRatio="xMaxYMax meet" role="note">`), added)
			require.Contains(t, added, ">AI生成</tspan></text></svg>")
			require.Equal(t, out, noticedSVG(t, out, Notice{}), "a second time")
		})
	}
	require.Contains(t, noticedSVG(t, svgOpen+"/>", Notice{Text: "<AI>生成", Corner: TopLeft}), "&lt;AI&gt;生成")
	require.Contains(t, noticedSVG(t, svgOpen+"/>", Notice{Corner: TopLeft}), "xMinYMin")
	for name, doc := range map[string]string{"no end": svgOpen + ">", "text": "a", "nothing": ""} {
		_, err := planSVGNotice(metadata.Bytes([]byte(doc), ""), Notice{}, metadata.Generated)
		require.Error(t, err, name)
	}
	_, err := planSVGNotice(metadata.Bytes([]byte("\xFF\xFE<\x00"), ""), Notice{}, metadata.Generated)
	require.ErrorIs(t, err, ErrEncoding)
}

// TestNoticeSVGIsRead renders pictures of all shapes; tesseract reads the notice.
func TestNoticeSVGIsRead(t *testing.T) {
	rsvg := peer.Tool(t, "rsvg-convert")
	for name, doc := range map[string]string{
		"light": svgOpen + ` viewBox="-20 -10 400 200"><rect x="-20" y="-10" width="400" height="200" fill="#fd8"/></svg>`,
		"dark":  svgOpen + ` width="300" height="600"><rect width="300" height="600" fill="#123"/></svg>`,
		"named": `<s:svg xmlns:s="http://www.w3.org/2000/svg" width="500" height="500"><s:rect width="500" height="500" fill="#eee"/></s:svg>`,
	} {
		path, shown := filepath.Join(t.TempDir(), "a.svg"), filepath.Join(t.TempDir(), "a.png")
		require.NoError(t, os.WriteFile(path, []byte(noticedSVG(t, doc, Notice{Language: "en"})), 0o600))
		peer.Run(t, rsvg, "-w", "1200", path, "-o", shown)
		b, err := os.ReadFile(shown)
		require.NoError(t, err)
		require.Contains(t, strings.ReplaceAll(read(t, decode(t, b)), "Al", "AI"), "ENERATED", name)
	}
}

func FuzzSVGNotice(f *testing.F) {
	f.Add([]byte(svgOpen + ` viewBox="0 0 1 1"><text>AI生成</text></svg>`))
	f.Add([]byte(svgOpen + "/>"))
	f.Fuzz(func(t *testing.T, b []byte) {
		plan, err := planSVGNotice(metadata.Bytes(b, ""), Notice{}, metadata.Generated)
		if err != nil {
			return
		}
		out, err := io.ReadAll(plan.Source())
		require.NoError(t, err)
		require.Equal(t, string(out), noticedSVG(t, string(out), Notice{}))
	})
}
