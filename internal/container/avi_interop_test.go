package container

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAVIPlaysAsBefore(t *testing.T) {
	for name, b := range fixtures(t, "avi") {
		for length, record := range map[string][]byte{"short": someRecord, "huge": hugeRecord} {
			if name == "streamed.avi" && length == "huge" {
				continue // the size of the file is what tells its duration
			}
			t.Run(name+" "+length, func(t *testing.T) {
				before, after := saved(t, name, b), saved(t, name, put(t, AVI, b, Record, record))
				require.Equal(t, frames(t, before), frames(t, after))
				require.Equal(t, sought(t, before), sought(t, after))
				want := probed(t, before)
				want.Format.Tags["AIGC"] = string(record)
				require.Equal(t, want, probed(t, after))
				warning := func(path string) string { return run(t, tool(t, "exiftool"), "-s3", "-warning", path) }
				require.Equal(t, warning(before), warning(after))
			})
		}
	}
}
