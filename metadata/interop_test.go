package metadata

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aigclabel/aigclabel/internal/peer"
)

// examined are the tags that ExifTool reads in each file of a directory. It exits
// with 1 where it does not know one of them.
func examined(t *testing.T, dir string) map[string]map[string]any {
	var files []map[string]any
	out, _ := exec.Command(peer.Tool(t, "exiftool"), "-json", "-G1", "-a", "-s", "-validate", "-r", "-ext", "*", dir).Output()
	require.NoError(t, json.Unmarshal(out, &files))
	all := map[string]map[string]any{}
	for _, tags := range files {
		all[filepath.Base(tags["SourceFile"].(string))] = tags
	}
	return all
}

// followsLabel are the tags, by group and name, that a label changes.
var followsLabel = regexp.MustCompile(`(?i)` + strings.Join([]string{
	`aigc`, `user-?defined`, `XML:Meta`, // the label
	`^SourceFile`, `^System:`, `^File:(?:File|MIME|ID3Size|Newlines|.*Count)`, // the file and its type
	`MediaData`, `RIFFSize`, `FileSizeBytes`, `KeyFrame`, // sizes and positions
	`^ZIP:`,                    // the first entry, which names the types of parts
	`^Composite:`,              // estimates of duration
	`Matroska:Duration`,        // tags that move in front of the media are seen
	`HandlerType`,              // of the last handler
	`GIFVersion`, `WebP_Flags`, // what a first label needs
	`Linearized`, // it ends with the first update
	`^ExifTool:`, // complaints that are gone
}, "|"))

// grumbles are the formats whose labels ExifTool's validation does not like.
var grumbles = map[string]string{
	"tiff": "the guide wants the XMP field UNDEFINED, it wants BYTE",
	"svg":  "no packet in SVG suits it",
	"mp4":  "the list of keys stands beside that of iTunes tags, both named meta",
	"m4a":  "likewise",
	"json": "an empty object becomes a better one",
}

// TestExifToolSeesOnlyTheLabel: whatever else ExifTool reads in a file stays, and
// it complains of nothing new.
func TestExifToolSeesOnlyTheLabel(t *testing.T) {
	before, after := t.TempDir(), t.TempDir()
	each(t, func(t *testing.T, f fixture) {
		name := f.format.Name + "-" + f.name
		labelled, _ := write(t, f, example, &WriteOptions{Replace: true, OmitSourceType: true})
		require.NoError(t, os.WriteFile(filepath.Join(before, name), f.data, 0o600))
		require.NoError(t, os.WriteFile(filepath.Join(after, name), labelled, 0o600))
	})
	was, is := examined(t, before), examined(t, after)
	require.Equal(t, slices.Sorted(maps.Keys(was)), slices.Sorted(maps.Keys(is)))
	for name, tags := range was {
		format, _, _ := strings.Cut(name, "-")
		for tag, value := range tags {
			if !followsLabel.MatchString(tag) {
				require.Equal(t, value, is[name][tag], "%s %s", name, tag)
			}
		}
		verdict := fmt.Sprint(tags["ExifTool:Validate"])
		if grumbles[format] == "" && !strings.Contains(verdict, "Error") { // a label may cure one
			require.Equal(t, verdict, fmt.Sprint(is[name]["ExifTool:Validate"]), name)
		}
	}
}
