package container

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFLVPlaysAsBefore(t *testing.T) {
	for name, b := range fixtures(t, "flv") {
		t.Run(name, func(t *testing.T) {
			before := saved(t, name, without(t, FLV, b, Record))
			after := saved(t, name, put(t, FLV, b, Record, someRecord))
			require.Equal(t, frames(t, before), frames(t, after))
			require.Equal(t, sought(t, before), sought(t, after))
			want := probed(t, before)
			if want.Format.Tags == nil {
				want.Format.Tags = map[string]string{}
			}
			want.Format.Tags["AIGC"] = string(someRecord)
			got := probed(t, after)
			for _, tags := range []map[string]string{want.Format.Tags, got.Format.Tags} {
				delete(tags, "lastkeyframelocation") // moves
			}
			require.Equal(t, want, got)
			for _, program := range [][]string{{tool(t, "exiftool"), "-a", "-u", "-s", after}, {tool(t, "mediainfo"), after}} {
				require.NotContains(t, run(t, program[0], program[1:]...), "Warning")
			}
		})
	}
}
