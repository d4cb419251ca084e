package container

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// sought returns the frame that a player shows after a jump.
func sought(t *testing.T, path string) string {
	t.Helper()
	return run(t, tool(t, "ffmpeg"), "-v", "error", "-ss", "1.1", "-i", path, "-map", "0:v?", "-map", "0:a?", "-frames:v", "1", "-frames:a", "1", "-f", "framemd5", "-")
}

// hugeRecord moves the Clusters.
var hugeRecord = []byte(`{"Label":"1","ReservedCode1":"` + strings.Repeat("x", 70_000) + `"}`)

// mkvRecords returns the records to write: a short one, which a Void takes, where
// the file has one.
func mkvRecords(name string) map[string][]byte {
	if name == "mkvmerge.mkv" || name == "moved.mkv" {
		return map[string][]byte{"short": someRecord, "huge": hugeRecord}
	}
	return map[string][]byte{"huge": hugeRecord}
}

func TestMatroskaPlaysAsBefore(t *testing.T) {
	for name, b := range mkvFixtures(t) {
		for length, record := range mkvRecords(name) {
			t.Run(name+" "+length, func(t *testing.T) {
				before := saved(t, name, without(t, Matroska, b, Record))
				after := saved(t, name, put(t, Matroska, b, Record, record))
				if name != "subtitle.mks" {
					require.Equal(t, frames(t, before), frames(t, after))
					require.Equal(t, sought(t, before), sought(t, after))
				}
				want := probed(t, before)
				if want.Format.Tags == nil {
					want.Format.Tags = map[string]string{}
				}
				want.Format.Tags["AIGC"] = string(record)
				require.Equal(t, want, probed(t, after))
			})
		}
	}
}

// identified returns what mkvmerge knows of a file: tracks, chapters, attachments,
// the number of tags.
func identified(t *testing.T, path string) map[string]any {
	t.Helper()
	var all map[string]any
	require.NoError(t, json.Unmarshal([]byte(run(t, tool(t, "mkvmerge"), "-J", path)), &all))
	require.Empty(t, all["warnings"])
	require.Empty(t, all["errors"])
	delete(all, "file_name")
	delete(all, "global_tags")
	return all
}

func TestMatroskaReadByMKVToolNix(t *testing.T) {
	for name, b := range mkvFixtures(t) {
		for length, record := range mkvRecords(name) {
			t.Run(name+" "+length, func(t *testing.T) {
				before, after := saved(t, name, b), saved(t, name, put(t, Matroska, b, Record, record))
				require.Equal(t, identified(t, before), identified(t, after))
				tree := run(t, tool(t, "mkvinfo"), "-a", after)
				require.Contains(t, tree, "Name: AIGC")
				require.NotRegexp(t, regexp.MustCompile(`(?i)unknown element|not found|invalid`), tree)
			})
		}
	}
}

// mkvpropedit writes the head anew, and finds all that it must keep.
func TestMatroskaBesideMKVPropEdit(t *testing.T) {
	for name, b := range mkvFixtures(t) {
		path := saved(t, name, put(t, Matroska, b, Record, someRecord))
		if strings.HasPrefix(name, "live") {
			continue // it knows no segments without size
		}
		run(t, tool(t, "mkvpropedit"), path, "--edit", "info", "--set", "title=Another title", "--add-attachment", path)
		require.Equal(t, string(someRecord), string(guide(walk(t, Matroska, reread(t, path)), Record).Value), name)
		consistent(t, put(t, Matroska, reread(t, path), Record, longRecord))
	}
}

func TestMatroskaReadByExifToolAndMediaInfo(t *testing.T) {
	for name, b := range mkvFixtures(t) {
		path := saved(t, "labelled"+filepath.Ext(name), put(t, Matroska, b, Record, someRecord))
		out := run(t, tool(t, "exiftool"), "-a", "-u", "-G1", "-s", path)
		require.Contains(t, out, string(someRecord), name)
		require.NotContains(t, out, "Warning", name)
		require.Contains(t, run(t, tool(t, "mediainfo"), path), string(someRecord), name)
	}
}

// reread returns a file that another program has changed.
func reread(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	return b
}
